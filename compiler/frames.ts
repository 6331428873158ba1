// Frames on the stack in memory: where slots lie, how large a frame is, and how much stack a call may need with all it calls.
import { guardSlack } from '../vm/abi.ts';
import { redZone } from './checked.ts';
import type { Func, IrProgram } from './ir.ts';
import { forEachInst } from './tree.ts';

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

/** For calls whose depth nothing bounds, in bytes. */
export const taskStackDefault = 64 * 1024;

/** Bytes of stack that a call of each function may need: the deepest chain of frames; recursion with frames gets the default. */
export const stackNeeds = (
  program: IrProgram,
  checked: boolean,
  byValue: readonly string[],
): ((name: string) => number) => {
  const funcs = new Map(program.funcs.map((f) => [f.name, f]));
  const known = new Map<string, number>();
  const open = new Set<string>();
  const calls = (f: Func): ReadonlySet<string> => {
    const names = new Set<string>();
    forEachInst(f.body, (i) => {
      if (i.kind !== 'op') return;
      if (i.op === 'call') names.add(String(i.imms[0]));
      if (i.op === 'call.value') for (const name of byValue) names.add(name);
    });
    return names;
  };
  // On the way down a function that is open already is recursive: it counts as the default, which is enough for what is in the ring.
  const need = (name: string): number => {
    const before = known.get(name);
    if (before !== undefined) return before;
    const f = funcs.get(name);
    if (!f) return 0;
    if (open.has(name)) return recursive;
    open.add(name);
    const deepest = Math.max(0, ...[...calls(f)].map(need));
    open.delete(name);
    const own = frameLayout(f, checked).bytes;
    const sum = deepest >= recursive ? (own > 0 || deepest > recursive ? deepest + own : recursive) : deepest + own;
    if (open.size === 0 || deepest < recursive) known.set(name, sum);
    return sum;
  };
  /** More than any chain of frames: marks that one is without end. */
  const recursive = 2 ** 31;
  return (name) => {
    const bytes = need(name);
    if (bytes === 0 || bytes === recursive) return 0;
    return bytes > recursive ? taskStackDefault + (bytes - recursive) + guardSlack : bytes + guardSlack;
  };
};
