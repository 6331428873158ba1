// A row of the table of ops (ir.ts): what the printer, the parser, the verifier, the evaluator, the passes and the emitter
// know of an op.

/**
 * Both kinds of pointer are 32 bits in a node. bool is an i32 that is 0 or 1; narrow integers are i32, kept normalised. v128 is a vector
 * of 16 bytes, whose lanes the ops tell.
 */
export type IrType = 'i32' | 'i64' | 'f32' | 'f64' | 'v128' | 'gptr' | 'ptr';

/**
 * What an op does besides giving its results.
 * pure: nothing; may be moved, merged, dropped. (An op with an empty effect list.)
 * place: its result depends on where objects lie: pure, but not across `moves`.
 * reads / writes: memory. handle-reads / handle-writes: the handles of shared arrays only.
 * traps: may end the run; not to be moved to where it would run more often or before another visible effect.
 * allocates; synchronises: no access may cross it; moves: objects may move; io: visible output.
 */
export type Effect =
  | 'place'
  | 'reads'
  | 'writes'
  | 'handle-reads'
  | 'handle-writes'
  | 'traps'
  | 'allocates'
  | 'synchronises'
  | 'moves'
  | 'io';

/**
 * What an instruction carries besides operands. int: bigint; bits: float as raw bits (bigint); dims: words of `dist`, joined
 * by dots; others: string or number.
 */
export type ImmKind = 'int' | 'bits' | 'global' | 'data' | 'slot' | 'func' | 'word' | 'dims' | 'text' | 'number';
export type Imm = bigint | number | string;

export interface OpRow {
  /** Suffixes after the dot (`add.i64`); none: the op has no suffix. `a.b` is destination.source. */
  readonly types?: readonly string[];
  /**
   * Operand types in order. T: the suffix's value type, D/S: of destination/source, L: of a lane of it; `…` as the last: any number of
   * any type.
   */
  readonly operands: readonly (IrType | 'T' | 'S' | 'L' | '…')[];
  readonly results: readonly (IrType | 'T' | 'D' | 'L' | '…')[];
  readonly imms: readonly ImmKind[];
  readonly effects: readonly Effect[];
  /** Rough cost in cycles, for the inliner and the hook spacing. */
  readonly cost: number;
  readonly doc: string;
}

export const row = (
  types: readonly string[] | undefined,
  operands: OpRow['operands'],
  results: OpRow['results'],
  doc: string,
  more: Partial<OpRow> = {},
): OpRow => ({
  ...(types ? { types } : {}),
  operands,
  results,
  imms: [],
  effects: [],
  cost: 1,
  doc,
  ...more,
});
