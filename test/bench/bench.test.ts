// The command line of the benchmarks, and that a quick run of one program gives a table. No time is asserted.
import { expect, test } from 'vitest';
import { programs } from '../../bench/programs.ts';
import { bench } from '../../bench/run.ts';

const quiet = { progress: () => undefined, finished: () => undefined };

test('a quick run of two variants gives a table with a row for each number of images', {
  timeout: 60_000,
}, async () => {
  const text = await bench(['--only=same/dot', '--images=1', '--quick', '--json'], quiet);
  const tables = JSON.parse(text);
  expect(tables).toHaveLength(1);
  expect(tables[0].rows).toHaveLength(1);
  const row = tables[0].rows[0];
  expect(row).toMatchObject({ program: 'dot', images: 1 });
  for (const variant of ['one', 'another', 'third']) expect(row[variant]).toBeGreaterThan(0);
});

test('sizes of the table of objects are read from the report of --memory', { timeout: 60_000 }, async () => {
  const text = await bench(['--only=memory/hash', '--images=1', '--quick', '--json'], quiet);
  const row = JSON.parse(text)[1].rows[0];
  // An entry for each key, the buckets, and what the table needs besides.
  expect(row.made).toBe(20_001);
  expect(row['left at the end']).toBe(20_001);
  expect(row['per object']).toBeGreaterThan(8);
});

test('--list names every suite and what it has', async () => {
  const text = await bench(['--list'], quiet);
  for (const suite of ['peers', 'guards', 'memory', 'passes', 'same'])
    expect(text).toMatch(new RegExp(`^${suite}: `, 'm'));
  expect(text).toContain('search_tree');
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
