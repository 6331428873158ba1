// The text of doc comments: the part of Markdown (https://spec.commonmark.org, and tables as GitHub has them) that people write
// in comments, as data. Anything else is a paragraph: a text is never lost.

export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'heading'; readonly level: number; readonly text: string }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly string[] }
  | { readonly kind: 'table'; readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] }
  /** `line`: of the first line of the code, from 0 at the beginning of the text. */
  | {
      readonly kind: 'code';
      readonly info: string;
      readonly text: string;
      readonly line: number;
      readonly closed: boolean;
    };

export type Inline =
  | { readonly kind: 'text' | 'code' | 'strong' | 'emphasis'; readonly text: string }
  | { readonly kind: 'link'; readonly text: string; readonly href: string };

const fencePattern = /^( {0,3})(`{3,}|~{3,})\s*([^`]*)$/;
const itemPattern = /^ {0,3}(?:[-*+]|(\d{1,9})[.)])\s+(.*)$/;
const headingPattern = /^(#{1,6})\s+(.*?)\s*#*$/;

const cellsOf = (line: string): string[] =>
  line
    .trim()
    .replace(/^\|/, '')
    .replace(/(?<!\\)\|$/, '')
    .split(/(?<!\\)\|/)
    .map((c) => c.trim().replaceAll('\\|', '|'));

/** A row of dashes under a row of as many cells. */
const isTable = (line: string, next: string): boolean =>
  next.includes('|') && /^[\s|:-]*-[\s|:-]*$/.test(next) && cellsOf(line).length === cellsOf(next).length;

/** The blocks of a text. */
export const blocksOf = (text: string): Block[] => {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const flush = (): void => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', text: paragraph.join('\n') });
    paragraph = [];
  };
  for (let i = 0; i < lines.length; ) {
    const line = lines[i] ?? '';
    const fence = fencePattern.exec(line);
    const item = itemPattern.exec(line);
    const heading = headingPattern.exec(line);
    if (fence) {
      flush();
      const [, indent = '', mark = '', info = ''] = fence;
      const first = ++i;
      const closes = (l: string): boolean =>
        l.trim().startsWith(mark) && l.trim().replaceAll(mark[0] ?? '`', '') === '';
      while (i < lines.length && !closes(lines[i] ?? '')) i++;
      const code = lines.slice(first, i).map((l) => (l.startsWith(indent) ? l.slice(indent.length) : l.trimStart()));
      blocks.push({ kind: 'code', info: info.trim(), text: code.join('\n'), line: first, closed: i < lines.length });
      i++;
    } else if (line.trim() === '') {
      flush();
      i++;
    } else if (heading) {
      flush();
      blocks.push({ kind: 'heading', level: heading[1]?.length ?? 1, text: heading[2] ?? '' });
      i++;
    } else if (item && (paragraph.length === 0 || item[1] === undefined || item[1] === '1')) {
      flush();
      const ordered = item[1] !== undefined;
      const items: string[] = [];
      for (;;) {
        const next = itemPattern.exec(lines[i] ?? '');
        if (!next || (next[1] !== undefined) !== ordered) break;
        const own = [next[2] ?? ''];
        // Lines that are indented go on with their item.
        while (/^\s+\S/.test(lines[++i] ?? '') && !itemPattern.test(lines[i] ?? '')) own.push((lines[i] ?? '').trim());
        items.push(own.join('\n'));
      }
      blocks.push({ kind: 'list', ordered, items });
    } else if (paragraph.length === 0 && isTable(line, lines[i + 1] ?? '')) {
      const rows: string[][] = [];
      for (i += 2; (lines[i] ?? '').includes('|'); i++) rows.push(cellsOf(lines[i] ?? ''));
      blocks.push({ kind: 'table', head: cellsOf(line), rows });
    } else if (paragraph.length === 0 && line.startsWith('    ')) {
      const first = i;
      while (i < lines.length && (/^ {4}/.test(lines[i] ?? '') || (lines[i] ?? '').trim() === '')) i++;
      const code = lines.slice(first, i).map((l) => l.slice(4));
      while (code.at(-1)?.trim() === '') code.pop();
      blocks.push({ kind: 'code', info: 'text', text: code.join('\n'), line: first, closed: true });
    } else {
      paragraph.push(line.trim());
      i++;
    }
  }
  flush();
  return blocks;
};

/** The highest heading of a text: what it is below decides how deep the others are. */
export const topLevel = (blocks: readonly Block[]): number =>
  Math.min(6, ...blocks.map((b) => (b.kind === 'heading' ? b.level : 6)));

/** Only links that lead somewhere harmless: a text must not bring scripts into a page. */
const isSafe = (href: string): boolean => /^(https?:|mailto:|#|[\w./-]+$)/i.test(href) && !/^\/\//.test(href);

const inlinePattern =
  /(`+)(?<code>.+?)\1(?!`)|\*\*(?=\S)(?<strong>[^*]+?)(?<=\S)\*\*|(?<![\w*])\*(?=[^\s*])(?<emphasis>[^*]+?)(?<=[^\s*])\*(?![\w*])|\[(?<label>[^\]]+)\]\((?<href>[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)|(?<bare>https?:\/\/[^\s<>"'`)\]]*[^\s<>"'`)\].,;:!?])/gs;

/** The parts of a paragraph, an item or a cell. */
export const inlinesOf = (text: string): Inline[] => {
  const parts: Inline[] = [];
  let from = 0;
  for (const m of text.matchAll(inlinePattern)) {
    const { code, strong, emphasis, label, href, bare } = m.groups ?? {};
    if (href !== undefined && !isSafe(href)) continue;
    if (m.index > from) parts.push({ kind: 'text', text: text.slice(from, m.index) });
    from = m.index + m[0].length;
    if (code !== undefined) parts.push({ kind: 'code', text: code.replace(/^ (.+) $/s, '$1') });
    else if (strong !== undefined) parts.push({ kind: 'strong', text: strong });
    else if (emphasis !== undefined) parts.push({ kind: 'emphasis', text: emphasis });
    else parts.push({ kind: 'link', text: label ?? bare ?? '', href: href ?? bare ?? '' });
  }
  if (from < text.length) parts.push({ kind: 'text', text: text.slice(from) });
  return parts;
};

/** The first sentence of a text, on one line: what a list of entries says about each. */
export const summaryOf = (text: string): string => {
  const first = blocksOf(text).find((b) => b.kind === 'paragraph');
  const line = first?.kind === 'paragraph' ? first.text.replace(/\s+/g, ' ') : '';
  // A full stop after a single capital is that of an initial, not of the sentence.
  return /^.*?[^\sA-Z][.!?](?=\s+\S)/.exec(line)?.[0] ?? line;
};
