// guard-insert: a guard before every access of the program, whatever is known about it.
//
//   %x = load.f64 %p, 8        guard.read %p, 8, 8
//                              %x = load.f64 %p, 8 !guard="guarded"
//
// The guards of CARAT (Suchy et al.: CARAT: A Case for Virtual Memory through Compiler- and Runtime-based Address Translation,
// PLDI 2020), where accesses are what the optimiser has left: code that was moved, merged and inlined without regard to guards.
// The passes after this one take away what is not needed. `touch` ops turn into guards,
// in the run-time too, whose own accesses need none: what they announce is done elsewhere.
import { guardMost, isRuntime } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { defsOf, intOf } from '../facts.ts';
import type { Body, Func, Inst, OpInst, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { type AccessPart, accessParts } from '../provenance.ts';
import { editOf, withBodies } from '../tree.ts';

const by = 'guard-insert';

/** What the note of an access says that has its own guard. */
export const guarded = 'guarded';

export const guardInsert = (f: Func, context: PassContext): Func => {
  if (context.guards === 'off') return dropTouches(f);
  const exempt = isRuntime(f.name);
  const edit = editOf(f);
  const defs = defsOf(f);
  const insertFor = (o: Replacement, inst: OpInst, part: AccessPart): void => {
    const place = inst.args[part.arg];
    if (place === undefined) return;
    const known = typeof part.bytes === 'number' ? BigInt(part.bytes) : intOf(defs, inst.args[part.bytes.arg]);
    const kind = part.write ? 'write' : 'read';
    const pointer = edit.types[place] === 'ptr' ? place : append(o, 'addr', '', 'ptr', [place]);
    const push = (op: OpInst['op'], args: readonly Value[], imms: readonly number[]): void => {
      o.insts.push({ kind: 'op', op, suffix: '', results: [], args, imms, pos: inst.pos, by });
    };
    if (known !== undefined && known >= 0n && known <= BigInt(guardMost)) {
      if (known > 0n) push(`guard.${kind}`, [pointer], [part.offset, Number(known)]);
      return;
    }
    push(`guard.${kind}_range`, [pointer, rangeBytes(o, inst, part)], []);
  };
  /** The size of a range as i64; counts of copies are unsigned. */
  const rangeBytes = (o: Replacement, inst: OpInst, part: AccessPart): Value => {
    if (typeof part.bytes === 'number') return append(o, 'const', 'i64', 'i64', [], [BigInt(part.bytes)]);
    const bytes = inst.args[part.bytes.arg] ?? -1;
    return edit.types[bytes] === 'i64' ? bytes : append(o, 'extend_u', '', 'i64', [bytes]);
  };
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      if (inst.kind !== 'op') {
        insts.push(withBodies(inst, body));
        continue;
      }
      // A note from before: a pass has asked for it in its own way.
      const parts = (exempt && !isTouch(inst)) || inst.guard !== undefined ? [] : accessParts(inst);
      for (const part of parts) insertFor({ insts, edit, pos: inst.pos, by }, inst, part);
      if (!isTouch(inst)) insts.push(parts.length > 0 ? { ...inst, guard: guarded } : inst);
    }
    return { insts, end: b.end };
  };
  const now = body(f.body);
  return { ...f, types: edit.types, body: now };
};

const isTouch = (inst: Inst): boolean => inst.kind === 'op' && (inst.op === 'touch.read' || inst.op === 'touch.write');

const dropTouches = (f: Func): Func => {
  const body = (b: Body): Body => ({
    insts: b.insts.filter((i) => !isTouch(i)).map((i) => withBodies(i, body)),
    end: b.end,
  });
  return { ...f, body: body(f.body) };
};
