// Statements and blocks: declarations, assignments, control flow, and where control ends.
import type * as Ast from './ast.ts';
import { builtinOf } from './check-builtins.ts';
import { copyParts, type SharedPart, sharedPart } from './check-bulk.ts';
import { warnInForall } from './check-collectives.ts';
import { isRemoteView, mismatch, toSlice, toValue } from './check-convert.ts';
import { type CheckedStmt, checkEffectCall, isEffect } from './check-effects.ts';
import { checkEffect } from './check-expr.ts';
import { constantValue, inferredType } from './check-globals.ts';
import { isFixed } from './check-library.ts';
import {
  checkFor,
  checkForall,
  checkForEach,
  checkForeach,
  checkLoop,
  checkParFor,
  checkWhile,
} from './check-loops.ts';
import { isArithmetic, isNumber, isPointer, isShift } from './check-numbers.ts';
import { checkInsidePar } from './check-par.ts';
import { checkInteger, checkWritable, placeOf } from './check-places.ts';
import { lockedPlace, preludeStatement } from './check-prelude.ts';
import { preludeType } from './check-prelude-types.ts';
import { declareLocal, declareLocalConst } from './check-scope.ts';
import {
  bare,
  type CheckedBlock,
  type Context,
  error,
  errorExpr,
  isError,
  maxDepth,
  warning,
  withScope,
} from './check-state.ts';
import { checkSpawn } from './check-tasks.ts';
import { checkMovable, checkSize } from './check-types.ts';
import type { Span } from './source.ts';
import type { ArithmeticOp, Expr, Place, Stmt } from './typed.ts';
import { boolType, errorType, sameType, type Type, typeName, voidType } from './types.ts';
import { unreachable } from './unreachable.ts';

const none: CheckedStmt = { diverges: false };
const done = (stmt: Stmt, diverges = false): CheckedStmt => ({ stmt, diverges });

// ---- declarations -----------------------------------------------------------------------------------------------

type LetOrVar = Extract<Ast.Stmt, { kind: 'let' | 'var' }>;

const checkLocal = (x: Context, s: LetOrVar): CheckedStmt => {
  const { rules } = x.checker;
  const declared = s.type && rules.type(x, s.type);
  let value: Expr | undefined;
  if (s.value) {
    value = declared
      ? rules.need(x, s.value, declared, s.type && { span: s.type.span, text: `declared as ${typeName(declared)}` })
      : rules.value(x, s.value);
  } else if (!declared) {
    error(x, 'PG0313', s.name.span, `\`${s.name.name}\` has neither a type nor a value`, {
      hint: `write \`var ${s.name.name}: int;\``,
    });
  }
  const type = declared ?? (value && inferredType(x, value, s.name)) ?? errorType;
  if (s.type && !isError(type)) {
    checkSize(x, type, s.type.span);
    checkMovable(x, type, s.type.span, 'a local variable');
  }
  // Declared after its value: `let x = x + 1;` means the outer x on the right.
  const local = declareLocal(x, s.name, type, s.kind === 'var' ? 'variable' : 'let');
  return done({ kind: 'local', local, ...(value ? { value } : {}), span: s.span });
};

const checkLocalConst = (x: Context, s: Extract<Ast.Stmt, { kind: 'const' }>): CheckedStmt => {
  const value = constantValue(x, s.type, s.value, 'a constant') ?? errorExpr(s.value.span);
  declareLocalConst(x, s.name, value);
  return none;
};

// ---- assignment -------------------------------------------------------------------------------------------------

type Assign = Extract<Ast.Stmt, { kind: 'assign' }>;

/** `b[0..k] = …`: copies elements between slices. */
const copySlice = (x: Context, s: Assign, to: Expr): CheckedStmt => {
  const { rules } = x.checker;
  const part = sharedPart(x, s.value);
  if (part) return part === 'reported' ? none : copyParts(x, to, part, s.span);
  const o = rules.operand(x, s.value, to.type);
  if (o.kind === 'error') return none;
  let from: Expr | undefined;
  if (o.kind === 'place') from = toSlice(o.place, o.place.span);
  else if (o.kind === 'value' && isRemoteView(o.expr)) from = o.expr;
  from ??= toValue(x, o);
  if (isError(from.type)) return none;
  if (to.type.kind === 'str') {
    error(x, 'PG0401', s.place.span, 'a text never changes', {
      label: 'cannot be assigned',
      hint: 'bytes that change are kept in an array: `[N]u8`',
    });
    return none;
  }
  if (!sameType(from.type, to.type)) {
    const element = to.type.kind === 'slice' && sameType(to.type.element, from.type);
    if (element) {
      error(x, 'PG0301', s.value.span, `expected ${typeName(to.type)}, found ${typeName(from.type)}`, {
        label: 'one element',
        secondary: [{ span: s.place.span, text: 'a slice is copied element by element' }],
        expected: typeName(to.type),
        found: typeName(from.type),
        hint: 'a loop gives every element one value',
      });
    } else
      mismatch(x, s.value, from.type, to.type, { span: s.place.span, text: `a slice of type ${typeName(to.type)}` });
    return none;
  }
  if (to.type.kind === 'slice' && isFixed(x, to.type.element, s.span)) return none;
  return done({ kind: 'copySlice', to, from, span: s.span });
};

/** `a[lo..hi] = …` with a shared array a. */
const copyToShared = (x: Context, s: Assign, to: SharedPart): CheckedStmt => {
  if (s.op !== '=') {
    error(x, 'PG0302', s.span, `\`${s.op}\` cannot be applied to a slice`, { hint: 'use a loop over the elements' });
    return none;
  }
  const part = sharedPart(x, s.value);
  if (part) return part === 'reported' ? none : copyParts(x, to, part, s.span);
  const o = x.checker.rules.operand(x, s.value, { kind: 'slice', rank: 1, element: to.element });
  if (o.kind === 'error') return none;
  const whole = o.kind === 'place' ? toSlice(o.place, o.place.span) : undefined;
  return copyParts(x, to, whole ?? (o.kind === 'value' ? o.expr : toValue(x, o)), s.span);
};

/** An assignment to a whole array or part of one goes by slices; undefined: it is an ordinary one. */
const sliceTarget = (x: Context, s: Assign): Expr | 'reported' | undefined => {
  const target = bare(s.place);
  const inner = target.kind === 'at' ? bare(target.place) : target;
  if (inner.kind === 'index' && inner.indices.some((i) => i.kind === 'range')) {
    const o = x.checker.rules.operand(x, target);
    if (o.kind === 'error') {
      x.checker.rules.operand(x, s.value);
      return 'reported';
    }
    return o.kind === 'value' ? o.expr : toValue(x, o);
  }
  return undefined;
};

const update = (x: Context, s: Assign, place: Place, op: ArithmeticOp): CheckedStmt => {
  const t = place.type;
  const { rules } = x.checker;
  const inapplicable = (found: string): CheckedStmt => {
    error(x, 'PG0302', s.span, `\`${s.op}\` cannot be applied to ${found}`, {
      secondary: [{ span: s.place.span, text: typeName(t) }],
    });
    return none;
  };
  if (isPointer(t)) {
    if (op !== '+' && op !== '-') return inapplicable(typeName(t));
    return done({ kind: 'update', op, place, value: checkInteger(x, s.value, 'a distance'), span: s.span });
  }
  const bits = op === '&' || op === '|' || op === '^';
  const fine = isShift(op) ? t.kind === 'int' : bits ? t.kind === 'int' || t.kind === 'bool' : isNumber(t);
  if (!fine) {
    rules.value(x, s.value);
    return inapplicable(typeName(t));
  }
  const value = isShift(op)
    ? checkInteger(x, s.value, 'a shift count')
    : rules.need(x, s.value, t, { span: s.place.span, text: `this is ${typeName(t)}` });
  if ((op === '/' || op === '%') && value.kind === 'const' && value.value === 0n && !isError(value.type))
    warning(x, 'PG0508', s.span, 'division by zero: the program will stop here', { label: 'always fails' });
  return done({ kind: 'update', op, place, value, span: s.span });
};

const checkAssign = (x: Context, s: Assign): CheckedStmt => {
  const { rules } = x.checker;
  const part = sharedPart(x, s.place);
  if (part) return part === 'reported' ? none : copyToShared(x, s, part);
  const slice = sliceTarget(x, s);
  if (slice === 'reported') return none;
  if (slice) {
    if (isError(slice.type)) {
      rules.operand(x, s.value);
      return none;
    }
    if (s.op === '=') return copySlice(x, s, slice);
    error(x, 'PG0302', s.span, `\`${s.op}\` cannot be applied to a slice`, { hint: 'use a loop over the elements' });
    return none;
  }
  const place = placeOf(x, s.place, 'assigned');
  if (!place) {
    // The value's own mistakes are worth a message, but not that its type cannot be told.
    if (s.value.kind !== 'nil') rules.operand(x, s.value);
    return none;
  }
  const writable = checkWritable(x, place, s.place.span) && checkInsidePar(x, place, s.place.span);
  const op = s.op.slice(0, -1);
  const result =
    op === ''
      ? plainAssign(x, s, place)
      : isArithmetic(op as Ast.BinaryOp)
        ? update(x, s, place, op as ArithmeticOp)
        : none;
  return writable ? result : none;
};

const plainAssign = (x: Context, s: Assign, place: Place): CheckedStmt => {
  if (place.type.kind === 'dynamicArray') {
    const to = toSlice(place, s.place.span);
    return to ? copySlice(x, s, to) : none;
  }
  const value = x.checker.rules.need(x, s.value, place.type, {
    span: s.place.span,
    text: `this is ${typeName(place.type)}`,
  });
  return done({ kind: 'assign', place, value, span: s.span });
};

// ---- expressions as statements ----------------------------------------------------------------------------------

/** Expressions that are evaluated for what they do. */
const hasEffect = (e: Expr): boolean =>
  e.kind === 'call' ||
  e.kind === 'atomic' ||
  e.kind === 'cas' ||
  e.kind === 'collective' ||
  e.kind === 'intrinsic' ||
  e.kind === 'if' ||
  isError(e.type);

const checkExprStmt = (x: Context, e: Ast.Expr, span: Span): CheckedStmt => {
  const inner = bare(e);
  if (inner.kind === 'if') {
    const { kind: _kind, ...parts } = inner;
    return checkIfStmt(x, { kind: 'if', ...parts, span });
  }
  const builtin = builtinOf(x, e);
  if (builtin && isEffect(builtin.name)) {
    const checked = checkEffectCall(x, builtin.call, builtin.name);
    return checked.stmt ? { ...checked, stmt: { ...checked.stmt, span } } : checked;
  }
  // Nobody will join it.
  const value = inner.kind === 'spawn' ? checkSpawn(x, inner, true) : checkEffect(x, e);
  if (!hasEffect(value) && inner.kind !== 'call') {
    const hint =
      inner.kind === 'binary' && inner.op === '=='
        ? 'to assign, write `=`'
        : inner.kind === 'name' || inner.kind === 'field'
          ? undefined
          : 'give it a name, or remove it';
    warning(x, 'PG0309', e.span, 'the value is not used', {
      label: 'has no effect',
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const diverges = value.kind === 'intrinsic' && value.name === 'fault';
  return done({ kind: 'expr', value, span }, diverges);
};

// ---- control ----------------------------------------------------------------------------------------------------

const checkIfStmt = (x: Context, s: Extract<Ast.Stmt, { kind: 'if' }>): CheckedStmt => {
  const { rules } = x.checker;
  const condition = rules.need(x, s.condition, boolType, {
    span: { ...s.span, end: s.span.start + 2 },
    text: 'conditions are bool',
  });
  const then = rules.block(x, s.then, undefined);
  const otherwise = s.else && rules.block(x, s.else, undefined);
  return done(
    { kind: 'if', condition, then: then.block, ...(otherwise ? { else: otherwise.block } : {}), span: s.span },
    then.diverges && (otherwise?.diverges ?? false),
  );
};

const checkReturn = (x: Context, s: Extract<Ast.Stmt, { kind: 'return' }>): CheckedStmt => {
  const { rules } = x.checker;
  const loop = x.loops.find((l) => l.kind !== 'loop');
  if (loop) {
    error(x, 'PG0407', s.span, `\`return\` out of a ${loop.kind}`, {
      label: 'leaves the loop',
      secondary: [
        {
          span: { ...loop.span, end: loop.span.start + loop.kind.length },
          text: `all iterations of this ${loop.kind} run`,
        },
      ],
      hint: 'remember the result in a variable, and return after the loop',
    });
  }
  const result = x.fn?.result ?? voidType;
  const where = x.fn
    ? {
        span: x.fn.resultSpan,
        text:
          result.kind === 'void'
            ? `\`${x.fn.name}\` has no result`
            : `the result of \`${x.fn.name}\` is ${typeName(result)}`,
      }
    : undefined;
  if (!s.value) {
    if (result.kind !== 'void' && !isError(result)) {
      error(x, 'PG0316', s.span, `\`return\` needs a value of type ${typeName(result)}`, {
        label: 'no value',
        ...(where ? { secondary: [where] } : {}),
      });
    }
    return done({ kind: 'return', span: s.span }, true);
  }
  if (result.kind === 'void') {
    const isTest = x.fn?.name.startsWith('test ') === true;
    const builtin = builtinOf(x, s.value);
    const value = builtin && isEffect(builtin.name) ? errorExpr(s.value.span) : checkEffect(x, s.value);
    if (!isError(value.type) || builtin) {
      error(x, 'PG0316', s.value.span, `\`${x.fn?.name ?? ''}\` returns no value`, {
        label: 'unexpected value',
        ...(where ? { secondary: [where] } : {}),
        hint:
          value.type.kind === 'void' || builtin
            ? 'call it, then `return;`'
            : isTest
              ? 'a test says what it found by `assert`; `return;` ends it'
              : x.fn?.name === 'main'
                ? '`exit(code)` ends the program with a code; `return;` ends `main`'
                : `give the function a result: \`fn ${x.fn?.name ?? 'f'}(…) -> ${typeName(value.type)}\``,
      });
    }
    return done({ kind: 'return', span: s.span }, true);
  }
  return done({ kind: 'return', value: rules.need(x, s.value, result, where), span: s.span }, true);
};

const checkJump = (x: Context, s: Extract<Ast.Stmt, { kind: 'break' | 'continue' }>): CheckedStmt => {
  const loop = x.loops.at(-1);
  if (!loop) {
    error(x, 'PG0317', s.span, `\`${s.kind}\` outside of a loop`, { label: 'no loop to leave' });
    return none;
  }
  if (loop.kind !== 'loop' && s.kind === 'break') {
    error(x, 'PG0407', s.span, `\`break\` out of a ${loop.kind}`, {
      label: 'leaves the loop',
      secondary: [
        {
          span: { ...loop.span, end: loop.span.start + loop.kind.length },
          text: `all iterations of this ${loop.kind} run`,
        },
      ],
      hint: '`continue` ends one iteration; a `for` loop can be left',
    });
    return { diverges: true };
  }
  if (s.kind === 'break') loop.left = true;
  return done({ kind: s.kind, span: s.span }, true);
};

const checkDelete = (x: Context, s: Extract<Ast.Stmt, { kind: 'delete' }>): CheckedStmt => {
  const value = x.checker.rules.value(x, s.value);
  const t = value.type;
  if (isError(t)) return none;
  if (t.kind === 'handle') warnInForall(x, s.span, '`delete` of an array of all images');
  if (!isPointer(t) && t.kind !== 'slice' && t.kind !== 'handle') {
    error(x, 'PG0418', s.value.span, `\`delete\` takes what \`new\` gave, found ${typeName(t)}`, {
      label: 'no pointer, slice or handle',
    });
    return none;
  }
  return done({ kind: 'delete', value, span: s.span });
};

// ---- statements of the prelude ----------------------------------------------------------------------------------

/** A statement that is a call of the prelude without arguments. */
const statementOf = (x: Context, span: Span, module: string, name: string): CheckedStmt => {
  const value = preludeStatement(x, span, module, name, []);
  return value ? done({ kind: 'expr', value, span }) : none;
};

const checkCritical = (x: Context, s: Extract<Ast.Stmt, { kind: 'critical' }>): CheckedStmt => {
  const word: Span = { ...s.span, end: s.span.start + 'critical'.length };
  const lock = s.lock && lockedPlace(x, s.lock);
  const body = x.checker.rules.block(x, s.body, undefined);
  if (s.lock && !lock) return none;
  const args = lock ? [lock] : [];
  const [enterName, exitName] = lock ? ['acquire', 'release'] : ['enter_critical', 'leave_critical'];
  const enter = preludeStatement(x, word, 'sync', enterName, args);
  const exit = preludeStatement(x, word, 'sync', exitName, args);
  if (!enter || !exit) return none;
  return done({ kind: 'scoped', enter, body: body.block, exit, span: s.span }, body.diverges);
};

/** `within t { … }`: its body runs in the team. */
const checkWithin = (x: Context, s: Extract<Ast.Stmt, { kind: 'within' }>): CheckedStmt => {
  const word: Span = { ...s.span, end: s.span.start + 'within'.length };
  const entity = preludeType(x, 'team');
  const type: Type | undefined = entity?.kind === 'struct' ? { kind: 'struct', struct: entity.struct } : undefined;
  const team = type ? x.checker.rules.need(x, s.team, type) : x.checker.rules.value(x, s.team);
  warnInForall(x, word, '`within`');
  const body = x.checker.rules.block(x, s.body, undefined);
  const enter = preludeStatement(x, word, 'teams', 'enter', [team]);
  const exit = enter && preludeStatement(x, word, 'teams', 'leave', [enter]);
  if (!enter || !exit || isError(team.type)) return none;
  return done({ kind: 'scoped', enter, body: body.block, exit, span: s.span }, body.diverges);
};

/** `finish { … }`: waits at its end for all tasks that were started inside. */
const checkFinish = (x: Context, s: Extract<Ast.Stmt, { kind: 'finish' }>): CheckedStmt => {
  const word: Span = { ...s.span, end: s.span.start + 'finish'.length };
  const body = x.checker.rules.block(x, s.body, undefined);
  const enter = preludeStatement(x, word, 'tasks', 'begin_finish', []);
  const exit = preludeStatement(x, word, 'tasks', 'end_finish', []);
  if (!enter || !exit) return none;
  return done({ kind: 'scoped', enter, body: body.block, exit, span: s.span }, body.diverges);
};

// ---- all --------------------------------------------------------------------------------------------------------

const checkStmt = (x: Context, s: Ast.Stmt): CheckedStmt => {
  switch (s.kind) {
    case 'let':
    case 'var':
      return checkLocal(x, s);
    case 'const':
      return checkLocalConst(x, s);
    case 'assign':
      return checkAssign(x, s);
    case 'expr':
      return checkExprStmt(x, s.value, s.span);
    case 'block': {
      const b = x.checker.rules.block(x, s.body, undefined);
      return done({ kind: 'block', body: b.block, span: s.span }, b.diverges);
    }
    case 'if':
      return checkIfStmt(x, s);
    case 'while':
      return checkWhile(x, s);
    case 'loop':
      return checkLoop(x, s);
    case 'for':
      return checkFor(x, s);
    case 'forEach':
      return checkForEach(x, s);
    case 'foreach':
      return checkForeach(x, s);
    case 'forall':
      return checkForall(x, s);
    case 'parFor':
      return checkParFor(x, s);
    case 'break':
    case 'continue':
      return checkJump(x, s);
    case 'return':
      return checkReturn(x, s);
    case 'delete':
      return checkDelete(x, s);
    case 'barrier':
      warnInForall(x, s.span, '`barrier`');
      return done({ kind: 'barrier', span: s.span });
    case 'fence':
      return done({ kind: 'fence', span: s.span });
    case 'notify':
    case 'wait':
      warnInForall(x, s.span, `\`${s.kind}\``);
      return statementOf(x, s.span, 'sync', s.kind === 'notify' ? 'notify_all' : 'wait_all_notified');
    case 'yield':
      return statementOf(x, s.span, 'tasks', 'yield_now');
    case 'critical':
      return checkCritical(x, s);
    case 'within':
      return checkWithin(x, s);
    case 'finish':
      return checkFinish(x, s);
    default:
      return unreachable(s);
  }
};

const isValueIf = (s: Ast.Stmt | undefined): s is Extract<Ast.Stmt, { kind: 'if' }> =>
  s?.kind === 'if' && s.else !== undefined && (s.then.value !== undefined || isValueIf(s.then.stmts.at(-1)));

/** The value of a block: its last expression, or an `if` with values that stands last. */
const tailOf = (b: Ast.Block): { readonly stmts: readonly Ast.Stmt[]; readonly value: Ast.Expr | undefined } => {
  const last = b.stmts.at(-1);
  if (b.value !== undefined || !isValueIf(last)) return { stmts: b.stmts, value: b.value };
  return { stmts: b.stmts.slice(0, -1), value: last };
};

/** A block with a scope of its own; `want` is undefined where its value is not used. */
export const checkBlock = (
  outer: Context,
  b: Ast.Block,
  want: { readonly type: Type | undefined } | undefined,
): CheckedBlock => {
  if (outer.checker.depth >= maxDepth) {
    error(outer, 'PG0511', b.span, 'this block is nested too deeply', { hint: 'move inner blocks to functions' });
    return { block: { span: b.span, stmts: [] }, type: errorType, diverges: false };
  }
  outer.checker.depth++;
  const result = checkOpenBlock(withScope(outer), b, want);
  outer.checker.depth--;
  return result;
};

/** The place of a last statement that computes a value for nothing; takes back the warning about it. */
const droppedValue = (x: Context, s: Stmt | undefined): Span | undefined => {
  if (s?.kind !== 'expr' || s.value.type.kind === 'void' || isError(s.value.type)) return undefined;
  const all = x.checker.diagnostics;
  const last = all.at(-1);
  if (last?.code === 'PG0309' && last.span.start === s.value.span.start) all.pop();
  return s.value.span;
};

const checkOpenBlock = (
  x: Context,
  b: Ast.Block,
  want: { readonly type: Type | undefined } | undefined,
): CheckedBlock => {
  const { stmts: list, value: last } = want ? tailOf(b) : { stmts: b.stmts, value: b.value };
  const stmts: Stmt[] = [];
  let ended: Span | undefined;
  let warned = false;
  const notReached = (span: Span): void => {
    if (!ended || warned) return;
    warned = true;
    const end = list.at(-1)?.span.end ?? span.end;
    warning(
      x,
      'PG0308',
      { ...span, end: Math.max(span.end, last ? last.span.end : end) },
      'this code is never reached',
      {
        label: 'unreachable',
        secondary: [{ span: ended, text: 'control does not come past this' }],
      },
    );
  };
  for (const s of list) {
    notReached(s.span);
    const checked = checkStmt(x, s);
    if (checked.stmt) stmts.push(checked.stmt);
    if (checked.diverges) ended ??= s.span;
  }
  if (!last) {
    const block = { block: { span: b.span, stmts }, type: voidType, diverges: ended !== undefined };
    const dropped = want && droppedValue(x, stmts.at(-1));
    return dropped ? { ...block, dropped } : block;
  }
  notReached(last.span);
  const builtin = builtinOf(x, last);
  if (!want || (builtin && isEffect(builtin.name))) {
    const checked = checkExprStmt(x, last, last.span);
    if (checked.stmt) stmts.push(checked.stmt);
    return { block: { span: b.span, stmts }, type: voidType, diverges: ended !== undefined || checked.diverges };
  }
  const o = x.checker.rules.operand(x, last, want.type);
  // A call for its effect, as in `if c { f() } else { g() }`.
  if (o.kind === 'value' && o.expr.type.kind === 'void') {
    stmts.push({ kind: 'expr', value: o.expr, span: last.span });
    return { block: { span: b.span, stmts }, type: voidType, diverges: ended !== undefined };
  }
  const value = toValue(x, o, want.type);
  return { block: { span: b.span, stmts, value }, type: value.type, diverges: ended !== undefined };
};
