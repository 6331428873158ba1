// What holds for every program: formatting twice is formatting once, and tree and comments are as before.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { format } from '../../lang/format.ts';
import { width } from '../../lang/format-layout.ts';
import { parse } from '../../lang/parser.ts';
import { commentsOf, disturbed, files, generated, parses, source, spelling, tree, wrongFiles } from './programs.ts';

const formatted = (text: string): string => {
  const result = format(source(text));
  if (result.kind === 'mistakes') throw new Error(result.diagnostics[0]?.message);
  return result.text;
};

/** Only what cannot be broken is wider: comments, texts, and the words around them; with long names, a word or two. */
const isNarrow = (text: string): void => {
  for (const line of text.split('\n'))
    if (!/\/\/|\/\*|"/.test(line)) expect(line.length, line).toBeLessThanOrEqual(width);
};

const holds = (text: string, docs: boolean): string => {
  const once = formatted(text);
  expect(formatted(once)).toBe(once);
  expect(tree(parse(source(once)).module, docs)).toBe(tree(parse(source(text)).module, docs));
  expect(commentsOf(once)).toEqual(commentsOf(text));
  expect(spelling(once)).toBe(spelling(text));
  expect(once).not.toMatch(/[ \t\r]\n|\n\n\n|^\n|[^\n]$/);
  return once;
};

describe('every file and every block of the documents', () => {
  it('is there', () => expect(files.length).toBeGreaterThan(150));

  it.each(files.map((f) => [f.path, f.text]))('%s', (_, text) => isNarrow(holds(text, true)));
});

describe('files with mistakes', () => {
  it('are there', () => expect(wrongFiles.length).toBeGreaterThan(10));

  it.each(wrongFiles.map((f) => [f.path, f.text]))('%s is refused', (_, text) => {
    const result = format(source(text));
    expect(result.kind).toBe('mistakes');
    expect(result.kind === 'mistakes' && result.diagnostics.length).toBeGreaterThan(0);
  });
});

it('generated programs', () => {
  fc.assert(
    fc.property(generated, (text) => {
      expect(parses(text)).toBe(true);
      isNarrow(holds(text, true));
    }),
    { numRuns: 200 },
  );
}, 300_000);

it('programs with comments and line breaks anywhere, and names of any length', () => {
  fc.assert(
    fc.property(disturbed, (text) => {
      fc.pre(parses(text));
      holds(text, false);
    }),
    { numRuns: Number(process.env.PGC_FORMAT_RUNS ?? 700) },
  );
}, 300_000);
