// escape: every place in memory to which a pointer is stored is told to the table of objects (CARAT's escape tracking, PLDI
// 2020), so that an object can move and all pointers to it can follow.
//
//   before   store.ptr32 %p, %q, 8      after   store.ptr32 %p, %q, 8
//                                               track.escape %p, 8
//
// What is logged is where, not what: the place is looked at again when the log is drained. Copies of memory that holds
// pointers, and strict variables, whose stores look like those of integers, are told of when they are lowered
// (lower-memory.ts), where types are known.
// Left out: null and texts of the program, which never move.
import { placeOf } from '../effects.ts';
import { defsOf } from '../facts.ts';
import type { Body, Inst, OpInst, Value } from '../ir.ts';
import { isTold } from '../ir-track.ts';
import { numberImm } from '../ir-types.ts';
import type { Pass } from '../passes.ts';
import { madeBy, withBodies } from '../tree.ts';

export const escapes: Pass['run'] = (f) => {
  if (!isTold(f.name)) return f;
  const defs = defsOf(f);
  const stays = (v: Value): boolean => {
    const def = defs.get(v);
    return (def?.kind === 'op' && def.inst.op === 'null') || placeOf(defs, v).root.kind === 'data';
  };
  const told = (inst: OpInst): readonly Inst[] => {
    const [p, value] = inst.args;
    const isPointer = inst.suffix === 'ptr32' || inst.suffix === 'ptr64';
    if (inst.op !== 'store' || !isPointer || p === undefined || value === undefined || stays(value)) return [inst];
    const imms = [numberImm(inst.imms, 0)];
    return [inst, madeBy('escape', inst, { op: 'track.escape', suffix: '', results: [], args: [p], imms })];
  };
  const body = (b: Body): Body => ({
    insts: b.insts.flatMap((i) => (i.kind === 'op' ? told(i) : [withBodies(i, body)])),
    end: b.end,
  });
  return { ...f, body: body(f.body) };
};
