// pgc fmt: programs in the one layout that all PG programs share. The engine is lang/format.ts; here is what happens to files.
// A file is replaced by renaming a finished one over it, so that whoever reads it meanwhile, or pulls the plug, has the old
// text or the new text whole; a file that has the layout already is not touched.
import { accessSync, chmodSync, constants, realpathSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { format } from '../lang/format.ts';
import type { Source } from '../lang/source.ts';
import { type Found, showDiagnostics } from './cli-diagnostics.ts';
import { cannotWrite, notSource, type Paths, programsOf, readInput } from './cli-input.ts';
import { exitCodes, mistake, note } from './cli-report.ts';

export interface FmtOptions {
  readonly check?: boolean;
}

/** What became of one file. */
type Result =
  | { readonly kind: 'same' }
  | { readonly kind: 'changed' }
  | { readonly kind: 'wrong'; readonly found: Found }
  | { readonly kind: 'mistake'; readonly code: number };

/** The files that an argument means. */
const pathsOf = (what: string): Paths => {
  const found: Paths = what === '-' ? { kind: 'paths', paths: [what] } : programsOf(what);
  if (found.kind === 'mistake' || found.paths.length > 0) return found;
  return { kind: 'mistake', code: mistake(`there is no .pg file in ${what}`, 'name .pg files, or folders with some') };
};

/** Puts a text in the place of a file, or of what a link leads to; the permissions stay. */
const replace = (path: string, text: string): void => {
  accessSync(path, constants.W_OK);
  const target = realpathSync(path);
  const made = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
  try {
    writeFileSync(made, text, { flag: 'wx' });
    chmodSync(made, statSync(target).mode);
    renameSync(made, target);
  } catch (error) {
    rmSync(made, { force: true });
    throw error;
  }
};

const formatFile = (path: string, { check = false }: FmtOptions): Result => {
  const read = readInput(path);
  if (read.kind === 'mistake') return read;
  const text = read.bytes.toString('utf8');
  const wrong = notSource(path, read.bytes);
  if (wrong) return { kind: 'mistake', code: mistake(wrong.message, wrong.hint) };
  // What could not be read could not be written back.
  if (!Buffer.from(text, 'utf8').equals(read.bytes))
    return { kind: 'mistake', code: mistake(`${path} is not UTF-8`, 'PG source is UTF-8 text; iconv can convert it') };
  const source: Source = { id: 0, path, text };
  const result = format(source);
  if (result.kind === 'mistakes')
    return { kind: 'wrong', found: { diagnostics: result.diagnostics, sources: [source] } };
  const same = result.text === text;
  if (path === '-' && !check) process.stdout.write(result.text);
  else if (!same && !check) {
    try {
      replace(path, result.text);
    } catch (error) {
      return { kind: 'mistake', code: cannotWrite(path, error) };
    }
  }
  return { kind: same ? 'same' : 'changed' };
};

/** A file that is named twice, itself and by its folder, is formatted once. */
const distinct = (paths: readonly string[]): readonly string[] => {
  const seen = new Map<string, string>();
  for (const path of paths) {
    const key = join(path);
    if (!seen.has(key)) seen.set(key, path);
  }
  return [...seen.values()];
};

export const fmtCommand = async (asked: readonly string[], options: FmtOptions): Promise<number> => {
  if (asked.length > 1 && asked.includes('-'))
    return mistake('pgc fmt: - stands for standard input, and cannot stand among files', 'name it alone');
  let code: number = exitCodes.ok;
  const worse = (other: number): void => {
    code = Math.max(code, other);
  };
  const paths: string[] = [];
  for (const what of asked.length === 0 ? ['.'] : asked) {
    const found = pathsOf(what);
    if (found.kind === 'mistake') worse(found.code);
    else paths.push(...found.paths);
  }
  const wrong: Found[] = [];
  for (const path of distinct(paths)) {
    const result = formatFile(path, options);
    if (result.kind === 'mistake') worse(result.code);
    else if (result.kind === 'wrong') wrong.push(result.found);
    else if (result.kind === 'changed') {
      if (options.check) {
        process.stdout.write(`${path}\n`);
        worse(exitCodes.failed);
      } else if (path !== '-') note(`formatted ${path}`);
    }
  }
  showDiagnostics(wrong);
  if (wrong.length > 0) worse(exitCodes.failed);
  return code;
};
