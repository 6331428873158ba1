// Statements: straight-line code appends to the current body, branches and loops build nested ones.

import type { Block, Expr, FormatPart, Local, Place, Stmt } from '../lang/typed.ts';
import { sizeOf, type Type } from '../lang/types.ts';
import { unreachable } from '../lang/unreachable.ts';
import { type Format, states, watched } from '../vm/abi.ts';
import type { PosId, Value } from './ir.ts';
import { mayChange } from './lower-effects.ts';
import { callRuntime, lowerExpr, lowerIndex, lowerLoad, lowerOwned, lowerPlace, lowerScalar } from './lower-expr.ts';
import { lowerForall, lowerForeach } from './lower-forall.ts';
import { declare } from './lower-locals.ts';
import { copyValue, loadValue, storeValue, tellCopy } from './lower-memory.ts';
import { arithmetic, compare, convert, not } from './lower-numbers.ts';
import { lowerParFor } from './lower-par.ts';
import { assignedIn, assignedInExpr, mayLeave } from './lower-scan.ts';
import {
  append,
  breakIf,
  breakLoop,
  carried,
  constI64,
  currentValues,
  effect,
  emit,
  emitIf,
  emitLoop,
  emitTyped,
  finish,
  freshLabel,
  internString,
  nested,
  newSlot,
  position,
  type State,
} from './lower-state.ts';
import { isAggregate, scalarType } from './lower-types.ts';

const unique = (lists: readonly (readonly Local[])[]): readonly Local[] => [...new Set(lists.flat())];

const declareFrom = (s: State, stmt: Extract<Stmt, { kind: 'local' }>): void => {
  const pos = position(s, stmt.span);
  if (!stmt.value) return declare(s, pos, stmt.local, undefined, false);
  const fresh = ['struct', 'call', 'callValue'].includes(stmt.value.kind);
  declare(s, pos, stmt.local, lowerExpr(s, stmt.value), fresh);
};

/** What was just computed is the next value of a variable that a `reduce` adds up, if it is: of floats, an op that says so. */
const inAnyOrder = (s: State, place: Place, op: string): void => {
  const by = place.kind === 'local' && place.type.kind === 'float' ? s.reducing.get(place.local) : undefined;
  const last = s.insts.at(-1);
  if ((by !== '+' || (op !== '+' && op !== '-')) && (by !== '*' || op !== '*')) return;
  if (last?.kind === 'op') s.insts[s.insts.length - 1] = { ...last, anyOrder: true };
};

const assign = (s: State, stmt: Extract<Stmt, { kind: 'assign' }>): void => {
  const { place, value } = stmt;
  if (place.kind === 'local' && s.env.get(place.local)?.kind === 'values') {
    s.env.set(place.local, { kind: 'values', values: lowerExpr(s, value) });
    const adds = value.kind === 'arithmetic' && value.left.kind === 'load' && value.left.place.kind === 'local';
    if (adds && value.left.place.local === place.local) inAnyOrder(s, place, value.op);
    return;
  }
  const to = lowerPlace(s, place);
  storeValue(s, position(s, stmt.span), place.type, to, lowerExpr(s, value));
};

const update = (s: State, stmt: Extract<Stmt, { kind: 'update' }>): void => {
  const pos = position(s, stmt.span);
  const { place, op, value } = stmt;
  const apply = (old: Value): Value => {
    if (place.type.kind === 'pointer' || place.type.kind === 'sharedPointer') {
      const count = lowerIndex(s, value);
      const signed = op === '-' ? emit(s, pos, 'sub', 'i64', [constI64(s, pos, 0), count]) : count;
      return emit(s, pos, 'elem', '', [old, signed], [sizeOf(place.type.target)]);
    }
    return arithmetic(s, pos, place.type, op, old, lowerScalar(s, value), value.type, (name, args) =>
      callRuntime(s, pos, name, args, 'f64'),
    );
  };
  if (place.kind === 'local') {
    const binding = s.env.get(place.local);
    if (binding?.kind === 'values') {
      const result = apply(binding.values[0] ?? 0);
      inAnyOrder(s, place, op);
      s.env.set(place.local, { kind: 'values', values: [result] });
      return;
    }
  }
  const where = lowerPlace(s, place);
  const old = loadValue(s, pos, place.type, where)[0] ?? 0;
  storeValue(s, pos, place.type, where, [apply(old)]);
};

const swapPlaces = (s: State, stmt: Extract<Stmt, { kind: 'swapPlaces' }>): void => {
  const pos = position(s, stmt.span);
  const { a, b } = stmt;
  const isValue = (p: typeof a): boolean => p.kind === 'local' && s.env.get(p.local)?.kind === 'values';
  const write = (p: typeof a, values: readonly Value[]): void => {
    if (p.kind === 'local' && isValue(p)) s.env.set(p.local, { kind: 'values', values });
    else storeValue(s, pos, p.type, lowerPlace(s, p), values);
  };
  if (!isAggregate(a.type)) {
    const oldA = lowerLoad(s, a);
    const oldB = lowerLoad(s, b);
    write(a, oldB);
    write(b, oldA);
    return;
  }
  const placeA = lowerPlace(s, a);
  const placeB = lowerPlace(s, b);
  const slot = newSlot(s, 'swap', sizeOf(a.type), 8);
  const middle = { base: emit(s, pos, 'frame', '', [], [slot]), offset: 0, strict: false };
  copyValue(s, pos, a.type, middle, placeA);
  copyValue(s, pos, a.type, placeA, placeB);
  copyValue(s, pos, a.type, placeB, middle);
};

/**
 * Between two rounds of a loop that may be one that waits: in programs with tasks, others may write meanwhile what it looks at. A loop that
 * counts, and is not left before its end, needs no such thing.
 */
const letOthersWrite = (s: State, pos: PosId): void => {
  if (s.program.tasks && !s.kernel) effect(s, pos, 'others', '', []);
};

const nextRound = (s: State, label: string, vars: readonly Local[], pos: PosId): void => {
  letOthersWrite(s, pos);
  finish(s, { kind: 'next', label, args: currentValues(s, vars), pos });
};

const lowerWhile = (s: State, stmt: Extract<Stmt, { kind: 'while' }>): void => {
  const pos = position(s, stmt.span);
  const vars = carried(s, unique([assignedInExpr(stmt.condition), assignedIn(stmt.body)]));
  emitLoop(s, pos, { counters: [], vars }, (label) => {
    const next = (at: PosId): void => nextRound(s, label, vars, at);
    const condition = lowerScalar(s, stmt.condition);
    breakIf(s, pos, not(s, pos, condition), label, vars);
    s.loops.push({ label, vars, next, scopes: s.scopes.length });
    lowerBlock(s, stmt.body);
    s.loops.pop();
    next(pos);
  });
};

const lowerLoop = (s: State, stmt: Extract<Stmt, { kind: 'loop' }>): void => {
  const pos = position(s, stmt.span);
  const vars = carried(s, assignedIn(stmt.body));
  emitLoop(s, pos, { counters: [], vars }, (label) => {
    const next = (at: PosId): void => nextRound(s, label, vars, at);
    s.loops.push({ label, vars, next, scopes: s.scopes.length });
    lowerBlock(s, stmt.body);
    s.loops.pop();
    next(pos);
  });
};

const int64: Type = { kind: 'int', bits: 64, signed: true };

/**
 * `for i in lo..hi step s`. The counter is wide enough never to wrap before the test: narrow types count in an i32, 32-bit
 * ones in an i64 where the bound is inclusive or the step is not 1. 64-bit loops may not come within one step of the largest value.
 */
const lowerFor = (s: State, stmt: Extract<Stmt, { kind: 'for' }>): void => {
  const pos = position(s, stmt.span);
  const { range, local } = stmt;
  const type = local.type;
  if (type.kind !== 'int') throw new Error('internal error: a loop variable that is no integer');
  const widened = type.bits === 32 && (range.inclusive || range.step !== undefined);
  const counterType: Type = widened ? int64 : type.bits < 32 ? { kind: 'int', bits: 32, signed: true } : type;
  const w = scalarType(counterType) === 'i64' ? 'i64' : 'i32';
  const lower = (e: typeof range.lo): Value => convert(s, pos, e.type, counterType, lowerScalar(s, e));
  const number = (n: number): Value => emit(s, pos, 'const', w, [], [BigInt(n)]);
  const lo = lower(range.lo);
  const hi = lower(range.hi);
  const step = range.step ? lower(range.step) : number(1);
  const known =
    range.step === undefined ? 1n : range.step.kind === 'const' ? BigInt(range.step.value as bigint) : undefined;
  if (known === undefined || known === 0n)
    effect(s, pos, 'check.step', '', [w === 'i64' ? step : emit(s, pos, 'extend_s', '', [step])]);
  const up =
    known === undefined
      ? compare(s, pos, { kind: 'int', bits: w === 'i64' ? 64 : 32, signed: true }, '>', step, number(0))
      : undefined;
  const end = known !== undefined && known > 0n && range.inclusive ? emit(s, pos, 'add', w, [hi, number(1)]) : hi;
  const vars = carried(s, assignedIn(stmt.body));
  const leaves = mayLeave(stmt.body);
  emitLoop(s, pos, { counters: [lo], vars }, (label, [i]) => {
    if (i === undefined) return;
    const upDone = (): Value =>
      compare(s, pos, counterType, range.inclusive && known === undefined ? '>' : '>=', i, end);
    const downDone = (): Value => compare(s, pos, counterType, range.inclusive ? '<' : '<=', i, end);
    const done =
      up !== undefined
        ? emit(s, pos, 'select', 'i32', [up, upDone(), downDone()])
        : known !== undefined && known < 0n
          ? downDone()
          : upDone();
    breakIf(s, pos, done, label, vars);
    const next = (at: PosId): void => {
      const advanced = emit(s, at, 'add', w, [i, step]);
      if (leaves) letOthersWrite(s, at);
      finish(s, { kind: 'next', label, args: [advanced, ...currentValues(s, vars)], pos: at });
    };
    // A narrow counter is within its type here: lo <= i < hi or the other way round.
    declare(s, pos, local, [widened ? emit(s, pos, 'wrap', '', [i]) : i], false);
    s.loops.push({ label, vars, next, scopes: s.scopes.length });
    lowerBlock(s, stmt.body);
    s.loops.pop();
    next(pos);
  });
};

const lowerForEach = (s: State, stmt: Extract<Stmt, { kind: 'forEach' }>): void => {
  const pos = position(s, stmt.span);
  const [base, ...extents] = lowerExpr(s, stmt.slice);
  if (base === undefined) return;
  const count = extents.reduce((a, b) => emit(s, pos, 'mul', 'i64', [a, b]));
  const vars = carried(s, assignedIn(stmt.body));
  const leaves = mayLeave(stmt.body);
  emitLoop(s, pos, { counters: [constI64(s, pos, 0)], vars }, (label, [i]) => {
    if (i === undefined) return;
    breakIf(s, pos, emit(s, pos, 'ge_s', 'i64', [i, count]), label, vars);
    const next = (at: PosId): void => {
      const advanced = emit(s, at, 'add', 'i64', [i, constI64(s, at, 1)]);
      if (leaves) letOthersWrite(s, at);
      finish(s, { kind: 'next', label, args: [advanced, ...currentValues(s, vars)], pos: at });
    };
    const element = { base: emit(s, pos, 'elem', '', [base, i], [sizeOf(stmt.local.type)]), offset: 0, strict: false };
    declare(s, pos, stmt.local, loadValue(s, pos, stmt.local.type, element), false);
    s.loops.push({ label, vars, next, scopes: s.scopes.length });
    lowerBlock(s, stmt.body);
    s.loops.pop();
    next(pos);
  });
};

/** Looks again and again, with an idle between two looks that spins at first and then sleeps in bounded steps. */
const lowerWaitUntil = (s: State, stmt: Extract<Stmt, { kind: 'waitUntil' }>): void => {
  const pos = position(s, stmt.span);
  const vars = carried(s, assignedInExpr(stmt.condition));
  const changes = mayChange(stmt.condition);
  tellWait(s, pos, watched.wait);
  emitLoop(s, pos, { stem: 'w', counters: [constI64(s, pos, 0)], vars }, (label, [looks]) => {
    if (looks === undefined) return;
    const before = s.atomicReads;
    s.atomicReads = true;
    const condition = lowerScalar(s, stmt.condition);
    s.atomicReads = before;
    breakIf(s, pos, condition, label, vars);
    // A look that changes something is no proof that the next one is in vain.
    if (changes) emitTyped(s, pos, 'call', '', [], ['runtime.go_on'], []);
    effect(s, pos, 'idle', '', [looks]);
    finish(s, {
      kind: 'next',
      label,
      args: [emit(s, pos, 'add', 'i64', [looks, constI64(s, pos, 1)]), ...currentValues(s, vars)],
      pos,
    });
  });
  tellWait(s, pos, watched.waited);
};

/** To those parts of the run-time that are told what it does (`__watch`). */
const tellWait = (s: State, pos: PosId, what: number): void => {
  for (const watcher of s.program.watchers) {
    const place = emit(s, pos, 'position', '', [], [BigInt(pos)]);
    const [kind, state, none] = [what, states.waitUntil, 0].map((n) => constI64(s, pos, n));
    effect(s, pos, 'call', '', [kind ?? 0, place, state ?? 0, none ?? 0], [watcher]);
  }
};

const lowerIfStmt = (s: State, stmt: Extract<Stmt, { kind: 'if' }>): void => {
  const pos = position(s, stmt.span);
  const condition = lowerScalar(s, stmt.condition);
  const otherwise = stmt.else;
  const vars = carried(s, unique([assignedIn(stmt.then), otherwise ? assignedIn(otherwise) : []]));
  const branch = (b: Block | undefined) => (): readonly Value[] => {
    if (b) lowerBlock(s, b);
    return [];
  };
  emitIf(s, pos, condition, vars, branch(stmt.then), branch(otherwise));
};

const copySlice = (s: State, stmt: Extract<Stmt, { kind: 'copySlice' }>): void => {
  const pos = position(s, stmt.span);
  const [to, ...toExtents] = lowerExpr(s, stmt.to);
  const [from, ...fromExtents] = lowerExpr(s, stmt.from);
  if (to === undefined || from === undefined) return;
  const element = stmt.to.type.kind === 'slice' ? sizeOf(stmt.to.type.element) : 1;
  toExtents.forEach((n, k) => {
    effect(s, pos, 'check.length', '', [n, fromExtents[k] ?? n]);
  });
  // Lengths of slices are data of the program. Those that no slice can have are as many bytes as there are, which no guard lets pass.
  const most = constI64(s, pos, 0xffff_ffffn);
  const noMore = (n: Value): Value => emit(s, pos, 'select', 'i64', [emit(s, pos, 'gt_u', 'i64', [n, most]), most, n]);
  const count = toExtents.map(noMore).reduce((a, b) => noMore(emit(s, pos, 'mul', 'i64', [a, b])));
  const bytes = emit(s, pos, 'wrap', '', [noMore(emit(s, pos, 'mul', 'i64', [count, constI64(s, pos, element)]))]);
  const toPtr = emit(s, pos, 'addr', '', [to]);
  effect(s, pos, 'copy', '', [toPtr, emit(s, pos, 'addr', '', [from]), bytes]);
  if (stmt.to.type.kind === 'slice') tellCopy(s, pos, stmt.to.type.element, toPtr, bytes);
};

const formatType = (t: Type): Format['type'] => {
  switch (t.kind) {
    case 'bool':
    case 'str':
      return t.kind;
    case 'int':
      return `${t.signed ? 'i' : 'u'}${t.bits}`;
    case 'float':
      return `f${t.bits}`;
    case 'pointer':
    case 'sharedPointer':
      return 'pointer';
    default:
      throw new Error(`internal error: ${t.kind} cannot be printed`);
  }
};

type ValuePart = Extract<FormatPart, { kind: 'value' }>;

const printText = (s: State, pos: PosId, text: string): void => {
  const { name, bytes } = internString(s, text);
  const format: Format = { type: 'str' };
  const args = [emit(s, pos, 'data', '', [], [name]), constI64(s, pos, bytes)];
  effect(s, pos, 'out.str', '', args, [JSON.stringify(format)]);
};

const printValue = (s: State, pos: PosId, { value, spec }: ValuePart, values: readonly Value[]): void => {
  const format: Format = { type: formatType(value.type), ...spec };
  const text = JSON.stringify(format);
  if (format.type === 'str') return effect(s, pos, 'out.str', '', values, [text]);
  if (format.type === 'pointer') return effect(s, pos, 'out', 'i32', [emit(s, pos, 'gptr.bits', '', values)], [text]);
  effect(s, pos, 'out', scalarType(value.type), values, [text]);
};

const lowerPrint = (s: State, stmt: Extract<Stmt, { kind: 'print' }>): void => {
  const pos = position(s, stmt.span);
  // All values first, from left to right: a function called in one may print a line of its own, or change another.
  const prepared = stmt.parts.map((part) => {
    if (part.kind === 'text') return () => printText(s, pos, part.text);
    const values = lowerExpr(s, part.value);
    return () => printValue(s, pos, part, values);
  });
  for (const print of prepared) print();
  effect(s, pos, 'out.end', '', [], [stmt.stream === 'out' ? 1 : 2, stmt.newline ? 1 : 0]);
};

const lowerAssert = (s: State, stmt: Extract<Stmt, { kind: 'assert' }>): void => {
  const pos = position(s, stmt.span);
  const condition = lowerScalar(s, stmt.condition);
  const label = freshLabel(s, 'i');
  const then = nested(s, pos, () => finish(s, { kind: 'break', label, args: [], pos }));
  const otherwise = nested(s, pos, () =>
    finish(s, { kind: 'fault', fault: 'assert', args: shownText(s, pos, stmt.message), pos }),
  );
  append(s, { kind: 'if', label, condition, results: [], then, else: otherwise, pos });
};

/** A text that the node will show when the run has ended: it reads it then. */
const shownText = (s: State, pos: PosId, text: Expr): readonly Value[] => {
  const [address = 0, bytes = 0] = lowerExpr(s, text);
  effect(s, pos, 'touch.read', '', [address, bytes]);
  return [address, bytes];
};

/** Does what leaving the scoped statements beyond the first `keep` takes, innermost first. */
const leaveScopes = (s: State, keep: number): void => {
  for (const exit of s.scopes.slice(keep).reverse()) lowerExpr(s, exit);
};

const lowerScoped = (s: State, stmt: Extract<Stmt, { kind: 'scoped' }>): void => {
  // The arguments of `exit` are those of `enter`, evaluated once, or what that gives.
  const pos = position(s, stmt.span);
  const { enter, exit } = stmt;
  if (enter.kind !== 'call' || exit.kind !== 'call') throw new Error('internal error: a scope without calls');
  const fixed = enter.args.map((a) => (a.kind === 'position' ? a : named(s, pos, a)));
  const begun = { ...enter, args: fixed };
  const given = exit.args.includes(enter) ? named(s, pos, begun) : undefined;
  if (!given) lowerExpr(s, begun);
  const own = (a: Expr, i: number): Expr => (a.kind === 'position' ? a : a === enter ? (given ?? a) : (fixed[i] ?? a));
  s.scopes.push({ ...exit, args: exit.args.map(own) });
  lowerBlock(s, stmt.body);
  const leave = s.scopes.pop();
  if (leave) lowerExpr(s, leave);
};

/** The value of an expression, evaluated here, as an expression that can be lowered again. */
const named = (s: State, pos: PosId, e: Expr): Expr => {
  const local: Local = { name: '', type: e.type, mutable: false, span: e.span, addressTaken: false };
  declare(s, pos, local, lowerExpr(s, e), false);
  return { kind: 'load', place: { kind: 'local', local, type: e.type, span: e.span }, type: e.type, span: e.span };
};

const lowerReturn = (s: State, stmt: Extract<Stmt, { kind: 'return' }>): void => {
  const pos = position(s, stmt.span);
  returnValue(s, pos, stmt.value ? lowerExpr(s, stmt.value) : [], stmt.value?.type);
};

/** Leaves the function with the components of its result. */
export const returnValue = (s: State, pos: PosId, values: readonly Value[], type: Type | undefined): void => {
  const from = values[0];
  if (type && isAggregate(type) && s.resultPlace !== undefined && from !== undefined) {
    copyValue(
      s,
      pos,
      type,
      { base: s.resultPlace, offset: 0, strict: false },
      { base: from, offset: 0, strict: false },
    );
    leaveScopes(s, 0);
    return finish(s, { kind: 'ret', args: [], pos });
  }
  leaveScopes(s, 0);
  finish(s, { kind: 'ret', args: type && isAggregate(type) ? [] : values, pos });
};

const lowerStmt = (s: State, stmt: Stmt): void => {
  const pos = position(s, stmt.span);
  switch (stmt.kind) {
    case 'local':
      return declareFrom(s, stmt);
    case 'assign':
      return assign(s, stmt);
    case 'update':
      return update(s, stmt);
    case 'expr':
      lowerExpr(s, stmt.value);
      return;
    case 'block':
      lowerBlock(s, stmt.body);
      return;
    case 'scoped':
      return lowerScoped(s, stmt);
    case 'if':
      return lowerIfStmt(s, stmt);
    case 'while':
      return lowerWhile(s, stmt);
    case 'loop':
      return lowerLoop(s, stmt);
    case 'for':
      return lowerFor(s, stmt);
    case 'forEach':
      return lowerForEach(s, stmt);
    case 'foreach':
      return lowerForeach(s, stmt);
    case 'parFor':
      return lowerParFor(s, stmt);
    case 'forall':
      return lowerForall(s, stmt);
    case 'break': {
      const loop = s.loops.at(-1);
      if (!loop) return;
      leaveScopes(s, loop.scopes);
      return breakLoop(s, pos, loop.label, loop.vars);
    }
    case 'continue': {
      const loop = s.loops.at(-1);
      if (!loop) return;
      leaveScopes(s, loop.scopes);
      return loop.next(pos);
    }
    case 'return':
      return lowerReturn(s, stmt);
    case 'barrier':
    case 'fence':
      return effect(s, pos, stmt.kind, '', []);
    case 'waitUntil':
      return lowerWaitUntil(s, stmt);
    case 'swapHandles':
      return effect(s, pos, 'shared.swap', '', [], [stmt.a.symbol, stmt.b.symbol]);
    case 'swapPlaces':
      return swapPlaces(s, stmt);
    case 'atomicStore': {
      const to = lowerPlace(s, stmt.place);
      return storeValue(s, pos, stmt.place.type, { ...to, strict: true }, lowerExpr(s, stmt.value));
    }
    case 'copySlice':
      return copySlice(s, stmt);
    case 'delete':
      return effect(s, pos, stmt.value.type.kind === 'handle' ? 'handle.free' : 'free', '', [
        lowerExpr(s, stmt.value)[0] ?? 0,
      ]);
    case 'print':
      return lowerPrint(s, stmt);
    case 'assert':
      return lowerAssert(s, stmt);
    case 'trap':
      return finish(s, { kind: 'fault', fault: 'trap', args: shownText(s, pos, stmt.message), pos });
    case 'exit': {
      const code = convert(s, pos, stmt.code.type, int64, lowerScalar(s, stmt.code));
      return finish(s, { kind: 'fault', fault: 'exit', args: [code], pos });
    }
    default:
      return unreachable(stmt);
  }
};

/** Appends the statements of a block; gives the components of its value, which no later assignment can change. */
export const lowerBlock = (s: State, b: Block): readonly Value[] => {
  for (const stmt of b.stmts) {
    if (s.end) break;
    lowerStmt(s, stmt);
  }
  if (!b.value || s.end) return [];
  return isAggregate(b.value.type) ? lowerOwned(s, b.value) : lowerExpr(s, b.value);
};
