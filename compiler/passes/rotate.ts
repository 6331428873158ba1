// rotate: a loop that tests at the top tests at the bottom, behind one test before it.
//
//   loop @l (%i = %lo) {                    if @g %lo < %hi {
//     if @t %i >= %hi { break @l } …          loop @l (%i = %lo) {
//     body                                      body
//     next @l(%i1)                              if @t %i1 < %hi { next @l(%i1) } else { break @l }
//   }                                         }
//                                             break @g
//                                           } else { break @g }
//
// One branch an iteration instead of two; and the body certainly runs once when the loop is reached, so that licm may
// take loads and checks out of it. What the test reads from memory is read once a round, as before: the body gets it as a parameter.
import { bits, effectsOf } from '../effects.ts';
import { type Defs, defsOf } from '../facts.ts';
import type { Body, Func, IfInst, Inst, LoopInst, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { argsOf, copyBody, type Edit, editOf, nextsOf, targets, typeOf, withBodies } from '../tree.ts';
import { costOf } from './inline.ts';

/** Cost of what stands before the test: it is doubled. */
const maxTest = 12;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
}

export const rotate = (f: Func, context: PassContext): Func => {
  const edit = editOf(f);
  const s: State = { context, edit, defs: defsOf(f) };
  const body = rotateBody(s, f.body);
  return { ...f, types: edit.types, body };
};

const rotateBody = (s: State, body: Body): Body => ({
  insts: body.insts.flatMap((inst) => {
    if (inst.kind === 'op') return [inst];
    const now = withBodies(inst, (b) => rotateBody(s, b));
    return now.kind === 'loop' ? rotated(s, now) : [now];
  }),
  end: body.end,
});

interface TopTest {
  /** What is computed before the test, the test, and what follows. */
  readonly before: readonly Inst[];
  readonly test: IfInst;
  readonly after: readonly Inst[];
  readonly leavesWhen: boolean;
  readonly exit: Terminator & { kind: 'break' };
}

const topTest = (loop: LoopInst): TopTest | undefined => {
  const at = loop.body.insts.findIndex((i) => i.kind !== 'op');
  const test = loop.body.insts[at];
  const before = loop.body.insts.slice(0, at);
  if (test?.kind !== 'if' || test.results.length > 0) return undefined;
  if (before.some((i) => (effectsOf(i) & ~bits.reads) !== 0) || costOf({ insts: before, end: loop.body.end }) > maxTest)
    return undefined;
  const leaves = (b: Body): boolean => b.insts.length === 0 && b.end.kind === 'break' && b.end.label === loop.label;
  const stays = (b: Body): boolean => b.insts.length === 0 && targets(b.end, test.label);
  const leavesWhen = leaves(test.then) && stays(test.else);
  if (!leavesWhen && !(leaves(test.else) && stays(test.then))) return undefined;
  const exit = (leavesWhen ? test.then : test.else).end;
  return exit.kind === 'break' ? { before, test, after: loop.body.insts.slice(at + 1), leavesWhen, exit } : undefined;
};

const rotated = (s: State, loop: LoopInst): readonly Inst[] => {
  const top = topTest(loop);
  const nexts = nextsOf(loop.body, loop.label);
  if (!top || nexts.length !== 1 || !targets(loop.body.end, loop.label) || !s.context.allow()) return [loop];
  const guard = s.edit.label('g');
  const first = testWith(s, top, loop, loop.inits);
  const again = testWith(s, top, loop, argsOf(loop.body.end));
  const inner = loop.results.map((r) => s.edit.like(r));
  const { end } = loop.body;
  const bottom = choose(
    top,
    { ...again.head, label: s.edit.label(top.test.label), results: [] },
    { insts: [], end: { ...top.exit, args: again.exit } },
    { insts: [], end: end.kind === 'next' ? { ...end, args: [...end.args, ...again.read] } : end },
  );
  const body: Body = {
    insts: [...top.before.filter((i) => !isRead(i)), ...top.after, ...again.insts, bottom],
    end: { kind: 'unreachable', pos: loop.pos, by: 'rotate' },
  };
  const results = loop.results;
  const skip: Body = { insts: [], end: { kind: 'break', label: guard, args: first.exit, pos: loop.pos, by: 'rotate' } };
  const read = top.before.filter(isRead).flatMap((i) => i.results);
  const params = [...loop.params, ...read];
  const run: Body = {
    insts: [{ ...loop, params, inits: [...loop.inits, ...first.read], results: inner, body }],
    end: { kind: 'break', label: guard, args: inner, pos: loop.pos, by: 'rotate' },
  };
  return [...first.insts, choose(top, { ...first.head, label: guard, results }, skip, run)];
};

const isRead = (inst: Inst): boolean => effectsOf(inst) !== 0;

/** The `if` of the test with other arms. */
const choose = (top: TopTest, head: Omit<IfInst, 'kind' | 'then' | 'else'>, leave: Body, stay: Body): IfInst =>
  top.leavesWhen ? ifInst(head, leave, stay) : ifInst(head, stay, leave);

/** The test computed for these parameters. */
const testWith = (
  s: State,
  top: TopTest,
  loop: LoopInst,
  args: readonly Value[],
): {
  readonly insts: readonly Inst[];
  readonly head: { readonly condition: Value; readonly pos: number; readonly by: string };
  readonly exit: readonly Value[];
  /** What it reads from memory. */
  readonly read: readonly Value[];
} => {
  const values = new Map<Value, Value>(loop.params.map((p, i) => [p, args[i] ?? p]));
  const copy = copyBody({ insts: top.before, end: { kind: 'unreachable', pos: 0 } }, s.edit, {
    values,
    labels: new Map(),
    typeOf: (v) => typeOf(s.edit.types, v),
    by: 'rotate',
  });
  const get = (v: Value): Value => values.get(v) ?? v;
  return {
    insts: copy.insts,
    head: { condition: get(top.test.condition), pos: top.test.pos, by: 'rotate' },
    exit: top.exit.args.map(get),
    read: top.before.filter(isRead).flatMap((i) => i.results.map(get)),
  };
};
