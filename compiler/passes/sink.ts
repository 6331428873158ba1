// sink: what both arms of a condition store in one place is chosen by it, and stored after it.
//
//   if @i %c {                               %v = if @i %c {
//     store.f64 %p, %x, 0                      break @i(%x)
//     break @i                               } else {
//   } else {                                   break @i(%y)
//     store.f64 %p, %y, 0                    }
//     break @i                               store.f64 %p, %v, 0
//   }
//
// A condition that only chooses is one for masks and for `select` (vectorise, if-convert), and the code is smaller. The place is
// written once on either way, after all that the arms did otherwise: nobody can see a difference. Sinking of common code is as old as
// hoisting (F. E. Allen, J. Cocke, A catalogue of optimizing transformations, 1971).
import { isRuntime } from '../../vm/abi.ts';
import { isChecked } from '../checked.ts';
import { bits, effectBits, isDivision } from '../effects.ts';
import type { Body, Func, IfInst, Inst, OpInst, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { argsOf, bodiesOf, breaksTo, type Edit, editOf, operandsOf, targets, typeOf, withBodies } from '../tree.ts';

const by = 'sink';

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
}

export const sink = (f: Func, context: PassContext): Func => {
  // Checked programs look at every access, and say where it stands.
  if (isRuntime(f.name) || isChecked(context.program)) return f;
  const s: State = { context, edit: editOf(f) };
  const body = sunk(s, f.body);
  return body === f.body ? f : { ...f, types: s.edit.types, body };
};

const sunk = (s: State, body: Body): Body => {
  let changed = false;
  const insts = body.insts.flatMap((inst): readonly Inst[] => {
    if (inst.kind === 'op') return [inst];
    let now: Inst = withBodies(inst, (b) => sunk(s, b));
    changed ||= now !== inst;
    const after: Inst[] = [];
    // What both arms do last comes last, then what they do before that.
    while (now.kind === 'if') {
      const found: Common | undefined = commonStore(s, now);
      if (!found || !s.context.allow()) break;
      changed = true;
      now = withoutLast(s, now, found, after);
    }
    return [now, ...after];
  });
  return changed ? { insts, end: body.end } : body;
};

/** A store that both arms end with, and the ops that make its address in either. */
interface Common {
  readonly yes: OpInst;
  readonly no: OpInst;
  /** Ops of the first arm, in order, and all of both. */
  readonly place: readonly OpInst[];
  readonly gone: ReadonlySet<Inst>;
}

const commonStore = (s: State, inst: IfInst): Common | undefined => {
  const [yes, no] = [lastStore(inst, inst.then), lastStore(inst, inst.else)];
  const [p, q] = [yes?.args[0], no?.args[0]];
  if (!yes || !no || p === undefined || q === undefined || !isAlike(yes, no)) return undefined;
  if (typeOf(s.edit.types, yes.args[1] ?? -1) !== typeOf(s.edit.types, no.args[1] ?? -1)) return undefined;
  const [left, right] = [definitionsOf(inst.then), definitionsOf(inst.else)];
  const place: OpInst[] = [];
  const gone = new Set<Inst>([yes, no]);
  // Addresses share parts: each pair is compared once. One that differs ends all.
  const known = new Map<Value, Value>();
  const same = (a: Value, b: Value): boolean => {
    if (known.get(a) === b) return true;
    const [x, y] = [left.get(a), right.get(b)];
    if (!x || !y) return a === b && !x && !y;
    if (x.args.length !== y.args.length || !isPure(x) || !isAlike(x, y)) return false;
    if (!x.args.every((v, k) => same(v, y.args[k] ?? -1))) return false;
    if (!gone.has(x)) place.push(x);
    gone.add(x).add(y);
    known.set(a, b);
    return true;
  };
  return same(p, q) ? { yes, no, place, gone } : undefined;
};

const isAlike = (a: OpInst, b: OpInst): boolean =>
  a.op === b.op &&
  a.suffix === b.suffix &&
  a.imms.length === b.imms.length &&
  a.imms.every((x, k) => x === b.imms[k]) &&
  a.granted === b.granted &&
  a.kernel === b.kernel &&
  a.guard === b.guard;

const isPure = (inst: OpInst): boolean =>
  (effectBits(inst.op) & ~bits.place) === 0 && !isDivision(inst.op) && inst.op !== 'let' && inst.results.length === 1;

const definitionsOf = (arm: Body): ReadonlyMap<Value, OpInst> =>
  new Map(arm.insts.flatMap((i) => (i.kind === 'op' ? i.results.map((v) => [v, i] as const) : [])));

const lastStore = (inst: IfInst, arm: Body): OpInst | undefined => {
  const last = arm.insts.at(-1);
  const goesOn = arm.end.kind === 'break' && targets(arm.end, inst.label) && breaksTo(arm, inst.label).length === 1;
  return goesOn && last?.kind === 'op' && last.op === 'store' ? last : undefined;
};

const withoutLast = (s: State, inst: IfInst, { yes, no, place, gone }: Common, after: Inst[]): IfInst => {
  const [x = -1, y = -1] = [yes.args[1], no.args[1]];
  const chosen = s.edit.value(typeOf(s.edit.types, x));
  const copies = new Map<Value, Value>();
  const made = place.map((op): Inst => {
    const results = op.results.map((v) => s.edit.value(typeOf(s.edit.types, v)));
    const args = op.args.map((v) => copies.get(v) ?? v);
    op.results.forEach((v, k) => void copies.set(v, results[k] ?? v));
    return { ...op, args, results, by };
  });
  const pointer = yes.args[0] ?? -1;
  after.unshift(...made, { ...yes, args: [copies.get(pointer) ?? pointer, chosen], by });
  const without = (arm: Body, v: Value): Body => {
    const used = new Set<Value>([...argsOf(arm.end), v]);
    const insts: Inst[] = [];
    for (const i of [...arm.insts].reverse()) {
      if (i === yes || i === no || (gone.has(i) && i.results.every((r) => !used.has(r)))) continue;
      for (const r of readIn(i)) used.add(r);
      insts.unshift(i);
    }
    return { insts, end: arm.end.kind === 'break' ? { ...arm.end, args: [...arm.end.args, v] } : arm.end };
  };
  return ifInst({ ...inst, results: [...inst.results, chosen] }, without(inst.then, x), without(inst.else, y));
};

/** What an instruction reads, and what is in it. */
const readIn = (inst: Inst): readonly Value[] => {
  const all = [...operandsOf(inst)];
  for (const b of bodiesOf(inst)) {
    for (const i of b.insts) all.push(...readIn(i));
    all.push(...argsOf(b.end));
  }
  return all;
};
