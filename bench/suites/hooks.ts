// hooks: what it costs that images look, now and then, whether something is due. Every program without hooks (`off`, what the others
// are compared with) and with hooks for intervals of 1 ms, 100 µs (the default) and 10 µs, by the clock, and if it
// is asked for while a profile is taken; how many hooks each program has, with the longest path between two of them as the cost model sees it; and how far apart in time they are
// due.
import { join } from 'node:path';
import { type Aim, type Measured, measure, overheadTable, type Way } from '../overhead.ts';
import { root } from '../process.ts';
import { compileHere, pgc } from '../program.ts';
import { programs } from '../programs.ts';
import { median } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';
import { type Marked, verdictColumns, verdictOf } from '../verdict.ts';

const every = (name: string, interval: number): Way => ({
  name,
  options: { timing: 'ticker', hookInterval: interval },
});

const ways: readonly Way[] = [
  { name: 'off', options: { timing: 'off' } },
  every('1 ms', 1000),
  every('100 µs', 100),
  every('10 µs', 10),
  { name: 'profile', options: { profile: true }, sample: 1000 },
];

/** Of the intervals; a profile has no mark. */
export const aim: Aim = {
  title: 'time with hooks / time without, on one image',
  mean: 1.01,
  worst: 1.05,
  marked: (name) => name !== 'profile',
};

/** Programs of each kind whose intervals are measured: each is compiled once for each target. */
const timed =
  'nstream stencil dgemm nas-ft mandelbrot primes dot quicksort gather nas-cg list search_tree hash queens uts'.split(
    ' ',
  );

export interface HookCounts {
  readonly hooks: number;
  /** Microseconds. */
  readonly longest: number;
}

/** From the end of what `pgc build --emit=hooks` says. @throws Error */
export const hookCounts = (text: string): HookCounts => {
  const hooks = /^(\d+) hooks?$/m.exec(text)?.[1];
  const longest = /^longest path without a hook: \d+ units?, ([\d.e+]+) µs/m.exec(text)?.[1];
  if (hooks === undefined || longest === undefined) throw new Error(`pgc build --emit=hooks told no numbers:\n${text}`);
  return { hooks: Number(hooks), longest: Number(longest) };
};

/** Microseconds between two hooks at which something was due, as `--stats` tells of image 0. @throws Error */
export const hookIntervals = (text: string): readonly number[] => {
  const line = /^ {2}image 0: (\S+) (\S+) between two of them \(median\), p99 (\S+) (\S+), most (\S+) (\S+)$/m.exec(
    text,
  );
  const units: Readonly<Record<string, number>> = { µs: 1, ms: 1e3, s: 1e6 };
  const times = [1, 3, 5].map((k) => Number(line?.[k]) * (units[line?.[k + 1] ?? ''] ?? Number.NaN));
  if (times.some(Number.isNaN)) throw new Error(`pgc run --stats told no times between hooks:\n${text}`);
  return times;
};

const targets = [10, 100, 1000];
/** Part of the target by which the median of the middle program may be off. */
const off = 0.25;

/** Rows: a program, then median, 99th percentile and maximum for each target. */
export const intervalTable = (rows: readonly (readonly Cell[])[]): Table => {
  const middle = (k: number): Cell => {
    const all = rows.flatMap((row) => (typeof row[k] === 'number' ? [row[k]] : []));
    return all.length === 0 ? undefined : median(all);
  };
  const columns = targets.flatMap((t) => [
    { name: `${t} µs: median`, digits: 1 },
    { name: `${t} µs: p99`, digits: 1 },
    { name: `${t} µs: most`, digits: 1 },
  ]);
  const judged = (row: readonly Cell[]): readonly Cell[] => {
    const marked = targets.map((target, k): Marked => {
      const found = row[1 + 3 * k];
      const value = typeof found === 'number' ? Math.abs(found / target - 1) : undefined;
      return { name: `${target} µs`, value, most: off };
    });
    return [...row, `${off * 100} % off`, verdictOf(marked)[1]];
  };
  const all = rows.length < 2 ? rows : [...rows, ['middle program', ...columns.map((_, k) => middle(k + 1))]];
  return {
    title: 'time between two hooks at which something was due, in microseconds, on one image',
    columns: [{ name: 'program' }, ...columns, ...verdictColumns],
    rows: all.map(judged),
    notes: [
      'the mark is for medians; by the clock of the wall: what else the machine does is in p99 and most',
      'programs of each kind',
    ],
  };
};

const countTable = (rows: readonly (readonly Cell[])[]): Table => ({
  title: 'hooks in the program at 100 µs, and the longest path without one',
  columns: [{ name: 'program' }, { name: 'hooks' }, { name: 'µs', digits: 3 }],
  rows,
  notes: ['the path is what the cost model says of loops that run as long as they may; most do not'],
});

const intervalsOf = async (request: Request): Promise<readonly (readonly Cell[])[]> => {
  const found: (readonly Cell[])[] = [];
  for (const { name, file, full, quick } of programs.filter((p) => timed.includes(p.name) && request.wants(p.name))) {
    const times: Cell[] = [];
    for (const target of targets) {
      request.progress(`${name}: intervals of ${target} µs`);
      const how = ['run', join(root, file), '-n', '1', '--stats', `--hook-interval=${target}`];
      const { err } = await pgc([...how, '--', ...(request.quick ? quick : full)]);
      // A quick run may be over before anything is due twice.
      const told = !request.quick || err.includes('(median)');
      times.push(...(told ? hookIntervals(err) : [undefined, undefined, undefined]));
    }
    found.push([name, ...times]);
  }
  return found;
};

export const hooks: Suite = {
  name: 'hooks',
  doc: 'hooks at 1 ms, 100 µs and 10 µs against none; how many there are; times between them',
  benchmarks: programs.map((p) => p.name),
  variants: ways.map((w) => w.name),
  usualImages: [1],
  run: async (request) => {
    const measured: Measured[] = [];
    const counts: (readonly Cell[])[] = [];
    for (const program of programs.filter((p) => request.wants(p.name))) {
      measured.push(await measure(program, ways, aim, request));
      const { text = '' } = await compileHere(program.file, { emit: 'hooks', timing: 'ticker' });
      const found = hookCounts(text);
      counts.push([program.name, found.hooks, found.longest]);
    }
    return [overheadTable(measured, aim), countTable(counts), intervalTable(await intervalsOf(request))];
  },
};
