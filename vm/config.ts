// Values of `config const`s from the command line: `--n=4000` becomes bytes in the cell that init will read.
import type { ConfigEntry } from './abi.ts';

export interface ConfigError {
  readonly message: string;
  readonly hint?: string;
}

/** The bytes of one config cell, little-endian. */
export interface ConfigCell {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const listing = (configs: readonly ConfigEntry[]): string =>
  configs.length === 0
    ? 'the program has no config constants'
    : `the program's config constants are ${configs.map((c) => c.name).join(', ')}`;

/** Edits between two names: insert, delete or replace a letter, or exchange two neighbours. */
const distance = (a: string, b: string): number => {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : replaced;
      next.push(Math.min(replaced, swapped, row[j]! + 1, next[j - 1]! + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
};

const nearest = (name: string, configs: readonly ConfigEntry[]): string | undefined => {
  let best: { name: string; edits: number } | undefined;
  for (const c of configs) {
    const edits = distance(name.toLowerCase(), c.name.toLowerCase());
    if (edits <= Math.max(1, name.length / 3) && (!best || edits < best.edits)) best = { name: c.name, edits };
  }
  return best?.name;
};

/** What follows `--` on the command line, `--name=value` each, as a map. The last of two equal names wins, as usual. */
export const parseConfigArguments = (
  args: readonly string[],
): { readonly configs: Record<string, string> } | { readonly error: ConfigError } => {
  const configs: Record<string, string> = {};
  for (const arg of args) {
    const match = /^--([A-Za-z_][\w.]*)=(.*)$/s.exec(arg);
    if (!match) {
      const name = /^-{0,2}([A-Za-z_][\w.]*)/.exec(arg)?.[1];
      const hint = `write --${name ?? 'name'}=value`;
      if (/^--[A-Za-z_][\w.]*$/.test(arg)) return { error: { message: `${arg} has no value: the = is missing`, hint } };
      return { error: { message: `cannot understand ${JSON.stringify(arg)} among the program's arguments`, hint } };
    }
    configs[match[1]!] = match[2]!;
  }
  return { configs };
};

const integerText = /^([+-]?)(0[xX][0-9a-fA-F_]+|0[bB][01_]+|\d[\d_]*)$/;
const floatText = /^[+-]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][+-]?\d+)?$/;
const namedFloats: ReadonlyMap<string, number> = new Map([
  ['inf', Number.POSITIVE_INFINITY],
  ['+inf', Number.POSITIVE_INFINITY],
  ['-inf', Number.NEGATIVE_INFINITY],
  ['nan', Number.NaN],
]);

/** A character in quotes stands for its code, as in a program. */
const charText = /^'([\x20-\x7e])'$/;

const integerOf = (text: string): bigint | undefined => {
  const char = charText.exec(text)?.[1];
  if (char !== undefined) return BigInt(char.charCodeAt(0));
  const match = integerText.exec(text);
  if (!match) return undefined;
  const digits = match[2]!.replaceAll('_', '');
  if (digits === '0x' || digits === '0X' || digits === '0b' || digits === '0B') return undefined;
  return match[1] === '-' ? -BigInt(digits) : BigInt(digits);
};

const floatOf = (text: string): number | undefined => {
  const named = namedFloats.get(text.toLowerCase());
  if (named !== undefined) return named;
  if (floatText.test(text)) return Number(text.replaceAll('_', ''));
  const integer = integerOf(text);
  return integer === undefined ? undefined : Number(integer);
};

const encodeInteger = (text: string, bits: number, signed: boolean, type: string): Uint8Array | string => {
  // Shells take quotes away: --class=S is --class='S' where a byte is wanted.
  const value = integerOf(type === 'u8' && /^[A-Za-z]$/.test(text) ? `'${text}'` : text);
  if (value === undefined)
    return `expected an integer${type === 'u8' ? ' or a letter' : ''} (${type === 'i64' ? 'int' : type})`;
  const low = signed ? -(1n << BigInt(bits - 1)) : 0n;
  const high = signed ? (1n << BigInt(bits - 1)) - 1n : (1n << BigInt(bits)) - 1n;
  if (value < low || value > high) return `out of range for ${type === 'i64' ? 'int' : type}: ${low} to ${high}`;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value), true);
  return bytes.subarray(0, bits / 8);
};

/** The bytes of a value of the config's type, or what is wrong with it. */
const encode = (type: ConfigEntry['type'], text: string): Uint8Array | string => {
  if (type === 'bool') {
    if (text !== 'true' && text !== 'false') return 'expected true or false';
    return Uint8Array.of(text === 'true' ? 1 : 0);
  }
  if (type === 'f32' || type === 'f64') {
    const value = floatOf(text);
    if (value === undefined) return `expected a number (${type})`;
    const stored = type === 'f32' ? Math.fround(value) : value;
    if (!Number.isFinite(stored) && !namedFloats.has(text.toLowerCase())) return `out of range for ${type}`;
    return new Uint8Array(type === 'f32' ? Float32Array.of(value).buffer : Float64Array.of(value).buffer);
  }
  return encodeInteger(text, Number(type.slice(1)), type[0] === 'i', type);
};

/** What is wrong with a default of this type, or undefined. */
export const configDefaultError = (type: ConfigEntry['type'], text: string): string | undefined => {
  const bytes = encode(type, text.trim());
  return typeof bytes === 'string' ? bytes : undefined;
};

/** Cells for all configs: the given values, else the defaults. */
export const configCells = (
  configs: readonly ConfigEntry[],
  given: Readonly<Record<string, string>>,
): { readonly cells: readonly ConfigCell[] } | { readonly error: ConfigError } => {
  const byName = new Map(configs.map((c) => [c.name, c]));
  for (const name of Object.keys(given)) {
    if (byName.has(name)) continue;
    const near = nearest(name, configs);
    const hint = near === undefined ? listing(configs) : `did you mean ${near}? ${listing(configs)}`;
    return { error: { message: `unknown config constant ${name}`, hint } };
  }
  const cells: ConfigCell[] = [];
  for (const c of configs) {
    const text = Object.hasOwn(given, c.name) ? (given[c.name] ?? '') : c.default;
    const bytes = encode(c.type, text.trim());
    if (typeof bytes === 'string') {
      const message = `bad value for config constant ${c.name}: ${JSON.stringify(text)}, ${bytes}`;
      return { error: { message, hint: `its default is --${c.name}=${c.default}` } };
    }
    cells.push({ offset: c.offset, bytes });
  }
  return { cells };
};

/** One line a config constant, for `--help` among the program's arguments. */
export const configHelp = (configs: readonly ConfigEntry[]): string => {
  if (configs.length === 0) return 'The program has no config constants.\n';
  const left = configs.map((c) => `--${c.name}=<${c.type === 'i64' ? 'int' : c.type}>`);
  const width = Math.max(...left.map((l) => l.length));
  const lines = configs.map((c, i) => {
    const doc = c.doc === undefined ? '' : `${c.doc.trim()} `;
    return `  ${(left[i] ?? '').padEnd(width)}  ${doc}(default ${c.default})`;
  });
  return `Config constants of the program:\n${lines.join('\n')}\n`;
};
