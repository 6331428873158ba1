// Test blocks: `test "name" { … }`. A test is a function without parameters whose body is checked like any other. Code for it
// exists only where the tests are the program: then `main` is made here. It runs the one test whose number a hidden config
// holds, so that a file is compiled once however many tests it has, and each of them runs on images of its own.
import type * as Ast from './ast.ts';
import { checkBody } from './check-functions.ts';
import { moduleContext } from './check-modules.ts';
import { type Checker, type EntityOf, error, type ModuleInfo, newUses } from './check-state.ts';
import type { Span } from './source.ts';
import type { Expr, Fn, Global, Stmt } from './typed.ts';
import { boolType, i32, voidType } from './types.ts';

type TestDecl = Extract<Ast.Decl, { kind: 'test' }>;

/** What messages and call stacks call a test. */
const titleOf = (name: string): string => `test ${JSON.stringify(name)}`;

/** The config that says which test is meant, by its number among the tests of the file. No program can have this name. */
export const testConfig = 'test number';

const entityOf = (module: ModuleInfo, d: TestDecl): EntityOf<'fn'> => ({
  kind: 'fn',
  span: d.nameSpan,
  module,
  decl: {
    kind: 'fn',
    virtine: false,
    name: { name: titleOf(d.name), span: d.nameSpan },
    typeParams: [],
    params: [],
    body: d.body,
    span: d.span,
  },
  progress: 'open',
  uses: newUses(),
});

const testsIn = (module: ModuleInfo): TestDecl[] => module.tree.decls.filter((d) => d.kind === 'test');

/** A test is asked for by its name. */
const distinctNames = (checker: Checker, module: ModuleInfo, tests: readonly TestDecl[]): void => {
  const first = new Map<string, Span>();
  for (const d of tests) {
    const before = first.get(d.name);
    if (!before) {
      first.set(d.name, d.nameSpan);
      continue;
    }
    error(moduleContext(checker, module), 'PG0202', d.nameSpan, `two tests are called ${JSON.stringify(d.name)}`, {
      label: 'named again',
      secondary: [{ span: before, text: 'first named here' }],
      hint: 'give one of them another name',
    });
  }
};

/** Checks all tests of the program's own modules. The result are those of `main`, in the order of the file. */
export const checkTests = (checker: Checker, main: ModuleInfo, modules: readonly ModuleInfo[]): Fn[] => {
  const ofMain: Fn[] = [];
  for (const module of modules) {
    if (module.library) continue;
    const tests = testsIn(module);
    distinctNames(checker, module, tests);
    for (const d of tests) {
      const e = entityOf(module, d);
      checkBody(checker, e);
      if (module === main && e.fn) ofMain.push(e.fn);
    }
  }
  return ofMain;
};

/** `main` for these tests, and the config that it looks at. */
export const testEntry = (tests: readonly Fn[]): { readonly main: Fn; readonly config: Global } => {
  const span = tests[0]?.span ?? { source: 0, start: 0, end: 0 };
  const number = (n: number): Expr => ({ kind: 'const', type: i32, value: BigInt(n), span });
  const config: Global = {
    symbol: testConfig,
    name: testConfig,
    span,
    storage: 'config',
    strict: false,
    type: i32,
    value: number(0),
    swapped: false,
    handled: false,
  };
  const chosen: Expr = { kind: 'load', type: i32, span, place: { kind: 'global', global: config, type: i32, span } };
  const stmts = tests.map((fn, n): Stmt => {
    const call: Stmt = { kind: 'expr', span, value: { kind: 'call', fn, args: [], type: voidType, span } };
    const condition: Expr = { kind: 'compare', op: '==', left: chosen, right: number(n), type: boolType, span };
    return { kind: 'if', span, condition, then: { span, stmts: [call] } };
  });
  // Call stacks do not show functions of the run-time: a test is where its stack begins.
  const main: Fn = {
    symbol: 'runtime.test',
    name: 'main',
    span,
    params: [],
    result: voidType,
    body: { span, stmts },
  };
  return { main, config };
};
