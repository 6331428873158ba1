// Runs the built command line in a child process, under a watchdog, in a folder and with a cache of its own.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '..', '..');
export const pgcPath = join(root, 'dist', 'pgc.js');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
  /** Processes that it started are still there. */
  readonly left: boolean;
}

export interface How {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Seconds until the watchdog kills it. */
  readonly watchdog?: number;
  /** Sends this signal once standard output holds a text. */
  readonly signalAt?: { readonly text: string; readonly signal: NodeJS.Signals };
}

const groupExists = (pid: number): boolean => {
  try {
    process.kill(-pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Runs a program to its end. Rejects if the watchdog had to kill it: nothing that a test starts may hang. */
export const launch = (command: string, args: readonly string[], how: How = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const env: NodeJS.ProcessEnv = { ...process.env, PGC_CACHE: cacheFolder };
    for (const name of ['FORCE_COLOR', 'NO_COLOR', 'PGC_DEBUG']) delete env[name];
    Object.assign(env, how.env);
    const child = spawn(command, args, { cwd: how.cwd ?? root, env, stdio: 'pipe', detached: true });
    let out = '';
    let err = '';
    let hung = false;
    const watchdog = setTimeout(
      () => {
        hung = true;
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      },
      (how.watchdog ?? 60) * 1000,
    );
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (how.signalAt && out.includes(how.signalAt.text)) child.kill(how.signalAt.signal);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.stdin.on('error', () => undefined);
    child.stdin.end(how.stdin ?? '');
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(watchdog);
      if (hung) reject(new Error(`hung: ${command} ${args.join(' ')}\n${out}\n${err}`));
      else resolve({ code, signal, out, err, left: groupExists(child.pid ?? 0) });
    });
  });

export const pgc = (args: readonly string[], how: How = {}): Promise<Ended> =>
  launch(process.execPath, [pgcPath, ...args], how);

/** A cache for this test file alone. */
export const cacheFolder = mkdtempSync(join(tmpdir(), 'pgc-test-cache-'));

/** A new folder with copies of some files of the project, under their own names. */
export const folderWith = (...files: readonly string[]): string => {
  const folder = mkdtempSync(join(tmpdir(), 'pgc-test-'));
  for (const file of files) cpSync(join(root, file), join(folder, file.split('/').at(-1) ?? file));
  made.push(folder);
  return folder;
};

const made: string[] = [cacheFolder];

/** To be called after all tests of a file. */
export const removeFolders = (): void => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
};

/** One command and all that it said, for a golden. `hide` replaces what differs between machines. */
export const transcript = (
  args: readonly string[],
  ended: Ended,
  hide: (text: string) => string = (t) => t,
): string => {
  const show = (name: string, text: string) => (text === '' ? '' : `--- ${name}\n${hide(text)}`);
  return `$ pgc ${args.join(' ')}\n${show('stdout', ended.out)}${show('stderr', ended.err)}--- exit ${ended.code}\n`;
};
