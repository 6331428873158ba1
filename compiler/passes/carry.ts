// carry: what a loop stores in one round and reads in the next is carried over as a value, not read again.
//
//   loop @l (%i = %one) {                     %a0 = load.f64 (elem %p, %one - 1)
//     %a = load.f64 (elem %p, %i - 1)         loop @l (%i = %one, %a = %a0) {
//     …                                         …
//     store.f64 (elem %p, %i), %x               store.f64 (elem %p, %i), %x
//     next @l(%i + 1)                           next @l(%i + 1, %x)
//   }                                         }
//
// A recurrence (prefix sums, Gauss-Seidel, tables of dynamic programming) is a chain from round to round: through memory each link
// costs the time of a store and a load besides the sum. This is scalar replacement of subscripted variables (D. Callahan,
// S. Carr, K. Kennedy, Improving register allocation for subscripted variables, PLDI 1990). A read of what was stored two rounds ago
// follows the one of the round before.
//
// Only where the first round reads at once: before the read nothing writes, faults or leaves, so that it may as well stand before
// the loop. Both addresses are linear in counters, and the one of the read is in the next round what the other is in this. No other write
// of the loop may touch the place. Such loops are none for vectors: they have been tried before.
import { isRuntime } from '../../vm/abi.ts';
import { type Address, addressOf } from '../address.ts';
import { isChecked } from '../checked.ts';
import {
  accessBytes,
  accessOf,
  bits,
  clobbers,
  effectsOf,
  isDivision,
  isStore,
  type Memory,
  memoryOf,
  writesOf,
} from '../effects.ts';
import { addLinear, type Defs, defsOf, inductionsOf } from '../facts.ts';
import type { Body, Func, Inst, LoopInst, MemType, OpInst, Value } from '../ir.ts';
import { memTypeBytes } from '../layout.ts';
import type { PassContext } from '../passes.ts';
import {
  bodiesOf,
  copyBody,
  definedIn,
  type Edit,
  editOf,
  forEachInst,
  hasLoop,
  leaves,
  nextsOf,
  resolver,
  substitute,
  typeOf,
  withBodies,
} from '../tree.ts';

const by = 'carry';

/** What the loop may do: no calls, nothing that other images take for a sign. */
const allowed = bits.place | bits.reads | bits.writes | bits.traps;

/** A value of these types is in memory what it is in a register. */
const whole: readonly string[] = ['i32', 'i64', 'f32', 'f64'];

/** So many values of one loop are carried: they cost registers. */
const maxCarried = 4;

/** Bytes from one round to the next: a few rounds do not go around all addresses. */
const maxStep = 1n << 24n;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  readonly memory: Memory;
}

export const carry = (f: Func, context: PassContext): Func => {
  // Checked programs look at every access.
  if (isRuntime(f.name) || isChecked(context.program)) return f;
  const defs = defsOf(f);
  const s: State = { context, edit: editOf(f), defs, memory: memoryOf(f, context.program, defs) };
  const replaced = new Map<Value, Value>();
  const body = loopsOf(s, f.body, replaced);
  return replaced.size === 0 ? f : { ...f, types: s.edit.types, body: substitute(body, resolver(replaced)) };
};

const loopsOf = (s: State, body: Body, replaced: Map<Value, Value>): Body => ({
  insts: body.insts.flatMap((i) => {
    if (i.kind === 'loop' && !hasLoop(i.body)) return carried(s, i, replaced);
    return [withBodies(i, (b) => loopsOf(s, b, replaced))];
  }),
  end: body.end,
});

/** An access in the body itself, made in every round that gets so far. */
interface Spot {
  readonly inst: OpInst;
  readonly at: number;
  readonly address: Address;
}

/** A place, relative to the round, whose contents are this value when the round ends. */
interface Source {
  /** The store, if it is one. */
  readonly inst?: OpInst;
  readonly suffix: string;
  readonly address: Address;
  readonly value: Value;
  /** Reads that come before it are carried. */
  readonly at: number;
}

interface Carried {
  readonly load: Spot;
  /** What stands for the read, and what it is in the next round. */
  readonly param: Value;
  readonly value: Value;
  /** The ops that make the address, and the read. */
  readonly slice: readonly Inst[];
}

const carried = (s: State, loop: LoopInst, replaced: Map<Value, Value>): readonly Inst[] => {
  if ((effectsOf(loop) & ~allowed) !== 0) return [loop];
  const last = loop.body.insts.findIndex((i) => continues(i, loop.label));
  const inner = definedIn(loop.body, new Set(loop.params));
  const steps = new Map(inductionsOf(s.defs, loop).map((i) => [i.param, i.step]));
  const stores = spotsOf(s, loop, inner, 'store').filter((x) => last < 0 || x.at < last);
  const loads = spotsOf(s, loop, inner, 'load').filter((x) => isFirst(loop, x.at));
  if (stores.length === 0 || loads.length === 0) return [loop];
  const sources = stores.flatMap(({ inst, at, address }): Source[] => {
    const value = inst.args[1];
    return value === undefined ? [] : [{ inst, suffix: inst.suffix, address, value, at }];
  });
  const found: Carried[] = [];
  for (let more = true; more && found.length < maxCarried; ) {
    more = false;
    for (const load of loads) {
      const [result] = load.inst.results;
      if (result === undefined || found.some((c) => c.load === load) || found.length >= maxCarried) continue;
      const source = sources.find((x) => x.at > load.at && follows(x, load, steps, inner));
      const slice = source && isAlone(s, loop, load.inst, inner, source) ? sliceOf(loop, load.inst) : undefined;
      if (!source || !slice || !s.context.allow()) continue;
      const param = s.edit.like(result);
      found.push({ load, param, value: source.value, slice });
      // What was read in this round may be read in the next one, too, from the place before.
      sources.push({ suffix: load.inst.suffix, address: load.address, value: param, at: loop.body.insts.length });
      replaced.set(result, param);
      more = true;
    }
  }
  if (found.length === 0) return [loop];
  const gone = new Set<Inst>(found.map((c) => c.load.inst));
  const first = found.map((c) => firstOf(s, loop, c));
  const values = found.map((c) => c.value);
  const params = [...loop.params, ...found.map((c) => c.param)];
  const inits = [...loop.inits, ...first.map((x) => x.value)];
  const kept: Body = { insts: loop.body.insts.filter((i) => !gone.has(i)), end: loop.body.end };
  return [...first.flatMap((x) => x.insts), { ...loop, params, inits, body: continued(kept, loop.label, values) }];
};

/** Whether an instruction has a `next` of the loop in it. */
const continues = (inst: Inst, label: string): boolean => bodiesOf(inst).some((b) => nextsOf(b, label).length > 0);

const spotsOf = (s: State, loop: LoopInst, inner: ReadonlySet<Value>, op: 'load' | 'store'): readonly Spot[] =>
  loop.body.insts.flatMap((inst, at): Spot[] => {
    if (inst.kind !== 'op' || inst.op !== op || inst.kernel || !whole.includes(inst.suffix)) return [];
    const [pointer] = inst.args;
    const address = pointer === undefined ? undefined : addressOf(s.defs, pointer, inner);
    if (!address) return [];
    const offset = { constant: BigInt(Number(inst.imms[0] ?? 0)), terms: new Map() };
    return [{ inst, at, address: { base: address.base, bytes: addLinear(address.bytes, offset) } }];
  });

/** The first round comes here whatever happens, and nothing has happened by then. */
const isFirst = (loop: LoopInst, at: number): boolean =>
  loop.body.insts.slice(0, at).every((i) => (effectsOf(i) & (bits.writes | bits.traps)) === 0 && !leaves(i));

/** Whether the read goes in the next round where the source is in this one. */
const follows = (source: Source, load: Spot, steps: ReadonlyMap<Value, bigint>, inner: ReadonlySet<Value>): boolean => {
  if (source.suffix !== load.inst.suffix || source.address.base !== load.address.base) return false;
  const apart = addLinear(source.address.bytes, load.address.bytes, -1n);
  if (apart.terms.size > 0) return false;
  let moved = 0n;
  for (const [v, factor] of load.address.bytes.terms) {
    if (!inner.has(v)) continue;
    const step = steps.get(v);
    if (step === undefined) return false;
    moved += factor * step;
  }
  const distance = moved < 0n ? -moved : moved;
  const bytes = BigInt(memTypeBytes[load.inst.suffix as MemType]);
  return moved === apart.constant && distance >= bytes && distance <= maxStep;
};

/**
 * No other write of a round, in whatever arm, touches the place of the source: what the source says of it holds until the next round reads
 * it. Places at a known distance are compared, as they are in this round; of all others it is asked whether they may be in the same object at all.
 */
const isAlone = (s: State, loop: LoopInst, load: OpInst, inner: ReadonlySet<Value>, source: Source): boolean => {
  const access = accessOf(s.memory, load);
  if (!access) return false;
  // The source's place is not the read's of this round: nothing is known of where in the object it is.
  const somewhere = { place: { ...access.place, fromRoot: undefined, base: -1 }, bytes: undefined };
  let alone = true;
  forEachInst(loop.body, (i) => {
    if (i.kind !== 'op' || !alone || i === source.inst || (effectsOf(i) & bits.writes) === 0) return;
    const apart = distanceOf(s, i, inner, source);
    alone =
      apart === undefined
        ? !clobbers(s.memory, writesOf(s.memory, i), somewhere)
        : apart >= BigInt(memTypeBytes[source.suffix as MemType]) ||
          apart + BigInt(accessBytes(i) ?? Number(maxStep)) <= 0n;
  });
  return alone;
};

/** Bytes from the source's place to that of a store in the same round; undefined: who knows. */
const distanceOf = (s: State, inst: OpInst, inner: ReadonlySet<Value>, source: Source): bigint | undefined => {
  const [pointer] = inst.args;
  if (!isStore(inst.op) || pointer === undefined) return undefined;
  const address = addressOf(s.defs, pointer, inner);
  if (!address || address.base !== source.address.base) return undefined;
  const apart = addLinear(address.bytes, source.address.bytes, -1n);
  return apart.terms.size > 0 ? undefined : apart.constant + BigInt(Number(inst.imms[0] ?? 0));
};

/** The read, and the ops of the loop that make its address; undefined: there is more to it. */
const sliceOf = (loop: LoopInst, load: OpInst): readonly Inst[] | undefined => {
  const needed = new Set<Value>(load.args);
  const slice: Inst[] = [load];
  for (const inst of loop.body.insts.slice(0, loop.body.insts.indexOf(load)).reverse()) {
    if (!inst.results.some((v) => needed.has(v))) continue;
    if (inst.kind !== 'op' || (effectsOf(inst) & ~bits.place) !== 0 || isDivision(inst.op)) return undefined;
    slice.unshift(inst);
    for (const v of inst.args) needed.add(v);
  }
  return slice;
};

/** The read as the first round makes it. */
const firstOf = (s: State, loop: LoopInst, c: Carried): { readonly insts: readonly Inst[]; readonly value: Value } => {
  const values = new Map<Value, Value>(loop.params.map((p, k) => [p, loop.inits[k] ?? p]));
  const copy = copyBody({ insts: c.slice, end: { kind: 'unreachable', pos: loop.pos } }, s.edit, {
    values,
    labels: new Map(),
    typeOf: (v) => typeOf(s.edit.types, v),
    by,
  });
  const [result = -1] = c.load.inst.results;
  return { insts: copy.insts, value: values.get(result) ?? result };
};

/** Each `next` of the loop with these values besides. */
const continued = (body: Body, label: string, values: readonly Value[]): Body => {
  const { end } = body;
  return {
    insts: body.insts.map((i) => withBodies(i, (b) => continued(b, label, values))),
    end: end.kind === 'next' && end.label === label ? { ...end, args: [...end.args, ...values] } : end,
  };
};
