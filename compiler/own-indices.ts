// Elements of distributed arrays whose indices are certainly own: those of a counter that runs over the own indices of a dimension.
//
//   loop @l (%i = shared.lo @u, 0) { if %i < shared.hi @u, 0 { … shared.elem @w (%part, %i) … } }
//
// where @w is laid out like @u along that dimension. Bounds may be larger than the first own index and smaller than the last: a
// maximum, a minimum, the counter of a loop around. So no arithmetic has to find out who owns such an element.
import { earlyFunctions } from './early.ts';
import { countedOf, type Defs, defsOf, opOf } from './facts.ts';
import type { Body, Func, Inst, LoopInst, OpInst, Value } from './ir.ts';
import { numberImm, textImm } from './ir-types.ts';
import { alikeDimension } from './passes/fold-arrays.ts';
import type { PassContext } from './passes.ts';
import { settledExtents } from './settled.ts';
import { bodiesOf } from './tree.ts';

interface State {
  readonly defs: Defs;
  /** Names the dimension that stands for all that are laid out like it. */
  readonly keyOf: (name: string, dim: number) => string;
  /** What counters have as lower bounds: dimensions whose first own index is at most the counter. */
  readonly least: Map<Value, ReadonlySet<string>>;
  readonly found: Map<OpInst, readonly boolean[]>;
}

/** For each element (`shared.elem`) which of its indices are certainly own; elements of which none is are left out. */
export const ownElements = (f: Func, context: PassContext): ReadonlyMap<OpInst, readonly boolean[]> => {
  const { program } = context;
  // Before arrays are laid out, none of it is known.
  if (earlyFunctions(program).has(f.name) || !program.globals.some((g) => g.kind === 'shared')) return new Map();
  const settled = settledExtents(program, f.name);
  const keyOf = (name: string, dim: number): string => {
    const d = alikeDimension(program, settled, name, dim);
    return `${d.name} ${d.dim}`;
  };
  const s: State = { defs: defsOf(f), keyOf, least: new Map(), found: new Map() };
  walk(s, f.body, new Map());
  return s.found;
};

/** Counters that are own here, with the dimensions that they are own indices of. */
type Own = ReadonlyMap<Value, ReadonlySet<string>>;

const walk = (s: State, body: Body, own: Own): void => {
  for (const inst of body.insts) {
    if (inst.kind === 'loop') walkLoop(s, inst, own);
    else if (inst.kind === 'op') note(s, inst, own);
    else for (const b of bodiesOf(inst)) walk(s, b, own);
  }
};

const note = (s: State, inst: OpInst, own: Own): void => {
  if (inst.op !== 'shared.elem' || own.size === 0) return;
  const name = textImm(inst.imms, 0);
  const which = inst.args.slice(1).map((index, k) => own.get(index)?.has(s.keyOf(name, k)) ?? false);
  if (which.includes(true)) s.found.set(inst, which);
};

const walkLoop = (s: State, loop: LoopInst, own: Own): void => {
  const c = countedOf(s.defs, loop);
  const counts = c?.op === 'lt' && c.signed && c.induction.step > 0n && c.induction.step < 1n << 32n;
  if (!counts) return walk(s, loop.body, own);
  const { param, init } = c.induction;
  const least = boundsOf(s, init, 'lo');
  s.least.set(param, least);
  const most = boundsOf(s, c.bound, 'hi');
  const keys = new Set([...least].filter((k) => most.has(k)));
  if (keys.size === 0) return walk(s, loop.body, own);
  // Before the test the counter may be one past the last.
  const inside = new Map([...own, [param, keys] as const]);
  const { insts, end } = loop.body;
  walk(s, { insts: insts.slice(0, c.at), end }, own);
  const stay = (test: Inst): void => {
    if (test.kind === 'if') walk(s, c.goesOn ? test.then : test.else, inside);
  };
  stay(c.test);
  walk(s, { insts: insts.slice(c.at + 1), end }, inside);
};

/** Dimensions whose first own index is at most a value (`lo`), or whose last one is before it or beyond (`hi`). */
const boundsOf = (s: State, v: Value, end: 'lo' | 'hi', depth = 6): ReadonlySet<string> => {
  const inst = opOf(s.defs, v);
  const counter = end === 'lo' ? s.least.get(v) : undefined;
  if (counter) return counter;
  if (!inst || depth === 0) return new Set();
  if (inst.op === `shared.${end}`) return new Set([s.keyOf(textImm(inst.imms, 0), numberImm(inst.imms, 1))]);
  const [condition, yes, no] = inst.args;
  if (inst.op !== 'select' || condition === undefined || yes === undefined || no === undefined) return new Set();
  const a = boundsOf(s, yes, end, depth - 1);
  const b = boundsOf(s, no, end, depth - 1);
  // Of a maximum (a minimum for the last) one is enough.
  const test = opOf(s.defs, condition);
  const chooses = test?.args[0] === yes && test.args[1] === no ? test.op : undefined;
  const one = end === 'lo' ? ['gt_s', 'ge_s'] : ['lt_s', 'le_s'];
  if (chooses !== undefined && one.includes(chooses)) return new Set([...a, ...b]);
  return new Set([...a].filter((k) => b.has(k)));
};
