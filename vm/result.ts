// What a run can come to: one union, made by run.ts and rendered by report.ts. Everything here is plain data.
import type { ConfigEntry, FaultKind } from './abi.ts';

/** A line of the PG call stack. `line` 0: the place is not known. `inlined`: its code was put into the frame that follows. */
export interface Frame {
  readonly fn: string;
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly inlined: boolean;
}

/** Faults that are found by the machine and not by a check: what wasm itself traps on. */
export type MachineFault = 'address' | 'alignment' | 'internal';

export interface Fault {
  readonly image: number;
  readonly kind: FaultKind | MachineFault;
  /** The cause with its values, one sentence. */
  readonly text: string;
  /** The values of the fault record, signed; how many mean something depends on the kind. */
  readonly values: readonly bigint[];
  readonly hint?: string;
  /** Innermost frame first. */
  readonly stack: readonly Frame[];
  /** The stack goes on beyond what is listed. */
  readonly deeper: boolean;
  /** The task that failed, if it is not `main`. */
  readonly task?: FailedTask;
}

export interface FailedTask {
  /** Its number among those of the image that spawned it. */
  readonly number: number;
  readonly origin: number;
  /** Where it was spawned, innermost frame first. */
  readonly spawned: readonly Frame[];
  /** It is a part of the `par for` there. */
  readonly part?: true;
  /** The task whose loop it is a part of, if that was spawned. */
  readonly of?: { readonly number: number; readonly spawned: readonly Frame[] };
}

export type Activity =
  | 'starting'
  | 'running'
  | 'barrier'
  | 'wait_until'
  | 'collective'
  | 'finished'
  | 'failed'
  | 'ready'
  | 'lock'
  | 'event'
  | 'send'
  | 'recv'
  | 'probe'
  | 'request'
  | 'tasks'
  | 'sleeping'
  | 'notified';

/** What a task waits for: `something` where it was just looking again. */
export type TaskActivity = Activity | 'join' | 'finish' | 'parts' | 'sleep' | 'something';

export interface TaskStatus {
  readonly number: number;
  /** Where it was spawned; empty: it is `main`. */
  readonly spawned: readonly Frame[];
  readonly activity: TaskActivity;
  /** As in `ImageStatus`; of `join`: the number of the other task. */
  readonly value: number;
  readonly stack: readonly Frame[];
}

/** What one image was doing when the run was ended from outside. */
export interface ImageStatus {
  readonly image: number;
  readonly activity: Activity;
  /** What it waits for: the image that holds the lock, how many posts. */
  readonly value: number;
  /** Where it waits, innermost frame first. */
  readonly stack: readonly Frame[];
  /** Of an image in which several tasks wait: the first of them. */
  readonly tasks?: readonly TaskStatus[];
}

export type RunResult =
  | { readonly kind: 'ok' }
  | { readonly kind: 'exit'; readonly code: number; readonly image: number }
  | { readonly kind: 'fault'; readonly fault: Fault; readonly images: number }
  | { readonly kind: 'deadlock'; readonly images: readonly ImageStatus[] }
  | { readonly kind: 'timeout'; readonly seconds: number; readonly images: readonly ImageStatus[] }
  | { readonly kind: 'interrupted'; readonly images: readonly ImageStatus[] }
  | { readonly kind: 'bad-artifact'; readonly message: string; readonly hint?: string }
  | {
      readonly kind: 'bad-config';
      readonly message: string;
      readonly hint?: string;
      readonly configs: readonly ConfigEntry[];
    }
  | { readonly kind: 'bad-option'; readonly message: string; readonly hint?: string }
  | { readonly kind: 'too-many-images'; readonly images: number; readonly fit: number; readonly why: string }
  /** The node could not get the memory, or the threads, that the run needs. */
  | { readonly kind: 'no-resources'; readonly message: string; readonly hint?: string }
  /** The reader of our output went away (EPIPE), or it could not be written. */
  | { readonly kind: 'output-failed'; readonly stream: 1 | 2; readonly code: string }
  /** A mistake of ours. */
  | { readonly kind: 'internal'; readonly message: string };
