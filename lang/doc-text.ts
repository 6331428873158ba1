// Documentation for the terminal: signatures at the left, what is said about them indented and broken to the width.
import { type Entry, groupsOf, kindTitles, type ModuleDoc } from './doc.ts';
import { type Block, blocksOf, summaryOf } from './doc-prose.ts';
import { signatureText } from './doc-signature.ts';
import { unreachable } from './unreachable.ts';

export interface TextOptions {
  readonly color: boolean;
  /** Columns to fill. */
  readonly width: number;
}

const painted = (o: TextOptions, code: string, text: string): string =>
  o.color
    ? text
        .split('\n')
        .map((l) => `\x1b[${code}m${l}\x1b[0m`)
        .join('\n')
    : text;
const strong = (o: TextOptions, text: string): string => painted(o, '1', text);
const faint = (o: TextOptions, text: string): string => painted(o, '36', text);

const indented = (text: string, indent: string): string =>
  text
    .split('\n')
    .map((l) => (l === '' ? '' : indent + l))
    .join('\n');

/** Words in lines of at most `width` columns; a longer word has a line of its own. */
const filled = (text: string, width: number): string => {
  const lines: string[] = [];
  for (const word of text.split(/\s+/).filter((w) => w !== '')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines.join('\n');
};

const tableText = (head: readonly string[], rows: readonly (readonly string[])[]): string => {
  const all = [head, head.map(() => ''), ...rows];
  const widths = head.map((_, i) => Math.max(...all.map((r) => (r[i] ?? '').length)));
  const line = (r: readonly string[]): string =>
    widths
      .map((w, i) => (r[i] ?? '').padEnd(w))
      .join('  ')
      .trimEnd();
  return [line(head), widths.map((w) => '-'.repeat(w)).join('  '), ...rows.map(line)].join('\n');
};

const blockText = (b: Block, o: TextOptions, width: number): string => {
  switch (b.kind) {
    case 'paragraph':
      return filled(b.text, width);
    case 'heading':
      return strong(o, b.text);
    case 'list':
      return b.items
        .map((item, i) => {
          const mark = b.ordered ? `${i + 1}. ` : '- ';
          return mark + indented(filled(item, width - mark.length), ' '.repeat(mark.length)).trimStart();
        })
        .join('\n');
    case 'table':
      return tableText(b.head, b.rows);
    case 'code':
      return faint(o, indented(b.text, '    '));
    default:
      return unreachable(b);
  }
};

/** The text of a doc comment, its blocks apart. */
export const proseText = (doc: string, o: TextOptions, indent = ''): string =>
  blocksOf(doc)
    .map((b) => indented(blockText(b, o, o.width - indent.length), indent))
    .join('\n\n');

const entryText = (e: Entry, o: TextOptions): string => {
  const fields = e.fields.map((f) => `    ${strong(o, signatureText(f.signature))}\n${proseText(f.doc, o, '      ')}`);
  return [strong(o, signatureText(e.signature)), proseText(e.doc, o, '    '), ...fields]
    .filter((t) => t !== '')
    .join('\n');
};

/** One declaration, and where it stands. */
export const entryPage = (m: ModuleDoc, e: Entry, o: TextOptions): string =>
  `${entryText(e, o)}\n\n${faint(o, `${m.path}:${e.line}`)}\n`;

/** All of a module. */
export const modulePage = (m: ModuleDoc, o: TextOptions): string => {
  const groups = groupsOf(m).map((g) => {
    const title = kindTitles[g.kind];
    return `${strong(o, title)}\n${'-'.repeat(title.length)}\n\n${g.entries.map((e) => entryText(e, o)).join('\n\n')}`;
  });
  const empty = m.entries.length === 0 ? ['It declares nothing for others.'] : [];
  const title = `${strong(o, m.name)}  ${faint(o, m.path)}`;
  return `${[title, proseText(m.doc, o), ...groups, ...empty].filter((t) => t !== '').join('\n\n')}\n`;
};

/** Modules, each with a sentence about it. */
export const modulesList = (modules: readonly ModuleDoc[], o: TextOptions): string => {
  const width = Math.max(0, ...modules.map((m) => m.name.length));
  const rows = modules.map((m) => {
    const about = indented(filled(summaryOf(m.doc), o.width - width - 4), ' '.repeat(width + 4)).trimStart();
    return `  ${strong(o, m.name)}${' '.repeat(width - m.name.length)}  ${about}`.trimEnd();
  });
  return `${rows.join('\n')}\n`;
};
