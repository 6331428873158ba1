// The rules of fold for one op. Each gives a smaller or more regular op, so that applying them again ends:
// constants to the right, subtraction of a constant as addition, sums of constants gathered.
import { isRuntime } from '../../vm/abi.ts';
import { evalPure } from '../arith.ts';
import { gridOf } from '../distribution.ts';
import { earlyFunctions } from '../early.ts';
import { isAlwaysMapped, placeOf } from '../effects.ts';
import { constantOf, type Defs, intOf, isBool, linearOf, opOf, rangeOf } from '../facts.ts';
import type { Func, Imm, IrProgram, IrType, OpInst, OpName, Value } from '../ir.ts';
import { bitsOfFloat } from '../ir-types.ts';
import { isVectorOp } from '../ir-vector.ts';
import type { Settled } from '../settled.ts';
import { type Edit, madeBy, typeOf } from '../tree.ts';
import { foldArray } from './fold-arrays.ts';
import { betweenOf } from './fold-between.ts';
import { foldMask } from './fold-masks.ts';
import { foldVector } from './fold-vector.ts';

export type Outcome =
  | { readonly kind: 'same' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'value'; readonly value: Value }
  /** The last one defines the result. */
  | { readonly kind: 'ops'; readonly insts: readonly OpInst[] };

export interface RuleContext {
  readonly defs: Defs;
  readonly edit: Edit;
  readonly settled: Settled;
  readonly func: Func;
  readonly program: IrProgram;
  /** No pass comes any more that reads conditions. */
  readonly late: boolean;
}

const same: Outcome = { kind: 'same' };
const nothing: Outcome = { kind: 'nothing' };
const value = (v: Value): Outcome => ({ kind: 'value', value: v });

/** Ops that give a place in the own slot. */
const ownPlaces = new Set<OpName>([
  ...([
    'own',
    'global',
    'shared.part',
    'dynamic.base',
    'handle.of',
    'handle.part',
    'handle.new',
    'handle.new_co',
  ] as const),
]);

const commutative = new Set<OpName>(['add', 'mul', 'and', 'or', 'xor', 'eq', 'ne']);
const inverse: Partial<Record<OpName, OpName>> = {
  eq: 'ne',
  ne: 'eq',
  lt_s: 'ge_s',
  ge_s: 'lt_s',
  gt_s: 'le_s',
  le_s: 'gt_s',
  lt_u: 'ge_u',
  ge_u: 'lt_u',
  gt_u: 'le_u',
  le_u: 'gt_u',
};

const widthOf = (suffix: string): number => (suffix === 'i32' ? 32 : 64);
const wrap = (suffix: string, n: bigint): bigint => BigInt.asIntN(widthOf(suffix), n);

/** The op simplified once. */
export const foldOp = (inst: OpInst, c: RuleContext): Outcome => {
  const constant = foldConstant(inst, c);
  if (constant) return constant;
  const counted = foldImages(inst, c);
  if (counted) return counted;
  const array = foldArray(inst, c.defs, c.program, c.settled);
  if (array) return array.kind === 'nothing' ? nothing : ops(inst, array.op, array.suffix, array.args, array.imms);
  if (inst.op.startsWith('check.')) return foldCheck(inst, c);
  if (isVectorOp(inst.op)) {
    const known = foldVector(inst, c.defs);
    return known === undefined ? same : value(known);
  }
  const bare = c.late ? foldMask(inst, c.defs, c.edit) : undefined;
  if (bare) return { kind: 'ops', insts: bare };
  switch (inst.suffix) {
    case 'i32':
    case 'i64':
      return foldInteger(inst, c);
    case 'f32':
    case 'f64':
      return foldFloat(inst, c);
    default:
      return foldOther(inst, c);
  }
};

const ops = (inst: OpInst, op: OpName, suffix: string, args: readonly Value[], imms: readonly Imm[] = []): Outcome => ({
  kind: 'ops',
  insts: [madeBy('fold', inst, { op, suffix, args, imms, results: inst.results })],
});

/** A called value is a function of the types that it is called with: what was read as another type by a pointer need not be. */
const agrees = (c: RuleContext, inst: OpInst, ref: OpInst): boolean => {
  const f = c.program.funcs.find((x) => x.name === ref.imms[0]);
  if (!f || (isRuntime(f.name) && !inst.kernel)) return false;
  const alike = (xs: readonly Value[], types: readonly (IrType | undefined)[]): boolean =>
    xs.length === types.length && xs.every((v, k) => typeOf(c.edit.types, v) === types[k]);
  return (
    alike(
      inst.args.slice(1),
      f.params.map((v) => f.types[v]),
    ) && alike(inst.results, f.results)
  );
};

/** The outcome with so many granted bytes from the place on that its last op gives. */
const granting = (outcome: Outcome, granted: number | undefined): Outcome => {
  if (outcome.kind !== 'ops' || granted === undefined) return outcome;
  const last = outcome.insts.length - 1;
  return { kind: 'ops', insts: outcome.insts.map((i, k) => (k === last ? { ...i, granted } : i)) };
};

/** The op on an operand and a new constant. */
const withConstant = (
  c: RuleContext,
  inst: OpInst,
  op: OpName,
  suffix: string,
  a: Value,
  n: bigint,
  type: 'i32' | 'i64',
): Outcome => {
  const k = c.edit.value(type);
  return {
    kind: 'ops',
    insts: [
      madeBy('fold', inst, {
        op: 'const',
        suffix: type,
        args: [],
        imms: [BigInt.asIntN(type === 'i32' ? 32 : 64, n)],
        results: [k],
      }),
      madeBy('fold', inst, { op, suffix, args: [a, k], imms: inst.imms, results: inst.results }),
    ],
  };
};

const constOp = (c: RuleContext, inst: OpInst, n: bigint): Outcome => {
  const result = inst.results[0];
  const type = result === undefined ? 'i32' : typeOf(c.edit.types, result);
  return ops(inst, 'const', type, [], [BigInt.asIntN(type === 'i32' ? 32 : 64, n)]);
};

const foldConstant = (inst: OpInst, c: RuleContext): Outcome | undefined => {
  const result = inst.results[0];
  if (
    inst.op === 'const' ||
    inst.op === 'position' ||
    inst.op === 'fconst' ||
    result === undefined ||
    inst.results.length !== 1 ||
    inst.args.length === 0
  )
    return undefined;
  const type = typeOf(c.edit.types, result);
  if (type === 'gptr' || type === 'ptr') return undefined;
  const args: (bigint | number)[] = [];
  for (const a of inst.args) {
    const k = constantOf(c.defs, a);
    if (k === undefined) return undefined;
    args.push(k);
  }
  const now = evalPure(inst.op, inst.suffix, args, inst.imms);
  if (typeof now === 'bigint') return constOp(c, inst, now);
  // Which NaN comes out is the machine's choice.
  if (typeof now !== 'number' || Number.isNaN(now) || (type !== 'f32' && type !== 'f64')) return undefined;
  return ops(inst, 'fconst', type, [], [bitsOfFloat(type, now)]);
};

const foldInteger = (inst: OpInst, c: RuleContext): Outcome => {
  const { op, suffix } = inst;
  const [a, b] = inst.args;
  if (a === undefined) return same;
  if (op === 'select') return foldSelect(inst, c);
  if (op === 'eqz') {
    const inner = opOf(c.defs, a);
    const turned = inner && inverse[inner.op];
    const isInt = inner?.suffix === 'i32' || inner?.suffix === 'i64';
    if (inner && turned && isInt) return ops(inst, turned, inner.suffix, inner.args);
    const x = inner?.args[0];
    if (inner?.op === 'eqz' && x !== undefined && inner.suffix === 'i32' && isBool(c.defs, x)) return value(x);
    return same;
  }
  if (b === undefined) return same;
  const left = intOf(c.defs, a);
  const k = intOf(c.defs, b);
  if (commutative.has(op) && left !== undefined && k === undefined) return ops(inst, op, suffix, [b, a]);
  const inner = opOf(c.defs, a);
  const innerK = inner && inner.suffix === suffix ? intOf(c.defs, inner.args[1]) : undefined;
  const x = inner?.args[0];
  switch (op) {
    case 'add':
      if (k === 0n) return value(a);
      if (k !== undefined && inner?.op === 'add' && innerK !== undefined && x !== undefined) {
        return withConstant(c, inst, 'add', suffix, x, k + innerK, suffix === 'i32' ? 'i32' : 'i64');
      }
      return same;
    case 'sub':
      if (a === b) return constOp(c, inst, 0n);
      if (k === 0n) return value(a);
      if (k !== undefined)
        return withConstant(c, inst, 'add', suffix, a, wrap(suffix, -k), suffix === 'i32' ? 'i32' : 'i64');
      return suffix === 'i64' ? foldRow(c, inner, opOf(c.defs, b)) : same;
    case 'mul':
      if (k === 0n) return constOp(c, inst, 0n);
      if (k === 1n) return value(a);
      if (k !== undefined && inner?.op === 'mul' && innerK !== undefined && x !== undefined) {
        return withConstant(c, inst, 'mul', suffix, x, k * innerK, suffix === 'i32' ? 'i32' : 'i64');
      }
      return same;
    case 'and':
      if (a === b || k === -1n) return value(a);
      if (k === 0n) return constOp(c, inst, 0n);
      if (k === 1n && isBool(c.defs, a)) return value(a);
      // One of many conditions that is there once more.
      return inner?.op === 'and' && inner.suffix === suffix && inner.args.includes(b) ? value(a) : foldBetween(inst, c);
    case 'or':
      if (a === b || k === 0n) return value(a);
      if (k === -1n) return constOp(c, inst, -1n);
      if (k === 1n && isBool(c.defs, a)) return constOp(c, inst, 1n);
      return foldBetween(inst, c);
    case 'xor':
      if (a === b) return constOp(c, inst, 0n);
      if (k === 0n) return value(a);
      if (k === 1n && isBool(c.defs, a)) return ops(inst, 'eqz', 'i32', [a]);
      return same;
    case 'shl':
    case 'shr_s':
    case 'shr_u':
    case 'rotl':
      return k !== undefined && k % BigInt(widthOf(suffix)) === 0n ? value(a) : same;
    case 'div_s':
    case 'div_u':
      if (k === 1n) return value(a);
      return foldDivision(inst, c, a, k);
    case 'rem_s':
    case 'rem_u':
      if (k === 1n) return constOp(c, inst, 0n);
      return foldDivision(inst, c, a, k);
    case 'eq':
    case 'ne':
      if (a === b) return constOp(c, inst, op === 'eq' ? 1n : 0n);
      if (k === 0n && suffix === 'i32' && isBool(c.defs, a))
        return op === 'ne' ? value(a) : ops(inst, 'eqz', 'i32', [a]);
      if (k === 1n && suffix === 'i32' && isBool(c.defs, a))
        return op === 'eq' ? value(a) : ops(inst, 'eqz', 'i32', [a]);
      return foldCompare(inst, c, a, b);
    default:
      return foldCompare(inst, c, a, b);
  }
};

const foldBetween = (inst: OpInst, c: RuleContext): Outcome => {
  const found = c.late ? betweenOf(c.defs, inst) : undefined;
  if (!found) return same;
  const { suffix } = found;
  const [least, from, size] = [c.edit.value(suffix), c.edit.value(suffix), c.edit.value(suffix)];
  const made = (op: OpName, args: readonly Value[], results: readonly Value[], imms: readonly Imm[] = []): OpInst =>
    madeBy('fold', inst, { op, suffix, args, imms, results });
  const constant = (n: bigint, v: Value): OpInst =>
    made('const', [], [v], [BigInt.asIntN(suffix === 'i32' ? 32 : 64, n)]);
  return {
    kind: 'ops',
    insts: [
      constant(-found.low, least),
      made('add', [found.value, least], [from]),
      constant(found.size, size),
      made(found.outside ? 'gt_u' : 'le_u', [from, size], inst.results),
    ],
  };
};

/** `(i + 1) * n - i * n`, the length of a row of a slice, is `n`: exact modulo 2^64. */
const foldRow = (c: RuleContext, a: OpInst | undefined, b: OpInst | undefined): Outcome => {
  if (a?.op !== 'mul' || b?.op !== 'mul') return same;
  for (const [i, n] of a.args.entries()) {
    const p = a.args[1 - i];
    const at = b.args.indexOf(n);
    const q = b.args[1 - at];
    if (at < 0 || p === undefined || q === undefined) continue;
    const [from, to] = [q, p].map((v) => linearOf(c.defs, v, () => false));
    if (!from || !to) continue;
    const alike = from.terms.size === to.terms.size && [...from.terms].every(([v, k]) => to.terms.get(v) === k);
    const rows = BigInt.asIntN(64, to.constant - from.constant);
    if (alike && rows === 1n) return value(n);
  }
  return same;
};

/** Powers of two, where the dividend is known not to be negative (or the division is unsigned). */
const foldDivision = (inst: OpInst, c: RuleContext, a: Value, k: bigint | undefined): Outcome => {
  if (k === undefined || k <= 1n || (k & (k - 1n)) !== 0n) return same;
  const type = inst.suffix === 'i32' ? 'i32' : 'i64';
  if (inst.op.endsWith('_s') && rangeOf(c.defs, a).lo < 0n) return same;
  const shift = BigInt(k.toString(2).length - 1);
  return inst.op.startsWith('div')
    ? withConstant(c, inst, 'shr_u', inst.suffix, a, shift, type)
    : withConstant(c, inst, 'and', inst.suffix, a, k - 1n, type);
};

/** What the number of images decides, where the program is for just so many; along the only dimension that is divided, all images are. */
const foldImages = (inst: OpInst, c: RuleContext): Outcome | undefined => {
  const { images, globals } = c.program;
  if (inst.op === 'num_images')
    return images === undefined ? undefined : ops(inst, 'const', 'i64', [], [BigInt(images)]);
  if (inst.op !== 'shared.images' && inst.op !== 'shared.images_reciprocal') return undefined;
  // Before arrays are laid out, their descriptors say something else.
  if (earlyFunctions(c.program).has(c.func.name)) return undefined;
  const g = globals.find((x) => x.name === inst.imms[0]);
  if (images === undefined) {
    const alone = g?.kind === 'shared' && g.dims.every((d, k) => (k === Number(inst.imms[1])) !== (d === 'star'));
    return alone && inst.op === 'shared.images' && !g.dims.includes('on')
      ? ops(inst, 'num_images', '', [], [])
      : undefined;
  }
  const along = g?.kind === 'shared' ? gridOf(g.dims, images)[Number(inst.imms[1])] : undefined;
  if (along === undefined) return undefined;
  return inst.op === 'shared.images'
    ? ops(inst, 'const', 'i64', [], [BigInt(along)])
    : ops(inst, 'fconst', 'f64', [], [bitsOfFloat('f64', 1 / along)]);
};

/** Comparisons that the operands' ranges decide. */
const foldCompare = (inst: OpInst, c: RuleContext, a: Value, b: Value): Outcome => {
  const reflexive: Partial<Record<OpName, bigint>> = {
    lt_s: 0n,
    lt_u: 0n,
    gt_s: 0n,
    gt_u: 0n,
    le_s: 1n,
    le_u: 1n,
    ge_s: 1n,
    ge_u: 1n,
  };
  if (reflexive[inst.op] === undefined && inst.op !== 'eq' && inst.op !== 'ne') return same;
  if (a === b) return constOp(c, inst, reflexive[inst.op] ?? (inst.op === 'eq' ? 1n : 0n));
  const ra = rangeOf(c.defs, a);
  const rb = rangeOf(c.defs, b);
  const unsignedOp = inst.op.endsWith('_u');
  if (unsignedOp && (ra.lo < 0n || rb.lo < 0n)) {
    if (intOf(c.defs, b) === 0n && inst.op === 'lt_u') return constOp(c, inst, 0n);
    if (intOf(c.defs, b) === 0n && inst.op === 'ge_u') return constOp(c, inst, 1n);
    return same;
  }
  const less = ra.hi < rb.lo;
  const atMost = ra.hi <= rb.lo;
  const more = ra.lo > rb.hi;
  const atLeast = ra.lo >= rb.hi;
  const decide = (yes: boolean, no: boolean): Outcome =>
    yes ? constOp(c, inst, 1n) : no ? constOp(c, inst, 0n) : same;
  switch (inst.op) {
    case 'lt_s':
    case 'lt_u':
      return decide(less, atLeast);
    case 'le_s':
    case 'le_u':
      return decide(atMost, more);
    case 'gt_s':
    case 'gt_u':
      return decide(more, atMost);
    case 'ge_s':
    case 'ge_u':
      return decide(atLeast, less);
    case 'eq':
      return decide(false, less || more);
    case 'ne':
      return decide(less || more, false);
    default:
      return same;
  }
};

const foldSelect = (inst: OpInst, c: RuleContext): Outcome => {
  const [condition, a, b] = inst.args;
  if (condition === undefined || a === undefined || b === undefined) return same;
  if (a === b) return value(a);
  const k = intOf(c.defs, condition);
  if (k !== undefined) return value(k !== 0n ? a : b);
  const inner = opOf(c.defs, condition);
  const x = inner?.args[0];
  if (inner?.op === 'eqz' && inner.suffix === 'i32' && x !== undefined)
    return ops(inst, 'select', inst.suffix, [x, b, a]);
  if (inst.suffix === 'i32' && isBool(c.defs, condition)) {
    const ka = intOf(c.defs, a);
    const kb = intOf(c.defs, b);
    if (ka === 1n && kb === 0n) return value(condition);
    if (ka === 0n && kb === 1n) return ops(inst, 'eqz', 'i32', [condition]);
    if (kb === 0n && isBool(c.defs, a)) return ops(inst, 'and', 'i32', [condition, a]);
    if (ka === 1n && isBool(c.defs, b)) return ops(inst, 'or', 'i32', [condition, b]);
  }
  return same;
};

const foldFloat = (inst: OpInst, c: RuleContext): Outcome => {
  const [a, b] = inst.args;
  if (a === undefined) return same;
  const inner = opOf(c.defs, a);
  const x = inner?.args[0];
  const k = b === undefined ? undefined : constantOf(c.defs, b);
  switch (inst.op) {
    case 'select':
      return foldSelect(inst, c);
    case 'add':
      // x + -0 is x for every x; x + 0 is not.
      return Object.is(k, -0) ? value(a) : same;
    case 'sub':
      return Object.is(k, 0) ? value(a) : same;
    case 'mul': {
      const left = constantOf(c.defs, a);
      if (left !== undefined && k === undefined && b !== undefined) return ops(inst, 'mul', inst.suffix, [b, a]);
      if (k === 1) return value(a);
      return k === -1 ? ops(inst, 'neg', inst.suffix, [a]) : same;
    }
    case 'div':
      if (k === 1) return value(a);
      return typeof k === 'number' ? divideByPower(inst, c, a, k) : same;
    case 'neg':
      return inner?.op === 'neg' && x !== undefined ? value(x) : same;
    case 'abs':
      if (inner?.op === 'abs') return value(a);
      return inner?.op === 'neg' && x !== undefined ? ops(inst, 'abs', inst.suffix, [x]) : same;
    default:
      return same;
  }
};

/** x / 2^n is x · 2^-n, exactly, as long as both are normal numbers. */
const divideByPower = (inst: OpInst, c: RuleContext, a: Value, k: number): Outcome => {
  const type = inst.suffix === 'f32' ? 'f32' : 'f64';
  const limit = type === 'f32' ? 126 : 1022;
  const exponent = Math.log2(Math.abs(k));
  if (!Number.isInteger(exponent) || Math.abs(exponent) > limit || 2 ** exponent !== Math.abs(k)) return same;
  const factor = c.edit.value(type);
  return {
    kind: 'ops',
    insts: [
      madeBy('fold', inst, {
        op: 'fconst',
        suffix: type,
        args: [],
        imms: [bitsOfFloat(type, 1 / k)],
        results: [factor],
      }),
      madeBy('fold', inst, { op: 'mul', suffix: type, args: [a, factor], imms: [], results: inst.results }),
    ],
  };
};

const foldOther = (inst: OpInst, c: RuleContext): Outcome => {
  const [a, b] = inst.args;
  const inner = a === undefined ? undefined : opOf(c.defs, a);
  const x = inner?.args[0];
  switch (inst.op) {
    case 'select':
      return foldSelect(inst, c);
    case 'wrap':
      return (inner?.op === 'extend_s' || inner?.op === 'extend_u') && x !== undefined ? value(x) : same;
    case 'convert_u':
      // Engines have an instruction for signed ones only.
      return inst.suffix.endsWith('.i64') && a !== undefined && rangeOf(c.defs, a).lo >= 0n
        ? ops(inst, 'convert_s', inst.suffix, [a])
        : same;
    case 'demote':
      return inner?.op === 'promote' && x !== undefined ? value(x) : same;
    case 'reinterpret': {
      const [to, from] = inst.suffix.split('.');
      return inner?.op === 'reinterpret' && inner.suffix === `${from}.${to}` && x !== undefined ? value(x) : same;
    }
    case 'eq':
    case 'ne':
      return a === b && inst.suffix === 'gptr' ? constOp(c, inst, inst.op === 'eq' ? 1n : 0n) : same;
    case 'offset':
    case 'ptr.add': {
      const k = intOf(c.defs, b);
      if (a === undefined || k === undefined) return same;
      // What is known of a place belongs to the op that makes it: it stays, or is handed on.
      if (k === 0n && inst.granted === undefined) return value(a);
      const innerK = intOf(c.defs, inner?.args[1]);
      if (inner?.op !== inst.op || innerK === undefined || x === undefined) return same;
      const rest = inner.granted === undefined || k < 0n ? undefined : inner.granted - Number(k);
      if (inst.granted === undefined && inner.granted !== undefined && (rest === undefined || rest <= 0)) return same;
      return granting(withConstant(c, inst, inst.op, '', x, k + innerK, 'i32'), inst.granted ?? rest);
    }
    case 'elem': {
      const k = intOf(c.defs, b);
      if (a === undefined || k === undefined) return same;
      const bytes = BigInt.asIntN(32, k * BigInt(Number(inst.imms[0])));
      const size = c.edit.value('i32');
      return {
        kind: 'ops',
        insts: [
          madeBy('fold', inst, { op: 'const', suffix: 'i32', args: [], imms: [bytes], results: [size] }),
          madeBy('fold', inst, {
            op: 'offset',
            suffix: '',
            args: [a, size],
            imms: [],
            results: inst.results,
            ...(inst.granted === undefined ? {} : { granted: inst.granted }),
          }),
        ],
      };
    }
    case 'gptr.of':
      return inner?.op === 'gptr.bits' && x !== undefined ? value(x) : same;
    case 'own':
      return inner && ownPlaces.has(inner.op) && a !== undefined ? value(a) : same;
    case 'remote':
      return (inner?.op === 'remote' || inner?.op === 'own') && x !== undefined && b !== undefined
        ? ops(inst, 'remote', '', [x, b])
        : same;
    case 'image_of':
      if (inner?.op === 'remote' && inner.args[1] !== undefined) return value(inner.args[1]);
      return inner?.op === 'global' || inner?.op === 'own' ? ops(inst, 'this_image', '', []) : same;
    case 'call.value':
      return inner?.op === 'func.ref' && agrees(c, inst, inner)
        ? ops(inst, 'call', '', inst.args.slice(1), inner.imms)
        : same;
    case 'shared.extent':
    case 'dynamic.extent': {
      const known = c.settled.get(`${String(inst.imms[0])} ${String(inst.imms[1])}`);
      return known ? ops(inst, known.op, known.suffix, [], [known.imm]) : same;
    }
    default:
      return same;
  }
};

// ---- checks -----------------------------------------------------------------------------------------------------

/** Checks whose operands' ranges show that they hold. */
const foldCheck = (inst: OpInst, c: RuleContext): Outcome => {
  const [a, b, n] = inst.args;
  if (a === undefined) return same;
  const ra = rangeOf(c.defs, a);
  const rb = b === undefined ? ra : rangeOf(c.defs, b);
  switch (inst.op) {
    case 'check.index':
      return ra.lo >= 0n && ra.hi < rb.lo ? nothing : same;
    case 'check.slice': {
      const rn = n === undefined ? ra : rangeOf(c.defs, n);
      return ra.lo >= 0n && ra.hi <= rb.lo && (rb.hi <= rn.lo || b === n) ? nothing : same;
    }
    case 'check.image':
      if (c.program.images !== undefined && ra.lo >= 0n && ra.hi < BigInt(c.program.images)) return nothing;
      return ra.lo === 0n && (ra.hi === 0n || opOf(c.defs, a)?.op === 'this_image') ? nothing : same;
    case 'check.null': {
      const place = placeOf(c.defs, a);
      const fresh = place.root.kind === 'alloc' && place.fromRoot !== undefined && place.fromRoot >= 0;
      return fresh || isAlwaysMapped(c.program, c.func, place, 0) ? nothing : same;
    }
    case 'check.divide':
      return rb.lo > 0n || rb.hi < 0n ? nothing : same;
    case 'check.overflow': {
      const width = BigInt(inst.suffix.slice(1));
      return rb.lo > -1n || rb.hi < -1n || ra.lo > -(1n << (width - 1n)) ? nothing : same;
    }
    case 'check.length':
      return a === b || (ra.lo === ra.hi && rb.lo === rb.hi && ra.lo === rb.lo) ? nothing : same;
    case 'check.step':
      return ra.lo > 0n || ra.hi < 0n ? nothing : same;
    default:
      return same;
  }
};
