// From the text of a program to its artifact: out of the cache, or compiled and put there. A program in the cache is had
// without the compiler being loaded.
import { buildHash } from './build-info.ts';
import { type Cached, type CacheKey, cacheFolder, readCache, writeCache } from './cache.ts';
import type { CheckMode } from './checked.ts';
import { exitCodes } from './cli-report.ts';
import { defaultInterval, defaultTiming, type GuardMode, type Stress, type Timing } from './passes.ts';
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
  readonly stress?: readonly Stress[];
  readonly counts?: boolean;
}

const warn = async ({ warnings, sources }: Cached): Promise<void> => {
  const { showDiagnostics } = await import('./cli-diagnostics.ts');
  showDiagnostics([{ diagnostics: warnings, sources }]);
};

/** The artifact of a program in source form, or the exit code when it has mistakes, which are shown. */
export const artifactOf = async (path: string, text: string, asked: ArtifactOptions): Promise<Uint8Array | number> => {
  const { cache, start = 'main', track = 'off', moving = false, check, guards = 'opt', counts = false } = asked;
  const { timing = defaultTiming, hookInterval = defaultInterval, stress = [] } = asked;
  const folder = cache && buildHash !== undefined ? cacheFolder() : undefined;
  // What the artifact depends on besides the text.
  const how = [
    start,
    track,
    moving ? 'moving' : '',
    check ?? '',
    guards,
    counts ? 'counts' : '',
    timing,
    hookInterval,
    ...stress,
  ];
  const options = how.join(' ');
  const key: CacheKey = { build: buildHash ?? '', options, path, text };
  const cached = readCache(folder, key);
  if (cached) {
    if (cached.warnings.length > 0) await warn(cached);
    return cached.artifact;
  }
  const { compile } = await import('./compile.ts');
  const result = await compile(
    { path, text },
    {
      start,
      track,
      moving,
      guards,
      counts,
      timing,
      hookInterval,
      stress,
      ...(check === undefined ? {} : { check }),
    },
  );
  if (result.diagnostics.length > 0) {
    const { showDiagnostics } = await import('./cli-diagnostics.ts');
    showDiagnostics([result]);
  }
  if (!result.artifact) return exitCodes.usage;
  const entry: Cached = { artifact: result.artifact, warnings: result.diagnostics, sources: result.sources };
  writeCache(folder, key, entry, result.dependencies);
  return result.artifact;
};
