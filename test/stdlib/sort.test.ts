// std.sort against JavaScript's sort: all small sizes, patterns that are hard for quicksort, many equal elements, an adversary
// that looks for the worst case, and distributed arrays of all distributions with more and fewer elements than images.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

/** The elements that the programs work on: `kinds` different values, of both signs. */
const element = (seed: number, i: number, kinds: number): number => {
  let x = Math.imul(i + 1, 0x9e3779b1) ^ Math.imul(seed + 1, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 15), 0x2c1b3c6d);
  return (((x ^ (x >>> 12)) >>> 8) % kinds) - (kinds >> 1);
};
const elements = (seed: number, n: number, kinds: number): number[] =>
  Array.from({ length: n }, (_, i) => element(seed, i, kinds));
const sorted = (a: readonly number[]): number[] => [...a].sort((x, y) => x - y);
const numbers = (line: string | undefined): number[] =>
  (line ?? '').trim() === '' ? [] : (line ?? '').trim().split(' ').map(Number);

const prelude = `import std.sort;
struct Item { key: i32; place: i32; }
fn element(seed: int, i: int, kinds: int) -> int {
  var x = (i as u32 + 1) * 0x9e3779b1u32 ^ (seed as u32 + 1) * 0x85ebca6bu32;
  x = (x ^ (x >> 15)) * 0x2c1b3c6du32;
  return ((x ^ (x >> 12)) >> 8) as int % kinds - (kinds >> 1);
}
fn up(a: int, b: int) -> bool { return a < b; }
fn down(a: int, b: int) -> bool { return a > b; }
fn key_up(a: Item, b: Item) -> bool { return a.key < b.key; }
fn show(a: []int) { for x in a { write("{} ", x); } print(""); }
`;

describe('slices', () => {
  test.each([2, 5, 1000000])('all sizes to 70 of %i values', async (kinds) => {
    const lines = await linesOf(`${prelude}
fn main() {
  for n in 0..71 {
    let a = new [n]int;
    let items = new [n]Item;
    for k in 0..n { a[k] = element(n, k, ${kinds}); }
    sort.numbers(a);
    show(a);
    for k in 0..n { a[k] = element(n, k, ${kinds}); }
    sort.by(a, down);
    show(a);
    for k in 0..n { items[k] = Item { key: element(n, k, ${kinds}) as i32, place: k as i32 }; }
    sort.stable(items, key_up);
    assert(sort.is_sorted(items, key_up));
    for x in items { write("{} ", x.place); }
    print("");
    delete a;
    delete items;
  }
}`);
    for (let n = 0; n < 71; n++) {
      const a = elements(n, n, kinds);
      expect(numbers(lines[3 * n])).toEqual(sorted(a));
      expect(numbers(lines[3 * n + 1])).toEqual(sorted(a).reverse());
      expect(numbers(lines[3 * n + 2])).toEqual([...a.keys()].sort((i, j) => a[i]! - a[j]!));
    }
    expect(lines.length).toBe(3 * 71);
  });

  test('patterns: each takes n log n comparisons', async () => {
    const n = 20000;
    const patterns: Readonly<Record<string, readonly [string, (k: number) => number]>> = {
      ascending: ['k', (k) => k],
      descending: [`${n} - k`, (k) => n - k],
      equal: ['7', () => 7],
      'two values': ['k & 1', (k) => k & 1],
      organ: [`if k < ${n / 2} { k } else { ${n} - k }`, (k) => (k < n / 2 ? k : n - k)],
      saw: ['k % 100', (k) => k % 100],
      'one out of place': [`if k == ${n - 1} { 5 } else { k }`, (k) => (k === n - 1 ? 5 : k)],
      random: ['element(3, k, 1 << 24)', (k) => element(3, k, 1 << 24)],
    };
    const programs = Object.values(patterns).map(
      ([text], i) => `fn fill${i}(a: []int) { for k in 0..a.len { a[k] = ${text}; } }`,
    );
    const lines = await linesOf(`${prelude}
var compared: int;
fn counting(a: int, b: int) -> bool { compared += 1; return a < b; }
// Of all places, with the number of comparisons within what n log n allows.
fn check(a: []int) {
  var sum = 0;
  for k in 0..a.len { sum = (sum * 31 + a[k]) % 1000003; }
  // 3 n log n; and 20000 < 2^15.
  assert(compared <= 3 * 15 * a.len, "too many comparisons");
  compared = 0;
  write("{} ", sum);
}
${programs.join('\n')}
fn main() {
  let a = new [${n}]int;
${programs
  .map(
    (_, i) => `  fill${i}(a); sort.numbers(a); check(a);
  fill${i}(a); sort.by(a, counting); check(a);
  fill${i}(a); sort.stable(a, counting); check(a);
  print("");`,
  )
  .join('\n')}
  compared = 0;
  sort.stable(a, counting);
  // Sorted already: the merges compare once each, the runs of few elements once an element.
  assert(compared < 2 * a.len);
}`);
    Object.entries(patterns).forEach(([name, [, f]], i) => {
      const sum = sorted(Array.from({ length: n }, (_, k) => f(k))).reduce((s, x) => (s * 31 + x) % 1000003, 0);
      expect(lines[i]?.trim(), name).toBe(`${sum} ${sum} ${sum}`);
    });
    expect(lines.length).toBe(Object.keys(patterns).length);
  });

  // M. D. McIlroy, "A killer adversary for quicksort", 1999: values are decided only when they are compared, so that every
  // pivot turns out to be nearly the smallest.
  test('the adversary of quicksort gets n log n comparisons all the same', async () => {
    const lines = await linesOf(`${prelude}
config const n: int = 20_000;
var value: [20_000]int;
var solid: int;
var candidate: int;
var compared: int;
fn adversary(x: int, y: int) -> bool {
  compared += 1;
  if value[x] == n && value[y] == n {
    let freeze = if x == candidate { x } else { y };
    value[freeze] = solid;
    solid += 1;
  }
  if value[x] == n { candidate = x; } else if value[y] == n { candidate = y; }
  return value[x] < value[y];
}
fn by_value(x: int, y: int) -> bool { compared += 1; return value[x] < value[y]; }
fn main() {
  let a = new [n]int;
  for k in 0..n { a[k] = k; value[k] = n; }
  sort.by(a, adversary);
  // The input that it made, once more with fixed values.
  for k in 0..n { a[k] = k; }
  let first = compared;
  compared = 0;
  sort.by(a, by_value);
  for k in 1..n { assert(value[a[k - 1]] <= value[a[k]]); }
  var seen = 0;
  for k in a { seen += k; }
  print("{} {} {}", first < 4 * 15 * n, compared < 4 * 15 * n, seen);
  // Numbers take the same way.
  for k in 0..n { a[k] = value[k]; }
  sort.numbers(a);
  assert(sort.is_sorted(a, up));
  print("{}", compared > 20 * n);
}`);
    // The last: that the depth was used up, so that it was heapsort that ended it.
    expect(lines).toEqual([`true true ${(20000 * 19999) / 2}`, 'true']);
  });

  test('floats with NaNs, infinities and both zeros', async () => {
    const lines = await linesOf(`${prelude}
fn main() {
  var a: [40]f64;
  for k in 0..40 {
    a[k] = if k % 5 == 0 { 0.0 / 0.0 } else if k == 11 { -1.0 / 0.0 } else if k == 7 { 1.0 / 0.0 } else { element(1, k, 9) as f64 / 2.0 };
  }
  sort.numbers(a);
  for x in a { write("{} ", if x != x { 99.0 } else { x }); }
  print("");
  var bytes: [3]u8;
  bytes[0] = 200;
  bytes[2] = 100;
  sort.numbers(bytes);
  print("{} {} {}", bytes[0], bytes[1], bytes[2]);
}`);
    const a = Array.from({ length: 40 }, (_, k) =>
      k % 5 === 0 ? 99 : k === 11 ? -Infinity : k === 7 ? Infinity : element(1, k, 9) / 2,
    );
    const expected = [...sorted(a.filter((x) => x !== 99)), ...a.filter((x) => x === 99)];
    expect(
      (lines[0] ?? '')
        .trim()
        .split(' ')
        .map((x) => Number(x.replace('inf', 'Infinity'))),
    ).toEqual(expected);
    expect(lines[1]).toBe('0 100 200');
  });
});

describe('distributed arrays', () => {
  const sizes = [0, 1, 2, 3, 5, 6, 7, 8, 20, 48, 49, 50, 300];
  const kinds = [1, 3, 1 << 24];
  const dists = ['block', 'cyclic', 'block(3)', 'on num_images() - 1'];
  const program = `${prelude}
fn main() {
  for k in 0..${kinds.length} {
    let kinds = if k == 0 { ${kinds[0]} } else if k == 1 { ${kinds[1]} } else { ${kinds[2]} };
${sizes.map((n) => dists.map((_, d) => `    one${d}(${n}, kinds);`).join('\n')).join('\n')}
  }
}
${dists
  .map(
    (d, k) => `fn one${k}(n: int, kinds: int) {
  let a = new shared [n]int dist(${d});
  let b = new shared [n]Item dist(${d});
  all(a, b, kinds);
  delete a;
  delete b;
}`,
  )
  .join('\n')}
fn all(a: shared []int, b: shared []Item, kinds: int) {
  let n = a.len;
  // Written by an image that does not own them.
  if this_image() == num_images() - 1 {
    for i in 0..n {
      a[i] = element(n, i, kinds);
      b[i] = Item { key: a[i] as i32, place: i as i32 };
    }
  }
  sort.numbers_shared(a);
  sort.by_shared(b, key_up);
  if this_image() == 0 {
    for i in 0..n { write("{} ", a[i]); }
    print("");
    for i in 0..n { write("{} ", b[i].place); }
    print("");
  }
  barrier;
  sort.by_shared(a, down);
  // All images see it: each looks at all.
  for i in 1..n { assert(a[i - 1] >= a[i]); }
  barrier;
}
`;

  test.each([1, 2, 3, 4, 7])('on %i images', async (images) => {
    const lines = await linesOf(program, { images });
    let at = 0;
    for (const kind of kinds) {
      for (const n of sizes) {
        const a = elements(n, n, kind);
        const places = [...a.keys()].sort((i, j) => a[i]! - a[j]!);
        for (const _ of dists) {
          expect(numbers(lines[at++])).toEqual(sorted(a));
          expect(numbers(lines[at++])).toEqual(places);
        }
      }
    }
    expect(at).toBe(lines.length);
  });

  test.each([2, 4, 7])('floats with NaNs, sorted input and input in reverse, on %i images', async (images) => {
    const lines = await linesOf(
      `${prelude}
shared a: [5000]f64 dist(cyclic);
shared b: [5001]i32;
fn less(x: i32, y: i32) -> bool { return x < y; }
fn main() {
  forall i in a { a[i] = if i % 7 == 0 { 0.0 / 0.0 } else { element(4, i, 100) as f64 }; }
  sort.numbers_shared(a);
  var nans = 0;
  forall i in a reduce(+: nans) { if a[i] != a[i] { nans += 1; } }
  forall i in 1..5000 - nans on a[i] { assert(a[i - 1] <= a[i]); }
  if this_image() == 0 { print("{}", nans); }
  for round in 0..2 {
    forall i in b { b[i] = (if round == 0 { i } else { 5000 - i }) as i32; }
    sort.by_shared(b, less);
    forall i in b { assert(b[i] == i as i32); }
    barrier;
  }
}`,
      { images },
    );
    expect(lines).toEqual([`${Math.ceil(5000 / 7)}`]);
  });

  test('what a function does wrong is found where it is called', async () => {
    const ended = await ends(
      `${prelude}
shared a: [100]int;
fn wrong(x: int, y: int) -> bool { return 1 / (x - y) > 0; }
fn main() { sort.by_shared(a, wrong); }`,
      { images: 3 },
    );
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('division by zero');
    expect(ended.err).toContain('by_shared');
  });
});
