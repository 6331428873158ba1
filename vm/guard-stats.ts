// `pgc run --stats`: how many guards the images have run, from the counters that they left in their kernel pages.
import { guardCounters, page } from './abi.ts';
import type { EndedNode } from './options.ts';

/** Guards of one image: those in line, those of them that needed a second test, ranges. */
export interface GuardStats {
  readonly image: number;
  readonly inLine: bigint;
  readonly second: bigint;
  readonly ranges: bigint;
}

export const guardStats = (node: EndedNode): readonly GuardStats[] =>
  Array.from({ length: node.images }, (_, image) => {
    const at = (image + 1) * 2 ** node.slotBits + page.guardCounts;
    const [inLine = 0n, second = 0n, ranges = 0n] = guardCounters.map((_, k) =>
      node.memory.getBigInt64(at + 8 * k, true),
    );
    return { image, inLine, second, ranges };
  });

const grouped = (n: bigint): string => n.toString().replace(/\B(?=(\d{3})+$)/g, ' ');

/** As a table. */
export const guardTable = (stats: readonly GuardStats[]): string => {
  const sum = (of: (s: GuardStats) => bigint): bigint => stats.reduce((n, s) => n + of(s), 0n);
  const rows = [
    ['image', 'guards', 'second test', 'ranges'],
    ...stats.map((s) => [`${s.image}`, grouped(s.inLine), grouped(s.second), grouped(s.ranges)]),
    ...(stats.length > 1
      ? [['all', grouped(sum((s) => s.inLine)), grouped(sum((s) => s.second)), grouped(sum((s) => s.ranges))]]
      : []),
  ];
  const widths = [0, 1, 2, 3].map((k) => Math.max(...rows.map((r) => r[k]?.length ?? 0)));
  return rows.map((r) => `${r.map((cell, k) => cell.padStart(widths[k] ?? 0)).join('  ')}\n`).join('');
};
