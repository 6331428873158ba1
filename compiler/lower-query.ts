// Where an image is and what time it is: this_image(), num_cores(), now(), …
import type { Expr } from '../lang/typed.ts';
import { unreachable } from '../lang/unreachable.ts';
import { isRuntime, kernel } from '../vm/abi.ts';
import type { PosId, Value } from './ir.ts';
import { append, constI32, constI64, effect, emit, emitTyped, fresh, type State } from './lower-state.ts';

export const lowerQuery = (s: State, pos: PosId, what: Extract<Expr, { kind: 'query' }>['what']): Value => {
  switch (what) {
    case 'this_image':
      return thisImage(s, pos);
    case 'num_images':
      return numImages(s, pos);
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

/** Code of the run-time counts all images, code of a program with teams those of its team. */
const inTeams = (s: State): boolean => s.program.teams && !isRuntime(s.fnName);

const ask = (s: State, pos: PosId, name: string, args: readonly Value[] = []): Value => {
  // Functions of the run-time are lowered with every program.
  const [result = 0] = emitTyped(s, pos, 'call', '', args, [`runtime.${name}`], ['i64']);
  return result;
};

export const thisImage = (s: State, pos: PosId): Value =>
  inTeams(s) ? ask(s, pos, 'rank') : emit(s, pos, 'this_image', '', []);

export const numImages = (s: State, pos: PosId): Value =>
  inTeams(s) ? ask(s, pos, 'members') : emit(s, pos, 'num_images', '', []);

/** The image that a number in the source means, once it is known to be one. */
export const imageNumbered = (s: State, pos: PosId, image: Value): Value => {
  if (inTeams(s)) return ask(s, pos, 'world', [image]);
  effect(s, pos, 'check.image', '', [image]);
  return image;
};

/** The root of a collective is counted in the team throughout. */
export const rootNumbered = (s: State, pos: PosId, root: Value): Value => {
  imageNumbered(s, pos, root);
  return root;
};

/** The number that an image has in the source. */
export const numberOfImage = (s: State, pos: PosId, image: Value): Value =>
  inTeams(s) ? ask(s, pos, 'rank_of', [image]) : image;

/** The node writes the number of its cores into the kernel's slot before the start. */
const numCores = (s: State, pos: PosId): Value => {
  const place = emit(s, pos, 'gptr.of', '', [constI32(s, pos, kernel.cores)]);
  const cores = fresh(s, 'i32');
  const pointer = emit(s, pos, 'addr', '', [place]);
  // What this reads is the kernel's.
  const read = { op: 'load', suffix: 'i32', results: [cores], args: [pointer], imms: [0], kernel: true } as const;
  append(s, { kind: 'op', ...read, pos });
  return emit(s, pos, 'extend_u', '', [cores]);
};
