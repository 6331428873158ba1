// `pgc run --stats`: how often something was due at a hook of each image, the times between, and what became of loops with `par for`.
import { fibers, hookIntervals, page } from './abi.ts';
import type { EndedNode } from './options.ts';

/** For each image. */
export const hooksDue = (node: EndedNode): readonly bigint[] =>
  Array.from({ length: node.images }, (_, image) =>
    node.memory.getBigInt64((image + 1) * 2 ** node.slotBits + page.hooksDue, true),
  );

/** How often loops were split on each image, and how many parts its worker took: of its own loops that it had offered, or of others'. */
export const loopSplits = (node: EndedNode): readonly { readonly splits: number; readonly steals: number }[] =>
  Array.from({ length: node.images }, (_, image) => {
    const slot = (image + 1) * 2 ** node.slotBits;
    const word = (offset: number): number => node.memory.getUint32(slot + offset, true);
    return { splits: word(fibers.splits), steals: word(fibers.steals) };
  });

/** As a line; nothing of runs whose loops were not split. */
export const loopLine = (node: EndedNode): string => {
  if (node.manifest.fiberBytes === undefined) return '';
  const all = loopSplits(node);
  if (all.every((x) => x.splits === 0)) return '';
  const part = (count: (x: (typeof all)[number]) => number): string =>
    all.map((x, image) => `${count(x)} on image ${image}`).join(', ');
  return `loops split: ${part((x) => x.splits)}; parts run by others: ${part((x) => x.steals)}\n`;
};

/** How many tasks that were spawned elsewhere each image ran as it had nothing to do; nothing of runs where none moved. */
export const movedTasks = (node: EndedNode): readonly number[] =>
  Array.from({ length: node.images }, (_, image) =>
    node.memory.getUint32((image + 1) * 2 ** node.slotBits + fibers.taken, true),
  );

export const movedLine = (node: EndedNode): string => {
  if (node.manifest.fiberBytes === undefined) return '';
  const all = movedTasks(node);
  if (all.every((n) => n === 0)) return '';
  return `tasks of other images run: ${all.map((n, image) => `${n} on image ${image}`).join(', ')}\n`;
};

/** Nanoseconds; each value is at most a sixteenth too large, the middle of those that were counted together. */
export interface HookIntervals {
  readonly median: number;
  readonly p99: number;
  readonly most: number;
}

const { firstPower, powers, perPower } = hookIntervals;

/** The middle of what the k-th count counts. */
const timeOf = (k: number): number => {
  const low = 2 ** (firstPower + Math.floor(k / perPower));
  return low + (low * ((k % perPower) + 0.5)) / perPower;
};

/** Of such counts, in rising order; undefined if there are none. */
export const intervalsOf = (counts: readonly number[]): HookIntervals | undefined => {
  const all = counts.reduce((sum, n) => sum + n, 0);
  if (all === 0) return undefined;
  const at = (share: number): number => {
    let left = Math.ceil(all * share);
    const k = counts.findIndex((n) => {
      left -= n;
      return left <= 0;
    });
    return timeOf(k);
  };
  return { median: at(0.5), p99: at(0.99), most: at(1) };
};

/** For each image; undefined where nothing was timed. */
export const hookTimes = (node: EndedNode): readonly (HookIntervals | undefined)[] =>
  Array.from({ length: node.images }, (_, image) => {
    const first = (image + 1) * 2 ** node.slotBits + page.hookIntervals;
    const one = (_: unknown, k: number): number => node.memory.getInt32(first + 4 * k, true);
    return intervalsOf(Array.from({ length: powers * perPower }, one));
  });

const time = (ns: number): string => {
  if (ns < 1e6) return `${(ns / 1000).toPrecision(3)} µs`;
  return ns < 1e9 ? `${(ns / 1e6).toPrecision(3)} ms` : `${(ns / 1e9).toPrecision(3)} s`;
};

/** As lines; nothing of programs without hooks. */
export const hookLine = (node: EndedNode): string => {
  const { hooks } = node.manifest;
  if (!hooks) return '';
  const due = hooksDue(node).map((n, image) => `${n} on image ${image}`);
  const how = hooks.timing === 'ticker' ? `every ${hooks.interval} µs` : 'by what the code costs';
  const times = hookTimes(node).flatMap((t, image) =>
    t
      ? `  image ${image}: ${time(t.median)} between two of them (median), p99 ${time(t.p99)}, most ${time(t.most)}\n`
      : [],
  );
  return `hooks due (${how}): ${due.join(', ')}\n${times.join('')}`;
};
