// What the rows of the emitter's tables (emit-ops.ts, emit-arrays.ts) get and share.
import type binaryen from 'binaryen';
import { type FaultKind, imports } from '../vm/abi.ts';
import type { OpInst } from './ir.ts';
import { textImm } from './ir-types.ts';

export type Binaryen = typeof binaryen;
export type ExpressionRef = binaryen.ExpressionRef;
export type Module = binaryen.Module;
export type WasmType = binaryen.Type;

/** What a row may ask for. */
export interface OpContext {
  readonly b: Binaryen;
  readonly m: Module;
  readonly inst: OpInst;
  /** An operand. Only rows that `asksAgain` (emit-nest.ts) knows may ask for one more than once. */
  readonly arg: (i: number) => ExpressionRef;
  /** Offset in the slot of a global. */
  readonly offsetOf: (name: string) => number;
  /** Offset in the slot of the module-level variable that an operand is the own copy of. */
  readonly ownGlobal: (i: number) => number | undefined;
  /** Where the symmetric part of every slot begins. */
  readonly symmetricBase: number;
  /** Read-only data, from `dataBase` on. */
  readonly dataBytes: number;
  /** An operand probably points into symmetric memory. */
  readonly maySymmetric: (i: number) => boolean;
  readonly addressOfData: (name: string) => number;
  /** Offset of a frame slot in the frame, and the local that holds the frame's address. */
  readonly frame: (slot: string) => ExpressionRef;
  readonly format: (json: string) => number;
  /** A fresh local of a wasm type. */
  readonly temp: (type: 'i32' | 'i64' | 'f32' | 'f64' | 'v128') => number;
  readonly label: () => string;
  /** Workers may run another image's work. */
  readonly adopts: boolean;
  /** Guards that run are counted. */
  readonly counts: boolean;
  /** Stores the record of a fault and stops. */
  readonly fault: (kind: FaultKind, values: readonly ExpressionRef[]) => ExpressionRef;
  /** A branch that is taken nearly always, or hardly ever. */
  readonly likely: (e: ExpressionRef) => ExpressionRef;
  readonly unlikely: (e: ExpressionRef) => ExpressionRef;
  /** Marks an expression as coming from the instruction's position. */
  readonly at: (e: ExpressionRef) => ExpressionRef;
  readonly call: (name: string) => ExpressionRef;
  /** Index of a function in the table of those that are used as values. */
  readonly functionNumber: (name: string) => number;
  /** The stack pointer; `keepFrame`: the frame of this call is the one that is there. */
  readonly stackPointer: () => ExpressionRef;
  readonly setStackPointer: (to: ExpressionRef) => ExpressionRef;
  readonly keepFrame: () => ExpressionRef;
  /** The call of the function that the first operand is. */
  readonly callValue: () => ExpressionRef;
}

export type Emit = (c: OpContext) => ExpressionRef;
/** In programs whose workers may run another image's work, the slot and number of the worker's own; there those of `imports` change. */
export const workerSlot = 'worker_slot';
export const workerImage = 'worker_image';

/** The worker's own slot, whosever work it runs. */
export const workerOf = (c: { b: Binaryen; m: Module; adopts: boolean }): ExpressionRef =>
  c.m.global.get(c.adopts ? workerSlot : imports.slot, c.b.i32);

export const slotOf = (c: { b: Binaryen; m: Module }): ExpressionRef => c.m.global.get(imports.slot, c.b.i32);

export const ifFault = (
  c: OpContext,
  condition: ExpressionRef,
  kind: FaultKind,
  values: readonly ExpressionRef[],
): ExpressionRef => c.m.if(condition, c.fault(kind, values));

export const globalName = (c: OpContext): string => textImm(c.inst.imms, 0);

export const lowered: Emit = (c) => {
  throw new Error(`internal error: ${c.inst.op} reached the emitter; lower-runtime and lower-shared must run before`);
};
