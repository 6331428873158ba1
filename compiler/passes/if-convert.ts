// if-convert: a branch that only chooses between numbers becomes a `select`.
//
//   %n1 = if @i %c {                          %n0 = add.i64 %n, %one
//     %n0 = add.i64 %n, %one                  %n1 = select.i64 %c, %n0, %n
//     break @i(%n0)
//   } else { break @i(%n) }
//
// What data decides is guessed wrong every so often, and each time costs as much as twenty ops. So the few ops of both arms are done in any case
// (J. R. Allen et al., Conversion of control dependence to data dependence, POPL 1983). Only in loops, only ops that cannot fault
// and are cheap, and only integers: engines have no such instruction for floats.
import { effectBits, isDivision } from '../effects.ts';
import type { Body, Func, IfInst, Inst, Value } from '../ir.ts';
import { opRow } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { argsOf, type Edit, editOf, targets, typeOf, withBodies } from '../tree.ts';

const by = 'if-convert';

/** What the arms cost together, in the units of the table of ops; and the numbers chosen. */
const maxCost = 4;
const maxChosen = 2;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
}

export const ifConvert = (f: Func, context: PassContext): Func => {
  const s: State = { context, edit: editOf(f) };
  const body = converted(s, f.body, false);
  return { ...f, types: s.edit.types, body };
};

const converted = (s: State, body: Body, inLoop: boolean): Body => ({
  insts: body.insts.flatMap((inst): readonly Inst[] => {
    const now = withBodies(inst, (b) => converted(s, b, inLoop || inst.kind === 'loop'));
    return now.kind === 'if' && inLoop && isChoice(s, now) && s.context.allow() ? chosen(s, now) : [now];
  }),
  end: body.end,
});

const isChoice = (s: State, inst: IfInst): boolean => {
  const { label, results } = inst;
  if (inst.likely || results.length === 0 || results.length > maxChosen) return false;
  if (!results.every((v) => isInteger(s, v))) return false;
  const arms = [inst.then, inst.else];
  if (!arms.every((b) => b.end.kind === 'break' && targets(b.end, label) && b.insts.every(isHarmless))) return false;
  const cost = (b: Body): number => b.insts.reduce((sum, i) => sum + (i.kind === 'op' ? opRow(i.op).cost : 0), 0);
  return cost(inst.then) + cost(inst.else) <= maxCost;
};

const isInteger = (s: State, v: Value): boolean => {
  const type = typeOf(s.edit.types, v);
  return type === 'i32' || type === 'i64';
};

/** Can be done in vain. */
const isHarmless = (inst: Inst): boolean =>
  inst.kind === 'op' && effectBits(inst.op) === 0 && !isDivision(inst.op) && inst.op !== 'let';

const chosen = (s: State, inst: IfInst): readonly Inst[] => {
  const yes = argsOf(inst.then.end);
  const no = argsOf(inst.else.end);
  const selects = inst.results.map((v, k): Inst => {
    const type = typeOf(s.edit.types, v);
    const args = [inst.condition, yes[k] ?? v, no[k] ?? v];
    return { kind: 'op', op: 'select', suffix: type, results: [v], args, imms: [], pos: inst.pos, by };
  });
  return [...inst.then.insts, ...inst.else.insts, ...selects];
};
