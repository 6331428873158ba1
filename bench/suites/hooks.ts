// hooks: what it costs that images look, now and then, whether something is due. Every program without hooks (`off`, what the others
// are compared with) and with hooks for intervals of 1 ms, 100 µs (the default) and 10 µs, by the clock, and if it
// is asked for while a profile is taken; how many hooks each program has, with the longest path between two of them as the cost model sees it; and how far apart in time they are
// due.
import { join } from 'node:path';
import type { CompileOptions } from '../../compiler/compile.ts';
import { withFolder } from '../compare.ts';
import { execute, type Output, root } from '../process.ts';
import { buildHere, compileHere, pgc } from '../program.ts';
import { type Program, programs } from '../programs.ts';
import type { Samples } from '../sampling.ts';
import { best, geometricMean, median, ratioInTurn } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';
import { type Marked, verdictColumns, verdictOf } from '../verdict.ts';

interface Way {
  readonly name: string;
  readonly options: CompileOptions;
  /** Microseconds between two samples of a profile. */
  readonly sample?: number;
}

const every = (name: string, interval: number): Way => ({
  name,
  options: { timing: 'ticker', hookInterval: interval },
});

const ways: readonly Way[] = [
  { name: 'off', options: { timing: 'off' } },
  every('1 ms', 1000),
  every('100 µs', 100),
  every('10 µs', 10),
  { name: 'profile', options: { profile: true }, sample: 1000 },
];

/** Those that were asked for, by default all with a mark; the first is what the others are compared with. */
const chosen = ({ variants }: Request): readonly Way[] =>
  ways.filter(({ name }, k) => k === 0 || (variants ? variants.includes(name) : isMarked(name)));

/** Of the intervals; a profile has no mark. */
const marks = { mean: 1.01, worst: 1.05, digits: 3 } as const;
const isMarked = (name: string): boolean => name !== 'profile';

export interface Measured {
  readonly program: string;
  /** In the order of the ways, the one that they are compared with first. */
  readonly samples: readonly Samples[];
}

const ratiosOf = (samples: readonly Samples[]): readonly { readonly name: string; readonly ratio: number }[] => {
  const [first, ...others] = samples;
  return others.map(({ name, times }) => ({ name, ratio: ratioInTurn(times, first?.times ?? []) }));
};

const verdict = (names: readonly string[], values: readonly number[], most: number): readonly [string, string] => {
  const marked = names.map((name, k): Marked => ({ name, value: values[k], most, digits: marks.digits }));
  return verdictOf(marked.filter((m) => isMarked(m.name)));
};

/** More rounds than asked for, at most. */
const extra = 4;

/** What is above its mark is measured again: a disturbance is not taken for a cost. */
export const belowMarks = (samples: readonly Samples[]): boolean =>
  ratiosOf(samples).every(({ name, ratio }) => !isMarked(name) || Number(ratio.toFixed(marks.digits)) <= marks.worst);

/** Rows: a program, the best time without hooks, the middle ratio for each variant, how far apart its ratios are at most, and the verdict. */
export const overheadTable = (measured: readonly Measured[]): Table => {
  const names = measured[0]?.samples.slice(1).map((s) => s.name) ?? [];
  const rows = measured.map(({ program, samples }) => {
    const first = samples[0]?.times ?? [];
    const ratios = ratiosOf(samples).map((r) => r.ratio);
    const each = samples.slice(1).map(({ times }) => times.map((t, k) => t / (first[k] ?? t)));
    const spread = Math.max(...each.map((r) => (Math.max(...r) - Math.min(...r)) / 2));
    const told = [program, best(first), ...ratios, first.length > 1 ? spread : undefined, first.length];
    return { cells: [...told, ...verdict(names, ratios, marks.worst)], ratios };
  });
  const column = (k: number): number[] => rows.map((r) => r.ratios[k] ?? Number.NaN);
  const summary = (name: string, of: (xs: readonly number[]) => number, most: number): Cell[] => {
    const values = names.map((_, k) => of(column(k)));
    return [name, undefined, ...values, undefined, undefined, ...verdict(names, values, most)];
  };
  return {
    title: 'time with hooks / time without, on one image',
    columns: [
      { name: 'program' },
      { name: 'off', digits: 3 },
      ...names.map((name) => ({ name, digits: marks.digits })),
      { name: '±', digits: 3 },
      { name: 'rounds' },
      ...verdictColumns,
    ],
    rows: [
      ...rows.map((r) => r.cells),
      ...(rows.length < 2
        ? []
        : [
            summary('geometric mean', geometricMean, marks.mean),
            summary('worst', (xs) => Math.max(...xs), marks.worst),
          ]),
    ],
    notes: [
      'off: time of the best run, in seconds; others: medians of the ratios to the run without hooks of the same round; ±: half of what they differ by',
      'programs above their mark are measured in more rounds',
    ],
  };
};

/** Programs of each kind whose intervals are measured: each is compiled once for each target. */
const timed =
  'nstream stencil dgemm nas-ft mandelbrot primes dot quicksort gather nas-cg list search_tree hash queens uts'.split(
    ' ',
  );

export interface HookCounts {
  readonly hooks: number;
  /** Microseconds. */
  readonly longest: number;
}

/** From the end of what `pgc build --emit=hooks` says. @throws Error */
export const hookCounts = (text: string): HookCounts => {
  const hooks = /^(\d+) hooks?$/m.exec(text)?.[1];
  const longest = /^longest path without a hook: \d+ units?, ([\d.e+]+) µs/m.exec(text)?.[1];
  if (hooks === undefined || longest === undefined) throw new Error(`pgc build --emit=hooks told no numbers:\n${text}`);
  return { hooks: Number(hooks), longest: Number(longest) };
};

/** Microseconds between two hooks at which something was due, as `--stats` tells of image 0. @throws Error */
export const hookIntervals = (text: string): readonly number[] => {
  const line = /^ {2}image 0: (\S+) (\S+) between two of them \(median\), p99 (\S+) (\S+), most (\S+) (\S+)$/m.exec(
    text,
  );
  const units: Readonly<Record<string, number>> = { µs: 1, ms: 1e3, s: 1e6 };
  const times = [1, 3, 5].map((k) => Number(line?.[k]) * (units[line?.[k + 1] ?? ''] ?? Number.NaN));
  if (times.some(Number.isNaN)) throw new Error(`pgc run --stats told no times between hooks:\n${text}`);
  return times;
};

const targets = [10, 100, 1000];
/** Part of the target by which the median of the middle program may be off. */
const off = 0.25;

/** Rows: a program, then median, 99th percentile and maximum for each target. */
export const intervalTable = (rows: readonly (readonly Cell[])[]): Table => {
  const middle = (k: number): Cell => {
    const all = rows.flatMap((row) => (typeof row[k] === 'number' ? [row[k]] : []));
    return all.length === 0 ? undefined : median(all);
  };
  const columns = targets.flatMap((t) => [
    { name: `${t} µs: median`, digits: 1 },
    { name: `${t} µs: p99`, digits: 1 },
    { name: `${t} µs: most`, digits: 1 },
  ]);
  const judged = (row: readonly Cell[]): readonly Cell[] => {
    const marked = targets.map((target, k): Marked => {
      const found = row[1 + 3 * k];
      const value = typeof found === 'number' ? Math.abs(found / target - 1) : undefined;
      return { name: `${target} µs`, value, most: off };
    });
    return [...row, `${off * 100} % off`, verdictOf(marked)[1]];
  };
  const all = rows.length < 2 ? rows : [...rows, ['middle program', ...columns.map((_, k) => middle(k + 1))]];
  return {
    title: 'time between two hooks at which something was due, in microseconds, on one image',
    columns: [{ name: 'program' }, ...columns, ...verdictColumns],
    rows: all.map(judged),
    notes: [
      'the mark is for medians; by the clock of the wall: what else the machine does is in p99 and most',
      'programs of each kind',
    ],
  };
};

const countTable = (rows: readonly (readonly Cell[])[]): Table => ({
  title: 'hooks in the program at 100 µs, and the longest path without one',
  columns: [{ name: 'program' }, { name: 'hooks' }, { name: 'µs', digits: 3 }],
  rows,
  notes: ['the path is what the cost model says of loops that run as long as they may; most do not'],
});

const intervalsOf = async (request: Request): Promise<readonly (readonly Cell[])[]> => {
  const found: (readonly Cell[])[] = [];
  for (const { name, file, full, quick } of programs.filter((p) => timed.includes(p.name) && request.wants(p.name))) {
    const times: Cell[] = [];
    for (const target of targets) {
      request.progress(`${name}: intervals of ${target} µs`);
      const how = ['run', join(root, file), '-n', '1', '--stats', `--hook-interval=${target}`];
      const { err } = await pgc([...how, '--', ...(request.quick ? quick : full)]);
      // A quick run may be over before anything is due twice.
      const told = !request.quick || err.includes('(median)');
      times.push(...(told ? hookIntervals(err) : [undefined, undefined, undefined]));
    }
    found.push([name, ...times]);
  }
  return found;
};

/** `--n=3` as the API takes it. */
const configsOf = (flags: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(flags.map((f) => f.replace(/^--/, '').split('=')));

/** One run of each artifact, in one process. */
const runInTurn = async (
  runs: readonly { readonly artifact: string; readonly sample?: number }[],
  { full, quick, time }: Program,
  request: Request,
): Promise<readonly number[]> => {
  const how = { runs, configs: configsOf(request.quick ? quick : full), warm: configsOf(quick) };
  const args = [join(root, 'bench', 'in-turn.mjs'), JSON.stringify(how)];
  const said: readonly Output[] = JSON.parse((await execute(process.execPath, args, request.clock)).out);
  return said.map(time);
};

/** Every second round goes backwards. */
const measure = (program: Program, request: Request): Promise<Measured> =>
  withFolder(async (folder) => {
    const runs: { readonly artifact: string; readonly sample?: number }[] = [];
    const wanted = chosen(request);
    for (const { name, options, ...more } of wanted) {
      request.progress(`${program.name}: building ${name}`);
      runs.push({ artifact: await buildHere(program.file, options, folder, name), ...more });
    }
    const samples = wanted.map(({ name }) => ({ name, times: [] as number[] }));
    const { least } = request.rounds;
    const most = Math.min(request.rounds.most, least + extra);
    for (let round = 0; round < least || (round < most && !belowMarks(samples)); round++) {
      request.progress(`${program.name}: round ${round + 1}`);
      const backwards = round % 2 === 1;
      const times = await runInTurn(backwards ? runs.toReversed() : runs, program, request);
      const inOrder = backwards ? times.toReversed() : times;
      for (const [k, s] of samples.entries()) s.times.push(inOrder[k] ?? Number.NaN);
    }
    const told = ratiosOf(samples).map(({ name, ratio }) => `${name} ${ratio.toFixed(marks.digits)}`);
    request.finished(`${program.name}: ${told.join(', ')}; ${samples[0]?.times.length} rounds`);
    return { program: program.name, samples };
  });

export const hooks: Suite = {
  name: 'hooks',
  doc: 'hooks at 1 ms, 100 µs and 10 µs against none; how many there are; times between them',
  benchmarks: programs.map((p) => p.name),
  variants: ways.map((w) => w.name),
  usualImages: [1],
  run: async (request) => {
    const measured: Measured[] = [];
    const counts: (readonly Cell[])[] = [];
    for (const program of programs.filter((p) => request.wants(p.name))) {
      measured.push(await measure(program, request));
      const { text = '' } = await compileHere(program.file, { emit: 'hooks', timing: 'ticker' });
      const found = hookCounts(text);
      counts.push([program.name, found.hooks, found.longest]);
    }
    return [overheadTable(measured), countTable(counts), intervalTable(await intervalsOf(request))];
  },
};
