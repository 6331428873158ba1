// Frames on the stack in memory: where slots lie, how large a frame is, and how much stack a call may need with all it calls.
import { guardSlack } from '../vm/abi.ts';
import { redZone } from './checked.ts';
import type { Func, IrProgram } from './ir.ts';
import { callsOf, componentsOf } from './recursion.ts';

const alignTo = (n: number, align: number): number => Math.ceil(n / align) * align;

export interface FrameLayout {
  readonly slots: ReadonlyMap<string, number>;
  readonly bytes: number;
}

/** In checked programs there is room between slots. */
export const frameLayout = (f: Func, checked: boolean): FrameLayout => {
  const slots = new Map<string, number>();
  const apart = checked ? redZone : () => 0;
  let bytes = f.slots.length > 0 ? apart(0) : 0;
  for (const slot of f.slots) {
    bytes = alignTo(bytes, slot.align);
    slots.set(slot.name, bytes);
    bytes += slot.size + apart(slot.size);
  }
  return { slots, bytes: alignTo(bytes, 16) };
};

/** For recursion with frames, whose depth nothing bounds, in bytes. */
const recursionBytes = 64 * 1024;

/** Bytes of stack that a call of each function may need: the deepest chain of frames, with room for each circle of calls that has some. */
export const stackNeeds = (program: IrProgram, checked: boolean): ReadonlyMap<string, number> => {
  const frames = new Map(program.funcs.map((f) => [f.name, frameLayout(f, checked).bytes]));
  const calls = callsOf(program);
  const needs = new Map<string, number>();
  // Callees come before their callers.
  for (const component of componentsOf(calls)) {
    const callees = component.flatMap((name) => [...(calls.get(name) ?? [])]);
    const isCircle = callees.some((name) => component.includes(name));
    const own = component.reduce((sum, name) => sum + (frames.get(name) ?? 0), 0);
    const deepest = Math.max(0, ...callees.map((name) => needs.get(name) ?? 0));
    const need = deepest + own + (isCircle && own > 0 ? recursionBytes : 0);
    for (const name of component) needs.set(name, need);
  }
  return new Map([...needs].map(([name, bytes]) => [name, bytes === 0 ? 0 : bytes + guardSlack]));
};
