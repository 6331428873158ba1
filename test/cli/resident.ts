// Commands of pgc in one process that lives as long as the tests do: starting Node, and a compiler that has just started, take most
// of the time of a small command. For programs under test; what tests the command itself starts it (pgc.ts).
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { cacheFolder, type Ended, type How, root } from './pgc.ts';

interface Resident {
  readonly child: ChildProcess;
  /** Commands that it has run. */
  count: number;
  out: string;
  err: string;
}

/** After so many commands there is a new process: each leaves a little behind. */
const mostCommands = 400;
/** A run of what cannot be run may have left threads behind that wait for a program. */
const usage = 2;

const start = (): Resident => {
  const env: NodeJS.ProcessEnv = { ...process.env };
  for (const name of ['FORCE_COLOR', 'NO_COLOR', 'PGC_DEBUG']) delete env[name];
  const child = spawn(process.execPath, [join(root, 'test', 'cli', 'resident.mjs')], {
    env,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
  const resident: Resident = { child, count: 0, out: '', err: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    resident.out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    resident.err += text;
  });
  // It ends when this process does, and does not keep it.
  child.unref();
  return resident;
};

let current: Resident | undefined;

const end = (): void => {
  const pid = current?.child.pid;
  current = undefined;
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
};

type Where = Pick<How, 'cwd' | 'watchdog'>;

const runNow = (args: readonly string[], { cwd = root, watchdog = 60 }: Where): Promise<Ended> =>
  new Promise((resolve, reject) => {
    current ??= start();
    const r = current;
    r.count++;
    const mark = `\0${r.count}\0`;
    let told: { readonly code: number; readonly left: boolean } | undefined;
    const fail = (why: string): void => {
      stop();
      if (current === r) end();
      reject(new Error(`${why}: pgc ${args.join(' ')}\n${r.out}\n${r.err}`));
    };
    const look = (): void => {
      if (told === undefined || !r.out.endsWith(mark) || !r.err.endsWith(mark)) return;
      stop();
      const ended = { ...told, signal: null, out: r.out.slice(0, -mark.length), err: r.err.slice(0, -mark.length) };
      r.out = '';
      r.err = '';
      if ((told.code === usage && args[0] === 'run') || told.left || r.count >= mostCommands) end();
      resolve(ended);
    };
    const hear = (message: { readonly code: number; readonly left: boolean }): void => {
      told = message;
      look();
    };
    const gone = (): void => fail('the process ended');
    const timer = setTimeout(() => fail('hung'), watchdog * 1000);
    const stop = (): void => {
      clearTimeout(timer);
      r.child.off('message', hear).off('exit', gone);
      r.child.stdout?.off('data', look);
      r.child.stderr?.off('data', look);
    };
    r.child.on('message', hear).on('exit', gone);
    r.child.stdout?.on('data', look);
    r.child.stderr?.on('data', look);
    r.child.send({ args, cwd, cache: cacheFolder, end: mark });
  });

let last: Promise<unknown> = Promise.resolve();

/** Runs a command after those before it. Rejects, and ends the process, if the watchdog had to: nothing that a test starts may hang. */
export const command = (args: readonly string[], where: Where = {}): Promise<Ended> => {
  const ended = last.then(() => runNow(args, where));
  last = ended.catch(() => undefined);
  return ended;
};
