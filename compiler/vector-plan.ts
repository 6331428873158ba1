// Whether a loop can be done with vectors, and how: lanes, groups of them in a round, what has to be asked before it. Or why not.
import type { Replacement } from './append.ts';
import type { Memory } from './effects.ts';
import type { Defs } from './facts.ts';
import { type IrType, type LoopInst, type OpInst, opRow, type Value } from './ir.ts';
import { shuffleCost } from './shuffle-cost.ts';
import type { Edit } from './tree.ts';
import {
  type Apart,
  accessesOf,
  dependencesOf,
  type Index,
  indicesOf,
  type LoopAccess,
  mergedAsks,
} from './vector-access.ts';
import { vectorCode } from './vector-code.ts';
import { isExtreme } from './vector-extreme.ts';
import { type Grouped, groupsOf, type Interleaved } from './vector-groups.ts';
import { isRefusal, type Refusal, refused, type Straight, straightOf } from './vector-loop.ts';
import { type Accumulator, accumulatorsOf } from './vector-reduce.ts';
import { sumsOf } from './vector-sums.ts';
import { type Bits, liveOps, type Sum, typeBits, type Widths, widthsOf } from './vector-width.ts';

/** Loops with more ops stay as they are. */
const maxOps = 200;
/** Pairs of addresses that are compared before a loop. */
const maxAsks = 8;
/** Indices that are checked before it instead of in each iteration. */
const maxIndices = 16;
/** A round is at most so many iterations if its groups are of fewer: the rest of a loop is done one by one. */
const maxRound = 16;

export interface Plan {
  readonly straight: Straight;
  readonly live: ReadonlySet<OpInst>;
  readonly accumulators: readonly Accumulator[];
  /** Those among them that add narrower numbers. */
  readonly sums: readonly Sum[];
  /** States of accumulators that fmin and fmax change. */
  readonly carried: ReadonlySet<Value>;
  readonly widths: Widths;
  readonly accesses: readonly LoopAccess[];
  /** Those among them that are done together. */
  readonly interleaved: readonly Interleaved[];
  readonly asks: readonly Apart[];
  readonly indices: readonly Index[];
  /** Iterations done by one vector of the narrowest lanes. */
  readonly lanes: number;
  /** Groups of as many iterations in a round. */
  readonly groups: number;
  /** The last iteration is left to the loop as written: what it computes is needed behind it. */
  readonly leavesOne: boolean;
}

export interface Around {
  readonly defs: Defs;
  readonly memory: Memory;
  readonly edit: Edit;
}

const typeIn =
  (edit: Edit) =>
  (v: Value): IrType | undefined =>
    edit.types[v];

/** How the loop is done with vectors. Nothing is changed; `edit` gets values that nobody uses. */
export const planOf = (around: Around, loop: LoopInst): Plan | Refusal => {
  const { defs, memory, edit } = around;
  const typeOf = typeIn(edit);
  const straight = straightOf(defs, loop, edit);
  if (isRefusal(straight)) return straight;
  if (straight.ops.length > maxOps) return refused('it is too long', loop.pos);
  const accesses = accessesOf(defs, straight);
  if (isRefusal(accesses)) return accesses;
  const indices = indicesOf(defs, straight);
  if (isRefusal(indices)) return indices;
  if (indices.length > maxIndices) return refused('too many checks', loop.pos);
  const live = liveOps(straight);
  if (live.size === 0) return refused('it computes nothing', loop.pos);
  const accumulators = accumulatorsOf(straight, live);
  if (isRefusal(accumulators)) return accumulators;
  if (accumulators.some((a) => a.chosen && a.op.endsWith('_u') && edit.types[a.param] === 'i64'))
    return refused('the least or greatest of unsigned numbers of 64 bits', loop.pos);
  const sums = sumsOf(defs, straight, live, accumulators, (v) => typeBits(typeOf(v)));
  const widths = widthsOf(defs, straight, live, accumulators, sums, typeOf);
  if (isRefusal(widths)) return widths;
  const lanes = 128 / widths.least;
  const used = accesses.filter((a) => live.has(a.inst));
  const grouped = groupsOf(memory, used, (inst) => widths.bits.has(inst.results[0] ?? -1));
  const asksOf = (g: Grouped): readonly Apart[] | Refusal => {
    const asks = loop.independent ? mergedAsks(g.asks) : dependencesOf(memory, g.accesses, lanes);
    if (isRefusal(asks) || asks.length <= maxAsks) return asks;
    return refused('too many addresses would have to be compared before it', loop.pos);
  };
  const tried = asksOf(grouped);
  const alone: Grouped = { accesses: used, groups: [], asks: [] };
  const [chosen, asks] = isRefusal(tried) ? [alone, asksOf(alone)] : [grouped, tried];
  if (isRefusal(asks)) return asks;
  const bad = stridesOf(used);
  if (bad) return bad;
  const leavesOne = straight.leave.args.some((v) => straight.inner.has(v) && !straight.next.args.includes(v));
  const plan: Plan = {
    straight,
    live,
    accumulators,
    sums,
    carried: new Set(accumulators.flatMap((a) => (isExtreme(a.op) ? [...a.chain] : []))),
    widths,
    accesses: chosen.accesses,
    interleaved: chosen.groups,
    asks,
    indices,
    lanes,
    groups: 1,
    leavesOne,
  };
  const { cost, ops } = trial(around, plan);
  const scalar = scalarCost(plan);
  if (cost >= 0.85 * scalar * lanes) return refused('vectors would cost more than they save', loop.pos);
  const wished = ops <= 12 ? 4 : ops <= 30 ? 2 : 1;
  return { ...plan, groups: Math.max(1, Math.min(wished, maxRound / lanes)) };
};

/** Writes go to one element after the other, or each by itself; what lies closer than it is long would be torn apart. */
const stridesOf = (accesses: readonly LoopAccess[]): Refusal | undefined => {
  for (const a of accesses)
    if (a.write && Math.abs(a.stride) < a.bytes) return refused('iterations write places that overlap', a.inst.pos);
  return undefined;
};

// ---- cost -------------------------------------------------------------------------------------------------------

/** What is dearer in lanes than the table says: it takes the engine several instructions. */
const dearer: Readonly<Record<string, number>> = {
  'v.mul.i64x2': 9,
  'v.shr_s.i64x2': 5,
  'v.shl.i8x16': 4,
  'v.shr_s.i8x16': 5,
  'v.shr_u.i8x16': 4,
  'v.select': 2,
  'v.lt_s.i64x2': 2,
  'v.trunc_sat_s.i32x4.f32x4': 5,
  'v.trunc_sat_s.i32x4.f64x2': 5,
  'v.load_lane.64': 5,
  'v.load_lane.32': 5,
  'v.load_lane.16': 5,
  'v.load_lane.8': 5,
  'v.store_lane.64': 4,
  'v.store_lane.32': 4,
  'v.store_lane.16': 4,
  'v.store_lane.8': 6,
  'v.convert_u.f32x4.i32x4': 6,
};

const vectorCost = (inst: OpInst): number =>
  inst.op === 'v.shuffle'
    ? shuffleCost(inst.imms.map(Number))
    : (dearer[inst.suffix === '' ? inst.op : `${inst.op}.${inst.suffix}`] ?? opRow(inst.op).cost);

/** What one group costs: its code, written to be weighed and thrown away. */
const trial = (around: Around, plan: Plan): { readonly cost: number; readonly ops: number } => {
  const { edit, defs } = around;
  const typeOf = typeIn(edit);
  const make = (): Replacement => ({ insts: [], edit, pos: 0, by: 'vectorise' });
  const [before, into] = [make(), make()];
  vectorCode({
    ...plan,
    defs,
    typeOf,
    groups: 1,
    counters: counterParams(plan, edit),
    accumulators: accumulatorParams(plan, edit),
    before,
    into,
  });
  let cost = 2;
  let ops = 0;
  for (const i of into.insts) {
    if (i.kind !== 'op') continue;
    // Addresses become pointers that advance.
    if (!i.op.startsWith('v.')) continue;
    cost += vectorCost(i);
    ops++;
  }
  return { cost, ops };
};

const scalarCost = (plan: Plan): number => {
  let cost = 2;
  for (const { summands } of plan.sums) for (const { conditions } of summands) cost += 1 + conditions.length;
  for (const inst of plan.live) {
    const [r] = inst.results;
    const isData = r === undefined || plan.widths.bits.has(r) || plan.widths.isMask(r);
    if (isData) cost += opRow(inst.op).cost;
  }
  return cost;
};

/** Fresh parameters for the counters. */
export const counterParams = (plan: Plan, edit: Edit): ReadonlyMap<Value, Value> =>
  new Map(plan.straight.inductions.map((i) => [i.param, edit.like(i.param)]));

/** Fresh parameters for the vectors of the accumulators. */
export const accumulatorParams = (plan: Plan, edit: Edit): ReadonlyMap<Value, readonly Value[]> =>
  new Map(
    plan.accumulators.map((a) => {
      const bits: Bits = typeBits(edit.types[a.param]);
      const isSum = plan.sums.some((x) => x.param === a.param);
      return [
        a.param,
        Array.from({ length: isSum ? 1 : (plan.groups * plan.lanes * bits) / 128 }, () => edit.value('v128')),
      ];
    }),
  );
