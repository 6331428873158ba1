// The tokens of a text with the comments between them, for the formatter. A comment belongs to a token: `after` it if it
// begins on the token's line and nothing but comments follows there; otherwise to the token that comes next, `above` it
// or `before` it on its line.
//
// The few tokens that the grammar lets one choose are chosen here: fields of a struct end in `;`, and the comma after
// the last field of a literal is one that appears only where each field has a line of its own.
import type { IToken } from 'chevrotain';
import type { Block, Decl, Expr, Module } from './ast.ts';
import {
  above,
  among,
  type Body,
  beside,
  type CommentText,
  concat,
  type Doc,
  ifBroken,
  line,
  space,
  text,
} from './format-doc.ts';
import type { Source } from './source.ts';
import { eachNode } from './syntax-errors.ts';
import { lexer } from './tokens.ts';

export interface Comment extends CommentText {
  /** Line breaks since the token or comment before it. */
  readonly newlines: number;
}

export interface Token {
  text: string;
  /** Offset in the source. */
  readonly start: number;
  /** On lines of their own. */
  above: Comment[];
  /** On the token's line, before it. */
  before: Comment[];
  /** On the token's line, and nothing follows there. */
  after: Comment[];
  /** Line breaks since the token before it, or since the last comment above it. */
  newlines: number;
  /** A comma that appears only in a broken group. */
  optional: boolean;
}

/** Where a builder is in the tokens. */
export interface Cursor {
  readonly tokens: readonly Token[];
  at: number;
  /** The text, for questions about where its lines end. */
  readonly source: Source;
  /** What stands between the braces of a block: expressions hold blocks, which hold expressions. */
  readonly block: (c: Cursor, block: Block) => Body;
  /** How far the further lines of an expression are moved to the right: more in heads, that bodies stand out. */
  by: number;
}

const newlinesIn = (s: string): number => s.split('\n').length - 1;

const commentOf = (source: Source, t: IToken, newlines: number): Comment => {
  const lineStart = source.text.lastIndexOf('\n', t.startOffset - 1) + 1;
  const beside = source.text.slice(lineStart, t.startOffset);
  return { lines: t.image.split('\n').map((l) => l.trimEnd()), column: beside.length, beside, newlines };
};

/** Gives the comments between two tokens to one or the other. */
const settle = (comments: readonly Comment[], previous: Token | undefined, next: Token): void => {
  const atEnd = next.text === '';
  /** Whether a line ends after the comment. */
  const endsLine = (i: number): boolean => (comments[i + 1]?.newlines ?? (atEnd ? 1 : next.newlines)) > 0;
  let first = 0;
  while (comments[first]?.newlines === 0) first++;
  if (!previous || first === 0 || !endsLine(first - 1)) first = 0;
  let last = comments.length;
  while (last > first && !endsLine(last - 1)) last--;
  if (previous) previous.after = comments.slice(0, first);
  next.above = comments.slice(first, last);
  next.before = comments.slice(last);
  next.newlines = next.before[0]?.newlines ?? next.newlines;
};

/** All tokens of a text, and one more for its end, whose text is empty. */
const tokensOf = (source: Source): Token[] => {
  const { tokens, groups } = lexer.tokenize(source.text);
  const comments = groups.comments ?? [];
  const all: Token[] = [];
  let place = 0;
  let nextComment = 0;
  const newlinesTo = (start: number): number => newlinesIn(source.text.slice(place, start));
  const add = (image: string, start: number): void => {
    const gap: Comment[] = [];
    for (let c = comments[nextComment]; c && c.startOffset < start; c = comments[++nextComment]) {
      gap.push(commentOf(source, c, newlinesTo(c.startOffset)));
      place = c.startOffset + c.image.length;
    }
    const token: Token = {
      text: image,
      start,
      above: [],
      before: [],
      after: [],
      newlines: newlinesTo(start),
      optional: false,
    };
    settle(gap, all.at(-1), token);
    all.push(token);
    place = start + image.length;
  };
  for (const t of tokens) add(t.image, t.startOffset);
  add('', source.text.length + 1);
  return all;
};

/** After the token at `i`: another, to which what stands beside the first goes. */
const insertAfter = (tokens: Token[], i: number, added: string): Token => {
  const before = tokens[i] as Token;
  const token: Token = { ...before, text: added, above: [], before: [], after: before.after, newlines: 0 };
  before.after = [];
  tokens.splice(i + 1, 0, token);
  return token;
};

/** Leaves the token at `i` out; its comments go to the one after it. */
const remove = (tokens: Token[], i: number): void => {
  const [gone] = tokens.splice(i, 1);
  const next = tokens[i];
  if (gone && next) next.above = [...gone.above, ...gone.before, ...gone.after, ...next.above];
};

/** Where the tokens say the same in several ways, one of them. */
const normalise = (tokens: Token[], module: Module): void => {
  type Literal = Extract<Expr, { kind: 'struct' }>;
  type Struct = Extract<Decl, { kind: 'struct' }>;
  const nodes: (Literal | Struct)[] = [];
  eachNode(module, (n) => {
    if (n.kind === 'struct') nodes.push(n as Literal | Struct);
  });
  // From the end on: what is inserted moves only what was done.
  const indices = new Map(tokens.map((t, i) => [t.start, i]));
  const starts = tokens.map((t) => t.start);
  const edits: { readonly at: number; readonly edit: () => void }[] = [];
  const endsAt = (end: number): number => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) < end) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  };
  for (const node of nodes) {
    const close = endsAt(node.span.end);
    const literal = !('typeParams' in node);
    node.fields.forEach((_, k) => {
      const next = node.fields[k + 1];
      const last = (next ? (indices.get(next.name.span.start) ?? close) : close) - 1;
      edits.push({
        at: last,
        edit: () => (literal ? (next ? undefined : lastComma(tokens, last)) : semicolon(tokens, last)),
      });
    });
  }
  for (const { edit } of edits.sort((a, b) => b.at - a.at)) edit();
};

const semicolon = (tokens: Token[], i: number): void => {
  const token = tokens[i] as Token;
  if (token.text === ';' || token.text === ',') token.text = ';';
  else insertAfter(tokens, i, ';');
};

const lastComma = (tokens: Token[], i: number): void => {
  let at = i;
  while (tokens[at]?.text === ',' && tokens[at - 1]?.text === ',') remove(tokens, at--);
  const comma = tokens[at]?.text === ',' ? tokens[at] : insertAfter(tokens, at, ',');
  if (comma) comma.optional = true;
};

export const cursorOver = (source: Source, module: Module, block: Cursor['block']): Cursor => {
  const tokens = tokensOf(source);
  normalise(tokens, module);
  return { tokens, at: 0, source, block, by: 2 };
};

// ---- what the builders take from the tokens ---------------------------------------------------------------------

export const peek = (c: Cursor, ahead = 0): Token => {
  const token = c.tokens[c.at + ahead];
  if (!token) throw new Error('internal error: the formatter is past the end of the text');
  return token;
};

export const isNext = (c: Cursor, image: string): boolean => peek(c).text === image;

/** Whether a token was written on the line of the one before, with nothing between them that ends a line. */
export const isBeside = (c: Cursor, ahead = 0): boolean => {
  const token = peek(c, ahead);
  return token.newlines === 0 && token.above.length === 0 && peek(c, ahead - 1).after.length === 0;
};

/** Comments by the lines on which they stand. */
const rows = (comments: readonly Comment[]): Comment[][] => {
  const all: Comment[][] = [];
  for (const k of comments) {
    if (k.newlines === 0 && all.length > 0) all.at(-1)?.push(k);
    else all.push([k]);
  }
  return all;
};

/** The next token with its comments. `glued`: it follows what is before it without a blank. */
const taken = (c: Cursor, glued: boolean): Doc => {
  const token = peek(c);
  c.at++;
  const own = token.optional ? ifBroken(token.text) : text(token.text);
  if (token.above.length === 0 && token.before.length === 0 && token.after.length === 0) return own;
  const opened = glued && ['(', '['].includes(peek(c, -2).text) && token.above.length === 0;
  const around = token.before.map((k, i) => {
    if (!glued) return concat(among(k), space);
    return opened && i === 0 ? among(k) : concat(space, among(k));
  });
  const after = token.after.length > 0 ? [beside(token.after)] : [];
  return concat(...rows(token.above).map(above), ...around, own, ...after);
};

/** The next token, which must be `image` if that is given. */
export const take = (c: Cursor, image?: string): Doc => {
  expectNext(c, image);
  return taken(c, false);
};

/** The next token, where it follows the one before without a blank. */
export const glue = (c: Cursor, image?: string): Doc => {
  expectNext(c, image);
  return taken(c, true);
};

/** The `>` that ends a list of type arguments. Of a `>>`, which ends two, the second half stays for the outer list. */
export const closeAngle = (c: Cursor): Doc => {
  const token = peek(c);
  if (token.text !== '>>') return glue(c, '>');
  token.text = '>';
  return text('>');
};

const expectNext = (c: Cursor, image: string | undefined): void => {
  const found = peek(c).text;
  if (image !== undefined && found !== image)
    throw new Error(`internal error: the formatter expected \`${image}\` and found \`${found}\``);
};

/** Takes the comments above the next token away from it, as lines of a list; `first`: the list begins with them. */
export const linesAbove = (c: Cursor, first: boolean): Doc[] => {
  const token = peek(c);
  const lines = rows(token.above).flatMap((row, i) => [
    line(' ', !(first && i === 0) && (row[0]?.newlines ?? 0) > 1),
    above(row),
  ]);
  token.above = [];
  return lines;
};

/** A line break before the next token, with an empty line where the source has one. */
export const lineBefore = (c: Cursor, first: boolean): Doc => line(' ', !first && peek(c).newlines > 1);

/** Takes the comments away that stand just before the next token, which closes a list. */
export const restOfComments = (c: Cursor): Doc | undefined => {
  const token = peek(c);
  const comments = token.before;
  token.before = [];
  return comments.length === 0
    ? undefined
    : concat(...comments.flatMap((k, i) => [i > 0 ? space : text(''), among(k)]));
};

/** Takes the comments above the next token away from it: they stand with the items that it closes. */
export const commentsAbove = (c: Cursor): Doc[] => {
  const token = peek(c);
  const docs = rows(token.above).map(above);
  token.above = [];
  return docs;
};
