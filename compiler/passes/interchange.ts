// interchange: the two loops of a nest change places, where the inner one walks in long steps and the outer one in short ones.
//
//   loop @j (%j = 0) {                     loop @i (%i = 0) {
//     loop @i (%i = 0) {                     %t = mul %i, %m
//       %t = mul %i, %m                      loop @j (%j = 0) {
//       a[%t + %j] = …                         a[%t + %j] = …
//       next @i(%i + 1)                        next @j(%j + 1)
//     }                                      }
//     next @j(%j + 1)                        next @i(%i + 1)
//   }                                      }
//
// F. Allen, J. Cocke, A catalogue of optimizing transformations, 1971. Which nests: jam-nest.ts, as for register tiling (they have no checks or
// guards in them, so nothing can end the program between two iterations) and interchange-plan.ts. The nest as written stays for when the outer
// loop has few iterations, or what has to be asked is answered no.
import { meetNot } from '../apart.ts';
import { append, type Replacement } from '../append.ts';
import { fewestInner, type InterchangePlan, interchangePlanOf, opsOf, type Rows } from '../interchange-plan.ts';
import type { Body, Func, Inst, LoopInst, OpInst, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { Nest } from '../jam-nest.ts';
import type { RangeState } from '../loop-ranges.ts';
import { withNests } from '../nests.ts';
import type { PassContext } from '../passes.ts';
import { type Asking, asking } from '../range-questions.ts';

const by = 'interchange';

export const interchange = (f: Func, context: PassContext): Func =>
  withNests(f, context, { planOf: interchangePlanOf, copies: 1, made: interchanged });

type Level = 'outside' | 'outer' | 'inner';

/** Where ops are done in the new nest: once, once an iteration of the new outer loop, or in the inner one. */
const levelsOf = (nest: Nest, plan: InterchangePlan): ReadonlyMap<OpInst, Level> => {
  const values = new Map<Value, Level>([
    [nest.outer.counter.param, 'inner'],
    [nest.inner.counter.param, 'outer'],
  ]);
  const found = new Map<OpInst, Level>();
  for (const inst of opsOf(nest)) {
    if (!plan.live.has(inst)) continue;
    const of = inst.args.map((v) => values.get(v) ?? 'outside');
    const moves = inst.op !== 'store' && (inst.op !== 'load' || plan.early.has(inst));
    const computed = of.includes('inner') || !moves ? 'inner' : of.includes('outer') ? 'outer' : 'outside';
    // The nest runs, but perhaps not this: what is read stays in it.
    const level = inst.op === 'load' && computed === 'outside' ? 'outer' : computed;
    found.set(inst, level);
    for (const v of inst.results) values.set(v, level);
  }
  return found;
};

/** `if @better (what is asked) { the new nest } else { the nest as written }` */
const interchanged = (s: RangeState, nest: Nest, plan: InterchangePlan): readonly Inst[] => {
  const { edit } = s;
  const { pos } = nest.outer.loop;
  const first: Inst[] = [];
  const a = asking(s, plan.ranges, pos, by, first);
  const counts = {
    outer: a.make('sub', 'i64', [nest.outer.bound, nest.outer.counter.init], 'i64'),
    inner: a.make('sub', 'i64', [nest.inner.bound, nest.inner.counter.init], 'i64'),
  };
  a.and(a.make('lt_s', 'i64', [nest.outer.counter.init, nest.outer.bound], 'i32'));
  a.and(a.make('ge_u', 'i64', [counts.outer, a.i64(fewestInner)], 'i32'));
  if (plan.rows.length > 0) a.and(a.make('lt_s', 'i64', [nest.inner.counter.init, nest.inner.bound], 'i32'));
  for (const r of plan.rows) askRows(a, r, counts);
  for (const [x, y] of plan.apart) meetNot(a, x, y);
  const condition = a.answer();
  const label = edit.label('better');
  const leave = (to: string) => ({ kind: 'break', label: to, args: [], pos, by }) as const;
  const better = ifInst(
    { label, condition, results: [], pos, by },
    { insts: [...newNest(s, nest, plan)], end: leave(label) },
    { insts: [nest.outer.loop], end: leave(label) },
  );
  return [...first, better];
};

/** Rows do not reach into each other, and no address comes around the circle of addresses. */
const askRows = (a: Asking, r: Rows, counts: { readonly outer: Value; readonly inner: Value }): void => {
  const most = a.i64(1n << 31n);
  const small = (v: Value): void => a.and(a.make('le_u', 'i64', [v, most], 'i32'));
  let across = a.i64(r.stride.bytes);
  if (r.stride.times !== undefined) {
    small(r.stride.times);
    across = a.make('mul', 'i64', [r.stride.times, across], 'i64');
    small(across);
  }
  small(counts[r.across]);
  a.and(a.make('le_u', 'i64', [a.make('mul', 'i64', [counts[r.across], across], 'i64'), a.i64(1n << 32n)], 'i32'));
  if (r.along === undefined) {
    a.and(a.make('gt_s', 'i64', [across, a.i64(0n)], 'i32'));
    return;
  }
  small(counts[r.along]);
  a.and(a.make('le_u', 'i64', [a.make('mul', 'i64', [counts[r.along], a.i64(r.fine)], 'i64'), across], 'i32'));
};

const newNest = (s: RangeState, nest: Nest, plan: InterchangePlan): readonly Inst[] => {
  const { edit } = s;
  const { around } = nest;
  const { pos } = nest.outer.loop;
  const levels = levelsOf(nest, plan);
  const names = new Map<Value, Value>();
  const lists: Readonly<Record<Level, Inst[]>> = { outside: [], outer: [], inner: [] };
  const counters = { outer: edit.value('i64'), inner: edit.value('i64') };
  names.set(nest.inner.counter.param, counters.outer);
  names.set(nest.outer.counter.param, counters.inner);
  for (const inst of opsOf(nest)) {
    const level = levels.get(inst);
    if (level === undefined) continue;
    const args = inst.args.map((v) => names.get(v) ?? v);
    const results = inst.results.map((v) => {
      const now = edit.like(v);
      names.set(v, now);
      return now;
    });
    lists[level].push({ ...inst, args, results, by });
  }
  const loop = (which: 'outer' | 'inner', from: Nest['outer'], insts: Inst[]): LoopInst => {
    const label = edit.label(from.loop.label);
    const into: Replacement = { insts, edit, pos: from.loop.pos, by };
    const one = append(into, 'const', 'i64', 'i64', [], [1n]);
    const next = append(into, 'add', 'i64', 'i64', [counters[which], one]);
    const more = append(into, 'lt_s', 'i64', 'i32', [next, from.bound]);
    insts.push(
      ifInst(
        { label: edit.label('i'), condition: more, results: [], pos, by },
        { insts: [], end: { kind: 'next', label, args: [next], pos, by } },
        { insts: [], end: { kind: 'break', label, args: [], pos, by } },
      ),
    );
    return {
      kind: 'loop',
      label,
      params: [counters[which]],
      inits: [from.counter.init],
      results: [],
      body: { insts, end: { kind: 'unreachable', pos, by } },
      independent: which === 'inner' || plan.independent,
      pos: from.loop.pos,
      by,
    };
  };
  lists.outer.push(loop('inner', nest.outer, lists.inner));
  const all = [...lists.outside, loop('outer', nest.inner, lists.outer)];
  if (!around) return all;
  const label = edit.label(around.test.label);
  const arm = (b: Body): Body => ({
    insts: b.insts.length > 0 ? all : [],
    end: { kind: 'break', label, args: [], pos, by },
  });
  return [ifInst({ ...around.test, label, by }, arm(around.test.then), arm(around.test.else))];
};
