// The options --profile and --profile-interval: what was asked for.
import { extname } from 'node:path';
import { wholeNumber } from './cli-number.ts';
import { mistake } from './cli-report.ts';

export interface ProfileOptions {
  /** `-`: as text on standard error; else files. */
  readonly profile?: readonly string[];
  readonly profileInterval?: string;
}

export interface ProfileChoice {
  readonly outputs: readonly string[];
  /** Microseconds. */
  readonly interval: number;
}

/** What a file's name may end in, by which the kind of report is chosen. */
export const profileKinds = ['.txt', '.folded', '.html'] as const;
export type ProfileKind = (typeof profileKinds)[number];

/** The kind of report that a file is to hold, if its name says so. */
export const profileKind = (path: string): ProfileKind | undefined => profileKinds.find((k) => k === extname(path));

const defaultInterval = 1000;
const [leastInterval, mostInterval] = [50, 1_000_000];

/** What was asked for; undefined: no profile; or the exit code of a complaint. */
export const profileChoice = (options: ProfileOptions): ProfileChoice | undefined | number => {
  const { profile: outputs, profileInterval } = options;
  if (outputs === undefined) {
    return profileInterval === undefined ? undefined : mistake('--profile-interval is for --profile');
  }
  for (const path of outputs) {
    if (path === '-' || profileKind(path)) continue;
    const known = profileKinds.join(', ');
    return mistake(
      `--profile=${path}: what to write is told by the name, and ${path === '' ? 'it has none' : 'this is none that is known'}`,
      `names end in ${known}; --profile alone prints a text`,
    );
  }
  const interval =
    profileInterval === undefined ? defaultInterval : wholeNumber(profileInterval, leastInterval, mostInterval);
  if (interval === undefined) {
    const range = `from ${leastInterval} to ${mostInterval}`;
    return mistake(
      `--profile-interval needs microseconds, ${range}; found ${profileInterval}`,
      'for a tenth of a millisecond: 100',
    );
  }
  return { outputs, interval };
};
