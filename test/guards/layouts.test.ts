// Named arrays that are laid out differently on two images: code relies on the layouts being the same, so the run must end before main,
// whatever is guarded, and whatever it is that differs. Some numbers are such that sums of them agree, which were compared once.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { folderWith, removeFolders } from '../cli/pgc.ts';
import { command } from '../cli/resident.ts';

afterAll(removeFolders);

/** What is declared, with `n` for what differs; its values by image; how the array is reached. */
const cases: readonly (readonly [string, readonly number[], string])[] = [
  ['shared a: [n]int dist(cyclic);', [5104131, 676], 'a[0]'],
  ['shared a: [n]int dist(block);', [1999, 2000, 2001], 'a[0]'],
  ['shared a: [n]int dist(block);', [2000, 2000, 2000, 2001], 'a[0]'],
  ['shared a: [100]int dist(block(n));', [5, 10], 'a[0]'],
  ['shared a: [100]int dist(on n);', [0, 1], 'a[0]'],
  ['shared a: [8, n]int dist(block, *);', [8, 9], 'a[0, 0]'],
  ['shared a: [n, m]int dist(block, *);', [4, 16], 'a[0, 0]'],
  ['co a: [n]int;', [8, 9], 'a[0]'],
];

describe('layouts that differ', () => {
  test.each(cases)('%s %j', { timeout: 200_000 }, async (declared, values, element) => {
    const folder = folderWith();
    const n = values.map((v, k) => (k === values.length - 1 ? `{ ${v} }` : `if this_image() == ${k} { ${v} } else `));
    const source = `let n: int = ${n.join('')};
let m: int = if n == 0 { 0 } else { 64 / n };
${declared}
fn main() { print("main {}", ${element}); }
`;
    writeFileSync(join(folder, 'layout.pg'), source);
    for (const guards of ['all', 'opt']) {
      const args = ['run', 'layout.pg', '-n', String(values.length), `--guards=${guards}`];
      const { code, out, err } = await command(args, { cwd: folder });
      expect(err).toMatch(/fault on image \d of \d: the named arrays of image 0 have other extents than those here/);
      expect({ code, out }).toEqual({ code: 1, out: '' });
    }
  });
});
