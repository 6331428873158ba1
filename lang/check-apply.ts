// Applying functions to arguments: those of the program, generic ones (whose type arguments are inferred here), and values of
// type fn.
import type * as Ast from './ast.ts';
import { mismatch, toValue } from './check-convert.ts';
import {
  type Bindings,
  cannotInfer,
  fnInstance,
  hasError,
  isBound,
  mentionsUnbound,
  substituted,
  unify,
} from './check-generics.ts';
import { isFlexible } from './check-literals.ts';
import {
  bare,
  type Context,
  type Entity,
  type EntityOf,
  error,
  errorExpr,
  isError,
  type Operand,
  plural,
} from './check-state.ts';
import type { Label } from './diagnostic.ts';
import type { Span } from './source.ts';
import type { Expr, Fn } from './typed.ts';
import { errorType, i32, sameType, type Type, typeName } from './types.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;
type FnType = Extract<Type, { kind: 'fn' }>;

/** An argument that has no function to be checked against: only its own mistakes are reported. */
export const looseArg = (x: Context, a: Ast.Expr): Expr =>
  a.kind === 'operator' || a.kind === 'nil' ? errorExpr(a.span) : x.checker.rules.value(x, a);

/** The place just before the closing parenthesis. */
const endOf = (e: Call): Span => ({ ...e.span, start: Math.max(e.span.start, e.span.end - 1) });

interface Wanted {
  readonly what: string;
  readonly declared: Span | undefined;
  /** `name: type` of each parameter. */
  readonly params: readonly string[];
}

const wrongCount = (x: Context, e: Call, w: Wanted): void => {
  const extra = e.args[w.params.length];
  const missing = w.params.slice(e.args.length).map((p) => `\`${p}\``);
  error(
    x,
    'PG0303',
    extra?.span ?? endOf(e),
    `${w.what} takes ${plural(w.params.length, 'argument')}, found ${e.args.length}`,
    {
      label: extra ? 'one too many' : `missing ${missing.join(', ')}`,
      ...(w.declared ? { secondary: [{ span: w.declared, text: 'declared here' }] } : {}),
    },
  );
};

/** How a builtin of the prelude is called, beyond what its arguments say. */
export interface Extras {
  /** What users call it. */
  readonly name: string;
  /** Arguments that were looked at already. */
  readonly seen: ReadonlyMap<number, Operand>;
  /** The last parameter is the place of the call, which the caller does not write. */
  readonly position: boolean;
}

const here = (e: Call): Expr => ({ kind: 'position', type: i32, span: e.span });

// ---- functions of the program -----------------------------------------------------------------------------------

export const callFn = (x: Context, e: Call, entity: EntityOf<'fn'>, extras?: Extras): Expr => {
  const fn = x.checker.rules.fn(entity);
  x.uses.fns.add(fn);
  const params = entity.decl.params;
  const args = e.args.map((a, i) => {
    const param = fn.params[i];
    if (!param) return looseArg(x, a);
    const why = extras
      ? undefined
      : {
          span: params[i]?.type.span ?? param.span,
          text: `parameter \`${param.name}\` of \`${fn.name}\``,
        };
    const seen = extras?.seen.get(i);
    return seen ? fitted(x, a, seen, param.type, why) : x.checker.rules.need(x, a, param.type, why);
  });
  if (extras?.position) args.push(here(e));
  if (args.length !== fn.params.length) {
    const texts = fn.params.map((p) => `${p.name}: ${typeName(p.type)}`);
    wrongCount(x, e, { what: `\`${fn.name}\``, declared: fn.span, params: texts });
    return { ...errorExpr(e.span), type: fn.result.kind === 'void' ? errorType : fn.result };
  }
  return { kind: 'call', fn, args, type: fn.result, span: e.span };
};

// ---- generic functions ------------------------------------------------------------------------------------------

/** The name of a generic function, whose type only its context gives. */
const genericName = (x: Context, a: Ast.Expr): boolean => {
  const inner = bare(a);
  if (inner.kind === 'name') return x.module.names.get(inner.name.name)?.kind === 'genericFn';
  if (inner.kind !== 'field') return false;
  const base = bare(inner.base);
  const module = base.kind === 'name' ? x.module.names.get(base.name.name) : undefined;
  return module?.kind === 'module' && module.module?.names.get(inner.name.name)?.kind === 'genericFn';
};

export const operandType = (o: Operand): Type =>
  o.kind === 'place'
    ? o.place.type
    : o.kind === 'value'
      ? o.expr.type
      : o.kind === 'sharedArray'
        ? o.array.type
        : errorType;

/** The value of an argument that was looked at before its type was known. */
export const fitted = (x: Context, a: Ast.Expr, o: Operand, want: Type, why?: Label): Expr => {
  const value = toValue(x, o, want);
  if (isError(want) || sameType(value.type, want)) return value;
  mismatch(x, a, value.type, want, why);
  return errorExpr(a.span);
};

/** Binds the parameters of `g` as far as arguments and context tell; arguments that were looked at on the way are kept. */
const infer = (
  x: Context,
  e: Call,
  g: EntityOf<'genericFn'>,
  want: Type | undefined,
  ready: ReadonlyMap<number, Operand> = new Map(),
): { readonly bindings: Bindings; readonly seen: ReadonlyMap<number, Operand> } => {
  const bindings: Bindings = new Map();
  const seen = new Map<number, Operand>();
  const { params, result } = g.decl;
  const look = (i: number): void => {
    const a = e.args[i];
    const p = params[i];
    if (!a || !p || seen.has(i) || !mentionsUnbound(g, p.type, bindings)) return;
    const o = ready.get(i) ?? x.checker.rules.operand(x, a);
    seen.set(i, o);
    unify(g, p.type, operandType(o), bindings);
  };
  const waits = (a: Ast.Expr): boolean => isFlexible(a) || genericName(x, a) || bare(a).kind === 'operator';
  e.args.forEach((a, i) => {
    if (!waits(a)) look(i);
  });
  if (want && result && mentionsUnbound(g, result, bindings)) unify(g, result, want, bindings);
  e.args.forEach((a, i) => {
    if (isFlexible(a) && bare(a).kind !== 'nil') look(i);
  });
  return { bindings, seen };
};

export const callGeneric = (
  x: Context,
  e: Call,
  g: EntityOf<'genericFn'>,
  want: Type | undefined,
  extras?: Extras,
): Expr => {
  const params = extras?.position ? g.decl.params.slice(0, -1) : g.decl.params;
  if (e.args.length !== params.length) {
    for (const a of e.args) looseArg(x, a);
    const texts = params.map((p) => p.name.name);
    wrongCount(x, e, { what: `\`${g.decl.name.name}\``, declared: g.span, params: texts });
    return errorExpr(e.span);
  }
  const { bindings, seen } = infer(x, e, g, want, extras?.seen);
  const why = (i: number): Label | undefined =>
    extras
      ? undefined
      : {
          span: params[i]?.type.span ?? g.span,
          text: `parameter \`${params[i]?.name.name}\` of \`${g.decl.name.name}\``,
        };
  if (!isBound(g, bindings)) {
    // A mistake in an argument explains it, or the place's type is that of no copy yet.
    const failed = [...seen.values()].some((o) => hasError(operandType(o))) || (want && hasError(want));
    e.args.forEach((a, i) => {
      if (!seen.has(i) && !genericName(x, a)) looseArg(x, a);
    });
    if (!failed) cannotInfer(x, g, bindings, e.span);
    return errorExpr(e.span);
  }
  const args = e.args.map((a, i) => {
    const p = params[i];
    if (!p) return looseArg(x, a);
    const type = substituted(x, g, p.type, bindings);
    const o = seen.get(i) ?? extras?.seen.get(i);
    return o ? fitted(x, a, o, type, why(i)) : x.checker.rules.need(x, a, type, why(i));
  });
  if (extras?.position) args.push(here(e));
  const instance = fnInstance(x, g, bindings, e.span);
  if (!instance) return errorExpr(e.span);
  const fn = x.checker.rules.fn(instance);
  x.uses.fns.add(fn);
  return { kind: 'call', fn, args, type: fn.result, span: e.span };
};

// ---- values of type fn ------------------------------------------------------------------------------------------

export const callValue = (x: Context, e: Call, callee: Expr, type: FnType): Expr => {
  const args = e.args.map((a, i) => {
    const param = type.params[i];
    if (!param) return looseArg(x, a);
    return x.checker.rules.need(x, a, param, { span: e.callee.span, text: `this is ${typeName(type)}` });
  });
  if (args.length !== type.params.length) {
    wrongCount(x, e, { what: `this ${typeName(type)}`, declared: undefined, params: type.params.map(typeName) });
    return { ...errorExpr(e.span), type: type.result.kind === 'void' ? errorType : type.result };
  }
  return { kind: 'callValue', callee, args, type: type.result, span: e.span };
};

const typeOfFn = (fn: Fn): FnType => ({ kind: 'fn', params: fn.params.map((p) => p.type), result: fn.result });

/** The name of a function where a value is wanted; `want` decides which copy of a generic one is meant. */
export const functionOperand = (
  x: Context,
  e: Extract<Entity, { kind: 'fn' | 'genericFn' }>,
  span: Span,
  want: Type | undefined,
): Operand => {
  let entity: EntityOf<'fn'> | undefined;
  if (e.kind === 'fn') entity = e;
  else {
    const bindings: Bindings = new Map();
    if (want?.kind === 'fn') {
      e.decl.params.forEach((p, i) => {
        const type = want.params[i];
        if (type) unify(e, p.type, type, bindings);
      });
      unify(e, e.decl.result, want.result, bindings);
    }
    if (isBound(e, bindings)) entity = fnInstance(x, e, bindings, span);
    else if (!want || !hasError(want)) cannotInfer(x, e, bindings, span);
  }
  if (!entity) return { kind: 'error', span };
  const fn = x.checker.rules.fn(entity);
  x.uses.fns.add(fn);
  const type = typeOfFn(fn);
  if (hasError(type)) return { kind: 'error', span };
  return { kind: 'value', expr: { kind: 'function', fn, type, span } };
};
