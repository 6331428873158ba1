// What a program did with its memory, as text for people: `pgc run --memory`. The facts are those of table.ts.
import { isRuntime, type Manifest, type TrackKind, trackEntryBytes } from './abi.ts';
import { framesOf } from './stack.ts';
import type { ImageMemory, TrackedObject } from './table.ts';

export interface Leak {
  /** Where the objects were made; empty: by the run-time. */
  readonly place: string;
  /** The function there. */
  readonly fn: string;
  readonly bytes: number;
  readonly objects: number;
  readonly images: readonly number[];
}

/** What `new` gives and `delete` takes. All else lives as long as the program. */
const deletable: ReadonlySet<TrackKind> = new Set(['heap', 'new-array', 'shared']);

const placeOf = (manifest: Manifest, o: TrackedObject): { readonly place: string; readonly fn: string } => {
  const [frame] = framesOf(manifest, o.position);
  if (!frame || frame.line === 0) return { place: '', fn: '' };
  return { place: `${frame.file}:${frame.line}:${frame.col}`, fn: frame.fn };
};

/** Objects that were never deleted, by the place that made them; most bytes first. */
export const leaksOf = (manifest: Manifest, images: readonly ImageMemory[]): readonly Leak[] => {
  const groups = new Map<string, Leak>();
  for (const { image, objects } of images) {
    for (const o of objects) {
      if (!deletable.has(o.kind)) continue;
      const where = placeOf(manifest, o);
      const key = `${where.place} ${where.fn}`;
      const known = groups.get(key) ?? { ...where, bytes: 0, objects: 0, images: [] };
      const seen = known.images.includes(image) ? known.images : [...known.images, image];
      groups.set(key, { ...known, bytes: known.bytes + o.bytes, objects: known.objects + 1, images: seen });
    }
  }
  const order = (a: Leak, b: Leak): number =>
    b.bytes - a.bytes || b.objects - a.objects || (a.place < b.place ? -1 : 1);
  return [...groups.values()].sort(order);
};

export interface Variable {
  readonly name: string;
  readonly place: string;
  /** On the image where it is largest. */
  readonly bytes: number;
}

/** How many of them the report shows. */
const shownVariables = 5;

/** Variables of modules with their parts of arrays, largest first. Those of the run-time are its own business. */
export const variablesOf = (manifest: Manifest, images: readonly ImageMemory[]): readonly Variable[] => {
  const names = new Map(manifest.objects?.map((o) => [o.position, o.name]));
  const found = new Map<string, Variable>();
  for (const { objects } of images) {
    for (const o of objects) {
      const name = deletable.has(o.kind) || o.kind === 'frame' ? undefined : names.get(o.position);
      if (name === undefined || isRuntime(name)) continue;
      const bytes = Math.max(o.bytes, found.get(name)?.bytes ?? 0);
      found.set(name, { name, place: placeOf(manifest, o).place, bytes });
    }
  }
  return [...found.values()].sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
};

/** Columns under their titles: numbers to the right, the last column to the left. */
const table = (titles: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const widths = titles.map((t, k) => Math.max(t.length, ...rows.map((r) => r[k]?.length ?? 0)));
  const line = (cells: readonly string[], left: number): string =>
    cells.map((c, k) => (k === left ? c : c.padStart(widths[k] ?? 0))).join('  ');
  const last = titles.length - 1;
  return [titles, ...rows].map((r) => `  ${line(r, last)}`.trimEnd());
};

const runsOf = (images: readonly number[]): string => {
  const parts: string[] = [];
  for (let i = 0; i < images.length; ) {
    let j = i;
    while (images[j + 1] === images[j]! + 1) j++;
    parts.push(j === i ? `${images[i]}` : `${images[i]}-${images[j]}`);
    i = j + 1;
  }
  return parts.join(',');
};

const sizesOf = (m: ImageMemory): readonly string[] => {
  const { heap, symmetric } = m.regions;
  const variables = m.regions.static.bytes;
  const numbers = [heap.bytesEver, heap.bytes, heap.most, m.heapMost, symmetric.bytes, symmetric.most];
  return [...numbers, variables, m.stackMost, m.tableBytes, m.slotBytes].map(String);
};

/** One row for neighbours that did the same. */
const rowsOf = (images: readonly ImageMemory[]): readonly (readonly string[])[] => {
  const rows: { readonly images: number[]; readonly sizes: readonly string[] }[] = [];
  for (const m of images) {
    const sizes = sizesOf(m);
    const last = rows.at(-1);
    if (last && last.sizes.join() === sizes.join()) last.images.push(m.image);
    else rows.push({ images: [m.image], sizes });
  }
  return rows.map((r) => [runsOf(r.images), ...r.sizes]);
};

const titles = [
  'images',
  'heap in all',
  'heap now',
  'heap most',
  'heap taken',
  'symmetric now',
  'symmetric most',
  'variables',
  'stack most',
  'table',
  'slot',
];

/** The report, with a line break at its end. All sizes are bytes. */
export const renderMemory = (manifest: Manifest, images: readonly ImageMemory[]): string => {
  const leaks = leaksOf(manifest, images);
  const entries = images.reduce((n, m) => n + Object.values(m.regions).reduce((sum, r) => sum + r.objectsEver, 0), 0);
  const lines = ['memory at the end, in bytes:', ...table(titles, rowsOf(images))];
  lines.push(
    `  ${entries} object${entries === 1 ? '' : 's'} in all; each that lives takes ${trackEntryBytes} bytes of the table`,
  );
  const variables = variablesOf(manifest, images).slice(0, shownVariables);
  if (variables.length > 0) {
    const rows = variables.map((v) => [String(v.bytes), v.name, v.place]);
    lines.push('largest variables, on one image:', ...table(['bytes', 'variable', 'declared at'], rows));
  }
  if (leaks.length === 0) return [...lines, 'no leaks: all that was made by `new` was deleted', ''].join('\n');
  return [...lines, ...leakLines(leaks), ''].join('\n');
};

const leakLines = (leaks: readonly Leak[]): readonly string[] => {
  const rows = leaks.map((l) => [
    String(l.bytes),
    String(l.objects),
    runsOf(l.images),
    l.place === '' ? 'the run-time' : `${l.place} in ${l.fn}`,
  ]);
  return ['leaks, made by `new` and never deleted:', ...table(['bytes', 'objects', 'images', 'made at'], rows)];
};

/** The objects that were never deleted, as lines; nothing if there are none. */
export const renderLeaks = (manifest: Manifest, images: readonly ImageMemory[]): string => {
  const leaks = leaksOf(manifest, images);
  return leaks.length === 0 ? '' : [...leakLines(leaks), ''].join('\n');
};
