// Guards as wasm. In line: is it in the own heap or stack? A subtraction and a comparison. If not, run-time code decides
// (runtime.permit_read, stdlib/runtime.pg), which comes back if the access is permitted after all, and ends the run if not: on
// the way that is taken there is no call.
import { type guardCounters, guardSlack, page, unmappedBytes } from '../vm/abi.ts';
import { type Emit, type ExpressionRef, type OpContext, slotOf } from './emit-context.ts';
import { guardRuntime } from './guards.ts';
import { numberImm } from './ir-types.ts';

type Counter = (typeof guardCounters)[number];

const counted = (c: OpContext, counter: Counter, e: ExpressionRef, result: 'none' | 'i32' = 'none'): ExpressionRef => {
  if (!c.counts) return e;
  const { m, b } = c;
  const raise = m.global.set(counter, m.i64.add(m.global.get(counter, b.i64), m.i64.const(1n)));
  return m.block(null, [raise, e], b[result]);
};

const inLine =
  (callee: string): Emit =>
  (c) => {
    const { m, b } = c;
    const offset = numberImm(c.inst.imms, 0);
    const bytes = numberImm(c.inst.imms, 1);
    if (bytes > guardSlack) throw new Error(`internal error: a guard of ${bytes} bytes in line`);
    const at = (): ExpressionRef => (offset === 0 ? c.arg(0) : m.i32.add(c.arg(0), m.i32.const(offset)));
    const low = m.i32.load(page.guardLow, 4, slotOf(c));
    const span = m.i32.load(page.guardSpan, 4, slotOf(c));
    const outside = m.i32.ge_u(m.i32.sub(at(), low), span);
    // Below what is unmapped at the beginning a sum that wraps is caught as null; a larger offset could wrap past it.
    const wraps = offset < unmappedBytes ? outside : m.i32.or(outside, m.i32.lt_u(at(), c.arg(0)));
    const address = (): ExpressionRef => m.i64.add(m.i64.extend_u(c.arg(0)), m.i64.const(BigInt(offset)));
    const ask = c.at(m.call(callee, [address(), m.i64.const(BigInt(bytes))], b.none));
    return counted(c, 'pgc.guards', m.if(wraps, counted(c, 'pgc.guards_asked', ask)));
  };

const range =
  (callee: string, result: 'none' | 'i32'): Emit =>
  (c) =>
    counted(c, 'pgc.guard_ranges', c.at(c.m.call(callee, [c.m.i64.extend_u(c.arg(0)), c.arg(1)], c.b[result])), result);

const gone: Emit = (c) => {
  throw new Error(`internal error: ${c.inst.op} reached the emitter; guard-insert takes it away`);
};

export const emitGuards = {
  'guard.read': inLine(guardRuntime.read),
  'guard.write': inLine(guardRuntime.write),
  'guard.read_range': range(guardRuntime.read, 'none'),
  'guard.write_range': range(guardRuntime.write, 'none'),
  'guard.may_read': range(guardRuntime.mayRead, 'i32'),
  'guard.may_write': range(guardRuntime.mayWrite, 'i32'),
  'touch.read': gone,
  'touch.write': gone,
} as const satisfies Readonly<Record<string, Emit>>;
