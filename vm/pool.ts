// The threads of the images. They can be started before it is known what they will run: a thread takes longer to start
// than a cached artifact to load.
import { SHARE_ENV, Worker } from 'node:worker_threads';

/**
 * Megabytes of machine stack for a thread: about a million small PG frames. V8 checks against it at every call, so
 * a recursion without an end is a fault of the program and never of the process.
 */
const stackSizeMb = 64;

/** A thread that waits for its start message, or has failed before it got one. */
export interface Thread {
  readonly worker: Worker;
  /** Settles when it waits for its start message, or has failed. */
  readonly up: Promise<void>;
  failure?: string;
}

export interface Pool {
  /** Taken from the front; whoever takes one ends it. */
  readonly idle: Thread[];
  readonly url: URL | string;
  /** Ends the threads that nobody took. */
  readonly close: () => Promise<void>;
}

/** The worker's file lies beside the bundle; when run from TypeScript sources, in dist/. */
export const defaultWorkerUrl = (): URL =>
  new URL(import.meta.url.endsWith('.ts') ? '../dist/worker.cjs' : './worker.cjs', import.meta.url);

const startThread = (url: URL | string): Thread => {
  const worker = new Worker(url, {
    execArgv: [],
    stdin: false,
    env: SHARE_ENV,
    trackUnmanagedFds: false,
    resourceLimits: { stackSizeMb },
  });
  const up = new Promise<void>((resolve) => {
    worker.once('message', () => resolve());
    worker.once('exit', () => resolve());
  });
  const thread: Thread = { worker, up };
  // It may fail before anybody takes it: whoever does must hear of it.
  worker.on('error', (e) => {
    thread.failure ??= e instanceof Error ? e.message : String(e);
  });
  return thread;
};

/** Starts `count` threads, which do not keep the process alive until they are taken. */
export const startPool = (count: number, url: URL | string = defaultWorkerUrl()): Pool => {
  const idle = Array.from({ length: count }, () => {
    const thread = startThread(url);
    thread.worker.unref();
    return thread;
  });
  return {
    idle,
    url,
    close: async () => {
      await Promise.all(idle.splice(0).map((t) => t.worker.terminate()));
    },
  };
};

/** Waits until all threads of the pool are up. */
export const poolIsUp = async (pool: Pool): Promise<void> => {
  for (const thread of pool.idle) thread.worker.ref();
  await Promise.all(pool.idle.map((t) => t.up));
};

/** A thread that waits, or a new one. */
export const takeThread = (pool: Pool): Thread => {
  const thread = pool.idle.shift() ?? startThread(pool.url);
  thread.worker.ref();
  return thread;
};
