// Accumulators of a loop: parameters that each iteration changes by one kind of operation that may be done in any order. Each lane then has an
// accumulator of its own, and they are combined behind the loop.
//
// Sums and products of integers wrap, so their order does not matter; IEEE minimum and maximum have none either. Floats are
// added in the order of the program, except where the language gives it up: in what belongs to a `reduce` (the op says so).
// `if x > m { m = x }` is a maximum too; of several equal values the first is kept, which only zeros can show. A variable that is only ever set to one number
// (`if … { found = true }`) has it in the end if one lane has.
import { isCompare } from './facts.ts';
import type { OpInst, OpName, Value } from './ir.ts';
import { type Refusal, refused, type Straight } from './vector-loop.ts';

export interface Accumulator {
  /** Position among the parameters of the loop. */
  readonly index: number;
  readonly param: Value;
  /** What the next iteration begins with. */
  readonly last: Value;
  /** How two partial results become one: an op, or the comparison that chooses the new value over the old one. */
  readonly op: OpName;
  readonly chosen: boolean;
  readonly float: boolean;
  /** What it is on its way through an iteration. */
  readonly chain: ReadonlySet<Value>;
  /** Of the op `select`: what it is set to. */
  readonly set?: Value;
}

const associative: ReadonlySet<OpName> = new Set<OpName>([
  'add',
  'mul',
  'and',
  'or',
  'xor',
  'min',
  'max',
  'fmin',
  'fmax',
]);
/** Of floats. Which zero, or NaN, is found by fmin and fmax may hang on it (vector-total.ts). */
const hasNoOrder: ReadonlySet<OpName> = new Set<OpName>(['min', 'max', 'fmin', 'fmax']);
const swappedCompare: Partial<Record<OpName, OpName>> = {
  lt_s: 'gt_s',
  gt_s: 'lt_s',
  le_s: 'ge_s',
  ge_s: 'le_s',
  lt_u: 'gt_u',
  gt_u: 'lt_u',
  le_u: 'ge_u',
  ge_u: 'le_u',
  lt: 'gt',
  gt: 'lt',
  le: 'ge',
  ge: 'le',
};
const negatedCompare: Partial<Record<OpName, OpName>> = {
  lt_s: 'ge_s',
  gt_s: 'le_s',
  le_s: 'gt_s',
  ge_s: 'lt_s',
  lt_u: 'ge_u',
  gt_u: 'le_u',
  le_u: 'gt_u',
  ge_u: 'lt_u',
};

/** What every iteration needs of the one before it, as accumulators; `live`: ops whose results matter. */
export const accumulatorsOf = (s: Straight, live: ReadonlySet<OpInst>): readonly Accumulator[] | Refusal => {
  const found: Accumulator[] = [];
  for (const [index, param] of s.loop.params.entries()) {
    const last = s.next.args[index];
    if (last === undefined || last === param || s.inductions.some((i) => i.index === index)) continue;
    const a = accumulator(s, live, index, param, last);
    if ('why' in a) return a;
    found.push(a);
  }
  return found;
};

const accumulator = (
  s: Straight,
  live: ReadonlySet<OpInst>,
  index: number,
  param: Value,
  last: Value,
): Accumulator | Refusal => {
  const carried = (inst: OpInst | undefined): Refusal =>
    refused('an iteration needs what the one before it computed', inst?.pos ?? s.loop.pos);
  const chain = new Set<Value>([param]);
  let kind: { readonly op: OpName; readonly chosen: boolean; readonly set?: Value } | undefined;
  let float = false;
  // Comparisons with the accumulator: right if one select alone chooses by them, and makes a minimum or maximum.
  const tests = new Map<Value, OpInst>();
  const asked = new Set<OpInst>();
  for (const inst of s.ops) {
    if (!live.has(inst) || !inst.args.some((v) => chain.has(v) || tests.has(v))) continue;
    const [result] = inst.results;
    if (result === undefined) return carried(inst);
    const test = inst.args.map((v) => tests.get(v)).find((i) => i !== undefined);
    if (isCompare(inst.op)) {
      if (test && (inst.op !== 'eqz' || inst.suffix !== 'i32')) return carried(inst);
      tests.set(result, test ?? inst);
      continue;
    }
    const step = stepOf(s, inst, chain);
    if (!step || step.test !== test || (test && asked.has(test))) return carried(inst);
    if (test) asked.add(test);
    if (step.op !== undefined) {
      float = /^f/.test(inst.suffix);
      const free = !float || step.chosen || hasNoOrder.has(inst.op) || inst.anyOrder === true;
      if (!free)
        return refused(`a float ${noun(inst.op)} in the order of the program: only \`reduce\` gives it up`, inst.pos);
      if (kind && (kind.op !== step.op || kind.chosen !== step.chosen || kind.set !== step.set)) return carried(inst);
      kind = { op: step.op, chosen: step.chosen, ...(step.set === undefined ? {} : { set: step.set }) };
    }
    chain.add(result);
  }
  if (!kind || new Set(tests.values()).size !== asked.size || !chain.has(last)) return carried(s.by.get(last));
  // Nobody but the accumulation itself may look at it on its way.
  for (const v of chain) {
    if (v === last) continue;
    const elsewhere = s.next.args.some((a, k) => a === v && k !== index);
    if (elsewhere) return carried(s.by.get(v));
  }
  if (s.next.args.filter((a) => a === last).length !== 1) return carried(s.by.get(last));
  return { index, param, last, float, chain, ...kind };
};

const noun = (op: OpName): string => (op === 'add' || op === 'sub' ? 'sum' : op === 'mul' ? 'product' : op);

interface Step {
  /** Undefined: one of two states of the accumulator is chosen, whatever changed them. */
  readonly op: OpName | undefined;
  readonly chosen: boolean;
  readonly test?: OpInst;
  readonly set?: Value;
}

const stepOf = (s: Straight, inst: OpInst, chain: ReadonlySet<Value>): Step | undefined => {
  const [a = -1, b = -1, c = -1] = inst.args;
  if (inst.op === 'select') return selectStep(s, chain, a, b, c) ?? setStep(s, inst, chain);
  const both = chain.has(a) && chain.has(b);
  if (both) return undefined;
  if (inst.op === 'sub' && chain.has(a)) return { op: 'add', chosen: false };
  return associative.has(inst.op) ? { op: inst.op, chosen: false } : undefined;
};

/** One number from outside the loop instead of the accumulator. */
const setStep = (s: Straight, inst: OpInst, chain: ReadonlySet<Value>): Step | undefined => {
  const [condition = -1, yes = -1, no = -1] = inst.args;
  if (chain.has(condition) || inst.suffix.startsWith('f') || chain.has(yes) === chain.has(no)) return undefined;
  const set = chain.has(yes) ? no : yes;
  return s.inner.has(set) ? undefined : { op: 'select', chosen: false, set };
};

const selectStep = (
  s: Straight,
  chain: ReadonlySet<Value>,
  condition: Value,
  yes: Value,
  no: Value,
): Step | undefined => {
  if (chain.has(condition)) return undefined;
  if (chain.has(yes) && chain.has(no)) return { op: undefined, chosen: false };
  // One is the accumulator, the other is new: a comparison of the two chooses.
  let test = s.by.get(condition);
  let [fresh, old] = [yes, no];
  let inverted = false;
  if (chain.has(yes)) {
    [fresh, old] = [no, yes];
    inverted = true;
  }
  while (test?.op === 'eqz' && test.suffix === 'i32') {
    const inside: OpInst | undefined = s.by.get(test.args[0] ?? -1);
    if (!inside || !isCompare(inside.op)) break;
    inverted = !inverted;
    test = inside;
  }
  if (!test) return undefined;
  let op: OpName | undefined = test.op;
  if (test.args[0] === old && test.args[1] === fresh) op = swappedCompare[op];
  else if (test.args[0] !== fresh || test.args[1] !== old) return undefined;
  if (op !== undefined && inverted) op = negatedCompare[op];
  if (op === undefined || !swappedCompare[op]) return undefined;
  // Of floats that are equal the first one is kept: only then lanes agree with the program.
  if (/^f/.test(test.suffix) && op !== 'lt' && op !== 'gt') return undefined;
  return { op, chosen: true, test };
};
