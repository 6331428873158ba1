// strength: addresses in an innermost loop advance by addition instead of being computed from the index.
//
//   loop @l (%i = %lo) {                     %p0 = ptr.add %base, 8·%lo
//     %e = elem 8 %a, %i                     loop @l (%i = %lo, %p = %p0) {
//     %x = load.f64 (addr %e)                  %x = load.f64 %p
//     %f = elem 8 %a, (%i + 1)                 %y = load.f64 %p 8
//     %y = load.f64 (addr %f)                  …
//     next @l(%i + 1)                          next @l(%i + 1, %p + 8)
//
// An index is a linear form in the loop's counters and values from outside. Accesses whose forms differ by a constant
// share a pointer, which stands at the lowest: immediates are unsigned, and address + immediate does not wrap in wasm as
// the sum of two i32 does. It cannot: a group spans less than the 64 KiB below all objects, so that a pointer below a
// mapped address is not below 0. Only in loops where no object moves, since such a pointer is bits.
// Also: a constant offset from an object's start goes into the immediate.
import { unmappedBytes } from '../../vm/abi.ts';
import { addressOf } from '../address.ts';
import { isLoad, isStore, placeOf } from '../effects.ts';
import { type Defs, defsOf, type Induction, inductionsOf, intOf, type Linear, linearOf, opOf } from '../facts.ts';
import type { Body, Func, Inst, LoopInst, OpInst, OpName, Terminator, Value } from '../ir.ts';
import { moverOf } from '../moves.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, definedIn, type Edit, editOf, hasLoop, madeBy, nextsOf, withBodies } from '../tree.ts';

/** More pointers than this would not stay in registers. */
const maxPointers = 12;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
}

export const strength = (f: Func, context: PassContext): Func => {
  const edit = editOf(f);
  const s: State = { context, edit, defs: defsOf(f) };
  const body = foldOffsets(s, strengthBody(s, f.body));
  return { ...f, types: edit.types, body };
};

const strengthBody = (s: State, body: Body): Body => ({
  insts: body.insts.flatMap((inst): readonly Inst[] => {
    if (inst.kind === 'op') return [inst];
    if (inst.kind === 'loop' && !hasLoop(inst.body)) return reduced(s, inst);
    return [withBodies(inst, (b) => strengthBody(s, b))];
  }),
  end: body.end,
});

/** Ops that access, or guard, what lies a constant offset (their first immediate) after their first operand. */
const followsPointer = (op: OpName): boolean =>
  isLoad(op) || isStore(op) || op === 'guard.read' || op === 'guard.write' || op === 'guard.near';

// ---- groups -----------------------------------------------------------------------------------------------------

interface Access {
  readonly inst: OpInst;
  readonly constant: bigint;
}

/** Bytes an iteration: a constant, and multiples of values from outside. */
interface Step {
  readonly constant: bigint;
  readonly terms: ReadonlyMap<Value, bigint>;
}

interface Group {
  readonly base: Value;
  readonly terms: ReadonlyMap<Value, bigint>;
  readonly step: Step;
  readonly accesses: readonly Access[];
}

const reduced = (s: State, loop: LoopInst): readonly Inst[] => {
  const inductions = inductionsOf(s.defs, loop);
  if (moverOf(s.context.program)(loop) || inductions.length === 0) return [loop];
  const groups = groupsOf(s, loop, inductions);
  const before: Inst[] = [];
  const after: Advance[] = [];
  const pointers = new Map<OpInst, { readonly pointer: Value; readonly more: bigint }>();
  for (const g of groups.slice(0, maxPointers)) {
    if (!s.context.allow()) continue;
    const lowest = g.accesses.reduce((m, a) => (a.constant < m ? a.constant : m), g.accesses[0]?.constant ?? 0n);
    const param = s.edit.value('ptr');
    const init = startOf(s, loop, g, lowest, inductions, before);
    after.push({ param, init, step: stepOf(s, loop, g.step, before) });
    for (const a of g.accesses) pointers.set(a.inst, { pointer: param, more: a.constant - lowest });
  }
  if (after.length === 0) return [loop];
  const nexts = nextsOf(loop.body, loop.label);
  const body = withPointers(s, loop, loop.body, pointers, after, nexts.length);
  const params = [...loop.params, ...after.map((a) => a.param)];
  const inits = [...loop.inits, ...after.map((a) => a.init)];
  return [...before, { ...loop, params, inits, body }];
};

const groupsOf = (s: State, loop: LoopInst, inductions: readonly Induction[]): readonly Group[] => {
  const inner = definedIn(loop.body, new Set(loop.params));
  const found = new Map<string, { base: Value; terms: ReadonlyMap<Value, bigint>; step: Step; accesses: Access[] }>();
  const visit = (body: Body): void => {
    for (const inst of body.insts) {
      for (const b of bodiesOf(inst)) visit(b);
      const pointer = inst.kind === 'op' ? inst.args[0] : undefined;
      if (inst.kind !== 'op' || pointer === undefined || !followsPointer(inst.op) || !inner.has(pointer)) continue;
      const address = addressOf(s.defs, pointer, inner);
      if (!address) continue;
      const { terms, constant } = address.bytes;
      const step = advanceOf(s, terms, inductions, inner);
      if (!step || (step.constant === 0n && step.terms.size === 0)) continue;
      const key = `${address.base} ${[...terms]
        .sort((a, b) => a[0] - b[0])
        .map(([v, c]) => `${v}*${c}`)
        .join(' ')}`;
      const access: Access = { inst, constant: BigInt.asIntN(32, constant) };
      const group = found.get(key);
      if (group) group.accesses.push(access);
      else found.set(key, { base: address.base, terms, step, accesses: [access] });
    }
  };
  visit(loop.body);
  return [...found.values()].flatMap(narrow);
};

/** What each iteration adds to a form; undefined: not always the same. */
const advanceOf = (
  s: State,
  form: ReadonlyMap<Value, bigint>,
  inductions: readonly Induction[],
  inner: ReadonlySet<Value>,
): Step | undefined => {
  let constant = 0n;
  const terms = new Map<Value, bigint>();
  for (const [v, c] of form) {
    const induction = inductions.find((i) => i.param === v);
    if (induction) constant += c * induction.step;
    else if (inner.has(v)) {
      const p = productOf(s, v, inductions, inner);
      if (!p) return undefined;
      let step = 0n;
      for (const [w, k] of p.form.terms) step += k * (inductions.find((i) => i.param === w)?.step ?? 0n);
      terms.set(p.factor, BigInt.asIntN(32, (terms.get(p.factor) ?? 0n) + c * step));
    }
  }
  for (const [v, c] of terms) if (c === 0n) terms.delete(v);
  return { constant: BigInt.asIntN(32, constant), terms };
};

/** A sum of counters and values from outside, times a value from outside: the row of a matrix whose width the run knows. */
const productOf = (
  s: State,
  v: Value,
  inductions: readonly Induction[],
  inner: ReadonlySet<Value>,
): { readonly factor: Value; readonly form: Linear } | undefined => {
  const inst = opOf(s.defs, v);
  const [a, b] = inst?.args ?? [];
  if (inst?.op !== 'mul' || inst.suffix !== 'i64' || a === undefined || b === undefined) return undefined;
  const [varies, factor] = inner.has(a) ? [a, b] : [b, a];
  if (inner.has(factor)) return undefined;
  const form = linearOf(s.defs, varies, (w) => !inner.has(w) || inductions.some((i) => i.param === w));
  const known = [...form.terms.keys()].every((w) => !inner.has(w) || inductions.some((i) => i.param === w));
  return known ? { factor, form } : undefined;
};

/** Parts of a group that span less than what is unmapped below all objects. */
const narrow = (g: Group): readonly Group[] => {
  const sorted = [...g.accesses].sort((a, b) => (a.constant < b.constant ? -1 : a.constant > b.constant ? 1 : 0));
  const parts: Access[][] = [];
  for (const a of sorted) {
    const part = parts.at(-1);
    const first = part?.[0];
    if (part && first && a.constant - first.constant < BigInt(unmappedBytes)) part.push(a);
    else parts.push([a]);
  }
  return parts.map((accesses) => ({ ...g, accesses }));
};

/** Computes, before the loop, where the group's pointer stands in the first iteration. */
const startOf = (
  s: State,
  loop: LoopInst,
  g: Group,
  lowest: bigint,
  inductions: readonly Induction[],
  into: Inst[],
): Value => {
  const make = (
    op: OpName,
    suffix: string,
    args: readonly Value[],
    type: 'i64' | 'i32' | 'ptr',
    imm?: bigint,
  ): Value => {
    const result = s.edit.value(type);
    into.push(madeBy('strength', loop, { op, suffix, args, imms: imm === undefined ? [] : [imm], results: [result] }));
    return result;
  };
  const i64 = (n: bigint): Value => make('const', 'i64', [], 'i64', n);
  let sum: Value | undefined;
  const add = (v: Value): void => {
    sum = sum === undefined ? v : make('add', 'i64', [sum, v], 'i64');
  };
  const scaled = (v: Value, c: bigint): Value => (c === 1n ? v : make('mul', 'i64', [v, i64(c)], 'i64'));
  const first = (v: Value): Value => inductions.find((i) => i.param === v)?.init ?? v;
  const inner = definedIn(loop.body, new Set(loop.params));
  for (const [v, c] of g.terms) {
    const p = inductions.some((i) => i.param === v) || !inner.has(v) ? undefined : productOf(s, v, inductions, inner);
    if (!p) {
      add(scaled(first(v), c));
      continue;
    }
    let row = i64(p.form.constant);
    for (const [w, k] of p.form.terms) row = make('add', 'i64', [row, scaled(first(w), k)], 'i64');
    add(scaled(make('mul', 'i64', [row, p.factor], 'i64'), c));
  }
  if (lowest !== 0n || sum === undefined) add(i64(lowest));
  const bytes = make('wrap', '', [sum ?? i64(0n)], 'i32');
  const base = s.edit.types[g.base] === 'ptr' ? g.base : make('addr', '', [g.base], 'ptr');
  return make('ptr.add', '', [base, bytes], 'ptr');
};

/** A pointer that advances: by a constant, or by an i32 from before the loop. */
interface Advance {
  readonly param: Value;
  readonly init: Value;
  readonly step: { readonly constant: bigint; readonly value: Value | undefined };
}

/** Computes, before the loop, by how much a pointer advances, if that is no constant. */
const stepOf = (s: State, loop: LoopInst, step: Step, into: Inst[]): Advance['step'] => {
  const { constant } = step;
  if (step.terms.size === 0) return { constant, value: undefined };
  const make = (
    op: OpName,
    suffix: string,
    args: readonly Value[],
    type: 'i64' | 'i32',
    imms: readonly bigint[] = [],
  ): Value => {
    const result = s.edit.value(type);
    into.push(madeBy('strength', loop, { op, suffix, args, imms, results: [result] }));
    return result;
  };
  let sum = make('const', 'i64', [], 'i64', [constant]);
  for (const [v, c] of step.terms) {
    const k = make('const', 'i64', [], 'i64', [c]);
    sum = make('add', 'i64', [sum, make('mul', 'i64', [v, k], 'i64')], 'i64');
  }
  return { constant, value: make('wrap', '', [sum], 'i32') };
};

const withPointers = (
  s: State,
  loop: LoopInst,
  body: Body,
  pointers: ReadonlyMap<OpInst, { readonly pointer: Value; readonly more: bigint }>,
  after: readonly Advance[],
  nexts: number,
): Body => {
  const insts: Inst[] = [];
  for (const inst of body.insts) {
    const found = inst.kind === 'op' ? pointers.get(inst) : undefined;
    if (inst.kind === 'op' && found) {
      const imm = Number(inst.imms[0] ?? 0) + Number(found.more);
      insts.push({ ...inst, args: [found.pointer, ...inst.args.slice(1)], imms: [imm, ...inst.imms.slice(1)] });
    } else insts.push(withBodies(inst, (b) => withPointers(s, loop, b, pointers, after, nexts)));
  }
  const end = body.end;
  if (end.kind !== 'next' || end.label !== loop.label) return { insts, end };
  const more = after.map(({ param, step }): Value => {
    let by = step.value;
    if (by === undefined) {
      by = s.edit.value('i32');
      insts.push(
        madeBy('strength', loop, { op: 'const', suffix: 'i32', args: [], imms: [step.constant], results: [by] }),
      );
    }
    const result = s.edit.value('ptr');
    insts.push(madeBy('strength', loop, { op: 'ptr.add', suffix: '', args: [param, by], imms: [], results: [result] }));
    return result;
  });
  const advanced: Terminator = { ...end, args: [...end.args, ...more] };
  return { insts, end: advanced };
};

// ---- constant offsets -------------------------------------------------------------------------------------------

/** `load (addr (offset %g, 8))` → `load (addr %g) 8`, where %g is a place in an object of the program. */
const foldOffsets = (s: State, body: Body): Body => {
  const insts: Inst[] = [];
  for (const inst of body.insts) {
    const moved = inst.kind === 'op' && followsPointer(inst.op) ? offsetFolded(s, inst, s.defs) : undefined;
    if (moved && s.context.allow()) insts.push(...moved);
    else insts.push(withBodies(inst, (b) => foldOffsets(s, b)));
  }
  return { insts, end: body.end };
};

/**
 * Of the run-time's own words: `load (addr (gptr.of (wrap (add %x, 8))))` → `load (addr (gptr.of (wrap %x))) 8`. As nothing of its lies in the first 64 KiB, the
 * sum does not wrap.
 */
const ownFolded = (s: State, inst: OpInst, place: OpInst): readonly Inst[] | undefined => {
  if (!inst.kernel || place.op !== 'gptr.of') return undefined;
  const number = opOf(s.defs, place.args[0] ?? -1);
  const sum = number?.op === 'wrap' ? opOf(s.defs, number.args[0] ?? -1) : undefined;
  const [x, by] = sum?.op === 'add' ? sum.args : [];
  const k = by === undefined ? undefined : intOf(s.defs, by);
  if (x === undefined || k === undefined || k <= 0n || k >= BigInt(unmappedBytes)) return undefined;
  const [bits, at, base] = [s.edit.value('i32'), s.edit.value('gptr'), s.edit.value('ptr')];
  const made = (op: OpName, arg: Value, result: Value): OpInst =>
    madeBy('strength', inst, { op, suffix: '', args: [arg], imms: [], results: [result] });
  return [made('wrap', x, bits), made('gptr.of', bits, at), made('addr', at, base), further(inst, base, k)];
};

/** The access so many bytes further on. */
const further = (inst: OpInst, base: Value, bytes: bigint): OpInst => ({
  ...inst,
  args: [base, ...inst.args.slice(1)],
  imms: [Number(inst.imms[0] ?? 0) + Number(bytes), ...inst.imms.slice(1)],
});

const offsetFolded = (s: State, inst: OpInst, defs: Defs): readonly Inst[] | undefined => {
  const pointer = inst.args[0];
  const address = pointer === undefined ? undefined : opOf(defs, pointer);
  const place = address?.op === 'addr' ? address.args[0] : undefined;
  const step = place === undefined ? undefined : opOf(defs, place);
  if (step?.op === 'gptr.of') return ownFolded(s, inst, step);
  const from = step?.args[0];
  const k = intOf(defs, step?.args[1]);
  if (step?.op !== 'offset' || from === undefined || k === undefined || k <= 0n || k >= BigInt(unmappedBytes))
    return undefined;
  if (placeOf(defs, from).root.kind === 'unknown') return undefined;
  const base = s.edit.value('ptr');
  return [
    madeBy('strength', inst, { op: 'addr', suffix: '', args: [from], imms: [], results: [base] }),
    further(inst, base, k),
  ];
};
