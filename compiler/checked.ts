// Checked programs (`--check=memory`): every guard that is left asks the table of objects, what is deleted is held back for a
// while. The names of the run-time's functions (stdlib/runtime_check.pg) that the compiler knows are here.
//
// Guards stand where they are inserted: facts about one guard say nothing about another, as the object may be gone, so only
// guard-known takes guards away, whose objects are there as long as the function runs.
import { hasFunction } from './has-function.ts';

export const checkRuntime = {
  begin: 'runtime.check.begin',
  read: 'runtime.check.read',
  write: 'runtime.check.write',
  released: 'runtime.check.released',
  free: 'runtime.check.free',
  alloc: 'runtime.check.alloc',
  allocShared: 'runtime.check.alloc_shared',
} as const;

/** Whether a program is checked: it has this part of the run-time. */
export const isChecked = hasFunction(checkRuntime.read);

/** So many bytes behind a variable of this size belong to nobody, so that an access that leaves it hits no other. */
export const redZone = (size: number): number => Math.ceil(Math.min(Math.max(size, 32), 256) / 16) * 16;

/** Passes on guards that checked programs go without. */
export const uncheckedPasses = ['guard-available', 'guard-hoist', 'guard-range', 'guard-split', 'guard-merge'] as const;
