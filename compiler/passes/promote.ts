// promote: frame slots that nothing points to become values: what a store wrote is what the next load gives.
//
//   %p = frame $v                      (the slot is gone)
//   %a = addr %p                       if @i %c { break @i(%x) } else { break @i(%old) }
//   if @i %c { store.f64 %a, %x }
//
// A slot is taken apart into cells (an offset and a memory type). It qualifies if it is only loaded and stored at constant
// offsets, every cell always with one type, no cell overlapping another, or filled with zeros. Because control is
// structured, no dominance frontier is needed: a cell that is stored in an `if`, block or loop is one result more of it,
// and in a loop one parameter more.
import { unreachable } from '../../lang/unreachable.ts';
import { type Place, placeOf } from '../effects.ts';
import { type Defs, defsOf, intOf } from '../facts.ts';
import {
  type Body,
  type Func,
  type Imm,
  type Inst,
  type IrType,
  type MemType,
  type OpInst,
  type OpName,
  type Terminator,
  type Value,
  valueType,
} from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { memTypeBytes } from '../layout.ts';
import type { PassContext } from '../passes.ts';
import {
  argsOf,
  bodiesOf,
  type Edit,
  editOf,
  forEachInst,
  madeBy,
  operandsOf,
  resolver,
  substitute,
  withOperands,
} from '../tree.ts';

/** A slot of more cells stays in memory. */
const maxCells = 16;

interface Cell {
  readonly key: string;
  readonly slot: string;
  readonly offset: number;
  readonly suffix: MemType;
}

const keyOf = (slot: string, offset: number): string => `${slot}+${offset}`;

export const promote = (f: Func, context: PassContext): Func => {
  if (f.slots.length === 0) return f;
  const defs = defsOf(f);
  const cells = cellsOf(f, defs, context);
  if (cells.size === 0) return f;
  const replaced = new Map<Value, Value>();
  const edit = editOf(f);
  const s: State = { edit, defs, cells, replaced, get: resolver(replaced), carried: new Map() };
  const env: Env = new Map();
  const zeros: Inst[] = [];
  // A slot holds anything before its first store; zero is as good.
  for (const cell of cells.values()) env.set(cell.key, zeroOf(s, cell, { pos: f.pos }, zeros));
  const body = promoteBody(s, f.body, env);
  return { ...f, types: edit.types, body: substitute({ insts: [...zeros, ...body.insts], end: body.end }, s.get) };
};

// ---- which slots ------------------------------------------------------------------------------------------------

const cellsOf = (f: Func, defs: Defs, context: PassContext): ReadonlyMap<string, Cell> => {
  const lost = new Set<string>();
  const cells = new Map<string, Map<number, MemType>>();
  const fills: { slot: string; from: number; to: number }[] = [];
  const slotOf = (v: Value): Place | undefined => {
    const p = placeOf(defs, v);
    return p.root.kind === 'frame' ? p : undefined;
  };
  const lose = (v: Value): void => {
    const root = slotOf(v)?.root;
    if (root?.kind === 'frame') lost.add(root.name);
  };
  const access = (p: Place, inst: OpInst): boolean => {
    if (p.root.kind !== 'frame' || p.fromRoot === undefined) return false;
    const offset = p.fromRoot + Number(inst.imms[0] ?? 0);
    const suffix = inst.suffix as MemType;
    const known = cells.get(p.root.name) ?? new Map<number, MemType>();
    cells.set(p.root.name, known);
    const before = known.get(offset);
    known.set(offset, suffix);
    return before === undefined || before === suffix;
  };
  const use = (inst: OpInst, v: Value, i: number): void => {
    const p = slotOf(v);
    if (p?.root.kind !== 'frame') return;
    switch (inst.op) {
      case 'addr':
      case 'check.null':
        if (p.fromRoot === undefined) lose(v);
        return;
      case 'offset':
      case 'ptr.add':
        if (intOf(defs, inst.args[1]) === undefined) lose(v);
        return;
      case 'load':
        if (!access(p, inst)) lose(v);
        return;
      case 'store':
        if (i !== 0 || !access(p, inst)) lose(v);
        return;
      case 'fill': {
        const byte = intOf(defs, inst.args[1]);
        const count = intOf(defs, inst.args[2]);
        if (byte !== 0n || count === undefined || p.fromRoot === undefined) lose(v);
        else fills.push({ slot: p.root.name, from: p.fromRoot, to: p.fromRoot + Number(count) });
        return;
      }
      default:
        lose(v);
    }
  };
  const walk = (body: Body): void => {
    for (const inst of body.insts) {
      if (inst.kind === 'op') for (const [i, v] of inst.args.entries()) use(inst, v, i);
      else for (const v of operandsOf(inst)) lose(v);
      for (const b of bodiesOf(inst)) walk(b);
    }
    for (const v of argsOf(body.end)) lose(v);
  };
  walk(f.body);
  const found = new Map<string, Cell>();
  for (const slot of f.slots) {
    const own = [...(cells.get(slot.name) ?? [])].sort((a, b) => a[0] - b[0]);
    const overlap = own.some(([offset, type], i) => {
      const next = own[i + 1];
      return offset < 0 || offset + memTypeBytes[type] > (next ? next[0] : slot.size);
    });
    const torn = fills.some(
      (x) =>
        x.slot === slot.name &&
        own.some(([o, t]) => o < x.to && o + memTypeBytes[t] > x.from && (o < x.from || o + memTypeBytes[t] > x.to)),
    );
    if (lost.has(slot.name) || own.length === 0 || own.length > maxCells || overlap || torn || !context.allow())
      continue;
    for (const [offset, suffix] of own) {
      const key = keyOf(slot.name, offset);
      found.set(key, { key, slot: slot.name, offset, suffix });
    }
  }
  return found;
};

// ---- rewriting --------------------------------------------------------------------------------------------------

/** The current value of each cell. */
type Env = Map<string, Value>;

interface State {
  readonly edit: Edit;
  readonly defs: Defs;
  readonly cells: ReadonlyMap<string, Cell>;
  readonly replaced: Map<Value, Value>;
  readonly get: (v: Value) => Value;
  /** Cells that a label carries: results for `break`, parameters for `next`. */
  readonly carried: Map<string, readonly Cell[]>;
}

const zeroOf = (s: State, cell: Cell, at: { readonly pos: number }, into: Inst[]): Value => {
  const type = valueType(cell.suffix);
  const result = s.edit.value(type);
  const [op, suffix, imms]: [OpName, string, readonly Imm[]] =
    type === 'gptr'
      ? ['null', '', []]
      : type === 'f32' || type === 'f64'
        ? ['fconst', type, [0n]]
        : ['const', type, [0n]];
  into.push(madeBy('promote', at, { op, suffix, args: [], imms, results: [result] }));
  return result;
};

const cellOf = (s: State, pointer: Value | undefined, offset: number): Cell | undefined => {
  if (pointer === undefined) return undefined;
  const p = placeOf(s.defs, pointer);
  return p.root.kind === 'frame' && p.fromRoot !== undefined
    ? s.cells.get(keyOf(p.root.name, p.fromRoot + offset))
    : undefined;
};

const isPromoted = (s: State, slot: string): boolean => {
  for (const c of s.cells.values()) if (c.slot === slot) return true;
  return false;
};

/** Cells that a structure may store. */
const storedIn = (s: State, inst: Inst): readonly Cell[] => {
  const found = new Set<Cell>();
  for (const b of bodiesOf(inst)) {
    forEachInst(b, (i) => {
      if (i.kind !== 'op') return;
      if (i.op === 'store') {
        const cell = cellOf(s, i.args[0], Number(i.imms[0] ?? 0));
        if (cell) found.add(cell);
      } else if (i.op === 'fill') for (const cell of filledBy(s, i)) found.add(cell);
    });
  }
  return [...found];
};

const filledBy = (s: State, inst: OpInst): readonly Cell[] => {
  const p = placeOf(s.defs, inst.args[0] ?? -1);
  const { root } = p;
  const count = intOf(s.defs, inst.args[2]);
  if (root.kind !== 'frame' || p.fromRoot === undefined || count === undefined) return [];
  const from = p.fromRoot;
  return [...s.cells.values()].filter(
    (c) => c.slot === root.name && c.offset >= from && c.offset < from + Number(count),
  );
};

const promoteBody = (s: State, body: Body, env: Env): Body => {
  const insts: Inst[] = [];
  for (const inst of body.insts) promoteInst(s, withOperands(inst, s.get), env, insts);
  return { insts, end: promoteEnd(s, body.end, env) };
};

const current = (env: Env, cells: readonly Cell[]): readonly Value[] => cells.map((c) => env.get(c.key) ?? -1);

const promoteEnd = (s: State, end: Terminator, env: Env): Terminator => {
  if (end.kind !== 'break' && end.kind !== 'next') return end;
  const more = s.carried.get(end.label);
  return more ? { ...end, args: [...end.args, ...current(env, more)] } : end;
};

const rebind = (s: State, env: Env, cells: readonly Cell[]): readonly Value[] =>
  cells.map((c) => {
    const v = s.edit.value(valueType(c.suffix));
    env.set(c.key, v);
    return v;
  });

const promoteInst = (s: State, inst: Inst, env: Env, into: Inst[]): void => {
  if (inst.kind === 'op') return promoteOp(s, inst, env, into);
  const cells = storedIn(s, inst);
  s.carried.set(inst.label, cells);
  switch (inst.kind) {
    case 'if': {
      const yes = promoteBody(s, inst.then, new Map(env));
      const no = promoteBody(s, inst.else, new Map(env));
      into.push(ifInst({ ...inst, results: [...inst.results, ...rebind(s, env, cells)] }, yes, no));
      return;
    }
    case 'block': {
      const body = promoteBody(s, inst.body, new Map(env));
      into.push({ ...inst, body, results: [...inst.results, ...rebind(s, env, cells)] });
      return;
    }
    case 'loop': {
      const inits = [...inst.inits, ...current(env, cells)];
      const inside: Env = new Map(env);
      const params = [...inst.params, ...rebind(s, inside, cells)];
      const body = promoteBody(s, inst.body, inside);
      into.push({ ...inst, inits, params, body, results: [...inst.results, ...rebind(s, env, cells)] });
      return;
    }
    default:
      unreachable(inst);
  }
};

const promoteOp = (s: State, inst: OpInst, env: Env, into: Inst[]): void => {
  switch (inst.op) {
    case 'load': {
      const cell = cellOf(s, inst.args[0], Number(inst.imms[0] ?? 0));
      const value = cell && env.get(cell.key);
      const result = inst.results[0];
      if (value === undefined || result === undefined) break;
      s.replaced.set(result, s.get(value));
      return;
    }
    case 'store': {
      const cell = cellOf(s, inst.args[0], Number(inst.imms[0] ?? 0));
      const value = inst.args[1];
      if (!cell || value === undefined) break;
      env.set(cell.key, narrowed(s, cell.suffix, value, inst, into));
      return;
    }
    case 'fill': {
      const cells = filledBy(s, inst);
      const p = placeOf(s.defs, inst.args[0] ?? -1);
      if (p.root.kind !== 'frame' || !isPromoted(s, p.root.name)) break;
      for (const c of cells) env.set(c.key, zeroOf(s, c, inst, into));
      return;
    }
    case 'check.null': {
      const p = placeOf(s.defs, inst.args[0] ?? -1);
      if (p.root.kind === 'frame' && isPromoted(s, p.root.name)) return;
      break;
    }
    default:
      break;
  }
  into.push(inst);
};

/** What a load of this type would give after the store. */
const narrowed = (s: State, suffix: MemType, value: Value, at: OpInst, into: Inst[]): Value => {
  const type: IrType = 'i32';
  const make = (op: OpName, args: readonly Value[], imms: readonly Imm[] = []): Value => {
    const result = s.edit.value(type);
    into.push(madeBy('promote', at, { op, suffix: type, args, imms, results: [result] }));
    return result;
  };
  switch (suffix) {
    case 'i8':
      return make('extend8_s', [value]);
    case 'i16':
      return make('extend16_s', [value]);
    case 'u8':
      return make('and', [value, make('const', [], [255n])]);
    case 'u16':
      return make('and', [value, make('const', [], [65535n])]);
    default:
      return value;
  }
};
