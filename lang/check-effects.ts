// Builtin functions that are statements: print, assert, trap, exit, wait_until, swap, atomic_store, on_message.

import type * as Ast from './ast.ts';
import { operandType } from './check-apply.ts';
import { atomicPlace, checkCount } from './check-builtins.ts';
import { mismatch } from './check-convert.ts';
import { checkFormat } from './check-format.ts';
import { checkOnMessage } from './check-handlers.ts';
import { checkInsidePar } from './check-par.ts';
import { checkInteger, checkWritable } from './check-places.ts';
import type { BuiltinName } from './check-scope.ts';
import { type Context, error, isError, newUses, textOf } from './check-state.ts';
import type { Span } from './source.ts';
import type { DimDist, Expr, Global, Place, Stmt } from './typed.ts';
import { boolType, sameType, strType, typeName } from './types.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;

/** A statement that was checked. No statement: it was reported. */
export interface CheckedStmt {
  readonly stmt?: Stmt;
  readonly diverges: boolean;
}

const failed: CheckedStmt = { diverges: false };

const effects: ReadonlySet<BuiltinName> = new Set<BuiltinName>([
  ...([
    'print',
    'write',
    'eprint',
    'assert',
    'trap',
    'exit',
    'wait_until',
    'swap',
    'atomic_store',
    'on_message',
  ] as const),
]);
export const isEffect = (name: BuiltinName): boolean => effects.has(name);

// ---- wait_until -------------------------------------------------------------------------------------------------

/** Kinds of nodes through which memory of others may be read. */
const reading: ReadonlySet<unknown> = new Set(['deref', 'call', 'index', 'field', 'error']);

const mayRead = (e: Ast.Expr): boolean => {
  const todo: unknown[] = [e];
  while (todo.length > 0) {
    const node = todo.pop();
    if (typeof node !== 'object' || node === null) continue;
    if ('kind' in node && reading.has(node.kind)) return true;
    todo.push(...Object.values(node).filter((v) => typeof v === 'object'));
  }
  return false;
};

const checkWaitUntil = (x: Context, e: Call, arg: Ast.Expr): CheckedStmt => {
  const uses = newUses();
  const condition = x.checker.rules.need({ ...x, uses }, arg, boolType, {
    span: e.callee.span,
    text: 'waits for a bool',
  });
  for (const g of uses.globals) x.uses.globals.add(g);
  for (const f of uses.fns) x.uses.fns.add(f);
  if (isError(condition.type)) return failed;
  // What is private to the image may be written by another of its tasks.
  const tasks = x.checker.prelude.has('tasks');
  const changes = [...uses.globals].some(
    (g) => g.storage === 'co' || g.storage === 'shared' || (tasks && g.storage === 'var'),
  );
  if (!changes && !mayRead(arg)) {
    const own = [...uses.globals].find((g) => g.storage === 'var');
    error(x, 'PG0412', arg.span, 'no other image can make this condition true', {
      label: 'reads nothing that others can write',
      ...(own ? { secondary: [{ span: own.span, text: 'private to this image' }] } : {}),
      hint: own ? `declare it \`co ${own.name}: …\`` : 'wait for a `co` variable that another image writes',
    });
    return failed;
  }
  return { stmt: { kind: 'waitUntil', condition, span: e.span }, diverges: false };
};

// ---- swap -------------------------------------------------------------------------------------------------------

const distText = (d: DimDist): string => (d.kind === 'star' ? '*' : d.kind === 'blocks' ? 'block(B)' : d.kind);

const differentConstants = (a: Expr, b: Expr): boolean =>
  a.kind === 'const' && b.kind === 'const' && a.value !== b.value;

/** Why two shared arrays cannot exchange their handles. */
const layoutProblem = (a: Global, b: Global): string | undefined => {
  if (a.type.kind !== 'sharedArray' || b.type.kind !== 'sharedArray') return 'only one is a shared array';
  if (!sameType(a.type, b.type)) return `${typeName(a.type)} and ${typeName(b.type)}`;
  const words = (g: Global): string => (g.dist ?? []).map(distText).join(', ');
  if (words(a) !== words(b)) return `\`dist(${words(a)})\` and \`dist(${words(b)})\``;
  const sizes = (g: Global): Expr[] =>
    (g.dist ?? []).flatMap((d) => (d.kind === 'blocks' ? [d.size] : d.kind === 'on' ? [d.image] : []));
  const sb = sizes(b);
  if (sizes(a).some((s, i) => sb[i] && differentConstants(s, sb[i]))) return 'their distributions differ';
  const eb = b.extents ?? [];
  return (a.extents ?? []).some((s, i) => eb[i] && differentConstants(s, eb[i])) ? 'their extents differ' : undefined;
};

const swapArrays = (x: Context, e: Call, a: Global, b: Global): CheckedStmt => {
  const problem = layoutProblem(a, b);
  if (problem !== undefined) {
    error(x, 'PG0416', e.span, `\`${a.name}\` and \`${b.name}\` cannot be exchanged: ${problem}`, {
      label: 'not alike',
      secondary: [
        { span: a.span, text: `\`${a.name}\` is declared here` },
        { span: b.span, text: `\`${b.name}\` is declared here` },
      ],
      hint: 'arrays that are exchanged have equal elements, extents and distributions',
    });
    return failed;
  }
  a.swapped = true;
  b.swapped = true;
  return { stmt: { kind: 'swapHandles', a, b, span: e.span }, diverges: false };
};

const checkSwap = (x: Context, e: Call, first: Ast.Expr, second: Ast.Expr): CheckedStmt => {
  const a = x.checker.rules.operand(x, first);
  const b = x.checker.rules.operand(x, second);
  if (a.kind === 'error' || b.kind === 'error') return failed;
  if (a.kind === 'sharedArray' && b.kind === 'sharedArray') {
    if (a.array.kind === 'handleOf' && b.array.kind === 'handleOf')
      return swapArrays(x, e, a.array.global, b.array.global);
  }
  if (a.kind !== 'place' || b.kind !== 'place') {
    const wrong = a.kind !== 'place' ? first : second;
    const t = operandType(a.kind !== 'place' ? a : b);
    error(x, 'PG0416', wrong.span, 'two places or two shared arrays are exchanged', {
      label: t ? `this is ${typeName(t)}` : 'not a place',
    });
    return failed;
  }
  if (a.place.type.kind === 'dynamicArray' || b.place.type.kind === 'dynamicArray') {
    error(x, 'PG0416', e.span, 'arrays whose extents are known at run time cannot be exchanged', {
      hint: 'copy their slices, or exchange shared arrays',
    });
    return failed;
  }
  if (!sameType(a.place.type, b.place.type)) {
    mismatch(x, second, b.place.type, a.place.type, { span: first.span, text: `this is ${typeName(a.place.type)}` });
    return failed;
  }
  const writable = (p: Place, span: Span): boolean =>
    checkWritable(x, p, span) && checkInsidePar(x, p, span, 'exchanged');
  const fine = [writable(a.place, first.span), writable(b.place, second.span)];
  if (fine.includes(false)) return failed;
  return { stmt: { kind: 'swapPlaces', a: a.place, b: b.place, span: e.span }, diverges: false };
};

// ---- all --------------------------------------------------------------------------------------------------------

const text = (value: string, span: Span): Expr => ({ kind: 'string', value, type: strType, span });

const printStmt = (x: Context, e: Call, name: 'print' | 'write' | 'eprint'): CheckedStmt => {
  const parts = checkFormat(x, e, name);
  if (!parts) return failed;
  return {
    stmt: { kind: 'print', stream: name === 'eprint' ? 'err' : 'out', newline: name !== 'write', parts, span: e.span },
    diverges: false,
  };
};

const assertStmt = (x: Context, e: Call, arg: Ast.Expr): CheckedStmt => {
  const { rules } = x.checker;
  const condition = rules.need(x, arg, boolType, { span: e.callee.span, text: 'checks a bool' });
  const why = e.args[1];
  // On one line: reports show it after `assertion failed:`.
  const message = why ? rules.need(x, why, strType) : text(textOf(x, arg.span).replace(/\s+/g, ' '), arg.span);
  return { stmt: { kind: 'assert', condition, message, span: e.span }, diverges: false };
};

const atomicStore = (x: Context, e: Call, target: Ast.Expr, operand: Ast.Expr): CheckedStmt => {
  const place: Place | undefined = atomicPlace(x, target, 'atomic_store', true);
  if (!place) return failed;
  const value = x.checker.rules.need(x, operand, place.type, {
    span: target.span,
    text: `the place is ${typeName(place.type)}`,
  });
  return { stmt: { kind: 'atomicStore', place, value, span: e.span }, diverges: false };
};

/** A call of a builtin that is a statement. */
export const checkEffectCall = (x: Context, e: Call, name: BuiltinName): CheckedStmt => {
  if (!checkCount(x, e, name)) return { diverges: name === 'trap' || name === 'exit' };
  const [first, second] = e.args;
  switch (name) {
    case 'print':
    case 'write':
    case 'eprint':
      return printStmt(x, e, name);
    default:
      break;
  }
  if (!first) return failed;
  switch (name) {
    case 'assert':
      return assertStmt(x, e, first);
    case 'trap':
      return { stmt: { kind: 'trap', message: x.checker.rules.need(x, first, strType), span: e.span }, diverges: true };
    case 'exit':
      return { stmt: { kind: 'exit', code: checkInteger(x, first, 'an exit code'), span: e.span }, diverges: true };
    case 'wait_until':
      return checkWaitUntil(x, e, first);
    case 'swap':
      return second ? checkSwap(x, e, first, second) : failed;
    case 'on_message': {
      const value = checkOnMessage(x, e);
      return value ? { stmt: { kind: 'expr', value, span: e.span }, diverges: false } : failed;
    }
    case 'atomic_store':
      return second ? atomicStore(x, e, first, second) : failed;
    default:
      return failed;
  }
};
