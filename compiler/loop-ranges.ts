// What accesses cover while their loop runs: bytes from a base, in values from outside the loop, and what must be asked before the loop for
// that to be true. guard-range asks for permission with it, disambiguate whether a store can hit what is loaded.
//
// An address is linear in the counters of the loops around it, down from the loop that is looked at (as in Gupta: Optimizing
// array bound checks using flow analysis, LOPLAS 1993), and in values from outside. Counters are replaced by their extremes, from
// the inside out; bounds of inner loops may depend on outer counters. An index that is no counter counts if it was checked
// against a length from outside, or if the ops that make it bound it. All this is exact in 64 bits as long as the numbers that
// bounds are made of are small, which is asked too; the address where a range begins may wrap, as addresses do, but no
// range may. A counter times a value from outside (rows of a matrix whose extents are not known) is bounded by the product of the
// bounds, which is computed before the loop. Slices made in the loop: their ends were checked against the whole, an index against their length.
import { addressOf } from './address.ts';
import { addLinear, countedOf, type Defs, type Linear, linearOf, opOf, rangeOf, testedAtBottom } from './facts.ts';
import type { Guard } from './guards.ts';
import type { Body, Inst, LoopInst, OpInst, Value } from './ir.ts';
import { differenceOf } from './polynomial.ts';
import { bodiesOf, definedIn, type Edit } from './tree.ts';

/** Coefficients are at most so large, and what is multiplied by them (asked at run time) as well: no sum leaves 64 bits. */
const maxCoefficient = 1n << 24n;
export const maxTerm = 1n << 33n;
/** Nor does one with such a constant in it. */
const maxConstant = 1n << 60n;

/** Factors of products that are bounds: none wraps. */
const maxFactor = 1n << 30n;

/** A bound that is a product of values from outside. */
interface Product {
  readonly factor: Linear;
  readonly by: Value;
}

/** Where a counter with longer steps stops: `end`, less (`up`) or more what is left of the way when it is divided by the step. */
interface Stop {
  readonly way: Linear;
  readonly step: bigint;
  readonly end: Linear;
  readonly up: boolean;
}

/** A bound of a quotient. If the divisor is not positive, any number, as that is asked too. */
interface Quotient {
  readonly dividend: Linear;
  readonly divisor: Value;
}

export interface RangeState {
  /** Values that are computed before the loop that is looked at if a question needs them: emptied for each loop. */
  products: ReadonlyMap<Value, Product | Stop | Quotient>;
  readonly edit: Edit;
  readonly defs: Defs;
}

/** A value that changes in the loop, between these bounds whenever the guard is reached. */
interface Bounded {
  readonly value: Value;
  readonly lo: Linear;
  readonly hi: Linear;
  /** The bounds are right only if this is not negative: a loop that tests at its end runs once whatever its bounds are. */
  readonly distance: Linear | undefined;
  /** More that must not be negative. */
  readonly also?: readonly Linear[];
  /** The upper bound is a poor one: right, but asked about it would often be too much. */
  readonly loose?: boolean;
  /** What the value's type or a mask allows, not what a loop counts: of an index more than it will ever be, as a rule. */
  readonly guess?: boolean;
}

/** A check that an index is in [0, length). */
export interface IndexCheck {
  readonly inst: OpInst;
  readonly index: Value;
  readonly length: Value;
}

/** The check that an op is; undefined: it is none. */
export const indexCheckOf = (inst: Inst): IndexCheck | undefined => {
  const [index, length] = inst.kind === 'op' && inst.op === 'check.index' ? inst.args : [];
  return inst.kind === 'op' && index !== undefined && length !== undefined ? { inst, index, length } : undefined;
};

/**
 * Bytes [base + lo, base + hi) cover the guard in every iteration; all in values from outside. Of checks: the indices are in [lo, hi),
 * and `base` is the length.
 */
export interface Range {
  readonly guards: OpInst[];
  readonly base: Value;
  readonly isIndex: boolean;
  /** The indices may all be in range though their bounds are not: these are what a type or a mask allows. */
  readonly guess: boolean;
  readonly lo: Linear;
  hi: Linear;
  write: boolean;
  /** Values that must be small for the bounds to be right, and what must not be negative. */
  readonly leaves: ReadonlySet<Value>;
  readonly distances: ReadonlyMap<string, Linear>;
}

const none: Linear = { constant: 0n, terms: new Map() };
export const constantForm = (n: bigint): Linear => ({ constant: n, terms: new Map() });

/** The counter of a loop with its extremes, for what comes after `at` in its body. */
const counterOf = (
  s: RangeState,
  loop: LoopInst,
  after: number,
  inner: ReadonlySet<Value>,
  form: (v: Value) => Linear,
): Bounded | undefined => {
  const top = countedOf(s.defs, loop);
  const tested = top !== undefined && after >= top.at;
  const found = tested ? { ...top, offset: 0n } : testedAtBottom(s.defs, loop);
  if (!found?.signed) return undefined;
  const { induction, op, bound, offset } = found;
  if (s.edit.types[induction.param] !== 'i64') return undefined;
  const init = form(induction.init);
  if (tooLarge(offset)) return undefined; // of what is small no sum wraps
  const end = addLinear(form(bound), constantForm(-offset));
  const less = addLinear(end, constantForm(-1n));
  const more = addLinear(end, constantForm(1n));
  const { step, param: value } = induction;
  const one = step === 1n || step === -1n;
  if (tooLarge(step) || op === 'eq' || (op === 'ne' && !one)) return undefined;
  const up = step > 0n;
  if (op !== 'ne' && up !== (op === 'lt' || op === 'le')) return undefined;
  const last = op === 'le' || op === 'ge' ? end : up ? less : more;
  const [lo, hi] = up ? [init, last] : [last, init];
  // A loop that goes on while its counter differs from the bound may have begun beyond it.
  const way = addLinear(hi, lo, -1n);
  const isSmall = (l: Linear): boolean =>
    l.constant <= maxTerm && l.constant >= -maxTerm && [...l.terms].every(([v, c]) => !inner.has(v) && !tooLarge(c));
  if (!one && isSmall(lo) && isSmall(hi))
    return stopping(s, { way, step: up ? step : -step, end: up ? hi : lo, up }, { value, lo, hi, distance: way });
  return { value, lo, hi, distance: tested && op !== 'ne' ? undefined : way };
};

/** With the last value that it has in the place of the bound: of pairs, `i + 1` is in range too. */
const stopping = (s: RangeState, at: Stop, b: Bounded): Bounded => {
  if (at.way.terms.size === 0) {
    const over = at.way.constant > 0n ? at.way.constant % at.step : 0n;
    return at.up
      ? { ...b, hi: addLinear(b.hi, constantForm(-over)) }
      : { ...b, lo: addLinear(b.lo, constantForm(over)) };
  }
  const last: Linear = { constant: 0n, terms: new Map([[stopValue(s, at), 1n]]) };
  // What the way is made of is asked to be small: then it is exact.
  return at.up ? { ...b, hi: last, also: [at.way] } : { ...b, lo: last, also: [at.way] };
};

const sameForm = (a: Linear, b: Linear): boolean => a.constant === b.constant && formKey(a) === formKey(b);

const stopValue = (s: RangeState, at: Stop): Value => {
  for (const [v, p] of s.products)
    if ('way' in p && p.step === at.step && p.up === at.up && sameForm(p.way, at.way) && sameForm(p.end, at.end))
      return v;
  const value = s.edit.value('i64');
  s.products = new Map(s.products).set(value, at);
  return value;
};

/** An end of a slice of `whole` elements, 0 <= end <= whole; of the lower one also the upper one. */
interface End {
  readonly whole: Value;
  readonly upper: Value | undefined;
}

/** What is known at a guard: counters of the loops around it; lengths that indices and ends of slices were checked against. */
interface Here {
  readonly counters: readonly Bounded[];
  readonly checked: ReadonlyMap<Value, Value>;
  readonly ends: ReadonlyMap<Value, End>;
}

/** Accesses (or their guards) in a loop that a range from before it covers; values of `outside` are known before it. */
export const rangesIn = (
  s: RangeState,
  loop: LoopInst,
  wanted: (inst: OpInst) => Guard | IndexCheck | undefined,
  outside: ReadonlySet<Value> = new Set(),
): readonly Range[] => {
  const inner = definedIn(loop.body, new Set(loop.params));
  for (const v of outside) inner.delete(v);
  const form = (v: Value): Linear => linearOf(s.defs, v, (x) => !inner.has(x));
  const ranges = new Map<string, Range>();
  const visit = (body: Body, here: Here, around: LoopInst | undefined): void => {
    const checked = new Map(here.checked);
    const ends = new Map(here.ends);
    let counters = here.counters;
    for (const [at, inst] of body.insts.entries()) {
      if (around && counters === here.counters) {
        const counter = counterOf(s, around, at, inner, form);
        if (counter) counters = [...counters, counter];
      }
      if (inst.kind === 'op') {
        const [index, length, whole] = inst.args;
        const g = wanted(inst);
        // What other checks say of an index is right, but says no in programs that are right: counters alone are asked about.
        const here =
          g && 'index' in g ? { counters, checked: new Map(), ends: new Map() } : { counters, checked, ends };
        const r = g && rangeOfGuard(s, g, inner, here, form);
        if (g && r) collect(ranges, g, r);
        if (inst.op === 'check.index' && index !== undefined && length !== undefined) checked.set(index, length);
        if (inst.op === 'check.slice' && index !== undefined && length !== undefined && whole !== undefined) {
          if (!ends.has(length)) ends.set(length, { whole, upper: undefined });
          ends.set(index, { whole, upper: length });
        }
        continue;
      }
      for (const b of bodiesOf(inst)) visit(b, { counters, checked, ends }, inst.kind === 'loop' ? inst : undefined);
    }
  };
  visit(loop.body, { counters: [], checked: new Map(), ends: new Map() }, loop);
  return [...ranges.values()];
};

export const formKey = (l: Linear): string =>
  [...l.terms]
    .sort((a, b) => a[0] - b[0])
    .map(([v, c]) => `${v}*${c}`)
    .join('+');

/** Joins what lies a constant apart: a question about too much costs only the fast loop. */
const collect = (ranges: Map<string, Range>, g: { readonly inst: OpInst }, r: Range): void => {
  const key = `${r.base} ${formKey(r.lo)} ${formKey(r.hi)}`;
  const known = ranges.get(key);
  if (!known) {
    ranges.set(key, r);
    return;
  }
  const lo = known.lo.constant < r.lo.constant ? known.lo : r.lo;
  const hi = known.hi.constant > r.hi.constant ? known.hi : r.hi;
  const leaves = new Set([...known.leaves, ...r.leaves]);
  const distances = new Map([...known.distances, ...r.distances]);
  ranges.set(key, {
    ...known,
    distances,
    guards: [...known.guards, g.inst],
    lo,
    hi,
    write: known.write || r.write,
    guess: known.guess || r.guess,
    leaves,
  });
};

/** Where what is looked at begins in one iteration, from what, and how long it is. */
const startOf = (
  s: RangeState,
  g: Guard | IndexCheck,
  inner: ReadonlySet<Value>,
  form: (v: Value) => Linear,
  whole: ReadonlyMap<Value, Value> = new Map(),
): { readonly base: Value; readonly start: Linear; readonly bytes: number } | undefined => {
  if ('index' in g) return inner.has(g.length) ? undefined : { base: g.length, start: form(g.index), bytes: 1 };
  const address = g.bytes === undefined ? undefined : addressOf(s.defs, g.pointer, inner, whole);
  if (!address || g.bytes === undefined) return undefined;
  return { base: address.base, start: addLinear(address.bytes, constantForm(BigInt(g.offset))), bytes: g.bytes };
};

/** An index with something added is as good as what was checked, if what it is made of has no bounds, or has others that allow more. */
const rangeOfGuard = (
  s: RangeState,
  g: Guard | IndexCheck,
  inner: ReadonlySet<Value>,
  here: Here,
  form: (v: Value) => Linear,
): Range | undefined => {
  const from = (whole?: ReadonlyMap<Value, Value>): Range | undefined => {
    const found = startOf(s, g, inner, form, whole);
    return found && rangeFrom(s, g, inner, here, form, found);
  };
  const found = from();
  const checked = here.checked.size > 0 ? from(here.checked) : undefined;
  return found && checked ? nearer(found, checked) : (found ?? checked);
};

/** What two ranges of the same access have in common, if that can be told: of `a[i]`, `a[i + 1]` each index was checked. */
const nearer = (a: Range, b: Range): Range => {
  if (a.base !== b.base || formKey(a.lo) !== formKey(b.lo) || formKey(a.hi) !== formKey(b.hi)) return a;
  const lo = b.lo.constant > a.lo.constant ? b.lo : a.lo;
  const hi = b.hi.constant < a.hi.constant ? b.hi : a.hi;
  const leaves = new Set([...a.leaves, ...b.leaves]);
  return { ...a, lo, hi, leaves, distances: new Map([...a.distances, ...b.distances]) };
};

const rangeFrom = (
  s: RangeState,
  g: Guard | IndexCheck,
  inner: ReadonlySet<Value>,
  here: Here,
  form: (v: Value) => Linear,
  found: { readonly base: Value; readonly start: Linear; readonly bytes: number },
): Range | undefined => {
  const { base, start, bytes } = found;
  const isIndex = 'index' in g;
  const known = boundsOf(s, inner, here, form);
  const leaves = new Set<Value>();
  const distances = new Map<string, Linear>();
  const replacedSoFar = new Set<Value>();
  let lo = start;
  let hi = addLinear(start, constantForm(BigInt(bytes)));
  let guess = false;
  // What was computed last comes first: its bounds may depend on outer counters, and the ends of a slice go out against each other.
  for (;;) {
    const v = lastOf([lo, hi], inner);
    if (v === undefined) break;
    const b = known(v);
    if (!b || replacedSoFar.has(v)) return undefined;
    replacedSoFar.add(v);
    const [low, high] = [lo.terms.get(v) ?? 0n, hi.terms.get(v) ?? 0n];
    if (tooLarge(low) || tooLarge(high)) return undefined;
    if (b.loose && (high > 0n || low < 0n)) return undefined;
    guess ||= isIndex && b.guess === true;
    lo = replaced(lo, v, low, low >= 0n ? b.lo : b.hi);
    hi = replaced(hi, v, high, high >= 0n ? b.hi : b.lo);
    if (!isExact(known, b, inner, { leaves, distances, seen: new Set([v]) })) return undefined;
  }
  // Coefficients of bounds have been multiplied: the size is computed as the machine does it, and must not wrap.
  if ([...addLinear(hi, lo, -1n).terms.values()].some(tooLarge)) return undefined;
  // An address may wrap where a range begins; an index may not.
  if (isIndex) {
    if (lo.terms.size === 0 && lo.constant < 0n) return undefined;
    for (const l of [lo, hi]) {
      if (l.constant > maxTerm || l.constant < -maxTerm || [...l.terms.values()].some(tooLarge)) return undefined;
      for (const v of l.terms.keys()) leaves.add(v);
    }
  }
  return { guards: [g.inst], base, isIndex, guess, lo, hi, write: !isIndex && g.write, leaves, distances };
};

export const tooLarge = (c: bigint): boolean => c > maxCoefficient || c < -maxCoefficient;

const replaced = (l: Linear, v: Value, coefficient: bigint, by: Linear): Linear =>
  addLinear(addLinear(l, { constant: 0n, terms: new Map([[v, 1n]]) }, -coefficient), by, coefficient);

/** The value from inside that was computed last. */
const lastOf = (forms: readonly Linear[], inner: ReadonlySet<Value>): Value | undefined => {
  const open = new Set(forms.flatMap((l) => [...l.terms.keys()].filter((v) => inner.has(v))));
  if (open.size <= 1) return [...open][0];
  let last: Value | undefined;
  for (const v of inner) if (open.has(v)) last = v;
  return last;
};

interface Asked {
  readonly leaves: Set<Value>;
  readonly distances: Map<string, Linear>;
  readonly seen: Set<Value>;
}

/** Bounds are right if all that they are made of is small, also what went out against itself: collects what is to be asked. */
const isExact = (known: Bounds, b: Bounded, inner: ReadonlySet<Value>, asked: Asked): boolean => {
  for (const d of [...(b.distance ? [b.distance] : []), ...(b.also ?? [])]) {
    if ([...d.terms].some(([v, c]) => inner.has(v) || tooLarge(c))) return false;
    if (d.constant > maxConstant || d.constant < -maxConstant) return false;
    asked.distances.set(`${formKey(d)}+${d.constant}`, d);
    for (const v of d.terms.keys()) asked.leaves.add(v);
  }
  for (const l of [b.lo, b.hi]) {
    if (l.constant > maxTerm || l.constant < -maxTerm) return false;
    for (const [v, c] of l.terms) {
      if (tooLarge(c)) return false;
      if (!inner.has(v)) {
        asked.leaves.add(v);
        continue;
      }
      if (asked.seen.has(v)) continue;
      asked.seen.add(v);
      const of = known(v);
      if (!of || !isExact(known, of, inner, asked)) return false;
    }
  }
  return true;
};

type Bounds = (v: Value) => Bounded | undefined;

/** The bounds of values from inside; undefined: a value has none. */
const boundsOf = (s: RangeState, inner: ReadonlySet<Value>, here: Here, form: (v: Value) => Linear): Bounds => {
  const upTo = (value: Value, hi: Linear): Bounded => ({ value, lo: none, hi, distance: undefined });
  const find = (v: Value, depth: number): Bounded | undefined => {
    const length = here.checked.get(v);
    const indexed = length === undefined ? undefined : upTo(v, addLinear(form(length), constantForm(-1n)));
    // The length of a slice that was made in the loop: better than a counter, as its ends go out against the slice's.
    if (indexed && length !== undefined && inner.has(length) && depth > 0) {
      const all = [...indexed.hi.terms.keys()].every((w) => !inner.has(w) || find(w, depth - 1) !== undefined);
      if (all) return indexed;
    }
    const whole = indexed && length !== undefined && !inner.has(length) ? indexed : undefined;
    const counter = here.counters.findLast((c) => c.value === v);
    // Of a counter between bounds from memory the length it was checked against says more: it is in the slice.
    const isUnsure = (w: Value): boolean => {
      const of = inner.has(w) && depth > 0 ? find(w, depth - 1) : undefined;
      return inner.has(w) && depth > 0 && (!of || of.guess === true);
    };
    const unsure = counter && whole && [...counter.lo.terms.keys(), ...counter.hi.terms.keys()].some(isUnsure);
    if (counter && !unsure) return counter;
    if (whole) return whole;
    const end = here.ends.get(v);
    if (end) {
      const whole = form(end.whole);
      if (end.upper === undefined) return upTo(v, whole);
      // The lower end is as far from the whole length as the slice is long, if it is of one length.
      const long = differenceOf(s.defs, end.upper, v, (x) => !inner.has(x));
      return long ? upTo(v, addLinear(whole, long, -1n)) : { ...upTo(v, whole), loose: true };
    }
    const computed =
      productOf(s, v, inner, (w) => find(w, depth), form) ?? dividedOf(s, v, inner, (w) => find(w, depth), form);
    if (computed) return computed;
    const range = rangeOf(s.defs, v);
    if (range.lo < -maxTerm || range.hi > maxTerm) return undefined;
    return { value: v, lo: constantForm(range.lo), hi: constantForm(range.hi), distance: undefined, guess: true };
  };
  return (v) => find(v, 3);
};

/** Where a counter begins, in values from outside: what it is if it begins there, or 0 if it begins at another counter that does. */
const lowestOf = (
  lo: Linear,
  inner: ReadonlySet<Value>,
  known: Bounds,
): { readonly from: Linear; readonly also: readonly Linear[] } | undefined => {
  const [at, another] = [...lo.terms.keys()].filter((w) => inner.has(w));
  if (at === undefined) return lo.terms.size > 0 || lo.constant >= 0n ? { from: lo, also: [] } : undefined;
  const outer = another === undefined && lo.terms.size === 1 && lo.terms.get(at) === 1n ? known(at) : undefined;
  const from = outer && !outer.loose && outer.lo.terms.size === 0 ? outer.lo.constant + lo.constant : -1n;
  if (!outer || from < 0n || lo.constant > maxConstant) return undefined;
  // What is added to it must not make it wrap.
  return { from: none, also: [...asksOf(outer), ...(lo.constant > 0n ? [outer.hi] : [])] };
};

const asksOf = (b: Bounded): readonly Linear[] => [...(b.also ?? []), ...(b.distance ? [b.distance] : [])];

/** The value that a product is computed as, the same for the same product: what lies a constant apart is asked about as one range. */
const productValue = (s: RangeState, factor: Linear, by: Value): Value => {
  for (const [v, p] of s.products) if ('by' in p && p.by === by && sameForm(p.factor, factor)) return v;
  const value = s.edit.value('i64');
  s.products = new Map(s.products).set(value, { factor, by });
  return value;
};

/** A counter from 0 or more on, times a value from outside that is not negative. */
const productOf = (
  s: RangeState,
  v: Value,
  inner: ReadonlySet<Value>,
  known: Bounds,
  form: (v: Value) => Linear,
): Bounded | undefined => {
  const inst = opOf(s.defs, v);
  const [a, b] = inst?.args ?? [];
  if (inst?.op !== 'mul' || inst.suffix !== 'i64' || a === undefined || b === undefined) return undefined;
  const [counter, factor] = inner.has(a) ? [a, b] : [b, a];
  if (!inner.has(counter) || inner.has(factor)) return undefined;
  const found = shiftedOf(s, counter, inner, known);
  if (!found) return undefined;
  const { c, begins } = found;
  const times = (l: Linear): Linear => ({ constant: 0n, terms: new Map([[productValue(s, l, factor), 1n]]) });
  const by = form(factor);
  const room = (l: Linear): Linear => addLinear(constantForm(maxFactor), l, -1n);
  const also = [by, room(by), room(c.hi), begins.from, room(begins.from), ...begins.also, ...asksOf(c)];
  const lo = begins.from.terms.size === 0 ? none : times(begins.from);
  return { value: v, lo, hi: times(c.hi), distance: undefined, also, ...(c.guess ? { guess: true } : {}) };
};

/** A counter, or one with something from outside added: its bounds, and where it begins. */
const shiftedOf = (
  s: RangeState,
  counter: Value,
  inner: ReadonlySet<Value>,
  known: Bounds,
): { readonly c: Bounded; readonly begins: NonNullable<ReturnType<typeof lowestOf>> } | undefined => {
  const sum = linearOf(s.defs, counter, (w) => !inner.has(w) || known(w) !== undefined);
  const [at, another] = [...sum.terms.keys()].filter((w) => inner.has(w));
  const bounds = at === undefined || another !== undefined || sum.terms.get(at) !== 1n ? undefined : known(at);
  if (at === undefined || !bounds || bounds.loose) return undefined;
  const c = { ...bounds, lo: replaced(sum, at, 1n, bounds.lo), hi: replaced(sum, at, 1n, bounds.hi) };
  if ([...c.hi.terms.keys()].some((w) => inner.has(w))) return undefined;
  const begins = lowestOf(c.lo, inner, known);
  return begins && { c, begins };
};

const divisions: ReadonlySet<string> = new Set(['div_s', 'div_u', 'rem_s', 'rem_u']);

/** A quotient or remainder of a counter from 0 or more on by a value from outside that is positive: an index that wraps around, row and column of a flat one. */
const dividedOf = (
  s: RangeState,
  v: Value,
  inner: ReadonlySet<Value>,
  known: Bounds,
  form: (v: Value) => Linear,
): Bounded | undefined => {
  const inst = opOf(s.defs, v);
  const [x, divisor] = inst?.args ?? [];
  if (!inst || !divisions.has(inst.op) || inst.suffix !== 'i64' || x === undefined || divisor === undefined)
    return undefined;
  if (!inner.has(x) || inner.has(divisor)) return undefined;
  const less = addLinear(form(divisor), constantForm(-1n));
  const remainder: Bounded = { value: v, lo: none, hi: less, distance: undefined, also: [less] };
  if (inst.op === 'rem_u') return remainder;
  const found = shiftedOf(s, x, inner, known);
  if (!found) return undefined;
  const { c, begins } = found;
  const also = [less, c.hi, begins.from, ...begins.also, ...asksOf(c)];
  const guess = c.guess ? { guess: true } : {};
  if (inst.op === 'rem_s') return { ...remainder, also, ...guess };
  const most = quotientValue(s, c.hi, divisor);
  return { ...remainder, hi: { constant: 0n, terms: new Map([[most, 1n]]) }, also, ...guess };
};

const quotientValue = (s: RangeState, dividend: Linear, divisor: Value): Value => {
  for (const [v, p] of s.products)
    if ('dividend' in p && p.divisor === divisor && sameForm(p.dividend, dividend)) return v;
  const value = s.edit.value('i64');
  s.products = new Map(s.products).set(value, { dividend, divisor });
  return value;
};
