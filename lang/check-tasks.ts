// Tasks: `spawn f(x)`, `spawn f(x) on p`. A spawn becomes a call of a function made here, `runtime.spawn.<n>`, which asks the
// run-time (stdlib/runtime_tasks.pg) for a task with room for result and arguments, copies the arguments there and hands it over;
// the task begins in another one, `runtime.entry.<n>`, which calls f with them and leaves its result. `main` becomes a task as well.
import type * as Ast from './ast.ts';
import { builtinOf } from './check-builtins.ts';
import { toValue } from './check-convert.ts';
import { asInt } from './check-dist.ts';
import { isEffect } from './check-effects.ts';
import { structInstance } from './check-generics.ts';
import { isMovable } from './check-library.ts';
import { checkInteger } from './check-places.ts';
import { bare, type Checker, type Context, error, errorExpr, isError, textOf } from './check-state.ts';
import type { Span } from './source.ts';
import type { Block, Expr, Fn, Local, Place, Stmt } from './typed.ts';
import {
  alignOf,
  boolType,
  i32,
  i64,
  leadsToImage,
  type StructType,
  sizeOf,
  type Type,
  typeName,
  voidType,
  withArticle,
} from './types.ts';

type Spawn = Extract<Ast.Expr, { kind: 'spawn' }>;
type Called = Extract<Expr, { kind: 'call' | 'callValue' }>;

// ---- typed trees ------------------------------------------------------------------------------------------------

const local = (name: string, type: Type, span: Span): Local => ({
  name,
  type,
  mutable: false,
  span,
  addressTaken: false,
});

const read = (l: Local, span: Span): Expr => ({
  kind: 'load',
  place: { kind: 'local', local: l, type: l.type, span },
  type: l.type,
  span,
});

const number = (value: number, type: Type, span: Span): Expr => ({ kind: 'const', value: BigInt(value), type, span });

const functionValue = (fn: Fn, span: Span): Expr => ({
  kind: 'function',
  fn,
  type: { kind: 'fn', params: fn.params.map((p) => p.type), result: fn.result },
  span,
});

const callOf = (fn: Fn, args: readonly Expr[], span: Span): Expr => ({ kind: 'call', fn, args, type: fn.result, span });

/** What lies so many bytes from an address. */
const placeAt = (address: Local, offset: number, type: Type, span: Span): Place => {
  const sum: Expr = {
    kind: 'arithmetic',
    op: '+',
    left: read(address, span),
    right: number(offset, i64, span),
    type: i64,
    span,
  };
  const pointer: Expr = { kind: 'cast', operand: sum, type: { kind: 'pointer', target: type }, span };
  return { kind: 'deref', pointer, type, span };
};

const newFn = (symbol: string, params: readonly Local[], result: Type, body: Block): Fn => ({
  symbol,
  name: symbol,
  span: body.span,
  params,
  result,
  body,
});

/** A function of the run-time's part for tasks. */
const member = (checker: Checker, name: string): Fn | undefined => {
  const e = checker.prelude.get('tasks')?.names.get(name);
  return e?.kind === 'fn' ? checker.rules.fn(e) : undefined;
};

const up = (n: number, align: number): number => Math.ceil(n / align) * align;

/** Where the values lie that a task is given, from where its result will, and the bytes of all. */
const placesOf = (result: Type, given: readonly Type[]): { readonly offsets: readonly number[]; bytes: number } => {
  let at = sizeOf(result);
  const offsets = given.map((t) => {
    const here = up(at, Math.max(8, alignOf(t)));
    at = here + sizeOf(t);
    return here;
  });
  return { offsets, bytes: at };
};

// ---- the functions of a spawn -----------------------------------------------------------------------------------

/** The struct behind `task<T>`, or behind `task` for a task without a result. */
const taskType = (x: Context, result: Type, span: Span): Type | undefined => {
  const names = x.checker.prelude.get('tasks')?.names;
  if (result.kind === 'void') {
    const e = names?.get('unit_task');
    return e?.kind === 'struct' ? { kind: 'struct', struct: e.struct } : undefined;
  }
  const g = names?.get('task');
  return g?.kind === 'genericStruct' ? structInstance(x, g, [result], span) : undefined;
};

const handleOf = (struct: StructType, value: Expr, span: Span): Expr => {
  const field = struct.fields[0];
  if (!field) throw new Error('internal error: a task without a handle');
  return { kind: 'struct', fields: [{ field, value }], type: { kind: 'struct', struct }, span };
};

const entryOf = (n: number, call: Called, given: readonly Type[], offsets: readonly number[]): Fn => {
  const { span } = call;
  const room = local('room', i64, span);
  const values = given.map((t, k): Expr => {
    const place = placeAt(room, offsets[k] ?? 0, t, span);
    return { kind: 'load', place, type: t, span };
  });
  const [callee, ...rest] = values;
  const inner: Expr = call.kind === 'callValue' && callee ? { ...call, callee, args: rest } : { ...call, args: values };
  const stmt: Stmt =
    call.type.kind === 'void'
      ? { kind: 'expr', value: inner, span }
      : { kind: 'assign', place: placeAt(room, 0, call.type, span), value: inner, span };
  return newFn(`runtime.entry.${n}`, [room], voidType, { span, stmts: [stmt] });
};

/** The function that spawns a call, whose arguments' types are known; `task`: what the spawn gives, unless it is let go. */
const spawnerOf = (x: Context, call: Called, task: StructType | undefined, placed: boolean): Fn | undefined => {
  const { checker } = x;
  const make = member(checker, 'make');
  const launch = member(checker, 'launch');
  if (!make || !launch) return undefined;
  const { span } = call;
  const n = checker.spawns++;
  const given = [...(call.kind === 'callValue' ? [call.callee.type] : []), ...call.args.map((a) => a.type)];
  const { offsets, bytes } = placesOf(call.type, given);
  const entry = entryOf(n, call, given, offsets);
  const params = given.map((t, k) => local(`a${k}`, t, span));
  const image = local('image', i64, span);
  const position = local('position', i32, span);
  const room = local('room', i64, span);
  const detached: Expr = { kind: 'const', value: task === undefined, type: boolType, span };
  const need: Expr = { kind: 'intrinsic', name: 'stack_need', args: [functionValue(entry, span)], type: i64, span };
  const made = callOf(
    make,
    [functionValue(entry, span), number(bytes, i64, span), need, read(image, span), detached, read(position, span)],
    span,
  );
  // What idle images take must be as good there: the compiler looks at what it does, we at what it is given. A task `on p` stays there.
  const bound = [call.type, ...given].some((t) => leadsToImage(t));
  const moves: Expr = {
    kind: 'intrinsic',
    name: 'may_move',
    args: [functionValue(entry, span), number(placed ? 2 : bound ? 1 : 0, i64, span)],
    type: i64,
    span,
  };
  const launched = callOf(launch, [read(room, span), moves], span);
  const stmts: Stmt[] = [
    { kind: 'local', local: room, value: made, span },
    ...params.map((p, k): Stmt => {
      return { kind: 'assign', place: placeAt(room, offsets[k] ?? 0, p.type, span), value: read(p, span), span };
    }),
    task ? { kind: 'return', value: handleOf(task, launched, span), span } : { kind: 'expr', value: launched, span },
  ];
  const result: Type = task ? { kind: 'struct', struct: task } : voidType;
  return newFn(`runtime.spawn.${n}`, [...params, image, position], result, { span, stmts });
};

// ---- the expression ---------------------------------------------------------------------------------------------

const builtIn = (x: Context, e: Spawn, call: Extract<Ast.Expr, { kind: 'call' }>): void =>
  error(x, 'PG0422', e.call.span, `a task runs a function, and \`${textOf(x, call.callee.span)}\` is built in`, {
    label: 'cannot be a task by itself',
    hint: 'write a function that calls it, and spawn that',
  });

/** The call that a task is made of; undefined after a report. */
const calledIn = (x: Context, e: Spawn): Called | undefined => {
  const ast = bare(e.call);
  const builtin = builtinOf(x, ast);
  if (ast.kind === 'call' && builtin && isEffect(builtin.name)) {
    builtIn(x, e, ast);
    return undefined;
  }
  const o = x.checker.rules.operand(x, e.call);
  if (o.kind === 'error') return undefined;
  const call = o.kind === 'value' ? o.expr : toValue(x, o);
  if (isError(call.type)) return undefined;
  if (call.kind === 'callValue') return call;
  if (call.kind === 'call' && !isRuntimeFn(call.fn) && ast.kind === 'call') return call;
  if (ast.kind === 'call') builtIn(x, e, ast);
  else
    error(x, 'PG0422', e.call.span, `a task runs a function, and this is ${withArticle(typeName(call.type))}`, {
      label: 'not a call',
      hint: '`spawn f(x)` starts a task that calls `f` with `x`',
    });
  return undefined;
};

/** Of the run-time itself, and therefore built in. */
const isRuntimeFn = (fn: Fn): boolean => fn.symbol.startsWith('runtime.');

/** Whether all that goes to another image means the same there; reports what does not. */
const travels = (x: Context, e: Spawn, call: Called): boolean => {
  const args = e.call.kind === 'call' ? e.call.args : [];
  const fine = call.args.every((a, k) => isMovable(x, a.type, args[k]?.span ?? a.span));
  return fine && (call.type.kind === 'void' || isMovable(x, call.type, e.call.span));
};

/** `spawn f(x)`, `spawn f(x) on p`. `letGo`: nobody takes what it gives. */
export const checkSpawn = (x: Context, e: Spawn, letGo: boolean): Expr => {
  const call = calledIn(x, e);
  const on = e.on && checkInteger(x, e.on, 'an image');
  if (!call || (on && isError(on.type))) return errorExpr(e.span);
  if (on && !travels(x, e, call)) return errorExpr(e.span);
  const task = letGo ? undefined : taskType(x, call.type, e.span);
  if (!letGo && task?.kind !== 'struct') return errorExpr(e.span);
  const spawner = spawnerOf(x, call, task?.kind === 'struct' ? task.struct : undefined, on !== undefined);
  if (!spawner) return errorExpr(e.span);
  x.checker.tasks = true;
  if (call.kind === 'call') x.uses.fns.add(call.fn);
  const image = on ? asInt(on) : number(-1, i64, e.span);
  const position: Expr = { kind: 'position', type: i32, span: e.span };
  const given = call.kind === 'callValue' ? [call.callee, ...call.args] : call.args;
  return callOf(spawner, [...given, image, position], e.span);
};

// ---- main -------------------------------------------------------------------------------------------------------

/** What starts a program with tasks: it runs `main` as the first task of each image, and ends when all tasks have ended. */
export const taskMain = (checker: Checker, main: Fn): Fn => {
  const run = member(checker, 'run');
  if (!run) return main;
  const { span } = main;
  const room = local('room', i64, span);
  const call: Stmt = { kind: 'expr', value: callOf(main, [], span), span };
  const entry = newFn('runtime.entry.main', [room], voidType, { span, stmts: [call] });
  const start: Stmt = { kind: 'expr', value: callOf(run, [functionValue(entry, span)], span), span };
  return newFn('runtime.begin', [], voidType, { span, stmts: [start] });
};
