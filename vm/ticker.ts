// Starts and ends the thread that raises the poll flags (ticker-thread.ts), for programs whose hooks are due by the clock.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Prepared } from './prepare.ts';
import type { TickerData } from './ticker-thread.ts';

/** The thread's file lies beside that of the images' threads. */
const urlBeside = (worker: URL | string): URL | string =>
  worker instanceof URL ? new URL('./ticker.cjs', worker) : worker.replace(/[^\\/]*$/, 'ticker.cjs');

/** What a run needs the clock for: hooks that something waits for, and samples. undefined: nothing. */
export const tickerNeeds = (
  { manifest }: Prepared,
  asked: { readonly ticker?: boolean; readonly sample?: number },
): Pick<TickerData, 'interval' | 'sample'> | undefined => {
  const waited = asked.ticker || manifest.fiberBytes !== undefined;
  const interval = manifest.hooks?.timing === 'ticker' && waited ? manifest.hooks.interval : undefined;
  const sample = manifest.profile ? asked.sample : undefined;
  if (interval === undefined && sample === undefined) return undefined;
  return { ...(interval === undefined ? {} : { interval }), ...(sample === undefined ? {} : { sample }) };
};

/** The thread; it ends with the run, or when it is terminated. A run goes on without it if it cannot be had. */
export const startTicker = (
  p: Prepared,
  needs: Pick<TickerData, 'interval' | 'sample'>,
  worker: URL | string,
): Worker => {
  const data: TickerData = {
    memory: p.memory,
    images: p.images,
    slotBits: p.map.slotBits,
    ...needs,
    spin: availableParallelism() > p.images,
  };
  const thread = new Worker(urlBeside(worker), {
    workerData: data,
    execArgv: [],
    stdin: false,
    trackUnmanagedFds: false,
  });
  thread.on('error', () => {});
  // Who waits for it to come up may have nothing else to wait for.
  thread.once('online', () => thread.unref());
  return thread;
};

/** When the thread runs, or will not. */
export const tickerIsUp = (thread: Worker): Promise<void> =>
  new Promise((resolve) => {
    for (const event of ['online', 'exit'] as const) thread.once(event, () => resolve());
    thread.once('error', () => resolve());
  });
