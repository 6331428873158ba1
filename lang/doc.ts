// The documentation of a module, as data: what it declares for others, each with its signature and what its doc comments say.
// It is read from the syntax tree alone, so a program need not be right to be documented. doc-text.ts, doc-markdown.ts and
// doc-html.ts draw it; doc-examples.ts finds the programs in it.
import type { Decl, Module, Param } from './ast.ts';
import { stemOf } from './check-modules.ts';
import { configHelpOf } from './doc-comments.ts';
import { fieldOf, type Names, type Signature, signatureOf } from './doc-signature.ts';
import type { ModuleHost } from './modules.ts';
import { lineCol, type Source } from './source.ts';

/** The groups of a page, in their order. */
export const entryKinds = ['config', 'const', 'struct', 'variable', 'fn'] as const;
export type EntryKind = (typeof entryKinds)[number];
export const kindTitles = {
  config: 'Configs',
  const: 'Constants',
  struct: 'Types',
  variable: 'Variables',
  fn: 'Functions',
} as const satisfies Record<EntryKind, string>;

export interface FieldDoc {
  readonly name: string;
  readonly signature: Signature;
  readonly doc: string;
}

/** One declaration. `doc` is Markdown, empty if there is none. */
export interface Entry {
  readonly kind: EntryKind;
  readonly name: string;
  readonly signature: Signature;
  readonly doc: string;
  /** Fields that have documentation of their own. */
  readonly fields: readonly FieldDoc[];
  /** The line of the declaration, from 1. */
  readonly line: number;
}

export interface ModuleDoc {
  /** `std.math`, or `grid` for grid.pg. */
  readonly name: string;
  readonly path: string;
  readonly doc: string;
  /** In the order of the text. */
  readonly entries: readonly Entry[];
}

/** A module that was read: its documentation, and what it was made from. */
export interface DocumentedModule {
  readonly doc: ModuleDoc;
  readonly source: Source;
  readonly tree: Module;
}

/** Names that begin with `_`, and what says of itself that it is internal, are not for others. */
const isInternal = (name: string, doc: string): boolean => name.startsWith('_') || /^internal\b/i.test(doc);

const kindOf = (d: Decl): EntryKind | undefined => {
  switch (d.kind) {
    case 'const':
      return d.config ? 'config' : 'const';
    case 'let':
    case 'variable':
      return 'variable';
    case 'struct':
    case 'fn':
      return d.kind;
    default:
      return undefined;
  }
};

const docOf = (d: Decl): string => {
  if (d.doc !== undefined) return d.doc.trim();
  return d.kind === 'const' && d.config ? (configHelpOf(d) ?? '') : '';
};

const isPublic = (f: Param): boolean => !isInternal(f.name.name, f.doc ?? '');

const namesOf = (module: Module, source: Source, host: ModuleHost): Names => {
  const imports = new Map<string, string>();
  const structs = new Set<string>();
  for (const d of module.decls) {
    if (d.kind === 'struct') structs.add(d.name.name);
    if (d.kind !== 'import') continue;
    const [stem, path] =
      d.path.kind === 'file'
        ? [stemOf(d.path.text), host.resolve(source.path, d.path.text)]
        : [d.path.parts.at(-1) ?? '', host.std(d.path.parts)];
    if (path !== undefined) imports.set(d.alias?.name ?? stem, path);
  }
  return { source, path: source.path, structs, imports };
};

/** What is said about a module, without its name in front: the page has that as its title. */
const moduleText = (name: string, doc: string): string => {
  const text = doc.trim();
  const title = [name, `${name}.pg`].map((n) => `${n}: `).find((t) => text.startsWith(t));
  if (title === undefined) return text;
  return text.charAt(title.length).toUpperCase() + text.slice(title.length + 1);
};

/** What the module `name` has for others. */
export const moduleDoc = (name: string, source: Source, module: Module, host: ModuleHost): ModuleDoc => {
  const names = namesOf(module, source, host);
  const entries = module.decls.flatMap((d): Entry[] => {
    const kind = kindOf(d);
    if (kind === undefined || d.kind === 'import' || d.kind === 'test') return [];
    const doc = docOf(d);
    // A program's `main` is nothing to call.
    if (isInternal(d.name.name, doc) || (d.name.name === 'main' && doc === '')) return [];
    const fields = d.kind === 'struct' ? d.fields.filter(isPublic) : [];
    const signature = signatureOf(names, d, fields);
    if (!signature) return [];
    const told = fields.flatMap((f): FieldDoc[] => {
      if (f.doc === undefined || d.kind !== 'struct') return [];
      return [{ name: f.name.name, signature: fieldOf(names, d, f), doc: f.doc.trim() }];
    });
    const { line } = lineCol(source, d.span.start);
    return [{ kind, name: d.name.name, signature, doc, fields: told, line }];
  });
  return { name, path: source.path, doc: moduleText(name, module.doc ?? ''), entries };
};

/** The entries of a module by kind, as pages show them. */
export const groupsOf = (m: ModuleDoc): readonly { readonly kind: EntryKind; readonly entries: readonly Entry[] }[] =>
  entryKinds
    .map((kind) => ({ kind, entries: m.entries.filter((e) => e.kind === kind) }))
    .filter((g) => g.entries.length > 0);
