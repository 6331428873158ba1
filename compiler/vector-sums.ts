// Sums of narrow numbers in wide accumulators: `sum += b[i] as int` of bytes. The numbers of a round are added in lanes as wide as they need, as many as
// cannot overflow, then pairs of lanes in lanes twice as wide, up to the accumulator's: it changes once a round. Order does not matter, as
// sums of integers wrap.
import { append, type Replacement } from './append.ts';
import { type Defs, i32Range, rangeOf } from './facts.ts';
import type { MemType, OpInst, Value } from './ir.ts';
import { memTypeBytes } from './layout.ts';
import { double, intShape, widerHalf } from './vector-lanes.ts';
import type { Straight } from './vector-loop.ts';
import type { Accumulator } from './vector-reduce.ts';
import type { Bits, Sum, Summand } from './vector-width.ts';

/** Accumulators that only add numbers narrower than themselves. */
export const sumsOf = (
  defs: Defs,
  s: Straight,
  live: ReadonlySet<OpInst>,
  accumulators: readonly Accumulator[],
  bitsOf: (v: Value) => Bits,
): readonly Sum[] => {
  const loads = [...live].filter((i) => i.op === 'load').map((i) => memTypeBytes[i.suffix as MemType] * 8);
  if (loads.length === 0) return [];
  return accumulators.flatMap((a): readonly Sum[] => {
    if (a.op !== 'add' || a.chosen || a.float) return [];
    const summands = summandsOf(s, a.param, a.last);
    if (!summands) return [];
    let most = 0n;
    for (const { value } of summands) {
      const { lo, hi } = rangeOf(defs, value);
      if (lo < i32Range.lo || hi > i32Range.hi) return [];
      for (const n of [-lo, hi]) if (n > most) most = n;
    }
    // Conditions, and numbers that are computed of others, have lanes as wide as what is read.
    const bits = ([8, 16, 32] as const).find((b) => most < 1n << BigInt(b - 1) && loads.every((l) => l <= b));
    return bits === undefined || bits >= bitsOf(a.param) ? [] : [{ param: a.param, summands, bits, most }];
  });
};

/** What is added on the way from one state of an accumulator to another; undefined: something else is done. */
const summandsOf = (s: Straight, from: Value, v: Value): readonly Summand[] | undefined => {
  if (v === from) return [];
  const inst = s.by.get(v);
  const [a = -1, b = -1, c = -1] = inst?.args ?? [];
  if (inst?.op === 'add') {
    const [left, right] = [summandsOf(s, from, a), summandsOf(s, from, b)];
    if (left) return [...left, { value: b, conditions: [] }];
    return right ? [...right, { value: a, conditions: [] }] : undefined;
  }
  if (inst?.op !== 'select') return undefined;
  for (const when of [true, false]) {
    // One state follows from the other, under the condition.
    const [to, before] = when ? [b, c] : [c, b];
    const more = summandsOf(s, before, to);
    const first = more && summandsOf(s, from, before);
    if (first) return [...first, ...more.map((m) => ({ ...m, conditions: [...m.conditions, { value: a, when }] }))];
  }
  return undefined;
};

/** One vector of the accumulator's lanes with the sum of all these. */
export const totalOf = (r: Replacement, sum: Sum, vectors: readonly Value[], own: Bits): Value => {
  let [level, bits, most] = [vectors, sum.bits, sum.most];
  const add = (a: Value, b: Value): Value => append(r, 'v.add', intShape[bits], 'v128', [a, b]);
  for (;;) {
    while (level.length > 1 && (bits === own || 2n * most < 1n << BigInt(bits - 1))) {
      level = level.flatMap((v, k) => (k % 2 === 1 ? [] : [k + 1 < level.length ? add(v, level[k + 1] ?? v) : v]));
      most *= 2n;
    }
    if (bits === own) return level[0] ?? -1;
    const from = bits;
    bits = double(bits);
    level = level.map((v) => add(widerHalf(r, from, false, true, v), widerHalf(r, from, true, true, v)));
    most *= 2n;
  }
};
