// lower-shared: elements of distributed arrays become addresses, their owners numbers.
//
//   before   %g = shared.elem @u (%part, %i)       after   %q = nearest((f64(%i) - (B - 1) / 2) * (1 / B))     the image, for `block`
//                                                          %l = %i - %q * B
//                                                          %r = remote %part, %q
//                                                          %g = elem %r, %l, 8
//
// Where they lie is told by elements.ts. Of an array behind a handle the words of `dist` are not known: unless the op promises
// `rows`, the general rule is applied to every dimension (an undivided one has one image and one block with everything), and q mod P
// is found like i / B.
//
// Of a counter that runs over the own indices of an array laid out alike, the element is known to be own: own-indices.ts.
// In a loop, an index that jumps about, as one that is read from memory, is looked for in the own part first: lower-shared-own.ts.
//
// Parts that depend on different indices stay apart, and the last dimension's comes last as an `elem` of its own, so that
// licm can move what belongs to outer indices out of the inner loop.
import { append, type Replacement } from '../append.ts';
import {
  byHandle,
  byName,
  constant,
  elementAt,
  elementFrom,
  imageOf,
  type SharedGlobal,
  type Spot,
  type Subject,
  spotOf,
} from '../elements.ts';
import type { Body, Inst, OpInst, Value } from '../ir.ts';
import { numberImm, textImm } from '../ir-types.ts';
import { ownElements } from '../own-indices.ts';
import type { Pass } from '../passes.ts';
import { editOf, withBodies } from '../tree.ts';
import { jumpsOf, ownFirst } from './lower-shared-own.ts';

const by = 'lower-shared';

const expandElem = (
  o: Replacement,
  a: Subject,
  part: Value,
  indices: readonly Value[],
  result: Value,
  handle: boolean,
): void => {
  const spots = indices.map((i, k) => spotOf(o, a, k, a.dims[k] ?? 'star', i));
  elementAt(o, a, part, spots, result, handle);
};

/** Where indices are own, nobody has to find out whose they are. */
const expandOwn = (o: Replacement, a: Subject, inst: OpInst, own: readonly boolean[]): boolean => {
  const [part, ...indices] = inst.args;
  const [result] = inst.results;
  if (part === undefined || result === undefined) return false;
  const spots = indices.map((i, k): Spot => {
    const word = a.dims[k] ?? 'star';
    if (!own[k] || word !== 'block') return spotOf(o, a, k, word, i);
    const local = append(o, 'sub', 'i64', 'i64', [i, a.field(o, 'lo', k)]);
    return { coordinate: a.field(o, 'coordinate', k), local };
  });
  const all = a.dims.every((word, k) => word === 'star' || (word === 'block' && own[k]));
  if (all) elementFrom(o, a, part, spots, result, false);
  else elementAt(o, a, part, spots, result, false);
  return true;
};

const expandOwner = (o: Replacement, a: Subject, indices: readonly Value[], result: Value, handle: boolean): void => {
  const spots = indices.map((i, k) => spotOf(o, a, k, a.dims[k] ?? 'star', i));
  // The image is computed already: a sum with zero gives it the result's name, and folds away.
  append(o, 'add', 'i64', 'i64', [imageOf(o, a, spots, handle), constant(o, 0)], [], result);
};

/** Expands an op that looks for an element or its owner; false: it is another op. */
const expand = (o: Replacement, inst: OpInst, arrays: ReadonlyMap<string, SharedGlobal>): boolean => {
  const { op, args, imms } = inst;
  const [first, second] = args;
  const result = inst.results[0] ?? -1;
  switch (op) {
    case 'shared.elem':
    case 'shared.owner': {
      const g = arrays.get(textImm(imms, 0));
      if (!g) throw new Error(`internal error: ${op} of no shared array @${textImm(imms, 0)}`);
      if (op === 'shared.owner') expandOwner(o, byName(g), args, result, false);
      else if (first !== undefined) expandElem(o, byName(g), first, args.slice(1), result, false);
      return true;
    }
    case 'handle.elem': {
      if (first === undefined || second === undefined) return false;
      const subject = byHandle(first, args.length - 2, numberImm(imms, 0), textImm(imms, 1));
      expandElem(o, subject, second, args.slice(2), result, true);
      return true;
    }
    case 'handle.owner': {
      if (first === undefined) return false;
      expandOwner(o, byHandle(first, args.length - 1, 0, textImm(imms, 0)), args.slice(1), result, true);
      return true;
    }
    default:
      return false;
  }
};

export const lowerShared: Pass['run'] = (f, context) => {
  const edit = editOf(f);
  const jumps = jumpsOf(f, context);
  const own = ownElements(f, context);
  const arrays = new Map(context.program.globals.flatMap((g) => (g.kind === 'shared' ? [[g.name, g] as const] : [])));
  let changed = false;
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      if (inst.kind !== 'op') {
        insts.push(withBodies(inst, body));
        continue;
      }
      const o: Replacement = { insts, edit, pos: inst.pos, by };
      const which = own.get(inst);
      const loop = jumps(inst);
      const array = which || loop ? arrays.get(textImm(inst.imms, 0)) : undefined;
      if (which && array && expandOwn(o, byName(array), inst, which)) changed = true;
      else if (loop && array && ownFirst(o, byName(array), inst, loop)) changed = true;
      else if (expand(o, inst, arrays)) changed = true;
      else insts.push(inst);
    }
    return { insts, end: b.end };
  };
  const lowered = body(f.body);
  return changed ? { ...f, types: edit.types, body: lowered } : f;
};
