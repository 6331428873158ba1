// What may run before `main` begins: `init`, what it calls, and, if any of that calls a value, every function that is a value
// somewhere. Named arrays may not be laid out then, here or on other images, so what `init` settles is not known in these functions.
//
// Which function a value names is not asked: the program can write anything where it keeps values.
import { usedAsValues } from './call-graph.ts';
import type { IrProgram } from './ir.ts';
import { calleeOf, outwardOps } from './runtime-functions.ts';

const knownFor = new WeakMap<IrProgram, ReadonlySet<string>>();

/** Functions that `init` may reach, with itself. */
export const earlyFunctions = (program: IrProgram): ReadonlySet<string> => {
  const known = knownFor.get(program);
  if (known) return known;
  const callees = new Map<string, ReadonlySet<string>>();
  const byValue = new Set<string>();
  for (const f of program.funcs) {
    const called = new Set<string>();
    for (const i of outwardOps(f)) {
      if (i.op === 'call.value') byValue.add(f.name);
      const callee = calleeOf(program, f.name, i);
      if (callee !== undefined) called.add(callee);
    }
    callees.set(f.name, called);
  }
  const early = new Set<string>();
  const work = ['init'];
  let values = false;
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    if (early.has(name)) continue;
    early.add(name);
    work.push(...(callees.get(name) ?? []));
    if (values || !byValue.has(name)) continue;
    values = true;
    work.push(...usedAsValues(program.funcs));
  }
  knownFor.set(program, early);
  return early;
};
