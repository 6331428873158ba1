// The formatter's view of statements and blocks.
import type { Block, Expr, Ident, Range, Reduction, Stmt, TypeExpr } from './ast.ts';
import { bodyGroup, bodyOf, onOneLine, withBody } from './format-bodies.ts';
import { type Body, concat, type Doc, fill, group, hang, line, nothing, space, spaced } from './format-doc.ts';
import { annotation, argumentList, commaList, exprDoc, head, ifDoc } from './format-expr.ts';
import { type Cursor, glue, isBeside, isNext, take } from './format-tokens.ts';
import { unreachable } from './unreachable.ts';

/** A block as the body of a statement or function. */
export const blockDoc = (c: Cursor, b: Block): Doc => bodyGroup(blockBody(c, b), !onOneLine(c, b.span));

/** What stands before a block, and the block. */
export const headed = (c: Cursor, words: Doc, b: Block): Doc => withBody(words, blockBody(c, b), !onOneLine(c, b.span));

/** `let x: T = value;` after its first words: of locals and of what stands in modules. */
export const binding = (c: Cursor, type: TypeExpr | undefined, value: Expr | undefined, between: () => Doc): Doc =>
  concat(
    take(c),
    type ? annotation(c, type) : nothing,
    between(),
    value ? concat(space, take(c, '='), space, exprDoc(c, value)) : nothing,
    glue(c, ';'),
  );

const rangeDoc = (c: Cursor, r: Range): Doc =>
  concat(exprDoc(c, r.lo), glue(c, r.inclusive ? '..=' : '..'), exprDoc(c, r.hi));

const stepDoc = (c: Cursor, r: Range): Doc[] => (r.step ? [spaced(take(c, 'step'), exprDoc(c, r.step))] : []);

const reductionDoc = (c: Cursor, r: Reduction): Doc => {
  const open = concat(take(c, 'reduce'), glue(c, '('), glue(c), glue(c, ':'), space);
  return concat(
    open,
    commaList(c, r.names, () => take(c)),
    glue(c, ')'),
  );
};

/** `for i in` and what follows up to the body. */
const loop = (c: Cursor, names: () => Doc, over: () => Doc[], reductions: readonly Reduction[], body: Block): Doc =>
  headed(
    c,
    head(c, () => {
      const first = spaced(names(), take(c, 'in'));
      const [range = nothing, ...rest] = over();
      return fill([spaced(first, range), ...rest, ...reductions.map((r) => reductionDoc(c, r))], { by: 4 });
    }),
    body,
  );

const loopNames = (c: Cursor, names: readonly Ident[]): Doc =>
  isNext(c, '(')
    ? concat(
        take(c, '('),
        commaList(c, names, () => take(c)),
        glue(c, ')'),
      )
    : take(c);

type Loop = Extract<Stmt, { kind: 'for' | 'forEach' | 'foreach' | 'parFor' | 'forall' }>;

const loopDoc = (c: Cursor, s: Loop): Doc => {
  switch (s.kind) {
    case 'forEach':
      return loop(
        c,
        () => spaced(take(c), take(c)),
        () => [exprDoc(c, s.over)],
        [],
        s.body,
      );
    case 'for':
    case 'foreach':
    case 'parFor': {
      const names = (): Doc => (s.kind === 'parFor' ? spaced(take(c), take(c), take(c)) : spaced(take(c), take(c)));
      const over = (): Doc[] => [rangeDoc(c, s.range), ...stepDoc(c, s.range)];
      return loop(c, names, over, s.kind === 'for' ? [] : s.reductions, s.body);
    }
    case 'forall': {
      const { over } = s;
      const parts = (): Doc[] =>
        over.kind === 'array'
          ? [exprDoc(c, over.array)]
          : [rangeDoc(c, over.range), ...stepDoc(c, over.range), spaced(take(c, 'on'), exprDoc(c, over.on))];
      return loop(c, () => spaced(take(c, 'forall'), loopNames(c, s.names)), parts, s.reductions, s.body);
    }
    default:
      return unreachable(s);
  }
};

const stmtDoc = (c: Cursor, s: Stmt): Doc => {
  switch (s.kind) {
    case 'let':
    case 'var':
    case 'const':
      return hang(
        spaced(
          take(c, s.kind),
          binding(c, s.type, s.value, () => nothing),
        ),
      );
    case 'assign':
      return hang(concat(spaced(exprDoc(c, s.place), take(c, s.op), exprDoc(c, s.value)), glue(c, ';')));
    case 'expr':
      // The last of a block that is the body of a statement needs no `;`.
      return hang(concat(exprDoc(c, s.value), isNext(c, ';') ? glue(c, ';') : nothing));
    case 'block':
      return blockDoc(c, s.body);
    case 'if':
      return ifDoc(c, s, true);
    case 'while':
      return headed(
        c,
        head(c, () => spaced(take(c, 'while'), exprDoc(c, s.condition))),
        s.body,
      );
    case 'loop':
    case 'finish':
      return headed(c, take(c, s.kind), s.body);
    case 'for':
    case 'forEach':
    case 'foreach':
    case 'parFor':
    case 'forall':
      return loopDoc(c, s);
    case 'break':
    case 'continue':
    case 'barrier':
    case 'fence':
    case 'notify':
    case 'wait':
    case 'yield':
      return hang(concat(take(c, s.kind), glue(c, ';')));
    case 'return':
      return hang(concat(take(c, 'return'), s.value ? concat(space, exprDoc(c, s.value)) : nothing, glue(c, ';')));
    case 'delete':
      return hang(concat(take(c, 'delete'), space, exprDoc(c, s.value), glue(c, ';')));
    case 'critical': {
      const { lock } = s;
      const words = head(c, () => {
        const word = take(c, 'critical');
        return lock
          ? concat(
              word,
              space,
              argumentList(c, [lock], (l) => exprDoc(c, l)),
            )
          : word;
      });
      return headed(c, words, s.body);
    }
    case 'within':
      return headed(
        c,
        head(c, () => spaced(take(c, 'within'), exprDoc(c, s.team))),
        s.body,
      );
    default:
      return unreachable(s);
  }
};

/** Statements without bodies may share a line. */
const isSimple = (s: Stmt | undefined): boolean => {
  switch (s?.kind) {
    case 'let':
    case 'var':
    case 'const':
    case 'assign':
    case 'expr':
    case 'break':
    case 'continue':
    case 'barrier':
    case 'fence':
    case 'notify':
    case 'wait':
    case 'yield':
    case 'return':
    case 'delete':
      return true;
    default:
      return false;
  }
};

/** The block's value: an `if` that begins a statement looks like one. */
const valueDoc = (c: Cursor, value: Expr): Doc =>
  value.kind === 'if' ? ifDoc(c, value, true) : hang(exprDoc(c, value));

/** A block between its braces. Simple statements that were written on one line of several stay together if they fit. */
export const blockBody = (c: Cursor, b: Block): Body => {
  const outer = c.by;
  c.by = 2;
  let k = 0;
  const oneLine = onOneLine(c, b.span);
  const body = bodyOf(c, () => {
    const s = b.stmts[k++];
    if (!s) return k === b.stmts.length + 1 && b.value ? valueDoc(c, b.value) : undefined;
    const row = [stmtDoc(c, s)];
    for (; !oneLine && isSimple(b.stmts[k - 1]) && isSimple(b.stmts[k]); k++) {
      if (!isBeside(c)) break;
      row.push(line(), stmtDoc(c, b.stmts[k] as Stmt));
    }
    return row.length === 1 ? row[0] : group(concat(...row));
  });
  c.by = outer;
  return body;
};
