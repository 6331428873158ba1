// What images are doing, for whoever reports on a run: the words that each keeps in its kernel page (see watch.ts), with their places in the source.
import type { Prepared } from './prepare.ts';
import type { ImageStatus } from './result.ts';
import { framesOf } from './stack.ts';
import { activityOf, sightOf } from './watch.ts';

/** What every image was doing, and where those that wait do so. */
export const statuses = ({ manifest, memory, images, map }: Prepared): ImageStatus[] => {
  const words = new Int32Array(memory.buffer);
  return Array.from({ length: images }, (_, image) => {
    const sight = sightOf(words, map.slotBits, image);
    const activity = activityOf(sight);
    const waits = !['starting', 'running', 'finished', 'failed', 'ready'].includes(activity);
    return { image, activity, value: sight.value, stack: waits ? framesOf(manifest, sight.position) : [] };
  });
};
