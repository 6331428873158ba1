// Identities of ops on vectors: what gives a value that is there already, bit for bit.
import { type Defs, intOf, opOf } from '../facts.ts';
import type { OpInst, Value } from '../ir.ts';

/** Shapes whose lanes are whole values. */
const wide = new Set(['i32x4', 'i64x2', 'f32x4', 'f64x2']);

/** The value that the op gives; undefined: a new one. */
export const foldVector = (inst: OpInst, defs: Defs): Value | undefined => {
  const [a, b, c] = inst.args;
  const inner = a === undefined ? undefined : opOf(defs, a);
  switch (inst.op) {
    case 'v.extract':
      if (!wide.has(inst.suffix) || inner?.suffix !== inst.suffix) return undefined;
      if (inner.op === 'v.splat') return inner.args[0];
      return inner.op === 'v.replace' && inner.imms[0] === inst.imms[0] ? inner.args[1] : undefined;
    case 'v.not':
      return inner?.op === 'v.not' ? inner.args[0] : undefined;
    case 'v.and':
    case 'v.or':
      return a === b ? a : undefined;
    case 'v.select':
      return b === c ? b : undefined;
    case 'v.shl':
    case 'v.shr_s':
    case 'v.shr_u':
      return intOf(defs, b) === 0n ? a : undefined;
    case 'v.shuffle':
      if (inst.imms.every((n, i) => n === i)) return a;
      return inst.imms.every((n, i) => n === i + 16) ? b : undefined;
    default:
      return undefined;
  }
};
