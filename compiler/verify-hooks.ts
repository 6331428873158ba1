// Proves that no program with hooks runs for ever without one: each loop whose rounds may be without a hook has a known number of them,
// and no function comes back to itself without one. By the way it finds the longest path between two hooks.
//
// Components of the call graph are walked callees first (hook-paths.ts, hook-summaries.ts). It is done for hooks as ops, as the pass `hooks` leaves them, and for
// the code that they become, behind all passes but the last one, which copies functions as they are (resume.ts); of that it is seen that it keeps each hook. What is left open is the way back out of a recursion, from frame to frame: it
// is as long as the stack is deep, and no longer. Code of the run-time counts with one round for each of its loops.
import { isRuntime, resumePrefix } from '../vm/abi.ts';
import { type EarlyCall, isLowered, type Stretch, type Summary, type Unbounded, walkContext } from './hook-paths.ts';
import { walkTogether } from './hook-summaries.ts';
import type { Func, IrProgram, PosId } from './ir.ts';
import { callsOf, componentsOf, isCircle } from './recursion.ts';
import { forEachInst } from './tree.ts';

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
  const context = walkContext(p, (name) => summaries.get(name));
  const unbounded: Unbounded[] = [];
  let longest: Stretch = { cost: 0, from: 0, to: 0 };
  const consider = (s: Stretch): void => {
    if (s.cost > longest.cost) longest = s;
  };
  const calls = callsOf(p);
  const called = new Set([...calls.values()].flatMap((callees) => [...callees]));
  for (const names of componentsOf(calls)) {
    const funcs = names.flatMap((n): Func[] => {
      const f = byName.get(n);
      return f && !n.startsWith(resumePrefix) ? [f] : [];
    });
    const members = new Set(names);
    const walked = walkTogether(funcs, isCircle(calls, names), context);
    for (const [name, w] of walked) summaries.set(name, w);
    unbounded.push(
      ...circlesIn(new Map([...walked].map(([name, w]) => [name, w.early.filter((c) => members.has(c.callee))]))),
    );
    for (const [name, w] of walked) {
      unbounded.push(...w.unbounded);
      consider(w.worst);
      // What nothing calls begins a run, or a task.
      if (!called.has(name)) consider(w.head);
    }
  }
  return { longest, unbounded };
};

/**
 * What is wrong with the hooks of a program, as sentences; none: it is in order.
 * @param limit units that no path without a hook may be longer than; not said: only what may run for ever is wrong.
 */
export const verifyHooks = (p: IrProgram, limit = Number.POSITIVE_INFINITY): readonly string[] => {
  const { longest, unbounded } = hookReport(p);
  const placeOf = (pos: PosId): string | undefined => {
    const at = p.positions[pos];
    return at && pos > 0 ? `${p.files[at.file] ?? '?'}:${at.line}:${at.col}` : undefined;
  };
  const endless = unbounded.map(({ func, pos, what }) => {
    const place = placeOf(pos);
    const at = place === undefined ? '' : ` at ${place}`;
    return what === 'loop'
      ? `@${func} has a loop without a hook, and nothing is known of its rounds${at}`
      : `@${func} comes back to itself without a hook${at}`;
  });
  if (endless.length > 0 || longest.cost <= limit) return endless;
  const [from, to] = [placeOf(longest.from) ?? 'the start', placeOf(longest.to) ?? 'the end'];
  return [
    `there is no hook for ${longest.cost} units from ${from} to ${to}; there may be ${limit} from one to the next`,
  ];
};

/** Names of functions that have fewer hooks after a pass than before, as code. */
export const lostHooks = (before: IrProgram, after: IrProgram): readonly string[] => {
  const count = (f: Func): number => {
    let n = 0;
    forEachInst(f.body, (i) => {
      if (isLowered(i)) n++;
    });
    return n;
  };
  const now = new Map(after.funcs.map((f) => [f.name, count(f)]));
  return before.funcs.filter((f) => (now.get(f.name) ?? 0) < count(f)).map((f) => f.name);
};
