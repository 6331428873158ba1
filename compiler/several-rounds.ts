// Loops of which nobody knows how long they go on: several of their rounds become one, at whose end is a hook, so that looking costs a part of what it
// would in each round, and loops that are over soon never look.
//
//   loop @l (%x = %a) {                  loop @l (%x = %a) {
//     body; if … { break @l }              body; if … { break @l }
//     next @l(%y)                          body, with %y for %x; if … { break @l }
//   }                                      hook; next @l(%z)
//                                        }
//
// Each round is still left as it was: unrolling with exits kept, as for while loops in J. J. Dongarra, A. R. Hinds, Unrolling Loops in Fortran, SP&E 9(3), 1979.
import type { Body, Inst, LoopInst } from './ir.ts';
import { type Hook, hookInst } from './strip.ts';
import { bodiesOf, copyBody, type Edit, forEachInst, nextsOf, typeOf, withBodies } from './tree.ts';

const by = 'hooks';

/** Rounds that become one, at most. */
const most = 4;

/** What a body may come to: an instruction counts 1, a guard as much as its code is longer. */
const room = 96;
const guardSize = 6;

/** How many rounds of a loop become one; 1: it stays as it is. */
export const severalOf = (loop: LoopInst): number => {
  if (nextsOf(loop.body, loop.label).length === 0) return 1;
  let size = 0;
  forEachInst(loop.body, (i) => {
    size += i.kind === 'loop' ? room : i.kind === 'op' && i.op.startsWith('guard.') ? guardSize : 1;
  });
  return Math.max(1, Math.min(most, Math.floor(room / Math.max(1, size))));
};

/** The body with something else in the place of what its only `next` of the loop does. */
const atNext = (body: Body, label: string, then: (end: Body['end']) => Body): Body => {
  const { end } = body;
  const insts: readonly Inst[] = body.insts.map((i) =>
    bodiesOf(i).length > 0 ? withBodies(i, (b) => atNext(b, label, then)) : i,
  );
  if (end.kind !== 'next' || end.label !== label) return { insts, end };
  const rest = then(end);
  return { insts: [...insts, ...rest.insts], end: rest.end };
};

/** The loop with one `next`: where there are more, they lead to one place. */
const withOneNext = (edit: Edit, loop: LoopInst): LoopInst => {
  const { label, params, body, pos } = loop;
  if (nextsOf(body, label).length <= 1) return loop;
  const on = edit.label('on0');
  const change = (b: Body): Body => ({
    insts: b.insts.map((i) => withBodies(i, change)),
    end: b.end.kind === 'next' && b.end.label === label ? { ...b.end, kind: 'break', label: on } : b.end,
  });
  const results = params.map((p) => edit.like(p));
  const block: Inst = { kind: 'block', label: on, results, body: change(body), pos, by };
  return { ...loop, body: { insts: [block], end: { kind: 'next', label, args: results, pos, by } } };
};

/** The loop with so many of its rounds as one. It goes round in one place. */
export const inSeveral = (edit: Edit, one: LoopInst, times: number): LoopInst => {
  const loop = withOneNext(edit, one);
  const round = (left: number, body: Body): Body =>
    left <= 1
      ? body
      : atNext(body, loop.label, (end) => {
          const args = end.kind === 'next' ? end.args : [];
          const values = new Map(loop.params.map((p, k) => [p, args[k] ?? p] as const));
          const copied = copyBody(loop.body, edit, { values, labels: new Map(), typeOf: (v) => typeOf(edit.types, v) });
          return round(left - 1, copied);
        });
  return { ...loop, body: round(times, loop.body) };
};

/** The loop with a hook before it goes round, which it does in one place. */
export const hookBeforeNext = (loop: LoopInst, hook: Hook): LoopInst => ({
  ...loop,
  body: atNext(loop.body, loop.label, (end) => ({ insts: [hookInst(loop.pos, hook)], end })),
});
