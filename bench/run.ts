// npm run bench: suites of benchmarks. What is printed are ratios of times that were taken in turn: absolute times mean
// nothing on a shared machine. bench/README.md says how to read the tables.
import { parseArgs } from 'node:util';
import { writeTables } from './document.ts';
import { clocks } from './process.ts';
import type { Request, Suite } from './suite.ts';
import { communication } from './suites/communication.ts';
import { compile } from './suites/compile.ts';
import { compute } from './suites/compute.ts';
import { guards } from './suites/guards.ts';
import { handlers } from './suites/handlers.ts';
import { heartbeat } from './suites/heartbeat.ts';
import { hooks } from './suites/hooks.ts';
import { memory } from './suites/memory.ts';
import { parallel } from './suites/parallel.ts';
import { passes } from './suites/passes.ts';
import { same } from './suites/same.ts';
import { scaling } from './suites/scaling.ts';
import { tasks } from './suites/tasks.ts';
import { type Table, tableJson, tableText } from './table.ts';

/** Those that put ours beside others'. They are what runs if nothing is named, one after the other. */
const peers: readonly Suite[] = [compute, parallel, communication, compile];
const suites: readonly Suite[] = [...peers, guards, hooks, heartbeat, handlers, tasks, memory, passes, scaling, same];

/** Those whose tables are in the document. */
export const written: readonly Suite[] = [...peers, guards, memory, hooks, heartbeat, tasks, handlers, passes];

const usage = `Usage: npm run bench -- [options]

  --only=<suite,…>          run these suites (default: peers, which is ${peers.map((s) => s.name).join(', ')})
  --only=<suite>/<program>  one program of a suite; several with commas
  --only=<program>          that program of the first suite that has it
  --list                    the suites, their programs and variants
  --images=<n,…>            only with so many images
  --variants=<name,…>       only these variants, beside the one they are compared with
  --rounds=<number>         how often each variant is run (default: 5, and more if they differ)
  --clock=cpu|wall          measure the time that the process used (default), or time of day
  --quick                   small sizes and one round: does everything work?
  --json                    the tables as JSON on standard output
  --help                    this
  --write                   put the tables into docs/performance.md as well (those of ${written.map((s) => s.name).join(', ')})
`;

class UsageError extends Error {}

interface Choice {
  readonly suites: readonly Suite[];
  readonly requestOf: (suite: Suite) => Request;
  readonly json: boolean;
  readonly write: boolean;
}

const listed = (text: string | undefined): readonly string[] | undefined => text?.split(',').filter((t) => t !== '');

const known = (names: readonly string[] | undefined, all: readonly string[], what: string): void => {
  const wrong = names?.find((name) => !all.includes(name));
  if (wrong !== undefined) throw new UsageError(`no ${what} is called ${wrong}; there are: ${all.join(' ')}`);
};

const positive = (text: string, what: string): number => {
  const n = Number(text);
  if (!Number.isInteger(n) || n < 1) throw new UsageError(`${what} is a positive number, not ${text}`);
  return n;
};

interface Chosen {
  readonly suites: readonly Suite[];
  /** Programs of the one suite; undefined: all. */
  readonly names?: readonly string[] | undefined;
}

/** What `--only` names. @throws UsageError */
const chosen = (only: string): Chosen => {
  const [first = '', rest] = only.split('/');
  if (rest === undefined) {
    const groups = first.split(',').map((name) => (name === 'peers' ? peers : suites.filter((s) => s.name === name)));
    if (groups.every((g) => g.length > 0)) return { suites: [...new Set(groups.flat())] };
    const suite = suites.find((s) => s.benchmarks.includes(first));
    if (suite) return { suites: [suite], names: [first] };
  }
  const suite = suites.find((s) => s.name === first);
  if (!suite) {
    const all = ['peers', ...suites.map((s) => s.name)].join(' ');
    throw new UsageError(`no suite or program is called ${first}; suites: ${all}`);
  }
  const names = listed(rest);
  known(names, suite.benchmarks, 'program');
  return { suites: [suite], names };
};

/** What the command line asks for: tables, the list, or how it is called. @throws UsageError */
const choose = (args: readonly string[], listener: Listener): Choice | 'list' | 'help' => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      help: { type: 'boolean', default: false, short: 'h' },
      list: { type: 'boolean', default: false },
      images: { type: 'string' },
      variants: { type: 'string' },
      rounds: { type: 'string' },
      clock: { type: 'string', default: 'cpu' },
      quick: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.list) return 'list';
  const { suites: wanted, names } = chosen(values.only ?? 'peers');
  const variants = listed(values.variants);
  for (const suite of wanted) known(variants, suite.variants, 'variant');
  const elsewhere = values.write ? wanted.find((s) => !written.includes(s)) : undefined;
  if (elsewhere) throw new UsageError(`the document has no place for ${elsewhere.name}`);
  if (values.write && names) throw new UsageError('the document has tables of whole suites');
  const asked = listed(values.images)?.map((n) => positive(n, 'a number of images'));
  const least = values.rounds === undefined ? (values.quick ? 1 : 5) : positive(values.rounds, 'the number of rounds');
  const clock = clocks.find((c) => c === values.clock);
  if (!clock) throw new UsageError(`no clock is called ${values.clock}; there are: ${clocks.join(' ')}`);
  return {
    suites: wanted,
    json: values.json,
    write: values.write,
    requestOf: ({ usualImages }) => ({
      wants: (benchmark) => names?.includes(benchmark) ?? true,
      images: (n) => (asked ?? usualImages)?.includes(n) ?? true,
      variants,
      clock,
      rounds: { least, most: values.quick ? least : 3 * least },
      quick: values.quick,
      ...listener,
    }),
  };
};

const list = (): string =>
  suites
    .map((s) => {
      const variants = s.variants.length === 0 ? '' : `\n  variants: ${s.variants.join(' ')}`;
      return `${s.name}: ${s.doc}\n  programs: ${s.benchmarks.join(' ')}${variants}\n`;
    })
    .join('');

/** Gives what goes to standard output. @throws UsageError for a wrong command line, Error for a program that fails. */
export const bench = async (args: readonly string[], listener: Listener): Promise<string> => {
  const choice = choose(args, listener);
  if (choice === 'help') return usage;
  if (choice === 'list') return list();
  const tables: Table[] = [];
  for (const suite of choice.suites) {
    const found = await suite.run(choice.requestOf(suite));
    if (choice.write) await writeTables(suite.name, found);
    tables.push(...found);
  }
  if (choice.json) return `${JSON.stringify(tables.map(tableJson), null, 2)}\n`;
  return tables.map(tableText).join('\n');
};

/** Where progress is told. */
export interface Listener {
  /** What is being done now; the empty text at the end. */
  readonly progress: (text: string) => void;
  readonly finished: (text: string) => void;
  readonly failed: (text: string) => void;
}

/** On a terminal one line that changes, and results as they come; otherwise results alone. */
const standardError: Pick<Listener, 'progress' | 'finished'> = {
  progress: (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  },
  finished: (text) => {
    process.stderr.write(`${process.stderr.isTTY ? '\r\x1b[K' : ''}${text}\n`);
  },
};

/** Runs a command line to its end and gives the exit code. */
export const main = async (args: readonly string[]): Promise<number> => {
  let failures = 0;
  const failed = (text: string): void => {
    failures += 1;
    standardError.finished(text);
  };
  try {
    const text = await bench(args, { ...standardError, failed });
    standardError.progress('');
    process.stdout.write(text);
    return failures > 0 ? 1 : 0;
  } catch (error) {
    standardError.progress('');
    const wrong = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
    console.error(`bench: ${error instanceof Error ? error.message : String(error)}${wrong ? `\n\n${usage}` : ''}`);
    return wrong ? 2 : 1;
  }
};
