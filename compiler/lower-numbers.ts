// Arithmetic, comparison and conversion of PG numbers in terms of the 32- and 64-bit operations of the IR.
// Narrow integers are kept normalised (sign- or zero-extended) in an i32 after every operation.
import type { ReduceOp } from '../lang/ast.ts';
import type { ArithmeticOp, CompareOp } from '../lang/typed.ts';
import { sizeOf, type Type } from '../lang/types.ts';
import { unreachable } from '../lang/unreachable.ts';
import type { OpName, PosId, Value } from './ir.ts';
import { constI32, constI64, effect, emit, type State } from './lower-state.ts';

type IntType = Extract<Type, { kind: 'int' }>;

const asInt = (t: Type): IntType | undefined => {
  if (t.kind === 'int') return t;
  if (t.kind === 'bool') return { kind: 'int', bits: 32, signed: false };
  return undefined;
};

/** i32 or i64: what an integer (or bool) of this type is computed in. */
const wide = (t: IntType): 'i32' | 'i64' => (t.bits === 64 ? 'i64' : 'i32');

const floatSuffix = (t: Type): 'f32' | 'f64' => (t.kind === 'float' && t.bits === 32 ? 'f32' : 'f64');

/** Cuts an i32 down to the type's width and extends it again. */
const normalise = (s: State, pos: PosId, t: IntType, v: Value): Value => {
  if (t.bits >= 32) return v;
  if (t.signed) return emit(s, pos, t.bits === 8 ? 'extend8_s' : 'extend16_s', 'i32', [v]);
  return emit(s, pos, 'and', 'i32', [v, constI32(s, pos, t.bits === 8 ? 0xff : 0xffff)]);
};

/** An integer of any type as i64 (image numbers, indices, extents). */
export const toI64 = (s: State, pos: PosId, t: Type, v: Value): Value => {
  const int = asInt(t);
  if (!int || int.bits === 64) return v;
  return emit(s, pos, int.signed ? 'extend_s' : 'extend_u', '', [v]);
};

/** A constant of a number type. */
export const constant = (s: State, pos: PosId, t: Type, value: bigint | number | boolean): Value => {
  if (t.kind === 'float') {
    const n = Number(value);
    const view = new DataView(new ArrayBuffer(8));
    if (t.bits === 64) {
      view.setFloat64(0, n);
      return emit(s, pos, 'fconst', 'f64', [], [view.getBigUint64(0)]);
    }
    view.setFloat32(0, n);
    return emit(s, pos, 'fconst', 'f32', [], [BigInt(view.getUint32(0))]);
  }
  const n = BigInt(value);
  return t.kind === 'int' && t.bits === 64
    ? emit(s, pos, 'const', 'i64', [], [BigInt.asIntN(64, n)])
    : emit(s, pos, 'const', 'i32', [], [BigInt.asIntN(32, n)]);
};

const division = (s: State, pos: PosId, t: IntType, op: '/' | '%', a: Value, b: Value): Value => {
  const w = wide(t);
  effect(s, pos, 'check.divide', w, [a, b]);
  if (op === '%') return emit(s, pos, t.signed ? 'rem_s' : 'rem_u', w, [a, b]);
  if (t.signed) effect(s, pos, 'check.overflow', `i${t.bits}`, [a, b]);
  return emit(s, pos, t.signed ? 'div_s' : 'div_u', w, [a, b]);
};

/** `a % b` of floats, with the sign of the dividend: the library's exact fmod. */
const floatRemainder = (
  s: State,
  pos: PosId,
  t: Type,
  a: Value,
  b: Value,
  call: (name: string, args: readonly Value[]) => Value,
): Value => {
  if (floatSuffix(t) === 'f64') return call('runtime.fmod', [a, b]);
  const wideA = emit(s, pos, 'promote', '', [a]);
  const wideB = emit(s, pos, 'promote', '', [b]);
  return emit(s, pos, 'demote', '', [call('runtime.fmod', [wideA, wideB])]);
};

/** `a op b`. For shifts `countType` is the type of the count. `call` calls a run-time function. */
export const arithmetic = (
  s: State,
  pos: PosId,
  t: Type,
  op: ArithmeticOp,
  a: Value,
  b: Value,
  countType: Type,
  call: (name: string, args: readonly Value[]) => Value,
): Value => {
  const int = asInt(t);
  if (!int) {
    const suffix = floatSuffix(t);
    switch (op) {
      case '+':
        return emit(s, pos, 'add', suffix, [a, b]);
      case '-':
        return emit(s, pos, 'sub', suffix, [a, b]);
      case '*':
        return emit(s, pos, 'mul', suffix, [a, b]);
      case '/':
        return emit(s, pos, 'div', suffix, [a, b]);
      case '%':
        return floatRemainder(s, pos, t, a, b, call);
      default:
        throw new Error(`internal error: ${op} on floats`);
    }
  }
  const w = wide(int);
  switch (op) {
    case '+':
      return normalise(s, pos, int, emit(s, pos, 'add', w, [a, b]));
    case '-':
      return normalise(s, pos, int, emit(s, pos, 'sub', w, [a, b]));
    case '*':
      return normalise(s, pos, int, emit(s, pos, 'mul', w, [a, b]));
    case '/':
    case '%':
      return normalise(s, pos, int, division(s, pos, int, op, a, b));
    case '&':
      return emit(s, pos, 'and', w, [a, b]);
    case '|':
      return emit(s, pos, 'or', w, [a, b]);
    case '^':
      return emit(s, pos, 'xor', w, [a, b]);
    case '<<':
    case '>>': {
      // Any integer type counts, modulo the width: only its low bits matter.
      const countInt = asInt(countType);
      let count = b;
      if (countInt && wide(countInt) !== w)
        count = w === 'i64' ? emit(s, pos, 'extend_u', '', [b]) : emit(s, pos, 'wrap', '', [b]);
      if (int.bits < 32) count = emit(s, pos, 'and', 'i32', [count, constI32(s, pos, int.bits - 1)]);
      if (op === '<<') return normalise(s, pos, int, emit(s, pos, 'shl', w, [a, count]));
      return emit(s, pos, int.signed ? 'shr_s' : 'shr_u', w, [a, count]);
    }
    default:
      return unreachable(op);
  }
};

export const negate = (s: State, pos: PosId, t: Type, v: Value): Value => {
  const int = asInt(t);
  if (!int) return emit(s, pos, 'neg', floatSuffix(t), [v]);
  const w = wide(int);
  return normalise(s, pos, int, emit(s, pos, 'sub', w, [emit(s, pos, 'const', w, [], [0n]), v]));
};

export const complement = (s: State, pos: PosId, t: Type, v: Value): Value => {
  const int = asInt(t);
  if (!int) throw new Error('internal error: ~ on a float');
  const w = wide(int);
  return normalise(s, pos, int, emit(s, pos, 'xor', w, [v, emit(s, pos, 'const', w, [], [-1n])]));
};

export const not = (s: State, pos: PosId, v: Value): Value => emit(s, pos, 'eqz', 'i32', [v]);

const comparisons: Record<CompareOp, { readonly signed: OpName; readonly unsigned: OpName; readonly float: OpName }> = {
  '==': { signed: 'eq', unsigned: 'eq', float: 'eq' },
  '!=': { signed: 'ne', unsigned: 'ne', float: 'ne' },
  '<': { signed: 'lt_s', unsigned: 'lt_u', float: 'lt' },
  '<=': { signed: 'le_s', unsigned: 'le_u', float: 'le' },
  '>': { signed: 'gt_s', unsigned: 'gt_u', float: 'gt' },
  '>=': { signed: 'ge_s', unsigned: 'ge_u', float: 'ge' },
};

/** `a op b` as an i32 that is 0 or 1. Numbers, bools and pointers. */
export const compare = (s: State, pos: PosId, t: Type, op: CompareOp, a: Value, b: Value): Value => {
  const names = comparisons[op];
  if (t.kind === 'pointer' || t.kind === 'sharedPointer' || t.kind === 'handle') {
    if (op === '==' || op === '!=') return emit(s, pos, names.signed, 'gptr', [a, b]);
    return emit(s, pos, names.unsigned, 'i32', [
      emit(s, pos, 'gptr.bits', '', [a]),
      emit(s, pos, 'gptr.bits', '', [b]),
    ]);
  }
  if (t.kind === 'fn') return emit(s, pos, names.signed, 'i32', [a, b]);
  const int = asInt(t);
  if (!int) return emit(s, pos, names.float, floatSuffix(t), [a, b]);
  return emit(s, pos, int.signed ? names.signed : names.unsigned, wide(int), [a, b]);
};

const saturate = (s: State, pos: PosId, t: IntType, v: Value, from: 'f32' | 'f64'): Value => {
  const w = wide(t);
  const wideValue = emit(s, pos, t.signed ? 'trunc_sat_s' : 'trunc_sat_u', `${w}.${from}`, [v]);
  if (t.bits >= 32) return wideValue;
  const [low, high] = t.signed ? [-(2 ** (t.bits - 1)), 2 ** (t.bits - 1) - 1] : [0, 2 ** t.bits - 1];
  const top = constI32(s, pos, high);
  const capped = emit(s, pos, 'select', 'i32', [
    emit(s, pos, t.signed ? 'lt_s' : 'lt_u', 'i32', [wideValue, top]),
    wideValue,
    top,
  ]);
  if (!t.signed) return capped;
  const bottom = constI32(s, pos, low);
  return emit(s, pos, 'select', 'i32', [emit(s, pos, 'gt_s', 'i32', [capped, bottom]), capped, bottom]);
};

/** `v as to`, between numbers, bool and pointers. */
export const convert = (s: State, pos: PosId, from: Type, to: Type, v: Value): Value => {
  const isPointer = (t: Type): boolean => t.kind === 'pointer' || t.kind === 'sharedPointer';
  if (isPointer(from) && isPointer(to)) return v;
  if (isPointer(from))
    return convert(s, pos, { kind: 'int', bits: 32, signed: false }, to, emit(s, pos, 'gptr.bits', '', [v]));
  if (isPointer(to))
    return emit(s, pos, 'gptr.of', '', [convert(s, pos, from, { kind: 'int', bits: 32, signed: false }, v)]);
  if (to.kind === 'bool') {
    const zero = constant(s, pos, from, 0);
    return from.kind === 'bool' ? v : compare(s, pos, from, '!=', v, zero);
  }
  const fromInt = asInt(from);
  const toInt = asInt(to);
  if (fromInt && toInt) {
    if (fromInt.bits === 64) return toInt.bits === 64 ? v : normalise(s, pos, toInt, emit(s, pos, 'wrap', '', [v]));
    if (toInt.bits === 64) return emit(s, pos, fromInt.signed ? 'extend_s' : 'extend_u', '', [v]);
    return normalise(s, pos, toInt, v);
  }
  if (fromInt)
    return emit(s, pos, fromInt.signed ? 'convert_s' : 'convert_u', `${floatSuffix(to)}.${wide(fromInt)}`, [v]);
  if (toInt) return saturate(s, pos, toInt, v, floatSuffix(from));
  if (floatSuffix(from) === floatSuffix(to)) return v;
  return emit(s, pos, floatSuffix(to) === 'f64' ? 'promote' : 'demote', '', [v]);
};

/** The word of allreduce/reduce for an operator on a type. */
export const reduceWord = (op: ReduceOp, t: Type): string => {
  const suffix = t.kind === 'float' ? '' : t.kind === 'int' && t.signed ? '_s' : '_u';
  switch (op) {
    case '+':
      return 'add';
    case '*':
      return 'mul';
    case 'min':
      return `min${suffix}`;
    case 'max':
      return `max${suffix}`;
    case '&':
      return 'and';
    case '|':
      return 'or';
    case '^':
      return 'xor';
    default:
      return unreachable(op);
  }
};

/** The suffix that collectives on a type use; narrow integers travel as i32. */
export const collectiveSuffix = (t: Type): string => {
  const int = asInt(t);
  return int ? wide(int) : floatSuffix(t);
};

/** Makes the result of a collective on i32 fit a narrow type again. */
export const narrow = (s: State, pos: PosId, t: Type, v: Value): Value => {
  const int = t.kind === 'int' ? t : undefined;
  return int ? normalise(s, pos, int, v) : v;
};

/** Combines two values as `reduce(op: …)` does. */
export const combine = (s: State, pos: PosId, op: ReduceOp, t: Type, a: Value, b: Value): Value => {
  switch (op) {
    case '+':
    case '*':
    case '&':
    case '|':
    case '^':
      return arithmetic(s, pos, t, op, a, b, t, () => a);
    case 'min':
    case 'max': {
      if (t.kind === 'float') return emit(s, pos, op, floatSuffix(t), [a, b]);
      const first = compare(s, pos, t, op === 'min' ? '<' : '>', a, b);
      return emit(s, pos, 'select', collectiveSuffix(t), [first, a, b]);
    }
    default:
      return unreachable(op);
  }
};

/** The neutral element of `op` on a type. */
export const identity = (s: State, pos: PosId, op: ReduceOp, t: Type): Value => {
  const limits = (): { readonly low: bigint | number; readonly high: bigint | number } => {
    if (t.kind !== 'int') return { low: -Infinity, high: Infinity };
    const bits = BigInt(t.bits);
    return t.signed
      ? { low: -(1n << (bits - 1n)), high: (1n << (bits - 1n)) - 1n }
      : { low: 0n, high: (1n << bits) - 1n };
  };
  switch (op) {
    case '+':
    case '|':
    case '^':
      return constant(s, pos, t, t.kind === 'float' ? 0 : 0n);
    case '*':
      return constant(s, pos, t, t.kind === 'float' ? 1 : 1n);
    case '&':
      return t.kind === 'bool'
        ? constant(s, pos, t, true)
        : constant(s, pos, t, t.kind === 'int' && !t.signed ? limits().high : -1n);
    case 'min':
      return constant(s, pos, t, limits().high);
    case 'max':
      return constant(s, pos, t, limits().low);
    default:
      return unreachable(op);
  }
};

/** Number of iterations of lo..hi by `step` (none negative here), as i64: (hi - lo + step - 1) / step, at least 0. */
export const tripCount = (s: State, pos: PosId, lo: Value, hi: Value, step: Value): Value => {
  const span = emit(s, pos, 'sub', 'i64', [hi, lo]);
  const up = emit(s, pos, 'add', 'i64', [span, emit(s, pos, 'sub', 'i64', [step, constI64(s, pos, 1)])]);
  const count = emit(s, pos, 'div_s', 'i64', [up, step]);
  const zero = constI64(s, pos, 0);
  return emit(s, pos, 'select', 'i64', [emit(s, pos, 'gt_s', 'i64', [span, zero]), count, zero]);
};

/** `a - b` of pointers, in elements. */
export const pointerDifference = (s: State, pos: PosId, target: Type, a: Value, b: Value): Value => {
  const bits = (v: Value): Value => emit(s, pos, 'extend_u', '', [emit(s, pos, 'gptr.bits', '', [v])]);
  const bytes = emit(s, pos, 'sub', 'i64', [bits(a), bits(b)]);
  return emit(s, pos, 'div_s', 'i64', [bytes, constI64(s, pos, Math.max(1, sizeOf(target)))]);
};
