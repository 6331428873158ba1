// A body that is entered at one of its points (see resume.ts): what lies before the point is jumped over.
import { frameRecord } from '../vm/abi.ts';
import { bits, effectBits, isDivision } from './effects.ts';
import { ofRuntime } from './guards.ts';
import type { Body, Inst, IrType, LoopInst, OpInst, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';
import { Code, leave, type State, typeIn, unlessDone } from './resume-leave.ts';
import { loadOp, memType, offsetOfWord, wordsBefore } from './resume-plan.ts';
import { argsOf, bodiesOf, copyBody, operandsOf } from './tree.ts';

const by = 'fibers';

export interface Resuming extends State {
  readonly record: Value;
  /** Of the form, besides its status. */
  readonly results: readonly IrType[];
  readonly zero: Value;
  /** Loops that have the number of the point as one more parameter. */
  readonly entered: Set<string>;
}

/** A value as the record has it; 0 if it has not: then it is not used on the way from any point. */
export const restore = (s: Resuming, c: Code, v: Value, result: Value): void => {
  const type = typeIn(s, v);
  const word = s.plan.word.get(v);
  if (word !== undefined) {
    const read = type === 'ptr' ? s.edit.value('gptr') : result;
    c.define(read, loadOp(type), memType(type), [c.pointer(s.record)], [offsetOfWord(s.plan, word)]);
    if (type === 'ptr') c.define(result, 'addr', '', [read]);
    return;
  }
  if (type === 'gptr') return c.define(result, 'null', '', []);
  if (type === 'ptr') return c.define(result, 'addr', '', [c.op('null', '', 'gptr', [])]);
  if (type === 'v128') return c.define(result, 'v.const', '', [], [0n, 0n]);
  c.define(result, type === 'f32' || type === 'f64' ? 'fconst' : 'const', type, [], [0n]);
};

export const restored = (s: Resuming, c: Code, v: Value): Value => {
  const type = typeIn(s, v);
  if (type === 'i32' && !s.plan.word.has(v)) return s.zero;
  const result = s.edit.value(type);
  restore(s, c, v, result);
  return result;
};

/** Points in an instruction: the numbers of the first and the last. */
const rangeOf = (s: State, inst: Inst): { first: number; last: number } | undefined => {
  const own = s.plan.number.get(inst);
  if (own !== undefined) return { first: own, last: own };
  return bodiesRange(s, bodiesOf(inst));
};

const bodiesRange = (s: State, bodies: readonly Body[]): { first: number; last: number } | undefined => {
  const inner = bodies.flatMap((b) => b.insts.flatMap((i) => rangeOf(s, i) ?? []));
  const [first] = inner;
  const last = inner.at(-1);
  return first && last && { first: first.first, last: last.last };
};

/** What an instruction and all in it use. */
const usedBy = (inst: Inst): readonly Value[] => [
  ...operandsOf(inst),
  ...bodiesOf(inst).flatMap((b) => [...b.insts.flatMap(usedBy), ...argsOf(b.end)]),
];

/** Where each value is used last in a body: the place of an instruction; its length for the terminator. */
const lastUses = (body: Body): ReadonlyMap<Value, number> => {
  const last = new Map<Value, number>();
  for (const [at, inst] of body.insts.entries()) for (const v of usedBy(inst)) last.set(v, at);
  for (const v of argsOf(body.end)) last.set(v, body.insts.length);
  return last;
};

/**
 * A body that is entered at the point with the number `target`, or from its beginning if that is 0. `certain`: it is not 0, so that
 * what comes before the first point never runs.
 */
export const enterBody = (s: Resuming, body: Body, target: Value, certain: boolean): Body => {
  const last = lastUses(body);
  const out: Inst[] = [];
  const holders = body.insts.flatMap((inst, at) => {
    const range = rangeOf(s, inst);
    return range ? [{ inst, at, range }] : [];
  });
  let now = target;
  let sure = certain;
  let from = 0;
  for (const [k, { inst, at, range }] of holders.entries()) {
    out.push(...before(s, body.insts.slice(from, at), { at, last, target: now, sure }));
    from = at + 1;
    if (k === holders.length - 1) {
      out.push(...enterInst(s, inst, inst.results, now, sure));
      break;
    }
    // Jumped over if the point lies behind it.
    const { pos } = inst;
    const c = new Code(s.edit, pos);
    const behind = c.op('gt_u', 'i32', 'i32', [now, c.i32(range.last)]);
    const over = new Code(s.edit, pos);
    const label = s.edit.label('k');
    const skipped = inst.results.map((v) => restored(s, over, v));
    const fresh = inst.results.map((v) => s.edit.like(v));
    const leaveBy = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
    const next = s.edit.value('i32');
    const arm = enterInst(s, inst, fresh, now, sure);
    out.push(
      ...c.insts,
      ifInst(
        { label, condition: behind, results: [...inst.results, next], pos, by },
        { insts: over.insts, end: leaveBy([...skipped, now]) },
        { insts: arm, end: leaveBy([...fresh, s.zero]) },
      ),
    );
    now = next;
    sure = false;
  }
  return { insts: [...out, ...body.insts.slice(holders.length === 0 ? 0 : from)], end: body.end };
};

interface Where {
  readonly at: number;
  readonly last: ReadonlyMap<Value, number>;
  readonly target: Value;
  readonly sure: boolean;
}

/**
 * What may run in vain, on whatever values: it does nothing but compute, or looks at a word of the run-time that is always there. What it gives
 * must not be in the record.
 */
const isIdle = (s: Resuming, i: Inst): i is OpInst => {
  if (i.kind !== 'op' || i.results.some((v) => s.plan.word.has(v))) return false;
  if (i.op === 'load') return i.guard === ofRuntime && i.args.every((v) => s.plan.made.has(v));
  return effectBits(i.op) === 0 && !isDivision(i.op) && !i.op.startsWith('handle.');
};

/**
 * Of what is made again, pointers to where something is, after a call that may have moved it; and what is made of these. They stay where they are,
 * and are made once more behind.
 */
const makersAfterCalls = (s: Resuming, insts: readonly Inst[]): readonly Inst[] => {
  const found: Inst[] = [];
  const values = new Set<Value>();
  let called = false;
  for (const i of insts) {
    if (!s.plan.again.has(i)) called ||= hasCall(i);
    else if ((called && i.results.some((v) => typeIn(s, v) === 'ptr')) || usedBy(i).some((v) => values.has(v))) {
      found.push(i);
      for (const v of i.results) values.add(v);
    }
  }
  return found;
};

const hasCall = (i: Inst): boolean =>
  i.kind === 'op'
    ? i.op === 'call' || i.op === 'call.value' || (effectBits(i.op) & bits.moves) !== 0
    : bodiesOf(i).some((b) => b.insts.some(hasCall));

/** Code in three parts, for a test around the second one, where those of `kept` are: the first and the last may run in vain. */
const parted = (s: Resuming, code: readonly Inst[], kept: ReadonlySet<Inst>): readonly [Inst[], Inst[], Inst[]] => {
  const own = new Set(code.flatMap((i) => i.results));
  const [first, second, third]: [Inst[], Inst[], Inst[]] = [[], [], []];
  // What may have been written meanwhile is not looked at before.
  let written = false;
  for (const i of code) {
    if (!isIdle(s, i) || (written && i.op === 'load') || i.args.some((v) => own.has(v))) {
      second.push(i);
      written ||= i.kind !== 'op' || (i.op !== 'load' && effectBits(i.op) !== 0);
    } else {
      first.push(i);
      for (const v of i.results) own.delete(v);
    }
  }
  const used = new Set<Value>();
  for (const i of second.splice(0).toReversed()) {
    if (isIdle(s, i) && !kept.has(i) && i.op !== 'load' && !i.results.some((v) => used.has(v))) third.unshift(i);
    else {
      second.unshift(i);
      for (const v of usedBy(i)) used.add(v);
    }
  }
  return [first, second, third];
};

/** What stands before an instruction with points: runs unless one of its points, or a later one, is gone to. */
const before = (s: Resuming, insts: readonly Inst[], { at, last, target, sure }: Where): readonly Inst[] => {
  const makers = makersAfterCalls(s, insts);
  const staying = new Set(makers);
  const out = insts.filter((i) => s.plan.again.has(i) && !staying.has(i));
  const code = insts.filter((i) => !s.plan.again.has(i) || staying.has(i));
  const isNeeded = (v: Value): boolean => (last.get(v) ?? -1) >= at;
  if (sure) {
    const c = new Code(s.edit, code[0]?.pos ?? 0);
    for (const v of code.flatMap((i) => (staying.has(i) ? [] : i.results))) if (isNeeded(v)) restore(s, c, v, v);
    return [...out, ...makers, ...c.insts];
  }
  const [early, tested, late] = parted(s, code, staying);
  const [first] = tested;
  if (!first) return [...out, ...early, ...late];
  const wanted = new Set(late.flatMap(usedBy));
  const again: Inst[] = [];
  for (const i of makers.toReversed()) {
    if (!i.results.some((v) => isNeeded(v) || wanted.has(v))) continue;
    again.unshift(i);
    for (const v of usedBy(i)) wanted.add(v);
  }
  const lasting = tested.filter((i) => !staying.has(i)).flatMap((i) => i.results);
  const needed = lasting.filter((v) => isNeeded(v) || wanted.has(v));
  const c = new Code(s.edit, first.pos);
  const { pos } = first;
  const label = s.edit.label('s');
  const kept = needed.map((v) => restored(s, c, v));
  const end = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  const typeOf = (v: Value): IrType => typeIn(s, v);
  const run = copyBody({ insts: tested, end: end(needed) }, s.edit, { values: new Map(), labels: new Map(), typeOf });
  const arm: Body = { insts: c.insts, end: end(kept) };
  return [
    ...out,
    ...early,
    ifInst({ label, condition: target, results: needed, pos, by }, arm, run),
    ...again,
    ...late,
  ];
};

const enterInst = (
  s: Resuming,
  inst: Inst,
  results: readonly Value[],
  target: Value,
  sure: boolean,
): readonly Inst[] => {
  switch (inst.kind) {
    case 'op':
      return enterPoint(s, inst, results, target, sure);
    case 'block':
      return [{ ...inst, results, body: enterBody(s, inst.body, target, sure) }];
    case 'if': {
      const yes = bodiesRange(s, [inst.then]);
      const no = bodiesRange(s, [inst.else]);
      const { label, pos } = inst;
      const only = !yes ? inst.else : !no ? inst.then : undefined;
      if (sure && only) return [{ kind: 'block', label, results, body: enterBody(s, only, target, sure), pos, by }];
      const c = new Code(s.edit, pos);
      const choose = (inThen: Value): Value =>
        sure ? inThen : c.op('select', 'i32', 'i32', [target, inThen, inst.condition]);
      const condition = !yes
        ? choose(s.zero)
        : no
          ? choose(c.op('le_u', 'i32', 'i32', [target, c.i32(yes.last)]))
          : c.op('or', 'i32', 'i32', [target, inst.condition]);
      const { likely: _, ...head } = inst;
      const then = yes ? enterBody(s, inst.then, target, sure) : inst.then;
      const otherwise = no ? enterBody(s, inst.else, target, sure) : inst.else;
      return [...c.insts, ifInst({ ...head, condition, results }, then, otherwise)];
    }
    case 'loop':
      return enterLoop(s, inst, results, target, sure);
  }
};

const enterLoop = (
  s: Resuming,
  loop: LoopInst,
  results: readonly Value[],
  target: Value,
  sure: boolean,
): readonly Inst[] => {
  const { pos } = loop;
  const c = new Code(s.edit, pos);
  // A parameter that no record keeps may begin with anything.
  const isKept = loop.params.map((p) => s.plan.word.has(p));
  const kept = loop.params.flatMap((p, k) => (isKept[k] ? [restored(s, c, p)] : []));
  const begun = loop.inits.filter((_, k) => isKept[k]);
  const initsOf = (those: readonly Value[]): readonly Value[] => {
    const rest = [...those];
    return loop.inits.map((v, k) => (isKept[k] ? (rest.shift() ?? v) : v));
  };
  const within = s.edit.value('i32');
  s.entered.add(loop.label);
  const body = enterBody(s, loop.body, within, false);
  const params = [...loop.params, within];
  if (sure || kept.length === 0) {
    return [...c.insts, { ...loop, params, inits: [...initsOf(kept), target], results, body }];
  }
  const label = s.edit.label('s');
  const inits = begun.map((v) => s.edit.like(v));
  const end = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  const choice = ifInst(
    { label, condition: target, results: inits, pos, by },
    { insts: c.insts, end: end(kept) },
    { insts: [], end: end(begun) },
  );
  return [choice, { ...loop, params, inits: [...initsOf(inits), target], results, body }];
};

/** The point itself: what is waited for has come. */
const enterPoint = (
  s: Resuming,
  inst: OpInst,
  results: readonly Value[],
  target: Value,
  sure: boolean,
): readonly Inst[] => {
  const { pos } = inst;
  const isCall = inst.op !== 'suspend';
  const c = new Code(s.edit, pos);
  const words = wordsBefore(inst.results.map((v) => typeIn(s, v)));
  const load = (v: Value, k: number, result: Value): void => {
    const offset = frameRecord.values + 8 * (words[k] ?? 0);
    c.define(result, loadOp(typeIn(s, v)), memType(typeIn(s, v)), [c.pointer(s.record)], [offset]);
  };
  if (sure) {
    if (isCall) for (const [k, v] of inst.results.entries()) load(v, k, results[k] ?? v);
    return c.insts;
  }
  const label = s.edit.label('c');
  const end = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  if (!isCall) {
    const gone = leave(s, inst, s.results);
    return [ifInst({ label, condition: target, results: [], pos, by }, { insts: [], end: end([]) }, gone)];
  }
  const loaded = inst.results.map((v) => s.edit.like(v));
  for (const [k, v] of inst.results.entries()) load(v, k, loaded[k] ?? v);
  const given = inst.results.map((v) => s.edit.like(v));
  const [status, called] = [s.edit.value('i32'), s.edit.value('i32')];
  return [
    ifInst(
      { label, condition: target, results: [...results, status], pos, by },
      { insts: c.insts, end: end([...loaded, s.zero]) },
      { insts: [{ ...inst, results: [...given, called] }], end: end([...given, called]) },
    ),
    ...unlessDone(s, inst, status, s.results),
  ];
};
