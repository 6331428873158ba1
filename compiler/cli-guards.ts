// The options --guards and --check.
import { mistake } from './cli-report.ts';
import { type CheckMode, checkModes, type GuardMode, guardModes } from './passes.ts';

/** How much is to be guarded, or the exit code of a complaint. */
export const guardModeOf = (text: string | undefined): GuardMode | number => {
  const found = guardModes.find((m) => m === (text ?? 'opt'));
  if (found) return found;
  return mistake(
    `--guards=${text}: there is no such mode`,
    'off: none; all: every access has one; opt (the default): those that are needed',
  );
};

/** What is to be checked as the program runs, or the exit code of a complaint. */
export const checkModeOf = (options: {
  readonly check?: string;
  readonly guards?: string;
  readonly moving?: boolean;
}): CheckMode | undefined | number => {
  const { check, guards, moving } = options;
  if (check === undefined) return undefined;
  const found = checkModes.find((m) => m === check);
  if (!found) return mistake(`--check=${check}: there is no such check`, 'memory: each access lies in one live object');
  if (guards === 'off') return mistake('--check=memory and --guards=off: guards are what is checked');
  if (moving) return mistake('--check=memory and --moving: objects that are checked stay where they are');
  return found;
};
