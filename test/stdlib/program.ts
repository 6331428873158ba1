// Runs a program of the tests of the library and gives what it printed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../compiler/compile.ts';
import type { Ended } from '../cli/pgc.ts';
import { command } from '../cli/resident.ts';

export interface Way {
  readonly images?: number;
  /** More options of `pgc run`. */
  readonly options?: readonly string[];
  /** Values of `config const`s, and whatever else stands after `--`. */
  readonly configs?: readonly string[];
}

/** How a program ended. `folder` is where it runs; otherwise a new one, removed afterwards. */
export const ends = async (text: string, way: Way = {}, folder?: string): Promise<Ended> => {
  const cwd = folder ?? mkdtempSync(join(tmpdir(), 'pgc-stdlib-'));
  try {
    writeFileSync(join(cwd, 'program.pg'), text);
    const options = way.options ?? [];
    // This process has compiled before and is fast at it. What options decide, and mistakes, are left to the command.
    const built = options.length === 0 ? await compile({ path: 'program.pg', text }) : undefined;
    const artifact = built?.diagnostics.length === 0 ? built.artifact : undefined;
    if (artifact) writeFileSync(join(cwd, 'program.wasm'), artifact);
    const file = artifact ? 'program.wasm' : 'program.pg';
    const args = ['run', file, '-n', `${way.images ?? 1}`, ...options];
    return await command([...args, '--', ...(way.configs ?? [])], { cwd, watchdog: 100 });
  } finally {
    if (folder === undefined) rmSync(cwd, { recursive: true, force: true });
  }
};

/** The lines that a program prints. @throws with what it said if it does not end well. */
export const linesOf = async (text: string, way: Way = {}, folder?: string): Promise<string[]> => {
  const ended = await ends(text, way, folder);
  if (ended.code !== 0) throw new Error(`exit ${ended.code}: ${ended.err}`);
  return ended.out.split('\n').slice(0, -1);
};
