// comm: each access that may be to memory which images share is counted, in programs that are built for it (`--comm`).
//
//   before   %x = load.f64 %p, 8      after   call @runtime.comm.touch(position, address of %p + 8, 8, 0)
//                                             %x = load.f64 %p, 8
//
// Whether it is, and whose memory it is, the call finds from the address (stdlib/runtime_comm.pg). It stands here in the sequence because what has
// been optimised away above the level of addresses is no communication; from now on the calls keep all accesses where they are.
// Run-time code counts for the line that called it, which is told before the call.
import { commKinds, commRuntime, isRuntime } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { placeOf } from '../effects.ts';
import { type Defs, defsOf, intOf } from '../facts.ts';
import type { Body, Func, Inst, IrProgram, OpInst, Value } from '../ir.ts';
import type { PassContext } from '../passes.ts';
import { type AccessPart, accessParts } from '../provenance.ts';
import { editOf, withBodies } from '../tree.ts';

const by = 'comm';

/** Parts of the run-time that access the memory of other images on behalf of a line. Messages are counted where they are sent: what handlers note in them is no line's. */
const onBehalf = /^runtime\.(bulk|collectives|sync|teams)\./;

/** Copies of so many bytes are of one value. */
const oneValue = 64n;

type Kind = (typeof commKinds)[number];

const kindOf = (defs: Defs, inst: OpInst, part: AccessPart): Kind | undefined => {
  switch (inst.op) {
    case 'load':
    case 'v.load':
    case 'v.load_lane':
    case 'store':
    case 'v.store':
    case 'v.store_lane':
      return part.write ? 'write' : 'read';
    case 'atomic.load':
    case 'atomic.store':
    case 'atomic.rmw':
    case 'atomic.cas':
      return 'atomic';
    case 'copy':
    case 'fill': {
      const bytes = intOf(defs, inst.args[2]);
      return bytes === undefined || bytes > oneValue ? 'bulk' : part.write ? 'write' : 'read';
    }
    default:
      return undefined;
  }
};

/** Variables of a function, or of the image alone: nobody shares them. */
const isPrivate = (program: IrProgram, defs: Defs, place: Value): boolean => {
  const { root, remote } = placeOf(defs, place);
  if (remote) return false;
  if (root.kind !== 'global') return root.kind === 'frame' || root.kind === 'data';
  const g = program.globals.find((x) => x.name === root.name);
  return g !== undefined && g.kind !== 'symmetric';
};

const call = (o: Replacement, callee: string, args: readonly Value[]): void => {
  o.insts.push({ kind: 'op', op: 'call', suffix: '', results: [], args, imms: [callee], pos: o.pos, by });
};

const position = (o: Replacement): Value => append(o, 'position', '', 'i32', [], [BigInt(o.pos)]);
const i64 = (o: Replacement, n: number | bigint): Value => append(o, 'const', 'i64', 'i64', [], [BigInt(n)]);

const touch = (o: Replacement, inst: OpInst, part: AccessPart, kind: Kind): void => {
  const place = inst.args[part.arg];
  if (place === undefined) return;
  const bits = append(o, o.edit.types[place] === 'ptr' ? 'ptr.bits' : 'gptr.bits', '', 'i32', [place]);
  const address = append(o, 'extend_u', '', 'i64', [bits]);
  const at = part.offset === 0 ? address : append(o, 'add', 'i64', 'i64', [address, i64(o, part.offset)]);
  const sized = typeof part.bytes === 'number' ? undefined : (inst.args[part.bytes.arg] ?? 0);
  const bytes =
    sized === undefined
      ? i64(o, part.bytes as number)
      : o.edit.types[sized] === 'i64'
        ? sized
        : append(o, 'extend_u', '', 'i64', [sized]);
  call(o, commRuntime.touch, [position(o), at, bytes, i64(o, commKinds.indexOf(kind))]);
};

/** Whether the program counts. */
const counts = (program: IrProgram): boolean => program.funcs.some((f) => f.name === commRuntime.touch);

export const comm = (f: Func, { program, positionOf }: PassContext): Func => {
  const own = isRuntime(f.name) && !onBehalf.test(f.name) && !f.name.startsWith('runtime.entry.');
  if (own || !counts(program)) return f;
  const defs = defsOf(f);
  const edit = editOf(f);
  const body = (b: Body): Body => {
    const insts: Inst[] = [];
    for (const inst of b.insts) {
      if (inst.kind !== 'op') {
        insts.push(withBodies(inst, body));
        continue;
      }
      const o: Replacement = { insts, edit, pos: inst.pos, by };
      // Also what was taken out of the run-time into functions of the program.
      const works = inst.kernel === true && onBehalf.test(positionOf(inst.pos).fn);
      for (const part of accessParts(works ? { ...inst, kernel: false } : inst)) {
        const kind = kindOf(defs, inst, part);
        if (kind && !isPrivate(program, defs, inst.args[part.arg] ?? -1)) touch(o, inst, part, kind);
      }
      if (inst.op === 'call' && !isRuntime(f.name) && onBehalf.test(String(inst.imms[0])))
        call(o, commRuntime.at, [position(o)]);
      insts.push(inst);
    }
    return { insts, end: b.end };
  };
  const changed = body(f.body);
  return { ...f, types: edit.types, body: changed };
};
