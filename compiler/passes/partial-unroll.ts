// partial-unroll: a small loop does several rounds before it tests once.
//
//   loop @l (%i = %lo) {                      %from = if @some %lo < %hi - 2 {
//     body                                      loop @m (%i = %lo) {
//     if @t %i + 1 < %hi {                        body; body, with %i + 1 for %i
//       next @l(%i + 1)                           if @u %i + 2 < %hi - 2 { next @m(%i + 2) } else { break @m }
//     } else { break @l }                       }
//   }                                           break @some(%i + 2)
//                                             } else { break @some(%lo) }
//                                             loop @l (%i = %from) { as it was: one round at least }
//
// What loops with vectors do is done already; these are the others, whose iterations need each other or look things up. In small ones the counter, the pointers that
// advance and the test are a good part of a round (J. J. Dongarra, A. R. Hinds, Unrolling loops in Fortran, SP&E 9(3), 1979). The rounds are done
// in their order, so all is as it was, to the last bit. The bound comes nearer by the rounds that are done at once; where it would wrap
// the loop stays alone.
import { isRuntime } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import type { Def } from '../definitions.ts';
import { bits, effectsOf, isLoad } from '../effects.ts';
import { countedAtBottom, type Defs, defsOf, type Induction, inductionsOf, intOf, justOne, opOf } from '../facts.ts';
import { type Body, type Func, type Inst, type LoopInst, opRow, type Terminator, type Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { Pass } from '../passes.ts';
import { argsOf, breaksTo, copyBody, type Edit, editOf, forEachInst, hasLoop, typeOf, withBodies } from '../tree.ts';
import { costOf, maxFunctionCost } from './inline.ts';

const by = 'partial-unroll';

/** Rounds that are done at once. */
const together = 2;
/** Cost (of the table of ops) of a body up to which they are. */
const maxCost = 36;
/** Loops of fewer rounds stay as they are, where that is known. */
const minRounds = 8n;
/** Longer steps than this are none of a walk through memory. */
const maxStep = 1n << 20n;

interface State {
  readonly edit: Edit;
  readonly defs: Defs;
  readonly allow: () => boolean;
  /** Cost of the function so far. */
  cost: number;
}

export const partialUnroll: Pass['run'] = (f: Func, context) => {
  // The run-time's loops go over images and over words to copy: they are short, or are copies of whole blocks besides.
  if (isRuntime(f.name)) return f;
  const s: State = { edit: editOf(f), defs: defsOf(f), allow: context.allow, cost: costOf(f.body) };
  const body = inBody(s, f.body);
  return { ...f, types: s.edit.types, body };
};

const inBody = (s: State, body: Body): Body => ({
  insts: body.insts.flatMap((inst): readonly Inst[] => {
    if (inst.kind === 'op') return [inst];
    if (inst.kind === 'loop' && !hasLoop(inst.body)) return severalRounds(s, inst);
    return [withBodies(inst, (b) => inBody(s, b))];
  }),
  end: body.end,
});

/** What another pass has made of a loop, or left of it. */
const isMade = (def: Def | undefined): boolean => def !== undefined && 'inst' in def && def.inst.by === 'vectorise';

/** An op that costs as much takes longer than what would be saved. */
const longOp = 10;

/** Calls and divisions take longer than what would be saved; what still has guards hardly ever runs. */
const isPlain = (inst: Inst): boolean => {
  if (inst.kind !== 'op') return true;
  return (
    !inst.op.startsWith('guard.') &&
    !inst.op.startsWith('v.') &&
    opRow(inst.op).cost < longOp &&
    (effectsOf(inst) & (bits.synchronises | bits.moves | bits.io | bits.allocates)) === 0
  );
};

/** A number from memory, perhaps made wider. */
const isRead = (s: State, v: Value): boolean => {
  const inst = opOf(s.defs, v);
  if (inst?.op === 'extend_s' || inst?.op === 'extend_u') return isRead(s, inst.args[0] ?? -1);
  return inst !== undefined && isLoad(inst.op);
};

interface Rounds {
  readonly counter: Induction;
  readonly inductions: readonly Induction[];
  readonly bound: Value;
  /** Whether the loop goes on with this counter and this bound. */
  readonly goesOn: 'lt_s' | 'le_s' | 'gt_s' | 'ge_s';
  /** One round, up to where it goes on. */
  readonly body: Body;
}

const roundsOf = (s: State, loop: LoopInst): Rounds | undefined => {
  const found = countedAtBottom(s.defs, loop);
  const test = loop.body.insts.at(-1);
  if (!found?.signed || test?.kind !== 'if' || test.results.length > 0) return undefined;
  const { induction: counter, op, bound } = found;
  // With another condition beside it the loop may be left after any round.
  if (!justOne(s.defs, test.condition)) return undefined;
  if (op === 'ne' || op === 'eq' || counter.step > 0n !== (op === 'lt' || op === 'le')) return undefined;
  if (typeOf(s.edit.types, counter.param) !== 'i64' || breaksTo(loop.body, loop.label).length !== 1) return undefined;
  if (loop.params.some((v) => typeOf(s.edit.types, v) === 'ptr')) return undefined;
  // From one number in memory to another: a row of a sparse matrix, the neighbours in a graph. These are short.
  if (isRead(s, counter.init) && isRead(s, bound)) return undefined;
  if (loop.by === 'vectorise' || isMade(s.defs.get(counter.init))) return undefined;
  const { insts, end } = test.then.end.kind === 'next' ? test.then : test.else;
  // They are done once more than they were.
  if (!insts.every((i) => effectsOf(i) === 0)) return undefined;
  let plain = true;
  forEachInst(loop.body, (i) => {
    plain &&= isPlain(i);
  });
  if (!plain) return undefined;
  const body: Body = { insts: [...loop.body.insts.slice(0, -1), ...insts], end };
  return { counter, inductions: inductionsOf(s.defs, loop), bound, goesOn: `${op}_s`, body };
};

/** Whether it is short, and goes on for more than a few rounds as far as one knows. */
const isWorthIt = (s: State, r: Rounds): boolean => {
  const cost = costOf(r.body);
  if (cost > maxCost || s.cost + cost * together > maxFunctionCost) return false;
  const [from, to] = [intOf(s.defs, r.counter.init), intOf(s.defs, r.bound)];
  const { step } = r.counter;
  if ((step < 0n ? -step : step) > maxStep) return false;
  if (from !== undefined && to !== undefined && (to - from) / step < minRounds) return false;
  if (!s.allow()) return false;
  s.cost += cost * together;
  return true;
};

const severalRounds = (s: State, loop: LoopInst): readonly Inst[] => {
  const r = roundsOf(s, loop);
  if (!r || !isWorthIt(s, r)) return [loop];
  const { edit } = s;
  const { pos } = loop;
  const of = (v: Value) => typeOf(edit.types, v);
  const before: Replacement = { insts: [], edit, pos, by };
  const i64 = (n: bigint): Value => append(before, 'const', 'i64', 'i64', [], [n]);
  const bound = append(before, 'sub', 'i64', 'i64', [r.bound, i64(r.counter.step * BigInt(together))]);
  const [nearer, enough] = [
    append(before, r.counter.step > 0n ? 'lt_s' : 'gt_s', 'i64', 'i32', [bound, r.bound]),
    append(before, r.goesOn, 'i64', 'i32', [r.counter.init, bound]),
  ];
  const ok = append(before, 'and', 'i32', 'i32', [nearer, enough]);

  const [label, some] = [edit.label(loop.label), edit.label('some0')];
  const params = loop.params.map((p) => edit.like(p));
  const into: Replacement = { insts: [], edit, pos, by };
  let now: readonly Value[] = params;
  for (let k = 1; k <= together; k++) {
    const values = new Map<Value, Value>(loop.params.map((p, i) => [p, now[i] ?? p]));
    const copy = copyBody(r.body, edit, { values, labels: new Map(), typeOf: of, by });
    into.insts.push(...copy.insts);
    const nexts = [...argsOf(copy.end)];
    // From the first round of the several: constants that are added to one number are one constant for who looks at addresses.
    for (const i of r.inductions) {
      const type = of(i.param);
      const bits = type === 'i32' ? 32 : 64;
      if (type !== 'i32' && type !== 'i64') continue;
      const way = append(into, 'const', type, type, [], [BigInt.asIntN(bits, i.step * BigInt(k))]);
      nexts[i.index] = append(into, 'add', type, type, [params[i.index] ?? i.param, way]);
    }
    now = nexts;
  }
  const goesOn = append(into, r.goesOn, 'i64', 'i32', [now[r.counter.index] ?? -1, bound]);
  const results = params.map((p) => edit.like(p));
  const end = (kind: 'next' | 'break', to: string, args: readonly Value[]): Terminator => ({
    kind,
    label: to,
    args,
    pos,
    by,
  });
  const test = ifInst(
    { label: edit.label('u0'), condition: goesOn, results: [], pos, by },
    { insts: [], end: end('next', label, now) },
    { insts: [], end: end('break', label, now) },
  );
  const several: LoopInst = {
    ...loop,
    label,
    params,
    results,
    by,
    body: { insts: [...into.insts, test], end: { kind: 'unreachable', pos, by } },
  };
  const begins = loop.params.map((p) => edit.like(p));
  const first = ifInst(
    { label: some, condition: ok, results: begins, pos, by },
    { insts: [several], end: end('break', some, results) },
    { insts: [], end: end('break', some, loop.inits) },
  );
  return [...before.insts, first, { ...loop, inits: begins }];
};
