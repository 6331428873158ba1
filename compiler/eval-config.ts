// Values of configs for the evaluator: text to the register that goes into the cell.
import type { Reg } from './eval-memory.ts';
import type { IrGlobal } from './ir.ts';

type Config = IrGlobal & { readonly kind: 'config' };

const integer = (text: string): bigint | undefined => {
  const char = /^'([\x20-\x7e])'$/.exec(text)?.[1];
  if (char !== undefined) return BigInt(char.charCodeAt(0));
  const digits = text.replaceAll('_', '');
  if (!/^[+-]?(?:0x[0-9a-f]+|0b[01]+|[0-9]+)$/i.test(digits)) return undefined;
  const magnitude = BigInt(digits.replace(/^[+-]/, ''));
  return digits.startsWith('-') ? -magnitude : magnitude;
};

const floats: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
]);

/** The value of a config given as text; undefined if the text is none of its type. */
export const configValue = (g: Config, text: string): Reg | undefined => {
  const type = g.configType === 'int' ? 'i64' : g.configType;
  if (type === 'bool') return text === 'true' ? 1 : text === 'false' ? 0 : undefined;
  if (type === 'f32' || type === 'f64') {
    const x = floats.get(text) ?? (text.trim() === '' ? Number.NaN : Number(text.replaceAll('_', '')));
    return Number.isNaN(x) && text !== 'nan' ? undefined : x;
  }
  const n = integer(text);
  const width = Number(type.slice(1));
  if (n === undefined || !(width > 0)) return undefined;
  const fits = type.startsWith('u') ? BigInt.asUintN(width, n) === n : BigInt.asIntN(width, n) === n;
  if (!fits) return undefined;
  return g.type === 'i64' ? BigInt.asIntN(64, n) : Number(n);
};
