// hooks: what it costs that images look, now and then, whether something is due. Every program without hooks (`off`, what the others
// are compared with) and with hooks for intervals of 1 ms, 100 µs (the default) and 10 µs, by the clock, and while a profile is
// taken; how many hooks each program has, with the longest path between two of them as the cost model sees it; and how far apart in time they are
// due.
import { join } from 'node:path';
import { chosenVariants, compare, type Flags, ratioTable } from '../compare.ts';
import { root } from '../process.ts';
import { pgc } from '../program.ts';
import { programs } from '../programs.ts';
import { median } from '../statistics.ts';
import type { Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';

const every = (name: string, interval: number): Flags => ({
  name,
  build: ['--timing=ticker', `--hook-interval=${interval}`],
  run: [],
});

const variants: readonly Flags[] = [
  { name: 'off', build: ['--timing=off'], run: [] },
  every('1 ms', 1000),
  every('100 µs', 100),
  every('10 µs', 10),
  { name: 'profile', build: ['--profile'], run: ['--profile'] },
];

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
  return {
    title: 'time between two hooks at which something was due, in microseconds, on one image',
    columns: [{ name: 'program' }, ...columns],
    rows: rows.length < 2 ? rows : [...rows, ['middle program', ...columns.map((_, k) => middle(k + 1))]],
    notes: ['by the clock of the wall: what else the machine does is in p99 and most'],
  };
};

const countTable = (rows: readonly (readonly Cell[])[]): Table => ({
  title: 'hooks in the program at 100 µs, and the longest path without one',
  columns: [{ name: 'program' }, { name: 'hooks' }, { name: 'µs', digits: 3 }],
  rows,
  notes: ['the path is what the cost model says of loops that run as long as they may; most do not'],
});

export const hooks: Suite = {
  name: 'hooks',
  doc: 'hooks at 1 ms, 100 µs and 10 µs against none; how many there are; times between them',
  benchmarks: programs.map((p) => p.name),
  variants: variants.map((v) => v.name),
  usualImages: [1],
  run: async (request) => {
    const measured = await compare(programs, chosenVariants(variants, request), request, async (m) => m);
    const counts: (readonly Cell[])[] = [];
    for (const { name, file } of programs.filter((p) => request.wants(p.name))) {
      request.progress(`${name}: counts`);
      const text = (await pgc(['build', join(root, file), '--emit=hooks', '--timing=ticker'])).out;
      const found = hookCounts(text);
      counts.push([name, found.hooks, found.longest]);
    }
    const intervals: (readonly Cell[])[] = [];
    for (const { name, file, full, quick } of programs.filter((p) => request.wants(p.name))) {
      const times: Cell[] = [];
      for (const target of targets) {
        request.progress(`${name}: intervals of ${target} µs`);
        const how = ['run', join(root, file), '-n', '1', '--stats', `--hook-interval=${target}`];
        const { err } = await pgc([...how, '--', ...(request.quick ? quick : full)]);
        // A quick run may be over before anything is due twice.
        const told = !request.quick || err.includes('(median)');
        times.push(...(told ? hookIntervals(err) : [undefined, undefined, undefined]));
      }
      intervals.push([name, ...times]);
    }
    return [ratioTable('time with hooks / time without', measured), countTable(counts), intervalTable(intervals)];
  },
};
