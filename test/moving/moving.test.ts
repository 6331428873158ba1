// Objects move and nobody notices: random graphs are changed and looked at while the heap is compacted, in wasm and in the
// evaluator, and every part of what finds pointers is taken out in turn to see that this would be noticed.
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { emit } from '../../compiler/emit.ts';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost, stdlibFolder } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise, type PassName, sequence } from '../../compiler/pipeline.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';
import { formatValue } from '../../vm/format.ts';
import { run } from '../../vm/run.ts';

const workerUrl = new URL('../../dist/worker.cjs', import.meta.url);
const folders: string[] = [];

afterAll(() => {
  for (const f of folders) rmSync(f, { recursive: true, force: true });
});

/** A library like pgc's own, but for changes of one module's text. */
const libraryWith = (module: string, from: string, to: string, more = ''): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pgc-moving-'));
  folders.push(folder);
  for (const name of readdirSync(stdlibFolder())) {
    if (name !== module) symlinkSync(join(stdlibFolder(), name), join(folder, name));
  }
  const text = readFileSync(join(stdlibFolder(), module), 'utf8');
  expect(text.split(from).length, `${from} is once in ${module}`).toBe(2);
  writeFileSync(join(folder, module), text.replace(from, to) + more);
  return folder;
};

interface How {
  readonly stdlib?: string;
  readonly without?: readonly PassName[];
  /** Parts of the run-time that the program does not name. */
  readonly parts?: readonly string[];
}

const program = (file: string, how: How = {}): { readonly plain: IrProgram; readonly moving: IrProgram } => {
  const path = join(import.meta.dirname, file);
  const host = fileHost(how.stdlib === undefined ? {} : { stdlib: how.stdlib });
  const checked = check(path, host, 'main', how.parts ?? []);
  if (!checked.program)
    throw new Error(checked.diagnostics.map((d) => renderDiagnostic(d, checked.sources, { color: false })).join('\n'));
  const only = sequence.filter((name) => !how.without?.includes(name));
  const plain = lower(checked.program, { escapes: !how.without?.includes('escape') });
  return { plain, moving: optimise(plain, { only, verify: how.without === undefined }) };
};

const move = 'runtime_move.pg';
const memory = 'runtime_memory.pg';

type Configs = Readonly<Record<string, string>>;

/** What a run came to: its lines sorted, but for those that tell of moves; or what went wrong. */
interface Seen {
  readonly lines: readonly string[];
  readonly moves: number;
}

const seenIn = (text: string): Seen => {
  const lines = text.split('\n').filter((l) => l !== '');
  const moved = lines.filter((l) => l.startsWith('moved '));
  return {
    lines: lines.filter((l) => !l.startsWith('moved ')).sort(),
    moves: moved.reduce((sum, l) => sum + Number(l.slice(6)), 0),
  };
};

const inWasm = async (p: IrProgram, images: number, configs: Configs): Promise<Seen> => {
  const { wasm } = await emit(p, { program: 'graphs.pg', compiler: 'test', track: 'all' });
  let text = '';
  const stdout = (s: string): void => {
    text += s;
  };
  const result = await run(wasm, { images, configs, workerUrl, timeout: 60, slotBytes: 2 ** 24, stdout });
  if (result.kind !== 'ok')
    return { lines: [result.kind === 'fault' ? `fault ${result.fault.kind}` : result.kind], moves: 0 };
  return seenIn(text);
};

const inEvaluator = (p: IrProgram, images: number, configs: Configs, paranoid = false): Seen => {
  const { outcome, output } = evaluate(p, {
    images,
    configs,
    seed: 1,
    format: formatValue,
    paranoid,
    steps: 400_000_000,
    slotBits: 22,
  });
  if (outcome.kind !== 'ok')
    return { lines: [outcome.kind === 'fault' ? `fault ${outcome.fault}` : outcome.kind], moves: 0 };
  return seenIn(output.map((o) => o.text).join(''));
};

describe('random graphs', () => {
  const { plain, moving } = program('graphs.pg');

  test.each([1, 2, 3, 4, 7])('%i images', async (images) => {
    for (const seed of [images, images + 100]) {
      const configs = { seed: String(seed), steps: '120' };
      // As it is lowered nothing moves: the evaluator has a heap of its own.
      const expected = inEvaluator(plain, images, configs);
      expect(expected.lines).toHaveLength(images);
      const found = await inWasm(moving, images, configs);
      expect(found.lines).toEqual(expected.lines);
      expect(found.moves).toBeGreaterThan(1000 * images);
    }
  });

  test.each([1, 2])('%i images in the evaluator', (images) => {
    const configs = { seed: '5', steps: '20' };
    const expected = inEvaluator(plain, images, configs);
    const found = inEvaluator(moving, images, configs, true);
    expect(found.lines).toEqual(expected.lines);
    expect(found.moves).toBeGreaterThan(100);
  });
});

test.each([1, 3])('a heap full of holes, %i images', async (images) => {
  const { moving } = program('holes.pg', { parts: ['move'] });
  const lines = Array.from({ length: images }, (_, image) => `${image}: 7`);
  expect((await inWasm(moving, images, {})).lines).toEqual(lines);
  const still = program('holes.pg', { without: ['escape', 'track'] }).moving;
  const { lines: fault } = await inWasm(still, images, {});
  expect(fault).toEqual(['fault memory']);
});

describe('random graphs of all images', () => {
  const { plain, moving } = program('shared.pg');

  test.each([1, 2, 3, 4, 7])('%i images', async (images) => {
    for (const seed of [images, images + 100]) {
      const configs = { seed: String(seed), rounds: '60' };
      const expected = inEvaluator(plain, images, { ...configs, moving: 'false' });
      expect(expected.lines).toHaveLength(images);
      const found = await inWasm(moving, images, configs);
      expect(found.lines).toEqual(expected.lines);
      if (images > 1) expect(found.moves).toBeGreaterThan(80 * images);
    }
  });

  test.each([1, 2, 3])('%i images in the evaluator', (images) => {
    const configs = { seed: '5', rounds: '8' };
    const found = inEvaluator(moving, images, configs, true);
    expect(found.lines).toEqual(inEvaluator(plain, images, { ...configs, moving: 'false' }).lines);
    if (images > 1) expect(found.moves).toBeGreaterThan(4);
  });

  const configs = { seed: '3', rounds: '60' };
  const expected = inEvaluator(plain, 3, { ...configs, moving: 'false' });
  const migration: readonly (readonly [string, string, string, string])[] = [
    ['frames', move, '  patch_frames(false);\n', ''],
    ['places', move, '      patch_known(now, false);\n', ''],
    ['places in what moves', move, '      let now = migrated(place);', '      let now = place;'],
    ['pointers to the end of an object', move, 'pointer <= runtime.peek(at + 4)', 'pointer < runtime.peek(at + 4)'],
    ['what the new table learns', move, '  adopt();\n', ''],
    ['numbers that others have', move, '  object_to_numbers();\n', ''],
    ['the second of two moves', move, '    at += move_bytes;\n  }\n}', '    return pointer;\n  }\n}'],
    ['places on other images', memory, 'return if everywhere { entry } else { 0 };', 'return entry;'],
    ['pointers to other images', memory, 'return slot > 0 && slot <= __images();', 'return false;'],
  ];

  test.each(migration)('%s left out is noticed', async (_, module, from, to) => {
    const stdlib = libraryWith(module, from, to);
    const found = await inWasm(program('shared.pg', { stdlib, without: [] }).moving, 3, configs);
    expect(found.lines).not.toEqual(expected.lines);
  });

  test.each<PassName>(['roots', 'pin', 'escape'])('the pass %s left out is noticed', async (name) => {
    const found = await inWasm(program('shared.pg', { without: [name] }).moving, 3, configs);
    expect(found.lines).not.toEqual(expected.lines);
  });
});

describe('what is left out is noticed', () => {
  const configs = { seed: '3', steps: '300' };
  const expected = inEvaluator(program('graphs.pg').plain, 1, configs);

  test('nothing left out', async () => {
    expect((await inWasm(program('graphs.pg').moving, 1, configs)).lines).toEqual(expected.lines);
  });

  test.each<PassName>(['roots', 'pin', 'escape'])('the pass %s', async (name) => {
    const found = await inWasm(program('graphs.pg', { without: [name] }).moving, 1, configs);
    expect(found.lines).not.toEqual(expected.lines);
  });

  test.each([
    ['places in memory', move, '  patch_places();\n', ''],
    ['frames', move, '  patch_frames(true);\n', ''],
    [
      'the last pointer in functions',
      move,
      '+ abi.page_roots);\n  while at < end',
      '+ abi.page_roots) + 4;\n  while at < end',
    ],
    [
      'the first half of pointers in functions',
      move,
      '  while at < end {\n    patch',
      '  let all = end - at;\n  while at < end - all / 2 {\n    patch',
    ],
    [
      'every eighth list of places',
      move,
      'for k in 0..runtime_memory.escape_lists() {\n    var e = runtime_memory.escape_list(k);\n    while e != 0 {\n      patch_known(',
      'for m in 0..runtime_memory.escape_lists() {\n    var e = runtime_memory.escape_list(if m % 8 == 0 { 0 } else { m });\n    while e != 0 {\n      patch_known(',
    ],
    [
      'pointers to the end of an object',
      move,
      'runtime_memory.object_of(pointer)',
      'runtime_memory.object_at(pointer)',
    ],
    [
      'pointers to the inside of an object',
      move,
      'return pointer + to - block;',
      'return if pointer == block + header { to + header } else { pointer };',
    ],
    ['places inside of what moves', move, '        runtime_memory.moved(', '        ignore('],
    ['objects that stay', move, 'return runtime.peek(entry + abi.entry_pinned) != 0;', 'return false;'],
    ['the log', move, '  runtime_memory.drain();\n  let last', '  let last'],
    [
      'the first word of an object',
      move,
      'copy_bytes(forward + header, block + header, size - header)',
      'copy_bytes(forward + header + 8, block + header + 8, size - header - 8)',
    ],
  ])('%s', async (_, module, from, to) => {
    const ignored = to.includes('ignore(') ? 'fn ignore(entry: i64, to: i64) {}\n' : '';
    const stdlib = libraryWith(module, from, to, ignored);
    const found = await inWasm(program('graphs.pg', { stdlib, without: [] }).moving, 1, configs);
    expect(found.lines).not.toEqual(expected.lines);
  });
});
