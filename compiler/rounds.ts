// How often a loop goes round at most each time it is entered, where that can be proved: counters between constants or values of known
// range, and strips (strip.ts), whose bound is chosen so that they are short.
import {
  type Comparison,
  countedAtBottom,
  countedOf,
  type Defs,
  i64Range,
  intOf,
  opOf,
  type Range,
  rangeOf,
} from './facts.ts';
import type { Body, LoopInst, Value } from './ir.ts';
import { breaksTo } from './tree.ts';

interface Counter {
  readonly init: Value;
  readonly step: bigint;
  readonly op: Comparison;
  readonly bound: Value;
  readonly signed: boolean;
  /** What is compared is the next value: the first round is made in any case. */
  readonly atBottom: boolean;
  readonly wide: boolean;
}

const counterOf = (defs: Defs, loop: LoopInst, typeOf: (v: Value) => string | undefined): Counter | undefined => {
  const top = countedOf(defs, loop);
  const found = top ?? countedAtBottom(defs, loop);
  if (!found) return undefined;
  const { induction, op, bound, signed } = found;
  const wide = typeOf(induction.param) === 'i64';
  return { init: induction.init, step: induction.step, op, bound, signed, atBottom: top === undefined, wide };
};

/** More rounds than this are as good as any number. */
const most = 1n << 40n;

/** Where a counter begins: what is left of a loop after its vectors begins at one of two places. */
const beginOf = (defs: Defs, init: Value): Range => {
  const def = defs.get(init);
  if (def?.kind !== 'result' || def.inst.kind !== 'if') return rangeOf(defs, init);
  const { inst, index } = def;
  const ranges = breaksTo({ insts: [inst], end: { kind: 'unreachable', pos: 0 } }, inst.label).map((b) =>
    rangeOf(defs, b.args[index] ?? -1),
  );
  return ranges.reduce(
    (a, b) => ({ lo: a.lo < b.lo ? a.lo : b.lo, hi: a.hi > b.hi ? a.hi : b.hi }),
    ranges[0] ?? i64Range,
  );
};

/** At most so many rounds; undefined: nothing is known. */
export const roundsOf = (defs: Defs, loop: LoopInst, typeOf: (v: Value) => string | undefined): number | undefined => {
  const c = counterOf(defs, loop, typeOf);
  if (!c?.signed) return undefined;
  const strip = stripOf(defs, c);
  if (strip !== undefined) return Number(strip);
  const up = c.step > 0n;
  const size = up ? c.step : -c.step;
  const [init, bound] = [beginOf(defs, c.init), rangeOf(defs, c.bound)];
  const distance = up ? bound.hi - init.lo : init.hi - bound.lo;
  const limit = 1n << (c.wide ? 63n : 31n);
  // The counter must not wrap on its way past the bound.
  if (up ? bound.hi + size >= limit : bound.lo - size < -limit) return undefined;
  const strict = up ? c.op === 'lt' : c.op === 'gt';
  const fits = strict || (up ? c.op === 'le' : c.op === 'ge');
  let rounds: bigint;
  if (fits) rounds = strict ? (distance + size - 1n) / size : distance / size + 1n;
  else if (c.op === 'ne') {
    const [from, to] = [intOf(defs, c.init), intOf(defs, c.bound)];
    if (from === undefined || to === undefined || distance <= 0n || distance % size !== 0n) return undefined;
    rounds = distance / size;
  } else return undefined;
  if (distance <= 0n) rounds = 0n;
  // A loop that tests at the top begins a round more, to find that it is over.
  rounds = c.atBottom ? (rounds > 1n ? rounds : 1n) : rounds + 1n;
  return rounds > most ? undefined : Number(rounds);
};

/**
 * The rounds of a strip: its bound is the nearer of its begin + n steps and of the end of the loop, both as signed numbers. Whatever they
 * are, also if the sum has wrapped: after n rounds the counter is that sum, which is no less than the bound, and the strip is over.
 *
 *   %to = add %init, n·step    %nearer = lt_s %to, %end    %limit = if %nearer { %to } else { %end }
 */
const stripOf = (defs: Defs, c: Counter): bigint | undefined => {
  const choice = defs.get(c.bound);
  if (choice?.kind !== 'result' || choice.inst.kind !== 'if') return undefined;
  const { inst, index } = choice;
  const given = (arm: Body): Value | undefined =>
    arm.end.kind === 'break' && arm.end.label === inst.label ? arm.end.args[index] : undefined;
  const [to, end] = [given(inst.then), given(inst.else)];
  // No other way gives it a value.
  if (breaksTo({ insts: [inst], end: { kind: 'unreachable', pos: 0 } }, inst.label).length !== 2) return undefined;
  const up = c.step > 0n;
  const sum = opOf(defs, to ?? -1);
  const nearer = opOf(defs, inst.condition);
  const reach = sum?.op === 'add' && sum.args[0] === c.init ? intOf(defs, sum.args[1]) : undefined;
  if (reach === undefined || end === undefined || c.op !== (up ? 'lt' : 'gt')) return undefined;
  if (nearer?.op !== (up ? 'lt_s' : 'gt_s') || nearer.args[0] !== to || nearer.args[1] !== end) return undefined;
  const rounds = reach / c.step;
  return rounds >= 1n && rounds * c.step === reach ? rounds : undefined;
};
