// Guards as wasm, all of them in line: does the address lie in the own heap or stack? A subtraction and a comparison. If not: in the
// symmetric part of some image, whose kernel page says where that ends, or in the own variables? For reading, in data of the
// program? If not, the run-time ends the run. There is no call that comes back: values that live across one would be kept in memory,
// also on the way that is taken.
import {
  dataBase,
  type guardCounters,
  guardMost,
  guardSlack,
  imports,
  page,
  privateBase,
  unmappedBytes,
} from '../vm/abi.ts';
import { type Emit, type ExpressionRef, type OpContext, slotOf } from './emit-context.ts';
import { numberImm } from './ir-types.ts';
import { guardRuntime } from './runtime-functions.ts';

type Counter = (typeof guardCounters)[number];

const counted = (c: OpContext, counter: Counter, e: ExpressionRef, result: 'none' | 'i32' = 'none'): ExpressionRef => {
  if (!c.counts) return e;
  const { m, b } = c;
  const raise = m.global.set(counter, m.i64.add(m.global.get(counter, b.i64), m.i64.const(1n)));
  return m.block(null, [raise, e], b[result]);
};

/** For guards of so many bytes there is a global with how far from the heap's begin they may begin. */
const spans: readonly number[] = [1, 2, 4, 8, guardSlack];
const spanName = (bytes: number): string => `guard_span_${bytes}`;

/** Globals of the module: where the own heap begins, how long it and the stack are, what is left of an address for its slot's, and the last slot's. */
export const boundGlobals: readonly string[] = ['guard_low', ...spans.map(spanName), 'guard_mask', 'guard_last'];

type Frame = Pick<OpContext, 'm' | 'b'> & Partial<Pick<OpContext, 'adopts'>>;
const globalOf = ({ m, b }: Pick<Frame, 'm' | 'b'>, name: string): ExpressionRef => m.global.get(name, b.i32);

/** Where the stack ends, behind the heap. */
const heapEnd = (c: Frame): ExpressionRef => c.m.i32.add(slotOf(c), c.m.i32.load(page.stackTop, 4, slotOf(c)));

/** Reads them from the kernel page: when the heap grows or shrinks. */
export const readBounds = (c: Frame): ExpressionRef => {
  const { m } = c;
  const word = (offset: number): ExpressionRef => m.i32.load(offset, 4, slotOf(c));
  // Where another worker may move the heap's begin just now, one word says all.
  const whole = (n: number): ExpressionRef =>
    m.i32.add(m.i32.sub(heapEnd(c), globalOf(c, 'guard_low')), m.i32.const(1 - n));
  const longer = (n: number): ExpressionRef =>
    c.adopts ? whole(n) : m.i32.add(word(page.guardSpan), m.i32.const(guardSlack - n));
  return m.block(null, [
    m.global.set('guard_low', word(page.guardLow)),
    ...spans.map((n) => m.global.set(spanName(n), longer(n))),
  ]);
};

/** All of them, at the beginning. */
export const firstBounds = (c: Frame): ExpressionRef => {
  const { m, b } = c;
  const bits = (): ExpressionRef => m.global.get(imports.slotBits, b.i32);
  return m.block(null, [
    m.global.set('guard_mask', m.i32.shl(m.i32.const(-1), bits())),
    m.global.set('guard_last', m.i32.shl(m.global.get(imports.images, b.i32), bits())),
    readBounds(c),
  ]);
};

/** A place to test; it is computed once. */
interface Place {
  readonly first: ExpressionRef;
  readonly again: () => ExpressionRef;
}

const placeOf = (c: OpContext): Place => {
  const { m, b } = c;
  const offset = c.inst.imms.length > 0 ? numberImm(c.inst.imms, 0) : 0;
  const place = c.temp('i32');
  const at = offset === 0 ? c.arg(0) : m.i32.add(c.arg(0), m.i32.const(offset));
  return { first: m.local.tee(place, at, b.i32), again: () => m.local.get(place, b.i32) };
};

/** Whether so many bytes lie in the own heap or stack. */
const isOwn = (c: OpContext, place: ExpressionRef, bytes: number): ExpressionRef =>
  c.m.i32.lt_u(c.m.i32.sub(place, globalOf(c, 'guard_low')), spanOf(c, bytes));

const spanOf = (c: OpContext, bytes: number): ExpressionRef =>
  spans.includes(bytes)
    ? globalOf(c, spanName(bytes))
    : c.m.i32.add(globalOf(c, spanName(guardSlack)), c.m.i32.const(guardSlack - bytes));

/** Symmetric memory of a slot, and of the own one what comes before it too. */
interface Below {
  /** There is no such slot. */
  readonly beyond: ExpressionRef;
  /** Offset in the slot. */
  readonly offset: () => ExpressionRef;
  /** What may be accessed begins and ends there. */
  readonly from: () => ExpressionRef;
  readonly top: () => ExpressionRef;
}

const belowHeap = (c: OpContext, place: () => ExpressionRef, write: boolean): Below => {
  const { m, b } = c;
  const slot = c.temp('i32');
  const start = (): ExpressionRef => m.local.get(slot, b.i32);
  const own = (): ExpressionRef => (write ? m.i32.load(page.writable, 4, slotOf(c)) : m.i32.const(privateBase));
  return {
    beyond: m.i32.gt_u(
      m.local.tee(slot, m.i32.and(place(), globalOf(c, 'guard_mask')), b.i32),
      globalOf(c, 'guard_last'),
    ),
    offset: () => m.i32.sub(place(), start()),
    from: () => m.select(m.i32.eq(start(), slotOf(c)), own(), m.i32.const(c.symmetricBase)),
    top: () => m.i32.load(page.symmetricTop, 4, start()),
  };
};

/** Whether so many bytes lie there, if the slot exists. No sum wraps: slots are smaller than half of all memory. */
const isBelow = (c: OpContext, w: Below, bytes: number): ExpressionRef => {
  const { m } = c;
  const ends = m.i32.le_u(m.i32.add(w.offset(), m.i32.const(bytes)), w.top());
  return m.i32.and(ends, m.i32.ge_u(w.offset(), w.from()));
};

/**
 * Whether so many bytes lie in the heap or stack as they are by now: where loops are split, other workers make the heap larger that
 * this one works with. It is asked last, and by no call.
 */
const isOwnByNow = (c: OpContext, place: () => ExpressionRef, bytes: number): ExpressionRef => {
  const { m } = c;
  const starts = m.i32.ge_u(place(), m.i32.atomic.load(page.guardLow, slotOf(c)));
  const end = m.i32.sub(heapEnd(c), m.i32.const(bytes));
  return m.i32.and(starts, m.i32.le_u(place(), end));
};

const inLine =
  (write: boolean): Emit =>
  (c) => {
    const { m, b } = c;
    const offset = numberImm(c.inst.imms, 0);
    const bytes = numberImm(c.inst.imms, 1);
    if (bytes > guardMost) throw new Error(`internal error: a guard of ${bytes} bytes in line`);
    const ok = c.label();
    const wrong = c.label();
    const place = placeOf(c);
    // Below what is unmapped at the beginning a sum that wraps is caught as null; a larger offset could wrap past it.
    const wraps = offset < unmappedBytes ? m.drop(place.first) : m.br(wrong, m.i32.lt_u(place.first, c.arg(0)));
    const own = m.br(ok, isOwn(c, place.again(), bytes));
    const w = belowHeap(c, place.again, write);
    const below = m.br(ok, isBelow(c, w, bytes));
    const inSlot = m.i32.eqz(w.beyond);
    const [first, second] = c.maySymmetric(0)
      ? [c.likely(m.if(inSlot, c.likely(below))), own]
      : [c.likely(own), m.if(inSlot, below)];
    const inData = m.i32.lt_u(m.i32.sub(place.again(), m.i32.const(dataBase)), m.i32.const(c.dataBytes - bytes + 1));
    const data = write || c.dataBytes < bytes ? [] : [m.br(ok, inData)];
    const address = m.i64.add(m.i64.extend_u(c.arg(0)), m.i64.const(BigInt(offset)));
    const info = [address, m.i64.const(BigInt(bytes)), m.i64.const(write ? 1n : 0n)];
    const refuse = [c.at(m.call(guardRuntime.refuse, info, b.none)), m.unreachable()];
    const byNow = c.adopts ? [m.br(ok, isOwnByNow(c, place.again, bytes))] : [];
    const others = counted(c, 'pgc.guards_second', m.block(null, [second, ...data, ...byNow]));
    return counted(c, 'pgc.guards', m.block(ok, [m.block(wrong, [wraps, first, others]), ...refuse]));
  };

const near: Emit = (c) => {
  const { m } = c;
  const place = placeOf(c);
  const first = m.drop(place.first);
  const own = isOwn(c, place.again(), guardSlack);
  const w = belowHeap(c, place.again, true);
  const below = m.if(w.beyond, m.i32.const(0), isBelow(c, w, guardSlack));
  const [usual, other] = c.maySymmetric(0) ? [below, own] : [own, below];
  const second = counted(c, 'pgc.guards_second', other, 'i32');
  const test = c.likely(m.if(usual, m.i32.const(1), second));
  return counted(c, 'pgc.guards', m.block(null, [first, test], c.b.i32), 'i32');
};

/** The same as code that leaves for a label if the answer is no. */
export const unlessNear = (c: OpContext, label: string): ExpressionRef => {
  const { m } = c;
  const place = placeOf(c);
  const first = m.drop(place.first);
  const own = isOwn(c, place.again(), guardSlack);
  const w = belowHeap(c, place.again, true);
  const below = isBelow(c, w, guardSlack);
  if (c.maySymmetric(0)) {
    const otherwise = counted(c, 'pgc.guards_second', m.br(label, m.i32.eqz(own)));
    const inSlot = m.if(w.beyond, m.i32.const(0), below);
    return counted(c, 'pgc.guards', m.block(null, [first, c.unlikely(m.if(m.i32.eqz(inSlot), otherwise))]));
  }
  // Null is met at the end of every list.
  const isNull = m.i32.lt_u(place.again(), m.i32.const(unmappedBytes));
  const leave = m.block(null, [m.br(label, isNull), m.br(label, w.beyond), m.br(label, m.i32.eqz(below))]);
  const test = c.unlikely(m.if(m.i32.eqz(own), counted(c, 'pgc.guards_second', leave)));
  return counted(c, 'pgc.guards', m.block(null, [first, test]));
};

/** A range of any length: computed once, and the question whether it may be accessed. */
interface RangeQuestion {
  readonly address: () => ExpressionRef;
  readonly size: () => ExpressionRef;
  readonly answer: ExpressionRef;
}

const question = (c: OpContext, write: boolean): RangeQuestion => {
  const { m, b } = c;
  const yes = c.label();
  const place = placeOf(c);
  const bytes = c.temp('i64');
  const size = (): ExpressionRef => m.local.get(bytes, b.i64);
  const fits = (left: ExpressionRef): ExpressionRef => m.i64.le_u(size(), left);
  const leave = (condition: ExpressionRef): ExpressionRef => m.drop(m.br(yes, condition, m.i32.const(1)));
  // Distances are small, so that a size that is none is larger than all of them.
  const distance = m.i32.sub(place.again(), globalOf(c, 'guard_low'));
  const whole = (): ExpressionRef => globalOf(c, spanName(1));
  const after = c.temp('i32');
  const inside = m.i32.le_u(m.local.tee(after, distance, b.i32), whole());
  const own = m.if(inside, leave(fits(m.i64.extend_u(m.i32.sub(whole(), m.local.get(after, b.i32))))));
  const w = belowHeap(c, place.again, write);
  const left = m.i32.sub(w.top(), w.offset());
  const starts = m.i32.and(m.i32.ge_u(w.offset(), w.from()), m.i32.le_u(w.offset(), w.top()));
  const below = m.if(m.i32.eqz(w.beyond), m.if(starts, leave(fits(m.i64.extend_u(left)))));
  const fromData = m.i32.sub(place.again(), m.i32.const(dataBase));
  const inData = m.i32.le_u(fromData, m.i32.const(c.dataBytes));
  const dataLeft = m.i32.sub(m.i32.const(dataBase + c.dataBytes), place.again());
  const data = write ? [] : [m.if(inData, leave(fits(m.i64.extend_u(dataLeft))))];
  const set = [m.drop(place.first), m.local.set(bytes, c.arg(1))];
  const answer = m.block(yes, [...set, own, below, ...data, m.i64.eqz(size())], b.i32);
  return { address: place.again, size, answer };
};

/** The run-time is called only where the answer is no: it knows better, or ends the run. */
const range =
  (write: boolean): Emit =>
  (c) => {
    const { m, b } = c;
    const { address, size, answer } = question(c, write);
    const callee = write ? guardRuntime.write : guardRuntime.read;
    const call = c.at(m.call(callee, [m.i64.extend_u(address()), size()], b.none));
    return counted(c, 'pgc.guard_ranges', c.unlikely(m.if(m.i32.eqz(answer), call)));
  };

const may =
  (write: boolean): Emit =>
  (c) =>
    counted(c, 'pgc.guard_ranges', question(c, write).answer, 'i32');

const gone: Emit = (c) => {
  throw new Error(`internal error: ${c.inst.op} reached the emitter; guard-insert takes it away`);
};

export const emitGuards = {
  'guard.bounds': readBounds,
  'guard.read': inLine(false),
  'guard.write': inLine(true),
  'guard.near': near,
  'guard.read_range': range(false),
  'guard.write_range': range(true),
  'guard.may_read': may(false),
  'guard.may_write': may(true),
  'touch.read': gone,
  'touch.write': gone,
} as const satisfies Readonly<Record<string, Emit>>;
