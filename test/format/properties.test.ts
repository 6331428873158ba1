// What holds for every program: formatting twice is formatting once, and tree and comments are as before.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { format } from '../../lang/format.ts';
import { width } from '../../lang/format-layout.ts';
import { parse } from '../../lang/parser.ts';
import { commentsOf, disturbed, files, parses, source, tree } from './programs.ts';

const formatted = (text: string): string => {
  const result = format(source(text));
  if (result.kind === 'mistakes') throw new Error(result.diagnostics[0]?.message);
  return result.text;
};

const holds = (text: string, docs: boolean): void => {
  const once = formatted(text);
  expect(formatted(once)).toBe(once);
  expect(tree(parse(source(once)).module, docs)).toBe(tree(parse(source(text)).module, docs));
  expect(commentsOf(once)).toEqual(commentsOf(text));
  expect(once).not.toMatch(/[ \t\r]\n|\n\n\n|^\n|[^\n]$/);
};

describe('every file of the project', () => {
  it('is there', () => expect(files.length).toBeGreaterThan(100));

  it.each(files.map((f) => [f.path, f.text]))('%s', (_, text) => {
    holds(text, true);
    // Only what cannot be broken is wider: comments, texts, and the words around them.
    for (const line of formatted(text).split('\n'))
      if (!/\/\/|\/\*|"/.test(line)) expect(line.length, line).toBeLessThanOrEqual(width);
  });
});

it('programs with comments and line breaks anywhere', () => {
  fc.assert(
    fc.property(disturbed, (text) => {
      fc.pre(parses(text));
      holds(text, false);
    }),
    { numRuns: 1500 },
  );
}, 300_000);
