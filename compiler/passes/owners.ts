// owners: a loop whose counter is an index into a divided dimension asks once a block who owns the elements, not in each round.
//
//   loop @l (%i = %lo) {                      loop @l (%j = %lo) {
//     if @t %i < %n …                           if @t0 %j < %n …
//     %g = shared.elem @u (%part, %i)           image and place of %j; %to = where its block ends, %n at most
//     …                                         loop @own (%i = %j) {
//     next @l(%i + 1)                             if @t %i < %to { break @t } else { break @own(%i) }
//   }                                             %g = as far behind the place of %j as %i is behind %j
//                                                 …
//                                                 next @own(%i + 1)
//                                               }
//                                               next @l(…)
//                                             }
//
// The rounds are the same, in the same order. In the inner loop the image does not change: its part is found before it, and elements
// are walked through by pointer, as in a loop over a private array. What is read through `u[i - 1]` and `u[i + 1]` has
// borders of its own; the inner loop ends at the first of them. This is the strip-mining by owner of compilers for HPF
// (S. Hiranandani, K. Kennedy, C.-W. Tseng, Compiling Fortran D for MIMD distributed-memory machines, CACM 35(8), 1992).
import { append, type Replacement } from '../append.ts';
import { earlyFunctions } from '../early.ts';
import { effectsOf } from '../effects.ts';
import { byName, elementAt, type Spot, spotOf } from '../elements.ts';
import { type Counted, countedOf, type Defs, defsOf, opOf } from '../facts.ts';
import type { Body, Func, Inst, IrGlobal, LoopInst, OpInst, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { textImm } from '../ir-types.ts';
import { ownElements } from '../own-indices.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, copyBody, definedIn, type Edit, editOf, typeOf, withBodies } from '../tree.ts';

const by = 'owners';

type SharedGlobal = Extract<IrGlobal, { kind: 'shared' }>;

/** More borders than this in one loop would cut it into pieces that are too short. */
const maxBorders = 6;
/** What stands before the test is there twice. */
const maxBefore = 12;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  readonly arrays: ReadonlyMap<string, SharedGlobal>;
  /** Elements that need not be looked for: which of their indices are certainly own. */
  readonly own: ReadonlyMap<OpInst, readonly boolean[]>;
}

export const owners = (f: Func, context: PassContext): Func => {
  const arrays = new Map(
    context.program.globals.flatMap((g) =>
      g.kind === 'shared' && g.dims.some(isBlocked) ? [[g.name, g] as const] : [],
    ),
  );
  // Before arrays are laid out, nothing may be asked that a check would have refused.
  if (arrays.size === 0 || earlyFunctions(context.program).has(f.name)) return f;
  const edit = editOf(f);
  const defs = defsOf(f);
  const body = ownersBody({ context, edit, defs, arrays, own: ownElements(f, context) }, f.body);
  return { ...f, types: edit.types, body };
};

const isBlocked = (dim: string | undefined): boolean => dim === 'block' || dim === 'blocks';

const ownersBody = (s: State, body: Body): Body => ({
  insts: body.insts.map((inst) => {
    const now = withBodies(inst, (b) => ownersBody(s, b));
    return now.kind === 'loop' ? divided(s, now) : now;
  }),
  end: body.end,
});

/** An index of elements of the loop: the counter, or the counter and a value from outside. */
interface Walked {
  readonly array: SharedGlobal;
  readonly dim: number;
  readonly more: Value | undefined;
}

const keyOf = (w: Walked): string => `${w.array.name} ${w.dim} ${w.more ?? ''}`;

/** What the counter walks through, of an element; undefined: nothing. */
const walkedBy = (s: State, inst: Inst, counter: Value, inner: ReadonlySet<Value>): readonly Walked[] => {
  if (inst.kind !== 'op' || inst.op !== 'shared.elem') return [];
  const array = s.arrays.get(textImm(inst.imms, 0));
  if (!array) return [];
  return inst.args.slice(1).flatMap((index, dim): Walked[] => {
    if (!isBlocked(array.dims[dim]) || s.own.get(inst)?.[dim]) return [];
    if (index === counter) return [{ array, dim, more: undefined }];
    const sum = opOf(s.defs, index);
    const [a, b] = sum?.args ?? [];
    if (sum?.op !== 'add' || a === undefined || b === undefined) return [];
    const more = a === counter ? b : b === counter ? a : undefined;
    if (more === undefined || more === counter) return [];
    // A constant is where it is used, and can be made again.
    return inner.has(more) && opOf(s.defs, more)?.op !== 'const' ? [] : [{ array, dim, more }];
  });
};

/** Elements that are looked for in the loop itself, not in loops in it. */
const forEachHere = (body: Body, visit: (inst: Inst) => void): void => {
  for (const inst of body.insts) {
    visit(inst);
    if (inst.kind !== 'loop') for (const b of bodiesOf(inst)) forEachHere(b, visit);
  }
};

const divided = (s: State, loop: LoopInst): LoopInst => {
  const inner = definedIn(loop.body, new Set(loop.params));
  const c = countedOf(s.defs, loop, inner);
  if (c?.op !== 'lt' || !c.signed || c.induction.step <= 0n || c.test.results.length > 0) return loop;
  const counter = c.induction.param;
  const before = loop.body.insts.slice(0, c.at);
  if (typeOf(s.edit.types, counter) !== 'i64' || before.length > maxBefore) return loop;
  if (before.some((i) => effectsOf(i) !== 0)) return loop;
  const leave = c.goesOn ? c.test.else : c.test.then;
  if (leave.end.kind !== 'break') return loop;
  const found = new Map<string, Walked>();
  forEachHere(loop.body, (inst) => {
    for (const w of walkedBy(s, inst, counter, inner)) found.set(keyOf(w), w);
  });
  if (found.size === 0 || found.size > maxBorders || !s.context.allow()) return loop;
  return inBlocks(s, loop, c, before, leave.end, found);
};

/** What an inner loop knows of an index: its coordinate, and what is to be added to the counter for the local index. */
interface Known {
  readonly coordinate: Value | undefined;
  readonly shift: Value;
}

const inBlocks = (
  s: State,
  loop: LoopInst,
  c: Counted,
  before: readonly Inst[],
  exit: Terminator & { kind: 'break' },
  found: ReadonlyMap<string, Walked>,
): LoopInst => {
  const { edit } = s;
  const { pos } = loop;
  const counter = c.induction.param;
  const params = loop.params.map((p) => edit.like(p));
  const at = params[c.induction.index] ?? counter;
  // The outer loop begins as the loop did.
  const values = new Map<Value, Value>(loop.params.map((p, k) => [p, params[k] ?? p]));
  const label = edit.label(c.test.label);
  const copied = copyBody({ insts: before, end: exit }, edit, {
    values,
    labels: new Map(),
    typeOf: (v) => typeOf(edit.types, v),
    by,
  });
  const insts: Inst[] = [...copied.insts];
  const condition = values.get(c.test.condition) ?? c.test.condition;
  const stay: Body = { insts: [], end: { kind: 'break', label, args: [], pos, by } };
  const away: Body = { insts: [], end: copied.end };
  const head = { label, condition, results: [], pos, by };
  insts.push(c.goesOn ? ifInst(head, stay, away) : ifInst(head, away, stay));

  const o: Replacement = { insts, edit, pos, by };
  const i64 = (n: bigint): Value => append(o, 'const', 'i64', 'i64', [], [n]);
  const make = (op: 'add' | 'sub' | 'mul', a: Value, b: Value): Value => append(o, op, 'i64', 'i64', [a, b]);
  const choose = (op: 'lt_s' | 'gt_s', a: Value, b: Value): Value =>
    append(o, 'select', 'i64', 'i64', [append(o, op, 'i64', 'i32', [a, b]), a, b]);
  const next = make('add', at, i64(1n));
  let limit = c.bound;
  const known = new Map<string, Known>();
  for (const [key, w] of found) {
    const subject = byName(w.array);
    const index = w.more === undefined ? at : make('add', at, outside(s, o, w.more));
    const spot = spotOf(o, subject, w.dim, w.array.dims[w.dim] ?? 'star', index);
    const rest = make('sub', subject.field(o, 'block', w.dim), spot.within ?? i64(0n));
    // At least one round, whatever the index is: it may be one that a check refuses.
    limit = choose('lt_s', choose('gt_s', make('add', at, rest), next), limit);
    known.set(key, { coordinate: spot.coordinate, shift: make('sub', spot.local, at) });
  }
  const own = edit.label('own0');
  const results = loop.params.map((p) => edit.like(p));
  const body = innerBody(s, loop, c, { own, limit, known });
  insts.push({ ...loop, label: own, inits: params, results, body, by });
  const end: Terminator = { kind: 'next', label: loop.label, args: results, pos, by };
  return { ...loop, params, body: { insts, end }, by };
};

/** A value from outside of the loop; a constant, which may be inside, anew. */
const outside = (s: State, o: Replacement, v: Value): Value => {
  const inst = opOf(s.defs, v);
  return inst?.op === 'const' ? append(o, 'const', inst.suffix, 'i64', [], inst.imms) : v;
};

interface Block {
  readonly own: string;
  readonly limit: Value;
  readonly known: ReadonlyMap<string, Known>;
}

const innerBody = (s: State, loop: LoopInst, c: Counted, b: Block): Body => {
  const { edit } = s;
  const counter = c.induction.param;
  const inner = definedIn(loop.body, new Set(loop.params));
  const change = (body: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of body.insts) {
      if (inst === c.test) insts.push(...tested(s, loop, c, b, change(c.goesOn ? c.test.then : c.test.else)));
      else if (inst.kind === 'op') insts.push(...element(inst));
      else if (inst.kind === 'loop') insts.push(withBodies(inst, leaves));
      else insts.push(withBodies(inst, change));
    }
    return { insts, end: again(body.end) };
  };
  const again = (end: Terminator): Terminator =>
    end.kind === 'next' && end.label === loop.label ? { ...end, label: b.own } : end;
  /** Only ends change in inner loops. */
  const leaves = (body: Body): Body => ({ insts: body.insts.map((i) => withBodies(i, leaves)), end: again(body.end) });
  const element = (inst: OpInst): readonly Inst[] => {
    const walked = walkedBy(s, inst, counter, inner);
    const [part, ...indices] = inst.args;
    const array = walked[0]?.array;
    if (!array || part === undefined) return [inst];
    const o: Replacement = { insts: [], edit, pos: inst.pos, by };
    const spots = indices.map((index, dim): Spot => {
      const w = walked.find((x) => x.dim === dim);
      const k = w && b.known.get(keyOf(w));
      if (!k) return spotOf(o, byName(array), dim, array.dims[dim] ?? 'star', index);
      return { coordinate: k.coordinate, local: append(o, 'add', 'i64', 'i64', [counter, k.shift]) };
    });
    elementAt(o, byName(array), part, spots, inst.results[0] ?? -1, false);
    return o.insts;
  };
  return change(loop.body);
};

/** The test of the inner loop: the block's end is at most the loop's. */
const tested = (s: State, loop: LoopInst, c: Counted, b: Block, stay: Body): readonly Inst[] => {
  const { pos } = c.test;
  const insts: Inst[] = [];
  const o: Replacement = { insts, edit: s.edit, pos, by };
  const below = append(o, 'lt_s', 'i64', 'i32', [c.induction.param, b.limit]);
  const compared = opOf(s.defs, c.test.condition);
  const alone = compared?.op !== 'and' && compared?.op !== 'or';
  let condition = below;
  if (!alone) {
    const { condition: asked } = c.test;
    const goesOn = c.goesOn ? asked : append(o, 'eqz', 'i32', 'i32', [asked]);
    condition = append(o, 'and', 'i32', 'i32', [below, goesOn]);
  }
  const leave: Body = { insts: [], end: { kind: 'break', label: b.own, args: loop.params, pos, by } };
  insts.push(ifInst({ ...c.test, condition, by }, stay, leave));
  return insts;
};
