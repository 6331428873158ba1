// Places and expressions. A value is a list of SSA components (lower-types.ts); a place is a base and a constant offset.
import type { Expr, Global, Place, SliceIndex } from '../lang/typed.ts';
import { sizeOf, type Type } from '../lang/types.ts';
import { unreachable } from '../lang/unreachable.ts';
import type { PosId, Value } from './ir.ts';
import { allocate, product } from './lower-alloc.ts';
import {
  about,
  checkHandle,
  elementAt,
  handleSymbol,
  isGranted,
  isOwnSlice,
  ownPart,
  sharedBound,
  sharedElement,
  sharedLocal,
} from './lower-array.ts';
import { lowerIntrinsic } from './lower-intrinsic.ts';
import { addressOf, copyValue, type Location, loadValue, shift, storeValue, zeroComponents } from './lower-memory.ts';
import {
  arithmetic,
  collectiveSuffix,
  compare,
  complement,
  constant,
  convert,
  narrow,
  negate,
  not,
  pointerDifference,
  reduceWord,
  toI64,
} from './lower-numbers.ts';
import { imageNumbered, lowerQuery, numberOfImage, rootNumbered } from './lower-query.ts';
import { assignedIn, assignedInExpr, isCheapAndPure, samePath } from './lower-scan.ts';
import {
  type ArrayRef,
  carried,
  constI32,
  constI64,
  effect,
  emit,
  emitIf,
  emitTyped,
  internString,
  newSlot,
  position,
  type State,
} from './lower-state.ts';
import { componentsOf, isAggregate, memTypeOf } from './lower-types.ts';

const only = (values: readonly Value[]): Value => {
  const v = values[0];
  if (v === undefined) throw new Error('internal error: a value without components');
  return v;
};

/** A value of scalar type. */
export const lowerScalar = (s: State, e: Expr): Value => only(lowerExpr(s, e));

/** An integer of any type as i64. */
export const lowerIndex = (s: State, e: Expr): Value => toI64(s, position(s, e.span), e.type, lowerScalar(s, e));

/** Calls a run-time function with one scalar result. */
export const callRuntime = (
  s: State,
  pos: PosId,
  name: string,
  args: readonly Value[],
  result: 'i32' | 'i64' | 'f64' | 'gptr',
): Value => only(emitTyped(s, pos, 'call', '', args, [name], [result]));

// ---- places -----------------------------------------------------------------------------------------------------

const plain = (base: Value, strict = false): Location => ({ base, offset: 0, strict });

/** A place of a module-level variable. */
const ofGlobal = (s: State, base: Value, g: Global): Location => ({
  ...plain(base, g.strict || (s.atomicReads && (g.storage === 'co' || g.storage === 'shared'))),
  ...(g.strict ? { fenced: true } : {}),
});

const imageNumber = (s: State, pos: PosId, e: Expr): Value => {
  const image = lowerIndex(s, e);
  return imageNumbered(s, pos, image);
};

/** The first byte of a co or var variable of this image. */
const ownBase = (s: State, pos: PosId, g: Global): Value =>
  emit(s, pos, g.type.kind === 'dynamicArray' ? 'dynamic.base' : 'global', '', [], [g.symbol]);

const globalPlace = (s: State, pos: PosId, g: Global): Location => {
  const base = ownBase(s, pos, g);
  if (g.storage !== 'shared') return ofGlobal(s, base, g);
  return ofGlobal(s, emit(s, pos, 'remote', '', [base, constI64(s, pos, 0)]), g);
};

/** The array that a handle refers to: by name if that is known. */
export const arrayOf = (s: State, e: Expr): ArrayRef => {
  if (e.type.kind !== 'handle') throw new Error('internal error: an array without a handle');
  const { rank, element } = e.type;
  if (e.kind === 'handleOf') return { kind: 'global', global: e.global, rank, element };
  const known = s.handles.findLast((h) => samePath(h.expr, e));
  if (known) return { kind: 'handle', handle: known.value, rank, element };
  const handle = lowerScalar(s, e);
  checkHandle(s, position(s, e.span), handle, rank);
  return { kind: 'handle', handle, rank, element };
};

/** The extents of an array place, outermost first, as i64. */
const extentsOf = (s: State, pos: PosId, p: Place): readonly Value[] => {
  if (p.type.kind === 'array') return p.type.extents.map((n) => constI64(s, pos, n));
  if (p.type.kind !== 'dynamicArray') throw new Error('internal error: extents of no array');
  const global = p.kind === 'global' || p.kind === 'remote' ? p.global : undefined;
  if (!global) throw new Error('internal error: an array with run-time extents that is no variable');
  return Array.from({ length: p.type.rank }, (_, k) => emit(s, pos, 'dynamic.extent', '', [], [global.symbol, k]));
};

/** An array place with its extents: what its handle is, is asked once. */
const lowerArrayPlace = (
  s: State,
  pos: PosId,
  p: Place,
): { readonly location: Location; readonly extents: readonly Value[] } => {
  if (p.kind !== 'coArray') {
    const location = lowerPlace(s, p);
    return { location, extents: extentsOf(s, pos, p) };
  }
  const handle = lowerScalar(s, p.handle);
  const rank = p.type.kind === 'dynamicArray' ? p.type.rank : 1;
  checkHandle(s, pos, handle, rank);
  const array: ArrayRef = { kind: 'handle', handle, rank, element: p.type };
  const image = p.image && imageNumber(s, pos, p.image);
  const own = ownPart(s, pos, array);
  return {
    location: plain(image === undefined ? own : emit(s, pos, 'remote', '', [own, image])),
    extents: Array.from({ length: rank }, (_, k) => about(s, pos, array, 'extent', k)),
  };
};

/**
 * A number that the scheduler knows to be an address, or what a function of its made of one: of its blocks and records, and of words of kernel pages,
 * which no program can change. Whoever has a handle from a program has asked what it is.
 */
const isSchedulers = (s: State, pointer: Expr): boolean =>
  /^runtime\.(tasks|share|checkpoint)\./.test(s.fnName) &&
  ((pointer.kind === 'cast' && pointer.operand.type.kind === 'int') || pointer.kind === 'call');

/** Where a place is. Locals that are SSA values have no place: callers handle them first. */
export const lowerPlace = (s: State, p: Place): Location => {
  const pos = position(s, p.span);
  switch (p.kind) {
    case 'local': {
      const binding = s.env.get(p.local);
      if (binding?.kind !== 'memory') throw new Error(`internal error: ${p.local.name} has no address`);
      return plain(binding.base());
    }
    case 'global':
      return globalPlace(s, pos, p.global);
    case 'remote': {
      const image = imageNumber(s, pos, p.image);
      return ofGlobal(s, emit(s, pos, 'remote', '', [ownBase(s, pos, p.global), image]), p.global);
    }
    case 'deref': {
      const pointer = lowerScalar(s, p.pointer);
      if (!isSchedulers(s, p.pointer)) effect(s, pos, 'check.null', '', [pointer]);
      return plain(pointer);
    }
    case 'pointerElement': {
      const pointer = lowerScalar(s, p.pointer);
      const index = lowerIndex(s, p.index);
      effect(s, pos, 'check.null', '', [pointer]);
      return plain(emit(s, pos, 'elem', '', [pointer, index], [sizeOf(p.type)]));
    }
    case 'field':
      return shift(lowerPlace(s, p.base), p.field.offset);
    case 'element': {
      const { location, extents } = lowerArrayPlace(s, pos, p.base);
      const fixed = p.base.type.kind === 'array' ? p.base.type.extents : undefined;
      const element =
        p.base.type.kind === 'array' || p.base.type.kind === 'dynamicArray' ? p.base.type.element : p.type;
      const indices = p.indices.map((i) => lowerIndex(s, i));
      return {
        ...location,
        base: elementAt(s, pos, location.base, indices, extents, fixed, sizeOf(element), isGranted(p.base)),
      };
    }
    case 'sliceElement': {
      const [base, ...extents] = lowerExpr(s, p.slice);
      if (base === undefined) throw new Error('internal error: a slice without a base');
      const indices = p.indices.map((i) => lowerIndex(s, i));
      const own = isOwnSlice(s, base, extents);
      return plain(elementAt(s, pos, base, indices, extents, undefined, sizeOf(p.type), own));
    }
    case 'sharedElement': {
      const array = arrayOf(s, p.array);
      const indices = p.indices.map((i) => lowerIndex(s, i));
      const element = sharedElement(s, pos, array, p.indices, indices);
      return array.kind === 'global' ? ofGlobal(s, element, array.global) : plain(element, s.atomicReads);
    }
    case 'coArray':
      return lowerArrayPlace(s, pos, p).location;
    case 'temporary':
      return plain(lowerScalar(s, p.value));
    default:
      return unreachable(p);
  }
};

/** The place as a pointer value. */
const pointerTo = (s: State, p: Place): Value => addressOf(s, position(s, p.span), lowerPlace(s, p));

/** The value held by a place. Of an aggregate: its address. */
export const lowerLoad = (s: State, p: Place): readonly Value[] => {
  if (p.kind === 'local') {
    const binding = s.env.get(p.local);
    if (binding?.kind === 'values') return binding.values;
  }
  const pos = position(s, p.span);
  if (p.kind === 'global' && (p.global.storage === 'let' || p.global.storage === 'config') && !isAggregate(p.type)) {
    const scalar = p.type.kind !== 'str' && p.type.kind !== 'slice';
    if (scalar && (p.global.storage === 'config' || !s.initialising))
      return [emit(s, pos, 'let', memTypeOf(p.type), [], [p.global.symbol])];
  }
  return loadValue(s, pos, p.type, lowerPlace(s, p));
};

// ---- expressions ------------------------------------------------------------------------------------------------

/** An aggregate value in memory that nobody else sees: a copy, unless `e` makes a fresh one anyway. */
export const lowerOwned = (s: State, e: Expr): readonly Value[] => {
  const values = lowerExpr(s, e);
  if (!isAggregate(e.type) || e.kind === 'struct' || e.kind === 'call' || e.kind === 'callValue') return values;
  const pos = position(s, e.span);
  const slot = newSlot(s, 'copy', sizeOf(e.type), 8);
  const copy = emit(s, pos, 'frame', '', [], [slot]);
  copyValue(s, pos, e.type, plain(copy), plain(only(values)));
  return [copy];
};

const lowerCall = (s: State, e: Extract<Expr, { kind: 'call' }>): readonly Value[] => {
  const pos = position(s, e.span);
  const args = e.args.flatMap((a) => lowerOwned(s, a));
  s.program.wanted.add(e.fn);
  const symbol = s.program.symbolOf(e.fn);
  if (!isAggregate(e.type)) return emitTyped(s, pos, 'call', '', args, [symbol], componentsOf(e.type));
  const slot = newSlot(s, 'result', sizeOf(e.type), 8);
  const place = emit(s, pos, 'frame', '', [], [slot]);
  emitTyped(s, pos, 'call', '', [place, ...args], [symbol], []);
  return [place];
};

/** The call of a function value. As in calls by name, an aggregate result is written to memory of the caller's. */
const lowerCallValue = (s: State, e: Extract<Expr, { kind: 'callValue' }>): readonly Value[] => {
  const pos = position(s, e.span);
  const callee = lowerScalar(s, e.callee);
  const args = e.args.flatMap((a) => lowerOwned(s, a));
  if (!isAggregate(e.type)) return emitTyped(s, pos, 'call.value', '', [callee, ...args], [], componentsOf(e.type));
  const slot = newSlot(s, 'result', sizeOf(e.type), 8);
  const place = emit(s, pos, 'frame', '', [], [slot]);
  emitTyped(s, pos, 'call.value', '', [callee, place, ...args], [], []);
  return [place];
};

const lowerLogical = (s: State, e: Extract<Expr, { kind: 'logical' }>): readonly Value[] => {
  const pos = position(s, e.span);
  const left = lowerScalar(s, e.left);
  // Without effects, both sides are evaluated: one operation, and the facts of both conditions stay visible.
  if (isCheapAndPure(e.right, s.inMemory))
    return [emit(s, pos, e.op === '&&' ? 'and' : 'or', 'i32', [left, lowerScalar(s, e.right)])];
  const right = (): readonly Value[] => [lowerScalar(s, e.right)];
  const vars = carried(s, assignedInExpr(e.right));
  return e.op === '&&'
    ? emitIf(s, pos, left, vars, right, () => [constI32(s, pos, 0)])
    : emitIf(s, pos, left, vars, () => [constI32(s, pos, 1)], right);
};

const lowerCompare = (s: State, e: Extract<Expr, { kind: 'compare' }>): Value => {
  const pos = position(s, e.span);
  const a = lowerExpr(s, e.left);
  const b = lowerExpr(s, e.right);
  if (e.left.type.kind !== 'str') return compare(s, pos, e.left.type, e.op, only(a), only(b));
  const equal = callRuntime(s, pos, 'runtime.str_equal', [...a, ...b], 'i32');
  return e.op === '==' ? equal : not(s, pos, equal);
};

const lowerArithmetic = (s: State, e: Extract<Expr, { kind: 'arithmetic' }>): Value => {
  const pos = position(s, e.span);
  const a = lowerScalar(s, e.left);
  if (e.type.kind === 'pointer' || e.type.kind === 'sharedPointer') {
    const count = lowerIndex(s, e.right);
    const signed = e.op === '-' ? emit(s, pos, 'sub', 'i64', [constI64(s, pos, 0), count]) : count;
    return emit(s, pos, 'elem', '', [a, signed], [sizeOf(e.type.target)]);
  }
  if (e.left.type.kind === 'pointer' || e.left.type.kind === 'sharedPointer')
    return pointerDifference(s, pos, e.left.type.target, a, lowerScalar(s, e.right));
  const b = lowerScalar(s, e.right);
  return arithmetic(s, pos, e.type, e.op, a, b, e.right.type, (name, args) => callRuntime(s, pos, name, args, 'f64'));
};

const lowerStruct = (s: State, e: Extract<Expr, { kind: 'struct' }>): readonly Value[] => {
  const pos = position(s, e.span);
  const slot = newSlot(s, e.type.kind === 'struct' ? e.type.struct.name : 'struct', sizeOf(e.type), 8);
  const base = emit(s, pos, 'frame', '', [], [slot]);
  for (const f of e.fields) {
    const value = lowerExpr(s, f.value);
    storeValue(s, position(s, f.value.span), f.field.type, shift(plain(base), f.field.offset), value);
  }
  return [base];
};

/** `base[indices]`: a narrower slice or text. The checker saw to it that the result is contiguous. */
const lowerSlice = (s: State, e: Extract<Expr, { kind: 'slice' }>): readonly Value[] => {
  const pos = position(s, e.span);
  const [first, ...extents] = lowerExpr(s, e.base);
  if (first === undefined) throw new Error('internal error: a slice of nothing');
  const bytes = e.base.type.kind === 'slice' ? sizeOf(e.base.type.element) : 1;
  const own = isOwnSlice(s, first, extents);
  let base = first;
  const lengths: Value[] = [];
  const advance = (k: number, index: Value): void => {
    let scaled = index;
    for (const extent of extents.slice(k + 1)) scaled = emit(s, pos, 'mul', 'i64', [scaled, extent]);
    base = emit(s, pos, 'elem', '', [base, scaled], [bytes]);
  };
  e.indices.forEach((index: SliceIndex, k) => {
    const extent = extents[k];
    if (extent === undefined) return;
    if (index.kind === 'at') {
      const at = lowerIndex(s, index.value);
      effect(s, pos, 'check.index', '', [at, extent]);
      advance(k, at);
      return;
    }
    if (!index.lo && !index.hi) {
      lengths.push(extent);
      return;
    }
    const lo = index.lo ? lowerIndex(s, index.lo) : constI64(s, pos, 0);
    const hi = index.hi ? lowerIndex(s, index.hi) : extent;
    effect(s, pos, 'check.slice', '', [lo, hi, extent]);
    advance(k, lo);
    lengths.push(emit(s, pos, 'sub', 'i64', [hi, lo]));
  });
  if (own && base !== first) s.ownSlices.set(base, lengths);
  return [base, ...lengths];
};

const lowerNew = (s: State, e: Extract<Expr, { kind: 'new' }>): readonly Value[] => {
  const pos = position(s, e.span);
  const extents = e.extents.map((x) => lowerIndex(s, x));
  return [allocate(s, pos, extents, sizeOf(e.element)), ...extents];
};

/** `new shared` and `new co`: all images together. */
const lowerNewArray = (s: State, e: Extract<Expr, { kind: 'newArray' }>): Value => {
  const pos = position(s, e.span);
  const extents = e.extents.map((x) => lowerIndex(s, x));
  const bytes = sizeOf(e.element);
  if (!e.dist) return emit(s, pos, 'handle.new_co', '', extents, [bytes]);
  const details = e.dist.map((d) =>
    d.kind === 'blocks' ? lowerIndex(s, d.size) : d.kind === 'on' ? lowerIndex(s, d.image) : constI64(s, pos, 0),
  );
  const words = e.dist.map((d) => d.kind).join('.');
  return emit(s, pos, 'handle.new', '', [...extents, ...details], [bytes, words]);
};

const atomicWords: Record<Extract<Expr, { kind: 'atomic' }>['op'], string> = {
  add: 'add',
  sub: 'sub',
  and: 'and',
  or: 'or',
  xor: 'xor',
  min: 'min',
  max: 'max',
  swap: 'xchg',
};

/** The suffix of an atomic on a type; a pointer or f32 has none. */
const atomicSuffix = (t: Type): string =>
  t.kind === 'float' ? 'f64' : t.kind === 'int' && t.bits === 64 ? 'i64' : 'i32';

const lowerAtomic = (s: State, e: Extract<Expr, { kind: 'atomic' }>): Value => {
  const pos = position(s, e.span);
  const place = pointerTo(s, e.place);
  let value = lowerScalar(s, e.value);
  const t = e.place.type;
  let word = atomicWords[e.op];
  if (t.kind === 'float' && e.op === 'sub') {
    word = 'add';
    value = emit(s, pos, 'neg', 'f64', [value]);
  } else if (t.kind === 'int' && (e.op === 'min' || e.op === 'max')) word = `${word}_${t.signed ? 's' : 'u'}`;
  return emit(s, pos, 'atomic.rmw', atomicSuffix(t), [emit(s, pos, 'addr', '', [place]), value], [word]);
};

const lowerCas = (s: State, e: Extract<Expr, { kind: 'cas' }>): Value => {
  const pos = position(s, e.span);
  const place = pointerTo(s, e.place);
  const expected = lowerScalar(s, e.expected);
  const desired = lowerScalar(s, e.desired);
  return emit(s, pos, 'atomic.cas', atomicSuffix(e.place.type), [emit(s, pos, 'addr', '', [place]), expected, desired]);
};

const lowerCollective = (s: State, e: Extract<Expr, { kind: 'collective' }>): Value => {
  const pos = position(s, e.span);
  const value = lowerScalar(s, e.value);
  const suffix = collectiveSuffix(e.type);
  const root = e.root && rootNumbered(s, pos, lowerIndex(s, e.root));
  const word = e.op ? [reduceWord(e.op, e.type)] : [];
  const args = root === undefined ? [value] : [value, root];
  return narrow(s, pos, e.type, emit(s, pos, e.name, suffix, args, word));
};

const lowerIf = (s: State, e: Extract<Expr, { kind: 'if' }>): readonly Value[] => {
  const pos = position(s, e.span);
  const condition = lowerScalar(s, e.condition);
  const vars = carried(s, [...new Set([...assignedIn(e.then), ...assignedIn(e.else)])]);
  const values = emitIf(
    s,
    pos,
    condition,
    vars,
    () => s.lowerBlock(s, e.then),
    () => s.lowerBlock(s, e.else),
  );
  if (values.length > 0 || !s.end) return values;
  // Neither branch gives a value: what uses it is not reached, but must find components.
  return componentsOf(e.type).map((c) => emitTyped(s, pos, 'null', '', [], [], [c])[0] ?? 0);
};

/** The components of a value. */
export const lowerExpr = (s: State, e: Expr): readonly Value[] => {
  const pos = position(s, e.span);
  switch (e.kind) {
    case 'const':
      return [constant(s, pos, e.type, e.value)];
    case 'string': {
      const { name, bytes } = internString(s, e.value);
      return [emit(s, pos, 'data', '', [], [name]), constI64(s, pos, bytes)];
    }
    case 'nil':
      return zeroComponents(s, pos, e.type);
    case 'load':
      return lowerLoad(s, e.place);
    case 'unary': {
      const v = lowerScalar(s, e.operand);
      return [e.op === '!' ? not(s, pos, v) : e.op === '-' ? negate(s, pos, e.type, v) : complement(s, pos, e.type, v)];
    }
    case 'arithmetic':
      return [lowerArithmetic(s, e)];
    case 'compare':
      return [lowerCompare(s, e)];
    case 'logical':
      return lowerLogical(s, e);
    case 'cast':
      // Bytes and text are laid out alike: address and length.
      if (e.type.kind === 'str') return lowerExpr(s, e.operand);
      return [convert(s, pos, e.operand.type, e.type, lowerScalar(s, e.operand))];
    case 'addressOf':
      return [pointerTo(s, e.place)];
    case 'if':
      return lowerIf(s, e);
    case 'call':
      return lowerCall(s, e);
    case 'position':
      return [emit(s, pos, 'position', '', [], [BigInt(pos)])];
    case 'callValue':
      return lowerCallValue(s, e);
    case 'function':
      s.program.wanted.add(e.fn);
      return [emit(s, pos, 'func.ref', '', [], [s.program.symbolOf(e.fn)])];
    case 'struct':
      return lowerStruct(s, e);
    case 'toSlice': {
      const { location, extents } = lowerArrayPlace(s, pos, e.place);
      return [addressOf(s, pos, location), ...extents];
    }
    case 'slice':
      return lowerSlice(s, e);
    case 'length': {
      const [, ...extents] = lowerExpr(s, e.slice);
      return [e.dim === 'all' ? product(s, pos, extents) : (extents[e.dim] ?? constI64(s, pos, 0))];
    }
    case 'sharedLength': {
      const array = arrayOf(s, e.array);
      if (e.dim !== 'all') return [about(s, pos, array, 'extent', e.dim)];
      const extents = Array.from({ length: array.rank }, (_, k) => about(s, pos, array, 'extent', k));
      return [product(s, pos, extents)];
    }
    case 'sharedLocal': {
      const array = arrayOf(s, e.array);
      return sharedLocal(s, pos, array);
    }
    case 'sharedBound':
      return [sharedBound(s, pos, arrayOf(s, e.array), e.which, e.dim)];
    case 'handleOf':
      return [emit(s, pos, 'handle.of', '', [], [handleSymbol(e.global)])];
    case 'newArray':
      return [lowerNewArray(s, e)];
    case 'imageOf':
      return [numberOfImage(s, pos, emit(s, pos, 'image_of', '', [lowerScalar(s, e.pointer)]))];
    case 'localOf': {
      const p = lowerScalar(s, e.pointer);
      effect(s, pos, 'check.local', '', [p]);
      return [p];
    }
    case 'query':
      return [lowerQuery(s, pos, e.what)];
    case 'atomic':
      return [lowerAtomic(s, e)];
    case 'cas':
      return [lowerCas(s, e)];
    case 'atomicLoad':
      return loadValue(s, pos, e.type, { ...lowerPlace(s, e.place), strict: true });
    case 'collective':
      return [lowerCollective(s, e)];
    case 'new':
      return lowerNew(s, e);
    case 'newSharedLocal':
      return [allocate(s, pos, [lowerIndex(s, e.extent)], sizeOf(e.element), 'alloc.shared')];
    case 'intrinsic':
      return lowerIntrinsic(
        s,
        e,
        e.args.map((x) => lowerExpr(s, x)),
      );
    default:
      return unreachable(e);
  }
};
