// pin: an object whose address becomes a number stays where it is from then on, in programs that move objects.
//
//   before   %n = gptr.bits %p      after   call @runtime.move.pin(%p)
//                                           %n = gptr.bits %p
//
// Numbers that are only compared with each other, subtracted from each other or printed, before anything can move, do not count: so
// `p < q` and `p - q` pin nothing. What is given to a send or receive in the background is pinned too, for whoever sits at
// the other end copies when it comes.

import { isRuntime } from '../../vm/abi.ts';
import { type Defs, defsOf, opOf } from '../facts.ts';
import type { Body, Func, Inst, OpInst, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { relocationOf, relocatorOf } from '../relocate.ts';
import { isMoving, moveRuntime } from '../runtime-functions.ts';
import { argsOf, bodiesOf, operandsOf, withBodies } from '../tree.ts';

const by = 'pin';

const background = /^runtime\.messages\.(isend|irecv)(_place)?(<|$)/;

const comparisons: ReadonlySet<string> = new Set(['eq', 'ne', 'lt_u', 'le_u', 'gt_u', 'ge_u', 'sub']);

/** The op `gptr.bits` that a number comes from as it is. */
const bitsOf = (defs: Defs, v: Value | undefined): OpInst | undefined => {
  const inst = v === undefined ? undefined : opOf(defs, v);
  if (inst?.op === 'extend_u') return bitsOf(defs, inst.args[0]);
  return inst?.op === 'gptr.bits' ? inst : undefined;
};

/** Those ops whose number is used in another way than to compare or print it, or after a move. */
const numbersThatCount = (f: Func, defs: Defs, moves: (i: Inst) => boolean): ReadonlySet<OpInst> => {
  const found = new Set<OpInst>();
  const born = new Map<OpInst, number>();
  let time = 0;
  let moved = -1;
  const use = (v: Value, harmless: boolean): void => {
    const inst = bitsOf(defs, v);
    if (inst && (!harmless || (born.get(inst) ?? 0) < moved)) found.add(inst);
  };
  const harmless = (i: Inst): boolean => {
    if (i.kind !== 'op') return false;
    if (i.op === 'extend_u' || i.op === 'out') return true;
    return comparisons.has(i.op) && i.args.every((v) => bitsOf(defs, v) !== undefined);
  };
  const body = (b: Body): void => {
    const before = moved;
    for (const i of b.insts) {
      if (i.kind === 'op' && i.op === 'gptr.bits') born.set(i, time++);
      for (const v of operandsOf(i)) use(v, harmless(i));
      const outside = moved;
      if (i.kind === 'loop' && moves(i)) moved = time++;
      for (const inner of bodiesOf(i)) body(inner);
      moved = moves(i) ? time++ : outside;
    }
    for (const v of argsOf(b.end)) use(v, b.end.kind === 'fault');
    moved = before;
  };
  body(f.body);
  return found;
};

export const pin = (f: Func, context: PassContext): Func => {
  if (isRuntime(f.name) || !isMoving(context.program)) return f;
  const counts = numbersThatCount(f, defsOf(f), relocatorOf(relocationOf(context.program)));
  let changed = false;
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      for (const p of pinnedBy(inst)) {
        changed = true;
        insts.push({
          kind: 'op',
          op: 'call',
          suffix: '',
          results: [],
          args: [p],
          imms: [moveRuntime.pin],
          pos: inst.pos,
          by,
        });
      }
      insts.push(withBodies(inst, body));
    }
    return { insts, end: b.end };
  };
  const pinnedBy = (inst: Inst): readonly Value[] => {
    if (inst.kind !== 'op') return [];
    if (inst.op === 'gptr.bits') return counts.has(inst) ? inst.args : [];
    const sends = inst.op === 'call' && background.test(String(inst.imms[0]));
    return sends ? inst.args.filter((v) => f.types[v] === 'gptr') : [];
  };
  const now = body(f.body);
  return changed ? { ...f, body: now } : f;
};
