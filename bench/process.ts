// Child processes of the benchmarks: each has a time after which it is ended, so that nothing hangs.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The folder of the project. From bench/ as well as from dist/, where the bundle lies, it is the one above. */
export const root = fileURLToPath(new URL('..', import.meta.url));
const cpuClock = fileURLToPath(new URL('../bench/cpu-clock.cjs', import.meta.url));

export interface Output {
  readonly out: string;
  readonly err: string;
}

/** Seconds that any one run or build may take. */
const limit = 300;
/** Seconds to end by oneself when asked to: starters of parallel programs then end what they started. */
const grace = 5;

/**
 * What `now()` is in what is run: the time of day, or the time of the processor that the whole process has used. On a machine
 * that does other things too the second varies by a percent where the first doubles.
 */
export type Clock = 'wall' | 'cpu';
export const clocks: readonly Clock[] = ['cpu', 'wall'];

/** Settings of a run besides its arguments. */
export interface Settings {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

const environment = (clock: Clock, more: Readonly<Record<string, string>>): NodeJS.ProcessEnv => {
  const cpu = clock === 'cpu' ? { NODE_OPTIONS: `--require ${cpuClock}`, BENCH_CLOCK: 'cpu' } : {};
  return { ...process.env, ...cpu, ...more };
};

/** Runs a command to its end. @throws Error with all that it said if it fails or takes too long. */
export const execute = (
  command: string,
  args: readonly string[],
  clock: Clock = 'wall',
  { env = {}, cwd }: Settings = {},
): Promise<Output> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment(clock, env), cwd });
    let last: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => {
      child.kill('SIGTERM');
      last = setTimeout(() => child.kill('SIGKILL'), grace * 1000);
    }, limit * 1000);
    const over = (): void => {
      clearTimeout(timer);
      clearTimeout(last);
    };
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', (error) => {
      over();
      reject(error);
    });
    child.on('close', (code, signal) => {
      over();
      if (code === 0) resolve({ out, err });
      else reject(new Error(`${[command, ...args].join(' ')}: ended with ${signal ?? code}\n${out}${err}`));
    });
  });
