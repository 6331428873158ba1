// The atoms of the IR's text form, each with its two directions side by side: names, strings, bytes, floats.
import { bitsOfFloat, floatOfBits } from './ir-types.ts';

// ---- names: bare where they can be, else quoted ------------------------------------------------------------------

const bareName = /^[A-Za-z0-9_.]+(?:-[A-Za-z0-9_.]+)*$/;
/** What may stand without a sigil must not look like a number. */
const bareWord = /^[A-Za-z_][A-Za-z0-9_.]*(?:-[A-Za-z0-9_.]+)*$/;

export const nameText = (name: string): string => (bareName.test(name) ? name : stringText(name));
export const wordText = (word: string): string => (bareWord.test(word) ? word : stringText(word));

// ---- strings: \" and \\ as usual, \hh is a unit below 0x100 (a byte, in data), \u{…} any UTF-16 unit ------------------------------------

const hex2 = (n: number): string =>
  n === 0x22 || n === 0x5c ? `\\${String.fromCharCode(n)}` : `\\${n.toString(16).padStart(2, '0')}`;
const printable = (n: number): boolean => n >= 0x20 && n < 0x7f && n !== 0x22 && n !== 0x5c;

export const stringText = (s: string): string => {
  let out = '"';
  for (const c of s) {
    const code = c.codePointAt(0) ?? 0;
    if (printable(code)) out += c;
    else if (code < 0xa0 || code === 0x2028 || code === 0x2029) out += code < 0x100 ? hex2(code) : escapeUnit(code);
    else if (code >= 0xd800 && code < 0xe000) out += escapeUnit(code);
    else out += c;
  }
  return `${out}"`;
};

const escapeUnit = (n: number): string => `\\u{${n.toString(16)}}`;

export const bytesText = (bytes: Uint8Array): string => {
  let out = '"';
  for (const b of bytes) out += printable(b) ? String.fromCharCode(b) : hex2(b);
  return `${out}"`;
};

const escapePattern = /\\(?:u\{([0-9a-fA-F]{1,4})\}|([0-9a-fA-F]{2})|(["\\]))/y;

/** Pieces of the inside of a string literal: literal text, or the unit of an escape. Undefined: a malformed escape. */
const pieces = (inside: string): (string | number)[] | undefined => {
  const out: (string | number)[] = [];
  let i = 0;
  while (i < inside.length) {
    const slash = inside.indexOf('\\', i);
    const stop = slash < 0 ? inside.length : slash;
    if (stop > i) out.push(inside.slice(i, stop));
    if (slash < 0) break;
    escapePattern.lastIndex = slash;
    const m = escapePattern.exec(inside);
    if (!m) return undefined;
    out.push(m[3] === undefined ? Number.parseInt(m[1] ?? m[2] ?? '', 16) : m[3].charCodeAt(0));
    i = escapePattern.lastIndex;
  }
  return out;
};

export const parseStringInside = (inside: string): string | undefined =>
  pieces(inside)
    ?.map((p) => (typeof p === 'string' ? p : String.fromCharCode(p)))
    .join('');

export const parseBytesInside = (inside: string): Uint8Array | undefined => {
  const parts = pieces(inside);
  if (!parts) return undefined;
  const out: number[] = [];
  for (const p of parts) {
    if (typeof p === 'number' && p < 0x100) out.push(p);
    else for (const b of new TextEncoder().encode(typeof p === 'string' ? p : String.fromCharCode(p))) out.push(b);
  }
  return Uint8Array.from(out);
};

// ---- floats: shortest decimal that gives the same bits, inf, -inf, nan:0x… ----------------------------------------

const shortestF32 = (x: number): string => {
  for (let digits = 1; digits < 9; digits++) {
    const s = x.toPrecision(digits);
    if (Math.fround(Number(s)) === x) return String(Number(s));
  }
  return String(Number(x.toPrecision(9)));
};

export const floatText = (type: 'f32' | 'f64', bits: bigint): string => {
  const x = floatOfBits(type, bits);
  if (Number.isNaN(x)) return `nan:0x${bits.toString(16)}`;
  if (x === Number.POSITIVE_INFINITY) return 'inf';
  if (x === Number.NEGATIVE_INFINITY) return '-inf';
  if (Object.is(x, -0)) return '-0.0';
  const s = (type === 'f32' ? shortestF32(x) : String(x)).replace('e+', 'e');
  return /[.e]/.test(s) ? s : `${s}.0`;
};

/** The bits of a float's text; undefined if it is none, or a NaN whose bits are no NaN's. */
export const parseFloatText = (type: 'f32' | 'f64', text: string): bigint | undefined => {
  if (text === 'inf') return bitsOfFloat(type, Number.POSITIVE_INFINITY);
  if (text === '-inf') return bitsOfFloat(type, Number.NEGATIVE_INFINITY);
  if (text.startsWith('nan:')) {
    const bits = BigInt(text.slice(4));
    const fits = bits < 1n << (type === 'f32' ? 32n : 64n);
    return fits && Number.isNaN(floatOfBits(type, bits)) ? bits : undefined;
  }
  const x = Number(text);
  if (Number.isNaN(x)) return undefined;
  return bitsOfFloat(type, type === 'f32' ? Math.fround(x) : x);
};
