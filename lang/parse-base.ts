// What all rules of the parser share: spans, literals, limits, and the notes on mistakes that the grammar lets through.
import { EmbeddedActionsParser, EOF, type IToken, type TokenType } from 'chevrotain';
import type { Block, Expr, Ident, Stmt } from './ast.ts';
import { type LiteralProblem, stringValue } from './literals.ts';
import type { Span } from './source.ts';
import { allTokens, mark as m, Name } from './tokens.ts';

/** Deeper nesting than this is refused: it is nobody's program, and would exhaust the stack. */
export const maxDepth = 150;

/** A node without its span. */
export type Fresh<T> = T extends unknown ? Omit<T, 'span'> : never;

export abstract class ParserBase extends EmbeddedActionsParser {
  source = 0;
  /** Literals that are wrong, with where they begin. */
  problems: { readonly problem: LiteralProblem; readonly at: number }[] = [];
  tooDeep: Span | undefined;
  protected depth = 0;
  protected structs = true;
  missingValues: { readonly kind: string; readonly name: Ident }[] = [];
  badReductions: Span[] = [];
  reducedFors: Span[] = [];
  /** Comparisons of what is a comparison itself. */
  chained: Span[] = [];
  missingRanges: Span[] = [];
  missingOn: Span[] = [];
  missingSemicolons: Span[] = [];
  misplaced: IToken[] = [];
  /** In `x as T < y` the `<` compares. */
  protected inExpression = false;
  /** A `>>` whose first half has ended an inner list of type arguments. */
  protected half: IToken | undefined;

  constructor() {
    super(allTokens, { recoveryEnabled: true, skipValidations: true, maxLookahead: 1, nodeLocationTracking: 'none' });
  }

  /** The last of its arguments; the ones before are evaluated first, for what they consume. */
  protected after<T>(...steps: [...unknown[], T]): T {
    return steps[steps.length - 1] as T;
  }

  /** Alternatives: each a token. */
  protected oneOf(types: Iterable<TokenType>): { ALT: () => IToken }[] {
    return [...types].map((type) => ({ ALT: () => this.CONSUME(type) }));
  }

  // ---- spans ----

  protected spanOf(t: IToken): Span {
    const start = Number.isNaN(t.startOffset) ? 0 : t.startOffset;
    return { source: this.source, start, end: start + t.image.length };
  }

  /** From the start of `t` to the end of the last token consumed. */
  protected since(start: number): Span {
    const last = this.LA(0);
    const end =
      last && last.tokenType !== EOF && !Number.isNaN(last.startOffset) ? last.startOffset + last.image.length : start;
    return { source: this.source, start, end: Math.max(start, end) };
  }

  protected here(): number {
    const t = this.LA(1);
    if (t.tokenType !== EOF) return Number.isNaN(t.startOffset) ? 0 : t.startOffset;
    const last = this.LA(0);
    return last && last.tokenType !== EOF && !Number.isNaN(last.startOffset) ? last.startOffset + last.image.length : 0;
  }

  /** The node, which nobody else has, with its span: copying it would take longer than making it. */
  protected expr(start: number, e: Fresh<Expr>): Expr {
    (e as { span?: Span }).span = this.since(start);
    return e as Expr;
  }

  protected stmt(start: number, s: Fresh<Stmt>): Stmt {
    (s as { span?: Span }).span = this.since(start);
    return s as Stmt;
  }

  protected literal<T>(t: IToken, l: { readonly value: T; readonly problem?: LiteralProblem }): T {
    if (l.problem && !t.isInsertedInRecovery) this.problems.push({ problem: l.problem, at: t.startOffset });
    return l.value;
  }

  protected error(): Expr {
    const start = this.here();
    return { kind: 'error', span: { source: this.source, start, end: start } };
  }

  protected ident(t: IToken): Ident {
    return { name: t.image, span: this.spanOf(t) };
  }

  /** Next token is the plain name `text`. */
  protected word(text: string, n = 1): boolean {
    const t = this.LA(n);
    return t.tokenType === Name && t.image === text;
  }

  protected next(type: TokenType, n = 1): boolean {
    return this.LA(n).tokenType === type;
  }

  /** Runs `parse` one level deeper; beyond the limit the rest of the text is given up. */
  protected deeper<T>(parse: () => T): T {
    this.depth++;
    try {
      if (this.depth > maxDepth && !this.RECORDING_PHASE) {
        this.tooDeep ??= this.spanOf(this.LA(1));
        while (!this.next(EOF)) this.SKIP_TOKEN();
      }
      return parse();
    } finally {
      this.depth--;
    }
  }

  protected withStructs<T>(allowed: boolean, parse: () => T): T {
    const before = this.structs;
    this.structs = allowed;
    try {
      return parse();
    } finally {
      this.structs = before;
    }
  }

  /** A type in which `<` compares, or not. Recovery from a mistake in it leaves by an exception. */
  protected whereComparing<T>(yes: boolean, parse: () => T): T {
    const before = this.inExpression;
    this.inExpression = yes;
    try {
      return parse();
    } finally {
      this.inExpression = before;
    }
  }

  /** Before a text of this source is parsed. */
  begin(source: number): void {
    this.reset();
    this.source = source;
    this.missingSemicolons = [];
    this.misplaced = [];
    this.missingOn = [];
    this.missingRanges = [];
    this.missingValues = [];
    this.badReductions = [];
    this.reducedFors = [];
    this.chained = [];
  }

  reset(): void {
    super.reset();
    this.depth = 0;
    this.structs = true;
    this.inExpression = false;
    this.half = undefined;
    this.problems = [];
    this.tooDeep = undefined;
  }
  protected stringOf(t: IToken): string {
    return this.ACTION(() => this.literal(t, stringValue(t.image))) ?? '';
  }

  protected emptyBlock(): Block {
    return { span: this.since(this.here()), stmts: [] };
  }

  /** After the head of an `if` or a loop comes its body; what stands in between is reported and skipped. */
  protected bodyAhead(): void {
    if (this.RECORDING_PHASE || this.next(m.LBrace) || this.next(EOF)) return;
    this.misplaced.push(this.LA(1));
    while (!this.next(EOF) && !this.next(m.LBrace) && !this.next(m.Semi) && !this.next(m.RBrace)) this.SKIP_TOKEN();
  }
}
