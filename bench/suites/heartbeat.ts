// heartbeat: what `par for` costs where nobody is idle, beside `for`; and how irregular work is divided at heartbeats, beside the best of the
// grains that one could have chosen by hand. All in turn, so that what else the machine does falls on all alike.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, run, secondsOf } from '../program.ts';
import { best, median } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Table } from '../table.ts';

interface Work {
  readonly name: string;
  /** See bench/programs/irregular.pg. */
  readonly work: number;
  readonly full: readonly string[];
  readonly quick: readonly string[];
  /** Those that one may choose by hand: iterations, or levels of the tree. */
  readonly grains: readonly number[];
}

// Long enough that what the engine takes to compile a function at its first call (some 30 ms for the largest) weighs little.
const works: readonly Work[] = [
  {
    name: 'collatz',
    work: 0,
    full: ['--size=4000000'],
    quick: ['--size=2000'],
    grains: [1, 16, 256, 4096, 65536],
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
    full: ['--size=18', '--root=1', '--rounds=10'],
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
    for (const { name, artifact, configs, images } of ways) {
      request.progress(`${work.name}, ${name}: round ${round + 1}`);
      const all = [`--work=${work.work}`, ...size, ...configs];
      const seconds = secondsOf(await run(artifact, { images, clock: 'wall', configs: all }));
      found.set(name, [...(found.get(name) ?? []), seconds]);
    }
  }
  return found;
};

/** Medians of the ratios within each round, so that a slow moment of the machine falls on both. */
export const ratioOf = (times: readonly number[], base: readonly number[]): number =>
  median(times.map((t, k) => t / (base[k] ?? t)));

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
    rows.push([work.name, ...artifacts.map(([name]) => ratioOf(found.get(name) ?? [], base))]);
  }
  return {
    title: 'time of `par for` on one image, relative to `for`',
    columns: [{ name: 'work' }, ...artifacts.map(([name]) => ({ name, digits: 3 }))],
    rows,
    notes: ['medians of the ratios of runs taken in turn; the tree has a par for in each node'],
  };
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
    const timeOf = (name: string): number => best(found.get(name) ?? []);
    const grains = work.grains.map(String);
    const chosen = grains.reduce((a, b) => (timeOf(b) < timeOf(a) ? b : a));
    const worst = grains.reduce((a, b) => (timeOf(b) > timeOf(a) ? b : a));
    const by = timeOf(chosen);
    const all = [timeOf('for') / by, timeOf('heartbeat') / by, timeOf(worst) / by];
    rows.push([work.name, ...all, `${chosen} of ${grains.join(', ')}`]);
  }
  return {
    title: 'time on two images, relative to the best grain chosen by hand',
    columns: [
      { name: 'work' },
      { name: 'for', digits: 2 },
      { name: 'heartbeat', digits: 2 },
      { name: 'worst grain', digits: 2 },
      { name: 'best grain' },
    ],
    rows,
    notes: ['best times; grains are iterations, of the tree levels; needs two cores that nobody else wants'],
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
