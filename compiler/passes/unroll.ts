// unroll: a loop that runs a small constant number of rounds becomes that many copies of its body.
//
//   loop @l (%k = 1) {              block @l {
//     if @i (%k > 2) …                %k2 = block @l0 { body with 1; break @l0(%k + 1) }
//     body; next @l(%k + 1)           %k3 = block @l1 { body with %k2; … }
//   }                                 … the loop itself, which is never reached
//                                   }
//
// The loop stays behind the copies, with the values of the last one: whatever the rounds were thought to be, the meaning
// is the same. fold finds that it is not reached. Only loops that fold can settle are taken.
import { countedOf, type Defs, defsOf, tripCount } from '../facts.ts';
import type { Body, Func, Inst, LoopInst, Terminator, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { copyBody, type Edit, editOf, typeOf, withBodies } from '../tree.ts';
import { costOf, maxFunctionCost } from './inline.ts';

const maxTrips = 8n;
/** Cost of all copies together. */
const maxCost = 400;

interface State {
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Defs;
  /** Cost of the function so far: it does not grow without bound. */
  cost: number;
}

export const unroll = (f: Func, context: PassContext): Func => {
  const edit = editOf(f);
  const defs = defsOf(f);
  const body = unrollBody({ context, edit, defs, cost: costOf(f.body) }, f.body);
  return { ...f, types: edit.types, body };
};

const unrollBody = (s: State, body: Body): Body => ({
  insts: body.insts.map((inst) => {
    if (inst.kind === 'op') return inst;
    const now = withBodies(inst, (b) => unrollBody(s, b));
    return now.kind === 'loop' ? unrolled(s, now) : now;
  }),
  end: body.end,
});

const unrolled = (s: State, loop: LoopInst): Inst => {
  const c = countedOf(s.defs, loop);
  if (!c) return loop;
  const trips = tripCount(s.defs, c);
  if (trips === undefined || trips > maxTrips) return loop;
  const more = costOf(loop.body) * Number(trips + 1n);
  if (more > maxCost || s.cost + more > maxFunctionCost || !s.context.allow()) return loop;
  s.cost += more;
  const outer = s.edit.label(loop.label);
  const insts: Inst[] = [];
  let now: readonly Value[] = loop.inits;
  // One copy more than rounds: the last one only tests.
  for (let k = 0n; k <= trips; k++) {
    const label = s.edit.label(loop.label);
    const values = new Map<Value, Value>(loop.params.map((p, i) => [p, now[i] ?? p]));
    const end = (e: Terminator): Terminator => {
      if (e.kind === 'next' && e.label === loop.label) return { ...e, kind: 'break', label };
      return e.kind === 'break' && e.label === loop.label ? { ...e, label: outer } : e;
    };
    const body = copyBody(loop.body, s.edit, {
      values,
      labels: new Map(),
      typeOf: (v) => typeOf(s.edit.types, v),
      by: 'unroll',
      end,
    });
    const results = loop.params.map((p) => s.edit.like(p));
    insts.push({ kind: 'block', label, results, body, pos: loop.pos, by: 'unroll' });
    now = results;
  }
  const rest = loop.results.map((r) => s.edit.like(r));
  insts.push({ ...loop, inits: now, results: rest });
  const end: Terminator = { kind: 'break', label: outer, args: rest, pos: loop.pos };
  return { kind: 'block', label: outer, results: loop.results, body: { insts, end }, pos: loop.pos, by: 'unroll' };
};
