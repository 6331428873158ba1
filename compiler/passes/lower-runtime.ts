// lower-runtime: barriers, collectives, the heap and the layout of arrays become calls of the run-time's PG functions.
//
//   before   barrier                       after   %p = const.i32 12          the position, for reports
//                                                  call @runtime.barrier(%p)
//
//   before   %s = allreduce.f64 add, %x    after   every image publishes %x in its cell (runtime.exchange), and adds up the
//                                                  cells of all images in their order: all get the same bits.
//
// Required: the emitter knows none of these ops.
import { descriptor, distKinds, isRuntime, type Meeting, type MeetingOp, meetingNumber } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { isChecked } from '../checked.ts';
import type { Body, Imm, Inst, IrDim, IrGlobal, IrProgram, IrType, OpInst, OpName, Value } from '../ir.ts';
import { dimsOf, numberImm, textImm } from '../ir-types.ts';
import type { Pass } from '../passes.ts';
import { isMoving } from '../runtime-functions.ts';
import { editOf, withBodies } from '../tree.ts';
import { lowerTrack, tracks } from './lower-track.ts';

const by = 'lower-runtime';

interface Out extends Replacement {
  readonly program: IrProgram;
  /** What allocates and frees here. */
  readonly heap: { readonly alloc: string; readonly shared: string; readonly free: string; readonly every?: number };
}

const effect = (o: Out, op: OpName, suffix: string, args: readonly Value[], imms: readonly Imm[] = []): void => {
  // Stores into descriptors, which programs cannot write.
  const kernel = op === 'store' ? { kernel: true } : {};
  o.insts.push({ kind: 'op', op, suffix, results: [], args, imms, pos: o.pos, by, ...kernel });
};

const call = (o: Out, name: string, args: readonly Value[], results: readonly Value[]): void => {
  const callee = `runtime.${name}`;
  if (!o.program.funcs.some((f) => f.name === callee))
    throw new Error(`internal error: the run-time has no function ${callee}`);
  o.insts.push({ kind: 'op', op: 'call', suffix: '', results, args, imms: [callee], pos: o.pos, by });
};

const position = (o: Out): Value => append(o, 'position', '', 'i32', [], [BigInt(o.pos)]);
const i64 = (o: Out, n: number | bigint): Value => append(o, 'const', 'i64', 'i64', [], [BigInt(n)]);

/** A value as the 64 bits of a collective's cell, and back. */
const toBits = (o: Out, suffix: string, v: Value): Value => {
  switch (suffix) {
    case 'i64':
      return v;
    case 'i32':
      return append(o, 'extend_u', '', 'i64', [v]);
    case 'f64':
      return append(o, 'reinterpret', 'i64.f64', 'i64', [v]);
    default:
      return append(o, 'extend_u', '', 'i64', [append(o, 'reinterpret', 'i32.f32', 'i32', [v])]);
  }
};

const fromBits = (o: Out, suffix: string, bits: Value, result?: Value): Value => {
  switch (suffix) {
    case 'i64':
      return append(o, 'or', 'i64', 'i64', [bits, i64(o, 0)], [], result);
    case 'i32':
      return append(o, 'wrap', '', 'i32', [bits], [], result);
    case 'f64':
      return append(o, 'reinterpret', 'f64.i64', 'f64', [bits], [], result);
    default:
      return append(o, 'reinterpret', 'f32.i32', 'f32', [append(o, 'wrap', '', 'i32', [bits])], [], result);
  }
};

const meetingOp: Readonly<Record<string, MeetingOp>> = { add: '+', mul: '*', and: '&', or: '|', xor: '^' };

/** What the images come to, as a number; `min_s` and `min_u` are both `min`. */
const meeting = (inst: OpInst, what: Meeting): number => {
  const word = what === 'broadcast' ? '' : textImm(inst.imms, 0);
  const op = meetingOp[word] ?? (word.startsWith('min') ? 'min' : word.startsWith('max') ? 'max' : '');
  return meetingNumber(what, op, ['', 'i32', 'i64', 'f32', 'f64'].indexOf(inst.suffix));
};

/** Shows the value to all images; they must agree on `detail`. */
const publish = (o: Out, inst: OpInst, what: Meeting, value: Value, detail?: Value): Value => {
  const bits = toBits(o, inst.suffix, value);
  const cell = o.edit.value('i64');
  const number = append(o, 'const', 'i32', 'i32', [], [BigInt(meeting(inst, what))]);
  call(o, 'exchange', [position(o), bits, number, detail ?? i64(o, 0)], [cell]);
  if (inTeams(o)) return cell;
  // The own cell as a place; others have theirs at the same offset.
  return append(o, 'gptr.of', '', 'gptr', [append(o, 'wrap', '', 'i32', [cell])]);
};

/** In programs with teams, images and cells are those of the team: the run-time knows. */
const inTeams = (o: Out): boolean => o.program.funcs.some((f) => f.name === 'runtime.team_value');

const asked = (o: Out, name: string, args: readonly Value[] = []): Value => {
  const v = o.edit.value('i64');
  call(o, name, args, [v]);
  return v;
};

/** The value that `image` published. */
const published = (o: Out, suffix: string, cell: Value, image: Value, result?: Value): Value => {
  if (inTeams(o)) return fromBits(o, suffix, asked(o, 'team_value', [cell, image]), result);
  const place = append(o, 'remote', '', 'gptr', [cell, image]);
  const bits = append(o, 'load', 'i64', 'i64', [append(o, 'addr', '', 'ptr', [place])], [0]);
  const made = o.insts.at(-1);
  if (made?.kind === 'op') o.insts[o.insts.length - 1] = { ...made, kernel: true };
  return fromBits(o, suffix, bits, result);
};

const combine = (o: Out, word: string, suffix: string, a: Value, b: Value): Value => {
  const type = suffix as IrType;
  const direct: readonly string[] = suffix.startsWith('f')
    ? ['add', 'mul', 'min', 'max']
    : ['add', 'mul', 'and', 'or', 'xor'];
  if (direct.includes(word)) return append(o, word as OpName, suffix, type, [a, b]);
  const [kind, sign] = word.split('_');
  const compare = `${kind === 'min' ? 'lt' : 'gt'}_${sign}` as OpName;
  return append(o, 'select', suffix, type, [append(o, compare, suffix, 'i32', [b, a]), b, a]);
};

/** The values of all images combined in their order: image 0's first, so that every image gets the same bits. */
const overImages = (o: Out, word: string, suffix: string, cell: Value, result: Value): void => {
  const type = suffix as IrType;
  const outer = o.insts;
  const first = published(o, suffix, cell, i64(o, 0));
  const one = i64(o, 1);
  const images = inTeams(o) ? asked(o, 'members') : append(o, 'num_images', '', 'i64', []);
  const label = o.edit.label('l0');
  const choice = o.edit.label('i0');
  const image = o.edit.value('i64');
  const sum = o.edit.value(type);
  o.insts = [];
  const done = append(o, 'ge_s', 'i64', 'i32', [image, images]);
  const leave: Body = { insts: [], end: { kind: 'break', label, args: [sum], pos: o.pos, by } };
  const stay: Body = { insts: [], end: { kind: 'break', label: choice, args: [], pos: o.pos, by } };
  o.insts.push({ kind: 'if', label: choice, condition: done, results: [], then: leave, else: stay, pos: o.pos, by });
  const next = combine(o, word, suffix, sum, published(o, suffix, cell, image));
  const following = append(o, 'add', 'i64', 'i64', [image, one]);
  const body: Body = { insts: o.insts, end: { kind: 'next', label, args: [following, next], pos: o.pos, by } };
  o.insts = outer;
  o.insts.push({
    kind: 'loop',
    label,
    params: [image, sum],
    inits: [one, first],
    results: [result],
    body,
    independent: false,
    pos: o.pos,
    by,
  });
};

const globalNamed = (o: Out, name: string): IrGlobal => {
  const g = o.program.globals.find((x) => x.name === name);
  if (!g) throw new Error(`internal error: no global @${name}`);
  return g;
};

/** Stores extents (and what follows them) into the fields of a descriptor that the run-time starts from. */
const storeFields = (o: Out, place: Value, values: readonly Value[], field: number): void => {
  values.forEach((v, k) => {
    const p = append(o, 'addr', '', 'ptr', [place]);
    effect(o, 'store', 'i64', [p, v], [descriptor.dims + k * descriptor.dimBytes + field]);
  });
};

const lowerInit = (o: Out, inst: OpInst): void => {
  const name = textImm(inst.imms, 0);
  const g = globalNamed(o, name);
  const place = append(o, 'global', '', 'gptr', [], [name]);
  if (g.kind === 'shared') {
    const rank = g.dims.length;
    storeFields(o, place, inst.args.slice(0, rank), descriptor.extent);
    storeFields(o, place, inst.args.slice(rank), descriptor.block);
    return call(o, 'shared_layout', [place, i64(o, rank), i64(o, g.elementBytes), i64(o, packed(g.dims))], []);
  }
  if (g.kind !== 'dynamic') throw new Error(`internal error: ${inst.op} of @${name}`);
  storeFields(o, place, inst.args, descriptor.extent);
  const described = (name: string): Value => {
    const variable = append(o, 'global', '', 'gptr', [], [name]);
    return append(o, 'extend_u', '', 'i64', [append(o, 'gptr.bits', '', 'i32', [variable])]);
  };
  const where = g.of === undefined ? i64(o, g.symmetric ? 1 : 0) : described(g.of);
  call(o, 'dynamic_layout', [place, i64(o, g.rank), i64(o, g.elementBytes), where], []);
};

/** Words of `dist`, four bits a dimension. */
const packed = (dims: readonly IrDim[]): number => dims.reduce((all, dim, k) => all | (distKinds[dim] << (4 * k)), 0);

/** Four values a group: what there is, then zeros. */
const four = (o: Out, values: readonly Value[]): Value[] => [0, 1, 2, 3].map((k) => values[k] ?? i64(o, 0));

const lowerNew = (o: Out, inst: OpInst): void => {
  const bytes = i64(o, numberImm(inst.imms, 0));
  const dims = inst.op === 'handle.new' ? (dimsOf(inst.imms[1]) ?? []) : undefined;
  const rank = dims ? dims.length : inst.args.length;
  const extents = four(o, inst.args.slice(0, rank));
  const common = [position(o), i64(o, rank), bytes];
  if (!dims) return call(o, 'co_new', [...common, ...extents], inst.results);
  const kinds = i64(o, packed(dims));
  call(o, 'shared_new', [...common, kinds, ...extents, ...four(o, inst.args.slice(rank))], inst.results);
};

/** Lowers one op into `o`; false if it is none of these. */
const lowerOp = (o: Out, inst: OpInst): boolean => {
  const [a, b] = inst.args;
  const [result] = inst.results;
  switch (inst.op) {
    case 'barrier':
      call(o, 'barrier', [position(o)], []);
      return true;
    case 'idle':
      call(o, 'idle', [position(o), ...inst.args], []);
      return true;
    case 'alloc.shared':
      call(o, o.heap.shared, inst.args, inst.results);
      return true;
    case 'alloc':
      if (o.heap.every === undefined) call(o, o.heap.alloc, inst.args, inst.results);
      else call(o, o.heap.alloc, [...inst.args, i64(o, o.heap.every)], inst.results);
      return true;
    case 'free':
      call(o, o.heap.free, inst.args, inst.results);
      return true;
    case 'shared.init':
    case 'dynamic.init':
      lowerInit(o, inst);
      return true;
    case 'handle.new':
    case 'handle.new_co':
      lowerNew(o, inst);
      return true;
    case 'handle.free':
      call(o, 'array_free', [position(o), ...inst.args], []);
      return true;
    case 'shared.swap': {
      const [first, second] = [textImm(inst.imms, 0), textImm(inst.imms, 1)];
      const g = globalNamed(o, first);
      const rank = g.kind === 'shared' ? g.dims.length : 1;
      call(
        o,
        'shared_swap',
        [append(o, 'global', '', 'gptr', [], [first]), append(o, 'global', '', 'gptr', [], [second]), i64(o, rank)],
        [],
      );
      return true;
    }
    case 'allreduce':
      if (a === undefined || result === undefined) return false;
      overImages(o, textImm(inst.imms, 0), inst.suffix, publish(o, inst, 'allreduce', a), result);
      return true;
    case 'reduce': {
      if (a === undefined || b === undefined || result === undefined) return false;
      const all = o.edit.value(inst.suffix as IrType);
      overImages(o, textImm(inst.imms, 0), inst.suffix, publish(o, inst, 'reduce', a, b), all);
      const here = append(o, 'eq', 'i64', 'i32', [
        inTeams(o) ? asked(o, 'rank') : append(o, 'this_image', '', 'i64', []),
        b,
      ]);
      append(o, 'select', inst.suffix, inst.suffix as IrType, [here, all, a], [], result);
      return true;
    }
    case 'broadcast':
      if (a === undefined || b === undefined || result === undefined) return false;
      published(o, inst.suffix, publish(o, inst, 'broadcast', a, b), b, result);
      return true;
    default:
      return lowerTrack(o, inst);
  }
};

/** Where all images come together, each brings its table of objects up to date first. */
const meets = (inst: OpInst): boolean =>
  ['barrier', 'allreduce', 'reduce', 'broadcast', 'handle.new', 'handle.new_co', 'handle.free'].includes(inst.op);

const heapOf = (program: IrProgram, func: string, every: number | undefined): Out['heap'] => {
  if (isRuntime(func)) return { alloc: 'alloc', shared: 'alloc_shared', free: 'free' };
  if (isMoving(program) && every !== undefined)
    return { alloc: 'move.scarce', shared: 'alloc_shared', free: 'free', every };
  if (isMoving(program)) return { alloc: 'move.alloc', shared: 'alloc_shared', free: 'free' };
  if (isChecked(program)) return { alloc: 'check.alloc', shared: 'check.alloc_shared', free: 'check.free' };
  return { alloc: 'alloc', shared: 'alloc_shared', free: 'free' };
};

export const lowerRuntime: Pass['run'] = (f, context) => {
  const edit = editOf(f);
  const heap = heapOf(context.program, f.name, context.hooks.fails);
  const tracked = !isRuntime(f.name) && tracks(context.program);
  let changed = false;
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      if (inst.kind !== 'op') {
        insts.push(withBodies(inst, body));
        continue;
      }
      const o: Out = { insts, edit, pos: inst.pos, by, program: context.program, heap };
      if (tracked && meets(inst)) call(o, 'memory.drain', [], []);
      if (lowerOp(o, inst)) changed = true;
      else insts.push(inst);
    }
    return { insts, end: b.end };
  };
  const lowered = body(f.body);
  return changed ? { ...f, types: edit.types, body: lowered } : f;
};
