// The language reference (docs/language.md), sentence by sentence. Each *.pg shows one, which its first line quotes; it checks
// itself and ends with a trap if what the reference says does not hold. It is built once and run on several numbers of images,
// an odd and a prime one among them, so that blocks do not come out even; `// with:` gives it configs.
// Each rejected/*.pg breaks one rule: its first line names the code of the message, and `//!` marks the line that it must point
// at. Each ending/*.pg goes wrong as it runs, on one image while the others wait for something: that must end them all, and say
// what the first line says.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pgc, removeFolders, root } from '../cli/pgc.ts';
import { prebuild } from '../cli/prebuild.ts';
import { command } from '../cli/resident.ts';

const folder = join(root, 'test', 'conformance');
const programsIn = (path: string): string[] => readdirSync(path).filter((f) => f.endsWith('.pg'));
const programs = programsIn(folder);
const rejected = programsIn(join(folder, 'rejected'));
const ending = programsIn(join(folder, 'ending'));
const images = [1, 2, 3, 4, 7];

const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');

const markedIn = (lines: readonly string[]): number[] => lines.flatMap((t, k) => (t.includes('//!') ? [k + 1] : []));

afterAll(removeFolders);

let artifactOf: (file: string) => string;
beforeAll(async () => {
  artifactOf = await prebuild(
    programs.map((file) => ({ file, args: [] })),
    folder,
  );
  await prebuild(
    ending.map((file) => ({ file, args: [] })),
    join(folder, 'ending'),
  );
}, 900_000);

describe.concurrent('what the reference says', () => {
  test.each(programs)('%s', async (file) => {
    expect(textOf(file), 'the first line quotes a sentence').toMatch(/^\/\/ "[^\n]+"/);
    const wasm = artifactOf(file);
    const configs = /^\/\/ with: (.*)$/m.exec(textOf(file))?.[1]?.split(' ') ?? [];
    for (const n of images) {
      const ended = await command(['run', wasm, '-n', String(n), '--timeout', '30', '--', ...configs]);
      expect(ended, `on ${n} images`).toMatchObject({ code: 0, err: '', left: false });
      expect(['', 'ok\n'], `on ${n} images`).toContain(ended.out);
    }
  });
});

describe.concurrent('what ends a run', () => {
  test.each(ending)('%s', async (file) => {
    const lines = textOf(join('ending', file)).split('\n');
    const said = /^\/\/ fault: (.+?) {2}"/.exec(lines[0] ?? '')?.[1] ?? 'the first line says what: // fault: text  "…"';
    const ended = await pgc(['run', file, '-n', '3', '--timeout', '30'], { cwd: join(folder, 'ending'), watchdog: 60 });
    expect(ended).toMatchObject({ code: 1, out: '', left: false });
    expect(ended.err).toContain(said);
    const line = new RegExp(`${file}:(\\d+):`).exec(ended.err)?.[1];
    expect(markedIn(lines)).toContain(Number(line));
  });
});

interface Message {
  readonly code: string;
  readonly severity: string;
  readonly path: string;
  readonly line: number;
}

const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' &&
  value !== null &&
  'code' in value &&
  'severity' in value &&
  'path' in value &&
  'line' in value;

const messagesOf = (json: string): readonly Message[] => {
  const list: unknown = JSON.parse(json);
  if (!Array.isArray(list) || !list.every(isMessage)) throw new Error(`not a list of messages: ${json}`);
  return list;
};

describe('what the reference forbids', () => {
  // All in one child: programs know nothing of each other, and the command starts once.
  const found = new Map<string, string[]>(rejected.map((file) => [file, []]));
  beforeAll(async () => {
    const ended = await pgc(['check', '--json', ...rejected], { cwd: join(folder, 'rejected'), watchdog: 60 });
    expect(ended).toMatchObject({ code: 2, left: false });
    for (const m of messagesOf(ended.out)) found.get(m.path)?.push(`${m.severity}: ${m.code} line ${m.line}`);
  }, 90_000);

  test.each(rejected)('%s', (file) => {
    const lines = textOf(join('rejected', file)).split('\n');
    const said = /^\/\/ ((?:error|warning): PG\d{4}) {2}"/.exec(lines[0] ?? '')?.[1];
    expect(said, 'the first line says what, and quotes why: // error: PG0301  "…"').toBeDefined();
    const marked = markedIn(lines);
    expect(marked, 'a line is marked by //!').not.toEqual([]);
    expect(found.get(file)).toEqual(marked.map((line) => `${said} line ${line}`));
  });
});
