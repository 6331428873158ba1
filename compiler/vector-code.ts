// The code of a group of iterations: each op of the loop for all its lanes, by demand, and in the order of the program where memory is touched.
//
// A value is a list of vectors: of iterations first to first + 128 / bits, and so on. Ops that only compute are made where a store or an accumulator
// first needs them, so that few vectors live at a time. Addresses stay scalar: those of the first iteration, and offsets in the instructions.
import { append, type Replacement } from './append.ts';
import { constantOf, type Defs, intOf, linearOf, opOf } from './facts.ts';
import type { Inst, IrType, OpInst, OpName, Value } from './ir.ts';
import { bitsOfFloat } from './ir-types.ts';
import type { LoopAccess } from './vector-access.ts';
import { extremeLanes, extremeOf, isPlain, plainExtreme } from './vector-extreme.ts';
import type { Interleaved } from './vector-groups.ts';
import { gather, type Recipe, scatter } from './vector-interleave.ts';
import {
  double,
  floatShape,
  half,
  intShape,
  joined,
  laneOp,
  lowHalves,
  reversed,
  upperHalf,
  vectorOf,
  widerHalf,
} from './vector-lanes.ts';
import type { Straight } from './vector-loop.ts';
import { totalOf } from './vector-sums.ts';
import { type Bits, type Sum, type Summand, typeBits, type Widths } from './vector-width.ts';

export interface CodeInput {
  readonly defs: Defs;
  readonly straight: Straight;
  readonly live: ReadonlySet<OpInst>;
  readonly widths: Widths;
  readonly accesses: readonly LoopAccess[];
  readonly interleaved: readonly Interleaved[];
  readonly sums: readonly Sum[];
  /** What fmin and fmax have found so far: no NaN, as is asked behind the loop. */
  readonly carried: ReadonlySet<Value>;
  readonly typeOf: (v: Value) => IrType | undefined;
  /** Iterations of a group, and groups of the loop. */
  readonly lanes: number;
  readonly groups: number;
  /** Parameters of the vector loop: of counters, and the vectors of accumulators, those of group 0 first. */
  readonly counters: ReadonlyMap<Value, Value>;
  readonly accumulators: ReadonlyMap<Value, readonly Value[]>;
  /** Code before the loop, and its body. */
  readonly before: Replacement;
  readonly into: Replacement;
}

/** What an iteration's values are made of scalars: clones of ops, with other values for the parameters. */
export const cloner = (
  s: Straight,
  typeOf: (v: Value) => IrType | undefined,
  r: Replacement,
  params: ReadonlyMap<Value, Value>,
  elsewhere?: { readonly isUniform: (v: Value) => boolean; readonly before: (v: Value) => Value },
): ((v: Value) => Value) => {
  const made = new Map<Value, Value>();
  const clone = (v: Value): Value => {
    if (!s.inner.has(v)) return v;
    const param = params.get(v);
    if (param !== undefined) return param;
    const k = s.loop.params.indexOf(v);
    if (k >= 0) return s.loop.inits[k] ?? v;
    if (elsewhere?.isUniform(v)) return elsewhere.before(v);
    const known = made.get(v);
    if (known !== undefined) return known;
    const inst = s.by.get(v);
    if (!inst) throw new Error(`internal error: %${v} of a loop is nowhere computed`);
    const args = inst.args.map(clone);
    const results = inst.results.map((x) => r.edit.value(typeOf(x) ?? 'i64'));
    r.insts.push({ ...inst, args, results, by: r.by });
    inst.results.forEach((x, i) => {
      made.set(x, results[i] ?? x);
    });
    return made.get(v) ?? v;
  };
  return clone;
};

/** Writes the code; gives the accumulators' vectors after it. */
export const vectorCode = (c: CodeInput): ReadonlyMap<Value, readonly Value[]> => {
  const { straight: s, widths, typeOf, defs, before, into: r, lanes } = c;
  const isFloat = (v: Value): boolean => /^f/.test(typeOf(v) ?? '');
  const vector = (op: OpName, suffix: string, args: readonly Value[], imms: readonly number[] = []): Value =>
    append(r, op, suffix, 'v128', args, imms);

  // ---- scalars ------------------------------------------------------------------------------------------------
  const outside = cloner(s, typeOf, before, new Map());
  const scalar = cloner(s, typeOf, r, c.counters, { isUniform: widths.isUniform, before: outside });
  const splats = new Map<string, Value>();
  const splatOf = (to: Replacement, v: Value, bits: Bits, float: boolean): Value => {
    const type = typeOf(v) ?? to.edit.types[v];
    if (float) return append(to, 'v.splat', floatShape(bits), 'v128', [v]);
    const narrow = type === 'i64' && bits !== 64 ? append(to, 'wrap', '', 'i32', [v]) : v;
    return append(to, 'v.splat', intShape[bits], 'v128', [narrow]);
  };
  const splat = (v: Value, bits: Bits): Value => {
    const key = `${v} ${bits}`;
    const known = splats.get(key);
    if (known !== undefined) return known;
    const n = constantOf(defs, v);
    const inst = opOf(defs, v);
    let made: Value;
    if (typeof n === 'bigint')
      made = vectorOf(
        before,
        bits,
        Array.from({ length: 128 / bits }, () => n),
      );
    else if (typeof n === 'number' && inst && typeof inst.imms[0] === 'bigint' && !Number.isNaN(n)) {
      const raw = bitsOfFloat(inst.suffix === 'f32' ? 'f32' : 'f64', n);
      made = vectorOf(
        before,
        bits,
        Array.from({ length: 128 / bits }, () => raw),
      );
    } else made = splatOf(before, outside(v), bits, isFloat(v));
    splats.set(key, made);
    return made;
  };
  const constants = new Map<string, Value>();
  const constant = (bits: Bits, numbers: readonly bigint[]): Value => {
    const key = `${bits} ${numbers.join(' ')}`;
    const known = constants.get(key) ?? vectorOf(before, bits, numbers);
    constants.set(key, known);
    return known;
  };
  const each = (bits: Bits, n: bigint): Value =>
    constant(
      bits,
      Array.from({ length: 128 / bits }, () => n),
    );
  const starts = new Map<string, Value>();
  const shifts = new Map<number, Value>();
  const shiftBy = (n: number): Value => {
    const known = shifts.get(n) ?? append(before, 'const', 'i32', 'i32', [], [BigInt(n)]);
    shifts.set(n, known);
    return known;
  };

  // ---- a group --------------------------------------------------------------------------------------------------
  let group = 0;
  let values = new Map<string, Value>();
  const memo = (key: string, make: () => Value): Value => {
    const known = values.get(key);
    if (known !== undefined) return known;
    const made = make();
    values.set(key, made);
    return made;
  };
  const access = new Map(c.accesses.map((a) => [a.inst, a]));
  const memoryBits = (inst: OpInst): Bits =>
    access.get(inst)?.bytes === 1 ? 8 : access.get(inst)?.bytes === 2 ? 16 : access.get(inst)?.bytes === 4 ? 32 : 64;

  /** Lanes [part · 128 / bits, …) of the low bits of a value. */
  const valueAt = (v: Value, bits: Bits, part: number): Value => {
    if (widths.isUniform(v)) return splat(v, bits);
    const own = isFloat(v) ? typeBits(typeOf(v)) : (widths.bits.get(v) ?? bits);
    if (widths.isMask(v))
      return memo(`b${v} ${bits} ${part}`, () => vector('v.and', '', [maskAt(v, bits, part), each(bits, 1n)]));
    const accumulators = c.accumulators.get(v);
    if (accumulators) return accumulated.get(v)?.[group * parts(own) + part] ?? -1;
    if (own > bits) {
      const wide = double(bits);
      return memo(`${v} ${bits} ${part}`, () =>
        lowHalves(r, wide, valueAt(v, wide, 2 * part), valueAt(v, wide, 2 * part + 1)),
      );
    }
    return memo(`${v} ${bits} ${part}`, () => computed(v, bits, part));
  };
  const parts = (bits: Bits): number => (lanes * bits) / 128;

  const widened = (
    key: string,
    of: (part: number) => Value,
    from: Bits,
    to: Bits,
    signed: boolean,
    part: number,
  ): Value => {
    if (from === to) return of(part);
    return memo(`${key} ${from} ${to} ${signed} ${part}`, () => {
      const below = half(to);
      const source = widened(key, of, from, below, signed, part >> 1);
      return widerHalf(r, below, part % 2 === 1, signed, source);
    });
  };

  const counterAt = (v: Value, bits: Bits, part: number): Value => {
    const step = s.inductions.find((i) => i.param === v)?.step ?? 1n;
    const key = `${v} ${bits}`;
    const start = starts.get(key) ?? splatOf(r, c.counters.get(v) ?? v, bits, false);
    starts.set(key, start);
    const each = 128 / bits;
    const first = group * lanes + part * each;
    const numbers = Array.from({ length: each }, (_, k) => step * BigInt(first + k));
    return vector('v.add', intShape[bits], [start, constant(bits, numbers)]);
  };

  const computed = (v: Value, bits: Bits, part: number): Value => {
    if (c.counters.has(v)) return counterAt(v, bits, part);
    const inst = s.by.get(v);
    if (!inst) throw new Error(`internal error: %${v} of a loop is nowhere computed`);
    const [a = -1, b = -1, x = -1] = inst.args;
    const at = (w: Value): Value => valueAt(w, bits, part);
    const shape = isFloat(v) ? floatShape(bits) : intShape[bits];
    switch (inst.op) {
      case 'load': {
        const memory = memoryBits(inst);
        const raw = (p: number): Value => {
          const loaded = values.get(`raw ${v} ${p}`);
          if (loaded === undefined) throw new Error(`internal error: %${v} of a loop is used before it is read`);
          return loaded;
        };
        if (memory > bits)
          return lowHalves(
            r,
            double(bits),
            narrowed(v, raw, memory, double(bits), 2 * part),
            narrowed(v, raw, memory, double(bits), 2 * part + 1),
          );
        return widened(`load ${v}`, raw, memory, bits, !inst.suffix.startsWith('u'), part);
      }
      case 'select': {
        const extreme = isFloat(v) ? extremeOf(s.by.get(a), b, x) : undefined;
        if (extreme !== undefined) return vector(extreme, shape, [at(x), at(b)]);
        return extremeAt(inst, bits, part) ?? vector('v.select', '', [maskAt(a, bits, part), at(b), at(x)]);
      }
      case 'fmin':
      case 'fmax': {
        // An accumulator stays where it is found to be right behind the loop.
        const { op } = inst;
        const kept = (w: Value): boolean => c.carried.has(w) || isPlain(op, constantOf(defs, w));
        if (kept(a)) return plainExtreme(r, op, shape, at(a), at(b));
        return kept(b) ? plainExtreme(r, op, shape, at(b), at(a)) : extremeLanes(r, op, shape, at(a), at(b));
      }
      case 'and':
      case 'or':
      case 'xor':
        return vector(laneOp(inst.op), '', [at(a), at(b)]);
      case 'shl':
      case 'shr_s':
      case 'shr_u': {
        const by = outside(b);
        const n = intOf(defs, b);
        const count =
          n !== undefined
            ? shiftBy(Number(n & 63n))
            : typeOf(b) === 'i64'
              ? append(before, 'wrap', '', 'i32', [by])
              : by;
        return vector(laneOp(inst.op), shape, [at(a), count]);
      }
      case 'extend8_s':
      case 'extend16_s': {
        const from: Bits = inst.op === 'extend8_s' ? 8 : 16;
        if (bits <= from) return at(a);
        return widened(
          `s${v}`,
          (p) => signExtended(v, a, from, bits < 32 ? bits : 32, p),
          bits < 32 ? bits : 32,
          bits,
          true,
          part,
        );
      }
      case 'extend_s':
      case 'extend_u':
        if (bits <= 32 || widths.isMask(a)) return at(a);
        return widened(`e32 ${a}`, (p) => valueAt(a, 32, p), 32, bits, inst.op === 'extend_s', part);
      case 'wrap':
        return at(a);
      case 'reinterpret':
        return at(a);
      case 'trunc_sat_s':
      case 'trunc_sat_u': {
        if (inst.suffix.endsWith('f32')) return vector(laneOp(inst.op), 'i32x4.f32x4', [valueAt(a, 32, part)]);
        const low = (p: number): Value => vector(laneOp(inst.op), 'i32x4.f64x2', [valueAt(a, 64, p)]);
        return joined(r, low(2 * part), low(2 * part + 1));
      }
      case 'convert_s':
      case 'convert_u':
        return converted(inst, a, bits, part);
      case 'promote': {
        const narrow = valueAt(a, 32, part >> 1);
        return vector('v.promote', 'f64x2.f32x4', [
          part % 2 === 1 ? memo(`up ${a} ${part}`, () => upperHalf(r, narrow)) : narrow,
        ]);
      }
      case 'demote': {
        const low = (p: number): Value => vector('v.demote', 'f32x4.f64x2', [valueAt(a, 64, p)]);
        return joined(r, low(2 * part), low(2 * part + 1));
      }
      case 'copysign': {
        const sign = each(bits, 1n << BigInt(bits - 1));
        const magnitude = vector('v.andnot', '', [at(a), sign]);
        return vector('v.or', '', [magnitude, vector('v.and', '', [at(b), sign])]);
      }
      default: {
        return vector(laneOp(inst.op), shape, inst.args.map(at));
      }
    }
  };

  const signExtended = (v: Value, a: Value, from: Bits, bits: Bits, part: number): Value =>
    memo(`s${v} ${bits} ${part} extended`, () => {
      const by = shiftBy(bits - from);
      const up = vector('v.shl', intShape[bits], [valueAt(a, bits, part), by]);
      return vector('v.shr_s', intShape[bits], [up, by]);
    });

  const narrowed = (v: Value, raw: (p: number) => Value, from: Bits, to: Bits, part: number): Value =>
    from === to
      ? raw(part)
      : memo(`n${v} ${to} ${part}`, () =>
          lowHalves(
            r,
            double(to),
            narrowed(v, raw, from, double(to), 2 * part),
            narrowed(v, raw, from, double(to), 2 * part + 1),
          ),
        );

  const converted = (inst: OpInst, a: Value, bits: Bits, part: number): Value => {
    const op: OpName = inst.op === 'convert_u' ? 'v.convert_u' : 'v.convert_s';
    if (widths.counted.has(inst)) return countedAt(inst, a, bits, part);
    if (bits === 32) return vector(op, 'f32x4.i32x4', [valueAt(a, 32, part)]);
    const narrow = valueAt(a, 32, part >> 1);
    return vector(op, 'f64x2.i32x4', [part % 2 === 1 ? memo(`up ${a} ${part}`, () => upperHalf(r, narrow)) : narrow]);
  };

  /** A linear number as floats: the first one converted, and small whole numbers added, which is exact. */
  const countedAt = (inst: OpInst, a: Value, bits: Bits, part: number): Value => {
    if (bits === 32) {
      const low = (p: number): Value => vector('v.demote', 'f32x4.f64x2', [countedAt(inst, a, 64, p)]);
      return joined(r, low(2 * part), low(2 * part + 1));
    }
    const key = `float ${a}`;
    const start = starts.get(key) ?? splatOf(r, append(r, 'convert_s', 'f64.i64', 'f64', [scalar(a)]), 64, true);
    starts.set(key, start);
    const step = stepOf(a);
    const numbers = [0, 1].map((k) => bitsOfFloat('f64', Number(step) * (group * lanes + 2 * part + k)));
    return memo(`${key} ${part}`, () => vector('v.add', 'f64x2', [start, constant(64, numbers)]));
  };
  const stepOf = (v: Value): bigint => linearStep(defs, s, v);

  // ---- masks ------------------------------------------------------------------------------------------------------
  const maskAt = (v: Value, bits: Bits, part: number): Value => {
    if (widths.isUniform(v)) {
      const key = `mask ${v}`;
      const known = splats.get(key);
      if (known !== undefined) return known;
      const zero = append(before, 'const', 'i32', 'i32', [], [0n]);
      const isTrue = append(before, 'ne', 'i32', 'i32', [outside(v), zero]);
      const all = append(before, 'sub', 'i32', 'i32', [zero, isTrue]);
      const made = append(before, 'v.splat', 'i32x4', 'v128', [all]);
      splats.set(key, made);
      return made;
    }
    return memo(`m${v} ${bits} ${part}`, () => {
      const inst = s.by.get(v);
      const [a = -1, b = -1] = inst?.args ?? [];
      if (!inst || !widths.isMask(v)) {
        const test = (p: number): Value => vector('v.ne', 'i32x4', [valueAt(v, 32, p), each(32, 0n)]);
        return resized(`z${v}`, test, 32, bits, part);
      }
      if (inst.op === 'eqz' && widths.isMask(a)) return vector('v.not', '', [maskAt(a, bits, part)]);
      const how = widths.compared.get(inst);
      if (!how) return vector(laneOp(inst.op), '', [maskAt(a, bits, part), maskAt(b, bits, part)]);
      return resized(`c${v}`, (p) => comparison(inst, how.op, how.bits, p), how.bits, bits, part);
    });
  };

  /** What chooses the larger or the smaller of the two integers that were compared, where they were: one op for two. */
  const extremeAt = (choice: OpInst, bits: Bits, part: number): Value | undefined => {
    const [test = -1, yes = -1, no = -1] = choice.args;
    const compare = s.by.get(test);
    const how = compare && widths.compared.get(compare);
    if (!how || how.bits === 64 || how.bits < bits || compare.suffix.startsWith('f')) return undefined;
    const [, greater, sign] = /^([gl])[te]_([su])$/.exec(how.op) ?? [];
    const first = compare.args[0] === yes && compare.args[1] === no;
    if (greater === undefined || !(first || (compare.args[0] === no && compare.args[1] === yes))) return undefined;
    if (how.bits > bits) {
      const wide = double(bits);
      const [low, high] = [extremeAt(choice, wide, 2 * part), extremeAt(choice, wide, 2 * part + 1)];
      return low === undefined || high === undefined ? undefined : lowHalves(r, wide, low, high);
    }
    const op = laneOp(`${(greater === 'g') === first ? 'max' : 'min'}_${sign}`);
    return memo(`x${choice.results[0]} ${bits} ${part}`, () =>
      vector(op, intShape[how.bits], [valueAt(yes, bits, part), valueAt(no, bits, part)]),
    );
  };

  const resized = (key: string, of: (p: number) => Value, from: Bits, to: Bits, part: number): Value => {
    if (from <= to) return widened(key, (p) => memo(`${key} own ${p}`, () => of(p)), from, to, true, part);
    const wide = double(to);
    return memo(`${key} ${to} ${part}`, () =>
      lowHalves(r, wide, resized(key, of, from, wide, 2 * part), resized(key, of, from, wide, 2 * part + 1)),
    );
  };

  const comparison = (inst: OpInst, op: OpName, bits: Bits, part: number): Value => {
    const [a = -1, b = -1] = inst.args;
    if (inst.suffix.startsWith('f'))
      return vector(laneOp(op), floatShape(bits), [valueAt(a, bits, part), valueAt(b, bits, part)]);
    if (op === 'eqz') return vector('v.eq', intShape[bits], [valueAt(a, bits, part), each(bits, 0n)]);
    const operands = [a, b].map((v) => valueAt(v, bits, part));
    if (bits !== 64 || !op.endsWith('_u')) return vector(laneOp(op), intShape[bits], operands);
    // There is no unsigned comparison of 64 bits: with the highest bit turned, signed is unsigned.
    const turned = operands.map((x) => vector('v.xor', '', [x, each(64, 1n << 63n)]));
    return vector(laneOp(op.replace('_u', '_s')), 'i64x2', turned);
  };

  // ---- memory -----------------------------------------------------------------------------------------------------
  const pointers = new Map<OpInst, Value>();
  const total = lanes * c.groups;
  const pointerOf = (a: LoopAccess): Value => {
    const known = pointers.get(a.inst);
    if (known !== undefined) return known;
    const v = a.inst.args[0] ?? -1;
    let p = widths.isUniform(v) ? outside(v) : scalar(v);
    if (a.stride < 0) {
      const back = append(r, 'const', 'i32', 'i32', [], [BigInt(a.stride * (total - 1))]);
      p = append(r, 'ptr.add', '', 'ptr', [p, back]);
    }
    pointers.set(a.inst, p);
    return p;
  };
  const offsetOf = (a: LoopAccess, lane: number): number =>
    Number(a.inst.imms[0] ?? 0) + (a.stride < 0 ? a.stride * (lane - total + 1) : a.stride * lane);
  const notes = (inst: OpInst) => ({
    pos: inst.pos,
    by: r.by,
    ...(inst.guard === undefined ? {} : { guard: inst.guard }),
    ...(inst.kernel === undefined ? {} : { kernel: inst.kernel }),
  });
  const memoryOp = (
    inst: OpInst,
    op: OpName,
    suffix: string,
    args: readonly Value[],
    imms: readonly number[],
  ): Value => {
    const loads = op === 'v.load' || op === 'v.load_lane';
    const result = loads ? r.edit.value('v128') : -1;
    const made: Inst = { kind: 'op', op, suffix, results: loads ? [result] : [], args, imms, ...notes(inst) };
    r.insts.push(made);
    return result;
  };

  const loadParts = (inst: OpInst): void => {
    const a = access.get(inst);
    if (!a) return;
    const bits = memoryBits(inst);
    const pointer = pointerOf(a);
    const per = 128 / bits;
    const [result = -1] = inst.results;
    for (let p = 0; p < parts(bits); p++) {
      const first = group * lanes + p * per;
      let made: Value;
      if (a.stride === 0)
        made =
          p > 0
            ? (values.get(`raw ${result} 0`) ?? -1)
            : memoryOp(inst, 'v.load', `splat${bits}`, [pointer], [offsetOf(a, 0)]);
      else if (a.stride === a.bytes) made = memoryOp(inst, 'v.load', 'v128', [pointer], [offsetOf(a, first)]);
      else if (a.stride === -a.bytes) {
        const whole = memoryOp(inst, 'v.load', 'v128', [pointer], [offsetOf(a, first + per - 1)]);
        made = reversed(r, bits, whole);
      } else {
        made = memoryOp(inst, 'v.load', bits < 32 ? `splat${bits}` : `zero${bits}`, [pointer], [offsetOf(a, first)]);
        for (let k = 1; k < per; k++)
          made = memoryOp(inst, 'v.load_lane', `${bits}`, [pointer, made], [offsetOf(a, first + k), k]);
      }
      values.set(`raw ${result} ${p}`, made);
    }
  };

  const storeParts = (inst: OpInst): void => {
    const a = access.get(inst);
    const value = inst.args[1];
    if (!a || value === undefined) return;
    const bits = memoryBits(inst);
    const pointer = pointerOf(a);
    const per = 128 / bits;
    for (let p = 0; p < parts(bits); p++) {
      const first = group * lanes + p * per;
      const what = valueAt(value, bits, p);
      if (a.stride === a.bytes) memoryOp(inst, 'v.store', 'v128', [pointer, what], [offsetOf(a, first)]);
      else if (a.stride === -a.bytes)
        memoryOp(inst, 'v.store', 'v128', [pointer, reversed(r, bits, what)], [offsetOf(a, first + per - 1)]);
      else
        for (let k = 0; k < per; k++)
          memoryOp(inst, 'v.store_lane', `${bits}`, [pointer, what], [offsetOf(a, first + k), k]);
    }
  };

  // ---- interleaved groups -----------------------------------------------------------------------------------------
  const groupOf = new Map(c.interleaved.flatMap((g) => g.members.map((m) => [m.access.inst, g] as const)));
  const shuffled = (recipe: Recipe, sources: readonly Value[]): readonly Value[] => {
    const made = [...sources];
    for (const { a, b, bytes } of recipe.shuffles)
      made.push(vector('v.shuffle', '', [made[a] ?? -1, made[b] ?? -1], bytes));
    return recipe.results.map((k) => made[k] ?? -1);
  };

  const loadGroup = (g: Interleaved): void => {
    const { lowest, ways, members } = g;
    const { inst, bytes } = lowest;
    const bits = memoryBits(inst);
    const pointer = pointerOf(lowest);
    const wanted = [...new Set(members.map((m) => m.way))].sort((a, b) => a - b);
    for (let p = 0; p < parts(bits); p++) {
      // Behind the last element of a round there may be nothing.
      const last = group === c.groups - 1 && p === parts(bits) - 1;
      const recipe = gather(ways, bytes, wanted, last);
      const from = offsetOf(lowest, group * lanes + (p * 128) / bits);
      const whole = recipe.loads.map((e) => memoryOp(inst, 'v.load', 'v128', [pointer], [from + e * bytes]));
      const found = shuffled(recipe, whole);
      for (const m of members) values.set(`raw ${m.access.inst.results[0]} ${p}`, found[wanted.indexOf(m.way)] ?? -1);
    }
  };

  const storeGroup = (g: Interleaved): void => {
    const { lowest, ways, members } = g;
    const { inst, bytes } = lowest;
    const bits = memoryBits(inst);
    const pointer = pointerOf(lowest);
    const recipe = scatter(ways, bytes);
    for (let p = 0; p < parts(bits); p++) {
      const whats = Array.from({ length: ways }, (_, way) => {
        const member = members.find((m) => m.way === way);
        return valueAt(member?.access.inst.args[1] ?? -1, bits, p);
      });
      const from = offsetOf(lowest, group * lanes + (p * 128) / bits);
      for (const [k, what] of shuffled(recipe, whats).entries())
        memoryOp(inst, 'v.store', 'v128', [pointer, what], [from + 16 * k]);
    }
  };

  const done = (inst: OpInst): void => {
    const g = groupOf.get(inst);
    const here = g && (g.write ? g.members.at(-1) : g.members[0])?.access.inst === inst;
    if (inst.op === 'load') {
      if (!g) loadParts(inst);
      else if (here) loadGroup(g);
    } else if (!g) storeParts(inst);
    else if (here) storeGroup(g);
  };

  const accumulated = new Map([...c.accumulators].map(([v, vectors]) => [v, [...vectors]]));
  const lasts = new Map<Value, Value[]>();
  const added = new Map<Sum, Value[]>(c.sums.map((x) => [x, []]));
  const summand = ({ value, conditions }: Summand, bits: Bits, part: number): Value => {
    const number = valueAt(value, bits, part);
    return conditions.reduce(
      (n, c) => vector(c.when ? 'v.and' : 'v.andnot', '', [n, maskAt(c.value, bits, part)]),
      number,
    );
  };
  for (; group < c.groups; group++) {
    values = new Map();
    for (const inst of s.ops) {
      if (!c.live.has(inst)) continue;
      if (inst.op === 'store' || (inst.op === 'load' && !isScalarOnly(inst, widths))) done(inst);
    }
    for (const [x, vectors] of added)
      for (const one of x.summands) for (let p = 0; p < parts(x.bits); p++) vectors.push(summand(one, x.bits, p));
    for (const [param] of c.accumulators) {
      if (c.sums.some((x) => x.param === param)) continue;
      const last = s.next.args[s.loop.params.indexOf(param)] ?? -1;
      const bits = typeBits(typeOf(param));
      const made = lasts.get(param) ?? [];
      for (let p = 0; p < parts(bits); p++) made.push(valueAt(last, bits, p));
      lasts.set(param, made);
    }
  }
  for (const [x, vectors] of added) {
    const own = typeBits(typeOf(x.param));
    const before = accumulated.get(x.param)?.[0] ?? -1;
    lasts.set(x.param, [vector('v.add', intShape[own], [before, totalOf(r, x, vectors, own)])]);
  }
  return lasts;
};

const isScalarOnly = (inst: OpInst, widths: Widths): boolean => !widths.bits.has(inst.results[0] ?? -1);

/** What a linear value grows by from iteration to iteration. */
export const linearStep = (defs: Defs, s: Straight, v: Value): bigint => {
  let step = 0n;
  for (const [x, c] of linearOf(defs, v, (w) => !s.inner.has(w)).terms) {
    const induction = s.inductions.find((i) => i.param === x);
    if (induction) step += c * induction.step;
  }
  return step;
};
