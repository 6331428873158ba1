// cse: an expression that was computed before, where that computation certainly ran, is not computed again.
//
//   %a = add.i64 %x, %y          %a = add.i64 %x, %y
//   %b = add.i64 %y, %x          (every use of %b reads %a)
//
// Dominance is lexical: what is available is a scoped table. Pure ops and checks stay available for ever; addresses until
// objects may move; loads until something may write the place (a store makes its own value available); handles of shared
// arrays until a swap.
import { unreachable } from '../../lang/unreachable.ts';
import { isChecked } from '../checked.ts';
import {
  type Access,
  accessOf,
  bits,
  clobbers,
  effectBits,
  effectsOf,
  isCheck,
  isDivision,
  isLoad,
  isPure,
  type Memory,
  memoryOf,
  writesOf,
} from '../effects.ts';
import { defsOf } from '../facts.ts';
import { mayRevoke } from '../guards.ts';
import type { Body, Func, Inst, OpInst, Value } from '../ir.ts';
import { moverOf } from '../moves.ts';
import type { PassContext } from '../passes.ts';
import { resolver, substitute, withBodies, withOperands } from '../tree.ts';

/** What is known at a point. Of most bodies nothing changes it: the tables are those of the body around, until something is written. */
interface Available {
  /** Expressions on where objects lie. */
  places: Map<string, Value>;
  handles: Map<string, Value>;
  loads: Map<string, Loaded>;
  /** Tables of this body alone. */
  readonly own: { places: boolean; handles: boolean; loads: boolean };
}

interface Loaded {
  readonly value: Value;
  readonly access: Access;
}

interface State {
  readonly f: Func;
  readonly context: PassContext;
  readonly memory: Memory;
  readonly checked: boolean;
  /** Pure expressions and checks of the bodies around, and those of the innermost one, which go when it ends. */
  readonly pure: Map<string, readonly Value[]>;
  pureHere: string[];
  readonly replaced: Map<Value, Value>;
  readonly get: (v: Value) => Value;
}

const commutative = new Set<string>(
  ['add', 'mul', 'and', 'or', 'xor', 'eq', 'ne', 'min', 'max'].flatMap((op) => [op, `v.${op}`]),
);

export const cse = (f: Func, context: PassContext): Func => {
  const replaced = new Map<Value, Value>();
  const memory = memoryOf(f, context.program, defsOf(f));
  const s: State = {
    f,
    context,
    memory,
    checked: isChecked(context.program),
    pure: new Map(),
    pureHere: [],
    replaced,
    get: resolver(replaced),
  };
  const own = { places: true, handles: true, loads: true };
  const body = cseBody(s, f.body, { places: new Map(), handles: new Map(), loads: new Map(), own });
  // Checks that go replace nothing.
  return { ...f, body: replaced.size === 0 ? body : substitute(body, s.get) };
};

const placesOf = (at: Available): Map<string, Value> => {
  if (!at.own.places) at.places = new Map(at.places);
  at.own.places = true;
  return at.places;
};

const handlesOf = (at: Available): Map<string, Value> => {
  if (!at.own.handles) at.handles = new Map(at.handles);
  at.own.handles = true;
  return at.handles;
};

const loadsOf = (at: Available): Map<string, Loaded> => {
  if (!at.own.loads) at.loads = new Map(at.loads);
  at.own.loads = true;
  return at.loads;
};

/** A body within: what is found there is not known after it. */
const cseInner = (s: State, body: Body, around: Available): Body => {
  const outside = s.pureHere;
  s.pureHere = [];
  const now = cseBody(s, body, { ...around, own: { places: false, handles: false, loads: false } });
  for (const key of s.pureHere) s.pure.delete(key);
  s.pureHere = outside;
  return now;
};

const cseBody = (s: State, body: Body, at: Available): Body => {
  const insts: Inst[] = [];
  for (const inst of body.insts) {
    const now = withOperands(inst, s.get);
    switch (now.kind) {
      case 'op':
        if (!cseOp(s, now, at)) insts.push(now);
        break;
      case 'loop':
        // A later iteration comes after all that the loop does.
        forget(s, inst, at);
        insts.push(withBodies(now, (b) => cseInner(s, b, at)));
        break;
      case 'if':
      case 'block':
        insts.push(withBodies(now, (b) => cseInner(s, b, at)));
        forget(s, inst, at);
        break;
      default:
        return unreachable(now);
    }
  }
  return { insts, end: body.end };
};

/** Drops what the instruction may change. */
const forget = (s: State, inst: Inst, at: Available): void => {
  const mask = effectsOf(inst);
  // In checked programs, to load again what has been deleted is a mistake that is to be found.
  if (s.checked && mayRevoke(s.context.program, inst)) loadsOf(at).clear();
  if (moverOf(s.context.program)(inst)) placesOf(at).clear();
  if (mask & bits['handle-writes']) handlesOf(at).clear();
  if ((mask & (bits.writes | bits.synchronises)) === 0) return;
  if (at.loads.size === 0) return;
  const writes = writesOf(s.memory, inst);
  for (const [key, loaded] of at.loads) if (clobbers(s.memory, writes, loaded.access)) loadsOf(at).delete(key);
};

/** As `join` has it, but most lists have one or two members, and it takes long for those. */
const listed = (list: readonly (string | number | bigint)[]): string => {
  const [a = '', b = ''] = list;
  return list.length > 2 ? list.join() : list.length === 2 ? `${a},${b}` : `${a}`;
};

const keyOf = (inst: OpInst): string => {
  const [a = 0, b = 0] = inst.args;
  const args = a > b && commutative.has(inst.op) ? [b, a] : inst.args;
  // Two places are one only if as much is known of both: what was checked for the one was not checked for the other. Nor does what
  // run-time code may read tell what the program may.
  return `${inst.op}.${inst.suffix}(${listed(args)})[${listed(inst.imms)}]${inst.granted ?? ''}${inst.kernel ? 'k' : ''}`;
};

/** True if the op is not needed any more. */
const cseOp = (s: State, inst: OpInst, at: Available): boolean => {
  const mask = effectBits(inst.op);
  const result = inst.results[0];
  if (isPure(inst, s.f) || isCheck(inst.op) || isDivision(inst.op)) {
    const key = keyOf(inst);
    const known = s.pure.get(key);
    if (known && s.context.allow()) {
      inst.results.forEach((r, i) => {
        const v = known[i];
        if (v !== undefined) s.replaced.set(r, v);
      });
      return true;
    }
    // Of one that stays because no more decisions are allowed, the first one is known on.
    if (known) return false;
    s.pure.set(key, inst.results);
    s.pureHere.push(key);
    return false;
  }
  const reuse = (known: Value | undefined): boolean => {
    if (known === undefined || result === undefined || !s.context.allow()) return false;
    s.replaced.set(result, known);
    return true;
  };
  if (mask === bits.place) {
    const key = keyOf(inst);
    if (reuse(at.places.get(key))) return true;
    if (result !== undefined) placesOf(at).set(key, result);
    return false;
  }
  if (mask === bits['handle-reads'] && s.f.name !== 'init') {
    const key = keyOf(inst);
    if (reuse(at.handles.get(key))) return true;
    if (result !== undefined) handlesOf(at).set(key, result);
    return false;
  }
  if (isLoad(inst.op)) {
    const key = keyOf(inst);
    if (reuse(at.loads.get(key)?.value)) return true;
    const access = accessOf(s.memory, inst);
    if (access && result !== undefined) loadsOf(at).set(key, { value: result, access });
    return false;
  }
  forget(s, inst, at);
  if ((inst.op === 'store' || inst.op === 'v.store') && wholeValue.has(inst.suffix)) {
    const [pointer, value] = inst.args;
    const access = accessOf(s.memory, inst);
    if (pointer !== undefined && value !== undefined && access) {
      loadsOf(at).set(keyOf({ ...inst, op: inst.op === 'store' ? 'load' : 'v.load', args: [pointer] }), {
        value,
        access,
      });
    }
  }
  return false;
};

/** Memory types from which a load gives exactly what was stored. */
const wholeValue = new Set(['i32', 'i64', 'f32', 'f64', 'v128', 'ptr32']);
