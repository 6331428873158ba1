// Fibers in memory: what the compiler and the scheduler (stdlib/runtime_tasks.pg) agree on.

/**
 * A frame record: the address of the caller's, the number of the function that goes on from it, the number of the point in it, its size in
 * bytes; then the results of the call that was left there, 8 bytes each, then the values that are still needed.
 */
export const frameRecord = { next: 0, fn: 4, point: 8, bytes: 12, values: 16 } as const;

/** What is called to make a record and link it to the others of the fiber: (bytes, number of the function, point) → address. */
export const leaveFunction = 'runtime.tasks.leave';
/** The scheduler of an image: runs an entry function, and all tasks, until they have ended. */
export const runFunction = 'runtime.tasks.run';
/** Names of functions that a task begins with, (address of its control block) → status, and of those that go on from a record. */
export const entryPrefix = 'runtime.entry.';
export const resumePrefix = 'runtime.resume.';
