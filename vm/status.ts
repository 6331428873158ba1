// What images are doing, for whoever reports on a run: the words that each keeps in its kernel page (see watch.ts), with their places in the source.
import type { Prepared } from './prepare.ts';
import type { ImageStatus } from './result.ts';
import { framesOf } from './stack.ts';
import { activityOf, type ImageSight, sightOf } from './watch.ts';

/** What images were doing when they were seen, and where those that wait do so. */
export const statusesAt = (manifest: Prepared['manifest'], sights: readonly ImageSight[]): ImageStatus[] =>
  sights.map((sight, image) => {
    // An image that waits in its last task waits for what that task does.
    const { state, value } = sight.last ?? sight;
    const activity = activityOf({ state });
    const waits = !['starting', 'running', 'finished', 'failed', 'ready'].includes(activity);
    return { image, activity, value, stack: waits ? framesOf(manifest, sight.position) : [] };
  });

/** What every image is doing. */
export const statuses = ({ manifest, memory, images, map }: Prepared): ImageStatus[] => {
  const words = new Int32Array(memory.buffer);
  return statusesAt(
    manifest,
    Array.from({ length: images }, (_, image) => sightOf(words, map.slotBits, image)),
  );
};
