// How a program is to be run: the options of `run`. Apart from the rest, as users of the library see these types.
import type { Manifest } from './abi.ts';
import type { CheckpointHead } from './checkpoint.ts';
import type { FileOptions } from './files.ts';
import type { Pool } from './pool.ts';
import type { Sink } from './sinks.ts';

/** Checkpoints of a run, see checkpointer.ts. */
export interface CheckpointOptions {
  /** Where they go: a folder that is there. */
  readonly folder: string;
  /** Seconds between two. */
  readonly every: number;
  /** The name of the one that this run goes on from: it is known to be whole. */
  readonly after?: string;
  /** As the run got it. */
  readonly stackBytes?: number;
  /** Called with the reason when one could not be written; the run goes on. */
  readonly failed?: (why: string) => void;
}

/** A checkpoint that a run goes on from. */
export interface ResumeOptions {
  readonly path: string;
  readonly head: CheckpointHead;
}

export interface PrepareOptions {
  /** Go on from here: the number of images, the size of their memory and the configs are those of the checkpoint. */
  readonly resume?: ResumeOptions;
  /** Default: as many as the machine has cores. */
  readonly images?: number;
  /** Values of config constants by name, as text. */
  readonly configs?: Readonly<Record<string, string>>;
  /** Upper bound for an image's memory. Default: 1 GiB, or what fits. */
  readonly slotBytes?: number;
  /** Stack for an image's addressable locals. Default: 8 MiB, less where memory is small. */
  readonly stackBytes?: number;
  /** Public keys (Ed25519, PEM): an artifact that none of them has signed is refused. Default: signed or not, by whomever. */
  readonly trust?: readonly string[];
  /** Set V8's flags for numeric code, for the whole process (flags.ts). */
  readonly tuneV8?: boolean;
}

/** The memory of a node after a run. */
export interface EndedNode {
  readonly memory: DataView;
  readonly manifest: Manifest;
  readonly images: number;
  readonly slotBits: number;
  /** When the run ended, on the clock of `now()`. */
  readonly seconds: number;
}

export interface RunOptions extends PrepareOptions, FileOptions {
  /** Seconds after which the run is ended. Default: never. */
  readonly timeout?: number;
  readonly stdout?: Sink;
  readonly stderr?: Sink;
  /** Ends the run as `interrupted`. */
  readonly signal?: AbortSignal;
  /** The script of a thread; beside the bundle by default. */
  readonly workerUrl?: URL | string;
  /** Called when the run has ended and no image runs any more, for reports on memory. Not if it could not begin. */
  readonly atEnd?: (node: EndedNode) => void;
  /** Make hooks due by the clock in programs that have nothing to do at them, too: for measurements. */
  readonly ticker?: boolean;
  /** Microseconds between two samples of a program that was built for profiles. Default: none are taken. */
  readonly sample?: number;
  readonly checkpoints?: CheckpointOptions;
  /** Threads that were started before. The run ends them all. */
  readonly pool?: Pool;
}
