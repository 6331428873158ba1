// Text → syntax tree, on Chevrotain. The tree is built while parsing; where the text is wrong the parser says so, skips to
// where a statement or declaration can begin again, and goes on, so that one run reports several mistakes.
//
//   parse-base.ts   what all rules share        parse-stmt.ts   statements and blocks
//   parse-expr.ts   types and expressions       parse-decl.ts   modules and declarations
//   doc-comments.ts which comments belong to what
import type { IRecognitionException } from 'chevrotain';
import type { Module } from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';
import { withDocs } from './doc-comments.ts';
import { PgParser } from './parse-decl.ts';
import type { Source } from './source.ts';
import { syntaxDiagnostic } from './syntax-errors.ts';
import { lexer } from './tokens.ts';

let parser: PgParser | undefined;

/** Parses one file. Never throws: what cannot be understood is reported and left out of the tree. */
export const parse = (source: Source): { module: Module; diagnostics: Diagnostic[] } => {
  const { tokens, errors, groups } = lexer.tokenize(source.text);
  parser ??= new PgParser();
  parser.reset();
  parser.source = source.id;
  parser.missingSemicolons = [];
  parser.misplaced = [];
  parser.missingOn = [];
  parser.missingRanges = [];
  parser.missingValues = [];
  parser.badReductions = [];
  parser.input = tokens;
  const module: Module = parser.module() ?? {
    source: source.id,
    decls: [],
    span: { source: source.id, start: 0, end: source.text.length },
  };
  const mistakes: IRecognitionException[] = parser.tooDeep ? [] : parser.errors;
  const diagnostics = syntaxDiagnostic({
    source,
    module,
    lexing: errors,
    parsing: mistakes,
    parser,
    comments: groups.comments ?? [],
  });
  return { module: withDocs(module, source, groups.comments ?? []), diagnostics };
};
