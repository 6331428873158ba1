// The two forms of a function that can be left in the middle: one that is called, and one that goes on from a frame record.
//
//   func @f(%a) -> i64 {                     func @f(%a) -> i64, i32 {            func @runtime.resume.f(%r, %out) -> i32 {
//     %x = call @g(%a)                         %x, %s = call @g(%a)                 %x = load %r + results
//     %y = add.i64 %x, %a                      if %s { keep %a; ret(0, 1) }         %a = load %r + live values
//     ret(%y)                                  %y = add.i64 %x, %a                  %y = add.i64 %x, %a
//   }                                          ret(%y, 0)                           store %out, %y; ret(0)
//                                            }                                    }
//
// A *point* is where a function can be left: `suspend`, or a call that tells by its last result that the callee has been left. The second form
// is one copy of the whole function that can be entered at each of its points: its code grows to about twice, whatever the number of points. What lies
// before the point that is gone to is jumped over by tests of the point's number, once: loops have the number as one more parameter, which is 0 from the
// second round on. So code runs at full speed after going on. That bodies are trees makes it possible: what is
// left of a function is the rest of this body, then the rounds of the loop that are left, then the rest of what encloses it.
//
// A call at the very end of a function of the run-time, whose results are the function's, needs no point: whatever its status, it is passed on, and
// once the callee has ended its results go to the caller's record. So what only asks the scheduler for something has no record of its own.
// Functions of programs have theirs also then, as profiles are made from records.
//
// After continuations by generalized stack inspection (Pettyjohn et al., ICFP 2005) and fibers by compiler-inserted returns
// (as in Ghosh et al.: Compiler-based Timing, SC 2020), with one resumable copy in place of one continuation a point.
import { entryPrefix, frameRecord, isRuntime } from '../vm/abi.ts';
import type { Body, Func, Inst, IrType, LoopInst, OpInst, PosId, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';
import {
  isAgain,
  type Leaving,
  loadOp,
  memType,
  offsetOfWord,
  type Plan,
  planOf,
  wordsBefore,
  wordsOf,
} from './resume-plan.ts';
import { argsOf, bodiesOf, copyBody, type Edit, editOf, operandsOf, withBodies } from './tree.ts';

const by = 'fibers';

interface State {
  readonly plan: Plan;
  readonly edit: Edit;
  /** Terminators that leave for the scheduler: they are as they should be. */
  readonly left: Set<Terminator>;
}

/** Ops appended to a list. */
class Code {
  readonly insts: Inst[] = [];
  readonly #edit: Edit;
  readonly #pos: PosId;

  constructor(edit: Edit, pos: PosId) {
    this.#edit = edit;
    this.#pos = pos;
  }

  op(op: OpInst['op'], suffix: string, type: IrType, args: readonly Value[], imms: OpInst['imms'] = []): Value {
    const result = this.#edit.value(type);
    this.define(result, op, suffix, args, imms);
    return result;
  }

  define(result: Value, op: OpInst['op'], suffix: string, args: readonly Value[], imms: OpInst['imms'] = []): void {
    const kernel = op === 'load' || op === 'v.load' ? { kernel: true } : {};
    this.insts.push({ kind: 'op', op, suffix, results: [result], args, imms, pos: this.#pos, by, ...kernel });
  }

  i32(n: number): Value {
    return this.op('const', 'i32', 'i32', [], [BigInt(n)]);
  }

  /** The address that a number is. */
  pointer(number: Value): Value {
    return this.op('addr', '', 'ptr', [this.op('gptr.of', '', 'gptr', [number])]);
  }

  store(type: IrType, pointer: Value, v: Value, offset: number): void {
    const suffix = memType(type);
    this.insts.push({
      kind: 'op',
      op: type === 'v128' ? 'v.store' : 'store',
      suffix,
      results: [],
      args: [pointer, v],
      imms: [offset],
      pos: this.#pos,
      by,
      kernel: true,
    });
  }
}

const typeIn = (s: State, v: Value): IrType => s.edit.types[v] ?? 'i64';

const zero = (c: Code, type: IrType): Value => {
  switch (type) {
    case 'i32':
    case 'i64':
      return c.op('const', type, type, [], [0n]);
    case 'f32':
    case 'f64':
      return c.op('fconst', type, type, [], [0n]);
    case 'gptr':
      return c.op('null', '', 'gptr', []);
    case 'v128':
      return c.op('v.const', '', 'v128', [], [0n, 0n]);
    case 'ptr':
      return c.op('addr', '', 'ptr', [c.op('null', '', 'gptr', [])]);
  }
};

/** Keeps what is live behind the point in a record, and ends the body: with `results` zeros and the status 1. */
const leave = (s: State, point: Inst, results: readonly IrType[]): Body => {
  const { plan } = s;
  const c = new Code(s.edit, point.pos);
  const live = [...(plan.live.get(point) ?? [])];
  const words = Math.max(0, ...live.map((v) => (plan.word.get(v) ?? 0) + wordsOf(typeIn(s, v))));
  const size = c.i32(offsetOfWord(plan, words));
  const fn = c.op('func.ref', '', 'i32', [], [plan.resumeName]);
  const number = c.i32(plan.number.get(point) ?? 0);
  const record = c.op('call', '', 'i32', [size, fn, number], [plan.leave]);
  if (live.length > 0) {
    const pointer = c.pointer(record);
    for (const v of live) {
      const type = typeIn(s, v);
      // Only where objects do not move: else no ptr lives so long.
      const kept = type === 'ptr' ? c.op('ptr.bits', '', 'i32', [v]) : v;
      c.store(type === 'ptr' ? 'i32' : type, pointer, kept, offsetOfWord(plan, plan.word.get(v) ?? 0));
    }
  }
  const args = [...results.map((t) => zero(c, t)), c.i32(1)];
  const end: Terminator = { kind: 'ret', args, pos: point.pos, by };
  s.left.add(end);
  return { insts: c.insts, end };
};

/** Behind a call: leaves if the callee was left. */
const unlessDone = (s: State, point: Inst, status: Value, results: readonly IrType[]): readonly Inst[] => {
  const c = new Code(s.edit, point.pos);
  const done = c.op('eqz', 'i32', 'i32', [status]);
  const label = s.edit.label('y');
  const stay: Body = { insts: [], end: { kind: 'break', label, args: [], pos: point.pos, by } };
  const head = { label, condition: done, likely: true, results: [], pos: point.pos, by } as const;
  return [...c.insts, ifInst(head, stay, leave(s, point, results))];
};

/** Every terminator of a body anew, with code before it. */
const withEnds = (body: Body, change: (end: Terminator) => { insts: readonly Inst[]; end: Terminator }): Body => {
  const { insts, end } = change(body.end);
  return { insts: [...body.insts.map((i) => withBodies(i, (b) => withEnds(b, change))), ...insts], end };
};

// ---- ends -------------------------------------------------------------------------------------------------------

const sameValues = (a: readonly Value[], b: readonly Value[]): boolean =>
  a.length === b.length && a.every((v, k) => v === b[k]);

/**
 * The function with points at its ends passed on: the call with its status as one more result, and `ret` with that behind the function's own
 * results. Not where the function has variables in memory: their place is given back when it ends.
 */
const passedOn = (f: Func, leaving: Leaving): { readonly f: Func; readonly leaving: Leaving } => {
  if (f.slots.length > 0 || !isRuntime(f.name)) return { f, leaving };
  const ended = f.name.startsWith(entryPrefix) && entryPassedOn(f, leaving);
  if (ended) return ended;
  const passed = new Set<Inst>();
  const isPoint = (i: Inst): boolean => leaving.isPoint(i) && !passed.has(i);
  const edit = editOf(f);
  /** `ends`: labels of which a `break` without values does what `ret` without values does. */
  const walk = (body: Body, ends: ReadonlySet<string>): Body => {
    const last = body.insts.at(-1);
    const { end } = body;
    const returns = end.kind === 'ret' || (end.kind === 'break' && ends.has(end.label));
    const inner = (i: Inst): ReadonlySet<string> => {
      if (i.kind !== 'if' && i.kind !== 'block') return new Set();
      return i === last && returns && end.args.length === 0 ? new Set([...ends, i.label]) : ends;
    };
    const insts = body.insts.map((i) => withBodies(i, (b) => walk(b, inner(i))));
    if (last?.kind !== 'op' || !returns || !isPoint(last) || !sameValues(last.results, end.args)) return { insts, end };
    const status = edit.value('i32');
    const called: Inst =
      last.op === 'suspend'
        ? { ...last, op: 'const', suffix: 'i32', imms: [1n], results: [status], by }
        : { ...last, results: [...last.results, status] };
    passed.add(called);
    const args = [...last.results, status];
    return { insts: [...insts.slice(0, -1), called], end: { kind: 'ret', args, pos: end.pos, by } };
  };
  const body = walk(f.body, new Set());
  return { f: { ...f, types: edit.types, body }, leaving: { ...leaving, isPoint } };
};

/**
 * A function that a task begins with ends by storing the result where its argument points. If nothing else follows its call, it needs no point either:
 * the scheduler has results of a task's last record stored there.
 */
const entryPassedOn = (f: Func, leaving: Leaving): { readonly f: Func; readonly leaving: Leaving } | undefined => {
  const { insts, end } = f.body;
  const at = insts.findIndex((i) => leaving.isPoint(i));
  const call = insts[at];
  const [, ...more] = insts.slice(at);
  const defs = new Map(insts.flatMap((i) => i.results.map((v) => [v, i] as const)));
  const source = (v: Value | undefined, ...ops: readonly string[]): Value | undefined =>
    ops.reduce<Value | undefined>((from, op) => {
      const d = from === undefined ? undefined : defs.get(from);
      return d?.kind === 'op' && d.op === op ? d.args[0] : undefined;
    }, v);
  const store = more.at(-1);
  const fits =
    call?.kind === 'op' &&
    call.results.length === 1 &&
    end.kind === 'ret' &&
    more.every((i, k) => i.kind === 'op' && (i === store ? i.op === 'store' : k === 0 && i.op === 'addr')) &&
    store?.kind === 'op' &&
    store.args[1] === call.results[0] &&
    store.imms[0] === 0 &&
    source(store.args[0], 'addr', 'gptr.of', 'wrap') === f.params[0];
  if (!fits) return undefined;
  const edit = editOf(f);
  const status = edit.value('i32');
  const { pos } = call;
  const c = new Code(edit, pos);
  const done = c.op('eqz', 'i32', 'i32', [status]);
  const label = edit.label('d');
  const out: Terminator = { kind: 'break', label, args: [], pos, by };
  const head = { label, condition: done, results: [], pos, by };
  const called: Inst = { ...call, results: [...call.results, status] };
  const body: Body = {
    insts: [
      ...insts.slice(0, at),
      called,
      ...c.insts,
      ifInst(head, { insts: more, end: out }, { insts: [], end: out }),
    ],
    end: { ...end, args: [status] },
  };
  const isPoint = (i: Inst): boolean => i !== called && leaving.isPoint(i);
  return { f: { ...f, types: edit.types, body }, leaving: { ...leaving, isPoint } };
};

/** Whether a `ret` of a function passes the status of a call on. */
const passesOn = (f: Func, end: Terminator): boolean => end.kind === 'ret' && end.args.length > f.results.length;

// ---- as it is called --------------------------------------------------------------------------------------------

/** The function with its status as one more result. Without points it never leaves. */
const calledForm = (f: Func, plan: Plan | undefined): Func => {
  const edit = editOf(f);
  const left = new Set<Terminator>();
  const s = plan && { plan, edit, left };
  const walk = (body: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of body.insts) {
      if (!s?.plan.isPoint(inst) || inst.kind !== 'op') {
        insts.push(withBodies(inst, walk));
      } else if (inst.op === 'suspend') {
        // What follows is reached only by going on.
        const rest = leave(s, inst, f.results);
        return { insts: [...insts, ...rest.insts], end: rest.end };
      } else {
        const status = edit.value('i32');
        insts.push({ ...inst, results: [...inst.results, status] }, ...unlessDone(s, inst, status, f.results));
      }
    }
    return { insts, end: body.end };
  };
  const body = withEnds(walk(f.body), (end) => {
    if (end.kind !== 'ret' || left.has(end) || passesOn(f, end)) return { insts: [], end };
    const c = new Code(edit, end.pos);
    return { insts: c.insts, end: { ...end, args: [...end.args, c.i32(0)] } };
  });
  return { ...f, results: [...f.results, 'i32'], types: edit.types, body };
};

// ---- as it goes on ----------------------------------------------------------------------------------------------

interface Resuming extends State {
  readonly record: Value;
  readonly zero: Value;
  /** Loops that have the number of the point as one more parameter. */
  readonly entered: Set<string>;
}

/** The function that goes on from a record: (address of the record, address for the results) → status. */
const resumedForm = (f: Func, plan: Plan): Func => {
  const edit = editOf(f);
  const left = new Set<Terminator>();
  const [record, out] = [edit.value('i32'), edit.value('i32')];
  const head = new Code(edit, f.pos);
  const keep: OpInst = { kind: 'op', op: 'frame.keep', suffix: '', results: [], args: [], imms: [], pos: f.pos, by };
  const none = head.i32(0);
  const target = head.op('load', 'i32', 'i32', [head.pointer(record)], [frameRecord.point]);
  const s: Resuming = { plan, edit, left, record, zero: none, entered: new Set() };
  for (const v of f.params) restore(s, head, v, v);
  const entered = enterBody(s, f.body, target, true);
  const body = withEnds(entered, (end) => {
    if (end.kind === 'next' && s.entered.has(end.label))
      return { insts: [], end: { ...end, args: [...end.args, none] } };
    if (end.kind !== 'ret' || left.has(end)) return { insts: [], end };
    const c = new Code(edit, end.pos);
    const results = end.args.slice(0, f.results.length);
    if (results.length > 0) {
      const pointer = c.pointer(out);
      const words = wordsBefore(f.results);
      for (const [k, v] of results.entries()) c.store(typeIn(s, v), pointer, v, 8 * (words[k] ?? 0));
    }
    return { insts: c.insts, end: { ...end, args: [end.args[f.results.length] ?? none] } };
  });
  return {
    ...f,
    name: plan.resumeName,
    params: [record, out],
    results: ['i32'],
    types: edit.types,
    body: { insts: [keep, ...head.insts, ...body.insts], end: body.end },
  };
};

/** A value as the record has it; 0 if it has not: then it is not used on the way from any point. */
const restore = (s: Resuming, c: Code, v: Value, result: Value): void => {
  const type = typeIn(s, v);
  const word = s.plan.word.get(v);
  if (word !== undefined) {
    const read = type === 'ptr' ? s.edit.value('gptr') : result;
    c.define(read, loadOp(type), memType(type), [c.pointer(s.record)], [offsetOfWord(s.plan, word)]);
    if (type === 'ptr') c.define(result, 'addr', '', [read]);
    return;
  }
  if (type === 'gptr') return c.define(result, 'null', '', []);
  if (type === 'ptr') return c.define(result, 'addr', '', [c.op('null', '', 'gptr', [])]);
  if (type === 'v128') return c.define(result, 'v.const', '', [], [0n, 0n]);
  c.define(result, type === 'f32' || type === 'f64' ? 'fconst' : 'const', type, [], [0n]);
};

const restored = (s: Resuming, c: Code, v: Value): Value => {
  const result = s.edit.value(typeIn(s, v));
  restore(s, c, v, result);
  return result;
};

/** Points in an instruction: the numbers of the first and the last. */
const rangeOf = (s: State, inst: Inst): { first: number; last: number } | undefined => {
  const own = s.plan.number.get(inst);
  if (own !== undefined) return { first: own, last: own };
  return bodiesRange(s, bodiesOf(inst));
};

const bodiesRange = (s: State, bodies: readonly Body[]): { first: number; last: number } | undefined => {
  const inner = bodies.flatMap((b) => b.insts.flatMap((i) => rangeOf(s, i) ?? []));
  const [first] = inner;
  const last = inner.at(-1);
  return first && last && { first: first.first, last: last.last };
};

/** Where each value is used last in a body: the place of an instruction; its length for the terminator. */
const lastUses = (body: Body): ReadonlyMap<Value, number> => {
  const last = new Map<Value, number>();
  const deep = (inst: Inst, at: number): void => {
    for (const v of operandsOf(inst)) last.set(v, at);
    for (const b of bodiesOf(inst)) {
      for (const i of b.insts) deep(i, at);
      for (const v of argsOf(b.end)) last.set(v, at);
    }
  };
  for (const [at, inst] of body.insts.entries()) deep(inst, at);
  for (const v of argsOf(body.end)) last.set(v, body.insts.length);
  return last;
};

/**
 * A body that is entered at the point with the number `target`, or from its beginning if that is 0. `certain`: it is not 0, so that
 * what comes before the first point never runs.
 */
const enterBody = (s: Resuming, body: Body, target: Value, certain: boolean): Body => {
  const last = lastUses(body);
  const out: Inst[] = [];
  const holders = body.insts.flatMap((inst, at) => {
    const range = rangeOf(s, inst);
    return range ? [{ inst, at, range }] : [];
  });
  let now = target;
  let sure = certain;
  let from = 0;
  for (const [k, { inst, at, range }] of holders.entries()) {
    out.push(...before(s, body.insts.slice(from, at), { at, last, target: now, sure }));
    from = at + 1;
    if (k === holders.length - 1) {
      out.push(...enterInst(s, inst, inst.results, now, sure));
      break;
    }
    // Jumped over if the point lies behind it.
    const { pos } = inst;
    const c = new Code(s.edit, pos);
    const behind = c.op('gt_u', 'i32', 'i32', [now, c.i32(range.last)]);
    const over = new Code(s.edit, pos);
    const label = s.edit.label('k');
    const skipped = inst.results.map((v) => restored(s, over, v));
    const fresh = inst.results.map((v) => s.edit.like(v));
    const leaveBy = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
    const next = s.edit.value('i32');
    const arm = enterInst(s, inst, fresh, now, sure);
    out.push(
      ...c.insts,
      ifInst(
        { label, condition: behind, results: [...inst.results, next], pos, by },
        { insts: over.insts, end: leaveBy([...skipped, now]) },
        { insts: arm, end: leaveBy([...fresh, s.zero]) },
      ),
    );
    now = next;
    sure = false;
  }
  return { insts: [...out, ...body.insts.slice(holders.length === 0 ? 0 : from)], end: body.end };
};

interface Where {
  readonly at: number;
  readonly last: ReadonlyMap<Value, number>;
  readonly target: Value;
  readonly sure: boolean;
}

/** What stands before an instruction with points: runs unless one of its points, or a later one, is gone to. */
const before = (s: Resuming, insts: readonly Inst[], { at, last, target, sure }: Where): readonly Inst[] => {
  const out = insts.filter(isAgain);
  const code = insts.filter((i) => !isAgain(i));
  const [first] = code;
  if (!first) return out;
  const needed = code.flatMap((i) => i.results).filter((v) => (last.get(v) ?? -1) >= at);
  const c = new Code(s.edit, first.pos);
  if (sure) {
    for (const v of needed) restore(s, c, v, v);
    return [...out, ...c.insts];
  }
  const { pos } = first;
  const label = s.edit.label('s');
  const kept = needed.map((v) => restored(s, c, v));
  const end = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  const typeOf = (v: Value): IrType => typeIn(s, v);
  const run = copyBody({ insts: code, end: end(needed) }, s.edit, { values: new Map(), labels: new Map(), typeOf });
  const arm: Body = { insts: c.insts, end: end(kept) };
  return [...out, ifInst({ label, condition: target, results: needed, pos, by }, arm, run)];
};

const enterInst = (
  s: Resuming,
  inst: Inst,
  results: readonly Value[],
  target: Value,
  sure: boolean,
): readonly Inst[] => {
  switch (inst.kind) {
    case 'op':
      return enterPoint(s, inst, results, target, sure);
    case 'block':
      return [{ ...inst, results, body: enterBody(s, inst.body, target, sure) }];
    case 'if': {
      const yes = bodiesRange(s, [inst.then]);
      const no = bodiesRange(s, [inst.else]);
      const c = new Code(s.edit, inst.pos);
      const inThen = yes && no ? c.op('le_u', 'i32', 'i32', [target, c.i32(yes.last)]) : c.i32(yes ? 1 : 0);
      const condition = sure ? inThen : c.op('select', 'i32', 'i32', [target, inThen, inst.condition]);
      const arm = (b: Body, points: boolean): Body => {
        if (points) return enterBody(s, b, target, sure);
        return sure ? { insts: [], end: { kind: 'unreachable', pos: inst.pos, by } } : b;
      };
      const { likely: _, ...head } = inst;
      const then = arm(inst.then, yes !== undefined);
      const otherwise = arm(inst.else, no !== undefined);
      return [...c.insts, ifInst({ ...head, condition, results }, then, otherwise)];
    }
    case 'loop':
      return enterLoop(s, inst, results, target, sure);
  }
};

const enterLoop = (
  s: Resuming,
  loop: LoopInst,
  results: readonly Value[],
  target: Value,
  sure: boolean,
): readonly Inst[] => {
  const { pos } = loop;
  const c = new Code(s.edit, pos);
  const kept = loop.params.map((p) => restored(s, c, p));
  const within = s.edit.value('i32');
  s.entered.add(loop.label);
  const body = enterBody(s, loop.body, within, false);
  const params = [...loop.params, within];
  if (sure || kept.length === 0) return [...c.insts, { ...loop, params, inits: [...kept, target], results, body }];
  const label = s.edit.label('s');
  const inits = loop.params.map((p) => s.edit.like(p));
  const end = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  const choice = ifInst(
    { label, condition: target, results: inits, pos, by },
    { insts: c.insts, end: end(kept) },
    { insts: [], end: end(loop.inits) },
  );
  return [choice, { ...loop, params, inits: [...inits, target], results, body }];
};

/** The point itself: what is waited for has come. */
const enterPoint = (
  s: Resuming,
  inst: OpInst,
  results: readonly Value[],
  target: Value,
  sure: boolean,
): readonly Inst[] => {
  const { pos } = inst;
  const isCall = inst.op !== 'suspend';
  const c = new Code(s.edit, pos);
  const words = wordsBefore(inst.results.map((v) => typeIn(s, v)));
  const load = (v: Value, k: number, result: Value): void => {
    const offset = frameRecord.values + 8 * (words[k] ?? 0);
    c.define(result, loadOp(typeIn(s, v)), memType(typeIn(s, v)), [c.pointer(s.record)], [offset]);
  };
  if (sure) {
    if (isCall) for (const [k, v] of inst.results.entries()) load(v, k, results[k] ?? v);
    return c.insts;
  }
  const label = s.edit.label('c');
  const end = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  if (!isCall) {
    const gone = leave(s, inst, []);
    return [ifInst({ label, condition: target, results: [], pos, by }, { insts: [], end: end([]) }, gone)];
  }
  const loaded = inst.results.map((v) => s.edit.like(v));
  for (const [k, v] of inst.results.entries()) load(v, k, loaded[k] ?? v);
  const given = inst.results.map((v) => s.edit.like(v));
  const [status, called] = [s.edit.value('i32'), s.edit.value('i32')];
  return [
    ifInst(
      { label, condition: target, results: [...results, status], pos, by },
      { insts: c.insts, end: end([...loaded, s.zero]) },
      { insts: [{ ...inst, results: [...given, called] }], end: end([...given, called]) },
    ),
    ...unlessDone(s, inst, status, []),
  ];
};

/** Both forms of a function; without points there is nothing to go on with. */
export const leavable = (func: Func, how: Leaving): readonly Func[] => {
  const { f, leaving } = passedOn(func, how);
  const plan = planOf(f, leaving);
  return plan ? [calledForm(f, plan), resumedForm(f, plan)] : [calledForm(f, undefined)];
};
