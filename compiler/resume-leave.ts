// Code that leaves a function at a point for the scheduler (see resume.ts): what is needed behind the point is kept in a frame record.
//
// There is one place for it behind the function, where all of its points lead, each with its number and what is to be kept:
//
//   block @leave (%point, %w0, %w1) {
//     … %y, %s = call @g(%a); if %s { break @leave(2, %a, 0) } …
//   }
//   %r = call @runtime.tasks.leave(size, resume.f, %point); store %r, %w0; store %r + 8, %w1; ret(0, 1)
import type { Body, Inst, IrType, OpInst, PosId, Terminator, Value } from './ir.ts';
import { ifInst } from './ir-build.ts';
import { memType, offsetOfWord, type Plan, wordsOf } from './resume-plan.ts';
import { breaksTo, type Edit } from './tree.ts';

const by = 'fibers';

export interface State {
  readonly plan: Plan;
  readonly edit: Edit;
  /** Terminators that leave for the scheduler: they are as they should be. */
  readonly left: Set<Terminator>;
  /** The record that the function goes on from, 0: none; it is used again. */
  readonly record?: Value;
  /** Where it leaves. */
  readonly exit: Exit | undefined;
}

/** Ops appended to a list. */
export class Code {
  readonly insts: Inst[] = [];
  readonly #edit: Edit;
  readonly pos: PosId;

  constructor(edit: Edit, pos: PosId) {
    this.#edit = edit;
    this.pos = pos;
  }

  op(op: OpInst['op'], suffix: string, type: IrType, args: readonly Value[], imms: OpInst['imms'] = []): Value {
    const result = this.#edit.value(type);
    this.define(result, op, suffix, args, imms);
    return result;
  }

  define(result: Value, op: OpInst['op'], suffix: string, args: readonly Value[], imms: OpInst['imms'] = []): void {
    const kernel = op === 'load' || op === 'v.load' ? { kernel: true } : {};
    this.insts.push({ kind: 'op', op, suffix, results: [result], args, imms, pos: this.pos, by, ...kernel });
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
      pos: this.pos,
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

/** A zero of each of these types: one for all of the same, or one that is there. */
export const zeros = (
  c: Code,
  types: readonly IrType[],
  there: ReadonlyMap<IrType, Value> = new Map(),
): readonly Value[] => {
  const made = new Map([...new Set(types)].map((t) => [t, there.get(t) ?? zero(c, t)] as const));
  return types.flatMap((t) => made.get(t) ?? []);
};

/** The type as which a record keeps a value. */
const keptType = (type: IrType): IrType => (type === 'ptr' ? 'i32' : type);

/** A value as a record keeps it. */
const keptIn = (s: State, c: Code, v: Value): Value =>
  // Only where objects do not move: else no ptr lives so long.
  typeIn(s, v) === 'ptr' ? c.op('ptr.bits', '', 'i32', [v]) : v;

/**
 * The place where a function leaves that can be left at several points: the number of the point comes there, and for each word of the record what is
 * to be kept in it, or 0.
 */
export interface Exit {
  readonly label: string;
  readonly number: Value;
  /** Words of the record, with what comes there for them. */
  readonly words: readonly (readonly [number, Value])[];
  /** Zeros, made before the function begins, where a point has nothing for a word. */
  readonly none: ReadonlyMap<IrType, Value>;
  readonly head: readonly Inst[];
}

/** One for the form of a function; undefined: it can only be left at one point, and is left there. */
export const exitOf = (plan: Plan, edit: Edit): Exit | undefined => {
  if (plan.number.size < 2) return undefined;
  const types = new Map<number, IrType>();
  for (const [v, word] of plan.word) types.set(word, keptType(edit.types[v] ?? 'i64'));
  const c = new Code(edit, plan.f.pos);
  const lacks = (word: number): boolean =>
    [...plan.live.values()].some((live) => ![...live].some((v) => plan.word.get(v) === word));
  const lacking = new Set([...types].flatMap(([word, type]) => (lacks(word) ? [type] : [])));
  const none = new Map([...lacking].map((t) => [t, zero(c, t)] as const));
  const words = [...types].sort(([a], [b]) => a - b).map(([word, type]) => [word, edit.value(type)] as const);
  return { label: edit.label('leave0'), number: edit.value('i32'), words, none, head: c.insts };
};

/** Keeps what is live behind the point in a record, and ends the body: with `results` zeros and the status 1. */
export const leave = (s: State, point: Inst, results: readonly IrType[]): Body => {
  const { plan, exit } = s;
  const c = new Code(s.edit, point.pos);
  const live = [...(plan.live.get(point) ?? [])];
  const number = c.i32(plan.number.get(point) ?? 0);
  if (exit) {
    const kept = new Map(live.map((v) => [plan.word.get(v), keptIn(s, c, v)] as const));
    const words = exit.words.map(([word, w]) => kept.get(word) ?? exit.none.get(typeIn(s, w)) ?? w);
    return {
      insts: c.insts,
      end: { kind: 'break', label: exit.label, args: [number, ...words], pos: point.pos, by },
    };
  }
  const values = live.map((v) => [plan.word.get(v) ?? 0, keptIn(s, c, v)] as const);
  return keep(s, c, number, values, results);
};

/** Makes the record, and leaves. */
const keep = (
  s: State,
  c: Code,
  number: Value,
  values: readonly (readonly [number, Value])[],
  results: readonly IrType[],
): Body => {
  const { plan } = s;
  const words = Math.max(0, ...values.map(([word, v]) => word + wordsOf(typeIn(s, v))));
  const size = c.i32(offsetOfWord(plan, words));
  const fn = c.op('func.ref', '', 'i32', [], [plan.resumeName]);
  const record =
    s.record === undefined
      ? c.op('call', '', 'i32', [size, fn, number], [plan.leave])
      : c.op('call', '', 'i32', [size, fn, number, s.record], [plan.leaveAgain]);
  if (values.length > 0) {
    const pointer = c.pointer(record);
    for (const [word, v] of values) c.store(typeIn(s, v), pointer, v, offsetOfWord(plan, word));
  }
  const args = [...zeros(c, results, s.exit?.none), c.i32(1)];
  const end: Terminator = { kind: 'ret', args, pos: c.pos, by };
  s.left.add(end);
  return { insts: c.insts, end };
};

/** The body of a form with its exit behind it. */
export const withExit = (s: State, body: Body, results: readonly IrType[]): Body => {
  const { exit } = s;
  if (!exit || breaksTo(body, exit.label).length === 0) return body;
  const { pos } = s.plan.f;
  const given = [exit.number, ...exit.words.map(([, v]) => v)];
  const block: Inst = { kind: 'block', label: exit.label, results: given, body, pos, by };
  const out = keep(s, new Code(s.edit, pos), exit.number, exit.words, results);
  return { insts: [...exit.head, block, ...out.insts], end: out.end };
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
