// Contests with others: who takes part, what is skipped and how that is told, what is read from runs, marks, and the document. No time is asserted.
import { readFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import { type Entry, hold, holdAll, type Result } from '../../bench/contest.ts';
import { documentPath, replaced } from '../../bench/document.ts';
import { asProgram, pgProgram } from '../../bench/generate.ts';
import { valuesOf } from '../../bench/natives.ts';
import { bench, written } from '../../bench/run.ts';
import type { Request } from '../../bench/suite.ts';
import { rowCells } from '../../bench/suites/compile.ts';
import { configsOf } from '../../bench/suites/compute.ts';
import { speedUpRow } from '../../bench/suites/parallel.ts';
import { tableMarkdown } from '../../bench/table.ts';
import { type Tool, versionLine } from '../../bench/tools.ts';
import { type Rules, ratioTable, timeTable } from '../../bench/verdict.ts';
import { check } from '../../lang/check.ts';
import { textHost } from '../check/host.ts';

const quiet = { progress: () => undefined, finished: () => undefined, failed: () => undefined };
const request: Request = {
  wants: () => true,
  images: () => true,
  variants: undefined,
  clock: 'wall',
  rounds: { least: 2, most: 2 },
  quick: true,
  ...quiet,
};

const path = process.env.PATH;
afterEach(() => {
  process.env.PATH = path;
});

const here: Tool = { name: 'node', commands: [process.execPath], install: 'it runs this test' };
const nowhere: Tool = { name: 'Nobody', commands: ['nobody-has-this-command'], install: 'Debian: nobody' };

/** An entry that gives these times, one after the other; an Error is thrown. */
const entry = (name: string, times: readonly (number | Error)[], more: Partial<Entry> = {}): Entry => {
  let k = 0;
  const prepare = async () => async () => {
    const time = times[k++ % times.length] ?? 1;
    if (time instanceof Error) throw time;
    return new Map([['seconds', time]]);
  };
  return { name, prepare, ...more };
};

test('what is not installed is skipped by name, with what to install; what cannot be built or fails, with why', async () => {
  const broken = async () => {
    throw new Error('no such header\nat line 3');
  };
  const result = await hold(
    {
      name: 'sum',
      entries: [
        entry('pgc', [2, 1]),
        entry('a', [4, 5], { tool: here }),
        entry('b', [1], { tool: nowhere }),
        entry('c', [1], { tool: here, prepare: broken }),
        entry('d', [1, new Error('wrong result')], { tool: here }),
      ],
    },
    request,
  );
  expect([...(result.times.get('seconds') ?? [])]).toEqual([
    ['pgc', [2, 1]],
    ['a', [4, 5]],
  ]);
  expect(result.missing).toEqual([
    'Nobody is not installed (Debian: nobody)',
    'sum: c could not be built: no such header at line 3',
    'sum: d failed: wrong result',
  ]);
  expect(result.versions).toEqual([`node: ${process.version}`]);
});

test('when ours fails, its contest does, and says so; the others go on', async () => {
  const wrong = entry('pgc', [new Error('wrong sum')]);
  const sum = { name: 'sum', entries: [wrong, entry('a', [1], { tool: here })] };
  await expect(hold(sum, request)).rejects.toThrow('wrong sum');
  const failures: string[] = [];
  const walk = { name: 'walk', entries: [entry('pgc', [1])] };
  const results = await holdAll([sum, walk], { ...request, failed: (text) => failures.push(text) });
  expect(failures).toEqual(['sum: FAILED: wrong sum']);
  expect(results.map((r) => [r.contest, r.times.size, r.missing])).toEqual([
    ['sum', 0, failures],
    ['walk', 1, []],
  ]);
});

const rules: Rules = {
  title: 'ours / theirs',
  unit: 'ns',
  digits: 1,
  ours: 'pgc',
  others: ['a', 'b'],
  mark: (row, other) => (row === 'sum' && other === 'a' ? 1.1 : undefined),
  meanMark: (other) => (other === 'b' ? 1 : undefined),
  rowName: (contest) => contest,
};

const resultOf = (contest: string, times: Readonly<Record<string, readonly number[]>>): Result => ({
  contest,
  times: new Map([['seconds', new Map(Object.entries(times))]]),
  missing: ['b is not installed (Debian: b)'],
  versions: ['a: 1.2'],
});

test('marks are compared with the ratio of the best times; what has no mark has no verdict', () => {
  const table = ratioTable(
    [
      resultOf('sum', { pgc: [3, 2.4], a: [2, 2.5], b: [1.2, 4] }),
      resultOf('walk', { pgc: [1, 1], a: [4, 4], b: [2, 2] }),
    ],
    rules,
  );
  expect(table.rows).toEqual([
    ['sum', 2.4, expect.closeTo(1.2), 2, '1.20', expect.closeTo(0.3), 'a 1.10', 'no: a'],
    ['walk', 1, 0.25, 0.5, '', 0, '', ''],
    ['geometric mean', undefined, expect.anything(), expect.closeTo(1), '', undefined, 'b 1.00', expect.anything()],
  ]);
  expect(table.notes).toEqual(['with a: 1.2', 'skipped: b is not installed (Debian: b)']);
});

test('a mark is met at the mark, and missed above it; without the peer nothing is said', () => {
  const met = (ours: number, others: Readonly<Record<string, readonly number[]>>) =>
    ratioTable([resultOf('sum', { pgc: [ours], ...others })], rules).rows[0]?.at(-1);
  expect(met(1, { a: [1] })).toBe('yes');
  expect(met(2.208, { a: [2] })).toBe('yes');
  expect(met(2.22, { a: [2] })).toBe('no: a');
  expect(met(1, { b: [1] })).toBe('');
});

test('best times are shown with their medians', () => {
  const table = timeTable([resultOf('sum', { pgc: [3, 1, 2], b: [4] })], rules);
  expect(table.rows).toEqual([['sum', '1.0 (2.0)', '', '4.0 (4.0)']]);
});

test('a speed-up must be as good as the better one of the others', () => {
  const times = (ours: number) =>
    new Map([
      ['pgc 1', [8, 8]],
      ['pgc 2', [ours, ours]],
      ['OpenMP 1', [6]],
      ['OpenMP 2', [4]],
      ['MPI 1', [9]],
      ['MPI 2', [5]],
    ]);
  expect(speedUpRow('stencil', times(4))).toEqual([...['stencil', 2, 1.5, 1.8, 2, 0, 1.8, 'yes', 8, 4, 1, 0.8]]);
  expect(speedUpRow('stencil', times(5)).slice(6, 8)).toEqual([1.8, 'no']);
  const alone = new Map([
    ['pgc 1', [3]],
    ['pgc 2', [2]],
  ]);
  expect(speedUpRow('ep', alone)).toEqual([
    ...['ep', 1.5, undefined, undefined, 1.5, undefined, undefined, '', 3, 2, undefined, undefined],
  ]);
});

test('rates must be at least, times at most', () => {
  const row = (value: number, mark: readonly ['at most' | 'at least', number]) =>
    rowCells({ what: 'check', unit: 's', digits: 1, value: () => value, mark }).slice(-2);
  expect(row(5, ['at least', 4])).toEqual(['at least 4', 'yes']);
  expect(row(3, ['at least', 4])).toEqual(['at least 4', 'no']);
  expect(row(3, ['at most', 4])).toEqual(['at most 4', 'yes']);
  expect(row(5, ['at most', 4])).toEqual(['at most 4', 'no']);
});

test('times are the lines of a name and a positive number', () => {
  const read = (out: string) => [...valuesOf({ out, err: 'wrong 1\n' })];
  expect(read('hello 3 times\nbarrier 0.25\nput-1M    52000.5\n.5\n')).toEqual([
    ['barrier', 0.25],
    ['put-1M', 52000.5],
  ]);
  expect(read('element 1.5e-3\n')).toEqual([['element', 0.0015]]);
  expect(() => read('done\n')).toThrow('no times');
  expect(() => read('barrier 0.000\n')).toThrow('barrier cannot have taken 0.000');
});

test('the version is on the first line that has one', () => {
  expect(versionLine('gcc (Debian 12.2.0-14) 12.2.0\nCopyright 2022')).toBe('gcc (Debian 12.2.0-14) 12.2.0');
  expect(versionLine('\nWrapper (caf version 2.9.2)\nGNU Fortran 12.2.0')).toBe('Wrapper (caf version 2.9.2)');
  expect(versionLine('what?')).toBe('of unknown version');
});

test('sizes become configs, and exponents of EP its classes', () => {
  expect(configsOf(['n', 'iterations'], [150, 20])).toEqual(['--n=150', '--iterations=20']);
  expect(configsOf(['class'], [25])).toEqual(['--class=W']);
});

test('tables go to their place in the document and leave the others alone', () => {
  const document = 'a\n<!-- bench: x -->\nold\n<!-- end -->\nb\n<!-- bench: y -->\nkept\n<!-- end -->\n';
  const changed = replaced(document, 'x', 'new\n');
  expect(changed).toBe('a\n<!-- bench: x -->\n\nnew\n\n<!-- end -->\nb\n<!-- bench: y -->\nkept\n<!-- end -->\n');
  expect(replaced(changed, 'x', 'new')).toBe(changed);
  expect(() => replaced(document, 'z', 'new')).toThrow('no place for the tables of z');
  const real = readFileSync(documentPath, 'utf8');
  for (const suite of written.map((s) => s.name)) expect(replaced(real, suite, 'table')).toContain('table');
});

test('tables of Markdown have numbers at the right, and bars that end no cell', () => {
  const columns = [{ name: 'what' }, { name: 'ratio', digits: 2 }];
  const table = {
    title: 'times',
    columns,
    rows: [
      ['a|b', 1],
      ['c', undefined],
    ],
    notes: ['one', 'two'],
  };
  expect(tableMarkdown(table)).toBe(
    '**times**\n\n| what | ratio |\n| --- | ---: |\n| a\\|b | 1.00 |\n| c | - |\n\n- one\n- two\n',
  );
});

test('generated programs have nothing wrong in them, parts of their own, and as many as asked for', () => {
  const { text, lines } = pgProgram(3);
  const found = check('large.pg', textHost({ 'large.pg': text }));
  expect(found.diagnostics).toEqual([]);
  expect(lines).toBe(text.split('\n').length - 1);
  const part = (k: number) => /\/\/\/ What part \d[\s\S]*?(?=\/\/\/ What part|fn main)/g[Symbol.match](text)?.[k];
  expect(part(0)?.replaceAll(/[a-z]+0\b/gi, '')).not.toBe(part(1)?.replaceAll(/[a-z]+1\b/gi, ''));
  expect(pgProgram(6).lines).toBeGreaterThan(1.9 * lines - 10);
  // The same constants, in the same places.
  const limits = (program: string) => [...program.matchAll(/LIMIT\d+(?:: i64)? = (\d+)/g)].map((m) => m[1]);
  expect(limits(asProgram(3).text)).toEqual(limits(text));
});

test('without any peer ours are measured alone, and all others are named', { timeout: 120_000 }, async () => {
  process.env.PATH = '/nowhere';
  const tables = JSON.parse(await bench(['--only=compute/fib', '--quick', '--json'], quiet));
  expect(tables[0].rows[0]).toMatchObject({ what: 'fib', 'clang-wasm': null, gcc: null, asc: null, met: '' });
  expect(tables[0].rows[0]['pgc, seconds']).toBeGreaterThan(0);
  const notes = tables[0].notes.join('\n');
  for (const said of ['clang is not installed (Debian: clang lld)', 'gcc is not installed', 'npm install'])
    expect(notes).toContain(said);
});

test('a quick run of communication gives a row for each operation', { timeout: 120_000 }, async () => {
  process.env.PATH = '/nowhere';
  const tables = JSON.parse(await bench(['--only=communication/affinity', '--quick', '--json'], quiet));
  expect(tables[0].rows.map((r: { what: string }) => r.what)).toEqual(['affinity loop']);
  expect(tables[0].rows[0]['own array']).toBeGreaterThan(0);
});

test('only the suites of the document can be written, and whole', async () => {
  await expect(bench(['--only=scaling', '--write'], quiet)).rejects.toThrow('the document has no place for scaling');
  await expect(bench(['--only=compute/fib', '--write'], quiet)).rejects.toThrow('whole suites');
});
