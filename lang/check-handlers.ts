// Handlers of messages: `on_message(tag, handler, mode)`, and `on_message(tag, wake)`. It becomes a call of a function of the run-time
// (stdlib/runtime_handlers.pg), which also gets the function that tasks for handlers begin with; one is made for the program.
import type * as Ast from './ast.ts';
import { asInt } from './check-dist.ts';
import { callOf, memberFor } from './check-library.ts';
import { parLoop } from './check-par.ts';
import { checkInteger } from './check-places.ts';
import { preludeType } from './check-prelude-types.ts';
import { bare, type Context, error, isError, textOf } from './check-state.ts';
import { closest } from './check-suggest.ts';
import type { Span } from './source.ts';
import type { Expr, Fn, Local, Place } from './typed.ts';
import { i32, i64, sameType, type Type, typeName, voidType } from './types.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;

/** Their numbers are those of stdlib/runtime_handlers.pg. */
const modes = ['wake', 'branch', 'spawn'] as const;
type Mode = (typeof modes)[number];

const isMode = (name: string): name is Mode => (modes as readonly string[]).includes(name);

const modesHint = '`branch` calls the handler at the next hook, `spawn` in a new task, `wake` where its task waits';

/** What a handler is, as one writes it. */
const handlerText = 'fn handler(s: status) { … }';

/** `alone`: there is no handler before it, and it may be meant as one. */
const modeOf = (x: Context, e: Ast.Expr, tag: string, alone: boolean): Mode | undefined => {
  const a = bare(e);
  const name = a.kind === 'name' ? a.name.name : undefined;
  if (name !== undefined && isMode(name)) return name;
  const near = name === undefined ? undefined : closest(name, modes);
  if (alone && near === undefined) {
    const handler = name ?? 'handler';
    error(x, 'PG0424', e.span, 'nothing says how the handler is called', {
      label: 'a handler is a `fn(status)`, and `branch`, `spawn` or `wake` follows it',
      hint: `\`on_message(${tag}, ${handler}, branch)\`, where ${handler} is \`${handlerText.replace('handler', handler)}\`; or \`on_message(${tag}, wake)\``,
    });
    return undefined;
  }
  error(x, 'PG0424', e.span, `\`${textOf(x, e.span)}\` is no way to call a handler`, {
    label: 'one of `wake`, `branch` and `spawn`',
    hint: near === undefined ? modesHint : `did you mean \`${near}\`?`,
  });
  return undefined;
};

const handlerType = (x: Context): Type | undefined => {
  const entity = preludeType(x, 'status');
  if (entity?.kind !== 'struct') return undefined;
  return { kind: 'fn', params: [{ kind: 'struct', struct: entity.struct }], result: voidType };
};

/** The handler as a value; undefined after a report. */
const handlerOf = (x: Context, e: Ast.Expr, type: Type, mode: Mode | undefined): Expr | undefined => {
  if (bare(e).kind === 'nil' && mode !== undefined && mode !== 'wake') {
    error(x, 'PG0424', e.span, `there is no handler to call by \`${mode}\``, {
      label: 'not a function',
      hint: '`off_message(tag)` ends what `on_message` began; only `wake` does something without a handler',
    });
    return undefined;
  }
  const o = x.checker.rules.operand(x, e, type);
  if (o.kind === 'error') return undefined;
  const found = o.kind === 'value' ? o.expr.type : o.kind === 'place' ? o.place.type : undefined;
  if (found && (isError(found) || sameType(found, type))) {
    const v = x.checker.rules.need(x, e, type);
    return isError(v.type) ? undefined : v;
  }
  if (bare(e).kind === 'nil') return x.checker.rules.need(x, e, type);
  const what = found ? typeName(found) : 'an array';
  error(x, 'PG0424', e.span, `a handler takes the \`status\` of a message and gives nothing, found ${what}`, {
    label: what,
    hint: `write it as \`${handlerText}\``,
  });
  return undefined;
};

/** What tasks for handlers begin with. */
const entryOf = (x: Context, span: Span): Fn | undefined => {
  if (x.checker.handlerEntry) return x.checker.handlerEntry;
  const run = memberFor(x, 'handlers', 'run_task', [], span);
  if (!run) return undefined;
  const symbol = 'runtime.entry.handler';
  const room: Local = { name: 'room', type: i64, mutable: false, span, addressTaken: false };
  const place: Place = { kind: 'local', local: room, type: i64, span };
  const args: Expr[] = [{ kind: 'load', place, type: i64, span }];
  const call: Expr = { kind: 'call', fn: run.fn, args, type: voidType, span };
  const body = { span, stmts: [{ kind: 'expr', value: call, span }] } as const;
  x.checker.handlerEntry = { symbol, name: symbol, span, params: [room], result: voidType, body };
  return x.checker.handlerEntry;
};

/** The call of the run-time; undefined after a report. */
export const checkOnMessage = (x: Context, e: Call): Expr | undefined => {
  const [tagArg, second, third] = e.args;
  const loop = parLoop(x);
  if (loop) {
    error(x, 'PG0424', e.span, 'handlers are not registered inside of `par for`', {
      label: 'by whom, where an iteration may be run by another image?',
      secondary: [{ span: { ...loop.span, end: loop.span.start + loop.kind.length }, text: 'in this loop' }],
      hint: 'register it before the loop',
    });
    return undefined;
  }
  const type = handlerType(x);
  if (!tagArg || !second || !type) return undefined;
  const tag = checkInteger(x, tagArg, 'a tag');
  const mode = modeOf(x, third ?? second, textOf(x, tagArg.span), third === undefined);
  if (!third && mode !== undefined && mode !== 'wake') {
    error(x, 'PG0424', e.span, `\`${mode}\` calls a handler, and there is none`, {
      label: 'no handler',
      hint: `it is called \`on_message(${textOf(x, tagArg.span)}, handler, ${mode})\``,
    });
    return undefined;
  }
  const { span } = e;
  const handler: Expr | undefined = third ? handlerOf(x, second, type, mode) : { kind: 'nil', type, span: second.span };
  const entry = entryOf(x, span);
  if (!handler || mode === undefined || !entry || isError(tag.type)) return undefined;
  x.checker.tasks = true;
  const begin: Expr = {
    kind: 'function',
    fn: entry,
    type: { kind: 'fn', params: [i64], result: voidType },
    span,
  };
  const number: Expr = { kind: 'const', value: BigInt(modes.indexOf(mode)), type: i32, span };
  const need: Expr = { kind: 'intrinsic', name: 'stack_need', args: [begin], type: i64, span };
  const call = callOf(x, e, 'handlers', 'on_message', [], [asInt(tag), handler, number, begin, need]);
  return isError(call.type) ? undefined : call;
};
