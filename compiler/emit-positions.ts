// Keeps of the table of positions what the artifact can still refer to. The table of a compilation names every expression of
// every function of the library; a small program needs a dozen of them.
import { isRuntime } from '../vm/abi.ts';
import type { Body, Inst, IrPosition, IrProgram, PosId } from './ir.ts';
import { withBodies } from './tree.ts';

/** The run-time is left out of stacks: code of it that was inlined counts as the user's call of it. */
const userPosition = (positions: readonly IrPosition[], id: PosId): PosId => {
  let at = id;
  for (let p = positions[at]; p !== undefined && isRuntime(p.fn); p = positions[at]) at = p.inlinedAt;
  return at;
};

export interface Pruned {
  readonly program: IrProgram;
  /** The new id of a place that was called from another one, and that from a third: their old ids. The table may grow by it. */
  readonly placed: (path: readonly PosId[]) => PosId;
}

/** The same program with a table of positions that holds only those in use, and ids to match. `variables`: also where they are declared. */
export const prunePositions = (program: IrProgram, variables = false): Pruned => {
  const positions: IrPosition[] = [program.positions[0] ?? { file: 0, line: 0, col: 0, fn: '', inlinedAt: 0 }];
  const ids = new Map<PosId, PosId>([[0, 0]]);
  const renamed = (id: PosId): PosId => {
    const at = userPosition(program.positions, id);
    const known = ids.get(at);
    if (known !== undefined) return known;
    const p = program.positions[at];
    if (!p) return 0;
    const inlinedAt = renamed(p.inlinedAt);
    const fresh = positions.push({ ...p, inlinedAt }) - 1;
    ids.set(at, fresh);
    return fresh;
  };
  // Of code that cannot fault, nobody will ask where it came from; but numbers of points at which functions are left stand for their places.
  const matters = (inst: Inst): boolean =>
    inst.kind === 'op' &&
    (inst.op === 'const'
      ? inst.by === 'fibers'
      : /^(check\.|guard\.|call|load|store|copy|fill|atomic|div|rem)/.test(inst.op));
  const funcs = program.funcs.map((f) => {
    const renameInst = (inst: Inst): Inst => {
      const moved = { ...withBodies(inst, body), pos: matters(inst) ? renamed(inst.pos) : 0 };
      if (moved.kind !== 'op' || moved.op !== 'position') return moved;
      return { ...moved, imms: [BigInt(renamed(Number(moved.imms[0])))] };
    };
    const body = (b: Body): Body => ({
      insts: b.insts.map(renameInst),
      end: { ...b.end, pos: b.end.kind === 'fault' || b.end.kind === 'raise' ? renamed(b.end.pos) : 0 },
    });
    const changed = body(f.body);
    return { ...f, pos: f.slots.length > 0 ? renamed(f.pos) : 0, body: changed };
  });
  const globals = variables ? program.globals.map((g) => ({ ...g, pos: renamed(g.pos) })) : program.globals;
  const grafts = new Map<string, PosId>();
  const graft = (id: PosId, outer: PosId): PosId => {
    if (outer === 0) return renamed(id);
    const at = userPosition(program.positions, id);
    const p = program.positions[at];
    if (!p || at === 0) return outer;
    const inlinedAt = graft(p.inlinedAt, outer);
    const key = `${at} ${inlinedAt}`;
    const known = grafts.get(key) ?? positions.push({ ...p, inlinedAt }) - 1;
    grafts.set(key, known);
    return known;
  };
  const placed = (path: readonly PosId[]): PosId => path.reduceRight((outer, id) => graft(id, outer), 0);
  return { program: { ...program, positions, globals, funcs }, placed };
};
