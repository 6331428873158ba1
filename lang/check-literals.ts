// Literals take the type that their context wants. An expression is flexible if it is made of unsuffixed literals only:
// then it has no type of its own, and the other side of an operator, or the other branch of an `if`, decides.
import type * as Ast from './ast.ts';
import { fits, isArithmetic, isShift, rangeText, toFloat } from './check-numbers.ts';
import { type Context, error, errorExpr } from './check-state.ts';
import type { Span } from './source.ts';
import type { Expr } from './typed.ts';
import { f64, i64, scalarTypes, type Type, typeName, u64 } from './types.ts';

/** What a flexible expression would be by itself; `no`: it has a type of its own. */
export type Flexibility = 'int' | 'float' | 'nil' | 'no';

const known = new WeakMap<Ast.Expr, Flexibility>();

const join = (a: Flexibility, b: Flexibility): Flexibility => {
  if (a === 'no' || b === 'no' || a === 'nil' || b === 'nil') return 'no';
  return a === 'float' || b === 'float' ? 'float' : 'int';
};

/** The value of a block of an `if`, when it has no other statements. */
const tail = (b: Ast.Block): Ast.Expr | undefined => b.value;

const compute = (e: Ast.Expr): Flexibility => {
  switch (e.kind) {
    case 'int':
    case 'float':
      return e.suffix === undefined ? e.kind : 'no';
    case 'char':
      return 'int';
    case 'nil':
      return 'nil';
    case 'paren':
      return flexibility(e.inner);
    case 'unary': {
      const inner = e.op === '!' ? 'no' : flexibility(e.operand);
      return inner === 'nil' ? 'no' : inner;
    }
    case 'binary':
      if (!isArithmetic(e.op)) return 'no';
      if (isShift(e.op)) return flexibility(e.left) === 'int' ? 'int' : 'no';
      return join(flexibility(e.left), flexibility(e.right));
    case 'if': {
      const a = tail(e.then);
      const b = e.else && tail(e.else);
      if (!a || !b) return 'no';
      const fa = flexibility(a);
      const fb = flexibility(b);
      return fa === 'nil' && fb === 'nil' ? 'nil' : join(fa, fb);
    }
    default:
      return 'no';
  }
};

const hasParts = (e: Ast.Expr): boolean =>
  e.kind === 'binary' || e.kind === 'unary' || e.kind === 'paren' || e.kind === 'if';

/** Long chains of operators lean to the left: their left sides are computed first, so that the stack stays flat. */
export const flexibility = (e: Ast.Expr): Flexibility => {
  // Most have no parts, or parts without parts: what they are is seen sooner than remembered.
  if (!hasParts(e) || (e.kind === 'binary' && !hasParts(e.left) && !hasParts(e.right))) return compute(e);
  const open: Ast.Expr[] = [];
  for (let n: Ast.Expr = e; hasParts(n) && !known.has(n); ) {
    open.push(n);
    if (n.kind === 'binary') n = n.left;
    else if (n.kind === 'unary') n = n.operand;
    else if (n.kind === 'paren') n = n.inner;
    else break;
  }
  for (let n = open.pop(); n; n = open.pop()) known.set(n, compute(n));
  return known.get(e) ?? 'no';
};

export const isFlexible = (e: Ast.Expr): boolean => flexibility(e) !== 'no';

/** The type of a flexible expression in a place that wants nothing. */
export const defaultType = (f: Flexibility): Type | undefined => (f === 'int' ? i64 : f === 'float' ? f64 : undefined);

const constant = (value: bigint | number, type: Type, span: Span): Expr => ({ kind: 'const', value, type, span });

/** An integer literal; `value` is negative for `-1`. */
export const intLiteral = (
  x: Context,
  value: bigint,
  suffix: string | undefined,
  span: Span,
  want: Type | undefined,
): Expr => {
  const wanted = want?.kind === 'int' || want?.kind === 'float' ? want : i64;
  const type = suffix === undefined ? wanted : (scalarTypes.get(suffix) ?? i64);
  if (type.kind === 'float') return constant(toFloat(type, value), type, span);
  if (type.kind !== 'int') return errorExpr(span);
  if (fits(type, value)) return constant(value, type, span);
  // What is wrong is said elsewhere, or not wrong at all: the body of a generic function by itself.
  if (want?.kind === 'error' && suffix === undefined) return errorExpr(span);
  const hint =
    suffix === undefined && want === undefined && value > 0n && fits(u64 as typeof type, value)
      ? `a u64 can hold it: ${value}u64`
      : value < 0n && !type.signed
        ? 'an unsigned type has no negative numbers'
        : `a number that is to wrap is written with \`as\`: ${value} as ${typeName(type)}`;
  error(x, 'PG0501', span, `${value} does not fit ${typeName(type)}`, { label: rangeText(type), hint });
  return { ...errorExpr(span) };
};

export const floatLiteral = (
  x: Context,
  value: number,
  suffix: string | undefined,
  span: Span,
  want: Type | undefined,
): Expr => {
  const wanted = want?.kind === 'float' ? want : f64;
  const type = suffix === undefined ? wanted : (scalarTypes.get(suffix) ?? f64);
  if (type.kind !== 'float') return errorExpr(span);
  const rounded = toFloat(type, value);
  if (!Number.isFinite(rounded)) {
    error(x, 'PG0501', span, `the number is too large for ${typeName(type)}`, { hint: 'use f64' });
    return errorExpr(span);
  }
  return constant(rounded, type, span);
};
