// Expressions: the one switch over all of them.
import type * as Ast from './ast.ts';
import { checkCall, checkStruct } from './check-calls.ts';
import { mismatch, toValue } from './check-convert.ts';
import { defaultType, flexibility, floatLiteral, intLiteral, isFlexible } from './check-literals.ts';
import { checkNew } from './check-new.ts';
import { isPointer } from './check-numbers.ts';
import { checkBinary, checkCast, checkUnary } from './check-operators.ts';
import { checkAddressOf, checkAt, checkDeref, checkField, checkIndex, checkName } from './check-places.ts';
import {
  type CheckedBlock,
  type Context,
  error,
  errorExpr,
  errorOperand,
  isError,
  maxDepth,
  type Operand,
} from './check-state.ts';
import { checkSpawn } from './check-tasks.ts';
import type { Expr } from './typed.ts';
import { boolType, sameType, strType, type Type, typeName, voidType } from './types.ts';
import { unreachable } from './unreachable.ts';

const nil = (x: Context, e: Ast.Expr, want: Type | undefined): Expr => {
  if (want && (isPointer(want) || want.kind === 'fn' || want.kind === 'handle'))
    return { kind: 'nil', type: want, span: e.span };
  if (want && !isError(want)) {
    error(x, 'PG0301', e.span, `expected ${typeName(want)}, found nil`, {
      label: 'only pointers and functions can be nil',
      expected: typeName(want),
      found: 'nil',
    });
  } else if (!want) {
    error(x, 'PG0313', e.span, 'what would `nil` point to?', {
      label: 'the type of the pointer is not known',
      hint: 'write the type: `var p: *T = nil;` or `nil as *T`',
    });
  }
  return errorExpr(e.span);
};

// ---- if expressions ---------------------------------------------------------------------------------------------

const emptyBlock = (b: Ast.Block): boolean => b.value === undefined && b.stmts.length === 0;

/** The type of one branch; reports a branch that ends without a value. */
const branchType = (x: Context, b: CheckedBlock, ast: Ast.Block): Type | undefined => {
  if (b.type.kind !== 'void') return b.type;
  if (b.diverges) return undefined;
  const end = { ...ast.span, start: Math.max(ast.span.start, ast.span.end - 1) };
  error(x, 'PG0305', emptyBlock(ast) ? ast.span : end, 'this branch gives no value', {
    label: 'a value is needed here',
    ...(b.dropped ? { secondary: [{ span: b.dropped, text: 'the `;` after this drops its value' }] } : {}),
    hint: 'the last expression of a block, without `;`, is its value',
  });
  return { kind: 'error' };
};

/** An `if` where a value is wanted. */
export const checkIf = (x: Context, e: Extract<Ast.Expr, { kind: 'if' }>, wanted: Type | undefined): Expr => {
  const { rules } = x.checker;
  // `if c { 1 } else { 2.5 }`: literals on both sides, one of them a float.
  const want = wanted ?? defaultType(flexibility(e));
  const condition = rules.need(x, e.condition, boolType, {
    span: { ...e.span, end: e.span.start + 2 },
    text: 'conditions are bool',
  });
  if (!e.else) {
    const then = rules.block(x, e.then, { type: want });
    if (then.diverges && then.type.kind === 'void') return errorExpr(e.span);
    error(x, 'PG0315', e.span, 'an `if` that gives a value needs an `else`', {
      label: 'no value if the condition is false',
    });
    return errorExpr(e.span);
  }
  // The branch whose type does not depend on its context comes first.
  const elseFirst =
    e.then.value !== undefined && isFlexible(e.then.value) && !(e.else.value !== undefined && isFlexible(e.else.value));
  const first = elseFirst ? e.else : e.then;
  const second = elseFirst ? e.then : e.else;
  const a = rules.block(x, first, { type: want });
  const typeA = branchType(x, a, first);
  const b = rules.block(x, second, { type: want ?? (typeA && !isError(typeA) ? typeA : undefined) });
  const typeB = branchType(x, b, second);
  const type = typeA && !isError(typeA) ? typeA : (typeB ?? want);
  if (!type) {
    error(x, 'PG0305', e.span, 'neither branch gives a value', { label: 'a value is needed here' });
    return errorExpr(e.span);
  }
  if (typeA && typeB && !sameType(typeA, typeB)) {
    const at = second.value;
    const other = first.value;
    if (at)
      mismatch(x, at, typeB, typeA, other && { span: other.span, text: `the other branch gives ${typeName(typeA)}` });
    return errorExpr(e.span);
  }
  if ((typeA && isError(typeA)) || (typeB && isError(typeB))) return errorExpr(e.span);
  const [then, otherwise] = elseFirst ? [b.block, a.block] : [a.block, b.block];
  return { kind: 'if', condition, then, else: otherwise, type, span: e.span };
};

// ---- all --------------------------------------------------------------------------------------------------------

const tooDeep = (x: Context, e: Ast.Expr): Operand => {
  error(x, 'PG0511', e.span, 'this expression is nested too deeply', { hint: 'give parts of it names' });
  return errorOperand(e.span);
};

const value = (expr: Expr): Operand => ({ kind: 'value', expr });

const checkByKind = (x: Context, e: Ast.Expr, want: Type | undefined): Operand => {
  const { span } = e;
  switch (e.kind) {
    case 'int':
      return value(intLiteral(x, e.value, e.suffix, span, want));
    case 'float':
      return value(floatLiteral(x, e.value, e.suffix, span, want));
    case 'char':
      return value(intLiteral(x, BigInt(e.value), undefined, span, want?.kind === 'int' ? want : undefined));
    case 'string':
      return value({ kind: 'string', value: e.value, type: strType, span });
    case 'bool':
      return value({ kind: 'const', value: e.value, type: boolType, span });
    case 'nil':
      return value(nil(x, e, want));
    case 'name':
      return checkName(x, e.name, want);
    case 'unary':
      return value(checkUnary(x, e, want));
    case 'binary':
      return value(checkBinary(x, e, want));
    case 'cast':
      return value(checkCast(x, e));
    case 'addressOf':
      return checkAddressOf(x, e);
    case 'deref':
      return checkDeref(x, e);
    case 'field':
      return checkField(x, e, want);
    case 'index':
      return checkIndex(x, e);
    case 'at':
      return checkAt(x, e);
    case 'call':
      return value(checkCall(x, e, want));
    case 'operator':
      // `f(min)` with a variable of this name looks like an operator.
      if (e.op === 'min' || e.op === 'max') return checkName(x, { name: e.op, span });
      error(x, 'PG0205', span, `the operator \`${e.op}\` is no value`, {
        label: 'a value is needed here',
        hint: 'operators stand alone only in collectives: `allreduce(+, x)`',
      });
      return errorOperand(span);
    case 'struct':
      return value(checkStruct(x, e, want));
    case 'if':
      return value(checkIf(x, e, want));
    case 'new':
      return value(checkNew(x, e));
    case 'spawn':
      return value(checkSpawn(x, e, false));
    case 'paren':
      return x.checker.rules.operand(x, e.inner, want);
    case 'error':
      return errorOperand(span);
    default:
      return unreachable(e);
  }
};

/** An expression, before it is known whether its value or its place is meant. */
export const checkOperand = (x: Context, e: Ast.Expr, want?: Type): Operand => {
  if (x.checker.depth >= maxDepth) return tooDeep(x, e);
  x.checker.depth++;
  const o = checkByKind(x, e, want);
  x.checker.depth--;
  if (o.kind === 'value' && isError(o.expr.type)) return errorOperand(e.span);
  return o;
};

export const checkValue = (x: Context, e: Ast.Expr, want?: Type): Expr => toValue(x, checkOperand(x, e, want), want);

/** A call for its effect: void is fine. */
export const checkEffect = (x: Context, e: Ast.Expr): Expr => {
  const o = checkOperand(x, e);
  if (o.kind === 'value' && o.expr.type.kind === voidType.kind) return o.expr;
  return toValue(x, o);
};
