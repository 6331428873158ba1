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
//   - A row of loops and calls, each of which may be over just before its hook, has one before it may take longer than an interval, up to the next
//     hook in what is called. So no path is longer than that, in no function.
//
// Loops of the run-time have none, wherever they are: nobody is interrupted in the middle of the allocator. Their loops go over images, over lists
// of theirs and over memory that is moved; those that wait for other images sleep, and are woken.
import { intervalUnits, spacingUnits } from '../cost.ts';
import { type Defs, defsOf } from '../facts.ts';
import { type Summary, type Walk, type WalkContext, walk, walkContext } from '../hook-paths.ts';
import { walkTogether } from '../hook-summaries.ts';
import type { Body, Func, Inst, IrProgram, LoopInst, Terminator } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { callsOf, componentsOf, isCircle, recursionHooks } from '../recursion.ts';
import { roundsOf } from '../rounds.ts';
import { hasTasks } from '../runtime-functions.ts';
import { hookBeforeNext, inSeveral, severalOf } from '../several-rounds.ts';
import { exitFor, hookInst, inStrips } from '../strip.ts';
import { bodiesOf, type Edit, editOf, forEachInst, nextsOf, withBodies } from '../tree.ts';

/** Bodies that cost more have a hook in each round: it is no more than a hundredth of them. */
const large = 300;

/** Functions of a circle that are walked one within the other, when the first of them is worked on: circles can be as long as a program. */
const deepest = 100;

/** What is to be known of the program around a function. */
interface Around {
  /** Functions that have a hook before they come back to themselves. */
  readonly recursive: ReadonlySet<string>;
  /** Whether a function is of the component that is worked on. */
  readonly isOwn: (name: string) => boolean;
  readonly asked: WalkContext;
  readonly interval: number;
  /** Functions can be left at hooks. */
  readonly leavable: boolean;
}

export const hooks = (program: IrProgram, { hooks: { timing, interval } }: PassContext): IrProgram => {
  if (timing === 'off') return program;
  const calls = callsOf(program);
  const funcs = new Map(program.funcs.map((f) => [f.name, f]));
  const known = new Map<string, Summary>();
  // Functions that come back to themselves, while they are worked on: as they are so far.
  const open = new Set<string>();
  const soFar = new Map<Func, Summary>();
  const asked = walkContext(program, (name) => {
    const f = funcs.get(name);
    const before = known.get(name) ?? (f && soFar.get(f));
    if (before || !f || open.has(name) || open.size >= deepest) return before;
    open.add(name);
    const found = walk(f, asked);
    open.delete(name);
    soFar.set(f, found);
    return found;
  });
  const recursive = recursionHooks(calls);
  const leavable = hasTasks(program);
  const limit = intervalUnits(interval);
  for (const names of componentsOf(calls)) {
    const own = new Set(names);
    const around = { recursive, isOwn: (name: string) => own.has(name), asked, interval, leavable };
    const change = (which: readonly string[], by: (f: Func) => Func): void => {
      for (const name of which) {
        const f = funcs.get(name);
        if (f) funcs.set(name, by(f));
      }
    };
    change(
      names.filter((name) => recursive.has(name)),
      (f) => beforeCalls(f, around),
    );
    // Loops that recurse see what they call as it is now: with hooks before it comes back.
    soFar.clear();
    change(names, (f) => inLoops(f, around));
    for (const [f, walked] of inRows(
      names.flatMap((name) => funcs.get(name) ?? []),
      (now) => walkTogether(now, isCircle(calls, names), asked, limit),
      limit,
    )) {
      funcs.set(f.name, f);
      known.set(f.name, walked);
    }
  }
  return { ...program, funcs: program.funcs.map((f) => funcs.get(f.name) ?? f) };
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
const beforeCalls = (f: Func, { asked, interval, isOwn }: Around): Func => {
  const { exit, worst } = walk(f, asked);
  const cost = Math.max(1, Math.min(exit.through, spacingUnits(interval)), worst.cost);
  const comesBack = (i: Inst): boolean => {
    if (i.kind !== 'op') return bodiesOf(i).some((b) => b.insts.some(comesBack));
    const callees = i.op === 'call' ? [String(i.imms[0])] : asked.values(i, f);
    return callees.some(isOwn);
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

const inLoops = (f: Func, { asked, interval, leavable }: Around): Func => {
  const spacing = spacingUnits(interval);
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

/**
 * A hook before what would make a path too long: what follows it up to the next hook counts, also in what is called. The functions of a component, with what
 * they then do.
 */
const inRows = (
  funcs: readonly Func[],
  walkAll: (now: readonly Func[]) => ReadonlyMap<string, Walk>,
  limit: number,
): readonly (readonly [Func, Walk])[] => {
  let now = funcs;
  // In functions that call each other a hook in one may make another one needless, or wanted in another place.
  for (;;) {
    const walked = walkAll(now);
    const late = (f: Func): ReadonlySet<Inst> => walked.get(f.name)?.late ?? new Set();
    if (now.every((f) => late(f).size === 0))
      return now.flatMap((f) => {
        const w = walked.get(f.name);
        return w ? [[f, w] as const] : [];
      });
    now = now.map((f) => withHooksBefore(f, late(f), limit));
  }
};

const withHooksBefore = (f: Func, late: ReadonlySet<Inst>, limit: number): Func => {
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
