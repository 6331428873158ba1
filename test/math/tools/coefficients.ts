// Makes the polynomials of stdlib/math.pg, and says how good they are.
//
//   npx esbuild test/math/tools/coefficients.ts --bundle --platform=node --format=esm | node --input-type=module
//
// Each is the interpolant of a function at the Chebyshev nodes of an interval, in 320-bit arithmetic: within a factor of
// about two of the best polynomial of its degree, without an iteration that could fail. "error" is the largest relative
// error that the rounded coefficients cause in what the polynomial is part of, as a power of two.
import {
  abs,
  add,
  type Big,
  big,
  div,
  integer,
  mul,
  nearestInteger,
  one,
  scale,
  sub,
  toNumber,
  withPrecision,
  zero,
} from '../bigfloat.ts';
import * as f from '../reference.ts';

interface Fit {
  readonly name: string;
  /** In the variable of the polynomial. */
  readonly of: (t: Big) => Big;
  readonly from: number;
  readonly to: number;
  readonly degree: number;
  /** How a relative error of the whole follows from an absolute error of the polynomial at t. */
  readonly weight: (t: number) => number;
  /** How many of the lowest coefficients are printed as a sum of two doubles. */
  readonly pairs?: number;
}

const third = div(one, integer(3));
const invert = (x: Big): Big => div(one, x);
const rootPi = f.tgamma(big(0.5));

/** sum of c(k) z^k, for functions of z = x^2 whose quotient loses all its digits near 0. */
const even = (z: Big, coefficient: (k: number) => Big): Big => {
  let sum = zero;
  let power = one;
  for (let k = 0; k < 300; k++) {
    sum = add(sum, mul(power, coefficient(k)));
    power = mul(power, z);
    if (power.m === 0n) break;
  }
  return sum;
};
const factorial = (n: number): bigint => (n < 2 ? 1n : BigInt(n) * factorial(n - 1));

/** erfcx around `centre`: e^(x^2) erfc(x) in t = x - centre. */
const erfcxPiece = (name: string, from: number, to: number, degree: number): Fit => ({
  name,
  of: (t) => f.erfcx(add(t, big((from + to) / 2))),
  from: (from - to) / 2,
  to: (to - from) / 2,
  degree,
  weight: (t) => 1 / toNumber(f.erfcx(big(t + (from + to) / 2))),
  pairs: 1,
});

/** x sqrt(pi) erfcx(x) = 1 - w/2 + w^2 P(w) with w = 1/x^2. */
const erfcxAsymptotic = (name: string, from: number, to: number, degree: number): Fit => ({
  name,
  of: (w) => {
    const x = f.reference1.sqrt!(invert(w));
    return div(sub(mul(mul(x, rootPi), f.erfcx(x)), sub(one, scale(w, -1))), mul(w, w));
  },
  from,
  to,
  degree,
  weight: (w) => w * w,
});

const fits: readonly Fit[] = [
  {
    name: 'exp: e^r = 1 + r + r^2/2 + r^3 P(r)',
    of: (r) => even(r, (k) => div(one, integer(factorial(k + 3)))),
    from: -0.3467,
    to: 0.3467,
    degree: 9,
    weight: (r) => r ** 3,
  },
  {
    name: 'log: log((1+s)/(1-s)) = 2s + s^3 (2/3 + z (2/5 + z P(z))), z = s^2',
    of: (z) => even(z, (k) => div(integer(2), integer(2 * k + 7))),
    from: 0,
    to: 0.02947,
    degree: 6,
    weight: (z) => z ** 3 / 2,
  },
  {
    name: 'sin: sin r = r + r^3 P(z)',
    of: (z) => even(z, (k) => div(integer(k % 2 ? 1 : -1), integer(factorial(2 * k + 3)))),
    from: 0,
    to: 0.617,
    degree: 6,
    weight: (z) => z,
  },
  {
    name: 'cos: cos r = 1 - z/2 + z^2 P(z)',
    of: (z) => even(z, (k) => div(integer(k % 2 ? -1 : 1), integer(factorial(2 * k + 4)))),
    from: 0,
    to: 0.617,
    degree: 6,
    weight: (z) => (z * z) / 0.7,
  },
  {
    name: 'atan: atan u = u + u^3 P(z)',
    of: (z) => even(z, (k) => div(integer(k % 2 ? 1 : -1), integer(2 * k + 3))),
    from: 0,
    to: 0.082,
    degree: 9,
    weight: (z) => z,
  },
  {
    name: 'asin: asin x = x + x^3 P(z)',
    of: (z) => {
      if (toNumber(z) < 1e-5)
        return even(z, (k) =>
          div(
            integer(factorial(2 * k + 2)),
            mul(integer(4n ** BigInt(k + 1) * factorial(k + 1) ** 2n), integer(2 * k + 3)),
          ),
        );
      const x = f.reference1.sqrt!(z);
      return div(sub(f.asin(x), x), mul(x, z));
    },
    from: 0,
    to: 0.25,
    degree: 13,
    weight: (z) => z,
  },
  {
    name: 'sinh: sinh x = x + x^3 P(z)',
    of: (z) => even(z, (k) => div(one, integer(factorial(2 * k + 3)))),
    from: 0,
    to: 1,
    degree: 8,
    weight: (z) => z,
  },
  {
    name: 'erf: erf x = x + x P(z)',
    of: (z) =>
      sub(
        div(
          even(z, (k) => div(integer(k % 2 ? -2 : 2), integer(factorial(k) * BigInt(2 * k + 1)))),
          rootPi,
        ),
        one,
      ),
    from: 0,
    to: 0.25,
    degree: 10,
    weight: () => 1,
  },
  erfcxPiece('erfcx on [0.5, 1]', 0.5, 1, 14),
  erfcxPiece('erfcx on [1, 2]', 1, 2, 17),
  erfcxPiece('erfcx on [2, 3]', 2, 3, 15),
  erfcxPiece('erfcx on [3, 4]', 3, 4, 14),
  erfcxAsymptotic('erfcx on [4, 8]', 1 / 64, 1 / 16, 12),
  erfcxAsymptotic('erfcx on [8, 28]', 1 / 800, 1 / 64, 8),
  {
    name: 'gamma: 1/gamma(2+t) = 1 + t P(t)',
    of: (t) => div(sub(invert(f.tgamma(add(integer(2), t))), one), t),
    from: -0.5,
    to: 0.5,
    degree: 17,
    weight: (t) => t,
    pairs: 3,
  },
];

/** Newton's divided differences at the nodes, then the monomial form. */
const interpolate = (fit: Fit): Big[] => {
  const count = fit.degree + 1;
  const nodes = Array.from({ length: count }, (_, k) =>
    big((fit.from + fit.to) / 2 + ((fit.to - fit.from) / 2) * Math.cos((Math.PI * (k + 0.5)) / count)),
  );
  const table = nodes.map(fit.of);
  for (let level = 1; level < count; level++) {
    for (let k = count - 1; k >= level; k--) {
      table[k] = div(sub(table[k]!, table[k - 1]!), sub(nodes[k]!, nodes[k - level]!));
    }
  }
  let monomial: Big[] = [table[count - 1]!];
  for (let k = count - 2; k >= 0; k--) {
    const next: Big[] = Array.from({ length: monomial.length + 1 }, () => zero);
    monomial.forEach((c, i) => {
      next[i + 1] = add(next[i + 1]!, c);
      next[i] = sub(next[i]!, mul(c, nodes[k]!));
    });
    next[0] = add(next[0]!, table[k]!);
    monomial = next;
  }
  return monomial;
};

for (const fit of fits) {
  const exact = interpolate(fit);
  const rounded = exact.map((c, k) => {
    const high = big(toNumber(c));
    return k < (fit.pairs ?? 0) ? add(high, big(toNumber(sub(c, high)))) : high;
  });
  let worst = 0;
  for (let i = 0; i <= 200; i++) {
    const t = big(fit.from + ((fit.to - fit.from) * (i + 0.37)) / 201);
    const value = rounded.reduceRight((sum, c) => add(mul(sum, t), c), zero);
    const error = Math.abs(toNumber(abs(sub(value, fit.of(t)))) * fit.weight(toNumber(t)));
    if (error > worst) worst = error;
  }
  console.log(`${fit.name} on [${fit.from}, ${fit.to}], error 2^${Math.log2(worst).toFixed(1)}`);
  exact.forEach((c, k) => {
    const high = toNumber(c);
    const low = k < (fit.pairs ?? 0) ? `  low ${toNumber(sub(c, big(high)))}` : '';
    console.log(`  c${k} ${high}${low}`);
  });
}

const constants: readonly (readonly [string, Big])[] = [
  ['ln2', f.ln2()],
  ['1/ln2', invert(f.ln2())],
  ['ln10', f.log(integer(10))],
  ['1/ln10', invert(f.log(integer(10)))],
  ['log10(2)', f.log10(integer(2))],
  ['log2(10)', f.log2(integer(10))],
  ['pi', f.pi()],
  ['pi/2', scale(f.pi(), -1)],
  ['2/pi', scale(invert(f.pi()), 1)],
  ['atan(1/2)', f.atan(big(0.5))],
  ['atan(2)', f.atan(integer(2))],
  ['2/3', mul(integer(2), third)],
  ['log(2 pi)/2', scale(f.log(scale(f.pi(), 1)), -1)],
  ['1/sqrt(pi)', invert(rootPi)],
  ['sqrt(2)', f.reference1.sqrt!(integer(2))],
  ['e', f.exp(one)],
];
for (const [name, value] of constants) {
  // The head with 33 bits leaves room for a product with a 20-bit integer; 42 bits for an exponent.
  const bits = (n: number): number => {
    const high = toNumber(value);
    const unit = 2 ** (Math.floor(Math.log2(high)) - n + 1);
    return Math.floor(high / unit) * unit;
  };
  const high = toNumber(value);
  const rest = (head: number): number => toNumber(sub(value, big(head)));
  const second33 = ((r) => {
    const unit = 2 ** (Math.floor(Math.log2(r)) - 32);
    return Math.floor(r / unit) * unit;
  })(rest(bits(33)));
  console.log(`${name} = ${high} + ${rest(high)}`);
  console.log(`  42 bits ${bits(42)} + ${rest(bits(42))}`);
  console.log(`  26 bits ${bits(26)} + ${rest(bits(26))}`);
  console.log(`  33 bits ${bits(33)} + ${second33} + ${toNumber(sub(sub(value, big(bits(33))), big(second33)))}`);
}

// 2/pi for the reduction of huge arguments: 1280 bits after the point in words of 64.
const digits = withPrecision(1600, () => nearestInteger(scale(invert(f.pi()), 1281)));
for (let k = 0; k < 20; k++) {
  console.log(
    `  word ${k} 0x${((digits >> BigInt(64 * (19 - k))) & 0xffffffffffffffffn).toString(16).padStart(16, '0')}`,
  );
}

// Where log |gamma(x)| is 0 below -2: x = -n + offset, and the slope there. Newton's method, the slope by differences.
const slopeAt = (x: Big): Big => {
  const h = scale(one, -100);
  return scale(sub(f.lgamma(add(x, h)), f.lgamma(sub(x, h))), 99);
};
for (let n = 2; n <= 16; n++) {
  for (const above of n === 2 ? [false] : [true, false]) {
    const start = { 2: -0.457, 3: above ? 0.2526 : -0.1435 }[n] ?? (above ? 1 : -1) / Number(factorial(n));
    let offset = big(start);
    for (let k = 0; k < 12; k++) {
      const x = sub(offset, integer(n));
      offset = sub(offset, div(f.lgamma(x), slopeAt(x)));
    }
    const high = toNumber(offset);
    const slope = slopeAt(sub(offset, integer(n)));
    const slopeHigh = toNumber(slope);
    console.log(
      `zero ${n} ${above ? 'above' : 'below'} ${high} ${toNumber(sub(offset, big(high)))} ${slopeHigh} ${toNumber(sub(slope, big(slopeHigh)))}`,
    );
  }
}
