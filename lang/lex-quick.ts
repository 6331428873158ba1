// The same tokens without Chevrotain, for texts that consist of tokens alone, which is nearly always: a token's kind is told by its first
// character. Tokens are numbers in three arrays, so that a text leaves next to nothing to the garbage collector. At the first character
// that begins no token it gives up, and Chevrotain's lexer finds what is wrong.
import type { TokenType } from 'chevrotain';
import type { Comment } from './doc-comments.ts';
import * as t from './token-kinds.ts';
import { Char, Float, Int, type Mark, mark, nestedComment, Str } from './tokens.ts';

/** Token `i` is `text.slice(starts[i], ends[i])`; after the last one come zeros (`End`). */
export interface QuickTokens {
  readonly text: string;
  readonly count: number;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly comments: readonly Comment[];
}

const space = 1;
const digit = 2;
const letter = 3;
/** What the first 128 characters begin; digits and letters, the highest, go on with a name. */
const characters = new Uint8Array(128);
const define = (kind: number, these: string): void => {
  for (const c of these) characters[c.charCodeAt(0)] = kind;
};
define(space, ' \t\r\n\f');
define(digit, '0123456789');
define(letter, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_');
const [dot, quote, apostrophe, slash, star, byteOrderMark] = [46, 34, 39, 47, 42, 0xfeff];

const words: ReadonlyMap<string, number> = new Map(Object.entries(t.keywordKinds));
/** By the first character of a keyword: bit n is set if one of n characters begins with it. */
const wordLengths = new Uint32Array(128);
for (const word of words.keys()) {
  const first = word.charCodeAt(0);
  wordLengths[first] = (wordLengths[first] ?? 0) | (1 << word.length);
}

/** Marks by their first character; those that begin another one come after it. */
const marksFrom: { readonly text: string; readonly kind: number }[][] = [];
/** Marks of one character, and the characters that go on with a mark. */
const shortMarks = new Uint8Array(128);
const goesOn = new Uint8Array(128);
for (const [name, kind] of Object.entries(t.markKinds) as [Mark, number][]) {
  const text = String(mark[name].PATTERN);
  const first = text.charCodeAt(0);
  marksFrom[first] ??= [];
  marksFrom[first].push({ text, kind });
  if (text.length === 1) shortMarks[first] = kind;
  else goesOn[text.charCodeAt(1)] = 1;
}

/** Where what the pattern matches at a place ends; nothing if it does not match. */
const matcher = ({ PATTERN }: TokenType): ((text: string, at: number) => number) => {
  const pattern = new RegExp(PATTERN instanceof RegExp ? PATTERN.source : '', 'y');
  return (text, at) => {
    pattern.lastIndex = at;
    return pattern.test(text) ? pattern.lastIndex : none;
  };
};
const none = -1;
const floatAt = matcher(Float);
const intAt = matcher(Int);
const strAt = matcher(Str);
const charAt = matcher(Char);

const kindAt = (text: string, at: number): number => characters[text.charCodeAt(at)] ?? 0;

// Functions of a few lines, which are called for each token: V8 optimises them long before it would a loop over the whole text.

const spaceEnd = (text: string, from: number): number => {
  let end = from;
  while (kindAt(text, end) === space) end++;
  return end;
};

const wordEnd = (text: string, from: number): number => {
  let end = from;
  while (kindAt(text, end) >= digit) end++;
  return end;
};

const wordKind = (text: string, at: number, end: number): number => {
  const length = end - at;
  const mayBeKeyword = length < 32 && ((wordLengths[text.charCodeAt(at)] ?? 0) & (1 << length)) !== 0;
  return (mayBeKeyword ? words.get(text.slice(at, end)) : undefined) ?? t.Name;
};

/** Where a number ends if it has digits alone; if there is more to it, nothing. */
const plainEnd = (text: string, at: number): number => {
  let end = at + 1;
  while (kindAt(text, end) === digit) end++;
  if (kindAt(text, end) === letter) return none;
  return text.charCodeAt(end) === dot && kindAt(text, end + 1) === digit ? none : end;
};

class Lexer {
  readonly text: string;
  readonly kinds: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly comments: Comment[] = [];
  count = 0;

  constructor(text: string) {
    const { length } = text;
    this.text = text;
    this.kinds = new Uint8Array(length + 1);
    this.starts = new Int32Array(length + 1);
    this.ends = new Int32Array(length + 1);
  }

  /** Takes what is at `at`; where it ends, or nothing if it is no token. */
  next(at: number): number {
    const { text } = this;
    const c = text.charCodeAt(at);
    switch (characters[c]) {
      case space:
        return spaceEnd(text, at + 1);
      case letter: {
        const end = wordEnd(text, at + 1);
        return this.add(wordKind(text, at, end), at, end);
      }
      case digit: {
        const end = plainEnd(text, at);
        return end === none ? this.number(at) : this.add(t.Int, at, end);
      }
      default:
        return this.other(c, at);
    }
  }

  private other(c: number, at: number): number {
    const { text } = this;
    if (c === slash) {
      const then = text.charCodeAt(at + 1);
      if (then === slash) {
        const end = text.indexOf('\n', at);
        return this.comment(at, end < 0 ? text.length : end);
      }
      if (then === star) return this.comment(at, at + (nestedComment(text, at)?.[0].length ?? 0));
    }
    if (c === quote) return this.add(t.Str, at, strAt(text, at));
    if (c === apostrophe) return this.add(t.Char, at, charAt(text, at));
    if (c === byteOrderMark) return at + 1;
    if (goesOn[text.charCodeAt(at + 1)] === 1) {
      const found = marksFrom[c]?.find((m) => text.startsWith(m.text, at));
      if (found) return this.add(found.kind, at, at + found.text.length);
    }
    const kind = shortMarks[c] ?? 0;
    return kind === 0 ? none : this.add(kind, at, at + 1);
  }

  private number(at: number): number {
    const end = floatAt(this.text, at);
    return end === none ? this.add(t.Int, at, intAt(this.text, at)) : this.add(t.Float, at, end);
  }

  private comment(at: number, end: number): number {
    this.comments.push({ image: this.text.slice(at, end), startOffset: at });
    return end;
  }

  private add(kind: number, at: number, end: number): number {
    const { count } = this;
    this.kinds[count] = kind;
    this.starts[count] = at;
    this.ends[count] = end;
    this.count = count + 1;
    return end;
  }
}

/** The tokens and the comments of a text; nothing if there is something else in it. */
export const quickTokens = (text: string): QuickTokens | undefined => {
  const lexer = new Lexer(text);
  let at = 0;
  while (at < text.length) {
    at = lexer.next(at);
    if (at === none) return undefined;
  }
  return lexer;
};
