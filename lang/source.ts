// Source texts and places in them. A span is small (three numbers); line and column are computed when a message is made.

/** One file of PG source. `id` indexes the list of sources of a compilation. */
export interface Source {
  readonly id: number;
  /** The path as users should see it in messages: relative to where they are, or `std/math.pg` for the library. */
  readonly path: string;
  readonly text: string;
}

/** A half-open range of UTF-16 offsets in one source. */
export interface Span {
  readonly source: number;
  readonly start: number;
  readonly end: number;
}

/** A 1-based line and column (columns count UTF-16 units). */
export interface LineCol {
  readonly line: number;
  readonly col: number;
}

export const spanning = (a: Span, b: Span): Span => ({ source: a.source, start: a.start, end: b.end });

const lineStarts = new WeakMap<Source, readonly number[]>();

const startsOf = (source: Source): readonly number[] => {
  const known = lineStarts.get(source);
  if (known) return known;
  const starts = [0];
  for (let i = source.text.indexOf('\n'); i >= 0; i = source.text.indexOf('\n', i + 1)) starts.push(i + 1);
  lineStarts.set(source, starts);
  return starts;
};

/** The line and column of `offset`; an offset past the end is the place just after the last character. */
export const lineCol = (source: Source, offset: number): LineCol => {
  const starts = startsOf(source);
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  return { line: low + 1, col: Math.min(offset, source.text.length) - (starts[low] ?? 0) + 1 };
};

/** The text of the 1-based `line`, without its line break. */
export const lineText = (source: Source, line: number): string => {
  const starts = startsOf(source);
  const start = starts[line - 1];
  if (start === undefined) return '';
  const next = starts[line];
  return source.text.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, '');
};
