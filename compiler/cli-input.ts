// Files that a user names on the command line: read, or a clear word about why not.
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { closest } from '../lang/check-suggest.ts';
import { mistake } from './cli-report.ts';

export type Read =
  | { readonly kind: 'read'; readonly bytes: Buffer }
  | { readonly kind: 'mistake'; readonly code: number };

const similarFile = (path: string): string | undefined => {
  if (existsSync(`${path}.pg`)) return `did you mean ${path}.pg?`;
  try {
    const names = readdirSync(dirname(path)).filter(
      (f) => f.endsWith('.pg') || f.endsWith('.wasm') || f.endsWith('.ir'),
    );
    const name = closest(basename(path), names);
    return name === undefined ? undefined : `did you mean ${join(dirname(path), name)}?`;
  } catch {
    return `there is no folder ${dirname(path)}`;
  }
};

const reason = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const known: Readonly<Record<string, string>> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ELOOP: 'too many symbolic links',
    ENAMETOOLONG: 'the name is too long',
    EMFILE: 'too many open files',
    ENOSPC: 'no space is left on the device',
    EROFS: 'the file system is read-only',
    ENOTDIR: 'a part of the path is not a folder',
    EISDIR: 'it is a folder',
    EEXIST: 'a file has this name',
    ENOENT: 'the folder does not exist',
  };
  return known[code] ?? (code === '' ? String(error) : code);
};

/** The bytes of a file the user named. */
export const readInput = (path: string): Read => {
  const refuse = (message: string, ...hints: (string | undefined)[]): Read => ({
    kind: 'mistake',
    code: mistake(message, ...hints),
  });
  try {
    if (path === '-') return { kind: 'read', bytes: readFileSync(0) };
    if (statSync(path).isDirectory()) {
      const programs = readdirSync(path).filter((f) => f.endsWith('.pg'));
      const one = programs[0] === undefined ? undefined : `it holds ${join(path, programs[0])}`;
      return refuse(`${path} is a folder, not a program`, one);
    }
    return { kind: 'read', bytes: readFileSync(path) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') {
      return refuse(`there is no file ${path}`, similarFile(path));
    }
    return { kind: 'mistake', code: cannotRead(path, error) };
  }
};

export type Paths =
  | { readonly kind: 'paths'; readonly paths: readonly string[] }
  | { readonly kind: 'mistake'; readonly code: number };

/** The .pg files in a folder and in its folders, but for hidden ones, those of npm, and what links lead to. */
const programsIn = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory())
        return entry.name.startsWith('.') || entry.name === 'node_modules' ? [] : programsIn(path);
      return entry.isFile() && entry.name.endsWith('.pg') ? [path] : [];
    });

/** The programs that an argument means: of a folder all that are in it, else the file of this name, which may not be there. */
export const programsOf = (what: string): Paths => {
  try {
    const isFolder = statSync(what, { throwIfNoEntry: false })?.isDirectory() ?? false;
    return { kind: 'paths', paths: isFolder ? programsIn(what) : [what] };
  } catch (error) {
    return { kind: 'mistake', code: cannotRead(what, error) };
  }
};

/** What makes bytes something other than text of a kind (`PG source`, `IR`), or undefined. */
export const notText = (path: string, bytes: Buffer, kind: string): { message: string; hint: string } | undefined => {
  if (bytes.subarray(0, 4).equals(Buffer.from('\0asm'))) {
    return { message: `${path} is WebAssembly, not ${kind}`, hint: `to run it: pgc run ${path}` };
  }
  if (bytes.includes(0)) return { message: `${path} is not text`, hint: `${kind} is UTF-8 text` };
  return undefined;
};

export const notSource = (path: string, bytes: Buffer): { message: string; hint: string } | undefined =>
  notText(path, bytes, 'PG source');

/** Why a file or folder could not be read, as `mistake` says it. */
export const cannotRead = (path: string, error: unknown): number => mistake(`cannot read ${path}: ${reason(error)}`);

/** Why a write failed, as `mistake` says it. */
export const cannotWrite = (path: string, error: unknown): number => mistake(`cannot write ${path}: ${reason(error)}`);

/** Whether a file can be written, found out before the work whose result it is to hold; a complaint if not. */
export const willWrite = (path: string): number | undefined => {
  try {
    try {
      closeSync(openSync(path, 'ax'));
      // What comes to nothing leaves nothing.
      rmSync(path);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      closeSync(openSync(path, 'a'));
    }
    return undefined;
  } catch (error) {
    return cannotWrite(path, error);
  }
};
