// What each command does when it is used right.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { colourOn } from '../../compiler/cli-report.ts';
import { folderWith, launch, pgc, pgcPath, removeFolders, root, transcript } from './pgc.ts';

let cwd = '';
beforeAll(() => {
  cwd = folderWith('examples/hello.pg', 'examples/heat.pg');
  writeFileSync(join(cwd, 'wrong.pg'), 'fn main() {\n  let x: int = 1.5;\n  print("{}", y);\n}\n');
});
afterAll(removeFolders);

const version: unknown = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version;

describe('help', () => {
  test.each([
    [],
    ['--help'],
    ['run', '--help'],
    ['build', '--help'],
    ['test', '--help'],
    ['check', '-h'],
    ['fmt', '--help'],
    ['opt', '--help'],
    ['doc', '--help'],
    ['key', '--help'],
    ['resume', '--help'],
    ['explain', '--help'],
  ])('pgc %s %s', async (...args) => {
    const ended = await pgc(args);
    expect(ended.code).toBe(0);
    expect(ended.err).toBe('');
    await expect(ended.out).toMatchFileSnapshot(join('help', `${['pgc', ...args].join('_')}.txt`));
  });

  test('help <command> says what <command> --help says', async () => {
    for (const command of ['run', 'build', 'test', 'check', 'fmt', 'opt', 'doc', 'key', 'resume', 'explain']) {
      expect((await pgc(['help', command])).out).toBe((await pgc([command, '--help'])).out);
    }
  });

  test('help passes and help ops list the tables', async () => {
    const { passes, order } = await import('../../compiler/pipeline.ts');
    const { ops } = await import('../../compiler/ir.ts');
    const helpPasses = (await pgc(['help', 'passes'])).out;
    for (const pass of passes) expect(helpPasses).toContain(pass.name);
    for (const [, , why] of order) expect(helpPasses).toContain(why);
    const helpOps = (await pgc(['help', 'ops'])).out;
    for (const op of Object.keys(ops)) expect(helpOps).toMatch(new RegExp(`^${op.replaceAll('.', '\\.')}\\b`, 'm'));
  });

  test('explain prints every code', async () => {
    const { codes } = await import('../../lang/codes.ts');
    const first = Object.keys(codes)[0] ?? '';
    for (const code of [first, first.toLowerCase()]) {
      const ended = await pgc(['explain', code]);
      expect(ended.code).toBe(0);
      expect(ended.out).toContain(first);
    }
    for (const [code, info] of Object.entries(codes)) {
      expect(info.title, code).not.toBe('');
      expect(info.explain.length, code).toBeGreaterThan(20);
    }
  });

  test('--version', async () => {
    expect((await pgc(['--version'])).out).toBe(`pgc ${version}\n`);
    expect((await pgc(['-V'])).code).toBe(0);
  });
});

describe('build', () => {
  test('several programs, each to its own artifact in a folder; one with mistakes does not stop the others', async () => {
    const ended = await pgc(['build', 'hello.pg', 'wrong.pg', 'heat.pg', '-o', 'made'], { cwd });
    expect(ended).toMatchObject({ code: 2, out: '' });
    expect(ended.err).toContain('PG0301');
    expect(readdirSync(join(cwd, 'made')).filter((f) => f.endsWith('.wasm'))).toEqual(['heat.wasm', 'hello.wasm']);
    expect((await pgc(['build', 'hello.pg', '-o', 'one/'], { cwd })).code).toBe(0);
    expect((await pgc(['run', join('one', 'hello.wasm'), '-n', '1'], { cwd })).out).toContain('hello');
  });

  test('makes a module, its source map, and remembers it', async () => {
    const folder = folderWith('examples/hello.pg');
    const built = await pgc(['build', 'hello.pg'], { cwd: folder });
    expect(transcript(['build', 'hello.pg'], built, (t) => t.replace(/\d+ bytes/, 'N bytes'))).toBe(
      '$ pgc build hello.pg\n--- stderr\npgc: hello.wasm: N bytes; `pgc run` runs it\n--- exit 0\n',
    );
    expect(() => new WebAssembly.Module(new Uint8Array(readFileSync(join(folder, 'hello.wasm'))))).not.toThrow();
    const map: unknown = JSON.parse(readFileSync(join(folder, 'hello.wasm.map'), 'utf8'));
    expect(map).toMatchObject({ version: 3 });

    const ran = await pgc(['run', '-n', '2'], { cwd: folder });
    expect(ran.out.split('\n').sort().join('\n').trim()).toBe('hello from image 0 of 2\nhello from image 1 of 2');
    expect(ran.err).toBe('pgc: running hello.wasm, built from hello.pg\n');

    writeFileSync(join(folder, 'hello.pg'), 'fn main() { print("changed"); }\n');
    const stale = await pgc(['run', '-n', '1'], { cwd: folder });
    expect(stale.err).toContain('hello.pg has changed since');
    expect(stale.out).toBe('hello from image 0 of 1\n');
  });

  test('-o and -o -', async () => {
    const folder = folderWith('examples/hello.pg');
    expect((await pgc(['build', 'hello.pg', '-o', 'x.wasm'], { cwd: folder })).code).toBe(0);
    expect(existsSync(join(folder, 'x.wasm'))).toBe(true);
    const piped = await launch('sh', ['-c', `"${process.execPath}" "${pgcPath}" build hello.pg -o - > y.wasm`], {
      cwd: folder,
    });
    expect(piped.code).toBe(0);
    expect(readFileSync(join(folder, 'y.wasm'))).toEqual(readFileSync(join(folder, 'x.wasm')));
  });

  test('shows the stages', async () => {
    const emit = (form: string) => pgc(['build', 'hello.pg', `--emit=${form}`], { cwd });
    expect((await emit('ast')).out).toContain('main');
    const ir = await emit('ir');
    expect(ir.out).toContain('func @main');
    expect((await emit('wat')).out).toMatch(/^\(module/);
    writeFileSync(join(cwd, 'hello.ir'), ir.out);
    const again = await pgc(['opt', 'hello.ir'], { cwd });
    expect(again.out).toBe(ir.out);
    expect(again.code).toBe(0);
  });

  test('prints the IR after passes', async () => {
    const { passes } = await import('../../compiler/pipeline.ts');
    const all = await pgc(['build', 'hello.pg', '--print-after=all', '--emit=ir'], { cwd });
    for (const pass of passes) expect(all.out).toContain(`; after ${pass.name}\n`);
    const required = passes.find((p) => p.required)?.name ?? '';
    const one = await pgc(['build', 'hello.pg', `--print-after=${required}`, '-o', 'p.wasm'], { cwd });
    expect(one.out.match(/^; after /gm)).toHaveLength(1);
  });

  test('leaves out what it is told to', async () => {
    const { passes } = await import('../../compiler/pipeline.ts');
    const optional = passes.filter((p) => !p.required).map((p) => p.name);
    const size = async (...args: string[]) => (await pgc(['build', 'heat.pg', '--emit=ir', ...args], { cwd })).out;
    const none = await size('--skip', optional.join(','));
    expect(none).not.toBe(await size());
    expect(await size('--opt-limit=0')).not.toBe(await size());
  });

  test('--json says what is wrong for machines', async () => {
    const ended = await pgc(['build', 'wrong.pg', '--json'], { cwd });
    expect(ended.code).toBe(2);
    expect(ended.err).toBe('');
    const list: unknown = JSON.parse(ended.out);
    expect(list).toEqual(expect.arrayContaining([expect.objectContaining({ code: 'PG0201', severity: 'error' })]));
  });
});

describe('check', () => {
  test('says nothing about a good program', async () => {
    const ended = await pgc(['check', 'hello.pg', 'heat.pg'], { cwd });
    expect(transcript(['check'], ended)).toBe('$ pgc check\n--- exit 0\n');
    expect((await pgc(['check', '--json', 'hello.pg'], { cwd })).out).toBe('[]\n');
  });

  test('draws all errors of a wrong one', async () => {
    const ended = await pgc(['check', 'wrong.pg'], { cwd });
    await expect(transcript(['check', 'wrong.pg'], ended)).toMatchFileSnapshot('check-wrong.txt');
    expect(ended.code).toBe(2);
  });

  test('colours only when a terminal reads, and never against NO_COLOR', async () => {
    expect(colourOn({ isTTY: true }, {})).toBe(true);
    expect(colourOn({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(colourOn({ isTTY: true }, { NO_COLOR: '' })).toBe(true);
    expect(colourOn({ isTTY: true }, { TERM: 'dumb' })).toBe(false);
    expect(colourOn({}, {})).toBe(false);
    const escapeCode = String.fromCharCode(27);
    const shown = async (env: Record<string, string>) => (await pgc(['check', 'wrong.pg'], { cwd, env })).err;
    expect(await shown({})).not.toContain(escapeCode);
    expect(await shown({ FORCE_COLOR: '1' })).toContain(escapeCode);
    expect(await shown({ FORCE_COLOR: '1', NO_COLOR: '1' })).not.toContain(escapeCode);
  });
});

describe('opt', () => {
  test('runs passes on text', async () => {
    const { passes } = await import('../../compiler/pipeline.ts');
    writeFileSync(join(cwd, 'before.ir'), (await pgc(['build', 'heat.pg', '--emit=ir', '--opt-limit=0'], { cwd })).out);
    const names = passes.filter((p) => !p.required).map((p) => p.name);
    const ended = await pgc(['opt', `--passes=${names.join(',')}`, 'before.ir'], { cwd });
    expect(ended.err).toBe('');
    expect(ended.code).toBe(0);
    expect(ended.out).not.toBe(readFileSync(join(cwd, 'before.ir'), 'utf8'));
    const piped = await pgc(['opt', '-'], { cwd, stdin: ended.out });
    expect(piped.out).toBe(ended.out);
  });
});

describe('output', () => {
  test('whose reader has gone is no error', async () => {
    const ended = await launch(
      'bash',
      ['-c', `set -o pipefail; "${process.execPath}" "${pgcPath}" help ops | head -n 1`],
      { cwd },
    );
    expect(ended.err).toBe('');
    expect(ended.code).toBe(0);
  });
});
