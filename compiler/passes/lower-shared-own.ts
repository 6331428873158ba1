// Elements whose index jumps about in a loop: what lies in the own part is found by one comparison.
//
//   %g = shared.elem @u (%part, %i)        %d = %i - lo                         lo, the own count and the own place
//                                          if @own %d <u count likely either {  are computed before the loop
//                                            break @own(own place, %d)
//                                          } else {
//                                            check of %i; %b = (%i · M) >> s; break @own(part of image 0 + %b · stride, %i)
//                                          }
//                                          %g = elem …
//
// Arrays are divided so that most of what an image reads is its own; and with one image, all is. The check of the index, where it stands right
// before, is made on the other road only: an own index is none that the check refuses. The other road is short too, three operations, and right for own
// elements as well: a loop that has come to an element of another image takes it for all that follow (side-exit.ts), as where elements lie at
// random nobody can predict whose the next one is. (Inspector and executor, J. Saltz et al.,
// would sort the indices before the loop: not for a loop that runs once.)
import { append, type Replacement } from '../append.ts';
import { earlyFunctions } from '../early.ts';
import { effectsOf } from '../effects.ts';
import { blockOfChecked, elementFrom, type Subject } from '../elements.ts';
import { defsOf, inductionsOf, linearOf } from '../facts.ts';
import type { Body, Func, Inst, LoopInst, OpInst, OpName, Terminator, Value } from '../ir.ts';
import { ifInst } from '../ir-build.ts';
import { textImm } from '../ir-types.ts';
import type { PassContext } from '../passes.ts';
import { bodiesOf, definedIn } from '../tree.ts';

/** The loop around an element, as far as it matters. */
export interface Around {
  /** What is computed in it. */
  readonly inner: ReadonlySet<Value>;
}

/** Tells the innermost loop around an element whose first index is no linear form of its counters, if that dimension alone is in blocks. */
export const jumpsOf = (f: Func, context: PassContext): ((inst: OpInst) => Around | undefined) => {
  const arrays = new Set(
    context.program.globals.flatMap((g) =>
      g.kind === 'shared' && g.dims[0] === 'block' && g.dims.slice(1).every((d) => d === 'star') ? [g.name] : [],
    ),
  );
  // Before arrays are laid out, nothing may be asked that a check would have refused.
  if (arrays.size === 0 || earlyFunctions(context.program).has(f.name)) return () => undefined;
  const defs = defsOf(f);
  const found = new Map<OpInst, Around>();
  const inLoop = (loop: LoopInst): void => {
    const inner = definedIn(loop.body, new Set(loop.params));
    const counters = new Set(inductionsOf(defs, loop).map((c) => c.param));
    const visit = (body: Body): void => {
      for (const inst of body.insts) {
        if (inst.kind === 'loop') inLoop(inst);
        else for (const b of bodiesOf(inst)) visit(b);
        if (inst.kind !== 'op' || inst.op !== 'shared.elem' || !arrays.has(textImm(inst.imms, 0))) continue;
        const [, index] = inst.args;
        if (index === undefined || !inner.has(index)) continue;
        const { terms } = linearOf(defs, index, (v) => !inner.has(v));
        if ([...terms.keys()].some((v) => inner.has(v) && !counters.has(v))) found.set(inst, { inner });
      }
    };
    visit(loop.body);
  };
  const outside = (body: Body): void => {
    for (const inst of body.insts) {
      if (inst.kind === 'loop') inLoop(inst);
      else for (const b of bodiesOf(inst)) outside(b);
    }
  };
  outside(f.body);
  return (inst) => found.get(inst);
};

/** Puts code for an element behind what is there, and takes the check of its index from it; false: it is no such element. */
export const ownFirst = (o: Replacement, a: Subject, inst: OpInst, { inner }: Around): boolean => {
  const [part, index, ...others] = inst.args;
  const [result] = inst.results;
  if (part === undefined || index === undefined || result === undefined) return false;
  const check = takeCheck(o.insts, index, inner);
  const op = (name: OpName, x: Value, y: Value): Value => append(o, name, 'i64', 'i64', [x, y]);
  const test = (name: OpName, x: Value, y: Value): Value => append(o, name, 'i64', 'i32', [x, y]);
  const choose = (c: Value, x: Value, y: Value): Value => append(o, 'select', 'i64', 'i64', [c, x, y]);

  const lo = a.field(o, 'lo', 0);
  const hi = a.field(o, 'hi', 0);
  // What the check asks about is the extent; whatever it is, no index beyond it is taken for an own one.
  const [, length] = check?.args ?? [];
  const end = length === undefined ? hi : choose(test('lt_s', hi, length), hi, length);
  const zero = append(o, 'const', 'i64', 'i64', [], [0n]);
  const count = choose(test('gt_s', end, lo), op('sub', end, lo), zero);
  const mine = append(o, 'remote', '', 'gptr', [part, a.field(o, 'coordinate', 0)]);
  const own = op('sub', index, lo);
  const condition = test('lt_u', own, count);

  const far: Replacement = { ...o, insts: check ? [check] : [] };
  // From the part of image 0: the index says of the way what it would be in one slot, the block the rest of it.
  const first = append(far, 'remote', '', 'gptr', [part, append(far, 'const', 'i64', 'i64', [], [0n])]);
  const low = (v: Value): Value => append(far, 'wrap', '', 'i32', [v]);
  const skipped = [low(blockOfChecked(far, a, 0, index)), low(a.field(far, 'stride', 0))];
  const there = append(far, 'offset', '', 'gptr', [first, append(far, 'mul', 'i32', 'i32', skipped)]);
  const { edit, pos, by } = o;
  const label = edit.label('own');
  const place = edit.value('gptr');
  const local = edit.value('i64');
  const leave = (args: readonly Value[]): Terminator => ({ kind: 'break', label, args, pos, by });
  o.insts.push(
    ifInst(
      { label, condition, likely: true, either: true, results: [place, local], pos, by },
      { insts: [], end: leave([mine, own]) },
      { insts: far.insts, end: leave([there, index]) },
    ),
  );
  const rest = others.map((i) => ({ coordinate: undefined, local: i }));
  elementFrom(o, a, place, [{ coordinate: undefined, local }, ...rest], result, false);
  return true;
};

/** The check of this index against a length from outside the loop, if nothing has happened since; it is taken away. */
const takeCheck = (insts: Inst[], index: Value, inner: ReadonlySet<Value>): OpInst | undefined => {
  for (let k = insts.length - 1; k >= 0; k--) {
    const inst = insts[k];
    if (inst?.kind === 'op' && inst.op === 'check.index' && inst.args[0] === index) {
      if (inner.has(inst.args[1] ?? -1)) return undefined;
      insts.splice(k, 1);
      return inst;
    }
    if (inst === undefined || effectsOf(inst) !== 0) return undefined;
  }
  return undefined;
};
