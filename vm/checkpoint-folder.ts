// The folder of a run's checkpoints: `program.wasm`, the artifact, and `checkpoint-<n>.pgck`, the newest two.
//
// A file gets its name when all of it has reached the disk: who kills the process, or the machine, at any moment finds under that name the
// whole file or none. And if a disk fails, there is the one before it. (T. S. Pillai et al., All File Systems Are Not Created Equal, OSDI
// 2014: fsync of the file, rename, fsync of the folder.)
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type CheckpointHead, readCheckpoint } from './checkpoint.ts';
import { sha256 } from './digest.ts';

const named = /^checkpoint-(\d{1,15})\.pgck$/;
const draft = '.part';
const programName = 'program.wasm';
/** How many are kept. */
const kept = 2;

/** The names of what there is, the newest first. */
export const checkpointsIn = (folder: string): readonly { readonly name: string; readonly number: number }[] =>
  readdirSync(folder)
    .flatMap((name) => {
      const number = named.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    })
    .sort((a, b) => b.number - a.number);

export const digestOf = (artifact: Uint8Array): string => Buffer.from(sha256(artifact)).toString('hex');

const syncFolder = (folder: string): void => {
  // Not every system lets folders be opened.
  try {
    const file = openSync(folder, 'r');
    fsyncSync(file);
    closeSync(file);
  } catch {}
};

/** Writes a file of these parts, whole or not at all. */
const writeWhole = async (folder: string, name: string, parts: Iterable<Uint8Array>): Promise<void> => {
  const path = join(folder, name);
  const file = await open(path + draft, 'w');
  try {
    for (const part of parts) await file.writeFile(part);
    await file.sync();
  } finally {
    await file.close();
  }
  renameSync(path + draft, path);
  syncFolder(folder);
};

/** Makes a folder, with those around it. One by one: where a system says of a folder that there is none and will be none, `recursive` tries for ever. */
export const makeFolder = (folder: string): void => {
  if (existsSync(folder)) return;
  const around = dirname(folder);
  if (around !== folder) makeFolder(around);
  mkdirSync(folder);
};

/** Whether a file would be overwritten, and then deleted, that is not the program itself: a run that was killed early leaves that alone. */
export const isTaken = (folder: string, artifact: Uint8Array): string | undefined => {
  const path = join(folder, programName);
  return existsSync(path) && !readFileSync(path).equals(artifact) ? path : undefined;
};

/** Puts the program into the folder for the checkpoints of a new run. */
export const beginFolder = async (folder: string, artifact: Uint8Array): Promise<void> => {
  makeFolder(folder);
  await writeWhole(folder, programName, [artifact]);
};

/** Removes all checkpoints but these, and what was never finished. */
const prune = (folder: string, keep: ReadonlySet<string>): void => {
  for (const name of readdirSync(folder)) {
    const whole = name.endsWith(draft) ? name.slice(0, -draft.length) : name;
    if (named.test(whole) && !keep.has(name)) rmSync(join(folder, name), { force: true });
  }
};

/** Nothing is left to go on with. */
export const endFolder = (folder: string): void => {
  prune(folder, new Set());
  rmSync(join(folder, programName), { force: true });
  syncFolder(folder);
};

/** Adds checkpoints to a folder. `whole`: the name of one that is known to be good. */
export const checkpointWriter = (folder: string, whole: string | undefined) => {
  const known = whole === undefined ? [] : [whole];
  return async (parts: Iterable<Uint8Array>): Promise<void> => {
    const number = (checkpointsIn(folder)[0]?.number ?? 0) + 1;
    const name = `checkpoint-${number}.pgck`;
    await writeWhole(folder, name, parts);
    known.push(name);
    prune(folder, new Set(known.slice(-kept)));
  };
};

/** A checkpoint that can be gone on with. */
export interface FoundCheckpoint {
  readonly name: string;
  readonly path: string;
  readonly head: CheckpointHead;
  readonly artifact: Uint8Array;
}

/** One that cannot, and why. */
export interface PassedOver {
  readonly name: string;
  readonly why: string;
}

/** The newest checkpoint that is whole, and those that were passed over for it. */
export const findCheckpoint = (
  folder: string,
): {
  readonly found: FoundCheckpoint | undefined;
  readonly passedOver: readonly PassedOver[];
  /** What is wrong with the program, if it is not the checkpoints. */
  readonly program?: string;
} => {
  const passedOver: PassedOver[] = [];
  const candidates = checkpointsIn(folder);
  if (candidates.length === 0) return { found: undefined, passedOver };
  let artifact: Uint8Array;
  try {
    artifact = new Uint8Array(readFileSync(join(folder, programName)));
  } catch (e) {
    const code = e instanceof Error && 'code' in e ? String(e.code) : '';
    const why = code === 'ENOENT' ? 'is missing' : code === 'EISDIR' ? 'is a folder' : `cannot be read: ${code}`;
    return { found: undefined, passedOver, program: `${programName} ${why}` };
  }
  const digest = digestOf(artifact);
  let others = 0;
  for (const { name } of candidates) {
    const path = join(folder, name);
    const read = readCheckpoint(path);
    if (read.kind === 'bad') passedOver.push({ name, why: read.why });
    else if (read.head.artifact !== digest) {
      others++;
      passedOver.push({ name, why: `it is of another program than ${programName}` });
    } else return { found: { name, path, head: read.head, artifact }, passedOver };
  }
  if (others < candidates.length) return { found: undefined, passedOver };
  // They are whole, all of them.
  return { found: undefined, passedOver: [], program: `${programName} is damaged, or not the program of this run` };
};
