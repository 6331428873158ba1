// inline: the body of a small function in place of its call.
//
//   %r = call @square(%x)        %r = block @inl {
//                                  %p = mul.f64 %x, %x !by=inline
//                                  break @inl(%p)
//                                }
//
// `ret` becomes `break` of a block around the copy, which fold flattens. Frame slots are merged: zeroes that the source
// asks for are stores of the callee, so a slot needs nothing when it comes into a loop. Every copied position remembers
// the call (`inlinedAt`), so that reports show the stack that the user wrote. Functions that may call themselves stay.
//
// The body of a `par for` is a function of its own, for the parts that run elsewhere; where the loop stands its iterations are mostly
// run in one piece. There the body comes back: it then knows what is known around it, and short loops are no calls.
import { isRuntime } from '../../vm/abi.ts';
import { isParBody } from '../call-graph.ts';
import { bits, effectBits } from '../effects.ts';
import { type Body, type FrameSlot, type Func, type Inst, opRow, type PosId, type Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { isMoving, outwardOps, revokers } from '../runtime-functions.ts';
import { copyBody, type Edit, editOf, forEachInst, typeOf, withBodies } from '../tree.ts';

/** Cost (of the table of ops) up to which a function is copied to every call. */
const smallCost = 60;
/** The same for a formula, a function of one straight way that calls nothing, where a loop calls it: a loop with a call in it stays as it is. */
const formulaCost = 200;
/** The same for a function with a single call. */
const onceCost = 600;
/** No pass that copies code lets a function grow beyond this. */
export const maxFunctionCost = 4000;

interface State {
  readonly f: Func;
  readonly context: PassContext;
  readonly edit: Edit;
  readonly slots: FrameSlot[];
  readonly calls: ReadonlyMap<string, number>;
  cost: number;
}

export const inline = (f: Func, context: PassContext): Func => {
  const s: State = {
    f,
    context,
    edit: editOf(f),
    slots: [...f.slots],
    calls: countCalls(context),
    cost: costOf(f.body),
  };
  const body = unfolded(s, inlineBody(s, f.body, false));
  return { ...f, types: s.edit.types, slots: s.slots, body };
};

/** Cost up to which a function that calls itself is unfolded: its own body in place of these calls. */
const unfoldedCost = 150;
/** How often at most: the calls that are saved get fewer each time. */
const maxUnfolds = 3;

/**
 * A small function that calls itself, with its own body in place of those calls, once or a few times: most calls of a recursion are the
 * last ones, which then are only tests.
 */
const unfolded = (s: State, body: Body): Body => {
  const { f } = s;
  if (isRuntime(f.name) || f.slots.length > 0 || s.slots.length > 0) return body;
  const self: Func = { ...f, types: s.edit.types, body };
  const size = costOf(body);
  let now = body;
  for (let k = 0; k < maxUnfolds; k++) {
    const calls = countSelfCalls(f.name, now);
    if (calls === 0 || s.cost + calls * size > unfoldedCost || !s.context.allow()) break;
    s.cost += calls * size;
    now = intoSelfCalls(s, self, now);
  }
  return now;
};

const isSelfCall = (name: string, inst: Inst): inst is Inst & { kind: 'op' } =>
  inst.kind === 'op' && inst.op === 'call' && inst.imms[0] === name;

const countSelfCalls = (name: string, body: Body): number => {
  let n = 0;
  forEachInst(body, (i) => {
    if (isSelfCall(name, i)) n++;
  });
  return n;
};

const intoSelfCalls = (s: State, self: Func, body: Body): Body => ({
  insts: body.insts.map((inst) =>
    isSelfCall(self.name, inst) ? blockFor(s, inst, self) : withBodies(inst, (b) => intoSelfCalls(s, self, b)),
  ),
  end: body.end,
});

const inlineBody = (s: State, body: Body, inLoop: boolean): Body => ({
  insts: body.insts.map((inst) => {
    if (inst.kind !== 'op') return withBodies(inst, (b) => inlineBody(s, b, inLoop || inst.kind === 'loop'));
    if (inst.op !== 'call') return inst;
    const callee = s.context.func(String(inst.imms[0]));
    return callee && isWorthIt(s, callee, inLoop) && s.context.allow() ? blockFor(s, inst, callee) : inst;
  }),
  end: body.end,
});

/** Frames of inlined functions live as long as the caller's: larger ones stay apart. */
const maxFrame = 4096;
/** The same where the caller is part of a recursion. */
const maxRecursiveFrame = 256;

const frameOf = (f: Func): number => f.slots.reduce((n, slot) => n + slot.size, 0);

/** Those that guards look for in the call graph have to be found there. */
const found: ReadonlySet<string> = new Set(revokers);

/** Functions whose frames users should see stay apart only if they are big: positions keep the stack. */
const isWorthIt = (s: State, callee: Func, inLoop: boolean): boolean => {
  if (found.has(callee.name) || frameOf(callee) > maxFrame) return false;
  if (callee.name === s.f.name) return false;
  // Its frame would be there as long as all of a recursion: but small ones are mostly structs, which become their fields.
  if (frameOf(callee) > maxRecursiveFrame && isRecursive(s.f, s.context)) return false;
  // A loop's body is called at one place beside the run-time's: it may come back to where it now is.
  const isLoop = isParBody(callee.name) && !isRuntime(s.f.name);
  if (!isLoop && isRecursive(callee, s.context)) return false;
  // What the program wrote has guards and hooks, the run-time has not: no operator, and no task, becomes part of it.
  if (isRuntime(s.f.name) && !isRuntime(callee.name)) return false;
  // Code that takes numbers for addresses stays apart from code that finds its objects moved.
  if (isMoving(s.context.program) && isRuntime(callee.name) !== isRuntime(s.f.name)) return false;
  const cost = lastingCost(callee);
  const isOnce = isLoop || (s.calls.get(callee.name) === 1 && callee.name !== 'main');
  const limit = isOnce ? onceCost : inLoop && isFormula(callee) ? formulaCost : smallCost;
  if (cost > limit || s.cost + cost > maxFunctionCost) return false;
  s.cost += cost;
  return true;
};

const ofStructs = bits.place | bits.reads | bits.writes;

/** Computes, and no more: no loop, no call; structs are passed in memory. */
const isFormula = (f: Func): boolean => {
  let is = true;
  forEachInst(f.body, (i) => {
    if (i.kind === 'loop' || (i.kind === 'op' && (effectBits(i.op) & ~ofStructs) !== 0)) is = false;
  });
  return is;
};

export const costOf = (body: Body): number => {
  let cost = 0;
  forEachInst(body, (i) => {
    cost += i.kind === 'op' ? Math.min(opRow(i.op).cost, 20) : 1;
  });
  return cost;
};

const lasting = new WeakMap<Body, number>();

/** Cost without what reads and writes the function's own slots: copies of structs, which become their fields where the function comes to stand. */
const lastingCost = (f: Func): number => {
  if (f.slots.length === 0) return costOf(f.body);
  const known = lasting.get(f.body);
  if (known !== undefined) return known;
  const own = new Set<Value>();
  let cost = 0;
  forEachInst(f.body, (i) => {
    const [first] = i.kind === 'op' ? i.args : [];
    const isOwn = i.kind === 'op' && (i.op === 'frame' || (first !== undefined && own.has(first)));
    if (isOwn && derivesPlace.has(i.op)) for (const r of i.results) own.add(r);
    else if (!(isOwn && (i.op === 'load' || i.op === 'store')))
      cost += i.kind === 'op' ? Math.min(opRow(i.op).cost, 20) : 1;
  });
  lasting.set(f.body, cost);
  return cost;
};

const derivesPlace: ReadonlySet<string> = new Set(['frame', 'addr', 'offset']);

/** The call as a block that holds a copy of the callee. */
const blockFor = (s: State, call: Inst & { kind: 'op' }, callee: Func): Inst => {
  const label = s.edit.label('inl');
  const values = new Map<Value, Value>();
  callee.params.forEach((p, i) => {
    const arg = call.args[i];
    if (arg !== undefined) values.set(p, arg);
  });
  const slots = new Map(callee.slots.map((slot) => [slot.name, mergeSlot(s, slot)]));
  const moved = new Map<PosId, PosId>();
  const positionIn = (p: PosId): PosId => {
    let known = moved.get(p);
    if (known === undefined) {
      const at = s.context.positionOf(p);
      const inlinedAt = at.inlinedAt === 0 ? call.pos : positionIn(at.inlinedAt);
      known = p === 0 || call.pos === 0 ? p || call.pos : s.context.position({ ...at, inlinedAt });
      moved.set(p, known);
    }
    return known;
  };
  const body = copyBody(callee.body, s.edit, {
    values,
    labels: new Map(),
    typeOf: (v) => typeOf(callee.types, v),
    pos: positionIn,
    by: 'inline',
    slot: (name) => slots.get(name) ?? name,
    end: (end) => (end.kind === 'ret' ? { ...end, kind: 'break', label } : end),
  });
  return { kind: 'block', label, results: call.results, body, pos: call.pos, by: 'inline' };
};

const mergeSlot = (s: State, slot: FrameSlot): string => {
  let name = slot.name;
  for (let n = 1; s.slots.some((x) => x.name === name); n++) name = `${slot.name}.${n}`;
  s.slots.push({ ...slot, name });
  return name;
};

// ---- the call graph ---------------------------------------------------------------------------------------------

const calleesOf = (f: Func): readonly string[] =>
  outwardOps(f).flatMap((i) => (i.op === 'call' ? [String(i.imms[0])] : []));

/** May a call of it lead to another call of it? */
const isRecursive = (f: Func, context: PassContext): boolean => {
  const seen = new Set<string>();
  const work = [...calleesOf(f)];
  for (let name = work.pop(); name !== undefined; name = work.pop()) {
    if (name === f.name) return true;
    if (seen.has(name)) continue;
    seen.add(name);
    const g = context.func(name);
    if (g) work.push(...calleesOf(g));
  }
  return false;
};

const counted = new WeakMap<object, ReadonlyMap<string, number>>();

/** Calls of each function in the program as it was when the pass began. */
const countCalls = (context: PassContext): ReadonlyMap<string, number> => {
  const known = counted.get(context.program);
  if (known) return known;
  const calls = new Map<string, number>();
  for (const f of context.program.funcs) {
    for (const name of calleesOf(f)) calls.set(name, (calls.get(name) ?? 0) + 1);
  }
  counted.set(context.program, calls);
  return calls;
};
