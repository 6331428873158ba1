// Two comparisons of one integer with constants as one: whether it lies between them, or outside.
//
//   %a = ge_u.i32 %c, 48    %b = le_u.i32 %c, 57        %d = add.i32 %c, -48
//   %r = and.i32 %a, %b                                 %r = le_u.i32 %d, 9
//
// A number below the lower end wraps to a large one (H. S. Warren, Hacker's Delight, 2003, section 4-1).
import { type Defs, intOf, justOne, type Relation, relationsOf } from '../facts.ts';
import type { OpInst, Value } from '../ir.ts';

/** `low` <= `value` <= `low` + `size`, or (with `outside`) not. */
export interface Between {
  readonly value: Value;
  readonly suffix: 'i32' | 'i64';
  readonly low: bigint;
  readonly size: bigint;
  readonly outside: boolean;
}

/** What an `and` or `or` of two comparisons asks; undefined: something else. */
export const betweenOf = (defs: Defs, inst: OpInst): Between | undefined => {
  const outside = inst.op === 'or';
  // Of `a && b` the relations are what it implies: that it holds they do not.
  if (!inst.args.every((v) => justOne(defs, v))) return undefined;
  const ends = inst.args.flatMap((v) => relationsOf(defs, v, !outside));
  const [a, b] = ends;
  if (a === undefined || b === undefined || ends.length !== 2 || inst.args.length !== 2) return undefined;
  const { left, suffix, signed } = a;
  if (left !== b.left || suffix !== b.suffix || signed !== b.signed || (suffix !== 'i32' && suffix !== 'i64')) {
    return undefined;
  }
  const ranges = [endOf(defs, a), endOf(defs, b)];
  const low = ranges.find((r) => r?.lower)?.at;
  const high = ranges.find((r) => r && !r.lower)?.at;
  if (low === undefined || high === undefined || high < low) return undefined;
  return { value: left, suffix, low, size: high - low, outside };
};

/** A relation to a constant as the least or the greatest number that it holds for. */
const endOf = (defs: Defs, r: Relation): { readonly at: bigint; readonly lower: boolean } | undefined => {
  const known = intOf(defs, r.right);
  if (known === undefined) return undefined;
  const bits = r.suffix === 'i32' ? 32 : 64;
  const n = r.signed ? BigInt.asIntN(bits, known) : BigInt.asUintN(bits, known);
  switch (r.op) {
    case 'ge':
      return { at: n, lower: true };
    case 'gt':
      return { at: n + 1n, lower: true };
    case 'le':
      return { at: n, lower: false };
    case 'lt':
      return { at: n - 1n, lower: false };
    default:
      return undefined;
  }
};
