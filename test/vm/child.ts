// Runs one artifact in a process of its own, as the command line would: `child <artifact> <options as JSON>`. Output goes
// to the file descriptors unless `collect` asks for callbacks; the last thing on standard error is the result as JSON.
import { readFileSync, writeSync } from 'node:fs';
import { exitCodeOf, renderResult } from '../../vm/report.ts';
import { type RunOptions, run, startPool } from '../../vm/run.ts';
import { type ImageMemory, tablesOf } from '../../vm/table.ts';

interface Request extends RunOptions {
  /** Gather lines by callback and print them with the result. */
  readonly collect?: boolean;
  /** Interrupt after so many ms. */
  readonly abortMs?: number;
  /** Start so many threads before. */
  readonly early?: number;
  /** Another script for the threads. */
  readonly worker?: string;
  /** Give the tables of objects, of programs that track their memory. */
  readonly tables?: boolean;
  /** A sink that throws. */
  readonly throwing?: boolean;
}

// As soon as Node has opened the stream, its pipe does not block any more: writes to it can give EAGAIN.
process.stdout.on('error', () => {});

const [, , path = '', text = '{}'] = process.argv;
const request: Request = JSON.parse(text);
const workerUrl = new URL(request.worker ?? './worker.js', import.meta.url);
const lines: string[] = [];
const abort = new AbortController();
if (request.abortMs !== undefined) setTimeout(() => abort.abort(), request.abortMs);
const sink = (line: string): void => {
  if (request.throwing) throw new Error('sink says no');
  lines.push(line);
};
const bytes = readFileSync(path);
const started = performance.now();
let outcome: object;
let tables: readonly ImageMemory[] = [];
try {
  const result = await run(bytes, {
    ...request,
    workerUrl,
    signal: abort.signal,
    ...(request.early === undefined ? {} : { pool: startPool(request.early, workerUrl) }),
    atEnd: (node) => {
      if (request.tables) tables = tablesOf(node);
    },
    ...(request.collect || request.throwing ? { stdout: sink, stderr: sink } : {}),
  });
  outcome = { result, report: renderResult(result), code: exitCodeOf(result), tables };
} catch (e) {
  outcome = { rejected: e instanceof Error ? e.message : String(e) };
}
const milliseconds = performance.now() - started;
const resources = process.getActiveResourcesInfo().filter((r) => /Worker|MessagePort/.test(r));
const json = JSON.stringify({ ...outcome, lines, milliseconds, resources }, (_, v) =>
  typeof v === 'bigint' ? v.toString() : v,
);
for (let at = 0, data = Buffer.from(`\n@@${json}`); at < data.length; ) {
  try {
    at += writeSync(2, data, at);
  } catch {
    // A full pipe: again.
  }
}
