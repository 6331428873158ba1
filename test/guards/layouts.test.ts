// Named arrays that are laid out differently on two images. The extents are such that sums agree which barriers compare: as the tags of
// meetings were before secrets of the run went into them. Code relies on the layouts being the same, so the run must end before
// main, whatever is guarded.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { meetingNumber } from '../../vm/abi.ts';
import { folderWith, pgc, removeFolders } from '../cli/pgc.ts';

afterAll(removeFolders);

/** The extent of image k is number k; the last of them comes last to the barrier. */
const programWith = (extents: readonly number[]): string => {
  const last = extents.length - 1;
  const of = extents.map((n, k) => (k === last ? `{ late(${n}) }` : `if this_image() == ${k} { ${n} } else `)).join('');
  return `
fn late(n: int) -> int {
  let start = now();
  while now() < start + 0.5 {}
  return n;
}
let n: int = ${of};
shared a: [n]int dist(cyclic);
fn main() { print("main: {}", (local(&a[this_image()]) as int) & ((1 << 28) - 1)); }
`;
};

const run = async (extents: readonly number[], guards: 'all' | 'opt') => {
  const folder = folderWith();
  writeFileSync(join(folder, 'layout.pg'), programWith(extents));
  return pgc(['run', 'layout.pg', '-n', String(extents.length), `--guards=${guards}`], { cwd: folder });
};

/** Where the array lies in the slots. */
const baseOf = async (): Promise<bigint> => {
  const { out, err } = await run([8, 8], 'opt');
  expect(err).toBe('');
  const base = /^main: (\d+)$/m.exec(out)?.[1];
  expect(base).toBeDefined();
  return BigInt(base ?? '0');
};

const wrap = (n: bigint): bigint => BigInt.asIntN(64, n);

/** What runtime.come would add up without secrets for an array of so many elements: note_layout, then a mixer. */
const tagOf = (base: bigint, extent: number): number => {
  const prime = 0x100000001b3n;
  let sum = wrap(wrap(base | (0xffffffffn << 32n)) * prime);
  sum = wrap((sum ^ BigInt(extent)) * prime);
  sum = wrap((sum ^ 1n) * prime);
  const n = wrap(BigInt(meetingNumber('barrier')) * 0x9e3779b1n + sum);
  let x = Number(BigInt.asUintN(32, n ^ (n >> 32n)));
  x ^= x >>> 16;
  x = Math.imul(x, 0x7feb352d);
  x ^= x >>> 15;
  x = Math.imul(x, 0x846ca68b);
  x ^= x >>> 16;
  return x >>> 0;
};

/** Two extents with one tag. */
const colliding = (base: bigint): readonly number[] => {
  const seen = new Map<number, number>();
  for (let extent = 8; extent < 1_000_000; extent++) {
    const tag = tagOf(base, extent);
    const other = seen.get(tag);
    if (other !== undefined) return [other, extent];
    seen.set(tag, extent);
  }
  throw new Error('no two extents with one tag: search further');
};

/** Three extents where the tag of the last is the mean of the others: three times that is their sum. */
const cancelling = (base: bigint): readonly number[] => {
  const byTag = new Map<number, number>();
  for (let extent = 8; extent < 20_000; extent++) byTag.set(tagOf(base, extent), extent);
  const tags = [...byTag.keys()];
  for (const [k, a] of tags.entries())
    for (const b of tags.slice(k + 1)) {
      const mean = byTag.get((a + b) / 2);
      if (mean !== undefined) return [byTag.get(a) ?? 0, byTag.get(b) ?? 0, mean];
    }
  throw new Error('no three extents whose tags cancel: search further');
};

describe('layouts that differ behind equal sums', () => {
  test.each([
    ['two extents with one tag', colliding],
    ['tags that cancel in the sum', cancelling],
  ] as const)('%s', { timeout: 120_000 }, async (_, search) => {
    const extents = search(await baseOf());
    for (const guards of ['all', 'opt'] as const) {
      const { code, out, err } = await run(extents, guards);
      expect(err).toMatch(/fault on image \d of \d: the named arrays of image \d have other extents than those here/);
      expect({ code, out }).toEqual({ code: 1, out: '' });
    }
  });
});
