// split: a loop whose body tests its own counter against bounds runs over the indices for which the test holds, with the
// others before and after it.
//
//   for i in lo..hi {                      for i in lo..m1 { B }
//     if i >= a && i < b { A } else { B }  for i in m1..m2 { A }        m1 = min(max(lo, a), hi)
//   }                                      for i in m2..hi { B }        m2 = max(m1, min(hi, b))
//
// Where B does nothing its loops go, and only the middle one is left: index-set splitting. Sound for loops that count up
// by one to a bound that is their only exit, because the comparisons are monotone in the counter. Bounds are used as they
// are, with no arithmetic that could wrap.
import { effectsOf } from '../effects.ts';
import { type Counted, countedOf, type Defs, defsOf, relationsOf, swapped } from '../facts.ts';
import type { Body, Func, IfInst, Inst, LoopInst, OpName, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { copyBody, definedIn, type Edit, editOf, madeBy, typeOf, withBodies } from '../tree.ts';
import { costOf, maxFunctionCost } from './inline.ts';
import { conjuncts } from './unswitch.ts';

const maxCost = 300;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  /** Cost of the function so far: it does not grow without bound. */
  cost: number;
}

export const split = (f: Func, context: PassContext): Func => {
  const edit = editOf(f);
  const s: State = { context, edit, defs: defsOf(f), cost: costOf(f.body) };
  const body = splitBody(s, f.body);
  return { ...f, types: edit.types, body };
};

const splitBody = (s: State, body: Body): Body => ({
  insts: body.insts.flatMap((inst) => {
    if (inst.kind === 'op') return [inst];
    const now = withBodies(inst, (b) => splitBody(s, b));
    return now.kind === 'loop' ? splitLoop(s, now) : [now];
  }),
  end: body.end,
});

interface Bounds {
  readonly test: IfInst;
  /** counter >= each of these; counter < each of those; and what else the condition asks. */
  readonly lower: readonly Value[];
  readonly upper: readonly Value[];
  readonly others: readonly Value[];
}

const splitLoop = (s: State, loop: LoopInst): readonly Inst[] => {
  const inner = definedIn(loop.body, new Set(loop.params));
  const counted = countedOf(s.defs, loop, inner);
  if (!counted?.only || counted.op !== 'lt' || !counted.signed || counted.induction.step !== 1n) return [loop];
  if (loop.body.insts.some((i) => hasLoop(i)) || costOf(loop.body) > maxCost) return [loop];
  // What stands before the test runs once more for each piece.
  if (counted.test.results.length > 0 || loop.body.insts.slice(0, counted.at).some((i) => effectsOf(i) !== 0))
    return [loop];
  const { param } = counted.induction;
  // The counter's last value would have to be put together again.
  if ((counted.goesOn ? counted.test.else : counted.test.then).end.kind !== 'break' || usesAtExit(counted, param))
    return [loop];
  const bounds = findBounds(s.defs, loop, counted, inner);
  const more = 2 * costOf(loop.body);
  if (!bounds || s.cost + more > maxFunctionCost || !s.context.allow()) return [loop];
  s.cost += more;
  return pieces(s, loop, counted, bounds);
};

const hasLoop = (inst: Inst): boolean => {
  if (inst.kind === 'loop') return true;
  if (inst.kind === 'op') return false;
  return (inst.kind === 'if' ? [inst.then, inst.else] : [inst.body]).some((b) => b.insts.some(hasLoop));
};

const usesAtExit = (c: Counted, param: Value): boolean => {
  const { end } = c.goesOn ? c.test.else : c.test.then;
  return end.kind === 'break' && end.args.includes(param);
};

const findBounds = (defs: Defs, loop: LoopInst, c: Counted, inner: ReadonlySet<Value>): Bounds | undefined => {
  for (const test of loop.body.insts.slice(c.at + 1)) {
    if (test.kind !== 'if') continue;
    const lower: Value[] = [];
    const upper: Value[] = [];
    const others: Value[] = [];
    for (const part of conjuncts(defs, test.condition)) {
      const [r, more] = relationsOf(defs, part, true);
      const turned = r && r.right === c.induction.param ? { ...r, left: r.right, right: r.left, op: swapped[r.op] } : r;
      const fits =
        turned &&
        !more &&
        turned.signed &&
        turned.suffix === 'i64' &&
        turned.left === c.induction.param &&
        !inner.has(turned.right);
      if (fits && turned.op === 'ge') lower.push(turned.right);
      else if (fits && turned.op === 'lt') upper.push(turned.right);
      else others.push(part);
    }
    if (lower.length + upper.length > 0) return { test, lower, upper, others };
  }
  return undefined;
};

const pieces = (s: State, loop: LoopInst, c: Counted, bounds: Bounds): readonly Inst[] => {
  const out: Inst[] = [];
  const make = (op: OpName, suffix: string, args: readonly Value[], type: 'i32' | 'i64'): Value => {
    const result = s.edit.value(type);
    out.push(madeBy('split', bounds.test, { op, suffix, args, imms: [], results: [result] }));
    return result;
  };
  const smaller = (a: Value, b: Value): Value =>
    make('select', 'i64', [make('lt_s', 'i64', [a, b], 'i32'), a, b], 'i64');
  const larger = (a: Value, b: Value): Value =>
    make('select', 'i64', [make('lt_s', 'i64', [a, b], 'i32'), b, a], 'i64');
  const { index, init } = c.induction;
  const hi = c.bound;
  const first = bounds.lower.length === 0 ? undefined : smaller(bounds.lower.reduce(larger), hi);
  const start = first === undefined ? init : larger(init, first);
  const stop = bounds.upper.length === 0 ? hi : smaller(bounds.upper.reduce(smaller), hi);
  const last = bounds.upper.length === 0 ? undefined : larger(start, stop);
  let state = loop.inits;
  let exit: readonly Value[] = [];
  const piece = (from: Value, to: Value, holds: boolean): void => {
    const known = s.edit.value('i32');
    out.push(
      madeBy('split', bounds.test, { op: 'const', suffix: 'i32', args: [], imms: [holds ? 1n : 0n], results: [known] }),
    );
    const test = s.edit.value('i32');
    const inits = state.map((v, i) => (i === index ? from : v));
    // Every piece hands all parameters on; the last one's are what the loop's exit gives.
    const handed = loop.params.map((p) => s.edit.like(p));
    const body = rebuild(s, loop, c, bounds, { known, test, to, others: holds ? bounds.others : [] });
    const copy = copyBody(
      { insts: [{ ...loop, inits, body, results: handed }], end: { kind: 'unreachable', pos: 0 } },
      s.edit,
      {
        values: new Map(),
        labels: new Map(),
        typeOf: (v) => typeOf(s.edit.types, v),
        by: 'split',
      },
    );
    out.push(...copy.insts);
    state = copy.insts[0]?.results ?? handed;
    exit = state;
  };
  if (first !== undefined) piece(init, first, false);
  piece(start, stop, true);
  if (last !== undefined) piece(last, hi, false);
  // The original exit's values, in terms of the parameters that were handed on.
  const { end } = c.goesOn ? c.test.else : c.test.then;
  const args = end.kind === 'break' ? end.args : [];
  const label = s.edit.label('s');
  const values = new Map(loop.params.map((p, i) => [p, exit[i] ?? p]));
  const before = copyBody(
    { insts: loop.body.insts.slice(0, c.at), end: { kind: 'break', label, args, pos: loop.pos } },
    s.edit,
    {
      values,
      labels: new Map(),
      typeOf: (v) => typeOf(s.edit.types, v),
      by: 'split',
    },
  );
  out.push({ kind: 'block', label, results: loop.results, body: before, pos: loop.pos, by: 'split' });
  return out;
};

/** The loop's body with its test against `to`, and the inner test on `known` and these values. */
const rebuild = (
  s: State,
  loop: LoopInst,
  c: Counted,
  bounds: Bounds,
  now: { readonly known: Value; readonly test: Value; readonly to: Value; readonly others: readonly Value[] },
): Body => ({
  insts: loop.body.insts.flatMap((inst): readonly Inst[] => {
    if (inst === c.test) {
      const compare = madeBy('split', inst, {
        op: 'lt_s',
        suffix: 'i64',
        args: [c.induction.param, now.to],
        imms: [],
        results: [now.test],
      });
      const leave: Body = { insts: [], end: { kind: 'break', label: loop.label, args: loop.params, pos: inst.pos } };
      const stay = c.goesOn ? c.test.then : c.test.else;
      return [compare, ifInst({ ...c.test, condition: now.test }, stay, leave)];
    }
    if (inst !== bounds.test) return [inst];
    const insts: Inst[] = [];
    const condition = now.others.reduce((a, b) => {
      const result = s.edit.value('i32');
      insts.push(madeBy('split', inst, { op: 'and', suffix: 'i32', args: [b, a], imms: [], results: [result] }));
      return result;
    }, now.known);
    return [...insts, { ...bounds.test, condition }];
  }),
  end: loop.body.end,
});
