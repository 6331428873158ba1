// peers: our programs beside the same work by others, in the same engine with the same flags.
import { join } from 'node:path';
import { withFolder } from '../compare.ts';
import { execute, root } from '../process.ts';
import { build, run, secondsOf } from '../program.ts';
import { interleave, type Samples } from '../sampling.ts';
import { best, geometricMean, ratioOf } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Cell } from '../table.ts';

interface Pair {
  readonly name: string;
  /** Our program, its size parameter and the values of size and iterations. */
  readonly program: string;
  readonly sizeName: string;
  readonly size: number;
  readonly iterations: number;
  readonly peer: string;
}

const nstream = { program: 'examples/prk/nstream.pg', sizeName: 'length', peer: 'bench/peers/nstream.c' };
const stencil = { program: 'examples/prk/stencil.pg', sizeName: 'n', peer: 'bench/peers/stencil.c' };
const pairs: readonly Pair[] = [
  { ...nstream, name: 'nstream', size: 2_000_000, iterations: 20 },
  { ...nstream, name: 'nstream-cache', size: 20_000, iterations: 4000 },
  { ...stencil, name: 'stencil', size: 1000, iterations: 40 },
  { ...stencil, name: 'stencil-cache', size: 150, iterations: 2000 },
];

/** What `pgc` must not be slower than, times the peer's time. */
const mark = 1.5;

const clangFlags = [
  '-O3',
  '--target=wasm32',
  '-fno-builtin',
  '-nostdlib',
  '-Wl,--no-entry',
  '-Wl,--export-dynamic',
  '-Wl,--allow-undefined',
];

const hasClang = async (): Promise<boolean> => {
  try {
    await execute('clang', ['--version']);
    await execute('wasm-ld', ['--version']);
    return true;
  } catch {
    return false;
  }
};

const measure = (pair: Pair, request: Request): Promise<readonly Samples[]> =>
  withFolder(async (folder) => {
    const theirs = join(folder, 'peer.wasm');
    await execute('clang', [...clangFlags, '-o', theirs, join(root, pair.peer)]);
    const ours = await build(pair.program, [], folder, 'ours');
    const iterations = request.quick ? 2 : pair.iterations;
    const configs = [`--${pair.sizeName}=${pair.size}`, `--iterations=${iterations}`];
    const peer = [join(root, 'dist', 'bench-peer.js'), theirs, String(pair.size), String(iterations)];
    return interleave(
      [
        {
          name: 'clang',
          sample: async () => Number((await execute(process.execPath, peer, request.clock)).out),
        },
        { name: 'pgc', sample: async () => secondsOf(await run(ours, { images: 1, clock: request.clock, configs })) },
      ],
      request.rounds,
      (round, name) => request.progress(`${pair.name}: round ${round + 1}, ${name}`),
    );
  });

export const peers: Suite = {
  name: 'peers',
  doc: 'one image beside clang -O3 --target=wasm32 in the same engine',
  benchmarks: pairs.map((p) => p.name),
  variants: [],
  run: async (request) => {
    if (!(await hasClang()))
      throw new Error(
        'the peer clang --target=wasm32 is not installed (Debian: clang and lld); nothing to compare with',
      );
    const rows: Cell[][] = [];
    const ratios: number[] = [];
    for (const pair of pairs.filter((p) => request.wants(p.name))) {
      const [theirs, ours] = await measure(pair, request);
      const r = ratioOf(ours?.times ?? [], theirs?.times ?? []);
      ratios.push(r.ratio);
      rows.push([pair.name, best(theirs?.times ?? []), r.ratio, r.low, r.high, mark]);
    }
    if (rows.length > 1) rows.push(['geometric mean', undefined, geometricMean(ratios)]);
    return [
      {
        title: 'time of pgc / time of clang -O3 --target=wasm32, one image, same engine and flags',
        columns: [
          { name: 'program' },
          { name: 'clang', digits: 4 },
          { name: 'ratio', digits: 2 },
          { name: 'low', digits: 2 },
          { name: 'high', digits: 2 },
          { name: 'at most', digits: 2 },
        ],
        rows,
      },
    ];
  },
};
