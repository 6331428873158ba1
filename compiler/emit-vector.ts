// How the ops on vectors become wasm: one row an op. Most have the instruction's name in the space of their shape.
import type { Emit, ExpressionRef, OpContext } from './emit-context.ts';
import { numberImm } from './ir-types.ts';
import type { VectorOp } from './ir-vector.ts';
import { isLookup } from './shuffle-cost.ts';

/** Addresses need not be multiples of anything. */
const align = 1;

type Builder = (...operands: (ExpressionRef | number)[]) => ExpressionRef;

const builder = (c: OpContext, space: string, name: string): Builder => {
  const found = (c.m as unknown as Record<string, Record<string, Builder> | undefined>)[space]?.[name];
  if (!found) throw new Error(`internal error: no instruction ${space}.${name}`);
  return found;
};

/** The instruction of this name in the space of the op's shape, or in that of all vectors. */
const plain =
  (name: string, operands: number): Emit =>
  (c) => {
    const args = Array.from({ length: operands }, (_, i) => c.arg(i));
    return builder(c, c.inst.suffix || 'v128', name)(...args);
  };
const one = (name: string): Emit => plain(name, 1);
const two = (name: string): Emit => plain(name, 2);

/** `destination.name_source`, with the endings of wasm's names by their source. */
const converting =
  (name: string, ending: string, operands = 1, zeroing: readonly string[] = []): Emit =>
  (c) => {
    const [to = '', from = ''] = c.inst.suffix.split('.');
    const zero = zeroing.includes(c.inst.suffix) ? '_zero' : '';
    const args = Array.from({ length: operands }, (_, i) => c.arg(i));
    return builder(c, to, `${name}_${from}${ending}${zero}`)(...args);
  };

const loads: Readonly<Record<string, string>> = {
  v128: 'load',
  splat8: 'load8_splat',
  splat16: 'load16_splat',
  splat32: 'load32_splat',
  splat64: 'load64_splat',
  i8x8: 'load8x8_s',
  u8x8: 'load8x8_u',
  i16x4: 'load16x4_s',
  u16x4: 'load16x4_u',
  i32x2: 'load32x2_s',
  u32x2: 'load32x2_u',
  zero32: 'load32_zero',
  zero64: 'load64_zero',
};

/** Sixteen bytes, lowest first. */
export const bytesOfHalves = (low: bigint, high: bigint): number[] => {
  const bits = BigInt.asUintN(64, low) | (BigInt.asUintN(64, high) << 64n);
  return Array.from({ length: 16 }, (_, i) => Number((bits >> BigInt(8 * i)) & 0xffn));
};

const extract: Emit = (c) => {
  const { suffix } = c.inst;
  const [space, ending] = suffix.startsWith('u')
    ? [`i${suffix.slice(1)}`, '_u']
    : [suffix, suffix === 'i8x16' || suffix === 'i16x8' ? '_s' : ''];
  return builder(c, space, `extract_lane${ending}`)(c.arg(0), numberImm(c.inst.imms, 0));
};

const conversion = (ending: '_s' | '_u'): Emit => {
  const full = converting('convert', ending);
  const low = converting('convert_low', ending);
  return (c) => (c.inst.suffix.startsWith('f64') ? low(c) : full(c));
};
const lane =
  (what: 'load' | 'store'): Emit =>
  (c) => {
    const name = `${what}${c.inst.suffix}_lane`;
    const [offset, index] = [numberImm(c.inst.imms, 0), numberImm(c.inst.imms, 1)];
    return c.at(builder(c, 'v128', name)(offset, align, index, c.arg(0), c.arg(1)));
  };

/** Which bytes of the vector that begins at number `from`; the others become zero. */
const lookup = (c: OpContext, operand: number, bytes: readonly number[], from: number): ExpressionRef => {
  const numbers = bytes.map((b) => (b >= from && b < from + 16 ? b - from : 0x80));
  return c.m.i8x16.swizzle(c.arg(operand), c.m.v128.const(numbers));
};

const shuffle: Emit = (c) => {
  const bytes = c.inst.imms.map(Number);
  if (!isLookup(bytes)) return c.m.i8x16.shuffle(c.arg(0), c.arg(1), bytes);
  if (bytes.every((b) => b < 16)) return lookup(c, 0, bytes, 0);
  if (bytes.every((b) => b >= 16)) return lookup(c, 1, bytes, 16);
  return c.m.v128.or(lookup(c, 0, bytes, 0), lookup(c, 1, bytes, 16));
};

export const emitVector = {
  'v.const': (c) => c.m.v128.const(bytesOfHalves(BigInt(c.inst.imms[0] ?? 0n), BigInt(c.inst.imms[1] ?? 0n))),
  'v.splat': one('splat'),
  'v.extract': extract,
  'v.replace': (c) => {
    const index = numberImm(c.inst.imms, 0);
    return builder(c, c.inst.suffix, 'replace_lane')(c.arg(0), index, c.arg(1));
  },
  'v.load': (c) => c.at(builder(c, 'v128', loads[c.inst.suffix] ?? '')(numberImm(c.inst.imms, 0), align, c.arg(0))),
  'v.store': (c) => c.at(c.m.v128.store(numberImm(c.inst.imms, 0), align, c.arg(0), c.arg(1))),
  'v.load_lane': lane('load'),
  'v.store_lane': lane('store'),
  'v.add': two('add'),
  'v.sub': two('sub'),
  'v.mul': two('mul'),
  'v.neg': one('neg'),
  'v.abs': one('abs'),
  'v.div': two('div'),
  'v.sqrt': one('sqrt'),
  'v.min': two('min'),
  'v.max': two('max'),
  'v.pmin': two('pmin'),
  'v.pmax': two('pmax'),
  'v.floor': one('floor'),
  'v.ceil': one('ceil'),
  'v.trunc': one('trunc'),
  'v.nearest': one('nearest'),
  'v.min_s': two('min_s'),
  'v.min_u': two('min_u'),
  'v.max_s': two('max_s'),
  'v.max_u': two('max_u'),
  'v.shl': two('shl'),
  'v.shr_s': two('shr_s'),
  'v.shr_u': two('shr_u'),
  'v.popcnt': one('popcnt'),
  'v.and': two('and'),
  'v.or': two('or'),
  'v.xor': two('xor'),
  'v.andnot': two('andnot'),
  'v.not': one('not'),
  'v.select': (c) => {
    const mask = c.arg(0);
    return c.m.v128.bitselect(c.arg(1), c.arg(2), mask);
  },
  'v.eq': two('eq'),
  'v.ne': two('ne'),
  'v.lt_s': two('lt_s'),
  'v.gt_s': two('gt_s'),
  'v.le_s': two('le_s'),
  'v.ge_s': two('ge_s'),
  'v.lt_u': two('lt_u'),
  'v.gt_u': two('gt_u'),
  'v.le_u': two('le_u'),
  'v.ge_u': two('ge_u'),
  'v.lt': two('lt'),
  'v.gt': two('gt'),
  'v.le': two('le'),
  'v.ge': two('ge'),
  'v.any_true': one('any_true'),
  'v.all_true': one('all_true'),
  'v.bitmask': one('bitmask'),
  'v.shuffle': shuffle,
  'v.convert_s': conversion('_s'),
  'v.convert_u': conversion('_u'),
  'v.trunc_sat_s': converting('trunc_sat', '_s', 1, ['i32x4.f64x2']),
  'v.trunc_sat_u': converting('trunc_sat', '_u', 1, ['i32x4.f64x2']),
  'v.promote': converting('promote_low', ''),
  'v.demote': converting('demote', '', 1, ['f32x4.f64x2']),
  'v.extend_low_s': converting('extend_low', '_s'),
  'v.extend_high_s': converting('extend_high', '_s'),
  'v.extend_low_u': converting('extend_low', '_u'),
  'v.extend_high_u': converting('extend_high', '_u'),
  'v.extmul_low_s': converting('extmul_low', '_s', 2),
  'v.extmul_high_s': converting('extmul_high', '_s', 2),
  'v.extmul_low_u': converting('extmul_low', '_u', 2),
  'v.extmul_high_u': converting('extmul_high', '_u', 2),
  'v.narrow_s': converting('narrow', '_s', 2),
  'v.narrow_u': converting('narrow', '_u', 2),
} as const satisfies Record<VectorOp, Emit>;
