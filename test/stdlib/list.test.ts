// std.list against JavaScript's arrays: the same random operations on both, after each of which all elements must agree.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

/** The generator of the programs; the upper bits only, as the lower ones of such generators have short periods. */
const generator = (seed: number): ((n: number) => number) => {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % n;
  };
};
const prelude = `import std.list;
var state: int;
fn random(n: int) -> int { state = (state * 1103515245 + 12345) & 0x7fffffff; return (state >> 8) % n; }
`;

/** What the PG program below does, in JavaScript. */
const walk = (seed: number, steps: number): string[] => {
  const random = generator(seed);
  const out: string[] = [];
  let l: number[] = [];
  for (let step = 0; step < steps; step++) {
    const op = random(12);
    const x = random(1000);
    if (op < 4) l.push(x);
    else if (op === 4) l.splice(random(l.length + 1), 0, x);
    else if (op === 5) {
      const lo = random(l.length + 1);
      l.push(...l.slice(lo, lo + random(l.length - lo + 1)));
    } else if (op === 6 && l.length > 40) l = l.slice(0, random(l.length));
    else if (op === 7 && random(10) === 0) l = [];
    else if (l.length > 0) {
      const k = random(l.length);
      if (op === 8) out.push(`${l.pop()}`);
      else if (op === 9) out.push(`${l.splice(k, 1)[0]}`);
      else if (op === 10) {
        out.push(`${l[k]}`);
        const end = l.pop() as number;
        if (k < l.length) l[k] = end;
      } else {
        out.push(`${l[k]} ${l.at(-1)}`);
        l[k] = x;
      }
    }
    out.push([l.length, ...l].join(' '));
  }
  return out;
};

const body = `
fn run<T>(steps: int, make: fn(int) -> T, see: fn(T) -> int) {
  var l: list.List<T>;
  for step in 0..steps {
    let op = random(12);
    let x = make(random(1000));
    if op < 4 {
      list.push(&l, x);
    } else if op == 4 {
      list.insert(&l, random(l.len + 1), x);
    } else if op == 5 {
      let lo = random(l.len + 1);
      let n = random(l.len - lo + 1);
      list.extend(&l, list.slice(&l)[lo..lo + n]);
    } else if op == 6 && l.len > 40 {
      list.truncate(&l, random(l.len));
    } else if op == 7 && random(10) == 0 {
      if l.len % 2 == 0 { list.clear(&l); } else { list.free(&l); }
    } else if l.len > 0 {
      let k = random(l.len);
      if op == 8 { print("{}", see(list.pop(&l))); }
      else if op == 9 { print("{}", see(list.remove(&l, k))); }
      else if op == 10 { print("{}", see(list.swap_remove(&l, k))); }
      else { print("{} {}", see(list.get(&l, k)), see(list.last(&l))); list.set(&l, k, x); }
    }
    write("{}", l.len);
    for e in list.slice(&l) { write(" {}", see(e)); }
    print("");
  }
  list.free(&l);
  assert(l.len == 0 && list.slice(&l).len == 0);
}
struct Big { a: u8; b: [5]f64; c: i16; }
fn same(x: int) -> int { return x; }
fn byte(x: int) -> u8 { return x as u8; }
fn of_byte(x: u8) -> int { return x as int; }
fn big(x: int) -> Big {
  var b: Big;
  b.a = x as u8;
  b.b[4] = x as f64;
  b.c = (x >> 8) as i16;
  return b;
}
fn of_big(x: Big) -> int {
  let v = (x.c as int) * 256 + (x.a as int);
  assert(x.b[4] as int == v);
  return v;
}
`;

describe('random operations', () => {
  test.each([1, 2, 3])('on integers and on structs, seed %i', async (seed) => {
    for (const [make, see] of [
      ['same', 'same'],
      ['big', 'of_big'],
    ]) {
      const text = `${prelude}${body}fn main() { state = ${seed}; run(300, ${make}, ${see}); }`;
      expect(await linesOf(text)).toEqual(walk(seed, 300));
    }
  });

  test('on bytes', async () => {
    const lines = await linesOf(`${prelude}${body}fn main() { state = 9; run(200, byte, of_byte); }`);
    // Of the three-digit numbers only the lengths stay what they were; the rest is taken modulo 256.
    const expected = walk(9, 200).map((l) => l.split(' ').map(Number));
    lines.forEach((l, k) => {
      const seen = l.split(' ').map(Number);
      expect(seen.slice(1)).toEqual(expected[k]!.slice(1).map((v) => v % 256));
      expect(seen[0]! % 256).toBe(expected[k]![0]! % 256);
    });
    expect(lines.length).toBe(expected.length);
  });
});

test('many pushes take time and memory in proportion to their number', async () => {
  const lines = await linesOf(`${prelude}
fn main() {
  for round in 0..50 {
    var l: list.List<int>;
    if round % 2 == 0 { list.reserve(&l, 1_000_000); }
    for k in 0..1_000_000 { list.push(&l, k ^ round); }
    var sum = 0;
    for x in list.slice(&l) { sum += x; }
    if round == 0 { print("{} {}", l.len, sum); }
    list.free(&l);
  }
}`);
  expect(lines).toEqual(['1000000 499999500000']);
});

describe('what is not there ends the run', () => {
  test.each([
    ['list.pop(&l);', 'pop of an empty list'],
    ['list.push(&l, 1); list.pop(&l); list.last(&l);', 'last of an empty list'],
    ['list.push(&l, 1); print("{}", list.get(&l, 1));', 'index 1 of a list of 1'],
    ['list.push(&l, 1); list.set(&l, -1, 0);', 'index -1 of a list of 1'],
    ['list.insert(&l, 1, 0);', 'index 1 of a list of 0'],
    ['list.push(&l, 1); list.push(&l, 1); list.remove(&l, 2);', 'index 2 of a list of 2'],
    ['list.swap_remove(&l, 0);', 'index 0 of a list of 0'],
    ['list.truncate(&l, -1);', 'index -1 of a list of 0'],
  ])('%s', async (statements, message) => {
    const ended = await ends(`${prelude}fn main() { var l: list.List<int>; ${statements} }`);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(message);
    expect(ended.err).toContain('std.list');
  });
});
