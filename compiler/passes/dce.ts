// dce: what nobody needs goes. Unused values, parameters and results of loops, branches that do nothing, loops that
// certainly end and whose results are unused, code after a terminator that always comes, unused frame slots.
//
//   %a = mul.i64 %x, %y        (nothing: nobody reads %a)
//   if @i %c { break @i } else { break @i }        (nothing)
//
// Backwards from what can be seen: an instruction is needed if it has an effect that matters, leaves the structure around
// it, or may run for ever; a value if something needed reads it. Divisions (their checks are ops of their
// own) have no effect that matters, and loads only as long as they need a guard and have none yet.
import { unreachable } from '../../lang/unreachable.ts';
import type { Def } from '../definitions.ts';
import { bits, effectBits, isDivision, isLoad } from '../effects.ts';
import { countedAtBottom, countedOf, type Defs, defsOf } from '../facts.ts';
import type { BlockInst, Body, Func, IfInst, Inst, LoopInst, OpInst, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import type { PassContext } from '../passes.ts';
import { mayFault, type Provenance, provenanceOf } from '../provenance.ts';
import { argsOf, bodiesOf, forEachInst, leaves } from '../tree.ts';

type Structure = IfInst | BlockInst | LoopInst;

interface Needs {
  readonly defs: Defs;
  readonly provenance: Provenance;
  /** Accesses that may fault are felt. */
  readonly guards: boolean;
  /** 1: needed. */
  readonly values: Uint8Array;
  /** Structures that are needed, and ops that are whoever reads their results: others are if one of those is. */
  readonly insts: Set<Inst>;
  /** Structures that break or go on to a label. */
  readonly ends: Map<string, Terminator[]>;
  readonly effect: Map<Inst, boolean>;
  /** Structures around each structure, and around the op that gives each value. */
  readonly parent: Map<Inst, Structure | undefined>;
  readonly around: (Structure | undefined)[];
}

export const dce = (f: Func, context: PassContext): Func => {
  const defs = defsOf(f);
  const needs: Needs = {
    defs,
    provenance: provenanceOf(f, context.program, defs),
    guards: context.guards !== 'off',
    values: new Uint8Array(f.types.length),
    insts: new Set(),
    ends: new Map(),
    effect: new Map(),
    parent: new Map(),
    around: [],
  };
  collect(needs, f.body, undefined);
  needBody(needs, f.body);
  let removed = false;
  forEachInst(f.body, (i) => {
    if (!isNeeded(needs, i)) removed = true;
    else if (i.kind !== 'op' && i.results.some((r) => !needs.values[r])) removed = true;
    else if (i.kind === 'loop' && i.params.some((p) => !needs.values[p])) removed = true;
  });
  const swept = removed && context.allow() ? { ...f, body: sweep(needs, f.body) } : f;
  return dropSlots(swept, context);
};

// ---- marking ----------------------------------------------------------------------------------------------------

const isNeeded = (n: Needs, inst: Inst): boolean => {
  if (inst.kind === 'op') for (const v of inst.results) if (n.values[v]) return true;
  return n.insts.has(inst);
};

const collect = (n: Needs, body: Body, around: Structure | undefined): void => {
  for (const inst of body.insts) {
    if (inst.kind === 'op') {
      for (const v of inst.results) n.around[v] = around;
      continue;
    }
    n.parent.set(inst, around);
    for (const b of bodiesOf(inst)) collect(n, b, inst);
  }
  const { end } = body;
  if (end.kind === 'break' || end.kind === 'next') {
    const key = `${end.kind} ${end.label}`;
    const list = n.ends.get(key);
    if (list) list.push(end);
    else n.ends.set(key, [end]);
  }
};

const matters = (n: Needs, inst: OpInst): boolean => {
  if (isDivision(inst.op)) return false;
  // Once there is a guard, that is what faults.
  if (isLoad(inst.op) && n.guards && inst.guard === undefined) return mayFault(n.provenance, inst);
  return (
    (effectBits(inst.op) & ~(bits.place | bits.reads | bits['handle-reads'])) !== 0 ||
    (effectBits(inst.op) & bits.synchronises) !== 0
  );
};

/** Needed whoever reads its results. */
const isEssential = (n: Needs, inst: Inst): boolean => hasEffect(n, inst) || leaves(inst);

/** Does something that can be felt, apart from where it goes on. */
const hasEffect = (n: Needs, inst: Inst): boolean => {
  if (inst.kind === 'op') return matters(n, inst);
  const known = n.effect.get(inst);
  if (known !== undefined) return known;
  const now =
    (inst.kind === 'loop' && !ends(n.defs, inst)) || bodiesOf(inst).some((b) => b.insts.some((i) => hasEffect(n, i)));
  n.effect.set(inst, now);
  return now;
};

/** The loop certainly comes to its end: it counts by one, which cannot jump over the bound, and tests each time. */
const ends = (defs: Defs, loop: LoopInst): boolean => {
  const c = countedOf(defs, loop) ?? countedAtBottom(defs, loop);
  if (!c) return false;
  const { op } = c;
  const { step } = c.induction;
  return (
    (op === 'lt' && step === 1n) || (op === 'gt' && step === -1n) || (op === 'ne' && (step === 1n || step === -1n))
  );
};

const needBody = (n: Needs, body: Body): void => {
  for (const inst of body.insts) {
    if (!isEssential(n, inst)) continue;
    if (inst.kind !== 'op') needInst(n, inst);
    // What is around it is needed: it is its body that is looked at.
    else if (!n.insts.has(inst)) {
      n.insts.add(inst);
      for (const v of inst.args) needValue(n, v);
    }
  }
  const { end } = body;
  // Arguments of breaks and nexts are needed as the results and parameters they give are.
  if (end.kind === 'ret' || end.kind === 'fault' || end.kind === 'raise') for (const v of end.args) needValue(n, v);
};

const needInst = (n: Needs, inst: Structure): void => {
  if (n.insts.has(inst)) return;
  n.insts.add(inst);
  const around = n.parent.get(inst);
  if (around) needInst(n, around);
  switch (inst.kind) {
    case 'if':
      needValue(n, inst.condition);
      needBody(n, inst.then);
      needBody(n, inst.else);
      return;
    case 'block':
    case 'loop':
      needBody(n, inst.body);
      return;
    default:
      unreachable(inst);
  }
};

const needValue = (n: Needs, first: Value): void => {
  const work: Value[] = [first];
  for (let v = work.pop(); v !== undefined; v = work.pop()) {
    if (n.values[v]) continue;
    n.values[v] = 1;
    const def = n.defs.get(v);
    if (!def) continue;
    if (def.kind === 'op') {
      const around = n.around[v];
      if (around) needInst(n, around);
      for (const arg of def.inst.args) work.push(arg);
      continue;
    }
    for (const source of sourcesOf(n, def)) work.push(source);
    needInst(n, def.kind === 'param' ? def.loop : def.inst);
  }
};

/** Values that a result or parameter may get. */
const sourcesOf = (n: Needs, def: Exclude<Def, { kind: 'op' }>): readonly Value[] => {
  const at = (key: string, index: number): Value[] => (n.ends.get(key) ?? []).flatMap((e) => argsOf(e)[index] ?? []);
  switch (def.kind) {
    case 'result':
      return at(`break ${def.inst.label}`, def.index);
    case 'param':
      return [...at(`next ${def.loop.label}`, def.index), ...def.loop.inits.slice(def.index, def.index + 1)];
    default:
      return unreachable(def);
  }
};

// ---- sweeping ---------------------------------------------------------------------------------------------------

const sweep = (n: Needs, whole: Body): Body => {
  const results = new Map<string, readonly boolean[]>();
  const params = new Map<string, readonly boolean[]>();
  const pick = <T>(list: readonly T[], keep: readonly boolean[] | undefined): readonly T[] =>
    keep ? list.filter((_, i) => keep[i]) : list;
  const live = (list: readonly Value[]): readonly boolean[] => list.map((v) => n.values[v] === 1);
  const end = (e: Terminator): Terminator => {
    if (e.kind === 'break') return { ...e, args: pick(e.args, results.get(e.label)) };
    return e.kind === 'next' ? { ...e, args: pick(e.args, params.get(e.label)) } : e;
  };
  const inst = (i: Inst): readonly Inst[] => {
    if (!isNeeded(n, i)) return [];
    if (i.kind === 'op') return [i];
    const keep = live(i.results);
    results.set(i.label, keep);
    switch (i.kind) {
      case 'if':
        return [ifInst({ ...i, results: pick(i.results, keep) }, body(i.then), body(i.else))];
      case 'block':
        return [{ ...i, results: pick(i.results, keep), body: body(i.body) }];
      case 'loop': {
        const keepParams = live(i.params);
        params.set(i.label, keepParams);
        return [
          {
            ...i,
            results: pick(i.results, keep),
            params: pick(i.params, keepParams),
            inits: pick(i.inits, keepParams),
            body: body(i.body),
          },
        ];
      }
      default:
        return unreachable(i);
    }
  };
  const body = (b: Body): Body => ({ insts: b.insts.flatMap(inst), end: end(b.end) });
  return body(whole);
};

const dropSlots = (f: Func, context: PassContext): Func => {
  const used = new Set<string>();
  forEachInst(f.body, (i) => {
    if (i.kind === 'op' && i.op === 'frame') used.add(String(i.imms[0]));
  });
  const slots = f.slots.filter((s) => used.has(s.name));
  return slots.length < f.slots.length && context.allow() ? { ...f, slots } : f;
};
