// One function of IR → one function of wasm. The structure maps one to one: if, block and loop; every SSA value that is not
// rebuilt at its uses has a local, and the parameters and results of regions are assigned where a region is left.
import { type FaultKind, page } from '../vm/abi.ts';
import {
  type Binaryen,
  type ExpressionRef,
  emitOp,
  faultRecord,
  type Module,
  type OpContext,
  rebuilt,
  slotOf,
  type WasmType,
} from './emit-ops.ts';
import type { Body, Func, Inst, IrType, LoopInst, OpInst, PosId, Terminator, Value } from './ir.ts';
import type { Layout } from './layout.ts';
import { forEachInst } from './tree.ts';

export interface ModuleContext {
  readonly b: Binaryen;
  readonly m: Module;
  readonly layout: Layout;
  readonly funcs: ReadonlyMap<string, Func>;
  readonly format: (json: string) => number;
}

/** Marks of source positions; binaryen wants them after the function exists. */
export interface Located {
  readonly e: ExpressionRef;
  readonly pos: PosId;
}

export const wasmType = (b: Binaryen, t: IrType): WasmType =>
  t === 'i64' ? b.i64 : t === 'f32' ? b.f32 : t === 'f64' ? b.f64 : b.i32;

const alignTo = (n: number, align: number): number => Math.ceil(n / align) * align;

const stackPointer = 'sp';

interface State extends ModuleContext {
  readonly f: Func;
  readonly vars: WasmType[];
  readonly locals: Map<Value, number>;
  /** Values that are built anew at each use. */
  readonly inline: Map<Value, OpInst>;
  readonly located: Located[];
  readonly slots: ReadonlyMap<string, number>;
  readonly frameBytes: number;
  readonly frameLocal: number;
  /** Results of the regions around, by label; for loops also the parameters. */
  readonly regions: Map<
    string,
    { readonly results: readonly Value[]; readonly params: readonly Value[]; readonly loop: boolean }
  >;
  labels: number;
}

const newLocal = (s: State, type: WasmType): number => {
  s.vars.push(type);
  return s.f.params.length + s.vars.length - 1;
};

const typeOf = (s: State, v: Value): WasmType => wasmType(s.b, s.f.types[v] ?? 'i32');

const localOf = (s: State, v: Value): number => {
  const known = s.locals.get(v);
  if (known !== undefined) return known;
  const local = newLocal(s, typeOf(s, v));
  s.locals.set(v, local);
  return local;
};

const get = (s: State, v: Value): ExpressionRef => {
  const inst = s.inline.get(v);
  if (inst) return emitOp[inst.op](opContext(s, inst));
  return s.m.local.get(localOf(s, v), typeOf(s, v));
};

const mark =
  (s: State, pos: PosId) =>
  (e: ExpressionRef): ExpressionRef => {
    if (pos > 0) s.located.push({ e, pos });
    return e;
  };

const opContext = (s: State, inst: OpInst): OpContext => {
  const { b, m, layout } = s;
  return {
    b,
    m,
    inst,
    arg: (i) => get(s, inst.args[i] ?? 0),
    offsetOf: (name) => {
      const offset = layout.offsets.get(name);
      if (offset === undefined) throw new Error(`internal error: no global @${name}`);
      return offset;
    },
    addressOfData: (name) => layout.data.get(name) ?? 0,
    frame: (slot) => {
      const base = m.local.get(s.frameLocal, b.i32);
      const offset = s.slots.get(slot) ?? 0;
      return offset === 0 ? base : m.i32.add(base, m.i32.const(offset));
    },
    format: s.format,
    temp: (type) => newLocal(s, b[type]),
    label: () => `x${s.labels++}`,
    fault: (kind: FaultKind, values) => faultRecord(s, kind, inst.pos, values, mark(s, inst.pos)),
    at: mark(s, inst.pos),
    call: (name) =>
      mark(
        s,
        inst.pos,
      )(
        m.call(
          name,
          inst.args.map((a) => get(s, a)),
          resultType(s.b, s.funcs.get(name)?.results ?? []),
        ),
      ),
  };
};

export const resultType = (b: Binaryen, results: readonly IrType[]): WasmType => {
  const [first] = results;
  if (first === undefined) return b.none;
  return results.length === 1 ? wasmType(b, first) : b.createType(results.map((t) => wasmType(b, t)));
};

/** Assigns `from` to `to`, all at once: a value that is still to be read is not overwritten before. */
const parallelMoves = (s: State, to: readonly Value[], from: readonly Value[]): ExpressionRef[] => {
  const { m } = s;
  const out: ExpressionRef[] = [];
  // Locals by number; a source that is no local (a constant) can go last.
  let pending = to.flatMap((target, i) => {
    const source = from[i];
    if (source === undefined || source === target) return [];
    return [{ target: localOf(s, target), source, local: s.inline.has(source) ? -1 : localOf(s, source) }];
  });
  pending = pending.filter((p) => p.target !== p.local);
  const saved = new Map<number, { readonly local: number; readonly type: WasmType }>();
  const read = (p: { readonly source: Value; readonly local: number }): ExpressionRef => {
    const copy = saved.get(p.local);
    return copy && p.local >= 0 ? m.local.get(copy.local, copy.type) : get(s, p.source);
  };
  while (pending.length > 0) {
    const free = pending.findIndex((p) => !pending.some((q) => q !== p && q.local === p.target && !saved.has(q.local)));
    if (free >= 0) {
      const [p] = pending.splice(free, 1);
      if (p) out.push(m.local.set(p.target, read(p)));
      continue;
    }
    // A cycle: keep the old value of one target aside.
    const [p] = pending;
    if (!p) break;
    const reader = pending.find((q) => q.local === p.target);
    const type = reader ? typeOf(s, reader.source) : s.b.i32;
    const aside = newLocal(s, type);
    out.push(m.local.set(aside, m.local.get(p.target, type)));
    saved.set(p.target, { local: aside, type });
  }
  return out;
};

const epilogue = (s: State): ExpressionRef[] => {
  if (s.frameBytes === 0) return [];
  const { m, b } = s;
  return [m.global.set(stackPointer, m.i32.add(m.local.get(s.frameLocal, b.i32), m.i32.const(s.frameBytes)))];
};

/** Values of a fault record are 64 bits: addresses unsigned, other narrow values signed. */
const recorded = (s: State, v: Value): ExpressionRef => {
  const type = s.f.types[v];
  if (type === 'i64') return get(s, v);
  if (type === 'f64') return s.m.i64.reinterpret(get(s, v));
  return type === 'i32' ? s.m.i64.extend_s(get(s, v)) : s.m.i64.extend_u(get(s, v));
};

/** `tail`: the label whose region ends where this body ends, so that a break to it needs no branch. */
const emitEnd = (s: State, end: Terminator, tail: string | undefined): ExpressionRef[] => {
  const { m } = s;
  switch (end.kind) {
    case 'break': {
      const region = s.regions.get(end.label);
      const moves = parallelMoves(s, region?.results ?? [], end.args);
      return end.label === tail ? moves : [...moves, m.br(region?.loop ? `${end.label}.exit` : end.label)];
    }
    case 'next':
      return [...parallelMoves(s, s.regions.get(end.label)?.params ?? [], end.args), m.br(end.label)];
    case 'ret': {
      const values = end.args.map((a) => get(s, a));
      const [first] = values;
      const value = first === undefined ? undefined : values.length === 1 ? first : m.tuple.make(values);
      return [...epilogue(s), value === undefined ? m.return() : m.return(value)];
    }
    case 'fault':
      return [
        faultRecord(
          s,
          end.fault,
          end.pos,
          end.args.map((a) => recorded(s, a)),
          mark(s, end.pos),
        ),
      ];
    case 'raise': {
      const [kind, ...values] = end.args;
      return [
        faultRecord(
          s,
          kind === undefined ? 'none' : get(s, kind),
          end.pos,
          values.map((a) => recorded(s, a)),
          mark(s, end.pos),
        ),
      ];
    }
    case 'unreachable':
      return [mark(s, end.pos)(m.unreachable())];
  }
};

const emitBody = (s: State, body: Body, tail: string | undefined): ExpressionRef[] => [
  ...body.insts.flatMap((i) => emitInst(s, i)),
  ...emitEnd(s, body.end, tail),
];

const emitLoop = (s: State, loop: LoopInst): ExpressionRef[] => {
  const { m } = s;
  s.regions.set(loop.label, { results: loop.results, params: loop.params, loop: true });
  const entry = parallelMoves(s, loop.params, loop.inits);
  const body = m.loop(loop.label, m.block(null, emitBody(s, loop.body, undefined)));
  return [...entry, m.block(`${loop.label}.exit`, [body])];
};

const emitInst = (s: State, inst: Inst): ExpressionRef[] => {
  const { m } = s;
  switch (inst.kind) {
    case 'op':
      return emitOpInst(s, inst);
    case 'block':
      s.regions.set(inst.label, { results: inst.results, params: [], loop: false });
      return [m.block(inst.label, emitBody(s, inst.body, inst.label))];
    case 'if': {
      s.regions.set(inst.label, { results: inst.results, params: [], loop: false });
      const condition = get(s, inst.condition);
      const then = emitBody(s, inst.then, inst.label);
      const otherwise = emitBody(s, inst.else, inst.label);
      const choice =
        otherwise.length === 0
          ? m.if(condition, m.block(null, then))
          : then.length === 0
            ? m.if(m.i32.eqz(condition), m.block(null, otherwise))
            : m.if(condition, m.block(null, then), m.block(null, otherwise));
      return [m.block(inst.label, [choice])];
    }
    case 'loop':
      return emitLoop(s, inst);
  }
};

const emitOpInst = (s: State, inst: OpInst): ExpressionRef[] => {
  const { m, b } = s;
  const [first] = inst.results;
  if (first !== undefined && s.inline.has(first)) return [];
  const e = emitOp[inst.op](opContext(s, inst));
  if (first === undefined) return [e];
  if (inst.results.length === 1) return [m.local.set(localOf(s, first), e)];
  const types = inst.results.map((v) => typeOf(s, v));
  const tuple = newLocal(s, b.createType(types));
  const whole = (): ExpressionRef => m.local.get(tuple, b.createType(types));
  return [
    m.local.set(tuple, e),
    ...inst.results.map((v, i) => m.local.set(localOf(s, v), m.tuple.extract(whole(), i))),
  ];
};

/** Takes room on the stack, or faults if there is not enough above the limit of the own slot. */
const prologue = (s: State): ExpressionRef[] => {
  if (s.frameBytes === 0) return [];
  const { m, b, f } = s;
  const left = (): ExpressionRef =>
    m.i32.sub(m.global.get(stackPointer, b.i32), m.i32.add(slotOf(s), m.i32.load(page.stackLimit, 4, slotOf(s))));
  const size = m.i64.const(BigInt(s.frameBytes));
  const record = faultRecord(s, 'stack', f.pos, [size, m.i64.extend_u(left())], mark(s, f.pos));
  return [
    m.if(m.i32.lt_u(left(), m.i32.const(s.frameBytes)), record),
    m.local.set(s.frameLocal, m.i32.sub(m.global.get(stackPointer, b.i32), m.i32.const(s.frameBytes))),
    m.global.set(stackPointer, m.local.get(s.frameLocal, b.i32)),
  ];
};

/** Adds a function to the module. */
export const emitFunc = (context: ModuleContext, f: Func): void => {
  const { b, m } = context;
  const slots = new Map<string, number>();
  let bytes = 0;
  for (const slot of f.slots) {
    bytes = alignTo(bytes, slot.align);
    slots.set(slot.name, bytes);
    bytes += slot.size;
  }
  const inline = new Map<Value, OpInst>();
  forEachInst(f.body, (inst) => {
    const [result] = inst.results;
    if (inst.kind === 'op' && result !== undefined && rebuilt.has(inst.op)) inline.set(result, inst);
  });
  const vars: WasmType[] = [];
  const frameBytes = alignTo(bytes, 16);
  if (frameBytes > 0) vars.push(b.i32);
  const s: State = {
    ...context,
    f,
    vars,
    inline,
    slots,
    frameBytes,
    locals: new Map(f.params.map((v, i) => [v, i])),
    located: [],
    frameLocal: f.params.length,
    regions: new Map(),
    labels: 0,
  };
  const body = m.block(null, [...prologue(s), ...emitBody(s, f.body, undefined)]);
  const params = b.createType(f.params.map((v) => typeOf(s, v)));
  const func = m.addFunction(f.name, params, resultType(b, f.results), vars, body);
  // The position's id stands for the line: emit-map.ts turns it into places in source.
  // Column 1: binaryen begins every function with file 0, line 1, column 0 as known, and would not write it again.
  for (const { e, pos } of s.located) m.setDebugLocation(func, e, 0, pos, 1);
};
