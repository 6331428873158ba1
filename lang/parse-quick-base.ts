// What the rules of the quick parser (see parse-quick.ts) share: where they are in the tokens, spans, and what they do at a mistake.
import type { Ident } from './ast.ts';
import type { QuickTokens } from './lex-quick.ts';
import type { Literal } from './literals.ts';
import { maxDepth } from './parse-base.ts';
import type { Span } from './source.ts';
import * as t from './token-kinds.ts';

/** Thrown at a mistake. */
const mistake = new Error('there is a mistake in the text');

export abstract class QuickBase {
  protected source = 0;
  protected text = '';
  protected kinds: Uint8Array = new Uint8Array(0);
  private starts: Int32Array = new Int32Array(0);
  private ends: Int32Array = new Int32Array(0);
  /** The next token. */
  protected at = 0;
  private depth = 0;
  /** A struct literal may stand here: not in the head of a loop or an `if`, where `{` begins the body. */
  protected structs = true;
  /** In `x as T < y` the `<` compares. */
  protected inExpression = false;
  /** A `>>` whose first half has ended an inner list of type arguments. */
  protected half = -1;

  /** What `rule` makes of the tokens from `at` on; nothing if something is wrong with them. */
  protected run<T>(tokens: QuickTokens, at: number, source: number, rule: () => T): T | undefined {
    this.source = source;
    ({ text: this.text, kinds: this.kinds, starts: this.starts, ends: this.ends } = tokens);
    this.at = at;
    this.depth = 0;
    this.structs = true;
    this.inExpression = false;
    this.half = -1;
    try {
      return rule();
    } catch (error) {
      if (error !== mistake) throw error;
      return undefined;
    }
  }

  /** The text is given up. */
  protected wrong(): never {
    throw mistake;
  }

  // ---- tokens ----

  /** The kind of the next token, or of the one `n` after it. */
  protected kind(n = 0): number {
    return this.kinds[this.at + n] ?? t.End;
  }

  /** Goes past a token of this kind, which has to come. */
  protected eat(kind: number): void {
    if (this.kinds[this.at] !== kind) throw mistake;
    this.at++;
  }

  /** Goes past a token of this kind if it comes. */
  protected took(kind: number): boolean {
    if (this.kinds[this.at] !== kind) return false;
    this.at++;
    return true;
  }

  /** The text of token `at`. */
  protected image(at: number): string {
    return this.text.slice(this.starts[at], this.ends[at]);
  }

  /** The next token is the plain name `word`. */
  protected word(word: string): boolean {
    if (this.kinds[this.at] !== t.Name) return false;
    const start = this.starts[this.at] ?? 0;
    return this.ends[this.at] === start + word.length && this.text.startsWith(word, start);
  }

  protected tookWord(word: string): boolean {
    if (!this.word(word)) return false;
    this.at++;
    return true;
  }

  protected ident(): Ident {
    const at = this.at;
    this.eat(t.Name);
    return { name: this.image(at), span: this.spanOf(at) };
  }

  /** The value of the next token, a literal of this kind. */
  protected literal<L extends Literal<unknown>>(kind: number, read: (image: string) => L): L {
    const at = this.at;
    this.eat(kind);
    const literal = read(this.image(at));
    if (literal.problem) throw mistake;
    return literal;
  }

  /** `item, item, …` */
  protected some<T>(item: () => T): T[] {
    const all = [item()];
    while (this.took(t.Comma)) all.push(item());
    return all;
  }

  /** `item, item, …` and what ends it, which may come at once. */
  protected someUntil<T>(end: number, item: () => T): T[] {
    if (this.took(end)) return [];
    const all = this.some(item);
    this.eat(end);
    return all;
  }

  // ---- spans ----

  protected spanOf(at: number): Span {
    return { source: this.source, start: this.starts[at] ?? 0, end: this.ends[at] ?? 0 };
  }

  /** Where the next token begins; after the last one, where that ends. */
  protected here(): number {
    return this.kinds[this.at] === t.End ? this.before() : (this.starts[this.at] ?? 0);
  }

  /** Where the last token ends. */
  private before(): number {
    return this.at === 0 ? 0 : (this.ends[this.at - 1] ?? 0);
  }

  /** From `start` to the end of the last token. */
  protected since(start: number): Span {
    return { source: this.source, start, end: Math.max(start, this.before()) };
  }

  // ---- nesting ----

  /** One level deeper; `leave` is not called where a mistake is. */
  protected enter(): void {
    if (++this.depth > maxDepth) throw mistake;
  }

  protected leave(): void {
    this.depth--;
  }

  protected withStructs<T>(allowed: boolean, parse: () => T): T {
    const before = this.structs;
    this.structs = allowed;
    const result = parse();
    this.structs = before;
    return result;
  }

  protected whereComparing<T>(yes: boolean, parse: () => T): T {
    const before = this.inExpression;
    this.inExpression = yes;
    const result = parse();
    this.inExpression = before;
    return result;
  }
}
