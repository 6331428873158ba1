// Runs artifacts on the node under test, each in a process of its own with a watchdog: a hang of the node is a failure of
// one test and not of the suite. Node cannot run TypeScript, so node and threads are bundled once, into a temporary folder.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { RunOptions, RunResult } from '../../vm/run.ts';
import type { ImageMemory } from '../../vm/table.ts';
import { artifact, type Program } from './wat.ts';

export interface Outcome {
  readonly result: RunResult;
  readonly rejected?: string;
  /** Of the report. */
  readonly report: string;
  readonly code: number;
  /** Of programs that track their memory, if they were asked for. */
  readonly tables: readonly ImageMemory[];
  /** What the sinks got, if the lines were collected. */
  readonly lines: readonly string[];
  readonly milliseconds: number;
  /** Threads and ports that were left when the run was over. */
  readonly resources: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
}

export interface Request extends Omit<RunOptions, 'stdout' | 'stderr' | 'signal' | 'pool' | 'workerUrl'> {
  readonly collect?: boolean;
  readonly tables?: boolean;
  readonly abortMs?: number;
  readonly early?: number;
  readonly throwing?: boolean;
  readonly worker?: string;
  /** Close our end of its standard output after so many bytes, or read nothing for so many ms. */
  readonly closeAfter?: number;
  readonly pauseMs?: number;
}

export interface TestNode {
  readonly run: (artifact: Uint8Array, request?: Request) => Promise<Outcome>;
  readonly runProgram: (program: Program, request?: Request) => Promise<Outcome>;
  readonly folder: string;
  readonly close: () => void;
}

const watchdogMs = 30_000;

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** True if a thread or process with this id still exists. */
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

export const startNode = async (): Promise<TestNode> => {
  const folder = mkdtempSync(join(tmpdir(), 'pgc-vm-'));
  await build({
    entryPoints: { child: here('child.ts'), worker: here('../../vm/worker.ts') },
    outdir: folder,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'error',
  });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  let runs = 0;

  const run = (bytes: Uint8Array, request: Request = {}): Promise<Outcome> =>
    new Promise((resolve, reject) => {
      const path = join(folder, `${runs++}.wasm`);
      writeFileSync(path, bytes);
      const child = spawn(process.execPath, [join(folder, 'child.js'), path, JSON.stringify(request)], {
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const out: Buffer[] = [];
      const err: Buffer[] = [];
      let late = false;
      const watchdog = setTimeout(() => {
        late = true;
        child.kill('SIGKILL');
      }, watchdogMs);
      let received = 0;
      child.stdout.on('data', (d: Buffer) => {
        out.push(d);
        received += d.length;
        if (request.closeAfter !== undefined && received >= request.closeAfter) child.stdout.destroy();
      });
      if (request.pauseMs !== undefined) {
        child.stdout.pause();
        setTimeout(() => child.stdout.resume(), request.pauseMs);
      }
      child.stderr.on('data', (d: Buffer) => err.push(d));
      child.on('close', (code, signal) => {
        clearTimeout(watchdog);
        const stderr = Buffer.concat(err).toString();
        const cut = stderr.lastIndexOf('\n@@');
        if (late) return reject(new Error(`the run did not end within ${watchdogMs} ms:\n${stderr}`));
        if (cut < 0 || code !== 0) return reject(new Error(`the process ended with ${signal ?? code}:\n${stderr}`));
        if (child.pid !== undefined && alive(child.pid)) return reject(new Error('the process is still there'));
        const outcome: Omit<Outcome, 'stdout' | 'stderr'> = JSON.parse(stderr.slice(cut + 3));
        resolve({ ...outcome, stdout: Buffer.concat(out).toString(), stderr: stderr.slice(0, cut) });
      });
    });

  return {
    run,
    folder,
    runProgram: async (program, request) => run(await artifact(program), request),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
};
