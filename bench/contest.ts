// A contest: our program and the same work by others, sampled in turn. Each run gives one or several times, which are the rows of a table.
import { withFolder } from './compare.ts';
import { settled } from './sampling.ts';
import { best, ratioOf } from './statistics.ts';
import type { Request } from './suite.ts';
import { type Tool, versionOf } from './tools.ts';

/** Times of one run by the name of what took them: all in the unit of the contest, less is better. */
export type Values = ReadonlyMap<string, number>;

export interface Entry {
  /** Its column in the table. */
  readonly name: string;
  /** What it needs; ours need nothing. */
  readonly tool?: Tool;
  /** Builds it in a folder and gives what runs it once, and fails when its result is wrong. */
  readonly prepare: (folder: string) => Promise<() => Promise<Values>>;
}

export interface Contest {
  readonly name: string;
  /** Ours first: the others are what it is compared with. */
  readonly entries: readonly Entry[];
}

export interface Result {
  readonly contest: string;
  /** Samples by row and entry, in order of rounds. */
  readonly times: ReadonlyMap<string, ReadonlyMap<string, readonly number[]>>;
  /** Entries that are not in it, and why: a line each. */
  readonly missing: readonly string[];
  /** Versions of the tools that took part. */
  readonly versions: readonly string[];
}

interface Prepared {
  readonly name: string;
  readonly ours: boolean;
  readonly sample: () => Promise<Values>;
}

const why = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error))
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(0, 3)
    .join(' ');

/** The entries that can take part. What is not installed or cannot be built is left out; but ours has to be built. */
const prepared = async (
  contest: Contest,
  folder: string,
): Promise<{ ready: readonly Prepared[]; missing: string[]; versions: string[] }> => {
  const ready: Prepared[] = [];
  const missing = new Set<string>();
  const versions = new Set<string>();
  for (const { name, tool, prepare } of contest.entries) {
    const version = tool && (await versionOf(tool));
    if (tool && version === undefined) {
      missing.add(`${tool.name} is not installed (${tool.install})`);
      continue;
    }
    try {
      ready.push({ name, ours: tool === undefined, sample: await prepare(folder) });
      if (tool && version !== undefined) versions.add(`${tool.name}: ${version}`);
    } catch (error) {
      if (!tool) throw error;
      missing.add(`${contest.name}: ${name} could not be built: ${why(error)}`);
    }
  }
  return { ready, missing: [...missing], versions: [...versions] };
};

/** `seconds: pgc 0.25; 0.91 clang-wasm, …`: our best time, and its ratios to others'. */
const oneLine = (row: string, entries: ReadonlyMap<string, readonly number[]>): string => {
  const [[first, own] = ['', []], ...others] = [...entries];
  const ratios = others.map(([name, times]) => `${ratioOf(own, times).ratio.toFixed(2)} ${name}`);
  return `${row}: ${first} ${best(own).toPrecision(4)}; ${ratios.join(', ')}`;
};

/** More rounds than asked for, while times differ. */
const extra = 4;

/**
 * Runs all entries in turn, every second round backwards. An entry of others that fails is left out from then on; when ours fails, the contest does.
 * @throws Error
 */
export const hold = (contest: Contest, request: Request): Promise<Result> =>
  withFolder(async (folder) => {
    const { ready, missing, versions } = await prepared(contest, folder);
    const times = new Map<string, Map<string, number[]>>();
    const failed = new Set<string>();
    const note = (entry: string, values: Values): void => {
      for (const [row, value] of values) {
        const rows = times.get(row) ?? new Map<string, number[]>();
        times.set(row, rows.set(entry, [...(rows.get(entry) ?? []), value]));
      }
    };
    const least = request.rounds.least;
    const most = Math.min(request.rounds.most, least + extra);
    const goOn = (round: number): boolean =>
      round < least || (round < most && ![...times.values()].every((rows) => [...rows.values()].every(settled)));
    for (let round = 0; goOn(round); round++) {
      for (const { name, ours, sample } of round % 2 === 0 ? ready : ready.toReversed()) {
        if (failed.has(name)) continue;
        request.progress(`${contest.name}: round ${round + 1}, ${name}`);
        try {
          note(name, await sample());
        } catch (error) {
          if (ours) throw error;
          failed.add(name);
          missing.push(`${contest.name}: ${name} failed: ${why(error)}`);
        }
      }
    }
    for (const rows of times.values()) for (const name of failed) rows.delete(name);
    for (const [row, entries] of times) request.finished(`${contest.name}, ${oneLine(row, entries)}`);
    return { contest: contest.name, times, missing, versions };
  });

/** Holds one after the other. One in which ours fails has no times, and says so where it says what is missing; the others go on. */
export const holdAll = async (contests: readonly Contest[], request: Request): Promise<readonly Result[]> => {
  const results: Result[] = [];
  for (const contest of contests) {
    try {
      results.push(await hold(contest, request));
    } catch (error) {
      const text = `${contest.name}: FAILED: ${why(error)}`;
      request.failed(text);
      results.push({ contest: contest.name, times: new Map(), missing: [text], versions: [] });
    }
  }
  return results;
};
