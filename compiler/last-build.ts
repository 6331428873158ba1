// What `pgc build` made last in a folder: .pgc/last.json, for `pgc run` without a program.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface LastBuild {
  /** Both relative to the folder, or absolute. */
  readonly source: string;
  readonly artifact: string;
}

const file = join('.pgc', 'last.json');

/** Remembers; a folder that cannot be written to just is not remembered. */
export const rememberBuild = (build: LastBuild): void => {
  try {
    mkdirSync('.pgc', { recursive: true });
    writeFileSync(file, `${JSON.stringify(build)}\n`);
  } catch {
    // The artifact itself has been written: nothing is lost but a convenience.
  }
};

export const recallBuild = (): LastBuild | undefined => {
  try {
    const build: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof build !== 'object' || build === null || !('source' in build) || !('artifact' in build)) return undefined;
    return { source: String(build.source), artifact: String(build.artifact) };
  } catch {
    return undefined;
  }
};

/** True if the source has been written to since the artifact was made. */
export const isStale = (build: LastBuild): boolean => {
  try {
    return statSync(build.source).mtimeMs > statSync(build.artifact).mtimeMs;
  } catch {
    return false;
  }
};
