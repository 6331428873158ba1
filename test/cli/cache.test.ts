// The cache: a second run compiles nothing and loads no compiler; whatever is changed or damaged is compiled again.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { type CacheKey, cacheFolder, readCache, writeCache } from '../../compiler/cache.ts';
import { folderWith, launch, pgcPath, removeFolders, root } from './pgc.ts';

let cwd = '';
let cache = '';
let loads = '';

// A loader hook that writes down every module that is loaded.
const hooks = `import { appendFileSync } from 'node:fs';
export const load = (url, context, next) => { appendFileSync(process.env.LOADS, url + '\\n'); return next(url, context); };`;
const register = `import { register } from 'node:module'; register('./hooks.mjs', import.meta.url);`;

beforeEach(() => {
  cwd = folderWith();
  cache = join(cwd, 'cache');
  loads = join(cwd, 'loads');
  writeFileSync(join(cwd, 'hooks.mjs'), hooks);
  writeFileSync(join(cwd, 'register.mjs'), register);
  writeFileSync(join(cwd, 'part.pg'), 'fn answer() -> int { return 42; }\n');
  writeFileSync(join(cwd, 'main.pg'), 'import "part.pg" as part;\nfn main() { print("{}", part.answer()); }\n');
});
afterAll(removeFolders);

/** Gives what pgc printed, and whether parser and code generator were loaded. */
const pgc = async (...args: string[]) => {
  writeFileSync(loads, '');
  const node = ['--import', join(cwd, 'register.mjs'), pgcPath, ...args];
  const ended = await launch(process.execPath, node, { cwd, env: { PGC_CACHE: cache, LOADS: loads } });
  const files = readFileSync(loads, 'utf8')
    .split('\n')
    .filter((u) => u.startsWith('file:'))
    .map((u) => new URL(u).pathname);
  const text = [...new Set(files)].map((f) => readFileSync(f, 'utf8')).join('\n');
  return {
    out: ended.out,
    err: ended.err,
    code: ended.code,
    // Names that only these two define, and that minifying keeps.
    parser: text.includes('MismatchedTokenException'),
    generator: text.includes('_BinaryenModuleCreate'),
    bytes: text.length,
  };
};
const run = (...args: string[]) => pgc('run', 'main.pg', '-n', '1', ...args);
const compiled = { code: 0, err: '', parser: true, generator: true };
const cached = { code: 0, err: '', parser: false, generator: false };

test('the second run loads neither parser nor code generator', async () => {
  expect(await run()).toMatchObject({ ...compiled, out: '42\n' });
  const second = await run();
  expect(second).toMatchObject({ ...cached, out: '42\n' });
  expect(second.bytes).toBeLessThan(170_000);
});

test('what was built is not compiled again to be run, unless with other options', async () => {
  const built = await launch(process.execPath, [pgcPath, 'build', 'main.pg'], { cwd, env: { PGC_CACHE: cache } });
  expect(built.code).toBe(0);
  expect(await run()).toMatchObject({ ...cached, out: '42\n' });
  expect(await run('--guards=all')).toMatchObject({ ...compiled, out: '42\n' });
  const skipped = ['build', 'main.pg', '--skip=fold', '--guards=off'];
  expect((await launch(process.execPath, [pgcPath, ...skipped], { cwd, env: { PGC_CACHE: cache } })).code).toBe(0);
  expect(await run('--guards=off')).toMatchObject({ ...compiled, out: '42\n' });
});

test('what was built or run is not compiled again to be built, and its warnings are said again', async () => {
  writeFileSync(join(cwd, 'main.pg'), 'fn main() { if this_image() > 9 { print("{}", 1 / 0); } }\n');
  const ran = await run();
  expect(ran).toMatchObject({ ...compiled, err: expect.stringContaining('division by zero') });
  const built = await pgc('build', 'main.pg', '-o', 'a.wasm');
  expect(built).toMatchObject({
    code: 0,
    err: expect.stringContaining('division by zero'),
    parser: false,
    generator: false,
  });
  expect(await pgc('build', 'main.pg', '--skip=fold', '-o', 'b.wasm')).toMatchObject({ parser: true, generator: true });
  const fresh = [pgcPath, 'build', 'main.pg', '-o', 'a.wasm'];
  const before = ['a.wasm', 'a.wasm.map'].map((f) => readFileSync(join(cwd, f)));
  expect((await launch(process.execPath, fresh, { cwd, env: { PGC_CACHE: '' } })).code).toBe(0);
  expect(['a.wasm', 'a.wasm.map'].map((f) => readFileSync(join(cwd, f)))).toEqual(before);
});

test('a change of the program or of a module it imports is seen', async () => {
  await run();
  writeFileSync(join(cwd, 'part.pg'), 'fn answer() -> int { return 43; }\n');
  expect(await run()).toMatchObject({ ...compiled, out: '43\n' });
  expect(await run()).toMatchObject({ ...cached, out: '43\n' });
  appendFileSync(join(cwd, 'main.pg'), '// more\n');
  expect(await run()).toMatchObject({ ...compiled, out: '43\n' });
  writeFileSync(join(cwd, 'part.pg'), 'fn answer() -> int { return true; }\n');
  expect(await run()).toMatchObject({ code: 2, out: '' });
});

test('--no-cache reads and writes none', async () => {
  expect(await run('--no-cache')).toMatchObject(compiled);
  expect(() => readdirSync(cache)).toThrow();
  await run();
  expect(await run('--no-cache')).toMatchObject(compiled);
});

test('a damaged entry is compiled again', async () => {
  await run();
  const [entry] = readdirSync(cache).map((f) => join(cache, f));
  const whole = readFileSync(entry ?? '');
  const damages = [
    Buffer.alloc(0),
    Buffer.from('{}\n'),
    Buffer.from('not json'),
    whole.subarray(0, whole.length - 1),
    Buffer.concat([whole.subarray(0, whole.length - 9), Buffer.from('damaged!!')]),
  ];
  for (const damaged of damages) {
    writeFileSync(entry ?? '', damaged);
    expect(await run()).toMatchObject({ ...compiled, out: '42\n' });
  }
  expect(await run()).toMatchObject({ ...cached, out: '42\n' });
});

test('a folder that cannot be a cache is as good as none', async () => {
  writeFileSync(join(cwd, 'file'), '');
  cache = join(cwd, 'file', 'cache');
  expect(await run()).toMatchObject({ ...compiled, out: '42\n' });
  cache = '';
  expect(await run()).toMatchObject({ ...compiled, out: '42\n' });
});

const key = (n: number): CacheKey => ({ build: 'b', options: '', path: 'p.pg', text: `${n}` });

test('stays small: what was used longest ago goes first', () => {
  const artifact = new Uint8Array(1024);
  for (let n = 0; n < 260; n++) {
    const before = new Set(n === 0 ? [] : readdirSync(cache));
    writeCache(cache, key(n), { artifact, sourceMap: '', warnings: [], sources: [] }, new Map());
    const made = readdirSync(cache).find((f) => !before.has(f));
    if (made !== undefined) utimesSync(join(cache, made), n + 1, n + 1);
  }
  expect(readdirSync(cache).length).toBeLessThanOrEqual(256);
  expect(readCache(cache, key(0))).toBeUndefined();
  expect(readCache(cache, key(259))?.artifact).toEqual(artifact);
  writeCache(
    cache,
    key(1000),
    { artifact: new Uint8Array(63 * 1024 * 1024), sourceMap: '', warnings: [], sources: [] },
    new Map(),
  );
  const bytes = readdirSync(cache).reduce((sum, f) => sum + statSync(join(cache, f)).size, 0);
  expect(bytes).toBeLessThanOrEqual(64 * 1024 * 1024);
});

test('where it is', () => {
  expect(cacheFolder({ PGC_CACHE: '/a' }, 'linux')).toBe('/a');
  expect(cacheFolder({ PGC_CACHE: '' }, 'linux')).toBeUndefined();
  expect(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/x/pgc');
  expect(cacheFolder({}, 'linux')).toMatch(/\/\.cache\/pgc$/);
  expect(cacheFolder({}, 'darwin')).toMatch(/\/Library\/Caches\/pgc$/);
});

test('the build and the options are part of the key', () => {
  mkdirSync(cache, { recursive: true });
  const entry = { artifact: new Uint8Array([1]), sourceMap: '{}', warnings: [], sources: [] };
  writeCache(cache, key(1), entry, new Map([[join(root, 'LICENSE'), readFileSync(join(root, 'LICENSE'), 'utf8')]]));
  expect(readCache(cache, key(1))).toEqual(entry);
  expect(readCache(cache, { ...key(1), build: 'c' })).toBeUndefined();
  expect(readCache(cache, { ...key(1), options: 'x' })).toBeUndefined();
  expect(readCache(cache, { ...key(1), path: 'q.pg' })).toBeUndefined();
  writeCache(cache, key(1), entry, new Map([[join(root, 'LICENSE'), 'another text']]));
  expect(readCache(cache, key(1))).toBeUndefined();
});
