// Functions: signatures when they are first used, bodies when all names are known.
import type * as Ast from './ast.ts';
import { mismatch } from './check-convert.ts';
import { asInstance } from './check-generics.ts';
import { moduleContext } from './check-modules.ts';
import { declareLocal } from './check-scope.ts';
import {
  type Checker,
  type Context,
  type EntityOf,
  error,
  type Instance,
  isError,
  type ModuleInfo,
  newUses,
} from './check-state.ts';
import { checkMovable, checkSize } from './check-types.ts';
import type { Span } from './source.ts';
import type { Fn, Local } from './typed.ts';
import { errorType, sameType, typeName, voidType } from './types.ts';

type FnEntity = EntityOf<'fn'>;

const signatureContext = (checker: Checker, e: FnEntity): Context => ({
  ...moduleContext(checker, e.module),
  ...(e.instance ? { instance: e.instance, typeArgs: e.instance.typeArgs } : {}),
});

/** The signature. The body stays empty until `checkBody`. */
export const resolveFn = (checker: Checker, e: FnEntity): Fn => {
  if (e.fn) return e.fn;
  const x = signatureContext(checker, e);
  const params = e.decl.params.map((p): Local => {
    const type = checker.rules.type(x, p.type);
    checkSize(x, type, p.type.span);
    checkMovable(x, type, p.type.span, 'a parameter');
    return { name: p.name.name, type, mutable: false, span: p.name.span, addressTaken: false };
  });
  const result = e.decl.result ? checker.rules.type(x, e.decl.result) : voidType;
  if (e.decl.result) checkMovable(x, result, e.decl.result.span, 'a result');
  e.fn = {
    symbol: `${e.module.prefix}${e.instance?.name ?? e.decl.name.name}`,
    name: e.instance?.name ?? e.decl.name.name,
    span: e.span,
    params,
    result,
    body: { span: e.decl.body.span, stmts: [] },
  };
  return e.fn;
};

const endOf = (b: Ast.Block): Span => ({ ...b.span, start: Math.max(b.span.start, b.span.end - 1) });

export const checkBody = (checker: Checker, e: FnEntity): void => {
  const fn = resolveFn(checker, e);
  const outer: Context = { ...signatureContext(checker, e), uses: e.uses };
  const resultSpan = e.decl.result?.span ?? e.decl.name.span;
  const x: Context = {
    ...outer,
    scope: { names: new Map(), parent: undefined },
    fn: { name: fn.name, result: fn.result, resultSpan },
  };
  for (const [i, p] of e.decl.params.entries()) {
    const local = fn.params[i];
    if (!local) continue;
    declareLocal(x, p.name, local.type, 'parameter');
    if (p.name.name !== '_') x.scope?.names.set(p.name.name, { kind: 'local', local, what: 'parameter' });
  }
  const { body } = e.decl;
  const wantsValue = fn.result.kind !== 'void';
  const checked = checker.rules.block(
    x,
    body,
    wantsValue ? { type: isError(fn.result) ? undefined : fn.result } : undefined,
  );
  fn.body = checked.block;
  if (!wantsValue || isError(fn.result)) return;
  const why = { span: resultSpan, text: `the result of \`${fn.name}\` is ${typeName(fn.result)}` };
  if (checked.type.kind === 'void') {
    if (checked.diverges) return;
    error(x, 'PG0307', endOf(body), `\`${fn.name}\` must return a value of type ${typeName(fn.result)}`, {
      label: 'control reaches the end without a `return`',
      secondary: [
        why,
        ...(checked.dropped ? [{ span: checked.dropped, text: 'the `;` after this drops its value' }] : []),
      ],
    });
    return;
  }
  if (!sameType(checked.type, fn.result) && checked.block.value) {
    const ast = body.value ?? { kind: 'error' as const, span: checked.block.value.span };
    mismatch(x, ast, checked.type, fn.result, why);
  }
};

/** A generic body by itself: its parameters agree with every type, so that only mistakes of its own are reported. */
export const checkGenericBody = (checker: Checker, g: EntityOf<'genericFn'>): void => {
  const before = checker.diagnostics.length;
  const typeArgs = new Map(g.decl.typeParams.map((p) => [p.name, errorType]));
  const instance: Instance = { typeArgs, name: g.decl.name.name, asked: g.span, from: undefined, depth: 1 };
  checkBody(checker, { ...g, kind: 'fn', progress: 'open', uses: newUses(), instance });
  g.wrong = checker.diagnostics.slice(before).some((d) => d.severity === 'error');
};

/** The body of an instance; what is wrong with it is reported where it was asked for. */
export const checkInstance = (checker: Checker, e: FnEntity): void => {
  const { instance } = e;
  const generic = e.module.names.get(e.decl.name.name);
  if (!instance || (generic?.kind === 'genericFn' && generic.wrong)) return;
  asInstance(checker, instance, () => checkBody(checker, e));
};

/** The entry point, which every program has: `fn main() { … }`. */
export const checkMain = (checker: Checker, module: ModuleInfo): Fn | undefined => {
  const x = moduleContext(checker, module);
  const e = module.names.get('main');
  if (e?.kind === 'absent') return undefined;
  if (e?.kind !== 'fn') {
    const start: Span = { source: module.source.id, start: 0, end: 0 };
    error(x, 'PG0206', e?.span ?? start, e ? '`main` is not a function' : 'the program has no `main`', {
      ...(e ? { label: 'the program starts here' } : {}),
      hint: module.tree.decls.some((d) => d.kind === 'test')
        ? 'every image starts at `fn main() { … }`; `pgc test` runs the tests of this file'
        : 'every image starts at `fn main() { … }`',
    });
    return undefined;
  }
  const { params, result } = e.decl;
  const first = params[0];
  if (first) {
    error(
      x,
      'PG0206',
      { ...first.name.span, end: params.at(-1)?.type.span.end ?? first.type.span.end },
      '`main` takes no parameters',
      {
        label: 'nobody passes these',
        hint: 'values from the command line are `config const`s',
      },
    );
  }
  if (result)
    error(x, 'PG0206', result.span, '`main` has no result', {
      label: 'nobody takes it',
      hint: '`exit(code)` ends the program with a code',
    });
  return resolveFn(checker, e);
};
