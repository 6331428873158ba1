// Places in the source as lists for people show them.
import type { IrProgram, PosId } from './ir.ts';

/** `prog.pg:3:5`; empty for what has no place. */
export const placeText = (program: IrProgram, pos: PosId): string => {
  const p = program.positions[pos];
  return p && p.line > 0 ? `${program.files[p.file] ?? '?'}:${p.line}:${p.col}` : '';
};

const isLibrary = (program: IrProgram, pos: PosId): boolean =>
  program.files[program.positions[pos]?.file ?? -1]?.startsWith('std/') ?? false;

/** For code of the library that was inlined in the program, the place there that it is called from; any other place is itself. */
export const placeOfUser = (program: IrProgram, pos: PosId): PosId => {
  let at = pos;
  while (at !== 0 && isLibrary(program, at)) at = program.positions[at]?.inlinedAt ?? 0;
  return at === 0 ? pos : at;
};

/** Where it is in the library if that is not the place that is shown for it: `, in std/str.pg:3:5`. */
export const insideText = (program: IrProgram, pos: PosId): string =>
  placeOfUser(program, pos) === pos ? '' : `, in ${placeText(program, pos)}`;
