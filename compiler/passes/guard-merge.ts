// guard-merge: guards that follow each other, of a few places, become one test.
//
//   guard.read %p, 0, 8              %n = guard.near %p, 0, 24
//   %x = load.i64 %p, 0              if %n { } else {
//   guard.read %p, 8, 8                guard.read %p, 0, 8
//   %y = load.i64 %p, 8                guard.read %p, 8, 8
//   guard.write %p, 16, 4              guard.write %p, 16, 4
//   store.i32 %p, %z, 16             }
//                                    %x = load.i64 %p, 0 …
//
// The test is a yes or a don't know: own heap and stack, for reading and writing. If it is not a yes, the guards run as they would
// have, in their order, so that the same one faults. Between the first and the last nothing can be felt but plain stores. A check for
// null of a place that is near is behind the test too: null is not.
import { guardSlack, unmappedBytes } from '../../vm/abi.ts';
import { bits, effectBits, placeOf } from '../effects.ts';
import { type Defs, defsOf } from '../facts.ts';
import { type Guard, guardOf, isExempt, placeText } from '../guards.ts';
import type { Body, Func, Inst, OpInst, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { type Edit, editOf, withBodies } from '../tree.ts';

const by = 'guard-merge';

interface Member {
  readonly guard: Guard;
  readonly base: Value;
  /** From the base on. */
  readonly offset: number;
  readonly bytes: number;
}

interface State {
  readonly context: PassContext;
  readonly defs: Defs;
  readonly edit: Edit;
}

export const guardMerge = (f: Func, context: PassContext): Func => {
  if (context.guards !== 'opt' || isExempt(f)) return f;
  const s: State = { context, defs: defsOf(f), edit: editOf(f) };
  const walk = (b: Body): Body => mergeBody(s, { insts: b.insts.map((i) => withBodies(i, walk)), end: b.end });
  const body = walk(f.body);
  return { ...f, types: s.edit.types, body };
};

/** Guards may come earlier than this: only reads, plain stores and what computes. */
const isQuiet = (inst: Inst): boolean =>
  inst.kind === 'op' &&
  (inst.op === 'store' || (effectBits(inst.op) & ~(bits.place | bits.reads | bits['handle-reads'])) === 0);

const memberOf = (s: State, inst: Inst): Member | undefined => {
  const guard = guardOf(s.defs, inst);
  if (!guard || guard.bytes === undefined || (inst.kind === 'op' && inst.op.endsWith('_range'))) return undefined;
  const p = placeOf(s.defs, guard.pointer);
  return { guard, base: p.base, offset: p.fromBase + guard.offset, bytes: guard.bytes };
};

/** Bytes between two accesses of one object that need not be accessed: no gap between permitted ranges is so small. */
const smallGap = 15;

/** The bytes of a base that a group touches, or undefined if they are too far apart for one test. */
const hullOf = (members: readonly Member[]): { readonly lo: number; readonly hi: number } | undefined => {
  const sorted = [...members].sort((a, b) => a.offset - b.offset);
  const lo = sorted[0]?.offset ?? 0;
  let hi = lo;
  for (const m of sorted) {
    if (m.offset - hi > smallGap) return undefined;
    hi = Math.max(hi, m.offset + m.bytes);
  }
  return hi - lo <= guardSlack && lo >= 0 && hi < unmappedBytes ? { lo, hi } : undefined;
};

/** A check that the place is not null. */
const nullCheckOf = (s: State, inst: Inst): { readonly inst: OpInst; readonly base: Value } | undefined => {
  const [place] = inst.kind === 'op' && inst.op === 'check.null' ? inst.args : [];
  if (inst.kind !== 'op' || place === undefined) return undefined;
  const p = placeOf(s.defs, place);
  return p.fromBase === 0 ? { inst, base: p.base } : undefined;
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

const mergeBody = (s: State, body: Body): Body => {
  const insts: Inst[] = [];
  let group: Member[] = [];
  /** Since the first guard of the group. */
  let window: Inst[] = [];
  let defined = new Set<Value>();
  const close = (): void => {
    insts.push(...merged(s, group, window));
    group = [];
    window = [];
    defined = new Set();
  };
  for (const inst of body.insts) {
    const m = memberOf(s, inst);
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
    // A check for null goes with the guards after it.
    const check = nullCheckOf(s, inst);
    if (check && !defined.has(check.base)) {
      window.push(inst);
      continue;
    }
    if (window.length > 0 && isQuiet(inst)) {
      window.push(inst);
      for (const r of inst.results) defined.add(r);
      continue;
    }
    close();
    insts.push(inst);
  }
  close();
  return { insts, end: body.end };
};

/** The window with its guards as one test, if that is less than the guards are. */
const merged = (s: State, group: readonly Member[], window: readonly Inst[]): readonly Inst[] => {
  const bases = byBase(group);
  const [first] = group;
  const checks = window.filter((i) => nullCheckOf(s, i));
  const absorbed = new Set(checks.filter((i) => bases.has(nullCheckOf(s, i)?.base ?? -1)));
  if (first === undefined || group.length + absorbed.size === bases.size || !s.context.allow()) return window;
  const { pos } = first.guard.inst;
  const out: Inst[] = [];
  const push = (inst: Omit<OpInst, 'kind' | 'pos' | 'by'>): void => void out.push({ kind: 'op', ...inst, pos, by });
  const pointers = new Map<Value, Value>();
  let all: Value | undefined;
  for (const [base, members] of bases) {
    const hull = hullOf(members);
    if (!hull) throw new Error('internal error: a group of guards that are far apart');
    let pointer = base;
    if (s.edit.types[base] !== 'ptr') {
      pointer = s.edit.value('ptr');
      push({ op: 'addr', suffix: '', args: [base], imms: [], results: [pointer] });
    }
    pointers.set(base, pointer);
    const near = s.edit.value('i32');
    push({ op: 'guard.near', suffix: '', args: [pointer], imms: [hull.lo, hull.hi - hull.lo], results: [near] });
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
  const guards = window.flatMap((inst): Inst[] => {
    const m = members.get(inst);
    if (!m) return nullCheckOf(s, inst) ? [inst] : [];
    const op = m.guard.write ? 'guard.write' : 'guard.read';
    const before: Inst[] = [];
    let pointer = pointers.get(m.base) ?? m.guard.pointer;
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
  out.push(
    ifInst(
      { label, condition: all ?? 0, results: [], pos, by },
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
  return out;
};
