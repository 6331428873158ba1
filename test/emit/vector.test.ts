// Every op on vectors, emitted and run on hard lanes, against what arith-vector.ts says; memory against what is written here and the
// evaluator. The last test asks that no op was forgotten.
import { beforeAll, describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { evalVector, joined, lanes } from '../../compiler/arith-vector.ts';
import { evaluate } from '../../compiler/eval.ts';
import { type Imm, type IrType, type OpName, opRow, ops } from '../../compiler/ir.ts';
import { floatOfBits, opText, signatureOf } from '../../compiler/ir-types.ts';
import { isVectorOp, laneBits, lanesToName, vectorOps } from '../../compiler/ir-vector.ts';
import { formatValue } from '../../vm/format.ts';
import { artifactOf, emitted, nodeOf, print, programOf, type TestNode } from './instance.ts';

type Constant = bigint | number;

const floats = [0, -0, 0.5, -0.5, 1, -1.5, 2.5, 3.5, 1e10, -1e10, 4294967295, 1e30, 5e-324, 0.1].concat([
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  2147483648.5,
  -2147483649,
]);
/** Hard lanes, as their bits. */
const lanesOf = (shape: string): readonly bigint[] => {
  const bits = laneBits[shape] ?? 64;
  if (shape.startsWith('f')) {
    const view = new DataView(new ArrayBuffer(8));
    const plain = floats.map((x) => {
      if (bits === 32) view.setFloat32(0, x);
      else view.setFloat64(0, x);
      return bits === 32 ? BigInt(view.getUint32(0)) : view.getBigUint64(0);
    });
    // A NaN with a sign and a payload: what only picks or looks at the sign keeps it.
    return [...plain, bits === 32 ? 0xffc0_1234n : 0xfff8_0000_0000_1234n];
  }
  const top = 1n << BigInt(bits - 1);
  return [0n, 1n, 2n, 7n, 15n, 31n, 63n, 0x55n, -1n, -2n, -7n, top, top - 1n, top + 1n, top >> 1n, -(top >> 1n)].map(
    (n) => BigInt.asUintN(bits, n),
  );
};

const scalars: Readonly<Record<'i32' | 'i64' | 'f32' | 'f64', readonly Constant[]>> = {
  i32: [0n, 1n, 7n, 8n, 31n, 32n, 33n, 63n, 64n, -1n, 200n, -2147483648n, 65535n],
  i64: [0n, -1n, 1n << 40n, -(1n << 63n), (1n << 63n) - 1n],
  f32: floats.map(Math.fround),
  f64: floats,
};

/** Immediates to try: some lanes, some shuffles. */
const immsOf = (op: OpName, suffix: string): readonly (readonly Imm[])[] => {
  if (op === 'v.shuffle') {
    return [
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
      [31, 0, 17, 2, 3, 3, 3, 29, 8, 16, 10, 15, 1, 13, 14, 30],
      [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23],
      // Bytes of one vector alone.
      [15, 0, 1, 2, 2, 3, 3, 9, 8, 11, 10, 15, 1, 13, 14, 0],
      [31, 16, 17, 18, 18, 19, 19, 25, 24, 27, 26, 31, 17, 29, 30, 16],
    ];
  }
  const count = lanesToName(op, suffix);
  return count === undefined ? [[]] : [...new Set([0, 1, count - 1])].map((n) => [n]);
};

const computing = (Object.keys(vectorOps) as OpName[]).flatMap((op) =>
  (opRow(op).types ?? ['']).flatMap((suffix) => {
    const { operands = [], results = [] } = signatureOf(op, suffix) ?? {};
    const [result] = results;
    if (opRow(op).effects.length > 0 || operands.length === 0 || result === undefined) return [];
    return immsOf(op, suffix).map((imms) => ({ op, suffix, operands, result, imms }));
  }),
);

const cellBytes = 64;
const loadOf = (t: IrType): string => (t === 'v128' ? 'v.load.v128' : `load.${t}`);
const storeOf = (t: IrType): string => (t === 'v128' ? 'v.store.v128' : `store.${t}`);

/** One program with all of them: each takes its operands from a cell of its own and leaves its result there. */
const computingText = (): string => {
  const body = computing.map(({ op, suffix, operands, result, imms }, n) => {
    const loads = operands.map((t, k) => `%a${n}.${k} = ${loadOf(t)} %in, ${n * cellBytes + k * 16}`);
    const args = [...operands.map((_, k) => `%a${n}.${k}`), ...imms].join(', ');
    const store = `${storeOf(result)} %in, %r${n}, ${n * cellBytes + 48}`;
    return [...loads, `%r${n} = ${opText(op, suffix)} ${args}`, store].join('\n');
  });
  const size = computing.length * cellBytes;
  return `private @in size ${size} align 8\nfunc @init() {\nret\n}\nfunc @main() {\n%g = global @in\n%in = addr %g\n${body.join('\n')}\nret\n}\n`;
};

const write = (view: DataView, at: number, type: IrType, value: Constant): void => {
  if (type === 'v128') {
    view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), true);
    view.setBigUint64(at + 8, BigInt.asUintN(64, BigInt(value) >> 64n), true);
  } else if (type === 'i64') view.setBigInt64(at, BigInt(value), true);
  else if (type === 'f64') view.setFloat64(at, Number(value), true);
  else if (type === 'f32') view.setFloat32(at, Number(value), true);
  else view.setInt32(at, Number(BigInt.asIntN(32, BigInt(value))), true);
};
const read = (view: DataView, at: number, type: IrType): Constant => {
  if (type === 'v128') return view.getBigUint64(at, true) | (view.getBigUint64(at + 8, true) << 64n);
  if (type === 'i64') return view.getBigInt64(at, true);
  if (type === 'f64') return view.getFloat64(at, true);
  if (type === 'f32') return view.getFloat32(at, true);
  return BigInt(view.getInt32(at, true));
};

/** What keeps the bits of NaNs. */
const exact = new Set(['v.neg', 'v.abs', 'v.pmin', 'v.pmax', 'v.splat', 'v.replace', 'v.eq', 'v.ne', 'v.lt', 'v.ge']);

/** The same, but for which NaN a computed lane is. */
const agree = (op: string, suffix: string, got: Constant, expected: Constant | undefined): boolean => {
  if (Object.is(got, expected)) return true;
  const [shape = ''] = suffix.split('.');
  if (typeof got !== 'bigint' || typeof expected !== 'bigint' || exact.has(op) || !shape.startsWith('f')) return false;
  const bits = laneBits[shape] ?? 64;
  const type = bits === 32 ? 'f32' : 'f64';
  const noNumber = (lane: bigint | undefined): boolean => Number.isNaN(floatOfBits(type, lane ?? 0n));
  const others = lanes(expected, bits);
  return lanes(got, bits).every((lane, i) => lane === others[i] || (noNumber(lane) && noNumber(others[i])));
};

describe('what only computes', () => {
  let node: TestNode;
  beforeAll(async () => {
    const program = programOf(computingText());
    node = nodeOf(program, (await artifactOf(program)).wasm);
  });

  it('is accepted by wabt, and not without the feature', async () => {
    const { wasm } = await artifactOf(programOf(computingText()));
    const { readWasm } = await wabt();
    const features = { threads: true, bulk_memory: true, simd: true, mutable_globals: true };
    const module = readWasm(wasm, features);
    // wabt's types do not tell that validation, too, wants the features.
    const validate = (m: { validate: (f: object) => void }): void => m.validate(features);
    validate(module);
    module.destroy();
    expect(() => readWasm(wasm, { ...features, simd: false })).toThrow();
  });

  it('gives on hard lanes what arith-vector.ts says', () => {
    const { view } = node;
    const base = node.at(0, 'in');
    const rounds = 200;
    let compared = 0;
    for (let round = 0; round < rounds; round++) {
      const expected = computing.map(({ op, suffix, operands, imms }, n) => {
        const shape = suffix.split('.').at(-1) || (['f64x2', 'i8x16', 'i32x4'][round % 3] ?? 'i32x4');
        const hard = lanesOf(shape);
        const args = operands.map((t, k) => {
          if (t === 'gptr' || t === 'ptr') return 0n;
          if (t !== 'v128') return scalars[t][(round + k) % scalars[t].length] ?? 0;
          // All pairs of lanes come up: the second operand goes on by one whenever the first has been through.
          const at = (i: number): number =>
            k === 1 ? round + Math.floor(round / hard.length) + 5 * i : round + 3 * i + k;
          const bits = laneBits[shape] ?? 32;
          return joined(
            Array.from({ length: 128 / bits }, (_, i) => hard[at(i) % hard.length] ?? 0n),
            bits,
          );
        });
        args.forEach((v, k) => {
          write(view, base + n * cellBytes + k * 16, operands[k] ?? 'i32', v);
        });
        return evalVector(op, suffix, args, imms);
      });
      node.images[0]?.main();
      computing.forEach(({ op, suffix, result }, n) => {
        const got = read(view, base + n * cellBytes + 48, result);
        if (!agree(op, suffix, got, expected[n]))
          expect.fail(
            `${opText(op, suffix)}, round ${round}: ${got.toString(16)} instead of ${expected[n]?.toString(16)}`,
          );
        compared++;
      });
    }
    expect(compared).toBe(rounds * computing.length);
    expect(computing.length).toBeGreaterThan(200);
  });
});

// ---- memory -----------------------------------------------------------------------------------------------------

const head = 'private @p size 64 align 8\n';
/** Bytes 0x80 0x81 … 0x9f from the beginning of @p on; 3 further on nothing is aligned. */
const filled = `%p = global @p\n%a = addr %p\n${Array.from({ length: 32 }, (_, i) => `%b${i} = const.i32 ${0x80 + i}\nstore.u8 %a, %b${i}, ${i}\n`).join('')}`;
const halves = (v: string): string =>
  `%low${v} = v.extract.i64x2 %${v}, 0\n%high${v} = v.extract.i64x2 %${v}, 1\n${print('i64', `%low${v}`)}${print('i64', `%high${v}`)}`;

/** The lines that the program prints; the evaluator must say the same. */
const lines = async (insts: string): Promise<readonly string[]> => {
  const program = programOf(`${head}func @init() {\nret\n}\nfunc @main() {\n${filled}${insts}\nret\n}\n`);
  const node = nodeOf(program, (await artifactOf(program)).wasm);
  node.images[0]?.main();
  const oracle = evaluate(program, { images: 1, format: formatValue, slotBits: 20 });
  expect(oracle.outcome).toEqual({ kind: 'ok' });
  expect(node.images[0]?.lines()).toEqual(oracle.stdout);
  return oracle.stdout;
};

const hex = (said: readonly string[]): string[] =>
  said.map((s) => BigInt.asUintN(64, BigInt(s)).toString(16).padStart(16, '0'));

describe('memory', () => {
  it.each([
    ['v128', '8a89888786858483', '9291908f8e8d8c8b'],
    ['splat8', '8383838383838383', '8383838383838383'],
    ['splat16', '8483848384838483', '8483848384838483'],
    ['splat32', '8685848386858483', '8685848386858483'],
    ['splat64', '8a89888786858483', '8a89888786858483'],
    ['i8x8', 'ff86ff85ff84ff83', 'ff8aff89ff88ff87'],
    ['u8x8', '0086008500840083', '008a008900880087'],
    ['i16x4', 'ffff8685ffff8483', 'ffff8a89ffff8887'],
    ['u16x4', '0000868500008483', '00008a8900008887'],
    ['i32x2', 'ffffffff86858483', 'ffffffff8a898887'],
    ['u32x2', '0000000086858483', '000000008a898887'],
    ['zero32', '0000000086858483', '0000000000000000'],
    ['zero64', '8a89888786858483', '0000000000000000'],
  ])('v.load.%s, from any address', async (suffix, low, high) => {
    expect(hex(await lines(`%v = v.load.${suffix} %a, 3\n${halves('v')}`))).toEqual([low, high]);
  });

  it('stores, whole and by the lane', async () => {
    const text = `%v = v.const 0x1122334455667788, -2\nv.store.v128 %a, %v, 5
      %w = v.load.v128 %a, 4\n%x = v.load.v128 %a, 12\n${halves('w')}${halves('x')}
      v.store_lane.8 %a, %v, 1, 7\nv.store_lane.16 %a, %v, 2, 2\nv.store_lane.32 %a, %v, 4, 1\nv.store_lane.64 %a, %v, 9, 1
      %y = v.load.v128 %a, 1\n${halves('y')}`;
    expect(hex(await lines(text))).toEqual([
      '2233445566778884',
      'fffffffffffffe11',
      'fffffffffffffe11',
      '9b9a9998979695ff',
      '5511223344334411',
      'fffffffffffffffe',
    ]);
  });

  it('loads by the lane keep the other lanes', async () => {
    const text = `%v = v.const 0, 0\n%b = v.load_lane.8 %a, %v, 1, 15\n%h = v.load_lane.16 %a, %b, 1, 0\n%w = v.load_lane.32 %a, %h, 1, 1\n${halves('w')}%d = v.load_lane.64 %a, %w, 1, 0\n${halves('d')}`;
    expect(hex(await lines(text))).toEqual([
      '8483828100008281',
      '8100000000000000',
      '8887868584838281',
      '8100000000000000',
    ]);
  });
});

it('every op on vectors was emitted', () => {
  const missing = (Object.keys(ops) as OpName[]).filter((op) => isVectorOp(op) && !emitted.has(op));
  expect(missing).toEqual([]);
});
