// Where modules come from: files beside the program, the library in stdlib/, and the module std.abi, which is made here.
// Everything that was read is remembered: those are the dependencies of the artifact.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModuleHost } from '../lang/modules.ts';
import { stdAbiText } from './std-abi.ts';

/** Modules of the library's inside: what only the compiler and the run-time itself import. */
const isInternal = (name: string): boolean => name === 'abi' || /^runtime(_\w+)?$/.test(name);

export interface FileHost extends ModuleHost {
  /** Texts of the files that were read, by path in the file system. Made texts are not among them. */
  readonly files: ReadonlyMap<string, string>;
}

export interface HostOptions {
  /** Texts that stand for files: the program itself when it does not come from a file, or an editor's unsaved buffers. */
  readonly texts?: Readonly<Record<string, string>>;
  /** Folder of the library's `.pg` files. */
  readonly stdlib?: string;
}

/** Both dist/*.js and compiler/*.ts lie one folder below the top. */
export const stdlibFolder = (): string => fileURLToPath(new URL('../stdlib', import.meta.url));

/** The text of a file, or undefined if it cannot be read as a file. */
const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
};

const libraryNames = (folder: string): string[] => {
  try {
    return readdirSync(folder)
      .filter((f) => f.endsWith('.pg'))
      .map((f) => f.slice(0, -'.pg'.length))
      .filter((name) => !isInternal(name))
      .sort();
  } catch {
    return [];
  }
};

const normalised = (path: string): string => normalize(path).replaceAll('\\', '/');

/** A host over the file system. Paths are kept relative if they were given so, as messages should show them. */
export const fileHost = (options: HostOptions = {}): FileHost => {
  const stdlib = options.stdlib ?? stdlibFolder();
  const files = new Map<string, string>();
  const texts = new Map(Object.entries(options.texts ?? {}).map(([path, text]) => [normalised(path), text]));
  const stdNames = libraryNames(stdlib);
  const readFile = (path: string): string | undefined => {
    const text = files.get(path) ?? textOf(path);
    if (text !== undefined) files.set(path, text);
    return text;
  };
  const libraryOf = (path: string): string | undefined => {
    const name = /^std\/(\w+)\.pg$/.exec(path)?.[1];
    return name !== undefined && (isInternal(name) || stdNames.includes(name)) ? name : undefined;
  };
  return {
    files,
    stdNames,
    // A user's own folder may be called std: `./` tells it from the library.
    resolve: (from, text) => {
      const path = normalised(join(dirname(from), text));
      return libraryOf(path) === undefined ? path : `./${path}`;
    },
    std: (parts) => {
      const name = parts.join('/');
      return isInternal(name) || stdNames.includes(name) ? `std/${name}.pg` : undefined;
    },
    read: (path) => {
      const given = texts.get(normalised(path));
      if (given !== undefined) return given;
      if (path === 'std/abi.pg') return stdAbiText();
      const library = libraryOf(path);
      return readFile(library === undefined ? path : join(stdlib, `${library}.pg`));
    },
  };
};
