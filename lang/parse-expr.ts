// The rules of expressions.
import type { IToken, ParserMethod, TokenType } from 'chevrotain';
import type { BinaryOp, Block, DistWord, Expr, Ident, Index, ReduceOp, TypeExpr, UnaryOp } from './ast.ts';
import { charValue, floatLiteral, intLiteral } from './literals.ts';
import type { Fresh } from './parse-base.ts';
import { TypeRules } from './parse-types.ts';
import { climb } from './precedence.ts';
import type { Span } from './source.ts';
import { Char, Float, Int, keywords as k, mark as m, Name, Str } from './tokens.ts';

const binaryTokens: ReadonlyMap<TokenType, BinaryOp> = new Map<TokenType, BinaryOp>([
  [m.OrOr, '||'],
  [m.AndAnd, '&&'],
  [m.EqEq, '=='],
  [m.NotEq, '!='],
  [m.Less, '<'],
  [m.LessEq, '<='],
  [m.Greater, '>'],
  [m.GreaterEq, '>='],
  [m.Or, '|'],
  [m.Xor, '^'],
  [m.And, '&'],
  [m.Shl, '<<'],
  [m.Shr, '>>'],
  [m.Plus, '+'],
  [m.Minus, '-'],
  [m.Star, '*'],
  [m.Slash, '/'],
  [m.Percent, '%'],
]);
export const reduceTokens: ReadonlyMap<TokenType, ReduceOp> = new Map<TokenType, ReduceOp>([
  [m.Plus, '+'],
  [m.Star, '*'],
  [m.And, '&'],
  [m.Or, '|'],
  [m.Xor, '^'],
]);

export abstract class ExpressionRules extends TypeRules {
  /** An `if` holds blocks; they come with the statements. */
  protected abstract readonly block: ParserMethod<[], Block>;

  protected readonly dist = this.RULE('dist', (): { words: DistWord[]; span: Span } => {
    const start = this.here();
    this.CONSUME(Name);
    this.CONSUME(m.LParen);
    const words: DistWord[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: m.Comma,
      DEF: () => {
        words.push(this.SUBRULE(this.distWord));
      },
    });
    this.CONSUME(m.RParen);
    return { words, span: this.since(start) };
  });

  protected readonly distWord = this.RULE('distWord', (): DistWord => {
    const start = this.here();
    const word = this.OR<Fresh<DistWord>>([
      { ALT: () => this.after(this.CONSUME(m.Star), { kind: 'star' }) },
      {
        GATE: () => this.word('on'),
        ALT: () => {
          this.CONSUME(Name);
          return { kind: 'on', image: this.SUBRULE(this.expression) ?? this.error() };
        },
      },
      {
        GATE: () => this.word('cyclic'),
        ALT: () => this.after(this.CONSUME1(Name), { kind: 'cyclic' }),
      },
      {
        GATE: () => this.word('block') || this.RECORDING_PHASE,
        ALT: () => {
          this.CONSUME2(Name);
          const size = this.OPTION(() => {
            this.CONSUME(m.LParen);
            const e = this.SUBRULE1(this.expression);
            this.CONSUME(m.RParen);
            return e;
          });
          return { kind: 'block', ...(size ? { size } : {}) };
        },
      },
    ]);
    return { ...(word ?? { kind: 'star' }), span: this.since(start) } as DistWord;
  });

  // ---- expressions ----

  private readonly binaryOperators = this.oneOf(binaryTokens.keys());
  private readonly reduceOperators = this.oneOf(reduceTokens.keys());

  readonly expression = this.RULE(
    'expression',
    (): Expr =>
      this.deeper(() => {
        const first = this.SUBRULE(this.cast) ?? this.error();
        const operands: Expr[] = [first];
        const operators: { op: BinaryOp; span: Span }[] = [];
        this.MANY(() => {
          const t = this.OR(this.binaryOperators);
          const right = this.SUBRULE1(this.cast);
          this.ACTION(() => {
            operators.push({ op: binaryTokens.get(t.tokenType) ?? '+', span: this.spanOf(t) });
            operands.push(right ?? this.error());
          });
        });
        return this.ACTION(() => climb(operands, operators, this.chained)) ?? first;
      }),
  );

  protected readonly cast = this.RULE('cast', (): Expr => {
    const start = this.here();
    let e = this.SUBRULE(this.unary) ?? this.error();
    this.MANY(() => {
      this.CONSUME(k.as);
      const type = this.whereComparing(true, () => this.SUBRULE(this.type));
      const operand = e;
      if (type) e = this.expr(start, { kind: 'cast', operand, type });
    });
    return e;
  });

  protected readonly unary = this.RULE(
    'unary',
    (): Expr =>
      this.deeper(() => {
        const start = this.here();
        return this.OR<Expr>([
          {
            ALT: () => {
              const t = this.OR1([
                { ALT: () => this.CONSUME(m.Minus) },
                { ALT: () => this.CONSUME(m.Not) },
                { ALT: () => this.CONSUME(m.Tilde) },
              ]);
              const operand = this.SUBRULE(this.unary) ?? this.error();
              return this.expr(start, { kind: 'unary', op: (t?.image ?? '-') as UnaryOp, operand });
            },
          },
          {
            ALT: () => {
              this.CONSUME(m.Star);
              return this.expr(start, { kind: 'deref', pointer: this.SUBRULE1(this.unary) ?? this.error() });
            },
          },
          {
            ALT: () => {
              this.CONSUME(m.And);
              return this.expr(start, { kind: 'addressOf', place: this.SUBRULE2(this.unary) ?? this.error() });
            },
          },
          { ALT: () => this.SUBRULE(this.postfix) ?? this.error() },
        ]);
      }),
  );

  /** What follows an operand and makes another one of it, by the token that it begins with. */
  private readonly suffixes: ReadonlyMap<TokenType, (start: number, base: Expr) => Expr> = new Map([
    [
      m.Dot,
      (start, base) => {
        this.CONSUME(m.Dot);
        return this.expr(start, { kind: 'field', base, name: this.ident(this.CONSUME(Name)) });
      },
    ],
    [
      m.LBracket,
      (start, base) => {
        this.CONSUME(m.LBracket);
        const indices: Index[] = [];
        this.withStructs(true, () =>
          this.AT_LEAST_ONE_SEP({
            SEP: m.Comma,
            DEF: () => {
              indices.push(this.SUBRULE(this.index));
            },
          }),
        );
        this.CONSUME(m.RBracket);
        return this.expr(start, { kind: 'index', base, indices: indices.filter((i) => i) });
      },
    ],
    [
      m.LParen,
      (start, base) => {
        this.CONSUME(m.LParen);
        const args: Expr[] = [];
        this.withStructs(true, () =>
          this.MANY_SEP({
            SEP: m.Comma,
            DEF: () => {
              args.push(this.SUBRULE(this.argument) ?? this.error());
            },
          }),
        );
        this.CONSUME(m.RParen);
        return this.expr(start, { kind: 'call', callee: base, args });
      },
    ],
    [
      m.At,
      (start, base) => {
        this.CONSUME(m.At);
        return this.expr(start, { kind: 'at', place: base, image: this.SUBRULE(this.imageOperand) ?? this.error() });
      },
    ],
  ]);

  protected readonly postfix = this.RULE('postfix', (): Expr => {
    const start = this.here();
    let e = this.SUBRULE(this.primary) ?? this.error();
    this.MANY(() => {
      const base = e;
      e = this.OR<Expr>([...this.suffixes.values()].map((add) => ({ ALT: () => add(start, base) }))) ?? base;
    });
    return e;
  });

  protected readonly imageOperand = this.RULE('imageOperand', (): Expr => {
    const start = this.here();
    return this.OR<Expr>([
      { ALT: () => this.expr(start, { kind: 'name', name: this.ident(this.CONSUME(Name)) }) },
      { ALT: () => this.integer(this.CONSUME(Int)) },
      { ALT: () => this.SUBRULE(this.paren) ?? this.error() },
    ]);
  });

  protected readonly paren = this.RULE('paren', (): Expr => {
    const start = this.here();
    this.CONSUME(m.LParen);
    const inner = this.withStructs(true, () => this.SUBRULE(this.expression)) ?? this.error();
    this.CONSUME(m.RParen);
    return this.expr(start, { kind: 'paren', inner });
  });

  private readonly arguments = [
    {
      GATE: (): boolean => this.next(m.Comma, 2) || this.next(m.RParen, 2),
      ALT: (): Expr => {
        const start = this.here();
        const t = this.OR1(this.reduceOperators);
        return this.expr(start, { kind: 'operator', op: this.ACTION(() => reduceTokens.get(t.tokenType)) ?? '+' });
      },
    },
    { ALT: (): Expr => this.SUBRULE(this.expression) ?? this.error() },
  ];

  protected readonly argument = this.RULE('argument', (): Expr => this.OR<Expr>(this.arguments));

  private readonly indices = [
    {
      ALT: (): Fresh<Index> => {
        this.CONSUME(m.DotDot);
        const hi = this.OPTION(() => this.SUBRULE(this.expression));
        return { kind: 'range', ...(hi ? { hi } : {}) };
      },
    },
    {
      ALT: (): Fresh<Index> => {
        const lo = this.SUBRULE1(this.expression) ?? this.error();
        let range = false;
        const hi = this.OPTION1(() => {
          this.CONSUME1(m.DotDot);
          range = true;
          return this.OPTION2(() => this.SUBRULE2(this.expression));
        });
        return range ? { kind: 'range', lo, ...(hi ? { hi } : {}) } : { kind: 'at', value: lo };
      },
    },
  ];

  protected readonly index = this.RULE('index', (): Index => {
    const start = this.here();
    const index = this.OR<Fresh<Index>>(this.indices);
    return { ...(index ?? { kind: 'at', value: this.error() }), span: this.since(start) } as Index;
  });

  protected integer(t: IToken): Expr {
    return (
      this.ACTION((): Expr => {
        const l = intLiteral(t.image);
        return {
          kind: 'int',
          value: this.literal(t, l),
          ...(l.suffix ? { suffix: l.suffix } : {}),
          span: this.spanOf(t),
        };
      }) ?? this.error()
    );
  }

  protected float(t: IToken): Expr {
    return (
      this.ACTION((): Expr => {
        const l = floatLiteral(t.image);
        return {
          kind: 'float',
          value: this.literal(t, l),
          ...(l.suffix ? { suffix: l.suffix } : {}),
          span: this.spanOf(t),
        };
      }) ?? this.error()
    );
  }

  private readonly primaries = [
    { ALT: (): Expr => this.integer(this.CONSUME(Int)) },
    { ALT: (): Expr => this.float(this.CONSUME(Float)) },
    {
      ALT: (): Expr => {
        const start = this.here();
        return this.expr(start, { kind: 'string', value: this.stringOf(this.CONSUME(Str)) });
      },
    },
    {
      ALT: (): Expr => {
        const start = this.here();
        const t = this.CONSUME(Char);
        return this.expr(start, { kind: 'char', value: this.ACTION(() => this.literal(t, charValue(t.image))) ?? 0 });
      },
    },
    { ALT: (): Expr => this.constant(k.true, { kind: 'bool', value: true }) },
    { ALT: (): Expr => this.constant(k.false, { kind: 'bool', value: false }) },
    { ALT: (): Expr => this.constant(k.nil, { kind: 'nil' }) },
    { ALT: (): Expr => this.SUBRULE(this.paren) ?? this.error() },
    { ALT: (): Expr => this.SUBRULE(this.ifExpr) ?? this.error() },
    { ALT: (): Expr => this.SUBRULE(this.newExpr) ?? this.error() },
    { GATE: (): boolean => this.structAhead(), ALT: (): Expr => this.SUBRULE(this.structLiteral) ?? this.error() },
    {
      GATE: (): boolean => this.spawnAhead(),
      ALT: (): Expr => {
        const start = this.here();
        this.CONSUME(Name);
        const call = this.SUBRULE(this.postfix) ?? this.error();
        const on = this.OPTION({
          GATE: () => this.word('on'),
          DEF: () => {
            this.CONSUME1(Name);
            return this.SUBRULE(this.expression);
          },
        });
        return this.expr(start, { kind: 'spawn', call, ...(on ? { on } : {}) });
      },
    },
    {
      ALT: (): Expr => {
        const start = this.here();
        return this.expr(start, { kind: 'name', name: this.ident(this.CONSUME2(Name)) });
      },
    },
  ];

  protected readonly primary = this.RULE('primary', (): Expr => this.OR<Expr>(this.primaries));

  private constant(word: TokenType, e: Fresh<Expr>): Expr {
    const start = this.here();
    this.CONSUME(word);
    return this.expr(start, e);
  }

  private spawnAhead(): boolean {
    return this.word('spawn') && this.next(Name, 2);
  }

  /** `Name {` begins a struct literal where one is allowed and what follows looks like one. */
  protected structAhead(): boolean {
    if (!this.structs || !this.next(Name)) return false;
    const open = this.afterTypeArgs(this.next(m.Dot, 2) ? 4 : 2);
    if (!this.next(m.LBrace, open)) return false;
    return this.next(m.RBrace, open + 1) || (this.next(Name, open + 1) && this.next(m.Colon, open + 2));
  }

  protected readonly structLiteral = this.RULE('structLiteral', (): Expr => {
    const start = this.here();
    const first = this.ident(this.CONSUME(Name));
    const second = this.OPTION(() => {
      this.CONSUME(m.Dot);
      return this.ident(this.CONSUME1(Name));
    });
    const args = this.OPTION2(() => this.SUBRULE(this.typeArgs)) ?? [];
    const typeSpan = this.since(start);
    const type: TypeExpr = second
      ? { kind: 'named', module: first, name: second, args, span: typeSpan }
      : { kind: 'named', name: first, args, span: typeSpan };
    const fields: { name: Ident; value: Expr }[] = [];
    this.CONSUME(m.LBrace);
    this.withStructs(true, () =>
      this.MANY_SEP({
        SEP: m.Comma,
        DEF: () => {
          // A comma after the last field is allowed.
          this.OPTION1(() => {
            const name = this.ident(this.CONSUME2(Name));
            this.CONSUME(m.Colon);
            fields.push({ name, value: this.SUBRULE(this.expression) ?? this.error() });
          });
        },
      }),
    );
    this.CONSUME(m.RBrace);
    return this.expr(start, { kind: 'struct', type, fields });
  });

  protected readonly ifExpr = this.RULE('ifExpr', (): Expr => {
    const start = this.here();
    this.CONSUME(k.if);
    const condition = this.withStructs(false, () => this.SUBRULE(this.expression)) ?? this.error();
    this.bodyAhead();
    const body = this.SUBRULE(this.block) ?? this.emptyBlock();
    const otherwise = this.OPTION(() => {
      this.CONSUME(k.else);
      const from = this.here();
      return this.OR<Block>([
        {
          ALT: () => {
            const value = this.deeper(() => this.SUBRULE(this.ifExpr)) ?? this.error();
            return { span: this.since(from), stmts: [], value };
          },
        },
        { ALT: () => this.SUBRULE1(this.block) ?? this.emptyBlock() },
      ]);
    });
    return this.expr(start, {
      kind: 'if',
      condition,
      then: body,
      ...(otherwise ? { else: otherwise } : {}),
    } as Fresh<Expr>);
  });

  protected readonly newExpr = this.RULE('newExpr', (): Expr => {
    const start = this.here();
    this.CONSUME(k.new);
    const of = this.OPTION(() =>
      this.OR([
        {
          ALT: () => {
            this.CONSUME(k.shared);
            let local = false;
            this.OPTION1({
              GATE: () => this.word('local'),
              DEF: () => {
                this.CONSUME(Name);
                local = true;
              },
            });
            return local ? ('sharedLocal' as const) : ('shared' as const);
          },
        },
        { ALT: () => this.after(this.CONSUME(k.co), 'co' as const) },
      ]),
    );
    // No comparison begins with `new T <`, so what follows is of the type.
    const type = this.whereComparing(false, () => this.SUBRULE(this.type));
    const dist = this.OPTION2({ GATE: () => this.word('dist'), DEF: () => this.SUBRULE(this.dist) });
    return this.expr(start, {
      kind: 'new',
      of: of ?? 'private',
      type,
      ...(dist ? { dist: dist.words } : {}),
    } as Fresh<Expr>);
  });
}
