// fold: constants and identities. An op on constants becomes a constant, an op that gives one of its operands is
// replaced by it, a check that always holds goes, a branch on a constant becomes the arm that is taken.
//
//   %a = const.i64 2                       %a = const.i64 2
//   %b = mul.i64 %a, %a                    %b = const.i64 4 !by=fold
//   %c = add.i64 %x, %zero                 (every use of %c reads %x)
//
// Exact: floats only where every input gives the same bits (x + 0 stays: -0 + 0 is 0), integers modulo their width.
// The rules for one op are in fold-rules.ts, those for `if`, `block` and `loop` here.
import { unreachable } from '../../lang/unreachable.ts';
import { Definitions } from '../definitions.ts';
import { countUses, intOf } from '../facts.ts';
import type { Body, Func, Inst, LoopInst, OpInst, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { type Settled, settledExtents } from '../settled.ts';
import {
  argsOf,
  bodiesOf,
  breaksTo,
  definedIn,
  type Edit,
  editOf,
  hasBreak,
  nextsOf,
  resolver,
  substitute,
  targets,
  withArgs,
  withOperands,
} from '../tree.ts';
import { foldOp } from './fold-rules.ts';

interface State {
  readonly f: Func;
  readonly context: PassContext;
  readonly edit: Edit;
  readonly defs: Definitions;
  readonly replaced: Map<Value, Value>;
  readonly get: (v: Value) => Value;
  readonly settled: Settled;
}

export const fold = (f: Func, context: PassContext): Func => {
  const replaced = new Map<Value, Value>();
  const s: State = {
    f,
    context,
    edit: editOf(f),
    defs: Definitions.ofSize(f.types.length),
    replaced,
    get: resolver(replaced),
    settled: settledExtents(context.program, f.name),
  };
  const body = foldBody(s, f.body);
  return { ...f, types: s.edit.types, body: replaced.size === 0 ? body : substitute(body, s.get) };
};

/** What became of an instruction: others in its place, and perhaps an end of the whole body. */
interface Folded {
  readonly insts: readonly Inst[];
  readonly end?: Terminator;
  /** What follows is not reached. */
  readonly dead?: boolean;
}

const foldBody = (s: State, body: Body): Body => {
  const insts: Inst[] = [];
  for (let at = 0; at < body.insts.length; at++) {
    const inst = body.insts[at];
    if (!inst) break;
    const moved = withOperands(inst, s.get);
    if (moved.kind === 'op') {
      foldOne(s, moved, insts);
      continue;
    }
    const now = foldStructure(s, moved);
    for (const i of now.insts) insts.push(i);
    if (now.end) return { insts, end: withArgs(now.end, s.get) };
    const more = at + 1 < body.insts.length || body.end.kind !== 'unreachable';
    if (now.dead && more && s.context.allow()) return { insts, end: { kind: 'unreachable', pos: inst.pos } };
  }
  return { insts, end: withArgs(body.end, s.get) };
};

const foldStructure = (s: State, inst: Exclude<Inst, OpInst>): Folded => {
  switch (inst.kind) {
    case 'if': {
      const c = intOf(s.defs, inst.condition);
      if (c !== undefined && s.context.allow()) {
        return splice(s, foldBody(s, c !== 0n ? inst.then : inst.else), inst, true);
      }
      const yes = foldBody(s, inst.then);
      const no = foldBody(s, inst.else);
      return foldIf(s, ifInst(inst, yes, no));
    }
    case 'block':
      return splice(s, foldBody(s, inst.body), inst, false);
    case 'loop': {
      // Once before the body, which then folds further; once after, when its own results are known.
      const first = withoutConstantParams(s, inst);
      const now = withoutConstantParams(s, { ...first, body: foldBody(s, first.body) });
      const { params, inits, body } = now;
      if (nextsOf(body, inst.label).length === 0 && s.context.allow()) {
        const map = new Map(params.map((p, i) => [p, inits[i] ?? p]));
        const once = substitute(body, (v) => map.get(v) ?? v);
        return splice(s, once, inst, true);
      }
      const loop: Inst = { ...inst, params, inits, body };
      s.defs.add(loop);
      shareResults(s, loop, body);
      return { insts: [loop], dead: neverLeft(loop, [body]) };
    }
    default:
      return unreachable(inst);
  }
};

/** A parameter that every round gives back unchanged is its initial value. */
const withoutConstantParams = (s: State, loop: LoopInst): LoopInst => {
  const nexts = nextsOf(loop.body, loop.label);
  const keep = loop.params.map((p, i) => {
    const init = loop.inits[i];
    const same = init !== undefined && nexts.every((n) => [p, init].includes(s.get(n.args[i] ?? -1)));
    if (!same || !s.context.allow()) return true;
    s.replaced.set(p, s.get(init));
    return false;
  });
  if (keep.every((k) => k)) return loop;
  return {
    ...loop,
    params: loop.params.filter((_, i) => keep[i]),
    inits: loop.inits.filter((_, i) => keep[i]),
    body: dropNextArgs(loop.body, loop.label, keep),
  };
};

const dropNextArgs = (body: Body, label: string, keep: readonly boolean[]): Body => {
  if (keep.every((k) => k)) return body;
  const change = (b: Body): Body => ({
    insts: b.insts.map((i) =>
      i.kind === 'op'
        ? i
        : i.kind === 'if'
          ? ifInst(i, change(i.then), change(i.else))
          : { ...i, body: change(i.body) },
    ),
    end:
      b.end.kind === 'next' && b.end.label === label ? { ...b.end, args: b.end.args.filter((_, i) => keep[i]) } : b.end,
  });
  return change(body);
};

/** What the op becomes goes to the end of `into`. */
const foldOne = (s: State, inst: OpInst, into: Inst[]): void => {
  const now = foldOp(inst, {
    defs: s.defs,
    edit: s.edit,
    settled: s.settled,
    func: s.f,
    program: s.context.program,
    late: !s.context.pending.has('vectorise'),
  });
  switch (now.kind) {
    case 'same':
      break;
    case 'nothing':
      if (s.context.allow()) return;
      break;
    case 'value': {
      const result = inst.results[0];
      if (result === undefined || !s.context.allow()) break;
      s.replaced.set(result, s.get(now.value));
      return;
    }
    case 'ops': {
      if (!s.context.allow()) break;
      const last = now.insts.at(-1);
      for (const i of now.insts.slice(0, -1)) {
        s.defs.add(i);
        into.push(i);
      }
      // The new op may fold further: each rule makes it smaller, so this ends.
      if (last) foldOne(s, last, into);
      return;
    }
    default:
      return unreachable(now);
  }
  s.defs.add(inst);
  into.push(inst);
};

/** Puts a body that certainly runs in place of the structure that held it. `decided`: it cannot stay as it was. */
const splice = (s: State, body: Body, from: Exclude<Inst, OpInst>, decided: boolean): Folded => {
  const { label, results } = from;
  const may = (): boolean => decided || s.context.allow();
  const breaks = breaksTo(body, label);
  if (breaks.length === 0 && may()) return { insts: body.insts, end: body.end };
  const { end } = body;
  if (breaks.length === 1 && targets(end, label) && may()) {
    results.forEach((r, i) => {
      const v = argsOf(end)[i];
      if (v !== undefined) s.replaced.set(r, s.get(v));
    });
    return { insts: body.insts };
  }
  const armed = intoArms(body, label);
  const tail = armed === body || !may() ? body : armed;
  const before = tail.insts.slice(0, -1);
  const last = tail.insts.at(-1);
  // A body that ends in an `if` of which each arm gives the block's results is that `if`.
  const isIf = last?.kind === 'if' && tail.end.kind === 'unreachable' && onlyAtEnds(last, label);
  if (isIf && before.every((i) => !jumpsTo(i, label)) && may()) {
    const now = foldIf(s, ifInst({ ...last, label, results }, last.then, last.else));
    return { ...now, insts: [...before, ...now.insts] };
  }
  const block: Inst = {
    kind: 'block',
    label,
    results,
    body: tail,
    pos: from.pos,
    ...(from.by ? { by: from.by } : {}),
  };
  s.defs.add(block);
  return { insts: [block], dead: neverLeft(block, [tail]) };
};

const jumpsTo = (inst: Inst, label: string): boolean =>
  inst.kind !== 'op' && bodiesOf(inst).some((b) => hasBreak(b, label));

/** Both arms leave for good, and neither breaks to the `if` itself. */
const onlyAtEnds = (inst: Inst & { kind: 'if' }, label: string): boolean =>
  ![inst.then, inst.else].some((b) => hasBreak(b, inst.label)) &&
  [inst.then, inst.else].some((b) => targets(b.end, label));

/**
 * `if c { …; break @block } else { …; break @if }; rest` → `if c { …; break @block } else { …; rest }`: an early exit
 * becomes a branch, so that the block can become an `if` with results.
 */
const intoArms = (body: Body, label: string): Body => {
  for (const [at, inst] of body.insts.entries()) {
    if (inst.kind !== 'if') continue;
    const thenBack = breaksTo(inst.then, inst.label);
    const elseBack = breaksTo(inst.else, inst.label);
    const [gone, stays, back] = thenBack.length === 0 ? ['then', inst.else, elseBack] : ['else', inst.then, thenBack];
    const other = gone === 'then' ? inst.then : inst.else;
    const exits = gone === 'then' ? thenBack.length === 0 : elseBack.length === 0;
    const { end } = stays;
    if (!exits || !targets(other.end, label) || back.length !== 1 || !targets(end, inst.label)) continue;
    const args = argsOf(end);
    const map = new Map(inst.results.map((r, i) => [r, args[i] ?? r]));
    const rest = substitute({ insts: body.insts.slice(at + 1), end: body.end }, (v) => map.get(v) ?? v);
    const inner = intoArms(rest, label);
    const arm: Body = { insts: [...stays.insts, ...inner.insts], end: inner.end };
    const head = { ...inst, results: [] };
    const merged = gone === 'then' ? ifInst(head, inst.then, arm) : ifInst(head, arm, inst.else);
    return { insts: [...body.insts.slice(0, at), merged], end: { kind: 'unreachable', pos: inst.pos } };
  }
  return body;
};

const foldIf = (s: State, inst: Inst & { kind: 'if' }): Folded => {
  const { then: yes, else: no, label } = inst;
  const emptyArm = (b: Body): boolean => b.insts.length === 0 && b.end.kind === 'break' && b.end.label === label;
  if (emptyArm(yes) && emptyArm(no)) {
    const a = argsOf(yes.end);
    const b = argsOf(no.end);
    if (inst.results.every((_, i) => a[i] === b[i]) && s.context.allow()) {
      inst.results.forEach((r, i) => {
        const v = a[i];
        if (v !== undefined) s.replaced.set(r, s.get(v));
      });
      return { insts: [] };
    }
  }
  s.defs.add(inst);
  shareResults(s, inst, yes, no);
  return { insts: [inst], dead: neverLeft(inst, [yes, no]) };
};

/** A result to which every exit gives the same value from outside is that value. */
const shareResults = (s: State, inst: Inst & { kind: 'if' | 'loop' }, ...bodies: readonly Body[]): void => {
  if (inst.results.length === 0) return;
  const ends = bodies.flatMap((b) => breaksTo(b, inst.label));
  let inner: Set<Value> | undefined;
  const isInner = (v: Value): boolean => {
    if (!inner) {
      inner = new Set(inst.kind === 'loop' ? inst.params : []);
      for (const b of bodies) definedIn(b, inner);
    }
    return inner.has(v);
  };
  inst.results.forEach((r, i) => {
    const only = s.get(ends[0]?.args[i] ?? -1);
    if (ends.length === 0 || ends.some((e) => s.get(e.args[i] ?? -1) !== only)) return;
    if (isInner(only) || !countUses(s.f.body).has(r) || !s.context.allow()) return;
    s.replaced.set(r, only);
  });
};

/** Nothing breaks to the structure's own label: what follows it is not reached. */
const neverLeft = (inst: Exclude<Inst, OpInst>, bodies: readonly Body[]): boolean =>
  !bodies.some((b) => hasBreak(b, inst.label));
