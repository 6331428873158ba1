// How each op of the table becomes wasm: one row an op. A row gets the operands as expressions and gives the expression of
// the result (or of the effect). Checks store a fault record on their cold path and stop; nothing calls there.
import { type FaultKind, faultNumber, imports, page, unmappedBytes } from '../vm/abi.ts';
import { emitArrays } from './emit-arrays.ts';
import {
  type Binaryen,
  type Emit,
  type ExpressionRef,
  globalName,
  ifFault,
  lowered,
  type Module,
  type OpContext,
  slotOf,
  workerImage,
  workerOf,
} from './emit-context.ts';
import { emitCopy, ifAny } from './emit-copy.ts';
import { emitGuards, readBounds } from './emit-guards.ts';
import { emitVector } from './emit-vector.ts';
import type { MemType, OpName, PosId } from './ir.ts';
import { floatOfBits, numberImm, textImm } from './ir-types.ts';

type Width = 'i32' | 'i64' | 'f32' | 'f64';

const width = (suffix: string): Width => (suffix === 'i64' || suffix === 'f32' || suffix === 'f64' ? suffix : 'i32');

const two =
  (name: string): Emit =>
  (c) => {
    const space = c.m[width(c.inst.suffix)] as unknown as Record<
      string,
      (a: ExpressionRef, b: ExpressionRef) => ExpressionRef
    >;
    return space[name]?.(c.arg(0), c.arg(1)) ?? c.m.unreachable();
  };
const one =
  (name: string): Emit =>
  (c) => {
    const space = c.m[width(c.inst.suffix)] as unknown as Record<string, (a: ExpressionRef) => ExpressionRef>;
    return space[name]?.(c.arg(0)) ?? c.m.unreachable();
  };
/** C's fmin and fmax: unless the two are equal, or one is no number, that is one comparison. */
const extreme =
  (first: 'lt' | 'gt', equal: 'and' | 'or'): Emit =>
  (c) => {
    const { m, b } = c;
    const type = c.inst.suffix === 'f32' ? 'f32' : 'f64';
    const float = m[type];
    const int = type === 'f32' ? m.i32 : m.i64;
    const [keptX, keptY] = [c.temp(type), c.temp(type)];
    const x = (): ExpressionRef => m.local.get(keptX, b[type]);
    const y = (): ExpressionRef => m.local.get(keptY, b[type]);
    const signs = float.reinterpret(int[equal](int.reinterpret(x()), int.reinterpret(y())));
    const rest = m.if(float.ne(y(), y()), x(), m.if(float.ne(x(), x()), y(), signs));
    const chosen = m.if(float[first](y(), x()), y(), x());
    const differ = float.gt(float.abs(float.sub(x(), y())), float.const(0));
    return m.block(
      null,
      [m.local.set(keptX, c.arg(0)), m.local.set(keptY, c.arg(1)), m.if(differ, chosen, rest)],
      b[type],
    );
  };
/** It may trap by itself: a report must find its place. */
const trapping =
  (row: Emit): Emit =>
  (c) =>
    c.at(row(c));
/** `destination.op.source`. */
const conversion =
  (name: string): Emit =>
  (c) => {
    const [to = '', from = ''] = c.inst.suffix.split('.');
    const space = c.m[width(to)] as unknown as Record<string, Record<string, (a: ExpressionRef) => ExpressionRef>>;
    return space[name]?.[from]?.(c.arg(0)) ?? c.m.unreachable();
  };

const wrapped = (c: OpContext, i: number): ExpressionRef => c.m.i32.wrap(c.arg(i));

/** Values of a fault record are 64 bits wide. */
const signed = (c: OpContext, i: number): ExpressionRef =>
  c.inst.suffix === 'i64' ? c.arg(i) : c.m.i64.extend_s(c.arg(i));

const load = (c: OpContext, mem: MemType, offset: number, address: ExpressionRef): ExpressionRef => {
  const { i32, i64, f32, f64 } = c.m;
  switch (mem) {
    case 'i8':
      return i32.load8_s(offset, 1, address);
    case 'u8':
      return i32.load8_u(offset, 1, address);
    case 'i16':
      return i32.load16_s(offset, 2, address);
    case 'u16':
      return i32.load16_u(offset, 2, address);
    case 'i32':
    case 'ptr32':
    case 'ptr64':
      return i32.load(offset, 4, address);
    case 'i64':
      return i64.load(offset, 8, address);
    case 'f32':
      return f32.load(offset, 4, address);
    case 'f64':
      return f64.load(offset, 8, address);
  }
};

const store = (
  c: OpContext,
  mem: MemType,
  offset: number,
  address: ExpressionRef,
  value: ExpressionRef,
): ExpressionRef => {
  const { i32, i64, f32, f64 } = c.m;
  switch (mem) {
    case 'i8':
    case 'u8':
      return i32.store8(offset, 1, address, value);
    case 'i16':
    case 'u16':
      return i32.store16(offset, 2, address, value);
    case 'i32':
    case 'ptr32':
      return i32.store(offset, 4, address, value);
    case 'ptr64':
      return i64.store(offset, 8, address, i64.extend_u(value));
    case 'i64':
      return i64.store(offset, 8, address, value);
    case 'f32':
      return f32.store(offset, 4, address, value);
    case 'f64':
      return f64.store(offset, 8, address, value);
  }
};

const atomicLoad: Emit = (c) => {
  const { i32, i64 } = c.m;
  switch (c.inst.suffix) {
    case 'u8':
      return i32.atomic.load8_u(0, c.arg(0));
    case 'u16':
      return i32.atomic.load16_u(0, c.arg(0));
    case 'i64':
      return i64.atomic.load(0, c.arg(0));
    default:
      return i32.atomic.load(0, c.arg(0));
  }
};

const atomicStore: Emit = (c) => {
  const { i32, i64 } = c.m;
  switch (c.inst.suffix) {
    case 'u8':
      return i32.atomic.store8(0, c.arg(0), c.arg(1));
    case 'u16':
      return i32.atomic.store16(0, c.arg(0), c.arg(1));
    case 'i64':
      return i64.atomic.store(0, c.arg(0), c.arg(1));
    default:
      return i32.atomic.store(0, c.arg(0), c.arg(1));
  }
};

/** A loop of compare-and-swap for what wasm has no instruction for. `next` gives the new value from the old, which it may ask for more than once. */
const swapLoop = (c: OpContext, next: (old: () => ExpressionRef) => ExpressionRef): ExpressionRef => {
  const { m, b } = c;
  const wide = c.inst.suffix !== 'i32';
  const space = wide ? m.i64 : m.i32;
  const type = wide ? b.i64 : b.i32;
  const float = c.inst.suffix === 'f64';
  const seen = c.temp(wide ? 'i64' : 'i32');
  const got = c.temp(wide ? 'i64' : 'i32');
  const again = c.label();
  const value = (local: number): ExpressionRef =>
    float ? m.f64.reinterpret(m.local.get(local, b.i64)) : m.local.get(local, type);
  const bits = (e: ExpressionRef): ExpressionRef => (float ? m.i64.reinterpret(e) : e);
  const exchange = c.at(space.atomic.rmw.cmpxchg(0, c.arg(0), m.local.get(seen, type), bits(next(() => value(seen)))));
  const retry = m.if(
    space.ne(m.local.get(got, type), m.local.get(seen, type)),
    m.block(null, [m.local.set(seen, m.local.get(got, type)), m.br(again)]),
  );
  return m.block(
    null,
    [
      m.local.set(seen, c.at(space.atomic.load(0, c.arg(0)))),
      m.loop(again, m.block(null, [m.local.set(got, exchange), retry])),
      value(seen),
    ],
    float ? b.f64 : type,
  );
};

const rmw: Emit = (c) => {
  const { m } = c;
  const word = textImm(c.inst.imms, 0);
  if (c.inst.suffix === 'f64') {
    return swapLoop(c, (old) =>
      word === 'add'
        ? m.f64.add(old(), c.arg(1))
        : word === 'min'
          ? m.f64.min(old(), c.arg(1))
          : word === 'max'
            ? m.f64.max(old(), c.arg(1))
            : c.arg(1),
    );
  }
  const space = c.inst.suffix === 'i64' ? m.i64 : m.i32;
  const direct = (
    space.atomic.rmw as unknown as Record<string, (offset: number, p: ExpressionRef, v: ExpressionRef) => ExpressionRef>
  )[word];
  if (direct) return c.at(direct(0, c.arg(0), c.arg(1)));
  const [kind, sign] = word.split('_');
  const compare = kind === 'min' ? (sign === 's' ? space.lt_s : space.lt_u) : sign === 's' ? space.gt_s : space.gt_u;
  return swapLoop(c, (old) => m.select(compare(old(), c.arg(1)), old(), c.arg(1)));
};

const cas: Emit = (c) => {
  const { m } = c;
  if (c.inst.suffix === 'f64')
    return m.f64.reinterpret(
      c.at(m.i64.atomic.rmw.cmpxchg(0, c.arg(0), m.i64.reinterpret(c.arg(1)), m.i64.reinterpret(c.arg(2)))),
    );
  const space = c.inst.suffix === 'i64' ? m.i64 : m.i32;
  return c.at(space.atomic.rmw.cmpxchg(0, c.arg(0), c.arg(1), c.arg(2)));
};

const smallest: Readonly<Record<string, bigint>> = {
  i8: -128n,
  i16: -32768n,
  i32: -2147483648n,
  i64: -9223372036854775808n,
};

const out: Emit = (c) => {
  const { m, b } = c;
  const format = m.i32.const(c.format(textImm(c.inst.imms, 0)));
  const name = { i32: imports.outI32, i64: imports.outI64, f32: imports.outF32, f64: imports.outF64 }[
    width(c.inst.suffix)
  ];
  return m.call(name, [format, c.arg(0)], b.none);
};

const bitsConst = (c: OpContext): ExpressionRef => {
  const { m } = c;
  const bits = BigInt(c.inst.imms[0] ?? 0n);
  const type = c.inst.suffix === 'f32' ? 'f32' : 'f64';
  const value = floatOfBits(type, bits);
  // A NaN's bits would not survive the way through a number.
  if (Number.isNaN(value))
    return type === 'f64'
      ? m.f64.reinterpret(m.i64.const(BigInt.asIntN(64, bits)))
      : m.f32.reinterpret(m.i32.const(Number(BigInt.asIntN(32, bits))));
  return m[type].const(value);
};

/** The function of every module that sleeps; see emit.ts. */
export const waitFunction = 'pgc.wait32';

const mask = (c: OpContext): ExpressionRef =>
  c.m.i32.sub(c.m.i32.shl(c.m.i32.const(1), c.m.global.get(imports.slotBits, c.b.i32)), c.m.i32.const(1));

export const emitOp = {
  const: (c) => {
    const n = BigInt(c.inst.imms[0] ?? 0n);
    return c.inst.suffix === 'i64' ? c.m.i64.const(n) : c.m.i32.const(Number(BigInt.asIntN(32, n)));
  },
  fconst: bitsConst,
  position: (c) => c.m.i32.const(Number(c.inst.imms[0])),
  null: (c) => c.m.i32.const(0),
  add: two('add'),
  sub: two('sub'),
  mul: two('mul'),
  div: two('div'),
  div_s: trapping(two('div_s')),
  div_u: trapping(two('div_u')),
  rem_s: trapping(two('rem_s')),
  rem_u: trapping(two('rem_u')),
  and: two('and'),
  or: two('or'),
  xor: two('xor'),
  shl: two('shl'),
  shr_s: two('shr_s'),
  shr_u: two('shr_u'),
  rotl: two('rotl'),
  clz: one('clz'),
  ctz: one('ctz'),
  popcnt: one('popcnt'),
  min: two('min'),
  max: two('max'),
  fmin: extreme('lt', 'or'),
  fmax: extreme('gt', 'and'),
  copysign: two('copysign'),
  neg: one('neg'),
  abs: one('abs'),
  sqrt: one('sqrt'),
  floor: one('floor'),
  ceil: one('ceil'),
  trunc: one('trunc'),
  nearest: one('nearest'),
  eqz: one('eqz'),
  eq: two('eq'),
  ne: two('ne'),
  lt_s: two('lt_s'),
  lt_u: two('lt_u'),
  le_s: two('le_s'),
  le_u: two('le_u'),
  gt_s: two('gt_s'),
  gt_u: two('gt_u'),
  ge_s: two('ge_s'),
  ge_u: two('ge_u'),
  lt: two('lt'),
  le: two('le'),
  gt: two('gt'),
  ge: two('ge'),
  select: (c) => c.m.select(c.arg(0), c.arg(1), c.arg(2)),
  wrap: (c) => c.m.i32.wrap(c.arg(0)),
  extend_s: (c) => c.m.i64.extend_s(c.arg(0)),
  extend_u: (c) => c.m.i64.extend_u(c.arg(0)),
  extend8_s: one('extend8_s'),
  extend16_s: one('extend16_s'),
  convert_s: conversion('convert_s'),
  convert_u: conversion('convert_u'),
  trunc_sat_s: conversion('trunc_s_sat'),
  trunc_sat_u: conversion('trunc_u_sat'),
  promote: (c) => c.m.f64.promote(c.arg(0)),
  demote: (c) => c.m.f32.demote(c.arg(0)),
  reinterpret: (c) => c.m[width(c.inst.suffix.split('.')[0] ?? '')].reinterpret(c.arg(0)),
  global: (c) => c.m.i32.add(slotOf(c), c.m.i32.const(c.offsetOf(globalName(c)))),
  data: (c) => c.m.i32.const(c.addressOfData(textImm(c.inst.imms, 0))),
  frame: (c) => c.frame(textImm(c.inst.imms, 0)),
  offset: (c) => c.m.i32.add(c.arg(0), c.arg(1)),
  elem: (c) => {
    const bytes = numberImm(c.inst.imms, 0);
    return c.m.i32.add(c.arg(0), bytes === 1 ? wrapped(c, 1) : c.m.i32.mul(wrapped(c, 1), c.m.i32.const(bytes)));
  },
  remote: (c) => {
    const { i32 } = c.m;
    const slot = i32.shl(i32.add(wrapped(c, 1), i32.const(1)), c.m.global.get(imports.slotBits, c.b.i32));
    const offset = c.ownGlobal(0);
    return offset === undefined ? i32.or(slot, i32.and(c.arg(0), mask(c))) : i32.add(slot, i32.const(offset));
  },
  image_of: (c) =>
    c.m.i64.extend_s(c.m.i32.sub(c.m.i32.shr_u(c.arg(0), c.m.global.get(imports.slotBits, c.b.i32)), c.m.i32.const(1))),
  own: (c) => c.m.i32.or(slotOf(c), c.m.i32.and(c.arg(0), mask(c))),
  'gptr.bits': (c) => c.arg(0),
  'gptr.of': (c) => c.arg(0),
  addr: (c) => c.arg(0),
  'ptr.bits': (c) => c.arg(0),
  'ptr.diff': (c) => c.m.i32.sub(c.arg(0), c.arg(1)),
  'ptr.add': (c) => c.m.i32.add(c.arg(0), c.arg(1)),
  load: (c) => c.at(load(c, c.inst.suffix as MemType, numberImm(c.inst.imms, 0), c.arg(0))),
  store: (c) => c.at(store(c, c.inst.suffix as MemType, numberImm(c.inst.imms, 0), c.arg(0), c.arg(1))),
  copy: emitCopy,
  fill: (c) => ifAny(c, (bytes) => c.at(c.m.memory.fill(c.arg(0), c.arg(1), bytes))),
  let: (c) => load(c, c.inst.suffix as MemType, c.offsetOf(globalName(c)), slotOf(c)),
  'atomic.load': (c) => c.at(atomicLoad(c)),
  'atomic.store': (c) => c.at(atomicStore(c)),
  'atomic.rmw': rmw,
  'atomic.cas': cas,
  'atomic.wait32': (c) => c.at(c.m.call(waitFunction, [c.arg(0), c.arg(1), c.arg(2)], c.b.i32)),
  'atomic.notify': (c) => c.at(c.m.memory.atomic.notify(c.arg(0), c.arg(1))),
  fence: (c) => c.m.atomic.fence(),
  this_image: (c) => c.m.i64.extend_u(c.m.global.get(imports.image, c.b.i32)),
  num_images: (c) => c.m.i64.extend_u(c.m.global.get(imports.images, c.b.i32)),
  slot: slotOf,
  worker: workerOf,
  'worker.image': (c) => c.m.i64.extend_u(c.m.global.get(c.adopts ? workerImage : imports.image, c.b.i32)),
  become: (c) => {
    if (!c.adopts) return c.m.block(null, [c.m.drop(c.arg(0)), c.m.drop(c.arg(1))]);
    return c.m.block(null, [
      c.m.global.set(imports.slot, c.arg(0)),
      c.m.global.set(imports.image, c.m.i32.wrap(c.arg(1))),
      readBounds(c),
    ]);
  },
  slot_bits: (c) => c.m.global.get(imports.slotBits, c.b.i32),
  ...emitVector,
  ...emitArrays,
  ...emitGuards,
  'check.index': (c) => ifFault(c, c.m.i64.ge_u(c.arg(0), c.arg(1)), 'index', [c.arg(0), c.arg(1)]),
  'check.slice': (c) => {
    const bad = c.m.i32.or(c.m.i64.gt_u(c.arg(0), c.arg(1)), c.m.i64.gt_u(c.arg(1), c.arg(2)));
    return ifFault(c, bad, 'slice', [c.arg(0), c.arg(1), c.arg(2)]);
  },
  'check.image': (c) => {
    const images = (): ExpressionRef => c.m.i64.extend_u(c.m.global.get(imports.images, c.b.i32));
    return ifFault(c, c.m.i64.ge_u(c.arg(0), images()), 'image', [c.arg(0), images()]);
  },
  'check.null': (c) =>
    ifFault(c, c.m.i32.lt_u(c.arg(0), c.m.i32.const(unmappedBytes)), 'null', [c.m.i64.extend_u(c.arg(0))]),
  'check.divide': (c) =>
    ifFault(c, c.m[c.inst.suffix === 'i64' ? 'i64' : 'i32'].eqz(c.arg(1)), 'divide', [signed(c, 0)]),
  'check.overflow': (c) => {
    const space = c.inst.suffix === 'i64' ? c.m.i64 : c.m.i32;
    const constant = (n: bigint): ExpressionRef =>
      c.inst.suffix === 'i64' ? c.m.i64.const(n) : c.m.i32.const(Number(n));
    const bad = c.m.i32.and(
      space.eq(c.arg(1), constant(-1n)),
      space.eq(c.arg(0), constant(smallest[c.inst.suffix] ?? 0n)),
    );
    return ifFault(c, bad, 'divide-overflow', [signed(c, 0), signed(c, 1)]);
  },
  'check.length': (c) => ifFault(c, c.m.i64.ne(c.arg(0), c.arg(1)), 'length', [c.arg(0), c.arg(1)]),
  'check.step': (c) => ifFault(c, c.m.i64.eqz(c.arg(0)), 'step', []),
  // Within a node every image's memory is reached by load and store.
  'check.local': (c) => c.m.nop(),
  call: (c) => c.call(textImm(c.inst.imms, 0)),
  'func.ref': (c) => c.m.i32.const(c.functionNumber(textImm(c.inst.imms, 0))),
  'call.value': (c) => c.callValue(),
  suspend: lowered,
  others: (c) => c.m.nop(),
  'resume.record': (c) => c.callValue(),
  'start.entry': (c) => c.callValue(),
  'stack.get': (c) => c.stackPointer(),
  'stack.set': (c) => c.setStackPointer(c.arg(0)),
  'frame.keep': (c) => c.keepFrame(),
  'frame.enter': (c) => c.keepFrame(),
  'stack.need': lowered,
  barrier: lowered,
  idle: lowered,
  allreduce: lowered,
  reduce: lowered,
  broadcast: lowered,
  alloc: lowered,
  'alloc.shared': lowered,
  free: lowered,
  'track.object': lowered,
  'track.part': lowered,
  'track.array': lowered,
  'track.free': lowered,
  'track.escape': lowered,
  'track.run': lowered,
  hook: lowered,
  'hook.due': lowered,
  out,
  'out.str': (c) =>
    c.m.call(imports.outStr, [c.m.i32.const(c.format(textImm(c.inst.imms, 0))), c.arg(0), wrapped(c, 1)], c.b.none),
  'out.end': (c) =>
    c.m.call(
      imports.outEnd,
      [c.m.i32.const(numberImm(c.inst.imms, 0)), c.m.i32.const(numberImm(c.inst.imms, 1))],
      c.b.none,
    ),
  now: (c) => c.m.call(imports.now, [], c.b.f64),
  'file.open': (c) => c.m.call(imports.fileOpen, [c.arg(0), wrapped(c, 1)], c.b.i64),
  'file.read': (c) => c.m.call(imports.fileRead, [c.arg(0), wrapped(c, 1)], c.b.i64),
  'file.write': (c) => c.m.call(imports.fileWrite, [c.arg(0), wrapped(c, 1), c.arg(2), wrapped(c, 3)], c.b.i64),
} as const satisfies Record<OpName, Emit>;

/** The record of a fault in the worker's kernel page, then `unreachable`: the report is made outside, from the record and the trap's place. */
export const faultRecord = (
  c: { b: Binaryen; m: Module; adopts: boolean },
  kind: ExpressionRef | FaultKind,
  pos: PosId,
  values: readonly ExpressionRef[],
  at: (e: ExpressionRef) => ExpressionRef,
): ExpressionRef => {
  const { m } = c;
  const places = [page.faultA, page.faultB, page.faultC];
  const number = typeof kind === 'string' ? m.i32.const(faultNumber(kind as FaultKind)) : kind;
  return m.block(null, [
    m.i32.store(page.faultKind, 4, workerOf(c), number),
    m.i32.store(page.faultPosition, 4, workerOf(c), m.i32.const(pos)),
    ...values.slice(0, 3).map((v, i) => m.i64.store(places[i] ?? page.faultA, 8, workerOf(c), v)),
    at(m.unreachable()),
  ]);
};
