// What a profile (`pgc run --profile`) needs to know of the code. A sample is taken at a hook; the time that it stands for has gone into the code
// that led there. So for each hook there is a table: which places in the source that code is of, and what part of its cost each
// has by the static model (cost.ts).
//
// The code of a hook in a loop is a round of that loop, with what is called in it; of a hook before calls that come back, the function. How often
// inner loops go round is mostly not known: each is taken to make the same number of rounds.
import { isRuntime, leaveAgainFunction, leaveFunction, type Manifest, type ProfileTables } from '../vm/abi.ts';
import { branchCost, callCost, opCost } from './cost.ts';
import { type Defs, defsOf } from './facts.ts';
import type { Body, Func, Inst, IrProgram, LoopInst, OpInst, PosId } from './ir.ts';
import { textImm } from './ir-types.ts';
import { roundsOf } from './rounds.ts';
import { breaksTo, forEachInst } from './tree.ts';

/** Places, innermost first: the first is called or was inlined at the second, and so on. */
type Path = readonly PosId[];

export interface HookShares {
  readonly hook: PosId;
  readonly shares: readonly { readonly path: Path; readonly cost: number }[];
}

/** An inner loop of which nothing is known goes round so often; longer ones have hooks of their own. */
const someRounds = 100;
/** Calls are followed so deep. */
const deepest = 8;
/** A line with less of the cost is left out, and no more lines are kept. */
const leastShare = 0.005;
const mostLines = 16;

interface Tally {
  readonly program: IrProgram;
  readonly funcs: ReadonlyMap<string, Func>;
  readonly defs: Map<Func, Defs>;
  readonly costs: Map<string, { readonly path: Path; cost: number }>;
  /** Functions that are being looked into. */
  readonly open: string[];
}

const defsIn = (t: Tally, f: Func): Defs => {
  const known = t.defs.get(f) ?? defsOf(f);
  t.defs.set(f, known);
  return known;
};

const add = (t: Tally, path: Path, cost: number): void => {
  if (cost === 0) return;
  const key = path.join(' ');
  const known = t.costs.get(key);
  if (known) known.cost += cost;
  else t.costs.set(key, { path, cost });
};

/** A way that ends the run is hardly ever gone. */
const isLast = (b: Body): boolean => b.end.kind === 'fault' || b.end.kind === 'raise' || b.end.kind === 'unreachable';

/** Outer loops of strips stand for the whole loop, whose rounds are the inner ones. */
const roundsIn = (t: Tally, f: Func, loop: LoopInst): number => {
  if (loop.by === 'hooks') return 1;
  const most = roundsOf(defsIn(t, f), loop, (v) => f.types[v]) ?? someRounds;
  return Math.min(most, someRounds);
};

const tally = (t: Tally, f: Func, body: Body, scale: number, outer: Path): void => {
  for (const inst of body.insts) tallyInst(t, f, inst, scale, outer);
};

const tallyInst = (t: Tally, f: Func, inst: Inst, scale: number, outer: Path): void => {
  const path = [inst.pos, ...outer];
  switch (inst.kind) {
    case 'op':
      return tallyOp(t, inst, scale, path);
    case 'if': {
      add(t, path, scale * branchCost);
      const arms = [inst.then, inst.else];
      const open = arms.filter((b) => !isLast(b) || b.insts.some((i) => i.kind === 'loop' || i.kind === 'if')).length;
      for (const [k, arm] of arms.entries()) {
        const part = isLast(arm) && open === 1 ? 0 : inst.likely && k === 1 ? 0.01 : 1 / Math.max(1, open);
        tally(t, f, arm, scale * part, outer);
      }
      return;
    }
    case 'block':
      return tally(t, f, inst.body, scale, outer);
    case 'loop': {
      const rounds = roundsIn(t, f, inst);
      add(t, path, scale * rounds * branchCost);
      return tally(t, f, inst.body, scale * rounds, outer);
    }
  }
};

const tallyOp = (t: Tally, inst: OpInst, scale: number, path: Path): void => {
  if (inst.op === 'hook' || inst.op === 'hook.due') return;
  add(t, path, scale * opCost(inst));
  if (inst.op === 'call.value') add(t, path, scale * callCost);
  const callee = inst.op === 'call' ? t.funcs.get(textImm(inst.imms, 0)) : undefined;
  if (!callee) return;
  if (isRuntime(callee.name) || t.open.includes(callee.name) || t.open.length > deepest) {
    add(t, path, scale * callCost);
    return;
  }
  t.open.push(callee.name);
  tally(t, callee, callee.body, scale, path);
  t.open.pop();
};

/** What the reader sees as one place: a line of a function, as it was inlined. */
const lineOf = (program: IrProgram, path: Path): string =>
  path
    .map((id) => {
      const p = program.positions[id];
      return p ? `${p.file}:${p.line}:${p.fn}:${p.inlinedAt}` : '';
    })
    .join(' ');

/** Code of the run-time that was inlined counts as the user's call of it. */
const userPlace = (program: IrProgram, id: PosId): PosId => {
  let at = id;
  for (let p = program.positions[at]; p !== undefined && isRuntime(p.fn); p = program.positions[at]) at = p.inlinedAt;
  return Math.max(0, at);
};

const sharesOf = (t: Tally, hook: PosId): HookShares => {
  const lines = new Map<string, { path: Path; cost: number; most: number }>();
  for (const { path, cost } of t.costs.values()) {
    const own = path.map((id) => userPlace(t.program, id)).filter((id) => id > 0);
    const shown = own.length > 0 && (t.program.positions[own[0] ?? 0]?.line ?? 0) > 0 ? own : [hook];
    const key = lineOf(t.program, shown);
    const known = lines.get(key);
    if (!known) lines.set(key, { path: shown, cost, most: cost });
    else {
      // Its column is that of what costs most in it.
      if (cost > known.most) Object.assign(known, { path: shown, most: cost });
      known.cost += cost;
    }
  }
  const sorted = [...lines.values()].sort((a, b) => b.cost - a.cost);
  const all = sorted.reduce((sum, l) => sum + l.cost, 0);
  const kept = sorted.slice(0, mostLines).filter((l) => l.cost >= leastShare * all);
  return { hook, shares: kept.map(({ path, cost }) => ({ path, cost: Math.max(1, Math.round((1000 * cost) / all)) })) };
};

/** Of the program as the pass `hooks` leaves it, a table for the position of each hook; hooks of one position share it. */
export const hookShares = (program: IrProgram): readonly HookShares[] => {
  const funcs = new Map(program.funcs.map((f) => [f.name, f]));
  const defs = new Map<Func, Defs>();
  const tallies = new Map<PosId, Tally>();
  const found = (f: Func, hook: OpInst, region: Body): void => {
    const at = userPlace(program, hook.pos);
    const t: Tally = tallies.get(at) ?? { program, funcs, defs, costs: new Map(), open: [] };
    tallies.set(at, t);
    t.open.push(f.name);
    tally(t, f, region, 1, []);
    t.open.pop();
  };
  const walk = (f: Func, body: Body, round: Body): void => {
    for (const inst of body.insts) {
      switch (inst.kind) {
        case 'op':
          if (inst.op === 'hook') found(f, inst, textImm(inst.imms, 1) === 'call' ? f.body : round);
          break;
        case 'if':
          walk(f, inst.then, round);
          walk(f, inst.else, round);
          break;
        case 'block':
          walk(f, inst.body, round);
          break;
        case 'loop':
          walk(f, inst.body, inst.body);
      }
    }
  };
  for (const f of program.funcs)
    if (f.name === 'main' || !isRuntime(f.name) || hasUsers(program, f)) walk(f, f.body, f.body);
  return [...tallies].map(([hook, t]) => sharesOf(t, hook));
};

/** Entries of tasks are the run-time's by name; what is inlined into them is the program's. */
const hasUsers = (program: IrProgram, f: Func): boolean => {
  let any = false;
  forEachInst(f.body, (i) => {
    any ||= i.kind === 'op' && i.op === 'hook' && !isRuntime(program.positions[i.pos]?.fn ?? 'runtime.');
  });
  return any;
};

const leaving: ReadonlySet<string> = new Set([leaveFunction, leaveAgainFunction]);

/** The positions of points, from the calls by which functions leave: (bytes, number of the function, point). */
export const pointsOf = (
  program: IrProgram,
  functionNumber: (name: string) => number,
): NonNullable<Manifest['points']> => {
  const points = new Map<string, number[]>();
  for (const f of program.funcs) {
    const defs = new Map<number, OpInst>();
    const brought = new Map<number, readonly number[]>();
    forEachInst(f.body, (i) => {
      const [result] = i.results;
      if (i.kind === 'block' && i.by === 'fibers' && result !== undefined)
        brought.set(
          result,
          breaksTo(i.body, i.label).flatMap((b) => b.args.slice(0, 1)),
        );
      if (i.kind !== 'op') return;
      if (result !== undefined && (i.op === 'const' || i.op === 'func.ref')) defs.set(result, i);
      if (i.op !== 'call' || !leaving.has(textImm(i.imms, 0))) return;
      const [, fn, point] = i.args;
      const named = defs.get(fn ?? -1);
      if (named?.op !== 'func.ref') return;
      const name = textImm(named.imms, 0);
      const at = points.get(name) ?? [];
      points.set(name, at);
      // The number itself, or what brings it to where all points lead.
      for (const v of brought.get(point ?? -1) ?? [point ?? -1]) {
        const number = defs.get(v);
        if (number?.op === 'const') at[Number(number.imms[0]) - 1] = number.pos;
      }
    });
  }
  return [...points].map(([name, at]) => ({ fn: functionNumber(name), at: Array.from(at, (p) => p ?? 0) }));
};

/** For the manifest of a program whose positions have their last numbers; `placed` gives them for paths of old ones. */
export const profileTables = (shares: readonly HookShares[], placed: (path: Path) => PosId): ProfileTables => ({
  shares: shares.map((h) => ({
    hook: placed([h.hook]),
    at: h.shares.map((s) => placed(s.path)),
    parts: h.shares.map((s) => s.cost),
  })),
});
