// guards: what the guards of memory accesses cost, and what each way to be rid of one gives. Every program with no guards
// (`off`, what the others are compared with), with one at each access (`all`), with all eliminations (`opt`, the default of pgc), and if
// it is asked for with one of them alone. Besides: how many accesses have guards, and how many guards run.
import { join } from 'node:path';
import { passes } from '../../compiler/pipeline.ts';
import { type Aim, type Measured, measure, overheadTable, type Way } from '../overhead.ts';
import { root } from '../process.ts';
import { pgc } from '../program.ts';
import { type Program, programs } from '../programs.ts';
import type { Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';

const eliminations: readonly string[] = [
  ...new Set(passes.filter((p) => p.name.startsWith('guard-') && !p.required).map((p) => p.name)),
];

const alone = (name: string): Way => ({
  name: name.replace('guard-', ''),
  options: { guards: 'opt', skip: eliminations.filter((e) => e !== name) },
});

const ways: readonly Way[] = [
  { name: 'off', options: { guards: 'off' } },
  { name: 'all', options: { guards: 'all' } },
  { name: 'opt', options: { guards: 'opt' } },
  ...eliminations.map(alone),
];

const aim: Aim = {
  title: 'time with guards / time without, on one image',
  mean: 1.03,
  worst: 1.1,
  marked: (name) => name === 'opt',
  shown: ['all'],
};

export interface StaticCounts {
  readonly accesses: number;
  readonly guarded: number;
}

/** From the summary of `pgc build --emit=guards`: so many accesses, then so many with each note. @throws Error */
export const staticCounts = (text: string): StaticCounts => {
  const accesses = /^(\d+) access(?:es)?$/m.exec(text)?.[1];
  if (accesses === undefined) throw new Error(`pgc build --emit=guards told no number of accesses:\n${text}`);
  const guarded = /^\s+(\d+)\s+guarded$/m.exec(text)?.[1] ?? '0';
  return { accesses: Number(accesses), guarded: Number(guarded) };
};

/** Guards that ran on all images, in line and of ranges, from the table of `pgc run --stats`. @throws Error */
export const dynamicCount = (text: string): number => {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => /^image\s+guards\s/.test(line));
  if (head < 0) throw new Error(`pgc run --stats told no numbers:\n${text}`);
  // Numbers have blanks between thousands; columns are two blanks apart or more.
  const columns = (line: string): readonly string[] => line.trim().split(/\s{2,}/);
  const names = columns(lines[head] ?? '');
  let sum = 0;
  for (const line of lines.slice(head + 1)) {
    const cells = columns(line);
    if (!/^\d+$/.test(cells[0] ?? '') || cells.length !== names.length) continue;
    for (const name of ['guards', 'ranges']) sum += Number(cells[names.indexOf(name)]?.replaceAll(' ', ''));
  }
  return sum;
};

/** With small sizes: what is left of the guards that ran is the same, and they count slowly. */
const countRow = async (program: Program): Promise<readonly Cell[]> => {
  const cells: Cell[] = [program.name];
  for (const guards of ['--guards=all', '--guards=opt']) {
    const file = join(root, program.file);
    const { accesses, guarded } = staticCounts((await pgc(['build', file, '--emit=guards', guards])).out);
    const ran = await pgc(['run', file, '-n', '1', guards, '--stats', '--', ...program.quick]);
    cells.push(accesses, guarded, dynamicCount(`${ran.out}\n${ran.err}`));
  }
  const [all, opt] = [Number(cells[3]), Number(cells[6])];
  return [...cells, all > 0 ? (100 * opt) / all : undefined];
};

const countTable = (rows: readonly (readonly Cell[])[]): Table => ({
  title: 'guards: in the program, and run by it on one image',
  columns: [
    { name: 'program' },
    { name: 'accesses' },
    { name: 'guarded' },
    { name: 'ran' },
    { name: 'accesses, opt' },
    { name: 'guarded, opt' },
    { name: 'ran, opt' },
    { name: '%', digits: 3 },
  ],
  rows,
  notes: [
    'run with small sizes; loops that are there twice count twice: once with guards, which seldom runs, once without',
  ],
});

export const guards: Suite = {
  name: 'guards',
  doc: 'guards of memory accesses: off, all, each elimination alone, opt; how many there are, how many run',
  benchmarks: programs.map((p) => p.name),
  variants: ways.map((w) => w.name),
  usualImages: [1],
  run: async (request) => {
    const measured: Measured[] = [];
    const counts: (readonly Cell[])[] = [];
    for (const program of programs.filter((p) => request.wants(p.name))) {
      measured.push(await measure(program, ways, aim, request));
      request.progress(`${program.name}: counts`);
      counts.push(await countRow(program));
    }
    return [overheadTable(measured, aim), countTable(counts)];
  },
};
