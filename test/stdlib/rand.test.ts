// std.rand against published vectors, against the generators' definitions in exact integers, and against what the distributions
// must look like. Its numbers are the same on any number of images.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { abs, big, div, integer, mul, neg, one, scale, sqrt, sub, toNumber } from '../math/bigfloat.ts';
import { erfc, exp as exponential, pi } from '../math/reference.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

const mask32 = 0xffffffffn;
const mask64 = 0xffffffffffffffffn;

/** Philox4x32-10 as the paper defines it: words x0..x3, key k0, k1. */
const philox = (counter: readonly bigint[], key: readonly bigint[]): bigint[] => {
  let [x0, x1, x2, x3] = counter as [bigint, bigint, bigint, bigint];
  let [k0, k1] = key as [bigint, bigint];
  for (let round = 0; round < 10; round++) {
    const p = 0xd2511f53n * x0;
    const q = 0xcd9e8d57n * x2;
    [x0, x1, x2, x3] = [(q >> 32n) ^ x1 ^ k0, q & mask32, (p >> 32n) ^ x3 ^ k1, p & mask32];
    k0 = (k0 + 0x9e3779b9n) & mask32;
    k1 = (k1 + 0xbb67ae85n) & mask32;
  }
  return [x0, x1, x2, x3];
};

/** The word that `bits(seed, index)` (row -1) and the word `index` of a stream (its row) should be. */
const word = (seed: bigint, row: bigint, index: bigint): bigint => {
  const i = (index & mask64) >> 1n;
  const parts = (x: bigint) => [x & mask32, (x >> 32n) & mask32];
  const x = philox([...parts(i), ...parts(row & mask64)], parts(seed & mask64));
  return (index & 1n) === 0n ? x[0]! | (x[1]! << 32n) : x[2]! | (x[3]! << 32n);
};

const unit = (w: bigint): number => Number(w >> 11n) / 2 ** 53;

test('Philox gives the known answers of Random123', async () => {
  const block = (c: string, k0: string, k1: string) => `
  { let b = rand.philox(rand.Block { ${c} }, ${k0}, ${k1}); print("{:08x} {:08x} {:08x} {:08x}", b.x0, b.x1, b.x2, b.x3); }`;
  const f = '0xffffffff';
  const lines = await linesOf(`import std.rand;
fn main() {
  if true ${block('x0: 0, x1: 0, x2: 0, x3: 0', '0', '0')}
  if true ${block(`x0: ${f}, x1: ${f}, x2: ${f}, x3: ${f}`, f, f)}
  if true ${block('x0: 0x243f6a88, x1: 0x85a308d3, x2: 0x13198a2e, x3: 0x03707344', '0xa4093822', '0x299f31d0')}
}`);
  expect(lines).toEqual([
    '6627e8d5 e169c58d bc57ac4c 9b00dbd8',
    '408f276d 41c83b0e a20bc7c6 6d5451fd',
    'd16cfe09 94fdcceb 5001e420 24126ea1',
  ]);
});

describe('numbers by seed and index', () => {
  test('are those of the counter, one by one and as a whole', async () => {
    const lines = await linesOf(`import std.rand;
fn main() {
  for k in -3..8 { print("{:x} {}", rand.bits(-5, k), rand.uniform(-5, k)); }
  for k in 0..3 { print("{:x} {}", rand.bits(0x1234567890abcdef, 5_000_000_000 + k), rand.uniform(7, 1 << 62)); }
  for first in -2..3 { for n in 0..6 {
    let a = new [n]f64;
    rand.fill_uniform(a, 11, first);
    for k in 0..n { assert(a[k] == rand.uniform(11, first + k)); }
    delete a;
  } }
}`);
    const expected = [];
    for (let k = -3n; k < 8n; k++) {
      const w = word(-5n, -1n, k);
      expected.push(`${w.toString(16)} ${unit(w)}`);
    }
    for (let k = 0n; k < 3n; k++) {
      expected.push(
        `${word(0x1234567890abcdefn, -1n, 5_000_000_000n + k).toString(16)} ${unit(word(7n, -1n, 1n << 62n))}`,
      );
    }
    expect(lines).toEqual(expected);
  });

  test('are the same on any number of images', async () => {
    const program = `import std.rand;
config const n: int = 1001;
shared a: [n]f64 dist(cyclic);
fn main() {
  forall i in a { a[i] = rand.uniform(2024, i); }
  barrier;
  if this_image() == 0 { for i in 0..n { print("{}", a[i]); } }
}`;
    const expected = Array.from({ length: 1001 }, (_, k) => `${unit(word(2024n, -1n, BigInt(k)))}`);
    for (const images of [1, 2, 3, 4, 7]) expect(await linesOf(program, { images })).toEqual(expected);
  });

  test('integers follow the multiplication method, and every number of a range comes', async () => {
    // Ranges a little above half of all words reject almost every other word.
    const lines = await linesOf(`import std.rand;
fn main() {
  for k in 0..50 { print("{}", rand.integer(3, k, -10, 1_000_000)); }
  for k in 0..50 { print("{}", rand.integer(3, k, -4611686018427387905, 4611686018427387905)); }
  for k in 0..10 { assert(rand.integer(3, k, 5, 6) == 5); }
  var counts: [6]int;
  for k in 0..60000 { counts[rand.integer(9, k, 0, 6)] += 1; }
  for k in 0..6 { print("{}", counts[k]); }
}`);
    const expected: string[] = [];
    let rejected = 0;
    for (const [lo, hi] of [
      [-10n, 1_000_000n],
      [-4611686018427387905n, 4611686018427387905n],
    ] as const) {
      const n = hi - lo;
      for (let k = 0n; k < 50n; k++) {
        for (let row = -1n; ; row--) {
          const product = word(3n, row, k) * n;
          // A number comes from floor(2^64 / n) words exactly, whichever it is.
          if ((product & mask64) >= (1n << 64n) % n) {
            expected.push(`${lo + (product >> 64n)}`);
            break;
          }
          rejected++;
        }
      }
    }
    expect(rejected).toBeGreaterThan(20);
    expect(lines.slice(0, 100)).toEqual(expected);
    const counts = lines.slice(100).map(Number);
    const chi = counts.reduce((sum, c) => sum + (c - 10000) ** 2 / 10000, 0);
    expect(chi).toBeLessThan(20.5); // 0.1 % of the distribution with 5 degrees of freedom
  });

  test('an empty range ends the run', async () => {
    const ended = await ends('import std.rand;\nfn main() { print("{}", rand.integer(1, 2, 3, 3)); }');
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('lo is below hi');
  });

  test('normal numbers have the moments of their distribution', async () => {
    const [line] = await linesOf(`import std.rand;
fn main() {
  var m1 = 0.0; var m2 = 0.0; var m3 = 0.0; var m4 = 0.0; var most = 0.0;
  let n = 400_000;
  for k in 0..n {
    let z = rand.normal(77, k);
    m1 += z; m2 += z * z; m3 += z * z * z; m4 += z * z * z * z;
    if z > most { most = z; }
  }
  let d = n as f64;
  print("{} {} {} {} {}", m1 / d, m2 / d, m3 / d, m4 / d, most);
}`);
    const [m1, m2, m3, m4, most] = line!.split(' ').map(Number) as [number, number, number, number, number];
    // Five standard deviations of each estimate.
    const root = Math.sqrt(400_000);
    expect(Math.abs(m1)).toBeLessThan(5 / root);
    expect(Math.abs(m2 - 1)).toBeLessThan((5 * Math.SQRT2) / root);
    expect(Math.abs(m3)).toBeLessThan((5 * Math.sqrt(15)) / root);
    expect(Math.abs(m4 - 3)).toBeLessThan((5 * Math.sqrt(96)) / root);
    expect(most).toBeGreaterThan(3.8);
  });
});

test('the quantile is the inverse of the distribution function', async () => {
  const points: number[] = [0.5, 0.075, 0.925, 0.0749999, 0.9250001, 1.3887943864964e-11, 1.38e-11, 5e-324, 1e-310];
  for (let k = 1; k < 400; k++) points.push(k / 400);
  for (let k = 1; k < 300; k += 7) points.push(2 ** -k, 3 ** -k, 10 ** -k);
  for (let k = 2; k < 53; k++) points.push(1 - 2 ** -k, 0.5 + 2 ** -k, 0.5 - 2 ** -k);
  const lines = await linesOf(`import std.rand;
fn main() {
${points.map((p) => `  print("{}", rand.normal_quantile(${p}));`).join('\n')}
  print("{} {} {} {}", rand.normal_quantile(0.0), rand.normal_quantile(1.0), rand.normal_quantile(-0.5), rand.normal_quantile(1.5));
}`);
  expect(lines.pop()).toBe('-inf inf nan nan');
  const root2 = sqrt(integer(2));
  let worst = 0;
  for (const [k, p] of points.entries()) {
    const z = Number(lines[k]);
    if (p === 0.5) {
      expect(z).toBe(0);
      continue;
    }
    // The smaller tail: P(X <= -|z|).
    const upper = p > 0.5;
    expect(Math.sign(z)).toBe(upper ? 1 : -1);
    const tail = upper ? sub(one, big(p)) : big(p);
    const x = abs(big(z));
    const computed = scale(erfc(div(x, root2)), -1);
    const density = div(exponential(neg(scale(mul(x, x), -1))), sqrt(scale(pi(), 1)));
    const error = Math.abs(toNumber(div(sub(computed, tail), mul(density, x))));
    if (error > worst) worst = error;
  }
  expect(worst).toBeLessThan(1.5e-15);
});

test('streams count, skip, and never meet each other', async () => {
  const lines = await linesOf(`import std.rand;
fn main() {
  var s = rand.stream(5, 3);
  for k in 0..5 { print("{:x}", rand.next_bits(&s)); }
  assert(s.position == 5);
  s.position = 1_000_000_000_000;
  print("{:x}", rand.next_bits(&s));
  var t = rand.stream(5, 4);
  let copy = t;
  print("{}", rand.next_uniform(&t));
  t = copy;
  print("{}", rand.next_integer(&t, 0, 1000));
  t = copy;
  let z = rand.next_normal(&t);
  t = copy;
  let e = rand.next_exponential(&t);
  assert(e > 0.0);
  print("{} {}", z, e);
}`);
  const w = word(5n, 4n, 0n);
  expect(lines.slice(0, 8)).toEqual([
    ...[0n, 1n, 2n, 3n, 4n, 1_000_000_000_000n].map((k) => word(5n, 3n, k).toString(16)),
    `${unit(w)}`,
    `${(w * 1000n) >> 64n}`,
  ]);
  const u = (Number(w >> 12n) + 0.5) / 2 ** 52;
  const [z, e] = lines[8]!.split(' ').map(Number) as [number, number];
  expect(e).toBeCloseTo(-Math.log(u), 14);
  // The quantile was tested above: here, that it is taken of the right number.
  expect(toNumber(scale(erfc(div(neg(big(z)), sqrt(integer(2)))), -1))).toBeCloseTo(u, 14);
  const ended = await ends('import std.rand;\nfn main() { var s = rand.stream(1, -1); print("{}", s.id); }');
  expect(ended.err).toContain('the number of a stream is not negative');
});

test('a shuffle is a permutation, and all permutations are alike likely', async () => {
  const lines = await linesOf(`import std.rand;
fn main() {
  var s = rand.stream(1, 0);
  var counts: [4, 4, 4]int;
  for trial in 0..24000 {
    var a: [4]int;
    for k in 0..4 { a[k] = k; }
    rand.shuffle(&s, a);
    assert((1 << a[0] | 1 << a[1] | 1 << a[2] | 1 << a[3]) == 15);
    counts[a[0], a[1], a[2]] += 1;
  }
  for i in 0..4 { for j in 0..4 { for k in 0..4 { if counts[i, j, k] > 0 { print("{}", counts[i, j, k]); } } } }
  rand.shuffle(&s, new [0]int);
}`);
  expect(lines.length).toBe(24);
  const chi = lines.reduce((sum, c) => sum + (Number(c) - 1000) ** 2 / 1000, 0);
  expect(chi).toBeLessThan(49.7); // 0.1 % of the distribution with 23 degrees of freedom
});

describe('generators of benchmarks', () => {
  test('randlc multiplies modulo 2^46, and skips', async () => {
    const lines = await linesOf(`import std.rand;
fn main() {
  var x = rand.NPB_SEED;
  for k in 0..5 { print("{}", rand.randlc(&x, rand.NPB_A)); }
  var y: [4]f64;
  rand.vranlc(&x, rand.NPB_A, y);
  for k in 0..4 { print("{}", y[k]); }
  print("{}", x);
  print("{}", rand.npb_skip(rand.NPB_EP_SEED, rand.NPB_A, 123_456_789_012));
  print("{} {}", rand.npb_power(rand.NPB_A, 0), rand.npb_power(rand.NPB_A, 1 << 44));
}`);
    const modulus = 1n << 46n;
    const a = 5n ** 13n;
    const power = (base: bigint, n: bigint): bigint => {
      let result = 1n;
      for (let b = base, rest = n; rest > 0n; rest >>= 1n, b = (b * b) % modulus)
        if (rest & 1n) result = (result * b) % modulus;
      return result;
    };
    let x = 314159265n;
    const expected = Array.from({ length: 9 }, () => {
      x = (x * a) % modulus;
      return `${Number(x) / 2 ** 46}`;
    });
    expect(lines).toEqual([
      ...expected,
      `${x}`,
      `${(271828183n * power(a, 123_456_789_012n)) % modulus}`,
      '1 1', // the period is 2^44
    ]);
  });

  // D. Bailey et al., RNR-94-007, section 2.2: 2^24 pairs, by the polar method; and NPB's verification values of class S.
  test('EP of class S has the published sums and counts', async () => {
    const program = `import std.rand;
import std.math;
const PAIRS = 1 << 24;
const BATCH = 1 << 14;
co q: [10]int;
fn main() {
  let a = new [2 * BATCH]f64;
  var sx = 0.0; var sy = 0.0;
  forall batch in 0..PAIRS / BATCH on batch reduce(+: sx, sy) {
    var x = rand.npb_skip(rand.NPB_EP_SEED, rand.NPB_A, 2 * BATCH * batch);
    rand.vranlc(&x, rand.NPB_A, a);
    for k in 0..BATCH {
      let u = 2.0 * a[2 * k] - 1.0;
      let v = 2.0 * a[2 * k + 1] - 1.0;
      let t = u * u + v * v;
      if t <= 1.0 {
        let f = math.sqrt(-2.0 * math.log(t) / t);
        sx += u * f;
        sy += v * f;
        q[math.max(math.abs(u * f), math.abs(v * f)) as int] += 1;
      }
    }
  }
  var pairs = 0;
  for k in 0..10 {
    let total = allreduce(+, q[k]);
    pairs += total;
  }
  if this_image() == 0 { print("{} {} {}", sx, sy, pairs); }
}`;
    for (const images of [1, 3]) {
      const [sx, sy, pairs] = (await linesOf(program, { images }))[0]!.split(' ').map(Number) as [
        number,
        number,
        number,
      ];
      expect(Math.abs(sx / -3.24783465203474e3 - 1)).toBeLessThan(1e-8);
      expect(Math.abs(sy / -6.958407078382297e3 - 1)).toBeLessThan(1e-8);
      expect(pairs).toBe(13176389);
    }
  });

  test('the words of RandomAccess are powers of x modulo x^64 + x^2 + x + 1', async () => {
    const times = (a: bigint, b: bigint): bigint => {
      let product = 0n;
      for (let k = 0n; k < 64n; k++) if ((b >> k) & 1n) product ^= a << k;
      for (let k = 127n; k >= 64n; k--) if ((product >> k) & 1n) product ^= ((1n << 64n) | 7n) << (k - 64n);
      return product;
    };
    const power = (n: bigint): bigint => {
      let result = 1n;
      for (let b = 2n, rest = n; rest > 0n; rest >>= 1n, b = times(b, b)) if (rest & 1n) result = times(result, b);
      return result;
    };
    const period = 1317624576693539401n;
    expect(power(period)).toBe(1n);
    const places = [0n, 1n, 2n, 63n, 64n, 65n, 1000n, 123456789012345n, period - 1n];
    const lines = await linesOf(`import std.rand;
fn main() {
${places.map((n) => `  print("{}", rand.hpcc_starts(${n}));`).join('\n')}
  assert(rand.hpcc_starts(rand.HPCC_PERIOD) == 1 && rand.hpcc_starts(-3) == rand.hpcc_starts(rand.HPCC_PERIOD - 3));
  var x = rand.hpcc_starts(500);
  for k in 500..1000 { x = rand.hpcc_next(x); }
  print("{}", x);
}`);
    expect(lines).toEqual([...places.map((n) => `${power(n)}`), `${power(1000n)}`]);
  });
});
