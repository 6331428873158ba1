// Which functions may move objects: the verifier's rule about ptrs, and passes that keep a ptr over a call, ask this.
import { bits, effectBits } from './effects.ts';
import type { Body, Inst, IrProgram } from './ir.ts';
import { opRow } from './ir.ts';
import { isMoving, movers, outwardOps } from './runtime-functions.ts';
import { bodiesOf } from './tree.ts';

const slides: ReadonlySet<string> = new Set(movers);

/** Names of functions that, by themselves or through calls, reach an op that may move objects, or what moves them in the run-time. */
export const movingFunctions = (p: IrProgram): ReadonlySet<string> => {
  const known = new Set(p.funcs.map((f) => f.name));
  const callers = new Map<string, string[]>();
  const moving = new Set<string>();
  // While a task is suspended, others move what is its.
  const parks = isMoving(p);
  for (const f of p.funcs) {
    // It copies bytes: no op says so.
    if (slides.has(f.name)) moving.add(f.name);
    for (const i of outwardOps(f)) {
      if (i.op !== 'call') {
        if (opRow(i.op).effects.includes('moves') || (parks && i.op === 'suspend')) moving.add(f.name);
        continue;
      }
      const callee = String(i.imms[0]);
      if (!known.has(callee)) moving.add(f.name);
      const others = callers.get(callee);
      if (others) others.push(f.name);
      else callers.set(callee, [f.name]);
    }
  }
  const work = [...moving];
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    for (const caller of callers.get(name) ?? []) {
      if (moving.has(caller)) continue;
      moving.add(caller);
      work.push(caller);
    }
  }
  return moving;
};

const answers = new WeakMap<IrProgram, (i: Inst) => boolean>();

/** Answers whether an instruction, with all that is nested in it, may move objects. Unknown callees may. */
export const moverOf = (p: IrProgram): ((i: Inst) => boolean) => {
  const before = answers.get(p);
  if (before) return before;
  const answer = moverIn(p);
  answers.set(p, answer);
  return answer;
};

const moverIn = (p: IrProgram): ((i: Inst) => boolean) => {
  const known = new Set(p.funcs.map((f) => f.name));
  const moving = movingFunctions(p);
  const nested = new WeakMap<Inst, boolean>();
  const inBody = (b: Body): boolean => b.insts.some(moves);
  const moves = (i: Inst): boolean => {
    if (i.kind === 'op') {
      if (i.op !== 'call') return (effectBits(i.op) & bits.moves) !== 0;
      const callee = String(i.imms[0]);
      return !known.has(callee) || moving.has(callee);
    }
    const before = nested.get(i);
    if (before !== undefined) return before;
    const answer = bodiesOf(i).some(inBody);
    nested.set(i, answer);
    return answer;
  };
  return moves;
};
