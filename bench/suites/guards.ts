// guards: what the guards of memory accesses cost, and what each way to be rid of one gives. Every program with no guards
// (`off`, what the others are compared with), with one at each access (`all`), with one elimination alone, with all (`opt`).
import { passes } from '../../compiler/pipeline.ts';
import { chosenVariants, compare, type Flags, ratioTable } from '../compare.ts';
import { pgc } from '../program.ts';
import { programs } from '../programs.ts';
import type { Suite } from '../suite.ts';

const eliminations: readonly string[] = [
  ...new Set(passes.filter((p) => p.name.startsWith('guard-') && !p.required).map((p) => p.name)),
];

const alone = (name: string): Flags => ({
  name: name.replace('guard-', ''),
  build: ['--guards=opt', ...eliminations.filter((e) => e !== name).map((e) => `--skip=${e}`)],
  run: [],
});

const variants: readonly Flags[] = [
  { name: 'off', build: ['--guards=off'], run: [] },
  { name: 'all', build: ['--guards=all'], run: [] },
  ...eliminations.map(alone),
  { name: 'opt', build: ['--guards=opt'], run: [] },
];

export const guards: Suite = {
  name: 'guards',
  doc: 'guards of memory accesses: off, all, each elimination alone, opt',
  benchmarks: programs.map((p) => p.name),
  variants: variants.map((v) => v.name),
  run: async (request) => {
    if (!(await pgc(['build', '--help'])).out.includes('--guards')) throw new Error('this pgc has no --guards yet');
    return [
      ratioTable(
        'time with guards / time without',
        await compare(programs, chosenVariants(variants, request), request, async (m) => m),
      ),
    ];
  },
};
