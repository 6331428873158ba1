// Which values are still needed behind certain instructions: what a function has to keep when it is left there in the middle.
//
// Bodies are walked backwards once (the equations are those of Kildall: A unified approach to global program optimization, POPL 1973). A value from
// outside of a loop that is used anywhere in it counts as needed all through it, as the next round may need it.
import type { Body, Func, Inst, Terminator, Value } from './ir.ts';
import { argsOf, bodiesOf, definedIn, operandsOf } from './tree.ts';

/** Values defined outside of a body that it uses, at any depth. */
export const usedFromOutside = (body: Body, own: ReadonlySet<Value> = definedIn(body)): ReadonlySet<Value> => {
  const used = new Set<Value>();
  const add = (v: Value): void => {
    if (!own.has(v)) used.add(v);
  };
  const walk = (b: Body): void => {
    for (const inst of b.insts) {
      operandsOf(inst).forEach(add);
      for (const inner of bodiesOf(inst)) walk(inner);
    }
    argsOf(b.end).forEach(add);
  };
  walk(body);
  return used;
};

/** How the bodies in a body end, at any depth, that lead out of it. */
const waysOut = (body: Body, inner: ReadonlySet<string> = new Set()): Terminator[] => {
  const { end } = body;
  const leads = (end.kind === 'break' || end.kind === 'next') && !inner.has(end.label);
  const nested = body.insts.flatMap((inst) => {
    if (inst.kind === 'op') return [];
    const labels = new Set([...inner, inst.label]);
    return bodiesOf(inst).flatMap((b) => waysOut(b, labels));
  });
  return leads ? [...nested, end] : nested;
};

/** For each instruction that `isPoint` picks: the values, defined before it, that are used after it. */
export const liveAt = (f: Func, isPoint: (inst: Inst) => boolean): ReadonlyMap<Inst, ReadonlySet<Value>> => {
  const found = new Map<Inst, ReadonlySet<Value>>();
  /** What is live where a break out of a region, or a next of a loop, goes to. */
  const breaks = new Map<string, ReadonlySet<Value>>();
  const nexts = new Map<string, ReadonlySet<Value>>();
  const bodyLive = (body: Body): Set<Value> => {
    const { end } = body;
    const target =
      end.kind === 'break' ? breaks.get(end.label) : end.kind === 'next' ? nexts.get(end.label) : undefined;
    let live = new Set<Value>([...(target ?? []), ...argsOf(end)]);
    for (const inst of body.insts.toReversed()) {
      for (const v of inst.results) live.delete(v);
      if (isPoint(inst)) found.set(inst, new Set(live));
      live = before(inst, live);
    }
    return live;
  };
  const before = (inst: Inst, after: Set<Value>): Set<Value> => {
    switch (inst.kind) {
      case 'op':
        for (const v of inst.args) after.add(v);
        return after;
      case 'if': {
        breaks.set(inst.label, after);
        return new Set([...bodyLive(inst.then), ...bodyLive(inst.else), inst.condition]);
      }
      case 'block':
        breaks.set(inst.label, after);
        return bodyLive(inst.body);
      case 'loop': {
        const own = definedIn(inst.body, new Set(inst.params));
        const round = new Set([...after, ...usedFromOutside(inst.body, own)]);
        // Ways out of the loop to regions around it, which are all known by now.
        for (const end of waysOut(inst.body, new Set([inst.label]))) {
          const target =
            end.kind === 'break' ? breaks.get(end.label) : end.kind === 'next' ? nexts.get(end.label) : undefined;
          for (const v of target ?? []) if (!own.has(v)) round.add(v);
        }
        breaks.set(inst.label, after);
        nexts.set(inst.label, round);
        const live = bodyLive(inst.body);
        for (const v of inst.params) live.delete(v);
        return new Set([...live, ...round, ...inst.inits]);
      }
    }
  };
  bodyLive(f.body);
  return found;
};
