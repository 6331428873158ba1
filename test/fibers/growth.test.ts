// How much code it makes that functions can be left, as the end of --emit=hooks tells it.
import { readFileSync } from 'node:fs';
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

test('the functions of examples grow to less than twice, those of the run-time to little more', async () => {
  for (const name of ['quadrature', 'knapsack', 'julia']) {
    const path = join(root, 'examples', `${name}.pg`);
    const { text = '' } = await compile({ path, text: readFileSync(path, 'utf8') }, { emit: 'hooks' });
    const grown = [...text.matchAll(/instructions became \d+, ([\d.]+) ×/g)].map((m) => Number(m[1]));
    expect(grown, text).toHaveLength(2);
    expect(grown[0], name).toBeLessThan(2);
    expect(grown[1], name).toBeLessThan(2.3);
  }
});

test('it is told of programs with tasks, and of no others', async () => {
  const said = async (text: string) => (await compile({ path: 'a.pg', text }, { emit: 'hooks' })).text ?? '';
  expect(await said('fn f() -> int { yield; return 1; }\nfn main() { print("{}", join(spawn f())); }')).toMatch(
    /2 functions of the program can be left: \d+ instructions became \d+, \d\.\d\d ×\n/,
  );
  expect(await said('fn main() { for i in 0..10 { print("{}", i); } }')).not.toContain('can be left');
});
