// The tokens of PG, for Chevrotain's lexer. Few words are reserved; `on`, `step`, `dist`, `block` and the like are plain
// names that the parser knows in their places, so that programs may use them.
import { type CustomPatternMatcherReturn, createToken, type ILexingResult, Lexer, type TokenType } from 'chevrotain';

/** `/* … *\/`, nested. An unterminated comment runs to the end of the text; the parser reports it. */
export const nestedComment = (text: string, start: number): CustomPatternMatcherReturn | null => {
  if (!text.startsWith('/*', start)) return null;
  let depth = 0;
  let i = start;
  while (i < text.length) {
    if (text.startsWith('/*', i)) {
      depth++;
      i += 2;
    } else if (text.startsWith('*/', i)) {
      depth--;
      i += 2;
      if (depth === 0) break;
    } else i++;
  }
  return [text.slice(start, i)];
};

export const Space = createToken({
  name: 'Space',
  pattern: /[ \t\r\n\f\uFEFF]+/,
  group: Lexer.SKIPPED,
  line_breaks: true,
});
export const LineComment = createToken({ name: 'LineComment', pattern: /\/\/[^\n]*/, group: 'comments' });
export const BlockComment = createToken({
  name: 'BlockComment',
  pattern: { exec: nestedComment },
  group: 'comments',
  line_breaks: true,
  start_chars_hint: ['/'],
});

export const Name = createToken({ name: 'Name', pattern: /[A-Za-z_][A-Za-z0-9_]*/ });

const reserved = [
  'as',
  'break',
  'co',
  'config',
  'const',
  'continue',
  'else',
  'false',
  'fn',
  'for',
  'forall',
  'foreach',
  'if',
  'import',
  'in',
  'let',
  'loop',
  'new',
  'nil',
  'return',
  'shared',
  'strict',
  'struct',
  'true',
  'var',
  'while',
  'delete',
] as const;
export type Reserved = (typeof reserved)[number];

// A keyword that begins another one (`for`, `forall`) must be tried after it.
const keywordList = [...reserved]
  .sort((a, b) => b.length - a.length)
  .map((word) => createToken({ name: word, pattern: word, longer_alt: Name }));
export const keywords: Readonly<Record<Reserved, TokenType>> = Object.fromEntries(
  keywordList.map((t) => [t.name, t]),
) as Record<Reserved, TokenType>;

export const Float = createToken({
  name: 'Float',
  pattern: /[0-9][0-9_]*(?:\.[0-9][0-9_]*(?:[eE][+-]?[0-9_]+)?|[eE][+-]?[0-9_]+)(?:[A-Za-z][A-Za-z0-9]*)?/,
});
export const Int = createToken({
  name: 'Int',
  pattern: /0[xX][0-9A-Za-z_]*|0[bB][0-9A-Za-z_]*|[0-9][0-9_]*(?:[A-Za-z][A-Za-z0-9_]*)?/,
});
export const Str = createToken({ name: 'Str', pattern: /"(?:[^"\\\n]|\\[^\n])*"?/ });
export const Char = createToken({ name: 'Char', pattern: /'(?:[^'\\\n]|\\[^\n])*'?/ });

const marks = {
  DotDotEq: '..=',
  DotDot: '..',
  Arrow: '->',
  ShlEq: '<<=',
  ShrEq: '>>=',
  AndAnd: '&&',
  OrOr: '||',
  EqEq: '==',
  NotEq: '!=',
  LessEq: '<=',
  GreaterEq: '>=',
  Shl: '<<',
  Shr: '>>',
  PlusEq: '+=',
  MinusEq: '-=',
  StarEq: '*=',
  SlashEq: '/=',
  PercentEq: '%=',
  AndEq: '&=',
  OrEq: '|=',
  XorEq: '^=',
  Plus: '+',
  Minus: '-',
  Star: '*',
  Slash: '/',
  Percent: '%',
  And: '&',
  Or: '|',
  Xor: '^',
  Not: '!',
  Tilde: '~',
  Less: '<',
  Greater: '>',
  Eq: '=',
  At: '@',
  LParen: '(',
  RParen: ')',
  LBrace: '{',
  RBrace: '}',
  LBracket: '[',
  RBracket: ']',
  Comma: ',',
  Semi: ';',
  Colon: ':',
  Dot: '.',
} as const;
export type Mark = keyof typeof marks;
const markList = Object.entries(marks).map(([name, pattern]) => createToken({ name, pattern }));
export const mark: Readonly<Record<Mark, TokenType>> = Object.fromEntries(markList.map((t) => [t.name, t])) as Record<
  Mark,
  TokenType
>;

export const allTokens: TokenType[] = [
  Space,
  LineComment,
  BlockComment,
  Float,
  Int,
  Str,
  Char,
  ...keywordList,
  Name,
  ...markList,
];

/** How a token type is called in messages. */
export const tokenName = (t: TokenType): string => {
  const text = marks[t.name as Mark] as string | undefined;
  if (text !== undefined) return `\`${text}\``;
  if ((reserved as readonly string[]).includes(t.name)) return `\`${t.name}\``;
  switch (t) {
    case Name:
      return 'a name';
    case Int:
    case Float:
      return 'a number';
    case Str:
      return 'a text';
    case Char:
      return 'a character';
    default:
      return 'the end of the file';
  }
};

let made: Lexer | undefined;

/** Chevrotain's lexer, made when it is wanted: for texts without mistakes there is a quicker one (lex-quick.ts). */
export const lexer = {
  tokenize: (text: string): ILexingResult => {
    made ??= new Lexer(allTokens, {
      positionTracking: 'onlyOffset',
      ensureOptimizations: false,
      skipValidations: true,
    });
    return made.tokenize(text);
  },
};
