// Pages that link each other: which file each module's page is, and where a type that a signature names is described.
import type { ModuleDoc } from './doc.ts';
import type { Signature, Target } from './doc-signature.ts';

export interface Site {
  readonly modules: readonly ModuleDoc[];
  /** Of each module, by path: the name of its page without ending. */
  readonly pages: ReadonlyMap<string, string>;
}

/** A file to write. */
export interface Page {
  readonly file: string;
  readonly text: string;
}

/** One page a module, and `index`. Some file systems take `Grid` and `grid` for one. */
export const siteOf = (modules: readonly ModuleDoc[], index: string): Site => {
  const taken = new Set([index.toLowerCase()]);
  const pages = new Map<string, string>();
  for (const m of modules) {
    const base = m.name.replace(/^std\./, '').replace(/[^\w.-]/g, '_');
    let page = base;
    for (let n = 2; taken.has(page.toLowerCase()); n++) page = `${base}_${n}`;
    taken.add(page.toLowerCase());
    pages.set(m.path, page);
  }
  return { modules, pages };
};

/** Whether the site describes it. */
export const isDescribed = (site: Site, t: Target): boolean =>
  site.modules.some((m) => m.path === t.path && m.entries.some((e) => e.name === t.name));

/** What a signature names that the site describes, each once. */
export const linkedIn = (site: Site, signature: Signature): { readonly text: string; readonly target: Target }[] => {
  const found = new Map<string, { readonly text: string; readonly target: Target }>();
  for (const { text, target } of signature)
    if (target && isDescribed(site, target)) found.set(`${target.path} ${target.name}`, { text, target });
  return [...found.values()];
};
