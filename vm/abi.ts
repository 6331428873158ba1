// The contract between compiler and node, the one file of the VM that the compiler may import:
// the memory map, the imports and exports of an artifact, the fault kinds, the custom section.
//
//   slot 0    [unmapped 64 KiB | read-only data | kernel: barrier, collectives]
//   slot c+1  [kernel page 64 KiB | descriptors, configs, lets | private globals | symmetric: static, then dynamic ⇢ … ⇠ private heap | stack]
//
// Private globals come before the symmetric part so that both have offsets that are constants of the artifact, though
// the symmetric part grows at run time (extents depend on configs and on the number of images).

export * from './abi-comm.ts';
export * from './abi-faults.ts';
export * from './abi-fibers.ts';
export * from './abi-profile.ts';
export * from './abi-trace.ts';
export * from './abi-track.ts';

/** Raised whenever an artifact of an older compiler could be misunderstood. */
export const abiVersion = 5;

export const pageBytes = 65536;

// ---- slot 0: the kernel's ---------------------------------------------------------------------------------------

/** Nothing lives below: null, and small offsets from it, fault. */
export const unmappedBytes = 65536;
/** Where the kernel's own words start in slot 0; read-only data of the program follows at `dataBase`. */
export const kernelBase = 65536;
/** Words that different cores poll or spin on have lines of their own: two 64-byte lines, as the prefetcher pairs them. */
export const lineBytes = 128;

/** Byte addresses in slot 0, each word (i32) on its own line. */
export const kernel = {
  /** Barrier: arrivals of the current generation. */
  barrierCount: kernelBase,
  /** Barrier: generation; those who wait, wait here. */
  barrierGeneration: kernelBase + 128,
  /** Images that have returned from main. */
  finished: kernelBase + 256,
  /** Set by the node to end the run: every slow path looks at it. */
  stop: kernelBase + 384,
  /** How often a wait looks before it sleeps; chosen by the node, little where images outnumber cores. */
  spin: kernelBase + 512,
  /** Barrier: images that sleep, or are about to. */
  barrierSleepers: kernelBase + 640,
  /** 1 once read-only data is in place; then how many images have run init: main starts when all have. */
  loaded: kernelBase + 768,
  ready: kernelBase + 896,
  /** Held while a line is written to a file descriptor, so that long lines stay whole. */
  outputLock: kernelBase + 1024,
  /** Lines that took a number, and lines that the node has passed on: keeps the order of lines between images. */
  outputTicket: kernelBase + 1152,
  outputDone: kernelBase + 1280,
  /** Number of cores of the node, i32, written before the start. */
  cores: kernelBase + 1408,
  /** Four numbers of 64 bits that no program knows, drawn for each run: what the tags of meetings are made with. */
  meetSecrets: kernelBase + 1536,
  /** Images whose tasks have not all ended, and tasks on their way from one image to another. */
  busy: kernelBase + 1664,
  /** Not 0: all images are to stand still (see stdlib/runtime_checkpoint.pg), and the number of this request. Raised by each that does: who waits for them waits here. */
  halt: kernelBase + 1792,
  halts: kernelBase + 1920,
  /** What was written to standard output so far, i64: bytes and lines. */
  outBytes: kernelBase + 2048,
  outLines: kernelBase + 2056,
  /** Workers with nothing to do, and parts of loops and tasks that are offered to them. */
  idle: kernelBase + 2176,
  offered: kernelBase + 2304,
  /** i32, which wraps: intervals of the clock so far, also those in which the ticker came to nothing. */
  ticks: kernelBase + 2432,
} as const;

export const dataBase = kernelBase + 4096;

/** Bits of an image's poll flag: what a hook is to see to. Whoever asks for something sets its bit, atomically. */
export const due = {
  /** The time between two hooks is over: others may run. Also heartbeats. */
  tick: 1,
  /** A message has come that a handler waits for. */
  message: 2,
  /** The profiler wants to know where the image is. */
  sample: 4,
  /** All images are to stop at a safepoint: for a checkpoint, or to move objects. */
  stop: 8,
  /** An idle image asks for tasks that have not begun. */
  share: 16,
} as const;

// ---- slot c+1: image c's ----------------------------------------------------------------------------------------

/**
 * A histogram of times, each count an i32: for every power of two of nanoseconds from the first one on, 16 counts of equal width. Shorter
 * and longer times are in the first and the last.
 */
export const hookIntervals = { firstPower: 9, powers: 24, perPower: 16 } as const;

/** Byte offsets in the kernel page of an image's slot. */
export const page = {
  /** i32 poll flag of the hooks: the set of what is due (see `due`), 0 if nothing is. */
  poll: 0,
  /** i32: with `--timing=count`, what may still be spent until a hook is due. */
  hookLeft: 4,
  /** i64: how often a hook was due. */
  hooksDue: 8,
  /** What the image is doing (see `states`), i32, and since which position it has been blocked. Read by the node's watcher. */
  state: 128,
  statePosition: 132,
  /** Raised at every change of state, i32: what happened between two looks with one epoch had no effect on others. */
  epoch: 136,
  /** Raised at every further sleep of one and the same wait_until, so after a look that failed, i32. */
  rechecks: 140,
  /** Detail of the wait, i64. At a barrier: the generation whose end is waited for. */
  stateValue: 144,
  /** Fault record, written just before `unreachable`: i32 kind, i32 position, three 64-bit values. */
  faultKind: 256,
  faultPosition: 260,
  faultA: 264,
  faultB: 272,
  faultC: 280,
  /** Collective cells: two, used in turn; i64 each on its own line. */
  cell0: 384,
  cell1: 512,
  /** i32 parity of the next collective. */
  cellParity: 640,
  /** i32 offset (in the slot) of the first free symmetric byte; symmetric objects grow upwards. */
  symmetricTop: 644,
  /** i32 offset of the lowest byte of the private heap, which grows downwards to meet the symmetric part. */
  heapBottom: 648,
  /** i32 offset of the lowest byte the stack may use. */
  stackLimit: 652,
  /** i32 offset of the lowest byte that ever belonged to the heap: what is below is still zero. */
  heapLow: 656,
  /** i32: 1 between `notify` and `wait`; the generation of the barrier that `notify` arrived at. */
  split: 660,
  splitGeneration: 664,
  /** i32 offset of the first free block of symmetric memory; 0: none. */
  symmetricFree: 668,
  /** What the image has come to: i32 number of the meeting (see `meetings`), i32 position, u32 tag that all must agree on. */
  meetWhat: 672,
  meetPosition: 676,
  meetTag: 680,
  /** u32 address of the words of the barrier that the image last came to: of all images, or of its team. */
  meetBlock: 684,
  /** u32 address of the record of the team that the image is in; 0: all images. */
  team: 688,
  /** Of programs that move objects: u32 address of the stack of pointers that live in functions (see the pass `roots`). It ends with the table's memory. */
  roots: 960,
  /** i32: not 0 while the run-time has addresses that no move may change. */
  still: 964,
  /** What guards ask for (see `permissions`): offsets of the first byte that may be written, and of the symmetric part; of the end of the stack. */
  writable: 692,
  symmetricBase: 696,
  stackTop: 700,
  /** u32 address of the end of read-only data in slot 0. */
  dataEnd: 704,
  /**
   * The first test of every guard: u32 address of the heap's lowest byte, and how many addresses from there on may be accessed
   * with `guardSlack` bytes and less. Kept with `heapBottom`.
   */
  guardLow: 708,
  guardSpan: 712,
  /** Counters of guards that ran, i64 each, written at the end: see `guardCounters`. */
  guardCounts: 720,
  /**
   * Of a collective move (stdlib/runtime_move.pg): u32 address and size of the object that this image moves (0: none), the number of the
   * image that it goes to, its new address, and whether some image has its old one as a number; the position and
   * kind that the table has of it, and where. Then, of this image alone, u32 addresses of the list of all moves and of a list of numbers.
   */
  moveFrom: 968,
  moveBytes: 972,
  moveImage: 976,
  moveTo: 980,
  moveKept: 984,
  movePlace: 988,
  moveEntry: 992,
  moves: 996,
  numbers: 1000,
  /** Of messages: see `mailbox`. */
  mailbox: 1536,
  /** i32: the heap's free lists, one per size class (64 words). */
  heapLists: 1024,
  /** Two numbers of 64 bits that no program knows, drawn for each run: what the marks of blocks are made with. */
  secret: 1704,
  secret2: 1712,
  /** u32 offsets: of the first byte behind the static symmetric part; of the end of all that stays for the whole run. */
  symmetricFirst: 1720,
  symmetricFloor: 1724,
  /** u32 offsets: what is left of a chunk of small objects of `new shared local`; lists of free ones by class of size (24 words). */
  chunk: 1728,
  chunkEnd: 1732,
  sharedLists: 1736,
  /** What the image shows to others in a collective operation: four i64; i32: not 0 as long as it does. */
  shown: 1840,
  showing: 1872,
  /** i32: how many of the barriers for teams are in use. */
  teamBlocks: 1876,
  /** i32 offset of the lowest block that stays for the whole run, as it is a named array's: the heap's lowest byte is never above. */
  heapCeiling: 1888,
  /** u32 offset of the end of the heap, where the image's stack may end; `stackLimit` is that of the running task. */
  heapEnd: 1892,
  /** i32: the last request to stand still that the image has followed. */
  halted: 1896,
  /** i32: 1 while somebody has to do with the heap, in programs where that may be several workers. */
  heapLock: 1900,
  /**
   * Of programs built with `--stats`: when something was last due at a hook, seconds (f64), and how many of the times between that were
   * how long (`hookIntervals`).
   */
  hookTime: 36856,
  hookIntervals: 36864,
  /** Short messages on their way to this image: see `ring`. */
  ring: 38400,
  /** A copy of the record of the team that the image is in. */
  inTeam: 40960,
  /** Words of barriers for teams of which this image is the first member. */
  barriers: 45312,
  /** i64 on a line of its own: arrivals at the barrier of all images, of the group of which this image is the first (`meetingGroup`). */
  arrivals: 65280,
  /** i32 on a line of its own: a copy of that barrier's generation for the group. */
  groupGeneration: 65408,
} as const;

/** Where a node has more images than this, so many in a row count their arrivals at a barrier together. */
export const meetingGroup = 16;

/** Where the words of a barrier lie from their beginning, which for all images is `kernelBase`. */
export const barrierWords = {
  count: kernel.barrierCount - kernelBase,
  generation: kernel.barrierGeneration - kernelBase,
  sleepers: kernel.barrierSleepers - kernelBase,
} as const;

/**
 * The record of a team, one on each member's image: u32 address of its barrier's words, i32 size, i32 own rank, i64 cells of
 * collectives, used in turn, i32 parity, i64 seal; then for each member the u32 number of its image and the u32 address of its record.
 */
export const team = { block: 0, size: 4, rank: 8, parity: 12, cell0: 16, cell1: 24, seal: 32, members: 40 } as const;
/** Barriers of teams in a kernel page: eight of them share the lines that the words of one need. */
export const teamBlockBytes = 768;
export const teamBlocks = 8 * Math.floor((page.arrivals - page.barriers) / teamBlockBytes);

/**
 * Offsets in a mailbox, all of i32: its lock, a count of arrivals and whether its owner waits for any; lists as first and last entry and length. Then, of
 * programs with handlers: `tags`, an i64 with bit t mod 64 set for each tag t that a handler waits for; `looked`, the u32 address of
 * the last arrived message that was looked at for handlers. For the image alone: the u32 address of the first registration, the number of the next;
 * whether messages may wait for `branch` handlers; u32 addresses of the task that runs one, and of one that was started for that; 0: none; number of
 * the function that tasks for handlers begin with, and the stack that it needs.
 */
export const mailbox = {
  lock: 0,
  arrivals: 4,
  probing: 8,
  arrived: 12,
  posted: 24,
  outgoing: 36,
  tags: 48,
  looked: 56,
  registered: 60,
  registrations: 64,
  branches: 68,
  server: 72,
  service: 76,
  entry: 80,
  need: 84,
} as const;

/**
 * The ring of short messages in a kernel page: `attention`, an i32 that is not 0 while senders must look into the mailbox, too. Counts of cells
 * ever claimed by senders (`tail`), up to where they may claim (`limit`), and of those emptied (`head`), all i32. Then the cells: a line each.
 * Of the image as a sender: `drafts`, the u32 address of its buffers for what fits no cell (0: it has none); the number of the next one; and of each `draft`
 * the number of the image that it was sent to (i32, one more than that; 0: it is free), and of its cell.
 */
export const ring = {
  attention: 0,
  tail: 128,
  limit: 132,
  head: 256,
  cells: 384,
  cellBytes: 64,
  count: 32,
  drafts: 2432,
  nextDraft: 2436,
  draft: 2440,
} as const;

export const kernelPageBytes = 65536;
/** Private globals start here in each slot; the static symmetric part starts at `manifest.symmetricBase`. */
export const privateBase = kernelPageBytes;
/** The last page of a slot is never used: an address one past the end of a slot must not wrap to 0 in the last slot. */
export const slotTailBytes = 65536;
export const defaultStackBytes = 8 * 1024 * 1024;

/** What one test of several accesses covers, in bytes. The stack begins so far below its end, so that every frame passes the first test. */
export const guardSlack = 64;
/** Accesses of known size are guarded in line up to so many bytes: less than any stack has. */
export const guardMost = 1024;

/**
 * What an image may access: the permissions that guards check, as offsets in slots. The own slot: reads from `privateBase`, writes
 * from `page.writable`, up to `page.symmetricTop`; the heap and the stack, from `page.heapBottom` to `page.stackTop`. Other
 * slots: from `page.symmetricBase` up to their `page.symmetricTop`. Slot 0: read-only data, for reading. Nothing else.
 *
 * What has been granted is taken back only by the image itself: the lets after `init`, what lies above `symmetricTop` when an
 * array is deleted on all images, what lies below `heapBottom` when a block is freed. So a fact that a guard has found
 * holds up to the next op that may free (see `mayRevoke` in the compiler).
 */
export interface Permissions {
  readonly image: number;
  readonly images: number;
  readonly slotBits: number;
  /** A word of the kernel page of an image. */
  readonly word: (image: number, offset: number) => number;
}

/** Whether the image may access so many bytes from `address` on. The run-time has the same rule in PG: `permitted`. */
export const isPermitted = (p: Permissions, address: number, bytes: number, write: boolean): boolean => {
  if (bytes === 0) return true;
  const end = address + bytes;
  if (bytes < 0 || end > 2 ** 32) return false;
  const slotBytes = 2 ** p.slotBits;
  const image = Math.floor(address / slotBytes) - 1;
  const low = address % slotBytes;
  const high = low + bytes;
  if (image === p.image) {
    const word = (offset: number): number => p.word(image, offset);
    if (low >= word(page.heapBottom)) return high <= word(page.stackTop);
    return low >= (write ? word(page.writable) : privateBase) && high <= word(page.symmetricTop);
  }
  if (image < 0) return !write && address >= dataBase && end <= p.word(p.image, page.dataEnd);
  if (image >= p.images) return false;
  return low >= p.word(p.image, page.symmetricBase) && high <= p.word(image, page.symmetricTop);
};

/** Address of `offset` in image `image`'s slot. Catamount's trick: one shift and one or. */
export const remoteAddress = (image: number, slotBits: number, offset: number): number =>
  (image + 1) * 2 ** slotBits + offset;

/**
 * What images meet in. A meeting's number is its place here, plus 32 times that of its operator, plus 512 times a number that
 * stands for the type: images that come to different ones are told so.
 */
export const meetings = [
  'barrier',
  'broadcast',
  'reduce',
  'allreduce',
  'scan',
  'exscan',
  'gather',
  'allgather',
  'scatter',
  'alltoall',
  'alltoallv',
  'new',
  'team_split',
  'within',
  'move_to',
] as const;
export type Meeting = (typeof meetings)[number];
export const meetingOps = ['', '+', '*', 'min', 'max', '&', '|', '^', 'function'] as const;
export type MeetingOp = (typeof meetingOps)[number];

export const meetingNumber = (what: Meeting, op: MeetingOp = '', type = 0): number =>
  meetings.indexOf(what) + 32 * meetingOps.indexOf(op) + 512 * (type & 0x3fffff);

/** `allreduce(+)`. */
export const meetingName = (n: number): string => {
  const op = meetingOps[(n >> 5) & 15] ?? '';
  return `${meetings[n & 31] ?? '?'}${op === '' ? '' : `(${op})`}`;
};

/** What an image is doing, in `page.state`. */
export const states = {
  starting: 0,
  running: 1,
  barrier: 2,
  waitUntil: 3,
  collective: 4,
  finished: 5,
  faulted: 6,
  /** Has run init and waits for the others to have done so. */
  ready: 7,
  /** Waits for a lock (value: the image that holds it), for posts of an event (value: how many), for the end of a split-phase barrier. */
  lock: 8,
  event: 9,
  notified: 10,
  /** Waits for a message to be received, for one to come, for one to be there (value: the other image, -1: any), for a request. */
  send: 11,
  recv: 12,
  probe: 13,
  request: 14,
  /** All tasks wait (value: how many there are), and none of them for time to pass; some do; all have ended, and those of other images have not. */
  tasks: 15,
  sleeping: 16,
  tasksOver: 17,
} as const;

// ---- descriptors of distributed and dynamic arrays, in private memory -------------------------------------------

/**
 * A shared array's descriptor: `base` i32 (offset of the local part in every slot), then for each dimension `dimBytes`:
 * i64 extent N, i64 block B, i64 images along it P, i64 own coordinate c, i64 local extent L (the same on every image),
 * i64 first own index lo and one past the last hi (of the own block, block distributions), f64 1/B, f64 1/P, i64 kind
 * (`distKinds`); for `block` u64 M and i64 s, with which i / B = (i·M) >> s, and i64 bytes from a block's first element to the next one's, less a
 * block. Static ones lie in private memory, those of `new shared` and `new co` in symmetric memory: either way at one
 * offset in all slots, so that a handle, the address of the own one, is made right on any image by `own`.
 * UPC's rule: index i is on coordinate (i / B) mod P, at local index (i / (B·P))·B + i mod B; block is B = ceil(N / P).
 */
export const descriptor = {
  base: 0,
  /** i32 image that holds everything, for `on p`; -1 otherwise. */
  on: 4,
  dims: 8,
  dimBytes: 104,
  extent: 0,
  block: 8,
  images: 16,
  coordinate: 24,
  localExtent: 32,
  lo: 40,
  hi: 48,
  reciprocal: 56,
  imagesReciprocal: 64,
  kind: 72,
  multiplier: 80,
  shift: 88,
  stride: 96,
} as const;

/** The words of `dist(…)` as numbers. */
export const distKinds = { star: 0, block: 1, cyclic: 2, blocks: 3, on: 4 } as const;

export const descriptorBytes = (rank: number): number => descriptor.dims + rank * descriptor.dimBytes;

// ---- the artifact -----------------------------------------------------------------------------------------------

/** Imports, all from module `pgc`. Globals are immutable i32. Functions are for output, time and files only: no hot path uses them. */
export const imports = {
  memory: 'memory',
  /** i32: address of the own slot; image number; number of images; log2 of the slot size. */
  slot: 'slot',
  image: 'image',
  images: 'images',
  slotBits: 'slot_bits',
  /** (format: i32, value) appends to the current line; format indexes `manifest.formats`. */
  outI32: 'out_i32',
  outI64: 'out_i64',
  outF32: 'out_f32',
  outF64: 'out_f64',
  /** (format: i32, address: i32, bytes: i32) */
  outStr: 'out_str',
  /** (stream: i32 1|2, newline: i32): write the line, whole. */
  outEnd: 'out_end',
  /** () -> f64 seconds, monotonic, the same origin for all images. */
  now: 'now',
  /** Only where a program uses files; see files.ts. (address, bytes) -> i64 size or reason; (address, bytes) -> i64 bytes or reason. */
  fileOpen: 'file_open',
  fileRead: 'file_read',
  /** (path, bytes, data, bytes) -> i64: 0 or reason. */
  fileWrite: 'file_write',
} as const;

/**
 * Whether a function is the run-time's, by its name: of the library's modules `runtime` and `runtime_…`; no module of a program gets
 * such names. What it does has no guards, and call stacks leave it out.
 */
export const isRuntime = (fn: string): boolean => fn.startsWith('runtime.');

/** Exports. `init` computes lets and lays out symmetric memory; `load` (image 0 only, before all else) copies read-only data. */
export const exports = { load: 'pgc.load', init: 'pgc.init', main: 'pgc.main', stackPointer: 'pgc.sp' } as const;

/**
 * Of artifacts that count their guards (`pgc run --stats`), exported i64 globals: guards of places, those of them that were not
 * in the own heap or stack, and guards of ranges.
 */
export const guardCounters = ['pgc.guards', 'pgc.guards_second', 'pgc.guard_ranges'] as const;

/** Name of the custom section; its content is the manifest as UTF-8 JSON. */
export const sectionName = 'pgc';

/**
 * The seal: the last sections of an artifact. The first holds the SHA-256 of all bytes before it (NIST FIPS 180-4); the second,
 * which is there if the artifact was signed, an Ed25519 public key and its signature (RFC 8032) of `signedPrefix` and that digest.
 */
export const digestSection = 'pgc.digest';
export const signatureSection = 'pgc.signature';
export const digestBytes = 32;
export const publicKeyBytes = 32;
export const signatureBytes = 64;
/** Signed with the digest, so that a signature for one purpose means nothing for another. */
export const signedPrefix = 'pgc artifact, signature 1\n';

export interface ConfigEntry {
  readonly name: string;
  readonly type: 'bool' | 'i8' | 'i16' | 'i32' | 'i64' | 'u8' | 'u16' | 'u32' | 'u64' | 'f32' | 'f64';
  /** Offset in the slot of the cell that the node writes before init. */
  readonly offset: number;
  /** Default as text: decimal integer, float (round-trip), `true`/`false`. */
  readonly default: string;
  /** Doc comment, for `--help` after `--`. */
  readonly doc?: string;
}

/** How one value is printed: its type and the spec of `{:…}`. */
export interface Format {
  readonly type:
    | 'bool'
    | 'i8'
    | 'i16'
    | 'i32'
    | 'i64'
    | 'u8'
    | 'u16'
    | 'u32'
    | 'u64'
    | 'f32'
    | 'f64'
    | 'str'
    | 'pointer';
  readonly width?: number;
  readonly zeroPad?: boolean;
  readonly leftAlign?: boolean;
  readonly precision?: number;
  readonly style?: 'x' | 'b' | 'e';
}

/** A place in source; `inlinedAt` indexes positions: where the function that contains it was inlined (-1: it wasn't). */
export interface Position {
  readonly file: number;
  readonly line: number;
  readonly col: number;
  /** The PG function whose source text this is, as users know it. */
  readonly fn: string;
  readonly inlinedAt: number;
}

/** What a profile of a program needs. shares: time that is seen at the hook at `hook` goes to the places `at` in the proportions `parts`. */
export interface ProfileTables {
  readonly shares: readonly {
    readonly hook: number;
    readonly at: readonly number[];
    readonly parts: readonly number[];
  }[];
}

export interface Manifest {
  readonly abi: number;
  readonly compiler: string;
  /** The main file, as given. */
  readonly program: string;
  /** It is for nodes of just so many images. */
  readonly images?: number;
  /** Bytes of read-only data from `dataBase`. */
  readonly dataBytes: number;
  readonly privateBytes: number;
  /** Offset in the slot of the static symmetric part, and its size. */
  readonly symmetricBase: number;
  readonly symmetricBytes: number;
  /** It tracks its memory: `allocations`, or `all`, which is allocations and places of pointers. */
  readonly track?: 'allocations' | 'all';
  /** Names of variables, by the position of their declaration, where it tracks. */
  readonly objects?: readonly { readonly name: string; readonly position: number }[];
  /** Offset of the lets: what lies below, descriptors and configs, is never written by the program. Up to `writableBase` it may write until `init` is done. */
  readonly letBase: number;
  /** It has tasks, whose records take at least so much of each slot. */
  readonly fiberBytes?: number;
  /** Of programs with tasks: for the functions that go on from a record, by number, the positions of their points from the first on; 0: unknown. */
  readonly points?: readonly { readonly fn: number; readonly at: readonly number[] }[];
  /** Its runs can be kept and gone on with: all of its state is in memory when its images stand still. */
  readonly checkpoints?: boolean;
  /** It has hooks: what makes them due, and every how many microseconds. */
  readonly hooks?: { readonly timing: 'ticker' | 'count'; readonly interval: number };
  /** It counts what goes between images: see abi-comm.ts. */
  readonly comm?: true;
  /** It writes down what happens: see abi-trace.ts. */
  readonly trace?: true;
  /** It was built for profiles: see `ProfileTables`. */
  readonly profile?: ProfileTables;
  readonly writableBase: number;
  readonly configs: readonly ConfigEntry[];
  readonly formats: readonly Format[];
  readonly files: readonly string[];
  readonly positions: readonly Position[];
  /** Code offset (bytes from the start of the module) → position: two parallel lists, offsets ascending, differences. */
  readonly offsets: readonly number[];
  readonly offsetPositions: readonly number[];
  /** wasm function index → name as users know it (empty: of the run-time, left out of stacks). */
  readonly functions: readonly string[];
}
