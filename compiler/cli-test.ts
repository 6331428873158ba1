// pgc test: runs the test blocks of files, each in a run of its own on all images. A file is compiled once; which test a run is
// for is the value of a hidden config. A test fails if its run does: by an assertion, a fault, a deadlock, the time limit.
import type { Decl } from '../lang/ast.ts';
import { testConfig } from '../lang/check-tests.ts';
import { parse } from '../lang/parser.ts';
import { lineCol } from '../lang/source.ts';
import { fileRules } from '../vm/files.ts';
import { exitCodeOf, renderResult } from '../vm/report.ts';
import { type RunOptions, run } from '../vm/run.ts';
import { artifactOf } from './cli-artifact.ts';
import { checkModeOf } from './cli-guards.ts';
import { notSource, programsOf, readInput } from './cli-input.ts';
import { seconds, wholeNumber } from './cli-number.ts';
import { colourOn, didYouMean, exitCodes, mistake } from './cli-report.ts';

export interface TestOptions {
  readonly images?: string;
  readonly timeout?: string;
  readonly filter?: string;
  /** Folders in which tests may read and write files. */
  readonly allowRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  /** False: neither read nor write the cache. */
  readonly cache: boolean;
  /** What is checked as tests run. */
  readonly check?: string;
}

interface Settings {
  readonly counts: readonly number[];
  /** What each test may do. */
  readonly limits: Pick<RunOptions, 'timeout' | 'allowRead' | 'allowWrite'>;
}

const settingsOf = (options: TestOptions): Settings | number => {
  const counts = (options.images ?? '4').split(',').map((n) => wholeNumber(n.trim(), 1, 1e9));
  if (counts.includes(undefined)) {
    return mistake(
      `-n needs whole numbers of images, at least 1; found ${options.images}`,
      'for four images: -n 4; for one, two and four: -n 1,2,4',
    );
  }
  const timeout = seconds(options.timeout ?? '60');
  if (timeout === undefined) {
    return mistake(
      `--timeout needs seconds, greater than 0; found ${options.timeout}`,
      'for half a minute: --timeout 30',
    );
  }
  const { allowRead = [], allowWrite = [] } = options;
  const limits = { timeout, allowRead, allowWrite };
  const rules = fileRules(limits);
  if ('error' in rules) return mistake(rules.error, rules.hint);
  return { counts: [...new Set(counts.flatMap((n) => n ?? []))], limits };
};

// ---- which tests ------------------------------------------------------------------------------------------------

interface Test {
  /** Among the tests of the file, from 0. */
  readonly number: number;
  readonly name: string;
  readonly line: number;
}

interface TestFile {
  readonly path: string;
  readonly text: string;
  readonly tests: readonly Test[];
  /** It cannot be understood: to be compiled for the messages. */
  readonly broken: boolean;
}

/** The tests of a file; undefined for one without; an exit code for what is no program. */
const testsOf = (path: string): TestFile | undefined | number => {
  const read = readInput(path);
  if (read.kind === 'mistake') return read.code;
  const wrong = notSource(path, read.bytes);
  if (wrong) return mistake(wrong.message, wrong.hint);
  const text = read.bytes.toString('utf8');
  // Most files of a folder have none, and need not be parsed.
  if (!/\btest\b/.test(text)) return undefined;
  const source = { id: 0, path, text };
  const { module, diagnostics } = parse(source);
  const tests = module.decls
    .filter((d): d is Extract<Decl, { kind: 'test' }> => d.kind === 'test')
    .map((d, number): Test => ({ number, name: d.name, line: lineCol(source, d.nameSpan.start).line }));
  const broken = diagnostics.some((d) => d.severity === 'error');
  return tests.length > 0 || broken ? { path, text, tests, broken } : undefined;
};

const filtered = (tests: readonly Test[], filter: string | undefined): Test[] =>
  tests.filter((t) => filter === undefined || t.name.toLowerCase().includes(filter.toLowerCase()));

// ---- what they did ----------------------------------------------------------------------------------------------

/** What a failed test printed is shown up to here. */
const mostPrinted = 20_000;

const paint = (code: string, text: string): string => (colourOn(process.stdout) ? `\x1b[${code}m${text}\x1b[0m` : text);

const say = (text: string): void => {
  process.stdout.write(text);
};

/** A name as it is written in the program, without the quotes: on one line whatever is in it. */
const shown = (name: string): string => JSON.stringify(name).slice(1, -1).replaceAll('\\"', '"');

const listed = (counts: readonly number[]): string => {
  const last = counts.at(-1) ?? 0;
  const before = counts.slice(0, -1).join(', ');
  return `${before === '' ? '' : `${before} and `}${last} image${counts.length === 1 && last === 1 ? '' : 's'}`;
};

/** Runs one test on so many images; what there is to say of a failure, or undefined. An exit code where no test can be run so. */
const tryTest = async (
  artifact: Uint8Array,
  test: Test,
  images: number,
  limits: Settings['limits'],
  signal: AbortSignal,
): Promise<string | undefined | number> => {
  let printed = '';
  let dropped = false;
  const keep = (text: string): void => {
    const room = mostPrinted - printed.length;
    if (text.length > room) dropped = true;
    if (room > 0) printed += text.slice(0, room);
  };
  const result = await run(artifact, {
    ...limits,
    images,
    configs: { [testConfig]: `${test.number}` },
    stdout: keep,
    stderr: keep,
    signal,
    tuneV8: true,
  });
  if (result.kind === 'internal') throw new Error(result.message);
  if (exitCodeOf(result) === exitCodes.ok) return undefined;
  if (result.kind !== 'exit' && exitCodeOf(result) === exitCodes.usage) {
    process.stderr.write(renderResult(result, { color: colourOn(process.stderr) }));
    return exitCodes.usage;
  }
  if (printed !== '' && !printed.endsWith('\n')) printed += '\n';
  const more = dropped ? '… and more that it printed\n' : '';
  const why =
    result.kind === 'exit'
      ? `ended by exit(${result.code}) on image ${result.image}\n`
      : renderResult(result, { color: colourOn(process.stdout) });
  return `${printed}${more}${why}`;
};

interface Tally {
  good: number;
  failed: number;
  /** Reports of failures, for the end. */
  readonly reports: string[];
}

/** Runs tests of one file, with a line for each. Gives an exit code where they cannot be run. */
const runFile = async (
  file: TestFile,
  tests: readonly Test[],
  artifact: Uint8Array,
  { counts, limits }: Settings,
  tally: Tally,
  signal: AbortSignal,
): Promise<number | undefined> => {
  say(`${file.path}\n`);
  for (const test of tests) {
    const began = performance.now();
    const bad: number[] = [];
    for (const images of counts) {
      const report = await tryTest(artifact, test, images, limits, signal);
      if (signal.aborted) return undefined;
      if (typeof report === 'number') return report;
      if (report === undefined) continue;
      bad.push(images);
      const title = `${file.path}:${test.line}: test ${JSON.stringify(test.name)} failed on ${listed([images])}`;
      tally.reports.push(`${paint('1', title)}\n${report.trimEnd()}\n`);
    }
    const time = paint('2', `(${Math.round(performance.now() - began)} ms)`);
    if (bad.length === 0) {
      tally.good++;
      say(`  ${paint('32', 'ok')}      ${shown(test.name)} ${time}\n`);
    } else {
      tally.failed++;
      say(`  ${paint('1;31', 'FAILED')}  ${shown(test.name)}, on ${listed(bad)} ${time}\n`);
    }
  }
  return undefined;
};

const nothingFound = (files: readonly TestFile[], named: readonly string[], filter: string | undefined): number => {
  const names = files.flatMap((f) => f.tests.map((t) => t.name));
  const where = named.join(', ');
  if (filter !== undefined && names.length > 0) {
    const all = `there ${names.length === 1 ? 'is 1 test' : `are ${names.length} tests`} in ${where}`;
    mistake(`no test has ${JSON.stringify(filter)} in its name`, didYouMean(filter, names), all);
  } else {
    mistake(`there are no tests in ${where}`, 'a test is a declaration: test "sums" { assert(1 + 1 == 2); }');
  }
  return exitCodes.failed;
};

/** Ctrl-C ends the test that runs, and starts no other. */
const interruption = (): { readonly signal: AbortSignal; code: number } => {
  const abort = new AbortController();
  const interrupted = { signal: abort.signal, code: 0 };
  const by = (code: number) => () => {
    if (interrupted.code !== 0) process.exit(code);
    interrupted.code = code;
    abort.abort();
  };
  process.on('SIGINT', by(exitCodes.interrupted));
  process.on('SIGTERM', by(exitCodes.terminated));
  process.on('SIGHUP', by(129));
  return interrupted;
};

export const testCommand = async (given: readonly string[], options: TestOptions): Promise<number> => {
  const settings = settingsOf(options);
  if (typeof settings === 'number') return settings;
  const check = checkModeOf(options);
  if (typeof check === 'number') return check;
  const named = given.length > 0 ? given : ['.'];
  const files: TestFile[] = [];
  let code: number = exitCodes.ok;
  const paths = new Set<string>();
  for (const name of named) {
    const found = programsOf(name);
    if (found.kind === 'mistake') code = found.code;
    else for (const path of found.paths) paths.add(path);
  }
  for (const path of paths) {
    const file = testsOf(path);
    if (typeof file === 'number') code = file;
    else if (file) files.push(file);
  }
  const interrupted = interruption();
  const tally: Tally = { good: 0, failed: 0, reports: [] };
  for (const file of files) {
    const tests = filtered(file.tests, options.filter);
    if (tests.length === 0 && !file.broken) continue;
    const artifact = await artifactOf(file.path, file.text, {
      cache: options.cache,
      start: 'tests',
      ...(check === undefined ? {} : { check }),
    });
    if (typeof artifact === 'number') {
      code = artifact;
      continue;
    }
    const unable = await runFile(file, tests, artifact, settings, tally, interrupted.signal);
    if (unable !== undefined) return unable;
    if (interrupted.signal.aborted) break;
  }
  for (const report of tally.reports) say(`\n${report}`);
  const all = tally.good + tally.failed;
  if (interrupted.signal.aborted) {
    say(`\ninterrupted after ${all} test${all === 1 ? '' : 's'}, of which ${tally.failed} failed\n`);
    return interrupted.code;
  }
  if (all === 0) return code === exitCodes.ok ? nothingFound(files, named, options.filter) : code;
  const count = `${all} test${all === 1 ? '' : 's'} on ${listed(settings.counts)}`;
  say(`\n${count}${tally.failed > 0 ? `, of which ${tally.failed} failed` : ': all well'}\n`);
  if (code !== exitCodes.ok) return code;
  return tally.failed > 0 ? exitCodes.failed : exitCodes.ok;
};
