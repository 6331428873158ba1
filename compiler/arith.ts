// Exact evaluation of the pure ops on constants. Shared by the evaluator and by folding: there is one arithmetic.
// Integers are signed bigints of the type's width, floats are numbers (f32: already rounded).
import type { Imm, OpName } from './ir.ts';
import { bitsOfFloat, floatOfBits } from './ir-types.ts';

type Constant = bigint | number;

const widthOf = (suffix: string): 32 | 64 | undefined => (suffix === 'i32' ? 32 : suffix === 'i64' ? 64 : undefined);

const bool = (b: boolean): bigint => (b ? 1n : 0n);

/** Nearest integer, ties to even; keeps the sign of zero. */
export const nearestEven = (x: number): number => {
  if (!Number.isFinite(x) || Math.abs(x) >= 2 ** 52) return x;
  const low = Math.floor(x);
  const above = x - low;
  const rounded = above < 0.5 ? low : above > 0.5 ? low + 1 : low % 2 === 0 ? low : low + 1;
  return rounded === 0 && (x < 0 || Object.is(x, -0)) ? -0 : rounded;
};

/** Integer to f32 with one rounding: through f64 alone it would round twice, so the lost bits are kept as a sticky bit. */
export const floatOfInteger = (type: 'f32' | 'f64', n: bigint): number => {
  if (type === 'f64') return Number(n);
  const magnitude = n < 0n ? -n : n;
  if (magnitude < 1n << 53n) return Math.fround(Number(n));
  const sticky = (magnitude & 0x7ffn) === 0n ? 0n : 1n;
  const rounded = Math.fround(Number((magnitude >> 11n) | sticky)) * 2048;
  return n < 0n ? -rounded : rounded;
};

/** Float to integer, saturating; NaN gives 0. The result is signed, as all our integers. */
export const truncateSaturating = (x: number, width: 32 | 64, signed: boolean): bigint => {
  if (Number.isNaN(x)) return 0n;
  const bits = BigInt(width);
  const low = signed ? -(1n << (bits - 1n)) : 0n;
  const high = (1n << (signed ? bits - 1n : bits)) - 1n;
  if (x === Number.POSITIVE_INFINITY) return BigInt.asIntN(width, high);
  if (x === Number.NEGATIVE_INFINITY) return low;
  const n = BigInt(Math.trunc(x));
  return BigInt.asIntN(width, n < low ? low : n > high ? high : n);
};

const unsigned = (n: bigint, width: 32 | 64): bigint => BigInt.asUintN(width, n);

const popcount = (n: bigint, width: 32 | 64): bigint => {
  let count = 0n;
  for (let rest = unsigned(n, width); rest !== 0n; rest >>= 1n) count += rest & 1n;
  return count;
};

const leadingZeros = (n: bigint, width: 32 | 64): bigint => {
  const u = unsigned(n, width);
  return BigInt(u === 0n ? width : width - u.toString(2).length);
};

const trailingZeros = (n: bigint, width: 32 | 64): bigint =>
  n === 0n ? BigInt(width) : popcount((n & -n) - 1n, width);

const integer = (op: OpName, width: 32 | 64, a: bigint, b: bigint): bigint | undefined => {
  const wrap = (n: bigint): bigint => BigInt.asIntN(width, n);
  const ua = unsigned(a, width);
  const ub = unsigned(b, width);
  const count = ub % BigInt(width);
  switch (op) {
    case 'add':
      return wrap(a + b);
    case 'sub':
      return wrap(a - b);
    case 'mul':
      return wrap(a * b);
    case 'div_s':
      return b === 0n || (b === -1n && a === -(1n << BigInt(width - 1))) ? undefined : a / b;
    case 'div_u':
      return b === 0n ? undefined : wrap(ua / ub);
    case 'rem_s':
      return b === 0n ? undefined : a % b;
    case 'rem_u':
      return b === 0n ? undefined : wrap(ua % ub);
    case 'and':
      return a & b;
    case 'or':
      return a | b;
    case 'xor':
      return a ^ b;
    case 'shl':
      return wrap(a << count);
    case 'shr_s':
      return a >> count;
    case 'shr_u':
      return wrap(ua >> count);
    case 'rotl':
      return wrap((ua << count) | (ua >> (BigInt(width) - count)));
    case 'clz':
      return leadingZeros(a, width);
    case 'ctz':
      return trailingZeros(a, width);
    case 'popcnt':
      return popcount(a, width);
    case 'extend8_s':
      return BigInt.asIntN(8, a);
    case 'extend16_s':
      return BigInt.asIntN(16, a);
    case 'eqz':
      return bool(a === 0n);
    case 'eq':
      return bool(a === b);
    case 'ne':
      return bool(a !== b);
    case 'lt_s':
      return bool(a < b);
    case 'lt_u':
      return bool(ua < ub);
    case 'le_s':
      return bool(a <= b);
    case 'le_u':
      return bool(ua <= ub);
    case 'gt_s':
      return bool(a > b);
    case 'gt_u':
      return bool(ua > ub);
    case 'ge_s':
      return bool(a >= b);
    case 'ge_u':
      return bool(ua >= ub);
    default:
      return undefined;
  }
};

const floating = (op: OpName, type: 'f32' | 'f64', a: number, b: number): Constant | undefined => {
  const round = (x: number): number => (type === 'f32' ? Math.fround(x) : x);
  switch (op) {
    case 'add':
      return round(a + b);
    case 'sub':
      return round(a - b);
    case 'mul':
      return round(a * b);
    case 'div':
      return round(a / b);
    case 'min':
      return Math.min(a, b);
    case 'max':
      return Math.max(a, b);
    case 'fmin':
      return Number.isNaN(b) ? a : Number.isNaN(a) ? b : Math.min(a, b);
    case 'fmax':
      return Number.isNaN(b) ? a : Number.isNaN(a) ? b : Math.max(a, b);
    case 'copysign':
      // JavaScript does not show the sign of a NaN.
      if (Number.isNaN(b)) return undefined;
      return b < 0 || Object.is(b, -0) ? -Math.abs(a) : Math.abs(a);
    case 'neg':
      return -a;
    case 'abs':
      return Math.abs(a);
    case 'sqrt':
      return round(Math.sqrt(a));
    case 'floor':
      return Math.floor(a);
    case 'ceil':
      return Math.ceil(a);
    case 'trunc':
      return Math.trunc(a);
    case 'nearest':
      return nearestEven(a);
    case 'eq':
      return bool(a === b);
    case 'ne':
      return bool(a !== b);
    case 'lt':
      return bool(a < b);
    case 'le':
      return bool(a <= b);
    case 'gt':
      return bool(a > b);
    case 'ge':
      return bool(a >= b);
    default:
      return undefined;
  }
};

const conversion = (op: OpName, suffix: string, a: Constant): Constant | undefined => {
  const to = suffix.slice(0, 3);
  const from = suffix.slice(4);
  if (typeof a === 'bigint') {
    switch (op) {
      case 'wrap':
        return BigInt.asIntN(32, a);
      case 'extend_s':
        return a;
      case 'extend_u':
        return BigInt.asUintN(32, a);
      case 'convert_s':
      case 'convert_u': {
        if (to !== 'f32' && to !== 'f64') return undefined;
        return floatOfInteger(to, op === 'convert_s' ? a : unsigned(a, from === 'i32' ? 32 : 64));
      }
      case 'reinterpret': {
        if (to !== 'f32' && to !== 'f64') return undefined;
        const x = floatOfBits(to, a);
        // A number cannot say which NaN it is.
        return Number.isNaN(x) ? undefined : x;
      }
      default:
        return undefined;
    }
  }
  switch (op) {
    case 'trunc_sat_s':
    case 'trunc_sat_u':
      return truncateSaturating(a, to === 'i32' ? 32 : 64, op === 'trunc_sat_s');
    case 'promote':
      return a;
    case 'demote':
      return Math.fround(a);
    case 'reinterpret':
      if (Number.isNaN(a)) return undefined;
      return from === 'f32' ? BigInt.asIntN(32, bitsOfFloat('f32', a)) : BigInt.asIntN(64, bitsOfFloat('f64', a));
    default:
      return undefined;
  }
};

/**
 * The value of a pure op on these constants; undefined if it has none: not pure, a divisor of zero, a place, or a NaN
 * whose bits would matter. Comparisons give 0n or 1n.
 */
export const evalPure = (
  op: OpName,
  suffix: string,
  args: readonly Constant[],
  imms: readonly Imm[],
): Constant | undefined => {
  if (op === 'const' || op === 'position') return typeof imms[0] === 'bigint' ? imms[0] : undefined;
  if (op === 'fconst') {
    const bits = imms[0];
    return typeof bits === 'bigint' && (suffix === 'f32' || suffix === 'f64') ? floatOfBits(suffix, bits) : undefined;
  }
  const a = args[0];
  const b = args[1];
  if (a === undefined) return undefined;
  if (op === 'select') return suffix === 'gptr' ? undefined : a === 0n ? args[2] : b;
  const width = widthOf(suffix);
  if (width !== undefined && typeof a === 'bigint') {
    return integer(op, width, a, typeof b === 'bigint' ? b : 0n);
  }
  if ((suffix === 'f32' || suffix === 'f64') && typeof a === 'number') {
    return floating(op, suffix, a, typeof b === 'number' ? b : 0);
  }
  if (suffix === 'gptr' && (op === 'eq' || op === 'ne')) return bool((a === b) === (op === 'eq'));
  return conversion(op, suffix, a);
};

/** Combines two values as `atomic.rmw` and the reductions do. Undefined: no such word for this type. */
export const combine = (word: string, suffix: string, a: Constant, b: Constant): Constant | undefined => {
  const pick = (comparison: OpName): Constant | undefined => {
    const first = evalPure(comparison, suffix, [a, b], []);
    return first === undefined ? undefined : first === 1n ? a : b;
  };
  switch (word) {
    case 'add':
    case 'sub':
    case 'mul':
    case 'and':
    case 'or':
    case 'xor':
    case 'min':
    case 'max':
      return evalPure(word, suffix, [a, b], []);
    case 'min_s':
      return pick('le_s');
    case 'min_u':
      return pick('le_u');
    case 'max_s':
      return pick('ge_s');
    case 'max_u':
      return pick('ge_u');
    case 'xchg':
      return b;
    default:
      return undefined;
  }
};
