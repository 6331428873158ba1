// check-elim: a check that conditions, loop bounds and earlier checks imply goes; so does a comparison that they decide.
//
//   if @i (%i >= 2 && %i < %n - 2) {
//     %k = add.i64 %i, 2
//     check.index %k, %n             (nothing: 0 <= %i + 2 < %n)
//
// Walks the tree with what is known (compiler/bounds.ts): the condition in the arms of an `if`, and after one whose other
// arm leaves; what a check has let through; and for a counter that goes up by a constant, that it is never below where it
// began. A counter can wrap only past a bound that its own test did not stop it at: that test must be there.
import { unreachable } from '../../lang/unreachable.ts';
import { Bounds, zero } from '../bounds.ts';
import type { Definitions } from '../definitions.ts';
import {
  countedOf,
  i32Range,
  i64Range,
  inductionsOf,
  isCompare,
  maxExtent,
  ownDefsOf,
  type Relation,
  relationsOf,
} from '../facts.ts';
import type { Body, Func, IfInst, Inst, IrType, LoopInst, OpInst, PosId, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { settledExtents } from '../settled.ts';
import { breaksTo, forEachInst, madeBy } from '../tree.ts';

interface State {
  readonly context: PassContext;
  readonly defs: Definitions;
  readonly bounds: Bounds;
  readonly types: readonly IrType[];
  /** Values that are the number of images. */
  readonly images: readonly Value[];
  /** Tests of counted loops, with the places of their loops. */
  readonly tests: Map<IfInst, PosId>;
}

/** `line:column`, for reasons. */
const at = (s: State, pos: PosId): string => {
  const { line, col } = s.context.positionOf(pos);
  return `${line}:${col}`;
};

const testReason = (s: State, inst: IfInst): string | undefined => {
  if (!s.context.explain) return undefined;
  const loop = s.tests.get(inst);
  return loop === undefined ? `the condition at ${at(s, inst.pos)}` : `the bounds of the loop at ${at(s, loop)}`;
};

export const checkElim = (f: Func, context: PassContext): Func => {
  const defs = ownDefsOf(f);
  const images: Value[] = [];
  const bounds = new Bounds(defs, context.explain !== undefined);
  forEachInst(f.body, (i) => {
    if (i.kind === 'op' && i.op === 'num_images') images.push(...i.results);
  });
  // The number of images is one number, wherever it is asked for.
  for (const v of images.slice(1)) {
    bounds.atMost(v, images[0] ?? v, 0n);
    bounds.atMost(images[0] ?? v, v, 0n);
  }
  const s: State = { context, defs, bounds, types: f.types, images: images.slice(0, 1), tests: new Map() };
  learnExtents(s, f);
  return { ...f, body: elimBody(s, f.body) };
};

const ofExtent = 'the extent of the array';

/**
 * What is known of the extents of arrays: a `let` or config that is one (fold has put it in the extent's place) fits the
 * memory, and the own indices of a dimension lie below its extent.
 */
const learnExtents = (s: State, f: Func): void => {
  const settled = settledExtents(s.context.program, f.name);
  const names = new Set([...settled.values()].map((e) => e.imm));
  const extents = new Map<string, Value[]>();
  const add = (key: string, v: Value): void => {
    const list = extents.get(key);
    if (list) list.push(v);
    else extents.set(key, [v]);
  };
  const own: { readonly key: string; readonly value: Value }[] = [];
  forEachInst(f.body, (i) => {
    const result = i.results[0];
    if (i.kind !== 'op' || result === undefined) return;
    const key = `${String(i.imms[0])} ${String(i.imms[1])}`;
    if (i.op === 'shared.extent') add(key, result);
    else if (i.op === 'shared.lo' || i.op === 'shared.hi') own.push({ key, value: result });
    else if (i.op === 'let' && i.suffix === 'i64' && names.has(i.imms[0] ?? '')) {
      s.bounds.atMost(zero, result, 0n, ofExtent);
      s.bounds.atMost(result, zero, maxExtent - 1n, ofExtent);
      for (const [k, e] of settled) if (e.op === 'let' && e.imm === i.imms[0]) add(k, result);
    }
  });
  for (const { key, value } of own) {
    for (const extent of extents.get(key) ?? []) s.bounds.atMost(value, extent, 0n, ofExtent);
    const known = settled.get(key);
    if (known?.op === 'const' && typeof known.imm === 'bigint') s.bounds.atMost(value, zero, known.imm, ofExtent);
  }
};

const elimBody = (s: State, body: Body): Body => {
  const mark = s.bounds.mark();
  const insts: Inst[] = [];
  for (const inst of body.insts) insts.push(...elimInst(s, inst));
  s.bounds.reset(mark);
  return { insts, end: body.end };
};

const under = (s: State, test: IfInst, holds: boolean, body: Body): Body => {
  const mark = s.bounds.mark();
  for (const r of relationsOf(s.defs, test.condition, holds)) s.bounds.learn(r, testReason(s, test));
  const now = elimBody(s, body);
  s.bounds.reset(mark);
  return now;
};

const elimInst = (s: State, inst: Inst): readonly Inst[] => {
  switch (inst.kind) {
    case 'op':
      return elimOp(s, inst);
    case 'if': {
      const now = ifInst(inst, under(s, inst, true, inst.then), under(s, inst, false, inst.else));
      // After an arm that leaves, the other one was taken.
      const yes = breaksTo(inst.then, inst.label).length > 0;
      const no = breaksTo(inst.else, inst.label).length > 0;
      const why = testReason(s, inst);
      if (yes !== no) for (const r of relationsOf(s.defs, inst.condition, yes)) s.bounds.learn(r, why);
      return [now];
    }
    case 'block':
      return [{ ...inst, body: elimBody(s, inst.body) }];
    case 'loop': {
      const mark = s.bounds.mark();
      learnCounters(s, inst);
      const body = elimBody(s, inst.body);
      s.bounds.reset(mark);
      return [{ ...inst, body }];
    }
    default:
      return unreachable(inst);
  }
};

/** Counters of a loop never go back beyond their first value, if their test keeps them from wrapping. */
const learnCounters = (s: State, loop: LoopInst): void => {
  const c = countedOf(s.defs, loop);
  if (!c?.signed || c.test.results.length > 0) return;
  s.tests.set(c.test, loop.pos);
  const why = s.context.explain ? `the bounds of the loop at ${at(s, loop.pos)}` : undefined;
  const { step, param, init } = c.induction;
  const limits = s.types[param] === 'i32' ? i32Range : i64Range;
  if (inductionsOf(s.defs, loop).every((i) => i.param !== param)) return;
  if (step > 0n && (c.op === 'lt' || c.op === 'le')) {
    // At the step the counter is below (or at) the bound.
    const most = atMost(s.bounds.upper(c.bound), limits.hi) - (c.op === 'lt' ? 1n : 0n);
    if (most + step <= limits.hi) s.bounds.atMost(init, param, 0n, why);
  } else if (step < 0n && (c.op === 'gt' || c.op === 'ge')) {
    const least = atLeast(s.bounds.lower(c.bound), limits.lo) + (c.op === 'gt' ? 1n : 0n);
    if (least + step >= limits.lo) s.bounds.atMost(param, init, 0n, why);
  }
};

const atMost = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const atLeast = (a: bigint, b: bigint): bigint => (a > b ? a : b);

const elimOp = (s: State, inst: OpInst): readonly Inst[] => {
  const [a, b, c] = inst.args;
  const { bounds } = s;
  const reasons = new Set<string>();
  const proves = (u: Value, v: Value, c: bigint): boolean => {
    const proved = bounds.proves(u, v, c);
    if (proved) for (const why of bounds.because()) reasons.add(why);
    return proved;
  };
  const drop = (implied: boolean): readonly Inst[] => {
    if (!implied || !s.context.allow()) return [inst];
    s.context.explain?.(inst, reasons.size === 0 ? 'the values have such a range' : [...reasons].join(', '));
    return [];
  };
  /** Drops the check if these differences follow from what is known; else they are known from here on. */
  const imply = (...facts: readonly (readonly [Value, Value, bigint])[]): readonly Inst[] => {
    const kept = drop(facts.every(([u, v, c]) => proves(u, v, c)));
    if (kept.length > 0)
      for (const [u, v, c] of facts) bounds.atMost(u, v, c, s.context.explain && `the check at ${at(s, inst.pos)}`);
    return kept;
  };
  if (a === undefined) return [inst];
  switch (inst.op) {
    case 'check.index':
      return b === undefined ? [inst] : imply([zero, a, 0n], [a, b, -1n]);
    case 'check.slice':
      return b === undefined || c === undefined ? [inst] : imply([zero, a, 0n], [a, b, 0n], [b, c, 0n]);
    case 'check.image': {
      const [images] = s.images;
      return images === undefined ? [inst] : imply([zero, a, 0n], [a, images, -1n]);
    }
    case 'check.divide':
      return drop(b !== undefined && inst.suffix === 'i64' && proves(zero, b, -1n));
    case 'check.step':
      return drop(proves(zero, a, -1n));
    case 'check.overflow':
      return drop(b !== undefined && inst.suffix === 'i64' && (proves(zero, b, 0n) || proves(zero, a, 0n)));
    default:
      return decided(s, inst);
  }
};

/** A comparison that the facts decide is a constant. */
const decided = (s: State, inst: OpInst): readonly Inst[] => {
  const result = inst.results[0];
  if (result === undefined || !isCompare(inst.op) || (inst.suffix !== 'i64' && inst.suffix !== 'i32')) return [inst];
  const [r] = relationsOf(s.defs, result, true);
  if (!r?.signed) return [inst];
  const [no] = relationsOf(s.defs, result, false);
  const yes = s.bounds.holds(r.left, r.op, r.right);
  if (!yes && !(no && s.bounds.holds(no.left, no.op, no.right))) return atEnd(s, inst, r);
  if (!s.context.allow()) return [inst];
  return [
    madeBy('check-elim', inst, { op: 'const', suffix: 'i32', args: [], imms: [yes ? 1n : 0n], results: [result] }),
  ];
};

/** Whether a counter is one of the ends of its range is whether it is beyond, or not: that is an order, of which more follows. */
const atEnd = (s: State, inst: OpInst, { left, op, right }: Relation): readonly Inst[] => {
  const isCounter = s.defs.get(left)?.kind === 'param' || s.defs.get(right)?.kind === 'param';
  // A negated comparison is one of one operand.
  if (!isCounter || inst.op !== op || (op !== 'eq' && op !== 'ne')) return [inst];
  const least = s.bounds.proves(right, left, 0n);
  if ((!least && !s.bounds.proves(left, right, 0n)) || !s.context.allow()) return [inst];
  const [same, other] = least ? (['le_s', 'gt_s'] as const) : (['ge_s', 'lt_s'] as const);
  const now = madeBy('check-elim', inst, { ...inst, op: op === 'eq' ? same : other });
  s.defs.add(now);
  return [now];
};
