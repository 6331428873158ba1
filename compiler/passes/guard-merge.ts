// guard-merge: guards that follow each other, of a few places, become one test.
//
//   guard.read %p, 0, 8              %n = guard.near %p, 0, 64
//   %x = load.i64 %p, 0              if %n likely { } else {
//   guard.read %p, 8, 8                guard.read %p, 0, 8
//   %y = load.i64 %p, 8                guard.read %p, 8, 8
//   guard.write %p, 16, 4              guard.write %p, 16, 4
//   store.i32 %p, %z, 16             }
//                                    %x = load.i64 %p, 0 …
//
// The test asks for the bytes around, for reading and writing: a yes, or it says nothing. If it is not a yes, the guards run as they
// would have, in their order, so that the same one faults. Between the first and the last nothing can be felt but plain stores. A check
// for null of a place that is near is behind the test too: null is not. What a test has said is good for later guards of the object.
import { guardSlack, isRuntime } from '../../vm/abi.ts';
import { bits, effectBits, isStore, placeOf } from '../effects.ts';
import { type Defs, defsOf, intOf } from '../facts.ts';
import { mayRevoke, placeText } from '../guards.ts';
import type { Body, Func, Inst, OpInst, PosId, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { hullOf, type Member, memberOf, nullCheckOf } from '../near.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, type Edit, editOf, forEachInst, withBodies } from '../tree.ts';

const by = 'guard-merge';

/** A test that was made before: bytes [lo, hi) after the base are near if the value is 1. */
interface Near {
  readonly lo: number;
  readonly hi: number;
  readonly value: Value;
}
type Nears = ReadonlyMap<Value, readonly Near[]>;

const withNear = (nears: Nears, base: Value, near: Near): Map<Value, readonly Near[]> =>
  new Map(nears).set(base, [...(nears.get(base) ?? []), near]);

/** The test that has these bytes in it. */
const nearOf = (nears: Nears, base: Value, lo: number, hi: number): Near | undefined =>
  nears.get(base)?.find((n) => lo >= n.lo && hi <= n.hi);

interface State {
  readonly context: PassContext;
  readonly defs: Defs;
  readonly edit: Edit;
  /** Bases that guard-split has tested: guards of them are left only where the answer was no. */
  readonly tested: ReadonlySet<Value>;
  /** Bases that guards in more than one body are of, with the bytes: they are tested where they come to be. */
  readonly shared: ReadonlyMap<Value, { readonly lo: number; readonly hi: number }>;
}

export const guardMerge = (f: Func, context: PassContext): Func => {
  if (context.guards !== 'opt' || isRuntime(f.name)) return f;
  const defs = defsOf(f);
  const tested = new Set<Value>();
  forEachInst(f.body, (inst) => {
    const [pointer] = inst.kind === 'op' && inst.op === 'guard.near' ? inst.args : [];
    if (pointer !== undefined) tested.add(placeOf(defs, pointer).base);
  });
  const shared = sharedBases({ defs, tested }, f.body);
  const s: State = { context, defs, edit: editOf(f), tested, shared };
  const body = mergeBody(s, f.body, new Map(), f.params);
  return { ...f, types: s.edit.types, body };
};

/** Guards may come earlier than this: only reads, plain stores and what computes. */
const isQuiet = (inst: Inst): boolean =>
  inst.kind === 'op' &&
  (isStore(inst.op) || (effectBits(inst.op) & ~(bits.place | bits.reads | bits['handle-reads'])) === 0);

/** Those of bases that were tested already are left as they are. */
const untested = (s: Pick<State, 'defs' | 'tested'>, inst: Inst): Member | undefined => {
  const m = memberOf(s.defs, inst);
  return m && !s.tested.has(m.base) ? m : undefined;
};

const byBase = (members: readonly Member[]): Map<Value, Member[]> => {
  const groups = new Map<Value, Member[]>();
  for (const m of members) {
    const list = groups.get(m.base);
    if (list) list.push(m);
    else groups.set(m.base, [m]);
  }
  return groups;
};

/** The base as a pointer, made once for a place: none lives across what may move objects. */
const pointerTo = (s: State, made: Map<Value, Value>, base: Value, pos: PosId, into: Inst[]): Value => {
  const known = s.edit.types[base] === 'ptr' ? base : made.get(base);
  if (known !== undefined) return known;
  const pointer = s.edit.value('ptr');
  into.push({ kind: 'op', op: 'addr', suffix: '', args: [base], imms: [], results: [pointer], pos, by });
  made.set(base, pointer);
  return pointer;
};

/** The test of a base from `lo` on. Whatever it is asked about, it covers guardSlack bytes. */
const nearTest = (
  s: State,
  base: Value,
  lo: number,
  pos: PosId,
): { readonly insts: readonly Inst[]; readonly near: Near } => {
  const insts: Inst[] = [];
  const pointer = pointerTo(s, new Map(), base, pos, insts);
  const value = s.edit.value('i32');
  const imms = [lo, guardSlack];
  insts.push({ kind: 'op', op: 'guard.near', suffix: '', args: [pointer], imms, results: [value], pos, by });
  return { insts, near: { lo, hi: lo + guardSlack, value } };
};

/** Bases with guards in several bodies, which one test covers. */
const sharedBases = (s: Pick<State, 'defs' | 'tested'>, body: Body): State['shared'] => {
  const found = new Map<Value, Member[]>();
  const bodies = new Map<Value, Set<Body>>();
  const look = (b: Body): void => {
    for (const inst of b.insts) {
      const m = untested(s, inst);
      if (m) {
        found.set(m.base, [...(found.get(m.base) ?? []), m]);
        bodies.set(m.base, (bodies.get(m.base) ?? new Set()).add(b));
      }
      for (const x of bodiesOf(inst)) look(x);
    }
  };
  look(body);
  const shared = new Map<Value, { lo: number; hi: number }>();
  for (const [base, members] of found) {
    const hull = hullOf(members);
    if ((bodies.get(base)?.size ?? 0) > 1 && hull) shared.set(base, hull);
  }
  return shared;
};

/** `before`: tests that were made on the way here, and that nothing has made void. */
const mergeBody = (s: State, body: Body, before: Nears, params: readonly Value[] = []): Body => {
  const insts: Inst[] = [];
  let nears = before;
  /** Tests what will be guarded in several places here, where it comes to be. */
  const testShared = (values: readonly Value[], pos: PosId): void => {
    for (const base of values) {
      const bytes = s.shared.get(base);
      if (!bytes || nears.has(base) || !s.context.allow()) continue;
      const tested = nearTest(s, base, bytes.lo, pos);
      insts.push(...tested.insts);
      nears = withNear(nears, base, tested.near);
    }
  };
  testShared(params, body.insts[0]?.pos ?? 0);
  let group: Member[] = [];
  /** Since the first guard of the group. */
  let window: Inst[] = [];
  let defined = new Set<Value>();
  const close = (): void => {
    const now = merged(s, group, window, nears);
    insts.push(...now.insts);
    nears = now.nears;
    group = [];
    window = [];
    defined = new Set();
  };
  for (const inst of body.insts) {
    const m = untested(s, inst);
    if (m) {
      const fits = !defined.has(m.base) && hullOf([...group.filter((x) => x.base === m.base), m]) !== undefined;
      if (!fits) close();
      if (hullOf([m]) === undefined) {
        insts.push(inst);
        continue;
      }
      group.push(m);
      window.push(inst);
      continue;
    }
    const answer = answered(s, inst, nears);
    if (answer) {
      (window.length > 0 ? window : insts).push(answer);
      continue;
    }
    // A check for null goes with the guards after it.
    const check = nullCheckOf(s.defs, inst);
    if (check && !defined.has(check.base)) {
      window.push(inst);
      continue;
    }
    if (window.length > 0 && isQuiet(inst) && !inst.results.some((r) => s.shared.has(r))) {
      window.push(inst);
      for (const r of inst.results) defined.add(r);
      continue;
    }
    close();
    const revokes = mayRevoke(s.context.program, inst);
    const inside = inst.kind === 'loop' && revokes ? none : nears;
    insts.push(withBodies(inst, (b) => mergeBody(s, b, inside, inst.kind === 'loop' ? inst.params : [])));
    if (revokes) nears = none;
    testShared(inst.results, inst.pos);
  }
  close();
  return { insts, end: body.end };
};

const none: Nears = new Map();

/** A question about bytes of which is known whether they are near: if they are not, another version of a loop runs. */
const answered = (s: State, inst: Inst, nears: Nears): Inst | undefined => {
  if (inst.kind !== 'op' || (inst.op !== 'guard.may_read' && inst.op !== 'guard.may_write')) return undefined;
  const [pointer, size] = inst.args;
  const bytes = intOf(s.defs, size);
  if (pointer === undefined || bytes === undefined || bytes <= 0n || bytes > BigInt(guardSlack)) return undefined;
  const { base, fromBase } = placeOf(s.defs, pointer);
  const near = nearOf(nears, base, fromBase, fromBase + Number(bytes));
  if (!near || !s.context.allow()) return undefined;
  return { ...inst, op: 'and', suffix: 'i32', args: [near.value, near.value], imms: [], by };
};

/** The window with its guards as one test, if that is less than the guards are, and the tests that are known after it. */
const merged = (
  s: State,
  group: readonly Member[],
  window: readonly Inst[],
  nears: Nears,
): { readonly insts: readonly Inst[]; readonly nears: Nears } => {
  const bases = byBase(group);
  const [first] = group;
  const checks = window.filter((i) => nullCheckOf(s.defs, i));
  const absorbed = new Set(checks.filter((i) => bases.has(nullCheckOf(s.defs, i)?.base ?? -1)));
  const known = [...bases].filter(([base, members]) => nearAll(nears, base, members)).length;
  const same = { insts: window, nears };
  if (first === undefined) return same;
  if (group.length + absorbed.size === bases.size && known === 0) return same;
  if (!s.context.allow()) return same;
  const { pos } = first.guard.inst;
  let after = nears;
  const out: Inst[] = [];
  const push = (inst: Omit<OpInst, 'kind' | 'pos' | 'by'>): void => void out.push({ kind: 'op', ...inst, pos, by });
  const pointers = new Map<Value, Value>();
  let all: Value | undefined;
  for (const [base, members] of bases) {
    const hull = hullOf(members);
    if (!hull) throw new Error('internal error: a group of guards that are far apart');
    let near = nearAll(nears, base, members)?.value;
    if (near === undefined) {
      const tested = nearTest(s, base, hull.lo, pos);
      out.push(...tested.insts);
      after = withNear(after, base, tested.near);
      near = tested.near.value;
    }
    if (all === undefined) all = near;
    else {
      const both = s.edit.value('i32');
      push({ op: 'and', suffix: 'i32', args: [all, near], imms: [], results: [both] });
      all = both;
    }
  }
  const label = s.edit.label('near');
  const done = { kind: 'break', label, args: [], pos, by } as const;
  const members = new Map<Inst, Member>(group.map((m) => [m.guard.inst, m]));
  const guards: Inst[] = [];
  const inWindow = window.flatMap((inst): Inst[] => {
    const m = members.get(inst);
    if (!m) return nullCheckOf(s.defs, inst) ? [inst] : [];
    const op = m.guard.write ? 'guard.write' : 'guard.read';
    const before: Inst[] = [];
    let pointer = pointerTo(s, pointers, m.base, pos, guards);
    const from = m.offset - m.guard.offset;
    if (from !== 0) {
      // The guard's own pointer may come later. A sum of pointers wraps, the offset of an access does not.
      const [distance, sum] = [s.edit.value('i32'), s.edit.value('ptr')];
      const common = { kind: 'op', pos: m.guard.inst.pos, by } as const;
      before.push({ ...common, op: 'const', suffix: 'i32', args: [], imms: [BigInt(from)], results: [distance] });
      before.push({ ...common, op: 'ptr.add', suffix: '', args: [pointer, distance], imms: [], results: [sum] });
      pointer = sum;
    }
    return [...before, { ...m.guard.inst, op, args: [pointer], imms: [m.guard.offset, m.bytes] }];
  });
  guards.push(...inWindow);
  out.push(
    ifInst(
      { label, condition: all ?? 0, likely: true, results: [], pos, by },
      { insts: [], end: done },
      { insts: guards, end: done },
    ),
  );
  const gone = new Set<Inst>(group.map((m) => m.guard.inst));
  const why = `merged into the guard at ${placeText(s.context, pos)}`;
  let note = false;
  for (const inst of window) {
    if (absorbed.has(inst)) continue;
    if (gone.has(inst)) note = true;
    else if (note && inst.kind === 'op' && inst.guard !== undefined) {
      out.push({ ...inst, guard: inst.guard === 'guarded' ? why : `${inst.guard}; ${why}` });
      note = false;
    } else out.push(inst);
  }
  return { insts: out, nears: after };
};

/** The test that covers all of these. */
const nearAll = (nears: Nears, base: Value, members: readonly Member[]): Near | undefined => {
  const hull = hullOf(members);
  return hull && nearOf(nears, base, hull.lo, hull.hi);
};
