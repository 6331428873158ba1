// What the table of ops says about the types of one instruction: the suffix is resolved here and nowhere else.

import { trackKinds } from '../vm/abi.ts';
import { type Imm, type IrDim, type IrType, type OpName, opRow, ops, valueType } from './ir.ts';
import { hookKinds } from './ir-hooks.ts';
import { laneType } from './ir-vector.ts';

export interface Signature {
  readonly operands: readonly IrType[];
  /** Any number of further operands of any type may follow. */
  readonly more: boolean;
  /** Undefined: not in the table (`call`: the callee says). */
  readonly results: readonly IrType[] | undefined;
}

const signatures = new Map<string, Signature | undefined>();

export const isOpName = (name: string): name is OpName => Object.hasOwn(ops, name);

const resolve = (op: OpName, suffix: string): Signature | undefined => {
  const row = opRow(op);
  if (row.types ? !row.types.includes(suffix) : suffix !== '') return undefined;
  const [first = '', second = ''] = suffix.split('.');
  const typeOf = (t: IrType | 'T' | 'D' | 'S' | 'L'): IrType => {
    switch (t) {
      case 'T':
      case 'D':
        return valueType(first);
      case 'S':
        return valueType(second);
      case 'L':
        return laneType(first);
      default:
        return t;
    }
  };
  const operands = row.operands.flatMap((t) => (t === '…' ? [] : [typeOf(t)]));
  const results = row.results.flatMap((t) => (t === '…' ? [] : [typeOf(t)]));
  return {
    operands,
    more: row.operands.includes('…'),
    results: row.results.includes('…') ? undefined : results,
  };
};

/** Operand and result types of `op.suffix`; undefined if the op does not have this suffix. */
export const signatureOf = (op: OpName, suffix: string): Signature | undefined => {
  const key = `${op} ${suffix}`;
  if (!signatures.has(key)) signatures.set(key, resolve(op, suffix));
  return signatures.get(key);
};

/** `add.i64`: an op with its suffix, as written. */
export const opText = (op: OpName, suffix: string): string => (suffix === '' ? op : `${op}.${suffix}`);

const bitsView = new DataView(new ArrayBuffer(8));

/** The raw bits (unsigned) of a float; a NaN gives the canonical one. */
export const bitsOfFloat = (type: 'f32' | 'f64', x: number): bigint => {
  if (type === 'f32') {
    if (Number.isNaN(x)) return 0x7fc00000n;
    bitsView.setFloat32(0, x);
    return BigInt(bitsView.getUint32(0));
  }
  if (Number.isNaN(x)) return 0x7ff8000000000000n;
  bitsView.setFloat64(0, x);
  return bitsView.getBigUint64(0);
};

/** The float with these raw bits. JavaScript does not promise to keep the payload of a NaN. */
export const floatOfBits = (type: 'f32' | 'f64', bits: bigint): number => {
  if (type === 'f32') {
    bitsView.setUint32(0, Number(BigInt.asUintN(32, bits)));
    return bitsView.getFloat32(0);
  }
  bitsView.setBigUint64(0, bits);
  return bitsView.getFloat64(0);
};

/** Words that an op with a `word` immediate takes with this suffix. */
export const wordsOf = (op: OpName, suffix: string): readonly string[] => {
  const float = suffix === 'f32' || suffix === 'f64';
  switch (op) {
    case 'atomic.rmw':
      return float
        ? ['add', 'min', 'max', 'xchg']
        : ['add', 'sub', 'and', 'or', 'xor', 'xchg', 'min_s', 'min_u', 'max_s', 'max_u'];
    case 'allreduce':
    case 'reduce':
      return float
        ? ['add', 'mul', 'min', 'max']
        : ['add', 'mul', 'and', 'or', 'xor', 'min_s', 'min_u', 'max_s', 'max_u'];
    case 'handle.elem':
    case 'handle.owner':
      return ['any', 'rows'];
    case 'track.object':
      return trackKinds.map((k) => k.kind);
    case 'track.array':
      return ['shared', 'co'];
    case 'hook':
      return hookKinds;
    default:
      return [];
  }
};

const dimWords: readonly string[] = ['star', 'block', 'cyclic', 'blocks', 'on'] satisfies IrDim[];

/** The words of a `dims` immediate; undefined if it is none. */
export const dimsOf = (imm: Imm | undefined): readonly IrDim[] | undefined => {
  const words = typeof imm === 'string' ? imm.split('.') : [];
  return words.length > 0 && words.every((w): w is IrDim => dimWords.includes(w)) ? words : undefined;
};

/** The immediate as a string; a bug of ours if it is not one (the verifier has looked). */
export const textImm = (imms: readonly Imm[], i: number): string => {
  const imm = imms[i];
  if (typeof imm !== 'string') throw new Error(`internal error: immediate ${i} is not a name`);
  return imm;
};

/** The immediate as a number; a bug of ours if it is not one. */
export const numberImm = (imms: readonly Imm[], i: number): number => {
  const imm = imms[i];
  if (typeof imm !== 'number') throw new Error(`internal error: immediate ${i} is not a number`);
  return imm;
};

/** The types of a function, as a call of a value must agree with them: wasm knows no pointers. */
export const machineTypes = (
  params: readonly (IrType | undefined)[],
  results: readonly (IrType | undefined)[],
): string => {
  const machine = (t: IrType | undefined): string => (t === 'ptr' || t === 'gptr' ? 'i32' : (t ?? ''));
  return `${params.map(machine).join()}:${results.map(machine).join()}`;
};
