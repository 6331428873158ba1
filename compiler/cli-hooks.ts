// The options --timing and --hook-interval.
import { wholeNumber } from './cli-number.ts';
import { didYouMean, mistake } from './cli-report.ts';
import { defaultInterval, defaultTiming, leastInterval, mostInterval, type Timing, timings } from './passes.ts';

export interface HookOptions {
  readonly timing?: string;
  readonly hookInterval?: string;
}

/** What makes hooks due, and how often, or the exit code of a complaint. */
export const hookSettingsOf = (
  options: HookOptions,
): { readonly timing: Timing; readonly hookInterval: number } | number => {
  const { timing = defaultTiming, hookInterval } = options;
  const found = timings.find((t) => t === timing);
  if (!found) {
    return mistake(
      `--timing=${timing}: there is no such mode`,
      didYouMean(timing, timings),
      'ticker: by the clock; count: by what the code between them costs, the same each time; off: no hooks',
    );
  }
  if (hookInterval === undefined) return { timing: found, hookInterval: defaultInterval };
  const interval = wholeNumber(hookInterval, leastInterval, mostInterval);
  if (interval === undefined) {
    const range = `from ${leastInterval} to ${mostInterval}`;
    return mistake(
      `--hook-interval needs microseconds, ${range}; found ${hookInterval}`,
      'for a tenth of a millisecond: 100',
    );
  }
  if (found === 'off') return mistake('--hook-interval and --timing=off: without hooks there is no interval');
  return { timing: found, hookInterval: interval };
};
