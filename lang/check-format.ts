// Print formats: `{}`, `{:8}`, `{:.3}`, `{:x}`, …, checked against the values that they show.
import type * as Ast from './ast.ts';
import { isPointer } from './check-numbers.ts';
import { bare, type Context, error, isError, plural, textOf } from './check-state.ts';
import type { Span } from './source.ts';
import type { Expr, FormatPart, FormatSpec } from './typed.ts';
import { type Type, typeName } from './types.ts';
import { unreachable } from './unreachable.ts';

type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'hole'; readonly spec: Spec; readonly span: Span };

/** A specification as written: alignment is `<`, `>` or what suits the type. */
interface Spec extends Omit<FormatSpec, 'leftAlign'> {
  readonly align?: '<' | '>';
}

/** Offsets in the source of each character of a text literal (and of its end): escapes are longer than what they mean. */
const offsetsOf = (literal: string, start: number): readonly number[] => {
  const offsets: number[] = [];
  const end = literal.endsWith('"') && literal.length > 1 ? literal.length - 1 : literal.length;
  for (let i = 1; i < end; ) {
    const escaped = /^\\(?:x[0-9a-fA-F]{2}|u\{([0-9a-fA-F]*)\}|[\s\S])/.exec(literal.slice(i, i + 12));
    offsets.push(start + i);
    // A character beyond 16 bits is two units in the value.
    if (escaped?.[1] !== undefined && Number.parseInt(escaped[1], 16) > 0xffff) offsets.push(start + i);
    i += escaped ? escaped[0].length : 1;
  }
  offsets.push(start + end);
  return offsets;
};

const specPattern = /^([<>])?(0)?([1-9][0-9]{0,3})?(?:\.([0-9]{1,3}))?([xbe])?$/;

const parseSpec = (text: string): Spec | undefined => {
  const m = specPattern.exec(text);
  if (!m || (text === '' ? false : m[0] === '')) return undefined;
  const [, align, zero, width, precision, style] = m;
  if (zero !== undefined && width === undefined) return undefined;
  return {
    ...(align === '<' || align === '>' ? { align } : {}),
    ...(zero === undefined ? {} : { zeroPad: true }),
    ...(width === undefined ? {} : { width: Number(width) }),
    ...(precision === undefined ? {} : { precision: Number(precision) }),
    ...(style === 'x' || style === 'b' || style === 'e' ? { style } : {}),
  };
};

const foreignSpec = (format: string): string | undefined =>
  /%[-+ 0-9.]*[a-zA-Z]/.test(format) && !format.includes('{')
    ? 'values are shown by `{}`, not by `%`: `{:.3}` for `%.3f`, `{:x}` for `%x`'
    : undefined;

/** Splits a format into texts and holes; reports what is malformed. */
const piecesOf = (x: Context, literal: Extract<Ast.Expr, { kind: 'string' }>): readonly Piece[] | undefined => {
  const format = literal.value;
  const offsets = offsetsOf(textOf(x, literal.span), literal.span.start);
  const spanOf = (from: number, to: number): Span => ({
    source: literal.span.source,
    start: offsets[from] ?? literal.span.start,
    end: offsets[to] ?? literal.span.end,
  });
  const pieces: Piece[] = [];
  let text = '';
  const bad = (from: number, to: number, message: string, hint: string): undefined =>
    error(x, 'PG0505', spanOf(from, to), message, { label: 'malformed', hint }) as undefined;
  for (let i = 0; i < format.length; ) {
    const c = format[i] ?? '';
    if ((c === '{' || c === '}') && format[i + 1] === c) {
      text += c;
      i += 2;
      continue;
    }
    if (c === '}') return bad(i, i + 1, 'a `}` without its `{`', 'a brace itself is written twice: `}}`');
    if (c !== '{') {
      text += c;
      i++;
      continue;
    }
    const close = format.indexOf('}', i);
    if (close < 0) return bad(i, format.length, 'a `{` without its `}`', 'a brace itself is written twice: `{{`');
    const body = format.slice(i + 1, close);
    const spec = body === '' ? {} : body.startsWith(':') ? parseSpec(body.slice(1)) : undefined;
    if (!spec) {
      const hint = /^[A-Za-z_0-9]/.test(body)
        ? 'values stand after the format: `print("{}", x)`'
        : 'formats are `{}`, `{:8}`, `{:<8}`, `{:08}`, `{:.3}`, `{:8.3}`, `{:x}`, `{:b}`, `{:e}`';
      return bad(i, close + 1, `\`${format.slice(i, close + 1)}\` is no format`, hint);
    }
    if (text !== '') pieces.push({ kind: 'text', text });
    text = '';
    pieces.push({ kind: 'hole', spec, span: spanOf(i, close + 1) });
    i = close + 1;
  }
  if (text !== '') pieces.push({ kind: 'text', text });
  return pieces;
};

/** Why a specification does not suit a type. */
const unsuitable = (spec: Spec, t: Type): string | undefined => {
  switch (spec.style) {
    case 'x':
    case 'b':
      if (t.kind !== 'int') return `\`${spec.style}\` shows integers`;
      break;
    case 'e':
      if (t.kind !== 'float') return '`e` shows floats';
      break;
    case undefined:
      break;
    default:
      return unreachable(spec.style);
  }
  if (spec.precision !== undefined && t.kind !== 'float') return 'a number of decimals suits only floats';
  if (spec.zeroPad && t.kind !== 'int' && t.kind !== 'float') return 'zeros are put before numbers only';
  return undefined;
};

const printable = (t: Type): boolean =>
  t.kind === 'int' || t.kind === 'float' || t.kind === 'bool' || t.kind === 'str' || isPointer(t);

const unprintable = (x: Context, v: Expr, t: Type): void => {
  const hint =
    t.kind === 'struct'
      ? 'print its fields'
      : t.kind === 'array' || t.kind === 'slice'
        ? 'print its elements in a loop, with `write`'
        : undefined;
  error(x, 'PG0507', v.span, `${typeName(t)} cannot be printed`, {
    label: typeName(t),
    ...(hint === undefined ? {} : { hint }),
  });
};

/** Texts stand at the left of their column, numbers at the right. */
const finalSpec = (spec: Spec, t: Type): FormatSpec => {
  const { align, ...rest } = spec;
  const left = align === '<' || (align === undefined && (t.kind === 'str' || t.kind === 'bool'));
  return left && spec.width !== undefined ? { ...rest, leftAlign: true } : rest;
};

/** The parts of `print(format, args…)`; undefined after a report. */
export const checkFormat = (
  x: Context,
  call: Extract<Ast.Expr, { kind: 'call' }>,
  name: string,
): readonly FormatPart[] | undefined => {
  const [format, ...args] = call.args;
  const values = args.map((a) => x.checker.rules.value(x, a));
  if (!format) return [];
  const literal = bare(format);
  if (literal.kind === 'error') return undefined;
  if (literal.kind !== 'string') {
    const v = x.checker.rules.value(x, format);
    if (isError(v.type)) return undefined;
    error(x, 'PG0509', format.span, `the format of \`${name}\` is a text literal`, {
      label: typeName(v.type),
      hint: `write \`${name}("{}", ${textOf(x, format.span)})\``,
    });
    return undefined;
  }
  const pieces = piecesOf(x, literal);
  if (!pieces) return undefined;
  const holes = pieces.filter((p) => p.kind === 'hole').length;
  if (holes !== values.length) {
    const extra = args[holes];
    const firstMissing = pieces.filter((p) => p.kind === 'hole')[values.length];
    const foreign = foreignSpec(literal.value);
    error(
      x,
      'PG0506',
      holes < values.length && extra ? extra.span : (firstMissing?.span ?? format.span),
      `the format shows ${plural(holes, 'value')}, but ${plural(values.length, 'value')} ${values.length === 1 ? 'is' : 'are'} given`,
      {
        label: holes < values.length ? 'no `{}` for this value' : 'no value for this',
        secondary: [{ span: format.span, text: `${plural(holes, 'hole')} in this format` }],
        ...(foreign === undefined ? {} : { hint: foreign }),
      },
    );
    return undefined;
  }
  const parts: FormatPart[] = [];
  let next = 0;
  let fine = true;
  for (const p of pieces) {
    if (p.kind === 'text') {
      parts.push(p);
      continue;
    }
    const v = values[next++];
    if (!v || isError(v.type)) continue;
    const problem = printable(v.type) ? unsuitable(p.spec, v.type) : undefined;
    if (!printable(v.type)) unprintable(x, v, v.type);
    else if (problem !== undefined) {
      error(x, 'PG0507', p.span, `${problem}; the value is ${typeName(v.type)}`, {
        label: 'does not suit the value',
        secondary: [{ span: v.span, text: typeName(v.type) }],
      });
    }
    if (problem !== undefined || !printable(v.type)) fine = false;
    parts.push({ kind: 'value', value: v, spec: finalSpec(p.spec, v.type) });
  }
  return fine ? parts : undefined;
};
