// Builtin functions that give a value: queries, atomics, collectives, `image_of`, `local`.
import type * as Ast from './ast.ts';
import { checkCombining, checkMoving } from './check-collectives.ts';
import { isSharedPlace, takeAddress, toValue } from './check-convert.ts';
import { checkMessage, checkNonBlocking, checkSendRecv } from './check-messages.ts';
import { checkWritable, placeOf } from './check-places.ts';
import { type BuiltinName, isBuiltin, lookupLocal } from './check-scope.ts';
import { arrayName, bare, type Context, error, errorExpr, isError, plural, textOf } from './check-state.ts';
import type { AtomicOp, Expr, Place } from './typed.ts';
import { f64, i64, type Type, typeName } from './types.ts';
import { unreachable } from './unreachable.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;

/** How each builtin is called: shown when the number of arguments is wrong. */
const usage: Readonly<Record<BuiltinName, { readonly least: number; readonly most: number; readonly text: string }>> = {
  this_image: { least: 0, most: 0, text: 'this_image()' },
  num_images: { least: 0, most: 0, text: 'num_images()' },
  this_node: { least: 0, most: 0, text: 'this_node()' },
  num_nodes: { least: 0, most: 0, text: 'num_nodes()' },
  this_core: { least: 0, most: 0, text: 'this_core()' },
  num_cores: { least: 0, most: 0, text: 'num_cores()' },
  now: { least: 0, most: 0, text: 'now()' },
  fetch_add: { least: 2, most: 2, text: 'fetch_add(place, value)' },
  fetch_sub: { least: 2, most: 2, text: 'fetch_sub(place, value)' },
  fetch_and: { least: 2, most: 2, text: 'fetch_and(place, value)' },
  fetch_or: { least: 2, most: 2, text: 'fetch_or(place, value)' },
  fetch_xor: { least: 2, most: 2, text: 'fetch_xor(place, value)' },
  fetch_min: { least: 2, most: 2, text: 'fetch_min(place, value)' },
  fetch_max: { least: 2, most: 2, text: 'fetch_max(place, value)' },
  swap_value: { least: 2, most: 2, text: 'swap_value(place, value)' },
  cas: { least: 3, most: 3, text: 'cas(place, expected, desired)' },
  atomic_load: { least: 1, most: 1, text: 'atomic_load(place)' },
  atomic_store: { least: 2, most: 2, text: 'atomic_store(place, value)' },
  wait_until: { least: 1, most: 1, text: 'wait_until(condition)' },
  image_of: { least: 1, most: 1, text: 'image_of(a[i])' },
  local: { least: 1, most: 1, text: 'local(p)' },
  swap: { least: 2, most: 2, text: 'swap(a, b)' },
  broadcast: { least: 2, most: 2, text: 'broadcast(x, root)' },
  reduce: { least: 3, most: 3, text: 'reduce(op, x, root)' },
  allreduce: { least: 2, most: 2, text: 'allreduce(op, x)' },
  scan: { least: 2, most: 2, text: 'scan(op, x)' },
  exscan: { least: 2, most: 2, text: 'exscan(op, x)' },
  gather: { least: 3, most: 3, text: 'gather(to, from, root)' },
  allgather: { least: 2, most: 2, text: 'allgather(to, from)' },
  scatter: { least: 3, most: 3, text: 'scatter(to, from, root)' },
  alltoall: { least: 2, most: 2, text: 'alltoall(to, from)' },
  alltoallv: { least: 4, most: 4, text: 'alltoallv(to, to_counts, from, from_counts)' },
  send: { least: 3, most: 3, text: 'send(buffer, to, tag)' },
  recv: { least: 3, most: 3, text: 'recv(buffer, from, tag)' },
  isend: { least: 3, most: 3, text: 'isend(buffer, to, tag)' },
  irecv: { least: 3, most: 3, text: 'irecv(buffer, from, tag)' },
  sendrecv: { least: 6, most: 6, text: 'sendrecv(out, to, tag, in, from, tag)' },
  put_nb: { least: 2, most: 2, text: 'put_nb(x[..]@p, b)' },
  get_nb: { least: 2, most: 2, text: 'get_nb(b, x[..]@p)' },
  on_message: { least: 2, most: 3, text: 'on_message(tag, handler, mode)' },
  print: { least: 0, most: Infinity, text: 'print("format", values…)' },
  write: { least: 1, most: Infinity, text: 'write("format", values…)' },
  eprint: { least: 0, most: Infinity, text: 'eprint("format", values…)' },
  assert: { least: 1, most: 2, text: 'assert(condition, "why")' },
  trap: { least: 1, most: 1, text: 'trap("why")' },
  exit: { least: 1, most: 1, text: 'exit(code)' },
};

/** The builtin that a call is about, unless the program has its own function of this name. */
export const builtinOf = (x: Context, e: Ast.Expr): { readonly call: Call; readonly name: BuiltinName } | undefined => {
  const call = bare(e);
  if (call.kind !== 'call') return undefined;
  const callee = bare(call.callee);
  if (callee.kind !== 'name' || !isBuiltin(callee.name.name)) return undefined;
  const { name } = callee.name;
  return lookupLocal(x, name) || x.module.names.has(name) ? undefined : { call, name };
};

export const checkCount = (x: Context, e: Call, name: BuiltinName): boolean => {
  const { least, most, text } = usage[name];
  const n = e.args.length;
  if (n >= least && n <= most) return true;
  const wanted = least === most || n < least ? plural(least, 'argument') : `at most ${plural(most, 'argument')}`;
  error(x, 'PG0303', e.span, `\`${name}\` takes ${wanted}, found ${n}`, { hint: `it is called \`${text}\`` });
  // Their own mistakes are worth a message all the same.
  for (const a of e.args) if (a.kind !== 'operator' && a.kind !== 'nil') x.checker.rules.operand(x, a);
  return false;
};

// ---- atomics ----------------------------------------------------------------------------------------------------

const atomicOps: Partial<Record<BuiltinName, AtomicOp>> = {
  fetch_add: 'add',
  fetch_sub: 'sub',
  fetch_and: 'and',
  fetch_or: 'or',
  fetch_xor: 'xor',
  fetch_min: 'min',
  fetch_max: 'max',
  swap_value: 'swap',
};

/** The place of an atomic, which must have a type that the machine has atomics for. */
export const atomicPlace = (x: Context, e: Ast.Expr, name: BuiltinName, writes: boolean): Place | undefined => {
  const p = placeOf(x, e, 'accessed atomically');
  if (!p) return undefined;
  const t = p.type;
  const wide = (t.kind === 'int' && t.bits >= 32) || (t.kind === 'float' && t.bits === 64);
  const bitwise = name === 'fetch_and' || name === 'fetch_or' || name === 'fetch_xor';
  if (!wide || (bitwise && t.kind === 'float')) {
    const text =
      bitwise && wide
        ? `\`${name}\` works on integers, found ${typeName(t)}`
        : `there are no atomics on ${typeName(t)}`;
    error(x, 'PG0413', e.span, text, {
      label: typeName(t),
      hint: 'atomics work on 32- and 64-bit integers and on f64',
    });
    return undefined;
  }
  if (writes && !checkWritable(x, p, e.span, 'changed')) return undefined;
  takeAddress(p);
  return p;
};

const checkAtomic = (x: Context, e: Call, name: BuiltinName, op: AtomicOp): Expr => {
  const [target, operand] = e.args;
  if (!target || !operand) return errorExpr(e.span);
  const place = atomicPlace(x, target, name, true);
  const why = place && { span: target.span, text: `the place is ${typeName(place.type)}` };
  const value = place ? x.checker.rules.need(x, operand, place.type, why) : x.checker.rules.value(x, operand);
  return place ? { kind: 'atomic', op, place, value, type: place.type, span: e.span } : errorExpr(e.span);
};

const checkCas = (x: Context, e: Call): Expr => {
  const [target, expected, desired] = e.args;
  if (!target || !expected || !desired) return errorExpr(e.span);
  const place = atomicPlace(x, target, 'cas', true);
  if (!place) return errorExpr(e.span);
  const why = { span: target.span, text: `the place is ${typeName(place.type)}` };
  return {
    kind: 'cas',
    place,
    expected: x.checker.rules.need(x, expected, place.type, why),
    desired: x.checker.rules.need(x, desired, place.type, why),
    type: place.type,
    span: e.span,
  };
};

// ---- pointers to shared objects ---------------------------------------------------------------------------------

const checkImageOf = (x: Context, e: Call): Expr => {
  const arg = e.args[0];
  const o = arg && x.checker.rules.operand(x, arg);
  if (!arg || !o || o.kind === 'error') return errorExpr(e.span);
  if (o.kind === 'place' && isSharedPlace(o.place)) {
    const type: Type = { kind: 'sharedPointer', target: o.place.type };
    const pointer: Expr = { kind: 'addressOf', place: o.place, type, span: arg.span };
    return { kind: 'imageOf', pointer, type: i64, span: e.span };
  }
  const t = o.kind === 'sharedArray' ? o.array.type : o.kind === 'place' ? o.place.type : o.expr.type;
  if (t.kind === 'sharedPointer') return { kind: 'imageOf', pointer: toValue(x, o), type: i64, span: e.span };
  if (isError(t)) return errorExpr(e.span);
  const hint =
    o.kind === 'sharedArray'
      ? `name an element: \`image_of(${arrayName(x, o.array)}[i])\``
      : 'what is private or my own lives on `this_image()`';
  error(x, 'PG0419', arg.span, '`image_of` asks about a place in the global space', {
    label: `this is ${typeName(t)}`,
    hint,
  });
  return errorExpr(e.span);
};

const checkLocal = (x: Context, e: Call): Expr => {
  const arg = e.args[0];
  const o = arg && x.checker.rules.operand(x, arg);
  if (!arg || !o || o.kind === 'error') return errorExpr(e.span);
  const t = o.kind === 'sharedArray' ? o.array.type : o.kind === 'place' ? o.place.type : o.expr.type;
  if (t.kind === 'sharedPointer') {
    return { kind: 'localOf', pointer: toValue(x, o), type: { kind: 'pointer', target: t.target }, span: e.span };
  }
  if (isError(t)) return errorExpr(e.span);
  const hint =
    o.kind === 'sharedArray'
      ? `\`${arrayName(x, o.array)}.local\` is a slice of the elements that live here`
      : o.kind === 'place' && isSharedPlace(o.place)
        ? `write \`local(&${textOf(x, arg.span)})\``
        : 'a `*T` is local already';
  error(x, 'PG0419', arg.span, `\`local\` takes a \`*shared T\`, found ${typeName(t)}`, { label: typeName(t), hint });
  return errorExpr(e.span);
};

// ---- all --------------------------------------------------------------------------------------------------------

/** A call of a builtin where a value is wanted. */
export const checkBuiltin = (x: Context, e: Call, name: BuiltinName, want: Type | undefined): Expr => {
  if (!checkCount(x, e, name)) return errorExpr(e.span);
  const op = atomicOps[name];
  if (op) return checkAtomic(x, e, name, op);
  switch (name) {
    case 'this_image':
    case 'num_images':
    case 'this_node':
    case 'num_nodes':
    case 'this_core':
    case 'num_cores':
      return { kind: 'query', what: name, type: i64, span: e.span };
    case 'now':
      return { kind: 'query', what: name, type: f64, span: e.span };
    case 'cas':
      return checkCas(x, e);
    case 'atomic_load': {
      const place = e.args[0] && atomicPlace(x, e.args[0], name, false);
      return place ? { kind: 'atomicLoad', place, type: place.type, span: e.span } : errorExpr(e.span);
    }
    case 'broadcast':
    case 'reduce':
    case 'allreduce':
    case 'scan':
    case 'exscan':
      return checkCombining(x, e, name, want);
    case 'send':
    case 'recv':
    case 'isend':
    case 'irecv':
      return checkMessage(x, e, name);
    case 'sendrecv':
      return checkSendRecv(x, e);
    case 'put_nb':
    case 'get_nb':
      return checkNonBlocking(x, e, name);
    case 'gather':
    case 'allgather':
    case 'scatter':
    case 'alltoall':
    case 'alltoallv':
      return checkMoving(x, e, name);
    case 'image_of':
      return checkImageOf(x, e);
    case 'local':
      return checkLocal(x, e);
    case 'on_message':
    case 'wait_until':
    case 'atomic_store':
    case 'swap':
    case 'print':
    case 'write':
    case 'eprint':
    case 'assert':
    case 'trap':
    case 'exit':
      error(x, 'PG0305', e.span, `\`${name}\` gives no value`, {
        label: 'a value is needed here',
        hint: 'it is a statement of its own',
      });
      return errorExpr(e.span);
    case 'fetch_add':
    case 'fetch_sub':
    case 'fetch_and':
    case 'fetch_or':
    case 'fetch_xor':
    case 'fetch_min':
    case 'fetch_max':
    case 'swap_value':
      return errorExpr(e.span);
    default:
      return unreachable(name);
  }
};
