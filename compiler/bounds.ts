// Bounds between values: what conditions and checks say about integers, as differences u <= v + c, and what follows.
//
// After ABCD (Bodik, Gupta, Sarkar: Eliminating Array Bounds Checks on Demand, PLDI 2000): a fact is an edge, a proof is a
// short path. Integers wrap, so `w = v + k` gives an edge only where the bounds known of v show that it does not.
import {
  type Comparison,
  type Defs,
  i32Range,
  i64Range,
  intOf,
  opOf,
  type Range,
  type Relation,
  rangeOf,
} from './facts.ts';
import type { Value } from './ir.ts';

/** Stands for the number 0 in facts. */
export const zero: Value = -1;

interface Edge {
  readonly value: Value;
  readonly c: bigint;
  /** Where the fact comes from, if it was learnt. */
  readonly why?: string | undefined;
}

/** The way to a value that was reached: the edge before it. */
type Ways = Map<Value, { readonly from: Value; readonly why: string | undefined }>;

/** Edges of so many values are followed from either end, in a proof and in the proofs that sums in it do not wrap. */
const maxReach = 40;
const maxInnerReach = 12;
/** Proofs within proofs. */
const outermost = 2;
/** Values looked at in one proof: most need ten. */
const maxEffort = 600;

/** What was learnt on the way to a value. A way may come back to itself: then it is followed once. */
const reasons = (ways: Ways, to: Value): readonly string[] => {
  const found: string[] = [];
  const seen = new Set<Value>();
  let at = to;
  for (let way = ways.get(at); way && !seen.has(at); way = ways.get(at)) {
    if (way.why !== undefined) found.push(way.why);
    seen.add(at);
    at = way.from;
  }
  return found;
};

/** What is known at a point of the program. Scopes nest; a fact ends with its scope. */
export class Bounds {
  readonly #defs: Defs;
  /** u → v with u <= v + c, and the same edges from v. */
  readonly #above = new Map<Value, Edge[]>();
  readonly #below = new Map<Value, Edge[]>();
  readonly #ranges = new Map<Value, Range>();
  #effort = maxEffort;
  readonly #explains: boolean;
  #because: readonly string[] = [];
  readonly #log: { readonly u: Value; readonly v: Value }[] = [];

  /** With `explains`, proofs are kept: see `because`. */
  constructor(defs: Defs, explains = false) {
    this.#defs = defs;
    this.#explains = explains;
  }

  /** A mark to come back to. */
  mark(): number {
    return this.#log.length;
  }

  /** Forgets what was learnt since the mark. */
  reset(mark: number): void {
    while (this.#log.length > mark) {
      const last = this.#log.pop();
      if (!last) return;
      this.#above.get(last.u)?.pop();
      this.#below.get(last.v)?.pop();
    }
  }

  /** Learns u <= v + c; `why` says from what, for people. */
  atMost(u: Value, v: Value, c: bigint, why?: string): void {
    const add = (map: Map<Value, Edge[]>, from: Value, to: Value): void => {
      const list = map.get(from);
      if (list) list.push({ value: to, c, why });
      else map.set(from, [{ value: to, c, why }]);
    };
    add(this.#above, u, v);
    add(this.#below, v, u);
    this.#log.push({ u, v });
  }

  /** Learns a relation between integers. */
  learn(r: Relation, why?: string): void {
    if (!r.signed) {
      // a <u b with b >= 0: a is between 0 and b.
      const [a, b] = r.op === 'lt' || r.op === 'le' ? [r.left, r.right] : [r.right, r.left];
      if (r.op === 'eq' || r.op === 'ne' || !this.proves(zero, b, 0n)) return;
      this.atMost(zero, a, 0n, why);
      this.atMost(a, b, r.op === 'lt' || r.op === 'gt' ? -1n : 0n, why);
      return;
    }
    const { left: a, right: b } = r;
    switch (r.op) {
      case 'lt':
        return this.atMost(a, b, -1n, why);
      case 'le':
        return this.atMost(a, b, 0n, why);
      case 'gt':
        return this.atMost(b, a, -1n, why);
      case 'ge':
        return this.atMost(b, a, 0n, why);
      case 'eq':
        this.atMost(a, b, 0n, why);
        return this.atMost(b, a, 0n, why);
      default:
        return;
    }
  }

  /** Whether u <= v + c certainly holds. */
  proves(u: Value, v: Value, c: bigint): boolean {
    this.#because = [];
    const best = this.#distance(u, v, outermost, c);
    return best !== undefined && best <= c;
  }

  /** What the last proof was made of, besides the ops that make the values; empty unless it `explains`. */
  because(): readonly string[] {
    return this.#because;
  }

  /** Whether `a op b` (signed) certainly holds. */
  holds(a: Value, op: Comparison, b: Value): boolean {
    switch (op) {
      case 'lt':
        return this.proves(a, b, -1n);
      case 'le':
        return this.proves(a, b, 0n);
      case 'gt':
        return this.proves(b, a, -1n);
      case 'ge':
        return this.proves(b, a, 0n);
      case 'ne':
        return this.proves(a, b, -1n) || this.proves(b, a, -1n);
      case 'eq':
        return this.proves(a, b, 0n) && this.proves(b, a, 0n);
      default:
        return false;
    }
  }

  /** The largest the value can be, as far as is known. */
  upper(v: Value): bigint {
    return this.#upper(v, outermost);
  }

  lower(v: Value): bigint {
    return this.#lower(v, outermost);
  }

  #upper(v: Value, nesting: number): bigint {
    const c = this.#distance(v, zero, nesting);
    return c === undefined || c > i64Range.hi ? i64Range.hi : c;
  }

  #lower(v: Value, nesting: number): bigint {
    const c = this.#distance(zero, v, nesting);
    return c === undefined || -c < i64Range.lo ? i64Range.lo : -c;
  }

  #range(v: Value): Range {
    let known = this.#ranges.get(v);
    if (!known) {
      known = rangeOf(this.#defs, v);
      this.#ranges.set(v, known);
    }
    return known;
  }

  /** The least c found with u <= v + c: what is above u meets what is below v. Looks no further once it is `enough`. */
  #distance(u: Value, v: Value, nesting: number, enough?: bigint): bigint | undefined {
    if (u === v) return 0n;
    const limit = nesting === outermost ? maxReach : maxInnerReach;
    const effort = (): void => {
      if (nesting === outermost) this.#effort = maxEffort;
    };
    effort();
    const kept = this.#explains && nesting === outermost;
    const waysBelow: Ways | undefined = kept ? new Map() : undefined;
    const below = this.#reach(v, limit, (x) => this.#belowOf(x, nesting), waysBelow);
    // Zero itself has no definition to look through: most proofs of a lower bound end here.
    const direct = below.get(u);
    if (direct !== undefined && enough !== undefined && direct <= enough) {
      if (waysBelow) this.#because = reasons(waysBelow, u);
      return direct;
    }
    effort();
    const waysAbove: Ways | undefined = kept ? new Map() : undefined;
    const above = this.#reach(u, limit, (x) => this.#aboveOf(x, nesting), waysAbove);
    let best: bigint | undefined;
    let meet = u;
    for (const [x, c] of above) {
      const rest = below.get(x);
      if (rest === undefined || (best !== undefined && c + rest >= best)) continue;
      best = c + rest;
      meet = x;
    }
    if (waysAbove && waysBelow) this.#because = [...reasons(waysAbove, meet), ...reasons(waysBelow, meet)];
    return best;
  }

  /** Values that edges lead to, each with the least sum found on the way. */
  #reach(from: Value, limit: number, edgesOf: (v: Value) => readonly Edge[], ways?: Ways): ReadonlyMap<Value, bigint> {
    const best = new Map<Value, bigint>([[from, 0n]]);
    const work: Value[] = [from];
    for (let k = 0; k < work.length && k < limit && this.#effort-- > 0; k++) {
      const x = work[k] ?? from;
      const sum = best.get(x) ?? 0n;
      for (const e of edgesOf(x)) {
        const known = best.get(e.value);
        if (known !== undefined && known <= sum + e.c) continue;
        best.set(e.value, sum + e.c);
        ways?.set(e.value, { from: x, why: e.why });
        work.push(e.value);
      }
    }
    return best;
  }

  #aboveOf(u: Value, nesting: number): readonly Edge[] {
    const edges = [...(this.#above.get(u) ?? [])];
    if (u === zero) return edges;
    const k = intOf(this.#defs, u);
    if (k !== undefined) return [{ value: zero, c: k }];
    const range = this.#range(u);
    if (range.hi < i64Range.hi) edges.push({ value: zero, c: range.hi });
    const inst = opOf(this.#defs, u);
    const [a, b, c] = inst?.args ?? [];
    if (!inst || a === undefined) return edges;
    const by = this.#step(u, nesting);
    if (by) edges.push(by);
    const multiple = this.#multiple(u, nesting);
    if (multiple) edges.push({ value: zero, c: multiple.hi });
    const same = this.#sameNumber(u, nesting);
    if (same !== undefined) edges.push({ value: same, c: 0n });
    if (inst.op === 'select' && b !== undefined && c !== undefined) {
      // min(b, c): below both.
      const r = this.#lesser(a, b, c);
      if (r === 'first') edges.push({ value: b, c: 0n }, { value: c, c: 0n });
    }
    if (
      inst.op === 'rem_s' &&
      b !== undefined &&
      nesting > 0 &&
      this.#range(a).lo >= 0n &&
      this.#lower(b, nesting - 1) > 0n
    ) {
      edges.push({ value: b, c: -1n });
    }
    return edges;
  }

  #belowOf(v: Value, nesting: number): readonly Edge[] {
    const edges = [...(this.#below.get(v) ?? [])];
    if (v === zero) return edges;
    const k = intOf(this.#defs, v);
    if (k !== undefined) return [{ value: zero, c: -k }];
    const range = this.#range(v);
    if (range.lo > i64Range.lo) edges.push({ value: zero, c: -range.lo });
    const inst = opOf(this.#defs, v);
    const [a, b, c] = inst?.args ?? [];
    if (!inst || a === undefined) return edges;
    const by = this.#step(v, nesting);
    if (by) edges.push({ value: by.value, c: -by.c });
    const multiple = this.#multiple(v, nesting);
    if (multiple) edges.push({ value: zero, c: -multiple.lo });
    const same = this.#sameNumber(v, nesting);
    if (same !== undefined) edges.push({ value: same, c: 0n });
    if (inst.op === 'select' && b !== undefined && c !== undefined && this.#lesser(a, b, c) === 'second') {
      edges.push({ value: b, c: 0n }, { value: c, c: 0n });
    }
    return edges;
  }

  /** v = w + c, where the sum certainly does not wrap. */
  #step(v: Value, nesting: number): Edge | undefined {
    const inst = opOf(this.#defs, v);
    const [a, b] = inst?.args ?? [];
    if (a === undefined || b === undefined || (inst?.op !== 'add' && inst?.op !== 'sub')) return undefined;
    const limits = inst.suffix === 'i32' ? i32Range : i64Range;
    const k = intOf(this.#defs, b);
    if (k === undefined || (inst.suffix !== 'i32' && inst.suffix !== 'i64')) return undefined;
    const c = inst.op === 'add' ? k : -k;
    const range = this.#range(a);
    if (c >= 0n ? range.hi <= limits.hi - c : range.lo >= limits.lo - c) return { value: a, c };
    if (nesting === 0) return undefined;
    const fits = c >= 0n ? this.#upper(a, nesting - 1) <= limits.hi - c : this.#lower(a, nesting - 1) >= limits.lo - c;
    return fits ? { value: a, c } : undefined;
  }

  /** The bounds of a positive multiple that certainly does not wrap. */
  #multiple(v: Value, nesting: number): Range | undefined {
    const inst = opOf(this.#defs, v);
    const [a, b] = inst?.args ?? [];
    if (a === undefined || nesting === 0 || (inst?.op !== 'mul' && inst?.op !== 'shl')) return undefined;
    const k = intOf(this.#defs, b);
    if (k === undefined || k <= 0n || (inst.op === 'shl' && k > 62n)) return undefined;
    const by = inst.op === 'shl' ? 1n << k : k;
    const limits = inst.suffix === 'i32' ? i32Range : i64Range;
    const [lo, hi] = [this.#lower(a, nesting - 1) * by, this.#upper(a, nesting - 1) * by];
    return lo >= limits.lo && hi <= limits.hi ? { lo, hi } : undefined;
  }

  /** The operand of a conversion that keeps the number. */
  #sameNumber(v: Value, nesting: number): Value | undefined {
    const inst = opOf(this.#defs, v);
    const a = inst?.args[0];
    if (!inst || a === undefined) return undefined;
    switch (inst.op) {
      case 'extend_s':
        return a;
      case 'extend_u':
        return this.#range(a).lo >= 0n || (nesting > 0 && this.#lower(a, nesting - 1) >= 0n) ? a : undefined;
      case 'wrap': {
        const range = this.#range(a);
        if (range.lo >= i32Range.lo && range.hi <= i32Range.hi) return a;
        if (nesting === 0) return undefined;
        const fits = this.#upper(a, nesting - 1) <= i32Range.hi && this.#lower(a, nesting - 1) >= i32Range.lo;
        return fits ? a : undefined;
      }
      default:
        return undefined;
    }
  }

  /** Whether `select condition, b, c` is the smaller ('first') or the larger ('second') of b and c. */
  #lesser(condition: Value, b: Value, c: Value): 'first' | 'second' | undefined {
    const test = opOf(this.#defs, condition);
    if (test?.suffix !== 'i64' && test?.suffix !== 'i32') return undefined;
    const [x, y] = test.args;
    const straight = x === b && y === c;
    if (!straight && !(x === c && y === b)) return undefined;
    switch (test.op) {
      case 'lt_s':
      case 'le_s':
        return straight ? 'first' : 'second';
      case 'gt_s':
      case 'ge_s':
        return straight ? 'second' : 'first';
      default:
        return undefined;
    }
  }
}
