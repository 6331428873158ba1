// communication: what one operation between two images takes, beside OpenMP, MPI, OpenSHMEM and OpenCoarrays; and what is made of the global
// space where all is near. What counts is time of day. It needs two cores to itself.
import { type Contest, type Entry, holdAll } from '../contest.ts';
import { byCoarrays, byMpi, byOpenMp, byShmem, ours } from '../natives.ts';
import type { Request, Suite } from '../suite.ts';
import { type Mark, type Rules, ratioTable, timeTable } from '../verdict.ts';

const clock = 'wall';
/** How many short operations are done. */
const effortOf = (request: Request): string => (request.quick ? '100' : '50000');

const program = (name: string, file: string, ...configs: string[]): Entry =>
  ours(name, file, configs, { images: 2, clock });

const probes = (what: string, effort: string) => ({
  mpi: byMpi({ name: 'MPI', file: 'mpi_probes', args: [what, effort], clock }, 2),
  openMp: byOpenMp({ name: 'OpenMP', file: 'openmp_probes', args: [what, effort], clock }, 2),
  shmem: byShmem({ name: 'OpenSHMEM', file: 'shmem_probes', args: [what, effort], clock }, 2),
});

/** Gives the one time of an entry a name, in another unit. */
const as = (entry: Entry, row: string, scale = 1): Entry => ({
  ...entry,
  prepare: async (folder) => {
    const sample = await entry.prepare(folder);
    return async () => new Map([...(await sample()).values()].map((value) => [row, value * scale]));
  },
});

/** Runs several entries one after the other as one. */
const together = (name: string, entries: readonly Entry[]): Entry => ({
  name,
  prepare: async (folder) => {
    const samples: (() => Promise<ReadonlyMap<string, number>>)[] = [];
    for (const entry of entries) samples.push(await entry.prepare(folder));
    return async () => {
      const all = new Map<string, number>();
      for (const sample of samples) for (const [row, value] of await sample()) all.set(row, value);
      return all;
    };
  },
});

const contests: Readonly<Record<string, (request: Request) => readonly Entry[]>> = {
  remote: (request) => {
    const rounds = `--rounds=${request.quick ? 10 : 50_000}`;
    const way = (name: string, k: number): Entry => program(name, 'bench/programs/remote.pg', rounds, `--way=${k}`);
    const { mpi, shmem } = probes('remote', effortOf(request));
    const coarray = { name: 'OpenCoarrays', file: 'coarray_remote', args: [effortOf(request)], clock } as const;
    return [
      together('pgc', [way('by image', 0), way('by index', 1)]),
      together('own array', [as(way('own', 2), 'element'), as(way('own again', 2), 'shared')]),
      mpi,
      shmem,
      byCoarrays(coarray, 2),
    ];
  },
  affinity: (request) => {
    const rounds = `--rounds=${request.quick ? 10 : 20_000}`;
    const way = (name: string, k: number): Entry => program(name, 'bench/programs/affinity.pg', rounds, `--way=${k}`);
    return [way('pgc', 0), way('own array', 1)];
  },
  updates: (request) => {
    const log2size = request.quick ? 10 : 21;
    const updates = 4 * 2 ** log2size;
    const shmemArgs = ['updates', String(log2size)];
    return [
      as(program('pgc', 'examples/prk/random_access.pg', `--log2size=${log2size}`), 'update', 1e9 / updates),
      byOpenMp({ name: 'OpenMP', file: 'openmp_updates', args: [String(log2size)], clock }, 2),
      byShmem({ name: 'OpenSHMEM', file: 'shmem_probes', args: shmemArgs, clock }, 2),
    ];
  },
  barrier: (request) => {
    const { mpi, openMp, shmem } = probes('barrier', effortOf(request));
    return [program('pgc', 'bench/programs/barrier.pg', `--effort=${effortOf(request)}`), openMp, mpi, shmem];
  },
  exchange: (request) => {
    const { mpi, openMp, shmem } = probes('exchange', effortOf(request));
    const memcpy = { ...openMp, name: 'memcpy' };
    return [program('pgc', 'bench/programs/exchange.pg', `--effort=${effortOf(request)}`), memcpy, mpi, shmem];
  },
  allreduce: (request) => {
    const { mpi, openMp } = probes('allreduce', effortOf(request));
    return [program('pgc', 'bench/programs/allreduce.pg', `--effort=${effortOf(request)}`), openMp, mpi];
  },
};

/** Of one copy at 0.9 of memcpy's bandwidth. */
const copy = 1 / 0.9;
/** 20 times as fast as a library. */
const library = 1 / 20;
const libraries = { MPI: library, OpenSHMEM: library, OpenCoarrays: library };

/** By row and entry; less than 1 is ahead. */
const marks: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'read x[i]@p': { 'own array': 1.1, ...libraries },
  'read shared a[i]': { 'own array': 1.1, ...libraries },
  'affinity loop': { 'own array': 1.05 },
  'atomic update': { OpenMP: 1.3, OpenSHMEM: 1 },
  barrier: { OpenMP: 1.5, MPI: 1 },
  'split-barrier': { MPI: 1 },
  'allreduce-8': { MPI: 1 },
  'allreduce-1M': { MPI: 1 },
};

const exchangeMark = (row: string, entry: string): number | undefined => {
  if (!/^(message|put|get)-/.test(row)) return undefined;
  if (entry === 'MPI') return 1;
  return entry === 'memcpy' && row.endsWith('-1M') ? copy : undefined;
};

const mark: Mark = (row, entry) => marks[row]?.[entry] ?? exchangeMark(row, entry);

const names: Readonly<Record<string, string>> = {
  'remote element': 'read x[i]@p',
  'remote shared': 'read shared a[i]',
  'affinity element': 'affinity loop',
  'updates update': 'atomic update',
};

const rules: Rules = {
  title: 'Between two images on two cores: time of pgc / time of others',
  unit: 'ns',
  digits: 2,
  ours: 'pgc',
  others: ['own array', 'memcpy', 'OpenMP', 'MPI', 'OpenSHMEM', 'OpenCoarrays'],
  mark,
  rowName: (contest, row) => names[`${contest} ${row}`] ?? row,
  notes: [
    'own array: the same loop over an array of the image itself; memcpy: in C, with flags between two threads for messages',
    'messages: half of the way there and back; 8, 1K, 1M: bytes; MPI: Open MPI over shared memory, MPI_Get and MPI_Put with a flush',
    'a mark of 0.05: 20 times as fast',
  ],
};

export const communication: Suite = {
  name: 'communication',
  doc: 'barriers, messages, one-sided accesses, atomics, allreduce beside OpenMP, MPI, OpenSHMEM, OpenCoarrays; needs two cores to itself',
  benchmarks: Object.keys(contests),
  variants: [],
  run: async (request) => {
    const wanted = Object.entries(contests).filter(([name]) => request.wants(name));
    const all = wanted.map(([name, entries]): Contest => ({ name, entries: entries(request) }));
    const results = await holdAll(all, request);
    return [ratioTable(results, rules), timeTable(results, rules)];
  },
};
