// Syntax trees → typed tree. All modules are loaded and their names collected; then structs, constants, variables and
// signatures are resolved as they are needed, in any order; then bodies are checked, and initialisers sorted.
import { collect } from './check-collect.ts';
import { need } from './check-convert.ts';
import { checkOperand, checkValue } from './check-expr.ts';
import { checkBody, checkGenericBody, checkInstance, checkMain, resolveFn } from './check-functions.ts';
import { checkInitialValue, resolveConst, resolveGlobal } from './check-globals.ts';
import { loadModules, moduleContext, stemOf } from './check-modules.ts';
import { initialisationOrder } from './check-order.ts';
import type { Checker, Entity, EntityOf, ModuleInfo, Rules } from './check-state.ts';
import { checkBlock } from './check-stmts.ts';
import { taskMain } from './check-tasks.ts';
import { checkTests, testEntry } from './check-tests.ts';
import { checkType, completeStruct } from './check-types.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { ModuleHost } from './modules.ts';
import type { Source } from './source.ts';
import type { Block, Fn, Program } from './typed.ts';

export interface CheckResult {
  /** Present exactly if no diagnostic is an error. */
  readonly program?: Program;
  /** In order of place. */
  readonly diagnostics: Diagnostic[];
  readonly sources: Source[];
}

const ofKind = <K extends Entity['kind']>(modules: readonly ModuleInfo[], kind: K): EntityOf<K>[] =>
  modules.flatMap((m) => [...m.names.values()]).filter((e): e is EntityOf<K> => e.kind === kind);

const newChecker = (sources: Source[]): Checker => {
  const rules: Rules = {
    operand: checkOperand,
    value: checkValue,
    need,
    type: checkType,
    block: checkBlock,
    global: (e, from, at) => resolveGlobal(checker, e, from, at),
    constant: (e, from, at) => resolveConst(checker, e, from, at),
    fn: (e) => resolveFn(checker, e),
    struct: (e) => completeStruct(checker, e),
  };
  const checker: Checker = {
    diagnostics: [],
    sources,
    structs: [],
    prelude: new Map(),
    structEntities: new Map(),
    spawns: 0,
    tasks: false,
    handlerEntry: undefined,
    instances: [],
    rules,
    depth: 0,
    structDepth: 0,
  };
  return checker;
};

/** Codes that a piece of text which the parser skipped may bring about elsewhere. */
const consequences: ReadonlySet<string> = new Set([
  'PG0201',
  'PG0204',
  'PG0206',
  'PG0304',
  'PG0307',
  'PG0308',
  'PG0309',
]);

/** Leaves out what follows from mistakes of syntax, and what is said twice; sorts by place. */
const settle = (all: readonly Diagnostic[], modules: readonly ModuleInfo[]): Diagnostic[] => {
  const syntax = all.filter((d) => d.severity === 'error' && /^PG0[01]/.test(d.code));
  const broken = modules.flatMap((m) =>
    m.tree.decls.filter((d) =>
      syntax.some((s) => s.span.source === d.span.source && s.span.start <= d.span.end && d.span.start <= s.span.end),
    ),
  );
  const follows = (d: Diagnostic): boolean =>
    syntax.length > 0 &&
    !/^PG0[01]/.test(d.code) &&
    (consequences.has(d.code) ||
      broken.some((b) => b.span.source === d.span.source && b.span.start <= d.span.start && d.span.end <= b.span.end));
  const seen = new Set<string>();
  const kept = all.filter((d) => {
    const key = `${d.code} ${d.span.source} ${d.span.start} ${d.span.end} ${d.message}`;
    if (follows(d) || seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return kept.sort((a, b) => a.span.source - b.span.source || a.span.start - b.span.start || a.span.end - b.span.end);
};

/** The part of the run-time that every program has, of which few functions are needed. */
const isRuntime = (module: ModuleInfo): boolean => module.library && stemOf(module.path) === 'runtime';

/**
 * The body is checked when somebody looks at it, with the instances that it asks for: those go to `functions` if all other bodies have
 * been checked before. What is wrong with it then is a mistake of the library.
 */
const checkLater = (checker: Checker, e: EntityOf<'fn'>, functions: Fn[]): void => {
  const fn = resolveFn(checker, e);
  const body = (): void => {
    const { diagnostics, instances } = checker;
    const known = diagnostics.length;
    const first = instances.length;
    checkBody(checker, e);
    for (let i = first; i < instances.length; i++) checkInstance(checker, instances[i]!);
    if (functions.length > 0) functions.push(...instances.slice(first).flatMap((i) => i.fn ?? []));
    const wrong = diagnostics.slice(known).find((d) => d.severity === 'error');
    if (wrong) throw new Error(`internal error: the library's ${fn.symbol}: ${wrong.message}`);
  };
  let checked: Block | undefined;
  Object.defineProperty(fn, 'body', {
    get: () => {
      if (!checked) body();
      return checked;
    },
    set: (block: Block) => {
      checked = block;
    },
  });
};

/** Where a program starts: at its `main`; at its tests, one of which is chosen then; or `any`: at what there is. */
export type Start = 'main' | 'tests' | 'any';

/**
 * Checks the program whose main module is at `mainPath`, with all that it imports, and these parts of the run-time, which are
 * modules of the prelude that no word of the program asks for.
 */
export const check = (
  mainPath: string,
  host: ModuleHost,
  start: Start = 'main',
  parts: readonly string[] = [],
): CheckResult => {
  const sources: Source[] = [];
  const checker = newChecker(sources);
  const loaded = loadModules(checker, sources, mainPath, host, parts);
  const { main, modules } = loaded;
  collect(checker, loaded, modules);

  for (const e of ofKind(modules, 'struct')) completeStruct(checker, e);
  for (const e of ofKind(modules, 'const')) resolveConst(checker, e, moduleContext(checker, e.module), e.span);
  const globals = ofKind(modules, 'global');
  for (const e of globals) resolveGlobal(checker, e, moduleContext(checker, e.module), e.span);
  for (const e of globals) checkInitialValue(checker, e);
  const fns = ofKind(modules, 'fn');
  const functions: Fn[] = [];
  for (const e of fns) {
    if (isRuntime(e.module)) checkLater(checker, e, functions);
    else checkBody(checker, e);
  }
  for (const e of ofKind(modules, 'genericFn')) checkGenericBody(checker, e);
  const arrays = globals.flatMap((e) => e.global ?? []);
  const instancesFrom = (first: number): void => {
    // The list grows while it is walked: instances ask for others.
    for (let i = first; i < checker.instances.length; i++) checkInstance(checker, checker.instances[i]!);
  };
  instancesFrom(0);
  const exchanged = new Set(arrays.filter((g) => g.swapped));
  const instances = checker.instances.length;
  const tests = checkTests(checker, main, modules);
  instancesFrom(instances);
  const runsTests = start === 'tests' || (start === 'any' && tests.length > 0 && !main.names.has('main'));
  // What only tests exchange stays in its place where they do not run.
  if (!runsTests) for (const g of arrays) g.swapped = exchanged.has(g);

  const mainContext = moduleContext(checker, main);
  const all = [...fns, ...checker.instances];
  const uses = new Map(all.flatMap((e) => (e.fn ? [[e.fn, e.uses] as const] : [])));
  const order = initialisationOrder(mainContext, globals, uses);
  const testing = runsTests ? testEntry(tests) : undefined;
  const entry = testing?.main ?? (modules.length > 0 ? checkMain(checker, main) : undefined);

  const diagnostics = settle(checker.diagnostics, modules);
  const failed = checker.diagnostics.some((d) => d.severity === 'error');
  if (failed || !entry) return { diagnostics, sources };
  functions.push(...[...fns, ...checker.instances].flatMap((e): Fn[] => (e.fn ? [e.fn] : [])));
  const begin = checker.tasks || parts.includes('tasks') ? taskMain(checker, entry) : entry;
  return {
    program: {
      sources,
      structs: checker.structs,
      globals: testing ? [...order, testing.config] : order,
      functions,
      main: begin,
    },
    diagnostics,
    sources,
  };
};
