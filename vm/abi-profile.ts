// Part of the contract (abi.ts): what a program that was built with --profile leaves for the report of where its time went.
//
// The ticker's thread looks at each image once in each sampling interval. Of an image that waits it notes what it waits for, and where. To
// one that runs it adds the time that has passed to what it owes, and asks for a sample: the next hook that the image comes
// to takes the debt, leaves the task, and finds in the frame records that the task left which calls led there.

/**
 * Offsets in the kernel page. owed: u32, sampling intervals that no sample has accounted for, added to by the ticker; waiting: i32, one of
 * `states` while the image waits without having said so (it still spins), and place: where. Then u32 addresses: of the
 * area of samples, of its end, of its first free byte; place and weight of the sample under way, 0: none; weight of samples whose
 * way of calls found no room; log2 of the number of lists.
 */
export const profile = {
  owed: 3584,
  waiting: 3588,
  place: 3592,
  area: 3596,
  areaEnd: 3600,
  areaTop: 3604,
  samplePlace: 3608,
  sampleWeight: 3612,
  lost: 3616,
  /** i32: what the task waits for that waits; 0: none, or it did not say. */
  kept: 3620,
} as const;

/**
 * The area begins with the table of waits, which only the ticker writes: so many entries of u32 state · 2^24 + position, u32 weight. Then the heads of
 * lists of samples: for samples of one place and one way of calls there is one record.
 */
export const profileWaits = 512;
export const profileLists = 1024;
export const profileTableBytes = 8 * profileWaits + 4 * profileLists;
/** u32 next of its list, weight, position of the hook, how many words follow: see `profilePoint`. */
export const profileRecord = { next: 0, weight: 4, place: 8, count: 12, words: 16 } as const;
/** A way of calls has at most so many words, then `profileDeeper`. */
export const profileDepth = 192;
export const profileDeeper = 0xffff_ffff;
/** A word of a way: number of a function that goes on · 2^16 + point in it; with the highest bit, the position where the task was spawned. */
export const profileSpawned = 0x8000_0000;

export const profileAreaBytes = (slotBits: number): number => Math.min(1 << 22, 2 ** (slotBits - 3));

/** What a hook calls in programs that are built for profiles. */
export const profileServer = 'runtime.profile.due';

/**
 * What happens in the run-time, told by `__watch(what, position, value, more)` to those parts that want to know. wait: a wait begins (value: state,
 * more: of what or whom; of a meeting its number); waited: it is over. enter: a task begins or goes on (value: its control block); left: it has
 * left. begin, end: a piece of work of the run-time (value: place in `watchedWork`, more: detail). sent, received: a message (value: its number). due: at a hook
 * something was due (value: the set of it). beat: work was shared out.
 */
export const watched = {
  wait: 0,
  waited: 1,
  enter: 2,
  left: 3,
  begin: 4,
  end: 5,
  sent: 6,
  received: 7,
  due: 8,
  beat: 9,
} as const;

/** Names of pieces of work. */
export const watchedWork = ['send', 'isend', 'compaction', 'move_to', 'stop', 'handler'] as const;
