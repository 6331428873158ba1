// Keeps of the table of positions what the artifact can still refer to. The table of a compilation names every expression of
// every function of the library; a small program needs a dozen of them.
import type { Body, Inst, IrPosition, IrProgram, PosId, Value } from './ir.ts';
import { textImm } from './ir-types.ts';
import { type Edit, editOf, forEachInst, withBodies } from './tree.ts';

/** Run-time functions whose first argument is the id of a position, for reports of deadlocks (passes/lower-runtime.ts). */
const takePosition = new Set(['runtime.barrier', 'runtime.exchange', 'runtime.idle']);

const isWait = (inst: Inst): boolean =>
  inst.kind === 'op' && inst.op === 'call' && takePosition.has(textImm(inst.imms, 0));

/** The run-time is left out of stacks: code of it that was inlined counts as the user's call of it. */
const userPosition = (positions: readonly IrPosition[], id: PosId): PosId => {
  let at = id;
  for (let p = positions[at]; p?.fn.startsWith('runtime.'); p = positions[at]) at = p.inlinedAt;
  return at;
};

/** The same program with a table of positions that holds only those in use, and ids to match. */
export const prunePositions = (program: IrProgram): IrProgram => {
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
  // Of code that cannot fault, nobody will ask where it came from.
  const matters = (inst: Inst): boolean =>
    inst.kind === 'op' && /^(check\.|call|load|store|copy|fill|atomic|div|rem)/.test(inst.op);
  const funcs = program.funcs.map((f) => {
    const edit = editOf(f);
    const constants = new Map<Value, bigint>();
    forEachInst(f.body, (inst) => {
      const [result] = inst.results;
      if (inst.kind === 'op' && inst.op === 'const' && result !== undefined)
        constants.set(result, BigInt(inst.imms[0] ?? 0n));
    });
    const body = (b: Body): Body => ({
      insts: b.insts.flatMap((inst) => renameInst(inst, edit, constants, body)),
      end: { ...b.end, pos: b.end.kind === 'fault' || b.end.kind === 'raise' ? renamed(b.end.pos) : 0 },
    });
    const renameInst = (
      inst: Inst,
      e: Edit,
      values: ReadonlyMap<Value, bigint>,
      inner: (b: Body) => Body,
    ): readonly Inst[] => {
      const moved = { ...withBodies(inst, inner), pos: matters(inst) ? renamed(inst.pos) : 0 };
      const id = isWait(inst) && inst.kind === 'op' ? values.get(inst.args[0] ?? -1) : undefined;
      if (id === undefined || moved.kind !== 'op') return [moved];
      const fresh = e.value('i32');
      const constant: Inst = {
        kind: 'op',
        op: 'const',
        suffix: 'i32',
        results: [fresh],
        args: [],
        imms: [BigInt(renamed(Number(id)))],
        pos: 0,
      };
      return [constant, { ...moved, args: [fresh, ...moved.args.slice(1)] }];
    };
    const changed = body(f.body);
    return { ...f, pos: f.slots.length > 0 ? renamed(f.pos) : 0, types: edit.types, body: changed };
  });
  return { ...program, positions, funcs };
};
