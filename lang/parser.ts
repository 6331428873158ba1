// Text → syntax tree, on Chevrotain. The tree is built while parsing; where the text is wrong the parser says so, skips to
// where a statement or declaration can begin again, and goes on, so that one run reports several mistakes.
//
//   parse-base.ts   what all rules share        parse-stmt.ts   statements and blocks
//   parse-expr.ts   types and expressions       parse-decl.ts   modules and declarations
//   doc-comments.ts which comments belong to what
//
// Texts without mistakes are parsed by hand (lex-quick.ts, parse-quick.ts).
import type { IRecognitionException } from 'chevrotain';
import type { Module } from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';
import { withDocs } from './doc-comments.ts';
import { quickTokens } from './lex-quick.ts';
import { PgParser } from './parse-decl.ts';
import { quickParser } from './parse-quick.ts';
import type { Source } from './source.ts';
import { syntaxDiagnostic, unclosedComments } from './syntax-errors.ts';
import { lexer } from './tokens.ts';

let quick: ReturnType<typeof quickParser> | undefined;
let parser: PgParser | undefined;

type Parsed = { module: Module; diagnostics: Diagnostic[] };

/**
 * Parses one file. Never throws: what cannot be understood is reported and left out of the tree. With `later`, bodies of functions are
 * parsed when somebody looks at them: for texts that are known to have no mistakes, as what is wrong in a body then is an error of ours.
 */
export const parse = (source: Source, how?: 'later'): Parsed => {
  quick ??= quickParser();
  const found = quickTokens(source.text);
  const tree = found && quick.parse(found, source.id, how);
  if (tree) {
    const { comments } = found;
    if (unclosedComments(source, comments).length === 0)
      return { module: withDocs(tree, source, comments), diagnostics: [] };
  }
  return parseWithRecovery(source);
};

/** The same for a text with mistakes: what is right in it is in the tree, and each mistake has a message. */
export const parseWithRecovery = (source: Source): Parsed => {
  const { tokens, errors, groups } = lexer.tokenize(source.text);
  const comments = groups.comments ?? [];
  parser ??= new PgParser();
  parser.begin(source.id);
  parser.input = tokens;
  const module: Module = parser.module() ?? {
    source: source.id,
    decls: [],
    span: { source: source.id, start: 0, end: source.text.length },
  };
  const mistakes: IRecognitionException[] = parser.tooDeep ? [] : parser.errors;
  const diagnostics = syntaxDiagnostic({ source, lexing: errors, parsing: mistakes, parser, comments });
  return { module: withDocs(module, source, comments), diagnostics };
};
