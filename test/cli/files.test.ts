// What a program may do with files: nothing unless it was allowed, and then only what really lies below the folders that were
// named. One program is told by a number which path to try.
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, folderWith, pgc, removeFolders } from './pgc.ts';

/** The folder that is allowed is `top/in`; all else in `top` is outside. */
const top = realpathSync(folderWith());
const paths = {
  file: 'in/a.txt',
  dotted: './in/sub/../a.txt',
  absolute: join(top, 'in', 'a.txt'),
  missing: 'in/none.txt',
  folder: 'in/sub',
  itself: 'in',
  below: 'in/a.txt/b',
  noFolder: 'in/none/a.txt',
  empty: '',
  zero: 'in/a\\x00.txt',
  bytes: '\\xff',
  pipe: 'in/pipe',
  up: 'in/../secret.txt',
  upMissing: 'in/../none.txt',
  upFolder: '..',
  outside: join(top, 'secret.txt'),
  outsideMissing: join(top, 'none.txt'),
  outsideFolder: join(top, 'none', 'deep', 'none.txt'),
  system: '/etc/passwd',
  sibling: 'in2/b.txt',
  linkOut: 'in/out.txt',
  linkOutMissing: 'in/nowhere.txt',
  linkFolder: 'in/outer/secret.txt',
  linkFolderMissing: 'in/outer/none.txt',
  linkFolderUp: 'in/sub/../outer/secret.txt',
  linkLoop: 'in/loop.txt',
  linkIn: 'in/same.txt',
  linkFolderIn: 'in/sub2/c.txt',
  hard: 'in/hard.txt',
  made: 'in/new.txt',
  madeBelow: 'in/sub/new.txt',
  madeOut: 'new.txt',
  madeAbsolute: join(top, 'new2.txt'),
  madeByFolder: 'in/outer/new3.txt',
  nothing: 'in/empty.txt',
  process: '/proc/self/stat',
} as const;
type Path = keyof typeof paths;
const names = Object.keys(paths) as Path[];

const program = `config const which: int = 0;
config const writes: bool = false;
fn path() -> str {
${names
  .filter((name) => name !== 'bytes')
  .map((name) => `  if which == ${names.indexOf(name)} { return "${paths[name]}"; }`)
  .join('\n')}
  let bytes = new [1]u8;
  bytes[0] = 255;
  if which == ${names.indexOf('bytes')} { return bytes as str; }
  trap("no such path");
}
fn main() {
  if writes {
    var data: [3]u8;
    for i in 0..3 { data[i] = (120 + i) as u8; }
    write_file(path(), data[..]);
  } else {
    let text = read_file(path());
    print("{}: {}", text.len, text as str);
  }
}
`;

const attempt = (name: Path, flags: readonly string[], writes = false, images = 1): Promise<Ended> =>
  pgc(['run', 'try.wasm', '-n', `${images}`, ...flags, '--', `--which=${names.indexOf(name)}`, `--writes=${writes}`], {
    cwd: top,
    watchdog: 30,
  });

/** Everything outside of what may be written, with its content. */
const outside = (): readonly string[] =>
  ['.', 'in2'].flatMap((folder) =>
    readdirSync(join(top, folder), { withFileTypes: true })
      .filter((e) => e.isFile() && e.name !== 'try.wasm.map')
      .map((e) => `${folder}/${e.name}: ${readFileSync(join(top, folder, e.name)).length}`),
  );

beforeAll(async () => {
  for (const folder of ['in', 'in/sub', 'in2']) mkdirSync(join(top, folder));
  writeFileSync(join(top, 'in', 'a.txt'), 'inside');
  writeFileSync(join(top, 'in', 'empty.txt'), '');
  writeFileSync(join(top, 'in', 'sub', 'c.txt'), 'below');
  writeFileSync(join(top, 'in2', 'b.txt'), 'secret');
  writeFileSync(join(top, 'secret.txt'), 'secret');
  symlinkSync('../secret.txt', join(top, 'in', 'out.txt'));
  symlinkSync('../nowhere.txt', join(top, 'in', 'nowhere.txt'));
  symlinkSync('..', join(top, 'in', 'outer'));
  symlinkSync('loop.txt', join(top, 'in', 'loop.txt'));
  symlinkSync('a.txt', join(top, 'in', 'same.txt'));
  symlinkSync('sub', join(top, 'in', 'sub2'));
  symlinkSync('in', join(top, 'alias'));
  linkSync(join(top, 'in', 'a.txt'), join(top, 'in', 'hard.txt'));
  execFileSync('mkfifo', [join(top, 'in', 'pipe')]);
  writeFileSync(join(top, 'try.pg'), program);
  const built = await pgc(['build', 'try.pg'], { cwd: top });
  expect(built, built.err).toMatchObject({ code: 0 });
});

afterAll(removeFolders);

const refused = (ended: Ended, name: Path, how: string, reason: string): void => {
  expect(ended.err).toContain(how);
  expect(ended.err).toContain(reason);
  expect(ended.err).not.toMatch(/\n\s+at .*\.(js|ts|cjs):|internal error/);
  if (!paths[name].includes('\\')) expect(ended.err).toContain(`"${paths[name]}"`);
  expect(ended.err).toContain('--> try.pg:');
  expect(ended.out).toBe('');
  expect(ended.code).toBe(1);
  expect(ended.left).toBe(false);
};

const none = 'no folder is allowed for it';
const away = 'it is outside of the folders that are allowed';
const link = 'a symbolic link in it leads outside of the folders that are allowed';

describe('reading is refused', () => {
  const cases: readonly (readonly [Path, readonly string[], string])[] = [
    ['file', [], none],
    ['file', ['--allow-write=in'], none],
    ['file', ['--allow-read=in2'], away],
    ['file', ['--allow-read=in/sub'], away],
    ['missing', [], none],
    ['up', ['--allow-read=in'], away],
    ['upMissing', ['--allow-read=in'], away],
    ['upFolder', ['--allow-read'], away],
    ['outside', ['--allow-read=in'], away],
    ['outsideMissing', ['--allow-read=in'], away],
    ['outsideFolder', ['--allow-read=in'], away],
    ['system', ['--allow-read'], away],
    ['sibling', ['--allow-read=in'], away],
    ['linkOut', ['--allow-read=in'], link],
    ['linkOutMissing', ['--allow-read=in'], link],
    ['linkFolder', ['--allow-read=in'], link],
    ['linkFolderMissing', ['--allow-read=in'], link],
    ['linkFolderUp', ['--allow-read=in'], link],
    ['linkLoop', ['--allow-read=in'], link],
  ];
  test.each(cases)('%s %j', async (name, flags, reason) => {
    const ended = await attempt(name, flags);
    refused(ended, name, 'fault on image 0 of 1: reading ', `is not allowed: ${reason}\n`);
    expect(ended.err).toContain('hint: pgc run --allow-read=DIR');
  });
});

describe('what is allowed but cannot be read is told apart', () => {
  const cases: readonly (readonly [Path, string])[] = [
    ['missing', 'there is no such file'],
    ['noFolder', 'there is no such file'],
    ['folder', 'it is a folder'],
    ['itself', 'it is a folder'],
    ['below', 'not a directory'],
    ['pipe', 'it is not a plain file'],
    ['empty', 'a path is UTF-8 text that is not empty'],
    ['zero', 'a path is UTF-8 text that is not empty'],
    ['bytes', 'a path is UTF-8 text that is not empty'],
  ];
  test.each(cases)('%s', async (name, reason) => {
    refused(await attempt(name, ['--allow-read=in']), name, 'fault on image 0 of 1: cannot read ', reason);
  });
});

describe('writing is refused', () => {
  const cases: readonly (readonly [Path, readonly string[], string])[] = [
    ['made', [], none],
    ['made', ['--allow-read=in'], none],
    ['made', ['--allow-write=in2'], away],
    ['up', ['--allow-write=in'], away],
    ['outside', ['--allow-write=in'], away],
    ['madeOut', ['--allow-write=in'], away],
    ['madeAbsolute', ['--allow-write=in'], away],
    ['sibling', ['--allow-write=in'], away],
    ['outsideFolder', ['--allow-write=in'], away],
    ['itself', ['--allow-write=in'], away],
    ['linkFolder', ['--allow-write=in'], link],
    ['madeByFolder', ['--allow-write=in'], link],
  ];
  test.each(cases)('%s %j', async (name, flags, reason) => {
    const before = outside();
    const ended = await attempt(name, flags, true);
    refused(ended, name, 'fault on image 0 of 1: writing ', `is not allowed: ${reason}\n`);
    expect(ended.err).toContain('hint: pgc run --allow-write=DIR');
    expect(outside()).toEqual(before);
    expect(existsSync(join(top, 'in', 'new.txt'))).toBe(false);
  });

  const impossible: readonly (readonly [Path, string])[] = [
    ['linkOut', 'it is a symbolic link'],
    ['linkOutMissing', 'it is a symbolic link'],
    ['linkIn', 'it is a symbolic link'],
    ['linkLoop', 'it is a symbolic link'],
    ['noFolder', 'there is no such folder'],
    ['folder', 'it is a folder'],
    ['below', 'not a directory'],
    ['empty', 'a path is UTF-8 text that is not empty'],
    ['zero', 'a path is UTF-8 text that is not empty'],
  ];
  test.each(impossible)('%s', async (name, reason) => {
    const before = outside();
    const ended = await attempt(name, ['--allow-write=in'], true);
    refused(ended, name, 'fault on image 0 of 1: cannot write ', reason);
    expect(outside()).toEqual(before);
    expect(existsSync(join(top, 'nowhere.txt'))).toBe(false);
    expect(readFileSync(join(top, 'in', 'a.txt'), 'utf8')).toBe('inside');
  });

  test('a pipe, which would wait for a reader', async () => {
    const ended = await attempt('pipe', ['--allow-write=in'], true);
    expect(ended.err).toMatch(/cannot write "in\/pipe": /);
    expect(ended.code).toBe(1);
  });
});

describe('allowed', () => {
  const reads: readonly (readonly [Path, readonly string[], string])[] = [
    ['file', ['--allow-read'], '6: inside\n'],
    ['file', ['--allow-read=in'], '6: inside\n'],
    ['file', [`--allow-read=${top}`], '6: inside\n'],
    ['file', ['--allow-read=/'], '6: inside\n'],
    ['file', ['--allow-read=in2,in'], '6: inside\n'],
    ['file', ['--allow-read=in2', '--allow-read=in/'], '6: inside\n'],
    ['file', ['--allow-read=alias'], '6: inside\n'],
    ['absolute', ['--allow-read=in'], '6: inside\n'],
    ['dotted', ['--allow-read=in'], '6: inside\n'],
    ['linkIn', ['--allow-read=in'], '6: inside\n'],
    ['linkFolderIn', ['--allow-read=in'], '5: below\n'],
    ['linkOut', ['--allow-read'], '6: secret\n'],
    ['hard', ['--allow-read=in'], '6: inside\n'],
    ['nothing', ['--allow-read=in'], '0: \n'],
  ];
  test.each(reads)('reading %s %j', async (name, flags, out) => {
    const ended = await attempt(name, flags);
    expect(ended).toMatchObject({ err: '', out, code: 0, left: false });
  });

  test('a file whose size the system does not know ahead', async () => {
    const ended = await attempt('process', ['--allow-read=/proc']);
    expect(ended.err).toBe('');
    expect(ended.out).toMatch(/^[1-9]\d+: \d+ \(/);
  });

  test.each([1, 2, 3, 4, 7])('%i images read one file', async (images) => {
    const ended = await attempt('file', ['--allow-read=in'], false, images);
    expect(ended).toMatchObject({ err: '', out: '6: inside\n'.repeat(images), code: 0 });
  });

  test.each(['made', 'madeBelow'] as const)('writing %s makes a file, and replaces a longer one', async (name) => {
    const file = join(top, paths[name]);
    for (const before of [undefined, 'much longer than three bytes', '']) {
      if (before !== undefined) writeFileSync(file, before);
      const ended = await attempt(name, ['--allow-write=in'], true);
      expect(ended).toMatchObject({ err: '', out: '', code: 0 });
      expect(readFileSync(file, 'utf8')).toBe('xyz');
    }
    expect(lstatSync(file).mode & 0o111).toBe(0);
  });
});

describe('the flags', () => {
  const wrong: readonly (readonly [string, string])[] = [
    ['--allow-read=none', '--allow-read: there is no folder "none"'],
    ['--allow-write=in/a.txt', '--allow-write: there is no folder "in/a.txt"'],
    ['--allow-read=in,', '--allow-read: there is no folder ""'],
    ['--allow-write=', '--allow-write: there is no folder ""'],
  ];
  test.each(wrong)('%s', async (flag, message) => {
    const ended = await pgc(['run', 'try.wasm', flag], { cwd: top });
    expect(ended.err).toContain(message);
    expect(ended.err).toContain('hint: name folders that exist');
    expect(ended.code).toBe(2);
  });

  test('the word after a flag is the program', async () => {
    const ended = await pgc(['run', '--allow-read', 'try.wasm', '-n', '1'], { cwd: top });
    expect(ended).toMatchObject({ err: '', out: '6: inside\n', code: 0 });
    const two = await pgc(['run', '--allow-read', 'in', 'try.wasm'], { cwd: top });
    expect(two.err).toContain('folders that are allowed are given after =');
    expect(two.code).toBe(2);
  });

  test('pgc test has them too', async () => {
    writeFileSync(join(top, 'tests.pg'), 'test "reads" { assert(read_file("in/a.txt").len == 6); }\n');
    const allowed = await pgc(['test', '--allow-read=in', 'tests.pg', '-n', '2'], { cwd: top });
    expect(allowed.code, allowed.err + allowed.out).toBe(0);
    const denied = await pgc(['test', '--allow-write=in', 'tests.pg', '-n', '1'], { cwd: top });
    expect(denied.out).toContain('reading "in/a.txt" is not allowed');
    expect(denied.code).toBe(1);
    const wrong = await pgc(['test', '--allow-read=none', 'tests.pg'], { cwd: top });
    expect(wrong.err).toContain('there is no folder "none"');
    expect(wrong.code).toBe(2);
  });

  test('after -- they are the program’s', async () => {
    const ended = await pgc(['run', 'try.wasm', '-n', '1', '--', '--allow-read'], { cwd: top });
    expect(ended.out).toBe('');
    expect(ended.code).toBe(2);
  });
});

test('a program without files imports nothing of them', async () => {
  const importsOf = (file: string): string[] =>
    WebAssembly.Module.imports(new WebAssembly.Module(readFileSync(join(top, file))))
      .map((i) => i.name)
      .filter((name) => name.startsWith('file_'));
  writeFileSync(join(top, 'plain.pg'), 'fn main() { print("no file"); }\n');
  expect((await pgc(['build', 'plain.pg'], { cwd: top })).code).toBe(0);
  expect(importsOf('plain.wasm')).toEqual([]);
  expect(importsOf('try.wasm').sort()).toEqual(['file_open', 'file_read', 'file_write']);
});
