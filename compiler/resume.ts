// The two forms of a function that can be left in the middle: one that is called, and one that goes on from a frame record.
//
//   func @f(%a) -> i64 {                     func @f(%a) -> i64, i32 {            func @runtime.resume.f(%r, %out) -> i32 {
//     %x = call @g(%a)                         %x, %s = call @g(%a)                 %x = load %r + results
//     %y = add.i64 %x, %a                      if %s { keep %a; ret(0, 1) }         %a = load %r + live values
//     ret(%y)                                  %y = add.i64 %x, %a                  %y = add.i64 %x, %a
//   }                                          ret(%y, 0)                           store %out, %y; ret(0)
//                                            }                                    }
//
// A *point* is where a function can be left: `suspend`, or a call that tells by its last result that the callee has been left. The second form
// is one copy of the whole function that can be entered at each of its points: its code grows to about twice, whatever the number of points. What lies
// before the point that is gone to is jumped over by tests of the point's number, once: loops have the number as one more parameter, which is 0 from the
// second round on. So code runs at full speed after going on. That bodies are trees makes it possible: what is
// left of a function is the rest of this body, then the rounds of the loop that are left, then the rest of what encloses it.
//
// Both forms can be one: a function with the record as its first parameter, which is 0 when it begins. That is less code, but there is more to do in
// a call, so it is for functions that are called seldom.
//
// A call at the very end of a function of the run-time, whose results are the function's, needs no point: whatever its status, it is passed on, and
// once the callee has ended its results go to the caller's record. So what only asks the scheduler for something has no record of its own.
// Functions of programs have theirs also then, as profiles are made from records.
//
// After continuations by generalized stack inspection (Pettyjohn et al., ICFP 2005) and fibers by compiler-inserted returns
// (as in Ghosh et al.: Compiler-based Timing, SC 2020), with one resumable copy in place of one continuation a point.
import { frameRecord } from '../vm/abi.ts';
import type { Body, Func, Inst, OpInst, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';
import { passedOn, passesOn } from './resume-ends.ts';
import { enterBody, type Resuming, restore, restored } from './resume-enter.ts';
import { Code, exitOf, leave, typeIn, unlessDone, withExit, zeros } from './resume-leave.ts';
import { type Leaving, type Plan, planOf, wordsBefore } from './resume-plan.ts';
import { editOf, withBodies } from './tree.ts';

const by = 'fibers';

/** Every terminator of a body anew, with code before it. */
const withEnds = (body: Body, change: (end: Terminator) => { insts: readonly Inst[]; end: Terminator }): Body => {
  const { insts, end } = change(body.end);
  return { insts: [...body.insts.map((i) => withBodies(i, (b) => withEnds(b, change))), ...insts], end };
};

// ---- as it is called --------------------------------------------------------------------------------------------

/** The function with its status as one more result. Without points it never leaves. */
const calledForm = (f: Func, plan: Plan | undefined): Func => {
  const edit = editOf(f);
  const left = new Set<Terminator>();
  const s = plan && { plan, edit, left, exit: exitOf(plan, edit) };
  const walk = (body: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of body.insts) {
      if (!s?.plan.isPoint(inst) || inst.kind !== 'op') {
        insts.push(withBodies(inst, walk));
      } else if (inst.op === 'suspend') {
        // What follows is reached only by going on.
        const rest = leave(s, inst, f.results);
        return { insts: [...insts, ...rest.insts], end: rest.end };
      } else {
        const status = edit.value('i32');
        insts.push({ ...inst, results: [...inst.results, status] }, ...unlessDone(s, inst, status, f.results));
      }
    }
    return { insts, end: body.end };
  };
  const head = new Code(edit, f.pos);
  const none = head.i32(0);
  const ended = withEnds(walk(f.body), (end) =>
    end.kind !== 'ret' || left.has(end) || passesOn(f, end)
      ? { insts: [], end }
      : { insts: [], end: { ...end, args: [...end.args, none] } },
  );
  const { insts, end } = s ? withExit(s, ended, f.results) : ended;
  const body = { insts: [...head.insts, ...insts], end };
  return { ...f, results: [...f.results, 'i32'], types: edit.types, body };
};

// ---- as it goes on ----------------------------------------------------------------------------------------------

/** The function that goes on from a record: (address of the record, address for the results) → status. */
const resumedForm = (f: Func, plan: Plan): Func => {
  const edit = editOf(f);
  const left = new Set<Terminator>();
  const [record, out] = [edit.value('i32'), edit.value('i32')];
  const head = new Code(edit, f.pos);
  const keep: OpInst = { kind: 'op', op: 'frame.keep', suffix: '', results: [], args: [], imms: [], pos: f.pos, by };
  const none = head.i32(0);
  const target = head.op('load', 'i32', 'i32', [head.pointer(record)], [frameRecord.point]);
  const exit = exitOf(plan, edit);
  const s: Resuming = { plan, edit, left, record, exit, results: [], zero: none, entered: new Set() };
  for (const v of f.params) restore(s, head, v, v);
  const entered = enterBody(s, f.body, target, true);
  const changed = withEnds(entered, (end) => {
    if (end.kind === 'next' && s.entered.has(end.label))
      return { insts: [], end: { ...end, args: [...end.args, none] } };
    if (end.kind !== 'ret' || left.has(end)) return { insts: [], end };
    const c = new Code(edit, end.pos);
    const results = end.args.slice(0, f.results.length);
    if (results.length > 0) {
      const pointer = c.pointer(out);
      const words = wordsBefore(f.results);
      for (const [k, v] of results.entries()) c.store(typeIn(s, v), pointer, v, 8 * (words[k] ?? 0));
    }
    return { insts: c.insts, end: { ...end, args: [end.args[f.results.length] ?? none] } };
  });
  const body = withExit(s, changed, []);
  return {
    ...f,
    name: plan.resumeName,
    params: [record, out],
    results: ['i32'],
    types: edit.types,
    body: { insts: [keep, ...head.insts, ...body.insts], end: body.end },
  };
};

// ---- one form for both ------------------------------------------------------------------------------------------

/** The function with a record as one more parameter, the first: it goes on from there; 0: it begins. */
const unitedForm = (f: Func, plan: Plan): Func => {
  const edit = editOf(f);
  const left = new Set<Terminator>();
  const [record, target] = [edit.value('i32'), edit.value('i32')];
  const { pos } = f;
  const enter: OpInst = {
    kind: 'op',
    op: 'frame.enter',
    suffix: '',
    results: [],
    args: [record],
    imms: [],
    pos,
    by,
  };
  const head = new Code(edit, pos);
  const none = head.i32(0);
  const exit = exitOf(plan, edit);
  const s: Resuming = { plan, edit, left, record, exit, results: f.results, zero: none, entered: new Set() };
  const kept = f.params.filter((v) => plan.word.has(v));
  const params = f.params.map((v) => (plan.word.has(v) ? edit.like(v) : v));
  const going = new Code(edit, pos);
  const point = going.op('load', 'i32', 'i32', [going.pointer(record)], [frameRecord.point]);
  const loaded = kept.map((v) => restored(s, going, v));
  const label = edit.label('r');
  const end = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  const begun = params.filter((_, k) => plan.word.has(f.params[k] ?? -1));
  const choice = ifInst(
    { label, condition: record, results: [target, ...kept], pos, by },
    { insts: going.insts, end: end([point, ...loaded]) },
    { insts: [], end: end([none, ...begun]) },
  );
  const entered = enterBody(s, f.body, target, false);
  const changed = withEnds(entered, (e) => {
    const more = (e.kind === 'next' && s.entered.has(e.label)) || (e.kind === 'ret' && !left.has(e) && !passesOn(f, e));
    return { insts: [], end: more ? { ...e, args: [...e.args, none] } : e };
  });
  const body = withExit(s, changed, f.results);
  return {
    ...f,
    params: [record, ...params],
    results: [...f.results, 'i32'],
    types: edit.types,
    body: { insts: [enter, ...head.insts, choice, ...body.insts], end: body.end },
  };
};

/** What the scheduler calls to have that one go on; of no place, so that reports show the function once. */
const goingOn = (f: Func, plan: Plan): Func => {
  const edit = editOf({ ...f, types: [], params: [], body: { insts: [], end: { kind: 'unreachable', pos: 0 } } });
  const [record, out] = [edit.value('i32'), edit.value('i32')];
  const c = new Code(edit, 0);
  const args = zeros(
    c,
    f.params.map((v) => f.types[v] ?? 'i64'),
  );
  const results = f.results.map((t) => edit.value(t));
  const status = edit.value('i32');
  const called: OpInst = {
    kind: 'op',
    op: 'call',
    suffix: '',
    results: [...results, status],
    args: [record, ...args],
    imms: [f.name],
    pos: 0,
    by,
  };
  c.insts.push(called);
  if (results.length > 0) {
    const told = new Code(edit, 0);
    const pointer = told.pointer(out);
    const words = wordsBefore(f.results);
    for (const [k, v] of results.entries()) told.store(f.results[k] ?? 'i64', pointer, v, 8 * (words[k] ?? 0));
    const label = edit.label('d');
    const end: Terminator = { kind: 'break', label, args: [], pos: 0, by };
    const head = { label, condition: status, results: [], pos: 0, by } as const;
    c.insts.push(ifInst(head, { insts: [], end }, { insts: told.insts, end }));
  }
  return {
    name: plan.resumeName,
    params: [record, out],
    results: ['i32'],
    slots: [],
    types: edit.types,
    body: { insts: c.insts, end: { kind: 'ret', args: [status], pos: 0, by } },
    pos: 0,
  };
};

/**
 * The forms of a function: as it is called and as it goes on; without points there is nothing to go on with. `united`: one form for both, whose
 * callers pass 0 as the first argument.
 */
export const leavable = (func: Func, how: Leaving, united: boolean): readonly Func[] => {
  const { f, leaving } = passedOn(func, how);
  const plan = planOf(f, leaving);
  if (united && plan) return [unitedForm(f, plan), goingOn(f, plan)];
  return plan ? [calledForm(f, plan), resumedForm(f, plan)] : [calledForm(f, undefined)];
};
