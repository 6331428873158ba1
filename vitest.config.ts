import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take a minute or more: they begin first, so that none of them is left alone at the end. */
const slow = [
  'guards/oracle',
  'e2e/run',
  'conformance/conformance',
  'e2e/examples',
  'guards/attacks',
  'e2e/documents',
  'checked/checked',
  'checkpoint/checkpoint',
  'profile/profile',
  'profile/trace',
  'fibers/stress',
  'guards/random',
  'programs/random',
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
    pool: 'forks',
    // Files share a process: the compiler is loaded, and made fast by the engine, once and not a hundred times.
    isolate: false,
    maxWorkers: 2,
    sequence: { sequencer: SlowFirst },
  },
});
