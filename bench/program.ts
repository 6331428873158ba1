// Builds and runs programs with the pgc of this folder, as a user would.
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { CompileOptions, CompileResult } from '../compiler/compile.ts';
import { type Clock, execute, type Output, root } from './process.ts';

const pgcPath = join(root, 'dist', 'pgc.js');

export const pgc = (args: readonly string[], clock: Clock = 'wall'): Promise<Output> =>
  execute(process.execPath, [pgcPath, ...args], clock);

const artifactIn = (folder: string, file: string, name: string): string =>
  join(folder, `${basename(file, '.pg')}-${name.replace(/\W+/g, '_')}.wasm`);

/** Compiles a program of the project into a folder and gives the path of the artifact. */
export const build = async (file: string, flags: readonly string[], folder: string, name: string): Promise<string> => {
  const to = artifactIn(folder, file, name);
  await pgc(['build', join(root, file), '-o', to, ...flags]);
  return to;
};

/** Compiles a program in this process: once the compiler is warm that takes a fraction of the time that a process of its own does. */
export const compileHere = async (file: string, options: CompileOptions): Promise<CompileResult> => {
  const path = join(root, file);
  const api: typeof import('../compiler/api.ts') = await import(/* @vite-ignore */ join(root, 'dist', 'api.js'));
  const result = await api.compile({ path, text: readFileSync(path, 'utf8') }, options);
  if (!result.artifact && result.text === undefined) throw new Error(`${file} cannot be compiled`);
  return result;
};

/** As `build`. */
export const buildHere = async (
  file: string,
  options: CompileOptions,
  folder: string,
  name: string,
): Promise<string> => {
  const to = artifactIn(folder, file, name);
  const { artifact } = await compileHere(file, options);
  if (artifact) writeFileSync(to, artifact);
  return to;
};

export interface Run {
  readonly images: number;
  readonly clock: Clock;
  /** Flags of `pgc run`. */
  readonly flags?: readonly string[];
  /** The program's own configs. */
  readonly configs?: readonly string[];
}

export const run = (artifact: string, how: Run): Promise<Output> =>
  pgc(['run', artifact, '-n', String(how.images), ...(how.flags ?? []), '--', ...(how.configs ?? [])], how.clock);

/** The time that a program took for what it measures, as it says on standard error: `0.123456 seconds`. */
export const secondsOf = (output: Output): number => {
  const seconds = Number(/(?:^|\s)([0-9.]+) seconds/.exec(output.err)?.[1]);
  if (!(seconds > 0)) throw new Error(`the program told no time:\n${output.out}${output.err}`);
  return seconds;
};
