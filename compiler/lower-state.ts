// The state of lowering one function: the body under construction, the values of variables, the loops around.
//
// SSA is built directly from the structured program: a variable that a branch or loop assigns becomes a result of the
// `if` or a parameter and a result of the `loop`. No dominance frontiers are needed (Brandis and Mössenböck,
// "Single-pass generation of static single-assignment form for structured languages", TOPLAS 1994).
import type { ReduceOp } from '../lang/ast.ts';
import type { Span } from '../lang/source.ts';
import { lineCol, type Source } from '../lang/source.ts';
import type { Block, Expr, Fn, Global, Local } from '../lang/typed.ts';
import type { Type } from '../lang/types.ts';
import type { Body, FrameSlot, Func, Imm, Inst, IrPosition, IrType, OpName, PosId, Terminator, Value } from './ir.ts';
import { signatureOf } from './ir-types.ts';

/** What is shared by all functions of the program under construction. */
export interface ProgramState {
  readonly sources: readonly Source[];
  readonly positions: IrPosition[];
  readonly positionIds: Map<string, PosId>;
  readonly strings: Map<string, string>;
  readonly data: { name: string; bytes: Uint8Array }[];
  /** Functions met by a call, to be lowered next. */
  readonly wanted: Set<Fn>;
  readonly symbolOf: (fn: Fn) => string;
  /** Whether the program swaps arrays anywhere. */
  readonly swaps: boolean;
  /** Whether it has teams: then images are counted in the team that one is in. */
  readonly teams: boolean;
  /** Whether it has tasks: then those that wait let others run. */
  readonly tasks: boolean;
  /** Functions of those parts of the run-time that are told what others of it do (see `watched` in vm/abi-profile.ts). */
  readonly watchers: readonly string[];
  /** Functions that were made besides: those of `par for`. */
  readonly made: Func[];
  /** The loops with `par for`, and whether any may be split (see lower-par.ts). */
  readonly pars: ParLoop[];
  readonly splits: boolean;
  /** Tasks that are spawned, about which it is decided later whether they may move (see task-moves.ts). */
  readonly spawns: Spawned[];
  /** Whether messages may have handlers. */
  readonly handlers: boolean;
  /** Whether it may have messages. */
  readonly messages: boolean;
  /** Heartbeats come every so many ticks; 0: at each hook. */
  readonly ticksPerBeat: number;
  /** Whether copies of pointers are told (see passes/escape.ts). */
  readonly escapes: boolean;
}

/** What a task begins with, and what is known from its types: it may move, it is given or gives what belongs to one image, or it was spawned on an image by number. */
export interface Spawned {
  readonly entry: string;
  readonly types: 'free' | 'bound' | 'placed';
  readonly pos: PosId;
}

/** A `par for`: its number, the function of its body, the function of the program it stands in, and where. */
export interface ParLoop {
  readonly n: number;
  readonly name: string;
  readonly around: string;
  readonly pos: PosId;
}

/** Where a local's value is: SSA values (one a component), or a place in memory. */
export type Binding =
  | { readonly kind: 'values'; readonly values: readonly Value[] }
  | { readonly kind: 'memory'; readonly base: () => Value };

export interface LoopContext {
  readonly label: string;
  /** Variables carried: the loop's parameters after its own counters. */
  readonly vars: readonly Local[];
  /** Goes to the next iteration from here. */
  readonly next: (pos: PosId) => void;
  /** How many of `State.scopes` are outside of the loop. */
  readonly scopes: number;
}

/** An array in the code that is being lowered. */
export type ArrayRef = { readonly rank: number; readonly element: Type } & (
  | { readonly kind: 'global'; readonly global: Global }
  /** The value of a handle that was checked. */
  | { readonly kind: 'handle'; readonly handle: Value }
);

/** Inside a forall: of these arrays, which are laid out alike, these locals are own indices, with these local indices. */
export interface Owned {
  readonly arrays: readonly ArrayRef[];
  /** They have one block an image along the first dimension, and the others are undivided. */
  readonly rows: boolean;
  /** One a dimension; undefined: any index. */
  readonly locals: readonly (Local | undefined)[];
  readonly localIndices: readonly (Value | undefined)[];
}

export interface State {
  readonly program: ProgramState;
  readonly fnName: string;
  readonly inMemory: ReadonlySet<Local>;
  readonly types: IrType[];
  readonly slots: FrameSlot[];
  readonly env: Map<Local, Binding>;
  readonly loops: LoopContext[];
  readonly owned: Owned[];
  /** Variables of `reduce`, with what they are combined by: in any order. */
  readonly reducing: Map<Local, ReduceOp>;
  /** What is to be done when the scoped statements around here are left, outermost first. */
  readonly scopes: Expr[];
  /** Handles that a loop around evaluated: the same expressions mean the same values there. */
  readonly handles: { readonly expr: Expr; readonly value: Value }[];
  /** Where slices of own parts of named arrays begin, with their extents: the image may certainly access all of them. */
  readonly ownSlices: Map<Value, readonly Value[]>;
  /** Where an aggregate result goes. */
  resultPlace: Value | undefined;
  /** While the condition of a wait_until is lowered: its reads of symmetric scalars are atomic. */
  atomicReads: boolean;
  /** While init is lowered: lets are read from memory, as they are not fixed yet. */
  readonly initialising: boolean;
  /** A function of the run-time: its accesses are exempt from guards. */
  readonly kernel: boolean;
  insts: Inst[];
  end: Terminator | undefined;
  labels: number;
  /** Lowers a block inside the current body and gives the components of its value. Set by the statement lowering. */
  readonly lowerBlock: (s: State, b: Block) => readonly Value[];
}

/** What a function begins with, wherever it comes from: nothing yet. */
export const ofNewFunction = () => ({
  types: [],
  slots: [],
  env: new Map<Local, Binding>(),
  loops: [],
  owned: [],
  reducing: new Map<Local, ReduceOp>(),
  scopes: [],
  handles: [],
  ownSlices: new Map<Value, readonly Value[]>(),
  resultPlace: undefined,
  atomicReads: false,
  insts: [],
  end: undefined,
  labels: 0,
});

export const fresh = (s: State, type: IrType): Value => {
  s.types.push(type);
  return s.types.length - 1;
};

export const freshLabel = (s: State, stem: string): string => `${stem}${s.labels++}`;

/** The id of the place where `span` starts, in the function being lowered. */
export const position = (s: State, span: Span): PosId => {
  const source = s.program.sources[span.source];
  if (!source) return 0;
  const { line, col } = lineCol(source, span.start);
  const key = `${span.source}:${line}:${col}:${s.fnName}`;
  const known = s.program.positionIds.get(key);
  if (known !== undefined) return known;
  const id = s.program.positions.length;
  s.program.positions.push({ file: span.source, line, col, fn: s.fnName, inlinedAt: 0 });
  s.program.positionIds.set(key, id);
  return id;
};

/** Appends an instruction, unless this point is not reached. */
export const append = (s: State, inst: Inst): void => {
  if (s.end) return;
  s.insts.push(s.kernel && inst.kind === 'op' && accesses.has(inst.op) ? { ...inst, kernel: true } : inst);
};

/**
 * Ops that touch memory. Those of run-time code are exempt from guards. And calls of values: only those of run-time code may get to
 * functions that are exempt.
 */
const accesses = new Set<OpName>([
  'load',
  'store',
  'copy',
  'fill',
  'atomic.load',
  'atomic.store',
  'atomic.rmw',
  'atomic.cas',
  'atomic.wait32',
  'atomic.notify',
  'out.str',
  'file.open',
  'file.read',
  'file.write',
  'call.value',
]);

/** Appends an op with given result types. */
export const emitTyped = (
  s: State,
  pos: PosId,
  op: OpName,
  suffix: string,
  args: readonly Value[],
  imms: readonly Imm[],
  resultTypes: readonly IrType[],
): readonly Value[] => {
  const results = resultTypes.map((t) => fresh(s, t));
  append(s, { kind: 'op', op, suffix, results, args, imms, pos });
  return results;
};

/** Appends an op without results. */
export const effect = (
  s: State,
  pos: PosId,
  op: OpName,
  suffix: string,
  args: readonly Value[],
  imms: readonly Imm[] = [],
): void => {
  append(s, { kind: 'op', op, suffix, results: [], args, imms, pos });
};

/** Appends an op with one result, whose type the table tells. */
export const emit = (
  s: State,
  pos: PosId,
  op: OpName,
  suffix: string,
  args: readonly Value[],
  imms: readonly Imm[] = [],
): Value => {
  const type = signatureOf(op, suffix)?.results?.[0];
  if (type === undefined) throw new Error(`internal error: ${op} has no single result`);
  const result = fresh(s, type);
  append(s, { kind: 'op', op, suffix, results: [result], args, imms, pos });
  return result;
};

/** A place of which it is known that so many bytes from it on are granted; undefined: nothing is known. */
export const emitPlace = (
  s: State,
  pos: PosId,
  op: 'elem' | 'offset',
  args: readonly Value[],
  imms: readonly Imm[],
  granted: number | undefined,
): Value => {
  const result = fresh(s, 'gptr');
  const note = granted === undefined || granted <= 0 ? {} : { granted };
  append(s, { kind: 'op', op, suffix: '', results: [result], args, imms, pos, ...note });
  return result;
};

export const constI32 = (s: State, pos: PosId, n: number): Value => emit(s, pos, 'const', 'i32', [], [BigInt(n | 0)]);
export const constI64 = (s: State, pos: PosId, n: number | bigint): Value =>
  emit(s, pos, 'const', 'i64', [], [BigInt.asIntN(64, BigInt(n))]);

/** Ends the body under construction; what follows is not reached. */
export const finish = (s: State, end: Terminator): void => {
  if (!s.end) s.end = end;
};

/** Builds a nested body; falls into `unreachable` if `build` leaves it open. */
export const nested = (s: State, pos: PosId, build: () => void): Body => {
  const insts = s.insts;
  const end = s.end;
  // Code that is not reached is still lowered (its names must bind), but nothing of it is kept.
  s.insts = [];
  s.end = undefined;
  build();
  const body: Body = { insts: s.insts, end: s.end ?? { kind: 'unreachable', pos } };
  s.insts = insts;
  s.end = end;
  return body;
};

const valuesOf = (s: State, l: Local): readonly Value[] => {
  const b = s.env.get(l);
  if (b?.kind !== 'values') throw new Error(`internal error: ${l.name} is not in values`);
  return b.values;
};

/** Those of `locals` that exist here as SSA values. */
export const carried = (s: State, locals: readonly Local[]): readonly Local[] =>
  locals.filter((l) => s.env.get(l)?.kind === 'values');

export const currentValues = (s: State, vars: readonly Local[]): readonly Value[] =>
  vars.flatMap((l) => valuesOf(s, l));

/** Binds `vars` to fresh values of the same types, and gives those. */
export const rebind = (s: State, vars: readonly Local[]): readonly Value[] =>
  vars.flatMap((l) => {
    const values = valuesOf(s, l).map((v) => fresh(s, s.types[v] ?? 'i32'));
    s.env.set(l, { kind: 'values', values });
    return values;
  });

export const saveBindings = (s: State, vars: readonly Local[]): (() => void) => {
  const saved = vars.map((l) => [l, s.env.get(l)] as const);
  return () => {
    for (const [l, b] of saved) if (b) s.env.set(l, b);
  };
};

/**
 * An `if` on an i32. Each branch gives the components of its value; variables in `vars` that a branch assigned come out
 * as results. Gives the components of the value.
 */
export const emitIf = (
  s: State,
  pos: PosId,
  condition: Value,
  vars: readonly Local[],
  then: () => readonly Value[],
  otherwise: () => readonly Value[],
): readonly Value[] => {
  const label = freshLabel(s, 'i');
  const restore = saveBindings(s, vars);
  let types: readonly IrType[] | undefined;
  const branch = (build: () => readonly Value[]): Body =>
    nested(s, pos, () => {
      const value = build();
      if (s.end) return;
      types ??= value.map((v) => s.types[v] ?? 'i32');
      finish(s, { kind: 'break', label, args: [...value, ...currentValues(s, vars)], pos });
    });
  const thenBody = branch(then);
  restore();
  const elseBody = branch(otherwise);
  restore();
  const results = (types ?? []).map((t) => fresh(s, t));
  const merged = rebind(s, vars);
  append(s, { kind: 'if', label, condition, results: [...results, ...merged], then: thenBody, else: elseBody, pos });
  if (types === undefined) finish(s, { kind: 'unreachable', pos });
  return results;
};

/**
 * A loop that carries `vars`. `build` gets the loop's label and its own counters' parameters and must end every path;
 * `breakWith` leaves the loop with the current values of the variables.
 */
export const emitLoop = (
  s: State,
  pos: PosId,
  options: {
    readonly stem?: string;
    readonly independent?: boolean;
    readonly counters: readonly Value[];
    readonly vars: readonly Local[];
  },
  build: (label: string, params: readonly Value[]) => void,
): void => {
  const { counters, vars } = options;
  const label = freshLabel(s, options.stem ?? 'l');
  const inits = [...counters, ...currentValues(s, vars)];
  const counterParams = counters.map((v) => fresh(s, s.types[v] ?? 'i64'));
  const params = [...counterParams, ...rebind(s, vars)];
  const body = nested(s, pos, () => build(label, counterParams));
  const results = rebind(s, vars);
  append(s, { kind: 'loop', label, params, inits, results, body, independent: options.independent ?? false, pos });
};

/** Leaves loop `label` with the current values of its variables. */
export const breakLoop = (s: State, pos: PosId, label: string, vars: readonly Local[]): void =>
  finish(s, { kind: 'break', label, args: currentValues(s, vars), pos });

/** Leaves loop `label` if `condition` holds, and goes on here otherwise: an `if` without results whose first branch exits. */
export const breakIf = (s: State, pos: PosId, condition: Value, label: string, vars: readonly Local[]): void => {
  const inner = freshLabel(s, 'i');
  const then = nested(s, pos, () => breakLoop(s, pos, label, vars));
  const otherwise = nested(s, pos, () => finish(s, { kind: 'break', label: inner, args: [], pos }));
  append(s, { kind: 'if', label: inner, condition, results: [], then, else: otherwise, pos });
};

/** A fresh frame slot. */
export const newSlot = (s: State, name: string, size: number, align: number): string => {
  const taken = new Set(s.slots.map((x) => x.name));
  let unique = name;
  for (let n = 1; taken.has(unique); n++) unique = `${name}.${n}`;
  s.slots.push({ name: unique, size, align });
  return unique;
};

/** Interns text as read-only data; gives its symbol. */
export const internString = (s: State, text: string): { readonly name: string; readonly bytes: number } => {
  const bytes = new TextEncoder().encode(text);
  const known = s.program.strings.get(text);
  if (known !== undefined) return { name: known, bytes: bytes.length };
  const name = `s${s.program.data.length}`;
  s.program.data.push({ name, bytes });
  s.program.strings.set(text, name);
  return { name, bytes: bytes.length };
};
