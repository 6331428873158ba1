// Numbers and sections as WebAssembly writes them: LEB128 (WebAssembly core specification, "Binary Format", 5.2.2), and custom sections.

/** An unsigned number, seven bits a byte, the lowest first. */
export const leb128 = (n: number): number[] => {
  const bytes: number[] = [];
  let rest = n;
  do {
    const byte = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest > 0 ? byte | 0x80 : byte);
  } while (rest > 0);
  return bytes;
};

/** A custom section with its head. */
export const customSection = (name: string, content: Uint8Array): Uint8Array => {
  const nameBytes = new TextEncoder().encode(name);
  const size = leb128(nameBytes.length);
  const head = [0, ...leb128(size.length + nameBytes.length + content.length), ...size, ...nameBytes];
  const out = new Uint8Array(head.length + content.length);
  out.set(head);
  out.set(content, head.length);
  return out;
};

/** The module with more bytes at an offset: before another section, or at its end. */
export const inserted = (wasm: Uint8Array, at: number, section: Uint8Array): Uint8Array => {
  const out = new Uint8Array(wasm.length + section.length);
  out.set(wasm.subarray(0, at));
  out.set(section, at);
  out.set(wasm.subarray(at), at + section.length);
  return out;
};
