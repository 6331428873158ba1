// memory: what it costs that a program keeps a table of its objects and of the places of pointers (`--memory`), and how
// large the table is.
import { compare, type Flags, ratioTable } from '../compare.ts';
import { run } from '../program.ts';
import { programs } from '../programs.ts';
import type { Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';

const variants: readonly Flags[] = [
  { name: 'plain', build: [], run: [] },
  { name: 'memory', build: ['--memory'], run: ['--memory'] },
];

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
  variants: [],
  run: async (request): Promise<readonly Table[]> => {
    const measured = await compare(programs, variants, request, async (m) => {
      const configs = request.quick ? m.program.quick : m.program.full;
      const artifact = m.artifacts.get('memory') ?? '';
      const output = await run(artifact, { images: m.images, clock: 'wall', flags: ['--memory'], configs });
      return { ...m, report: memoryReport(output.out + output.err) };
    });
    const rows = measured.map(({ program, images, report }): Cell[] => {
      const each = images === 1 && report.left >= many ? report.table / report.left : undefined;
      return [program.name, images, report.made, report.left, report.table, each];
    });
    return [
      ratioTable('time with a table of objects / time without', measured),
      {
        title: 'tables of objects',
        columns: [
          { name: 'program' },
          { name: 'images' },
          { name: 'made' },
          { name: 'left at the end' },
          { name: 'bytes of table' },
          { name: 'per object', digits: 1 },
        ],
        rows,
        notes: [`the table is that of image 0; per object: where ${many} or more objects were left`],
      },
    ];
  },
};
