// `par for`: latent parallelism. Its body becomes a function of its own, `par for in f`, which runs some of the iterations:
//
//   par for in f (lo, hi, sums…, captured…) → sums…       the body, a counted loop like any other
//   runtime.par.over.N (record)                            takes iterations off a record, a strip at a time, and calls the first for them
//   runtime.entry.par.N (record)                           what a task begins with that was split off: it goes over a record of its own
//   runtime.par.grain.N → n                                how many iterations are a strip; -1: the loop is not split (par-grain.ts)
//
// A loop of one strip is a call of the first and nothing else; if it is not large, a copy of it stands there (passes/inline.ts). Longer ones have a
// record in the fiber region, which says what iterations nobody has begun and what they work with; only the worker whose loop it is
// touches it. At a heartbeat the oldest record of the running task is split in half (stdlib/runtime_par.pg). U. A. Acar, A. Charguéraud,
// A. Guatto, M. Rainey, F. Sieczkowski, Heartbeat Scheduling (PLDI 2018); Y. Su et al., Compiling Loop-Based Nested Parallelism for
// Irregular Workloads (ASPLOS 2024).
import type { Local, Reduction, Stmt } from '../lang/typed.ts';
import { sizeOf } from '../lang/types.ts';
import { par } from '../vm/abi.ts';
import type { Body, Func, IrType, MemType, PosId, Value } from './ir.ts';
import { lowerScalar } from './lower-expr.ts';
import { closeReductions, fromIndex, rangeBounds, signedTripCount } from './lower-forall.ts';
import { declare, localValue } from './lower-locals.ts';
import { combine, convert, identity } from './lower-numbers.ts';
import { countedLoop } from './lower-own.ts';
import { assignedIn, walkBlock, walkStmt } from './lower-scan.ts';
import {
  append,
  breakIf,
  carried,
  constI32,
  constI64,
  currentValues,
  effect,
  emit,
  emitIf,
  emitLoop,
  emitPlace,
  emitTyped,
  finish,
  fresh,
  ofNewFunction,
  position,
  type State,
} from './lower-state.ts';
import { componentsOf } from './lower-types.ts';

type ParFor = Extract<Stmt, { kind: 'parFor' }>;

// ---- what the body uses of what is around -----------------------------------------------------------------------

const declaredIn = (f: ParFor): ReadonlySet<Local> => {
  const found = new Set<Local>();
  const reduced = (all: readonly Reduction[]): void => {
    for (const r of all) found.add(r.inner);
  };
  walkStmt(f, {
    stmt: (t) => {
      if (t.kind === 'local' || t.kind === 'for' || t.kind === 'forEach') found.add(t.local);
      if (t.kind === 'foreach' || t.kind === 'parFor') {
        found.add(t.local);
        reduced(t.reductions);
      }
      if (t.kind === 'forall') {
        for (const l of t.locals) found.add(l);
        reduced(t.reductions);
      }
    },
  });
  return found;
};

/** Variables from outside, in the order in which they are met. */
const capturedIn = (s: State, f: ParFor): readonly Local[] => {
  const own = declaredIn(f);
  const found = new Set<Local>();
  walkBlock(f.body, {
    place: (p) => {
      if (p.kind === 'local' && !own.has(p.local) && s.env.has(p.local)) found.add(p.local);
    },
  });
  return [...found];
};

interface Captured {
  readonly local: Local;
  /** What stands for it: its value, or where it lies. */
  readonly values: readonly Value[];
  readonly types: readonly IrType[];
  readonly inMemory: boolean;
}

const capture = (s: State, local: Local): Captured => {
  const b = s.env.get(local);
  if (b?.kind === 'values') return { local, values: b.values, types: componentsOf(local.type), inMemory: false };
  return { local, values: b ? [b.base()] : [], types: ['gptr'], inMemory: true };
};

// ---- the functions ----------------------------------------------------------------------------------------------

const stateOf = (s: State, fnName: string, kernel: boolean): State => ({
  ...s,
  fnName,
  kernel,
  ...ofNewFunction(),
});

const add = (s: State, t: State, params: readonly Value[], results: readonly IrType[], pos: PosId): void => {
  const body: Body = { insts: t.insts, end: t.end ?? { kind: 'unreachable', pos } };
  const func: Func = { name: t.fnName, params, results, slots: t.slots, types: t.types, body, pos };
  s.program.made.push(func);
};

/** `par for in f`, `par for 2 in f`, …: of all loops in one function of the program. */
const nameOf = (s: State): string => {
  const around = s.fnName.replace(/^par for (\d+ )?in /, '');
  const before = s.program.pars.filter((p) => p.around === around).length;
  return `par for ${before === 0 ? '' : `${before + 1} `}in ${around}`;
};

interface Loop {
  readonly f: ParFor;
  readonly n: number;
  readonly name: string;
  readonly captured: readonly Captured[];
  /** First value and step, if it has one: iterations are counted then. */
  readonly stepped: boolean;
  readonly sums: readonly IrType[];
  /** What the body needs besides bounds and sums. */
  readonly given: readonly IrType[];
}

const bodyFunction = (s: State, l: Loop): void => {
  const { f } = l;
  const b = stateOf(s, l.name, s.kernel);
  const pos = position(b, f.span);
  const [lo, hi] = [fresh(b, 'i64'), fresh(b, 'i64')];
  const sums = l.sums.map((t) => fresh(b, t));
  const [first, step] = l.stepped ? [fresh(b, 'i64'), fresh(b, 'i64')] : [];
  const params = [lo, hi, ...sums, ...(first === undefined || step === undefined ? [] : [first, step])];
  for (const c of l.captured) {
    const values = c.types.map((t) => fresh(b, t));
    params.push(...values);
    const [address] = values;
    if (!c.inMemory || address === undefined) b.env.set(c.local, { kind: 'values', values });
    else {
      // The variable of a function that waits for us.
      const place = emitPlace(b, pos, 'offset', [address, constI32(b, pos, 0)], [], sizeOf(c.local.type));
      b.env.set(c.local, { kind: 'memory', base: () => place });
    }
  }
  f.reductions.forEach((r, k) => {
    declare(b, pos, r.inner, [sums[k] ?? 0], false);
    b.reducing.set(r.inner, r.op);
  });
  const vars = carried(b, [...new Set([...assignedIn(f.body), ...f.reductions.map((r) => r.inner)])]);
  countedLoop(b, pos, lo, hi, vars, (k) => {
    const index =
      first === undefined || step === undefined
        ? k
        : emit(b, pos, 'add', 'i64', [first, emit(b, pos, 'mul', 'i64', [k, step])]);
    declare(b, pos, f.local, [fromIndex(b, pos, f.local, index)], false);
    b.lowerBlock(b, f.body);
  });
  finish(b, { kind: 'ret', args: f.reductions.map((r) => localValue(b, pos, r.inner)[0] ?? 0), pos });
  add(s, b, params, l.sums, pos);
};

const memType = (t: IrType): MemType => {
  // No value of the language is a vector.
  if (t === 'v128') throw new Error('internal error: a vector in the body of a par for');
  return t === 'gptr' || t === 'ptr' ? 'ptr32' : t;
};

const at = (s: State, pos: PosId, record: Value): Value =>
  emit(s, pos, 'addr', '', [emit(s, pos, 'gptr.of', '', [emit(s, pos, 'wrap', '', [record])])]);

/** A word of a record; of the run-time, so that no guard asks who may read it. */
const loadWord = (s: State, pos: PosId, record: Value, offset: number, t: IrType): Value => {
  const p = at(s, pos, record);
  const result = fresh(s, t);
  append(s, {
    kind: 'op',
    op: 'load',
    suffix: memType(t),
    results: [result],
    args: [p],
    imms: [offset],
    pos,
    kernel: true,
  });
  return result;
};

const storeWord = (s: State, pos: PosId, record: Value, offset: number, t: IrType, value: Value): void => {
  const args = [at(s, pos, record), value];
  append(s, { kind: 'op', op: 'store', suffix: memType(t), results: [], args, imms: [offset], pos, kernel: true });
};

const sumAt = (k: number): number => par.values + 8 * k;
const givenAt = (l: Loop, k: number): number => par.values + 8 * (l.sums.length + k);
const bytesOf = (l: Loop): number => (givenAt(l, l.given.length) + 15) & ~15;

const overName = (n: number): string => `runtime.par.over.${n}`;
const entryName = (n: number): string => `runtime.entry.par.${n}`;
export const grainName = (n: number): string => `runtime.par.grain.${n}`;

/** Goes over a record: strip by strip, as long as there are iterations that nobody else has taken; then adds up what the others have. */
const overFunction = (s: State, l: Loop, place: PosId): void => {
  const { f } = l;
  const d = stateOf(s, overName(l.n), true);
  const pos = position(d, f.span);
  const record = fresh(d, 'i64');
  const given = l.given.map((t, k) => loadWord(d, pos, record, givenAt(l, k), t));
  const vars = f.reductions.map((r) => r.inner);
  for (const r of f.reductions) {
    d.env.set(r.inner, { kind: 'values', values: [identity(d, pos, r.op, r.inner.type)] });
    d.reducing.set(r.inner, r.op);
  }
  const grain = emitTyped(d, pos, 'call', '', [], [grainName(l.n)], ['i64'])[0] ?? 0;
  storeWord(d, pos, record, par.strip, 'i64', grain);
  const again = (label: string): void => finish(d, { kind: 'next', label, args: currentValues(d, vars), pos });
  // The loop's place is in the program: it gets a hook.
  emitLoop(d, place, { stem: 's', counters: [], vars }, (label) => {
    const next = loadWord(d, pos, record, par.next, 'i64');
    const end = loadWord(d, pos, record, par.end, 'i64');
    const strip = loadWord(d, pos, record, par.strip, 'i64');
    const left = emit(d, pos, 'sub', 'i64', [end, next]);
    const some = emit(d, pos, 'lt_s', 'i64', [next, end]);
    const far = emit(d, pos, 'and', 'i32', [some, emit(d, pos, 'gt_u', 'i64', [left, strip])]);
    const limit = emit(d, pos, 'select', 'i64', [far, emit(d, pos, 'add', 'i64', [next, strip]), end]);
    storeWord(d, pos, record, par.next, 'i64', limit);
    storeWord(d, pos, record, par.begun, 'i32', constI32(d, pos, 1));
    const last = (): readonly Value[] => {
      effect(d, pos, 'call', '', [record], ['runtime.par.last']);
      return [];
    };
    emitIf(d, pos, far, [], () => [], last);
    const args = [next, limit, ...currentValues(d, vars), ...given];
    const sums = emitTyped(d, pos, 'call', '', args, [l.name], l.sums);
    f.reductions.forEach((r, k) => {
      d.env.set(r.inner, { kind: 'values', values: [sums[k] ?? 0] });
    });
    // Most loops are never split, and short ones are many: they ask for nobody.
    const none = (): readonly Value[] => [constI32(d, pos, 0)];
    const takeBack = (): readonly Value[] => emitTyped(d, pos, 'call', '', [record], ['runtime.par.more'], ['i32']);
    const more = emitIf(
      d,
      pos,
      far,
      [],
      () => {
        effect(d, pos, 'call', '', [record, grain], ['runtime.par.adapt']);
        return [constI32(d, pos, 1)];
      },
      () => emitIf(d, pos, loadWord(d, pos, record, par.children, 'i32'), [], takeBack, none),
    );
    breakIf(d, pos, emit(d, pos, 'eqz', 'i32', [more[0] ?? 0]), label, vars);
    again(label);
  });
  const told = emit(d, pos, 'position', '', [], [BigInt(place)]);
  emitLoop(d, pos, { stem: 'j', counters: [], vars }, (label) => {
    const joined = (): readonly Value[] =>
      emitTyped(d, pos, 'call', '', [record, told], ['runtime.par.joined'], ['i64']);
    const some = emit(d, pos, 'or', 'i32', [
      loadWord(d, pos, record, par.children, 'i32'),
      loadWord(d, pos, record, par.joined, 'i32'),
    ]);
    const other = emitIf(d, pos, some, [], joined, () => [constI64(d, pos, 0)])[0] ?? 0;
    breakIf(d, pos, emit(d, pos, 'eqz', 'i64', [other]), label, vars);
    f.reductions.forEach((r, k) => {
      const b = d.env.get(r.inner);
      const own = b?.kind === 'values' ? (b.values[0] ?? 0) : 0;
      const its = loadWord(d, pos, other, sumAt(k), l.sums[k] ?? 'i64');
      d.env.set(r.inner, { kind: 'values', values: [combine(d, pos, r.op, r.inner.type, own, its)] });
    });
    again(label);
  });
  f.reductions.forEach((r, k) => {
    storeWord(d, pos, record, sumAt(k), l.sums[k] ?? 'i64', currentValues(d, [r.inner])[0] ?? 0);
  });
  finish(d, { kind: 'ret', args: [], pos });
  add(s, d, [record], [], pos);
};

const entryFunction = (s: State, l: Loop): void => {
  const e = stateOf(s, entryName(l.n), true);
  const pos = position(e, l.f.span);
  const record = fresh(e, 'i64');
  effect(e, pos, 'call', '', [record], ['runtime.par.start']);
  effect(e, pos, 'call', '', [record], [overName(l.n)]);
  finish(e, { kind: 'ret', args: [], pos });
  add(s, e, [record], [], pos);
};

// ---- the statement ----------------------------------------------------------------------------------------------

export const lowerParFor = (s: State, f: ParFor): void => {
  const pos = position(s, f.span);
  const bounds = rangeBounds(s, f.range);
  let { lo, hi } = bounds;
  const extra: Value[] = [];
  if (f.range.step) {
    const { type } = f.range.step;
    const step = convert(s, pos, type, { kind: 'int', bits: 64, signed: true }, lowerScalar(s, f.range.step));
    hi = signedTripCount(s, pos, f.range, lo, hi, step);
    extra.push(lo, step);
    lo = constI64(s, pos, 0);
  }
  const captured = capturedIn(s, f).map((local) => capture(s, local));
  const l: Loop = {
    f,
    n: s.program.pars.length,
    name: nameOf(s),
    captured,
    stepped: extra.length > 0,
    sums: f.reductions.flatMap((r) => componentsOf(r.inner.type)),
    given: [...extra.map(() => 'i64' as const), ...captured.flatMap((c) => c.types)],
  };
  s.program.pars.push({ n: l.n, name: l.name, around: l.name.replace(/^par for (\d+ )?in /, ''), pos });
  bodyFunction(s, l);
  const start = f.reductions.map((r) => identity(s, pos, r.op, r.inner.type));
  const given = [...extra, ...captured.flatMap((c) => c.values)];
  const inPlace = (): readonly Value[] => emitTyped(s, pos, 'call', '', [lo, hi, ...start, ...given], [l.name], l.sums);
  if (!s.program.splits) return closeReductions(s, pos, f.reductions, inPlace());
  overFunction(s, l, pos);
  entryFunction(s, l);
  const grain = emitTyped(s, pos, 'call', '', [], [grainName(l.n)], ['i64'])[0] ?? 0;
  const none = emit(s, pos, 'ge_s', 'i64', [lo, hi]);
  const count = emit(s, pos, 'sub', 'i64', [hi, lo]);
  const few = emit(s, pos, 'or', 'i32', [none, emit(s, pos, 'le_u', 'i64', [count, grain])]);
  // Asked in this order: in recursion the answer of the first is nearly always the same, and how many iterations there are is anybody's guess.
  const always = emit(s, pos, 'lt_s', 'i64', [grain, constI64(s, pos, 0)]);
  const yes = (): readonly Value[] => [constI32(s, pos, 1)];
  const isDeep = (): readonly Value[] => emitTyped(s, pos, 'call', '', [count], ['runtime.par.deep'], ['i32']);
  const deep = emitIf(s, pos, always, [], yes, isDeep)[0] ?? 0;
  const whole = emitIf(s, pos, deep, [], yes, () => [few])[0] ?? 0;
  const sums = emitIf(s, pos, whole, [], inPlace, () => {
    const entry = emit(s, pos, 'func.ref', '', [], [entryName(l.n)]);
    const need = emit(s, pos, 'stack.need', '', [], [entryName(l.n)]);
    const told = emit(s, pos, 'position', '', [], [BigInt(pos)]);
    const args = [constI64(s, pos, bytesOf(l)), lo, hi, emit(s, pos, 'extend_u', '', [entry]), need, told];
    const record = emitTyped(s, pos, 'call', '', args, ['runtime.par.begin'], ['i64'])[0] ?? 0;
    given.forEach((v, k) => {
      storeWord(s, pos, record, givenAt(l, k), l.given[k] ?? 'i64', v);
    });
    effect(s, pos, 'call', '', [record], [overName(l.n)]);
    const found = l.sums.map((t, k) => loadWord(s, pos, record, sumAt(k), t));
    effect(s, pos, 'call', '', [record], ['runtime.par.end']);
    return found;
  });
  closeReductions(s, pos, f.reductions, sums);
};
