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

/** The tokens and the comments of a text; nothing if there is something else in it. */
export const quickTokens = (text: string): QuickTokens | undefined => {
  const { length } = text;
  const kinds = new Uint8Array(length + 1);
  const starts = new Int32Array(length + 1);
  const ends = new Int32Array(length + 1);
  const comments: Comment[] = [];
  let count = 0;
  let at = 0;
  while (at < length) {
    const c = text.charCodeAt(at);
    const character = characters[c];
    if (character === space || c === byteOrderMark) {
      at++;
      continue;
    }
    let kind = 0;
    let end = at + 1;
    if (character === letter) {
      while ((characters[text.charCodeAt(end)] ?? 0) >= digit) end++;
      const mayBeWord = end - at < 32 && ((wordLengths[c] ?? 0) & (1 << (end - at))) !== 0;
      kind = (mayBeWord ? words.get(text.slice(at, end)) : undefined) ?? t.Name;
    } else if (character === digit) {
      while (kindAt(text, end) === digit) end++;
      kind = t.Int;
      if (kindAt(text, end) === letter || (text.charCodeAt(end) === dot && kindAt(text, end + 1) === digit)) {
        end = floatAt(text, at);
        if (end !== none) kind = t.Float;
        else end = intAt(text, at);
      }
    } else if (c === slash && text.charCodeAt(at + 1) === slash) {
      const found = text.indexOf('\n', at);
      end = found < 0 ? length : found;
      comments.push({ image: text.slice(at, end), startOffset: at });
      at = end;
      continue;
    } else if (c === slash && text.charCodeAt(at + 1) === star) {
      const image = nestedComment(text, at)?.[0];
      if (image === undefined) return undefined;
      comments.push({ image, startOffset: at });
      at += image.length;
      continue;
    } else if (c === quote) {
      kind = t.Str;
      end = strAt(text, at);
    } else if (c === apostrophe) {
      kind = t.Char;
      end = charAt(text, at);
    } else {
      kind = shortMarks[c] ?? 0;
      if (goesOn[text.charCodeAt(end)] === 1) {
        const found = marksFrom[c]?.find((m) => text.startsWith(m.text, at));
        if (found) {
          kind = found.kind;
          end = at + found.text.length;
        }
      }
    }
    if (kind === 0 || end === none) return undefined;
    kinds[count] = kind;
    starts[count] = at;
    ends[count] = end;
    count++;
    at = end;
  }
  return { text, count, kinds, starts, ends, comments };
};
