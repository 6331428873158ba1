// guard-hoist: a guard of the same place in every iteration goes before the loop.
//
//   loop @l (…) {                        guard.read %p, 0, 8
//     guard.read %p, 0, 8                loop @l (…) {
//     %x = load.i64 %p                     %x = load.i64 %p
//
// Only what every first iteration comes to before anything that can be felt: a guard may not report what the source would not
// have reached. For others guard-range makes two versions of the loop. Innermost loops first, so that a guard rises all the way.
import { isRuntime } from '../../vm/abi.ts';
import { bits, effectsOf } from '../effects.ts';
import { defsOf } from '../facts.ts';
import { guardOf, mayRevoke, placeText, withoutGuards } from '../guards.ts';
import type { Body, Func, Inst, LoopInst } from '../ir.ts';
import { moverOf } from '../moves.ts';
import type { PassContext } from '../passes.ts';
import { definedIn, leaves, operandsOf, withBodies } from '../tree.ts';

export const guardHoist = (f: Func, context: PassContext): Func => {
  if (context.guards !== 'opt' || isRuntime(f.name)) return f;
  const defs = defsOf(f);
  const walk = (body: Body): Body => ({
    insts: body.insts.flatMap((inst) => {
      const now = withBodies(inst, walk);
      return now.kind === 'loop' ? hoistFrom(now) : [now];
    }),
    end: body.end,
  });
  const hoistFrom = (loop: LoopInst): readonly Inst[] => {
    if (mayRevoke(context.program, loop) || moverOf(context.program)(loop)) return [loop];
    const inner = definedIn(loop.body, new Set(loop.params));
    const moved = new Set<Inst>();
    for (const inst of loop.body.insts) {
      if (guardOf(defs, inst)) {
        if (operandsOf(inst).some((v) => inner.has(v)) || !context.allow()) break;
        moved.add(inst);
      } else if (leaves(inst) || (effectsOf(inst) & ~(bits.place | bits.reads | bits['handle-reads'])) !== 0) break;
    }
    if (moved.size === 0) return [loop];
    const body = withoutGuards(loop.body, defs, (g) =>
      moved.has(g.inst) ? `hoisted out of the loop at ${placeText(context, loop.pos)}` : undefined,
    );
    return [...moved, { ...loop, body }];
  };
  return { ...f, body: walk(f.body) };
};
