// The formatter: text in, the same program in the one layout that all programs share out. Three steps:
//
//   format-tokens.ts   which comment belongs to which token
//   format-*.ts        tree and tokens → a document (format-doc.ts), which knows where lines may be broken
//   format-layout.ts   document → lines
//
// What comes out is parsed again and compared, as Black does for Python (https://black.readthedocs.io, "AST before and
// after formatting"): a formatter that changes a program, or loses a comment, must not write files.
import type { Module } from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';
import { moduleDoc } from './format-decl.ts';
import { layOut } from './format-layout.ts';
import { blockBody } from './format-stmt.ts';
import { cursorOver, peek } from './format-tokens.ts';
import { parse } from './parser.ts';
import type { Source } from './source.ts';
import { lexer } from './tokens.ts';

export type Formatted =
  | { readonly kind: 'text'; readonly text: string }
  /** It cannot be parsed. */
  | { readonly kind: 'mistakes'; readonly diagnostics: readonly Diagnostic[] };

/** What is not the program's meaning: places, and documentation, which is looked at with the comments. */
const isAside = (key: string): boolean => key === 'span' || key.endsWith('Span') || key === 'doc' || key === 'note';

const isNode = (x: unknown): x is Readonly<Record<string, unknown>> => typeof x === 'object' && x !== null;

/** Whether two trees say the same, apart from their layout. With a list of what is to do: long sums are deep trees. */
export const sameMeaning = (a: Module, b: Module): boolean => {
  const todo: (readonly [unknown, unknown])[] = [[a.decls, b.decls]];
  for (let pair = todo.pop(); pair; pair = todo.pop()) {
    const [x, y] = pair;
    if (!isNode(x) || !isNode(y)) {
      if (!Object.is(x, y)) return false;
      continue;
    }
    if (Array.isArray(x) !== Array.isArray(y)) return false;
    for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) if (!isAside(key)) todo.push([x[key], y[key]]);
  }
  return true;
};

/** The comments of a text, without the white space in them. */
const comments = (text: string): string =>
  (lexer.tokenize(text).groups.comments ?? []).map((t) => t.image.replace(/\s+/g, ' ').trim()).join('\n');

/** Formats a file. Its meaning, its comments and their order stay. */
export const format = (source: Source): Formatted => {
  const { module, diagnostics } = parse(source);
  if (diagnostics.some((d) => d.severity === 'error')) return { kind: 'mistakes', diagnostics };
  const cursor = cursorOver(source, module, blockBody);
  const text = layOut(moduleDoc(cursor, module));
  if (peek(cursor).text !== '') throw new Error(`internal error: the formatter left \`${peek(cursor).text}\` out`);
  const again = parse({ ...source, text });
  if (again.diagnostics.length > diagnostics.length || !sameMeaning(again.module, module))
    throw new Error(`internal error: the formatter would change the program in ${source.path}`);
  if (comments(text) !== comments(source.text))
    throw new Error(`internal error: the formatter would change the comments in ${source.path}`);
  return { kind: 'text', text };
};
