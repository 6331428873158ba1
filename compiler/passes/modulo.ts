// modulo: quotient and remainder of a loop's counter by a value from outside advance by addition; one division does for both.
//
//   loop @l (%i = %lo) {                     %q0 = div_u %lo, %d   %r0 = %lo - %q0 %d   %sq, %sr = the same of the step
//     %q = div_u %i, %d                      loop @l (%i = %lo, %q = %q0, %r = %r0) {
//     %r = rem_u %i, %d                        …
//     …                                        %s = %r + %sr   %over = %s >= %d
//     next @l(%i + step)                       next @l(%i + step, %q + %sq + %over, %over ? %s - %d : %s)
//
// A division of 64 bits takes the time of tens of additions. Elements of cyclic arrays have one each, and so do rings (`(i + 1) % n`) and rows
// and columns of a flat index. J. Sheldon, W. Lee, B. Greenwald, S. Amarasinghe, Strength reduction of integer division and modulo
// operations, LCPC 2001.
//
// It is right as long as what is divided is never negative and does not wrap: the range of the counter and the conditions around say so, or a check of an index in each
// round. A divisor may have any sign, and may be 0: what divides by it faults before. Constants are left to the engine, which multiplies.
import { isRuntime } from '../../vm/abi.ts';
import { type Ranges, rangeHere, withCondition } from '../condition-ranges.ts';
import {
  countedAtBottom,
  type Defs,
  defsOf,
  i64Range,
  inductionsOf,
  intOf,
  type Linear,
  linearOf,
  opOf,
  type Range,
} from '../facts.ts';
import type { Body, Func, Inst, LoopInst, OpInst, OpName, Terminator, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import {
  bodiesOf,
  definedIn,
  type Edit,
  editOf,
  hasLoop,
  madeBy,
  nextsOf,
  resolver,
  substitute,
  withBodies,
} from '../tree.ts';

const by = 'modulo';

/** Pairs that a loop carries: more would not stay in registers. */
const maxPairs = 4;

/** What is divided, and steps, stay below: far from where sums wrap. */
const maxStart = 1n << 62n;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  /** What results of divisions are now. */
  readonly values: Map<Value, Value>;
  /** What the conditions say that are around the loop that is looked at. */
  ranges: Ranges;
}

const rangeIn = (s: State, v: Value): Range => rangeHere(s.defs, s.ranges, v);

export const modulo = (f: Func, context: PassContext): Func => {
  if (isRuntime(f.name)) return f;
  const s: State = { context, edit: editOf(f), defs: defsOf(f), values: new Map(), ranges: new Map() };
  const body = shared(s, inBody(s, f.body));
  if (body === f.body) return f;
  return { ...f, types: s.edit.types, body: substitute(body, resolver(s.values)) };
};

const inBody = (s: State, body: Body): Body => {
  let changed = false;
  const insts = body.insts.flatMap((inst): readonly Inst[] => {
    if (inst.kind === 'op') return [inst];
    const now =
      inst.kind === 'loop' && !hasLoop(inst.body) ? carried(s, inst) : [withBodies(inst, (b) => inArm(s, inst, b))];
    changed ||= now.length !== 1 || now[0] !== inst;
    return now;
  });
  return changed ? { insts, end: body.end } : body;
};

const inArm = (s: State, inst: Inst, body: Body): Body => {
  const before = s.ranges;
  if (inst.kind === 'if') s.ranges = withCondition(s.defs, before, inst.condition, body === inst.then);
  const now = inBody(s, body);
  s.ranges = before;
  return now;
};

const divisions: ReadonlySet<OpName> = new Set<OpName>(['div_u', 'div_s', 'rem_u', 'rem_s']);

const divisionOf = (inst: Inst): { readonly inst: OpInst; readonly x: Value; readonly d: Value } | undefined => {
  if (inst.kind !== 'op' || inst.suffix !== 'i64' || !divisions.has(inst.op)) return undefined;
  const [x, d] = inst.args;
  return x === undefined || d === undefined ? undefined : { inst, x, d };
};

const isSigned = (inst: OpInst): boolean => inst.op === 'div_s' || inst.op === 'rem_s';
const isQuotient = (inst: OpInst): boolean => inst.op === 'div_s' || inst.op === 'div_u';

// ---- loops ------------------------------------------------------------------------------------------------------

/** A parameter that each round adds the same to. */
interface Counter {
  readonly param: Value;
  readonly init: Value;
  readonly step: bigint | Value;
}

interface Pair {
  readonly counter: Counter;
  /** What is added to the counter, the counter itself left out. */
  readonly rest: Linear;
  readonly divisor: Value;
  /** The divisor may be negative. */
  readonly anySign: boolean;
  readonly ops: OpInst[];
}

const carried = (s: State, loop: LoopInst): readonly Inst[] => {
  const found = pairsOf(s, loop).slice(0, maxPairs);
  const pairs = found.filter(() => s.context.allow());
  if (pairs.length === 0) return [loop];
  const before: Inst[] = [];
  const inside: Inst[] = [];
  const made = pairs.map((p) => started(s, loop, p, before, inside));
  const gone = new Set<Inst>(pairs.flatMap((p) => p.ops));
  return [
    ...before,
    {
      ...loop,
      params: [...loop.params, ...made.flatMap((m) => m.params)],
      inits: [...loop.inits, ...made.flatMap((m) => m.inits)],
      body: advanced(s, loop, { insts: [...inside, ...loop.body.insts], end: loop.body.end }, gone, made),
    },
  ];
};

const pairsOf = (s: State, loop: LoopInst): readonly Pair[] => {
  const counters = countersOf(s, loop);
  if (counters.length === 0) return [];
  const inner = definedIn(loop.body, new Set(loop.params));
  const pairs = new Map<string, Pair>();
  const checked = new Set<Value>();
  const visit = (body: Body, isTop: boolean): void => {
    for (const inst of body.insts) {
      // Checks that each round makes: the way on to the next round is behind all that the loop's own body has.
      if (isTop && inst.kind === 'op' && inst.op === 'check.index' && inst.args[0] !== undefined)
        checked.add(inst.args[0]);
      for (const b of bodiesOf(inst)) visit(b, false);
      const division = divisionOf(inst);
      if (!division || inner.has(division.d) || !inner.has(division.x)) continue;
      if (intOf(s.defs, division.d) !== undefined) continue;
      const form = linearOf(s.defs, division.x, (w) => !inner.has(w) || loop.params.includes(w));
      const varying = [...form.terms].filter(([w]) => inner.has(w));
      const [of] = varying;
      const counter = counters.find((c) => c.param === of?.[0]);
      if (!counter || varying.length !== 1 || of?.[1] !== 1n) continue;
      const rest = { constant: form.constant, terms: new Map([...form.terms].filter(([w]) => !inner.has(w))) };
      if (!checked.has(division.x) && !staysNatural(s, loop, counter, rest)) continue;
      const anySign = isSigned(division.inst) && rangeIn(s, division.d).lo < 0n;
      const terms = [...rest.terms].sort((a, b) => a[0] - b[0]).map(([w, c]) => `${w}*${c}`);
      const key = `${counter.param} ${rest.constant} ${terms.join(' ')} / ${division.d} ${anySign}`;
      const known = pairs.get(key);
      if (known) known.ops.push(division.inst);
      else pairs.set(key, { counter, rest, divisor: division.d, anySign, ops: [division.inst] });
    }
  };
  visit(loop.body, true);
  return [...pairs.values()];
};

/** Counters that go up, of a loop that goes on in one place, at the end of its body. */
const countersOf = (s: State, loop: LoopInst): readonly Counter[] => {
  const nexts = nextsOf(loop.body, loop.label);
  const [next] = nexts;
  const last = loop.body.insts.at(-1);
  const atEnd = loop.body.end === next || (last !== undefined && bodiesOf(last).some((b) => b.end === next));
  if (nexts.length !== 1 || !next || !atEnd) return [];
  const inner = definedIn(loop.body, new Set(loop.params));
  const constant = inductionsOf(s.defs, loop);
  return loop.params.flatMap((param, index): readonly Counter[] => {
    const init = loop.inits[index];
    if (init === undefined || s.edit.types[param] !== 'i64') return [];
    const known = constant.find((i) => i.param === param);
    if (known) return known.step > 0n && known.step < maxStart ? [{ param, init, step: known.step }] : [];
    const sum = opOf(s.defs, next.args[index] ?? -1);
    const [a, b] = sum?.op === 'add' ? sum.args : [];
    const step = a === param ? b : b === param ? a : undefined;
    if (step === undefined || inner.has(step)) return [];
    const range = rangeIn(s, step);
    return range.lo >= 0n && range.hi <= maxStart ? [{ param, init, step }] : [];
  });
};

/** The counter and what is added to it is in [0, 2^63) in each round, and does not wrap. */
const staysNatural = (s: State, loop: LoopInst, counter: Counter, rest: Linear): boolean => {
  const found = countedAtBottom(s.defs, loop);
  if (!found?.signed || found.induction.param !== counter.param) return false;
  const { op, bound } = found;
  const { step } = counter;
  if (typeof step !== 'bigint') return false;
  if (op !== 'lt' && op !== 'le' && !(op === 'ne' && step === 1n)) return false;
  const first = rangeIn(s, counter.init);
  if (first.lo < 0n || first.hi > maxStart) return false;
  // With `!=` a counter that began behind its bound would go on and on.
  if (op === 'ne' && rangeIn(s, bound).lo < first.hi) return false;
  const last = rangeIn(s, bound).hi - (op === 'le' ? 0n : 1n);
  // The counter itself must not come to what is negative, which is less than any bound.
  if (last + step > i64Range.hi) return false;
  let lo = first.lo + rest.constant;
  let hi = (first.hi > last ? first.hi : last) + rest.constant;
  for (const [w, c] of rest.terms) {
    if (c < 1n) return false;
    const range = rangeIn(s, w);
    lo += c * range.lo;
    hi += c * range.hi;
  }
  return lo >= 0n && hi <= i64Range.hi;
};

interface Made {
  readonly params: readonly Value[];
  readonly inits: readonly Value[];
  /** What the next round begins with. */
  readonly next: (into: Inst[]) => readonly Value[];
}

/** Code before the loop, and what a pair is in it. */
const started = (s: State, loop: LoopInst, p: Pair, before: Inst[], inside: Inst[]): Made => {
  const maker =
    (into: Inst[]) =>
    (op: OpName, args: readonly Value[], suffix = 'i64', type: 'i64' | 'i32' = 'i64', imms: readonly bigint[] = []) => {
      const result = s.edit.value(type);
      into.push(madeBy(by, loop, { op, suffix, args, imms, results: [result] }));
      return result;
    };
  const make = maker(before);
  const i64 = (n: bigint): Value => make('const', [], 'i64', 'i64', [n]);
  let d = p.divisor;
  const negative = p.anySign ? make('lt_s', [d, i64(0n)], 'i64', 'i32') : undefined;
  if (negative !== undefined) d = make('select', [negative, make('sub', [i64(0n), d]), d]);
  if (rangeIn(s, p.divisor).lo < 1n) d = make('select', [make('eqz', [d], 'i64', 'i32'), i64(1n), d]);
  const divided = (x: Value): readonly [Value, Value] => {
    const q = make('div_u', [x, d]);
    return [q, make('sub', [x, make('mul', [q, d])])];
  };
  let x = p.counter.init;
  for (const [w, c] of p.rest.terms) x = make('add', [x, c === 1n ? w : make('mul', [w, i64(c)])]);
  if (p.rest.constant !== 0n) x = make('add', [x, i64(p.rest.constant)]);
  const [q0, r0] = divided(x);
  const [q, r] = [s.edit.value('i64'), s.edit.value('i64')];
  const quotients = p.ops.filter(isQuotient);
  const quotient = (): Value => {
    if (negative === undefined) return q;
    const m = maker(inside);
    return m('select', [negative, m('sub', [m('const', [], 'i64', 'i64', [0n]), q]), q]);
  };
  const shown = quotients.length > 0 ? quotient() : q;
  const whole = p.counter.step === p.divisor && !p.anySign;
  for (const op of p.ops)
    for (const result of op.results) s.values.set(result, isQuotient(op) ? shown : whole ? r0 : r);
  // A step of one divisor: the remainder stays what it is.
  if (whole) {
    if (quotients.length === 0) return { params: [], inits: [], next: () => [] };
    return {
      params: [q],
      inits: [q0],
      next: (into) => {
        const m = maker(into);
        return [m('add', [q, m('const', [], 'i64', 'i64', [1n])])];
      },
    };
  }
  const [sq, sr] = divided(typeof p.counter.step === 'bigint' ? i64(p.counter.step) : p.counter.step);
  const next = (into: Inst[]): readonly Value[] => {
    const m = maker(into);
    const sum = m('add', [r, sr]);
    const over = m('ge_u', [sum, d], 'i64', 'i32');
    const remainder = m('select', [over, m('sub', [sum, d]), sum]);
    if (quotients.length === 0) return [remainder];
    return [remainder, m('add', [m('add', [q, sq]), m('extend_u', [over], '')])];
  };
  return quotients.length > 0 ? { params: [r, q], inits: [r0, q0], next } : { params: [r], inits: [r0], next };
};

const advanced = (s: State, loop: LoopInst, body: Body, gone: ReadonlySet<Inst>, made: readonly Made[]): Body => {
  const insts = body.insts
    .filter((i) => !gone.has(i))
    .map((i) => withBodies(i, (b) => advanced(s, loop, b, gone, made)));
  const { end } = body;
  if (end.kind !== 'next' || end.label !== loop.label) return { insts, end };
  const more = made.flatMap((m) => m.next(insts));
  const onward: Terminator = { ...end, args: [...end.args, ...more] };
  return { insts, end: onward };
};

// ---- one division for both --------------------------------------------------------------------------------------

/** A remainder beside the quotient of the same two values: what the quotient leaves. */
const shared = (s: State, body: Body): Body => {
  const keyOf = (inst: OpInst): string => `${isSigned(inst)} ${inst.args.join(' ')}`;
  const quotients = new Set<string>();
  const known = new Map<string, Value>();
  for (const inst of body.insts) {
    const division = divisionOf(inst);
    if (division && isQuotient(division.inst)) quotients.add(keyOf(division.inst));
  }
  let changed = false;
  const insts = body.insts.flatMap((inst): readonly Inst[] => {
    const division = divisionOf(inst);
    if (!division || intOf(s.defs, division.d) !== undefined) {
      const now = withBodies(inst, (b) => shared(s, b));
      changed ||= now !== inst;
      return [now];
    }
    const key = keyOf(division.inst);
    const before = known.get(key);
    const [result] = division.inst.results;
    if (result === undefined) return [inst];
    if (isQuotient(division.inst)) {
      if (before === undefined) known.set(key, result);
      return [inst];
    }
    if (!quotients.has(key) || !s.context.allow()) return [inst];
    changed = true;
    const made: Inst[] = [];
    const make = (op: OpName, args: readonly Value[], to = s.edit.value('i64')): Value => {
      made.push(madeBy(by, inst, { op, suffix: 'i64', args, imms: [], results: [to] }));
      return to;
    };
    const q = before ?? make(isSigned(division.inst) ? 'div_s' : 'div_u', division.inst.args);
    known.set(key, q);
    make('sub', [division.x, make('mul', [q, division.d])], result);
    return made;
  });
  return changed ? { insts, end: body.end } : body;
};
