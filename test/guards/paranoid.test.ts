// Programs that check themselves, in the paranoid evaluator: it stops at an access that no guard covers. With all guards, with
// each way to do without alone, and with all of them: what a program says and how it ends is the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type EvalResult, evaluate } from '../../compiler/eval.ts';
import { Paranoia } from '../../compiler/eval-paranoid.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { lower } from '../../compiler/lower.ts';
import { type OptimiseOptions, optimise, type PassName, passNames, runPasses } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { page } from '../../vm/abi.ts';
import { formatValue } from '../../vm/format.ts';
import { root } from '../cli/pgc.ts';

const folder = join(root, 'test', 'conformance');
const textOf = (f: string): string => readFileSync(join(folder, f), 'utf8');
/** Those that need no configs. */
const programs = readdirSync(folder).filter((f) => f.endsWith('.pg') && !/^\/\/ with:/m.test(textOf(f)));

const loweredOf = (path: string): IrProgram => {
  const { program } = check(path, fileHost({}));
  if (!program) throw new Error(`${path} has mistakes`);
  return lower(program);
};

const run = (program: IrProgram, options: OptimiseOptions): EvalResult =>
  evaluate(optimise(program, options), { images: 3, format: formatValue, paranoid: true, steps: 3_000_000 });

describe('programs of the language reference', () => {
  test.each(programs)('%s', { timeout: 200_000 }, (file) => {
    const path = join(folder, file);
    const program = loweredOf(path);
    const result = run(program, { guards: 'opt' });
    // What takes too long here is run elsewhere.
    expect(['ok', 'exit', 'steps']).toContain(result.outcome.kind);
  });
});

const eliminations = passNames.filter((p) => p.startsWith('guard-') && p !== 'guard-insert');

describe('each elimination alone', () => {
  test.each(eliminations)('%s', { timeout: 200_000 }, (only) => {
    for (const file of ['pointer-shared.pg', 'bulk-overlap.pg', 'generics.pg', 'handles.pg']) {
      const path = join(folder, file);
      const skip = eliminations.filter((p) => p !== only);
      expect(['ok', 'steps']).toContain(run(loweredOf(path), { guards: 'opt', skip }).outcome.kind);
    }
  });
});

/** A program whose `main` has a place on its heap, %h, and one in its symmetric part, %s; @runtime.other moves a border, and back if `again`. */
const bordered = (main: string, word: number, again = false): IrProgram => {
  const slot = 2 ** 20;
  const { program, errors } = parseProgram(`symmetric @s size 256 align 8
func @init() { ret }
func @runtime.other(%place: gptr, %by: i32) {
  %slot = const.i32 ${slot}
  %g = gptr.of %slot
  %page = addr %g
  %bits = gptr.bits %place
  %border = add.i32 %bits, %by
  %to = sub.i32 %border, %slot
  %before = load.i32 %page, ${word} !guard="of the run-time"
  store.i32 %page, %to, ${word} !guard="of the run-time"
  ${!again ? '' : `store.i32 %page, %before, ${word} !guard="of the run-time"`}
  ret
}
func @main() {
  %n = const.i64 131072
  %new = alloc %n
  %number = gptr.bits %new
  %h = gptr.of %number
  %symmetric = global @s
  %number2 = gptr.bits %symmetric
  %s = gptr.of %number2
  %zero = const.i32 0
  %more = const.i32 64
  %v = const.i64 1
  %ph = addr %h
  %ps = addr %s
  ${main}
  ret
}`);
  expect(errors).toEqual([]);
  if (!program) throw new Error('no program');
  return program;
};

const stores = (p: string, place: string, by: string): string =>
  `store.i64 ${p}, %v, 0\nstore.i64 ${p}, %v, 64\ncall @runtime.other(${place}, ${by})\nstore.i64 ${p}, %v, 64\nstore.i64 ${p}, %v, 0`;

describe('memory that is given back by a way that the passes know nothing of', () => {
  const outcome = (p: IrProgram, passes: readonly PassName[]): EvalResult['outcome'] =>
    evaluate(runPasses(p, passes, { guards: 'opt' }), { images: 1, paranoid: true }).outcome;
  const relied = ['guard-insert', 'guard-available'] as const;
  const word = { heap: page.heapBottom, symmetric: page.symmetricTop };

  test('a fact that is used all the same is found', () => {
    // The heap's lowest byte rises by 64; the symmetric part ends 64 behind its variable's beginning.
    const heap = bordered(stores('%ph', '%h', '%more'), word.heap);
    expect(() => outcome(heap, relied)).toThrow(/^paranoid: write of 8 bytes at 0x1\w+ on image 0.*dominated/);
    const symmetric = bordered(stores('%ps', '%s', '%more'), word.symmetric);
    expect(() => outcome(symmetric, relied)).toThrow(/^paranoid: write of 8 bytes at 0x1\w+ on image 0.*dominated/);
  });
  test('with guards of their own the accesses are faults', () => {
    const heap = bordered(stores('%ph', '%h', '%more'), word.heap);
    expect(outcome(heap, ['guard-insert'])).toMatchObject({ kind: 'fault', fault: 'guard' });
    const symmetric = bordered(stores('%ps', '%s', '%more'), word.symmetric);
    expect(outcome(symmetric, ['guard-insert'])).toMatchObject({ kind: 'fault', fault: 'guard' });
  });
  test('also when it is granted again at once', () => {
    // The border is there and back again before the program goes on: the guard's fact is none, though the access is permitted.
    const there = bordered(stores('%ph', '%h', '%more'), word.heap, true);
    expect(() => outcome(there, relied)).toThrow(/^paranoid: write of 8 bytes/);
    expect(outcome(there, ['guard-insert'])).toEqual({ kind: 'ok' });
  });
  test('what a border leaves is relied on', () => {
    const heap = bordered('store.i64 %ph, %v, 64\ncall @runtime.other(%h, %more)\nstore.i64 %ph, %v, 64', word.heap);
    expect(outcome(heap, relied)).toEqual({ kind: 'ok' });
    const symmetric = bordered(
      'store.i64 %ps, %v, 56\ncall @runtime.other(%s, %more)\nstore.i64 %ps, %v, 56',
      word.symmetric,
    );
    expect(outcome(symmetric, relied)).toEqual({ kind: 'ok' });
  });
  test('large ranges, and what other images rely on', () => {
    const slotBits = 20;
    const view = new DataView(new ArrayBuffer(3 * 2 ** slotBits));
    const slot = (image: number): number => (image + 1) * 2 ** slotBits;
    const paranoia = new Paranoia({
      view,
      slot,
      imageOf: (a) => (a >>> slotBits) - 1,
      offsetOf: (a) => a % 2 ** slotBits,
    });
    const set = (offset: number, to: number): void => {
      paranoia.beforeWrite(slot(1) + offset, 4);
      view.setUint32(slot(1) + offset, to, true);
    };
    set(page.symmetricTop, 400_000);
    set(page.heapBottom, 600_000);
    const at = slot(1) + 200_000;
    paranoia.remember(0, at, 200_000, true);
    paranoia.remember(1, at + 199_000, 8, false);
    paranoia.remember(1, slot(1) + 600_000, 100_000, true);
    set(page.symmetricTop, 399_004);
    set(page.symmetricTop, 400_000);
    expect([0, 1].map((image) => paranoia.covers(image, at + 199_000, 8, false))).toEqual([false, false]);
    expect(paranoia.covers(1, at + 199_000, 4, false)).toBe(true);
    expect(paranoia.covers(0, at + 198_996, 8, true)).toBe(true);
    expect(paranoia.covers(0, at + 199_997, 1, true)).toBe(false);
    set(page.heapBottom, 650_000);
    expect(paranoia.covers(1, slot(1) + 649_999, 1, true)).toBe(false);
    expect(paranoia.covers(1, slot(1) + 650_000, 50_000, true)).toBe(true);
  });
});

describe('what the paranoid evaluator does not let pass', () => {
  const body = (insts: string): IrProgram => {
    const { program, errors } = parseProgram(
      `private @x size 64 align 8\nfunc @init() { ret }\nfunc @main() {\n%x = global @x\n%p = addr %x\n%v = const.i64 1\n${insts}\nret\n}\nfunc @runtime.free(%a: gptr) { ret }`,
    );
    expect(errors).toEqual([]);
    if (!program) throw new Error('no program');
    return program;
  };
  const paranoid = (insts: string) => () => evaluate(body(insts), { images: 1, paranoid: true });
  test.each([
    ['an access without a note', 'store.i64 %p, %v, 0'],
    ['one that no guard covers', 'store.i64 %p, %v, 0 !guard="guarded"'],
    ['a byte beyond the guard', 'guard.write %p, 0, 8\nstore.i64 %p, %v, 1 !guard="guarded"'],
    ['a write that a read guard covers', 'guard.read %p, 0, 8\nstore.i64 %p, %v, 0 !guard="guarded"'],
    [
      'a fact from before memory was given back',
      'guard.write %p, 0, 8\ncall @runtime.free(%x)\nstore.i64 %p, %v, 0 !guard="guarded"',
    ],
    [
      'a range that ends too early',
      '%n = const.i64 15\nguard.write_range %p, %n\nstore.i64 %p, %v, 8 !guard="in a range"',
    ],
    [
      'a known object that is none',
      '%k = const.i32 65600\n%g = gptr.of %k\n%a = addr %g\nstore.i64 %a, %v, 0 !guard="static object"',
    ],
  ])('%s', (_, insts) => {
    expect(paranoid(insts)).toThrow('paranoid: ');
  });
  test('but what is covered', () => {
    const insts =
      '%n = const.i64 16\nguard.write_range %p, %n\nstore.i64 %p, %v, 8 !guard="in a range"\n%a = load.i64 %p, 4 !guard="guarded"';
    expect(paranoid(insts)().outcome).toEqual({ kind: 'ok' });
  });
  test('guards that were all put there pass', () => {
    const guarded = runPasses(
      body(
        'store.i64 %p, %v, 0\n%a = load.i64 %p, 60\nstore.i32 %p, %k, 0'
          .replace('%k', '%j')
          .replace('%a = ', '%j = const.i32 1\n%a = '),
      ),
      ['guard-insert'],
      { guards: 'all' },
    );
    expect(evaluate(guarded, { images: 1, paranoid: true }).outcome).toEqual({ kind: 'ok' });
  });
});
