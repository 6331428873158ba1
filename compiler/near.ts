// One test for several guards of an object (`guard.near`): which guards it covers, and which checks for null it makes needless. What
// guard-split and guard-merge share.
import { guardSlack, unmappedBytes } from '../vm/abi.ts';
import { placeOf } from './effects.ts';
import type { Defs } from './facts.ts';
import { type Guard, guardOf } from './guards.ts';
import type { Inst, OpInst, Value } from './ir.ts';

/** A guard of so many bytes, `offset` after the base of its place. */
export interface Member {
  readonly guard: Guard;
  readonly base: Value;
  readonly offset: number;
  readonly bytes: number;
}

/** Undefined for what is no guard in line. */
export const memberOf = (defs: Defs, inst: Inst): Member | undefined => {
  const guard = guardOf(defs, inst);
  if (!guard || guard.bytes === undefined || guard.inst.op.endsWith('_range')) return undefined;
  const p = placeOf(defs, guard.pointer);
  return { guard, base: p.base, offset: p.fromBase + guard.offset, bytes: guard.bytes };
};

/** The bytes of a base that guards are of, or undefined if they are too far apart for one test. */
export const hullOf = (members: readonly Member[]): { readonly lo: number; readonly hi: number } | undefined => {
  const lo = Math.min(...members.map((m) => m.offset));
  const hi = Math.max(...members.map((m) => m.offset + m.bytes));
  return hi - lo <= guardSlack && lo >= 0 && hi < unmappedBytes ? { lo, hi } : undefined;
};

/** A check that a base is not null. */
export const nullCheckOf = (defs: Defs, inst: Inst): { readonly inst: OpInst; readonly base: Value } | undefined => {
  const [place] = inst.kind === 'op' && inst.op === 'check.null' ? inst.args : [];
  if (inst.kind !== 'op' || place === undefined) return undefined;
  const p = placeOf(defs, place);
  return p.fromBase === 0 ? { inst, base: p.base } : undefined;
};
