// Splits IR text into tokens. Never fails: what is not understood becomes a token of kind `bad`, which the parser reports.

export type TokenKind =
  /** %name */
  | 'value'
  /** @name or @"any name"; `text` is the name alone, for quoted ones still escaped (see `quoted`). */
  | 'global'
  /** $name */
  | 'slot'
  | 'number'
  /** nan:0x…, -inf */
  | 'float'
  | 'string'
  | 'word'
  | 'punct'
  | 'bad'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** First of its line. */
  readonly first: boolean;
  /** `text` is the inside of a string literal, escapes and all. */
  readonly quoted: boolean;
}

const name = '[A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*';
const inside = '(?:[^"\\\\\\n]|\\\\[^\\n])*';
const pattern = new RegExp(
  [
    `%(?<value>${name})`,
    `@(?<global>${name})`,
    `@"(?<globalQuoted>${inside})"`,
    `\\$(?<slot>${name})`,
    `\\$"(?<slotQuoted>${inside})"`,
    '(?<float>nan:0x[0-9a-fA-F]+|-inf)(?![A-Za-z0-9_.])',
    '(?<number>-?(?:0x[0-9a-fA-F]+|[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?))(?![A-Za-z0-9_.])',
    `"(?<string>${inside})"`,
    '(?<word>[A-Za-z_][A-Za-z0-9_.]*(?:-[A-Za-z0-9_.]+)*)',
    '(?<punct>->|[{}(),:=!])',
    '(?<bad>[^\\s{}(),:=!;]+)',
  ].join('|'),
  'y',
);

const kinds: readonly (readonly [group: string, kind: TokenKind, quoted: boolean])[] = [
  ['value', 'value', false],
  ['global', 'global', false],
  ['globalQuoted', 'global', true],
  ['slot', 'slot', false],
  ['slotQuoted', 'slot', true],
  ['float', 'float', false],
  ['number', 'number', false],
  ['string', 'string', true],
  ['word', 'word', false],
  ['punct', 'punct', false],
  ['bad', 'bad', false],
];

/** Blanks, and comments from `;` or `//` to the end of the line. */
const blank = /[^\S\n]+|(?:;|\/\/)[^\n]*/y;

export const tokens = (text: string): readonly Token[] => {
  const out: Token[] = [];
  let i = 0;
  let line = 1;
  let lineStart = 0;
  let first = true;
  while (i < text.length) {
    if (text[i] === '\n') {
      i++;
      line++;
      lineStart = i;
      first = true;
      continue;
    }
    blank.lastIndex = i;
    if (blank.test(text)) {
      i = blank.lastIndex;
      continue;
    }
    pattern.lastIndex = i;
    const groups = pattern.exec(text)?.groups;
    const at = { line, column: i - lineStart + 1, first };
    const found = groups && kinds.find(([group]) => groups[group] !== undefined);
    if (groups && found) {
      const [group, kind, quoted] = found;
      out.push({ kind, text: groups[group] ?? '', quoted, ...at });
      i = pattern.lastIndex;
    } else {
      out.push({ kind: 'bad', text: text[i] ?? '', quoted: false, ...at });
      i++;
    }
    first = false;
  }
  out.push({ kind: 'end', text: '', line, column: i - lineStart + 1, first: true, quoted: false });
  return out;
};
