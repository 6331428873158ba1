// Values that are made again in place of being kept: in a local, or in a frame record.
import type { OpName } from './ir.ts';

/** Ops whose expression is so small that it is built again at each use instead of kept in a local. */
export const rebuilt: ReadonlySet<OpName> = new Set<OpName>([
  'const',
  'fconst',
  'position',
  'null',
  'data',
  'func.ref',
  'slot',
  'slot_bits',
  'worker',
  'worker.image',
  'this_image',
  'num_images',
]);

/** Those, the places of variables, and vectors: the same after a function has been left and gone on with. */
export const remade: ReadonlySet<OpName> = new Set<OpName>([...rebuilt, 'global', 'frame', 'v.const']);
