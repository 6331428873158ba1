// Copies the memory of a node whose images all stand still: what of it is not zero.
import { dataBase, fibers, kernelBase, page, track } from './abi.ts';
import { pageSize, pieceOfPages, type Snapshot } from './checkpoint.ts';
import type { Prepared } from './prepare.ts';

const wordsOfPage = pageSize / 4;

const isZero = (words: Int32Array, first: number): boolean => {
  let any = 0;
  for (let k = first; k < first + wordsOfPage; k++) any |= words[k] ?? 0;
  return any === 0;
};

/** Parts of memory that can be anything but zero, as [from, to): where nothing was ever taken nobody needs to look. */
const usedRanges = ({ memory, manifest, images, map }: Prepared): (readonly [number, number])[] => {
  const view = new DataView(memory.buffer);
  const ranges: (readonly [number, number])[] = [[kernelBase, dataBase + manifest.dataBytes]];
  for (let image = 0; image < images; image++) {
    const slot = (image + 1) * 2 ** map.slotBits;
    const at = (offset: number): number => view.getUint32(slot + offset, true);
    const lowest = Math.min(at(page.heapLow), at(page.heapBottom), map.heapBottom);
    const symmetric = Math.max(at(page.symmetricTop), map.symmetricTop);
    if (symmetric >= lowest) ranges.push([slot, slot + map.stackTop]);
    else ranges.push([slot, slot + symmetric], [slot + lowest, slot + map.stackTop]);
    ranges.push([slot + map.stackTop, slot + at(fibers.top)]);
    ranges.push([slot + map.fibersEnd, slot + map.samplesEnd]);
    if (map.tableEnd > map.tableStart) {
      ranges.push([at(track.area), at(track.areaTop)]);
      ranges.push([Math.min(at(track.areaEnd), at(page.roots)), slot + map.tableEnd]);
    }
  }
  return ranges;
};

/** Copies what is not zero. Nobody may write meanwhile. */
export const takeSnapshot = (p: Prepared): Snapshot => {
  const words = new Int32Array(p.memory.buffer);
  const bytes = new Uint8Array(p.memory.buffer);
  const pages: number[] = [];
  const ranges = usedRanges(p)
    .map(([from, to]) => [Math.floor(from / pageSize), Math.min(Math.ceil(to / pageSize), bytes.length / pageSize)])
    .sort(([a = 0], [b = 0]) => a - b);
  let next = 0;
  for (const [from = 0, to = 0] of ranges) {
    for (next = Math.max(next, from); next < to; next++) if (!isZero(words, next * wordsOfPage)) pages.push(next);
  }
  const pieces: Uint8Array[] = [];
  for (let first = 0; first < pages.length; first += pieceOfPages) {
    const some = pages.slice(first, first + pieceOfPages);
    const piece = new Uint8Array(some.length * pageSize);
    for (const [k, n] of some.entries()) piece.set(bytes.subarray(n * pageSize, (n + 1) * pageSize), k * pageSize);
    pieces.push(piece);
  }
  return { pages, pieces };
};
