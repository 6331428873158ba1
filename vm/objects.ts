// What an entry of the table of objects tells of its object, as words of a fault's message: of checked programs.
import { type Manifest, type TrackKind, track, trackEntry, trackGone, trackKinds } from './abi.ts';
import type { Regions } from './regions.ts';

interface Entry {
  readonly base: number;
  readonly bytes: number;
  readonly kind: TrackKind;
  readonly position: number;
  /** Where it was freed; undefined: it lives. */
  readonly freed: number | undefined;
}

const word = (r: Regions, address: number): number =>
  address >= 0 && address + 4 <= r.memory.byteLength ? r.memory.getUint32(address, true) : 0;

const slotOf = (r: Regions): number => (r.image + 1) * 2 ** r.slotBits;

const isGone = (r: Regions, entry: number): boolean => {
  let at = word(r, slotOf(r) + track.goneFirst);
  for (let k = 0; at !== 0 && k < trackGone; k++) {
    if (at === entry) return true;
    at = word(r, at + trackEntry.next);
  }
  return false;
};

const entryAt = (r: Regions, entry: number): Entry => {
  const place = word(r, entry + trackEntry.place);
  return {
    base: word(r, entry + trackEntry.base),
    bytes: word(r, entry + trackEntry.bytes),
    kind: trackKinds[place >>> 24]?.kind ?? 'none',
    position: place & 0xffffff,
    freed: isGone(r, entry) ? word(r, entry + trackEntry.freed) : undefined,
  };
};

const placeText = (manifest: Manifest, id: number): string => {
  const p = manifest.positions[id];
  return p && p.line > 0 ? `${manifest.files[p.file] ?? '?'}:${p.line}:${p.col}` : 'in the run-time';
};

const nameOf = (manifest: Manifest, position: number): string => {
  const name = manifest.objects?.find((x) => x.position === position)?.name;
  return name === undefined ? 'a variable' : `\`${name}\``;
};

export const bytesText = (n: number): string => `${n} ${n === 1 ? 'byte' : 'bytes'}`;

/** The object, after a place in or near it: "80 bytes allocated at x.pg:4:11". */
export const objectText = (r: Regions, entry: number): string => {
  const o = entryAt(r, entry);
  const at = placeText(r.manifest, o.position);
  switch (o.kind) {
    case 'heap':
    case 'shared':
    case 'new-array': {
      const what = o.kind === 'new-array' ? `an array (${bytesText(o.bytes)} with its descriptor)` : bytesText(o.bytes);
      const made = `${what} allocated at ${at}`;
      return o.freed === undefined ? made : `${made} and deleted at ${placeText(r.manifest, o.freed)}`;
    }
    case 'frame':
      return `a local variable of ${bytesText(o.bytes)} of ${r.manifest.positions[o.position]?.fn ?? 'a function'}, ${at}`;
    case 'none':
    case 'global':
    case 'symmetric':
    case 'part':
    case 'array':
      return `${nameOf(r.manifest, o.position)} of ${bytesText(o.bytes)} declared at ${at}`;
  }
};

/** Where an access lies that belongs to this object, or should: "8 bytes past the end of". */
export const distanceText = (r: Regions, entry: number, address: number, bytes: number): string => {
  const o = entryAt(r, entry);
  const slotBytes = 2 ** r.slotBits;
  const other = Math.floor(address / slotBytes) - 1;
  // Entries are those of the image that asked; symmetric objects lie at one offset in all slots.
  const whose = other === r.image ? '' : `image ${other}'s part of `;
  const first = (address % slotBytes) - (o.base % slotBytes);
  const end = first - o.bytes;
  if (first < 0) return `${bytesText(-first)} before ${whose}`.trimEnd();
  if (end > 0) return `${bytesText(end)} past the end of ${whose}`.trimEnd();
  if (end === 0) return `just past the end of ${whose}`.trimEnd();
  if (first + bytes > o.bytes)
    return `which runs ${bytesText(first + bytes - o.bytes)} past the end of ${whose}`.trimEnd();
  return (first === 0 ? `at the beginning of ${whose}` : `${bytesText(first)} into ${whose}`).trimEnd();
};
