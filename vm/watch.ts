// Finds deadlocks, by proof: a run is reported only if no image can ever go on.
//
// The watcher looks at all images twice. If each was blocked (or finished) both times, in the same state and with the
// same epoch, then between the looks none did anything but wait: every way out of a wait raises the epoch before it has
// an effect. So between the end of the first look and the start of the second, memory did not change.
//  - Whoever waits at a barrier whose generation is still the current one waits for images that never come.
//  - Whoever is in a wait_until, or waits for a lock, an event or a message, has looked again, completely, within that time (`rechecks` grew by two), and in vain.
//    Memory being the same for ever, so will be all later looks. Reading the clock raises the epoch: such a condition
//    may come true by itself, and is never called a deadlock.
//  - An image that has a notice or a task from others which it has not seen yet is not blocked, whatever it is waiting for.
//  - An image all of whose tasks wait (`tasks`) has let each of them look again (`rounds` grew by three), or it waits for another
//    task to go on first. An image with a task that waits for time to pass is never called blocked.
// Memory accesses are atomic and sequentially consistent on both sides, but for what schedulers raise in the place of the epoch (`stirs`): that
// is seen at the latest with the store by which its image says that it waits.
import { barrierWords, fibers, kernel, kernelBase, page, states, task } from './abi.ts';
import type { Activity } from './result.ts';

export interface ImageSight {
  readonly state: number;
  readonly epoch: number;
  readonly rechecks: number;
  /** How often all tasks of the image have looked again. */
  readonly rounds: number;
  readonly position: number;
  readonly value: number;
  /** Where the words of the barrier lie that it is at, or was at last. */
  readonly block: number;
  /** Of an image that waits in its last task: what that one waits for. */
  readonly last?: Wait;
}

/** A barrier, say, and the detail of it. */
interface Wait {
  readonly state: number;
  readonly value: number;
}

const word = (memory: Int32Array, address: number): number => Atomics.load(memory, address >>> 2);

/** The address of image `image`'s slot. */
const slotOf = (slotBits: number, image: number): number => (image + 1) * 2 ** slotBits;
const at = (memory: Int32Array, slot: number, offset: number): number => Atomics.load(memory, (slot + offset) / 4);

/** What the only task of an image waits for, as it waits with no other to run: a barrier, say, and the detail of it; undefined: nothing that is known. */
const lastWait = (memory: Int32Array, slot: number): Wait | undefined => {
  const block = at(memory, slot, fibers.waiters) >>> 0;
  if (block === 0 || block % 4 !== 0 || block + task.result > memory.byteLength) return undefined;
  const state = word(memory, block + task.state);
  // Who sleeps or joins waits in no such list; between two looks of its own a task says nothing.
  return state === 0 || state === states.running ? undefined : { state, value: word(memory, block + task.value) };
};

export const sightOf = (memory: Int32Array, slotBits: number, image: number): ImageSight => {
  const slot = slotOf(slotBits, image);
  const state = at(memory, slot, page.state);
  const value = at(memory, slot, page.stateValue);
  const last = state === states.tasks && value === 1 ? lastWait(memory, slot) : undefined;
  return {
    state,
    // Both only grow.
    epoch: (at(memory, slot, page.epoch) + at(memory, slot, fibers.stirs)) | 0,
    rechecks: at(memory, slot, page.rechecks),
    rounds: at(memory, slot, fibers.rounds),
    position: at(memory, slot, page.statePosition),
    value,
    block: at(memory, slot, page.meetBlock) >>> 0 || kernelBase,
    ...(last ? { last } : {}),
  };
};

const activities: Readonly<Record<number, Activity>> = {
  [states.starting]: 'starting',
  [states.running]: 'running',
  [states.barrier]: 'barrier',
  [states.waitUntil]: 'wait_until',
  [states.collective]: 'collective',
  [states.lock]: 'lock',
  [states.event]: 'event',
  [states.notified]: 'notified',
  [states.send]: 'send',
  [states.recv]: 'recv',
  [states.probe]: 'probe',
  [states.request]: 'request',
  [states.tasks]: 'tasks',
  [states.sleeping]: 'sleeping',
  [states.tasksOver]: 'finished',
  [states.finished]: 'finished',
  [states.faulted]: 'failed',
  [states.ready]: 'ready',
};
export const activityOf = (sight: Pick<ImageSight, 'state'>): Activity => activities[sight.state] ?? 'running';

/** The generation of a barrier; an address outside of memory has none. */
const generationOf = (memory: Int32Array, block: number): number | undefined =>
  block < kernelBase || block + barrierWords.generation > memory.byteLength - 4
    ? undefined
    : word(memory, block + barrierWords.generation);

/** Whether others have something for this image that it will find when it wakes up. */
const hasNews = (memory: Int32Array, slotBits: number, image: number): boolean =>
  [fibers.inbox, fibers.cancels, fibers.notices].some((o) => at(memory, slotOf(slotBits, image), o) !== 0);

/** All images, if none of them can go on by itself as far as one look tells. */
const lookAtAll = (memory: Int32Array, slotBits: number, images: number): readonly ImageSight[] | undefined => {
  const ready = word(memory, kernel.ready);
  const sights: ImageSight[] = [];
  let blocked = 0;
  for (let image = 0; image < images; image++) {
    const sight = sightOf(memory, slotBits, image);
    if (sight.state !== states.finished && hasNews(memory, slotBits, image)) return undefined;
    switch (sight.state) {
      case states.barrier:
      case states.collective:
      case states.notified:
        // Released already, and only not woken yet.
        if (sight.value !== generationOf(memory, sight.block)) return undefined;
        blocked++;
        break;
      case states.ready:
        if (ready === images) return undefined;
        blocked++;
        break;
      case states.waitUntil:
      case states.lock:
      case states.event:
      case states.send:
      case states.recv:
      case states.probe:
      case states.request:
        blocked++;
        break;
      case states.tasks:
        blocked++;
        break;
      case states.finished:
      case states.tasksOver:
        break;
      default:
        return undefined;
    }
    sights.push(sight);
  }
  return blocked > 0 ? sights : undefined;
};

const unchanged = (a: readonly ImageSight[], b: readonly ImageSight[]): boolean =>
  a.every((s, i) => s.state === b[i]?.state && s.epoch === b[i]?.epoch);

/** Waits that look at memory again and again; the others wait for a generation. */
const looksAgain: ReadonlySet<number> = new Set([
  ...[states.waitUntil, states.lock, states.event],
  ...[states.send, states.recv, states.probe, states.request],
]);

/** True when every wait_until, and all that tasks wait for, was looked at again, in whole, since `base`. */
const recheckedSince = (base: readonly ImageSight[], memory: Int32Array, slotBits: number): boolean =>
  base.every((s, image) => {
    const now = sightOf(memory, slotBits, image);
    // A round may have been under way; tasks look in one that began after `base`.
    if (s.state === states.tasks) return ((now.rounds - s.rounds) | 0) >= 3;
    return !looksAgain.has(s.state) || ((now.rechecks - s.rechecks) | 0) >= 2;
  });

/**
 * Returns a function to call again and again; once a deadlock is proven it gives what all images were seen to wait for. A later look may
 * find one of them looking again, and so running.
 */
export const deadlockProver = (
  memory: Int32Array,
  slotBits: number,
  images: number,
): (() => readonly ImageSight[] | undefined) => {
  let first: readonly ImageSight[] | undefined;
  /** Taken after `first` was complete: what was looked at again since then saw the unchanged memory. */
  let base: readonly ImageSight[] = [];
  return () => {
    // The order is the proof's: rechecks are counted before the second look begins.
    const rechecked = first !== undefined && recheckedSince(base, memory, slotBits);
    const second = lookAtAll(memory, slotBits, images);
    if (first && second && unchanged(first, second)) {
      // What the last task of an image waits for does not change either, but one look may have missed it.
      const seen = first.map((s, image) => ({ ...s, ...second[image] }));
      if (!rechecked) first = seen;
      return rechecked ? seen : undefined;
    }
    first = second;
    base = second
      ? second.map((s, image) => {
          const { rechecks, rounds } = sightOf(memory, slotBits, image);
          return { ...s, rechecks, rounds };
        })
      : [];
    return undefined;
  };
};
