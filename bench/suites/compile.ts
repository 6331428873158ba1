// compile: how fast the compiler is, beside AssemblyScript's on a program of the same size; how soon a small program runs; and how large
// artifacts are. What counts is time of day, of whole commands as a user gives them.
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../compare.ts';
import { type Contest, type Entry, holdAll, type Result } from '../contest.ts';
import { asProgram, pgProgram } from '../generate.ts';
import { buildByAsc, buildByClang } from '../natives.ts';
import { execute, type Output, root } from '../process.ts';
import { best, median, secondBest } from '../statistics.ts';
import type { Request, Suite } from '../suite.ts';
import type { Cell, Table } from '../table.ts';
import { asc, clang } from '../tools.ts';
import { whoTookPart } from '../verdict.ts';

const pgc = (args: readonly string[], cache: string): Promise<Output> =>
  execute(process.execPath, [join(root, 'dist', 'pgc.js'), ...args], 'wall', { env: { PGC_CACHE: cache } });

const hello = join(root, 'examples', 'hello.pg');

/** A command that is timed from outside, in seconds. */
const timed = (name: string, command: () => Promise<Output>, before: () => void = () => undefined): Entry => ({
  name,
  prepare: async () => async () => {
    before();
    const start = process.hrtime.bigint();
    await command();
    return new Map([['seconds', Number(process.hrtime.bigint() - start) / 1e9]]);
  },
});

/** Parts of some 57 lines: some 10 000 lines, or few. */
const partsOf = (request: Request): number => (request.quick ? 3 : 176);

interface Made {
  readonly lines: number;
  readonly asLines: number;
  readonly contests: readonly Contest[];
}

const make = (request: Request, folder: string): Made => {
  const ours = pgProgram(partsOf(request));
  const theirs = asProgram(partsOf(request));
  const program = join(folder, 'large.pg');
  const empty = join(folder, 'empty.pg');
  writeFileSync(program, ours.text);
  writeFileSync(empty, 'fn main() {}\n');
  writeFileSync(join(folder, 'large.as'), theirs.text);
  const artifact = join(folder, 'large.wasm');
  const cache = join(folder, 'cache');
  const cold = join(folder, 'cold');
  const none = '';
  mkdirSync(cache);
  const withTool = (entry: Entry): Entry => ({ ...entry, tool: asc });
  const contests: readonly Contest[] = [
    {
      name: 'check',
      entries: [timed('pgc', () => pgc(['check', program], none)), timed('empty', () => pgc(['check', empty], none))],
    },
    {
      name: 'build',
      entries: [
        timed('pgc', () => pgc(['build', program, '-o', artifact], none)),
        withTool(
          timed('asc', async () => {
            await buildByAsc(join(folder, 'large.as'), folder);
            return { out: '', err: '' };
          }),
        ),
      ],
    },
    {
      name: 'rebuild',
      entries: [
        {
          name: 'pgc',
          prepare: async () => {
            const build = (): Promise<Output> => pgc(['build', program, '-o', artifact], cache);
            await build();
            return timed('pgc', build).prepare(folder);
          },
        },
      ],
    },
    {
      name: 'hello',
      entries: [
        timed(
          'cold',
          () => pgc(['run', hello, '-n', '1'], cold),
          () => rmSync(cold, { recursive: true, force: true }),
        ),
        timed('cached', () => pgc(['run', hello, '-n', '1'], cache)),
        timed('node', () => execute(process.execPath, ['-e', '0'])),
      ],
    },
  ];
  return { lines: ours.lines, asLines: theirs.lines, contests };
};

/** A row of the table: a number made of the times, with its mark. */
interface Row {
  readonly what: string;
  readonly unit: string;
  readonly digits: number;
  readonly value: (of: (xs: readonly number[]) => number) => number | undefined;
  readonly other?: readonly [name: string, value: number | undefined];
  readonly mark?: readonly ['at most' | 'at least', number];
}

export const rowCells = (row: Row): readonly Cell[] => {
  const value = row.value(best);
  const middle = row.value(median);
  const second = row.value(secondBest);
  const [other, theirs] = row.other ?? [undefined, undefined];
  const [bound, mark] = row.mark ?? [undefined, undefined];
  const met =
    value === undefined || mark === undefined
      ? ''
      : (bound === 'at most' ? value <= mark : value >= mark)
        ? 'yes'
        : 'no';
  const show = (x: number | undefined): string => (x === undefined ? '' : x.toFixed(row.digits));
  return [
    row.what,
    row.unit,
    show(value),
    show(middle),
    value === undefined || second === undefined ? '' : show(Math.abs(second - value)),
    theirs === undefined || other === undefined ? '' : `${other} ${show(theirs)}`,
    mark === undefined || bound === undefined ? '' : `${bound} ${mark}`,
    met,
  ];
};

const speedTable = (made: Made, results: readonly Result[]): Table => {
  const timesOf = (contest: string, entry: string): readonly number[] | undefined =>
    results
      .find((r) => r.contest === contest)
      ?.times.get('seconds')
      ?.get(entry);
  const took = (contest: string, entry: string) => (of: (xs: readonly number[]) => number) => {
    const times = timesOf(contest, entry);
    return times === undefined ? undefined : of(times);
  };
  const without =
    (contest: string, entry: string, less: string) =>
    (of: (xs: readonly number[]) => number): number | undefined => {
      const [all, part] = [took(contest, entry)(of), took(contest, less)(of)];
      return all === undefined || part === undefined ? undefined : all - part;
    };
  const check = without('check', 'pgc', 'empty');
  const asSeconds = took('build', 'asc')(best);
  const rows: readonly Row[] = [
    {
      what: `parse and check ${made.lines} lines`,
      unit: 'lines/s',
      digits: 0,
      value: (of) => {
        const seconds = check(of);
        return seconds === undefined || seconds <= 0 ? undefined : made.lines / seconds;
      },
      mark: ['at least', 50_000],
    },
    {
      what: `build ${made.lines} lines to wasm`,
      unit: 's',
      digits: 2,
      value: took('build', 'pgc'),
      other: [`asc, ${made.asLines} lines:`, asSeconds],
      ...(asSeconds === undefined ? {} : { mark: ['at most', Number(asSeconds.toFixed(2))] as const }),
    },
    { what: 'build again, nothing changed', unit: 's', digits: 3, value: took('rebuild', 'pgc') },
    {
      what: 'hello from source, nothing cached',
      unit: 's',
      digits: 3,
      value: took('hello', 'cold'),
      mark: ['at most', 0.6],
    },
    {
      what: 'hello from the cache, over node -e 0',
      unit: 's',
      digits: 3,
      value: without('hello', 'cached', 'node'),
      other: ['node -e 0:', took('hello', 'node')(best)],
      mark: ['at most', 0.15],
    },
  ];
  return {
    title: 'The compiler',
    columns: ['what', 'unit', 'pgc', 'median', '±', 'beside it', 'mark', 'met'].map((name) => ({ name })),
    rows: rows.filter((r) => r.value(best) !== undefined).map(rowCells),
    notes: [
      'parse and check: pgc check of a generated program, less pgc check of an empty one; build: without a cache, asc with -O3',
      ...whoTookPart(results),
    ],
  };
};

const sizeTable = async (folder: string): Promise<Table> => {
  const size = (path: string): number => statSync(path).size / 1024;
  const rows: Cell[][] = [];
  const sizeOf = async (build: () => Promise<string>): Promise<number | undefined> => {
    try {
      return size(await build());
    } catch {
      return undefined;
    }
  };
  for (const [name, program] of [
    ['hello', hello],
    ['stencil', join(root, 'examples', 'prk', 'stencil.pg')],
  ] as const) {
    const to = join(folder, `${name}.wasm`);
    await pgc(['build', program, '-o', to], '');
    const own = size(to);
    rows.push([
      name,
      own,
      await sizeOf(() => buildByClang(name, folder)),
      await sizeOf(() => buildByAsc(join(root, 'bench', 'peers', 'assemblyscript', `${name}.as`), folder)),
      name === 'hello' ? 10 : undefined,
      name === 'hello' ? (own <= 10 ? 'yes' : 'no') : '',
    ]);
  }
  return {
    title: 'Sizes of artifacts in KiB',
    columns: [
      { name: 'what' },
      ...['pgc', clang.name, asc.name].map((name) => ({ name, digits: 1 })),
      { name: 'at most', digits: 1 },
      { name: 'met' },
    ],
    rows,
    notes: [
      'ours have everything in them that a run needs: run-time, allocator, names and places for reports of faults',
    ],
  };
};

export const compile: Suite = {
  name: 'compile',
  doc: 'speed of the compiler beside asc on the same size; how soon hello runs; sizes of artifacts',
  benchmarks: ['check', 'build', 'rebuild', 'hello', 'sizes'],
  variants: [],
  run: (request) =>
    withFolder(async (folder) => {
      const made = make(request, folder);
      // A build takes seconds: no more rounds than asked for.
      const rounds = { least: request.rounds.least, most: request.rounds.least };
      const wanted = made.contests.filter((c) => request.wants(c.name));
      const results = await holdAll(wanted, { ...request, rounds });
      const tables: Table[] = [];
      if (results.length > 0) tables.push(speedTable(made, results));
      if (request.wants('sizes')) tables.push(await sizeTable(folder));
      return tables;
    }),
};
