// What a straight loop reads and writes: places that advance by the same number of bytes each iteration, and whether several iterations may be
// done at once.
//
// Iterations are done in groups of as many as a vector has lanes, one op after the other for all of them. Of two accesses to one byte, at least one of
// them a write, the later one in the program must be the later one in the group, or in a later group. Where addresses differ by a
// constant this is decided here: a dependence from iteration i to i + k is kept if k is at least the number of lanes, or if what comes
// first in it stands first in the loop. Otherwise what has to be true of the addresses is asked before the loop, as in K. Kennedy,
// J. R. Allen, Optimizing Compilers for Modern Architectures, 2001, chapter 2, with the test at run time.
import { type Access, type Memory, mayAlias, placeOf } from './effects.ts';
import { addLinear, type Defs, intOf, type Linear, linearOf, opOf, scaleLinear } from './facts.ts';
import type { MemType, OpInst, Value } from './ir.ts';
import { memTypeBytes } from './layout.ts';
import { isRefusal, type Refusal, refused, type Straight } from './vector-loop.ts';

export interface LoopAccess {
  readonly inst: OpInst;
  /** Its position in the loop. */
  readonly at: number;
  readonly write: boolean;
  readonly type: MemType;
  readonly bytes: number;
  /** Bytes from one iteration to the next. */
  readonly stride: number;
  readonly base: Value;
  /** The address in the first iteration is base + this, the counters of the loop being what they begin with. */
  readonly form: Linear;
}

const none: Linear = { constant: 0n, terms: new Map() };

/** A pointer as a value that nothing is known of, and a linear form. */
const wholeAddress = (defs: Defs, v: Value, depth = 16): { readonly base: Value; readonly form: Linear } => {
  const inst = opOf(defs, v);
  const [a, b] = inst?.args ?? [];
  const here = { base: v, form: none };
  if (!inst || a === undefined || depth === 0) return here;
  if (inst.op === 'addr') return wholeAddress(defs, a, depth - 1);
  if (b === undefined) return here;
  const onwards = (by: Linear): { readonly base: Value; readonly form: Linear } => {
    const from = wholeAddress(defs, a, depth - 1);
    return { base: from.base, form: addLinear(from.form, by) };
  };
  if (inst.op === 'elem')
    return onwards(
      scaleLinear(
        linearOf(defs, b, () => false),
        BigInt(Number(inst.imms[0])),
      ),
    );
  const k = inst.op === 'offset' || inst.op === 'ptr.add' ? intOf(defs, b) : undefined;
  return k === undefined ? here : onwards({ ...none, constant: k });
};

/** All reads and writes of the loop, or one that cannot be done for several iterations at once. */
export const accessesOf = (defs: Defs, s: Straight): readonly LoopAccess[] | Refusal => {
  const found: LoopAccess[] = [];
  for (const [at, inst] of s.ops.entries()) {
    if (inst.op !== 'load' && inst.op !== 'store') continue;
    const write = inst.op === 'store';
    const what = write ? 'write' : 'read';
    const type = inst.suffix as MemType;
    if (type === 'ptr32' || type === 'ptr64') return refused(`a ${what} of a pointer`, inst.pos);
    const whole = wholeAddress(defs, inst.args[0] ?? -1);
    if (s.inner.has(whole.base)) return refused(`a ${what} at a place that is found anew each time`, inst.pos);
    let stride = 0n;
    let form = addLinear(whole.form, { ...none, constant: BigInt(Number(inst.imms[0] ?? 0)) });
    for (const [v, c] of whole.form.terms) {
      const induction = s.inductions.find((i) => i.param === v);
      if (!induction) {
        if (s.inner.has(v)) return refused(`a ${what} at a place that is computed anew each time`, inst.pos);
        continue;
      }
      stride += c * induction.step;
      const begin: Linear = linearOf(defs, induction.init, () => false);
      form = addLinear(addLinear(form, { constant: 0n, terms: new Map([[v, c]]) }, -1n), scaleLinear(begin, c));
    }
    if (stride > 1n << 20n || stride < -(1n << 20n)) return refused(`a ${what} in steps that are too long`, inst.pos);
    found.push({ inst, at, write, type, bytes: memTypeBytes[type], stride: Number(stride), base: whole.base, form });
  }
  return found;
};

/** An index that has to be in range in the first iteration and in the last: then it is in all between. */
export interface Index {
  readonly index: Value;
  readonly length: Value;
  /** What it grows by each iteration. */
  readonly step: bigint;
}

/** The checks of the loop as questions to ask before it. */
export const indicesOf = (defs: Defs, s: Straight): readonly Index[] | Refusal => {
  const found = new Map<string, Index>();
  for (const inst of s.ops) {
    const [index = -1, length = -1] = inst.args;
    if (inst.op !== 'check.index') continue;
    if (s.inner.has(length)) return refused('a check against a length that changes', inst.pos);
    const form = linearOf(defs, index, (v) => !s.inner.has(v));
    let step = 0n;
    for (const [v, c] of form.terms) {
      const induction = s.inductions.find((i) => i.param === v);
      if (induction) step += c * induction.step;
      else if (s.inner.has(v)) return refused('a check of an index that is computed anew each time', inst.pos);
    }
    if (step > 1n << 20n || step < -(1n << 20n)) return refused('a check in each iteration', inst.pos);
    const key = `${[...form.terms].map(([v, c]) => `${v}*${c}`).join('+')} ${form.constant} ${length}`;
    found.set(key, { index, length, step });
  }
  return [...found.values()];
};

/** Two accesses whose addresses have to be compared before the loop; `near`: they advance alike, and must only not be close. */
export interface Apart {
  readonly a: LoopAccess;
  readonly b: LoopAccess;
  readonly near: boolean;
  /** Bytes that are accessed from the second address on, each iteration: of all accesses that lie a constant apart, from the lowest one. */
  readonly extent: number;
}

/** What lies a constant apart within so many bytes is compared as one. */
const maxExtent = 256;

/** Questions about the same write and places that advance together become one. */
export const mergedAsks = (asks: readonly Apart[]): readonly Apart[] => {
  const found: Apart[] = [];
  for (const x of asks) {
    const k = found.findIndex(
      (y) => y.a === x.a && y.b.base === x.b.base && y.b.stride === x.b.stride && sameTerms(y.b.form, x.b.form),
    );
    const known = found[k];
    if (!known) {
      found.push(x);
      continue;
    }
    const [low, high] = known.b.form.constant <= x.b.form.constant ? [known, x] : [x, known];
    const apart = Number(high.b.form.constant - low.b.form.constant);
    const extent = Math.max(low.extent, apart + high.extent);
    if (extent <= maxExtent) found[k] = { ...low, extent };
    else found.push(x);
  }
  return found;
};

export const sameTerms = (a: Linear, b: Linear): boolean =>
  a.terms.size === b.terms.size && [...a.terms].every(([v, c]) => b.terms.get(v) === c);

/** What has to be asked before the loop for groups of so many iterations to be right. */
export const dependencesOf = (
  memory: Memory,
  accesses: readonly LoopAccess[],
  lanes: number,
): readonly Apart[] | Refusal => {
  const asks: Apart[] = [];
  for (const w of accesses) {
    if (!w.write) continue;
    for (const x of accesses) {
      if (x.write && x.at <= w.at) {
        if (x === w && w.stride === 0) return refused('every iteration writes the same place', w.inst.pos);
        continue;
      }
      const found = dependence(memory, w, x, lanes);
      if (found === undefined) continue;
      if (isRefusal(found)) return found;
      asks.push(found);
    }
  }
  return mergedAsks(asks);
};

/** All that an access may touch in the loop, for questions about objects. */
export const areaOf = (memory: Memory, a: LoopAccess): Access => ({
  place: { ...placeOf(memory.defs, a.inst.args[0] ?? -1), fromRoot: undefined, base: -1 - a.at },
  bytes: undefined,
});

const dependence = (memory: Memory, w: LoopAccess, x: LoopAccess, lanes: number): Apart | Refusal | undefined => {
  if (w.base === x.base && sameTerms(w.form, x.form) && w.stride === x.stride) {
    const k = conflict(w, x, lanes);
    return k === undefined ? undefined : refused(textOf(x, k), x.inst.pos);
  }
  if (!mayAlias(memory, areaOf(memory, w), areaOf(memory, x))) return undefined;
  return { a: w, b: x, near: w.stride === x.stride, extent: x.bytes };
};

const rounds = (k: number): string => (k === 1 ? '1 iteration' : `${k} iterations`);

const textOf = (x: LoopAccess, k: number): string => {
  const what = x.write ? 'writes over' : 'reads';
  if (k > 0) return `iteration i ${what} what iteration i-${k} wrote`;
  return `iteration i ${x.write ? 'writes' : 'reads'} what is written ${rounds(-k)} later`;
};

/** How many iterations after the write the other access touches a byte of it, if doing them at once would change what it finds. */
const conflict = (w: LoopAccess, x: LoopAccess, lanes: number): number | undefined => {
  const apart = Number(x.form.constant - w.form.constant);
  for (let k = -lanes + 1; k < lanes; k++) {
    const from = apart + w.stride * k;
    if (k === 0 || from <= -x.bytes || from >= w.bytes) continue;
    const inOrder = k > 0 ? w.at < x.at : x.at < w.at;
    if (!inOrder) return k;
  }
  return undefined;
};
