// std.complex against formulas in 300 bits: errors are measured against the absolute value of the result.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import {
  add,
  type Big,
  big,
  bitsOf,
  div,
  fromBits,
  mul,
  neg,
  scale,
  sign,
  sqrt,
  sub,
  toNumber,
  zero,
} from '../math/bigfloat.ts';
import { atan2, cos, cosh, exp, log, sin, sinh } from '../math/reference.ts';
import { linesOf } from './program.ts';

afterAll(removeFolders);

type Pair = readonly [Big, Big];
type Numbers = readonly [number, number];

const bigPair = ([re, im]: Numbers): Pair => [big(re), big(im)];
const times = ([a, b]: Pair, [c, d]: Pair): Pair => [sub(mul(a, c), mul(b, d)), add(mul(a, d), mul(b, c))];
const square = ([a, b]: Pair): Big => add(mul(a, a), mul(b, b));
const over = (a: Pair, b: Pair): Pair => {
  const [re, im] = times(a, [b[0], neg(b[1])]);
  return [div(re, square(b)), div(im, square(b))];
};
const expOf = ([a, b]: Pair): Pair => [mul(exp(a), cos(b)), mul(exp(a), sin(b))];
const logOf = (a: Pair): Pair => [scale(log(square(a)), -1), atan2(a[1], a[0])];
const rootOf = (a: Pair): Pair => {
  const t = sqrt(scale(add(sqrt(square(a)), a[0]), -1));
  const u = sqrt(scale(sub(sqrt(square(a)), a[0]), -1));
  return [t, sign(a[1]) < 0 ? neg(u) : u];
};

/** Error in units of the last place of the larger part, about. */
const error = ([re, im]: Numbers, exact: Pair): number => {
  const off = sqrt(square([sub(big(re), exact[0]), sub(big(im), exact[1])]));
  const size = sqrt(square(exact));
  return sign(size) === 0 ? (sign(off) === 0 ? 0 : Number.POSITIVE_INFINITY) : toNumber(div(off, size)) / 2 ** -53;
};

const random = (() => {
  let state = 12345n;
  return (): number => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 11n) / 2 ** 53;
  };
})();
const between = (lo: number, hi: number): number => lo + (hi - lo) * random();

const points: Numbers[] = [];
for (let k = 0; k < 150; k++) points.push([between(-5, 5), between(-5, 5)]);
for (let k = 0; k < 60; k++) {
  const angle = between(-3.14, 3.14);
  points.push([Math.cos(angle), Math.sin(angle)], [Math.cos(angle) * 0.99, Math.sin(angle) * 1.01]);
}
points.push(
  [0.6, 0.8],
  [-0.8, 0.6],
  [1, 1e-9],
  [-1, 1e-200],
  [-1, -1e-9],
  [1, 0],
  [-4, 0],
  [0, 2],
  [0, -2],
  [-3, -4],
  [1e-9, -2],
);
const wide: Numbers[] = [
  [3e200, -4e200],
  [1e-200, 2e-200],
  [1e308, 1e308],
  [-1.5e308, 1e300],
  [5e-324, 5e-324],
  [3e-310, -4e-310],
];

const functions: Readonly<
  Record<string, { readonly exact: (a: Pair, b: Pair) => Pair; readonly ulp: number; readonly wide?: true }>
> = {
  'mul(a, b)': { exact: times, ulp: 3 },
  'div(a, b)': { exact: over, ulp: 6 },
  'exp(a)': { exact: expOf, ulp: 4 },
  'log(a)': { exact: logOf, ulp: 3, wide: true },
  'sqrt(a)': { exact: rootOf, ulp: 5, wide: true },
  'pow(a, b)': { exact: (a, b) => expOf(times(b, logOf(a))), ulp: 150 },
  'pow_int(a, 7)': {
    exact: (a) =>
      times(
        a,
        [2, 3, 4, 5, 6].reduce((p: Pair) => times(p, a), a),
      ),
    ulp: 20,
  },
  'pow_int(a, -3)': { exact: (a) => over([big(1), zero], times(a, times(a, a))), ulp: 20 },
  'sin(a)': { exact: ([x, y]) => [mul(sin(x), cosh(y)), mul(cos(x), sinh(y))], ulp: 4 },
  'cos(a)': { exact: ([x, y]) => [mul(cos(x), cosh(y)), neg(mul(sin(x), sinh(y)))], ulp: 4 },
  'of(complex.abs(a), complex.arg(a))': { exact: (a) => [sqrt(square(a)), atan2(a[1], a[0])], ulp: 3 },
  'polar(a.re, a.im)': { exact: ([r, t]) => [mul(r, cos(t)), mul(r, sin(t))], ulp: 3 },
};

const hex = (x: number): string => bitsOf(x).toString(16).padStart(16, '0');
const names = Object.keys(functions);
const rowsOf = (name: string): Numbers[] => (functions[name]!.wide ? [...points, ...wide] : points);
/** What stands in for b with point number k. */
const other = (k: number): Numbers => points[(k * 7 + 3) % 100]!;

let results: Numbers[][] = [];
beforeAll(async () => {
  const lines = await linesOf(`import std.complex;
import std.str;
import std.math;
fn number(s: str, k: int) -> f64 {
  var u: u64;
  assert(str.parse_base(s[16 * k..16 * k + 16], 16, &u));
  return math.from_bits(u);
}
fn point(s: str, k: int) -> complex.Complex { return complex.of(number(s, 2 * k), number(s, 2 * k + 1)); }
fn main() {
  let text = "${[...points, ...wide].flat().map(hex).join('')}";
${names
  .map(
    (name) => `  for k in 0..${rowsOf(name).length} {
    let a = point(text, k);
    let b = point(text, (k * 7 + 3) % 100);
    let c = complex.${name};
    print("{:x} {:x}", math.to_bits(c.re), math.to_bits(c.im));
  }`,
  )
  .join('\n')}
}`);
  const pairs = lines.map((l) => l.split(' ').map((h) => fromBits(BigInt(`0x${h}`))) as unknown as Numbers);
  results = names.map((name) => pairs.splice(0, rowsOf(name).length));
  expect(pairs).toEqual([]);
});

describe('against the reference', () => {
  test.each(names.map((n, k) => [n, k] as const))('%s', (name, k) => {
    const { exact, ulp } = functions[name]!;
    const rows = rowsOf(name);
    let worst = 0;
    let where = '';
    rows.forEach((a, i) => {
      const e = error(results[k]![i]!, exact(bigPair(a), bigPair(other(i))));
      if (!(e <= worst)) {
        worst = e;
        where = `${name} at ${a} gives ${results[k]![i]}`;
      }
    });
    expect(worst, where).toBeLessThan(ulp);
    expect(worst).toBeGreaterThan(0.1);
  });
});

test('what is exact, and what has no numbers', async () => {
  await linesOf(`import std.complex;
import std.math;
fn same(a: complex.Complex, re: f64, im: f64) -> bool {
  return math.to_bits(a.re) == math.to_bits(re) && math.to_bits(a.im) == math.to_bits(im);
}
fn main() {
  let a = complex.of(3.0, -4.0);
  let b = complex.of(1.0, 2.0);
  let zero = complex.of(0.0, 0.0);
  assert(same(complex.add(a, b), 4.0, -2.0) && same(complex.sub(a, b), 2.0, -6.0) && same(complex.mul(a, b), 11.0, 2.0));
  assert(same(complex.div(complex.of(11.0, 2.0), b), 3.0, -4.0) && same(complex.scale(a, 0.5), 1.5, -2.0));
  assert(same(complex.neg(a), -3.0, 4.0) && same(complex.conj(a), 3.0, 4.0));
  assert(complex.abs(a) == 5.0 && complex.norm(a) == 25.0 && complex.equal(a, a) && !complex.equal(a, b) && !complex.equal(a, complex.conj(a)));
  assert(complex.abs(complex.of(3e300, 4e300)) == 5e300);
  // Smith's division: |b|^2 would overflow, or vanish.
  assert(same(complex.div(complex.of(1e200, 1e200), complex.of(1e200, 1e200)), 1.0, 0.0));
  assert(same(complex.div(complex.of(1e-200, -1e-200), complex.of(1e-200, -1e-200)), 1.0, 0.0));
  assert(complex.div(a, zero).re == math.INFINITY && complex.div(a, zero).im == -math.INFINITY);
  assert(same(complex.sqrt(complex.of(-4.0, 0.0)), 0.0, 2.0) && same(complex.sqrt(complex.of(-4.0, -0.0)), 0.0, -2.0));
  assert(same(complex.sqrt(complex.of(3.0, -4.0)), 2.0, -1.0) && same(complex.sqrt(complex.of(0.0, -0.0)), 0.0, -0.0));
  assert(same(complex.sqrt(complex.of(-math.INFINITY, 1.0)), 0.0, math.INFINITY));
  assert(complex.log(complex.of(-1.0, 0.0)).im == math.PI && complex.log(complex.of(-1.0, -0.0)).im == -math.PI);
  assert(complex.log(zero).re == -math.INFINITY);
  assert(same(complex.exp(zero), 1.0, 0.0) && complex.exp(complex.of(-1e9, 5.0)).re == 0.0);
  // e^720 overflows, its product with the sine does not.
  let tall = complex.exp(complex.of(720.0, 1e-5));
  assert(tall.re == math.INFINITY && math.abs(tall.im / (math.exp(700.0) * (math.exp(20.0) * 1e-5)) - 1.0) < 1e-9);
  assert(same(complex.pow(zero, zero), 1.0, 0.0) && same(complex.pow(zero, b), 0.0, 0.0) && same(complex.pow(a, zero), 1.0, 0.0));
  assert(same(complex.pow_int(b, 2), -3.0, 4.0) && same(complex.pow_int(b, 0), 1.0, 0.0));
  assert(complex.pow_int(complex.of(0.0, 1.0), -9223372036854775807 - 1).re == 1.0);
  assert(same(complex.pow_int(complex.of(0.0, 0.0), 0), 1.0, 0.0));
}`);
});
