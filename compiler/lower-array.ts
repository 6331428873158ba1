// Elements of distributed arrays, and what is asked about one: its own part, extents, bounds.
import type { Expr, Global, Local } from '../lang/typed.ts';
import { sizeOf } from '../lang/types.ts';
import type { PosId, Value } from './ir.ts';
import { sameConstant } from './lower-scan.ts';
import { constI64, effect, emit, type State } from './lower-state.ts';

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

/** The index is this variable itself. A variable in memory may have been changed through a pointer. */
const isLocal = (s: State, e: Expr, l: Local | undefined): boolean =>
  l !== undefined && !s.inMemory.has(l) && e.kind === 'load' && e.place.kind === 'local' && e.place.local === l;

/** The module-level array that a handle refers to. */
export const globalArray = (e: Expr): Global => {
  if (e.kind !== 'handleOf') throw new Error('internal error: handles are not lowered yet');
  return e.global;
};

/** The own part of a shared array. */
export const sharedPart = (s: State, pos: PosId, array: Global): Value =>
  emit(s, pos, array.swapped ? 'shared.part_now' : 'shared.part', '', [], [array.symbol]);

/**
 * An element of a shared array. Inside a forall over an array of the same layout, an index that is the loop's own variable
 * (and any index of an undivided dimension) is a local index already: then the element is in the own part, no owner is asked.
 */
export const sharedElement = (
  s: State,
  pos: PosId,
  array: Global,
  indices: readonly Expr[],
  values: readonly Value[],
): Value => {
  const element = array.type.kind === 'sharedArray' ? array.type.element : undefined;
  if (!element) throw new Error('internal error: an element of no shared array');
  const owned = s.owned.findLast((o) => sameLayout(o.array, array));
  const local: (Value | undefined)[] = [];
  values.forEach((index, k) => {
    const e = indices[k];
    if (owned && e && isLocal(s, e, owned.locals[k])) {
      local.push(owned.localIndices[k]);
      return;
    }
    effect(s, pos, 'check.index', '', [index, emit(s, pos, 'shared.extent', '', [], [array.symbol, k])]);
    local.push(owned && array.dist?.[k]?.kind === 'star' ? index : undefined);
  });
  const part = sharedPart(s, pos, array);
  if (local.some((l) => l === undefined)) return emit(s, pos, 'shared.elem', '', [part, ...values], [array.symbol]);
  let place = part;
  local.forEach((index, k) => {
    let scaled = index ?? 0;
    for (let d = k + 1; d < local.length; d++)
      scaled = emit(s, pos, 'mul', 'i64', [scaled, emit(s, pos, 'shared.local_extent', '', [], [array.symbol, d])]);
    place = emit(s, pos, 'elem', '', [place, scaled], [sizeOf(element)]);
  });
  return place;
};

/** Checks the indices of a shared array, for an owner test. */
export const checkIndices = (s: State, pos: PosId, array: Global, values: readonly Value[]): void =>
  values.forEach((index, k) => {
    effect(s, pos, 'check.index', '', [index, emit(s, pos, 'shared.extent', '', [], [array.symbol, k])]);
  });

/** How many indices of dimension `k` this image owns: whole rounds of B·P give B each, the rest up to B. */
const ownCount = (s: State, pos: PosId, array: Global, k: number): Value => {
  const about = (
    op: 'shared.lo' | 'shared.hi' | 'shared.extent' | 'shared.block' | 'shared.images' | 'shared.coordinate',
  ): Value => emit(s, pos, op, '', [], [array.symbol, k]);
  const kind = array.dist?.[k]?.kind;
  if (kind !== 'cyclic' && kind !== 'blocks')
    return emit(s, pos, 'sub', 'i64', [about('shared.hi'), about('shared.lo')]);
  const extent = about('shared.extent');
  const block = about('shared.block');
  const round = emit(s, pos, 'mul', 'i64', [block, about('shared.images')]);
  const whole = emit(s, pos, 'mul', 'i64', [emit(s, pos, 'div_s', 'i64', [extent, round]), block]);
  const rest = emit(s, pos, 'sub', 'i64', [
    emit(s, pos, 'rem_s', 'i64', [extent, round]),
    emit(s, pos, 'mul', 'i64', [about('shared.coordinate'), block]),
  ]);
  const zero = constI64(s, pos, 0);
  const capped = emit(s, pos, 'select', 'i64', [emit(s, pos, 'lt_s', 'i64', [rest, block]), rest, block]);
  return emit(s, pos, 'add', 'i64', [
    whole,
    emit(s, pos, 'select', 'i64', [emit(s, pos, 'gt_s', 'i64', [capped, zero]), capped, zero]),
  ]);
};

/** Elements in `a.local`: own indices of the first dimension times the local extents of the others. */
export const sharedLocalLength = (s: State, pos: PosId, array: Global): Value => {
  let count = ownCount(s, pos, array, 0);
  for (let k = 1; k < (array.dist?.length ?? 1); k++)
    count = emit(s, pos, 'mul', 'i64', [count, emit(s, pos, 'shared.local_extent', '', [], [array.symbol, k])]);
  return count;
};
