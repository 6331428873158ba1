// The times between hooks at which something was due, as `pgc run --stats` tells them.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hookIntervals } from '../../vm/abi.ts';
import { intervalsOf } from '../../vm/hook-stats.ts';
import { folderWith, pgc, removeFolders } from '../cli/pgc.ts';

afterAll(removeFolders);

const { firstPower, powers, perPower } = hookIntervals;

/** As the run-time counts. */
const countsOf = (times: readonly number[]): number[] => {
  const counts = new Array<number>(powers * perPower).fill(0);
  for (const t of times) {
    const power = Math.floor(Math.log2(t));
    const k = (power - firstPower) * perPower + (Math.floor(t / 2 ** (power - 4)) & 15);
    counts[k] = (counts[k] ?? 0) + 1;
  }
  return counts;
};

test('median, 99th percentile and maximum, within a sixteenth', () => {
  expect(intervalsOf(countsOf([]))).toBeUndefined();
  const times = Array.from({ length: 1000 }, (_, i) => 1000 * (i + 1));
  const found = intervalsOf(countsOf(times));
  for (const [is, should] of [
    [found?.median, 500_000],
    [found?.p99, 990_000],
    [found?.most, 1_000_000],
  ]) {
    expect(is).toBeGreaterThan((should ?? 0) * (1 - 1 / 16));
    expect(is).toBeLessThan((should ?? 0) * (1 + 1 / 16));
  }
  expect(intervalsOf(countsOf([5000]))).toEqual({ median: 4992, p99: 4992, most: 4992 });
});

const loop = `fn main() {
  var x = 88172645463325252;
  for i in 0..400_000_000 { x ^= x << 13; x ^= x >> 7; x ^= x << 17; }
  print("{}", x);
}
`;

test('--stats tells them, also of programs with tasks', { timeout: 200_000 }, async () => {
  const cwd = folderWith();
  writeFileSync(join(cwd, 'loop.pg'), loop);
  writeFileSync(join(cwd, 'task.pg'), `${loop.replace('fn main', 'fn work')}fn main() { join(spawn work()); }\n`);
  for (const file of ['loop.pg', 'task.pg']) {
    const ended = await pgc(['run', file, '-n', '1', '--stats'], { cwd });
    expect(ended.code, ended.err).toBe(0);
    expect(ended.err).toMatch(
      /hooks due \(every 100 µs\): \d+ on image 0\n {2}image 0: [\d.]+ (µs|ms) between two of them \(median\), p99 [\d.]+ .s, most [\d.]+ .?s\n/,
    );
  }
  const counted = await pgc(['run', 'loop.pg', '-n', '1', '--stats', '--timing=count'], { cwd });
  expect(counted.err).toContain('hooks due (by what the code costs): ');
});
