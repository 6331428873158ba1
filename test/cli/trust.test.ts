// Signed artifacts on the command line: who signs, who is trusted, and every way in which that can be refused, each with what is said.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, launch, pgc, removeFolders, transcript } from './pgc.ts';

let cwd = '';
const write = (name: string, content: string | Uint8Array): void => writeFileSync(join(cwd, name), content);
const read = (name: string): Buffer => readFileSync(join(cwd, name));

/** A pair of keys that is the same in every run: 32 equal bytes are a private key. */
const pair = (name: string, byte: number): void => {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, byte)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  write(`${name}.pem`, key.export({ type: 'pkcs8', format: 'pem' }));
  write(`${name}.pub.pem`, createPublicKey(key).export({ type: 'spki', format: 'pem' }));
};

beforeAll(async () => {
  cwd = folderWith('examples/hello.pg', 'examples/heat.pg');
  pair('team', 1);
  pair('other', 2);
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  write('ec.pem', ec.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  write('ec.pub.pem', ec.publicKey.export({ type: 'spki', format: 'pem' }));
  write('sec1.pem', ec.privateKey.export({ type: 'sec1', format: 'pem' }));
  const ed = generateKeyPairSync('ed25519');
  write('secret.pem', ed.privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }));
  write('twice.pem', Buffer.concat([read('team.pem'), read('other.pem')]));
  write('twice.pub.pem', Buffer.concat([read('team.pub.pem'), read('other.pub.pem')]));
  write('empty.pem', '');
  write('binary.pem', Buffer.from([0, 255, 1, 2]));
  write('broken.pem', read('team.pem').toString().replace('MC4CAQ', 'MC4CAA'));
  write('broken.pub.pem', read('team.pub.pem').toString().replace('MCowBQ', 'MCowAA'));
  expect((await pgc(['build', 'hello.pg', '-o', 'plain.wasm'], { cwd })).code).toBe(0);
  expect((await pgc(['build', 'hello.pg', '-o', 'signed.wasm', '--sign', 'team.pem'], { cwd })).code).toBe(0);
  expect((await pgc(['build', 'heat.pg', '-o', 'heat.wasm', '--sign', 'team.pem'], { cwd })).code).toBe(0);
  const signed = read('signed.wasm');
  write('forged.wasm', signed.with(signed.length - 1, (signed.at(-1) ?? 0) ^ 1));
  write('changed.wasm', signed.with(100, (signed[100] ?? 0) ^ 1));
}, 120_000);
afterAll(removeFolders);

const hello = { code: 0, out: 'hello from image 0 of 1\n', err: '' };

describe('run --trust', () => {
  test('runs what a trusted key has signed', async () => {
    expect(await pgc(['run', 'signed.wasm', '-n', '1', '--trust', 'team.pub.pem'], { cwd })).toMatchObject(hello);
    const several = ['run', 'signed.wasm', '-n', '1', '--trust', 'other.pub.pem', '--trust', 'team.pub.pem'];
    expect(await pgc(several, { cwd })).toMatchObject(hello);
    // Without it, signed or not is no matter.
    expect(await pgc(['run', 'signed.wasm', '-n', '1'], { cwd })).toMatchObject(hello);
    expect(await pgc(['run', 'plain.wasm', '-n', '1'], { cwd })).toMatchObject(hello);
  });

  test('what was built last, and its configs', async () => {
    const folder = folderWith('examples/heat.pg');
    expect((await pgc(['key', 'mine'], { cwd: folder })).code).toBe(0);
    expect((await pgc(['build', 'heat.pg', '--sign', 'mine.pem'], { cwd: folder })).code).toBe(0);
    const ended = await pgc(['run', '--trust', 'mine.pub.pem', '--', '--help'], { cwd: folder });
    expect(ended.code).toBe(0);
    expect(ended.out).toContain('--steps=<int>');
  });

  test('other files with Ed25519 keys will do: those of openssl', async () => {
    const openssl = (...args: string[]) => launch('openssl', args, { cwd });
    if ((await openssl('version').catch(() => undefined))?.code !== 0) return;
    expect((await openssl('genpkey', '-algorithm', 'ed25519', '-out', 'o.pem')).code).toBe(0);
    expect((await openssl('pkey', '-in', 'o.pem', '-pubout', '-out', 'o.pub.pem')).code).toBe(0);
    expect((await pgc(['build', 'hello.pg', '-o', 'o.wasm', '--sign', 'o.pem'], { cwd })).code).toBe(0);
    expect(await pgc(['run', 'o.wasm', '-n', '1', '--trust', 'o.pub.pem'], { cwd })).toMatchObject(hello);
  });
});

describe('key', () => {
  test('makes a pair, the private one for its owner alone, and overwrites nothing', async () => {
    const folder = folderWith();
    const ended = await pgc(['key', 'new.pem'], { cwd: folder });
    expect(transcript(['key', 'new.pem'], ended, (t) => t.replace(/[0-9a-f]{16}/, 'NAME'))).toBe(
      [
        '$ pgc key new.pem',
        '--- stderr',
        'pgc: new.pem: the private key, to be kept secret; pgc build PROGRAM --sign new.pem',
        'pgc: new.pub.pem: the public key NAME; pgc run ARTIFACT --trust new.pub.pem',
        '--- exit 0',
        '',
      ].join('\n'),
    );
    expect(statSync(join(folder, 'new.pem')).mode & 0o077).toBe(0);
    const before = readFileSync(join(folder, 'new.pem'));
    expect((await pgc(['key', 'new'], { cwd: folder })).code).toBe(2);
    expect(readFileSync(join(folder, 'new.pem'))).toEqual(before);
  });
});

test('an entry of the cache is sealed, too: one that was changed is not run, though the entry says that it is whole', async () => {
  const cache = join(folderWith(), 'cache');
  const run = () => pgc(['run', 'hello.pg', '-n', '1'], { cwd, env: { PGC_CACHE: cache } });
  expect(await run()).toMatchObject(hello);
  const path = join(cache, readdirSync(cache)[0] ?? '');
  const entry = readFileSync(path);
  const cut = entry.indexOf('\n') + 1;
  const artifact = Buffer.from(entry.subarray(cut));
  // Another text: the program's own words.
  artifact.write('HELLO', artifact.indexOf('hello from'));
  const header = JSON.parse(entry.toString('utf8', 0, cut)) as object;
  const hash = createHash('sha256').update(artifact).digest('hex');
  writeFileSync(path, Buffer.concat([Buffer.from(`${JSON.stringify({ ...header, hash })}\n`), artifact]));
  const ended = await run();
  expect(ended).toMatchObject({ code: 2, out: '' });
  expect(ended.err).toContain('its contents are not what its digest says');
});

const mistakes: readonly (readonly string[])[] = [
  ['run', 'plain.wasm', '--trust', 'team.pub.pem'],
  ['run', 'signed.wasm', '--trust', 'other.pub.pem'],
  ['run', 'heat.wasm', '--trust', 'other.pub.pem', '--', '--help'],
  ['run', 'forged.wasm', '--trust', 'team.pub.pem'],
  ['run', 'forged.wasm'],
  ['run', 'changed.wasm', '--trust', 'team.pub.pem'],
  ['run', 'changed.wasm'],
  ['run', 'hello.pg', '--trust', 'team.pub.pem'],
  ['run', 'signed.wasm', '--trust', 'missing.pem'],
  ['run', 'signed.wasm', '--trust', '.'],
  ['run', 'signed.wasm', '--trust', 'team.pem'],
  ['run', 'signed.wasm', '--trust', 'team.pub.pem', '--trust', 'ec.pub.pem'],
  ['run', 'signed.wasm', '--trust', 'twice.pub.pem'],
  ['run', 'signed.wasm', '--trust', 'empty.pem'],
  ['run', 'signed.wasm', '--trust', 'binary.pem'],
  ['run', 'signed.wasm', '--trust', 'broken.pub.pem'],
  ['run', 'signed.wasm', '--trust'],
  ['build', 'hello.pg', '--sign', 'missing.pem'],
  ['build', 'hello.pg', '--sign', '.'],
  ['build', 'hello.pg', '--sign', 'team.pub.pem'],
  ['build', 'hello.pg', '--sign', 'ec.pem'],
  ['build', 'hello.pg', '--sign', 'sec1.pem'],
  ['build', 'hello.pg', '--sign', 'secret.pem'],
  ['build', 'hello.pg', '--sign', 'twice.pem'],
  ['build', 'hello.pg', '--sign', 'empty.pem'],
  ['build', 'hello.pg', '--sign', 'binary.pem'],
  ['build', 'hello.pg', '--sign', 'broken.pem'],
  ['build', 'hello.pg', '--sign', 'team.pem', '--emit=ir'],
  ['build', 'hello.pg', '--sign'],
  ['key'],
  ['key', 'team'],
  ['key', 'nowhere/team'],
];

describe('refused', () => {
  test.each(mistakes.map((args) => [args.join(' '), args] as const))('pgc %s', async (_, args) => {
    const ended = await pgc(args, { cwd });
    expect(ended.err).not.toMatch(/\n\s+at |internal error|node:internal|undefined|NaN|\[object/);
    expect(ended).toMatchObject({ code: 2, out: '' });
    const name = args.join(' ').replace(/[^\w.=-]+/g, '_');
    await expect(transcript(args, ended)).toMatchFileSnapshot(join('trust', `${name}.txt`));
  });

  test('and nothing is built', () => {
    expect(existsSync(join(cwd, 'hello.wasm'))).toBe(false);
  });
});
