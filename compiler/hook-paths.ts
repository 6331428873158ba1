// How long code can run from one hook to the next: the longest path, in units of the cost model, over structured code.
//
// What a piece of code does to the cost since the last hook is a function of the cost with which it is entered, and in the algebra of
// maximum and sum a linear one: max(entry + through, since). `through` is the longest way without a hook, `since` the longest
// one from the last hook in it. So code is walked once, loops and functions too (a loop twice: its round, then all of them): a loop whose rounds may be without a hook
// multiplies its longest round by the number of rounds, which must then be known; without a hook nothing else is bounded.
import { isRuntime } from '../vm/abi.ts';
import { usedAsValues } from './call-graph.ts';
import { branchCost, callCost, opCost } from './cost.ts';
import { type Defs, defsOf, opOf } from './facts.ts';
import type { Body, Func, IfInst, Inst, IrProgram, LoopInst, OpInst, PosId, Terminator } from './ir.ts';
import { machineTypes } from './ir-types.ts';
import { roundsOf } from './rounds.ts';
import { hookServers, tasksForced } from './runtime-functions.ts';
import { forEachInst } from './tree.ts';

const none = Number.NEGATIVE_INFINITY;

/** The cost since the last hook at a place, for an entry of cost 0; `none` where no way of that kind leads there. */
export interface Cost {
  readonly through: number;
  readonly since: number;
  /** The hook that `since` counts from. */
  readonly from: PosId;
}

const nowhere: Cost = { through: none, since: none, from: 0 };
const start: Cost = { through: 0, since: none, from: 0 };

const either = (a: Cost, b: Cost): Cost => ({
  through: Math.max(a.through, b.through),
  since: Math.max(a.since, b.since),
  from: b.since > a.since ? b.from : a.from,
});

const more = (a: Cost, by: number): Cost => ({
  through: a.through + by,
  since: a.since + by,
  from: a.from,
});

/** First the one, then the other. */
const after = (a: Cost, b: Cost): Cost => {
  const since = a.since + b.through;
  return {
    through: a.through + b.through,
    since: Math.max(since, reached(a) ? b.since : none),
    from: b.since > since ? b.from : a.from,
  };
};

const reached = (c: Cost): boolean => c.through > none || c.since > none;

/** A path without a hook, to the place `to`. */
export interface Stretch {
  readonly cost: number;
  readonly from: PosId;
  readonly to: PosId;
}

const longer = (a: Stretch, b: Stretch): Stretch => (b.cost > a.cost ? b : a);
const noStretch: Stretch = { cost: none, from: 0, to: 0 };

/** What a function does, for those who call it. */
export interface Summary {
  readonly exit: Cost;
  /** The longest way from its entry to a hook or its end. */
  readonly head: Stretch;
  /** The longest path between two hooks in it, or to its end. */
  readonly worst: Stretch;
}

export interface Unbounded {
  readonly func: string;
  readonly pos: PosId;
  readonly what: 'loop' | 'recursion';
}

/** A call that is made without a hook since the entry of the function. */
export interface EarlyCall {
  readonly callee: string;
  readonly pos: PosId;
}

export interface Walk extends Summary {
  readonly unbounded: readonly Unbounded[];
  readonly early: readonly EarlyCall[];
  /** Loops, calls and lines of output before which there should be a hook, as the path would be longer than was asked for. */
  readonly late: ReadonlySet<Inst>;
  /** Cost of a loop's longest round without a hook, by its label; not there: each round has one. */
  readonly rounds: ReadonlyMap<string, number>;
}

export interface WalkContext {
  /** What a function that is called does; undefined: nothing is known of it. */
  readonly summary: (name: string) => Summary | undefined;
  /** Functions that a call of a value may call. */
  readonly values: (inst: OpInst, f: Func) => readonly string[];
  /** Of the run-time: a loop of it has an end of its own, and there are no hooks within. */
  readonly isKernel: (inst: Inst, f: Func) => boolean;
  /** Code that was written in the run-time, wherever it is. */
  readonly isOurs: (inst: Inst, f: Func) => boolean;
}

/** What a piece of code does that is entered with cost 0: a function, the rounds of a loop. */
interface Piece extends Summary {
  /** The cost where it leaves for a label. */
  readonly outs: ReadonlyMap<string, Cost>;
  readonly early: readonly EarlyCall[];
  readonly unbounded: readonly Unbounded[];
}

/** A piece that is being walked. */
interface Open {
  readonly outs: Map<string, Cost>;
  readonly early: EarlyCall[];
  readonly unbounded: Unbounded[];
  exit: Cost;
  head: Stretch;
  worst: Stretch;
}

const opened = (): Open => ({
  outs: new Map(),
  early: [],
  unbounded: [],
  exit: nowhere,
  head: noStretch,
  worst: noStretch,
});

const outputs: ReadonlySet<string> = new Set(['out', 'out.str', 'out.end']);

/** Ops that cost so much have a hook before them where that is needed. */
const heavy = 1000;

/** What begins here and must not be parted by a hook: a line that is printed, or what lower-runtime made of one op. */
const wholeAt = (insts: readonly Inst[], at: number): readonly Inst[] | undefined => {
  const [first, last] = [insts[at], insts[at - 1]];
  if (first?.kind === 'op' && outputs.has(first.op)) {
    const end = insts.findIndex((i, k) => k >= at && (i.kind !== 'op' || i.op === 'out.end'));
    return insts.slice(at, end < 0 ? insts.length : end + 1);
  }
  if (!first || first.pos === last?.pos || (first.kind === 'op' && first.op === 'hook')) return undefined;
  const end = insts.findIndex((i, k) => k > at && i.pos !== first.pos);
  const all = insts.slice(at, end < 0 ? insts.length : end);
  return all.some((i) => i.by === loweringRuntime) ? all : undefined;
};

const loweringRuntime = 'lower-runtime';

/** The pass that makes code of hooks. */
const lowering = 'lower-hooks';

/** Whether this is a hook that has become code. */
export const isLowered = (inst: Inst): boolean => inst.kind === 'if' && inst.by === lowering && callsServer(inst.else);

/** Whether this is what a hook does that is due, when it is code. */
const callsServer = (b: Body): boolean => {
  let found = false;
  forEachInst(b, (i) => {
    if (i.kind !== 'op' || i.op !== 'call') return;
    const callee = String(i.imms[0]);
    found ||= callee === tasksForced || hookServers.includes(callee);
  });
  return found;
};

class Walker {
  readonly #f: Func;
  readonly #defs: Defs;
  readonly #context: WalkContext;
  readonly #late = new Set<Inst>();
  readonly #limit: number;
  readonly #rounds = new Map<string, number>();
  /** What loops do, by their labels. */
  readonly #loops = new Map<string, Piece>();
  #now = opened();

  constructor(f: Func, context: WalkContext, limit: number) {
    this.#limit = limit;
    this.#f = f;
    this.#defs = defsOf(f);
    this.#context = context;
  }

  #join(label: string, c: Cost): void {
    this.#now.outs.set(label, either(this.#now.outs.get(label) ?? nowhere, c));
  }

  #take(label: string): Cost {
    const c = this.#now.outs.get(label) ?? nowhere;
    this.#now.outs.delete(label);
    return c;
  }

  /** A hook here, or the end of a path. */
  #note(c: Cost, to: PosId): void {
    const now = this.#now;
    now.head = longer(now.head, { cost: c.through, from: this.#f.pos, to });
    now.worst = longer(now.worst, { cost: c.since, from: c.from, to });
  }

  #hook(c: Cost, pos: PosId): Cost {
    this.#note(c, pos);
    return reached(c) ? { through: none, since: 0, from: pos } : nowhere;
  }

  #body(b: Body, entry: Cost): void {
    let c = entry;
    let rested = 0;
    for (const [at, inst] of b.insts.entries()) {
      const whole = at < rested ? undefined : wholeAt(b.insts, at);
      if (whole) {
        // What an op of the run-time has become, or a line that is printed: a hook within would let others in between its parts.
        rested = at + whole.length;
        if (!this.#context.isOurs(inst, this.#f)) c = this.#rested(inst, c, this.#headOf(whole));
      } else if (at >= rested && inst.kind === 'op' && opCost(inst) >= heavy) c = this.#hookable(inst, c, opCost(inst));
      c = this.#inst(inst, c);
    }
    this.#end(b.end, c);
  }

  #end(end: Terminator, c: Cost): void {
    switch (end.kind) {
      case 'break':
        return this.#join(end.label, more(c, branchCost));
      case 'next':
        return this.#join(`next ${end.label}`, more(c, branchCost));
      case 'ret':
        this.#note(c, end.pos);
        this.#now.exit = either(this.#now.exit, c);
        return;
      default:
        // The run ends here.
        return this.#note(c, end.pos);
    }
  }

  #inst(inst: Inst, c: Cost): Cost {
    switch (inst.kind) {
      case 'op':
        return this.#op(inst, c);
      case 'if':
        return this.#if(inst, c);
      case 'block':
        this.#body(inst.body, c);
        return this.#take(inst.label);
      case 'loop':
        return this.#loop(inst, c);
    }
  }

  #if(inst: IfInst, before: Cost): Cost {
    let at = more(before, branchCost);
    if (isLowered(inst)) return this.#hook(at, inst.pos);
    if (inst.by !== lowering && opOf(this.#defs, inst.condition)?.by === lowering) at = this.#hook(at, inst.pos);
    this.#body(inst.then, at);
    this.#body(inst.else, at);
    return this.#take(inst.label);
  }

  /** The cost before something after which there is no hook for so long: if the way to that is too long, as if there were a hook before it. */
  #rested(inst: Inst, c: Cost, head: number): Cost {
    if (!this.#late.has(inst) && Math.max(c.through, c.since) + head <= this.#limit) return c;
    // No hook at the very beginning or right behind another: that would not help.
    if (Math.max(c.through, c.since) <= 0) return c;
    this.#late.add(inst);
    return this.#hook(c, inst.pos);
  }

  /** The same, except in the midst of what the run-time does. */
  #hookable(inst: Inst, c: Cost, head: number): Cost {
    return this.#context.isKernel(inst, this.#f) ? c : this.#rested(inst, c, head);
  }

  /** The longest way from the first of these to a hook, or behind the last of them. */
  #headOf(insts: readonly Inst[]): number {
    const around = this.#now;
    this.#now = opened();
    let c = start;
    for (const i of insts) c = this.#inst(i, c);
    const ways = [...this.#now.outs.values(), this.#now.exit, c].map((w) => w.through);
    const head = Math.max(this.#now.head.cost, ...ways);
    this.#now = around;
    return head;
  }

  #op(inst: OpInst, before: Cost): Cost {
    if (inst.op === 'hook' || inst.op === 'hook.due') return this.#hook(before, inst.pos);
    const called = inst.op === 'call' ? [String(inst.imms[0])] : this.#context.values(inst, this.#f);
    if (called.length === 0 || !reached(before)) return more(before, opCost(inst));
    const summaries = called.map((callee) => this.#context.summary(callee));
    const head = Math.max(...summaries.map((s) => (s ? s.head.cost : callCost)));
    const c = this.#hookable(inst, before, opCost(inst) + head);
    const at = more(c, opCost(inst));
    let out = nowhere;
    for (const [k, callee] of called.entries()) {
      const summary = summaries[k];
      if (c.through > none) this.#now.early.push({ callee, pos: inst.pos });
      if (!summary) {
        out = either(out, more(at, callCost));
        continue;
      }
      this.#enter(at, summary);
      out = either(out, after(at, summary.exit));
    }
    return out;
  }

  /** What is entered here goes on to its first hook. */
  #enter(at: Cost, { head }: Summary): void {
    const now = this.#now;
    now.head = longer(now.head, { cost: at.through + head.cost, from: this.#f.pos, to: head.to });
    now.worst = longer(now.worst, { cost: at.since + head.cost, from: at.from, to: head.to });
  }

  /** Walks a body by itself. */
  #piece(body: Body, entry: Cost): Piece {
    const around = this.#now;
    const piece = opened();
    this.#now = piece;
    this.#body(body, entry);
    this.#now = around;
    return piece;
  }

  /** What a loop does, with all of its rounds; the same however it is entered. */
  #pieceOf(loop: LoopInst): Piece {
    const known = this.#loops.get(loop.label);
    if (known) return known;
    for (;;) {
      const round = this.#piece(loop.body, start).outs.get(`next ${loop.label}`) ?? nowhere;
      let others = 0;
      const own: Unbounded[] = [];
      if (round.through > none) {
        this.#rounds.set(loop.label, round.through);
        const kernel = this.#context.isKernel(loop, this.#f);
        const rounds = kernel ? 1 : roundsOf(this.#defs, loop, (v) => this.#f.types[v]);
        if (rounds === undefined) own.push({ func: this.#f.name, pos: loop.pos, what: 'loop' });
        others = Math.max(0, (rounds ?? 1) - 1) * round.through;
      } else this.#rounds.delete(loop.label);
      const before = this.#late.size;
      const entry: Cost = { through: others, since: round.since + others, from: round.from };
      const all = this.#piece(loop.body, entry);
      // A hook that is wanted for what a round leaves to the next one makes rounds shorter.
      if (this.#late.size > before) continue;
      const outs = new Map(all.outs);
      outs.delete(`next ${loop.label}`);
      const piece: Piece = { ...all, outs, unbounded: [...own, ...all.unbounded] };
      this.#loops.set(loop.label, piece);
      return piece;
    }
  }

  #loop(loop: LoopInst, before: Cost): Cost {
    const piece = this.#pieceOf(loop);
    const ways = [...piece.outs.values(), piece.exit].map((c) => c.through);
    const c = this.#hookable(loop, before, Math.max(piece.head.cost, ...ways));
    const now = this.#now;
    if (reached(c)) {
      this.#enter(c, piece);
      now.worst = longer(now.worst, piece.worst);
      now.exit = either(now.exit, after(c, piece.exit));
      if (c.through > none) now.early.push(...piece.early);
      for (const [label, cost] of piece.outs) this.#join(label, after(c, cost));
    }
    now.unbounded.push(...piece.unbounded);
    return this.#take(loop.label);
  }

  run(): Walk {
    const { exit, head, worst, unbounded, early } = this.#piece(this.#f.body, start);
    return { exit, head, worst, unbounded, early, late: this.#late, rounds: this.#rounds };
  }
}

/** @param limit no path should be longer: where one would be, the loops and calls are told before which there should be a hook. */
export const walk = (f: Func, context: WalkContext, limit = Number.POSITIVE_INFINITY): Walk =>
  new Walker(f, context, limit).run();

/**
 * Code of the run-time, also where it was taken into functions of the program, and what stands for its operations.
 * It is of the function that it was written in: entries of tasks are called `runtime.…`, and what is taken into them is the program's.
 */
const writtenIn =
  (p: Pick<IrProgram, 'positions'>): WalkContext['isOurs'] =>
  (inst, f) => {
    const written = p.positions[inst.pos]?.fn ?? '';
    return isRuntime(written === '' ? f.name : written);
  };

/** What is to be known of a program; `summary`: what its functions do, as far as they have been walked. */
export const walkContext = (p: IrProgram, summary: WalkContext['summary']): WalkContext => {
  const isOurs = writtenIn(p);
  return {
    summary,
    values: valuesOf(p),
    isKernel: (inst, f) => inst.by === loweringRuntime || isOurs(inst, f),
    isOurs,
  };
};

/** Functions that a call of a value may call: those of its type whose value is taken. */
export const valuesOf = (p: IrProgram): WalkContext['values'] => {
  const taken = new Map<string, string[]>();
  const byName = new Map(p.funcs.map((f) => [f.name, f]));
  for (const name of usedAsValues(p.funcs)) {
    const f = byName.get(name);
    if (!f) continue;
    const type = machineTypes(
      f.params.map((v) => f.types[v]),
      f.results,
    );
    taken.set(type, [...(taken.get(type) ?? []), name]);
  }
  return (inst, f) => {
    if (inst.op !== 'call.value') return [];
    const type = machineTypes(
      inst.args.slice(1).map((v) => f.types[v]),
      inst.results.map((v) => f.types[v]),
    );
    return taken.get(type) ?? [];
  };
};
