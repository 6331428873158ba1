// How much code it makes that functions can be left, as the end of --emit=hooks tells it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { growthLines, growthOf } from '../../compiler/growth.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { root } from '../cli/pgc.ts';

const parsed = (text: string) => {
  const p = parseProgram(text);
  if (!('program' in p)) throw new Error(JSON.stringify(p));
  return p.program;
};
const f = (name: string, n: number): string =>
  `func @${name}() {\n${Array.from({ length: n }, (_, k) => `%${k} = const.i32 ${k}\n`).join('')}ret\n}\n`;

test('both forms count, of functions that have a second one', () => {
  const before = parsed(f('a', 10) + f('b', 5) + f('runtime.x', 4));
  const after = parsed(
    f('a', 12) + f('runtime.resume.a', 18) + f('b', 5) + f('runtime.x', 4) + f('runtime.resume.runtime.x', 3),
  );
  expect(growthOf(before, after, (n) => n === 'a' || n === 'b')).toEqual({ functions: 1, before: 10, after: 30 });
  expect(growthLines(before, after)).toBe(
    '1 function of the program can be left: 10 instructions became 30, 3.00 ×\n' +
      '1 function of the run-time can be left: 4 instructions became 7, 1.75 ×\n',
  );
});

const folder = (name: string): readonly string[] =>
  readdirSync(join(root, name))
    .filter((file) => file.endsWith('.pg'))
    .map((file) => `${name}/${file}`);
/** Those that grow most; all examples and programs with tasks by `PGC_GROWTH=all npx vitest run test/fibers/growth`. */
const programs =
  process.env.PGC_GROWTH === 'all'
    ? [...folder('examples'), ...folder('test/run').filter((name) => /tasks|handlers|par/.test(name))]
    : ['examples/queens.pg', 'examples/triangles.pg', 'test/run/tasks-fib.pg', 'test/run/handlers-modes.pg'];

/** The most there is: in test/run/handlers-modes.pg. */
const most = 2.01;

/** Less of them is next to nothing: what a function needs to be left at all shows. */
const few = 250;

test.each(programs)(
  'functions of %s that can be left grow to twice their code at most, also with --checkpoint',
  async (name) => {
    const path = join(root, name);
    const text = readFileSync(path, 'utf8');
    if (!/^fn main\(/m.test(text)) return;
    const tasks = /\b(spawn|par for|on_message)\b/.test(text);
    for (const checkpoint of tasks && process.env.PGC_GROWTH !== 'all' ? [false] : [false, true]) {
      const { text: list = '' } = await compile({ path, text }, { emit: 'hooks', checkpoint });
      const grown = [...list.matchAll(/: (\d+) instructions became \d+, ([\d.]+) ×/g)];
      if (tasks || checkpoint) expect(grown.length, list).toBeGreaterThan(0);
      for (const [line, before, times] of grown)
        expect([name, checkpoint, line, Number(times) <= (Number(before) < few ? 2.3 : most)]).toEqual([
          name,
          checkpoint,
          line,
          true,
        ]);
    }
  },
);

test('it is told of programs with tasks, and of no others', async () => {
  const said = async (text: string) => (await compile({ path: 'a.pg', text }, { emit: 'hooks' })).text ?? '';
  expect(await said('fn f() -> int { yield; return 1; }\nfn main() { print("{}", join(spawn f())); }')).toMatch(
    /2 functions of the program can be left: \d+ instructions became \d+, \d\.\d\d ×\n/,
  );
  expect(await said('fn main() { for i in 0..10 { print("{}", i); } }')).not.toContain('can be left');
});
