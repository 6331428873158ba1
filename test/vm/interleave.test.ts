// The run-time in PG under the evaluator: lowered code, images taking turns in random order, and every wait a sleep at once (its
// kernel says to spin not at all). So the paths that threads rarely take, between the words of barrier and wait, are
// taken all the time. And: lowered or not, a program means the same.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';

const programs = new Map<string, { readonly plain: IrProgram; readonly lowered: IrProgram }>();
const programOf = (name: string) => {
  const known = programs.get(name);
  if (known) return known;
  const path = `${name}.pg`;
  const text = readFileSync(new URL(`programs/${path}`, import.meta.url), 'utf8');
  const { program, diagnostics } = check(path, fileHost({ texts: { [path]: text } }));
  if (!program) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const plain = lower(program);
  const made = { plain, lowered: optimise(plain) };
  programs.set(name, made);
  return made;
};

const small: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  barrier: { rounds: '20' },
  collectives: { rounds: '12' },
  ring: { rounds: '8' },
  objects: { nodes: '3', rounds: '2' },
  heap: { rounds: '150', largest: '3000' },
  full: { rounds: '1', bytes: '40000' },
};

describe.each(Object.entries(small))('%s', (name, configs) => {
  // Heaps are private: how images take turns matters little to them.
  const isPrivate = name === 'full' || name === 'heap';
  test.each(isPrivate ? [1, 2] : [1, 2, 3, 4, 7])('%i images, turns of all kinds', (images) => {
    const slotBits = name === 'full' ? 23 : 21;
    for (const form of ['plain', 'lowered'] as const) {
      for (const seed of isPrivate ? [1] : [1, 2, 3]) {
        for (const quantum of isPrivate ? [100] : [1, 3, 100]) {
          const program = programOf(name)[form];
          const result = evaluate(program, { images, configs, seed, quantum, slotBits });
          expect(result.outcome, `${form}, seed ${seed}, quantum ${quantum}`).toEqual({ kind: 'ok' });
          expect(result.stdout).toEqual(Array(images).fill('done'));
        }
      }
    }
  });
});

test.each([0, 1, 2, 3, 4])('deadlock %i is one in the evaluator too, lowered or not', (what) => {
  for (const form of ['plain', 'lowered'] as const) {
    for (const seed of [1, 2]) {
      const result = evaluate(programOf('deadlock')[form], { images: 3, configs: { what: `${what}` }, seed });
      expect(result.outcome.kind).toBe('deadlock');
    }
  }
});

describe('more images than are counted together', () => {
  const ended = (images: number, configs: Readonly<Record<string, string>>, spin: number, seed: number) =>
    evaluate(programOf('groups').lowered, { images, configs, spin, seed, slotBits: 20, steps: 200_000_000 });

  test.each([16, 17, 32, 35])('%i', (images) => {
    for (const spin of [0, 3, 1000]) {
      for (const seed of [1, 2]) {
        const { outcome, stdout } = ended(images, {}, spin, seed);
        expect(outcome, `spin ${spin}, seed ${seed}`).toEqual({ kind: 'ok' });
        expect(stdout).toEqual(Array(images).fill('done'));
      }
    }
  });

  test.each([0, 16, 19])('image %i comes to something else, or not at all', (image) => {
    for (const spin of [0, 3]) {
      const other = ended(20, { odd: `${image}`, rounds: '1' }, spin, 1).outcome;
      expect(other).toMatchObject({ kind: 'fault', fault: 'meeting' });
      expect(ended(20, { absent: `${image}`, rounds: '1' }, spin, 1).outcome.kind).toBe('deadlock');
    }
  });
});
