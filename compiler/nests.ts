// Nests of loops that a pass makes anew (jam, interchange): the walk over a function.
import { isRuntime } from '../vm/abi.ts';
import { isChecked } from './checked.ts';
import { type Memory, memoryOf } from './effects.ts';
import { defsOf } from './facts.ts';
import type { Body, Func, Inst } from './ir.ts';
import { type Nest, nestOf } from './jam-nest.ts';
import type { RangeState } from './loop-ranges.ts';
import type { PassContext } from './passes.ts';
import { editOf, hasLoop, sizeOf, withBodies } from './tree.ts';

/** A function that has grown beyond this gets no more loops. */
const maxFunction = 12_000;

export interface NestState extends RangeState {
  readonly memory: Memory;
}

/** What is to be done with a nest. */
export interface NestPass<Plan> {
  /** Undefined: it stays as it is. */
  readonly planOf: (s: NestState, memory: Memory, nest: Nest) => Plan | undefined;
  /** How many times the nest comes to what there was. */
  readonly copies: number;
  readonly made: (s: NestState, nest: Nest, plan: Plan) => readonly Inst[];
}

/** A function whose nests are made anew where there is a plan for it, outermost first. */
export const withNests = <Plan>(f: Func, context: PassContext, pass: NestPass<Plan>): Func => {
  if (isRuntime(f.name) || isChecked(context.program)) return f;
  const defs = defsOf(f);
  const s: NestState = { memory: memoryOf(f, context.program, defs), edit: editOf(f), defs, products: new Map() };
  let size = sizeOf(f.body);
  const inBody = (body: Body): Body => ({
    insts: body.insts.flatMap((inst) => {
      if (inst.kind !== 'loop' || !hasLoop(inst.body)) return [withBodies(inst, inBody)];
      const nest = size > maxFunction ? undefined : nestOf(defs, inst);
      const plan = nest && pass.planOf(s, s.memory, nest);
      if (!plan || !context.allow()) return [withBodies(inst, inBody)];
      size += pass.copies * sizeOf(inst.body);
      return pass.made(s, nest, plan);
    }),
    end: body.end,
  });
  const body = inBody(f.body);
  return { ...f, types: s.edit.types, body };
};
