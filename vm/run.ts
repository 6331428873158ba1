// Runs an artifact: one thread an image, all over one shared memory. The run ends as a whole: when all images have
// returned, or at once when one fails, exits, when all wait for each other, when time is up or somebody interrupts.
import type { Worker } from 'node:worker_threads';
import { kernel } from './abi.ts';
import { startCheckpointer } from './checkpointer.ts';
import { faultOf } from './fault.ts';
import { type FileRules, fileRules } from './files.ts';
import type { ImageMessage, StartMessage } from './messages.ts';
import type { RunOptions } from './options.ts';
import { defaultWorkerUrl, type Pool, poolIsUp, startPool, takeThread } from './pool.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { RunResult } from './result.ts';
import { createSinks } from './sinks.ts';
import { statuses, statusesAt } from './status.ts';
import { startTicker, tickerIsUp, tickerNeeds } from './ticker.ts';
import { deadlockProver } from './watch.ts';

export type { EndedNode, RunOptions } from './options.ts';
export type { Pool } from './pool.ts';
export { startPool } from './pool.ts';
export type { Fault, Frame, ImageStatus, RunResult } from './result.ts';
export type { Sink } from './sinks.ts';

/** Images that fail within this time of the first count as failing together: the lowest is reported, always the same. */
const graceMs = 20;
const watchMs = 50;
const longestTimerMs = 2 ** 31 - 1;

/** The result that the failure of one image is; undefined for an image that returned. */
const failureOf = (
  p: Prepared,
  image: number,
  message: Exclude<ImageMessage, { kind: 'line' | 'up' }>,
): RunResult | undefined => {
  switch (message.kind) {
    case 'finished':
      return undefined;
    case 'link':
      return { kind: 'bad-artifact', message: `it does not fit this node: ${message.message}`, hint: 'build it again' };
    case 'output-failed':
      return message;
    case 'threw': {
      const slot = (image + 1) * 2 ** p.map.slotBits;
      const fault = faultOf(p.manifest, new DataView(p.memory.buffer), image, slot, message);
      if (fault.kind === 'exit') return { kind: 'exit', code: Number(BigInt.asIntN(32, fault.values[0] ?? 0n)), image };
      return { kind: 'fault', fault, images: p.images };
    }
  }
};

const threadFailed = (message: string): RunResult =>
  /memory|ERR_WORKER_INIT_FAILED|EAGAIN/i.test(message)
    ? { kind: 'no-resources', message: `a thread could not go on: ${message}`, hint: 'run with fewer images' }
    : { kind: 'internal', message: `a thread failed: ${message}` };

/** Starts the images and waits for the end of the run. Whoever calls ends the threads. */
const untilEnd = (
  p: Prepared,
  artifact: Uint8Array,
  options: RunOptions,
  files: FileRules,
  workers: Worker[],
  pool: Pool,
  origin: bigint,
): Promise<RunResult> =>
  new Promise((resolve, reject) => {
    const words = new Int32Array(p.memory.buffer);
    const { stdout = 'inherit', stderr = 'inherit' } = options;
    // What passed before a checkpoint is time of the run.
    const checkpointer = options.checkpoints && startCheckpointer(p, artifact, options.checkpoints, origin);
    const sinks = createSinks(stdout, stderr, words);
    const failures = new Map<number, RunResult>();
    let ended = 0;
    let grace: NodeJS.Timeout | undefined;
    let over = false;

    const settle = (result: RunResult): void => {
      if (over) return;
      over = true;
      clearInterval(watch);
      clearTimeout(timer);
      clearTimeout(grace);
      options.signal?.removeEventListener('abort', interrupt);
      Atomics.store(words, kernel.stop / 4, 1);
      // What was recorded is the cause; that time ran out meanwhile is not.
      const first = Math.min(...failures.keys());
      const verdict = failures.get(first) ?? result;
      // Exits are reported after the last message of a thread, so all lines have come by then.
      Promise.all([checkpointer?.end(), ...workers.map((w) => w.terminate())]).then(() => {
        guarded(() => sinks.flush());
        resolve(verdict);
      }, reject);
    };
    /** A sink is the caller's code: what it throws is for the caller, and ends the run. So does a mistake of ours. */
    const guarded = (f: () => void): void => {
      try {
        f();
      } catch (e) {
        reject(e);
        settle({ kind: 'internal', message: 'a message could not be handled' });
      }
    };
    const imageEnded = (image: number, failure: RunResult | undefined): void => {
      ended++;
      if (failure) failures.set(image, failure);
      if (ended === p.images) settle({ kind: 'ok' });
      else if (failure) grace ??= setTimeout(() => settle(failure), graceMs);
    };
    const interrupt = (): void => settle({ kind: 'interrupted', images: statuses(p) });

    const prove = deadlockProver(words, p.map.slotBits, p.images);
    const watch = setInterval(() => {
      const sights = prove();
      if (sights) settle({ kind: 'deadlock', images: statusesAt(p, sights) });
    }, watchMs);
    const seconds = options.timeout;
    const timer =
      seconds === undefined
        ? undefined
        : setTimeout(
            () => settle({ kind: 'timeout', seconds, images: statuses(p) }),
            Math.min(seconds * 1000, longestTimerMs),
          );
    options.signal?.addEventListener('abort', interrupt);

    for (let image = 0; image < p.images; image++) {
      const thread = takeThread(pool);
      const { worker } = thread;
      workers.push(worker);
      let open = true;
      const end = (failure: RunResult | undefined): void => {
        if (open) imageEnded(image, failure);
        open = false;
      };
      worker.on('message', (message: ImageMessage) => {
        if (message.kind === 'line') guarded(() => sinks.take(message.ticket, message.stream, message.text));
        else if (message.kind !== 'up') guarded(() => end(failureOf(p, image, message)));
      });
      worker.on('error', (e: unknown) => end(threadFailed(e instanceof Error ? e.message : String(e))));
      worker.on('messageerror', () => end(threadFailed('a message could not be read')));
      worker.on('exit', () => end(threadFailed(thread.failure ?? 'it ended without a word')));
      if (thread.failure !== undefined) {
        end(threadFailed(thread.failure));
        continue;
      }
      const start: StartMessage = {
        module: p.module,
        memory: p.memory,
        image,
        images: p.images,
        slotBits: p.map.slotBits,
        stackTop: p.map.stackTop,
        writableBase: p.manifest.writableBase,
        formats: p.manifest.formats,
        resumed: options.resume !== undefined,
        counted: options.checkpoints !== undefined,
        post: { out: stdout !== 'inherit', err: stderr !== 'inherit' },
        origin,
        files,
      };
      worker.postMessage(start);
    }
    // Somebody may have interrupted before we listened.
    if (options.signal?.aborted) interrupt();
  });

/**
 * Runs an artifact to its end. Everything that can go wrong with it or in it is a value; only a sink that throws rejects.
 * No thread is left when the promise settles, and all lines have been passed to their sinks.
 */
export const run = async (artifact: Uint8Array, options: RunOptions = {}): Promise<RunResult> => {
  const workers: Worker[] = [];
  let pool = options.pool;
  let ended: Prepared | undefined;
  let origin = process.hrtime.bigint();
  try {
    if (options.timeout !== undefined && !(options.timeout > 0)) {
      return {
        kind: 'bad-option',
        message: `bad timeout: ${options.timeout}`,
        hint: 'give a number of seconds above 0',
      };
    }
    const files = fileRules(options);
    if ('error' in files) return { kind: 'bad-option', message: files.error, hint: files.hint };
    // V8 throws away what it has compiled of Node's own code when its flags change: a thread that starts after costs 25 ms more.
    if (pool && options.tuneV8) await poolIsUp(pool);
    const prepared = prepare(artifact, options);
    if (prepared.kind !== 'prepared') return prepared;
    if (options.signal?.aborted) return { kind: 'interrupted', images: statuses(prepared) };
    pool ??= startPool(0, options.workerUrl ?? defaultWorkerUrl());
    ended = prepared;
    const ticks = tickerNeeds(prepared, options);
    const ticker = ticks && startTicker(prepared, ticks, pool.url);
    if (ticker) workers.push(ticker);
    // A profile begins with the program.
    if (ticker && ticks.sample !== undefined) await tickerIsUp(ticker);
    origin = process.hrtime.bigint() - BigInt(Math.round((options.resume?.head.seconds ?? 0) * 1e9));
    return await untilEnd(prepared, artifact, options, files, workers, pool, origin);
  } finally {
    const seconds = Number(process.hrtime.bigint() - origin) / 1e9;
    await pool?.close();
    await Promise.all(workers.map((w) => w.terminate()));
    if (ended) {
      const { manifest, images, map } = ended;
      options.atEnd?.({ memory: new DataView(ended.memory.buffer), manifest, images, slotBits: map.slotBits, seconds });
    }
  }
};
