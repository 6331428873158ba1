// The parser against goldens: a tree for every construct, a drawn message for every code, and no crash on any mutation.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { astText } from '../../lang/ast-text.ts';
import { syntaxCodes } from '../../lang/codes-syntax.ts';
import { parse } from '../../lang/parser.ts';
import { diagnosticJson, renderDiagnostic } from '../../lang/render.ts';
import type { Source } from '../../lang/source.ts';

const here = new URL('.', import.meta.url).pathname;
const sourceOf = (path: string, text: string): Source => ({ id: 0, path, text });
const read = (folder: string, file: string): Source => sourceOf(file, readFileSync(join(here, folder, file), 'utf8'));
const programs = (folder: string): string[] => readdirSync(join(here, folder)).filter((f) => f.endsWith('.pg'));

describe('trees', () => {
  it.each(programs('trees'))('%s', async (file) => {
    const { module, diagnostics } = parse(read('trees', file));
    expect(diagnostics).toEqual([]);
    await expect(astText(module)).toMatchFileSnapshot(join(here, 'trees', file.replace('.pg', '.ast')));
  });
});

describe('messages', () => {
  it('has an input for every code', () => {
    expect(programs('errors').map((f) => f.replace('.pg', ''))).toEqual(Object.keys(syntaxCodes).sort());
  });

  it.each(programs('errors'))('%s', async (file) => {
    const source = read('errors', file);
    const { diagnostics } = parse(source);
    expect(diagnostics.map((d) => d.code)).toContain(file.replace('.pg', ''));
    const text = diagnostics.map((d) => `${renderDiagnostic(d, [source], { color: false })}\n`).join('\n');
    await expect(text).toMatchFileSnapshot(join(here, 'errors', file.replace('.pg', '.txt')));
  });

  it('reports independent mistakes of one file in one run', () => {
    const { diagnostics } = parse(read('errors', 'PG0101.pg'));
    expect(diagnostics.length).toBeGreaterThanOrEqual(8);
  });

  it('underlines wide characters and tabs where they are shown', () => {
    const source = sourceOf('wide.pg', 'fn main() {\n\tprint("漢字"); #\n}\n');
    const text = renderDiagnostic(parse(source).diagnostics[0] ?? expect.fail(), [source], { color: false });
    const lines = text.split('\n');
    const line = lines.find((l) => l.includes('print')) ?? '';
    const under = lines.find((l) => l.includes('^')) ?? '';
    // Each of the two characters takes two columns but one place in the text.
    expect(under.indexOf('^')).toBe(line.indexOf('#') + 2);
  });

  it('shows of a very long line what is around the mistake', () => {
    const text = `fn main() { ${'f(); '.repeat(2000)}# ${'f(); '.repeat(2000)}}`;
    const source = sourceOf('long.pg', text);
    const lines = renderDiagnostic(parse(source).diagnostics[0] ?? expect.fail(), [source], { color: false }).split(
      '\n',
    );
    expect(Math.max(...lines.map((l) => l.length))).toBeLessThan(400);
    const shown = lines.find((l) => l.startsWith('1 | ')) ?? '';
    expect(shown[lines.find((l) => l.includes('^'))?.indexOf('^') ?? -1]).toBe('#');
  });

  it('has no colours unless asked for, and the same facts as JSON', () => {
    const source = read('errors', 'PG0001.pg');
    const [d] = parse(source).diagnostics;
    if (!d) expect.fail();
    expect(renderDiagnostic(d, [source], { color: false })).not.toContain('\u001b');
    expect(renderDiagnostic(d, [source], { color: true })).toContain('\u001b[');
    expect(diagnosticJson(d, [source])).toMatchObject({ code: 'PG0001', path: 'PG0001.pg', line: 2, column: 17 });
  });
});

describe('what comes after a mistake', () => {
  const good = 'struct P<T> { a: T; }\nfn f() { let x = P<P<int>> { a: P<int> { a: 1 } }; }\n';

  it.each(['fn g() { y = x as ; }', 'fn g() { y = x as P<; z(', 'fn g(x: P<P<int>> {', 'fn g() { let x: P<P<int>>'])(
    'is parsed as ever, in the same file and in the next: %s',
    (bad) => {
      const alone = parse(sourceOf('bad.pg', `${bad}\n`)).diagnostics;
      expect(alone).not.toEqual([]);
      expect(parse(sourceOf('good.pg', good)).diagnostics).toEqual([]);
    },
  );

  it('in the same file: types after `as` without one', () => {
    const { diagnostics } = parse(sourceOf('both.pg', `fn g() { y = x as ; }\n${good}`));
    expect(diagnostics).toHaveLength(1);
  });
});

describe('any text', () => {
  const corpus = ['trees', 'errors'].flatMap((folder) =>
    programs(folder)
      .filter((f) => f !== 'PG0104.pg')
      .map((f) => read(folder, f).text),
  );
  const tokens = (text: string): string[] => text.match(/\s+|[A-Za-z_]\w*|\d[\w.]*|"[^"\n]*"|./gs) ?? [];
  const check = (text: string): void => {
    const source = sourceOf('mutated.pg', text);
    for (const d of parse(source).diagnostics) {
      expect(d.span.start).toBeGreaterThanOrEqual(0);
      expect(d.span.end).toBeLessThanOrEqual(text.length);
      expect(d.span.start).toBeLessThanOrEqual(d.span.end);
      renderDiagnostic(d, [source], { color: false });
    }
  };

  it('never throws when tokens are deleted, swapped or doubled', () => {
    const mutation = fc.record({
      file: fc.nat(corpus.length - 1),
      kind: fc.nat(2),
      at: fc.nat(10_000),
      other: fc.nat(10_000),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const words = tokens(corpus[mutations[0]?.file ?? 0] ?? '');
        for (const { kind, at, other } of mutations) {
          const i = at % words.length;
          const j = other % words.length;
          const word = words[i] ?? '';
          if (kind === 0) words.splice(i, 1);
          else if (kind === 1) [words[i], words[j]] = [words[j] ?? '', word];
          else words.splice(i, 0, word);
        }
        check(words.join(''));
      }),
      { numRuns: 10_000 },
    );
  });

  it('never throws on arbitrary characters', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), check), { numRuns: 2000 });
  });

  it('takes sums of any length and refuses any depth', () => {
    const long = `fn main() { let x = ${Array.from({ length: 400 }, (_, i) => i).join(' + ')}; }`;
    expect(parse(sourceOf('long.pg', long)).diagnostics).toEqual([]);
    for (const [open, close] of [
      ['(', ')'],
      ['{', '}'],
      ['-', ''],
      ['[', ']'],
      ['if true {', '}'],
      ['if true { } else ', '{ }'],
    ]) {
      const text = `fn main() { ${open?.repeat(5000)} ${close?.repeat(5000)} }`;
      expect(parse(sourceOf('deep.pg', text)).diagnostics.length).toBeGreaterThan(0);
    }
  });
});

it.each([
  ['par for x in v { }', 'goes over a range'],
  ['par for (i, j) in 0..3 { }', 'loops may be nested'],
  ['par for i in 0..3 reduce(+: a, +: b) { }', 'a clause of its own'],
  ['foreach (i, j) in a { }', '`forall (i, j) in a`'],
  ['for (var i = 0; i < 3; i += 1) { }', '`for i in 0..n'],
  ['par while true { }', '`par` goes with `for`'],
])('%s says what is meant', (statement, hint) => {
  const text = `fn main() {\n  ${statement}\n}\n`;
  const { diagnostics } = parse(sourceOf('p.pg', text));
  expect(diagnostics[0]?.hint).toContain(hint);
});
