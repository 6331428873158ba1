// The library documents all that it offers, its pages in docs/stdlib say what the comments say, and its examples run.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import { type ModuleDoc, moduleDoc } from '../../lang/doc.ts';
import { markdownPages } from '../../lang/doc-markdown.ts';
import { parse } from '../../lang/parser.ts';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';

const host = fileHost();
const modules = host.stdNames.map((name): ModuleDoc => {
  const path = host.std([name]) ?? expect.fail(name);
  const source = { id: 0, path, text: host.read(path) ?? expect.fail(path) };
  return moduleDoc(`std.${name}`, source, parse(source).module, host);
});
const pages = markdownPages(modules, 'The library of PG');
const folder = join(root, 'docs', 'stdlib');

afterAll(removeFolders);

describe.each(modules.map((m) => [m.name, m] as const))('%s', (_, m) => {
  test('says what it is for', () => {
    expect(m.doc, 'lines with //! at the head of the file are missing').not.toBe('');
  });

  test('documents what it offers', () => {
    const bare = m.entries.filter((e) => e.doc === '').map((e) => `${m.path}:${e.line}: ${e.name}`);
    expect(bare, 'give them /// comments, or names that begin with _ if they are internal').toEqual([]);
  });
});

test('the inside of the library is not described', () => {
  const names = modules.map((m) => m.name);
  expect(names).toContain('std.math');
  expect(names).not.toContain('std.runtime');
  expect(names).not.toContain('std.abi');
});

describe('docs/stdlib', () => {
  test.each(pages.map((p) => [p.file, p.text] as const))('%s is current', async (file, text) => {
    await expect(text, 'npm run bless, or pgc doc --std --markdown=docs/stdlib').toMatchFileSnapshot(
      join(folder, file),
    );
  });

  test('has no page of what is gone', () => {
    expect(readdirSync(folder).sort()).toEqual(pages.map((p) => p.file).sort());
  });

  test('is what pgc doc --std writes', async () => {
    const cwd = folderWith();
    const ended = await pgc(['doc', '--std', '--markdown=pages'], { cwd });
    expect(ended).toMatchObject({ code: 0, out: '' });
    expect(readdirSync(join(cwd, 'pages')).sort()).toEqual(readdirSync(folder).sort());
    for (const { file, text } of pages) expect(readFileSync(join(cwd, 'pages', file), 'utf8'), file).toBe(text);
  });
});

test('the examples run', async () => {
  const ended = await pgc(['doc', '--std', '--test'], { watchdog: 100 });
  expect(ended.err).toBe('');
  expect(ended.code).toBe(0);
  expect(ended.out).toMatch(/^\d+ examples: all well\n$/);
});
