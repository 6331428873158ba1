// Moving memory: which functions of a program may move objects while they run, in programs that move any.
//
// This is finer than the effect `moves` of the table of ops (moves.ts), which holds whatever the node will be able to do: without
// hooks an object moves only when a function of the run-time is called that moves it.
import { type Reaching, reaching } from './call-graph.ts';
import type { Inst, IrProgram } from './ir.ts';
import { movers } from './runtime-functions.ts';
import { bodiesOf } from './tree.ts';

const known = new WeakMap<IrProgram, Reaching>();

export const relocationOf = (p: IrProgram): Reaching => {
  const before = known.get(p);
  if (before) return before;
  const found = reaching(p, movers, (i) => i.op === 'suspend');
  known.set(p, found);
  return found;
};

/** Answers whether an instruction, with all that is nested in it, may move objects. */
export const relocatorOf = (r: Reaching): ((i: Inst) => boolean) => {
  const nested = new WeakMap<Inst, boolean>();
  const moves = (i: Inst): boolean => {
    if (i.kind === 'op') {
      if (i.op === 'call.value') return r.values;
      return i.op === 'call' && r.funcs.has(String(i.imms[0]));
    }
    const before = nested.get(i);
    if (before !== undefined) return before;
    const answer = bodiesOf(i).some((b) => b.insts.some(moves));
    nested.set(i, answer);
    return answer;
  };
  return moves;
};
