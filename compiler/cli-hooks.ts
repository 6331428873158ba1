// The options --timing, --hook-interval, --heartbeat and --stress.
import { wholeNumber } from './cli-number.ts';
import { didYouMean, mistake } from './cli-report.ts';
import {
  defaultHeartbeat,
  defaultInterval,
  defaultTiming,
  leastInterval,
  mostInterval,
  type Spacing,
  type Stress,
  spaced,
  stresses,
  type Timing,
  timings,
} from './passes.ts';

export interface HookOptions {
  readonly timing?: string;
  readonly hookInterval?: string;
  readonly heartbeat?: string;
  readonly stress?: string;
}

export interface HookChoice {
  readonly timing: Timing;
  readonly hookInterval: number;
  readonly heartbeat: number;
  readonly stress: readonly Stress[];
  /** Of those of them that were asked for with a number. */
  readonly spacing: Spacing;
}

const mostSpacing = 1_000_000;

const stressOf = (text: string | undefined): Pick<HookChoice, 'stress' | 'spacing'> | number => {
  const found: Stress[] = [];
  const spacing: Partial<Record<Stress, number>> = {};
  for (const part of text?.split(',') ?? []) {
    const [word = '', number] = part.split(/:(.*)/s);
    const stress = stresses.find((s) => s === word);
    if (!stress)
      return mistake(
        `--stress=${text}: there is no such stress`,
        didYouMean(word, stresses),
        `there is: ${stresses.join(', ')}`,
      );
    found.push(stress);
    if (number === undefined) continue;
    const every = spaced.includes(stress) ? wholeNumber(number, 1, mostSpacing) : undefined;
    if (every === undefined) {
      return mistake(
        `--stress=${part}: ${spaced.includes(stress) ? `a whole number from 1 to ${mostSpacing} is needed` : `${stress} takes no number`}`,
        `with a number, each n-th time: ${spaced.map((s) => `${s}:3`).join(', ')}`,
      );
    }
    spacing[stress] = every;
  }
  return { stress: found, spacing };
};

/** What makes hooks due, and how often, or the exit code of a complaint. */
export const hookSettingsOf = (options: HookOptions): HookChoice | number => {
  const asked = stressOf(options.stress);
  if (typeof asked === 'number') return asked;
  const { timing = defaultTiming, hookInterval } = options;
  const found = timings.find((t) => t === timing);
  if (!found) {
    return mistake(
      `--timing=${timing}: there is no such mode`,
      didYouMean(timing, timings),
      'ticker: by the clock; count: by what the code between them costs, the same each time; off: no hooks',
    );
  }
  const atHooks = asked.stress.filter((s) => s !== 'alloc-fail');
  if (found === 'off' && options.timing !== undefined && atHooks.length > 0) {
    return mistake(
      `--stress=${atHooks.join(',')} and --timing=off: it does something at every hook, and there would be none`,
      'leave --timing=off out',
    );
  }
  const heartbeat = heartbeatOf(options.heartbeat);
  if (heartbeat instanceof Complaint) return heartbeat.code;
  if (hookInterval === undefined) {
    // Loops are split at hooks: for more frequent heartbeats those have to be due more often.
    const often = Math.min(defaultInterval, heartbeat || defaultInterval);
    return { timing: found, hookInterval: often, heartbeat, ...asked };
  }
  const interval = wholeNumber(hookInterval, leastInterval, mostInterval);
  if (interval === undefined) {
    const range = `from ${leastInterval} to ${mostInterval}`;
    return mistake(
      `--hook-interval needs microseconds, ${range}; found ${hookInterval}`,
      'for a tenth of a millisecond: 100',
    );
  }
  if (found === 'off') return mistake('--hook-interval and --timing=off: without hooks there is no interval');
  return { timing: found, hookInterval: interval, heartbeat, ...asked };
};

/** The exit code of a complaint. */
class Complaint {
  readonly code: number;
  constructor(code: number) {
    this.code = code;
  }
}

/** Microseconds from one heartbeat to the next; 0: never. */
const heartbeatOf = (text: string | undefined): number | Complaint => {
  const found = wholeNumber(text ?? String(defaultHeartbeat), 0, mostInterval);
  if (found !== undefined) return found;
  const message = `--heartbeat needs microseconds, from 1 to ${mostInterval}, or 0 for never; found ${text}`;
  return new Complaint(mistake(message, 'for a tenth of a millisecond: 100'));
};

/** A complaint where something that works by hooks is asked for, and there are none. */
export const needsHooks = (timing: Timing, option: string): number | undefined =>
  timing === 'off' ? mistake(`${option} and --timing=off: it looks at a program through its hooks`) : undefined;
