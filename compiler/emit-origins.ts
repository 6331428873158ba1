// What pointers are made of: guards ask first for the memory that a pointer probably points into.
import type { Func, Value } from './ir.ts';
import { forEachInst } from './tree.ts';

/** From pointers to what they are made of, as far as that tells which memory they probably point into. */
export const originsOf = (f: Func): ReadonlyMap<Value, Value | 'symmetric'> => {
  const origins = new Map<Value, Value | 'symmetric'>();
  forEachInst(f.body, (inst) => {
    if (inst.kind === 'loop') for (const [k, p] of inst.params.entries()) origins.set(p, inst.inits[k] ?? p);
    const [result] = inst.results;
    const [from] = inst.kind === 'op' ? inst.args : [];
    if (inst.kind !== 'op' || result === undefined) return;
    if (['remote', 'own', 'handle.part', 'handle.part_now'].includes(inst.op)) origins.set(result, 'symmetric');
    else if (from !== undefined && ['addr', 'ptr.add', 'offset', 'elem'].includes(inst.op)) origins.set(result, from);
  });
  return origins;
};
