// Takes checkpoints of a run, every so many seconds: asks all images to stand still, waits until they do, copies memory, lets them go
// on, and writes the copy to the disk while they run.
//
// Images stop at hooks and where they wait, so that soon all stand still, unless one of them has come to the end of the run: then there is nothing more to
// keep. See stdlib/runtime_checkpoint.pg for their side.
import { due, fibers, kernel, page } from './abi.ts';
import { encodeCheckpoint, type Snapshot } from './checkpoint.ts';
import { checkpointWriter, digestOf } from './checkpoint-folder.ts';
import type { CheckpointOptions } from './options.ts';
import type { Prepared } from './prepare.ts';
import { deedOf } from './report.ts';
import { takeSnapshot } from './snapshot.ts';
import { statuses } from './status.ts';

/** Between two looks whether all stand still. */
const lookMs = 1;
/** So long is waited for that: images that wait for each other without looking up must be let go on. */
const patienceMs = 2000;
const longestTimerMs = 2 ** 31 - 1;

export interface Checkpointer {
  /** Takes no more; settles when none is being written any more. */
  readonly end: () => Promise<void>;
}

interface Shot {
  readonly snapshot: Snapshot;
  readonly seconds: number;
  readonly outBytes: number;
  readonly outLines: number;
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** `origin`: of the run's time, as `process.hrtime.bigint()` has it. */
export const startCheckpointer = (
  p: Prepared,
  artifact: Uint8Array,
  options: CheckpointOptions,
  origin: bigint,
): Checkpointer => {
  const { folder, every, stackBytes, after } = options;
  const { images } = p;
  const { slotBits } = p.map;
  const words = new Int32Array(p.memory.buffer);
  const slots = Array.from({ length: images }, (_, image) => (image + 1) * 2 ** slotBits);
  const write = checkpointWriter(folder, after);
  const digest = digestOf(artifact);
  let ended = false;
  let request = 0;
  /** Whether it was said that images do not stand still: once in a run is enough. */
  let complained = false;

  const load = (address: number): number => Atomics.load(words, address >>> 2);
  const release = (): void => {
    Atomics.store(words, kernel.halt / 4, 0);
    Atomics.notify(words, kernel.halt / 4);
  };
  /** Tells an image that something is due, and wakes it if it sleeps. */
  const call = (slot: number): void => {
    Atomics.or(words, (slot + page.poll) / 4, due.stop);
    Atomics.add(words, (slot + fibers.bell) / 4, 1);
    const asleep = load(slot + fibers.asleep) >>> 0;
    if (asleep !== 0 && asleep < words.byteLength) Atomics.notify(words, asleep >>> 2);
  };
  const shot = (): Shot => {
    const longs = new BigInt64Array(p.memory.buffer);
    const count = (address: number): number => Number(Atomics.load(longs, address / 8));
    return {
      snapshot: takeSnapshot(p),
      seconds: Number(process.hrtime.bigint() - origin) / 1e9,
      outBytes: count(kernel.outBytes),
      outLines: count(kernel.outLines),
    };
  };

  const failed = (e: unknown): void => options.failed?.(e instanceof Error ? e.message : String(e));
  const complain = (running: readonly number[]): void => {
    const image = slots.findIndex((slot) => running.includes(slot));
    const status = statuses(p)[image];
    if (complained || !status) return;
    complained = true;
    failed(`image ${image} did not stand still within ${patienceMs / 1000} s: it ${deedOf(status)}`);
  };

  /** Memory as it is when all stand still; undefined: they do not, or the run ends. */
  const standStill = async (): Promise<Shot | undefined> => {
    // Memory is laid out first.
    while (!ended && load(kernel.ready) < images) await pause(lookMs);
    if (ended) return undefined;
    request++;
    Atomics.store(words, kernel.halt / 4, request);
    const end = performance.now() + patienceMs;
    let running: readonly number[] = slots;
    try {
      while (performance.now() < end) {
        running = slots.filter((slot) => load(slot + page.halted) !== request);
        // Lines that were posted are passed on before a checkpoint says so.
        if (running.length === 0 && load(kernel.outputDone) === load(kernel.outputTicket)) return shot();
        running.forEach(call);
        await pause(lookMs);
        if (ended || load(kernel.finished) > 0) return undefined;
      }
      complain(running);
      return undefined;
    } finally {
      release();
    }
  };

  const one = async (): Promise<void> => {
    const taken = await standStill();
    if (!taken || ended) return;
    const { snapshot, ...counts } = taken;
    const head = { artifact: digest, images, slotBits, ...(stackBytes === undefined ? {} : { stackBytes }) };
    await write(encodeCheckpoint({ ...head, ...counts, every }, snapshot));
  };

  let working: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const next = (): void => {
    if (ended) return;
    timer = setTimeout(
      () => {
        working = one().catch(failed).finally(next);
      },
      Math.min(every * 1000, longestTimerMs),
    );
  };
  next();
  return {
    end: () => {
      ended = true;
      clearTimeout(timer);
      return working;
    },
  };
};
