// Programs are left and gone on with at every hook, and do what they do: those that check themselves, and those with goldens.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pgc, removeFolders, root } from '../cli/pgc.ts';
import { prebuild } from '../cli/prebuild.ts';
import { command } from '../cli/resident.ts';

const conformance = [
  'loops',
  'functions',
  'function-values',
  'generics',
  'locks',
  'events',
  'messages-order',
  'collectives-functions',
  'forall-nested',
];

const examples = ['queens', 'primes'];
const tasks = ['tasks-join', 'tasks-fib', 'tasks-sync', 'tasks-operator', 'handlers-branch', 'handlers-modes'];

const programs = [
  ...conformance.map((name) => `test/conformance/${name}.pg`),
  ...examples.map((name) => `examples/${name}.pg`),
  ...tasks.map((name) => `test/run/${name}.pg`),
];
let artifactOf: (file: string) => string;
beforeAll(async () => {
  const args = ['--stress=switch'];
  artifactOf = await prebuild(
    programs.map((file) => ({ file, args })),
    root,
  );
}, 900_000);

const built = (file: string): string => {
  const wasm = artifactOf(file);
  // main is a task, which can be left.
  expect(readFileSync(wasm, 'latin1')).toContain('runtime.tasks.leave');
  return wasm;
};

afterAll(removeFolders);

describe('switches at every hook change nothing', () => {
  test.each(conformance)('%s', async (name) => {
    const wasm = built(`test/conformance/${name}.pg`);
    for (const n of [1, 3]) {
      const ended = await command(['run', wasm, '-n', String(n), '--timeout', '30'], { watchdog: 60 });
      expect(ended, `on ${n} images`).toMatchObject({ code: 0, err: '', left: false });
      expect(['', 'ok\n'], `on ${n} images`).toContain(ended.out);
    }
  });

  test.each(examples)('the example %s', async (name) => {
    const wasm = built(`examples/${name}.pg`);
    const golden = readFileSync(join(root, 'examples', `${name}.out`), 'utf8');
    for (const n of [1, 3]) {
      const ended = await command(['run', wasm, '-n', String(n), '--timeout', '40'], { watchdog: 60 });
      expect(ended, `on ${n} images`).toMatchObject({ code: 0, left: false });
      if (golden.includes(` -n ${n}`)) expect(golden).toContain(ended.out);
    }
  });

  test.each(tasks)('%s', async (name) => {
    const wasm = built(`test/run/${name}.pg`);
    const golden = readFileSync(join(root, 'test', 'run', `${name}.out`), 'utf8');
    for (const n of [1, 3]) {
      const ended = await command(['run', wasm, '-n', String(n), '--timeout', '40'], { watchdog: 60 });
      expect(ended, `on ${n} images`).toMatchObject({ code: 0, left: false });
      // In what order images print is nobody's promise.
      for (const line of ended.out.split('\n')) expect(golden).toContain(line);
    }
  });

  test('it is something else to ask for what there is not', async () => {
    const ended = await pgc(['run', join(root, 'examples', 'hello.pg'), '--stress=swich']);
    expect(ended.code).toBe(2);
    expect(ended.err).toContain('did you mean switch?');
  });
});
