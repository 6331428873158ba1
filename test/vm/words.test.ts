// The words of an image's page are declared in several files, each for a part of the run-time: none lies on another.
import { expect, test } from 'vitest';
import * as abi from '../../vm/abi.ts';

/** Bytes of those that are not of four. */
const sizes: Readonly<Record<string, number>> = {
  'page.hookTime': 8,
  'page.hookIntervals': 24 * 16 * 4,
  'page.inTeam': 4096,
  'page.shown': 32,
  'fibers.offers': 16,
  'fibers.slept': 8,
  'track.log': abi.trackLogBytes,
  'track.regions': 160,
};

type Word = readonly [name: string, from: number, to: number];

const wordsOf = (name: string, table: Readonly<Record<string, number>>): Word[] =>
  Object.entries(table).map(([key, from]) => [`${name}.${key}`, from, from + (sizes[`${name}.${key}`] ?? 4)] as const);

const collisions = (words: readonly Word[]): string[] => {
  const sorted = [...words].sort((a, b) => a[1] - b[1]);
  let furthest: Word | undefined;
  const found: string[] = [];
  for (const w of sorted) {
    if (furthest && furthest[2] > w[1]) found.push(`${furthest[0]} and ${w[0]}`);
    if (!furthest || w[2] > furthest[2]) furthest = w;
  }
  return found;
};

test('words that lie on each other are found', () => {
  expect(collisions(wordsOf('page', { a: 0, b: 4, hookTime: 8, c: 12 }))).toEqual(['page.hookTime and page.c']);
});

test.each([
  [
    'the page of an image',
    { page: abi.page, fibers: abi.fibers, profile: abi.profile, trace: abi.trace, comm: abi.comm, track: abi.track },
  ],
  ['the control block of a task', { task: abi.task }],
  ['the record of a loop', { par: abi.par }],
])('no two of %s do', (_, tables) => {
  expect(collisions(Object.entries(tables).flatMap(([name, table]) => wordsOf(name, table)))).toEqual([]);
});
