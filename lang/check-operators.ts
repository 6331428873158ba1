// Operators and casts. A chain like `a + b + c + …` leans to the left and may be long: it is walked, not recursed into.
import type * as Ast from './ast.ts';
import { mismatch } from './check-convert.ts';
import { defaultType, flexibility, floatLiteral, intLiteral, isFlexible } from './check-literals.ts';
import {
  fits,
  foldArithmetic,
  foldCast,
  foldCompare,
  foldUnary,
  isArithmetic,
  isNumber,
  isPointer,
  isShift,
} from './check-numbers.ts';
import { bare, type Context, error, errorExpr, isError, maxDepth, warning } from './check-state.ts';
import type { CompareOp, Expr } from './typed.ts';
import { boolType, f64, i64, sameType, type Type, typeName, u8 } from './types.ts';

type Binary = Extract<Ast.Expr, { kind: 'binary' }>;

const isCompare = (op: Ast.BinaryOp): op is CompareOp => ['==', '!=', '<', '<=', '>', '>='].includes(op);
const isBitwise = (op: Ast.BinaryOp): boolean => op === '&' || op === '|' || op === '^';

// ---- one operator -----------------------------------------------------------------------------------------------

const inapplicable = (x: Context, e: Binary, left: Type, right: Type, hint?: string): Expr => {
  const types = sameType(left, right) ? typeName(left) : `${typeName(left)} and ${typeName(right)}`;
  error(x, 'PG0302', e.opSpan, `\`${e.op}\` cannot be applied to ${types}`, {
    secondary: [
      { span: e.left.span, text: typeName(left) },
      { span: e.right.span, text: typeName(right) },
    ],
    ...(hint === undefined ? {} : { hint }),
  });
  return errorExpr(e.span);
};

const pointerArithmetic = (x: Context, e: Binary, left: Expr, right: Expr): Expr => {
  if (e.op === '-' && isPointer(right.type) && sameType(left.type, right.type))
    return { kind: 'arithmetic', op: '-', left, right, type: i64, span: e.span };
  if ((e.op !== '+' && e.op !== '-') || right.type.kind !== 'int')
    return inapplicable(x, e, left.type, right.type, 'a pointer moves by whole elements: `p + k` with an integer k');
  return { kind: 'arithmetic', op: e.op, left, right, type: left.type, span: e.span };
};

const arithmetic = (x: Context, e: Binary, left: Expr, right: Expr): Expr => {
  const t = left.type;
  if (!isArithmetic(e.op)) return errorExpr(e.span);
  if (isPointer(t)) return pointerArithmetic(x, e, left, right);
  if (isPointer(right.type) && t.kind === 'int' && e.op === '+')
    return inapplicable(x, e, t, right.type, 'the pointer comes first: `p + k`');
  if (isShift(e.op)) {
    if (t.kind !== 'int' || right.type.kind !== 'int')
      return inapplicable(x, e, t, right.type, 'only integers are shifted');
  } else if (!sameType(t, right.type)) {
    if (isNumber(t) && isNumber(right.type)) {
      error(x, 'PG0301', e.right.span, `expected ${typeName(t)}, found ${typeName(right.type)}`, {
        label: typeName(right.type),
        secondary: [{ span: e.left.span, text: `this is ${typeName(t)}` }],
        expected: typeName(t),
        found: typeName(right.type),
        hint: 'both sides of an operator have one type: convert one of them with `as`',
      });
      return errorExpr(e.span);
    }
    return inapplicable(x, e, t, right.type);
  } else if (isBitwise(e.op)) {
    if (t.kind !== 'int' && t.kind !== 'bool')
      return inapplicable(x, e, t, right.type, t.kind === 'float' ? 'bits are those of integers' : undefined);
  } else if (!isNumber(t)) {
    return inapplicable(
      x,
      e,
      t,
      right.type,
      t.kind === 'str' ? 'texts cannot be joined; print their parts one after the other' : undefined,
    );
  }
  if (left.kind === 'const' && right.kind === 'const') {
    const value = foldArithmetic(t, e.op, left.value, right.value);
    if (value !== undefined) return { kind: 'const', value, type: t, span: e.span };
    warning(
      x,
      'PG0508',
      e.span,
      right.value === 0n
        ? `division by zero: the program will stop here`
        : 'the quotient is out of range: the program will stop here',
      { label: 'always fails' },
    );
  }
  return { kind: 'arithmetic', op: e.op, left, right, type: t, span: e.span };
};

const compare = (x: Context, e: Binary, left: Expr, right: Expr): Expr => {
  const t = left.type;
  const op = e.op;
  if (!isCompare(op)) return errorExpr(e.span);
  const ordered = op !== '==' && op !== '!=';
  if (!sameType(t, right.type)) {
    if (isNumber(t) && isNumber(right.type)) {
      error(x, 'PG0301', e.right.span, `expected ${typeName(t)}, found ${typeName(right.type)}`, {
        label: typeName(right.type),
        secondary: [{ span: e.left.span, text: `this is ${typeName(t)}` }],
        expected: typeName(t),
        found: typeName(right.type),
        hint: 'numbers of different types are not compared: convert one of them with `as`',
      });
      return errorExpr(e.span);
    }
    return inapplicable(x, e, t, right.type);
  }
  const comparable =
    isNumber(t) ||
    isPointer(t) ||
    ((t.kind === 'bool' || t.kind === 'str' || t.kind === 'fn' || t.kind === 'handle') && !ordered);
  if (!comparable) {
    const hint =
      t.kind === 'struct'
        ? 'compare the fields'
        : t.kind === 'array' || t.kind === 'slice'
          ? 'compare the elements in a loop'
          : undefined;
    return inapplicable(x, e, t, right.type, hint);
  }
  if (left.kind === 'const' && right.kind === 'const')
    return { kind: 'const', value: foldCompare(op, left.value, right.value), type: boolType, span: e.span };
  return { kind: 'compare', op, left, right, type: boolType, span: e.span };
};

const logical = (x: Context, e: Binary, left: Expr, right: Expr): Expr => {
  if (e.op !== '&&' && e.op !== '||') return errorExpr(e.span);
  for (const [side, ast] of [
    [left, e.left],
    [right, e.right],
  ] as const) {
    if (side.type.kind === 'bool' || isError(side.type)) continue;
    mismatch(x, ast, side.type, boolType, { span: e.opSpan, text: `\`${e.op}\` joins bools` });
    return errorExpr(e.span);
  }
  if (left.kind === 'const' && right.kind === 'const') {
    const value =
      e.op === '&&' ? left.value === true && right.value === true : left.value === true || right.value === true;
    return { kind: 'const', value, type: boolType, span: e.span };
  }
  return { kind: 'logical', op: e.op, left, right, type: boolType, span: e.span };
};

/** `left op right` with both sides checked. */
const combine = (x: Context, e: Binary, left: Expr, right: Expr): Expr => {
  if (isError(left.type) || isError(right.type)) return { ...errorExpr(e.span) };
  if (isArithmetic(e.op)) return arithmetic(x, e, left, right);
  return isCompare(e.op) ? compare(x, e, left, right) : logical(x, e, left, right);
};

// ---- chains -----------------------------------------------------------------------------------------------------

/** What the operator asks of its left side, if its own context wants `want`. */
const wantOfLeft = (op: Ast.BinaryOp, want: Type | undefined): Type | undefined =>
  isArithmetic(op) ? want : isCompare(op) ? undefined : boolType;

const wantOfRight = (op: Ast.BinaryOp, left: Type): Type | undefined => {
  if (isShift(op)) return undefined;
  if (isPointer(left) && isArithmetic(op)) return i64;
  return left;
};

/** The type that a flexible side gets from the other one. */
const wantFrom = (other: Type, want: Type | undefined): Type | undefined => (isError(other) ? want : other);

export const checkBinary = (x: Context, e: Binary, want: Type | undefined): Expr => {
  const { rules } = x.checker;
  const chain: Binary[] = [];
  let leftmost: Ast.Expr = e;
  for (; leftmost.kind === 'binary'; leftmost = leftmost.left) chain.push(leftmost);
  if (chain.length + x.checker.depth > maxDepth) {
    error(x, 'PG0511', e.opSpan, `an expression of ${chain.length} operators is too long`, {
      label: 'too many operators in a row',
      hint: `keep it below ${maxDepth}: give parts of it names`,
    });
    return errorExpr(e.span);
  }
  // chain[0] is the outermost operator; wants go from the outside to the inside.
  const wants: (Type | undefined)[] = [];
  let w = want;
  for (const node of chain) {
    wants.push(w);
    w = wantOfLeft(node.op, w);
  }
  let k = chain.length - 1;
  let left: Expr | undefined;
  // The innermost operators may form a flexible expression: it takes its type from the first side that has one.
  while (k >= 0 && isFlexible(chain[k]!)) k--;
  const prefix: Ast.Expr = k + 1 < chain.length ? chain[k + 1]! : leftmost;
  const flexible = isFlexible(prefix);
  if (flexible && k < 0) return flexibleChain(x, chain, leftmost, want);
  const first = chain[k]!;
  if (flexible && !isShift(first.op) && !isFlexible(first.right)) {
    const right = rules.value(x, first.right, wantOfLeft(first.op, wants[k]));
    const type = isPointer(right.type) && prefix.kind !== 'nil' ? i64 : wantFrom(right.type, wants[k]);
    left = combine(x, first, flexiblePart(x, prefix, type), right);
    k--;
  } else {
    // `1 < 2.5`: two literals meet, and one of them is a float.
    const float = flexible && (flexibility(prefix) === 'float' || flexibility(first.right) === 'float');
    left = flexiblePart(x, prefix, wantOfLeft(first.op, wants[k]) ?? (float && isCompare(first.op) ? f64 : undefined));
  }
  for (; k >= 0; k--) {
    const node = chain[k]!;
    const right = rules.value(x, node.right, wantOfRight(node.op, left.type));
    left = combine(x, node, left, right);
  }
  return left;
};

const flexiblePart = (x: Context, e: Ast.Expr, want: Type | undefined): Expr =>
  e.kind === 'binary' && isFlexible(e) ? checkBinary(x, e, want) : x.checker.rules.value(x, e, want);

/** A chain of literals only: all of them get the wanted type, or that of the only float among them. */
const flexibleChain = (x: Context, chain: readonly Binary[], leftmost: Ast.Expr, want: Type | undefined): Expr => {
  const { rules } = x.checker;
  const own = defaultType(flexibility(chain[0]!));
  const wanted = want?.kind === 'float' || (want?.kind === 'int' && flexibility(chain[0]!) === 'int') ? want : own;
  let left = rules.value(x, leftmost, wanted);
  for (let k = chain.length - 1; k >= 0; k--) {
    const node = chain[k]!;
    left = combine(x, node, left, rules.value(x, node.right, isShift(node.op) ? undefined : wanted));
  }
  return left;
};

// ---- unary operators and casts ----------------------------------------------------------------------------------

export const checkUnary = (x: Context, e: Extract<Ast.Expr, { kind: 'unary' }>, want: Type | undefined): Expr => {
  const literal = bare(e.operand);
  if (e.op === '-' && literal.kind === 'int') return intLiteral(x, -literal.value, literal.suffix, e.span, want);
  if (e.op === '-' && literal.kind === 'float') return floatLiteral(x, -literal.value, literal.suffix, e.span, want);
  const operand = x.checker.rules.value(x, e.operand, e.op === '!' ? boolType : want);
  const t = operand.type;
  if (isError(t)) return errorExpr(e.span);
  const fine = e.op === '!' ? t.kind === 'bool' : e.op === '~' ? t.kind === 'int' : isNumber(t);
  if (!fine) {
    const hint =
      e.op === '!' && t.kind === 'int'
        ? 'bits are complemented by `~`; to test for zero write `== 0`'
        : e.op === '~' && t.kind === 'bool'
          ? 'a bool is negated by `!`'
          : undefined;
    error(x, 'PG0302', e.span, `\`${e.op}\` cannot be applied to ${typeName(t)}`, {
      secondary: [{ span: e.operand.span, text: typeName(t) }],
      ...(hint === undefined ? {} : { hint }),
    });
    return errorExpr(e.span);
  }
  if (operand.kind === 'const') {
    const value = foldUnary(t, e.op, operand.value);
    if (value !== undefined) return { kind: 'const', value, type: t, span: e.span };
  }
  return { kind: 'unary', op: e.op, operand, type: t, span: e.span };
};

/** The bytes of a text, as programs may see them. */
const bytes: Type = { kind: 'slice', rank: 1, element: u8 };

const castProblem = (from: Type, to: Type): string | undefined => {
  const numeric = (t: Type): boolean => isNumber(t);
  if (sameType(from, to) && (numeric(from) || from.kind === 'bool' || isPointer(from))) return undefined;
  if (numeric(from) && numeric(to)) return undefined;
  if (from.kind === 'bool' && to.kind === 'int') return undefined;
  if (from.kind === 'int' && isPointer(to)) return undefined;
  if (isPointer(from) && to.kind === 'int') return undefined;
  if (isPointer(from) && from.kind === to.kind) return undefined;
  if (to.kind === 'str' && (from.kind === 'str' || sameType(from, bytes))) return undefined;
  if (from.kind === 'str' && sameType(to, bytes)) return 'copy its bytes: a text does not change';
  if (from.kind === 'sharedPointer' && to.kind === 'pointer') return '`local(p)` gives a pointer to what lives here';
  if (to.kind === 'bool') return 'compare instead: `x != 0`';
  if (from.kind === 'bool' && to.kind === 'float') return 'write `if b { 1.0 } else { 0.0 }`';
  return 'numbers convert to numbers, bools to integers, pointers to pointers and integers, []u8 to str';
};

export const checkCast = (x: Context, e: Extract<Ast.Expr, { kind: 'cast' }>): Expr => {
  const to = x.checker.rules.type(x, e.type);
  const inner = bare(e.operand);
  // A literal that only a u64 holds, nil, which points to whatever is wanted, and arrays, which are seen as slices.
  const big =
    inner.kind === 'int' && inner.suffix === undefined && !fits(i64 as Extract<Type, { kind: 'int' }>, inner.value);
  const hint =
    inner.kind === 'nil' || (big && to.kind === 'float')
      ? to
      : big
        ? ({ kind: 'int', bits: 64, signed: false } as const)
        : to.kind === 'str'
          ? bytes
          : undefined;
  const operand = x.checker.rules.value(x, e.operand, hint);
  if (isError(to) || isError(operand.type)) return errorExpr(e.span);
  const problem = castProblem(operand.type, to);
  if (problem !== undefined) {
    error(x, 'PG0306', e.span, `${typeName(operand.type)} cannot be converted to ${typeName(to)}`, {
      secondary: [{ span: e.operand.span, text: typeName(operand.type) }],
      hint: problem,
    });
    return errorExpr(e.span);
  }
  if (operand.kind === 'const') {
    const value = foldCast(to, operand.value);
    if (value !== undefined) return { kind: 'const', value, type: to, span: e.span };
  }
  return sameType(operand.type, to) ? { ...operand, span: e.span } : { kind: 'cast', operand, type: to, span: e.span };
};
