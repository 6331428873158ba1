// What the passes on guards share: which op is a guard and of what, how to walk guards with the accesses they stand before, and what
// ends a guard's fact.
import { bits, effectBits } from './effects.ts';
import { type Defs, intOf } from './facts.ts';
import type { Body, Inst, IrProgram, OpInst, PosId, Value } from './ir.ts';
import type { PassContext } from './passes.ts';
import { isMoving, moveRuntime, movers } from './relocate.ts';
import { bodiesOf, forEachInst } from './tree.ts';

/** The run-time's functions that guards call. */
export const guardRuntime = {
  read: 'runtime.permit_read',
  write: 'runtime.permit_write',
  mayRead: 'runtime.may_read',
  mayWrite: 'runtime.may_write',
  near: 'runtime.is_symmetric',
} as const;

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

const revoking = new WeakMap<IrProgram, ReadonlySet<string>>();

const revokes = (inst: OpInst, functions: ReadonlySet<string>, byValue: boolean): boolean => {
  switch (inst.op) {
    case 'alloc':
      return functions.has(moveRuntime.alloc);
    case 'free':
    case 'handle.free':
      return true;
    case 'call':
      return functions.has(String(inst.imms[0]));
    case 'call.value':
      return byValue;
    default:
      // Where objects move, another image may move those of this one while it waits.
      return functions.has(moveRuntime.alloc) && (effectBits(inst.op) & bits.moves) !== 0;
  }
};

/** Functions that may take permissions back: they free, or call what does. The empty name stands for calls of values. */
const revokingFunctions = (program: IrProgram): ReadonlySet<string> => {
  const known = revoking.get(program);
  if (known) return known;
  // Where objects move, memory that they leave is given back.
  const found = new Set<string>(['runtime.free', 'runtime.array_free', ...(isMoving(program) ? movers : [])]);
  const values = new Set<string>();
  for (const f of program.funcs)
    forEachInst(f.body, (i) => {
      if (i.kind === 'op' && i.op === 'func.ref') values.add(String(i.imms[0]));
    });
  for (let grew = true; grew; ) {
    grew = false;
    const byValue = [...values].some((v) => found.has(v));
    for (const f of program.funcs) {
      if (found.has(f.name)) continue;
      let does = false;
      forEachInst(f.body, (i) => {
        does ||= i.kind === 'op' && revokes(i, found, byValue);
      });
      if (does) {
        found.add(f.name);
        grew = true;
      }
    }
    if (byValue) found.add('');
  }
  revoking.set(program, found);
  return found;
};

/** Whether running an instruction, with all in it, may take back what a guard has found to be permitted. */
export const mayRevoke = (program: IrProgram, inst: Inst): boolean => {
  const functions = revokingFunctions(program);
  if (inst.kind === 'op') return revokes(inst, functions, functions.has(''));
  return bodiesOf(inst).some((b) => b.insts.some((i) => mayRevoke(program, i)));
};

/** The note of accesses that a pass makes for the run-time: the program has no say in their addresses. */
export const ofRuntime = 'of the run-time';
