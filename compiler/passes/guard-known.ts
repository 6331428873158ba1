// guard-known: an access of an object of which all is known needs no guard.
//
//   %a = global @table            guard.read (addr %a), 16, 8      (nothing: @table has 64 bytes)
//   %e = elem %a, %i, 8 !granted=8                                 (nothing: the index was checked)
//
// Variables, read-only data, own frames, elements of named arrays with checked indices, memory that a caller made for an argument:
// see provenance.ts.
import { isRuntime } from '../../vm/abi.ts';
import { defsOf } from '../facts.ts';
import { withoutGuards } from '../guards.ts';
import type { Body, Func } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { provenanceOf, reasonFor } from '../provenance.ts';
import { withBodies } from '../tree.ts';

export const guardKnown = (f: Func, context: PassContext): Func => {
  if (context.guards !== 'opt' || isRuntime(f.name)) return f;
  const p = provenanceOf(f, context.program, defsOf(f));
  const walk = (b: Body): Body => {
    const inner: Body = { insts: b.insts.map((i) => withBodies(i, walk)), end: b.end };
    return withoutGuards(inner, p.defs, (g) => {
      const why = g.bytes === undefined ? undefined : reasonFor(p, g.pointer, g.offset, g.bytes, g.write);
      return why !== undefined && context.allow() ? why : undefined;
    });
  };
  return { ...f, body: walk(f.body) };
};
