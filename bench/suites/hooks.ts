// hooks: what it costs that images look, now and then, whether something is due. Every program without hooks (`off`, what the others
// are compared with) and with hooks for intervals of 1 ms, 100 µs (the default) and 10 µs, by the clock; and how many hooks
// each program has, with the longest path between two of them as the cost model sees it.
import { join } from 'node:path';
import { chosenVariants, compare, type Flags, ratioTable } from '../compare.ts';
import { root } from '../process.ts';
import { pgc } from '../program.ts';
import { programs } from '../programs.ts';
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

const countTable = (rows: readonly (readonly Cell[])[]): Table => ({
  title: 'hooks in the program at 100 µs, and the longest path without one',
  columns: [{ name: 'program' }, { name: 'hooks' }, { name: 'µs', digits: 3 }],
  rows,
  notes: ['the path is what the cost model says of loops that run as long as they may; most do not'],
});

export const hooks: Suite = {
  name: 'hooks',
  doc: 'hooks at 1 ms, 100 µs and 10 µs against none; how many there are',
  benchmarks: programs.map((p) => p.name),
  variants: variants.map((v) => v.name),
  run: async (request) => {
    const measured = await compare(programs, chosenVariants(variants, request), request, async (m) => m);
    const counts: (readonly Cell[])[] = [];
    for (const { name, file } of programs.filter((p) => request.wants(p.name))) {
      request.progress(`${name}: counts`);
      const text = (await pgc(['build', join(root, file), '--emit=hooks', '--timing=ticker'])).out;
      const found = hookCounts(text);
      counts.push([name, found.hooks, found.longest]);
    }
    return [ratioTable('time with hooks / time without', measured), countTable(counts)];
  },
};
