// What the main thread and the threads of the images say to each other.
import type { Format } from './abi.ts';
import type { FileRules } from './files.ts';

/** Everything an image needs to run. */
export interface StartMessage {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly image: number;
  readonly images: number;
  readonly slotBits: number;
  /** Offset in the slot of the end of the stack, where the stack pointer starts. */
  readonly stackTop: number;
  /** Offset from which on the program may write once init is done. */
  readonly writableBase: number;
  readonly formats: readonly Format[];
  /** It goes on from a checkpoint: its memory is laid out. */
  readonly resumed: boolean;
  /** Count what is written to standard output: for checkpoints. */
  readonly counted: boolean;
  /** Streams whose lines are posted instead of written to the file descriptor. */
  readonly post: { readonly out: boolean; readonly err: boolean };
  /** `process.hrtime.bigint()` at the start of the run: the origin of `now()`. */
  readonly origin: bigint;
  /** Which files the program may read and write. */
  readonly files: FileRules;
}

export type ImageMessage =
  /** The thread has started and waits for its start message. The first it says. */
  | { readonly kind: 'up' }
  /** A whole line, with its place in the order of all lines of the run. */
  | { readonly kind: 'line'; readonly ticket: number; readonly stream: 1 | 2; readonly text: string }
  | { readonly kind: 'finished' }
  /** An exception ended the image: what it was, and the stack as V8 wrote it. */
  | { readonly kind: 'threw'; readonly name: string; readonly message: string; readonly stack: string }
  | { readonly kind: 'link'; readonly message: string }
  | { readonly kind: 'output-failed'; readonly stream: 1 | 2; readonly code: string };
