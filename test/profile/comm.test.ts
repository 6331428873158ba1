// `pgc run --comm`: exact counts for programs whose communication is known.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { commKinds } from '../../vm/abi.ts';
import { type Comm, commOf, remoteBytes, remoteCount } from '../../vm/comm-report.ts';
import { run } from '../../vm/run.ts';
import { folderWith, pgc as pgcIn, removeFolders, root } from '../cli/pgc.ts';

const folder = folderWith();
afterAll(removeFolders);
const pgc = (...args: readonly string[]) => pgcIn(args, { cwd: folder });

const build = async (path: string, text?: string): Promise<Uint8Array> => {
  const { artifact, diagnostics } = await compile(text === undefined ? path : { path, text }, { comm: true });
  expect(diagnostics).toEqual([]);
  return artifact ?? new Uint8Array();
};

const counted = async (artifact: Uint8Array, images: number, configs: Record<string, string> = {}): Promise<Comm> => {
  let found: Comm | undefined;
  const result = await run(artifact, {
    images,
    configs,
    stdout: () => {},
    stderr: () => {},
    workerUrl: new URL('../../dist/worker.cjs', import.meta.url),
    atEnd: (node) => {
      found = commOf(node);
    },
  });
  expect(result).toEqual({ kind: 'ok' });
  expect(found).toBeDefined();
  return found ?? { lines: [], matrix: [] };
};

/** What the line with this number did, as `kind count bytes`. */
const at = (c: Comm, line: number): readonly string[] =>
  c.lines
    .filter((l) => l.line === line)
    .flatMap((l) => l.remote.flatMap((r, k) => (r.count === 0 ? [] : [`${commKinds[k]} ${r.count} ${r.bytes}`])));

const total = (c: Comm): number => c.lines.reduce((n, l) => n + remoteBytes(l), 0);
const outside = (c: Comm): number =>
  c.matrix.reduce((n, row, i) => n + row.reduce((sum, bytes, k) => sum + (i === k ? 0 : bytes), 0), 0);

const kinds = `shared a: [8000]int dist(block);
shared count: int;
co flag: i32;
struct pair { x: int; y: int; }
shared p: [8]pair dist(cyclic);
fn main() {
  let me = this_image();
  let n = num_images();
  var b: [1000]int;
  let next = (me + 1) % n;
  forall i in a { a[i] = i; }
  barrier;
  b[..] = a[next * 2000..next * 2000 + 1000];
  fetch_add(count, 1);
  flag@next = 7;
  var sum = 0;
  for k in 0..n { if k != me { sum += (flag@k) as int; } }
  let r = isend(b[0..500], next, 3);
  recv(b[..], (me + n - 1) % n, 3);
  wait(r);
  p[next] = pair { x: 1, y: 2 };
  barrier;
  print("{}", sum);
}
`;

describe('counts are exact', () => {
  let transpose: Uint8Array;
  let p2p: Uint8Array;
  let all: Uint8Array;
  beforeAll(async () => {
    transpose = await build(join(root, 'examples/prk/transpose.pg'));
    p2p = await build(join(root, 'examples/prk/p2p.pg'));
    all = await build('kinds.pg', kinds);
  }, 200_000);

  for (const n of [1, 2, 4]) {
    test(`transpose on ${n} images reads all but its own block`, async () => {
      const c = await counted(transpose, n, { order: '64', iterations: '1' });
      const reads = 2 * 64 * (64 - 64 / n);
      expect(at(c, 36)).toEqual(n === 1 ? [] : [`read ${reads} ${8 * reads}`]);
      expect(total(c)).toBe(8 * reads);
      expect(outside(c)).toBe(total(c));
      for (const [i, row] of c.matrix.entries())
        for (const [k, bytes] of row.entries()) if (i !== k) expect(bytes).toBe((2 * 8 * 64 * 64) / n / n);
    });

    test(`p2p on ${n} images writes a value and a flag for each row`, async () => {
      const c = await counted(p2p, n, { m: '20', n: '20', iterations: '1' });
      const rows = 2 * 19 * (n - 1);
      expect(at(c, 44)).toEqual(n === 1 ? [] : [`write ${rows} ${8 * rows}`]);
      expect(at(c, 46)).toEqual(n === 1 ? [] : [`atomic ${rows} ${8 * rows}`]);
      expect(at(c, 51)).toEqual(n === 1 ? [] : ['write 2 16']);
      expect(total(c)).toBe(n === 1 ? 0 : 16 * rows + 16);
      expect(outside(c)).toBe(total(c));
    });

    test(`each kind on ${n} images`, async () => {
      const c = await counted(all, n);
      const one = (kind: string, count: number, bytes: number) =>
        n === 1 ? [] : [`${kind} ${count} ${bytes * count}`];
      // On two images one of the two copies is of an own part.
      expect(at(c, 13)).toEqual(one('bulk', n === 2 ? 1 : n, 8000));
      expect(at(c, 14)).toEqual(one('atomic', n - 1, 8));
      expect(at(c, 15)).toEqual(one('write', n, 4));
      expect(at(c, 17)).toEqual(one('read', n * (n - 1), 4));
      expect(at(c, 18)).toEqual(one('message', n, 4000));
      expect(at(c, 21).join()).toMatch(n === 1 ? /^$/ : new RegExp(`^write \\d+ ${16 * n}$`));
      const own = c.lines.find((l) => l.line === 11);
      expect(own?.local).toEqual({ count: 8000, bytes: 64000 });
      expect(own && remoteCount(own)).toBe(0);
    });
  }
});

test("what handlers note in messages is no line's: messages count where they are sent", async () => {
  const text = `var got: int;
fn take(s: status) { var k: int; recv(k, s.source, s.tag); got += k; }
fn main() {
  on_message(1, take, branch);
  on_message(2, take, branch);
  barrier;
  if this_image() == 0 { for i in 0..10 { send(1, num_images() - 1, 1); } }
  if this_image() == num_images() - 1 { while got < 10 { } }
}`;
  const c = await counted(await build('handlers.pg', text), 3);
  expect(at(c, 7)).toEqual(['message 10 80']);
  expect(total(c)).toBe(80);
});

describe('the report', () => {
  test('has the lines with most bytes first, a matrix, and a hint for many small accesses', async () => {
    const r = await pgc('run', join(root, 'examples/prk/transpose.pg'), '-n', '2', '--comm', '--', '--order=64');
    expect(r.code).toBe(0);
    // Columns are as wide as the folder's name is long.
    const text = r.err
      .replace(/^.*MB\/s\n/, '')
      .replaceAll(`${root}/`, '')
      .replace(/ {2,}/g, '  ');
    expect(text).toMatchInlineSnapshot(`
      "communication of 2 images: 180 224 bytes to and from others, 1 720 320 in own parts of what is shared
        bytes  reads  own  line  source
        180 224  22 528  112 640  examples/prk/transpose.pg:36  foreach j in j0..min(j0 + tile, order) { row[j] += a[j, i];…
      bytes by image (rows), to and from the memory of image (columns):
        0  1
        0  860 160  90 112
        1  90 112  860 160
        hint: examples/prk/transpose.pg:36: 22 528 accesses of 8 bytes each; a copy of a whole part, b[..] = a[lo..hi], would be one
      "
    `);
  });

  test('artifacts without counts say so', async () => {
    writeFileSync(join(folder, 'kinds.pg'), kinds);
    await pgc('build', 'kinds.pg');
    const r = await pgc('run', 'kinds.wasm', '--comm');
    expect(r).toMatchObject({
      code: 2,
      out: '',
      err: 'error: kinds.wasm was built without --comm\n  hint: pgc build --comm prog.pg, or run the .pg file itself\n',
    });
  });
});
