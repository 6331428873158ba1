// Random loops with vectors and without: the same bits. The evaluator is the oracle, on the program as it was lowered.
import { describe, expect, test } from 'vitest';
import { emit } from '../../compiler/emit.ts';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { vectorList } from '../../compiler/vector-list.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { formatValue } from '../../vm/format.ts';
import { run } from '../../vm/run.ts';
import { type Choose, loopProgram } from './random-loops.ts';

const path = 'loops.pg';
const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);
/** More of them by `RANDOM_SCALE=20 npx vitest run test/passes/vectorise`. */
const scale = Number(process.env.RANDOM_SCALE ?? 1);

const lowered = (text: string): IrProgram => {
  const { program, diagnostics, sources } = check(path, fileHost({ texts: { [path]: text } }));
  if (program) return lower(program);
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n'));
};

const evaluated = (ir: IrProgram): readonly string[] => {
  const { outcome, output } = evaluate(ir, { images: 1, format: formatValue });
  return [outcome.kind, ...output.map((o) => o.text.trim())];
};

const ran = async (ir: IrProgram): Promise<readonly string[]> => {
  const { wasm } = await emit(ir, { program: path, compiler: 'test' });
  const lines: string[] = [];
  const result = await run(wasm, { images: 1, workerUrl, timeout: 60, stdout: (line) => void lines.push(line.trim()) });
  return [result.kind, ...lines];
};

/** A generator of numbers, from a seed (xorshift, G. Marsaglia 2003). */
const chooser = (seed: number): Choose => {
  let x = (seed * 2654435761) >>> 0 || 1;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    return x % n;
  };
};

describe('loops with vectors', { timeout: 120_000 * scale }, () => {
  for (let k = 0; k < 2 * scale; k++) {
    const seed = scale === 1 ? k + 1 : Math.floor(Math.random() * 2 ** 30);
    test(`compute what loops without them do, seed ${seed}`, async () => {
      const ir = lowered(loopProgram(chooser(seed), 8));
      const oracle = evaluated(ir);
      expect(oracle[0]).toBe('ok');
      const guards = k % 2 === 0 ? 'opt' : 'off';
      let some = '';
      let before = ir;
      const fast = optimise(ir, {
        guards,
        verify: true,
        hooks: { timing: 'count', interval: 1 },
        after: (pass, now) => {
          if (pass === 'vectorise') some = vectorList(before);
          before = now;
        },
      });
      expect(Number(/(\d+) with vectors/.exec(some)?.[1])).toBeGreaterThan(2);
      expect(evaluated(fast)).toEqual(oracle);
      expect(await ran(fast)).toEqual(oracle);
    });
  }
});
