// Compares variants of programs: the same program compiled or run with other flags, sampled in turn.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CompileOptions } from '../compiler/compile.ts';
import { build, buildHere, run } from './program.ts';
import type { Program } from './programs.ts';
import { interleave, type Samples } from './sampling.ts';
import { best, geometricMean, noise, ratioOf } from './statistics.ts';
import type { Request } from './suite.ts';
import type { Cell, Table } from './table.ts';

export interface Flags {
  readonly name: string;
  /** Flags of `pgc build`. */
  readonly build: readonly string[];
  /** The same as options of the library: built in this process then, whose compiler is warm. */
  readonly options?: CompileOptions;
  /** Flags of `pgc run`. */
  readonly run: readonly string[];
}

export interface Measured {
  readonly program: Program;
  readonly images: number;
  /** In the order of the variants, the one they are compared with first. */
  readonly samples: readonly Samples[];
  /** The artifact of each variant, by its name, while `compare` runs. */
  readonly artifacts: ReadonlyMap<string, string>;
}

/** A folder that is gone when `use` has ended. */
export const withFolder = async <T>(use: (folder: string) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), 'pgc-bench-'));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** The variants that were asked for. The first is kept: it is what the others are compared with. */
export const chosenVariants = (variants: readonly Flags[], request: Request): readonly Flags[] =>
  variants.filter((v, k) => k === 0 || (request.variants?.includes(v.name) ?? true));

const oneLine = (samples: readonly Samples[]): string => {
  const first = samples[0]?.times ?? [];
  const others = samples.slice(1).map((s) => `${s.name} ${ratioOf(s.times, first).ratio.toFixed(3)}`);
  return [`${samples[0]?.name} ${best(first).toFixed(3)} s`, ...others].join(', ');
};

/** For each variant the first one that runs the same artifact in the same way. */
const firstAlike = (
  variants: readonly Flags[],
  artifacts: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> => {
  const first = new Map<string, string>();
  return new Map(
    variants.map((v) => {
      const what = `${v.run.join(' ')}\n${readFileSync(artifacts.get(v.name) ?? '', 'latin1')}`;
      const name = first.get(what) ?? v.name;
      first.set(what, name);
      return [v.name, name];
    }),
  );
};

/**
 * Measures all wanted programs; `look` sees each before its artifacts are gone. `once`: of variants that are the same code one is run, and the samples are
 * those of all.
 */
export const compare = async <T>(
  programs: readonly Program[],
  variants: readonly Flags[],
  request: Request,
  look: (measured: Measured) => Promise<T>,
  once = false,
): Promise<readonly T[]> => {
  const found: T[] = [];
  for (const program of programs.filter((p) => request.wants(p.name))) {
    await withFolder(async (folder) => {
      const artifacts = new Map<string, string>();
      const waiting = [...variants];
      const builder = async (): Promise<void> => {
        for (let v = waiting.shift(); v !== undefined; v = waiting.shift()) {
          request.progress(`${program.name}: building ${v.name}`);
          const made = v.options
            ? buildHere(program.file, v.options, folder, v.name)
            : build(program.file, v.build, folder, v.name);
          artifacts.set(v.name, await made);
        }
      };
      // Nothing is measured meanwhile.
      await Promise.all(cpus().map(builder));
      const like = once ? firstAlike(variants, artifacts) : new Map(variants.map((v) => [v.name, v.name]));
      for (const images of program.images.filter(request.images)) {
        const configs = request.quick ? program.quick : program.full;
        const taken = await interleave(
          variants
            .filter((v) => like.get(v.name) === v.name)
            .map((v) => ({
              name: v.name,
              sample: async () =>
                program.time(
                  await run(artifacts.get(v.name) ?? '', { images, clock: request.clock, flags: v.run, configs }),
                ),
            })),
          request.rounds,
          (round, name) => request.progress(`${program.name} -n ${images}: round ${round + 1}, ${name}`),
        );
        const samples = variants.map((v) => ({
          name: v.name,
          times: taken.find((t) => t.name === like.get(v.name))?.times ?? [],
        }));
        request.finished(`${program.name} -n ${images}: ${oneLine(samples)}`);
        found.push(await look({ program, images, samples, artifacts }));
      }
    });
  }
  return found;
};

/** Above this noise the ratios of a row are marked. */
const noisy = 0.1;

/** Ratios of the best times to the first variant's, a row for each program and number of images; their mean and worst. */
export const ratioTable = (title: string, measured: readonly Measured[]): Table => {
  const names = measured[0]?.samples.map((s) => s.name) ?? [];
  const base = names[0] ?? '';
  const rows = measured.map((m) => {
    const first = m.samples[0]?.times ?? [];
    const others = m.samples.slice(1).map((s) => ratioOf(s.times, first));
    const spread = Math.max(...others.map((r) => Math.max(r.high - r.ratio, r.ratio - r.low)));
    const shaky = noise(first);
    const cells: Cell[] = [m.program.name, m.images, best(first), ...others.map((r) => r.ratio)];
    return {
      cells: [...cells, first.length > 1 && others.length > 0 ? spread : undefined, shaky > noisy ? 'noisy' : ''],
      ratios: others.map((r) => r.ratio),
      shaky,
    };
  });
  const column = (k: number): number[] => rows.map((r) => r.ratios[k] ?? Number.NaN);
  const summary = (name: string, of: (xs: readonly number[]) => number): Cell[][] =>
    rows.length < 2
      ? []
      : [[name, undefined, undefined, ...names.slice(1).map((_, k) => of(column(k))), undefined, '']];
  const disturbed = rows.filter((r) => r.shaky > noisy).length;
  return {
    title,
    columns: [
      { name: 'program' },
      { name: 'images' },
      { name: base, digits: 3 },
      ...names.slice(1).map((name) => ({ name, digits: 3 })),
      { name: '±', digits: 3 },
      { name: 'machine' },
    ],
    rows: [
      ...rows.map((r) => r.cells),
      ...summary('geometric mean', geometricMean),
      ...summary('worst', (xs) => Math.max(...xs)),
    ],
    notes: [
      `${base}: time of the best run; others: how many times as long their best run took; ±: what a ratio would be off by`,
      'if the best run of either side had not been',
      ...(disturbed > 0
        ? [
            `warning: the machine does other things: in ${disturbed} of ${rows.length} rows the middle run took ${noisy * 100} % longer than the best`,
          ]
        : []),
    ],
  };
};
