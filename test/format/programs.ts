// Texts for the formatter's tests: every .pg file of the project, and the same programs written in other ways.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Module } from '../../lang/ast.ts';
import { parse } from '../../lang/parser.ts';
import type { Source } from '../../lang/source.ts';
import { lexer } from '../../lang/tokens.ts';
import { choicesFrom, generateProgram } from '../programs/generate.ts';

export const root = join(import.meta.dirname, '..', '..');

export const source = (text: string): Source => ({ id: 0, path: 'program.pg', text });

export const parses = (text: string): boolean => parse(source(text)).diagnostics.length === 0;

export interface File {
  readonly path: string;
  readonly text: string;
}

/** The .pg files of the project that can be parsed. */
export const files: readonly File[] = ['stdlib', 'examples', 'test', 'bench']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((f) => join(folder, f)),
  )
  .filter((path) => path.endsWith('.pg'))
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }))
  .filter((f) => parses(f.text));

/** A tree without its places; `docs`: with what comments say in it. */
export const tree = (module: Module, docs: boolean): string =>
  JSON.stringify(module.decls, (key, value: unknown) => {
    if (key === 'span' || key.endsWith('Span')) return undefined;
    if (!docs && (key === 'doc' || key === 'note')) return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });

export const commentsOf = (text: string): readonly string[] =>
  (lexer.tokenize(text).groups.comments ?? []).map((t) => t.image.replace(/\s+/g, ' ').trim());

/** Tokens and comments in their order, with what is between them. */
interface Piece {
  readonly text: string;
  readonly after: string;
}

const piecesOf = (text: string): readonly Piece[] => {
  const { tokens, groups } = lexer.tokenize(text);
  const all = [...tokens, ...(groups.comments ?? [])].sort((a, b) => a.startOffset - b.startOffset);
  return all.map((t, i) => {
    const end = t.startOffset + t.image.length;
    return { text: t.image, after: text.slice(end, all[i + 1]?.startOffset ?? text.length) };
  });
};

/** What may stand between two tokens. */
const gaps = [
  ' ',
  '\n',
  '\n\n\n',
  '  \t ',
  '\r\n',
  ' // one\n',
  '\n// alone\n',
  '\n\n/// documents\n',
  '\n\n// far\n\n',
  ' /* in */ ',
  ' /* end */\n',
  '\n/* begin */ ',
  '\n/* a */ /* b */ // c\n',
  ' /* of\n     two */ ',
  '\n/*\n * stars\n */\n',
  '/* nested /* comment */ */',
] as const;

/** What becomes of the gaps between tokens before some get comments: nothing, or all are blanks, or line breaks. */
const joins = ['as it is', ' ', '\n'] as const;

const rewrite = (
  text: string,
  join: (typeof joins)[number],
  changes: readonly (readonly [number, number])[],
): string => {
  const pieces = piecesOf(text);
  const chosen = new Map(changes.map(([at, gap]) => [at % Math.max(1, pieces.length), gaps[gap] ?? ' ']));
  return pieces
    .map((p, i) => {
      const between = join === 'as it is' || p.text.startsWith('//') ? p.after : join;
      const gap = chosen.get(i);
      if (gap === undefined) return p.text + between;
      return p.text + (p.text.startsWith('//') ? `\n${gap}` : gap);
    })
    .join('');
};

/** The shortest first: fast-check then shrinks towards them. */
const small = files
  .map((f) => f.text)
  .filter((t) => t.length < 12_000)
  .sort((a, b) => a.length - b.length);

const program = fc.oneof(
  { weight: 3, arbitrary: fc.nat(small.length - 1).map((i) => small[i] ?? '') },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.nat(1000), { minLength: 20, maxLength: 200 })
      .map((list) => generateProgram(choicesFrom(list))),
  },
);

/** A program whose layout was changed and into which comments were put, at any places. */
export const disturbed = fc
  .tuple(
    program,
    fc.constantFrom(...joins),
    fc.array(fc.tuple(fc.nat(100_000), fc.nat(gaps.length - 1)), { maxLength: 30 }),
  )
  .map(([text, join, changes]) => rewrite(text, join, changes));
