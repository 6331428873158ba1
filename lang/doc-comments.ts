// Gives declarations the comments that belong to them. The parser skips comments, so that they may stand anywhere; what they
// document is found afterwards by line:
//
//   //! text    at the head of a file: about the module
//   /// text    alone on the lines just above a declaration or a field: its documentation
//   // text     stays a comment; but beside (or just above) a `config const` it explains the option in `--help`
//
// Four slashes or more draw a line, and are ordinary.
import type { Decl, Documented, Module, Param } from './ast.ts';
import { lineCol, lineText, type Source, type Span } from './source.ts';

/** A comment as it stands in the text, and where. */
export interface Comment {
  readonly image: string;
  readonly startOffset: number;
}

type Style = 'doc' | 'module' | 'ordinary';

interface Line {
  readonly style: Style;
  readonly text: string;
  readonly span: Span;
  /** Nothing stands before it. */
  readonly alone: boolean;
}

const styleOf = (image: string): Style => {
  if (/^\/\/\/(?!\/)/.test(image)) return 'doc';
  return image.startsWith('//!') ? 'module' : 'ordinary';
};

const lineOf = (source: Source, c: Comment): Line => {
  const start = c.startOffset;
  const { line, col } = lineCol(source, start);
  const text = c.image.replace(/^\/\/(!|\/(?!\/)|\/*) ?/, '').trimEnd();
  const alone =
    lineText(source, line)
      .slice(0, col - 1)
      .trim() === '';
  return { style: styleOf(c.image), text, span: { source: source.id, start, end: start + c.image.length }, alone };
};

const joined = (lines: readonly Line[]): Documented => {
  const [first] = lines;
  const last = lines.at(-1);
  if (!first || !last) return {};
  return { doc: lines.map((l) => l.text).join('\n'), docSpan: { ...first.span, end: last.span.end } };
};

/** The unbroken run of `style` that ends at `line` or above it, with only ordinary comments in between. */
const runUpTo = (byLine: ReadonlyMap<number, Line>, line: number, style: Style): Line[] => {
  const at = (n: number): Line | undefined => {
    const found = byLine.get(n);
    return found?.alone ? found : undefined;
  };
  let n = line;
  while (style !== 'ordinary' && at(n)?.style === 'ordinary') n--;
  const run: Line[] = [];
  for (let found = at(n); found?.style === style; found = at(--n)) run.unshift(found);
  return run;
};

/** The module, its declarations and their fields with what is said about them. */
export const withDocs = (module: Module, source: Source, comments: readonly Comment[]): Module => {
  const byLine = new Map<number, Line>();
  for (const c of comments)
    if (c.image.startsWith('//')) byLine.set(lineCol(source, c.startOffset).line, lineOf(source, c));
  if (byLine.size === 0) return module;

  const lineAt = (offset: number): number => lineCol(source, offset).line;
  /** Of several things on one line only the first can be meant. */
  const isFirst = (start: number): boolean => {
    const { line, col } = lineCol(source, start);
    return (
      lineText(source, line)
        .slice(0, col - 1)
        .trim() === ''
    );
  };
  const documented = (start: number): Documented =>
    isFirst(start) ? joined(runUpTo(byLine, lineAt(start) - 1, 'doc')) : {};
  const field = (f: Param): Param => ({ ...f, ...documented(f.name.span.start) });
  /** What `--help` says about a config: the comment beside it, or else the lines above. */
  const note = (d: Decl): { note?: string } => {
    const beside = byLine.get(lineAt(Math.max(d.span.start, d.span.end - 1)));
    const above = runUpTo(byLine, lineAt(d.span.start) - 1, 'ordinary').map((l) => l.text);
    const text = beside?.style === 'ordinary' && !beside.alone ? beside.text : above.join('\n');
    return text === '' ? {} : { note: text };
  };
  const decls = module.decls.map((d): Decl => {
    const doc = documented(d.span.start);
    if (d.kind === 'struct') return { ...d, ...doc, fields: d.fields.map(field) };
    if (d.kind === 'const' && d.config) return { ...d, ...doc, ...note(d) };
    return { ...d, ...doc };
  });

  const head: Line[] = [];
  const firstDecl = module.decls[0];
  const end = firstDecl ? lineAt(firstDecl.span.start) : Number.POSITIVE_INFINITY;
  for (const [line, c] of byLine) {
    if (line >= end) break;
    // Ordinary comments (a licence) may come first; the documentation is one run of lines.
    if (c.style === 'module' && (head.length === 0 || byLine.get(line - 1) === head.at(-1))) head.push(c);
  }
  return { ...module, ...joined(head), decls };
};

/** What `--help` says about a config: one line. */
export const configHelpOf = (d: Extract<Decl, { kind: 'const' }>): string | undefined => {
  const text = (d.doc ?? d.note)
    ?.trim()
    .split(/\n[ \t]*\n/)[0]
    ?.replace(/\s+/g, ' ');
  return text === '' ? undefined : text;
};
