// How wide the lanes of each value are. Of an integer only the low bits are computed that somebody needs: `a[i] = b[i] + c[i]` of bytes is
// done in sixteen lanes of a byte, whatever the language's rules say of the type of a sum (demanded bits). What is compared, shifted right or
// becomes a float must be all there; ranges tell how few bits that may be.
import { type Defs, i32Range, intOf, isBool, isCompare, linearOf, rangeOf } from './facts.ts';
import type { IrType, MemType, OpInst, OpName, Value } from './ir.ts';
import { memTypeBytes } from './layout.ts';
import { isRefusal, type Refusal, refused, type Straight } from './vector-loop.ts';
import type { Accumulator } from './vector-reduce.ts';

/** Counters are multiplied by less than this where what comes of it has to be small. */
const maxFactor = 1024n;

export type Bits = 8 | 16 | 32 | 64;

/** Operands of a comparison: their width, and how they are compared there. */
export interface Compared {
  readonly bits: Bits;
  readonly op: OpName;
}

/** A number that an iteration adds if each of these conditions holds (`when`) or does not. */
export interface Summand {
  readonly value: Value;
  readonly conditions: readonly { readonly value: Value; readonly when: boolean }[];
}

/** An accumulator that only adds numbers narrower than itself (vector-sums.ts). */
export interface Sum {
  readonly param: Value;
  readonly summands: readonly Summand[];
  /** Lanes that each of them fits, with its sign. */
  readonly bits: Bits;
  /** None is further from 0. */
  readonly most: bigint;
}

export interface Widths {
  readonly bits: ReadonlyMap<Value, Bits>;
  readonly compared: ReadonlyMap<OpInst, Compared>;
  /** Conversions of a number that is linear in the counters: exact if the numbers are small, which is asked before the loop. */
  readonly counted: ReadonlySet<OpInst>;
  /** Numbers that are the same in each iteration or linear in the counters, and compared in 32 bits: that they fit is asked before the loop. */
  readonly near: ReadonlySet<Value>;
  /** The narrowest lanes: all vectors are full with 128 / this many iterations. */
  readonly least: Bits;
  readonly isUniform: (v: Value) => boolean;
  readonly isMask: (v: Value) => boolean;
}

export const typeBits = (t: IrType | undefined): Bits => (t === 'i64' || t === 'f64' ? 64 : 32);

/** Values that are the same in each iteration: from outside, or computed from such. */
const uniformOf = (s: Straight): ((v: Value) => boolean) => {
  const known = new Map<Value, boolean>();
  const uniform = (v: Value): boolean => {
    if (!s.inner.has(v)) return true;
    const before = known.get(v);
    if (before !== undefined) return before;
    const k = s.loop.params.indexOf(v);
    const inst = s.by.get(v);
    const is = k >= 0 ? s.next.args[k] === v : inst !== undefined && inst.op !== 'load' && inst.args.every(uniform);
    known.set(v, is);
    return is;
  };
  return uniform;
};

/** Ops whose results are stored or accumulated, directly or not. */
export const liveOps = (s: Straight): ReadonlySet<OpInst> => {
  const live = new Set<OpInst>();
  const need = (v: Value): void => {
    const inst = s.by.get(v);
    if (!inst || live.has(inst)) return;
    live.add(inst);
    for (const a of inst.args) need(a);
  };
  for (const inst of s.ops) {
    if (inst.op !== 'store') continue;
    live.add(inst);
    for (const a of inst.args) need(a);
  }
  for (const [k, v] of s.next.args.entries()) if (!s.inductions.some((i) => i.index === k)) need(v);
  return live;
};

const smallest = (fits: (bits: number) => boolean, most: Bits): Bits => {
  for (const bits of [8, 16, 32] as const) if (bits < most && fits(bits)) return bits;
  return most;
};

const arithmetic: ReadonlySet<OpName> = new Set<OpName>(['add', 'sub', 'mul', 'and', 'or', 'xor']);
const floatOps: ReadonlySet<OpName> = new Set<OpName>([
  'add',
  'sub',
  'mul',
  'div',
  'min',
  'max',
  'neg',
  'abs',
  'sqrt',
  'floor',
  'ceil',
  'trunc',
  'nearest',
  'copysign',
  'fmin',
  'fmax',
]);

export const widthsOf = (
  defs: Defs,
  s: Straight,
  live: ReadonlySet<OpInst>,
  accumulators: readonly Accumulator[],
  sums: readonly Sum[],
  typeOf: (v: Value) => IrType | undefined,
): Widths | Refusal => {
  const isUniform = uniformOf(s);
  const bits = new Map<Value, Bits>();
  const compared = new Map<OpInst, Compared>();
  const counted = new Set<OpInst>();
  const near = new Set<Value>();
  const masks = new Set<Value>();
  let least: Bits = 64;
  const narrow = (b: Bits): void => {
    if (b < least) least = b;
  };
  const isFloat = (v: Value): boolean => /^f/.test(typeOf(v) ?? '');
  const need = (v: Value | undefined, b: Bits): void => {
    if (v === undefined || isUniform(v)) return;
    const most = typeBits(typeOf(v));
    const wanted = isFloat(v) || b > most ? most : b;
    // Vectors of any width that is asked for are full.
    narrow(wanted);
    const known = bits.get(v) ?? 8;
    const now = wanted > known ? wanted : known;
    bits.set(v, now);
  };
  const isBoolean = (v: Value): boolean => isBool(defs, v) || isCompare(s.by.get(v)?.op ?? 'const');
  const boolOps = new Map<Value, boolean>();
  const isMask = (v: Value): boolean => {
    const known = boolOps.get(v);
    if (known !== undefined) return known;
    const inst = s.by.get(v);
    const logic = inst?.suffix === 'i32' && (inst.op === 'and' || inst.op === 'or' || inst.op === 'xor');
    const is =
      inst !== undefined &&
      !isUniform(v) &&
      (isCompare(inst.op) || (logic && inst.args.every((a) => isMask(a) || (isUniform(a) && isBoolean(a)))));
    boolOps.set(v, is);
    return is;
  };
  const needMask = (v: Value | undefined): void => {
    if (v === undefined || isUniform(v)) return;
    if (isMask(v)) masks.add(v);
    else need(v, 32);
  };
  for (const a of accumulators) {
    const sum = sums.find((x) => x.param === a.param);
    if (sum) {
      narrow(sum.bits);
      for (const { value, conditions } of sum.summands) {
        need(value, sum.bits);
        for (const c of conditions) needMask(c.value);
      }
      continue;
    }
    const all = typeBits(typeOf(a.param));
    need(a.param, all);
    need(a.last, all);
  }

  const isCounter = (v: Value): boolean => s.inductions.some((i) => i.param === v && typeOf(v) === 'i64');
  /** A number that is linear in the counters, or the same in each iteration. */
  const isCounted = (v: Value): boolean =>
    [...linearOf(defs, v, (x) => !s.inner.has(x)).terms].every(
      ([x, c]) => isUniform(x) || (isCounter(x) && c > -maxFactor && c < maxFactor),
    );
  const fits = (v: Value): boolean => {
    const range = rangeOf(defs, v);
    return range.lo >= i32Range.lo && range.hi <= i32Range.hi;
  };

  const comparison = (inst: OpInst): void => {
    const [a = -1, b] = inst.args;
    if (inst.op === 'eqz' && isMask(a)) return needMask(a);
    const most: Bits = inst.suffix === 'i64' || inst.suffix === 'f64' ? 64 : 32;
    if (inst.suffix.startsWith('f')) {
      compared.set(inst, { bits: most, op: inst.op });
      narrow(most);
    } else {
      const ranges = inst.args.map((v) => rangeOf(defs, v));
      const signed = (k: number): boolean =>
        ranges.every((r) => r.lo >= -(1n << BigInt(k - 1)) && r.hi < 1n << BigInt(k - 1));
      const unsigned = (k: number): boolean => ranges.every((r) => r.lo >= 0n && r.hi < 1n << BigInt(k));
      const isUnsigned = inst.op.endsWith('_u');
      let width = smallest((k) => unsigned(k) || (!isUnsigned && signed(k)), most);
      // Of counters, in loops that have narrower lanes than theirs.
      if (width === 64 && least < 64 && !isUnsigned && inst.args.every((v) => fits(v) || isCounted(v))) {
        width = 32;
        for (const v of inst.args) if (!fits(v)) near.add(v);
      }
      const flip = width < most && inst.op.endsWith('_s') && !signed(width) && unsigned(width);
      const op = (flip ? inst.op.replace('_s', '_u') : inst.op) as OpName;
      compared.set(inst, { bits: width, op });
      narrow(width);
    }
    const of = compared.get(inst)?.bits ?? most;
    need(a, of);
    need(b, of);
  };

  const integer = (inst: OpInst, r: Value, d: Bits): Refusal | undefined => {
    const [a = -1, b = -1] = inst.args;
    const most = typeBits(typeOf(r));
    if (arithmetic.has(inst.op)) {
      // There is no product of bytes.
      const width = inst.op === 'mul' && d === 8 ? 16 : d;
      bits.set(r, width);
      need(a, width);
      need(b, width);
      return undefined;
    }
    switch (inst.op) {
      case 'shl':
      case 'shr_s':
      case 'shr_u': {
        if (!isUniform(b)) return refused('a shift by a number that changes', inst.pos);
        const count = intOf(defs, b);
        let width: Bits = most;
        if (inst.op === 'shl') width = d;
        else {
          const range = rangeOf(defs, a);
          const fits = (k: number): boolean =>
            range.lo >= (inst.op === 'shr_s' ? -(1n << BigInt(k - 1)) : 0n) &&
            range.hi < 1n << BigInt(inst.op === 'shr_s' ? k - 1 : k);
          const least = smallest(fits, most);
          width = d > least ? d : least;
        }
        if (count === undefined || count < 0n || count >= BigInt(width)) width = most;
        bits.set(r, width);
        need(a, width);
        return undefined;
      }
      case 'extend8_s':
      case 'extend16_s':
        // By shifts, so that no vector is as narrow as what is extended.
        return void need(a, d < 32 ? d : 32);
      case 'extend_s':
      case 'extend_u':
      case 'wrap':
        if (isMask(a)) return void needMask(a);
        return void need(a, d < 32 ? d : 32);
      case 'trunc_sat_s':
      case 'trunc_sat_u':
        if (most === 64) return refused('a float as an integer of 64 bits', inst.pos);
        bits.set(r, 32);
        return void need(a, 64);
      case 'reinterpret':
        bits.set(r, most);
        return void need(a, most);
      default:
        return refused(`\`${inst.op}\`, which vectors do not have`, inst.pos);
    }
  };

  const float = (inst: OpInst): Refusal | undefined => {
    const [a = -1, b] = inst.args;
    if (floatOps.has(inst.op) || inst.op === 'promote' || inst.op === 'demote' || inst.op === 'reinterpret') {
      need(a, 64);
      need(b, 64);
      return undefined;
    }
    if (inst.op !== 'convert_s' && inst.op !== 'convert_u')
      return refused(`\`${inst.op}\`, which vectors do not have`, inst.pos);
    if (inst.suffix.endsWith('i32')) return void need(a, 32);
    const range = rangeOf(defs, a);
    const fits =
      inst.op === 'convert_s'
        ? range.lo >= -(1n << 31n) && range.hi < 1n << 31n
        : range.lo >= 0n && range.hi < 1n << 32n;
    if (fits) return void need(a, 32);
    if (inst.op === 'convert_u' || !isCounted(a)) return refused('an integer of 64 bits as a float', inst.pos);
    counted.add(inst);
    return undefined;
  };

  for (const inst of s.ops.toReversed()) {
    if (!live.has(inst)) continue;
    if (inst.op === 'store') {
      const memory = (memTypeBytes[inst.suffix as MemType] * 8) as Bits;
      narrow(memory);
      need(inst.args[1], memory);
      continue;
    }
    const [r = -1] = inst.results;
    if (isUniform(r)) continue;
    const d = bits.get(r);
    if (d === undefined && !masks.has(r)) continue;
    if (isMask(r)) {
      if (isCompare(inst.op)) comparison(inst);
      else inst.args.forEach(needMask);
      continue;
    }
    const width = d ?? 32;
    let bad: Refusal | undefined;
    if (inst.op === 'load') narrow((memTypeBytes[inst.suffix as MemType] * 8) as Bits);
    else if (inst.op === 'select') {
      needMask(inst.args[0]);
      need(inst.args[1], width);
      need(inst.args[2], width);
    } else bad = isFloat(r) ? float(inst) : integer(inst, r, width);
    if (bad && isRefusal(bad)) return bad;
  }
  return { bits, compared, counted, near, least, isUniform, isMask };
};
