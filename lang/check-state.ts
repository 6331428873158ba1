// What the parts of the checker share: what names stand for, where an expression stands, and how a mistake is recorded.
import type * as Ast from './ast.ts';
import type { Code } from './codes.ts';
import type { Diagnostic, Label } from './diagnostic.ts';
import type { Source, Span } from './source.ts';
import type { Block, Expr, Fn, Global, Local, Place } from './typed.ts';
import { errorType, type StructType, type Type } from './types.ts';

export type Mutable<T> = { -readonly [K in keyof T]: T[K] };

type DeclOf<K extends Ast.Decl['kind']> = Extract<Ast.Decl, { kind: K }>;

/** `open`: not looked at yet; `busy`: being looked at, so that meeting it again is a cycle. */
export type Progress = 'open' | 'busy' | 'done';

/** What a module-level name stands for. The results are filled in when the name is first used. */
export type Entity =
  | { readonly kind: 'module'; readonly span: Span; readonly module: ModuleInfo | undefined; readonly name: string }
  | {
      readonly kind: 'const';
      readonly span: Span;
      readonly module: ModuleInfo;
      readonly decl: DeclOf<'const'>;
      progress: Progress;
      value?: Expr;
    }
  | {
      readonly kind: 'global';
      readonly span: Span;
      readonly module: ModuleInfo;
      readonly decl: DeclOf<'let'> | DeclOf<'variable'> | DeclOf<'const'>;
      progress: Progress;
      global?: Mutable<Global>;
      /** The initial value is not checked yet. */
      pending: boolean;
      readonly uses: Uses;
    }
  | {
      readonly kind: 'struct';
      readonly span: Span;
      readonly module: ModuleInfo;
      readonly decl: DeclOf<'struct'>;
      progress: Progress;
      readonly struct: StructType;
      /** What its type parameters stand for. */
      readonly typeArgs?: TypeArgs;
    }
  /** A struct with type parameters; its instances are structs. */
  | {
      readonly kind: 'genericStruct';
      readonly span: Span;
      readonly module: ModuleInfo;
      readonly decl: DeclOf<'struct'>;
      readonly instances: Map<string, EntityOf<'struct'>>;
    }
  | {
      readonly kind: 'fn';
      readonly span: Span;
      readonly module: ModuleInfo;
      readonly decl: DeclOf<'fn'>;
      progress: Progress;
      fn?: Fn;
      readonly uses: Uses;
      readonly instance?: Instance;
    }
  /** A function with type parameters; its instances are functions. */
  | {
      readonly kind: 'genericFn';
      readonly span: Span;
      readonly module: ModuleInfo;
      readonly decl: DeclOf<'fn'>;
      readonly instances: Map<string, EntityOf<'fn'>>;
      /** Its body has mistakes whatever the parameters stand for: instances are not checked again. */
      wrong: boolean;
    }
  /** Something that was already reported: every use is silent. */
  | { readonly kind: 'absent'; readonly span: Span };

/** What type parameters stand for. */
export type TypeArgs = ReadonlyMap<string, Type>;

/** A copy of a generic function for certain types. */
export interface Instance {
  readonly typeArgs: TypeArgs;
  /** As users would write it: `max<int>`. */
  readonly name: string;
  /** The first use, and the instance whose body that stands in. */
  readonly asked: Span;
  readonly from: Instance | undefined;
  readonly depth: number;
}

export type EntityOf<K extends Entity['kind']> = Extract<Entity, { kind: K }>;

export interface ModuleInfo {
  readonly path: string;
  readonly source: Source;
  readonly tree: Ast.Module;
  /** What symbols of this module begin with: empty for the main module, else `name.`. */
  readonly prefix: string;
  /** A module of the library: may use intrinsics. */
  readonly library: boolean;
  readonly names: Map<string, Entity>;
}

/** Globals and functions that a body mentions: decides the order of initialisation. */
export interface Uses {
  readonly globals: Set<Global>;
  readonly fns: Set<Fn>;
}

export const newUses = (): Uses => ({ globals: new Set(), fns: new Set() });

/** What a name inside a function stands for. */
export type LocalEntity =
  | { readonly kind: 'local'; readonly local: Local; readonly what: 'variable' | 'let' | 'parameter' | 'loop variable' }
  | { readonly kind: 'localConst'; readonly value: Expr; readonly span: Span };

export interface Scope {
  readonly names: Map<string, LocalEntity>;
  readonly parent: Scope | undefined;
}

/** A loop around the current statement. */
export interface LoopContext {
  readonly kind: 'loop' | 'forall' | 'foreach' | 'par for';
  readonly span: Span;
  /** Of a `par for`: where what is inside is declared. */
  readonly scope?: Scope;
  left: boolean;
}

/** Where the thing being checked stands. */
export interface Context {
  readonly checker: Checker;
  readonly module: ModuleInfo;
  readonly scope: Scope | undefined;
  readonly fn: { readonly name: string; readonly result: Type; readonly resultSpan: Span } | undefined;
  readonly loops: readonly LoopContext[];
  readonly uses: Uses;
  /** What type parameters in scope stand for. */
  readonly typeArgs?: TypeArgs;
  /** The instance whose body this is part of. */
  readonly instance?: Instance;
}

/** An expression before it is known whether its value, its place, or the whole array is meant. */
export type Operand =
  | { readonly kind: 'value'; readonly expr: Expr }
  | { readonly kind: 'place'; readonly place: Place }
  /** An array that is spread over the images, as its handle. */
  | { readonly kind: 'sharedArray'; readonly array: Expr; readonly span: Span }
  | { readonly kind: 'error'; readonly span: Span };

/** A checked block: `type` is that of its value, void without one; `diverges`: control never reaches its end. */
export interface CheckedBlock {
  readonly block: Block;
  readonly type: Type;
  readonly diverges: boolean;
  /** The last statement, when it is an expression whose value a `;` drops. */
  readonly dropped?: Span;
}

/** The parts of the checker that call each other in circles, joined in check.ts. */
export interface Rules {
  readonly operand: (x: Context, e: Ast.Expr, want?: Type) => Operand;
  /** The value of an expression. `want` is a hint for literals; the result may be of another type. */
  readonly value: (x: Context, e: Ast.Expr, want?: Type) => Expr;
  /** The value, which must be of type `type`; `why` shows what asks for it. */
  readonly need: (x: Context, e: Ast.Expr, type: Type, why?: Label) => Expr;
  readonly type: (x: Context, t: Ast.TypeExpr) => Type;
  /** A block with a scope of its own. `want` is undefined where no value is used. */
  readonly block: (x: Context, b: Ast.Block, want: { readonly type: Type | undefined } | undefined) => CheckedBlock;
  /** What a module-level name means once it is resolved. */
  readonly global: (e: EntityOf<'global'>, from: Context, at: Span) => Global | undefined;
  readonly constant: (e: EntityOf<'const'>, from: Context, at: Span) => Expr | undefined;
  readonly fn: (e: EntityOf<'fn'>) => Fn;
  /** Gives a struct its fields. */
  readonly struct: (e: EntityOf<'struct'>) => void;
}

export interface Checker {
  readonly diagnostics: Diagnostic[];
  readonly sources: readonly Source[];
  readonly structs: StructType[];
  /** Modules of the prelude that are loaded, by name. */
  readonly prelude: Map<string, ModuleInfo>;
  /** Which declaration a struct comes from. */
  readonly structEntities: Map<StructType, EntityOf<'struct'>>;
  /** How many spawns there are, which have functions of their own (check-tasks.ts), and whether the program uses tasks at all. */
  spawns: number;
  tasks: boolean;
  /** What tasks for handlers of messages begin with (check-handlers.ts), once it is needed. */
  handlerEntry: Fn | undefined;
  /** Instances of generic functions, in the order they were asked for. */
  readonly instances: EntityOf<'fn'>[];
  readonly rules: Rules;
  /** Expressions and blocks that are open just now: bounds the stack. */
  depth: number;
  /** Instances of structs that are being made inside each other. */
  structDepth: number;
}

/** The stages after this one walk the tree by recursion: no tree may be deeper than their stack. */
export const maxDepth = 1000;

export const report = (x: Context, d: Diagnostic): void => {
  x.checker.diagnostics.push(d);
};

/** Records an error; `more` holds label, hint, secondary spans, expected and found. */
export const error = (x: Context, code: Code, span: Span, message: string, more: Partial<Diagnostic> = {}): void =>
  report(x, { code, severity: 'error', message, span, ...more });

export const warning = (x: Context, code: Code, span: Span, message: string, more: Partial<Diagnostic> = {}): void =>
  report(x, { code, severity: 'warning', message, span, ...more });

/** Stands for a value that could not be made. Its type agrees with every other. */
export const errorExpr = (span: Span): Expr => ({ kind: 'const', value: 0n, type: errorType, span });
export const errorOperand = (span: Span): Operand => ({ kind: 'error', span });

/** What the source calls an array. */
export const arrayName = (x: Context, array: Expr): string =>
  array.kind === 'handleOf' ? array.global.name : textOf(x, array.span);

/** Shows where a module-level array was declared. */
export const declaredArray = (array: Expr, text = 'declared here'): Pick<Diagnostic, 'secondary'> =>
  array.kind === 'handleOf' ? { secondary: [{ span: array.global.span, text }] } : {};

/** The rank of an array or of what a handle refers to. */
export const rankOf = (t: Type): number => (t.kind === 'array' ? t.extents.length : 'rank' in t ? t.rank : 1);

export const isError = (t: Type): boolean => t.kind === 'error';

export const textOf = (x: Context, span: Span): string =>
  x.checker.sources[span.source]?.text.slice(span.start, span.end) ?? '';

export const withScope = (x: Context): Context => ({ ...x, scope: { names: new Map(), parent: x.scope } });

/** Strips parentheses. */
export const bare = (e: Ast.Expr): Ast.Expr => {
  let inner = e;
  while (inner.kind === 'paren') inner = inner.inner;
  return inner;
};

export const plural = (n: number, noun: string, many = `${noun}s`): string => `${n} ${n === 1 ? noun : many}`;
