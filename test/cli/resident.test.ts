// The process that runs commands for tests says what the command line itself would, and a program that hangs is the failure of one test.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders } from './pgc.ts';
import { command } from './resident.ts';

afterAll(removeFolders);

const folder = folderWith();
writeFileSync(join(folder, 'endless.pg'), 'fn main() { var n = 0; loop { n += 1; } }\n');
writeFileSync(join(folder, 'wrong.pg'), 'fn main() { print("{}", x); }\n');
writeFileSync(
  join(folder, 'bad.pg'),
  'config const at: int = 1;\nfn main() { print("a"); eprint("b"); assert(at == 1, "c"); exit(7); }\n',
);

test('a program that hangs is ended, and those behind it run', async () => {
  const args = ['run', 'endless.pg', '-n', '1', '--timing=off'];
  const hung = command(args, { cwd: folder, watchdog: 3 });
  const next = command(['run', 'bad.pg', '-n', '1'], { cwd: folder });
  await expect(hung).rejects.toThrow(/^hung: pgc run endless\.pg/);
  expect(await next).toMatchObject({ code: 7, out: 'a\n', err: 'b\n', left: false });
});

test.each([
  [['run', 'bad.pg', '-n', '3', '--', '--at=1']],
  [['run', 'bad.pg', '-n', '1', '--', '--at=2']],
  [['run', 'wrong.pg']],
  [['run', 'endless.pg', '-n', '2', '--timeout', '0.3', '--timing=off']],
  [['build', 'none.pg']],
])('%j', async (args) => {
  const { code, err } = await pgc(args, { cwd: folder });
  const said = await command(args, { cwd: folder });
  const sorted = (text: string): string => text.split('\n').sort().join('\n');
  expect({ code: said.code, err: sorted(said.err) }).toEqual({ code, err: sorted(err) });
});
