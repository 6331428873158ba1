// Compiled programs, kept by content. An entry is one file: a line of JSON (what it was made from, what it holds), then the
// artifact and its source map. It is found by the compiler's build, the options and the text of the main file, and is valid if every other file that
// the compiler read then still has the same contents: so nothing is parsed to find out.
//
// The cache may vanish, be read-only, be full or hold rubbish: then it is as if there were none. It never fails a run.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Diagnostic } from '../lang/diagnostic.ts';
import type { Source } from '../lang/source.ts';

export interface Cached {
  readonly artifact: Uint8Array;
  readonly sourceMap: string;
  /** Warnings are said again when an entry is used: these, with the sources that they point into. */
  readonly warnings: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

export interface CacheKey {
  readonly build: string;
  /** Options that change the artifact, in a fixed order. */
  readonly options: string;
  /** As given: it is in messages and in the artifact. */
  readonly path: string;
  readonly text: string;
}

interface Header {
  readonly path: string;
  readonly dependencies: readonly { readonly path: string; readonly hash: string }[];
  /** Of the artifact. */
  readonly bytes: number;
  /** Of the artifact and its source map. */
  readonly hash: string;
  readonly warnings: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

const maxEntries = 256;
const maxBytes = 64 * 1024 * 1024;

const hashOf = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Where the cache is: $PGC_CACHE, else what the system has for this purpose. Empty $PGC_CACHE: no cache. */
export const cacheFolder = (
  env: NodeJS.ProcessEnv = process.env,
  platform: string = process.platform,
): string | undefined => {
  if (env.PGC_CACHE !== undefined) return env.PGC_CACHE === '' ? undefined : env.PGC_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'pgc');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'pgc');
  if (platform === 'win32') return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'pgc', 'cache');
  return join(homedir(), '.cache', 'pgc');
};

const entryPath = (folder: string, key: CacheKey): string =>
  join(folder, `${hashOf(JSON.stringify([key.build, key.options, key.path, key.text]))}.pgc`);

/** The entry for `key`, if there is one and all that it was made from is unchanged. */
export const readCache = (folder: string | undefined, key: CacheKey): Cached | undefined => {
  if (folder === undefined) return undefined;
  try {
    const path = entryPath(folder, key);
    const content = readFileSync(path);
    const line = content.indexOf('\n'.charCodeAt(0));
    const header = JSON.parse(content.toString('utf8', 0, line)) as Header;
    const held = content.subarray(line + 1);
    if (held.length < header.bytes || hashOf(held) !== header.hash) return undefined;
    if (header.dependencies.some((d) => hashOf(readFileSync(d.path, 'utf8')) !== d.hash)) return undefined;
    const now = new Date();
    utimesSync(path, now, now);
    return {
      artifact: new Uint8Array(held.subarray(0, header.bytes)),
      sourceMap: held.toString('utf8', header.bytes),
      warnings: header.warnings,
      sources: header.sources,
    };
  } catch {
    return undefined;
  }
};

/** Keeps an artifact. `files` are the texts of all files that were read, by path. */
export const writeCache = (
  folder: string | undefined,
  key: CacheKey,
  entry: Cached,
  files: ReadonlyMap<string, string>,
): void => {
  if (folder === undefined) return;
  try {
    const held = Buffer.concat([entry.artifact, Buffer.from(entry.sourceMap)]);
    const header: Header = {
      path: key.path,
      dependencies: [...files].map(([path, text]) => ({ path, hash: hashOf(text) })),
      bytes: entry.artifact.length,
      hash: hashOf(held),
      warnings: entry.warnings,
      sources: entry.warnings.length > 0 ? entry.sources : [],
    };
    mkdirSync(folder, { recursive: true });
    const path = entryPath(folder, key);
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), held]));
    renameSync(draft, path);
    prune(folder);
  } catch {
    // Unwritable or full: the next run compiles again.
  }
};

/** Forgets the entries that were used longest ago, and drafts that a killed run left behind. */
const prune = (folder: string): void => {
  const entries = readdirSync(folder)
    .filter((f) => /^[0-9a-f]{64}\.pgc/.test(f))
    .map((f) => ({ path: join(folder, f), draft: !f.endsWith('.pgc'), stat: statSync(join(folder, f)) }))
    .sort((a, b) => b.stat.mtimeMs - a.stat.mtimeMs);
  let bytes = 0;
  let count = 0;
  for (const entry of entries) {
    const abandoned = entry.draft && Date.now() - entry.stat.mtimeMs > 60_000;
    if (!entry.draft) {
      count += 1;
      bytes += entry.stat.size;
    }
    if (abandoned || count > maxEntries || bytes > maxBytes) rmSync(entry.path, { force: true });
  }
};
