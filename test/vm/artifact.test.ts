// Artifacts: everything that is not a whole artifact of this version is refused with a message, and nothing crashes.
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { abiVersion, sectionName } from '../../vm/abi.ts';
import { compileArtifact, readArtifact } from '../../vm/artifact.ts';
import { artifact, assemble, concat, customSection, manifest, moduleText, withManifest } from './wat.ts';

let wasm: Uint8Array;
let whole: Uint8Array;
beforeAll(async () => {
  wasm = await assemble(moduleText({ main: '' }));
  whole = withManifest(wasm, manifest());
});
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const messageOf = (bytes: Uint8Array): string => {
  const read = readArtifact(bytes);
  return read.kind === 'bad' ? read.message : 'no error';
};

test('a whole artifact is read and compiles', () => {
  expect(readArtifact(whole)).toEqual({ kind: 'artifact', manifest: manifest() });
  expect(compileArtifact(whole).kind).toBe('module');
});

describe('refused', () => {
  test('what is no module', () => {
    expect(messageOf(new Uint8Array())).toBe('the file is empty');
    expect(messageOf(utf8('fn main() {}'))).toBe('it is not a WebAssembly module');
    expect(messageOf(wasm)).toBe('it was not made by pgc: it has no section "pgc"');
  });

  test('every proper beginning of an artifact', () => {
    for (let length = 1; length < whole.length; length++) {
      // Cut exactly between two sections it is a module, but not one of ours.
      expect(messageOf(whole.subarray(0, length))).toMatch(/cut short|not made by pgc/);
    }
  });

  test('other versions', () => {
    expect(messageOf(withManifest(wasm, { ...manifest(), abi: abiVersion + 1 }))).toBe(
      `it was made by another version of pgc: it has version ${abiVersion + 1} of the interface, this pgc has ${abiVersion}`,
    );
    expect(messageOf(withManifest(wasm, {}))).toContain('it has no version');
  });

  test('damaged manifests', () => {
    const section = (content: Uint8Array) => messageOf(concat(wasm, customSection(sectionName, content)));
    expect(section(utf8('{"abi":'))).toBe('its section "pgc" is damaged: it is not JSON');
    expect(section(Uint8Array.of(0xff, 0xfe))).toBe('its section "pgc" is damaged: it is not JSON');
    expect(section(utf8('[1]'))).toBe('its section "pgc" is damaged: it is not an object');
    for (const key of Object.keys(manifest())) {
      if (key === 'abi') continue;
      for (const value of [undefined, null, -1, { a: 1 }, [null]]) {
        expect(messageOf(withManifest(wasm, { ...manifest(), [key]: value }))).toContain(`bad or missing "${key}"`);
      }
    }
  });

  test('modules that a node cannot run', async () => {
    const compiled = (text: string) => assemble(text).then((w) => compileArtifact(withManifest(w, manifest())));
    expect(await compiled('(module)')).toMatchObject({ kind: 'bad', message: 'it does not export pgc.load' });
    expect(await compiled('(module (import "env" "f" (func)))')).toMatchObject({
      kind: 'bad',
      message: 'it imports env.f, which a node does not have',
    });
  });

  test('any change of a byte is read, or refused, but never thrown', () => {
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const changed = Uint8Array.from(whole);
        changed[at] = (changed[at] ?? 0) ^ change;
        const read = readArtifact(changed);
        if (read.kind === 'artifact') expect(['module', 'bad']).toContain(compileArtifact(changed).kind);
      }),
      { numRuns: 2000 },
    );
  });
});

test('sections before and after ours do not disturb', async () => {
  const bytes = concat(await artifact({ main: '' }), customSection('other', utf8('x')));
  expect(readArtifact(bytes).kind).toBe('artifact');
});
