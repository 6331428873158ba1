// Documentation as HTML: one page a module and an index, each a file that needs no other. Whatever text comes from a program is
// escaped here and nowhere else: `text` for content, and attributes are made by `text` as well.
import { type Entry, groupsOf, kindTitles, type ModuleDoc } from './doc.ts';
import { type Block, blocksOf, inlinesOf, summaryOf, topLevel } from './doc-prose.ts';
import { type Signature, signatureText, type Target } from './doc-signature.ts';
import { isDescribed, type Page, type Site, siteOf } from './doc-site.ts';
import { script, style } from './doc-style.ts';
import { Char, Float, Int, keywords, lexer, Str } from './tokens.ts';
import { unreachable } from './unreachable.ts';

const indexPage = 'index';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const text = (s: string): string => s.replace(/[&<>"']/g, (c) => escapes[c] ?? c);

/** The place of an entry on its page. Headings of the page have names that no declaration can have. */
const anchorOf = (name: string): string => text(name);

// ---- code -------------------------------------------------------------------------------------------------------

const reserved = new Set(Object.values(keywords));

/** PG in colours: words, texts, numbers, comments. */
const colouredCode = (code: string): string => {
  const { tokens, groups } = lexer.tokenize(code);
  const spans = [
    ...(groups.comments ?? []).map((t) => ({ t, style: 'comment' })),
    ...tokens.flatMap((t) => {
      if (reserved.has(t.tokenType)) return [{ t, style: 'word' }];
      if (t.tokenType === Str || t.tokenType === Char) return [{ t, style: 'string' }];
      return t.tokenType === Int || t.tokenType === Float ? [{ t, style: 'number' }] : [];
    }),
  ].sort((a, b) => a.t.startOffset - b.t.startOffset);
  let html = '';
  let from = 0;
  for (const { t, style: name } of spans) {
    html += `${text(code.slice(from, t.startOffset))}<span class="${name}">${text(t.image)}</span>`;
    from = t.startOffset + t.image.length;
  }
  return html + text(code.slice(from));
};

type Link = (t: Target) => string | undefined;

const linksFrom =
  (site: Site, from: string): Link =>
  (t) => {
    if (!isDescribed(site, t)) return undefined;
    const page = t.path === from ? '' : `${site.pages.get(t.path) ?? ''}.html`;
    return `${text(page)}#${anchorOf(t.name)}`;
  };

/** A signature whose types are links, and whose own name leads to itself. */
const signatureHtml = (signature: Signature, link: Link): string =>
  signature
    .map((p) => {
      if (p.own) return `<a class="name" href="#${anchorOf(p.text)}">${text(p.text)}</a>`;
      const href = p.target && link(p.target);
      return href === undefined ? colouredCode(p.text) : `<a href="${href}">${text(p.text)}</a>`;
    })
    .join('');

// ---- prose ------------------------------------------------------------------------------------------------------

/** What code in a text may mean: the name of an entry here, with or without arguments. */
type Meaning = (code: string) => string | undefined;

const meaningsFrom =
  (site: Site, m: ModuleDoc, link: Link): Meaning =>
  (code) => {
    const found = /^(?:(std(?:\.\w+)*|\w+)\.)?(\w+)(?:\(.*\))?$/s.exec(code);
    const [, module, name = ''] = found ?? [];
    const path = module === undefined ? m.path : site.modules.find((o) => o.name === module)?.path;
    return path === undefined ? undefined : link({ path, name });
  };

const inlineHtml = (s: string, meaning: Meaning): string =>
  inlinesOf(s)
    .map((part) => {
      switch (part.kind) {
        case 'text':
          return text(part.text);
        case 'code': {
          const href = meaning(part.text);
          const code = `<code>${text(part.text)}</code>`;
          return href === undefined ? code : `<a href="${href}">${code}</a>`;
        }
        case 'strong':
          return `<strong>${text(part.text)}</strong>`;
        case 'emphasis':
          return `<em>${text(part.text)}</em>`;
        case 'link':
          return `<a href="${text(part.href)}">${text(part.text).replace(/`([^`]+)`/g, '<code>$1</code>')}</a>`;
        default:
          return unreachable(part);
      }
    })
    .join('');

const blockHtml = (b: Block, deeper: number, meaning: Meaning): string => {
  const inline = (s: string): string => inlineHtml(s, meaning);
  const cells = (tag: string, row: readonly string[]): string =>
    row.map((c) => `<${tag}>${inline(c)}</${tag}>`).join('');
  switch (b.kind) {
    case 'paragraph':
      return `<p>${inline(b.text)}</p>`;
    case 'heading': {
      const h = `h${Math.min(6, deeper + b.level)}`;
      return `<${h}>${inline(b.text)}</${h}>`;
    }
    case 'list': {
      const tag = b.ordered ? 'ol' : 'ul';
      return `<${tag}>\n${b.items.map((i) => `<li>${inline(i)}</li>`).join('\n')}\n</${tag}>`;
    }
    case 'table': {
      const rows = b.rows.map((r) => `<tr>${cells('td', r)}</tr>`).join('\n');
      return `<table>\n<tr>${cells('th', b.head)}</tr>\n${rows}\n</table>`;
    }
    case 'code':
      return `<pre><code>${/^pg\b/.test(b.info) ? colouredCode(b.text) : text(b.text)}</code></pre>`;
    default:
      return unreachable(b);
  }
};

/** A text of comments below a heading of `level`. */
const prose = (doc: string, level: number, meaning: Meaning): string => {
  const blocks = blocksOf(doc);
  const deeper = level + 1 - topLevel(blocks);
  return blocks.map((b) => blockHtml(b, deeper, meaning)).join('\n');
};

// ---- pages ------------------------------------------------------------------------------------------------------

const searchBox = '<input type="search" placeholder="Search ( / )" aria-label="Search" hidden>';

const pageHtml = (title: string, nav: string, main: string): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${text(title)}</title>
<style>
${style}
</style>
</head>
<body>
<nav>
${nav}
</nav>
<main>
${main}
</main>
<script>
${script}
</script>
</body>
</html>
`;

/** What an entry is found by: its name, signature and summary, in lower case. */
const findable = (m: ModuleDoc, e: Entry): string =>
  text(`${m.name}.${signatureText(e.signature)} ${e.name} ${summaryOf(e.doc)}`.replace(/\s+/g, ' ').toLowerCase());

const entryHtml = (m: ModuleDoc, e: Entry, link: Link, meaning: Meaning): string => {
  const fields = e.fields.map(
    (f) => `<dt><code>${signatureHtml(f.signature, link)}</code></dt>\n<dd>${prose(f.doc, 3, meaning)}</dd>`,
  );
  const parts = [
    `<section class="entry" id="${anchorOf(e.name)}" data-find="${findable(m, e)}">`,
    `<pre><code>${signatureHtml(e.signature, link)}</code></pre>`,
    prose(e.doc, 3, meaning),
    fields.length === 0 ? '' : `<dl>\n${fields.join('\n')}\n</dl>`,
    '</section>',
  ];
  return parts.filter((p) => p !== '').join('\n');
};

const modulePage = (site: Site, m: ModuleDoc): string => {
  const link = linksFrom(site, m.path);
  const meaning = meaningsFrom(site, m, link);
  const groups = groupsOf(m);
  const nav = groups.map((g) => {
    const items = g.entries.map(
      (e) => `<li data-find="${findable(m, e)}"><a href="#${anchorOf(e.name)}">${text(e.name)}</a></li>`,
    );
    return `<div data-group>\n<h2>${kindTitles[g.kind]}</h2>\n<ul>\n${items.join('\n')}\n</ul>\n</div>`;
  });
  const sections = groups.map((g) => {
    const entries = g.entries.map((e) => entryHtml(m, e, link, meaning));
    return `<div data-group>\n<h2 id="${g.kind}-entries">${kindTitles[g.kind]}</h2>\n${entries.join('\n')}\n</div>`;
  });
  const main = [
    `<h1>${text(m.name)}</h1>`,
    prose(m.doc, 1, meaning),
    ...sections,
    '<p data-none hidden class="faint">Nothing here has all these words.</p>',
  ];
  return pageHtml(
    m.name,
    [`<p><a href="${indexPage}.html">All modules</a></p>`, searchBox, ...nav].join('\n'),
    main.filter((p) => p !== '').join('\n'),
  );
};

/** All modules; and all entries of all, which only a search shows. */
const indexHtml = (site: Site, title: string): string => {
  const none: Meaning = () => undefined;
  const pageOf = (m: ModuleDoc): string => `${text(site.pages.get(m.path) ?? '')}.html`;
  const rows = site.modules.map((m) => {
    const find = text(`${m.name} ${summaryOf(m.doc)}`.toLowerCase());
    const about = inlineHtml(summaryOf(m.doc), none);
    return `<tr data-find="${find}"><td><a href="${pageOf(m)}">${text(m.name)}</a></td><td>${about}</td></tr>`;
  });
  const entries = site.modules.flatMap((m) =>
    m.entries.map((e) => {
      const to = `${pageOf(m)}#${anchorOf(e.name)}`;
      const about = inlineHtml(summaryOf(e.doc), none);
      const name = `${m.name}.${e.name}`;
      return `<tr data-find="${findable(m, e)}" data-only="search" hidden><td><a href="${to}">${text(name)}</a></td><td>${about}</td></tr>`;
    }),
  );
  const items = site.modules.map((m) => `<li><a href="${pageOf(m)}">${text(m.name)}</a></li>`);
  const nav = [searchBox, '<h2>Modules</h2>', `<ul>\n${items.join('\n')}\n</ul>`];
  const main = [
    `<h1>${text(title)}</h1>`,
    `<table>\n${[...rows, ...entries].join('\n')}\n</table>`,
    '<p data-none hidden class="faint">Nothing here has all these words.</p>',
  ];
  return pageHtml(title, nav.join('\n'), main.join('\n'));
};

/** All pages; the index, index.html, first. */
export const htmlPages = (modules: readonly ModuleDoc[], title: string): Page[] => {
  const site = siteOf(modules, indexPage);
  return [
    { file: `${indexPage}.html`, text: indexHtml(site, title) },
    ...modules.map((m) => ({ file: `${site.pages.get(m.path) ?? ''}.html`, text: modulePage(site, m) })),
  ];
};
