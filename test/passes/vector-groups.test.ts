// Interleaved accesses: the shuffles are the right ones, nothing is read behind what the loop reads, nothing is written that it does not write, and
// accesses stay where something in between minds.
import { describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { runPasses, sequence } from '../../compiler/pipeline.ts';
import { gather, type Recipe, scatter } from '../../compiler/vector-interleave.ts';
import { vectorList } from '../../compiler/vector-list.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';

/** What the results of a recipe hold, byte by byte. */
const shuffled = (recipe: Recipe, sources: readonly (readonly number[])[]): readonly (readonly number[])[] => {
  const all = sources.map((s) => [...s]);
  for (const { a, b, bytes } of recipe.shuffles) {
    const both = [...(all[a] ?? []), ...(all[b] ?? [])];
    all.push(bytes.map((k) => both[k] ?? -1));
  }
  return recipe.results.map((k) => all[k] ?? []);
};

const bytesFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_, k) => first + k);

describe('shuffles', () => {
  const cases = [2, 3, 4].flatMap((ways) => [1, 2, 4, 8].map((size) => [ways, size] as const));

  test.each(cases)('of %i ways, elements of %i bytes', (ways, size) => {
    const lanes = 16 / size;
    for (let mask = 1; mask < 1 << ways; mask += 2) {
      const wanted = bytesFrom(0, ways).filter((w) => mask & (1 << w));
      for (const last of [false, true]) {
        const recipe = gather(ways, size, wanted, last);
        const found = shuffled(
          recipe,
          recipe.loads.map((e) => bytesFrom(e * size, 16)),
        );
        const expected = wanted.map((w) => bytesFrom(0, lanes).flatMap((k) => bytesFrom((k * ways + w) * size, size)));
        expect(found).toEqual(expected);
        const end = (lanes - 1) * ways + Math.max(...wanted) + 1;
        if (last) for (const e of recipe.loads) expect(e + lanes).toBeLessThanOrEqual(end);
        for (const e of recipe.loads) expect(e).toBeGreaterThanOrEqual(0);
      }
    }
    const sources = bytesFrom(0, ways).map((w) =>
      bytesFrom(0, lanes).flatMap((k) => bytesFrom((k * ways + w) * size, size)),
    );
    expect(shuffled(scatter(ways, size), sources).flat()).toEqual(bytesFrom(0, 16 * ways));
  });
});

const interleaved = `
struct Pixel { r: u8, g: u8, b: u8 }
struct Pair { x: f32, y: f32 }

fn product(c: []f64, a: []f64, b: []f64) {
  foreach i in 0..c.len / 2 {
    c[2 * i] = a[2 * i] * b[2 * i] - a[2 * i + 1] * b[2 * i + 1];
    c[2 * i + 1] = a[2 * i] * b[2 * i + 1] + a[2 * i + 1] * b[2 * i];
  }
}
fn even(to: []i32, from: []i32) { for i in 0..to.len { to[i] = from[2 * i]; } }
fn two_of_three(to: []f32, from: []f32) { for i in 0..to.len { to[i] = from[3 * i] + from[3 * i + 1]; } }
fn one_of_four(to: []u16, from: []u16) { for i in 0..to.len { to[i] = from[4 * i] + 1; } }
fn exchange(p: []Pixel) {
  for i in 0..p.len {
    let r = p[i].r;
    p[i].r = p[i].b;
    p[i].g += 1;
    p[i].b = r;
  }
}
fn turn(p: []Pair, q: []Pair) { for i in 0..p.len { p[i] = Pair { x: -q[i].y, y: q[i].x }; } }
fn zip(to: []i32, a: []i32, b: []i32) {
  for i in 0..a.len {
    to[2 * i + 1] = a[i];
    to[2 * i] = b[i];
  }
}
fn four(to: []i16, by: []i16) {
  for i in 0..by.len {
    to[4 * i + 2] = by[i] * 3;
    to[4 * i] = by[i];
    to[4 * i + 3] = to[4 * i + 1];
    to[4 * i + 1] = by[i] * 2;
  }
}`;

/** What may be written, or read, only where it stands. */
const not = `
fn partly(to: []i32, a: []i32) {
  for i in 0..a.len {
    to[4 * i] = a[i];
    to[4 * i + 1] = a[i] + 1;
    to[4 * i + 3] = a[i] - 1;
  }
}
fn behind(a: []f32) {
  for i in 0..(a.len - 2) / 2 {
    a[2 * i + 2] = a[2 * i] + 1.0;
    a[2 * i + 3] = a[2 * i + 1] + 1.0;
  }
}
fn twice(a: []f32) {
  foreach i in 0..a.len / 2 {
    a[2 * i] = 3.0 - a[2 * i];
    a[2 * i + 1] = a[2 * i] * 2.0 + a[2 * i + 1];
  }
}`;

const main = `
fn mix(h: int, x: int) -> int { return (h ^ x) * 1099511628211 + (x >> 13); }
// Beside an array whose last element ends a group early lies what nobody ever asked for.
fn ends() -> int {
  let above = new [16]i64;
  let from = new [63]i32;
  let below = new [16]i64;
  let to = new [32]i32;
  for i in 0..63 { from[i] = i as i32; }
  even(to, from);
  return to[31] as int;
}
fn main() {
  var h = ends();
  for size in 1..38 step 9 {
    for at in 0..3 {
      let d = new [240]f64;
      let f = new [240]f32;
      let k = new [240]i32;
      let s = new [240]i16;
      let u = new [240]u16;
      let p = new [80]Pixel;
      let q = new [80]Pair;
      for i in 0..240 {
        d[i] = (i * 7 % 31) as f64;
        f[i] = (i * 5 % 17) as f32;
        k[i] = (i * 1000003) as i32;
        s[i] = (i * 77) as i16;
        u[i] = (i * 99) as u16;
      }
      for i in 0..80 {
        p[i] = Pixel { r: i as u8, g: (3 * i) as u8, b: (255 - i) as u8 };
        q[i] = Pair { x: i as f32, y: 0.5 * (i as f32) };
      }
      // Slices that end with the last element that is read; at distances at which some overlap.
      let m = if size == 0 { 0 } else { 2 * size - 1 };
      product(d[0..2 * size], d[2 * at..2 * at + 2 * size], d[120..120 + 2 * size]);
      even(k[200..200 + size], k[at..at + m]);
      two_of_three(f[160..160 + size], f[at..at + 3 * size]);
      one_of_four(u[at..at + size], u[80..80 + 4 * size]);
      exchange(p[at..at + size]);
      turn(q[40..40 + size], q[40 - 13 * at..40 - 13 * at + size]);
      zip(k[20 * at..20 * at + 2 * size], k[100..100 + size], k[150..150 + size]);
      four(s[at..at + 4 * size], s[170..170 + size]);
      partly(k[at..at + 4 * size], k[190..190 + size]);
      behind(f[at..at + size]);
      twice(f[at..at + 2 * size]);
      for i in 0..240 {
        h = mix(mix(mix(h, d[i] as int), f[i] as int), k[i] as int);
        h = mix(mix(h, s[i] as int), u[i] as int);
      }
      for i in 0..80 { h = mix(mix(mix(mix(mix(h, p[i].r as int), p[i].g as int), p[i].b as int), q[i].x as int), (q[i].y * 2.0) as int); }
    }
  }
  print("{}", h);
}
`;

const leftOut = ['lower-runtime', 'escape', 'track', 'hooks', 'lower-hooks', 'pin', 'roots', 'fibers', 'comm'];

const lowered = (text = interleaved + not + main): IrProgram => {
  const { program, diagnostics, sources } = check('p.pg', fileHost({ texts: { 'p.pg': text } }));
  if (program) return lower(program);
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n'));
};

test('groups, in functions that stand alone', { timeout: 200_000 }, () => {
  const program = lowered();
  const names = sequence.filter((name) => !leftOut.includes(name) && name !== 'inline');
  const before = runPasses(program, names.slice(0, names.indexOf('vectorise')));
  const made = runPasses(program, names);
  const grouped = vectorList(before)
    .split('\n')
    .flatMap((line) => {
      const found = /^\S+ +(\w+) +yes: .*, (\d) interleaved group/.exec(line);
      return found ? [`${found[1]} ${found[2]}`] : [];
    });
  // What is written partly, or read where it was just written, is done one by one.
  expect(grouped).toEqual([
    'product 3',
    'even 1',
    'two_of_three 1',
    'one_of_four 1',
    'exchange 2',
    'turn 2',
    'zip 1',
    'four 2',
    'twice 2',
    'main 2',
  ]);
  const { outcome, stdout } = evaluate(made, { images: 1, steps: 60_000_000, paranoid: true });
  expect(outcome).toEqual({ kind: 'ok' });
  const oracle = evaluate(program, { images: 1, steps: 60_000_000 });
  expect(stdout).toEqual(oracle.stdout);
});

test('who divides is told from who looks for the owner of an element', () => {
  const program = lowered(`shared a: [1000]i64 dist(cyclic);
fn main() {
  for i in 0..1000 { a[(i * 77) & 511] = 1; }
  var sum = 0;
  for i in 1..1000 { sum += 1000 / i; }
  print("{}", sum);
}`);
  const before = runPasses(program, sequence.slice(0, sequence.indexOf('vectorise')));
  const reasons = vectorList(before)
    .split('\n')
    .flatMap((line) => /no: ([^,]*)/.exec(line)?.[1] ?? []);
  expect(reasons).toEqual(['a search for the owner of an element', 'a division of integers']);
});

test('loops and hooks of the library that were inlined have the places where the program calls them', async () => {
  const text = `import std.str;
config const count: int = 3;
fn main() {
  let words = if this_image() == 0 { "   a few" } else { "    b" };
  print("{}", str.trim_start(words[0..count]).len);
}
`;
  for (const form of ['vector', 'hooks'] as const) {
    const { text: list = '' } = await compile({ path: 'a.pg', text }, { emit: form });
    expect(list).toMatch(/^a\.pg:5:15 +main .*, in std\/str\.pg:\d+:3$/m);
    expect(list).not.toMatch(/^std\/.* main /m);
  }
});
