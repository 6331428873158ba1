// Strip-mining: a loop becomes an outer loop, where there is room for a hook, and an inner one that runs for a while as it did before.
//
//   loop @l (%i = %lo) {               loop @s (%j = %lo) {
//     body                               %to = %j + 1000
//     %k = %i + 1                        %limit = if %to < %hi { %to } else { %hi }
//     if @t %k < %hi {                   %e = loop @l (%i = %j) {
//       next @l(%k)                        body
//     } else { break @l }                  %k = %i + 1
//   }                                      if @t %k < %limit { next @l(%k) } else { break @l(%k) }
//                                        }
//                                        if @t1 %e >= %hi likely { break @s } else { hook; next @s(%e) }
//                                      }
//
// The inner loop costs what the loop did: no counter is added to it. Behind a strip the loop is asked whether it goes on as it was asked in
// each round, so it does not matter where a strip ends, nor whether %to has wrapped. Before and behind a loop of few rounds that is
// an addition and two comparisons. Whatever is no counted loop is left for a hook when one is due (exitFor).
// Strip-mining: D. B. Loveman, Program Improvement by Source-to-Source Transformation, JACM 24(1), 1977.
import { append, type Replacement } from './append.ts';
import { effectsOf } from './effects.ts';
import { type Comparison, countedAtBottom, countUses, type Defs, intOf, opOf } from './facts.ts';
import type { Body, IfInst, Inst, LoopInst, OpInst, OpName, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';
import { definedIn, type Edit, nextsOf, typeOf, withBodies } from './tree.ts';

const by = 'hooks';

export interface Hook {
  readonly cost: number;
  readonly kind: string;
  readonly rounds: number;
}

export const hookInst = (pos: number, h: Hook): OpInst => ({
  kind: 'op',
  op: 'hook',
  suffix: '',
  results: [],
  args: [],
  imms: [h.cost, h.kind, h.rounds],
  pos,
  by,
});

/** The outer loop: it begins where the loop did, and gives what it gave. */
const around = (loop: LoopInst, label: string, params: readonly Value[], body: Body): LoopInst => {
  const { inits, results, pos } = loop;
  return { kind: 'loop', label, params, inits, results, independent: false, pos, by, body };
};

/** All `break @from` become `break @to`, except where they are in `but`. */
const redirect = (body: Body, from: string, to: string): Body => ({
  insts: body.insts.map((i) => withBodies(i, (b) => redirect(b, from, to))),
  end: body.end.kind === 'break' && body.end.label === from ? { ...body.end, label: to } : body.end,
});

interface Bottom {
  readonly test: IfInst;
  readonly condition: OpInst;
  /** Position of the bound among the operands of the condition. */
  readonly boundAt: 0 | 1;
  readonly goesOn: Body;
  readonly next: Terminator & { kind: 'next' };
  readonly leave: Terminator & { kind: 'break' };
  /** The first arm goes on. */
  readonly first: boolean;
  readonly index: number;
  readonly step: bigint;
  readonly op: Comparison;
  readonly bound: Value;
}

/** The test at the bottom of a counted loop, if the loop can be cut into strips. */
const bottomOf = (defs: Defs, loop: LoopInst): Bottom | undefined => {
  const counted = countedAtBottom(defs, loop);
  const test = loop.body.insts.at(-1);
  if (!counted?.signed || test?.kind !== 'if' || test.results.length > 0) return undefined;
  const { op, bound, induction } = counted;
  const up = induction.step > 0n;
  if (op !== (up ? 'lt' : 'gt') && op !== (up ? 'le' : 'ge')) return undefined;
  const condition = opOf(defs, test.condition);
  const first = test.then.end.kind === 'next';
  const goesOn = first ? test.then : test.else;
  const leave = (first ? test.else : test.then).end;
  if (!condition || goesOn.end.kind !== 'next' || leave.kind !== 'break') return undefined;
  // One comparison, made for this test alone.
  const counter = goesOn.end.args[induction.index];
  const [a, b] = condition.args;
  const boundAt = a === counter && b === bound ? 1 : b === counter && a === bound ? 0 : undefined;
  if (boundAt === undefined || condition.args.length !== 2 || !/^[lg][te]_s$/.test(condition.op)) return undefined;
  if (!loop.body.insts.includes(condition) || countUses(loop.body).get(test.condition) !== 1) return undefined;
  if (goesOn.insts.some((i) => effectsOf(i) !== 0)) return undefined;
  const { index, step } = induction;
  return { test, condition, boundAt, goesOn, next: goesOn.end, leave, first, index, step, op, bound };
};

type SignedTest = 'lt_s' | 'le_s' | 'gt_s' | 'ge_s';

const negated: Partial<Record<OpName, SignedTest>> = { lt_s: 'ge_s', le_s: 'gt_s', gt_s: 'le_s', ge_s: 'lt_s' };

/** The same but for equal operands. */
const strictOf: Partial<Record<OpName, SignedTest>> = { lt_s: 'le_s', le_s: 'lt_s', gt_s: 'ge_s', ge_s: 'gt_s' };

/** The loop in strips of so many rounds, with a hook between them; undefined: it is none that can be cut. */
export const inStrips = (edit: Edit, defs: Defs, loop: LoopInst, rounds: number, hook: Hook): LoopInst | undefined => {
  const b = bottomOf(defs, loop);
  const counter = loop.params[b?.index ?? -1];
  if (!b || counter === undefined) return undefined;
  const type = typeOf(edit.types, counter);
  if (type !== 'i32' && type !== 'i64') return undefined;
  const up = b.step > 0n;
  const size = up ? b.step : -b.step;
  const steps = BigInt(rounds);
  const reach = steps * size;
  if (reach >= 1n << (type === 'i64' ? 62n : 30n)) return undefined;

  const { pos } = loop;
  const label = edit.label('strip0');
  const params = loop.params.map((p) => edit.like(p));
  const at = params[b.index] ?? counter;
  const insts: Inst[] = [];
  const r: Replacement = { insts, edit, pos, by };
  const make = (op: OpName, args: readonly Value[], of: 'i32' | 'i64' = type): Value => append(r, op, type, of, args);
  const to = make('add', [at, append(r, 'const', type, type, [], [up ? reach : -reach])]);
  const nearest = make(up ? 'lt_s' : 'gt_s', [to, b.bound], 'i32');
  // Not by `select`: engines move what only computes to where it is used, into the loop; where ways meet they leave it.
  const limit = edit.value(type);
  const nearer = edit.label('near0');
  const arm = (v: Value): Body => ({ insts: [], end: { kind: 'break', label: nearer, args: [v], pos, by } });
  insts.push(ifInst({ label: nearer, condition: nearest, results: [limit], pos, by }, arm(to), arm(b.bound)));

  const inner = definedIn(loop.body, new Set(loop.params));
  // The inner loop gives what the loop would have given, and of what the next round begins with the counter, and all that cannot be told
  // from how far that came: were pointers needed behind the loop, their old and new values would need registers at the same time.
  const advances = loop.params.map((p, k) => (k === b.index ? undefined : stepOf(defs, p, b.next.args[k])));
  const begun = b.next.args.filter((_, k) => advances[k] === undefined);
  const given = [...new Set([...begun, ...b.leave.args].filter((v) => inner.has(v)))];
  const results = given.map((v) => edit.like(v));
  const behind = new Map<Value, Value>(given.map((v, k) => [v, results[k] ?? v]));
  const outside = (v: Value): Value => behind.get(v) ?? v;
  const inArm = definedIn({ insts: b.goesOn.insts, end: b.goesOn.end });
  const early = given.some((v) => inArm.has(v));
  const limited = edit.value('i32');
  const counted = b.next.args[b.index] ?? counter;
  const kept = loop.body.insts.slice(0, -1).flatMap((i) => (i === b.condition ? [] : [i]));
  const choice = (head: Omit<IfInst, 'kind' | 'then' | 'else'>, on: Body, leave: Body): IfInst =>
    b.first ? ifInst(head, on, leave) : ifInst(head, leave, on);
  const test = choice(
    { ...b.test, condition: limited },
    { insts: early ? [] : b.goesOn.insts, end: b.next },
    { insts: [], end: { ...b.leave, args: given } },
  );
  const compared = (counterNow: Value, bound: Value): readonly Value[] =>
    b.boundAt === 1 ? [counterNow, bound] : [bound, counterNow];
  const inclusive = b.op === 'le' || b.op === 'ge';
  const strict = inclusive ? (strictOf[b.condition.op] ?? b.condition.op) : b.condition.op;
  const innerLoop: LoopInst = {
    ...loop,
    inits: params,
    results,
    body: {
      insts: [
        ...redirect({ insts: kept, end: loop.body.end }, loop.label, label).insts,
        ...(early ? b.goesOn.insts : []),
        { ...b.condition, op: strict, args: compared(counted, limit), results: [limited], by },
        test,
      ],
      end: loop.body.end,
    },
  };
  // Behind the strip the loop is asked whether it goes on, as it was asked in each round.
  const over = edit.value('i32');
  const ends = b.first ? (negated[b.condition.op] ?? b.condition.op) : b.condition.op;
  const asked: OpInst = {
    ...b.condition,
    op: ends,
    args: compared(outside(counted), b.bound),
    results: [over],
    by,
  };
  const on: Replacement = { insts: [hookInst(pos, hook)], edit, pos, by };
  const gone = advances.some((a) => a !== undefined) ? append(on, 'sub', type, type, [outside(counted), at]) : at;
  const args = b.next.args.map((v, k) => {
    const step = advances[k];
    if (step === undefined) return outside(v);
    return advanced(on, params[k] ?? v, gone, b.step, step);
  });
  const more = ifInst(
    { label: edit.label(b.test.label), condition: over, likely: true, results: [], pos, by },
    { insts: [], end: { ...b.leave, label, args: b.leave.args.map(outside) } },
    { insts: on.insts, end: { kind: 'next', label, args, pos, by } },
  );
  return around(loop, label, params, {
    insts: [...insts, innerLoop, asked, more],
    end: { kind: 'unreachable', pos, by },
  });
};

/** A parameter behind a strip, by which its counter has gone so far. Exact however many rounds that were, also where numbers wrapped. */
const advanced = (r: Replacement, from: Value, gone: Value, perRound: bigint, step: bigint): Value => {
  const { types } = r.edit;
  const wide = typeOf(types, gone) === 'i64' ? 'i64' : 'i32';
  const type = typeOf(types, from);
  const to = type === 'i64' ? 'i64' : 'i32';
  const op = (name: OpName, of: 'i32' | 'i64', args: readonly Value[]): Value => append(r, name, of, of, args);
  const int = (of: 'i32' | 'i64', n: bigint): Value => append(r, 'const', of, of, [], [n]);
  // Counted as a number of rounds where that has to be made wider: it is not negative.
  const even = step % perRound === 0n && !(wide === 'i32' && to === 'i64');
  const up = perRound > 0n ? gone : op('sub', wide, [int(wide, 0n), gone]);
  const size = perRound > 0n ? perRound : -perRound;
  const rounds = even ? gone : size === 1n ? up : op('div_u', wide, [up, int(wide, size)]);
  const factor = even ? step / perRound : step;
  const count =
    to === wide
      ? rounds
      : to === 'i32'
        ? append(r, 'wrap', '', 'i32', [rounds])
        : append(r, 'extend_u', '', 'i64', [rounds]);
  const way = factor === 1n ? count : op('mul', to, [count, int(to, BigInt.asIntN(to === 'i32' ? 32 : 64, factor))]);
  return type === 'ptr' ? append(r, 'ptr.add', '', 'ptr', [from, way]) : op('add', to, [from, way]);
};

/** What each round adds to a parameter, if that is always the same: to a number, or to a pointer. */
const stepOf = (defs: Defs, param: Value, next: Value | undefined): bigint | undefined => {
  const inst = opOf(defs, next ?? -1);
  const by = intOf(defs, inst?.args[1]);
  if (!inst || by === undefined || inst.args[0] !== param) return undefined;
  if (inst.op === 'ptr.add') return by;
  if (inst.suffix !== 'i32' && inst.suffix !== 'i64') return undefined;
  return inst.op === 'add' ? by : inst.op === 'sub' ? -by : undefined;
};

/** The loop, left for a hook when one is due, and entered again behind it: what the hook calls is not called in the loop. */
export const exitFor = (edit: Edit, loop: LoopInst, hook: Hook): LoopInst | undefined => {
  if (nextsOf(loop.body, loop.label).length === 0) return undefined;
  const { pos } = loop;
  const label = edit.label('strip0');
  const params = loop.params.map((p) => edit.like(p));
  const results = loop.params.map((p) => edit.like(p));
  const change = (body: Body): Body => {
    const insts = body.insts.map((i) => withBodies(i, change));
    const { end } = body;
    if (end.kind === 'break' && end.label === loop.label) return { insts, end: { ...end, label } };
    if (end.kind !== 'next' || end.label !== loop.label) return { insts, end };
    const due = edit.value('i32');
    insts.push({ kind: 'op', op: 'hook.due', suffix: '', results: [due], args: [], imms: [hook.cost], pos, by });
    const leave: Body = { insts: [], end: { kind: 'break', label: loop.label, args: end.args, pos, by } };
    const head = { label: edit.label('due0'), condition: due, results: [], pos, by };
    insts.push(ifInst(head, leave, { insts: [], end }));
    return { insts, end: { kind: 'unreachable', pos, by } };
  };
  const inner: LoopInst = { ...loop, inits: params, results, body: change(loop.body) };
  return around(loop, label, params, {
    insts: [inner, hookInst(pos, { ...hook, cost: 0 })],
    end: { kind: 'next', label, args: results, pos, by },
  });
};
