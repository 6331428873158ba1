// What the verifier asks of one op by itself: its suffix, operands, results, immediates and the names in them.
import type { Format } from '../vm/abi.ts';
import {
  type Func,
  type Imm,
  type ImmKind,
  type IrGlobal,
  type IrProgram,
  type IrType,
  type OpInst,
  type OpName,
  opRow,
  type Value,
} from './ir.ts';
import { fieldOf } from './ir-arrays.ts';
import { dimsOf, opText, signatureOf, wordsOf } from './ir-types.ts';
import { lanesToName } from './ir-vector.ts';
import { parseRuns } from './pointer-runs.ts';
import { forEachInst } from './tree.ts';
import type { Report } from './verify-table.ts';

/** What is named in a program. */
export interface Names {
  readonly globals: ReadonlyMap<string, IrGlobal>;
  readonly data: ReadonlySet<string>;
  readonly funcs: ReadonlyMap<string, Func>;
  /** Arrays that some function swaps. */
  readonly swapped: ReadonlySet<string>;
  /** A part of a program: functions that it does not have may be called. */
  readonly fragment: boolean;
}

export const namesOf = (p: IrProgram, fragment: boolean): Names => {
  const swapped = new Set<string>();
  for (const f of p.funcs) {
    forEachInst(f.body, (i) => {
      if (i.kind === 'op' && i.op === 'shared.swap') for (const imm of i.imms) swapped.add(String(imm));
    });
  }
  return {
    globals: new Map(p.globals.map((g) => [g.name, g])),
    data: new Set(p.data.map((d) => d.name)),
    funcs: new Map(p.funcs.map((f) => [f.name, f])),
    swapped,
    fragment,
  };
};

const formatTypes: readonly string[] = [
  'bool',
  'i8',
  'i16',
  'i32',
  'i64',
  'u8',
  'u16',
  'u32',
  'u64',
  'f32',
  'f64',
  'str',
  'pointer',
] satisfies Format['type'][];

const isFormat = (text: string): boolean => {
  try {
    const format: unknown = JSON.parse(text);
    return (
      typeof format === 'object' &&
      format !== null &&
      'type' in format &&
      typeof format.type === 'string' &&
      formatTypes.includes(format.type)
    );
  } catch {
    return false;
  }
};

const maxOffset = 2 ** 31 - 1;

/** What is wrong with an immediate by itself, or undefined. */
const immFault = (kind: ImmKind, suffix: string, imm: Imm): string | undefined => {
  switch (kind) {
    case 'int': {
      if (typeof imm !== 'bigint') return 'is not an integer';
      const width = suffix === 'i32' ? 32 : 64;
      return BigInt.asIntN(width, imm) === imm ? undefined : `${imm} does not fit i${width}`;
    }
    case 'bits': {
      if (typeof imm !== 'bigint') return 'is not the bits of a float';
      const width = suffix === 'f32' ? 32 : 64;
      return BigInt.asUintN(width, imm) === imm ? undefined : `the bits do not fit f${width}`;
    }
    case 'number':
      if (typeof imm !== 'number' || !Number.isInteger(imm)) return 'is not a whole number';
      return imm >= 0 && imm <= maxOffset ? undefined : `${imm} is not in 0..${maxOffset}`;
    default:
      return typeof imm === 'string' ? undefined : 'is not a name or text';
  }
};

/** The place of an array is that of its descriptor. `init` alone takes the place of a let: it writes it. */
const globalKinds = (op: OpName, f: Func): readonly IrGlobal['kind'][] => {
  if (op === 'global')
    return ['private', 'symmetric', 'shared', 'dynamic', ...(f.name === 'init' ? (['let'] as const) : [])];
  if (op === 'let') return ['let', 'config'];
  if (op === 'handle.of' || op === 'track.part') return ['shared', 'dynamic'];
  return op.startsWith('dynamic.') ? ['dynamic'] : ['shared'];
};

const rankOf = (g: IrGlobal): number => (g.kind === 'shared' ? g.dims.length : g.kind === 'dynamic' ? g.rank : 0);

const checkGlobal = (i: OpInst, g: IrGlobal, names: Names, report: Report): void => {
  if (g.kind === 'let' || g.kind === 'config') {
    if (i.op === 'let' && i.suffix !== g.type) report('V27', `@${g.name} is of type ${g.type}, read as ${i.suffix}`);
    return;
  }
  const rank = rankOf(g);
  const [, dim] = i.imms;
  if (typeof dim === 'number' && (dim < 0 || dim >= rank)) {
    report('V10', `@${g.name} has no dimension ${dim}: its rank is ${rank}`);
  } else if ((i.op === 'shared.lo' || i.op === 'shared.hi') && g.kind === 'shared' && typeof dim === 'number') {
    const kind = g.dims[dim];
    if (kind === 'cyclic' || kind === 'blocks') {
      report('V28', `dimension ${dim} of @${g.name} is ${kind}: an image has no single block of it`);
    }
  }
  const wanted = { 'shared.init': 2 * rank, 'dynamic.init': rank, 'shared.owner': rank, 'shared.elem': rank + 1 };
  const count = Object.entries(wanted).find(([op]) => op === i.op)?.[1];
  if (count !== undefined && i.args.length !== count) {
    report('V10', `${i.op} of @${g.name} (rank ${rank}) has ${i.args.length} operands, not ${count}`);
  }
  if (i.op === 'shared.part' && names.swapped.has(g.name)) {
    report('V30', `@${g.name} is swapped: its own part is shared.part_now`);
  }
};

/** The ranks of what handles refer to are not known here: at most four. */
const checkHandle = (i: OpInst, names: Names, report: Report): void => {
  const extra = { 'handle.owner': 1, 'handle.elem': 2, 'handle.new_co': 0 }[String(i.op)];
  if (extra !== undefined && (i.args.length <= extra || i.args.length > extra + 4))
    report('V10', `${i.op} has ${i.args.length} operands: a rank is 1 to 4`);
  const [imm] = i.imms;
  if (fieldOf(i.op)?.of === 'handle' && typeof imm === 'number' && imm > 3)
    report('V10', `no array has a dimension ${imm}`);
  if (i.op === 'handle.new') {
    const dims = dimsOf(i.imms[1]);
    if (!dims || dims.length > 4) report('V11', `not words of dist: ${String(i.imms[1])}`);
    else if (i.args.length !== 2 * dims.length)
      report('V10', `handle.new of rank ${dims.length} has ${i.args.length} operands, not ${2 * dims.length}`);
  }
  const g = i.op === 'handle.of' ? names.globals.get(String(imm)) : undefined;
  if (g?.kind === 'dynamic' && !g.symmetric) report('V08', `@${g.name} is private, handle.of takes symmetric arrays`);
  if (i.op === 'handle.part' && names.swapped.size > 0)
    report('V30', 'arrays are swapped: the own part is handle.part_now');
};

const checkSwap = (i: OpInst, names: Names, report: Report): void => {
  const [a, b] = i.imms.map((imm) => names.globals.get(String(imm)));
  if (a?.kind !== 'shared' || b?.kind !== 'shared') return;
  if (a.elementBytes !== b.elementBytes || a.dims.join() !== b.dims.join()) {
    report('V29', `@${a.name} and @${b.name} are laid out differently`);
  }
};

const checkNames = (i: OpInst, f: Func, names: Names, report: Report): void => {
  for (const [k, kind] of opRow(i.op).imms.entries()) {
    const imm = i.imms[k];
    if (typeof imm !== 'string') continue;
    switch (kind) {
      case 'global': {
        const g = names.globals.get(imm);
        if (!g) report('V08', `there is no global @${imm}`);
        else if (!globalKinds(i.op, f).includes(g.kind))
          report('V08', `@${imm} is ${g.kind}, which ${i.op} does not take`);
        else checkGlobal(i, g, names, report);
        break;
      }
      case 'data':
        if (!names.data.has(imm)) report('V09', `there is no data @${imm}`);
        break;
      case 'slot':
        if (!f.slots.some((s) => s.name === imm)) report('V09', `@${f.name} has no frame slot $${imm}`);
        break;
      case 'func':
        if (!names.fragment && !names.funcs.has(imm)) report('V09', `there is no function @${imm}`);
        break;
      case 'word': {
        const words = wordsOf(i.op, i.suffix);
        if (!words.includes(imm)) {
          report('V11', `${opText(i.op, i.suffix)} does not take \`${imm}\`, but ${words.join(' ')}`);
        }
        break;
      }
      case 'text':
        if (i.op === 'track.run') {
          if (!parseRuns(imm)) report('V12', `not runs of pointers: ${imm}`);
        } else if (!isFormat(imm)) report('V12', `not a format: ${imm}`);
        break;
      default:
        break;
    }
  }
  if (i.op === 'shared.swap') checkSwap(i, names, report);
  if (i.op.startsWith('handle.')) checkHandle(i, names, report);
};

const typeList = (types: readonly (IrType | undefined)[]): string => `(${types.map((t) => t ?? '?').join(', ')})`;

/** Whether the values have these types; a value without a type is V03's business. */
export const sameTypes = (f: Func, values: readonly Value[], types: readonly IrType[]): boolean =>
  values.length === types.length &&
  values.every((v, k) => {
    const t = f.types[v];
    return t === undefined || t === types[k];
  });

export const typesText = (f: Func, values: readonly Value[]): string => typeList(values.map((v) => f.types[v]));

const checkCall = (i: OpInst, f: Func, names: Names, report: Report): void => {
  const callee = names.funcs.get(String(i.imms[0]));
  if (!callee) return;
  const params = callee.params.map((p) => callee.types[p] ?? 'i32');
  if (!sameTypes(f, i.args, params)) {
    report('V18', `@${callee.name} takes ${typeList(params)}, not ${typesText(f, i.args)}`);
  }
  if (!sameTypes(f, i.results, callee.results)) {
    report('V18', `@${callee.name} gives ${typeList(callee.results)}, not ${typesText(f, i.results)}`);
  }
};

/** Everything but scopes and ptrs. */
export const checkOp = (i: OpInst, f: Func, names: Names, report: Report): void => {
  const row = opRow(i.op);
  const signature = signatureOf(i.op, i.suffix);
  const name = opText(i.op, i.suffix);
  if (!signature) {
    report('V04', `${i.op} has the suffixes ${row.types?.join(' ') ?? '(none)'}, not \`${i.suffix}\``);
    return;
  }
  const fixed = i.args.slice(0, signature.operands.length);
  const rest = i.args.slice(signature.operands.length);
  if (!sameTypes(f, fixed, signature.operands) || (rest.length > 0 && !signature.more)) {
    const more = signature.more ? ', …' : '';
    report('V05', `${name} takes ${typeList(signature.operands)}${more}, not ${typesText(f, i.args)}`);
  }
  if (i.op !== 'call' && i.op !== 'call.value' && rest.some((v) => (f.types[v] ?? 'i64') !== 'i64')) {
    report('V05', `extents, blocks and indices of ${name} are i64, not ${typesText(f, rest)}`);
  }
  if (signature.results && !sameTypes(f, i.results, signature.results)) {
    report('V06', `${name} gives ${typeList(signature.results)}, not ${typesText(f, i.results)}`);
  }
  if (i.imms.length !== row.imms.length) {
    report('V07', `${name} has ${i.imms.length} immediates, not ${row.imms.length}`);
    return;
  }
  for (const [k, kind] of row.imms.entries()) {
    const imm = i.imms[k];
    const fault = imm === undefined ? undefined : immFault(kind, i.suffix, imm);
    if (fault) report('V07', `immediate ${k} of ${name} ${fault}`);
  }
  const lanes = lanesToName(i.op, i.suffix);
  if (lanes !== undefined) {
    // Of an access the first number is its offset.
    const named = i.imms.slice(i.op.endsWith('_lane') ? 1 : 0);
    for (const imm of named) if (Number(imm) >= lanes) report('V07', `${name} has no lane ${imm}: there are ${lanes}`);
  }
  checkNames(i, f, names, report);
  if (i.op === 'call') checkCall(i, f, names, report);
};
