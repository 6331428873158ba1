// No source that parses, or half parses, makes the checker throw: tokens of right programs are deleted, doubled, exchanged
// and replaced by others, and trees are made deep and long.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CheckResult, check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { smallHost } from './host.ts';

const here = import.meta.dirname;
const read = (folder: string): string[] =>
  readdirSync(join(here, folder))
    .filter((f) => f.endsWith('.pg') && !f.startsWith('PG0511'))
    .map((f) => readFileSync(join(here, folder, f), 'utf8'));

const seeds = [...read('programs'), ...read('errors')];
const tokens = /\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[A-Za-z_0-9]+|[-+*/%&|^<>=!.]+|\s+|./g;
const split = seeds.map((text) => text.match(tokens) ?? []);
const solid = (t: string): boolean => !/^\s|^\/\//.test(t);
const words = [...new Set(split.flat().filter(solid))];

const checkText = (text: string): CheckResult =>
  check('p.pg', smallHost({ 'p.pg': text, 'shapes.pg': seeds[1] ?? '', 'lib/shapes.pg': 'const SIDES = 4;' }));

/** The result agrees with itself, and every message can be drawn. */
const sound = (r: CheckResult): void => {
  expect(r.program === undefined).toBe(r.diagnostics.some((d) => d.severity === 'error'));
  for (const d of r.diagnostics.slice(0, 3)) {
    const text = r.sources[d.span.source]?.text ?? '';
    expect(d.span.start).toBeGreaterThanOrEqual(0);
    expect(d.span.end).toBeLessThanOrEqual(text.length);
    expect(d.span.start).toBeLessThanOrEqual(d.span.end);
    expect(renderDiagnostic(d, r.sources, { color: false })).toContain(d.code);
  }
};

interface Edit {
  readonly kind: 'delete' | 'double' | 'exchange' | 'replace';
  readonly at: number;
  readonly other: number;
}

const mutate = (list: readonly string[], edits: readonly Edit[]): string => {
  const text = [...list];
  const places = text.flatMap((t, i) => (solid(t) ? [i] : []));
  for (const e of edits) {
    const i = places[e.at % places.length] ?? 0;
    const j = places[e.other % places.length] ?? 0;
    const [a, b] = [text[i] ?? '', text[j] ?? ''];
    if (e.kind === 'delete') text[i] = '';
    else if (e.kind === 'double') text[i] = `${a} ${a}`;
    else if (e.kind === 'replace') text[i] = words[e.other % words.length] ?? '';
    else [text[i], text[j]] = [b, a];
  }
  return text.join('');
};

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom('delete', 'double', 'exchange', 'replace'),
  at: fc.nat(100_000),
  other: fc.nat(100_000),
});

describe('the checker never throws', () => {
  it('on mutated programs', () => {
    fc.assert(
      fc.property(fc.nat(split.length - 1), fc.array(edit, { minLength: 1, maxLength: 3 }), (k, edits) => {
        sound(checkText(mutate(split[k] ?? [], edits)));
      }),
      { numRuns: 2000 },
    );
  });

  const main = (body: string): string => `co c: int;\nfn main() { var n = 1; var p = &n; ${body} }`;
  it.each([
    ['a long sum', main(`let x = ${Array.from({ length: 20_000 }, () => 'n').join(' + ')};`)],
    ['a long sum of literals', main(`let x = ${Array.from({ length: 20_000 }, () => '1').join(' + ')};`)],
    ['a long condition', main(`if ${Array.from({ length: 20_000 }, () => 'n > 0').join(' && ')} { }`)],
    ['many casts', main(`let x = n ${'as int '.repeat(5000)};`)],
    ['many indices', main(`let x = p${'[0]'.repeat(5000)};`)],
    ['many fields', main(`let x = p${'.f'.repeat(5000)};`)],
    ['many images', main(`let x = c${'@0'.repeat(5000)};`)],
    ['many elses', main(`if n == 0 { } ${'else if n == 1 { }'.repeat(400)}`)],
    ['many signs', main(`let x = ${'-'.repeat(5000)}n;`)],
    ['many brackets', main(`let x = ${'('.repeat(5000)}n${')'.repeat(5000)};`)],
    ['many blocks', main('{'.repeat(5000) + '}'.repeat(5000))],
    ['many pointers', `fn f(x: ${'*'.repeat(5000)}int) { }\nfn main() { }`],
    [
      'a chain of lets',
      `${Array.from({ length: 5000 }, (_, i) => `let a${i} = a${i + 1};`).join('\n')}\nlet a5000 = 1;\nfn main() { }`,
    ],
    [
      'a chain of constants',
      `${Array.from({ length: 5000 }, (_, i) => `const a${i} = a${i + 1};`).join('\n')}\nconst a5000 = 1;\nfn main() { }`,
    ],
    [
      'a chain of structs',
      `${Array.from({ length: 5000 }, (_, i) => `struct S${i} { x: S${i + 1}; }`).join('\n')}\nstruct S5000 { x: int; }\nfn main() { }`,
    ],
    ['nothing', ''],
  ])('on %s', (_name, text) => {
    sound(checkText(text));
  });
});
