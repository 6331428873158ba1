// Steps for handles, evaluated natively: descriptors are read where the handle says, and `handle.new` takes symmetric
// memory at an offset that is free on all images.
import { descriptor, descriptorBytes } from '../vm/abi.ts';
import { agreedOffset, alignUp, giveBack, symmetricAlign, takeBlock } from './eval-heap.ts';
import type { Image, Node, Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import { describeDynamic, describeShared, elementAt, ownerAt, readField, setBase, values } from './eval-shared.ts';
import { meet } from './eval-sync.ts';
import type { IrDim, OpInst } from './ir.ts';
import { fieldOf } from './ir-arrays.ts';
import { dimsOf, numberImm, textImm } from './ir-types.ts';

/** What all images must agree on, one value after the other. */
const agree = (m: Image, all: readonly Reg[], lists: ReadonlyMap<number, readonly bigint[]>): void => {
  const mine = lists.get(m.image) ?? [];
  for (const [image] of all.entries()) {
    const theirs = lists.get(image) ?? [];
    for (const [k, n] of mine.entries())
      if (theirs[k] !== n) throw new Fault('mismatch', [n, theirs[k] ?? 0n, BigInt(image)]);
  }
};

/** What the images that meet have agreed on, by the values of the meeting: the first to leave it finds the offset. */
type Offsets = WeakMap<readonly Reg[], number>;

/** Makes an array on all images: descriptor first, then the own part. */
const makeArray = (
  node: Node,
  m: Image,
  dims: readonly IrDim[] | undefined,
  elementBytes: number,
  operands: readonly bigint[],
  offsets: Offsets,
  all: readonly Reg[],
): number => {
  const rank = dims ? dims.length : operands.length;
  const head = alignUp(descriptorBytes(rank), symmetricAlign);
  const { bytes, write } = dims
    ? describeShared(node, m, { dims, elementBytes }, operands.slice(0, rank), operands.slice(rank))
    : describeDynamic(node, elementBytes, operands);
  const room = 2n ** 32n;
  if (bytes > room) throw new Fault('memory-image', [bytes, 0n, BigInt(m.image)]);
  const size = head + Number(bytes);
  let at = offsets.get(all);
  if (at === undefined) {
    at = agreedOffset(node, m, size);
    offsets.set(all, at);
  }
  takeBlock(node, m, at, size);
  write(m.slot + at);
  setBase(node, m.slot + at, at + head);
  return m.slot + at;
};

const newStep = (i: OpInst, node: Node): Step => {
  const offsets: Offsets = new WeakMap();
  const [d = 0] = i.results;
  const elementBytes = numberImm(i.imms, 0);
  const dims = i.op === 'handle.new' ? dimsOf(i.imms[1]) : undefined;
  const lists = new Map<number, readonly bigint[]>();
  return (r, m) => {
    const operands = values(r, i.args);
    lists.set(m.image, operands);
    meet(node, m, i.op, 0, (all) => {
      agree(m, all, lists);
      r[d] = makeArray(node, m, dims, elementBytes, operands, offsets, all);
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
