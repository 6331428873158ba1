// The part of the contract (abi.ts) that says what can go wrong in a run: kinds of faults with their texts, and why a file was not
// read or written.

// ---- faults -----------------------------------------------------------------------------------------------------

/**
 * Fault kinds of `page.faultKind`. `text` is the message; {a} {b} {c} are the record's values as signed 64-bit integers,
 * {a:u} unsigned, {a:x} hexadecimal, {str:a,b} the text at address a of length b, {reason:c} one of `fileReasons`. `hint` is
 * optional help.
 */
export const faults = [
  { kind: 'none', text: '' },
  {
    kind: 'index',
    text: 'index out of range: index {a}, length {b}',
    hint: 'valid indices are 0 up to one less than the length',
  },
  { kind: 'slice', text: 'slice out of range: {a}..{b} of length {c}' },
  { kind: 'image', text: 'no such image: {a} of {b}', hint: 'images are numbered from 0 to num_images() - 1' },
  {
    kind: 'guard',
    text: 'guard fault: {access:b} at {a:x}, {where:b}',
    hint: 'an image may touch its own memory and the symmetric part of others; --check=memory finds where a pointer goes wrong',
  },
  { kind: 'null', text: 'null pointer: access at address {a:x}' },
  { kind: 'divide', text: 'division by zero: {a} / 0' },
  { kind: 'divide-overflow', text: 'division overflow: {a} / {b} does not fit its type' },
  {
    kind: 'stack',
    text: 'stack overflow: a frame of {a} bytes does not fit, {b} bytes are left',
    hint: 'give more with --stack',
  },
  {
    kind: 'memory',
    text: "out of memory: {a} bytes were asked for, {b} are left in this image's slot",
    hint: 'run with fewer images, or a smaller problem',
  },
  { kind: 'length', text: 'lengths differ: {a} and {b}' },
  {
    kind: 'extent',
    text: 'bad extent: {a}',
    hint: 'extents and blocks are less than 2^32, extents not negative, blocks not zero',
  },
  { kind: 'assert', text: 'assertion failed: {str:a,b}' },
  { kind: 'trap', text: 'trap: {str:a,b}' },
  { kind: 'exit', text: 'exit({a})' },
  { kind: 'not-local', text: 'local() of a place on image {a}, which this image cannot reach by load and store' },
  {
    kind: 'free',
    text: 'delete of what new did not give, or of what was deleted already: {a:x}',
    hint: 'what new gave is deleted once; named arrays are never deleted',
  },
  { kind: 'step', text: 'the step of a range is zero' },
  {
    kind: 'function',
    text: 'call of a value that is no function of this type',
    hint: 'a function value is nil until a function is assigned to it',
  },
  {
    kind: 'free-image',
    text: 'delete of {a:x}, which lies on image {b}',
    hint: 'what `new` and `new shared local` gave is deleted by the image that called it',
  },
  {
    kind: 'early',
    text: '`new shared local` before `main`: named arrays have their places first',
    hint: 'make it in `main`, or in what that calls',
  },
  {
    kind: 'lock-held',
    text: 'acquire of a lock that this image holds already',
    hint: 'it would wait for itself for ever: release the lock first',
  },
  {
    kind: 'lock-free',
    text: 'release of a lock that no image holds',
    hint: 'each release follows one acquire by the same image',
  },
  {
    kind: 'lock-other',
    text: 'release of a lock that image {a} holds',
    hint: 'each release follows one acquire by the same image',
  },
  { kind: 'event-count', text: 'wait for {a} posts', hint: 'a count is at least 1' },
  { kind: 'event-full', text: 'post of an event with {a} posts that nobody has waited for' },
  {
    kind: 'notify-twice',
    text: 'notify after notify: the split-phase barrier that this image has entered has not ended',
    hint: 'each `notify;` is followed by one `wait;`',
  },
  {
    kind: 'wait-alone',
    text: 'wait without notify',
    hint: '`notify;` enters a split-phase barrier, `wait;` leaves it',
  },
  {
    kind: 'barrier-split',
    text: 'barrier or collective operation between notify and wait',
    hint: 'end the split-phase barrier by `wait;` first',
  },
  {
    kind: 'handle',
    text: 'the handle refers to no array',
    hint: 'a handle is given an array by `= a`, or by `new shared` and `new co`, before it is used, and none after `delete`',
  },
  {
    kind: 'blocks',
    text: 'dimension {a} has no one block on an image: it is dealt out in blocks of {b}',
    hint: '`lo` and `hi` are for `block` distributions; `local` has the elements that live here',
  },
  {
    kind: 'mismatch',
    text: 'images disagree about an array that they make or delete together: {a} here, {b} on image {c}',
    hint: '`new shared`, `new co` and their `delete` are collective: all images take the same steps with the same extents',
  },
  {
    kind: 'meeting',
    text: 'images have come to different meetings: {meeting:c} here, {other:c} on image {a}, {pos:b}',
    hint: 'all images come to the same barriers and collective operations in the same order, with the same operator, type, length and root',
  },
  {
    kind: 'message-long',
    text: 'a message of {a} elements from image {c} does not fit into the buffer of {b} that receives it',
    hint: '`probe` tells how long a message is',
  },
  {
    kind: 'message-type',
    text: 'a message from image {a} with tag {b} has elements of another type than the buffer that receives it',
    hint: 'send and receive values of one type',
  },
  {
    kind: 'team-new',
    text: 'an array of all images is made or deleted by a team of {a} of {b} images',
    hint: 'make arrays outside of `within`, and use them inside',
  },
  {
    kind: 'overlap',
    text: 'the two slices of a collective operation overlap',
    hint: 'what is read must stay as it is until all have read it: use another array for the result',
  },
  { kind: 'message-tag', text: 'the tag {a} of a message is negative', hint: 'tags count from 0' },
  {
    kind: 'request',
    text: 'the request was waited for already',
    hint: 'each request is waited for once; `test` may look at it before',
  },
  {
    kind: 'memory-image',
    text: 'out of memory: {a} bytes were asked for on every image, {b} are left on image {c}',
    hint: 'run with fewer images, or a smaller problem',
  },
  {
    kind: 'move',
    text: 'move of what is no object of this image: {a:x}',
    hint: 'what `new shared local` gave can be moved, by the image that has it; others call `stand_by`',
  },
  {
    kind: 'heap',
    text: "the heap of this image is damaged: a block's header at {a:x} was overwritten",
    hint: 'something was stored out of bounds, or into what had been given back; --check=memory finds it',
  },
  {
    kind: 'nested',
    text: 'a collective operation began inside of the operator of another',
    hint: 'the operator of a reduction or scan only combines two values',
  },
  {
    kind: 'record',
    text: 'what the run-time keeps at {a:x} was overwritten, or never made by it',
    hint: 'teams and requests are only what `team_split`, `isend` and so on gave, and a request is waited for once; --check=memory finds stores out of bounds',
  },
  {
    kind: 'layouts',
    text: 'the named arrays of image {a} have other extents than those here',
    hint: 'extents, blocks and `on` of shared and co arrays are the same on all images',
  },
  { kind: 'layout', text: 'swap of shared arrays with different extents: {a} and {b}' },
  {
    kind: 'read-denied',
    text: 'reading "{str:a,b}" is not allowed: {reason:c}',
    hint: 'pgc run --allow-read=DIR allows all files below the folder DIR, --allow-read those of the current folder',
  },
  {
    kind: 'write-denied',
    text: 'writing "{str:a,b}" is not allowed: {reason:c}',
    hint: 'pgc run --allow-write=DIR allows all files below the folder DIR, --allow-write those of the current folder',
  },
  {
    kind: 'track-full',
    text: 'the table of objects is full: {a} objects and {b} places of pointers in {c} bytes',
    hint: 'run without --memory, or with fewer images: their slots are larger then',
  },
  {
    kind: 'out-of-bounds',
    text: 'out of bounds: {access:b} at {a:x}, {distance:b} {object:c}',
    hint: 'a pointer may point one past the end of its object, but nothing may be read or written there',
  },
  {
    kind: 'use-after-free',
    text: 'use after delete: {access:b} at {a:x}, {distance:b} {object:c}',
    hint: 'after delete, no pointer to the object may be followed',
  },
  {
    kind: 'double-free',
    text: 'double delete: {a:x} was {object:c}',
    hint: 'what new gave is deleted once',
  },
  {
    kind: 'no-object',
    text: 'stray pointer: {access:b} at {a:x}, in {region:a}, where no object lives',
    hint: 'the pointer was not made from a place of the program, or the variable that it points to is no more',
  },
  {
    kind: 'task',
    text: 'what is joined or cancelled is no task, or was joined already',
    hint: 'a task is what `spawn` gave, and is joined once; a task that is let go, as a statement, is not joined',
  },
  {
    kind: 'cancelled',
    text: 'join of task {a}, spawned at {pos:b}, which was cancelled',
    hint: '`join_for` asks whether a task has ended; after it, `join` of a cancelled task gives zeros',
  },
  {
    kind: 'task-memory',
    text: 'out of memory for tasks: {a} bytes were asked for, with {b} that have not ended',
    hint: 'join tasks before more are started, or run with fewer images: their slots are larger then',
  },
  {
    kind: 'task-early',
    text: 'a task is waited for before `main`',
    hint: 'tasks run once `main` has begun: wait there, or in what it calls',
  },
  {
    kind: 'meeting-tasks',
    text: 'two tasks of this image come to barriers or collective operations at the same time: task {a} is in one',
    hint: "they are the image's: one task at a time comes to them, such as `main`",
  },
  {
    kind: 'handler-meeting',
    text: 'a handler of messages comes to a barrier or collective operation',
    hint: 'it interrupts what the image is at, and may not meet others in its place; a handler that `spawn` calls is a task of its own',
  },
  { kind: 'read-failed', text: 'cannot read "{str:a,b}": {reason:c}' },
  { kind: 'write-failed', text: 'cannot write "{str:a,b}": {reason:c}' },
] as const satisfies readonly { readonly kind: string; readonly text: string; readonly hint?: string }[];

export type FaultKind = (typeof faults)[number]['kind'];
export const faultNumber = (kind: FaultKind): number => faults.findIndex((f) => f.kind === kind);

// ---- files ------------------------------------------------------------------------------------------------------

/** Why a file was not read or written: negative results of the imports. The first ones (`fileDenials`) are for want of permission. */
const fileReasons = [
  { reason: 'none', text: 'no folder is allowed for it' },
  { reason: 'outside', text: 'it is outside of the folders that are allowed' },
  { reason: 'link', text: 'a symbolic link in it leads outside of the folders that are allowed' },
  { reason: 'missing', text: 'there is no such file' },
  { reason: 'no-folder', text: 'there is no such folder' },
  { reason: 'folder', text: 'it is a folder' },
  { reason: 'special', text: 'it is not a plain file' },
  { reason: 'write-link', text: 'it is a symbolic link, and writing follows none' },
  { reason: 'name', text: 'a path is UTF-8 text that is not empty and has no zero byte' },
] as const;

export type FileReason = (typeof fileReasons)[number]['reason'];
export const fileReasonNumber = (reason: FileReason): number => fileReasons.findIndex((r) => r.reason === reason) + 1;
export const fileDenials = fileReasonNumber('link');

const systemReasons = 1000;
/** Numbers from here on are errors of the system; `errno` as Node has it, negative. */
export const systemReason = (errno: number): number => systemReasons - errno;
/** The text of a reason; the node's own words for errors of the system are the caller's matter. */
export const fileReasonText = (reason: number, systemText: (errno: number) => string): string =>
  reason >= systemReasons
    ? systemText(systemReasons - reason)
    : (fileReasons[reason - 1]?.text ?? 'no reason is known');
