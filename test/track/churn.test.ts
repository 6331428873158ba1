// The table of objects against a model, over random steps (programs/churn.pg): on several images that all allocate at once,
// in the evaluator and on the node. Nothing is lost and nothing is left behind.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { evaluate } from '../../compiler/eval.ts';
import { type ImageMemory, readTable } from '../../vm/table.ts';
import { startNode, type TestNode } from '../vm/node.ts';
import { expectObjects, expectPlaces, tracked } from './model.ts';

const text = readFileSync(new URL('programs/churn.pg', import.meta.url), 'utf8');
const images = [1, 2, 3, 4, 7];

const agrees = (tables: readonly ImageMemory[], lines: readonly string[], count: number): void => {
  expect(tables.map((t) => t.image)).toEqual(Array.from({ length: count }, (_, i) => i));
  for (const table of tables) {
    expectObjects(table, lines);
    expectPlaces(table, lines);
  }
};

describe('in the evaluator', () => {
  const full = tracked(text);
  const plain = tracked(text, ['inline', 'promote', 'strength', 'licm', 'cse', 'split', 'rotate']);

  test.each(images)('%i images', (count) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 400 }),
        fc.boolean(),
        (seed, steps, opt) => {
          let tables: ImageMemory[] = [];
          const { outcome, stdout } = evaluate(opt ? full : plain, {
            images: count,
            seed,
            configs: { seed: String(seed), steps: String(steps) },
            onMemory: (memory, slotBits) => {
              tables = Array.from({ length: count }, (_, image) => readTable(memory, slotBits, image));
            },
          });
          expect(outcome).toEqual({ kind: 'ok' });
          agrees(tables, stdout, count);
        },
      ),
      { numRuns: Math.ceil(8 / count) },
    );
  });
});

describe('on the node', () => {
  let node: TestNode;
  let artifact: Uint8Array;
  beforeAll(async () => {
    node = await startNode();
    const result = await compile({ path: 'churn.pg', text }, { track: 'all' });
    if (!result.artifact) throw new Error('churn.pg does not compile');
    artifact = result.artifact;
  }, 120_000);
  afterAll(() => node.close());

  test.each(images)('%i images', async (count) => {
    const configs = { seed: String(100 + count), steps: String(Math.ceil(12_000 / count)) };
    const { result, lines, tables } = await node.run(artifact, { images: count, configs, collect: true, tables: true });
    expect(result).toEqual({ kind: 'ok' });
    agrees(tables, lines, count);
  });
});
