// What images are doing, for whoever reports on a run: the words that each keeps in its kernel page (see watch.ts), with their places in the source.
import { states } from './abi.ts';
import type { Prepared } from './prepare.ts';
import type { ImageStatus } from './result.ts';
import { framesOf } from './stack.ts';
import { activityOf, lastWait, sightOf } from './watch.ts';

/** What every image was doing, and where those that wait do so. */
export const statuses = ({ manifest, memory, images, map }: Prepared): ImageStatus[] => {
  const words = new Int32Array(memory.buffer);
  return Array.from({ length: images }, (_, image) => {
    const sight = sightOf(words, map.slotBits, image);
    // An image that waits in its last task waits for what that task does.
    const last = sight.state === states.tasks && sight.value === 1 ? lastWait(words, map.slotBits, image) : undefined;
    const { state, value } = last ?? sight;
    const activity = activityOf({ state });
    const waits = !['starting', 'running', 'finished', 'failed', 'ready'].includes(activity);
    return { image, activity, value, stack: waits ? framesOf(manifest, sight.position) : [] };
  });
};
