// pgc run: from a program's name to its exit code. What is slow starts first: the images' threads start while the cache is
// read or the program is compiled. A program in the cache is run without the compiler being loaded.
import { availableParallelism } from 'node:os';
import { readArtifact } from '../vm/artifact.ts';
import { endFolder } from '../vm/checkpoint-folder.ts';
import { configHelp, parseConfigArguments } from '../vm/config.ts';
import { exitCodeOf, renderResult } from '../vm/report.ts';
import { type Pool, type RunOptions, type RunResult, run, startPool } from '../vm/run.ts';
import { readPublicKey } from '../vm/trust.ts';
import { artifactOf } from './cli-artifact.ts';
import { checkpointsOf, keepIn } from './cli-checkpoint.ts';
import type { Reports, Said } from './cli-ended.ts';
import { checkModeOf, guardModeOf } from './cli-guards.ts';
import { hookSettingsOf, needsHooks } from './cli-hooks.ts';
import { notSource, readInput, willWrite } from './cli-input.ts';
import { readKeyFile } from './cli-key.ts';
import { byteCount, seconds, wholeNumber } from './cli-number.ts';
import { profileChoice } from './cli-profile.ts';
import { colourOn, exitCodes, mistake, note } from './cli-report.ts';
import { isStale, recallBuild } from './last-build.ts';

export interface RunCommandOptions {
  readonly images?: string;
  readonly timeout?: string;
  readonly stack?: string;
  /** Folders in which the program may read and write files. */
  readonly allowRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  /** Files with public keys. */
  readonly trust?: readonly string[];
  /** Print at the end what the program did with its memory. */
  readonly memory?: boolean;
  /** Move objects when the heap is full of holes. */
  readonly moving?: boolean;
  /** False: neither read nor write the cache. */
  readonly cache: boolean;
  /** Of a program in source form: what is checked as it runs. */
  readonly check?: string;
  /** Of a program in source form: how much is guarded; count the guards that run. */
  readonly guards?: string;
  readonly stats?: boolean;
  /** Of a program in source form: what makes hooks due, and how often. */
  readonly timing?: string;
  readonly hookInterval?: string;
  readonly heartbeat?: string;
  readonly stress?: string;
  /** Say at the end where the time went. */
  readonly profile?: readonly string[];
  readonly profileInterval?: string;
  /** A folder for checkpoints, and seconds between two. */
  readonly checkpoint?: string;
  readonly every?: string;
  /** A file for what happened. */
  readonly trace?: string;
  /** Say at the end which lines communicate. */
  readonly comm?: boolean;
  /** What followed `--`. */
  readonly args: readonly string[];
}

export interface Settings {
  readonly images: number;
  readonly timeout?: number;
  readonly stackBytes?: number;
  readonly allowRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  /** Public keys, as PEM. */
  readonly trust?: readonly string[];
}

const smallestStack = 4096;
const largestStack = 2 ** 30;

/** The options as numbers, or the exit code of a complaint. */
const settingsOf = (options: RunCommandOptions): Settings | number => {
  const images = options.images === undefined ? availableParallelism() : wholeNumber(options.images, 1, 1e9);
  if (images === undefined) {
    return mistake(`-n needs a whole number of images, at least 1; found ${options.images}`, 'for four images: -n 4');
  }
  const timeout = options.timeout === undefined ? undefined : seconds(options.timeout);
  if (options.timeout !== undefined && timeout === undefined) {
    return mistake(
      `--timeout needs seconds, greater than 0; found ${options.timeout}`,
      'for half a minute: --timeout 30',
    );
  }
  const stackBytes = options.stack === undefined ? undefined : byteCount(options.stack);
  const stackFits = stackBytes !== undefined && stackBytes >= smallestStack && stackBytes <= largestStack;
  if (options.stack !== undefined && !stackFits) {
    return mistake(`--stack needs bytes, from 4k to 1g; found ${options.stack}`, 'for 16 MiB: --stack 16m');
  }
  return {
    images,
    ...(timeout === undefined ? {} : { timeout }),
    ...(stackBytes === undefined ? {} : { stackBytes }),
    ...(options.allowRead === undefined ? {} : { allowRead: options.allowRead }),
    ...(options.allowWrite === undefined ? {} : { allowWrite: options.allowWrite }),
  };
};

/** The texts of the keys that are trusted, or the exit code of a complaint. */
export const keysIn = (paths: readonly string[]): readonly string[] | number => {
  const pems: string[] = [];
  for (const path of paths) {
    const pem = readKeyFile(path);
    if (typeof pem === 'number') return pem;
    const key = readPublicKey(pem);
    if (key.kind === 'bad-key') return mistake(`cannot trust ${path}: ${key.message}`, key.hint);
    pems.push(pem);
  }
  return pems;
};

/** The program to run: what was named, or what was built last here. */
const fileOf = (file: string | undefined): string | number => {
  if (file !== undefined) return file;
  const last = recallBuild();
  if (!last) {
    return mistake(
      'which program? Nothing has been built in this folder yet',
      'pgc run prog.pg compiles and runs; pgc build prog.pg && pgc run runs what was built',
    );
  }
  const stale = isStale(last)
    ? `; ${last.source} has changed since: pgc build ${last.source} brings it up to date`
    : '';
  note(`running ${last.artifact}, built from ${last.source}${stale}`);
  return last.artifact;
};

/** Runs until the end, or until somebody interrupts; says what went wrong. */
export const runArtifact = async (
  artifact: Uint8Array,
  settings: Partial<Settings> & Pick<RunOptions, 'checkpoints' | 'resume'>,
  configs: Readonly<Record<string, string>>,
  pool: Pool,
  reports: Reports,
): Promise<number> => {
  const abort = new AbortController();
  let bySignal: number | undefined;
  const interrupt = (code: number) => () => {
    // Whoever asks twice does not wait for a report.
    if (bySignal !== undefined) process.exit(code);
    bySignal = code;
    abort.abort();
  };
  process.on('SIGINT', interrupt(exitCodes.interrupted));
  process.on('SIGTERM', interrupt(exitCodes.terminated));
  process.on('SIGHUP', interrupt(129));
  const { memory, stats, profile } = reports;
  const asked = Object.values(reports).some((r) => r !== undefined && r !== false);
  const ended = asked ? await import('./cli-ended.ts') : undefined;
  let said: Said | undefined;
  const result: RunResult = await run(artifact, {
    ...settings,
    ...(ended
      ? {
          atEnd: (node) => {
            said = ended.reportEnd(node, reports);
          },
        }
      : {}),
    configs,
    pool,
    signal: abort.signal,
    tuneV8: true,
    ticker: stats,
    ...(profile ? { sample: profile.interval } : {}),
  });
  if (settings.checkpoints && (result.kind === 'ok' || result.kind === 'exit')) endFolder(settings.checkpoints.folder);
  if (result.kind === 'internal') throw new Error(result.message);
  // What a run that was ended had not deleted yet is no leak.
  const last = memory || result.kind === 'ok' ? said?.memory : undefined;
  process.stderr.write(renderResult(result, { color: colourOn(process.stderr) }) + (last ?? ''));
  const unwritten = said?.later() ?? exitCodes.ok;
  if (result.kind === 'ok' && unwritten !== exitCodes.ok) return unwritten;
  return result.kind === 'interrupted' ? (bySignal ?? exitCodes.interrupted) : exitCodeOf(result);
};

/** More threads than this are not started ahead: they would only be in each other's way. */
export const threadsAhead = (images: number): number => Math.min(images, 2 * availableParallelism());

export const runCommand = async (named: string | undefined, options: RunCommandOptions): Promise<number> => {
  const settings = settingsOf(options);
  if (typeof settings === 'number') return settings;
  const guards = guardModeOf(options.guards);
  if (typeof guards === 'number') return guards;
  const check = checkModeOf(options);
  if (typeof check === 'number') return check;
  const hooks = hookSettingsOf(options);
  if (typeof hooks === 'number') return hooks;
  const profile = profileChoice(options);
  if (typeof profile === 'number') return profile;
  const blind = profile && needsHooks(hooks.timing, '--profile');
  if (blind !== undefined) return blind;
  const { trace, comm = false } = options;
  if (trace === '') return mistake('--trace needs a file', 'for example: --trace=out.json');
  if (trace !== undefined && /\.(pg|wasm)$/.test(trace)) {
    return mistake(`--trace=${trace} would overwrite a program`, 'it takes the file to write: --trace=out.json');
  }
  for (const path of [...(profile?.outputs ?? []).filter((o) => o !== '-'), ...(trace === undefined ? [] : [trace])]) {
    const unwritable = willWrite(path);
    if (unwritable !== undefined) return unwritable;
  }
  const stats = options.stats ?? false;
  const help = options.args.some((a) => a === '--help' || a === '-h');
  const checkpoints = checkpointsOf(options, hooks.timing === 'off');
  if (typeof checkpoints === 'number') return checkpoints;
  const parsed = parseConfigArguments(help ? [] : options.args);
  if ('error' in parsed) return mistake(parsed.error.message, parsed.error.hint);
  const trust = options.trust && keysIn(options.trust);
  if (typeof trust === 'number') return trust;
  const file = fileOf(named);
  if (typeof file === 'number') return file;
  const read = readInput(file);
  if (read.kind === 'mistake') return read.code;

  const isWasm = file.endsWith('.wasm') || read.bytes.subarray(0, 4).equals(Buffer.from('\0asm'));
  const wrong = isWasm ? undefined : notSource(file, read.bytes);
  if (wrong) return mistake(wrong.message, wrong.hint);
  if (trust && !isWasm) {
    const signing = `pgc build ${file} --sign KEY.pem makes one; or run it without --trust`;
    return mistake(`--trust is for artifacts that were built and signed, and ${file} is source`, signing);
  }
  if (isWasm && (stats || options.guards !== undefined)) {
    return mistake('--guards and --stats are for sources: what a .wasm file guards was decided when it was built');
  }
  if (
    isWasm &&
    [options.timing, options.hookInterval, options.heartbeat, options.stress].some((o) => o !== undefined)
  ) {
    return mistake(
      '--timing, --hook-interval, --heartbeat and --stress are for sources: the hooks of a .wasm file were set when it was built',
    );
  }
  if (isWasm && check !== undefined) {
    return mistake('--check is for sources: what a .wasm file checks was decided when it was built');
  }
  const memory = options.memory ?? false;
  const pool = startPool(help ? 0 : threadsAhead(settings.images));
  const artifact = isWasm
    ? new Uint8Array(read.bytes)
    : await artifactOf(file, read.bytes.toString('utf8'), {
        cache: options.cache,
        track: memory ? 'allocations' : 'off',
        moving: options.moving ?? false,
        ...(check === undefined ? {} : { check }),
        guards,
        counts: stats,
        profile: profile !== undefined,
        checkpoint: checkpoints !== undefined,
        trace: trace !== undefined,
        comm,
        ...hooks,
      });
  if (typeof artifact === 'number') return artifact;
  if (memory && isWasm && !contains(artifact, 'track')) {
    return mistake(`${file} was built without --memory`, 'pgc build --memory prog.pg, or run the .pg file itself');
  }
  if (profile && isWasm && !contains(artifact, 'profile')) {
    return mistake(`${file} was built without --profile`, 'pgc build --profile prog.pg, or run the .pg file itself');
  }
  if (trace !== undefined && isWasm && !contains(artifact, 'trace')) {
    return mistake(`${file} was built without --trace`, 'pgc build --trace prog.pg, or run the .pg file itself');
  }
  if (comm && isWasm && !contains(artifact, 'comm')) {
    return mistake(`${file} was built without --comm`, 'pgc build --comm prog.pg, or run the .pg file itself');
  }
  if (help) return showConfigs(file, artifact, trust);
  const kept = checkpoints && (await keepIn(checkpoints, file, artifact, settings.stackBytes));
  if (typeof kept === 'number') return kept;
  const only = isWasm && options.images === undefined ? builtFor(artifact) : undefined;
  const how = {
    ...settings,
    ...(only === undefined ? {} : { images: only }),
    ...(trust ? { trust } : {}),
    ...(kept ? { checkpoints: kept.options } : {}),
  };
  try {
    return await runArtifact(artifact, how, parsed.configs, pool, {
      memory,
      stats,
      leaks: check === 'memory',
      ...(profile ? { profile } : {}),
      ...(trace === undefined ? {} : { trace }),
      comm,
    });
  } finally {
    kept?.release();
  }
};

/** The number of images that an artifact is for, if it is for one only. */
const builtFor = (artifact: Uint8Array): number | undefined => {
  const content = readArtifact(artifact);
  return content.kind === 'bad' ? undefined : content.manifest.images;
};

/** What is wrong with a damaged artifact is said when it is run. */
const contains = (artifact: Uint8Array, part: 'track' | 'profile' | 'trace' | 'comm'): boolean => {
  const content = readArtifact(artifact);
  return content.kind === 'bad' || content.manifest[part] !== undefined;
};

const showConfigs = (file: string, artifact: Uint8Array, trust?: readonly string[]): number => {
  const content = readArtifact(
    artifact,
    trust?.map(readPublicKey).flatMap((k) => (k.kind === 'key' ? [k.raw] : [])),
  );
  if (content.kind === 'bad') return mistake(`cannot run ${file}: ${content.message}`, content.hint);
  process.stdout.write(configHelp(content.manifest.configs));
  return exitCodes.ok;
};
