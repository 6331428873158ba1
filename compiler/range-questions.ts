// Code before a loop that asks whether the ranges of loop-ranges.ts are what they are taken for, and what need not be asked.
import { addLinear, type Defs, type Linear, linearOf, rangeOf, relationsOf } from './facts.ts';
import type { Inst, IrType, OpName, PosId, Value } from './ir.ts';
import { constantForm, formKey, maxTerm, type Range, type RangeState, tooLarge } from './loop-ranges.ts';

/**
 * What follows where so many bytes from some place on are permitted, which are no more than the memory has: if the number of bytes is a
 * value, that it is small, if it is a multiple of a small one, that this is not negative.
 */
export const givenPermitted = (ranges: readonly Range[]): Pick<Given, 'small' | 'natural'> => {
  const [small, natural] = [new Set<Value>(), new Set<Value>()];
  for (const r of ranges) {
    if (r.isIndex) continue;
    const bytes = addLinear(r.hi, r.lo, -1n);
    const [term, another] = [...bytes.terms];
    if (term === undefined || another !== undefined || tooLarge(bytes.constant)) continue;
    if (term[1] === 1n) small.add(term[0]);
    else if (term[1] > 1n && bytes.constant <= 0n) natural.add(term[0]);
  }
  return { small, natural };
};

/** What a condition says of two numbers as a form that is not negative: exact if its values are small. */
export const leastOf = (defs: Defs, condition: Value, holds: boolean): readonly Linear[] =>
  relationsOf(defs, condition, holds).flatMap((r) => {
    if (r.suffix !== 'i64' || !r.signed || r.op === 'ne' || r.op === 'eq') return [];
    const [less, more] = r.op === 'lt' || r.op === 'le' ? [r.left, r.right] : [r.right, r.left];
    const strict = r.op === 'lt' || r.op === 'gt';
    const one = (v: Value): Linear => linearOf(defs, v, () => true);
    return [addLinear(addLinear(one(more), one(less), -1n), constantForm(strict ? -1n : 0n))];
  });

/** Whether one of these forms says that this one is not negative. */
export const follows = (known: readonly Linear[], form: Linear): boolean =>
  known.some((k) => formKey(k) === formKey(form) && k.constant <= form.constant);

/** Ops before a loop that ask whether ranges are what they are taken for, and what a pass asks besides; `answer` is an i32. */
export interface Asking {
  readonly make: (op: OpName, suffix: string, args: readonly Value[], type: IrType, imm?: bigint) => Value;
  readonly i64: (n: bigint) => Value;
  readonly and: (condition: Value) => void;
  readonly from: (r: Range) => Value;
  readonly bytes: (r: Range) => Value;
  /** Asks whether all indices are in [0, length). */
  readonly inside: (r: Range) => void;
  readonly answer: () => Value;
}

/** What need not be asked: values for which another question says yes only if they are small, and what is not negative. */
export interface Given {
  readonly small: ReadonlySet<Value>;
  /** Values that are not negative if they are small, and that question says yes. */
  readonly natural: ReadonlySet<Value>;
  readonly least: (form: Linear) => boolean;
}

const nothingGiven: Given = { small: new Set(), natural: new Set(), least: () => false };

export const asking = (
  s: RangeState,
  ranges: readonly Range[],
  pos: PosId,
  by: string,
  into: Inst[],
  given = nothingGiven,
): Asking => {
  const { edit } = s;
  const make: Asking['make'] = (op, suffix, args, type, imm) => {
    const result = edit.value(type);
    into.push({ kind: 'op', op, suffix, results: [result], args, imms: imm === undefined ? [] : [imm], pos, by });
    return result;
  };
  const i64 = (n: bigint): Value => make('const', 'i64', [], 'i64', n);
  const sum = (l: Linear): Value => {
    let all: Value | undefined;
    for (const [v, c] of l.terms) {
      const term = c === 1n ? v : make('mul', 'i64', [v, i64(c)], 'i64');
      all = all === undefined ? term : make('add', 'i64', [all, term], 'i64');
    }
    if (all === undefined) return i64(l.constant);
    return l.constant === 0n ? all : make('add', 'i64', [all, i64(l.constant)], 'i64');
  };
  const defined = new Set<Value>();
  const define = (v: Value): void => {
    const product = s.products.get(v);
    if (!product || defined.has(v)) return;
    defined.add(v);
    const op = (name: OpName, args: readonly Value[], results = [edit.value('i64')]): Value => {
      into.push({ kind: 'op', op: name, suffix: 'i64', results, args, imms: [], pos, by });
      return results[0] ?? v;
    };
    if ('way' in product) {
      const over = op('rem_u', [sum(product.way), i64(product.step)]);
      op(product.up ? 'sub' : 'add', [sum(product.end), over], [v]);
      return;
    }
    if ('dividend' in product) {
      for (const w of product.dividend.terms.keys()) define(w);
      // A divisor of 0 is 1 here: what is asked says no.
      const zero = make('eqz', 'i64', [product.divisor], 'i32');
      const positive = op('add', [product.divisor, make('extend_u', '', [zero], 'i64')]);
      op('div_u', [sum(product.dividend), positive], [v]);
      return;
    }
    for (const w of product.factor.terms.keys()) define(w);
    op('mul', [sum(product.factor), product.by], [v]);
  };
  for (const r of ranges) for (const v of [...r.leaves, ...r.lo.terms.keys(), ...r.hi.terms.keys()]) define(v);
  let ok: Value | undefined;
  const and = (v: Value): void => {
    ok = ok === undefined ? v : make('and', 'i32', [ok, v], 'i32');
  };
  for (const v of new Set(ranges.flatMap((r) => [...r.leaves]))) {
    const known = rangeOf(s.defs, v);
    if (given.small.has(v) || (known.lo >= -maxTerm && known.hi <= maxTerm)) continue;
    if (given.natural.has(v)) {
      and(make('le_u', 'i64', [v, i64(maxTerm)], 'i32'));
      continue;
    }
    const shifted = make('add', 'i64', [v, i64(maxTerm)], 'i64');
    and(make('le_u', 'i64', [shifted, i64(2n * maxTerm)], 'i32'));
  }
  const distances = new Map(ranges.flatMap((r) => [...r.distances]));
  for (const d of distances.values()) {
    if ((d.terms.size === 0 && d.constant >= 0n) || given.least(d)) continue;
    and(make('ge_s', 'i64', [sum(d), i64(0n)], 'i32'));
  }
  return {
    make,
    i64,
    and,
    from: (r) => {
      const base = edit.types[r.base] === 'ptr' ? r.base : make('addr', '', [r.base], 'ptr');
      if (r.lo.terms.size > 0) return make('ptr.add', '', [base, make('wrap', '', [sum(r.lo)], 'i32')], 'ptr');
      const offset = BigInt.asIntN(32, r.lo.constant);
      return offset === 0n ? base : make('ptr.add', '', [base, make('const', 'i32', [], 'i32', offset)], 'ptr');
    },
    bytes: (r) => sum(addLinear(r.hi, r.lo, -1n)),
    inside: (r) => {
      if (r.lo.terms.size > 0 || r.lo.constant < 0n) and(make('ge_s', 'i64', [sum(r.lo), i64(0n)], 'i32'));
      and(make('le_s', 'i64', [sum(r.hi), r.base], 'i32'));
    },
    answer: () => ok ?? make('const', 'i32', [], 'i32', 1n),
  };
};
