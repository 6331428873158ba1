// pgc run: exit codes, time limits, interruptions, and that nothing of a run is left behind.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, root } from './pgc.ts';

let cwd = '';
const program = (name: string, text: string): void => writeFileSync(join(cwd, name), text);

beforeAll(() => {
  cwd = folderWith('examples/hello.pg', 'examples/heat.pg');
  program(
    'forever.pg',
    'fn main() {\n  if this_image() == 0 { print("started"); }\n  var i = 0;\n  loop { i += 1; }\n}\n',
  );
  program(
    'blocked.pg',
    'co go: i32;\nfn main() {\n  if this_image() == 0 {\n    print("started");\n    loop { }\n  }\n  wait_until(go == 1);\n}\n',
  );
  program(
    'exit.pg',
    'config const code: int = 0;\nfn main() {\n  if this_image() == num_images() - 1 { exit(code); }\n  barrier;\n}\n',
  );
  program('fails.pg', 'fn main() {\n  if this_image() == 1 { assert(1 == 2, "one is not two"); }\n  loop { }\n}\n');
});
afterAll(removeFolders);

describe('exit codes', () => {
  test.each([0, 1, 3, 42, 255])('exit(%i) passes through', async (code) => {
    const ended = await pgc(['run', 'exit.pg', '-n', '3', '--', `--code=${code}`], { cwd });
    expect(ended).toMatchObject({ code, out: '', err: '' });
  });

  test('a fault on one image ends all, code 1', async () => {
    const ended = await pgc(['run', 'fails.pg', '-n', '3'], { cwd });
    expect(ended.code).toBe(1);
    expect(ended.err).toContain('one is not two');
    expect(ended.err).toContain('fails.pg:2:');
  });

  test('--timeout, code 124', async () => {
    for (const file of ['forever.pg', 'blocked.pg']) {
      const ended = await pgc(['run', file, '-n', '2', '--timeout', '0.7'], { cwd, watchdog: 20 });
      expect(ended.code).toBe(124);
      expect(ended.left).toBe(false);
      expect(ended.out).toBe('started\n');
      expect(ended.err).toContain('0.7');
    }
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s, code %i', async (signal, code) => {
    for (const file of ['forever.pg', 'blocked.pg']) {
      const ended = await pgc(['run', file, '-n', '2'], { cwd, watchdog: 20, signalAt: { text: 'started', signal } });
      expect(ended.code ?? signal).toBe(code);
      expect(ended.left).toBe(false);
    }
  });
});

describe('what is run', () => {
  test('as many images as asked for; as many as cores if not', async () => {
    const { availableParallelism } = await import('node:os');
    for (const n of [1, 2, 5, 16]) {
      const lines = (await pgc(['run', 'hello.pg', '-n', `${n}`], { cwd })).out.trim().split('\n');
      expect(lines.sort()).toEqual(Array.from({ length: n }, (_, i) => `hello from image ${i} of ${n}`).sort());
    }
    const lines = (await pgc(['run', 'hello.pg'], { cwd })).out.trim().split('\n');
    expect(lines).toHaveLength(availableParallelism());
  });

  test('configs reach the program', async () => {
    const ended = await pgc(['run', 'exit.pg', '-n', '1', '--', '--code=7'], { cwd });
    expect(ended.code).toBe(7);
  });

  test('-- --help lists the configs', async () => {
    const ended = await pgc(['run', 'heat.pg', '-n', '1', '--', '--help'], { cwd });
    expect(ended.code).toBe(0);
    expect(ended.out).toBe(
      [
        'Config constants of the program:',
        '  --n=<int>      points of the rod (default 1000000)',
        '  --steps=<int>  steps in time (default 100)',
        '',
      ].join('\n'),
    );
  });

  test('a module that was built for so many images runs on them, and on no others', async () => {
    expect((await pgc(['build', 'hello.pg', '--images=3', '-o', 'three.wasm'], { cwd })).code).toBe(0);
    for (const more of [[], ['-n', '3']]) {
      const lines = (await pgc(['run', 'three.wasm', ...more], { cwd })).out.trim().split('\n');
      expect(lines.sort()).toEqual([0, 1, 2].map((i) => `hello from image ${i} of 3`));
    }
    const refused = await pgc(['run', 'three.wasm', '-n', '4'], { cwd });
    expect(refused).toMatchObject({ code: 2, out: '' });
    expect(refused.err).toContain('error: it was built for 3 images, and cannot run on 4\n  hint: -n 3;');
    const wrong = await pgc(['build', 'hello.pg', '--images=none'], { cwd });
    expect(wrong).toMatchObject({ code: 2, out: '' });
    expect(wrong.err).toContain('--images needs a whole number from 1 to 65536; found none');
  });

  test('a program from standard input', async () => {
    const ended = await pgc(['run', '-', '-n', '1'], { cwd, stdin: 'fn main() { print("piped"); }\n' });
    expect(ended).toMatchObject({ code: 0, out: 'piped\n', err: '' });
  });

  test('a module that build made, elsewhere', async () => {
    expect((await pgc(['build', 'hello.pg', '-o', 'there.wasm'], { cwd })).code).toBe(0);
    const ended = await pgc(['run', join(cwd, 'there.wasm'), '-n', '1'], { cwd: root });
    expect(ended).toMatchObject({ code: 0, out: 'hello from image 0 of 1\n', err: '' });
  });

  test('a damaged module is never run, and never crashes pgc', async () => {
    await pgc(['build', 'hello.pg', '-o', 'whole.wasm'], { cwd });
    const whole = readFileSync(join(cwd, 'whole.wasm'));
    for (const at of [4, 9, Math.floor(whole.length / 3), Math.floor(whole.length / 2), whole.length - 5]) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0x5a;
      writeFileSync(join(cwd, 'damaged.wasm'), damaged);
      writeFileSync(join(cwd, 'cut.wasm'), whole.subarray(0, at));
      for (const file of ['damaged.wasm', 'cut.wasm']) {
        const ended = await pgc(['run', file, '-n', '1', '--timeout', '10'], { cwd, watchdog: 30 });
        expect(ended.err, `${file} at ${at}`).not.toMatch(/\n\s+at |internal error/);
        expect(ended, `${file} at ${at}`).toMatchObject({ code: 2, out: '' });
      }
    }
  });
});
