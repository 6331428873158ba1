// How much code the pass `fibers` makes: of the functions that can be left, counted in instructions of the IR that there is code for. The last line of
// `--emit=hooks` in programs with tasks.
import { isRuntime, resumePrefix } from '../vm/abi.ts';
import type { Func, IrProgram } from './ir.ts';
import { forEachInst } from './tree.ts';

export interface Growth {
  readonly functions: number;
  /** Instructions before, and those of both forms after. */
  readonly before: number;
  readonly after: number;
}

/** Ops that only say how a number is to be understood: there is no code for them. */
const silent: ReadonlySet<string> = new Set(['gptr.of', 'addr', 'ptr.bits']);

const size = (f: Func | undefined): number => {
  let n = 0;
  if (f) {
    forEachInst(f.body, (i) => {
      if (i.kind !== 'op' || !silent.has(i.op)) n++;
    });
  }
  return n;
};

/** Of the functions that got a second form, those that `wanted` chooses. */
export const growthOf = (before: IrProgram, after: IrProgram, wanted: (name: string) => boolean): Growth => {
  const forms = new Map(after.funcs.map((f) => [f.name, f]));
  const left = before.funcs.filter((f) => wanted(f.name) && forms.has(`${resumePrefix}${f.name}`));
  const sum = (of: (f: Func) => number): number => left.reduce((n, f) => n + of(f), 0);
  return {
    functions: left.length,
    before: sum(size),
    after: sum((f) => size(forms.get(f.name)) + size(forms.get(`${resumePrefix}${f.name}`))),
  };
};

const line = (whose: string, g: Growth): string => {
  if (g.functions === 0) return '';
  const one = g.functions === 1;
  const times = (g.after / Math.max(1, g.before)).toFixed(2);
  return `${g.functions} ${one ? 'function' : 'functions'} of ${whose} can be left: ${g.before} instructions became ${g.after}, ${times} ×\n`;
};

/** Lines about the program's functions and those of the run-time; nothing of programs without tasks. */
export const growthLines = (before: IrProgram, after: IrProgram): string =>
  line(
    'the program',
    growthOf(before, after, (name) => !isRuntime(name)),
  ) + line('the run-time', growthOf(before, after, isRuntime));
