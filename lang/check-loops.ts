// Loops: for, foreach and forall, with their ranges and reductions.
import type * as Ast from './ast.ts';
import { checkReduction, warnInForall } from './check-collectives.ts';
import { isSharedPlace, throughHandle, toSlice, toValue } from './check-convert.ts';
import type { CheckedStmt } from './check-effects.ts';
import { isFlexible } from './check-literals.ts';
import { checkInsidePar } from './check-par.ts';
import { checkWritable } from './check-places.ts';
import { declareLocal } from './check-scope.ts';
import {
  arrayName,
  type Context,
  declaredArray,
  error,
  isError,
  type LoopContext,
  plural,
  rankOf,
  textOf,
  withScope,
} from './check-state.ts';
import type { Expr, ForallOver, Local, Range, Reduction, Stmt } from './typed.ts';
import { boolType, errorType, i64, type Type, typeName } from './types.ts';

const none: CheckedStmt = { diverges: false };
const done = (stmt: Stmt, diverges = false): CheckedStmt => ({ stmt, diverges });

const inLoop = (x: Context, loop: LoopContext): Context => ({ ...x, loops: [...x.loops, loop] });
const newLoop = (kind: LoopContext['kind'], span: LoopContext['span']): LoopContext => ({ kind, span, left: false });

export const checkWhile = (x: Context, s: Extract<Ast.Stmt, { kind: 'while' }>): CheckedStmt => {
  const condition = x.checker.rules.need(x, s.condition, boolType, {
    span: { ...s.span, end: s.span.start + 5 },
    text: 'conditions are bool',
  });
  const loop = newLoop('loop', s.span);
  const body = x.checker.rules.block(inLoop(x, loop), s.body, undefined);
  const forever = condition.kind === 'const' && condition.value === true && !loop.left;
  return done({ kind: 'while', condition, body: body.block, span: s.span }, forever);
};

export const checkLoop = (x: Context, s: Extract<Ast.Stmt, { kind: 'loop' }>): CheckedStmt => {
  const loop = newLoop('loop', s.span);
  const body = x.checker.rules.block(inLoop(x, loop), s.body, undefined);
  return done({ kind: 'loop', body: body.block, span: s.span }, !loop.left);
};

// ---- ranges -----------------------------------------------------------------------------------------------------

/** All ends of a range have one type: that of the first that is not a literal, or int. */
const checkRange = (x: Context, r: Ast.Range): { readonly range: Range; readonly type: Type } => {
  const { rules } = x.checker;
  const ends = [r.lo, r.hi, ...(r.step ? [r.step] : [])];
  const leader = ends.find((e) => !isFlexible(e) && e.kind !== 'error') ?? r.lo;
  const first = rules.value(x, leader, i64);
  let type = first.type;
  if (type.kind !== 'int' && !isError(type)) {
    const hint =
      type.kind === 'float' ? { hint: 'ranges run over integers; compute a float from the loop variable' } : {};
    error(x, 'PG0319', leader.span, `a range runs over integers, found ${typeName(type)}`, {
      label: typeName(type),
      ...hint,
    });
    type = errorType;
  }
  const end = (e: Ast.Expr) => {
    if (e === leader) return first;
    if (isError(type)) return rules.value(x, e);
    return rules.need(x, e, type, { span: leader.span, text: `this end is ${typeName(type)}` });
  };
  const lo = end(r.lo);
  const hi = end(r.hi);
  const step = r.step && end(r.step);
  if (step?.kind === 'const' && step.value === 0n && !isError(step.type))
    error(x, 'PG0510', step.span, 'the step of a range is not 0', { label: 'would never end' });
  const over = beyondType(type, constant(lo), constant(hi), step ? constant(step) : 1n, r.inclusive);
  if (over)
    error(x, 'PG0510', hi.span, `the end of the range is within one step of the ${over} ${typeName(type)}`, {
      label: 'the counter would have to go beyond it',
      hint: 'end the range a step earlier, and do the last iteration after the loop',
    });
  return { range: { lo, hi, inclusive: r.inclusive, ...(step ? { step } : {}) }, type: isError(type) ? i64 : type };
};

const constant = (e: Expr): bigint | undefined =>
  e.kind === 'const' && typeof e.value === 'bigint' ? e.value : undefined;

/** Whether a counter of 64 bits would have to leave its type to end the loop; narrower ones are counted in wider ones. */
const beyondType = (
  type: Type,
  lo: bigint | undefined,
  hi: bigint | undefined,
  step: bigint | undefined,
  inclusive: boolean,
): 'largest' | 'smallest' | undefined => {
  if (type.kind !== 'int' || type.bits !== 64 || hi === undefined || step === undefined || step === 0n)
    return undefined;
  const [least, most] = type.signed ? [-(1n << 63n), (1n << 63n) - 1n] : [0n, (1n << 64n) - 1n];
  const last = inclusive ? hi : step > 0n ? hi - 1n : hi + 1n;
  const distance = lo === undefined ? 0n : lo - last;
  if (step > 0n ? distance > 0n : distance < 0n) return undefined;
  // Where its beginning is not known the counter may end as much as a step less one before the last number.
  const counted = lo === undefined ? last - step + (step > 0n ? 1n : -1n) : last + (distance % step);
  if (counted + step > most) return 'largest';
  return counted + step < least ? 'smallest' : undefined;
};

export const checkFor = (x: Context, s: Extract<Ast.Stmt, { kind: 'for' }>): CheckedStmt => {
  const { range, type } = checkRange(x, s.range);
  const inner = withScope(inLoop(x, newLoop('loop', s.span)));
  const local = declareLocal(inner, s.name, type, 'loop variable');
  const body = x.checker.rules.block(inner, s.body, undefined);
  return done({ kind: 'for', local, range, body: body.block, span: s.span });
};

export const checkForEach = (x: Context, s: Extract<Ast.Stmt, { kind: 'forEach' }>): CheckedStmt => {
  const o = throughHandle(x, x.checker.rules.operand(x, s.over));
  const whole = o.kind === 'place' ? toSlice(o.place, o.place.span) : undefined;
  const inner = withScope(inLoop(x, newLoop('loop', s.span)));
  const body = (
    t: Type,
  ): { readonly local: Local; readonly block: ReturnType<Context['checker']['rules']['block']> } => {
    const local = declareLocal(inner, s.name, t, 'loop variable');
    return { local, block: x.checker.rules.block(inner, s.body, undefined) };
  };
  if (o.kind === 'sharedArray') {
    const name = arrayName(x, o.array);
    error(x, 'PG0405', s.over.span, `the shared array \`${name}\` is spread over the images`, {
      label: 'not a slice',
      hint: `\`forall i in ${name} { … ${name}[i] … }\` runs over it where its elements live; \`for x in ${name}.local\` over those that live here`,
    });
    body(errorType);
    return none;
  }
  const slice = toValue(x, whole ? { kind: 'value', expr: whole } : o);
  const t = slice.type;
  if (t.kind === 'slice') {
    const { local, block } = body(t.element);
    return done({ kind: 'forEach', local, slice, body: block.block, span: s.span });
  }
  if (!isError(t)) {
    const text = textOf(x, s.over.span);
    const hint =
      t.kind === 'int'
        ? `a range is written \`0..${text}\``
        : t.kind === 'str'
          ? `run over its bytes: \`for i in 0..s.len { … s[i] … }\``
          : t.kind === 'array'
            ? 'give the array a name with `let` first'
            : undefined;
    error(x, 'PG0319', s.over.span, `\`for\` runs over a range, an array or a slice, found ${typeName(t)}`, {
      label: typeName(t),
      ...(hint === undefined ? {} : { hint }),
    });
  }
  body(errorType);
  return none;
};

// ---- reductions -------------------------------------------------------------------------------------------------

/** Resolves `reduce(op: x)` outside of the loop, and declares the inner variables in the scope of the loop. */
const checkReductions = (x: Context, inner: Context, reductions: readonly Ast.Reduction[]): readonly Reduction[] => {
  const found: Reduction[] = [];
  const seen = new Set<string>();
  for (const r of reductions) {
    for (const name of r.names) {
      const span = name.span;
      const o = x.checker.rules.operand(x, { kind: 'name', name, span });
      const place = o.kind === 'place' ? o.place : undefined;
      if (seen.has(name.name) && name.name !== '') {
        error(x, 'PG0414', span, `\`${name.name}\` is reduced twice`, { label: 'named again' });
        continue;
      }
      seen.add(name.name);
      const type = place?.type ?? errorType;
      if (place && isSharedPlace(place)) {
        error(x, 'PG0414', span, `\`${name.name}\` is shared: the images would all add to it`, {
          label: 'must be private',
          hint: `reduce into a \`var\` of your own: every image gets the result`,
        });
      } else if (o.kind !== 'error' && (!place || !checkWritable(x, place, span, 'reduced into'))) {
        if (!place) error(x, 'PG0414', span, `\`${name.name}\` is no variable`, { label: 'cannot be reduced into' });
      } else if (place && !isError(type) && checkReduction(x, r.op, type, span, 'clause')) {
        checkInsidePar(x, place, span, 'reduced into');
        const local: Local = { name: name.name, type, mutable: true, span, addressTaken: false };
        inner.scope?.names.set(name.name, { kind: 'local', local, what: 'variable' });
        found.push({ op: r.op, outer: place, inner: local, span: r.span });
        continue;
      }
      // Known in the loop all the same, so that its uses make no further message.
      inner.scope?.names.set(name.name, {
        kind: 'local',
        local: { name: name.name, type: errorType, mutable: true, span, addressTaken: false },
        what: 'variable',
      });
    }
  }
  return found;
};

export const checkForeach = (x: Context, s: Extract<Ast.Stmt, { kind: 'foreach' }>): CheckedStmt => {
  const { range, type } = checkRange(x, s.range);
  const inner = withScope(inLoop(x, newLoop('foreach', s.span)));
  const reductions = checkReductions(x, inner, s.reductions);
  const local = declareLocal(inner, s.name, type, 'loop variable');
  const body = x.checker.rules.block(inner, s.body, undefined);
  return done({ kind: 'foreach', local, range, reductions, body: body.block, span: s.span });
};

/** `par for`: iterations that may run at the same time (check-par.ts). */
export const checkParFor = (x: Context, s: Extract<Ast.Stmt, { kind: 'parFor' }>): CheckedStmt => {
  x.checker.tasks = true;
  const { range, type } = checkRange(x, s.range);
  const scoped = withScope(x);
  const { scope } = scoped;
  const inner = inLoop(scoped, { ...newLoop('par for', s.span), ...(scope ? { scope } : {}) });
  const reductions = checkReductions(x, inner, s.reductions);
  const local = declareLocal(inner, s.name, type, 'loop variable');
  const body = x.checker.rules.block(inner, s.body, undefined);
  return done({ kind: 'parFor', local, range, reductions, body: body.block, span: s.span });
};

// ---- forall -----------------------------------------------------------------------------------------------------

interface Affinity {
  readonly over?: ForallOver;
  readonly locals: readonly Local[];
}

const overArray = (x: Context, inner: Context, s: Extract<Ast.Stmt, { kind: 'forall' }>, array: Ast.Expr): Affinity => {
  const o = throughHandle(x, x.checker.rules.operand(x, array));
  const locals = s.names.map((n) => declareLocal(inner, n, o.kind === 'error' ? errorType : i64, 'loop variable'));
  if (o.kind === 'error') return { locals };
  if (o.kind !== 'sharedArray') {
    const t = o.kind === 'place' ? o.place.type : o.expr.type;
    if (isError(t)) return { locals };
    const text = textOf(x, array.span);
    const sequence = t.kind === 'slice' || t.kind === 'array' || t.kind === 'dynamicArray';
    error(x, 'PG0406', array.span, `\`forall\` runs over a shared array, found ${typeName(t)}`, {
      label: sequence ? 'of one image only' : typeName(t),
      ...(o.kind === 'place' && o.place.kind === 'global'
        ? { secondary: [{ span: o.place.global.span, text: 'declared here' }] }
        : {}),
      hint: sequence
        ? `this image's elements: \`foreach i in 0..${text}.len\``
        : 'over a range: `forall i in lo..hi on e`',
    });
    return { locals };
  }
  const rank = rankOf(o.array.type);
  const name = arrayName(x, o.array);
  if (s.names.length !== rank) {
    const first = s.names[0]?.span ?? s.span;
    const names = rank === 1 ? 'i' : `(${['i', 'j', 'k', 'l'].slice(0, rank).join(', ')})`;
    error(
      x,
      'PG0406',
      { ...first, end: s.names.at(-1)?.span.end ?? first.end },
      `\`${name}\` has ${plural(rank, 'dimension')}, the loop ${plural(s.names.length, 'variable')}`,
      {
        label: `${plural(rank, 'variable')} wanted`,
        ...declaredArray(o.array),
        hint: `write \`forall ${names} in ${name}\``,
      },
    );
    return { locals };
  }
  return { over: { kind: 'array', array: o.array }, locals };
};

const overRange = (
  x: Context,
  inner: Context,
  s: Extract<Ast.Stmt, { kind: 'forall' }>,
  over: Extract<Extract<Ast.Stmt, { kind: 'forall' }>['over'], { kind: 'range' }>,
): Affinity => {
  const { range, type } = checkRange(x, over.range);
  const locals = s.names.map((n) => declareLocal(inner, n, type, 'loop variable'));
  if (s.names.length !== 1) {
    const second = s.names[1]?.span ?? s.span;
    error(x, 'PG0406', second, 'a range has one loop variable', { label: 'one too many' });
    return { locals };
  }
  if (range.step?.kind === 'const' && !isError(range.step.type) && (range.step.value as bigint) < 0n) {
    error(x, 'PG0510', range.step.span, 'the step of a forall is positive', {
      label: 'counts down',
      hint: 'the iterations have no order: count up',
    });
    return { locals };
  }
  const o = x.checker.rules.operand(inner, over.on, i64);
  if (o.kind === 'error') return { locals };
  if (o.kind === 'place' && isSharedPlace(o.place)) return { over: { kind: 'element', range, place: o.place }, locals };
  if (o.kind === 'sharedArray') {
    error(x, 'PG0406', over.on.span, 'an element decides where an iteration runs, not the whole array', {
      label: 'which element?',
      hint: `write \`on ${arrayName(x, o.array)}[${s.names[0]?.name ?? 'i'}]\``,
    });
    return { locals };
  }
  const image = toValue(x, o);
  if (isError(image.type)) return { locals };
  if (image.type.kind !== 'int') {
    error(
      x,
      'PG0406',
      over.on.span,
      `\`on\` takes an element of a shared array or the number of an image, found ${typeName(image.type)}`,
      { label: typeName(image.type) },
    );
    return { locals };
  }
  return { over: { kind: 'image', range, image }, locals };
};

export const checkForall = (x: Context, s: Extract<Ast.Stmt, { kind: 'forall' }>): CheckedStmt => {
  if (s.reductions.length > 0) warnInForall(x, { ...s.span, end: s.span.start + 6 }, 'a forall with `reduce`');
  const inner = withScope(inLoop(x, newLoop('forall', s.span)));
  const { over, locals } =
    s.over.kind === 'array' ? overArray(x, inner, s, s.over.array) : overRange(x, inner, s, s.over);
  const reductions = checkReductions(x, inner, s.reductions);
  const body = x.checker.rules.block(inner, s.body, undefined);
  return over ? done({ kind: 'forall', locals, over, reductions, body: body.block, span: s.span }) : none;
};
