// The examples in doc comments, as programs. A block of code marked `pg` becomes a text in which every character stands on the
// line and in the column where it stands in the module's file: what the compiler and the node say about it needs no translation.
// What is put around it goes to the lines of the fences, and before them there are empty lines.
//
//   /// ```pg                          import std.math;fn main() {
//   /// print("{}", math.abs(-1.0));       print("{}", math.abs(-1.0));
//   /// ```                            }
import type { IToken } from 'chevrotain';
import type { Documented, Module } from './ast.ts';
import { type Block, blocksOf } from './doc-prose.ts';
import type { ModuleHost } from './modules.ts';
import { lineCol, lineText, type Source } from './source.ts';
import { keywords as k, lexer, mark, Name, Str } from './tokens.ts';

export interface Example {
  /** The declaration that it belongs to (`Point.x` for a field), or empty for the module. */
  readonly of: string;
  /** The line where the block begins: that of the fence, from 1. */
  readonly line: number;
  readonly program: string;
  /** How many images, if the block says so. */
  readonly images?: number;
  /** False if it is only to be compiled. */
  readonly runs: boolean;
  /** What it is to print. */
  readonly expected?: string;
  /** What keeps it from being an example. */
  readonly problem?: string;
}

interface Info {
  readonly images?: number;
  readonly runs: boolean;
  readonly problem?: string;
}

/** What follows `pg`: `-n 4`, `no-run`. */
const infoOf = (info: string): Info => {
  const words = info.split(/\s+/).slice(1);
  let found: Info = { runs: true };
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (word === 'no-run') found = { ...found, runs: false };
    else if (word === '-n' && /^[1-9]\d{0,2}$/.test(words[i + 1] ?? ''))
      found = { ...found, images: Number(words[++i]) };
    else return { ...found, problem: `\`${word}\` means nothing after pg; known are -n 4 and no-run` };
  }
  return found;
};

// ---- what a block consists of -----------------------------------------------------------------------------------

interface Shape {
  readonly hasMain: boolean;
  /** Where the declarations at its beginning end, if any statement follows. */
  readonly statements: number | undefined;
  /** What it imports: paths as written, and names of library modules with `std.` in front. */
  readonly imports: readonly string[];
}

const itemWords = new Set([k.import, k.fn, k.struct, k.config, k.const, k.shared, k.co, k.strict]);
const opening = new Set([mark.LBrace, mark.LParen, mark.LBracket]);
const closing = new Set([mark.RBrace, mark.RParen, mark.RBracket]);

const beginsItem = (tokens: readonly IToken[], at: number): boolean => {
  const t = tokens[at];
  if (!t) return false;
  if (itemWords.has(t.tokenType)) return true;
  const next = tokens[at + 1]?.tokenType;
  return t.tokenType === Name && ((t.image === 'virtine' && next === k.fn) || (t.image === 'test' && next === Str));
};

/** Past the declaration that begins at `at`: after its `;`, or after the `}` of its body. */
const pastItem = (tokens: readonly IToken[], at: number): number => {
  let depth = 0;
  for (let i = at; i < tokens.length; i++) {
    const type = tokens[i]?.tokenType;
    if (type && opening.has(type)) depth++;
    if (type && closing.has(type)) depth--;
    if (depth === 0 && (type === mark.Semi || type === mark.RBrace)) return i + 1;
  }
  return tokens.length;
};

const shapeOf = (code: string): Shape => {
  const { tokens } = lexer.tokenize(code);
  const imports: string[] = [];
  let hasMain = false;
  let at = 0;
  while (beginsItem(tokens, at)) {
    const end = pastItem(tokens, at);
    if (tokens[at]?.tokenType === k.fn && tokens[at + 1]?.image === 'main') hasMain = true;
    if (tokens[at]?.tokenType === k.import) {
      const path = tokens.slice(at + 1, end - 1);
      const alias = path.findIndex((t) => t.tokenType === k.as);
      const text = path.slice(0, alias < 0 ? path.length : alias).map((t) => t.image);
      imports.push(text.join('').replace(/^"(.*)"$/, '$1'));
    }
    at = end;
  }
  const last = tokens[at - 1];
  const end = last ? last.startOffset + last.image.length : 0;
  return { hasMain, statements: at < tokens.length ? end : undefined, imports };
};

// ---- the program around it --------------------------------------------------------------------------------------

/** The module as its examples see it. */
export interface Self {
  /** `std.math`, or the name of its file. */
  readonly name: string;
  readonly source: Source;
  readonly host: ModuleHost;
}

const importsSelf = (self: Self, imports: readonly string[]): boolean =>
  imports.some((i) =>
    i.startsWith('std.')
      ? self.host.std(i.split('.').slice(1)) === self.source.path
      : self.host.resolve(self.source.path, i) === self.host.resolve(self.source.path, fileOf(self)),
  );

const fileOf = (self: Self): string => self.source.path.split(/[\\/]/).at(-1) ?? '';

const importOf = (self: Self): string => {
  if (self.name.startsWith('std.')) return `import ${self.name};`;
  const word = self.name.replace(/\W/g, '_').replace(/^(?=\d)/, '_');
  return `import ${JSON.stringify(fileOf(self))} as ${Object.hasOwn(k, word) ? `${word}_` : word};`;
};

/** The lines of a block at their columns in the file, from `first` (from 1). */
const linesInPlace = (source: Source, first: number, count: number): string[] =>
  Array.from({ length: count }, (_, i) =>
    lineText(source, first + i).replace(/^(\s*)\/\/[/!]/, (prefix) => ' '.repeat(prefix.length)),
  );

const programOf = (self: Self, first: number, count: number): string => {
  const lines = linesInPlace(self.source, first, count);
  const code = lines.join('\n');
  const shape = shapeOf(code);
  const above = '\n'.repeat(Math.max(0, first - 2));
  const head = shape.hasMain || importsSelf(self, shape.imports) ? '' : importOf(self);
  if (shape.hasMain) return `${above}${head}\n${code}\n`;
  if (shape.statements === undefined) return `${above}${head}\n${code}\nfn main() { }\n`;
  if (shape.statements === 0) return `${above}${head}fn main() {\n${code}\n}\n`;
  // Just after the declarations: at the end of a line, mostly, so that no column changes.
  const at = shape.statements;
  return `${above}${head}\n${code.slice(0, at)} fn main() {${code.slice(at)}\n}\n`;
};

// ---- all examples -----------------------------------------------------------------------------------------------

type Code = Extract<Block, { kind: 'code' }>;

const exampleOf = (self: Self, of: string, first: number, b: Code, expected: string | undefined): Example => {
  const { images, runs, problem } = infoOf(b.info);
  const wrong = b.closed ? problem : 'the block has no end';
  return {
    of,
    line: first + b.line - 1,
    program: programOf(self, first + b.line, b.text === '' ? 0 : b.text.split('\n').length),
    ...(images === undefined ? {} : { images }),
    runs,
    ...(expected === undefined ? {} : { expected }),
    ...(wrong === undefined ? {} : { problem: wrong }),
  };
};

const inDoc = (self: Self, of: string, { doc, docSpan }: Documented): Example[] => {
  if (doc === undefined || !docSpan) return [];
  const first = lineCol(self.source, docSpan.start).line;
  const blocks = blocksOf(doc);
  return blocks.flatMap((b, i) => {
    if (b.kind !== 'code' || !/^pg(\s|$)/.test(b.info)) return [];
    const next = blocks[i + 1];
    return [exampleOf(self, of, first, b, next?.kind === 'code' && next.info === 'text' ? next.text : undefined)];
  });
};

/** All examples of a module, those of what is internal too. */
export const examplesIn = (self: Self, tree: Module): Example[] => {
  const ofDecls = tree.decls.flatMap((d) => {
    const name = d.kind === 'import' ? '' : d.kind === 'test' ? `"${d.name}"` : d.name.name;
    const fields = d.kind === 'struct' ? d.fields.flatMap((f) => inDoc(self, `${name}.${f.name.name}`, f)) : [];
    return [...inDoc(self, name, d), ...fields];
  });
  return [...inDoc(self, '', tree), ...ofDecls];
};
