// The lines of all images, in the main thread: each took a number when it was printed, and is passed on in that order,
// though the threads' messages come in any.
import { kernel } from './abi.ts';

/** `inherit`: the images write to the file descriptor themselves. A function gets every line, whole, with its line break. */
export type Sink = 'inherit' | ((text: string) => void);

export interface Sinks {
  readonly take: (ticket: number, stream: 1 | 2, text: string) => void;
  /** Passes on what is left once no image runs: numbers whose line never came are skipped. */
  readonly flush: () => void;
}

export const createSinks = (out: Sink, err: Sink, words: Int32Array): Sinks => {
  const waiting = new Map<number, readonly [1 | 2, string]>();
  // A run that goes on from a checkpoint has printed before.
  let next = Atomics.load(words, kernel.outputDone / 4);
  const pass = (stream: 1 | 2, text: string): void => {
    const sink = stream === 1 ? out : err;
    if (sink !== 'inherit') sink(text);
  };
  const acknowledge = (): void => {
    Atomics.store(words, kernel.outputDone / 4, next);
    Atomics.notify(words, kernel.outputDone / 4);
  };
  return {
    take: (ticket, stream, text) => {
      waiting.set(ticket, [stream, text]);
      for (let line = waiting.get(next); line; line = waiting.get(next)) {
        waiting.delete(next++);
        pass(...line);
      }
      acknowledge();
    },
    flush: () => {
      for (const [, line] of [...waiting].sort(([a], [b]) => a - b)) pass(...line);
      waiting.clear();
    },
  };
};
