// Steps for distributed and dynamic arrays, evaluated natively: straight from the rule in
// distribution.ts, through descriptors in memory as vm/abi.ts lays them out, so that lowered code finds the same.
import { descriptor, distKinds } from '../vm/abi.ts';
import { type DimLayout, holderOf, layoutDims, localIndexOf, multiplierOf, ownerOf } from './distribution.ts';
import { allocateObject, allocatePrivate, allocateSymmetric, free } from './eval-heap.ts';
import type { Image, Node, Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import type { IrDim, IrGlobal, OpInst } from './ir.ts';
import { type ArrayField, arrayFields, fieldOf } from './ir-arrays.ts';
import { numberImm, textImm } from './ir-types.ts';

type SharedGlobal = IrGlobal & { readonly kind: 'shared' };
type DynamicGlobal = IrGlobal & { readonly kind: 'dynamic' };

const dimAt = (address: number, dim: number): number => address + descriptor.dims + dim * descriptor.dimBytes;

const checkExtents = (extents: readonly bigint[]): void => {
  for (const n of extents) if (n < 0n) throw new Fault('extent', [n]);
};

/** With elements there would be no room for so many of them. */
const checkWidest = (widest: readonly bigint[], elements: bigint): void => {
  const most = widest.reduce((a, b) => (a > b ? a : b), 0n);
  if (elements === 0n && most >= 1n << 32n) throw new Fault('extent', [most]);
};

/** The layout of a shared array on image `m`, after a look at its operands. */
const layoutFor = (
  node: Node,
  m: Image,
  kinds: readonly IrDim[],
  extents: readonly bigint[],
  details: readonly bigint[],
): DimLayout[] => {
  const images = BigInt(node.images.length);
  const on = holderOf(kinds, details);
  if (kinds.includes('on') && (on < 0n || on >= images)) throw new Fault('image', [on, images]);
  for (const [k, kind] of kinds.entries()) {
    checkExtents(extents.slice(k, k + 1));
    const detail = details[k] ?? 0n;
    if (kind === 'blocks' && detail < 1n) throw new Fault('extent', [detail]);
  }
  const dims = layoutDims(kinds, extents, details, node.images.length, m.image);
  checkWidest(
    dims.flatMap((d) => [d.extent, d.block, d.localExtent]),
    dims.reduce((n, d) => n * d.localExtent, 1n),
  );
  return dims;
};

/** An array that is laid out: writes the descriptor but for its base, and says how large a part is. */
export interface Described {
  readonly bytes: bigint;
  readonly write: (at: number) => void;
}

export const describeShared = (
  node: Node,
  m: Image,
  g: Pick<SharedGlobal, 'dims' | 'elementBytes'>,
  extents: readonly bigint[],
  details: readonly bigint[],
): Described => {
  const dims = layoutFor(node, m, g.dims, extents, details);
  const { view } = node.memory;
  const write = (at: number): void => {
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
      const { multiplier, shift } = multiplierOf(d.block, node.images.length);
      view.setBigInt64(p + descriptor.multiplier, multiplier, true);
      view.setBigInt64(p + descriptor.shift, shift, true);
      const row = dims.slice(k + 1).reduce((n, e) => n * e.localExtent, BigInt(g.elementBytes));
      view.setBigInt64(p + descriptor.stride, (1n << BigInt(node.memory.slotBits)) - d.block * row, true);
    }
    view.setInt32(at + descriptor.on, Number(holderOf(g.dims, details)), true);
  };
  return { bytes: dims.reduce((n, d) => n * d.localExtent, BigInt(g.elementBytes)), write };
};

/** The same for an array that every image has. */
export const describeDynamic = (node: Node, elementBytes: number, extents: readonly bigint[]): Described => {
  checkExtents(extents);
  checkWidest(
    extents,
    extents.reduce((n, e) => n * e, 1n),
  );
  const { view } = node.memory;
  const write = (at: number): void => {
    for (const [k, n] of extents.entries()) view.setBigInt64(dimAt(at, k) + descriptor.extent, n, true);
    view.setInt32(at + descriptor.on, -1, true);
  };
  return { bytes: extents.reduce((n, e) => n * e, BigInt(elementBytes)), write };
};

export const setBase = (node: Node, at: number, base: number): void =>
  node.memory.view.setInt32(at + descriptor.base, base, true);

const initShared = (node: Node, m: Image, g: SharedGlobal, at: number, extents: bigint[], details: bigint[]): void => {
  const { bytes, write } = describeShared(node, m, g, extents, details);
  write(at);
  setBase(node, at, allocateSymmetric(node, m, bytes));
};

const initDynamic = (node: Node, m: Image, g: DynamicGlobal, at: number, extents: bigint[]): void => {
  const { bytes, write } = describeDynamic(node, g.elementBytes, extents);
  write(at);
  const described = g.of === undefined ? undefined : node.layout.offsets.get(g.of);
  const allocated = (): number =>
    g.symmetric ? allocateSymmetric(node, m, bytes) : allocatePrivate(node, m, bytes, true) - m.slot;
  setBase(node, at, described ?? allocated());
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

export const ownerAt = (node: Node, at: number, rank: number, indices: readonly bigint[]): bigint => {
  const on = node.memory.view.getInt32(at + descriptor.on, true);
  return on >= 0 ? BigInt(on) : ownerOf(ruleAt(node, at, rank), indices);
};

/** Reads a field of the descriptor at `at`. */
export const readField = (node: Node, field: ArrayField, at: number, dim: number): Reg => {
  const { at: offset, type } = arrayFields[field];
  const address = dimAt(at, dim) + offset;
  return type === 'f64' ? node.memory.view.getFloat64(address, true) : node.memory.view.getBigInt64(address, true);
};

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

export const values = (r: readonly Reg[], of: readonly number[]): bigint[] => of.map((v) => r[v] as bigint);

/** Address of an element in the part that belongs to the own part at `part`. */
export const elementAt = (
  node: Node,
  at: number,
  part: number,
  indices: readonly bigint[],
  elementBytes: number,
): number => {
  const owner = ownerAt(node, at, indices.length, indices);
  const local = localIndexOf(ruleAt(node, at, indices.length), indices);
  return (node.memory.inSlotOf(Number(owner), part) + Number(local) * elementBytes) >>> 0;
};

const arrayStep = (i: OpInst, node: Node): Step | undefined => {
  const name = textImm(i.imms, 0);
  const g = node.globals.get(name);
  const at = node.layout.offsets.get(name);
  if (at === undefined || (g?.kind !== 'shared' && g?.kind !== 'dynamic')) return undefined;
  const rank = g.kind === 'shared' ? g.dims.length : g.rank;
  const [d = 0] = i.results;
  const { memory } = node;
  const field = i.op === 'dynamic.extent' ? 'extent' : fieldOf(i.op)?.field;
  if (field !== undefined) {
    const dim = numberImm(i.imms, 1);
    return (r, m) => {
      r[d] = readField(node, field, m.slot + at, dim);
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
      const bytes = g.kind === 'shared' ? g.elementBytes : 0;
      return (r, m) => {
        r[d] = elementAt(node, m.slot + at, r[part] as number, values(r, indices), bytes);
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
  if (i.op === 'alloc.shared') {
    return (r, m) => {
      r[d] = allocateObject(node, m, r[a] as bigint);
    };
  }
  if (i.op === 'free') return (r, m) => free(node, m, r[a] as number);
  return i.op.startsWith('shared.') || i.op.startsWith('dynamic.') ? arrayStep(i, node) : undefined;
};
