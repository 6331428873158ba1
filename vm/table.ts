// Reads an image's table of objects (abi-track.ts) out of the memory of a node that has come to rest. Events that are still in
// the log when a run ends are added here, as the run-time would have done.
import {
  guardSlack,
  page,
  pageBytes,
  type TrackKind,
  type TrackRegion,
  track,
  trackEntry,
  trackEscape,
  trackEvents,
  trackGone,
  trackKinds,
  trackLogBytes,
  trackRegions,
} from './abi.ts';
import type { EndedNode } from './options.ts';

export interface TrackedObject {
  /** Address, and bytes from it. */
  readonly base: number;
  readonly bytes: number;
  readonly kind: TrackKind;
  /** Where in the source it was made: a position of the manifest. */
  readonly position: number;
  /** Objects of an image are numbered from 1 on. */
  readonly sequence: number;
}

export interface RegionUse {
  /** What lives now, and the most bytes that lived at once. */
  readonly objects: number;
  readonly bytes: number;
  readonly most: number;
  /** All that ever lived. */
  readonly objectsEver: number;
  readonly bytesEver: number;
}

export interface ImageMemory {
  readonly image: number;
  readonly slotBytes: number;
  /** In the order in which they were made. */
  readonly objects: readonly TrackedObject[];
  /** Objects freed last, oldest first, with the position where they were freed. */
  readonly gone: readonly (TrackedObject & { readonly freed: number })[];
  /** Addresses of places that hold pointers, as far as they were entered. */
  readonly escapes: readonly number[];
  readonly regions: Readonly<Record<TrackRegion, RegionUse>>;
  /** Most bytes that the heap took, with headers and gaps, and that frames in memory took. */
  readonly heapMost: number;
  readonly stackMost: number;
  readonly tableBytes: number;
  /** Address where the stack begins, above the heap. */
  readonly stackStart: number;
}

type Uses = Record<
  TrackRegion,
  { objects: number; bytes: number; most: number; objectsEver: number; bytesEver: number }
>;

/** A program without guards could have damaged the table: reading ends all the same, and stays in memory. */
const word = (memory: DataView, address: number): number =>
  address >= pageBytes && address + 4 <= memory.byteLength ? memory.getUint32(address, true) : 0;

/** The records of a list, by the offset of their link. */
const walk = function* (memory: DataView, first: number, next: number, most: number): Generator<number> {
  let at = first;
  for (let n = 0; at !== 0 && n < most; n++) {
    yield at;
    at = word(memory, at + next);
  }
};

const entryAt = (memory: DataView, at: number): TrackedObject & { readonly freed: number } => {
  const place = word(memory, at + trackEntry.place);
  return {
    base: word(memory, at + trackEntry.base),
    bytes: word(memory, at + trackEntry.bytes),
    kind: trackKinds[place >>> 24]?.kind ?? 'none',
    position: place & 0xffffff,
    sequence: word(memory, at + trackEntry.sequence),
    freed: word(memory, at + trackEntry.freed),
  };
};

const usesAt = (memory: DataView, slot: number): Uses => {
  const at = (region: number, k: number): number =>
    Number(memory.getBigInt64(slot + track.regions + 40 * region + 8 * k, true));
  const use = (region: TrackRegion) => {
    const [objects, bytes, most, objectsEver, bytesEver] = [0, 1, 2, 3, 4].map((k) =>
      at(trackRegions.indexOf(region), k),
    );
    return {
      objects: objects ?? 0,
      bytes: bytes ?? 0,
      most: most ?? 0,
      objectsEver: objectsEver ?? 0,
      bytesEver: bytesEver ?? 0,
    };
  };
  return { static: use('static'), symmetric: use('symmetric'), heap: use('heap'), stack: use('stack') };
};

const regionOf = (kind: TrackKind): TrackRegion => trackKinds.find((k) => k.kind === kind)?.region ?? 'static';

interface State {
  readonly live: Map<number, TrackedObject>;
  readonly gone: (TrackedObject & { readonly freed: number })[];
  readonly uses: Uses;
  sequence: number;
}

/** One event of the log. Places of pointers are not followed here: they are for those who move objects while the program runs. */
const replay = (s: State, what: number, base: number, bytes: number, position: number): void => {
  const tag = what & 255;
  if (tag === trackEvents.alloc) {
    const kind = trackKinds[what >>> 8]?.kind ?? 'none';
    s.live.set(base, { base, bytes, kind, position, sequence: ++s.sequence });
    const use = s.uses[regionOf(kind)];
    use.objects++;
    use.bytes += bytes;
    use.most = Math.max(use.most, use.bytes);
    use.objectsEver++;
    use.bytesEver += bytes;
  }
  const old = tag === trackEvents.free ? s.live.get(base) : undefined;
  if (!old) return;
  s.live.delete(base);
  const use = s.uses[regionOf(old.kind)];
  use.objects--;
  use.bytes -= old.bytes;
  if (old.kind !== 'frame') s.gone.push({ ...old, freed: position });
};

const listsAt = (memory: DataView, heads: number, bits: number, next: number, most: number): number[] => {
  if (heads === 0 || 2 ** bits > most) return [];
  const found: number[] = [];
  for (let k = 0; k < 2 ** bits && found.length < most; k++) {
    for (const e of walk(memory, word(memory, heads + 4 * k), next, most - found.length)) found.push(e);
  }
  return found;
};

/** The table of one image. */
export const readTable = (memory: DataView, slotBits: number, image: number): ImageMemory => {
  const slot = (image + 1) * 2 ** slotBits;
  const at = (offset: number): number => memory.getUint32(slot + offset, true);
  const most = 2 ** slotBits / 16;
  const entries = listsAt(memory, at(track.heads), at(track.headBits), trackEntry.next, most);
  const live = new Map<number, TrackedObject>();
  // Objects of no bytes may share their address with others: the numbers tell them apart.
  const objects = entries.map((e) => entryAt(memory, e)).sort((a, b) => a.sequence - b.sequence);
  const twins: TrackedObject[] = [];
  for (const { freed: _, ...o } of objects) {
    const twin = live.get(o.base);
    if (twin) twins.push(twin);
    live.set(o.base, o);
  }
  const gone = [...walk(memory, at(track.goneFirst), trackEntry.next, trackGone)].map((e) => entryAt(memory, e));
  const s: State = { live, gone, uses: usesAt(memory, slot), sequence: at(track.sequence) };
  const log = slot + track.log;
  const end = log + Math.min(at(track.logUsed), trackLogBytes);
  for (let e = log + at(track.logDone); e < end; e += 16) {
    replay(s, word(memory, e), word(memory, e + 4), word(memory, e + 8), word(memory, e + 12));
  }
  const escapes = listsAt(memory, at(track.escapeHeads), at(track.escapeHeadBits), trackEscape.next, most);
  return {
    image,
    slotBytes: 2 ** slotBits,
    objects: [...twins, ...s.live.values()].sort((a, b) => a.sequence - b.sequence),
    gone: s.gone.slice(-trackGone),
    escapes: escapes.map((e) => word(memory, e + trackEscape.place)).sort((a, b) => a - b),
    regions: s.uses,
    heapMost: at(page.heapEnd) - at(page.heapLow),
    stackMost: at(page.stackTop) - guardSlack - at(track.stackLow),
    tableBytes: at(track.areaTop) - at(track.area),
    stackStart: slot + at(page.heapEnd),
  };
};

/** The tables of all images, of a program that has them. */
export const tablesOf = ({ memory, manifest, images, slotBits }: EndedNode): readonly ImageMemory[] =>
  manifest.track === undefined ? [] : Array.from({ length: images }, (_, image) => readTable(memory, slotBits, image));
