// Objects move at every hook, in programs with and without tasks, while tasks are switched and allocations have to make room: nobody notices. What
// keeps pointers in suspended tasks right is taken out in turn, to see that this would be noticed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type CompileOptions, compile } from '../../compiler/compile.ts';
import { stdlibFolder } from '../../compiler/host.ts';
import { run } from '../../vm/run.ts';
import { pgc, removeFolders, root } from '../cli/pgc.ts';

const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);
const folders: string[] = [];
afterAll(() => {
  for (const f of folders) rmSync(f, { recursive: true, force: true });
  removeFolders();
});

/** A library like pgc's own, but for a change of one module's text. */
const libraryWith = (module: string, from: string, to: string): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pgc-moving-'));
  folders.push(folder);
  for (const name of readdirSync(stdlibFolder())) {
    if (name !== module) symlinkSync(join(stdlibFolder(), name), join(folder, name));
  }
  const text = readFileSync(join(stdlibFolder(), module), 'utf8');
  expect(text.split(from).length, `${from} is once in ${module}`).toBe(2);
  writeFileSync(join(folder, module), text.replace(from, to));
  return folder;
};

const artifactOf = async (file: string, options: CompileOptions): Promise<Uint8Array> => {
  const { artifact, diagnostics } = await compile(join(root, file), options);
  if (!artifact) throw new Error(JSON.stringify(diagnostics));
  return artifact;
};

/** How a run ended, and its lines, sorted: in what order images print is nobody's promise. */
const ended = async (
  artifact: Uint8Array,
  images: number,
  configs: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> => {
  let text = '';
  const stdout = (s: string): void => {
    text += s;
  };
  const result = await run(artifact, { images, configs, workerUrl, timeout: 60, stdout });
  return [result.kind === 'fault' ? `fault ${result.fault.kind}` : result.kind, ...text.split('\n').sort()];
};

const graphs = 'test/moving/tasks.pg';

test('what is compared before a loop are addresses of one time', async () => {
  const aliases = 'test/moving/aliases.pg';
  const expected = await ended(
    await artifactOf(aliases, { guards: 'all', skip: ['disambiguate', 'vectorise', 'jam'] }),
    1,
  );
  expect(expected[0]).toBe('ok');
  expect(await ended(await artifactOf(aliases, {}), 1)).toEqual(expected);
  expect(await ended(await artifactOf(aliases, { stress: ['move'] }), 1)).toEqual(expected);
}, 200_000);

describe('graphs that only the variables of tasks hold', () => {
  test('are what their models are, moved at every hook', async () => {
    const plain = await artifactOf(graphs, {});
    const restless = await artifactOf(graphs, {
      stress: ['switch', 'move', 'alloc-fail'],
      spacing: { 'alloc-fail': 3 },
    });
    const expected = new Map<string, readonly string[]>();
    for (const [images, seed] of [
      [1, 1],
      [1, 2],
      [2, 3],
    ] as const) {
      const configs = { seed: String(seed), steps: '30' };
      const [kind, ...lines] = await ended(plain, images, configs);
      expected.set(`${images} ${seed}`, lines);
      expect(kind).toBe('ok');
      expect(lines.at(-1)).toMatch(/^\d+ moved false$/);
      const moved = lines.map((l) => l.replace('false', 'true'));
      expect(await ended(restless, images, configs), `seed ${seed}`).toEqual(['ok', ...moved]);
    }
  }, 200_000);

  // Moves alone: the same tasks run, at the same time.
  test.each([
    [
      'pointers of suspended tasks are not patched',
      'runtime_move.pg',
      'while block != 0 {\n    let first',
      'while false {\n    let first',
    ],
    ['what a task is given may move', 'runtime_memory.pg', 'keep(runtime.peek(place));', ''],
    ['suspended tasks leave their pointers on the stack', 'runtime_tasks.pg', '  park_roots(f, roots);\n', ''],
  ])(
    'it is noticed when %s',
    async (_, module, from, to) => {
      const stress = ['switch', 'move'] as const;
      const wrong = await artifactOf(graphs, { stress, stdlib: libraryWith(module, from, to) });
      const [kind, ...lines] = await ended(wrong, 1, { steps: '50' });
      expect([kind, lines.includes('moved true')]).not.toEqual(['ok', true]);
      expect(kind).not.toBe('ok');
    },
    200_000,
  );
});

describe('allocations that find no memory', () => {
  const allocating = 'test/conformance/new-private.pg';

  // Nothing fails on these ways otherwise: the heap is large.
  test.each([
    [
      'the heap is pushed together',
      'runtime_move.pg',
      '{ compact(); }\n}',
      '{ __fault(abi.fault_memory, 1, 0, 0); }\n}',
    ],
    ['it is gathered', 'runtime.pg', '    gather(false);\n', '    __fault(abi.fault_memory, 1, 0, 0);\n'],
  ])(
    'go where %s',
    async (_, module, from, to) => {
      const stdlib = libraryWith(module, from, to);
      const [plain] = await ended(await artifactOf(allocating, { moving: true, stdlib }), 1);
      expect(plain).toBe('ok');
      const stressed = await artifactOf(allocating, { stress: ['alloc-fail'], spacing: { 'alloc-fail': 2 }, stdlib });
      const [kind] = await ended(stressed, 1);
      expect(kind).toBe('fault memory');
    },
    200_000,
  );
});

/**
 * All of them, each by itself and together: `pgc build test/conformance/*.pg -o folder --stress=switch,move,alloc-fail`, then pgc run for each. By
 * `PGC_STRESS=all npx vitest run test/moving/hooks` all together.
 */
const all = process.env.PGC_STRESS === 'all';
const chosen = /^(new-private|pointer-fields|locks|collectives-slices|strings|messages-order|tasks)\.pg$/;
const programs = readdirSync(join(root, 'test', 'conformance'))
  .filter((f) => (all ? f.endsWith('.pg') && f !== 'config-const.pg' : chosen.test(f)))
  .map((f) => `test/conformance/${f}`);

describe('programs of the language reference', () => {
  test.each(programs)(
    '%s',
    async (file) => {
      const artifact = await artifactOf(file, {
        stress: ['switch', 'move', 'alloc-fail'],
        spacing: { 'alloc-fail': 2 },
      });
      for (const images of [1, 3]) {
        const [kind, ...lines] = await ended(artifact, images);
        expect([kind, ['', 'ok'].includes(lines.join(''))], `on ${images} images: ${lines.join('\n')}`).toEqual([
          file.endsWith('/exit.pg') ? 'exit' : 'ok',
          true,
        ]);
      }
    },
    200_000,
  );
});

describe('examples', () => {
  test.each([
    ['examples/triangles.pg', 3, ['move'], { move: 300 }],
    ['examples/bfs.pg', 2, ['alloc-fail'], {}],
  ] as const)(
    '%s',
    async (file, images, stress, spacing) => {
      const plain = await ended(await artifactOf(file, {}), images);
      expect(plain[0]).toBe('ok');
      expect(await ended(await artifactOf(file, { stress, spacing }), images)).toEqual(plain);
    },
    200_000,
  );
});

test.each([
  ['move:0', 'a whole number from 1 to 1000000 is needed'],
  ['move:x', 'a whole number from 1 to 1000000 is needed'],
  ['switch:3', 'switch takes no number'],
  ['alloc', 'there is no such stress'],
])('--stress=%s is a mistake', async (stress, message) => {
  const said = await pgc(['run', join(root, 'examples', 'hello.pg'), `--stress=${stress}`]);
  expect(said.code).toBe(2);
  expect(said.err).toContain(message);
});
