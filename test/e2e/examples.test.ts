// Every example, with 1, 2, 3, 4 and 7 images, or some of them where that takes long. An example checks its own result; the golden beside it holds what it prints.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';
import { prebuild } from '../cli/prebuild.ts';
import { command } from '../cli/resident.ts';

const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.pg'))
  .map((f) => join('examples', f).replaceAll('\\', '/'))
  // The others are modules for these.
  .filter((f) => readFileSync(join(root, f), 'utf8').includes('\nfn main('))
  .sort();

interface Run {
  readonly args?: readonly string[];
  readonly images?: readonly number[];
  /** Options for files, which are those beside the example. */
  readonly allow?: readonly string[];
}

const all = [1, 2, 3, 4, 7];
/** For what takes a second or more. */
const few = [1, 3, 4];

/** Smaller problems where the default is made for measuring. Odd sizes: nothing divides evenly. */
const runs: Readonly<Record<string, readonly Run[]>> = {
  'heat.pg': [{ args: ['--n=100003'] }],
  'prk/dgemm.pg': [{ args: ['--n=101', '--iterations=1'] }],
  'prk/nstream.pg': [{ args: ['--length=200003'] }],
  'prk/stencil.pg': [{ args: ['--n=301'] }],
  'prk/transpose.pg': [{ args: ['--order=211'] }],
  'prk/reduce.pg': [{ args: ['--length=10007'] }],
  'prk/sparse.pg': [{ args: ['--log2side=5'] }],
  'queens.pg': [{}, { args: ['--n=2'], images: [7] }],
  'primes.pg': [{}, { args: ['--n=17'], images: [7] }],
  'barnes_hut.pg': [{ args: ['--n=1000', '--steps=8'] }, { args: ['--n=5'], images: [7] }],
  'bfs.pg': [{}, { args: ['--scale=3', '--edgefactor=1'], images: [7] }],
  'triangles.pg': [{}, { args: ['--scale=2'], images: [7] }],
  'cg/cg.pg': [{ allow: ['--allow-read'] }],
  'cg/poisson.pg': [{ allow: ['--allow-write'], images: few }],
  'mandelbrot.pg': [{}, { args: ['--size=60', '--png=true'], allow: ['--allow-write'], images: [3] }],
  'plate.pg': [{ args: ['--n=45'] }, { args: ['--n=45', '--png=true'], allow: ['--allow-write'], images: [3] }],
  'julia.pg': [{ images: few }],
  'quadrature.pg': [{}, { args: ['--digits=13'], images: [3] }],
  'uts.pg': [{ images: few }, { args: ['--tree=3'], images: [7] }],
  'nas/ep.pg': [{ images: few }, { args: ['--class=W'], images: [7] }],
  'nas/is.pg': [{}, { args: ['--class=W'], images: [3] }],
  'nas/ft.pg': [{}, { args: ['--class=W'], images: [3] }],
  'nas/mg.pg': [{}, { args: ['--class=W'], images: [3] }],
  'nas/cg.pg': [{}, { args: ['--class=W'], images: [3] }],
};

const runsOf = (file: string): readonly Run[] => runs[file.slice('examples/'.length)] ?? [{}];

const filesBeside = (file: string): readonly string[] =>
  readdirSync(join(root, dirname(file)))
    .filter((f) => f.endsWith('.mtx'))
    .map((f) => join(dirname(file), f));

afterAll(removeFolders);

test('there are all the examples that were promised', () => {
  expect(examples).toEqual(expect.arrayContaining(Object.keys(runs).map((f) => `examples/${f}`)));
  const names = examples.map((f) => basename(f, '.pg'));
  const promised = [
    'hello',
    'heat',
    'nstream',
    'stencil',
    'transpose',
    'p2p',
    'reduce',
    'dgemm',
    'sparse',
    'random_access',
    'ep',
    'cg',
    'is',
    'ft',
    'mg',
    'queens',
    'primes',
    'uts',
    'mandelbrot',
    'plate',
    'barnes_hut',
    'bfs',
    'triangles',
    'poisson',
  ];
  expect(names).toEqual(expect.arrayContaining(promised));
});

let artifactOf: (file: string) => string;
beforeAll(async () => {
  artifactOf = await prebuild(
    examples.map((file) => ({ file, args: [] })),
    root,
  );
}, 900_000);

describe('examples', () => {
  test.each(examples)('%s', async (file) => {
    const cwd = folderWith(...filesBeside(file));
    const text: string[] = [];
    const each = runsOf(file).flatMap((r) => (r.images ?? all).map((n) => ({ ...r, n })));
    for (const { n, args: configs = [], allow = [] } of each) {
      const args = [...allow, '-n', `${n}`, '--', ...configs];
      const ended = await command(['run', artifactOf(file), ...args], { cwd, watchdog: 100 });
      expect(ended.code, `-n ${n}: ${ended.err}`).toBe(0);
      // Times go to standard error.
      text.push(
        `$ ${args.join(' ')}\n`,
        ...ended.out
          .split('\n')
          .slice(0, -1)
          .sort()
          .map((l) => `${l}\n`),
      );
    }
    await expect(text.join('')).toMatchFileSnapshot(join(root, file.replace(/\.pg$/, '.out')));
  });

  test('have tests, some of which show that their checks find what is wrong', async () => {
    const ended = await command(['test', 'examples', '-n', '1,3'], { cwd: root, watchdog: 200 });
    expect(ended.code, ended.out + ended.err).toBe(0);
    for (const name of ['check 1: a circle', 'check 5: an edge that is none']) expect(ended.out).toContain(name);
  });

  test('cg/poisson.mtx is what cg/poisson.pg makes', async () => {
    const cwd = folderWith();
    const ended = await pgc(['run', '--allow-write', join(root, 'examples/cg/poisson.pg'), '-n', '2'], { cwd });
    expect(ended.code, ended.err).toBe(0);
    const made = readFileSync(join(cwd, 'poisson.mtx'), 'utf8');
    expect(made).toBe(readFileSync(join(root, 'examples/cg/poisson.mtx'), 'utf8'));
  });

  test('cg/cg.pg says where a matrix is wrong, and does not take one that is not symmetric', async () => {
    const head = '%%MatrixMarket matrix coordinate real general\n';
    const solve = (text: string) => {
      const cwd = folderWith();
      writeFileSync(join(cwd, 'poisson.mtx'), text);
      return pgc(['run', '--allow-read', join(root, 'examples/cg/cg.pg'), '-n', '2'], { cwd });
    };
    const garbled = await solve(`${head}2 2 3\n1 1 2\n2 1 1\n2 2 x\n`);
    expect(garbled).toMatchObject({ code: 1, out: '', err: expect.stringMatching(/^poisson\.mtx:5: /) });
    const skewed = await solve(`${head}2 2 3\n1 1 2\n2 1 1\n2 2 5\n`);
    expect(skewed).toMatchObject({ code: 1, err: expect.stringContaining('cg: the matrix must be symmetric') });
  });
});
