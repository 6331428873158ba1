// A model of caches: which accesses of images to a shared memory move a line from one core to another, if each image has a core of its own, with a cache
// that never overflows. The protocol is MSI (as in Sorin, Hill, Wood: A Primer on Memory Consistency and Cache Coherence, 2011): a read of a line that one
// has not fetches it, a write makes it one's own and takes it from all others. Counted is what no cache saves: a fetched line.

export const lineBytes = 64;

interface Line {
  /** Images that have it. */
  readonly readers: Set<number>;
  /** The image that may write it; -1: none. */
  owner: number;
  moved: number;
}

export interface Traffic {
  /** Lines that went from one core to another, or came from memory. */
  readonly moved: number;
  /** The same, line by line. Those of one line happen one after the other. */
  readonly lines: ReadonlyMap<number, number>;
}

export class Caches {
  readonly #lines = new Map<number, Line>();
  #moved = 0;

  access(image: number, address: number, bytes: number, write: boolean): void {
    for (let at = Math.floor(address / lineBytes); at * lineBytes < address + bytes; at++)
      this.#touch(image, at, write);
  }

  #touch(image: number, at: number, write: boolean): void {
    const line = this.#lines.get(at) ?? { readers: new Set<number>(), owner: -1, moved: 0 };
    this.#lines.set(at, line);
    const has = write ? line.owner === image : line.readers.has(image);
    if (has) return;
    line.moved++;
    this.#moved++;
    if (write) {
      line.readers.clear();
      line.owner = image;
    } else if (line.owner >= 0) {
      line.owner = -1;
    }
    line.readers.add(image);
  }

  /** Since the caches were made, or since the last question. */
  take(): Traffic {
    const lines = new Map<number, number>();
    for (const [at, line] of this.#lines) {
      if (line.moved > 0) lines.set(at, line.moved);
      line.moved = 0;
    }
    const moved = this.#moved;
    this.#moved = 0;
    return { moved, lines };
  }
}
