// Part of the contract (abi.ts): what a program that was built with --trace writes down of its run. Each image has an area for its
// events at the top of its slot, where no program may write; when it is full no more are kept, and the rest is counted.

/**
 * Offsets in the kernel page: u32 addresses of the area of events, of its end, of its first free byte; i32: events that found no
 * room, and slices that have begun and not ended. Those begin the area: `traceDepth` of them at most, as events whose end is 0.
 */
export const trace = { area: 3648, areaEnd: 3652, areaTop: 3656, lost: 3660, depth: 3664 } as const;

/** An event: f64 seconds, of its beginning and its end, i32 what it is (see `watched`), i32 position, two i64: see `watched`. */
export const traceEvent = { begin: 0, end: 8, what: 16, place: 20, value: 24, more: 32 } as const;
export const traceEventBytes = 40;
export const traceDepth = 32;

export const traceAreaBytes = (slotBits: number): number => Math.min(1 << 23, 2 ** (slotBits - 3));

/** What is told of events, in programs that are built for a trace. */
export const traceWatcher = 'runtime.trace.watch';
