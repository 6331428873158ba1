// From V8's stack trace to PG's call stack. V8 names a frame of wasm by function index and code offset
// (`wasm-function[5]:0x1a3`); the manifest says which source position the code at an offset came from, and each position
// says into which other it was inlined. The run-time's own functions are left out.
import { isRuntime, type Manifest } from './abi.ts';
import type { Frame } from './result.ts';

export interface RawFrame {
  readonly index: number;
  readonly offset: number;
}

/** Frames that V8 is asked for, and the most that are shown. */
export const stackDepth = 64;

/** The wasm frames of an exception's stack, innermost first; frames of JavaScript are left out. */
export const parseFrames = (stack: string): RawFrame[] =>
  [...stack.matchAll(/wasm-function\[(\d+)\]:0x([0-9a-f]+)/g)].map((m) => ({
    index: Number(m[1]),
    offset: Number.parseInt(m[2]!, 16),
  }));

const hidden = (fn: string): boolean => fn === '' || isRuntime(fn);

/** The frames of a position: where it is, then where its function was inlined, outwards. */
export const framesOf = (manifest: Manifest, position: number): Frame[] => {
  const frames: Frame[] = [];
  const seen = new Set<number>();
  // Position 0 is the unknown place.
  for (let at = position; at > 0 && !seen.has(at); ) {
    seen.add(at);
    const p = manifest.positions[at];
    if (!p) break;
    const inlined = p.inlinedAt > 0;
    if (!hidden(p.fn)) {
      frames.push({ fn: p.fn, file: manifest.files[p.file] ?? '?', line: p.line, col: p.col, inlined });
    }
    at = p.inlinedAt;
  }
  return frames;
};

const tables = new WeakMap<Manifest, readonly number[]>();

const absoluteOffsets = (manifest: Manifest): readonly number[] => {
  const known = tables.get(manifest);
  if (known) return known;
  let at = 0;
  const offsets = manifest.offsets.map((difference) => (at += difference));
  tables.set(manifest, offsets);
  return offsets;
};

/** Where in the table of offsets the code at `offset` is: the greatest one not above it; -1: before all. */
const entryAt = (manifest: Manifest, offset: number): number => {
  const offsets = absoluteOffsets(manifest);
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (offsets[middle]! <= offset) low = middle + 1;
    else high = middle;
  }
  return low - 1;
};

const framesOfRaw = (manifest: Manifest, raw: RawFrame): Frame[] => {
  const fn = manifest.functions[raw.index] ?? '';
  const entry = entryAt(manifest, raw.offset);
  const framesAt = (at: number): Frame[] => framesOf(manifest, manifest.offsetPositions[at] ?? 0);
  const isOwn = (frames: readonly Frame[]): boolean => hidden(fn) || frames.at(-1)?.fn === fn;
  const frames = framesAt(entry);
  if (frames.length > 0 && isOwn(frames)) return frames;
  if (hidden(fn)) return [];
  // The entry of a function, where V8 looks at its stack, comes before all code that has a place: take its first place.
  const first = [entry + 1, entry + 2].map(framesAt).find((f) => f.length > 0 && isOwn(f));
  if (first) return first.slice(-1);
  return [{ fn, file: '', line: 0, col: 0, inlined: false }];
};

/**
 * The PG call stack. `position`: that of the fault record, 0 if there is none; where it is the user's it is exact, and
 * stands for the innermost of the user's frames, as the code that raises a fault may be shared by several.
 */
export const callStack = (manifest: Manifest, raw: readonly RawFrame[], position: number): Frame[] => {
  const exact = framesOf(manifest, position);
  const perFrame = raw.map((r) => framesOfRaw(manifest, r)).filter((f) => f.length > 0);
  if (exact.length > 0) perFrame.splice(0, 1, exact);
  return perFrame.flat();
};
