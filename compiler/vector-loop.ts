// A loop as the vectoriser looks at it: one straight line of ops that a counter runs through, or the reason why it is none.
//
// The loop tests at its end (rotate), counts up by one, and leaves nowhere else. What small conditions compute becomes selects: both arms
// run, and the condition chooses (if-conversion: J. R. Allen, K. Kennedy, C. Porterfield, J. Warren, Conversion of control
// dependence to data dependence, POPL 1983). Reads and writes under a condition stay there: a read might not be allowed, and a write
// that puts back what was there is one that other images can see.
import { bits, effectBits, isDivision } from './effects.ts';
import { countedAtBottom, countUses, type Defs, type Induction, inductionsOf, isCompare, opOf } from './facts.ts';
import type { Body, IrType, LoopInst, OpInst, PosId, Terminator, Value } from './ir.ts';
import { bodiesOf, definedIn } from './tree.ts';

/** Why a loop stays as it is, in words for users, and the place that the reason is at. */
export interface Refusal {
  readonly why: string;
  readonly at: PosId;
}

export const refused = (why: string, at: PosId): Refusal => ({ why, at });
export const isRefusal = (x: object): x is Refusal => 'why' in x;

export interface Straight {
  readonly loop: LoopInst;
  readonly counter: Induction;
  readonly inductions: readonly Induction[];
  /** The loop goes on while the next value of the counter is less than (`inclusive`: at most) this. */
  readonly bound: Value;
  readonly inclusive: boolean;
  /** What every iteration does, in its order. */
  readonly ops: readonly OpInst[];
  readonly by: ReadonlyMap<Value, OpInst>;
  /** How often the ops and the ends of the loop read a value. */
  readonly uses: ReadonlyMap<Value, number>;
  readonly next: Terminator & { kind: 'next' };
  readonly leave: Terminator & { kind: 'break' };
  /** Values that change from iteration to iteration, or might. */
  readonly inner: ReadonlySet<Value>;
}

const justOne = (defs: Defs, condition: Value): boolean => {
  const inst = opOf(defs, condition);
  if (inst?.op === 'eqz') return justOne(defs, inst.args[0] ?? -1);
  return inst !== undefined && isCompare(inst.op);
};

/** The loop as a straight line. `typeOf`: of its values. */
export const straightOf = (
  defs: Defs,
  loop: LoopInst,
  typeOf: (v: Value) => IrType | undefined,
): Straight | Refusal => {
  const test = loop.body.insts.at(-1);
  const found = countedAtBottom(defs, loop);
  if (!found || test?.kind !== 'if' || test.results.length > 0 || !justOne(defs, test.condition))
    return refused('it is left by more than its counter', loop.pos);
  const { induction: counter, op, bound, signed } = found;
  if (!signed || counter.step !== 1n || (op !== 'lt' && op !== 'le') || typeOf(counter.param) !== 'i64')
    return refused('its counter does not go up by one to a bound', loop.pos);
  const first = test.then.end.kind === 'next';
  const goesOn = first ? test.then : test.else;
  const leave = (first ? test.else : test.then).end;
  if (goesOn.end.kind !== 'next' || leave.kind !== 'break' || leave.label !== loop.label)
    return refused('it is left by more than its counter', loop.pos);
  const ops: OpInst[] = [];
  const bad = flatten({ insts: loop.body.insts.slice(0, -1), end: loop.body.end }, ops, false, typeOf);
  if (bad) return bad;
  const late = flatten(goesOn, ops, true, typeOf);
  if (late) return late;
  const by = new Map<Value, OpInst>();
  for (const inst of ops) for (const v of inst.results) by.set(v, inst);
  const inner = definedIn(loop.body, new Set(loop.params));
  const inductions = inductionsOf(defs, loop);
  const uses = countUses({ insts: ops, end: goesOn.end });
  const inclusive = op === 'le';
  return { loop, counter, inductions, bound, inclusive, ops, by, uses, next: goesOn.end, leave, inner };
};

/** Appends what a body does to `into`, conditions as selects; gives the reason why that cannot be. */
const flatten = (
  body: Body,
  into: OpInst[],
  conditional: boolean,
  typeOf: (v: Value) => IrType | undefined,
): Refusal | undefined => {
  for (const inst of body.insts) {
    if (inst.kind === 'op') {
      const bad = refusedOp(inst, conditional);
      if (bad) return bad;
      into.push(inst);
      continue;
    }
    if (inst.kind !== 'if') return refused(inst.kind === 'loop' ? 'a loop in it' : 'a block in it', inst.pos);
    const [yes, no] = [inst.then.end, inst.else.end];
    for (const b of bodiesOf(inst)) {
      const fault = b.end.kind === 'fault' || b.end.kind === 'raise';
      if (fault) return refused('it may end the program', b.end.pos);
      if (b.end.kind !== 'break' || b.end.label !== inst.label)
        return refused('it is left by more than its counter', inst.pos);
      const bad = flatten(b, into, true, typeOf);
      if (bad) return bad;
    }
    if (yes.kind !== 'break' || no.kind !== 'break') continue;
    for (const [k, v] of inst.results.entries()) {
      const [a, b] = [yes.args[k] ?? -1, no.args[k] ?? -1];
      const suffix = typeOf(v) ?? 'i64';
      into.push({
        kind: 'op',
        op: 'select',
        suffix,
        results: [v],
        args: [inst.condition, a, b],
        imms: [],
        pos: inst.pos,
      });
    }
  }
  return undefined;
};

const refusedOp = (inst: OpInst, conditional: boolean): Refusal | undefined => {
  const no = (why: string): Refusal => refused(why, inst.pos);
  const effects = effectBits(inst.op) & ~bits.place;
  if (inst.op === 'load') return conditional ? no('a read under a condition') : undefined;
  if (inst.op === 'store') return conditional ? no('a write under a condition') : undefined;
  // An index that walks with the counter is asked about once, before the loop (vector-plan.ts).
  if (effects === 0 || inst.op === 'check.index') return undefined;
  if (inst.op === 'call' || inst.op === 'call.value') return no('a call');
  if (inst.op.startsWith('guard.') || inst.op.startsWith('touch.')) return no('a guard in each iteration');
  if (isDivision(inst.op)) return no('a division of integers');
  if (inst.op.startsWith('check.')) return no('a check in each iteration');
  if ((effects & bits.synchronises) !== 0) return no('it synchronises with other images');
  return no(`\`${inst.op}\`, which has to be done one after the other`);
};
