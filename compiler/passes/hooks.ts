// hooks: the timer interrupt that WebAssembly does not have. An image looks, now and then, whether something is due.
//
// Compiler timing (S. Ghosh, M. Cuevas, S. Campanoni, P. Dinda, Compiler-based Timing for Extremely Fine-grain Preemptive Parallelism,
// SC 2020): where to look is decided by a static cost model (cost.ts), so that between two looks there is never more than
// a part of the interval that was asked for.
//
//   - A loop that certainly is over soon has none.
//   - A counted loop with a small body is cut into strips, with a hook between two of them (strip.ts): its rounds stay as they were.
//   - Of any other loop with a small body some rounds become one (several-rounds.ts), with a hook before it goes on. In programs with tasks, where the code
//     behind a hook is large, the loop looks at that place, and is left for the hook.
//   - A loop with a large body, or with calls in it, has a hook in each round.
//   - A function that may come back to itself has one before it does: behind the test for the end of the recursion.
//   - A row of loops and calls, each of which may be over just before its hook, has one where it may have taken an interval.
//
// Loops of the run-time have none, wherever they are: nobody is interrupted in the middle of the allocator. Their loops go over images, over lists
// of theirs and over memory that is moved; those that wait for other images sleep, and are woken.
import { intervalUnits, spacingUnits } from '../cost.ts';
import { type Defs, defsOf } from '../facts.ts';
import { kernelLoops, type Summary, valuesOf, type Walk, type WalkContext, walk } from '../hook-paths.ts';
import type { Body, Func, Inst, IrProgram, LoopInst, Terminator } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { type Calls, callsOf, componentsOf, recursionHooks } from '../recursion.ts';
import { roundsOf } from '../rounds.ts';
import { hasTasks } from '../runtime-functions.ts';
import { hookBeforeNext, inSeveral, severalOf } from '../several-rounds.ts';
import { exitFor, hookInst, inStrips } from '../strip.ts';
import { bodiesOf, type Edit, editOf, forEachInst, nextsOf, withBodies } from '../tree.ts';

/** Bodies that cost more have a hook in each round: it is no more than a hundredth of them. */
const large = 300;

/** What is found once for a program. */
interface Known {
  readonly calls: Calls;
  readonly recursive: ReadonlySet<string>;
  /** The component of each function. */
  readonly component: ReadonlyMap<string, number>;
  readonly values: WalkContext['values'];
}

const known = new WeakMap<IrProgram, Known>();

const knownOf = (p: IrProgram): Known => {
  const before = known.get(p);
  if (before) return before;
  const calls = callsOf(p);
  const components = componentsOf(calls);
  const found: Known = {
    calls,
    recursive: recursionHooks(calls),
    component: new Map(components.flatMap((names, k) => names.map((n) => [n, k] as const))),
    values: valuesOf(p),
  };
  known.set(p, found);
  return found;
};

const summaries = new WeakMap<Func, Summary>();

const walkContext = (context: PassContext): WalkContext => {
  const { program } = context;
  const busy = new Set<string>();
  const walked: WalkContext = {
    summary: (name) => {
      const f = context.func(name);
      const before = f && summaries.get(f);
      if (before || !f || busy.has(name)) return before;
      busy.add(name);
      const summary = walk(f, walked);
      busy.delete(name);
      summaries.set(f, summary);
      return summary;
    },
    values: knownOf(program).values,
    isKernel: kernelLoops({ positions: program.positions }),
  };
  return walked;
};

export const hooks = (f: Func, context: PassContext): Func => {
  if (context.hooks.timing === 'off') return f;
  const asked = walkContext(context);
  const { recursive } = knownOf(context.program);
  const called = recursive.has(f.name) ? beforeCalls(f, context, asked) : f;
  const looped = inLoops(called, asked, spacingUnits(context.hooks.interval), hasTasks(context.program));
  return inRows(looped, asked, intervalUnits(context.hooks.interval));
};

// ---- recursion --------------------------------------------------------------------------------------------------

/** A body with its hooks, and whether each way to its end, or to what follows, has come to one. */
interface Covered {
  readonly body: Body;
  readonly covered: boolean;
}

const leavesFunction = (end: Terminator): boolean => end.kind !== 'break' && end.kind !== 'next';

/** Whether control may go from within to somewhere around it, but not behind it. */
const jumpsOut = (inst: Inst): boolean => {
  const inside = new Set<string>();
  const outside = (i: Inst): boolean => {
    if (i.kind === 'op') return false;
    inside.add(i.label);
    return bodiesOf(i).some(
      ({ insts, end }) =>
        insts.some(outside) || ((end.kind === 'break' || end.kind === 'next') && !inside.has(end.label)),
    );
  };
  return outside(inst);
};

/** A hook on each way to a call that may come back, as late as there can be one for all that follow. */
const beforeCalls = (f: Func, context: PassContext, asked: WalkContext): Func => {
  const { exit, worst } = walk(f, asked);
  const cost = Math.max(1, Math.min(exit.through, spacingUnits(context.hooks.interval)), worst.cost);
  const { component, values } = knownOf(context.program);
  const own = component.get(f.name);
  const comesBack = (i: Inst): boolean => {
    if (i.kind !== 'op') return bodiesOf(i).some((b) => b.insts.some(comesBack));
    const callees = i.op === 'call' ? [String(i.imms[0])] : values(i, f);
    return callees.some((name) => component.get(name) === own);
  };
  const defs = defsOf(f);
  const isShort = (loop: LoopInst): boolean => roundsOf(defs, loop, (v) => f.types[v]) !== undefined;
  const body = (b: Body): Covered => {
    const at = b.insts.findIndex(comesBack);
    const inst = b.insts[at];
    const before = at < 0 ? b.insts : b.insts.slice(0, at);
    // Who leaves for somewhere else has not come to the hook.
    const early = before.some(jumpsOut);
    if (!inst) return { body: b, covered: !early && leavesFunction(b.end) };
    const goOn = (now: Inst): Covered => {
      const rest = body({ insts: b.insts.slice(at + 1), end: b.end });
      const covered = !early && !jumpsOut(inst) && rest.covered;
      return { body: { insts: [...before, now, ...rest.body.insts], end: b.end }, covered };
    };
    // In blocks and long loops the same; what follows may be reached by a way without a hook.
    if (inst.kind === 'block' || (inst.kind === 'loop' && !isShort(inst)))
      return goOn(withBodies(inst, (inner) => body(inner).body));
    if (inst.kind === 'if') {
      const arms: Covered[] = [];
      const now = withBodies(inst, (arm) => {
        const done = body(arm);
        arms.push(done);
        return done.body;
      });
      return arms.every((arm) => arm.covered)
        ? { body: { insts: b.insts.with(at, now), end: b.end }, covered: !early }
        : goOn(now);
    }
    const hook = hookInst(inst.pos, { cost: Math.round(cost), kind: 'call', rounds: 0 });
    return { body: { insts: [...before, hook, ...b.insts.slice(at)], end: b.end }, covered: !early };
  };
  return { ...f, body: body(f.body).body };
};

// ---- loops ------------------------------------------------------------------------------------------------------

interface State {
  readonly f: Func;
  readonly edit: Edit;
  readonly defs: Defs;
  readonly asked: WalkContext;
  readonly walked: Walk;
  readonly spacing: number;
  /** Functions can be left at hooks. */
  readonly leavable: boolean;
  /** Loops that have what they need. */
  readonly done: Set<string>;
}

const inLoops = (f: Func, asked: WalkContext, spacing: number, leavable: boolean): Func => {
  const done = new Set<string>();
  let now = f;
  // Inner loops first: what is around them then knows how long they run without a hook.
  for (;;) {
    const walked = walk(now, asked);
    if (walked.rounds.size === 0) return now;
    const edit = editOf(now);
    const s: State = { f: now, edit, defs: defsOf(now), asked, walked, spacing, leavable, done };
    const before = done.size;
    const body = inBody(s, now.body);
    if (done.size === before) return now;
    now = { ...now, types: edit.types, body };
  }
};

const inBody = (s: State, body: Body): Body => ({
  insts: body.insts.map((inst) => {
    if (inst.kind === 'loop' && !s.done.has(inst.label) && innerDone(s, inst.body)) return hooked(s, inst);
    return withBodies(inst, (b) => inBody(s, b));
  }),
  end: body.end,
});

const innerDone = (s: State, body: Body): boolean =>
  body.insts.every((i) => (i.kind !== 'loop' || s.done.has(i.label)) && bodiesOf(i).every((b) => innerDone(s, b)));

/** Calls, or hooks, which are calls: a loop with one of them is not spoilt by one more. */
const hasCalls = (body: Body): boolean => {
  let any = false;
  forEachInst(body, (i) => {
    any ||= i.kind === 'op' && (i.op === 'call' || i.op === 'call.value' || i.op === 'hook');
  });
  return any;
};

/** A small loop of which nobody knows how long it goes on. */
const seldom = (s: State, loop: LoopInst, cost: number): LoopInst | undefined => {
  if (nextsOf(loop.body, loop.label).length === 0) return undefined;
  const rounds = Math.max(1, Math.min(severalOf(loop), Math.floor(s.spacing / cost)));
  const several = inSeveral(s.edit, loop, rounds);
  const all = cost * rounds;
  if (s.leavable) return exitFor(s.edit, several, { cost: all, kind: 'exit', rounds });
  return hookBeforeNext(several, { cost: all, kind: 'place', rounds });
};

const hooked = (s: State, loop: LoopInst): LoopInst => {
  s.done.add(loop.label);
  const round = s.walked.rounds.get(loop.label);
  if (round === undefined || s.asked.isKernel(loop, s.f)) return loop;
  const rounds = roundsOf(s.defs, loop, (v) => s.f.types[v]);
  if (rounds !== undefined && rounds * round <= s.spacing) return loop;
  const cost = Math.max(1, Math.round(round));
  const each = Math.floor(s.spacing / cost);
  const strip =
    cost < large && each > 1
      ? inStrips(s.edit, s.defs, loop, each, { cost: cost * each, kind: 'strip', rounds: each })
      : undefined;
  const made = strip ?? (cost < large && !hasCalls(loop.body) ? seldom(s, loop, cost) : undefined);
  if (made) {
    s.done.add(made.label);
    return made;
  }
  const hook = hookInst(loop.pos, { cost, kind: 'place', rounds: 1 });
  return { ...loop, body: { insts: [hook, ...loop.body.insts], end: loop.body.end } };
};

// ---- rows -------------------------------------------------------------------------------------------------------

/** A hook before what may begin too long after the last one. */
const inRows = (f: Func, asked: WalkContext, limit: number): Func => {
  const { late } = walk(f, asked, limit);
  if (late.size === 0) return f;
  const body = (b: Body): Body => ({
    insts: b.insts.flatMap((i) => {
      const inst = withBodies(i, body);
      return late.has(i) ? [hookInst(i.pos, { cost: limit, kind: 'row', rounds: 0 }), inst] : [inst];
    }),
    end: b.end,
  });
  return { ...f, body: body(f.body) };
};
