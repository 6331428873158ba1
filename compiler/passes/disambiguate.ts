// disambiguate: what a loop reads at one place is read before it, if its stores do not touch that place; the loop is there twice.
//
//   loop @l (%j = %lo) {                    %size = load.i64 %m, 8     (only if the place may be read)
//     %size = load.i64 %m, 8                %ok = [%p + 8·%lo, …) and [%m + 8, …) do not meet
//     …                                     if @w %ok {
//     store.f64 (elem %p, %j), %x             loop @fast (%j = %lo) { … }
//   }                                       } else {
//                                             loop @l (%j = %lo) { %size = load.i64 %m, 8 … }
//                                           }
//
// Pointers may point anywhere: a store through one may hit the header of a matrix that the next iteration reads, so nothing
// can be kept in a register. Which bytes the loop stores to is known before it, though, as for guards (loop-ranges.ts), and
// is compared there with what it reads (run-time disambiguation, Nicolau 1989; versioning of loops as for vectorising). Where one store can hit, or
// a bound is wild, the loop as written runs. Only innermost loops, whose first iteration makes some of the reads in any case.
import { isRuntime, unmappedBytes } from '../../vm/abi.ts';
import { addressOf } from '../address.ts';
import { isChecked } from '../checked.ts';
import {
  accessBytes,
  accessOf,
  bits,
  clobbers,
  effectBits,
  effectsOf,
  isDivision,
  isPure,
  isStore,
  type Memory,
  memoryOf,
  writesOf,
} from '../effects.ts';
import { defsOf } from '../facts.ts';
import type { Guard } from '../guards.ts';
import type { Body, Func, Inst, LoopInst, MemType, OpInst, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { memTypeBytes } from '../layout.ts';
import { type Range, type RangeState, rangesIn } from '../loop-ranges.ts';
import type { PassContext } from '../passes.ts';
import { mayFault, type Provenance, provenanceOf } from '../provenance.ts';
import { type Asking, asking } from '../range-questions.ts';
import { copyBody, definedIn, editOf, forEachInst, hasLoop, leaves, sizeOf, withBodies } from '../tree.ts';

const by = 'disambiguate';

/** Loops with more instructions are not doubled, nor any loop of a function that has grown beyond the second number. */
const maxLoop = 150;
const maxFunction = 6000;
/** Objects that are read, and ranges that are stored to: each pair is compared before the loop. */
const maxCells = 4;
const maxRanges = 4;
/** What is read of one object lies within so many bytes. */
const maxCell = 128;

/** What the loop may do: no calls, nothing that other images take for a sign. */
const allowed = bits.place | bits.reads | bits.writes | bits.traps;

/** Below are no places: what check.null asks. */
const firstMapped = BigInt(unmappedBytes);

/** Note of a read before the loop. */
const asked = 'asked for before the loop';

interface State extends RangeState {
  readonly f: Func;
  readonly context: PassContext;
  readonly memory: Memory;
  readonly provenance: Provenance;
  size: number;
}

export const disambiguate = (f: Func, context: PassContext): Func => {
  // Checked programs look at every access.
  if (isRuntime(f.name) || isChecked(context.program)) return f;
  const defs = defsOf(f);
  const s: State = {
    f,
    products: new Map(),
    context,
    edit: editOf(f),
    defs,
    memory: memoryOf(f, context.program, defs),
    provenance: provenanceOf(f, context.program, defs),
    size: sizeOf(f.body),
  };
  const body = loopsOf(s, f.body);
  return { ...f, types: s.edit.types, body };
};

const loopsOf = (s: State, body: Body): Body => ({
  insts: body.insts.flatMap((i) => {
    if (i.kind !== 'loop') return [withBodies(i, (b) => loopsOf(s, b))];
    return hasLoop(i.body) ? [withBodies(i, (b) => loopsOf(s, b))] : innermost(s, i);
  }),
  end: body.end,
});

/** What is read of one object in every iteration: `bytes` from `offset` after the base. */
interface Cell {
  readonly base: Value;
  offset: number;
  bytes: number;
  readonly loads: { readonly inst: OpInst; readonly offset: number }[];
}

const innermost = (s: State, loop: LoopInst): readonly Inst[] => {
  const size = sizeOf(loop.body);
  if (size > maxLoop || s.size + size > maxFunction || (effectsOf(loop) & ~allowed) !== 0) return [loop];
  const stores = storesOf(loop);
  const certain = cellsOf(s, loop).filter((c) => !isHit(s, loop, c, stores ?? []));
  if (certain.length === 0 || certain.length > maxCells || stores === undefined) return [loop];
  const cells = withOthers(s, loop, certain, stores);
  const early = earlyOf(s, loop, cells);
  const read = new Set<Value>(early.flatMap((i) => i.results));
  s.products = new Map();
  const ranges = rangesIn(s, loop, (i) => (stores.has(i) ? storeOf(i) : undefined), read);
  const found = ranges.reduce((n, r) => n + r.guards.length, 0);
  if (ranges.length > maxRanges || found !== stores.size || !s.context.allow()) return [loop];
  s.size += size;
  return versions(s, loop, { cells, early, ranges });
};

/** Every store of the loop; undefined: it writes in other ways too, or not at all. */
const storesOf = (loop: LoopInst): ReadonlySet<Inst> | undefined => {
  const stores = new Set<Inst>();
  let others = false;
  forEachInst(loop.body, (i) => {
    if (i.kind !== 'op' || (effectBits(i.op) & bits.writes) === 0) return;
    if (isStore(i.op)) stores.add(i);
    else others = true;
  });
  return others || stores.size === 0 ? undefined : stores;
};

/** A store of every round goes to the place: it is not worth asking. */
const isHit = (s: State, loop: LoopInst, c: Cell, stores: Iterable<Inst>): boolean => {
  const inner = definedIn(loop.body, new Set(loop.params));
  return [...stores].some((inst) => {
    const store = inst.kind === 'op' ? storeOf(inst) : undefined;
    const address = store && addressOf(s.defs, store.pointer, inner);
    if (!address || address.base !== c.base || address.bytes.terms.size > 0) return false;
    const at = Number(address.bytes.constant) + store.offset;
    return at < c.offset + c.bytes && c.offset < at + (store.bytes ?? 0);
  });
};

const storeOf = (inst: OpInst): Guard | undefined => {
  const pointer = inst.args[0];
  const bytes = accessBytes(inst);
  return pointer === undefined || bytes === undefined
    ? undefined
    : { inst, pointer, offset: Number(inst.imms[0] ?? 0), bytes, write: true };
};

/** Reads at places from outside that every iteration makes and that, for all that is known, a store of the loop may change. */
const cellsOf = (s: State, loop: LoopInst): readonly Cell[] => {
  const inner = definedIn(loop.body, new Set(loop.params));
  const writes = writesOf(s.memory, loop);
  const cells = new Map<Value, Cell>();
  for (const inst of loop.body.insts) {
    if (leaves(inst)) break;
    if (inst.kind !== 'op' || inst.op !== 'load') continue;
    const pointer = inst.args[0];
    const access = accessOf(s.memory, inst);
    const address = pointer === undefined ? undefined : addressOf(s.defs, pointer, inner);
    if (!address || address.bytes.terms.size > 0 || !access || !clobbers(s.memory, writes, access)) continue;
    const offset = Number(address.bytes.constant) + Number(inst.imms[0] ?? 0);
    const bytes = memTypeBytes[inst.suffix as MemType];
    const cell = cells.get(address.base) ?? { base: address.base, offset, bytes, loads: [] };
    const lo = Math.min(cell.offset, offset);
    const hi = Math.max(cell.offset + cell.bytes, offset + bytes);
    if (offset < 0 || hi - lo > maxCell) continue;
    cell.offset = lo;
    cell.bytes = hi - lo;
    cell.loads.push({ inst, offset });
    cells.set(address.base, cell);
  }
  return [...cells.values()];
};

/**
 * Besides, reads that only some iterations make: of bytes that are read in any case, or of what can be read anywhere, such as variables of the
 * module.
 */
const withOthers = (s: State, loop: LoopInst, certain: readonly Cell[], stores: ReadonlySet<Inst>): readonly Cell[] => {
  const inner = definedIn(loop.body, new Set(loop.params));
  const taken = new Set<Inst>(certain.flatMap((c) => c.loads.map((l) => l.inst)));
  const cells = new Map(certain.map((c) => [c.base, c]));
  forEachInst(loop.body, (inst) => {
    const pointer = inst.kind === 'op' && inst.op === 'load' && !taken.has(inst) ? inst.args[0] : undefined;
    const address = pointer === undefined ? undefined : addressOf(s.defs, pointer, inner);
    if (inst.kind !== 'op' || !address || address.bytes.terms.size > 0) return;
    const offset = Number(address.bytes.constant) + Number(inst.imms[0] ?? 0);
    const bytes = memTypeBytes[inst.suffix as MemType];
    const known = cells.get(address.base);
    const lo = Math.min(known?.offset ?? offset, offset);
    const hi = Math.max(known ? known.offset + known.bytes : 0, offset + bytes);
    const grows = !known || lo < known.offset || hi > known.offset + known.bytes;
    if (grows && (offset < 0 || hi - lo > maxCell || mayFault(s.provenance, inst))) return;
    const cell: Cell = {
      base: address.base,
      offset: lo,
      bytes: hi - lo,
      loads: [...(known?.loads ?? []), { inst, offset }],
    };
    if (grows && (isHit(s, loop, cell, stores) || (!known && cells.size >= maxCells))) return;
    cells.set(address.base, cell);
  });
  return [...cells.values()];
};

/** The reads, and what is computed from them and from what is known before the loop, in their order. */
const earlyOf = (s: State, loop: LoopInst, cells: readonly Cell[]): readonly OpInst[] => {
  const loads = new Set<Inst>(cells.flatMap((c) => c.loads.map((l) => l.inst)));
  const later = definedIn(loop.body, new Set(loop.params));
  const early: OpInst[] = [];
  for (const inst of loop.body.insts) {
    if (leaves(inst)) break;
    if (inst.kind !== 'op') continue;
    const computes = isPure(inst, s.f) && !isDivision(inst.op) && !inst.args.some((v) => later.has(v));
    if (!computes && !loads.has(inst)) continue;
    early.push(inst);
    loads.delete(inst);
    for (const v of inst.results) later.delete(v);
  }
  return [...early, ...[...loads].filter((i) => i.kind === 'op')];
};

interface Found {
  readonly cells: readonly Cell[];
  readonly early: readonly OpInst[];
  readonly ranges: readonly Range[];
}

/**
 *   block @v {
 *     if @x (cells may be read) { read them; if @w (stores do not touch them) { fast loop; break @v } else { break @w }; break @x }
 *     the loop as written; break @v
 *   }
 */
const versions = (s: State, loop: LoopInst, { cells, early, ranges }: Found): Inst[] => {
  const { edit } = s;
  const { pos } = loop;
  const typeOf = (v: Value) => edit.types[v] ?? 'i64';
  const [v, x, w] = [edit.label('v'), edit.label('x'), edit.label('w')];

  const before: Inst[] = [];
  const places = asking(s, [], pos, by, before);
  const pointers = cells.map((c) => {
    const pointer = typeOf(c.base) === 'ptr' ? c.base : places.make('addr', '', [c.base], 'ptr');
    if (s.context.guards === 'off' || !c.loads.some((l) => mayFault(s.provenance, l.inst))) return pointer;
    const from = places.make('ptr.add', '', [pointer, places.make('const', 'i32', [], 'i32', BigInt(c.offset))], 'ptr');
    places.and(places.make('guard.may_read', '', [from, places.i64(BigInt(c.bytes))], 'i32'));
    return pointer;
  });
  const readable = places.answer();

  const reads: Inst[] = [];
  const values = new Map<Value, Value>();
  const gone = new Set<Inst>();
  const loadsOf = new Map(cells.flatMap((c, k) => c.loads.map((l) => [l.inst, { k, offset: l.offset }] as const)));
  for (const inst of early) {
    gone.add(inst);
    const from = loadsOf.get(inst);
    const pointer = from && pointers[from.k];
    const note = mayFault(s.provenance, inst) ? { guard: asked } : {};
    reads.push(from && pointer !== undefined ? { ...inst, args: [pointer], imms: [from.offset], by, ...note } : inst);
  }
  const compare = asking(s, ranges, pos, by, reads);
  for (const r of ranges) {
    const from = compare.from(r);
    const bytes = compare.bytes(r);
    for (const [k, c] of cells.entries()) apart(compare, from, bytes, pointers[k] ?? c.base, c);
  }
  const later = definedIn(loop.body, new Set(loop.params));
  for (const v of early.flatMap((i) => i.results)) later.delete(v);
  // What is not nil before the loop is not nil in it.
  for (const u of nullChecks(loop.body, (v) => !later.has(v), gone)) {
    const address = compare.make('ptr.bits', '', [compare.make('addr', '', [u], 'ptr')], 'i32');
    compare.and(compare.make('ge_u', 'i32', [address, compare.make('const', 'i32', [], 'i32', firstMapped)], 'i32'));
  }
  const untouched = compare.answer();

  const strip = (b: Body): Body => ({
    insts: b.insts.filter((i) => !gone.has(i)).map((i) => withBodies(i, strip)),
    end: b.end,
  });
  // The values read go by their old names in the copy that is made first, for the reads stand around it.
  const fastBody: Body = { insts: [...reads, { ...loop, body: strip(loop.body) }], end: { kind: 'unreachable', pos } };
  const copied = copyBody(fastBody, edit, { values, labels: new Map(), typeOf, by }).insts;
  const fast = copied.at(-1);
  const ok = values.get(untouched) ?? untouched;
  const again: LoopInst = { ...loop, results: loop.results.map((r) => edit.value(typeOf(r))) };
  const leave = (results: readonly Value[]): Body['end'] => ({ kind: 'break', label: v, args: results, pos, by });
  const end = (label: string): Body['end'] => ({ kind: 'break', label, args: [], pos, by });
  const inner = ifInst(
    { label: w, condition: ok, likely: true, results: [], pos, by },
    { insts: fast ? [fast] : [], end: leave(fast && fast.kind === 'loop' ? fast.results : []) },
    { insts: [], end: end(w) },
  );
  const outer = ifInst(
    { label: x, condition: readable, likely: true, results: [], pos, by },
    { insts: [...copied.slice(0, -1), inner], end: end(x) },
    { insts: [], end: end(x) },
  );
  const body: Body = { insts: [...before, outer, again], end: leave(again.results) };
  return [{ kind: 'block', label: v, results: loop.results, body, pos, by }];
};

/** Asks that two pieces of the circle of addresses do not meet: neither begins in the other. */
const apart = (a: Asking, from: Value, bytes: Value, pointer: Value, c: Cell): void => {
  const i32 = (n: number): Value => a.make('const', 'i32', [], 'i32', BigInt(n));
  const cell = a.make('ptr.add', '', [pointer, i32(c.offset)], 'ptr');
  const ahead = a.make('extend_u', '', [a.make('ptr.diff', '', [cell, from], 'i32')], 'i64');
  a.and(a.make('ge_s', 'i64', [ahead, bytes], 'i32'));
  a.and(a.make('ge_u', 'i32', [a.make('ptr.diff', '', [from, cell], 'i32'), i32(c.bytes)], 'i32'));
};

/** Checks for nil of what is known before the loop: they are left out of the fast one. */
const nullChecks = (body: Body, isKnown: (v: Value) => boolean, gone: Set<Inst>): ReadonlySet<Value> => {
  const found = new Set<Value>();
  forEachInst(body, (i) => {
    const [u] = i.kind === 'op' && i.op === 'check.null' ? i.args : [];
    if (u === undefined || !isKnown(u)) return;
    found.add(u);
    gone.add(i);
  });
  return found;
};
