// What the documents say is true: every `sh` block in them is run, in a folder that holds the `pg` and `ir` blocks above it, and must
// print what the `text` block below it shows; every link to a file leads somewhere.
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';
import { command as resident } from '../cli/resident.ts';

const documents = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  .concat(readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((f) => `docs/${f}`))
  .filter((f) => f.endsWith('.md'));

interface Fence {
  readonly language: string;
  readonly text: string;
}

const fencesOf = (markdown: string): Fence[] =>
  [...markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)].map((m) => ({ language: m[1] ?? '', text: m[2] ?? '' }));

/** Commands of a fresh machine: the CI script and the tests around this one run them. */
const elsewhere = new Set(['npm ci', 'npm test']);

/** Times differ from run to run, and images print in any order. */
const comparable = (text: string): string =>
  text
    .replace(/\d+\.\d+ (seconds|M|G)/g, '# $1')
    .replace(/\d+ ms\b/g, '# ms')
    .split('\n')
    .map((l) => l.trimEnd())
    .filter((l) => l !== '')
    .sort()
    .join('\n');

/** A line of a shell as its arguments: words, with quotes. */
const wordsOf = (line: string): string[] =>
  [...line.matchAll(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g)].map((m) => m[0].replace(/['"]/g, ''));

/** Runs a line of `&&`s; what it printed in all. */
const runLine = async (line: string, cwd: string): Promise<string> => {
  let said = '';
  for (const command of line.split('&&').map((c) => c.trim())) {
    if (elsewhere.has(command)) continue;
    const [reading, redirect] = command.split(/\s>\s/);
    const [file, given] = (reading ?? '').split(/\s<\s/);
    const words = wordsOf((file ?? '').replace(/^npx /, ''));
    expect(words[0], `a test cannot run: ${command}`).toBe('pgc');
    const args = words.slice(1);
    const ended =
      given === undefined
        ? await resident(args, { cwd, watchdog: 100 })
        : await pgc(args, { cwd, stdin: readFileSync(join(cwd, given), 'utf8'), watchdog: 100 });
    expect(ended.err, command).not.toContain('internal error');
    if (redirect !== undefined) writeFileSync(join(cwd, redirect), ended.out);
    said += (redirect === undefined ? ended.out : '') + ended.err;
  }
  return said;
};

afterAll(removeFolders);

const textOf = (document: string): string => readFileSync(join(root, document), 'utf8');

test.each(documents)('%s leads somewhere', (document) => {
  const targets = [...textOf(document).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)].map((m) => m[1] ?? '');
  const dead = targets.filter((t) => !t.includes(':') && !existsSync(join(root, dirname(document), t)));
  expect(dead).toEqual([]);
});

const shows = documents.filter((d) => fencesOf(textOf(d)).some((f) => f.language === 'sh'));

test.each(shows)('%s shows what happens', { timeout: 600_000 }, async (document) => {
  const fences = fencesOf(textOf(document));
  const cwd = folderWith();
  symlinkSync(join(root, 'examples'), join(cwd, 'examples'));
  for (const [i, { language, text }] of fences.entries()) {
    const name = /^(?:\/\/|;) (\w+\.(?:pg|ir))\b/.exec(text)?.[1];
    if ((language === 'pg' || language === 'ir') && name !== undefined) writeFileSync(join(cwd, name), text);
    if (language !== 'sh') continue;
    let said = '';
    for (const line of text.split('\n').filter((l) => l.trim() !== '')) said += await runLine(line, cwd);
    const shown = fences[i + 1];
    if (shown?.language === 'text') expect(comparable(said)).toBe(comparable(shown.text));
  }
});
