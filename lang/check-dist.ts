// Distributions as they are written: `dist(block, *)`.
import type * as Ast from './ast.ts';
import { type Context, error, isError } from './check-state.ts';
import type { Span } from './source.ts';
import type { DimDist, Expr } from './typed.ts';
import { i64, typeName } from './types.ts';

/** An integer of any type as an `int`. */
export const asInt = (e: Expr): Expr => {
  if (e.type.kind !== 'int' || (e.type.bits === 64 && e.type.signed)) return e;
  if (e.kind === 'const') return { ...e, type: i64 };
  return { kind: 'cast', operand: e, type: i64, span: e.span };
};

const integer = (x: Context, e: Ast.Expr, what: string): Expr => {
  const value = x.checker.rules.value(x, e, i64);
  if (value.type.kind !== 'int' && !isError(value.type))
    error(x, 'PG0301', e.span, `${what} is an integer, found ${typeName(value.type)}`, {
      expected: 'an integer',
      found: typeName(value.type),
    });
  return asInt(value);
};

const dimDist = (x: Context, w: Ast.DistWord): DimDist => {
  switch (w.kind) {
    case 'star':
      return { kind: 'star' };
    case 'cyclic':
      return { kind: 'cyclic' };
    case 'on':
      return { kind: 'on', image: integer(x, w.image, 'an image') };
    case 'block': {
      if (!w.size) return { kind: 'block' };
      const size = integer(x, w.size, 'the size of a block');
      if (size.kind === 'const' && !isError(size.type) && Number(size.value) < 1)
        error(x, 'PG0410', w.size.span, 'a block has at least one element', { label: 'too small' });
      return { kind: 'blocks', size };
    }
  }
};

/** What is written between the parentheses of `dist(…)`. */
interface Written {
  readonly words: readonly Ast.DistWord[];
  readonly span: Span;
}

/** How an array of `rank` dimensions is spread; without words by rows, one block an image. */
export const distribution = (x: Context, written: Written | undefined, rank: number): readonly DimDist[] => {
  const star: DimDist = { kind: 'star' };
  const rest = Array.from({ length: rank - 1 }, () => star);
  if (!written) return [{ kind: 'block' }, ...rest];
  // Where the parser recovered, a word may be missing.
  const words: readonly (Ast.DistWord | undefined)[] = written.words;
  const dims = words.flatMap((w) => (w ? [dimDist(x, w)] : []));
  const on = dims.find((w) => w.kind === 'on');
  if (on && dims.length === 1) return [on, ...rest];
  const hintFor = (): string => {
    if (rank === 1) return 'one word: `block`, `cyclic`, `block(B)` or `on p`';
    const first = written.words[0];
    return dims.length === 1 && first && first.kind !== 'star'
      ? `write \`dist(${first.kind === 'block' ? 'block' : 'cyclic'}, *)\` to divide the rows`
      : `one word a dimension: \`dist(block, *)\``;
  };
  if (on) {
    error(x, 'PG0410', written.span, '`on p` places the whole array', {
      label: 'one word is enough',
      hint: 'write `dist(on p)`',
    });
  } else if (dims.length !== rank) {
    error(
      x,
      'PG0410',
      written.span,
      `the array has ${rank} dimension${rank === 1 ? '' : 's'}, its distribution ${dims.length}`,
      {
        label: `${rank} ${rank === 1 ? 'word is' : 'words are'} wanted`,
        hint: hintFor(),
      },
    );
  } else if (dims.every((w) => w.kind === 'star')) {
    error(x, 'PG0410', written.span, 'no dimension is divided', {
      label: 'all of it would be on one image',
      hint: 'write `dist(on 0)` if that is meant',
    });
  } else return dims;
  return [{ kind: 'block' }, ...rest];
};
