// Functions that are used as values. A program can read such a value as one of another type, and call the function with any numbers:
// that a parameter refers to memory of the caller's, as big as its type says, is then nobody's promise. In these functions only places
// in variables, arrays and frames are noted as granted; what hangs on parameters is guarded, also where the function becomes part of
// another one later. The notes are taken off before any pass runs, as some passes make calls of values into plain ones.
import { usedAsValues } from './call-graph.ts';
import { type Defs, defsOf, opOf } from './facts.ts';
import type { Body, Func, OpName, Value } from './ir.ts';
import { withBodies } from './tree.ts';

/** Places whose objects the compiler knows. */
const roots: ReadonlySet<OpName> = new Set<OpName>([
  'frame',
  'global',
  'data',
  'shared.part',
  'shared.part_now',
  'shared.elem',
  'dynamic.base',
]);
/** Places that are in the object of their first operand, or in its counterpart on another image. */
const parts: ReadonlySet<OpName> = new Set<OpName>(['offset', 'elem', 'addr', 'own', 'remote']);

const isKnown = (defs: Defs, v: Value | undefined): boolean => {
  for (let at = v; at !== undefined; ) {
    const inst = opOf(defs, at);
    if (!inst || !parts.has(inst.op)) return inst !== undefined && roots.has(inst.op);
    at = inst.args[0];
  }
  return false;
};

/** The function without notes that its callers would have to keep. */
const withoutCallers = (f: Func): Func => {
  const defs = defsOf(f);
  const body = (b: Body): Body => ({
    ...b,
    insts: b.insts.map((inst) => {
      if (inst.kind !== 'op') return withBodies(inst, body);
      const { granted, ...plain } = inst;
      return granted === undefined || isKnown(defs, inst.args[0]) ? inst : plain;
    }),
  });
  return { ...f, body: body(f.body) };
};

export const distrustCallers = (funcs: readonly Func[]): readonly Func[] => {
  const values = new Set(usedAsValues(funcs));
  return funcs.map((f) => (values.has(f.name) ? withoutCallers(f) : f));
};
