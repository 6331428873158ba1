// Addresses in a loop as a place from outside and a linear form of what changes in it.
import { addLinear, type Defs, intOf, type Linear, linearOf, opOf, scaleLinear } from './facts.ts';
import type { Value } from './ir.ts';
/** The address `base` + `bytes`, modulo 2^32; base is a gptr from outside the loop. */
export interface Address {
  readonly base: Value;
  readonly bytes: Linear;
}

const none: Linear = { constant: 0n, terms: new Map() };

/** `whole`: values that are not taken apart though they could be. */
export const addressOf = (
  defs: Defs,
  v: Value,
  inner: ReadonlySet<Value>,
  whole: Pick<ReadonlySet<Value>, 'has'> = new Set(),
  depth = 12,
): Address | undefined => {
  if (!inner.has(v)) return { base: v, bytes: none };
  const inst = opOf(defs, v);
  const [a, b] = inst?.args ?? [];
  if (!inst || a === undefined || depth === 0) return undefined;
  if (inst.op === 'addr') return addressOf(defs, a, inner, whole, depth - 1);
  if (b === undefined) return undefined;
  const from = (): Address | undefined => addressOf(defs, a, inner, whole, depth - 1);
  switch (inst.op) {
    case 'offset':
    case 'ptr.add': {
      const k = intOf(defs, b);
      const at = from();
      return at && k !== undefined
        ? { base: at.base, bytes: addLinear(at.bytes, { ...none, constant: k }) }
        : undefined;
    }
    case 'elem': {
      const at = from();
      const index = linearOf(defs, b, (x) => !inner.has(x) || whole.has(x));
      return at && { base: at.base, bytes: addLinear(at.bytes, scaleLinear(index, BigInt(Number(inst.imms[0])))) };
    }
    default:
      return undefined;
  }
};
