// What the extents of named arrays are once `init` has run: a `let`, a config or a constant that never changes. So arrays with extents
// of one name are laid out alike, and an extent that is asked for is one that is at hand.
import { earlyFunctions } from './early.ts';
import type { Imm, Inst, IrProgram, OpInst, Value } from './ir.ts';
import { forEachInst } from './tree.ts';

interface Source {
  readonly op: 'let' | 'const';
  readonly suffix: string;
  readonly imm: Imm;
}

/** What stands for the extents of shared and dynamic arrays (`name dimension`): what `init` gave to shared.init, if that never changes. */
export type Settled = ReadonlyMap<string, Source>;

const settledOf = new WeakMap<IrProgram, Settled>();

/**
 * Extents that equal a `let`, a config or a constant once `init` has run. Not for what may run before: there the
 * arrays may not have been laid out yet.
 */
export const settledExtents = (program: IrProgram, func: string): Settled => {
  let known = settledOf.get(program);
  if (!known) {
    known = extentsOf(program);
    settledOf.set(program, known);
  }
  return earlyFunctions(program).has(func) ? new Map() : known;
};

const extentsOf = (program: IrProgram): Settled => {
  const found = new Map<string, Source>();
  const init = program.funcs.find((f) => f.name === 'init');
  if (!init) return found;
  const made = new Map<Value, OpInst>();
  const names = namesIn(program);
  forEachInst(init.body, (inst: Inst) => {
    if (inst.kind !== 'op') return;
    for (const r of inst.results) made.set(r, inst);
    names.store(made, inst);
    if (inst.op !== 'shared.init' && inst.op !== 'dynamic.init') return;
    const global = program.globals.find((g) => g.name === inst.imms[0]);
    const rank = global?.kind === 'shared' ? global.dims.length : global?.kind === 'dynamic' ? global.rank : 0;
    for (let k = 0; k < rank; k++) {
      const source = names.sourceOf(made, inst.args[k]);
      if (source) found.set(`${String(inst.imms[0])} ${k}`, source);
    }
  });
  return found;
};

/**
 * Names of values in `init`. What is stored to a `let` is known by its name from then on, whether it is read back or, after cse, used as
 * it is; of several with the same value the first stands for all.
 */
const namesIn = (program: IrProgram) => {
  const settled = new Set(program.globals.flatMap((g) => (g.kind === 'let' || g.kind === 'config' ? [g.name] : [])));
  const nameOf = new Map<Value, string>();
  const storedIn = new Map<string, Value>();
  const placeIn = (made: ReadonlyMap<Value, OpInst>, access: OpInst): string | undefined => {
    const address = made.get(access.args[0] ?? -1);
    const place = made.get(address?.args[0] ?? -1);
    const name = place?.op === 'global' && access.suffix === 'i64' && access.imms[0] === 0 ? place.imms[0] : undefined;
    return name !== undefined && settled.has(String(name)) ? String(name) : undefined;
  };
  const named = (name: string): Source => ({
    op: 'let',
    suffix: 'i64',
    imm: nameOf.get(storedIn.get(name) ?? -1) ?? name,
  });
  return {
    store: (made: ReadonlyMap<Value, OpInst>, inst: OpInst): void => {
      const [, value] = inst.args;
      const name = inst.op === 'store' && value !== undefined ? placeIn(made, inst) : undefined;
      if (value === undefined || name === undefined) return;
      storedIn.set(name, value);
      if (!nameOf.has(value)) nameOf.set(value, name);
    },
    /** A constant, or the let or config that a value is. */
    sourceOf: (made: ReadonlyMap<Value, OpInst>, v: Value | undefined): Source | undefined => {
      const source = made.get(v ?? -1);
      if (v === undefined || !source) return undefined;
      const [imm] = source.imms;
      if (source.op === 'const' && imm !== undefined) return { op: 'const', suffix: source.suffix, imm };
      if (source.op === 'let' && settled.has(String(imm))) return named(String(imm));
      const stored = nameOf.get(v);
      if (stored !== undefined) return named(stored);
      const name = source.op === 'load' ? placeIn(made, source) : undefined;
      return name === undefined ? undefined : named(name);
    },
  };
};
