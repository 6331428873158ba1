// The reference itself: against published digits, against JavaScript, and that it notices a wrong last place.
import { describe, expect, test } from 'vitest';
import {
  type Big,
  big,
  bitsOf,
  div,
  fromBits,
  integer,
  mul,
  scale,
  sub,
  toNumber,
  toSingle,
  ulpError,
} from './bigfloat.ts';
import * as f from './reference.ts';

/** Decimal text with many digits as an exact fraction. */
const decimal = (text: string): Big => {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.');
  const value = div(integer(BigInt(whole + fraction)), integer(10n ** BigInt(fraction.length)));
  return text.startsWith('-') ? { m: -value.m, e: value.e } : value;
};

describe('numbers', () => {
  test('an error of one place is one ulp, of none is below one half', () => {
    const third = div(integer(1), integer(3));
    expect(ulpError(1 / 3, third)).toBeLessThan(0.5);
    expect(ulpError(fromBits(bitsOf(1 / 3) + 1n), third)).toBeGreaterThan(0.5);
    expect(ulpError(fromBits(bitsOf(1 / 3) + 3n), third)).toBeGreaterThan(2.5);
    expect(ulpError(-1 / 3, third)).toBeGreaterThan(1e15);
    expect(ulpError(Number.NaN, third)).toBe(Number.POSITIVE_INFINITY);
    expect(ulpError(Number.POSITIVE_INFINITY, third)).toBeGreaterThan(1e15);
    expect(ulpError(5e-324, scale(integer(3), -1074))).toBe(2);
  });

  test('rounding to doubles and singles: ties to even, subnormals, overflow', () => {
    expect(toNumber(integer(2n ** 53n + 1n))).toBe(2 ** 53);
    expect(toNumber(integer(2n ** 53n + 3n))).toBe(2 ** 53 + 4);
    expect(toNumber(scale(integer(3), -1076))).toBe(5e-324);
    expect(toNumber(scale(integer(1), -1075))).toBe(0);
    expect(toNumber(scale(integer(1), 1024))).toBe(Number.POSITIVE_INFINITY);
    expect(toSingle(big(1 + 2 ** -24))).toBe(1);
    expect(toSingle(big(1 + 3 * 2 ** -24))).toBe(1 + 2 ** -22);
    expect(toSingle(scale(integer(3), -151))).toBe(2 ** -149);
  });
});

const published: readonly (readonly [string, Big, string])[] = [
  ['pi', f.pi(), '3.14159265358979323846264338327950288419716939937510582097494459'],
  ['ln 2', f.ln2(), '0.693147180559945309417232121458176568075500134360255254120680009'],
  ['e', f.exp(integer(1)), '2.71828182845904523536028747135266249775724709369995957496696763'],
  ['ln 10', f.log(integer(10)), '2.30258509299404568401799145468436420760110148862877297603332790'],
  ['sin 1', f.sin(integer(1)), '0.841470984807896506652502321630298999622563060798371065672751710'],
  ['cos 1', f.cos(integer(1)), '0.540302305868139717400936607442976603732310420617922227670097255'],
  ['atan 1/2', f.atan(big(0.5)), '0.463647609000806116214256231461214402028537054286120263810933089'],
  ['cbrt 2', f.cbrt(integer(2)), '1.25992104989487316476721060727822835057025146470150798008197511'],
  ['erf 1', f.erf(integer(1)), '0.842700792949714869341220635082609259296066997966302908459937897'],
  [
    'gamma 1/3',
    f.tgamma(div(integer(1), integer(3))),
    '2.67893853470774763365569294097467764412868937795730110095042832',
  ],
  [
    'gamma 1/2 squared',
    mul(f.tgamma(big(0.5)), f.tgamma(big(0.5))),
    '3.14159265358979323846264338327950288419716939937510582097494459',
  ],
];

test.each(published)('%s to 60 digits', (_, value, digits) => {
  expect(Math.abs(toNumber(sub(value, decimal(digits))))).toBeLessThan(1e-60);
});

test('functions that are each other inverted', () => {
  for (let k = 1; k <= 40; k++) {
    const x = big(k * 0.0231);
    const near = (y: Big) => expect(Math.abs(toNumber(sub(y, x)))).toBeLessThan(1e-80);
    near(f.log(f.exp(x)));
    near(f.log1p(f.expm1(x)));
    near(f.tan(f.atan(x)));
    near(f.sin(f.asin(x)));
    near(f.cos(f.acos(x)));
    near(f.asinh(f.sinh(x)));
    near(f.tanh(f.atanh(x)));
    near(f.pow(f.pow(x, integer(7)), div(integer(1), integer(7))));
  }
});

test('erfc by its fraction meets 1 - erf, and gamma its recurrence on both sides of 0', () => {
  for (const x of [4, 4.25, 5, 5.75]) {
    const exact = f.erfc(big(x));
    const other = sub(integer(1), f.erf(big(x)));
    expect(Math.abs(toNumber(div(sub(exact, other), exact)))).toBeLessThan(1e-75);
  }
  for (const x of [-10.3, -3.7, -0.4, 0.3, 2.6, 68.9, 70.2]) {
    const ratio = div(f.tgamma(big(x)), f.tgamma(sub(big(x), integer(1))));
    expect(Math.abs(toNumber(sub(ratio, sub(big(x), integer(1)))))).toBeLessThan(1e-70);
  }
});

test("JavaScript's functions agree to two places", () => {
  const inDomain: Readonly<Record<string, readonly number[]>> = {
    exp: [-700, -3.3, 0.7, 300],
    expm1: [-0.001, 0.3, 5],
    log: [1e-300, 0.7, 1.3, 1e200],
    log2: [3, 0.1],
    log10: [3, 0.1],
    log1p: [1e-9, -0.3, 7],
    sin: [0.5, 3, 1e5, 1e22],
    cos: [0.5, 3, 1e5, 1e22],
    tan: [0.5, 3, 1e5],
    asin: [0.3, -0.9],
    acos: [0.3, -0.9],
    atan: [0.2, -7],
    sinh: [0.5, -20],
    cosh: [0.5, -20],
    tanh: [0.5, -2],
    asinh: [0.5, -20],
    acosh: [1.5, 20],
    atanh: [0.5, -0.9],
    cbrt: [2, -5],
    sqrt: [2, 5],
  };
  for (const [name, points] of Object.entries(inDomain)) {
    const ours = f.reference1[name]!;
    const theirs = (Math as unknown as Record<string, (x: number) => number>)[name]!;
    for (const x of points) expect(ulpError(theirs(x), ours(big(x))), `${name}(${x})`).toBeLessThan(2);
  }
});
