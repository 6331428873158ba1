// Accumulators in lanes: what they begin with, and how they become one number behind the loop.
//
// Partial results are combined in a fixed order, so that a program gives the same on every run. For `if x > m { m = x }` on floats two
// zeros of different sign are equal, and which one is kept depends on the order: if the result is a zero, and was none before, the answer
// is not sure and the loop is done again as written. A loop that writes cannot be: it must begin with a number that no zero replaces. fmin and fmax
// are done as if there were no NaN and no zeros of different sign; whether that was right, their result shows.
import { append, type Replacement } from './append.ts';
import type { IrType, Value } from './ir.ts';
import { bitsOfFloat } from './ir-types.ts';
import { isExtreme, plainExtreme } from './vector-extreme.ts';
import { floatShape, intShape, laneOp } from './vector-lanes.ts';
import type { Accumulator } from './vector-reduce.ts';
import { typeBits } from './vector-width.ts';

const shapeOf = (type: IrType): string => (/^f/.test(type) ? floatShape(typeBits(type)) : intShape[typeBits(type)]);

/** Nothing lost in repeating the first value: minimum and maximum, `and` and `or`. */
const isIdempotent = (a: Accumulator): boolean => a.chosen || /^(f?min|f?max|and|or|select)$/.test(a.op);

/** The vector that lanes begin with: what does not matter, or, where repeating does no harm, the number that the loop begins with. */
export const identityOf = (r: Replacement, a: Accumulator, type: IrType, init: Value): Value => {
  if (isIdempotent(a)) return append(r, 'v.splat', shapeOf(type), 'v128', [init]);
  const float = type === 'f32' || type === 'f64';
  const one = a.op === 'mul';
  if (float) {
    // x + -0 is x, whatever the sign of zero.
    const bits = bitsOfFloat(type, one ? 1 : -0);
    const start = append(r, 'fconst', type, type, [], [bits]);
    return append(r, 'v.splat', shapeOf(type), 'v128', [start]);
  }
  const start = append(r, 'const', type, type, [], [one ? 1n : 0n]);
  return append(r, 'v.splat', shapeOf(type), 'v128', [start]);
};

/** Before a loop that writes: whether no zero can become the result, or undefined if that is clear. */
export const zerosStayOut = (r: Replacement, a: Accumulator, type: IrType, init: Value): Value | undefined => {
  if (type !== 'f32' && type !== 'f64') return undefined;
  if (isExtreme(a.op)) {
    const { bits, int } = bitsIn(r, type, init);
    const none = append(r, 'const', int, int, [], [0n]);
    const right = append(r, a.op === 'fmax' ? 'ge_s' : 'lt_s', int, 'i32', [bits, none]);
    return append(r, 'and', 'i32', 'i32', [right, append(r, 'eq', type, 'i32', [init, init])]);
  }
  if (!a.chosen) return undefined;
  const zero = append(r, 'fconst', type, type, [], [bitsOfFloat(type, 0)]);
  return append(r, a.op === 'gt' ? 'ge' : 'le', type, 'i32', [init, zero]);
};

const bitsIn = (
  r: Replacement,
  type: 'f32' | 'f64',
  v: Value,
): { readonly bits: Value; readonly int: 'i32' | 'i64' } => {
  const int = type === 'f32' ? 'i32' : 'i64';
  return { int, bits: append(r, 'reinterpret', `${int}.${type}`, int, [v]) };
};

export interface Total {
  readonly value: Value;
  /** An i32 that is zero if the order may show; undefined: it does not. */
  readonly sure: Value | undefined;
}

export const combined = (
  r: Replacement,
  a: Accumulator,
  type: IrType,
  init: Value,
  vectors: readonly Value[],
): Total => {
  const shape = shapeOf(type);
  const bits = typeBits(type);
  const float = type === 'f32' || type === 'f64';
  let was: Value | undefined;
  const before = (): Value => (was ??= append(r, 'v.splat', shape, 'v128', [init]));
  const pair = (x: Value, y: Value): Value => {
    if (isExtreme(a.op)) return plainExtreme(r, a.op, shape, x, y);
    if (a.set !== undefined)
      return append(r, 'v.select', '', 'v128', [append(r, 'v.eq', shape, 'v128', [x, before()]), y, x]);
    if (!a.chosen) {
      const bitwise = a.op === 'and' || a.op === 'or' || a.op === 'xor';
      return append(r, laneOp(a.op), bitwise ? '' : shape, 'v128', [x, y]);
    }
    // The later one is the new one.
    if (bits === 64 && a.op.endsWith('_u')) throw new Error('internal error: unsigned lanes of 64 bits');
    const test = append(r, laneOp(a.op), shape, 'v128', [y, x]);
    return append(r, 'v.select', '', 'v128', [test, y, x]);
  };
  let level = [...vectors];
  while (level.length > 1) {
    const next: Value[] = [];
    for (let k = 0; k < level.length; k += 2) {
      const [x = -1, y] = level.slice(k, k + 2);
      next.push(y === undefined ? x : pair(x, y));
    }
    level = next;
  }
  const one = (x: Value, y: Value): Value => {
    if (a.set !== undefined) return append(r, 'select', type, type, [append(r, 'eq', type, 'i32', [x, init]), y, x]);
    if (!a.chosen) return append(r, a.op, type, type, [x, y]);
    const test = append(r, a.op, type, 'i32', [y, x]);
    return append(r, 'select', type, type, [test, y, x]);
  };
  let lanes = Array.from({ length: 128 / bits }, (_, k) => append(r, 'v.extract', shape, type, [level[0] ?? -1], [k]));
  while (lanes.length > 1)
    lanes = lanes.slice(0, lanes.length / 2).map((x, k) => one(x, lanes[k + lanes.length / 2] ?? x));
  const all = lanes[0] ?? -1;
  const value = isIdempotent(a) ? all : one(init, all);
  if (float && isExtreme(a.op)) {
    // No NaN, and not the zero that another zero wins against.
    const { bits: found, int } = bitsIn(r, type, value);
    const wrong = append(r, 'const', int, int, [], [a.op === 'fmax' ? -1n << BigInt(bits - 1) : 0n]);
    const right = append(r, 'ne', int, 'i32', [found, wrong]);
    return { value, sure: append(r, 'and', 'i32', 'i32', [right, append(r, 'eq', type, 'i32', [value, value])]) };
  }
  if (!a.chosen || !float) return { value, sure: undefined };
  const zero = append(r, 'fconst', type, type, [], [bitsOfFloat(type, 0)]);
  const same = append(r, 'eq', type, 'i32', [init, zero]);
  const other = append(r, 'ne', type, 'i32', [value, zero]);
  return { value, sure: append(r, 'or', 'i32', 'i32', [same, other]) };
};
