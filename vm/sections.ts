// A WebAssembly module as bytes: its sections, and a reader for what is in them. Nothing is trusted: whatever the bytes are, the
// reader stays inside of them and says so when they end too early. Format: WebAssembly Core Specification 2.0, chapter 5.

/** Reads numbers and names one after the other. Past the end, or after a number too long, everything reads as 0 and `failed` is set. */
export interface Reader {
  readonly failed: boolean;
  readonly at: number;
  readonly byte: () => number;
  /** Unsigned, LEB128, at most 32 bits. */
  readonly u32: () => number;
  readonly skip: (bytes: number) => void;
  /** A length, then so many bytes of UTF-8. */
  readonly name: () => string;
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export const readerOf = (bytes: Uint8Array, start: number, end: number): Reader => {
  let at = start;
  let failed = false;
  const byte = (): number => {
    if (failed || at >= end) {
      failed = true;
      return 0;
    }
    return bytes[at++] ?? 0;
  };
  const u32 = (): number => {
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const b = byte();
      value += (b & 0x7f) * 2 ** (7 * i);
      if (b < 0x80) break;
      if (i === 4) failed = true;
    }
    if (value >= 2 ** 32) failed = true;
    return failed ? 0 : value;
  };
  const skip = (count: number): void => {
    if (count > end - at) failed = true;
    else at += count;
  };
  return {
    get failed() {
      return failed;
    },
    get at() {
      return at;
    },
    byte,
    u32,
    skip,
    name: () => {
      const length = u32();
      const from = at;
      skip(length);
      return failed ? '' : decoder.decode(bytes.subarray(from, at));
    },
  };
};

export interface Section {
  readonly id: number;
  /** Of the section as a whole. */
  readonly at: number;
  /** Of its content; of a custom section: after its name. */
  readonly start: number;
  readonly end: number;
  /** Of a custom section (id 0), else empty. */
  readonly name: string;
}

/** The sections of a module; undefined when the file ends inside of one. */
export const sectionsOf = (bytes: Uint8Array): readonly Section[] | undefined => {
  const sections: Section[] = [];
  for (let at = 8; at < bytes.length; ) {
    const head = readerOf(bytes, at, bytes.length);
    const id = head.byte();
    const size = head.u32();
    const end = head.at + size;
    if (head.failed || end > bytes.length) return undefined;
    const content = readerOf(bytes, head.at, end);
    const name = id === 0 ? content.name() : '';
    if (content.failed) return undefined;
    sections.push({ id, at, start: content.at, end, name });
    at = end;
  }
  return sections;
};
