// The command line of the benchmarks, and that a quick run of one program gives a table. No time is asserted.
import { expect, test } from 'vitest';
import { belowMarks, overheadTable } from '../../bench/overhead.ts';
import { programs } from '../../bench/programs.ts';
import { bench } from '../../bench/run.ts';
import { dynamicCount, staticCounts } from '../../bench/suites/guards.ts';
import { latencyOf, tableOf } from '../../bench/suites/handlers.ts';
import { relativeTimes } from '../../bench/suites/heartbeat.ts';
import { aim, hookCounts, hookIntervals, intervalTable } from '../../bench/suites/hooks.ts';
import { worthTable } from '../../bench/suites/passes.ts';

const quiet = { progress: () => undefined, finished: () => undefined, failed: () => undefined };

test('a quick run of two variants gives a table with a row for each number of images', {
  timeout: 300_000,
}, async () => {
  const text = await bench(['--only=same/dot', '--images=1', '--quick', '--json'], quiet);
  const tables = JSON.parse(text);
  expect(tables).toHaveLength(1);
  expect(tables[0].rows).toHaveLength(1);
  const row = tables[0].rows[0];
  expect(row).toMatchObject({ program: 'dot', images: 1 });
  for (const variant of ['one', 'another', 'third']) expect(row[variant]).toBeGreaterThan(0);
});

test('sizes of the table of objects are read from the report of --memory', { timeout: 300_000 }, async () => {
  const text = await bench(['--only=memory/hash', '--images=1', '--quick', '--json'], quiet);
  const row = JSON.parse(text)[1].rows[0];
  // An entry for each key, the buckets, and what the table needs besides.
  expect(row.made).toBe(20_001);
  expect(row['left at the end']).toBe(20_001);
  expect(row['per object']).toBeGreaterThan(8);
});

test('counts are read from the summary of --emit=guards and from the table of --stats', () => {
  const list = 'a.pg:7:30  read 8  main  guarded\n\n11 accesses\n   4  guarded\n  7  static object\n';
  expect(staticCounts(list)).toEqual({ accesses: 11, guarded: 4 });
  expect(staticCounts('1 access\n  1  static object\n')).toEqual({ accesses: 1, guarded: 0 });
  expect(() => staticCounts('')).toThrow('no number');
  const one = '0.1 seconds\nimage  guards  second test  ranges\n    0       1                   0       4\n';
  expect(dynamicCount(one)).toBe(5);
  const two = [
    'image     guards  second test  ranges',
    '    0    808 101                   1       2',
    '    1    808 100                   0       0',
    '  all  1 616 201                   1       2',
  ].join('\n');
  expect(dynamicCount(two)).toBe(1_616_203);
  expect(() => dynamicCount('0.1 seconds')).toThrow('no numbers');
});

test('hooks are counted by the end of --emit=hooks', () => {
  const list =
    'a.pg:3:1  main  in each round\n\n1 hook\nspacing in loops: 50000 units, 12.5 µs\nlongest path without a hook: 240 units, 0.06 µs, from a.pg:1:1 to a.pg:3:1\n';
  expect(hookCounts(list)).toEqual({ hooks: 1, longest: 0.06 });
  expect(() => hookCounts('')).toThrow('no numbers');
});

test('what hooks cost is the middle of the ratios within rounds; above the mark more rounds are needed', () => {
  const samples = (...times: (readonly number[])[]) =>
    times.map((t, k) => ({ name: ['off', '10 µs', 'profile'][k] ?? '', times: t }));
  const good = samples([1, 2, 1], [1.01, 2, 5], [1.2, 2.4, 1.2]);
  const bad = samples([1, 2, 1], [1.06, 2.12, 1], [1, 2, 1]);
  expect(belowMarks(good, aim)).toBe(true);
  expect(belowMarks(bad, aim)).toBe(false);
  const { rows } = overheadTable(
    [
      { program: 'x', samples: good },
      { program: 'y', samples: bad },
    ],
    aim,
  );
  const near = (x: number) => expect.closeTo(x, 6);
  expect(rows.map((r) => [r[0], r[2], r.at(-2), r.at(-1)])).toEqual([
    ['x', near(1.01), '10 µs 1.050', 'yes'],
    ['y', near(1.06), '10 µs 1.050', 'no: 10 µs'],
    ['geometric mean', near(Math.sqrt(1.01 * 1.06)), '10 µs 1.010', 'no: 10 µs'],
    ['worst', near(1.06), '10 µs 1.050', 'no: 10 µs'],
  ]);
});

test('a quick run of heartbeat compares with for and with grains', { timeout: 300_000 }, async () => {
  const text = await bench(['--only=heartbeat/tree', '--quick', '--json'], quiet);
  const [overhead, divided] = JSON.parse(text);
  expect(overhead.rows[0]['100 µs']).toBeGreaterThan(0);
  expect(divided.rows[0].heartbeat).toBeGreaterThan(0);
  expect(divided.rows[0]['best grain']).toContain(' of 1, 2, 4, 6, 9');
});

test('times of ways are compared within each round', () => {
  const relative = relativeTimes(
    new Map([
      ['a', [1, 10, 1]],
      ['b', [4, 40, 9]],
    ]),
  );
  expect(relative.get('a')).toBeCloseTo(0.5);
  expect(relative.get('b')).toBeCloseTo(2);
});

test('a handler that is slower than the event of JavaScript misses its mark', () => {
  const one = (middle: number) => [{ middle, high: 9 }];
  const { rows } = tableOf(
    new Map([
      ['recv', one(4)],
      ['wake', one(6)],
      ['message-event', one(5)],
    ]),
  );
  expect(rows.map((r) => r.slice(-2))).toEqual([
    ['median 5.0', 'yes'],
    ['median 5.0', 'no: median'],
    ['', ''],
  ]);
});

test('latencies are the two numbers of a line', () => {
  expect(latencyOf('2.919 826.344\n')).toEqual({ middle: 2.919, high: 826.344 });
  expect(() => latencyOf('fast')).toThrow('no latency');
});

test('a quick run of handlers measures ours and that of JavaScript', { timeout: 300_000 }, async () => {
  const text = await bench(['--only=handlers/branch,message-event', '--quick', '--json'], quiet);
  const [table] = JSON.parse(text);
  expect(table.rows).toHaveLength(2);
  for (const row of table.rows) expect(row['best median']).toBeGreaterThan(0);
});

test('times between hooks are read from --stats', () => {
  const line = '  image 0: 99.0 µs between two of them (median), p99 1.02 ms, most 2.5 s\n';
  expect(hookIntervals(`hooks due (every 100 µs): 3 on image 0\n${line}`)).toEqual([99, 1020, 2_500_000]);
  expect(() => hookIntervals('')).toThrow('no times');
});

test('what a pass is worth: programs that are the same without it count as 1', () => {
  const program = (name: string) => ({ ...(programs[0] as (typeof programs)[number]), name });
  const samples = (...times: (readonly number[])[]) =>
    times.map((t, k) => ({ name: ['all', 'fold', 'licm'][k] ?? '', times: t }));
  const [a, b] = [
    [1, 2],
    [2, 2],
  ];
  const table = worthTable([
    { program: program('x'), images: 1, samples: samples(a, [4, 5], a), artifacts: new Map() },
    { program: program('y'), images: 1, samples: samples(b, b, [1, 1]), artifacts: new Map() },
  ]);
  expect(table.rows).toEqual([
    ['fold', 1, expect.closeTo(2), 'x 4.00', ''],
    ['licm', 1, expect.closeTo(Math.SQRT1_2), '', 'y 0.50'],
  ]);
});

test('a quick run of passes leaves one out, and runs once what is the same', { timeout: 300_000 }, async () => {
  const runs: string[] = [];
  const listener = { ...quiet, progress: (text: string) => runs.push(text) };
  const how = ['--only=passes/complex', '--variants=vectorise,unswitch', '--quick', '--json'];
  const [table] = JSON.parse(await bench(how, listener));
  expect(table.rows.map((r: { pass: string; changes: number }) => [r.pass, r.changes]).toSorted()).toEqual([
    ['unswitch', 0],
    ['vectorise', 1],
  ]);
  expect(runs.filter((r) => r.includes('round'))).toEqual([
    'complex -n 1: round 1, all',
    'complex -n 1: round 1, vectorise',
  ]);
});

test('times between hooks have a column of their own each, and the middle of all programs', () => {
  const table = intervalTable([
    ['a', 9, 10, 11, 90, 100, 110, 900, 1000, 1100],
    ['b', 11, 12, 13, undefined, undefined, undefined, 1100, 1200, 1300],
  ]);
  expect(new Set(table.columns.map((c) => c.name)).size).toBe(12);
  const middle = ['middle program', 10, 11, 12, 90, 100, 110, 1000, 1100, 1200];
  expect(table.rows.at(-1)).toEqual([...middle, '25 % off', 'yes']);
  const [late] = intervalTable([['c', 13, 14, 15, 100, 110, 120, 700, 1000, 1100]]).rows;
  expect(late?.at(-1)).toBe('no: 10 µs, 1000 µs');
});

test('a quick run of guards compares with none, and counts', { timeout: 300_000 }, async () => {
  const text = await bench(['--only=guards/dot', '--images=1', '--variants=opt', '--quick', '--json'], quiet);
  const [times, counts] = JSON.parse(text);
  expect(times.rows[0].opt).toBeGreaterThan(0);
  expect(counts.rows[0]['ran, opt']).toBeLessThan(counts.rows[0].ran);
});

test('--list names every suite and what it has', async () => {
  const text = await bench(['--list'], quiet);
  for (const suite of [
    'compute',
    'parallel',
    'communication',
    'compile',
    'guards',
    'hooks',
    'handlers',
    'tasks',
    'memory',
    'passes',
    'same',
  ])
    expect(text).toMatch(new RegExp(`^${suite}: `, 'm'));
  expect(text).toContain('search_tree');
});

test('--help says how it is called', async () => {
  for (const option of ['--help', '-h']) expect(await bench([option], quiet)).toMatch(/^Usage: .*--only=/s);
});

test.each([
  [['--only=nothing'], 'no suite or program is called nothing'],
  [['--only=same/nothing'], 'no program is called nothing'],
  [['--only=guards/dot', '--variants=most'], 'no variant is called most'],
  [['--rounds=0'], 'the number of rounds is a positive number'],
  [['--images=two'], 'a number of images is a positive number'],
  [['--clock=sun'], 'no clock is called sun'],
  [['--fast'], '--fast'],
])('%j is a mistake', async (args, message) => {
  await expect(bench(args, quiet)).rejects.toThrow(message);
});

test('programs have names of their own', () => {
  expect(new Set(programs.map((p) => p.name)).size).toBe(programs.length);
});
