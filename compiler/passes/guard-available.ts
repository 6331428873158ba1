// guard-available: a guard whose bytes have been guarded on every way that leads here is not needed again.
//
//   guard.read %p, 0, 8            guard.read %p, 0, 8
//   guard.read %p, 0, 4            (nothing: covered by the guard before)
//
// Forward must-dataflow on facts (pointer, interval of bytes, read or write); what may be written may be read, but a read covers
// no write. Where ways meet, a fact holds if it holds on all of them; at the head of a loop, if it held before and nothing in
// the loop ends it. A fact ends where the image may give memory back (guards.ts, mayRevoke): nothing else takes permissions away.
import { unreachable } from '../../lang/unreachable.ts';
import { isRuntime } from '../../vm/abi.ts';
import { placeOf } from '../effects.ts';
import { type Def, type Defs, defsOf, intOf } from '../facts.ts';
import { type Guard, guardOf, mayRevoke, placeText, withoutGuards } from '../guards.ts';
import type { Body, Func, Inst, PosId, Terminator, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, withBodies } from '../tree.ts';

/** Bytes [lo, hi) after a base were guarded, at that place. */
interface Fact {
  readonly base: Value;
  readonly lo: number;
  readonly hi: number;
  readonly write: boolean;
  readonly pos: PosId;
  /** Just allocated. */
  readonly fresh?: boolean;
}

/** Facts that hold at a point, by base. `undefined` where no way leads. */
type Facts = ReadonlyMap<Value, readonly Fact[]>;

interface State {
  readonly f: Func;
  readonly defs: Defs;
  readonly context: PassContext;
  /** What holds on all ways that were seen to leave for a label. */
  readonly exits: Map<string, Facts>;
  readonly decided: Map<Inst, string>;
}

const none: Facts = new Map();

export const guardAvailable = (f: Func, context: PassContext): Func => {
  if (context.guards !== 'opt' || isRuntime(f.name)) return f;
  const defs: Map<Value, Def> = defsOf(f);
  const s: State = { f, defs, context, exits: new Map(), decided: new Map() };
  flow(s, f.body, none);
  if (s.decided.size === 0) return f;
  const walk = (b: Body): Body => {
    const inner: Body = { insts: b.insts.map((i) => withBodies(i, walk)), end: b.end };
    return withoutGuards(inner, defs, (g) => s.decided.get(g.inst));
  };
  return { ...f, body: walk(f.body) };
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
      const by = covering(b, f);
      return by !== undefined && by.fresh === f.fresh;
    });
    if (kept.length > 0) both.set(base, kept);
  }
  return both;
};

/** Follows a body and gives what holds at its end, by way of the exits. */
const flow = (s: State, body: Body, before: Facts): void => {
  let facts = before;
  for (const inst of body.insts) {
    const g = guardOf(s.defs, inst);
    const fact = g && factOf(s, g);
    if (fact) {
      const by = covering(facts, fact);
      if (by && s.context.allow()) s.decided.set(inst, by.fresh ? 'fresh object' : dominatedBy(s, by));
      else facts = withFact(facts, fact);
      continue;
    }
    switch (inst.kind) {
      case 'op':
        if (mayRevoke(s.context.program, inst)) facts = none;
        else facts = withFresh(s, facts, inst);
        break;
      case 'if':
      case 'block':
        for (const b of bodiesOf(inst)) flow(s, b, facts);
        facts = s.exits.get(inst.label) ?? none;
        break;
      case 'loop':
        flow(s, inst.body, mayRevoke(s.context.program, inst) ? none : facts);
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
const withFresh = (s: State, facts: Facts, inst: Inst): Facts => {
  const [base] = inst.results;
  if (inst.kind !== 'op' || inst.op !== 'alloc' || base === undefined) return facts;
  const bytes = intOf(s.defs, inst.args[0]);
  if (bytes === undefined || bytes <= 0n || bytes > 1n << 31n) return facts;
  return withFact(facts, { base, lo: 0, hi: Number(bytes), write: true, pos: inst.pos, fresh: true });
};

const leave = (s: State, end: Terminator, facts: Facts): void => {
  if (end.kind === 'break') s.exits.set(end.label, meet(s.exits.get(end.label), facts));
};
