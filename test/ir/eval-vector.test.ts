// The evaluator on vectors, op by op: what each gives is written here. The last test asks that every op was evaluated.
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { type OpName, ops } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { isVectorOp } from '../../compiler/ir-vector.ts';
import { verify, violationsText } from '../../compiler/verify.ts';

const evaluated = new Set<OpName>();

/** The lines that these instructions print. */
const lines = (insts: string): readonly string[] => {
  const text = `private @p size 64 align 8\nfunc @init() {\nret\n}\nfunc @main() {\n${insts}\nret\n}\n`;
  const { program, errors } = parseProgram(text);
  expect(errors).toEqual([]);
  if (!program) throw new Error('no program');
  expect(violationsText(verify(program))).toBe('');
  const { outcome, stdout } = evaluate(program, { images: 1, onOp: (op) => evaluated.add(op) });
  expect(outcome).toEqual({ kind: 'ok' });
  return stdout;
};

const print = (type: string, value: string): string =>
  `out.${type} ${value}, "{\\"type\\":\\"${type}\\"}"\nout.end 1, 1\n`;

/** A vector as sixteen bytes, the highest first, in hexadecimal; blanks do not count. */
const constant = (name: string, bytes: string): string => {
  const digits = bytes.replaceAll(' ', '').padStart(32, '0');
  const half = (s: string): bigint => BigInt.asIntN(64, BigInt(`0x${s}`));
  return `%${name} = v.const ${half(digits.slice(16))}, ${half(digits.slice(0, 16))}\n`;
};

const printed = (v: string): string =>
  `%h.${v} = v.extract.i64x2 %${v}, 1\n%l.${v} = v.extract.i64x2 %${v}, 0\n${print('i64', `%h.${v}`)}${print('i64', `%l.${v}`)}`;

const hex = (said: readonly string[]): string =>
  said.map((s) => BigInt.asUintN(64, BigInt(s)).toString(16).padStart(16, '0')).join('');

const one32 = '3f800000';
const nan32 = '7fc00001';
const one64 = '3ff0000000000000';
const [two64, nan64] = ['4000000000000000', '7ff8000000000001'];
const ff = (n: number): string => 'ff'.repeat(n);
const oo = (n: number): string => '00'.repeat(n);

describe('lane by lane', () => {
  // op with suffix, result, operands: vectors from the highest byte to the lowest; lanes that are equal are written `of`
  const of = (lane: string): string => lane.repeat(32 / lane.length);
  const cases: readonly (readonly [string, string, ...string[]])[] = [
    ['v.add.i8x16', of('007f'), of('ff80'), of('01ff')],
    ['v.add.i16x8', of('0100'), of('00ff'), of('0001')],
    ['v.add.i32x4', of('7fffffff'), of('80000000'), of('ffffffff')],
    ['v.add.i64x2', of('0000000100000000'), of('00000000ffffffff'), of('0000000000000001')],
    ['v.add.f64x2', of(two64), of(one64), of(one64)],
    ['v.sub.i8x16', of('ff'), of('00'), of('01')],
    ['v.sub.f32x4', of('00000000'), of(one32), of(one32)],
    ['v.mul.i16x8', of('0001'), of('ffff'), of('ffff')],
    ['v.mul.i64x2', of('fffffffffffffffe'), of('7fffffffffffffff'), of('0000000000000002')],
    ['v.neg.i8x16', of('80ff'), of('8001')],
    ['v.neg.f32x4', `80000000 ffc00001 ${of('bf800000').slice(16)}`, `00000000 ${nan32} ${of(one32).slice(16)}`],
    ['v.abs.i16x8', of('80000001'), of('8000ffff')],
    ['v.abs.f64x2', `${nan64} 0000000000000000`, 'fff8000000000001 8000000000000000'],
    ['v.div.f64x2', `7ff0000000000000 ${one64}`, `${one64} ${two64}`, `0000000000000000 ${two64}`],
    ['v.sqrt.f32x4', of('40000000'), of('40800000')],
    ['v.min.f64x2', `8000000000000000 ${one64}`, `0000000000000000 ${one64}`, `8000000000000000 ${two64}`],
    ['v.max.f64x2', `0000000000000000 ${two64}`, `0000000000000000 ${one64}`, `8000000000000000 ${two64}`],
    // The first, if neither is less: also if one is NaN.
    ['v.pmin.f64x2', `${nan64} ${one64}`, `${nan64} ${two64}`, `${one64} ${one64}`],
    ['v.pmax.f64x2', `0000000000000000 ${two64}`, `0000000000000000 ${one64}`, `8000000000000000 ${two64}`],
    ['v.floor.f32x4', of('c0000000'), of('bfc00000')],
    ['v.ceil.f32x4', of('bf800000'), of('bfc00000')],
    ['v.trunc.f32x4', of('80000000'), of('bf000000')],
    ['v.nearest.f64x2', of(two64), of('4004000000000000')],
    ['v.min_s.i8x16', of('80'), of('80'), of('7f')],
    ['v.min_u.i8x16', of('7f'), of('80'), of('7f')],
    ['v.max_s.i32x4', of('00000001'), of('ffffffff'), of('00000001')],
    ['v.max_u.i32x4', of('ffffffff'), of('ffffffff'), of('00000001')],
    ['v.popcnt.i8x16', of('08040100'), of('ff0f8000')],
    ['v.and', of('0f00'), of('0fff'), of('ff00')],
    ['v.or', of('ffff'), of('0fff'), of('ff00')],
    ['v.xor', of('f0ff'), of('0fff'), of('ff00')],
    ['v.andnot', of('00ff'), of('0fff'), of('ff00')],
    ['v.not', of('f000'), of('0fff')],
    ['v.select', of('1278'), of('ff00'), of('1234'), of('5678')],
    ['v.eq.i16x8', of('ffff0000'), of('12340001'), of('12340100')],
    ['v.eq.f32x4', `${oo(4)}${ff(12)}`, `${nan32}${of('80000000').slice(8)}`, `${nan32}${of('00000000').slice(8)}`],
    ['v.ne.f64x2', `${ff(8)}${oo(8)}`, `${nan64}${one64}`, `${nan64}${one64}`],
    ['v.lt_s.i8x16', of('ff00'), of('8001'), of('7f01')],
    ['v.gt_s.i64x2', `${oo(8)}${ff(8)}`, `${ff(8)}0000000000000001`, `${oo(8)}${oo(8)}`],
    ['v.le_s.i32x4', of(ff(4)), of('80000000'), of('80000000')],
    ['v.ge_s.i16x8', of('0000'), of('8000'), of('7fff')],
    ['v.lt_u.i8x16', of('00'), of('80'), of('7f')],
    ['v.gt_u.i16x8', of(ff(2)), of('8000'), of('7fff')],
    ['v.le_u.i32x4', of(oo(4)), of('80000000'), of('7fffffff')],
    ['v.ge_u.i32x4', of(ff(4)), of('80000000'), of('80000000')],
    ['v.lt.f64x2', `${oo(8)}${ff(8)}`, `${nan64}${one64}`, `${one64}${two64}`],
    ['v.gt.f64x2', `${oo(8)}${oo(8)}`, `${nan64}${one64}`, `${one64}${two64}`],
    ['v.le.f32x4', of(ff(4)), of('80000000'), of('00000000')],
    ['v.ge.f32x4', of(oo(4)), of(nan32), of('00000000')],
    ['v.convert_s.f32x4.i32x4', of('cf000000'), of('80000000')],
    ['v.convert_u.f32x4.i32x4', of('4f800000'), of('ffffffff')],
    ['v.convert_s.f64x2.i32x4', `bff0000000000000 ${two64}`, '12345678 12345678 ffffffff 00000002'],
    ['v.convert_u.f64x2.i32x4', `41efffffffe00000 ${two64}`, '12345678 12345678 ffffffff 00000002'],
    ['v.trunc_sat_s.i32x4.f32x4', '00000000 7fffffff 80000000 ffffffff', `${nan32} 7f800000 ff800000 bfc00000`],
    ['v.trunc_sat_u.i32x4.f32x4', '00000000 ffffffff 00000000 00000000', `${nan32} 7f800000 ff800000 bfc00000`],
    ['v.trunc_sat_s.i32x4.f64x2', `${oo(8)} 00000000 00000002`, `${nan64} ${two64}`],
    ['v.trunc_sat_u.i32x4.f64x2', `${oo(8)} ffffffff 00000002`, `7ff0000000000000 ${two64}`],
    ['v.promote.f64x2.f32x4', `8000000000000000 ${one64}`, `12345678 12345678 80000000 ${one32}`],
    ['v.demote.f32x4.f64x2', `${oo(8)} 7f800000 ${one32}`, `7fefffffffffffff ${one64}`],
    ['v.extend_low_s.i16x8.i8x16', of('ff80007f'), `${oo(8)} ${of('807f').slice(16)}`],
    ['v.extend_high_s.i32x4.i16x8', of('ffff8000'), `${of('8000').slice(16)} ${oo(8)}`],
    ['v.extend_low_u.i64x2.i32x4', `00000000ffffffff 0000000000000001`, `${oo(8)} ffffffff 00000001`],
    ['v.extend_high_u.i16x8.i8x16', of('00ff'), `${ff(8)} ${oo(8)}`],
    ['v.extmul_low_s.i16x8.i8x16', of('4000'), of('80'), of('80')],
    ['v.extmul_high_s.i32x4.i16x8', of('00000001'), of('ffff'), of('ffff')],
    ['v.extmul_low_u.i64x2.i32x4', of('fffffffe00000001'), of('ffffffff'), of('ffffffff')],
    ['v.extmul_high_u.i16x8.i8x16', of('fe01'), of('ff'), of('ff')],
    // Lanes of the first come lowest.
    ['v.narrow_s.i8x16.i16x8', `${of('7f80').slice(16)}${of('ff01').slice(16)}`, of('ffff0001'), of('7fff8000')],
    ['v.narrow_u.i16x8.i32x4', `${of('ffff').slice(16)}${of('0000').slice(16)}`, of('ffffffff'), of('00010000')],
  ];
  test.each(cases)('%s gives %s', (op, result, ...operands) => {
    const args = operands.map((bytes, k) => constant(`c${k}`, bytes)).join('');
    const text = `${args}%r = ${op} ${operands.map((_, k) => `%c${k}`).join(', ')}\n${printed('r')}`;
    expect(hex(lines(text))).toBe(result.replaceAll(' ', ''));
  });

  test.each([
    ['v.shl.i8x16', 1, of('02fe'), of('81ff')],
    // Modulo the width of a lane.
    ['v.shl.i16x8', 17, of('0002'), of('8001')],
    ['v.shr_s.i32x4', 31, of(ff(4)), of('80000000')],
    ['v.shr_u.i32x4', 31, of('00000001'), of('80000000')],
    ['v.shr_u.i64x2', -1, of('0000000000000001'), of('8000000000000000')],
  ])('%s by %i gives %s', (op, by, result, v) => {
    expect(hex(lines(`${constant('v', v)}%n = const.i32 ${by}\n%r = ${op} %v, %n\n${printed('r')}`))).toBe(result);
  });
});

describe('lanes', () => {
  test.each([
    ['i8x16', '16', '-128'],
    ['u8x16', '16', '128'],
    ['i16x8', '16', '-32752'],
    ['u16x8', '16', '32784'],
    ['i32x4', '32', '-2146369877'],
    ['i64x2', '64', '-9218588426529120674'],
  ])('v.extract.%s', (shape, _, last) => {
    const at = { i8x16: 15, u8x16: 15, i16x8: 7, u16x8: 7, i32x4: 3, i64x2: 1 }[shape] ?? 0;
    const type = shape === 'i64x2' ? 'i64' : 'i32';
    const text = `${constant('v', '8010feab 1234 5e5e 0102030405060708')}%x = v.extract.${shape} %v, ${at}\n${print(type, '%x')}`;
    expect(lines(text)).toEqual([last]);
  });

  test('what was put in comes out, and only there', () => {
    const text = `${constant('v', ff(16))}%n = const.i32 -129\n%f = fconst.f32 1.0\n%d = fconst.f64 2.0
      %s = v.splat.i8x16 %n\n${printed('s')}%t = v.splat.f64x2 %d\n${printed('t')}
      %a = v.replace.i8x16 %v, %n, 2\n${printed('a')}%b = v.replace.f32x4 %v, %f, 1\n${printed('b')}
      %x = v.extract.f32x4 %b, 1\n${print('f32', '%x')}%y = v.extract.f64x2 %t, 1\n${print('f64', '%y')}`;
    const said = lines(text);
    expect(hex(said.slice(0, 8))).toBe(`${'7f'.repeat(16)}${two64}${two64}${ff(13)}7f${ff(2)}${ff(8)}${one32}${ff(4)}`);
    expect(said.slice(8)).toEqual(['1', '2']);
  });

  test('tests and masks', () => {
    const text = `${constant('v', '80 01 7f ff'.padStart(45, '0'))}${constant('z', '00')}
      ${[
        'v.any_true %v',
        'v.any_true %z',
        'v.all_true.i8x16 %v',
        'v.all_true.i64x2 %z',
        'v.bitmask.i8x16 %v',
        'v.bitmask.i32x4 %v',
      ]
        .map((op, k) => `%r${k} = ${op}\n${print('i32', `%r${k}`)}`)
        .join('')}${constant('w', 'ff'.repeat(16))}%all = v.all_true.i16x8 %w\n${print('i32', '%all')}`;
    expect(lines(text)).toEqual(['1', '0', '0', '0', '9', '1', '1']);
  });

  test('shuffles take bytes of both', () => {
    const text = `${constant('a', '0f0e0d0c0b0a09080706050403020100')}${constant('b', '1f1e1d1c1b1a19181716151413121110')}%r = v.shuffle %a, %b, 16, 0, 31, 15, 1, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 30\n${printed('r')}`;
    expect(hex(lines(text))).toBe('1e08070605040302010101010f1f0010');
  });
});

test('memory, at any address', () => {
  const text = `%p = global @p\n%a = addr %p\n${constant('v', '0f0e0d0c0b0a09080706050403020100')}v.store.v128 %a, %v, 1
    %w = v.load.v128 %a, 2\n${printed('w')}%n = v.load.i8x8 %a, 9\n${printed('n')}
    %l = v.load_lane.16 %a, %v, 16, 7\n${printed('l')}v.store_lane.32 %a, %v, 0, 3\n%x = v.load.zero64 %a, 0\n${printed('x')}`;
  const said = lines(text);
  expect(hex(said.slice(0, 2))).toBe('000f0e0d0c0b0a090807060504030201');
  expect(hex(said.slice(2, 4))).toBe('000f000e000d000c000b000a00090008');
  expect(hex(said.slice(4, 6))).toBe('000f0d0c0b0a09080706050403020100');
  expect(hex(said.slice(6))).toBe(`${oo(8)}060504030f0e0d0c`);
});

test('every op on vectors was evaluated', () => {
  expect((Object.keys(ops) as OpName[]).filter((op) => isVectorOp(op) && !evaluated.has(op))).toEqual([]);
});
