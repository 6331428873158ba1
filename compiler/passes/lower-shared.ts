// lower-shared: elements of distributed arrays become addresses, their owners numbers.
//
//   before   %g = shared.elem @u (%part, %i)       after   %q = trunc((f64(%i) + 0.5) * (1 / B))     the image, for `block`
//                                                          %l = %i - %q * B
//                                                          %r = remote %part, %q
//                                                          %g = elem %r, %l, 8
//
// UPC's rule: index i is on coordinate (i / B) mod P, at local index (i / (B·P))·B + i mod B. There is no branch and no
// integer division: i / B is a multiplication by 1/B in floating point, which is exact for all indices there can be.
//
// Proof. Let i and B be integers, 0 <= i < 2^32, 1 <= B <= 2^32, and r = 1/B rounded to nearest. i + 0.5 is exact. With
// i = qB + s, 0 <= s < B, the true value (i + 0.5)/B = q + (s + 0.5)/B lies at least 0.5/B away from q below and from q + 1
// above. The computed one differs by a factor (1 + d1)(1 + d2) with |d1|, |d2| <= 2^-53, so by less than
// (i + 0.5)/B · 2^-51.9 < 2^32/B · 2^-51.9 < 0.5/B. So truncation gives q.
//
// Parts that depend on different indices stay apart, and the last dimension's comes last as an `elem` of its own, so that
// licm can move what belongs to outer indices out of the inner loop.
import { append, type Replacement } from '../append.ts';
import type { Body, Inst, IrDim, IrGlobal, OpInst, OpName, Value } from '../ir.ts';
import { bitsOfFloat, textImm } from '../ir-types.ts';
import type { Pass } from '../passes.ts';
import { editOf, withBodies } from '../tree.ts';

type SharedGlobal = Extract<IrGlobal, { kind: 'shared' }>;

const by = 'lower-shared';

const about = (o: Replacement, op: OpName, g: SharedGlobal, k: number): Value =>
  append(o, op, '', op === 'shared.reciprocal' ? 'f64' : 'i64', [], [g.name, k]);
const constant = (o: Replacement, n: number): Value => append(o, 'const', 'i64', 'i64', [], [BigInt(n)]);
const binary = (o: Replacement, op: OpName, a: Value, b: Value): Value => append(o, op, 'i64', 'i64', [a, b]);

/** i / B, exactly: see above. */
const blockOf = (o: Replacement, g: SharedGlobal, k: number, i: Value): Value => {
  const real = append(o, 'convert_s', 'f64.i64', 'f64', [i]);
  const half = append(o, 'fconst', 'f64', 'f64', [], [bitsOfFloat('f64', 0.5)]);
  const shifted = append(o, 'add', 'f64', 'f64', [real, half]);
  const scaled = append(o, 'mul', 'f64', 'f64', [shifted, about(o, 'shared.reciprocal', g, k)]);
  return append(o, 'trunc_sat_s', 'i64.f64', 'i64', [scaled]);
};

/** Where an index lies: the coordinate of its image along the dimension (undefined: it is the same for all), and its local index. */
interface Spot {
  readonly coordinate: Value | undefined;
  readonly local: Value;
}

const spotOf = (o: Replacement, g: SharedGlobal, k: number, kind: IrDim, i: Value): Spot => {
  switch (kind) {
    case 'star':
    case 'on':
      return { coordinate: undefined, local: i };
    case 'block': {
      // One block an image: the block's number is the coordinate.
      const q = blockOf(o, g, k, i);
      return { coordinate: q, local: binary(o, 'sub', i, binary(o, 'mul', q, about(o, 'shared.block', g, k))) };
    }
    case 'cyclic': {
      const images = about(o, 'shared.images', g, k);
      return { coordinate: binary(o, 'rem_u', i, images), local: binary(o, 'div_u', i, images) };
    }
    case 'blocks': {
      const images = about(o, 'shared.images', g, k);
      const block = about(o, 'shared.block', g, k);
      const q = blockOf(o, g, k, i);
      const round = binary(o, 'div_u', q, images);
      const coordinate = binary(o, 'sub', q, binary(o, 'mul', round, images));
      const within = binary(o, 'sub', i, binary(o, 'mul', q, block));
      return { coordinate, local: binary(o, 'add', binary(o, 'mul', round, block), within) };
    }
  }
};

/** The image at these coordinates: rows of images along the first spread dimension, columns along the second. */
const imageOf = (o: Replacement, g: SharedGlobal, spots: readonly Spot[]): Value => {
  if (g.dims.includes('on')) return append(o, 'shared.holder', '', 'i64', [], [g.name]);
  let image: Value | undefined;
  spots.forEach((spot, k) => {
    if (spot.coordinate === undefined) return;
    image =
      image === undefined
        ? spot.coordinate
        : binary(o, 'add', binary(o, 'mul', image, about(o, 'shared.images', g, k)), spot.coordinate);
  });
  // Undivided in every dimension: image 0's.
  return image ?? constant(o, 0);
};

const expandElem = (o: Replacement, g: SharedGlobal, inst: OpInst): void => {
  const [part, ...indices] = inst.args;
  const [result] = inst.results;
  if (part === undefined || result === undefined) return;
  const spots = indices.map((i, k) => spotOf(o, g, k, g.dims[k] ?? 'star', i));
  let place = append(o, 'remote', '', 'gptr', [part, imageOf(o, g, spots)]);
  spots.forEach((spot, k) => {
    let scaled = spot.local;
    for (let d = k + 1; d < spots.length; d++) scaled = binary(o, 'mul', scaled, about(o, 'shared.local_extent', g, d));
    place = append(
      o,
      'elem',
      '',
      'gptr',
      [place, scaled],
      [g.elementBytes],
      k === spots.length - 1 ? result : undefined,
    );
  });
};

const expandOwner = (o: Replacement, g: SharedGlobal, inst: OpInst): void => {
  const [result] = inst.results;
  if (result === undefined) return;
  const spots = inst.args.map((i, k) => spotOf(o, g, k, g.dims[k] ?? 'star', i));
  // The image is computed already: a sum with zero gives it the result's name, and folds away.
  append(o, 'add', 'i64', 'i64', [imageOf(o, g, spots), constant(o, 0)], [], result);
};

export const lowerShared: Pass['run'] = (f, context) => {
  const edit = editOf(f);
  const arrays = new Map(context.program.globals.flatMap((g) => (g.kind === 'shared' ? [[g.name, g] as const] : [])));
  let changed = false;
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      if (inst.kind !== 'op') {
        insts.push(withBodies(inst, body));
        continue;
      }
      if (inst.op !== 'shared.elem' && inst.op !== 'shared.owner') {
        insts.push(inst);
        continue;
      }
      const g = arrays.get(textImm(inst.imms, 0));
      if (!g) throw new Error(`internal error: ${inst.op} of no shared array @${textImm(inst.imms, 0)}`);
      changed = true;
      const out: Replacement = { insts, edit, pos: inst.pos, by };
      if (inst.op === 'shared.elem') expandElem(out, g, inst);
      else expandOwner(out, g, inst);
    }
    return { insts, end: b.end };
  };
  const lowered = body(f.body);
  return changed ? { ...f, types: edit.types, body: lowered } : f;
};
