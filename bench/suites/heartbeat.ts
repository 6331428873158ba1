// heartbeat: what `par for` costs where nobody is idle, beside `for`; and how irregular work is divided at heartbeats, beside the best of the
// grains that one could have chosen by hand. All in turn, so that what else the machine does falls on all alike.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, run, secondsOf } from '../program.ts';
import { geometricMean, ratioInTurn } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Table } from '../table.ts';
import { verdictColumns, verdictOf } from '../verdict.ts';

interface Work {
  readonly name: string;
  /** See bench/programs/irregular.pg. */
  readonly work: number;
  readonly full: readonly string[];
  readonly quick: readonly string[];
  /** Those that one may choose by hand: iterations, or levels of the tree. */
  readonly grains: readonly number[];
}

// Of many rounds the middle one counts: what the engine takes to compile a function at its first call falls on the first of them.
const works: readonly Work[] = [
  {
    name: 'collatz',
    work: 0,
    full: ['--size=40000', '--rounds=60'],
    quick: ['--size=2000'],
    grains: [1, 16, 256, 4096, 16384],
  },
  {
    name: 'sparse rows',
    work: 1,
    full: ['--size=8000', '--rounds=300'],
    quick: ['--size=200'],
    grains: [1, 16, 128, 1024, 4000],
  },
  {
    name: 'tree',
    work: 2,
    full: ['--size=16', '--root=1', '--rounds=60'],
    quick: ['--size=6', '--root=1'],
    grains: [1, 2, 4, 6, 9],
  },
];

/** A way to run one of them. */
interface Way {
  readonly name: string;
  readonly artifact: string;
  readonly configs: readonly string[];
  readonly images: number;
}

const measure = async (request: Request, work: Work, ways: readonly Way[]): Promise<Map<string, readonly number[]>> => {
  const found = new Map<string, number[]>();
  const size = request.quick ? work.quick : work.full;
  for (let round = 0; round < request.rounds.least; round++) {
    for (const { name, artifact, configs, images } of round % 2 === 0 ? ways : ways.toReversed()) {
      request.progress(`${work.name}, ${name}: round ${round + 1}`);
      const all = [`--work=${work.work}`, ...size, ...configs];
      const seconds = secondsOf(await run(artifact, { images, clock: 'wall', configs: all }));
      found.set(name, [...(found.get(name) ?? []), seconds]);
    }
  }
  return found;
};

/** What it may cost that a loop could be divided: no more than hooks. */
const mostOnOne = 1.05;
/** How many times as long as with the best grain. */
const mostOfGrain = 1.1;

const overheads = async (request: Request, artifacts: readonly (readonly [string, string])[]): Promise<Table> => {
  const rows: (string | number)[][] = [];
  for (const work of works.filter((w) => request.wants(w.name))) {
    const [, first = ''] = artifacts[0] ?? [];
    const ways: Way[] = [
      { name: 'for', artifact: first, configs: ['--how=0'], images: 1 },
      ...artifacts.map(([name, artifact]) => ({ name, artifact, configs: ['--how=1'], images: 1 })),
    ];
    const found = await measure(request, work, ways);
    const base = found.get('for') ?? [];
    const ratios = artifacts.map(([name]) => ratioInTurn(found.get(name) ?? [], base));
    const marked = artifacts.map(([name], k) => ({ name, value: ratios[k], most: mostOnOne }));
    rows.push([work.name, ...ratios, ...verdictOf(marked)]);
  }
  return {
    title: 'time of `par for` on one image, relative to `for`',
    columns: [{ name: 'work' }, ...artifacts.map(([name]) => ({ name, digits: 3 })), ...verdictColumns],
    rows,
    notes: ['medians of the ratios of runs taken in turn; the tree has a par for in each node'],
  };
};

/** The middle of the times of each way, relative to the mean of all ways in the same round. */
export const relativeTimes = (found: ReadonlyMap<string, readonly number[]>): ReadonlyMap<string, number> => {
  const all = [...found.values()];
  const means = (all[0] ?? []).map((_, round) => geometricMean(all.flatMap((times) => times[round] ?? [])));
  return new Map([...found].map(([name, times]) => [name, ratioInTurn(times, means)]));
};

const divided = async (request: Request, artifact: string): Promise<Table> => {
  const rows: (string | number)[][] = [];
  for (const work of works.filter((w) => request.wants(w.name))) {
    const ways: Way[] = [
      { name: 'for', artifact, configs: ['--how=0'], images: 2 },
      { name: 'heartbeat', artifact, configs: ['--how=1'], images: 2 },
      ...work.grains.map((g) => ({ name: String(g), artifact, configs: ['--how=2', `--grain=${g}`], images: 2 })),
    ];
    const found = await measure(request, work, ways);
    const relative = relativeTimes(found);
    const timeOf = (name: string): number => relative.get(name) ?? Number.NaN;
    const grains = work.grains.map(String);
    const chosen = grains.reduce((a, b) => (timeOf(b) < timeOf(a) ? b : a));
    const worst = grains.reduce((a, b) => (timeOf(b) > timeOf(a) ? b : a));
    const by = timeOf(chosen);
    const own = timeOf('heartbeat') / by;
    const all = [timeOf('for') / by, own, timeOf(worst) / by];
    const verdict = verdictOf([{ name: 'heartbeat', value: own, most: mostOfGrain }]);
    rows.push([work.name, ...all, `${chosen} of ${grains.join(', ')}`, ...verdict]);
  }
  return {
    title: 'time on two images, relative to the best grain chosen by hand',
    columns: [
      { name: 'work' },
      { name: 'for', digits: 2 },
      { name: 'heartbeat', digits: 2 },
      { name: 'worst grain', digits: 2 },
      { name: 'best grain' },
      ...verdictColumns,
    ],
    rows,
    notes: [
      'medians of times relative to those of the same round; grains are iterations, of the tree levels',
      'needs two cores that nobody else wants',
    ],
  };
};

export const heartbeat: Suite = {
  name: 'heartbeat',
  doc: 'par for: what it costs where nobody is idle, and irregular work at heartbeats beside grains chosen by hand',
  benchmarks: works.map((w) => w.name),
  variants: [],
  run: async (request) => {
    const folder = await mkdtemp(join(tmpdir(), 'pgc-bench-'));
    try {
      const built = async (period: number): Promise<readonly [string, string]> => {
        const name = `${period} µs`;
        return [name, await build('bench/programs/irregular.pg', [`--heartbeat=${period}`], folder, `beat${period}`)];
      };
      const often = await built(20);
      const usual = await built(100);
      const tables: Table[] = [];
      if (request.images(1)) tables.push(await overheads(request, [often, usual]));
      if (request.images(2)) tables.push(await divided(request, usual[1]));
      return tables;
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};
