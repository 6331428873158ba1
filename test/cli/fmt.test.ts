// pgc fmt: which files it takes, what it writes and what it leaves alone. The layout itself is tested in test/format.
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, root } from './pgc.ts';

const ugly = 'fn  main( ){\nprint ( "x" ) ; // says x\n}';
const neat = 'fn main() {\n  print("x"); // says x\n}\n';
const wrong = 'fn main() {\n  let x = ;\n}\n';

let cwd = '';
beforeEach(() => {
  cwd = folderWith();
});
afterAll(removeFolders);

const put = (path: string, text: string | Uint8Array): void => writeFileSync(join(cwd, path), text);
const got = (path: string): string => readFileSync(join(cwd, path), 'utf8');
const fmt = (...args: readonly string[]) => pgc(['fmt', ...args], { cwd });

/** An old time, to see whether a file was written. */
const past = new Date(1_600_000_000_000);
const age = (path: string): void => utimesSync(join(cwd, path), past, past);
const isOld = (path: string): boolean => statSync(join(cwd, path)).mtimeMs === past.getTime();

describe('what it leaves alone', () => {
  test('a file with mistakes in its syntax; others go on', async () => {
    put('a.pg', ugly);
    put('b.pg', wrong);
    put('c.pg', ugly);
    age('b.pg');
    const ended = await fmt('a.pg', 'b.pg', 'c.pg');
    expect(ended.code).toBe(1);
    expect(ended.out).toBe('');
    expect(ended.err).toMatch(/^pgc: formatted a\.pg\npgc: formatted c\.pg\nerror\[PG\d+\].*\n --> b\.pg:2:11\n/);
    expect(ended.err).toMatch(/\n1 error; `pgc explain PG\d+` says more\n$/);
    expect([got('a.pg'), got('b.pg'), got('c.pg')]).toEqual([neat, wrong, neat]);
    expect(isOld('b.pg')).toBe(true);
  });

  test('everything, with --check; what would change is listed', async () => {
    put('a.pg', ugly);
    put('b.pg', neat);
    for (const file of ['a.pg', 'b.pg']) age(file);
    expect(await fmt('--check', 'a.pg', 'b.pg')).toMatchObject({ code: 1, out: 'a.pg\n', err: '' });
    expect(await fmt('--check', 'b.pg')).toMatchObject({ code: 0, out: '', err: '' });
    expect(got('a.pg')).toBe(ugly);
    expect(isOld('a.pg') && isOld('b.pg')).toBe(true);
    expect(readdirSync(cwd).sort()).toEqual(['a.pg', 'b.pg']);
    put('c.pg', wrong);
    const ended = await fmt('--check', 'a.pg', 'c.pg');
    expect(ended).toMatchObject({ code: 1, out: 'a.pg\n' });
    expect(ended.err).toContain('c.pg:2:11');
  });

  test('a file that has the layout', async () => {
    put('a.pg', neat);
    age('a.pg');
    expect(await fmt('a.pg')).toMatchObject({ code: 0, out: '', err: '' });
    expect(isOld('a.pg')).toBe(true);
  });

  test('a mistake in what the program means is none here', async () => {
    put('a.pg', 'fn main(){ let x: int = nothing; }\n');
    expect(await fmt('a.pg')).toMatchObject({ code: 0 });
    expect(got('a.pg')).toBe('fn main() { let x: int = nothing; }\n');
  });

  test('a missing file is a mistake with a hint; others go on', async () => {
    put('heat.pg', ugly);
    const ended = await fmt('haet.pg', 'heat.pg');
    expect(ended.code).toBe(2);
    expect(ended.err).toBe('error: there is no file haet.pg\n  hint: did you mean heat.pg?\npgc: formatted heat.pg\n');
    expect(got('heat.pg')).toBe(neat);
  });

  test('what is no text', async () => {
    const bytes = Buffer.from('// caf\xe9\nfn main( ) {}\n', 'latin1');
    put('latin.pg', bytes);
    const ended = await fmt('latin.pg');
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('error: latin.pg is not UTF-8\n  hint: ');
    expect(readFileSync(join(cwd, 'latin.pg'))).toEqual(bytes);
    put('a.wasm', Buffer.from('\0asm\x01\0\0\0', 'latin1'));
    expect(await fmt('a.wasm')).toMatchObject({ code: 2 });
  });

  test('a folder that cannot be written to', async () => {
    put('a.pg', ugly);
    chmodSync(cwd, 0o555);
    try {
      // A superuser may write anywhere.
      const may = process.getuid?.() === 0;
      const ended = await fmt('a.pg');
      expect(ended.code).toBe(may ? 0 : 2);
      expect(got('a.pg')).toBe(may ? neat : ugly);
      expect(ended.err).toContain(may ? 'formatted a.pg' : 'error: cannot write a.pg: permission denied');
    } finally {
      chmodSync(cwd, 0o755);
    }
  });
});

describe('folders', () => {
  test('are searched for .pg files; hidden ones and those of npm are not', async () => {
    for (const folder of ['in/deep', 'in/.git', 'in/node_modules/x']) mkdirSync(join(cwd, folder), { recursive: true });
    const all = ['in/b.pg', 'in/deep/a.pg', 'in/.git/c.pg', 'in/node_modules/x/d.pg', 'in/e.txt', 'in/deep/f.pgx'];
    for (const path of all) put(path, ugly);
    symlinkSync('.', join(cwd, 'in', 'again'));
    expect(await fmt('--check', 'in')).toMatchObject({ code: 1, out: 'in/b.pg\nin/deep/a.pg\n' });
    expect(await fmt('in')).toMatchObject({ code: 0, err: 'pgc: formatted in/b.pg\npgc: formatted in/deep/a.pg\n' });
    for (const path of all.slice(0, 2)) expect(got(path)).toBe(neat);
    for (const path of all.slice(2)) expect(got(path)).toBe(ugly);
    expect(readdirSync(join(cwd, 'in', 'deep')).sort()).toEqual(['a.pg', 'f.pgx']);
  });

  test('this one, if nothing is named', async () => {
    put('a.pg', ugly);
    expect(await fmt('--check')).toMatchObject({ code: 1, out: 'a.pg\n' });
    expect(await fmt()).toMatchObject({ code: 0, err: 'pgc: formatted a.pg\n' });
    expect(got('a.pg')).toBe(neat);
  });

  test('a file in one that is also named is taken once', async () => {
    put('a.pg', ugly);
    expect(await fmt('--check', './a.pg', '.', 'a.pg')).toMatchObject({ out: './a.pg\n' });
  });
});

describe('standard input', () => {
  const through = (stdin: string, ...args: readonly string[]) => pgc(['fmt', ...args, '-'], { cwd, stdin });

  test('goes to standard output', async () => {
    expect(await through(ugly)).toMatchObject({ code: 0, out: neat, err: '' });
    expect(await through(neat)).toMatchObject({ code: 0, out: neat, err: '' });
    expect(await through('')).toMatchObject({ code: 0, out: '', err: '' });
    expect(readdirSync(cwd)).toEqual([]);
  });

  test('gives nothing if it has mistakes', async () => {
    const ended = await through(wrong);
    expect(ended).toMatchObject({ code: 1, out: '' });
    expect(ended.err).toContain('-:2:11');
  });

  test('with --check', async () => {
    expect(await through(ugly, '--check')).toMatchObject({ code: 1, out: '-\n' });
    expect(await through(neat, '--check')).toMatchObject({ code: 0, out: '' });
  });
});

describe('what stays as it was', () => {
  test('permissions, and links', async () => {
    put('real.pg', ugly);
    chmodSync(join(cwd, 'real.pg'), 0o751);
    symlinkSync('real.pg', join(cwd, 'link.pg'));
    expect(await fmt('link.pg')).toMatchObject({ code: 0 });
    expect(lstatSync(join(cwd, 'link.pg')).isSymbolicLink()).toBe(true);
    expect(got('real.pg')).toBe(neat);
    expect(statSync(join(cwd, 'real.pg')).mode & 0o777).toBe(0o751);
  });

  test('what a reader has open', async () => {
    // The old file is replaced, not written over: its bytes are there as long as someone reads them.
    put('a.pg', ugly);
    const before = statSync(join(cwd, 'a.pg')).ino;
    expect(await fmt('a.pg')).toMatchObject({ code: 0 });
    expect(statSync(join(cwd, 'a.pg')).ino).not.toBe(before);
    expect(readdirSync(cwd)).toEqual(['a.pg']);
  });
});

test('deep nesting is an error of the program, or formatted, but no crash', async () => {
  for (const depth of [50, 20_000]) {
    put('deep.pg', `fn main() { let x = ${'('.repeat(depth)}1${')'.repeat(depth)}; }\n`);
    const ended = await fmt('deep.pg');
    expect([0, 1]).toContain(ended.code);
    expect(ended.err).not.toMatch(/internal error/);
  }
});

test('the programs of the project have the layout', async () => {
  const ended = await pgc(['fmt', '--check', 'stdlib', 'examples'], { cwd: root });
  expect(ended, 'node dist/pgc.js fmt stdlib examples').toMatchObject({ code: 0, out: '', err: '' });
});
