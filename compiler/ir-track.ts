// Ops of the IR that say what a program does with its memory: where objects come and go, and where pointers are stored. Only
// programs that track their memory have them (passes/track.ts, passes/escape.ts); they stand for calls of
// stdlib/runtime_memory.pg, and change no memory that a program can see.
import { row } from './ir-row.ts';

export const trackOps = {
  'track.object': row(undefined, ['gptr', 'i64'], [], 'an object of so many bytes begins to live; word is its kind', {
    imms: ['word'],
    effects: ['allocates'],
    cost: 10,
  }),
  'track.part': row(undefined, [], [], 'so does the own part of an array, whose descriptor is filled in', {
    imms: ['global'],
    effects: ['allocates'],
    cost: 20,
  }),
  'track.array': row(
    undefined,
    ['gptr'],
    [],
    'so does a new array of elements of so many bytes; word: `shared` or `co`',
    {
      imms: ['number', 'word'],
      effects: ['allocates'],
      cost: 20,
    },
  ),
  'track.free': row(undefined, ['gptr'], [], 'the object that begins here is about to be freed', {
    effects: ['allocates'],
    cost: 10,
  }),
  'track.escape': row(undefined, ['ptr'], [], 'a pointer was stored at address + `number`', {
    imms: ['number'],
    effects: ['allocates'],
    cost: 10,
  }),
  'track.run': row(
    undefined,
    ['ptr', 'i32'],
    [],
    'so many bytes were written, elements that hold pointers; text says where: `size: offset count stride, …`',
    { imms: ['text'], effects: ['allocates'], cost: 20 },
  ),
} as const;

/**
 * Whether the frames of a function, and the pointers that it stores, are told of. The core of the run-time (runtime.pg) sees
 * addresses as numbers; what keeps the table cannot enter itself.
 */
export const isTold = (func: string): boolean => {
  const [name = ''] = func.split(/[<(]/);
  return !/^runtime\.(\w+$|memory\.|move\.|check\.)/.test(name);
};
