// The kinds of tokens as numbers, for the lexer and the parser of texts without mistakes: what they compare at each step.
import type { Mark, Reserved } from './tokens.ts';

/** After the last token. */
export const End = 0;
export const Name = 1;
export const Int = 2;
export const Float = 3;
export const Str = 4;
export const Char = 5;

export const As = 6;
export const Break = 7;
export const Co = 8;
export const Config = 9;
export const Const = 10;
export const Continue = 11;
export const Else = 12;
export const False = 13;
export const Fn = 14;
export const For = 15;
export const Forall = 16;
export const Foreach = 17;
export const If = 18;
export const Import = 19;
export const In = 20;
export const Let = 21;
export const Loop = 22;
export const New = 23;
export const Nil = 24;
export const Return = 25;
export const Shared = 26;
export const Strict = 27;
export const Struct = 28;
export const True = 29;
export const Var = 30;
export const While = 31;
export const Delete = 32;

export const DotDotEq = 33;
export const DotDot = 34;
export const Arrow = 35;
export const ShlEq = 36;
export const ShrEq = 37;
export const AndAnd = 38;
export const OrOr = 39;
export const EqEq = 40;
export const NotEq = 41;
export const LessEq = 42;
export const GreaterEq = 43;
export const Shl = 44;
export const Shr = 45;
export const PlusEq = 46;
export const MinusEq = 47;
export const StarEq = 48;
export const SlashEq = 49;
export const PercentEq = 50;
export const AndEq = 51;
export const OrEq = 52;
export const XorEq = 53;
export const Plus = 54;
export const Minus = 55;
export const Star = 56;
export const Slash = 57;
export const Percent = 58;
export const And = 59;
export const Or = 60;
export const Xor = 61;
export const Not = 62;
export const Tilde = 63;
export const Less = 64;
export const Greater = 65;
export const Eq = 66;
export const At = 67;
export const LParen = 68;
export const RParen = 69;
export const LBrace = 70;
export const RBrace = 71;
export const LBracket = 72;
export const RBracket = 73;
export const Comma = 74;
export const Semi = 75;
export const Colon = 76;
export const Dot = 77;

/** There are fewer kinds than this. */
export const count = 78;

export const keywordKinds: Readonly<Record<Reserved, number>> = {
  as: As,
  break: Break,
  co: Co,
  config: Config,
  const: Const,
  continue: Continue,
  else: Else,
  false: False,
  fn: Fn,
  for: For,
  forall: Forall,
  foreach: Foreach,
  if: If,
  import: Import,
  in: In,
  let: Let,
  loop: Loop,
  new: New,
  nil: Nil,
  return: Return,
  shared: Shared,
  strict: Strict,
  struct: Struct,
  true: True,
  var: Var,
  while: While,
  delete: Delete,
};

export const markKinds: Readonly<Record<Mark, number>> = {
  DotDotEq,
  DotDot,
  Arrow,
  ShlEq,
  ShrEq,
  AndAnd,
  OrOr,
  EqEq,
  NotEq,
  LessEq,
  GreaterEq,
  Shl,
  Shr,
  PlusEq,
  MinusEq,
  StarEq,
  SlashEq,
  PercentEq,
  AndEq,
  OrEq,
  XorEq,
  Plus,
  Minus,
  Star,
  Slash,
  Percent,
  And,
  Or,
  Xor,
  Not,
  Tilde,
  Less,
  Greater,
  Eq,
  At,
  LParen,
  RParen,
  LBrace,
  RBrace,
  LBracket,
  RBracket,
  Comma,
  Semi,
  Colon,
  Dot,
};
