// One arithmetic: what arith.ts says is what the evaluator's short forms say, and what wasm's engine says.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { combine, evalPure, floatOfInteger, nearestEven, truncateSaturating } from '../../compiler/arith.ts';
import { direct, fromConstant, toConstant } from '../../compiler/eval-pure.ts';
import type { IrType, OpName } from '../../compiler/ir.ts';
import { opRow, ops } from '../../compiler/ir.ts';
import { isOpName, opText, signatureOf } from '../../compiler/ir-types.ts';
import { isVectorOp } from '../../compiler/ir-vector.ts';

const interesting = [
  0n,
  1n,
  -1n,
  2n,
  31n,
  32n,
  63n,
  64n,
  -(1n << 31n),
  (1n << 31n) - 1n,
  -(1n << 63n),
  (1n << 63n) - 1n,
];
const int = (width: number): fc.Arbitrary<bigint> =>
  fc
    .oneof(fc.constantFrom(...interesting), fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n }))
    .map((n) => BigInt.asIntN(width, n));
const float = fc.oneof(fc.constantFrom(0, -0, 0.5, 1.5, 2.5, -0.5, Number.NaN, 2 ** 31, 2 ** 63, 1e300), fc.double());

const valuesOf = (type: IrType): fc.Arbitrary<bigint | number> => {
  if (type === 'f32') return float.map(Math.fround);
  if (type === 'f64') return float;
  return type === 'i64' ? int(64) : int(32);
};

const pureOps: readonly (readonly [OpName, string])[] = Object.keys(ops)
  // Those on vectors have an arithmetic of their own (eval-vector.test.ts).
  .filter((op): op is OpName => isOpName(op) && !isVectorOp(op))
  .flatMap((op) => (opRow(op).types ?? ['']).map((suffix) => [op, suffix] as const))
  .filter(([op, suffix]) => {
    const { effects, imms } = opRow(op);
    const s = signatureOf(op, suffix);
    const types = [...(s?.operands ?? []), ...(s?.results ?? [])];
    const numbers = types.every((t) => t !== 'gptr' && t !== 'ptr') && (s?.operands.length ?? 0) > 0;
    return numbers && imms.length === 0 && s?.results?.length === 1 && effects.every((e) => e === 'traps');
  });

test('there is arithmetic to test', () => {
  expect(pureOps.length).toBeGreaterThan(100);
});

describe('results fit their types', () => {
  test.each(pureOps)('%s.%s', (op, suffix) => {
    const s = signatureOf(op, suffix);
    const [result] = s?.results ?? [];
    fc.assert(
      fc.property(fc.tuple(...(s?.operands ?? []).map(valuesOf)), (args) => {
        const x = evalPure(op, suffix, args, []);
        if (x === undefined) {
          expect(['div_s', 'div_u', 'rem_s', 'rem_u', 'copysign', 'reinterpret']).toContain(op);
          return;
        }
        if (result === 'f32') expect(Math.fround(Number(x))).toBe(x);
        else if (result === 'f64') expect(typeof x).toBe('number');
        else expect(BigInt.asIntN(result === 'i64' ? 64 : 32, BigInt(x))).toBe(x);
        const short = direct.get(opText(op, suffix));
        if (!short) return;
        const [a = 0, b = 0] = args.map((v, k) => fromConstant(s?.operands[k], v));
        expect(toConstant(result, short(a, b))).toBe(x);
      }),
      { numRuns: 200 },
    );
  });
});

/** A module with one function of one instruction of two i64 or f64 operands, put together by hand. */
const engine = (opcode: number, type: 'i64' | 'f64'): ((a: bigint | number, b: bigint | number) => unknown) => {
  const t = type === 'i64' ? 0x7e : 0x7c;
  const bytes = Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 7, 1, 0x60, 2, t, t, 1, t],
    ...[3, 2, 1, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0],
    ...[10, 9, 1, 7, 0, 0x20, 0, 0x20, 1, opcode, 0x0b],
  ]);
  const f = new WebAssembly.Instance(new WebAssembly.Module(bytes), {}).exports.f;
  if (typeof f !== 'function') throw new Error('no function');
  return (a, b) => f(a, b);
};

describe('as the engine says', () => {
  test.each([
    ['add', 'i64', 0x7c],
    ['sub', 'i64', 0x7d],
    ['mul', 'i64', 0x7e],
    ['div_s', 'i64', 0x7f],
    ['div_u', 'i64', 0x80],
    ['rem_s', 'i64', 0x81],
    ['rem_u', 'i64', 0x82],
    ['and', 'i64', 0x83],
    ['or', 'i64', 0x84],
    ['xor', 'i64', 0x85],
    ['shl', 'i64', 0x86],
    ['shr_s', 'i64', 0x87],
    ['shr_u', 'i64', 0x88],
    ['rotl', 'i64', 0x89],
    ['add', 'f64', 0xa0],
    ['sub', 'f64', 0xa1],
    ['mul', 'f64', 0xa2],
    ['div', 'f64', 0xa3],
    ['min', 'f64', 0xa4],
    ['max', 'f64', 0xa5],
    ['copysign', 'f64', 0xa6],
  ] as const)('%s.%s', (op, type, opcode) => {
    const f = engine(opcode, type);
    fc.assert(
      fc.property(valuesOf(type), valuesOf(type), (a, b) => {
        const x = evalPure(op, type, [a, b], []);
        if (x !== undefined) expect(x).toBe(f(a, b));
        else if (op !== 'copysign') expect(() => f(a, b)).toThrow();
      }),
      { numRuns: 500 },
    );
  });
});

describe('the hard cases', () => {
  test.each([
    [0.5, 0],
    [1.5, 2],
    [2.5, 2],
    [-0.5, -0],
    [-1.5, -2],
    [-0, -0],
    [0.49999999999999994, 0],
    [4503599627370495.5, 4503599627370496],
    [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ])('nearest of %d is %d', (x, y) => {
    expect(nearestEven(x)).toBe(y);
  });
  test('i64 to f32 rounds once', () => {
    fc.assert(
      fc.property(int(64), (n) => {
        const x = BigInt(floatOfInteger('f32', n));
        // No other f32 is nearer.
        const view = new DataView(new ArrayBuffer(4));
        view.setFloat32(0, Number(x));
        const distance = (y: bigint): bigint => (y > n ? y - n : n - y);
        for (const step of [1, -1]) {
          const other = new DataView(new ArrayBuffer(4));
          other.setInt32(0, view.getInt32(0) + step);
          const neighbour = other.getFloat32(0);
          if (Number.isFinite(neighbour))
            expect(distance(x) <= distance(BigInt(Math.trunc(neighbour))) || n === 0n).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
    expect(floatOfInteger('f32', 9007199791611905n)).toBe(9007200328482816);
    expect(floatOfInteger('f32', -9007199791611905n)).toBe(-9007200328482816);
  });
  test.each([
    [1e20, 64, true, (1n << 63n) - 1n],
    [-1e20, 64, true, -(1n << 63n)],
    [1e20, 64, false, -1n],
    [-5, 64, false, 0n],
    [-0.9, 32, false, 0n],
    [4294967295, 32, false, -1n],
    [Number.NaN, 32, true, 0n],
  ] as const)('truncating %d to %d bits (signed: %s)', (x, width, signed, y) => {
    expect(truncateSaturating(x, width, signed)).toBe(y);
  });
  test('what has no value, has none', () => {
    expect(evalPure('div_s', 'i64', [1n, 0n], [])).toBeUndefined();
    expect(evalPure('div_s', 'i32', [-(1n << 31n), -1n], [])).toBeUndefined();
    expect(evalPure('rem_s', 'i32', [-(1n << 31n), -1n], [])).toBe(0n);
    expect(evalPure('null', '', [], [])).toBeUndefined();
    expect(evalPure('this_image', '', [], [])).toBeUndefined();
    expect(evalPure('select', 'gptr', [1n, 0n, 0n], [])).toBeUndefined();
    expect(evalPure('reinterpret', 'i64.f64', [Number.NaN], [])).toBeUndefined();
    expect(combine('mul', 'i64', 3n, 5n)).toBe(15n);
    expect(combine('min_u', 'i64', -1n, 5n)).toBe(5n);
    expect(combine('nonsense', 'i64', 3n, 5n)).toBeUndefined();
  });
});
