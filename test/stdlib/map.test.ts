// std.map against JavaScript's Map: the same random operations on both. Few keys in many operations, hash functions that
// collide on purpose, and keys in sequence, which must not cluster.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

const generator = (seed: number): ((n: number) => number) => {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % n;
  };
};

const body = `import std.map;
var state: int;
fn random(n: int) -> int { state = (state * 1103515245 + 12345) & 0x7fffffff; return (state >> 8) % n; }

// A checksum of all entries that does not depend on their order.
fn sum<K>(m: *map.Map<K, int>, number: fn(K) -> int) -> int {
  var s = 0;
  let keys = map.keys(m);
  for k in 0..m.len {
    let v = map.values(m)[k];
    s += (number(keys[k]) + 1) * (v + 7) % 1009;
    assert(map.get(m, keys[k]) == v);
  }
  return s;
}

fn walk<K>(m: *map.Map<K, int>, steps: int, range: int, key: fn(int) -> K, number: fn(K) -> int) {
  for step in 0..steps {
    let op = random(10);
    let k = key(random(range));
    let v = random(1000);
    if op < 4 { map.put(m, k, v); }
    else if op == 4 { *map.at(m, k) += v; }
    else if op < 8 { write("{} ", map.remove(m, k)); }
    else if op == 8 { write("{} {} ", map.get_or(m, k, -1), map.contains(m, k)); }
    else if v == 0 { map.clear(m); }
    else if v == 1 { map.free(m); }
    else {
      let p = map.find(m, k);
      assert((p == nil) == !map.contains(m, k));
      if p != nil { *p = v; }
    }
    print("{} {}", m.len, sum(m, number));
  }
}
fn same<T>(x: T) -> T { return x; }
`;

/** What `walk` does, in JavaScript. */
const walk = (seed: number, steps: number, range: number): string[] => {
  const random = generator(seed);
  const m = new Map<number, number>();
  const out: string[] = [];
  for (let step = 0; step < steps; step++) {
    const op = random(10);
    const k = random(range);
    const v = random(1000);
    let line = '';
    if (op < 4) m.set(k, v);
    else if (op === 4) m.set(k, (m.get(k) ?? 0) + v);
    else if (op < 8) line = `${m.delete(k)} `;
    else if (op === 8) line = `${m.get(k) ?? -1} ${m.has(k)} `;
    else if (v < 2) m.clear();
    else if (m.has(k)) m.set(k, v);
    let sum = 0;
    for (const [key, value] of m) sum += ((key + 1) * (value + 7)) % 1009;
    out.push(`${line}${m.size} ${sum}`);
  }
  return out;
};

describe('random operations', () => {
  test.each([
    [1, 5],
    [2, 60],
    [3, 1000],
  ])('seed %i, %i keys', async (seed, range) => {
    const text = `${body}
fn main() {
  state = ${seed};
  var m: map.Map<int, int> = map.of_integers();
  walk(&m, 1500, ${range}, same, same);
}`;
    expect(await linesOf(text)).toEqual(walk(seed, 1500, range));
  });

  test('with a hash function that knows three values only', async () => {
    const text = `${body}
fn poor(x: int) -> u64 { return (x % 3) as u64; }
fn main() {
  state = 4;
  var m: map.Map<int, int> = map.of(poor, map.same);
  walk(&m, 1500, 100, same, same);
}`;
    expect(await linesOf(text)).toEqual(walk(4, 1500, 100));
  });

  test('with texts as keys', async () => {
    const text = `${body}
import std.str;
var names: [100]str;
fn name(k: int) -> str { return names[k]; }
fn number(s: str) -> int {
  var n = 0;
  for i in 5..s.len { n = 10 * n + (s[i] - '0') as int; }
  return n;
}
fn main() {
  // Numbers without leading zeros, so that the texts differ in length too.
  let digits = "0123456789";
  for k in 0..100 {
    let bytes = new [if k < 10 { 6 } else { 7 }]u8;
    for i in 0..5 { bytes[i] = "key: "[i]; }
    if k >= 10 { bytes[5] = digits[k / 10]; }
    bytes[bytes.len - 1] = digits[k % 10];
    names[k] = bytes as str;
  }
  state = 5;
  var m: map.Map<str, int> = map.of_texts();
  walk(&m, 1500, 100, name, number);
}`;
    expect(await linesOf(text)).toEqual(walk(5, 1500, 100));
  });

  test('with small integers and with structs as keys, values of any size', async () => {
    const lines = await linesOf(`${body}
struct Cell { x: i32; y: i32; }
struct Wide { a: u8; b: [3]f64; }
fn hash(c: Cell) -> u64 { return ((c.x as u64) << 32) ^ (c.y as u64); }
fn equal(a: Cell, b: Cell) -> bool { return a.x == b.x && a.y == b.y; }
fn main() {
  var bytes: map.Map<u8, bool> = map.of_integers();
  for k in 0..1000 { map.put(&bytes, k as u8, k % 2 == 0); }
  print("{} {} {}", bytes.len, map.get(&bytes, 254), map.get(&bytes, 255));
  var negative: map.Map<i16, Wide> = map.of_integers();
  for k in 0..100 {
    let w = map.at(&negative, -k as i16);
    assert(w.b[2] == 0.0);
    w.b[2] = k as f64;
  }
  print("{:.0} {}", map.get(&negative, -99).b[2], map.contains(&negative, 1));
  var cells: map.Map<Cell, int> = map.of(hash, equal);
  for x in -20i32..20 { for y in -20i32..20 { map.put(&cells, Cell { x: x, y: y }, (x * y) as int); } }
  for x in -20i32..20 step 2 { for y in -20i32..20 { assert(map.remove(&cells, Cell { x: x, y: y })); } }
  for x in -25i32..25 {
    for y in -25i32..25 {
      let c = Cell { x: x, y: y };
      let there = (x & 1) == 1 && x >= -20 && x < 20 && y >= -20 && y < 20;
      assert(map.contains(&cells, c) == there);
      if there { assert(map.get(&cells, c) == (x * y) as int); }
    }
  }
  print("{}", cells.len);
}`);
    expect(lines).toEqual(['256 true false', '99 false', '800']);
  });
});

test('keys stay in the order of insertion, and what is removed comes back as zeros', async () => {
  const lines = await linesOf(`${body}
fn main() {
  var m: map.Map<int, int> = map.of_integers();
  map.reserve(&m, 40);
  for k in 0..40 { map.put(&m, k * 7919 % 41, k); }
  for k in map.keys(&m) { write("{} ", k); }
  print("");
  assert(map.remove(&m, 0));
  assert(*map.at(&m, 0) == 0 && m.len == 40);
}`);
  expect(lines).toEqual([`${Array.from({ length: 40 }, (_, k) => (k * 7919) % 41).join(' ')} `]);
});

test.each([
  ['in sequence', 'k'],
  ['far apart', 'k << 40'],
  ['powers of two apart', 'k * 65536'],
])('a million keys %s take time in proportion to their number', async (_, key) => {
  const lines = await linesOf(`${body}
fn main() {
  var m: map.Map<int, int> = map.of_integers();
  for k in 0..1_000_000 { map.put(&m, ${key}, k); }
  var sum = 0;
  for k in 0..2_000_000 { sum += map.get_or(&m, ${key}, 0); }
  for k in 0..1_000_000 step 2 { map.remove(&m, ${key}); }
  for k in 0..1_000_000 { sum += map.get_or(&m, ${key}, 0); }
  print("{} {}", m.len, sum);
  map.free(&m);
}`);
  expect(lines).toEqual([`500000 ${499999500000 + 250000000000}`]);
});

describe('what is not there, or not right, ends the run', () => {
  test.each([
    ['var m: map.Map<int, int> = map.of_integers(); map.put(&m, 1, 1); print("{}", map.get(&m, 2));', 'no such key'],
    ['var m: map.Map<int, int>; map.put(&m, 1, 1);', 'a map is made by `of`'],
    [
      `var m: map.Map<int, int> = map.of(salted, map.same);
       for k in 0..10 { map.put(&m, k, k); }
       state = 77;
       assert(map.remove(&m, 3));`,
      'the hash of a key has changed',
    ],
  ])('%s', async (statements, message) => {
    const ended = await ends(`${body}fn salted(k: int) -> u64 { return (if k == 3 { 3 } else { k + state }) as u64; }
fn main() { ${statements} }`);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(message);
  });
});
