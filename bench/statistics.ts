// What is made of samples of time. On a machine that does other things too, disturbances only ever add: the best of
// many samples is the one that tells most about the program, and how near the second best is tells whether to believe it.
// After J. Chen, J. Revels, "Robust benchmarking in noisy environments" (2016), which argues for the minimum.

const sorted = (xs: readonly number[]): number[] => [...xs].sort((a, b) => a - b);

/** @throws RangeError if there are no samples. */
export const best = (xs: readonly number[]): number => {
  if (xs.length === 0) throw new RangeError('no samples');
  return Math.min(...xs);
};

/** The best of the samples without their best one; the best itself if there is just one. */
export const secondBest = (xs: readonly number[]): number => sorted(xs)[1] ?? best(xs);

/** The middle sample, or the mean of the two in the middle. @throws RangeError if there are no samples. */
export const median = (xs: readonly number[]): number => {
  if (xs.length === 0) throw new RangeError('no samples');
  const s = sorted(xs);
  const middle = s.length >> 1;
  const upper = s[middle] ?? Number.NaN;
  return s.length % 2 === 1 ? upper : ((s[middle - 1] ?? Number.NaN) + upper) / 2;
};

/** The mean for ratios. @throws RangeError if there are none, or one is not positive. */
export const geometricMean = (xs: readonly number[]): number => {
  if (xs.length === 0 || xs.some((x) => !(x > 0))) throw new RangeError('positive numbers are needed');
  return Math.exp(xs.reduce((sum, x) => sum + Math.log(x), 0) / xs.length);
};

/** A ratio of times, and the bounds between which it would be if either side's best sample had not been there. */
export interface Ratio {
  readonly ratio: number;
  readonly low: number;
  readonly high: number;
}

/** How many times as long `xs` took as `base`. */
export const ratioOf = (xs: readonly number[], base: readonly number[]): Ratio => ({
  ratio: best(xs) / best(base),
  low: best(xs) / secondBest(base),
  high: secondBest(xs) / best(base),
});

/** The middle of the ratios of times that were taken in the same round, so that a slow moment of the machine falls on both. */
export const ratioInTurn = (times: readonly number[], base: readonly number[]): number =>
  median(times.map((t, k) => t / (base[k] ?? t)));

/** How much longer than the best sample the middle one took: 0 on a machine that does nothing else. */
export const noise = (xs: readonly number[]): number => median(xs) / best(xs) - 1;
