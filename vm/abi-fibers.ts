// Fibers in memory: what the compiler and the scheduler (stdlib/runtime_tasks.pg) agree on.

/**
 * A frame record: the address of the caller's, the number of the function that goes on from it, the number of the point in it, its size in
 * bytes; then the results of the call that was left there, 8 bytes each, then the values that are still needed.
 */
export const frameRecord = { next: 0, fn: 4, point: 8, bytes: 12, values: 16 } as const;

/** What is called to make a record and link it to the others of the fiber: (bytes, number of the function, point) → address. */
export const leaveFunction = 'runtime.tasks.leave';
/** The same of a function that goes on from a record, which is the last argument (0: it does not): that is used again if there is room. */
export const leaveAgainFunction = 'runtime.tasks.leave_again';
/** The scheduler of an image: runs an entry function, and all tasks, until they have ended. */
export const runFunction = 'runtime.tasks.run';
/** Names of functions that a task begins with, (address of its control block) → status, and of those that go on from a record. */
export const entryPrefix = 'runtime.entry.';
export const resumePrefix = 'runtime.resume.';

/**
 * Of programs with tasks, offsets in the kernel page. Other images write the words of the first line: stacks of tasks that they made
 * ready or sent here (linked by `task.link`), of memory of this region that they gave back, and of tasks to be cancelled; `bell` is
 * raised afterwards, and `asleep` is the u32 address of the word that this image sleeps on, or is about to; 0: none.
 */
export const fibers = {
  inbox: 2048,
  freed: 2052,
  cancels: 2056,
  bell: 2060,
  asleep: 2064,
  /** i32, 1: messages have come that handlers may wait for (see stdlib/runtime_handlers.pg). */
  notices: 2068,
  /** u32 addresses of tasks and parts of loops that any worker may take, by cas, for itself; 0: none. */
  offers: 2080,
  /** i32: 1 while this worker has nothing to do. */
  idle: 2096,
  /** u32 addresses: of the control block of the task that runs; 0: none. Where the address of the next frame record goes. */
  current: 2176,
  tail: 2180,
  /** The fiber region, u32 offsets: its first byte, the first that was never taken, its end. */
  first: 2184,
  top: 2188,
  end: 2192,
  /** u32 addresses: queue of tasks that are ready; list of those that wait for a word to change; heap of those with a deadline. */
  ready: 2196,
  readyLast: 2200,
  waiters: 2204,
  sleepers: 2208,
  /** i32: tasks that have not ended; the number of the next one; switches so far; 1: all have ended, as far as is known. */
  live: 2212,
  serial: 2216,
  switches: 2220,
  over: 2224,
  /** i32, raised when each task that waits for memory to change has looked again, in vain: see watch.ts. */
  rounds: 2228,
  /** i64 nanoseconds that the image has slept: the clock of naps. */
  slept: 2232,
  /** u32 address of the task that is `main`; of the one that is in a barrier or collective operation; 0: none. */
  main: 2240,
  meeter: 2244,
  /** i32: 1 once the scheduler has begun: who finds it so goes on with what is there. */
  begun: 2300,
  /** i32, of `par for`: loops that were split here, and parts of them that this worker took from others. */
  splits: 2248,
  steals: 2252,
  /** i32: what the clock of ticks showed at the last heartbeat; heartbeats at which nothing was split, others read that; negative: there is nothing to split. */
  ticks: 2256,
  beats: 2284,
  /**
   * Of programs that move objects: u32 address of the first block with pointers that live in a suspended task (see `parked`); i32, 1 while this image is
   * in a collective move, where no other task of it may run.
   */
  parked: 2260,
  alone: 2264,
  /**
   * i32, of programs whose tasks may move: those in the queue that may and have not begun, which others read; 1: some were offered that may not have been
   * taken; switches since then; how many of other images this one has taken.
   */
  spare: 2268,
  pending: 2272,
  patience: 2276,
  taken: 2280,
  /** Of the same programs: u32 addresses, queue of those that have not begun and may move; i32, ticks for which none of them has begun here. */
  fresh: 2292,
  freshLast: 2296,
  held: 2172,
  /** i32: hooks that may pass until tasks that wait are looked at again while others compute. */
  looks: 2168,
  /** i32, raised as the kernel page's epoch, but by the worker alone: see watch.ts. */
  stirs: 2288,
  /** u32 heads of lists of free memory, by classes of sizes. */
  lists: 2304,
} as const;

/**
 * A task's control block in the fiber region, all of i32 but `deadline` and `mark`. `link`: next in the queue or stack that it is in, and while it runs, its innermost frame record that is gone on with later; `head`: its first
 * frame record, innermost; `stack`: its stack pointer; `block`: its memory on the heap, 0: none; `limit`: offset of its end; `entry`: number of the
 * function; `position`: where it was spawned; `scope`: the `finish` that it counts for; `cancel`: 0, 1 asked for, 2 known, 3 asked for and given back;
 * `joiner`: the task that waits for its end, 1: it has ended; `home`: the image that runs it; `bytes`: of all; `word`, `seen`: what it waits for; `nap`: until
 * when on the clock of naps, `deadline`: seconds (f64); `place`: where it waits; `shield`: not 0 while it cannot be cancelled; `par`: its innermost loop that
 * may be split (see `par`); `slot`, `image`: whose work it is, 0: of the image that runs it; `depth`: how many such loops have iterations left that nobody has begun;
 * `held`: how many locks it holds; `alert`: not 0 if a message has come whose handler is to release it; `requests`: the first of those that it made and nobody has waited for;
 * `roots`: the block with its pointers while it is suspended, 0: none; `parts`: how many parts of its loops others may have; `parent`: of a part of
 * a loop: the task whose loop it is, u32 address; `state`, `value`: what it waits for, as in the kernel page.
 */
export const task = {
  link: 0,
  head: 4,
  stack: 8,
  block: 12,
  limit: 16,
  flags: 20,
  cancel: 24,
  joiner: 28,
  over: 32,
  shield: 36,
  team: 40,
  par: 44,
  slot: 48,
  held: 52,
  alert: 56,
  requests: 60,
  roots: 64,
  depth: 68,
  parts: 72,
  state: 76,
  /** From here on nothing is 0 to begin with (runtime_tasks.clear). */
  entry: 80,
  position: 84,
  scope: 88,
  home: 92,
  origin: 96,
  bytes: 100,
  serial: 104,
  need: 108,
  place: 112,
  waits: 116,
  mark: 120,
  deadline: 128,
  nap: 136,
  image: 144,
  word: 148,
  seen: 152,
  before: 156,
  next: 160,
  child: 164,
  sibling: 168,
  previous: 172,
  cancelLink: 176,
  round: 180,
  parent: 184,
  value: 188,
  result: 192,
} as const;

/** In a task's `flags`: it is a part of a loop, at `position`, that was split off. */
export const taskPart = 256;
/** It was spawned on the image `origin`, and runs on another one that had nothing to do. */
export const taskMoved = 1024;

/**
 * The record of a `par for` that may be split, in the fiber region. `outer`: u32 address of that of the loop around, in the same task; `children`: of the
 * records of parts that were split off, `brother`: the next of them; `entry`: number of the function that such a part begins with; `bytes`: of the record;
 * `need`: of stack; `position`: of the loop; `fiber`: u32 address of the task, of a part; `next`, `end`: i64, iterations that nobody has begun; `offer`: u32
 * address of the word by which a part is offered; `joined`: u32 address of the part that was joined last; `shield`: not 0 where the task could not be cancelled when the loop began; `counted`: 1 while it is one of the task's `depth`; `begun`: 1 once the task has begun with the iterations that it says; `strip`: i64, how many iterations make a strip now; `ticks`, `strips`: how many hooks were due when it changed last, and strips since then; `scope`, `team`: the `finish` and the team that the loop stands in; then sums, and what the body works with.
 */
export const par = {
  outer: 0,
  children: 4,
  brother: 8,
  entry: 12,
  bytes: 16,
  need: 20,
  position: 24,
  fiber: 28,
  next: 32,
  end: 40,
  offer: 48,
  joined: 52,
  shield: 56,
  counted: 60,
  begun: 64,
  scope: 68,
  strip: 72,
  ticks: 80,
  strips: 84,
  team: 88,
  values: 96,
} as const;

/** A block with pointers of a suspended task: u32 addresses of the next one and the one before, bytes of the pointers; then these. */
export const parked = { next: 0, before: 4, bytes: 8, words: 16 } as const;

/** The least that a program with tasks needs for them in a slot. */
export const leastFiberBytes = 1 << 18;
