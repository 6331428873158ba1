// Each file in goldens/ is IR, the passes to run on it, and the IR that should come out: input and expectation together.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseProgram, printFunc } from '../../compiler/ir-text.ts';
import { timings } from '../../compiler/passes.ts';
import { passNames, runPasses, sequenceFor } from '../../compiler/pipeline.ts';
import { verify } from '../../compiler/verify.ts';
import { verifyHooks } from '../../compiler/verify-hooks.ts';

const folder = join(import.meta.dirname, 'goldens');
const divider = '; expect\n';

describe('pass goldens', () => {
  for (const file of readdirSync(folder).sort()) {
    test(file, async () => {
      const path = join(folder, file);
      const [input = ''] = readFileSync(path, 'utf8').split(divider);
      const named = /^; passes: (.+)$/m.exec(input)?.[1]?.split(', ') ?? [];
      // The calls of the run-time that lower-runtime makes would need the run-time's functions beside them.
      const header = named[0] === 'default' ? sequenceFor('off').filter((n) => n !== 'lower-runtime') : named;
      expect(header.length, 'the first line names the passes').toBeGreaterThan(0);
      for (const name of header) expect(passNames).toContain(name);
      const { program, errors } = parseProgram(input);
      expect(errors).toEqual([]);
      if (!program) return;
      // Functions may stand alone here: only `init` and `main` may be missing.
      const wrong = (p: typeof program) => verify(p).filter((v) => v.invariant !== 'V26');
      expect(wrong(program)).toEqual([]);
      // Hooks are put in where the second line says how.
      const [, timing, interval] = /^; hooks: (\w+) (\d+)$/m.exec(input) ?? [];
      const found = timings.find((t) => t === timing);
      const hooks = found ? { hooks: { timing: found, interval: Number(interval) } } : {};
      const result = runPasses(program, header, hooks);
      expect(wrong(result)).toEqual([]);
      if (header.at(-1) === 'hooks') expect(verifyHooks(result)).toEqual([]);
      const text = result.funcs.map((f) => printFunc(f, { positions: false })).join('\n');
      await expect(`${input}${divider}${text}`).toMatchFileSnapshot(path);
    });
  }
});
