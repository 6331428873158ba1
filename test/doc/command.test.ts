// pgc doc as a command: what it prints, and the pages that it writes.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders } from '../cli/pgc.ts';

let cwd = '';
beforeAll(() => {
  cwd = folderWith('test/doc/modules/every.pg', 'test/doc/modules/units.pg', 'examples/heat.pg');
});
afterAll(removeFolders);

const modules = join(import.meta.dirname, 'modules');
const golden = (file: string): string => readFileSync(join(modules, file), 'utf8');
const doc = (...args: readonly string[]) => pgc(['doc', ...args], { cwd });

describe('on the terminal', () => {
  test('a module, with generics and all, though it cannot be compiled', async () => {
    expect(await doc('every.pg')).toMatchObject({ code: 0, err: '', out: golden('every.txt') });
  });

  test('one declaration of a file, and one of the library', async () => {
    expect((await doc('every.pg:KIB')).out).toMatch(
      /^const KIB: u64 = 1 << 10\n {4}Two to the tenth\.\n\nevery\.pg:\d+\n$/,
    );
    expect((await doc('std.math.sqrt')).out).toMatch(
      /^fn sqrt\(x: f64\) -> f64\n {4}The square root.*\n\nstd\/math\.pg:\d+\n$/,
    );
  });

  test('several at once', async () => {
    expect((await doc('every.pg', 'every.pg:KIB')).out).toBe(
      `${golden('every.txt')}\n${(await doc('every.pg:KIB')).out}`,
    );
  });

  test('the modules of the library', async () => {
    const list = await doc();
    expect(list).toMatchObject({ code: 0, err: '' });
    expect(list.out).toMatch(/^ {2}std\.math {2,}The usual functions/m);
    expect(list.out).not.toMatch(/std\.runtime|std\.abi/);
    expect((await doc('std')).out).toBe(list.out);
    expect((await doc('--std')).out).toBe(list.out);
  });

  test('a module whose configs are explained by comments', async () => {
    expect((await doc('heat.pg')).out).toContain('config const steps: int = 100\n    steps in time\n');
  });

  test('from standard input', async () => {
    const ended = await pgc(['doc', '-'], { cwd, stdin: '/// Nothing.\nfn f() { }\n' });
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toContain('fn f()\n    Nothing.\n');
  });

  test('in colours if they are wanted', async () => {
    const coloured = await pgc(['doc', 'every.pg'], { cwd, env: { FORCE_COLOR: '1' } });
    const escapeCode = String.fromCharCode(27);
    expect(coloured.out).toContain(`${escapeCode}[1mfn silent()${escapeCode}[0m`);
    expect(coloured.out.replaceAll(new RegExp(`${escapeCode}\\[\\d+m`, 'g'), '')).toBe(golden('every.txt'));
  });
});

describe('as pages', () => {
  test('of HTML, in a folder that is made', async () => {
    const ended = await doc('--html=out/html', 'every.pg', 'units.pg', 'every.pg:KIB');
    expect(ended).toMatchObject({ code: 0, out: '', err: 'pgc: out/html/index.html and 2 more pages\n' });
    expect(readdirSync(join(cwd, 'out', 'html')).sort()).toEqual(['every.html', 'index.html', 'units.html']);
    for (const file of ['every.html', 'index.html', 'units.html'])
      expect(readFileSync(join(cwd, 'out', 'html', file), 'utf8')).toBe(golden(file));
  });

  test('of Markdown, over those that were there', async () => {
    mkdirSync(join(cwd, 'md'));
    writeFileSync(join(cwd, 'md', 'units.md'), 'old');
    writeFileSync(join(cwd, 'md', 'other.md'), 'not ours');
    const ended = await doc('--markdown', 'md', 'every.pg', 'units.pg');
    expect(ended).toMatchObject({ code: 0, out: '' });
    for (const file of ['every.md', 'README.md', 'units.md'])
      expect(readFileSync(join(cwd, 'md', file), 'utf8')).toBe(golden(file));
    expect(readFileSync(join(cwd, 'md', 'other.md'), 'utf8')).toBe('not ours');
  });

  test('of both, with the examples run', async () => {
    const ended = await doc('--html=a', '--markdown=b', '--test', 'std.math');
    expect(ended.code).toBe(0);
    expect(ended.out).toMatch(/^\d+ examples: all well\n$/);
    expect(readdirSync(join(cwd, 'a'))).toContain('math.html');
    expect(readdirSync(join(cwd, 'b'))).toContain('math.md');
  });

  test('of nothing, if one of the modules is wrong', async () => {
    const ended = await doc('--html=c', 'every.pg', 'missing.pg');
    expect(ended.code).toBe(2);
    expect(readdirSync(cwd)).not.toContain('c');
  });
});
