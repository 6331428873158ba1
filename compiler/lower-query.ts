// Where an image is and what time it is: this_image(), num_cores(), now(), …
import type { Expr } from '../lang/typed.ts';
import { unreachable } from '../lang/unreachable.ts';
import { kernel } from '../vm/abi.ts';
import type { PosId, Value } from './ir.ts';
import { constI32, constI64, emit, type State } from './lower-state.ts';

export const lowerQuery = (s: State, pos: PosId, what: Extract<Expr, { kind: 'query' }>['what']): Value => {
  switch (what) {
    case 'this_image':
    case 'num_images':
      return emit(s, pos, what, '', []);
    case 'now':
      return emit(s, pos, 'now', '', []);
    case 'this_node':
      return constI64(s, pos, 0);
    case 'num_nodes':
      return constI64(s, pos, 1);
    case 'num_cores':
      return numCores(s, pos);
    case 'this_core':
      return emit(s, pos, 'rem_s', 'i64', [emit(s, pos, 'this_image', '', []), numCores(s, pos)]);
    default:
      return unreachable(what);
  }
};

/** The node writes the number of its cores into the kernel's slot before the start. */
const numCores = (s: State, pos: PosId): Value => {
  const place = emit(s, pos, 'gptr.of', '', [constI32(s, pos, kernel.cores)]);
  return emit(s, pos, 'extend_u', '', [emit(s, pos, 'load', 'i32', [emit(s, pos, 'addr', '', [place])], [0])]);
};
