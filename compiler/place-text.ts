// Places in the source as lists for people show them.
import type { IrProgram, PosId } from './ir.ts';

/** `prog.pg:3:5`; empty for what has no place. */
export const placeText = (program: IrProgram, pos: PosId): string => {
  const p = program.positions[pos];
  return p && p.line > 0 ? `${program.files[p.file] ?? '?'}:${p.line}:${p.col}` : '';
};
