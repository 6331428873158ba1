// drop-functions: functions that neither `init` nor `main` reaches go.
//
// The functions of the run-time stay until lower-runtime has turned the ops that stand for calls of them into calls:
// while there are such ops, all of the run-time is taken for reachable.
import type { Func, IrProgram, OpName } from '../ir.ts';
import { forEachInst } from '../tree.ts';

/** Ops that lower-runtime replaces by calls of `runtime.*` functions. */
const standForCalls: ReadonlySet<OpName> = new Set<OpName>([
  'shared.init',
  'shared.swap',
  'dynamic.init',
  'barrier',
  'idle',
  'allreduce',
  'reduce',
  'broadcast',
  'alloc',
  'free',
]);

const isRuntime = (name: string): boolean => name.startsWith('runtime.');

const calledBy = (f: Func): { readonly calls: readonly string[]; readonly runtime: boolean } => {
  const calls: string[] = [];
  let runtime = false;
  forEachInst(f.body, (i) => {
    if (i.kind !== 'op') return;
    if (i.op === 'call') calls.push(String(i.imms[0]));
    if (standForCalls.has(i.op)) runtime = true;
  });
  return { calls, runtime };
};

export const dropFunctions = (program: IrProgram): IrProgram => {
  const byName = new Map(program.funcs.map((f) => [f.name, f]));
  const kept = new Set<string>();
  const work = ['init', 'main'];
  let runtime = false;
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    const f = byName.get(name);
    if (!f || kept.has(name)) continue;
    kept.add(name);
    const found = calledBy(f);
    work.push(...found.calls);
    if (found.runtime && !runtime) {
      runtime = true;
      work.push(...program.funcs.map((x) => x.name).filter(isRuntime));
    }
  }
  if (!byName.has('main') || kept.size === program.funcs.length) return program;
  return { ...program, funcs: program.funcs.filter((f) => kept.has(f.name)) };
};
