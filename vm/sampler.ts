// The ticker's side of profiles (abi-profile.ts): what each image does at this moment. One that waits cannot say so itself.
import { due, fibers, page, profile, profileWaits, states } from './abi.ts';

/** What takes no time of the program: it has not begun, or it has ended. */
const outside: ReadonlySet<number> = new Set([
  states.starting,
  states.ready,
  states.finished,
  states.faulted,
  states.tasksOver,
]);

/** Adds to the weight of a wait in the image's table. A full table takes no more kinds. */
const note = (words: Int32Array, area: number, state: number, place: number, weight: number): void => {
  const key = (state << 24) | (place & 0xffffff);
  for (let k = 0, at = (key ^ (key >>> 9)) % profileWaits; k < profileWaits; k++, at = (at + 1) % profileWaits) {
    const entry = (area + 8 * at) / 4;
    const found = words[entry];
    if (found !== key && found !== 0) continue;
    words[entry] = key;
    words[entry + 1] = (words[entry + 1] ?? 0) + weight;
    return;
  }
};

/** A function to call when so many sampling intervals have passed. `slots`: addresses of those of the images. */
export const samplerOf =
  (words: Int32Array, slots: readonly number[]) =>
  (passed: number): void => {
    for (const slot of slots) {
      const at = (offset: number): number => Atomics.load(words, (slot + offset) / 4);
      const state = at(page.state);
      if (outside.has(state)) continue;
      const area = at(profile.area) >>> 0;
      const spinning = at(profile.waiting);
      // The only task of an image is known by what it waits for.
      const kept = state === states.tasks && at(fibers.live) === 1 ? at(profile.kept) : 0;
      if (state !== states.running) note(words, area, kept || state, at(page.statePosition), passed);
      else if (spinning !== 0) note(words, area, spinning, at(profile.place), passed);
      else {
        Atomics.add(words, (slot + profile.owed) / 4, passed);
        Atomics.or(words, (slot + page.poll) / 4, due.sample);
      }
    }
  };
