// The road of a program, as one function: text → syntax tree → typed tree → IR → IR → wasm. Each step is a function of its own
// (lang/check.ts, lower.ts, pipeline.ts, emit.ts); here they meet, and nothing else does.
import { astText } from '../lang/ast-text.ts';
import { check } from '../lang/check.ts';
import type { Diagnostic } from '../lang/diagnostic.ts';
import { parse } from '../lang/parser.ts';
import type { Source } from '../lang/source.ts';
import { version } from './build-info.ts';
import { watchChecks } from './check-list.ts';
import { uncheckedPasses } from './checked.ts';
import type { EmitForm } from './emit-forms.ts';
import { growthLines } from './growth.ts';
import { guardList } from './guard-list.ts';
import { hookList } from './hook-list.ts';
import { type FileHost, fileHost } from './host.ts';
import type { IrProgram } from './ir.ts';
import { printProgram } from './ir-text.ts';
import { lower } from './lower.ts';
import { type ParReport, parList } from './par-grain.ts';
import {
  type CheckMode,
  defaultHeartbeat,
  defaultInterval,
  defaultTiming,
  type GuardMode,
  type HookSettings,
  type Spacing,
  type Stress,
  type Timing,
} from './passes.ts';
import { optimise, type Tracking } from './pipeline.ts';
import { type HookShares, hookShares } from './profile-shares.ts';
import { moveRuntime } from './runtime-functions.ts';
import { type MoveReport, moveList } from './task-moves.ts';
import { vectorList } from './vector-list.ts';

export interface CompileOptions {
  /** How far to go, and what to give: `wasm` (the default) is the artifact; the others are texts for people. */
  readonly emit?: EmitForm;
  /** Where the program starts: at its `main` (the default), or at the test that the config `testConfig` chooses. */
  readonly start?: 'main' | 'tests';
  /** How much of its memory the program keeps a table of: nothing (the default), its objects, or places of pointers too. */
  readonly track?: Tracking;
  /** Objects of the private heap are moved when it is full of holes; on by itself for programs that import std.memory. */
  readonly moving?: boolean;
  /** `memory`: each access that is not known to be right asks the table of objects (docs/checked.md). Excludes `moving`. */
  readonly check?: CheckMode;
  /** The number of images that it is for: it runs on no other. */
  readonly images?: number;
  /** Names of optional passes to leave out. */
  readonly skip?: readonly string[];
  /** At most so many optimisation decisions: bisects a wrong one. */
  readonly optLimit?: number;
  /** Passes after which the IR is kept as text, in `dumps`; `all` means every one. */
  readonly printAfter?: readonly string[];
  /** How much is guarded; `opt`, the default, leaves out what is not needed, `off` everything. */
  readonly guards?: GuardMode;
  /** What makes hooks due (see passes.ts), and every how many microseconds (default: 100). */
  readonly timing?: Timing;
  /** Its runs can be kept and gone on with (`pgc run --checkpoint`): `main` is a task, and there are hooks. */
  readonly checkpoint?: boolean;
  /** For tests: see `stresses` in passes.ts. */
  readonly stress?: readonly Stress[];
  readonly spacing?: Spacing;
  readonly hookInterval?: number;
  /** Loops with `par for` are split every so many microseconds, if somebody is idle (default: 100); 0: never. */
  readonly heartbeat?: number;
  /** Count the guards that run. */
  readonly counts?: boolean;
  /** Let hooks take samples of where time goes: `pgc run --profile`. Its `main` is a task then. */
  readonly profile?: boolean;
  /** Let the run-time write down what happens, with times: `pgc run --trace`. */
  readonly trace?: boolean;
  /** Count accesses to memory of other images, by line: `pgc run --comm`. */
  readonly comm?: boolean;
  /** Folder of the library's `.pg` files, if not pgc's own. */
  readonly stdlib?: string;
}

export interface Dump {
  readonly pass: string;
  readonly text: string;
}

export interface CompileResult {
  /** Errors and warnings; there is an artifact (or the text asked for) exactly if no error is among them. */
  readonly diagnostics: readonly Diagnostic[];
  /** The sources that the diagnostics point into. */
  readonly sources: readonly Source[];
  /** The WebAssembly module, with all that a node needs to run it. */
  readonly artifact?: Uint8Array;
  readonly sourceMap?: string;
  /** What `emit` asked for when it was a text. */
  readonly text?: string;
  readonly dumps: readonly Dump[];
  /** Every file that was read, by path, with its text. */
  readonly dependencies: ReadonlyMap<string, string>;
}

/** A program: the path of its file, or its text with the path that messages should show. */
export type Input = string | { readonly path: string; readonly text: string };

const hostOf = (input: Input, options: CompileOptions): FileHost =>
  fileHost({
    ...(typeof input === 'string' ? {} : { texts: { [input.path]: input.text } }),
    ...(options.stdlib === undefined ? {} : { stdlib: options.stdlib }),
  });

/**
 * Compiles a program. Mistakes in it are diagnostics in the result; the promise is only rejected by an error in pgc.
 * Names in `skip` and `printAfter` must be those of passes (see `passNames` in pipeline.ts).
 */
export const compile = (input: Input, options: CompileOptions = {}): Promise<CompileResult> =>
  compileFrom(typeof input === 'string' ? input : input.path, hostOf(input, options), options);

const hookSettings = (options: CompileOptions): HookSettings => {
  const has = (stress: Stress): boolean => options.stress?.includes(stress) ?? false;
  const always = has('switch');
  const beats = has('beat');
  const moves = has('move') ? (options.spacing?.move ?? 1) : undefined;
  const fails = has('alloc-fail') ? (options.spacing?.['alloc-fail'] ?? 1) : undefined;
  const { timing = defaultTiming, hookInterval: interval = defaultInterval } = options;
  const needed = always || beats || moves !== undefined;
  return {
    timing: needed && timing === 'off' ? 'count' : timing,
    interval,
    always,
    beats,
    timed: options.counts ?? false,
    ...(moves === undefined ? {} : { moves }),
    ...(fails === undefined ? {} : { fails }),
  };
};

/** More ticks than a run can have. */
const never = 2 ** 30;

/** Ticks from one heartbeat to the next. */
const ticksPerBeat = (options: CompileOptions, hooks: HookSettings): number => {
  if (hooks.beats) return 0;
  const { heartbeat = defaultHeartbeat } = options;
  return heartbeat === 0 ? never : Math.max(1, Math.round(heartbeat / hooks.interval));
};

/** Compiles the program at `path` as `host` has it. */
export const compileFrom = async (
  path: string,
  host: FileHost,
  options: CompileOptions = {},
): Promise<CompileResult> => {
  const form = options.emit ?? 'wasm';
  const dumps: Dump[] = [];
  const checked = options.check === 'memory';
  const level = checked && (options.track ?? 'off') === 'off' ? 'allocations' : (options.track ?? 'off');
  const hooks = hookSettings(options);
  const switches = hooks.always ?? false;
  const profiled = options.profile ?? false;
  const parts = [
    ...(level === 'off' ? [] : ['memory']),
    ...(options.moving || hooks.moves !== undefined || hooks.fails !== undefined ? ['move'] : []),
    ...(checked ? ['check'] : []),
    ...(switches || profiled || options.checkpoint ? ['tasks'] : []),
    ...(profiled ? ['profile'] : []),
    ...(options.trace ? ['trace'] : []),
    ...(options.comm ? ['comm'] : []),
  ];
  const { program, diagnostics, sources } = check(path, host, options.start, parts);
  const result = { diagnostics, sources, dumps, dependencies: host.files };
  if (!program) return result;
  if (form === 'ast') {
    const main = sources.find((s) => s.path === path);
    return main ? { ...result, text: astText(parse(main).module) } : result;
  }
  const keep = new Set(options.printAfter ?? []);
  // A program that imports std.memory moves objects, asked or not; to move them it must know all places of pointers.
  const moving = program.functions.some((fn) => fn.symbol === moveRuntime.alloc);
  const track = moving ? 'all' : level;
  // Objects move at hooks: pointers that advance in a loop would have to be made anew at each.
  const restless = moving && (hooks.moves !== undefined || program.main.symbol === 'runtime.begin');
  // Parts of loops refer to memory that whoever moves, or checks each access, would have to know.
  const plain = track === 'off' && !checked && !options.checkpoint;
  const splits = plain && (hooks.beats || hooks.timing === 'ticker');
  const loops: ParReport[] = [];
  const pars = (loop: ParReport): void => void loops.push(loop);
  const tasks: MoveReport[] = [];
  const moves = (task: MoveReport): void => void tasks.push(task);
  // A profile, and the counts of accesses to others, are of the image whose task it is.
  const given = splits && !profiled && !options.comm ? (hooks.beats ? 'always' : 'idle') : undefined;
  // Hooks are ops for a short time only.
  let hooked = '';
  let vectors = 'none: the pass `vectorise` is left out\n';
  let earlier: IrProgram | undefined;
  let shares: readonly HookShares[] | undefined;
  const checks = form === 'checks' ? watchChecks() : undefined;
  const ticks = ticksPerBeat(options, hooks);
  const lowered = lower(program, {
    escapes: track === 'all',
    splits,
    ticksPerBeat: ticks,
    pars,
    moves,
    ...(given === undefined ? {} : { shares: given }),
  });
  const ir = optimise(options.images === undefined ? lowered : { ...lowered, images: options.images }, {
    track,
    skip: [
      ...(options.skip ?? []),
      ...(checked ? uncheckedPasses : []),
      ...(restless ? ['strength', 'vectorise'] : []),
    ],
    ...(options.optLimit === undefined ? {} : { optLimit: options.optLimit }),
    ...(options.guards === undefined ? {} : { guards: options.guards }),
    hooks,
    ...(checks ? { explain: checks.explain } : {}),
    after: (pass, now) => {
      checks?.after(pass, now);
      if (pass === 'hooks' && profiled) shares = hookShares(now);
      if (pass === 'hooks' && form === 'hooks')
        hooked = hookList(now, hooks.interval) + parList(now, loops) + moveList(now, tasks);
      if (pass === 'vectorise' && form === 'vector') vectors = vectorList(earlier ?? now);
      if (pass === 'fibers' && form === 'hooks') hooked += growthLines(earlier ?? now, now);
      earlier = now;
      if (keep.has(pass) || keep.has('all')) dumps.push({ pass, text: printProgram(now) });
    },
  });
  if (form === 'ir') return { ...result, text: printProgram(ir) };
  if (checks) return { ...result, text: checks.list(ir) };
  if (form === 'guards') return { ...result, text: guardList(ir) };
  if (form === 'hooks') return { ...result, text: hooked };
  if (form === 'vector') return { ...result, text: vectors };
  // Loads binaryen: only here, and only now.
  const { emit } = await import('./emit.ts');
  const { wasm, sourceMap, wat } = await emit(ir, {
    program: path,
    compiler: version,
    wat: form === 'wat',
    counts: options.counts ?? false,
    track,
    hooks,
    ...(shares === undefined ? {} : { shares }),
  });
  return { ...result, artifact: wasm, sourceMap, ...(wat === undefined ? {} : { text: wat }) };
};
