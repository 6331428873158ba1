// pgc resume: goes on with a run from the newest of its checkpoints that is whole.
import { existsSync, statSync } from 'node:fs';
import { findCheckpoint } from '../vm/checkpoint-folder.ts';
import { startPool } from '../vm/run.ts';
import { everyOf, failedToKeep, locked } from './cli-checkpoint.ts';
import { cannotRead } from './cli-input.ts';
import { seconds } from './cli-number.ts';
import { mistake, note } from './cli-report.ts';
import { keysIn, runArtifact, threadsAhead } from './cli-run.ts';

export interface ResumeCommandOptions {
  readonly every?: string;
  readonly timeout?: string;
  readonly allowRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  /** Files with public keys. */
  readonly trust?: readonly string[];
}

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

/** The newest that is whole; says which were not. Or the exit code of a complaint. */
const foundIn = (folder: string): ReturnType<typeof findCheckpoint>['found'] | number => {
  try {
    if (!statSync(folder).isDirectory()) {
      return mistake(`${folder} is no folder`, 'pgc resume takes the folder that pgc run --checkpoint was given');
    }
    const { found, passedOver, program } = findCheckpoint(folder);
    for (const { name, why } of passedOver) note(`${name} is passed over: ${why}`);
    if (found) return found;
    if (program !== undefined) {
      return mistake(
        `${folder}: ${program}, without which its checkpoints cannot be gone on with`,
        'put back the file that pgc run --checkpoint has written there, or begin anew',
      );
    }
    return mistake(
      passedOver.length === 0
        ? `there is no checkpoint in ${folder}`
        : `no checkpoint in ${folder} can be gone on with`,
      'the run has to begin anew: pgc run --checkpoint',
    );
  } catch (error) {
    return cannotRead(folder, error);
  }
};

/** What the options say. */
interface Given {
  readonly asked: number;
  readonly timeout: number | undefined;
  readonly trust: Exclude<ReturnType<typeof keysIn>, number> | undefined;
}

export const resumeCommand = async (folder: string, options: ResumeCommandOptions): Promise<number> => {
  const timeout = options.timeout === undefined ? undefined : seconds(options.timeout);
  if (options.timeout !== undefined && timeout === undefined) {
    return mistake(
      `--timeout needs seconds, greater than 0; found ${options.timeout}`,
      'for half a minute: --timeout 30',
    );
  }
  const asked = everyOf(options.every);
  if (typeof asked !== 'number') return asked.code;
  const trust = options.trust && keysIn(options.trust);
  if (typeof trust === 'number') return trust;
  const lock = existsSync(folder) && statSync(folder).isDirectory() ? locked(folder) : undefined;
  if (typeof lock === 'number') return lock;
  try {
    return await resumeIn(folder, options, { asked, timeout, trust });
  } finally {
    lock?.release();
  }
};

const resumeIn = async (
  folder: string,
  options: ResumeCommandOptions,
  { asked, timeout, trust }: Given,
): Promise<number> => {
  const found = foundIn(folder);
  if (found === undefined || typeof found === 'number') return found ?? 2;
  const { name, path, head, artifact } = found;
  const lines = `${counted(head.outLines, 'line')} (${counted(head.outBytes, 'byte')}) of output`;
  note(`going on from ${name}: after ${head.seconds.toFixed(1)} s and ${lines}`);
  const { stackBytes } = head;
  const pool = startPool(threadsAhead(head.images));
  const settings = {
    resume: { path, head },
    checkpoints: {
      folder,
      every: options.every === undefined ? head.every : asked,
      after: name,
      failed: failedToKeep,
      ...(stackBytes === undefined ? {} : { stackBytes }),
    },
    images: head.images,
    ...(timeout === undefined ? {} : { timeout }),
    ...(options.allowRead === undefined ? {} : { allowRead: options.allowRead }),
    ...(options.allowWrite === undefined ? {} : { allowWrite: options.allowWrite }),
    ...(trust ? { trust } : {}),
  };
  return runArtifact(artifact, settings, {}, pool, { memory: false, stats: false, leaks: false });
};
