// The rules of modules and declarations: the top of the grammar.
import type { Decl, Ident, Module, Param } from './ast.ts';
import type { Fresh } from './parse-base.ts';
import { StatementRules } from './parse-stmt.ts';
import { keywords as k, mark as m, Name, Str } from './tokens.ts';

export class PgParser extends StatementRules {
  constructor() {
    super();
    this.performSelfAnalysis();
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

  protected readonly importDecl = this.RULE('importDecl', (): Fresh<Decl> => {
    this.CONSUME(k.import);
    const start = this.here();
    const path = this.OR([
      { ALT: () => ({ kind: 'file' as const, text: this.stringOf(this.CONSUME(Str)) }) },
      {
        ALT: () => {
          const root = this.CONSUME(Name).image;
          const parts: string[] = [];
          this.MANY(() => {
            this.CONSUME(m.Dot);
            parts.push(this.CONSUME1(Name).image);
          });
          return { kind: 'std' as const, parts, ...(root === 'std' ? {} : { root }) };
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

  protected readonly variable = this.RULE('variable', (): Fresh<Decl> => {
    let strict = false;
    this.OPTION(() => {
      this.CONSUME(k.strict);
      strict = true;
    });
    const storage = this.OR([
      { ALT: () => this.after(this.CONSUME(k.var), 'var' as const) },
      { ALT: () => this.after(this.CONSUME(k.co), 'co' as const) },
      { ALT: () => this.after(this.CONSUME(k.shared), 'shared' as const) },
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

  protected readonly structDecl = this.RULE('structDecl', (): Fresh<Decl> => {
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

  protected readonly typeParams = this.RULE('typeParams', (): Ident[] => {
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

  protected readonly testDecl = this.RULE('testDecl', (): Fresh<Decl> => {
    this.CONSUME(Name);
    const text = this.CONSUME(Str);
    const body = this.SUBRULE(this.block);
    return {
      kind: 'test',
      name: this.stringOf(text),
      nameSpan: this.spanOf(text),
      body: body ?? this.emptyBlock(),
    };
  });

  protected readonly fnDecl = this.RULE('fnDecl', (): Fresh<Decl> => {
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
}
