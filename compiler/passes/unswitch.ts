// unswitch: a condition in a loop that does not change there is tested once, before two versions of the loop.
//
//   loop @l (%j = %lo) {                   %inv = the part of the condition that does not change
//     %c = and.i32 %inv, %var              if %inv { loop with %var alone }
//     if @i %c { A } else { B }                 else { loop with B alone }
//   }
//
// Each version is a whole loop, so that splitting, strength reduction and vectorising see the simple body. The other
// version often does nothing and goes. Only small loops: the code doubles.
import { type Defs, defsOf, isBool, opOf } from '../facts.ts';
import type { Body, Func, IfInst, Inst, LoopInst, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, copyBody, definedIn, type Edit, editOf, madeBy, typeOf, withBodies } from '../tree.ts';
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

/** The operands of a tree of `and`s. */
export const conjuncts = (defs: Defs, v: Value): readonly Value[] => {
  const inst = opOf(defs, v);
  const [a, b] = inst?.args ?? [];
  if (inst?.op !== 'and' || inst.suffix !== 'i32' || a === undefined || b === undefined) return [v];
  return isBool(defs, a) && isBool(defs, b) ? [...conjuncts(defs, a), ...conjuncts(defs, b)] : [v];
};

const unswitched = (s: State, loop: LoopInst): readonly Inst[] => {
  const inner = definedIn(loop.body, new Set(loop.params));
  const found = findTest(s, loop.body, inner);
  const more = costOf(loop.body);
  if (!found || more > maxCost || s.cost + more > maxFunctionCost || !s.context.allow()) return [loop];
  s.cost += more;
  const { test, fixed, varying } = found;
  const insts: Inst[] = [];
  const and = (list: readonly Value[]): Value =>
    list.reduce((a, b) => {
      const result = s.edit.value('i32');
      insts.push(madeBy('unswitch', test, { op: 'and', suffix: 'i32', args: [a, b], imms: [], results: [result] }));
      return result;
    });
  const condition = and(fixed);
  const label = s.edit.label('u');
  const version = (holds: boolean): Body => {
    const known = s.edit.value('i32');
    const body = replaceCondition(s, loop.body, test, known, holds ? varying : []);
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

interface Found {
  readonly test: IfInst;
  /** Parts of the condition from outside the loop, and the others. */
  readonly fixed: readonly Value[];
  readonly varying: readonly Value[];
}

/** The first `if`, not in an inner loop, whose condition has a part that does not change. */
const findTest = (s: State, body: Body, inner: ReadonlySet<Value>): Found | undefined => {
  for (const inst of body.insts) {
    if (inst.kind === 'if') {
      const parts = conjuncts(s.defs, inst.condition);
      const fixed = parts.filter((v) => !inner.has(v));
      const varying = parts.filter((v) => inner.has(v));
      const whole = parts.length > 1 || fixed.length === 1;
      if (fixed.length > 0 && whole && fixed.every((v) => opOf(s.defs, v)?.op !== 'const'))
        return { test: inst, fixed, varying };
    }
    if (inst.kind === 'if' || inst.kind === 'block') {
      for (const b of bodiesOf(inst)) {
        const found = findTest(s, b, inner);
        if (found) return found;
      }
    }
  }
  return undefined;
};

/** The body with the test on `known` and these values together. */
const replaceCondition = (s: State, body: Body, test: IfInst, known: Value, varying: readonly Value[]): Body => ({
  insts: body.insts.flatMap((inst) => {
    if (inst === test) {
      const insts: Inst[] = [];
      const condition = varying.reduce((a, b) => {
        const result = s.edit.value('i32');
        insts.push(madeBy('unswitch', test, { op: 'and', suffix: 'i32', args: [b, a], imms: [], results: [result] }));
        return result;
      }, known);
      return [...insts, { ...test, condition }];
    }
    return inst.kind === 'op' ? [inst] : [withBodies(inst, (b) => replaceCondition(s, b, test, known, varying))];
  }),
  end: body.end,
});
