// The rules of fold for distributed arrays. What is asked of a handle that certainly is a module-level array's is asked of
// that array by name, whose distribution is known:
//
//   %h = handle.of @u
//   %n = handle.extent %h, 0              %n = shared.extent @u, 0
//   %p = handle.elem %h, %part, %i, 8     %p = shared.elem %part, %i, @u
//
// So a function that takes handles costs nothing where it is inlined into a caller that names the arrays.
import { distKinds } from '../../vm/abi.ts';
import { type Defs, opOf } from '../facts.ts';
import type { Imm, IrDim, IrGlobal, IrProgram, OpInst, OpName, Value } from '../ir.ts';
import { fieldOf } from '../ir-arrays.ts';
import type { Settled } from '../settled.ts';
import { forEachInst } from '../tree.ts';

/** The op in whose place it is, or the value that the result equals, or nothing (a check that holds). */
export type ArrayRule =
  | {
      readonly kind: 'op';
      readonly op: OpName;
      readonly suffix: string;
      readonly args: readonly Value[];
      readonly imms: readonly Imm[];
    }
  | { readonly kind: 'nothing' };

const rule = (op: OpName, args: readonly Value[], imms: readonly Imm[], suffix = ''): ArrayRule => ({
  kind: 'op',
  op,
  suffix,
  args,
  imms,
});
const constant = (n: number): ArrayRule => rule('const', [], [BigInt(n)], 'i64');

const swappedOf = new WeakMap<IrProgram, ReadonlySet<string>>();

/** Arrays that some function swaps. */
const swappedIn = (program: IrProgram): ReadonlySet<string> => {
  const known = swappedOf.get(program);
  if (known) return known;
  const swapped = new Set<string>();
  for (const f of program.funcs) {
    forEachInst(f.body, (i) => {
      if (i.kind === 'op' && i.op === 'shared.swap') for (const imm of i.imms) swapped.add(String(imm));
    });
  }
  swappedOf.set(program, swapped);
  return swapped;
};

const globalsOf = new WeakMap<IrProgram, ReadonlyMap<string, IrGlobal>>();

const globalNamed = (program: IrProgram, name: Imm | undefined): IrGlobal | undefined => {
  let known = globalsOf.get(program);
  if (!known) {
    known = new Map(program.globals.map((g) => [g.name, g]));
    globalsOf.set(program, known);
  }
  return known.get(String(name));
};

type Shared = Extract<IrGlobal, { kind: 'shared' }>;
type Dynamic = Extract<IrGlobal, { kind: 'dynamic' }>;

const oneBlock = (dim: IrDim | undefined): boolean => dim === 'star' || dim === 'block' || dim === 'on';

/** A dimension of a shared array. */
export interface Dimension {
  readonly name: string;
  readonly dim: number;
}

const twinsOf = new WeakMap<Settled, ReadonlyMap<string, Dimension>>();

/**
 * For each dimension the first one that is certainly laid out like it, of the same or an earlier array, where there is an earlier one:
 * descriptors say the same of both, so that one read serves both. How many images there are along a dimension depends on how
 * many are divided, and on which of these it is.
 */
const twins = (program: IrProgram, settled: Settled): ReadonlyMap<string, Dimension> => {
  const known = twinsOf.get(settled);
  if (known) return known;
  const first = new Map<string, Dimension>();
  const found = new Map<string, Dimension>();
  for (const g of program.globals) {
    if (g.kind !== 'shared' || g.dims.includes('on')) continue;
    const divided = g.dims.flatMap((d, k) => (d === 'star' ? [] : [k]));
    for (const [dim, word] of g.dims.entries()) {
      const extent = settled.get(`${g.name} ${dim}`);
      if (extent === undefined || word === 'blocks') continue;
      const along = word === 'star' ? '' : `${divided.indexOf(dim)} of ${divided.length}`;
      const key = `${word} ${along} ${extent.op} ${String(extent.imm)}`;
      const other = first.get(key);
      if (other === undefined) first.set(key, { name: g.name, dim });
      else found.set(`${g.name} ${dim}`, other);
    }
  }
  twinsOf.set(settled, found);
  return found;
};

/** The dimension that stands for all that are certainly laid out like this one. */
export const alikeDimension = (program: IrProgram, settled: Settled, name: string, dim: number): Dimension =>
  twins(program, settled).get(`${name} ${dim}`) ?? { name, dim };

/** What the words of `dist` alone say about a dimension. */
const knownField = (g: Shared, op: OpName, dim: number): ArrayRule | undefined => {
  const word = g.dims[dim];
  if (word === undefined) return undefined;
  const whole = word === 'star' && !g.dims.includes('on');
  switch (op) {
    case 'shared.kind':
      return constant(distKinds[word]);
    case 'shared.images':
      return word === 'star' || word === 'on' ? constant(1) : undefined;
    case 'shared.block':
      return word === 'cyclic' ? constant(1) : undefined;
    case 'shared.local_extent':
      return word === 'star' || word === 'on' ? rule('shared.extent', [], [g.name, dim]) : undefined;
    case 'shared.lo':
      return word === 'star' || word === 'on' ? constant(0) : undefined;
    case 'shared.hi':
      return whole ? rule('shared.extent', [], [g.name, dim]) : undefined;
    default:
      return undefined;
  }
};

const ofShared = (inst: OpInst, g: Shared, program: IrProgram): ArrayRule | undefined => {
  const { op, args, imms } = inst;
  const rest = args.slice(1);
  const field = fieldOf(op);
  if (field) {
    const dim = Number(imms[0]);
    if ((field.field === 'lo' || field.field === 'hi') && !oneBlock(g.dims[dim])) return undefined;
    return dim < g.dims.length ? rule(`shared.${field.field}`, [], [g.name, dim]) : undefined;
  }
  switch (op) {
    case 'handle.part':
    case 'handle.part_now':
      return rule(swappedIn(program).has(g.name) ? 'shared.part_now' : 'shared.part', [], [g.name]);
    case 'handle.holder':
      return rule('shared.holder', [], [g.name]);
    case 'handle.elem':
      return rule('shared.elem', rest, [g.name]);
    case 'handle.owner':
      return rule('shared.owner', rest, [g.name]);
    default:
      return undefined;
  }
};

const ofDynamic = (inst: OpInst, g: Dynamic): ArrayRule | undefined => {
  switch (inst.op) {
    case 'handle.part':
    case 'handle.part_now':
      return rule('dynamic.base', [], [g.name]);
    case 'handle.extent':
      return rule('dynamic.extent', [], [g.name, inst.imms[0] ?? 0]);
    default:
      return undefined;
  }
};

/** The smaller op that an op on arrays is, if there is one. */
export const foldArray = (inst: OpInst, defs: Defs, program: IrProgram, settled: Settled): ArrayRule | undefined => {
  const { op, args, imms } = inst;
  if (op.startsWith('shared.')) {
    const g = globalNamed(program, imms[0]);
    if (g?.kind !== 'shared') return undefined;
    if (op === 'shared.holder') return g.dims.includes('on') ? undefined : constant(-1);
    const known = knownField(g, op, Number(imms[1]));
    // How far it is from block to block depends on the elements, too.
    if (known || !fieldOf(op) || op === 'shared.stride') return known;
    const twin = twins(program, settled).get(`${g.name} ${String(imms[1])}`);
    return twin && rule(op, [], [twin.name, twin.dim]);
  }
  if (op === 'dynamic.base') {
    const g = globalNamed(program, imms[0]);
    return g?.kind === 'dynamic' && g.of !== undefined ? rule('global', [], [g.of]) : undefined;
  }
  if (op !== 'check.handle' && !op.startsWith('handle.')) return undefined;
  const source = args[0] === undefined ? undefined : opOf(defs, args[0]);
  if (op === 'check.handle') {
    // Named arrays are never deleted.
    return source?.op === 'handle.of' ? { kind: 'nothing' } : undefined;
  }
  if (source?.op !== 'handle.of') return undefined;
  const g = globalNamed(program, source.imms[0]);
  if (g?.kind === 'shared') return ofShared(inst, g, program);
  return g?.kind === 'dynamic' ? ofDynamic(inst, g) : undefined;
};
