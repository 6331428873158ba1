// split: a loop whose body tests its own counter against bounds runs over the indices for which the test holds, with the
// others before and after it.
//
//   for i in lo..hi {                      for i in lo..m1 { B }
//     if i >= a && i < b { A } else { B }  for i in m1..m2 { A }        m1 = min(max(lo, a), hi)
//   }                                      for i in m2..hi { B }        m2 = max(m1, min(hi, b))
//
// Where B does nothing its loops go, and only the middle one is left: index-set splitting (M. Wolfe, High Performance Compilers for
// Parallel Computing, 1996). Sound for loops that count up by one to a bound that is their only exit, because the comparisons are
// monotone in the counter. However a condition is written, it is the same to the pass: as limits of the counter
// (compiler/index-limits.ts), joined by `and` or, negated as a whole, by `or`. Iterations are the same, in the same order.
import { effectsOf } from '../effects.ts';
import { type Counted, countedOf, type Defs, defsOf, justOne, relationsOf, type Term, termsOf } from '../facts.ts';
import { firstBeyond, type Indices, type Limit, limitsOf, type Make } from '../index-limits.ts';
import type { Body, Func, IfInst, Inst, LoopInst, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { copyBody, definedIn, type Edit, editOf, madeBy, typeOf, withBodies } from '../tree.ts';
import { costOf, maxFunctionCost } from './inline.ts';
import { costOfWay, joined } from './unswitch.ts';

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
  readonly loop: Indices;
  /** Where all of these hold, the condition is what `others` say; elsewhere it is `outside`. */
  readonly lower: readonly Limit[];
  readonly upper: readonly Limit[];
  readonly others: readonly Term[];
  readonly outside: boolean;
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
  if (!bounds) return [loop];
  const others = (bounds.lower.length > 0 ? 1 : 0) + (bounds.upper.length > 0 ? 1 : 0);
  const more = others * costOfWay(loop.body, bounds.test, bounds.outside);
  if (s.cost + more > maxFunctionCost || !s.context.allow()) return [loop];
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

const findBounds = (defs: Defs, body: LoopInst, c: Counted, inner: ReadonlySet<Value>): Bounds | undefined => {
  const loop = { counter: c.induction.param, init: c.induction.init, bound: c.bound, inner };
  for (const test of body.body.insts.slice(c.at + 1)) {
    if (test.kind !== 'if') continue;
    const { all, terms } = termsOf(defs, test.condition);
    const [first] = terms;
    // `i != c` is what `i == c` is not.
    const alone =
      terms.length === 1 && first && justOne(defs, first.value) ? relationsOf(defs, first.value, first.holds) : [];
    const outside = !all || alone[0]?.op === 'ne';
    const limits: Limit[] = [];
    const others: Term[] = [];
    for (const term of terms) {
      const [r, more] = relationsOf(defs, term.value, term.holds !== outside);
      const found = r && !more && justOne(defs, term.value) ? limitsOf(defs, loop, r) : [];
      if (found.length > 0) limits.push(...found);
      else others.push(term);
    }
    if (limits.length === 0) continue;
    return {
      test,
      loop,
      lower: limits.filter((l) => !l.upper),
      upper: limits.filter((l) => l.upper),
      others,
      outside,
    };
  }
  return undefined;
};

const pieces = (s: State, loop: LoopInst, c: Counted, bounds: Bounds): readonly Inst[] => {
  const out: Inst[] = [];
  const make: Make = (op, args, type, imm) => {
    const result = s.edit.value(type);
    const suffix = 'i64';
    out.push(
      madeBy('split', bounds.test, { op, suffix, args, imms: imm === undefined ? [] : [imm], results: [result] }),
    );
    return result;
  };
  const smaller = (a: Value, b: Value): Value => make('select', [make('lt_s', [a, b], 'i32'), a, b], 'i64');
  const larger = (a: Value, b: Value): Value => make('select', [make('lt_s', [a, b], 'i32'), b, a], 'i64');
  const beyond = (limit: Limit): Value => firstBeyond(s.defs, bounds.loop, limit, make);
  const { index, init } = c.induction;
  const hi = c.bound;
  const first = bounds.lower.length === 0 ? undefined : smaller(bounds.lower.map(beyond).reduce(larger), hi);
  const start = first === undefined ? init : larger(init, first);
  const stop = bounds.upper.length === 0 ? hi : smaller(bounds.upper.map(beyond).reduce(smaller), hi);
  const last = bounds.upper.length === 0 ? undefined : larger(start, stop);
  let state = loop.inits;
  let exit: readonly Value[] = [];
  const piece = (from: Value, to: Value, inside: boolean): void => {
    const known = s.edit.value('i32');
    // What `others` are joined with inside; all there is to ask outside.
    const answer = inside !== bounds.outside ? 1n : 0n;
    out.push(madeBy('split', bounds.test, { op: 'const', suffix: 'i32', args: [], imms: [answer], results: [known] }));
    const test = s.edit.value('i32');
    const inits = state.map((v, i) => (i === index ? from : v));
    // Every piece hands all parameters on; the last one's are what the loop's exit gives.
    const handed = loop.params.map((p) => s.edit.like(p));
    const body = rebuild(s, loop, c, bounds, { known, test, to, others: inside ? bounds.others : [] });
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
  now: { readonly known: Value; readonly test: Value; readonly to: Value; readonly others: readonly Term[] },
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
    const condition = joined(s.edit, 'split', inst, now.known, now.others, bounds.outside ? 'or' : 'and', insts);
    return [...insts, { ...bounds.test, condition }];
  }),
  end: loop.body.end,
});
