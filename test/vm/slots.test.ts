// The division of memory: as large as fits, never overlapping, and honest about what does not fit.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { slotTailBytes } from '../../vm/abi.ts';
import { chooseSlots, slotMap } from '../../vm/slots.ts';
import { manifest } from './wat.ts';

describe('slots', () => {
  test.each([
    [1, 30],
    [2, 30],
    [3, 30],
    [4, 29],
    [7, 29],
    [8, 28],
    [63, 26],
    [512, 22],
  ])('%i images: 2^%i bytes each', (images, slotBits) => {
    const choice = chooseSlots(manifest(), { images });
    if (choice.kind !== 'slots') throw new Error(choice.kind);
    expect(choice.map.slotBits).toBe(slotBits);
    expect(choice.memory.buffer.byteLength).toBe((images + 1) * 2 ** slotBits);
  });

  test.each([1, 3, 7])('%i images that track their memory: a quarter of each slot is the table', (images) => {
    const choice = chooseSlots(manifest({ track: 'all' }), { images, slotBytes: 2 ** 24 });
    if (choice.kind !== 'slots') throw new Error(choice.kind);
    const { stackTop, tableStart, tableEnd } = choice.map;
    expect(tableEnd - tableStart).toBe(2 ** 22);
    expect(stackTop).toBe(tableStart);
    expect(tableEnd).toBe(2 ** 24 - slotTailBytes);
  });

  test('a program that fits just so needs a larger slot for its table', () => {
    const symmetricBytes = 2 ** 24 - 2 ** 19;
    const bits = (more: object) => {
      const choice = chooseSlots(manifest({ symmetricBytes, ...more }), { images: 2, slotBytes: 2 ** 26 });
      return choice.kind === 'slots' ? [choice.map.slotBits, choice.map.heapBottom > choice.map.symmetricTop] : [];
    };
    expect(bits({})).toEqual([26, true]);
    expect(bits({ track: 'allocations' })).toEqual([26, true]);
    const tight = (track: object) =>
      chooseSlots(manifest({ symmetricBytes, ...track }), { images: 1, slotBytes: 2 ** 24 });
    expect(tight({}).kind).toBe('slots');
    expect(tight({ track: 'allocations' }).kind).toBe('no-resources');
  });

  test('one image too many', () => {
    const large = manifest({ symmetricBytes: 2 ** 29 });
    expect(chooseSlots(large, { images: 4 })).toMatchObject({ kind: 'too-many-images', fit: 3 });
    expect(chooseSlots(large, { images: 3 }).kind).toBe('slots');
  });

  test('a larger stack leaves room for fewer images', () => {
    expect(chooseSlots(manifest(), { images: 63, stackBytes: 2 ** 26 })).toMatchObject({
      kind: 'too-many-images',
      fit: 31,
    });
  });

  test('the parts of a slot follow each other in every slot', () => {
    fc.assert(
      fc.property(fc.integer({ min: 19, max: 31 }), fc.option(fc.integer({ min: 4096, max: 65536 })), (bits, stack) => {
        const m = slotMap(manifest(), bits, stack ?? undefined);
        expect(m.symmetricTop).toBeLessThan(m.heapBottom);
        expect(m.heapBottom).toBeLessThanOrEqual(m.stackLimit);
        expect(m.stackLimit).toBeLessThan(m.stackTop);
        expect(m.stackTop).toBe(2 ** bits - slotTailBytes);
        expect(m.heapBottom % 4096).toBe(0);
        expect(m.stackTop - m.stackLimit).toBeGreaterThanOrEqual(stack ?? 65536);
      }),
    );
  });
});
