// The rules of statements and blocks.
import { EOF, type IToken, type TokenType } from 'chevrotain';
import type { AssignOp, Block, Expr, Ident, Range, Reduction, Stmt } from './ast.ts';
import type { Fresh } from './parse-base.ts';
import { ExpressionRules, reduceTokens } from './parse-expr.ts';
import { ifStatement, type StatementOrValue } from './parse-if.ts';
import { keywords as k, mark as m, Name } from './tokens.ts';

const assignTokens: ReadonlyMap<TokenType, AssignOp> = new Map<TokenType, AssignOp>([
  [m.Eq, '='],
  [m.PlusEq, '+='],
  [m.MinusEq, '-='],
  [m.StarEq, '*='],
  [m.SlashEq, '/='],
  [m.PercentEq, '%='],
  [m.AndEq, '&='],
  [m.OrEq, '|='],
  [m.XorEq, '^='],
  [m.ShlEq, '<<='],
  [m.ShrEq, '>>='],
]);

/** Operators that one might try in a reduction. */
const wrongReductions: readonly TokenType[] = [m.Minus, m.Slash, m.Percent, m.AndAnd, m.OrOr];

export abstract class StatementRules extends ExpressionRules {
  // ---- statements ----

  private readonly assignOperators = this.oneOf(assignTokens.keys());

  readonly block = this.RULE(
    'block',
    (): Block =>
      this.deeper(() => {
        const start = this.here();
        const stmts: Stmt[] = [];
        let value: Expr | undefined;
        this.CONSUME(m.LBrace);
        this.withStructs(true, () =>
          this.MANY(() => {
            const s = this.SUBRULE(this.statement);
            this.ACTION(() => {
              if (!s) return;
              if (s.kind === 'value') value = s.value;
              else stmts.push(s);
            });
          }),
        );
        this.CONSUME(m.RBrace);
        return { span: this.since(start), stmts, ...(value ? { value } : {}) } as Block;
      }),
  );

  private readonly statements = [
    { ALT: (): Stmt => this.jump(k.break, { kind: 'break' }) },
    { ALT: (): Stmt => this.jump(k.continue, { kind: 'continue' }) },
    {
      ALT: (): Stmt => {
        const start = this.here();
        this.CONSUME(k.return);
        const value = this.OPTION(() => this.SUBRULE(this.expression));
        this.CONSUME4(m.Semi);
        return this.stmt(start, { kind: 'return', ...(value ? { value } : {}) });
      },
    },
    {
      ALT: (): Stmt => {
        const start = this.here();
        this.CONSUME(k.delete);
        const value = this.SUBRULE1(this.expression) ?? this.error();
        this.CONSUME5(m.Semi);
        return this.stmt(start, { kind: 'delete', value });
      },
    },
    { ALT: (): Stmt => this.SUBRULE(this.localDecl) },
    {
      ALT: (): Stmt => {
        const start = this.here();
        return this.stmt(start, { kind: 'block', body: this.SUBRULE(this.block) ?? this.emptyBlock() });
      },
    },
    { ALT: (): StatementOrValue => this.SUBRULE(this.ifStmt) },
    {
      ALT: (): Stmt => {
        const start = this.here();
        this.CONSUME(k.while);
        const condition = this.withStructs(false, () => this.SUBRULE2(this.expression)) ?? this.error();
        this.bodyAhead();
        return this.stmt(start, { kind: 'while', condition, body: this.SUBRULE1(this.block) ?? this.emptyBlock() });
      },
    },
    {
      ALT: (): Stmt => {
        const start = this.here();
        this.CONSUME(k.loop);
        return this.stmt(start, { kind: 'loop', body: this.SUBRULE2(this.block) ?? this.emptyBlock() });
      },
    },
    { ALT: (): Stmt => this.SUBRULE(this.forStmt) },
    { ALT: (): Stmt => this.SUBRULE(this.forallStmt) },
    { GATE: (): boolean => this.contextual(), ALT: (): Stmt => this.SUBRULE(this.contextualStmt) },
    { ALT: (): StatementOrValue => this.SUBRULE(this.expressionStmt) },
  ];

  readonly statement = this.RULE(
    'statement',
    (): StatementOrValue => this.deeper(() => this.OR<StatementOrValue>(this.statements)),
  );

  /** `break;`, `continue;` */
  private jump(word: TokenType, s: Fresh<Stmt>): Stmt {
    const start = this.here();
    this.CONSUME(word);
    if (word === k.break) this.CONSUME(m.Semi);
    else this.CONSUME1(m.Semi);
    return this.stmt(start, s);
  }

  private readonly localKinds = [
    { ALT: () => this.after(this.CONSUME(k.let), 'let' as const) },
    { ALT: () => this.after(this.CONSUME(k.var), 'var' as const) },
    { ALT: () => this.after(this.CONSUME(k.const), 'const' as const) },
  ];

  protected readonly localDecl = this.RULE('localDecl', (): Stmt => {
    const start = this.here();
    const kind = this.OR(this.localKinds);
    const name = this.ident(this.CONSUME(Name));
    const type = this.OPTION(() => this.SUBRULE(this.annotation));
    const value = this.OPTION1(() => {
      this.CONSUME(m.Eq);
      return this.SUBRULE(this.expression) ?? this.error();
    });
    this.CONSUME(m.Semi);
    const typed = type ? { type } : {};
    if (kind === 'var') return this.stmt(start, { kind, name, ...typed, ...(value ? { value } : {}) });
    if (!value) this.ACTION(() => this.noValue(kind, name));
    return this.stmt(start, { kind: kind ?? 'let', name, ...typed, value: value ?? this.error() });
  });

  protected noValue(kind: string, name: Ident): void {
    this.missingValues.push({ kind, name });
  }

  protected readonly ifStmt = this.RULE('ifStmt', (): StatementOrValue => {
    const e = this.SUBRULE(this.ifExpr);
    return (
      this.ACTION((): StatementOrValue => {
        if (e?.kind !== 'if') return { kind: 'expr', value: e ?? this.error(), span: this.since(this.here()) };
        // The last thing in a block, with a value in its branch: the block's value.
        const branch = e.then.value;
        if (branch && e.else && this.next(m.RBrace)) return { kind: 'value', value: e };
        return ifStatement(e);
      }) ?? { kind: 'value', value: this.error() }
    );
  });

  readonly range = this.RULE('range', (): Range => {
    const lo = this.SUBRULE(this.expression) ?? this.error();
    const inclusive = this.OR([
      { ALT: () => this.after(this.CONSUME(m.DotDot), false) },
      { ALT: () => this.after(this.CONSUME(m.DotDotEq), true) },
    ]);
    const hi = this.SUBRULE1(this.expression) ?? this.error();
    const step = this.OPTION({
      GATE: () => this.word('step'),
      DEF: () => {
        this.CONSUME(Name);
        return this.SUBRULE2(this.expression);
      },
    });
    return { lo, hi, inclusive: inclusive ?? false, ...(step ? { step } : {}) };
  });

  protected readonly reductions = this.RULE('reductions', (): Reduction[] => {
    const all: Reduction[] = [];
    this.MANY({
      GATE: () => this.word('reduce'),
      DEF: () => {
        const start = this.here();
        this.CONSUME(Name);
        this.CONSUME(m.LParen);
        const op = this.OR<IToken>([
          ...[...reduceTokens.keys(), ...wrongReductions].map((type) => ({ ALT: () => this.CONSUME(type) })),
          { ALT: () => this.CONSUME1(Name) },
        ]);
        this.CONSUME(m.Colon);
        const names: Ident[] = [];
        this.AT_LEAST_ONE_SEP({
          SEP: m.Comma,
          DEF: () => {
            names.push(this.ident(this.CONSUME2(Name)));
          },
        });
        this.CONSUME(m.RParen);
        this.ACTION(() => {
          const known =
            reduceTokens.get(op.tokenType) ?? (op.image === 'min' || op.image === 'max' ? op.image : undefined);
          if (!known) this.badReductions.push(this.spanOf(op));
          all.push({ op: known ?? '+', names, span: this.since(start) });
        });
      },
    });
    return all;
  });

  protected readonly forStmt = this.RULE('forStmt', (): Stmt => {
    const start = this.here();
    const kind = this.OR([
      { ALT: () => this.after(this.CONSUME(k.for), 'for' as const) },
      { ALT: () => this.after(this.CONSUME(k.foreach), 'foreach' as const) },
    ]);
    const name = this.ident(this.CONSUME(Name));
    this.CONSUME(k.in);
    const head = this.withStructs(false, () => this.SUBRULE(this.loopHead));
    const reductions = this.OPTION({ GATE: () => this.word('reduce'), DEF: () => this.SUBRULE(this.reductions) }) ?? [];
    this.bodyAhead();
    const body = this.SUBRULE(this.block) ?? this.emptyBlock();
    if (kind === 'foreach')
      return this.stmt(start, { kind, name, range: head?.range ?? this.emptyRange(head?.over), reductions, body });
    this.ACTION(() => this.reducedFors.push(...reductions.map((r) => r.span)));
    if (head?.range) return this.stmt(start, { kind: 'for', name, range: head.range, body });
    return this.stmt(start, { kind: 'forEach', name, over: head?.over ?? this.error(), body });
  });

  protected emptyRange(over: Expr | undefined): Range {
    this.ACTION(() => {
      if (over && over.kind !== 'error') this.missingRanges.push(over.span);
    });
    return { lo: this.error(), hi: this.error(), inclusive: false };
  }

  /** `lo..hi step s`, or one expression. */
  protected readonly loopHead = this.RULE('loopHead', (): { range?: Range; over?: Expr } => {
    const lo = this.SUBRULE(this.expression) ?? this.error();
    const rest = this.OPTION(() => {
      const inclusive = this.OR([
        { ALT: () => this.after(this.CONSUME(m.DotDot), false) },
        { ALT: () => this.after(this.CONSUME(m.DotDotEq), true) },
      ]);
      const hi = this.SUBRULE1(this.expression) ?? this.error();
      const step = this.OPTION1({
        GATE: () => this.word('step'),
        DEF: () => {
          this.CONSUME(Name);
          return this.SUBRULE2(this.expression);
        },
      });
      return { lo, hi, inclusive: inclusive ?? false, ...(step ? { step } : {}) };
    });
    return rest ? { range: rest } : { over: lo };
  });

  protected readonly forallStmt = this.RULE('forallStmt', (): Stmt => {
    const start = this.here();
    this.CONSUME(k.forall);
    const names: Ident[] = [];
    this.OR([
      {
        ALT: () => {
          names.push(this.ident(this.CONSUME(Name)));
        },
      },
      {
        ALT: () => {
          this.CONSUME(m.LParen);
          this.AT_LEAST_ONE_SEP({
            SEP: m.Comma,
            DEF: () => {
              names.push(this.ident(this.CONSUME1(Name)));
            },
          });
          this.CONSUME(m.RParen);
        },
      },
    ]);
    this.CONSUME(k.in);
    const head = this.withStructs(false, () => this.SUBRULE(this.loopHead));
    const on = this.OPTION({
      GATE: () => this.word('on'),
      DEF: () => {
        this.CONSUME2(Name);
        return this.withStructs(false, () => this.SUBRULE(this.expression));
      },
    });
    const reductions =
      this.OPTION1({ GATE: () => this.word('reduce'), DEF: () => this.SUBRULE(this.reductions) }) ?? [];
    this.bodyAhead();
    const body = this.SUBRULE(this.block) ?? this.emptyBlock();
    return (
      this.ACTION((): Stmt => {
        if (head?.range) {
          if (!on) this.missingOn.push(this.since(start));
          return this.stmt(start, {
            kind: 'forall',
            names,
            over: { kind: 'range', range: head.range, on: on ?? this.error() },
            reductions,
            body,
          });
        }
        return this.stmt(start, {
          kind: 'forall',
          names,
          over: { kind: 'array', array: head?.over ?? this.error() },
          reductions,
          body,
        });
      }) ?? this.stmt(start, { kind: 'break' })
    );
  });

  /** Statements that begin with a word that is no keyword. */
  protected contextual(): boolean {
    const t = this.LA(1);
    if (t.tokenType !== Name) return false;
    const then = this.LA(2).tokenType;
    switch (t.image) {
      case 'barrier':
      case 'fence':
      case 'notify':
      case 'wait':
      case 'yield':
        return then === m.Semi;
      case 'critical':
        return then === m.LBrace || then === m.LParen;
      case 'finish':
        return then === m.LBrace;
      case 'within':
        return then === Name;
      case 'par':
        return then === k.for;
      default:
        return false;
    }
  }

  protected readonly contextualStmt = this.RULE('contextualStmt', (): Stmt => {
    const start = this.here();
    const simple = (): Stmt => {
      const word = this.CONSUME(Name).image;
      this.CONSUME(m.Semi);
      return this.stmt(start, {
        kind: word === 'barrier' || word === 'fence' || word === 'notify' || word === 'wait' ? word : 'yield',
      });
    };
    return this.OR<Stmt>([
      { GATE: () => this.next(m.Semi, 2), ALT: simple },
      {
        GATE: () => this.word('critical'),
        ALT: () => {
          this.CONSUME1(Name);
          const lock = this.OPTION(() => {
            this.CONSUME(m.LParen);
            const e = this.SUBRULE(this.expression);
            this.CONSUME(m.RParen);
            return e;
          });
          return this.stmt(start, {
            kind: 'critical',
            ...(lock ? { lock } : {}),
            body: this.SUBRULE(this.block) ?? this.emptyBlock(),
          });
        },
      },
      {
        GATE: () => this.word('finish'),
        ALT: () =>
          this.after(
            this.CONSUME2(Name),
            this.stmt(start, { kind: 'finish', body: this.SUBRULE1(this.block) ?? this.emptyBlock() }),
          ),
      },
      {
        GATE: () => this.word('within'),
        ALT: () => {
          this.CONSUME3(Name);
          const team = this.withStructs(false, () => this.SUBRULE1(this.expression)) ?? this.error();
          return this.stmt(start, { kind: 'within', team, body: this.SUBRULE2(this.block) ?? this.emptyBlock() });
        },
      },
      {
        ALT: () => {
          this.CONSUME4(Name);
          this.CONSUME(k.for);
          const name = this.ident(this.CONSUME5(Name));
          this.CONSUME(k.in);
          const range = this.withStructs(false, () => this.SUBRULE(this.range)) ?? this.emptyRange(undefined);
          const reductions =
            this.OPTION1({ GATE: () => this.word('reduce'), DEF: () => this.SUBRULE(this.reductions) }) ?? [];
          return this.stmt(start, {
            kind: 'parFor',
            name,
            range,
            reductions,
            body: this.SUBRULE3(this.block) ?? this.emptyBlock(),
          });
        },
      },
    ]);
  });

  protected readonly expressionStmt = this.RULE('expressionStmt', (): StatementOrValue => {
    const start = this.here();
    const place = this.SUBRULE(this.expression) ?? this.error();
    const assign = this.OPTION(() => {
      const t = this.OR(this.assignOperators);
      const value = this.SUBRULE1(this.expression) ?? this.error();
      return { op: this.ACTION(() => assignTokens.get(t.tokenType)) ?? '=', value };
    });
    if (!assign && this.next(m.RBrace) && !this.RECORDING_PHASE) return { kind: 'value', value: place };
    const semi = this.OPTION1(() => this.CONSUME(m.Semi));
    if (!semi) this.ACTION(() => this.noSemicolon());
    return assign
      ? this.stmt(start, { kind: 'assign', op: assign.op, place, value: assign.value })
      : this.stmt(start, { kind: 'expr', value: place });
  });

  /** Tokens that stand where the body of an `if` or a loop should begin. */

  protected noSemicolon(): void {
    const last = this.LA(0);
    const end = last && !Number.isNaN(last.startOffset) ? last.startOffset + last.image.length : 0;
    this.missingSemicolons.push({ source: this.source, start: end, end });
    // What follows cannot begin a statement: skip to where one can.
    while (!this.next(EOF) && !this.next(m.Semi) && !this.next(m.RBrace) && !this.statementAhead()) this.SKIP_TOKEN();
    if (this.next(m.Semi)) this.SKIP_TOKEN();
  }

  protected statementAhead(): boolean {
    const t = this.LA(1).tokenType;
    return (
      t === k.let ||
      t === k.var ||
      t === k.if ||
      t === k.for ||
      t === k.forall ||
      t === k.foreach ||
      t === k.while ||
      t === k.loop ||
      t === k.return ||
      t === k.break ||
      t === m.LBrace ||
      t === Name
    );
  }
}
