// lower-hooks: what looks whether something is due becomes code.
//
//   hook 4000, place, 0      %flag = load.i32 (addr (gptr.of slot)) poll
//                            if @h %flag = 0 likely { break @h } else { call @runtime.hook(position); break @h }
//
// The flag is read as any word is, not atomically: nothing is ordered by it, and a round sooner or later does not matter. With
// `--timing=count` there is no flag, but a word that each hook takes the cost of the way to it from.
import { page } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { intervalUnits } from '../cost.ts';
import { ofRuntime } from '../guards.ts';
import type { Body, Func, Inst, OpInst, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { numberImm } from '../ir-types.ts';
import type { PassContext } from '../passes.ts';
import { hasPars, hasShares, hookServer, hookTimer, isMoving, stressRuntime } from '../runtime-functions.ts';
import { editOf, forEachInst, withBodies } from '../tree.ts';

const by = 'lower-hooks';

const place = (r: Replacement, context: PassContext): Value => {
  // The worker's own flag, whosever work it runs.
  const slot = append(r, hasPars(context.program) ? 'worker' : 'slot', '', 'i32', []);
  return append(r, 'addr', '', 'ptr', [append(r, 'gptr.of', '', 'gptr', [slot])]);
};

const word = (r: Replacement, offset: number) =>
  ({ kind: 'op', suffix: 'i32', imms: [offset], pos: r.pos, by, guard: ofRuntime }) as const;

const load = (r: Replacement, context: PassContext, offset: number, result: Value = r.edit.value('i32')): Value => {
  const args = [place(r, context)];
  r.insts.push({ ...word(r, offset), op: 'load', args, results: [result] });
  return result;
};

const store = (r: Replacement, context: PassContext, offset: number, value: Value): void => {
  const args = [place(r, context), value];
  r.insts.push({ ...word(r, offset), op: 'store', args, results: [] });
};

const int = (r: Replacement, n: number): Value => append(r, 'const', 'i32', 'i32', [], [BigInt(n)]);

/** With `--stress=beat`: where work can be given away, at every hook. */
const beats = ({ hooks, program }: PassContext): boolean =>
  (hooks.beats ?? false) && (hasPars(program) || hasShares(program));

/** Not 0: something is due. */
const dueOf = (r: Replacement, cost: number, context: PassContext, result?: Value): Value => {
  if (context.hooks.always || context.hooks.moves !== undefined || beats(context))
    return append(r, 'const', 'i32', 'i32', [], [1n], result);
  if (context.hooks.timing !== 'count') return load(r, context, page.poll, result);
  const before = load(r, context, page.hookLeft);
  const left = cost === 0 ? before : append(r, 'sub', 'i32', 'i32', [before, int(r, cost)]);
  if (cost !== 0) store(r, context, page.hookLeft, left);
  return append(r, 'le_s', 'i32', 'i32', [left, int(r, 0)], [], result);
};

const lowered = (r: Replacement, hook: OpInst, context: PassContext): void => {
  const due = dueOf(r, numberImm(hook.imms, 0), context);
  const none = append(r, 'eqz', 'i32', 'i32', [due]);
  const label = r.edit.label('h0');
  const end = { kind: 'break', label, args: [], pos: r.pos, by } as const;
  const serve: Replacement = { ...r, insts: [] };
  if (context.hooks.timing === 'count')
    store(serve, context, page.hookLeft, int(serve, intervalUnits(context.hooks.interval)));
  const position = append(serve, 'position', '', 'i32', [], [BigInt(r.pos)]);
  const common = { kind: 'op', op: 'call', suffix: '', results: [], pos: r.pos, by } as const;
  if (context.hooks.timed) serve.insts.push({ ...common, args: [], imms: [hookTimer] });
  const { moves } = context.hooks;
  if (moves !== undefined && isMoving(context.program)) {
    const every = append(serve, 'const', 'i64', 'i64', [], [BigInt(moves)]);
    serve.insts.push({ ...common, args: [every], imms: [stressRuntime.safepoint] });
  }
  serve.insts.push({ ...common, args: [position], imms: [hookServer(context.program, context.hooks)] });
  const head = { label, condition: none, likely: true, results: [], pos: r.pos, by };
  r.insts.push(ifInst(head, { insts: [], end }, { insts: serve.insts, end }));
};

const isHook = (inst: Inst): inst is OpInst => inst.kind === 'op' && (inst.op === 'hook' || inst.op === 'hook.due');

export const lowerHooks = (f: Func, context: PassContext): Func => {
  let any = false;
  forEachInst(f.body, (i) => {
    any ||= isHook(i);
  });
  if (!any) return f;
  const edit = editOf(f);
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      const r: Replacement = { insts, edit, pos: inst.pos, by };
      if (!isHook(inst)) insts.push(withBodies(inst, body));
      else if (inst.op === 'hook') lowered(r, inst, context);
      else dueOf(r, numberImm(inst.imms, 0), context, inst.results[0]);
    }
    return { insts, end: b.end };
  };
  const changed = body(f.body);
  return { ...f, types: edit.types, body: changed };
};
