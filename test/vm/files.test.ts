// Paths of up to four words in a tree full of symbolic links, read and written through the imports of an image. What
// they may reach is told by `realpath`, and what they say of the world outside must not depend on what is there.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { fileDenials } from '../../vm/abi.ts';
import { createFiles, type Files, fileRules } from '../../vm/files.ts';

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

/** `in` is allowed. Each plain file holds its own name. */
const tree = (): string => {
  const top = realpathSync(mkdtempSync(join(tmpdir(), 'pgc-test-files-')));
  made.push(top);
  for (const folder of ['in', 'in/sub', 'inner']) mkdirSync(join(top, folder));
  for (const file of ['secret', 'in/a', 'in/sub/a', 'inner/a']) writeFileSync(join(top, file), `<${file}>`);
  for (const [link, target] of [
    ['in/out', '..'],
    ['in/sub/out', '../../inner'],
    ['in/file', '../secret'],
    ['in/sub/file', 'a'],
    ['in/loop', 'loop'],
    ['in/up', '.'],
    ['in/sub/up', '../../in'],
    ['inner/up', '../in/sub'],
    ['in/gone', '../gone'],
  ] as const) {
    symlinkSync(target, join(top, link));
  }
  return top;
};

const words = ['..', '.', 'in', 'inner', 'sub', 'a', 'out', 'file', 'up', 'loop', 'gone', 'secret', 'new'];
const ends = words.flatMap((a) => words.map((b) => [a, b]));
const paths = [
  ...words,
  ...ends.map((p) => p.join('/')),
  ...ends.flatMap((p) => words.map((w) => [...p, w].join('/'))),
  ...ends.filter(([a]) => a === 'in' || a === 'inner').flatMap((p) => ends.map((q) => [...p, ...q].join('/'))),
];

interface Imports {
  readonly read: (path: string) => string | number;
  readonly write: (path: string, text: string) => number;
}

/** The imports, called with texts; a number is a reason. */
const importsFor = (files: Files, memory: Uint8Array): Imports => {
  const put = (at: number, text: string): number => new TextEncoder().encodeInto(text, memory.subarray(at)).written;
  return {
    read: (path) => {
      const size = Number(files.open(0, put(0, path)));
      if (size < 0) return -size;
      const got = Number(files.read(1024, size));
      return new TextDecoder().decode(memory.slice(1024, 1024 + got));
    },
    write: (path, text) => -Number(files.write(0, put(0, path), 1024, put(1024, text))),
  };
};

const importsIn = (top: string, may: { readonly read?: true; readonly write?: true }): Imports => {
  const folder = [join(top, 'in')];
  const rules = fileRules({ ...(may.read ? { allowRead: folder } : {}), ...(may.write ? { allowWrite: folder } : {}) });
  if ('error' in rules) throw new Error(rules.error);
  // encodeInto takes no shared memory.
  const memory = new Uint8Array(4096);
  return importsFor(createFiles(memory, { ...rules, base: top }), memory);
};

/** Where a path leads, or undefined. */
const realOf = (top: string, path: string): string | undefined => {
  try {
    return realpathSync(resolve(top, path));
  } catch {
    return undefined;
  }
};
const isInside = (top: string, real: string): boolean => !relative(join(top, 'in'), real).startsWith('..');

/** All plain files with their content. */
const contentOf = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile())
    .map((e) => join(e.parentPath, e.name))
    .map((f) => `${relative(folder, f)}: ${readFileSync(f, 'utf8')}`)
    .sort();

test('reading gives what lies inside, all of it, and nothing else', () => {
  const top = tree();
  const { read } = importsIn(top, { read: true });
  let given = 0;
  for (const path of paths) {
    const real = realOf(top, path);
    const answer = read(path);
    if (real === undefined) expect(answer, path).toBeTypeOf('number');
    else if (!isInside(top, real)) {
      expect(answer, path).toBeTypeOf('number');
      expect(Number(answer), path).toBeLessThanOrEqual(fileDenials);
    } else if (statSync(real).isFile()) {
      given++;
      expect(answer, path).toBe(`<${relative(top, real)}>`);
    } else expect(Number(answer), path).toBeGreaterThan(fileDenials);
  }
  expect(given).toBeGreaterThan(50);
});

test('an answer does not tell what there is outside', () => {
  const top = tree();
  const { read } = importsIn(top, { read: true });
  const { write } = importsIn(top, { write: true });
  // A link of the world outside that leads in is followed: where a path goes through one, what is outside does count.
  const straight = (path: string): boolean =>
    !relative(top, resolve(top, path))
      .split('/')
      .map((_, i, all) => realOf(top, all.slice(0, i + 1).join('/')))
      .some((real, i, all) => i > 0 && real && isInside(top, real) && !isInside(top, all[i - 1] ?? top));
  const outside = paths.filter((path) => straight(path) && !isInside(top, realOf(top, path) ?? top));
  expect(outside.length).toBeGreaterThan(3000);
  const answers = () => outside.map((path) => `${path}: ${read(path)} ${write(`${path}/x`, 'x')}`);
  const before = answers();
  unlinkSync(join(top, 'secret'));
  rmSync(join(top, 'inner'), { recursive: true });
  writeFileSync(join(top, 'gone'), 'here');
  expect(answers()).toEqual(before);
});

test('writing reaches nothing outside, and follows no link', () => {
  const top = tree();
  const { write } = importsIn(top, { write: true });
  const outside = () => contentOf(top).filter((line) => !line.startsWith('in/'));
  const before = outside();
  let written = 0;
  for (const path of paths) {
    const reason = write(path, path);
    expect(reason, path).not.toBeNaN();
    if (reason !== 0) continue;
    written++;
    const real = realOf(top, path);
    expect(real !== undefined && isInside(top, real), path).toBe(true);
    expect(readFileSync(real ?? '', 'utf8')).toBe(path);
  }
  expect(outside()).toEqual(before);
  expect(written).toBeGreaterThan(200);
  const links = readdirSync(join(top, 'in'), { withFileTypes: true }).filter((e) => e.isSymbolicLink());
  expect(links.map((e) => e.name).sort()).toEqual(['file', 'gone', 'loop', 'out', 'up']);
});

test('one permission is not the other', () => {
  const top = tree();
  expect(importsIn(top, { read: true }).write('in/new', 'x')).toBe(1);
  expect(importsIn(top, { write: true }).read('in/a')).toBe(1);
  const none = importsIn(top, {});
  expect([none.read('in/a'), none.write('in/a', 'x')]).toEqual([1, 1]);
  expect(readFileSync(join(top, 'in', 'a'), 'utf8')).toBe('<in/a>');
});

test('an empty text, and reading without opening', () => {
  const top = tree();
  const memory = new Uint8Array(new SharedArrayBuffer(64));
  const real = join(top, 'in');
  const folders = [{ named: real, real }];
  const files = createFiles(memory, { base: real, read: folders, write: folders });
  memory.set(new TextEncoder().encode('empty'));
  expect(files.write(0, 5, 8, 0)).toBe(0n);
  expect(files.open(0, 5)).toBe(0n);
  expect(files.read(8, 0)).toBe(0n);
  expect(files.read(8, 8)).toBe(0n);
  expect(files.open(0, 0)).toBeLessThan(-BigInt(fileDenials));
});

test('a file that becomes shorter after it was opened gives what is left', () => {
  const top = tree();
  const memory = new Uint8Array(new SharedArrayBuffer(64));
  const real = join(top, 'in');
  const files = createFiles(memory, { base: real, read: [{ named: real, real }], write: [] });
  memory.set(new TextEncoder().encode('a'));
  expect(files.open(0, 1)).toBe(6n);
  writeFileSync(join(real, 'a'), '<i');
  expect(files.read(8, 6)).toBe(2n);
});
