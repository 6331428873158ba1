// Collective operations. Those of numbers are ops of the IR; those of slices and of other values are calls of functions in PG
// (stdlib/runtime_collectives.pg), which get a number that stands for operator and type besides.
import type * as Ast from './ast.ts';
import { toValue } from './check-convert.ts';
import { asInt } from './check-dist.ts';
import { callOf, isMovable, kindOf, memberFor, type Source, sourceOf } from './check-library.ts';
import { isNumber } from './check-numbers.ts';
import { checkInteger } from './check-places.ts';
import { bare, type Context, error, errorExpr, isError, warning } from './check-state.ts';
import type { Span } from './source.ts';
import type { Expr } from './typed.ts';
import { i64, sameType, type Type, typeName } from './types.ts';
import { unreachable } from './unreachable.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;
type FnType = Extract<Type, { kind: 'fn' }>;

// ---- operators --------------------------------------------------------------------------------------------------

/** In the order of `meetingOps` of vm/abi.ts, which begins with none and ends with functions. */
export const collectiveOps: readonly Ast.ReduceOp[] = ['+', '*', 'min', 'max', '&', '|', '^'];

/** The operator of a reduction: `+`, or the name `min` or `max`; undefined: a function is meant. */
const operatorOf = (e: Ast.Expr): Ast.ReduceOp | undefined => {
  const o = bare(e);
  if (o.kind === 'operator') return o.op;
  if (o.kind !== 'name') return undefined;
  return o.name.name === 'min' || o.name.name === 'max' ? o.name.name : undefined;
};

/** Whether values of type `t` can be combined by `op`; reports if not. */
export const checkReduction = (
  x: Context,
  op: Ast.ReduceOp,
  t: Type,
  span: Span,
  where: 'call' | 'clause' = 'call',
): boolean => {
  const bits = op === '&' || op === '|' || op === '^';
  if (bits ? t.kind === 'int' || t.kind === 'bool' : isNumber(t)) return true;
  const hint = bits
    ? 'bits are combined of integers and bools'
    : t.kind === 'bool'
      ? 'bools are combined by `&`, `|` and `^`'
      : isNumber(t)
        ? 'numbers are combined by `+ * min max`, integers also by `& | ^`'
        : where === 'clause'
          ? 'clauses combine numbers, bools and bits; have one clause for each part that is a number'
          : `a function can combine them: \`fn(a: ${typeName(t)}, b: ${typeName(t)}) -> ${typeName(t)}\``;
  error(x, 'PG0414', span, `${typeName(t)} cannot be combined by \`${op}\``, { label: typeName(t), hint });
  return false;
};

/** The value that changes nothing when it is combined by `op`. */
const identity = (op: Ast.ReduceOp, t: Type, span: Span): Expr => {
  const constant = (value: bigint | number | boolean): Expr => ({ kind: 'const', value, type: t, span });
  const integer = t.kind === 'int' ? t : undefined;
  const top = integer ? 1n << BigInt(integer.signed ? integer.bits - 1 : integer.bits) : 0n;
  switch (op) {
    case '+':
    case '|':
    case '^':
      return constant(t.kind === 'bool' ? false : integer ? 0n : 0);
    case '*':
      return constant(integer ? 1n : 1);
    case '&':
      return constant(t.kind === 'bool' ? true : integer?.signed ? -1n : top - 1n);
    case 'min':
      return constant(integer ? top - 1n : Number.POSITIVE_INFINITY);
    case 'max':
      return constant(integer ? (integer.signed ? -top : 0n) : Number.NEGATIVE_INFINITY);
    default:
      return unreachable(op);
  }
};

// ---- where they stand -------------------------------------------------------------------------------------------

/** Collectives and barriers in a forall run a different number of times on each image. */
export const warnInForall = (x: Context, span: Span, what: string): void => {
  const loop = x.loops.find((l) => l.kind === 'forall');
  if (!loop) return;
  warning(x, 'PG0415', span, `${what} inside a forall: the images run different iterations`, {
    label: 'images may wait for each other for ever',
    secondary: [{ span: { ...loop.span, end: loop.span.start + 6 }, text: 'in this forall' }],
    hint: 'move it out of the loop',
  });
};

const foldNames: Readonly<Record<Ast.ReduceOp, string>> = {
  '+': 'fold_add',
  '*': 'fold_mul',
  min: 'fold_min',
  max: 'fold_max',
  '&': 'fold_and',
  '|': 'fold_or',
  '^': 'fold_xor',
};
const boolFolds: Partial<Record<Ast.ReduceOp, string>> = { '&': 'fold_all', '|': 'fold_any', '^': 'fold_odd' };

// ---- arguments --------------------------------------------------------------------------------------------------

const rootOf = (x: Context, e: Ast.Expr | undefined): Expr | undefined =>
  e && asInt(checkInteger(x, e, 'the root image'));

// ---- reductions, scans, broadcast -------------------------------------------------------------------------------

type Combining = 'broadcast' | 'reduce' | 'allreduce' | 'scan' | 'exscan';

const isScalar = (t: Type): boolean => isNumber(t) || t.kind === 'bool';

export const checkCombining = (x: Context, e: Call, name: Combining, want: Type | undefined): Expr => {
  const args = [...e.args];
  const opArg = name === 'broadcast' ? undefined : args.shift();
  const [sourceArg, rootArg] = args;
  if (!sourceArg) return errorExpr(e.span);
  if (opArg && bare(sourceArg).kind === 'operator') {
    error(x, 'PG0414', opArg.span, 'an operator is needed here', {
      label: 'one of `+ * min max & | ^`',
      hint: `the operator comes first: \`${name}(+, x)\``,
    });
    return errorExpr(e.span);
  }
  const op = opArg && operatorOf(opArg);
  const source = sourceOf(x, sourceArg, want, true);
  const root = rootOf(x, rootArg);
  warnInForall(x, e.span, `\`${name}\``);
  const t = source?.element;
  if (!source || !t) {
    if (opArg && !op) x.checker.rules.operand(x, opArg);
    return errorExpr(e.span);
  }
  if (op && !checkReduction(x, op, t, sourceArg.span)) return errorExpr(e.span);
  const value = toValue(x, source.operand);
  if (root && isError(root.type)) return errorExpr(e.span);
  if (!source.slice && isScalar(t) && (op || !opArg) && name !== 'scan' && name !== 'exscan')
    return { kind: 'collective', name, ...(op ? { op } : {}), value, ...(root ? { root } : {}), type: t, span: e.span };
  if (!isMovable(x, t, sourceArg.span)) return errorExpr(e.span);
  const combiner = opArg && combinerOf(x, opArg, op, t);
  if (opArg && !combiner) return errorExpr(e.span);
  const zero = op ? identity(op, t, e.span) : zeroOf(x, t, e.span);
  if (name === 'exscan' && !zero) return errorExpr(e.span);
  const all = [...(combiner ?? []), value, ...(name === 'exscan' && zero ? [zero] : []), ...(root ? [root] : [])];
  const opNumber = op ? collectiveOps.indexOf(op) + 1 : opArg ? collectiveOps.length + 1 : 0;
  return callOf(x, e, 'collectives', source.slice ? name : `${name}_value`, [t], [...all, kindOf(opNumber, t, e.span)]);
};

/** What combines: a function of the library for an operator, or else one of the program. */
const combinerOf = (
  x: Context,
  e: Ast.Expr,
  op: Ast.ReduceOp | undefined,
  t: Type,
): readonly [Expr, Expr] | undefined => {
  const pointer: Type = { kind: 'pointer', target: t };
  const foldType: FnType = { kind: 'fn', params: [pointer, pointer, i64], result: { kind: 'void' } };
  const functionType: FnType = { kind: 'fn', params: [t, t], result: t };
  if (op) {
    const name = (t.kind === 'bool' ? boolFolds[op] : undefined) ?? foldNames[op];
    const fold = memberFor(x, 'collectives', name, [t], e.span);
    return fold && [fold, { kind: 'nil', type: functionType, span: e.span }];
  }
  const f = x.checker.rules.value(x, e, functionType);
  if (isError(f.type)) return undefined;
  if (!sameType(f.type, functionType)) {
    error(x, 'PG0414', e.span, 'an operator or a function is needed here', {
      label: typeName(f.type),
      hint: `one of \`+ * min max & | ^\`, or a \`${typeName(functionType)}\``,
    });
    return undefined;
  }
  return [{ kind: 'nil', type: foldType, span: e.span }, f];
};

/** All zeros, which image 0 gets from an exscan by a function. */
const zeroOf = (x: Context, t: Type, span: Span): Expr | undefined => {
  const member = memberFor(x, 'collectives', 'nothing', [t], span);
  return member && { kind: 'call', fn: member.fn, args: [], type: t, span };
};

// ---- pieces -----------------------------------------------------------------------------------------------------

type Moving = 'gather' | 'allgather' | 'scatter' | 'alltoall' | 'alltoallv';

const needSlice = (x: Context, e: Ast.Expr, what: string, changed: boolean, want?: Type): Source | undefined => {
  const s = sourceOf(x, e, undefined, changed);
  if (!s) return undefined;
  const fits = s.slice && (!want || sameType(s.element, want));
  if (fits) return s;
  error(
    x,
    'PG0301',
    e.span,
    `${what} is a slice${want ? ` of ${typeName(want)}` : ''}, found ${typeName(s.slice?.type ?? s.element)}`,
    {
      label: typeName(s.slice?.type ?? s.element),
    },
  );
  return undefined;
};

export const checkMoving = (x: Context, e: Call, name: Moving): Expr => {
  warnInForall(x, e.span, `\`${name}\``);
  const vector = name === 'alltoallv';
  const [toArg, second, third, fourth] = e.args;
  const fromArg = vector ? third : second;
  if (!toArg || !second || !fromArg) return errorExpr(e.span);
  const to = needSlice(x, toArg, `the first argument of \`${name}\``, true);
  const from = to && sourceOf(x, fromArg, to.element, false);
  const root = name === 'gather' || name === 'scatter' ? rootOf(x, third) : undefined;
  const counts =
    vector && fourth ? ([second, fourth] as const).map((c) => needSlice(x, c, 'the list of counts', false, i64)) : [];
  if (!to?.slice || !from || (root && isError(root.type)) || counts.includes(undefined)) return errorExpr(e.span);
  const t = to.element;
  const single = !from.slice && (name === 'gather' || name === 'allgather');
  if (!sameType(from.element, t) || (!from.slice && !single)) {
    const found = typeName(from.slice?.type ?? from.element);
    const wanted = typeName(to.slice.type);
    error(x, 'PG0301', fromArg.span, `expected ${wanted}, found ${found}`, {
      label: found,
      secondary: [{ span: toArg.span, text: `this is ${wanted}` }],
      expected: wanted,
      found,
    });
    return errorExpr(e.span);
  }
  if (!isMovable(x, t, toArg.span)) return errorExpr(e.span);
  const source = toValue(x, from.operand);
  const [toCounts, fromCounts] = counts.flatMap((c) => (c?.slice ? [c.slice] : []));
  const args = vector && toCounts && fromCounts ? [to.slice, toCounts, source, fromCounts] : [to.slice, source];
  return callOf(
    x,
    e,
    'collectives',
    single ? `${name}_value` : name,
    [t],
    [...args, ...(root ? [root] : []), kindOf(0, t, e.span)],
  );
};
