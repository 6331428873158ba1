// From the end of an image to a Fault: the record in its kernel page says what a check found, the exception what wasm found.
import { getSystemErrorMap } from 'node:util';
import {
  type FaultKind,
  faults,
  fibers,
  fileReasonText,
  frameRecord,
  type Manifest,
  meetingName,
  page,
  task,
  taskMoved,
  taskPart,
} from './abi.ts';
import { distanceText, objectText } from './objects.ts';
import { type Regions, regionAt, whereText } from './regions.ts';
import type { FailedTask, Fault, Frame } from './result.ts';
import { callStack, framesOf, parseFrames, stackDepth } from './stack.ts';

/** An exception that ended an image. */
export interface Thrown {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

export interface FaultRecord {
  readonly kind: FaultKind;
  readonly position: number;
  readonly values: readonly [bigint, bigint, bigint];
}

/** The fault record of the image whose slot starts at `slot`. */
export const readRecord = (memory: DataView, slot: number): FaultRecord => {
  const at = (offset: number): bigint => memory.getBigInt64(slot + offset, true);
  return {
    kind: faults[memory.getInt32(slot + page.faultKind, true)]?.kind ?? 'none',
    position: memory.getInt32(slot + page.faultPosition, true),
    values: [at(page.faultA), at(page.faultB), at(page.faultC)],
  };
};

const longestText = 4096;

const textAt = (memory: DataView, address: bigint, length: bigint): string => {
  const start = Math.min(Number(BigInt.asUintN(32, address)), memory.byteLength);
  const bytes = Math.min(Number(BigInt.asUintN(32, length)), longestText, memory.byteLength - start);
  // TextDecoder takes no shared memory: decode a copy.
  return new TextDecoder().decode(new Uint8Array(memory.buffer, start, bytes).slice());
};

const systemText = (errno: number): string => getSystemErrorMap().get(errno)?.[1] ?? `error ${errno} of the system`;

const placeText = (manifest: Manifest | undefined, id: number): string => {
  const p = manifest?.positions[id];
  return p ? `${manifest?.files[p.file] ?? '?'}:${p.line}:${p.col}` : 'at a place that is not known';
};

/** Two meetings as words; the second one says what differs when both have one name. */
const meetingTexts = (both: bigint): { readonly here: string; readonly there: string } => {
  const [here, there] = [both & 0xffffffffn, (both >> 32n) & 0xffffffffn].map((n) => `\`${meetingName(Number(n))}\``);
  if (here !== there) return { here: here ?? '', there: there ?? '' };
  return { here: here ?? '', there: `${there} of another type, length or root` };
};

/** Bytes times 2, plus 1 for a write. */
const accessParts = (packed: bigint): { readonly bytes: bigint; readonly write: boolean } => ({
  bytes: packed >> 1n,
  write: (packed & 1n) === 1n,
});

const accessText = (packed: bigint): string => {
  const { bytes, write } = accessParts(packed);
  return `${write ? 'write' : 'read'} of ${bytes} ${bytes === 1n ? 'byte' : 'bytes'}`;
};

const whereOf = (regions: Regions | undefined, address: bigint, packed: bigint): string => {
  if (!regions) return 'a place that is not known';
  const { bytes, write } = accessParts(packed);
  return whereText(regions, Number(address), Number(bytes), write);
};

/**
 * Fills in a text of `faults`: {a} {b} {c}, {a:u} unsigned, {a:x} hexadecimal, {str:a,b} the text at a of length b, {reason:c},
 * {pos:b} a place of the source, {meeting:c} and {other:c} the lower and the upper half as meetings, {access:b} a number of bytes
 * times 2, plus 1 for a write, {where:b} what lies at address a, where that was tried, {region:a} what lies at a, {object:c} the object whose entry in the
 * table is at c, {distance:b} how far from it such an access at address a is.
 */
export const faultText = (
  memory: DataView,
  template: string,
  values: readonly bigint[],
  manifest?: Manifest,
  regions?: Regions,
): string => {
  const value = (name: string): bigint => values['abc'.indexOf(name)] ?? 0n;
  const parts =
    /\{str:([abc]),([abc])\}|\{reason:([abc])\}|\{(pos|meeting|other|access|where|region|distance|object):([abc])\}|\{([abc])(?::([ux]))?\}/g;
  return template.replace(parts, (_, address, length, reason, form, of, name, style) => {
    if (form === 'pos') return placeText(manifest, Number(value(of)));
    if (form === 'access') return accessText(value(of));
    if (form === 'region') return regions ? regionAt(regions, Number(value(of))) : 'a place that is not known';
    if (form === 'object') return regions ? objectText(regions, Number(value(of))) : 'an object';
    if (form === 'distance') {
      const { bytes } = accessParts(value(of));
      return regions ? distanceText(regions, Number(value('c')), Number(value('a')), Number(bytes)) : 'at';
    }
    if (form === 'where') return whereOf(regions, value('a'), value(of));
    if (form !== undefined) return meetingTexts(value(of))[form === 'meeting' ? 'here' : 'there'];
    if (address !== undefined) return textAt(memory, value(address), value(length));
    if (reason !== undefined) return fileReasonText(Number(value(reason)), systemText);
    if (style === 'x') return `0x${BigInt.asUintN(64, value(name)).toString(16)}`;
    return (style === 'u' ? BigInt.asUintN(64, value(name)) : value(name)).toString();
  });
};

const ours = 'internal error, please report it with the program that shows it';

/** What wasm itself found. */
const machineFault = (thrown: Thrown): Pick<Fault, 'kind' | 'text' | 'hint'> => {
  if (thrown.name === 'RangeError' && /call stack/i.test(thrown.message)) {
    return {
      kind: 'stack',
      text: 'stack overflow: calls are nested too deeply',
      hint: 'is there a recursion without an end?',
    };
  }
  if (/null function|signature mismatch|table index/i.test(thrown.message)) {
    const row: { readonly text: string; readonly hint?: string } | undefined = faults.find(
      (f) => f.kind === 'function',
    );
    return { kind: 'function', text: row?.text ?? '', ...(row?.hint === undefined ? {} : { hint: row.hint }) };
  }
  if (/out of bounds/i.test(thrown.message)) {
    return {
      kind: 'address',
      text: 'access to an address outside of memory',
      hint: 'a raw pointer was not made from a place of the program',
    };
  }
  if (/unaligned/i.test(thrown.message)) {
    return {
      kind: 'alignment',
      text: 'atomic access to an address that is not a multiple of its size',
      hint: 'a raw pointer was not made from a place of the program',
    };
  }
  if (/divide by zero|remainder by zero/i.test(thrown.message)) return { kind: 'divide', text: 'division by zero' };
  if (/divide result|integer overflow/i.test(thrown.message))
    return { kind: 'divide-overflow', text: 'division overflow' };
  return { kind: 'internal', text: `${ours}: ${thrown.name}: ${thrown.message}` };
};

const regionsOf = (manifest: Manifest, memory: DataView, image: number, slot: number): Regions => {
  const slotBytes = slot / (image + 1);
  const images = Math.floor(memory.byteLength / slotBytes) - 1;
  return { manifest, memory, image, images, slotBits: Math.log2(slotBytes) };
};

/** Records of a task that are looked at. */
const mostRecords = 256;

/** The task that has the loop whose part is at `block`. */
const parentOf = (manifest: Manifest, memory: DataView, block: number): Pick<FailedTask, 'of'> => {
  let at = block;
  const word = (offset: number): number => memory.getUint32(at + offset, true);
  for (let n = 0; n < mostRecords && (word(task.flags) & taskPart) !== 0; n++) {
    at = word(task.parent);
    if (at === 0 || at + task.result > memory.byteLength) return {};
  }
  const spawned = framesOf(manifest, word(task.position));
  return spawned.length === 0 ? {} : { of: { number: word(task.serial), spawned } };
};

interface Failed {
  readonly whose: { readonly image?: number; readonly task?: FailedTask };
  readonly memory?: number;
  /** Functions of the task that it has left before, and was to come back to. */
  readonly callers: readonly Frame[];
}

/** The functions that frame records are of, from the record at `first` outwards. */
const callersOf = (manifest: Manifest, memory: DataView, first: number): readonly Frame[] => {
  const points = new Map(manifest.points?.map((p) => [p.fn, p.at]));
  const frames: Frame[] = [];
  let record = first;
  for (let n = 0; n < mostRecords && record > 0 && record + frameRecord.values <= memory.byteLength; n++) {
    const word = (offset: number): number => memory.getUint32(record + offset, true);
    frames.push(...framesOf(manifest, points.get(word(frameRecord.fn))?.[word(frameRecord.point) - 1] ?? 0));
    record = word(frameRecord.next);
  }
  return frames;
};

/**
 * The task that an image ran; undefined: none, or `main`, which nobody spawned. `image`: whose work it was, if not its own; `memory`: whose
 * memory it worked with, if not its own: that of an image that others help, but a task that moved has that of the image it moved to.
 */
const taskOf = (manifest: Manifest, memory: DataView, slot: number): Failed => {
  if (manifest.fiberBytes === undefined) return { whose: {}, callers: [] };
  const block = memory.getUint32(slot + fibers.current, true);
  if (block === 0 || block + task.result > memory.byteLength) return { whose: {}, callers: [] };
  const at = (offset: number): number => memory.getUint32(block + offset, true);
  const spawned = framesOf(manifest, at(task.position));
  const part = (at(task.flags) & taskPart) === 0 ? {} : { part: true as const, ...parentOf(manifest, memory, block) };
  const helped = at(task.slot) !== 0;
  const moved = (at(task.flags) & taskMoved) !== 0;
  const image = helped ? { image: at(task.image) } : moved ? { image: at(task.origin) } : {};
  const failed = { number: at(task.serial), origin: at(task.origin), spawned, ...part };
  return {
    whose: spawned.length === 0 ? image : { ...image, task: failed },
    callers: callersOf(manifest, memory, at(task.link)),
    ...(helped ? { memory: at(task.image) } : {}),
  };
};

/** Only `main` has the stack that --stack gives. */
const hintOf = (
  row: { readonly kind?: string; readonly hint?: string },
  task: FailedTask | undefined,
): { readonly hint?: string } => {
  if (row.kind === 'stack' && task) {
    const [who, room] = task.part ? ['a part of a `par for`', '256 KiB'] : ['a task', '64 KiB'];
    return {
      hint: `recursion in ${who} has ${room} for arrays and what has an address: \`new\` puts them on the heap`,
    };
  }
  return row.hint === undefined ? {} : { hint: row.hint };
};

/** The fault of an image, from its record if a check raised it, else from the exception. */
export const faultOf = (manifest: Manifest, memory: DataView, image: number, slot: number, thrown: Thrown): Fault => {
  const record = readRecord(memory, slot);
  const raw = parseFrames(thrown.stack);
  const deeper = raw.length >= stackDepth;
  // Only `unreachable` follows a record; any other trap came on its own.
  if (record.kind === 'none' || !/unreachable/.test(thrown.message)) {
    const own = taskOf(manifest, memory, slot);
    const stack = [...callStack(manifest, raw, 0), ...(deeper ? [] : own.callers)];
    return { image, ...machineFault(thrown), values: [], stack, deeper, ...own.whose };
  }
  const row: { readonly kind?: string; readonly text: string; readonly hint?: string } =
    faults.find((f) => f.kind === record.kind) ?? faults[0];
  const failed = taskOf(manifest, memory, slot);
  // What was refused is told as the image sees it whose memory it is.
  const whose = failed.memory ?? image;
  const slotBytes = slot / (image + 1);
  return {
    image,
    kind: record.kind,
    text: faultText(
      memory,
      row.text,
      record.values,
      manifest,
      regionsOf(manifest, memory, whose, (whose + 1) * slotBytes),
    ),
    values: record.values,
    ...hintOf(row, failed.whose.task),
    stack: [...callStack(manifest, raw, record.position), ...(deeper ? [] : failed.callers)],
    deeper,
    ...failed.whose,
  };
};
