// What is said at the end of a run, for those who ask: counts of guards and hooks, memory, profile, trace, communication. Loaded only for them.
import { readFileSync, writeFileSync } from 'node:fs';
import { renderComm } from '../vm/comm-report.ts';
import { guardStats, guardTable } from '../vm/guard-stats.ts';
import { hookLine, loopLine, movedLine } from '../vm/hook-stats.ts';
import { renderLeaks, renderMemory } from '../vm/memory-report.ts';
import type { EndedNode } from '../vm/options.ts';
import { profileOf } from '../vm/profile.ts';
import { htmlProfile } from '../vm/profile-html.ts';
import { foldedProfile, renderProfile, type SourceLine } from '../vm/profile-report.ts';
import { tablesOf } from '../vm/table.ts';
import { cannotWrite } from './cli-input.ts';
import { type ProfileChoice, type ProfileKind, profileKind } from './cli-profile.ts';
import { exitCodes, note } from './cli-report.ts';
import { reportTrace } from './cli-trace.ts';

/** What is said at the end of a run. */
export interface Reports {
  readonly memory: boolean;
  readonly stats: boolean;
  /** What was never deleted, where the run came to its end. */
  readonly leaks: boolean;
  /** Where the time went. */
  readonly profile?: ProfileChoice;
  readonly trace?: string;
  /** Which lines communicate. */
  readonly comm?: boolean;
}

/** Lines of the sources, as far as they can be read from here. */
const sourceLines = (): SourceLine => {
  const files = new Map<string, readonly string[]>();
  return (file, line) => {
    if (!files.has(file)) {
      try {
        files.set(file, readFileSync(file, 'utf8').split('\n'));
      } catch {
        files.set(file, []);
      }
    }
    return files.get(file)?.[line - 1];
  };
};

type Profile = NonNullable<ReturnType<typeof profileOf>>;

const writers: Readonly<Record<ProfileKind, (p: Profile, source: SourceLine, program: string) => string>> = {
  '.txt': renderProfile,
  '.folded': foldedProfile,
  '.html': htmlProfile,
};

/** Reports on the run; gives the exit code of a file that could not be written, else 0. */
const reportProfile = (node: EndedNode, { outputs, interval }: ProfileChoice): number => {
  const found = profileOf(node, interval);
  if (!found) return exitCodes.ok;
  const source = sourceLines();
  for (const path of outputs) {
    const kind = profileKind(path);
    if (kind === undefined) {
      process.stderr.write(renderProfile(found, source));
      continue;
    }
    try {
      writeFileSync(path, writers[kind](found, source, node.manifest.program));
    } catch (error) {
      return cannotWrite(path, error);
    }
    note(`${path}: the profile`);
  }
  return exitCodes.ok;
};

/** What is said before the verdict, with the memory of the node at hand: what of it belongs behind the verdict, and what then comes. */
export interface Said {
  readonly memory: string;
  /** Gives an exit code if something could not be written. */
  readonly later: () => number;
}

export const reportEnd = (node: EndedNode, { memory, stats, leaks, profile, trace, comm }: Reports): Said => {
  if (stats) process.stderr.write(guardTable(guardStats(node)) + hookLine(node) + loopLine(node) + movedLine(node));
  const objects = memory ? renderMemory : leaks ? renderLeaks : undefined;
  return {
    memory: objects?.(node.manifest, tablesOf(node)) ?? '',
    later: () => {
      if (comm) process.stderr.write(renderComm(node, sourceLines()));
      const codes = [profile && reportProfile(node, profile), trace !== undefined && reportTrace(node, trace)];
      return codes.find((c) => c) || exitCodes.ok;
    },
  };
};
