// Whether several outer iterations of a nest may be done side by side, and what has to be asked before it.
//
// Done so, iteration (k + 1, j) comes before (k, j + 1). Whatever is written must not care: a place is written by all outer iterations in one
// and the same inner iteration, or by one outer iteration alone; any other access stays away from all that is written. Whether it does
// is asked before the nest, from what its loops walk through (loop-ranges.ts), unless the two loops are independent by the language's promise. Then each
// place sees the same operations in the same order as in the source, with the same results to the last bit.
import { addressOf } from './address.ts';
import { type Apart, rangesApart } from './apart.ts';
import { type Memory, mayAlias, placeOf } from './effects.ts';
import type { Linear } from './facts.ts';
import type { OpInst, Value } from './ir.ts';
import type { Nest } from './jam-nest.ts';
import { memTypeBytes } from './layout.ts';
import type { RangeState } from './loop-ranges.ts';
import { definedIn } from './tree.ts';

/** Longer bodies have enough to do side by side, and more values than there are registers. */
const maxLine = 24;

interface Access {
  readonly inst: OpInst;
  readonly base: Value;
  readonly form: Linear;
  readonly bytes: number;
  readonly inLine: boolean;
}

export interface JamPlan extends Apart {
  /** Values that differ from one outer iteration to the next. */
  readonly varying: ReadonlySet<Value>;
  /** Accesses to places that all outer iterations write in the same inner iteration, by the place: from one to the next the value stays in a register. */
  readonly chained: ReadonlyMap<OpInst, string>;
  /** Accesses to places that one outer iteration alone writes, the same in all its inner ones, by the place: they are kept in registers meanwhile. */
  readonly kept: ReadonlyMap<OpInst, string>;
  /** Inner iterations that are done side by side do not depend on each other. */
  readonly independent: boolean;
}

const keyOf = (a: Access): string =>
  `${a.base} ${a.inst.suffix} ${a.form.constant} ${[...a.form.terms]
    .sort((x, y) => x[0] - y[0])
    .map(([v, c]) => `${v}*${c}`)
    .join('+')}`;

/** Bytes that an address advances by in a round of a loop with these counters, if they alone decide it. */
const strideOf = (form: Linear, counters: Nest['inner']['inductions']): bigint =>
  counters.reduce((sum, i) => sum + (form.terms.get(i.param) ?? 0n) * i.step, 0n);

const magnitude = (n: bigint): bigint => (n < 0n ? -n : n);

/** What depends on the outer counter. What the inner loop carries counts as such. */
const varyingIn = (nest: Nest, chained: ReadonlyMap<OpInst, string>): ReadonlySet<Value> => {
  const { outer, inner, around } = nest;
  const counters = new Set(inner.inductions.map((i) => i.param));
  const varying = new Set<Value>([
    ...outer.loop.params,
    ...inner.loop.params.filter((p) => !counters.has(p)),
    ...inner.loop.results,
    ...(around?.test.results ?? []),
  ]);
  for (const inst of [...nest.before, ...(around?.first ?? []), ...nest.line, ...nest.after])
    if (chained.has(inst) || inst.args.some((v) => varying.has(v))) for (const v of inst.results) varying.add(v);
  return varying;
};

/** Types of which a load gives exactly what was stored. */
const whole = new Set(['i32', 'i64', 'f32', 'f64']);

/** Undefined: it may not, or nobody would gain from it. */
export const jamPlanOf = (s: RangeState, memory: Memory, nest: Nest): JamPlan | undefined => {
  const { outer, inner, before, around, line, after } = nest;
  const rest = [...before, ...(around?.first ?? []), ...after];
  if (line.length > maxLine || rest.length > maxLine) return undefined;
  const own = definedIn(outer.loop.body, new Set(outer.loop.params));
  const accesses: Access[] = [];
  for (const inst of [...line, ...rest]) {
    if (inst.op !== 'load' && inst.op !== 'store') continue;
    const address = addressOf(s.defs, inst.args[0] ?? -1, own);
    if (!address) return undefined;
    const form = { ...address.bytes, constant: address.bytes.constant + BigInt(Number(inst.imms[0])) };
    const bytes = memTypeBytes[inst.suffix as keyof typeof memTypeBytes];
    accesses.push({ inst, base: address.base, form, bytes, inLine: line.includes(inst) });
  }
  const stores = accesses.filter((a) => a.inst.op === 'store');
  const chained = new Map<OpInst, string>();
  const kept = new Map<OpInst, string>();
  const inLoop = new Set(line.flatMap((i) => i.results));
  let gains = inner.loop.params.some((p) => s.edit.types[p] === 'f64' || s.edit.types[p] === 'f32');
  const counters = new Set([...outer.inductions, ...inner.inductions].map((i) => i.param));
  for (const w of stores) {
    // What its address is made of besides counters does not change in the nest.
    if ([...w.form.terms.keys()].some((v) => own.has(v) && !counters.has(v))) return undefined;
    const across = magnitude(strideOf(w.form, outer.inductions));
    const along = magnitude(strideOf(w.form, inner.inductions));
    const same = accesses.filter((a) => keyOf(a) === keyOf(w));
    if (across === 0n && w.inLine && along >= BigInt(w.bytes) && whole.has(w.inst.suffix)) {
      for (const a of same) chained.set(a.inst, keyOf(w));
      gains ||= same.some((a) => a.inst.op === 'load');
    } else if (across >= BigInt(w.bytes) && along === 0n) {
      const inside = w.inLine && whole.has(w.inst.suffix) ? same.filter((a) => a.inLine) : [];
      gains ||= inside.some((a) => a.inst.op === 'load');
      if (inside.every((a) => !inLoop.has(a.inst.args[0] ?? -1))) for (const a of inside) kept.set(a.inst, keyOf(w));
    } else return undefined;
  }
  if (!gains) return undefined;
  const promised = outer.loop.independent && inner.loop.independent;
  const found = promised ? { apart: [], ranges: [] } : asksOf(s, memory, nest, accesses);
  if (!found) return undefined;
  const carries = inner.loop.params.length > inner.inductions.length;
  const alone = [...stores].every((w) => chained.has(w.inst));
  return { varying: varyingIn(nest, chained), chained, kept, ...found, independent: promised || (alone && !carries) };
};

/** What has to be compared: each store with all that is not certainly the same place or another object. */
const asksOf = (s: RangeState, memory: Memory, nest: Nest, accesses: readonly Access[]): Apart | undefined => {
  const area = (a: Access, k: number) => ({
    place: { ...placeOf(memory.defs, a.inst.args[0] ?? -1), fromRoot: undefined, base: -1 - k },
    bytes: undefined,
  });
  const pairs = accesses.flatMap((w, k) =>
    w.inst.op !== 'store'
      ? []
      : accesses.flatMap((x, n) => {
          if ((x.inst.op === 'store' && n <= k) || keyOf(x) === keyOf(w)) return [];
          return mayAlias(memory, area(w, k), area(x, n)) ? [[w, x] as const] : [];
        }),
  );
  return rangesApart(s, nest.outer.loop, pairs);
};
