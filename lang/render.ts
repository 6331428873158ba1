// Draws a diagnostic as rustc does: what is wrong, where, the line with the exact span underlined, other places that matter,
// and how to mend it. Pure text: whether there are colours is up to the caller.
import { codes } from './codes.ts';
import type { Diagnostic, Label } from './diagnostic.ts';
import { lineCol, lineText, type Source, type Span } from './source.ts';

export interface RenderOptions {
  readonly color: boolean;
}

const tabWidth = 4;

/** Columns a character takes on a terminal: none for combining marks, two for wide ones (East Asian, most emoji). */
const columnsOf = (char: string): number => {
  const code = char.codePointAt(0) ?? 0;
  if (/\p{Mn}|\p{Me}|\u200d|\ufe0f/u.test(char)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
};

/** The line as it is shown (tabs as spaces), and the display column of each UTF-16 offset in it. */
const display = (text: string): { readonly shown: string; readonly columns: readonly number[] } => {
  let shown = '';
  const columns: number[] = [];
  let column = 0;
  for (const char of text) {
    for (let i = 0; i < char.length; i++) columns.push(column);
    const width = char === '\t' ? tabWidth - (column % tabWidth) : columnsOf(char);
    // A control character could move the cursor: it is shown as its picture.
    shown +=
      char === '\t' ? ' '.repeat(width) : char < ' ' ? String.fromCodePoint(0x2400 + (char.codePointAt(0) ?? 0)) : char;
    column += width;
  }
  columns.push(column);
  return { shown, columns };
};

interface Mark {
  readonly line: number;
  /** UTF-16 offsets in the line. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
  readonly primary: boolean;
}

/** The part of a span that is on its first line, and on its last one if that is another. */
const marksOf = (source: Source, span: Span, text: string, primary: boolean): readonly Mark[] => {
  const start = lineCol(source, span.start);
  const end = lineCol(source, Math.max(span.start, span.end));
  const from = start.col - 1;
  if (start.line === end.line) return [{ line: start.line, from, to: Math.max(end.col - 1, from), text, primary }];
  const firstEnd = lineText(source, start.line).length;
  const lastText = lineText(source, end.line);
  const lastFrom = lastText.length - lastText.trimStart().length;
  return [
    { line: start.line, from, to: firstEnd, text: '', primary },
    { line: end.line, from: Math.min(lastFrom, end.col - 1), to: end.col - 1, text, primary },
  ];
};

type Paint = (code: string, text: string) => string;

/** Lines longer than this are shown in part: a program on one line must not be printed whole with each message. */
const longestLine = 300;

/** The part of a line around its first mark, and where it begins. */
const excerpt = (line: string, marks: readonly Mark[]): { readonly text: string; readonly from: number } => {
  if (line.length <= longestLine) return { text: line, from: 0 };
  const first = Math.min(...marks.map((m) => m.from));
  const from = Math.max(0, Math.min(first - longestLine / 2, line.length - longestLine));
  return { text: line.slice(from, from + longestLine), from };
};

/** One source's lines with their marks, in the order of the lines. */
const drawSource = (source: Source, marks: readonly Mark[], gutter: number, paint: Paint): string[] => {
  const bar = paint('34;1', '|');
  const blank = `${' '.repeat(gutter)} ${bar}`;
  const lines: string[] = [blank];
  let previous: number | undefined;
  for (const line of [...new Set(marks.map((m) => m.line))].sort((a, b) => a - b)) {
    if (previous !== undefined && line > previous + 1) lines.push(paint('34;1', '...'));
    const here = marks.filter((x) => x.line === line);
    const { text, from: cut } = excerpt(lineText(source, line), here);
    const { shown, columns } = display(text);
    lines.push(`${paint('34;1', String(line).padStart(gutter))} ${bar} ${shown}`.trimEnd());
    for (const m of here.sort((a, b) => Number(b.primary) - Number(a.primary))) {
      const from = columns[Math.min(Math.max(0, m.from - cut), columns.length - 1)] ?? 0;
      const to = columns[Math.min(Math.max(0, m.to - cut), columns.length - 1)] ?? from;
      const underline = (m.primary ? '^' : '-').repeat(Math.max(1, to - from));
      const colour = m.primary ? '31;1' : '34;1';
      lines.push(`${blank} ${' '.repeat(from)}${paint(colour, m.text ? `${underline} ${m.text}` : underline)}`);
    }
    previous = line;
  }
  return lines;
};

const primaryText = (d: Diagnostic): string => {
  if (d.label !== undefined) return d.label;
  return d.expected !== undefined && d.found !== undefined ? `expected ${d.expected}, found ${d.found}` : '';
};

/** The message as text of several lines, without a line break at the end. */
export const renderDiagnostic = (d: Diagnostic, sources: readonly Source[], options: RenderOptions): string => {
  const paint: Paint = (code, text) => (options.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const head = `${paint(d.severity === 'error' ? '31;1' : '33;1', `${d.severity}[${d.code}]`)}${paint('1', `: ${d.message}`)}`;
  const labels: (Label & { readonly primary: boolean })[] = [
    // The message often says it all: then the underline needs no text.
    { span: d.span, text: d.message.includes(primaryText(d)) ? '' : primaryText(d), primary: true },
    ...(d.secondary ?? []).map((l) => ({ ...l, primary: false })),
  ];
  const ids = [...new Set(labels.map((l) => l.span.source))];
  const lastLine = Math.max(
    1,
    ...labels.map((l) => {
      const source = sources[l.span.source];
      return source ? lineCol(source, l.span.end).line : 1;
    }),
  );
  const gutter = String(lastLine).length;
  const lines = [head];
  ids.forEach((id, n) => {
    const source = sources[id];
    if (!source) return;
    const own = labels.filter((l) => l.span.source === id);
    const { line, col } = lineCol(source, own[0]?.span.start ?? 0);
    lines.push(`${' '.repeat(gutter)}${paint('34;1', n === 0 ? '-->' : ':::')} ${source.path}:${line}:${col}`);
    lines.push(
      ...drawSource(
        source,
        own.flatMap((l) => marksOf(source, l.span, l.text, l.primary)),
        gutter,
        paint,
      ),
    );
  });
  if (d.hint !== undefined) lines.push(`${' '.repeat(gutter)} ${paint('34;1', '=')} ${paint('1', 'help')}: ${d.hint}`);
  return lines.join('\n');
};

const place = (span: Span, sources: readonly Source[]): object => {
  const source = sources[span.source];
  if (!source) return {};
  const start = lineCol(source, span.start);
  const end = lineCol(source, span.end);
  return { path: source.path, line: start.line, column: start.col, endLine: end.line, endColumn: end.col };
};

/** The message for machines: lines and columns count from 1, ends are one past. */
export const diagnosticJson = (d: Diagnostic, sources: readonly Source[]): object => ({
  code: d.code,
  severity: d.severity,
  title: codes[d.code].title,
  message: d.message,
  ...place(d.span, sources),
  ...(d.expected === undefined ? {} : { expected: d.expected }),
  ...(d.found === undefined ? {} : { found: d.found }),
  ...(d.hint === undefined ? {} : { hint: d.hint }),
  secondary: (d.secondary ?? []).map((l) => ({ text: l.text, ...place(l.span, sources) })),
});
