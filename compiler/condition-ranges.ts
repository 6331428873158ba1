// What conditions say of single numbers: in an arm of `if %n < 10`, and in the loop that a question let through, the range of %n is smaller.
//
//   %s = add.i64 %n, 8589934592
//   %ok = le_u.i64 %s, 17179869184        (-2^33 <= %n <= 2^33: unsigned, one comparison asks for both ends)
import { type Defs, i64Range, intOf, linearOf, type Range, type Relation, rangeOf, relationsOf } from './facts.ts';
import type { Value } from './ir.ts';

/** Ranges of some values, at some place in the program; each as narrow as what was known before. */
export type Ranges = ReadonlyMap<Value, Range>;

/** Questions before a loop have so many parts, one within the other. */
const deepest = 64;

export const rangeHere = (defs: Defs, ranges: Ranges, v: Value): Range => {
  const known = rangeOf(defs, v);
  const more = ranges.get(v);
  return more ? meet(known, more) : known;
};

const meet = (a: Range, b: Range): Range => ({ lo: a.lo > b.lo ? a.lo : b.lo, hi: a.hi < b.hi ? a.hi : b.hi });

/** What is known where a condition holds (or, with `holds` false, is zero). */
export const withCondition = (defs: Defs, before: Ranges, condition: Value, holds: boolean): Ranges => {
  const found = new Map(before);
  const learn = (v: Value, r: Range): void => {
    const now = meet(rangeHere(defs, found, v), r);
    // What cannot be is not reached: nothing follows from it.
    if (now.lo <= now.hi) found.set(v, now);
  };
  const relations = relationsOf(defs, condition, holds, deepest).filter((r) => r.suffix === 'i64');
  // A sum that does not wrap says something of its term; whether it does, another part of the condition may say.
  for (let round = 0; round < 2; round++)
    for (const r of relations) for (const [v, x] of saysOf(defs, found, r)) learn(v, x);
  return found;
};

const saysOf = (defs: Defs, ranges: Ranges, r: Relation): readonly (readonly [Value, Range])[] => {
  const [a, b] = [intOf(defs, r.left), intOf(defs, r.right)];
  if (!r.signed) return b === undefined ? [] : unsigned(defs, r, b);
  const says = (v: Value, x: Range): readonly (readonly [Value, Range])[] => [[v, x], ...termOf(defs, ranges, v, x)];
  const at = { left: rangeHere(defs, ranges, r.left), right: rangeHere(defs, ranges, r.right) };
  const below = (most: bigint): Range => ({ lo: i64Range.lo, hi: most });
  const above = (least: bigint): Range => ({ lo: least, hi: i64Range.hi });
  const less = (v: Value, x: Range, w: Value, y: Range, by: bigint): readonly (readonly [Value, Range])[] => [
    ...(a !== undefined && v === r.left ? [] : says(v, below(y.hi - by))),
    ...(b !== undefined && w === r.right ? [] : says(w, above(x.lo + by))),
  ];
  switch (r.op) {
    case 'lt':
      return less(r.left, at.left, r.right, at.right, 1n);
    case 'le':
      return less(r.left, at.left, r.right, at.right, 0n);
    case 'gt':
      return less(r.right, at.right, r.left, at.left, 1n);
    case 'ge':
      return less(r.right, at.right, r.left, at.left, 0n);
    case 'eq':
      return [...says(r.left, at.right), ...says(r.right, at.left)];
    default:
      return [];
  }
};

/** `v + c <= k`, unsigned: v is one of the k + 1 numbers from -c on, if these do not go round. */
const unsigned = (defs: Defs, { left, op }: Relation, k: bigint): readonly (readonly [Value, Range])[] => {
  const most = op === 'le' ? k : op === 'lt' ? k - 1n : -1n;
  if (k < 0n || most < 0n) return [];
  const { constant, terms } = linearOf(defs, left, (v) => v !== left);
  const [[v, c] = []] = terms;
  if (v === undefined || terms.size !== 1 || c !== 1n) return [[left, { lo: 0n, hi: most }]];
  const [lo, hi] = [-constant, most - constant];
  return lo >= i64Range.lo && hi <= i64Range.hi ? [[v, { lo, hi }]] : [];
};

/** Of what is a multiple of a number and a constant, if the sum does not wrap. */
const termOf = (defs: Defs, ranges: Ranges, sum: Value, r: Range): readonly (readonly [Value, Range])[] => {
  const { constant, terms } = linearOf(defs, sum, (v) => v !== sum);
  const [[v, c] = []] = terms;
  if (v === undefined || v === sum || c === undefined || terms.size !== 1 || c < 1n) return [];
  const known = rangeHere(defs, ranges, v);
  if (c * known.lo + constant < i64Range.lo || c * known.hi + constant > i64Range.hi) return [];
  const down = (n: bigint): bigint => (n < 0n && n % c !== 0n ? n / c - 1n : n / c);
  return [[v, { lo: -down(constant - r.lo), hi: down(r.hi - constant) }]];
};
