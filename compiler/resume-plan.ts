// Where a function can be left, and how its frame record keeps what is live there: in words of 8 bytes, of which a vector takes two.
import { frameRecord } from '../vm/abi.ts';
import { bits, effectBits } from './effects.ts';
import { type Body, type Func, type Inst, type IrType, type OpInst, opRow, type Value } from './ir.ts';
import { liveAt } from './liveness.ts';
import { remade } from './remade.ts';
import { bodiesOf, forEachInst } from './tree.ts';

export const memType = (t: IrType): string => (t === 'gptr' || t === 'ptr' ? 'ptr32' : t);
export const loadOp = (t: IrType): 'load' | 'v.load' => (t === 'v128' ? 'v.load' : 'load');

/** Words of a record that a value takes. */
export const wordsOf = (t: IrType): number => (t === 'v128' ? 2 : 1);

/** Of values that are kept side by side, the first word of each. */
export const wordsBefore = (types: readonly IrType[]): readonly number[] => {
  let next = 0;
  return types.map((t) => {
    const at = next;
    next += wordsOf(t);
    return at;
  });
};

/** An op that is made again if what it is made of is: that costs less than a word in each record, written and read. */
const isCheap = (i: OpInst): boolean => (effectBits(i.op) & ~bits.place) === 0 && opRow(i.op).cost <= 3;

/** Instructions whose results need not be kept. */
const againIn = (f: Func): ReadonlySet<Inst> => {
  const values = new Set<Value>();
  const made = new Set<Inst>();
  forEachInst(f.body, (i) => {
    if (i.kind !== 'op') return;
    if (!remade.has(i.op) && !(isCheap(i) && i.args.every((v) => values.has(v)))) return;
    made.add(i);
    for (const v of i.results) values.add(v);
  });
  return made;
};

export interface Leaving {
  /** Where a function can be left. */
  readonly isPoint: (i: Inst) => boolean;
  /** The run-time's function that makes a record and links it to the others of the fiber. */
  readonly leave: string;
  /** The same, in the record that the function goes on from if there is room. */
  readonly leaveAgain: string;
  readonly resumeName: string;
}

export interface Plan extends Leaving {
  readonly f: Func;
  readonly number: ReadonlyMap<Inst, number>;
  /** Instructions whose results are made again, not kept. */
  readonly again: ReadonlySet<Inst>;
  readonly made: ReadonlySet<Value>;
  readonly live: ReadonlyMap<Inst, ReadonlySet<Value>>;
  /** Which word of the record keeps a value: of a vector the first of two. All values of a word have one type. */
  readonly word: ReadonlyMap<Value, number>;
  /** Words for the results of calls, before those of values. */
  readonly results: number;
}

/** Points from the first of the function to its last, as they stand in the text. */
const pointsOf = (body: Body, isPoint: (i: Inst) => boolean, into: Inst[] = []): readonly Inst[] => {
  for (const inst of body.insts) {
    if (isPoint(inst)) into.push(inst);
    for (const b of bodiesOf(inst)) pointsOf(b, isPoint, into);
  }
  return into;
};

export const planOf = (f: Func, leaving: Leaving): Plan | undefined => {
  const points = pointsOf(f.body, leaving.isPoint);
  if (points.length === 0) return undefined;
  const again = againIn(f);
  const made = new Set([...again].flatMap((i) => i.results));
  const all = liveAt(f, leaving.isPoint);
  const live = new Map(points.map((p) => [p, new Set([...(all.get(p) ?? [])].filter((v) => !made.has(v)))] as const));
  // Values that are never kept at one time share a word: each takes the first that is free at all of its points.
  const at = new Map<Value, Inst[]>();
  for (const [p, values] of live) for (const v of values) at.set(v, [...(at.get(v) ?? []), p]);
  const taken = new Map<Inst, Set<number>>(points.map((p) => [p, new Set()]));
  const word = new Map<Value, number>();
  // A word has values of one type, so that one store writes it, whatever the point.
  const holds = new Map<number, string>();
  for (const [v, where] of at) {
    const type = f.types[v] ?? 'i64';
    const parts = Array.from({ length: wordsOf(type) }, (_, k) => `${type} ${k}`);
    const isFree = (n: number, part: string): boolean =>
      (holds.get(n) ?? part) === part && !where.some((p) => taken.get(p)?.has(n));
    let n = 0;
    while (!parts.every((part, k) => isFree(n + k, part))) n++;
    for (const [k, part] of parts.entries()) {
      for (const p of where) taken.get(p)?.add(n + k);
      holds.set(n + k, part);
    }
    word.set(v, n);
  }
  const results = Math.max(...points.map((p) => p.results.reduce((n, v) => n + wordsOf(f.types[v] ?? 'i64'), 0)));
  return { ...leaving, f, number: new Map(points.map((p, i) => [p, i + 1])), again, made, live, word, results };
};

export const offsetOfWord = (plan: Plan, n: number): number => frameRecord.values + 8 * (plan.results + n);
