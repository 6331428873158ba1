// `pgc run --stats`: how often something was due at a hook of each image, and what became of loops with `par for`.
import { fibers, page } from './abi.ts';
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

/** As a line; nothing of programs without hooks. */
export const hookLine = (node: EndedNode): string => {
  const { hooks } = node.manifest;
  if (!hooks) return '';
  const due = hooksDue(node).map((n, image) => `${n} on image ${image}`);
  const how = hooks.timing === 'ticker' ? `every ${hooks.interval} µs` : 'by what the code costs';
  return `hooks due (${how}): ${due.join(', ')}\n`;
};
