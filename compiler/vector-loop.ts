// A loop as the vectoriser looks at it: one straight line of ops that a counter runs through, or the reason why it is none.
//
// The loop tests at its end (rotate), counts up by a constant, and leaves nowhere else. What small conditions compute becomes selects: both arms
// run, and the condition chooses (if-conversion: J. R. Allen, K. Kennedy, C. Porterfield, J. Warren, Conversion of control
// dependence to data dependence, POPL 1983). Writes under a condition stay there: a write that puts back
// what was there is one that other images can see. So do reads, which might not be allowed, unless all that they walk through was asked for.
import { bits, effectBits, isDivision } from './effects.ts';
import { countedAtBottom, countUses, type Defs, type Induction, inductionsOf, isBool, justOne } from './facts.ts';
import { inRange } from './guards.ts';
import type { BlockInst, Body, IfInst, LoopInst, OpInst, OpName, PosId, Terminator, Value } from './ir.ts';
import { definedIn, type Edit } from './tree.ts';

/** Why a loop stays as it is, in words for users, and the place that the reason is at. */
export interface Refusal {
  readonly why: string;
  readonly at: PosId;
}

export const refused = (why: string, at: PosId): Refusal => ({ why, at });
export const isRefusal = (x: object): x is Refusal => 'why' in x;

/** Counters go up by at most so much. */
const maxStep = 1n << 20n;

export interface Straight {
  readonly loop: LoopInst;
  readonly counter: Induction;
  readonly inductions: readonly Induction[];
  /** The loop goes on while the next value of the counter is less than (`inclusive`: at most) this. */
  readonly bound: Value;
  readonly inclusive: boolean;
  /** What every iteration does, in its order. */
  readonly ops: readonly OpInst[];
  readonly by: ReadonlyMap<Value, OpInst>;
  /** How often the ops and the ends of the loop read a value. */
  readonly uses: ReadonlyMap<Value, number>;
  readonly next: Terminator & { kind: 'next' };
  readonly leave: Terminator & { kind: 'break' };
  /** Values that change from iteration to iteration, or might. */
  readonly inner: ReadonlySet<Value>;
}

/** The loop as a straight line; conditions in it are made with new values. */
export const straightOf = (defs: Defs, loop: LoopInst, edit: Edit): Straight | Refusal => {
  const test = loop.body.insts.at(-1);
  const found = countedAtBottom(defs, loop);
  if (!found || test?.kind !== 'if' || test.results.length > 0 || !justOne(defs, test.condition))
    return refused('it is left by more than its counter', loop.pos);
  const { induction: counter, op, bound, signed } = found;
  if (!signed || counter.step < 1n || (op !== 'lt' && op !== 'le') || edit.types[counter.param] !== 'i64')
    return refused(
      edit.types[counter.param] === 'i64' ? 'its counter does not go up to a bound' : 'its counter is no `int`',
      loop.pos,
    );
  if (counter.step > maxStep) return refused('its steps are too long', loop.pos);
  const first = test.then.end.kind === 'next';
  const goesOn = first ? test.then : test.else;
  const leave = (first ? test.else : test.then).end;
  if (goesOn.end.kind !== 'next' || leave.kind !== 'break' || leave.label !== loop.label)
    return refused('it is left by more than its counter', loop.pos);
  const ops: OpInst[] = [];
  const flat: Flat = { defs, edit, into: ops, made: new Set() };
  const exits = flatten(flat, { insts: loop.body.insts.slice(0, -1), end: loop.body.end }, false);
  if ('why' in exits) return exits;
  // The arm that goes on ends elsewhere than its body would.
  const late = flatten(flat, { insts: goesOn.insts, end: loop.body.end }, true);
  if ('why' in late) return late;
  if (exits.length + late.length > 0) return refused('it is left by more than its counter', loop.pos);
  const by = new Map<Value, OpInst>();
  for (const inst of ops) for (const v of inst.results) by.set(v, inst);
  const inner = definedIn(loop.body, new Set([...loop.params, ...by.keys()]));
  const inductions = inductionsOf(defs, loop);
  const uses = countUses({ insts: ops, end: goesOn.end });
  const inclusive = op === 'le';
  return { loop, counter, inductions, bound, inclusive, ops, by, uses, next: goesOn.end, leave, inner };
};

/** A way out of a body: where to, with what, and when, if not always (as an i32 that is 0 or 1). */
interface Exit {
  readonly label: string;
  readonly args: readonly Value[];
  readonly when: Value | undefined;
}

interface Flat {
  readonly defs: Defs;
  readonly edit: Edit;
  readonly into: OpInst[];
  /** Conditions made here. */
  readonly made: Set<Value>;
}

const append = (
  s: Flat,
  op: OpName,
  suffix: string,
  args: readonly Value[],
  pos: PosId,
  imms: readonly bigint[] = [],
): Value => {
  const result = s.edit.value('i32');
  s.into.push({ kind: 'op', op, suffix, results: [result], args, imms, pos });
  s.made.add(result);
  return result;
};

/** A condition as 0 or 1. */
const boolOf = (s: Flat, v: Value, pos: PosId): Value =>
  s.made.has(v) || isBool(s.defs, v) ? v : append(s, 'ne', 'i32', [v, append(s, 'const', 'i32', [], pos, [0n])], pos);

const both = (s: Flat, a: Value | undefined, b: Value | undefined, pos: PosId): Value | undefined =>
  a === undefined ? b : b === undefined ? a : append(s, 'and', 'i32', [a, b], pos);

/** Appends what a body does, conditions as selects; gives the ways out of it, or the reason why that cannot be. */
const flatten = (s: Flat, body: Body, conditional: boolean): readonly Exit[] | Refusal => {
  const exits: Exit[] = [];
  let here: Value | undefined;
  for (const inst of body.insts) {
    const maybe = conditional || here !== undefined;
    if (inst.kind === 'op') {
      const bad = refusedOp(inst, maybe);
      if (bad) return bad;
      s.into.push(inst);
      continue;
    }
    if (inst.kind === 'loop') return refused('a loop in it', inst.pos);
    const inside = inst.kind === 'if' ? armsOf(s, inst) : flatten(s, inst.body, maybe);
    if ('why' in inside) return inside;
    const own = inside.filter((e) => e.label === inst.label);
    const away = inside.filter((e) => e.label !== inst.label);
    for (const e of away) exits.push({ ...e, when: both(s, here, e.when, inst.pos) });
    const last = own.at(-1);
    if (!last) return exits;
    merge(s, inst, own);
    if (away.length === 0) continue;
    const ways = own.map((e) => e.when);
    const on = ways.reduce((a, b) =>
      a === undefined || b === undefined ? undefined : append(s, 'or', 'i32', [a, b], inst.pos),
    );
    here = both(s, here, on, inst.pos);
  }
  const { end } = body;
  if (end.kind === 'fault' || end.kind === 'raise') return refused('it may end the program', end.pos);
  if (end.kind === 'unreachable') return exits;
  if (end.kind !== 'break') return refused('it is left by more than its counter', end.pos);
  return [...exits, { label: end.label, args: end.args, when: here }];
};

const armsOf = (s: Flat, inst: IfInst): readonly Exit[] | Refusal => {
  const [yes, no] = [flatten(s, inst.then, true), flatten(s, inst.else, true)];
  if ('why' in yes) return yes;
  if ('why' in no) return no;
  const holds = boolOf(s, inst.condition, inst.pos);
  const fails = append(s, 'eqz', 'i32', [holds], inst.pos);
  const under = (c: Value) => (e: Exit) => ({ ...e, when: both(s, c, e.when, inst.pos) });
  return [...yes.map(under(holds)), ...no.map(under(fails))];
};

/** The results of an `if` or block: those of the way that is taken. */
const merge = (s: Flat, inst: IfInst | BlockInst, own: readonly Exit[]): void => {
  for (const [k, result] of inst.results.entries()) {
    let value = own.at(-1)?.args[k] ?? -1;
    const suffix = s.edit.types[result] ?? 'i64';
    for (let e = own.length - 2; e >= 0; e--) {
      const [when = -1, other = -1] = [own[e]?.when, own[e]?.args[k]];
      // Ways with the same value are one.
      if (e > 0 && other === value) continue;
      const to = e === 0 ? result : s.edit.value(suffix);
      s.into.push({
        kind: 'op',
        op: 'select',
        suffix,
        results: [to],
        args: [when, other, value],
        imms: [],
        pos: inst.pos,
      });
      value = to;
    }
    // One way only: the value by another name.
    if (own.length === 1)
      s.into.push({
        kind: 'op',
        op: 'select',
        suffix,
        results: [result],
        args: [append(s, 'const', 'i32', [], inst.pos, [1n]), value, value],
        imms: [],
        pos: inst.pos,
      });
  }
};

const refusedOp = (inst: OpInst, conditional: boolean): Refusal | undefined => {
  const no = (why: string): Refusal => refused(why, inst.pos);
  const effects = effectBits(inst.op) & ~bits.place;
  if (inst.op === 'load')
    return conditional && !inst.guard?.startsWith(inRange) ? no('a read under a condition') : undefined;
  if (inst.op === 'store') return conditional ? no('a write under a condition') : undefined;
  // An index that walks with the counter is asked about once, before the loop (vector-plan.ts).
  if (effects === 0 || inst.op === 'check.index') return undefined;
  if (inst.op === 'call' || inst.op === 'call.value') return no('a call');
  if (inst.op.startsWith('guard.') || inst.op.startsWith('touch.')) return no('a guard in each iteration');
  if (isDivision(inst.op))
    return no(inst.by === 'lower-shared' ? 'a search for the owner of an element' : 'a division of integers');
  if (inst.op.startsWith('check.')) return no('a check in each iteration');
  if ((effects & bits.synchronises) !== 0) return no('it synchronises with other images');
  return no(`\`${inst.op}\`, which has to be done one after the other`);
};
