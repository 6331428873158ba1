// The functions of std.math to about 300 bits, by series and Newton's method: slow, plain, independent of what they test.
import {
  abs,
  add,
  type Big,
  big,
  compare,
  currentPrecision,
  div,
  exponentOf,
  integer,
  mul,
  nearestInteger,
  neg,
  one,
  scale,
  sign,
  sqrt,
  sub,
  toNumber,
  withPrecision,
  zero,
} from './bigfloat.ts';

const two = integer(2);
const half = scale(one, -1);

/** Adds terms until they no longer count. `next` gives the term after the one given. */
const series = (first: Big, next: (term: Big, k: number) => Big): Big => {
  let sum = first;
  let term = first;
  for (let k = 1; ; k++) {
    term = next(term, k);
    if (term.m === 0n || exponentOf(term) < exponentOf(sum) - currentPrecision() - 8) return sum;
    sum = add(sum, term);
  }
};

/** Remembers a constant for the highest precision that was asked for. */
const constant = (compute: () => Big): (() => Big) => {
  let bits = 0;
  let value = zero;
  return () => {
    if (currentPrecision() > bits) {
      bits = currentPrecision();
      value = withPrecision(bits + 32, compute);
    }
    return value;
  };
};

/** atan(1/n) for an integer n > 1. */
const atanInverse = (n: number, flip: number): Big => {
  const square = integer(n * n * flip);
  let power = div(one, integer(n));
  let sum = power;
  for (let k = 3; ; k += 2) {
    power = div(power, square);
    if (exponentOf(power) < -currentPrecision() - 8) return sum;
    sum = add(sum, div(power, integer(k)));
  }
};

/** Machin's formula. */
export const pi = constant(() => scale(sub(scale(atanInverse(5, -1), 2), atanInverse(239, -1)), 2));

/** 18 atanh(1/26) - 2 atanh(1/4801) + 8 atanh(1/8749) */
export const ln2 = constant(() =>
  add(sub(mul(integer(18), atanInverse(26, 1)), scale(atanInverse(4801, 1), 1)), scale(atanInverse(8749, 1), 3)),
);

/** e^x - 1, relatively exact near 0. */
export const expm1 = (x: Big): Big => {
  if (x.m === 0n) return zero;
  if (exponentOf(x) < -4) return series(x, (t, k) => div(mul(t, x), integer(k + 1)));
  return withPrecision(currentPrecision() + 32, () => sub(exp(x), one));
};

export const exp = (x: Big): Big => {
  if (x.m === 0n) return one;
  return withPrecision(currentPrecision() + 48, () => {
    const k = nearestInteger(div(x, ln2()));
    const r = withPrecision(currentPrecision() + 64, () => sub(x, mul(integer(k), ln2())));
    const halvings = 12;
    const small = scale(r, -halvings);
    let y = series(one, (t, n) => div(mul(t, small), integer(n)));
    for (let i = 0; i < halvings; i++) y = mul(y, y);
    return scale(y, Number(k));
  });
};

export const log = (x: Big): Big => {
  if (x.m <= 0n) throw new RangeError('log of a number that is not positive');
  return withPrecision(currentPrecision() + 32, () => {
    const k = exponentOf(x);
    const m = scale(x, -k);
    // Near 1 the result is small: log1p keeps it relatively exact.
    const near = sub(x, one);
    if (near.m === 0n) return zero;
    if (exponentOf(near) < -3) return log1p(near);
    let y = big(Math.log(toNumber(m)));
    for (let bits = 48; bits < currentPrecision(); bits *= 3) {
      const e = exp(y);
      y = add(y, scale(div(sub(m, e), add(m, e)), 1));
    }
    return add(y, mul(integer(k), ln2()));
  });
};

export const log1p = (x: Big): Big => {
  if (x.m === 0n) return zero;
  if (exponentOf(x) >= -3) return log(add(one, x));
  // 2 atanh(x / (2 + x))
  const s = div(x, add(two, x));
  const z = mul(s, s);
  let power = s;
  let sum = s;
  for (let k = 3; ; k += 2) {
    power = mul(power, z);
    if (power.m === 0n || exponentOf(power) < exponentOf(s) - currentPrecision() - 8) return scale(sum, 1);
    sum = add(sum, div(power, integer(k)));
  }
};

export const pow = (x: Big, y: Big): Big => withPrecision(currentPrecision() + 64, () => exp(mul(y, log(x))));

/** x - n pi/2 for the nearest n, and n modulo 4; as many bits of pi as the exponent of x asks for. */
const quadrant = (x: Big): { r: Big; n: number } =>
  withPrecision(currentPrecision() + Math.max(0, exponentOf(x)) + 96, () => {
    const n = nearestInteger(scale(div(x, pi()), 1));
    return { r: sub(x, mul(integer(n), scale(pi(), -1))), n: Number(((n % 4n) + 4n) % 4n) };
  });

const sinSeries = (r: Big): Big => {
  const z = neg(mul(r, r));
  return series(r, (t, k) => div(mul(t, z), integer(2 * k * (2 * k + 1))));
};
const cosSeries = (r: Big): Big => {
  const z = neg(mul(r, r));
  return series(one, (t, k) => div(mul(t, z), integer((2 * k - 1) * 2 * k)));
};

export const sin = (x: Big): Big => {
  if (x.m === 0n) return zero;
  const { r, n } = quadrant(x);
  const y = n % 2 === 0 ? sinSeries(r) : cosSeries(r);
  return n >= 2 ? neg(y) : y;
};
export const cos = (x: Big): Big => {
  if (x.m === 0n) return one;
  const { r, n } = quadrant(x);
  const y = n % 2 === 0 ? cosSeries(r) : sinSeries(r);
  return n === 1 || n === 2 ? neg(y) : y;
};
export const tan = (x: Big): Big => (x.m === 0n ? zero : div(sin(x), cos(x)));

const isInteger = (x: Big): boolean => x.e >= 0 || (x.m & ((1n << BigInt(-x.e)) - 1n)) === 0n;

/** x - k for the integer k nearest to x, times pi: exact reduction for sinpi and cospi. */
const halfTurns = (x: Big): { r: Big; odd: boolean } => {
  const k = nearestInteger(x);
  return { r: mul(pi(), sub(x, integer(k))), odd: (k & 1n) === 1n };
};
export const sinpi = (x: Big): Big => {
  const { r, odd } = halfTurns(x);
  return odd ? neg(sin(r)) : sin(r);
};
export const cospi = (x: Big): Big => {
  if (exponentOf(x) >= -1 && exponentOf(x) < 64 && isInteger(sub(x, half))) return zero;
  const { r, odd } = halfTurns(x);
  return odd ? neg(cos(r)) : cos(r);
};

export const atan = (x: Big): Big => {
  if (x.m === 0n) return zero;
  if (exponentOf(x) > 8) return sub(scale(x.m > 0n ? pi() : neg(pi()), -1), atan(div(one, x)));
  let y = zero;
  let t = x;
  if (exponentOf(x) >= -8) {
    y = big(Math.atan(toNumber(x)));
    const c = cos(y);
    const s = sin(y);
    t = div(sub(mul(x, c), s), add(c, mul(x, s)));
  }
  if (t.m === 0n) return y;
  const z = neg(mul(t, t));
  let power = t;
  let sum = t;
  for (let k = 3; ; k += 2) {
    power = mul(power, z);
    if (power.m === 0n || exponentOf(power) < exponentOf(sum) - currentPrecision() - 8) return add(y, sum);
    sum = add(sum, div(power, integer(k)));
  }
};

export const atan2 = (y: Big, x: Big): Big => {
  if (x.m === 0n) return scale(sign(y) > 0 ? pi() : neg(pi()), -1);
  const a = atan(div(y, x));
  if (x.m > 0n) return a;
  return sign(y) >= 0 ? add(a, pi()) : sub(a, pi());
};
export const asin = (x: Big): Big => atan2(x, sqrt(mul(sub(one, x), add(one, x))));
export const acos = (x: Big): Big => atan2(sqrt(mul(sub(one, x), add(one, x))), x);

export const sinh = (x: Big): Big => {
  if (x.m < 0n) return neg(sinh(neg(x)));
  const e = expm1(x);
  return scale(add(e, div(e, add(e, one))), -1);
};
export const cosh = (x: Big): Big => {
  const e = exp(x);
  return scale(add(e, div(one, e)), -1);
};
export const tanh = (x: Big): Big => {
  if (x.m < 0n) return neg(tanh(neg(x)));
  const e = expm1(scale(x, 1));
  return div(e, add(e, two));
};
export const asinh = (x: Big): Big => {
  if (x.m < 0n) return neg(asinh(neg(x)));
  const z = mul(x, x);
  return log1p(add(x, div(z, add(one, sqrt(add(one, z))))));
};
export const acosh = (x: Big): Big => {
  const t = sub(x, one);
  return log1p(add(t, sqrt(mul(t, add(t, two)))));
};
export const atanh = (x: Big): Big => scale(log1p(div(scale(x, 1), sub(one, x))), -1);

export const cbrt = (x: Big): Big => {
  if (x.m === 0n) return zero;
  if (x.m < 0n) return neg(cbrt(neg(x)));
  const third = Math.floor(exponentOf(x) / 3);
  const m = scale(x, -3 * third);
  let y = big(Math.cbrt(toNumber(m)));
  for (let bits = 48; bits < currentPrecision(); bits *= 2) {
    y = div(add(scale(y, 1), div(m, mul(y, y))), integer(3));
  }
  return scale(y, third);
};
export const hypot = (x: Big, y: Big): Big => sqrt(add(mul(x, x), mul(y, y)));

/** 2/sqrt(pi) times the Taylor series; the terms grow to e^(x^2) before they fall. */
export const erf = (x: Big): Big => {
  if (x.m === 0n) return zero;
  const size = toNumber(mul(x, x));
  return withPrecision(currentPrecision() + 64 + Math.ceil(3 * Math.min(size, 4000)), () => {
    const z = neg(mul(x, x));
    let power = x;
    let sum = x;
    for (let k = 1; ; k++) {
      power = div(mul(power, z), integer(k));
      if (power.m === 0n || (k > size && exponentOf(power) < exponentOf(x) - currentPrecision())) break;
      sum = add(sum, div(power, integer(2 * k + 1)));
    }
    return div(scale(sum, 1), sqrt(pi()));
  });
};

/** e^(x^2) erfc(x) for x >= 4, by Laplace's continued fraction from the end. */
const erfcxFraction = (x: Big): Big => {
  const w = scale(div(one, mul(x, x)), -1);
  const terms = Math.ceil((currentPrecision() * currentPrecision()) / (12 * toNumber(mul(x, x)))) + 40;
  let f = one;
  for (let k = terms; k >= 1; k--) f = add(one, div(mul(integer(k), w), f));
  return div(one, mul(mul(x, sqrt(pi())), f));
};

export const erfcx = (x: Big): Big => (toNumber(x) >= 4 ? erfcxFraction(x) : mul(exp(mul(x, x)), erfc(x)));

export const erfc = (x: Big): Big => {
  if (toNumber(x) >= 4) return mul(exp(neg(mul(x, x))), erfcxFraction(x));
  return withPrecision(currentPrecision() + 64, () => sub(one, erf(x)));
};

/** B(2), B(4), … as fractions, by the recurrence over all the lower ones. */
const bernoulli: readonly { readonly n: bigint; readonly d: bigint }[] = (() => {
  const gcd = (a: bigint, b: bigint): bigint => (b === 0n ? (a < 0n ? -a : a) : gcd(b, a % b));
  const count = 60;
  const a: { n: bigint; d: bigint }[] = [];
  const result: { n: bigint; d: bigint }[] = [];
  // Akiyama and Tanigawa's triangle.
  for (let m = 0; m <= 2 * count; m++) {
    a[m] = { n: 1n, d: BigInt(m + 1) };
    for (let j = m; j >= 1; j--) {
      const p = a[j - 1]!;
      const q = a[j]!;
      const n = BigInt(j) * (p.n * q.d - q.n * p.d);
      const d = p.d * q.d;
      const g = gcd(n, d) || 1n;
      a[j - 1] = { n: n / g, d: d / g };
    }
    if (m >= 2 && m % 2 === 0) result.push(a[0]!);
  }
  return result;
})();

/** Stirling's series after shifting x above 70. For x > 0. Absolute error 2^-300. */
const lgammaPositive = (x: Big): Big =>
  withPrecision(currentPrecision() + 32, () => {
    let z = x;
    let product = one;
    while (toNumber(z) < 70) {
      product = mul(product, z);
      z = add(z, one);
    }
    let sum = add(mul(sub(z, half), log(z)), sub(scale(log(scale(pi(), 1)), -1), z));
    const w = div(one, mul(z, z));
    let power = div(one, z);
    for (let k = 1; k <= bernoulli.length; k++) {
      const b = bernoulli[k - 1]!;
      const term = div(mul(power, integer(b.n)), integer(b.d * BigInt(2 * k * (2 * k - 1))));
      if (exponentOf(term) < -currentPrecision() - 16) break;
      sum = add(sum, term);
      power = mul(power, w);
    }
    return sub(sum, log(product));
  });

/** log |gamma(x)| for x that is no pole. */
export const lgamma = (x: Big): Big => {
  if (compare(x, one) === 0 || compare(x, two) === 0) return zero;
  if (x.m > 0n) return lgammaPositive(x);
  const s = abs(sinpi(x));
  return sub(log(div(pi(), s)), lgammaPositive(sub(one, x)));
};

export const tgamma = (x: Big): Big => {
  if (x.m > 0n) return withPrecision(currentPrecision() + 32, () => exp(lgammaPositive(x)));
  return div(pi(), mul(sinpi(x), tgamma(sub(one, x))));
};

const ln10 = constant(() => log(integer(10)));
export const exp2 = (x: Big): Big => withPrecision(currentPrecision() + 32, () => exp(mul(x, ln2())));
export const exp10 = (x: Big): Big => withPrecision(currentPrecision() + 32, () => exp(mul(x, ln10())));
export const log2 = (x: Big): Big => div(log(x), ln2());
export const log10 = (x: Big): Big => div(log(x), ln10());

/** The functions by name, with how many arguments they take: what the tests and tools walk over. */
export const reference1: Readonly<Record<string, (x: Big) => Big>> = {
  exp,
  exp2,
  exp10,
  expm1,
  log,
  log2,
  log10,
  log1p,
  sin,
  cos,
  tan,
  sinpi,
  cospi,
  asin,
  acos,
  atan,
  sinh,
  cosh,
  tanh,
  asinh,
  acosh,
  atanh,
  cbrt,
  erf,
  erfc,
  tgamma,
  lgamma,
  sqrt,
};
export const reference2: Readonly<Record<string, (x: Big, y: Big) => Big>> = { pow, atan2, hypot };
export { compare };
