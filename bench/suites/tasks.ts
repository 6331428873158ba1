// tasks: what it costs to switch between tasks, beside binaryen's Asyncify and beside two workers that hand over to each other; what it costs that a function can be left; and to start and join
// a task.
import { join } from 'node:path';
import { withFolder } from '../compare.ts';
import { execute, root } from '../process.ts';
import { build, run, secondsOf } from '../program.ts';
import { interleave, type Variant } from '../sampling.ts';
import { best } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';
import { verdictColumns, verdictOf } from '../verdict.ts';

/** Artifacts: of PG programs, with and without hooks, and of the peer, as Asyncify made it and as it was. */
interface Made {
  readonly switches: string;
  readonly recursion: string;
  readonly plainRecursion: string;
  readonly spawn: string;
  readonly asyncify: string;
  readonly plainPeer: string;
}

const make = async (folder: string): Promise<Made> => {
  const program = (name: string, ...flags: string[]) => build(`bench/programs/${name}.pg`, flags, folder, flags.join());
  const optimiser = join(root, 'node_modules', 'binaryen', 'bin', 'wasm-opt');
  const text = join(root, 'bench', 'peers', 'asyncify.wat');
  const peer = async (name: string, ...passes: string[]): Promise<string> => {
    const to = join(folder, `${name}.wasm`);
    await execute(process.execPath, [optimiser, text, ...passes, '-o', to]);
    return to;
  };
  return {
    switches: await program('switch'),
    recursion: await program('recursion'),
    plainRecursion: await program('recursion', '--timing=off'),
    spawn: await program('spawn'),
    asyncify: await peer('asyncify', '-O1', '--asyncify', '-O3'),
    plainPeer: await peer('plain', '-O3'),
  };
};

/** Best times in seconds, in the order of the variants. */
const measure = async (name: string, variants: readonly Variant[], request: Request): Promise<readonly number[]> => {
  const samples = await interleave(variants, request.rounds, (round, variant) =>
    request.progress(`${name}: round ${round + 1}, ${variant}`),
  );
  return samples.map((s) => best(s.times));
};

const ours = (name: string, artifact: string, configs: readonly string[], { clock }: Request): Variant => ({
  name,
  sample: async () => secondsOf(await run(artifact, { images: 1, clock, configs })),
});

const theirs = (name: string, module: string, args: readonly string[], { clock }: Request): Variant => ({
  name,
  sample: async () =>
    Number((await execute(process.execPath, [join(root, 'dist', 'bench-asyncify.js'), module, ...args], clock)).out),
});

/** How many functions deep a task is switched, and how often each time that it is so deep. */
const depths: readonly (readonly [depth: number, inner: number])[] = [
  [1, 1000],
  [4, 1000],
  [16, 1000],
  [64, 1000],
  [1, 1],
  [4, 1],
  [16, 1],
];

/** Two workers: how deep they are does not matter to them. By the time of day, as they sleep in turn. */
const byWorkers = (turns: number): Variant => ({
  name: 'workers',
  sample: async () =>
    Number((await execute(process.execPath, [join(root, 'bench', 'peers', 'hand-over.mjs'), String(turns)])).out),
});

/** Nanoseconds, and as part of what Asyncify takes. */
const marks = { switch: 100, ofAsyncify: 0.2 } as const;

const switchTable = async (made: Made, request: Request): Promise<Table> => {
  const switches = request.quick ? 10_000 : 1_000_000;
  const turns = request.quick ? 100 : 20_000;
  const [handOver = 0] = (await measure('hand-over', [byWorkers(turns)], request)).map((t) => (t / (2 * turns)) * 1e9);
  const rows: Cell[][] = [];
  for (const [depth, inner] of depths) {
    const n = switches / inner;
    const how = [String(n), String(depth), String(inner)];
    const times = await measure(
      `switch, ${depth} deep, ${inner} times`,
      [
        ours('pgc', made.switches, [`--n=${n}`, `--depth=${depth}`, `--inner=${inner}`], request),
        theirs('asyncify', made.asyncify, ['switch', ...how], request),
        theirs('javascript', made.asyncify, ['javascript', ...how], request),
      ],
      request,
    );
    const [pgc = 0, wasm = 0, js = 0] = times.map((t) => (t / (2 * switches)) * 1e9);
    const verdict = verdictOf([
      { name: 'pgc', value: pgc, most: marks.switch, digits: 0 },
      { name: 'of Asyncify', value: pgc / wasm, most: marks.ofAsyncify },
    ]);
    rows.push([depth + 1, inner, pgc, wasm, js, handOver, pgc / wasm, pgc / js, pgc / handOver, ...verdict]);
  }
  return {
    title: 'a switch of tasks, in nanoseconds',
    columns: [
      { name: 'functions' },
      { name: 'times' },
      { name: 'pgc', digits: 1 },
      { name: 'Asyncify', digits: 1 },
      { name: 'by JavaScript', digits: 1 },
      { name: 'workers', digits: 0 },
      { name: 'of Asyncify', digits: 2 },
      { name: 'of JavaScript', digits: 2 },
      { name: 'of workers', digits: 3 },
      ...verdictColumns,
    ],
    rows,
    notes: [
      'times: switches in a loop of the innermost function, as by its hooks; once: all of the stack is new at each switch',
      'Asyncify: two fibers and a loop that calls them in turn, all in wasm, without anything else that a scheduler does',
      'by JavaScript: the same functions, switched from there, as fibers of Emscripten are',
      'workers: two threads that hand a token to each other by Atomics.wait and notify, by the time of day; the same for all rows',
      'of: time of pgc / time of the other',
    ],
  };
};

const recursionTable = async (made: Made, request: Request): Promise<Table> => {
  const n = request.quick ? '25' : '37';
  const [on = 0, off = 0, asyncify = 0, plain = 0] = await measure(
    'recursion',
    [
      ours('pgc', made.recursion, [`--n=${n}`], request),
      ours('without hooks', made.plainRecursion, [`--n=${n}`], request),
      theirs('asyncify', made.asyncify, ['recursion', n], request),
      theirs('plain', made.plainPeer, ['recursion', n], request),
    ],
    request,
  );
  return {
    title: 'bare recursion that can be left / that cannot',
    columns: [
      { name: 'code' },
      { name: 'cannot', digits: 4 },
      { name: 'can', digits: 4 },
      { name: 'ratio', digits: 2 },
    ],
    rows: [
      ['pgc', off, on, on / off],
      ['Asyncify', plain, asyncify, asyncify / plain],
    ],
    notes: ['Asyncify: both look at a word in memory before they recurse, as hooks do; without hooks pgc does not'],
  };
};

const spawnTable = async (made: Made, request: Request): Promise<Table> => {
  const n = request.quick ? 10_000 : 1_000_000;
  const rows: Cell[][] = [];
  for (const batch of [1, 1000]) {
    const variant = ours('pgc', made.spawn, [`--n=${n}`, `--batch=${batch}`], request);
    const [seconds = 0] = await measure(`spawn, ${batch} at a time`, [variant], request);
    rows.push([batch, (seconds / n) * 1e9]);
  }
  return {
    title: 'spawn and join of a task that does nothing, in nanoseconds',
    columns: [{ name: 'at a time' }, { name: 'pgc', digits: 1 }],
    rows,
  };
};

const tables = { switch: switchTable, recursion: recursionTable, spawn: spawnTable } as const;

export const tasks: Suite = {
  name: 'tasks',
  doc: 'switches of tasks beside Asyncify and workers that hand over; functions that can be left; spawn and join',
  benchmarks: Object.keys(tables),
  variants: [],
  run: (request) =>
    withFolder(async (folder) => {
      const made = await make(folder);
      const found: Table[] = [];
      for (const [name, table] of Object.entries(tables))
        if (request.wants(name)) found.push(await table(made, request));
      return found;
    }),
};
