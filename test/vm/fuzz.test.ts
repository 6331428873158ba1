// Artifacts that were tampered with. Whatever changes a byte is refused by the digest. Whoever mends the digest, too, comes as far as
// the checks of manifest, interface and engine let him, and then runs in the sandbox: nothing that he writes makes the node throw, hang
// or show its own stack.
import { createPrivateKey, sign } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Manifest, privateBase, sectionName, signedPrefix } from '../../vm/abi.ts';
import { compileArtifact, readArtifact } from '../../vm/artifact.ts';
import { configHelp } from '../../vm/config.ts';
import { formatValue } from '../../vm/format.ts';
import { prepare } from '../../vm/prepare.ts';
import { renderResult } from '../../vm/report.ts';
import { callStack, framesOf } from '../../vm/stack.ts';
import { startNode, type TestNode } from './node.ts';
import { concat, customSection, pieces, seal, withManifest } from './wat.ts';

const seed = 20261121;

/** A manifest that has something in all its lists. */
const rich: Partial<Manifest> = {
  dataBytes: 5,
  configs: [
    { name: 'n', type: 'i64', offset: privateBase, default: '1000', doc: 'points' },
    { name: 'eps', type: 'f64', offset: privateBase + 8, default: '1.0e-6' },
    { name: 'loud', type: 'bool', offset: privateBase + 16, default: 'true' },
    { name: 'class', type: 'u8', offset: privateBase + 17, default: "'S'" },
  ],
  formats: [
    { type: 'str', width: 5, leftAlign: true },
    { type: 'i32' },
    { type: 'i64', width: 8, zeroPad: true, style: 'x' },
    { type: 'f64', precision: 3, style: 'e' },
    { type: 'pointer' },
  ],
  offsets: [100, 20, 30, 40],
  offsetPositions: [0, 1, 2, 0],
};

let node: TestNode;
let made: { readonly wasm: Uint8Array; readonly manifest: Manifest };
let whole: Uint8Array;
let signed: Uint8Array;

beforeAll(async () => {
  node = await startNode();
  const main = `(call $say (i32.const 7))
    (if (i32.eqz (global.get $image)) (then (call $fault (i32.const 1) (i32.const 1) (i64.const 9) (i64.const 8))))`;
  made = await pieces({ main, more: '(data "hello")' }, rich);
  whole = withManifest(made.wasm, made.manifest);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, 7)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const raw = Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
  const signature = sign(null, concat(Buffer.from(signedPrefix), whole.subarray(-32)), key);
  signed = concat(whole, customSection('pgc.signature', concat(raw, signature)));
}, 120_000);
afterAll(() => node.close());

const options = { images: 2, slotBytes: 2 ** 20, stackBytes: 4096 };

/** What the node makes of an artifact. Never throws. */
const verdict = (bytes: Uint8Array): string => {
  const result = prepare(bytes, options);
  if (result.kind !== 'prepared') expect(renderResult(result)).not.toMatch(/\n\s+at |undefined|NaN|\[object/);
  return result.kind;
};

test('both are whole to begin with', () => {
  expect(verdict(whole)).toBe('prepared');
  expect(verdict(signed)).toBe('prepared');
});

describe('without the digest', () => {
  test('no bit of an artifact, signed or not, can be another', () => {
    for (const bytes of [whole, signed]) {
      const changed = Uint8Array.from(bytes);
      const running: string[] = [];
      for (let at = 0; at < bytes.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          changed[at] = (bytes[at] ?? 0) ^ (1 << bit);
          if (readArtifact(changed).kind !== 'bad') running.push(`bit ${bit} of byte ${at}`);
        }
        changed[at] = bytes[at] ?? 0;
      }
      expect(running).toEqual([]);
    }
  });

  test('no beginning and no end of one is one, but for what was signed without its signature', () => {
    for (let length = 0; length < signed.length; length++) {
      const kind = readArtifact(signed.subarray(0, length)).kind;
      expect(kind, `${length} bytes`).toBe(length === whole.length ? 'artifact' : 'bad');
      if (length > 0) expect(readArtifact(signed.subarray(length)).kind).toBe('bad');
    }
  });

  test('nothing can be put in, taken out, doubled or moved', () => {
    const part = fc.tuple(fc.nat(), fc.integer({ min: 1, max: 64 }));
    const change = fc.oneof(
      fc.record({
        kind: fc.constant('insert' as const),
        at: fc.nat(),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      }),
      fc.record({ kind: fc.constant('remove' as const), part }),
      fc.record({ kind: fc.constant('move' as const), part, at: fc.nat() }),
      fc.record({ kind: fc.constant('double' as const), part, at: fc.nat() }),
      fc.record({
        kind: fc.constant('overwrite' as const),
        at: fc.nat(),
        bytes: fc.uint8Array({ minLength: 1, maxLength: 40 }),
      }),
    );
    fc.assert(
      fc.property(fc.boolean(), fc.array(change, { minLength: 1, maxLength: 3 }), (withSignature, changes) => {
        const original = Buffer.from(withSignature ? signed : whole);
        let bytes = original;
        for (const c of changes) {
          const size = bytes.length;
          const [from, length] = 'part' in c ? [c.part[0] % size, c.part[1]] : [0, 0];
          const piece = bytes.subarray(from, from + length);
          const rest =
            c.kind === 'move' || c.kind === 'remove'
              ? [bytes.subarray(0, from), bytes.subarray(from + length)]
              : [bytes];
          const base = Buffer.concat(rest);
          if (c.kind === 'remove') bytes = base;
          else {
            const at = c.at % (base.length + 1);
            const put = 'bytes' in c ? c.bytes : piece;
            const after = base.subarray(c.kind === 'overwrite' ? at + put.length : at);
            bytes = Buffer.concat([base.subarray(0, at), put, after]);
          }
          if (bytes.length === 0) return;
        }
        // By chance nothing may have changed, or just the signature been cut off.
        if (bytes.equals(original) || bytes.equals(whole)) return;
        expect(prepare(bytes, options).kind).toBe('bad-artifact');
      }),
      { numRuns: 1000, seed },
    );
  });
});

// ---- with the digest mended -------------------------------------------------------------------------------------

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const nasty: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    false,
    -1,
    0,
    -0,
    0.5,
    1,
    127,
    4096,
    65535,
    65536,
    131072,
    2 ** 31 - 1,
    2 ** 31,
    2 ** 32 - 1,
    2 ** 32,
    2 ** 52,
    Number.MAX_SAFE_INTEGER,
    2 ** 53,
    1e308,
    '',
    '__proto__',
    'constructor',
    'i8',
    'u64',
    'f32',
    'bool',
    'str',
    '\u0000\u001b[31m',
    '\ud800',
    '9'.repeat(400),
    '1e400',
    [],
    {},
    [[]],
    { __proto__: null, toString: 1 },
  ),
  fc.integer(),
  fc.string(),
  fc.jsonValue().map((v) => v as Json),
);

/** How to change one place: which, and to what. */
const edit = fc.record({
  path: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  how: fc.constantFrom('replace', 'replace', 'replace', 'delete', 'add', 'double', 'swap'),
  value: nasty,
  name: fc.constantFrom('x', '__proto__', 'width', 'doc', 'style', 'toString'),
});

/** Changes a place in `value`, which is found by walking down as far as the path and the value allow. */
const apply = (
  value: Json,
  { path, how, value: fresh, name }: typeof edit extends fc.Arbitrary<infer T> ? T : never,
): void => {
  let parent = value;
  for (const [depth, n] of path.entries()) {
    if (typeof parent !== 'object' || parent === null) return;
    const keys = Object.keys(parent);
    const key = keys[n % Math.max(keys.length, 1)];
    const container = parent as Record<string, Json>;
    const next: Json = key === undefined ? null : (container[key] ?? null);
    if (depth < path.length - 1 && typeof next === 'object' && next !== null && Object.keys(next).length > 0) {
      parent = next;
      continue;
    }
    if (how === 'add' || key === undefined) {
      if (Array.isArray(parent)) parent.push(fresh);
      else Object.defineProperty(parent, name, { value: fresh, enumerable: true, configurable: true, writable: true });
    } else if (how === 'delete') {
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete container[key];
    } else if (how === 'double' && Array.isArray(parent)) parent.push(...structuredClone(parent));
    else if (how === 'swap') {
      const other = keys[(n + 1) % keys.length] ?? key;
      [container[key], container[other]] = [container[other] ?? null, container[key] ?? null];
    } else container[key] = fresh;
    return;
  }
};

/** Everything that the node does with a manifest which it has accepted. */
const use = (manifest: Manifest): void => {
  configHelp(manifest.configs);
  for (let i = -1; i <= manifest.positions.length; i++) framesOf(manifest, i);
  const frames = [0, 1, 12, 13, 14, 1e6].map((index) => ({ index, offset: index * 31 }));
  callStack(manifest, frames, 1);
  for (const f of manifest.formats) {
    for (const value of [0, -1, 1.5e300, Number.NaN, 12n, -(2n ** 63n), 'text', true] as const) {
      // An attacker's format may not suit the value: the worker reports what is thrown, but it must end soon.
      try {
        expect(formatValue(f, value).length).toBeLessThan(20_000);
      } catch (e) {
        expect(e).toBeInstanceOf(Error);
      }
    }
  }
};

const outcomes = ['prepared', 'bad-artifact', 'bad-config', 'too-many-images', 'no-resources'];

describe('with the digest mended', () => {
  test('manifests with other values are refused, or can be used', () => {
    const seen = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const value = structuredClone(made.manifest) as unknown as Json;
        for (const e of edits) apply(value, e);
        const bytes = withManifest(made.wasm, value);
        const kind = verdict(bytes);
        expect(outcomes).toContain(kind);
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
        const read = readArtifact(bytes);
        if (read.kind === 'artifact') use(read.manifest);
      }),
      { numRuns: 2000, seed },
    );
    // Both happen often: the changes are neither all harmless nor all coarse.
    expect(seen.get('bad-artifact')).toBeGreaterThan(200);
    expect(seen.get('prepared')).toBeGreaterThan(100);
  });

  test('manifests with other bytes', () => {
    const text = new TextEncoder().encode(JSON.stringify(made.manifest));
    const change = fc.tuple(
      fc.nat(text.length - 1),
      fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('0129-.e"[]{},:tn'))),
    );
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
        const changed = Uint8Array.from(text);
        for (const [at, byte] of changes) changed[at] = byte;
        expect(outcomes).toContain(verdict(seal(concat(made.wasm, customSection(sectionName, changed)))));
      }),
      { numRuns: 1000, seed },
    );
  });

  test('modules with other bytes are refused, or compile', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(made.wasm.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }),
        (changes) => {
          const changed = Uint8Array.from(made.wasm);
          for (const [at, byte] of changes) changed[at] = byte;
          const bytes = withManifest(changed, made.manifest);
          if (readArtifact(bytes).kind === 'artifact') expect(['module', 'bad']).toContain(compileArtifact(bytes).kind);
        },
      ),
      { numRuns: 1000, seed },
    );
  });

  test('manifests of any depth and size', () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const section = (content: string) => seal(concat(made.wasm, customSection(sectionName, Buffer.from(content))));
    const head = JSON.stringify(made.manifest).slice(0, -1);
    for (const more of [deep, `{"a":${deep}}`]) {
      expect(verdict(section(`${head},"x":${more}}`))).toBe('bad-artifact');
      expect(verdict(section(`${head},"formats":[{"type":"str","x":${more}}]}`))).toBe('bad-artifact');
    }
    const many = Array.from({ length: 200_000 }, () => ({ type: 'i64' }));
    expect(verdict(section(`${head},"formats":${JSON.stringify(many)}}`))).toBe('prepared');
  });

  test('and whatever is run ends, with a report', async () => {
    const random = fc.sample(
      fc.oneof(
        fc.array(edit, { minLength: 1, maxLength: 2 }).map((edits): Uint8Array => {
          const value = structuredClone(made.manifest) as unknown as Json;
          for (const e of edits) apply(value, e);
          return withManifest(made.wasm, value);
        }),
        fc.array(fc.tuple(fc.nat(made.wasm.length - 1), fc.nat(255)), { minLength: 1, maxLength: 1 }).map((changes) => {
          const changed = Uint8Array.from(made.wasm);
          for (const [at, byte] of changes) changed[at] = byte;
          return withManifest(changed, made.manifest);
        }),
      ),
      { numRuns: 400, seed },
    );
    const runs = random.filter((bytes) => verdict(bytes) === 'prepared').slice(0, 24);
    expect(runs.length).toBe(24);
    for (const bytes of runs) {
      const o = await node.run(bytes, { ...options, timeout: 2, collect: true });
      expect(o.rejected).toBeUndefined();
      expect(o.result.kind).not.toBe('internal');
      expect(o.report).not.toMatch(/\n\s+at |node:internal|\[object/);
    }
  });
});
