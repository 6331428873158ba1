// The lines of an image, in its own thread: pieces are gathered, a line leaves whole.
import { writeSync } from 'node:fs';
import { type Format, kernel } from './abi.ts';
import { formatValue, type Printable } from './format.ts';
import type { ImageMessage } from './messages.ts';

/** Lines posted to the main thread that it has not seen yet: a program that prints faster than they are taken waits. */
const mostUnseen = 4096;

/** Thrown through wasm when a stream cannot be written any more. */
export class OutputError extends Error {
  readonly stream: 1 | 2;
  readonly code: string;
  constructor(stream: 1 | 2, code: string) {
    super(`output: ${code}`);
    this.stream = stream;
    this.code = code;
  }
}

/** Puts the current thread to sleep. */
const nap = new Int32Array(new SharedArrayBuffer(4));

const codeOf = (e: unknown): string =>
  typeof e === 'object' && e !== null && 'code' in e && typeof e.code === 'string' ? e.code : 'EIO';

const writeAll = (stream: 1 | 2, bytes: Uint8Array): void => {
  let at = 0;
  while (at < bytes.length) {
    try {
      at += writeSync(stream, bytes, at, bytes.length - at);
    } catch (e) {
      const code = codeOf(e);
      // A pipe that is full, and set not to block by whoever shares it: try again a little later.
      if (code !== 'EAGAIN' && code !== 'EINTR') throw new OutputError(stream, code);
      Atomics.wait(nap, 0, 0, 1);
    }
  }
};

export interface Output {
  readonly text: (bytes: Uint8Array) => void;
  readonly value: (format: Format, value: Printable) => void;
  readonly end: (stream: 1 | 2, newline: boolean) => void;
}

export interface OutputOptions {
  /** The node's memory as words. */
  readonly words: Int32Array;
  readonly post: { readonly out: boolean; readonly err: boolean };
  readonly send: (message: ImageMessage) => void;
  /** Count what goes to standard output. */
  readonly counted: boolean;
}

export const createOutput = ({ words, post, send, counted }: OutputOptions): Output => {
  const lock = kernel.outputLock / 4;
  const ticket = kernel.outputTicket / 4;
  const done = kernel.outputDone / 4;
  const encoder = new TextEncoder();
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  let line = new Uint8Array(1024);
  let length = 0;

  const append = (bytes: Uint8Array): void => {
    if (length + bytes.length > line.length) {
      const larger = new Uint8Array(Math.max(2 * line.length, length + bytes.length));
      larger.set(line.subarray(0, length));
      line = larger;
    }
    line.set(bytes, length);
    length += bytes.length;
  };

  /** One at a time: a line longer than a pipe takes at once is written in pieces. */
  const write = (stream: 1 | 2): void => {
    while (Atomics.compareExchange(words, lock, 0, 1) !== 0) Atomics.wait(words, lock, 1, 20);
    try {
      writeAll(stream, line.subarray(0, length));
    } finally {
      Atomics.store(words, lock, 0);
      Atomics.notify(words, lock, 1);
    }
  };

  const postLine = (stream: 1 | 2): void => {
    const own = Atomics.add(words, ticket, 1);
    send({ kind: 'line', ticket: own, stream, text: decoder.decode(line.subarray(0, length)) });
    for (let seen = Atomics.load(words, done); own - seen > mostUnseen; seen = Atomics.load(words, done)) {
      Atomics.wait(words, done, seen, 100);
    }
  };

  const longs = new BigInt64Array(words.buffer);
  const count = (newline: boolean): void => {
    Atomics.add(longs, kernel.outBytes / 8, BigInt(length));
    if (newline) Atomics.add(longs, kernel.outLines / 8, 1n);
  };

  return {
    text: append,
    value: (format, value) => append(encoder.encode(formatValue(format, value))),
    end: (stream, newline) => {
      if (newline) append(Uint8Array.of(10));
      if (stream === 1 ? post.out : post.err) postLine(stream);
      else write(stream);
      if (stream === 1 && counted) count(newline);
      length = 0;
    },
  };
};
