// The IR's text form: golden, exact round trips of its atoms, errors with places, and texts that no parser should see.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesText, floatText, parseFloatText, parseStringInside, stringText } from '../../compiler/ir-atoms.ts';
import { buildFunc, programOf } from '../../compiler/ir-build.ts';
import { parseProgram, printFunc, printHead, printProgram } from '../../compiler/ir-text.ts';
import { verify } from '../../compiler/verify.ts';

const golden = new URL('./goldens/', import.meta.url);
const read = (name: string): string => readFileSync(new URL(name, golden), 'utf8');

const parsed = (text: string) => {
  const { program, errors } = parseProgram(text);
  expect(errors).toEqual([]);
  if (!program) throw new Error('no program');
  return program;
};

describe('golden', () => {
  test('everything the grammar has, printed in canonical form', async () => {
    const p = parsed(read('all.ir'));
    const text = printProgram(p);
    await expect(text).toMatchFileSnapshot(new URL('all.out.ir', golden).pathname);
    expect(parsed(text)).toEqual(p);
    expect(printProgram(parsed(text))).toBe(text);
  });

  test('without positions', async () => {
    const text = printProgram(parsed(read('all.ir')), { positions: false });
    await expect(text).toMatchFileSnapshot(new URL('all.plain.ir', golden).pathname);
  });

  test('errors', async () => {
    const { program, errors } = parseProgram(read('errors.ir'));
    expect(program).toBeUndefined();
    const text = errors
      .map((e) => `${e.line}:${e.column} ${e.message}${e.hint ? `\n  hint: ${e.hint}` : ''}\n`)
      .join('');
    await expect(text).toMatchFileSnapshot(new URL('errors.out', golden).pathname);
  });
});

describe('atoms round-trip', () => {
  const options = { numRuns: 2000 };
  test('f64 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), (bits) => {
        expect(parseFloatText('f64', floatText('f64', bits))).toBe(bits);
      }),
      options,
    );
  });
  test('f32 bits', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), (bits) => {
        expect(parseFloatText('f32', floatText('f32', bits))).toBe(bits);
      }),
      options,
    );
  });
  test.each([
    ['f64', 0x8000000000000000n, '-0.0'],
    ['f64', 0x7ff0000000000000n, 'inf'],
    ['f64', 0xfff0000000000000n, '-inf'],
    ['f64', 0x7ff0000000000001n, 'nan:0x7ff0000000000001'],
    ['f64', 1n, '5e-324'],
    ['f64', 0x3fb999999999999an, '0.1'],
    ['f32', 0x3dcccccdn, '0.1'],
    ['f32', 1n, '1e-45'],
    ['f32', 0x7f7fffffn, '3.4028235e38'],
    ['f32', 0xffc00001n, 'nan:0xffc00001'],
  ] as const)('%s %s is %s', (type, bits, text) => {
    expect(floatText(type, bits)).toBe(text);
    expect(parseFloatText(type, text)).toBe(bits);
  });
  test('strings of any units', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.integer({ min: 0, max: 0xffff })), (s, units) => {
        for (const t of [s, String.fromCharCode(...units)]) {
          const text = stringText(t);
          expect(text).not.toContain('\n');
          expect(parseStringInside(text.slice(1, -1))).toBe(t);
        }
      }),
      options,
    );
  });
  test('names, bytes and notes of any kind', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.uint8Array(), fc.string(), (name, bytes, by) => {
        const f = buildFunc(name, ['i64'], ['i64'], (b, [n = 0]) => {
          b.by = by;
          b.slot(name, 8, 8);
          b.ret(b.call(name, [n], ['i64']));
        });
        const p = programOf({
          files: [name],
          positions: [
            { file: 0, line: 0, col: 0, fn: '', inlinedAt: 0 },
            { file: 0, line: 1, col: 2, fn: name, inlinedAt: 0 },
          ],
          globals: [{ kind: 'config', name, pos: 1, type: 'i64', configType: name, default: by, doc: name }],
          data: [{ name, bytes: Uint8Array.from(bytes) }],
          funcs: [f],
        });
        expect(parsed(printProgram(p))).toEqual(p);
        expect(bytesText(bytes)).toMatch(/^"[ -~]*"$/);
      }),
      { numRuns: 500 },
    );
  });
});

describe('values', () => {
  test('names are numbered in order of appearance', () => {
    const p = parsed('func @f(%x: i64) -> i64 {\n  %y = add.i64 %x, %x\n  ret(%y)\n}\n');
    expect(printProgram(p)).toBe('func @f(%0: i64) -> i64 {\n  %1 = add.i64 %0, %0\n  ret(%1)\n}\n');
  });
  test('numbers are kept, gaps and all', () => {
    const text = 'func @f(%7: i64) -> i64 {\n  %3 = add.i64 %7, %7\n  ret(%3)\n}\n';
    expect(printProgram(parsed(text))).toBe(text);
  });
  test('a call takes the types of a function defined later', () => {
    const p = parsed(
      'func @f() -> f64 {\n  %0 = call @g()\n  ret(%0)\n}\nfunc @g() -> f64 {\n  %0 = now\n  ret(%0)\n}\n',
    );
    expect(p.funcs[0]?.types).toEqual(['f64']);
  });
  test('an op without operands ends at its line', () => {
    const p = parsed('func @f() {\n  barrier\n  %0 = this_image\n  fence\n  ret\n}\n');
    expect(p.funcs[0]?.body.insts.length).toBe(3);
  });
});

describe('hostile texts', () => {
  test.each([
    ['deep nesting', `func @f() {\n${'block @b {\n'.repeat(100_000)}`],
    ['deep nesting closed', `func @f() {\n${'block @b {\n'.repeat(5000)}ret\n${'}\nret\n'.repeat(5000)}}`],
    ['a huge value number', 'func @f() {\n  %4000000000 = const.i64 1\n  ret\n}'],
    ['a long number', `func @f() {\n  %0 = const.i64 ${'9'.repeat(100_000)}\n  ret\n}`],
    ['an endless string', '"'.repeat(10_001)],
    ['nothing but sigils', '%@$!'.repeat(1000)],
    ['no function', 'func'],
    ['a body without its end', 'func @f() {\n  add.i64 %0'],
  ])('%s', (_, text) => {
    const { program, errors } = parseProgram(text);
    if (program) expect(parsed(printProgram(program))).toEqual(program);
    else expect(errors.length).toBeGreaterThan(0);
  });

  test('10 000 mutations of tokens never throw, and what still parses round-trips and can be verified', () => {
    const pieces = read('all.ir').match(/\s+|[A-Za-z0-9_.]+|[^\sA-Za-z0-9_.]/g) ?? [];
    let seed = 12345;
    const random = (n: number): number => {
      seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
      return Math.floor((seed / 2 ** 32) * n);
    };
    let good = 0;
    let violations = 0;
    for (let run = 0; run < 10_000; run++) {
      const mutated = [...pieces];
      for (let k = random(3); k >= 0; k--) {
        const i = random(mutated.length);
        const j = random(mutated.length);
        const what = random(4);
        if (what === 0) mutated.splice(i, 1);
        else if (what === 1) mutated.splice(i, 0, mutated[j] ?? '');
        else if (what === 2) [mutated[i], mutated[j]] = [mutated[j] ?? '', mutated[i] ?? ''];
        else mutated.length = i;
      }
      const { program, errors } = parseProgram(mutated.join(''));
      if (!program) {
        expect(errors.length).toBeGreaterThan(0);
        continue;
      }
      good++;
      violations += verify(program).length;
      const text = printProgram(program);
      expect(printProgram(parsed(text))).toBe(text);
    }
    expect(good).toBeGreaterThan(100);
    expect(violations).toBeGreaterThan(good);
  });
});

test('heads of instructions for messages', () => {
  const f = parsed(read('all.ir')).funcs.find((g) => g.name === 'main');
  if (!f) throw new Error('no main');
  expect(printFunc(f)).toContain('func @main');
  for (const i of f.body.insts) expect(printHead(f, i)).toMatch(/^\S.*[^{]$/);
  expect(printHead(f, f.body.end)).toBe('ret');
});
