// Module hosts for tests: a folder, or texts in memory, each with the library as it is shipped.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileHost } from '../../compiler/host.ts';
import type { ModuleHost } from '../../lang/modules.ts';

const shipped = fileHost();

const host = (read: (path: string) => string | undefined): ModuleHost => ({
  ...shipped,
  // The names in hints do not grow with the library.
  stdNames: ['math'],
  read: (path) => (path.startsWith('std/') ? shipped.read(path) : read(path)),
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

/** A library of a few lines, for tests that check thousands of programs. */
const small: Readonly<Record<string, string>> = {
  'std/math.pg':
    'const PI = 3.141592653589793;\nfn sqrt(x: f64) -> f64 { return __sqrt(x); }\nfn sin(x: f64) -> f64 { return x; }\n',
  'std/runtime.pg': 'fn barrier(position: i32) { fence; }\n',
};

export const smallHost = (texts: Readonly<Record<string, string>>): ModuleHost => ({
  ...shipped,
  stdNames: ['math'],
  std: (parts) => (`std/${parts.join('/')}.pg` in small ? `std/${parts.join('/')}.pg` : undefined),
  read: (path) => small[path] ?? texts[path],
});
