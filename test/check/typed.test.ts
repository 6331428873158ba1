// What the typed tree says: literals by context, folded constants, order of initialisers, distributions, places.
import { readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type CheckResult, check } from '../../lang/check.ts';
import { collectiveOps } from '../../lang/check-collectives.ts';
import type { Diagnostic } from '../../lang/diagnostic.ts';
import type { Expr, Global, Program, Stmt } from '../../lang/typed.ts';
import { sizeOf, typeName } from '../../lang/types.ts';
import { meetingOps } from '../../vm/abi.ts';
import { folderHost, textHost } from './host.ts';

const here = import.meta.dirname;

const checkText = (text: string, others: Readonly<Record<string, string>> = {}): CheckResult =>
  check('p.pg', textHost({ 'p.pg': text, ...others }));

const programOf = (text: string, others: Readonly<Record<string, string>> = {}): Program => {
  const { program, diagnostics } = checkText(text, others);
  expect(diagnostics.map((d) => `${d.code} ${d.message}`)).toEqual([]);
  return program ?? expect.fail('no program');
};

const mainOf = (body: string, before = ''): readonly Stmt[] =>
  programOf(`${before}\nfn main() {\n${body}\n}\n`).main.body.stmts;

/** `type value` of a constant, or the kind of the expression with its type. */
const show = (e: Expr | undefined): string =>
  e === undefined ? 'none' : `${typeName(e.type)} ${e.kind === 'const' ? String(e.value) : e.kind}`;

const valuesOf = (stmts: readonly Stmt[]): readonly string[] =>
  stmts.flatMap((s) => (s.kind === 'local' ? [show(s.value)] : []));

const globalOf = (p: Program, name: string): Global => p.globals.find((g) => g.symbol === name) ?? expect.fail(name);

const codes = (r: CheckResult): readonly string[] => r.diagnostics.map((d: Diagnostic) => d.code);

describe('programs that are right', () => {
  it('has no message for one of everything', () => {
    const { program, diagnostics } = check('features.pg', folderHost(join(here, 'programs')));
    expect(diagnostics).toEqual([]);
    expect(program?.functions.map((f) => f.symbol)).toContain('runtime.barrier');
  });

  const examples = join(here, '..', '..', 'examples');
  const files = readdirSync(examples, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.pg'));
  it.each(files)('example %s', (file) => {
    const path = join(examples, file);
    // Some are modules of others.
    const runs = /^fn main\(/m.test(readFileSync(path, 'utf8'));
    const found = check(basename(file), folderHost(dirname(path)));
    expect(codes(found)).toEqual(runs ? [] : ['PG0206']);
  });
});

describe('a generic body that nothing has made a copy of', () => {
  it('is not asked for types that only a copy has', () => {
    const text = `
      struct Box<T> { x: T; bits: []u64; }
      fn of<T>(f: fn(T) -> u64) -> Box<T> { var b: Box<T>; return b; }
      fn hash<T>(x: T) -> u64 { return 0; }
      fn some<T>() -> Box<T> { let b: Box<T> = of(hash); if b.bits.len > 3 { return b; } return of(hash); }
      fn zero<T>(a: shared []T) { var none: T; forall i in a { a[i] = none; } }
      fn upper<T>(b: *Box<T>) -> u64 { return b.bits[0] & 0xffff_ffff_0000_0000; }
      fn main() {}`;
    expect(codes(checkText(text))).toEqual([]);
  });

  it('is told what is wrong in every copy', () => {
    const text = `
      fn of<T>(n: int) -> []T { return new [n]T; }
      fn wrong<T>(x: T) { let a = of(3); let b = 0xffff_ffff_0000_0000; }
      fn main() {}`;
    expect(codes(checkText(text))).toEqual(['PG0320', 'PG0501']);
  });
});

describe('literals', () => {
  it('take the type that their context wants', () => {
    const body = `
      var x: f64 = 2;
      let a = 1 + x;
      let b = x * 3 - 1;
      let u = 1u64 & 1;
      let c = if x > 0 { 1 } else { x };
      let d = -(1 + 2) * x;
      let e: f32 = 0.1;
      let f: i8 = -128;
      let g: u8 = 'a';
      let h = 'a';
      let i = 7;
      let j = 7.0;
      let k = 1 << 3u8;
      let l = 1 + 2.5;`;
    expect(valuesOf(mainOf(body))).toEqual([
      ...['f64 2', 'f64 arithmetic', 'f64 arithmetic', 'u64 1', 'f64 if', 'f64 arithmetic'],
      ...[`f32 ${Math.fround(0.1)}`, 'i8 -128', 'u8 97', 'int 97', 'int 7', 'f64 7', 'int 8', 'f64 3.5'],
    ]);
  });

  it('reach through arguments, returns, fields and comparisons', () => {
    const before = `
      struct P { x: f32; y: u16; }
      fn f(a: f64, b: u8) -> f64 { return 1; }
      fn g(a: u32) -> bool { return a < 5 && 3 != a; }`;
    const [first, second] = mainOf('let p = P { x: 1, y: 2 };\nf(3, 4);', before);
    const fields = first?.kind === 'local' && first.value?.kind === 'struct' ? first.value.fields : [];
    expect(fields.map((x) => show(x.value))).toEqual(['f32 1', 'u16 2']);
    const call = second?.kind === 'expr' && second.value.kind === 'call' ? second.value.args : [];
    expect(call.map(show)).toEqual(['f64 3', 'u8 4']);
  });

  it('never make another type convert', () => {
    const wrong = ['let x: f64 = n;', 'let x = n + 1.5;', 'let x: int = 1.0;', 'let x = 1u8 + n;', 'let x: u8 = 256;'];
    for (const stmt of wrong) {
      const { program } = checkText(`fn main() { let n = 1; ${stmt} }`);
      expect(program, stmt).toBeUndefined();
    }
  });
});

describe('constants', () => {
  const fold = (e: string): string => valuesOf(mainOf(`let x = ${e};`))[0] ?? '';
  it.each([
    ['200u8 + 100', 'u8 44'],
    ['127i8 + 1', 'i8 -128'],
    ['-7 / 2', 'int -3'],
    ['-7 % 2', 'int -1'],
    ['1 << 65', 'int 2'],
    ['-1 >> 70', 'int -1'],
    ['0xffffffffu32 >> 4', 'u32 268435455'],
    ['~5', 'int -6'],
    ['300 as u8', 'u8 44'],
    ['-1 as u16', 'u16 65535'],
    ['1e300 as i32', 'i32 2147483647'],
    ['-3.99 as int', 'int -3'],
    ['(0.0 / 0.0) as int', 'int 0'],
    ['-1.5 as u8', 'u8 0'],
    ['16777217 as f32', 'f32 16777216'],
    // Rounded once: by way of an f64 it would be 9007199791611904.
    ['9007199791611905 as f32', 'f32 9007200328482816'],
    ['0.1f32 + 0.2f32', `f32 ${Math.fround(Math.fround(0.1) + Math.fround(0.2))}`],
    ['5.5 % 2.0', 'f64 1.5'],
    ['1 < 2 && !(3 >= 4)', 'bool true'],
    ['true as i32', 'i32 1'],
  ])('%s is %s', (e, want) => {
    expect(fold(e)).toBe(want);
  });

  it('may be used before they are declared, also as extents', () => {
    const p = programOf('var a: [N, M]i16;\nconst N = M * 2;\nconst M = 3;\nfn main() { }');
    expect(typeName(globalOf(p, 'a').type)).toBe('[6, 3]i16');
    expect(sizeOf(globalOf(p, 'a').type)).toBe(36);
  });
});

describe('declarations', () => {
  it('sorts initialisers by dependence, also through functions', () => {
    const p = programOf(`
      let a = f() + 1;
      let b = c * 2;
      shared s: [a]int;
      let c = d;
      config const d: int = 4;
      fn f() -> int { return g(); }
      fn g() -> int { return b; }
      fn main() { }`);
    const order = p.globals.map((g) => g.name).filter((n) => n !== 'count');
    expect(order).toEqual(['d', 'c', 'b', 'a', 's']);
  });

  it('gives default distributions, and extents as ints', () => {
    const p = programOf('config const n: u8 = 4;\nshared a: [n]int;\nshared m: [2, n]int;\nfn main() { }');
    expect(globalOf(p, 'a').dist?.map((d) => d.kind)).toEqual(['block']);
    expect(globalOf(p, 'm').dist?.map((d) => d.kind)).toEqual(['block', 'star']);
    expect(globalOf(p, 'm').extents?.map(show)).toEqual(['int 2', 'int cast']);
  });

  it('lays structs out as C does', () => {
    const p = programOf(
      'struct S { a: u8; b: f64; c: i16; d: *S; e: []int; f: bool; }\nfn main() { var s: S; s.a = 1; }',
    );
    const s = p.structs[0];
    expect(s?.fields.map((f) => f.offset)).toEqual([0, 8, 16, 20, 24, 40]);
    expect([s?.size, s?.align]).toEqual([48, 8]);
  });

  it('lets modules import each other, and gives symbols that are unique', () => {
    const p = programOf(
      'import "q.pg" as q;\nimport "sub/q.pg" as r;\nvar x: int;\nfn f() -> int { return q.f() + r.f(); }\nfn main() { }',
      {
        'q.pg': 'import "p.pg" as p;\nvar x: int;\nfn f() -> int { return p.x + x; }',
        'sub/q.pg': 'var x: int;\nfn f() -> int { return x; }',
      },
    );
    expect(p.globals.map((g) => g.symbol)).toEqual(expect.arrayContaining(['x', 'q.x', 'q_2.x']));
    expect(p.functions.map((f) => f.symbol)).toEqual(expect.arrayContaining(['f', 'main', 'q.f', 'q_2.f']));
  });

  it("does not take a program's module for the run-time", () => {
    const p = programOf('import "runtime.pg" as r;\nfn main() { r.f(); }', { 'runtime.pg': 'fn f() { }' });
    expect(p.functions.map((f) => f.symbol)).toContain('runtime_2.f');
  });

  it('hides the inside of the library from programs', () => {
    expect(codes(checkText('import std.runtime;\nfn main() { }'))).toEqual(['PG0203']);
  });

  it('lets programs use the names of builtins', () => {
    mainOf(
      'let min = 2; let now = 3; print("{} {}", f(min), swap(now));',
      'fn swap(x: int) -> int { return x; }\nfn f(x: int) -> int { return x; }',
    );
  });
});

describe('places', () => {
  it('reads x[i]@p and x@p[i] alike', () => {
    const stmts = mainOf(
      'x[2]@1 = 0;\nx@1[2] = 0;\ns.p[1]@1 = 0;\ns@1.p[1] = 0;',
      'struct S { p: [2]int; }\nco x: [4]int;\nco s: S;',
    );
    const shape = (s: Stmt | undefined): string => {
      let at = s?.kind === 'assign' ? s.place : undefined;
      const kinds: string[] = [];
      while (at) {
        kinds.push(at.kind);
        at = at.kind === 'field' || at.kind === 'element' ? at.base : undefined;
      }
      return kinds.join(' ');
    };
    expect(stmts.map(shape)).toEqual([
      'element remote',
      'element remote',
      'element field remote',
      'element field remote',
    ]);
  });

  it('knows which locals something points to', () => {
    const stmts = mainOf('var a = 1; var b: [4]int; var c = 2; let p = &a; f(b); c += *p;', 'fn f(x: []int) { }');
    const taken = stmts.flatMap((s) => (s.kind === 'local' && s.local.addressTaken ? [s.local.name] : []));
    expect(taken).toEqual(['a', 'b']);
  });

  it('gives pointers of both kinds', () => {
    const stmts = mainOf(
      'let p = &x; let q = &a[1]; let r = &c@1; let s = &c; let t = &q[2];',
      'var x: int;\nco c: int;\nshared a: [4]int;',
    );
    expect(valuesOf(stmts)).toEqual(
      ['*int', '*shared int', '*shared int', '*int', '*shared int'].map((t) => `${t} addressOf`),
    );
  });

  it('marks arrays whose handles are exchanged', () => {
    const p = programOf('shared a: [4]int;\nshared b: [4]int;\nshared c: [4]int;\nfn main() { swap(a, b); }');
    expect(['a', 'b', 'c'].map((n) => globalOf(p, n).swapped)).toEqual([true, true, false]);
  });

  it('shows the condition of an assertion that says nothing', () => {
    const [s] = mainOf('assert(1 +\n   1 == 2);');
    expect(s?.kind === 'assert' && s.message.kind === 'string' && s.message.value).toBe('1 + 1 == 2');
  });
});

describe('messages', () => {
  it('one mistake makes one message', () => {
    const text = `
      fn f(x: Unknown) -> Unknown { return x; }
      struct S { a: Missing; }
      fn main() {
        let a = nothing;
        let b = a + 1;
        var s: S;
        s.a.b[3] = b;
        print("{} {:x}", f(b), a);
        for i in a { print("{}", i.x); }
      }`;
    expect(codes(checkText(text))).toEqual(['PG0304', 'PG0304', 'PG0304', 'PG0201']);
  });

  it('nothing follows from a mistake of syntax', () => {
    const text = 'fn f() { let x = ; g(x); }\nconst N = ;\nfn main() { h(N); let y: int = 1.5; }\n';
    const found = codes(checkText(text));
    expect(found).toContain('PG0301');
    expect(found.filter((c) => c === 'PG0201')).toEqual([]);
  });

  it('a program that cannot be read', () => {
    const { program, diagnostics, sources } = check('none.pg', textHost({}));
    expect(program).toBeUndefined();
    expect(diagnostics.map((d) => d.message)).toEqual(['cannot read the program `none.pg`']);
    expect(sources[diagnostics[0]?.span.source ?? -1]?.path).toBe('none.pg');
  });

  it('warnings alone leave a program', () => {
    const { program, diagnostics } = checkText('fn main() { var x = 1; x == 2; }');
    expect(program).toBeDefined();
    expect(diagnostics.map((d) => d.severity)).toEqual(['warning']);
  });
});

it('operators of collectives are numbered as the node names them', () => {
  expect(['', ...collectiveOps, 'function']).toEqual([...meetingOps]);
});
