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
