// Functions whose calls cost little beside what they do: those with loops, and those that a task calls at most so often as they stand in the text. What is
// called from a loop, or recursive, counts as called often.
import type { Body, Func, IrProgram } from './ir.ts';
import { callsOf, componentsOf } from './recursion.ts';
import { bodiesOf, forEachInst } from './tree.ts';

interface Call {
  readonly caller: string;
  readonly inLoop: boolean;
}

const callsIn = (f: Func, note: (callee: string, call: Call) => void): void => {
  const walk = (body: Body, inLoop: boolean): void => {
    for (const i of body.insts) {
      if (i.kind === 'op' && i.op === 'call') note(String(i.imms[0]), { caller: f.name, inLoop });
      for (const b of bodiesOf(i)) walk(b, inLoop || i.kind === 'loop');
    }
  };
  walk(f.body, false);
};

const hasLoop = (f: Func): boolean => {
  let found = false;
  forEachInst(f.body, (i) => {
    if (i.kind === 'loop') found = true;
  });
  return found;
};

/** Names of those functions of a program. */
export const calledSeldom = (program: IrProgram): ReadonlySet<string> => {
  const calls = new Map<string, Call[]>();
  for (const f of program.funcs)
    callsIn(f, (callee, call) => {
      const known = calls.get(callee);
      if (known) known.push(call);
      else calls.set(callee, [call]);
    });
  const graph = callsOf(program);
  const recurses = (names: readonly string[]): boolean =>
    names.length > 1 || names.some((name) => graph.get(name)?.has(name));
  const recursive = new Set(componentsOf(graph).filter(recurses).flat());
  const once = new Map<string, boolean>();
  const isOnce = (name: string): boolean => {
    const known = once.get(name);
    if (known !== undefined) return known;
    once.set(name, false);
    const found = !recursive.has(name) && (calls.get(name) ?? []).every((c) => !c.inLoop && isOnce(c.caller));
    once.set(name, found);
    return found;
  };
  const seldom = (f: Func): boolean => !recursive.has(f.name) && (hasLoop(f) || isOnce(f.name));
  return new Set(program.funcs.filter(seldom).map((f) => f.name));
};
