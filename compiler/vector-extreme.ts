// The smaller or the larger of two floats in lanes, as C's fmin and fmax: NaN counts as missing, -0 is smaller than 0.
//
// Vectors have one instruction for `b < a ? b : a` (pmin). That is all there is to do if one of the two is known to be a number, and no zero that another
// one must win against; so it is for accumulators that begin with such a number (vector-total.ts). What else there is to do takes five more.
import { append, type Replacement } from './append.ts';
import type { OpInst, OpName, Value } from './ir.ts';

export type ExtremeOp = 'fmin' | 'fmax';

export const isExtreme = (op: OpName): op is ExtremeOp => op === 'fmin' || op === 'fmax';

/** Whether a constant needs no care: it is a number, and the other one never has to win where the two are equal. */
export const isPlain = (op: ExtremeOp, n: number | bigint | undefined): boolean =>
  typeof n === 'number' && !Number.isNaN(n) && !Object.is(n, op === 'fmin' ? 0 : -0);

/** Where `kept` is plain: it stays where the other one is no number. */
export const plainExtreme = (r: Replacement, op: ExtremeOp, shape: string, kept: Value, other: Value): Value =>
  append(r, op === 'fmin' ? 'v.pmin' : 'v.pmax', shape, 'v128', [kept, other]);

/** Of any two; if both are NaN, the first. */
export const extremeLanes = (r: Replacement, op: ExtremeOp, shape: string, x: Value, y: Value): Value => {
  const chosen = plainExtreme(r, op, shape, y, x);
  const isNumber = append(r, 'v.eq', shape, 'v128', [y, y]);
  const found = append(r, 'v.select', '', 'v128', [isNumber, chosen, x]);
  const equal = append(r, 'v.eq', shape, 'v128', [x, y]);
  // Equal ones differ in the sign of zero at most.
  return op === 'fmin'
    ? append(r, 'v.or', '', 'v128', [found, append(r, 'v.and', '', 'v128', [equal, x])])
    : append(r, 'v.andnot', '', 'v128', [found, append(r, 'v.andnot', '', 'v128', [equal, x])]);
};

/** The op on vectors that a choice between the two operands of a comparison is: its operands are the other one, then the chosen one. */
export const extremeOf = (test: OpInst | undefined, yes: Value, no: Value): 'v.pmin' | 'v.pmax' | undefined => {
  if (test?.op !== 'lt' && test?.op !== 'gt') return undefined;
  // `less < more` is what is asked. Where they are equal, or one is no number, the answer is no.
  const [less, more] = test.op === 'lt' ? test.args : test.args.toReversed();
  if (yes === more && no === less) return 'v.pmax';
  return yes === less && no === more ? 'v.pmin' : undefined;
};
