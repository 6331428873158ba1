// Runs each test/run/*.pg as its first lines say and compares all that it prints, and the exit code, with the golden beside it.
// Lines of standard output are sorted: images run at once.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faults } from '../../vm/abi.ts';
import { pgc, removeFolders, root } from '../cli/pgc.ts';
import { prebuild } from '../cli/prebuild.ts';

const folder = join(root, 'test', 'run');
const programs = readdirSync(folder).filter((f) => f.endsWith('.pg'));

const runsOf = (file: string): string[][] => {
  const headers = /^(?:\/\/ run:.*\n)+/.exec(readFileSync(join(folder, file), 'utf8'))?.[0] ?? '';
  const lines = headers.split('\n').slice(0, -1);
  return lines.map((header) => header.slice('// run:'.length).trim().split(/\s+/));
};

beforeAll(async () => {
  await prebuild(
    programs.flatMap((file) => runsOf(file).map((args) => ({ file, args }))),
    folder,
  );
}, 900_000);
afterAll(removeFolders);

describe('programs', () => {
  test.each(programs)('%s', async (file) => {
    const runs = runsOf(file);
    expect(runs, 'the first line says how: // run: -n 4').not.toEqual([]);
    let all = '';
    for (const run of runs) {
      const args = ['run', file, ...run];
      const ended = await pgc(args, { cwd: folder, watchdog: 60 });
      expect(ended.left).toBe(false);
      expect(ended.err).not.toMatch(/\n\s+at .*\.(js|ts|mjs):|internal error/);
      const lines = ended.out.split('\n').slice(0, -1).sort();
      const counted = lines.length > 100 ? [`${new Set(lines).size} different lines, such as`, lines[0] ?? ''] : lines;
      all += `$ pgc ${args.join(' ')}\n--- stdout\n${counted.map((l) => `${l}\n`).join('')}--- stderr\n${ended.err}--- exit ${ended.code}\n`;
      if (/^(fault|deadlock)-/.test(file)) expect(ended.code).toBe(1);
    }
    await expect(all).toMatchFileSnapshot(join(folder, file.replace(/\.pg$/, '.out')));
  });
});

/** Kinds that no program can bring about, and why. */
const unreachable: Readonly<Record<string, string>> = {
  none: 'is no fault',
  exit: 'is no fault: exit-code.pg',
  'event-full': 'takes 2^31 posts, which is minutes',
  'track-full': 'takes millions of objects, unless slots are small: test/track/track.test.ts',
  'not-local': 'every image of a node can be reached by load and store',
};

test('there is a program for every kind of fault', () => {
  const missing = faults.map((f) => f.kind).filter((k) => !(k in unreachable) && !programs.includes(`fault-${k}.pg`));
  expect(missing).toEqual([]);
});
