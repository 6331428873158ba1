// Checkpoints: the memory of a node whose images all stand still (stdlib/runtime_checkpoint.pg), as a file. Nothing else belongs to the state
// of a run, but for the time that has passed and the artifact, whose digest the file has.
//
//   8 bytes  magic              it ends in a line break that a transfer as text would change
//   u32      bytes of the head
//   head     JSON, see CheckpointHead
//   u32 …    numbers of the pages that follow, ascending; all others are zero
//   pages    4 KiB each
//   32 bytes SHA-256 of all before it
//
// A file is believed as a whole or not at all: the digest is looked at before anything is done with it.
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { isRecord } from './manifest.ts';

export const checkpointVersion = 1;
const magic = Buffer.from('PGCKPT\r\n', 'latin1');
const digestBytes = 32;
/** Pages of a file are those of most machines: what a program never touched costs nothing. */
export const pageSize = 4096;
/** Memory is copied and written in pieces of so many pages. */
export const pieceOfPages = 2048;
const mostHeadBytes = 65536;

export interface CheckpointHead {
  readonly version: number;
  /** SHA-256 of the artifact, in hexadecimal digits. */
  readonly artifact: string;
  readonly images: number;
  readonly slotBits: number;
  /** Where the stack of each image ends, as an option of the run said. */
  readonly stackBytes?: number;
  /** Of the run when it was taken: what `now()` gave. */
  readonly seconds: number;
  /** What had been written to standard output. */
  readonly outBytes: number;
  readonly outLines: number;
  /** Seconds between two checkpoints. */
  readonly every: number;
  readonly pages: number;
}

/** A copy of memory. */
export interface Snapshot {
  readonly pages: readonly number[];
  readonly pieces: readonly Uint8Array[];
}

/** The parts of a file, one after the other. */
export function* encodeCheckpoint(
  head: Omit<CheckpointHead, 'version' | 'pages'>,
  { pages, pieces }: Snapshot,
): Generator<Uint8Array> {
  const json = Buffer.from(JSON.stringify({ version: checkpointVersion, ...head, pages: pages.length }));
  const start = Buffer.alloc(magic.length + 4 + json.length + 4 * pages.length);
  magic.copy(start);
  start.writeUInt32LE(json.length, magic.length);
  json.copy(start, magic.length + 4);
  for (const [k, n] of pages.entries()) start.writeUInt32LE(n, magic.length + 4 + json.length + 4 * k);
  const hash = createHash('sha256');
  for (const part of [start, ...pieces]) {
    hash.update(part);
    yield part;
  }
  yield hash.digest();
}

// ---- reading ----------------------------------------------------------------------------------------------------

export type CheckpointRead =
  | { readonly kind: 'checkpoint'; readonly head: CheckpointHead; readonly headBytes: number }
  | { readonly kind: 'bad'; readonly why: string };

const bad = (why: string): CheckpointRead => ({ kind: 'bad', why });

const isCount = (v: unknown): v is number => Number.isSafeInteger(v) && Number(v) >= 0;
const isSeconds = (v: unknown): v is number => typeof v === 'number' && Number.isFinite(v) && v >= 0;

const isHead = (v: Record<string, unknown>): v is Record<string, unknown> & CheckpointHead =>
  typeof v.artifact === 'string' &&
  isCount(v.images) &&
  v.images > 0 &&
  isCount(v.slotBits) &&
  v.slotBits >= 12 &&
  v.slotBits < 32 &&
  (v.images + 1) * 2 ** v.slotBits <= 2 ** 32 &&
  (v.stackBytes === undefined || isCount(v.stackBytes)) &&
  isSeconds(v.seconds) &&
  isCount(v.outBytes) &&
  isCount(v.outLines) &&
  isSeconds(v.every) &&
  isCount(v.pages);

/** Reads so many bytes, all of them, or fewer where the file ends. */
const readAt = (file: number, at: number, bytes: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  let done = 0;
  while (done < bytes) {
    const more = readSync(file, buffer, done, bytes - done, at + done);
    if (more === 0) break;
    done += more;
  }
  return buffer.subarray(0, done);
};

const readOpen = (file: number): CheckpointRead => {
  const { size } = fstatSync(file);
  const first = readAt(file, 0, magic.length + 4);
  if (first.length < magic.length + 4) return bad('it ends before it has begun');
  if (!first.subarray(0, magic.length).equals(magic)) return bad('it does not begin as checkpoints do');
  const headBytes = first.readUInt32LE(magic.length);
  if (headBytes > mostHeadBytes) return bad('its head is damaged');
  let head: unknown;
  try {
    head = JSON.parse(readAt(file, first.length, headBytes).toString('utf8'));
  } catch {
    return bad('its head is damaged');
  }
  if (!isRecord(head)) return bad('its head is damaged');
  if (isCount(head.version) && head.version !== checkpointVersion) {
    return bad(`it is of version ${head.version}, and this pgc reads version ${checkpointVersion}`);
  }
  if (head.version !== checkpointVersion || !isHead(head)) return bad('its head is damaged');
  const whole = first.length + headBytes + head.pages * (4 + pageSize) + digestBytes;
  if (size < whole) return bad(`it is cut off: ${size} of ${whole} bytes`);
  if (size > whole) return bad(`it has ${size - whole} bytes more than it should`);
  const hash = createHash('sha256');
  const piece = pieceOfPages * pageSize;
  for (let at = 0; at < whole - digestBytes; at += piece) {
    hash.update(readAt(file, at, Math.min(piece, whole - digestBytes - at)));
  }
  if (!hash.digest().equals(readAt(file, whole - digestBytes, digestBytes))) return bad('its digest does not fit');
  return { kind: 'checkpoint', head, headBytes };
};

const withFile = <T>(path: string, f: (file: number) => T): T => {
  const file = openSync(path, 'r');
  try {
    return f(file);
  } finally {
    closeSync(file);
  }
};

const reasonOf = (e: unknown): string => (e instanceof Error ? e.message : String(e));

/** What a file says of itself, once it is known to be whole; or why it is none. */
export const readCheckpoint = (path: string): CheckpointRead => {
  try {
    return withFile(path, readOpen);
  } catch (e) {
    return bad(`it cannot be read: ${reasonOf(e)}`);
  }
};

/** Puts the pages of a checkpoint, which is read once more, into memory that is zero. Gives why that failed. */
export const restoreMemory = (path: string, memory: { readonly buffer: ArrayBufferLike }): string | undefined => {
  try {
    return withFile(path, (file) => {
      const read = readOpen(file);
      if (read.kind === 'bad') return read.why;
      const bytes = new Uint8Array(memory.buffer);
      const table = magic.length + 4 + read.headBytes;
      const { pages } = read.head;
      const numbers = readAt(file, table, 4 * pages);
      for (let first = 0; first < pages; first += pieceOfPages) {
        const count = Math.min(pieceOfPages, pages - first);
        const piece = readAt(file, table + 4 * pages + first * pageSize, count * pageSize);
        for (let k = 0; k < count; k++) {
          const at = numbers.readUInt32LE(4 * (first + k)) * pageSize;
          if (at + pageSize > bytes.length) return 'a page of it lies outside of memory';
          bytes.set(piece.subarray(k * pageSize, (k + 1) * pageSize), at);
        }
      }
      return undefined;
    });
  } catch (e) {
    return `it cannot be read: ${reasonOf(e)}`;
  }
};
