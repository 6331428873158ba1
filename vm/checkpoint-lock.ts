// Who writes checkpoints into a folder: one run at a time. The file `running` has the number of its process, and when that began, as numbers of processes are
// given out again. What a killed run left is taken over.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const lockName = 'running';

/** When a process began, as the system counts; '': not known here. */
const beganAt = (pid: number): string => {
  try {
    // Behind the name, which may have spaces in it, the 20th field (proc(5): the 22nd of all).
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
};

const lives = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
};

/** The process that a lock's text is of, if it still runs. */
const holderOf = (text: string): number | undefined => {
  const [number = '', began = ''] = text.trim().split(' ');
  const pid = Number(number);
  if (!Number.isSafeInteger(pid) || pid <= 0 || !lives(pid)) return undefined;
  const now = beganAt(pid);
  return began !== '' && now !== '' && began !== now ? undefined : pid;
};

const textOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return undefined;
  }
};

/** `holder`: the process that has the folder already. */
export type Locked = { readonly release: () => void } | { readonly holder: number };

/** Takes a folder, which there is, for this process; throws what the system says if that cannot be written. */
export const lockFolder = (folder: string): Locked => {
  const path = join(folder, lockName);
  const own = `${process.pid} ${beganAt(process.pid)}\n`;
  for (;;) {
    try {
      writeFileSync(path, own, { flag: 'wx' });
      return { release: () => rmSync(path, { force: true }) };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const found = textOf(path);
    if (found === undefined) continue;
    const holder = holderOf(found);
    if (holder !== undefined) return { holder };
    // Of those who find it stale one moves it away; who moves what another has written meanwhile puts it back.
    const aside = `${path}.${process.pid}`;
    try {
      renameSync(path, aside);
    } catch {
      continue;
    }
    if (textOf(aside) === found) rmSync(aside, { force: true });
    else renameSync(aside, path);
  }
};
