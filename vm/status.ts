// What images are doing, for whoever reports on a run: the words that each keeps in its kernel page (see watch.ts), with their places in the source.
import type { Prepared } from './prepare.ts';
import type { ImageStatus } from './result.ts';
import { framesOf } from './stack.ts';
import { waitingTasks } from './waiting-tasks.ts';
import { activityOf, type ImageSight, sightOf } from './watch.ts';

/** Milliseconds for which all images together are asked what their tasks wait for: whoever interrupts a run does not wait for long. */
const patienceMs = 200;

/** What images were doing when they were seen, and where those that wait do so. */
export const statusesAt = ({ manifest, memory, map }: Prepared, sights: readonly ImageSight[]): ImageStatus[] => {
  const until = performance.now() + patienceMs;
  return sights.map((sight, image) => {
    // An image that waits in its last task waits for what that task does.
    const { state, value } = sight.last ?? sight;
    const activity = activityOf({ state });
    const waits = !['starting', 'running', 'finished', 'failed', 'ready'].includes(activity);
    const several = (activity === 'tasks' && value > 1) || activity === 'sleeping';
    const view = { manifest, memory: new DataView(memory.buffer), slot: (image + 1) * 2 ** map.slotBits };
    const tasks = several ? waitingTasks(view, until) : [];
    const stack = waits ? framesOf(manifest, sight.position) : [];
    return { image, activity, value, stack, ...(tasks.length > 0 ? { tasks } : {}) };
  });
};

/** What every image is doing. */
export const statuses = (p: Prepared): ImageStatus[] => {
  const words = new Int32Array(p.memory.buffer);
  return statusesAt(
    p,
    Array.from({ length: p.images }, (_, image) => sightOf(words, p.map.slotBits, image)),
  );
};
