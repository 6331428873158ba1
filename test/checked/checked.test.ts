// pgc run --check=memory. wrong/*.pg: programs with one mistake each, which the first line describes and `//!` marks; without the
// check they run to their end or die of something else. right/*.pg, and programs that show what the language promises: the check
// says nothing.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';
import { prebuild } from '../cli/prebuild.ts';
import { command } from '../cli/resident.ts';

const wrong = join(import.meta.dirname, 'wrong');
const right = join(import.meta.dirname, 'right');
const conformance = join(root, 'test', 'conformance');
const programsIn = (folder: string): string[] => readdirSync(folder).filter((f) => f.endsWith('.pg'));

afterAll(removeFolders);

/** Addresses depend on how much memory the machine has. */
const withoutAddresses = (text: string): string => text.replace(/ at 0x[0-9a-f]+|0x[0-9a-f]+ was /, '');

describe.concurrent('finds', () => {
  test.each(programsIn(wrong))('%s', async (file) => {
    const lines = readFileSync(join(wrong, file), 'utf8').split('\n');
    const [, images = '', text = ''] = /^\/\/ fault: (\d) (.+)$/.exec(lines[0] ?? '') ?? [];
    expect(text, 'the first line says what').not.toBe('');
    const args = ['run', file, '-n', images, '--check=memory', '--timeout', '50'];
    const ended = await pgc(args, { cwd: wrong, watchdog: 80 });
    expect(ended).toMatchObject({ code: 1, left: false });
    const found = /^fault on image \d of \d: (.*)$/m.exec(ended.err)?.[1];
    expect(withoutAddresses(found ?? ended.err)).toBe(text);
    const line = new RegExp(`${file}:(\\d+):\\d+( |\\n|$)`).exec(ended.err.split('\n').slice(1).join('\n'))?.[1];
    expect(lines[Number(line) - 1]).toContain('//!');
    expect(ended.err).not.toContain('leaks');
  });
});

const quiet = [
  ...programsIn(right).map((f) => join(right, f)),
  ...['new-private', 'new-shared', 'new-locks', 'pointer-fields', 'pointer-local', 'pointer-shared'],
  ...['slices', 'strings', 'bulk-distributed', 'bulk-overlap', 'bulk-symmetric', 'messages-sizes', 'teams', 'events'],
].map((name) => (name.endsWith('.pg') ? name : join(conformance, `${name}.pg`)));

let artifactOf: (file: string) => string;
beforeAll(async () => {
  const args = ['--check=memory'];
  await prebuild(
    programsIn(wrong).map((file) => ({ file, args })),
    wrong,
  );
  artifactOf = await prebuild(
    quiet.map((file) => ({ file, args })),
    root,
  );
}, 900_000);

describe.concurrent('has nothing to say about', () => {
  test.each(quiet)('%s', async (path) => {
    const wasm = artifactOf(path);
    const configs = /^\/\/ with: (.*)$/m.exec(readFileSync(path, 'utf8'))?.[1]?.split(' ') ?? [];
    for (const n of [1, 3]) {
      const ended = await command(['run', wasm, '-n', String(n), '--timeout', '50', '--', ...configs], {
        watchdog: 80,
      });
      expect(ended, `on ${n} images`).toMatchObject({ code: 0, err: '', left: false });
    }
  });
});

test('tests of programs fail where they reach for what was deleted', async () => {
  const cwd = folderWith();
  const text = `fn kept() -> *int { let p = new int; delete p; return p; }
test "kept" { assert(*kept() == 0); }
test "fine" { let p = new int; assert(*p == 0); delete p; }
`;
  writeFileSync(join(cwd, 'kept.pg'), text);
  expect((await command(['test', 'kept.pg', '-n', '1'], { cwd })).code).toBe(0);
  const ended = await command(['test', 'kept.pg', '-n', '1', '--check=memory'], { cwd });
  expect(ended.code).toBe(1);
  expect(ended.out + ended.err).toContain('allocated at kept.pg:1:29 and deleted at kept.pg:1:38');
  expect(ended.out + ended.err).toContain('1 failed');
});

describe('what it cannot be asked', () => {
  const file = join(right, 'others.pg');

  test.each([
    [
      '--check=speed',
      'error: --check=speed: there is no such check\n  hint: memory: each access lies in one live object\n',
    ],
    ['--guards=off', 'error: --check=memory and --guards=off: guards are what is checked\n'],
    ['--moving', 'error: --check=memory and --moving: objects that are checked stay where they are\n'],
  ])('%s', async (option, err) => {
    const ended = await pgc(['run', file, '--check=memory', option]);
    expect(ended).toMatchObject({ code: 2, out: '', err });
  });

  test('an artifact', async () => {
    const wasm = join(folderWith(), 'program.wasm');
    expect((await pgc(['build', file, '-o', wasm])).code).toBe(0);
    const ended = await pgc(['run', wasm, '--check=memory']);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('--check is for sources');
  });
});
