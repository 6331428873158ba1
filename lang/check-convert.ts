// From what was found to what is wanted: loads, the one implicit conversion (array place → slice), and the messages for
// everything that does not fit.
import type * as Ast from './ast.ts';
import { isNumber, isPointer } from './check-numbers.ts';
import {
  arrayName,
  bare,
  type Context,
  declaredArray,
  error,
  errorExpr,
  isError,
  type Operand,
  rankOf,
  textOf,
} from './check-state.ts';
import type { Label } from './diagnostic.ts';
import type { Span } from './source.ts';
import type { Expr, Global, Local, Place } from './typed.ts';
import { fixedPart, sameType, type Type, typeName, withArticle } from './types.ts';

// ---- places -----------------------------------------------------------------------------------------------------

/** The local whose memory a place is part of. */
const rootLocal = (p: Place): Local | undefined => {
  let at = p;
  while (at.kind === 'field' || at.kind === 'element') at = at.base;
  return at.kind === 'local' ? at.local : undefined;
};

/** Notes that something may refer to the place from now on. */
export const takeAddress = (p: Place): void => {
  const local = rootLocal(p);
  if (local) local.addressTaken = true;
};

/** True for places in the global space, which other images own or may own. */
export const isSharedPlace = (p: Place): boolean => {
  let at = p;
  while (at.kind === 'field' || at.kind === 'element') at = at.base;
  switch (at.kind) {
    case 'remote':
    case 'sharedElement':
      return true;
    case 'coArray':
      return at.image !== undefined;
    case 'global':
      return at.global.storage === 'shared';
    case 'deref':
    case 'pointerElement':
      return at.pointer.type.kind === 'sharedPointer';
    default:
      return false;
  }
};

/** The place that a slice value is a view of, if it is known. */
export const viewedPlace = (e: Expr): Place | undefined => {
  let at = e;
  while (at.kind === 'slice') at = at.base;
  return at.kind === 'toSlice' ? at.place : undefined;
};

/** True for views of memory in the global space: they can only be copied from and to. */
export const isRemoteView = (e: Expr): boolean => {
  const place = viewedPlace(e);
  return place !== undefined && isSharedPlace(place);
};

/** A module-level `shared` or `co` array as a handle. */
export const handleOf = (g: Global, span: Span): Expr => {
  const t = g.type;
  if (t.kind !== 'array' && t.kind !== 'sharedArray' && t.kind !== 'dynamicArray') return errorExpr(span);
  const of = g.storage === 'co' ? 'co' : 'shared';
  return { kind: 'handleOf', global: g, type: { kind: 'handle', of, rank: rankOf(t), element: t.element }, span };
};

/** A handle as a value; notes that the array's descriptor is wanted. */
const handleValue = (x: Context, array: Expr, span: Span): Expr => {
  if (array.kind !== 'handleOf') return array;
  const { global } = array;
  if (global.strict) {
    error(x, 'PG0405', span, `the strict array \`${global.name}\` cannot be passed on as a handle`, {
      label: 'a handle does not say that accesses are strict',
      secondary: [{ span: global.span, text: 'declared `strict` here' }],
      hint: 'name the array itself where it is used, or use atomics',
    });
    return errorExpr(span);
  }
  global.handled = true;
  return array;
};

/** The handle that a place of a `co` array stands for where a handle is wanted. */
const coHandle = (x: Context, p: Place): Expr | undefined => {
  if (p.kind === 'coArray') return p.image ? undefined : p.handle;
  if (p.kind !== 'global' || p.global.storage !== 'co') return undefined;
  return p.type.kind === 'array' || p.type.kind === 'dynamicArray'
    ? handleValue(x, handleOf(p.global, p.span), p.span)
    : undefined;
};

/** What a handle refers to, where the array itself is meant: `h[i]`, `h.len`, `h@p`. Everything else stays as it is. */
export const throughHandle = (x: Context, o: Operand): Operand => {
  const t = o.kind === 'place' ? o.place.type : o.kind === 'value' ? o.expr.type : undefined;
  if (t?.kind !== 'handle') return o;
  const handle = toValue(x, o);
  const { span } = handle;
  if (t.of === 'shared') return { kind: 'sharedArray', array: handle, span };
  const type: Type = { kind: 'dynamicArray', rank: t.rank, element: t.element };
  return { kind: 'place', place: { kind: 'coArray', handle, type, span } };
};

/** All of an array place as a slice. */
export const toSlice = (p: Place, span: Span): Expr | undefined => {
  const t = p.type;
  if (t.kind !== 'array' && t.kind !== 'dynamicArray') return undefined;
  takeAddress(p);
  const rank = t.kind === 'array' ? t.extents.length : t.rank;
  return { kind: 'toSlice', place: p, type: { kind: 'slice', rank, element: t.element }, span };
};

// ---- values -----------------------------------------------------------------------------------------------------

export const remoteView = (x: Context, span: Span): void =>
  error(x, 'PG0409', span, 'a slice refers to memory of its own image only', {
    label: 'memory in the global space',
    hint: 'copy it first: `b[..] = …;` with an array `b` of your own',
  });

/** The value of an operand. `want` lets an array become a slice where one is wanted. */
export const toValue = (x: Context, o: Operand, want?: Type): Expr => {
  switch (o.kind) {
    case 'error':
      return errorExpr(o.span);
    case 'sharedArray':
      if (want?.kind === 'handle' || o.array.kind !== 'handleOf') return handleValue(x, o.array, o.span);
      error(x, 'PG0405', o.span, `the shared array \`${arrayName(x, o.array)}\` is no value`, {
        label: 'spread over all images',
        ...declaredArray(o.array),
        hint: `\`${arrayName(x, o.array)}[i]\` is an element, \`${arrayName(x, o.array)}.local\` a slice of the elements that live here, \`let h: ${typeName(o.array.type)} = ${arrayName(x, o.array)};\` its handle`,
      });
      return errorExpr(o.span);
    case 'value': {
      const { expr } = o;
      if (expr.type.kind === 'void') {
        error(x, 'PG0305', expr.span, 'a value is needed here', { label: 'gives no value' });
        return errorExpr(expr.span);
      }
      if (isRemoteView(expr)) {
        remoteView(x, expr.span);
        return errorExpr(expr.span);
      }
      return expr;
    }
    case 'place': {
      const { place } = o;
      if (isError(place.type)) return errorExpr(place.span);
      const handle = want?.kind === 'handle' && want.of === 'co' ? coHandle(x, place) : undefined;
      if (handle) return handle;
      if (want?.kind === 'slice' && (place.type.kind === 'array' || place.type.kind === 'dynamicArray')) {
        const slice = toSlice(place, place.span);
        if (slice && sameType(slice.type, want)) return toValue(x, { kind: 'value', expr: slice });
      }
      if (place.type.kind === 'dynamicArray') {
        error(x, 'PG0405', place.span, 'an array whose extents are known at run time is no value', {
          label: `of type ${typeName(place.type)}`,
          hint: `\`${textOf(x, place.span)}[..]\` is a slice of all of it`,
        });
        return errorExpr(place.span);
      }
      const fixed = fixedPart(place.type);
      if (fixed) {
        error(x, 'PG0421', place.span, `${withArticle(fixed.name)} cannot be copied`, {
          label:
            place.type.kind === 'struct' && place.type.struct === fixed
              ? 'not a value'
              : `contains ${withArticle(fixed.name)}`,
          hint: 'pass where it is: `&place` is a `*shared` pointer to it',
        });
        return errorExpr(place.span);
      }
      return { kind: 'load', place, type: place.type, span: place.span };
    }
  }
};

const needsParens = (e: Ast.Expr): boolean =>
  e.kind === 'binary' || e.kind === 'unary' || e.kind === 'addressOf' || e.kind === 'deref';

const conversionHint = (x: Context, e: Ast.Expr, found: Type, want: Type): string | undefined => {
  const text = textOf(x, e.span);
  const short = text.length <= 40 && !text.includes('\n');
  const inParens = needsParens(e) ? `(${text})` : text;
  if (e.kind === 'if' || !short)
    return isNumber(found) && isNumber(want) ? `convert with \`as ${typeName(want)}\`` : undefined;
  if (e.kind === 'float' && isNumber(want)) {
    return want.kind === 'int'
      ? `${typeName(want)} has no fractions: \`as ${typeName(want)}\` cuts them off`
      : undefined;
  }
  if (isNumber(found) && isNumber(want)) return `nothing converts by itself: \`${inParens} as ${typeName(want)}\``;
  if (found.kind === 'bool' && want.kind === 'int') return `write \`${inParens} as ${typeName(want)}\``;
  if (found.kind === 'int' && want.kind === 'bool') return `compare it: \`${inParens} != 0\``;
  if (isPointer(found) && sameType(found.target, want)) return `\`*${inParens}\` is what it points to`;
  if (want.kind === 'pointer' && sameType(want.target, found)) return `\`&${inParens}\` is a pointer to it`;
  if (found.kind === 'sharedPointer' && want.kind === 'pointer')
    return `\`local(${text})\` gives a pointer to what lives here`;
  if (found.kind === 'slice' && want.kind === 'array') return 'copy into an array: `b[..] = …;`';
  if (
    found.kind === 'array' &&
    want.kind === 'slice' &&
    sameType(found.element, want.element) &&
    found.extents.length === want.rank
  )
    return 'only an array in a variable can be seen as a slice: give it a name with `let` first';
  return undefined;
};

/** Reports that a value of type `found` stands where `want` is needed. */
export const mismatch = (x: Context, e: Ast.Expr, found: Type, want: Type, why?: Label): void => {
  const hint = conversionHint(x, e, found, want);
  const names =
    typeName(found) === typeName(want)
      ? ['another struct of this name', typeName(want)]
      : [typeName(found), typeName(want)];
  error(x, 'PG0301', e.span, `expected ${names[1]}, found ${names[0]}`, {
    label: `${names[0]}`,
    expected: names[1] ?? '',
    found: names[0] ?? '',
    ...(why ? { secondary: [why] } : {}),
    ...(hint === undefined ? {} : { hint }),
  });
};

/** The value of `e`, which must be of type `want`. */
export const need = (x: Context, e: Ast.Expr, want: Type, why?: Label): Expr => {
  if (isError(want)) return bare(e).kind === 'nil' ? errorExpr(e.span) : x.checker.rules.value(x, e, want);
  const value = x.checker.rules.value(x, e, want);
  if (sameType(value.type, want)) return value;
  mismatch(x, e, value.type, want, why);
  return errorExpr(e.span);
};
