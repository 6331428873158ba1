// Texts for the formatter's tests: every .pg file of the project and every pg block of its documents, generated programs, and
// the same programs written in other ways: with other line breaks, comments anywhere, and names of other lengths, which move
// every place where a line could be broken.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { Module } from '../../lang/ast.ts';
import { parse } from '../../lang/parser.ts';
import type { Source } from '../../lang/source.ts';
import { lexer, Name } from '../../lang/tokens.ts';
import { choicesFrom, generateProgram } from '../programs/generate.ts';

export const root = join(import.meta.dirname, '..', '..');

export const source = (text: string): Source => ({ id: 0, path: 'program.pg', text });

export const parses = (text: string): boolean => parse(source(text)).diagnostics.length === 0;

export interface File {
  readonly path: string;
  readonly text: string;
}

const inProject = (ending: string): readonly string[] =>
  readdirSync(root, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && !['node_modules', 'dist'].includes(entry.name))
    .flatMap(({ name }) =>
      statSync(join(root, name)).isDirectory()
        ? readdirSync(join(root, name), { recursive: true, encoding: 'utf8' }).map((f) => join(name, f))
        : [name],
    )
    .filter((path) => path.endsWith(ending))
    .sort();

const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const written: readonly File[] = inProject('.pg').map((path) => ({ path, text: read(path) }));

const shown: readonly File[] = inProject('.md').flatMap((path) =>
  [...read(path).matchAll(/^```pg[^\n]*\n([\s\S]*?)^```$/gm)].map((m, i) => ({
    path: `${path}, block ${i + 1}`,
    text: m[1] ?? '',
  })),
);

/** The .pg files of the project and the blocks of its documents that can be parsed. */
export const files: readonly File[] = [...written, ...shown].filter((f) => parses(f.text));

/** Those with mistakes in their syntax. */
export const wrongFiles: readonly File[] = written.filter((f) => !parses(f.text));

/** A tree without its places; `docs`: with what comments say in it. */
export const tree = (module: Module, docs: boolean): string =>
  JSON.stringify(module.decls, (key, value: unknown) => {
    if (key === 'span' || key.endsWith('Span')) return undefined;
    if (!docs && (key === 'doc' || key === 'note')) return undefined;
    return typeof value === 'bigint' ? `${value}n` : value;
  });

export const commentsOf = (text: string): readonly string[] =>
  (lexer.tokenize(text).groups.comments ?? []).map((t) => t.image.replace(/\s+/g, ' ').trim());

/** All that is no comment, as it was written, but for what the formatter may choose: blanks, and what ends a list. */
export const spelling = (text: string): string =>
  lexer
    .tokenize(text)
    .tokens.map((t) => t.image)
    .filter((image) => image !== ',' && image !== ';')
    .join(' ')
    .replaceAll('> >', '>>')
    .replaceAll('> >', '>>');

/** Tokens and comments in their order, with what is between them. */
interface Piece {
  readonly text: string;
  readonly isName: boolean;
  readonly after: string;
}

const piecesOf = (text: string): readonly Piece[] => {
  const { tokens, groups } = lexer.tokenize(text);
  const all = [...tokens, ...(groups.comments ?? [])].sort((a, b) => a.startOffset - b.startOffset);
  return all.map((t, i) => {
    const end = t.startOffset + t.image.length;
    return {
      text: t.image,
      isName: t.tokenType === Name && !words.has(t.image),
      after: text.slice(end, all[i + 1]?.startOffset ?? text.length),
    };
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

/** How much longer names become: the same name everywhere by as many. */
const stretches = [0, 1, 3, 8, 20, 45] as const;

/** Names that the grammar takes for words in some places. */
const words = new Set(
  (
    'barrier block critical cyclic dist fence finish local max min notify on par reduce spawn step test virtine ' +
    'wait within yield'
  ).split(' '),
);

const stretched = (name: string, stretch: readonly number[]): string => {
  const hash = [...name].reduce((h, letter) => (h * 31 + letter.charCodeAt(0)) % 1009, 7);
  return name + '_'.repeat(stretches[stretch[hash % Math.max(1, stretch.length)] ?? 0] ?? 0);
};

const rewrite = (
  text: string,
  join: (typeof joins)[number],
  changes: readonly (readonly [number, number])[],
  stretch: readonly number[],
): string => {
  const pieces = piecesOf(text).map((p) => (p.isName ? { ...p, text: stretched(p.text, stretch) } : p));
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

/** Programs as the generator writes them. */
export const generated = fc
  .array(fc.nat(1000), { minLength: 20, maxLength: 200 })
  .map((list) => generateProgram(choicesFrom(list)));

const program = fc.oneof(
  { weight: 3, arbitrary: fc.nat(small.length - 1).map((i) => small[i] ?? '') },
  { weight: 1, arbitrary: generated },
);

/** A program whose layout was changed and into which comments were put, at any places. */
export const disturbed = fc
  .tuple(
    program,
    fc.constantFrom(...joins),
    fc.array(fc.tuple(fc.nat(100_000), fc.nat(gaps.length - 1)), { maxLength: 30 }),
    fc.array(fc.nat(stretches.length - 1), { maxLength: 12 }),
  )
  .map(([text, join, changes, stretch]) => rewrite(text, join, changes, stretch));
