// What stands between braces, for the formatter: statements, fields, and whole files. Each item has a line of its own,
// with the comments above it and at most one empty line between; or all stand on the line of the brace.
import { type Body, choice, concat, type Doc, group, line, nest, nothing, spaced } from './format-doc.ts';
import { type Cursor, lineBefore, linesAbove, restOfComments, take } from './format-tokens.ts';
import type { Span } from './source.ts';

/** Items with the line breaks and comments before and between them, and those after the last. `next` takes an item. */
export const listed = (c: Cursor, next: () => Doc | undefined): Doc[] => {
  const all: Doc[] = [];
  for (;;) {
    all.push(...linesAbove(c, all.length === 0));
    const lineBreak = lineBefore(c, all.length === 0);
    const item = next();
    if (!item) break;
    all.push(lineBreak, item);
  }
  const rest = restOfComments(c);
  if (rest) all.push(lineBefore(c, all.length === 0), rest);
  return all;
};

export const bodyOf = (c: Cursor, next: () => Doc | undefined): Body => {
  const open = take(c, '{');
  const inner = listed(c, next);
  const close = take(c, '}');
  return { open, inner: inner.length === 0 ? undefined : nest(concat(...inner)), close };
};

export const braces = ({ open, inner, close }: Body): Doc =>
  inner ? concat(open, inner, line(), close) : concat(open, close);

/** A body on one line where it fits, or with a line for each item. */
export const bodyGroup = (body: Body, broken: boolean): Doc => group(braces(body), broken);

/** The words before a body, and the body: on one line where all of it fits, otherwise the body has a line for each item. */
export const withBody = (words: Doc, body: Body, broken: boolean): Doc => {
  const long = spaced(words, bodyGroup(body, true));
  return broken ? long : choice(spaced(words, braces(body)), nothing, long);
};

/** Whether what has the span was written on one line. */
export const onOneLine = (c: Cursor, { start, end }: Span): boolean => !c.source.text.slice(start, end).includes('\n');
