// thread: a condition that is decided on the way to it is not tested again.
//
//   %c = if @a %x { %y = …; break @a(%y) }        block @i { block @shared {
//             else { break @a(0) }                  if @a %x {
//   if @i %c { A } else { B }                         %y = …
//                                                     if @q %y { A } else { break @shared }
//                                                   } else { break @shared }
//                                                 } B }
//
// Such is `p && q` where q may not be computed in vain, and a function that answers early after it was inlined. What is known in A
// is then both. An arm that only leaves is not shared, but there twice: a loop that goes on while `p && q` has its test of p alone.
// Jump threading, in trees (after F. Mueller and D. Whalley, Avoiding Conditional Branches by Code Replication, PLDI 1995).
import { effectsOf } from '../effects.ts';
import { countUses, type Defs, defsOf, intOf, opOf } from '../facts.ts';
import type { Body, Func, IfInst, Inst, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { argsOf, breaksTo, type Edit, editOf, operandsOf, targets, withBodies } from '../tree.ts';

const by = 'thread';

/** Instructions between the two that only compute something else. */
const maxBetween = 4;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  readonly uses: ReadonlyMap<Value, number>;
}

export const thread = (f: Func, context: PassContext): Func => {
  const edit = editOf(f);
  const s: State = { context, edit, defs: defsOf(f), uses: countUses(f.body) };
  const body = threadBody(s, f.body);
  return { ...f, types: edit.types, body };
};

/** From the end: what follows an `if` may itself become one that is tested by what the first gives. */
const threadBody = (s: State, body: Body): Body => {
  const insts = body.insts.map((i) => withBodies(i, (b) => threadBody(s, b)));
  for (let at = insts.length - 1; at >= 0; at--) {
    const first = insts[at];
    const found = first?.kind === 'if' ? secondOf(s, insts, at, first) : undefined;
    if (!found || first?.kind !== 'if' || !s.context.allow()) continue;
    insts.splice(at, found.at - at + 1, ...found.between, ...threaded(s, first, found));
  }
  return { insts, end: body.end };
};

interface Second {
  readonly at: number;
  readonly test: IfInst;
  readonly between: readonly Inst[];
  /** What the first gives is to be 0 for the first arm of the second. */
  readonly turned: boolean;
  /** The arm of the first that gives a constant is its first. */
  readonly constantFirst: boolean;
  readonly constant: bigint;
}

/** What an arm gives, if it ends in giving it and does so nowhere else. */
const given = (b: Body, label: string): Value | undefined =>
  targets(b.end, label) && breaksTo(b, label).length === 1 ? argsOf(b.end)[0] : undefined;

/** The `if` that follows and tests the only result of this one, of which one arm gives a constant. */
const secondOf = (s: State, insts: readonly Inst[], at: number, first: IfInst): Second | undefined => {
  const [result] = first.results;
  if (result === undefined || first.results.length !== 1 || s.uses.get(result) !== 1) return undefined;
  const [yes, no] = [given(first.then, first.label), given(first.else, first.label)];
  if (yes === undefined || no === undefined) return undefined;
  const [c, d] = [intOf(s.defs, yes), intOf(s.defs, no)];
  const constant = c ?? d;
  if (constant === undefined) return undefined;
  const between: Inst[] = [];
  let turned = false;
  let tested = result;
  for (let k = at + 1; k < insts.length && k <= at + 1 + maxBetween; k++) {
    const inst = insts[k];
    if (inst?.kind === 'if') {
      if (inst.condition !== tested) return undefined;
      return { at: k, test: inst, between, turned, constantFirst: c !== undefined, constant };
    }
    if (inst?.kind !== 'op' || effectsOf(inst) !== 0) return undefined;
    if (!operandsOf(inst).includes(tested)) between.push(inst);
    else if (isNot(s.defs, inst) && s.uses.get(inst.results[0] ?? -1) === 1) {
      turned = !turned;
      tested = inst.results[0] ?? tested;
    } else return undefined;
  }
  return undefined;
};

const isNot = (defs: Defs, inst: Inst): boolean => {
  const op = opOf(defs, inst.results[0] ?? -1);
  return op?.op === 'eqz' && op.suffix === 'i32';
};

const threaded = (s: State, first: IfInst, found: Second): readonly Inst[] => {
  const { test, turned, constant, constantFirst } = found;
  const { pos } = test;
  const decided = constantFirst ? first.then : first.else;
  const open = constantFirst ? first.else : first.then;
  const tested = argsOf(open.end)[0] ?? first.condition;
  // Where a constant is given, it is known which arm follows: the shared one, for the other test may lead to it too.
  const sharedFirst = (constant !== 0n) !== turned;
  const shared = sharedFirst ? test.then : test.else;
  const other = sharedFirst ? test.else : test.then;
  const label = s.edit.label('q');
  const choice = (own: Body, away: Body): IfInst => {
    const takesShared = sharedFirst !== turned;
    const head = { label, condition: tested, results: [], pos, by };
    return takesShared ? ifInst(head, away, own) : ifInst(head, own, away);
  };
  const second = (own: Body, away: Terminator): Body => {
    const test = choice(own, { insts: [], end: away });
    return { insts: [...open.insts, test], end: { kind: 'unreachable', pos } };
  };
  const both = (head: Omit<IfInst, 'kind' | 'then' | 'else'>, opened: Body, away: Terminator): IfInst => {
    const known: Body = { insts: decided.insts, end: away };
    return constantFirst ? ifInst(head, known, opened) : ifInst(head, opened, known);
  };
  if (shared.insts.length === 0 && shared.end.kind !== 'next') {
    const leave: Body = { insts: [], end: shared.end };
    // An arm that does nothing but let what follows run: one test after the other, at the same level.
    if (
      other.insts.length === 0 &&
      targets(other.end, test.label) &&
      test.results.length === 0 &&
      shared.end.kind === 'break' &&
      decided.insts.every((i) => opOf(s.defs, i.results[0] ?? -1)?.op === 'const')
    ) {
      const stay = (l: string): Body => ({ insts: [], end: { kind: 'break', label: l, args: [], pos } });
      const head = { ...first, label: test.label, results: [], by };
      const outer = constantFirst ? ifInst(head, leave, stay(test.label)) : ifInst(head, stay(test.label), leave);
      return [outer, ...open.insts, choice(stay(label), leave)];
    }
    return [both({ ...first, label: test.label, results: test.results, by }, second(other, shared.end), shared.end)];
  }
  const way = s.edit.label('w');
  const away: Terminator = { kind: 'break', label: way, args: [], pos };
  const inner = both({ ...first, results: [], by }, second(other, away), away);
  const block: Inst = {
    kind: 'block',
    label: way,
    results: [],
    body: { insts: [inner], end: { kind: 'unreachable', pos } },
    pos,
    by,
  };
  const body: Body = { insts: [block, ...shared.insts], end: shared.end };
  return [{ kind: 'block', label: test.label, results: test.results, body, pos, by }];
};
