// Random programs: what the evaluator computes from the IR as it was lowered, the wasm of every subset of the optional passes
// computes too, on one image and on several, also where main is a task that is left at every hook. fast-check shrinks a program that fails.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { emit } from '../../compiler/emit.ts';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise, passes } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { formatValue } from '../../vm/format.ts';
import { run } from '../../vm/run.ts';
import { choicesFrom, generateProgram } from './generate.ts';

const path = 'random.pg';
const optional = passes.filter((p) => !p.required).map((p) => p.name);
const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);

const lowered = (text: string): IrProgram => {
  const { program, diagnostics, sources } = check(path, fileHost({ texts: { [path]: text } }));
  if (program) return lower(program);
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n'));
};

/** What a run came to: its kind, and its lines sorted, as images print in any order. A fault may cut lines short. */
interface Ending {
  readonly kind: string;
  readonly lines: readonly string[];
}

const ending = (kind: string, lines: readonly string[]): Ending => ({
  kind,
  lines: kind === 'ok' ? [...lines].sort() : [],
});

const evaluated = (ir: IrProgram, images: number, seed: number): Ending => {
  const { outcome, output } = evaluate(ir, { images, seed, format: formatValue });
  const kind = outcome.kind === 'fault' ? `fault ${outcome.fault}` : outcome.kind;
  return ending(
    kind,
    output.map((o) => o.text.trim()),
  );
};

const ran = async (ir: IrProgram, images: number): Promise<Ending> => {
  const { wasm } = await emit(ir, { program: path, compiler: 'test' });
  return ranArtifact(wasm, images);
};

const ranArtifact = async (wasm: Uint8Array, images: number): Promise<Ending> => {
  let text = '';
  const result = await run(wasm, {
    images,
    workerUrl,
    timeout: 60,
    stdout: (line) => {
      text += line;
    },
  });
  const kind = result.kind === 'fault' ? `fault ${result.fault.kind}` : result.kind;
  return ending(
    kind,
    text
      .split('\n')
      .filter((l) => l !== '')
      .map((l) => l.trim()),
  );
};

const program = fc
  .array(fc.nat(1000), { minLength: 50, maxLength: 900, size: 'max' })
  .map((list) => generateProgram(choicesFrom(list)));
/** More of them by `RANDOM_SCALE=20 npx vitest run test/programs`. */
const scale = Number(process.env.RANDOM_SCALE ?? 1);
const images = fc.constantFrom(1, 2, 3, 4, 7);

describe('random programs', { timeout: 600_000 }, () => {
  it('mean the same after every subset of the passes (evaluator)', () => {
    fc.assert(
      fc.property(program, images, fc.subarray(optional), fc.nat(), fc.boolean(), (text, count, skip, seed, fixed) => {
        const ir = lowered(text);
        const expected = evaluated(ir, count, seed);
        const asked = fixed ? { ...ir, images: count } : ir;
        expect(evaluated(optimise(asked, { skip, verify: true }), count, seed + 1)).toEqual(expected);
      }),
      { numRuns: 32 * scale },
    );
  });

  it('mean the same as wasm, with all passes and with any subset', async () => {
    await fc.assert(
      fc.asyncProperty(program, images, fc.subarray(optional), async (text, count, skip) => {
        const ir = lowered(text);
        const expected = evaluated(ir, count, 1);
        expect(await ran(optimise(ir), count)).toEqual(expected);
        expect(await ran(optimise(ir, { skip }), count)).toEqual(expected);
      }),
      { numRuns: 10 * scale },
    );
  });

  it('mean the same as wasm if the task is switched at every hook', async () => {
    await fc.assert(
      fc.asyncProperty(program, images, fc.integer({ min: 1, max: 200 }), async (text, count, hookInterval) => {
        const expected = evaluated(lowered(text), count, 1);
        const stress = { stress: ['switch' as const], hookInterval };
        const { artifact } = await compile({ path, text }, stress);
        expect(artifact && (await ranArtifact(artifact, count))).toEqual(expected);
      }),
      { numRuns: 8 * scale },
    );
  });
});
