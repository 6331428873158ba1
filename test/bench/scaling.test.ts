// The model of caches, and what it says of a barrier.
import { expect, test } from 'vitest';
import { Caches } from '../../bench/coherence.ts';
import { bench } from '../../bench/run.ts';

test('a line moves when one reads what another wrote, and when one writes what others have', () => {
  const caches = new Caches();
  const moved = (image: number, write: boolean, address = 64, bytes = 8): number => {
    caches.access(image, address, bytes, write);
    return caches.take().moved;
  };
  expect(moved(0, false)).toBe(1);
  expect(moved(0, false)).toBe(0);
  expect(moved(1, false)).toBe(1);
  expect(moved(0, true)).toBe(1);
  expect(moved(0, true)).toBe(0);
  expect(moved(0, false)).toBe(0);
  expect(moved(1, false)).toBe(1);
  expect(moved(1, true)).toBe(1);
  expect(moved(0, true)).toBe(1);
  // Over the border of two lines, of which it has one.
  expect(moved(0, true, 124, 8)).toBe(1);
  // Beside it: another line.
  expect(moved(1, true, 192, 8)).toBe(1);
});

test('moves are told line by line', () => {
  const caches = new Caches();
  for (let k = 0; k < 6; k++) caches.access(k % 2, 0, 4, true);
  for (let k = 0; k < 3; k++) caches.access(k, 64 * (k + 1), 4, true);
  expect(caches.take()).toEqual({
    moved: 9,
    lines: new Map([
      [0, 6],
      [1, 1],
      [2, 1],
      [3, 1],
    ]),
  });
  expect(caches.take()).toEqual({ moved: 0, lines: new Map() });
});

test('each image of a barrier moves a few lines, however many there are', { timeout: 120_000 }, async () => {
  const quiet = { progress: () => undefined, finished: () => undefined, failed: () => undefined };
  const [each, longest] = JSON.parse(await bench(['--only=scaling/barrier', '--quick', '--json'], quiet));
  expect(each.rows).toHaveLength(1);
  for (const images of ['2', '4']) expect(each.rows[0][images]).toBeGreaterThan(0);
  for (const images of ['2', '4']) expect(each.rows[0][images]).toBeLessThan(6);
  expect(longest.rows[0]['4']).toBeGreaterThan(longest.rows[0]['2']);
});
