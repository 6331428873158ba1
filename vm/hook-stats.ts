// `pgc run --stats`: how often something was due at a hook of each image.
import { page } from './abi.ts';
import type { EndedNode } from './options.ts';

/** For each image. */
export const hooksDue = (node: EndedNode): readonly bigint[] =>
  Array.from({ length: node.images }, (_, image) =>
    node.memory.getBigInt64((image + 1) * 2 ** node.slotBits + page.hooksDue, true),
  );

/** As a line; nothing of programs without hooks. */
export const hookLine = (node: EndedNode): string => {
  const { hooks } = node.manifest;
  if (!hooks) return '';
  const due = hooksDue(node).map((n, image) => `${n} on image ${image}`);
  const how = hooks.timing === 'ticker' ? `every ${hooks.interval} µs` : 'by what the code costs';
  return `hooks due (${how}): ${due.join(', ')}\n`;
};
