// Moving memory: which functions of a program may move objects while they run, in programs that move any. The names of the
// run-time's functions (stdlib/runtime_move.pg) that the compiler knows are here.
//
// This is finer than the effect `moves` of the table of ops (moves.ts), which holds whatever the node will be able to do: without
// hooks an object moves only when a function of the run-time is called that moves it. A function moves if a path of calls
// leads from it to one of those; a call of a value moves if any function whose value is taken does.
import { isRuntime } from '../vm/abi.ts';
import type { Inst, IrProgram } from './ir.ts';
import { bodiesOf, forEachInst } from './tree.ts';

export const moveRuntime = {
  /** As runtime.alloc; slides the objects of the heap together before it gives up. */
  alloc: 'runtime.move.alloc',
  /** The object at an address stays where it is from now on. */
  pin: 'runtime.move.pin',
} as const;

/** What moves objects by itself. */
export const movers = ['runtime.move.slide', 'runtime.move.migrate'];

const moving = new WeakMap<IrProgram, boolean>();

/** Whether objects of this program move: it has the part of the run-time that moves them. */
export const isMoving = (p: IrProgram): boolean => {
  const before = moving.get(p);
  if (before !== undefined) return before;
  const answer = p.funcs.some((f) => f.name === moveRuntime.alloc);
  moving.set(p, answer);
  return answer;
};

export interface Relocation {
  /** Functions that may move objects while they run. */
  readonly funcs: ReadonlySet<string>;
  /** Calls of values may. */
  readonly values: boolean;
}

const known = new WeakMap<IrProgram, Relocation>();

const find = (p: IrProgram): Relocation => {
  const callers = new Map<string, string[]>();
  const byValue: string[] = [];
  const taken = new Set<string>();
  for (const f of p.funcs) {
    forEachInst(f.body, (i) => {
      if (i.kind !== 'op') return;
      if (i.op === 'call.value') byValue.push(f.name);
      if (i.op === 'func.ref') taken.add(String(i.imms[0]));
      // Until lower-runtime has run.
      const callee =
        i.op === 'alloc' && !isRuntime(f.name) ? moveRuntime.alloc : i.op === 'call' ? String(i.imms[0]) : '';
      callers.set(callee, [...(callers.get(callee) ?? []), f.name]);
    });
  }
  const funcs = new Set<string>();
  let values = false;
  const work = [...movers];
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    if (funcs.has(name)) continue;
    funcs.add(name);
    work.push(...(callers.get(name) ?? []));
    if (!taken.has(name) || values) continue;
    values = true;
    work.push(...byValue);
  }
  return { funcs, values };
};

export const relocationOf = (p: IrProgram): Relocation => {
  const before = known.get(p);
  if (before) return before;
  const found = find(p);
  known.set(p, found);
  return found;
};

/** Answers whether an instruction, with all that is nested in it, may move objects. */
export const relocatorOf = (r: Relocation): ((i: Inst) => boolean) => {
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
