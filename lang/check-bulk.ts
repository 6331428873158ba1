// Copies between a part of a shared array and a slice: `b[0..k] = a[lo..hi]` and back. The elements may live on several
// images, so the copy becomes a loop over them, here: the stages after this one know only whole slices.
import type * as Ast from './ast.ts';
import { isRemoteView, throughHandle } from './check-convert.ts';
import { asInt } from './check-dist.ts';
import type { CheckedStmt } from './check-effects.ts';
import { notYet } from './check-later.ts';
import { checkInteger } from './check-places.ts';
import { bare, type Context, error, isError, type Mutable } from './check-state.ts';
import type { Span } from './source.ts';
import type { Expr, Local, Place, Stmt } from './typed.ts';
import { boolType, i64, sameType, strType, type Type, typeName } from './types.ts';

/** `a[lo..hi]` of a shared array of one dimension. */
export interface SharedPart {
  readonly array: Expr;
  readonly element: Type;
  readonly lo: Expr;
  readonly hi: Expr;
  readonly span: Span;
}

const number = (n: bigint, span: Span): Expr => ({ kind: 'const', value: n, type: i64, span });

/** The part of a shared array that `e` names; undefined: it names something else. */
export const sharedPart = (x: Context, e: Ast.Expr): SharedPart | 'reported' | undefined => {
  const inner = bare(e);
  if (inner.kind !== 'index' || !inner.indices.some((i) => i.kind === 'range')) return undefined;
  const root = bare(inner.base);
  if (root.kind !== 'name' && root.kind !== 'field') return undefined;
  const before = x.checker.diagnostics.length;
  const o = throughHandle(x, x.checker.rules.operand(x, root));
  if (o.kind !== 'sharedArray') {
    // Whoever looks at it next reports the same.
    x.checker.diagnostics.length = before;
    return undefined;
  }
  const { array } = o;
  const [range] = inner.indices;
  if (array.type.kind !== 'handle') return undefined;
  if (array.type.rank !== 1) {
    notYet(x, inner.span, 'copies of parts of a shared array of two dimensions are', 'copy its elements in a loop');
    return 'reported';
  }
  if (inner.indices.length !== 1 || range?.kind !== 'range') {
    error(x, 'PG0314', inner.span, `${typeName(array.type)} takes 1 index, found ${inner.indices.length}`);
    return 'reported';
  }
  const lo = range.lo ? asInt(checkInteger(x, range.lo, 'the start of a slice')) : number(0n, inner.span);
  const hi: Expr = range.hi
    ? asInt(checkInteger(x, range.hi, 'the end of a slice'))
    : { kind: 'sharedLength', array, dim: 'all', type: i64, span: inner.span };
  return { array, element: array.type.element, lo, hi, span: inner.span };
};

const read = (l: Local, span: Span): Expr => ({
  kind: 'load',
  place: { kind: 'local', local: l, type: l.type, span },
  type: l.type,
  span,
});

const plus = (a: Expr, b: Expr, op: '+' | '-' = '+'): Expr => ({
  kind: 'arithmetic',
  op,
  left: a,
  right: b,
  type: i64,
  span: a.span,
});

/** One side of a copy: what is computed before the loop, how many elements, and the k-th of them. */
interface Side {
  readonly before: readonly Stmt[];
  readonly count: Expr;
  readonly at: (k: Expr) => Place;
}

const newLocal = (name: string, type: Type, span: Span): Mutable<Local> => ({
  name,
  type,
  mutable: false,
  span,
  addressTaken: false,
});

const partSide = (p: SharedPart): Side => {
  const lo = newLocal('start', i64, p.span);
  const hi = newLocal('end', i64, p.span);
  return {
    before: [
      { kind: 'local', local: lo, value: p.lo, span: p.span },
      { kind: 'local', local: hi, value: p.hi, span: p.span },
    ],
    count: plus(read(hi, p.span), read(lo, p.span), '-'),
    at: (k) => ({
      kind: 'sharedElement',
      array: p.array,
      indices: [plus(read(lo, p.span), k)],
      type: p.element,
      span: p.span,
    }),
  };
};

const sliceSide = (slice: Expr, element: Type): Side => {
  const s = newLocal('slice', slice.type, slice.span);
  return {
    before: [{ kind: 'local', local: s, value: slice, span: slice.span }],
    count: { kind: 'length', slice: read(s, slice.span), dim: 'all', type: i64, span: slice.span },
    at: (k) => ({ kind: 'sliceElement', slice: read(s, slice.span), indices: [k], type: element, span: slice.span }),
  };
};

const sameArray = (a: Expr, b: Expr): boolean =>
  a.kind === 'handleOf' && b.kind === 'handleOf' && a.global === b.global;

/** Copies between two sides, of which at least one is a part of a shared array. */
export const copyParts = (x: Context, to: SharedPart | Expr, from: SharedPart | Expr, span: Span): CheckedStmt => {
  const none: CheckedStmt = { diverges: false };
  const isPart = (p: SharedPart | Expr): p is SharedPart => 'array' in p && 'element' in p;
  const elementOf = (p: SharedPart | Expr): Type | undefined =>
    isPart(p) ? p.element : p.type.kind === 'slice' && p.type.rank === 1 ? p.type.element : undefined;
  for (const side of [to, from]) {
    if (isPart(side)) continue;
    if (isError(side.type)) return none;
    if (isRemoteView(side)) {
      notYet(
        x,
        span,
        'copies between a shared array and a coarray of another image are',
        'copy through an array of your own',
      );
      return none;
    }
  }
  const a = elementOf(to);
  const b = elementOf(from);
  if (!a || !b || !sameType(a, b)) {
    const expected = a ? `[]${typeName(a)}` : 'a slice';
    const found = b ? `[]${typeName(b)}` : isPart(from) ? 'a slice' : typeName(from.type);
    error(x, 'PG0301', from.span, `expected ${expected}, found ${found}`, {
      expected,
      found,
      secondary: [{ span: to.span, text: expected }],
    });
    return none;
  }
  if (isPart(to) && isPart(from) && sameArray(to.array, from.array)) {
    notYet(x, span, 'copies inside of one shared array are', 'copy its elements in a loop');
    return none;
  }
  const left = isPart(to) ? partSide(to) : sliceSide(to, a);
  const right = isPart(from) ? partSide(from) : sliceSide(from, b);
  const k = newLocal('k', i64, span);
  const count = newLocal('count', i64, span);
  const condition: Expr = {
    kind: 'compare',
    op: '==',
    left: read(count, span),
    right: right.count,
    type: boolType,
    span,
  };
  const message: Expr = {
    kind: 'string',
    value: 'the two sides of a copy have different lengths',
    type: strType,
    span,
  };
  const source = right.at(read(k, span));
  const copy: Stmt = {
    kind: 'assign',
    place: left.at(read(k, span)),
    value: { kind: 'load', place: source, type: source.type, span },
    span,
  };
  const stmts: Stmt[] = [
    ...left.before,
    ...right.before,
    { kind: 'local', local: count, value: left.count, span },
    { kind: 'assert', condition, message, span },
    {
      kind: 'for',
      local: k,
      range: { lo: number(0n, span), hi: read(count, span), inclusive: false },
      body: { span, stmts: [copy] },
      span,
    },
  ];
  return { stmt: { kind: 'block', body: { span, stmts }, span }, diverges: false };
};
