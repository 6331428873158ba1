// vectorise: what several iterations do becomes one op on vectors; the loop as written does what is left over.
//
//   loop @l (%i = %lo) {                  %rounds = (%hi - %lo) & -8
//     %x = load.f64 (elem %b, %i, 8)      if @vec %lo < %hi and 8 <= %hi - %lo {
//     store.f64 (elem %a, %i, 8), %x        loop @v (%j = %lo) {
//     next @l(%i + 1) while < %hi             %x = v.load.v128 (elem %b, %j, 8) …   four times
//   }                                         v.store.v128 (elem %a, %j, 8), %x …
//                                             next @v(%j + 8) while < %lo + %rounds
//                                           }
//                                         }
//                                         loop @l (%i = %lo + %rounds) { … }        unless nothing is left
//
// Which loops: vector-plan.ts. What has to be asked before the loop goes into the condition: if the answer is no, the loop as written does
// everything. Nothing else is doubled. Where iterations are independent by the language's promise (foreach, forall) nothing is asked
// about them. R. Allen, K. Kennedy, Automatic translation of FORTRAN programs to vector form, TOPLAS 9(4), 1987.
import { isRuntime } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { isChecked } from '../checked.ts';
import { memoryOf } from '../effects.ts';
import { defsOf } from '../facts.ts';
import type { Body, Func, IfInst, Inst, IrType, LoopInst, OpName, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { combinesArrays } from '../runtime-functions.ts';
import { editOf, hasLoop, sizeOf, typeOf, withBodies } from '../tree.ts';
import type { Apart } from '../vector-access.ts';
import { cloner, linearStep, vectorCode } from '../vector-code.ts';
import { isRefusal } from '../vector-loop.ts';
import { type Around, accumulatorParams, counterParams, type Plan, planOf } from '../vector-plan.ts';
import { combined, identityOf, zerosStayOut } from '../vector-total.ts';

const by = 'vectorise';

/** A function that has grown beyond this gets no more loops. */
const maxFunction = 12_000;

interface State extends Around {
  readonly context: PassContext;
  size: number;
}

export const vectorise = (f: Func, context: PassContext): Func => {
  // In init, what a let or an array is may still change.
  const stays = isRuntime(f.name) && !combinesArrays(f.name);
  if (stays || f.name === 'init' || isChecked(context.program)) return f;
  const defs = defsOf(f);
  const edit = editOf(f);
  const s: State = { context, edit, defs, memory: memoryOf(f, context.program, defs), size: sizeOf(f.body) };
  const body = inBody(s, f.body);
  return { ...f, types: edit.types, body };
};

const inBody = (s: State, body: Body): Body => ({
  insts: body.insts.map((i) => {
    if (i.kind !== 'loop' || hasLoop(i.body)) return withBodies(i, (b) => inBody(s, b));
    if (s.size > maxFunction) return i;
    const plan = planOf(s, i);
    if (isRefusal(plan) || !s.context.allow()) return i;
    s.size += 2 * sizeOf(i.body);
    return vectorised(s, i, plan);
  }),
  end: body.end,
});

/**
 *   block @out {
 *     at, accumulators = if @vec (enough iterations, and all answers are yes) {
 *       the loop of vectors; break @out(results) if nothing is left; break @vec(where it stopped, totals)
 *     } else { break @vec(where the loop begins) }
 *     the loop as written; break @out(its results)
 *   }
 */
const vectorised = (s: State, loop: LoopInst, plan: Plan): Inst => {
  const { edit } = s;
  const { pos } = loop;
  const { straight, accumulators, leavesOne } = plan;
  const { counter, bound } = straight;
  const of = (v: Value): IrType => typeOf(edit.types, v);
  const replacement = (): Replacement => ({ insts: [], edit, pos, by });
  const total = plan.lanes * plan.groups;

  const outer = replacement();
  const i64 = (r: Replacement, n: bigint): Value => append(r, 'const', 'i64', 'i64', [], [n]);
  const distance = append(outer, 'sub', 'i64', 'i64', [bound, counter.init]);
  const { step } = counter;
  // Iterations that vectors may do, where the counter goes up by one; with longer steps a part of the distance.
  const less = straight.inclusive ? 0n : leavesOne ? 1n : 1n - step;
  const nearly = less === 0n ? distance : append(outer, 'add', 'i64', 'i64', [distance, i64(outer, -less)]);
  const most = step === 1n ? nearly : append(outer, 'div_u', 'i64', 'i64', [nearly, i64(outer, step)]);
  let ok = append(outer, 'lt_s', 'i64', 'i32', [counter.init, bound]);
  const and = (v: Value): void => {
    ok = append(outer, 'and', 'i32', 'i32', [ok, v]);
  };
  and(append(outer, 'ge_u', 'i64', 'i32', [most, i64(outer, BigInt(total))]));
  const rounds = append(outer, 'and', 'i64', 'i64', [most, i64(outer, BigInt(-total))]);
  // What adds to the distance, or to the bound, must not wrap.
  for (const v of step === 1n ? [] : [counter.init, bound]) {
    const near = append(outer, 'add', 'i64', 'i64', [v, i64(outer, 1n << 61n)]);
    and(append(outer, 'lt_u', 'i64', 'i32', [near, i64(outer, 1n << 62n)]));
  }
  const first = cloner(straight, of, outer, new Map());
  for (const a of plan.asks) and(apart(outer, a, plan.lanes, first, rounds, and));
  if (plan.indices.length > 0) {
    const more = append(outer, 'add', 'i64', 'i64', [rounds, i64(outer, -1n)]);
    if (plan.indices.some((x) => x.step !== 1n))
      and(append(outer, 'le_u', 'i64', 'i32', [rounds, i64(outer, 1n << 32n)]));
    for (const x of plan.indices) {
      const [from, length] = [first(x.index), first(x.length)];
      and(append(outer, 'ge_s', 'i64', 'i32', [length, i64(outer, 0n)]));
      and(append(outer, 'lt_u', 'i64', 'i32', [from, length]));
      if (x.step === 0n) continue;
      const way = x.step === 1n ? more : append(outer, 'mul', 'i64', 'i64', [more, i64(outer, x.step)]);
      const to = append(outer, 'add', 'i64', 'i64', [from, way]);
      and(append(outer, 'lt_u', 'i64', 'i32', [to, length]));
    }
  }
  const goesAtMost = (v: Value, far: bigint): void => {
    const by = linearStep(s.defs, straight, v);
    if (by !== 0n) and(append(outer, 'le_u', 'i64', 'i32', [rounds, i64(outer, far / (by < 0n ? -by : by))]));
  };
  for (const inst of plan.widths.counted) {
    // Floats hold whole numbers of 53 bits: half of that at first, and no more than the other half in all.
    const v = inst.args[0] ?? -1;
    const near = append(outer, 'add', 'i64', 'i64', [first(v), i64(outer, 1n << 51n)]);
    and(append(outer, 'lt_u', 'i64', 'i32', [near, i64(outer, 1n << 52n)]));
    goesAtMost(v, 1n << 51n);
  }
  for (const v of plan.widths.near) {
    // Half of the way to the ends of 32 bits at first, and no more than the other half in all.
    const near = append(outer, 'add', 'i64', 'i64', [first(v), i64(outer, 1n << 30n)]);
    and(append(outer, 'lt_u', 'i64', 'i32', [near, i64(outer, 1n << 31n)]));
    goesAtMost(v, 1n << 30n);
  }
  const writes = straight.ops.some((i) => i.op === 'store');
  for (const a of writes ? accumulators : []) {
    const out = zerosStayOut(outer, a, of(a.param), loop.inits[a.index] ?? -1);
    if (out !== undefined) and(out);
  }

  // The loop of vectors.
  const before = replacement();
  const body = replacement();
  const counters = counterParams(plan, edit);
  const vectors = accumulatorParams(plan, edit);
  const way = step === 1n ? rounds : append(before, 'mul', 'i64', 'i64', [rounds, i64(before, step)]);
  const end = append(before, 'add', 'i64', 'i64', [counter.init, way]);
  const last = vectorCode({ ...plan, defs: s.defs, typeOf: of, counters, accumulators: vectors, before, into: body });
  const inits: Value[] = [];
  const params: Value[] = [];
  const nexts: Value[] = [];
  for (const i of straight.inductions) {
    const param = counters.get(i.param) ?? i.param;
    const type = of(i.param);
    const step = append(
      body,
      'const',
      type,
      type,
      [],
      [BigInt.asIntN(type === 'i32' ? 32 : 64, i.step * BigInt(total))],
    );
    params.push(param);
    inits.push(i.init);
    nexts.push(append(body, 'add', type, type, [param, step]));
  }
  const at = straight.inductions.findIndex((i) => i.index === counter.index);
  for (const a of accumulators) {
    const init = loop.inits[a.index] ?? -1;
    const start = identityOf(before, a, of(a.param), init);
    for (const [k, param] of (vectors.get(a.param) ?? []).entries()) {
      params.push(param);
      inits.push(start);
      nexts.push(last.get(a.param)?.[k] ?? -1);
    }
  }
  const results = params.map((p) => edit.like(p));
  const label = edit.label('vec0');
  const goesOn = append(body, 'lt_s', 'i64', 'i32', [nexts[at] ?? -1, end]);
  const test = ifInst(
    { label: edit.label('i0'), condition: goesOn, results: [], pos, by },
    { insts: [], end: { kind: 'next', label, args: nexts, pos, by } },
    { insts: [], end: { kind: 'break', label, args: nexts, pos, by } },
  );
  const vectorLoop: LoopInst = {
    kind: 'loop',
    label,
    params,
    inits,
    results,
    independent: loop.independent,
    body: { insts: [...body.insts, test], end: { kind: 'unreachable', pos, by } },
    pos,
    by,
  };

  // Behind it: what the loop as written begins with.
  const after = replacement();
  const [out, choice] = [edit.label('out0'), edit.label('some0')];
  const begins = [...loop.inits];
  for (const [k, i] of straight.inductions.entries()) begins[i.index] = results[k] ?? i.init;
  // The loop of vectors stops just there.
  begins[counter.index] = end;
  let from = straight.inductions.length;
  let sure: Value | undefined;
  for (const a of accumulators) {
    const count = vectors.get(a.param)?.length ?? 0;
    const found = combined(after, a, of(a.param), loop.inits[a.index] ?? -1, results.slice(from, from + count));
    from += count;
    begins[a.index] = found.value;
    if (found.sure !== undefined && !writes)
      sure = sure === undefined ? found.sure : append(after, 'and', 'i32', 'i32', [sure, found.sure]);
  }
  const stops = loop.params.map((p) => edit.like(p));
  const given = (args: readonly Value[], to: string): Terminator => ({ kind: 'break', label: to, args, pos, by });
  const done: Inst[] = [];
  if (!leavesOne && !straight.inclusive) {
    const over = append(after, 'ge_s', 'i64', 'i32', [begins[counter.index] ?? -1, bound]);
    const ends = straight.leave.args.map((v) => {
      const k = straight.next.args.indexOf(v);
      return straight.inner.has(v) && k >= 0 ? (begins[k] ?? v) : v;
    });
    done.push(leaveIf(edit.label('done0'), over, given(ends, out), pos));
  }
  const redo: Inst[] =
    sure === undefined
      ? []
      : [leaveIf(edit.label('redo0'), append(after, 'eqz', 'i32', 'i32', [sure]), given(loop.inits, choice), pos)];
  const vec = ifInst(
    { label: choice, condition: ok, results: stops, pos, by },
    { insts: [...before.insts, vectorLoop, ...after.insts, ...redo, ...done], end: given(begins, choice) },
    { insts: [], end: given(loop.inits, choice) },
  );
  const rest: LoopInst = { ...loop, inits: stops, results: loop.results.map((v) => edit.like(v)) };
  return {
    kind: 'block',
    label: out,
    results: loop.results,
    body: { insts: [...outer.insts, vec, rest], end: given(rest.results, out) },
    pos,
    by,
  };
};

const leaveIf = (label: string, condition: Value, end: Terminator, pos: number): IfInst =>
  ifInst(
    { label, condition, results: [], pos, by },
    { insts: [], end },
    { insts: [], end: { kind: 'break', label, args: [], pos, by } },
  );

/** Asks whether two accesses stay out of each other's way; gives the last of the answers, the others go to `and`. */
const apart = (
  r: Replacement,
  { a, b, near, extent }: Apart,
  lanes: number,
  first: (v: Value) => Value,
  rounds: Value,
  and: (v: Value) => void,
): Value => {
  const i32 = (n: number): Value => append(r, 'const', 'i32', 'i32', [], [BigInt(n)]);
  const op = (name: OpName, args: readonly Value[], to: 'i32' | 'i64' = 'i32', suffix = to): Value =>
    append(r, name, suffix, to, args);
  const further = (p: Value, by: Value): Value => append(r, 'ptr.add', '', 'ptr', [p, by]);
  const between = (p: Value, q: Value): Value => append(r, 'ptr.diff', '', 'i32', [q, p]);
  const [pa, pb] = [a, b].map((x) => {
    const from = first(x.inst.args[0] ?? -1);
    const offset = Number(x.inst.imms[0] ?? 0);
    return offset === 0 ? from : further(from, i32(offset));
  });
  if (pa === undefined || pb === undefined) throw new Error('internal error: an access without an address');
  if (near) {
    // The distance d of the two stays the same. Iterations of a group meet if it is between -below and above.
    const span = Math.abs(a.stride) * (lanes - 1);
    const [below, above] = [extent + span, a.bytes + span];
    const distance = between(pa, pb);
    return op('ge_u', [op('add', [distance, i32(below - 1)]), i32(below + above - 1)]);
  }
  const i64 = (n: bigint): Value => append(r, 'const', 'i64', 'i64', [], [n]);
  and(append(r, 'le_u', 'i64', 'i32', [rounds, i64(1n << 32n)]));
  const area = (p: Value, stride: number, extent: number): { readonly from: Value; readonly length: Value } => {
    const reach = append(r, 'mul', 'i64', 'i64', [rounds, i64(BigInt(stride))]);
    const all = i64(BigInt(extent));
    if (stride >= 0) return { from: p, length: append(r, 'add', 'i64', 'i64', [reach, all]) };
    return {
      from: further(p, append(r, 'wrap', '', 'i32', [reach])),
      length: append(r, 'sub', 'i64', 'i64', [all, reach]),
    };
  };
  const one = area(pa, a.stride, a.bytes);
  const other = area(pb, b.stride, extent);
  // Neither begins in the other, on the circle of addresses.
  const ahead = (x: typeof one, y: typeof one): Value => {
    const distance = append(r, 'extend_u', '', 'i64', [between(x.from, y.from)]);
    return append(r, 'ge_s', 'i64', 'i32', [distance, x.length]);
  };
  and(ahead(one, other));
  return ahead(other, one);
};
