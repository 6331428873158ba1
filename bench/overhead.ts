// What something costs: programs compiled in several ways, on one image, beside themselves without it. All ways of a round run in one process, and a
// ratio is that of two runs which follow each other.
import { join } from 'node:path';
import type { CompileOptions } from '../compiler/compile.ts';
import { withFolder } from './compare.ts';
import { execute, type Output, root } from './process.ts';
import { buildHere } from './program.ts';
import type { Program } from './programs.ts';
import type { Samples } from './sampling.ts';
import { best, geometricMean, ratioInTurn } from './statistics.ts';
import type { Request } from './suite.ts';
import type { Cell, Table } from './table.ts';
import { type Marked, verdictColumns, verdictOf } from './verdict.ts';

export interface Way {
  readonly name: string;
  readonly options: CompileOptions;
  /** Microseconds between two samples of a profile. */
  readonly sample?: number;
}

/** How many times as long programs may take: in the geometric mean of all, and each of them (undefined: no mark). */
export interface Aim {
  readonly title: string;
  readonly mean: number;
  readonly worst?: number;
  /** Ways without a mark are shown, and measured only if they are asked for. */
  readonly marked: (way: string) => boolean;
  /** Ways without a mark that are always measured. */
  readonly shown?: readonly string[];
}

const digits = 3;

/** Those that were asked for, by default all with a mark; the first is what the others are compared with. */
const chosen = (ways: readonly Way[], aim: Aim, { variants }: Request): readonly Way[] =>
  ways.filter(
    ({ name }, k) =>
      k === 0 || (variants ? variants.includes(name) : aim.marked(name) || (aim.shown?.includes(name) ?? false)),
  );

export interface Measured {
  readonly program: string;
  /** In the order of the ways, the one that they are compared with first. */
  readonly samples: readonly Samples[];
}

const ratiosOf = (samples: readonly Samples[]): readonly { readonly name: string; readonly ratio: number }[] => {
  const [first, ...others] = samples;
  return others.map(({ name, times }) => ({ name, ratio: ratioInTurn(times, first?.times ?? []) }));
};

const verdict = (
  names: readonly string[],
  values: readonly number[],
  most: number | undefined,
  aim: Aim,
): readonly [string, string] => {
  if (most === undefined) return ['', ''];
  const marked = names.map((name, k): Marked => ({ name, value: values[k], most, digits }));
  return verdictOf(marked.filter((m) => aim.marked(m.name)));
};

/** More rounds than asked for, at most. */
const extra = 4;

/** What is above its mark is measured again: a disturbance is not taken for a cost. */
export const belowMarks = (samples: readonly Samples[], aim: Aim): boolean =>
  ratiosOf(samples).every(
    ({ name, ratio }) => !aim.marked(name) || Number(ratio.toFixed(digits)) <= (aim.worst ?? Number.POSITIVE_INFINITY),
  );

/** Rows: a program, the best time of the first way, the middle ratio of each other, how far apart its ratios are at most, and the verdict. */
export const overheadTable = (measured: readonly Measured[], aim: Aim): Table => {
  const [base = '', ...names] = measured[0]?.samples.map((s) => s.name) ?? [];
  const rows = measured.map(({ program, samples }) => {
    const first = samples[0]?.times ?? [];
    const ratios = ratiosOf(samples).map((r) => r.ratio);
    const each = samples.slice(1).map(({ times }) => times.map((t, k) => t / (first[k] ?? t)));
    const spread = Math.max(...each.map((r) => (Math.max(...r) - Math.min(...r)) / 2));
    const told = [program, best(first), ...ratios, first.length > 1 ? spread : undefined, first.length];
    return { cells: [...told, ...verdict(names, ratios, aim.worst, aim)], ratios };
  });
  const column = (k: number): number[] => rows.map((r) => r.ratios[k] ?? Number.NaN);
  const summary = (name: string, of: (xs: readonly number[]) => number, most: number | undefined): Cell[] => {
    const values = names.map((_, k) => of(column(k)));
    return [name, undefined, ...values, undefined, undefined, ...verdict(names, values, most, aim)];
  };
  return {
    title: aim.title,
    columns: [
      { name: 'program' },
      { name: base, digits },
      ...names.map((name) => ({ name, digits })),
      { name: '±', digits },
      { name: 'rounds' },
      ...verdictColumns,
    ],
    rows: [
      ...rows.map((r) => r.cells),
      ...(rows.length < 2
        ? []
        : [summary('geometric mean', geometricMean, aim.mean), summary('worst', (xs) => Math.max(...xs), aim.worst)]),
    ],
    notes: [
      `${base}: time of the best run, in seconds; others: medians of the ratios to that run of the same round; ±: half of what they differ by`,
      ...(aim.worst === undefined ? [] : ['programs above their mark are measured in more rounds']),
    ],
  };
};

/** `--n=3` as the API takes it. */
const configsOf = (flags: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(flags.map((f) => f.replace(/^--/, '').split('=')));

interface Run {
  readonly artifact: string;
  readonly sample?: number;
}

/** One run of each artifact, in one process. */
const runInTurn = async (
  runs: readonly Run[],
  { full, quick, time }: Program,
  request: Request,
): Promise<readonly number[]> => {
  const how = { runs, configs: configsOf(request.quick ? quick : full), warm: configsOf(quick) };
  const args = [join(root, 'bench', 'in-turn.mjs'), JSON.stringify(how)];
  const said: readonly Output[] = JSON.parse((await execute(process.execPath, args, request.clock)).out);
  return said.map(time);
};

/** Measures a program in all ways that are wanted, every second round backwards. `look` gets the path of each artifact by its way, before it is gone. */
export const measure = (
  program: Program,
  ways: readonly Way[],
  aim: Aim,
  request: Request,
  look: (artifacts: ReadonlyMap<string, string>) => Promise<void> = async () => {},
): Promise<Measured> =>
  withFolder(async (folder) => {
    const artifacts = new Map<string, string>();
    const runs: Run[] = [];
    const wanted = chosen(ways, aim, request);
    for (const { name, options, ...more } of wanted) {
      request.progress(`${program.name}: building ${name}`);
      const artifact = await buildHere(program.file, options, folder, name);
      artifacts.set(name, artifact);
      runs.push({ artifact, ...more });
    }
    const samples = wanted.map(({ name }) => ({ name, times: [] as number[] }));
    const { least } = request.rounds;
    const most = Math.min(request.rounds.most, least + extra);
    for (let round = 0; round < least || (round < most && !belowMarks(samples, aim)); round++) {
      request.progress(`${program.name}: round ${round + 1}`);
      const backwards = round % 2 === 1;
      const times = await runInTurn(backwards ? runs.toReversed() : runs, program, request);
      const inOrder = backwards ? times.toReversed() : times;
      for (const [k, s] of samples.entries()) s.times.push(inOrder[k] ?? Number.NaN);
    }
    const told = ratiosOf(samples).map(({ name, ratio }) => `${name} ${ratio.toFixed(digits)}`);
    request.finished(`${program.name}: ${told.join(', ')}; ${samples[0]?.times.length} rounds`);
    await look(artifacts);
    return { program: program.name, samples };
  });
