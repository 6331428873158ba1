// The artifact as others see it: a second validator accepts it, names and source map are the user's, and the manifest leads
// from a code offset back to the place in source.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import { describe, expect, it } from 'vitest';
import wabt from 'wabt';
import { compile } from '../../compiler/compile.ts';
import { emitOp } from '../../compiler/emit-ops.ts';
import { ops } from '../../compiler/ir.ts';
import { type Manifest, sectionName } from '../../vm/abi.ts';
import { choicesFrom, generateProgram } from '../programs/generate.ts';

const examples = join(import.meta.dirname, '..', '..', 'examples');
const programs = new Map(
  readdirSync(examples, { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.pg'))
    .map((f): [string, string] => [f, readFileSync(join(examples, f), 'utf8')])
    // Others import what has no main.
    .filter(([, text]) => /^fn main\(/m.test(text)),
);
for (let k = 1; k <= 5; k++)
  programs.set(
    `random ${k}`,
    generateProgram(choicesFrom(Array.from({ length: 600 }, (_, i) => (i * 7919 * k + 13 * k) % 1009))),
  );

const artifactOf = async (text: string, path = 'p.pg'): Promise<{ wasm: Uint8Array; sourceMap: string }> => {
  const { artifact, sourceMap, diagnostics } = await compile({ path, text });
  if (!artifact || sourceMap === undefined) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return { wasm: artifact, sourceMap };
};

const manifestOf = (wasm: Uint8Array): Manifest => {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(wasm), sectionName);
  return JSON.parse(new TextDecoder().decode(section)) as Manifest;
};

const features = {
  threads: true,
  bulk_memory: true,
  sign_extension: true,
  sat_float_to_int: true,
  mutable_globals: true,
  multi_value: true,
  simd: true,
};

/** wabt's types do not tell that validation, too, wants the features. */
const validate = (module: { validate: (f: object) => void }): void => module.validate(features);

describe('artifacts', () => {
  it.each([...programs])('%s: wabt accepts it', async (name, text) => {
    const { wasm } = await artifactOf(text, join(examples, name));
    const { readWasm } = await wabt();
    const module = readWasm(wasm, { ...features, readDebugNames: true });
    validate(module);
    module.destroy();
  });

  it('wabt refuses a broken one', async () => {
    const { wasm } = await artifactOf(programs.get('hello.pg') ?? '');
    const { readWasm } = await wabt();
    const broken = wasm.slice();
    // The type of the first import of a function becomes one that does not exist.
    const at = broken.findIndex((b, i) => b === 0x7f && i > 20);
    broken[at] = 0x13;
    expect(() => validate(readWasm(broken, features))).toThrow();
  });

  it('is small: hello has less than 10 KiB', async () => {
    expect((await artifactOf(programs.get('hello.pg') ?? '')).wasm.length).toBeLessThan(10 * 1024);
  });

  const faulty = `config const n: int = 3;
shared a: [10]int dist(block);
fn pick(i: int) -> int {
  return a[i];
}
fn main() {
  assert(n > 0);
  print("{}", pick(n * 7));
}
`;

  it('has the names of its functions', async () => {
    const { wasm } = await artifactOf(faulty);
    const { readWasm } = await wabt();
    const module = readWasm(wasm, { ...features, readDebugNames: true });
    module.generateNames();
    expect(module.toText({ foldExprs: false, inlineExport: false })).toMatch(/\(func \$main\b/);
    expect(manifestOf(wasm).functions).toContain('main');
  });

  it('maps code to source: in the source map, and in the manifest with inlined frames', async () => {
    const { wasm, sourceMap } = await artifactOf(faulty);
    const manifest = manifestOf(wasm);
    const map = new TraceMap(sourceMap);
    let offset = 0;
    const found = manifest.offsets.map((difference, i) => {
      offset += difference;
      const p = manifest.positions[manifest.offsetPositions[i] ?? 0];
      if (p && p.line > 0) {
        const original = originalPositionFor(map, { line: 1, column: offset });
        expect([original.source, original.line, (original.column ?? -1) + 1]).toEqual([
          manifest.files[p.file],
          p.line,
          p.col,
        ]);
      }
      return p;
    });
    const element = found.find((p) => p?.line === 4 && p.fn === 'pick');
    expect(element).toBeDefined();
    // pick is small: it is part of main, and says so.
    const caller = manifest.positions[element?.inlinedAt ?? 0];
    expect(caller).toMatchObject({ fn: 'main', line: 8 });
  });

  it('lists configs with places and defaults', async () => {
    const { configs } = manifestOf((await artifactOf(faulty)).wasm);
    expect(configs).toMatchObject([{ name: 'n', type: 'i64', default: '3' }]);
  });
});

it('every op of the table has its row in the emitter', () => {
  expect(Object.keys(emitOp).sort()).toEqual(Object.keys(ops).sort());
});
