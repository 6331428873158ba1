// Exact decimal digits of binary floats, by integers of any size: right also for 1e300 with three decimals, and ties go
// to the even digit as IEEE and C have it (JavaScript's toFixed gives up at 1e21 and rounds ties up).

/** A finite magnitude as mantissa · 2^exponent. */
interface Binary {
  readonly mantissa: bigint;
  readonly exponent: number;
}

const scratch = new DataView(new ArrayBuffer(8));

const binaryOf = (magnitude: number): Binary => {
  scratch.setFloat64(0, magnitude);
  const bits = scratch.getBigUint64(0);
  const raw = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  return raw === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: raw - 1075 };
};

/** numerator / denominator rounded to an integer, ties to even. */
const divideEven = (numerator: bigint, denominator: bigint): bigint => {
  const quotient = numerator / denominator;
  const twice = (numerator - quotient * denominator) * 2n;
  const up = twice > denominator || (twice === denominator && (quotient & 1n) === 1n);
  return up ? quotient + 1n : quotient;
};

/** magnitude · 10^power rounded to an integer. */
const scaled = (magnitude: number | bigint, power: number): bigint => {
  const { mantissa, exponent } =
    typeof magnitude === 'bigint' ? { mantissa: magnitude, exponent: 0 } : binaryOf(magnitude);
  let numerator = mantissa;
  let denominator = 1n;
  if (exponent >= 0) numerator <<= BigInt(exponent);
  else denominator <<= BigInt(-exponent);
  if (power >= 0) numerator *= 10n ** BigInt(power);
  else denominator *= 10n ** BigInt(-power);
  return divideEven(numerator, denominator);
};

/** Every float has at most 1074 decimals: what follows are zeros. */
const mostDecimals = 1100;

/** `decimals` digits after the point. The magnitude is finite and not negative. */
export const fixed = (magnitude: number | bigint, decimals: number): string => {
  if (decimals > mostDecimals) return fixed(magnitude, mostDecimals) + '0'.repeat(decimals - mostDecimals);
  const digits = scaled(magnitude, decimals)
    .toString()
    .padStart(decimals + 1, '0');
  if (decimals === 0) return digits;
  return `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
};

/** One digit before the point and `decimals` after it: `1.500e3`. */
export const scientific = (magnitude: number | bigint, decimals: number): string => {
  if (decimals > mostDecimals) {
    const [digits, power] = scientific(magnitude, mostDecimals).split('e');
    return `${digits}${'0'.repeat(decimals - mostDecimals)}e${power}`;
  }
  const zero = typeof magnitude === 'bigint' ? magnitude === 0n : magnitude === 0;
  let exponent = zero
    ? 0
    : typeof magnitude === 'bigint'
      ? magnitude.toString().length - 1
      : Math.floor(Math.log10(magnitude));
  // log10 may be off by one at powers of ten, and rounding may add a digit.
  let digits = scaled(magnitude, decimals - exponent).toString();
  while (!zero && digits.length !== decimals + 1) {
    exponent += digits.length > decimals + 1 ? 1 : -1;
    digits = scaled(magnitude, decimals - exponent).toString();
  }
  digits = digits.padEnd(decimals + 1, '0');
  return `${digits[0]}${decimals > 0 ? `.${digits.slice(1)}` : ''}e${exponent}`;
};

/** The fewest digits that give this magnitude back, as [digits, decimal exponent of the first digit]. */
export const shortest = (magnitude: number, single: boolean): readonly [string, number] => {
  let text = magnitude.toExponential();
  if (single) {
    for (let digits = 1; digits <= 9; digits++) {
      text = magnitude.toExponential(digits - 1);
      if (Math.fround(Number(text)) === magnitude) break;
    }
  }
  const [mantissa, exponent] = text.split('e');
  const digits = (mantissa ?? '0').replace('.', '').replace(/0+$/, '');
  return [digits === '' ? '0' : digits, Number(exponent)];
};
