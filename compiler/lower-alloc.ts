// Memory that a program asks for at run time: extents are checked, then their product in bytes is allocated.
import type { PosId, Value } from './ir.ts';
import { append, constI64, emit, finish, freshLabel, nested, type State } from './lower-state.ts';

export const product = (s: State, pos: PosId, values: readonly Value[]): Value =>
  values.reduce((a, b) => emit(s, pos, 'mul', 'i64', [a, b]));

const maxExtent = 1n << 31n;

/** Ends the run: an extent is negative, or so large that the size in bytes could overflow. */
const refuseExtent = (s: State, pos: PosId, n: Value, bytes: number): void => {
  const label = freshLabel(s, 'i');
  const negative = emit(s, pos, 'lt_s', 'i64', [n, constI64(s, pos, 0)]);
  const then = nested(s, pos, () => finish(s, { kind: 'fault', fault: 'extent', args: [n], pos }));
  const otherwise = nested(s, pos, () => finish(s, { kind: 'break', label, args: [], pos }));
  append(s, { kind: 'if', label, condition: negative, results: [], then, else: otherwise, pos });
  // No node has so much memory: the allocator says how much was asked for, and how much there is.
  const most = constI64(s, pos, 1n << 40n);
  const large = emit(s, pos, 'gt_s', 'i64', [n, most]);
  const count = emit(s, pos, 'select', 'i64', [large, most, n]);
  emit(s, pos, 'alloc', '', [emit(s, pos, 'mul', 'i64', [count, constI64(s, pos, bytes)])]);
  finish(s, { kind: 'fault', fault: 'extent', args: [n], pos });
};

/** Ends the run unless 0 <= n <= 2^31: then a product of two extents cannot overflow. */
const checkExtent = (s: State, pos: PosId, n: Value, bytes: number): void => {
  const label = freshLabel(s, 'i');
  const condition = emit(s, pos, 'gt_u', 'i64', [n, constI64(s, pos, maxExtent)]);
  const then = nested(s, pos, () => refuseExtent(s, pos, n, bytes));
  const otherwise = nested(s, pos, () => finish(s, { kind: 'break', label, args: [], pos }));
  append(s, { kind: 'if', label, condition, results: [], then, else: otherwise, pos });
};

/** Zeroed memory for an array of these extents (none: for one element) with elements of `bytes` bytes. */
export const allocate = (
  s: State,
  pos: PosId,
  extents: readonly Value[],
  bytes: number,
  op: 'alloc' | 'alloc.shared' = 'alloc',
): Value => {
  if (extents.length === 0) return emit(s, pos, op, '', [constI64(s, pos, bytes)]);
  for (const n of extents) checkExtent(s, pos, n, bytes);
  const count = product(s, pos, extents);
  if (extents.length > 1) checkExtent(s, pos, count, bytes);
  return emit(s, pos, op, '', [emit(s, pos, 'mul', 'i64', [count, constI64(s, pos, bytes)])]);
};
