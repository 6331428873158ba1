// Programs that check themselves, in the paranoid evaluator: it stops at an access that no guard covers. With all guards, with
// each way to do without alone, and with all of them: what a program says and how it ends is the same.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type EvalResult, evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { lower } from '../../compiler/lower.ts';
import { type OptimiseOptions, optimise, passNames, runPasses } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
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
  test.each(programs)('%s', { timeout: 60_000 }, (file) => {
    const path = join(folder, file);
    const program = loweredOf(path);
    const result = run(program, { guards: 'opt' });
    // What takes too long here is run elsewhere.
    expect(['ok', 'exit', 'steps']).toContain(result.outcome.kind);
  });
});

const eliminations = passNames.filter((p) => p.startsWith('guard-') && p !== 'guard-insert');

describe('each elimination alone', () => {
  test.each(eliminations)('%s', { timeout: 60_000 }, (only) => {
    for (const file of ['pointer-shared.pg', 'bulk-overlap.pg', 'generics.pg', 'handles.pg']) {
      const path = join(folder, file);
      const skip = eliminations.filter((p) => p !== only);
      expect(['ok', 'steps']).toContain(run(loweredOf(path), { guards: 'opt', skip }).outcome.kind);
    }
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
