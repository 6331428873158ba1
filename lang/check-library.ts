// Calls of the generic functions in PG that stand behind collectives and messages: their arguments, and the numbers that they
// get besides.
import type * as Ast from './ast.ts';
import { takeAddress, toSlice, toValue } from './check-convert.ts';
import { fnInstance, hasError } from './check-generics.ts';
import { checkWritable } from './check-places.ts';
import { type Context, error, errorExpr, isError, type Operand } from './check-state.ts';
import type { Span } from './source.ts';
import type { Expr } from './typed.ts';
import { errorType, fixedPart, i32, isBoundToImage, type Type, typeName, withArticle } from './types.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;

// ---- calls of functions in PG -----------------------------------------------------------------------------------

/** A function of a module of the prelude, for these types; undefined after a report. */
export const memberFor = (
  x: Context,
  module: string,
  name: string,
  types: readonly Type[],
  span: Span,
): Extract<Expr, { kind: 'function' }> | undefined => {
  const g = x.checker.prelude.get(module)?.names.get(name);
  if (g?.kind === 'fn') {
    const fn = x.checker.rules.fn(g);
    x.uses.fns.add(fn);
    return {
      kind: 'function',
      fn,
      type: { kind: 'fn', params: fn.params.map((p) => p.type), result: fn.result },
      span,
    };
  }
  if (g?.kind !== 'genericFn' || types.some(hasError)) return undefined;
  const bindings = new Map(g.decl.typeParams.map((p, k) => [p.name, types[k] ?? errorType]));
  const entity = fnInstance(x, g, bindings, span);
  if (!entity) return undefined;
  const fn = x.checker.rules.fn(entity);
  x.uses.fns.add(fn);
  return { kind: 'function', fn, type: { kind: 'fn', params: fn.params.map((p) => p.type), result: fn.result }, span };
};

/** A number that is the same for equal types, and hardly ever for others. */
const typeNumber = (t: Type): number => {
  let hash = 5;
  for (const c of typeName(t)) hash = (Math.imul(hash, 31) + (c.codePointAt(0) ?? 0)) & 0x3ffff;
  // The first few stand for the types of collectives that are ops of the IR.
  return hash + 8;
};

export const kindOf = (op: number, t: Type, span: Span): Expr => ({
  kind: 'const',
  value: BigInt(32 * op + 512 * typeNumber(t)),
  type: i32,
  span,
});

/** The call of such a function; its last parameter is the position. */
export const callOf = (
  x: Context,
  e: Call,
  module: string,
  name: string,
  types: readonly Type[],
  args: readonly Expr[],
): Expr => {
  const member = memberFor(x, module, name, types, e.span);
  if (!member) return errorExpr(e.span);
  const position: Expr = { kind: 'position', type: i32, span: e.span };
  return { kind: 'call', fn: member.fn, args: [...args, position], type: member.fn.result, span: e.span };
};

// ---- arguments --------------------------------------------------------------------------------------------------

export interface Source {
  readonly operand: Operand;
  /** The slice that is meant, if it is one or an array. */
  readonly slice?: Expr;
  readonly element: Type;
}

/** An argument that is a slice, an array, or one value; undefined after a report. `changed`: it will be written. */
export const sourceOf = (x: Context, e: Ast.Expr, want: Type | undefined, changed: boolean): Source | undefined => {
  const o = x.checker.rules.operand(x, e, want);
  if (o.kind === 'error') return undefined;
  const isArray = o.kind === 'place' && (o.place.type.kind === 'array' || o.place.type.kind === 'dynamicArray');
  if (isArray && changed && !checkWritable(x, o.place, e.span, 'changed')) return undefined;
  if (isArray) takeAddress(o.place);
  const whole = isArray ? toSlice(o.place, e.span) : undefined;
  const operand: Operand = whole ? { kind: 'value', expr: whole } : o;
  const value = toValue(x, operand);
  const t = value.type;
  if (isError(t)) return undefined;
  if (t.kind !== 'slice') return { operand: { kind: 'value', expr: value }, element: t };
  if (t.rank !== 1) {
    error(x, 'PG0414', e.span, `what images send each other are slices of one dimension, found ${typeName(t)}`, {
      label: typeName(t),
      hint: 'take one row after the other: `m[i, ..]`',
    });
    return undefined;
  }
  return { operand, slice: value, element: t.element };
};

/** Reports elements that are never copied, and says whether it did. */
export const isFixed = (x: Context, t: Type, span: Span): boolean => {
  const fixed = fixedPart(t);
  if (!fixed) return false;
  error(x, 'PG0421', span, `${withArticle(fixed.name)} cannot be copied`, { label: typeName(t) });
  return true;
};

/** Values that every image can get a copy of and that mean the same there. */
export const isMovable = (x: Context, t: Type, span: Span): boolean => {
  if (isFixed(x, t, span)) return false;
  const private_ = (u: Type): boolean =>
    isBoundToImage(u) ||
    ['pointer', 'slice', 'str'].includes(u.kind) ||
    (u.kind === 'array' && private_(u.element)) ||
    (u.kind === 'struct' && u.struct.fields.some((f) => private_(f.type)));
  if (!private_(t)) return true;
  error(x, 'PG0414', span, `${typeName(t)} means nothing on other images`, {
    label: 'refers to memory of one image',
    hint: 'send what it refers to',
  });
  return false;
};
