// track: every object that comes or goes is told to the table of objects (CARAT's allocation tracking, PLDI 2020).
//
//   before   %p = alloc %n          after   %p = alloc %n
//            free %p                        track.object %p, %n heap
//                                           track.free %p
//                                           free %p
//
// Variables of the module are told of at the beginning of `init`, slots of a frame at the entry of their function and
// before each of its exits: those whose address others may keep, and those that hold pointers (`track.escape` in them).
// Runs only where it is asked for (CompileOptions.track), after all passes that can make an object disappear.
import type { TrackKind } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { checkRuntime, isChecked } from '../checked.ts';
import { keptSlots, placeOf } from '../effects.ts';
import { type Defs, defsOf } from '../facts.ts';
import type { Body, Func, Imm, Inst, IrGlobal, IrProgram, OpInst, OpName, Value } from '../ir.ts';
import { isTold } from '../ir-track.ts';
import { numberImm, textImm } from '../ir-types.ts';
import { memTypeBytes } from '../layout.ts';
import type { Pass } from '../passes.ts';
import { editOf, forEachInst, withBodies } from '../tree.ts';

const by = 'track';

const tell = (o: Replacement, op: OpName, args: readonly Value[], imms: readonly Imm[] = []): void => {
  o.insts.push({ kind: 'op', op, suffix: '', results: [], args, imms, pos: o.pos, by });
};

const tellObject = (o: Replacement, p: Value, bytes: number, kind: TrackKind): void => {
  const size = append(o, 'const', 'i64', 'i64', [], [BigInt(bytes)]);
  tell(o, 'track.object', [p, size], [kind]);
};

/** Module-level variables whose memory is part of the artifact. Arrays with extents known at the start come later. */
const tellGlobal = (o: Replacement, g: IrGlobal): void => {
  const place = (): Value => append(o, 'global', '', 'gptr', [], [g.name]);
  switch (g.kind) {
    case 'private':
      return tellObject(o, place(), g.size, 'global');
    case 'let':
      return tellObject(o, place(), memTypeBytes[g.type], 'global');
    case 'symmetric':
      return tellObject(o, place(), g.size, 'symmetric');
    case 'config':
    case 'shared':
    case 'dynamic':
      return;
  }
};

const isDescribed = (program: IrProgram, name: string): boolean => {
  const g = program.globals.find((x) => x.name === name);
  return g?.kind === 'dynamic' && g.of !== undefined;
};

const before = (o: Replacement, inst: OpInst): void => {
  const [a] = inst.args;
  if ((inst.op === 'free' || inst.op === 'handle.free') && a !== undefined) tell(o, 'track.free', [a]);
};

const after = (o: Replacement, inst: OpInst, program: IrProgram): void => {
  const [a] = inst.args;
  const [result] = inst.results;
  switch (inst.op) {
    case 'alloc':
    case 'alloc.shared': {
      const kind: TrackKind = inst.op === 'alloc' ? 'heap' : 'shared';
      if (result !== undefined && a !== undefined) tell(o, 'track.object', [result, a], [kind]);
      return;
    }
    case 'handle.new':
    case 'handle.new_co':
      if (result !== undefined)
        tell(o, 'track.array', [result], [numberImm(inst.imms, 0), inst.op === 'handle.new' ? 'shared' : 'co']);
      return;
    case 'shared.init':
    case 'dynamic.init': {
      const name = textImm(inst.imms, 0);
      if (!isDescribed(program, name)) tell(o, 'track.part', [], [name]);
      return;
    }
    default:
      return;
  }
};

const guards: ReadonlySet<OpName> = new Set(['guard.read', 'guard.write', 'guard.read_range', 'guard.write_range']);

const tellers = new WeakMap<IrProgram, (name: string) => boolean>();

/** Functions that tell of places of pointers, by themselves or by others that they call: what they get a pointer to may hold some. */
const tellersIn = (program: IrProgram): ((name: string) => boolean) => {
  const known = tellers.get(program);
  if (known) return known;
  const callers = new Map<string, string[]>();
  const work: string[] = [];
  for (const f of program.funcs) {
    let tells = false;
    forEachInst(f.body, (i) => {
      if (i.kind !== 'op') return;
      if (i.op === 'track.escape' || i.op === 'track.run') tells = true;
      if (i.op !== 'call') return;
      const callee = String(i.imms[0]);
      const of = callers.get(callee);
      if (of) of.push(f.name);
      else callers.set(callee, [f.name]);
    });
    if (tells) work.push(f.name);
  }
  const found = new Set(work);
  for (let name = work.pop(); name !== undefined; name = work.pop())
    for (const caller of callers.get(name) ?? [])
      if (!found.has(caller)) {
        found.add(caller);
        work.push(caller);
      }
  const is = (name: string): boolean => found.has(name);
  tellers.set(program, is);
  return is;
};

/** Slots that another function, a move of an object, or a guard that asks the table may have to know of. */
const slotsToTell = (f: Func, defs: Defs, program: IrProgram): ReadonlySet<string> => {
  const checked = isChecked(program);
  const slots = new Set(keptSlots(f, program, checked ? () => true : tellersIn(program)));
  forEachInst(f.body, (i) => {
    if (i.kind !== 'op') return;
    const [p] = i.op === 'track.escape' || i.op === 'track.run' || (checked && guards.has(i.op)) ? i.args : [];
    const root = p === undefined ? undefined : placeOf(defs, p).root;
    if (root?.kind === 'frame') slots.add(root.name);
  });
  return slots;
};

export const track: Pass['run'] = (f, context) => {
  const { program } = context;
  const edit = editOf(f);
  const slots = isTold(f.name) ? slotsToTell(f, defsOf(f), program) : new Set<string>();
  const told = f.slots.filter((s) => slots.has(s.name));
  const out = (insts: Inst[], pos: number): Replacement => ({ insts, edit, pos, by });
  const leave = (insts: Inst[], pos: number): void => {
    for (const slot of told) {
      const o = out(insts, pos);
      tell(o, 'track.free', [append(o, 'frame', '', 'gptr', [], [slot.name])]);
    }
  };
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      if (inst.kind !== 'op') {
        insts.push(withBodies(inst, body));
        continue;
      }
      const o = out(insts, inst.pos);
      before(o, inst);
      insts.push(inst);
      after(o, inst, program);
    }
    if (b.end.kind === 'ret') leave(insts, b.end.pos);
    return { insts, end: b.end };
  };
  const rest = body(f.body);
  const first: Inst[] = [];
  if (f.name === 'init' && isChecked(program)) tell(out(first, f.pos), 'call', [], [checkRuntime.begin]);
  if (f.name === 'init') for (const g of program.globals) tellGlobal(out(first, g.pos), g);
  for (const slot of told) {
    const o = out(first, f.pos);
    tellObject(o, append(o, 'frame', '', 'gptr', [], [slot.name]), slot.size, 'frame');
  }
  return { ...f, types: edit.types, body: { insts: [...first, ...rest.insts], end: rest.end } };
};
