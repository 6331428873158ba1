// Reads the samples of a program that was built for profiles (abi-profile.ts) out of the memory of a node that has come to rest,
// and makes stacks of them: which line of which function the time went into, and the calls that led there.
import {
  type Manifest,
  profile,
  profileDeeper,
  profileLists,
  profileRecord,
  profileSpawned,
  profileWaits,
} from './abi.ts';
import type { EndedNode } from './options.ts';
import type { Activity, Frame } from './result.ts';
import { framesOf } from './stack.ts';
import { activityOf } from './watch.ts';

/** Time of one image that went to one place. */
export interface ProfileStack {
  readonly image: number;
  /** Outermost first. */
  readonly frames: readonly Frame[];
  /** Calls that led to the outermost frame are not known. */
  readonly cut: boolean;
  /** The outermost frames are those that spawned the task: so many. */
  readonly spawners: number;
  /** Microseconds. */
  readonly time: number;
  /** What the image waited for; undefined: it ran. */
  readonly waits?: Activity;
}

export interface Profile {
  readonly images: number;
  /** Microseconds between two samples. */
  readonly interval: number;
  readonly stacks: readonly ProfileStack[];
  /** Microseconds in which images ran and came to no hook any more. */
  readonly unseen: number;
  /** Microseconds of samples whose calls found no room. */
  readonly lost: number;
}

interface Tables {
  readonly shares: ReadonlyMap<number, readonly { readonly at: number; readonly part: number }[]>;
  readonly points: ReadonlyMap<number, readonly number[]>;
}

const tablesOf = (manifest: Manifest): Tables => ({
  shares: new Map(
    manifest.profile?.shares.map((s) => {
      const all = s.parts.reduce((sum, n) => sum + n, 0);
      return [s.hook, s.at.map((at, k) => ({ at, part: (s.parts[k] ?? 0) / all }))] as const;
    }),
  ),
  points: new Map(manifest.points?.map((p) => [p.fn, p.at])),
});

interface Way {
  /** Innermost first. */
  readonly frames: readonly Frame[];
  readonly cut: boolean;
  readonly spawners: number;
}

/** The calls that the words of a record stand for, without the function that the hook is in. */
const wayOf = (manifest: Manifest, tables: Tables, words: readonly number[]): Way => {
  const frames: Frame[] = [];
  let cut = words.length === 0;
  let spawners = 0;
  let innermost = true;
  for (const word of words) {
    if (word === profileDeeper) {
      cut = true;
      continue;
    }
    const spawned = word >= profileSpawned;
    const position = spawned ? word - profileSpawned : (tables.points.get(word >>> 16)?.[(word & 0xffff) - 1] ?? 0);
    const found = framesOf(manifest, position);
    if (spawned) spawners = found.length;
    if (innermost && found.length > 0 && !spawned) innermost = false;
    else frames.push(...found);
  }
  return { frames, cut, spawners };
};

const imageStacks = (node: EndedNode, tables: Tables, image: number, interval: number): readonly ProfileStack[] => {
  const { memory, manifest } = node;
  const slot = (image + 1) * 2 ** node.slotBits;
  const word = (at: number): number => (at >= 0 && at + 4 <= memory.byteLength ? memory.getUint32(at, true) : 0);
  const area = word(slot + profile.area);
  const end = word(slot + profile.areaEnd);
  const found: ProfileStack[] = [];
  for (let k = 0; k < profileWaits; k++) {
    const key = word(area + 8 * k);
    const waits = activityOf({ state: key >>> 24 });
    const frames = framesOf(manifest, key & 0xffffff).reverse();
    const time = word(area + 8 * k + 4) * interval;
    if (key !== 0) found.push({ image, frames, cut: true, spawners: 0, time, waits });
  }
  const mostRecords = (end - area) / profileRecord.words;
  let records = 0;
  for (let k = 0; k < profileLists; k++) {
    let at = word(area + 8 * profileWaits + 4 * k);
    // A program without guards could have damaged the lists.
    for (; at >= area && at + profileRecord.words <= end && records < mostRecords; at = word(at + profileRecord.next)) {
      records++;
      const count = Math.min(word(at + profileRecord.count), (end - at) / 4);
      const words = Array.from({ length: count }, (_, n) => word(at + profileRecord.words + 4 * n));
      const way = wayOf(manifest, tables, words);
      const time = word(at + profileRecord.weight) * interval;
      const hook = word(at + profileRecord.place);
      for (const { at: position, part } of tables.shares.get(hook) ?? [{ at: hook, part: 1 }]) {
        const frames = [...framesOf(manifest, position), ...way.frames].reverse();
        found.push({ image, frames, cut: way.cut, spawners: way.spawners, time: time * part });
      }
    }
  }
  return found;
};

/** The profile of a run; undefined: the program was not built for it. */
export const profileOf = (node: EndedNode, interval: number): Profile | undefined => {
  if (node.manifest.profile === undefined) return undefined;
  const tables = tablesOf(node.manifest);
  const stacks: ProfileStack[] = [];
  let lost = 0;
  let unseen = 0;
  for (let image = 0; image < node.images; image++) {
    stacks.push(...imageStacks(node, tables, image, interval));
    const slot = (image + 1) * 2 ** node.slotBits;
    lost += node.memory.getUint32(slot + profile.lost, true) * interval;
    unseen += node.memory.getUint32(slot + profile.owed, true) * interval;
  }
  return { images: node.images, interval, stacks, unseen, lost };
};
