// Random IR functions for the passes: small bodies that meet on purpose what passes look for (counted loops, addresses
// that are linear in a counter, conditions on counters, repeated expressions and loads, checks, early exits).
// Every decision is taken from a list of numbers, so that fast-check shrinks a program by shrinking the list.
import type { Imm, IrProgram, IrType, OpName, Value } from '../../compiler/ir.ts';
import { buildFunc, type FuncBuilder, ifInst, programOf } from '../../compiler/ir-build.ts';
import { bitsOfFloat } from '../../compiler/ir-types.ts';

interface Scope {
  readonly b: FuncBuilder;
  readonly values: ReadonlyMap<IrType, readonly Value[]>;
  /** Counters of the loops around, with their bounds. */
  readonly counters: readonly { readonly i: Value; readonly bound: Value }[];
  /** Labels without results that may be left for. */
  readonly exits: readonly string[];
  readonly depth: number;
}

export const arrayLength = 24;

const formats: Record<string, string> = { i32: '{"type":"i32"}', i64: '{"type":"i64"}', f64: '{"type":"f64"}' };

class Generator {
  readonly #choices: readonly number[];
  #at = 0;
  #budget = 160;

  constructor(choices: readonly number[]) {
    this.#choices = choices;
  }

  pick(n: number): number {
    return (this.#choices[this.#at++] ?? 0) % n;
  }

  from<T>(list: readonly T[]): T {
    const x = list[this.pick(list.length)];
    if (x === undefined) throw new Error('nothing to choose from');
    return x;
  }

  value(s: Scope, type: IrType): Value {
    const known = s.values.get(type) ?? [];
    if (known.length > 0 && this.pick(4) > 0)
      return known[known.length - 1 - this.pick(known.length)] ?? this.constant(s, type);
    return this.constant(s, type);
  }

  constant(s: Scope, type: IrType): Value {
    switch (type) {
      case 'i32':
        return s.b.op1('const', 'i32', [], [this.from([0n, 1n, 2n, -1n, 255n, 2147483647n, -2147483648n])]);
      case 'v128':
        return s.b.op1('v.const', '', [], [this.from([0n, 1n, -1n, 255n << 32n]), this.from([0n, -1n, 1n << 62n])]);
      case 'f64':
        return s.b.op1('fconst', 'f64', [], [bitsOfFloat('f64', this.from([0, 1, -0, 0.5, -3, 8, 1e300]))]);
      default:
        return s.b.op1(
          'const',
          'i64',
          [],
          [this.from([0n, 1n, 2n, 3n, -1n, 8n, 24n, 9223372036854775807n, -9223372036854775808n])],
        );
    }
  }

  /** An index into the arrays: a counter and a bit, or anything masked. */
  index(s: Scope): Value {
    const { b } = s;
    const masked = (v: Value): Value => b.op1('and', 'i64', [v, b.constI64(7)]);
    const inner = s.counters.at(-1 - this.pick(Math.max(1, s.counters.length)));
    const raw = inner && this.pick(4) > 0 ? inner.i : masked(this.value(s, 'i64'));
    switch (this.pick(4)) {
      case 0:
        return raw;
      case 1:
        return b.op1('add', 'i64', [raw, b.constI64(this.pick(6))]);
      case 2:
        return b.op1('add', 'i64', [b.op1('mul', 'i64', [raw, b.constI64(2)]), b.constI64(this.pick(3))]);
      default:
        return b.op1('add', 'i64', [raw, masked(this.value(s, 'i64'))]);
    }
  }

  /** An element of an array; often one that was used before. */
  pointer(s: Scope): { readonly place: Value; readonly pointer: Value } {
    const { b } = s;
    const known = s.values.get('gptr') ?? [];
    const again = known.at(-1 - this.pick(Math.max(1, known.length)));
    if (again !== undefined && this.pick(2) === 0) return { place: again, pointer: b.op1('addr', '', [again]) };
    const base =
      this.pick(3) === 0 ? b.op1('frame', '', [], ['array']) : b.op1('global', '', [], [this.from(['xs', 'xs', 'ys'])]);
    const i = this.index(s);
    const n = b.constI64(arrayLength);
    b.op('check.index', '', [i, n]);
    const place = b.op1('elem', '', [base, i], [8]);
    return { place, pointer: b.op1('addr', '', [place]) };
  }

  /** A cell of a small slot, which promote should take. */
  cell(s: Scope): Value {
    return s.b.op1('addr', '', [s.b.op1('frame', '', [], [this.from(['pair', 'pair', 'kept'])])]);
  }

  condition(s: Scope): Value {
    const { b } = s;
    const compare = this.from(['lt_s', 'le_s', 'gt_s', 'ge_s', 'eq', 'ne', 'lt_u'] as const);
    const inner = s.counters.at(-1);
    const left = inner && this.pick(3) > 0 ? inner.i : this.value(s, 'i64');
    const c = b.op1(compare, 'i64', [left, this.value(s, 'i64')]);
    return this.pick(3) === 2 ? b.op1(this.from(['and', 'or'] as const), 'i32', [c, this.condition(s)]) : c;
  }

  op(s: Scope): [IrType, Value] {
    const { b } = s;
    switch (this.pick(5)) {
      case 0:
        return [
          'i32',
          b.op1(this.from(['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u'] as const), 'i32', [
            this.value(s, 'i32'),
            this.value(s, 'i32'),
          ]),
        ];
      case 1: {
        const op = this.from(['add', 'sub', 'mul', 'div', 'min', 'max'] as const);
        return ['f64', b.op1(op, 'f64', [this.value(s, 'f64'), this.value(s, 'f64')])];
      }
      case 2: {
        const [op, suffix, from, to] = this.from<[OpName, string, IrType, IrType]>([
          ['wrap', '', 'i64', 'i32'],
          ['extend_s', '', 'i32', 'i64'],
          ['extend_u', '', 'i32', 'i64'],
          ['convert_s', 'f64.i64', 'i64', 'f64'],
          ['trunc_sat_s', 'i64.f64', 'f64', 'i64'],
          ['eqz', 'i64', 'i64', 'i32'],
          ['eqz', 'i32', 'i32', 'i32'],
          ['extend8_s', 'i32', 'i32', 'i32'],
          ['neg', 'f64', 'f64', 'f64'],
        ]);
        return [to, b.op1(op, suffix, [this.value(s, from)])];
      }
      case 3:
        return ['i64', b.op1('select', 'i64', [this.condition(s), this.value(s, 'i64'), this.value(s, 'i64')])];
      default:
        return [
          'i64',
          b.op1(this.from(['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl'] as const), 'i64', [
            this.value(s, 'i64'),
            this.value(s, 'i64'),
          ]),
        ];
    }
  }

  /** Statements; what they define is visible in what follows. */
  statements(outer: Scope, more: number): Scope {
    let s = outer;
    const define = (type: IrType, v: Value): void => {
      s = { ...s, values: new Map(s.values).set(type, [...(s.values.get(type) ?? []), v]) };
    };
    for (let k = 0; k <= more && !s.b.ended; k++) {
      if (this.#budget-- <= 0) return s;
      const { b } = s;
      switch (this.pick(s.depth > 3 ? 8 : 16)) {
        case 0:
        case 1:
        case 2:
          define(...this.op(s));
          break;
        case 3: {
          const p = this.pointer(s);
          define('gptr', p.place);
          define('i64', b.op1('load', 'i64', [p.pointer], [0]));
          break;
        }
        case 4: {
          const p = this.pointer(s);
          define('gptr', p.place);
          b.op('store', 'i64', [p.pointer, this.value(s, 'i64')], [0]);
          break;
        }
        case 5:
          if (this.pick(2) === 0) b.op('store', 'i64', [this.cell(s), this.value(s, 'i64')], [this.from<Imm>([0, 8])]);
          else define('i64', b.op1('load', 'i64', [this.cell(s)], [this.from<Imm>([0, 8])]));
          break;
        case 6: {
          const any = this.value(s, 'i64');
          const divisor = this.pick(5) === 0 ? any : b.op1('or', 'i64', [any, b.constI64(1)]);
          const dividend = this.value(s, 'i64');
          b.op('check.divide', 'i64', [dividend, divisor]);
          b.op('check.overflow', 'i64', [dividend, divisor]);
          define('i64', b.op1(this.from(['div_s', 'rem_s'] as const), 'i64', [dividend, divisor]));
          break;
        }
        case 7: {
          const type = this.from<'i32' | 'i64' | 'f64'>(['i64', 'i64', 'i32', 'f64']);
          b.op('out', type, [this.value(s, type)], [formats[type] ?? '']);
          b.op('out.end', '', [], [1, 1]);
          break;
        }
        case 8: {
          const exit = s.exits.length > 0 && this.pick(5) === 0 ? this.from(s.exits) : undefined;
          const scope = s;
          const inner = { ...scope, depth: scope.depth + 1 };
          const [r] = b.if(
            this.condition(s),
            ['i64'],
            (label) => {
              const now = this.statements(inner, this.pick(3));
              if (exit !== undefined) b.break(exit);
              else b.break(label, [this.value(now, 'i64')]);
            },
            (label) => {
              const now = this.pick(2) === 0 ? inner : this.statements(inner, this.pick(3));
              b.break(label, [this.value(now, 'i64')]);
            },
          );
          if (r !== undefined) define('i64', r);
          break;
        }
        case 9: {
          const scope = s;
          b.block([], (label) => {
            this.statements({ ...scope, exits: [...scope.exits, label], depth: scope.depth + 1 }, this.pick(4));
          });
          break;
        }
        case 10:
          if (this.pick(2) === 0)
            define('i64', b.call('g', [this.value(s, 'i64'), this.value(s, 'i64')], ['i64'])[0] ?? 0);
          else b.call('h', [b.op1('frame', '', [], ['kept'])], []);
          break;
        case 11:
          define('i64', this.aliases(s));
          break;
        case 12:
          define('i32', this.edge(s));
          break;
        case 13:
          define(...this.vector(s));
          break;
        default:
          define('i64', this.loop(s));
      }
    }
    return s;
  }

  /** What is done with vectors: of integers, so that no NaN has bits to tell. */
  vector(s: Scope): [IrType, Value] {
    const { b } = s;
    const value = (): Value => this.value(s, 'v128');
    // Sixteen bytes of a variable or of a slot.
    const whole = (): readonly [Value, Imm] => {
      const offset = this.from<Imm>([0, 8, 24]);
      if (this.pick(2) === 0) return [b.op1('addr', '', [b.op1('global', '', [], [this.from(['xs', 'ys'])])]), offset];
      return [b.op1('addr', '', [b.op1('frame', '', [], [this.from(['kept', 'kept', 'pair'])])]), 0];
    };
    const lane = this.pick(2);
    switch (this.pick(8)) {
      case 0:
        return ['v128', b.op1('v.splat', 'i64x2', [this.value(s, 'i64')])];
      case 1: {
        const [p, offset] = whole();
        b.op('v.store', 'v128', [p, value()], [offset]);
        return ['v128', b.op1('v.load', this.from(['v128', 'u8x8', 'splat32', 'zero64']), [p], [offset])];
      }
      case 2: {
        const [p, offset] = whole();
        return ['v128', b.op1('v.load', 'v128', [p], [offset])];
      }
      case 3:
        return ['v128', b.op1('v.load_lane', '64', [this.pointer(s).pointer, value()], [0, lane])];
      case 4:
        b.op('v.store_lane', '64', [this.pointer(s).pointer, value()], [0, lane]);
        return ['v128', value()];
      case 5:
        return ['v128', b.op1('v.select', '', [value(), value(), value()])];
      case 6:
        return ['i64', b.op1('v.extract', 'i64x2', [value()], [lane])];
      default: {
        const op = this.from(['v.add', 'v.sub', 'v.mul', 'v.eq', 'v.lt_s'] as const);
        return ['v128', b.op1(op, this.from(['i64x2', 'i64x2', 'i32x4', 'i16x8']), [value(), value()])];
      }
    }
  }

  /** Reads a place twice, with a write between to a place that may be the same. */
  aliases(s: Scope): Value {
    const { b } = s;
    const near = (): Value => {
      const inner = s.counters.at(-1);
      const raw = inner && this.pick(2) === 0 ? inner.i : this.value(s, 'i64');
      return b.op1('and', 'i64', [raw, b.constI64(3)]);
    };
    const at = (): Value => {
      const base =
        this.pick(4) === 0 ? b.op1('frame', '', [], ['array']) : b.op1('global', '', [], [this.from(['xs', 'ys'])]);
      return b.op1('addr', '', [b.op1('elem', '', [base, near()], [8])]);
    };
    const p = at();
    const q = this.pick(3) === 0 ? p : at();
    const offset = this.from<Imm>([0, 0, 8]);
    const before = b.op1('load', 'i64', [p], [0]);
    b.op('store', 'i64', [q, this.value(s, 'i64')], [offset]);
    const after = b.op1('load', 'i64', [p], [0]);
    return b.op1('sub', 'i64', [b.op1('mul', 'i64', [before, b.constI64(3)]), after]);
  }

  /** A condition, and under it one that follows from it unless a sum wraps. */
  edge(s: Scope): Value {
    const { b } = s;
    const x = this.value(s, 'i64');
    const y = this.value(s, 'i64');
    const c = b.constI64(this.from([1, -1, 2]));
    const test = this.from(['lt_s', 'le_s', 'gt_s', 'ge_s'] as const);
    const [r = x] = b.if(
      b.op1(test, 'i64', [x, y]),
      ['i32'],
      (label) =>
        b.break(label, [
          b.op1(this.from(['lt_s', 'le_s', 'gt_s', 'ge_s'] as const), 'i64', [b.op1('add', 'i64', [x, c]), y]),
        ]),
      (label) => b.break(label, [b.constI32(5)]),
    );
    return r;
  }

  /** A counted loop that carries a sum. */
  loop(s: Scope): Value {
    const { b } = s;
    const lo =
      this.pick(3) === 0 ? b.op1('and', 'i64', [this.value(s, 'i64'), b.constI64(3)]) : b.constI64(this.pick(3));
    const bound =
      this.pick(2) === 0 ? b.constI64(this.pick(10)) : b.op1('and', 'i64', [this.value(s, 'i64'), b.constI64(15)]);
    const step = this.from([1, 1, 1, 2]);
    const init = this.value(s, 'i64');
    const vector = this.pick(4) === 0 ? [this.value(s, 'v128')] : [];
    const [r = init] = b.loop([lo, init, ...vector], ['i64'], (label, [i = lo, sum = init, ...carried]) => {
      const goes = b.op1(this.pick(4) === 0 ? 'le_s' : 'lt_s', 'i64', [i, bound]);
      b.if(
        goes,
        [],
        () => {},
        () => b.break(label, [sum]),
      );
      const values = new Map(s.values)
        .set('i64', [...(s.values.get('i64') ?? []), i, sum])
        .set('v128', [...(s.values.get('v128') ?? []), ...carried]);
      const now = this.statements(
        { ...s, values, counters: [...s.counters, { i, bound }], exits: [], depth: s.depth + 1 },
        2 + this.pick(5),
      );
      const next = b.op1('add', 'i64', [i, b.constI64(step)]);
      b.next(label, [next, this.value(now, 'i64'), ...carried.map(() => this.value(now, 'v128'))]);
    });
    return r;
  }
}

/** A program whose main computes, prints, and may fault. */
export const randomProgram = (choices: readonly number[]): IrProgram => {
  const g = new Generator(choices);
  const pos = { file: 0, line: 1, col: 1, fn: 'main', inlinedAt: 0 };
  const init = buildFunc('init', [], [], (b) => b.ret());
  const callee = buildFunc('g', ['i64', 'i64'], ['i64'], (b, [x = 0, y = 0]) => {
    b.slot('array', arrayLength * 8, 8);
    b.slot('pair', 16, 8);
    b.slot('kept', 16, 8);
    zero(b);
    const s = g.statements({ b, values: new Map([['i64', [x, y]]]), counters: [], exits: [], depth: 2 }, 1);
    if (!b.ended) b.ret([g.value(s, 'i64')]);
  });
  // Writes through a pointer, so that a slot escapes.
  const h = buildFunc('h', ['gptr'], [], (b, [p = 0]) => {
    const a = b.op1('addr', '', [p]);
    b.op('store', 'i64', [a, b.constI64(77)], [8]);
    b.ret();
  });
  const withoutCalls = callee.body.insts.length > 0 ? dropCalls(callee) : callee;
  const main = buildFunc('main', [], [], (b) => {
    b.slot('array', arrayLength * 8, 8);
    b.slot('pair', 16, 8);
    b.slot('kept', 16, 8);
    zero(b);
    const x = b.op1('let', 'i64', [], ['n']);
    const s = g.statements({ b, values: new Map([['i64', [x]]]), counters: [], exits: [], depth: 0 }, 16);
    if (b.ended) return;
    for (const type of ['i64', 'i32', 'f64'] as const) {
      for (const v of s.values.get(type) ?? []) b.op('out', type, [v], [formats[type] ?? '']);
    }
    for (const v of s.values.get('v128') ?? [])
      for (const lane of [0, 1]) b.op('out', 'i64', [b.op1('v.extract', 'i64x2', [v], [lane])], [formats.i64 ?? '']);
    for (const name of ['xs', 'ys']) {
      const p = b.op1('addr', '', [b.op1('global', '', [], [name])]);
      for (let k = 0; k < arrayLength; k += 5)
        b.op('out', 'i64', [b.op1('load', 'i64', [p], [8 * k])], [formats.i64 ?? '']);
    }
    b.op('out.end', '', [], [1, 1]);
    b.ret();
  });
  return programOf({
    files: ['random.pg'],
    positions: [{ file: 0, line: 0, col: 0, fn: '', inlinedAt: 0 }, pos],
    globals: [
      { kind: 'private', name: 'xs', size: arrayLength * 8, align: 8, pos: 0 },
      { kind: 'private', name: 'ys', size: arrayLength * 8, align: 8, pos: 0 },
      { kind: 'config', name: 'n', type: 'i64', configType: 'i64', default: '5', pos: 0 },
    ],
    funcs: [init, h, withoutCalls, main],
  });
};

const zero = (b: FuncBuilder): void => {
  for (const [name, bytes] of [
    ['array', arrayLength * 8],
    ['pair', 16],
    ['kept', 16],
  ] as const) {
    b.op('fill', '', [b.op1('addr', '', [b.op1('frame', '', [], [name])]), b.constI32(0), b.constI32(bytes)]);
  }
};

/** The callee must not call itself: its calls of @g become sums. */
const dropCalls = (f: ReturnType<typeof buildFunc>): ReturnType<typeof buildFunc> => {
  type Body = typeof f.body;
  const change = (body: Body): Body => ({
    end: body.end,
    insts: body.insts.map((i) => {
      if (i.kind === 'op')
        return i.op === 'call' && i.imms[0] === 'g' ? { ...i, op: 'add' as const, suffix: 'i64', imms: [] } : i;
      if (i.kind === 'if') return ifInst(i, change(i.then), change(i.else));
      return { ...i, body: change(i.body) };
    }),
  });
  return { ...f, body: change(f.body) };
};
