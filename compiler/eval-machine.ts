// What evaluated code runs on: an explicit machine an image, so that any instruction can be the last of a time slice, no
// JavaScript stack grows with the program's, and a blocked image is a value.

import type { FaultKind, Format } from '../vm/abi.ts';
import type { Memory, Reg } from './eval-memory.ts';
import type { Paranoia } from './eval-paranoid.ts';
import type { IrGlobal, OpName, PosId } from './ir.ts';
import type { Layout } from './layout.ts';

/** One instruction: acts on the registers of the current frame and on its image. */
export type Step = (r: Reg[], m: Image) => void;

/** A function as a line of steps; structure has become jumps. */
export interface Code {
  readonly name: string;
  readonly steps: Step[];
  readonly positions: PosId[];
  readonly registers: number;
  readonly params: readonly number[];
  /** Bytes of its frame on the stack in memory. */
  readonly frameBytes: number;
  /** It goes on in a frame that is there already: always, never, or if this parameter is not 0. */
  readonly keepsFrame: boolean | number;
}

export interface Frame {
  readonly code: Code;
  readonly registers: Reg[];
  /** Address of the frame in memory. */
  base: number;
  /** Where the caller goes on, and which of its registers take the results. */
  readonly returnTo: number;
  readonly results: readonly number[];
}

export type Wait =
  | { readonly kind: 'collective'; readonly name: string }
  /** Until another image has written something. */
  | { readonly kind: 'idle'; readonly seen: number }
  /** On a futex; `deadline` in nanoseconds of virtual time. */
  | { readonly kind: 'wait32'; readonly address: number; readonly deadline: number; readonly result: number };

/** The machine of one image. */
export interface Image {
  readonly image: number;
  readonly slot: number;
  readonly frames: Frame[];
  /** The current frame's, for speed. */
  code: Code;
  registers: Reg[];
  base: number;
  pc: number;
  wait: Wait | undefined;
  finished: boolean;
  /** Ends the time slice. */
  yielding: boolean;
  /** Writes of others up to the beginning of the time slice. */
  others: number;
  ownWrites: number;
  idleSeen: number;
  /** The line under construction. */
  line: string;
}

export interface OutputChunk {
  readonly image: number;
  readonly stream: 1 | 2;
  /** With its newline, if it has one. */
  readonly text: string;
}

/** One collective operation that not all images have reached. */
export interface Meeting {
  readonly deliver: Map<number, (values: readonly Reg[]) => void>;
  readonly values: Reg[];
}

/** What all images share. */
export interface Node {
  readonly memory: Memory;
  readonly images: Image[];
  readonly layout: Layout;
  readonly globals: ReadonlyMap<string, IrGlobal>;
  readonly stackLimit: number;
  /** What guards have let pass, in paranoid runs. */
  readonly paranoia: Paranoia | undefined;
  readonly maxDepth: number;
  readonly code: (func: string) => Code;
  /** Functions that are used as values; such a value is the number here plus one. */
  readonly functions: readonly string[];
  /** Their types, by name (see `machineTypes`). */
  readonly signatures: ReadonlyMap<string, string>;
  readonly format: (format: Format, value: bigint | number | string) => string;
  readonly onOp: ((op: OpName) => void) | undefined;
  readonly onHook: ((image: number, memory: DataView) => boolean) | undefined;
  readonly output: OutputChunk[];
  readonly meetings: Map<string, Meeting>;
  readonly heap: Heap;
  /** Of each image: blocks of symmetric memory that `handle.new` gave, and free ones, by their offset. */
  readonly symmetric: Map<number, SymmetricBlocks>;
  /** Virtual time, nanoseconds: advances with steps, with looks at the clock, and to the next deadline when all sleep. */
  time: number;
}

/** Live and free blocks of the private heaps: address to bytes. */
export interface Heap {
  readonly live: Map<number, number>;
  /** Keyed by image and bytes. */
  readonly free: Map<string, number[]>;
}

export interface SymmetricBlocks {
  readonly live: Map<number, number>;
  free: { readonly at: number; readonly size: number }[];
}

/** How an evaluation ends. */
export type Outcome =
  | { readonly kind: 'ok' }
  | { readonly kind: 'exit'; readonly code: number; readonly image: number }
  | {
      readonly kind: 'fault';
      readonly fault: FaultKind;
      readonly image: number;
      readonly values: readonly bigint[];
      readonly position: PosId;
      /** The text of an assertion or trap. */
      readonly text?: string;
      /** Innermost first: function and position of each frame. */
      readonly stack: readonly { readonly func: string; readonly position: PosId }[];
    }
  /** Every image that has not finished waits. `state` is one of vm/abi.ts `states`, or `wait` for a bare futex. */
  | {
      readonly kind: 'deadlock';
      readonly waits: readonly { readonly image: number; readonly state: string; readonly position: PosId }[];
    }
  /** The limit of steps was reached. */
  | { readonly kind: 'steps' }
  /** The program cannot be started: a bad config value, no main, more memory than there is. */
  | { readonly kind: 'rejected'; readonly message: string };
