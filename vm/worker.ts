// The thread of one image. It waits for its module and memory, instantiates, runs init and main, and says how it ended.
// Imports are kept few: each costs every image at its start.
import { parentPort } from 'node:worker_threads';
import { exports, guardCounters, guardSlack, imports, kernel, page, states } from './abi.ts';
import { createFiles } from './files.ts';
import type { ImageMessage, StartMessage } from './messages.ts';
import { createOutput, OutputError } from './output.ts';
import { stackDepth } from './stack.ts';

const send = (message: ImageMessage): void => parentPort?.postMessage(message);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What an exception says of itself; nothing is assumed of it, as anything can be thrown. */
const describe = (e: unknown): ImageMessage => {
  if (e instanceof OutputError) return { kind: 'output-failed', stream: e.stream, code: e.code };
  if (!(e instanceof Error)) return { kind: 'threw', name: 'Error', message: String(e), stack: '' };
  return { kind: 'threw', name: textOf(e.name), message: textOf(e.message), stack: textOf(e.stack) };
};

/** The functions and globals that a module imports. */
const importsOf = (start: StartMessage, words: Int32Array): Record<string, WebAssembly.ImportValue> => {
  const { memory, image, images, slotBits, formats } = start;
  const slot = (image + 1) * 2 ** slotBits;
  const bytes = new Uint8Array(memory.buffer);
  const output = createOutput({ words, post: start.post, send, counted: start.counted });
  const files = createFiles(bytes, start.files);
  const epoch = (slot + page.epoch) / 4;
  const plain = { type: 'i64' } as const;
  const put = (format: number, value: number | bigint): void => output.value(formats[format] ?? plain, value);
  return {
    [imports.memory]: memory,
    // An i32 global takes the address modulo 2^32.
    [imports.slot]: slot | 0,
    [imports.image]: image,
    [imports.images]: images,
    [imports.slotBits]: slotBits,
    [imports.outI32]: put,
    [imports.outI64]: put,
    [imports.outF32]: put,
    [imports.outF64]: put,
    [imports.outStr]: (format: number, address: number, length: number) => {
      // A copy: the text lies in shared memory.
      const text = bytes.slice(address >>> 0, (address >>> 0) + (length >>> 0));
      const spec = formats[format];
      if (spec === undefined || (spec.width === undefined && spec.precision === undefined)) output.text(text);
      else output.value(spec, new TextDecoder().decode(text));
    },
    [imports.outEnd]: (stream: number, newline: number) => output.end(stream === 2 ? 2 : 1, newline !== 0),
    [imports.now]: () => {
      // A condition that reads the clock may come true by itself: see watch.ts.
      Atomics.add(words, epoch, 1);
      return Number(process.hrtime.bigint() - start.origin) / 1e9;
    },
    [imports.fileOpen]: files.open,
    [imports.fileRead]: files.read,
    [imports.fileWrite]: files.write,
  };
};

const functionOf = (instance: WebAssembly.Instance, name: string): (() => void) => {
  const value = instance.exports[name];
  if (typeof value !== 'function') throw new WebAssembly.LinkError(`${name} is not a function`);
  return () => void value();
};

const run = (start: StartMessage): void => {
  const { memory, image, images, slotBits, stackTop } = start;
  const slot = (image + 1) * 2 ** slotBits;
  const words = new Int32Array(memory.buffer);
  const enter = (state: number): void => {
    Atomics.add(words, (slot + page.epoch) / 4, 1);
    Atomics.store(words, (slot + page.state) / 4, state);
  };
  /** Waits until a word of the kernel has reached a count. Whoever raises it notifies afterwards, so no wake-up is lost. */
  const gate = (address: number, count: number): void => {
    for (let seen = Atomics.load(words, address / 4); seen < count; seen = Atomics.load(words, address / 4)) {
      Atomics.wait(words, address / 4, seen);
    }
  };
  const raise = (address: number): void => {
    Atomics.add(words, address / 4, 1);
    Atomics.notify(words, address / 4);
  };

  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(start.module, { pgc: importsOf(start, words) });
    const stackPointer = instance.exports[exports.stackPointer];
    if (!(stackPointer instanceof WebAssembly.Global)) throw new WebAssembly.LinkError('no stack pointer');
    stackPointer.value = (slot + stackTop - guardSlack) | 0;
  } catch (e) {
    send({ kind: 'link', message: e instanceof Error ? e.message : String(e) });
    return;
  }
  /** In artifacts that count their guards: how many ran, for whoever looks at the memory afterwards. */
  const count = (): void => {
    for (const [k, name] of guardCounters.entries()) {
      const counter = instance.exports[name];
      if (!(counter instanceof WebAssembly.Global)) return;
      Atomics.store(new BigInt64Array(memory.buffer), (slot + page.guardCounts) / 8 + k, BigInt(counter.value));
    }
  };
  /** All that comes before `main`. */
  const layOut = (): void => {
    // Read-only data is there before any image computes with it.
    if (image === 0) {
      functionOf(instance, exports.load)();
      raise(kernel.loaded);
    } else gate(kernel.loaded, 1);
    enter(states.running);
    functionOf(instance, exports.init)();
    // From now on lets stay as they are.
    Atomics.store(words, (slot + page.writable) / 4, start.writableBase);
    // No image writes to another's memory before that one has laid it out.
    enter(states.ready);
    raise(kernel.ready);
    gate(kernel.ready, images);
  };
  Error.stackTraceLimit = stackDepth;
  try {
    if (!start.resumed) layOut();
    enter(states.running);
    functionOf(instance, exports.main)();
    count();
    enter(states.finished);
    raise(kernel.finished);
    send({ kind: 'finished' });
  } catch (e) {
    count();
    enter(states.faulted);
    send(describe(e));
  }
};

parentPort?.once('message', run);
send({ kind: 'up' });
