// How the node's memory is divided: slot 0 is the kernel's, image c owns slot c + 1, all of one power of two.
import {
  commAreaBytes,
  dataBase,
  defaultStackBytes,
  type Manifest,
  pageBytes,
  profileAreaBytes,
  slotTailBytes,
  traceAreaBytes,
  trackAreaBytes,
} from './abi.ts';

/** wasm's limit for a 32-bit memory. */
const nodeBytes = 2 ** 32;
/** Even an image alone gets no more by default: more would help few programs, and cost all of them address space. */
const defaultSlotBits = 30;
const largestSlotBits = 31;
/** Each image is a thread with an engine of its own, a few MiB and some 15 ms to start: more than this is a mistake. */
const mostImages = 512;
const smallestStack = 64 * 1024;
const smallestHeap = 64 * 1024;

export interface SlotOptions {
  readonly images: number;
  /** Upper bound for the bytes of a slot. */
  readonly slotBytes?: number;
  readonly stackBytes?: number;
}

/** Offsets in every slot. */
export interface SlotMap {
  readonly slotBits: number;
  readonly stackTop: number;
  readonly stackLimit: number;
  /** The fiber region lies between the top of the stack and here, in programs with tasks. */
  readonly fibersEnd: number;
  readonly heapBottom: number;
  readonly symmetricTop: number;
  /** Where samples lie, of programs that are built for profiles; else it is empty. */
  readonly samplesEnd: number;
  /** Likewise where the events of a trace lie, above the samples. */
  readonly eventsEnd: number;
  /** Likewise where communication is counted. */
  readonly countsEnd: number;
  /** Where the table of objects lies, of programs that track their memory; else both are the top of the stack. */
  readonly tableStart: number;
  readonly tableEnd: number;
}

export type SlotChoice =
  | { readonly kind: 'slots'; readonly map: SlotMap; readonly memory: WebAssembly.Memory }
  | { readonly kind: 'too-many-images'; readonly images: number; readonly fit: number; readonly why: string }
  | { readonly kind: 'no-resources'; readonly message: string; readonly hint: string };

const bitsFor = (bytes: number): number => Math.ceil(Math.log2(bytes));
const alignDown = (n: number, align: number): number => Math.floor(n / align) * align;
const mib = (bytes: number): string => `${Math.round((bytes / 2 ** 20) * 10) / 10} MiB`;

/** A quarter of a slot is for tasks. */
const fiberBytes = (manifest: Manifest, slotBits: number): number =>
  manifest.fiberBytes === undefined ? 0 : Math.max(manifest.fiberBytes, 2 ** (slotBits - 2));

const sampleBytes = (manifest: Manifest, slotBits: number): number =>
  manifest.profile === undefined ? 0 : profileAreaBytes(slotBits);

const eventBytes = (manifest: Manifest, slotBits: number): number =>
  manifest.trace === undefined ? 0 : traceAreaBytes(slotBits);

const countBytes = (manifest: Manifest): number =>
  manifest.comm === undefined ? 0 : commAreaBytes(manifest.positions.length);

/** The smallest slot in which the program can start. */
const neededBits = (manifest: Manifest, stackBytes: number): number => {
  const image = manifest.symmetricBase + manifest.symmetricBytes + smallestHeap + stackBytes + slotTailBytes;
  const room = image + (manifest.fiberBytes ?? 0);
  const first = bitsFor(Math.max(room, dataBase + manifest.dataBytes + pageBytes));
  /** Areas whose size is a part of the slot. */
  const parts = (bits: number): number =>
    fiberBytes(manifest, bits) +
    sampleBytes(manifest, bits) +
    eventBytes(manifest, bits) +
    countBytes(manifest) +
    (manifest.track === undefined ? 0 : trackAreaBytes(bits));
  let bits = first;
  while (bits < 32 && image + parts(bits) > 2 ** bits) bits++;
  return bits;
};

export const slotMap = (manifest: Manifest, slotBits: number, stackBytes: number | undefined): SlotMap => {
  const tableEnd = 2 ** slotBits - slotTailBytes;
  const tableStart = manifest.track === undefined ? tableEnd : tableEnd - trackAreaBytes(slotBits);
  const countsEnd = tableStart;
  const eventsEnd = countsEnd - countBytes(manifest);
  const samplesEnd = eventsEnd - eventBytes(manifest, slotBits);
  const fibersEnd = samplesEnd - sampleBytes(manifest, slotBits);
  const stackTop = fibersEnd - fiberBytes(manifest, slotBits);
  const symmetricTop = manifest.symmetricBase + manifest.symmetricBytes;
  const room = stackTop - symmetricTop;
  const stack = stackBytes ?? Math.max(smallestStack, Math.min(defaultStackBytes, alignDown(room / 8, 4096)));
  const stackLimit = alignDown(stackTop - stack, 4096);
  return {
    slotBits,
    stackTop,
    stackLimit,
    fibersEnd,
    samplesEnd,
    eventsEnd,
    countsEnd,
    heapBottom: stackLimit,
    symmetricTop,
    tableStart,
    tableEnd,
  };
};

export const allocate = (pages: number): WebAssembly.Memory | undefined => {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
  } catch (e) {
    if (e instanceof RangeError) return undefined;
    throw e;
  }
};

/** The largest slots that fit the address space and that the system gives. */
export const chooseSlots = (manifest: Manifest, options: SlotOptions): SlotChoice => {
  const { images } = options;
  const least = neededBits(manifest, options.stackBytes ?? smallestStack);
  const fit = Math.min(mostImages, Math.floor(nodeBytes / 2 ** least) - 1);
  if (fit < 1) {
    const bytes = manifest.symmetricBytes + manifest.privateBytes + (options.stackBytes ?? 0);
    return {
      kind: 'no-resources',
      message: `the program's variables and stack need ${mib(bytes)} an image, more than a node can hold`,
      hint: 'use smaller arrays or a smaller --stack',
    };
  }
  if (images > fit) {
    const why =
      fit === mostImages
        ? `a node runs at most ${mostImages} images`
        : `this program needs ${mib(2 ** least)} an image, and a node has 4 GiB`;
    return { kind: 'too-many-images', images, fit, why };
  }
  const cap =
    options.slotBytes === undefined
      ? defaultSlotBits
      : Math.min(largestSlotBits, Math.floor(Math.log2(options.slotBytes)));
  if (cap < least) {
    return {
      kind: 'no-resources',
      message: `the memory allowed for an image is too small: ${mib(2 ** cap)}, the program needs ${mib(2 ** least)}`,
      hint: 'allow more memory, or use smaller arrays',
    };
  }
  const largest = Math.min(cap, Math.floor(Math.log2(nodeBytes / (images + 1))));
  for (let slotBits = largest; slotBits >= least; slotBits--) {
    const memory = allocate(((images + 1) * 2 ** slotBits) / pageBytes);
    if (memory) return { kind: 'slots', map: slotMap(manifest, slotBits, options.stackBytes), memory };
  }
  return {
    kind: 'no-resources',
    message: `the system gives no memory of ${mib((images + 1) * 2 ** least)}, the least that ${images} images need`,
    hint: 'run with fewer images, or raise the limit on address space (ulimit -v)',
  };
};
