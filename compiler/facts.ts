// Facts about values that several passes ask for: who defines them, constants, ranges, linear forms, counted loops.

import { evalPure } from './arith.ts';
import { Definitions } from './definitions.ts';
import type { Body, Func, IfInst, Inst, LoopInst, OpInst, OpName, Value } from './ir.ts';
import { argsOf, bodiesOf, breaksTo, definedIn, forEachInst, nextsOf, operandsOf } from './tree.ts';

// ---- definitions ------------------------------------------------------------------------------------------------

/** Where values are defined; the function's own parameters are not in it. */
export type Defs = Pick<Definitions, 'get' | 'op'>;

const definitions = new WeakMap<Body, Definitions>();

const allOf = (f: Func): Definitions => {
  const known = definitions.get(f.body);
  if (known) return known;
  const defs = Definitions.ofSize(f.types.length);
  defs.addAll(f.body);
  definitions.set(f.body, defs);
  return defs;
};

/** Found once for as long as a body stays as it is. */
export const defsOf = (f: Func): Defs => allOf(f);

/** A table of one's own, to add to. */
export const ownDefsOf = (f: Func): Definitions => allOf(f).copy();

export const opOf = (defs: Defs, v: Value): OpInst | undefined => defs.op(v);

/** The value of a constant, as evalPure gives it. */
export const constantOf = (defs: Defs, v: Value): bigint | number | undefined => {
  const op = opOf(defs, v);
  return op && (op.op === 'const' || op.op === 'fconst') ? evalPure(op.op, op.suffix, [], op.imms) : undefined;
};

export const intOf = (defs: Defs, v: Value | undefined): bigint | undefined => {
  const c = v === undefined ? undefined : constantOf(defs, v);
  return typeof c === 'bigint' ? c : undefined;
};

const counted = new WeakMap<Body, ReadonlyMap<Value, number>>();

/** How often each value is read. */
export const countUses = (body: Body): ReadonlyMap<Value, number> => {
  const known = counted.get(body);
  if (known) return known;
  const uses = new Map<Value, number>();
  const add = (list: readonly Value[]): void => {
    for (const v of list) uses.set(v, (uses.get(v) ?? 0) + 1);
  };
  const walk = (b: Body): void => {
    for (const inst of b.insts) {
      add(operandsOf(inst));
      for (const inner of bodiesOf(inst)) walk(inner);
    }
    add(argsOf(b.end));
  };
  walk(body);
  counted.set(body, uses);
  return uses;
};

// ---- ranges -----------------------------------------------------------------------------------------------------

export interface Range {
  readonly lo: bigint;
  readonly hi: bigint;
}

const compares = new Set<OpName>([
  'eqz',
  'eq',
  'ne',
  'lt_s',
  'lt_u',
  'le_s',
  'le_u',
  'gt_s',
  'gt_u',
  'ge_s',
  'ge_u',
  'lt',
  'le',
  'gt',
  'ge',
]);

export const isCompare = (op: OpName): boolean => compares.has(op);

/** Extents fit the memory: checked where arrays are laid out. */
export const maxExtent = 1n << 32n;

const fullRange = (width: number): Range => ({ lo: -(1n << BigInt(width - 1)), hi: (1n << BigInt(width - 1)) - 1n });
export const i64Range = fullRange(64);
export const i32Range = fullRange(32);

const hull = (a: Range, b: Range): Range => ({ lo: a.lo < b.lo ? a.lo : b.lo, hi: a.hi > b.hi ? a.hi : b.hi });
const inside = (a: Range, b: Range): boolean => a.lo >= b.lo && a.hi <= b.hi;

/** Bounds (signed) of an integer value that follow from the ops that make it, wherever it is used. */
export const rangeOf = (defs: Defs, v: Value, depth = 6): Range => {
  const inst = opOf(defs, v);
  if (depth === 0) return i64Range;
  if (!inst) return chosenRange(defs, v, depth);
  const width = inst.suffix === 'i32' ? i32Range : i64Range;
  const arg = (i: number): Range => rangeOf(defs, inst.args[i] ?? -1, depth - 1);
  const keep = (r: Range): Range => (inside(r, width) ? r : width);
  if (isCompare(inst.op)) return { lo: 0n, hi: 1n };
  switch (inst.op) {
    case 'const': {
      const c = intOf(defs, v);
      return c === undefined ? width : { lo: c, hi: c };
    }
    case 'add': {
      const [a, b] = [arg(0), arg(1)];
      return keep({ lo: a.lo + b.lo, hi: a.hi + b.hi });
    }
    case 'sub': {
      const [a, b] = [arg(0), arg(1)];
      return keep({ lo: a.lo - b.hi, hi: a.hi - b.lo });
    }
    case 'mul': {
      const [a, b] = [arg(0), arg(1)];
      const ends = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
      return keep(ends.map((n) => ({ lo: n, hi: n })).reduce(hull));
    }
    case 'and': {
      const [a, b] = [arg(0), arg(1)];
      if (a.lo >= 0n && b.lo >= 0n) return { lo: 0n, hi: a.hi < b.hi ? a.hi : b.hi };
      if (b.lo >= 0n) return { lo: 0n, hi: b.hi };
      return a.lo >= 0n ? { lo: 0n, hi: a.hi } : width;
    }
    case 'or':
    case 'xor': {
      const [a, b] = [arg(0), arg(1)];
      if (a.lo < 0n || b.lo < 0n) return width;
      const top = a.hi > b.hi ? a.hi : b.hi;
      return { lo: 0n, hi: (1n << BigInt(top.toString(2).length)) - 1n };
    }
    case 'shr_u':
    case 'shr_s': {
      const by = intOf(defs, inst.args[1]);
      const a = arg(0);
      if (by === undefined) return width;
      const count = by & (inst.suffix === 'i32' ? 31n : 63n);
      if (inst.op === 'shr_u' && a.lo < 0n) {
        return count === 0n ? width : { lo: 0n, hi: (width.hi - width.lo) >> count };
      }
      return { lo: a.lo >> count, hi: a.hi >> count };
    }
    case 'rem_u':
    case 'rem_s': {
      const [a, b] = [arg(0), arg(1)];
      if (b.lo <= 0n) return width;
      if (inst.op === 'rem_u' || a.lo >= 0n) return { lo: 0n, hi: b.hi - 1n };
      return { lo: -(b.hi - 1n), hi: b.hi - 1n };
    }
    case 'div_s':
    case 'div_u': {
      const [a, b] = [arg(0), arg(1)];
      return a.lo >= 0n && b.lo > 0n ? { lo: 0n, hi: a.hi / b.lo } : width;
    }
    case 'clz':
    case 'ctz':
    case 'popcnt':
      return { lo: 0n, hi: 64n };
    case 'select':
      return inst.suffix === 'i32' || inst.suffix === 'i64' ? hull(arg(1), arg(2)) : width;
    case 'wrap': {
      const a = arg(0);
      return inside(a, i32Range) ? a : i32Range;
    }
    case 'extend_s': {
      const a = arg(0);
      return inside(a, i32Range) ? a : i32Range;
    }
    case 'extend_u': {
      const a = arg(0);
      return a.lo >= 0n && a.hi < maxExtent ? a : { lo: 0n, hi: maxExtent - 1n };
    }
    case 'extend8_s':
      return fullRange(8);
    case 'extend16_s':
      return fullRange(16);
    case 'load':
    case 'let':
      return memRange(inst.suffix);
    case 'this_image':
    case 'worker.image':
      return { lo: 0n, hi: 65535n };
    case 'image_of':
      // Of a forged pointer into the kernel's slot: -1.
      return { lo: -1n, hi: 65535n };
    case 'num_images':
      return { lo: 1n, hi: 65536n };
    case 'shared.extent':
    case 'shared.lo':
    case 'shared.hi':
    case 'shared.local_extent':
    case 'dynamic.extent':
      // Descriptors of named arrays lie where no program can write; those that handles refer to do not.
      return { lo: 0n, hi: maxExtent - 1n };
    case 'shared.images':
      return { lo: 1n, hi: 65536n };
    default:
      return inst.suffix === 'i32' || inst.suffix.startsWith('i32.') ? i32Range : i64Range;
  }
};

/** Parameters and results of control flow that are looked through for a range, one within the other. */
const deepestChoice = 3;
/** Of more values than this it is not asked, as each may be one of so many again. */
const mostGiven = 8;

/** What one of several values is: a loop's parameter begins as one, and goes on as others; what an `if` gives, or a loop, is what it is left with. */
const chosenRange = (defs: Defs, v: Value, depth: number): Range => {
  const def = defs.get(v);
  if (depth <= deepestChoice || def === undefined || def.kind === 'op') return i64Range;
  const given: readonly (Value | undefined)[] =
    def.kind === 'param'
      ? [def.loop.inits[def.index], ...givenTo(def.loop, 'next').map((args) => args[def.index])]
      : givenTo(def.inst, 'break').map((args) => args[def.index]);
  if (given.length > mostGiven) return i64Range;
  let all: Range | undefined;
  for (const x of given) {
    if (x === v) continue;
    const r = x === undefined ? i64Range : rangeOf(defs, x, depth - 1);
    all = all ? hull(all, r) : r;
    if (inside(i64Range, all)) break;
  }
  return all ?? i64Range;
};

type Given = readonly (readonly Value[])[];
const given = { next: new WeakMap<Inst, Given>(), break: new WeakMap<Inst, Given>() };

/** What the ends of this kind give to an instruction's label. */
const givenTo = (inst: Exclude<Inst, OpInst>, kind: 'next' | 'break'): Given => {
  const known = given[kind].get(inst);
  if (known) return known;
  const found: Given = bodiesOf(inst).flatMap((b): Given => {
    const ends = kind === 'next' ? nextsOf(b, inst.label) : breaksTo(b, inst.label);
    return ends.map((e) => e.args);
  });
  given[kind].set(inst, found);
  return found;
};

const memRange = (suffix: string): Range => {
  switch (suffix) {
    case 'i8':
      return fullRange(8);
    case 'i16':
      return fullRange(16);
    case 'u8':
      return { lo: 0n, hi: 255n };
    case 'u16':
      return { lo: 0n, hi: 65535n };
    case 'i32':
      return i32Range;
    default:
      return i64Range;
  }
};

/** An i32 that is 0 or 1. */
export const isBool = (defs: Defs, v: Value): boolean => {
  const r = rangeOf(defs, v);
  return r.lo >= 0n && r.hi <= 1n;
};

// ---- linear forms -----------------------------------------------------------------------------------------------

/** constant + Σ coefficient · value, modulo 2^64 (which is exact for addresses: they are taken modulo 2^32). */
export interface Linear {
  readonly constant: bigint;
  readonly terms: ReadonlyMap<Value, bigint>;
}

const wrap64 = (n: bigint): bigint => BigInt.asIntN(64, n);

export const addLinear = (a: Linear, b: Linear, scale = 1n): Linear => {
  const terms = new Map(a.terms);
  for (const [v, c] of b.terms) {
    const sum = wrap64((terms.get(v) ?? 0n) + c * scale);
    if (sum === 0n) terms.delete(v);
    else terms.set(v, sum);
  }
  return { constant: wrap64(a.constant + b.constant * scale), terms };
};

export const scaleLinear = (a: Linear, by: bigint): Linear => addLinear({ constant: 0n, terms: new Map() }, a, by);

/** An i64 as a linear form over values that `stop` accepts or that are no sums or multiples. */
export const linearOf = (defs: Defs, v: Value, stop: (v: Value) => boolean, depth = 12): Linear => {
  const leaf: Linear = { constant: 0n, terms: new Map([[v, 1n]]) };
  const inst = opOf(defs, v);
  if (inst?.suffix !== 'i64' || depth === 0) return leaf;
  const [a, b] = inst.args;
  const c = inst.op === 'const' ? intOf(defs, v) : undefined;
  if (c !== undefined) return { constant: c, terms: new Map() };
  if (stop(v) || a === undefined || b === undefined) return leaf;
  const of = (x: Value): Linear => linearOf(defs, x, stop, depth - 1);
  switch (inst.op) {
    case 'add':
      return addLinear(of(a), of(b));
    case 'sub':
      return addLinear(of(a), of(b), -1n);
    case 'mul': {
      const by = intOf(defs, b);
      if (by !== undefined) return scaleLinear(of(a), by);
      const other = intOf(defs, a);
      return other === undefined ? leaf : scaleLinear(of(b), other);
    }
    case 'shl': {
      const by = intOf(defs, b);
      return by === undefined ? leaf : scaleLinear(of(a), 1n << (by & 63n));
    }
    default:
      return leaf;
  }
};

// ---- counted loops ----------------------------------------------------------------------------------------------

/** A parameter that every iteration increases by the same constant. */
export interface Induction {
  readonly index: number;
  readonly param: Value;
  readonly init: Value;
  readonly step: bigint;
}

/** Parameters of the loop with a constant step: each `next` gives param + step. */
export const inductionsOf = (defs: Defs, loop: LoopInst): readonly Induction[] => {
  const nexts = nextsOf(loop.body, loop.label);
  if (nexts.length === 0) return [];
  return loop.params.flatMap((param, index) => {
    let step: bigint | undefined;
    for (const next of nexts) {
      const by = stepFrom(defs, param, next.args[index] ?? -1);
      if (by === undefined || by === 0n || (step !== undefined && by !== step)) return [];
      step = by;
    }
    const init = loop.inits[index];
    return step === undefined || init === undefined ? [] : [{ index, param, init, step }];
  });
};

const stepFrom = (defs: Defs, param: Value, next: Value): bigint | undefined => {
  const inst = opOf(defs, next);
  if (!inst || (inst.suffix !== 'i64' && inst.suffix !== 'i32')) return undefined;
  const [a, b] = inst.args;
  if (inst.op === 'add' && a === param) return intOf(defs, b);
  if (inst.op === 'add' && b === param) return intOf(defs, a);
  const c = intOf(defs, b);
  return inst.op === 'sub' && a === param && c !== undefined ? -c : undefined;
};

export type Comparison = 'lt' | 'le' | 'gt' | 'ge' | 'ne' | 'eq';

/** `left OP right` is what a condition says when it holds. */
export interface Relation {
  readonly left: Value;
  readonly op: Comparison;
  readonly right: Value;
  readonly signed: boolean;
  readonly suffix: string;
}

const comparisons: Partial<Record<OpName, { op: Comparison; signed: boolean }>> = {
  lt_s: { op: 'lt', signed: true },
  le_s: { op: 'le', signed: true },
  gt_s: { op: 'gt', signed: true },
  ge_s: { op: 'ge', signed: true },
  lt_u: { op: 'lt', signed: false },
  le_u: { op: 'le', signed: false },
  gt_u: { op: 'gt', signed: false },
  ge_u: { op: 'ge', signed: false },
  eq: { op: 'eq', signed: true },
  ne: { op: 'ne', signed: true },
};

const negated: Record<Comparison, Comparison> = { lt: 'ge', le: 'gt', gt: 'le', ge: 'lt', ne: 'eq', eq: 'ne' };
export const swapped: Record<Comparison, Comparison> = { lt: 'gt', le: 'ge', gt: 'lt', ge: 'le', ne: 'ne', eq: 'eq' };

/** One comparison, or its negation: `relationsOf` says all of it. Of other conditions it says what they imply. */
export const justOne = (defs: Defs, condition: Value): boolean => {
  const inst = opOf(defs, condition);
  if (inst?.op === 'eqz') return justOne(defs, inst.args[0] ?? -1);
  return inst !== undefined && isCompare(inst.op);
};

/** The relations between integers that hold when `condition` is true (or, with `holds` false, when it is zero). */
export const relationsOf = (defs: Defs, condition: Value, holds: boolean, depth = 8): readonly Relation[] => {
  const inst = opOf(defs, condition);
  if (!inst || depth === 0) return [];
  const [a, b] = inst.args;
  if (inst.op === 'eqz' && inst.suffix === 'i32' && a !== undefined) {
    return relationsOf(defs, a, !holds, depth - 1);
  }
  if (a === undefined || b === undefined) return [];
  const isAnd = inst.op === 'and' && holds;
  const isOr = inst.op === 'or' && !holds;
  // Of bits that are joined: if any is left each number has some, and if none is neither has.
  if (isAnd || isOr) {
    return [...relationsOf(defs, a, holds, depth - 1), ...relationsOf(defs, b, holds, depth - 1)];
  }
  const c = comparisons[inst.op];
  if (!c || (inst.suffix !== 'i64' && inst.suffix !== 'i32')) return [];
  return [{ left: a, op: holds ? c.op : negated[c.op], right: b, signed: c.signed, suffix: inst.suffix }];
};

/** A part of a condition: it is to be true (or, without `holds`, zero). */
export interface Term {
  readonly value: Value;
  readonly holds: boolean;
}

/** A condition that holds when all of its terms do (`all`), or when at least one does. One term alone is `all`. */
export interface Terms {
  readonly all: boolean;
  readonly terms: readonly Term[];
}

/** The terms of a tree of `and`s, or of one of `or`s; what is negated as a whole is negated term by term (De Morgan). */
export const termsOf = (defs: Defs, condition: Value): Terms => {
  const split = (v: Value, holds: boolean): Terms => {
    const inst = opOf(defs, v);
    const [a, b] = inst?.suffix === 'i32' ? inst.args : [];
    // Of other numbers than 0 and 1 the bits would be joined.
    if (inst?.op === 'eqz' && a !== undefined && isBool(defs, a)) return split(a, !holds);
    const joins = inst?.op === 'and' || inst?.op === 'or';
    if (!joins || a === undefined || b === undefined || !isBool(defs, a) || !isBool(defs, b))
      return { all: true, terms: [{ value: v, holds }] };
    const all = (inst.op === 'and') === holds;
    const terms = [a, b].flatMap((x) => {
      const of = split(x, holds);
      return of.terms.length === 1 || of.all === all ? of.terms : [{ value: x, holds }];
    });
    return { all, terms };
  };
  return split(condition, true);
};

/** A loop that goes on while `induction OP bound`, tested before anything else that can be seen. */
export interface Counted {
  readonly induction: Induction;
  /** Position in the loop's body of the `if` that tests. */
  readonly at: number;
  readonly test: IfInst;
  /** The loop goes on when the condition is this. */
  readonly goesOn: boolean;
  readonly op: Comparison;
  readonly signed: boolean;
  /** Defined outside the loop. */
  readonly bound: Value;
  /** The test is the only way out of the loop. */
  readonly only: boolean;
}

/** An arm that does nothing but leave the loop. */
const justBreaks = (b: Body, label: string): boolean =>
  b.insts.length === 0 && b.end.kind === 'break' && b.end.label === label;

/** Recognises a counted loop with its test at the top. `inner`: values defined in the loop. */
export const countedOf = (
  defs: Defs,
  loop: LoopInst,
  inner: ReadonlySet<Value> = definedIn(loop.body),
): Counted | undefined => {
  const inductions = inductionsOf(defs, loop);
  if (inductions.length === 0) return undefined;
  for (const [at, inst] of loop.body.insts.entries()) {
    if (inst.kind === 'op') continue;
    if (inst.kind !== 'if') return undefined;
    const goesOn = justBreaks(inst.else, loop.label);
    if (!goesOn && !justBreaks(inst.then, loop.label)) return undefined;
    for (const r of relationsOf(defs, inst.condition, goesOn)) {
      for (const [v, op, bound] of [
        [r.left, r.op, r.right],
        [r.right, swapped[r.op], r.left],
      ] as const) {
        const induction = inductions.find((i) => i.param === v);
        if (!induction || inner.has(bound) || loop.params.includes(bound)) continue;
        // A conjunction stops earlier than one of its relations says.
        const alone = opOf(defs, inst.condition)?.op !== 'and' && opOf(defs, inst.condition)?.op !== 'or';
        const only = alone && breaksTo(loop.body, loop.label).length === 1 && !leavesElsewhere(loop);
        return { induction, at, test: inst, goesOn, op, signed: r.signed, bound, only };
      }
    }
    return undefined;
  }
  return undefined;
};

/** A loop that goes on while the next value of `induction`, and `offset` more, `OP bound`. */
export interface CountedAtBottom {
  readonly induction: Induction;
  readonly op: Comparison;
  readonly signed: boolean;
  readonly bound: Value;
  readonly offset: bigint;
}

/** The same for a loop that tests, as its last instruction, the next value of the counter. */
export const countedAtBottom = (defs: Defs, loop: LoopInst): CountedAtBottom | undefined => {
  const found = testedAtBottom(defs, loop);
  return found?.offset === 0n ? found : undefined;
};

/** The same where what is tested may be some more than the next value, as in `while i + 2 < n { … i += 3; }`; the sum may wrap. */
export const testedAtBottom = (defs: Defs, loop: LoopInst): CountedAtBottom | undefined => {
  const test = loop.body.insts.at(-1);
  if (test?.kind !== 'if' || loop.body.end.kind !== 'unreachable') return undefined;
  const [yes, no] = [test.then.end, test.else.end];
  const goesOn = yes.kind === 'next' && yes.label === loop.label;
  const next = goesOn ? yes : no;
  const leave = goesOn ? test.else : test.then;
  if (next.kind !== 'next' || next.label !== loop.label || !justBreaks(leave, loop.label)) return undefined;
  if (nextsOf(loop.body, loop.label).length !== 1) return undefined;
  const inner = definedIn(loop.body, new Set(loop.params));
  const inductions = inductionsOf(defs, loop);
  for (const r of relationsOf(defs, test.condition, goesOn)) {
    for (const [v, op, bound] of [
      [r.left, r.op, r.right],
      [r.right, swapped[r.op], r.left],
    ] as const) {
      if (inner.has(bound)) continue;
      const induction = inductions.find((i) => next.args[i.index] === v);
      if (induction) return { induction, op, signed: r.signed, bound, offset: 0n };
      const sum = linearOf(defs, v, (x) => loop.params.includes(x));
      const [[param, one] = []] = sum.terms;
      const more = sum.terms.size === 1 && one === 1n ? inductions.find((i) => i.param === param) : undefined;
      if (more) return { induction: more, op, signed: r.signed, bound, offset: sum.constant - more.step };
    }
  }
  return undefined;
};

const leavesElsewhere = (loop: LoopInst): boolean => {
  const own = new Set([loop.label]);
  forEachInst(loop.body, (i) => {
    if (i.kind !== 'op') own.add(i.label);
  });
  let out = false;
  const walk = (b: Body): void => {
    for (const i of b.insts) for (const inner of bodiesOf(i)) walk(inner);
    const { end } = b;
    if (end.kind === 'break' || end.kind === 'next') out ||= !own.has(end.label);
    else if (end.kind !== 'unreachable') out = true;
  };
  walk(loop.body);
  return out;
};

/** How often the body after the test runs, if that is a constant. */
export const tripCount = (defs: Defs, c: Counted): bigint | undefined => {
  const init = intOf(defs, c.induction.init);
  const bound = intOf(defs, c.bound);
  const { step } = c.induction;
  if (init === undefined || bound === undefined || !c.signed) return undefined;
  const distance = step > 0n ? bound - init : init - bound;
  const size = step > 0n ? step : -step;
  const up = step > 0n;
  if ((c.op === 'lt' && up) || (c.op === 'gt' && !up)) return distance <= 0n ? 0n : (distance + size - 1n) / size;
  if ((c.op === 'le' && up) || (c.op === 'ge' && !up)) return distance < 0n ? 0n : distance / size + 1n;
  if (c.op === 'ne' && distance >= 0n && distance % size === 0n) return distance / size;
  return undefined;
};
