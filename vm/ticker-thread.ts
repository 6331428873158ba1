// The thread that raises the poll flags of all images, once in each interval: the node's timer.
//
// A sleep ends some 50 µs late, as systems collect timers. So it is cut short, and where there is a core for it the thread spins for the
// rest; where there is none, ticks come late and then at once. What was missed is not made up for: a bit is set or it is not.
import { workerData } from 'node:worker_threads';
import { due, kernel, page } from './abi.ts';

/** What the thread is given. */
export interface TickerData {
  readonly memory: WebAssembly.Memory;
  readonly images: number;
  readonly slotBits: number;
  /** Microseconds. */
  readonly interval: number;
  /** There is a core to spin on. */
  readonly spin: boolean;
}

/** A sleep takes about so much longer than asked, in milliseconds. */
const late = 0.06;

const tick = ({ memory, images, slotBits, interval, spin }: TickerData): void => {
  const words = new Int32Array(memory.buffer);
  const polls = Array.from({ length: images }, (_, image) => ((image + 1) * 2 ** slotBits + page.poll) / 4);
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  const step = interval / 1000;
  let next = performance.now() + step;
  while (Atomics.load(words, kernel.stop / 4) === 0) {
    const rest = next - performance.now();
    if (rest > (spin ? late : 0)) Atomics.wait(asleep, 0, 0, Math.max(rest - late, 0.001));
    if (spin) while (performance.now() < next);
    for (const poll of polls) Atomics.or(words, poll, due.tick);
    next = Math.max(next + step, performance.now());
  }
};

tick(workerData as TickerData);
