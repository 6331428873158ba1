// A run that is killed and gone on with prints what it prints otherwise; a damaged checkpoint is refused, and the one before it taken.
import { createHash } from 'node:crypto';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kernel, page, states } from '../../vm/abi.ts';
import { beginFolder, checkpointsIn, findCheckpoint } from '../../vm/checkpoint-folder.ts';
import { lockFolder } from '../../vm/checkpoint-lock.ts';
import { startCheckpointer } from '../../vm/checkpointer.ts';
import { prepare } from '../../vm/prepare.ts';
import { run } from '../../vm/run.ts';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';
import { randomNumbers, runAndKill } from './kill.ts';

const program = join(root, 'test', 'checkpoint', 'long.pg');
const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);
const wasm = join(folderWith(), 'long.wasm');
/** With checkpoints of a run that was killed, the older one first. */
const kept = join(folderWith(), 'kept');
const small = ['--stack', '64k'];

beforeAll(async () => {
  const built = await pgc(['build', program, '--checkpoint', '-o', wasm], { watchdog: 100 });
  expect(built.code, built.err).toBe(0);
  const options = { images: 2, stackBytes: 65536, workerUrl, configs: { rounds: '1000000' } };
  const abort = new AbortController();
  const artifact = new Uint8Array(readFileSync(wasm));
  await beginFolder(kept, artifact);
  const watch = setInterval(() => {
    if (readdirSync(kept).filter((f) => f.endsWith('.pgck')).length === 2) abort.abort();
  }, 5);
  const checkpoints = { folder: kept, every: 0.02, stackBytes: 65536 };
  const ended = await run(artifact, { ...options, checkpoints, stdout: () => {}, signal: abort.signal, timeout: 60 });
  clearInterval(watch);
  expect(ended.kind).toBe('interrupted');
  expect(checkpointsIn(kept)).toHaveLength(2);
}, 200_000);
afterAll(removeFolders);

/** A copy of the folder with checkpoints. */
const copy = (): string => {
  const folder = join(folderWith(), 'copy');
  cpSync(kept, folder, { recursive: true });
  return folder;
};

describe('killed at any moment', () => {
  // A hundred times in all.
  test.concurrent.each([
    [1, 30],
    [2, 20],
    [3, 20],
    [4, 20],
    [7, 10],
  ])(
    '%i images',
    async (images, kills) => {
      const args = [wasm, '-n', String(images), ...small, '--', '--rounds=150'];
      const undisturbed = await pgc(['run', ...args], { watchdog: 100 });
      expect(undisturbed).toMatchObject({ code: 0, err: '' });
      let done = 0;
      const random = randomNumbers(images);
      // Where the program comes to its end before that, another run begins.
      while (done < kills) {
        const folder = join(folderWith(), 'kept');
        const ended = await runAndKill(folder, args, kills - done, random);
        expect(ended.code, ended.notes.at(-1)).toBe(0);
        expect(ended.out).toBe(undisturbed.out);
        // Nothing is left to go on with.
        if (!ended.late) expect(readdirSync(folder)).toEqual([]);
        done += ended.kills;
      }
    },
    300_000,
  );
});

describe('through the library', () => {
  test('lines that are passed to a function are those that a checkpoint counts', async () => {
    const artifact = new Uint8Array(readFileSync(wasm));
    const options = { images: 3, stackBytes: 65536, workerUrl, configs: { rounds: '40' }, timeout: 60 };
    const whole: string[] = [];
    expect(await run(artifact, { ...options, stdout: (s) => whole.push(s) })).toEqual({ kind: 'ok' });
    const folder = folderWith();
    await beginFolder(folder, artifact);
    const abort = new AbortController();
    const first: string[] = [];
    const stdout = (s: string): void => {
      first.push(s);
      if (first.length === 20) abort.abort();
    };
    const checkpoints = { folder, every: 0.02, stackBytes: 65536 };
    const ended = await run(artifact, { ...options, checkpoints, stdout, signal: abort.signal });
    expect(ended.kind).toBe('interrupted');
    const { found } = findCheckpoint(folder);
    if (!found) throw new Error('there is no checkpoint');
    const { head, path } = found;
    expect(head.images).toBe(3);
    expect(head.outLines).toBeLessThanOrEqual(first.length);
    const rest: string[] = [];
    const resume = { head, path };
    expect(await run(artifact, { workerUrl, timeout: 60, resume, stdout: (s) => rest.push(s) })).toEqual({
      kind: 'ok',
    });
    expect([...first.slice(0, head.outLines), ...rest]).toEqual(whole);
    expect(Buffer.byteLength(first.slice(0, head.outLines).join(''))).toBe(head.outBytes);
  }, 200_000);
});

describe('images that do not stand still', () => {
  test('are spoken of once, with what they do', async () => {
    const folder = folderWith();
    const artifact = new Uint8Array(readFileSync(wasm));
    await beginFolder(folder, artifact);
    const p = prepare(artifact, { images: 2, stackBytes: 65536 });
    if (p.kind !== 'prepared') throw new Error(p.kind);
    // Nobody runs in this memory. It is laid out, image 0 stands at each request, and image 1 looks up at none.
    const words = new Int32Array(p.memory.buffer);
    const slot = (image: number): number => (image + 1) * 2 ** p.map.slotBits;
    Atomics.store(words, kernel.ready / 4, 2);
    Atomics.store(words, (slot(1) + page.state) / 4, states.running);
    const stands = setInterval(() => {
      Atomics.store(words, (slot(0) + page.halted) / 4, Atomics.load(words, kernel.halt / 4));
    }, 1);
    const said: string[] = [];
    const failed = (why: string): void => void said.push(why);
    const checkpointer = startCheckpointer(p, artifact, { folder, every: 0.01, failed }, process.hrtime.bigint());
    // Time for two.
    await new Promise((resolve) => setTimeout(resolve, 4200));
    await checkpointer.end();
    clearInterval(stands);
    expect(said).toEqual(['image 1 did not stand still within 2 s: it is running']);
    expect(checkpointsIn(folder)).toEqual([]);
  }, 200_000);
});

describe('damage', () => {
  const newest = (folder: string): string => join(folder, checkpointsIn(folder)[0]?.name ?? '');
  const older = (folder: string): string => checkpointsIn(folder)[1]?.name ?? '';

  /** The older one is found, as the newest is refused for this reason. */
  const expectOlder = (folder: string, why: RegExp): void => {
    const { found, passedOver } = findCheckpoint(folder);
    expect(passedOver).toHaveLength(1);
    expect(passedOver[0]?.name).toBe(checkpointsIn(folder)[0]?.name);
    expect(passedOver[0]?.why).toMatch(why);
    expect(found?.name).toBe(older(folder));
  };

  test('both are whole', () => {
    expect(findCheckpoint(kept)).toMatchObject({ found: { name: checkpointsIn(kept)[0]?.name }, passedOver: [] });
  });

  test('a byte is another one', () => {
    const folder = copy();
    const bytes = readFileSync(newest(folder));
    const random = randomNumbers(1);
    // The first, those of the head, of the table, of pages, of the digest.
    const places = [0, 7, 8, 11, 12, 20, 200, bytes.length - 33, bytes.length - 1];
    while (places.length < 60) places.push(Math.floor(random() * bytes.length));
    for (const at of places) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      writeFileSync(newest(folder), damaged);
      expectOlder(
        folder,
        /^it does not begin|^its head is damaged|^it is cut off|bytes more than|^its digest|^it is of version/,
      );
    }
  });

  test('it is cut off, empty, or too long', () => {
    const folder = copy();
    const bytes = readFileSync(newest(folder));
    for (const length of [0, 5, 11, 12, 100, 5000, bytes.length - 4096, bytes.length - 1]) {
      writeFileSync(newest(folder), bytes.subarray(0, length));
      expectOlder(folder, /^it ends before|^its head is damaged|^it is cut off: \d+ of \d+ bytes/);
    }
    writeFileSync(newest(folder), Buffer.concat([bytes, Buffer.of(0)]));
    expectOlder(folder, /^it has 1 bytes more/);
  });

  /** The head is another one, and the digest fits. */
  const withHead = (file: string, change: (head: Record<string, unknown>) => void): void => {
    const bytes = readFileSync(file);
    const length = bytes.readUInt32LE(8);
    const head = JSON.parse(bytes.toString('utf8', 12, 12 + length)) as Record<string, unknown>;
    change(head);
    const json = Buffer.from(JSON.stringify(head));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(json.length);
    const whole = Buffer.concat([bytes.subarray(0, 8), size, json, bytes.subarray(12 + length, -32)]);
    writeFileSync(file, Buffer.concat([whole, createHash('sha256').update(whole).digest()]));
  };

  test('it is of another version, of another program, or says what cannot be', () => {
    for (const [change, why] of [
      [{ version: 2 }, /^it is of version 2, and this pgc reads version 1$/],
      [{ artifact: '00' }, /^it is of another program than program\.wasm$/],
      [{ images: 0 }, /^its head is damaged$/],
      [{ images: 1e9 }, /^its head is damaged$/],
      [{ slotBits: 60 }, /^its head is damaged$/],
      [{ pages: -1 }, /^its head is damaged$/],
      [{ seconds: 'x' }, /^its head is damaged$/],
    ] as const) {
      const folder = copy();
      withHead(newest(folder), (head) => Object.assign(head, change));
      expectOlder(folder, why);
    }
  });

  test('a page lies outside of memory', async () => {
    const folder = copy();
    const file = newest(folder);
    withHead(file, (head) => Object.assign(head, { images: 1 }));
    const { found } = findCheckpoint(folder);
    if (!found) throw new Error('there is no checkpoint');
    const ended = await run(found.artifact, { workerUrl, resume: { path: found.path, head: found.head } });
    expect(ended).toMatchObject({ kind: 'bad-option', message: expect.stringContaining('lies outside of memory') });
  });

  test('the program is another one, or is gone', () => {
    const folder = copy();
    writeFileSync(join(folder, 'program.wasm'), 'something else');
    const found = (): string | undefined => {
      const { found, passedOver, program } = findCheckpoint(folder);
      expect(found).toBeUndefined();
      // The checkpoints are not to blame.
      expect(passedOver).toEqual([]);
      return program;
    };
    expect(found()).toBe('program.wasm is damaged, or not the program of this run');
    rmSync(join(folder, 'program.wasm'));
    expect(found()).toBe('program.wasm is missing');
    mkdirSync(join(folder, 'program.wasm'));
    expect(found()).toBe('program.wasm is a folder');
  });

  test('one run at a time has a folder; what a killed one left is taken over', async () => {
    const folder = copy();
    const lock = lockFolder(folder);
    expect('release' in lock).toBe(true);
    expect(lockFolder(folder)).toEqual({ holder: process.pid });
    for (const args of [
      ['run', wasm, '--checkpoint', folder],
      ['resume', folder],
    ]) {
      const ended = await pgc(args);
      expect(ended.code).toBe(2);
      expect(ended.err).toContain(`just now: process ${process.pid}\n`);
    }
    if ('release' in lock) lock.release();
    expect(existsSync(join(folder, 'running'))).toBe(false);
    // A process that is no more, none at all, and one whose number another process has got since.
    for (const left of ['4194305 17', 'x', '', ...(existsSync('/proc/self/stat') ? [`${process.pid} 1`] : [])]) {
      writeFileSync(join(folder, 'running'), left);
      const taken = lockFolder(folder);
      expect('release' in taken, left).toBe(true);
      if ('release' in taken) taken.release();
    }
    expect(readdirSync(folder).filter((name) => name.startsWith('running'))).toEqual([]);
  });

  test('a draft that was never finished is none', () => {
    const folder = copy();
    copyFileSync(newest(folder), `${newest(folder)}.part`);
    rmSync(newest(folder));
    expect(findCheckpoint(folder)).toMatchObject({ found: { name: checkpointsIn(kept)[1]?.name }, passedOver: [] });
  });

  test('pgc resume says which was passed over, and goes on from the other', async () => {
    const folder = copy();
    const before = older(folder);
    const bytes = readFileSync(newest(folder));
    writeFileSync(newest(folder), bytes.subarray(0, 5000));
    const ended = await pgc(['resume', folder, '--timeout', '0.5', '--every=0.02'], { watchdog: 60 });
    expect(ended.code).toBe(124);
    expect(ended.err).toContain('is passed over: it is cut off: 5000 of');
    expect(ended.err).toContain(`going on from ${before}: after`);
    // Newer ones have taken their places.
    expect(findCheckpoint(folder).passedOver).toEqual([]);
    expect(checkpointsIn(folder)[0]?.number).toBeGreaterThan(checkpointsIn(kept)[0]?.number ?? 0);
  }, 200_000);

  test('pgc resume says that there is nothing to go on from', async () => {
    const folder = copy();
    for (const { name } of checkpointsIn(folder)) writeFileSync(join(folder, name), 'rubbish');
    const damaged = await pgc(['resume', folder]);
    expect(damaged.code).toBe(2);
    expect(damaged.err).toContain('it ends before it has begun');
    expect(damaged.err).toContain('can be gone on with');
    const empty = await pgc(['resume', folderWith()]);
    expect(empty).toMatchObject({ code: 2, err: expect.stringContaining('there is no checkpoint in') });
    const nowhere = await pgc(['resume', join(folderWith(), 'nowhere')]);
    expect(nowhere).toMatchObject({ code: 2, err: expect.stringContaining('cannot read') });
    expect(`${empty.err}${nowhere.err}`).not.toContain('at ');
  });
});

describe('mistakes', () => {
  const example = join(root, 'examples', 'primes.pg');
  test.each([
    [['run', example, '--every=3'], '--every is for --checkpoint'],
    [['run', example, '--checkpoint=x', '--every=0'], '--every needs seconds, greater than 0; found 0'],
    [['run', example, '--checkpoint=x', '--timing=off'], 'without hooks'],
    [['run', wasm, `--checkpoint=${example}`], 'is a file, not a folder'],
    [['run', wasm, `--checkpoint=${kept}`], 'holds the checkpoints of another run'],
    [['build', example, '--checkpoint', '--timing=off'], 'without hooks'],
  ])('pgc %j', async (args, message) => {
    const ended = await pgc(args, { cwd: folderWith() });
    expect(ended.code).toBe(2);
    expect(ended.err).toContain(message);
    expect(existsSync(join(root, 'x'))).toBe(false);
  });

  test('a file of the name that the program would have is left alone', async () => {
    const folder = folderWith();
    writeFileSync(join(folder, 'program.wasm'), 'mine');
    const ended = await pgc(['run', wasm, `--checkpoint=${folder}`]);
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('is there already') });
    expect(readFileSync(join(folder, 'program.wasm'), 'utf8')).toBe('mine');
  });

  test('an artifact that was built without', async () => {
    const folder = folderWith();
    await pgc(['build', example, '-o', join(folder, 'primes.wasm')]);
    const ended = await pgc(['run', join(folder, 'primes.wasm'), '--checkpoint=x'], { cwd: folder });
    expect(ended).toMatchObject({ code: 2, err: expect.stringContaining('was built without --checkpoint') });
    expect(existsSync(join(folder, 'x'))).toBe(false);
  });
});
