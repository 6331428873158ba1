// Child processes of the benchmarks: each has a time after which it is ended, so that nothing hangs.
import { spawn } from 'node:child_process';

export interface Output {
  readonly out: string;
  readonly err: string;
}

/** Seconds that any one run or build may take. */
const limit = 300;

/** Runs a command to its end. @throws Error with all that it said if it fails or takes too long. */
export const execute = (command: string, args: readonly string[]): Promise<Output> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), limit * 1000);
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      if (code === 0) resolve({ out, err });
      else reject(new Error(`${[command, ...args].join(' ')}: ended with ${signal ?? code}\n${out}${err}`));
    });
  });
