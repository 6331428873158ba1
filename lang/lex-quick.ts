// The same tokens without Chevrotain, for texts that consist of tokens alone, which is nearly always: a token's kind is told by its first
// character, and it has no more than the quick parser reads. At the first character that begins no token it gives up, and Chevrotain's
// lexer finds what is wrong.
import type { IToken, TokenType } from 'chevrotain';
import { BlockComment, Char, Float, Int, keywords, LineComment, mark, Name, nestedComment, Str } from './tokens.ts';

export interface QuickTokens {
  readonly tokens: readonly IToken[];
  readonly comments: readonly IToken[];
}

const space = 1;
const digit = 2;
const letter = 3;
/** What the first 128 characters begin; digits and letters, the highest, go on with a name. */
const kinds = new Uint8Array(128);
const define = (kind: number, characters: string): void => {
  for (const c of characters) kinds[c.charCodeAt(0)] = kind;
};
define(space, ' \t\r\n\f');
define(digit, '0123456789');
define(letter, 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_');
const [dot, quote, apostrophe, slash, star, byteOrderMark] = [46, 34, 39, 47, 42, 0xfeff];

const words: ReadonlyMap<string, TokenType> = new Map(Object.entries(keywords));

/** Marks by their first character; those that begin another one come after it. */
const marksFrom: { readonly text: string; readonly type: TokenType }[][] = [];
for (const type of Object.values(mark)) {
  const text = String(type.PATTERN);
  const first = text.charCodeAt(0);
  marksFrom[first] ??= [];
  marksFrom[first].push({ text, type });
}

/** What the pattern matches at a place. */
const matcher = ({ PATTERN }: TokenType): ((text: string, at: number) => string | undefined) => {
  const pattern = new RegExp(PATTERN instanceof RegExp ? PATTERN.source : '', 'y');
  return (text, at) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
};
const floatAt = matcher(Float);
const intAt = matcher(Int);
const strAt = matcher(Str);
const charAt = matcher(Char);

const tokenOf = (tokenType: TokenType, image: string, startOffset: number): IToken => ({
  image,
  startOffset,
  tokenTypeIdx: tokenType.tokenTypeIdx ?? 0,
  tokenType,
});

const kindAt = (text: string, at: number): number => kinds[text.charCodeAt(at)] ?? 0;

const numberAt = (text: string, at: number): IToken | undefined => {
  let end = at + 1;
  while (kindAt(text, end) === digit) end++;
  const plain = kindAt(text, end) !== letter && (text.charCodeAt(end) !== dot || kindAt(text, end + 1) !== digit);
  if (plain) return tokenOf(Int, text.slice(at, end), at);
  const float = floatAt(text, at);
  if (float !== undefined) return tokenOf(Float, float, at);
  const int = intAt(text, at);
  return int === undefined ? undefined : tokenOf(Int, int, at);
};

const commentAt = (text: string, at: number): IToken | undefined => {
  switch (text.charCodeAt(at + 1)) {
    case slash: {
      const end = text.indexOf('\n', at);
      return tokenOf(LineComment, end < 0 ? text.slice(at) : text.slice(at, end), at);
    }
    case star: {
      const image = nestedComment(text, at)?.[0];
      return image === undefined ? undefined : tokenOf(BlockComment, image, at);
    }
    default:
      return undefined;
  }
};

const markAt = (text: string, at: number): IToken | undefined => {
  const found = marksFrom[text.charCodeAt(at)]?.find((m) => text.startsWith(m.text, at));
  return found && tokenOf(found.type, found.text, at);
};

const literalAt = (text: string, at: number): IToken | undefined => {
  const [type, found] = text.charCodeAt(at) === quote ? [Str, strAt(text, at)] : [Char, charAt(text, at)];
  return found === undefined ? undefined : tokenOf(type, found, at);
};

/** The tokens and the comments of a text; nothing if there is something else in it. */
export const quickTokens = (text: string): QuickTokens | undefined => {
  const tokens: IToken[] = [];
  const comments: IToken[] = [];
  const { length } = text;
  let at = 0;
  while (at < length) {
    const c = text.charCodeAt(at);
    const kind = kinds[c];
    if (kind === space) {
      do at++;
      while (kinds[text.charCodeAt(at)] === space);
      continue;
    }
    let token: IToken | undefined;
    if (kind === letter) {
      let end = at + 1;
      while ((kinds[text.charCodeAt(end)] ?? 0) >= digit) end++;
      const image = text.slice(at, end);
      token = tokenOf(words.get(image) ?? Name, image, at);
    } else if (kind === digit) token = numberAt(text, at);
    else if (c === slash) {
      const comment = commentAt(text, at);
      if (comment) {
        comments.push(comment);
        at += comment.image.length;
        continue;
      }
      token = markAt(text, at);
    } else if (c === quote || c === apostrophe) token = literalAt(text, at);
    else if (c === byteOrderMark) {
      at++;
      continue;
    } else token = markAt(text, at);
    if (!token) return undefined;
    tokens.push(token);
    at += token.image.length;
  }
  return { tokens, comments };
};
