// roots: pointers that live while objects may move are kept where the mover finds and changes them. The reverse of promote.
//
//   %p = call @runtime.move.alloc(…)      %p = call @runtime.move.alloc(…)
//   call @work()                          store.ptr32 %words, %p
//   store.i64 (addr %p), 1                call @work()                      may move what %p points to
//                                         %q = load.ptr32 %words
//                                         store.i64 (addr %q), 1
//
// Each call of a function with such pointers takes words for them from a stack of their own, which the mover walks: a shadow stack
// (F. Henderson, Accurate Garbage Collection in an Uncooperative Environment, ISMM 2002). It lies at the end of the memory of the
// table of objects and grows towards the table. As the program is granted nothing there, what was known of a pointer still holds
// when it is loaded again: that it needs no guard, above all. A value is stored where it is defined and loaded again after
// each move before its next use; places that are computed from another one (an element, a field) are computed again
// instead, so that the mover never sees a pointer outside of its object.
//
// Only in programs that move objects (relocate.ts). Functions of the run-time see addresses as numbers: while one of them runs, a function
// of the program that it calls moves nothing (the word `still`).
import { entryPrefix, isRuntime, page, track } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { type Defs, defsOf, opOf } from '../facts.ts';
import { ofRuntime } from '../guards.ts';
import type { Body, Func, Inst, MemType, OpInst, Terminator, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { relocationOf, relocatorOf } from '../relocate.ts';
import { isMoving } from '../runtime-functions.ts';
import { argsOf, bodiesOf, type Edit, editOf, operandsOf, withArgs, withBodies, withOperands } from '../tree.ts';

const by = 'roots';

/** Places that no mover changes: what they are made of does not move. */
const fixed: ReadonlySet<string> = new Set(['global', 'data', 'frame', 'null', 'handle.of']);
/** Places that are computed from their first operand, and addresses of such. */
const computed: ReadonlySet<string> = new Set(['offset', 'elem', 'addr', 'ptr.add']);

export const roots = (f: Func, context: PassContext): Func => {
  if (!isMoving(context.program)) return f;
  const relocation = relocationOf(context.program);
  const moves = relocatorOf(relocation);
  if (!f.body.insts.some(moves)) return f;
  // What a task begins with hands over what it was given, and holds no address meanwhile.
  if (isRuntime(f.name) && !f.name.startsWith(entryPrefix)) return stilled(f, moves);
  return rooted(f, moves);
};

// ---- which values -----------------------------------------------------------------------------------------------

interface Found {
  /** Kept in the frame, by their number there. */
  readonly words: ReadonlyMap<Value, number>;
  /** Computed again. */
  readonly again: ReadonlyMap<Value, OpInst>;
}

/**
 * Values that are used after a move that comes after their definition. As in the verifier's rule about ptrs, time is a
 * counter, and a loop that moves does so, for its second iteration, before it begins.
 */
const findRoots = (f: Func, defs: Defs, moves: (i: Inst) => boolean): Found => {
  const words = new Map<Value, number>();
  const again = new Map<Value, OpInst>();
  const born = new Map<Value, number>();
  let time = 0;
  let moved = -1;
  const define = (values: readonly Value[]): void => {
    for (const v of values) born.set(v, time++);
  };
  const use = (v: Value): void => {
    const type = f.types[v];
    if (type !== 'gptr' && type !== 'ptr') return;
    const inst = opOf(defs, v);
    if (inst && fixed.has(inst.op)) return;
    if ((born.get(v) ?? 0) > moved) return;
    if (type === 'ptr' && !(inst && computed.has(inst.op)))
      throw new Error(`internal error: an address in @${f.name} lives while objects move`);
    if (!inst || !computed.has(inst.op)) {
      if (!words.has(v)) words.set(v, words.size);
      return;
    }
    again.set(v, inst);
    const [base] = inst.args;
    if (base !== undefined) use(base);
  };
  const body = (b: Body): void => {
    const before = moved;
    for (const i of b.insts) {
      operandsOf(i).forEach(use);
      const outside = moved;
      if (i.kind === 'loop' && moves(i)) moved = time++;
      if (i.kind === 'loop') define(i.params);
      for (const inner of bodiesOf(i)) body(inner);
      moved = moves(i) ? time++ : outside;
      define(i.results);
    }
    argsOf(b.end).forEach(use);
    moved = before;
  };
  define(f.params);
  body(f.body);
  return { words, again };
};

// ---- rewriting --------------------------------------------------------------------------------------------------

interface State {
  readonly f: Func;
  readonly found: Found;
  readonly edit: Edit;
  readonly moves: (i: Inst) => boolean;
  /** The place of the words. */
  readonly words: Value;
}

/** What stands for a value until the next move. */
type Env = Map<Value, Value>;

const access = (r: Replacement, place: Value, offset: number): readonly [Value, number] => [
  append(r, 'addr', '', 'ptr', [place]),
  offset,
];

const common = (r: Replacement) => ({ kind: 'op', pos: r.pos, by, guard: ofRuntime }) as const;

const load = (r: Replacement, type: MemType, place: Value, offset: number): Value => {
  const [p, at] = access(r, place, offset);
  const v = r.edit.value(type === 'i32' ? 'i32' : 'gptr');
  r.insts.push({ ...common(r), op: 'load', suffix: type, results: [v], args: [p], imms: [at] });
  return v;
};

const store = (r: Replacement, type: MemType, place: Value, offset: number, value: Value): void => {
  const [p, at] = access(r, place, offset);
  r.insts.push({ ...common(r), op: 'store', suffix: type, results: [], args: [p, value], imms: [at] });
};

const constant = (r: Replacement, n: number): Value => append(r, 'const', 'i32', 'i32', [], [BigInt(n)]);

/** The kernel page of the image. */
const pageOf = (r: Replacement): Value => append(r, 'gptr.of', '', 'gptr', [append(r, 'slot', '', 'i32', [])]);

const offsetOf = (s: State, v: Value): number | undefined => {
  const word = s.found.words.get(v);
  return word === undefined ? undefined : 4 * word;
};

/** Keeps those of the values that must be. */
const keep = (s: State, r: Replacement, env: Env, values: readonly Value[]): void => {
  for (const v of values) {
    const at = offsetOf(s, v);
    if (at === undefined && !s.found.again.has(v)) continue;
    env.set(v, v);
    if (at !== undefined) store(r, 'ptr32', s.words, at, v);
  }
};

/** The value as it is now. */
const now = (s: State, r: Replacement, env: Env, v: Value): Value => {
  const known = env.get(v);
  if (known !== undefined) return known;
  const at = offsetOf(s, v);
  const inst = s.found.again.get(v);
  if (at === undefined && !inst) return v;
  const fresh = inst
    ? append(
        r,
        inst.op,
        inst.suffix,
        s.f.types[v] ?? 'gptr',
        [now(s, r, env, inst.args[0] ?? -1), ...inst.args.slice(1)],
        inst.imms,
      )
    : load(r, 'ptr32', s.words, at ?? 0);
  env.set(v, fresh);
  return fresh;
};

const rewriteBody = (s: State, body: Body, env: Env, first: readonly Value[]): Body => {
  const insts: Inst[] = [];
  const at = (pos: number): Replacement => ({ insts, edit: s.edit, pos, by });
  keep(s, at(body.end.pos), env, first);
  for (const inst of body.insts) {
    const r = at(inst.pos);
    const ready = withOperands(inst, (v) => now(s, r, env, v));
    const params = inst.kind === 'loop' ? inst.params : [];
    const moving = s.moves(inst);
    // What a loop uses that moves nothing is made before it, not in each round.
    if (inst.kind === 'loop' && !moving) for (const v of usedIn(inst)) now(s, r, env, v);
    const inside = (): Env => (inst.kind === 'loop' && moving ? new Map() : new Map(env));
    insts.push(withBodies(ready, (b) => rewriteBody(s, b, inside(), params)));
    if (moving) env.clear();
    keep(s, r, env, inst.results);
  }
  const r = at(body.end.pos);
  const end: Terminator = withArgs(body.end, (v) => now(s, r, env, v));
  if (end.kind === 'ret') store(r, 'ptr32', pageOf(r), page.roots, further(r, s.words, bytesOf(s.found)));
  return { insts, end };
};

/** Values that an instruction uses, with all that is nested in it; those that are defined there are among them. */
const usedIn = (inst: Inst): ReadonlySet<Value> => {
  const used = new Set<Value>(operandsOf(inst));
  const body = (b: Body): void => {
    for (const i of b.insts) {
      for (const v of operandsOf(i)) used.add(v);
      for (const inner of bodiesOf(i)) body(inner);
    }
    for (const v of argsOf(b.end)) used.add(v);
  };
  for (const b of bodiesOf(inst)) body(b);
  return used;
};

const bytesOf = (found: Found): number => 4 * found.words.size;

const further = (r: Replacement, place: Value, bytes: number): Value =>
  append(r, 'offset', '', 'gptr', [place, constant(r, bytes)]);

/** What to do where one place lies below another, which is rare; goes on behind it unless that ends the function. */
const whereBelow = (
  r: Replacement,
  low: Value,
  high: Value,
  then: (r: Replacement) => Terminator | undefined,
): void => {
  const bits = (v: Value): Value => append(r, 'gptr.bits', '', 'i32', [v]);
  const condition = append(r, 'ge_u', 'i32', 'i32', [bits(low), bits(high)]);
  const label = r.edit.label(by);
  const after: Terminator = { kind: 'break', label, args: [], pos: r.pos };
  const insts: Inst[] = [];
  const end = then({ ...r, insts }) ?? after;
  const arms = { then: { insts: [], end: after }, else: { insts, end } };
  r.insts.push({ kind: 'if', label, condition, likely: true, results: [], ...arms, pos: r.pos });
};

/** Takes words from the stack, and the table's memory for them where the stack never reached so far; faults where the table is. */
const take = (r: Replacement, bytes: number): Value => {
  const words = further(r, load(r, 'ptr32', pageOf(r), page.roots), -bytes);
  whereBelow(r, words, load(r, 'ptr32', pageOf(r), track.areaEnd), (deeper) => {
    whereBelow(deeper, words, load(deeper, 'ptr32', pageOf(deeper), track.areaTop), (full) => {
      const number = (n: number): Value => append(full, 'const', 'i64', 'i64', [], [BigInt(n)]);
      return { kind: 'fault', fault: 'stack', args: [number(bytes), number(0)], pos: r.pos };
    });
    store(deeper, 'ptr32', pageOf(deeper), track.areaEnd, words);
    return undefined;
  });
  store(r, 'ptr32', pageOf(r), page.roots, words);
  return words;
};

const rooted = (f: Func, moves: (i: Inst) => boolean): Func => {
  const found = findRoots(f, defsOf(f), moves);
  if (found.words.size === 0) return f;
  const edit = editOf(f);
  const insts: Inst[] = [];
  const words = take({ insts, edit, pos: f.pos, by }, bytesOf(found));
  const s: State = { f, found, edit, moves, words };
  const body = rewriteBody(s, f.body, new Map(), f.params);
  return { ...f, types: edit.types, body: { insts: [...insts, ...body.insts], end: body.end } };
};

// ---- functions of the run-time ----------------------------------------------------------------------------------

/** Calls from the run-time into the program: whatever is called moves nothing. */
const stilled = (f: Func, moves: (i: Inst) => boolean): Func => {
  const edit = editOf(f);
  const outward = (i: OpInst): boolean => moves(i) && (i.op === 'call.value' || !isRuntime(String(i.imms[0])));
  const add = (r: Replacement, n: number): void => {
    const count = load(r, 'i32', pageOf(r), page.still);
    store(r, 'i32', pageOf(r), page.still, append(r, 'add', 'i32', 'i32', [count, constant(r, n)]));
  };
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      if (inst.kind !== 'op' || !outward(inst)) {
        insts.push(withBodies(inst, body));
        continue;
      }
      const r: Replacement = { insts, edit, pos: inst.pos, by };
      add(r, 1);
      insts.push(inst);
      add(r, -1);
    }
    return { insts, end: b.end };
  };
  const changed = body(f.body);
  return edit.types.length === f.types.length ? f : { ...f, types: edit.types, body: changed };
};
