// What is known about places in the finished bytes: code offsets → positions for the node's reports, a source map for
// debuggers, and the manifest as a custom section.
import { decodedMappings, TraceMap } from '@jridgewell/trace-mapping';
import { type Manifest, sectionName } from '../vm/abi.ts';
import { type Hint, hintLines } from './branch-hints.ts';
import type { IrProgram } from './ir.ts';
import { seal, withSection } from './seal.ts';

/** Code offset → position id, in ascending order. Id 0: of no known place. */
export interface Place {
  readonly offset: number;
  readonly pos: number;
}

/** What the map of binaryen tells, in which the "line" of a place is its position's id, and what branches are like a file of its own. */
export const placesIn = (sourceMap: string): { readonly places: Place[]; readonly hints: Hint[] } => {
  const segments = decodedMappings(new TraceMap(sourceMap)).flat();
  const places: Place[] = [];
  const hints: Hint[] = [];
  for (const segment of segments) {
    if (segment[1] === 1) {
      hints.push({ offset: segment[0], likely: (segment[2] ?? 0) + 1 === hintLines.likely });
      continue;
    }
    const pos = segment.length > 1 ? (segment[2] ?? -1) + 1 : 0;
    if (places.at(-1)?.pos !== pos) places.push({ offset: segment[0], pos });
  }
  return { places, hints };
};

const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** A number in the variable-length base 64 of source maps (Source Map revision 3). */
const vlq = (n: number): string => {
  let rest = n < 0 ? (-n << 1) | 1 : n << 1;
  let text = '';
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += digits[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
};

/** A source map of revision 3 from code offsets to the user's files. */
export const sourceMapOf = (program: IrProgram, places: readonly Place[], file: string): string => {
  const names: string[] = [];
  const nameIds = new Map<string, number>();
  let mappings = '';
  let last = { offset: 0, file: 0, line: 0, col: 0, name: 0 };
  for (const { offset, pos } of places) {
    const p = program.positions[pos];
    if (!p || pos === 0) continue;
    let name = nameIds.get(p.fn);
    if (name === undefined) {
      name = names.push(p.fn) - 1;
      nameIds.set(p.fn, name);
    }
    const now = { offset, file: p.file, line: p.line - 1, col: p.col - 1, name };
    const differences = [
      now.offset - last.offset,
      now.file - last.file,
      now.line - last.line,
      now.col - last.col,
      now.name - last.name,
    ];
    mappings += `${mappings === '' ? '' : ','}${differences.map(vlq).join('')}`;
    last = now;
  }
  return JSON.stringify({ version: 3, file, sources: program.files, names, mappings });
};

/** The finished artifact: the module, with the manifest and the seal as its last sections. What comes before keeps its offsets. */
export const withManifest = (wasm: Uint8Array, manifest: Manifest): Uint8Array =>
  seal(withSection(wasm, sectionName, new TextEncoder().encode(JSON.stringify(manifest))));
