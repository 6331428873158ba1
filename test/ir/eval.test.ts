// The evaluator, op by op: each does what the table of ops says. The last test asks that every op was evaluated.
import { describe, expect, test } from 'vitest';
import { type EvalOptions, type EvalResult, evaluate } from '../../compiler/eval.ts';
import { type OpName, opRow, ops } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { isOpName, wordsOf } from '../../compiler/ir-types.ts';
import { isVectorOp } from '../../compiler/ir-vector.ts';
import { verify, violationsText } from '../../compiler/verify.ts';
import { formatValue } from '../../vm/format.ts';

const evaluated = new Set<OpName>();

interface Setting extends Partial<EvalOptions> {
  readonly head?: string;
  readonly init?: string;
  readonly funcs?: string;
}

/** Runs `insts` as the body of main, after checking that it is a program that a compiler could have made. */
const run = (insts: string, setting: Setting = {}): EvalResult => {
  const { head = '', init = '', funcs = '', ...options } = setting;
  const text = `${head}\nfunc @init() {\n${init}\nret\n}\nfunc @main() {\n${insts}\n}\n${funcs}`;
  const { program, errors } = parseProgram(text);
  expect(errors).toEqual([]);
  if (!program) throw new Error('no program');
  expect(violationsText(verify(program))).toBe('');
  return evaluate(program, { images: 1, onOp: (op) => evaluated.add(op), ...options });
};

const print = (type: string, value: string): string =>
  `out.${type} ${value}, "{\\"type\\":\\"${type}\\"}"\nout.end 1, 1\n`;

/** The lines that a main without faults prints. */
const lines = (insts: string, setting: Setting = {}): readonly string[] => {
  const { outcome, stdout } = run(`${insts}\nret`, setting);
  expect(outcome).toEqual({ kind: 'ok' });
  return stdout;
};

const fault = (insts: string, setting: Setting = {}): [string, ...bigint[]] => {
  const { outcome } = run(`${insts}\nret`, setting);
  if (outcome.kind !== 'fault') throw new Error(`no fault: ${outcome.kind}`);
  return [outcome.fault, ...outcome.values];
};

const constants = (type: string, values: readonly string[]): string =>
  values.map((v, k) => `%c${k} = ${type.startsWith('f') ? 'f' : ''}const.${type} ${v}\n`).join('');

describe('arithmetic', () => {
  const cases: readonly [string, string, string, string, readonly string[]][] = [
    // op with suffix, type of the operands, type of the result, result, operands
    ['add.i32', 'i32', 'i32', '-2147483648', ['2147483647', '1']],
    ['add.i64', 'i64', 'i64', '-9223372036854775808', ['9223372036854775807', '1']],
    ['sub.i64', 'i64', 'i64', '9223372036854775807', ['-9223372036854775808', '1']],
    ['mul.i32', 'i32', 'i32', '1', ['-1', '-1']],
    ['mul.i64', 'i64', 'i64', '-8446744073709551616', ['5000000000', '2000000000']],
    ['add.f32', 'f32', 'f32', '16777216', ['16777216.0', '1.0']],
    ['sub.f64', 'f64', 'f64', '-0.5', ['1.0', '1.5']],
    ['div.f64', 'f64', 'f64', 'Infinity', ['1.0', '0.0']],
    ['div_s.i64', 'i64', 'i64', '-3', ['-7', '2']],
    ['div_u.i32', 'i32', 'i32', '2147483644', ['-7', '2']],
    ['rem_s.i64', 'i64', 'i64', '-1', ['-7', '2']],
    ['rem_s.i32', 'i32', 'i32', '0', ['-2147483648', '-1']],
    ['rem_u.i32', 'i32', 'i32', '1', ['-7', '2']],
    ['and.i32', 'i32', 'i32', '8', ['12', '-8']],
    ['or.i64', 'i64', 'i64', '-4', ['12', '-8']],
    ['xor.i64', 'i64', 'i64', '-12', ['12', '-8']],
    ['shl.i32', 'i32', 'i32', '2', ['1', '33']],
    ['shl.i64', 'i64', 'i64', '-9223372036854775808', ['1', '63']],
    ['shr_s.i64', 'i64', 'i64', '-1', ['-2', '65']],
    ['shr_u.i32', 'i32', 'i32', '2147483647', ['-2', '1']],
    ['shr_u.i64', 'i64', 'i64', '1', ['-2', '63']],
    ['rotl.i32', 'i32', 'i32', '3', ['-2147483647', '1']],
    ['rotl.i64', 'i64', 'i64', '-1', ['-1', '0']],
    ['clz.i32', 'i32', 'i32', '31', ['1']],
    ['clz.i64', 'i64', 'i64', '64', ['0']],
    ['ctz.i32', 'i32', 'i32', '32', ['0']],
    ['ctz.i64', 'i64', 'i64', '63', ['-9223372036854775808']],
    ['popcnt.i32', 'i32', 'i32', '32', ['-1']],
    ['min.f64', 'f64', 'f64', '0', ['-0.0', '0.0']],
    ['min.f64', 'f64', 'f64', 'NaN', ['1.0', 'nan:0x7ff8000000000000']],
    ['max.f64', 'f64', 'f64', '2', ['1.0', '2.0']],
    ['fmin.f64', 'f64', 'f64', '-2', ['1.0', '-2.0']],
    ['fmin.f64', 'f64', 'f64', '1', ['nan:0x7ff8000000000000', '1.0']],
    ['fmax.f64', 'f64', 'f64', '0', ['-0.0', '0.0']],
    ['fmax.f32', 'f32', 'f32', '1', ['1.0', 'nan:0x7fc00000']],
    ['copysign.f64', 'f64', 'f64', '-3', ['3.0', '-0.0']],
    ['neg.f64', 'f64', 'f64', '-1.5', ['1.5']],
    ['abs.f64', 'f64', 'f64', '1.5', ['-1.5']],
    ['sqrt.f32', 'f32', 'f32', '1.4142135381698608', ['2.0']],
    ['floor.f64', 'f64', 'f64', '-2', ['-1.5']],
    ['ceil.f64', 'f64', 'f64', '2', ['1.5']],
    ['trunc.f64', 'f64', 'f64', '-1', ['-1.5']],
    ['nearest.f64', 'f64', 'f64', '2', ['2.5']],
    ['nearest.f64', 'f64', 'f64', '4', ['3.5']],
    ['eqz.i64', 'i64', 'i32', '1', ['0']],
    ['eq.f64', 'f64', 'i32', '0', ['nan:0x7ff8000000000000', 'nan:0x7ff8000000000000']],
    ['ne.f64', 'f64', 'i32', '1', ['nan:0x7ff8000000000000', '1.0']],
    ['lt_s.i32', 'i32', 'i32', '1', ['-1', '1']],
    ['lt_u.i32', 'i32', 'i32', '0', ['-1', '1']],
    ['le_s.i64', 'i64', 'i32', '1', ['1', '1']],
    ['le_u.i64', 'i64', 'i32', '0', ['-1', '1']],
    ['gt_s.i64', 'i64', 'i32', '0', ['-1', '1']],
    ['gt_u.i64', 'i64', 'i32', '1', ['-1', '1']],
    ['ge_s.i32', 'i32', 'i32', '0', ['-1', '1']],
    ['ge_u.i32', 'i32', 'i32', '1', ['-1', '1']],
    ['lt.f32', 'f32', 'i32', '1', ['-inf', 'inf']],
    ['le.f64', 'f64', 'i32', '1', ['-0.0', '0.0']],
    ['gt.f64', 'f64', 'i32', '0', ['nan:0x7ff8000000000000', '0.0']],
    ['ge.f64', 'f64', 'i32', '1', ['1.0', '1.0']],
    ['wrap', 'i64', 'i32', '-1', ['4294967295']],
    ['extend_s', 'i32', 'i64', '-1', ['-1']],
    ['extend_u', 'i32', 'i64', '4294967295', ['-1']],
    ['extend8_s.i32', 'i32', 'i32', '-128', ['128']],
    ['extend16_s.i64', 'i64', 'i64', '-32768', ['32768']],
    ['convert_s.f64.i64', 'i64', 'f64', '9007199254740992', ['9007199254740993']],
    // One rounding: through f64 it would be …936.
    ['convert_s.f32.i64', 'i64', 'f32', '9007200328482816', ['9007199791611905']],
    ['convert_u.f64.i32', 'i32', 'f64', '4294967295', ['-1']],
    ['trunc_sat_s.i32.f64', 'f64', 'i32', '2147483647', ['1e10']],
    ['trunc_sat_s.i64.f64', 'f64', 'i64', '0', ['nan:0x7ff8000000000000']],
    ['trunc_sat_u.i32.f64', 'f64', 'i32', '-1', ['1e10']],
    ['trunc_sat_u.i64.f64', 'f64', 'i64', '0', ['-1.0']],
    ['trunc_sat_u.i64.f32', 'f32', 'i64', '-1', ['inf']],
    ['promote', 'f32', 'f64', '0.10000000149011612', ['0.1']],
    ['demote', 'f64', 'f32', '0.10000000149011612', ['0.1']],
    ['reinterpret.i64.f64', 'f64', 'i64', '-9223372036854775808', ['-0.0']],
    ['reinterpret.i64.f64', 'f64', 'i64', '9221120237041090560', ['nan:0x7ff8000000000000']],
    ['reinterpret.i32.f32', 'f32', 'i32', '1065353216', ['1.0']],
    ['reinterpret.f32.i32', 'i32', 'f32', '1', ['1065353216']],
    ['reinterpret.f64.i64', 'i64', 'f64', 'NaN', ['9221120237041090560']],
  ];
  test.each(cases)('%s of %s gives %s %s for %s', (op, from, to, result, operands) => {
    const args = operands.map((_, k) => `%c${k}`).join(', ');
    expect(lines(`${constants(from, operands)}%r = ${op} ${args}\n${print(to, '%r')}`)).toEqual([result]);
  });
  test('select', () => {
    const both = '%t = const.i32 -5\n%f = const.i32 0\n%a = const.i64 1\n%b = const.i64 2\n';
    expect(
      lines(
        `${both}%x = select.i64 %t, %a, %b\n%y = select.i64 %f, %a, %b\n${print('i64', '%x')}${print('i64', '%y')}`,
      ),
    ).toEqual(['1', '2']);
  });
  test('a division that was not checked faults', () => {
    expect(fault(`${constants('i64', ['7', '0'])}%r = div_s.i64 %c0, %c1`)).toEqual(['divide', 7n]);
    expect(fault(`${constants('i32', ['-2147483648', '-1'])}%r = div_s.i32 %c0, %c1`)).toEqual([
      'divide-overflow',
      -2147483648n,
      -1n,
    ]);
  });
});

describe('structure', () => {
  test('loops swap their parameters at once', () => {
    const text = `${constants('i64', ['1', '2', '0', '3'])}
      %r: i64, %s: i64 = loop @l (%a: i64 = %c0, %b: i64 = %c1, %i: i64 = %c2) {
        %done = eq.i64 %i, %c3
        %n = add.i64 %i, %c0
        if @i %done { break @l(%a, %b) } else { next @l(%b, %a, %n) }
        unreachable
      }
      ${print('i64', '%r')}${print('i64', '%s')}`;
    expect(lines(text)).toEqual(['2', '1']);
  });
  test('blocks are left early, with their results, from inside loops', () => {
    const text = `${constants('i64', ['5'])}
      %r: i64 = block @b {
        loop @l { break @b(%c0) }
        unreachable
      }
      ${print('i64', '%r')}`;
    expect(lines(text)).toEqual(['5']);
  });
  test('deep recursion, and a stack overflow that is a fault', () => {
    const funcs = `func @down(%n: i64) -> i64 {
      slot $x size 16 align 16
      %zero = eqz.i64 %n
      %one = const.i64 1
      if @i %zero { ret(%n) } else { break @i }
      %m = sub.i64 %n, %one
      %r = call @down(%m)
      %s = add.i64 %r, %one
      ret(%s)
    }\n`;
    const call = (n: string): string => `${constants('i64', [n])}%r = call @down(%c0)\n`;
    expect(lines(`${call('10000')}${print('i64', '%r')}`, { funcs })).toEqual(['10000']);
    const [kind, bytes] = fault(call('10000000'), { funcs });
    expect([kind, bytes]).toEqual(['stack', 16n]);
    expect(fault(call('10000000'), { funcs, maxDepth: 10 })[0]).toBe('stack');
  });
  test('long loops end in the limit of steps', () => {
    expect(run('loop @l { next @l }\nunreachable', { steps: 100_000 }).outcome).toEqual({ kind: 'steps' });
  });
  test('the stack of a fault tells the calls', () => {
    const head = 'file 0 "a"\npos 1 = 0:1:1 main\npos 2 = 0:2:1 f\n';
    const funcs = `func @f(%n: i64) {\ncheck.step %n !2\nret\n}\n`;
    const { outcome } = run('%n = const.i64 0\ncall @f(%n) !1\nret', { head, funcs });
    expect(outcome).toEqual({
      kind: 'fault',
      fault: 'step',
      image: 0,
      values: [0n],
      position: 2,
      stack: [
        { func: 'f', position: 2 },
        { func: 'main', position: 1 },
      ],
    });
  });
});

describe('memory', () => {
  const head =
    'private @p size 64 align 8\nsymmetric @s size 8 align 8\ndata @d "abc"\nlet @l i64\nconfig @c u8 = "7" u8\nconfig @f f32 = "0.1" f32\n';
  test('narrow loads and stores', () => {
    const text = `%p = global @p\n%a = addr %p\n%n = const.i32 -2
      store.i8 %a, %n, 3
      %x = load.u8 %a, 3
      %y = load.i8 %a, 3
      store.i16 %a, %n, 4
      %z = load.u16 %a, 4
      %w = load.i32 %a, 0
      ${['%x', '%y', '%z', '%w'].map((v) => print('i32', v)).join('')}`;
    expect(lines(text, { head })).toEqual(['254', '-2', '65534', '-33554432']);
  });
  test('pointers in memory', () => {
    const text = `%p = global @p\n%a = addr %p\n%m = const.i64 -1\nstore.i64 %a, %m, 8\nstore.ptr64 %a, %p, 8\nstore.ptr32 %a, %p, 0
      %x = load.i64 %a, 8\n%q = load.ptr64 %a, 8\n%r = load.ptr32 %a, 0
      %e = eq.gptr %p, %q\n%g = ne.gptr %q, %r\n%bits = gptr.bits %p\n%wide = extend_u %bits\n%same = eq.i64 %x, %wide\n%back = gptr.of %bits\n%h = eq.gptr %p, %back
      ${['%e', '%g', '%same', '%h'].map((v) => print('i32', v)).join('')}`;
    expect(lines(text, { head })).toEqual(['1', '0', '1', '1']);
  });
  test('places', () => {
    const text = `%p = global @p\n%k = const.i32 8\n%o = offset %p, %k\n%i = const.i64 1\n%e = elem %p, %i, 8\n%same = eq.gptr %o, %e
      %a = addr %p\n%b = ptr.add %a, %k\n%v = const.i64 11\nstore.i64 %b, %v, 0\n%ea = addr %e\n%w = load.i64 %ea, 0
      %null = null\n%isnull = eq.gptr %null, %p
      ${print('i32', '%same')}${print('i64', '%w')}${print('i32', '%isnull')}`;
    expect(lines(text, { head })).toEqual(['1', '11', '0']);
  });
  test('frames, data, copy and fill', () => {
    const text = `slot $t size 8 align 8\n%t = frame $t\n%a = addr %t\n%d = data @d\n%b = addr %d
      %n = const.i32 8\n%x = const.i32 46\nfill %a, %x, %n\n%three = const.i32 3\ncopy %a, %b, %three\n%len = const.i64 8
      out.str %t, %len, "{\\"type\\":\\"str\\"}"\nout.end 1, 1`;
    expect(lines(text, { head })).toEqual(['abc.....']);
  });
  test('frames begin with rubbish', () => {
    const text = `slot $t size 8 align 8\n%t = frame $t\n%a = addr %t\n%x = load.i64 %a, 0\n%z = eqz.i64 %x\n${print('i32', '%z')}`;
    expect(lines(text)).toEqual(['0']);
  });
  test('lets are written by init, configs by the node', () => {
    const init = '%v = const.i64 41\n%p = global @l\n%a = addr %p\nstore.i64 %a, %v, 0';
    const text = `%l = let.i64 @l\n%c = let.u8 @c\n%f = let.f32 @f\n${print('i64', '%l')}${print('i32', '%c')}${print('f32', '%f')}`;
    const format = formatValue;
    expect(lines(text, { head, init, format })).toEqual(['41', '7', '0.1']);
    expect(lines(text, { head, init, format, configs: { c: '255', f: '-inf' } })).toEqual(['41', '255', '-inf']);
  });
  test.each([
    ['c', '256'],
    ['c', 'x'],
    ['f', ''],
    ['nothing', '1'],
  ])('the config %s=%s is refused', (name, value) => {
    const { outcome } = run('ret', { head, configs: { [name]: value } });
    expect(outcome.kind).toBe('rejected');
  });
  test('accesses below 64 KiB and past the end fault', () => {
    expect(fault('%p = null\n%a = addr %p\n%x = load.i64 %a, 16')).toEqual(['null', 16n]);
    expect(fault('%n = const.i32 -4\n%p = gptr.of %n\n%a = addr %p\n%x = load.i64 %a, 0')).toEqual([
      'null',
      4294967292n,
    ]);
    expect(fault('%p = null\n%a = addr %p\n%n = const.i32 1\nfill %a, %n, %n')).toEqual(['null', 0n]);
    expect(lines('%p = null\n%a = addr %p\n%n = const.i32 0\nfill %a, %n, %n')).toEqual([]);
  });
  test('a guard sees every access', () => {
    const seen: string[] = [];
    const guard = (a: { bytes: number; write: boolean }): void => void seen.push(`${a.write ? 'w' : 'r'}${a.bytes}`);
    lines('%p = global @p\n%a = addr %p\n%x = load.u8 %a, 0\nstore.i8 %a, %x, 0\n%n = const.i32 5\nfill %a, %n, %n', {
      head,
      guard,
    });
    expect(seen).toEqual(['r1', 'w1', 'w5']);
  });
  test('heap', () => {
    const text = `%n = const.i64 20\n%p = alloc %n\n%a = addr %p\n%x = load.i64 %a, 8\nstore.i64 %a, %n, 8\nfree %p\n%q = alloc %n
      %b = addr %q\n%y = load.i64 %b, 8\n%null = null\nfree %null\n${print('i64', '%x')}${print('i64', '%y')}`;
    expect(lines(text)).toEqual(['0', '0']);
    expect(fault('%n = const.i64 20\n%p = alloc %n\nfree %p\nfree %p')[0]).toBe('free');
    expect(fault('%n = const.i64 100000000\n%p = alloc %n').slice(0, 2)).toEqual(['memory', 100000000n]);
    expect(fault('%n = const.i64 -1\n%p = alloc %n').slice(0, 2)).toEqual(['memory', -1n]);
  });
  test('objects in the symmetric part', () => {
    const text = `%n = const.i64 20\n%p = alloc.shared %n\n%a = addr %p\n%x = load.i64 %a, 8\nstore.i64 %a, %n, 8\nfree %p
      %q = alloc.shared %n\n%b = addr %q\n%y = load.i64 %b, 8\n%same = eq.gptr %p, %q
      ${print('i64', '%x')}${print('i64', '%y')}${print('i32', '%same')}`;
    expect(lines(text)).toEqual(['0', '0', '1']);
    expect(fault('%n = const.i64 20\n%p = alloc.shared %n\nfree %p\nfree %p')[0]).toBe('free');
    expect(fault('%n = const.i64 100000000\n%p = alloc.shared %n').slice(0, 2)).toEqual(['memory', 100000000n]);
    expect(fault('%n = const.i64 -1\n%p = alloc.shared %n').slice(0, 2)).toEqual(['memory', -1n]);
  });
});

describe('atomics', () => {
  const head = 'symmetric @s size 8 align 8\n';
  const at = '%p = global @s\n%a = addr %p\n';
  test('load, store, cas', () => {
    const text = `${at}${constants('i64', ['5', '6', '7'])}atomic.store.i64 %a, %c0
      %x = atomic.cas.i64 %a, %c0, %c1\n%y = atomic.cas.i64 %a, %c0, %c2\n%z = atomic.load.i64 %a
      %n = const.i32 300\natomic.store.u8 %a, %n\n%w = atomic.load.u16 %a\nfence
      ${['%x', '%y', '%z'].map((v) => print('i64', v)).join('')}${print('i32', '%w')}`;
    expect(lines(text, { head })).toEqual(['5', '6', '6', '44']);
  });
  test('cas of f64 compares bits', () => {
    const text = `${at}${constants('f64', ['-0.0', '0.0', '3.0'])}store.f64 %a, %c0, 0\n%x = atomic.cas.f64 %a, %c1, %c2\n%y = atomic.cas.f64 %a, %c0, %c2
      %z = load.f64 %a, 0\n${print('f64', '%z')}`;
    expect(lines(text, { head })).toEqual(['3']);
  });
  test.each([
    ['i32', 'add', '7', '-3', '4'],
    ['i32', 'sub', '7', '-3', '10'],
    ['i64', 'and', '7', '-3', '5'],
    ['i64', 'or', '7', '-3', '-1'],
    ['i64', 'xor', '7', '-3', '-6'],
    ['i64', 'xchg', '7', '-3', '-3'],
    ['i64', 'min_s', '7', '-3', '-3'],
    ['i64', 'min_u', '7', '-3', '7'],
    ['i32', 'max_s', '7', '-3', '7'],
    ['i32', 'max_u', '7', '-3', '-3'],
    ['f64', 'add', '1.5', '2.0', '3.5'],
    ['f64', 'min', '1.5', '2.0', '1.5'],
    ['f64', 'max', '1.5', '2.0', '2'],
    ['f64', 'xchg', '1.5', '2.0', '2'],
  ])('rmw.%s %s of %s and %s gives %s', (type, word, a, b, result) => {
    expect(wordsOf('atomic.rmw', type)).toContain(word);
    const text = `${at}${constants(type, [a, b])}store.${type} %a, %c0, 0\n%old = atomic.rmw.${type} %a, %c1, ${word}\n%new = load.${type} %a, 0\n${print(type, '%old')}${print(type, '%new')}`;
    expect(lines(text, { head })).toEqual([String(Number(a)), result]);
  });
  test('distances of pointers have a sign', () => {
    const text = `${at}%two = const.i32 2\n%b = ptr.add %a, %two\n%c = ptr.diff %b, %a\n%d = ptr.diff %a, %b\n${print('i32', '%c')}${print('i32', '%d')}`;
    expect(lines(text, { head })).toEqual(['2', '-2']);
  });
  test('an unaligned atomic faults', () => {
    expect(fault(`${at}%one = const.i32 1\n%b = ptr.add %a, %one\n%x = atomic.load.i32 %b`, { head })[0]).toBe('null');
  });
  test('wait and notify', () => {
    // Image 1 sleeps on image 0's word until image 0 has set and notified it.
    const text = `%p = global @s\n%zero = const.i64 0\n%r = remote %p, %zero\n%me = this_image\n%forever = const.i64 -1\n%n0 = const.i32 0\n%n1 = const.i32 1
      if @i %n1 {
        %first = eqz.i64 %me
        if @j %first {
          loop @spin (%k: i64 = %zero) {
            %one = const.i64 1
            %limit = const.i64 50
            %m = add.i64 %k, %one
            %c = lt_s.i64 %m, %limit
            if @c %c { next @spin(%m) } else { break @spin }
            unreachable
          }
          %a = addr %r
          atomic.store.i32 %a, %n1
          %woken = atomic.notify %a, %n1
          ${print('i32', '%woken')}
          break @i
        } else { break @j }
        %a2 = addr %r
        %how = atomic.wait32 %a2, %n0, %forever
        ${print('i32', '%how')}
        %a3 = addr %r
        %again = atomic.wait32 %a3, %n0, %forever
        ${print('i32', '%again')}
        break @i
      } else { break @i }`;
    const { stdout, outcome } = run(`${text}\nret`, { head, images: 2, quantum: 10 });
    expect(outcome).toEqual({ kind: 'ok' });
    expect([...stdout].sort()).toEqual(['0', '1', '1']);
  });
  test('a wait that nobody ends times out, or is a deadlock', () => {
    const wait = (ns: string): string =>
      `${at}%n = const.i32 0\n%t = const.i64 ${ns}\n%how = atomic.wait32 %a, %n, %t\n`;
    expect(lines(`${wait('1000')}${print('i32', '%how')}`, { head })).toEqual(['2']);
    const { outcome } = run(`${wait('-1')}ret`, { head });
    expect(outcome).toEqual({ kind: 'deadlock', waits: [{ image: 0, state: 'wait', position: 0 }] });
  });
});

describe('checks', () => {
  const i64s = (...values: string[]): string => constants('i64', values);
  test.each([
    ['check.index', ['5', '5'], 'index'],
    ['check.index', ['-1', '5'], 'index'],
    ['check.slice', ['2', '1', '5'], 'slice'],
    ['check.slice', ['0', '6', '5'], 'slice'],
    ['check.length', ['2', '3'], 'length'],
    ['check.step', ['0'], 'step'],
  ])('%s of %s', (op, values, kind) => {
    const args = values.map((_, k) => `%c${k}`).join(', ');
    expect(fault(`${i64s(...values)}${op} ${args}`)).toEqual([kind, ...values.map(BigInt)]);
  });
  test.each([
    ['check.index', ['4', '5']],
    ['check.slice', ['0', '5', '5']],
    ['check.slice', ['2', '2', '5']],
    ['check.length', ['3', '3']],
    ['check.step', ['-1']],
    ['check.image', ['0']],
    ['check.divide.i64', ['1', '2']],
    ['check.overflow.i64', ['-9223372036854775807', '-1']],
  ])('%s of %s passes', (op, values) => {
    const args = values.map((_, k) => `%c${k}`).join(', ');
    expect(lines(`${i64s(...values)}${op} ${args}`)).toEqual([]);
  });
  test('guards: the permissions of the image that asks', () => {
    const head =
      'private @p size 16 align 8\nprivate @q size 8 align 8 fixed\nsymmetric @s size 128 align 128\ndata @d "abcdefgh"\n';
    const places = '%p = global @p\n%q = global @q\n%s = global @s\n%d = data @d\n%f = frame $f\n';
    const pointers = ['p', 'q', 's', 'd', 'f'].map((x) => `%a${x} = addr %${x}\n`).join('');
    const ok = ['p', 's', 'f'].map((x) => `guard.read %a${x}, 0, 8\nguard.write %a${x}, 8, 8\n`).join('');
    const setting = { head, images: 2 };
    const text = `slot $f size 64 align 8\n${places}${pointers}${ok}guard.read %ad, 0, 8\nguard.read %aq, 0, 8\n`;
    expect(lines(text, setting)).toEqual([]);
    const refused = (insts: string): unknown => fault(`${text}${insts}`, setting).slice(0, 1);
    expect(refused('guard.write %ad, 0, 1')).toEqual(['guard']);
    expect(refused('guard.read %ad, 0, 9')).toEqual(['guard']);
    expect(refused('guard.write %aq, 0, 8')).toEqual(['guard']);
    expect(refused('%n = const.i64 200\nguard.read_range %as, %n')).toEqual(['guard']);
    expect(refused('%n = const.i64 -1\nguard.write_range %as, %n')).toEqual(['guard']);
    expect(refused('%n = const.i64 16\ntouch.write %d, %n')).toEqual(['guard']);
    expect(refused('%k = const.i64 1\n%r = remote %p, %k\n%n = const.i64 8\ntouch.read %r, %n')).toEqual(['guard']);
    expect(refused('%z = null\n%a = addr %z\nguard.read %a, 8, 8')).toEqual(['null']);
    const may = `%n = const.i64 8\n%m = guard.may_read %ad, %n\n%w = guard.may_write %ad, %n\n`;
    const both = `${print('i32', '%m')}${print('i32', '%w')}`;
    expect(
      lines(
        `${text}%k = const.i64 1\n%r = remote %s, %k\n%n0 = const.i64 128\ntouch.write %r, %n0\n${may}${both}`,
        setting,
      ),
    ).toEqual(['1', '0', '1', '0']);
  });
  test('a test of what is near: own heap and stack, symmetric memory, nothing else', () => {
    const head = 'symmetric @s size 128 align 128\n';
    const text = `slot $f size 64 align 8\n%f = frame $f\n%s = global @s\n%a = addr %f\n%b = addr %s\nguard.bounds\n
      %x = guard.near %a, 8, 8\n%y = guard.near %b, 0, 8\n%z = guard.near %a, 60000, 8\n${['x', 'y', 'z'].map((v) => print('i32', `%${v}`)).join('')}`;
    expect(lines(text, { head })).toEqual(['1', '1', '0']);
  });
  test('what is told to the table of objects has no effect by itself', () => {
    const head = 'shared @u elem 8 dist(block)\n';
    const text = `slot $f size 64 align 8\n%f = frame $f\n%n = const.i64 64\n%k = const.i32 8\n%h = handle.of @u\n%a = addr %f\n
      track.object %f, %n, frame\ntrack.part @u\ntrack.array %h, 8, shared\ntrack.free %f\ntrack.escape %a, 8\ntrack.run %a, %k, "8: 0 1 0"\n
      %p = ptr.bits %a\n%q = gptr.bits %f\n%same = eq.i32 %p, %q\n${print('i32', '%same')}`;
    expect(lines(text, { head })).toEqual(['1']);
  });
  test('image, null, divide, overflow, local', () => {
    expect(fault(`${i64s('3')}check.image %c0`, { images: 3 })).toEqual(['image', 3n, 3n]);
    expect(fault('%p = null\ncheck.null %p')).toEqual(['null', 0n]);
    expect(fault(`${i64s('3', '0')}check.divide.i64 %c0, %c1`)).toEqual(['divide', 3n]);
    expect(fault(`${constants('i32', ['-128', '-1'])}check.overflow.i8 %c0, %c1`)).toEqual([
      'divide-overflow',
      -128n,
      -1n,
    ]);
    expect(lines('%p = null\ncheck.local %p')).toEqual([]);
  });
  test('faults, asserts with their text, exits, raised kinds', () => {
    const head = 'data @why "because"\n';
    const { outcome } = run('%p = data @why\n%n = const.i64 7\nfault assert(%p, %n)', { head });
    expect(outcome).toMatchObject({ kind: 'fault', fault: 'assert', text: 'because' });
    expect(run('%n = const.i64 3\nfault exit(%n)').outcome).toEqual({ kind: 'exit', code: 3, image: 0 });
    const raised = run('%k = const.i32 1\n%n = const.i64 9\nraise(%k, %n, %n)').outcome;
    expect(raised).toMatchObject({ kind: 'fault', fault: 'index', values: [9n, 9n] });
  });
});

describe('images', () => {
  const head = 'symmetric @s size 8 align 8\n';
  test('remote writes are seen after a barrier', () => {
    const text = `%me = this_image\n%n = num_images\n%one = const.i64 1\n%r = add.i64 %me, %one\n%right = rem_u.i64 %r, %n
      %p = global @s\n%there = remote %p, %right\n%a = addr %there\nstore.i64 %a, %me, 0\nbarrier\n%b = addr %p\n%x = load.i64 %b, 0
      %im = image_of %there\n%same = eq.i64 %im, %right\ncheck.length %im, %right\n%back = own %there\n%e = eq.gptr %back, %p
      ${print('i64', '%x')}${print('i32', '%e')}${print('i32', '%same')}`;
    const result = run(`${text}ret`, { head, images: 3 });
    expect(result.outcome).toEqual({ kind: 'ok' });
    for (let image = 0; image < 3; image++) {
      const own = result.output.filter((c) => c.image === image).map((c) => c.text);
      expect(own).toEqual([`${(image + 2) % 3}\n`, '1\n', '1\n']);
    }
  });
  test('slots are where the map says', () => {
    const text = `%s = slot\n%b = slot_bits\n%me = this_image\n%m = wrap %me\n%one = const.i32 1\n%c = add.i32 %m, %one\n%w = shl.i32 %c, %b\n%e = eq.i32 %s, %w\n${print('i32', '%e')}`;
    expect(lines(text, { images: 2 })).toEqual(['1', '1']);
  });
  test('workers run the work of their own image', () => {
    const text = `%s = slot\n%w = worker\n%e = eq.i32 %s, %w\n%me = this_image\n%i = worker.image\nbecome %w, %i\n%f = eq.i64 %me, %i\n${print('i32', '%e')}${print('i32', '%f')}`;
    expect(lines(text, { images: 2 })).toEqual(['1', '1', '1', '1']);
  });
  test('collectives', () => {
    const text = `%me = this_image\n%one = const.i64 1\n%x = add.i64 %me, %one\n%sum = allreduce.i64 %x, add\n%root = const.i64 1\n%at = reduce.i64 %x, %root, mul
      %b = broadcast.i64 %x, %root\n%f = convert_s.f64.i64 %x\n%g = allreduce.f64 %f, max\n${print('i64', '%sum')}${print('i64', '%at')}${print('i64', '%b')}${print('f64', '%g')}`;
    const result = run(`${text}ret`, { images: 4 });
    for (let image = 0; image < 4; image++) {
      const own = result.output.filter((c) => c.image === image).map((c) => c.text.trim());
      expect(own).toEqual(['10', image === 1 ? '24' : String(image + 1), '2', '4']);
    }
  });
  const waitUntil = (
    set: string,
  ): string => `%p = global @s\n%zero = const.i64 0\n%me = this_image\n%first = eqz.i64 %me\n
    if @i %first {
      loop @l (%looks: i64 = %zero) {
        %a = addr %p\n%x = load.i64 %a, 0\n%none = eqz.i64 %x
        if @j %none { break @j } else { break @l }
        idle %looks
        %one = const.i64 1\n%more = add.i64 %looks, %one
        next @l(%more)
      }
      break @i
    } else {
      %there = remote %p, %zero
      %b = addr %there
      ${set}
      break @i
    }`;
  test('wait_until ends when the other has written', () => {
    for (let seed = 0; seed < 20; seed++) {
      const result = run(`${waitUntil('store.i64 %b, %me, 0')}\n${print('i64', '%me')}ret`, {
        head,
        images: 2,
        seed,
        quantum: 5,
      });
      expect(result.outcome).toEqual({ kind: 'ok' });
    }
  });
  test('wait_until that nobody fulfils is a deadlock', () => {
    const { outcome } = run(`${waitUntil('%y = load.i64 %b, 0')}\nret`, { head, images: 2 });
    expect(outcome).toEqual({ kind: 'deadlock', waits: [{ image: 0, state: 'waitUntil', position: 0 }] });
  });
  test('a barrier that one image does not reach is a deadlock', () => {
    const text = 'pos 1 = 0:3:5 main\nfile 0 "a"\n';
    const body =
      '%me = this_image\n%first = eqz.i64 %me\nif @i %first {\nbarrier !1\nbreak @i\n} else {\nbreak @i\n}\nret';
    const { outcome } = run(body, { head: text, images: 2 });
    expect(outcome).toEqual({ kind: 'deadlock', waits: [{ image: 0, state: 'barrier', position: 1 }] });
  });
  test('a fault ends all images, an exit too', () => {
    const text =
      '%me = this_image\n%first = eqz.i64 %me\nif @i %first {\nbarrier\nbreak @i\n} else {\nfault exit(%me)\n}\nret';
    expect(run(text, { images: 2 }).outcome).toEqual({ kind: 'exit', code: 1, image: 1 });
  });
  test('main starts when all have run init', () => {
    const init =
      '%me = this_image\n%zero = const.i64 0\n%p = global @s\n%r = remote %p, %zero\n%a = addr %r\n%one = const.i64 1\n%x = atomic.rmw.i64 %a, %one, add';
    const text = `%zero = const.i64 0\n%p = global @s\n%r = remote %p, %zero\n%a = addr %r\n%x = load.i64 %a, 0\n${print('i64', '%x')}`;
    expect(lines(text, { head, init, images: 3, seed: 4, quantum: 3 })).toEqual(['3', '3', '3']);
  });
});

describe('arrays', () => {
  const about = ['extent', 'block', 'images', 'coordinate', 'local_extent'];
  const ask = (name: string, dim: number, fields: readonly string[] = about): string =>
    fields.map((f) => `%${f}${dim} = shared.${f} @${name}, ${dim}\n${print('i64', `%${f}${dim}`)}`).join('');
  const byImage = (r: EvalResult, images: number): string[] =>
    Array.from({ length: images }, (_, k) =>
      r.output
        .filter((c) => c.image === k)
        .map((c) => c.text.trim())
        .join(' '),
    );

  test('block: what its descriptor says', () => {
    const head = 'shared @u elem 8 dist(block)\n';
    const init = `${constants('i64', ['10', '0'])}shared.init %c0, %c1, @u`;
    const result = run(`${ask('u', 0, [...about, 'lo', 'hi'])}ret`, { head, init, images: 4 });
    expect(byImage(result, 4)).toEqual(['10 3 4 0 3 0 3', '10 3 4 1 3 3 6', '10 3 4 2 3 6 9', '10 3 4 3 3 9 10']);
  });
  test('two dimensions share the images as a grid', () => {
    const head = 'shared @u elem 8 dist(cyclic, blocks)\n';
    const init = `${constants('i64', ['5', '7', '0', '2'])}shared.init %c0, %c1, %c2, %c3, @u`;
    const result = run(`${ask('u', 0)}${ask('u', 1)}ret`, { head, init, images: 6 });
    expect(byImage(result, 6)).toEqual(
      Array.from({ length: 6 }, (_, c) => `5 1 2 ${Math.floor(c / 3)} 3 7 2 3 ${c % 3} 4`),
    );
  });
  test('on p: all on one image', () => {
    const head = 'shared @u elem 8 dist(on)\n';
    const init = `${constants('i64', ['5', '1'])}shared.init %c0, %c1, @u`;
    const owner = `%three = const.i64 3\n%o = shared.owner %three, @u\n${print('i64', '%o')}`;
    const result = run(`${ask('u', 0, ['coordinate', 'lo', 'hi'])}${owner}ret`, { head, init, images: 3 });
    expect(byImage(result, 3)).toEqual(['-1 0 0 1', '0 0 5 1', '-1 0 0 1']);
  });
  test('what the arithmetic of elements needs besides: the reciprocal of the block, and the holder', () => {
    const head = 'shared @u elem 8 dist(block)\nshared @v elem 8 dist(on)\n';
    const init = `${constants('i64', ['8', '0', '1'])}shared.init %c0, %c1, @u\nshared.init %c0, %c2, @v`;
    const text = `%r = shared.reciprocal @u, 0\n${print('f64', '%r')}%h = shared.holder @v\n${print('i64', '%h')}%n = shared.holder @u\n${print('i64', '%n')}`;
    expect(lines(text, { head, init, images: 2 })).toEqual(['0.25', '1', '-1', '0.25', '1', '-1']);
  });
  test('the numbers that divide by a block, and how far it is to the next one: blocks of 4 with 8 bytes each', () => {
    const head = 'shared @u elem 8 dist(block)\n';
    const init = `${constants('i64', ['8', '0'])}shared.init %c0, %c1, @u`;
    const part = `%h = handle.of @u\n%a = shared.stride @u, 0\n%b = handle.stride %h, 0\n%eq = eq.i64 %a, %b\n${print('i32', '%eq')}`;
    const slot = `%bits = slot_bits\n%one = const.i32 1\n%size = shl.i32 %one, %bits\n%w = wrap %a\n%less = sub.i32 %size, %w\n${print('i32', '%less')}`;
    const by = `%s = shared.shift @u, 0\n${print('i64', '%s')}%m = shared.multiplier @u, 0\n${print('i64', '%m')}`;
    expect(lines(part + slot + by, { head, init, images: 2 })).toEqual(
      Array(2)
        .fill(['1', '32', '62', String(2n ** 60n)])
        .flat(),
    );
  });
  test('elements, and a swap of handles', () => {
    const head = 'shared @u elem 8 dist(block)\nshared @v elem 8 dist(block)\n';
    const init = `${constants('i64', ['4', '0'])}shared.init %c0, %c1, @u\nshared.init %c0, %c1, @v`;
    const elem = (name: string, k: string, index: string): string =>
      `%part${k} = shared.part_now @${name}\n%e${k} = shared.elem %part${k}, ${index}, @${name}\n%a${k} = addr %e${k}\n`;
    const text = `%me = this_image\n%three = const.i64 3\n%last = eqz.i64 %me\n${elem('u', '0', '%three')}store.i64 %a0, %three, 0\nbarrier
      shared.swap @u, @v\n${elem('v', '1', '%three')}%x = load.i64 %a1, 0\n${elem('u', '2', '%three')}%y = load.i64 %a2, 0\n%im = image_of %e2
      ${print('i64', '%x')}${print('i64', '%y')}${print('i64', '%im')}`;
    const result = run(`${text}ret`, { head, init, images: 2 });
    expect(byImage(result, 2)).toEqual(['3 0 1', '3 0 1']);
  });
  test('shared.part is the own part', () => {
    const head = 'shared @u elem 8 dist(block)\n';
    const init = `${constants('i64', ['4', '0'])}shared.init %c0, %c1, @u`;
    const text = `%p = shared.part @u\n%im = image_of %p\n%me = this_image\ncheck.length %im, %me\n`;
    expect(lines(text, { head, init, images: 3 })).toEqual([]);
  });
  test('the kind of a dimension, and the reciprocal of its images', () => {
    const head = 'shared @u elem 8 dist(cyclic)\n';
    const init = `${constants('i64', ['8', '0'])}shared.init %c0, %c1, @u`;
    const text = `%k = shared.kind @u, 0\n${print('i64', '%k')}%r = shared.images_reciprocal @u, 0\n${print('f64', '%r')}`;
    expect(lines(text, { head, init, images: 2 })).toEqual(['2', '0.5', '2', '0.5']);
  });
  test('through a handle everything reads as by name', () => {
    const head = 'shared @u elem 8 dist(block)\n';
    const init = `${constants('i64', ['10', '0'])}shared.init %c0, %c1, @u`;
    const fields = [...about, 'lo', 'hi', 'kind', 'shift', 'multiplier'];
    const floats = ['reciprocal', 'images_reciprocal'];
    const text = `%u = handle.of @u\ncheck.handle %u\n${fields.map((f) => `%${f} = handle.${f} %u, 0\n${print('i64', `%${f}`)}`).join('')}
      ${floats.map((f) => `%${f} = handle.${f} %u, 0\n${print('f64', `%${f}`)}`).join('')}
      %on = handle.holder %u\n${print('i64', '%on')}%p = handle.part %u\n%q = shared.part @u\n%same = eq.gptr %p, %q\n${print('i32', '%same')}
      %nine = const.i64 9\n%o = handle.owner %u, %nine, any\n${print('i64', '%o')}
      %e = handle.elem %u, %p, %nine, 8, rows\n%f = shared.elem %q, %nine, @u\n%alike = eq.gptr %e, %f\n${print('i32', '%alike')}ret`;
    expect(byImage(run(text, { head, init, images: 4 }), 4)[3]).toBe(
      '10 3 4 3 3 9 10 1 61 768614336404564651 0.3333333333333333 0.25 -1 1 3 1',
    );
  });
  test('new arrays, and the memory of those given back', () => {
    const text = `${constants('i64', ['10', '0', '3'])}%u = handle.new %c0, %c1, 8, block\n%v = handle.new_co %c2, 4
      %p = handle.part_now %u\n%e = handle.elem %u, %p, %c2, 8, any\n%im = image_of %e\n${print('i64', '%im')}
      %n = handle.extent %v, 0\n${print('i64', '%n')}handle.free %u\nhandle.free %v\n%w = handle.new %c0, %c1, 8, block
      %again = eq.gptr %u, %w\n${print('i32', '%again')}%null = null\n%none = own %null\nhandle.free %none\n`;
    expect(lines(text, { images: 2 })).toEqual(['0', '3', '0', '3', '1', '1']);
  });
  test('no array, and images that disagree', () => {
    expect(fault('%p = null\n%h = own %p\ncheck.handle %h\n')).toEqual(['handle']);
    const text = '%me = this_image\n%h = handle.new_co %me, 8\n';
    expect(fault(text, { images: 2 })[0]).toBe('mismatch');
  });
  test.each([
    ['block', ['-1', '0'], ['extent', -1n]],
    ['blocks', ['4', '0'], ['extent', 0n]],
    ['on', ['4', '2'], ['image', 2n, 2n]],
    ['on', ['4', '-1'], ['image', -1n, 2n]],
  ])('dist(%s) of %s faults', (dist, values, expected) => {
    const init = `${constants('i64', values)}shared.init %c0, %c1, @u`;
    expect(fault('', { head: `shared @u elem 8 dist(${dist})\n`, init, images: 2 })).toEqual(expected);
  });
  test('arrays that do not fit fault, whatever their extents', () => {
    const head = 'shared @u elem 8 dist(block, star)\n';
    const init = `${constants('i64', ['9223372036854775807', '9223372036854775807', '0'])}shared.init %c0, %c1, %c2, %c2, @u`;
    expect(fault('', { head, init }).slice(0, 2)).toEqual(['memory', 9223372036854775807n]);
  });
  test('dynamic arrays, symmetric and private', () => {
    const head = 'dynamic @g elem 8 rank 2 symmetric\ndynamic @h elem 4 rank 1\n';
    const init = `${constants('i64', ['3', '4'])}dynamic.init %c0, %c1, @g\ndynamic.init %c1, @h`;
    const text = `%n = dynamic.extent @g, 1\n%b = dynamic.base @g\n%five = const.i64 5\n%e = elem %b, %five, 8\n%a = addr %e\nstore.i64 %a, %n, 0
      %h = dynamic.base @h\n%im = image_of %h\n%x = load.i64 %a, 0\n%bits = gptr.bits %h\n%z = eqz.i32 %bits\n${print('i64', '%n')}${print('i64', '%x')}${print('i32', '%z')}`;
    expect(lines(text, { head, init })).toEqual(['4', '4', '0']);
    const bad = `${constants('i64', ['-3'])}dynamic.init %c0, @h`;
    expect(fault('', { head, init: bad })).toEqual(['extent', -3n]);
  });
  test('the memory of a dynamic array is not given back', () => {
    const head = 'dynamic @h elem 4 rank 1\n';
    const init = `${constants('i64', ['4'])}dynamic.init %c0, @h`;
    expect(fault('%h = dynamic.base @h\nfree %h', { head, init })[0]).toBe('free');
  });
});

describe('output', () => {
  test('lines, pieces, both streams', () => {
    const text = `%x = const.i32 7\nout.i32 %x, "{\\"type\\":\\"i32\\"}"\nout.end 1, 0\nout.i32 %x, "{\\"type\\":\\"i32\\"}"\nout.end 1, 1\nout.end 2, 1\nret`;
    const { stdout, stderr, output } = run(text);
    expect(stdout).toEqual(['77']);
    expect(stderr).toEqual(['']);
    expect(output).toEqual([
      { image: 0, stream: 1, text: '7' },
      { image: 0, stream: 1, text: '7\n' },
      { image: 0, stream: 2, text: '\n' },
    ]);
  });
  test('values are printed as the node prints them', () => {
    const text = `%x = const.i32 -1\n%f = fconst.f64 0.1\nout.i32 %x, "{\\"type\\":\\"u8\\",\\"style\\":\\"x\\"}"\nout.f64 %f, "{\\"type\\":\\"f64\\",\\"precision\\":3}"\nout.end 1, 1`;
    expect(lines(text, { format: formatValue })).toEqual(['ff0.100']);
  });
  test('there are no files', () => {
    const text = `%d = data @d\n%n = const.i64 3\n%o = file.open %d, %n\n%p = global @p\n%r = file.read %p, %n\n%w = file.write %d, %n, %p, %n
      ${['%o', '%r', '%w'].map((v) => print('i64', v)).join('')}`;
    expect(lines(text, { head: 'private @p size 64 align 8\ndata @d "abc"\n' })).toEqual(['-1', '-1', '-1']);
  });
  test('the clock goes forward', () => {
    expect(lines(`%a = now\n%b = now\n%later = gt.f64 %b, %a\n${print('i32', '%later')}`)).toEqual(['1']);
  });
});

test('programs that cannot start are refused', () => {
  const start = (text: string): string => {
    const { program } = parseProgram(text);
    if (!program) throw new Error('no program');
    const { outcome } = evaluate(program, { images: 2, slotBits: 20 });
    return outcome.kind === 'rejected' ? outcome.message : outcome.kind;
  };
  expect(start('func @init() {\nret\n}\n')).toContain('main');
  expect(start('private @p size 2000000 align 8\nfunc @init() {\nret\n}\nfunc @main() {\nret\n}\n')).toContain(
    'too small',
  );
});

describe('function values', () => {
  const funcs = `func @twice(%x: i64) -> i64 {\n%y = add.i64 %x, %x\nret(%y)\n}`;

  test('call the function that they are', () => {
    const call = `%f = func.ref @twice\n%n = const.i64 21\n%r: i64 = call.value %f, %n\n`;
    expect(lines(`${call}${print('i64', '%r')}`, { funcs })).toEqual(['42']);
  });

  test('none is a fault', () => {
    expect(fault(`%f = const.i32 0\n%n = const.i64 21\n%r: i64 = call.value %f, %n\n`, { funcs })[0]).toBe('function');
  });
});

test('a fiber is started, and goes on in the frame that it left', () => {
  const funcs = `func @runtime.g(%fcb: i64) -> i32 {\nslot $a size 16 align 8\n%one = const.i32 1\n%f = frame $a\n%p = addr %f\nstore.i64 %p, %fcb, 0 !kernel\nret(%one)\n}\nfunc @runtime.h(%r: i32, %out: i32) -> i32 {\nslot $a size 16 align 8\nframe.keep\n%zero = const.i32 0\n%f = frame $a\n%p = addr %f\n%x = load.i64 %p, 0 !kernel\n%o = gptr.of %out\n%q = addr %o\nstore.i64 %q, %x, 0 !kernel\nret(%zero)\n}\n`;
  const text = `%n = const.i64 20\n%top = stack.get\n%room = const.i32 64\n%frame = const.i32 16\n%low = sub.i32 %top, %room\n%lower = sub.i32 %low, %frame\nstack.set %low\n%g = func.ref @runtime.g\n%h = func.ref @runtime.h\n%s = start.entry %g, %n\nstack.set %lower\n%v = global @p\n%out = gptr.bits %v\n%t = resume.record %h, %s, %out\n%now = stack.get\n%same = eq.i32 %now, %low\nothers\nstack.set %top\n%w = addr %v\n%x = load.i64 %w, 0\n${print('i32', '%s')}${print('i32', '%t')}${print('i64', '%x')}${print('i32', '%same')}`;
  expect(lines(text, { head: 'private @p size 8 align 8\n', funcs })).toEqual(['1', '0', '20', '1']);
});

test('a function begins with a frame of its own, or goes on in the one that is there', () => {
  const funcs = `func @f(%r: i32, %x: i64) -> i64 {\nslot $a size 16 align 8\nframe.enter %r\n%f = frame $a\n%p = addr %f\n%y: i64 = if @k %r {\n%v = load.i64 %p, 0 !kernel\nbreak @k(%v)\n} else {\nstore.i64 %p, %x, 0 !kernel\nbreak @k(%x)\n}\nret(%y)\n}\n`;
  const text = `%zero = const.i32 0\n%one = const.i32 1\n%n = const.i64 20\n%m = const.i64 30\n%top = stack.get\n%a: i64 = call @f(%zero, %n)\n%same = stack.get\n%frame = const.i32 16\n%low = sub.i32 %top, %frame\nstack.set %low\n%b: i64 = call @f(%one, %m)\n%after = stack.get\n%e = eq.i32 %after, %top\n%e2 = eq.i32 %same, %top\nstack.set %top\n${print('i64', '%a')}${print('i64', '%b')}${print('i32', '%e')}${print('i32', '%e2')}`;
  expect(lines(text, { funcs })).toEqual(['20', '20', '1', '1']);
});

test('hooks ask whether something is due', () => {
  const text = `hook 100, place, 0\n%d = hook.due 100\n${print('i32', '%d')}`;
  expect(lines(text)).toEqual(['0']);
  let asked = 0;
  const onHook = () => ++asked > 1;
  expect(lines(text, { onHook })).toEqual(['1']);
  expect(asked).toBe(2);
});

test('positions are numbers', () => {
  expect(lines(`%p = position 2\n${print('i32', '%p')}`)).toEqual(['2']);
});

test('every op was evaluated', () => {
  // What the pass `fibers` takes away before anything runs.
  const lowered = new Set<OpName>(['suspend', 'stack.need']);
  const names = Object.keys(ops)
    .filter(isOpName)
    // Those on vectors: eval-vector.test.ts.
    .filter((op) => !lowered.has(op) && !isVectorOp(op));
  expect(names.filter((op) => !evaluated.has(op))).toEqual([]);
  expect(names.every((op) => opRow(op).doc.length > 0)).toBe(true);
});
