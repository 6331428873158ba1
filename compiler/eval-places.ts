// Steps for places, memory and atomics.
import { unmappedBytes } from '../vm/abi.ts';
import { combine } from './arith.ts';
import type { Node, Step } from './eval-machine.ts';
import type { Reg } from './eval-memory.ts';
import { fromConstant, toConstant } from './eval-pure.ts';
import { type MemType, memTypes, type OpInst, valueType } from './ir.ts';
import { bitsOfFloat, numberImm, textImm } from './ir-types.ts';
import { memTypeBytes } from './layout.ts';

const memType = (suffix: string): MemType => {
  const found = memTypes.find((t) => t === suffix);
  if (!found) throw new Error(`internal error: ${suffix} is no memory type`);
  return found;
};

const known = (map: ReadonlyMap<string, number>, name: string): number => {
  const at = map.get(name);
  if (at === undefined) throw new Error(`internal error: @${name} has no place in memory`);
  return at;
};

/** The low 32 bits of an i64, signed. */
const low = (x: Reg | undefined): number => Number(BigInt.asIntN(32, x as bigint));

/** `frames`: offset of each slot in the function's frame. */
export const placeStep = (i: OpInst, node: Node, frames: ReadonlyMap<string, number>): Step | undefined => {
  const [d = 0] = i.results;
  const [a = 0, b = 0] = i.args;
  const { memory, layout } = node;
  switch (i.op) {
    case 'null':
      return (r) => {
        r[d] = 0;
      };
    case 'global': {
      const offset = known(layout.offsets, textImm(i.imms, 0));
      return (r, m) => {
        r[d] = m.slot + offset;
      };
    }
    case 'data': {
      const address = known(layout.data, textImm(i.imms, 0));
      return (r) => {
        r[d] = address;
      };
    }
    case 'frame': {
      const offset = known(frames, textImm(i.imms, 0));
      return (r, m) => {
        r[d] = m.base + offset;
      };
    }
    case 'offset':
    case 'ptr.add':
      return (r) => {
        r[d] = ((r[a] as number) + (r[b] as number)) >>> 0;
      };
    case 'elem': {
      const bytes = numberImm(i.imms, 0);
      return (r) => {
        r[d] = ((r[a] as number) + Math.imul(low(r[b]), bytes)) >>> 0;
      };
    }
    case 'remote':
      return (r) => {
        r[d] = memory.inSlotOf(low(r[b]), r[a] as number);
      };
    case 'image_of':
      return (r) => {
        r[d] = BigInt(memory.imageOf(r[a] as number));
      };
    case 'own':
      return (r, m) => {
        r[d] = memory.inSlotOf(m.image, r[a] as number);
      };
    case 'ptr.diff':
      return (r) => {
        r[d] = ((r[a] as number) - (r[b] as number)) | 0;
      };
    case 'ptr.bits':
    case 'gptr.bits':
      return (r) => {
        r[d] = (r[a] as number) | 0;
      };
    case 'gptr.of':
    case 'addr':
      return (r) => {
        r[d] = (r[a] as number) >>> 0;
      };
    case 'slot':
    case 'worker':
      return (r, m) => {
        r[d] = m.slot | 0;
      };
    case 'stack.get':
      return (r, m) => {
        r[d] = m.base | 0;
      };
    case 'stack.set':
      return (r, m) => {
        m.base = (r[a] as number) >>> 0;
        const frame = m.frames.at(-1);
        if (frame) frame.base = m.base;
      };
    case 'frame.keep':
    case 'frame.enter':
    case 'others':
    case 'become':
      return () => {};
    case 'slot_bits':
      return (r) => {
        r[d] = memory.slotBits;
      };
    case 'this_image':
    case 'worker.image':
      return (r, m) => {
        r[d] = BigInt(m.image);
      };
    case 'num_images': {
      const count = BigInt(node.images.length);
      return (r) => {
        r[d] = count;
      };
    }
    default:
      return undefined;
  }
};

const rmw = (i: OpInst, node: Node): Step => {
  const [d = 0] = i.results;
  const [a = 0, b = 0] = i.args;
  const { memory } = node;
  const type = memType(i.suffix);
  const operand = valueType(i.suffix);
  const word = textImm(i.imms, 0);
  return (r) => {
    const address = memory.atAligned(r[a] as number, memTypeBytes[type], true);
    const old = memory.read(type, address);
    const next = combine(word, i.suffix, toConstant(operand, old), toConstant(operand, r[b] as Reg));
    if (next === undefined) throw new Error(`internal error: atomic.rmw.${i.suffix} ${word}`);
    memory.write(type, address, fromConstant(operand, next));
    r[d] = old;
  };
};

export const memoryStep = (i: OpInst, node: Node): Step | undefined => {
  const [d = 0] = i.results;
  const [a = 0, b = 0, c = 0] = i.args;
  const { memory, layout } = node;
  switch (i.op) {
    case 'load': {
      const type = memType(i.suffix);
      const offset = numberImm(i.imms, 0);
      return (r) => {
        r[d] = memory.load(type, r[a] as number, offset);
      };
    }
    case 'store': {
      const type = memType(i.suffix);
      const offset = numberImm(i.imms, 0);
      return (r) => memory.store(type, r[a] as number, offset, r[b] as Reg);
    }
    case 'copy':
      return (r) => memory.copy(r[a] as number, r[b] as number, (r[c] as number) >>> 0);
    case 'fill':
      return (r) => memory.fill(r[a] as number, r[b] as number, (r[c] as number) >>> 0);
    case 'let': {
      const type = memType(i.suffix);
      const offset = known(layout.offsets, textImm(i.imms, 0));
      return (r, m) => {
        r[d] = memory.read(type, m.slot + offset);
      };
    }
    case 'atomic.load': {
      const type = memType(i.suffix);
      return (r) => {
        r[d] = memory.read(type, memory.atAligned(r[a] as number, memTypeBytes[type], false));
      };
    }
    case 'atomic.store': {
      const type = memType(i.suffix);
      return (r) => memory.write(type, memory.atAligned(r[a] as number, memTypeBytes[type], true), r[b] as Reg);
    }
    case 'atomic.rmw':
      return rmw(i, node);
    case 'atomic.cas': {
      const type = memType(i.suffix);
      // Floats are compared as bits: NaN equals itself, and 0 is not -0.
      const bits = (x: Reg): Reg => (type === 'f64' ? bitsOfFloat('f64', x as number) : x);
      return (r) => {
        const address = memory.atAligned(r[a] as number, memTypeBytes[type], true);
        const old = memory.read(type, address);
        if (bits(old) === bits(r[b] as Reg)) memory.write(type, address, r[c] as Reg);
        r[d] = old;
      };
    }
    case 'fence':
    // The evaluator keeps no table by itself; lower-runtime makes calls of these.
    case 'track.object':
    case 'track.part':
    case 'track.array':
    case 'track.free':
    case 'track.escape':
    case 'track.run':
      return () => {};
    default:
      return undefined;
  }
};

/** Whether the address is one that `check.null` refuses. */
export const isNull = (address: number): boolean => address < unmappedBytes;
