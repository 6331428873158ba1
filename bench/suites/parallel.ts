// parallel: how much faster programs are on two images than on one, beside the same programs with OpenMP on two threads and with MPI on two
// ranks. What counts is time of day. It needs two cores to itself.
import { type Contest, holdAll, type Result } from '../contest.ts';
import { byMpi, byOpenMp, ours } from '../natives.ts';
import { best, median, secondBest } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';
import { whoTookPart } from '../verdict.ts';
import { configsOf } from './compute.ts';

interface Work {
  readonly name: string;
  readonly program: string;
  readonly configs: readonly string[];
  readonly full: readonly number[];
  readonly quick: readonly number[];
}

const works: readonly Work[] = [
  {
    name: 'stencil',
    program: 'examples/prk/stencil.pg',
    configs: ['n', 'iterations'],
    full: [1000, 150],
    quick: [50, 2],
  },
  {
    name: 'transpose',
    program: 'examples/prk/transpose.pg',
    configs: ['order', 'iterations'],
    full: [1024, 60],
    quick: [64, 2],
  },
  {
    name: 'nstream',
    program: 'examples/prk/nstream.pg',
    configs: ['length', 'iterations'],
    full: [2_000_000, 100],
    quick: [2000, 2],
  },
  { name: 'ep', program: 'examples/nas/ep.pg', configs: ['class'], full: [25], quick: [24] },
  { name: 'queens', program: 'examples/queens.pg', configs: ['n'], full: [14], quick: [8] },
];

const families = ['pgc', 'OpenMP', 'MPI'] as const;

const contestOf = (w: Work, request: Request): Contest => {
  const sizes = request.quick ? w.quick : w.full;
  const args = [String(sizes[0] ?? 0), String(sizes[1] ?? 1)];
  const peer = (name: string, file: string) => ({ name, file, args, clock: 'wall' as const });
  const workers = [1, 2];
  return {
    name: w.name,
    entries: [
      ...workers.map((n) => ours(`pgc ${n}`, w.program, configsOf(w.configs, sizes), { images: n, clock: 'wall' })),
      ...workers.map((n) => byOpenMp(peer(`OpenMP ${n}`, w.name), n)),
      ...workers.map((n) => byMpi(peer(`MPI ${n}`, `mpi_${w.name}`), n)),
    ],
  };
};

/** How many times as fast on two; undefined: was not measured. */
const speedUp = (
  times: ReadonlyMap<string, readonly number[]>,
  family: string,
  of: (xs: readonly number[]) => number,
): number | undefined => {
  const [one, two] = [times.get(`${family} 1`), times.get(`${family} 2`)];
  return one && two ? of(one) / of(two) : undefined;
};

/** Ratios are compared as they are shown. */
const digits = 2;

export const speedUpRow = (name: string, times: ReadonlyMap<string, readonly number[]>): readonly Cell[] => {
  const [mine, ...theirs] = families.map((f) => speedUp(times, f, best));
  const known = theirs.filter((s) => s !== undefined);
  const most = known.length === 0 ? undefined : Math.max(...known);
  const met =
    most === undefined || mine === undefined ? '' : mine.toFixed(digits) >= most.toFixed(digits) ? 'yes' : 'no';
  const [one, two] = [times.get('pgc 1') ?? [], times.get('pgc 2') ?? []];
  const spread = one.length > 1 ? Math.abs(secondBest(one) / best(two) - best(one) / secondBest(two)) / 2 : undefined;
  const against = families.slice(1).map((f) => {
    const other = times.get(`${f} 2`);
    return other ? best(two) / best(other) : undefined;
  });
  return [name, mine, ...theirs, speedUp(times, 'pgc', median), spread, most, met, best(one), best(two), ...against];
};

const tableOf = (results: readonly Result[]): Table => ({
  title: 'Two images on two cores: how many times as fast as one',
  columns: [
    { name: 'what' },
    ...families.map((name) => ({ name, digits })),
    { name: 'pgc, medians', digits },
    { name: '±', digits },
    { name: 'at least', digits },
    { name: 'met' },
    { name: 'pgc 1, seconds', digits: 4 },
    { name: 'pgc 2, seconds', digits: 4 },
    ...families.slice(1).map((f) => ({ name: `pgc 2 / ${f} 2`, digits })),
  ],
  rows: results.filter((r) => r.times.size > 0).map((r) => speedUpRow(r.contest, r.times.get('seconds') ?? new Map())),
  notes: [
    'OpenMP: gcc -O3 -fopenmp; MPI: mpicc -O3, Open MPI over shared memory; each beside itself on one thread or rank',
    'at least: the better speed-up of the two; last columns: time of pgc on two images / time of the peer on two',
    ...whoTookPart(results),
  ],
});

export const parallel: Suite = {
  name: 'parallel',
  doc: 'speed-up on two images beside OpenMP with two threads and MPI with two ranks; needs two cores to itself',
  benchmarks: works.map((w) => w.name),
  variants: [],
  run: async (request) => {
    const wanted = works.filter((w) => request.wants(w.name));
    const contests = wanted.map((w) => contestOf(w, request));
    return [tableOf(await holdAll(contests, request))];
  },
};
