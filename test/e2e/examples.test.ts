// Every example, with 1, 2, 3, 4 and 7 images. An example checks its own result; the golden beside it holds what it prints.
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';

const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .filter((f) => f.endsWith('.pg'))
  .map((f) => join('examples', f).replaceAll('\\', '/'))
  .sort();

/** Smaller problems where the default is made for measuring. Odd sizes: nothing divides evenly. */
const sizes: Readonly<Record<string, readonly string[]>> = {
  'heat.pg': ['--n=100003'],
  'dgemm.pg': ['--n=101', '--iterations=1'],
  'nstream.pg': ['--length=200003'],
  'stencil.pg': ['--n=301'],
  'transpose.pg': ['--order=211'],
  'reduce.pg': ['--length=10007'],
  'sparse.pg': ['--log2side=5'],
};

afterAll(removeFolders);

test('there are all the examples that were promised', () => {
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
  ];
  expect(names).toEqual(expect.arrayContaining(promised));
});

describe('examples', () => {
  test.each(examples)('%s', async (file) => {
    const cwd = folderWith();
    const built = await pgc(['build', join(root, file), '-o', 'example.wasm'], { cwd });
    expect(built.err).toMatch(/^pgc: example\.wasm: /);
    expect(built.code).toBe(0);
    const text: string[] = [];
    for (const n of [1, 2, 3, 4, 7]) {
      const args = ['-n', `${n}`, '--', ...(sizes[basename(file)] ?? [])];
      const ended = await pgc(['run', 'example.wasm', ...args], { cwd, watchdog: 100 });
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
});
