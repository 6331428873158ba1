// The IR: structured SSA. A body is a list of instructions and a terminator; `if`, `block` and `loop` are instructions that
// hold bodies and have results. Every exit is labelled: `break @l(values)` gives the results of @l, `next @l(values)`
// the next iteration's parameters of loop @l, `ret(values)` the function's. No body falls through. Dominance is lexical:
// a value may be used after its definition in the same body and in the bodies nested below.
//
// The table `ops` is the only list of operations: printer, parser, verifier, evaluator, passes and emitter read it.
// Two kinds of pointer: a `gptr` denotes a place and stays right when objects move; a `ptr` is bits, made by `addr`, and
// dies at the next op that may move objects (effect `moves`; verifier rule).
import type { FaultKind } from '../vm/abi.ts';
import { arrayOps } from './ir-arrays.ts';
import { fiberOps } from './ir-fibers.ts';
import { hookOps } from './ir-hooks.ts';
import { type Imm, type IrType, type OpRow, row } from './ir-row.ts';
import { trackOps } from './ir-track.ts';
import { vectorOps } from './ir-vector.ts';

export type { Effect, Imm, ImmKind, IrType, OpRow } from './ir-row.ts';

/** SSA value: dense numbers per function; `Func.types[v]` is its type. */
export type Value = number;
/** Index into `IrProgram.positions`; 0 is "no place". */
export type PosId = number;

// ---- the table of ops -------------------------------------------------------------------------------------------

const ints = ['i32', 'i64'] as const;
const floats = ['f32', 'f64'] as const;
const numbers = ['i32', 'i64', 'f32', 'f64'] as const;
const scalars = ['i32', 'i64', 'f32', 'f64', 'gptr'] as const;
/** Memory types: what a load or store moves. ptr32 is a `*T` (4 bytes), ptr64 a `*shared T` (8 bytes, high half zero); both are gptr values. */
export const memTypes = ['i8', 'u8', 'i16', 'u16', 'i32', 'i64', 'f32', 'f64', 'ptr32', 'ptr64'] as const;
export type MemType = (typeof memTypes)[number];

const binary = (types: readonly string[], doc: string, cost = 1): OpRow => row(types, ['T', 'T'], ['T'], doc, { cost });
const unary = (types: readonly string[], doc: string, cost = 1): OpRow => row(types, ['T'], ['T'], doc, { cost });
const compare = (types: readonly string[], doc: string): OpRow => row(types, ['T', 'T'], ['i32'], doc);
const convert = (types: readonly string[], doc: string): OpRow => row(types, ['S'], ['D'], doc);

export const ops = {
  // constants
  const: row(ints, [], ['T'], 'an integer', { imms: ['int'], cost: 0 }),
  fconst: row(floats, [], ['T'], 'a float, given exactly: decimal that round-trips, inf, or nan:0x… with its bits', {
    imms: ['bits'],
    cost: 0,
  }),
  position: row(undefined, [], ['i32'], 'the number of a place in the source, which reports turn into file and line', {
    imms: ['int'],
    cost: 0,
  }),
  null: row(undefined, [], ['gptr'], 'the null pointer', { cost: 0 }),
  // integers
  add: binary(numbers, 'sum; integers wrap'),
  sub: binary(numbers, 'difference; integers wrap'),
  mul: binary(numbers, 'product; integers wrap', 3),
  div: binary(floats, 'IEEE quotient', 15),
  div_s: row(ints, ['T', 'T'], ['T'], 'signed quotient, towards zero; the divisor was checked', {
    effects: ['traps'],
    cost: 25,
  }),
  div_u: row(ints, ['T', 'T'], ['T'], 'unsigned quotient; the divisor was checked', { effects: ['traps'], cost: 25 }),
  rem_s: row(ints, ['T', 'T'], ['T'], 'signed remainder, sign of the dividend; the divisor was checked', {
    effects: ['traps'],
    cost: 25,
  }),
  rem_u: row(ints, ['T', 'T'], ['T'], 'unsigned remainder; the divisor was checked', { effects: ['traps'], cost: 25 }),
  and: binary(ints, 'bitwise and'),
  or: binary(ints, 'bitwise or'),
  xor: binary(ints, 'bitwise exclusive or'),
  shl: binary(ints, 'shift left; the count is taken modulo the width'),
  shr_s: binary(ints, 'arithmetic shift right; count modulo the width'),
  shr_u: binary(ints, 'logical shift right; count modulo the width'),
  rotl: binary(ints, 'rotate left'),
  clz: unary(ints, 'leading zeros'),
  ctz: unary(ints, 'trailing zeros'),
  popcnt: unary(ints, 'bits set'),
  // floats
  min: binary(floats, 'IEEE minimum; NaN if either is'),
  max: binary(floats, 'IEEE maximum; NaN if either is'),
  fmin: binary(floats, 'the smaller one; NaN counts as missing (both: the first), -0 is smaller than 0', 4),
  fmax: binary(floats, 'the larger one; NaN counts as missing (both: the first), 0 is larger than -0', 4),
  copysign: binary(floats, 'magnitude of the first, sign of the second'),
  neg: unary(floats, 'negation'),
  abs: unary(floats, 'magnitude'),
  sqrt: unary(floats, 'square root, correctly rounded', 15),
  floor: unary(floats, 'round down'),
  ceil: unary(floats, 'round up'),
  trunc: unary(floats, 'round towards zero'),
  nearest: unary(floats, 'round to nearest, ties to even'),
  // comparisons
  eqz: row(ints, ['T'], ['i32'], 'is zero'),
  eq: compare(scalars, 'equal (gptr: the same address)'),
  ne: compare(scalars, 'not equal'),
  lt_s: compare(ints, 'signed less'),
  lt_u: compare(ints, 'unsigned less'),
  le_s: compare(ints, 'signed at most'),
  le_u: compare(ints, 'unsigned at most'),
  gt_s: compare(ints, 'signed greater'),
  gt_u: compare(ints, 'unsigned greater'),
  ge_s: compare(ints, 'signed at least'),
  ge_u: compare(ints, 'unsigned at least'),
  lt: compare(floats, 'less'),
  le: compare(floats, 'at most'),
  gt: compare(floats, 'greater'),
  ge: compare(floats, 'at least'),
  select: row(scalars, ['i32', 'T', 'T'], ['T'], 'the second if the first is not zero, else the third'),
  // conversions
  wrap: row(undefined, ['i64'], ['i32'], 'low 32 bits', { cost: 0 }),
  extend_s: row(undefined, ['i32'], ['i64'], 'sign extension'),
  extend_u: row(undefined, ['i32'], ['i64'], 'zero extension'),
  extend8_s: unary(ints, 'sign-extend the low 8 bits'),
  extend16_s: unary(ints, 'sign-extend the low 16 bits'),
  convert_s: convert(['f32.i32', 'f32.i64', 'f64.i32', 'f64.i64'], 'signed integer to float, rounded to nearest'),
  convert_u: convert(['f32.i32', 'f32.i64', 'f64.i32', 'f64.i64'], 'unsigned integer to float, rounded to nearest'),
  trunc_sat_s: convert(
    ['i32.f32', 'i32.f64', 'i64.f32', 'i64.f64'],
    'float to signed integer, saturating; NaN gives 0',
  ),
  trunc_sat_u: convert(
    ['i32.f32', 'i32.f64', 'i64.f32', 'i64.f64'],
    'float to unsigned integer, saturating; NaN gives 0',
  ),
  promote: row(undefined, ['f32'], ['f64'], 'f32 to f64'),
  demote: row(undefined, ['f64'], ['f32'], 'f64 to f32, rounded'),
  reinterpret: convert(['i32.f32', 'i64.f64', 'f32.i32', 'f64.i64'], 'the same bits'),
  // places
  global: row(undefined, [], ['gptr'], 'own copy of a module-level variable (private or symmetric)', {
    imms: ['global'],
  }),
  data: row(undefined, [], ['gptr'], 'read-only data', { imms: ['data'], cost: 0 }),
  frame: row(undefined, [], ['gptr'], "a slot of this call's frame on the stack in memory", { imms: ['slot'] }),
  offset: row(undefined, ['gptr', 'i32'], ['gptr'], 'the place so many bytes further (signed, wraps)'),
  elem: row(undefined, ['gptr', 'i64'], ['gptr'], 'element number … of an array of elements of `number` bytes each', {
    imms: ['number'],
    cost: 2,
  }),
  remote: row(
    undefined,
    ['gptr', 'i64'],
    ['gptr'],
    'the same offset in the slot of that image: (image + 1) << slot bits | offset; the image was checked',
    { cost: 2 },
  ),
  image_of: row(undefined, ['gptr'], ['i64'], 'the image whose slot it is in', { cost: 2 }),
  own: row(undefined, ['gptr'], ['gptr'], 'the same offset in the own slot', { cost: 2 }),
  'gptr.bits': row(undefined, ['gptr'], ['i32'], 'the address as a number; pins the object', {
    effects: ['place'],
    cost: 0,
  }),
  'gptr.of': row(undefined, ['i32'], ['gptr'], 'a place from a number (forged, unless it came from gptr.bits)', {
    cost: 0,
  }),
  addr: row(undefined, ['gptr'], ['ptr'], 'where the place is now', { effects: ['place'], cost: 0 }),
  'ptr.bits': row(undefined, ['ptr'], ['i32'], 'the address as a number, for the run-time to note', {
    effects: ['place'],
    cost: 0,
  }),
  'ptr.add': row(undefined, ['ptr', 'i32'], ['ptr'], 'so many bytes further'),
  'ptr.diff': row(
    undefined,
    ['ptr', 'ptr'],
    ['i32'],
    'bytes from the second to the first, both where they are now: two numbers of addresses might be of different times',
    { effects: ['place'] },
  ),
  // memory
  load: row(memTypes, ['ptr'], ['T'], 'read at address + `number`; narrow types are extended', {
    imms: ['number'],
    effects: ['reads'],
    cost: 3,
  }),
  store: row(memTypes, ['ptr', 'T'], [], 'write at address + `number`; narrow types are cut', {
    imms: ['number'],
    effects: ['writes'],
    cost: 2,
  }),
  copy: row(undefined, ['ptr', 'ptr', 'i32'], [], 'move bytes (to, from, count); may overlap', {
    effects: ['reads', 'writes'],
    cost: 20,
  }),
  fill: row(undefined, ['ptr', 'i32', 'i32'], [], 'fill (to, byte, count)', { effects: ['writes'], cost: 20 }),
  let: row(memTypes, [], ['T'], 'the value of a module-level let or config: fixed once main runs', {
    imms: ['global'],
    cost: 3,
  }),
  // atomics: sequentially consistent
  'atomic.load': row(['u8', 'u16', 'i32', 'i64'], ['ptr'], ['T'], 'atomic read', {
    effects: ['reads', 'synchronises'],
    cost: 5,
  }),
  'atomic.store': row(['u8', 'u16', 'i32', 'i64'], ['ptr', 'T'], [], 'atomic write', {
    effects: ['writes', 'synchronises'],
    cost: 20,
  }),
  'atomic.rmw': row(
    ['i32', 'i64', 'f64'],
    ['ptr', 'T'],
    ['T'],
    'read-modify-write; word is add sub and or xor xchg min_s min_u max_s max_u (f64: add min max xchg); gives the old value',
    { imms: ['word'], effects: ['reads', 'writes', 'synchronises'], cost: 20 },
  ),
  'atomic.cas': row(
    ['i32', 'i64', 'f64'],
    ['ptr', 'T', 'T'],
    ['T'],
    'compare (bits) and swap: address, expected, desired; gives the old value',
    { effects: ['reads', 'writes', 'synchronises'], cost: 20 },
  ),
  'atomic.wait32': row(
    undefined,
    ['ptr', 'i32', 'i64'],
    ['i32'],
    'sleep while the i32 at address is as expected, at most so many ns; 0 woken, 1 not equal, 2 timed out',
    { effects: ['reads', 'writes', 'synchronises', 'moves'], cost: 50 },
  ),
  'atomic.notify': row(undefined, ['ptr', 'i32'], ['i32'], 'wake at most so many sleepers; gives how many', {
    effects: ['reads', 'writes', 'synchronises'],
    cost: 50,
  }),
  fence: row(undefined, [], [], 'orders all accesses of this image', {
    effects: ['synchronises', 'reads', 'writes'],
    cost: 10,
  }),
  // who and where
  this_image: row(undefined, [], ['i64'], 'number of this image'),
  num_images: row(undefined, [], ['i64'], 'number of images'),
  slot: row(undefined, [], ['i32'], 'address of the own slot'),
  slot_bits: row(undefined, [], ['i32'], 'log2 of the bytes of a slot'),
  ...vectorOps,
  ...arrayOps,
  // checks: nothing if all is well, else a fault of that kind
  'check.index': row(undefined, ['i64', 'i64'], [], 'index, length: 0 <= index < length', {
    effects: ['traps'],
    cost: 2,
  }),
  'check.slice': row(undefined, ['i64', 'i64', 'i64'], [], 'lo, hi, length: 0 <= lo <= hi <= length', {
    effects: ['traps'],
    cost: 3,
  }),
  'check.image': row(undefined, ['i64'], [], '0 <= image < num_images', { effects: ['traps'], cost: 2 }),
  'check.null': row(undefined, ['gptr'], [], 'not in the first 64 KiB', { effects: ['traps'], cost: 2 }),
  'check.divide': row(ints, ['T', 'T'], [], 'dividend, divisor: divisor not zero', { effects: ['traps'], cost: 2 }),
  'check.overflow': row(['i8', 'i16', 'i32', 'i64'], ['T', 'T'], [], 'dividend, divisor: not smallest / -1', {
    effects: ['traps'],
    cost: 3,
  }),
  'check.length': row(undefined, ['i64', 'i64'], [], 'two lengths are equal', { effects: ['traps'], cost: 2 }),
  'check.step': row(undefined, ['i64'], [], 'the step of a range is not zero', { effects: ['traps'], cost: 2 }),
  'check.local': row(undefined, ['gptr'], [], 'reachable by load and store (within a node: always)', {
    effects: ['traps'],
    cost: 1,
  }),
  // guards: permissions are those of vm/abi.ts (isPermitted)
  'guard.read': row(
    undefined,
    ['ptr'],
    [],
    'so many bytes (the second number) from address + `number` on may be read, else a fault; at most guardMost bytes',
    { imms: ['number', 'number'], effects: ['traps'], cost: 3 },
  ),
  'guard.write': row(undefined, ['ptr'], [], 'the same for writing; what may be written may be read', {
    imms: ['number', 'number'],
    effects: ['traps'],
    cost: 3,
  }),
  'guard.bounds': row(
    undefined,
    [],
    [],
    'the heap has grown or shrunk: where the first test of guards begins and ends is read again from the kernel page',
    { effects: ['writes'], cost: 4 },
  ),
  'guard.near': row(
    undefined,
    ['ptr'],
    ['i32'],
    'whether so many bytes from address + `number` on certainly may be read and written: they lie in the own heap or stack, or in symmetric memory',
    { imms: ['number', 'number'], effects: ['place', 'reads'], cost: 3 },
  ),
  'guard.read_range': row(
    undefined,
    ['ptr', 'i64'],
    [],
    'so many bytes from the address on may be read, else a fault',
    {
      effects: ['traps'],
      cost: 15,
    },
  ),
  'guard.write_range': row(undefined, ['ptr', 'i64'], [], 'the same for writing', { effects: ['traps'], cost: 15 }),
  'guard.may_read': row(undefined, ['ptr', 'i64'], ['i32'], 'whether so many bytes from the address on may be read', {
    effects: ['place', 'reads'],
    cost: 15,
  }),
  'guard.may_write': row(undefined, ['ptr', 'i64'], ['i32'], 'the same for writing', {
    effects: ['place', 'reads'],
    cost: 15,
  }),
  'touch.read': row(
    undefined,
    ['gptr', 'i64'],
    [],
    'run-time code or the node will read so many bytes from here on: it is guarded like an access',
    { effects: ['traps'], cost: 3 },
  ),
  'touch.write': row(undefined, ['gptr', 'i64'], [], 'the same for writing', { effects: ['traps'], cost: 3 }),
  // calls
  call: row(undefined, ['…'], ['…'], 'call a function', {
    imms: ['func'],
    effects: ['reads', 'writes', 'handle-reads', 'handle-writes', 'traps', 'allocates', 'synchronises', 'moves', 'io'],
    cost: 5,
  }),
  'func.ref': row(undefined, [], ['i32'], 'a function as a value; 0 is no function', { imms: ['func'], cost: 0 }),
  'call.value': row(undefined, ['i32', '…'], ['…'], 'call the function that the first operand is', {
    effects: ['reads', 'writes', 'handle-reads', 'handle-writes', 'traps', 'allocates', 'synchronises', 'moves', 'io'],
    cost: 10,
  }),
  ...fiberOps,
  // synchronisation
  barrier: row(undefined, [], [], 'all images', {
    effects: ['reads', 'writes', 'synchronises', 'moves', 'traps'],
    cost: 300,
  }),
  idle: row(
    undefined,
    ['i64'],
    [],
    'wait_until: nothing yet after so many looks; spin or sleep a little. Between two looks of a loop',
    { effects: ['reads', 'writes', 'synchronises', 'moves', 'traps'], cost: 50 },
  ),
  allreduce: row(
    numbers,
    ['T'],
    ['T'],
    'combine the values of all images, in their order; word is add mul and or xor min_s min_u max_s max_u min max',
    { imms: ['word'], effects: ['reads', 'writes', 'synchronises', 'moves', 'traps'], cost: 500 },
  ),
  reduce: row(numbers, ['T', 'i64'], ['T'], 'the same, result on the (checked) root; elsewhere the own value', {
    imms: ['word'],
    effects: ['reads', 'writes', 'synchronises', 'moves', 'traps'],
    cost: 500,
  }),
  broadcast: row(numbers, ['T', 'i64'], ['T'], "the (checked) root's value", {
    effects: ['reads', 'writes', 'synchronises', 'moves', 'traps'],
    cost: 500,
  }),
  // heap
  alloc: row(undefined, ['i64'], ['gptr'], 'zeroed private memory of so many bytes', {
    effects: ['reads', 'writes', 'allocates', 'moves', 'traps'],
    cost: 50,
  }),
  'alloc.shared': row(
    undefined,
    ['i64'],
    ['gptr'],
    'zeroed memory of so many bytes in the own symmetric part, on this image alone',
    {
      effects: ['reads', 'writes', 'allocates', 'moves', 'traps'],
      cost: 60,
    },
  ),
  free: row(undefined, ['gptr'], [], 'give what alloc or alloc.shared gave back; null is allowed', {
    effects: ['reads', 'writes', 'allocates', 'moves', 'traps'],
    cost: 30,
  }),
  ...trackOps,
  ...hookOps,
  // output and time
  out: row(numbers, ['T'], [], 'append a value to the line; text is the format as JSON (vm/abi.ts Format)', {
    imms: ['text'],
    effects: ['io'],
    cost: 1000,
  }),
  'out.str': row(undefined, ['gptr', 'i64'], [], 'append text (address, bytes)', {
    imms: ['text'],
    effects: ['io', 'reads'],
    cost: 1000,
  }),
  'out.end': row(undefined, [], [], 'write the line, whole: stream 1 or 2, with newline (1) or without (0)', {
    imms: ['number', 'number'],
    effects: ['io'],
    cost: 1000,
  }),
  now: row(undefined, [], ['f64'], 'seconds, monotonic', { effects: ['io'], cost: 200 }),
  // files: a negative result is why not (vm/abi.ts)
  'file.open': row(undefined, ['gptr', 'i64'], ['i64'], 'open the file of this path (address, bytes); gives its size', {
    effects: ['io', 'reads'],
    cost: 1000,
  }),
  'file.read': row(undefined, ['gptr', 'i64'], ['i64'], 'read what was opened (address, bytes); gives how many', {
    effects: ['io', 'writes'],
    cost: 1000,
  }),
  'file.write': row(undefined, ['gptr', 'i64', 'gptr', 'i64'], ['i64'], 'write a file: path, data; gives 0', {
    effects: ['io', 'reads'],
    cost: 1000,
  }),
} as const satisfies Record<string, OpRow>;

export type OpName = keyof typeof ops;
export const opRow = (op: OpName): OpRow => ops[op];

/** The SSA type of a value of a suffix: `u8` → i32, `ptr32` → gptr, … */
export const valueType = (suffix: string): IrType => {
  switch (suffix) {
    case 'i8':
    case 'u8':
    case 'i16':
    case 'u16':
      return 'i32';
    case 'ptr32':
    case 'ptr64':
      return 'gptr';
    case 'i32':
    case 'i64':
    case 'f32':
    case 'f64':
    case 'gptr':
      return suffix;
    default:
      throw new Error(`internal error: no such type suffix: ${suffix}`);
  }
};

// ---- instructions -----------------------------------------------------------------------------------------------

interface Common {
  readonly pos: PosId;
  /** Why it exists, when it was not in the source: the name of the pass. Printed as `!by=name`. */
  readonly by?: string;
}

/** What guards have to know of an op, besides what the table says of it. */
export interface GuardNotes {
  /**
   * Of a place: from it on, so many bytes belong to an object of the program that this image may access, whenever the program gets to
   * access them (the index was checked, the object is a variable or was made by the compiler). Printed as `!granted=8`.
   */
  readonly granted?: number;
  /** Of an access or a call of a value: run-time code, which is exempt. Printed as `!kernel`. */
  readonly kernel?: boolean;
  /** Of an access: why there is a guard, or none. Printed as `!guard="…"`. */
  readonly guard?: string;
}

/** What may be done with the numbers that an op computes. */
export interface OrderNotes {
  /** Of an op on floats: what a `reduce` adds up, or multiplies; the language does not say in which order. Printed as `!any_order`. */
  readonly anyOrder?: boolean;
}

export interface OpInst extends Common, GuardNotes, OrderNotes {
  readonly kind: 'op';
  readonly op: OpName;
  /** Empty when the op has no suffixes. */
  readonly suffix: string;
  readonly results: readonly Value[];
  readonly args: readonly Value[];
  readonly imms: readonly Imm[];
}

export interface IfInst extends Common {
  readonly kind: 'if';
  readonly label: string;
  readonly condition: Value;
  /** The first arm is taken nearly always: engines are told to keep the other one out of its way. Printed as `likely`. */
  readonly likely?: boolean;
  /** The second arm gives the same values whatever the condition says; the first is a short cut. Printed as `either`. */
  readonly either?: boolean;
  readonly results: readonly Value[];
  readonly then: Body;
  readonly else: Body;
}

export interface BlockInst extends Common {
  readonly kind: 'block';
  readonly label: string;
  readonly results: readonly Value[];
  readonly body: Body;
}

export interface LoopInst extends Common {
  readonly kind: 'loop';
  readonly label: string;
  /** Values of this iteration; `inits` are those of the first. */
  readonly params: readonly Value[];
  readonly inits: readonly Value[];
  readonly results: readonly Value[];
  readonly body: Body;
  /** The iterations are independent by the language's promise (`foreach`, `forall`). Printed as `independent`. */
  readonly independent: boolean;
}

export type Inst = OpInst | IfInst | BlockInst | LoopInst;

export type Terminator = Common &
  (
    | { readonly kind: 'break'; readonly label: string; readonly args: readonly Value[] }
    | { readonly kind: 'next'; readonly label: string; readonly args: readonly Value[] }
    | { readonly kind: 'ret'; readonly args: readonly Value[] }
    /** Ends the run: the values go into the fault record (at most three), then the image stops. Also assert, trap, exit. */
    | { readonly kind: 'fault'; readonly fault: FaultKind; readonly args: readonly Value[] }
    /** A fault whose kind is a run-time number (first argument); only the run-time uses it. */
    | { readonly kind: 'raise'; readonly args: readonly Value[] }
    /** Not reached: after a call that does not return, or a loop without a break. */
    | { readonly kind: 'unreachable' }
  );

export interface Body {
  readonly insts: readonly Inst[];
  readonly end: Terminator;
}

export interface FrameSlot {
  readonly name: string;
  readonly size: number;
  readonly align: number;
}

export interface Func {
  /** Unique, as users know it: `main`, `math.sin`. Of the run-time: `rt.…`. */
  readonly name: string;
  readonly params: readonly Value[];
  readonly results: readonly IrType[];
  readonly slots: readonly FrameSlot[];
  /** Type of every value, indexed by value. */
  readonly types: readonly IrType[];
  readonly body: Body;
  readonly pos: PosId;
}

// ---- programs ---------------------------------------------------------------------------------------------------

export type IrDim = 'star' | 'block' | 'cyclic' | 'blocks' | 'on';

export type IrGlobal = {
  readonly name: string;
  readonly pos: PosId;
} /** Zeroed memory: private to each image, or symmetric (`co` variables and `shared` scalars). */ & (
  | { readonly kind: 'symmetric'; readonly size: number; readonly align: number }
  /** `fixed`: a let that is no scalar; it may be written while \`init\` runs. */
  | { readonly kind: 'private'; readonly size: number; readonly align: number; readonly fixed?: boolean }
  /** A private cell written once: by init (let) or by the node (config; `default` as in vm/abi.ts ConfigEntry). */
  | { readonly kind: 'let'; readonly type: MemType }
  | {
      readonly kind: 'config';
      readonly type: MemType;
      readonly configType: string;
      readonly default: string;
      readonly doc?: string;
    }
  /** A distributed array: a descriptor in private memory, its parts in the dynamic symmetric memory. */
  | { readonly kind: 'shared'; readonly elementBytes: number; readonly dims: readonly IrDim[] }
  /**
   * An array with run-time extents: `co` (symmetric memory) or `var` (private heap). With `of` it is the descriptor of that
   * symmetric variable, for handles of it.
   */
  | {
      readonly kind: 'dynamic';
      readonly elementBytes: number;
      readonly rank: number;
      readonly symmetric: boolean;
      readonly of?: string;
    }
);

export interface IrData {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface IrPosition {
  /** Index into `files`. */
  readonly file: number;
  readonly line: number;
  readonly col: number;
  readonly fn: string;
  /** Position of the call that was inlined; 0: none. */
  readonly inlinedAt: PosId;
}

export interface IrProgram {
  /** It is for nodes of just so many images. */
  readonly images?: number;
  readonly files: readonly string[];
  /** Entry 0 is the unknown place. Grows: passes may append. */
  readonly positions: readonly IrPosition[];
  readonly globals: readonly IrGlobal[];
  readonly data: readonly IrData[];
  /** `init` computes lets and lays out arrays; `main` is the program. Both are functions without parameters. */
  readonly funcs: readonly Func[];
}
