// One function of IR → one function of wasm. The structure maps one to one: if, block and loop; the parameters and results of
// regions are assigned where a region is left. A value that is used once, in the body that defines it, becomes part of the
// expression that uses it (emit-nest.ts); constants are built anew at each use; every other value has a local.
import { type FaultKind, imports, isRuntime, page, runFunction, track } from '../vm/abi.ts';
import { hintLines } from './branch-hints.ts';
import type { Binaryen, ExpressionRef, Module, OpContext, WasmType } from './emit-context.ts';
import { slotOf, workerImage, workerOf, workerSlot } from './emit-context.ts';
import { firstBounds, unlessNear } from './emit-guards.ts';
import { asksAgain, nestable, type Uses, usesOf } from './emit-nest.ts';
import { emitOp, faultRecord } from './emit-ops.ts';
import { originsOf } from './emit-origins.ts';
import { isCompare } from './facts.ts';
import { frameLayout } from './frames.ts';
import type { Body, Func, IfInst, Inst, IrType, LoopInst, OpInst, PosId, Terminator, Value } from './ir.ts';
import { machineTypes, textImm } from './ir-types.ts';
import type { Layout } from './layout.ts';
import { rebuilt } from './remade.ts';
import { argsOf, forEachInst } from './tree.ts';

export interface ModuleContext {
  readonly b: Binaryen;
  readonly m: Module;
  readonly layout: Layout;
  readonly funcs: ReadonlyMap<string, Func>;
  readonly format: (json: string) => number;
  readonly functionNumber: (name: string) => number;
  /** Functions that are used as values, by their number less one. */
  readonly inTable: readonly string[];
  /** Note how far down frames in memory reach. */
  readonly tracked: boolean;
  /** Leave room between variables in memory. */
  readonly checked: boolean;
  readonly counts: boolean;
  /** Workers may run another image's work. */
  readonly adopts: boolean;
}

/** Marks of source positions and hints about branches; binaryen wants them after the function exists. */
type Located =
  | { readonly e: ExpressionRef; readonly pos: PosId }
  | { readonly e: ExpressionRef; readonly hint: keyof typeof hintLines };

export const wasmType = (b: Binaryen, t: IrType): WasmType =>
  t === 'i64' || t === 'f32' || t === 'f64' || t === 'v128' ? b[t] : b.i32;

/** The wasm table of functions that are used as values. */
export const functionTable = 'functions';

const stackPointer = 'sp';

interface State extends ModuleContext {
  readonly f: Func;
  readonly vars: WasmType[];
  readonly locals: Map<Value, number>;
  /** Values that are built anew at each use. */
  readonly inline: ReadonlyMap<Value, OpInst>;
  readonly uses: Uses;
  /** Values that wait for their one use, to be built there. */
  readonly waiting: Map<Value, Waiting>;
  /** Those of them that read memory, themselves or in what they are made of: they must not wait longer than it stays as it is. */
  readonly reads: Set<Value>;
  /** What pointers are made of. */
  readonly origins: ReadonlyMap<Value, Value | 'symmetric'>;
  /** Own module-level variables, by the values that name them. */
  readonly globals: ReadonlyMap<Value, string>;
  readonly located: Located[];
  readonly slots: ReadonlyMap<string, number>;
  readonly frameBytes: number;
  readonly frameLocal: number;
  /** Results of the regions around, by label; for loops also the parameters. */
  readonly regions: Map<
    string,
    { readonly results: readonly Value[]; readonly params: readonly Value[]; readonly loop: boolean }
  >;
  /** Labels that a branch goes to. */
  readonly branched: Set<string>;
  labels: number;
}

interface Waiting {
  readonly inst: OpInst;
  /** Nesting of the expression that it will be. */
  readonly depth: number;
}

/** Expressions are nested no deeper: everything that walks them recurses. */
const deepest = 40;

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
  const inst = s.inline.get(v) ?? s.waiting.get(v)?.inst;
  if (!inst) return s.m.local.get(localOf(s, v), typeOf(s, v));
  s.waiting.delete(v);
  s.reads.delete(v);
  return emitOp[inst.op](opContext(s, inst));
};

/** The values that wait for `v`, itself included: those which building it would build. */
const madeOf = (s: State, v: Value, into: Set<Value> = new Set()): Set<Value> => {
  const waiting = s.waiting.get(v);
  if (!waiting || into.has(v)) return into;
  into.add(v);
  for (const a of waiting.inst.args) madeOf(s, a, into);
  return into;
};

const keep = (s: State, v: Value): ExpressionRef => {
  const e = get(s, v);
  return s.m.local.set(localOf(s, v), e);
};

/** Reads that wait, and are not about to be built, take place now: what comes next may change memory or stop. */
const settle = (s: State, operands: readonly Value[]): ExpressionRef[] => {
  if (s.reads.size === 0) return [];
  const next = new Set<Value>();
  for (const v of operands) madeOf(s, v, next);
  const out: ExpressionRef[] = [];
  for (const v of [...s.reads]) if (!next.has(v)) out.push(keep(s, v));
  return out;
};

const mark =
  (s: State, pos: PosId) =>
  (e: ExpressionRef): ExpressionRef => {
    if (pos > 0) s.located.push({ e, pos });
    return e;
  };

const hinted =
  (s: State, hint: keyof typeof hintLines) =>
  (e: ExpressionRef): ExpressionRef => {
    s.located.push({ e, hint });
    return e;
  };

/**
 * The number of a function that the program calls: 0 if it is one of the run-time, which would access memory without guards. A
 * program can put any number into a function value.
 */
const ofProgram = (s: State, inst: OpInst, number: ExpressionRef): ExpressionRef => {
  const { b, m } = s;
  const called = machineTypes(
    inst.args.slice(1).map((v) => s.f.types[v]),
    inst.results.map((v) => s.f.types[v]),
  );
  const isOfRuntime = (name: string): boolean => {
    const f = s.funcs.get(name);
    const params = f?.params.map((v) => f.types[v]) ?? [];
    return isRuntime(name) && machineTypes(params, f?.results ?? []) === called;
  };
  if (!s.inTable.some(isOfRuntime)) return number;
  // They come last in the table.
  const last = s.inTable.filter((name) => !isRuntime(name)).length;
  const t = newLocal(s, b.i32);
  const given = m.local.tee(t, number, b.i32);
  return m.select(m.i32.le_u(m.local.get(t, b.i32), m.i32.const(last)), given, m.i32.const(0));
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
    symmetricBase: layout.symmetricBase,
    dataBytes: layout.dataBytes,
    maySymmetric: (i) => {
      let at: Value | 'symmetric' | undefined = inst.args[i];
      for (let depth = 0; depth < 16 && typeof at === 'number'; depth++) at = s.origins.get(at);
      return at === 'symmetric';
    },
    addressOfData: (name) => layout.data.get(name) ?? 0,
    ownGlobal: (i) => {
      const name = s.globals.get(inst.args[i] ?? -1);
      return name === undefined ? undefined : layout.offsets.get(name);
    },
    frame: (slot) => {
      const base = m.local.get(s.frameLocal, b.i32);
      const offset = s.slots.get(slot) ?? 0;
      return offset === 0 ? base : m.i32.add(base, m.i32.const(offset));
    },
    format: s.format,
    temp: (type) => newLocal(s, b[type]),
    label: () => `x${s.labels++}`,
    counts: s.counts,
    adopts: s.adopts,
    fault: (kind: FaultKind, values) => faultRecord(s, kind, inst.pos, values, mark(s, inst.pos)),
    at: mark(s, inst.pos),
    likely: hinted(s, 'likely'),
    unlikely: hinted(s, 'unlikely'),
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
    functionNumber: s.functionNumber,
    stackPointer: () => m.global.get(stackPointer, b.i32),
    setStackPointer: (to) => m.global.set(stackPointer, to),
    keepFrame: () => (s.frameBytes === 0 ? m.nop() : m.local.set(s.frameLocal, m.global.get(stackPointer, b.i32))),
    callValue: () => {
      const [callee, ...rest] = inst.args;
      const types = (values: readonly Value[]): WasmType =>
        resultType(
          b,
          values.map((v) => s.f.types[v] ?? 'i32'),
        );
      const args = rest.map((a) => get(s, a));
      const number = get(s, callee ?? 0);
      const target = inst.kernel || inst.op !== 'call.value' ? number : ofProgram(s, inst, number);
      return mark(s, inst.pos)(m.call_indirect(functionTable, target, args, types(rest), types(inst.results)));
    },
  };
};

export const resultType = (b: Binaryen, results: readonly IrType[]): WasmType => {
  const [first] = results;
  if (first === undefined) return b.none;
  return results.length === 1 ? wasmType(b, first) : b.createType(results.map((t) => wasmType(b, t)));
};

interface Move {
  readonly target: number;
  readonly build: () => ExpressionRef;
  readonly type: WasmType;
  /** Locals that building it reads. */
  readonly reads: ReadonlySet<number>;
}

/** The locals that the expression of a value reads. */
const localsIn = (s: State, v: Value, into: Set<number> = new Set()): Set<number> => {
  const inst = s.inline.get(v) ?? s.waiting.get(v)?.inst;
  if (inst) for (const a of inst.args) localsIn(s, a, into);
  else into.add(localOf(s, v));
  return into;
};

/** Assigns `from` to `to`, all at once: a local that is still to be read is not overwritten before. */
const parallelMoves = (s: State, to: readonly Value[], from: readonly Value[]): ExpressionRef[] => {
  const { m } = s;
  const out: ExpressionRef[] = [];
  const pending = to.flatMap((v, i): Move[] => {
    const source = from[i];
    if (source === undefined) return [];
    const target = localOf(s, v);
    const reads = localsIn(s, source);
    const same = !s.inline.has(source) && !s.waiting.has(source) && reads.has(target);
    return same ? [] : [{ target, build: () => get(s, source), type: typeOf(s, source), reads }];
  });
  while (pending.length > 0) {
    const free = pending.findIndex((p) => !pending.some((q) => q !== p && q.reads.has(p.target)));
    if (free >= 0) {
      const [p] = pending.splice(free, 1);
      if (p) out.push(m.local.set(p.target, p.build()));
      continue;
    }
    // A ring: one of its values is computed aside, and then reads nothing that others overwrite.
    const p = pending.shift();
    if (!p) break;
    const aside = newLocal(s, p.type);
    out.push(m.local.set(aside, p.build()));
    pending.push({ ...p, build: () => m.local.get(aside, p.type), reads: new Set() });
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

const exitOf = (s: State, label: string): string => (s.regions.get(label)?.loop ? `${label}.exit` : label);

const branch = (s: State, label: string, condition?: ExpressionRef): ExpressionRef => {
  s.branched.add(label);
  return s.m.br(label, condition);
};

/** What a branch to the label ends, as a block of that name if there is one. */
const region = (s: State, label: string, content: readonly ExpressionRef[]): readonly ExpressionRef[] =>
  s.branched.has(label) ? [s.m.block(label, [...content])] : content;

/** The branch that a body is, if it does nothing else and does not end where it would go. */
const bareBranch = (s: State, body: Body, tail: string): string | undefined => {
  const { end } = body;
  if (body.insts.length > 0) return undefined;
  if (end.kind === 'break') return end.args.length === 0 && end.label !== tail ? exitOf(s, end.label) : undefined;
  if (end.kind !== 'next') return undefined;
  const params = s.regions.get(end.label)?.params ?? [];
  return end.args.every((a, i) => a === params[i]) ? end.label : undefined;
};

/** `tail`: the label whose region ends where this body ends, so that a break to it needs no branch. */
const emitEnd = (s: State, end: Terminator, tail: string | undefined): ExpressionRef[] => {
  const { m } = s;
  switch (end.kind) {
    case 'break': {
      const moves = parallelMoves(s, s.regions.get(end.label)?.results ?? [], end.args);
      return end.label === tail ? moves : [...moves, branch(s, exitOf(s, end.label))];
    }
    case 'next':
      return [...parallelMoves(s, s.regions.get(end.label)?.params ?? [], end.args), branch(s, end.label)];
    case 'ret': {
      const values = end.args.map((a) => get(s, a));
      const [first] = values;
      const value = first === undefined ? undefined : values.length === 1 ? first : m.tuple.make(values);
      return [...epilogue(s), value === undefined ? m.return() : m.return(value)];
    }
    case 'fault':
      // A read that traps must do so before there is a record.
      return [
        ...settle(s, []),
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
        ...settle(s, []),
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

const emitBody = (s: State, body: Body, tail: string | undefined): ExpressionRef[] => {
  const out: ExpressionRef[] = [];
  // One list is appended to, as a body may have thousands of instructions.
  for (const inst of body.insts) for (const e of emitInst(s, inst)) out.push(e);
  out.push(...settle(s, argsOf(body.end)), ...emitEnd(s, body.end, tail));
  return out;
};

const emitLoop = (s: State, loop: LoopInst): ExpressionRef[] => {
  const { m } = s;
  s.regions.set(loop.label, { results: loop.results, params: loop.params, loop: true });
  const before = settle(s, loop.inits);
  const entry = parallelMoves(s, loop.params, loop.inits);
  const body = m.loop(loop.label, m.block(null, emitBody(s, loop.body, undefined)));
  return [...before, ...entry, ...region(s, exitOf(s, loop.label), [body])];
};

const emitChoice = (s: State, inst: IfInst, condition: ExpressionRef): readonly ExpressionRef[] => {
  const { m } = s;
  // A loop's exit is one conditional branch.
  const leave = bareBranch(s, inst.then, inst.label);
  if (leave !== undefined) return [branch(s, leave, condition), ...emitBody(s, inst.else, inst.label)];
  const otherLeave = bareBranch(s, inst.else, inst.label);
  if (otherLeave !== undefined)
    return [branch(s, otherLeave, m.i32.eqz(condition)), ...emitBody(s, inst.then, inst.label)];
  const then = emitBody(s, inst.then, inst.label);
  const otherwise = emitBody(s, inst.else, inst.label);
  const hint = hinted(s, 'likely');
  const likely = (e: ExpressionRef): ExpressionRef => (inst.likely ? hint(e) : e);
  if (otherwise.length === 0) return [likely(m.if(condition, m.block(null, then)))];
  if (then.length === 0) {
    const other = m.if(m.i32.eqz(condition), m.block(null, otherwise));
    return [inst.likely ? hinted(s, 'unlikely')(other) : other];
  }
  return [likely(m.if(condition, m.block(null, then), m.block(null, otherwise)))];
};

/** Leaves for the label if the condition does not hold: a chain of tests needs no value in between. */
const unless = (s: State, label: string, condition: Value, hardly = true): ExpressionRef[] => {
  const inst = s.waiting.get(condition)?.inst;
  if (inst?.op !== 'guard.near' && (inst?.op !== 'and' || inst.suffix !== 'i32')) {
    const leave = s.m.br(label, s.m.i32.eqz(get(s, condition)));
    return [hardly ? hinted(s, 'unlikely')(leave) : leave];
  }
  s.waiting.delete(condition);
  s.reads.delete(condition);
  if (inst.op === 'guard.near') return [unlessNear(opContext(s, inst), label)];
  return inst.args.flatMap((a) => unless(s, label, a, hardly));
};

/** What a loop goes on under is tested part by part, if it is several comparisons: each is mostly true, and a branch that is foreseen costs less than a number. */
const testsInTurn = (s: State, inst: IfInst): boolean => {
  const { end } = inst.else;
  const leaves = inst.else.insts.length === 0 && end.kind === 'break' && s.regions.get(end.label)?.loop === true;
  return leaves && end.label !== inst.label && s.waiting.has(inst.condition) && isAllOf(s, inst.condition);
};

/** A conjunction of comparisons. */
const isAllOf = (s: State, v: Value): boolean => {
  const inst = s.waiting.get(v)?.inst;
  const isPart = (a: Value): boolean => isAllOf(s, a) || isCompare(s.waiting.get(a)?.inst.op ?? 'const');
  return inst?.op === 'and' && inst.suffix === 'i32' && inst.args.every(isPart);
};

/** An `if` whose second arm is for when a test of guards fails. */
const emitUnless = (s: State, inst: IfInst, hardly = true): ExpressionRef[] => {
  const failed = `${inst.label}.no`;
  const tests = unless(s, failed, inst.condition, hardly);
  return [s.m.block(failed, [...tests, ...emitBody(s, inst.then, undefined)]), ...emitBody(s, inst.else, inst.label)];
};

const isNear = (s: State, v: Value): boolean => {
  const inst = s.waiting.get(v)?.inst;
  return (
    inst?.op === 'guard.near' || (inst?.op === 'and' && inst.suffix === 'i32' && inst.args.some((a) => isNear(s, a)))
  );
};

const emitInst = (s: State, inst: Inst): ExpressionRef[] => {
  switch (inst.kind) {
    case 'op':
      return emitOpInst(s, inst);
    case 'block':
      s.regions.set(inst.label, { results: inst.results, params: [], loop: false });
      return [...settle(s, []), ...region(s, inst.label, emitBody(s, inst.body, inst.label))];
    case 'if': {
      s.regions.set(inst.label, { results: inst.results, params: [], loop: false });
      const before = settle(s, [inst.condition]);
      if (inst.likely && isNear(s, inst.condition)) return [...before, ...region(s, inst.label, emitUnless(s, inst))];
      if (testsInTurn(s, inst)) return [...before, ...region(s, inst.label, emitUnless(s, inst, false))];
      const condition = get(s, inst.condition);
      return [...before, ...region(s, inst.label, emitChoice(s, inst, condition))];
    }
    case 'loop':
      return emitLoop(s, inst);
  }
};

const emitOpInst = (s: State, inst: OpInst): ExpressionRef[] => {
  const { m, b } = s;
  const [first] = inst.results;
  if (first !== undefined && s.inline.has(first)) return [];
  const kind = nestable(inst);
  if (first !== undefined && kind !== undefined) {
    const depth = 1 + Math.max(0, ...inst.args.map((a) => s.waiting.get(a)?.depth ?? 0));
    if (s.uses.here(first) && depth <= deepest) {
      // What it is made of is built with it: it stands for that among the reads.
      const parts = inst.args.filter((a) => s.reads.delete(a));
      if (kind === 'reads' || parts.length > 0) s.reads.add(first);
      s.waiting.set(first, { inst, depth });
      return [];
    }
    if (kind === 'pure' && s.uses.none(first)) return [];
  }
  const out = kind === undefined ? settle(s, inst.args) : [];
  // Rows of checks and of some atomics ask for an operand several times: it is computed once.
  if (asksAgain(inst)) for (const a of inst.args) if (s.waiting.has(a)) out.push(keep(s, a));
  const e = emitOp[inst.op](opContext(s, inst));
  if (first === undefined) return [...out, e];
  if (inst.results.length === 1) return [...out, s.uses.none(first) ? m.drop(e) : m.local.set(localOf(s, first), e)];
  const types = inst.results.map((v) => typeOf(s, v));
  const tuple = newLocal(s, b.createType(types));
  const whole = (): ExpressionRef => m.local.get(tuple, b.createType(types));
  return [
    ...out,
    m.local.set(tuple, e),
    ...inst.results.map((v, i) => m.local.set(localOf(s, v), m.tuple.extract(whole(), i))),
  ];
};

const noteDepth = (s: State): ExpressionRef => {
  const { m, b } = s;
  const offset = (): ExpressionRef => m.i32.sub(m.local.get(s.frameLocal, b.i32), slotOf(s));
  const deepest = m.i32.load(track.stackLow, 4, slotOf(s));
  // The image's own stack, not that of a task on the heap.
  const own = m.i32.ge_u(offset(), m.i32.load(page.heapEnd, 4, slotOf(s)));
  return m.if(m.i32.and(m.i32.lt_u(offset(), deepest), own), m.i32.store(track.stackLow, 4, slotOf(s), offset()));
};

/** The op with which a function begins that goes on, or may go on, in a frame that is there already. */
const keepsFrame = (f: Func): OpInst | undefined => {
  const [first] = f.body.insts;
  return first?.kind === 'op' && (first.op === 'frame.keep' || first.op === 'frame.enter') ? first : undefined;
};

/** Takes room on the stack, or faults if there is not enough above the limit of the own slot. */
const prologue = (s: State): ExpressionRef[] => {
  const kept = keepsFrame(s.f);
  if (s.frameBytes === 0 || kept?.op === 'frame.keep') return [];
  const { m, b, f } = s;
  const [goesOn] = kept?.args ?? [];
  const left = (): ExpressionRef =>
    m.i32.sub(m.global.get(stackPointer, b.i32), m.i32.add(workerOf(s), m.i32.load(page.stackLimit, 4, workerOf(s))));
  const size = m.i64.const(BigInt(s.frameBytes));
  const record = faultRecord(s, 'stack', f.pos, [size, m.i64.extend_u(left())], mark(s, f.pos));
  const taken = [
    m.if(m.i32.lt_u(left(), m.i32.const(s.frameBytes)), record),
    m.local.set(s.frameLocal, m.i32.sub(m.global.get(stackPointer, b.i32), m.i32.const(s.frameBytes))),
    m.global.set(stackPointer, m.local.get(s.frameLocal, b.i32)),
    ...(s.tracked ? [noteDepth(s)] : []),
  ];
  return goesOn === undefined ? taken : [m.if(m.i32.eqz(get(s, goesOn)), m.block(null, taken))];
};

/** Where workers may run another image's work, each begins with its own. */
const beOneself = ({ b, m, adopts }: State): ExpressionRef[] =>
  adopts
    ? [
        m.global.set(imports.slot, m.global.get(workerSlot, b.i32)),
        m.global.set(imports.image, m.global.get(workerImage, b.i32)),
      ]
    : [];

/** Adds a function to the module. */
export const emitFunc = (context: ModuleContext, f: Func): void => {
  const { b, m } = context;
  const { slots, bytes: frameBytes } = frameLayout(f, context.checked);
  const inline = new Map<Value, OpInst>();
  const globals = new Map<Value, string>();
  forEachInst(f.body, (inst) => {
    const [result] = inst.results;
    if (inst.kind !== 'op' || result === undefined) return;
    if (rebuilt.has(inst.op)) inline.set(result, inst);
    if (inst.op === 'global') globals.set(result, textImm(inst.imms, 0));
  });
  const vars: WasmType[] = [];
  if (frameBytes > 0) vars.push(b.i32);
  const s: State = {
    ...context,
    f,
    vars,
    inline,
    uses: usesOf(f),
    waiting: new Map(),
    reads: new Set(),
    origins: originsOf(f),
    globals,
    slots,
    frameBytes,
    locals: new Map(f.params.map((v, i) => [v, i])),
    located: [],
    frameLocal: f.params.length,
    regions: new Map(),
    branched: new Set(),
    labels: 0,
  };
  // A run that goes on from a checkpoint begins with `main`.
  const begins = f.name === 'init' || (f.name === 'main' && context.funcs.has(runFunction));
  const first = begins ? [...beOneself(s), firstBounds(s)] : [];
  const body = m.block(null, [...first, ...prologue(s), ...emitBody(s, f.body, undefined)]);
  const params = b.createType(f.params.map((v) => typeOf(s, v)));
  const func = m.addFunction(f.name, params, resultType(b, f.results), vars, body);
  // The position's id stands for the line: emit-map.ts turns it into places in source.
  // Column 1: binaryen begins every function with file 0, line 1, column 0 as known, and would not write it again.
  for (const at of s.located) {
    if ('hint' in at) m.setDebugLocation(func, at.e, 1, hintLines[at.hint], 1);
    else m.setDebugLocation(func, at.e, 0, at.pos, 1);
  }
};
