// Ops of fibers: leaving a function in the middle and going on. The pass `fibers` lowers `suspend` and `stack.need`; the others are the
// run-time's, whose scheduler they are made for (stdlib/runtime_tasks.pg).
import { type Effect, row } from './ir-row.ts';

/** As of a call: whatever runs meanwhile may do anything. */
const anything: readonly Effect[] = [
  'reads',
  'writes',
  'handle-reads',
  'handle-writes',
  'traps',
  'allocates',
  'synchronises',
  'moves',
  'io',
];

export const fiberOps = {
  suspend: row(undefined, [], [], 'the fiber leaves here, and goes on behind it when it is resumed', {
    effects: anything,
    cost: 50,
  }),
  others: row(undefined, [], [], 'other tasks may run here, and write what this one reads next', {
    effects: ['reads', 'writes', 'synchronises'],
    cost: 0,
  }),
  'resume.record': row(
    undefined,
    ['i32', 'i32', 'i32'],
    ['i32'],
    'go on in the function of that number from a frame record, results to the address; 0: it has ended, 1: it has suspended',
    {
      effects: anything,
      cost: 10,
    },
  ),
  'start.entry': row(
    undefined,
    ['i32', 'i64'],
    ['i32'],
    'begin a fiber: call the function of that number with the address of its control block; 0 or 1 as resume.record',
    {
      effects: anything,
      cost: 10,
    },
  ),
  'stack.get': row(undefined, [], ['i32'], 'the stack pointer: an address', {
    effects: ['reads', 'synchronises'],
    cost: 1,
  }),
  'stack.set': row(undefined, ['i32'], [], 'gives the fiber that is about to run its stack', {
    effects: ['writes', 'synchronises'],
    cost: 1,
  }),
  'frame.keep': row(undefined, [], [], 'this call goes on in the frame at the stack pointer: it takes no new one', {
    effects: ['writes', 'synchronises'],
    cost: 1,
  }),
  'frame.enter': row(
    undefined,
    ['i32'],
    [],
    'this call goes on in the frame at the stack pointer if the parameter is not 0; else it takes a new one',
    { effects: ['writes', 'synchronises'], cost: 1 },
  ),
  worker: row(undefined, [], ['i32'], 'address of the slot of the worker that runs here, whosever work it is', {
    cost: 1,
  }),
  'worker.image': row(undefined, [], ['i64'], 'number of the image whose worker runs here', { cost: 1 }),
  become: row(undefined, ['i32', 'i64'], [], 'the worker goes on for the image with that slot and number', {
    effects: anything,
    cost: 10,
  }),
  'stack.need': row(undefined, [], ['i64'], 'bytes of stack that a call of the function may need, with all it calls', {
    imms: ['func'],
    cost: 0,
  }),
};
