// `pgc run --comm`: which lines of a program access memory of other images, how often and how much. The counts are those of abi-comm.ts.
import { comm, commKinds, commMatrixBytes, commRecord, commRecordBytes } from './abi.ts';
import { columns } from './columns.ts';
import type { EndedNode } from './options.ts';
import type { SourceLine } from './profile-report.ts';
import { framesOf } from './stack.ts';

export interface CommLine {
  /** Empty: code of no line. */
  readonly file: string;
  readonly line: number;
  readonly fn: string;
  /** Accesses to memory of other images, of each kind (`commKinds`), and their bytes. */
  readonly remote: readonly { readonly count: number; readonly bytes: number }[];
  /** Accesses to the own part of what is shared. */
  readonly local: { readonly count: number; readonly bytes: number };
}

export interface Comm {
  /** All lines with accesses to shared memory; those with most bytes of other images first. */
  readonly lines: readonly CommLine[];
  /** Bytes that image i exchanged with the memory of image k, and with its own shared part, at [i][k]. */
  readonly matrix: readonly (readonly number[])[];
}

export const remoteBytes = (l: CommLine): number => l.remote.reduce((n, k) => n + k.bytes, 0);
export const remoteCount = (l: CommLine): number => l.remote.reduce((n, k) => n + k.count, 0);

/** What was counted; undefined: the program was not built for it. */
export const commOf = (node: EndedNode): Comm | undefined => {
  const { memory, manifest, images, slotBits } = node;
  if (manifest.comm === undefined) return undefined;
  const lines = new Map<string, { file: string; line: number; fn: string; counts: number[] }>();
  const matrix: number[][] = [];
  const words = commRecordBytes / 8;
  for (let image = 0; image < images; image++) {
    const slot = (image + 1) * 2 ** slotBits;
    const area = memory.getUint32(slot + comm.area, true);
    // A program without guards could have damaged the word.
    const number = (at: number): number =>
      at >= slot && at + 8 <= memory.byteLength ? Number(memory.getBigInt64(at, true)) : 0;
    matrix.push(Array.from({ length: images }, (_, k) => number(area + 8 * k)));
    for (let position = 0; position < manifest.positions.length; position++) {
      const at = area + commMatrixBytes + position * commRecordBytes;
      const counts = Array.from({ length: words }, (_, k) => number(at + 8 * k));
      if (counts.every((n) => n === 0)) continue;
      const [frame] = framesOf(manifest, position);
      const { file = '', line = 0, fn = '' } = frame ?? {};
      const key = `${file}:${line} ${fn}`;
      const known = lines.get(key);
      if (known) known.counts = known.counts.map((n, k) => n + (counts[k] ?? 0));
      else lines.set(key, { file, line, fn, counts });
    }
  }
  const pair = (counts: readonly number[], at: number) => ({
    count: counts[at / 8] ?? 0,
    bytes: counts[at / 8 + 1] ?? 0,
  });
  const found = [...lines.values()].map(({ counts, ...place }): CommLine => {
    const remote = commKinds.map((_, k) => pair(counts, commRecord.remote + 16 * k));
    return { ...place, remote, local: pair(counts, commRecord.local) };
  });
  const order = (a: CommLine, b: CommLine): number =>
    remoteBytes(b) - remoteBytes(a) || b.local.bytes - a.local.bytes || a.line - b.line;
  return { lines: found.sort(order), matrix };
};

const grouped = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ' ');

const names = { read: 'reads', write: 'writes', atomic: 'atomics', bulk: 'copies', message: 'messages' } as const;

const shown = 20;
const widest = 60;
/** So many accesses of few bytes each had better be one. */
const manyAccesses = 1000;
const fewBytes = 64;
/** A matrix of more images says less than it takes room. */
const mostImages = 16;

const hintFor = (l: CommLine): string | undefined => {
  const fine = l.remote.slice(0, 2).reduce((n, k) => n + k.count, 0);
  const bytes = l.remote.slice(0, 2).reduce((n, k) => n + k.bytes, 0);
  const copies = l.remote[commKinds.indexOf('bulk')]?.count ?? 0;
  // A line that copies besides is a collective operation.
  if (fine < manyAccesses || bytes > fine * fewBytes || copies > 0) return undefined;
  return `${l.file}:${l.line}: ${grouped(fine)} accesses of ${Math.round(bytes / fine)} bytes each; a copy of a whole part, b[..] = a[lo..hi], would be one`;
};

/** The report, with a line break at its end. */
export const renderComm = (node: EndedNode, source: SourceLine): string => {
  const found = commOf(node);
  if (!found) return '';
  const remote = found.lines.filter((l) => remoteCount(l) > 0);
  const bytes = remote.reduce((n, l) => n + remoteBytes(l), 0);
  const local = found.lines.reduce((n, l) => n + l.local.bytes, 0);
  const images = node.images === 1 ? '1 image' : `${node.images} images`;
  const head = `communication of ${images}: ${grouped(bytes)} bytes to and from others, ${grouped(local)} in own parts of what is shared`;
  if (remote.length === 0) return `${head}\n`;
  const kept = remote.slice(0, shown);
  const kinds = commKinds.filter((_, k) => remote.some((l) => (l.remote[k]?.count ?? 0) > 0));
  const rows = kept.map((l) => {
    const text = (source(l.file, l.line) ?? '').trim();
    const place = l.line === 0 ? 'the run-time' : `${l.file}:${l.line}`;
    const counts = kinds.map((k) => grouped(l.remote[commKinds.indexOf(k)]?.count ?? 0));
    const short = text.length > widest ? `${text.slice(0, widest - 1)}…` : text;
    return [grouped(remoteBytes(l)), ...counts, grouped(l.local.count), place, short];
  });
  const titles = ['bytes', ...kinds.map((k) => names[k]), 'own', 'line', 'source'];
  const lines = [head, ...columns(titles, rows, [titles.length - 2, titles.length - 1])];
  if (remote.length > kept.length) lines.push(`  and ${remote.length - kept.length} more`);
  if (node.images > 1 && node.images <= mostImages) {
    lines.push('bytes by image (rows), to and from the memory of image (columns):');
    const cells = found.matrix.map((row, image) => [`${image}`, ...row.map(grouped)]);
    lines.push(...columns(['', ...found.matrix.map((_, image) => `${image}`)], cells, []));
  }
  const hints = kept.flatMap((l) => hintFor(l) ?? []).slice(0, 3);
  for (const hint of hints) lines.push(`  hint: ${hint}`);
  return `${lines.join('\n')}\n`;
};
