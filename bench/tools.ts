// What others' programs are made and started with. None of it is needed: what is not installed is skipped, by name, and what would have
// to be installed is told.
import { execute } from './process.ts';

export interface Tool {
  /** As in the tables. */
  readonly name: string;
  /** Each must answer --version. The first one's answer is the tool's version. */
  readonly commands: readonly string[];
  readonly install: string;
}

const openMpi = 'Debian: openmpi-bin libopenmpi-dev';

export const gcc: Tool = { name: 'gcc', commands: ['gcc'], install: 'Debian: gcc libc6-dev' };
export const clang: Tool = { name: 'clang', commands: ['clang', 'wasm-ld'], install: 'Debian: clang lld' };
export const asc: Tool = {
  name: 'AssemblyScript',
  commands: ['asc'],
  install: 'npm install --global assemblyscript, or its folder node_modules/.bin in PATH',
};
export const mpi: Tool = { name: 'MPI', commands: ['mpirun', 'mpicc'], install: openMpi };
export const shmem: Tool = { name: 'OpenSHMEM', commands: ['oshrun', 'oshcc'], install: openMpi };
export const coarrays: Tool = {
  name: 'OpenCoarrays',
  commands: ['caf', 'cafrun'],
  install: 'Debian: gfortran libcoarrays-openmpi-dev openmpi-bin',
};

/** The line of an answer to --version that has a version in it. */
export const versionLine = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.trim())
    .find((line) => /\d+\.\d+/.test(line)) ?? 'of unknown version';

const answers = new Map<string, Promise<string | undefined>>();

const ask = async (tool: Tool): Promise<string | undefined> => {
  const found: string[] = [];
  for (const command of tool.commands) {
    try {
      const { out, err } = await execute(command, ['--version']);
      found.push(versionLine(out + err));
    } catch {
      return undefined;
    }
  }
  return found[0];
};

/** The version of a tool; undefined if it is not installed. Asked once for each PATH. */
export const versionOf = (tool: Tool): Promise<string | undefined> => {
  const key = `${tool.name} ${process.env.PATH}`;
  const known = answers.get(key);
  if (known) return known;
  const answer = ask(tool);
  answers.set(key, answer);
  return answer;
};
