// Where a declared local lives: in SSA values, or in a slot of the frame if something needs its address.
import type { Local } from '../lang/typed.ts';
import { sizeOf } from '../lang/types.ts';
import type { PosId, Value } from './ir.ts';
import { loadValue, storeValue, zeroComponents, zeroValue } from './lower-memory.ts';
import { emit, newSlot, type State } from './lower-state.ts';
import { isAggregate } from './lower-types.ts';

/** Gives a declared local its home, and its first value: `value`, or zeros. `fresh`: the value has memory that nobody else sees. */
export const declare = (
  s: State,
  pos: PosId,
  local: Local,
  value: readonly Value[] | undefined,
  fresh: boolean,
): void => {
  if (!s.inMemory.has(local)) {
    s.env.set(local, { kind: 'values', values: value ?? zeroComponents(s, pos, local.type) });
    return;
  }
  const source = value?.[0];
  if (isAggregate(local.type) && fresh && source !== undefined) {
    // The value was made in memory of its own: that memory becomes the variable.
    s.env.set(local, { kind: 'memory', base: () => source });
    return;
  }
  const slot = newSlot(s, local.name, sizeOf(local.type), 8);
  s.env.set(local, { kind: 'memory', base: () => emit(s, pos, 'frame', '', [], [slot]) });
  const place = { base: emit(s, pos, 'frame', '', [], [slot]), offset: 0, strict: false };
  if (value) storeValue(s, pos, local.type, place, value);
  else zeroValue(s, pos, local.type, place);
};

/** The components of a local's value, wherever it lives. */
export const localValue = (s: State, pos: PosId, local: Local): readonly Value[] => {
  const binding = s.env.get(local);
  if (binding?.kind === 'values') return binding.values;
  if (!binding) throw new Error(`internal error: ${local.name} is not declared`);
  return loadValue(s, pos, local.type, { base: binding.base(), offset: 0, strict: false });
};
