// Which comments belong to which declarations, and which to none.
import { describe, expect, test } from 'vitest';
import type { Decl, Module } from '../../lang/ast.ts';
import { configHelpOf } from '../../lang/doc-comments.ts';
import { parse } from '../../lang/parser.ts';
import { lineCol } from '../../lang/source.ts';

const parsed = (text: string): Module => {
  const { module, diagnostics } = parse({ id: 0, path: 'x.pg', text });
  expect(diagnostics).toEqual([]);
  return module;
};
const first = (text: string): Decl => parsed(text).decls[0] ?? expect.fail('no declaration');
const docOf = (text: string): string | undefined => first(text).doc;

describe('a declaration has no docs from', () => {
  test.each([
    ['ordinary comments', '// one\nfn f() { }'],
    ['rulers', '//// one ////\nfn f() { }'],
    ['an empty line in between', '/// one\n\nfn f() { }'],
    ['the module', '//! one\nfn f() { }'],
    ['a block comment', '/* /// one */\nfn f() { }'],
    ['a text', 'fn f() { print("/// one"); }'],
    ['the line itself', 'fn f() { } /// one'],
    ['what stands beside the line above', 'import std.math; /// one\nfn f() { }'],
  ])('%s', (_, text) => {
    for (const d of parsed(text).decls) expect(d).not.toHaveProperty('doc');
  });
});

describe('a declaration is documented by', () => {
  test('the lines above it, without slashes and one space', () => {
    expect(docOf('/// One.\n///\n///   Two  \n///Three.\nfn f() { }')).toBe('One.\n\n  Two\nThree.');
  });
  test('lines that are indented, or end as on Windows', () => {
    expect(docOf('  /// One.\r\n  /// Two.\r\n  fn f() { }')).toBe('One.\nTwo.');
  });
  test('the nearest run, with ordinary comments in between', () => {
    expect(docOf('/// Not this.\n// ---\n/// This.\n// note to ourselves\nfn f() { }')).toBe('This.');
  });
  test('the place of the text is known', () => {
    const text = '\n/// One.\n/// Two.\nfn f() { }\n';
    const { docSpan } = first(text);
    expect(text.slice(docSpan?.start, docSpan?.end)).toBe('/// One.\n/// Two.');
    expect(lineCol({ id: 0, path: 'x.pg', text }, docSpan?.start ?? -1)).toEqual({ line: 2, col: 1 });
  });
  test('its kind does not matter', () => {
    const kinds = ['const A = 1;', 'config const n: int = 1;', 'let a = 1;', 'var a: int;', 'co a: int;'];
    kinds.push('shared a: [4]int dist(block);', 'struct S { x: int; }', 'fn f<T>(x: T) { }', 'test "t" { }');
    for (const text of kinds) expect(docOf(`/// What it is.\n${text}`), text).toBe('What it is.');
  });
  test('fields have their own', () => {
    const d = first(
      '/// The struct.\nstruct S {\n  /// The x.\n  x: int;\n  y: int; // no\n  /// The z.\n  z: int;\n}',
    );
    const docs = d.kind === 'struct' ? d.fields.map((f) => f.doc) : [];
    expect(docs).toEqual(['The x.', undefined, 'The z.']);
    expect(d.doc).toBe('The struct.');
    const one = first('/// The struct.\nstruct S { x: int; }');
    expect(one.kind === 'struct' && one.fields[0]?.doc).toBe(undefined);
  });
  test('of several on a line the first', () => {
    const docs = parsed('/// One.\nvar a: int; var b: int;').decls.map((d) => d.doc);
    expect(docs).toEqual(['One.', undefined]);
  });
});

describe('a module is documented by', () => {
  test('the lines at its head', () => {
    expect(parsed('//! One.\n//!\n//! Two.\nfn f() { }').doc).toBe('One.\n\nTwo.');
    expect(parsed('//! Only this.').doc).toBe('Only this.');
  });
  test('lines after a licence, but one run of them', () => {
    expect(parsed('// (c)\n\n//! One.\n\n//! Not this.\nfn f() { }').doc).toBe('One.');
  });
  test('nothing further down', () => {
    expect(parsed('fn f() { }\n//! One.\nfn g() { }')).not.toHaveProperty('doc');
    expect(parsed('// x.pg: ordinary\nfn f() { }')).not.toHaveProperty('doc');
  });
});

describe('the help of a config is', () => {
  const helpOf = (text: string): string | undefined => {
    const d = parsed(text).decls.find((c) => c.kind === 'const');
    return d?.kind === 'const' ? configHelpOf(d) : undefined;
  };
  test.each([
    [
      'its documentation, the first paragraph',
      '/// How\n/// many.\n///\n/// More.\nconfig const n: int = 1; // x',
      'How many.',
    ],
    ['the comment beside it', '// above\nconfig const n: int = 1;   // points', 'points'],
    ['the comment above it', '// How many\n// points.\nconfig const n: int = 1;', 'How many points.'],
    ['not its neighbour’s', 'var m: int; // other\nconfig const n: int = 1;', undefined],
    ['not a comment apart', '// file\n\nconfig const n: int = 1;', undefined],
  ])('%s', (_, text, help) => {
    expect(helpOf(text)).toBe(help);
  });
});
