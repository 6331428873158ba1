// Accesses of a nest that must not meet: what each walks through is compared before it.
import type { LoopInst, OpInst, Value } from './ir.ts';
import { type Range, type RangeState, rangesIn } from './loop-ranges.ts';
import type { Asking } from './range-questions.ts';

/** Pairs of ranges that are compared before a nest. */
const maxAsks = 8;

/** Ranges that must not meet, and all of them. */
export interface Apart {
  readonly apart: readonly (readonly [Range, Range])[];
  readonly ranges: readonly Range[];
}

/** A read or write of so many bytes. */
export interface Reach {
  readonly inst: OpInst;
  readonly bytes: number;
}

/** What has to be compared for these pairs never to meet while the loop runs; undefined: nobody knows what they walk through, or they certainly meet. */
export const rangesApart = (
  s: RangeState,
  loop: LoopInst,
  pairs: readonly (readonly [Reach, Reach])[],
): Apart | undefined => {
  if (pairs.length === 0) return { apart: [], ranges: [] };
  const wanted = new Map(pairs.flat().map((a) => [a.inst, a]));
  s.products = new Map();
  const ranges = rangesIn(s, loop, (inst) => {
    const a = wanted.get(inst);
    const [pointer] = inst.args;
    if (!a || pointer === undefined) return undefined;
    return { inst, pointer, offset: Number(inst.imms[0]), bytes: a.bytes, write: inst.op === 'store' };
  });
  const rangeOf = (a: Reach): Range | undefined => ranges.find((r) => r.guards.includes(a.inst));
  const apart = new Map<string, readonly [Range, Range]>();
  for (const [w, x] of pairs) {
    const [a, b] = [rangeOf(w), rangeOf(x)];
    if (!a || !b || a === b) return undefined;
    apart.set(`${ranges.indexOf(a)} ${ranges.indexOf(b)}`, [a, b]);
  }
  return apart.size > maxAsks ? undefined : { apart: [...apart.values()], ranges };
};

/** Asks that two ranges do not meet on the circle of addresses: neither begins in the other. */
export const meetNot = (a: Asking, x: Range, y: Range): void => {
  const [from, to] = [a.from(x), a.from(y)];
  const ahead = (v: Value, w: Value): Value => a.make('extend_u', '', [a.make('ptr.diff', '', [w, v], 'i32')], 'i64');
  a.and(a.make('ge_s', 'i64', [ahead(from, to), a.bytes(x)], 'i32'));
  a.and(a.make('ge_s', 'i64', [ahead(to, from), a.bytes(y)], 'i32'));
};
