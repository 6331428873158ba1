// What contests come to: a table of ratios with the marks that they must reach, and a table of the times behind them.
import type { Result } from './contest.ts';
import { best, geometricMean, median, ratioOf } from './statistics.ts';
import type { Cell, Table } from './table.ts';

/** So many times as long as an entry of others ours may take at most; undefined: no mark. */
export type Mark = (row: string, entry: string) => number | undefined;

export interface Rules {
  readonly title: string;
  /** What times are in, and how many decimals are shown. */
  readonly unit: string;
  readonly digits: number;
  /** Our entry. */
  readonly ours: string;
  /** The columns of others, in order. */
  readonly others: readonly string[];
  readonly mark: Mark;
  /** Marks for the geometric mean of all rows; undefined: there is no such row. */
  readonly meanMark?: (entry: string) => number | undefined;
  /** How a row is called: by the contest, or by what was timed in it. */
  readonly rowName: (contest: string, row: string) => string;
  readonly notes?: readonly string[];
}

interface Line {
  readonly name: string;
  readonly times: ReadonlyMap<string, readonly number[]>;
}

/** What is measured and has a mark: its column, what was found (undefined: nothing), and what it may be at most. */
export interface Marked {
  readonly name: string;
  readonly value: number | undefined;
  readonly most: number;
  /** Decimals with which both are shown. */
  readonly digits?: number;
}

/** `clang 1.15` for each; and whether all are met, or which are not: values count as they are shown. */
export const verdictOf = (marked: readonly Marked[]): readonly [string, string] => {
  const known = marked.filter((m) => m.value !== undefined);
  const over = known.filter((m) => Number((m.value ?? 0).toFixed(m.digits ?? 2)) > m.most);
  const atMost = marked.map((m) => `${m.name} ${m.most.toFixed(m.digits ?? 2)}`).join(', ');
  const met = known.length === 0 ? '' : over.length === 0 ? 'yes' : `no: ${over.map((m) => m.name).join(', ')}`;
  return [atMost, met];
};

const markedIn = (
  ratios: ReadonlyMap<string, number>,
  others: readonly string[],
  mark: (entry: string) => number | undefined,
): readonly Marked[] =>
  others.flatMap((name) => {
    const most = mark(name);
    return most === undefined ? [] : [{ name, most, value: ratios.get(name) }];
  });

/** The columns of a verdict. */
export const verdictColumns = [{ name: 'at most' }, { name: 'met' }] as const;

/** The tools that took part, with their versions, and what was skipped, and why: a line each. */
export const whoTookPart = (results: readonly Result[]): readonly string[] => [
  ...new Set(results.flatMap((r) => r.versions.map((v) => `with ${v}`))),
  ...new Set(results.flatMap((r) => r.missing.map((m) => `skipped: ${m}`))),
];

const linesOf = (results: readonly Result[], rules: Rules): readonly Line[] =>
  results.flatMap((r) => [...r.times].map(([row, times]) => ({ name: rules.rowName(r.contest, row), times })));

const ratioRow = (line: Line, rules: Rules): { cells: readonly Cell[]; ratios: ReadonlyMap<string, number> } => {
  const base = line.times.get(rules.ours) ?? [];
  const ratios = new Map<string, number>();
  const medians: Cell[] = [];
  let spread = 0;
  for (const name of rules.others) {
    const theirs = line.times.get(name);
    if (theirs === undefined) continue;
    const r = ratioOf(base, theirs);
    ratios.set(name, r.ratio);
    if (rules.mark(line.name, name) !== undefined) {
      spread = Math.max(spread, r.high - r.ratio, r.ratio - r.low);
      medians.push(`${(median(base) / median(theirs)).toFixed(2)}`);
    }
  }
  const [atMost, met] = verdictOf(markedIn(ratios, rules.others, (name) => rules.mark(line.name, name)));
  const cells = [
    ...[line.name, best(base), ...rules.others.map((name) => ratios.get(name))],
    ...[medians.join(', '), base.length > 1 ? spread : undefined, atMost, met],
  ];
  return { cells, ratios };
};

const meanRow = (
  all: readonly ReadonlyMap<string, number>[],
  rules: Rules,
  mark: (entry: string) => number | undefined,
): readonly Cell[] => {
  const means = new Map<string, number>();
  for (const name of rules.others) {
    const ratios = all.flatMap((r) => r.get(name) ?? []);
    if (ratios.length === all.length) means.set(name, geometricMean(ratios));
  }
  const [atMost, met] = verdictOf(markedIn(means, rules.others, mark));
  return ['geometric mean', undefined, ...rules.others.map((n) => means.get(n)), '', undefined, atMost, met];
};

/** Ratios of best times: ours to each other entry's. */
export const ratioTable = (results: readonly Result[], rules: Rules): Table => {
  const rows = linesOf(results, rules).map((line) => ratioRow(line, rules));
  const means =
    rules.meanMark && rows.length > 1
      ? [
          meanRow(
            rows.map((r) => r.ratios),
            rules,
            rules.meanMark,
          ),
        ]
      : [];
  return {
    title: rules.title,
    columns: [
      { name: 'what' },
      { name: `${rules.ours}, ${rules.unit}`, digits: rules.digits },
      ...rules.others.map((name) => ({ name, digits: 2 })),
      { name: 'medians' },
      { name: '±', digits: 2 },
      ...verdictColumns,
    ],
    rows: [...rows.map((r) => r.cells), ...means],
    notes: [...(rules.notes ?? []), ...whoTookPart(results)],
  };
};

const bestAndMedian = (times: readonly number[] | undefined, digits: number): string =>
  times === undefined ? '' : `${best(times).toFixed(digits)} (${median(times).toFixed(digits)})`;

/** The times themselves: of each entry the best, and the median behind it. */
export const timeTable = (results: readonly Result[], rules: Rules): Table => ({
  title: `${rules.title}: ${rules.unit}, best (median)`,
  columns: [{ name: 'what' }, { name: rules.ours }, ...rules.others.map((name) => ({ name }))],
  rows: linesOf(results, rules).map(({ name, times }) => [
    name,
    ...[rules.ours, ...rules.others].map((entry) => bestAndMedian(times.get(entry), rules.digits)),
  ]),
});
