// Artifacts by hand: text of wasm, assembled by wabt, with a manifest in the custom section. So the node is tested
// without the compiler.
import { createHash } from 'node:crypto';
import wabtModule from 'wabt';
import { abiVersion, digestSection, kernel, type Manifest, page, sectionName, states } from '../../vm/abi.ts';

const leb = (n: number): number[] => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >>> 7)]);

/** A custom section as bytes. */
export const customSection = (name: string, content: Uint8Array): Uint8Array => {
  const nameBytes = new TextEncoder().encode(name);
  const size = leb(nameBytes.length + leb(nameBytes.length).length + content.length);
  return Uint8Array.from([0, ...size, ...leb(nameBytes.length), ...nameBytes, ...content]);
};

export const manifest = (over: Partial<Manifest> = {}): Manifest => ({
  abi: abiVersion,
  compiler: 'test',
  program: 'test.pg',
  dataBytes: 0,
  privateBytes: 4096,
  symmetricBase: 2 * 65536,
  symmetricBytes: 4096,
  letBase: 65536,
  writableBase: 65536,
  configs: [],
  formats: [{ type: 'str' }, { type: 'i32' }, { type: 'i64' }, { type: 'f64' }],
  files: ['test.pg'],
  positions: [
    { file: 0, line: 0, col: 0, fn: '', inlinedAt: -1 },
    { file: 0, line: 3, col: 5, fn: 'inner', inlinedAt: 2 },
    { file: 0, line: 7, col: 9, fn: 'main', inlinedAt: -1 },
  ],
  offsets: [],
  offsetPositions: [],
  functions: [],
  ...over,
});

export const concat = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((p) => [...p]));

/** The bytes with their digest after them. */
export const seal = (bytes: Uint8Array): Uint8Array =>
  concat(bytes, customSection(digestSection, createHash('sha256').update(bytes).digest()));

/** A module with a manifest before the seal. */
export const withManifest = (wasm: Uint8Array, value: unknown): Uint8Array =>
  seal(concat(wasm, customSection(sectionName, new TextEncoder().encode(JSON.stringify(value)))));

/** Assembles a module. @throws if the text is wrong. */
export const assemble = async (text: string): Promise<Uint8Array> => {
  const wabt = await wabtModule();
  const module = wabt.parseWat('test.wat', text, { threads: true });
  try {
    return module.toBinary({ write_debug_names: true }).buffer;
  } finally {
    module.destroy();
  }
};

export interface Program {
  /** Instructions of `main`, `init` and `load`. */
  readonly main: string;
  readonly init?: string;
  readonly load?: string;
  /** More functions and data. */
  readonly more?: string;
}

/** A module with the imports and exports of an artifact, and a few functions that stand for what the compiler makes. */
export const moduleText = ({ main, init = '', load = '', more = '' }: Program): string => `(module
  (import "pgc" "memory" (memory 1 65536 shared))
  (import "pgc" "slot" (global $slot i32))
  (import "pgc" "image" (global $image i32))
  (import "pgc" "images" (global $images i32))
  (import "pgc" "slot_bits" (global $slot_bits i32))
  (import "pgc" "out_i32" (func $out_i32 (param i32 i32)))
  (import "pgc" "out_i64" (func $out_i64 (param i32 i64)))
  (import "pgc" "out_f64" (func $out_f64 (param i32 f64)))
  (import "pgc" "out_str" (func $out_str (param i32 i32 i32)))
  (import "pgc" "out_end" (func $out_end (param i32 i32)))
  (import "pgc" "now" (func $now (result f64)))
  (global $sp (export "pgc.sp") (mut i32) (i32.const 0))
  ;; Prints the own number and a value.
  (func $say (param $value i32)
    (call $out_i32 (i32.const 1) (global.get $image))
    (call $out_str (i32.const 0) (i32.const ${kernel.barrierCount + 4000}) (i32.const 1))
    (call $out_i32 (i32.const 1) (local.get $value))
    (call $out_end (i32.const 1) (i32.const 1)))
  ;; Writes the fault record and stops.
  (func $fault (param $kind i32) (param $position i32) (param $a i64) (param $b i64)
    (i32.store offset=${page.faultKind} (global.get $slot) (local.get $kind))
    (i32.store offset=${page.faultPosition} (global.get $slot) (local.get $position))
    (i64.store offset=${page.faultA} (global.get $slot) (local.get $a))
    (i64.store offset=${page.faultB} (global.get $slot) (local.get $b))
    unreachable)
  ;; Announces a wait, as runtime.pg does, and sleeps for ever.
  (func $block (param $state i32)
    (i32.store offset=${page.statePosition} (global.get $slot) (i32.const 1))
    (drop (i32.atomic.rmw.add offset=${page.epoch} (global.get $slot) (i32.const 1)))
    (i32.atomic.store offset=${page.state} (global.get $slot) (local.get $state))
    (drop (memory.atomic.wait32 offset=${page.poll} (global.get $slot) (i32.const 0) (i64.const -1))))
  ;; One nap of wait_until.
  (func $nap
    (drop (i32.atomic.rmw.add offset=${page.rechecks} (global.get $slot) (i32.const 1)))
    (i32.atomic.store offset=${page.state} (global.get $slot) (i32.const ${states.waitUntil}))
    (drop (memory.atomic.wait32 offset=${page.poll} (global.get $slot) (i32.const 0) (i64.const 1000000)))
    (i32.atomic.store offset=${page.state} (global.get $slot) (i32.const ${states.running})))
  (func (export "pgc.load") (i32.store8 (i32.const ${kernel.barrierCount + 4000}) (i32.const 58)) ${load})
  (func (export "pgc.init") ${init})
  (func $main (export "pgc.main") ${main})
  ${more})`;

/** No names for any of the functions of a module. */
const noNames = (text: string): string[] => text.match(/\(func\b/g)?.map(() => '') ?? [];

/** The module and its manifest, which can still be changed. */
export const pieces = async (
  program: Program,
  over: Partial<Manifest> = {},
): Promise<{ readonly wasm: Uint8Array; readonly manifest: Manifest }> => {
  const text = moduleText(program);
  return { wasm: await assemble(text), manifest: manifest({ functions: noNames(text), ...over }) };
};

export const artifact = async (program: Program, over: Partial<Manifest> = {}): Promise<Uint8Array> => {
  const made = await pieces(program, over);
  return withManifest(made.wasm, made.manifest);
};
