// The library, as a project that depends on it sees it: through package.json's exports, with its types.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { folderWith, launch, removeFolders, root } from './pgc.ts';

let consumer = '';

beforeAll(() => {
  consumer = folderWith();
  mkdirSync(join(consumer, 'node_modules'));
  symlinkSync(root, join(consumer, 'node_modules', 'pgc'));
  writeFileSync(join(consumer, 'package.json'), '{ "type": "module" }\n');
});
afterAll(removeFolders);

const right = `import { type CompileResult, compile, type Diagnostic, renderDiagnostic, type RunResult, run, version } from 'pgc';

const result: CompileResult = await compile({ path: 'p.pg', text: 'fn main() { }' }, { emit: 'wasm', optLimit: 3 });
const first: Diagnostic | undefined = result.diagnostics[0];
if (first) renderDiagnostic(first, result.sources, { color: false }).trim();
if (result.artifact) {
  const lines: string[] = [];
  const ended: RunResult = await run(result.artifact, { images: 2, configs: { n: '1' }, allowRead: ['.'], allowWrite: [], stdout: (l) => lines.push(l) });
  if (ended.kind === 'fault') ended.fault.stack.map((f) => f.line);
}
export const text: string = version;
`;

/** What tsc says about a program of the consumer, under one way to resolve modules. */
const typeErrors = async (text: string, resolution: string): Promise<string> => {
  writeFileSync(join(consumer, 'use.ts'), text);
  const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
  const options = `--ignoreConfig --noEmit --strict --target es2022 --lib es2023 --types node --typeRoots ${join(root, 'node_modules', '@types')}`;
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const args = [tsc, ...options.split(' '), '--module', module, '--moduleResolution', resolution, 'use.ts'];
  return (await launch(process.execPath, args, { cwd: consumer })).out;
};

describe('types', () => {
  test.each(['nodenext', 'bundler'])('resolve with %s', async (resolution) => {
    expect(await typeErrors(right, resolution)).toBe('');
  });

  test.each([
    ['await compile(42);', 'compile'],
    ["await compile('p.pg', { emit: 'pdf' });", 'pdf'],
    ["await run(new Uint8Array(), { images: 'two' });", 'string'],
    ['const s: string = await run(new Uint8Array());', 'string'],
  ])('refuse %s', async (line) => {
    expect(
      await typeErrors(
        `import { compile, run } from 'pgc';\nexport const used = [compile, run];\n${line}\n`,
        'nodenext',
      ),
    ).toContain('use.ts(3,');
  });
});

const js = async (text: string) => {
  writeFileSync(join(consumer, 'use.js'), text);
  return launch(process.execPath, ['use.js'], { cwd: consumer });
};

describe('compile and run', () => {
  test('a program from a string', async () => {
    const ended = await js(`import { compile, run } from 'pgc';
      const text = 'config const n: int = 1; fn main() { print("image {} n {}", this_image(), n); }';
      const { artifact, diagnostics, sourceMap, dependencies } = await compile({ path: 'p.pg', text });
      const lines = [];
      const result = await run(artifact, { images: 3, configs: { n: '7' }, stdout: (line) => lines.push(line) });
      console.log(JSON.stringify([result, diagnostics, lines.sort(), typeof sourceMap, dependencies instanceof Map]));`);
    expect(ended.err).toBe('');
    const lines = [0, 1, 2].map((i) => `image ${i} n 7\n`);
    expect(JSON.parse(ended.out)).toEqual([{ kind: 'ok' }, [], lines, 'string', true]);
  });

  test('a program from a file, with texts of its stages', async () => {
    const ended = await js(`import { compile } from 'pgc';
      const path = ${JSON.stringify(join(root, 'examples', 'hello.pg'))};
      for (const emit of ['ast', 'ir', 'wat']) console.log((await compile(path, { emit })).text.length > 20);
      const { dumps } = await compile(path, { printAfter: ['all'] });
      console.log(dumps.length > 3, dumps.every((d) => d.text.includes('func @main')));`);
    expect(ended.err).toBe('');
    expect(ended.out).toBe('true\ntrue\ntrue\ntrue true\n');
  });

  test('files of folders that are allowed', async () => {
    const ended = await js(`import { compile, run } from 'pgc';
      const text = 'fn main() { print("{} bytes", read_file("package.json").len); }';
      const { artifact } = await compile({ path: 'p.pg', text });
      const stdout = (line) => console.log(line.trim());
      const kindOf = (r) => console.log(r.kind === 'fault' ? r.fault.kind : r.kind);
      kindOf(await run(artifact, { images: 1, stdout }));
      kindOf(await run(artifact, { images: 1, stdout, allowWrite: ['.'], allowRead: ['node_modules'] }));
      kindOf(await run(artifact, { images: 1, stdout, allowRead: ['nowhere'] }));
      kindOf(await run(artifact, { images: 1, stdout, allowRead: ['.'] }));`);
    expect(ended.err).toBe('');
    expect(ended.out).toBe('read-denied\nread-denied\nbad-option\n21 bytes\nok\n');
  });

  test('a run with samples, and one that is interrupted at any moment of its beginning', async () => {
    const ended = await js(`import { compile, run } from 'pgc';
      const text = 'config const end: int = 0; fn main() { var x = 1; while x != end { x = x * 3 % 1001; } print("{}", x); }';
      const { artifact } = await compile({ path: 'p.pg', text }, { profile: true });
      const stdout = (line) => console.log(line.trim());
      console.log((await run(artifact, { images: 1, sample: 1000, configs: { end: '1' }, stdout })).kind);
      for (const wait of [0, 15, 30, 45]) {
        const abort = new AbortController();
        setTimeout(() => abort.abort(), wait);
        const result = await run(artifact, { images: 1, sample: 1000, timeout: 20, signal: abort.signal });
        if (result.kind !== 'interrupted') console.log(wait, result.kind);
      }
      console.log('over');`);
    expect(ended).toMatchObject({ err: '', out: '1\nok\nover\n', code: 0 });
  });

  test('mistakes are values', async () => {
    const ended = await js(`import { compile, diagnosticJson, renderDiagnostic, run } from 'pgc';
      const { artifact, diagnostics, sources } = await compile({ path: 'p.pg', text: 'fn main() { print("{}", nothing); }' });
      console.log(artifact, diagnostics[0].code, diagnosticJson(diagnostics[0], sources).code);
      console.log(renderDiagnostic(diagnostics[0], sources, { color: false }).includes('p.pg:1:25'));
      const missing = await compile('no-such-file.pg');
      console.log(missing.artifact, missing.diagnostics.length);
      console.log((await run(new Uint8Array([1, 2, 3]))).kind);`);
    expect(ended.err).toBe('');
    expect(ended.out).toBe('undefined PG0201 PG0201\ntrue\nundefined 1\nbad-artifact\n');
  });
});
