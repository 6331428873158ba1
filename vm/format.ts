// Values as text: what `{}` and `{:8.3}` in a print mean.
import type { Format } from './abi.ts';
import { fixed, scientific, shortest } from './decimal.ts';

export type Printable = number | bigint | boolean | string;

const bitsOf: Partial<Record<Format['type'], number>> = {
  i8: 8,
  u8: 8,
  i16: 16,
  u16: 16,
  i32: 32,
  u32: 32,
  i64: 64,
  u64: 64,
};

/** Positional between 1e-5 and 1e16, else scientific; always with a point or an exponent, so that it reads as a float. */
const shortestText = (magnitude: number, single: boolean): string => {
  const [digits, exponent] = shortest(magnitude, single);
  if (magnitude !== 0 && (exponent < -5 || exponent >= 16)) {
    return `${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${exponent}`;
  }
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  return `${whole}.${digits.slice(exponent + 1) || '0'}`;
};

const scientificText = (magnitude: number, single: boolean, precision: number | undefined): string => {
  if (precision !== undefined) return scientific(magnitude, precision);
  const [digits, exponent] = shortest(magnitude, single);
  return `${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${exponent}`;
};

/** Sign and the rest, so that zeros can be put between them. */
type Signed = readonly [sign: string, body: string];

const floatText = (format: Format, value: number): Signed => {
  if (Number.isNaN(value)) return ['', 'nan'];
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return [sign, 'inf'];
  const single = format.type === 'f32';
  if (format.style === 'e') return [sign, scientificText(magnitude, single, format.precision)];
  if (format.precision !== undefined) return [sign, fixed(magnitude, format.precision)];
  return [sign, shortestText(magnitude, single)];
};

const integerText = (format: Format, value: bigint): Signed => {
  const bits = bitsOf[format.type] ?? 64;
  // The import's parameter is a plain i32 or i64: the type says which integer it stands for.
  const signed = format.type.startsWith('i');
  const own = signed ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
  if (format.style === 'x') return ['', BigInt.asUintN(bits, own).toString(16)];
  if (format.style === 'b') return ['', BigInt.asUintN(bits, own).toString(2)];
  const magnitude = own < 0n ? -own : own;
  const sign = own < 0n ? '-' : '';
  if (format.style === 'e') {
    const digits = magnitude.toString();
    const decimals = format.precision ?? Math.max(0, digits.replace(/0+$/, '').length - 1);
    return [sign, scientific(magnitude, decimals)];
  }
  return [sign, magnitude.toString()];
};

const bigOf = (value: Printable): bigint => (typeof value === 'bigint' ? value : BigInt(Number(value)));

const plain = (format: Format, value: Printable): Signed => {
  switch (format.type) {
    case 'bool':
      return ['', value === 0 || value === 0n || value === false ? 'false' : 'true'];
    case 'str': {
      const text = String(value);
      return ['', format.precision === undefined ? text : [...text].slice(0, format.precision).join('')];
    }
    case 'f32':
    case 'f64':
      return floatText(format, Number(value));
    case 'pointer': {
      const digits = BigInt.asUintN(32, bigOf(value)).toString(16);
      return ['', format.style === 'x' ? digits : `0x${digits}`];
    }
    default:
      return integerText(format, bigOf(value));
  }
};

/** The text of a value. Integers may come as the raw i32 or i64 of the machine; numbers stand right in their column, text left. */
export const formatValue = (format: Format, value: Printable): string => {
  const [sign, body] = plain(format, value);
  const width = format.width ?? 0;
  const length = sign.length + (format.type === 'str' ? [...body].length : body.length);
  if (length >= width) return sign + body;
  const missing = width - length;
  if (format.leftAlign) return sign + body + ' '.repeat(missing);
  if (format.zeroPad && format.type !== 'str' && format.type !== 'bool' && !/^[in]/.test(body)) {
    return sign + '0'.repeat(missing) + body;
  }
  if (format.type === 'str' || format.type === 'bool') return body + ' '.repeat(missing);
  return ' '.repeat(missing) + sign + body;
};
