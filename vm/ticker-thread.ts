// The thread that raises the poll flags of all images, once in each interval: the node's timer.
//
// A sleep ends some 50 µs late, as systems collect timers. So it is cut short, and where there is a core for it the thread spins for the
// rest; where there is none, ticks come late and then at once. What was missed is not made up for, as a bit is set or it is not; but it is counted.
import { workerData } from 'node:worker_threads';
import { due, kernel, page } from './abi.ts';
import { samplerOf } from './sampler.ts';

/** What the thread is given. */
export interface TickerData {
  readonly memory: WebAssembly.Memory;
  readonly images: number;
  readonly slotBits: number;
  /** Microseconds; undefined: hooks are not due by the clock. */
  readonly interval?: number;
  /** Microseconds between two samples of what the images do; undefined: none are taken. */
  readonly sample?: number;
  /** There is a core to spin on. */
  readonly spin: boolean;
}

/** A sleep takes about so much longer than asked, in milliseconds. */
const late = 0.06;

const tick = ({ memory, images, slotBits, interval, sample, spin }: TickerData): void => {
  const words = new Int32Array(memory.buffer);
  const slots = Array.from({ length: images }, (_, image) => (image + 1) * 2 ** slotBits);
  const asleep = new Int32Array(new SharedArrayBuffer(4));
  const sampler = samplerOf(words, slots);
  const step = (interval ?? Number.POSITIVE_INFINITY) / 1000;
  const sampleStep = (sample ?? Number.POSITIVE_INFINITY) / 1000;
  let next = performance.now() + step;
  let nextSample = performance.now() + sampleStep;
  while (Atomics.load(words, kernel.stop / 4) === 0) {
    const until = Math.min(next, nextSample);
    const rest = until - performance.now();
    // A sample may be late: it stands for the time since the last one.
    const exact = spin && next <= nextSample;
    if (rest > (exact ? late : 0)) Atomics.wait(asleep, 0, 0, Math.max(rest - late, 0.001));
    if (exact) while (performance.now() < until);
    const now = performance.now();
    if (now >= next) {
      Atomics.add(words, kernel.ticks / 4, 1 + Math.floor((now - next) / step));
      for (const slot of slots) Atomics.or(words, (slot + page.poll) / 4, due.tick);
      next = Math.max(next + step, now);
    }
    if (now >= nextSample) {
      // What was missed counts: samples stand for time.
      const passed = 1 + Math.floor((now - nextSample) / sampleStep);
      sampler(passed);
      nextSample += passed * sampleStep;
    }
  }
};

tick(workerData as TickerData);
