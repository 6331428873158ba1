// Arbitrary-precision binary floating point on BigInt: value = m * 2^e. The base of the reference that std.math is tested
// against. Every operation rounds its mantissa to `precision` bits (truncation: the tests need 100 bits and have 300).

export interface Big {
  readonly m: bigint;
  readonly e: number;
}

let precision = 320;

/** Runs `body` with mantissas of at least `bits` bits. */
export const withPrecision = <T>(bits: number, body: () => T): T => {
  const before = precision;
  precision = Math.max(bits, before);
  try {
    return body();
  } finally {
    precision = before;
  }
};

export const currentPrecision = (): number => precision;

export const bitLength = (m: bigint): number => {
  const a = m < 0n ? -m : m;
  if (a === 0n) return 0;
  const hex = a.toString(16);
  return hex.length * 4 - (Math.clz32(Number.parseInt(hex[0]!, 16)) - 28);
};

const make = (m: bigint, e: number): Big => {
  const excess = bitLength(m) - precision;
  return excess > 0 ? { m: m >> BigInt(excess), e: e + excess } : { m, e };
};

export const zero: Big = { m: 0n, e: 0 };
export const one: Big = { m: 1n, e: 0 };

const cell = new DataView(new ArrayBuffer(8));

/** The 64 bits of a double. */
export const bitsOf = (x: number): bigint => {
  cell.setFloat64(0, x);
  return cell.getBigUint64(0);
};

export const fromBits = (u: bigint): number => {
  cell.setBigUint64(0, u);
  return cell.getFloat64(0);
};

/** Exact. @throws RangeError for infinities and NaN. */
export const big = (x: number): Big => {
  if (!Number.isFinite(x)) throw new RangeError(`not finite: ${x}`);
  const u = bitsOf(x);
  const exponent = Number((u >> 52n) & 0x7ffn);
  const fraction = u & 0xfffffffffffffn;
  const m = exponent === 0 ? fraction : fraction | 0x10000000000000n;
  return { m: u >> 63n ? -m : m, e: (exponent === 0 ? 1 : exponent) - 1075 };
};

export const integer = (n: bigint | number): Big => ({ m: BigInt(n), e: 0 });

export const neg = (a: Big): Big => ({ m: -a.m, e: a.e });
export const abs = (a: Big): Big => (a.m < 0n ? neg(a) : a);
export const sign = (a: Big): number => (a.m > 0n ? 1 : a.m < 0n ? -1 : 0);
/** a * 2^k */
export const scale = (a: Big, k: number): Big => ({ m: a.m, e: a.e + k });
/** The exponent k with 2^k <= |a| < 2^(k+1). */
export const exponentOf = (a: Big): number => a.e + bitLength(a.m) - 1;

export const add = (a: Big, b: Big): Big => {
  if (a.m === 0n) return b;
  if (b.m === 0n) return a;
  const [high, low] = a.e >= b.e ? [a, b] : [b, a];
  // A term far below the other's last bit doesn't matter; one sticky bit would not either.
  if (exponentOf(high) - exponentOf(low) > precision + 64 && high.e > exponentOf(low)) return high;
  if (exponentOf(low) - exponentOf(high) > precision + 64) return low;
  return make((high.m << BigInt(high.e - low.e)) + low.m, low.e);
};
export const sub = (a: Big, b: Big): Big => add(a, neg(b));
export const mul = (a: Big, b: Big): Big => make(a.m * b.m, a.e + b.e);
export const div = (a: Big, b: Big): Big => {
  if (b.m === 0n) throw new RangeError('division by zero');
  if (a.m === 0n) return zero;
  const shift = Math.max(0, precision + 8 + bitLength(b.m) - bitLength(a.m));
  return make((a.m << BigInt(shift)) / b.m, a.e - b.e - shift);
};
export const compare = (a: Big, b: Big): number => sign(sub(a, b));

/** Floor of the square root. */
export const integerSqrt = (n: bigint): bigint => {
  if (n < 2n) return n;
  let x = 1n << BigInt((bitLength(n) + 1) >> 1);
  for (;;) {
    const y = (x + n / x) >> 1n;
    if (y >= x) return x;
    x = y;
  }
};

export const sqrt = (a: Big): Big => {
  if (a.m < 0n) throw new RangeError('square root of a negative number');
  if (a.m === 0n) return zero;
  let shift = Math.max(0, 2 * (precision + 4) - bitLength(a.m));
  if ((a.e - shift) & 1) shift += 1;
  return make(integerSqrt(a.m << BigInt(shift)), (a.e - shift) / 2);
};

/** The nearest integer (halves go up). */
export const nearestInteger = (a: Big): bigint =>
  a.e >= 0 ? a.m << BigInt(a.e) : ((a.m >> BigInt(-a.e - 1)) + 1n) >> 1n;

/** The nearest number with `bits` bits (fewer where its last place would be below 2^least), ties to even, as a double. */
const rounded = (a: Big, bits: number, least: number): number => {
  if (a.m === 0n) return 0;
  const m = a.m < 0n ? -a.m : a.m;
  const drop = Math.max(exponentOf(a) - bits + 1, least) - a.e;
  let q = m;
  if (drop > 0) {
    const d = BigInt(drop);
    q = m >> d;
    const rest = m - (q << d);
    const half = 1n << (d - 1n);
    if (rest > half || (rest === half && (q & 1n) === 1n)) q += 1n;
  }
  // q has at most 53 bits and its last place is one of the format's: neither step rounds.
  let value = Number(q);
  let e = drop > 0 ? a.e + drop : a.e;
  while (e > 0 && Number.isFinite(value)) {
    const step = Math.min(e, 1000);
    value *= 2 ** step;
    e -= step;
  }
  while (e < 0) {
    const step = Math.min(-e, 1000);
    value /= 2 ** step;
    e += step;
  }
  return a.m < 0n ? -value : value;
};

/** The nearest double, ties to even; overflows to infinity as IEEE 754 says. */
export const toNumber = (a: Big): number => rounded(a, 53, -1074);

/** The nearest single, ties to even. */
export const toSingle = (a: Big): number => Math.fround(rounded(a, 24, -149));

/** |y - exact| in units of the last place of the binade of `exact` (of a subnormal: 2^-1074). */
export const ulpError = (y: number, exact: Big): number => {
  if (exact.m === 0n) return y === 0 ? 0 : Number.POSITIVE_INFINITY;
  if (Number.isNaN(y)) return Number.POSITIVE_INFINITY;
  // Beyond the largest double, infinity is within half an ulp of 2^1024.
  if (!Number.isFinite(y)) {
    if (y > 0 !== exact.m > 0n) return Number.POSITIVE_INFINITY;
    if (exponentOf(exact) >= 1024) return 0;
    return Math.abs(toNumber(scale(sub({ m: y > 0 ? 1n : -1n, e: 1024 }, exact), -971)));
  }
  const place = Math.max(exponentOf(exact), -1022) - 52;
  return Math.abs(toNumber(scale(sub(big(y), exact), -Math.min(place, 971))));
};
