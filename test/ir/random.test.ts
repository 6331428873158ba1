// Properties of random programs: they verify, their text round-trips, and what they do does not depend on the turns of images.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { parseProgram, printProgram } from '../../compiler/ir-text.ts';
import { verify, violationsText } from '../../compiler/verify.ts';
import { arbitraryFunc, arbitraryProgram, programFrom } from './arbitrary.ts';

const roundTrip = (p: IrProgram): void => {
  const text = printProgram(p);
  const { program, errors } = parseProgram(text);
  expect(errors).toEqual([]);
  expect(program).toEqual(p);
};

describe('random programs', () => {
  test('verify and round-trip', () => {
    fc.assert(
      fc.property(arbitraryProgram(), (p) => {
        expect(violationsText(verify(p))).toBe('');
        roundTrip(p);
      }),
      { numRuns: 400 },
    );
  });

  test('functions that stand alone do too', () => {
    fc.assert(
      fc.property(arbitraryFunc, (p) => {
        expect(violationsText(verify(p, { fragment: true }))).toBe('');
        roundTrip(p);
      }),
      { numRuns: 400 },
    );
  });

  test('end the same way whatever the turns are', () => {
    fc.assert(
      fc.property(
        arbitraryProgram({ faults: false }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer(),
        (p, images, seed) => {
          const one = evaluate(p, { images, quantum: 1000 });
          const other = evaluate(p, { images, seed, quantum: 7 });
          expect(one.outcome).toEqual({ kind: 'ok' });
          expect(other.outcome).toEqual({ kind: 'ok' });
          for (let image = 0; image < images; image++) {
            const of = (r: typeof one) => r.output.filter((c) => c.image === image).map((c) => c.text);
            expect(of(other)).toEqual(of(one));
          }
          expect(one.stdout.length).toBeGreaterThanOrEqual(images);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('fault or end, nothing else', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(arbitraryProgram({ pgas: false }), (p) => {
        const { outcome } = evaluate(p, { images: 1 });
        kinds.add(outcome.kind);
        expect(['ok', 'fault']).toContain(outcome.kind);
      }),
      { numRuns: 400 },
    );
    expect([...kinds].sort()).toEqual(['fault', 'ok']);
  });

  test('the empty tape is the simplest program', () => {
    expect(printProgram({ ...programFrom([]), globals: [], data: [] }).length).toBeLessThan(1200);
  });
});
