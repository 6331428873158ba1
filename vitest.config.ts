import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or so: they begin first, the longest before the others, so that none of them is left alone at the end. */
const slow = [
  'e2e/run',
  'conformance/conformance',
  'guards/attacks',
  'guards/oracle',
  'e2e/examples',
  'e2e/documents',
  'vm/runtime',
  'litmus/turns',
  'passes/property',
  'checked/checked',
  'moving/moving',
  'programs/random',
  'fibers/stress',
  'moving/hooks',
  'checkpoint/checkpoint',
].map((name) => `/test/${name}.test.ts`);

class SlowFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const at = slow.findIndex((s) => moduleId.endsWith(s));
      return at < 0 ? slow.length : at;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    env: { PGC_PROVE_HOOKS: '1' },
    pool: 'forks',
    // Files share a process: the compiler is loaded, and made fast by the engine, once and not a hundred times.
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
  },
});
