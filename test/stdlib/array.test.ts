// std.array against JavaScript's loops on random integers: slices and distributed arrays of all distributions, of sizes around the
// numbers of images and of blocks, on 1 to 7 images. Few values, so that there are many equal elements.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

/** The elements that the programs work on. */
const element = (seed: number, i: number): number => {
  let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return ((x ^ (x >>> 12)) >>> 8) % 23;
};
const elements = (seed: number, n: number): number[] => Array.from({ length: n }, (_, i) => element(seed, i));
const prelude = `import std.array;
fn element(seed: int, i: int) -> int {
  var x = (i as u32 + 1) * 0x9e3779b1u32 ^ (seed as u32 + 1) * 0x85ebca6bu32;
  x = (x ^ (x >> 15)) * 0x2c1b3c6du32;
  return (((x ^ (x >> 12)) >> 8) % 23) as int;
}
fn odd(x: int) -> bool { return x % 2 == 1; }
fn quarter(x: int) -> f64 { return x as f64 / 4.0; }
fn join(a: int, b: int) -> int { return if b == 0 { a } else { b }; }
fn mix(a: int, b: int) -> int { return (a * 31 + b) % 100003; }
fn show<T>(a: []T) { for x in a { write("{} ", x); } print(""); }
`;
const numbers = (line: string | undefined): number[] =>
  (line ?? '').trim() === '' ? [] : (line ?? '').trim().split(' ').map(Number);
const inclusive = (a: readonly number[]): number[] => {
  let s = 0;
  return a.map((x) => (s += x));
};
const exclusive = (a: readonly number[]): number[] => inclusive(a).map((s, k) => s - a[k]!);
const firstOf = (a: readonly number[], x: number): number => a.indexOf(x);

describe('slices', () => {
  const sizes = [0, 1, 2, 3, 5, 8, 33];

  test('all functions', async () => {
    const lines = await linesOf(`${prelude}
fn main() {
  ${sizes.map((n) => `one(${n});`).join(' ')}
}
fn one(n: int) {
  let a = new [n]int;
  let b = new [n]int;
  for k in 0..n { a[k] = element(1, k); }
  array.copy(b, a);
  print("{} {}", array.equal(a, b), array.sum(a));
  if n > 1 { array.copy(b[1..], b[..n - 1]); }
  show(b);
  array.copy(b, a);
  array.reverse(b);
  show(b);
  print("{} {} {}", array.index_of_minimum(a), array.index_of_maximum(a), array.find(a, 7));
  if n > 0 { print("{} {}", array.minimum(a), array.maximum(a)); } else { print(""); }
  array.scan(b, a);
  show(b);
  array.exscan(b, a);
  show(b);
  array.copy(b, a);
  array.exscan(b, b);
  show(b);
  array.scan_by(b, a, mix);
  show(b);
  let counts = new [23]int;
  array.count(counts, a);
  show(counts);
  let some = array.histogram(counts[..5], a, 3.0, 18.0);
  print("{}", some);
  show(counts[..5]);
  let kept = array.filter(b, a, odd);
  show(b[..kept]);
  let quarters = new [n]f64;
  array.map(quarters, a, quarter);
  show(quarters);
  print("{}", array.reduce(a, 5, mix));
  array.fill(b, n);
  show(b);
}`);
    let at = 0;
    const next = (): number[] => numbers(lines[at++]);
    for (const n of sizes) {
      const a = elements(1, n);
      expect(lines[at++]).toBe(`true ${a.reduce((s, x) => s + x, 0)}`);
      expect(next()).toEqual([...a.slice(0, 1), ...a.slice(0, -1)].slice(0, n));
      expect(next()).toEqual([...a].reverse());
      const min = Math.min(...a);
      const max = Math.max(...a);
      expect(next()).toEqual([firstOf(a, min), firstOf(a, max), firstOf(a, 7)]);
      expect(next()).toEqual(n > 0 ? [min, max] : []);
      expect(next()).toEqual(inclusive(a));
      expect(next()).toEqual(exclusive(a));
      expect(next()).toEqual(exclusive(a));
      let s = 0;
      expect(next()).toEqual(a.map((x, k) => (s = k === 0 ? x : (s * 31 + x) % 100003)));
      const counts = Array.from({ length: 23 }, (_, v) => a.filter((x) => x === v).length);
      expect(next()).toEqual(counts);
      const within = a.filter((x) => x >= 3 && x < 18);
      expect(next()).toEqual([within.length]);
      expect(next()).toEqual(
        Array.from({ length: 5 }, (_, b) => counts[b]! + within.filter((x) => Math.floor((x - 3) / 3) === b).length),
      );
      expect(next()).toEqual(a.filter((x) => x % 2 === 1));
      expect(next()).toEqual(a.map((x) => x / 4));
      expect(next()).toEqual([a.reduce((r, x) => (r * 31 + x) % 100003, 5)]);
      expect(next()).toEqual(a.map(() => n));
    }
    expect(at).toBe(lines.length);
  });

  test('searching in what is sorted, all sizes to 20, all values', async () => {
    const lines = await linesOf(`${prelude}
fn main() {
  for n in 0..21 {
    let a = new [n]int;
    for k in 0..n { a[k] = k / 3 * 2; }
    for x in -1..16 { write("{} {} {} ", array.lower_bound(a, x), array.upper_bound(a, x), array.search(a, x)); }
    print("");
  }
}`);
    lines.forEach((line, n) => {
      const a = Array.from({ length: n }, (_, k) => Math.floor(k / 3) * 2);
      const found = Array.from({ length: 17 }, (_, i) => i - 1).flatMap((x) => [
        a.filter((y) => y < x).length,
        a.filter((y) => y <= x).length,
        a.indexOf(x),
      ]);
      expect(numbers(line)).toEqual(found);
    });
    expect(lines.length).toBe(21);
  });

  test('floats: NaN is the smallest and the largest, edges of bins belong to the upper one', async () => {
    const lines = await linesOf(`${prelude}
fn main() {
  let nan = 0.0 / 0.0;
  var a: [6]f64;
  for k in 0..6 { a[k] = (k * 5 % 6) as f64 - 2.5; }
  print("{} {}", array.index_of_minimum(a), array.index_of_maximum(a));
  a[4] = nan;
  a[5] = nan;
  let m = array.minimum(a);
  print("{} {} {}", array.index_of_minimum(a), array.index_of_maximum(a), m != m);
  var counts: [10]int;
  var b: [5]f64;
  b[0] = 1.0;
  b[1] = 0.99999999999999989;
  b[2] = nan;
  b[3] = -1e300;
  b[4] = 0.3;
  print("{} {}", array.histogram(counts, b, 0.0, 1.0), counts[9]);
  var bytes: [300]u8;
  for k in 0..300 { bytes[k] = k as u8; }
  print("{} {}", array.sum(bytes), array.maximum(bytes));
}`);
    expect(lines).toEqual(['0 1', '4 4 true', '2 1', `${((255 * 256) / 2 + (43 * 44) / 2) % 256} 255`]);
  });

  test.each([
    ['array.copy(a[..2], a[..3]);', 'lengths that do not fit'],
    ['array.minimum(a[..0]);', 'the minimum of nothing'],
    ['array.maximum(a[..0]);', 'the maximum of nothing'],
    ['array.scan(a[..2], a[..3]);', 'lengths that do not fit'],
    ['a[1] = 5; array.count(a[..3], a);', 'index'],
  ])('%s ends the run', async (statement, message) => {
    const ended = await ends(`${prelude}fn main() { var a: [4]int; ${statement} }`);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(message);
  });
});

describe('distributed arrays', () => {
  const sizes = [0, 1, 2, 3, 4, 6, 7, 8, 13, 50];
  const dists = ['block', 'cyclic', 'block(3)', 'on num_images() - 1'];
  const program = `${prelude}
fn main() {
${sizes.map((n) => dists.map((_d, k) => `  one${k}(${n});`).join('\n')).join('\n')}
}
${dists
  .map(
    (d, k) => `fn one${k}(n: int) {
  let a = new shared [n]int dist(${d});
  let b = new shared [n]int dist(${dists[(k + 1) % dists.length]});
  let q = new shared [n]f64 dist(${dists[(k + 2) % dists.length]});
  all(a, b, q);
  delete a;
  delete b;
  delete q;
}`,
  )
  .join('\n')}
fn show_all<T>(a: shared []T) {
  if this_image() == 0 {
    for i in 0..a.len { write("{} ", a[i]); }
    print("");
  }
}
fn all(a: shared []int, b: shared []int, q: shared []f64) {
  let first = this_image() == 0;
  let n = a.len;
  // Written by images that do not own them: the collectives see it.
  if first { for i in 0..n { a[i] = element(2, i); } }
  let sum = array.sum_shared(a);
  let least = array.index_of_minimum_shared(a);
  let most = array.index_of_maximum_shared(a);
  // All images must have the same results.
  assert(allreduce(min, sum) == sum && allreduce(max, least) == least && allreduce(max, most) == most);
  if first { print("{} {} {}", sum, least, most); }
  if n > 0 { assert(array.minimum_shared(a) == a[least] && array.maximum_shared(a) == a[most]); }
  array.copy_shared(b, a);
  show_all(b);
  array.scan_shared(b, a);
  show_all(b);
  array.exscan_shared(b, a);
  show_all(b);
  array.copy_shared(b, a);
  array.exscan_shared(b, b);
  show_all(b);
  var counts: [23]int;
  array.count_shared(counts, a);
  if this_image() == num_images() - 1 { for c in counts { write("{} ", c); } print(""); }
  barrier;
  let some = array.histogram_shared(counts[..5], a, 3.0, 18.0);
  for k in 0..5 { assert(allreduce(min, counts[k]) == counts[k]); }
  if first { print("{}", some); show(counts[..5]); }
  barrier;
  array.map_shared(q, a, quarter);
  show_all(q);
  let r = array.reduce_shared(a, 0, join);
  assert(allreduce(min, r) == r);
  if first { print("{}", r); }
  array.fill_shared(b, n);
  show_all(b);
}
`;

  test.each([1, 2, 3, 4, 7])('on %i images', async (images) => {
    const lines = await linesOf(program, { images });
    let at = 0;
    const next = (): number[] => numbers(lines[at++]);
    for (const n of sizes) {
      const a = elements(2, n);
      for (const _ of dists) {
        expect(next()).toEqual([a.reduce((s, x) => s + x, 0), firstOf(a, Math.min(...a)), firstOf(a, Math.max(...a))]);
        expect(next()).toEqual(a);
        expect(next()).toEqual(inclusive(a));
        expect(next()).toEqual(exclusive(a));
        expect(next()).toEqual(exclusive(a));
        const counts = Array.from({ length: 23 }, (_, v) => a.filter((x) => x === v).length);
        expect(next()).toEqual(counts);
        const within = a.filter((x) => x >= 3 && x < 18);
        expect(next()).toEqual([within.length]);
        const bins = counts.slice(0, 5).map((c, b) => c + within.filter((x) => Math.floor((x - 3) / 3) === b).length);
        expect(next()).toEqual(bins);
        expect(next()).toEqual(a.map((x) => x / 4));
        // The last that is not zero: not commutative, so the order of the images is seen.
        expect(next()).toEqual([a.findLast((x) => x !== 0) ?? 0]);
        expect(next()).toEqual(a.map(() => n));
      }
    }
    expect(at).toBe(lines.length);
  });

  test.each([
    ['array.copy_shared(a, b);', 'lengths that do not fit'],
    ['array.scan_shared(a, b);', 'lengths that do not fit'],
    ['let e = new shared [0]int; array.minimum_shared(e);', 'the minimum of nothing'],
    ['a[2] = 9; barrier; var c: [3]int; array.count_shared(c, a);', 'index'],
  ])('%s ends the run', async (statement, message) => {
    const text = `${prelude}shared a: [4]int; shared b: [5]int; fn main() { ${statement} }`;
    const ended = await ends(text, { images: 3 });
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(message);
  });
});
