// What the passes on guards share: which op is a guard and of what, how to walk guards with the accesses they stand before, and what
// ends a guard's fact.
import { mayReach, type Reaching, reaching } from './call-graph.ts';
import { bits, effectBits } from './effects.ts';
import { type Defs, intOf } from './facts.ts';
import type { Body, Inst, IrProgram, OpInst, PosId, Value } from './ir.ts';
import type { PassContext } from './passes.ts';
import { isMoving, revokers } from './runtime-functions.ts';
import { bodiesOf } from './tree.ts';

/** A guard: so many bytes, `offset` after the pointer; undefined: as many as the operand says. */
export interface Guard {
  readonly inst: OpInst;
  readonly pointer: Value;
  readonly offset: number;
  readonly bytes: number | undefined;
  readonly write: boolean;
}

export const guardOf = (defs: Defs, inst: Inst): Guard | undefined => {
  const pointer = inst.kind === 'op' ? inst.args[0] : undefined;
  if (inst.kind !== 'op' || pointer === undefined) return undefined;
  const write = inst.op === 'guard.write' || inst.op === 'guard.write_range';
  switch (inst.op) {
    case 'guard.read':
    case 'guard.write':
      return { inst, pointer, offset: Number(inst.imms[0]), bytes: Number(inst.imms[1]), write };
    case 'guard.read_range':
    case 'guard.write_range': {
      const bytes = intOf(defs, inst.args[1]);
      const fits = bytes !== undefined && bytes >= 0n && bytes <= 1n << 32n;
      return { inst, pointer, offset: 0, bytes: fits ? Number(bytes) : undefined, write };
    }
    default:
      return undefined;
  }
};

/**
 * Walks a body in order and takes away the guards for which `reason` gives one; the access that follows notes it. Guards stand
 * before their access, in its body, with nothing but other guards and what only computes between them.
 */
export const withoutGuards = (body: Body, defs: Defs, reason: (g: Guard) => string | undefined): Body => {
  const insts: Inst[] = [];
  let reasons: string[] = [];
  let left = 0;
  for (const inst of body.insts) {
    const g = guardOf(defs, inst);
    if (g) {
      const why = reason(g);
      if (why === undefined) {
        insts.push(inst);
        left++;
      } else reasons.push(why);
      continue;
    }
    if (inst.kind === 'op' && inst.guard !== undefined) {
      insts.push(reasons.length > 0 ? { ...inst, guard: noted(inst.guard, reasons, left) } : inst);
      reasons = [];
      left = 0;
    } else insts.push(inst);
  }
  return { insts, end: body.end };
};

/** An access with two parts may have lost the guard of one. */
const noted = (before: string, reasons: readonly string[], left: number): string => {
  const all = [...new Set([...(left > 0 ? ['guarded'] : []), ...(before === 'guarded' ? [] : [before]), ...reasons])];
  return all.join('; ');
};

/** Where a guard stands, for notes. */
export const placeText = (context: PassContext, pos: PosId): string => {
  const p = context.positionOf(pos);
  return `${p.line}:${p.col}`;
};

// ---- what ends a fact -------------------------------------------------------------------------------------------

const revoking = new WeakMap<IrProgram, Reaching>();

/** Where objects move, another image may move those of this one while it waits. */
const revokes = (program: IrProgram, inst: OpInst): boolean =>
  isMoving(program) && (effectBits(inst.op) & bits.moves) !== 0;

/** Functions that may take permissions back. */
const revoked = (program: IrProgram): Reaching => {
  const known = revoking.get(program);
  if (known) return known;
  const found = reaching(program, revokers, (i) => revokes(program, i));
  revoking.set(program, found);
  return found;
};

/** Whether running an instruction, with all in it, may take back what a guard has found to be permitted. */
export const mayRevoke = (program: IrProgram, inst: Inst): boolean => {
  if (inst.kind !== 'op') return bodiesOf(inst).some((b) => b.insts.some((i) => mayRevoke(program, i)));
  // As in a function of the program: only those have guards.
  return revokes(program, inst) || mayReach(revoked(program), program, 'main', inst);
};

/** How the note of an access begins that a range from before its loop covers, in all iterations. */
export const inRange = 'in a range guarded before the loop';

/** The note of accesses that a pass makes for the run-time: the program has no say in their addresses. */
export const ofRuntime = 'of the run-time';
