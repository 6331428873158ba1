// Calls at the very end of a function that can be left (see resume.ts): what becomes of the callee is passed on, and there is no record for it.
import { entryPrefix, isRuntime } from '../vm/abi.ts';
import type { Body, Func, Inst, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';
import { Code } from './resume-leave.ts';
import type { Leaving } from './resume-plan.ts';
import { editOf, withBodies } from './tree.ts';

const by = 'fibers';

const sameValues = (a: readonly Value[], b: readonly Value[]): boolean =>
  a.length === b.length && a.every((v, k) => v === b[k]);

/**
 * The function with points at its ends passed on: the call with its status as one more result, and `ret` with that behind the function's own
 * results. Not where the function has variables in memory: their place is given back when it ends.
 */
export const passedOn = (f: Func, leaving: Leaving): { readonly f: Func; readonly leaving: Leaving } => {
  if (f.slots.length > 0 || !isRuntime(f.name)) return { f, leaving };
  const ended = f.name.startsWith(entryPrefix) && entryPassedOn(f, leaving);
  if (ended) return ended;
  const passed = new Set<Inst>();
  const isPoint = (i: Inst): boolean => leaving.isPoint(i) && !passed.has(i);
  const edit = editOf(f);
  /** `ends`: labels of which a `break` without values does what `ret` without values does. */
  const walk = (body: Body, ends: ReadonlySet<string>): Body => {
    const last = body.insts.at(-1);
    const { end } = body;
    const returns = end.kind === 'ret' || (end.kind === 'break' && ends.has(end.label));
    const inner = (i: Inst): ReadonlySet<string> => {
      if (i.kind !== 'if' && i.kind !== 'block') return new Set();
      return i === last && returns && end.args.length === 0 ? new Set([...ends, i.label]) : ends;
    };
    const insts = body.insts.map((i) => withBodies(i, (b) => walk(b, inner(i))));
    if (last?.kind !== 'op' || !returns || !isPoint(last) || !sameValues(last.results, end.args)) return { insts, end };
    const status = edit.value('i32');
    const called: Inst =
      last.op === 'suspend'
        ? { ...last, op: 'const', suffix: 'i32', imms: [1n], results: [status], by }
        : { ...last, results: [...last.results, status] };
    passed.add(called);
    const args = [...last.results, status];
    return { insts: [...insts.slice(0, -1), called], end: { kind: 'ret', args, pos: end.pos, by } };
  };
  const body = walk(f.body, new Set());
  return { f: { ...f, types: edit.types, body }, leaving: { ...leaving, isPoint } };
};

/**
 * A function that a task begins with ends by storing the result where its argument points. If nothing else follows its call, it needs no point either:
 * the scheduler has results of a task's last record stored there.
 */
const entryPassedOn = (f: Func, leaving: Leaving): { readonly f: Func; readonly leaving: Leaving } | undefined => {
  const { insts, end } = f.body;
  const at = insts.findIndex((i) => leaving.isPoint(i));
  const call = insts[at];
  const [, ...more] = insts.slice(at);
  const defs = new Map(insts.flatMap((i) => i.results.map((v) => [v, i] as const)));
  const source = (v: Value | undefined, ...ops: readonly string[]): Value | undefined =>
    ops.reduce<Value | undefined>((from, op) => {
      const d = from === undefined ? undefined : defs.get(from);
      return d?.kind === 'op' && d.op === op ? d.args[0] : undefined;
    }, v);
  const store = more.at(-1);
  const fits =
    call?.kind === 'op' &&
    call.results.length === 1 &&
    end.kind === 'ret' &&
    more.every((i, k) => i.kind === 'op' && (i === store ? i.op === 'store' : k === 0 && i.op === 'addr')) &&
    store?.kind === 'op' &&
    store.args[1] === call.results[0] &&
    store.imms[0] === 0 &&
    source(store.args[0], 'addr', 'gptr.of', 'wrap') === f.params[0];
  if (!fits) return undefined;
  const edit = editOf(f);
  const status = edit.value('i32');
  const { pos } = call;
  const c = new Code(edit, pos);
  const done = c.op('eqz', 'i32', 'i32', [status]);
  const label = edit.label('d');
  const out: Terminator = { kind: 'break', label, args: [], pos, by };
  const head = { label, condition: done, results: [], pos, by };
  const called: Inst = { ...call, results: [...call.results, status] };
  const body: Body = {
    insts: [
      ...insts.slice(0, at),
      called,
      ...c.insts,
      ifInst(head, { insts: more, end: out }, { insts: [], end: out }),
    ],
    end: { ...end, args: [status] },
  };
  const isPoint = (i: Inst): boolean => i !== called && leaving.isPoint(i);
  return { f: { ...f, types: edit.types, body }, leaving: { ...leaving, isPoint } };
};

/** Whether a `ret` of a function passes the status of a call on. */
export const passesOn = (f: Func, end: Terminator): boolean => end.kind === 'ret' && end.args.length > f.results.length;
