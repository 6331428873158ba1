// Files of an image: `read_file` and `write_file`. A program may touch no file unless the node was told in which folders.
// What counts is where a file really lies: a path is resolved with all its symbolic links, and the outcome compared with the
// real paths of the allowed folders. Whether something exists is said only of what lies inside of them.
//
// This keeps a program inside, which cannot make links itself. It does not guard against another process that exchanges
// a folder for a link between the look and the opening.
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { type FileReason, fileReasonNumber, systemReason } from './abi.ts';

/** A folder whose files are allowed: as it was named, made absolute, and where it really lies. */
export interface Folder {
  readonly named: string;
  readonly real: string;
}

/** What an image may do with files. */
export interface FileRules {
  /** Relative paths start here. */
  readonly base: string;
  readonly read: readonly Folder[];
  readonly write: readonly Folder[];
}

export interface FileOptions {
  /** Folders in which `read_file` may read, everything below them included: `['.']` is the current one. Default: none. */
  readonly allowRead?: readonly string[];
  /** Folders in which `write_file` may write. Default: none. */
  readonly allowWrite?: readonly string[];
}

/** The rules that options ask for, or which of them is no folder. */
export const fileRules = (options: FileOptions): FileRules | { readonly error: string; readonly hint: string } => {
  const base = process.cwd();
  const wrong: string[] = [];
  const foldersOf = (flag: string, names: readonly string[] = []): Folder[] =>
    names.flatMap((name) => {
      const named = resolve(base, name);
      try {
        if (name !== '' && statSync(named).isDirectory()) return [{ named, real: realpathSync.native(named) }];
      } catch {
        // Told below, as for what is no folder.
      }
      wrong.push(`${flag}: there is no folder "${name}"`);
      return [];
    });
  const read = foldersOf('--allow-read', options.allowRead);
  const write = foldersOf('--allow-write', options.allowWrite);
  const [error] = wrong;
  if (error !== undefined)
    return { error, hint: 'name folders that exist, with commas between; "." is the current one' };
  return { base, read, write };
};

/** Why a file is not read or written: a number of `fileReasons`, or of the system's. */
class Refusal extends Error {
  readonly reason: number;
  constructor(reason: number) {
    super('a file was refused');
    this.reason = reason;
  }
}

const refuse = (reason: FileReason): never => {
  throw new Refusal(fileReasonNumber(reason));
};

const codeOf = (e: unknown): string =>
  typeof e === 'object' && e !== null && 'code' in e && typeof e.code === 'string' ? e.code : '';

const reasonOf = (e: unknown): number => {
  if (e instanceof Refusal) return e.reason;
  if (codeOf(e) === 'ENOENT') return fileReasonNumber('missing');
  if (codeOf(e) === 'EISDIR') return fileReasonNumber('folder');
  if (e instanceof Error && 'errno' in e && typeof e.errno === 'number') return systemReason(e.errno);
  throw e;
};

const inside = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);

const isLink = (path: string): boolean => {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
};

/** Where an absolute path really lies. Refused if that is in none of the folders, before anything is said of what is there. */
const realIn = (folders: readonly Folder[], path: string): string => {
  let failure: unknown;
  let above: string | undefined;
  // What cannot be resolved is judged by the longest part of the path that can.
  for (let part = path; ; part = dirname(part)) {
    try {
      const real = realpathSync.native(part);
      if (!folders.some((f) => inside(f.real, real))) {
        const strayed = folders.some((f) => inside(f.named, path) || inside(f.real, path));
        return refuse(strayed ? 'link' : 'outside');
      }
      if (above === undefined) return real;
      // A link to nowhere would show what exists elsewhere.
      if (isLink(above)) return refuse('link');
      throw failure;
    } catch (e) {
      if (e instanceof Refusal || part === dirname(part) || e === failure) throw e;
      failure ??= e;
      above = part;
    }
  }
};

/** The absolute path that a text names. */
const pathOf = (base: string, text: Uint8Array): string => {
  let path = '';
  try {
    path = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    refuse('name');
  }
  if (path === '' || path.includes('\0')) refuse('name');
  return resolve(base, path);
};

// Not every system has these: there they are undefined, and `|` takes them as 0. Opening a pipe must not wait for its other end.
const careful = constants.O_NOFOLLOW | constants.O_NONBLOCK;

const openPlain = (path: string, flags: number): number => {
  const file = openSync(path, flags | careful, 0o666);
  const stat = fstatSync(file);
  if (stat.isFile()) return file;
  closeSync(file);
  return refuse(stat.isDirectory() ? 'folder' : 'special');
};

export interface Files {
  /** Opens the file that (address, bytes) names, for `read`: its size, or a negative reason. */
  readonly open: (address: number, length: number) => bigint;
  /** Reads what was opened into (address, bytes) and closes it: how many bytes there were, or a negative reason. */
  readonly read: (address: number, length: number) => bigint;
  /** Makes a file, or replaces what is in it: 0, or a negative reason. */
  readonly write: (path: number, pathLength: number, data: number, dataLength: number) => bigint;
}

/** The files of one image, over the node's memory. */
export const createFiles = (memory: Uint8Array, rules: FileRules): Files => {
  /** What was opened: a file, or its content where the system does not know the size ahead. */
  let opened: number | Uint8Array | undefined;
  const guarded = (f: () => number): bigint => {
    try {
      return BigInt(f());
    } catch (e) {
      return BigInt(-reasonOf(e));
    }
  };
  const at = (address: number, length: number): Uint8Array =>
    memory.subarray(address >>> 0, (address >>> 0) + (length >>> 0));
  const textAt = (address: number, length: number): Uint8Array => at(address, length).slice();

  const open = (address: number, length: number): number => {
    if (rules.read.length === 0) refuse('none');
    const file = openPlain(realIn(rules.read, pathOf(rules.base, textAt(address, length))), constants.O_RDONLY);
    opened = file;
    const { size } = fstatSync(file);
    if (size > 0) return size;
    try {
      opened = readFileSync(file);
    } finally {
      closeSync(file);
    }
    return opened.length;
  };

  const read = (address: number, length: number): number => {
    const source = opened;
    const into = at(address, length);
    opened = undefined;
    if (source === undefined) return 0;
    if (typeof source !== 'number') {
      into.set(source.subarray(0, into.length));
      return source.length;
    }
    try {
      let done = 0;
      while (done < into.length) {
        const more = readSync(source, into, done, into.length - done, null);
        // It has become shorter meanwhile.
        if (more === 0) break;
        done += more;
      }
      return done;
    } finally {
      closeSync(source);
    }
  };

  const write = (path: number, pathLength: number, data: number, dataLength: number): number => {
    if (rules.write.length === 0) refuse('none');
    const wanted = pathOf(rules.base, textAt(path, pathLength));
    const target = join(folderOf(rules.write, dirname(wanted)), basename(wanted));
    if (isLink(target)) refuse('write-link');
    const file = openPlain(target, constants.O_WRONLY | constants.O_CREAT);
    try {
      const from = at(data, dataLength);
      ftruncateSync(file, 0);
      let done = 0;
      while (done < from.length) done += writeSync(file, from, done, from.length - done);
    } finally {
      closeSync(file);
    }
    return 0;
  };

  return {
    open: (address, length) => guarded(() => open(address, length)),
    read: (address, length) => guarded(() => read(address, length)),
    write: (path, pathLength, data, dataLength) => guarded(() => write(path, pathLength, data, dataLength)),
  };
};

/** The real folder that a new file goes to. */
const folderOf = (folders: readonly Folder[], path: string): string => {
  try {
    return realIn(folders, path);
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return refuse('no-folder');
    throw e;
  }
};
