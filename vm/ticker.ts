// Starts and ends the thread that raises the poll flags (ticker-thread.ts), for programs whose hooks are due by the clock.
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Prepared } from './prepare.ts';
import type { TickerData } from './ticker-thread.ts';

/** The thread's file lies beside that of the images' threads. */
const urlBeside = (worker: URL | string): URL | string =>
  worker instanceof URL ? new URL('./ticker.cjs', worker) : worker.replace(/[^\\/]*$/, 'ticker.cjs');

/** Whether this run needs the clock: the program has hooks, and something waits for them. */
export const needsTicker = ({ manifest }: Prepared, asked: boolean): boolean =>
  manifest.hooks?.timing === 'ticker' && (asked || manifest.fiberBytes !== undefined);

/** The thread; it ends with the run, or when it is terminated. A run goes on without it if it cannot be had. */
export const startTicker = (p: Prepared, worker: URL | string): Worker => {
  const data: TickerData = {
    memory: p.memory,
    images: p.images,
    slotBits: p.map.slotBits,
    interval: p.manifest.hooks?.interval ?? 100,
    spin: availableParallelism() > p.images,
  };
  const thread = new Worker(urlBeside(worker), {
    workerData: data,
    execArgv: [],
    stdin: false,
    trackUnmanagedFds: false,
  });
  thread.on('error', () => {});
  thread.unref();
  return thread;
};
