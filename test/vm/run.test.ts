// The node as a whole, with programs in wasm: how runs end, and that nothing is left of them.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultNumber, guardSlack, kernel, page, states } from '../../vm/abi.ts';
import { type Outcome, startNode, type TestNode } from './node.ts';
import { artifact } from './wat.ts';

let node: TestNode;
beforeAll(async () => {
  node = await startNode();
});
afterAll(() => node.close());

const spin = '(loop $l (br $l))';
const sleep = `(drop (memory.atomic.wait32 offset=${page.poll} (global.get $slot) (i32.const 0) (i64.const -1)))`;
const ifImage = (image: number, then: string, otherwise = ''): string =>
  `(if (i32.eq (global.get $image) (i32.const ${image})) (then ${then}) (else ${otherwise}))`;
const fault = (kind: Parameters<typeof faultNumber>[0], a: number | bigint = 0, b: number | bigint = 0, position = 1) =>
  `(call $fault (i32.const ${faultNumber(kind)}) (i32.const ${position}) (i64.const ${a}) (i64.const ${b}))`;
const nothingLeft = (o: Outcome): void => expect(o.resources).toEqual([]);

describe('programs that return', () => {
  test.each([1, 2, 3, 4, 7])('%i images print a line each', async (images) => {
    const o = await node.runProgram({ main: '(call $say (global.get $images))' }, { images });
    expect(o.result).toEqual({ kind: 'ok' });
    const expected = Array.from({ length: images }, (_, i) => `${i}:${images}`);
    expect(o.stdout.trim().split('\n').sort()).toEqual(expected.sort());
    nothingLeft(o);
  });

  test('collected lines are whole, complete, and in the order in which they were printed', async () => {
    // Image 1 prints only after image 0 has: the order between images is kept.
    const cell = '(i32.const 131072)';
    const after = `(loop $l (br_if $l (i32.eqz (i32.atomic.load ${cell}))))`;
    const many =
      '(local $i i32) (loop $l (call $say (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_s (local.get $i) (i32.const 20000))))';
    const main = `${many} ${ifImage(0, `(i32.atomic.store ${cell} (i32.const 1))`)}`;
    const second = `(local $j i32) ${ifImage(0, '', after)} (call $many)`;
    const o = await node.runProgram({ main: second, more: `(func $many ${main})` }, { images: 2, collect: true });
    expect(o.result).toEqual({ kind: 'ok' });
    const all = [0, 1].flatMap((image) => Array.from({ length: 20_000 }, (_, i) => `${image}:${i}\n`));
    expect(o.lines).toEqual(all);
    nothingLeft(o);
  });

  test('what a failing image printed before is not lost', async () => {
    const o = await node.runProgram(
      { main: `(call $say (i32.const 5)) ${fault('assert')}` },
      { images: 2, collect: true },
    );
    expect(o.result.kind).toBe('fault');
    expect([...o.lines].sort()).toEqual(['0:5\n', '1:5\n']);
  });

  test('long lines of several images stay whole on a pipe', async () => {
    const more = `(func $long (local $i i32) (loop $l (call $out_i32 (i32.const 1) (i32.add (i32.const 10000000) (global.get $image)))
      (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_s (local.get $i) (i32.const 20000))))
      (call $out_end (i32.const 1) (i32.const 1)))`;
    const o = await node.runProgram({ main: '(call $long) (call $long)', more }, { images: 3 });
    const lines = o.stdout.trim().split('\n').sort();
    expect(lines).toEqual([0, 0, 1, 1, 2, 2].map((i) => `1000000${i}`.repeat(20_000)));
  });

  const manyLines =
    '(local $i i32) (loop $l (call $say (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_s (local.get $i) (i32.const 50000))))';

  test('a reader who is slow loses nothing', async () => {
    const o = await node.runProgram({ main: manyLines }, { images: 2, pauseMs: 500 });
    expect(o.result).toEqual({ kind: 'ok' });
    const of = (image: number) => o.stdout.split('\n').filter((l) => l.startsWith(`${image}:`));
    for (const image of [0, 1]) expect(of(image)).toEqual(Array.from({ length: 50_000 }, (_, i) => `${image}:${i}`));
  });

  test('a reader who goes away ends the run, without a word', async () => {
    const o = await node.runProgram(
      { main: `(loop $l (call $say (i32.const 1)) (br $l))` },
      { images: 2, closeAfter: 1000 },
    );
    expect(o.result).toEqual({ kind: 'output-failed', stream: 1, code: 'EPIPE' });
    expect(o.report).toBe('');
    expect(o.code).toBe(141);
    nothingLeft(o);
  });

  test('threads that were started before are used, or ended if not', async () => {
    for (const early of [1, 2, 5]) {
      const o = await node.runProgram({ main: '(call $say (i32.const 1))' }, { images: 2, early });
      expect(o.result).toEqual({ kind: 'ok' });
      nothingLeft(o);
    }
    const bad = await node.run(new Uint8Array(), { images: 2, early: 2 });
    expect(bad.result.kind).toBe('bad-artifact');
    nothingLeft(bad);
  });

  test('read-only data is loaded once, before any init; no main starts before all inits are done', async () => {
    const word = (n: number): string => `(i32.const ${kernel.barrierCount + 3900 + 4 * n})`;
    const more = `(func $must (param i32) (if (i32.eqz (local.get 0)) (then unreachable)))`;
    const o = await node.runProgram(
      {
        load: `(drop (i32.atomic.rmw.add ${word(0)} (i32.const 1)))`,
        init: `(call $must (i32.eq (i32.atomic.load ${word(0)}) (i32.const 1))) (drop (i32.atomic.rmw.add ${word(1)} (i32.const 1)))`,
        main: `(call $must (i32.eq (i32.atomic.load ${word(1)}) (global.get $images)))`,
        more,
      },
      { images: 5 },
    );
    expect(o.result).toEqual({ kind: 'ok' });
  });

  test('each image has the words of its page, its stack pointer and its configs', async () => {
    const more = `(func $at (param i32) (result i32) (i32.load (i32.add (global.get $slot) (local.get 0))))`;
    const main = [
      '(call $say (i32.sub (global.get $sp) (global.get $slot)))',
      ...[page.stackLimit, page.heapBottom, page.symmetricTop, 65536].map(
        (o) => `(call $say (call $at (i32.const ${o})))`,
      ),
    ].join('\n');
    const bytes = await artifact(
      { main, more },
      { configs: [{ name: 'n', type: 'i32', offset: 65536, default: '5' }] },
    );
    const options = { images: 2, collect: true, slotBytes: 2 ** 24, stackBytes: 65536, configs: { n: '77' } };
    const o = await node.run(bytes, options);
    const top = 2 ** 24 - 65536;
    const values = [top - guardSlack, top - 65536, top - 65536, 2 * 65536 + 4096, 77];
    expect([...o.lines].sort()).toEqual([0, 1].flatMap((i) => values.map((v) => `${i}:${v}\n`)).sort());
  });
});

describe('programs that fail', () => {
  test('a fault ends a run whose other images spin and sleep', async () => {
    const o = await node.runProgram(
      { main: ifImage(1, fault('index', 12, 10), ifImage(0, spin, sleep)) },
      { images: 3 },
    );
    expect(o.result).toMatchObject({ kind: 'fault', fault: { image: 1, kind: 'index', values: ['12', '10', '0'] } });
    await expect(o.report).toMatchFileSnapshot('goldens/fault.txt');
    expect(o.code).toBe(1);
    nothingLeft(o);
  });

  test('of several failures the lowest image is reported', async () => {
    for (let i = 0; i < 3; i++) {
      const o = await node.runProgram({ main: fault('trap') }, { images: 4 });
      expect(o.result).toMatchObject({ kind: 'fault', fault: { image: 0 } });
    }
  });

  test.each([0, 3, 255, -1])('exit(%i)', async (code) => {
    const o = await node.runProgram({ main: ifImage(1, fault('exit', code), spin) }, { images: 2 });
    expect(o.result).toEqual({ kind: 'exit', code, image: 1 });
    expect(o.code).toBe(code & 255);
    expect(o.report).toBe('');
    nothingLeft(o);
  });

  test('a fault during init', async () => {
    const o = await node.runProgram({ init: ifImage(1, fault('extent', -5)), main: spin }, { images: 3 });
    expect(o.result).toMatchObject({ kind: 'fault', fault: { image: 1, text: 'bad extent: -5' } });
    nothingLeft(o);
  });

  test('recursion without an end is a fault, not a crash', async () => {
    const more =
      '(func $deep (param i64) (result i64) (i64.add (i64.const 1) (call $deep (i64.add (local.get 0) (i64.const 1)))))';
    const o = await node.runProgram({ main: '(drop (call $deep (i64.const 0)))', more }, { images: 2 });
    expect(o.result).toMatchObject({ kind: 'fault', fault: { kind: 'stack', deeper: true } });
    expect(o.report).toMatch(/stack overflow/);
    nothingLeft(o);
  });

  test('a hundred thousand frames are no problem', async () => {
    const more =
      '(func $down (param i64) (result i64) (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0)) (else (i64.add (i64.const 1) (call $down (i64.sub (local.get 0) (i64.const 1)))))))';
    const o = await node.runProgram(
      { main: '(call $say (i32.wrap_i64 (call $down (i64.const 100000))))', more },
      { images: 2 },
    );
    expect(o.result).toEqual({ kind: 'ok' });
    expect(o.stdout.trim().split('\n').sort()).toEqual(['0:100000', '1:100000']);
  });

  test.each([
    ['address', '(drop (i32.load (i32.const -4)))'],
    ['alignment', '(drop (i32.atomic.load (i32.const 131073)))'],
    ['divide', '(drop (i32.div_s (i32.const 1) (global.get $image)))'],
    ['internal', 'unreachable'],
  ])('traps of the machine: %s', async (kind, main) => {
    const o = await node.runProgram({ main }, { images: 1 });
    expect(o.result).toMatchObject({ kind: 'fault', fault: { kind, image: 0 } });
  });

  test('texts of a fault come from memory', async () => {
    const load = [...'no good']
      .map((c, i) => `(i32.store8 (i32.const ${69632 + i}) (i32.const ${c.charCodeAt(0)}))`)
      .join(' ');
    const o = await node.runProgram({ load, main: fault('assert', 69632, 7) }, { images: 1 });
    expect(o.result).toMatchObject({ fault: { text: 'assertion failed: no good' } });
    const wild = await node.runProgram({ main: fault('trap', 2 ** 32 - 1, 2 ** 40) }, { images: 1 });
    expect(wild.result).toMatchObject({ kind: 'fault', fault: { kind: 'trap' } });
  });
});

describe('runs ended from outside', () => {
  test.each([
    ['spinning', spin],
    ['sleeping', sleep],
    ['one of each', ifImage(0, spin, sleep)],
  ])('time is up: %s', async (_, main) => {
    const o = await node.runProgram({ main }, { images: 2, timeout: 0.3 });
    expect(o.result.kind).toBe('timeout');
    expect(o.code).toBe(124);
    nothingLeft(o);
  });

  test.each([
    ['spinning', spin],
    ['sleeping', sleep],
    ['printing', '(loop $l (call $say (i32.const 1)) (br $l))'],
  ])('interrupted: %s', async (_, main) => {
    const o = await node.runProgram({ main }, { images: 2, abortMs: 400, collect: true });
    expect(o.result.kind).toBe('interrupted');
    expect(o.code).toBe(130);
    nothingLeft(o);
  });

  test('interrupted before it began', async () => {
    const o = await node.runProgram({ main: spin }, { images: 2, abortMs: 0 });
    expect(o.result.kind).toBe('interrupted');
    nothingLeft(o);
  });

  test('a sink that throws ends the run and rejects', async () => {
    const o = await node.runProgram(
      { main: '(loop $l (call $say (i32.const 1)) (br $l))' },
      { images: 2, throwing: true },
    );
    expect(o.rejected).toBe('sink says no');
    nothingLeft(o);
  });
});

describe('deadlock', () => {
  test('one waits at a barrier, the other has finished', async () => {
    const o = await node.runProgram({ main: ifImage(1, `(call $block (i32.const ${states.barrier}))`) }, { images: 2 });
    expect(o.result.kind).toBe('deadlock');
    await expect(o.report).toMatchFileSnapshot('goldens/deadlock.txt');
    expect(o.code).toBe(1);
    nothingLeft(o);
  });

  test('waits that look again and again in vain', async () => {
    const main =
      '(drop (i32.atomic.rmw.add offset=136 (global.get $slot) (i32.const 1))) (loop $l (call $nap) (br $l))';
    const o = await node.runProgram({ main }, { images: 3 });
    expect(o.result.kind).toBe('deadlock');
    nothingLeft(o);
  });

  // No false alarm: each of these could still go on, so only the time limit ends it.
  test.each([
    ['one computes', ifImage(0, spin, `(call $block (i32.const ${states.barrier}))`)],
    ['a wait that does not look again', `(call $block (i32.const ${states.waitUntil}))`],
    ['a wait that reads the clock', '(loop $l (call $nap) (drop (call $now)) (br $l))'],
    [
      'waits that succeed, one after the other',
      '(loop $l (drop (i32.atomic.rmw.add offset=136 (global.get $slot) (i32.const 1))) (call $nap) (br $l))',
    ],
    [
      'a barrier that is over already',
      `(i64.store offset=${page.stateValue} (global.get $slot) (i64.const 7)) (call $block (i32.const ${states.barrier}))`,
    ],
  ])('no alarm: %s', async (_, main) => {
    const o = await node.runProgram({ main }, { images: 2, timeout: 1.5 });
    expect(o.result.kind).toBe('timeout');
    nothingLeft(o);
  });
});

describe('what cannot be run', () => {
  test('too many images', async () => {
    const o = await node.runProgram({ main: '' }, { images: 100_000 });
    expect(o.result).toMatchObject({ kind: 'too-many-images', images: 100_000, fit: 512 });
    const big = await node.run(await artifact({ main: '' }, { symmetricBytes: 2 ** 28 }), { images: 9 });
    expect(big.result).toMatchObject({ kind: 'too-many-images', fit: 7 });
    await expect(big.report).toMatchFileSnapshot('goldens/too-many-images.txt');
    expect(big.code).toBe(2);
    nothingLeft(big);
  });

  test('a program that is larger than a node', async () => {
    const o = await node.run(await artifact({ main: '' }, { symmetricBytes: 2 ** 31 }), { images: 1 });
    expect(o.result.kind).toBe('no-resources');
    const small = await node.runProgram({ main: '' }, { images: 1, slotBytes: 65536 });
    expect(small.result.kind).toBe('no-resources');
    const stack = await node.runProgram({ main: '' }, { images: 1, stackBytes: 2 ** 33 });
    expect(stack.result.kind).toBe('no-resources');
  });

  test.each([0, -1, 1.5])('%d images', async (images) => {
    expect((await node.runProgram({ main: '' }, { images })).result.kind).toBe('bad-option');
  });

  test('threads that cannot start, started before or not', async () => {
    for (const early of [0, 2]) {
      for (const tuneV8 of [true, false]) {
        const o = await node.runProgram({ main: spin }, { images: 2, early, tuneV8, worker: './missing.js' });
        expect(o.result.kind).toBe('internal');
        nothingLeft(o);
      }
    }
  });

  test('a bad time limit', async () => {
    for (const timeout of [0, -1])
      expect((await node.runProgram({ main: '' }, { timeout })).result.kind).toBe('bad-option');
  });

  test('configs', async () => {
    const bytes = await artifact(
      { main: '' },
      { configs: [{ name: 'steps', type: 'i32', offset: 65536, default: '5' }] },
    );
    const o = await node.run(bytes, { images: 1, configs: { stesp: '3' } });
    expect(o.result.kind).toBe('bad-config');
    await expect(o.report).toMatchFileSnapshot('goldens/unknown-config.txt');
    expect(o.code).toBe(2);
    const value = await node.run(bytes, { images: 1, configs: { steps: 'many' } });
    await expect(value.report).toMatchFileSnapshot('goldens/bad-config.txt');
  });
});
