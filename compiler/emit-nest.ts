// Which values need no local: those used once, in the body that defines them, are built inside the expression that uses them.
//
//   %a = elem %g, %i, 8          f64.load offset=16 (i32.add (local.get $g) (i32.shl (i32.wrap_i64 (local.get $i)) (i32.const 3)))
//   %x = load.f64 %a, 16
//
// binaryen could find that out from locals (simplify-locals), but takes longer for it than for all the rest.
// What only computes may wait as long as it likes: values do not change. A read of memory waits until something comes that
// may write, stop or pass the turn to others.
import { type Body, type Func, type OpInst, opRow, type Value } from './ir.ts';
import { argsOf, bodiesOf, operandsOf } from './tree.ts';

export interface Uses {
  /** Used exactly once, by an instruction (or the end) of the body that defines it. */
  readonly here: (v: Value) => boolean;
  readonly none: (v: Value) => boolean;
}

export const usesOf = (f: Func): Uses => {
  const counts = new Uint32Array(f.types.length);
  /** Number of the body that defines a value, and of the one that uses it last; 0: none. */
  const definedIn = new Uint32Array(f.types.length);
  const usedIn = new Uint32Array(f.types.length);
  let bodies = 0;
  const visit = (body: Body): void => {
    const id = ++bodies;
    const use = (v: Value): void => {
      counts[v] = (counts[v] ?? 0) + 1;
      usedIn[v] = id;
    };
    for (const inst of body.insts) {
      for (const v of operandsOf(inst)) use(v);
      for (const v of inst.results) definedIn[v] = id;
      for (const inner of bodiesOf(inst)) visit(inner);
    }
    for (const v of argsOf(body.end)) use(v);
  };
  visit(f.body);
  return { here: (v) => counts[v] === 1 && definedIn[v] === usedIn[v], none: (v) => counts[v] === 0 };
};

/**
 * How an op may wait for the one that uses it. pure: as long as it likes; reads: until memory may change. Undefined: not at
 * all. What depends on where objects lie counts as pure, as the emitter's code moves none.
 */
export const nestable = (inst: OpInst): 'pure' | 'reads' | undefined => {
  if (inst.results.length !== 1) return undefined;
  const { effects } = opRow(inst.op);
  // A descriptor lives as long as its array: what it said before a `delete` must not be read after it.
  const mayEnd = inst.op.startsWith('handle.') && inst.op !== 'handle.of';
  if (!mayEnd && effects.every((e) => e === 'place')) return 'pure';
  return effects.every((e) => e === 'place' || e === 'reads' || e === 'handle-reads') ? 'reads' : undefined;
};

/** Does its row ask for an operand more than once? */
export const asksAgain = (inst: OpInst): boolean =>
  inst.op.startsWith('check.') || inst.op === 'atomic.rmw' || inst.op === 'guard.read' || inst.op === 'guard.write';
