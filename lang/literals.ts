// The values of literals as they are written.

/** What is wrong with a literal, if anything. */
export interface LiteralProblem {
  readonly code: 'PG0003' | 'PG0004' | 'PG0005' | 'PG0006' | 'PG0007';
  readonly message: string;
  /** Offsets in the literal's text. */
  readonly start: number;
  readonly end: number;
  readonly hint?: string;
}

export interface Literal<T> {
  readonly value: T;
  readonly suffix?: string;
  readonly problem?: LiteralProblem;
}

const intSuffixes = new Set(['i8', 'i16', 'i32', 'i64', 'int', 'u8', 'u16', 'u32', 'u64', 'f32', 'f64']);
const suffixHint = 'suffixes are i8 i16 i32 i64 int u8 u16 u32 u64 f32 f64';

const whole = (text: string): { readonly start: number; readonly end: number } => ({ start: 0, end: text.length });

/** `42`, `1_000`, `0xff`, `0b101`, with an optional suffix. */
export const intLiteral = (text: string): Literal<bigint> => {
  // Most are a few digits.
  if (/^[0-9]{1,15}$/.test(text)) return { value: BigInt(text) };
  const parts =
    /^(0[xX])([0-9a-fA-F_]*?)((?:[iu](?:8|16|32|64)|int)?)$|^(0[bB])([01_]*)([a-zA-Z][a-zA-Z0-9_]*)?$|^([0-9][0-9_]*)([a-zA-Z][a-zA-Z0-9_]*)?$/.exec(
      text,
    );
  if (!parts) {
    return {
      value: 0n,
      problem: {
        code: 'PG0003',
        message: `\`${text}\` is no number`,
        ...whole(text),
        hint: 'hexadecimal digits are 0-9 a-f, binary digits 0 and 1',
      },
    };
  }
  const prefix = parts[1] ? '0x' : parts[4] ? '0b' : '';
  const digits = (parts[2] ?? parts[5] ?? parts[7] ?? '').replaceAll('_', '');
  const suffix = parts[3] || parts[6] || parts[8] || undefined;
  if (digits === '')
    return { value: 0n, problem: { code: 'PG0003', message: `no digits after \`${prefix}\``, ...whole(text) } };
  const value = BigInt(prefix + digits);
  const withSuffix = suffix === undefined ? { value } : { value, suffix };
  if (suffix !== undefined && !intSuffixes.has(suffix)) {
    return {
      value,
      problem: {
        code: 'PG0004',
        message: `unknown suffix \`${suffix}\``,
        start: text.length - suffix.length,
        end: text.length,
        hint: suffixHint,
      },
    };
  }
  if (value >= 1n << 64n && suffix !== 'f32' && suffix !== 'f64') {
    return {
      value: 0n,
      problem: {
        code: 'PG0005',
        message: 'the number does not fit 64 bits',
        ...whole(text),
        hint: 'the largest u64 is 18446744073709551615; a float is written 1.0e30',
      },
    };
  }
  return withSuffix;
};

/** `1.5`, `1e-9`, with an optional suffix f32 or f64. */
export const floatLiteral = (text: string): Literal<number> => {
  const parts = /^([0-9_]+(?:\.[0-9_]+)?(?:[eE][+-]?[0-9_]+)?)([a-zA-Z][a-zA-Z0-9]*)?$/.exec(text);
  const value = Number((parts?.[1] ?? '').replaceAll('_', ''));
  const suffix = parts?.[2];
  if (!parts || Number.isNaN(value))
    return { value: 0, problem: { code: 'PG0003', message: `\`${text}\` is no number`, ...whole(text) } };
  if (suffix !== undefined && suffix !== 'f32' && suffix !== 'f64') {
    return {
      value,
      problem: {
        code: 'PG0004',
        message: `unknown suffix \`${suffix}\` of a float`,
        start: text.length - suffix.length,
        end: text.length,
        hint: 'floats are f32 or f64',
      },
    };
  }
  if (!Number.isFinite(value))
    return {
      value: 0,
      problem: {
        code: 'PG0005',
        message: 'the number is too large for f64',
        ...whole(text),
        hint: 'infinity is math.INFINITY',
      },
    };
  return suffix === undefined ? { value } : { value, suffix };
};

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '0': '\0',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

const withoutEscapes = (body: string): Literal<string> => {
  let value = '';
  let problem: LiteralProblem | undefined;
  for (let i = 0; i < body.length; i++) {
    const c = body[i] ?? '';
    if (c !== '\\') {
      value += c;
      continue;
    }
    const e = body[++i] ?? '';
    const known = escapes[e];
    if (known !== undefined) value += known;
    else if (e === 'x' && /^[0-7][0-9a-fA-F]$/.test(body.slice(i + 1, i + 3))) {
      value += String.fromCharCode(Number.parseInt(body.slice(i + 1, i + 3), 16));
      i += 2;
    } else if (e === 'u' && /^\{[0-9a-fA-F]{1,6}\}/.test(body.slice(i + 1))) {
      const close = body.indexOf('}', i);
      const code = Number.parseInt(body.slice(i + 2, close), 16);
      if (code <= 0x10ffff) value += String.fromCodePoint(code);
      else problem ??= { code: 'PG0006', message: 'no such character', start: i, end: close + 2 };
      i = close;
    } else {
      problem ??= {
        code: 'PG0006',
        message: `unknown escape \`\\${e}\``,
        start: i,
        end: i + 2,
        hint: 'escapes are \\n \\t \\r \\0 \\\\ \\" \\\' \\x41 \\u{1f600}',
      };
    }
  }
  return problem ? { value, problem } : { value };
};

/** The text of `"…"`. */
export const stringValue = (text: string): Literal<string> => {
  if (text.length < 2 || !text.endsWith('"')) {
    return {
      value: text.slice(1),
      problem: {
        code: 'PG0007',
        message: 'the text has no closing `"`',
        ...whole(text),
        hint: 'a text ends on the line it begins on; use \\n for a line break',
      },
    };
  }
  return withoutEscapes(text.slice(1, -1));
};

/** The byte of `'a'`. */
export const charValue = (text: string): Literal<number> => {
  if (text.length < 2 || !text.endsWith("'"))
    return { value: 0, problem: { code: 'PG0007', message: "the character has no closing `'`", ...whole(text) } };
  const { value, problem } = withoutEscapes(text.slice(1, -1));
  if (problem) return { value: 0, problem };
  const points = [...value];
  const code = points[0]?.codePointAt(0) ?? 0;
  if (points.length !== 1 || code > 127) {
    return {
      value: 0,
      problem: {
        code: 'PG0006',
        message: 'a character literal is one ASCII character',
        ...whole(text),
        hint: 'text is written in double quotes',
      },
    };
  }
  return { value: code };
};
