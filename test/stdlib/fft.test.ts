// std.fft against the definition of the transform, for all small lengths and for some of every kind.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

type Complex = readonly [number, number];

/** By the definition, with angles reduced in integers and compensated sums (W. Kahan, 1965). */
const transform = (x: readonly Complex[], sign = -1): Complex[] => {
  const n = x.length;
  const roots = x.map((_, k): Complex => [Math.cos((2 * Math.PI * k) / n), sign * Math.sin((2 * Math.PI * k) / n)]);
  return x.map((_, k) => {
    const sum = [0, 0];
    const lost = [0, 0];
    x.forEach(([re, im], j) => {
      const [c, s] = roots[(j * k) % n]!;
      [re * c - im * s, re * s + im * c].forEach((term, part) => {
        const y = term - lost[part]!;
        const t = sum[part]! + y;
        lost[part] = t - sum[part]! - y;
        sum[part] = t;
      });
    });
    return [sum[0]!, sum[1]!];
  });
};

/** The same numbers as in the programs. */
const given = (k: number): Complex => [
  ((k * k * 7 + 3 * k + 1) % 101) / 101 - 0.5,
  ((k * k * 5 + 11 * k) % 97) / 97 - 0.4,
];
const prelude = `import std.fft;
import std.complex;
fn given(k: int) -> complex.Complex {
  return complex.of(((k * k * 7 + 3 * k + 1) % 101) as f64 / 101.0 - 0.5, ((k * k * 5 + 11 * k) % 97) as f64 / 97.0 - 0.4);
}
fn near(a: complex.Complex, b: complex.Complex) -> bool { return complex.abs(complex.sub(a, b)) < 1e-14; }
fn show(a: complex.Complex) { print("{} {}", a.re, a.im); }
`;

const numbers = (lines: readonly string[]): Complex[] =>
  lines.map((l) => l.split(' ').map(Number) as unknown as Complex);

/** The error relative to the result, both as Euclidean norms. */
const error = (found: readonly Complex[], exact: readonly Complex[]): number => {
  expect(found.length).toBe(exact.length);
  const off = found.map(([re, im], k) => Math.hypot(re - exact[k]![0], im - exact[k]![1]));
  return Math.hypot(...off) / Math.hypot(...exact.flat());
};

describe('complex transforms', () => {
  const lengths = Array.from({ length: 70 }, (_, k) => k + 1);
  lengths.push(100, 101, 128, 143, 210, 243, 250, 360, 512, 625, 997, 1001, 1024, 1331);

  test('are what the definition gives, and their inverses give back the numbers', async () => {
    const lines = await linesOf(`${prelude}
fn check(n: int) {
  var p = fft.plan(n);
  let a = new [n]complex.Complex;
  // Twice, since a plan may be used again.
  for turn in 0..2 {
    for k in 0..n { a[k] = given(k); }
    fft.forward(&p, a);
    if turn == 0 { for k in 0..n { show(a[k]); } }
    fft.inverse(&p, a);
    for k in 0..n { assert(near(a[k], given(k))); }
  }
  fft.free(&p);
  delete a;
}
fn main() {
${lengths.map((n) => `  check(${n});`).join('\n')}
}`);
    const found = numbers(lines);
    for (const n of lengths) {
      const exact = transform(Array.from({ length: n }, (_, k) => given(k)));
      expect(error(found.splice(0, n), exact), `length ${n}`).toBeLessThan(4e-16 * (1 + Math.log2(n)));
    }
    expect(found).toEqual([]);
  });

  test('of a single number 1 are the roots of unity, in one call as with a plan', async () => {
    await linesOf(`${prelude}
import std.math;
fn main() {
  for n in 1..80 {
    let a = new [n]complex.Complex;
    if n > 1 { a[1] = complex.of(1.0, 0.0); } else { a[0] = complex.of(1.0, 0.0); }
    fft.fft(a);
    for k in 0..n {
      let x = (2 * k) as f64 / (n as f64);
      assert(near(a[k], if n == 1 { complex.of(1.0, 0.0) } else { complex.of(math.cospi(x), -math.sinpi(x)) }));
    }
    fft.ifft(a);
    for k in 0..n { assert(near(a[k], complex.of(if k == n - 1 || k == 1 { if n <= 2 || k == 1 { 1.0 } else { 0.0 } } else { 0.0 }, 0.0))); }
    delete a;
  }
  fft.fft(new [0]complex.Complex);
  fft.ifft(new [0]complex.Complex);
}`);
  });

  test('give their memory back', async () => {
    await linesOf(`${prelude}
fn probe() -> int {
  let block = new [1 << 20]u8;
  let at = &block[0] as int;
  delete block;
  return at;
}
fn main() {
  let before = probe();
  for k in 0..400 {
    var p = fft.plan(4001);
    fft.free(&p);
    let a = new [2, 34]complex.Complex;
    fft.fft2(a);
    delete a;
    let x = new [4000]f64;
    let y = new [2001]complex.Complex;
    fft.rfft(x, y);
    fft.irfft(y, x);
    delete x;
    delete y;
  }
  // What is lost of it in each turn would add up to more than this.
  let moved = probe() - before;
  assert(moved > -4_000_000 && moved < 4_000_000);
}`);
  });
});

test('transforms of real numbers', async () => {
  const lengths = Array.from({ length: 40 }, (_, k) => k + 1).concat([100, 101, 256, 999]);
  const lines = await linesOf(`${prelude}
fn check(n: int) {
  let x = new [n]f64;
  for k in 0..n { x[k] = given(k).re; }
  let y = new [n / 2 + 1]complex.Complex;
  fft.rfft(x, y);
  for k in 0..y.len { show(y[k]); }
  for k in 0..n { assert(x[k] == given(k).re); x[k] = 0.0; }
  fft.irfft(y, x);
  for k in 0..n { assert(x[k] - given(k).re < 1e-14 && x[k] - given(k).re > -1e-14); }
  delete x;
  delete y;
}
fn main() {
${lengths.map((n) => `  check(${n});`).join('\n')}
}`);
  const found = numbers(lines);
  for (const n of lengths) {
    const half = Math.floor(n / 2) + 1;
    const exact = transform(Array.from({ length: n }, (_, k) => [given(k)[0], 0])).slice(0, half);
    expect(error(found.splice(0, half), exact), `length ${n}`).toBeLessThan(6e-16 * (1 + Math.log2(n)));
  }
});

test('transforms in two dimensions', async () => {
  const sizes = [
    [1, 1],
    [1, 7],
    [7, 1],
    [3, 5],
    [8, 8],
    [6, 17],
    [12, 9],
    [16, 20],
  ] as const;
  const lines = await linesOf(`${prelude}
fn check(n: int, m: int) {
  let a = new [n, m]complex.Complex;
  for i in 0..n { for j in 0..m { a[i, j] = given(i * m + j); } }
  fft.fft2(a);
  for i in 0..n { for j in 0..m { show(a[i, j]); } }
  fft.ifft2(a);
  for i in 0..n { for j in 0..m { assert(near(a[i, j], given(i * m + j))); } }
  delete a;
}
fn main() {
${sizes.map(([n, m]) => `  check(${n}, ${m});`).join('\n')}
}`);
  const found = numbers(lines);
  for (const [n, m] of sizes) {
    const rows = Array.from({ length: n }, (_, i) => transform(Array.from({ length: m }, (_, j) => given(i * m + j))));
    const columns = Array.from({ length: m }, (_, j) => transform(rows.map((row) => row[j]!)));
    const exact = rows.flatMap((row, i) => row.map((_, j) => columns[j]![i]!));
    expect(error(found.splice(0, n * m), exact), `${n} by ${m}`).toBeLessThan(5e-15);
  }
});

test('wrong lengths end the run', async () => {
  for (const [call, why] of [
    ['var p = fft.plan(0); print("{}", p.n);', 'the length is at least 1'],
    ['var p = fft.plan(4); fft.forward(&p, new [5]complex.Complex);', "the array has the plan's length"],
    ['fft.rfft(new [4]f64, new [2]complex.Complex);', 'the result has n / 2 + 1 elements'],
    ['fft.irfft(new [4]complex.Complex, new [4]f64);', 'n / 2 + 1 elements are given'],
  ] as const) {
    const ended = await ends(`${prelude}fn main() { ${call} }`);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(why);
  }
});
