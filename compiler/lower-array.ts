// Elements of distributed arrays, and what is asked about one: its own part, extents, bounds. An array is named, or reached
// through a handle; then its distribution is known only at run time, but a loop may have found something out about it.
import type { Expr, Global, Local, Place } from '../lang/typed.ts';
import { sizeOf } from '../lang/types.ts';
import { descriptorBytes, distKinds } from '../vm/abi.ts';
import type { PosId, Value } from './ir.ts';
import type { ArrayField } from './ir-arrays.ts';
import { sameConstant } from './lower-scan.ts';
import {
  type ArrayRef,
  append,
  constI64,
  effect,
  emit,
  emitPlace,
  finish,
  freshLabel,
  nested,
  type State,
} from './lower-state.ts';

/** The descriptor that handles of a module-level array refer to. */
export const handleSymbol = (g: Global): string => (g.type.kind === 'array' ? `${g.symbol}.handle` : g.symbol);

/** A field of the array's descriptor. */
export const about = (s: State, pos: PosId, a: ArrayRef, field: ArrayField, k: number): Value =>
  a.kind === 'global'
    ? emit(s, pos, `shared.${field}`, '', [], [a.global.symbol, k])
    : emit(s, pos, `handle.${field}`, '', [a.handle], [k]);

/** True when the two arrays are spread in the same way, so that equal indices mean equal images and local places. */
const sameLayout = (a: Global, b: Global): boolean => {
  if (a === b) return true;
  const da = a.dist ?? [];
  const db = b.dist ?? [];
  const ea = a.extents ?? [];
  const eb = b.extents ?? [];
  if (da.length !== db.length || ea.length !== eb.length) return false;
  const sameDist = da.every((x, k) => {
    const y = db[k];
    if (!y || x.kind !== y.kind) return false;
    if (x.kind === 'blocks' && y.kind === 'blocks') return sameConstant(x.size, y.size);
    if (x.kind === 'on' && y.kind === 'on') return sameConstant(x.image, y.image);
    return true;
  });
  return sameDist && ea.every((x, k) => eb[k] !== undefined && sameConstant(x, eb[k]));
};

/** True when the two are certainly the same array, or laid out alike. */
export const alike = (a: ArrayRef, b: ArrayRef): boolean => {
  if (a.kind === 'handle' || b.kind === 'handle')
    return a.kind === 'handle' && b.kind === 'handle' && a.handle === b.handle;
  return sameLayout(a.global, b.global);
};

/** The index is this variable itself. A variable in memory may have been changed through a pointer. */
const isLocal = (s: State, e: Expr, l: Local | undefined): boolean =>
  l !== undefined && !s.inMemory.has(l) && e.kind === 'load' && e.place.kind === 'local' && e.place.local === l;

/** The place is in an object that this image may certainly access, if its indices are checked: a variable, an element of a named array. */
export const isGranted = (p: Place): boolean => {
  switch (p.kind) {
    case 'local':
    case 'global':
    case 'remote':
      return true;
    case 'field':
    case 'element':
      return isGranted(p.base);
    case 'sharedElement':
      return p.array.kind === 'handleOf';
    default:
      return false;
  }
};

/** The element with checked indices of a row-major array at `base`, an `elem` a dimension so that each can be hoisted alone. */
export const elementAt = (
  s: State,
  pos: PosId,
  base: Value,
  indices: readonly Value[],
  extents: readonly Value[],
  fixed: readonly number[] | undefined,
  bytes: number,
  granted: boolean,
): Value => {
  let place = base;
  indices.forEach((index, k) => {
    effect(s, pos, 'check.index', '', [index, extents[k] ?? index]);
    const inner = fixed?.slice(k + 1).reduce((n, x) => n * x, 1);
    if (inner !== undefined) {
      place = emitPlace(s, pos, 'elem', [place, index], [inner * bytes], granted ? inner * bytes : undefined);
      return;
    }
    let scaled = index;
    for (const extent of extents.slice(k + 1)) scaled = emit(s, pos, 'mul', 'i64', [scaled, extent]);
    const last = k === indices.length - 1;
    place = emitPlace(s, pos, 'elem', [place, scaled], [bytes], granted && last ? bytes : undefined);
  });
  return place;
};

/** A handle is about to be used: the program may have put anything into it. */
export const checkHandle = (s: State, pos: PosId, handle: Value, rank: number): void => {
  effect(s, pos, 'check.handle', '', [handle]);
  effect(s, pos, 'touch.read', '', [handle, constI64(s, pos, descriptorBytes(rank))]);
};

/** The own part of an array. */
export const ownPart = (s: State, pos: PosId, a: ArrayRef): Value => {
  if (a.kind === 'global')
    return emit(s, pos, a.global.swapped ? 'shared.part_now' : 'shared.part', '', [], [a.global.symbol]);
  return emit(s, pos, s.program.swaps ? 'handle.part_now' : 'handle.part', '', [a.handle]);
};

/** A loop promises that the array has one block an image along its first dimension, and that the others are undivided. */
const isRows = (s: State, a: ArrayRef): boolean => s.owned.some((o) => o.rows && o.arrays.some((x) => alike(x, a)));

/** Every index of the dimension is a local index too. */
const isUndivided = (s: State, a: ArrayRef, k: number): boolean =>
  a.kind === 'global' ? a.global.dist?.[k]?.kind === 'star' : k > 0 && isRows(s, a);

/**
 * An element of a shared array. Inside a forall over an array of the same layout, an index that is the loop's own variable
 * (and any index of an undivided dimension) is a local index already: then the element is in the own part, no owner is asked.
 */
export const sharedElement = (
  s: State,
  pos: PosId,
  array: ArrayRef,
  indices: readonly Expr[],
  values: readonly Value[],
): Value => {
  const owned = s.owned.findLast((o) => o.arrays.some((x) => alike(x, array)));
  const local: (Value | undefined)[] = [];
  values.forEach((index, k) => {
    const e = indices[k];
    if (owned && e && isLocal(s, e, owned.locals[k])) {
      local.push(owned.localIndices[k]);
      return;
    }
    effect(s, pos, 'check.index', '', [index, about(s, pos, array, 'extent', k)]);
    local.push(owned && isUndivided(s, array, k) ? index : undefined);
  });
  const part = ownPart(s, pos, array);
  const bytes = sizeOf(array.element);
  if (local.some((l) => l === undefined)) {
    if (array.kind === 'global') return emit(s, pos, 'shared.elem', '', [part, ...values], [array.global.symbol]);
    const word = isRows(s, array) ? 'rows' : 'any';
    return emit(s, pos, 'handle.elem', '', [array.handle, part, ...values], [bytes, word]);
  }
  let place = part;
  local.forEach((index, k) => {
    let scaled = index ?? 0;
    for (let d = k + 1; d < local.length; d++)
      scaled = emit(s, pos, 'mul', 'i64', [scaled, about(s, pos, array, 'local_extent', d)]);
    const granted = array.kind === 'global' && k === local.length - 1 ? bytes : undefined;
    place = emitPlace(s, pos, 'elem', [place, scaled], [bytes], granted);
  });
  return place;
};

/** The image that owns an element, after a check of its indices. */
export const ownerOf = (s: State, pos: PosId, array: ArrayRef, values: readonly Value[]): Value => {
  values.forEach((index, k) => {
    effect(s, pos, 'check.index', '', [index, about(s, pos, array, 'extent', k)]);
  });
  if (array.kind === 'global') return emit(s, pos, 'shared.owner', '', values, [array.global.symbol]);
  return emit(s, pos, 'handle.owner', '', [array.handle, ...values], [isRows(s, array) ? 'rows' : 'any']);
};

/** `a.local`. */
export const sharedLocal = (s: State, pos: PosId, array: ArrayRef): readonly Value[] => {
  const part = ownPart(s, pos, array);
  const length = sharedLocalLength(s, pos, array);
  if (array.kind === 'global' && !array.global.swapped) s.ownSlices.set(part, [length]);
  return [part, length];
};

/** All of a slice is in the own part of a named array: it is that part, or was cut from it by ends that were checked. */
export const isOwnSlice = (s: State, base: Value, extents: readonly Value[]): boolean => {
  const known = s.ownSlices.get(base);
  return known?.length === extents.length && extents.every((x, k) => x === known[k]);
};

/** How many indices of dimension `k` this image owns: whole rounds of B·P give B each, the rest up to B. */
const ownCount = (s: State, pos: PosId, array: ArrayRef, k: number): Value => {
  const kind = array.kind === 'global' ? array.global.dist?.[k]?.kind : 'blocks';
  if (kind !== 'cyclic' && kind !== 'blocks')
    return emit(s, pos, 'sub', 'i64', [about(s, pos, array, 'hi', k), about(s, pos, array, 'lo', k)]);
  const extent = about(s, pos, array, 'extent', k);
  const block = about(s, pos, array, 'block', k);
  const coordinate = about(s, pos, array, 'coordinate', k);
  const round = emit(s, pos, 'mul', 'i64', [block, about(s, pos, array, 'images', k)]);
  const whole = emit(s, pos, 'mul', 'i64', [emit(s, pos, 'div_s', 'i64', [extent, round]), block]);
  const rest = emit(s, pos, 'sub', 'i64', [
    emit(s, pos, 'rem_s', 'i64', [extent, round]),
    emit(s, pos, 'mul', 'i64', [coordinate, block]),
  ]);
  const zero = constI64(s, pos, 0);
  const capped = emit(s, pos, 'select', 'i64', [emit(s, pos, 'lt_s', 'i64', [rest, block]), rest, block]);
  const count = emit(s, pos, 'add', 'i64', [
    whole,
    emit(s, pos, 'select', 'i64', [emit(s, pos, 'gt_s', 'i64', [capped, zero]), capped, zero]),
  ]);
  if (array.kind === 'global') return count;
  // All of it may be `on` another image.
  return emit(s, pos, 'select', 'i64', [emit(s, pos, 'lt_s', 'i64', [coordinate, zero]), zero, count]);
};

/** Elements in `a.local`: own indices of the first dimension times the local extents of the others. */
const sharedLocalLength = (s: State, pos: PosId, array: ArrayRef): Value => {
  let count = ownCount(s, pos, array, 0);
  for (let k = 1; k < array.rank; k++)
    count = emit(s, pos, 'mul', 'i64', [count, about(s, pos, array, 'local_extent', k)]);
  return count;
};

const isKind = (s: State, pos: PosId, kind: Value, which: keyof typeof distKinds): Value =>
  emit(s, pos, 'eq', 'i64', [kind, constI64(s, pos, distKinds[which])]);

/** `a.lo(k)` or `a.hi(k)`. Through a handle the dimension may turn out to have no one block on an image: a fault. */
export const sharedBound = (s: State, pos: PosId, array: ArrayRef, which: 'lo' | 'hi', k: number): Value => {
  if (array.kind === 'handle') {
    const kind = about(s, pos, array, 'kind', k);
    const condition = emit(s, pos, 'or', 'i32', [isKind(s, pos, kind, 'cyclic'), isKind(s, pos, kind, 'blocks')]);
    const label = freshLabel(s, 'i');
    const then = nested(s, pos, () =>
      finish(s, {
        kind: 'fault',
        fault: 'blocks',
        args: [constI64(s, pos, k), about(s, pos, array, 'block', k)],
        pos,
      }),
    );
    const otherwise = nested(s, pos, () => finish(s, { kind: 'break', label, args: [], pos }));
    append(s, { kind: 'if', label, condition, results: [], then, else: otherwise, pos });
  }
  return about(s, pos, array, which, k);
};
