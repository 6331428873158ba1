// A model of one image's memory, made from what the programs of this folder print: `0 a base bytes …` (an object), `0 f base`
// (it is freed), `0 p place value` (a pointer is stored). What the table of objects must hold follows from it.
import { expect } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import type { ImageMemory } from '../../vm/table.ts';

/** A program as IR that tracks all of its memory; after each pass it is verified, unless there are many programs. */
export const tracked = (text: string, skip: readonly string[] = [], verify = true): IrProgram => {
  const { program, diagnostics } = check('test.pg', fileHost({ texts: { 'test.pg': text } }), 'main', ['memory']);
  if (!program) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return optimise(lower(program, { escapes: true }), { track: 'all', skip, verify });
};

interface Model {
  /** Bytes of each object, by its base. */
  readonly live: Map<number, number>;
  readonly freed: number[];
  /** What was stored last in each place. */
  readonly places: Map<number, number>;
  objects: number;
  bytes: number;
  now: number;
  most: number;
}

const modelOf = (image: number, lines: readonly string[]): Model => {
  const m: Model = { live: new Map(), freed: [], places: new Map(), objects: 0, bytes: 0, now: 0, most: 0 };
  for (const line of lines) {
    const [who = '', what = '', first = '', second = ''] = line.split(' ');
    if (Number(who) !== image) continue;
    const at = Number(first);
    const n = Number(second);
    if (what === 'a') {
      m.live.set(at, n);
      m.objects++;
      m.bytes += n;
      m.now += n;
      m.most = Math.max(m.most, m.now);
    } else if (what === 'f') {
      const bytes = m.live.get(at) ?? Number.NaN;
      m.live.delete(at);
      m.freed.push(at);
      m.now -= bytes;
      for (const p of m.places.keys()) if (p >= at && p < at + bytes) m.places.delete(p);
    } else m.places.set(at, n);
  }
  return m;
};

const inside = (objects: readonly { readonly base: number; readonly bytes: number }[], address: number): boolean =>
  objects.some((o) => o.base <= address && address < o.base + o.bytes);

/** The heap of the table is that of the model, object by object. */
export const expectObjects = (table: ImageMemory, lines: readonly string[]): void => {
  const m = modelOf(table.image, lines);
  const heap = table.objects.filter((o) => o.kind === 'heap');
  expect(new Map(heap.map((o) => [o.base, o.bytes]))).toEqual(m.live);
  expect(heap.length).toBe(m.live.size);
  expect(table.gone.map((o) => o.base)).toEqual(m.freed.slice(-1024));
  expect(table.regions.heap).toEqual({
    objects: m.live.size,
    bytes: m.now,
    most: m.most,
    objectsEver: m.objects,
    bytesEver: m.bytes,
  });
};

/** Every place with a pointer is in the table, and no place that is none any more. */
export const expectPlaces = (table: ImageMemory, lines: readonly string[]): void => {
  const m = modelOf(table.image, lines);
  const own = (address: number): boolean => Math.floor(address / table.slotBytes) === table.image + 1;
  const known = new Set(table.escapes);
  const missing = [...m.places].filter(
    ([place, value]) => value !== 0 && !known.has(place) && (!own(value) || inside(table.objects, value)),
  );
  expect(missing).toEqual([]);
  // Frames end with their functions; those of main are still there when the log is drained for the last time.
  const inFrame = (place: number): boolean => own(place) && place >= table.stackStart;
  expect(table.escapes.filter((p) => !m.places.has(p) && !inFrame(p))).toEqual([]);
  expect(known.size).toBe(table.escapes.length);
};
