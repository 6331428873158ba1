// The parser's place in the tokens of IR text, the errors found so far, and the small things that every rule reads.
import { type GuardNotes, type IrType, type MemType, memTypes, type OrderNotes } from './ir.ts';
import { parseStringInside } from './ir-atoms.ts';
import { type Token, tokens } from './ir-lex.ts';

export interface IrError {
  /** 1-based. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint?: string;
}

const maxErrors = 20;

const irTypes: readonly string[] = ['i32', 'i64', 'f32', 'f64', 'v128', 'gptr', 'ptr'] satisfies IrType[];
const isIrType = (s: string): s is IrType => irTypes.includes(s);
const isMemType = (s: string): s is MemType => (memTypes as readonly string[]).includes(s);

/** Unwinds to the nearest place that can go on; the error itself is already in the list. */
export class Recover extends Error {}

export const describe = (t: Token): string => {
  switch (t.kind) {
    case 'end':
      return 'the end of the text';
    case 'value':
      return `%${t.text}`;
    case 'global':
      return `@${t.text}`;
    case 'slot':
      return `$${t.text}`;
    default:
      return `\`${t.text.length > 40 ? `${t.text.slice(0, 40)}…` : t.text}\``;
  }
};

export class Cursor {
  readonly errors: IrError[] = [];
  readonly #tokens: readonly Token[];
  readonly #last: Token;
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
    this.#last = this.#tokens[this.#tokens.length - 1] as Token;
  }

  /** How many tokens are behind; tells whether a rule has taken any. */
  get at(): number {
    return this.#at;
  }

  /** The token `n` further on. */
  peek(n: number): Token {
    return this.#tokens[this.#at + n] ?? this.#last;
  }

  get token(): Token {
    return this.#tokens[this.#at] ?? this.#last;
  }

  report(token: Token, message: string, hint?: string): void {
    if (this.errors.length >= maxErrors) return;
    this.errors.push({
      line: token.line,
      column: token.column,
      message,
      ...(hint === undefined ? {} : { hint }),
    });
  }

  fail(token: Token, message: string, hint?: string): never {
    this.report(token, message, hint);
    throw new Recover();
  }

  advance(): Token {
    const t = this.token;
    if (t.kind !== 'end') this.#at++;
    return t;
  }

  is(text: string): boolean {
    const t = this.token;
    return (t.kind === 'punct' || t.kind === 'word') && t.text === text;
  }

  accept(text: string): boolean {
    if (!this.is(text)) return false;
    this.advance();
    return true;
  }

  expect(text: string, hint?: string): void {
    if (!this.accept(text)) this.fail(this.token, `expected \`${text}\`, found ${describe(this.token)}`, hint);
  }

  string(what: string): string {
    const t = this.token;
    if (t.kind !== 'string') this.fail(t, `expected ${what} in double quotes, found ${describe(t)}`);
    this.advance();
    return this.unescape(t);
  }

  unescape(t: Token): string {
    if (!t.quoted) return t.text;
    const s = parseStringInside(t.text);
    return s ?? this.fail(t, 'malformed escape in a string', 'write \\hh for a byte, \\u{hhhh} for a UTF-16 unit');
  }

  /** A bare word, or any text in quotes. */
  word(what: string): string {
    const t = this.token;
    if (t.kind !== 'word' && t.kind !== 'string') this.fail(t, `expected ${what}, found ${describe(t)}`);
    this.advance();
    return this.unescape(t);
  }

  name(kind: 'global' | 'slot', what: string): string {
    const t = this.token;
    if (t.kind !== kind) {
      this.fail(t, `expected ${what}, found ${describe(t)}`, `${what} begins with ${kind === 'slot' ? '$' : '@'}`);
    }
    this.advance();
    return this.unescape(t);
  }

  integer(what: string): number {
    const t = this.token;
    const n = t.kind === 'number' ? Number(t.text) : Number.NaN;
    if (!Number.isSafeInteger(n) || Object.is(n, -0)) this.fail(t, `expected ${what}, found ${describe(t)}`);
    this.advance();
    return n;
  }

  keyed(key: string): number {
    this.expect(key);
    return this.integer(`the ${key}, a whole number`);
  }

  type(): IrType {
    const t = this.token;
    if (t.kind !== 'word' || !isIrType(t.text)) {
      return this.fail(t, `expected a type, found ${describe(t)}`, `types are ${irTypes.join(' ')}`);
    }
    this.advance();
    return t.text;
  }

  memType(): MemType {
    const t = this.token;
    if (t.kind !== 'word' || !isMemType(t.text)) {
      return this.fail(t, `expected a memory type, found ${describe(t)}`, `memory types are ${memTypes.join(' ')}`);
    }
    this.advance();
    return t.text;
  }

  notes(): { pos: number; by?: string } & GuardNotes & OrderNotes {
    let pos = 0;
    let notes: { by?: string } & GuardNotes & OrderNotes = {};
    while (this.accept('!')) {
      if (this.accept('by')) {
        this.expect('=');
        notes = { ...notes, by: this.word('the name of a pass') };
      } else if (this.accept('granted')) {
        this.expect('=');
        notes = { ...notes, granted: this.integer('a number of bytes') };
      } else if (this.accept('guard')) {
        this.expect('=');
        notes = { ...notes, guard: this.string('text') };
      } else if (this.accept('kernel')) notes = { ...notes, kernel: true };
      else if (this.accept('any_order')) notes = { ...notes, anyOrder: true };
      else pos = this.integer('a position number, `by=`, `granted=`, `kernel`, `any_order` or `guard=`');
    }
    return { pos, ...notes };
  }

  /** Items between parentheses; none at all if there is no parenthesis and it is optional. */
  list<T>(item: () => T, optional: boolean): T[] {
    const out: T[] = [];
    if (optional && !this.is('(')) return out;
    this.expect('(');
    if (this.accept(')')) return out;
    do out.push(item());
    while (this.accept(','));
    this.expect(')');
    return out;
  }
}
