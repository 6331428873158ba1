// Strip-mining: a loop becomes an outer loop, where there is room for a hook, and an inner one that runs for a while as it did before.
//
//   loop @l (%i = %lo) {               loop @s (%j = %lo) {
//     body                               %far = %hi is more than 1000 away from %j
//     %k = %i + 1                        %limit = if %far { %j + 1000 } else { %hi }
//     if @t %k < %hi {                   loop @l (%i = %j) {
//       next @l(%k)                        body
//     } else { break @l }                  %k = %i + 1
//   }                                      if @t %k < %limit { next @l(%k) } else { break @l }
//                                        }
//                                        if @t1 %far { hook; next @s(%j + 1000) } else { break @s }
//                                      }
//
// The inner loop costs what the loop did: no counter is added to it. The bound of a strip is found by the distance that remains, so
// that no counter wraps that would not have. Whatever is no counted loop is left for a hook when one is due (exitFor).
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
  const inclusive = b.op === 'le' || b.op === 'ge';
  const least = (inclusive ? steps + 1n : steps) * size;
  if (least >= 1n << (type === 'i64' ? 62n : 30n)) return undefined;

  const { pos } = loop;
  const label = edit.label('strip0');
  const params = loop.params.map((p) => edit.like(p));
  const at = params[b.index] ?? counter;
  const insts: Inst[] = [];
  const r: Replacement = { insts, edit, pos, by };
  const make = (op: OpName, args: readonly Value[], of: 'i32' | 'i64' = type): Value => append(r, op, type, of, args);
  const int = (n: bigint): Value => append(r, 'const', type, type, [], [n]);
  const distance = make('sub', up ? [b.bound, at] : [at, b.bound]);
  const ahead = make(up ? 'lt_s' : 'gt_s', [at, b.bound], 'i32');
  const far = make('gt_u', [distance, int(least)], 'i32');
  const both = append(r, 'and', 'i32', 'i32', [ahead, far]);
  const to = make('add', [at, int(up ? steps * size : -steps * size)]);
  // Not by `select`: engines move what only computes to where it is used, into the loop; where ways meet they leave it.
  const limit = edit.value(type);
  const nearer = edit.label('near0');
  const arm = (v: Value): Body => ({ insts: [], end: { kind: 'break', label: nearer, args: [v], pos, by } });
  insts.push(ifInst({ label: nearer, condition: both, results: [limit], pos, by }, arm(to), arm(b.bound)));

  // The inner loop gives what the loop would have given, and of what the next round begins with all that cannot be told from the number
  // of rounds: were pointers needed behind the loop, their old and new values would need registers at the same time.
  const made = inclusive ? steps + 1n : steps;
  const advances = loop.params.map((p, k) => stepOf(defs, p, b.next.args[k]));
  const inner = definedIn(loop.body, new Set(loop.params));
  const carried = b.next.args.filter((v, k) => advances[k] === undefined && inner.has(v));
  const given = [...new Set([...carried, ...b.leave.args.filter((v) => inner.has(v))])];
  const results = given.map((v) => edit.like(v));
  const behind = new Map<Value, Value>(given.map((v, k) => [v, results[k] ?? v]));
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
  const innerLoop: LoopInst = {
    ...loop,
    inits: params,
    results,
    body: {
      insts: [
        ...redirect({ insts: kept, end: loop.body.end }, loop.label, label).insts,
        ...(early ? b.goesOn.insts : []),
        { ...b.condition, args: b.boundAt === 1 ? [counted, limit] : [limit, counted], results: [limited], by },
        test,
      ],
      end: loop.body.end,
    },
  };
  // Where the end was far, the strip is over and the loop is not.
  const on: Replacement = { insts: [hookInst(pos, hook)], edit, pos, by };
  const args = loop.params.map((p, k): Value => {
    const step = advances[k];
    const from = params[k] ?? p;
    const value = b.next.args[k] ?? p;
    if (step === undefined) return behind.get(value) ?? value;
    const kind = typeOf(edit.types, p);
    if (kind !== 'i32' && kind !== 'i64') {
      const bytes = append(on, 'const', 'i32', 'i32', [], [BigInt.asIntN(32, step * made)]);
      return append(on, 'ptr.add', '', 'ptr', [from, bytes]);
    }
    const more = append(on, 'const', kind, kind, [], [BigInt.asIntN(kind === 'i32' ? 32 : 64, step * made)]);
    return append(on, 'add', kind, kind, [from, more]);
  });
  const more = ifInst(
    { label: edit.label(b.test.label), condition: both, results: [], pos, by },
    { insts: on.insts, end: { kind: 'next', label, args, pos, by } },
    { insts: [], end: { ...b.leave, label, args: b.leave.args.map((v) => behind.get(v) ?? v) } },
  );
  return around(loop, label, params, { insts: [...insts, innerLoop, more], end: { kind: 'unreachable', pos, by } });
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
