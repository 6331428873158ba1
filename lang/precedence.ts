// Operators and operands in a row → a tree, by precedence climbing over an explicit stack: a sum of thousands of terms must
// not exhaust ours.
import type { BinaryOp, Expr } from './ast.ts';
import { type Span, spanning } from './source.ts';

/** As in Rust, loosest first. Comparisons do not chain. */
export const precedence: Readonly<Record<BinaryOp, number>> = {
  '||': 1,
  '&&': 2,
  '==': 3,
  '!=': 3,
  '<': 3,
  '<=': 3,
  '>': 3,
  '>=': 3,
  '|': 4,
  '^': 5,
  '&': 6,
  '<<': 7,
  '>>': 7,
  '+': 8,
  '-': 8,
  '*': 9,
  '/': 9,
  '%': 9,
};

export const isComparison = (op: BinaryOp): boolean => precedence[op] === precedence['=='];

/** `a < b < c`, which is a mistake: the place of the second operator goes to `chained`. */
export const climb = (
  operands: readonly Expr[],
  operators: readonly { readonly op: BinaryOp; readonly span: Span }[],
  chained: Span[],
): Expr => {
  const values: Expr[] = [];
  const pending: { readonly op: BinaryOp; readonly span: Span }[] = [];
  const reduce = (): void => {
    const right = values.pop();
    const left = values.pop();
    const op = pending.pop();
    if (!left || !right || !op) return;
    if (isComparison(op.op) && left.kind === 'binary' && isComparison(left.op)) chained.push(op.span);
    values.push({ kind: 'binary', op: op.op, opSpan: op.span, left, right, span: spanning(left.span, right.span) });
  };
  operands.forEach((operand, i) => {
    if (i > 0) {
      const op = operators[i - 1];
      if (!op) return;
      for (let top = pending.at(-1); top && precedence[top.op] >= precedence[op.op]; top = pending.at(-1)) reduce();
      pending.push(op);
    }
    values.push(operand);
  });
  while (pending.length > 0) reduce();
  return values[0] ?? (operands[0] as Expr);
};
