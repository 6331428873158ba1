// Artifacts: everything that is not a whole artifact of this version, with the node's interface and a layout that fits, is refused
// with a message, and nothing crashes.
import { beforeAll, describe, expect, test } from 'vitest';
import { abiVersion, type ConfigEntry, type Manifest, privateBase, sectionName } from '../../vm/abi.ts';
import { compileArtifact, readArtifact } from '../../vm/artifact.ts';
import { prepare } from '../../vm/prepare.ts';
import { sectionsOf } from '../../vm/sections.ts';
import { artifact, assemble, concat, customSection, manifest, moduleText, pieces, seal, withManifest } from './wat.ts';

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const messageOf = (bytes: Uint8Array): string => {
  const read = readArtifact(bytes);
  return read.kind === 'bad' ? read.message : 'no error';
};

let made: { readonly wasm: Uint8Array; readonly manifest: Manifest };
let whole: Uint8Array;
beforeAll(async () => {
  made = await pieces({ main: '' });
  whole = withManifest(made.wasm, made.manifest);
});
const withFields = (over: object): Uint8Array => withManifest(made.wasm, { ...made.manifest, ...over });

test('a whole artifact is read and compiles', () => {
  expect(readArtifact(whole)).toEqual({ kind: 'artifact', manifest: made.manifest });
  expect(compileArtifact(whole).kind).toBe('module');
});

test('other sections before the seal do not disturb', async () => {
  const { wasm, manifest: m } = await pieces({ main: '' });
  const other = customSection('other', utf8('x'));
  const bytes = seal(concat(wasm, other, customSection(sectionName, utf8(JSON.stringify(m))), other));
  expect(readArtifact(bytes).kind).toBe('artifact');
});

describe('refused', () => {
  test('what is no module', () => {
    expect(messageOf(new Uint8Array())).toBe('the file is empty');
    expect(messageOf(utf8('fn main() {}'))).toBe('it is not a WebAssembly module');
    expect(messageOf(made.wasm)).toBe('it was not made by pgc: it has no section "pgc"');
  });

  test('every proper beginning of an artifact', () => {
    for (let length = 1; length < whole.length; length++) {
      // Cut exactly between two sections it is a module, but not one of ours.
      expect(messageOf(whole.subarray(0, length))).toMatch(/cut short|not made by pgc/);
    }
  });

  test('one without its digest, with another, or with something after it', () => {
    const open = concat(made.wasm, customSection(sectionName, utf8(JSON.stringify(made.manifest))));
    const noDigest = 'it is cut short or damaged: it does not end with its digest';
    expect(messageOf(open)).toBe(noDigest);
    expect(messageOf(concat(whole, customSection('other', utf8('x'))))).toBe(noDigest);
    expect(messageOf(concat(open, customSection('pgc.digest', new Uint8Array(31))))).toBe(noDigest);
    expect(messageOf(concat(open, customSection('pgc.digest', new Uint8Array(32))))).toBe(
      'it is damaged: its contents are not what its digest says',
    );
    expect(messageOf(concat(whole, customSection('pgc.signature', new Uint8Array(95))))).toBe(noDigest);
    // A key of zeros is a point of small order, whose signature of zeros fits every fourth digest.
    expect(messageOf(concat(whole, customSection('pgc.signature', new Uint8Array(96).fill(7))))).toBe(
      'it is damaged: its signature does not fit',
    );
    expect(messageOf(seal(concat(open, customSection(sectionName, utf8('{}')))))).toBe(
      'it is damaged: it has two sections "pgc"',
    );
  });

  test('a digest section that is written in another way', () => {
    // The same lengths in more bytes: the digest does not cover them, so only one way of writing is right.
    const at = whole.length - 32 - 12;
    expect([...whole.subarray(at - 1, at + 2)]).toEqual([0, 43, 10]);
    const longer = Uint8Array.from([...whole.subarray(0, at), 43 | 0x80, 0, ...whole.subarray(at + 1)]);
    expect(messageOf(longer)).toBe('it is cut short or damaged: it does not end with its digest');
  });

  test('other versions, sealed or not', () => {
    for (const abi of [abiVersion + 1, 1]) {
      const other = { ...manifest(), abi };
      const message = `it was made by another version of pgc: it has version ${abi} of the interface, this pgc has ${abiVersion}`;
      expect(messageOf(withManifest(made.wasm, other))).toBe(message);
      expect(messageOf(concat(made.wasm, customSection(sectionName, utf8(JSON.stringify(other)))))).toBe(message);
    }
    expect(messageOf(withManifest(made.wasm, {}))).toContain('it has no version');
  });

  test('manifests that are none', () => {
    const section = (content: Uint8Array) => messageOf(seal(concat(made.wasm, customSection(sectionName, content))));
    expect(section(utf8('{"abi":'))).toBe('its section "pgc" is damaged: it is not JSON');
    expect(section(Uint8Array.of(0xff, 0xfe))).toBe('its section "pgc" is damaged: it is not JSON');
    expect(section(utf8('[1]'))).toBe('its section "pgc" is damaged: it is not an object');
    for (const key of Object.keys(manifest())) {
      if (key === 'abi') continue;
      for (const value of [undefined, null, -1, 0.5, 2 ** 53, { a: 1 }, [null]]) {
        expect(messageOf(withFields({ [key]: value }))).toContain(`bad or missing "${key}"`);
      }
    }
    expect(messageOf(withFields({ extra: 1 }))).toBe('its section "pgc" is damaged: unknown field "extra"');
  });

  const config: ConfigEntry = { name: 'n', type: 'i64', offset: privateBase, default: '5' };
  const position = { file: 0, line: 1, col: 1, fn: 'main', inlinedAt: -1 };
  const positions = [position, position];

  test.each<[string, object]>([
    ['"configs"', { configs: [{ ...config, type: 'str' }] }],
    ['"configs"', { configs: [{ ...config, more: [] }] }],
    ['"formats"', { formats: [{ type: 'i64', width: 10000 }] }],
    ['"formats"', { formats: [{ type: 'f64', precision: 1000 }] }],
    ['"formats"', { formats: [{ type: 'f64', style: 'q' }] }],
    ['"formats"', { formats: [{ type: 'f64', width: -1 }] }],
    ['"positions"', { positions: [{ ...position, line: 1.5 }] }],
    ['the symmetric variables overlap the private ones', { privateBytes: 65537 }],
    ['the symmetric variables overlap the private ones', { symmetricBase: 0 }],
    ['"symmetricBase" is not aligned', { symmetricBase: 2 * 65536 + 64 }],
    ['"dataBytes" is more than the file holds', { dataBytes: 2 ** 40 }],
    ['two configs have the name "n"', { configs: [config, config] }],
    ['the config "n" lies outside of the private variables', { configs: [{ ...config, offset: privateBase - 1 }] }],
    ['the config "n" lies outside of the private variables', { configs: [{ ...config, offset: privateBase + 4089 }] }],
    ['the config "n" lies outside of the private variables', { configs: [config], privateBytes: 7 }],
    ['the config "n" lies outside of the private variables', { configs: [{ ...config, offset: 2 ** 52 }] }],
    ['the default of the config "n" has another type', { configs: [{ ...config, default: '1.5' }] }],
    ['a position is in a file that is not listed', { positions: [{ ...position, file: 1 }] }],
    ['a position is inlined at one that is not listed', { positions: [{ ...position, inlinedAt: 1 }] }],
    ['a position is inlined at one that is not listed', { positions: [{ ...position, inlinedAt: -2 }] }],
    ['"offsets" and "offsetPositions" differ in length', { offsets: [1], offsetPositions: [] }],
    ['"offsets" lead out of the code', { offsets: [10, 2 ** 40], offsetPositions: [0, 0] }],
    ['"offsetPositions" has one that is not listed', { positions, offsets: [1], offsetPositions: [2] }],
  ])('a layout that does not fit: %s', (why, over) => {
    const message = messageOf(withFields(over));
    expect(message).toContain('its section "pgc" is damaged: ');
    expect(message).toContain(why);
  });

  test('names of objects at places that are not listed', () => {
    const named = (at: number) => messageOf(withFields({ track: 'all', objects: [{ name: 'a', position: at }] }));
    expect(named(made.manifest.positions.length - 1)).toBe('no error');
    expect(named(made.manifest.positions.length)).toContain('"objects" has a position that is not listed');
  });

  test('the last place for a config is right', () => {
    expect(messageOf(withFields({ configs: [{ ...config, offset: privateBase + 4096 - 8 }] }))).toBe('no error');
  });

  test('tables that do not fit the code', () => {
    const names = made.manifest.functions.length;
    expect(messageOf(withFields({ functions: [] }))).toBe(
      `its section "pgc" does not fit it: 0 names of functions for ${names}`,
    );
    expect(messageOf(withFields({ dataBytes: 8 }))).toBe(
      'its section "pgc" does not fit it: "dataBytes" is 8, its data has 0 bytes',
    );
  });
});

describe('the interface', () => {
  const text = moduleText({ main: '' });
  /** What is wrong with the module when one text in it is replaced. */
  const refusal = async (from: string | RegExp, to: string): Promise<string> => {
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    return messageOf(await withFixedNames(changed));
  };
  const withFixedNames = async (changed: string): Promise<Uint8Array> => {
    const functions = changed.match(/\(func\b/g)?.map(() => '') ?? [];
    return withManifest(await assemble(changed), manifest({ functions }));
  };

  test('all imports of a node, with their types', async () => {
    const all = text.replace(
      '(import "pgc" "now"',
      `(import "pgc" "out_f32" (func (param i32 f32)))
       (import "pgc" "file_open" (func (param i32 i32) (result i64)))
       (import "pgc" "file_read" (func (param i32 i32) (result i64)))
       (import "pgc" "file_write" (func (param i32 i32 i32 i32) (result i64)))
       (import "pgc" "now"`,
    );
    expect(messageOf(await withFixedNames(all))).toBe('no error');
  });

  test.each<[string, string, string]>([
    ['"now"', '"later"', 'it imports pgc.later, which a node does not have'],
    ['"pgc" "now"', '"env" "now"', 'it imports env.now, which a node does not have'],
    ['"pgc" "now"', '"pgc\\1b[2J" "now"', 'it imports pgc?[2J.now, which a node does not have'],
    ['"pgc" "now"', '"\\ef\\bb\\bfpgc" "now"', 'it imports ?pgc.now, which a node does not have'],
    ['(param i32 i64)))', '(param i64 i32)))', 'it imports pgc.out_i64 with another type than a node has it'],
    ['(result f64)', '(result i64)', 'it imports pgc.now with another type than a node has it'],
    [
      '"slot_bits" (global $slot_bits i32)',
      '"slot_bits" (global $slot_bits i64)',
      'it imports pgc.slot_bits with another type than a node has it',
    ],
    [
      '"slot_bits" (global $slot_bits i32)',
      '"slot_bits" (global $slot_bits (mut i32))',
      'it imports pgc.slot_bits with another type than a node has it',
    ],
    [
      '"slot_bits" (global $slot_bits i32)',
      '"slot_bits" (func $slot_bits)',
      'it imports pgc.slot_bits with another type than a node has it',
    ],
    [
      '"slot_bits" (global $slot_bits i32)',
      '"slot_bits" (table 1 funcref)',
      'it imports pgc.slot_bits with another type than a node has it',
    ],
    ['(memory 1 65536 shared)', '(memory 1 65536)', 'it imports pgc.memory with another type than a node has it'],
    [
      '(memory 1 65536 shared)',
      '(memory 2 65536 shared)',
      'it imports pgc.memory with another type than a node has it',
    ],
    ['(memory 1 65536 shared)', '(memory 1 100 shared)', 'it imports pgc.memory with another type than a node has it'],
    ['"pgc" "image" ', '"pgc" "slot" ', 'it imports pgc.slot twice'],
    ['(export "pgc.load")', '(export "load")', 'it does not export pgc.load'],
    [
      '(func (export "pgc.load")',
      '(func (export "pgc.load") (param i32)',
      'it exports pgc.load with another type than a node calls it',
    ],
    [
      '(export "pgc.sp") (mut i32)',
      '(export "pgc.sp") i32',
      'it exports pgc.sp with another type than a node calls it',
    ],
    [
      '(func $main (export "pgc.main")',
      '(start $main) (func $main (export "pgc.main")',
      'it has a start function, which nothing that pgc builds has',
    ],
    [
      '(func $main (export "pgc.main")',
      '(data (i32.const 70000) "abc") (func $main (export "pgc.main")',
      'it has data that is written when it is loaded, which nothing that pgc builds has',
    ],
  ])('%s as %s', async (from, to, message) => {
    expect(await refusal(from, to)).toBe(message);
  });

  test('a memory of its own', async () => {
    // With the memory of the node that would be a second one, which not all tools assemble: here it is the only one.
    const own = text
      .replace(/\(import "pgc" "memory" .*\n/, '')
      .replace('(global $sp', '(memory 1 65536 shared) (global $sp');
    expect(messageOf(await withFixedNames(own))).toBe('it has a memory of its own');
  });

  test('a section that is there twice: which one would count?', () => {
    const types = sectionsOf(made.wasm)?.find((x) => x.id === 1);
    const again = made.wasm.subarray(types?.at, types?.end);
    expect(again.length).toBeGreaterThan(8);
    expect(messageOf(withManifest(concat(made.wasm, again), made.manifest))).toBe(
      'it is damaged: a section of it cannot be read',
    );
  });

  test('a section with more in it than is read', () => {
    const exported = sectionsOf(made.wasm)?.find((x) => x.id === 7);
    const [at, end] = [exported?.at ?? 0, exported?.end ?? 0];
    const longer = concat(made.wasm.subarray(0, end), Uint8Array.of(0), made.wasm.subarray(end));
    longer[at + 1] = (longer[at + 1] ?? 0) + 1;
    expect(messageOf(withManifest(longer, made.manifest))).toBe('it is damaged: a section of it cannot be read');
  });

  test('sections that cannot be read', async () => {
    const { wasm, manifest: m } = made;
    const functions = m.functions;
    // Each byte of the first sections, types and imports, as 0xff.
    for (let at = 8; at < 200; at++) {
      const changed = Uint8Array.from(wasm);
      changed[at] = 0xff;
      const bytes = withManifest(changed, { ...m, functions });
      const read = readArtifact(bytes);
      if (read.kind === 'artifact') expect(compileArtifact(bytes).kind).toBe('bad');
    }
  });
});

test('code that is not valid is refused by the engine', async () => {
  const { wasm, manifest: m } = await pieces({ main: '(call $say (i32.const 1))' });
  // `i32.const 1; call` with an i64 for the i32.
  const at = wasm.findIndex((b, i) => b === 0x41 && wasm[i + 1] === 1 && wasm[i + 2] === 0x10 && wasm[i + 4] === 0x0b);
  expect(at).toBeGreaterThan(0);
  const changed = wasm.with(at, 0x42);
  const bytes = withManifest(changed, m);
  expect(messageOf(bytes)).toBe('no error');
  const compiled = compileArtifact(bytes);
  expect(compiled.kind === 'bad' && compiled.message).toMatch(/^it is not valid WebAssembly: /);
});

test('programs that print have room for their data', async () => {
  const bytes = await artifact({ main: '', more: '(data "abc")' }, { dataBytes: 3 });
  expect(messageOf(bytes)).toBe('no error');
});

describe('the bytes that are checked are those that run', () => {
  const options = { images: 1, slotBytes: 2 ** 20, stackBytes: 4096 };

  test('also when they change in between', () => {
    const bytes = Uint8Array.from(whole);
    let looked = false;
    const result = prepare(bytes, {
      ...options,
      // Read after the artifact, before the module is compiled.
      get configs() {
        looked = true;
        bytes.fill(0xff, 8);
        return {};
      },
    });
    expect(looked).toBe(true);
    expect(result.kind).toBe('prepared');
  });

  test('also when they lie in shared memory', () => {
    const bytes = new Uint8Array(new SharedArrayBuffer(whole.length));
    bytes.set(whole);
    expect(prepare(bytes, options).kind).toBe('prepared');
  });
});

describe('trust, by the library', () => {
  const trusting = (...trust: string[]) => prepare(whole, { images: 1, trust });

  test('no key trusts nobody; a bad key is a bad option', () => {
    expect(trusting()).toMatchObject({ kind: 'bad-artifact', message: 'it is not signed' });
    expect(trusting('no key')).toMatchObject({
      kind: 'bad-option',
      message: 'bad key to trust: it holds no key in PEM form',
    });
  });
});
