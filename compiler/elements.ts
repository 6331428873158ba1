// Where an element of a distributed array lies: image and local index, as code.
//
// UPC's rule: index i is on coordinate (i / B) mod P, at local index (i / (B·P))·B + i mod B. There is no branch and no
// integer division: i / B is a multiplication by 1/B in floating point, which is exact for all indices there can be.
//
// Proof. Let i and B be integers, 0 <= i < 2^32, 1 <= B <= 2^32, and r = 1/B rounded to nearest. d = i - (B - 1) / 2 is exact. With
// i = qB + s, 0 <= s < B, the true value d/B = q + (s + 0.5)/B - 0.5 lies at least 0.5/B away from q - 0.5 below and from q + 0.5
// above. The computed one differs by a factor (1 + d1)(1 + d2) with |d1|, |d2| <= 2^-53, so by less than
// |d|/B · 2^-51.9 < 2^32/B · 2^-51.9 < 0.5/B. So the nearest integer is q. It is found by adding 1.5 · 2^52: the sum is rounded to an
// integer, as its neighbours are 1 away, and its bits are as many more than those of 1.5 · 2^52 (no conversion that saturates: those
// branch). So it is for i < 0, too: q is then negative, and no element of a block before 0 is taken for one behind it (owners.ts).
//
// Where every image has one block, i / B of a checked index is (i M) >> s, with M = 2^s / B rounded up and s = 64 - m, where m is the least with P < 2^m
// (R. Alverson, Integer division using reciprocals, 1991). Proof. The P + 1 slots are in 4 GiB, so one has at most 2^(32 - m) bytes, and B is no more.
// With M B = 2^s + e, 0 <= e < B, i M / 2^s = i/B + i e / (B 2^s) is less than 1/B above i/B, as i e < P B^2 < 2^m 2^(64 - 2m) = 2^s. So the quotient is right, and
// as it is less than P, i M < P 2^s < 2^64: nothing of the product is lost.
import { append, type Replacement } from './append.ts';
import type { IrDim, IrGlobal, OpName, Value } from './ir.ts';
import { type ArrayField, arrayFields } from './ir-arrays.ts';
import { bitsOfFloat } from './ir-types.ts';

export type SharedGlobal = Extract<IrGlobal, { kind: 'shared' }>;

/** An array whose elements are looked for: by name, or through a handle. */
export interface Subject {
  /** `any`: the word is not known. */
  readonly dims: readonly (IrDim | 'any')[];
  readonly elementBytes: number;
  readonly field: (o: Replacement, field: ArrayField, k: number) => Value;
  readonly holder: (o: Replacement) => Value;
}

export const byName = (g: SharedGlobal): Subject => ({
  dims: g.dims,
  elementBytes: g.elementBytes,
  field: (o, field, k) => append(o, `shared.${field}`, '', arrayFields[field].type, [], [g.name, k]),
  holder: (o) => append(o, 'shared.holder', '', 'i64', [], [g.name]),
});

export const byHandle = (handle: Value, rank: number, elementBytes: number, word: string): Subject => ({
  dims: Array.from({ length: rank }, (_, k) => (word === 'any' ? 'any' : k === 0 ? 'block' : 'star')),
  elementBytes,
  field: (o, field, k) => append(o, `handle.${field}`, '', arrayFields[field].type, [handle], [k]),
  holder: (o) => append(o, 'handle.holder', '', 'i64', [handle]),
});

export const constant = (o: Replacement, n: number): Value => append(o, 'const', 'i64', 'i64', [], [BigInt(n)]);
const binary = (o: Replacement, op: OpName, a: Value, b: Value): Value => append(o, op, 'i64', 'i64', [a, b]);

/** Added to a number that is small beside it, it gives the nearest integer, as the difference of the bits. */
const toInteger = 1.5 * 2 ** 52;

/** n / B or n / P, exactly, given the divisor and its reciprocal: see above. */
const quotient = (o: Replacement, n: Value, divisor: Value, reciprocal: Value): Value => {
  const real = (x: number): Value => append(o, 'fconst', 'f64', 'f64', [], [bitsOfFloat('f64', x)]);
  const float = (op: OpName, a: Value, b: Value): Value => append(o, op, 'f64', 'f64', [a, b]);
  const convert = (v: Value): Value => append(o, 'convert_s', 'f64.i64', 'f64', [v]);
  const half = float('mul', float('add', convert(divisor), real(-1)), real(0.5));
  const scaled = float('mul', float('sub', convert(n), half), reciprocal);
  const bits = append(o, 'reinterpret', 'i64.f64', 'i64', [float('add', scaled, real(toInteger))]);
  return binary(o, 'sub', bits, append(o, 'const', 'i64', 'i64', [], [bitsOfFloat('f64', toInteger)]));
};

const blockOf = (o: Replacement, a: Subject, k: number, i: Value): Value =>
  quotient(o, i, a.field(o, 'block', k), a.field(o, 'reciprocal', k));

/** The same of a checked index, where every image has one block; in less time, see above. */
export const blockOfChecked = (o: Replacement, a: Subject, k: number, i: Value): Value =>
  binary(o, 'shr_u', binary(o, 'mul', i, a.field(o, 'multiplier', k)), a.field(o, 'shift', k));

/** Where an index lies: the coordinate of its image along the dimension (undefined: it is the same for all), and its local index. */
export interface Spot {
  readonly coordinate: Value | undefined;
  readonly local: Value;
  /** Where it is in its block, if there are blocks. */
  readonly within?: Value;
}

/** The general rule, with the number of the round given by `round`. */
const dealt = (o: Replacement, a: Subject, k: number, i: Value, round: (block: Value) => Value): Spot => {
  const block = a.field(o, 'block', k);
  const q = blockOf(o, a, k, i);
  const r = round(q);
  const coordinate = binary(o, 'sub', q, binary(o, 'mul', r, a.field(o, 'images', k)));
  const within = binary(o, 'sub', i, binary(o, 'mul', q, block));
  return { coordinate, local: binary(o, 'add', binary(o, 'mul', r, block), within), within };
};

export const spotOf = (o: Replacement, a: Subject, k: number, kind: IrDim | 'any', i: Value): Spot => {
  switch (kind) {
    case 'star':
    case 'on':
      return { coordinate: undefined, local: i };
    case 'block': {
      // One block an image: the block's number is the coordinate.
      const q = blockOf(o, a, k, i);
      const within = binary(o, 'sub', i, binary(o, 'mul', q, a.field(o, 'block', k)));
      return { coordinate: q, local: within, within };
    }
    case 'cyclic': {
      const images = a.field(o, 'images', k);
      return { coordinate: binary(o, 'rem_u', i, images), local: binary(o, 'div_u', i, images) };
    }
    case 'blocks':
      return dealt(o, a, k, i, (q) => binary(o, 'div_u', q, a.field(o, 'images', k)));
    case 'any':
      return dealt(o, a, k, i, (q) => quotient(o, q, a.field(o, 'images', k), a.field(o, 'images_reciprocal', k)));
  }
};

/** The image at these coordinates, which count through the grid of images row by row. */
export const imageOf = (o: Replacement, a: Subject, spots: readonly Spot[], handle: boolean): Value => {
  if (a.dims.includes('on')) return a.holder(o);
  let image: Value | undefined;
  spots.forEach((spot, k) => {
    if (spot.coordinate === undefined) return;
    image =
      image === undefined
        ? spot.coordinate
        : binary(o, 'add', binary(o, 'mul', image, a.field(o, 'images', k)), spot.coordinate);
  });
  // Undivided in every dimension: image 0's.
  const zero = constant(o, 0);
  image ??= zero;
  if (!handle) return image;
  // It may be `on p`: then every coordinate is 0.
  const holder = a.holder(o);
  const alone = append(o, 'ge_s', 'i64', 'i32', [holder, zero]);
  return binary(o, 'add', image, append(o, 'select', 'i64', 'i64', [alone, holder, zero]));
};

/** The place of the element at these spots. */
export const elementAt = (
  o: Replacement,
  a: Subject,
  part: Value,
  spots: readonly Spot[],
  result: Value,
  handle: boolean,
): void => {
  elementFrom(o, a, append(o, 'remote', '', 'gptr', [part, imageOf(o, a, spots, handle)]), spots, result, handle);
};

/** The place of the element at these spots of a part. */
export const elementFrom = (
  o: Replacement,
  a: Subject,
  part: Value,
  spots: readonly Spot[],
  result: Value,
  handle: boolean,
): void => {
  let place = part;
  spots.forEach((spot, k) => {
    let scaled = spot.local;
    for (let d = k + 1; d < spots.length; d++) scaled = binary(o, 'mul', scaled, a.field(o, 'local_extent', d));
    const last = k === spots.length - 1;
    place = append(o, 'elem', '', 'gptr', [place, scaled], [a.elementBytes], last ? result : undefined);
    // What a handle refers to is the program's word; the descriptors of named arrays are the compiler's.
    const made = o.insts.at(-1);
    if (last && !handle && made?.kind === 'op') o.insts[o.insts.length - 1] = { ...made, granted: a.elementBytes };
  });
};
