// How much stack a task may need: chains of frames, circles of calls with frames and without, and graphs with very many ways through them.
import { expect, test } from 'vitest';
import { stackNeeds } from '../../compiler/frames.ts';
import { parseProgram } from '../../compiler/ir-text.ts';
import { guardSlack } from '../../vm/abi.ts';

const needsOf = (text: string): ReadonlyMap<string, number> => {
  const parsed = parseProgram(text);
  if (!('program' in parsed)) throw new Error(JSON.stringify(parsed));
  return stackNeeds(parsed.program, false);
};

const func = (name: string, frame: number, calls: readonly string[]): string =>
  `func @${name}() {\n${frame > 0 ? `slot $a size ${frame} align 8\n` : ''}${calls.map((c) => `call @${c}()\n`).join('')}ret\n}\n`;

const recursion = 64 * 1024;

test('the deepest chain counts, frames in multiples of 16', () => {
  const needs = needsOf(func('a', 8, ['b', 'c']) + func('b', 100, []) + func('c', 0, ['d']) + func('d', 32, []));
  expect(needs.get('a')).toBe(16 + 112 + guardSlack);
  expect(needs.get('c')).toBe(32 + guardSlack);
});

test('what has no frames needs nothing, recursive or not', () => {
  const needs = needsOf(func('a', 0, ['b']) + func('b', 0, ['a']) + func('c', 0, []));
  expect([...needs.values()]).toEqual([0, 0, 0]);
});

test('each circle with frames has room of its own', () => {
  const needs = needsOf(func('a', 16, ['a', 'b']) + func('b', 32, ['c']) + func('c', 0, ['b']));
  expect(needs.get('b')).toBe(32 + recursion + guardSlack);
  expect(needs.get('a')).toBe(16 + recursion + 32 + recursion + guardSlack);
});

test('many ways through the calls to a recursive function are walked once', () => {
  const layers = Array.from({ length: 60 }, (_, k) => {
    const next = k === 59 ? ['ring'] : [`l${k + 1}`, `r${k + 1}`];
    return func(`l${k}`, 16, next) + func(`r${k}`, 16, next);
  });
  const needs = needsOf(layers.join('') + func('ring', 16, ['ring']));
  expect(needs.get('l0')).toBe(60 * 16 + 16 + recursion + guardSlack);
});
