// Part of the contract (abi.ts): how a program tracks its memory. Which objects there are, and where pointers to them lie.
// After CARAT (Suchy et al., PLDI 2020), whose table is a tree: here it is hashed, as most objects come and go.

/**
 * Of programs that track their memory (`Manifest.track`), offsets in the kernel page. Compiled code appends events to the log;
 * stdlib/runtime_memory.pg drains it into the image's table, which lies in an area of its own at the top of the slot, between
 * stack and tail page: no program may write there. Addresses are u32, absolute; 0: none.
 *
 * A table has an entry for each live object. Entries are hashed by the class of their size (class L: up to 2^L bytes and more than
 * half of it, at least `leastClass`) and by base >> L: so an address is found by two looks for each class there is. The entries
 * of objects that were freed last are kept in a queue. Places that hold pointers (`escape`) are hashed by their address and
 * listed by the object that they lie in.
 */
export const track = {
  /** Bytes of the log that are in use. */
  logUsed: 4096,
  /**
   * The area of the table: from where, up to where, and the first byte that was never used. All zero: nothing is tracked. Where objects
   * move, what lies above `areaEnd` is or was the stack of pointers that live in functions.
   */
  area: 4100,
  areaEnd: 4104,
  areaTop: 4108,
  /** Heads of the lists of entries: where, and log2 of how many. Likewise for escapes. */
  heads: 4112,
  headBits: 4116,
  escapeHeads: 4120,
  escapeHeadBits: 4124,
  /** Live entries; escapes; numbers given so far. */
  entries: 4128,
  escapes: 4132,
  sequence: 4136,
  /** Entries and escapes that are free to be used again. */
  freeEntries: 4140,
  freeEscapes: 4144,
  /** The queue of freed objects, oldest first. */
  goneFirst: 4148,
  goneLast: 4152,
  gone: 4156,
  /** Bit L: there are live entries of class L; how many (32 words). */
  classes: 4164,
  /** u32 offset in the slot of the lowest byte that a frame in memory had. */
  stackLow: 4168,
  /** Bytes of the log that are drained already, while it is being drained. */
  logDone: 4172,
  /** Of checked programs: the object that was found last, as addresses; nothing if the second is 0. */
  seenFrom: 4176,
  seenEnd: 4180,
  /** Of checked programs: u32 offsets between which all lies and lay that the image made by `new shared local`; others read them. */
  localLow: 4184,
  localEnd: 4188,
  /** Of checked programs: blocks that are not given back yet. A ring of 8 bytes each, address and bytes; the first, how many, bytes in all. */
  heldRing: 4192,
  heldFirst: 4196,
  held: 4200,
  heldBytes: 4204,
  /** Of checked programs: so many bytes are left free behind each array, where an access that leaves it hits nothing else. */
  apart: 4208,
  classCounts: 4224,
  /** For each region (see `trackRegions`) five i64: objects and bytes that live now, most bytes at once, objects and bytes ever. */
  regions: 4352,
  log: 8192,
} as const;

/** 1790 events of 16 bytes (behind them are words of `page`): u32 what (a tag, and 256 times a kind), u32 address, u32 bytes or count, u32 position or stride. */
export const trackLogBytes = 28640;
export const trackEvents = { alloc: 1, free: 2, escape: 3, run: 4 } as const;

/** An entry of the table. The first escape inside is that of a live object; a freed one has the position where it was freed. */
export const trackEntry = {
  base: 0,
  bytes: 4,
  /** Position in the source, plus 2^24 times the kind. */
  place: 8,
  /** This image's first object is number 1. */
  sequence: 12,
  /** The next of its list. */
  next: 16,
  escapes: 20,
  freed: 20,
  /** Not 0: the object must stay where it is. */
  pinned: 24,
} as const;
export const trackEntryBytes = 28;
/** An escape: the address of a place with a pointer, the next with this hash, the next in the object, the object's entry. */
export const trackEscape = { place: 0, next: 4, inside: 8, object: 12 } as const;
export const trackEscapeBytes = 16;

/** The least class of size; entries of objects up to 2^6 bytes share a class. */
export const trackLeastClass = 6;
/** So many freed objects are remembered. */
export const trackGone = 1024;

/** What an object is: its kind is the place in this list. */
export const trackKinds = [
  { kind: 'none', region: 'static' },
  /** Module-level variables of an image. */
  { kind: 'global', region: 'static' },
  /** Static `co` variables and scalars that are `shared`. */
  { kind: 'symmetric', region: 'symmetric' },
  /** Parts of static arrays with extents known at the start. */
  { kind: 'part', region: 'symmetric' },
  /** What `new shared` and `new co` gave: descriptor and own part. */
  { kind: 'new-array', region: 'symmetric' },
  /** What `new shared local` gave: an object in the own symmetric part. */
  { kind: 'shared', region: 'symmetric' },
  { kind: 'array', region: 'heap' },
  { kind: 'heap', region: 'heap' },
  /** A local variable whose address is taken. */
  { kind: 'frame', region: 'stack' },
] as const satisfies readonly { readonly kind: string; readonly region: TrackRegion }[];
export type TrackKind = (typeof trackKinds)[number]['kind'];
export const trackRegions = ['static', 'symmetric', 'heap', 'stack'] as const;
export type TrackRegion = (typeof trackRegions)[number];
export const trackKind = (kind: TrackKind): number => trackKinds.findIndex((k) => k.kind === kind);

/** How much of a slot the table gets: a quarter. */
export const trackAreaBytes = (slotBits: number): number => 2 ** (slotBits - 2);
