// Test blocks: always checked, part of the program only where the tests are what runs.
import { describe, expect, it } from 'vitest';
import { type CheckResult, check, type Start } from '../../lang/check.ts';
import type { Program } from '../../lang/typed.ts';
import { textHost } from './host.ts';

const checked = (text: string, start?: Start, others: Readonly<Record<string, string>> = {}): CheckResult =>
  check('p.pg', textHost({ 'p.pg': text, ...others }), start);

const programOf = (text: string, start: Start, others: Readonly<Record<string, string>> = {}): Program => {
  const { program, diagnostics } = checked(text, start, others);
  expect(diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual([]);
  return program ?? expect.fail('no program');
};

/** What the entry calls, in the order of the numbers. */
const calledBy = (p: Program): string[] =>
  p.main.body.stmts.flatMap((s) => {
    const call = s.kind === 'if' ? s.then.stmts[0] : undefined;
    return call?.kind === 'expr' && call.value.kind === 'call' ? [call.value.fn.symbol] : [];
  });

const messages = (r: CheckResult): string[] => r.diagnostics.map((d) => `${d.code} ${d.message}`);

describe('mistakes in tests', () => {
  it('are reported whatever the program is started for', () => {
    const text = 'fn main() { }\ntest "t" { let x: int = 1.5; assert(y); }';
    for (const start of ['main', 'tests', 'any'] as const) {
      expect(checked(text, start).diagnostics.map((d) => d.code)).toEqual(['PG0301', 'PG0201']);
    }
  });

  it('in imported files too', () => {
    const { diagnostics, sources } = checked('import "q.pg";\nfn main() { }', 'main', {
      'q.pg': 'test "t" { nothing(); }',
    });
    expect(diagnostics.map((d) => `${sources[d.span.source]?.path} ${d.code}`)).toEqual(['q.pg PG0201']);
  });

  it('in generic functions that only they use', () => {
    const text = 'struct S { x: int; }\nfn twice<T>(x: T) -> T { return x + x; }\nfn main() { }\n';
    expect(messages(checked(`${text}test "t" { let s: S = S { x: 1 }; let t = twice(s); }`))).toHaveLength(1);
  });

  it('two of one name in a file', () => {
    expect(messages(checked('test "a" { }\ntest "b" { }\ntest "a" { }', 'tests'))).toEqual([
      'PG0202 two tests are called "a"',
    ]);
    expect(messages(checked('import "q.pg";\ntest "a" { }', 'tests', { 'q.pg': 'test "a" { }' }))).toEqual([]);
  });

  it('a value for return', () => {
    const { diagnostics } = checked('test "t" { return 3; }', 'tests');
    expect(diagnostics.map((d) => [d.code, d.message, d.hint])).toEqual([
      ['PG0316', '`test "t"` returns no value', 'a test says what it found by `assert`; `return;` ends it'],
    ]);
  });

  it('no name, no body, not at module level', () => {
    for (const text of ['test { }', 'test name { }', 'test "t";', 'test "t" {', 'fn main() { test "t" { } }']) {
      const { program, diagnostics } = checked(text, 'any');
      expect(program, text).toBeUndefined();
      expect(
        diagnostics.some((d) => /^PG01/.test(d.code)),
        text,
      ).toBe(true);
    }
  });

  it('a program of tests alone has no main, and is told how to run them', () => {
    const { diagnostics } = checked('test "t" { }');
    expect(diagnostics.map((d) => d.code)).toEqual(['PG0206']);
    expect(diagnostics[0]?.hint).toContain('pgc test');
  });
});

describe('what a program consists of', () => {
  const both = 'fn main() { }\ntest "one" { }\nfn test(x: int) { }\ntest "two" { test(1); }\n';

  it('main, without its tests', () => {
    const p = programOf(both, 'main');
    expect(p.main.symbol).toBe('main');
    expect(p.functions.map((f) => f.symbol)).not.toContain('test "one"');
    expect(p.globals.map((g) => g.symbol)).not.toContain('test number');
  });

  it('any: main if there is one, else the tests', () => {
    expect(programOf(both, 'any').main.symbol).toBe('main');
    expect(calledBy(programOf('test "t" { }', 'any'))).toEqual(['test "t"']);
  });

  it("the tests of the file, not of what it imports; the file's own main is a function like any other", () => {
    const others = { 'q.pg': 'test "not this" { }' };
    const p = programOf(`import "q.pg";\n${both}test "three \\"3\\"\\n" { main(); }`, 'tests', others);
    expect(calledBy(p)).toEqual(['test "one"', 'test "two"', 'test "three \\"3\\"\\n"']);
    expect(p.functions.map((f) => f.symbol)).toContain('main');
    expect(p.globals.at(-1)).toMatchObject({ symbol: 'test number', storage: 'config' });
  });

  it('arrays that only tests exchange stay where they are in a program', () => {
    const text = (a: string, b: string): string =>
      `shared a: [4]int; shared b: [4]int;\nfn turn() { ${a} }\nfn main() { turn(); }\ntest "t" { ${b} }`;
    const swapped = (start: Start, a: string, b: string): boolean =>
      programOf(text(a, b), start).globals.find((g) => g.symbol === 'a')?.swapped ?? expect.fail('no a');
    expect(swapped('main', '', 'swap(a, b);')).toBe(false);
    expect(swapped('tests', '', 'swap(a, b);')).toBe(true);
    expect(swapped('main', 'swap(a, b);', 'swap(a, b);')).toBe(true);
  });
});
