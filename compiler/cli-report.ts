// What the command line says on standard error, in one form: what is wrong, then how to mend it. And the exit codes.
// A mistake of the user is a value: a command says it with `mistake` and returns the code. What is thrown is a bug of ours.
import { closest } from '../lang/check-suggest.ts';
import { version } from './build-info.ts';

/** The exit codes that are pgc's own. A program's `exit(code)` passes through. */
export const exitCodes = {
  ok: 0,
  /** The program failed: a fault, a failed assertion, a deadlock. */
  failed: 1,
  /** The program could not be compiled, or the command line is wrong. */
  usage: 2,
  /** An error in pgc itself. As in sysexits.h. */
  internal: 70,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const;

/** Colour only where a person reads it, and not if they said no. https://no-color.org */
export const colourOn = (stream: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv = process.env): boolean => {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR && env.FORCE_COLOR !== '0') return true;
  return stream.isTTY === true && env.TERM !== 'dumb';
};

const paint = (code: string, text: string): string => (colourOn(process.stderr) ? `\x1b[${code}m${text}\x1b[0m` : text);

/** Says what the user got wrong, with hints, and gives the exit code for it. */
export const mistake = (message: string, ...hints: readonly (string | undefined)[]): number => {
  const lines = [`${paint('1;31', 'error')}: ${message}`];
  for (const hint of hints) if (hint !== undefined) lines.push(`  ${paint('36', 'hint:')} ${hint}`);
  process.stderr.write(`${lines.join('\n')}\n`);
  return exitCodes.usage;
};

/** A hint for a wrong name, where one of these is close to it. */
export const didYouMean = (wrong: string, names: Iterable<string>): string | undefined => {
  const name = closest(wrong, names);
  return name === undefined ? undefined : `did you mean ${name}?`;
};

/** Something worth knowing that is no error. */
export const note = (message: string): void => {
  process.stderr.write(`${paint('2', `pgc: ${message}`)}\n`);
};

/** For a thrown error, which is always ours: what to send, and where the details are. */
export const internalError = (error: unknown, args: readonly string[], debug: boolean): number => {
  const message = error instanceof Error ? error.message : String(error);
  const text = message.replace(/^internal error:? */, '').split('\n')[0] ?? '';
  process.stderr.write(
    [
      `${paint('1;31', 'internal error, please report')}: ${text}`,
      `  pgc ${version}, node ${process.version}, ${process.platform} ${process.arch}: pgc ${args.join(' ')}`,
      '  A small report helps most: the shortest program that still shows it, and the command above. --opt-limit=0 tells whether',
      '  an optimisation is to blame; if it is, halve N in --opt-limit=N until one decision is left.',
      debug && error instanceof Error && error.stack
        ? error.stack
        : '  PGC_DEBUG=1 (or --debug) shows where in pgc it happened.',
      '',
    ].join('\n'),
  );
  return exitCodes.internal;
};
