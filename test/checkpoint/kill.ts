// Runs a program under checkpoints and kills it again and again, at random moments, until it may come to its end.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { pgcPath, root } from '../cli/pgc.ts';

/** Numbers in [0, 1), the same each time (a linear congruential generator; D. E. Knuth, MMIX). */
export const randomNumbers = (seed: number): (() => number) => {
  let state = BigInt(seed);
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffff_ffff_ffff_ffffn;
    return Number(state >> 32n) / 2 ** 32;
  };
};

interface Child {
  readonly code: number | null;
  readonly killed: boolean;
  readonly out: Buffer;
  readonly err: string;
}

/** A child process that is killed so many milliseconds (if any) after it has begun its work. */
const start = (args: readonly string[], begun: (err: string) => boolean, after: number | undefined): Promise<Child> =>
  new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [pgcPath, ...args], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    let err = '';
    let killed = false;
    let kill: NodeJS.Timeout | undefined;
    const watchdog = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`hung: pgc ${args.join(' ')}\n${err}`));
    }, 120_000);
    const look = setInterval(() => {
      if (after === undefined || !begun(err)) return;
      clearInterval(look);
      kill = setTimeout(() => {
        killed = true;
        child.kill('SIGKILL');
      }, after);
    }, 5);
    child.stdout.on('data', (data: Buffer) => out.push(data));
    child.stderr.on('data', (data: Buffer) => {
      err += data.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(watchdog);
      clearTimeout(kill);
      clearInterval(look);
      // It may have come to its end just before.
      resolve({ code, killed: killed && code === null, out: Buffer.concat(out), err });
    });
  });

export interface KilledRun {
  readonly kills: number;
  readonly code: number | null;
  /** The output up to each checkpoint that was gone on from, and then what came after it. */
  readonly out: string;
  /** What was said when the run went on, each time. */
  readonly notes: readonly string[];
  /** It was killed when it had come to its end and had taken its checkpoints away, but had not left yet. */
  readonly late: boolean;
}

const hasCheckpoint = (folder: string): boolean =>
  existsSync(folder) && readdirSync(folder).some((name) => name.endsWith('.pgck'));

/** `pgc run` with these arguments, killed so often, `random` giving numbers in [0, 1). */
export const runAndKill = async (
  folder: string,
  args: readonly string[],
  kills: number,
  random: () => number,
): Promise<KilledRun> => {
  let done = 0;
  let out = Buffer.alloc(0);
  let before = '';
  // Milliseconds within which it is killed: more, where the last time was too short for a new checkpoint.
  let most = 60;
  const notes: string[] = [];
  for (let first = true; ; first = false) {
    const command = first ? ['run', `--checkpoint=${folder}`, '--every=0.03', ...args] : ['resume', folder];
    const begun = first ? () => hasCheckpoint(folder) : (err: string) => err !== '';
    const ended = await start(command, begun, done < kills ? random() * most : undefined);
    const note = /going on from (\S+): after \S+ s and \d+ lines? \((\d+) bytes?\) of output/.exec(ended.err);
    if (!first && done > 0 && ended.err.includes('there is no checkpoint in')) {
      return { kills: done, code: 0, out: out.toString('utf8'), notes, late: true };
    }
    if (!first && !note) throw new Error(`it did not go on: ${ended.err}`);
    if (note) notes.push(ended.err);
    out = Buffer.concat([out.subarray(0, note ? Number(note[2]) : 0), ended.out]);
    if (!ended.killed) return { kills: done, code: ended.code, out: out.toString('utf8'), notes, late: false };
    most = note?.[1] === before ? most * 2 : 60;
    before = note?.[1] ?? '';
    done++;
  }
};
