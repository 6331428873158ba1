// unswitch: a condition in a loop that does not change there is tested once, before two versions of the loop.
//
//   loop @l (%j = %lo) {                   %inv = the part of the condition that does not change
//     %c = and.i32 %inv, %var              if %inv { loop with %var alone }
//     if @i %c { A } else { B }                 else { loop with B alone }
//   }
//
// Each version is a whole loop, so that splitting, strength reduction and vectorising see the simple body. The other
// version often does nothing and goes. Only small loops: the code doubles.
import { countedOf, type Defs, defsOf, justOne, opOf, relationsOf, type Term, termsOf } from '../facts.ts';
import { limitsOf } from '../index-limits.ts';
import type { Body, Func, IfInst, Inst, LoopInst, OpName, PosId, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, breaksTo, copyBody, definedIn, type Edit, editOf, madeBy, typeOf, withBodies } from '../tree.ts';
import { costOf, maxFunctionCost } from './inline.ts';

const maxCost = 400;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  /** Cost of the function so far: it does not grow without bound. */
  cost: number;
}

export const unswitch = (f: Func, context: PassContext): Func => {
  const edit = editOf(f);
  const s: State = { context, edit, defs: defsOf(f), cost: costOf(f.body) };
  const body = unswitchBody(s, f.body);
  return { ...f, types: edit.types, body };
};

const unswitchBody = (s: State, body: Body): Body => ({
  insts: body.insts.flatMap((inst) => {
    if (inst.kind === 'op') return [inst];
    const now = withBodies(inst, (b) => unswitchBody(s, b));
    return now.kind === 'loop' ? unswitched(s, now) : [now];
  }),
  end: body.end,
});

/** What a loop's body costs if a test in it always takes its first arm, or always the second. */
export const costOfWay = (body: Body, test: IfInst, first: boolean): number => {
  const [taken, other] = first ? [test.then, test.else] : [test.else, test.then];
  const at = body.insts.indexOf(test);
  // What follows an arm that leaves goes with the other arm.
  const leaves = at >= 0 && breaksTo(taken, test.label).length === 0;
  const unreached = leaves ? costOf({ insts: body.insts.slice(at + 1), end: body.end }) : 0;
  return costOf(body) - costOf(other) - unreached;
};

/** `known` and these terms, joined: 0 or 1. Appends what it takes. */
export const joined = (
  edit: Edit,
  by: string,
  from: { readonly pos: PosId },
  known: Value,
  terms: readonly Term[],
  op: 'and' | 'or',
  into: Inst[],
): Value =>
  terms.reduce((a, term) => {
    const make = (name: OpName, args: readonly Value[]): Value => {
      const result = edit.value('i32');
      into.push(madeBy(by, from, { op: name, suffix: 'i32', args, imms: [], results: [result] }));
      return result;
    };
    return make(op, [term.holds ? term.value : make('eqz', [term.value]), a]);
  }, known);

const unswitched = (s: State, loop: LoopInst): readonly Inst[] => {
  const inner = definedIn(loop.body, new Set(loop.params));
  const found = findTest(s, loop, loop.body, inner);
  if (!found || costOf(loop.body) > maxCost) return [loop];
  // One of the two versions is as large as the loop, the other one has only one arm.
  const more = costOfWay(loop.body, found.test, !found.all);
  if (s.cost + more > maxFunctionCost || !s.context.allow()) return [loop];
  s.cost += more;
  const { test, fixed, varying, all } = found;
  const insts: Inst[] = [];
  const [first, ...rest] = fixed;
  if (!first) return [loop];
  const op = all ? 'and' : 'or';
  const start = first.holds ? first.value : negation(s, test, first.value, insts);
  const condition = joined(s.edit, 'unswitch', test, start, rest, op, insts);
  const label = s.edit.label('u');
  const version = (holds: boolean): Body => {
    const known = s.edit.value('i32');
    const body = replaceCondition(s, loop.body, found, known, holds === all ? varying : []);
    const results = loop.results.map((r) => s.edit.like(r));
    // The loop as it stands is one version, a copy the other.
    const versioned: Inst = { ...loop, results, body };
    const copied = copyBody(
      { insts: [versioned], end: { kind: 'break', label, args: results, pos: loop.pos } },
      s.edit,
      {
        values: new Map(),
        labels: new Map(),
        typeOf: (v) => typeOf(s.edit.types, v),
        by: 'unswitch',
      },
    );
    const value = madeBy('unswitch', test, {
      op: 'const',
      suffix: 'i32',
      args: [],
      imms: [holds ? 1n : 0n],
      results: [known],
    });
    return { insts: [value, ...copied.insts], end: copied.end };
  };
  const yes = version(true);
  const no = version(false);
  return [...insts, ifInst({ label, condition, results: loop.results, pos: loop.pos, by: 'unswitch' }, yes, no)];
};

const negation = (s: State, from: IfInst, v: Value, into: Inst[]): Value => {
  const result = s.edit.value('i32');
  into.push(madeBy('unswitch', from, { op: 'eqz', suffix: 'i32', args: [v], imms: [], results: [result] }));
  return result;
};

interface Found {
  readonly test: IfInst;
  /** Terms of the condition from outside the loop, and the others. */
  readonly fixed: readonly Term[];
  readonly varying: readonly Term[];
  /** They are joined by `and`; else by `or`. */
  readonly all: boolean;
}

/** The first `if`, not in an inner loop, whose condition has a part that does not change. */
const findTest = (s: State, loop: LoopInst, body: Body, inner: ReadonlySet<Value>): Found | undefined => {
  for (const inst of body.insts) {
    if (inst.kind === 'if') {
      const { all, terms } = termsOf(s.defs, inst.condition);
      const fixed = terms.filter((t) => !inner.has(t.value));
      const varying = terms.filter((t) => inner.has(t.value));
      const whole = terms.length > 1 || fixed.length === 1;
      // What is left of an `or` is worth two loops if it is a limit of the counter: then these are split.
      const fits = all || varying.length === 0 || varying.every((t) => isLimit(s, loop, inner, t));
      if (fixed.length > 0 && whole && fits && fixed.every((t) => opOf(s.defs, t.value)?.op !== 'const'))
        return { test: inst, fixed, varying, all };
    }
    if (inst.kind === 'if' || inst.kind === 'block') {
      for (const b of bodiesOf(inst)) {
        const found = findTest(s, loop, b, inner);
        if (found) return found;
      }
    }
  }
  return undefined;
};

/** Whether a term compares a counter of the loop with something from outside. */
const isLimit = (s: State, loop: LoopInst, inner: ReadonlySet<Value>, term: Term): boolean => {
  const c = countedOf(s.defs, loop, inner);
  const [r] = relationsOf(s.defs, term.value, !term.holds);
  if (!c || !r || !justOne(s.defs, term.value)) return false;
  const { param: counter, init } = c.induction;
  return limitsOf(s.defs, { counter, init, bound: c.bound, inner }, r).length > 0;
};

/** The body with the test on `known` and these terms together. */
const replaceCondition = (s: State, body: Body, found: Found, known: Value, varying: readonly Term[]): Body => ({
  insts: body.insts.flatMap((inst) => {
    if (inst === found.test) {
      const insts: Inst[] = [];
      const op = found.all ? 'and' : 'or';
      const condition = joined(s.edit, 'unswitch', inst, known, varying, op, insts);
      return [...insts, { ...found.test, condition }];
    }
    return inst.kind === 'op' ? [inst] : [withBodies(inst, (b) => replaceCondition(s, b, found, known, varying))];
  }),
  end: body.end,
});
