// Arithmetic on constants: exactly what the program would compute at run time.
import type { BinaryOp } from './ast.ts';
import type { ArithmeticOp, CompareOp } from './typed.ts';
import { type Type, typeName } from './types.ts';
import { unreachable } from './unreachable.ts';

export type Scalar = bigint | number | boolean;
type Int = Extract<Type, { kind: 'int' }>;
type Float = Extract<Type, { kind: 'float' }>;

export const isNumber = (t: Type): t is Int | Float => t.kind === 'int' || t.kind === 'float';
export const isPointer = (t: Type): t is Extract<Type, { kind: 'pointer' | 'sharedPointer' }> =>
  t.kind === 'pointer' || t.kind === 'sharedPointer';

/** The value modulo 2^bits, in the type's range. */
export const wrap = (t: Int, n: bigint): bigint => (t.signed ? BigInt.asIntN(t.bits, n) : BigInt.asUintN(t.bits, n));

export const rangeOf = (t: Int): { readonly low: bigint; readonly high: bigint } => {
  const bits = BigInt(t.bits);
  return t.signed
    ? { low: -(1n << (bits - 1n)), high: (1n << (bits - 1n)) - 1n }
    : { low: 0n, high: (1n << bits) - 1n };
};

export const fits = (t: Int, n: bigint): boolean => {
  const { low, high } = rangeOf(t);
  return n >= low && n <= high;
};

export const rangeText = (t: Int): string => {
  const { low, high } = rangeOf(t);
  return `${typeName(t)} holds ${low} to ${high}`;
};

/** The nearest f32, rounded once: by way of an f64 a long integer would be rounded twice. */
const intToF32 = (n: bigint): number => {
  const size = n < 0n ? -n : n;
  const extra = size.toString(2).length - 40;
  if (extra <= 0) return Math.fround(Number(n));
  const kept = size >> BigInt(extra);
  const sticky = kept << BigInt(extra) === size ? 0n : 1n;
  const rounded = Math.fround(Number(kept | sticky)) * 2 ** extra;
  return n < 0n ? -rounded : rounded;
};

export const toFloat = (t: Float, v: bigint | number): number => {
  if (typeof v === 'bigint') return t.bits === 32 ? intToF32(v) : Number(v);
  return t.bits === 32 ? Math.fround(v) : v;
};

const foldInt = (t: Int, op: ArithmeticOp, a: bigint, b: bigint): bigint | undefined => {
  const count = BigInt.asUintN(8, b) % BigInt(t.bits);
  switch (op) {
    case '+':
      return wrap(t, a + b);
    case '-':
      return wrap(t, a - b);
    case '*':
      return wrap(t, a * b);
    case '/':
      return b === 0n || (b === -1n && t.signed && a === rangeOf(t).low) ? undefined : a / b;
    case '%':
      return b === 0n ? undefined : a % b;
    case '&':
      return wrap(t, a & b);
    case '|':
      return wrap(t, a | b);
    case '^':
      return wrap(t, a ^ b);
    case '<<':
      return wrap(t, a << count);
    case '>>':
      return wrap(t, a >> count);
    default:
      return unreachable(op);
  }
};

const foldFloat = (t: Float, op: ArithmeticOp, a: number, b: number): number | undefined => {
  switch (op) {
    case '+':
      return toFloat(t, a + b);
    case '-':
      return toFloat(t, a - b);
    case '*':
      return toFloat(t, a * b);
    case '/':
      return toFloat(t, a / b);
    case '%':
      return toFloat(t, a % b);
    default:
      return undefined;
  }
};

/** `a op b` in type `t`, or undefined if it would trap at run time. */
export const foldArithmetic = (t: Type, op: ArithmeticOp, a: Scalar, b: Scalar): Scalar | undefined => {
  if (t.kind === 'int' && typeof a === 'bigint' && typeof b === 'bigint') return foldInt(t, op, a, b);
  if (t.kind === 'float' && typeof a === 'number' && typeof b === 'number') return foldFloat(t, op, a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean') return op === '&' ? a && b : op === '|' ? a || b : a !== b;
  return undefined;
};

export const foldCompare = (op: CompareOp, a: Scalar, b: Scalar): boolean => {
  switch (op) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '<':
      return a < b;
    case '<=':
      return a <= b;
    case '>':
      return a > b;
    case '>=':
      return a >= b;
    default:
      return unreachable(op);
  }
};

export const foldUnary = (t: Type, op: '-' | '!' | '~', a: Scalar): Scalar | undefined => {
  if (op === '!') return typeof a === 'boolean' ? !a : undefined;
  if (op === '~') return t.kind === 'int' && typeof a === 'bigint' ? wrap(t, ~a) : undefined;
  if (t.kind === 'int' && typeof a === 'bigint') return wrap(t, -a);
  return typeof a === 'number' ? -a : undefined;
};

const saturate = (t: Int, v: number): bigint => {
  if (Number.isNaN(v)) return 0n;
  const { low, high } = rangeOf(t);
  if (v === Infinity) return high;
  if (v === -Infinity) return low;
  const whole = BigInt(Math.trunc(v));
  return whole < low ? low : whole > high ? high : whole;
};

/** `v as to` between numbers and from bool, or undefined for other types. */
export const foldCast = (to: Type, v: Scalar): Scalar | undefined => {
  const n = typeof v === 'boolean' ? (v ? 1n : 0n) : v;
  if (to.kind === 'bool') return typeof v === 'boolean' ? v : undefined;
  if (to.kind === 'float') return toFloat(to, n);
  if (to.kind === 'int') return typeof n === 'bigint' ? wrap(to, n) : saturate(to, n);
  return undefined;
};

const arithmeticOps: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>']);
export const isArithmetic = (op: BinaryOp): op is ArithmeticOp => arithmeticOps.has(op);
export const isShift = (op: BinaryOp): boolean => op === '<<' || op === '>>';
