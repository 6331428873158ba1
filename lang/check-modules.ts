// Finds, reads and parses every module of a program. Modules may import each other in circles: names are resolved after all
// are loaded.
import type * as Ast from './ast.ts';
import type { Checker, Context, ModuleInfo } from './check-state.ts';
import { error, newUses } from './check-state.ts';
import { closest } from './check-suggest.ts';
import type { Diagnostic } from './diagnostic.ts';
import type { ModuleHost } from './modules.ts';
import { parse } from './parser.ts';
import { libraryName, modulesFor } from './prelude.ts';
import type { Source } from './source.ts';

type Import = Extract<Ast.Decl, { kind: 'import' }>;

export interface Loaded {
  readonly main: ModuleInfo;
  readonly modules: readonly ModuleInfo[];
  /** What each import declaration means; absent if it was not found (and reported). */
  readonly imports: ReadonlyMap<Import, ModuleInfo>;
}

/** Modules that belong to the library's inside. */
const isInternal = (name: string): boolean => name === 'abi' || /^runtime(_|$)/.test(name);

/** `a/b/grid.pg` → `grid`. */
export const stemOf = (path: string): string => (path.split(/[\\/]/).pop() ?? path).replace(/\.pg$/, '');

interface Loader {
  readonly host: ModuleHost;
  readonly checker: Checker;
  readonly sources: Source[];
  readonly byPath: Map<string, ModuleInfo>;
  readonly imports: Map<Import, ModuleInfo>;
  readonly prefixes: Set<string>;
  readonly queue: ModuleInfo[];
}

const emptyTree = (source: number): Ast.Module => ({ source, decls: [], span: { source, start: 0, end: 0 } });

/** A prefix that no other module has. Names of the library stay as they are. */
const freshPrefix = (l: Loader, stem: string, library: boolean): string => {
  // Frames of the run-time are left out of stacks by this beginning.
  if (library && stem.startsWith('runtime_')) return `runtime.${stem.slice('runtime_'.length)}.`;
  const base = stem.replace(/\W/g, '_') || 'module';
  let name = base;
  for (let n = 2; l.prefixes.has(`${name}.`) || (!library && isInternal(base) && n === 2); n++) name = `${base}_${n}`;
  l.prefixes.add(`${name}.`);
  return `${name}.`;
};

/** Modules of the library as they were parsed last, by path: one process that compiles many programs parses them once. */
const parsed = new Map<string, { readonly source: Source; readonly result: ReturnType<typeof parse> }>();

const parseLibrary = (source: Source): ReturnType<typeof parse> => {
  // Places in the tree name the source by its number.
  const key = `${source.id} ${source.path}`;
  const known = parsed.get(key);
  if (known?.source.text === source.text) return known.result;
  const result = parse(source, 'later');
  parsed.set(key, { source, result });
  return result;
};

const addModule = (l: Loader, path: string, text: string, library: boolean, isMain: boolean): ModuleInfo => {
  const source: Source = { id: l.sources.length, path, text };
  l.sources.push(source);
  const { module: tree, diagnostics } = library ? parseLibrary(source) : parse(source);
  l.checker.diagnostics.push(...diagnostics);
  const prefix = isMain ? '' : freshPrefix(l, stemOf(path), library);
  const module: ModuleInfo = { path, source, tree, prefix, library, names: new Map() };
  l.byPath.set(path, module);
  l.queue.push(module);
  return module;
};

export const moduleContext = (checker: Checker, module: ModuleInfo): Context => ({
  checker,
  module,
  scope: undefined,
  fn: undefined,
  loops: [],
  uses: newUses(),
});

const missing = (l: Loader, from: ModuleInfo, d: Import, what: string, more: Partial<Diagnostic>): undefined => {
  error(moduleContext(l.checker, from), 'PG0203', d.pathSpan, `cannot find ${what}`, { label: 'not found', ...more });
  return undefined;
};

const importFile = (l: Loader, from: ModuleInfo, d: Import, text: string): ModuleInfo | undefined => {
  const path = l.host.resolve(from.path, text);
  const known = l.byPath.get(path);
  if (known) return known;
  const content = l.host.read(path);
  if (content !== undefined) return addModule(l, path, content, from.library, false);
  const hint = ((): string => {
    if (!text.endsWith('.pg') && l.host.read(l.host.resolve(from.path, `${text}.pg`)) !== undefined)
      return `did you mean \`import "${text}.pg"\`?`;
    if (l.host.stdNames.includes(stemOf(text)))
      return `the library's module is imported by \`import std.${stemOf(text)};\``;
    return `paths are relative to the file that imports: looked for \`${path}\``;
  })();
  return missing(l, from, d, `the file "${text}"`, { hint });
};

const importStd = (l: Loader, from: ModuleInfo, d: Import, parts: readonly string[]): ModuleInfo | undefined => {
  const name = parts.join('.');
  const path = isInternal(name) && !from.library ? undefined : l.host.std(parts);
  const known = path === undefined ? undefined : l.byPath.get(path);
  if (known) return known;
  const content = path === undefined ? undefined : l.host.read(path);
  if (path !== undefined && content !== undefined) return addModule(l, path, content, true, false);
  const near = closest(name, l.host.stdNames);
  const all = l.host.stdNames.map((n) => `std.${n}`).join(', ');
  const hint = near !== undefined ? `did you mean \`std.${near}\`?` : all === '' ? undefined : `the library has ${all}`;
  return missing(l, from, d, `the library module \`std.${name}\``, hint === undefined ? {} : { hint });
};

/** `import math;`: the way to a module begins with `std`, or is a text. */
const importUnknown = (l: Loader, from: ModuleInfo, d: Import, words: readonly string[]): undefined => {
  const name = words.join('.');
  const hint = ((): string => {
    if (l.host.stdNames.includes(name)) return `the library's module is imported by \`import std.${name};\``;
    if (l.host.read(l.host.resolve(from.path, `${name}.pg`)) !== undefined)
      return `did you mean \`import "${name}.pg"\`?`;
    return 'modules of the library are named `std.name`, others by their file: `import "name.pg"`';
  })();
  return missing(l, from, d, `the module \`${name}\``, { hint });
};

const importOf = (l: Loader, from: ModuleInfo, d: Import): ModuleInfo | undefined => {
  if (d.path.kind === 'file') return importFile(l, from, d, d.path.text);
  const { root, parts } = d.path;
  return root === undefined ? importStd(l, from, d, parts) : importUnknown(l, from, d, [root, ...parts]);
};

/** Loads the program whose main module is at `mainPath`, and the run-time library if the host has one. */
export const loadModules = (
  checker: Checker,
  sources: Source[],
  mainPath: string,
  host: ModuleHost,
  parts: readonly string[],
): Loaded => {
  const l: Loader = { host, checker, sources, byPath: new Map(), imports: new Map(), prefixes: new Set(), queue: [] };
  const text = host.read(mainPath);
  const main: ModuleInfo =
    text === undefined
      ? {
          path: mainPath,
          source: { id: 0, path: mainPath, text: '' },
          tree: emptyTree(0),
          prefix: '',
          library: false,
          names: new Map(),
        }
      : addModule(l, mainPath, text, false, true);
  if (text === undefined) {
    sources.push(main.source);
    error(moduleContext(checker, main), 'PG0203', main.tree.span, `cannot read the program \`${mainPath}\``);
    return { main, modules: [], imports: l.imports };
  }
  const runtime = host.std(['runtime']);
  const runtimeText = runtime === undefined || l.byPath.has(runtime) ? undefined : host.read(runtime);
  if (runtime !== undefined && runtimeText !== undefined) addModule(l, runtime, runtimeText, true, false);
  for (const part of parts) {
    const path = host.std([libraryName(part)]);
    const content = path === undefined ? undefined : host.read(path);
    const loaded = path === undefined || content === undefined ? undefined : addModule(l, path, content, true, false);
    if (loaded) checker.prelude.set(part, loaded);
  }
  // The queue grows while it is walked.
  for (const module of l.queue) {
    for (const d of module.tree.decls) {
      if (d.kind !== 'import') continue;
      const target = importOf(l, module, d);
      if (target) l.imports.set(d, target);
    }
    if (module.library && isInternal(stemOf(module.path))) continue;
    for (const name of modulesFor(module.source.text)) {
      const path = host.std([libraryName(name)]);
      const content = path === undefined || l.byPath.has(path) ? undefined : host.read(path);
      const loaded = path === undefined || content === undefined ? undefined : addModule(l, path, content, true, false);
      if (loaded) checker.prelude.set(name, loaded);
    }
  }
  return { main, modules: l.queue, imports: l.imports };
};
