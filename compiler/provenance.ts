// Where pointers come from: which bytes around a place are certainly granted to the image, so that no guard is needed.
//
// A place is known if it is reached from a variable, read-only data or a frame slot by constant offsets that stay inside, or if lowering has noted how much of it is granted: an element with a checked index, memory that the compiler
// made for an argument. Whatever was a number, or lay in memory that the program can write, is not known.
import { descriptorBytes } from '../vm/abi.ts';
import { earlyFunctions } from './early.ts';
import { accessBytes, isStore, placeOf } from './effects.ts';
import { type Defs, intOf, opOf } from './facts.ts';
import type { Func, IrGlobal, IrProgram, OpInst, Value } from './ir.ts';
import { memTypeBytes } from './layout.ts';

/** Bytes before and after a place that are granted, and why. */
export interface Granted {
  readonly below: number;
  readonly above: number;
  readonly write: boolean;
  /** The object is symmetric, or nothing is known against it: its place in another slot is granted too. */
  readonly everywhere: boolean;
  readonly why: string;
}

/** What is known of a program: shared by all questions about one of its functions. */
export interface Provenance {
  readonly f: Func;
  readonly defs: Defs;
  readonly globals: ReadonlyMap<string, IrGlobal>;
  readonly dataBytes: ReadonlyMap<string, number>;
  /** It may run before `main`, when named arrays are not laid out yet, or not alike on all images. */
  readonly early: boolean;
}

export const provenanceOf = (f: Func, program: IrProgram, defs: Defs): Provenance => ({
  f,
  defs,
  globals: new Map(program.globals.map((g) => [g.name, g])),
  dataBytes: new Map(program.data.map((d) => [d.name, d.bytes.length])),
  early: earlyFunctions(program).has(f.name),
});

const globalGrant = (p: Provenance, name: string): Granted | undefined => {
  const g = p.globals.get(name);
  if (g?.kind === 'symmetric') return { below: 0, above: g.size, write: true, everywhere: true, why: 'static object' };
  if (g?.kind === 'private') {
    const write = !g.fixed || p.f.name === 'init';
    return { below: 0, above: g.size, write, everywhere: false, why: 'static object' };
  }
  if (g?.kind !== 'let') return undefined;
  return {
    below: 0,
    above: memTypeBytes[g.type],
    write: p.f.name === 'init',
    everywhere: false,
    why: 'static object',
  };
};

const shift = (g: Granted | undefined, by: number): Granted | undefined =>
  g && { ...g, below: g.below + by, above: g.above - by };

const whole = (above: number, why: string, write = true): Granted => ({
  below: 0,
  above,
  write,
  everywhere: false,
  why,
});

/** Whether a place is in memory that a parameter refers to; undefined: it is too far away to tell. */
const isOfParam = (p: Provenance, v: Value): boolean | undefined => {
  let at = v;
  for (let depth = 0; depth < 64; depth++) {
    if (p.f.params.includes(at)) return true;
    const inst = opOf(p.defs, at);
    const [a] = inst?.args ?? [];
    if (!inst || a === undefined || !['offset', 'elem', 'addr', 'ptr.add'].includes(inst.op)) return false;
    at = a;
  }
  return undefined;
};

/** A place in an object whose size and place are part of the artifact. */
const isStatic = (p: Provenance, v: Value): boolean =>
  ['frame', 'global', 'data'].includes(placeOf(p.defs, v).root.kind);

/** The object that a place is in is none that stays as it is. */
const isWritable = (p: Provenance, v: Value): boolean => {
  const { root } = placeOf(p.defs, v);
  if (root.kind === 'data') return false;
  return root.kind !== 'global' || globalGrant(p, root.name)?.write !== false;
};

/** What is granted around a place or pointer. */
export const grantedAt = (p: Provenance, v: Value, depth = 16): Granted | undefined => {
  const inst = opOf(p.defs, v);
  if (!inst || depth === 0) return undefined;
  const [a, b] = inst.args;
  const name = String(inst.imms[0]);
  if (inst.granted !== undefined) {
    const ofParam = isOfParam(p, v);
    if (p.early && ofParam !== true && !isStatic(p, v)) return undefined;
    return {
      below: 0,
      above: inst.granted,
      write: isWritable(p, v),
      everywhere: ofParam === false,
      why: ofParam !== false ? "caller's frame" : 'bounds check covers it',
    };
  }
  switch (inst.op) {
    case 'global':
      return globalGrant(p, name);
    case 'data':
      return whole(p.dataBytes.get(name) ?? 0, 'static object', false);
    case 'frame':
      return whole(p.f.slots.find((s) => s.name === name)?.size ?? 0, 'own frame');
    case 'handle.of': {
      const g = p.globals.get(name);
      return g?.kind === 'shared' || g?.kind === 'dynamic'
        ? whole(descriptorBytes(g.kind === 'shared' ? g.dims.length : g.rank), 'static object', false)
        : undefined;
    }
    case 'addr':
      return a === undefined ? undefined : grantedAt(p, a, depth - 1);
    case 'remote':
    case 'own': {
      const at = a === undefined ? undefined : grantedAt(p, a, depth - 1);
      return at?.everywhere ? at : undefined;
    }
    case 'offset':
    case 'ptr.add': {
      const k = intOf(p.defs, b);
      return a === undefined || k === undefined ? undefined : shift(grantedAt(p, a, depth - 1), Number(k));
    }
    case 'select': {
      const [, yes, no] = inst.args;
      const x = yes === undefined ? undefined : grantedAt(p, yes, depth - 1);
      const y = no === undefined ? undefined : grantedAt(p, no, depth - 1);
      if (!x || !y) return undefined;
      return {
        below: Math.min(x.below, y.below),
        above: Math.min(x.above, y.above),
        write: x.write && y.write,
        everywhere: x.everywhere && y.everywhere,
        why: x.why,
      };
    }
    default:
      return undefined;
  }
};

/** Why an access of so many bytes, `offset` after the place, is certainly granted; undefined: nobody knows that it is. */
export const reasonFor = (
  p: Provenance,
  place: Value,
  offset: number,
  bytes: number,
  write: boolean,
): string | undefined => {
  const g = grantedAt(p, place);
  if (!g || (write && !g.write)) return undefined;
  return offset >= -g.below && offset + bytes <= g.above ? g.why : undefined;
};

/** A part of memory that an op accesses: `offset` after operand `arg`; its size is a constant, or an operand. */
export interface AccessPart {
  readonly arg: number;
  readonly offset: number;
  readonly bytes: number | { readonly arg: number };
  readonly write: boolean;
}

const part = (arg: number, bytes: AccessPart['bytes'], write: boolean, offset = 0): AccessPart => ({
  arg,
  offset,
  bytes,
  write,
});

/** What an op of the program accesses; run-time code and ops that access nothing: none. */
export const accessParts = (inst: OpInst): readonly AccessPart[] => {
  if (inst.kernel) return [];
  const size = accessBytes(inst) ?? 0;
  switch (inst.op) {
    case 'load':
    case 'v.load':
    case 'v.load_lane':
    case 'store':
    case 'v.store':
    case 'v.store_lane':
      return [part(0, size, isStore(inst.op), Number(inst.imms[0] ?? 0))];
    case 'atomic.load':
      return [part(0, size, false)];
    case 'atomic.store':
    case 'atomic.rmw':
    case 'atomic.cas':
      return [part(0, size, true)];
    case 'atomic.wait32':
    case 'atomic.notify':
      return [part(0, 4, false)];
    case 'copy':
      return [part(1, { arg: 2 }, false), part(0, { arg: 2 }, true)];
    case 'fill':
      return [part(0, { arg: 2 }, true)];
    case 'out.str':
    case 'file.open':
      return [part(0, { arg: 1 }, false)];
    case 'file.read':
      return [part(0, { arg: 1 }, true)];
    case 'file.write':
      return [part(0, { arg: 1 }, false), part(2, { arg: 3 }, false)];
    case 'touch.read':
    case 'touch.write':
      return [part(0, { arg: 1 }, inst.op === 'touch.write')];
    default:
      return [];
  }
};

/** Why a part of an access needs no guard; undefined: it does. */
export const reasonForPart = (p: Provenance, inst: OpInst, part: AccessPart): string | undefined => {
  const place = inst.args[part.arg];
  if (place === undefined) return undefined;
  const bytes = typeof part.bytes === 'number' ? part.bytes : Number(intOf(p.defs, inst.args[part.bytes.arg]) ?? -1n);
  return bytes < 0 ? undefined : reasonFor(p, place, part.offset, bytes, part.write);
};

/** The access may end the run: it needs a guard. Such a load is not run earlier than in the source, and not dropped. */
export const mayFault = (p: Provenance, inst: OpInst): boolean =>
  accessParts(inst).some((part) => reasonForPart(p, inst, part) === undefined);
