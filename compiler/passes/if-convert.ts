// if-convert: a branch that only chooses between numbers becomes a `select`.
//
//   %n1 = if @i %c {                          %n0 = add.i64 %n, %one
//     %n0 = add.i64 %n, %one                  %n1 = select.i64 %c, %n0, %n
//     break @i(%n0)
//   } else { break @i(%n) }
//
// What data decides is guessed wrong every so often, and each time costs as much as twenty ops. So the few ops of both arms are done in any case
// (J. R. Allen et al., Conversion of control dependence to data dependence, POPL 1983). Only in loops, only ops that cannot fault
// and are cheap.
//
// Engines have no such instruction for floats, and branch for `max.f64` as well; but vectors have it. So the larger or the smaller of two floats is that
// of their vectors' lowest lanes:
//
//   %g = gt.f64 %x, %y
//   %m = if @i %g { break @i(%x) } else { break @i(%y) }      %m = v.extract.f64x2 (v.pmax.f64x2 (v.splat %y), (v.splat %x)), 0
//
// not so the largest of all rounds: it changes less and less often, and each round would wait for the one before. So would a round that reads at the place of
// the largest so far: that choice stays a branch, too.
import { append, type Replacement } from '../append.ts';
import { evalPure } from '../arith.ts';
import { effectBits, isDivision } from '../effects.ts';
import type { Body, Func, IfInst, Inst, LoopInst, OpInst, Terminator, Value } from '../ir.ts';
import { opRow } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { argsOf, bodiesOf, type Edit, editOf, targets, typeOf, withBodies } from '../tree.ts';
import {
  type ExtremeOp,
  extremeLanes,
  extremeOf as extremeOfTest,
  isExtreme,
  isPlain,
  plainExtreme,
} from '../vector-extreme.ts';

const by = 'if-convert';

/** What the arms cost together, in the units of the table of ops; and the numbers chosen. */
const maxCost = 5;
const maxChosen = 2;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  /** Ops by the values they define. */
  readonly ops: Map<Value, OpInst>;
  /** Floats that a loop carries, and the larger or smaller of these and others. */
  readonly carried: Set<Value>;
  /** What loops carry and read at. */
  readonly steering: Set<Value>;
}

export const ifConvert = (f: Func, context: PassContext): Func => {
  const s: State = { context, edit: editOf(f), ops: new Map(), carried: new Set(), steering: new Set() };
  const body = converted(s, f.body, false);
  return { ...f, types: s.edit.types, body };
};

const converted = (s: State, body: Body, inLoop: boolean): Body => {
  const insts = body.insts.flatMap((inst): readonly Inst[] => {
    if (inst.kind === 'loop') {
      for (const v of inst.params) if (isFloat(s, v)) s.carried.add(v);
      for (const v of steeringOf(inst)) s.steering.add(v);
    }
    const now = withBodies(inst, (b) => converted(s, b, inLoop || inst.kind === 'loop'));
    if (now.kind === 'op') for (const v of now.results) s.ops.set(v, now);
    const extreme = inLoop ? extremeOf(s, now) : undefined;
    if (extreme) return carries(s, extreme) || !s.context.allow() ? [now] : inLanes(s, now, extreme);
    if (now.kind !== 'if') return [now];
    if (inLoop && isChoice(s, now) && s.context.allow()) return chosen(s, now);
    for (const arm of [now.then, now.else]) {
      if (arm.end.kind !== 'break' || !targets(arm.end, now.label)) continue;
      for (const [k, v] of arm.end.args.entries()) if (s.carried.has(v)) s.carried.add(now.results[k] ?? v);
    }
    return [now];
  });
  const last = insts.at(-1);
  const way = inLoop && last?.kind === 'if' && !last.likely ? oneWay(s, last) : undefined;
  if (!way || last?.kind !== 'if' || !s.context.allow()) return { insts, end: body.end };
  const { then, else: otherwise, condition } = last;
  const [yes, no] = [argsOf(then.end), argsOf(otherwise.end)];
  const r: Replacement = {
    insts: [...insts.slice(0, -1), ...then.insts, ...otherwise.insts],
    edit: s.edit,
    pos: last.pos,
    by,
  };
  const args = yes.map((v, k) => {
    const type = typeOf(s.edit.types, v);
    return v === no[k] ? v : append(r, 'select', type, type, [condition, v, no[k] ?? v]);
  });
  return { insts: r.insts, end: { ...way, args } };
};

/** Where both arms of an `if` that nothing comes after go on, if they only choose what with. */
const oneWay = (s: State, inst: IfInst): (Terminator & { readonly kind: 'break' | 'next' }) | undefined => {
  const [yes, no] = [inst.then.end, inst.else.end];
  if (yes.kind !== 'break' && yes.kind !== 'next') return undefined;
  if (no.kind !== yes.kind || no.label !== yes.label || targets(yes, inst.label)) return undefined;
  const chosen = yes.args.filter((v, k) => v !== no.args[k]);
  if (yes.args.some((v, k) => steers(s, v, no.args[k] ?? v))) return undefined;
  if (chosen.length > maxChosen || !chosen.every((v) => isInteger(s, v)) || !areCheap(s, inst)) return undefined;
  return yes;
};

/** The larger or the smaller of two floats, as one op on vectors. */
interface Extreme {
  readonly op: 'v.max' | 'v.min' | 'v.pmax' | 'v.pmin' | ExtremeOp;
  readonly args: readonly [Value, Value];
  readonly result: Value;
}

const extremeOf = (s: State, inst: Inst): Extreme | undefined => {
  const [result] = inst.results;
  if (result === undefined) return undefined;
  if (inst.kind === 'op') {
    const [a, b] = inst.args;
    if (a === undefined || b === undefined) return undefined;
    if (isExtreme(inst.op)) return { op: inst.op, args: [a, b], result };
    if (inst.op !== 'max' && inst.op !== 'min') return undefined;
    return { op: inst.op === 'max' ? 'v.max' : 'v.min', args: [a, b], result };
  }
  if (inst.kind !== 'if' || inst.likely || inst.results.length !== 1) return undefined;
  const yes = onlyBreak(inst, inst.then);
  const no = onlyBreak(inst, inst.else);
  if (!isFloat(s, result) || yes === undefined || no === undefined) return undefined;
  const op = extremeOfTest(s.ops.get(inst.condition), yes, no);
  return op && { op, args: [no, yes], result };
};

/** The value that an arm gives without doing anything. */
const onlyBreak = (inst: IfInst, arm: Body): Value | undefined =>
  arm.insts.length === 0 && arm.end.kind === 'break' && targets(arm.end, inst.label) ? arm.end.args[0] : undefined;

const carries = (s: State, e: Extreme): boolean => {
  const does = e.args.some((v) => s.carried.has(v));
  if (does) s.carried.add(e.result);
  return does;
};

const inLanes = (s: State, inst: Inst, e: Extreme): readonly Inst[] => {
  const r: Replacement = { insts: [], edit: s.edit, pos: inst.pos, by };
  const type = typeOf(s.edit.types, e.result);
  const shape = type === 'f32' ? 'f32x4' : 'f64x2';
  const [a = -1, b = -1] = e.args.map((v) => append(r, 'v.splat', shape, 'v128', [v]));
  const both = bothOf(s, r, e, shape, a, b);
  append(r, 'v.extract', shape, type, [both], [0], e.result);
  return r.insts;
};

const constantOf = (inst: OpInst | undefined): bigint | number | undefined =>
  inst?.op === 'fconst' || inst?.op === 'const' ? evalPure(inst.op, inst.suffix, [], inst.imms) : undefined;

const bothOf = (s: State, r: Replacement, e: Extreme, shape: string, a: Value, b: Value): Value => {
  const { op } = e;
  if (!isExtreme(op)) return append(r, op, shape, 'v128', [a, b]);
  const [first, second] = e.args.map((v) => isPlain(op, constantOf(s.ops.get(v))));
  if (first) return plainExtreme(r, op, shape, a, b);
  return second ? plainExtreme(r, op, shape, b, a) : extremeLanes(r, op, shape, a, b);
};

const isChoice = (s: State, inst: IfInst): boolean => {
  const { label, results } = inst;
  if (inst.likely || results.length === 0 || results.length > maxChosen) return false;
  if (!results.every((v) => isInteger(s, v))) return false;
  const [yes, no] = [argsOf(inst.then.end), argsOf(inst.else.end)];
  if (yes.some((v, k) => steers(s, v, no[k] ?? v))) return false;
  return [inst.then, inst.else].every((b) => b.end.kind === 'break' && targets(b.end, label)) && areCheap(s, inst);
};

/** Whether all that the arms do can be done in vain. */
const areCheap = (s: State, inst: IfInst): boolean => {
  const arms = [inst.then, inst.else];
  if (!arms.every((b) => b.insts.every(isHarmless))) return false;
  const costOf = (i: Inst): number => (i.kind !== 'op' || isTruth(s, i) ? 0 : opRow(i.op).cost);
  const cost = (b: Body): number => b.insts.reduce((sum, i) => sum + costOf(i), 0);
  return cost(inst.then) + cost(inst.else) <= maxCost;
};

/** Whether a choice is between 1 and 0: that is the condition itself, when all is folded. */
const isTruth = (s: State, inst: OpInst): boolean => {
  const numbers = inst.args.slice(1).map((v) => constantOf(s.ops.get(v)));
  return inst.op === 'select' && numbers[0] === 1n && numbers[1] === 0n;
};

/** Parameters of a loop that addresses of its loads are computed from. */
const steeringOf = (loop: LoopInst): ReadonlySet<Value> => {
  const ops = new Map<Value, OpInst>();
  const loads: OpInst[] = [];
  const look = (b: Body): void => {
    for (const i of b.insts) {
      if (i.kind === 'op') for (const v of i.results) ops.set(v, i);
      if (i.kind === 'op' && i.op === 'load') loads.push(i);
      for (const inside of bodiesOf(i)) look(inside);
    }
  };
  look(loop.body);
  const found = new Set<Value>();
  const seen = new Set<Value>();
  const follow = (v: Value): void => {
    if (seen.has(v)) return;
    seen.add(v);
    if (loop.params.includes(v)) found.add(v);
    const inst = ops.get(v);
    if (inst && inst.op !== 'load') inst.args.forEach(follow);
  };
  for (const i of loads) follow(i.args[0] ?? -1);
  return found;
};

/**
 * Whether a choice keeps the place where the next round reads, or takes another that has nothing to do with it: the place of the largest so far. It changes
 * less and less often, and a guess does not wait for what was read. Not so a search, which goes on from where it is.
 */
const steers = (s: State, yes: Value, no: Value): boolean => {
  const from = (v: Value, old: Value, far: number): boolean =>
    v === old || (far > 0 && (s.ops.get(v)?.args.some((x) => from(x, old, far - 1)) ?? false));
  if (yes === no) return false;
  if (s.steering.has(yes)) return !from(no, yes, 6);
  return s.steering.has(no) && !from(yes, no, 6);
};

const isInteger = (s: State, v: Value): boolean => {
  const type = typeOf(s.edit.types, v);
  return type === 'i32' || type === 'i64';
};

const isFloat = (s: State, v: Value): boolean => {
  const type = typeOf(s.edit.types, v);
  return type === 'f32' || type === 'f64';
};

/** Can be done in vain. */
const isHarmless = (inst: Inst): boolean =>
  inst.kind === 'op' && effectBits(inst.op) === 0 && !isDivision(inst.op) && inst.op !== 'let';

const chosen = (s: State, inst: IfInst): readonly Inst[] => {
  const yes = argsOf(inst.then.end);
  const no = argsOf(inst.else.end);
  const selects = inst.results.map((v, k): Inst => {
    const type = typeOf(s.edit.types, v);
    const args = [inst.condition, yes[k] ?? v, no[k] ?? v];
    return { kind: 'op', op: 'select', suffix: type, results: [v], args, imms: [], pos: inst.pos, by };
  });
  return [...inst.then.insts, ...inst.else.insts, ...selects];
};
