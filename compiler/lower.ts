// Typed tree → IR: the only place that knows both. Takes main, what it reaches, and the run-time; adds `init`, which
// computes module-level lets and lays out distributed arrays before main starts on every image.
import type { Source } from '../lang/source.ts';
import type { DimDist, Fn, Global, Local, Program } from '../lang/typed.ts';
import { alignOf, leadsToImage, sizeOf } from '../lang/types.ts';
import { unreachable } from '../lang/unreachable.ts';
import { isRuntime } from '../vm/abi.ts';
import type { Func, IrDim, IrGlobal, IrPosition, IrProgram, Value } from './ir.ts';
import { handleSymbol } from './lower-array.ts';
import { lowerExpr, lowerIndex } from './lower-expr.ts';
import { storeValue } from './lower-memory.ts';
import { grainName } from './lower-par.ts';
import { memoryLocals, splitsLoops } from './lower-scan.ts';
import {
  constI32,
  constI64,
  effect,
  emit,
  emitPlace,
  finish,
  fresh,
  newSlot,
  ofNewFunction,
  type ProgramState,
  position,
  type State,
} from './lower-state.ts';
import { lowerBlock, returnValue } from './lower-stmt.ts';
import { componentsOf, isAggregate, memTypeOf } from './lower-types.ts';
import { distrustCallers } from './lower-values.ts';
import { type ParReport, parDecisions } from './par-grain.ts';
import { callsOf, mayMoveName, passesNeed, sharesName, teamRuntime } from './runtime-functions.ts';
import { type MoveReport, moveObstacles } from './task-moves.ts';
import { renumber } from './tree.ts';

const newState = (
  program: ProgramState,
  fnName: string,
  inMemory: ReadonlySet<Local>,
  initialising: boolean,
): State => ({
  program,
  fnName,
  inMemory,
  ...ofNewFunction(),
  initialising,
  kernel: isRuntime(fnName),
  lowerBlock,
});

const functionOf = (s: State, name: string, params: readonly Value[], results: Func['results'], pos: number): Func => ({
  name,
  params,
  results,
  slots: s.slots,
  types: s.types,
  body: { insts: s.insts, end: s.end ?? { kind: 'unreachable', pos } },
  pos,
});

const lowerFunction = (program: ProgramState, fn: Fn): Func => {
  const s = newState(program, fn.symbol, memoryLocals(fn), false);
  const pos = position(s, fn.span);
  const params: Value[] = [];
  const byAddress = isAggregate(fn.result);
  if (byAddress) {
    const place = fresh(s, 'gptr');
    params.push(place);
    // Memory of the caller's, made for this: not a pointer of the program.
    s.resultPlace = emitPlace(s, pos, 'offset', [place, constI32(s, pos, 0)], [], sizeOf(fn.result));
  }
  for (const p of fn.params) {
    const values = componentsOf(p.type).map((c) => fresh(s, c));
    params.push(...values);
    const address = values[0];
    // An aggregate argument is the caller's copy: the parameter is that memory.
    if (isAggregate(p.type) && address !== undefined) {
      const place = emitPlace(s, pos, 'offset', [address, constI32(s, pos, 0)], [], sizeOf(p.type));
      s.env.set(p, { kind: 'memory', base: () => place });
    } else if (!s.inMemory.has(p)) s.env.set(p, { kind: 'values', values });
    else {
      const slot = newSlot(s, p.name, sizeOf(p.type), 8);
      const base = (): Value => emit(s, pos, 'frame', '', [], [slot]);
      s.env.set(p, { kind: 'memory', base });
      storeValue(s, pos, p.type, { base: base(), offset: 0, strict: false }, values);
    }
  }
  const value = lowerBlock(s, fn.body);
  if (fn.result.kind === 'void') finish(s, { kind: 'ret', args: [], pos });
  else if (fn.body.value && !s.end) returnValue(s, pos, value, fn.result);
  else finish(s, { kind: 'unreachable', pos });
  return functionOf(s, program.symbolOf(fn), params, byAddress ? [] : componentsOf(fn.result), pos);
};

const dimOf = (d: DimDist): IrDim => d.kind;

const configText = (g: Global): string => {
  if (g.value?.kind !== 'const') throw new Error(`internal error: config ${g.name} without a constant`);
  if (g.letter === undefined) return String(g.value.value);
  return `'${g.letter}'`;
};

const configType = (g: Global): string => {
  const t = g.type;
  if (t.kind === 'int') return `${t.signed ? 'i' : 'u'}${t.bits}`;
  return t.kind === 'float' ? `f${t.bits}` : t.kind;
};

const globalOf = (s: State, g: Global): IrGlobal => {
  const common = { name: g.symbol, pos: position(s, g.span) };
  const t = g.type;
  if (t.kind === 'sharedArray')
    return { ...common, kind: 'shared', elementBytes: sizeOf(t.element), dims: (g.dist ?? []).map(dimOf) };
  if (t.kind === 'dynamicArray')
    return { ...common, kind: 'dynamic', elementBytes: sizeOf(t.element), rank: t.rank, symmetric: g.storage === 'co' };
  const scalar = !isAggregate(t) && t.kind !== 'str' && t.kind !== 'slice';
  switch (g.storage) {
    case 'config': {
      const help = g.doc === undefined ? {} : { doc: g.doc };
      return {
        ...common,
        kind: 'config',
        type: memTypeOf(t),
        configType: configType(g),
        default: configText(g),
        ...help,
      };
    }
    case 'let':
      if (scalar) return { ...common, kind: 'let', type: memTypeOf(t) };
      return { ...common, kind: 'private', size: sizeOf(t), align: alignOf(t), fixed: true };
    case 'var':
      return { ...common, kind: 'private', size: sizeOf(t), align: alignOf(t) };
    case 'co':
    case 'shared':
      return { ...common, kind: 'symmetric', size: sizeOf(t), align: alignOf(t) };
    default:
      return unreachable(g.storage);
  }
};

/** One step of init: gives a global its first value or its layout. */
const initialise = (s: State, g: Global): void => {
  const pos = position(s, g.span);
  if (g.type.kind === 'sharedArray' || g.type.kind === 'dynamicArray') {
    const extents = (g.extents ?? []).map((e) => lowerIndex(s, e));
    if (g.type.kind === 'dynamicArray') return effect(s, pos, 'dynamic.init', '', extents, [g.symbol]);
    const extra = (g.dist ?? []).map((d) =>
      d.kind === 'blocks' ? lowerIndex(s, d.size) : d.kind === 'on' ? lowerIndex(s, d.image) : constI64(s, pos, 0),
    );
    return effect(s, pos, 'shared.init', '', [...extents, ...extra], [g.symbol]);
  }
  if (!g.value || g.storage === 'config') return;
  const value = lowerExpr(s, g.value);
  // A shared object is image 0's copy; the other images' copies are never looked at.
  storeValue(s, pos, g.type, { base: emit(s, pos, 'global', '', [], [g.symbol]), offset: 0, strict: false }, value);
};

/** A co array with fixed extents has no descriptor of its own: one is added if handles of it are taken. */
const describe = (s: State, g: Global): readonly IrGlobal[] => {
  const t = g.type;
  if (!g.handled || t.kind !== 'array') return [];
  const pos = position(s, g.span);
  const name = handleSymbol(g);
  effect(
    s,
    pos,
    'dynamic.init',
    '',
    t.extents.map((n) => constI64(s, pos, n)),
    [name],
  );
  const shape = { elementBytes: sizeOf(t.element), rank: t.extents.length };
  return [{ kind: 'dynamic', name, ...shape, symmetric: true, of: g.symbol, pos }];
};

type LaidOut = Extract<IrGlobal, { kind: 'shared' | 'dynamic' }>;

/** Code relies on it that the array has one layout on all images, which is known only when they have computed it. */
const isLaidOut = (g: IrGlobal): g is LaidOut =>
  g.kind === 'shared' || (g.kind === 'dynamic' && g.symmetric && g.of === undefined);

const lowerInit = (
  program: ProgramState,
  globals: readonly Global[],
  main: Fn,
): { readonly func: Func; readonly globals: readonly IrGlobal[] } => {
  const s = newState(program, 'init', new Set(), true);
  const irGlobals = [...globals.map((g) => globalOf(s, g)), ...globals.flatMap((g) => describe(s, g))];
  for (const g of globals) initialise(s, g);
  const pos = position(s, main.span);
  // Nobody may touch another image's symmetric memory before its owner has laid it out and given it first values.
  const symmetric = irGlobals.some(
    (g) => g.kind === 'symmetric' || g.kind === 'shared' || (g.kind === 'dynamic' && g.symmetric),
  );
  if (symmetric) effect(s, pos, 'barrier', '', []);
  for (const g of irGlobals.filter(isLaidOut)) {
    const rank = constI64(s, pos, g.kind === 'shared' ? g.dims.length : g.rank);
    effect(s, pos, 'call', '', [emit(s, pos, 'global', '', [], [g.name]), rank], ['runtime.same_layout']);
  }
  finish(s, { kind: 'ret', args: [], pos });
  return { func: functionOf(s, 'init', [], [], 0), globals: irGlobals };
};

/** What the checker makes the beginning of a program with tasks (lang/check-tasks.ts). */
const tasksBegin = 'runtime.begin';

/** Functions of the run-time for tasks that the compiler calls. */
const tasksNeed = /^runtime\.tasks\.(leave|leave_again|wait32|current|take|give|due|forced|can_end)$/;
/** The same of handlers and messages. */
const handlersNeed = /^runtime\.(handlers\.(dispatch|interrupt|alerted)|messages\.withdraw)$/;

/** Those that programs have only if they are built for a report on their run. */
const isWatcher = /^runtime\.(profile|trace|comm)\.watch$/;
/** And of the part for `par for`. */
const parNeed = /^runtime\.par\.(begin|end|deep|start|adapt|last|more|joined|due|forced|forced_both)$/;

const handlerDispatch = 'runtime.handlers.dispatch';

/** Names of what starts the program. A function of the program that is called so gets a name that nobody can write. */
const reserved = new Set(['init', 'main']);

const paths = (sources: readonly Source[]): readonly string[] => sources.map((x) => x.path);

/** A function that gives a number. */
const constantFunction = (name: string, value: bigint, pos: number): Func => ({
  name,
  params: [],
  results: ['i64'],
  slots: [],
  types: ['i64'],
  body: {
    insts: [{ kind: 'op', op: 'const', suffix: 'i64', results: [0], args: [], imms: [value], pos }],
    end: { kind: 'ret', args: [0], pos },
  },
  pos,
});

export interface LowerOptions {
  /** Loops with `par for` may be split: not where all pointers must be known, or each access is checked. */
  readonly splits?: boolean;
  /** Tasks may move to idle images; `always`: they are offered at each hook. Not where it matters who runs what. */
  readonly shares?: 'idle' | 'always';
  /** All that any program may need of the run-time: for those to which ops are added later. */
  readonly whole?: boolean;
  /** Told what was decided about each task that is spawned. */
  readonly moves?: (task: MoveReport) => void;
  /** See ProgramState. */
  readonly ticksPerBeat?: number;
  /** Told what was decided about each `par for`. */
  readonly pars?: (loop: ParReport) => void;
  /** Copies of pointers, and stores of them to strict variables, are told (see passes/escape.ts). */
  readonly escapes?: boolean;
}

/** Whether tasks may move, as functions that give it, which the run-time asks. */
const decideMoves = (
  state: ProgramState,
  program: Program,
  globals: readonly IrGlobal[],
  funcs: readonly Func[],
  options: LowerOptions,
): readonly Func[] => {
  if (!state.tasks) return [];
  const pointers = program.globals.find((g) => g.storage !== 'var' && g.storage !== 'let' && leadsToImage(g.type));
  const never = state.teams
    ? 'teams'
    : state.handlers
      ? 'handlers of messages'
      : pointers
        ? `pointers in \`${pointers.name}\``
        : undefined;
  const obstacleIn = moveObstacles(funcs, globals);
  let some = false;
  const made = state.spawns.map(({ entry, types, pos }) => {
    const obstacle =
      types === 'placed'
        ? { what: 'it was spawned on it', pos: 0 }
        : types === 'bound'
          ? { what: 'what it is given, or gives, belongs to it', pos: 0 }
          : never === undefined
            ? obstacleIn(entry)
            : { what: never, pos: 0 };
    if (types !== 'placed') options.moves?.({ pos, entry, obstacle });
    const free = options.shares !== undefined && obstacle === undefined;
    some ||= free;
    return constantFunction(mayMoveName(entry), free ? 1n : 0n, pos);
  });
  const level = some ? (options.shares === 'always' ? 2n : 1n) : 0n;
  return [...made, constantFunction(sharesName, level, 0)];
};

/** Lowers a checked program. Throws only on bugs of ours. */
export const lower = (program: Program, options: LowerOptions = {}): IrProgram => {
  const positions: IrPosition[] = [{ file: 0, line: 0, col: 0, fn: '', inlinedAt: 0 }];
  const wanted = new Set<Fn>();
  const state: ProgramState = {
    sources: program.sources,
    positions,
    positionIds: new Map(),
    strings: new Map(),
    data: [],
    wanted,
    symbolOf: (fn) => (fn === program.main ? 'main' : reserved.has(fn.symbol) ? `own ${fn.symbol}` : fn.symbol),
    swaps: program.globals.some((g) => g.swapped),
    teams: program.functions.some((fn) => fn.symbol === 'runtime.teams.enter'),
    tasks: program.main.symbol === tasksBegin,
    watchers: program.functions.flatMap((fn) => (isWatcher.test(fn.symbol) ? [fn.symbol] : [])),
    made: [],
    pars: [],
    spawns: [],
    // A handler of messages is called by whatever its image's worker runs.
    splits:
      (options.splits ?? true) &&
      program.functions.some((fn) => !isRuntime(fn.symbol) && splitsLoops(fn)) &&
      !program.functions.some((fn) => fn.symbol === handlerDispatch),
    messages: program.functions.some((fn) => fn.symbol === 'runtime.messages.withdraw'),
    handlers: program.functions.some((fn) => fn.symbol === handlerDispatch),
    ticksPerBeat: options.ticksPerBeat ?? 1,
    escapes: options.escapes ?? false,
  };
  const bySymbol = new Map<string, Fn>();
  const want = (symbol: string): void => {
    for (const fn of program.functions.slice(bySymbol.size)) bySymbol.set(fn.symbol, fn);
    const fn = bySymbol.get(symbol);
    if (fn) wanted.add(fn);
  };
  for (const symbol of [...passesNeed, ...(state.teams ? teamRuntime : [])]) want(symbol);
  for (const fn of program.functions) {
    // These parts are only there when they were asked for.
    if (/^runtime\.(memory|move|check|profile|trace|comm)\.\w+$/.test(fn.symbol)) wanted.add(fn);
    if (options.whole && /^runtime\.\w+$/.test(fn.symbol) && !teamRuntime.includes(fn.symbol)) wanted.add(fn);
    if (state.splits && parNeed.test(fn.symbol)) wanted.add(fn);
    if (state.tasks && (tasksNeed.test(fn.symbol) || handlersNeed.test(fn.symbol))) wanted.add(fn);
  }
  wanted.add(program.main);
  const { func: init, globals } = lowerInit(state, program.globals, program.main);
  const funcs: Func[] = [init];
  for (const name of callsOf(init)) want(name);
  let looked = 0;
  // A set that grows while it is walked: calls add to it, and ops that will be calls.
  for (const fn of wanted) {
    const func = lowerFunction(state, fn);
    funcs.push(func);
    // Bodies of loops and entries of tasks are functions, too.
    for (const name of [func, ...state.made.slice(looked)].flatMap((f) => [...callsOf(f)])) want(name);
    looked = state.made.length;
  }
  funcs.push(...state.made);
  const decide = parDecisions(funcs);
  // Those of a program that splits no loops are told, too.
  const whole = { what: state.handlers ? 'handlers of messages' : 'what the program is built with', pos: 0 };
  for (const { pos, around } of state.splits ? [] : state.pars)
    options.pars?.({ pos, around, grain: -1n, obstacle: whole });
  for (const p of state.splits ? state.pars : []) {
    const { grain, obstacle } = state.teams ? { grain: -1n, obstacle: { what: 'teams', pos: 0 } } : decide(p.name);
    funcs.push(constantFunction(grainName(p.n), grain, p.pos));
    options.pars?.({ pos: p.pos, around: p.around, grain, obstacle });
  }
  const moving = decideMoves(state, program, globals, funcs, options);
  funcs.push(...moving);
  return {
    files: paths(program.sources),
    positions,
    globals,
    data: state.data,
    funcs: distrustCallers(funcs.map(renumber)),
  };
};
