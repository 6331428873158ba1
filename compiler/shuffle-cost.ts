// Which shuffles of bytes engines know an instruction for, and what the others cost. Those are done by looking each byte up: the numbers are constants,
// which an engine loads once before a loop, while it makes those of a shuffle again each time.

const bytesOf = (lanes: readonly number[], size: number): string =>
  lanes.flatMap((l) => Array.from({ length: size }, (_, n) => l * size + n)).join(' ');

const zipped = (size: number, from: number): readonly number[] =>
  Array.from({ length: 16 / size }, (_, k) => from + (k >> 1) + (k % 2) * (16 / size));
const everySecond = (size: number, from: number): readonly number[] =>
  Array.from({ length: 16 / size }, (_, k) => from + 2 * k);

/** What processors have an instruction for, or few, which engines find. */
const cheap: ReadonlyMap<string, number> = new Map([
  ...[1, 2, 4, 8].flatMap((size) => [0, 8 / size].map((from) => [bytesOf(zipped(size, from), size), 1] as const)),
  ...[1, 2].flatMap((size) => [0, 1].map((from) => [bytesOf(everySecond(size, from), size), 3] as const)),
]);

/** Moves numbers of 32 bits. */
const isAligned = (bytes: readonly number[]): boolean =>
  bytes.every((b, k) => (k % 4 === 0 ? b % 4 === 0 : b === (bytes[k - 1] ?? 0) + 1));

const isOfOne = (bytes: readonly number[]): boolean => bytes.every((b) => b < 16) || bytes.every((b) => b >= 16);

/** Whether it is done as a lookup of each byte, in each vector, by a vector of numbers. */
export const isLookup = (bytes: readonly number[]): boolean => !isAligned(bytes) && !cheap.has(bytes.join(' '));

/** What a shuffle costs, by its sixteen numbers. */
export const shuffleCost = (bytes: readonly number[]): number => {
  const known = cheap.get(bytes.join(' '));
  if (known !== undefined) return known;
  if (!isAligned(bytes)) return isOfOne(bytes) ? 2 : 4;
  const halves = bytes.every((b, k) => b < 16 === k < 8);
  const blend = bytes.every((b, k) => b % 16 === k);
  return isOfOne(bytes) || halves || blend ? 1 : 3;
};
