// The call graph, asked backwards: from which functions may one of some functions be reached? Calls of values may reach any
// function whose value is taken; that is coarse, but the library and most programs take few.
import { isRuntime } from '../vm/abi.ts';
import type { Func, IrProgram, OpInst } from './ir.ts';
import { calleeOf, outwardOps } from './runtime-functions.ts';

/** Functions that are used as values, in a fixed order: those of the run-time last. */
export const usedAsValues = (funcs: readonly Func[]): readonly string[] => {
  const names = new Set<string>();
  for (const f of funcs) for (const i of outwardOps(f)) if (i.op === 'func.ref') names.add(String(i.imms[0]));
  const sorted = [...names].sort();
  return [...sorted.filter((n) => !isRuntime(n)), ...sorted.filter(isRuntime)];
};

/** Whether a function is the body of a `par for` (lower-par.ts). */
export const isParBody = (name: string): boolean => name.startsWith('par for ');

export interface Reaching {
  /** These functions may, with those that were asked for. */
  readonly funcs: ReadonlySet<string>;
  /** Calls of values may. */
  readonly values: boolean;
}

/** `itself`: which of the outward ops count as a call of one of those functions besides calls; `isCalled`: which values calls of values may call. */
export const reaching = (
  program: IrProgram,
  seeds: readonly string[],
  itself: (inst: OpInst) => boolean = () => false,
  isCalled: (name: string) => boolean = () => true,
): Reaching => {
  const callers = new Map<string, Set<string>>();
  const byValue: string[] = [];
  const taken = new Set<string>();
  const work = [...seeds];
  for (const f of program.funcs) {
    for (const i of outwardOps(f)) {
      if (i.op === 'call.value') byValue.push(f.name);
      if (i.op === 'func.ref' && isCalled(String(i.imms[0]))) taken.add(String(i.imms[0]));
      if (itself(i)) work.push(f.name);
      const callee = calleeOf(program, f.name, i);
      if (callee === undefined) continue;
      const known = callers.get(callee);
      if (known) known.add(f.name);
      else callers.set(callee, new Set([f.name]));
    }
  }
  const funcs = new Set<string>();
  let values = false;
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

/** Whether an instruction in a function may reach one of them by a call. */
export const mayReach = (r: Reaching, program: IrProgram, fn: string, inst: OpInst): boolean => {
  if (inst.op === 'call.value') return r.values;
  const callee = calleeOf(program, fn, inst);
  return callee !== undefined && r.funcs.has(callee);
};
