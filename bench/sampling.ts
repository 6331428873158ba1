// Takes samples of variants in turn: A B C A B C …, so that what the machine does meanwhile falls on all alike. A
// comparison of one variant's samples, all taken early, with another's, all taken late, would measure the machine.
import { best, secondBest } from './statistics.ts';

export interface Variant {
  readonly name: string;
  /** One run, in a process of its own; gives seconds. */
  readonly sample: () => Promise<number>;
}

export interface Samples {
  readonly name: string;
  /** Seconds of each round, in order. */
  readonly times: readonly number[];
}

export interface Rounds {
  /** So many at least. */
  readonly least: number;
  /** So many at most: as long as a variant is not `settled`. */
  readonly most: number;
}

/** A variant's best time is believed if another run came as near to it as this. */
const near = 0.01;

/** Whether one more round would hardly find a better time. */
export const settled = (times: readonly number[]): boolean =>
  times.length > 1 && secondBest(times) <= best(times) * (1 + near);

/**
 * Runs each variant once a round. Every second round goes backwards, so that none is always the one after a
 * particular other. `progress` is called after each sample.
 */
export const interleave = async (
  variants: readonly Variant[],
  rounds: Rounds,
  progress: (round: number, name: string) => void = () => undefined,
): Promise<readonly Samples[]> => {
  const taken = variants.map((v) => ({ variant: v, times: [] as number[] }));
  const goOn = (round: number): boolean =>
    round < rounds.least || (round < rounds.most && !taken.every((t) => settled(t.times)));
  for (let round = 0; goOn(round); round++) {
    for (const { variant, times } of round % 2 === 0 ? taken : taken.toReversed()) {
      times.push(await variant.sample());
      progress(round, variant.name);
    }
  }
  return taken.map(({ variant, times }) => ({ name: variant.name, times }));
};
