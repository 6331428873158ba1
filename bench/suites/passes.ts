// passes: what each optional pass gives: every program as it is, and with one pass left out.

import { passes as table } from '../../compiler/pipeline.ts';
import { chosenVariants, compare, type Flags, type Measured } from '../compare.ts';
import { programs as all } from '../programs.ts';
import { geometricMean, ratioOf } from '../statistics.ts';
import type { Suite } from '../suite.ts';
import type { Table } from '../table.ts';

/** Some of each kind, so that each pass has something to do: each is built once for each pass. */
const names = 'stencil transpose dgemm p2p nas-mg primes sparse quicksort hash complex columns matrix'.split(' ');
const programs = all.filter((p) => names.includes(p.name));

const skippable = table.filter((p) => !p.required);
const variants: readonly Flags[] = [
  { name: 'all', build: [], options: {}, run: [] },
  ...skippable.map(({ name }) => ({ name, build: [`--skip=${name}`], options: { skip: [name] }, run: [] })),
];

/** Programs that a row names, and from which ratio on. */
const named = { most: 4, gain: 1.03, loss: 0.97 } as const;

/** One row a pass: time without it / time with all, over all programs. */
export const worthTable = (measured: readonly Measured[]): Table => {
  const passNames = measured[0]?.samples.slice(1).map((s) => s.name) ?? [];
  const rows = passNames.map((pass, k) => {
    const each = measured.map((m) => {
      const [all, without] = [m.samples[0]?.times ?? [], m.samples[k + 1]?.times ?? []];
      // Programs that are the same without the pass were run once.
      const changed = all !== without;
      return { program: m.program.name, changed, ratio: changed ? ratioOf(without, all).ratio : 1 };
    });
    const tell = (some: typeof each): string =>
      some
        .slice(0, named.most)
        .map((e) => `${e.program} ${e.ratio.toFixed(2)}`)
        .join(', ');
    const byRatio = each.toSorted((a, b) => b.ratio - a.ratio);
    return [
      pass,
      each.filter((e) => e.changed).length,
      geometricMean(each.map((e) => e.ratio)),
      tell(byRatio.filter((e) => e.ratio >= named.gain)),
      tell(byRatio.filter((e) => e.ratio <= named.loss).toReversed()),
    ];
  });
  return {
    title: `What passes are worth: time without the pass / time with all, ${measured.length} programs`,
    columns: [
      { name: 'pass' },
      { name: 'changes' },
      { name: 'geometric mean', digits: 3 },
      { name: 'slower without it' },
      { name: 'faster without it' },
    ],
    rows: rows.toSorted((a, b) => Number(b[2]) - Number(a[2])),
    notes: [
      'changes: programs that are other code without the pass; the others count as 1 and are not run',
      `best of the runs; named are at most ${named.most} programs, from ${named.gain} and ${named.loss} on: what others do for a pass that is left out is not its own worth`,
    ],
  };
};

export const passes: Suite = {
  name: 'passes',
  doc: 'each program with one optional pass left out: what the pass gives',
  benchmarks: programs.map((p) => p.name),
  variants: skippable.map((p) => p.name),
  usualImages: [1],
  run: async (request) => [
    worthTable(await compare(programs, chosenVariants(variants, request), request, async (m) => m, true)),
  ],
};
