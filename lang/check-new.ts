// `new` in all its forms: private objects, objects of my own that others reach, and arrays that all images make together.
import type * as Ast from './ast.ts';
import { warnInForall } from './check-collectives.ts';
import { asInt, distribution } from './check-dist.ts';
import { checkInteger } from './check-places.ts';
import { type Context, error, errorExpr, isError } from './check-state.ts';
import { checkSize, maxRank } from './check-types.ts';
import type { Expr } from './typed.ts';
import { i64, type Type } from './types.ts';

type New = Extract<Ast.Expr, { kind: 'new' }>;

/** Extents as ints; undefined after a report. */
const checkExtents = (x: Context, written: readonly Ast.Expr[]): readonly Expr[] | undefined => {
  const extents = written.map((n) => checkInteger(x, n, 'an extent'));
  for (const n of extents) {
    if (n.kind === 'const' && !isError(n.type) && (n.value as bigint) < 0n)
      error(x, 'PG0502', n.span, 'an extent is not negative', { label: `${n.value}` });
  }
  return extents.some((n) => isError(n.type)) ? undefined : extents;
};

const tooManyDimensions = (x: Context, e: New, rank: number): boolean => {
  if (rank <= maxRank) return false;
  error(x, 'PG0502', e.type.span, `arrays have at most ${maxRank} dimensions, found ${rank}`);
  return true;
};

/** `new shared [n]T dist(…)` and `new co [n]T`: all images together; a handle. */
const newArray = (x: Context, e: New, of: 'shared' | 'co'): Expr => {
  warnInForall(x, e.span, `\`new ${of}\``);
  if (e.type.kind !== 'array') {
    if (e.type.kind !== 'slice') x.checker.rules.type(x, e.type);
    error(x, 'PG0502', e.type.span, 'how many elements?', { label: 'no extent', hint: `write \`new ${of} [n]T\`` });
    return errorExpr(e.span);
  }
  const element = x.checker.rules.type(x, e.type.element);
  const extents = checkExtents(x, e.type.extents)?.map(asInt);
  const rank = e.type.extents.length;
  const words = e.dist && e.dist.length > 0 ? e.dist : undefined;
  const first = words?.[0];
  const span = first ? { ...first.span, end: words.at(-1)?.span.end ?? first.span.end } : e.span;
  if (of === 'co' && words) {
    error(x, 'PG0410', span, 'only shared arrays are distributed', {
      label: 'not an array that is spread',
      hint: 'every image has its own whole `co` array',
    });
    return errorExpr(e.span);
  }
  const dist = of === 'shared' ? distribution(x, words && { words, span }, rank) : undefined;
  if (isError(element) || !extents || tooManyDimensions(x, e, rank)) return errorExpr(e.span);
  checkSize(x, element, e.type.element.span);
  const type: Type = { kind: 'handle', of, rank, element };
  return { kind: 'newArray', element, extents, ...(dist ? { dist } : {}), type, span: e.span };
};

export const checkNew = (x: Context, e: New): Expr => {
  const { rules } = x.checker;
  // Where the parser recovered, the type may be missing.
  const written: Ast.TypeExpr | undefined = e.type;
  if (!written) return errorExpr(e.span);
  if (e.of === 'shared' || e.of === 'co') return newArray(x, e, e.of);
  if (e.type.kind === 'slice') {
    error(x, 'PG0502', e.type.span, 'how many elements?', { label: 'no extent', hint: 'write `new [n]T`' });
    return errorExpr(e.span);
  }
  if (e.type.kind !== 'array') {
    const t = rules.type(x, e.type);
    if (isError(t)) return errorExpr(e.span);
    checkSize(x, t, e.type.span);
    if (e.of === 'private')
      return { kind: 'new', element: t, extents: [], type: { kind: 'pointer', target: t }, span: e.span };
    const one: Expr = { kind: 'const', value: 1n, type: i64, span: e.span };
    return {
      kind: 'newSharedLocal',
      element: t,
      extent: one,
      type: { kind: 'sharedPointer', target: t },
      span: e.span,
    };
  }
  const element = rules.type(x, e.type.element);
  const extents = checkExtents(x, e.type.extents);
  if (isError(element) || !extents) return errorExpr(e.span);
  const rank = extents.length;
  if (e.of === 'private') {
    if (tooManyDimensions(x, e, rank)) return errorExpr(e.span);
    return { kind: 'new', element, extents, type: { kind: 'slice', rank, element }, span: e.span };
  }
  const extent = extents[0];
  if (!extent || rank !== 1) {
    error(x, 'PG0502', e.type.span, '`new shared local` has one dimension', { label: `found ${rank}` });
    return errorExpr(e.span);
  }
  return { kind: 'newSharedLocal', element, extent, type: { kind: 'sharedPointer', target: element }, span: e.span };
};
