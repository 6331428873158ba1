// The structure of the code itself: who may import whom, no circles, files that can be read in one sitting.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const folders = ['lang', 'compiler', 'vm'] as const;

interface Import {
  readonly from: string;
  readonly to: string;
  /** `await import(…)`: not needed to load the file. */
  readonly lazy: boolean;
}

const filesUnder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((f) => f.endsWith('.ts'))
    .map((f) => join(folder, f).replaceAll('\\', '/'));

/** Every import of a text, type-only ones too. Relative ones are given as paths from the top. */
const importsOf = (file: string, text: string): Import[] => {
  const found: Import[] = [];
  const add = (to: string | undefined, lazy: boolean) => {
    if (to === undefined) return;
    found.push({
      from: file,
      to: to.startsWith('.') ? normalize(join(dirname(file), to)).replaceAll('\\', '/') : to,
      lazy,
    });
  };
  const code = text.replace(/^\s*(\/\/|\*|\/\*).*$/gm, '');
  for (const m of code.matchAll(/^\s*(?:import|export)\b[^;'"]*?from\s*['"]([^'"]+)['"]/gm)) add(m[1], false);
  for (const m of code.matchAll(/^\s*import\s*'([^']+)'/gm)) add(m[1], false);
  for (const m of code.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) add(m[1], true);
  return found;
};

const sources = new Map(folders.flatMap(filesUnder).map((f) => [f, readFileSync(join(root, f), 'utf8')]));
const imports = [...sources].flatMap(([file, text]) => importsOf(file, text));

/** What joins compiler and node. */
const joins = (file: string): boolean => /^compiler\/(cli(-\w+)*|api)\.ts$/.test(file);

/** Why an edge is not allowed, or undefined. */
const forbidden = ({ from, to }: Import): string | undefined => {
  const folder = from.split('/')[0];
  if (to === 'binaryen') {
    if (!/^compiler\/emit[\w-]*\.ts$/.test(from)) return 'only compiler/emit*.ts uses binaryen';
    return undefined;
  }
  if (to === '@jridgewell/trace-mapping')
    return from === 'compiler/emit-map.ts' ? undefined : 'only emit-map.ts reads source maps';
  if (to === 'chevrotain') return folder === 'lang' ? undefined : 'only lang parses';
  if (to.startsWith('@jridgewell/'))
    return from === 'compiler/emit-map.ts' ? undefined : 'only emit-map.ts reads source maps';
  if (to === 'commander') return from === 'compiler/cli.ts' ? undefined : 'only cli.ts knows commander';
  if (folder === 'lang') return to.startsWith('lang/') ? undefined : 'lang is pure: it imports nothing else';
  if (folder === 'vm') return to.startsWith('vm/') || to.startsWith('node:') ? undefined : 'vm imports only itself';
  if (to.startsWith('vm/') && to !== 'vm/abi.ts' && !joins(from))
    return 'the compiler knows only vm/abi.ts of the node';
  const allowed = ['lang/', 'compiler/', 'vm/', 'node:'].some((p) => to.startsWith(p));
  return allowed ? undefined : 'an import from outside the project';
};

/** A circle in a graph of imports, or undefined. */
const circle = (edges: ReadonlyMap<string, readonly string[]>): string[] | undefined => {
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): string[] | undefined => {
    const at = path.indexOf(file);
    if (at >= 0) return [...path.slice(at), file];
    if (done.has(file)) return undefined;
    for (const next of edges.get(file) ?? []) {
      const found = visit(next, [...path, file]);
      if (found) return found;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const found = visit(file, []);
    if (found) return found;
  }
  return undefined;
};

describe('imports', () => {
  test('the rules refuse what they should', () => {
    const refused = (from: string, to: string) => forbidden({ from, to, lazy: false }) !== undefined;
    expect(refused('lang/check.ts', 'node:fs')).toBe(true);
    expect(refused('lang/check.ts', 'compiler/ir.ts')).toBe(true);
    expect(refused('compiler/lower.ts', 'vm/run.ts')).toBe(true);
    expect(refused('compiler/passes/fold.ts', 'binaryen')).toBe(true);
    expect(refused('vm/run.ts', 'compiler/ir.ts')).toBe(true);
    expect(refused('vm/run.ts', 'lang/source.ts')).toBe(true);
    expect(refused('compiler/lower.ts', 'vm/abi.ts')).toBe(false);
    expect(refused('compiler/cli-run.ts', 'vm/run.ts')).toBe(false);
    expect(
      circle(
        new Map([
          ['a', ['b']],
          ['b', ['c']],
          ['c', ['b']],
        ]),
      ),
    ).toEqual(['b', 'c', 'b']);
    expect(
      importsOf('lang/x.ts', "import type { A } from '../vm/abi.ts';\nconst b = await import('binaryen');"),
    ).toEqual([
      { from: 'lang/x.ts', to: 'vm/abi.ts', lazy: false },
      { from: 'lang/x.ts', to: 'binaryen', lazy: true },
    ]);
  });

  test('go only along the road', () => {
    expect(imports.length).toBeGreaterThan(50);
    const wrong = imports.flatMap((i) => {
      const why = forbidden(i);
      return why === undefined ? [] : [`${i.from} imports ${i.to}: ${why}`];
    });
    expect(wrong).toEqual([]);
  });

  test('name files that exist', () => {
    const missing = imports.filter((i) => /^(lang|compiler|vm)\//.test(i.to) && !sources.has(i.to));
    expect(missing.map((i) => `${i.from} imports ${i.to}`)).toEqual([]);
  });

  test('binaryen is only loaded when code is generated', () => {
    const typeOnly = (i: Import) => new RegExp(`import type [^;]*from ['"]${i.to}['"]`).test(sources.get(i.from) ?? '');
    const eager = imports.filter((i) => i.to === 'binaryen' && !i.lazy && !typeOnly(i));
    expect(eager.map((i) => i.from)).toEqual([]);
  });

  test('have no circles', () => {
    const edges = new Map([...sources.keys()].map((f) => [f, imports.filter((i) => i.from === f).map((i) => i.to)]));
    expect(circle(edges)).toBeUndefined();
  });
});

describe('files', () => {
  test('have at most 600 lines', () => {
    const long = [...sources].map(([f, t]) => [f, t.split('\n').length] as const).filter(([, n]) => n > 600);
    expect(long).toEqual([]);
  });

  test('hold nothing that a merge left', () => {
    const others = ['stdlib', 'docs', 'examples', 'bench'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
        .filter((f) => /\.(pg|md|ts|wat)$/.test(f))
        .map((f) => [join(folder, f), readFileSync(join(root, folder, f), 'utf8')] as const),
    );
    const left = [...sources, ...others].filter(([, t]) => /^(<{7}|>{7}) |^={7}$/m.test(t)).map(([f]) => f);
    expect(left).toEqual([]);
  });

  test('begin with what they are for', () => {
    const mute = [...sources].filter(([, t]) => !/^(#!.*\n)?(\/\/|\/\*)/.test(t)).map(([f]) => f);
    expect(mute).toEqual([]);
  });

  test('do not silence the checkers', () => {
    const escapes = [...sources].filter(([, t]) => /@ts-(ignore|expect-error|nocheck)/.test(t));
    expect(escapes.map(([f]) => f)).toEqual([]);
  });
});
