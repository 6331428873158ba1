// Messages and copies in the background: calls of functions in PG (stdlib/runtime_messages.pg).
import type * as Ast from './ast.ts';
import { copyParts, sharedPart } from './check-bulk.ts';
import { isSharedPlace, takeAddress, toSlice, toValue } from './check-convert.ts';
import { asInt } from './check-dist.ts';
import { callOf, isMovable, kindOf, memberFor, sourceOf } from './check-library.ts';
import { checkInteger, checkWritable, placeOf } from './check-places.ts';
import { type Context, error, errorExpr, isError } from './check-state.ts';
import type { Expr, Stmt } from './typed.ts';
import { boolType, sameType, type Type, typeName } from './types.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;

interface Buffer {
  /** A slice, a pointer to one element, or a value. */
  readonly expr: Expr;
  readonly form: 'slice' | 'place' | 'value';
  readonly element: Type;
}

/** What is sent: a slice, an array or a value. */
const outgoing = (x: Context, e: Ast.Expr): Buffer | undefined => {
  const s = sourceOf(x, e, undefined, false);
  if (!s || !isMovable(x, s.element, e.span)) return undefined;
  const expr = toValue(x, s.operand);
  return isError(expr.type) ? undefined : { expr, form: s.slice ? 'slice' : 'value', element: s.element };
};

/** Where something stays until it is sent, or comes in: a slice, an array, or a place in memory of one's own. */
const incoming = (x: Context, e: Ast.Expr, changed: boolean): Buffer | undefined => {
  const before = x.checker.diagnostics.length;
  const o = x.checker.rules.operand(x, e);
  if (o.kind === 'error') return undefined;
  const t = o.kind === 'place' ? o.place.type : o.kind === 'value' ? o.expr.type : o.array.type;
  if (t.kind === 'slice' || t.kind === 'array' || t.kind === 'dynamicArray' || o.kind === 'sharedArray') {
    x.checker.diagnostics.length = before;
    const s = sourceOf(x, e, undefined, changed);
    if (!s?.slice || !isMovable(x, s.element, e.span)) return undefined;
    return { expr: s.slice, form: 'slice', element: s.element };
  }
  x.checker.diagnostics.length = before;
  const place = placeOf(x, e, changed ? 'received into' : 'sent while it stays');
  if (!place) return undefined;
  if (isSharedPlace(place)) {
    error(x, 'PG0409', e.span, 'a buffer lies in memory of its own image', {
      label: 'memory in the global space',
      hint: 'use a variable of your own',
    });
    return undefined;
  }
  if (changed && !checkWritable(x, place, e.span, 'received into')) return undefined;
  if (!isMovable(x, place.type, e.span)) return undefined;
  takeAddress(place);
  const expr: Expr = { kind: 'addressOf', place, type: { kind: 'pointer', target: place.type }, span: e.span };
  return { expr, form: 'place', element: place.type };
};

const integer = (x: Context, e: Ast.Expr, what: string): Expr | undefined => {
  const v = checkInteger(x, e, what);
  return isError(v.type) ? undefined : asInt(v);
};

const suffix = { slice: '', place: '_place', value: '_value' } as const;

export const checkMessage = (x: Context, e: Call, name: 'send' | 'recv' | 'isend' | 'irecv'): Expr => {
  const [bufferArg, imageArg, tagArg] = e.args;
  if (!bufferArg || !imageArg || !tagArg) return errorExpr(e.span);
  const buffer = name === 'send' ? outgoing(x, bufferArg) : incoming(x, bufferArg, name !== 'isend');
  const image = integer(x, imageArg, 'an image');
  const tag = integer(x, tagArg, 'a tag');
  if (!buffer || !image || !tag) return errorExpr(e.span);
  const kind = kindOf(0, buffer.element, e.span);
  return callOf(x, e, 'messages', `${name}${suffix[buffer.form]}`, [buffer.element], [buffer.expr, image, tag, kind]);
};

export const checkSendRecv = (x: Context, e: Call): Expr => {
  const [outArg, toArg, outTagArg, inArg, fromArg, inTagArg] = e.args;
  if (!outArg || !toArg || !outTagArg || !inArg || !fromArg || !inTagArg) return errorExpr(e.span);
  const out = outgoing(x, outArg);
  const into = incoming(x, inArg, true);
  const numbers = [
    integer(x, toArg, 'an image'),
    integer(x, outTagArg, 'a tag'),
    integer(x, fromArg, 'an image'),
    integer(x, inTagArg, 'a tag'),
  ];
  const [to, outTag, from, inTag] = numbers;
  if (!out || !into || !to || !outTag || !from || !inTag) return errorExpr(e.span);
  if ((out.form === 'slice') !== (into.form === 'slice')) {
    error(x, 'PG0301', inArg.span, '`sendrecv` sends and receives slices, or single values', {
      label: typeName(into.form === 'slice' ? into.expr.type : into.element),
      secondary: [{ span: outArg.span, text: typeName(out.expr.type) }],
      hint: 'an array of one element, or `isend`, `recv` and `wait`, do the rest',
    });
    return errorExpr(e.span);
  }
  const kinds = [kindOf(0, out.element, e.span), kindOf(0, into.element, e.span)];
  const args = [out.expr, to, outTag, into.expr, from, inTag, ...kinds];
  const form = out.form === 'slice' ? 'sendrecv' : 'sendrecv_value';
  return callOf(x, e, 'messages', form, [out.element, into.element], args);
};

/** A slice, of one's own or of another image. */
const anySlice = (x: Context, e: Ast.Expr, changed: boolean): Expr | undefined => {
  const o = x.checker.rules.operand(x, e);
  if (o.kind === 'error') return undefined;
  if (o.kind === 'value' && o.expr.type.kind === 'slice') return o.expr;
  if (o.kind === 'place' && (o.place.type.kind === 'array' || o.place.type.kind === 'dynamicArray')) {
    if (changed && !checkWritable(x, o.place, e.span, 'changed')) return undefined;
    return toSlice(o.place, e.span);
  }
  const v = toValue(x, o);
  if (isError(v.type)) return undefined;
  if (v.type.kind === 'slice') return v;
  error(x, 'PG0301', e.span, `a copy is between slices, found ${typeName(v.type)}`, { label: typeName(v.type) });
  return undefined;
};

/** A request that is over, once the copy has been made. */
const after = (x: Context, e: Call, copy: Stmt): Expr => {
  const done = memberFor(x, 'messages', 'over', [], e.span);
  if (!done) return errorExpr(e.span);
  const { span } = e;
  const type = done.fn.result;
  const value: Expr = { kind: 'call', fn: done.fn, args: [], type, span };
  const always: Expr = { kind: 'const', value: true, type: boolType, span };
  return {
    kind: 'if',
    condition: always,
    then: { span, stmts: [copy], value },
    else: { span, stmts: [], value },
    type,
    span,
  };
};

/** `put_nb(x[lo..hi]@p, b)` and `get_nb(b, x[lo..hi]@p)`. */
export const checkNonBlocking = (x: Context, e: Call, name: 'put_nb' | 'get_nb'): Expr => {
  const [toArg, fromArg] = e.args;
  if (!toArg || !fromArg) return errorExpr(e.span);
  const parts = [sharedPart(x, toArg), sharedPart(x, fromArg)] as const;
  if (parts[0] === 'reported' || parts[1] === 'reported') return errorExpr(e.span);
  if (parts[0] || parts[1]) {
    const to = parts[0] ?? anySlice(x, toArg, true);
    const from = parts[1] ?? anySlice(x, fromArg, false);
    const { stmt } = to && from ? copyParts(x, to, from, e.span) : {};
    return stmt ? after(x, e, stmt) : errorExpr(e.span);
  }
  const to = anySlice(x, toArg, true);
  const from = anySlice(x, fromArg, false);
  if (!to || !from || to.type.kind !== 'slice' || from.type.kind !== 'slice') return errorExpr(e.span);
  if (!sameType(to.type, from.type) || to.type.rank !== 1) {
    error(x, 'PG0301', fromArg.span, `\`${name}\` copies between slices of one dimension and type`, {
      label: typeName(from.type),
      secondary: [{ span: toArg.span, text: typeName(to.type) }],
    });
    return errorExpr(e.span);
  }
  const { element } = to.type;
  if (!isMovable(x, element, toArg.span)) return errorExpr(e.span);
  return callOf(x, e, 'messages', 'copy_nb', [element], [to, from]);
};
