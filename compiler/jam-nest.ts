// A nest of two loops as register tiling looks at it: an outer counted loop whose body is a straight line around one innermost counted
// loop, which is again a straight line. Or undefined: it is none.
//
//   loop @o (%k = %lo) {
//     before                        once an outer iteration
//     if @g … {} else {             (whether the inner loop runs at all: rotate has put it there)
//       loop @i (%j = %l, %s = …) { line; next @i(%j + 1, …) while … }
//     }
//     after
//     next @o(%k + 1) while < %hi
//   }
import { bits, effectBits, isDivision } from './effects.ts';
import { countedAtBottom, type Defs, type Induction, inductionsOf, isCompare, opOf } from './facts.ts';
import type { Body, IfInst, LoopInst, OpInst, Terminator, Value } from './ir.ts';
import { definedIn } from './tree.ts';

type Next = Terminator & { kind: 'next' };

/** A loop that tests at its end, and nowhere else. */
interface Counted {
  readonly loop: LoopInst;
  readonly inductions: readonly Induction[];
  readonly counter: Induction;
  readonly bound: Value;
  readonly test: IfInst;
  readonly next: Next;
}

export interface Nest {
  readonly outer: Counted;
  readonly inner: Counted;
  readonly before: readonly OpInst[];
  /** The `if` around the inner loop, with what runs in it before the loop; its other arm is empty. */
  readonly around: { readonly test: IfInst; readonly first: readonly OpInst[] } | undefined;
  readonly line: readonly OpInst[];
  readonly after: readonly OpInst[];
}

/** The condition is one comparison, or the contrary of one. */
const isOneTest = (defs: Defs, condition: Value): boolean => {
  const inst = opOf(defs, condition);
  return inst !== undefined && (isCompare(inst.op) || (inst.op === 'eqz' && isOneTest(defs, inst.args[0] ?? -1)));
};

/** Counts up to a bound from outside, by a constant; does nothing else with where it goes on. */
const countedIn = (defs: Defs, loop: LoopInst): Counted | undefined => {
  const found = countedAtBottom(defs, loop);
  const test = loop.body.insts.at(-1);
  if (!found?.signed || found.op !== 'lt' || found.induction.step !== 1n || test?.kind !== 'if') return undefined;
  if (test.results.length > 0 || !isOneTest(defs, test.condition)) return undefined;
  const [next, leave] = test.then.end.kind === 'next' ? [test.then, test.else] : [test.else, test.then];
  if (next.end.kind !== 'next' || leave.end.kind !== 'break' || next.insts.length > 0 || leave.insts.length > 0)
    return undefined;
  const inductions = inductionsOf(defs, loop);
  return { loop, inductions, counter: found.induction, bound: found.bound, test, next: next.end };
};

const allowed = bits.place | bits.reads | bits.writes;

/** Ops that several iterations can do side by side: they compute, or access memory in the plainest way. */
const isPlain = (inst: OpInst): boolean => {
  const effects = effectBits(inst.op);
  if (inst.op === 'load' || inst.op === 'store') return inst.suffix !== 'ptr32' && inst.suffix !== 'ptr64';
  return (effects & ~(allowed & bits.place)) === 0 && !isDivision(inst.op);
};

const lineOf = (insts: Body['insts']): readonly OpInst[] | undefined => {
  const line = insts.flatMap((i) => (i.kind === 'op' && isPlain(i) ? [i] : []));
  return line.length === insts.length ? line : undefined;
};

/** The arm of an `if` with a loop in it, if the other one does nothing. */
const armOf = (test: IfInst): Body | undefined => {
  const [arm, other] = test.then.insts.length > 0 ? [test.then, test.else] : [test.else, test.then];
  const leaves = (b: Body): boolean => b.end.kind === 'break' && b.end.label === test.label;
  return other.insts.length === 0 && leaves(arm) && leaves(other) ? arm : undefined;
};

export const nestOf = (defs: Defs, loop: LoopInst): Nest | undefined => {
  const outer = countedIn(defs, loop);
  // All that is carried from one outer iteration to the next are counters, and nothing is kept of the last one.
  if (!outer || loop.results.length > 0 || outer.inductions.length !== loop.params.length) return undefined;
  const insts = loop.body.insts.slice(0, -1);
  const at = insts.findIndex((i) => i.kind !== 'op');
  const holder = insts[at];
  if (!holder || holder.kind === 'op' || holder.kind === 'block') return undefined;
  const before = lineOf(insts.slice(0, at));
  const after = lineOf(insts.slice(at + 1));
  const own = definedIn(loop.body, new Set(loop.params));
  const arm = holder.kind === 'if' && !own.has(holder.condition) ? armOf(holder) : undefined;
  const innermost = holder.kind === 'loop' ? holder : arm?.insts.at(-1);
  const first = lineOf(arm?.insts.slice(0, -1) ?? []);
  if (!before || !after || !first || innermost?.kind !== 'loop') return undefined;
  const inner = countedIn(defs, innermost);
  const line = lineOf(innermost.body.insts.slice(0, -1));
  if (!inner || !line || own.has(inner.bound) || inner.inductions.some((i) => own.has(i.init))) return undefined;
  const around = holder.kind === 'if' ? { test: holder, first } : undefined;
  return { outer, inner, before, around, line, after };
};
