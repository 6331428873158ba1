// The option --guards.
import { mistake } from './cli-report.ts';
import { type GuardMode, guardModes } from './passes.ts';

/** How much is to be guarded, or the exit code of a complaint. */
export const guardModeOf = (text: string | undefined): GuardMode | number => {
  const found = guardModes.find((m) => m === (text ?? 'opt'));
  if (found) return found;
  return mistake(
    `--guards=${text}: there is no such mode`,
    'off: none; all: every access has one; opt (the default): those that are needed',
  );
};
