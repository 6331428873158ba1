// Guards as wasm. In line: is it in the own heap or stack? A subtraction and a comparison. If not, run-time code decides
// (runtime.permit_read, stdlib/runtime.pg), which comes back if the access is permitted after all, and ends the run if not: on
// the way that is taken there is no call.
import { type guardCounters, guardSlack, page, unmappedBytes } from '../vm/abi.ts';
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

/** Globals of the module that hold `page.guardLow` and `page.guardSpan`: a load less for each guard. */
export const boundGlobals = ['guard_low', 'guard_span'] as const;
const lowOf = ({ m, b }: Frame): ExpressionRef => m.global.get('guard_low', b.i32);
const spanOf = ({ m, b }: Frame): ExpressionRef => m.global.get('guard_span', b.i32);

type Frame = Pick<OpContext, 'm' | 'b'>;

/** Reads them from the kernel page: when `init` begins, and when the heap grows or shrinks. */
export const readBounds = (c: Frame): ExpressionRef =>
  c.m.block(null, [
    c.m.global.set('guard_low', c.m.i32.load(page.guardLow, 4, slotOf(c))),
    c.m.global.set('guard_span', c.m.i32.load(page.guardSpan, 4, slotOf(c))),
  ]);

const inLine =
  (callee: string): Emit =>
  (c) => {
    const { m, b } = c;
    const offset = numberImm(c.inst.imms, 0);
    const bytes = numberImm(c.inst.imms, 1);
    if (bytes > guardSlack) throw new Error(`internal error: a guard of ${bytes} bytes in line`);
    const at = (): ExpressionRef => (offset === 0 ? c.arg(0) : m.i32.add(c.arg(0), m.i32.const(offset)));
    const low = lowOf(c);
    const span = spanOf(c);
    const outside = m.i32.ge_u(m.i32.sub(at(), low), span);
    // Below what is unmapped at the beginning a sum that wraps is caught as null; a larger offset could wrap past it.
    const wraps = offset < unmappedBytes ? outside : m.i32.or(outside, m.i32.lt_u(at(), c.arg(0)));
    const address = (): ExpressionRef => m.i64.add(m.i64.extend_u(c.arg(0)), m.i64.const(BigInt(offset)));
    const ask = c.at(m.call(callee, [address(), m.i64.const(BigInt(bytes))], b.none));
    return counted(c, 'pgc.guards', m.if(wraps, counted(c, 'pgc.guards_asked', ask)));
  };

const near: Emit = (c) => {
  const { m, b } = c;
  const offset = numberImm(c.inst.imms, 0);
  if (offset >= unmappedBytes) throw new Error('internal error: a guard whose sum may wrap');
  const low = lowOf(c);
  const place = c.temp('i32');
  const at = offset === 0 ? c.arg(0) : m.i32.add(c.arg(0), m.i32.const(offset));
  const here = (): ExpressionRef => m.local.get(place, b.i32);
  const inside = m.i32.lt_u(m.i32.sub(m.local.tee(place, at, b.i32), low), spanOf(c));
  const ask = counted(c, 'pgc.guards_asked', c.at(m.call(guardRuntime.near, [m.i64.extend_u(here())], b.i32)), 'i32');
  // Null is met at the end of every list.
  const elsewhere = m.if(m.i32.lt_u(here(), m.i32.const(unmappedBytes)), m.i32.const(0), ask);
  return counted(c, 'pgc.guards', m.if(inside, m.i32.const(1), elsewhere), 'i32');
};

const range =
  (callee: string, result: 'none' | 'i32'): Emit =>
  (c) =>
    counted(c, 'pgc.guard_ranges', c.at(c.m.call(callee, [c.m.i64.extend_u(c.arg(0)), c.arg(1)], c.b[result])), result);

/** A range in the own heap or stack passes without a call. */
const may =
  (callee: string): Emit =>
  (c) => {
    const { m, b } = c;
    const after = c.temp('i32');
    const bytes = c.temp('i64');
    const low = (): ExpressionRef => lowOf(c);
    const top = m.i32.add(spanOf(c), m.i32.const(guardSlack - 1));
    const left = m.i64.sub(m.i64.extend_u(top), m.i64.extend_u(m.local.get(after, b.i32)));
    // Below the heap `after` wraps and is larger than all there is; then, as after the end, `left` is negative: one comparison.
    const inside = m.i32.and(
      m.i64.le_s(m.local.get(bytes, b.i64), left),
      m.i64.ge_s(m.local.get(bytes, b.i64), m.i64.const(0n)),
    );
    const address = m.i64.extend_u(m.i32.add(m.local.get(after, b.i32), low()));
    const ask = c.at(m.call(callee, [address, m.local.get(bytes, b.i64)], b.i32));
    const answer = m.block(
      null,
      [m.local.set(after, m.i32.sub(c.arg(0), low())), m.local.set(bytes, c.arg(1)), m.if(inside, m.i32.const(1), ask)],
      b.i32,
    );
    return counted(c, 'pgc.guard_ranges', answer, 'i32');
  };

const gone: Emit = (c) => {
  throw new Error(`internal error: ${c.inst.op} reached the emitter; guard-insert takes it away`);
};

export const emitGuards = {
  'guard.bounds': readBounds,
  'guard.read': inLine(guardRuntime.read),
  'guard.write': inLine(guardRuntime.write),
  'guard.near': near,
  'guard.read_range': range(guardRuntime.read, 'none'),
  'guard.write_range': range(guardRuntime.write, 'none'),
  'guard.may_read': may(guardRuntime.mayRead),
  'guard.may_write': may(guardRuntime.mayWrite),
  'touch.read': gone,
  'touch.write': gone,
} as const satisfies Readonly<Record<string, Emit>>;
