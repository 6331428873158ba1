// The programs of the suites that compare PG with PG, with sizes at which what they measure takes some tenths of a
// second on one image. Each checks its own result, and says on standard error how long the measured part took.
import type { Output } from './process.ts';
import { secondsOf } from './program.ts';

export interface Program {
  readonly name: string;
  /** Path from the folder of the project. */
  readonly file: string;
  /** Configs for a measurement, and for --quick. */
  readonly full: readonly string[];
  readonly quick: readonly string[];
  /** A time from what a run printed, in seconds or any other unit. */
  readonly time: (output: Output) => number;
  /** Numbers of images that it is measured with. */
  readonly images: readonly number[];
}

/** Traversed edges per second, a rate: its inverse is a time. */
const timePerEdge = (output: Output): number => {
  const rate = Number(/([0-9.]+) million TEPS/.exec(output.err)?.[1]);
  if (!(rate > 0)) throw new Error(`the program told no rate:\n${output.err}`);
  return 1 / rate;
};

/** `full` and `quick` as one writes them on a command line, without the dashes. */
const program = (file: string, full: string, quick: string, time = secondsOf): Program => ({
  name: file.replace(/^.*\//, '').replace(/\.pg$/, ''),
  file,
  full: full.split(' ').map((c) => `--${c}`),
  quick: quick.split(' ').map((c) => `--${c}`),
  time,
  images: [1, 2],
});

const named = (name: string, p: Program): Program => ({ ...p, name });

export const programs: readonly Program[] = [
  // Affine loops over named arrays: no guard should be left.
  program('examples/prk/nstream.pg', 'length=20000 iterations=30000', 'length=2000 iterations=100'),
  program('examples/prk/stencil.pg', 'n=150 iterations=8000', 'n=50 iterations=20'),
  program('examples/prk/transpose.pg', 'order=512 iterations=400', 'order=64 iterations=10'),
  program('examples/prk/dgemm.pg', 'n=256 iterations=50', 'n=64 iterations=2'),
  program('examples/prk/p2p.pg', 'iterations=1000', 'm=100 iterations=2'),
  program('examples/prk/reduce.pg', 'iterations=3000', 'length=1000 iterations=5'),
  program('examples/heat.pg', 'n=20000 steps=5000', 'n=1000 steps=50'),
  program('examples/plate.pg', 'steps=1200', 'n=60 steps=20'),
  named('nas-ft', program('examples/nas/ft.pg', 'class=W', 'class=S')),
  named('nas-mg', program('examples/nas/mg.pg', 'class=W', 'class=S')),
  named('nas-ep', program('examples/nas/ep.pg', 'class=S', 'class=S')),
  program('examples/mandelbrot.pg', 'size=500', 'size=100'),
  program('examples/primes.pg', 'n=30000000', 'n=250000'),
  // Slices that functions get.
  program('bench/programs/dot.pg', 'rounds=120000', 'rounds=1000'),
  program('bench/programs/axpy.pg', 'rounds=500000', 'rounds=1000'),
  program('bench/programs/complex.pg', 'rounds=40000', 'rounds=250'),
  program('bench/programs/columns.pg', 'rounds=1800', 'rounds=4'),
  program('bench/programs/matmul.pg', 'rounds=180', 'rounds=4'),
  program('bench/programs/jacobi.pg', 'steps=6000', 'steps=50'),
  program('bench/programs/quicksort.pg', 'rounds=30', 'rounds=1'),
  // Indirect accesses.
  program('bench/programs/gather.pg', 'rounds=50000', 'rounds=1000'),
  program('bench/programs/scatter.pg', 'rounds=50000', 'rounds=1000'),
  program('examples/prk/sparse.pg', 'iterations=120', 'log2side=5 iterations=4'),
  named('nas-cg', program('examples/nas/cg.pg', 'class=W', 'class=S')),
  named('nas-is', program('examples/nas/is.pg', 'class=W', 'class=S')),
  program('examples/triangles.pg', 'scale=14', 'scale=8'),
  // Pointers.
  program('bench/programs/list.pg', 'rounds=7000', 'rounds=100'),
  program('bench/programs/search_tree.pg', 'rounds=130', 'rounds=3'),
  program('bench/programs/trees.pg', 'rounds=80', 'depth=10 rounds=10'),
  program('bench/programs/hash.pg', 'rounds=600', 'rounds=5'),
  program('bench/programs/matrix.pg', 'rounds=80', 'rounds=2'),
  program('bench/programs/bodies.pg', 'steps=25000', 'steps=100'),
  program('examples/barnes_hut.pg', 'steps=16', 'n=200 steps=2'),
  program('examples/queens.pg', 'n=14', 'n=8'),
  program('bench/programs/words.pg', 'rounds=1500', 'rounds=10'),
  program('examples/uts.pg', 'tree=1', 'tree=1'),
  // The global space.
  program('bench/programs/chase.pg', 'rounds=30000', 'rounds=100'),
  program('examples/prk/random_access.pg', 'log2size=21', 'log2size=10'),
  program('examples/bfs.pg', 'scale=15 roots=64', 'scale=8', timePerEdge),
];
