// Masks of bits that nobody asks for: sums modulo 2^8 are cut once, at the end.
//
//   %s = add.i32 %a, %b                     %s = add.i32 %a, %b
//   %t = and.i32 %s, 255                    %u = add.i32 %s, %c
//   %u = add.i32 %t, %c                     %v = and.i32 %u, 255
//   %v = and.i32 %u, 255
//
// The low bits of a sum, difference or product are those of the operands' low bits (H. S. Warren, Hacker's Delight, 2003, section 2-12). Late: masks
// say how narrow the lanes of vectors can be.
import { type Defs, intOf, opOf } from '../facts.ts';
import type { OpInst, OpName, Value } from '../ir.ts';
import { type Edit, madeBy } from '../tree.ts';

const lowBits: ReadonlySet<OpName> = new Set<OpName>(['add', 'sub', 'mul', 'and', 'or', 'xor']);

const stored: Partial<Record<string, bigint>> = { u8: 255n, i8: 255n, u16: 65535n, i16: 65535n };

/** A value with the same bits of `mask`. */
const bareOf = (defs: Defs, v: Value, mask: bigint): Value | undefined => {
  const inst = opOf(defs, v);
  const [x, y] = inst?.args ?? [];
  if (inst?.op === 'extend8_s' && mask <= 255n) return x;
  if (inst?.op === 'extend16_s' && mask <= 65535n) return x;
  const k = inst?.op === 'and' ? intOf(defs, y) : undefined;
  return k !== undefined && (k & mask) === mask ? x : undefined;
};

/** What an `and` with a constant, or a store of a part of a number, becomes; undefined: it stays. */
export const foldMask = (inst: OpInst, defs: Defs, edit: Edit): readonly OpInst[] | undefined => {
  const [a, b] = inst.args;
  if (a === undefined || b === undefined) return undefined;
  const size = inst.op === 'store' ? stored[inst.suffix] : undefined;
  if (size !== undefined) {
    const bare = bareOf(defs, b, size);
    return bare === undefined ? undefined : [madeBy('fold', inst, { ...inst, args: [a, bare] })];
  }
  const mask = inst.op === 'and' && inst.suffix === 'i32' ? intOf(defs, b) : undefined;
  if (mask === undefined || mask <= 0n || (mask & (mask + 1n)) !== 0n) return undefined;
  const inner = opOf(defs, a);
  if (inner?.suffix !== 'i32' || !lowBits.has(inner.op)) return undefined;
  const args = inner.args.map((v) => bareOf(defs, v, mask) ?? v);
  if (args.every((v, k) => v === inner.args[k])) return undefined;
  const sum = edit.value('i32');
  return [
    madeBy('fold', inst, { op: inner.op, suffix: 'i32', args, imms: [], results: [sum] }),
    madeBy('fold', inst, { ...inst, args: [sum, b] }),
  ];
};
