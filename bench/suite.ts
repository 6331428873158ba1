// What a suite of benchmarks is: it has a name, tells what it has, and gives tables.
import type { Clock } from './process.ts';
import type { Rounds } from './sampling.ts';
import type { Table } from './table.ts';

/** What the command line asks for. */
export interface Request {
  /** Is this benchmark of the suite wanted? */
  readonly wants: (benchmark: string) => boolean;
  /** How often each variant is run. */
  readonly rounds: Rounds;
  /** What is measured. */
  readonly clock: Clock;
  /** Small sizes: shows that everything works, not how fast it is. */
  readonly quick: boolean;
  /** Numbers of images that are wanted, out of those that the suite measures. */
  readonly images: (n: number) => boolean;
  /** Variants that are wanted, out of those that the suite has; undefined: all. */
  readonly variants: readonly string[] | undefined;
  /** Says what is being done. */
  readonly progress: (text: string) => void;
  /** Tells a result before there is a table. */
  readonly finished: (text: string) => void;
  /** Tells that something is wrong with a program of ours. The others go on; the whole counts as failed. */
  readonly failed: (text: string) => void;
}

export interface Suite {
  readonly name: string;
  /** One line for --list. */
  readonly doc: string;
  readonly benchmarks: readonly string[];
  /** What --variants can choose from; empty if there is no choice. */
  readonly variants: readonly string[];
  /** Numbers of images that it is measured with unless others are asked for; undefined: all that its programs have. */
  readonly usualImages?: readonly number[];
  readonly run: (request: Request) => Promise<readonly Table[]>;
}
