// The tasks of an image in which none can go on, for reports: what each waits for, and where. Read from the image's memory while it sleeps.
import { fibers, type Manifest, page, states, task } from './abi.ts';
import type { TaskStatus } from './result.ts';
import { framesOf } from './stack.ts';
import { activityOf } from './watch.ts';

/** Tasks that are told; a report is for people. */
const most = 8;
/** Lists longer than this are not walked to their end. */
const mostWalked = 4096;
const pause = new Int32Array(new SharedArrayBuffer(4));

/** `task.flags`: it waits for the end of the task `task.waits`; a word of `task.joiner` up to here is no task. */
const joining = 8;
const lastWord = 2;
/** In the record of a `finish`: the task that it belongs to. */
const scopeOwner = 4;

interface View {
  readonly manifest: Manifest;
  readonly memory: DataView;
  readonly slot: number;
}

/** A word of a task's control block; 0 where that would lie outside of memory. */
const word = ({ memory }: View, block: number, offset: number): number =>
  block === 0 || block % 4 !== 0 || block + offset + 4 > memory.byteLength ? 0 : memory.getUint32(block + offset, true);

const statusOf = (v: View, block: number, main: number): TaskStatus => {
  const at = (offset: number): number => word(v, block, offset);
  const about = {
    number: at(task.serial),
    spawned: block === main ? [] : framesOf(v.manifest, at(task.position)),
    stack: framesOf(v.manifest, at(task.place)),
  };
  if ((at(task.flags) & joining) !== 0)
    return { ...about, activity: 'join', value: word(v, at(task.waits), task.serial) };
  const state = at(task.state);
  // Between two looks of its own a task says nothing.
  if (state === 0 || state === states.running) return { ...about, activity: 'something', value: 0 };
  return { ...about, activity: activityOf({ state }), value: at(task.value) | 0 };
};

/** Those that wait for memory to change; those that sleep; those that wait for one of them to end; and owners of a `finish` that these belong to. */
const found = (v: View): readonly TaskStatus[] => {
  const own = (offset: number): number => word(v, v.slot, offset);
  const main = own(fibers.main);
  const tasks = new Map<number, TaskStatus>();
  const queue: number[] = [];
  const add = (block: number, other?: Pick<TaskStatus, 'activity' | 'value'>): void => {
    if (block <= lastWord || tasks.has(block) || tasks.size >= mostWalked) return;
    tasks.set(block, { ...statusOf(v, block, main), ...other });
    queue.push(block);
  };
  for (let f = own(fibers.waiters), n = 0; f !== 0 && n < mostWalked; f = word(v, f, task.next), n++) add(f);
  const sleepers = [own(fibers.sleepers)];
  for (let f = sleepers.pop(), n = 0; f !== undefined && n < mostWalked; f = sleepers.pop(), n++) {
    if (f === 0) continue;
    // Who waits for a task's end for some time is in both lists.
    add(f, { activity: 'sleep', value: 0 });
    sleepers.push(word(v, f, task.child), word(v, f, task.sibling));
  }
  const outer: number[] = [];
  for (let f = queue.shift(); f !== undefined; f = queue.shift()) {
    const joiner = word(v, f, task.joiner);
    const joins = (word(v, joiner, task.flags) & joining) !== 0;
    if (joiner > lastWord) add(joiner, joins ? undefined : { activity: 'parts', value: 0 });
    outer.push(word(v, word(v, f, task.scope), scopeOwner));
    // All others are known before: an owner that waits for anything else is one of them.
    if (queue.length === 0) for (const owner of outer.splice(0)) add(owner, { activity: 'finish', value: 0 });
  }
  return [...tasks.values()].sort((a, b) => a.number - b.number);
};

/**
 * What the tasks of an image wait for, `most` of them; empty where it does not sleep, or has no tasks. An image that waits wakes now and then to
 * look again, and its thread may be kept from running just then: it is asked again every millisecond, `until` then (performance.now).
 */
export const waitingTasks = (v: View, until: number): readonly TaskStatus[] => {
  if (v.manifest.fiberBytes === undefined) return [];
  const words = new Int32Array(v.memory.buffer);
  const state = (): number => Atomics.load(words, (v.slot + page.state) / 4);
  const slept = (): number => Atomics.load(words, (v.slot + fibers.slept) / 4);
  const sleeps = (): boolean => state() === states.tasks || state() === states.sleeping;
  do {
    const before = slept();
    if (sleeps()) {
      const tasks = found(v);
      if (sleeps() && slept() === before) return tasks.slice(0, most);
    }
    Atomics.wait(pause, 0, 0, 1);
  } while (performance.now() < until);
  return [];
};
