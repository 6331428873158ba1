// The options --profile and --profile-interval: what was asked for, and the report at the end of a run.
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { EndedNode } from '../vm/options.ts';
import { profileOf } from '../vm/profile.ts';
import { htmlProfile } from '../vm/profile-html.ts';
import { foldedProfile, renderProfile, type SourceLine } from '../vm/profile-report.ts';
import { cannotWrite } from './cli-input.ts';
import { wholeNumber } from './cli-number.ts';
import { exitCodes, mistake, note } from './cli-report.ts';

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

const defaultInterval = 1000;
const [leastInterval, mostInterval] = [50, 1_000_000];

/** What was asked for; undefined: no profile; or the exit code of a complaint. */
export const profileChoice = (options: ProfileOptions): ProfileChoice | undefined | number => {
  const { profile: outputs, profileInterval } = options;
  if (outputs === undefined) {
    return profileInterval === undefined ? undefined : mistake('--profile-interval is for --profile');
  }
  for (const path of outputs) {
    if (path === '-' || extname(path) in writers) continue;
    const known = Object.keys(writers).join(', ');
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

/** Lines of the sources, as far as they can be read from here. */
export const sourceLines = (): SourceLine => {
  const files = new Map<string, readonly string[]>();
  return (file, line) => {
    if (!files.has(file)) {
      try {
        files.set(file, readFileSync(file, 'utf8').split('\n'));
      } catch {
        files.set(file, []);
      }
    }
    return files.get(file)?.[line - 1];
  };
};

type Profile = NonNullable<ReturnType<typeof profileOf>>;

const writers: Readonly<Record<string, (p: Profile, source: SourceLine, program: string) => string>> = {
  '.txt': renderProfile,
  '.folded': foldedProfile,
  '.html': htmlProfile,
};

/** Reports on the run; gives the exit code of a file that could not be written, else 0. */
export const reportProfile = (node: EndedNode, { outputs, interval }: ProfileChoice): number => {
  const found = profileOf(node, interval);
  if (!found) return exitCodes.ok;
  const source = sourceLines();
  for (const path of outputs) {
    if (path === '-') {
      process.stderr.write(renderProfile(found, source));
      continue;
    }
    try {
      writeFileSync(path, writers[extname(path)]?.(found, source, node.manifest.program) ?? '');
    } catch (error) {
      return cannotWrite(path, error);
    }
    note(`${path}: the profile`);
  }
  return exitCodes.ok;
};
