// Part of lower-runtime: what is told of memory (ir-track.ts) becomes calls of stdlib/runtime_memory.pg; in checked programs,
// guards become calls of stdlib/runtime_check.pg.
import { descriptor, type TrackKind, trackKind, trackKinds } from '../../vm/abi.ts';
import { append, type Replacement } from '../append.ts';
import { checkRuntime, isChecked } from '../checked.ts';
import type { IrProgram, OpInst, Value } from '../ir.ts';
import { numberImm, textImm } from '../ir-types.ts';
import { parseRuns } from '../pointer-runs.ts';

interface Out extends Replacement {
  readonly program: IrProgram;
}

const prefix = 'runtime.memory.';

/** The functions that are called; drop-functions keeps them until then. */
export const trackRuntime = ['object', 'part', 'new_array', 'released', 'escape', 'run', 'drain'].map(
  (name) => `${prefix}${name}`,
);

/** Whether the program has them: then it tracks its memory. */
export const tracks = (p: IrProgram): boolean => p.funcs.some((f) => f.name === `${prefix}drain`);

const call = (o: Out, name: string, args: readonly Value[]): void => callFull(o, `${prefix}${name}`, args);

const callFull = (o: Out, callee: string, args: readonly Value[]): void => {
  if (!o.program.funcs.some((f) => f.name === callee))
    throw new Error(`internal error: the run-time has no function ${callee}`);
  o.insts.push({ kind: 'op', op: 'call', suffix: '', results: [], args, imms: [callee], pos: o.pos, by: o.by });
};

const i64 = (o: Out, n: number): Value => append(o, 'const', 'i64', 'i64', [], [BigInt(n)]);
const position = (o: Out): Value => append(o, 'position', '', 'i32', [], [BigInt(o.pos)]);
const kind = (o: Out, k: TrackKind): Value => i64(o, trackKind(k));
const addressOf = (o: Out, p: Value): Value =>
  append(o, 'extend_u', '', 'i64', [append(o, 'ptr.bits', '', 'i32', [p])]);

const lowerPart = (o: Out, name: string): void => {
  const g = o.program.globals.find((x) => x.name === name);
  if (g?.kind !== 'shared' && g?.kind !== 'dynamic') throw new Error(`internal error: track.part of @${name}`);
  const place = append(o, 'global', '', 'gptr', [], [name]);
  const rank = i64(o, g.kind === 'shared' ? g.dims.length : g.rank);
  const field = i64(o, g.kind === 'shared' ? descriptor.localExtent : descriptor.extent);
  const what = kind(o, g.kind === 'shared' || g.symmetric ? 'part' : 'array');
  call(o, 'part', [place, rank, i64(o, g.elementBytes), field, position(o), what]);
};

const askTable = (o: Out, inst: OpInst): boolean => {
  const [pointer, size] = inst.args;
  if (pointer === undefined || !isChecked(o.program)) return false;
  const at = addressOf(o, pointer);
  switch (inst.op) {
    case 'guard.read':
    case 'guard.write': {
      const offset = numberImm(inst.imms, 0);
      const address = offset === 0 ? at : append(o, 'add', 'i64', 'i64', [at, i64(o, offset)]);
      const callee = inst.op === 'guard.read' ? checkRuntime.read : checkRuntime.write;
      callFull(o, callee, [address, i64(o, numberImm(inst.imms, 1))]);
      return true;
    }
    default:
      callFull(o, inst.op === 'guard.read_range' ? checkRuntime.read : checkRuntime.write, [at, size ?? i64(o, 0)]);
      return true;
  }
};

/** Lowers one of these ops into `o`; false if it is none of them. */
export const lowerTrack = (o: Out, inst: OpInst): boolean => {
  const [a, b] = inst.args;
  switch (inst.op) {
    case 'track.object': {
      const word = textImm(inst.imms, 0);
      const known = trackKinds.find((k) => k.kind === word)?.kind ?? 'none';
      if (a !== undefined && b !== undefined) call(o, 'object', [a, b, position(o), kind(o, known)]);
      return true;
    }
    case 'track.part':
      lowerPart(o, textImm(inst.imms, 0));
      return true;
    case 'track.array':
      if (a !== undefined) {
        const field = textImm(inst.imms, 1) === 'shared' ? descriptor.localExtent : descriptor.extent;
        call(o, 'new_array', [a, i64(o, numberImm(inst.imms, 0)), i64(o, field), position(o)]);
      }
      return true;
    case 'track.free':
      if (a === undefined) return true;
      if (isChecked(o.program)) callFull(o, checkRuntime.released, [a, position(o)]);
      else call(o, 'released', [a, position(o)]);
      return true;
    case 'track.escape':
      if (a !== undefined)
        call(o, 'escape', [append(o, 'add', 'i64', 'i64', [addressOf(o, a), i64(o, numberImm(inst.imms, 0))])]);
      return true;
    case 'track.run': {
      if (a === undefined || b === undefined) return true;
      const { size, runs } = parseRuns(textImm(inst.imms, 0)) ?? { size: 1, runs: [] };
      for (const r of runs) {
        const bytes = append(o, 'extend_u', '', 'i64', [b]);
        call(o, 'run', [addressOf(o, a), bytes, i64(o, size), i64(o, r.offset), i64(o, r.count), i64(o, r.stride)]);
      }
      return true;
    }
    case 'guard.read':
    case 'guard.write':
    case 'guard.read_range':
    case 'guard.write_range':
      return askTable(o, inst);
    default:
      return false;
  }
};
