// Litmus tests: small programs whose outcomes tell memory models apart (docs/memory-model.md says what each must not show).
// Each runs as the optimiser leaves it and with no optional pass, and ends with a trap if it sees what is forbidden.
// Shapes and names are those of J. Alglave, L. Maranget, M. Tautschnig, "Herding cats", TOPLAS 36(2), 2014.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { passes } from '../../compiler/pipeline.ts';
import { folderWith, pgc, removeFolders, root } from '../cli/pgc.ts';
import { prebuild } from '../cli/prebuild.ts';
import { command } from '../cli/resident.ts';

const folder = join(root, 'test', 'litmus');
const programs = readdirSync(folder).filter((f) => f.endsWith('.pg') && f !== 'harness.pg');
const optional = passes.filter((p) => !p.required).map((p) => `--skip=${p.name}`);

/** The images that a program is for. More may run it, and only come to the barriers. */
const imagesOf = (text: string): string => {
  const images = /^\/\/ run: -n (\d+)\n/.exec(text)?.[1];
  if (images === undefined) throw new Error('the first line says how: // run: -n 2');
  return images;
};

const textOf = (file: string): string => readFileSync(join(folder, file), 'utf8');

/** The names that a program reports, in order. */
const namesOf = (text: string): string[] => [...text.matchAll(/litmus\.report\("([^"]+)"/g)].map((m) => m[1] ?? '');

const expected = (file: string): string =>
  namesOf(textOf(file))
    .map((name) => `${name}: 100000 trials, forbidden 0\n`)
    .join('');

afterAll(removeFolders);

/** Where the programs are that were built with no optional pass. */
let plain = '';

beforeAll(async () => {
  await prebuild(
    programs.map((file) => ({ file, args: [] })),
    folder,
  );
  plain = folderWith();
  const built = await command(['build', ...programs, ...optional, '-o', `${plain}/`], { cwd: folder, watchdog: 300 });
  expect(built.code, built.err).toBe(0);
}, 600_000);

describe('litmus', () => {
  test.each(programs)('%s', async (file) => {
    const ended = await pgc(['run', file, '-n', imagesOf(textOf(file))], { cwd: folder, watchdog: 60 });
    expect(ended).toMatchObject({ code: 0, err: '', left: false, out: expected(file) });
  });

  test.each(programs)('%s with no optional pass', async (file) => {
    const wasm = join(plain, file.replace(/\.pg$/, '.wasm'));
    const ended = await command(['run', wasm, '-n', imagesOf(textOf(file))], { watchdog: 60 });
    expect(ended).toMatchObject({ code: 0, err: '', left: false, out: expected(file) });
  });

  test('more images than a shape needs', async () => {
    const args = ['run', join(folder, 'iriw.pg'), '-n', '7', '--', '--harness.trials=10000'];
    const ended = await pgc(args, { watchdog: 60 });
    expect(ended).toMatchObject({ code: 0, err: '', left: false });
  });
});

interface Row {
  readonly name: string;
  readonly program: string;
  readonly outcomes: string;
}

/** The rows of the table in docs/memory-model.md; a program stands in its first row only. */
const documented = (): Row[] => {
  const text = readFileSync(join(root, 'docs', 'memory-model.md'), 'utf8');
  const rows: Row[] = [];
  for (const line of text.split('\n')) {
    const [name = '', program = '', , outcomes = ''] = line
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    if (!/^[\w+]+\+[\w-]+$/.test(name)) continue;
    const file = /^\[(.+)\]/.exec(program)?.[1] ?? rows.at(-1)?.program ?? '';
    rows.push({ name, program: file, outcomes });
  }
  return rows;
};

/** The codes of outcomes, numbers with a digit a read, that a cell allows. */
const allowedBy = (outcomes: string, values: number, code: number): boolean => {
  if (outcomes === 'all') return true;
  const except = outcomes.startsWith('all but ');
  const listed = outcomes.replace('all but ', '').split(' ');
  return listed.some((digits) => Number.parseInt(digits, values) === code) !== except;
};

test('docs/memory-model.md says what the programs forbid', () => {
  const reported = programs.flatMap((file) =>
    [...textOf(file).matchAll(/litmus\.report\("([^"]+)", (\w+), (\d)\)/g)].map(([, name, mask, values]) => ({
      name: name ?? '',
      program: file,
      mask: BigInt((mask ?? '').replaceAll('_', '')),
      values: Number(values),
    })),
  );
  const rows = documented();
  expect(rows.map((r) => `${r.name} ${r.program}`).sort()).toEqual(
    reported.map((r) => `${r.name} ${r.program}`).sort(),
  );
  for (const { name, mask, values } of reported) {
    const outcomes = rows.find((r) => r.name === name)?.outcomes ?? '';
    const digits = outcomes === 'all' ? 0 : (outcomes.split(' ').at(-1) ?? '').length;
    for (let code = 0; code < values ** digits; code++) {
      const forbidden = ((mask >> BigInt(code)) & 1n) === 1n;
      expect({ name, code, allowed: !forbidden }).toEqual({ name, code, allowed: allowedBy(outcomes, values, code) });
    }
    if (outcomes === 'all') expect({ name, mask }).toEqual({ name, mask: 0n });
  }
});

test('every shape of the table is named by a rule', () => {
  const text = readFileSync(join(root, 'docs', 'memory-model.md'), 'utf8').split('## All tests')[0] ?? '';
  const shapes = new Set(documented().map((r) => r.name.split('+').slice(0, -1).join('+')));
  for (const shape of shapes) expect(text).toContain(`${shape}+`);
});

describe('the harness', () => {
  const run = async (main: string) => {
    const at = folderWith('test/litmus/harness.pg');
    const program = `import "harness.pg" as litmus;\nfn main() { if this_image() == 0 { ${main} } }\n`;
    writeFileSync(join(at, 'p.pg'), program);
    return pgc(['run', 'p.pg', '-n', '1'], { cwd: at, watchdog: 60 });
  };

  test('a forbidden outcome ends the run', async () => {
    const ended = await run('litmus.count(2); litmus.count(1); litmus.report("X", 0b100, 2);');
    expect(ended.code).toBe(1);
    expect(ended.out).toBe('X: 2 trials, forbidden 1\n');
    expect(ended.err).toContain('an outcome that the memory model forbids');
  });

  test('so does half a value', async () => {
    const ended = await run('print("{}", litmus.value(0x200000002)); print("{}", litmus.value(0x100000000));');
    expect(ended.code).toBe(1);
    expect(ended.out).toBe('2\n');
    expect(ended.err).toContain('a value that nobody wrote');
  });
});
