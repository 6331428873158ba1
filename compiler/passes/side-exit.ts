// side-exit: a loop runs without what it hardly ever comes to, until it comes to it; then the loop as it was goes on.
//
//   loop @l (%i = %lo) {                      block @j {
//     %x = load …                               block @rest {
//     %p, %d = if @o %own likely {                loop @l (%i = %lo) {
//       break @o(%mine, %k)                         %x = load …
//     } else {                                      if @o %own { break @o } else { break @rest(%i) }
//       the general rule                            load … %mine, %k …
//       break @o(%q, %m)                            next @l(%i + 1) or break @l
//     }                                           }
//     load … %p, %d …                             break @j
//     next @l(%i + 1) or break @l               }
//   }                                           loop @l0 (%i = the result of @rest) { as it was }
//                                               break @j
//                                             }
//
// A choice marked `either` is a short cut to what the general rule gives anyway: the second loop, which begins where the short cut failed, takes the rule
// without asking, as an answer that nobody can predict costs more than the rule.
// The values that the general rule needs take no registers from the loop, and where ways do not meet nothing has to be chosen. The iteration that is
// left begins once more in the other loop: so only what comes before its first write is an exit.
// As in trace scheduling (J. A. Fisher, 1981), with all of the rest of the loop as compensation code.
import { bits, effectsOf } from '../effects.ts';
import type { BlockInst, Body, Func, IfInst, Inst, LoopInst, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { Pass } from '../passes.ts';
import {
  bodiesOf,
  copyBody,
  type Edit,
  editOf,
  hasLoop,
  resolver,
  substitute,
  targets,
  typeOf,
  withBodies,
} from '../tree.ts';
import { costOf, maxFunctionCost } from './inline.ts';

const by = 'side-exit';

/** Of loops that are there twice then. */
const maxCost = 200;

/** What an arm costs at least that is worth it. */
const minRare = 8;

interface State {
  readonly edit: Edit;
  readonly allow: () => boolean;
  /** Cost of the function so far. */
  cost: number;
}

export const sideExit: Pass['run'] = (f: Func, context) => {
  const s: State = { edit: editOf(f), allow: context.allow, cost: costOf(f.body) };
  const body = inBody(s, f.body);
  return { ...f, types: s.edit.types, body };
};

const inBody = (s: State, body: Body): Body => ({
  insts: body.insts.map((inst) =>
    inst.kind === 'loop' && !hasLoop(inst.body) ? twice(s, inst) : withBodies(inst, (b) => inBody(s, b)),
  ),
  end: body.end,
});

const twice = (s: State, loop: LoopInst): Inst => {
  const cost = costOf(loop.body);
  const rare = rareIn(loop.body);
  const moving = loop.params.some((v) => typeOf(s.edit.types, v) === 'ptr');
  if (rare.size === 0 || moving || cost > maxCost || s.cost + cost > maxFunctionCost || !s.allow()) return loop;
  s.cost += cost;
  const { edit } = s;
  const { pos } = loop;
  const [join, rest] = [edit.label('j0'), edit.label('rest0')];
  const gone = (label: string, args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  const whole: Body = { insts: [straight(loop, rare, gone(rest, loop.params))], end: gone(join, loop.results) };
  const first = copyBody(whole, edit, {
    values: new Map(),
    labels: new Map(),
    typeOf: (v) => typeOf(edit.types, v),
    by,
  });
  const left: BlockInst = {
    kind: 'block',
    label: rest,
    results: loop.params.map((v) => edit.like(v)),
    body: first,
    pos,
    by,
  };
  const second: LoopInst = {
    ...generally(loop, rare),
    inits: left.results,
    results: loop.results.map((v) => edit.like(v)),
  };
  const body: Body = { insts: [left, second], end: gone(join, second.results) };
  return { kind: 'block', label: join, results: loop.results, body, pos, by };
};

/** Choices of values of which one hardly ever happens and takes long, before the first write of an iteration. */
const rareIn = (body: Body): ReadonlySet<IfInst> => {
  const found = new Set<IfInst>();
  const visit = (b: Body): boolean => {
    for (const inst of b.insts) {
      if (inst.kind === 'if' && isRare(inst)) found.add(inst);
      else if (!bodiesOf(inst).every(visit)) return false;
      if (inst.kind === 'op' && !isRepeatable(inst)) return false;
    }
    return true;
  };
  visit(body);
  return found;
};

const harmless = bits.place | bits.reads | bits['handle-reads'] | bits.traps;

/** Done twice it is as done once. */
const isRepeatable = (inst: Inst): boolean => (effectsOf(inst) & ~harmless) === 0;

const isRare = (inst: IfInst): boolean =>
  inst.likely === true &&
  inst.results.length > 0 &&
  [inst.then, inst.else].every((b) => b.end.kind === 'break' && targets(b.end, inst.label)) &&
  inst.then.insts.every((i) => effectsOf(i) === 0) &&
  isRepeatable(inst) &&
  costOf(inst.else) >= minRare;

/** The loop with the general rule in place of the short cuts among them. */
const generally = (loop: LoopInst, rare: ReadonlySet<IfInst>): LoopInst => {
  const values = new Map<Value, Value>();
  const change = (b: Body): Body => ({
    insts: b.insts.flatMap((inst): readonly Inst[] => {
      if (inst.kind !== 'if' || !inst.either || !rare.has(inst) || inst.else.end.kind !== 'break')
        return [withBodies(inst, change)];
      for (const [k, r] of inst.results.entries()) values.set(r, inst.else.end.args[k] ?? r);
      return inst.else.insts;
    }),
    end: b.end,
  });
  const body = change(loop.body);
  return { ...loop, body: substitute(body, resolver(values)) };
};

/** The loop without them. */
const straight = (loop: LoopInst, rare: ReadonlySet<IfInst>, leave: Terminator): Inst => {
  const values = new Map<Value, Value>();
  const change = (b: Body): Body => ({
    insts: b.insts.flatMap((inst): readonly Inst[] => {
      if (inst.kind !== 'if' || !rare.has(inst)) return [withBodies(inst, change)];
      const { then, label, pos } = inst;
      const end = then.end.kind === 'break' ? then.end : leave;
      if (end.kind === 'break') for (const [k, r] of inst.results.entries()) values.set(r, end.args[k] ?? r);
      const on: Body = { insts: [], end: { kind: 'break', label, args: [], pos } };
      const head = { label, condition: inst.condition, results: [], pos };
      return [ifInst(head, on, { insts: [], end: leave }), ...then.insts];
    }),
    end: b.end,
  });
  const body = change(loop.body);
  return { ...loop, body: substitute(body, resolver(values)) };
};
