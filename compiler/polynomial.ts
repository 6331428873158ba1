// Differences of values that are products: s·(i + 1) - s·i is s, whatever i is. Sums of products of values, modulo 2^64; a product
// is written as its factors in order.
import { type Defs, intOf, type Linear, opOf } from './facts.ts';
import type { Value } from './ir.ts';

/** Coefficients by product; the empty product is 1. */
export type Polynomial = ReadonlyMap<string, bigint>;

/** Sums of more products, and products of more factors, are not taken apart. */
const maxTerms = 16;
const maxFactors = 3;

export const factorsOf = (key: string): readonly Value[] => (key === '' ? [] : key.split(' ').map(Number));
const keyOf = (factors: readonly Value[]): string => [...factors].sort((a, b) => a - b).join(' ');

export const sum = (a: Polynomial, b: Polynomial, times: bigint): Polynomial => {
  const all = new Map(a);
  for (const [key, c] of b) {
    const now = BigInt.asIntN(64, (all.get(key) ?? 0n) + times * c);
    if (now === 0n) all.delete(key);
    else all.set(key, now);
  }
  return all;
};

/** Undefined: too large. */
const product = (a: Polynomial, b: Polynomial): Polynomial | undefined => {
  if (a.size * b.size > maxTerms) return undefined;
  let all: Polynomial = new Map();
  for (const [left, c] of a)
    for (const [right, d] of b) {
      const factors = [...factorsOf(left), ...factorsOf(right)];
      if (factors.length > maxFactors) return undefined;
      all = sum(all, new Map([[keyOf(factors), c]]), d);
    }
  return all;
};

export const polynomialOf = (defs: Defs, v: Value, depth = 8): Polynomial => {
  const leaf: Polynomial = new Map([[String(v), 1n]]);
  const inst = opOf(defs, v);
  if (inst?.suffix !== 'i64' || depth === 0) return leaf;
  const c = inst.op === 'const' ? intOf(defs, v) : undefined;
  if (c !== undefined) return c === 0n ? new Map() : new Map([['', c]]);
  const [a, b] = inst.args;
  if (a === undefined || b === undefined) return leaf;
  const of = (x: Value): Polynomial => polynomialOf(defs, x, depth - 1);
  switch (inst.op) {
    case 'add':
    case 'sub': {
      const all = sum(of(a), of(b), inst.op === 'add' ? 1n : -1n);
      return all.size > maxTerms ? leaf : all;
    }
    case 'mul':
      return product(of(a), of(b)) ?? leaf;
    case 'shl': {
      const by = intOf(defs, b);
      return by === undefined ? leaf : (product(of(a), new Map([['', 1n << (by & 63n)]])) ?? leaf);
    }
    default:
      return leaf;
  }
};

/** `a - b` modulo 2^64 as a linear form of values for which `fixed` holds; undefined: it is none. */
export const differenceOf = (defs: Defs, a: Value, b: Value, fixed: (v: Value) => boolean): Linear | undefined => {
  const terms = new Map<Value, bigint>();
  let constant = 0n;
  for (const [key, c] of sum(polynomialOf(defs, a), polynomialOf(defs, b), -1n)) {
    const [v, ...more] = factorsOf(key);
    if (v === undefined) constant = c;
    else if (more.length > 0 || !fixed(v)) return undefined;
    else terms.set(v, c);
  }
  return { constant, terms };
};
