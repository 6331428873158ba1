// The run-time in PG (stdlib/runtime.pg) as programs meet it, on 1 to 7 images whatever the number of cores.
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { compile } from '../../compiler/compile.ts';
import { type Outcome, type Request, startNode, type TestNode } from './node.ts';

let node: TestNode;
const artifacts = new Map<string, Uint8Array>();
const artifactOf = async (name: string): Promise<Uint8Array> => {
  const known = artifacts.get(name);
  if (known) return known;
  const text = readFileSync(new URL(`programs/${name}.pg`, import.meta.url), 'utf8');
  const { artifact, diagnostics } = await compile({ path: `${name}.pg`, text });
  if (!artifact) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  artifacts.set(name, artifact);
  return artifact;
};
const run = async (name: string, request: Request): Promise<Outcome> => node.run(await artifactOf(name), request);
const done = (o: Outcome, images: number): void => {
  expect(o.report).toBe('');
  expect(o.result).toEqual({ kind: 'ok' });
  expect(o.stdout).toBe('done\n'.repeat(images));
  expect(o.resources).toEqual([]);
};

beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());

describe.each([1, 2, 3, 4, 7])('%i images', (images) => {
  // Where images outnumber cores each barrier is a few switches of the system: fewer rounds.
  const crowded = images > 2;

  test('barrier', async () => {
    done(await run('barrier', { images, configs: { rounds: crowded ? '5000' : '50000' }, tuneV8: true }), images);
  });

  test.each(['uneven', 'collectives', 'ring'])('%s', async (name) => {
    const rounds: Readonly<Record<string, string>> = {
      uneven: '200',
      collectives: crowded ? '1000' : '20000',
      ring: '500',
    };
    done(await run(name, { images, configs: { rounds: rounds[name] ?? '1' } }), images);
  });

  test('heap', async () => {
    done(await run('heap', { images, tuneV8: true }), images);
  });

  test('heap, nearly full', async () => {
    for (const bytes of [20, 1000, 4096, 30_000]) {
      const request = { images, slotBytes: 2 ** 22, stackBytes: 65536, configs: { bytes: `${bytes}`, rounds: '20' } };
      done(await run('full', request), images);
    }
  });

  test('long computations and clocks are no deadlocks', async () => {
    done(await run('busy', { images }), images);
    done(await run('clock', { images }), images);
  });
});

describe('faults of the heap', () => {
  test.each([0, 1, 2, 3, 4, 5])('a bad delete, %i', async (what) => {
    const o = await run('double-free', { images: 1, configs: { what: `${what}` } });
    expect(o.result).toMatchObject({ kind: 'fault', fault: { kind: 'free' } });
    expect(o.report).toMatch(/call stack:\n {2}main +double-free\.pg:\d+:\d+/);
  });

  test('deletes that are right', async () => {
    done(await run('double-free', { images: 2, configs: { what: '9' } }), 2);
  });

  test('out of memory, with what was asked for and what is left', async () => {
    const o = await run('out-of-memory', { images: 2, slotBytes: 2 ** 22 });
    expect(o.result).toMatchObject({ kind: 'fault', fault: { kind: 'memory' } });
    expect(o.report).toMatch(/8000 bytes were asked for, \d{1,4} are left/);
    expect(o.report).toContain('out-of-memory.pg:4:13');
  });
});

describe('deadlocks', () => {
  test.each([
    [0, /image 0 has finished\n {2}images 1, 2 wait at a barrier, deadlock.pg:9:31 in main/],
    [1, /images 0-2 wait in wait_until, deadlock.pg:5:14 in inner/],
    [2, /image 0 waits at a barrier.*\n {2}images 1, 2 wait in wait_until/],
    [3, /image 0 waits in a collective operation/],
    [4, /image 0 waits at a barrier.*\n {2}images 1, 2 have finished/],
  ])('deadlock %i', async (what, report) => {
    const o = await run('deadlock', { images: 3, configs: { what: `${what}` }, timeout: 20 });
    expect(o.report).toMatch(report);
    expect(o.result.kind).toBe('deadlock');
    expect(o.resources).toEqual([]);
  });
});

describe('recursion', () => {
  test('a hundred thousand calls', async () => {
    const o = await run('recursion', { images: 2 });
    expect(o.stdout).toBe('100000\n100000\n');
  });

  test('calls with frames in memory, until the stack is full', async () => {
    const o = await run('recursion', { images: 2, configs: { frames: 'true', depth: '40000' } });
    expect(o.stdout).toBe('40000\n40000\n');
    const full = await run('recursion', { images: 2, configs: { frames: 'true', depth: '1_000_000' } });
    expect(full.result).toMatchObject({ kind: 'fault', fault: { kind: 'stack' } });
    expect(full.report).toContain('more of the same');
  });

  test('without an end', async () => {
    const o = await run('recursion', { images: 2, configs: { depth: '-1' } });
    expect(o.result).toMatchObject({ kind: 'fault', fault: { kind: 'stack', deeper: true } });
    expect(o.report).toContain('recursion.pg:4:');
  });
});
