// Random programs for properties: structured, typed, verified, and sure to end. A program is built from a tape of numbers, each
// a choice; an empty tape makes the simplest choices, so fast-check shrinks programs by shrinking tapes.
//
// What a run prints does not depend on the turns of the images, nor on the bits of a NaN: floats and integers have
// memory of their own, images write only what is theirs, and read what is others' between two barriers.
import fc from 'fast-check';
import type { Func, Imm, IrGlobal, IrProgram, OpName, Value } from '../../compiler/ir.ts';
import { buildFunc, type FuncBuilder, programOf } from '../../compiler/ir-build.ts';

export interface RandomOptions {
  /** Checks that may fail, so that a run may end in a fault (default: true). */
  readonly faults?: boolean;
  /** Symmetric and shared memory, barriers, collectives (default: true). */
  readonly pgas?: boolean;
}

type Num = 'i32' | 'i64' | 'f32' | 'f64';
const nums: readonly Num[] = ['i64', 'i32', 'f64', 'f32'];
/** What structures and functions give. */
type Kind = Num | 'v128';
const kinds: readonly Kind[] = [...nums, 'v128'];

/** The tape: choices, then zeros. */
class Tape {
  readonly #numbers: readonly number[];
  #at = 0;

  constructor(numbers: readonly number[]) {
    this.#numbers = numbers;
  }

  get left(): boolean {
    return this.#at < this.#numbers.length;
  }

  /** 0 up to n - 1. */
  below(n: number): number {
    return (this.#numbers[this.#at++] ?? 0) % n;
  }

  pick<T>(of: readonly T[]): T {
    const item = of[this.below(of.length)];
    if (item === undefined) throw new Error('nothing to pick from');
    return item;
  }
}

const intBinary: readonly OpName[] = ['add', 'sub', 'mul', 'and', 'or', 'xor', 'shl', 'shr_s', 'shr_u', 'rotl'];
const intUnary: readonly OpName[] = ['clz', 'ctz', 'popcnt', 'extend8_s', 'extend16_s'];
const divisions: readonly OpName[] = ['div_s', 'div_u', 'rem_s', 'rem_u'];
const floatBinary: readonly OpName[] = ['add', 'sub', 'mul', 'div', 'min', 'max'];
const floatUnary: readonly OpName[] = ['neg', 'abs', 'sqrt', 'floor', 'ceil', 'trunc', 'nearest'];
const intCompares: readonly OpName[] = ['lt_s', 'lt_u', 'le_s', 'le_u', 'gt_s', 'gt_u', 'ge_s', 'ge_u', 'eq', 'ne'];
const floatCompares: readonly OpName[] = ['lt', 'le', 'gt', 'ge', 'eq', 'ne'];
const interestingInts = [0n, 1n, -1n, 2n, 7n, 255n, -128n, 65536n, 0x7fffffffn, -0x80000000n];
const interestingLongs = [...interestingInts, 1n << 40n, (1n << 63n) - 1n, -(1n << 63n)];
const interestingFloats = [0, 1, -1, 0.5, -0, 1e10, 3.7, -2.5, 1e300, Number.POSITIVE_INFINITY, Number.NaN, 1e-320];

const isFloat = (t: Num): boolean => t === 'f32' || t === 'f64';

/** 64 bytes of memory: integers in the first half, then f64s, then f32s. */
const blockBytes = 64;

interface Signature {
  readonly name: string;
  readonly params: readonly Kind[];
  readonly results: readonly Kind[];
}

class Writer {
  readonly b: FuncBuilder;
  readonly #tape: Tape;
  readonly #options: Required<RandomOptions>;
  readonly #callees: readonly Signature[];
  readonly #slot: string;
  /** Values that can be used, by type; a nested body's are dropped at its end. */
  #visible: { readonly type: Kind; readonly value: Value }[] = [];
  #depth = 0;

  constructor(b: FuncBuilder, tape: Tape, options: Required<RandomOptions>, callees: readonly Signature[]) {
    this.b = b;
    this.#tape = tape;
    this.#options = options;
    this.#callees = callees;
    this.#slot = b.slot('scratch', blockBytes, 8);
    // A frame begins with rubbish.
    const place = b.op1('addr', '', [b.op1('frame', '', [], [this.#slot])]);
    b.op('fill', '', [place, b.constI32(0), b.constI32(blockBytes)]);
  }

  add(type: Kind, value: Value | undefined): void {
    if (value !== undefined) this.#visible.push({ type, value });
  }

  constant(type: Kind): Value {
    if (type === 'v128') {
      return this.b.op1('v.const', '', [], [this.#tape.pick(interestingLongs), this.#tape.pick(interestingLongs)]);
    }
    if (type === 'i32') return this.b.op1('const', 'i32', [], [this.#tape.pick(interestingInts)]);
    if (type === 'i64') return this.b.op1('const', 'i64', [], [this.#tape.pick(interestingLongs)]);
    const x = this.#tape.pick(interestingFloats);
    return this.b.constFloat(type, type === 'f32' ? Math.fround(x) : x);
  }

  value(type: Kind): Value {
    const known = this.#visible.filter((v) => v.type === type);
    const k = this.#tape.below(known.length + 1);
    return known[known.length - 1 - k]?.value ?? this.constant(type);
  }

  condition(): Value {
    const type = this.#tape.pick(nums);
    const op = this.#tape.pick(isFloat(type) ? floatCompares : intCompares);
    return this.b.op1(op, type, [this.value(type), this.value(type)]);
  }

  /** Runs `build` with what is visible now, and forgets what it adds. */
  #scope<T>(build: () => T): T {
    const before = [...this.#visible];
    this.#depth++;
    const result = build();
    this.#depth--;
    this.#visible = before;
    return result;
  }

  #arithmetic(): void {
    const { b } = this;
    const type = this.#tape.pick(nums);
    const one = (op: OpName, args: readonly Value[]): void => this.add(type, b.op1(op, type, args));
    const kind = this.#tape.below(5);
    if (kind === 1) return one(this.#tape.pick(isFloat(type) ? floatUnary : intUnary), [this.value(type)]);
    if (kind === 2) return one('select', [this.condition(), this.value(type), this.value(type)]);
    if (kind === 3 && !isFloat(type)) {
      // Odd and positive: neither zero nor -1.
      const small = b.op1('and', type, [this.value(type), b.op1('const', type, [], [15n])]);
      return one(this.#tape.pick(divisions), [
        this.value(type),
        b.op1('or', type, [small, b.op1('const', type, [], [1n])]),
      ]);
    }
    if (kind === 4) return this.add('i32', this.condition());
    return one(this.#tape.pick(isFloat(type) ? floatBinary : intBinary), [this.value(type), this.value(type)]);
  }

  #conversion(): void {
    const { b } = this;
    const [op, suffix, from, to] = this.#tape.pick<readonly [OpName, string, Num, Num]>([
      ['wrap', '', 'i64', 'i32'],
      ['extend_s', '', 'i32', 'i64'],
      ['extend_u', '', 'i32', 'i64'],
      ['promote', '', 'f32', 'f64'],
      ['demote', '', 'f64', 'f32'],
      ['convert_s', 'f64.i64', 'i64', 'f64'],
      ['convert_u', 'f32.i64', 'i64', 'f32'],
      ['convert_s', 'f32.i64', 'i64', 'f32'],
      ['convert_u', 'f64.i32', 'i32', 'f64'],
      ['trunc_sat_s', 'i64.f64', 'f64', 'i64'],
      ['trunc_sat_u', 'i64.f32', 'f32', 'i64'],
      ['trunc_sat_u', 'i32.f64', 'f64', 'i32'],
      ['trunc_sat_s', 'i32.f32', 'f32', 'i32'],
    ]);
    this.add(to, b.op1(op, suffix, [this.value(from)]));
  }

  /** A place with 64 bytes of its own. */
  #place(): Value {
    const { b } = this;
    switch (this.#tape.below(4)) {
      case 0:
        return b.op1('frame', '', [], [this.#slot]);
      case 1:
        return b.op1('global', '', [], ['private']);
      case 2:
        return b.op1('offset', '', [b.op1('global', '', [], ['private']), b.constI32(blockBytes)]);
      default: {
        const index = b.op1('and', 'i64', [this.value('i64'), b.constI64(3)]);
        return b.op1('elem', '', [b.op1('global', '', [], ['private']), index], [blockBytes]);
      }
    }
  }

  #memory(): void {
    const { b } = this;
    const [suffix, type, start] = this.#tape.pick<readonly [string, Num, number]>([
      ['i64', 'i64', 0],
      ['i32', 'i32', 0],
      ['u8', 'i32', 0],
      ['i8', 'i32', 0],
      ['u16', 'i32', 0],
      ['i16', 'i32', 0],
      ['f64', 'f64', 32],
      ['f32', 'f32', 48],
    ]);
    const address = b.op1('addr', '', [this.#place()]);
    const room = start === 0 ? 3 : 1;
    const offset = start + 8 * this.#tape.below(room + 1);
    switch (this.#tape.below(4)) {
      case 0:
        this.add(type, b.op1('load', suffix, [address], [offset]));
        return;
      case 1:
        b.op('store', suffix, [address, this.value(type)], [offset]);
        this.add(type, b.op1('load', suffix, [address], [offset]));
        return;
      case 2:
        b.op('store', suffix, [address, this.value(type)], [offset]);
        return;
      default: {
        const from = b.op1('addr', '', [b.op1('data', '', [], ['bytes'])]);
        const count = b.constI32(this.#tape.below(33));
        if (this.#tape.below(2) === 0) b.op('copy', '', [address, from, count]);
        else b.op('fill', '', [address, this.value('i32'), count]);
      }
    }
  }

  /** Vectors of integers: no NaN has bits to tell. Memory: the 32 bytes where integers are. */
  #vector(): void {
    const { b } = this;
    const one = (op: OpName, suffix: string, args: readonly Value[], imms: readonly Imm[] = []): void =>
      this.add('v128', b.op1(op, suffix, args, imms));
    const value = (): Value => this.value('v128');
    const shape = this.#tape.pick(['i64x2', 'i32x4', 'i16x8', 'i8x16']);
    const lane = this.#tape.below(2);
    const address = (): Value => b.op1('addr', '', [this.#place()]);
    switch (this.#tape.below(9)) {
      case 0:
        return one(this.#tape.pick<OpName>(['v.add', 'v.sub', 'v.eq', 'v.gt_s']), shape, [value(), value()]);
      case 1:
        return one('v.splat', shape, [this.value(shape === 'i64x2' ? 'i64' : 'i32')]);
      case 2:
        return this.add('i64', b.op1('v.extract', 'i64x2', [value()], [lane]));
      case 3:
        return one(
          'v.load',
          this.#tape.pick(['v128', 'i8x8', 'splat16', 'zero32']),
          [address()],
          [this.#tape.below(17)],
        );
      case 4:
        return void b.op('v.store', 'v128', [address(), value()], [this.#tape.below(17)]);
      case 5:
        return one('v.load_lane', '32', [address(), value()], [this.#tape.below(28), 3 * lane]);
      case 6:
        return void b.op('v.store_lane', '16', [address(), value()], [this.#tape.below(30), 7 * lane]);
      case 7:
        return one('v.shl', shape, [value(), this.value('i32')]);
      default:
        return one('v.select', '', [value(), value(), value()]);
    }
  }

  #results(): Kind[] {
    return Array.from({ length: this.#tape.below(3) }, () => this.#tape.pick(kinds));
  }

  #if(): void {
    const { b } = this;
    const types = this.#results();
    const condition = this.condition();
    const arm = (label: string): void =>
      this.#scope(() => {
        this.statements();
        b.break(
          label,
          types.map((t) => this.value(t)),
        );
      });
    const results = b.if(condition, types, arm, arm);
    for (const [k, t] of types.entries()) this.add(t, results[k]);
  }

  /** A block that is left early if some condition holds. */
  #block(): void {
    const { b } = this;
    const types = this.#results();
    const results = b.block(types, (label) =>
      this.#scope(() => {
        this.statements();
        const early = types.map((t) => this.value(t));
        b.if(this.condition(), [], () => b.break(label, early));
        this.statements();
        b.break(
          label,
          types.map((t) => this.value(t)),
        );
      }),
    );
    for (const [k, t] of types.entries()) this.add(t, results[k]);
  }

  /** Counts to a small number; carries a few values. */
  #loop(): void {
    const { b } = this;
    const types = this.#results();
    const bound = b.constI64(this.#tape.below(6));
    const inits = types.map((t) => this.value(t));
    const tail = this.#tape.below(2) === 0;
    const results = b.loop([b.constI64(0), ...inits], types, (label, [i = 0, ...carried]) =>
      this.#scope(() => {
        this.add('i64', i);
        for (const [k, t] of types.entries()) this.add(t, carried[k]);
        const more = b.op1('lt_s', 'i64', [i, bound]);
        const round = (): void => {
          this.statements();
          b.next(label, [b.op1('add', 'i64', [i, b.constI64(1)]), ...types.map((t) => this.value(t))]);
        };
        if (tail) {
          b.if(
            more,
            [],
            () => {},
            () => b.break(label, carried),
          );
          round();
          return;
        }
        b.if(
          more,
          [],
          () => this.#scope(round),
          () => b.break(label, carried),
        );
        b.unreachable();
      }),
    );
    for (const [k, t] of types.entries()) this.add(t, results[k]);
  }

  #call(): void {
    if (this.#callees.length === 0) return;
    const callee = this.#tape.pick(this.#callees);
    const results = this.b.call(
      callee.name,
      callee.params.map((t) => this.value(t)),
      callee.results,
    );
    for (const [k, t] of callee.results.entries()) this.add(t, results[k]);
  }

  #check(): void {
    if (!this.#options.faults) return;
    const { b } = this;
    switch (this.#tape.below(4)) {
      case 0:
        return void b.op('check.index', '', [b.op1('and', 'i64', [this.value('i64'), b.constI64(63)]), b.constI64(63)]);
      case 1:
        return void b.op('check.divide', 'i64', [this.value('i64'), this.value('i64')]);
      case 2:
        return void b.op('check.overflow', 'i32', [this.value('i32'), this.value('i32')]);
      default:
        return void b.if(this.condition(), [], (label) => {
          b.if(this.condition(), [], () => b.fault('index', [this.value('i64'), this.value('i64')]));
          b.break(label);
        });
    }
  }

  print(): void {
    const type = this.#tape.pick(nums);
    this.b.op('out', type, [this.value(type)], [JSON.stringify({ type })]);
    this.b.op('out.end', '', [], [1, 1]);
  }

  statement(): void {
    const nested = this.#depth < 3;
    switch (this.#tape.below(nested ? 13 : 9)) {
      case 0:
      case 1:
      case 2:
        return this.#arithmetic();
      case 3:
        return this.#conversion();
      case 4:
      case 5:
        return this.#memory();
      case 6:
        return this.#check();
      case 7:
        return this.print();
      case 8:
        return this.#vector();
      case 9:
        return this.#call();
      case 10:
        return this.#if();
      case 11:
        return this.#block();
      default:
        return this.#loop();
    }
  }

  statements(): void {
    const count = 1 + this.#tape.below(4);
    for (let k = 0; k < count && this.#tape.left && !this.b.ended; k++) this.statement();
  }

  // ---- with other images: only in main's own body, where all images come by

  #publish(): void {
    const { b } = this;
    const own = b.op1('global', '', [], ['pub']);
    b.op('store', 'i64', [b.op1('addr', '', [own]), this.value('i64')], [0]);
    b.op('barrier');
    const image = b.op1('rem_u', 'i64', [this.value('i64'), b.op1('num_images')]);
    const there = b.op1('remote', '', [own, image]);
    this.add('i64', b.op1('load', 'i64', [b.op1('addr', '', [there])], [0]));
    this.add('i64', b.op1('image_of', '', [there]));
    b.op('barrier');
  }

  #count(): void {
    const { b } = this;
    const there = b.op1('remote', '', [b.op1('global', '', [], ['count']), b.constI64(0)]);
    b.op1(
      'atomic.rmw',
      'i64',
      [b.op1('addr', '', [there]), this.value('i64')],
      [this.#tape.pick(['add', 'xor', 'max_s'])],
    );
    b.op('barrier');
    this.add('i64', b.op1('atomic.load', 'i64', [b.op1('addr', '', [there])]));
    b.op('barrier');
  }

  #collective(): void {
    const { b } = this;
    const type = this.#tape.pick<Num>(['i64', 'i32']);
    const word = this.#tape.pick(['add', 'mul', 'and', 'or', 'xor', 'min_s', 'max_u']);
    const root = b.op1('rem_u', 'i64', [this.constant('i64'), b.op1('num_images')]);
    switch (this.#tape.below(3)) {
      case 0:
        return this.add(type, b.op1('allreduce', type, [this.value(type)], [word]));
      case 1:
        return this.add(type, b.op1('reduce', type, [this.value(type), root], [word]));
      default:
        return this.add(type, b.op1('broadcast', type, [this.value(type), root]));
    }
  }

  /** Each image writes the elements it owns; then all read one. */
  #shared(array: IrGlobal & { readonly kind: 'shared' }): void {
    const { b } = this;
    const rank = array.dims.length;
    const indexOf = (n: Value): Value[] =>
      Array.from({ length: rank }, (_, k) =>
        b.op1('rem_u', 'i64', [n, b.op1('shared.extent', '', [], [array.name, k])]),
      );
    const elem = (indices: readonly Value[]): Value => {
      const part = b.op1('shared.part', '', [], [array.name]);
      return b.op1('addr', '', [b.op1('shared.elem', '', [part, ...indices], [array.name])]);
    };
    const me = b.op1('this_image');
    b.loop([b.constI64(0)], [], (label, [n = 0]) => {
      const indices = indexOf(n);
      const mine = b.op1('eq', 'i64', [b.op1('shared.owner', '', indices, [array.name]), me]);
      b.if(mine, [], () => b.op('store', 'i64', [elem(indices), n], [0]));
      const next = b.op1('add', 'i64', [n, b.constI64(1)]);
      b.if(b.op1('lt_s', 'i64', [next, b.constI64(12)]), [], () => b.next(label, [next]));
      b.break(label);
    });
    b.op('barrier');
    const indices = indexOf(this.value('i64'));
    this.add('i64', b.op1('load', 'i64', [elem(indices)], [0]));
    this.add('i64', b.op1('shared.owner', '', indices, [array.name]));
    const dim = this.#tape.below(rank);
    const about = this.#tape.pick<OpName>([
      'shared.block',
      'shared.images',
      'shared.local_extent',
      'shared.coordinate',
    ]);
    this.add('i64', b.op1(about, '', [], [array.name, dim]));
    b.op('barrier');
  }

  together(arrays: readonly (IrGlobal & { readonly kind: 'shared' })[]): void {
    switch (this.#tape.below(4)) {
      case 0:
        return this.#publish();
      case 1:
        return this.#count();
      case 2:
        return this.#collective();
      default:
        return this.#shared(this.#tape.pick(arrays));
    }
  }
}

const funcOf = (s: Signature, tape: Tape, options: Required<RandomOptions>, callees: readonly Signature[]): Func =>
  buildFunc(s.name, s.params, s.results, (b, params) => {
    const w = new Writer(b, tape, options, callees);
    for (const [k, t] of s.params.entries()) w.add(t, params[k]);
    w.statements();
    b.ret(s.results.map((t) => w.value(t)));
  });

const arrays: readonly (IrGlobal & { readonly kind: 'shared' })[] = [
  { kind: 'shared', name: 'block', pos: 0, elementBytes: 8, dims: ['block'] },
  { kind: 'shared', name: 'cyclic', pos: 0, elementBytes: 8, dims: ['cyclic', 'star'] },
  { kind: 'shared', name: 'grid', pos: 0, elementBytes: 8, dims: ['block', 'blocks'] },
];

const initOf = (tape: Tape, pgas: boolean): Func =>
  buildFunc('init', [], [], (b) => {
    if (!pgas) return;
    for (const a of arrays) {
      const extents = a.dims.map(() => b.constI64(1 + tape.below(9)));
      const details = a.dims.map((d) => b.constI64(d === 'blocks' ? 1 + tape.below(3) : 0));
      b.op('shared.init', '', [...extents, ...details], [a.name]);
    }
  });

/** The program that a tape stands for. */
export const programFrom = (numbers: readonly number[], options: RandomOptions = {}): IrProgram => {
  const tape = new Tape(numbers);
  const all: Required<RandomOptions> = { faults: options.faults ?? true, pgas: options.pgas ?? true };
  const types = (n: number): Kind[] => Array.from({ length: n }, () => tape.pick(kinds));
  const signatures: Signature[] = [];
  const funcs: Func[] = [initOf(tape, all.pgas)];
  const count = tape.below(3);
  for (let k = 0; k < count; k++) {
    const s: Signature = { name: `f${k}`, params: types(tape.below(4)), results: types(tape.below(3)) };
    // Calls go to earlier functions only: every call tree is finite.
    funcs.push(funcOf(s, tape, all, [...signatures]));
    signatures.push(s);
  }
  funcs.push(
    buildFunc('main', [], [], (b) => {
      const w = new Writer(b, tape, all, signatures);
      while (tape.left) {
        if (all.pgas && tape.below(4) === 3) w.together(arrays);
        else w.statement();
      }
      w.print();
    }),
  );
  const globals: IrGlobal[] = [{ kind: 'private', name: 'private', pos: 0, size: 4 * blockBytes, align: 8 }];
  if (all.pgas) {
    for (const name of ['pub', 'count']) globals.push({ kind: 'symmetric', name, pos: 0, size: 8, align: 8 });
    globals.push(...arrays);
  }
  const data = [{ name: 'bytes', bytes: Uint8Array.from({ length: 40 }, (_, k) => (k * 37) & 0xff) }];
  return programOf({ globals, data, funcs });
};

/** Random programs; see above. */
export const arbitraryProgram = (options: RandomOptions = {}): fc.Arbitrary<IrProgram> =>
  fc
    .array(fc.nat({ max: 0x7fffffff }), { minLength: 1, maxLength: 300, size: 'max' })
    .map((tape) => programFrom(tape, options));

/** A function that stands alone: `f` of a random signature, with no globals but @private and @bytes. */
export const arbitraryFunc: fc.Arbitrary<IrProgram> = fc
  .array(fc.nat({ max: 0x7fffffff }), { minLength: 1, maxLength: 200, size: 'max' })
  .map((numbers) => {
    const tape = new Tape(numbers);
    const types = (n: number): Kind[] => Array.from({ length: n }, () => tape.pick(kinds));
    const s: Signature = { name: 'f', params: types(tape.below(4)), results: types(tape.below(3)) };
    const f = funcOf(s, tape, { faults: true, pgas: false }, []);
    const whole = programFrom([], { pgas: false });
    return { ...whole, funcs: [f] };
  });
