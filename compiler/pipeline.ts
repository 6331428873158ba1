// The passes and the road through them: read this first.
//
// `passes` is the table, `order` says which must come before which and why, `sequence` is what a compilation runs. A pass is
// a function from a function to a function; where it has to see the whole program it has a `whole` besides.
//
//   while PGAS operations are visible   fold inline promote cse unroll licm check-elim split …
//   then                                lower-shared: elements of distributed arrays become addresses
//   while addresses are arithmetic      fold cse licm strength …
//   when accesses are what will run     guard-insert: each has a guard; guard-known … : fewer and fewer have
//   last                                lower-runtime: barriers, collectives and the heap become calls

import { isChecked } from './checked.ts';
import { boundUnits } from './cost.ts';
import type { Func, IrPosition, IrProgram, OpInst, PosId } from './ir.ts';
import { carry } from './passes/carry.ts';
import { checkElim } from './passes/check-elim.ts';
import { comm } from './passes/comm.ts';
import { cse } from './passes/cse.ts';
import { dce } from './passes/dce.ts';
import { disambiguate } from './passes/disambiguate.ts';
import { dropFunctions } from './passes/drop-functions.ts';
import { escapes } from './passes/escape.ts';
import { fibers } from './passes/fibers.ts';
import { fold } from './passes/fold.ts';
import { guardAvailable } from './passes/guard-available.ts';
import { guardHoist } from './passes/guard-hoist.ts';
import { guardInsert } from './passes/guard-insert.ts';
import { guardKnown } from './passes/guard-known.ts';
import { guardMerge } from './passes/guard-merge.ts';
import { guardRange } from './passes/guard-range.ts';
import { guardSplit } from './passes/guard-split.ts';
import { hooks } from './passes/hooks.ts';
import { ifConvert } from './passes/if-convert.ts';
import { inline } from './passes/inline.ts';
import { interchange } from './passes/interchange.ts';
import { jam } from './passes/jam.ts';
import { licm } from './passes/licm.ts';
import { lowerHooks } from './passes/lower-hooks.ts';
import { lowerRuntime } from './passes/lower-runtime.ts';
import { lowerShared } from './passes/lower-shared.ts';
import { modulo } from './passes/modulo.ts';
import { owners } from './passes/owners.ts';
import { partialUnroll } from './passes/partial-unroll.ts';
import { pin } from './passes/pin.ts';
import { promote } from './passes/promote.ts';
import { roots } from './passes/roots.ts';
import { rotate } from './passes/rotate.ts';
import { sideExit } from './passes/side-exit.ts';
import { sink } from './passes/sink.ts';
import { split } from './passes/split.ts';
import { strength } from './passes/strength.ts';
import { thread } from './passes/thread.ts';
import { track } from './passes/track.ts';
import { unroll } from './passes/unroll.ts';
import { unswitch } from './passes/unswitch.ts';
import { vectorise } from './passes/vectorise.ts';
import { defaultInterval, type GuardMode, type HookSettings, type Pass, type PassContext } from './passes.ts';
import { outwardOps } from './runtime-functions.ts';
import { renumber, uniqueLabels } from './tree.ts';
import { verify } from './verify.ts';
import { lostHooks, verifyHooks } from './verify-hooks.ts';

const unchanged = (f: Func): Func => f;

export const passes = [
  { name: 'fold', run: fold, required: false, doc: 'constants, identities, branches on constants' },
  { name: 'inline', run: inline, required: false, doc: 'bodies of small functions in place of their calls' },
  { name: 'promote', run: promote, required: false, doc: 'frame slots that nothing points to become values' },
  { name: 'cse', run: cse, required: false, doc: 'what was computed before is not computed again' },
  { name: 'dce', run: dce, required: false, doc: 'what nobody needs goes' },
  {
    name: 'thread',
    run: thread,
    required: false,
    doc: 'a condition that is decided on the way to it is not tested again',
  },
  { name: 'unroll', run: unroll, required: false, doc: 'loops of a few known rounds become straight code' },
  { name: 'licm', run: licm, required: false, doc: 'what does not change in a loop is computed before it' },
  { name: 'check-elim', run: checkElim, required: false, doc: 'checks that loop bounds and conditions imply go' },
  {
    name: 'unswitch',
    run: unswitch,
    required: false,
    doc: 'conditions that do not change in a loop are tested before it',
  },
  { name: 'split', run: split, required: false, doc: 'a loop runs only over the indices for which it does something' },
  { name: 'comm', run: comm, required: true, doc: 'accesses to shared memory are counted, where that is asked for' },
  {
    name: 'owners',
    run: owners,
    required: false,
    doc: 'a loop over a distributed array asks once a block who owns its elements',
  },
  { name: 'lower-shared', run: lowerShared, required: true, doc: 'elements of distributed arrays become addresses' },
  { name: 'rotate', run: rotate, required: false, doc: 'loops test at the end: one branch an iteration' },
  {
    name: 'disambiguate',
    run: disambiguate,
    required: false,
    doc: 'what a loop reads at one place is read before it, if its stores do not touch it; the loop is there twice',
  },
  { name: 'guard-insert', run: guardInsert, required: true, doc: 'a guard before every access' },
  { name: 'guard-known', run: guardKnown, required: false, doc: 'accesses of known objects need no guard' },
  {
    name: 'guard-available',
    run: guardAvailable,
    required: false,
    doc: 'what was guarded on every way here is not guarded again',
  },
  { name: 'guard-hoist', run: guardHoist, required: false, doc: 'a guard of one place goes before the loop' },
  {
    name: 'guard-range',
    run: guardRange,
    required: false,
    doc: 'what a loop walks through is guarded before it; the loop is there twice',
  },
  {
    name: 'guard-split',
    run: guardSplit,
    required: false,
    doc: 'what follows a pointer that is used several times is there twice, once without its guards',
  },
  { name: 'guard-merge', run: guardMerge, required: false, doc: 'guards that follow each other become one test' },
  {
    name: 'sink',
    run: sink,
    required: false,
    doc: 'what both arms of a condition store in one place is chosen by it, and stored after it',
  },
  {
    name: 'interchange',
    run: interchange,
    required: false,
    doc: 'two loops change places where the inner one walks in long steps and the outer one in short ones',
  },
  {
    name: 'jam',
    run: jam,
    required: false,
    doc: 'four iterations of an outer loop are done side by side in the inner one',
  },
  {
    name: 'vectorise',
    run: vectorise,
    required: false,
    doc: 'several iterations of a loop are done at once, with vectors',
  },
  {
    name: 'modulo',
    run: modulo,
    required: false,
    doc: 'quotient and remainder of a counter advance by addition',
  },
  {
    name: 'carry',
    run: carry,
    required: false,
    doc: 'what a loop stored in the round before is not read again',
  },
  {
    name: 'if-convert',
    run: ifConvert,
    required: false,
    doc: 'a branch that only chooses between numbers is none',
  },
  {
    name: 'side-exit',
    run: sideExit,
    required: false,
    doc: 'a loop runs without what hardly ever happens until it happens; the loop is there twice',
  },
  {
    name: 'partial-unroll',
    run: partialUnroll,
    required: false,
    doc: 'a small loop does several rounds before it tests once',
  },
  { name: 'strength', run: strength, required: false, doc: 'addresses in loops advance by addition' },
  {
    name: 'drop-functions',
    run: unchanged,
    whole: dropFunctions,
    required: false,
    doc: 'functions that nothing reaches go',
  },
  { name: 'escape', run: escapes, required: true, doc: 'places of pointers are told, where all memory is tracked' },
  { name: 'track', run: track, required: true, doc: 'objects that come and go are told, where memory is tracked' },
  { name: 'lower-runtime', run: lowerRuntime, required: true, doc: 'barriers, collectives, the heap become calls' },
  {
    name: 'hooks',
    run: unchanged,
    whole: hooks,
    required: true,
    doc: 'a hook in every loop and recursion that may take long',
  },
  { name: 'lower-hooks', run: lowerHooks, required: true, doc: 'hooks become tests of a flag and calls' },
  { name: 'pin', run: pin, required: true, doc: 'objects whose address is a number stay where they are' },
  { name: 'roots', run: roots, required: true, doc: 'pointers that live while objects move are kept in frames' },
  {
    name: 'fibers',
    run: unchanged,
    whole: fibers,
    required: true,
    doc: 'functions that a switch of fibers can leave can be gone on with',
  },
] as const satisfies readonly Pass[];

export type PassName = (typeof passes)[number]['name'];

export const passNames: readonly PassName[] = passes.map((p) => p.name);

/** What `optimise` runs, unless told otherwise. A pass may come more than once: each clears the way for others. */
export const sequence: readonly PassName[] = [
  'drop-functions',
  'fold',
  'inline',
  'drop-functions',
  'fold',
  'promote',
  'cse',
  'fold',
  'thread',
  'unroll',
  'fold',
  'unroll',
  'fold',
  'cse',
  'licm',
  'check-elim',
  'fold',
  'dce',
  'unswitch',
  'split',
  'fold',
  'cse',
  'dce',
  'comm',
  'owners',
  'lower-shared',
  'fold',
  'cse',
  'licm',
  'rotate',
  'fold',
  'cse',
  'licm',
  'disambiguate',
  'fold',
  'cse',
  'licm',
  'guard-insert',
  'guard-known',
  'guard-available',
  'guard-hoist',
  'guard-range',
  'guard-available',
  'guard-split',
  'guard-merge',
  'sink',
  'interchange',
  'jam',
  'vectorise',
  'modulo',
  'carry',
  'if-convert',
  'side-exit',
  'partial-unroll',
  'strength',
  'fold',
  'cse',
  'dce',
  'drop-functions',
  'escape',
  'track',
  'lower-runtime',
  'fold',
  'dce',
  'drop-functions',
  'hooks',
  'lower-hooks',
  'drop-functions',
  'pin',
  'roots',
  'fibers',
];

/** The first run of the one comes before the first run of the other, for this reason. */
export const order = [
  ['fold', 'unroll', 'the number of rounds is a constant only after folding'],
  ['inline', 'promote', 'a slot passed to a function escapes until the function is part of this one'],
  ['promote', 'cse', 'values can be shared, memory only until the next store'],
  ['inline', 'thread', 'functions that answer early are tested where they were called'],
  ['thread', 'check-elim', 'conditions of which each part is tested imply more'],
  ['thread', 'rotate', 'a loop whose test is its first condition can be turned'],
  ['unroll', 'licm', 'indices of unrolled rounds do not change in the loop around them'],
  ['cse', 'check-elim', 'facts are about values: equal indices must be the same value'],
  ['licm', 'check-elim', 'extents and bounds are read once, before the loop, and can then be compared'],
  ['check-elim', 'unswitch', 'the conditions that imply a check are still around it'],
  ['check-elim', 'split', 'the conditions that imply a check are still around it'],
  ['unswitch', 'split', 'a condition is split only when what does not change in the loop is out of it'],
  ['check-elim', 'comm', 'what need not be read is no communication'],
  ['check-elim', 'owners', 'a loop that is cut into blocks says less of its counter'],
  ['split', 'owners', 'what is split has one loop around it'],
  ['comm', 'owners', 'elements of distributed arrays are still accesses of their own'],
  ['owners', 'lower-shared', 'elements of distributed arrays are still known by their indices'],
  ['comm', 'lower-shared', 'elements of distributed arrays are still accesses of their own'],
  ['check-elim', 'lower-shared', 'bounds are extents of arrays by name, not loads'],
  ['unswitch', 'lower-shared', 'bodies are small while addresses are single ops'],
  ['lower-shared', 'rotate', 'the address arithmetic of elements should move out of rotated loops too'],
  ['lower-shared', 'strength', 'there are no addresses before'],
  ['rotate', 'strength', 'a load can leave a rotated loop: its address then needs no induction variable'],
  ['promote', 'track', 'objects that never come to be need no entry'],
  ['promote', 'escape', 'what lives in values is not stored'],
  ['escape', 'track', 'frames with pointers in them are objects too'],
  ['track', 'lower-runtime', 'what is told becomes calls'],
  ['rotate', 'disambiguate', 'the first iteration of a rotated loop makes its reads in any case'],
  ['licm', 'disambiguate', 'reads that no store can change are out of the loop without more ado'],
  ['disambiguate', 'guard-insert', 'what is read before the loop has no guard in it'],
  ['rotate', 'guard-insert', 'guards are put where accesses are in the end: code moves freely before'],
  ['lower-shared', 'guard-insert', 'elements of distributed arrays are known to be granted when they become addresses'],
  ['guard-insert', 'guard-known', 'elision needs guards to remove'],
  ['guard-known', 'guard-available', 'facts are about guards that are left'],
  ['guard-available', 'guard-hoist', 'what was guarded before a loop is not hoisted out of it'],
  ['guard-hoist', 'guard-range', 'a loop is doubled only for what cannot simply go before it'],
  ['guard-range', 'guard-split', 'loops that are there twice anyhow are not split once more'],
  ['guard-split', 'guard-merge', 'what is merged are the guards that no version is without'],
  ['guard-range', 'guard-merge', 'guards that are merged are no more found in loops'],
  ['guard-merge', 'interchange', 'a nest without guards and checks is a straight line, in which nothing can fail'],
  [
    'interchange',
    'jam',
    'which of two loops is the inner one is settled before several iterations of the outer one are done in it',
  ],
  ['interchange', 'vectorise', 'the inner loop is the one with vectors'],
  ['guard-merge', 'jam', 'a nest without guards and checks is a straight line'],
  ['jam', 'vectorise', 'what four rows have in common is one loop for vectors'],
  ['jam', 'strength', 'ranges are read off indices, not off pointers that advance'],
  ['guard-insert', 'strength', 'ranges are read off indices, not off pointers that advance'],
  ['guard-insert', 'lower-runtime', 'what the run-time does in the place of ops is its own matter'],
  ['lower-shared', 'lower-runtime', 'lower-runtime takes what lower-shared leaves'],
  ['lower-runtime', 'hooks', 'hook spacing is measured on the code that will run'],
  ['guard-merge', 'vectorise', 'a loop with guards in it is none for vectors; what is left of them is final'],
  ['guard-merge', 'sink', 'guards of both arms are still beside their stores'],
  ['sink', 'vectorise', 'loops with vectors store in any case'],
  ['sink', 'if-convert', 'a condition that only chooses needs no branch'],
  ['vectorise', 'modulo', 'what is carried from round to round keeps a loop from vectors'],
  ['guard-range', 'modulo', 'ranges are read off indices, not off remainders that advance'],
  ['lower-shared', 'modulo', 'elements of cyclic arrays have divisions only then'],
  ['modulo', 'strength', 'quotients are counters: their addresses advance'],
  ['vectorise', 'carry', 'what is carried from round to round keeps a loop from vectors'],
  ['carry', 'strength', 'what is read in the next round is seen in indices, not in pointers that advance'],
  ['vectorise', 'if-convert', 'loops with vectors have masks for conditions'],
  ['lower-shared', 'side-exit', 'what hardly ever happens is an element of another image'],
  ['vectorise', 'side-exit', 'a loop that is left half-way is none for vectors'],
  ['vectorise', 'partial-unroll', 'what is done with vectors is done several rounds at once already'],
  ['carry', 'partial-unroll', 'a number that is carried into the next round is one of the several as well'],
  ['if-convert', 'partial-unroll', 'a choice is looked at once'],
  ['side-exit', 'partial-unroll', 'the loop that hardly ever runs stays small'],
  ['partial-unroll', 'strength', 'rounds that are done at once share pointers'],
  ['side-exit', 'strength', 'each of the two loops has pointers of its own'],
  ['check-elim', 'if-convert', 'conditions imply more than choices do'],
  ['vectorise', 'strength', 'how far apart accesses are is read off indices, and pointers into vectors advance too'],
  ['strength', 'hooks', 'strips need the bound of a loop, and its pointers go on from strip to strip'],
  ['hooks', 'lower-hooks', 'hooks are there to be lowered'],
  ['lower-hooks', 'roots', 'hooks may move objects if what they call does'],
  ['lower-runtime', 'pin', 'which calls move objects is known when all calls are there'],
  ['lower-runtime', 'fibers', 'which functions can be left is known when all calls are there'],
  ['roots', 'fibers', 'what is kept in frames needs not be kept in records'],
  ['lower-runtime', 'roots', 'which calls move objects is known when all calls are there'],
] as const satisfies readonly (readonly [PassName, PassName, string])[];

/** Constraints of `order` that a sequence breaks, as sentences. */
export const brokenOrder = (names: readonly PassName[]): readonly string[] =>
  order.flatMap(([before, after, why]) => {
    const first = names.indexOf(before);
    const second = names.indexOf(after);
    return first >= 0 && second >= 0 && first > second ? [`${before} must come before ${after}: ${why}`] : [];
  });

/** How much of its memory a program tells the table of objects. */
export type Tracking = 'off' | 'allocations' | 'all';

/** Passes of the sequence that only run for this much tracking. */
const trackers: Readonly<Partial<Record<PassName, readonly Tracking[]>>> = {
  escape: ['all'],
  track: ['allocations', 'all'],
};

/** The sequence for so much tracking. */
export const sequenceFor = (level: Tracking): readonly PassName[] =>
  sequence.filter((name) => trackers[name]?.includes(level) ?? true);

export interface OptimiseOptions {
  /** Default: off. */
  readonly track?: Tracking;
  /** Optional passes to leave out. */
  readonly skip?: readonly string[];
  /** At most so many optimisation decisions, over all passes: bisects a wrong one. */
  readonly optLimit?: number;
  /** These passes, in this order, instead of the default sequence. */
  readonly only?: readonly string[];
  /** Called after each pass with the program as it then is. */
  readonly after?: (pass: PassName, program: IrProgram) => void;
  /** How much is guarded; `opt` unless told otherwise. */
  readonly guards?: GuardMode;
  /** Default: no hooks. */
  readonly hooks?: HookSettings;
  /** Told why checks go, or (`asked`) before what they are asked about. */
  readonly explain?: (check: OpInst, why: string, asked?: true) => void;
  /** Check the invariants after each pass, and blame it. */
  readonly verify?: boolean;
}

/** Set by tests, for their own builds and those of processes that they start: at the end of each build it is proved that hooks are in order. */
const proves = (): boolean => process.env.PGC_PROVE_HOOKS === '1';

const tableRow = (name: string): Pass & { readonly name: PassName } => {
  const row = passes.find((p) => p.name === name);
  if (!row) throw new Error(`internal error: there is no pass ${name}`);
  return row;
};

/** Runs the passes. @throws Error (a bug of ours) if a pass breaks an invariant and `verify` is set. */
export const optimise = (program: IrProgram, options: OptimiseOptions = {}): IrProgram => {
  const skip = new Set(options.skip ?? []);
  const names = options.only ?? sequence;
  const wanted = new Set<string>(options.only ?? sequenceFor(options.track ?? 'off'));
  const budget: Budget = { left: options.optLimit ?? Number.POSITIVE_INFINITY, used: 0, settled: new WeakMap() };
  let now: IrProgram = { ...program, funcs: program.funcs.map(uniqueLabels) };
  const guards = options.guards ?? 'opt';
  const hooks = options.hooks ?? { timing: 'off', interval: defaultInterval };
  for (const [k, name] of names.entries()) {
    const pass = tableRow(name);
    if (skip.has(name) && !pass.required) continue;
    // A pass that was not asked for leaves the program as it is.
    const settings = { guards, hooks, explain: options.explain, pending: new Set(names.slice(k + 1)) };
    const before = now;
    if (wanted.has(name)) now = runPass(now, pass, budget, settings, options.verify ?? false);
    if (name === 'fibers' && hooks.timing !== 'off' && names.includes('lower-hooks') && proves()) {
      blameHooks(before, hooks, 'the passes before fibers');
      blameLost(before, now);
    }
    options.after?.(pass.name, now);
  }
  return { ...now, funcs: now.funcs.map(renumber) };
};

/** Runs just these passes, in this order. */
export const runPasses = (program: IrProgram, names: readonly string[], options: OptimiseOptions = {}): IrProgram =>
  optimise(program, { ...options, only: names });

interface Budget {
  left: number;
  /** Decisions taken so far. */
  used: number;
  /** Passes that found nothing to do in a function, as long as it is this one. */
  readonly settled: WeakMap<Func, Set<string>>;
}

/** Interns positions; the table is copied when the first new one comes. */
const positionTable = (
  program: IrProgram,
): { readonly intern: (p: IrPosition) => PosId; readonly table: () => readonly IrPosition[] } => {
  let table: readonly IrPosition[] = program.positions;
  let added: IrPosition[] | undefined;
  const keyOf = (p: IrPosition): string => `${p.file}:${p.line}:${p.col}:${p.fn}:${p.inlinedAt}`;
  let known: Map<string, PosId> | undefined;
  return {
    table: () => table,
    intern: (p) => {
      known ??= new Map(table.map((x, i) => [keyOf(x), i]));
      const key = keyOf(p);
      const before = known.get(key);
      if (before !== undefined) return before;
      if (!added) {
        added = [...table];
        table = added;
      }
      const id = added.push(p) - 1;
      known.set(key, id);
      return id;
    },
  };
};

const runPass = (
  program: IrProgram,
  pass: Pass,
  budget: Budget,
  settings: Pick<PassContext, 'guards' | 'hooks' | 'pending' | 'explain'>,
  verified: boolean,
): IrProgram => {
  const positions = positionTable(program);
  const funcs = new Map(program.funcs.map((f) => [f.name, f]));
  const context: PassContext = {
    ...settings,
    program,
    func: (name) => funcs.get(name),
    position: positions.intern,
    positionOf: (id) => positions.table()[id] ?? { file: 0, line: 0, col: 0, fn: '', inlinedAt: 0 },
    allow: () => {
      if (budget.left <= 0) return false;
      budget.left--;
      budget.used++;
      return true;
    },
  };
  const whole = pass.whole ? pass.whole(program, context) : program;
  for (const f of calleesFirst(whole)) funcs.set(f.name, runOn(f, pass, context, budget));
  const result: IrProgram = {
    ...whole,
    positions: positions.table(),
    funcs: whole.funcs.map((f) => funcs.get(f.name) ?? f),
  };
  if (verified) blame(result, pass, settings.hooks);
  return result;
};

/** A pass that takes no decision has changed nothing, and will not until another has. */
const runOn = (f: Func, pass: Pass, context: PassContext, budget: Budget): Func => {
  const settled = budget.settled.get(f);
  // What inlining does depends on the other functions too.
  if (settled?.has(pass.name) && pass.name !== 'inline') return f;
  const before = budget.used;
  const now = pass.run(f, context);
  if (pass.required || budget.used > before) return now;
  if (settled) settled.add(pass.name);
  else budget.settled.set(f, new Set([pass.name]));
  return f;
};

const blameHooks = (program: IrProgram, { interval }: HookSettings, after: string): void => {
  // Where each access is checked, most of the code is the run-time's.
  const limit = isChecked(program) ? Number.POSITIVE_INFINITY : boundUnits(interval);
  const [wrong] = verifyHooks(program, limit);
  if (wrong !== undefined) throw new Error(`internal error: hooks are not in order after ${after}: ${wrong}`);
};

const blameLost = (before: IrProgram, after: IrProgram): void => {
  const [lost] = lostHooks(before, after);
  if (lost !== undefined) throw new Error(`internal error: the pass fibers leaves out hooks of @${lost}`);
};

const blame = (program: IrProgram, pass: Pass, hooks: HookSettings): void => {
  if (hooks.timing !== 'off' && pass.name === 'hooks') blameHooks(program, hooks, 'the pass hooks');
  const broken = verify(program)[0];
  if (!broken) return;
  throw new Error(
    `internal error: pass ${pass.name} breaks ${broken.invariant} in @${broken.func}: ${broken.message} (at ${broken.path})`,
  );
};

/** Functions in an order in which callees come before their callers, as far as there is one. */
const calleesFirst = (program: IrProgram): readonly Func[] => {
  const byName = new Map(program.funcs.map((f) => [f.name, f]));
  const seen = new Set<string>();
  const sorted: Func[] = [];
  const visit = (f: Func): void => {
    if (seen.has(f.name)) return;
    seen.add(f.name);
    for (const i of outwardOps(f)) {
      const callee = i.op === 'call' ? byName.get(String(i.imms[0])) : undefined;
      if (callee) visit(callee);
    }
    sorted.push(f);
  };
  for (const f of program.funcs) visit(f);
  return sorted;
};
