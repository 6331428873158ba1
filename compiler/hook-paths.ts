// How long code can run from one hook to the next: the longest path, in units of the cost model, over structured code.
//
// What a piece of code does to the cost since the last hook is a function of the cost with which it is entered, and in the algebra of
// maximum and sum a linear one: max(entry + through, since). `through` is the longest way without a hook, `since` the longest
// one from the last hook in it. So code is walked once, loops and functions too: a loop whose rounds may be without a hook
// multiplies its longest round by the number of rounds, which must then be known; without a hook nothing else is bounded.
import { isRuntime } from '../vm/abi.ts';
import { usedAsValues } from './call-graph.ts';
import { branchCost, callCost, opCost } from './cost.ts';
import { type Defs, defsOf } from './facts.ts';
import type { Body, Func, Inst, IrProgram, LoopInst, OpInst, PosId, Terminator } from './ir.ts';
import { machineTypes } from './ir-types.ts';
import { roundsOf } from './rounds.ts';

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
  /** Loops and calls before which there should be a hook, as the way to them may take longer than was asked for. */
  readonly late: ReadonlySet<Inst>;
  /** Cost of a loop's longest round without a hook, by its label; not there: each round has one. */
  readonly rounds: ReadonlyMap<string, number>;
}

export interface WalkContext {
  /** What a function that is called does; undefined: nothing is known of it. */
  readonly summary: (name: string) => Summary | undefined;
  /** Functions that a call of a value may call. */
  readonly values: (inst: OpInst, f: Func) => readonly string[];
  /** A loop of the run-time: it has an end of its own. */
  readonly isKernel: (inst: Inst, f: Func) => boolean;
}

class Walker {
  readonly #f: Func;
  readonly #defs: Defs;
  readonly #context: WalkContext;
  readonly #at = new Map<string, Cost>();
  readonly #unbounded: Unbounded[] = [];
  readonly #early: EarlyCall[] = [];
  readonly #late = new Set<Inst>();
  readonly #limit: number;
  /** In loops whose rounds have been looked at: what there is in a row in them is known. */
  #again = 0;
  readonly #rounds = new Map<string, number>();
  /** What a round of a loop does; the same however the loop is entered. */
  readonly #round = new Map<string, Cost>();
  #exit: Cost = nowhere;
  #head: Stretch = noStretch;
  #worst: Stretch = noStretch;

  constructor(f: Func, context: WalkContext, limit: number) {
    this.#limit = limit;
    this.#f = f;
    this.#defs = defsOf(f);
    this.#context = context;
  }

  #join(label: string, c: Cost): void {
    this.#at.set(label, either(this.#at.get(label) ?? nowhere, c));
  }

  #take(label: string): Cost {
    const c = this.#at.get(label) ?? nowhere;
    this.#at.delete(label);
    return c;
  }

  /** A hook here, or the end of a path. */
  #note(c: Cost, to: PosId): void {
    this.#head = longer(this.#head, { cost: c.through, from: this.#f.pos, to });
    this.#worst = longer(this.#worst, { cost: c.since, from: c.from, to });
  }

  #body(b: Body, entry: Cost): void {
    let c = entry;
    for (const inst of b.insts) c = this.#inst(inst, c);
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
        this.#exit = either(this.#exit, c);
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
      case 'if': {
        const at = more(c, branchCost);
        this.#body(inst.then, at);
        this.#body(inst.else, at);
        return this.#take(inst.label);
      }
      case 'block':
        this.#body(inst.body, c);
        return this.#take(inst.label);
      case 'loop':
        return this.#loop(inst, c);
    }
  }

  /** The cost before a loop or a call: if the way there is too long, as if there were a hook. */
  #rested(inst: Inst, c: Cost): Cost {
    const known = this.#late.has(inst);
    if (!known && (this.#again > 0 || Math.max(c.through, c.since) <= this.#limit)) return c;
    if (this.#context.isKernel(inst, this.#f)) return c;
    this.#late.add(inst);
    this.#note(c, inst.pos);
    return { through: none, since: 0, from: inst.pos };
  }

  #op(inst: OpInst, before: Cost): Cost {
    const c = inst.op === 'call' || inst.op === 'call.value' ? this.#rested(inst, before) : before;
    if (inst.op === 'hook' || inst.op === 'hook.due') {
      this.#note(c, inst.pos);
      return reached(c) ? { through: none, since: 0, from: inst.pos } : nowhere;
    }
    const called = inst.op === 'call' ? [String(inst.imms[0])] : this.#context.values(inst, this.#f);
    const at = more(c, opCost(inst));
    if (called.length === 0 || !reached(c)) return at;
    let out = nowhere;
    for (const callee of called) {
      const summary = this.#context.summary(callee);
      if (c.through > none) this.#early.push({ callee, pos: inst.pos });
      if (!summary) {
        out = either(out, more(at, callCost));
        continue;
      }
      this.#head = longer(this.#head, { cost: at.through + summary.head.cost, from: this.#f.pos, to: summary.head.to });
      this.#worst = longer(this.#worst, { cost: at.since + summary.head.cost, from: at.from, to: summary.head.to });
      out = either(out, after(at, summary.exit));
    }
    return out;
  }

  /** What a round does is found for an entry of its own, and nothing else is kept of that. */
  #roundOf(loop: LoopInst): Cost {
    const known = this.#round.get(loop.label);
    if (known) return known;
    const [head, worst, exit] = [this.#head, this.#worst, this.#exit];
    const before = new Map(this.#at);
    const early = this.#early.length;
    const unbounded = this.#unbounded.length;
    const nested = this.#again;
    this.#again = 0;
    this.#body(loop.body, start);
    this.#again = nested;
    const round = this.#take(`next ${loop.label}`);
    this.#head = head;
    this.#worst = worst;
    this.#exit = exit;
    this.#early.length = early;
    this.#unbounded.length = unbounded;
    this.#at.clear();
    for (const [label, cost] of before) this.#at.set(label, cost);
    this.#round.set(loop.label, round);
    if (round.through > none) this.#rounds.set(loop.label, round.through);
    return round;
  }

  #loop(loop: LoopInst, before: Cost): Cost {
    const c = this.#rested(loop, before);
    const round = this.#roundOf(loop);
    let others = 0;
    if (round.through > none) {
      const kernel = this.#context.isKernel(loop, this.#f);
      const known = kernel ? 1 : roundsOf(this.#defs, loop, (v) => this.#f.types[v]);
      if (known === undefined) this.#unbounded.push({ func: this.#f.name, pos: loop.pos, what: 'loop' });
      others = Math.max(0, (known ?? 1) - 1) * round.through;
    }
    const again = reached(c) ? { through: none, since: round.since + others, from: round.from } : nowhere;
    this.#again++;
    this.#body(loop.body, either(more(c, others), again));
    this.#again--;
    this.#take(`next ${loop.label}`);
    return this.#take(loop.label);
  }

  run(): Walk {
    this.#body(this.#f.body, start);
    return {
      exit: this.#exit,
      head: this.#head,
      worst: this.#worst,
      unbounded: this.#unbounded,
      early: this.#early,
      late: this.#late,
      rounds: this.#rounds,
    };
  }
}

/** @param limit no way to a loop or a call should be longer. */
export const walk = (f: Func, context: WalkContext, limit = Number.POSITIVE_INFINITY): Walk =>
  new Walker(f, context, limit).run();

/**
 * Loops of the run-time, also where they were taken into functions of the program, and those over images that stand for its operations.
 * A loop is of the function that it was written in: entries of tasks are called `runtime.…`, and what is taken into them is the program's.
 */
export const kernelLoops =
  (p: Pick<IrProgram, 'positions'>): WalkContext['isKernel'] =>
  (inst, f) => {
    const written = p.positions[inst.pos]?.fn ?? '';
    return inst.by === 'lower-runtime' || isRuntime(written === '' ? f.name : written);
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
