// The examples in doc comments: which programs they become, and what is said when one of them fails.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import { type Example, examplesIn } from '../../lang/doc-examples.ts';
import { parse } from '../../lang/parser.ts';
import { folderWith, removeFolders, transcript } from '../cli/pgc.ts';
import { command } from '../cli/resident.ts';

afterAll(removeFolders);

const examples = (text: string, path = 'grid.pg', name = 'grid'): Example[] => {
  const source = { id: 0, path, text };
  return examplesIn({ name, source, host: fileHost() }, parse(source).module);
};
/** The only example in a doc comment of these lines. */
const only = (...lines: readonly string[]): Example => {
  const [example] = examples(`${lines.map((l) => `/// ${l}`).join('\n')}\nfn f() { }\n`);
  return example ?? expect.fail('no example');
};
const lines = (e: Example): string[] => e.program.split('\n').map((l) => l.trimEnd());
const imported = 'import "grid.pg" as grid;';

describe('a block becomes a program', () => {
  test('whose statements are in main, at their own lines and columns', () => {
    expect(lines(only('Words.', '```pg', 'let x = 1;', '  f(x);', '```', 'More.'))).toEqual([
      '',
      `${imported}fn main() {`,
      '    let x = 1;',
      '      f(x);',
      '}',
      '',
    ]);
  });
  test('whose declarations come first and stay outside of main', () => {
    const e = only(
      '```pg',
      '// why',
      'import std.math;',
      'const N = 2; // two',
      'fn g() { }',
      '',
      '// so',
      'g();',
      '```',
    );
    expect(lines(e).slice(0, -1)).toEqual([
      imported,
      '    // why',
      '    import std.math;',
      '    const N = 2; // two',
      '    fn g() { } fn main() {',
      '',
      '    // so',
      '    g();',
      '}',
    ]);
  });
  test('with an empty main if it has only declarations', () => {
    expect(lines(only('```pg', 'struct S { x: int; }', '```')).slice(1, 3)).toEqual([
      '    struct S { x: int; }',
      'fn main() { }',
    ]);
  });
  test('as it is if it has a main', () => {
    const e = only('```pg', 'import std.math;', 'fn main() { }', '```');
    expect(lines(e)).toEqual(['', '    import std.math;', '    fn main() { }', '']);
  });
  test('that imports its module once', () => {
    expect(lines(only('```pg', 'import "grid.pg" as g;', 'g.f();', '```'))[0]).toBe('');
    expect(lines(only('```pg', 'import "./grid.pg" as g;', 'g.f();', '```'))[0]).toBe('');
    expect(lines(only('```pg', 'import "grid2.pg" as g;', 'g.f();', '```'))[0]).toBe(imported);
    const std = (text: string) => examples(text, 'std/math.pg', 'std.math').map((e) => lines(e)[0]);
    expect(std('/// ```pg\n/// f();\n/// ```\nfn f() { }')).toEqual(['import std.math;fn main() {']);
    expect(std('/// ```pg\n/// import std.math as m;\n/// m.f();\n/// ```\nfn f() { }')).toEqual(['']);
  });
  test('that imports files with any name', () => {
    const first = (path: string, name: string) => lines(examples('//! ```pg\n//! f();\n//! ```', path, name)[0]!)[0];
    expect(first('a/my-grid.pg', 'my-grid')).toBe('import "my-grid.pg" as my_grid;fn main() {');
    expect(first('for.pg', 'for')).toBe('import "for.pg" as for_;fn main() {');
    expect(first('3d.pg', '3d')).toBe('import "3d.pg" as _3d;fn main() {');
    expect(first('constructor.pg', 'constructor')).toBe('import "constructor.pg" as constructor;fn main() {');
  });
  test('of the module, of fields, of what is internal, indented or with ends of lines as on Windows', () => {
    const text =
      '//! ```pg\r\n//! f();\r\n//! ```\r\n/// ```pg\r\n/// ```\r\nfn _f() { }\r\nstruct S {\r\n\t/// ```pg\r\n\t/// g();\r\n\t/// ```\r\n\tx: int;\r\n}\r\n';
    const found = examples(text);
    expect(found.map((e) => [e.of, e.line])).toEqual([
      ['', 1],
      ['_f', 4],
      ['S.x', 8],
    ]);
    expect(
      lines(found[2] ?? expect.fail())
        .at(8)
        ?.trim(),
    ).toBe('g();');
  });
});

describe('a block is', () => {
  test('run on so many images as it says, and what follows is what it prints', () => {
    const e = only('```pg -n 3', 'f();', '```', '```text', 'a', 'b', '```');
    expect(e).toMatchObject({ images: 3, runs: true, expected: 'a\nb' });
  });
  test('only compiled if it says so', () => {
    expect(only('```pg no-run', 'loop { }', '```').runs).toBe(false);
  });
  test('no example if it is something else', () => {
    for (const info of ['', 'text', 'sh', 'pgx', 'c pg']) {
      expect(examples(`/// \`\`\`${info}\n/// f();\n/// \`\`\`\nfn f() { }`)).toEqual([]);
    }
    expect(examples('// ```pg\n// f();\n// ```\nfn f() { }')).toEqual([]);
  });
  test.each([
    ['```pg forever', 'forever'],
    ['```pg -n', '-n'],
    ['```pg -n 0', '-n'],
    ['```pg -n x', '-n'],
    ['```pg norun', 'norun'],
  ])('refused: %s', (fence, word) => {
    expect(only(fence, 'f();', '```').problem).toContain(`\`${word}\``);
  });
  test('refused without its end', () => {
    expect(only('```pg', 'f();').problem).toContain('no end');
  });
});

const run = async (text: string, ...args: readonly string[]): Promise<string> => {
  const cwd = folderWith();
  writeFileSync(join(cwd, 'grid.pg'), text);
  const all = ['doc', '--test', ...(args.length === 0 ? ['grid.pg'] : args)];
  return transcript(all, await command(all, { cwd }));
};
const said = (out: string, err = '', code = 0): string => {
  const part = (name: string, text: string) => (text === '' ? '' : `--- ${name}\n${text}`);
  return `${part('stdout', out)}${part('stderr', err)}--- exit ${code}\n`;
};
const afterCommand = (shown: string): string => shown.slice(shown.indexOf('\n') + 1);

const good = `//! Small grids.
//!
//! \`\`\`pg -n 3
//! print("{}", grid.twice(this_image()));
//! barrier;
//! \`\`\`
//! \`\`\`text
//! 0
//! 2
//! 4
//! \`\`\`
import std.math;

/// Twice as much.
///
/// \`\`\`pg
/// fn four(x: int) -> int { return grid.twice(grid.twice(x)); }
///
/// assert(four(2) == 8, "four times 2 is 8");
/// \`\`\`
/// \`\`\`pg no-run
/// loop { }
/// \`\`\`
fn twice(x: int) -> int { return 2 * x; }

/// \`\`\`pg
/// exit(0);
/// \`\`\`
fn leave() { }
`;

describe('pgc doc --test', () => {
  test('says that all is well', async () => {
    expect(afterCommand(await run(good))).toBe(said('4 examples: all well\n'));
  });

  test('takes the examples of one declaration', async () => {
    expect(afterCommand(await run(good, 'grid.pg:twice'))).toBe(said('2 examples: all well\n'));
    expect(afterCommand(await run(good, 'grid.pg:twice', 'grid.pg'))).toBe(said('4 examples: all well\n'));
  });

  test('says that there are none', async () => {
    expect(afterCommand(await run('fn f() { }\n'))).toBe(said('there are no examples\n'));
  });

  const bad = (...code: readonly string[]): string =>
    ['/// What it does.', '///', ...code.map((l) => `/// ${l}`), 'fn f(x: int) -> int { return x; }', ''].join('\n');

  test.each([
    ['a mistake in it', bad('```pg', 'let x: f64 = grid.f(1);', '```'), 1],
    ['a mistake of syntax', bad('```pg', 'let x = ;', '```'), 1],
    ['a false assertion', bad('```pg', '', 'assert(grid.f(1) == 2, "f(1) is 2");', '```'), 1],
    [
      'a fault in the module',
      'import std.math;\n/// ```pg\n/// print("{}", grid.at(3));\n/// ```\nfn at(i: int) -> int {\n  var a: [2]int;\n  return a[i];\n}\n',
      1,
    ],
    ['another output', bad('```pg', 'print("{}", grid.f(1));', '```', '```text', '2', '```'), 1],
    ['no output', bad('```pg', 'let y = grid.f(1);', '```', '```text', '2', '```'), 1],
    ['an exit', bad('```pg', 'print("going");', 'exit(3);', '```'), 1],
    ['a deadlock', bad('```pg -n 2', 'if this_image() == 0 { barrier; }', '```'), 1],
    ['an unknown word', bad('```pg twice', '```'), 1],
    ['one of two', bad('```pg', 'grid.nothing();', '```', '```pg', '```'), 1],
  ])('fails for %s', async (name, text) => {
    const shown = await run(text);
    expect(shown).toContain('--- exit 1\n');
    expect(shown).toMatch(/grid\.pg:\d+: the example of/);
    expect(shown).not.toContain('grid.pg#');
    await expect(shown).toMatchFileSnapshot(join('failures', `${name.replaceAll(' ', '-')}.txt`));
  });

  test('does not wait for ever', async () => {
    const shown = await run(bad('```pg', 'loop { }', '```'), 'grid.pg', '--timeout', '0.5');
    expect(shown).toContain('grid.pg:3: the example of f fails');
    expect(shown).toContain('timeout: not finished after 0.5 seconds');
    expect(shown).toContain('--- exit 1\n');
  });

  test('works from anywhere, and with modules beside the module', async () => {
    const cwd = folderWith();
    mkdirSync(join(cwd, 'inner'));
    writeFileSync(join(cwd, 'units.pg'), 'fn one() -> int { return 1; }\n');
    const text =
      '//! ```pg\n//! import "../units.pg" as units;\n//! assert(grid.f() == units.one(), "1");\n//! ```\nimport "../units.pg" as units;\nfn f() -> int { return units.one(); }\n';
    writeFileSync(join(cwd, 'inner', 'grid.pg'), text);
    for (const path of ['inner/grid.pg', './inner/../inner/grid.pg', join(cwd, 'inner', 'grid.pg')]) {
      expect(await command(['doc', '--test', path], { cwd })).toMatchObject({
        code: 0,
        out: '1 example: all well\n',
        err: '',
      });
    }
  });
});
