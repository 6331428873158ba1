// memory: what it costs that a program keeps a table of its objects (`objects`, as with `--memory`), and one of the places of pointers besides
// (`places`, as programs have whose objects move), and how large the table is.
import { type Aim, type Measured, measure, overheadTable, type Way } from '../overhead.ts';
import { run } from '../program.ts';
import { programs } from '../programs.ts';
import type { Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';

const ways: readonly Way[] = [
  { name: 'none', options: { track: 'off' } },
  { name: 'objects', options: { track: 'allocations' } },
  { name: 'places', options: { track: 'all' } },
];

const aim: Aim = {
  title: 'time with a table of objects / time without, on one image',
  mean: 1.03,
  marked: () => true,
};

/** What the table of `pgc run --memory` says of image 0: the columns are found by their names. */
export interface MemoryReport {
  /** Objects that were made, on all images. */
  readonly made: number;
  /** Objects that were there at the end, on all images. */
  readonly left: number;
  /** Bytes of the table of image 0. */
  readonly table: number;
}

/** @throws Error if there is no such report. */
export const memoryReport = (text: string): MemoryReport => {
  const made = Number(/^\s*(\d+) objects? in all\b/m.exec(text)?.[1]);
  const lines = text.split('\n');
  const head = lines.findIndex((line) => /^\s*images\s.*\stable\s/.test(line));
  // "heap most" is one column: columns are two blanks apart or more.
  const names = (lines[head] ?? '').trim().split(/\s{2,}/);
  const values = (lines[head + 1] ?? '').trim().split(/\s{2,}/);
  const table = Number(values[names.indexOf('table')]);
  const leaks = lines.findIndex((line) => /^\s*bytes\s+objects\s/.test(line));
  let left = 0;
  if (leaks >= 0) for (const line of lines.slice(leaks + 1)) left += Number(/^\s*\d+\s+(\d+)\s/.exec(line)?.[1] ?? 0);
  if (!(made >= 0) || !(table >= 0)) throw new Error(`pgc run --memory told no sizes:\n${text}`);
  return { made, left, table };
};

/** Below so many objects at the end what the table needs for none of them would count too much. */
const many = 1000;

export const memory: Suite = {
  name: 'memory',
  doc: 'the table of objects: its cost in time, its size',
  benchmarks: programs.map((p) => p.name),
  variants: ways.map((w) => w.name),
  usualImages: [1],
  run: async (request): Promise<readonly Table[]> => {
    const measured: Measured[] = [];
    const rows: Cell[][] = [];
    for (const program of programs.filter((p) => request.wants(p.name))) {
      const one = await measure(program, ways, aim, request, async (artifacts) => {
        const artifact = artifacts.get('objects');
        if (artifact === undefined) return;
        const configs = request.quick ? program.quick : program.full;
        const output = await run(artifact, { images: 1, clock: 'wall', flags: ['--memory'], configs });
        const { made, left, table } = memoryReport(output.out + output.err);
        rows.push([program.name, made, left, table, left >= many ? table / left : undefined]);
      });
      measured.push(one);
    }
    return [
      overheadTable(measured, aim),
      {
        title: 'tables of objects',
        columns: [
          { name: 'program' },
          { name: 'made' },
          { name: 'left at the end' },
          { name: 'bytes of table' },
          { name: 'per object', digits: 1 },
        ],
        rows,
        notes: [`per object: where ${many} or more objects were left`],
      },
    ];
  },
};
