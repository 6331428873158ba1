// Copies from and to parts of shared arrays: `b[0..k] = a[lo..hi]` and back. The elements may live on several images:
// functions in PG (stdlib/runtime_bulk.pg) find the pieces that lie side by side.
import type * as Ast from './ast.ts';
import { throughHandle } from './check-convert.ts';
import { asInt } from './check-dist.ts';
import { isFixed, memberFor } from './check-library.ts';
import { checkInteger } from './check-places.ts';
import { bare, type Context, error, isError, plural } from './check-state.ts';
import type { Span } from './source.ts';
import type { Expr, Stmt } from './typed.ts';
import { i32, i64, sameType, type Type, typeName } from './types.ts';

/** `a[lo..hi]`, `m[i, lo..hi]`, … of a shared array. */
export interface SharedPart {
  readonly array: Expr;
  readonly element: Type;
  /** First index and one past the last of each dimension. */
  readonly bounds: readonly (readonly [Expr, Expr])[];
  readonly strict: boolean;
  readonly span: Span;
}

const number = (n: bigint, span: Span): Expr => ({ kind: 'const', value: n, type: i64, span });

/** What stands for an end that is not written, and for a single index: see runtime_bulk.pg. */
const toTheEnd = -(1n << 63n);
const oneIndex = toTheEnd + 1n;

const boundsOf = (x: Context, i: Ast.Index): readonly [Expr, Expr] => {
  if (i.kind === 'at') {
    const at = asInt(checkInteger(x, i.value, 'an index'));
    return [at, number(oneIndex, i.span)];
  }
  return [
    i.lo ? asInt(checkInteger(x, i.lo, 'the start of a slice')) : number(0n, i.span),
    i.hi ? asInt(checkInteger(x, i.hi, 'the end of a slice')) : number(toTheEnd, i.span),
  ];
};

/** The part of a shared array that `e` names; undefined: it names something else. */
export const sharedPart = (x: Context, e: Ast.Expr): SharedPart | 'reported' | undefined => {
  const inner = bare(e);
  if (inner.kind !== 'index' || !inner.indices.some((i) => i.kind === 'range')) return undefined;
  const root = bare(inner.base);
  if (root.kind !== 'name' && root.kind !== 'field' && root.kind !== 'index') return undefined;
  const before = x.checker.diagnostics.length;
  const o = throughHandle(x, x.checker.rules.operand(x, root));
  if (o.kind !== 'sharedArray' || o.array.type.kind !== 'handle') {
    // Whoever looks at it next reports the same.
    x.checker.diagnostics.length = before;
    return undefined;
  }
  const { array } = o;
  const { rank, element } = o.array.type;
  if (inner.indices.length !== rank) {
    const found = inner.indices.length;
    error(
      x,
      'PG0314',
      inner.span,
      `${typeName(array.type)} takes ${plural(rank, 'index', 'indices')}, found ${found}`,
      {
        label: `${plural(rank, 'index', 'indices')} wanted`,
      },
    );
    return 'reported';
  }
  const bounds = inner.indices.map((i) => boundsOf(x, i));
  if (bounds.some((b) => b.some((v) => isError(v.type)))) return 'reported';
  // Its descriptor is passed on. A strict array has no handles otherwise, but here the copy is fenced.
  const strict = array.kind === 'handleOf' && array.global.strict;
  if (array.kind === 'handleOf') array.global.handled = true;
  return { array, element, bounds, strict, span: inner.span };
};

const isPart = (p: SharedPart | Expr): p is SharedPart => 'array' in p && 'element' in p;

const call = (x: Context, name: string, t: Type, args: readonly Expr[], span: Span): Expr | undefined => {
  const member = memberFor(x, 'bulk', name, [t], span);
  return member && { kind: 'call', fn: member.fn, args, type: member.fn.result, span };
};

interface Copied {
  readonly stmt?: Stmt;
  readonly diverges: false;
}

/** Copies between two sides, of which at least one is a part of a shared array. */
export const copyParts = (x: Context, to: SharedPart | Expr, from: SharedPart | Expr, span: Span): Copied => {
  const none: Copied = { diverges: false };
  const elementOf = (p: SharedPart | Expr): Type | undefined =>
    isPart(p) ? p.element : p.type.kind === 'slice' ? p.type.element : undefined;
  if ([to, from].some((side) => !isPart(side) && isError(side.type))) return none;
  const a = elementOf(to);
  const b = elementOf(from);
  const other = a ? from : to;
  if ((!a || !b) && !isPart(other)) {
    error(x, 'PG0301', other.span, `expected a slice, found ${typeName(other.type)}`, {
      expected: 'a slice',
      found: typeName(other.type),
    });
    return none;
  }
  if (!a || !b || !sameType(a, b)) {
    const expected = `[]${a ? typeName(a) : ''}`;
    const found = `[]${b ? typeName(b) : ''}`;
    error(x, 'PG0301', from.span, `expected ${expected}, found ${found}`, {
      expected,
      found,
      secondary: [{ span: to.span, text: expected }],
    });
    return none;
  }
  if (isFixed(x, a, span)) return none;
  const side = (p: SharedPart | Expr): Expr | undefined =>
    isPart(p)
      ? call(x, `side_${p.bounds.length}`, a, [p.array, ...p.bounds.flat()], p.span)
      : call(x, p.type.kind === 'slice' && p.type.rank > 1 ? `flat_${p.type.rank}` : 'side_0', a, [p], p.span);
  const [left, right] = [side(to), side(from)];
  const position: Expr = { kind: 'position', type: i32, span };
  const value = left && right && call(x, 'copy', a, [left, right, position], span);
  if (!value) return none;
  const stmt: Stmt = { kind: 'expr', value, span };
  const fence: Stmt = { kind: 'fence', span };
  const strict = [to, from].some((p) => isPart(p) && p.strict);
  const stmts = strict ? [fence, stmt, fence] : [stmt];
  return { stmt: { kind: 'block', body: { span, stmts }, span }, diverges: false };
};
