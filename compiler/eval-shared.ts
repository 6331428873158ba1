// Steps for distributed and dynamic arrays and for the private heap, evaluated natively: straight from the rule in
// distribution.ts, through descriptors in memory as vm/abi.ts lays them out, so that lowered code finds the same.
import { descriptor, distKinds, page } from '../vm/abi.ts';
import { holderOf, layoutDims, localIndexOf, ownerOf } from './distribution.ts';
import type { Image, Node, Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import type { IrGlobal, OpInst } from './ir.ts';
import { numberImm, textImm } from './ir-types.ts';

const symmetricAlign = 128;
const heapAlign = 16;

const alignUp = (n: number, align: number): number => Math.ceil(n / align) * align;

const pageWord = (node: Node, m: Image, offset: number): number => node.memory.view.getUint32(m.slot + offset, true);
const setPageWord = (node: Node, m: Image, offset: number, value: number): void =>
  node.memory.view.setUint32(m.slot + offset, value, true);

const largest = (1n << 63n) - 1n;

/** The report says what was asked for, and the gap between symmetric part and heap. */
const outOfMemory = (node: Node, m: Image, asked: bigint): Fault => {
  const gap = pageWord(node, m, page.heapBottom) - pageWord(node, m, page.symmetricTop);
  return new Fault('memory', [asked < largest ? asked : largest, BigInt(gap)]);
};

/** Zeroed symmetric memory; gives its offset, which is the same on every image that allocates the same. */
const allocateSymmetric = (node: Node, m: Image, bytes: bigint): number => {
  const start = alignUp(pageWord(node, m, page.symmetricTop), symmetricAlign);
  const left = pageWord(node, m, page.heapBottom) - start;
  if (bytes > BigInt(left)) throw outOfMemory(node, m, bytes);
  setPageWord(node, m, page.symmetricTop, start + Number(bytes));
  node.memory.bytes.fill(0, m.slot + start, m.slot + start + Number(bytes));
  return start;
};

const classKey = (m: Image, bytes: number): string => `${m.image} ${bytes}`;

/** Zeroed private memory; gives its address. */
const allocatePrivate = (node: Node, m: Image, bytes: bigint): number => {
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
  node.heap.live.set(address, size);
  return address;
};

const free = (node: Node, m: Image, address: number): void => {
  if (address === 0) return;
  const size = node.heap.live.get(address);
  if (size === undefined || node.memory.imageOf(address) !== m.image) throw new Fault('free', [BigInt(address)]);
  node.heap.live.delete(address);
  const key = classKey(m, size);
  const list = node.heap.free.get(key);
  if (list) list.push(address);
  else node.heap.free.set(key, [address]);
};

type SharedGlobal = IrGlobal & { readonly kind: 'shared' };
type DynamicGlobal = IrGlobal & { readonly kind: 'dynamic' };

const dimAt = (address: number, dim: number): number => address + descriptor.dims + dim * descriptor.dimBytes;

const checkExtents = (extents: readonly bigint[]): void => {
  for (const n of extents) if (n < 0n) throw new Fault('extent', [n]);
};

/** Fills the descriptor of a shared array and allocates the own part. */
const initShared = (node: Node, m: Image, g: SharedGlobal, at: number, extents: bigint[], details: bigint[]): void => {
  const images = BigInt(node.images.length);
  const on = holderOf(g.dims, details);
  if (g.dims.includes('on') && (on < 0n || on >= images)) throw new Fault('image', [on, images]);
  for (const [k, kind] of g.dims.entries()) {
    checkExtents(extents.slice(k, k + 1));
    const detail = details[k] ?? 0n;
    if (kind === 'blocks' && detail < 1n) throw new Fault('extent', [detail]);
  }
  const dims = layoutDims(g.dims, extents, details, node.images.length, m.image);
  const { view } = node.memory;
  for (const [k, d] of dims.entries()) {
    const p = dimAt(at, k);
    view.setBigInt64(p + descriptor.extent, d.extent, true);
    view.setBigInt64(p + descriptor.block, d.block, true);
    view.setBigInt64(p + descriptor.images, d.images, true);
    view.setBigInt64(p + descriptor.coordinate, d.coordinate, true);
    view.setBigInt64(p + descriptor.localExtent, d.localExtent, true);
    view.setBigInt64(p + descriptor.lo, d.lo, true);
    view.setBigInt64(p + descriptor.hi, d.hi, true);
    view.setFloat64(p + descriptor.reciprocal, 1 / Number(d.block), true);
    view.setFloat64(p + descriptor.imagesReciprocal, 1 / Number(d.images), true);
    view.setBigInt64(p + descriptor.kind, BigInt(distKinds[g.dims[k] ?? 'star']), true);
  }
  const bytes = dims.reduce((n, d) => n * d.localExtent, BigInt(g.elementBytes));
  view.setInt32(at + descriptor.on, Number(on), true);
  view.setInt32(at + descriptor.base, allocateSymmetric(node, m, bytes), true);
};

const initDynamic = (node: Node, m: Image, g: DynamicGlobal, at: number, extents: bigint[]): void => {
  checkExtents(extents);
  const { view } = node.memory;
  for (const [k, n] of extents.entries()) view.setBigInt64(dimAt(at, k) + descriptor.extent, n, true);
  const bytes = extents.reduce((n, e) => n * e, BigInt(g.elementBytes));
  const base = g.symmetric ? allocateSymmetric(node, m, bytes) : allocatePrivate(node, m, bytes) - m.slot;
  view.setInt32(at + descriptor.on, -1, true);
  view.setInt32(at + descriptor.base, base, true);
};

/** The numbers of the rule, from the descriptor. */
const ruleAt = (node: Node, at: number, rank: number): { block: bigint; images: bigint; localExtent: bigint }[] => {
  const { view } = node.memory;
  return Array.from({ length: rank }, (_, k) => {
    const p = dimAt(at, k);
    return {
      block: view.getBigInt64(p + descriptor.block, true),
      images: view.getBigInt64(p + descriptor.images, true),
      localExtent: view.getBigInt64(p + descriptor.localExtent, true),
    };
  });
};

const ownerAt = (node: Node, at: number, rank: number, indices: readonly bigint[]): bigint => {
  const on = node.memory.view.getInt32(at + descriptor.on, true);
  return on >= 0 ? BigInt(on) : ownerOf(ruleAt(node, at, rank), indices);
};

const fields: ReadonlyMap<string, number> = new Map([
  ['shared.extent', descriptor.extent],
  ['shared.block', descriptor.block],
  ['shared.images', descriptor.images],
  ['shared.coordinate', descriptor.coordinate],
  ['shared.local_extent', descriptor.localExtent],
  ['shared.lo', descriptor.lo],
  ['shared.hi', descriptor.hi],
  ['dynamic.extent', descriptor.extent],
]);

/** Exchanges two descriptors; they are of one layout, so only the bases differ. */
const swap = (node: Node, m: Image, a: number, b: number, rank: number): void => {
  const { view } = node.memory;
  // Extents, blocks and the image of `on` are values of run time.
  for (const field of [descriptor.extent, descriptor.block]) {
    for (let k = 0; k < rank; k++) {
      const n = view.getBigInt64(dimAt(m.slot + a, k) + field, true);
      const other = view.getBigInt64(dimAt(m.slot + b, k) + field, true);
      if (n !== other) throw new Fault('layout', [n, other]);
    }
  }
  const on = view.getInt32(m.slot + a + descriptor.on, true);
  const otherOn = view.getInt32(m.slot + b + descriptor.on, true);
  if (on !== otherOn) throw new Fault('layout', [BigInt(on), BigInt(otherOn)]);
  const base = view.getInt32(m.slot + a + descriptor.base, true);
  view.setInt32(m.slot + a + descriptor.base, view.getInt32(m.slot + b + descriptor.base, true), true);
  view.setInt32(m.slot + b + descriptor.base, base, true);
};

const values = (r: readonly Reg[], of: readonly number[]): bigint[] => of.map((v) => r[v] as bigint);

const arrayStep = (i: OpInst, node: Node): Step | undefined => {
  const name = textImm(i.imms, 0);
  const g = node.globals.get(name);
  const at = node.layout.offsets.get(name);
  if (at === undefined || (g?.kind !== 'shared' && g?.kind !== 'dynamic')) return undefined;
  const rank = g.kind === 'shared' ? g.dims.length : g.rank;
  const [d = 0] = i.results;
  const { memory } = node;
  const field = fields.get(i.op);
  if (field !== undefined) {
    const offset = dimAt(at, numberImm(i.imms, 1)) + field;
    return (r, m) => {
      r[d] = memory.view.getBigInt64(m.slot + offset, true);
    };
  }
  switch (i.op) {
    case 'shared.init':
      if (g.kind !== 'shared') return undefined;
      return (r, m) =>
        initShared(node, m, g, m.slot + at, values(r, i.args.slice(0, rank)), values(r, i.args.slice(rank)));
    case 'dynamic.init':
      if (g.kind !== 'dynamic') return undefined;
      return (r, m) => initDynamic(node, m, g, m.slot + at, values(r, i.args));
    case 'shared.reciprocal': {
      const offset = dimAt(at, numberImm(i.imms, 1)) + descriptor.reciprocal;
      return (r, m) => {
        r[d] = memory.view.getFloat64(m.slot + offset, true);
      };
    }
    case 'shared.holder':
      return (r, m) => {
        r[d] = BigInt(memory.view.getInt32(m.slot + at + descriptor.on, true));
      };
    case 'shared.part':
    case 'shared.part_now':
    case 'dynamic.base':
      return (r, m) => {
        r[d] = m.slot + memory.view.getInt32(m.slot + at + descriptor.base, true);
      };
    case 'shared.swap': {
      const other = node.layout.offsets.get(textImm(i.imms, 1));
      return other === undefined ? undefined : (_, m) => swap(node, m, at, other, rank);
    }
    case 'shared.owner':
      return (r, m) => {
        r[d] = ownerAt(node, m.slot + at, rank, values(r, i.args));
      };
    case 'shared.elem': {
      const [part = 0, ...indices] = i.args;
      return (r, m) => {
        const own = values(r, indices);
        const owner = ownerAt(node, m.slot + at, rank, own);
        const local = localIndexOf(ruleAt(node, m.slot + at, rank), own);
        const bytes = g.kind === 'shared' ? g.elementBytes : 0;
        r[d] = (memory.inSlotOf(Number(owner), r[part] as number) + Number(local) * bytes) >>> 0;
      };
    }
    default:
      return undefined;
  }
};

export const sharedStep = (i: OpInst, node: Node): Step | undefined => {
  const [d = 0] = i.results;
  const [a = 0] = i.args;
  if (i.op === 'alloc') {
    return (r, m) => {
      r[d] = allocatePrivate(node, m, r[a] as bigint);
    };
  }
  if (i.op === 'free') return (r, m) => free(node, m, r[a] as number);
  return i.op.startsWith('shared.') || i.op.startsWith('dynamic.') ? arrayStep(i, node) : undefined;
};
