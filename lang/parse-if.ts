// An `if` is an expression; where its value is not wanted it stands as a statement.
import type { Block, Expr, Stmt } from './ast.ts';

/** What stands last in a block may be its value. */
export type StatementOrValue = Stmt | { kind: 'value'; value: Expr };

/** An `if` that stands as a statement. */
export const ifStatement = (e: Extract<Expr, { kind: 'if' }>): Stmt => ({
  kind: 'if',
  condition: e.condition,
  then: asStatements(e.then),
  ...(e.else ? { else: asStatements(e.else) } : {}),
  span: e.span,
});

const asStatements = (b: Block): Block => {
  const value = b.value;
  if (!value) return b;
  const last: Stmt = value.kind === 'if' ? ifStatement(value) : { kind: 'expr', value, span: value.span };
  return { span: b.span, stmts: [...b.stmts, last] };
};
