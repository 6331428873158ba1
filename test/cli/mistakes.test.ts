// Everything a user can get wrong on the command line: a clear message, a hint, exit code 2. Never a stack trace.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, transcript } from './pgc.ts';

let cwd = '';

beforeAll(async () => {
  cwd = folderWith('examples/hello.pg', 'examples/heat.pg');
  mkdirSync(join(cwd, 'folder'));
  mkdirSync(join(cwd, 'emptyfolder'));
  writeFileSync(join(cwd, 'folder', 'inside.pg'), 'fn main() {}\n');
  symlinkSync('loop.pg', join(cwd, 'loop.pg'));
  writeFileSync(join(cwd, 'binary.pg'), Buffer.from([0x66, 0x6e, 0, 1, 2, 255]));
  writeFileSync(join(cwd, 'empty.wasm'), '');
  writeFileSync(join(cwd, 'text.wasm'), 'fn main() {}\n');
  writeFileSync(join(cwd, 'short.wasm'), Buffer.from('\0asm\x01\0\0\0\x01\x7f', 'latin1'));
  writeFileSync(join(cwd, 'foreign.wasm'), Buffer.from('\0asm\x01\0\0\0', 'latin1'));
  writeFileSync(join(cwd, 'wrong.ir'), 'func @main( {\n');
  writeFileSync(join(cwd, 'syntax.pg'), 'fn main() {\n  let x = ;\n}\n');
  const built = await pgc(['build', 'hello.pg', '-o', 'cut.wasm'], { cwd });
  expect(built.code).toBe(0);
});

afterAll(removeFolders);

const mistakes: readonly (readonly string[])[] = [
  ['frobnicate'],
  ['biuld', 'hello.pg'],
  ['hello.pg'],
  ['--colour'],
  ['run', '--imgaes', '4', 'hello.pg'],
  ['run', 'hello.pg', '--n=4000'],
  ['run', 'missing.pg'],
  ['run', 'helo.pg'],
  ['run', 'hello'],
  ['run', 'nowhere/hello.pg'],
  ['run', 'folder'],
  ['run', 'loop.pg'],
  ['run', '.'],
  ['run', 'binary.pg'],
  ['run', 'empty.wasm'],
  ['run', 'text.wasm'],
  ['run', 'short.wasm'],
  ['run', 'foreign.wasm'],
  ['run', 'syntax.pg'],
  ['run', 'hello.pg', 'heat.pg'],
  ['run', 'hello.pg', '-n'],
  ['run', 'hello.pg', '-n', '0'],
  ['run', 'hello.pg', '-n', 'x'],
  ['run', 'hello.pg', '-n', '-1'],
  ['run', 'hello.pg', '-n', '1.5'],
  ['run', 'hello.pg', '-n', '100000'],
  ['run', 'hello.pg', '--timeout', 'soon'],
  ['run', 'hello.pg', '--timeout', '0'],
  ['run', 'hello.pg', '--stack', 'big'],
  ['run', 'hello.pg', '--stack', '1'],
  ['run', 'hello.pg', '--stack', '100g'],
  ['test', 'missing.pg'],
  ['test', 'binary.pg'],
  ['test', 'loop.pg'],
  ['test', 'hello.pg', '-n', '1,,2'],
  ['test', 'hello.pg', '-n', '0'],
  ['test', 'hello.pg', '--timeout', '0'],
  ['test', 'hello.pg', '--flter', 'sum'],
  ['run', 'heat.pg', '-n', '1', '--', '--m=4'],
  ['run', 'heat.pg', '-n', '1', '--', '--step=4'],
  ['run', 'heat.pg', '-n', '1', '--', '--n=many'],
  ['run', 'heat.pg', '-n', '1', '--', '--n=1.5'],
  ['run', 'heat.pg', '-n', '1', '--', '--n'],
  ['run', 'heat.pg', '-n', '1', '--', '--n='],
  ['run', 'heat.pg', '-n', '1', '--', '--n=9223372036854775808'],
  ['run', 'heat.pg', '-n', '1', '--', 'n=4'],
  ['run'],
  ['build'],
  ['build', 'missing.pg'],
  ['build', 'folder'],
  ['build', 'cut.wasm'],
  ['build', 'hello.pg', '--emit=foo'],
  ['build', 'hello.pg', '--emit=wsm'],
  ['build', 'hello.pg', '--emit'],
  ['build', 'hello.pg', '--skip=fodl'],
  ['build', 'hello.pg', '--skip=lower-runtime'],
  ['build', 'hello.pg', '--print-after=nothing-like-it'],
  ['build', 'hello.pg', '--opt-limit=few'],
  ['build', 'hello.pg', '--timing=tikcer'],
  ['build', 'hello.pg', '--hook-interval=0'],
  ['build', 'hello.pg', '--timing=off', '--hook-interval=10'],
  ['build', 'hello.pg', '--timing=off', '--stress=switch'],
  ['run', 'hello.pg', '--trace='],
  ['run', 'hello.pg', '--trace', 'hello.pg'],
  ['run', 'hello.pg', '--checkpoint='],
  ['run', 'hello.pg', '--checkpoint=hello.pg/kept'],
  ['run', 'cut.wasm', '--timing=off'],
  ['run', 'cut.wasm', '--stress=switch'],
  ['build', 'hello.pg', '--stress=swich'],
  ['build', 'hello.pg', '-o', 'hello.pg'],
  ['build', 'hello.pg', 'heat.pg', '--emit=ir'],
  ['build', 'hello.pg', 'heat.pg', '-o', '-'],
  ['build', 'hello.pg', 'folder/../hello.pg'],
  ['build', 'hello.pg', 'heat.pg', '-o', 'heat.pg'],
  ['build', 'hello.pg', '-o', 'folder'],
  ['build', 'hello.pg', '-o', 'nowhere/hello.wasm'],
  ['check'],
  ['check', 'missing.pg', 'syntax.pg'],
  ['fmt', 'missing.pg', 'helo.pg'],
  ['fmt', 'nowhere/hello.pg'],
  ['fmt', 'emptyfolder'],
  ['fmt', 'loop.pg'],
  ['fmt', 'binary.pg'],
  ['fmt', 'cut.wasm'],
  ['fmt', '--chekc', 'hello.pg'],
  ['fmt', '-', 'hello.pg'],
  ['opt', 'wrong.ir'],
  ['opt', 'missing.ir'],
  ['opt', '--passes=fold,dec', 'wrong.ir'],
  ['opt', 'cut.wasm'],
  ['doc', 'missing.pg'],
  ['doc', 'helo.pg'],
  ['doc', 'folder'],
  ['doc', 'binary.pg'],
  ['doc', 'syntax.pg'],
  ['doc', 'hello.pg:mian'],
  ['doc', 'heat.pg:naer'],
  ['doc', 'heat.pg:main'],
  ['doc', 'std.maht'],
  ['doc', 'std.maht.sqrt'],
  ['doc', 'std.math.sqr'],
  ['doc', 'std.math.nothing_like_it'],
  ['doc', 'std.math._head'],
  ['doc', 'std.runtime'],
  ['doc', 'std.abi.heap'],
  ['doc', 'math'],
  ['doc', 'math.sqrt'],
  ['doc', 'tgamma'],
  ['doc', 'frobnicate'],
  ['doc', '--html'],
  ['doc', '--html=pages'],
  ['doc', '--html=hello.pg', 'hello.pg'],
  ['doc', '--markdown=hello.pg/pages', 'hello.pg'],
  ['doc', '--hmtl=pages', 'hello.pg'],
  ['doc', '--test'],
  ['doc', '--test', 'hello.pg', '-n', '0'],
  ['doc', '--test', 'hello.pg', '--timeout', 'soon'],
  ['explain'],
  ['explain', 'PG9999'],
  ['explain', 'banana'],
  ['help', 'pases'],
  ['help', 'banana'],
];

describe('mistakes', () => {
  test.each(mistakes.map((args) => [args.join(' '), args] as const))('pgc %s', async (_, args) => {
    // Each in a folder where nothing was built last, but for the files above.
    const ended = await pgc(args, { cwd: args[0] === 'run' && args.length === 1 ? join(cwd, 'folder') : cwd });
    expect(ended.err).not.toMatch(/\n\s+at |internal error|node:internal|undefined|NaN|\[object/);
    expect(ended.err).toMatch(/error/);
    expect(ended.code).toBe(2);
    const name = args.join(' ').replace(/[^\w.=-]+/g, '_');
    await expect(transcript(args, ended)).toMatchFileSnapshot(join('mistakes', `${name}.txt`));
  });
});
