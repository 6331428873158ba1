// Passes change nothing but time: examples and the programs of the language reference, built without one of the optional passes, print what they
// print otherwise. Each pass has its turn with another program; `PGC_STRESS=all npx vitest run test/e2e/skips` has all
// programs without all passes, `-t "without 'vectorise'"` those of one.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { passes } from '../../compiler/pipeline.ts';
import { folderWith, removeFolders, root } from '../cli/pgc.ts';
import { command } from '../cli/resident.ts';

/** A run as a golden has it: what follows the program's name, and the lines that it prints, sorted. */
interface Run {
  readonly args: readonly string[];
  readonly lines: readonly string[];
}

const golden = (text: string): readonly Run[] =>
  text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [args = '', ...lines] = part.split('\n');
      return { args: args.split(' ').filter((a) => a !== ''), lines: lines.slice(0, -1) };
    });

interface Program {
  readonly file: string;
  readonly runs: readonly Run[];
}

const examples = readdirSync(join(root, 'examples'), { recursive: true, encoding: 'utf8' })
  .map((f) => join('examples', f).replaceAll('\\', '/'))
  .filter((f) => f.endsWith('.pg') && existsSync(join(root, f.replace(/\.pg$/, '.out'))))
  .map((file): Program => ({ file, runs: golden(readFileSync(join(root, file.replace(/\.pg$/, '.out')), 'utf8')) }));

/** These check themselves, and print nothing or `ok`. */
const conformance = readdirSync(join(root, 'test', 'conformance'))
  .filter((f) => f.endsWith('.pg'))
  .map((f): Program => {
    const file = `test/conformance/${f}`;
    const configs = /^\/\/ with: (.*)$/m.exec(readFileSync(join(root, file), 'utf8'))?.[1]?.split(' ') ?? [];
    return { file, runs: [1, 2, 3, 4, 7].map((n) => ({ args: ['-n', `${n}`, '--', ...configs], lines: ['ok'] })) };
  });

const programs = [...examples, ...conformance].sort((a, b) => (a.file < b.file ? -1 : 1));
const optional = passes.filter((p) => !p.required).map((p) => p.name);
const everything = process.env.PGC_STRESS === 'all';

/** Those that take longer to build or to run are left to the whole of it. */
const slow = /examples\/(?!hello|primes|mandelbrot|prk\/nstream|prk\/sparse)|tasks|teams|messages|collectives|par-for/;
const small = programs.filter(({ file }) => !slow.test(file));

const pairs = optional.flatMap((pass, p) => {
  const chosen = everything ? programs : [small[Math.floor((p * small.length) / optional.length)]];
  return chosen.flatMap((program, k) => {
    if (!program) return [];
    const { file, runs } = program;
    return [{ file, pass, run: runs[(k + p) % runs.length] }];
  });
});

afterAll(removeFolders);

test('there is a golden run for every optional pass', () => {
  expect(new Set(pairs.filter((p) => p.run !== undefined).map((p) => p.pass))).toEqual(new Set(optional));
});

test.each(pairs)('$file without $pass', async ({ file, pass, run }) => {
  const from = join(root, dirname(file));
  const cwd = folderWith(...readdirSync(from).flatMap((f) => (f.endsWith('.mtx') ? [join(dirname(file), f)] : [])));
  const wasm = join(cwd, 'program.wasm');
  const built = await command(['build', join(root, file), `--skip=${pass}`, '-o', wasm], { cwd });
  expect(built.code, built.err).toBe(0);
  const ended = await command(['run', wasm, ...(run?.args ?? [])], { cwd, watchdog: 100 });
  expect(ended.code, ended.err).toBe(0);
  const lines = ended.out.split('\n').slice(0, -1).sort();
  expect(lines).toEqual(lines.length === 0 && file.startsWith('test/') ? [] : run?.lines);
});
