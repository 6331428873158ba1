// Values as text.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Format } from '../../vm/abi.ts';
import { formatValue, type Printable } from '../../vm/format.ts';

const cases: readonly (readonly [Format, Printable, string])[] = [
  [{ type: 'f64' }, 1, '1.0'],
  [{ type: 'f64' }, -0, '-0.0'],
  [{ type: 'f64' }, 0.1, '0.1'],
  [{ type: 'f64' }, 123456789.125, '123456789.125'],
  [{ type: 'f64' }, 1e15, '1000000000000000.0'],
  [{ type: 'f64' }, 1e16, '1e16'],
  [{ type: 'f64' }, 1e21, '1e21'],
  [{ type: 'f64' }, 1.5e300, '1.5e300'],
  [{ type: 'f64' }, 0.00001, '0.00001'],
  [{ type: 'f64' }, 0.0000012, '1.2e-6'],
  [{ type: 'f64' }, 5e-324, '5e-324'],
  [{ type: 'f64' }, Number.MAX_VALUE, '1.7976931348623157e308'],
  [{ type: 'f64' }, Number.POSITIVE_INFINITY, 'inf'],
  [{ type: 'f64' }, Number.NEGATIVE_INFINITY, '-inf'],
  [{ type: 'f64' }, Number.NaN, 'nan'],
  [{ type: 'f32' }, Math.fround(0.1), '0.1'],
  [{ type: 'f32' }, Math.fround(16777216), '16777216.0'],
  [{ type: 'f32' }, Math.fround(3.4028234663852886e38), '3.4028235e38'],
  [{ type: 'f32' }, Math.fround(1e-45), '1e-45'],
  [{ type: 'f64', precision: 3 }, 2.0005, '2.001'],
  [{ type: 'f64', precision: 3 }, 1e300, `${BigInt(1e300)}.000`],
  [{ type: 'f64', precision: 0 }, 0.5, '0'],
  [{ type: 'f64', precision: 0 }, 1.5, '2'],
  [{ type: 'f64', precision: 0 }, 2.5, '2'],
  [{ type: 'f64', precision: 1 }, 0.25, '0.2'],
  [{ type: 'f64', precision: 2 }, 1.005, '1.00'],
  [{ type: 'f64', precision: 2 }, -0.001, '-0.00'],
  [{ type: 'f64', precision: 3000 }, 0.5, `0.5${'0'.repeat(2999)}`],
  [{ type: 'f64', style: 'e', precision: 3000 }, 0.5, `5.${'0'.repeat(3000)}e-1`],
  [{ type: 'f64', precision: 20 }, 0.1, '0.10000000000000000555'],
  [{ type: 'f64', precision: 2 }, Number.NaN, 'nan'],
  [{ type: 'f64', style: 'e' }, 1500, '1.5e3'],
  [{ type: 'f64', style: 'e' }, 0, '0e0'],
  [{ type: 'f64', style: 'e', precision: 3 }, 1500, '1.500e3'],
  [{ type: 'f64', style: 'e', precision: 2 }, 999.9, '1.00e3'],
  [{ type: 'f64', style: 'e', precision: 2 }, 0, '0.00e0'],
  [{ type: 'f64', style: 'e', precision: 0 }, 1e-300, '1e-300'],
  [{ type: 'f64', style: 'e', precision: 1 }, 1000, '1.0e3'],
  [{ type: 'f64', style: 'e', precision: 1 }, 5e-324, '4.9e-324'],
  [{ type: 'f64', width: 8, precision: 3 }, 3.14163, '   3.142'],
  [{ type: 'f64', width: 8, precision: 3, zeroPad: true }, -3.14163, '-003.142'],
  [{ type: 'f64', width: 8, precision: 3, leftAlign: true }, 3.14163, '3.142   '],
  [{ type: 'f64', width: 6, zeroPad: true }, Number.NEGATIVE_INFINITY, '  -inf'],
  [{ type: 'i32' }, -5, '-5'],
  [{ type: 'u32' }, -1, '4294967295'],
  [{ type: 'u8' }, 255, '255'],
  [{ type: 'i8' }, 255, '-1'],
  [{ type: 'u64' }, -1n, '18446744073709551615'],
  [{ type: 'i64' }, -(2n ** 63n), '-9223372036854775808'],
  [{ type: 'i8', style: 'x' }, -1, 'ff'],
  [{ type: 'i16', style: 'x' }, -2, 'fffe'],
  [{ type: 'i32', style: 'x' }, -1, 'ffffffff'],
  [{ type: 'i64', style: 'x' }, -1n, 'ffffffffffffffff'],
  [{ type: 'u32', style: 'x', width: 8, zeroPad: true }, 48879, '0000beef'],
  [{ type: 'i32', style: 'x', width: 8 }, 10, '       a'],
  [{ type: 'u8', style: 'b', width: 8, zeroPad: true }, 5, '00000101'],
  [{ type: 'i64', style: 'e' }, 1500n, '1.5e3'],
  [{ type: 'i64', width: 5 }, 42n, '   42'],
  [{ type: 'i64', width: 5, zeroPad: true }, -42n, '-0042'],
  [{ type: 'i64', width: 5, leftAlign: true }, 42n, '42   '],
  [{ type: 'i64', width: 2 }, 12345n, '12345'],
  [{ type: 'bool' }, 1, 'true'],
  [{ type: 'bool' }, 0, 'false'],
  [{ type: 'bool', width: 6 }, 1, 'true  '],
  [{ type: 'str' }, 'aé', 'aé'],
  [{ type: 'str', width: 4 }, 'é', 'é   '],
  [{ type: 'str', width: 3 }, '😀', '😀  '],
  [{ type: 'str', precision: 2 }, 'abc', 'ab'],
  [{ type: 'pointer' }, -65536, '0xffff0000'],
  [{ type: 'pointer', style: 'x' }, 255, 'ff'],
];

describe('formats', () => {
  test.each(cases)('%j of %s is %s', (format, value, text) => {
    expect(formatValue(format, value)).toBe(text);
  });

  test('the shortest text of a float gives it back', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (x) => {
        const text = formatValue({ type: 'f64' }, x);
        expect(Object.is(Number(text.replace('inf', 'Infinity')), x)).toBe(true);
        expect(text).toMatch(/[.e]|inf/);
      }),
      { numRuns: 3000 },
    );
  });

  test('the shortest text of a single float gives it back, in at most nine digits', () => {
    fc.assert(
      fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (x) => {
        const text = formatValue({ type: 'f32' }, x);
        expect(Object.is(Math.fround(Number(text)), x)).toBe(true);
        expect(
          text
            .replace(/e.*/, '')
            .replace(/[-.]/g, '')
            .replace(/^0+|0+$/g, '').length,
        ).toBeLessThanOrEqual(9);
      }),
      { numRuns: 3000 },
    );
  });

  test('fixed decimals are the nearest: against exact rational arithmetic', () => {
    fc.assert(
      fc.property(
        fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e6, max: 1e6 }),
        fc.nat(12),
        (x, precision) => {
          const text = formatValue({ type: 'f64', precision }, x);
          const scaled = BigInt(text.replace('.', ''));
          // x is an integer over 2^1074: compare without rounding.
          const exact = exactly(x) * 10n ** BigInt(precision);
          const difference = scaled * 2n ** 1074n - exact;
          expect((difference < 0n ? -difference : difference) * 2n <= 2n ** 1074n).toBe(true);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('integers of any width agree with the language of the test', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }), (x) => {
        expect(formatValue({ type: 'i64' }, x)).toBe(BigInt.asIntN(64, x).toString());
        expect(formatValue({ type: 'u64' }, x)).toBe(BigInt.asUintN(64, x).toString());
        expect(formatValue({ type: 'u16', style: 'x' }, x)).toBe(BigInt.asUintN(16, x).toString(16));
      }),
    );
  });
});

/** x times 2^1074. */
const exactly = (x: number): bigint => {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(x));
  const bits = view.getBigUint64(0);
  const exponent = bits >> 52n;
  const fraction = bits & (2n ** 52n - 1n);
  const magnitude = exponent === 0n ? fraction : (fraction + 2n ** 52n) << (exponent - 1n);
  return x < 0 ? -magnitude : magnitude;
};
