// What a program was built with is told by the functions it has. Alone, as who only runs programs reads the names of checked ones.
import type { IrProgram } from './ir.ts';

/** Whether programs have a function, by which they tell what they were built with. Asked often, found once a program. */
export const hasFunction = (name: string): ((p: IrProgram) => boolean) => {
  const answers = new WeakMap<IrProgram, boolean>();
  return (p) => {
    const known = answers.get(p) ?? p.funcs.some((f) => f.name === name);
    answers.set(p, known);
    return known;
  };
};
