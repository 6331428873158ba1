// What std.math defines exactly: fma, fmod, remainder, scaling, rounding, integers, and the f32 versions. The arguments are
// made here, one generated program computes all results, the tests compare them with exact arithmetic.
import { beforeAll, describe, expect, test } from 'vitest';
import { add, type Big, big, bitsOf, fromBits, mul, toNumber, toSingle, ulpError, withPrecision } from './bigfloat.ts';
import { type Batch, evaluateBits } from './evaluate.ts';
import { bits, even, generator, pointsOf } from './points.ts';
import { reference1 } from './reference.ts';

const next = generator(99n);
const unit = () => Number(next() >> 11n) * 2 ** -53;
const below = (n: number) => Math.floor(unit() * n);
const finite = (): number => {
  for (;;) {
    const x = fromBits(next());
    if (Number.isFinite(x)) return x;
  }
};
/** A number of about 2^exponent, of either sign. */
const near = (exponent: number): number => (unit() + 0.5) * 2 ** exponent * (unit() < 0.5 ? -1 : 1);
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const single = Math.fround;
const { POSITIVE_INFINITY: infinity, NaN: nan, MAX_VALUE: huge } = Number;

type Row = readonly number[];
const batches: Batch[] = [];
let results: bigint[][] = [];

/** Asks for an expression of type u64 on many rows; gives the function that fetches its results later. */
const ask = (expression: string, arity: 1 | 2 | 3, rows: readonly Row[]): (() => bigint[]) => {
  const k = batches.push({ expression, arity, rows }) - 1;
  return () => results[k]!;
};
const askNumbers = (call: string, arity: 1 | 2 | 3, rows: readonly Row[]): (() => number[]) => {
  const fetch = ask(`math.to_bits(${call})`, arity, rows);
  return () => fetch().map(fromBits);
};

const same = (got: number, want: number, what: string): void =>
  expect(Object.is(got, want) || (Number.isNaN(got) && Number.isNaN(want)), `${what}: ${got}, not ${want}`).toBe(true);

beforeAll(async () => {
  results = await evaluateBits(batches);
}, 120_000);

/** Exact sums and products need room for every bit between the largest and the smallest double. */
const exactly = <T>(body: () => T): T => withPrecision(4500, body);
/** Rounds a magnitude, so that a result that underflows keeps its sign. */
const signed = (exact: Big, round: (a: Big) => number): number =>
  exact.m < 0n ? -round({ m: -exact.m, e: exact.e }) : round(exact);

describe('fma', () => {
  const rows: Row[] = [
    ...times(300, () => [finite(), finite(), finite()]),
    ...times(300, () => [near(3), near(5), near(below(120) - 60)]),
    // Cancellation: z is about -x y.
    ...times(300, () => {
      const x = near(3);
      const y = near(4);
      return [x, y, -x * y * (1 + (below(5) - 2) * 2 ** -52)];
    }),
    // Underflow, and ties among the subnormals.
    ...times(300, () => [near(-520), near(-530 - below(30)), near(-1040 - below(30))]),
    ...times(100, () => [below(1024) * 2 ** -530, below(1024) * 2 ** -545, 2 ** -1074]),
    [1 + 2 ** -52, 1 + 2 ** -52, -1 - 2 ** -51],
    [2 ** 1023, 2, -(2 ** 1023)],
    [2 ** 1000, 2 ** 1000, -(2 ** 1000)],
    [-0, 1, 0],
    [-0, 1, -0],
    [2 ** -600, -(2 ** -600), 0],
  ];
  const special: readonly (readonly [number, number, number, number])[] = [
    [infinity, 1, -infinity, nan],
    [infinity, 0, 1, nan],
    [huge, huge, -infinity, -infinity],
    [-infinity, 2, 1, -infinity],
    [nan, 1, 1, nan],
    [1, 1, nan, nan],
  ];
  const got = askNumbers('math.fma(a, b, c)', 3, rows);
  const gotSpecial = askNumbers(
    'math.fma(a, b, c)',
    3,
    special.map((row) => row.slice(0, 3)),
  );

  test('rounds once', () => {
    rows.forEach(([x, y, z], k) => {
      const exact = exactly(() => add(mul(big(x!), big(y!)), big(z!)));
      const want = exact.m === 0n ? x! * y! + z! : signed(exact, toNumber);
      same(got()[k]!, want, `fma(${x}, ${y}, ${z})`);
    });
  });
  test('infinities and NaN', () => {
    special.forEach(([x, y, z, want], k) => {
      same(gotSpecial()[k]!, want, `fma(${x}, ${y}, ${z})`);
    });
  });
});

describe('division with rest', () => {
  const rows: Row[] = [
    ...times(300, () => [finite(), finite()]),
    ...times(300, () => [near(20), near(3)]),
    ...times(200, () => [near(-1060), near(-1068)]),
    ...times(200, () => [below(4000) * 2 ** -1074, (below(200) + 1) * 2 ** -1074]),
    ...times(100, () => [near(1020), near(below(1900) - 1000)]),
    ...times(100, () => [below(1000) * 0.5, below(20) + 1]),
  ];
  const rests = askNumbers('math.fmod(a, b)', 2, rows);
  const nearest = askNumbers('math.remainder(a, b)', 2, rows);
  /** The rest for the quotient rounded to the nearest integer, ties to even, in integers of 2^-1074. */
  const restOf = (x: number, y: number): number => {
    const units = (v: number): bigint => {
      const b = big(Math.abs(v));
      return b.m << BigInt(b.e + 1074);
    };
    const a = units(x);
    const b = units(y);
    let q = a / b;
    const twice = 2n * (a - q * b);
    if (twice > b || (twice === b && (q & 1n) === 1n)) q += 1n;
    const magnitude = toNumber({ m: a - q * b, e: -1074 });
    return x < 0 || Object.is(x, -0) ? -magnitude : magnitude;
  };
  test('fmod', () => {
    rows.forEach(([x, y], k) => {
      same(rests()[k]!, x! % y!, `fmod(${x}, ${y})`);
    });
  });
  test('remainder', () => {
    rows.forEach(([x, y], k) => {
      same(nearest()[k]!, restOf(x!, y!), `remainder(${x}, ${y})`);
    });
  });
});

describe('scaling, rounding, neighbours', () => {
  const xs = [
    ...times(300, finite),
    ...times(100, () => near(-1060)),
    ...times(100, () => near(5)),
    1,
    -1,
    5e-324,
    -5e-324,
    huge,
  ];
  const rows: Row[] = xs.map((x) => [x, Math.floor((unit() - 0.5) * 4500)]);
  const scaled = askNumbers('math.ldexp(a, b as int)', 2, rows);
  const mantissa = askNumbers('math.frexp_mantissa(a)', 2, rows);
  const exponent = ask('math.frexp_exponent(a) as u64', 2, rows);
  const rounded = askNumbers('math.round(a)', 2, rows);
  const truncated = askNumbers('math.trunc(a)', 2, rows);
  const above = askNumbers('math.nextafter(a, math.INFINITY)', 2, rows);

  test('ldexp rounds once', () => {
    rows.forEach(([x, n], k) => {
      const exact = big(x!);
      same(scaled()[k]!, signed({ m: exact.m, e: exact.e + n! }, toNumber), `ldexp(${x}, ${n})`);
    });
  });
  test('frexp takes apart what ldexp puts together', () => {
    rows.forEach(([x], k) => {
      const m = mantissa()[k]!;
      expect(Math.abs(m) >= 0.5 && Math.abs(m) < 1, `frexp_mantissa(${x}) = ${m}`).toBe(true);
      same(toNumber({ m: big(m).m, e: big(m).e + Number(BigInt.asIntN(64, exponent()[k]!)) }), x!, `frexp(${x})`);
    });
  });
  test('round and trunc', () => {
    rows.forEach(([x], k) => {
      const magnitude = Math.floor(Math.abs(x!)) + (Math.abs(x!) % 1 >= 0.5 ? 1 : 0);
      same(rounded()[k]!, x! < 0 ? -magnitude : magnitude, `round(${x})`);
      same(truncated()[k]!, Math.trunc(x!), `trunc(${x})`);
    });
  });
  test('nextafter', () => {
    rows.forEach(([x], k) => {
      const want = x === -5e-324 ? -0 : fromBits(bitsOf(x!) + (x! > 0 ? 1n : -1n));
      same(above()[k]!, want, `nextafter(${x})`);
    });
  });
});

describe('integers', () => {
  const most = 2n ** 63n - 1n;
  const numbers = [
    ...times(80, () => BigInt.asIntN(64, next() >> BigInt(below(64)))),
    0n,
    1n,
    -1n,
    2n,
    most - 3n,
  ].filter(
    // They travel as the bits of a double, and those of a NaN may not survive that.
    (n) => !Number.isNaN(fromBits(BigInt.asUintN(64, n))),
  );
  const pairs = numbers.map((n, k) => [n, numbers[(k * 7 + 3) % numbers.length]!] as const);
  const rows: Row[] = pairs.map((p) => p.map((n) => fromBits(BigInt.asUintN(64, n))));
  const abs = (x: bigint) => (x < 0n ? -x : x);
  const gcd = (x: bigint, y: bigint): bigint => (y === 0n ? abs(x) : gcd(y, x % y));
  const lcm = (x: bigint, y: bigint): bigint => (x === 0n || y === 0n ? 0n : abs((x / gcd(x, y)) * y));
  const binary = (x: bigint) => BigInt.asUintN(64, x).toString(2);
  const root = (n: bigint): bigint => {
    let r = BigInt(Math.floor(Math.sqrt(Number(n))));
    while (r * r > n) r -= 1n;
    while ((r + 1n) * (r + 1n) <= n) r += 1n;
    return r;
  };
  const a = '(math.to_bits(a) as int)';
  const b = '(math.to_bits(b) as int)';
  const cases: readonly (readonly [string, (x: bigint, y: bigint) => bigint])[] = [
    [`math.gcd(${a}, ${b})`, gcd],
    [`math.lcm(${a} >> 34, ${b} >> 34)`, (x, y) => lcm(x >> 34n, y >> 34n)],
    [`math.ipow(${a}, ${b} & 63)`, (x, y) => x ** (y & 63n)],
    [`math.ipow(-1, ${a} | math.INT_MIN)`, (x) => (x & 1n ? -1n : 1n)],
    [`math.isqrt(${a} & math.INT_MAX)`, (x) => root(x & most)],
    [`math.isqrt(math.INT_MAX - (${a} & 255))`, (x) => root(most - (x & 255n))],
    [`math.popcount(${a})`, (x) => BigInt(binary(x).replaceAll('0', '').length)],
    [`math.clz(${a})`, (x) => (x === 0n ? 64n : BigInt(64 - binary(x).length))],
    [`math.ctz(${a})`, (x) => (x === 0n ? 64n : BigInt(/0*$/.exec(binary(x))![0].length))],
    [`math.imin(${a}, ${b})`, (x, y) => (x < y ? x : y)],
    [`math.imax(${a}, ${b})`, (x, y) => (x > y ? x : y)],
    [`math.iabs(${a})`, abs],
  ];
  const fetched = cases.map(([expression]) => ask(`(${expression}) as u64`, 2, rows));

  test.each(cases.map(([expression, want], i) => ({ expression, want, i })))('$expression', ({ want, i }) => {
    expect(pairs.length).toBeGreaterThan(40);
    pairs.forEach(([x, y], k) => {
      expect(BigInt.asIntN(64, fetched[i]!()[k]!), `${x}, ${y}`).toBe(BigInt.asIntN(64, want(x, y)));
    });
  });
});

describe('f32', () => {
  const singles = pointsOf([even(-4, 4, 100), bits(-1e-40, 3e38, 100)], 5n).map(single);
  const within = (low: number, high: number) => (x: number) => x >= low && x <= high;
  const noPole = (x: number) => (x > 0 || !Number.isInteger(x)) && Math.abs(x) < 34;
  const positive = (x: number) => x > 0;
  const anywhere = () => true;
  const functions: readonly (readonly [string, (x: number) => boolean])[] = [
    ['sqrt', positive],
    ['cbrt', anywhere],
    ['exp', within(-110, 88)],
    ['exp2', within(-155, 127)],
    ['exp10', within(-46, 38)],
    ['expm1', within(-80, 88)],
    ['log', positive],
    ['log2', positive],
    ['log10', positive],
    ['log1p', (x) => x > -1],
    ['sin', anywhere],
    ['cos', anywhere],
    ['tan', anywhere],
    ['asin', within(-1, 1)],
    ['acos', within(-1, 1)],
    ['atan', anywhere],
    ['sinh', within(-88, 88)],
    ['cosh', within(-88, 88)],
    ['tanh', within(-20, 20)],
    ['asinh', anywhere],
    ['acosh', (x) => x >= 1],
    ['atanh', (x) => Math.abs(x) < 1],
    ['erf', within(-4, 4)],
    ['erfc', within(-4, 10)],
    ['tgamma', noPole],
    ['lgamma', noPole],
  ];
  const cases = functions.map(([name, inDomain]) => {
    const rows: Row[] = singles.filter(inDomain).map((x) => [x]);
    return { name, rows, got: askNumbers(`math.${name}f(a as f32) as f64`, 1, rows) };
  });

  test.each(cases)('$namef is rounded from its f64 result', ({ name, rows, got }) => {
    expect(rows.length).toBeGreaterThan(20);
    rows.forEach(([x], k) => {
      const exact = reference1[name]!(big(x!));
      const want = signed(exact, toSingle);
      // Next to the middle between two singles the second rounding may go the other way: 2^29 places of f64 are one of f32.
      const close = Math.abs(want) >= 2 ** -126 && ulpError(got()[k]!, exact) <= 0.5001 * 2 ** 29;
      if (!close) same(got()[k]!, want, `${name}f(${x})`);
    });
  });

  const products: Row[] = [
    ...times(300, () => [near(3), near(4), near(below(80) - 40)]),
    ...times(200, () => {
      const x = single(near(3));
      const y = single(near(4));
      return [x, y, -x * y];
    }),
    ...times(200, () => [near(-70), near(-72), near(-145)]),
    // Sums that a first rounding to f64 would turn into ties.
    ...times(100, () => [1 + below(4096) * 2 ** -12, 1 + 2 ** -12, 2 ** -60 * (unit() < 0.5 ? -1 : 1)]),
  ].map((row) => row.map(single));
  const fused = askNumbers('math.fmaf(a as f32, b as f32, c as f32) as f64', 3, products);
  test('fmaf rounds once', () => {
    products.forEach(([x, y, z], k) => {
      const exact = exactly(() => add(mul(big(x!), big(y!)), big(z!)));
      same(fused()[k]!, exact.m === 0n ? single(x! * y! + z!) : signed(exact, toSingle), `fmaf(${x}, ${y}, ${z})`);
    });
  });

  const rows: Row[] = [...singles, 0.5, -0.5, 2.5, -0, 0].map((x) => [single(x), 1.5]);
  const simple: readonly (readonly [string, (x: number, y: number) => number])[] = [
    ['floorf(a as f32)', Math.floor],
    ['ceilf(a as f32)', Math.ceil],
    ['truncf(a as f32)', Math.trunc],
    ['roundf(a as f32)', (x) => (x < 0 || Object.is(x, -0) ? -1 : 1) * Math.floor(Math.abs(x) + 0.5)],
    ['fabsf(a as f32)', Math.abs],
    ['minf(a as f32, b as f32)', Math.min],
    ['maxf(a as f32, b as f32)', Math.max],
    ['fmodf(a as f32, b as f32)', (x, y) => x % y],
    ['copysignf(b as f32, a as f32)', (x, y) => (x < 0 || Object.is(x, -0) ? -y : y)],
  ];
  const fetched = simple.map(([call]) => askNumbers(`math.${call} as f64`, 2, rows));
  test.each(simple.map(([call, want], i) => ({ call, want, i })))('$call', ({ call, want, i }) => {
    rows.forEach(([x, y], k) => {
      same(fetched[i]!()[k]!, want(x!, y!), `${call} of ${x}, ${y}`);
    });
  });
});
