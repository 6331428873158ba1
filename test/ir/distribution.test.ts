// The index rule against brute force: every element has one owner and one place of its own there, parts are as large as said,
// and the own ranges are the elements owned.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { coordinatesOf, gridOf, layoutDims, localIndexOf, multiplierOf, ownerOf } from '../../compiler/distribution.ts';
import type { IrDim } from '../../compiler/ir.ts';

const kind = fc.constantFrom<IrDim>('star', 'block', 'cyclic', 'blocks');
const array = fc
  .array(fc.record({ kind, extent: fc.integer({ min: 0, max: 13 }), block: fc.integer({ min: 1, max: 5 }) }), {
    minLength: 1,
    maxLength: 4,
  })
  .filter((dims) => dims.reduce((n, d) => n * d.extent, 1) <= 800)
  .map((dims) => ({
    kinds: dims.map((d) => d.kind),
    extents: dims.map((d) => BigInt(d.extent)),
    blocks: dims.map((d) => BigInt(d.block)),
  }));

const allIndices = (extents: readonly bigint[]): bigint[][] =>
  extents.reduce<bigint[][]>(
    (all, n) => all.flatMap((head) => Array.from({ length: Number(n) }, (_, i) => [...head, BigInt(i)])),
    [[]],
  );

describe('the rule', () => {
  test('gives each element one place', () => {
    fc.assert(
      fc.property(array, fc.integer({ min: 1, max: 12 }), ({ kinds, extents, blocks }, images) => {
        const layouts = Array.from({ length: images }, (_, image) => layoutDims(kinds, extents, blocks, images, image));
        const dims = layouts[0] ?? [];
        const size = dims.reduce((n, d) => n * d.localExtent, 1n);
        const taken = new Set<string>();
        for (const indices of allIndices(extents)) {
          const owner = ownerOf(dims, indices);
          const local = localIndexOf(dims, indices);
          expect(owner >= 0n && owner < BigInt(images)).toBe(true);
          expect(local >= 0n && local < size).toBe(true);
          const place = `${owner} ${local}`;
          expect(taken.has(place)).toBe(false);
          taken.add(place);
          // Dimension by dimension, the owner's coordinate is that of the rule.
          for (const [k, d] of (layouts[Number(owner)] ?? []).entries()) {
            const i = indices[k] ?? 0n;
            const mine = d.coordinate === (i / d.block) % d.images;
            expect(mine).toBe(true);
            expect(i >= d.lo && i < d.hi).toBe(true);
          }
        }
        expect(taken.size).toBe(Number(extents.reduce((n, e) => n * e, 1n)));
      }),
      { numRuns: 500 },
    );
  });

  test('deals out as one would by hand', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 7 }),
        (n, b, images) => {
          // Like cards: B at a time, round and round.
          const hands: number[][] = Array.from({ length: images }, () => []);
          for (let i = 0; i < n; i++) hands[Math.floor(i / b) % images]?.push(i);
          const dims = layoutDims(['blocks'], [BigInt(n)], [BigInt(b)], images, 0);
          for (const [image, hand] of hands.entries()) {
            for (const [place, i] of hand.entries()) {
              expect(ownerOf(dims, [BigInt(i)])).toBe(BigInt(image));
              expect(localIndexOf(dims, [BigInt(i)])).toBe(BigInt(place));
            }
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a block is N over P rounded up, and ranges join without gaps', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 9 }), (n, images) => {
        let end = 0n;
        for (let image = 0; image < images; image++) {
          const [d] = layoutDims(['block'], [BigInt(n)], [0n], images, image);
          expect(d?.block).toBe(BigInt(Math.max(1, Math.ceil(n / images))));
          expect(d?.lo).toBe(end);
          end = d?.hi ?? -1n;
        }
        expect(end).toBe(BigInt(n));
      }),
    );
  });
});

test.each([
  [1, [1, 1]],
  [2, [1, 2]],
  [4, [2, 2]],
  [6, [2, 3]],
  [7, [1, 7]],
  [12, [3, 4]],
])('%d images make a grid of %j', (images, grid) => {
  expect(gridOf(['block', 'cyclic'], images)).toEqual(grid);
  expect(gridOf(['block', 'star'], images)).toEqual([images, 1]);
  expect(gridOf(['star', 'blocks'], images)).toEqual([1, images]);
  const [, across = 1] = grid;
  for (let image = 0; image < images; image++) {
    const [row = 0, column = 0] = coordinatesOf(grid, image);
    expect(row * across + column).toBe(image);
  }
});

test.each([
  [8, 3, [2, 2, 2]],
  [12, 3, [2, 2, 3]],
  [7, 3, [1, 1, 7]],
  [24, 3, [2, 3, 4]],
  [16, 4, [2, 2, 2, 2]],
  [36, 4, [2, 2, 3, 3]],
  [5, 4, [1, 1, 1, 5]],
])('%d images make a grid of %d dimensions: %j', (images, rank, grid) => {
  const kinds = Array.from({ length: rank }, (): IrDim => 'block');
  expect(gridOf(kinds, images)).toEqual(grid);
  const seen = new Set<number>();
  for (let image = 0; image < images; image++) {
    const c = coordinatesOf(grid, image);
    expect(c.reduce((n, at, k) => n * (grid[k] ?? 1) + at, 0)).toBe(image);
    seen.add(image);
  }
  expect(seen.size).toBe(images);
});

test('on p: the others own nothing', () => {
  const on = (image: number) => layoutDims(['on', 'star'], [4n, 5n], [1n, 0n], 3, image);
  expect(on(1).map((d) => [d.coordinate, d.lo, d.hi, d.localExtent])).toEqual([
    [0n, 0n, 4n, 4n],
    [0n, 0n, 5n, 5n],
  ]);
  expect(on(2).map((d) => [d.coordinate, d.lo, d.hi, d.localExtent])).toEqual([
    [-1n, 0n, 0n, 4n],
    [-1n, 0n, 0n, 5n],
  ]);
});

describe('division by a block', () => {
  // As large as blocks can be where so many slots and one more are in 4 GiB.
  const largest = (images: number): number => 2 ** (32 - images.toString(2).length);
  const right = (images: number, block: bigint, i: bigint): boolean => {
    const { multiplier, shift } = multiplierOf(block, images);
    const product = i * multiplier;
    return product < 2n ** 64n && product >> shift === i / block;
  };

  test('is right at the ends of all blocks', () => {
    for (const images of [1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 255, 256, 1023]) {
      const most = largest(images);
      for (const block of [1, 2, 3, 5, 7, 1000, most / 2 + 1, most - 2, most - 1, most]) {
        if (block < 1) continue;
        for (let k = 0; k < images; k++) {
          const first = BigInt(k) * BigInt(block);
          expect(right(images, BigInt(block), first)).toBe(true);
          expect(right(images, BigInt(block), first + BigInt(block) - 1n)).toBe(true);
        }
      }
    }
  });
  test('is right anywhere', () => {
    const drawn = fc
      .integer({ min: 1, max: 1023 })
      .chain((images) =>
        fc
          .integer({ min: 1, max: largest(images) })
          .chain((block) =>
            fc.tuple(
              fc.constant(images),
              fc.constant(block),
              fc.bigInt({ min: 0n, max: BigInt(images) * BigInt(block) - 1n }),
            ),
          ),
      );
    fc.assert(fc.property(drawn, ([images, block, i]) => right(images, BigInt(block), i)));
  });
});
