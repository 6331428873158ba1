// The rules of types.
import type { ParserMethod, TokenType } from 'chevrotain';
import type { Expr, TypeExpr } from './ast.ts';
import { type Fresh, ParserBase } from './parse-base.ts';
import { Char, Float, Int, keywords as k, mark as m, Name, Str } from './tokens.ts';

/** Tokens that type arguments are made of, besides `<` and `>`. */
const inTypeArgs: ReadonlySet<TokenType> = new Set<TokenType>([
  ...[Name, k.fn, k.shared, k.co, Int],
  ...[m.Dot, m.Comma, m.LBracket, m.RBracket, m.LParen, m.RParen, m.Star, m.Arrow],
]);

/** What begins an operand: after `a as T < b, c >` it says that these were comparisons. */
const beginsOperand: ReadonlySet<TokenType> = new Set<TokenType>([
  ...[Name, Int, Float, Char, Str, k.true, k.false, k.nil, k.new, k.if],
  ...[m.LParen, m.Minus, m.Not, m.Tilde, m.Star, m.And],
]);

export abstract class TypeRules extends ParserBase {
  /** Extents are expressions; they come with the next class. */
  abstract readonly expression: ParserMethod<[], Expr>;

  private readonly types = [
    {
      ALT: (): Fresh<TypeExpr> => {
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
      ALT: (): Fresh<TypeExpr> => {
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
      ALT: (): Fresh<TypeExpr> => {
        const of = this.OR1([
          { ALT: () => this.after(this.CONSUME1(k.shared), 'shared' as const) },
          { ALT: () => this.after(this.CONSUME(k.co), 'co' as const) },
        ]);
        const rank = this.SUBRULE(this.emptyBrackets);
        const element = this.SUBRULE3(this.type);
        return { kind: 'handle', of, rank, element };
      },
    },
    {
      GATE: (): boolean => this.next(m.RBracket, 2) || this.next(m.Comma, 2),
      ALT: (): Fresh<TypeExpr> => {
        const rank = this.SUBRULE1(this.emptyBrackets);
        return { kind: 'slice', rank, element: this.SUBRULE4(this.type) };
      },
    },
    {
      ALT: (): Fresh<TypeExpr> => {
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
      ALT: (): Fresh<TypeExpr> => {
        const first = this.ident(this.CONSUME(Name));
        const second = this.OPTION2(() => {
          this.CONSUME(m.Dot);
          return this.ident(this.CONSUME1(Name));
        });
        const args =
          this.OPTION3({
            GATE: () => this.next(m.Less) && (!this.inExpression || this.argsAfterAs()),
            DEF: () => this.SUBRULE(this.typeArgs),
          }) ?? [];
        return second ? { kind: 'named', module: first, name: second, args } : { kind: 'named', name: first, args };
      },
    },
  ];

  readonly type = this.RULE(
    'type',
    (): TypeExpr =>
      this.deeper(() => {
        const start = this.here();
        const t = this.OR<Fresh<TypeExpr>>(this.types);
        return {
          ...(t ?? { kind: 'named', name: { name: '', span: this.since(start) }, args: [] }),
          span: this.since(start),
        } as TypeExpr;
      }),
  );

  /** Where type arguments that begin at token `at` end; `at` itself if there are none. */
  protected afterTypeArgs(at: number): number {
    if (!this.next(m.Less, at)) return at;
    let open = 0;
    for (let n = at; n < at + 100; n++) {
      const type = this.LA(n).tokenType;
      if (type === m.Less) open++;
      else if (type === m.Greater) open--;
      else if (type === m.Shr) open -= 2;
      else if (!inTypeArgs.has(type)) return at;
      if (open === 0) return n + 1;
    }
    return at;
  }

  /** In `e as T < …`: whether these are type arguments, as nothing follows that could be compared. */
  private argsAfterAs(): boolean {
    const end = this.afterTypeArgs(1);
    return end > 1 && !beginsOperand.has(this.LA(end).tokenType);
  }

  /** `<T, U>`. The `>>` that ends two lists at once stays for the outer one. */
  protected readonly typeArgs = this.RULE('typeArgs', (): TypeExpr[] => {
    const args: TypeExpr[] = [];
    this.CONSUME(m.Less);
    this.AT_LEAST_ONE_SEP({
      SEP: m.Comma,
      DEF: () => {
        args.push(this.SUBRULE(this.type));
      },
    });
    this.OR({
      DEF: [
        { GATE: () => this.half === this.LA(1), ALT: () => this.CONSUME(m.Shr) },
        {
          GATE: () => this.next(m.Shr) && this.half !== this.LA(1),
          ALT: () =>
            this.ACTION(() => {
              this.half = this.LA(1);
            }),
        },
        { ALT: () => this.CONSUME(m.Greater) },
      ],
      IGNORE_AMBIGUITIES: true,
    });
    return args;
  });

  protected readonly emptyBrackets = this.RULE('emptyBrackets', (): number => {
    let rank = 1;
    this.CONSUME(m.LBracket);
    this.MANY(() => {
      this.CONSUME(m.Comma);
      rank++;
    });
    this.CONSUME(m.RBracket);
    return rank;
  });

  protected readonly annotation = this.RULE('annotation', (): TypeExpr => {
    this.CONSUME(m.Colon);
    return this.SUBRULE(this.type);
  });
}
