// What `pgc run --memory` prints, as goldens, and what can be asked of it wrongly.
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { memoryReport } from '../../bench/suites/memory.ts';
import { folderWith, pgc, removeFolders } from '../cli/pgc.ts';

const programs = join(import.meta.dirname, 'programs');

afterAll(removeFolders);

/** Lines of standard output come from several images. */
const sorted = (text: string): string => text.split('\n').sort().join('\n').trim();

describe.each([1, 2, 3, 4, 7])('%i images', (images) => {
  test.each(['kinds', 'clean', 'stops', 'leaves'])('%s', async (name) => {
    const ended = await pgc(['run', `${name}.pg`, '-n', String(images), '--memory'], { cwd: programs, watchdog: 60 });
    const text = `--- stdout\n${sorted(ended.out)}\n--- stderr\n${ended.err}--- exit ${ended.code}\n`;
    await expect(text).toMatchFileSnapshot(join(import.meta.dirname, 'goldens', `${name}-${images}.out`));
    expect(ended.left).toBe(false);
  });
});

test('the benchmarks find in it what they want', () => {
  const text = readFileSync(join(import.meta.dirname, 'goldens', 'kinds-1.out'), 'utf8');
  expect(memoryReport(text)).toMatchObject({ made: expect.any(Number), left: 6 });
});

describe('artifacts', () => {
  const cwd = folderWith();
  copyFileSync(join(programs, 'clean.pg'), join(cwd, 'clean.pg'));

  test('one that was built for it says the same as the program', async () => {
    expect((await pgc(['build', 'clean.pg', '--memory'], { cwd })).code).toBe(0);
    const ended = await pgc(['run', 'clean.wasm', '-n', '2', '--memory'], { cwd });
    expect(ended.err).toContain('no leaks');
    expect(ended.code).toBe(0);
    const quiet = await pgc(['run', 'clean.wasm', '-n', '2'], { cwd });
    expect(quiet).toMatchObject({ code: 0, err: '' });
  });

  test('one that was not is refused', async () => {
    expect((await pgc(['build', 'clean.pg', '-o', 'plain.wasm'], { cwd })).code).toBe(0);
    const ended = await pgc(['run', 'plain.wasm', '--memory'], { cwd });
    expect(ended.code).toBe(2);
    expect(ended.err).toBe(
      'error: plain.wasm was built without --memory\n  hint: pgc build --memory prog.pg, or run the .pg file itself\n',
    );
  });
});
