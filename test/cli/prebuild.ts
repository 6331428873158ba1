// Compiles many programs in one process, into the cache that `pgc run` in this test file looks in: a compiler that is warm takes
// a fifth of the time of one that has just started. What is run afterwards is the same; what is not found is compiled then.
import { basename, dirname, join } from 'node:path';
import { folderWith } from './pgc.ts';
import { command } from './resident.ts';

/** Options of `pgc run` that `pgc build` has, too, as they decide what is built. */
const decides = /^--(?:memory|moving|check=.*|guards=.*|timing=.*|hook-interval=.*|stress=.*)$/;

export interface Planned {
  readonly file: string;
  /** Arguments of the run. Programs whose build depends on others (`--stats`) are left to it. */
  readonly args: readonly string[];
}

/** Builds all that is planned; gives where the artifact of a program is, the one of the last plan for it. */
export const prebuild = async (plans: readonly Planned[], cwd: string): Promise<(file: string) => string> => {
  const groups = new Map<string, Set<string>>();
  for (const { file, args } of plans) {
    if (args.includes('--stats')) continue;
    // Programs of different folders may have one name.
    const key = [dirname(file), ...args.filter((a) => decides.test(a))].join('\n');
    groups.set(key, (groups.get(key) ?? new Set()).add(file));
  }
  const made = new Map<string, string>();
  for (const [key, files] of groups) {
    const options = key.split('\n').slice(1);
    const folder = folderWith();
    const ended = await command(['build', ...files, ...options, '-o', `${folder}/`], { cwd, watchdog: 800 });
    if (ended.code !== 0) throw new Error(`pgc build ${options.join(' ')}: ${ended.err}`);
    for (const file of files) made.set(file, join(folder, `${basename(file, '.pg')}.wasm`));
  }
  return (file) => made.get(file) ?? 'not planned';
};
