// Hints about branches, for the engine's compiler: which way a branch nearly always goes. What hardly ever runs then costs no registers
// where it stands, also when it is in the middle of a hot loop.
//
// The custom section `metadata.code.branch_hint` of the WebAssembly proposal "Branch Hinting": for each function, offsets of `if` and
// `br_if` in its body, each with 1 (likely) or 0. It stands before the code. Engines that do not know it ignore it.

import { customSection, inserted, leb128 } from './wasm-bytes.ts';

/** A branch at an offset in the module. */
export interface Hint {
  readonly offset: number;
  readonly likely: boolean;
}

/** How hints are written as "lines" of a source map on their way through binaryen. */
export const hintLines = { unlikely: 1, likely: 2 } as const;

const sectionName = 'metadata.code.branch_hint';
const codeSection = 10;
const importSection = 2;
const opcodes: readonly (number | undefined)[] = [0x04, 0x0d];

/** Reads what binaryen wrote. */
class Reader {
  at: number;
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0;
  }

  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  skip(bytes: number): void {
    this.at += bytes;
  }
}

/** Imports that are functions: they come first in the numbering. */
const importedFunctions = (r: Reader): number => {
  let functions = 0;
  for (let n = r.number(); n > 0; n--) {
    r.skip(r.number());
    r.skip(r.number());
    const kind = r.byte();
    if (kind === 0) {
      functions++;
      r.number();
    } else if (kind === 2) {
      const limits = r.byte();
      r.number();
      if ((limits & 1) !== 0) r.number();
    } else if (kind === 3) r.skip(2);
    else throw new Error(`internal error: an import of kind ${kind}`);
  }
  return functions;
};

/** The module with the hints (in ascending order), and how many bytes that moves its code. */
export const withHints = (
  wasm: Uint8Array,
  hints: readonly Hint[],
): { readonly wasm: Uint8Array; readonly added: number } => {
  const r = new Reader(wasm, 8);
  let imported = 0;
  while (hints.length > 0 && r.at < wasm.length) {
    const start = r.at;
    const id = r.byte();
    const end = r.number() + r.at;
    if (id === importSection) imported = importedFunctions(new Reader(wasm, r.at));
    if (id !== codeSection) {
      r.at = end;
      continue;
    }
    const functions: number[][] = [];
    let next = 0;
    const count = r.number();
    for (let f = 0; f < count; f++) {
      const size = r.number();
      const body = r.at;
      r.skip(size);
      const entries: number[][] = [];
      for (let hint = hints[next]; hint && hint.offset < r.at; hint = hints[++next]) {
        if (opcodes.includes(wasm[hint.offset])) entries.push([...leb128(hint.offset - body), 1, hint.likely ? 1 : 0]);
      }
      if (entries.length > 0) functions.push([...leb128(imported + f), ...leb128(entries.length), ...entries.flat()]);
    }
    if (functions.length === 0) break;
    const section = customSection(sectionName, Uint8Array.from([...leb128(functions.length), ...functions.flat()]));
    return { wasm: inserted(wasm, start, section), added: section.length };
  }
  return { wasm, added: 0 };
};
