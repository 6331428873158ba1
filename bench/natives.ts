// Entries of contests: how peers are built and run, and how ours are.
import { copyFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Entry, Values } from './contest.ts';
import { type Clock, execute, type Output, root } from './process.ts';
import { build, run, secondsOf } from './program.ts';
import { asc, clang, coarrays, gcc, mpi, shmem, type Tool } from './tools.ts';

const source = (name: string): string => join(root, 'bench', 'peers', name);

/** The lines `name number` that a run printed. @throws Error if there is none, or a number is not positive. */
export const valuesOf = ({ out, err }: Output): Values => {
  const values = new Map<string, number>();
  for (const [, name = '', text] of out.matchAll(/^(\S+) +([\d.]+(?:e[-+]?\d+)?)\s*$/gm)) {
    const value = Number(text);
    if (!(value > 0)) throw new Error(`${name} cannot have taken ${text}`);
    values.set(name, value);
  }
  if (values.size === 0) throw new Error(`the program told no times:\n${out}${err}`);
  return values;
};

/** A PG program: built once, run with these configs. Its times are lines `name number`, or the seconds that it tells on standard error. */
export const ours = (
  name: string,
  file: string,
  configs: readonly string[],
  how: { readonly images: number; readonly clock: Clock; readonly flags?: readonly string[] },
): Entry => ({
  name,
  prepare: async (folder) => {
    const artifact = await build(file, how.flags ?? [], folder, name);
    return async () => {
      const output = await run(artifact, { images: how.images, clock: how.clock, configs });
      return /\d seconds/.test(output.err) ? new Map([['seconds', secondsOf(output)]]) : valuesOf(output);
    };
  },
});

/** A peer that a command builds, and that runs with these arguments. */
export interface Peer {
  readonly name: string;
  /** In bench/peers, without ending. */
  readonly file: string;
  readonly args: readonly string[];
  readonly clock: Clock;
}

const wasmFlags = [
  ...['-O3', '--target=wasm32', '-msimd128', '-mbulk-memory', '-ffreestanding', '-fbuiltin', '-nostdlib'],
  ...['-Wno-unknown-pragmas', '-Wl,--no-entry', '-Wl,--export-dynamic', '-Wl,--allow-undefined'],
];

const runWasm = (module: string, { args, clock }: Peer): (() => Promise<Values>) => {
  const runner = join(root, 'dist', 'bench-peer.js');
  return async () => valuesOf(await execute(process.execPath, [runner, module, ...args], clock));
};

/** C by clang, in the same engine with the same flags. */
export const buildByClang = async (file: string, folder: string): Promise<string> => {
  const to = join(folder, `${file}-clang.wasm`);
  await execute('clang', [...wasmFlags, '-o', to, source(`${file}.c`)]);
  return to;
};

export const byClang = (peer: Peer): Entry => ({
  name: peer.name,
  tool: clang,
  prepare: async (folder) => runWasm(await buildByClang(peer.file, folder), peer),
});

/** AssemblyScript's files end in .ts, which TypeScript would take for its own: here they end in .as. */
export const buildByAsc = async (path: string, folder: string): Promise<string> => {
  const name = basename(path, '.as');
  copyFileSync(path, join(folder, `${name}.ts`));
  const to = join(folder, `${name}-asc.wasm`);
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd'];
  await execute('asc', [`${name}.ts`, ...flags, '-o', `${name}-asc.wasm`], 'wall', { cwd: folder });
  return to;
};

export const byAsc = (peer: Peer): Entry => ({
  name: peer.name,
  tool: asc,
  prepare: async (folder) => runWasm(await buildByAsc(join(source('assemblyscript'), `${peer.file}.as`), folder), peer),
});

const native = (
  { name, file, args, clock }: Peer,
  tool: Tool,
  compile: readonly string[],
  ending: string,
  start: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Entry => ({
  name,
  tool,
  prepare: async (folder) => {
    const to = join(folder, `${file}-${name.replace(/\W+/g, '_')}`);
    const [compiler = '', ...flags] = compile;
    await execute(compiler, [...flags, '-o', to, source(`${file}.${ending}`), '-lm']);
    const [command = '', ...before] = [...start, to];
    return async () => valuesOf(await execute(command, [...before, ...args], clock, { env }));
  },
});

export const byGcc = (peer: Peer, ...flags: string[]): Entry =>
  native(peer, gcc, ['gcc', '-O3', '-Wno-unknown-pragmas', ...flags], 'c', []);

/** Threads are bound, and wait by spinning: that is the fastest that OpenMP can do with a core for each. */
export const byOpenMp = (peer: Peer, threads: number): Entry =>
  native(peer, { ...gcc, name: 'OpenMP (gcc)' }, ['gcc', '-O3', '-fopenmp'], 'c', [], {
    OMP_NUM_THREADS: String(threads),
    OMP_PROC_BIND: 'true',
    OMP_WAIT_POLICY: 'active',
  });

/** As many processes as asked for, also as root, as in containers, and on a machine with fewer cores. */
const starter = (command: string, ranks: number): readonly string[] => [
  ...[command, '-n', String(ranks), '--oversubscribe', '--bind-to', 'core:overload-allowed'],
];
const asRoot = { OMPI_ALLOW_RUN_AS_ROOT: '1', OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1' };

export const byMpi = (peer: Peer, ranks: number): Entry =>
  native(peer, mpi, ['mpicc', '-O3'], 'c', starter('mpirun', ranks), asRoot);

export const byShmem = (peer: Peer, ranks: number): Entry =>
  native(peer, shmem, ['oshcc', '-O3'], 'c', starter('oshrun', ranks), asRoot);

export const byCoarrays = (peer: Peer, ranks: number): Entry =>
  native(peer, coarrays, ['caf', '-O3'], 'f90', starter('cafrun', ranks), asRoot);
