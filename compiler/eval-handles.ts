// Steps for handles, evaluated natively: descriptors are read where the handle says, and `handle.new` takes symmetric
// memory, each image for itself. As all do the same in the same order, the offsets are the same everywhere.
import { descriptor, descriptorBytes, page } from '../vm/abi.ts';
import type { Image, Node, Step, SymmetricBlocks } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import {
  alignUp,
  allocateSymmetric,
  describeDynamic,
  describeShared,
  elementAt,
  ownerAt,
  readField,
  setBase,
  symmetricAlign,
  values,
} from './eval-shared.ts';
import { meet } from './eval-sync.ts';
import type { IrDim, OpInst } from './ir.ts';
import { fieldOf } from './ir-arrays.ts';
import { dimsOf, numberImm, textImm } from './ir-types.ts';

// ---- symmetric memory that comes and goes -----------------------------------------------------------------------

const blocksOf = (node: Node, m: Image): SymmetricBlocks => {
  let known = node.symmetric.get(m.image);
  if (!known) {
    known = { live: new Map(), free: [] };
    node.symmetric.set(m.image, known);
  }
  return known;
};

/** The lowest free block that is large enough, zeroed, or a new one; gives its offset. */
const takeBlock = (node: Node, m: Image, bytes: number): number => {
  const blocks = blocksOf(node, m);
  const size = alignUp(Math.max(bytes, 1), symmetricAlign);
  const k = blocks.free.findIndex((b) => b.size >= size);
  const found = blocks.free[k];
  let at: number;
  if (found) {
    at = found.at;
    blocks.free.splice(k, 1, ...(found.size > size ? [{ at: at + size, size: found.size - size }] : []));
    node.memory.bytes.fill(0, m.slot + at, m.slot + at + size);
  } else {
    at = allocateSymmetric(node, m, BigInt(size));
  }
  blocks.live.set(at, size);
  return at;
};

const giveBack = (node: Node, m: Image, at: number): void => {
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
  // What lies at the top goes back to the gap that the heap grows into.
  const top = node.memory.view.getUint32(m.slot + page.symmetricTop, true);
  const last = blocks.free.at(-1);
  if (last && last.at + last.size === top) {
    blocks.free.pop();
    node.memory.view.setUint32(m.slot + page.symmetricTop, last.at, true);
  }
};

/** What all images must agree on, one value after the other. */
const agree = (m: Image, all: readonly Reg[], lists: ReadonlyMap<number, readonly bigint[]>): void => {
  const mine = lists.get(m.image) ?? [];
  for (const [image] of all.entries()) {
    const theirs = lists.get(image) ?? [];
    for (const [k, n] of mine.entries())
      if (theirs[k] !== n) throw new Fault('mismatch', [n, theirs[k] ?? 0n, BigInt(image)]);
  }
};

/** Makes an array on all images: descriptor first, then the own part. */
const makeArray = (
  node: Node,
  m: Image,
  dims: readonly IrDim[] | undefined,
  elementBytes: number,
  operands: readonly bigint[],
): number => {
  const rank = dims ? dims.length : operands.length;
  const head = alignUp(descriptorBytes(rank), symmetricAlign);
  const { bytes, write } = dims
    ? describeShared(node, m, { dims, elementBytes }, operands.slice(0, rank), operands.slice(rank))
    : describeDynamic(node, elementBytes, operands);
  const room = 2n ** 32n;
  if (bytes > room) throw new Fault('memory-image', [bytes, 0n, BigInt(m.image)]);
  const at = takeBlock(node, m, head + Number(bytes));
  write(m.slot + at);
  setBase(node, m.slot + at, at + head);
  return m.slot + at;
};

const newStep = (i: OpInst, node: Node): Step => {
  const [d = 0] = i.results;
  const elementBytes = numberImm(i.imms, 0);
  const dims = i.op === 'handle.new' ? dimsOf(i.imms[1]) : undefined;
  const lists = new Map<number, readonly bigint[]>();
  return (r, m) => {
    const operands = values(r, i.args);
    lists.set(m.image, operands);
    meet(node, m, i.op, 0, (all) => {
      agree(m, all, lists);
      r[d] = makeArray(node, m, dims, elementBytes, operands);
    });
  };
};

const freeStep = (i: OpInst, node: Node): Step => {
  const [a = 0] = i.args;
  const lists = new Map<number, readonly bigint[]>();
  return (r, m) => {
    const at = (r[a] as number) - m.slot;
    lists.set(m.image, [BigInt(at)]);
    meet(node, m, i.op, 0, (all) => {
      agree(m, all, lists);
      if (at === 0) return;
      giveBack(node, m, at);
      setBase(node, m.slot + at, 0);
    });
  };
};

// ---- reading ----------------------------------------------------------------------------------------------------

export const handleStep = (i: OpInst, node: Node): Step | undefined => {
  const [d = 0] = i.results;
  const [a = 0, b = 0] = i.args;
  const { memory } = node;
  const field = fieldOf(i.op);
  if (field?.of === 'handle') {
    const dim = numberImm(i.imms, 0);
    return (r) => {
      r[d] = readField(node, field.field, r[a] as number, dim);
    };
  }
  switch (i.op) {
    case 'handle.of': {
      const at = node.layout.offsets.get(textImm(i.imms, 0));
      if (at === undefined) return undefined;
      return (r, m) => {
        r[d] = m.slot + at;
      };
    }
    case 'handle.part':
    case 'handle.part_now':
      return (r, m) => {
        r[d] = (m.slot + memory.view.getInt32((r[a] as number) + descriptor.base, true)) >>> 0;
      };
    case 'handle.holder':
      return (r) => {
        r[d] = BigInt(memory.view.getInt32((r[a] as number) + descriptor.on, true));
      };
    case 'handle.elem': {
      const indices = i.args.slice(2);
      const bytes = numberImm(i.imms, 0);
      return (r) => {
        r[d] = elementAt(node, r[a] as number, r[b] as number, values(r, indices), bytes);
      };
    }
    case 'handle.owner': {
      const indices = i.args.slice(1);
      return (r) => {
        r[d] = ownerAt(node, r[a] as number, indices.length, values(r, indices));
      };
    }
    case 'handle.new':
    case 'handle.new_co':
      return newStep(i, node);
    case 'handle.free':
      return freeStep(i, node);
    default:
      return undefined;
  }
};
