// same: the test of the harness itself. The variants are one and the same program, so that all ratios should be 1: what
// they are off by is what the harness cannot tell.
import { compare, type Flags, ratioTable } from '../compare.ts';
import { programs } from '../programs.ts';
import type { Suite } from '../suite.ts';

const variants: readonly Flags[] = ['one', 'another', 'third'].map((name) => ({ name, build: [], run: [] }));

export const same: Suite = {
  name: 'same',
  doc: 'identical variants: how far the harness is off on this machine (ratios should be 1.00 ± 0.02)',
  benchmarks: programs.map((p) => p.name),
  variants: [],
  run: async (request) => [
    ratioTable('identical variants', await compare(programs, variants, request, async (m) => m)),
  ],
};
