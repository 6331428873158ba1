// Many more images than there are cores, and more than a node can have.
import { afterAll, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders } from './pgc.ts';

const cwd = folderWith('test/cli/many-images/ring.pg', 'test/cli/many-images/large.pg');
afterAll(removeFolders);

test('images by the dozen meet, pass a message around, and add up', async () => {
  const ended = await pgc(['run', 'ring.pg', '-n', '65', '--timeout', '60'], { cwd, watchdog: 90 });
  expect(ended).toMatchObject({ code: 0, out: '65 images, sum 2080\n', left: false });
}, 100_000);

test.each([
  ['ring.pg', '513', '513 images do not fit: a node runs at most 512 images', '-n 512'],
  ['large.pg', '64', '64 images do not fit: this program needs 64 MiB an image, and a node has 4 GiB', '-n 63'],
])(
  '%s on %s images is refused',
  async (program, images, message, advice) => {
    const ended = await pgc(['run', program, '-n', images], { cwd });
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain(message);
    expect(ended.err).toContain(advice);
    expect(ended.err).not.toMatch(/^ +at /m);
  },
  70_000,
);
