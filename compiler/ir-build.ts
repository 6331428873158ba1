// A builder of IR functions: fresh values with their types from the table of ops, nested bodies as callbacks.
//
//   const f = buildFunc('twice', ['i64'], ['i64'], (b, [n = 0]) => {
//     b.ret([b.op1('add', 'i64', [n, n])]);
//   });
//
// What is emitted after a terminator is dropped, so that a lowering need not ask whether code is reachable.
import type { FaultKind } from '../vm/abi.ts';
import type {
  Body,
  FrameSlot,
  Func,
  IfInst,
  Imm,
  Inst,
  IrPosition,
  IrProgram,
  IrType,
  OpName,
  PosId,
  Terminator,
  Value,
} from './ir.ts';
import { bitsOfFloat, opText, signatureOf } from './ir-types.ts';

/** Entry 0 of every table of positions. */
export const noPosition: IrPosition = { file: 0, line: 0, col: 0, fn: '', inlinedAt: 0 };

/** A program of these parts; for tests and for functions that stand alone. */
export const programOf = (parts: Partial<IrProgram>): IrProgram => ({
  files: [],
  positions: [noPosition],
  globals: [],
  data: [],
  funcs: [],
  ...parts,
});

/** An `if` with its two arms. */
export const ifInst = (head: Omit<IfInst, 'kind' | 'then' | 'else'>, thenBody: Body, elseBody: Body): IfInst => {
  const { label, condition, results, pos, likely, either, by } = head;
  const inst: IfInst = { kind: 'if', label, condition, results, then: thenBody, else: elseBody, pos };
  // Made anew by every pass, most without either.
  if (!likely && !either) return by === undefined ? inst : { ...inst, by };
  const hinted: IfInst = { ...inst, ...(likely ? { likely } : {}), ...(either ? { either } : {}) };
  return by === undefined ? hinted : { ...hinted, by };
};

export interface LoopOptions {
  readonly independent?: boolean;
  readonly label?: string;
}

interface OpenBody {
  readonly insts: Inst[];
  end: Terminator | undefined;
}

export class FuncBuilder {
  readonly name: string;
  readonly params: readonly Value[];
  readonly results: readonly IrType[];
  /** Position given to everything emitted from now on, unless a call says otherwise. */
  pos: PosId;
  /** Note given to everything emitted from now on: the name of a pass. */
  by: string | undefined;
  readonly #types: IrType[] = [];
  readonly #slots: FrameSlot[] = [];
  readonly #funcPos: PosId;
  #labels = 0;
  #open: OpenBody = { insts: [], end: undefined };
  readonly #root = this.#open;

  constructor(name: string, params: readonly IrType[], results: readonly IrType[], pos: PosId = 0) {
    this.name = name;
    this.params = params.map((t) => this.value(t));
    this.results = results;
    this.pos = pos;
    this.#funcPos = pos;
  }

  /** A fresh value that some instruction will have to define. */
  value(type: IrType): Value {
    this.#types.push(type);
    return this.#types.length - 1;
  }

  typeOf(v: Value): IrType {
    const t = this.#types[v];
    if (t === undefined) throw new Error(`internal error: %${v} is not a value of @${this.name}`);
    return t;
  }

  /** A label that no other structure of this function has. */
  label(prefix: string): string {
    return `${prefix}${this.#labels++}`;
  }

  /** A frame slot; gives its name, which is made unique. */
  slot(name: string, size: number, align: number): string {
    let unique = name;
    for (let n = 1; this.#slots.some((s) => s.name === unique); n++) unique = `${name}.${n}`;
    this.#slots.push({ name: unique, size, align });
    return unique;
  }

  /** Whether the current body has its terminator: what follows is dropped. */
  get ended(): boolean {
    return this.#open.end !== undefined;
  }

  #common(pos: PosId | undefined): { pos: PosId; by?: string } {
    return { pos: pos ?? this.pos, ...(this.by === undefined ? {} : { by: this.by }) };
  }

  /** Appends a finished instruction. */
  emit(inst: Inst): void {
    if (!this.#open.end) this.#open.insts.push(inst);
  }

  /** Ends the current body. */
  end(terminator: Terminator): void {
    this.#open.end ??= terminator;
  }

  op(op: OpName, suffix = '', args: readonly Value[] = [], imms: readonly Imm[] = [], pos?: PosId): readonly Value[] {
    const types = signatureOf(op, suffix)?.results;
    if (!types) throw new Error(`internal error: the table does not give the results of ${opText(op, suffix)}`);
    const results = types.map((t) => this.value(t));
    this.emit({ kind: 'op', op, suffix, results, args, imms, ...this.#common(pos) });
    return results;
  }

  /** An op with exactly one result. */
  op1(op: OpName, suffix = '', args: readonly Value[] = [], imms: readonly Imm[] = [], pos?: PosId): Value {
    const [result, ...more] = this.op(op, suffix, args, imms, pos);
    if (result === undefined || more.length > 0) {
      throw new Error(`internal error: ${opText(op, suffix)} does not have one result`);
    }
    return result;
  }

  constI32(n: number): Value {
    return this.op1('const', 'i32', [], [BigInt(n)]);
  }

  constI64(n: bigint | number): Value {
    return this.op1('const', 'i64', [], [BigInt(n)]);
  }

  constFloat(type: 'f32' | 'f64', x: number): Value {
    return this.op1('fconst', type, [], [bitsOfFloat(type, x)]);
  }

  call(func: string, args: readonly Value[], resultTypes: readonly IrType[], pos?: PosId): readonly Value[] {
    const results = resultTypes.map((t) => this.value(t));
    this.emit({ kind: 'op', op: 'call', suffix: '', results, args, imms: [func], ...this.#common(pos) });
    return results;
  }

  /** Builds a nested body; one that was not ended is ended with `unreachable`. */
  body(build: () => void): Body {
    const outer = this.#open;
    const inner: OpenBody = { insts: [], end: undefined };
    this.#open = inner;
    build();
    this.#open = outer;
    return { insts: inner.insts, end: inner.end ?? { kind: 'unreachable', pos: this.pos } };
  }

  /** Both arms get the label to break to. An arm not ended breaks without values if there are no results. */
  if(
    condition: Value,
    resultTypes: readonly IrType[],
    then: (label: string) => void,
    otherwise: (label: string) => void = () => {},
    pos?: PosId,
  ): readonly Value[] {
    const label = this.label('i');
    const common = this.#common(pos);
    const arm = (build: (label: string) => void): Body =>
      this.body(() => {
        build(label);
        if (resultTypes.length === 0) this.break(label);
      });
    const thenBody = arm(then);
    const elseBody = arm(otherwise);
    const results = resultTypes.map((t) => this.value(t));
    this.emit(ifInst({ label, condition, results, ...common }, thenBody, elseBody));
    return results;
  }

  /** A body not ended breaks without values if there are no results. */
  block(resultTypes: readonly IrType[], build: (label: string) => void, pos?: PosId): readonly Value[] {
    const label = this.label('b');
    const common = this.#common(pos);
    const body = this.body(() => {
      build(label);
      if (resultTypes.length === 0) this.break(label);
    });
    const results = resultTypes.map((t) => this.value(t));
    this.emit({ kind: 'block', label, results, body, ...common });
    return results;
  }

  /** The parameters have the types of the inits. A body not ended is an endless loop's only if it has no parameters. */
  loop(
    inits: readonly Value[],
    resultTypes: readonly IrType[],
    build: (label: string, params: readonly Value[]) => void,
    options: LoopOptions = {},
    pos?: PosId,
  ): readonly Value[] {
    const label = options.label ?? this.label('l');
    const common = this.#common(pos);
    const params = inits.map((v) => this.value(this.typeOf(v)));
    const body = this.body(() => {
      build(label, params);
      if (params.length === 0) this.next(label);
    });
    const results = resultTypes.map((t) => this.value(t));
    const independent = options.independent ?? false;
    this.emit({ kind: 'loop', label, params, inits, results, body, independent, ...common });
    return results;
  }

  break(label: string, args: readonly Value[] = [], pos?: PosId): void {
    this.end({ kind: 'break', label, args, ...this.#common(pos) });
  }

  next(label: string, args: readonly Value[] = [], pos?: PosId): void {
    this.end({ kind: 'next', label, args, ...this.#common(pos) });
  }

  ret(args: readonly Value[] = [], pos?: PosId): void {
    this.end({ kind: 'ret', args, ...this.#common(pos) });
  }

  fault(fault: FaultKind, args: readonly Value[] = [], pos?: PosId): void {
    this.end({ kind: 'fault', fault, args, ...this.#common(pos) });
  }

  raise(args: readonly Value[], pos?: PosId): void {
    this.end({ kind: 'raise', args, ...this.#common(pos) });
  }

  unreachable(pos?: PosId): void {
    this.end({ kind: 'unreachable', ...this.#common(pos) });
  }

  /** The function. A body not ended returns if there are no results, else it is taken for unreachable. */
  finish(): Func {
    const end: Terminator =
      this.#root.end ??
      (this.results.length === 0 ? { kind: 'ret', args: [], pos: this.pos } : { kind: 'unreachable', pos: this.pos });
    return {
      name: this.name,
      params: this.params,
      results: this.results,
      slots: this.#slots,
      types: this.#types,
      body: { insts: this.#root.insts, end },
      pos: this.#funcPos,
    };
  }
}

/** Builds a whole function; the callback gets the values of the parameters. */
export const buildFunc = (
  name: string,
  params: readonly IrType[],
  results: readonly IrType[],
  build: (b: FuncBuilder, params: readonly Value[]) => void,
  pos: PosId = 0,
): Func => {
  const b = new FuncBuilder(name, params, results, pos);
  build(b, b.params);
  return b.finish();
};

/** For passes: fresh values for an existing function. `types` grows; put it into the new function. */
export const freshValues = (f: Func): { readonly types: IrType[]; readonly fresh: (type: IrType) => Value } => {
  const types = [...f.types];
  return {
    types,
    fresh: (type) => {
      types.push(type);
      return types.length - 1;
    },
  };
};
