// Ops of the IR on vectors of 128 bits (WebAssembly's fixed-width SIMD). A value of type v128 has no shape of its own: each op says how it
// divides the bits into lanes. Lane 0 is the lowest, in memory the one at the lowest address. All begin with `v.`: to a pass that knows
// `add` or `load` they are no such op. Memory is accessed at any address: none of them asks for alignment.
import { type OpRow, row } from './ir-row.ts';

export const intShapes = ['i8x16', 'i16x8', 'i32x4', 'i64x2'] as const;
export const floatShapes = ['f32x4', 'f64x2'] as const;
export const shapes = [...intShapes, ...floatShapes] as const;
export type Shape = (typeof shapes)[number];

/** Bits of a lane, by shape; a shape may be called unsigned where a lane is widened. */
export const laneBits: Readonly<Record<string, number>> = {
  i8x16: 8,
  u8x16: 8,
  i16x8: 16,
  u16x8: 16,
  i32x4: 32,
  i64x2: 64,
  f32x4: 32,
  f64x2: 64,
};

export const lanesOf = (shape: string): number => 128 / (laneBits[shape] ?? 128);

/** What a lane is as a value of its own. */
export const laneType = (shape: string): 'i32' | 'i64' | 'f32' | 'f64' => {
  switch (shape) {
    case 'i64x2':
      return 'i64';
    case 'f32x4':
      return 'f32';
    case 'f64x2':
      return 'f64';
    default:
      return 'i32';
  }
};

const small = ['i8x16', 'i16x8', 'i32x4'] as const;
const widened = ['i16x8.i8x16', 'i32x4.i16x8', 'i64x2.i32x4'] as const;
const narrowed = ['i8x16.i16x8', 'i16x8.i32x4'] as const;
const laneWidths = ['8', '16', '32', '64'] as const;

const binary = (types: readonly string[] | undefined, doc: string, cost = 1): OpRow =>
  row(types, ['v128', 'v128'], ['v128'], doc, { cost });
const unary = (types: readonly string[] | undefined, doc: string, cost = 1): OpRow =>
  row(types, ['v128'], ['v128'], doc, { cost });
const compare = (types: readonly string[], doc: string): OpRow =>
  binary(types, `lanes that are ${doc}: all bits set, else none`);
const shift = (doc: string): OpRow =>
  row(intShapes, ['v128', 'i32'], ['v128'], `${doc}; the count is taken modulo the lane's width`);

export const vectorOps = {
  'v.const': row(undefined, [], ['v128'], 'the low and the high 64 bits', { imms: ['int', 'int'], cost: 0 }),
  'v.splat': row(shapes, ['L'], ['v128'], 'the same in every lane; narrow ones take the low bits'),
  'v.extract': row(
    ['i8x16', 'u8x16', 'i16x8', 'u16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'],
    ['v128'],
    ['L'],
    'lane `number`; narrow ones are extended',
    { imms: ['number'] },
  ),
  'v.replace': row(shapes, ['v128', 'L'], ['v128'], 'the vector with this in lane `number`', { imms: ['number'] }),
  'v.load': row(
    [
      'v128',
      'splat8',
      'splat16',
      'splat32',
      'splat64',
      'i8x8',
      'u8x8',
      'i16x4',
      'u16x4',
      'i32x2',
      'u32x2',
      'zero32',
      'zero64',
    ],
    ['ptr'],
    ['v128'],
    'read at address + `number`: 16 bytes; one value into every lane; half as many bytes, each value widened to a lane twice as wide; or one value into the lowest lane, the others zero',
    { imms: ['number'], effects: ['reads'], cost: 3 },
  ),
  'v.store': row(['v128'], ['ptr', 'v128'], [], 'write 16 bytes at address + `number`', {
    imms: ['number'],
    effects: ['writes'],
    cost: 2,
  }),
  'v.load_lane': row(
    laneWidths,
    ['ptr', 'v128'],
    ['v128'],
    'read so many bits at address + `number` into the lane (the second number)',
    { imms: ['number', 'number'], effects: ['reads'], cost: 3 },
  ),
  'v.store_lane': row(
    laneWidths,
    ['ptr', 'v128'],
    [],
    'write the lane (the second number) of so many bits at address + `number`',
    { imms: ['number', 'number'], effects: ['writes'], cost: 2 },
  ),
  // arithmetic
  'v.add': binary(shapes, 'sums; integers wrap'),
  'v.sub': binary(shapes, 'differences; integers wrap'),
  'v.mul': binary(['i16x8', 'i32x4', 'i64x2', 'f32x4', 'f64x2'], 'products; integers wrap', 3),
  'v.neg': unary(shapes, 'negation; integers wrap'),
  'v.abs': unary(shapes, 'magnitude; integers wrap'),
  'v.div': binary(floatShapes, 'IEEE quotients', 15),
  'v.sqrt': unary(floatShapes, 'square roots, correctly rounded', 15),
  'v.min': binary(floatShapes, 'IEEE minimum; NaN if either is'),
  'v.max': binary(floatShapes, 'IEEE maximum; NaN if either is'),
  'v.pmin': binary(floatShapes, 'the second if it is less than the first, else the first'),
  'v.pmax': binary(floatShapes, 'the second if it is greater than the first, else the first'),
  'v.floor': unary(floatShapes, 'round down'),
  'v.ceil': unary(floatShapes, 'round up'),
  'v.trunc': unary(floatShapes, 'round towards zero'),
  'v.nearest': unary(floatShapes, 'round to nearest, ties to even'),
  'v.min_s': binary(small, 'the lesser, signed'),
  'v.min_u': binary(small, 'the lesser, unsigned'),
  'v.max_s': binary(small, 'the greater, signed'),
  'v.max_u': binary(small, 'the greater, unsigned'),
  'v.shl': shift('shift left'),
  'v.shr_s': shift('arithmetic shift right'),
  'v.shr_u': shift('logical shift right'),
  'v.popcnt': unary(['i8x16'], 'bits set'),
  // bits
  'v.and': binary(undefined, 'bitwise and'),
  'v.or': binary(undefined, 'bitwise or'),
  'v.xor': binary(undefined, 'bitwise exclusive or'),
  'v.andnot': binary(undefined, 'bits of the first that the second has not'),
  'v.not': unary(undefined, 'bitwise complement'),
  'v.select': row(
    undefined,
    ['v128', 'v128', 'v128'],
    ['v128'],
    'bits of the second where the first has them set, else of the third',
  ),
  // comparisons
  'v.eq': compare(shapes, 'equal'),
  'v.ne': compare(shapes, 'not equal'),
  'v.lt_s': compare(intShapes, 'less, signed'),
  'v.gt_s': compare(intShapes, 'greater, signed'),
  'v.le_s': compare(intShapes, 'at most, signed'),
  'v.ge_s': compare(intShapes, 'at least, signed'),
  'v.lt_u': compare(small, 'less, unsigned'),
  'v.gt_u': compare(small, 'greater, unsigned'),
  'v.le_u': compare(small, 'at most, unsigned'),
  'v.ge_u': compare(small, 'at least, unsigned'),
  'v.lt': compare(floatShapes, 'less'),
  'v.gt': compare(floatShapes, 'greater'),
  'v.le': compare(floatShapes, 'at most'),
  'v.ge': compare(floatShapes, 'at least'),
  'v.any_true': row(undefined, ['v128'], ['i32'], 'is any bit set', { cost: 2 }),
  'v.all_true': row(intShapes, ['v128'], ['i32'], 'is no lane zero', { cost: 2 }),
  'v.bitmask': row(intShapes, ['v128'], ['i32'], 'the highest bit of every lane, lane 0 lowest', { cost: 2 }),
  'v.shuffle': row(
    undefined,
    ['v128', 'v128'],
    ['v128'],
    'sixteen bytes, each by its number in the two vectors: 0 to 15 of the first, 16 to 31 of the second',
    { imms: Array.from({ length: 16 }, () => 'number' as const) },
  ),
  // conversions
  'v.convert_s': unary(
    ['f32x4.i32x4', 'f64x2.i32x4'],
    'signed integers to floats, rounded to nearest; f64x2: of the low two lanes',
  ),
  'v.convert_u': unary(
    ['f32x4.i32x4', 'f64x2.i32x4'],
    'unsigned integers to floats, rounded to nearest; f64x2: of the low two lanes',
  ),
  'v.trunc_sat_s': unary(
    ['i32x4.f32x4', 'i32x4.f64x2'],
    'floats to signed integers, saturating; NaN gives 0; of f64x2 the upper two lanes are 0',
  ),
  'v.trunc_sat_u': unary(
    ['i32x4.f32x4', 'i32x4.f64x2'],
    'floats to unsigned integers, saturating; NaN gives 0; of f64x2 the upper two lanes are 0',
  ),
  'v.promote': unary(['f64x2.f32x4'], 'the low two lanes to f64'),
  'v.demote': unary(['f32x4.f64x2'], 'f64 to f32, rounded; the upper two lanes are 0'),
  'v.extend_low_s': unary(widened, 'the lower lanes, sign-extended'),
  'v.extend_high_s': unary(widened, 'the upper lanes, sign-extended'),
  'v.extend_low_u': unary(widened, 'the lower lanes, zero-extended'),
  'v.extend_high_u': unary(widened, 'the upper lanes, zero-extended'),
  'v.extmul_low_s': binary(widened, 'products of the lower lanes, sign-extended before', 3),
  'v.extmul_high_s': binary(widened, 'products of the upper lanes, sign-extended before', 3),
  'v.extmul_low_u': binary(widened, 'products of the lower lanes, zero-extended before', 3),
  'v.extmul_high_u': binary(widened, 'products of the upper lanes, zero-extended before', 3),
  'v.narrow_s': binary(narrowed, 'lanes of both, taken as signed, saturated to the signed range'),
  'v.narrow_u': binary(narrowed, 'lanes of both, taken as signed, saturated to the unsigned range'),
} as const satisfies Record<string, OpRow>;

export type VectorOp = keyof typeof vectorOps;
export const isVectorOp = (op: string): op is VectorOp => op.startsWith('v.');

/** Bytes that a `v.load`, `v.store` or their kin of one lane access. */
export const vectorBytes = (op: VectorOp, suffix: string): number => {
  if (op === 'v.load_lane' || op === 'v.store_lane') return Number(suffix) / 8;
  switch (suffix) {
    case 'splat8':
      return 1;
    case 'splat16':
      return 2;
    case 'splat32':
    case 'zero32':
      return 4;
    case 'v128':
      return 16;
    default:
      return 8;
  }
};

/** How many lanes the number of a lane is one of; undefined: the op has no such number. */
export const lanesToName = (op: string, suffix: string): number | undefined => {
  switch (op) {
    case 'v.extract':
    case 'v.replace':
      return lanesOf(suffix);
    case 'v.load_lane':
    case 'v.store_lane':
      return 128 / Number(suffix);
    case 'v.shuffle':
      return 32;
    default:
      return undefined;
  }
};
