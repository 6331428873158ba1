// What a pass puts in place of an op: ops with the position of the one they replace, and the pass's name as their reason.
import type { Imm, Inst, IrType, OpName, PosId, Value } from './ir.ts';
import type { Edit } from './tree.ts';

export interface Replacement {
  insts: Inst[];
  readonly edit: Edit;
  readonly pos: PosId;
  readonly by: string;
}

/** Appends an op with one result: a fresh value, unless it has to define `result`. */
export const append = (
  r: Replacement,
  op: OpName,
  suffix: string,
  type: IrType,
  args: readonly Value[],
  imms: readonly Imm[] = [],
  result?: Value,
): Value => {
  const v = result ?? r.edit.value(type);
  r.insts.push({ kind: 'op', op, suffix, results: [v], args, imms, pos: r.pos, by: r.by });
  return v;
};
