// Affinity loops. `forall i in a` becomes loops over the index sets that this image owns, dimension by dimension, with the
// local index beside the global one: own elements are walked by address, without a division or an owner test an iteration.
import type { Block, Expr, ForallOver, Global, Local, Range, Reduction, Stmt } from '../lang/typed.ts';
import { unreachable } from '../lang/unreachable.ts';
import type { PosId, Value } from './ir.ts';
import { checkIndices, globalArray } from './lower-array.ts';
import { lowerIndex, lowerLoad, lowerPlace, lowerScalar } from './lower-expr.ts';
import { declare, localValue } from './lower-locals.ts';
import { storeValue } from './lower-memory.ts';
import { collectiveSuffix, combine, convert, identity, narrow, reduceWord, tripCount } from './lower-numbers.ts';
import { assignedIn } from './lower-scan.ts';
import {
  append,
  breakIf,
  carried,
  constI64,
  currentValues,
  emit,
  emitLoop,
  finish,
  freshLabel,
  nested,
  position,
  type State,
} from './lower-state.ts';

type Forall = Extract<Stmt, { kind: 'forall' }>;

/** Calls `body` in a loop for k = 0, 1, … count - 1; variables in `vars` are carried. */
const countedLoop = (
  s: State,
  pos: PosId,
  lo: Value,
  hi: Value,
  vars: readonly Local[],
  body: (index: Value) => void,
): void =>
  emitLoop(s, pos, { counters: [lo], vars, independent: true }, (label, [index]) => {
    if (index === undefined) return;
    const next = (at: PosId): void => {
      const advanced = emit(s, at, 'add', 'i64', [index, constI64(s, at, 1)]);
      finish(s, { kind: 'next', label, args: [advanced, ...currentValues(s, vars)], pos: at });
    };
    breakIf(s, pos, emit(s, pos, 'ge_s', 'i64', [index, hi]), label, vars);
    s.loops.push({ label, vars, next, scopes: s.scopes.length });
    body(index);
    s.loops.pop();
    next(pos);
  });

const about = (
  s: State,
  pos: PosId,
  array: Global,
  k: number,
  op: 'shared.lo' | 'shared.hi' | 'shared.extent' | 'shared.block' | 'shared.images' | 'shared.coordinate',
): Value => emit(s, pos, op, '', [], [array.symbol, k]);

const minimum = (s: State, pos: PosId, a: Value, b: Value): Value =>
  emit(s, pos, 'select', 'i64', [emit(s, pos, 'lt_s', 'i64', [a, b]), a, b]);
const maximum = (s: State, pos: PosId, a: Value, b: Value): Value =>
  emit(s, pos, 'select', 'i64', [emit(s, pos, 'gt_s', 'i64', [a, b]), a, b]);

/** Loops over the own indices of dimension `k`; `body` gets the index and the local index. */
const ownIndices = (
  s: State,
  pos: PosId,
  array: Global,
  k: number,
  vars: readonly Local[],
  body: (index: Value, local: Value) => void,
): void => {
  const kind = array.dist?.[k]?.kind ?? 'block';
  switch (kind) {
    case 'star':
    case 'block':
    case 'on': {
      const lo = about(s, pos, array, k, 'shared.lo');
      const hi = about(s, pos, array, k, 'shared.hi');
      return countedLoop(s, pos, lo, hi, vars, (i) =>
        body(i, kind === 'block' ? emit(s, pos, 'sub', 'i64', [i, lo]) : i),
      );
    }
    case 'cyclic': {
      const images = about(s, pos, array, k, 'shared.images');
      const first = about(s, pos, array, k, 'shared.coordinate');
      const count = tripCount(s, pos, first, about(s, pos, array, k, 'shared.extent'), images);
      return countedLoop(s, pos, constI64(s, pos, 0), count, vars, (local) =>
        body(emit(s, pos, 'add', 'i64', [emit(s, pos, 'mul', 'i64', [local, images]), first]), local),
      );
    }
    case 'blocks': {
      // Chunk q of this image holds the indices from (q·P + c)·B; its local indices start at q·B.
      const block = about(s, pos, array, k, 'shared.block');
      const extent = about(s, pos, array, k, 'shared.extent');
      const stride = emit(s, pos, 'mul', 'i64', [about(s, pos, array, k, 'shared.images'), block]);
      const first = emit(s, pos, 'mul', 'i64', [about(s, pos, array, k, 'shared.coordinate'), block]);
      const chunks = tripCount(s, pos, first, extent, stride);
      return countedLoop(s, pos, constI64(s, pos, 0), chunks, vars, (chunk) => {
        const start = emit(s, pos, 'add', 'i64', [emit(s, pos, 'mul', 'i64', [chunk, stride]), first]);
        const end = minimum(s, pos, emit(s, pos, 'add', 'i64', [start, block]), extent);
        const shift = emit(s, pos, 'sub', 'i64', [emit(s, pos, 'mul', 'i64', [chunk, block]), start]);
        countedLoop(s, pos, start, end, vars, (i) => body(i, emit(s, pos, 'add', 'i64', [i, shift])));
      });
    }
    default:
      return unreachable(kind);
  }
};

const rangeBounds = (s: State, range: Range): { readonly lo: Value; readonly hi: Value } => {
  const lo = lowerIndex(s, range.lo);
  const hi = lowerIndex(s, range.hi);
  const pos = position(s, range.hi.span);
  return { lo, hi: range.inclusive ? emit(s, pos, 'add', 'i64', [hi, constI64(s, pos, 1)]) : hi };
};

const isVariable = (e: Expr, l: Local): boolean => e.kind === 'load' && e.place.kind === 'local' && e.place.local === l;

/** The one index of `on a[…]` that is the loop variable itself, if every other dimension is undivided and that one is a block. */
const alignedDimension = (over: Extract<ForallOver, { kind: 'element' }>, local: Local): number | undefined => {
  const { place } = over;
  if (place.kind !== 'sharedElement' || over.range.step) return undefined;
  const array = globalArray(place.array);
  let aligned: number | undefined;
  for (const [k, e] of place.indices.entries()) {
    const kind = array.dist?.[k]?.kind;
    if (kind === 'star') continue;
    if (kind !== 'block' || aligned !== undefined || !isVariable(e, local)) return undefined;
    aligned = k;
  }
  return aligned;
};

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
  const me = emit(s, pos, 'this_image', '', []);
  const images = emit(s, pos, 'num_images', '', []);
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
  if (over.kind === 'element' && over.place.kind === 'sharedElement') {
    const k = alignedDimension(over, local);
    if (k !== undefined) {
      const array = globalArray(over.place.array);
      const start = maximum(s, pos, lo, about(s, pos, array, k, 'shared.lo'));
      const end = minimum(s, pos, hi, about(s, pos, array, k, 'shared.hi'));
      return countedLoop(s, pos, start, end, vars, body);
    }
  }
  // Any other affinity: every image looks at every index.
  const step = over.range.step ? lowerIndex(s, over.range.step) : constI64(s, pos, 1);
  const count = over.range.step ? tripCount(s, pos, lo, hi, step) : emit(s, pos, 'sub', 'i64', [hi, lo]);
  countedLoop(s, pos, constI64(s, pos, 0), count, vars, (n) => {
    const index = over.range.step
      ? emit(s, pos, 'add', 'i64', [lo, emit(s, pos, 'mul', 'i64', [n, step])])
      : emit(s, pos, 'add', 'i64', [lo, n]);
    declare(s, pos, local, [fromI64(s, pos, local, index)], false);
    const owner = ownerOf(s, pos, over, images);
    onlyIf(s, pos, emit(s, pos, 'eq', 'i64', [owner, me]), vars, () => body(index));
  });
};

/** The image that runs the current iteration. */
const ownerOf = (s: State, pos: PosId, over: Exclude<ForallOver, { kind: 'array' }>, images: Value): Value => {
  if (over.kind === 'image') {
    const rest = emit(s, pos, 'rem_s', 'i64', [lowerIndex(s, over.image), images]);
    const negative = emit(s, pos, 'lt_s', 'i64', [rest, constI64(s, pos, 0)]);
    return emit(s, pos, 'select', 'i64', [negative, emit(s, pos, 'add', 'i64', [rest, images]), rest]);
  }
  const { place } = over;
  if (place.kind === 'sharedElement') return ownerOfElement(s, pos, globalArray(place.array), place.indices);
  const where = lowerPlace(s, place);
  return emit(s, pos, 'image_of', '', [where.base]);
};

const ownerOfElement = (s: State, pos: PosId, array: Global, indices: readonly Expr[]): Value => {
  const values = indices.map((e) => lowerIndex(s, e));
  checkIndices(s, pos, array, values);
  return emit(s, pos, 'shared.owner', '', values, [array.symbol]);
};

const fromI64 = (s: State, pos: PosId, local: Local, index: Value): Value =>
  convert(s, pos, { kind: 'int', bits: 64, signed: true }, local.type, index);

/** Binds the private variables of reductions; gives what combines them into the outer ones afterwards. */
export const openReductions = (
  s: State,
  pos: PosId,
  reductions: readonly Reduction[],
  across: 'image' | 'images',
): (() => void) => {
  for (const r of reductions) declare(s, pos, r.inner, [identity(s, pos, r.op, r.inner.type)], false);
  return () => {
    for (const r of reductions) {
      const type = r.inner.type;
      const own = localValue(s, pos, r.inner)[0] ?? 0;
      const all =
        across === 'image'
          ? own
          : narrow(s, pos, type, emit(s, pos, 'allreduce', collectiveSuffix(type), [own], [reduceWord(r.op, type)]));
      const before = lowerLoad(s, r.outer)[0] ?? 0;
      const total = combine(s, pos, r.op, type, before, all);
      const binding = r.outer.kind === 'local' ? s.env.get(r.outer.local) : undefined;
      if (r.outer.kind === 'local' && binding?.kind === 'values')
        s.env.set(r.outer.local, { kind: 'values', values: [total] });
      else storeValue(s, pos, r.outer.type, lowerPlace(s, r.outer), [total]);
    }
  };
};

const loopVars = (s: State, body: Block, reductions: readonly Reduction[]): readonly Local[] =>
  carried(s, [...new Set([...assignedIn(body), ...reductions.map((r) => r.inner)])]);

export const lowerForall = (s: State, f: Forall): void => {
  const pos = position(s, f.span);
  const close = openReductions(s, pos, f.reductions, 'images');
  const vars = loopVars(s, f.body, f.reductions);
  const bind = (local: Local | undefined, index: Value): void => {
    if (local) declare(s, pos, local, [fromI64(s, pos, local, index)], false);
  };
  if (f.over.kind !== 'array') {
    overRange(s, pos, f, f.over, vars, (index) => {
      bind(f.locals[0], index);
      s.lowerBlock(s, f.body);
    });
    return close();
  }
  const array = globalArray(f.over.array);
  const dimension = (k: number, localIndices: readonly Value[]): void => {
    if (k === f.locals.length) {
      s.owned.push({ array, locals: f.locals, localIndices });
      s.lowerBlock(s, f.body);
      s.owned.pop();
      return;
    }
    ownIndices(s, pos, array, k, vars, (index, local) => {
      bind(f.locals[k], index);
      dimension(k + 1, [...localIndices, local]);
    });
  };
  dimension(0, []);
  close();
};

/** `foreach`: one image's iterations, in any order. */
export const lowerForeach = (s: State, f: Extract<Stmt, { kind: 'foreach' }>): void => {
  const pos = position(s, f.span);
  const close = openReductions(s, pos, f.reductions, 'image');
  const vars = loopVars(s, f.body, f.reductions);
  const body = (index: Value): void => {
    declare(s, pos, f.local, [fromI64(s, pos, f.local, index)], false);
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
const signedTripCount = (s: State, pos: PosId, range: Range, lo: Value, hi: Value, step: Value): Value => {
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
