// The section of hints: every entry is at a branch, and says the way that the code goes.
import { describe, expect, it } from 'vitest';
import { withHints } from '../../compiler/branch-hints.ts';
import { artifactOf, programOf } from './instance.ts';

const name = 'metadata.code.branch_hint';

const numbers = (bytes: Uint8Array): number[] => {
  const out: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    out.push(value);
  }
  return out;
};

/** Bodies of the functions of a module: where each begins. */
const bodies = (wasm: Uint8Array): number[] => {
  const number = (at: number): [number, number] => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = wasm[at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return [value, at];
    }
  };
  for (let at = 8; at < wasm.length; ) {
    const id = wasm[at];
    const [size, start] = number(at + 1);
    if (id !== 10) {
      at = start + size;
      continue;
    }
    const found: number[] = [];
    let [count, next] = number(start);
    for (; count > 0; count--) {
      const [length, body] = number(next);
      found.push(body);
      next = body + length;
    }
    return found;
  }
  return [];
};

const text = `private @v size 8 align 8
func @init() { ret }
func @runtime.refuse(%a: i64, %n: i64, %w: i64) { ret }
func @main() {
  %v = global @v
  %p = addr %v
  guard.read %p, 0, 8
  %n = guard.near %p, 0, 64
  if @near %n likely { break @near } else {
    guard.write %p, 0, 8
    break @near
  }
  ret
}`;

describe('branch hints', () => {
  it('are at branches, and the module is what it was', async () => {
    const { wasm } = await artifactOf(programOf(text));
    const module = new WebAssembly.Module(wasm);
    const [section, another] = WebAssembly.Module.customSections(module, name);
    expect(another).toBeUndefined();
    const imported = WebAssembly.Module.imports(module).filter((i) => i.kind === 'function').length;
    const starts = bodies(wasm);
    const [functions, ...rest] = numbers(new Uint8Array(section as ArrayBuffer));
    expect(functions).toBe(1);
    const [f = 0, count, ...entries] = rest;
    // Both guards leave for what follows, the test for the guard behind it.
    expect(count).toBe(3);
    const found = [0, 1, 2].map((k) => {
      const [offset = 0, length, likely] = entries.slice(3 * k, 3 * k + 3);
      expect(length).toBe(1);
      return [wasm[(starts[f - imported] ?? 0) + offset], likely];
    });
    expect(found).toEqual([
      [0x0d, 1],
      [0x04, 0],
      [0x0d, 1],
    ]);
  });

  it('without hints a module stays as it is', () => {
    const wasm = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    expect(withHints(wasm, [])).toEqual({ wasm, added: 0 });
  });

  it('what is no branch gets none', async () => {
    const { wasm } = await artifactOf(programOf('func @init() { ret }\nfunc @main() { ret }'));
    const [first = 0] = bodies(wasm);
    expect(withHints(wasm, [{ offset: first, likely: true }]).added).toBe(0);
  });
});
