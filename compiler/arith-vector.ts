// Exact evaluation of the ops on vectors, lane by lane: the arithmetic of a float lane is that of arith.ts. A vector is an unsigned bigint
// of 128 bits, lane 0 lowest; scalars are as in arith.ts.
import { evalPure, truncateSaturating } from './arith.ts';
import type { Imm, OpName } from './ir.ts';
import { bitsOfFloat, floatOfBits } from './ir-types.ts';
import { isVectorOp, laneBits, laneType, type VectorOp } from './ir-vector.ts';

type Constant = bigint | number;

export const vectorOf = (low: bigint, high: bigint): bigint =>
  BigInt.asUintN(64, low) | (BigInt.asUintN(64, high) << 64n);

/** The low and the high half, as `v.const` has them. */
export const halvesOf = (v: bigint): readonly [bigint, bigint] => [BigInt.asIntN(64, v), BigInt.asIntN(64, v >> 64n)];

/** Lanes of so many bits, unsigned. */
export const lanes = (v: bigint, bits: number): bigint[] =>
  Array.from({ length: 128 / bits }, (_, i) => BigInt.asUintN(bits, v >> BigInt(i * bits)));

/** The vector of these lanes, the lowest first; those that are missing are zero. */
export const joined = (all: readonly bigint[], bits: number): bigint =>
  all.reduce((v, lane, i) => v | (BigInt.asUintN(bits, lane) << BigInt(i * bits)), 0n);

type Float = 'f32' | 'f64';
const bitsOf = (t: Float): number => (t === 'f32' ? 32 : 64);
const toFloat = (t: Float, lane: bigint): number => floatOfBits(t, lane);
const ofFloat = (t: Float, x: number): bigint => bitsOfFloat(t, x);

const all = (condition: boolean): bigint => (condition ? -1n : 0n);
const saturated = (n: bigint, low: bigint, high: bigint): bigint => (n < low ? low : n > high ? high : n);

/** One lane of integers: `a` and `b` unsigned, `s` and `t` the same signed. Undefined: no such op. */
const integerLane = (op: VectorOp, bits: number, a: bigint, b: bigint): bigint | undefined => {
  const [s, t] = [BigInt.asIntN(bits, a), BigInt.asIntN(bits, b)];
  switch (op) {
    case 'v.add':
      return a + b;
    case 'v.sub':
      return a - b;
    case 'v.mul':
      return a * b;
    case 'v.neg':
      return -a;
    case 'v.abs':
      return s < 0n ? -s : s;
    case 'v.min_s':
      return s < t ? s : t;
    case 'v.max_s':
      return s > t ? s : t;
    case 'v.min_u':
      return a < b ? a : b;
    case 'v.max_u':
      return a > b ? a : b;
    case 'v.popcnt':
      return BigInt(a.toString(2).replaceAll('0', '').length);
    case 'v.eq':
      return all(a === b);
    case 'v.ne':
      return all(a !== b);
    case 'v.lt_s':
      return all(s < t);
    case 'v.gt_s':
      return all(s > t);
    case 'v.le_s':
      return all(s <= t);
    case 'v.ge_s':
      return all(s >= t);
    case 'v.lt_u':
      return all(a < b);
    case 'v.gt_u':
      return all(a > b);
    case 'v.le_u':
      return all(a <= b);
    case 'v.ge_u':
      return all(a >= b);
    default:
      return undefined;
  }
};

/** One lane of floats, as its bits. */
const floatLane = (op: VectorOp, type: Float, a: bigint, b: bigint): bigint | undefined => {
  const sign = 1n << BigInt(bitsOf(type) - 1);
  const [x, y] = [toFloat(type, a), toFloat(type, b)];
  switch (op) {
    // What only looks at the sign, or picks, keeps the bits of NaNs.
    case 'v.neg':
      return a ^ sign;
    case 'v.abs':
      return a & ~sign;
    case 'v.pmin':
      return y < x ? b : a;
    case 'v.pmax':
      return x < y ? b : a;
    case 'v.eq':
    case 'v.ne':
    case 'v.lt':
    case 'v.gt':
    case 'v.le':
    case 'v.ge':
      return all(evalPure(op.slice(2) as OpName, type, [x, y], []) === 1n);
    default: {
      const value = evalPure(op.slice(2) as OpName, type, [x, y], []);
      return typeof value === 'number' ? ofFloat(type, value) : undefined;
    }
  }
};

const shifted = (op: VectorOp, bits: number, lane: bigint, by: bigint): bigint => {
  const count = BigInt.asUintN(32, by) % BigInt(bits);
  if (op === 'v.shl') return lane << count;
  return op === 'v.shr_u' ? lane >> count : BigInt.asIntN(bits, lane) >> count;
};

const lanewise = (op: VectorOp, shape: string, a: bigint, b: bigint): bigint | undefined => {
  const bits = laneBits[shape];
  if (bits === undefined) return undefined;
  const type = laneType(shape);
  const others = lanes(b, bits);
  const out: bigint[] = [];
  for (const [i, lane] of lanes(a, bits).entries()) {
    const other = others[i] ?? 0n;
    const result =
      type === 'f32' || type === 'f64' ? floatLane(op, type, lane, other) : integerLane(op, bits, lane, other);
    if (result === undefined) return undefined;
    out.push(result);
  }
  return joined(out, bits);
};

/** The value of a lane by itself. */
const scalarOf = (shape: string, lane: bigint): Constant => {
  const type = laneType(shape);
  if (type === 'f32' || type === 'f64') return toFloat(type, lane);
  const bits = laneBits[shape] ?? 32;
  return shape.startsWith('u') ? BigInt.asUintN(bits, lane) : BigInt.asIntN(bits, lane);
};

const laneOf = (shape: string, x: Constant): bigint => {
  const type = laneType(shape);
  return type === 'f32' || type === 'f64' ? ofFloat(type, Number(x)) : BigInt(x);
};

/** Lanes of the lower or upper half, or all, widened to lanes that are twice as wide. */
const widened = (op: VectorOp, from: string, v: bigint): bigint[] => {
  const bits = laneBits[from] ?? 32;
  const every = lanes(v, bits);
  const half = op.includes('_high_') ? every.slice(every.length / 2) : every.slice(0, every.length / 2);
  return op.endsWith('_s') ? half.map((n) => BigInt.asIntN(bits, n)) : half;
};

const conversion = (op: VectorOp, suffix: string, a: bigint, b: bigint): bigint | undefined => {
  const [to = '', from = ''] = suffix.split('.');
  const bits = laneBits[to] ?? 32;
  const low = <T>(list: readonly T[]): readonly T[] => list.slice(0, 128 / Math.max(bits, laneBits[from] ?? 32));
  const type = laneType(to);
  const source = laneType(from);
  switch (op) {
    case 'v.convert_s':
    case 'v.convert_u': {
      if (type !== 'f32' && type !== 'f64') return undefined;
      const one = (lane: bigint): bigint => {
        const scalar = op === 'v.convert_s' ? BigInt.asIntN(32, lane) : lane;
        return ofFloat(type, Number(evalPure('convert_s', `${type}.i64`, [scalar], [])));
      };
      return joined(low(lanes(a, 32)).map(one), bits);
    }
    case 'v.trunc_sat_s':
    case 'v.trunc_sat_u': {
      if (source !== 'f32' && source !== 'f64') return undefined;
      const one = (lane: bigint): bigint => truncateSaturating(toFloat(source, lane), 32, op === 'v.trunc_sat_s');
      return joined(lanes(a, bitsOf(source)).map(one), 32);
    }
    case 'v.promote':
      return joined(
        low(lanes(a, 32)).map((n) => ofFloat('f64', toFloat('f32', n))),
        64,
      );
    case 'v.demote':
      return joined(
        lanes(a, 64).map((n) => ofFloat('f32', Math.fround(toFloat('f64', n)))),
        32,
      );
    case 'v.extend_low_s':
    case 'v.extend_high_s':
    case 'v.extend_low_u':
    case 'v.extend_high_u':
      return joined(widened(op, from, a), bits);
    case 'v.extmul_low_s':
    case 'v.extmul_high_s':
    case 'v.extmul_low_u':
    case 'v.extmul_high_u': {
      const others = widened(op, from, b);
      return joined(
        widened(op, from, a).map((n, i) => n * (others[i] ?? 0n)),
        bits,
      );
    }
    case 'v.narrow_s':
    case 'v.narrow_u': {
      const wide = laneBits[from] ?? 32;
      const [least, most] =
        op === 'v.narrow_s'
          ? [-(1n << BigInt(bits - 1)), (1n << BigInt(bits - 1)) - 1n]
          : [0n, (1n << BigInt(bits)) - 1n];
      const both = [...lanes(a, wide), ...lanes(b, wide)];
      return joined(
        both.map((n) => saturated(BigInt.asIntN(wide, n), least, most)),
        bits,
      );
    }
    default:
      return undefined;
  }
};

const ones = (1n << 128n) - 1n;

/**
 * The value of an op on vectors that only computes; undefined: it is none, or an operand is missing. Where a float lane is computed
 * and NaN, it has the canonical bits: wasm leaves them open.
 */
export const evalVector = (
  op: OpName,
  suffix: string,
  args: readonly Constant[],
  imms: readonly Imm[],
): Constant | undefined => {
  if (!isVectorOp(op)) return undefined;
  if (op === 'v.const') return vectorOf(BigInt(imms[0] ?? 0n), BigInt(imms[1] ?? 0n));
  const [a, b, c] = args;
  if (a === undefined) return undefined;
  const bits = laneBits[suffix] ?? 128;
  const index = Number(imms[0]);
  if (op === 'v.splat') return joined(Array<bigint>(128 / bits).fill(laneOf(suffix, a)), bits);
  if (typeof a !== 'bigint') return undefined;
  const second = typeof b === 'bigint' ? b : 0n;
  switch (op) {
    case 'v.extract':
      return scalarOf(suffix, lanes(a, bits)[index] ?? 0n);
    case 'v.replace':
      return joined(lanes(a, bits).with(index, laneOf(suffix, b ?? 0n)), bits);
    case 'v.shl':
    case 'v.shr_s':
    case 'v.shr_u':
      return joined(
        lanes(a, bits).map((n) => shifted(op, bits, n, second)),
        bits,
      );
    case 'v.and':
      return a & second;
    case 'v.or':
      return a | second;
    case 'v.xor':
      return a ^ second;
    case 'v.andnot':
      return a & (ones ^ second);
    case 'v.not':
      return ones ^ a;
    case 'v.select':
      return (second & a) | (BigInt(c ?? 0n) & (ones ^ a));
    case 'v.any_true':
      return a === 0n ? 0n : 1n;
    case 'v.all_true':
      return lanes(a, bits).every((n) => n !== 0n) ? 1n : 0n;
    case 'v.bitmask':
      return lanes(a, bits).reduce((mask, n, i) => mask | ((n >> BigInt(bits - 1)) << BigInt(i)), 0n);
    case 'v.shuffle': {
      const bytes = [...lanes(a, 8), ...lanes(second, 8)];
      return joined(
        imms.map((k) => bytes[Number(k)] ?? 0n),
        8,
      );
    }
    default:
      return suffix.includes('.') ? conversion(op, suffix, a, second) : lanewise(op, suffix, a, second);
  }
};
