// Steps for the pure ops. The arithmetic is arith.ts's; the common ops have a shorter way to the same results (a test
// compares the two).
import { evalPure } from './arith.ts';
import type { Step } from './eval-machine.ts';
import { Fault, type Reg } from './eval-memory.ts';
import type { IrType, OpInst } from './ir.ts';
import { bitsOfFloat, floatOfBits, opText, signatureOf } from './ir-types.ts';

type Binary = (a: Reg, b: Reg) => Reg;

const i32 =
  (f: (a: number, b: number) => number): Binary =>
  (a, b) =>
    f(a as number, b as number) | 0;
const i64 =
  (f: (a: bigint, b: bigint) => bigint): Binary =>
  (a, b) =>
    BigInt.asIntN(64, f(a as bigint, b as bigint));
const f64 =
  (f: (a: number, b: number) => number): Binary =>
  (a, b) =>
    f(a as number, b as number);
const f32 =
  (f: (a: number, b: number) => number): Binary =>
  (a, b) =>
    Math.fround(f(a as number, b as number));
const test =
  (f: (a: Reg, b: Reg) => boolean): Binary =>
  (a, b) =>
    f(a, b) ? 1 : 0;

/** Direct forms of common ops with two operands (or one, and the second unused). */
export const direct: ReadonlyMap<string, Binary> = new Map([
  ['add.i32', i32((a, b) => a + b)],
  ['sub.i32', i32((a, b) => a - b)],
  ['mul.i32', i32(Math.imul)],
  ['and.i32', i32((a, b) => a & b)],
  ['or.i32', i32((a, b) => a | b)],
  ['xor.i32', i32((a, b) => a ^ b)],
  ['shl.i32', i32((a, b) => a << (b & 31))],
  ['shr_s.i32', i32((a, b) => a >> (b & 31))],
  ['shr_u.i32', i32((a, b) => a >>> (b & 31))],
  ['add.i64', i64((a, b) => a + b)],
  ['sub.i64', i64((a, b) => a - b)],
  ['mul.i64', i64((a, b) => a * b)],
  ['and.i64', i64((a, b) => a & b)],
  ['or.i64', i64((a, b) => a | b)],
  ['xor.i64', i64((a, b) => a ^ b)],
  ['add.f64', f64((a, b) => a + b)],
  ['sub.f64', f64((a, b) => a - b)],
  ['mul.f64', f64((a, b) => a * b)],
  ['div.f64', f64((a, b) => a / b)],
  ['add.f32', f32((a, b) => a + b)],
  ['sub.f32', f32((a, b) => a - b)],
  ['mul.f32', f32((a, b) => a * b)],
  ['div.f32', f32((a, b) => a / b)],
  ...['i32', 'i64', 'f32', 'f64'].flatMap((t): [string, Binary][] => {
    const signed = t.startsWith('i') ? '_s' : '';
    return [
      [`eq.${t}`, test((a, b) => a === b)],
      [`ne.${t}`, test((a, b) => a !== b)],
      [`lt${signed}.${t}`, test((a, b) => a < b)],
      [`le${signed}.${t}`, test((a, b) => a <= b)],
      [`gt${signed}.${t}`, test((a, b) => a > b)],
      [`ge${signed}.${t}`, test((a, b) => a >= b)],
    ];
  }),
  ['eq.gptr', test((a, b) => a === b)],
  ['ne.gptr', test((a, b) => a !== b)],
  ['eqz.i32', test((a) => a === 0)],
  ['eqz.i64', test((a) => a === 0n)],
  ['wrap', (a) => Number(BigInt.asIntN(32, a as bigint))],
  ['extend_s', (a) => BigInt(a)],
  ['extend_u', (a) => BigInt((a as number) >>> 0)],
]);

/** A register as arith.ts wants it, and back: there, all integers are bigints. */
export const toConstant = (type: IrType | undefined, x: Reg): Reg => (type === 'f32' || type === 'f64' ? x : BigInt(x));
export const fromConstant = (type: IrType | undefined, x: Reg): Reg => (type === 'i32' ? Number(x) : x);

/** What arith.ts refuses: divisions that were to be checked, and NaNs whose bits cannot be told. */
const withoutValue = (i: OpInst, args: readonly Reg[]): Reg => {
  const [a = 0, b = 0] = args;
  switch (i.op) {
    case 'div_s':
    case 'div_u':
    case 'rem_s':
    case 'rem_u':
      throw BigInt(b) === 0n ? new Fault('divide', [BigInt(a)]) : new Fault('divide-overflow', [BigInt(a), BigInt(b)]);
    case 'copysign':
      return Math.abs(Number(a));
    case 'reinterpret': {
      const [to = '', from = ''] = i.suffix.split('.');
      if (to === 'f32' || to === 'f64') return floatOfBits(to, BigInt(a));
      return BigInt.asIntN(from === 'f32' ? 32 : 64, bitsOfFloat(from === 'f32' ? 'f32' : 'f64', Number(a)));
    }
    default:
      throw new Error(`internal error: ${opText(i.op, i.suffix)} has no value`);
  }
};

/** The step of a pure op that gives one number. */
export const pureStep = (i: OpInst): Step => {
  const [d = 0] = i.results;
  const [a = 0, b = 0, c = 0] = i.args;
  const name = opText(i.op, i.suffix);
  const operands = signatureOf(i.op, i.suffix)?.operands ?? [];
  const [result] = signatureOf(i.op, i.suffix)?.results ?? [];
  if (i.op === 'const' || i.op === 'fconst' || i.op === 'position') {
    const value = fromConstant(result, evalPure(i.op, i.suffix, [], i.imms) ?? 0);
    return (r) => {
      r[d] = value;
    };
  }
  if (i.op === 'select') {
    return (r) => {
      r[d] = (r[a] === 0 ? r[c] : r[b]) as Reg;
    };
  }
  const short = direct.get(name);
  if (short) {
    return (r) => {
      r[d] = short(r[a] as Reg, r[b] as Reg);
    };
  }
  return (r) => {
    const args = i.args.map((v, k) => toConstant(operands[k], r[v] as Reg));
    r[d] = fromConstant(result, evalPure(i.op, i.suffix, args, i.imms) ?? withoutValue(i, args));
  };
};
