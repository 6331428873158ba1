// Whatever passes run, in whatever order: a program prints the same, and faults alike. The evaluator is the oracle.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { optimise, passes, runPasses, sequence } from '../../compiler/pipeline.ts';
import { verify } from '../../compiler/verify.ts';
import { arbitraryProgram } from '../ir/arbitrary.ts';
import { randomProgram } from './random.ts';

const optional: readonly string[] = passes.filter((p) => !p.required).map((p) => p.name);
/** More by `PGC_RUNS=1000 npx vitest run test/passes`. */
const runs = Number(process.env.PGC_RUNS ?? 40);
const choices = fc.array(fc.nat(1000), { minLength: 200, maxLength: 1200 });

/** What can be told from outside. The stack of a fault is not: inlined calls are in positions, not in frames. */
const seen = (p: IrProgram) => {
  const { outcome, stdout } = evaluate(p, { images: 1, steps: 300_000, maxDepth: 100 });
  if (outcome.kind !== 'fault') return { kind: outcome.kind, stdout };
  return { kind: outcome.kind, fault: outcome.fault, values: outcome.values.map(String), stdout };
};

/** What has not ended within the evaluator's steps says nothing: with fewer steps to do, it may end. */
const keeps = (before: IrProgram, change: (p: IrProgram) => IrProgram): void => {
  const expected = seen(before);
  const found = seen(change(before));
  if (expected.kind !== 'steps') expect(found).toEqual(expected);
};

describe('passes keep what a program does', () => {
  test('random programs are valid', () => {
    fc.assert(
      fc.property(choices, (list) => {
        expect(verify(randomProgram(list))).toEqual([]);
      }),
      { numRuns: runs },
    );
  });

  for (const name of optional) {
    test(name, () => {
      fc.assert(
        fc.property(choices, (list) => {
          keeps(randomProgram(list), (p) => runPasses(p, [name], { verify: true }));
        }),
        { numRuns: runs },
      );
    });
  }

  test('any passes in any order', () => {
    fc.assert(
      fc.property(choices, fc.array(fc.constantFrom(...optional), { maxLength: 12 }), (list, names) => {
        keeps(randomProgram(list), (p) => runPasses(p, names, { verify: true }));
      }),
      { numRuns: 3 * runs },
    );
  });

  test('the default sequence without some passes', () => {
    fc.assert(
      fc.property(choices, fc.subarray([...optional]), (list, skip) => {
        const only = sequence.filter((n) => optional.includes(n));
        keeps(randomProgram(list), (p) => optimise(p, { skip, verify: true, only }));
      }),
      { numRuns: 3 * runs },
    );
  });

  test('programs with global memory, on several images', () => {
    // lower-runtime makes calls of the run-time, which these programs do not have.
    const known = [...optional, 'lower-shared'];
    fc.assert(
      fc.property(
        arbitraryProgram({ faults: false }),
        fc.subarray(known),
        fc.integer({ min: 1, max: 4 }),
        (before, skip, images) => {
          const names = sequence.filter((n) => known.includes(n) && !skip.includes(n));
          const run = (p: IrProgram) => {
            const { outcome, output } = evaluate(p, { images });
            const of = (image: number) => output.filter((c) => c.image === image).map((c) => c.text);
            return { outcome, output: Array.from({ length: images }, (_, image) => of(image)) };
          };
          expect(run(runPasses(before, names, { verify: true }))).toEqual(run(before));
        },
      ),
      { numRuns: 3 * runs },
    );
  });

  test('faults come at the same place in what is printed', () => {
    const known = [...optional, 'lower-shared'];
    fc.assert(
      fc.property(arbitraryProgram(), fc.subarray(known), (before, skip) => {
        const names = sequence.filter((n) => known.includes(n) && !skip.includes(n));
        expect(seen(runPasses(before, names, { verify: true }))).toEqual(seen(before));
      }),
      { numRuns: 3 * runs },
    );
  });
});
