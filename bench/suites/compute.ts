// compute: programs on one image beside the same work by others: in the same engine (clang for wasm32 with SIMD, AssemblyScript), and
// native (gcc). Ours as they are by default, with guards and hooks.
import { type Contest, holdAll } from '../contest.ts';
import { byAsc, byClang, byGcc, ours } from '../natives.ts';
import type { Request, Suite } from '../suite.ts';
import { type Rules, ratioTable, timeTable } from '../verdict.ts';

interface Work {
  readonly name: string;
  readonly program: string;
  /** The peer's file. */
  readonly peer: string;
  /** Its arguments, and the program's configs, in the same order. */
  readonly configs: readonly string[];
  readonly full: readonly number[];
  readonly quick: readonly number[];
}

const work = (
  name: string,
  program: string,
  configs: string,
  full: readonly number[],
  quick: readonly number[],
): Work => ({ name, program, peer: name.replace(/-.*/, ''), configs: configs.split(' '), full, quick });

/** Sizes at which what is measured takes some tenths of a second. */
const works: readonly Work[] = [
  work('nstream', 'examples/prk/nstream.pg', 'length iterations', [2_000_000, 60], [2000, 2]),
  work('nstream-cache', 'examples/prk/nstream.pg', 'length iterations', [20_000, 20_000], [2000, 2]),
  work('stencil', 'examples/prk/stencil.pg', 'n iterations', [1000, 100], [50, 2]),
  work('stencil-cache', 'examples/prk/stencil.pg', 'n iterations', [150, 6000], [50, 2]),
  work('transpose', 'examples/prk/transpose.pg', 'order iterations', [1024, 40], [64, 2]),
  work('dgemm', 'examples/prk/dgemm.pg', 'n iterations', [256, 40], [64, 2]),
  work('sparse', 'examples/prk/sparse.pg', 'log2side iterations', [8, 60], [5, 2]),
  work('ep', 'examples/nas/ep.pg', 'class', [24], [24]),
  work('sieve', 'examples/primes.pg', 'n', [100_000_000], [250_000]),
  work('queens', 'examples/queens.pg', 'n', [14], [8]),
  work('mandelbrot', 'examples/mandelbrot.pg', 'size', [600], [100]),
  work('fib', 'bench/programs/fib.pg', 'n', [38], [20]),
  work('quicksort', 'bench/programs/quicksort.pg', 'n rounds', [100_000, 40], [1000, 2]),
];

/** The classes of NPB's EP by the exponents of their sizes. */
const classes: ReadonlyMap<number, string> = new Map([
  [24, 'S'],
  [25, 'W'],
  [28, 'A'],
]);

/** Sizes as configs of ours. */
export const configsOf = (names: readonly string[], sizes: readonly number[]): readonly string[] =>
  names.map((name, k) => {
    const size = sizes[k] ?? 0;
    return `--${name}=${name === 'class' ? (classes.get(size) ?? 'S') : size}`;
  });

const contestOf = (w: Work, request: Request): Contest => {
  const sizes = request.quick ? w.quick : w.full;
  const args = [String(sizes[0] ?? 0), String(sizes[1] ?? 1)];
  const peer = (name: string) => ({ name, file: w.peer, args, clock: request.clock });
  return {
    name: w.name,
    entries: [
      ours('pgc', w.program, configsOf(w.configs, sizes), { images: 1, clock: request.clock }),
      byClang(peer('clang-wasm')),
      byGcc(peer('gcc')),
      byGcc(peer('gcc-native'), '-march=native'),
      byAsc(peer('asc')),
    ],
  };
};

const rules: Rules = {
  title: 'One image: time of pgc / time of others',
  unit: 'seconds',
  digits: 4,
  ours: 'pgc',
  others: ['clang-wasm', 'gcc', 'gcc-native', 'asc'],
  mark: (_, entry) => (entry === 'clang-wasm' ? 1.15 : undefined),
  meanMark: (entry) => ({ 'clang-wasm': 0.95, gcc: 1.25, asc: 1 })[entry],
  rowName: (contest) => contest,
  notes: [
    'clang-wasm: clang -O3 --target=wasm32 -msimd128, in the same Node with the same flags; gcc: -O3; gcc-native: -O3 -march=native, for the record; asc: AssemblyScript -O3 with SIMD by hand',
  ],
};

export const compute: Suite = {
  name: 'compute',
  doc: 'one image beside clang for wasm32 and AssemblyScript in the same engine, and gcc',
  benchmarks: works.map((w) => w.name),
  variants: [],
  run: async (request) => {
    const wanted = works.filter((w) => request.wants(w.name));
    const contests = wanted.map((w) => contestOf(w, request));
    const results = await holdAll(contests, request);
    return [ratioTable(results, rules), timeTable(results, rules)];
  },
};
