// licm: what gives the same in every iteration is computed once, on the line above the loop.
//
//   loop @l (%i = %lo) {                  %n8 = mul.i64 %n, %eight
//     %n8 = mul.i64 %n, %eight            loop @l (%i = %lo) {
//     …                                     …
//
// Pure ops go up though the loop may not run at all, cheap ones even from under an `if`: they can be neither seen nor
// felt. An address stays if objects may move in the loop; a load if the loop may write what it reads, or if it would run
// where the source would not and the place may not be mapped,
// or earlier than what else can be felt if it needs a guard. A check (or an unchecked division) goes up only if it is
// the first thing of the first iteration that can be felt. What may be touched is asked before loops that take nothing back. Innermost loops first, so that a value rises all the way.
import { isChecked } from '../checked.ts';
import {
  accessOf,
  bits,
  clobbers,
  effectBits,
  effectsOf,
  isAlwaysMapped,
  isCheck,
  isDivision,
  isLoad,
  isPure,
  type Memory,
  memoryOf,
  type Writes,
  writesOf,
} from '../effects.ts';
import { defsOf, rangeOf } from '../facts.ts';
import { mayRevoke } from '../guards.ts';
import { type Body, type Func, type Inst, type LoopInst, type OpInst, opRow, type Value } from '../ir.ts';
import { moverOf } from '../moves.ts';
import type { PassContext } from '../passes.ts';
import { mayFault, type Provenance, provenanceOf } from '../provenance.ts';
import { argsOf, bodiesOf, definedIn, forEachEnd, forEachInst, leaves, operandsOf, withBodies } from '../tree.ts';

interface State {
  readonly f: Func;
  readonly context: PassContext;
  readonly memory: Memory;
  readonly provenance: Provenance;
}

/** What an instruction costs that runs though the source would not run it. */
const speculativeCost = 3;

export const licm = (f: Func, context: PassContext): Func => {
  const defs = defsOf(f);
  const provenance = provenanceOf(f, context.program, defs);
  const s: State = { f, context, memory: memoryOf(f, context.program, defs), provenance };
  return { ...f, body: licmBody(s, f.body) };
};

const licmBody = (s: State, body: Body): Body => ({
  insts: body.insts.flatMap((inst) => {
    if (inst.kind === 'op') return [inst];
    const now = withBodies(inst, (b) => licmBody(s, b));
    return now.kind === 'loop' ? hoistFrom(s, now) : [now];
  }),
  end: body.end,
});

interface Loop {
  readonly effects: number;
  /** Objects may move in it. */
  readonly moves: boolean;
  readonly writes: Writes;
  /** What was permitted may be taken back in it. */
  readonly revokes: boolean;
  /** In a checked program, and something may be deleted in it. */
  readonly deletes: boolean;
  /** Values defined in the loop, without those that have been hoisted. */
  readonly inner: Set<Value>;
  readonly hoisted: Inst[];
}

/** Where in an iteration we are. */
interface Where {
  /** This point is reached in the first iteration, if the loop is reached. */
  reached: boolean;
  /** And nothing that can be felt comes before it. */
  first: boolean;
  /** And nothing that may end the run: no check that stayed in the loop. */
  sure: boolean;
  /** Not under an `if`. */
  readonly top: boolean;
}

const hoistFrom = (s: State, loop: LoopInst): readonly Inst[] => {
  const revokes = mayRevoke(s.context.program, loop);
  const l: Loop = {
    effects: effectsOf(loop),
    moves: moverOf(s.context.program)(loop),
    writes: writesOf(s.memory, loop),
    revokes,
    deletes: isChecked(s.context.program) && revokes,
    inner: definedIn(loop.body, new Set(loop.params)),
    hoisted: [],
  };
  const body = hoistBody(s, l, loop.body, { reached: true, first: true, sure: true, top: true });
  return l.hoisted.length === 0 ? [loop] : [...l.hoisted, { ...loop, body }];
};

const hoistBody = (s: State, l: Loop, body: Body, where: Where): Body => {
  const insts: Inst[] = [];
  for (const inst of body.insts) {
    if (canHoist(s, l, inst, where) && s.context.allow()) {
      l.hoisted.push(inst);
      for (const v of inst.results) l.inner.delete(v);
      for (const b of bodiesOf(inst)) for (const v of definedIn(b)) l.inner.delete(v);
      continue;
    }
    // An inner loop has given its own already.
    const now =
      inst.kind === 'if' || inst.kind === 'block'
        ? withBodies(inst, (b) => hoistBody(s, l, b, { reached: false, first: false, sure: false, top: false }))
        : inst;
    insts.push(now);
    if (inst.kind === 'loop' || leaves(inst)) where.reached = false;
    if (effectsOf(inst) & ~(bits.place | bits.reads | bits['handle-reads'])) where.first = false;
    if (!where.reached) where.first = false;
    if (effectsOf(inst) & bits.traps) where.sure = false;
  }
  return { insts, end: body.end };
};

const canHoist = (s: State, l: Loop, inst: Inst, where: Where): boolean => {
  if (inst.kind === 'loop') return false;
  if (inst.kind !== 'op') return where.top && isHoistableTree(s, l, inst);
  return operandsOf(inst).every((v) => !l.inner.has(v)) && canHoistOp(s, l, inst, where);
};

/** Asks what is permitted and changes nothing: the answer is the same until something is taken back. */
const isQuestion = (op: OpInst['op']): boolean =>
  op === 'guard.may_read' || op === 'guard.may_write' || op === 'guard.near';

const canHoistOp = (s: State, l: Loop, inst: OpInst, where: Where): boolean => {
  const mask = effectBits(inst.op);
  const cheap = where.top || opRow(inst.op).cost <= speculativeCost;
  if (isPure(inst, s.f)) return cheap;
  if (isCheck(inst.op)) return where.reached && where.first;
  if (isDivision(inst.op)) {
    const divisor = inst.args[1];
    if (divisor === undefined) return false;
    return (where.top && rangeOf(s.memory.defs, divisor).lo > 0n) || (where.reached && where.first);
  }
  if (isQuestion(inst.op)) return !l.revokes && !l.moves;
  if (mask === bits.place) return !l.moves;
  if (mask === bits['handle-reads']) return (l.effects & bits['handle-writes']) === 0 && s.f.name !== 'init' && cheap;
  if (!isLoad(inst.op)) return false;
  const access = accessOf(s.memory, inst);
  if (!access || access.bytes === undefined || clobbers(s.memory, l.writes, access)) return false;
  // In checked programs, to load again what the loop has deleted is a mistake that is to be found.
  if (l.deletes) return false;
  // What is guarded may end the run: not before anything that the source does first.
  if (s.context.guards !== 'off' && mayFault(s.provenance, inst)) return where.reached && where.first;
  // Of an element it is known that its index was checked, by a check that is before it: they may not change places.
  return (where.reached && where.sure) || isAlwaysMapped(s.context.program, s.f, access.place, access.bytes);
};

/** A whole `if` or block that only computes, from values that do not change in the loop. */
const isHoistableTree = (s: State, l: Loop, inst: Inst): boolean => {
  const allowed = l.moves ? 0 : bits.place;
  if ((effectsOf(inst) & ~allowed) !== 0 || leaves(inst)) return false;
  const own = new Set<Value>();
  for (const b of bodiesOf(inst)) definedIn(b, own);
  const outside = (v: Value): boolean => own.has(v) || !l.inner.has(v);
  let ok = operandsOf(inst).every(outside);
  for (const b of bodiesOf(inst)) {
    forEachInst(b, (i) => {
      if (i.kind === 'loop' || (i.kind === 'op' && !isPure(i, s.f) && effectBits(i.op) !== bits.place)) ok = false;
      ok &&= operandsOf(i).every(outside);
    });
    forEachEnd(b, (end) => {
      if (end.kind === 'unreachable') ok = false;
      ok &&= argsOf(end).every(outside);
    });
  }
  return ok;
};
