// Proves that no program with hooks runs for ever without one: each loop whose rounds may be without a hook has a known number of them,
// and no function comes back to itself without one. By the way it finds the longest path between two hooks.
//
// Components of the call graph are walked callees first (hook-paths.ts). Within a component, functions are walked twice: the second time
// it is known what the calls of each other do. What is left open is the way back out of a recursion, from frame to frame: it
// is as long as the stack is deep, and no longer. Code of the run-time counts with one round for each of its loops.
import { isRuntime } from '../vm/abi.ts';
import {
  type EarlyCall,
  kernelLoops,
  type Stretch,
  type Summary,
  type Unbounded,
  valuesOf,
  type Walk,
  type WalkContext,
  walk,
} from './hook-paths.ts';
import type { Func, IrProgram, PosId } from './ir.ts';
import { callsOf, componentsOf } from './recursion.ts';

export interface HookReport {
  /** The longest path without a hook. */
  readonly longest: Stretch;
  readonly unbounded: readonly Unbounded[];
}

/** Where a function of these comes back to itself by calls that are made before any hook. */
const circlesIn = (early: ReadonlyMap<string, readonly EarlyCall[]>): readonly Unbounded[] => {
  const calls = new Map([...early].map(([name, list]) => [name, new Set(list.map((c) => c.callee))]));
  return componentsOf(calls).flatMap((names): Unbounded[] => {
    const [first = ''] = names;
    if (names.length === 1 && !calls.get(first)?.has(first)) return [];
    const inside = new Set(names);
    const func = names.find((n) => !isRuntime(n));
    const pos: PosId | undefined = early.get(func ?? '')?.find((c) => inside.has(c.callee))?.pos;
    return func === undefined ? [] : [{ func, pos: pos ?? 0, what: 'recursion' }];
  });
};

/** What is to be known of the hooks of a program, as the pass `hooks` leaves it. */
export const hookReport = (p: IrProgram): HookReport => {
  const byName = new Map(p.funcs.map((f) => [f.name, f]));
  const summaries = new Map<string, Summary>();
  const context: WalkContext = {
    summary: (name) => summaries.get(name),
    values: valuesOf(p),
    isKernel: kernelLoops(p),
  };
  const unbounded: Unbounded[] = [];
  let longest: Stretch = { cost: 0, from: 0, to: 0 };
  const consider = (s: Stretch): void => {
    if (s.cost > longest.cost) longest = s;
  };
  for (const names of componentsOf(callsOf(p))) {
    const funcs = names.flatMap((n): Func[] => {
      const f = byName.get(n);
      return f ? [f] : [];
    });
    const walkAll = (): readonly (readonly [string, Walk])[] => funcs.map((f) => [f.name, walk(f, context)] as const);
    const first = walkAll();
    const members = new Set(names);
    const recursive = first.some(([, w]) => w.early.some((c) => members.has(c.callee))) || names.length > 1;
    for (const [name, w] of first) summaries.set(name, w);
    const walked = recursive ? walkAll() : first;
    for (const [name, w] of walked) summaries.set(name, w);
    unbounded.push(
      ...circlesIn(new Map(walked.map(([name, w]) => [name, w.early.filter((c) => members.has(c.callee))]))),
    );
    for (const [name, w] of walked) {
      unbounded.push(...w.unbounded);
      consider(w.worst);
      if (name === 'main' || name === 'init') consider(w.head);
    }
  }
  return { longest, unbounded };
};

/** What may run for ever without a hook, as sentences; none: the program is in order. */
export const verifyHooks = (p: IrProgram): readonly string[] =>
  hookReport(p).unbounded.map(({ func, pos, what }) => {
    const at = p.positions[pos];
    const place = at && pos > 0 ? ` at ${p.files[at.file] ?? '?'}:${at.line}:${at.col}` : '';
    return what === 'loop'
      ? `@${func} has a loop without a hook, and nothing is known of its rounds${place}`
      : `@${func} comes back to itself without a hook${place}`;
  });
