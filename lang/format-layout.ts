// Lays a document (format-doc.ts) out in lines of at most `width` columns, where that is possible. One pass over the
// document with a stack of what is still to be printed, as in Oppen's and Lindig's printers; a group or an item of a
// fill is put on the current line if it and what must follow it fit there.
//
// An item of a fill that does not fit goes to a line of its own if it fits there. If it fits nowhere, it stays and is
// broken inside: so a long polynomial after Horner fills its lines instead of becoming a staircase.
import { type CommentText, type Doc, space } from './format-doc.ts';
import { unreachable } from './unreachable.ts';

/** Lines are broken to be no longer than this. Comments and texts may be. */
export const width = 100;

type Fill = Extract<Doc, { kind: 'fill' }>;

/** What is still to be printed; its line breaks, if any, are followed by `indent` columns. */
interface Todo {
  readonly doc: Doc;
  readonly flat: boolean;
  readonly indent: number;
  /** Of a fill: the item that comes next. */
  readonly item: number;
}

/** A finished line. `verbatim` lines stand in comments. */
interface Line {
  readonly indent: number;
  code: string;
  comments: CommentText[];
  readonly verbatim: boolean;
}

/** The lines of a comment that begins at `column`: a border of stars is put right, other text stays as it is. */
const commentLines = (c: CommentText, column: number): readonly string[] => {
  const starred = c.lines.slice(1).every((l) => l.trimStart().startsWith('*'));
  return c.lines.map((l, i) => (i > 0 && starred ? `${' '.repeat(column + 1)}${l.trimStart()}` : l));
};

/** Where the comments begin that stand beside lines which follow each other. */
const commentColumn = (run: readonly Line[]): number => {
  const needed = Math.max(...run.map((l) => l.indent + l.code.length)) + 1;
  const column = run[0]?.comments[0]?.column ?? 0;
  const bare = (s: string): string => s.replace(/\s+/g, '');
  // Columns that the author chose stay: all comments begin there, and not because that is just after the code.
  const chosen =
    run.every((l) => l.comments[0]?.column === column && bare(l.comments[0].beside) === bare(l.code)) &&
    run.some((l) => /\s{2}$/.test(l.comments[0]?.beside ?? ''));
  return chosen ? Math.max(needed, column) : needed;
};

const joined = (lines: readonly Line[]): string => {
  let out = '';
  const put = (l: Line, column: number): void => {
    const code = l.verbatim || l.code === '' ? l.code : ' '.repeat(l.indent) + l.code;
    const comment = l.comments.map((c) => c.lines[0]).join(' ');
    out += `${(comment === '' ? code : code.padEnd(column) + comment).trimEnd()}\n`;
  };
  for (let i = 0; i < lines.length; ) {
    const first = lines[i] as Line;
    let end = i + 1;
    if (first.comments.length > 0)
      while (lines[end] && (lines[end]?.comments.length ?? 0) > 0 && lines[end]?.indent === first.indent) end++;
    const run = lines.slice(i, end);
    const column = commentColumn(run);
    for (const l of run) put(l, column);
    i = end;
  }
  return out;
};

/** The text of a document: whole lines, or nothing at all. */
export const layOut = (document: Doc): string => {
  const lines: Line[] = [];
  let current: Line = { indent: 0, code: '', comments: [], verbatim: false };
  /** The line has ended; the next one begins with the next text. */
  let ended = false;
  const stack: Todo[] = [{ doc: document, flat: false, indent: 0, item: 0 }];

  const newLine = (indent: number, blank = false): void => {
    const last = lines.at(-1);
    const begun = current.code.trim() !== '' || current.comments.length > 0;
    if (begun) {
      current.code = current.code.trimEnd();
      lines.push(current);
    }
    if (blank && (begun || (last && last.code !== '')))
      lines.push({ indent: 0, code: '', comments: [], verbatim: false });
    current = { indent, code: '', comments: [], verbatim: false };
    ended = false;
  };
  const write = (s: string, indent: number): void => {
    if (ended && s.trim() !== '') newLine(indent);
    if (!ended) current.code += current.code === '' && !current.verbatim ? s.trimStart() : s;
  };
  const writeComment = (c: CommentText, indent: number): void => {
    if (ended) newLine(indent);
    const own = current.verbatim ? 0 : current.indent;
    const [first = '', ...rest] = commentLines(c, own + current.code.length);
    current.code += first;
    for (const l of rest) {
      lines.push(current);
      current = { indent: current.indent, code: l, comments: [], verbatim: true };
    }
  };
  /** Where the next text would begin. */
  const column = (indent: number): number =>
    ended ? indent : current.code.length + (current.verbatim ? 0 : current.indent);

  /** The width of what must follow on the same line. */
  const tail = (): number => {
    let total = 0;
    for (let i = stack.length - 1; i >= 0; i--) {
      const t = stack[i] as Todo;
      if (t.flat) {
        total += t.doc.flat;
        if (t.doc.ends) return total;
        continue;
      }
      if (t.item > 0) return total;
      total += t.doc.head;
      if (t.doc.stops) return total;
    }
    return total;
  };
  const fits = (doc: Doc, from: number): boolean => from + doc.flat + (doc.ends ? 0 : tail()) <= width;

  /** Whether an item that could begin at `here` begins a line instead. */
  const breaksBefore = (doc: Fill, item: Doc, here: number, indent: number): boolean => {
    if (ended || indent >= here || fits(item, here)) return false;
    const beginsHere = item.stops && here + item.head <= width;
    return !beginsHere || (!doc.tight && fits(item, indent));
  };

  const printFill = (doc: Fill, t: Todo): void => {
    const item = doc.items[t.item];
    if (!item) return;
    const gap = t.item > 0 ? 1 : 0;
    if (t.item + 1 < doc.items.length) stack.push({ ...t, item: t.item + 1 });
    const here = column(t.indent);
    if ((gap > 0 || doc.open) && breaksBefore(doc, item, here + gap, t.indent)) newLine(t.indent);
    else if (gap > 0) write(' ', t.indent);
    stack.push({ doc: item, flat: fits(item, column(t.indent)), indent: t.indent, item: 0 });
  };

  for (let t = stack.pop(); t; t = stack.pop()) {
    const { doc, flat, indent } = t;
    const next = (d: Doc, at: number, f = flat): void => {
      stack.push({ doc: d, flat: f, indent: at, item: 0 });
    };
    switch (doc.kind) {
      case 'text':
        write(doc.text, indent);
        break;
      case 'concat':
        for (let i = doc.parts.length - 1; i >= 0; i--) next(doc.parts[i] as Doc, indent);
        break;
      case 'hard':
        newLine(indent, doc.blank);
        break;
      case 'line':
        if (flat) write(doc.flatText, indent);
        else newLine(indent, doc.blank);
        break;
      case 'ifBroken':
        if (!flat) write(doc.text, indent);
        break;
      case 'nest':
        next(doc.body, indent + 2);
        break;
      case 'hang':
        if (ended && !flat) newLine(indent);
        next(doc.body, flat ? indent : current.indent + doc.by);
        break;
      case 'group':
        next(doc.body, indent, flat || fits(doc, column(indent)));
        break;
      case 'fill':
        if (t.item === 0) {
          if (ended && !flat && !doc.open) newLine(indent);
          const at = flat ? indent : current.indent + doc.by;
          if (!flat) printFill(doc, { ...t, indent: at });
          else
            for (let i = doc.items.length - 1; i >= 0; i--) {
              next(doc.items[i] as Doc, at);
              if (i > 0) next(space, at);
            }
        } else printFill(doc, t);
        break;
      case 'choice':
        if (flat || column(indent) + doc.short.flat <= width) {
          next(doc.between, indent);
          next(doc.short, indent, true);
        } else next(doc.long, indent);
        break;
      case 'beside': {
        // Several lines cannot stand in the margin.
        const margin = doc.comments.every((c) => c.lines.length === 1) && !ended;
        for (const c of doc.comments) {
          if (margin && current.code.trim() !== '') current.comments.push(c);
          else {
            write(' ', indent);
            writeComment(c, indent);
          }
        }
        ended = true;
        break;
      }
      case 'above':
        if (!ended && current.code.trim() !== '') newLine(indent);
        for (const [i, c] of doc.comments.entries()) {
          if (i > 0) write(' ', indent);
          writeComment(c, indent);
        }
        ended = true;
        break;
      case 'among':
        writeComment(doc.comment, indent);
        break;
      default:
        unreachable(doc);
    }
  }
  newLine(0);
  return joined(lines);
};
