// The syntax tree: what the parser saw, nothing resolved. Every node has the span of its text.
// The whole language is here; what the checker does not support yet it reports by name (PG09xx).
import type { Span } from './source.ts';

export interface Ident {
  readonly name: string;
  readonly span: Span;
}

// ---- types ------------------------------------------------------------------------------------------------------

export type TypeExpr = { readonly span: Span } & (
  | { readonly kind: 'named'; readonly module?: Ident; readonly name: Ident; readonly args: readonly TypeExpr[] }
  /** `[N, M]T`: extents are expressions. */
  | { readonly kind: 'array'; readonly extents: readonly Expr[]; readonly element: TypeExpr }
  /** `[]T` (rank 1), `[,]T` (rank 2), … */
  | { readonly kind: 'slice'; readonly rank: number; readonly element: TypeExpr }
  | { readonly kind: 'pointer'; readonly target: TypeExpr }
  /** `*shared T` */
  | { readonly kind: 'sharedPointer'; readonly target: TypeExpr }
  /** `shared []T` and `co []T` */
  | { readonly kind: 'handle'; readonly of: 'shared' | 'co'; readonly rank: number; readonly element: TypeExpr }
  | { readonly kind: 'fn'; readonly params: readonly TypeExpr[]; readonly result?: TypeExpr }
);

/** One word of `dist(…)`: `block`, `cyclic`, `block(B)`, `*`, `on p`. */
export type DistWord = { readonly span: Span } & (
  | { readonly kind: 'block'; readonly size?: Expr }
  | { readonly kind: 'cyclic' }
  | { readonly kind: 'star' }
  | { readonly kind: 'on'; readonly image: Expr }
);

// ---- expressions ------------------------------------------------------------------------------------------------

export type BinaryOp =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '&'
  | '|'
  | '^'
  | '<<'
  | '>>'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '&&'
  | '||';
export type UnaryOp = '-' | '!' | '~';
/** Operators of `reduce(op: x)` and of collectives. */
export type ReduceOp = '+' | '*' | 'min' | 'max' | '&' | '|' | '^';

/** One index of `a[…]`: a value, or a range with either end left out. */
export type Index = { readonly span: Span } & (
  | { readonly kind: 'at'; readonly value: Expr }
  | { readonly kind: 'range'; readonly lo?: Expr; readonly hi?: Expr }
);

export type Expr = {
  readonly span: Span;
} /** `text` is the literal as written without suffix and underscores; radix prefix kept. */ & (
  | { readonly kind: 'int'; readonly value: bigint; readonly suffix?: string }
  | { readonly kind: 'float'; readonly value: number; readonly suffix?: string }
  | { readonly kind: 'char'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'nil' }
  | { readonly kind: 'name'; readonly name: Ident }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly operand: Expr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly opSpan: Span; readonly left: Expr; readonly right: Expr }
  | { readonly kind: 'cast'; readonly operand: Expr; readonly type: TypeExpr }
  | { readonly kind: 'addressOf'; readonly place: Expr }
  | { readonly kind: 'deref'; readonly pointer: Expr }
  /** `e.name`: a field, a property (`len`, `local`), or a member of a module. */
  | { readonly kind: 'field'; readonly base: Expr; readonly name: Ident }
  | { readonly kind: 'index'; readonly base: Expr; readonly indices: readonly Index[] }
  /** `place@image` */
  | { readonly kind: 'at'; readonly place: Expr; readonly image: Expr }
  /** Also the builtins (`print`, `fetch_add`, …). An argument `+`, `min`, `&` … alone (collectives) is kind `operator`. */
  | { readonly kind: 'call'; readonly callee: Expr; readonly args: readonly Expr[] }
  | { readonly kind: 'operator'; readonly op: ReduceOp }
  | {
      readonly kind: 'struct';
      readonly type: TypeExpr;
      readonly fields: readonly { readonly name: Ident; readonly value: Expr }[];
    }
  | { readonly kind: 'if'; readonly condition: Expr; readonly then: Block; readonly else?: Block }
  | {
      readonly kind: 'new';
      readonly of: 'private' | 'shared' | 'sharedLocal' | 'co';
      readonly type: TypeExpr;
      readonly dist?: readonly DistWord[];
    }
  | { readonly kind: 'spawn'; readonly call: Expr; readonly on?: Expr }
  | { readonly kind: 'paren'; readonly inner: Expr }
  /** Where the parser recovered. Already reported. */
  | { readonly kind: 'error' }
);

// ---- statements -------------------------------------------------------------------------------------------------

export interface Block {
  readonly span: Span;
  readonly stmts: readonly Stmt[];
  /** The trailing expression without `;`: the block's value. */
  readonly value?: Expr | undefined;
}

export interface Range {
  readonly lo: Expr;
  readonly hi: Expr;
  readonly inclusive: boolean;
  readonly step?: Expr;
}

export interface Reduction {
  readonly op: ReduceOp;
  readonly names: readonly Ident[];
  readonly span: Span;
}

export type AssignOp = '=' | '+=' | '-=' | '*=' | '/=' | '%=' | '&=' | '|=' | '^=' | '<<=' | '>>=';

export type Stmt = { readonly span: Span } & (
  | { readonly kind: 'let'; readonly name: Ident; readonly type?: TypeExpr; readonly value: Expr }
  | { readonly kind: 'var'; readonly name: Ident; readonly type?: TypeExpr; readonly value?: Expr }
  | { readonly kind: 'const'; readonly name: Ident; readonly type?: TypeExpr; readonly value: Expr }
  | { readonly kind: 'assign'; readonly op: AssignOp; readonly place: Expr; readonly value: Expr }
  | { readonly kind: 'expr'; readonly value: Expr }
  | { readonly kind: 'block'; readonly body: Block }
  /** `else` holds a block; `else if` is a block with one `if` statement. */
  | { readonly kind: 'if'; readonly condition: Expr; readonly then: Block; readonly else?: Block }
  | { readonly kind: 'while'; readonly condition: Expr; readonly body: Block }
  | { readonly kind: 'loop'; readonly body: Block }
  | { readonly kind: 'for'; readonly name: Ident; readonly range: Range; readonly body: Block }
  /** `for x in slice` */
  | { readonly kind: 'forEach'; readonly name: Ident; readonly over: Expr; readonly body: Block }
  | {
      readonly kind: 'foreach';
      readonly name: Ident;
      readonly range: Range;
      readonly reductions: readonly Reduction[];
      readonly body: Block;
    }
  | {
      readonly kind: 'parFor';
      readonly name: Ident;
      readonly range: Range;
      readonly reductions: readonly Reduction[];
      readonly body: Block;
    }
  | {
      readonly kind: 'forall';
      readonly names: readonly Ident[];
      /** `array`: over a shared array's indices. `range`: `lo..hi on e`. */
      readonly over:
        | { readonly kind: 'array'; readonly array: Expr }
        | { readonly kind: 'range'; readonly range: Range; readonly on: Expr };
      readonly reductions: readonly Reduction[];
      readonly body: Block;
    }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' }
  | { readonly kind: 'return'; readonly value?: Expr }
  | { readonly kind: 'delete'; readonly value: Expr }
  | { readonly kind: 'barrier' }
  | { readonly kind: 'fence' }
  | { readonly kind: 'notify' }
  /** `wait;` of the split-phase barrier. `wait(r)` is a call. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'yield' }
  | { readonly kind: 'critical'; readonly lock?: Expr; readonly body: Block }
  | { readonly kind: 'within'; readonly team: Expr; readonly body: Block }
  | { readonly kind: 'finish'; readonly body: Block }
);

// ---- declarations -----------------------------------------------------------------------------------------------

/** What doc comments say (doc-comments.ts): the lines without their slashes. */
export interface Documented {
  readonly doc?: string;
  readonly docSpan?: Span;
}

/** A parameter, or a field of a struct; only fields have docs. */
export interface Param extends Documented {
  readonly name: Ident;
  readonly type: TypeExpr;
}

export type Decl = {
  readonly span: Span;
  /** The `///` lines above it (doc-comments.ts). */
  readonly doc?: string;
  readonly docSpan?: Span;
} & (
  | {
      readonly kind: 'import';
      readonly path:
        | { readonly kind: 'file'; readonly text: string }
        /** `root` is the word before the parts where it is not `std`, which the checker refuses. */
        | { readonly kind: 'std'; readonly parts: readonly string[]; readonly root?: string };
      readonly pathSpan: Span;
      readonly alias?: Ident;
    }
  | {
      readonly kind: 'const';
      readonly config: boolean;
      readonly name: Ident;
      readonly type?: TypeExpr;
      readonly value: Expr;
      /** The ordinary comment that explains a config. */
      readonly note?: string;
    }
  | { readonly kind: 'let'; readonly name: Ident; readonly type?: TypeExpr; readonly value: Expr }
  /** `var`, `co` and `shared` module-level variables. `dist` only with `shared`. */
  | {
      readonly kind: 'variable';
      readonly storage: 'var' | 'co' | 'shared';
      readonly strict: boolean;
      readonly name: Ident;
      readonly type?: TypeExpr;
      readonly dist?: { readonly words: readonly DistWord[]; readonly span: Span };
      readonly value?: Expr;
    }
  | {
      readonly kind: 'struct';
      readonly name: Ident;
      readonly typeParams: readonly Ident[];
      readonly fields: readonly Param[];
    }
  | {
      readonly kind: 'fn';
      readonly virtine: boolean;
      readonly name: Ident;
      readonly typeParams: readonly Ident[];
      readonly params: readonly Param[];
      readonly result?: TypeExpr;
      readonly body: Block;
    }
  | { readonly kind: 'test'; readonly name: string; readonly nameSpan: Span; readonly body: Block }
);

/** One file. Its docs are the `//!` lines at its head. */
export interface Module extends Documented {
  readonly source: number;
  readonly decls: readonly Decl[];
  readonly span: Span;
}
