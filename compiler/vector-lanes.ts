// Changing the width of lanes: a value of a group of iterations is a list of vectors, as many as it needs, and twice as many where its lanes
// are twice as wide.
import { append, type Replacement } from './append.ts';
import type { OpName, Value } from './ir.ts';
import { isOpName } from './ir-types.ts';
import type { Bits } from './vector-width.ts';

/** The op that does in every lane what this one does. */
export const laneOp = (op: string): OpName => {
  const name = `v.${op}`;
  if (!isOpName(name)) throw new Error(`internal error: vectors have no ${op}`);
  return name;
};

export const intShape: Readonly<Record<Bits, string>> = { 8: 'i8x16', 16: 'i16x8', 32: 'i32x4', 64: 'i64x2' };
export const floatShape = (bits: Bits): string => (bits === 64 ? 'f64x2' : 'f32x4');
export const half = (b: Bits): Bits => (b === 64 ? 32 : b === 32 ? 16 : 8);
export const double = (b: Bits): Bits => (b === 8 ? 16 : b === 16 ? 32 : 64);

/** A vector of the low halves of the lanes of two. */
export const lowHalves = (r: Replacement, from: Bits, a: Value, b: Value): Value => {
  const bytes = from / 8;
  const imms = Array.from({ length: 16 }, (_, k) => {
    const lane = Math.floor(k / (bytes / 2));
    return lane * bytes + (k % (bytes / 2));
  });
  return append(r, 'v.shuffle', '', 'v128', [a, b], imms);
};

/** One vector of lanes twice as wide: the lower or the upper half of one, extended. */
export const widerHalf = (r: Replacement, from: Bits, high: boolean, signed: boolean, a: Value): Value => {
  const op = high ? (signed ? 'v.extend_high_s' : 'v.extend_high_u') : signed ? 'v.extend_low_s' : 'v.extend_low_u';
  return append(r, op, `${intShape[double(from)]}.${intShape[from]}`, 'v128', [a]);
};

/** The upper 64 bits in the place of the lower ones. */
export const upperHalf = (r: Replacement, a: Value): Value =>
  append(
    r,
    'v.shuffle',
    '',
    'v128',
    [a, a],
    Array.from({ length: 16 }, (_, k) => (k < 8 ? k + 8 : k)),
  );

/** The low 64 bits of the one, then those of the other. */
export const joined = (r: Replacement, a: Value, b: Value): Value =>
  append(
    r,
    'v.shuffle',
    '',
    'v128',
    [a, b],
    Array.from({ length: 16 }, (_, k) => (k < 8 ? k : k + 8)),
  );

/** Lanes in the opposite order. */
export const reversed = (r: Replacement, bits: Bits, a: Value): Value => {
  const bytes = bits / 8;
  const imms = Array.from({ length: 16 }, (_, k) => 16 - bytes - Math.floor(k / bytes) * bytes + (k % bytes));
  return append(r, 'v.shuffle', '', 'v128', [a, a], imms);
};

/** A vector of these numbers, lane 0 first. */
export const vectorOf = (r: Replacement, bits: Bits, lanes: readonly bigint[]): Value => {
  const halves = [0n, 0n];
  const each = 64 / bits;
  for (const [k, n] of lanes.entries()) {
    const at = Math.floor(k / each);
    halves[at] = (halves[at] ?? 0n) | (BigInt.asUintN(bits, n) << BigInt((k % each) * bits));
  }
  return append(
    r,
    'v.const',
    '',
    'v128',
    [],
    halves.map((n) => BigInt.asIntN(64, n)),
  );
};
