// Random programs that are left and gone on with at every place, or at some: they print the same as without.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { fibersWith } from '../../compiler/passes/fibers.ts';
import { runPasses, sequence } from '../../compiler/pipeline.ts';
import { verify } from '../../compiler/verify.ts';
import { randomProgram } from '../passes/random.ts';
import { withScheduler, withSuspends } from './mini.ts';

/** More by `PGC_RUNS=1000 npx vitest run test/fibers`. */
const runs = Number(process.env.PGC_RUNS ?? 6);
const choices = fc.array(fc.nat(1000), { minLength: 200, maxLength: 1200 });

const seen = (p: IrProgram, steps = 3_000_000) => {
  const { outcome, stdout } = evaluate(p, { images: 1, steps, maxDepth: 200, slotBits: 24 });
  if (outcome.kind !== 'fault') return { kind: outcome.kind, stdout };
  return { kind: outcome.kind, fault: outcome.fault, values: outcome.values.map(String), stdout };
};

const compare = (plain: IrProgram, broken: IrProgram): void => {
  // Long runs say no more than short ones.
  const expected = seen(plain, 5000);
  if (expected.kind === 'steps' || expected.kind === 'fault') return;
  const ready = withScheduler(broken);
  const chosen = runPasses(ready, ['fibers'], { verify: true });
  const all = new Set(ready.funcs.map((f) => f.name));
  // As the pass chooses, two forms of each function, and one.
  for (const lowered of [chosen, fibersWith(ready, new Set()), fibersWith(ready, all)]) {
    expect(verify(lowered)).toEqual([]);
    expect(seen(lowered)).toEqual(expected);
  }
};

describe('a function that is left goes on where it was', () => {
  test('left before every instruction', () => {
    fc.assert(
      fc.property(choices, (list) => {
        const p = randomProgram(list);
        compare(
          p,
          withSuspends(p, () => true),
        );
      }),
      { numRuns: runs },
    );
  });

  test('left here and there', () => {
    fc.assert(
      fc.property(choices, fc.integer({ min: 2, max: 12 }), fc.nat(11), (list, every, at) => {
        const p = randomProgram(list);
        compare(
          p,
          withSuspends(p, (n) => n % every === at % every),
        );
      }),
      { numRuns: runs },
    );
  });

  test('optimised before', () => {
    const known = sequence.filter(
      (n) =>
        !n.startsWith('guard') &&
        !['lower-runtime', 'escape', 'track', 'fibers', 'drop-functions', 'lower-shared', 'pin', 'roots'].includes(n),
    );
    fc.assert(
      fc.property(choices, fc.integer({ min: 1, max: 12 }), (list, every) => {
        const p = randomProgram(list);
        compare(
          p,
          runPasses(
            withSuspends(p, (n) => n % every === 0),
            known,
            { verify: true },
          ),
        );
      }),
      { numRuns: runs },
    );
  });
});
