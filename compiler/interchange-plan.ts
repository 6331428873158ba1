// Whether the two loops of a nest may change places, whether that is worth it, and what has to be asked before.
//
// What the nest does for (i, j) is then done before (i', j') with i < i' and j > j' no more, but behind it. That is right if the outer loop
// is independent by the language's promise. Of others it is shown: every place that is written is the same one in no two such iterations, and
// what else the nest accesses stays away from it (R. Allen, K. Kennedy, Optimizing Compilers for Modern Architectures, 2001, chapter 5). Each place
// then sees the same operations in the same order as in the source.
import { type Apart, rangesApart } from './apart.ts';
import { type Memory, mayAlias, placeOf } from './effects.ts';
import { type Defs, intOf, opOf } from './facts.ts';
import type { OpInst, Value } from './ir.ts';
import type { Nest } from './jam-nest.ts';
import { memTypeBytes } from './layout.ts';
import type { RangeState } from './loop-ranges.ts';
import { factorsOf, type Polynomial, polynomialOf, sum } from './polynomial.ts';
import { definedIn } from './tree.ts';

/** Longer bodies are not copied. */
const maxLine = 100;
/** With fewer iterations an inner loop is not worth its beginning and end. */
export const fewestInner = 8n;
/** Bytes: what lies so close is read and written several elements at once. */
const near = 16n;
/** Bytes: what is further from one iteration to the next is in another line of the cache. */
const line = 64n;
/** Coefficients that are asked about are at most so large. */
const maxStride = 1n << 24n;

/** Bytes from one iteration to the next: a number, or a multiple of a value from outside. */
export interface Stride {
  readonly bytes: bigint;
  readonly times: Value | undefined;
}

interface Access {
  readonly inst: OpInst;
  readonly base: Value;
  readonly place: Polynomial;
  readonly bytes: number;
  /** Undefined: several values go into it. */
  readonly outer: Stride | undefined;
  readonly inner: Stride | undefined;
}

/** What is asked so that no place is written by two iterations: rows of `fine` elements do not reach into each other, and are all within the memory. */
export interface Rows {
  /** The loop that goes along a row; undefined: all of a row is one place. */
  readonly along: 'outer' | 'inner' | undefined;
  readonly fine: bigint;
  readonly across: 'outer' | 'inner';
  readonly stride: Stride;
}

export interface InterchangePlan extends Apart {
  readonly rows: readonly Rows[];
  /** Reads that are made once for all iterations of the new inner loop, as nothing that is written meets them. */
  readonly early: ReadonlySet<OpInst>;
  /** Ops that are needed. */
  readonly live: ReadonlySet<OpInst>;
  /** Iterations of the new outer loop do not depend on each other; those of the inner one never do. */
  readonly independent: boolean;
}

/** All ops of the nest, in their order. */
export const opsOf = (nest: Nest): readonly OpInst[] => [
  ...nest.before,
  ...(nest.around?.first ?? []),
  ...nest.line,
  ...nest.after,
];

const addressIn = (
  defs: Defs,
  v: Value,
  own: ReadonlySet<Value>,
): { readonly base: Value; readonly place: Polynomial } | undefined => {
  if (!own.has(v)) return { base: v, place: new Map() };
  const inst = opOf(defs, v);
  const [a, b] = inst?.args ?? [];
  if (!inst || a === undefined) return undefined;
  const from = addressIn(defs, a, own);
  if (!from || inst.op === 'addr') return from;
  const k = b === undefined ? undefined : intOf(defs, b);
  if ((inst.op === 'offset' || inst.op === 'ptr.add') && k !== undefined)
    return { base: from.base, place: sum(from.place, new Map([['', k]]), 1n) };
  if (inst.op !== 'elem' || b === undefined) return undefined;
  return { base: from.base, place: sum(from.place, polynomialOf(defs, b), BigInt(Number(inst.imms[0]))) };
};

/** What a place advances by with a counter. */
const strideIn = (place: Polynomial, counter: Value): Stride | undefined => {
  let found: Stride = { bytes: 0n, times: undefined };
  for (const [key, bytes] of place) {
    const factors = factorsOf(key);
    const others = factors.filter((v) => v !== counter);
    if (others.length === factors.length) continue;
    if (others.length < factors.length - 1 || others.length > 1 || found.bytes !== 0n) return undefined;
    found = { bytes, times: others[0] };
  }
  return found;
};

const magnitude = (n: bigint): bigint => (n < 0n ? -n : n);

const far = 8;

/** What an access costs in an innermost loop, roughly. */
const costOf = (s: Stride | undefined): number => {
  if (!s || s.times !== undefined) return far;
  const bytes = magnitude(s.bytes);
  if (bytes === 0n) return 0;
  return bytes <= near ? 1 : bytes <= line ? 3 : far;
};

const liveIn = (ops: readonly OpInst[]): ReadonlySet<OpInst> => {
  const by = new Map(ops.flatMap((i) => i.results.map((v) => [v, i] as const)));
  const live = new Set<OpInst>();
  const need = (inst: OpInst): void => {
    if (live.has(inst)) return;
    live.add(inst);
    for (const v of inst.args) {
      const of = by.get(v);
      if (of) need(of);
    }
  };
  for (const i of ops) if (i.op === 'store') need(i);
  return live;
};

const accessesOf = (defs: Defs, nest: Nest, live: ReadonlySet<OpInst>): readonly Access[] | undefined => {
  const [outer, inner] = [nest.outer.counter.param, nest.inner.counter.param];
  const own = definedIn(nest.outer.loop.body, new Set(nest.outer.loop.params));
  const line = new Set(nest.line);
  const found: Access[] = [];
  for (const inst of live) {
    if (inst.op !== 'load' && inst.op !== 'store') continue;
    const address = addressIn(defs, inst.args[0] ?? -1, own);
    // What is done once an outer iteration would be done more often.
    if (!address || !line.has(inst)) return undefined;
    const place = sum(address.place, new Map([['', BigInt(Number(inst.imms[0]))]]), 1n);
    const foreign = [...place.keys()].flatMap(factorsOf).some((v) => own.has(v) && v !== outer && v !== inner);
    if (foreign) return undefined;
    const bytes = memTypeBytes[inst.suffix as keyof typeof memTypeBytes];
    found.push({
      inst,
      base: address.base,
      place,
      bytes,
      outer: strideIn(place, outer),
      inner: strideIn(place, inner),
    });
  }
  return found;
};

/** How far the second place is from the first, if that is a number; false: they are not of one base. */
const apartBy = (a: Access, b: Access): bigint | undefined | false => {
  if (a.base !== b.base) return false;
  const difference = sum(b.place, a.place, -1n);
  const [one, another] = [...difference];
  if (!one) return 0n;
  return another === undefined && one[0] === '' ? one[1] : undefined;
};

const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? a : gcd(b, a % b));

/** Whether two accesses of one base never touch a common byte, whatever their iterations: all that they advance by jumps over it. */
const missesAlways = (w: Access, x: Access, distance: bigint): boolean => {
  const step = [w.outer, w.inner].reduce((g, s) => gcd(g, magnitude(s?.bytes ?? 1n)), 0n);
  const [from, to] = [-distance - BigInt(x.bytes), BigInt(w.bytes) - distance];
  if (step === 0n) return from >= 0n || to <= 0n;
  // The first multiple above `from`.
  const first = (from >= 0n ? from / step + 1n : -(-from / step) + (-from % step === 0n ? 1n : 0n)) * step;
  return first >= to;
};

/** What to ask for no two iterations to write the same place, but those that stay in their order; undefined: they do. */
const rowsOf = (w: Access): Rows | undefined => {
  const { outer, inner } = w;
  if (!outer || !inner || outer.bytes < 0n || inner.bytes < 0n) return undefined;
  if (outer.bytes > maxStride || inner.bytes > maxStride) return undefined;
  const least = BigInt(w.bytes);
  if (outer.bytes === 0n || inner.bytes === 0n) {
    const [across, stride] = outer.bytes === 0n ? (['inner', inner] as const) : (['outer', outer] as const);
    return stride.bytes >= least ? { along: undefined, fine: 0n, across, stride } : undefined;
  }
  const fine = outer.times === undefined && (inner.times !== undefined || outer.bytes <= inner.bytes);
  const [row, across, stride] = fine ? ([outer, 'inner', inner] as const) : ([inner, 'outer', outer] as const);
  if (row.times !== undefined || row.bytes < least) return undefined;
  return { along: fine ? 'outer' : 'inner', fine: row.bytes, across, stride };
};

/** Undefined: they may not, or nobody would gain from it. */
export const interchangePlanOf = (s: RangeState, memory: Memory, nest: Nest): InterchangePlan | undefined => {
  const { outer, inner, around } = nest;
  const ops = opsOf(nest);
  if (ops.length > maxLine || outer.loop.params.length !== 1 || inner.loop.params.length !== 1) return undefined;
  if (inner.loop.results.length > 0 || (around?.test.results.length ?? 0) > 0) return undefined;
  const [from, to] = [intOf(s.defs, outer.counter.init), intOf(s.defs, outer.bound)];
  if (from !== undefined && to !== undefined && to - from < fewestInner) return undefined;
  const live = liveIn(ops);
  const accesses = accessesOf(s.defs, nest, live);
  if (!accesses?.some((a) => a.inst.op === 'store')) return undefined;
  const total = (which: 'outer' | 'inner'): number => accesses.reduce((all, a) => all + costOf(a[which]), 0);
  if (2 * total('outer') > total('inner') || !accesses.some((a) => costOf(a.inner) === far)) return undefined;
  // One place that an inner loop writes again and again lets each iteration wait for the one before.
  if (accesses.some((a) => a.inst.op === 'store' && a.outer?.bytes === 0n)) return undefined;
  const area = (a: Access, k: number) => ({
    place: { ...placeOf(memory.defs, a.inst.args[0] ?? -1), fromRoot: undefined, base: -1 - k },
    bytes: undefined,
  });
  const promised = outer.loop.independent;
  const stores = accesses.filter((a) => a.inst.op === 'store');
  const rows = new Map<string, Rows>();
  const pairs: (readonly [Access, Access])[] = [];
  for (const w of promised ? [] : stores) {
    const own = rowsOf(w);
    if (!own) return undefined;
    rows.set(`${own.across} ${own.along} ${own.fine} ${own.stride.bytes} ${own.stride.times}`, own);
    for (const x of accesses) {
      if (x === w) continue;
      const distance = apartBy(w, x);
      if (distance === 0n && x.bytes === w.bytes) continue;
      if (distance === undefined || (distance !== false && !missesAlways(w, x, distance))) return undefined;
      if (distance === false && mayAlias(memory, area(w, 0), area(x, 1))) pairs.push([w, x]);
    }
  }
  const found = rangesApart(s, outer.loop, pairs);
  if (!found) return undefined;
  const isApart = (w: Access, x: Access): boolean =>
    !mayAlias(memory, area(w, 0), area(x, 1)) || pairs.some(([a, b]) => a === w && b === x);
  const loads = accesses.filter((a) => a.inst.op === 'load' && stores.every((w) => isApart(w, a)));
  return {
    ...found,
    rows: [...rows.values()],
    early: new Set(loads.map((a) => a.inst)),
    live,
    independent: promised ? inner.loop.independent : stores.every((w) => w.inner?.bytes !== 0n),
  };
};
