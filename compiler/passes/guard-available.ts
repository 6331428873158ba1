// guard-available: a guard whose bytes have been guarded on every way that leads here is not needed again.
//
//   guard.read %p, 0, 8            guard.read %p, 0, 8
//   guard.read %p, 0, 4            (nothing: covered by the guard before)
//
// Forward must-dataflow on facts (pointer, interval of bytes, read or write); what may be written may be read, but a read covers
// no write. Where ways meet, a fact holds if it holds on all of them; at the head of a loop, if it held before and nothing in
// the loop ends it. A fact ends where the image may give memory back (guards.ts, mayRevoke): nothing else takes permissions away.
// What was just allocated is permitted: so many bytes, or so many elements, of which one with a checked index is one.
import { unreachable } from '../../lang/unreachable.ts';
import { isRuntime } from '../../vm/abi.ts';
import { placeOf } from '../effects.ts';
import { type Defs, defsOf, intOf, opOf, rangeOf, relationsOf } from '../facts.ts';
import { type Guard, guardOf, mayRevoke, placeText, withoutGuards } from '../guards.ts';
import type { Body, Func, IfInst, Inst, OpInst, PosId, Terminator, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, breaksTo, resolver, substitute, withBodies } from '../tree.ts';

/** Bytes [lo, hi) after a base were guarded, at that place. */
interface Fact {
  readonly base: Value;
  readonly lo: number;
  readonly hi: number;
  readonly write: boolean;
  readonly pos: PosId;
  /** Just allocated. */
  readonly fresh?: boolean;
  /** Not those bytes, but so many elements of so many bytes each. */
  readonly elements?: { readonly count: Value; readonly size: number };
}

/** A question about a range that was asked before a loop, and its answer. */
interface Question {
  readonly base: Value;
  readonly from: number;
  readonly bytes: Value;
  readonly write: boolean;
  readonly answer: Value;
}

/** What is known by what was computed before: of numbers for ever, of permissions until something is taken back. */
interface Numbers {
  /** Lengths that an index was checked against. */
  readonly checked: Map<Value, ReadonlySet<Value>>;
  /** The same of the lower ends of slices that go on to the end. */
  readonly cut: Map<Value, ReadonlySet<Value>>;
  questions: readonly Question[];
  /** Values between 0 and mostElements. */
  readonly small: Set<Value>;
}

/** So many elements of any size are a number of bytes that does not wrap. */
const mostElements = 1n << 32n;
const largestElement = 1n << 24n;

/** Facts that hold at a point, by base. `undefined` where no way leads. */
type Facts = ReadonlyMap<Value, readonly Fact[]>;

interface State {
  readonly f: Func;
  readonly defs: Defs;
  readonly context: PassContext;
  /** What holds on all ways that were seen to leave for a label. */
  readonly exits: Map<string, Facts>;
  readonly decided: Map<Inst, string>;
  /** Questions whose answer another one gives, with that answer. */
  readonly answered: Map<OpInst, Value>;
}

const none: Facts = new Map();

export const guardAvailable = (f: Func, context: PassContext): Func => {
  if (context.guards !== 'opt' || isRuntime(f.name)) return f;
  const defs = defsOf(f);
  const s: State = { f, defs, context, exits: new Map(), decided: new Map(), answered: new Map() };
  flow(s, f.body, none, { checked: new Map(), cut: new Map(), small: new Set(), questions: [] });
  if (s.decided.size === 0 && s.answered.size === 0) return f;
  const answers = new Map([...s.answered].flatMap(([q, answer]) => q.results.map((r) => [r, answer] as const)));
  const walk = (b: Body): Body => {
    const insts = b.insts.filter((i) => i.kind !== 'op' || !s.answered.has(i)).map((i) => withBodies(i, walk));
    return withoutGuards({ insts, end: b.end }, defs, (g) => s.decided.get(g.inst));
  };
  return { ...f, body: substitute(walk(f.body), resolver(answers)) };
};

/** The fact that a guard finds. */
const factOf = (s: State, g: Guard): Fact | undefined => {
  if (g.bytes === undefined) return undefined;
  const p = placeOf(s.defs, g.pointer);
  const lo = p.fromBase + g.offset;
  return { base: p.base, lo, hi: lo + g.bytes, write: g.write, pos: g.inst.pos };
};

/** A fact among these that covers another; neighbouring ones together may. */
const covering = (facts: Facts, wanted: Fact): Fact | undefined => {
  const list = (facts.get(wanted.base) ?? []).filter((f) => f.write || !wanted.write);
  let at = wanted.lo;
  let last: Fact | undefined;
  for (let found = true; found && at < wanted.hi; ) {
    found = false;
    for (const f of list) {
      if (f.lo > at || f.hi <= at) continue;
      at = f.hi;
      if (!last?.fresh) last = f;
      found = true;
    }
  }
  return at >= wanted.hi ? last : undefined;
};

const withFact = (facts: Facts, f: Fact): Facts => {
  const now = new Map(facts);
  now.set(f.base, [...(facts.get(f.base) ?? []), f]);
  return now;
};

/** What holds in both. */
const meet = (a: Facts | undefined, b: Facts): Facts => {
  if (a === undefined || a === b) return b;
  const both = new Map<Value, readonly Fact[]>();
  for (const [base, facts] of a) {
    // Not what is fresh on one way and guarded on the other: no guard could be named for it.
    const kept = facts.filter((f) => {
      if (f.elements) return (b.get(base) ?? []).includes(f);
      const by = covering(b, f);
      return by !== undefined && by.fresh === f.fresh;
    });
    if (kept.length > 0) both.set(base, kept);
  }
  return both;
};

/** Follows a body and gives what holds at its end, by way of the exits. */
const flow = (s: State, body: Body, before: Facts, above: Numbers): void => {
  let facts = before;
  const numbers: Numbers = {
    checked: new Map(above.checked),
    cut: new Map(above.cut),
    small: new Set(above.small),
    questions: above.questions,
  };
  for (const inst of body.insts) {
    const revokes = mayRevoke(s.context.program, inst);
    if (revokes) numbers.questions = [];
    const g = guardOf(s.defs, inst);
    const fact = g && factOf(s, g);
    if (fact) {
      const by = covering(facts, fact) ?? elementOf(s, facts, numbers, fact);
      if (by && s.context.allow()) s.decided.set(inst, by.fresh ? 'fresh object' : dominatedBy(s, by));
      else facts = withFact(facts, fact);
      continue;
    }
    switch (inst.kind) {
      case 'op':
        if (revokes) facts = none;
        else facts = withFresh(s, facts, inst, numbers);
        learn(numbers, inst);
        ask(s, numbers, inst);
        break;
      case 'if':
      case 'block':
        for (const b of bodiesOf(inst)) flow(s, b, facts, numbers);
        facts = s.exits.get(inst.label) ?? none;
        if (inst.kind === 'if') learnFromTest(s, numbers, inst);
        break;
      case 'loop':
        flow(s, inst.body, revokes ? none : facts, numbers);
        facts = s.exits.get(inst.label) ?? none;
        break;
      default:
        unreachable(inst);
    }
  }
  leave(s, body.end, facts);
};

const dominatedBy = (s: State, f: Fact): string => `dominated by the guard at ${placeText(s.context, f.pos)}`;

/** What was just allocated may be written. */
const withFresh = (s: State, facts: Facts, inst: Inst, numbers: Numbers): Facts => {
  const [base] = inst.results;
  if (inst.kind !== 'op' || inst.op !== 'alloc' || base === undefined) return facts;
  const fact = { base, lo: 0, write: true, pos: inst.pos, fresh: true };
  const bytes = intOf(s.defs, inst.args[0]);
  if (bytes !== undefined)
    return bytes <= 0n || bytes > 1n << 31n ? facts : withFact(facts, { ...fact, hi: Number(bytes) });
  const elements = elementsOf(s, inst.args[0] ?? -1, numbers);
  return elements ? withFact(facts, { ...fact, hi: 0, elements }) : facts;
};

/** A number of bytes as one of elements. */
const elementsOf = (s: State, bytes: Value, numbers: Numbers): Fact['elements'] => {
  const product = opOf(s.defs, bytes);
  const [count, by] = product?.op === 'mul' && product.suffix === 'i64' ? product.args : [bytes];
  if (count === undefined) return undefined;
  const size = by === undefined ? 1n : intOf(s.defs, by);
  if (size === undefined || size <= 0n || size > largestElement) return undefined;
  const range = rangeOf(s.defs, count);
  const isSmall = numbers.small.has(count) || (range.lo >= 0n && range.hi <= mostElements);
  return isSmall ? { count, size: Number(size) } : undefined;
};

/** The fact that covers bytes of an element whose index was checked against the number of elements. */
const elementOf = (s: State, facts: Facts, numbers: Numbers, wanted: Fact): Fact | undefined => {
  const element = opOf(s.defs, wanted.base);
  const [array, index] = element?.args ?? [];
  if (element?.op !== 'elem' || array === undefined || index === undefined) return undefined;
  const size = Number(element.imms[0]);
  if (wanted.lo < 0 || wanted.hi > size) return undefined;
  const checked = numbers.checked.get(index);
  return facts.get(array)?.find((f) => f.elements?.size === size && checked?.has(f.elements.count));
};

const learn = (numbers: Numbers, inst: OpInst): void => {
  const [index, length, whole] = inst.args;
  if (index === undefined || length === undefined) return;
  const add = (to: Map<Value, ReadonlySet<Value>>): void =>
    void to.set(index, new Set([...(to.get(index) ?? []), length]));
  if (inst.op === 'check.index') add(numbers.checked);
  if (inst.op === 'check.slice' && length === whole) add(numbers.cut);
};

/** A question about the rest of a slice of bytes is answered by one about the whole slice. */
const ask = (s: State, numbers: Numbers, inst: OpInst): void => {
  const [pointer, bytes] = inst.args;
  const [answer] = inst.results;
  if (inst.op !== 'guard.may_read' && inst.op !== 'guard.may_write') return;
  if (pointer === undefined || bytes === undefined || answer === undefined) return;
  const { base, fromBase: from } = placeOf(s.defs, pointer);
  const write = inst.op === 'guard.may_write';
  const same = (q: Question): boolean => q.base === base && q.from === from && q.bytes === bytes;
  const known = numbers.questions.find(
    (q) => (q.write || !write) && (same(q) || isRest(s, numbers, q, base, from, bytes)),
  );
  if (known && s.context.allow()) s.answered.set(inst, known.answer);
  else numbers.questions = [...numbers.questions, { base, from, bytes, write, answer }];
};

/** Bytes from `low` on of the q.bytes bytes that a question was about, all that are left: 0 <= low <= q.bytes was checked. */
const isRest = (s: State, numbers: Numbers, q: Question, base: Value, from: number, bytes: Value): boolean => {
  const place = opOf(s.defs, base);
  const rest = opOf(s.defs, bytes);
  const [whole, low] = place?.args ?? [];
  if (place?.op !== 'elem' || Number(place.imms[0]) !== 1 || whole === undefined || low === undefined) return false;
  if (rest?.op !== 'sub' || rest.args[0] !== q.bytes || rest.args[1] !== low || from !== 0) return false;
  const of = placeOf(s.defs, whole);
  return of.base === q.base && of.fromBase === q.from && numbers.cut.get(low)?.has(q.bytes) === true;
};

/** What is true after a test of which one arm does not come back. */
const learnFromTest = (s: State, numbers: Numbers, inst: IfInst): void => {
  const returns = (b: Body): boolean => breaksTo(b, inst.label).length > 0;
  const [yes, no] = [returns(inst.then), returns(inst.else)];
  if (yes === no) return;
  for (const r of relationsOf(s.defs, inst.condition, yes)) {
    const most = intOf(s.defs, r.right);
    if (r.signed || r.suffix !== 'i64' || (r.op !== 'lt' && r.op !== 'le')) continue;
    if (most !== undefined && most >= 0n && most <= mostElements) numbers.small.add(r.left);
  }
};

const leave = (s: State, end: Terminator, facts: Facts): void => {
  if (end.kind === 'break') s.exits.set(end.label, meet(s.exits.get(end.label), facts));
};
