// Documents: text that knows where it may be broken into lines. The formatter's builders (format-*.ts) make them and
// format-layout.ts lays them out. The idea is Oppen's (D. C. Oppen, "Prettyprinting", TOPLAS 2(4), 1980) in the algebra
// of Wadler and Lindig (P. Wadler, "A prettier printer", 1998; C. Lindig, "Strictly Pretty", 2000): a `group` is broken
// at all its lines or at none, a `fill` only where it must be.
//
// Each document carries measures, so that every decision of the layout takes constant time:
//
//   flat    its width on one line; infinite if it cannot stand on one
//   head    its width up to the first place where it could be broken
//   stops   whether there is such a place
//   ends    its line ends with it: the last thing in it is a comment that a line break must follow
interface Measures {
  readonly flat: number;
  readonly head: number;
  readonly stops: boolean;
  readonly ends: boolean;
}

/** A comment's text by lines; `column` is where it began in its source, `beside` what stood before it on its line. */
export interface CommentText {
  readonly lines: readonly string[];
  readonly column: number;
  readonly beside: string;
}

export type Doc = Measures &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'concat'; readonly parts: readonly Doc[] }
    /** The end of a line, followed by an empty one if `blank`. */
    | { readonly kind: 'hard'; readonly blank: boolean }
    /** In a broken group the end of a line, otherwise `flatText`. */
    | { readonly kind: 'line'; readonly flatText: string; readonly blank: boolean }
    /** Text only where the group is broken. */
    | { readonly kind: 'ifBroken'; readonly text: string }
    /** Lines begin two columns further right than those around it. */
    | { readonly kind: 'nest'; readonly body: Doc }
    /** Lines begin `by` columns further right than the line on which it begins. */
    | { readonly kind: 'hang'; readonly body: Doc; readonly by: number }
    /** On one line, or broken at all the lines that are directly in it. */
    | { readonly kind: 'group'; readonly body: Doc; readonly broken: boolean }
    /** Items with blanks between them, or a line break where the next item would not fit. */
    | {
        readonly kind: 'fill';
        readonly items: readonly Doc[];
        /** A line break may stand before the first item too. */
        readonly open: boolean;
        /** What is around it should be broken rather than this: an item stays if it can begin on the line. */
        readonly tight: boolean;
        readonly by: number;
      }
    /** `short` if it fits on the line, otherwise `long`. */
    | { readonly kind: 'choice'; readonly short: Doc; readonly between: Doc; readonly long: Doc }
    /** Comments after the last token of a line. */
    | { readonly kind: 'beside'; readonly comments: readonly CommentText[] }
    /** Comments on lines of their own. */
    | { readonly kind: 'above'; readonly comments: readonly CommentText[] }
    /** A comment of several lines, among tokens. */
    | { readonly kind: 'among'; readonly comment: CommentText }
  );

const breaks: Measures = { flat: Number.POSITIVE_INFINITY, head: 0, stops: true, ends: false };

export const text = (s: string): Doc => ({
  kind: 'text',
  text: s,
  flat: s.length,
  head: s.length,
  stops: false,
  ends: false,
});

export const nothing: Doc = text('');
export const space: Doc = text(' ');

/** The measures of documents one after the other. */
const together = (parts: readonly Doc[]): Measures => {
  let flat = 0;
  let head = 0;
  let stops = false;
  let ends = false;
  for (const p of parts) {
    const blank = p.kind === 'text' && p.text.trim() === '';
    flat += ends && !blank && (p.flat > 0 || p.stops) ? Number.POSITIVE_INFINITY : p.flat;
    if (!stops) {
      head += p.head;
      stops = p.stops;
    }
    if (!blank) ends = p.ends || (ends && p.flat === 0);
  }
  return { flat, head, stops, ends };
};

export const concat = (...parts: readonly Doc[]): Doc =>
  parts.length === 1 && parts[0] ? parts[0] : { kind: 'concat', parts, ...together(parts) };

/** Documents with a blank between them. */
export const spaced = (...parts: readonly Doc[]): Doc =>
  concat(...parts.flatMap((p, i) => (i === 0 ? [p] : [space, p])));

export const hard = (blank = false): Doc => ({ kind: 'hard', blank, ...breaks });

export const line = (flatText: ' ' | '' = ' ', blank = false): Doc => ({
  kind: 'line',
  flatText,
  blank,
  flat: flatText.length,
  head: 0,
  stops: true,
  ends: false,
});

export const ifBroken = (s: string): Doc => ({
  kind: 'ifBroken',
  text: s,
  flat: 0,
  head: s.length,
  stops: false,
  ends: false,
});

const measuresOf = ({ flat, head, stops, ends }: Doc): Measures => ({ flat, head, stops, ends });

export const nest = (body: Doc): Doc => ({ kind: 'nest', body, ...measuresOf(body) });
export const hang = (body: Doc, by = 2): Doc => ({ kind: 'hang', body, by, ...measuresOf(body) });

export const group = (body: Doc, broken = false): Doc => ({
  kind: 'group',
  body,
  broken,
  ...measuresOf(body),
  flat: broken ? Number.POSITIVE_INFINITY : body.flat,
});

interface FillOptions {
  readonly by: number;
  readonly open?: boolean;
  readonly tight?: boolean;
}

export const fill = (items: readonly Doc[], { by, open = false, tight = false }: FillOptions): Doc => {
  const row = items.flatMap((item, i) => (i === 0 ? [item] : [space, item]));
  const { flat, ends } = together(row);
  const first = together(row.slice(0, tight ? 3 : 1));
  const head = open
    ? { head: 0, stops: true }
    : { head: first.head, stops: first.stops || items.length > (tight ? 2 : 1) };
  return { kind: 'fill', items, open, tight, by, flat, ends, ...head };
};

/** `short` and `between` where `short` fits on one line, otherwise `long`. */
export const choice = (short: Doc, between: Doc, long: Doc): Doc => ({
  kind: 'choice',
  short,
  between,
  long,
  ...breaks,
  head: long.head,
  ...(between === nothing ? { flat: short.flat, ends: short.ends } : {}),
});

export const beside = (comments: readonly CommentText[]): Doc => ({
  kind: 'beside',
  comments,
  flat: comments.some((c) => c.lines.length > 1) ? Number.POSITIVE_INFINITY : 0,
  head: 0,
  stops: true,
  ends: true,
});

export const above = (comments: readonly CommentText[]): Doc => ({ kind: 'above', comments, ...breaks, ends: true });

/** A comment of one line is text; of more it breaks what is around it. */
export const among = (comment: CommentText): Doc => {
  const [first = ''] = comment.lines;
  return comment.lines.length === 1 ? text(first) : { kind: 'among', comment, ...breaks, head: first.length };
};

/** The parts of `{ … }`. */
export interface Body {
  readonly open: Doc;
  /** Items, each after a line break. Undefined if there is nothing, not even a comment. */
  readonly inner: Doc | undefined;
  readonly close: Doc;
}
