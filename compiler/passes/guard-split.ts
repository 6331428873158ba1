// guard-split: where an object comes to be that guards in what follows are of, what follows is there twice.
//
//   loop @l (%e: gptr = %first) {          loop @l (%e: gptr = %first) {
//     guard.read %e, 0, 8                    %n = guard.near %e, 0, 64
//     %k = load.i64 %e, 0                    if @s %n likely { %k = load.i64 %e, 0  …  %next = load.ptr32 %e, 16  next @l(%next) }
//     …                                      else { guard.read %e, 0, 8  …  guard.read %e, 16, 4  …  next @l(%next) }
//     guard.read %e, 16, 4                   unreachable
//     %next = load.ptr32 %e, 16            }
//     next @l(%next)
//   }
//
// In the first version guards and checks for null of the object are not there at all, whichever way goes through it; the other one is
// as it was, for null at the end of a list and for what is wrong. As tail duplication for the sake of what is known in one arm
// (Mueller and Whalley: Avoiding conditional branches by code replication, PLDI 1995). Only in innermost loops and small functions
// without loops, as long as nothing there may give memory back.
import { guardSlack, isRuntime } from '../../vm/abi.ts';
import { type Defs, defsOf, opOf } from '../facts.ts';
import { mayRevoke, placeText, withoutGuards } from '../guards.ts';
import type { Body, Func, Inst, PosId, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { moverOf } from '../moves.ts';
import { hullOf, type Member, memberOf, nullCheckOf } from '../near.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, copyBody, type Edit, editOf, forEachInst, sizeOf, withBodies } from '../tree.ts';

const by = 'guard-split';

/** What is there twice has at most so many instructions, and a function grows by no more than the second number. */
const maxBody = 60;
const maxGrowth = 400;
/** One guard is as cheap as the test would be. */
const fewest = 2;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  growth: number;
}

export const guardSplit = (f: Func, context: PassContext): Func => {
  if (context.guards !== 'opt' || isRuntime(f.name)) return f;
  const s: State = { context, edit: editOf(f), defs: defsOf(f), growth: 0 };
  const body = hasLoop(f.body) || !isCalm(s, f.body) ? inLoops(s, f.body) : splitBody(s, f.body, f.params);
  return { ...f, types: s.edit.types, body };
};

const hasLoop = (body: Body): boolean =>
  body.insts.some((inst) => inst.kind === 'loop' || bodiesOf(inst).some((b) => hasLoop(b)));

/** Nothing in it takes back what a test has found, or moves what it is of. */
const isCalm = (s: State, body: Body): boolean =>
  body.insts.every((inst) => !mayRevoke(s.context.program, inst) && !moverOf(s.context.program)(inst));

const inLoops = (s: State, body: Body): Body => ({
  insts: body.insts.map((inst) =>
    inst.kind === 'loop' && !hasLoop(inst.body) && isCalm(s, inst.body)
      ? { ...inst, body: splitBody(s, inst.body, inst.params) }
      : withBodies(inst, (b) => inLoops(s, b)),
  ),
  end: body.end,
});

/** The bytes of an object that guards in a body are of; undefined: too few guards, or too far apart for one test. */
const guardedBytes = (s: State, body: Body, base: Value): { readonly lo: number; readonly hi: number } | undefined => {
  const members: Member[] = [];
  forEachInst(body, (inst) => {
    const m = memberOf(s.defs, inst);
    if (m?.base === base) members.push(m);
  });
  return members.length >= fewest ? hullOf(members) : undefined;
};

/** `defined`: values that come to be where the body begins. */
const splitBody = (s: State, body: Body, defined: readonly Value[]): Body => {
  for (let at = -1; at < body.insts.length; at++) {
    const inst = body.insts[at];
    const values = inst === undefined ? defined : inst.kind === 'op' ? inst.results : [];
    for (const base of values) {
      const type = s.edit.types[base];
      if (type !== 'gptr' && type !== 'ptr') continue;
      const rest: Body = { insts: body.insts.slice(at + 1), end: body.end };
      const bytes = guardedBytes(s, rest, base);
      const size = sizeOf(rest);
      if (!bytes || size > maxBody || s.growth + size > maxGrowth || !s.context.allow()) continue;
      s.growth += size;
      return split(s, body.insts.slice(0, at + 1), rest, base, bytes.lo);
    }
  }
  return { insts: body.insts.map((inst) => withBodies(inst, (b) => splitBody(s, b, []))), end: body.end };
};

const split = (s: State, before: readonly Inst[], rest: Body, base: Value, lo: number): Body => {
  const { edit } = s;
  const pos = rest.insts[0]?.pos ?? rest.end.pos;
  const insts: Inst[] = before.map((inst) => withBodies(inst, (b) => splitBody(s, b, [])));
  let pointer = base;
  if (edit.types[base] !== 'ptr') {
    pointer = edit.value('ptr');
    insts.push({ kind: 'op', op: 'addr', suffix: '', args: [base], imms: [], results: [pointer], pos, by });
  }
  const near = edit.value('i32');
  const imms = [lo, guardSlack];
  insts.push({ kind: 'op', op: 'guard.near', suffix: '', args: [pointer], imms, results: [near], pos, by });
  const typeOf = (v: Value) => edit.types[v] ?? 'i64';
  const slow = copyBody(rest, edit, { values: new Map(), labels: new Map(), typeOf, by });
  const fast = splitBody(s, freed(s, rest, base, pos), []);
  const label = edit.label('s');
  insts.push(ifInst({ label, condition: near, likely: true, results: [], pos, by }, fast, slow));
  return { insts, end: { kind: 'unreachable', pos, by } };
};

/** Without guards of the object, and without checks and comparisons whether it is null: null is not near. */
const freed = (s: State, body: Body, base: Value, pos: PosId): Body => {
  const why = `merged into the guard at ${placeText(s.context, pos)}`;
  const isChecked = (inst: Inst): boolean => nullCheckOf(s.defs, inst)?.base === base;
  const inner: Body = {
    insts: body.insts
      .filter((i) => !isChecked(i))
      .map((i) => notNull(s, i, base) ?? withBodies(i, (b) => freed(s, b, base, pos))),
    end: body.end,
  };
  return withoutGuards(inner, s.defs, (g) => (memberOf(s.defs, g.inst)?.base === base ? why : undefined));
};

/** What a comparison of the object with null gives if it is near: a constant. Undefined: it is none. */
const notNull = (s: State, inst: Inst, base: Value): Inst | undefined => {
  if (inst.kind !== 'op' || (inst.op !== 'eq' && inst.op !== 'ne') || inst.suffix !== 'gptr') return undefined;
  const [a, b] = inst.args;
  const other = a === base ? b : b === base ? a : undefined;
  if (other === undefined || opOf(s.defs, other)?.op !== 'null') return undefined;
  return { ...inst, op: 'const', suffix: 'i32', args: [], imms: [inst.op === 'ne' ? 1n : 0n], by };
};
