// The options --checkpoint and --every: where the states of a run are kept, for pgc resume.
import { existsSync, statSync } from 'node:fs';
import { readArtifact } from '../vm/artifact.ts';
import { beginFolder, checkpointsIn, isTaken, makeFolder } from '../vm/checkpoint-folder.ts';
import { lockFolder } from '../vm/checkpoint-lock.ts';
import type { CheckpointOptions } from '../vm/options.ts';
import { cannotWrite } from './cli-input.ts';
import { seconds } from './cli-number.ts';
import { mistake, note } from './cli-report.ts';

const defaultEvery = 10;

export interface CheckpointChoice {
  readonly folder: string;
  readonly every: number;
}

/** Seconds between two checkpoints, or the exit code of a complaint. */
export const everyOf = (
  text: string | undefined,
  otherwise: number = defaultEvery,
): number | { readonly code: number } => {
  const every = text === undefined ? otherwise : seconds(text);
  if (every !== undefined) return every;
  const code = mistake(`--every needs seconds, greater than 0; found ${text}`, 'twice in a minute: --every=30');
  return { code };
};

export const withoutHooks = (): number =>
  mistake('--checkpoint and --timing=off: without hooks, images cannot stand still for a checkpoint');

/** What was asked for, or the exit code of a complaint. */
export const checkpointsOf = (
  options: { readonly checkpoint?: string; readonly every?: string },
  timingOff: boolean,
): CheckpointChoice | undefined | number => {
  const { checkpoint: folder } = options;
  if (folder === undefined) {
    if (options.every === undefined) return undefined;
    return mistake(
      '--every is for --checkpoint: how often the state of the run is kept',
      'for example: --checkpoint=kept --every=30',
    );
  }
  if (folder === '') return mistake('--checkpoint needs a folder', 'for example: --checkpoint=kept');
  if (timingOff) return withoutHooks();
  const every = everyOf(options.every);
  return typeof every === 'number' ? { folder, every } : every.code;
};

/** What goes wrong with a single checkpoint ends no run. */
export const failedToKeep = (why: string): void =>
  note(`a checkpoint could not be written, and the run goes on: ${why}`);

/** Takes a folder for this run, until it is released; or gives the exit code of a complaint. */
export const locked = (folder: string): { readonly release: () => void } | number => {
  try {
    const lock = lockFolder(folder);
    if ('release' in lock) return lock;
    return mistake(
      `a run writes its checkpoints into ${folder} just now: process ${lock.holder}`,
      'name another folder, or wait for its end',
    );
  } catch (error) {
    return cannotWrite(folder, error);
  }
};

/** Of a run that keeps checkpoints, and what gives the folder back at its end. */
export interface Kept {
  readonly options: CheckpointOptions;
  readonly release: () => void;
}

/** Makes the folder for a new run, or gives the exit code of a complaint. */
export const keepIn = async (
  { folder, every }: CheckpointChoice,
  program: string,
  artifact: Uint8Array,
  stackBytes: number | undefined,
): Promise<Kept | number> => {
  const content = readArtifact(artifact);
  // A damaged one is spoken of when it is run.
  if (content.kind !== 'bad' && !content.manifest.checkpoints) {
    return mistake(
      `${program} was built without --checkpoint`,
      'pgc build --checkpoint prog.pg, or run the .pg file itself',
    );
  }
  try {
    if (existsSync(folder) && !statSync(folder).isDirectory()) return mistake(`${folder} is a file, not a folder`);
    makeFolder(folder);
  } catch (error) {
    return cannotWrite(folder, error);
  }
  const lock = locked(folder);
  if (typeof lock === 'number') return lock;
  try {
    if (checkpointsIn(folder).length > 0) {
      lock.release();
      const other = 'or name another folder, or delete this one';
      return mistake(
        `${folder} holds the checkpoints of another run`,
        `pgc resume ${folder} goes on with it; ${other}`,
      );
    }
    const taken = isTaken(folder, artifact);
    if (taken !== undefined) {
      lock.release();
      return mistake(
        `${taken} is there already, and not the program that is run`,
        `the folder of checkpoints holds the program under this name, and is emptied at the end: name another folder, or delete the file`,
      );
    }
    await beginFolder(folder, artifact);
  } catch (error) {
    lock.release();
    return cannotWrite(folder, error);
  }
  const options = { folder, every, failed: failedToKeep, ...(stackBytes === undefined ? {} : { stackBytes }) };
  return { options, release: lock.release };
};
