// std.zlib and std.image: what they write is read by Node's zlib and by a reader of PNG's chunks and filters here, and must be what
// went in.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

const hex = `fn hex(b: []u8) {
  let t = new [2 * b.len]u8;
  for k in 0..b.len {
    for half in 0..2 {
      let d = (b[k] >> (4 * (1 - half))) & 15;
      t[2 * k + half] = if d < 10 { '0' + d } else { 'a' + (d - 10) };
    }
  }
  print("{}", t as str);
  delete t;
}
`;
const fromHex = `fn digit(c: u8) -> u8 { return if c <= '9' { c - '0' } else { c - 87 }; }
fn from_hex(s: str) -> []u8 {
  let b = new [s.len / 2]u8;
  for k in 0..b.len { b[k] = digit(s[2 * k]) * 16 + digit(s[2 * k + 1]); }
  return b;
}
`;
const bytesOf = (line: string): Buffer => Buffer.from(line, 'hex');

/** CRC-32 bit by bit, as ISO 3309 defines it. */
const crc32 = (bytes: Uint8Array): number => {
  let c = 0xffffffff;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = (c >>> 1) ^ (c & 1 ? 0xedb88320 : 0);
  }
  return ~c >>> 0;
};

describe('compressed bytes', () => {
  /** The same bytes in the program and here; operations are exact in both. */
  const inputs: Readonly<
    Record<
      string,
      { readonly n: number; readonly pg: string; readonly js: (k: number) => number; readonly most: number }
    >
  > = {
    none: { n: 0, pg: '0', js: () => 0, most: 20 },
    one: { n: 1, pg: '200', js: () => 200, most: 20 },
    'two equal': { n: 2, pg: '7', js: () => 7, most: 20 },
    zeros: { n: 100_000, pg: '0', js: () => 0, most: 800 },
    'all bytes': { n: 256, pg: 'k', js: (k) => k, most: 300 },
    steps: { n: 70_000, pg: 'k / 97', js: (k) => Math.floor(k / 97), most: 12_000 },
    'a longest match and one more': {
      n: 259 * 40,
      pg: '(k % 259) * (k % 259) / 7',
      js: (k) => Math.floor(((k % 259) * (k % 259)) / 7),
      most: 900,
    },
    'at the far end of the window': { n: 100_000, pg: 'noise(k % 32768)', js: (k) => noise(k % 32768), most: 40_000 },
    'beyond the window': { n: 100_000, pg: 'noise(k % 32769)', js: (k) => noise(k % 32769), most: 112_600 },
    'near neighbours': {
      n: 60_000,
      pg: 'noise(k / 3 % 50 + k % 2)',
      js: (k) => noise((Math.floor(k / 3) % 50) + (k % 2)),
      most: 3000,
    },
    noise: { n: 50_000, pg: 'noise(k)', js: (k) => noise(k), most: 56_300 },
    words: {
      n: 80_000,
      pg: 'noise(noise(k / 5) % 20 + k % 5)',
      js: (k) => noise((noise(Math.floor(k / 5)) % 20) + (k % 5)),
      most: 45_000,
    },
  };
  const noise = (k: number): number =>
    Number(((((BigInt(k) + 1n) * 0x9e3779b97f4a7c15n) ^ ((BigInt(k) * 0xbf58476d1ce4e5b9n) >> 7n)) >> 29n) & 255n);

  test('are what Node makes of them', async () => {
    const lines = await linesOf(`import std.zlib;
${hex}
fn noise(k: int) -> int { return ((((k + 1) as u64) * 0x9e3779b97f4a7c15u64 ^ (product(k) >> 7)) >> 29 & 255) as int; }
// Without what wraps: the upper bits do not come down to those that are used.
fn product(k: int) -> u64 { return (k as u64) * 0xbf58476d1ce4e5b9u64; }
fn main() {
${Object.values(inputs)
  .map(
    ({ n, pg }) => `  if true {
    let b = new [${n}]u8;
    for k in 0..b.len { b[k] = (${pg}) as int as u8; }
    let c = zlib.compress(b);
    hex(c);
    let back = zlib.decompress(c);
    assert(back.ok && back.message == "" && back.bytes.len == b.len);
    for k in 0..b.len { assert(back.bytes[k] == b[k]); }
    delete back.bytes;
    print("{:x} {:x} {:x}", zlib.crc32(0, b), zlib.crc32(zlib.crc32(0, b[..b.len / 3]), b[b.len / 3..]), zlib.adler32(zlib.adler32(1, b[..b.len / 2]), b[b.len / 2..]));
    delete b;
    delete c;
  }`,
  )
  .join('\n')}
}`);
    Object.entries(inputs).forEach(([name, { n, js, most }], k) => {
      const bytes = Uint8Array.from({ length: n }, (_, i) => js(i) & 255);
      const packed = bytesOf(lines[2 * k]!);
      expect(Buffer.compare(inflateSync(packed), Buffer.from(bytes)), name).toBe(0);
      expect(packed.length, name).toBeLessThan(most);
      const crc = crc32(bytes).toString(16);
      expect(lines[2 * k + 1], name).toBe(`${crc} ${crc} ${packed.readUInt32BE(packed.length - 4).toString(16)}`);
    });
  });

  test('of other writers are read: stored, fixed and dynamic codes', async () => {
    const texts = [0, 1, 5, 300, 3000].map((n) =>
      Buffer.from(Uint8Array.from({ length: n }, (_, k) => 97 + (noise(k % 700) % 17))),
    );
    const noisy = Buffer.from(Uint8Array.from({ length: 2000 }, (_, k) => noise(k)));
    const packed = [...texts, noisy].flatMap((bytes) =>
      [
        { level: 0 },
        { level: 1 },
        { level: 9 },
        { strategy: constants.Z_FIXED },
        { strategy: constants.Z_HUFFMAN_ONLY },
        { strategy: constants.Z_RLE, windowBits: 9 },
      ].map((options) => [deflateSync(bytes, options), bytes] as const),
    );
    const lines = await linesOf(`import std.zlib;
import std.str;
${hex}
${fromHex}
fn main() {
  var it = str.words("${packed.map(([p]) => p.toString('hex')).join(' ')}");
  while str.next(&it) {
    let b = from_hex(it.piece);
    let r = zlib.decompress(b);
    assert(r.ok);
    hex(r.bytes);
  }
}`);
    expect(lines).toEqual(packed.map(([, bytes]) => bytes.toString('hex')));
  });

  test('that are cut off or changed are refused, and nothing else happens', async () => {
    const bytes = Buffer.from(Uint8Array.from({ length: 900 }, (_, k) => 97 + (noise(k % 400) % 11)));
    const given = [
      deflateSync(bytes),
      deflateSync(bytes, { strategy: constants.Z_FIXED }),
      deflateSync(bytes, { level: 0 }),
    ];
    const lines = await linesOf(`import std.zlib;
import std.str;
${fromHex}
fn main() {
  var it = str.words("${given.map((p) => p.toString('hex')).join(' ')}");
  while str.next(&it) {
    let b = from_hex(it.piece);
    for n in 0..b.len {
      let r = zlib.decompress(b[..n]);
      assert(!r.ok && r.bytes.len == 0 && r.message != "");
    }
    for bit in 0..8 * b.len {
      b[bit / 8] ^= 1 << (bit % 8);
      let r = zlib.decompress(b);
      b[bit / 8] ^= 1 << (bit % 8);
      assert(r.ok == (r.message == "") && (r.ok || r.bytes.len == 0));
      if r.ok { write("{} ", bit); delete r.bytes; }
    }
    print("");
  }
  let longer = new [20]u8;
  let small = zlib.compress(new [5]u8);
  longer[..small.len] = small[..];
  print("{} | {}", zlib.decompress(longer[..small.len + 1]).message, zlib.decompress(longer[..small.len]).ok);
}`);
    // Bits that fill up a byte say nothing, and a sum of 32 bits does not tell all bytes apart: Node accepts the same ones.
    const harmless = given.map((p) =>
      Array.from({ length: 8 * p.length }, (_, bit) => bit).filter((bit) => {
        const changed = Buffer.from(p);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        try {
          inflateSync(changed);
          return true;
        } catch {
          return false;
        }
      }),
    );
    expect(
      lines.slice(0, 3).map((l) =>
        l
          .trim()
          .split(' ')
          .filter((w) => w !== '')
          .map(Number),
      ),
    ).toEqual(harmless);
    expect(harmless.flat().length).toBeLessThan(30);
    expect(lines[3]).toBe('more bytes after the end | true');
  });

  test('known checksums', async () => {
    const [line] = await linesOf(`import std.zlib;
import std.str;
fn main() { let b = str.bytes("123456789"); print("{:x} {:x}", zlib.crc32(0, b), zlib.adler32(1, b)); }`);
    expect(line).toBe('cbf43926 91e01de');
  });
});

/** Reads a PNG with 8 bits a channel, checking each chunk: width, height, channels and pixels. */
const readPng = (file: Buffer) => {
  expect(file.subarray(0, 8)).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]));
  const chunks: { readonly kind: string; readonly data: Buffer }[] = [];
  let at = 8;
  while (at < file.length) {
    const length = file.readUInt32BE(at);
    const kind = file.toString('latin1', at + 4, at + 8);
    expect(file.readUInt32BE(at + 8 + length), kind).toBe(crc32(file.subarray(at + 4, at + 8 + length)));
    chunks.push({ kind, data: file.subarray(at + 8, at + 8 + length) });
    at += 12 + length;
  }
  expect(at).toBe(file.length);
  expect(chunks.map((c) => c.kind)).toEqual(['IHDR', 'IDAT', 'IEND']);
  const header = chunks[0]!.data;
  expect([...header.subarray(8)].filter((_, k) => k !== 1)).toEqual([8, 0, 0, 0]);
  const channels = { 0: 1, 4: 2, 2: 3, 6: 4 }[header[9]!]!;
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const raw = inflateSync(chunks[1]!.data);
  const row = width * channels;
  expect(raw.length).toBe(height * (row + 1));
  const pixels = Buffer.alloc(height * row);
  const filters = new Set<number>();
  for (let y = 0; y < height; y++) {
    const filter = raw[y * (row + 1)]!;
    filters.add(filter);
    for (let k = 0; k < row; k++) {
      const left = k >= channels ? pixels[y * row + k - channels]! : 0;
      const up = y > 0 ? pixels[(y - 1) * row + k]! : 0;
      const corner = y > 0 && k >= channels ? pixels[(y - 1) * row + k - channels]! : 0;
      const near = [left, up, corner].map((v) => Math.abs(left + up - corner - v));
      const paeth = near[0]! <= near[1]! && near[0]! <= near[2]! ? left : near[1]! <= near[2]! ? up : corner;
      const guess = [0, left, up, (left + up) >> 1, paeth][filter]!;
      pixels[y * row + k] = raw[y * (row + 1) + 1 + k]! + guess;
    }
  }
  return { width, height, channels, pixels, filters };
};

describe('pictures', () => {
  const sizes = [
    [1, 1, 1],
    [1, 1, 4],
    [5, 3, 2],
    [40, 30, 3],
    [301, 7, 1],
    [3, 200, 3],
    [64, 64, 4],
  ] as const;
  const value = (k: number, kind: number): number =>
    (kind === 0
      ? k * 3
      : kind === 1
        ? Math.floor((k * k) / 50)
        : kind === 2
          ? (k * 7919) % 251
          : k % 37 < 20
            ? 255
            : 0) & 255;

  test('are read back from PNG, PGM and PPM', async () => {
    const lines = await linesOf(`import std.image;
${hex}
fn value(k: int, kind: int) -> u8 {
  return (if kind == 0 { k * 3 } else if kind == 1 { k * k / 50 } else if kind == 2 { k * 7919 % 251 } else if k % 37 < 20 { 255 } else { 0 }) as u8;
}
fn check(width: int, height: int, channels: int) {
  for kind in 0..4 {
    var p = image.image(width, height, channels);
    for k in 0..p.pixels.len { p.pixels[k] = value(k, kind); }
    hex(image.png(&p));
    if channels % 2 == 1 { hex(image.pnm(&p)); }
    image.free(&p);
  }
}
fn main() {
${sizes.map((s) => `  check(${s.join(', ')});`).join('\n')}
}`);
    const used = new Set<number>();
    for (const [width, height, channels] of sizes) {
      for (let kind = 0; kind < 4; kind++) {
        const pixels = Buffer.from(Uint8Array.from({ length: width * height * channels }, (_, k) => value(k, kind)));
        const { filters, ...found } = readPng(bytesOf(lines.shift()!));
        for (const f of filters) used.add(f);
        expect(found).toEqual({ width, height, channels, pixels });
        if (channels % 2 === 0) continue;
        const head = `P${channels === 1 ? 5 : 6}\n${width} ${height}\n255\n`;
        expect(bytesOf(lines.shift()!)).toEqual(Buffer.concat([Buffer.from(head), pixels]));
      }
    }
    expect(lines).toEqual([]);
    // The pictures between them need every filter.
    expect([...used].sort()).toEqual([0, 1, 2, 3, 4]);
  });

  test('of smooth fields are small', async () => {
    const lines = await linesOf(`import std.image;
${hex}
fn main() {
  let a = new [200, 300]f64;
  for i in 0..200 { for j in 0..300 { a[i, j] = (i + j) as f64; } }
  a[0, 0] = 0.0 / 0.0; a[0, 1] = -5.0; a[0, 2] = 1e9;
  var g = image.from_field(a, 0.0, 498.0);
  hex(image.png(&g));
  var h = image.heat_map(a, 0.0, 498.0);
  hex(image.png(&h));
  image.free(&g);
  image.free(&h);
}`);
    const grey = readPng(bytesOf(lines[0]!));
    expect([grey.width, grey.height, grey.channels]).toEqual([300, 200, 1]);
    const at = (i: number, j: number) => (i === 0 && j < 3 ? [0, 0, 1][j]! : (i + j) / 498);
    const byte = (x: number) => Math.floor(Math.min(1, Math.max(0, x)) * 255 + 0.5);
    const places = Array.from({ length: 60_000 }, (_, k) => at(Math.floor(k / 300), k % 300));
    expect(Buffer.compare(grey.pixels, Buffer.from(places.map(byte)))).toBe(0);
    const heat = readPng(bytesOf(lines[1]!));
    const colours = places.flatMap((t) => [3 * t, 3 * t - 1, 3 * t - 2].map(byte));
    expect(Buffer.compare(heat.pixels, Buffer.from(colours))).toBe(0);
    for (const l of lines) expect(l.length / 2).toBeLessThan(6000);
  });

  test('pixels take colours, and leave out what is outside', async () => {
    const [line] = await linesOf(`import std.image;
${hex}
fn main() {
  let c = image.Color { r: 200, g: 100, b: 50 };
  for channels in 1..=4 {
    var p = image.image(2, 2, channels);
    image.set(&p, 1, 0, c);
    image.set(&p, -1, 0, c); image.set(&p, 2, 0, c); image.set(&p, 0, -1, c); image.set(&p, 0, 2, c);
    let at = channels;
    let grey = ((299 * 200 + 587 * 100 + 114 * 50 + 500) / 1000) as u8;
    for k in 0..p.pixels.len { assert((k >= at && k < at + channels) || p.pixels[k] == 0); }
    if channels >= 3 { assert(p.pixels[at] == 200 && p.pixels[at + 1] == 100 && p.pixels[at + 2] == 50); } else { assert(p.pixels[at] == grey); }
    if channels % 2 == 0 { assert(p.pixels[at + channels - 1] == 255); }
    image.free(&p);
  }
  let h = image.heat(0.5);
  print("{} {} {} {}", h.r, h.g, h.b, image.heat(7.0).b);
}`);
    expect(line).toBe('255 128 0 255');
  });

  test('that cannot be end the run', async () => {
    for (const [call, why] of [
      ['image.image(0, 1, 1)', 'columns and rows'],
      ['image.image(1, 1, 5)', '1 to 4 channels'],
    ] as const) {
      const ended = await ends(`import std.image;\nfn main() { let p = ${call}; print("{}", p.width); }`);
      expect(ended.code).toBe(1);
      expect(ended.err).toContain(why);
    }
    const ended = await ends(
      'import std.image;\nfn main() { var p = image.image(1, 1, 2); print("{}", image.pnm(&p).len); }',
    );
    expect(ended.err).toContain('the picture has 1 or 3 channels');
  });

  test('are written as their name says', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'pgc-stdlib-'));
    const text = `import std.image;
fn main() {
  var p = image.image(2, 1, 3);
  image.set(&p, 1, 0, image.Color { r: 65, g: 66, b: 67 });
  image.write("a.png", &p);
  image.write("a.ppm", &p);
}`;
    expect(await linesOf(text, { options: ['--allow-write'] }, folder)).toEqual([]);
    expect(readFileSync(join(folder, 'a.ppm'), 'latin1')).toBe('P6\n2 1\n255\n\0\0\0ABC');
    expect(readFileSync(join(folder, 'a.png'), 'latin1')).toMatch(/^\x89PNG.*IEND.{4}$/s);
    expect((await ends(text, {}, folder)).err).toContain('writing "a.png" is not allowed');
    rmSync(folder, { recursive: true });
  });
});
