// Builtins that are written in PG (lang/prelude.ts): which function a call means, and what is passed besides the arguments
// that are written.
import type * as Ast from './ast.ts';
import { callFn, callGeneric, type Extras, looseArg, operandType } from './check-apply.ts';
import { warnInForall } from './check-collectives.ts';
import { isSharedPlace, toValue } from './check-convert.ts';
import { moveTo } from './check-places.ts';
import { preludeType } from './check-prelude-types.ts';
import { type Context, type Entity, error, errorExpr, isError, type Operand, plural, textOf } from './check-state.ts';
import { type PreludeFunction, preludeFunctions } from './prelude.ts';
import type { Span } from './source.ts';
import type { Expr, Place } from './typed.ts';
import { errorType, i32, i64, type Type, typeName, withArticle } from './types.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;

export const isPrelude = (x: Context, name: string): boolean =>
  preludeFunctions.get(name)?.some((f) => x.checker.prelude.has(f.module)) ?? false;

export const preludeNames = (): Iterable<string> => preludeFunctions.keys();

const member = (x: Context, f: PreludeFunction): Extract<Entity, { kind: 'fn' | 'genericFn' }> | undefined => {
  const e = x.checker.prelude.get(f.module)?.names.get(f.name);
  return e?.kind === 'fn' || e?.kind === 'genericFn' ? e : undefined;
};

const takesPosition = (e: Extract<Entity, { kind: 'fn' | 'genericFn' }>): boolean =>
  e.decl.params.at(-1)?.name.name === 'position';

/** `wait(e, count)`: how a builtin is called. */
const usageOf = (x: Context, name: string, f: PreludeFunction): string => {
  const params = member(x, f)?.decl.params.slice(0, f.args) ?? [];
  return `\`${name}(${params.map((p) => p.name.name).join(', ')})\``;
};

const wrongCount = (x: Context, e: Call, name: string, all: readonly PreludeFunction[]): Expr => {
  const counts = [...new Set(all.map((f) => f.args))].sort((a, b) => a - b);
  const last = counts.at(-1) ?? 0;
  const wanted =
    counts.length === 1 ? plural(last, 'argument') : `${counts.slice(0, -1).join(', ')} or ${last} arguments`;
  error(x, 'PG0303', e.span, `\`${name}\` takes ${wanted}, found ${e.args.length}`, {
    hint: `it is called ${[...new Set(all.map((f) => usageOf(x, name, f)))].join(' or ')}`,
  });
  for (const a of e.args) if (a.kind !== 'operator' && a.kind !== 'nil') x.checker.rules.operand(x, a);
  return errorExpr(e.span);
};

/** What a type of the prelude is called, for a place of it or a pointer to one. */
const preludeNameOf = (t: Type): string | undefined => {
  const inner = t.kind === 'pointer' || t.kind === 'sharedPointer' ? t.target : t;
  if (inner.kind !== 'struct' || !inner.struct.prelude) return undefined;
  return inner.struct.generic ? inner.struct.name.replace(/<.*/s, '<T>') : inner.struct.name;
};

// ---- what is passed by where it is ------------------------------------------------------------------------------

/** A pointer to a place that every image can reach; undefined: only this image can. */
const pointerTo = (p: Place, span: Span): Expr | undefined => {
  let root = p;
  while (root.kind === 'field' || root.kind === 'element') root = root.base;
  const me: Expr = { kind: 'query', what: 'this_image', type: i64, span };
  const own = (root.kind === 'global' && root.global.storage === 'co') || root.kind === 'coArray';
  const place = own && !isSharedPlace(p) ? moveTo(p, me) : p;
  if (!isSharedPlace(place)) return undefined;
  return { kind: 'addressOf', place, type: { kind: 'sharedPointer', target: p.type }, span };
};

const declaration: Readonly<Record<string, string>> = {
  lock: 'declare it at module level: `shared l: lock;`',
  event: 'declare it at module level: `co e: event;`',
};

/** The argument for a parameter of type `*shared L`: the place of an L, or a pointer to one. */
const byPlace = (x: Context, a: Ast.Expr, o: Operand, want: Type): Operand => {
  if (o.kind === 'error' || want.kind !== 'sharedPointer') return o;
  const t = operandType(o);
  if (isError(t) || t.kind === 'sharedPointer') return o;
  const name = typeName(want.target);
  if (o.kind === 'place' && preludeNameOf(t) === name && t.kind === 'struct') {
    const pointer = pointerTo(o.place, a.span);
    if (pointer) return { kind: 'value', expr: pointer };
    error(x, 'PG0421', a.span, `only this image can reach \`${textOf(x, a.span)}\``, {
      label: `${withArticle(name)} that is private`,
      hint: declaration[name] ?? `declare it \`co\` or \`shared\``,
    });
    return { kind: 'error', span: a.span };
  }
  error(x, 'PG0301', a.span, `expected ${name}, found ${typeName(t)}`, {
    label: typeName(t),
    expected: name,
    found: typeName(t),
    ...(declaration[name] ? { hint: declaration[name] } : {}),
  });
  return { kind: 'error', span: a.span };
};

// ---- calls ------------------------------------------------------------------------------------------------------

/** The type of a parameter of the prelude if it is taken by place. */
const placeParam = (x: Context, f: PreludeFunction, index: number): Type | undefined => {
  const p = member(x, f)?.decl.params[index]?.type;
  if (p?.kind !== 'sharedPointer' || p.target.kind !== 'named') return undefined;
  const entity = preludeType(x, p.target.name.name);
  if (entity?.kind !== 'struct' || entity.struct.prelude !== 'fixed') return undefined;
  return { kind: 'sharedPointer', target: { kind: 'struct', struct: entity.struct } };
};

/** Of several functions of one name, the one whose first argument has the type of the operand. */
const choose = (
  x: Context,
  e: Call,
  name: string,
  all: readonly PreludeFunction[],
  o: Operand,
): PreludeFunction | undefined => {
  const t = operandType(o);
  const found = preludeNameOf(t);
  const one = all.find((f) => f.first === found) ?? all.find((f) => f.first === undefined);
  if (one || o.kind === 'error' || isError(t)) return one;
  const first = e.args[0];
  error(x, 'PG0301', first?.span ?? e.span, `\`${name}\` does not take ${typeName(t)}`, {
    label: typeName(t),
    hint: `it is called with ${[...new Set(all.flatMap((f) => (f.first === undefined ? [] : [withArticle(f.first)])))].join(' or ')}`,
  });
  return undefined;
};

/** A call of a builtin that is written in PG. */
export const callPrelude = (x: Context, e: Call, name: string, want: Type | undefined): Expr => {
  const loaded = (preludeFunctions.get(name) ?? []).filter((f) => member(x, f));
  const fitting = loaded.filter((f) => f.args === e.args.length);
  if (fitting.length === 0) return wrongCount(x, e, name, loaded);
  const seen = new Map<number, Operand>();
  let f = fitting[0];
  const first = e.args[0];
  if (first && fitting.some((g) => g.first !== undefined)) {
    const o = x.checker.rules.operand(x, first);
    seen.set(0, o);
    f = choose(x, e, name, fitting, o);
  }
  const entity = f && member(x, f);
  if (!f || !entity) {
    for (const a of e.args.slice(seen.size)) looseArg(x, a);
    return errorExpr(e.span);
  }
  for (const [i, a] of e.args.entries()) {
    const type = placeParam(x, f, i);
    if (!type) continue;
    const o = byPlace(x, a, seen.get(i) ?? x.checker.rules.operand(x, a), type);
    seen.set(i, o);
  }
  if (f.module === 'tasks' || f.module === 'handlers') x.checker.tasks = true;
  if (f.collective) warnInForall(x, e.span, `\`${name}\``);
  const extras: Extras = { name, seen, position: takesPosition(entity) };
  const result = entity.kind === 'fn' ? callFn(x, e, entity, extras) : callGeneric(x, e, entity, want, extras);
  return [...seen.values()].some((o) => o.kind === 'error') ? { ...errorExpr(e.span), type: errorType } : result;
};

/** The lock of `critical (l) { … }` as a pointer. */
export const lockedPlace = (x: Context, e: Ast.Expr): Expr | undefined => {
  const entity = preludeType(x, 'lock');
  if (entity?.kind !== 'struct') return undefined;
  const want: Type = { kind: 'sharedPointer', target: { kind: 'struct', struct: entity.struct } };
  const o = byPlace(x, e, x.checker.rules.operand(x, e), want);
  if (o.kind === 'error') return undefined;
  const value = toValue(x, o);
  return isError(value.type) ? undefined : value;
};

/** A call that a statement stands for. */
export const preludeStatement = (
  x: Context,
  span: Span,
  module: string,
  name: string,
  args: readonly Expr[],
): Expr | undefined => {
  const entity = x.checker.prelude.get(module)?.names.get(name);
  if (entity?.kind !== 'fn') return undefined;
  const fn = x.checker.rules.fn(entity);
  x.uses.fns.add(fn);
  if (module === 'tasks') x.checker.tasks = true;
  const position: Expr = { kind: 'position', type: i32, span };
  const all = takesPosition(entity) ? [...args, position] : args;
  return { kind: 'call', fn, args: all, type: fn.result, span };
};
