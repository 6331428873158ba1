// pgc doc: what modules and their doc comments say, on the terminal or as pages; with --test, whether the examples in them run.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stemOf } from '../lang/check-modules.ts';
import { closest } from '../lang/check-suggest.ts';
import { type DocumentedModule, type Entry, moduleDoc } from '../lang/doc.ts';
import { htmlPages } from '../lang/doc-html.ts';
import { markdownPages } from '../lang/doc-markdown.ts';
import type { Page } from '../lang/doc-site.ts';
import { entryPage, modulePage, modulesList, type TextOptions } from '../lang/doc-text.ts';
import { parse } from '../lang/parser.ts';
import type { Source } from '../lang/source.ts';
import { errorsIn, showDiagnostics } from './cli-diagnostics.ts';
import { cannotWrite, notSource, readInput } from './cli-input.ts';
import { colourOn, exitCodes, mistake, note } from './cli-report.ts';
import { type FileHost, fileHost } from './host.ts';

export interface DocOptions {
  readonly html?: string;
  readonly markdown?: string;
  readonly std?: boolean;
  readonly test?: boolean;
  readonly images?: string;
  readonly timeout?: string;
}

/** What an argument means. */
type Found =
  | { readonly kind: 'module'; readonly module: DocumentedModule }
  | { readonly kind: 'entry'; readonly module: DocumentedModule; readonly entry: Entry }
  | { readonly kind: 'mistake'; readonly code: number };

const refuse = (message: string, ...hints: readonly (string | undefined)[]): Found => ({
  kind: 'mistake',
  code: mistake(message, ...hints),
});

const parsed = (name: string, path: string, text: string, host: FileHost): Found => {
  const source: Source = { id: 0, path, text };
  const { module: tree, diagnostics } = parse(source);
  if (diagnostics.length > 0) showDiagnostics([{ diagnostics, sources: [source] }]);
  if (errorsIn([{ diagnostics, sources: [source] }]) > 0) return { kind: 'mistake', code: exitCodes.usage };
  return { kind: 'module', module: { doc: moduleDoc(name, source, tree, host), source, tree } };
};

const entryOf = (found: Found, name: string): Found => {
  if (found.kind !== 'module') return found;
  const { doc, tree } = found.module;
  const entry = doc.entries.find((e) => e.name === name);
  if (entry) return { kind: 'entry', module: found.module, entry };
  const internal = tree.decls.some((d) => 'name' in d && typeof d.name === 'object' && d.name.name === name);
  if (internal) return refuse(`${name} of ${doc.name} is internal`);
  const names = doc.entries.map((e) => e.name);
  const near = closest(name, names);
  const all = names.length > 0 && names.length <= 12 ? `it has ${names.join(', ')}` : undefined;
  return refuse(`${doc.name} has no ${name}`, near === undefined ? all : `did you mean ${near}?`);
};

const libraryModule = (name: string, host: FileHost): Found | undefined => {
  const path = host.std(name.split('.'));
  const text = path === undefined || !host.stdNames.includes(name) ? undefined : host.read(path);
  return path === undefined || text === undefined ? undefined : parsed(`std.${name}`, path, text, host);
};

/** `std.math`, or `std.math.sqrt`. */
const inLibrary = (what: string, host: FileHost): Found => {
  const name = what.slice('std.'.length);
  const whole = libraryModule(name, host);
  if (whole) return whole;
  const cut = name.lastIndexOf('.');
  const module = cut < 0 ? undefined : libraryModule(name.slice(0, cut), host);
  if (module) return entryOf(module, name.slice(cut + 1));
  const wrong = name.split('.')[0] ?? '';
  if (host.std([wrong]) !== undefined && !host.stdNames.includes(wrong))
    return refuse(`std.${wrong} is internal to the library`, 'pgc doc lists what the library has');
  const near = closest(wrong, host.stdNames);
  const rest = name.slice(wrong.length);
  return refuse(
    `there is no library module std.${wrong}`,
    near === undefined
      ? `the library has ${host.stdNames.map((n) => `std.${n}`).join(', ')}`
      : `did you mean std.${near}${rest}?`,
  );
};

/** For a word that is no file: what of the library has this name. */
const suggestion = (what: string, host: FileHost): string | undefined => {
  const first = what.split('.')[0] ?? '';
  if (host.stdNames.includes(first)) return `did you mean std.${what}?`;
  for (const name of host.stdNames) {
    const found = libraryModule(name, host);
    if (found?.kind === 'module' && found.module.doc.entries.some((e) => e.name === what))
      return `did you mean std.${name}.${what}?`;
  }
  const near = closest(first, host.stdNames);
  return near === undefined ? undefined : `did you mean std.${near}?`;
};

/** `grid.pg`, or `grid.pg:norm`. */
const inFile = (what: string, host: FileHost): Found => {
  const [, file = what, name] = /^(.+\.pg):(\w+)$/.exec(what) ?? [];
  if (/^\w+(\.\w+)*$/.test(what) && !what.endsWith('.pg') && !existsSync(what))
    return refuse(`there is no module ${what}`, suggestion(what, host), 'a module is a .pg file, or std.name');
  const read = readInput(file);
  if (read.kind === 'mistake') return read;
  const wrong = notSource(file, read.bytes);
  if (wrong) return refuse(wrong.message, wrong.hint);
  const found = parsed(stemOf(file), file, read.bytes.toString('utf8'), host);
  return name === undefined ? found : entryOf(found, name);
};

const writePages = (folder: string, pages: readonly Page[]): number => {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    return cannotWrite(folder, error);
  }
  for (const { file, text } of pages) {
    const path = join(folder, file);
    try {
      writeFileSync(path, text);
    } catch (error) {
      return cannotWrite(path, error);
    }
  }
  note(`${join(folder, pages[0]?.file ?? '')} and ${pages.length - 1} more page${pages.length === 2 ? '' : 's'}`);
  return exitCodes.ok;
};

const textOptions = (): TextOptions => ({
  color: colourOn(process.stdout),
  width: Math.max(40, Math.min(process.stdout.columns ?? 100, 100)),
});

/** Each once, in the order they were named. */
const distinct = (modules: readonly DocumentedModule[]): DocumentedModule[] => [
  ...new Map(modules.map((m) => [m.doc.path, m])).values(),
];

type Right = Exclude<Found, { kind: 'mistake' }>;

/** What all of the arguments mean, or the exit code of the first that means nothing. */
const findAll = (asked: readonly string[], host: FileHost): readonly Right[] | number => {
  const all: Right[] = [];
  for (const what of asked) {
    const found = what.startsWith('std.') && !what.endsWith('.pg') ? inLibrary(what, host) : inFile(what, host);
    if (found.kind === 'mistake') return found.code;
    all.push(found);
  }
  return all;
};

const onTerminal = (found: readonly Right[]): number => {
  const o = textOptions();
  const pages = found.map((f) =>
    f.kind === 'entry' ? entryPage(f.module.doc, f.entry, o) : modulePage(f.module.doc, o),
  );
  process.stdout.write(pages.join('\n'));
  return exitCodes.ok;
};

const listLibrary = (library: readonly Right[]): number => {
  const modules = library.map((f) => f.module.doc);
  process.stdout.write(
    `The library:\n\n${modulesList(modules, textOptions())}\n\`pgc doc std.name\` shows one of them.\n`,
  );
  return exitCodes.ok;
};

export const docCommand = async (asked: readonly string[], options: DocOptions): Promise<number> => {
  const host = fileHost();
  const { html, markdown, test = false } = options;
  const works = html !== undefined || markdown !== undefined || test;
  const names = options.std ? ['std', ...asked] : asked;
  if (works && names.length === 0)
    return mistake('pgc doc: which modules? Name .pg files, or modules of the library', 'all of the library: --std');
  const library = host.stdNames.map((n) => `std.${n}`);
  const found = findAll(names.length === 0 ? library : names.flatMap((n) => (n === 'std' ? library : [n])), host);
  if (typeof found === 'number') return found;
  if (!works)
    return names.length === 0 || (names.length === 1 && names[0] === 'std') ? listLibrary(found) : onTerminal(found);

  const modules = distinct(found.map((f) => f.module)).map((m) => m.doc);
  const title = modules.every((m) => m.name.startsWith('std.')) ? 'The library of PG' : 'Modules';
  let code: number = exitCodes.ok;
  if (html !== undefined) code = writePages(html, htmlPages(modules, title));
  if (markdown !== undefined && code === exitCodes.ok) code = writePages(markdown, markdownPages(modules, title));
  if (!test || code !== exitCodes.ok) return code;
  const { testExamples } = await import('./cli-doc-test.ts');
  return testExamples(found, host, options);
};
