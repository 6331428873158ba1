// From the text of a program to its artifact: out of the cache, or compiled and put there. A program in the cache is had
// without the compiler being loaded.
import { validateLater } from '../vm/flags.ts';
import { buildHash } from './build-info.ts';
import { type Cached, type CacheKey, cacheFolder, readCache, writeCache } from './cache.ts';
import { exitCodes } from './cli-report.ts';
import type { CompileResult } from './compile.ts';
import {
  type CheckMode,
  defaultHeartbeat,
  defaultInterval,
  defaultTiming,
  type GuardMode,
  type Spacing,
  type Stress,
  type Timing,
} from './passes.ts';
import type { Tracking } from './pipeline.ts';

export interface ArtifactOptions {
  /** False: neither read nor write the cache. */
  readonly cache: boolean;
  /** See CompileOptions. */
  readonly start?: 'main' | 'tests';
  readonly track?: Tracking;
  readonly moving?: boolean;
  readonly check?: CheckMode;
  readonly guards?: GuardMode;
  readonly timing?: Timing;
  readonly hookInterval?: number;
  readonly heartbeat?: number;
  readonly stress?: readonly Stress[];
  readonly spacing?: Spacing;
  readonly counts?: boolean;
  readonly profile?: boolean;
  readonly checkpoint?: boolean;
  readonly trace?: boolean;
  readonly comm?: boolean;
}

const warn = async ({ warnings, sources }: Cached): Promise<void> => {
  const { showDiagnostics } = await import('./cli-diagnostics.ts');
  showDiagnostics([{ diagnostics: warnings, sources }]);
};

/** Where a program with these options is in the cache. */
const keyOf = (path: string, text: string, asked: Omit<ArtifactOptions, 'cache'>): CacheKey => {
  const { start = 'main', track = 'off', moving = false, check = '', guards = 'opt', counts = false } = asked;
  const { timing = defaultTiming, hookInterval = defaultInterval, heartbeat = defaultHeartbeat } = asked;
  const { stress = [], spacing = {} } = asked;
  const { profile = false, trace = false, comm = false, checkpoint = false } = asked;
  // What the artifact depends on besides the text.
  const options = [
    start,
    track,
    moving && 'moving',
    check,
    guards,
    counts && 'counts',
    timing,
    hookInterval,
    heartbeat,
    ...stress,
    Object.keys(spacing).length > 0 && JSON.stringify(spacing),
    profile && 'profile',
    checkpoint && 'checkpoint',
    trace && 'trace',
    comm && 'comm',
  ];
  return { build: buildHash ?? '', options: options.map((o) => o || '').join(' '), path, text };
};

const folderOf = (): string | undefined => (buildHash === undefined ? undefined : cacheFolder());

/** What the program was compiled to before with these options, if nothing that it depends on has changed. */
export const recallArtifact = (path: string, text: string, asked: Omit<ArtifactOptions, 'cache'>): Cached | undefined =>
  readCache(folderOf(), keyOf(path, text, asked));

/** Puts what was compiled in the cache, where `recallArtifact` with the same options will find it. */
export const keepArtifact = (
  path: string,
  text: string,
  asked: Omit<ArtifactOptions, 'cache'>,
  result: CompileResult,
): void => {
  const { artifact, sourceMap = '', diagnostics: warnings, sources } = result;
  if (!artifact) return;
  const entry: Cached = { artifact, sourceMap, warnings, sources };
  writeCache(folderOf(), keyOf(path, text, asked), entry, result.dependencies);
};

/** The artifact of a program in source form, or the exit code when it has mistakes, which are shown. */
export const artifactOf = async (
  path: string,
  text: string,
  { cache, ...asked }: ArtifactOptions,
): Promise<Uint8Array | number> => {
  const cached = cache ? recallArtifact(path, text, asked) : undefined;
  if (cached) {
    if (cached.warnings.length > 0) await warn(cached);
    return cached.artifact;
  }
  validateLater();
  const { compile } = await import('./compile.ts');
  const result = await compile({ path, text }, asked);
  if (result.diagnostics.length > 0) {
    const { showDiagnostics } = await import('./cli-diagnostics.ts');
    showDiagnostics([result]);
  }
  if (!result.artifact) return exitCodes.usage;
  if (cache) keepArtifact(path, text, asked, result);
  return result.artifact;
};
