// What instructions do, and which memory they touch: the questions that licm, cse, dce and strength reduction share.
import { unreachable } from '../lang/unreachable.ts';
import { constantOf, type Defs } from './facts.ts';
import type { Body, Effect, Func, Inst, IrProgram, MemType, OpInst, OpName, Value } from './ir.ts';
import { opRow } from './ir.ts';
import { isVectorOp, vectorBytes } from './ir-vector.ts';
import { memTypeBytes } from './layout.ts';
import { argsOf, bodiesOf, forEachInst } from './tree.ts';

/** Effects as bits. `memory` and `handles` are what a read of that kind must not be moved across. */
export const bits = {
  place: 1,
  reads: 2,
  writes: 4,
  'handle-reads': 8,
  'handle-writes': 16,
  traps: 32,
  allocates: 64,
  synchronises: 128,
  moves: 256,
  io: 512,
} as const satisfies Record<Effect, number>;

const opBits = new Map<OpName, number>();

/** Effects of an op as bits. */
export const effectBits = (op: OpName): number => {
  const known = opBits.get(op);
  if (known !== undefined) return known;
  const mask = opRow(op).effects.reduce((m, e) => m | bits[e], 0);
  opBits.set(op, mask);
  return mask;
};

const deepBits = new WeakMap<Inst, number>();

/** Effects of an instruction and all that is nested in it. A fault or raise counts as a trap. */
export const effectsOf = (inst: Inst): number => {
  if (inst.kind === 'op') return effectBits(inst.op);
  const known = deepBits.get(inst);
  if (known !== undefined) return known;
  let mask = 0;
  for (const b of bodiesOf(inst)) {
    for (const i of b.insts) mask |= effectsOf(i);
    if (b.end.kind === 'fault' || b.end.kind === 'raise') mask |= bits.traps;
  }
  deepBits.set(inst, mask);
  return mask;
};

/**
 * Ops that the table calls pure because what they give is fixed once `init` has run. In `init` itself they read what it
 * is about to write.
 */
const settledLate = (op: OpName): boolean =>
  op === 'let' ||
  op.startsWith('dynamic.') ||
  (op.startsWith('handle.') && op !== 'handle.of') ||
  (op.startsWith('shared.') && op !== 'shared.init');

/** Pure here: may be merged, moved, dropped. */
export const isPure = (inst: OpInst, f: Func): boolean =>
  effectBits(inst.op) === 0 && !(f.name === 'init' && settledLate(inst.op));

/** Division traps only on what its check has refused, so it may be dropped or merged; it may not run unchecked. */
export const isDivision = (op: OpName): boolean => op === 'div_s' || op === 'rem_s' || op === 'div_u' || op === 'rem_u';

export const isCheck = (op: OpName): boolean => op.startsWith('check.');

// ---- memory -----------------------------------------------------------------------------------------------------

/** Reads, and does no more: at a constant offset (its first immediate) after its first operand. */
export const isLoad = (op: OpName): boolean => op === 'load' || op === 'v.load' || op === 'v.load_lane';

/** Writes, and does no more: its second operand, or a part of it, at a constant offset after its first. */
export const isStore = (op: OpName): boolean => op === 'store' || op === 'v.store' || op === 'v.store_lane';

/** Bytes that a load, a store or an atomic accesses; undefined: it is none. */
export const accessBytes = (inst: OpInst): number | undefined =>
  isVectorOp(inst.op) ? vectorBytes(inst.op, inst.suffix) : memTypeBytes[inst.suffix as MemType];

/** The object that a pointer points into, as far as it can be told. */
export type Root =
  | { readonly kind: 'global' | 'data' | 'frame' | 'part' | 'part-now' | 'dynamic'; readonly name: string }
  | { readonly kind: 'alloc'; readonly value: Value }
  | { readonly kind: 'unknown' };

export interface Place {
  readonly root: Root;
  /** Bytes from the start of the root's object; undefined: not constant. The same in every image's copy. */
  readonly fromRoot: number | undefined;
  /** The value that the pointer is `fromBase` bytes after. */
  readonly base: Value;
  readonly fromBase: number;
  /** A `remote` is on the way: not necessarily the own copy. */
  readonly remote: boolean;
}

/** Where a gptr or ptr points. */
export const placeOf = (defs: Defs, v: Value): Place => {
  const def = defs.get(v);
  const here = (root: Root): Place => ({ root, fromRoot: 0, base: v, fromBase: 0, remote: false });
  if (def?.kind !== 'op') return { ...here({ kind: 'unknown' }), fromRoot: undefined };
  const { inst } = def;
  const name = String(inst.imms[0]);
  const first = inst.args[0];
  switch (inst.op) {
    case 'global':
    case 'data':
    case 'frame':
      return here({ kind: inst.op, name });
    case 'shared.part':
      return here({ kind: 'part', name });
    case 'shared.part_now':
      return here({ kind: 'part-now', name });
    case 'dynamic.base':
      return here({ kind: 'dynamic', name });
    case 'alloc':
    case 'alloc.shared':
      return here({ kind: 'alloc', value: v });
    case 'addr':
      if (first === undefined) break;
      return placeOf(defs, first);
    case 'own':
    case 'remote': {
      if (first === undefined) break;
      const p = placeOf(defs, first);
      return { root: p.root, fromRoot: p.fromRoot, base: v, fromBase: 0, remote: inst.op === 'remote' || p.remote };
    }
    case 'offset':
    case 'ptr.add': {
      const second = inst.args[1];
      if (first === undefined || second === undefined) break;
      const p = placeOf(defs, first);
      const bytes = constantOf(defs, second);
      if (typeof bytes !== 'bigint') return { ...p, fromRoot: undefined, base: v, fromBase: 0 };
      const n = Number(bytes);
      return { ...p, fromRoot: p.fromRoot === undefined ? undefined : p.fromRoot + n, fromBase: p.fromBase + n };
    }
    case 'elem':
      if (first === undefined) break;
      return { ...placeOf(defs, first), fromRoot: undefined, base: v, fromBase: 0 };
    case 'shared.elem': {
      if (first === undefined) break;
      return { ...placeOf(defs, first), fromRoot: undefined, base: v, fromBase: 0, remote: true };
    }
    default:
      break;
  }
  return { ...here({ kind: 'unknown' }), fromRoot: undefined };
};

/** Memory that an instruction reads or writes: `bytes` from `place`, or an unknown number. */
export interface Access {
  readonly place: Place;
  readonly bytes: number | undefined;
}

/** What is known about a function's memory: where values come from, and which frame slots others may point to. */
export interface Memory {
  readonly defs: Defs;
  readonly escaped: ReadonlySet<string>;
  /** Globals that no pointer of the program can point to: descriptors, lets and configs. */
  readonly hidden: ReadonlySet<string>;
}

const shifted = (p: Place, bytes: number): Place => ({
  ...p,
  fromRoot: p.fromRoot === undefined ? undefined : p.fromRoot + bytes,
  fromBase: p.fromBase + bytes,
});

/** The access of a load, store or atomic through its pointer. */
export const accessOf = (m: Memory, inst: OpInst): Access | undefined => {
  const pointer = inst.args[0];
  if (pointer === undefined) return undefined;
  const offset = isLoad(inst.op) || isStore(inst.op) ? Number(inst.imms[0] ?? 0) : 0;
  return { place: shifted(placeOf(m.defs, pointer), offset), bytes: accessBytes(inst) };
};

/** Whether the callee of a call does no more with its operand `i` than to load and store. */
type Lends = (inst: OpInst, i: number) => boolean;

/** Slots whose address is used for more than to load and store, and those that calls get, which may do more with it. */
interface Used {
  readonly escaped: ReadonlySet<string>;
  readonly lent: readonly { readonly slot: string; readonly inst: OpInst; readonly at: number }[];
}

const using = new WeakMap<Body, Used>();

const usedSlots = (f: Func): Used => {
  const known = using.get(f.body);
  if (known) return known;
  const escaped = new Set<string>();
  const lent: Used['lent'][number][] = [];
  // What is derived from slots comes after it in the code: most operands are found at once to be no addresses of slots.
  const slots = new Array<string | undefined>(f.types.length);
  const derive = (inst: OpInst): void => {
    const [result] = inst.results;
    const [first] = inst.args;
    if (result === undefined || !ofPlaces.has(inst.op)) return;
    const slot = inst.op === 'frame' ? String(inst.imms[0]) : first === undefined ? undefined : slots[first];
    if (slot !== undefined) slots[result] = slot;
  };
  const lose = (v: Value): void => {
    const slot = slots[v];
    if (slot !== undefined) escaped.add(slot);
  };
  const body = (b: Body): void => {
    for (const inst of b.insts) {
      if (inst.kind === 'op') {
        for (let at = 0; at < inst.args.length; at++) {
          const arg = inst.args[at];
          const slot = arg === undefined ? undefined : slots[arg];
          if (slot === undefined || keepsAddress(inst, at)) continue;
          if (inst.op === 'call') lent.push({ slot, inst, at });
          else escaped.add(slot);
        }
        derive(inst);
        continue;
      }
      if (inst.kind === 'loop') inst.inits.forEach(lose);
      for (const inner of bodiesOf(inst)) body(inner);
    }
    argsOf(b.end).forEach(lose);
  };
  if (f.slots.length > 0) body(f.body);
  const used: Used = { escaped, lent };
  using.set(f.body, used);
  return used;
};

/** Frame slots whose address is used for more than to load and store; `lends`: also by callees. */
export const escapedSlots = (f: Func, lends: Lends = () => false): ReadonlySet<string> => {
  const { escaped, lent } = usedSlots(f);
  const more = lent.filter((l) => !escaped.has(l.slot) && !lends(l.inst, l.at));
  return more.length === 0 ? escaped : new Set([...escaped, ...more.map((l) => l.slot)]);
};

/** What gives the address of a slot, or one in it. */
const ofPlaces: ReadonlySet<OpName> = new Set<OpName>(['frame', 'addr', 'own', 'remote', 'offset', 'ptr.add', 'elem']);

/** Operand `i` is only followed to memory, or gives a pointer that placeOf sees through. */
const keepsAddress = (inst: OpInst, i: number): boolean => {
  switch (inst.op) {
    case 'addr':
    case 'offset':
    case 'ptr.add':
    case 'elem':
    case 'own':
    case 'load':
    case 'v.load':
    case 'atomic.load':
    case 'fill':
    case 'check.null':
    case 'track.escape':
    case 'track.run':
      return true;
    case 'store':
    case 'v.store':
    case 'v.load_lane':
    case 'v.store_lane':
    case 'atomic.store':
      return i === 0;
    case 'copy':
      return i < 2;
    default:
      return false;
  }
};

const lending = new WeakMap<IrProgram, Lends>();

const derives: ReadonlySet<OpName> = new Set<OpName>(['addr', 'offset', 'ptr.add', 'elem', 'own']);

/** What a function does with its parameters. */
interface Kept {
  readonly kept: ReadonlySet<number>;
  /** Parameters as operands of calls: kept if the callee keeps them. */
  readonly passed: readonly { readonly param: number; readonly inst: OpInst; readonly at: number }[];
}

const keeping = new WeakMap<Body, Kept>();
const unknownKept: Kept = { kept: new Set(), passed: [] };

const keptIn = (f: Func): Kept => {
  const known = keeping.get(f.body);
  if (known) return known;
  const kept = new Set<number>();
  const passed: Kept['passed'][number][] = [];
  // What is derived from a parameter, as far as keepsAddress sees through, comes after it in the code.
  const params = new Map(f.params.map((v, i) => [v, i]));
  const keep = (v: Value): void => {
    const param = params.get(v);
    if (param !== undefined) kept.add(param);
  };
  const body = (b: Body): void => {
    for (const inst of b.insts) {
      if (inst.kind === 'op') {
        for (let at = 0; at < inst.args.length; at++) {
          const param = params.get(inst.args[at] ?? -1);
          if (param === undefined || keepsAddress(inst, at)) continue;
          if (inst.op === 'call') passed.push({ param, inst, at });
          else kept.add(param);
        }
        const [result] = inst.results;
        const of = derives.has(inst.op) ? params.get(inst.args[0] ?? -1) : undefined;
        if (result !== undefined && of !== undefined) params.set(result, of);
      } else if (inst.kind === 'loop') inst.inits.forEach(keep);
      for (const inner of bodiesOf(inst)) body(inner);
    }
    argsOf(b.end).forEach(keep);
  };
  if (params.size > 0) body(f.body);
  const found: Kept = { kept, passed };
  keeping.set(f.body, found);
  return found;
};

/** Slots whose address others may keep, or get and are functions of which `tells` is true. */
export const keptSlots = (f: Func, program: IrProgram, tells: (name: string) => boolean): ReadonlySet<string> => {
  const lends = lendsOf(program);
  return escapedSlots(f, (inst, at) => lends(inst, at) && !tells(String(inst.imms[0])));
};

/** Which parameters functions keep: all are taken not to be, until one is found that is. Looked at is who is asked about, and whom it calls. */
const lendsOf = (program: IrProgram): Lends => {
  const known = lending.get(program);
  if (known) return known;
  let funcs: ReadonlyMap<string, Func> | undefined;
  const answers = new Map<string, boolean>();
  const keeps = (name: string, param: number): boolean => {
    const key = `${param} ${name}`;
    const before = answers.get(key);
    if (before !== undefined) return before;
    funcs ??= new Map(program.funcs.map((f) => [f.name, f]));
    // Whatever leads on from here; if none of it keeps its parameter, neither does any on the way.
    const reached = new Set<string>([key]);
    const work: { readonly name: string; readonly param: number }[] = [{ name, param }];
    for (let at = work.pop(); at; at = work.pop()) {
      const f = funcs.get(at.name);
      const { kept, passed } = f ? keptIn(f) : unknownKept;
      if (!f || kept.has(at.param) || answers.get(`${at.param} ${at.name}`)) {
        answers.set(key, true);
        return true;
      }
      for (const p of passed) {
        const next = `${p.at} ${String(p.inst.imms[0])}`;
        if (p.param !== at.param || reached.has(next)) continue;
        reached.add(next);
        work.push({ name: String(p.inst.imms[0]), param: p.at });
      }
    }
    for (const k of reached) answers.set(k, false);
    return false;
  };
  const lends: Lends = (inst, i) => inst.op === 'call' && !keeps(String(inst.imms[0]), i);
  lending.set(program, lends);
  return lends;
};

const hiding = new WeakMap<IrProgram['globals'], ReadonlySet<string>>();

const hiddenIn = ({ globals }: IrProgram): ReadonlySet<string> => {
  const found =
    hiding.get(globals) ??
    new Set(globals.filter((g) => g.kind !== 'private' && g.kind !== 'symmetric').map((g) => g.name));
  hiding.set(globals, found);
  return found;
};

export const memoryOf = (f: Func, program: IrProgram, defs: Defs): Memory => ({
  defs,
  escaped: f.slots.length === 0 ? new Set() : escapedSlots(f, lendsOf(program)),
  hidden: hiddenIn(program),
});

const sameRoot = (a: Root, b: Root): boolean => {
  if (a.kind === 'unknown' || b.kind === 'unknown') return false;
  if (a.kind === 'alloc') return b.kind === 'alloc' && a.value === b.value;
  if (b.kind === 'alloc') return false;
  return a.kind === b.kind && a.name === b.name;
};

const apart = (a: number, aBytes: number | undefined, b: number, bBytes: number | undefined): boolean =>
  (aBytes !== undefined && a + aBytes <= b) || (bBytes !== undefined && b + bBytes <= a);

/** False only if the two accesses cannot touch a common byte. */
export const mayAlias = (m: Memory, a: Access, b: Access): boolean => {
  const ra = a.place.root;
  const rb = b.place.root;
  if (a.place.base === b.place.base) return !apart(a.place.fromBase, a.bytes, b.place.fromBase, b.bytes);
  if (sameRoot(ra, rb)) {
    if (a.place.fromRoot === undefined || b.place.fromRoot === undefined) return true;
    return !apart(a.place.fromRoot, a.bytes, b.place.fromRoot, b.bytes);
  }
  if (ra.kind === 'unknown' || rb.kind === 'unknown') {
    const other = ra.kind === 'unknown' ? rb : ra;
    return reachableByUnknown(m, other);
  }
  // Handles may have been exchanged between the two reads of them.
  return ra.kind === 'part-now' && rb.kind === 'part-now';
};

/** Whether a pointer of which nothing is known may point into this object to write it. */
const reachableByUnknown = (m: Memory, r: Root): boolean => {
  switch (r.kind) {
    case 'frame':
      return m.escaped.has(r.name);
    case 'data':
      return false;
    case 'global':
      return !m.hidden.has(r.name);
    case 'part':
    case 'part-now':
    case 'dynamic':
    case 'alloc':
    case 'unknown':
      return true;
    default:
      return unreachable(r);
  }
};

/** What a piece of code may write: certain places, or anything. */
export interface Writes {
  readonly anything: boolean;
  readonly places: readonly Access[];
  /** Another image's writes may become visible, or the code calls what may write. */
  readonly handles: boolean;
}

/** What an instruction, with all nested in it, may write. */
export const writesOf = (m: Memory, inst: Inst): Writes => {
  let anything = false;
  let handles = false;
  const places: Access[] = [];
  const op = (i: OpInst): void => {
    const mask = effectBits(i.op);
    // What is lent to a callee.
    if (i.op === 'call') {
      for (const v of i.args) {
        const place = placeOf(m.defs, v);
        if (place.root.kind === 'frame')
          places.push({ place: { ...place, fromRoot: undefined, base: -1 }, bytes: undefined });
      }
    }
    if (mask & bits['handle-writes']) handles = true;
    if (mask & bits.synchronises) anything = true;
    else if (mask & bits.writes) {
      const target = i.args[0];
      if (isStore(i.op)) {
        const a = accessOf(m, i);
        if (a) places.push(a);
      } else if ((i.op === 'copy' || i.op === 'fill') && target !== undefined) {
        const count = i.args[2];
        const bytes = count === undefined ? undefined : constantOf(m.defs, count);
        places.push({
          place: placeOf(m.defs, target),
          bytes: typeof bytes === 'bigint' && bytes >= 0n ? Number(bytes) : undefined,
        });
      } else anything = true;
    }
  };
  if (inst.kind === 'op') op(inst);
  for (const b of bodiesOf(inst)) {
    forEachInst(b, (i) => {
      if (i.kind === 'op') op(i);
    });
  }
  return { anything, places, handles };
};

/** Whether code with these writes can change what the access reads. */
export const clobbers = (m: Memory, writes: Writes, read: Access): boolean => {
  const { root } = read.place;
  if (root.kind === 'data') return false;
  if (writes.anything && !(root.kind === 'frame' && !m.escaped.has(root.name))) return true;
  return writes.places.some((w) => mayAlias(m, w, read));
};

/** Objects that are always mapped while the function runs: reading a constant offset inside them cannot fault. */
export const isAlwaysMapped = (program: IrProgram, f: Func, p: Place, bytes: number): boolean => {
  if (p.fromRoot === undefined || p.fromRoot < 0 || p.remote) return false;
  const end = p.fromRoot + bytes;
  const { root } = p;
  switch (root.kind) {
    case 'frame': {
      const slot = f.slots.find((s) => s.name === root.name);
      return slot !== undefined && end <= slot.size;
    }
    case 'global': {
      const g = program.globals.find((x) => x.name === root.name);
      if (!g) return false;
      return g.kind === 'private' || g.kind === 'symmetric' ? end <= g.size : true;
    }
    case 'data': {
      const d = program.data.find((x) => x.name === root.name);
      return d !== undefined && end <= d.bytes.length;
    }
    case 'part':
    case 'part-now':
    case 'dynamic':
    case 'alloc':
    case 'unknown':
      return false;
    default:
      return unreachable(root);
  }
};
