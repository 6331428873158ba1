// The same grammar without recovery from mistakes, written out by hand: how programs that have none are parsed, which is nearly always.
// Chevrotain keeps for each rule what recovery and messages need, and looks at the whole grammar before it begins; here a rule looks at the
// next token, or a few, and goes on. At the first mistake it gives up, and the text is parsed again by Chevrotain, which tells what is
// wrong. What Chevrotain refuses is refused here; both make the same trees (test/syntax/quick.test.ts).
//
//   parse-quick-base.ts   tokens, spans        parse-quick-expr.ts   types and expressions        here   statements and declarations
import type { AssignOp, Block, Decl, Expr, Ident, Module, Param, Range, ReduceOp, Reduction, Stmt } from './ast.ts';
import type { QuickTokens } from './lex-quick.ts';
import { ifStatement, type StatementOrValue } from './parse-if.ts';
import { QuickExpressions } from './parse-quick-expr.ts';
import * as t from './token-kinds.ts';

const assigning: ReadonlyMap<number, AssignOp> = new Map<number, AssignOp>([
  [t.Eq, '='],
  [t.PlusEq, '+='],
  [t.MinusEq, '-='],
  [t.StarEq, '*='],
  [t.SlashEq, '/='],
  [t.PercentEq, '%='],
  [t.AndEq, '&='],
  [t.OrEq, '|='],
  [t.XorEq, '^='],
  [t.ShlEq, '<<='],
  [t.ShrEq, '>>='],
]);
const reductionOps: ReadonlyMap<string, ReduceOp> = new Map(
  (['+', '*', '&', '|', '^', 'min', 'max'] as const).map((op) => [op, op]),
);

class QuickParser extends QuickExpressions {
  /** Set if bodies of functions are parsed when they are looked at. */
  private later: QuickTokens | undefined;

  // ---- statements ----

  protected block(): Block {
    this.enter();
    const start = this.here();
    const stmts: Stmt[] = [];
    let value: Expr | undefined;
    this.eat(t.LBrace);
    const { structs } = this;
    this.structs = true;
    while (!this.took(t.RBrace)) {
      const s = this.statement();
      if (s.kind === 'value') value = s.value;
      else stmts.push(s);
    }
    this.structs = structs;
    this.leave();
    return value ? { span: this.since(start), stmts, value } : { span: this.since(start), stmts };
  }

  private statement(): StatementOrValue {
    this.enter();
    const s = this.statementFrom(this.here());
    this.leave();
    return s;
  }

  private statementFrom(start: number): StatementOrValue {
    switch (this.kind()) {
      case t.Break:
        this.at++;
        this.eat(t.Semi);
        return { kind: 'break', span: this.since(start) };
      case t.Continue:
        this.at++;
        this.eat(t.Semi);
        return { kind: 'continue', span: this.since(start) };
      case t.Return: {
        this.at++;
        const value = this.kind() === t.Semi ? undefined : this.expression();
        this.eat(t.Semi);
        return { kind: 'return', ...(value ? { value } : {}), span: this.since(start) };
      }
      case t.Delete: {
        this.at++;
        const value = this.expression();
        this.eat(t.Semi);
        return { kind: 'delete', value, span: this.since(start) };
      }
      case t.Let:
        return this.local('let', start);
      case t.Var:
        return this.local('var', start);
      case t.Const:
        return this.local('const', start);
      case t.LBrace: {
        const body = this.block();
        return { kind: 'block', body, span: this.since(start) };
      }
      case t.If:
        return this.ifStmt();
      case t.While: {
        this.at++;
        const condition = this.withStructs(false, this.expression);
        const body = this.block();
        return { kind: 'while', condition, body, span: this.since(start) };
      }
      case t.Loop: {
        this.at++;
        const body = this.block();
        return { kind: 'loop', body, span: this.since(start) };
      }
      case t.For:
      case t.Foreach:
        return this.forStmt(start);
      case t.Forall:
        return this.forallStmt(start);
      case t.Name:
        return this.contextual(start) ?? this.expressionStmt(start);
      default:
        return this.expressionStmt(start);
    }
  }

  private local(kind: 'let' | 'var' | 'const', start: number): Stmt {
    this.at++;
    const name = this.ident();
    const typed = this.kind() === t.Colon ? { type: this.annotation() } : {};
    const value = this.took(t.Eq) ? this.expression() : undefined;
    this.eat(t.Semi);
    const span = this.since(start);
    if (value) return { kind, name, ...typed, value, span };
    return kind === 'var' ? { kind, name, ...typed, span } : this.wrong();
  }

  private ifStmt(): StatementOrValue {
    const e = this.ifExpr();
    // The last thing in a block, with a value in its branch: the block's value.
    if (e.then.value && e.else && this.kind() === t.RBrace) return { kind: 'value', value: e };
    return ifStatement(e);
  }

  private range(): Range {
    const { range } = this.loopHead();
    return range ?? this.wrong();
  }

  /** `lo..hi step s`, or one expression. */
  private readonly loopHead = (): { range?: Range; over: Expr } => {
    const lo = this.expression();
    const inclusive = this.kind() === t.DotDotEq;
    if (!inclusive && this.kind() !== t.DotDot) return { over: lo };
    this.at++;
    const hi = this.expression();
    const step = this.tookWord('step') ? this.expression() : undefined;
    return { range: { lo, hi, inclusive, ...(step ? { step } : {}) }, over: lo };
  };

  private reductions(): Reduction[] {
    const all: Reduction[] = [];
    for (let start = this.here(); this.tookWord('reduce'); start = this.here()) {
      this.eat(t.LParen);
      const op = reductionOps.get(this.image(this.at)) ?? this.wrong();
      this.at++;
      this.eat(t.Colon);
      const names = this.some(() => this.ident());
      this.eat(t.RParen);
      all.push({ op, names, span: this.since(start) });
    }
    return all;
  }

  private forStmt(start: number): Stmt {
    const each = this.kind() === t.Foreach;
    this.at++;
    const name = this.ident();
    this.eat(t.In);
    const { range, over } = this.withStructs(false, this.loopHead);
    const reductions = this.reductions();
    const body = this.block();
    const span = this.since(start);
    if (each) return { kind: 'foreach', name, range: range ?? this.wrong(), reductions, body, span };
    if (reductions.length > 0) return this.wrong();
    return range ? { kind: 'for', name, range, body, span } : { kind: 'forEach', name, over, body, span };
  }

  private forallStmt(start: number): Stmt {
    this.at++;
    let names: Ident[];
    if (this.took(t.LParen)) {
      names = this.some(() => this.ident());
      this.eat(t.RParen);
    } else names = [this.ident()];
    this.eat(t.In);
    const { range, over } = this.withStructs(false, this.loopHead);
    const on = this.tookWord('on') ? this.withStructs(false, this.expression) : undefined;
    const reductions = this.reductions();
    const body = this.block();
    const span = this.since(start);
    if (!range) return { kind: 'forall', names, over: { kind: 'array', array: over }, reductions, body, span };
    return { kind: 'forall', names, over: { kind: 'range', range, on: on ?? this.wrong() }, reductions, body, span };
  }

  /** A statement that begins with a word that is no keyword. */
  private contextual(start: number): Stmt | undefined {
    switch (this.kind(1)) {
      case t.Semi: {
        const word = this.image(this.at);
        switch (word) {
          case 'barrier':
          case 'fence':
          case 'notify':
          case 'wait':
          case 'yield':
            this.at += 2;
            return { kind: word, span: this.since(start) };
          default:
            return undefined;
        }
      }
      case t.LBrace:
        if (this.tookWord('critical')) {
          const body = this.block();
          return { kind: 'critical', body, span: this.since(start) };
        }
        if (this.tookWord('finish')) {
          const body = this.block();
          return { kind: 'finish', body, span: this.since(start) };
        }
        return undefined;
      case t.LParen:
        return this.tookWord('critical') ? this.criticalWith(start) : undefined;
      case t.Name: {
        if (!this.tookWord('within')) return undefined;
        const team = this.withStructs(false, this.expression);
        const body = this.block();
        return { kind: 'within', team, body, span: this.since(start) };
      }
      case t.For:
        return this.tookWord('par') ? this.parFor(start) : undefined;
      default:
        return undefined;
    }
  }

  private criticalWith(start: number): Stmt {
    this.eat(t.LParen);
    const lock = this.expression();
    this.eat(t.RParen);
    const body = this.block();
    return { kind: 'critical', lock, body, span: this.since(start) };
  }

  private parFor(start: number): Stmt {
    this.eat(t.For);
    const name = this.ident();
    this.eat(t.In);
    const range = this.withStructs(false, () => this.range());
    const reductions = this.reductions();
    const body = this.block();
    return { kind: 'parFor', name, range, reductions, body, span: this.since(start) };
  }

  private expressionStmt(start: number): StatementOrValue {
    const place = this.expression();
    const op = assigning.get(this.kind());
    if (op !== undefined) {
      this.at++;
      const value = this.expression();
      this.eat(t.Semi);
      return { kind: 'assign', op, place, value, span: this.since(start) };
    }
    if (this.kind() === t.RBrace) return { kind: 'value', value: place };
    this.eat(t.Semi);
    return { kind: 'expr', value: place, span: this.since(start) };
  }

  // ---- declarations ----

  private module(): Module {
    const decls: Decl[] = [];
    while (this.kind() !== t.End) decls.push(this.declaration(this.here()));
    return { source: this.source, decls, span: this.since(0) };
  }

  private declaration(start: number): Decl {
    switch (this.kind()) {
      case t.Import:
        return this.importDecl(start);
      case t.Config:
      case t.Const: {
        const config = this.took(t.Config);
        const rest = this.value(t.Const);
        return { kind: 'const', config, ...rest, span: this.since(start) };
      }
      case t.Let: {
        const rest = this.value(t.Let);
        return { kind: 'let', ...rest, span: this.since(start) };
      }
      case t.Strict:
      case t.Var:
      case t.Co:
      case t.Shared:
        return this.variable(start);
      case t.Struct:
        return this.structDecl(start);
      case t.Name:
        return this.kind(1) === t.Str && this.word('test') ? this.testDecl(start) : this.fnDecl(start);
      default:
        return this.fnDecl(start);
    }
  }

  /** `word name: T = value;` */
  private value(word: number): Pick<Extract<Decl, { kind: 'let' }>, 'name' | 'type' | 'value'> {
    this.eat(word);
    const name = this.ident();
    const type = this.kind() === t.Colon ? this.annotation() : undefined;
    this.eat(t.Eq);
    const value = this.expression();
    this.eat(t.Semi);
    return { name, ...(type ? { type } : {}), value };
  }

  private importDecl(start: number): Decl {
    this.eat(t.Import);
    const from = this.here();
    const path = this.kind() === t.Str ? { kind: 'file' as const, text: this.stringOf() } : this.standardPath();
    const pathSpan = this.since(from);
    const alias = this.took(t.As) ? this.ident() : undefined;
    this.eat(t.Semi);
    return { kind: 'import', path, pathSpan, ...(alias ? { alias } : {}), span: this.since(start) };
  }

  private standardPath(): { kind: 'std'; parts: string[]; root?: string } {
    const root = this.ident().name;
    const parts: string[] = [];
    while (this.took(t.Dot)) parts.push(this.ident().name);
    return { kind: 'std', parts, ...(root === 'std' ? {} : { root }) };
  }

  private variable(start: number): Decl {
    const strict = this.took(t.Strict);
    const storage = this.took(t.Var) ? 'var' : this.took(t.Co) ? 'co' : this.took(t.Shared) ? 'shared' : this.wrong();
    const name = this.ident();
    const type = this.kind() === t.Colon ? this.annotation() : undefined;
    const dist = this.dist();
    const value = this.took(t.Eq) ? this.expression() : undefined;
    this.eat(t.Semi);
    return {
      kind: 'variable',
      storage,
      strict,
      name,
      ...(type ? { type } : {}),
      ...(dist ? { dist } : {}),
      ...(value ? { value } : {}),
      span: this.since(start),
    };
  }

  private structDecl(start: number): Decl {
    this.eat(t.Struct);
    const name = this.ident();
    const typeParams = this.typeParams();
    const fields: Param[] = [];
    this.eat(t.LBrace);
    while (!this.took(t.RBrace)) {
      fields.push(this.param());
      if (!this.took(t.Semi)) this.took(t.Comma);
    }
    return { kind: 'struct', name, typeParams, fields, span: this.since(start) };
  }

  /** `name: T` */
  private readonly param = (): Param => {
    const name = this.ident();
    return { name, type: this.annotation() };
  };

  private typeParams(): Ident[] {
    if (!this.took(t.Less)) return [];
    const names = this.some(() => this.ident());
    this.eat(t.Greater);
    return names;
  }

  private testDecl(start: number): Decl {
    this.eat(t.Name);
    const nameSpan = this.spanOf(this.at);
    const name = this.stringOf();
    const body = this.block();
    return { kind: 'test', name, nameSpan, body, span: this.since(start) };
  }

  private fnDecl(start: number): Decl {
    const virtine = this.tookWord('virtine');
    this.eat(t.Fn);
    const name = this.ident();
    const typeParams = this.typeParams();
    this.eat(t.LParen);
    const params = this.someUntil(t.RParen, this.param);
    const result = this.took(t.Arrow) ? this.type() : undefined;
    const body = this.later ? this.bodyLater(this.later) : this.block();
    return {
      kind: 'fn',
      virtine,
      name,
      typeParams,
      params,
      ...(result ? { result } : {}),
      body,
      span: this.since(start),
    };
  }

  // ---- bodies that are parsed when they are looked at ----

  /** Goes past the body of a function, and gives a block that is parsed at the first look into it. */
  private bodyLater(tokens: QuickTokens): Block {
    const { source } = this;
    const begin = this.at;
    const start = this.here();
    this.eat(t.LBrace);
    for (let open = 1; open > 0; this.at++) {
      const kind = this.kind();
      if (kind === t.End) this.wrong();
      else if (kind === t.LBrace) open++;
      else if (kind === t.RBrace) open--;
    }
    let parsed: Block | undefined;
    const body = (): Block => {
      parsed ??= this.bodyAt(tokens, begin, source);
      return parsed;
    };
    return {
      span: this.since(start),
      get stmts() {
        return body().stmts;
      },
      get value() {
        return body().value;
      },
    };
  }

  private bodyAt(tokens: QuickTokens, at: number, source: number): Block {
    const body = this.run(tokens, at, source, () => this.block());
    if (body) return body;
    throw new Error(
      'internal error: a function of the library has a mistake in its syntax (`pgc check` of its module tells it)',
    );
  }

  /** The tree of the tokens; nothing if something is wrong with them. `later`: bodies of functions are parsed when they are looked at. */
  parse(tokens: QuickTokens, source: number, how?: 'later'): Module | undefined {
    this.later = how === 'later' ? tokens : undefined;
    return this.run(tokens, 0, source, () => this.module());
  }
}

export const quickParser = (): QuickParser => new QuickParser();
