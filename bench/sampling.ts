// Takes samples of variants in turn: A B C A B C …, so that what the machine does meanwhile falls on all alike. A
// comparison of one variant's samples, all taken early, with another's, all taken late, would measure the machine.

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

/**
 * Runs each variant once a round. Every second round goes backwards, so that none is always the one after a
 * particular other. `progress` is called after each sample.
 */
export const interleave = async (
  variants: readonly Variant[],
  rounds: number,
  progress: (round: number, name: string) => void = () => undefined,
): Promise<readonly Samples[]> => {
  const times = new Map<string, number[]>(variants.map((v) => [v.name, []]));
  if (times.size !== variants.length) throw new Error('two variants have the same name');
  for (let round = 0; round < rounds; round++) {
    for (const variant of round % 2 === 0 ? variants : variants.toReversed()) {
      times.get(variant.name)?.push(await variant.sample());
      progress(round, variant.name);
    }
  }
  return variants.map((v) => ({ name: v.name, times: times.get(v.name) ?? [] }));
};
