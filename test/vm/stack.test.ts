// Call stacks: from offsets in code to places in source, with inlined functions and without the run-time's.
import { describe, expect, test } from 'vitest';
import type { Position } from '../../vm/abi.ts';
import { callStack, framesOf, parseFrames } from '../../vm/stack.ts';
import { manifest } from './wat.ts';

const at = (line: number, fn: string, inlinedAt = -1): Position => ({ file: 0, line, col: 1, fn, inlinedAt });
const m = manifest({
  positions: [
    at(0, ''),
    at(1, 'leaf'), // 1
    at(2, 'leaf', 3), // 2: leaf, inlined into middle
    at(3, 'middle', 4), // 3: middle, inlined into main
    at(4, 'main'), // 4
    at(5, 'runtime.alloc', 4), // 5: run-time, inlined into main
    at(6, 'runtime.free'), // 6
  ],
  // Absolute: 10 → 1, 20 → 2, 30 → 4, 40 → 5, 50 → 6.
  offsets: [10, 10, 10, 10, 10],
  offsetPositions: [1, 2, 4, 5, 6],
  functions: ['', 'leaf', 'main', ''],
});
const names = (frames: ReturnType<typeof callStack>): string[] =>
  frames.map((f) => `${f.fn}:${f.line}${f.inlined ? ' inlined' : ''}`);

test('frames of V8, with names and without', () => {
  const stack = `RuntimeError: unreachable
    at leaf (wasm://wasm/abc-12:wasm-function[3]:0x1a3)
    at wasm://wasm/b19a44c6:wasm-function[12]:0x5c
    at importsOf (file:///somewhere/worker.js:1:23)
    at main (wasm://wasm/abc:wasm-function[0]:0xff)`;
  expect(parseFrames(stack)).toEqual([
    { index: 3, offset: 0x1a3 },
    { index: 12, offset: 0x5c },
    { index: 0, offset: 0xff },
  ]);
});

describe('positions', () => {
  test('a position is followed outwards through what was inlined', () => {
    expect(names(framesOf(m, 2))).toEqual(['leaf:2 inlined', 'middle:3 inlined', 'main:4']);
    expect(framesOf(m, 0)).toEqual([]);
    expect(framesOf(m, 99)).toEqual([]);
  });

  test('a ring of positions has an end', () => {
    const ring = manifest({ positions: [at(0, ''), at(1, 'a', 2), at(2, 'b', 1)] });
    expect(names(framesOf(ring, 1))).toEqual(['a:1 inlined', 'b:2 inlined']);
  });

  test('the greatest offset that is not above the address counts', () => {
    const frame = (offset: number) => names(callStack(m, [{ index: 1, offset }], 0));
    expect(frame(10)).toEqual(['leaf:1']);
    expect(frame(19)).toEqual(['leaf:1']);
    expect(names(callStack(m, [{ index: 2, offset: 20 }], 0))).toEqual([
      'leaf:2 inlined',
      'middle:3 inlined',
      'main:4',
    ]);
    expect(names(callStack(m, [{ index: 2, offset: 30 }], 0))).toEqual(['main:4']);
  });

  test('the entry of a function is shown at its first place; code of no function that we know at none', () => {
    expect(names(callStack(m, [{ index: 1, offset: 9 }], 0))).toEqual(['leaf:1']);
    expect(names(callStack(m, [{ index: 2, offset: 19 }], 0))).toEqual(['main:4']);
    expect(names(callStack(m, [{ index: 1, offset: 30 }], 0))).toEqual(['leaf:0']);
  });

  test('the run-time is left out, inlined or not', () => {
    expect(names(callStack(m, [{ index: 2, offset: 45 }], 0))).toEqual(['main:4']);
    const raw = [
      { index: 0, offset: 55 },
      { index: 3, offset: 5 },
      { index: 2, offset: 31 },
    ];
    expect(names(callStack(m, raw, 0))).toEqual(['main:4']);
    expect(names(callStack(m, raw, 6))).toEqual(['main:4']);
  });

  test('the position of the record is exact, and stands for the innermost frame of the user', () => {
    const raw = [
      { index: 1, offset: 10 },
      { index: 2, offset: 30 },
    ];
    expect(names(callStack(m, raw, 2))).toEqual(['leaf:2 inlined', 'middle:3 inlined', 'main:4', 'main:4']);
    expect(names(callStack(m, [], 1))).toEqual(['leaf:1']);
  });
});
