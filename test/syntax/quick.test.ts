// The two ways to run the grammar (lang/parse-quick.ts, Chevrotain) give the same trees; the quick one takes no text with a mistake.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IToken } from 'chevrotain';
import { expect, test } from 'vitest';
import type { Comment } from '../../lang/doc-comments.ts';
import { type QuickTokens, quickTokens } from '../../lang/lex-quick.ts';
import { quickParser } from '../../lang/parse-quick.ts';
import { parse, parseWithRecovery } from '../../lang/parser.ts';
import type { Source } from '../../lang/source.ts';
import * as kinds from '../../lang/token-kinds.ts';
import { Char, Float, Int, lexer, Name, Str } from '../../lang/tokens.ts';
import { root } from '../cli/pgc.ts';

const sourceOf = (text: string): Source => ({ id: 2, path: 'a.pg', text });
const quick = quickParser();
const takes = (text: string): boolean => {
  const tokens = quickTokens(text);
  return tokens !== undefined && quick.parse(tokens, 2) !== undefined;
};

const numbers = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value);

const folders = ['stdlib', 'examples', join('test', 'syntax', 'trees')];
const programs = folders.flatMap((folder) =>
  readdirSync(join(root, folder))
    .filter((f) => f.endsWith('.pg'))
    .map((f) => readFileSync(join(root, folder, f), 'utf8')),
);

/** What lexers have in common: what is read of a token. */
const read = (tokens: readonly IToken[]) => tokens.map((t) => [t.tokenType.name, t.image, t.startOffset]);
const readComments = (all: readonly Comment[]) => all.map((c) => [c.image, c.startOffset]);

const nameOf = new Map<number, string>([
  ...Object.entries(kinds.keywordKinds).map(([name, kind]) => [kind, name] as const),
  ...Object.entries(kinds.markKinds).map(([name, kind]) => [kind, name] as const),
  ...[Name, Int, Float, Str, Char].map((type, i) => [i + 1, type.name] as const),
]);
const readQuick = (t: QuickTokens) =>
  [...t.kinds.subarray(0, t.count)].map((kind, i) => [
    nameOf.get(kind),
    t.text.slice(t.starts[i], t.ends[i]),
    t.starts[i],
  ]);

const expectSameTokens = (text: string): void => {
  const { tokens, errors, groups } = lexer.tokenize(text);
  const found = quickTokens(text);
  if (errors.length > 0) expect(found).toBe(undefined);
  else
    expect(found && [readQuick(found), readComments(found.comments)]).toEqual([
      read(tokens),
      readComments(groups.comments ?? []),
    ]);
};

test('tokens of the library and of programs are the same, and with any two characters exchanged for others', () => {
  const characters = [...'09xbeE_.fn"\'\\/*=<>&|+-@#$\n\r\t\f\uFEFF\u00e9 '];
  for (const text of programs) {
    expectSameTokens(text);
    const part = text.slice(0, 400);
    for (let i = 0; i < 60; i++) {
      const [a, b] = [(i * 7919) % 400, (i * 104729) % 400];
      const other = characters[i % characters.length] ?? '';
      expectSameTokens(`${part.slice(0, a)}${other}${characters[(i * 31) % characters.length]}${part.slice(b)}`);
    }
  }
});

test.each([
  ...[
    '1..2',
    '1...2',
    '1.5',
    '1.',
    '1.e3',
    '1e3',
    '1e',
    '1e+',
    '1_0.5_0e-1_0f32',
    '1f',
    '1u8',
    '1__',
    '0x',
    '0xg_1u8',
    '0b12',
    '0o7',
  ],
  ...[
    '"a',
    '"a\n"',
    '"\\"',
    '"\\',
    "'",
    "''",
    "'\\''",
    '/* a /* b */ c',
    '/* a */ b',
    '// a',
    '//',
    '/',
    '/=',
    '/ /',
    '\uFEFFx',
  ],
  ...[
    '..=',
    '..',
    '<<=',
    '>>=',
    '>>>',
    '->',
    '-->',
    '!==',
    '&&&',
    '|||=',
    'foreachx',
    'forall',
    'for',
    '_',
    'a1_',
    '1a',
    '€',
    '`',
    '',
  ],
])('tokens are the same: %s', expectSameTokens);

test('trees of the library and of programs are the same', () => {
  expect(programs.length).toBeGreaterThan(20);
  for (const text of programs) {
    const found = parseWithRecovery(sourceOf(text));
    if (found.diagnostics.length === 0) expect(takes(text)).toBe(true);
    expect(parse(sourceOf(text))).toStrictEqual(found);
  }
});

test('of programs that had a token taken out, put in or exchanged it takes those in which Chevrotain finds no mistake', () => {
  let good = 0;
  let bad = 0;
  for (const [p, text] of programs.entries()) {
    const { tokens } = lexer.tokenize(text);
    for (let i = 0; i < 12; i++) {
      const n = ((p + 1) * 7919 + i * 104729) % tokens.length;
      const other = tokens[((p + 1) * 31 + i * 7907) % tokens.length];
      const token = tokens[n];
      if (!token || !other) continue;
      const { startOffset: start } = token;
      const end = start + token.image.length;
      const between = ['', ` ${other.image} `, `${token.image} ${other.image} `][i % 3];
      // Recovery takes long: no more than a part of the program.
      const from = i % 4 === 0 ? 0 : Math.max(0, text.lastIndexOf('\n}\n', start) + 3);
      const to = text.indexOf('\n}\n', end);
      const changed = `${text.slice(from, start)}${between}${text.slice(end, to < 0 ? undefined : to + 3)}`;
      const found = parseWithRecovery(sourceOf(changed));
      if (found.diagnostics.length === 0) good++;
      else bad++;
      expect([changed, takes(changed)]).toEqual([changed, found.diagnostics.length === 0]);
      if (found.diagnostics.length === 0) expect(parse(sourceOf(changed))).toStrictEqual(found);
    }
  }
  expect(good).toBeGreaterThan(20);
  expect(bad).toBeGreaterThan(50);
});

test.each([
  ['a token that is missing', 'fn main() { f(1 2); }'],
  ['one too many', 'fn main() { } }'],
  ['one that begins nothing', 'fn main() { let x = ; }'],
  ['a list without its first element', 'fn f<>() {}'],
  ['a list that goes on with nothing', 'fn main() { let [1, ] = 2; }'],
  ['the end', 'fn main() {'],
  ['nothing that is a declaration', '1'],
  ['too much nesting', `fn main() { let x = ${'('.repeat(400)}1${')'.repeat(400)}; }`],
])('takes none with a mistake: %s', (_, text) => {
  expect(takes(text)).toBe(false);
  const found = parse(sourceOf(text));
  expect(found.diagnostics.length).toBeGreaterThan(0);
  expect(found).toStrictEqual(parseWithRecovery(sourceOf(text)));
});

test.each([
  ['a semicolon', 'fn main() { let x = 1 var y = 2; f(x) g(y); }'],
  ['comparisons in a row', 'fn main() { if 1 < 2 < 3 { } }'],
  ['a number', 'fn main() { let x = 1q; }'],
  ['a character', 'fn main() { $ }'],
])('mistakes that the grammar lets through are told all the same: %s', (_, text) => {
  const found = parse(sourceOf(text));
  expect(found.diagnostics.length).toBeGreaterThan(0);
  expect(found).toStrictEqual(parseWithRecovery(sourceOf(text)));
});

test('bodies that are parsed when they are looked at are the same', () => {
  for (const text of programs) {
    const whole = parse(sourceOf(text));
    if (whole.diagnostics.length > 0) continue;
    const later = parse(sourceOf(text), 'later');
    // In any order, and with other texts in between.
    parse(sourceOf('fn main() { f('));
    expect(JSON.stringify([...later.module.decls].reverse(), numbers)).toBe(
      JSON.stringify([...whole.module.decls].reverse(), numbers),
    );
  }
});

test('a mistake in a body that is parsed later is told when it is looked at; braces that do not match are seen at once', () => {
  const { module, diagnostics } = parse(sourceOf('fn good() { f(1); } fn bad() { f(1 2); }'), 'later');
  expect(diagnostics).toEqual([]);
  const [good, bad] = module.decls.map((d) => (d.kind === 'fn' ? d.body : undefined));
  expect(() => bad?.stmts).toThrow('mistake in its syntax');
  expect(good?.stmts.length).toBe(1);
  expect(parse(sourceOf('fn bad() { if x { }'), 'later').diagnostics.length).toBeGreaterThan(0);
});

test('a text is parsed alike after one with a mistake', () => {
  const good = 'struct P<T> { x: T; } fn main() { let p = P<int> { x: 1 }; }';
  const before = parse(sourceOf(good));
  expect(parse(sourceOf('fn main() { if P<P<int { while x { let y = (1')).diagnostics.length).toBeGreaterThan(0);
  expect(parse(sourceOf(good))).toStrictEqual(before);
  expect(before.diagnostics).toEqual([]);
});
