// Steps for the ops on vectors. A vector is a bigint of 128 bits in one register; what is computed is arith-vector.ts's to say.
import { evalVector, joined, lanes } from './arith-vector.ts';
import type { Node, Step } from './eval-machine.ts';
import type { Memory, Reg } from './eval-memory.ts';
import { fromConstant, toConstant } from './eval-pure.ts';
import type { OpInst } from './ir.ts';
import { numberImm, opText, signatureOf } from './ir-types.ts';
import { isVectorOp, vectorBytes } from './ir-vector.ts';

const read = (memory: Memory, address: number, bytes: number): bigint => {
  let v = 0n;
  for (let i = bytes - 1; i >= 0; i--) v = (v << 8n) | BigInt(memory.bytes[address + i] ?? 0);
  return v;
};

const write = (memory: Memory, address: number, bytes: number, v: bigint): void => {
  for (const [i, byte] of lanes(v, 8).slice(0, bytes).entries()) memory.bytes[address + i] = Number(byte);
};

/** What a load makes of the bytes that it reads. */
const loaded = (suffix: string, bytes: number, v: bigint): bigint => {
  if (suffix.startsWith('splat')) return joined(Array<bigint>(16 / bytes).fill(v), bytes * 8);
  const narrow = /^([iu])(8|16|32)x/.exec(suffix);
  if (!narrow) return v;
  const bits = Number(narrow[2]);
  const from = lanes(v, bits).slice(0, 64 / bits);
  return joined(narrow[1] === 'i' ? from.map((n) => BigInt.asIntN(bits, n)) : from, 2 * bits);
};

export const vectorStep = (i: OpInst, node: Node): Step | undefined => {
  if (!isVectorOp(i.op)) return undefined;
  const { memory } = node;
  const [d = 0] = i.results;
  const [a = 0, b = 0] = i.args;
  const bytes = vectorBytes(i.op, i.suffix);
  switch (i.op) {
    case 'v.load': {
      const offset = numberImm(i.imms, 0);
      return (r) => {
        const at = memory.at(r[a] as number, offset, bytes, false);
        r[d] = loaded(i.suffix, bytes, read(memory, at, bytes));
      };
    }
    case 'v.store': {
      const offset = numberImm(i.imms, 0);
      return (r) => write(memory, memory.at(r[a] as number, offset, bytes, true), bytes, BigInt(r[b] as Reg));
    }
    case 'v.load_lane': {
      const [offset, lane] = [numberImm(i.imms, 0), numberImm(i.imms, 1)];
      return (r) => {
        const at = memory.at(r[a] as number, offset, bytes, false);
        r[d] = joined(lanes(BigInt(r[b] as Reg), bytes * 8).with(lane, read(memory, at, bytes)), bytes * 8);
      };
    }
    case 'v.store_lane': {
      const [offset, lane] = [numberImm(i.imms, 0), numberImm(i.imms, 1)];
      return (r) => {
        const at = memory.at(r[a] as number, offset, bytes, true);
        write(memory, at, bytes, lanes(BigInt(r[b] as Reg), bytes * 8)[lane] ?? 0n);
      };
    }
    default: {
      const signature = signatureOf(i.op, i.suffix);
      const [result] = signature?.results ?? [];
      return (r) => {
        const args = i.args.map((v, k) => toConstant(signature?.operands[k], r[v] as Reg));
        const value = evalVector(i.op, i.suffix, args, i.imms);
        if (value === undefined) throw new Error(`internal error: ${opText(i.op, i.suffix)} has no value`);
        r[d] = fromConstant(result, value);
      };
    }
  }
};
