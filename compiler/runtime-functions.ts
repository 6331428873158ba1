// The run-time's functions that the compiler knows by name (stdlib/runtime*.pg; those of checked mode are in checked.ts), and which
// of them an op stands for until lower-runtime, or the emitter, makes the call. Whoever asks what a function calls has to count these.
import { isRuntime, profileServer, runFunction } from '../vm/abi.ts';
import { bits, effectBits } from './effects.ts';
import { hasFunction } from './has-function.ts';
import type { Body, Func, IrProgram, OpInst, OpName } from './ir.ts';
import type { HookSettings } from './passes.ts';

/** What guards call. */
export const guardRuntime = {
  read: 'runtime.permit_read',
  write: 'runtime.permit_write',
  refuse: 'runtime.refuse',
} as const;

/** What only programs have whose objects move (stdlib/runtime_move.pg). */
export const moveRuntime = {
  /** As runtime.alloc; slides the objects of the heap together before it gives up. */
  alloc: 'runtime.move.alloc',
  /** The object at an address stays where it is from now on. */
  pin: 'runtime.move.pin',
} as const;

/** What only programs have that are built to find our mistakes in it: what hooks call, and `new`. */
export const stressRuntime = { safepoint: 'runtime.move.safepoint', alloc: 'runtime.move.scarce' } as const;

/**
 * Functions of the run-time whose loops are worth vectors: what collectives combine arrays with, element by element. Others walk short lists, or
 * words that other images write meanwhile.
 */
export const combinesArrays = (name: string): boolean => name.startsWith('runtime.collectives.fold_');

/** What a hook calls when something is due. */
export const hookRuntime = 'runtime.hook';

/** What moves objects by itself. */
export const movers = ['runtime.move.slide', 'runtime.move.jolt', 'runtime.move.migrate'] as const;

/** What takes back permissions by itself: from the heap's lowest block, or from the end of symmetric memory. */
export const revokers = [
  'runtime.free',
  'runtime.array_free',
  // These make room for symmetric memory: free blocks at the heap's bottom are given back.
  'runtime.grow_symmetric',
  'runtime.lowest_fit',
  ...movers,
] as const;

/** What a hook calls in programs with tasks. */
export const tasksDue = 'runtime.tasks.due';
/** The same where tasks are switched at every hook. */
export const tasksForced = 'runtime.tasks.forced';

/** The same in programs with `par for`, whose loops may be split there; and where they are at every hook. */
export const parDue = 'runtime.par.due';
export const parForced = 'runtime.par.forced';

/** And where tasks are switched there, too. */
export const parForcedBoth = 'runtime.par.forced_both';

/** Functions that give a number, made when all of a program is lowered: whether tasks may move at all, and whether those may that begin with a function. */
export const sharesName = 'runtime.share.level';
export const mayMoveName = (entry: string): string => `runtime.share.of.${entry}`;

/** Whether tasks of a program may move to idle images: then it keeps what gives them away. */
export const hasShares = hasFunction('runtime.share.share');

const parServers: readonly string[] = [parDue, parForced, parForcedBoth];

/** Whether a program has loops that may be split: then it keeps what its hooks call. */
export const hasPars = (p: IrProgram): boolean => p.funcs.some((f) => parServers.includes(f.name));

/** What a hook may call where something is due. */
export const hookServers: readonly string[] = [hookRuntime, tasksDue, profileServer, ...parServers];

/** What is called before it in programs that tell how far apart such times are. */
export const hookTimer = 'runtime.time_hook';

/** Whether a program has tasks: the part of the run-time that schedules them. */
export const hasTasks = hasFunction(runFunction);

/** Whether a program is built for profiles: it has the part of the run-time that takes samples. */
export const isProfiled = hasFunction(profileServer);

/** What is called at a hook where something is due: in programs with tasks, others may run there. */
export const hookServer = (p: IrProgram, hooks: HookSettings): string => {
  if (isProfiled(p)) return profileServer;
  if (!hasTasks(p)) return hookRuntime;
  if (hooks.beats && hasPars(p)) return hooks.always ? parForcedBoth : parForced;
  if (hooks.always) return tasksForced;
  return hasPars(p) ? parDue : tasksDue;
};

const callees = new WeakMap<IrProgram, string>();

/** What hooks of a program with tasks call, as far as the program itself tells: once it is dropped what nothing calls, this is exact. */
const hookCallee = (p: IrProgram): string => {
  const known = callees.get(p);
  if (known !== undefined) return known;
  const names = new Set(p.funcs.map((f) => f.name));
  const some = isProfiled(p) ? profileServer : (parServers.find((name) => names.has(name)) ?? tasksDue);
  callees.set(p, some);
  return some;
};

/** Whether objects of this program move: it has the part of the run-time that moves them. */
export const isMoving = hasFunction(moveRuntime.alloc);

/** The functions that will be called for an op; a test compares the list with what lower-runtime does. */
export const runtimeFor: Partial<Record<OpName, string>> = {
  barrier: 'runtime.barrier',
  idle: 'runtime.idle',
  alloc: 'runtime.alloc',
  'alloc.shared': 'runtime.alloc_shared',
  free: 'runtime.free',
  'shared.init': 'runtime.shared_layout',
  'dynamic.init': 'runtime.dynamic_layout',
  'shared.swap': 'runtime.shared_swap',
  'handle.new': 'runtime.shared_new',
  'handle.new_co': 'runtime.co_new',
  'handle.free': 'runtime.array_free',
  'guard.read': guardRuntime.refuse,
  'guard.write': guardRuntime.refuse,
  'guard.read_range': guardRuntime.read,
  'guard.write_range': guardRuntime.write,
  allreduce: 'runtime.exchange',
  reduce: 'runtime.exchange',
  broadcast: 'runtime.exchange',
  hook: hookRuntime,
};

/** What lower-runtime calls besides for collectives, in programs that have it: those with teams. */
export const teamRuntime = ['runtime.team_value', 'runtime.members', 'runtime.rank'];

/** Of the functions every program may have, those that passes call though no op stands for them before. */
export const passesNeed: readonly string[] = [...Object.values(guardRuntime), hookRuntime, hookTimer];

const outward = new WeakMap<Body, readonly OpInst[]>();

const leading = new Map<OpName, boolean>();

const leads = (op: OpName): boolean => {
  const known = leading.get(op);
  if (known !== undefined) return known;
  const answer = op === 'func.ref' || runtimeFor[op] !== undefined || (effectBits(op) & bits.moves) !== 0;
  leading.set(op, answer);
  return answer;
};

/**
 * Ops that lead out of a function or may move objects, in order: calls and what will be calls, values of functions, waiting. Whoever
 * looks at the whole program after each pass looks at these; they are found once for as long as a body stays as it is.
 */
export const outwardOps = (f: Func): readonly OpInst[] => {
  const known = outward.get(f.body);
  if (known) return known;
  const found: OpInst[] = [];
  addOutward(f.body, found);
  outward.set(f.body, found);
  return found;
};

const addOutward = (body: Body, found: OpInst[]): void => {
  for (const i of body.insts) {
    if (i.kind === 'op') {
      if (leads(i.op)) found.push(i);
    } else if (i.kind === 'if') {
      addOutward(i.then, found);
      addOutward(i.else, found);
    } else addOutward(i.body, found);
  }
};

/** Names of what a function calls or takes the value of, now or once its ops are lowered. */
export const callsOf = (f: Func): ReadonlySet<string> => {
  const calls = new Set<string>();
  for (const i of outwardOps(f)) {
    const later = runtimeFor[i.op];
    if (i.op === 'call' || i.op === 'func.ref') calls.add(String(i.imms[0]));
    else if (later !== undefined) calls.add(later);
  }
  return calls;
};

/** What an instruction in a function calls, now or once it is lowered; undefined: nothing, or a value. */
export const calleeOf = (program: IrProgram, fn: string, inst: OpInst): string | undefined => {
  if (inst.op === 'call') return String(inst.imms[0]);
  if (inst.op === 'hook' && hasTasks(program)) return hookCallee(program);
  return inst.op === 'alloc' && isMoving(program) && !isRuntime(fn) ? moveRuntime.alloc : runtimeFor[inst.op];
};
