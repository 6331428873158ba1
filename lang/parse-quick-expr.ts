// The rules of types and expressions, without recovery (see parse-quick.ts).
import type { BinaryOp, Block, DistWord, Expr, Ident, Index, ReduceOp, TypeExpr } from './ast.ts';
import { charValue, floatLiteral, intLiteral, stringValue } from './literals.ts';
import { QuickBase } from './parse-quick-base.ts';
import { isComparison, precedence } from './precedence.ts';
import { type Span, spanning } from './source.ts';
import * as t from './token-kinds.ts';

/** Something for some kinds of tokens. */
const byKind = <T>(...entries: readonly (readonly [number, T])[]): readonly (T | undefined)[] => {
  const all = new Array<T | undefined>(t.count).fill(undefined);
  for (const [kind, value] of entries) all[kind] = value;
  return all;
};
/** A set of kinds. */
const setOf = (...kinds: readonly number[]): Uint8Array => {
  const all = new Uint8Array(t.count);
  for (const kind of kinds) all[kind] = 1;
  return all;
};

const binary = byKind<BinaryOp>(
  [t.OrOr, '||'],
  [t.AndAnd, '&&'],
  [t.EqEq, '=='],
  [t.NotEq, '!='],
  [t.Less, '<'],
  [t.LessEq, '<='],
  [t.Greater, '>'],
  [t.GreaterEq, '>='],
  [t.Or, '|'],
  [t.Xor, '^'],
  [t.And, '&'],
  [t.Shl, '<<'],
  [t.Shr, '>>'],
  [t.Plus, '+'],
  [t.Minus, '-'],
  [t.Star, '*'],
  [t.Slash, '/'],
  [t.Percent, '%'],
);
const reducing = byKind<ReduceOp>([t.Plus, '+'], [t.Star, '*'], [t.And, '&'], [t.Or, '|'], [t.Xor, '^']);

/** Tokens that type arguments are made of, besides `<` and `>`. */
const inTypeArgs = setOf(
  ...[t.Name, t.Fn, t.Shared, t.Co, t.Int],
  ...[t.Dot, t.Comma, t.LBracket, t.RBracket, t.LParen, t.RParen, t.Star, t.Arrow],
);
/** What begins an operand: after `a as T < b, c >` it says that these were comparisons. */
const beginsOperand = setOf(
  ...[t.Name, t.Int, t.Float, t.Char, t.Str, t.True, t.False, t.Nil, t.New, t.If],
  ...[t.LParen, t.Minus, t.Not, t.Tilde, t.Star, t.And],
);

export abstract class QuickExpressions extends QuickBase {
  /** An `if` holds blocks; they come with the statements. */
  protected abstract block(): Block;

  protected stringOf(): string {
    return this.literal(t.Str, stringValue).value;
  }

  // ---- types ----

  protected readonly type = (): TypeExpr => {
    this.enter();
    const type = this.typeWithin(this.here());
    this.leave();
    return type;
  };

  private typeWithin(start: number): TypeExpr {
    switch (this.kind()) {
      case t.Name:
        return this.namedType(start);
      case t.LBracket: {
        if (this.kind(1) === t.RBracket || this.kind(1) === t.Comma) {
          const rank = this.emptyBrackets();
          const element = this.type();
          return { kind: 'slice', rank, element, span: this.since(start) };
        }
        this.at++;
        const extents = this.withStructs(true, () => this.some(this.expression));
        this.eat(t.RBracket);
        const element = this.type();
        return { kind: 'array', extents, element, span: this.since(start) };
      }
      case t.Star: {
        this.at++;
        const kind = this.took(t.Shared) ? 'sharedPointer' : 'pointer';
        const target = this.type();
        return { kind, target, span: this.since(start) };
      }
      case t.Shared:
      case t.Co: {
        const of = this.kind() === t.Co ? 'co' : 'shared';
        this.at++;
        const rank = this.emptyBrackets();
        const element = this.type();
        return { kind: 'handle', of, rank, element, span: this.since(start) };
      }
      case t.Fn: {
        this.at++;
        this.eat(t.LParen);
        const params = this.someUntil(t.RParen, this.type);
        const result = this.took(t.Arrow) ? this.type() : undefined;
        return { kind: 'fn', params, ...(result ? { result } : {}), span: this.since(start) };
      }
      default:
        return this.wrong();
    }
  }

  private namedType(start: number): TypeExpr {
    const first = this.ident();
    const second = this.took(t.Dot) ? this.ident() : undefined;
    const hasArgs = this.kind() === t.Less && (!this.inExpression || this.argsAfterAs());
    const args = hasArgs ? this.typeArgs() : [];
    const span = this.since(start);
    return second
      ? { kind: 'named', module: first, name: second, args, span }
      : { kind: 'named', name: first, args, span };
  }

  /** How many tokens on type arguments end that begin `n` tokens on; `n` if there are none. */
  private afterTypeArgs(n: number): number {
    if (this.kind(n) !== t.Less) return n;
    let open = 0;
    for (let i = n; i < n + 100; i++) {
      const kind = this.kind(i);
      if (kind === t.Less) open++;
      else if (kind === t.Greater) open--;
      else if (kind === t.Shr) open -= 2;
      else if (!inTypeArgs[kind]) return n;
      if (open === 0) return i + 1;
    }
    return n;
  }

  /** In `e as T < …`: whether these are type arguments, as nothing follows that could be compared. */
  private argsAfterAs(): boolean {
    const end = this.afterTypeArgs(0);
    return end > 0 && !beginsOperand[this.kind(end)];
  }

  /** `<T, U>`. The `>>` that ends two lists at once stays for the outer one. */
  private typeArgs(): TypeExpr[] {
    this.eat(t.Less);
    const args = this.some(this.type);
    if (this.kind() !== t.Shr) this.eat(t.Greater);
    else if (this.half === this.at) this.at++;
    else this.half = this.at;
    return args;
  }

  private emptyBrackets(): number {
    let rank = 1;
    this.eat(t.LBracket);
    while (this.took(t.Comma)) rank++;
    this.eat(t.RBracket);
    return rank;
  }

  /** `: T`, which has to come. */
  protected annotation(): TypeExpr {
    this.eat(t.Colon);
    return this.type();
  }

  /** `dist(…)`, if it comes. */
  protected dist(): { words: DistWord[]; span: Span } | undefined {
    const start = this.here();
    if (!this.tookWord('dist')) return undefined;
    this.eat(t.LParen);
    const words = this.some(() => this.distWord());
    this.eat(t.RParen);
    return { words, span: this.since(start) };
  }

  private distWord(): DistWord {
    const start = this.here();
    if (this.took(t.Star)) return { kind: 'star', span: this.since(start) };
    if (this.tookWord('on')) {
      const image = this.expression();
      return { kind: 'on', image, span: this.since(start) };
    }
    if (this.tookWord('cyclic')) return { kind: 'cyclic', span: this.since(start) };
    if (!this.tookWord('block')) return this.wrong();
    if (!this.took(t.LParen)) return { kind: 'block', span: this.since(start) };
    const size = this.expression();
    this.eat(t.RParen);
    return { kind: 'block', size, span: this.since(start) };
  }

  // ---- expressions ----

  readonly expression = (): Expr => {
    this.enter();
    const first = this.cast();
    const e = binary[this.kind()] === undefined ? first : this.operations(first, 0);
    this.leave();
    return e;
  };

  /** `first` with the operators that bind tighter than `loosest`, and their operands: by precedence climbing. */
  private operations(first: Expr, loosest: number): Expr {
    let left = first;
    for (;;) {
      const op = binary[this.kind()];
      if (op === undefined) return left;
      const level = precedence[op];
      if (level <= loosest) return left;
      // Comparisons do not chain.
      if (isComparison(op) && left.kind === 'binary' && isComparison(left.op)) this.wrong();
      const opSpan = this.spanOf(this.at);
      this.at++;
      const operand = this.cast();
      const next = binary[this.kind()];
      const right = next !== undefined && precedence[next] > level ? this.operations(operand, level) : operand;
      left = { kind: 'binary', op, opSpan, left, right, span: spanning(left.span, right.span) };
    }
  }

  private cast(): Expr {
    const start = this.here();
    let e = this.unary();
    while (this.took(t.As)) {
      const type = this.whereComparing(true, this.type);
      e = { kind: 'cast', operand: e, type, span: this.since(start) };
    }
    return e;
  }

  private unary(): Expr {
    this.enter();
    const start = this.here();
    const e = this.prefixed(start) ?? this.postfix(start);
    this.leave();
    return e;
  }

  private prefixed(start: number): Expr | undefined {
    switch (this.kind()) {
      case t.Minus:
      case t.Not:
      case t.Tilde: {
        const op = this.kind() === t.Minus ? '-' : this.kind() === t.Not ? '!' : '~';
        this.at++;
        const operand = this.unary();
        return { kind: 'unary', op, operand, span: this.since(start) };
      }
      case t.Star: {
        this.at++;
        const pointer = this.unary();
        return { kind: 'deref', pointer, span: this.since(start) };
      }
      case t.And: {
        this.at++;
        const place = this.unary();
        return { kind: 'addressOf', place, span: this.since(start) };
      }
      default:
        return undefined;
    }
  }

  private postfix(start: number): Expr {
    let e = this.primary(start);
    for (;;) {
      switch (this.kind()) {
        case t.Dot: {
          this.at++;
          const name = this.ident();
          e = { kind: 'field', base: e, name, span: this.since(start) };
          break;
        }
        case t.LBracket: {
          this.at++;
          const indices = this.withStructs(true, () => this.some(this.index));
          this.eat(t.RBracket);
          e = { kind: 'index', base: e, indices, span: this.since(start) };
          break;
        }
        case t.LParen: {
          this.at++;
          const args = this.withStructs(true, () => this.someUntil(t.RParen, this.argument));
          e = { kind: 'call', callee: e, args, span: this.since(start) };
          break;
        }
        case t.At: {
          this.at++;
          const image = this.imageOperand();
          e = { kind: 'at', place: e, image, span: this.since(start) };
          break;
        }
        default:
          return e;
      }
    }
  }

  private imageOperand(): Expr {
    switch (this.kind()) {
      case t.Name:
        return this.name();
      case t.Int:
        return this.integer();
      default:
        return this.paren();
    }
  }

  private name(): Expr {
    const name = this.ident();
    return { kind: 'name', name, span: name.span };
  }

  private integer(): Expr {
    const span = this.spanOf(this.at);
    const { value, suffix } = this.literal(t.Int, intLiteral);
    return suffix ? { kind: 'int', value, suffix, span } : { kind: 'int', value, span };
  }

  private float(): Expr {
    const span = this.spanOf(this.at);
    const { value, suffix } = this.literal(t.Float, floatLiteral);
    return suffix ? { kind: 'float', value, suffix, span } : { kind: 'float', value, span };
  }

  private paren(): Expr {
    const start = this.here();
    this.eat(t.LParen);
    const inner = this.withStructs(true, this.expression);
    this.eat(t.RParen);
    return { kind: 'paren', inner, span: this.since(start) };
  }

  private readonly argument = (): Expr => {
    const op = reducing[this.kind()];
    if (op === undefined || (this.kind(1) !== t.Comma && this.kind(1) !== t.RParen)) return this.expression();
    const start = this.here();
    this.at++;
    return { kind: 'operator', op, span: this.since(start) };
  };

  private readonly index = (): Index => {
    const start = this.here();
    if (this.took(t.DotDot)) {
      const hi = this.endOfRange();
      return { kind: 'range', ...(hi ? { hi } : {}), span: this.since(start) };
    }
    const lo = this.expression();
    if (!this.took(t.DotDot)) return { kind: 'at', value: lo, span: this.since(start) };
    const hi = this.endOfRange();
    return { kind: 'range', lo, ...(hi ? { hi } : {}), span: this.since(start) };
  };

  private endOfRange(): Expr | undefined {
    return this.kind() === t.Comma || this.kind() === t.RBracket ? undefined : this.expression();
  }

  private primary(start: number): Expr {
    switch (this.kind()) {
      case t.Name:
        if (this.structAhead()) return this.structLiteral(start);
        return this.kind(1) === t.Name && this.word('spawn') ? this.spawn(start) : this.name();
      case t.Int:
        return this.integer();
      case t.Float:
        return this.float();
      case t.Str: {
        const value = this.stringOf();
        return { kind: 'string', value, span: this.since(start) };
      }
      case t.Char: {
        const { value } = this.literal(t.Char, charValue);
        return { kind: 'char', value, span: this.since(start) };
      }
      case t.True:
      case t.False: {
        const value = this.kind() === t.True;
        this.at++;
        return { kind: 'bool', value, span: this.since(start) };
      }
      case t.Nil:
        this.at++;
        return { kind: 'nil', span: this.since(start) };
      case t.LParen:
        return this.paren();
      case t.If:
        return this.ifExpr();
      case t.New:
        return this.newExpr(start);
      default:
        return this.wrong();
    }
  }

  private spawn(start: number): Expr {
    this.at++;
    const call = this.postfix(this.here());
    const on = this.tookWord('on') ? this.expression() : undefined;
    return { kind: 'spawn', call, ...(on ? { on } : {}), span: this.since(start) };
  }

  /** `Name {` begins a struct literal where one is allowed and what follows looks like one. */
  private structAhead(): boolean {
    const then = this.kind(1);
    if (!this.structs || (then !== t.LBrace && then !== t.Less && then !== t.Dot)) return false;
    const open = this.afterTypeArgs(then === t.Dot ? 3 : 1);
    if (this.kind(open) !== t.LBrace) return false;
    const after = this.kind(open + 1);
    return after === t.RBrace || (after === t.Name && this.kind(open + 2) === t.Colon);
  }

  private structLiteral(start: number): Expr {
    const first = this.ident();
    const second = this.took(t.Dot) ? this.ident() : undefined;
    const args = this.kind() === t.Less ? this.typeArgs() : [];
    const span = this.since(start);
    const type: TypeExpr = second
      ? { kind: 'named', module: first, name: second, args, span }
      : { kind: 'named', name: first, args, span };
    this.eat(t.LBrace);
    const fields = this.withStructs(true, () => this.fieldValues());
    this.eat(t.RBrace);
    return { kind: 'struct', type, fields, span: this.since(start) };
  }

  /** `name: value, …`; a comma after the last one is allowed. */
  private fieldValues(): { name: Ident; value: Expr }[] {
    const fields: { name: Ident; value: Expr }[] = [];
    while (this.kind() === t.Name) {
      const name = this.ident();
      this.eat(t.Colon);
      fields.push({ name, value: this.expression() });
      if (!this.took(t.Comma)) break;
    }
    return fields;
  }

  protected ifExpr(): Extract<Expr, { kind: 'if' }> {
    const start = this.here();
    this.eat(t.If);
    const condition = this.withStructs(false, this.expression);
    const then = this.block();
    if (!this.took(t.Else)) return { kind: 'if', condition, then, span: this.since(start) };
    const from = this.here();
    let otherwise: Block;
    if (this.kind() === t.If) {
      this.enter();
      const value = this.ifExpr();
      this.leave();
      otherwise = { span: this.since(from), stmts: [], value };
    } else otherwise = this.block();
    return { kind: 'if', condition, then, else: otherwise, span: this.since(start) };
  }

  private newExpr(start: number): Expr {
    this.eat(t.New);
    const of = this.took(t.Shared)
      ? this.tookWord('local')
        ? 'sharedLocal'
        : 'shared'
      : this.took(t.Co)
        ? 'co'
        : 'private';
    // No comparison begins with `new T <`, so what follows is of the type.
    const type = this.whereComparing(false, this.type);
    const dist = this.dist();
    return { kind: 'new', of, type, ...(dist ? { dist: dist.words } : {}), span: this.since(start) };
  }
}
