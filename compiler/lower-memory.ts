// Reading, writing, copying and zeroing values of any type at a place.
import { sizeOf, type Type } from '../lang/types.ts';
import type { MemType, PosId, Value } from './ir.ts';
import { isTold } from './ir-track.ts';
import { constI32, effect, emit, newSlot, type State } from './lower-state.ts';
import { componentsOf, headerLeaves, isAggregate, leavesOf, memTypeOf } from './lower-types.ts';
import { runsOf, runsText } from './pointer-runs.ts';

/** A place in memory: `offset` bytes after `base`. */
export interface Location {
  readonly base: Value;
  readonly offset: number;
  /** Accesses are sequentially consistent: `strict` variables, atomics, and the condition of a wait_until. */
  readonly strict: boolean;
  /**
   * Accesses are fences besides, for the relaxed ones before and after them: `strict` variables, as in UPC. An atomic op of
   * the machine alone is none: a relaxed write may still wait in a store buffer while it, and a relaxed read after it, run.
   */
  readonly fenced?: boolean;
}

/** Values of at most so many scalars are copied scalar by scalar, so that they can live in SSA values. */
const maxLeaves = 8;

export const shift = (l: Location, bytes: number): Location => ({ ...l, offset: l.offset + bytes });

/** The place as one gptr. */
export const addressOf = (s: State, pos: PosId, l: Location): Value =>
  l.offset === 0 ? l.base : emit(s, pos, 'offset', '', [l.base, constI32(s, pos, l.offset)]);

/** The integer type that a strict access of a memory type goes through. */
const atomicType: Record<MemType, 'u8' | 'u16' | 'i32' | 'i64'> = {
  i8: 'u8',
  u8: 'u8',
  i16: 'u16',
  u16: 'u16',
  i32: 'i32',
  f32: 'i32',
  ptr32: 'i32',
  i64: 'i64',
  f64: 'i64',
  ptr64: 'i64',
};

const loadScalar = (s: State, pos: PosId, l: Location, mem: MemType): Value => {
  if (!l.strict) {
    const p = emit(s, pos, 'addr', '', [l.base]);
    return emit(s, pos, 'load', mem, [p], [l.offset]);
  }
  if (l.fenced) effect(s, pos, 'fence', '', []);
  const p = emit(s, pos, 'addr', '', [addressOf(s, pos, l)]);
  const bits = emit(s, pos, 'atomic.load', atomicType[mem], [p]);
  switch (mem) {
    case 'i8':
      return emit(s, pos, 'extend8_s', 'i32', [bits]);
    case 'i16':
      return emit(s, pos, 'extend16_s', 'i32', [bits]);
    case 'f32':
      return emit(s, pos, 'reinterpret', 'f32.i32', [bits]);
    case 'f64':
      return emit(s, pos, 'reinterpret', 'f64.i64', [bits]);
    case 'ptr32':
      return emit(s, pos, 'gptr.of', '', [bits]);
    case 'ptr64':
      return emit(s, pos, 'gptr.of', '', [emit(s, pos, 'wrap', '', [bits])]);
    default:
      return bits;
  }
};

const tells = (s: State): boolean => s.program.escapes && isTold(s.fnName);

/** Tells that values of type `t`, `bytes` bytes in all, were copied to `to`. */
export const tellCopy = (s: State, pos: PosId, t: Type, to: Value, bytes: Value): void => {
  const runs = tells(s) ? runsOf(t) : [];
  if (runs.length > 0) effect(s, pos, 'track.run', '', [to, bytes], [runsText(sizeOf(t), runs)]);
};

const storeScalar = (s: State, pos: PosId, l: Location, mem: MemType, value: Value): void => {
  if (!l.strict) {
    const p = emit(s, pos, 'addr', '', [l.base]);
    return effect(s, pos, 'store', mem, [p, value], [l.offset]);
  }
  const bits = (): Value => {
    switch (mem) {
      case 'f32':
        return emit(s, pos, 'reinterpret', 'i32.f32', [value]);
      case 'f64':
        return emit(s, pos, 'reinterpret', 'i64.f64', [value]);
      case 'ptr32':
        return emit(s, pos, 'gptr.bits', '', [value]);
      case 'ptr64':
        return emit(s, pos, 'extend_u', '', [emit(s, pos, 'gptr.bits', '', [value])]);
      default:
        return value;
    }
  };
  const stored = bits();
  const p = emit(s, pos, 'addr', '', [addressOf(s, pos, l)]);
  effect(s, pos, 'atomic.store', atomicType[mem], [p, stored]);
  if (tells(s) && (mem === 'ptr32' || mem === 'ptr64')) effect(s, pos, 'track.escape', '', [p], [0]);
  if (l.fenced) effect(s, pos, 'fence', '', []);
};

/** The components of the value of type `t` at `l`. Of an aggregate: where it is, not a copy, unless it is strict. */
export const loadValue = (s: State, pos: PosId, t: Type, l: Location): readonly Value[] => {
  if (t.kind === 'void') return [];
  if (isAggregate(t)) {
    if (!l.strict) return [addressOf(s, pos, l)];
    const slot = newSlot(s, 'strict', sizeOf(t), 8);
    const copy = { base: emit(s, pos, 'frame', '', [], [slot]), offset: 0, strict: false };
    copyValue(s, pos, t, copy, l);
    return [copy.base];
  }
  if (t.kind === 'str' || t.kind === 'slice')
    return headerLeaves(t).map((leaf) => loadScalar(s, pos, shift(l, leaf.offset), leaf.mem));
  const value = loadScalar(s, pos, l, memTypeOf(t));
  // It may have been another image that put the handle there: it named its own descriptor.
  return [t.kind === 'handle' ? emit(s, pos, 'own', '', [value]) : value];
};

/** Writes the components of a value of type `t` to `l`. An aggregate is copied from its address. */
export const storeValue = (s: State, pos: PosId, t: Type, l: Location, value: readonly Value[]): void => {
  if (t.kind === 'void') return;
  if (isAggregate(t)) {
    const from = value[0];
    if (from !== undefined) copyValue(s, pos, t, l, { base: from, offset: 0, strict: false });
    return;
  }
  const leaves = t.kind === 'str' || t.kind === 'slice' ? headerLeaves(t) : [{ offset: 0, mem: memTypeOf(t) }];
  leaves.forEach((leaf, i) => {
    const v = value[i];
    if (v !== undefined) storeScalar(s, pos, shift(l, leaf.offset), leaf.mem, v);
  });
};

/** Copies a value between places that are the same or do not overlap. */
export const copyValue = (s: State, pos: PosId, t: Type, to: Location, from: Location): void => {
  // A strict aggregate is no atom, as in UPC: it is ordered as a whole, not indivisible.
  const strict = to.strict || from.strict;
  if (strict) effect(s, pos, 'fence', '', []);
  copyBytes(s, pos, t, { ...to, fenced: false }, { ...from, fenced: false });
  if (strict) effect(s, pos, 'fence', '', []);
};

const copyBytes = (s: State, pos: PosId, t: Type, to: Location, from: Location): void => {
  const leaves = leavesOf(t, maxLeaves);
  if (leaves) {
    const values = leaves.map((leaf) => loadScalar(s, pos, shift(from, leaf.offset), leaf.mem));
    leaves.forEach((leaf, i) => {
      const v = values[i];
      if (v !== undefined) storeScalar(s, pos, shift(to, leaf.offset), leaf.mem, v);
    });
    return;
  }
  const a = addressOf(s, pos, to);
  const b = addressOf(s, pos, from);
  const bytes = constI32(s, pos, sizeOf(t));
  const toPtr = emit(s, pos, 'addr', '', [a]);
  const fromPtr = emit(s, pos, 'addr', '', [b]);
  effect(s, pos, 'copy', '', [toPtr, fromPtr, bytes]);
  tellCopy(s, pos, t, toPtr, bytes);
};

/** The all-zero value of a scalar, slice or text. */
export const zeroComponents = (s: State, pos: PosId, t: Type): readonly Value[] => {
  if (t.kind === 'handle') return [emit(s, pos, 'own', '', [emit(s, pos, 'null', '', [])])];
  return componentsOf(t).map((c) => {
    switch (c) {
      case 'i32':
      case 'i64':
        return emit(s, pos, 'const', c, [], [0n]);
      case 'f32':
      case 'f64':
        return emit(s, pos, 'fconst', c, [], [0n]);
      default:
        return emit(s, pos, 'null', '', []);
    }
  });
};

/** Makes the value at `l` all zeros. */
export const zeroValue = (s: State, pos: PosId, t: Type, l: Location): void => {
  if (!isAggregate(t)) return storeValue(s, pos, t, l, zeroComponents(s, pos, t));
  const leaves = leavesOf(t, maxLeaves);
  if (leaves) {
    for (const leaf of leaves) {
      const zero = ((): Value => {
        switch (leaf.mem) {
          case 'i64':
            return emit(s, pos, 'const', 'i64', [], [0n]);
          case 'f32':
          case 'f64':
            return emit(s, pos, 'fconst', leaf.mem, [], [0n]);
          case 'ptr32':
          case 'ptr64':
            return emit(s, pos, 'null', '', []);
          default:
            return emit(s, pos, 'const', 'i32', [], [0n]);
        }
      })();
      storeScalar(s, pos, shift(l, leaf.offset), leaf.mem, zero);
    }
    return;
  }
  const a = addressOf(s, pos, l);
  const bytes = constI32(s, pos, sizeOf(t));
  const zero = constI32(s, pos, 0);
  const p = emit(s, pos, 'addr', '', [a]);
  effect(s, pos, 'fill', '', [p, zero, bytes]);
};
