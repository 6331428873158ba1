// guard-range: guards of what a loop walks through become one question before it, and the loop is there twice.
//
//   loop @l (%i = %lo) {                 %ok = guard.may_read %a + 8·%lo, 8·(%hi - %lo)
//     guard.read (elem %a, %i, 8)        if @v %ok {
//     %x = load.f64 …                      loop @fast (%i = %lo) { %x = load.f64 … }
//     …                                  } else {
//   }                                      loop @l (%i = %lo) { guard.read …  %x = load.f64 … }
//                                        }
//
// If the answer is no (a bound is wild, or the loop would leave before it gets there, or it does not run at all), the guards run one by
// one, so that a fault comes just when the source reaches it and the iterations before it have happened.
//
// Checks of indices that every iteration makes are asked about in the same way: both ends are in the array, or the loop as written runs.
// What a loop walks through is found by loop-ranges.ts.
import { isRuntime } from '../../vm/abi.ts';
import type { Definitions } from '../definitions.ts';
import { type Linear, ownDefsOf } from '../facts.ts';
import { guardOf, inRange, mayRevoke, placeText, withoutGuards } from '../guards.ts';
import type { Body, Func, Inst, LoopInst, PosId, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { indexCheckOf, type Range, type RangeState, rangesIn } from '../loop-ranges.ts';
import type { PassContext } from '../passes.ts';
import { asking, follows, givenPermitted, leastOf } from '../range-questions.ts';
import { bodiesOf, breaksTo, copyBody, editOf, hasLoop, leaves, sizeOf, withBodies } from '../tree.ts';

const by = 'guard-range';

/** Loops with more instructions are not doubled, nor any loop of a function that has grown beyond the second number. */
const maxLoop = 800;
const maxFunction = 12_000;
/** Loops with more instructions are not doubled for the sake of checks alone. */
const maxChecked = 150;
/** Ranges asked about before one loop, of guards and of checks. */
const maxRanges = 12;
const maxChecks = 8;

type Known = readonly Linear[];

interface State extends RangeState {
  readonly context: PassContext;
  readonly defs: Definitions;
  size: number;
}

export const guardRange = (f: Func, context: PassContext): Func => {
  if (context.guards === 'all' || isRuntime(f.name)) return f;
  const s: State = { products: new Map(), context, edit: editOf(f), defs: ownDefsOf(f), size: sizeOf(f.body) };
  const body = rangeBody(s, f.body, []);
  return { ...f, types: s.edit.types, body };
};

/** `known`: what is not negative here, as conditions around say. */
const rangeBody = (s: State, body: Body, known: Known): Body => ({
  insts: body.insts.flatMap((inst) => {
    if (inst.kind === 'loop') return rangeLoop(s, inst, known);
    if (inst.kind !== 'if') return [withBodies(inst, (b) => rangeBody(s, b, known))];
    const arm = (b: Body): Body => rangeBody(s, b, [...known, ...leastOf(s.defs, inst.condition, b === inst.then)]);
    return [withBodies(inst, arm)];
  }),
  end: body.end,
});

const rangeLoop = (s: State, loop: LoopInst, known: Known): readonly Inst[] => {
  const inside = (): readonly Inst[] => [withBodies(loop, (b) => rangeBody(s, b, known))];
  const size = sizeOf(loop.body);
  if (size > maxLoop || s.size + size > maxFunction || mayRevoke(s.context.program, loop)) return inside();
  s.products = new Map();
  const checks = goesThrough(loop) ? certainChecks(loop.body) : new Set();
  const all = rangesIn(s, loop, (i) => guardOf(s.defs, i) ?? (checks.has(i) ? indexCheckOf(i) : undefined));
  const guards = all.filter((r) => !r.isIndex).slice(0, maxRanges);
  if (guards.length === 0 && size > maxChecked) return inside();
  // A guess that is wrong must not bring back the guards.
  const asked = all.filter((r) => r.isIndex && !(r.guess && guards.length > 0));
  const ranges = [...guards, ...asked.slice(0, maxChecks)];
  if (!isWorth(s, loop, ranges) || !s.context.allow()) return inside();
  s.size += size;
  return doubled(s, loop, ranges, known);
};

/** Checks of indices that every iteration comes to, if it comes that far; not those that a condition of the program decides about, unless both arms make them. */
const certainChecks = (body: Body, into: Set<Inst> = new Set()): ReadonlySet<Inst> => {
  for (const inst of body.insts) {
    if (indexCheckOf(inst)) into.add(inst);
    if (inst.kind === 'block' || (inst.kind === 'loop' && goesThrough(inst))) certainChecks(inst.body, into);
    if (inst.kind !== 'if') continue;
    const [yes, no] = [certainChecks(inst.then), certainChecks(inst.else)];
    for (const [arm, other] of [
      [yes, no],
      [no, yes],
    ] as const)
      for (const i of arm) if ([...other].some((o) => isSameCheck(i, o))) into.add(i);
    // Whether an inner loop runs at all.
    if (inst.then.insts.length === 0 && hasLoop(inst.else)) certainChecks(inst.else, into);
    if (inst.else.insts.length === 0 && hasLoop(inst.then)) certainChecks(inst.then, into);
  }
  return into;
};

const isSameCheck = (a: Inst, b: Inst): boolean => {
  const [x, y] = [indexCheckOf(a), indexCheckOf(b)];
  return x?.index === y?.index && x?.length === y?.length;
};

/** The loop is left in one place: it does not stop half-way because it has found something. */
const goesThrough = (loop: LoopInst): boolean => !leaves(loop) && breaksTo(loop.body, loop.label).length === 1;

/** An iteration of an inner loop counts as so many of the loop around it. */
const inner = 8;

/** Most guards that run in the loop would go, or there are none and checks would. Else two versions only make more code, which is worse for all of it. */
const isWorth = (s: State, loop: LoopInst, ranges: readonly Range[]): boolean => {
  const gone = new Set<Inst>(ranges.flatMap((r) => (r.isIndex ? [] : r.guards)));
  let all = 0;
  let saved = 0;
  const weigh = (b: Body, weight: number): void => {
    for (const inst of b.insts) {
      if (gone.has(inst)) saved += weight;
      if (guardOf(s.defs, inst)) all += weight;
      for (const x of bodiesOf(inst)) weigh(x, inst.kind === 'loop' ? inner * weight : weight);
    }
  };
  weigh(loop.body, 1);
  return ranges.length > 0 && 2 * saved >= all;
};

// ---- two versions -----------------------------------------------------------------------------------------------

const doubled = (s: State, loop: LoopInst, ranges: readonly Range[], known: Known): readonly Inst[] => {
  const { edit, context } = s;
  const before: Inst[] = [];
  const { pos } = loop;
  const ok = questions(s, ranges, pos, before, known);
  // The fast loop is a copy, without the guards.
  const labels = new Map<string, string>();
  const values = new Map<Value, Value>();
  const gone = new Set<Inst>(ranges.flatMap((r) => r.guards));
  const why = `${inRange} at ${placeText(context, pos)}`;
  for (const r of ranges)
    if (r.isIndex) for (const i of r.guards) context.explain?.(i, `the loop at ${placeText(context, pos)}`, true);
  const isGone = (i: Inst): boolean => gone.has(i) && indexCheckOf(i) !== undefined;
  const strip = (b: Body): Body =>
    withoutGuards(
      { insts: b.insts.filter((i) => !isGone(i)).map((i) => withBodies(i, strip)), end: b.end },
      s.defs,
      (g) => (gone.has(g.inst) ? why : undefined),
    );
  const typeOf = (v: Value) => edit.types[v] ?? 'i64';
  const whole: Body = { insts: [{ ...loop, body: strip(loop.body) }], end: { kind: 'unreachable', pos } };
  const [copy] = copyBody(whole, edit, { values, labels, typeOf, by }).insts;
  if (copy?.kind !== 'loop') throw new Error('internal error: the copy of a loop is none');
  s.defs.addAll({ insts: [copy], end: whole.end });
  const fast = withBodies(copy, (b) => rangeBody(s, b, known));
  const slow: LoopInst = {
    ...loop,
    body: withNotes(loop.body, gone),
    results: loop.results.map((r) => edit.value(typeOf(r))),
  };
  const label = edit.label('v');
  const arm = (l: Inst): Body => ({ insts: [l], end: { kind: 'break', label, args: l.results, pos, by } });
  return [
    ...before,
    ifInst({ label, condition: ok, likely: true, results: loop.results, pos, by }, arm(fast), arm(slow)),
  ];
};

/** Accesses whose guards are left only where the range was refused say so. */
const withNotes = (body: Body, gone: ReadonlySet<Inst>): Body => {
  let here = false;
  const insts = body.insts.map((inst) => {
    if (gone.has(inst) && !indexCheckOf(inst)) here = true;
    if (inst.kind !== 'op') return withBodies(inst, (b) => withNotes(b, gone));
    if (inst.guard === undefined || !here) return inst;
    here = false;
    return { ...inst, guard: inst.guard.replace('guarded', 'guarded where the range was refused') };
  });
  return { insts, end: body.end };
};

/** Code that asks for all ranges: an i32. */
const questions = (s: State, ranges: readonly Range[], pos: PosId, into: Inst[], known: Known): Value => {
  const given = { ...givenPermitted(ranges), least: (form: Linear) => follows(known, form) };
  const a = asking(s, ranges, pos, by, into, given);
  for (const r of ranges) {
    if (r.isIndex) {
      a.inside(r);
      continue;
    }
    const from = a.from(r);
    a.and(a.make(r.write ? 'guard.may_write' : 'guard.may_read', '', [from, a.bytes(r)], 'i32'));
  }
  return a.answer();
};
