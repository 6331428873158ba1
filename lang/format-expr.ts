// The formatter's view of types and expressions. The tree says what belongs together; the tokens are taken from the text
// one after the other, so that none is lost and literals stay as they were written.
import type { BinaryOp, Block, DistWord, Expr, Index, TypeExpr } from './ast.ts';
import { bodyGroup, bodyOf, braces, onOneLine } from './format-bodies.ts';
import { type Body, choice, concat, type Doc, fill, group, hang, hard, nothing, space, spaced } from './format-doc.ts';
import { type Cursor, closeAngle, commentsAbove, glue, isBeside, isNext, peek, take } from './format-tokens.ts';
import { precedence } from './precedence.ts';
import { unreachable } from './unreachable.ts';

/** Items with commas after all but the last; `open`: the first may stand on a line of its own. */
export const commaList = <T>(c: Cursor, items: readonly T[], show: (item: T) => Doc, open = false): Doc => {
  const docs = items.map((item, i) => (i + 1 < items.length ? concat(show(item), glue(c, ',')) : show(item)));
  const all = [...docs, ...commentsAbove(c)];
  return all.length === 0 ? nothing : fill(all, { by: c.by, open });
};

/** `(a, b)`, just after what it is applied to. */
export const argumentList = <T>(c: Cursor, items: readonly T[], show: (item: T) => Doc, open = true): Doc =>
  concat(glue(c, '('), commaList(c, items, show, open), glue(c, ')'));

/** Builds the head of a statement, whose further lines stand out from the body. */
export const head = (c: Cursor, build: () => Doc): Doc => {
  const before = c.by;
  c.by = 4;
  const doc = hang(build(), 4);
  c.by = before;
  return doc;
};

// ---- types ------------------------------------------------------------------------------------------------------

const emptyBrackets = (c: Cursor, open: Doc): Doc => {
  const parts = [open];
  while (isNext(c, ',')) parts.push(glue(c, ','));
  return concat(...parts, glue(c, ']'));
};

/** `<A, B>`. */
export const angles = <T>(c: Cursor, items: readonly T[], show: (item: T) => Doc): Doc => {
  if (items.length === 0) return nothing;
  return concat(glue(c, '<'), commaList(c, items, show), closeAngle(c));
};

export const typeDoc = (c: Cursor, t: TypeExpr): Doc => {
  switch (t.kind) {
    case 'named': {
      const name = t.module ? concat(take(c), glue(c, '.'), glue(c)) : take(c);
      return concat(
        name,
        angles(c, t.args, (a) => typeDoc(c, a)),
      );
    }
    case 'array': {
      const extents = concat(
        take(c, '['),
        commaList(c, t.extents, (e) => exprDoc(c, e)),
        glue(c, ']'),
      );
      return concat(extents, typeDoc(c, t.element));
    }
    case 'slice':
      return concat(emptyBrackets(c, take(c, '[')), typeDoc(c, t.element));
    case 'pointer':
      return concat(take(c, '*'), typeDoc(c, t.target));
    case 'sharedPointer':
      return concat(take(c, '*'), glue(c, 'shared'), space, typeDoc(c, t.target));
    case 'handle':
      return concat(take(c, t.of), space, emptyBrackets(c, take(c, '[')), typeDoc(c, t.element));
    case 'fn': {
      const params = concat(
        take(c, 'fn'),
        argumentList(c, t.params, (p) => typeDoc(c, p)),
      );
      return t.result ? spaced(params, take(c, '->'), typeDoc(c, t.result)) : params;
    }
    default:
      return unreachable(t);
  }
};

/** `: T`, after a name. */
export const annotation = (c: Cursor, t: TypeExpr): Doc => concat(glue(c, ':'), space, typeDoc(c, t));

const distWord = (c: Cursor, w: DistWord): Doc => {
  switch (w.kind) {
    case 'block': {
      const word = take(c, 'block');
      return w.size ? concat(word, glue(c, '('), exprDoc(c, w.size), glue(c, ')')) : word;
    }
    case 'cyclic':
    case 'star':
      return take(c);
    case 'on':
      return spaced(take(c, 'on'), exprDoc(c, w.image));
    default:
      return unreachable(w);
  }
};

export const distDoc = (c: Cursor, words: readonly DistWord[]): Doc =>
  concat(
    take(c, 'dist'),
    argumentList(c, words, (w) => distWord(c, w)),
  );

// ---- expressions ------------------------------------------------------------------------------------------------

type Binary = Extract<Expr, { kind: 'binary' }>;

/** Operands with the operators of one precedence between them. `tight`: the chain is an operand of a looser one. */
const chain = (c: Cursor, e: Binary, tight: boolean): Doc => {
  const level = precedence[e.op];
  const above: { readonly op: BinaryOp; readonly right: Expr }[] = [];
  // Long sums are deep on the left: no recursion there.
  let left: Expr = e;
  for (; left.kind === 'binary' && precedence[left.op] === level; left = left.left) above.push(left);
  const operand = (x: Expr): Doc => (x.kind === 'binary' ? chain(c, x, true) : exprDoc(c, x));
  const items = [operand(left)];
  for (const { op, right } of above.reverse()) items.push(spaced(take(c, op), operand(right)));
  return fill(items, { by: c.by, tight });
};

/** Expressions that continue another one on their left. */
type Suffix = Extract<Expr, { kind: 'cast' | 'field' | 'index' | 'at' | 'call' }>;

const isSuffix = (e: Expr): e is Suffix =>
  e.kind === 'cast' || e.kind === 'field' || e.kind === 'index' || e.kind === 'at' || e.kind === 'call';

const continuedBy = (e: Suffix): Expr => {
  switch (e.kind) {
    case 'cast':
      return e.operand;
    case 'field':
    case 'index':
      return e.base;
    case 'at':
      return e.place;
    case 'call':
      return e.callee;
    default:
      return unreachable(e);
  }
};

const indexDoc = (c: Cursor, i: Index): Doc => {
  if (i.kind === 'at') return exprDoc(c, i.value);
  const lo = i.lo ? concat(exprDoc(c, i.lo), glue(c, '..')) : take(c, '..');
  return i.hi ? concat(lo, exprDoc(c, i.hi)) : lo;
};

const suffix = (c: Cursor, e: Suffix): Doc => {
  switch (e.kind) {
    case 'cast':
      return concat(space, take(c, 'as'), space, typeDoc(c, e.type));
    case 'field':
      return concat(glue(c, '.'), glue(c));
    case 'index':
      return concat(
        glue(c, '['),
        commaList(c, e.indices, (i) => indexDoc(c, i)),
        glue(c, ']'),
      );
    case 'at':
      return concat(glue(c, '@'), exprDoc(c, e.image));
    case 'call': {
      // Fields of a single argument are broken rather than that it gets a line of its own.
      const fields = e.args.length === 1 && e.args[0]?.kind === 'struct';
      return argumentList(c, e.args, (a) => exprDoc(c, a), !fields);
    }
    default:
      return unreachable(e);
  }
};

const suffixed = (c: Cursor, e: Suffix): Doc => {
  const suffixes: Suffix[] = [];
  let base: Expr = e;
  for (; isSuffix(base); base = continuedBy(base)) suffixes.push(base);
  const first = exprDoc(c, base);
  return concat(first, ...suffixes.reverse().map((s) => suffix(c, s)));
};

const structDoc = (c: Cursor, e: Extract<Expr, { kind: 'struct' }>): Doc => {
  const type = typeDoc(c, e.type);
  // Whoever began the fields on a new line wants a line for each.
  const first = peek(c, 1);
  const broken = (first.above[0]?.newlines ?? first.newlines) > 0 && e.fields.length > 0;
  const oneLine = onOneLine(c, e.span);
  let k = 0;
  const field = (f: { readonly value: Expr }): Doc => concat(take(c), glue(c, ':'), space, exprDoc(c, f.value));
  const body = bodyOf(c, () => {
    const f = e.fields[k++];
    if (!f) return undefined;
    const row = [field(f)];
    // Fields that share a line of several stay together where they fit.
    for (let next = e.fields[k]; next && !oneLine && isBeside(c, 1); next = e.fields[++k])
      row.push(concat(row.pop() ?? nothing, glue(c, ',')), field(next));
    const fields = fill(row, { by: 0 });
    return isNext(c, ',') ? concat(fields, glue(c, ',')) : fields;
  });
  return hang(spaced(type, bodyGroup(body, broken)), 0);
};

const newDoc = (c: Cursor, e: Extract<Expr, { kind: 'new' }>): Doc => {
  const words = [take(c, 'new')];
  if (e.of !== 'private') words.push(take(c));
  if (e.of === 'sharedLocal') words.push(take(c, 'local'));
  words.push(typeDoc(c, e.type));
  if (e.dist) words.push(distDoc(c, e.dist));
  return spaced(...words);
};

export const exprDoc = (c: Cursor, e: Expr): Doc => {
  switch (e.kind) {
    case 'int':
    case 'float':
    case 'char':
    case 'string':
    case 'bool':
    case 'nil':
    case 'name':
    case 'operator':
      return take(c);
    case 'unary':
    case 'deref':
    case 'addressOf': {
      const operand = e.kind === 'unary' ? e.operand : e.kind === 'deref' ? e.pointer : e.place;
      const sign = peek(c).text;
      const operator = take(c);
      // `& &x` is not `&&x`; and `- -x` looks like what it is.
      const apart = (sign === '&' || sign === '-') && peek(c).text.startsWith(sign);
      return concat(operator, ...(apart ? [space] : []), exprDoc(c, operand));
    }
    case 'binary':
      return chain(c, e, false);
    case 'cast':
    case 'field':
    case 'index':
    case 'at':
    case 'call':
      return suffixed(c, e);
    case 'struct':
      return structDoc(c, e);
    case 'if':
      return hang(ifDoc(c, e, false), 0);
    case 'new':
      return newDoc(c, e);
    case 'spawn': {
      const call = spaced(take(c, 'spawn'), exprDoc(c, e.call));
      return e.on ? spaced(call, take(c, 'on'), exprDoc(c, e.on)) : call;
    }
    case 'paren':
      return concat(take(c, '('), exprDoc(c, e.inner), ...commentsAbove(c), glue(c, ')'));
    case 'error':
      throw new Error('internal error: the formatter was given a tree with errors');
    default:
      return unreachable(e);
  }
};

// ---- if ---------------------------------------------------------------------------------------------------------

/** An `if` as the tree has it, as an expression or a statement. */
interface If {
  readonly condition: Expr;
  readonly then: Block;
  readonly else?: Block;
}

/** One step of `if … else if … else`. */
interface Rung {
  readonly head: Doc;
  readonly body: Body;
  readonly oneLine: boolean;
  /** The step after it was written on a new line. */
  readonly apart: boolean;
}

/** The `if` that `else if` goes on with. */
const elseIf = (c: Cursor, otherwise: Block): If | undefined => {
  if (!isNext(c, 'if')) return undefined;
  if (otherwise.value?.kind === 'if') return otherwise.value;
  const [first] = otherwise.stmts;
  return first?.kind === 'if' ? first : undefined;
};

const rungsOf = (c: Cursor, e: If): Rung[] => {
  const all: Rung[] = [];
  let before = nothing;
  for (let step: If | undefined = e; step; ) {
    const { condition, then, else: otherwise }: If = step;
    const own = head(c, () => spaced(take(c, 'if'), exprDoc(c, condition)));
    const body = c.block(c, then);
    const beside = peek(c, -1).after.length > 0;
    const next = peek(c);
    const apart = otherwise !== undefined && (beside || next.newlines > 0 || next.above.length > 0);
    all.push({ head: concat(before, own), body, oneLine: onOneLine(c, then.span), apart });
    if (!otherwise) break;
    before = take(c, 'else');
    step = elseIf(c, otherwise);
    if (step) before = concat(before, space);
    else all.push({ head: before, body: c.block(c, otherwise), oneLine: onOneLine(c, otherwise.span), apart: false });
  }
  return all;
};

/**
 * If all stood on one line, it stays there or has all its bodies broken; and so has an expression that did not. In a
 * statement each body stays as it was; and where `else` was on a new line after a body of one line, that stays too:
 *
 *   if a { x(); }             if a { x(); }
 *   else if b { y(); }        else {
 *   else { z(); }               …
 */
export const ifDoc = (c: Cursor, e: If, statement: boolean): Doc => {
  const rungs = rungsOf(c, e);
  const oneLine = rungs.every((r) => r.oneLine);
  if (!statement || (oneLine && !rungs.some((r) => r.apart)))
    return group(spaced(...rungs.map((r) => spaced(r.head, braces(r.body)))), !oneLine);
  return concat(
    ...rungs.map((r, i) => {
      const after = i + 1 < rungs.length ? space : nothing;
      const open = concat(spaced(r.head, bodyGroup(r.body, !r.oneLine)), after);
      if (!r.oneLine || !r.apart) return open;
      const broken = concat(spaced(r.head, bodyGroup(r.body, true)), after);
      return choice(spaced(r.head, bodyGroup(r.body, false)), hard(), broken);
    }),
  );
};
