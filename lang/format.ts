// The formatter: text in, the same program in the one layout that all programs share out. Three steps:
//
//   format-tokens.ts   which comment belongs to which token
//   format-*.ts        tree and tokens → a document (format-doc.ts), which knows where lines may be broken
//   format-layout.ts   document → lines
//
// What comes out is parsed again and compared, as Black does for Python (https://black.readthedocs.io, "AST before and
// after formatting"): a formatter that changes a program, or loses a comment, must not write files.
import type { Decl, Module } from './ast.ts';
import { astText } from './ast-text.ts';
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

/** A declaration without what its comments say. */
const withoutDocs = (d: Decl): Decl => {
  const { doc: _doc, note: _note, ...bare }: Decl & { readonly note?: string } = d;
  if (bare.kind !== 'struct') return bare;
  return { ...bare, fields: bare.fields.map(({ name, type }) => ({ name, type })) };
};

/** What a program says, apart from its layout. The documentation is looked at with the comments. */
const meaning = (module: Module): string => astText({ ...module, decls: module.decls.map(withoutDocs) });

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
  if (again.diagnostics.length > 0 || meaning(again.module) !== meaning(module))
    throw new Error('internal error: the formatter would change the program');
  if (comments(text) !== comments(source.text))
    throw new Error('internal error: the formatter would change the comments');
  return { kind: 'text', text };
};
