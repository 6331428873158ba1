// Documentation as Markdown pages, one a module and an index, for a repository's folder as GitHub shows it.
import { type Entry, groupsOf, kindTitles, type ModuleDoc } from './doc.ts';
import { blocksOf, summaryOf, topLevel } from './doc-prose.ts';
import { signatureText, type Target } from './doc-signature.ts';
import { linkedIn, type Page, type Site, siteOf } from './doc-site.ts';

const indexPage = 'README';

/** Lines of a text with a word on whether they are inside a code block. */
const linesOf = (text: string): { readonly line: string; readonly code: boolean }[] => {
  let fence = '';
  return text.split('\n').map((line) => {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence === '') {
      fence = mark;
      return { line, code: mark !== '' };
    }
    if (mark.startsWith(fence) && line.trim() === mark) fence = '';
    return { line, code: true };
  });
};

/** What looks like a tag would be hidden; in code nothing needs escaping. */
const escaped = (line: string): string =>
  line.replace(/(`+).*?\1|<(?=[A-Za-z/!])/g, (found) => (found === '<' ? '&lt;' : found));

/** A text of comments below a heading of `level`: its own headings are deeper. */
const prose = (doc: string, level: number): string => {
  const deeper = level + 1 - topLevel(blocksOf(doc));
  return linesOf(doc)
    .map(({ line, code }) => {
      if (code) return line;
      const own = /^(#{1,6})(\s.*)$/.exec(line);
      return own ? '#'.repeat(Math.min(6, deeper + (own[1]?.length ?? 0))) + escaped(own[2] ?? '') : escaped(line);
    })
    .join('\n');
};

const headingsIn = (doc: string): string[] =>
  linesOf(doc).flatMap(({ line, code }) =>
    code ? [] : [/^#{1,6}\s+(.*?)\s*#*$/.exec(line)?.[1] ?? ''].filter(Boolean),
  );

/** The anchors that GitHub gives headings, in the order of the page: lower case, dashes for spaces, numbered if taken. */
const anchorsOf = (m: ModuleDoc): ReadonlyMap<Entry, string> => {
  const used = new Map<string, number>();
  const anchor = (heading: string): string => {
    const base = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
      .replaceAll(' ', '-');
    let slug = base;
    for (let n = used.get(base) ?? 0; used.has(slug); slug = `${base}-${n}`) used.set(base, ++n);
    used.set(slug, 0);
    return slug;
  };
  const anchors = new Map<Entry, string>();
  for (const heading of [m.name, ...headingsIn(m.doc)]) anchor(heading);
  for (const g of groupsOf(m)) {
    anchor(kindTitles[g.kind]);
    for (const e of g.entries) {
      anchors.set(e, anchor(e.name));
      for (const heading of headingsIn(e.doc)) anchor(heading);
    }
  }
  return anchors;
};

type Link = (from: ModuleDoc, to: Target) => string;

const linksOf = (site: Site): Link => {
  const anchors = new Map<string, string>();
  for (const m of site.modules)
    for (const [entry, anchor] of anchorsOf(m)) anchors.set(`${m.path} ${entry.name}`, anchor);
  return (from, to) => {
    const page = from.path === to.path ? '' : `${site.pages.get(to.path) ?? ''}.md`;
    return `${page}#${anchors.get(`${to.path} ${to.name}`) ?? ''}`;
  };
};

const entryBlock = (site: Site, link: Link, m: ModuleDoc, e: Entry): string => {
  const types = linkedIn(site, e.signature).filter((l) => l.target.path !== m.path || l.target.name !== e.name);
  const fields = e.fields.map(
    (f) => `- \`${signatureText(f.signature)}\`: ${prose(f.doc, 3).replace(/\n(?=.)/g, '\n  ')}`,
  );
  const parts = [
    `### ${e.name}`,
    `\`\`\`\n${signatureText(e.signature)}\n\`\`\``,
    prose(e.doc, 3),
    fields.join('\n'),
    types.length === 0 ? '' : `Types: ${types.map((t) => `[${t.text}](${link(m, t.target)})`).join(', ')}`,
  ];
  return parts.filter((p) => p !== '').join('\n\n');
};

const modulePage = (site: Site, link: Link, m: ModuleDoc): string => {
  const groups = groupsOf(m);
  const contents = groups.map((g) => {
    const names = g.entries.map((e) => `[${e.name}](${link(m, { path: m.path, name: e.name })})`);
    return `**${kindTitles[g.kind]}:** ${names.join(', ')}`;
  });
  const parts = [
    `<!-- Made by \`pgc doc --markdown\` from the doc comments of ${m.path}. -->`,
    `# ${m.name}`,
    prose(m.doc, 1),
    ...contents,
    ...groups.flatMap((g) => [`## ${kindTitles[g.kind]}`, ...g.entries.map((e) => entryBlock(site, link, m, e))]),
    `[All modules](${indexPage}.md)`,
  ];
  return `${parts.filter((p) => p !== '').join('\n\n')}\n`;
};

const indexText = (site: Site, title: string): string => {
  const rows = site.modules.map((m) => {
    const about = escaped(summaryOf(m.doc)).replaceAll('|', '\\|');
    return `| [${m.name}](${site.pages.get(m.path) ?? ''}.md) | ${about} |`;
  });
  return `<!-- Made by \`pgc doc --markdown\`. -->\n\n# ${title}\n\n| module | |\n| --- | --- |\n${rows.join('\n')}\n`;
};

/** All pages; the index, README.md, first. */
export const markdownPages = (modules: readonly ModuleDoc[], title: string): Page[] => {
  const site = siteOf(modules, indexPage);
  const link = linksOf(site);
  return [
    { file: `${indexPage}.md`, text: indexText(site, title) },
    ...modules.map((m) => ({ file: `${site.pages.get(m.path) ?? ''}.md`, text: modulePage(site, link, m) })),
  ];
};
