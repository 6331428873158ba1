// passes: what each optional pass gives: every program as it is, and with one pass left out.

import { passes as table } from '../../compiler/pipeline.ts';
import { chosenVariants, compare, type Flags, ratioTable } from '../compare.ts';
import { programs } from '../programs.ts';
import type { Suite } from '../suite.ts';

const skippable = [...new Set(table.filter((p) => !p.required).map((p) => p.name))];
const variants: readonly Flags[] = [
  { name: 'all', build: [], run: [] },
  ...skippable.map((name) => ({ name, build: [`--skip=${name}`], run: [] })),
];

export const passes: Suite = {
  name: 'passes',
  doc: 'each program with one optional pass left out: what the pass gives',
  benchmarks: programs.map((p) => p.name),
  variants: skippable,
  run: async (request) => [
    ratioTable(
      'time without a pass / time with all',
      await compare(programs, chosenVariants(variants, request), request, async (m) => m),
    ),
  ],
};
