// Loops over the indices that this image owns. Of an array that is named, the words of `dist` say what those are. Behind a
// handle they are known only at run time: then there are two versions of the loop, if its body is not large,
//
//   if (one block an image along the first dimension, the others undivided, arrays used at the same indices laid out alike)
//     for i in lo..hi { … }                       own elements are addressed directly, neighbours by a short rule
//   else
//     for each chunk of B indices { for each index in it { … } }        the general rule: all distributions
//
// of which only one is left where the function is inlined into one that names the arrays.
import type { Block, Expr, Local, Place } from '../lang/typed.ts';
import { unreachable } from '../lang/unreachable.ts';
import { distKinds } from '../vm/abi.ts';
import type { PosId, Value } from './ir.ts';
import { about, alike } from './lower-array.ts';
import { arrayOf } from './lower-expr.ts';
import { tripCount } from './lower-numbers.ts';
import { isFixed, samePath, walkBlock } from './lower-scan.ts';
import {
  type ArrayRef,
  breakIf,
  constI64,
  currentValues,
  emit,
  emitIf,
  emitLoop,
  finish,
  type Owned,
  position,
  type State,
} from './lower-state.ts';

/** Calls `body` in a loop for lo, lo + 1, … hi - 1; variables in `vars` are carried. */
export const countedLoop = (
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

export const minimum = (s: State, pos: PosId, a: Value, b: Value): Value =>
  emit(s, pos, 'select', 'i64', [emit(s, pos, 'lt_s', 'i64', [a, b]), a, b]);
export const maximum = (s: State, pos: PosId, a: Value, b: Value): Value =>
  emit(s, pos, 'select', 'i64', [emit(s, pos, 'gt_s', 'i64', [a, b]), a, b]);

/** Loops over own indices; `body` gets those of all dimensions, and the local ones. */
type Body = (indices: readonly Value[], localIndices: readonly Value[]) => void;

// ---- arrays that are named --------------------------------------------------------------------------------------

/** Loops over the own indices of dimension `k`; `body` gets the index and the local index. */
const ownIndices = (
  s: State,
  pos: PosId,
  array: ArrayRef,
  k: number,
  vars: readonly Local[],
  body: (index: Value, local: Value) => void,
): void => {
  const kind = array.kind === 'global' ? (array.global.dist?.[k]?.kind ?? 'block') : k === 0 ? 'block' : 'star';
  switch (kind) {
    case 'star':
    case 'block':
    case 'on': {
      const lo = about(s, pos, array, 'lo', k);
      const hi = about(s, pos, array, 'hi', k);
      return countedLoop(s, pos, lo, hi, vars, (i) =>
        body(i, kind === 'block' ? emit(s, pos, 'sub', 'i64', [i, lo]) : i),
      );
    }
    case 'cyclic': {
      const images = about(s, pos, array, 'images', k);
      const first = about(s, pos, array, 'coordinate', k);
      const count = tripCount(s, pos, first, about(s, pos, array, 'extent', k), images);
      return countedLoop(s, pos, constI64(s, pos, 0), count, vars, (local) =>
        body(emit(s, pos, 'add', 'i64', [emit(s, pos, 'mul', 'i64', [local, images]), first]), local),
      );
    }
    case 'blocks': {
      // Chunk q of this image holds the indices from (q·P + c)·B; its local indices start at q·B.
      const block = about(s, pos, array, 'block', k);
      const extent = about(s, pos, array, 'extent', k);
      const stride = emit(s, pos, 'mul', 'i64', [about(s, pos, array, 'images', k), block]);
      const first = emit(s, pos, 'mul', 'i64', [about(s, pos, array, 'coordinate', k), block]);
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

/** Dimension by dimension, outermost first. Of a handle: one block along the first dimension, the others undivided. */
const ownLoops = (s: State, pos: PosId, array: ArrayRef, vars: readonly Local[], body: Body): void => {
  const dimension = (indices: readonly Value[], locals: readonly Value[]): void => {
    const k = indices.length;
    if (k === array.rank) return body(indices, locals);
    ownIndices(s, pos, array, k, vars, (index, local) => dimension([...indices, index], [...locals, local]));
  };
  dimension([], []);
};

// ---- arrays behind handles --------------------------------------------------------------------------------------

interface Chunk {
  readonly start: Value;
  readonly stride: Value;
  readonly count: Value;
  /** Local index of the first. */
  readonly base: Value;
}

/**
 * The general rule. Of `block(B)` there are several chunks; `cyclic` is one chunk whose indices are P apart, anything else
 * one chunk of indices side by side. The loops over chunks are outermost, so that the inner ones are perfectly nested.
 */
const dealtLoops = (s: State, pos: PosId, array: ArrayRef, vars: readonly Local[], body: Body): void => {
  const one = constI64(s, pos, 1);
  const zero = constI64(s, pos, 0);
  const op = (name: 'add' | 'mul' | 'sub', a: Value, b: Value): Value => emit(s, pos, name, 'i64', [a, b]);
  const choose = (c: Value, a: Value, b: Value): Value => emit(s, pos, 'select', 'i64', [c, a, b]);
  const walk = (chunks: readonly Chunk[], indices: readonly Value[], locals: readonly Value[]): void => {
    const chunk = chunks[indices.length];
    if (!chunk) return body(indices, locals);
    countedLoop(s, pos, zero, chunk.count, vars, (n) => {
      const index = op('add', chunk.start, op('mul', n, chunk.stride));
      walk(chunks, [...indices, index], [...locals, op('add', chunk.base, n)]);
    });
  };
  const dimension = (chunks: readonly Chunk[]): void => {
    const k = chunks.length;
    if (k === array.rank) return walk(chunks, [], []);
    const kind = about(s, pos, array, 'kind', k);
    const isBlocks = emit(s, pos, 'eq', 'i64', [kind, constI64(s, pos, distKinds.blocks)]);
    const isCyclic = emit(s, pos, 'eq', 'i64', [kind, constI64(s, pos, distKinds.cyclic)]);
    const block = about(s, pos, array, 'block', k);
    const images = about(s, pos, array, 'images', k);
    const hi = about(s, pos, array, 'hi', k);
    const round = op('mul', block, images);
    const first = op('mul', about(s, pos, array, 'coordinate', k), block);
    const count = choose(isBlocks, tripCount(s, pos, first, hi, round), one);
    const stride = choose(isCyclic, images, one);
    countedLoop(s, pos, zero, count, vars, (q) => {
      const dealt = op('add', op('mul', q, round), first);
      const start = choose(isBlocks, dealt, about(s, pos, array, 'lo', k));
      const end = choose(isBlocks, minimum(s, pos, op('add', dealt, block), hi), hi);
      const base = choose(isBlocks, op('mul', q, block), zero);
      dimension([...chunks, { start, stride, count: tripCount(s, pos, start, end, stride), base }]);
    });
  };
  dimension([]);
};

/** i32: one block an image along the first dimension, the others undivided. */
const rowsCondition = (s: State, pos: PosId, array: ArrayRef): Value => {
  // star, block and on; not cyclic and blocks
  const dealt = emit(s, pos, 'and', 'i64', [about(s, pos, array, 'kind', 0), constI64(s, pos, 2)]);
  let all = emit(s, pos, 'eqz', 'i64', [dealt]);
  for (let k = 1; k < array.rank; k++) {
    const whole = emit(s, pos, 'eq', 'i64', [about(s, pos, array, 'images', k), constI64(s, pos, 1)]);
    all = emit(s, pos, 'and', 'i32', [all, whole]);
  }
  return all;
};

const holder = (s: State, pos: PosId, a: ArrayRef): Value =>
  a.kind === 'global'
    ? emit(s, pos, 'shared.holder', '', [], [a.global.symbol])
    : emit(s, pos, 'handle.holder', '', [a.handle]);

/** i32: equal indices are on equal images and at equal local places. */
const alikeCondition = (s: State, pos: PosId, a: ArrayRef, b: ArrayRef): Value => {
  let all = emit(s, pos, 'eq', 'i64', [holder(s, pos, a), holder(s, pos, b)]);
  for (let k = 0; k < a.rank; k++) {
    for (const field of ['extent', 'block', 'images', 'coordinate'] as const) {
      const same = emit(s, pos, 'eq', 'i64', [about(s, pos, a, field, k), about(s, pos, b, field, k)]);
      all = emit(s, pos, 'and', 'i32', [all, same]);
    }
  }
  return all;
};

/** Bodies with more expressions are not copied. */
const maxBody = 400;

const isSmall = (body: Block): boolean => {
  let count = 0;
  walkBlock(body, { expr: () => void count++, stmt: () => void count++ });
  return count <= maxBody;
};

const isVariable = (e: Expr, l: Local | undefined): boolean =>
  l !== undefined && e.kind === 'load' && e.place.kind === 'local' && e.place.local === l;

/** The index is the loop's variable, or so many further. */
const isNear = (e: Expr, l: Local | undefined): boolean =>
  isVariable(e, l) ||
  (e.kind === 'arithmetic' && (e.op === '+' || e.op === '-') && isVariable(e.left, l) && e.right.kind === 'const');

/** Arrays that the body uses at or near the loop's own indices; they are worth a look whether they are laid out alike. */
const companions = (s: State, over: Expr, locals: readonly Local[], body: Block): readonly Expr[] => {
  const found: Expr[] = [];
  const place = (p: Place): void => {
    if (p.kind !== 'sharedElement' || p.indices.length !== locals.length || samePath(p.array, over)) return;
    if (!p.indices.every((e, k) => isNear(e, locals[k]))) return;
    if (isFixed(p.array, body, s.inMemory) && !found.some((e) => samePath(e, p.array))) found.push(p.array);
  };
  walkBlock(body, { place });
  return found;
};

/** The loop over what this image owns of an array. `body` lowers the loop's body once for each version of it. */
export const overOwn = (
  s: State,
  pos: PosId,
  over: Expr,
  locals: readonly Local[],
  block: Block,
  vars: readonly Local[],
  lowerBody: (indices: readonly Value[]) => void,
): void => {
  const array = arrayOf(s, over);
  const known = s.handles.length;
  const remember = (e: Expr, a: ArrayRef): void => {
    if (a.kind === 'handle') s.handles.push({ expr: e, value: a.handle });
  };
  if (isFixed(over, block, s.inMemory)) remember(over, array);
  const inside = (loops: typeof ownLoops, arrays: readonly ArrayRef[], rows: boolean) => (): readonly Value[] => {
    loops(s, pos, array, vars, (indices, localIndices) => {
      const owned: Owned = { arrays, rows, locals, localIndices };
      s.owned.push(owned);
      lowerBody(indices);
      s.owned.pop();
    });
    return [];
  };
  const small = isSmall(block);
  const others = small
    ? companions(s, over, locals, block).filter((e) => array.kind === 'handle' || e.kind !== 'handleOf')
    : [];
  const alikes = others.map((e) => {
    const a = arrayOf(s, e);
    remember(e, a);
    return a;
  });
  const differing = alikes.filter((a) => !alike(a, array));
  const general = array.kind === 'handle' ? dealtLoops : ownLoops;
  if (array.kind === 'handle' ? !small : differing.length === 0) inside(general, [array], false)();
  else {
    const conditions = [
      ...(array.kind === 'handle' ? [rowsCondition(s, pos, array)] : []),
      ...differing.map((a) => alikeCondition(s, pos, array, a)),
    ];
    const all = conditions.reduce((a, b) => emit(s, pos, 'and', 'i32', [a, b]));
    const rows =
      array.kind === 'handle' ||
      (array.global.dist ?? []).every((d, k) => (k === 0 ? d.kind === 'block' || d.kind === 'on' : d.kind === 'star'));
    emitIf(s, pos, all, vars, inside(ownLoops, [array, ...alikes], rows), inside(general, [array], false));
  }
  s.handles.length = known;
};

// ---- ranges with the affinity of an element ---------------------------------------------------------------------

/** The dimension of `a[…]` whose index is the loop's variable itself, if the others are undivided and that one is one block. */
const alignedDimension = (array: ArrayRef, indices: readonly Expr[], local: Local): number | undefined => {
  if (array.kind === 'handle') return indices[0] && isVariable(indices[0], local) ? 0 : undefined;
  let aligned: number | undefined;
  for (const [k, e] of indices.entries()) {
    const kind = array.global.dist?.[k]?.kind;
    if (kind === 'star') continue;
    if (kind !== 'block' || aligned !== undefined || !isVariable(e, local)) return undefined;
    aligned = k;
  }
  return aligned;
};

/**
 * `forall i in lo..hi on a[i]`: runs the part of the range that this image owns, or false if that is no range. `otherwise`
 * is for handles: the loop over all of it, with a test of each owner.
 */
export const overAligned = (
  s: State,
  place: Extract<Place, { kind: 'sharedElement' }>,
  local: Local,
  block: Block,
  range: { readonly lo: Value; readonly hi: Value },
  vars: readonly Local[],
  body: (index: Value) => void,
  otherwise: () => void,
): boolean => {
  const pos = position(s, place.span);
  if (!isFixed(place.array, block, s.inMemory)) return false;
  const array = arrayOf(s, place.array);
  const k = alignedDimension(array, place.indices, local);
  if (k === undefined || (array.kind === 'handle' && !isSmall(block))) return false;
  const known = s.handles.length;
  if (array.kind === 'handle') s.handles.push({ expr: place.array, value: array.handle });
  const own = (): readonly Value[] => {
    const first = about(s, pos, array, 'lo', k);
    const start = maximum(s, pos, range.lo, first);
    const end = minimum(s, pos, range.hi, about(s, pos, array, 'hi', k));
    countedLoop(s, pos, start, end, vars, (index) => {
      const at = <T>(x: T): (T | undefined)[] => place.indices.map((_, d) => (d === k ? x : undefined));
      const localIndex = emit(s, pos, 'sub', 'i64', [index, first]);
      const rows = array.kind === 'handle';
      s.owned.push({ arrays: [array], rows, locals: at(local), localIndices: at(localIndex) });
      body(index);
      s.owned.pop();
    });
    return [];
  };
  if (array.kind === 'global') own();
  else {
    emitIf(s, pos, rowsCondition(s, pos, array), vars, own, () => {
      otherwise();
      return [];
    });
  }
  s.handles.length = known;
  return true;
};
