// Each way in which a pointer gets into memory is seen, with and without optimisation; and what happens when the table is full.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { evaluate } from '../../compiler/eval.ts';
import { passes } from '../../compiler/pipeline.ts';
import { type ImageMemory, readTable } from '../../vm/table.ts';
import { startNode, type TestNode } from '../vm/node.ts';
import { expectPlaces, tracked } from './model.ts';

const source = (name: string): string => readFileSync(new URL(`programs/${name}.pg`, import.meta.url), 'utf8');
const artifactOf = async (name: string, text: string): Promise<Uint8Array> => {
  const { artifact, diagnostics } = await compile({ path: `${name}.pg`, text }, { track: 'all' });
  if (!artifact) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  return artifact;
};

const optional = passes.filter((p) => !p.required).map((p) => p.name);

describe('in the evaluator', () => {
  const programs = { optimised: tracked(source('escapes')), plain: tracked(source('escapes'), optional) };
  test.each([1, 2, 3, 4, 7])('%i images', (images) => {
    for (const program of Object.values(programs)) {
      let tables: ImageMemory[] = [];
      const { outcome, stdout } = evaluate(program, {
        images,
        onMemory: (memory, slotBits) => {
          tables = Array.from({ length: images }, (_, image) => readTable(memory, slotBits, image));
        },
      });
      expect(outcome).toEqual({ kind: 'ok' });
      for (const table of tables) expectPlaces(table, stdout);
    }
  });
});

describe('on the node', () => {
  let node: TestNode;
  let artifact: Uint8Array;
  beforeAll(async () => {
    node = await startNode();
    artifact = await artifactOf('escapes', source('escapes'));
  }, 120_000);
  afterAll(() => node.close());

  test.each([1, 2, 3, 4, 7])('%i images', async (images) => {
    const { result, lines, tables } = await node.run(artifact, { images, collect: true, tables: true });
    expect(result).toEqual({ kind: 'ok' });
    for (const table of tables) expectPlaces(table, lines);
  });

  test('a variable that never changes, and a handle', async () => {
    const { tables } = await node.run(await artifactOf('fixed', source('fixed')), { images: 2, tables: true });
    for (const { objects, escapes } of tables) {
      const around = (place: number): number | undefined =>
        objects.find((o) => o.base <= place && place < o.base + o.bytes)?.bytes;
      expect(escapes.map(around).sort()).toEqual([4, 8]);
    }
  });

  // The table has a quarter of a slot of 2^20 bytes: some 9000 objects, or some 15 000 places.
  const small = { images: 2, slotBytes: 2 ** 20, collect: true, tables: true };

  test('too many objects', async () => {
    const text = `fn main() {
      barrier;
      if this_image() == 1 { for i in 0..100_000 { let p = new int; *p = i; } }
      barrier;
    }`;
    const { result, report, tables } = await node.run(await artifactOf('full', text), small);
    expect(result).toMatchObject({ kind: 'fault', fault: { kind: 'track-full', image: 1 } });
    expect(report).toMatch(/the table of objects is full: \d{4} objects and 0 places of pointers in 262144 bytes/);
    // What was not entered any more is in the log.
    expect(tables[1]?.objects.length).toBeGreaterThan(8000);
    expect(tables[1]?.regions.heap.objects).toBe(tables[1]?.objects.length);
  });

  test('too many places', async () => {
    const text = `var a: [60_000]*int;
    fn main() {
      let p = new int;
      for i in 0..60_000 { a[i] = p; }
      barrier;
    }`;
    const { result } = await node.run(await artifactOf('full', text), { ...small, slotBytes: 2 ** 21 });
    expect(result).toMatchObject({ kind: 'fault', fault: { kind: 'track-full' } });
  });

  test('a table that is used for long does not grow', async () => {
    const text = `struct Node { next: *Node; }
    fn main() {
      for round in 0..2000 {
        var head: *Node;
        for i in 0..100 { let n = new Node; n.next = head; head = n; }
        while head != nil { let n = head.next; delete head; head = n; }
      }
      barrier;
    }`;
    const { result, tables } = await node.run(await artifactOf('long', text), { ...small });
    expect(result).toEqual({ kind: 'ok' });
    expect(tables.map((t) => [t.regions.heap.objects, t.regions.heap.objectsEver])).toEqual([
      [0, 200_000],
      [0, 200_000],
    ]);
    for (const t of tables) expect(t.tableBytes).toBeLessThan(64 * 1024);
  });
});
