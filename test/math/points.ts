// Where the functions of std.math are evaluated: the same points in every run.
import { fromBits } from './bigfloat.ts';

/** Marsaglia's xorshift64*: numbers in [0, 2^64). */
export const generator = (seed: bigint): (() => bigint) => {
  let state = seed;
  return () => {
    state ^= BigInt.asUintN(64, state << 13n);
    state ^= state >> 7n;
    state ^= BigInt.asUintN(64, state << 17n);
    return BigInt.asUintN(64, state * 2685821657736338717n);
  };
};

/** A piece of a domain: `count` points, evenly spread or with evenly spread exponents (of both signs if `from` is negative). */
export type Piece =
  | { readonly kind: 'even'; readonly from: number; readonly to: number; readonly count: number }
  | { readonly kind: 'bits'; readonly from: number; readonly to: number; readonly count: number }
  | { readonly kind: 'given'; readonly points: readonly number[] };

export const even = (from: number, to: number, count: number): Piece => ({ kind: 'even', from, to, count });
/** Magnitudes from `from` to `to`, as many small ones as large ones; negative too unless `from` is 0. */
export const bits = (from: number, to: number, count: number): Piece => ({ kind: 'bits', from, to, count });
export const given = (...points: readonly number[]): Piece => ({ kind: 'given', points });

export const pointsOf = (pieces: readonly Piece[], seed: bigint): number[] => {
  const next = generator(seed);
  const unit = () => Number(next() >> 11n) * 2 ** -53;
  return pieces.flatMap((piece) => {
    switch (piece.kind) {
      case 'even':
        return Array.from({ length: piece.count }, () => piece.from + (piece.to - piece.from) * unit());
      case 'bits': {
        const low = Math.log2(Math.max(Math.abs(piece.from), 5e-324));
        const high = Math.log2(piece.to);
        return Array.from({ length: piece.count }, () => {
          const exponent = Math.floor(low + (high - low) * unit());
          const mantissa = fromBits(0x3ff0000000000000n | (next() >> 12n));
          const x = Math.min(mantissa * 2 ** Math.max(exponent, -1022) * 2 ** Math.min(0, exponent + 1022), piece.to);
          return piece.from < 0 && (next() & 1n) === 1n ? -x : x;
        });
      }
      case 'given':
        return [...piece.points];
      default:
        return piece satisfies never;
    }
  });
};

/** x and the doubles around it. */
export const around = (x: number, steps: number): Piece => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, x);
  const u = view.getBigUint64(0);
  return given(...Array.from({ length: 2 * steps + 1 }, (_, k) => fromBits(u + BigInt(k - steps))));
};

/** The doubles around x, without x itself: for poles. */
export const beside = (x: number, steps: number): Piece => {
  const piece = around(x, steps);
  return piece.kind === 'given' ? given(...piece.points.filter((p) => p !== x)) : piece;
};

const huge = Number.MAX_VALUE;
const multiples = (step: number, count: number): Piece =>
  given(...Array.from({ length: count }, (_, k) => (k + 1) * step));

/** Arguments that lie extremely close to a multiple of pi/2 (the first is the worst of all doubles), and large ones. */
const trigonometric: readonly Piece[] = [
  around(6381956970095103 * 2 ** 797, 2),
  given(1e22, 1e308, huge, 2 ** 1000, 9007199254740992, 1e6, 999999.9999999999, 1000000.0000000001, 0.7853981633974483),
  multiples(Math.PI / 2, 150),
  multiples(Math.PI / 4, 50),
  multiples((Math.PI / 2) * 2 ** 40, 50),
  around(Math.PI, 5),
  around(Math.PI / 4, 5),
  around(355, 3),
  even(-1, 1, 200),
  even(-10, 10, 200),
  even(-1e6, 1e6, 200),
  bits(-1e-10, 1, 50),
  bits(-1e6, huge, 300),
];

/** Zeros of log |gamma| below -2. */
const gammaZeros = [
  -2.457024738220801, -2.7476826467274127, -3.14358088834998, -3.955294284858598, -4.039361839740537,
  -4.991544640560048, -5.008218168322594, -5.998607480080876, -6.001385294453155, -6.999801507890638,
  -7.000198333407325, -7.999975197095821, -8.000024800270682, -9.000002755714823, -10.000000275573013,
  -11.999999997912324, -13.99999999998853, -15.999999999999952,
];

/** Where each function of one argument is compared with the reference. */
export const domains: Readonly<Record<string, readonly Piece[]>> = {
  exp: [
    even(-745.2, 709.8, 300),
    even(-1, 1, 200),
    bits(-5e-324, 100, 200),
    around(709.782712893384, 3),
    around(-708.3964185322641, 3),
    around(-745.1332191019411, 2),
  ],
  exp2: [
    even(-1075, 1024, 300),
    even(-1, 1, 200),
    bits(-5e-324, 100, 100),
    multiples(-51.5, 20),
    around(-1022, 2),
    around(1023.9999999999999, 1),
  ],
  exp10: [even(-324, 308.3, 300), even(-1, 1, 200), bits(-5e-324, 100, 100), multiples(-1, 323), multiples(1, 308)],
  expm1: [even(-40, 709.8, 200), even(-1.5, 1.5, 300), bits(-5e-324, 1, 200), multiples(Math.LN2 / 2, 60)],
  log: [
    bits(0, huge, 300),
    even(0.5, 2, 300),
    even(0.999, 1.001, 100),
    around(1, 20),
    around(2 ** -1022, 3),
    around(Math.SQRT1_2, 3),
    around(Math.E, 3),
  ],
  log2: [bits(0, huge, 300), even(0.5, 2, 300), around(1, 20), around(2 ** -1022, 3), around(Math.SQRT2, 3)],
  log10: [
    bits(0, huge, 300),
    even(0.5, 2, 300),
    around(1, 20),
    given(...Array.from({ length: 23 }, (_, k) => 10 ** k)),
  ],
  log1p: [
    bits(0, huge, 200),
    even(-1, 1, 300),
    bits(-5e-324, 0.9, 300),
    around(-0.29, 3),
    around(0.41, 3),
    given(-0.9999999999999999),
  ],
  sin: trigonometric,
  cos: trigonometric,
  tan: trigonometric,
  sinpi: [even(-3, 3, 300), bits(-5e-324, 1e15, 300), multiples(0.25, 20), around(0.25, 3)],
  cospi: [even(-3, 3, 300), bits(-5e-324, 1e15, 300), multiples(0.25, 20), around(0.25, 3), around(0.5, 3)],
  asin: [even(-1, 1, 500), bits(-5e-324, 1, 200), around(0.5, 3), even(0.999, 1, 100), around(0.9999999999999999, 1)],
  acos: [even(-1, 1, 500), bits(-5e-324, 1, 200), around(0.5, 3), even(-1, -0.999, 100), even(0.999, 1, 100)],
  atan: [even(-5, 5, 500), bits(-5e-324, huge, 200), around(0.25, 3), around(0.75, 3), around(1.5, 3), around(3.5, 3)],
  sinh: [
    even(-710.5, 710.5, 200),
    even(-1.2, 1.2, 300),
    bits(-5e-324, 1, 200),
    around(1, 3),
    around(710.4758600739439, 2),
  ],
  cosh: [even(-710.5, 710.5, 200), even(-2, 2, 300), bits(-5e-324, 1, 100), around(710.4758600739439, 2)],
  tanh: [even(-23, 23, 200), even(-2, 2, 300), bits(-5e-324, 1, 200), around(18, 3), around(0.17328679513998632, 3)],
  asinh: [even(-3, 3, 300), bits(-5e-324, huge, 400), around(1e9, 3)],
  acosh: [even(1, 3, 300), even(1, 1.0001, 100), bits(1, huge, 300), around(1e9, 3), around(1.0000000000000002, 1)],
  atanh: [even(-1, 1, 400), bits(-5e-324, 0.9, 200), given(0.9999999999999998, 0.9999999999999999)],
  cbrt: [bits(-5e-324, huge, 400), even(1, 8, 300), given(...Array.from({ length: 50 }, (_, k) => (k + 1) ** 3))],
  erf: [even(-6, 6, 400), even(-0.6, 0.6, 300), bits(-5e-324, 1, 200), around(0.5, 3)],
  erfc: [
    even(-6, 27.3, 500),
    even(-1, 2, 300),
    bits(-5e-324, 1, 100),
    around(1, 3),
    around(2, 3),
    around(3, 3),
    around(4, 3),
    around(8, 3),
    even(26, 27.3, 100),
    around(26.543, 3),
  ],
  tgamma: [
    even(0, 20, 300),
    even(20, 171.63, 200),
    even(-20, 0, 200),
    even(-184, -20, 200),
    bits(-1e-308, 1, 100),
    around(2.5, 3),
    around(20, 3),
    around(171.6243769563027, 3),
    beside(-3, 6),
    beside(-100, 6),
    around(1.4616321449683622, 3),
  ],
  lgamma: [
    even(0, 3, 300),
    even(3, 25, 100),
    bits(0, 2.5e305, 200),
    even(-25, 0, 300),
    even(-5, -2, 200),
    bits(-20, 2e15, 100),
    around(1, 20),
    around(2, 20),
    around(0.75, 3),
    around(2.5, 3),
    ...gammaZeros.map((z) => around(z, 6)),
    ...gammaZeros.map((z) => even(z - 0.002, z + 0.002, 8)),
  ],
  sqrt: [bits(0, huge, 300), around(1, 5), around(2 ** -1022, 3)],
};

/** The same for two arguments: pairs. */
export const domains2: Readonly<Record<string, () => readonly (readonly [number, number])[]>> = {
  pow: () => {
    const next = pointsOf([even(0, 1, 6000)], 77n);
    let k = 0;
    const unit = () => next[k++]!;
    const any = pointsOf([bits(0, huge, 300)], 78n);
    /** x with an exponent that leaves x^y within the doubles. */
    const spread = (x: number): readonly [number, number] => [x, ((unit() - 0.5) * 2 * 745) / Math.abs(Math.log(x))];
    return [
      ...any.map(spread),
      ...Array.from({ length: 300 }, () => spread(0.7 + 0.75 * unit())),
      ...Array.from({ length: 200 }, () => spread(1 + (unit() - 0.5) * 1e-3)),
      ...Array.from({ length: 100 }, () => spread(1 + (unit() - 0.5) * 1e-12)),
      ...Array.from({ length: 200 }, (): readonly [number, number] => [1000 * unit(), 4 * unit() - 2]),
      ...Array.from({ length: 200 }, (): readonly [number, number] => [
        Math.floor(40 * unit()) + 1,
        Math.floor(20 * unit()),
      ]),
      ...Array.from({ length: 40 }, (): readonly [number, number] => [unit() * 1e-310, 2 * unit() - 1]),
      [1.0000000000000002, 3.196577161300664e18],
      [0.9999999999999999, 6.393154322601327e18],
      [2, -1074.5],
      [2, 1023.9999999999999],
    ];
  },
  atan2: () => {
    const a = pointsOf([even(-1, 1, 300), bits(-5e-324, huge, 200), bits(-1e-310, 1e-300, 100)], 79n);
    const b = pointsOf([even(-1, 1, 300), bits(-5e-324, huge, 200), bits(-1e-310, 1e-300, 100)], 80n);
    const slopes = [0.25, 0.5, 0.75, 1, 1.5, 2, 3.5];
    return [
      ...a.map((y, k): readonly [number, number] => [y, b[k]!]),
      ...slopes.flatMap((s): (readonly [number, number])[] => [
        [s, 1],
        [s * 3, -3],
        [-s * 1e300, 1e300],
        [s * 1e-310, -1e-310],
      ]),
    ];
  },
  hypot: () => {
    const a = pointsOf(
      [even(-1, 1, 200), bits(-5e-324, 1e308, 100), bits(-1e-310, 1e-305, 100), bits(-1e300, 1.2e308, 50)],
      81n,
    );
    const b = pointsOf(
      [even(-1, 1, 200), bits(-5e-324, 1e308, 100), bits(-1e-310, 1e-305, 100), bits(-1e300, 1.2e308, 50)],
      82n,
    );
    return a.map((x, k): readonly [number, number] => [x, b[k]!]);
  },
};

/** What each function promises, in units of the last place. */
export const promises: Readonly<Record<string, number>> = {
  exp: 0.8,
  exp2: 0.8,
  exp10: 0.8,
  expm1: 0.9,
  log: 0.6,
  log2: 0.6,
  log10: 0.6,
  log1p: 0.6,
  sin: 0.9,
  cos: 0.9,
  tan: 1,
  sinpi: 0.9,
  cospi: 0.9,
  asin: 0.8,
  acos: 0.8,
  atan: 0.7,
  sinh: 1,
  cosh: 0.9,
  tanh: 0.8,
  asinh: 0.7,
  acosh: 0.7,
  atanh: 0.7,
  cbrt: 0.7,
  erf: 1,
  erfc: 1,
  tgamma: 0.8,
  lgamma: 1,
  sqrt: 0.5,
  pow: 0.8,
  atan2: 0.8,
  hypot: 0.8,
};
