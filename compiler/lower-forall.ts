// Affinity loops. `forall i in a` becomes loops over the index sets that this image owns, dimension by dimension, with the
// local index beside the global one: own elements are walked by address, without a division or an owner test an iteration.
import type { Block, Expr, ForallOver, Local, Range, Reduction, Stmt } from '../lang/typed.ts';
import type { PosId, Value } from './ir.ts';
import { ownerOf } from './lower-array.ts';
import { arrayOf, lowerIndex, lowerLoad, lowerPlace, lowerScalar } from './lower-expr.ts';
import { declare, localValue } from './lower-locals.ts';
import { storeValue } from './lower-memory.ts';
import { collectiveSuffix, combine, convert, identity, narrow, reduceWord, tripCount } from './lower-numbers.ts';
import { countedLoop, overAligned, overOwn } from './lower-own.ts';
import { numImages, thisImage } from './lower-query.ts';
import { assignedIn } from './lower-scan.ts';
import {
  append,
  carried,
  constI64,
  currentValues,
  emit,
  finish,
  freshLabel,
  nested,
  position,
  type State,
} from './lower-state.ts';

type Forall = Extract<Stmt, { kind: 'forall' }>;

export const rangeBounds = (s: State, range: Range): { readonly lo: Value; readonly hi: Value } => {
  const lo = lowerIndex(s, range.lo);
  const hi = lowerIndex(s, range.hi);
  const pos = position(s, range.hi.span);
  return { lo, hi: range.inclusive ? emit(s, pos, 'add', 'i64', [hi, constI64(s, pos, 1)]) : hi };
};

const isVariable = (e: Expr, l: Local): boolean => e.kind === 'load' && e.place.kind === 'local' && e.place.local === l;

/** Runs `body` if `condition` holds, inside a counted loop. */
const onlyIf = (s: State, pos: PosId, condition: Value, vars: readonly Local[], body: () => void): void => {
  const label = freshLabel(s, 'i');
  const saved = vars.map((l) => [l, s.env.get(l)] as const);
  const values = currentValues(s, vars);
  const then = nested(s, pos, () => {
    body();
    finish(s, { kind: 'break', label, args: currentValues(s, vars), pos });
  });
  for (const [l, b] of saved) if (b) s.env.set(l, b);
  const otherwise = nested(s, pos, () => finish(s, { kind: 'break', label, args: values, pos }));
  const results = values.map((v) => {
    s.types.push(s.types[v] ?? 'i64');
    return s.types.length - 1;
  });
  let k = 0;
  for (const l of vars) {
    const b = s.env.get(l);
    if (b?.kind !== 'values') continue;
    s.env.set(l, { kind: 'values', values: b.values.map(() => results[k++] ?? 0) });
  }
  append(s, { kind: 'if', label, condition, results, then, else: otherwise, pos });
};

const overRange = (
  s: State,
  pos: PosId,
  f: Forall,
  over: Exclude<ForallOver, { kind: 'array' }>,
  vars: readonly Local[],
  body: (index: Value) => void,
): void => {
  const local = f.locals[0];
  if (!local) return;
  const { lo, hi } = rangeBounds(s, over.range);
  const me = thisImage(s, pos);
  const images = numImages(s, pos);
  if (over.kind === 'image' && isVariable(over.image, local) && !over.range.step) {
    // The first index from lo on that is this image modulo P, then every P-th.
    const distance = emit(s, pos, 'rem_s', 'i64', [emit(s, pos, 'sub', 'i64', [me, lo]), images]);
    const positive = emit(s, pos, 'add', 'i64', [distance, images]);
    const first = emit(s, pos, 'add', 'i64', [lo, emit(s, pos, 'rem_s', 'i64', [positive, images])]);
    const count = tripCount(s, pos, first, hi, images);
    return countedLoop(s, pos, constI64(s, pos, 0), count, vars, (k) =>
      body(emit(s, pos, 'add', 'i64', [emit(s, pos, 'mul', 'i64', [k, images]), first])),
    );
  }
  const everywhere = (): void => overAll(s, pos, over, local, { lo, hi }, vars, body);
  if (over.kind === 'element' && over.place.kind === 'sharedElement' && !over.range.step) {
    if (overAligned(s, over.place, local, f.body, { lo, hi }, vars, body, everywhere)) return;
  }
  everywhere();
};

/** Any other affinity: every image looks at every index. */
const overAll = (
  s: State,
  pos: PosId,
  over: Exclude<ForallOver, { kind: 'array' }>,
  local: Local,
  { lo, hi }: { readonly lo: Value; readonly hi: Value },
  vars: readonly Local[],
  body: (index: Value) => void,
): void => {
  // Elements lie on images of the node, whatever the team.
  const me = over.kind === 'image' ? thisImage(s, pos) : emit(s, pos, 'this_image', '', []);
  const images = numImages(s, pos);
  const step = over.range.step ? lowerIndex(s, over.range.step) : constI64(s, pos, 1);
  const count = over.range.step ? tripCount(s, pos, lo, hi, step) : emit(s, pos, 'sub', 'i64', [hi, lo]);
  countedLoop(s, pos, constI64(s, pos, 0), count, vars, (n) => {
    const index = over.range.step
      ? emit(s, pos, 'add', 'i64', [lo, emit(s, pos, 'mul', 'i64', [n, step])])
      : emit(s, pos, 'add', 'i64', [lo, n]);
    declare(s, pos, local, [fromIndex(s, pos, local, index)], false);
    const owner = runnerOf(s, pos, over, images);
    onlyIf(s, pos, emit(s, pos, 'eq', 'i64', [owner, me]), vars, () => body(index));
  });
};

/** The image that runs the current iteration. */
const runnerOf = (s: State, pos: PosId, over: Exclude<ForallOver, { kind: 'array' }>, images: Value): Value => {
  if (over.kind === 'image') {
    const rest = emit(s, pos, 'rem_s', 'i64', [lowerIndex(s, over.image), images]);
    const negative = emit(s, pos, 'lt_s', 'i64', [rest, constI64(s, pos, 0)]);
    return emit(s, pos, 'select', 'i64', [negative, emit(s, pos, 'add', 'i64', [rest, images]), rest]);
  }
  const { place } = over;
  if (place.kind === 'sharedElement') {
    const array = arrayOf(s, place.array);
    return ownerOf(
      s,
      pos,
      array,
      place.indices.map((e) => lowerIndex(s, e)),
    );
  }
  const where = lowerPlace(s, place);
  return emit(s, pos, 'image_of', '', [where.base]);
};

export const fromIndex = (s: State, pos: PosId, local: Local, index: Value): Value =>
  convert(s, pos, { kind: 'int', bits: 64, signed: true }, local.type, index);

/** Binds the private variables of reductions; gives what combines them into the outer ones afterwards. */
export const openReductions = (
  s: State,
  pos: PosId,
  reductions: readonly Reduction[],
  across: 'image' | 'images',
): (() => void) => {
  for (const r of reductions) {
    declare(s, pos, r.inner, [identity(s, pos, r.op, r.inner.type)], false);
    s.reducing.set(r.inner, r.op);
  }
  return () => {
    const found = reductions.map((r) => {
      const type = r.inner.type;
      const own = localValue(s, pos, r.inner)[0] ?? 0;
      if (across === 'image') return () => own;
      return () =>
        narrow(s, pos, type, emit(s, pos, 'allreduce', collectiveSuffix(type), [own], [reduceWord(r.op, type)]));
    });
    closeReductions(s, pos, reductions, found);
  };
};

/** Combines what a loop has found into the variables outside. */
export const closeReductions = (
  s: State,
  pos: PosId,
  reductions: readonly Reduction[],
  found: readonly (Value | (() => Value))[],
): void => {
  for (const [k, r] of reductions.entries()) {
    const type = r.inner.type;
    const value = found[k] ?? 0;
    const all = typeof value === 'function' ? value() : value;
    const before = lowerLoad(s, r.outer)[0] ?? 0;
    const total = combine(s, pos, r.op, type, before, all);
    const binding = r.outer.kind === 'local' ? s.env.get(r.outer.local) : undefined;
    if (r.outer.kind === 'local' && binding?.kind === 'values')
      s.env.set(r.outer.local, { kind: 'values', values: [total] });
    else storeValue(s, pos, r.outer.type, lowerPlace(s, r.outer), [total]);
  }
};

const loopVars = (s: State, body: Block, reductions: readonly Reduction[]): readonly Local[] =>
  carried(s, [...new Set([...assignedIn(body), ...reductions.map((r) => r.inner)])]);

export const lowerForall = (s: State, f: Forall): void => {
  const pos = position(s, f.span);
  const close = openReductions(s, pos, f.reductions, 'images');
  const vars = loopVars(s, f.body, f.reductions);
  const bind = (local: Local | undefined, index: Value): void => {
    if (local) declare(s, pos, local, [fromIndex(s, pos, local, index)], false);
  };
  if (f.over.kind !== 'array') {
    overRange(s, pos, f, f.over, vars, (index) => {
      bind(f.locals[0], index);
      s.lowerBlock(s, f.body);
    });
    return close();
  }
  overOwn(s, pos, f.over.array, f.locals, f.body, vars, (indices) => {
    f.locals.forEach((local, k) => {
      bind(local, indices[k] ?? 0);
    });
    s.lowerBlock(s, f.body);
  });
  close();
};

/** `foreach`: one image's iterations, in any order. */
export const lowerForeach = (s: State, f: Extract<Stmt, { kind: 'foreach' }>): void => {
  const pos = position(s, f.span);
  const close = openReductions(s, pos, f.reductions, 'image');
  const vars = loopVars(s, f.body, f.reductions);
  const body = (index: Value): void => {
    declare(s, pos, f.local, [fromIndex(s, pos, f.local, index)], false);
    s.lowerBlock(s, f.body);
  };
  const { lo, hi } = rangeBounds(s, f.range);
  if (!f.range.step) countedLoop(s, pos, lo, hi, vars, body);
  else {
    const step = convert(
      s,
      pos,
      f.range.step.type,
      { kind: 'int', bits: 64, signed: true },
      lowerScalar(s, f.range.step),
    );
    const count = signedTripCount(s, pos, f.range, lo, hi, step);
    countedLoop(s, pos, constI64(s, pos, 0), count, vars, (k) =>
      body(emit(s, pos, 'add', 'i64', [lo, emit(s, pos, 'mul', 'i64', [k, step])])),
    );
  }
  close();
};

/** Iterations of lo..hi (hi exclusive already if it counts up) by a step of either sign; a step of zero is a fault. */
export const signedTripCount = (s: State, pos: PosId, range: Range, lo: Value, hi: Value, step: Value): Value => {
  append(s, { kind: 'op', op: 'check.step', suffix: '', results: [], args: [step], imms: [], pos });
  const zero = constI64(s, pos, 0);
  const down = emit(s, pos, 'lt_s', 'i64', [step, zero]);
  const opposite = emit(s, pos, 'sub', 'i64', [zero, step]);
  // `lo..=hi` was turned into hi + 1; counting down it must be hi - 1.
  const low = range.inclusive ? emit(s, pos, 'sub', 'i64', [hi, constI64(s, pos, 2)]) : hi;
  const from = emit(s, pos, 'select', 'i64', [down, low, lo]);
  const to = emit(s, pos, 'select', 'i64', [down, lo, hi]);
  const size = emit(s, pos, 'select', 'i64', [down, opposite, step]);
  return tripCount(s, pos, from, to, size);
};
