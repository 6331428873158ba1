// The emitter's rows for distributed arrays: fields of descriptors, own ones by their offset in the slot, others through a
// handle. A handle is the address of a descriptor.
import { descriptor, page, privateBase } from '../vm/abi.ts';
import { type Emit, type ExpressionRef, globalName, ifFault, lowered, type OpContext, slotOf } from './emit-context.ts';
import type { OpName } from './ir.ts';
import { type ArrayField, arrayFields, type arrayOps } from './ir-arrays.ts';
import { numberImm } from './ir-types.ts';

const dimAt = (dim: number, field: number): number => descriptor.dims + dim * descriptor.dimBytes + field;

const read = (c: OpContext, field: ArrayField, offset: number, address: ExpressionRef): ExpressionRef =>
  arrayFields[field].type === 'f64' ? c.m.f64.load(offset, 8, address) : c.m.i64.load(offset, 8, address);

/** A field of the descriptor of a module-level array. */
const ofGlobal =
  (field: ArrayField): Emit =>
  (c) =>
    read(c, field, c.offsetOf(globalName(c)) + dimAt(numberImm(c.inst.imms, 1), arrayFields[field].at), slotOf(c));

const ofHandle =
  (field: ArrayField): Emit =>
  (c) =>
    read(c, field, dimAt(numberImm(c.inst.imms, 0), arrayFields[field].at), c.arg(0));

const rows = <Of extends 'shared' | 'handle'>(
  of: Of,
  row: (field: ArrayField) => Emit,
): Record<`${Of}.${ArrayField}`, Emit> =>
  Object.fromEntries((Object.keys(arrayFields) as ArrayField[]).map((f) => [`${of}.${f}`, row(f)])) as Record<
    `${Of}.${ArrayField}`,
    Emit
  >;

const word = (c: OpContext, offset: number, address: ExpressionRef): ExpressionRef => c.m.i32.load(offset, 4, address);

const base: Emit = (c) => c.m.i32.add(slotOf(c), word(c, c.offsetOf(globalName(c)) + descriptor.base, slotOf(c)));
const baseOfHandle: Emit = (c) => c.m.i32.add(slotOf(c), word(c, descriptor.base, c.arg(0)));

export const emitArrays = {
  'shared.init': lowered,
  'shared.part': base,
  'shared.part_now': base,
  'shared.swap': lowered,
  ...rows('shared', ofGlobal),
  'shared.holder': (c) => c.m.i64.extend_s(word(c, c.offsetOf(globalName(c)) + descriptor.on, slotOf(c))),
  'shared.elem': lowered,
  'shared.owner': lowered,
  'dynamic.init': lowered,
  'dynamic.base': base,
  'dynamic.extent': ofGlobal('extent'),
  'handle.of': (c) => c.m.i32.add(slotOf(c), c.m.i32.const(c.offsetOf(globalName(c)))),
  // The descriptor of an array that was deleted has no base. A handle may be any number, and the guard comes after this check, so that
  // it is this that the deleted array's user hears of: the word counts only where it is the program's own, given back or not.
  'check.handle': (c) => {
    const { m } = c;
    const from = (n: ExpressionRef): ExpressionRef => m.i32.sub(n, m.i32.const(privateBase));
    const own = m.i32.lt_u(from(m.i32.sub(c.arg(0), slotOf(c))), from(word(c, page.stackTop, slotOf(c))));
    const deleted = m.i32.and(own, m.i32.eqz(word(c, descriptor.base, c.arg(0))));
    return ifFault(c, m.i32.or(m.i32.eq(c.arg(0), slotOf(c)), deleted), 'handle', []);
  },
  'handle.part': baseOfHandle,
  'handle.part_now': baseOfHandle,
  ...rows('handle', ofHandle),
  'handle.holder': (c) => c.m.i64.extend_s(word(c, descriptor.on, c.arg(0))),
  'handle.elem': lowered,
  'handle.owner': lowered,
  'handle.new': lowered,
  'handle.new_co': lowered,
  'handle.free': lowered,
} as const satisfies Record<Extract<OpName, keyof typeof arrayOps>, Emit>;
