// The evaluator's memory management: the private heap, and what comes and goes in the symmetric part. It knows all blocks by
// tables of its own, so unlike the run-time in PG it has no headers in memory that a program could overwrite.
import { kernel, page } from '../vm/abi.ts';
import type { Image, Node, SymmetricBlocks } from './eval-machine.ts';
import { Fault } from './eval-memory.ts';

export const symmetricAlign = 128;
const heapAlign = 16;

export const alignUp = (n: number, align: number): number => Math.ceil(n / align) * align;

const pageWord = (node: Node, m: Image, offset: number): number => node.memory.view.getUint32(m.slot + offset, true);
const setPageWord = (node: Node, m: Image, offset: number, value: number): void => {
  node.memory.beforeWrite?.(m.slot + offset, 4);
  node.memory.view.setUint32(m.slot + offset, value, true);
};

const largest = (1n << 63n) - 1n;

/** The report says what was asked for, and the gap between symmetric part and heap. */
const outOfMemory = (node: Node, m: Image, asked: bigint): Fault => {
  const gap = pageWord(node, m, page.heapBottom) - pageWord(node, m, page.symmetricTop);
  return new Fault('memory', [asked < largest ? asked : largest, BigInt(gap)]);
};

/** Zeroed symmetric memory; gives its offset, which is the same on every image that allocates the same. */
export const allocateSymmetric = (node: Node, m: Image, bytes: bigint): number => {
  const start = alignUp(pageWord(node, m, page.symmetricTop), symmetricAlign);
  const left = pageWord(node, m, page.heapBottom) - start;
  if (bytes > BigInt(left)) throw outOfMemory(node, m, bytes);
  setPageWord(node, m, page.symmetricTop, start + Number(bytes));
  node.memory.bytes.fill(0, m.slot + start, m.slot + start + Number(bytes));
  return start;
};

const classKey = (m: Image, bytes: number): string => `${m.image} ${bytes}`;

/** Zeroed private memory; gives its address. That of named arrays stays: there is no block that could be given back. */
export const allocatePrivate = (node: Node, m: Image, bytes: bigint, stays = false): number => {
  const top = pageWord(node, m, page.symmetricTop);
  const bottom = pageWord(node, m, page.heapBottom);
  if (bytes < 0n || bytes > BigInt(bottom - top)) throw outOfMemory(node, m, bytes);
  const size = Math.max(heapAlign, alignUp(Number(bytes), heapAlign));
  const reused = node.heap.free.get(classKey(m, size))?.pop();
  const offset = reused === undefined ? bottom - size : reused - m.slot;
  if (reused === undefined) {
    if (offset < top) throw outOfMemory(node, m, bytes);
    setPageWord(node, m, page.heapBottom, offset);
  }
  const address = m.slot + offset;
  node.memory.bytes.fill(0, address, address + size);
  if (!stays) node.heap.live.set(address, size);
  return address;
};

// ---- symmetric memory that comes and goes -----------------------------------------------------------------------

const blocksOf = (node: Node, m: Image): SymmetricBlocks => {
  let known = node.symmetric.get(m.image);
  if (!known) {
    known = { live: new Map(), free: [] };
    node.symmetric.set(m.image, known);
  }
  return known;
};

const sizeOfBlock = (bytes: number): number => alignUp(Math.max(bytes, 1), symmetricAlign);

const topOf = (node: Node, m: Image): number => alignUp(pageWord(node, m, page.symmetricTop), symmetricAlign);

/** The lowest offset from `from` on at which so many bytes are free on image `m`. */
const lowestFit = (node: Node, m: Image, bytes: number, from: number): number => {
  const size = sizeOfBlock(bytes);
  const at = blocksOf(node, m).free.find((b) => Math.max(b.at, from) + size <= b.at + b.size)?.at ?? topOf(node, m);
  return Math.max(at, from);
};

/** The lowest offset at which all images have so many free bytes. */
export const agreedOffset = (node: Node, m: Image, bytes: number): number => {
  let at = 0;
  for (;;) {
    const most = Math.max(...node.images.map((image) => lowestFit(node, image, bytes, at)));
    if (most + sizeOfBlock(bytes) > pageWord(node, m, page.heapBottom)) throw outOfMemory(node, m, BigInt(bytes));
    if (most === at) return at;
    at = most;
  }
};

/** Takes so many zeroed bytes at this offset, where they are free. */
export const takeBlock = (node: Node, m: Image, at: number, bytes: number): void => {
  const blocks = blocksOf(node, m);
  const size = sizeOfBlock(bytes);
  const top = topOf(node, m);
  if (at + size > top) {
    allocateSymmetric(node, m, BigInt(at + size - top));
    blocks.live.set(top, at + size - top);
    giveBack(node, m, top, false);
  }
  const k = blocks.free.findIndex((b) => b.at <= at && at + size <= b.at + b.size);
  const found = blocks.free[k];
  if (!found) throw new Error('internal error: no free block where one was found');
  const below = { at: found.at, size: at - found.at };
  const above = { at: at + size, size: found.at + found.size - at - size };
  blocks.free.splice(k, 1, ...[below, above].filter((b) => b.size > 0));
  node.memory.bytes.fill(0, m.slot + at, m.slot + at + size);
  blocks.live.set(at, size);
};

/** What lies at the top goes back to the gap that the heap grows into, if `shrink`. */
export const giveBack = (node: Node, m: Image, at: number, shrink = true): void => {
  const blocks = blocksOf(node, m);
  const size = blocks.live.get(at);
  if (size === undefined) throw new Fault('free', [BigInt(m.slot + at)]);
  blocks.live.delete(at);
  const sorted = [...blocks.free, { at, size }].sort((a, b) => a.at - b.at);
  blocks.free = [];
  for (const b of sorted) {
    const last = blocks.free.at(-1);
    if (last && last.at + last.size === b.at) blocks.free.splice(-1, 1, { at: last.at, size: last.size + b.size });
    else blocks.free.push(b);
  }
  const last = blocks.free.at(-1);
  if (shrink && last && last.at + last.size === pageWord(node, m, page.symmetricTop)) {
    blocks.free.pop();
    setPageWord(node, m, page.symmetricTop, last.at);
  }
};

/** Zeroed symmetric memory of one image, for `new shared local`; gives its address. */
export const allocateObject = (node: Node, m: Image, bytes: bigint): number => {
  // Named arrays lie at one offset in all slots: they have their places first.
  if (node.memory.view.getInt32(kernel.ready, true) === 0) throw new Fault('early', []);
  const room = BigInt(pageWord(node, m, page.heapBottom));
  const at = bytes < 0n || bytes > room ? undefined : lowestFit(node, m, Number(bytes), 0);
  if (at === undefined || at + sizeOfBlock(Number(bytes)) > Number(room)) throw outOfMemory(node, m, bytes);
  takeBlock(node, m, at, Number(bytes));
  return m.slot + at;
};

/** Gives back what `new` or `new shared local` gave. */
export const free = (node: Node, m: Image, address: number): void => {
  if (address === 0) return;
  const image = node.memory.imageOf(address);
  if (image >= 0 && image < node.images.length && image !== m.image)
    throw new Fault('free-image', [BigInt(address), BigInt(image)]);
  if (blocksOf(node, m).live.has(address - m.slot)) return giveBack(node, m, address - m.slot);
  const size = node.heap.live.get(address);
  if (size === undefined || image !== m.image) throw new Fault('free', [BigInt(address)]);
  node.heap.live.delete(address);
  const key = classKey(m, size);
  const list = node.heap.free.get(key);
  if (list) list.push(address);
  else node.heap.free.set(key, [address]);
};
