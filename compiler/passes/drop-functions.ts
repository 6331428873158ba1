// drop-functions: functions that neither `init` nor `main` reaches go.
//
// Some ops stand for calls of the run-time until lower-runtime makes the calls: they count as calls of it.
import { commRuntime, leaveAgainFunction, leaveFunction, runFunction } from '../../vm/abi.ts';
import { checkRuntime } from '../checked.ts';
import type { IrProgram } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import {
  callsOf,
  guardRuntime,
  hookServer,
  hookTimer,
  moveRuntime,
  stressRuntime,
  teamRuntime,
} from '../runtime-functions.ts';
import { trackRuntime } from './lower-track.ts';

/** What guards call; those are inserted late. */
const guardFunctions = Object.values(guardRuntime);

export const dropFunctions = (program: IrProgram, context: PassContext): IrProgram => {
  const byName = new Map(program.funcs.map((f) => [f.name, f]));
  const kept = new Set<string>();
  const work = [
    'init',
    'main',
    ...(byName.has('runtime.team_value') ? teamRuntime : []),
    ...Object.values(moveRuntime),
    ...(context.hooks.moves !== undefined && context.pending.has('lower-hooks') ? [stressRuntime.safepoint] : []),
    ...(context.hooks.fails !== undefined && context.pending.has('lower-runtime') ? [stressRuntime.alloc] : []),
    ...trackRuntime,
    ...Object.values(commRuntime),
    ...Object.values(checkRuntime),
    leaveFunction,
    leaveAgainFunction,
    runFunction,
  ];
  if (context.guards !== 'off' && context.pending.has('guard-insert')) work.push(...guardFunctions);
  if (context.hooks.timing !== 'off' && context.pending.has('hooks')) {
    work.push(hookServer(program, context.hooks));
    if (context.hooks.timed) work.push(hookTimer);
  }
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    const f = byName.get(name);
    if (!f || kept.has(name)) continue;
    kept.add(name);
    work.push(...callsOf(f));
  }
  if (!byName.has('main') || kept.size === program.funcs.length) return program;
  return { ...program, funcs: program.funcs.filter((f) => kept.has(f.name)) };
};
