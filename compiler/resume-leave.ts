// Code that leaves a function at a point for the scheduler (see resume.ts): what is needed behind the point is kept in a frame record.
import type { Body, Inst, IrType, OpInst, PosId, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';
import { memType, offsetOfWord, type Plan, wordsOf } from './resume-plan.ts';
import type { Edit } from './tree.ts';

const by = 'fibers';

export interface State {
  readonly plan: Plan;
  readonly edit: Edit;
  /** Terminators that leave for the scheduler: they are as they should be. */
  readonly left: Set<Terminator>;
  /** The record that the function goes on from, 0: none; it is used again. */
  readonly record?: Value;
}

/** Ops appended to a list. */
export class Code {
  readonly insts: Inst[] = [];
  readonly #edit: Edit;
  readonly #pos: PosId;

  constructor(edit: Edit, pos: PosId) {
    this.#edit = edit;
    this.#pos = pos;
  }

  op(op: OpInst['op'], suffix: string, type: IrType, args: readonly Value[], imms: OpInst['imms'] = []): Value {
    const result = this.#edit.value(type);
    this.define(result, op, suffix, args, imms);
    return result;
  }

  define(result: Value, op: OpInst['op'], suffix: string, args: readonly Value[], imms: OpInst['imms'] = []): void {
    const kernel = op === 'load' || op === 'v.load' ? { kernel: true } : {};
    this.insts.push({ kind: 'op', op, suffix, results: [result], args, imms, pos: this.#pos, by, ...kernel });
  }

  i32(n: number): Value {
    return this.op('const', 'i32', 'i32', [], [BigInt(n)]);
  }

  /** The address that a number is. */
  pointer(number: Value): Value {
    return this.op('addr', '', 'ptr', [this.op('gptr.of', '', 'gptr', [number])]);
  }

  store(type: IrType, pointer: Value, v: Value, offset: number): void {
    const suffix = memType(type);
    this.insts.push({
      kind: 'op',
      op: type === 'v128' ? 'v.store' : 'store',
      suffix,
      results: [],
      args: [pointer, v],
      imms: [offset],
      pos: this.#pos,
      by,
      kernel: true,
    });
  }
}

export const typeIn = (s: State, v: Value): IrType => s.edit.types[v] ?? 'i64';

const zero = (c: Code, type: IrType): Value => {
  switch (type) {
    case 'i32':
    case 'i64':
      return c.op('const', type, type, [], [0n]);
    case 'f32':
    case 'f64':
      return c.op('fconst', type, type, [], [0n]);
    case 'gptr':
      return c.op('null', '', 'gptr', []);
    case 'v128':
      return c.op('v.const', '', 'v128', [], [0n, 0n]);
    case 'ptr':
      return c.op('addr', '', 'ptr', [c.op('null', '', 'gptr', [])]);
  }
};

/** A zero of each of these types: one for all of the same. */
export const zeros = (c: Code, types: readonly IrType[]): readonly Value[] => {
  const made = new Map([...new Set(types)].map((t) => [t, zero(c, t)] as const));
  return types.flatMap((t) => made.get(t) ?? []);
};

/** Keeps what is live behind the point in a record, and ends the body: with `results` zeros and the status 1. */
export const leave = (s: State, point: Inst, results: readonly IrType[]): Body => {
  const { plan } = s;
  const c = new Code(s.edit, point.pos);
  const live = [...(plan.live.get(point) ?? [])];
  const words = Math.max(0, ...live.map((v) => (plan.word.get(v) ?? 0) + wordsOf(typeIn(s, v))));
  const size = c.i32(offsetOfWord(plan, words));
  const fn = c.op('func.ref', '', 'i32', [], [plan.resumeName]);
  const number = c.i32(plan.number.get(point) ?? 0);
  const record =
    s.record === undefined
      ? c.op('call', '', 'i32', [size, fn, number], [plan.leave])
      : c.op('call', '', 'i32', [size, fn, number, s.record], [plan.leaveAgain]);
  if (live.length > 0) {
    const pointer = c.pointer(record);
    for (const v of live) {
      const type = typeIn(s, v);
      // Only where objects do not move: else no ptr lives so long.
      const kept = type === 'ptr' ? c.op('ptr.bits', '', 'i32', [v]) : v;
      c.store(type === 'ptr' ? 'i32' : type, pointer, kept, offsetOfWord(plan, plan.word.get(v) ?? 0));
    }
  }
  const args = [...zeros(c, results), c.i32(1)];
  const end: Terminator = { kind: 'ret', args, pos: point.pos, by };
  s.left.add(end);
  return { insts: c.insts, end };
};

/** Behind a call: leaves if the callee was left. */
export const unlessDone = (s: State, point: Inst, status: Value, results: readonly IrType[]): readonly Inst[] => {
  const c = new Code(s.edit, point.pos);
  const done = c.op('eqz', 'i32', 'i32', [status]);
  const label = s.edit.label('y');
  const stay: Body = { insts: [], end: { kind: 'break', label, args: [], pos: point.pos, by } };
  const head = { label, condition: done, likely: true, results: [], pos: point.pos, by } as const;
  return [...c.insts, ifInst(head, stay, leave(s, point, results))];
};
