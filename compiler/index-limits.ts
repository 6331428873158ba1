// Conditions on the counter of a loop as one limit: `i > c`, `c >= i + 1`, `!(i <= c)` all say on which side of an index the counter is.
//
// Integers wrap, and limits must not: `i + 1 < n` is taken only if the sum wraps for no index of the loop, and where `n - 1`
// would wrap the limit is the loop's own first or last one.
import { type Comparison, type Defs, i64Range, intOf, linearOf, type Relation, rangeOf, swapped } from './facts.ts';
import type { OpName, Value } from './ir.ts';

/** `counter + shift < than` where it is an upper limit, `counter + shift >= than` where it is a lower one. */
export interface Limit {
  readonly upper: boolean;
  readonly than: Value;
  readonly shift: bigint;
}

/** A loop whose counter takes each index from `init` on that is less than `bound`. */
export interface Indices {
  readonly counter: Value;
  readonly init: Value;
  readonly bound: Value;
  /** Values that are defined in the loop. */
  readonly inner: ReadonlySet<Value>;
}

const upperOf: Partial<Record<Comparison, boolean>> = { lt: true, le: true, gt: false, ge: false };

/** The limits that a relation puts on the counter, two if it has to be one index; none if it is about something else. */
export const limitsOf = (defs: Defs, loop: Indices, r: Relation): readonly Limit[] => {
  if (!r.signed || r.suffix !== 'i64') return [];
  const left = shiftOf(defs, loop, r.left);
  const [shift, than, op] =
    left === undefined ? [shiftOf(defs, loop, r.right), r.left, swapped[r.op]] : [left, r.right, r.op];
  if (shift === undefined || loop.inner.has(than)) return [];
  const strict: Limit = { upper: true, than, shift };
  // i + k <= c is i + (k - 1) < c: nothing is added to c, which may be the largest number there is.
  const loose: Limit = { upper: true, than, shift: shift - 1n };
  const lower = (limit: Limit): Limit => ({ ...limit, upper: false });
  if (op === 'eq') return [lower(strict), loose];
  const upper = upperOf[op];
  if (upper === undefined) return [];
  const limit = op === 'lt' || op === 'ge' ? strict : loose;
  return [upper ? limit : lower(limit)];
};

/** What a value is more than the counter, if it is so for every index of the loop. */
const shiftOf = (defs: Defs, loop: Indices, v: Value): bigint | undefined => {
  if (v === loop.counter) return 0n;
  if (!loop.inner.has(v)) return undefined;
  const { constant, terms } = linearOf(defs, v, (x) => x === loop.counter);
  if (terms.size !== 1 || terms.get(loop.counter) !== 1n) return undefined;
  // The largest index is less than the bound, so at most the second largest number.
  const most = rangeOf(defs, loop.bound).hi - 1n + constant;
  const least = rangeOf(defs, loop.init).lo + constant;
  return most <= i64Range.hi && least >= i64Range.lo ? constant : undefined;
};

/** Appends an op before the loop. */
export type Make = (op: OpName, args: readonly Value[], type: 'i32' | 'i64', imm?: bigint) => Value;

/**
 * The first index that is not below the limit, or any number beyond the loop's indices on the same side. If the loop has no index it may be any
 * number at all.
 */
export const firstBeyond = (defs: Defs, loop: Indices, { than, shift }: Limit, make: Make): Value => {
  if (shift === 0n) return than;
  const known = intOf(defs, than);
  const fits = (n: bigint): boolean => n >= i64Range.lo && n <= i64Range.hi;
  if (known !== undefined && fits(known - shift)) return make('const', [], 'i64', known - shift);
  const plus = (v: Value, n: bigint): Value => {
    const c = intOf(defs, v);
    if (c !== undefined && fits(c + n)) return make('const', [], 'i64', c + n);
    return make('add', [v, make('const', [], 'i64', n)], 'i64');
  };
  const range = rangeOf(defs, than);
  const index = plus(than, -shift);
  if (fits(range.lo - shift) && fits(range.hi - shift)) return index;
  // Less than the bound, which is more than the first index, is never the least number: neither of these wraps.
  if (than === loop.bound && shift === 1n) return index;
  if (shift < 0n)
    return make('select', [make('lt_s', [than, plus(loop.bound, shift)], 'i32'), index, loop.bound], 'i64');
  return make('select', [make('lt_s', [than, plus(loop.init, shift)], 'i32'), loop.init, index], 'i64');
};
