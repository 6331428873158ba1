// The reader of modules: numbers and names as WebAssembly writes them, and never a byte beyond the end.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readerOf, sectionsOf } from '../../vm/sections.ts';

const reader = (...bytes: number[]) => readerOf(Uint8Array.from(bytes), 0, bytes.length);
const u32 = (...bytes: number[]): number | 'failed' => {
  const r = reader(...bytes);
  const value = r.u32();
  return r.failed ? 'failed' : value;
};

describe('numbers', () => {
  test('as LEB128, also with more bytes than are needed', () => {
    expect(u32(0)).toBe(0);
    expect(u32(0x7f)).toBe(127);
    expect(u32(0xe5, 0x8e, 0x26)).toBe(624485);
    expect(u32(0x80, 0x80, 0x80, 0x80, 0x00)).toBe(0);
    expect(u32(0xff, 0xff, 0xff, 0xff, 0x0f)).toBe(2 ** 32 - 1);
  });

  test('of more than 32 bits, of more than five bytes, and cut short', () => {
    expect(u32(0xff, 0xff, 0xff, 0xff, 0x1f)).toBe('failed');
    expect(u32(0x80, 0x80, 0x80, 0x80, 0x80, 0x00)).toBe('failed');
    expect(u32(0x80, 0x80)).toBe('failed');
    expect(u32()).toBe('failed');
  });

  test('any number', () => {
    const leb = (n: number): number[] => (n < 0x80 ? [n] : [(n % 128) | 0x80, ...leb(Math.floor(n / 128))]);
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), (n) => u32(...leb(n)) === n));
  });
});

describe('names', () => {
  test('keep a byte order mark, as it makes another name', () => {
    expect(reader(4, 0xef, 0xbb, 0xbf, 0x61).name()).toBe('\ufeffa');
  });

  test('that go beyond the end', () => {
    const r = reader(3, 0x61, 0x62);
    expect(r.name()).toBe('');
    expect(r.failed).toBe(true);
    // Nothing can be read after that.
    expect(r.byte()).toBe(0);
  });
});

describe('sections', () => {
  const module = (...bytes: number[]): Uint8Array => Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...bytes);

  test('with their places, custom ones with their names', () => {
    expect(sectionsOf(module())).toEqual([]);
    expect(sectionsOf(module(0, 3, 1, 0x78, 9, 1, 1, 0))).toEqual([
      { id: 0, at: 8, start: 12, end: 13, name: 'x' },
      { id: 1, at: 13, start: 15, end: 16, name: '' },
    ]);
  });

  test.each([
    ['no size', module(1)],
    ['a size that is cut short', module(1, 0x80)],
    ['more than there is', module(1, 2, 0)],
    ['much more than there is', module(1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0)],
    ['no name', module(0, 0)],
    ['a name that is longer than its section', module(0, 2, 2, 0x61, 0x62)],
  ])('%s', (_, bytes) => {
    expect(sectionsOf(bytes)).toBeUndefined();
  });

  test('any bytes are read to their end or refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const s of sectionsOf(module(...bytes)) ?? []) {
          expect(s.at).toBeLessThan(s.start);
          expect(s.start).toBeLessThanOrEqual(s.end);
          expect(s.end).toBeLessThanOrEqual(bytes.length + 8);
        }
      }),
      { numRuns: 5000 },
    );
  });
});
