// What a pass is. The table of passes and the order they run in are in pipeline.ts.
import type { Func, IrPosition, IrProgram, OpInst, PosId } from './ir.ts';

/**
 * off: no guards, for measuring what they cost; all: each access of the program has one; opt: those are left that nothing shows to
 * be needless.
 */
export const guardModes = ['off', 'all', 'opt'] as const;
export type GuardMode = (typeof guardModes)[number];

/** What is checked as a program runs, besides what always is. */
export const checkModes = ['memory'] as const;
export type CheckMode = (typeof checkModes)[number];

/**
 * What makes hooks due. ticker: a flag, raised at every interval; count: what the code between them costs, so that the same
 * program with the same input always has the same ones due; off: there are none.
 */
export const timings = ['ticker', 'count', 'off'] as const;
export type Timing = (typeof timings)[number];

/**
 * What is done more often than any program needs it, to find mistakes of ours. switch: another task, or the same one anew, runs at every hook; beat: loops are
 * split at every hook; move: everything that can move does so at every hook; alloc-fail: allocations find no memory before they have made room.
 */
export const stresses = ['switch', 'beat', 'move', 'alloc-fail'] as const;
export type Stress = (typeof stresses)[number];
/** Those that can be had for each n-th hook, or allocation, only. */
export const spaced: readonly Stress[] = ['move', 'alloc-fail'];
export type Spacing = Readonly<Partial<Record<Stress, number>>>;

export interface HookSettings {
  /** Something is due at every hook: the task that runs is left there and gone on with. */
  readonly always?: boolean;
  /** A loop with `par for` is split at every hook. */
  readonly beats?: boolean;
  /** The times between are told. */
  readonly timed?: boolean;
  /** Every so many hooks everything moves that can; every so many allocations find no memory at first. */
  readonly moves?: number;
  readonly fails?: number;
  readonly timing: Timing;
  /** Microseconds between two times at which something is due. */
  readonly interval: number;
}

export const defaultInterval = 100;
/** Microseconds from one heartbeat to the next: see lower-par.ts. */
export const defaultHeartbeat = 100;
export const leastInterval = 1;
export const mostInterval = 100_000;

/** What programs are compiled with unless told otherwise. */
export const defaultTiming: Timing = 'ticker';

/** What a pass may ask besides the function: the whole program (read only), and new positions for inlined code. */
export interface PassContext {
  readonly program: IrProgram;
  readonly func: (name: string) => Func | undefined;
  /** Interns a position. */
  readonly position: (p: IrPosition) => PosId;
  readonly positionOf: (id: PosId) => IrPosition;
  /**
   * Asked before each optional rewrite: false once `--opt-limit` is used up. Numbers decisions for bisection.
   * Cheap; call it once for each decision that changes the function.
   */
  readonly allow: () => boolean;
  /** Takes note, for people, why a check goes: only where somebody asks (`--emit=checks`). */
  readonly explain?: ((check: OpInst, why: string, asked?: true) => void) | undefined;
  /** How much is guarded. */
  readonly guards: GuardMode;
  readonly hooks: HookSettings;
  /** Passes that will still run after this one. */
  readonly pending: ReadonlySet<string>;
}

export interface Pass {
  readonly name: string;
  readonly run: (f: Func, context: PassContext) => Func;
  /** What the pass does to the program as a whole, before `run` sees each function; most do nothing. */
  readonly whole?: (program: IrProgram, context: PassContext) => IrProgram;
  /** A required pass lowers something the emitter cannot take; `--skip` refuses it. */
  readonly required: boolean;
  readonly doc: string;
}
