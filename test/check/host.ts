// Module hosts for tests: a folder, or texts in memory, each with a small library.
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import type { ModuleHost } from '../../lang/modules.ts';

const library: Readonly<Record<string, string>> = {
  'std/math.pg': `
const PI = 3.141592653589793;
fn sqrt(x: f64) -> f64 { return __sqrt(x); }
fn sin(x: f64) -> f64 { return x; }
fn abs(x: f64) -> f64 { return __abs(x); }
`,
  'std/runtime.pg':
    'fn barrier(position: i32) { fence; }\nvar count: int;\nfn exchange(position: i32, bits: i64) -> i64 { return __slot() + bits; }\n',
};

const host = (read: (path: string) => string | undefined): ModuleHost => ({
  resolve: (from, text) => normalize(join(dirname(from), text)),
  read: (path) => library[path] ?? read(path),
  std: (parts) => (`std/${parts.join('/')}.pg` in library ? `std/${parts.join('/')}.pg` : undefined),
  stdNames: ['math'],
});

export const folderHost = (folder: string): ModuleHost =>
  host((path) => {
    try {
      return readFileSync(join(folder, path), 'utf8');
    } catch {
      return undefined;
    }
  });

export const textHost = (texts: Readonly<Record<string, string>>): ModuleHost => host((path) => texts[path]);
