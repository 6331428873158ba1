// Text → syntax tree, on Chevrotain. The tree is built while parsing; where the text is wrong the parser says so, skips to
// where a statement or declaration can begin again, and goes on, so that one run reports several mistakes.
import { EmbeddedActionsParser, EOF, type IRecognitionException, type IToken, type TokenType } from 'chevrotain';
import type {
  AssignOp,
  BinaryOp,
  Block,
  Decl,
  DistWord,
  Expr,
  Ident,
  Index,
  Module,
  Param,
  Range,
  ReduceOp,
  Reduction,
  Stmt,
  TypeExpr,
  UnaryOp,
} from './ast.ts';
import type { Diagnostic } from './diagnostic.ts';
import { charValue, floatLiteral, intLiteral, type LiteralProblem, stringValue } from './literals.ts';
import { climb } from './precedence.ts';
import type { Source, Span } from './source.ts';
import { docs, syntaxDiagnostic } from './syntax-errors.ts';
import { allTokens, Char, Float, Int, keywords as k, lexer, mark as m, Name, Str } from './tokens.ts';

/** Deeper nesting than this is refused: it is nobody's program, and would exhaust the stack. */
const maxDepth = 150;

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
const reduceTokens: ReadonlyMap<TokenType, ReduceOp> = new Map<TokenType, ReduceOp>([
  [m.Plus, '+'],
  [m.Star, '*'],
  [m.And, '&'],
  [m.Or, '|'],
  [m.Xor, '^'],
]);

type Fresh<T> = T extends unknown ? Omit<T, 'span'> : never;

class PgParser extends EmbeddedActionsParser {
  source = 0;
  problems: { readonly problem: LiteralProblem; readonly at: number }[] = [];
  tooDeep: Span | undefined;
  private depth = 0;
  private structs = true;

  constructor() {
    super(allTokens, { recoveryEnabled: true, skipValidations: true, maxLookahead: 1, nodeLocationTracking: 'none' });
    this.performSelfAnalysis();
  }

  // ---- spans ----

  private spanOf(t: IToken): Span {
    const start = Number.isNaN(t.startOffset) ? 0 : t.startOffset;
    return { source: this.source, start, end: start + t.image.length };
  }

  /** From the start of `t` to the end of the last token consumed. */
  private since(start: number): Span {
    const last = this.LA(0);
    const end =
      last && last.tokenType !== EOF && !Number.isNaN(last.startOffset) ? last.startOffset + last.image.length : start;
    return { source: this.source, start, end: Math.max(start, end) };
  }

  private here(): number {
    const t = this.LA(1);
    if (t.tokenType !== EOF) return Number.isNaN(t.startOffset) ? 0 : t.startOffset;
    const last = this.LA(0);
    return last && last.tokenType !== EOF && !Number.isNaN(last.startOffset) ? last.startOffset + last.image.length : 0;
  }

  private expr(start: number, e: Fresh<Expr>): Expr {
    return { ...e, span: this.since(start) } as Expr;
  }

  private stmt(start: number, s: Fresh<Stmt>): Stmt {
    return { ...s, span: this.since(start) } as Stmt;
  }

  private literal<T>(t: IToken, l: { readonly value: T; readonly problem?: LiteralProblem }): T {
    if (l.problem && !t.isInsertedInRecovery) this.problems.push({ problem: l.problem, at: t.startOffset });
    return l.value;
  }

  private error(): Expr {
    const start = this.here();
    return { kind: 'error', span: { source: this.source, start, end: start } };
  }

  private ident(t: IToken): Ident {
    return { name: t.image, span: this.spanOf(t) };
  }

  /** Next token is the plain name `text`. */
  private word(text: string, n = 1): boolean {
    const t = this.LA(n);
    return t.tokenType === Name && t.image === text;
  }

  private next(type: TokenType, n = 1): boolean {
    return this.LA(n).tokenType === type;
  }

  /** Runs `parse` one level deeper; beyond the limit the rest of the text is given up. */
  private deeper<T>(parse: () => T): T {
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

  private withStructs<T>(allowed: boolean, parse: () => T): T {
    const before = this.structs;
    this.structs = allowed;
    try {
      return parse();
    } finally {
      this.structs = before;
    }
  }

  reset(): void {
    super.reset();
    this.depth = 0;
    this.structs = true;
    this.problems = [];
    this.tooDeep = undefined;
  }

  // ---- modules and declarations ----

  readonly module = this.RULE('module', (): Module => {
    const decls: Decl[] = [];
    this.MANY(() => {
      const d = this.SUBRULE(this.declaration);
      this.ACTION(() => {
        if (d) decls.push(d);
      });
    });
    return { source: this.source, decls, span: this.since(0) };
  });

  readonly declaration = this.RULE('declaration', (): Decl => {
    const start = this.here();
    const make = (d: Fresh<Decl>): Decl => ({ ...d, span: this.since(start) }) as Decl;
    return this.OR<Decl>([
      { ALT: () => make(this.SUBRULE(this.importDecl)) },
      {
        ALT: () => {
          let config = false;
          this.OPTION(() => {
            this.CONSUME(k.config);
            config = true;
          });
          this.CONSUME(k.const);
          const name = this.ident(this.CONSUME(Name));
          const type = this.OPTION1(() => this.SUBRULE(this.annotation));
          this.CONSUME(m.Eq);
          const value = this.SUBRULE(this.expression);
          this.CONSUME(m.Semi);
          return make({ kind: 'const', config, name, ...(type ? { type } : {}), value: value ?? this.error() });
        },
      },
      {
        ALT: () => {
          this.CONSUME(k.let);
          const name = this.ident(this.CONSUME1(Name));
          const type = this.OPTION2(() => this.SUBRULE1(this.annotation));
          this.CONSUME1(m.Eq);
          const value = this.SUBRULE1(this.expression);
          this.CONSUME1(m.Semi);
          return make({ kind: 'let', name, ...(type ? { type } : {}), value: value ?? this.error() });
        },
      },
      { ALT: () => make(this.SUBRULE(this.variable)) },
      { ALT: () => make(this.SUBRULE(this.structDecl)) },
      { GATE: () => this.word('test') && this.next(Str, 2), ALT: () => make(this.SUBRULE(this.testDecl)) },
      { ALT: () => make(this.SUBRULE(this.fnDecl)) },
    ]);
  });

  private readonly importDecl = this.RULE('importDecl', (): Fresh<Decl> => {
    this.CONSUME(k.import);
    const start = this.here();
    const path = this.OR([
      { ALT: () => ({ kind: 'file' as const, text: this.stringOf(this.CONSUME(Str)) }) },
      {
        ALT: () => {
          this.CONSUME(Name);
          const parts: string[] = [];
          this.MANY(() => {
            this.CONSUME(m.Dot);
            parts.push(this.CONSUME1(Name).image);
          });
          return { kind: 'std' as const, parts };
        },
      },
    ]);
    const pathSpan = this.since(start);
    const alias = this.OPTION(() => {
      this.CONSUME(k.as);
      return this.ident(this.CONSUME2(Name));
    });
    this.CONSUME(m.Semi);
    return {
      kind: 'import',
      path: path ?? { kind: 'std', parts: [] },
      pathSpan,
      ...(alias ? { alias } : {}),
    } as Fresh<Decl>;
  });

  private stringOf(t: IToken): string {
    return this.ACTION(() => this.literal(t, stringValue(t.image))) ?? '';
  }

  private readonly annotation = this.RULE('annotation', (): TypeExpr => {
    this.CONSUME(m.Colon);
    return this.SUBRULE(this.type);
  });

  private readonly variable = this.RULE('variable', (): Fresh<Decl> => {
    let strict = false;
    this.OPTION(() => {
      this.CONSUME(k.strict);
      strict = true;
    });
    const storage = this.OR([
      { ALT: () => (this.CONSUME(k.var), 'var' as const) },
      { ALT: () => (this.CONSUME(k.co), 'co' as const) },
      { ALT: () => (this.CONSUME(k.shared), 'shared' as const) },
    ]);
    const name = this.ident(this.CONSUME(Name));
    const type = this.OPTION1(() => this.SUBRULE(this.annotation));
    const dist = this.OPTION2({ GATE: () => this.word('dist'), DEF: () => this.SUBRULE(this.dist) });
    const value = this.OPTION3(() => {
      this.CONSUME(m.Eq);
      return this.SUBRULE(this.expression);
    });
    this.CONSUME(m.Semi);
    return {
      kind: 'variable',
      storage,
      strict,
      name,
      ...(type ? { type } : {}),
      ...(dist ? { dist } : {}),
      ...(value ? { value } : {}),
    } as Fresh<Decl>;
  });

  private readonly dist = this.RULE('dist', (): { words: DistWord[]; span: Span } => {
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

  private readonly distWord = this.RULE('distWord', (): DistWord => {
    const start = this.here();
    const word = this.OR<Fresh<DistWord>>([
      { ALT: () => (this.CONSUME(m.Star), { kind: 'star' }) },
      {
        GATE: () => this.word('on'),
        ALT: () => {
          this.CONSUME(Name);
          return { kind: 'on', image: this.SUBRULE(this.expression) ?? this.error() };
        },
      },
      {
        GATE: () => this.word('cyclic'),
        ALT: () => (this.CONSUME1(Name), { kind: 'cyclic' }),
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

  private readonly structDecl = this.RULE('structDecl', (): Fresh<Decl> => {
    this.CONSUME(k.struct);
    const name = this.ident(this.CONSUME(Name));
    const typeParams = this.OPTION(() => this.SUBRULE(this.typeParams)) ?? [];
    const fields: Param[] = [];
    this.CONSUME(m.LBrace);
    this.MANY(() => {
      const field = this.ident(this.CONSUME1(Name));
      const type = this.SUBRULE(this.annotation);
      this.OPTION1(() => this.OR([{ ALT: () => this.CONSUME(m.Semi) }, { ALT: () => this.CONSUME(m.Comma) }]));
      this.ACTION(() => {
        if (type) fields.push({ name: field, type });
      });
    });
    this.CONSUME(m.RBrace);
    return { kind: 'struct', name, typeParams, fields };
  });

  private readonly typeParams = this.RULE('typeParams', (): Ident[] => {
    const names: Ident[] = [];
    this.CONSUME(m.Less);
    this.AT_LEAST_ONE_SEP({
      SEP: m.Comma,
      DEF: () => {
        names.push(this.ident(this.CONSUME(Name)));
      },
    });
    this.CONSUME(m.Greater);
    return names;
  });

  private readonly testDecl = this.RULE('testDecl', (): Fresh<Decl> => {
    this.CONSUME(Name);
    const text = this.CONSUME(Str);
    const body = this.SUBRULE(this.block);
    return { kind: 'test', name: this.stringOf(text), nameSpan: this.spanOf(text), body };
  });

  private readonly fnDecl = this.RULE('fnDecl', (): Fresh<Decl> => {
    let virtine = false;
    this.OPTION({
      GATE: () => this.word('virtine'),
      DEF: () => {
        this.CONSUME(Name);
        virtine = true;
      },
    });
    this.CONSUME(k.fn);
    const name = this.ident(this.CONSUME1(Name));
    const typeParams = this.OPTION1(() => this.SUBRULE(this.typeParams)) ?? [];
    const params: Param[] = [];
    this.CONSUME(m.LParen);
    this.MANY_SEP({
      SEP: m.Comma,
      DEF: () => {
        const param = this.ident(this.CONSUME2(Name));
        const type = this.SUBRULE(this.annotation);
        this.ACTION(() => {
          if (type) params.push({ name: param, type });
        });
      },
    });
    this.CONSUME(m.RParen);
    const result = this.OPTION2(() => {
      this.CONSUME(m.Arrow);
      return this.SUBRULE(this.type);
    });
    const body = this.SUBRULE(this.block);
    return {
      kind: 'fn',
      virtine,
      name,
      typeParams,
      params,
      ...(result ? { result } : {}),
      body: body ?? this.emptyBlock(),
    } as Fresh<Decl>;
  });

  private emptyBlock(): Block {
    return { span: this.since(this.here()), stmts: [] };
  }

  // ---- types ----

  readonly type = this.RULE(
    'type',
    (): TypeExpr =>
      this.deeper(() => {
        const start = this.here();
        const t = this.OR<Fresh<TypeExpr>>([
          {
            ALT: () => {
              this.CONSUME(k.fn);
              this.CONSUME(m.LParen);
              const params: TypeExpr[] = [];
              this.MANY_SEP({
                SEP: m.Comma,
                DEF: () => {
                  params.push(this.SUBRULE(this.type));
                },
              });
              this.CONSUME(m.RParen);
              const result = this.OPTION(() => {
                this.CONSUME(m.Arrow);
                return this.SUBRULE1(this.type);
              });
              return { kind: 'fn', params, ...(result ? { result } : {}) };
            },
          },
          {
            ALT: () => {
              this.CONSUME(m.Star);
              let shared = false;
              this.OPTION1({
                GATE: () => !this.next(m.LBracket, 2) || true,
                DEF: () => {
                  this.CONSUME(k.shared);
                  shared = true;
                },
              });
              const target = this.SUBRULE2(this.type);
              return { kind: shared ? 'sharedPointer' : 'pointer', target };
            },
          },
          {
            ALT: () => {
              const of = this.OR1([
                { ALT: () => (this.CONSUME1(k.shared), 'shared' as const) },
                { ALT: () => (this.CONSUME(k.co), 'co' as const) },
              ]);
              const rank = this.SUBRULE(this.emptyBrackets);
              const element = this.SUBRULE3(this.type);
              return { kind: 'handle', of, rank, element };
            },
          },
          {
            GATE: () => this.next(m.RBracket, 2) || this.next(m.Comma, 2),
            ALT: () => {
              const rank = this.SUBRULE1(this.emptyBrackets);
              return { kind: 'slice', rank, element: this.SUBRULE4(this.type) };
            },
          },
          {
            ALT: () => {
              this.CONSUME(m.LBracket);
              const extents: Expr[] = [];
              this.withStructs(true, () =>
                this.AT_LEAST_ONE_SEP({
                  SEP: m.Comma,
                  DEF: () => {
                    extents.push(this.SUBRULE(this.expression) ?? this.error());
                  },
                }),
              );
              this.CONSUME(m.RBracket);
              return { kind: 'array', extents, element: this.SUBRULE5(this.type) };
            },
          },
          {
            ALT: () => {
              const first = this.ident(this.CONSUME(Name));
              const second = this.OPTION2(() => {
                this.CONSUME(m.Dot);
                return this.ident(this.CONSUME1(Name));
              });
              const args: TypeExpr[] = [];
              this.OPTION3({
                GATE: () => this.next(m.Less) && !this.inExpression,
                DEF: () => {
                  this.CONSUME(m.Less);
                  this.AT_LEAST_ONE_SEP1({
                    SEP: m.Comma,
                    DEF: () => {
                      args.push(this.SUBRULE6(this.type));
                    },
                  });
                  this.CONSUME(m.Greater);
                },
              });
              return second
                ? { kind: 'named', module: first, name: second, args }
                : { kind: 'named', name: first, args };
            },
          },
        ]);
        return {
          ...(t ?? { kind: 'named', name: { name: '', span: this.since(start) }, args: [] }),
          span: this.since(start),
        } as TypeExpr;
      }),
  );

  /** In `x as T < y` the `<` compares. */
  private inExpression = false;

  private readonly emptyBrackets = this.RULE('emptyBrackets', (): number => {
    let rank = 1;
    this.CONSUME(m.LBracket);
    this.MANY(() => {
      this.CONSUME(m.Comma);
      rank++;
    });
    this.CONSUME(m.RBracket);
    return rank;
  });

  // ---- expressions ----

  readonly expression = this.RULE(
    'expression',
    (): Expr =>
      this.deeper(() => {
        const first = this.SUBRULE(this.cast) ?? this.error();
        const operands: Expr[] = [first];
        const operators: { op: BinaryOp; span: Span }[] = [];
        this.MANY(() => {
          const t = this.OR([...binaryTokens.keys()].map((type) => ({ ALT: () => this.CONSUME(type) })));
          const right = this.SUBRULE1(this.cast);
          this.ACTION(() => {
            operators.push({ op: binaryTokens.get(t.tokenType) ?? '+', span: this.spanOf(t) });
            operands.push(right ?? this.error());
          });
        });
        return this.ACTION(() => climb(operands, operators)) ?? first;
      }),
  );

  private readonly cast = this.RULE('cast', (): Expr => {
    const start = this.here();
    let e = this.SUBRULE(this.unary) ?? this.error();
    this.MANY(() => {
      this.CONSUME(k.as);
      const before = this.inExpression;
      this.inExpression = true;
      const type = this.SUBRULE(this.type);
      this.inExpression = before;
      const operand = e;
      if (type) e = this.expr(start, { kind: 'cast', operand, type });
    });
    return e;
  });

  private readonly unary = this.RULE(
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

  private readonly postfix = this.RULE('postfix', (): Expr => {
    const start = this.here();
    let e = this.SUBRULE(this.primary) ?? this.error();
    this.MANY(() => {
      const base = e;
      e =
        this.OR<Expr>([
          {
            ALT: () => {
              this.CONSUME(m.Dot);
              return this.expr(start, { kind: 'field', base, name: this.ident(this.CONSUME(Name)) });
            },
          },
          {
            ALT: () => {
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
          },
          {
            ALT: () => {
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
          },
          {
            ALT: () => {
              this.CONSUME(m.At);
              return this.expr(start, {
                kind: 'at',
                place: base,
                image: this.SUBRULE(this.imageOperand) ?? this.error(),
              });
            },
          },
        ]) ?? base;
    });
    return e;
  });

  private readonly imageOperand = this.RULE('imageOperand', (): Expr => {
    const start = this.here();
    return this.OR<Expr>([
      { ALT: () => this.expr(start, { kind: 'name', name: this.ident(this.CONSUME(Name)) }) },
      { ALT: () => this.integer(this.CONSUME(Int)) },
      { ALT: () => this.SUBRULE(this.paren) ?? this.error() },
    ]);
  });

  private readonly paren = this.RULE('paren', (): Expr => {
    const start = this.here();
    this.CONSUME(m.LParen);
    const inner = this.withStructs(true, () => this.SUBRULE(this.expression)) ?? this.error();
    this.CONSUME(m.RParen);
    return this.expr(start, { kind: 'paren', inner });
  });

  private readonly argument = this.RULE('argument', (): Expr => {
    const start = this.here();
    const alone = (): boolean => this.next(m.Comma, 2) || this.next(m.RParen, 2);
    return this.OR<Expr>([
      {
        GATE: alone,
        ALT: () => {
          const t = this.OR1([...reduceTokens.keys()].map((type) => ({ ALT: () => this.CONSUME(type) })));
          return this.expr(start, { kind: 'operator', op: this.ACTION(() => reduceTokens.get(t.tokenType)) ?? '+' });
        },
      },
      { ALT: () => this.SUBRULE(this.expression) ?? this.error() },
    ]);
  });

  private readonly index = this.RULE('index', (): Index => {
    const start = this.here();
    const index = this.OR<Fresh<Index>>([
      {
        ALT: () => {
          this.CONSUME(m.DotDot);
          const hi = this.OPTION(() => this.SUBRULE(this.expression));
          return { kind: 'range', ...(hi ? { hi } : {}) };
        },
      },
      {
        ALT: () => {
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
    ]);
    return { ...(index ?? { kind: 'at', value: this.error() }), span: this.since(start) } as Index;
  });

  private integer(t: IToken): Expr {
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

  private readonly primary = this.RULE('primary', (): Expr => {
    const start = this.here();
    return this.OR<Expr>([
      { ALT: () => this.integer(this.CONSUME(Int)) },
      {
        ALT: () => {
          const t = this.CONSUME(Float);
          return this.ACTION((): Expr => {
            const l = floatLiteral(t.image);
            return {
              kind: 'float',
              value: this.literal(t, l),
              ...(l.suffix ? { suffix: l.suffix } : {}),
              span: this.spanOf(t),
            };
          });
        },
      },
      { ALT: () => this.expr(start, { kind: 'string', value: this.stringOf(this.CONSUME(Str)) }) },
      {
        ALT: () => {
          const t = this.CONSUME(Char);
          return this.expr(start, { kind: 'char', value: this.ACTION(() => this.literal(t, charValue(t.image))) ?? 0 });
        },
      },
      { ALT: () => (this.CONSUME(k.true), this.expr(start, { kind: 'bool', value: true })) },
      { ALT: () => (this.CONSUME(k.false), this.expr(start, { kind: 'bool', value: false })) },
      { ALT: () => (this.CONSUME(k.nil), this.expr(start, { kind: 'nil' })) },
      { ALT: () => this.SUBRULE(this.paren) ?? this.error() },
      { ALT: () => this.SUBRULE(this.ifExpr) ?? this.error() },
      { ALT: () => this.SUBRULE(this.newExpr) ?? this.error() },
      { GATE: () => this.structAhead(), ALT: () => this.SUBRULE(this.structLiteral) ?? this.error() },
      {
        GATE: () => this.word('spawn') && this.next(Name, 2),
        ALT: () => {
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
      { ALT: () => this.expr(start, { kind: 'name', name: this.ident(this.CONSUME2(Name)) }) },
    ]);
  });

  /** `Name {` begins a struct literal where one is allowed and what follows looks like one. */
  private structAhead(): boolean {
    if (!this.structs || !this.next(Name)) return false;
    const open = this.next(m.Dot, 2) ? 4 : 2;
    if (!this.next(m.LBrace, open)) return false;
    return this.next(m.RBrace, open + 1) || (this.next(Name, open + 1) && this.next(m.Colon, open + 2));
  }

  private readonly structLiteral = this.RULE('structLiteral', (): Expr => {
    const start = this.here();
    const first = this.ident(this.CONSUME(Name));
    const second = this.OPTION(() => {
      this.CONSUME(m.Dot);
      return this.ident(this.CONSUME1(Name));
    });
    const typeSpan = this.since(start);
    const type: TypeExpr = second
      ? { kind: 'named', module: first, name: second, args: [], span: typeSpan }
      : { kind: 'named', name: first, args: [], span: typeSpan };
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

  private readonly ifExpr = this.RULE('ifExpr', (): Expr => {
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
            const value = this.SUBRULE(this.ifExpr) ?? this.error();
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

  private readonly newExpr = this.RULE('newExpr', (): Expr => {
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
        { ALT: () => (this.CONSUME(k.co), 'co' as const) },
      ]),
    );
    const before = this.inExpression;
    this.inExpression = true;
    const type = this.SUBRULE(this.type);
    this.inExpression = before;
    const dist = this.OPTION2({ GATE: () => this.word('dist'), DEF: () => this.SUBRULE(this.dist) });
    return this.expr(start, {
      kind: 'new',
      of: of ?? 'private',
      type,
      ...(dist ? { dist: dist.words } : {}),
    } as Fresh<Expr>);
  });

  // ---- statements ----

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

  readonly statement = this.RULE('statement', (): Stmt | { kind: 'value'; value: Expr } =>
    this.deeper(() => {
      const start = this.here();
      const simple = (kind: 'break' | 'continue'): Stmt => this.stmt(start, { kind });
      return this.OR<Stmt | { kind: 'value'; value: Expr }>([
        { ALT: () => (this.CONSUME(k.break), this.CONSUME(m.Semi), simple('break')) },
        { ALT: () => (this.CONSUME(k.continue), this.CONSUME1(m.Semi), simple('continue')) },
        {
          ALT: () => {
            this.CONSUME(k.return);
            const value = this.OPTION(() => this.SUBRULE(this.expression));
            this.CONSUME4(m.Semi);
            return this.stmt(start, { kind: 'return', ...(value ? { value } : {}) });
          },
        },
        {
          ALT: () => {
            this.CONSUME(k.delete);
            const value = this.SUBRULE1(this.expression) ?? this.error();
            this.CONSUME5(m.Semi);
            return this.stmt(start, { kind: 'delete', value });
          },
        },
        { ALT: () => this.SUBRULE(this.localDecl) },
        { ALT: () => this.stmt(start, { kind: 'block', body: this.SUBRULE(this.block) ?? this.emptyBlock() }) },
        { ALT: () => this.SUBRULE(this.ifStmt) },
        {
          ALT: () => {
            this.CONSUME(k.while);
            const condition = this.withStructs(false, () => this.SUBRULE2(this.expression)) ?? this.error();
            this.bodyAhead();
            return this.stmt(start, { kind: 'while', condition, body: this.SUBRULE1(this.block) ?? this.emptyBlock() });
          },
        },
        {
          ALT: () => (
            this.CONSUME(k.loop),
            this.stmt(start, { kind: 'loop', body: this.SUBRULE2(this.block) ?? this.emptyBlock() })
          ),
        },
        { ALT: () => this.SUBRULE(this.forStmt) },
        { ALT: () => this.SUBRULE(this.forallStmt) },
        { GATE: () => this.contextual(), ALT: () => this.SUBRULE(this.contextualStmt) },
        { ALT: () => this.SUBRULE(this.expressionStmt) },
      ]);
    }),
  );

  private readonly localDecl = this.RULE('localDecl', (): Stmt => {
    const start = this.here();
    const kind = this.OR([
      { ALT: () => (this.CONSUME(k.let), 'let' as const) },
      { ALT: () => (this.CONSUME(k.var), 'var' as const) },
      { ALT: () => (this.CONSUME(k.const), 'const' as const) },
    ]);
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

  missingValues: { readonly kind: string; readonly name: Ident }[] = [];

  private noValue(kind: string, name: Ident): void {
    this.missingValues.push({ kind, name });
  }

  private readonly ifStmt = this.RULE('ifStmt', (): Stmt | { kind: 'value'; value: Expr } => {
    const e = this.SUBRULE(this.ifExpr);
    return (
      this.ACTION((): Stmt | { kind: 'value'; value: Expr } => {
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
      { ALT: () => (this.CONSUME(m.DotDot), false) },
      { ALT: () => (this.CONSUME(m.DotDotEq), true) },
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

  private readonly reductions = this.RULE('reductions', (): Reduction[] => {
    const all: Reduction[] = [];
    this.MANY({
      GATE: () => this.word('reduce'),
      DEF: () => {
        const start = this.here();
        this.CONSUME(Name);
        this.CONSUME(m.LParen);
        const op = this.OR<IToken>([
          ...[...reduceTokens.keys()].map((type) => ({ ALT: () => this.CONSUME(type) })),
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

  badReductions: Span[] = [];

  private readonly forStmt = this.RULE('forStmt', (): Stmt => {
    const start = this.here();
    const kind = this.OR([
      { ALT: () => (this.CONSUME(k.for), 'for' as const) },
      { ALT: () => (this.CONSUME(k.foreach), 'foreach' as const) },
    ]);
    const name = this.ident(this.CONSUME(Name));
    this.CONSUME(k.in);
    const head = this.withStructs(false, () => this.SUBRULE(this.loopHead));
    const reductions = this.OPTION({ GATE: () => this.word('reduce'), DEF: () => this.SUBRULE(this.reductions) }) ?? [];
    this.bodyAhead();
    const body = this.SUBRULE(this.block) ?? this.emptyBlock();
    if (kind === 'foreach')
      return this.stmt(start, { kind, name, range: head?.range ?? this.emptyRange(head?.over), reductions, body });
    if (head?.range) return this.stmt(start, { kind: 'for', name, range: head.range, body });
    return this.stmt(start, { kind: 'forEach', name, over: head?.over ?? this.error(), body });
  });

  private emptyRange(over: Expr | undefined): Range {
    this.ACTION(() => {
      if (over && over.kind !== 'error') this.missingRanges.push(over.span);
    });
    return { lo: this.error(), hi: this.error(), inclusive: false };
  }

  missingRanges: Span[] = [];

  /** `lo..hi step s`, or one expression. */
  private readonly loopHead = this.RULE('loopHead', (): { range?: Range; over?: Expr } => {
    const lo = this.SUBRULE(this.expression) ?? this.error();
    const rest = this.OPTION(() => {
      const inclusive = this.OR([
        { ALT: () => (this.CONSUME(m.DotDot), false) },
        { ALT: () => (this.CONSUME(m.DotDotEq), true) },
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

  private readonly forallStmt = this.RULE('forallStmt', (): Stmt => {
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

  missingOn: Span[] = [];

  /** Statements that begin with a word that is no keyword. */
  private contextual(): boolean {
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

  private readonly contextualStmt = this.RULE('contextualStmt', (): Stmt => {
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
        ALT: () => (
          this.CONSUME2(Name),
          this.stmt(start, { kind: 'finish', body: this.SUBRULE1(this.block) ?? this.emptyBlock() })
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

  private readonly expressionStmt = this.RULE('expressionStmt', (): Stmt | { kind: 'value'; value: Expr } => {
    const start = this.here();
    const place = this.SUBRULE(this.expression) ?? this.error();
    const assign = this.OPTION(() => {
      const t = this.OR([...assignTokens.keys()].map((type) => ({ ALT: () => this.CONSUME(type) })));
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

  missingSemicolons: Span[] = [];
  /** Tokens that stand where the body of an `if` or a loop should begin. */
  misplaced: IToken[] = [];

  /** After the head of an `if` or a loop comes its body; what stands in between is reported and skipped. */
  private bodyAhead(): void {
    if (this.RECORDING_PHASE || this.next(m.LBrace) || this.next(EOF)) return;
    this.misplaced.push(this.LA(1));
    while (!this.next(EOF) && !this.next(m.LBrace) && !this.next(m.Semi) && !this.next(m.RBrace)) this.SKIP_TOKEN();
  }

  private noSemicolon(): void {
    const last = this.LA(0);
    const end = last && !Number.isNaN(last.startOffset) ? last.startOffset + last.image.length : 0;
    this.missingSemicolons.push({ source: this.source, start: end, end });
    // What follows cannot begin a statement: skip to where one can.
    while (!this.next(EOF) && !this.next(m.Semi) && !this.next(m.RBrace) && !this.statementAhead()) this.SKIP_TOKEN();
    if (this.next(m.Semi)) this.SKIP_TOKEN();
  }

  private statementAhead(): boolean {
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

/** An `if` that stands as a statement. */
const ifStatement = (e: Extract<Expr, { kind: 'if' }>): Stmt => ({
  kind: 'if',
  condition: e.condition,
  then: asStatements(e.then),
  ...(e.else ? { else: asStatements(e.else) } : {}),
  span: e.span,
});

const asStatements = (b: Block): Block => {
  const value = b.value;
  if (!value) return b;
  const last: Stmt = value.kind === 'if' ? ifStatement(value) : { kind: 'expr', value, span: value.span };
  return { span: b.span, stmts: [...b.stmts, last] };
};

let parser: PgParser | undefined;

/** Parses one file. Never throws: what cannot be understood is reported and left out of the tree. */
export const parse = (source: Source): { module: Module; diagnostics: Diagnostic[] } => {
  const { tokens, errors, groups } = lexer.tokenize(source.text);
  parser ??= new PgParser();
  parser.reset();
  parser.source = source.id;
  parser.missingSemicolons = [];
  parser.misplaced = [];
  parser.missingOn = [];
  parser.missingRanges = [];
  parser.missingValues = [];
  parser.badReductions = [];
  parser.input = tokens;
  const module: Module = parser.module() ?? {
    source: source.id,
    decls: [],
    span: { source: source.id, start: 0, end: source.text.length },
  };
  const mistakes: IRecognitionException[] = parser.tooDeep ? [] : parser.errors;
  const diagnostics = syntaxDiagnostic({
    source,
    module,
    lexing: errors,
    parsing: mistakes,
    parser,
    comments: groups.comments ?? [],
  });
  return { module: docs(module, source, groups.comments ?? []), diagnostics };
};
