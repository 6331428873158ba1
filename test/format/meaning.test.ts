// The formatter's own check: two trees that say different things must not pass for the same.
import { describe, expect, it } from 'vitest';
import { sameMeaning } from '../../lang/format.ts';
import { parse } from '../../lang/parser.ts';
import { lexer, Name } from '../../lang/tokens.ts';
import { files, parses, source } from './programs.ts';

const same = (a: string, b: string): boolean => sameMeaning(parse(source(a)).module, parse(source(b)).module);

describe('what differs', () => {
  it.each([
    ['let x = 1 + 2 * 3;', 'let x = (1 + 2) * 3;'],
    ['let x = (1 + 2);', 'let x = 1 + 2;'],
    ['let x = a - b - c;', 'let x = a - (b - c);'],
    ['let x = 0.0;', 'let x = -0.0;'],
    ['let x = 1;', 'let x = 1.0;'],
    ['let x = 1u8;', 'let x = 1;'],
    ['let x = 9007199254740993;', 'let x = 9007199254740992;'],
    ['let x: int = 1;', 'let x = 1;'],
    ['let x = 1;', 'var x = 1;'],
    ['f(a, b);', 'f(b, a);'],
    ['f(a);', 'f(a, a);'],
    ['f("a b");', 'f("a  b");'],
    ['if a { f(); }', 'if a { f(); } else {}'],
    ['if a { f(); } else if b { g(); }', 'if a { f(); } if b { g(); }'],
    ['return a;', 'return; a;'],
    ['for i in 0..3 {}', 'for i in 0..=3 {}'],
    ['for i in 0..3 {}', 'for i in 0..3 step 1 {}'],
    ['x = x + 1;', 'x += 1;'],
    ['barrier;', 'fence;'],
    ['f();', 'f(); f();'],
  ])('%s and %s', (a, b) => {
    const whole = (body: string): string => `fn main() { ${body} }\n`;
    expect(parses(whole(a)) && parses(whole(b))).toBe(true);
    expect(same(whole(a), whole(a))).toBe(true);
    expect(same(whole(a), whole(b))).toBe(false);
  });

  it('one declaration more', () => {
    expect(same('fn a() {}\n', 'fn a() {}\nfn b() {}\n')).toBe(false);
    expect(same('co a: int;\n', 'shared a: int;\n')).toBe(false);
    expect(same('struct A { x: int; }\n', 'struct A { x: int; y: int; }\n')).toBe(false);
  });

  it('a name anywhere', () => {
    let changed = 0;
    for (const { path, text } of files.filter((f) => f.text.length < 3000)) {
      const names = lexer.tokenize(text).tokens.filter((t) => t.tokenType === Name);
      for (const t of names.filter((_, i) => i % 7 === 0)) {
        const end = t.startOffset + t.image.length;
        const other = `${text.slice(0, end)}_x${text.slice(end)}`;
        if (!parses(other)) continue;
        changed++;
        expect(same(text, other), `${path}: ${t.image} at ${t.startOffset}`).toBe(false);
      }
    }
    expect(changed).toBeGreaterThan(200);
  });
});

describe('what does not', () => {
  it.each([
    ['fn main() { f(); }\n', 'fn  main ( ) {\n  f ( ) ; // c\n}\n'],
    ['/// says a\nfn a() {}\n', '/// says b\nfn a() {}\n'],
    ['struct A { x: int; }\n', 'struct A {\n  /// about x\n  x: int,\n}\n'],
  ])('%j and %j', (a, b) => expect(same(a, b)).toBe(true));
});
