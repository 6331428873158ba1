// Everything before the images start: the artifact is read and compiled, configs are checked, memory is made and set up.
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import {
  comm,
  dataBase,
  due,
  fibers,
  guardSlack,
  kernel,
  type Manifest,
  page,
  pageBytes,
  profile,
  profileTableBytes,
  trace,
  traceDepth,
  traceEventBytes,
  track,
} from './abi.ts';
import { compileArtifact, readArtifact } from './artifact.ts';
import { restoreMemory } from './checkpoint.ts';
import { type ConfigCell, configCells } from './config.ts';
import { compileAhead, tuneV8 } from './flags.ts';
import type { PrepareOptions, ResumeOptions } from './options.ts';
import type { RunResult } from './result.ts';
import { allocate, chooseSlots, type SlotMap, slotMap } from './slots.ts';
import { readPublicKey } from './trust.ts';

export interface Prepared {
  readonly kind: 'prepared';
  readonly manifest: Manifest;
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly images: number;
  readonly map: SlotMap;
}

/**
 * How often a wait looks before it sleeps: 100 µs at least (some 0.4 ns a turn), as waking a sleeper takes half of that. Where images outnumber
 * cores, spinning keeps the one that is waited for from running: then only a few times.
 */
const spinAlone = 1 << 19;
const spinCrowded = 1 << 8;
const spinFor = (images: number): number => (images <= availableParallelism() ? spinAlone : spinCrowded);

/** Writes the words that a program reads before it has written any. All other memory is zero. */
const setUp = (
  memory: WebAssembly.Memory,
  manifest: Manifest,
  images: number,
  map: SlotMap,
  cells: readonly ConfigCell[],
): void => {
  const view = new DataView(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  view.setInt32(kernel.cores, availableParallelism(), true);
  view.setInt32(kernel.spin, spinFor(images), true);
  view.setInt32(kernel.busy, images, true);
  bytes.set(randomBytes(32), kernel.meetSecrets);
  for (let image = 0; image < images; image++) {
    const slot = (image + 1) * 2 ** map.slotBits;
    view.setUint32(slot + page.symmetricTop, map.symmetricTop, true);
    view.setUint32(slot + page.heapBottom, map.heapBottom, true);
    view.setUint32(slot + page.heapLow, map.heapBottom, true);
    view.setUint32(slot + page.heapCeiling, map.heapBottom, true);
    view.setUint32(slot + page.stackLimit, map.stackLimit, true);
    view.setUint32(slot + page.heapEnd, map.stackLimit, true);
    view.setUint32(slot + fibers.first, map.stackTop, true);
    view.setUint32(slot + fibers.top, map.stackTop, true);
    view.setUint32(slot + fibers.end, map.fibersEnd, true);
    if (map.samplesEnd > map.fibersEnd) {
      view.setUint32(slot + profile.area, slot + map.fibersEnd, true);
      view.setUint32(slot + profile.areaTop, slot + map.fibersEnd + profileTableBytes, true);
      view.setUint32(slot + profile.areaEnd, slot + map.samplesEnd, true);
    }
    if (map.eventsEnd > map.samplesEnd) {
      view.setUint32(slot + trace.area, slot + map.samplesEnd, true);
      view.setUint32(slot + trace.areaTop, slot + map.samplesEnd + traceDepth * traceEventBytes, true);
      view.setUint32(slot + trace.areaEnd, slot + map.eventsEnd, true);
    }
    if (map.countsEnd > map.eventsEnd) {
      view.setUint32(slot + comm.area, slot + map.eventsEnd, true);
      view.setUint32(slot + comm.areaEnd, slot + map.countsEnd, true);
    }
    if (map.tableEnd > map.tableStart) {
      view.setUint32(slot + track.area, slot + map.tableStart, true);
      view.setUint32(slot + track.areaTop, slot + map.tableStart, true);
      view.setUint32(slot + track.areaEnd, slot + map.tableEnd, true);
      view.setUint32(slot + page.roots, slot + map.tableEnd, true);
      view.setUint32(slot + track.stackLow, map.stackTop - guardSlack, true);
    }
    view.setUint32(slot + page.symmetricFirst, map.symmetricTop, true);
    view.setUint32(slot + page.symmetricFloor, map.symmetricTop, true);
    bytes.set(randomBytes(8), slot + page.secret);
    bytes.set(randomBytes(8), slot + page.secret2);
    // Lets may be written until init is done; see worker.ts.
    view.setUint32(slot + page.writable, manifest.letBase, true);
    view.setUint32(slot + page.symmetricBase, manifest.symmetricBase, true);
    view.setUint32(slot + page.stackTop, map.stackTop, true);
    view.setUint32(slot + page.dataEnd, dataBase + manifest.dataBytes, true);
    view.setUint32(slot + page.guardLow, slot + map.heapBottom, true);
    view.setUint32(slot + page.guardSpan, map.stackTop - map.heapBottom - guardSlack + 1, true);
    for (const cell of cells) bytes.set(cell.bytes, slot + cell.offset);
  }
};

const positive = (value: number | undefined): boolean =>
  value === undefined || (Number.isSafeInteger(value) && value > 0);

/** The keys that these PEM texts hold, or what is wrong with one. */
const trustedKeys = (
  pems: readonly string[],
): readonly Uint8Array[] | { readonly message: string; readonly hint: string } => {
  const keys: Uint8Array[] = [];
  for (const pem of pems) {
    const key = readPublicKey(pem);
    if (key.kind === 'bad-key') return { message: `bad key to trust: ${key.message}`, hint: key.hint };
    keys.push(key.raw);
  }
  return keys;
};

/** Memory as a checkpoint has it, but for what depends on the machine and on the request to stand still. */
const goOn = (manifest: Manifest, module: WebAssembly.Module, { path, head }: ResumeOptions): Prepared | RunResult => {
  const { images, slotBits, stackBytes } = head;
  const pages = ((images + 1) * 2 ** slotBits) / pageBytes;
  const memory = allocate(pages);
  if (!memory) {
    const mib = Math.round((pages * pageBytes) / 2 ** 20);
    return { kind: 'no-resources', message: `the system gives no memory of ${mib} MiB, which the checkpoint needs` };
  }
  const why = restoreMemory(path, memory);
  if (why !== undefined) return { kind: 'bad-option', message: `cannot go on from ${path}: ${why}` };
  const view = new DataView(memory.buffer);
  view.setInt32(kernel.spin, spinFor(images), true);
  view.setInt32(kernel.halt, 0, true);
  for (let image = 0; image < images; image++) {
    const slot = (image + 1) * 2 ** slotBits;
    view.setInt32(slot + page.poll, view.getInt32(slot + page.poll, true) & ~due.stop, true);
    // Requests are numbered from 1 on again.
    view.setInt32(slot + page.halted, 0, true);
  }
  return { kind: 'prepared', manifest, module, memory, images, map: slotMap(manifest, slotBits, stackBytes) };
};

/** Ready to run, or the result that says why not. */
export const prepare = (artifact: Uint8Array, options: PrepareOptions): Prepared | RunResult => {
  if (options.images !== undefined && !positive(options.images)) {
    const { images } = options;
    return { kind: 'bad-option', message: `bad number of images: ${images}`, hint: 'at least one image is needed' };
  }
  for (const name of ['slotBytes', 'stackBytes'] as const) {
    if (!positive(options[name])) return { kind: 'bad-option', message: `bad ${name}: ${options[name]}` };
  }
  const trusted = options.trust === undefined ? undefined : trustedKeys(options.trust);
  if (trusted && 'message' in trusted) return { kind: 'bad-option', ...trusted };
  // The bytes may lie in memory that others can change: what is checked must be what is compiled.
  const own = Uint8Array.from(artifact);
  const read = readArtifact(own, trusted);
  if (read.kind === 'bad') return { ...read, kind: 'bad-artifact' };
  const { manifest } = read;
  const images = options.images ?? manifest.images ?? availableParallelism();
  if (manifest.images !== undefined && images !== manifest.images) {
    const only = manifest.images === 1 ? '1 image' : `${manifest.images} images`;
    return {
      kind: 'bad-option',
      message: `it was built for ${only}, and cannot run on ${images}`,
      hint: `-n ${manifest.images}; or build it without --images`,
    };
  }
  const configured = configCells(manifest.configs, options.configs ?? {});
  if ('error' in configured) return { kind: 'bad-config', ...configured.error, configs: manifest.configs };
  if (options.resume && !manifest.checkpoints) {
    return {
      kind: 'bad-artifact',
      message: 'it is none that can go on from a checkpoint',
      hint: 'build it with --checkpoint',
    };
  }
  if (options.tuneV8) tuneV8();
  if (options.tuneV8 && (manifest.profile || manifest.trace)) compileAhead();
  const compiled = compileArtifact(own);
  if (compiled.kind === 'bad') return { ...compiled, kind: 'bad-artifact' };
  const { resume } = options;
  if (resume) return goOn(manifest, compiled.module, resume);
  const slots = chooseSlots(manifest, {
    images,
    ...(options.slotBytes === undefined ? {} : { slotBytes: options.slotBytes }),
    ...(options.stackBytes === undefined ? {} : { stackBytes: options.stackBytes }),
  });
  if (slots.kind !== 'slots') return slots;
  const { map, memory } = slots;
  setUp(memory, manifest, images, map, configured.cells);
  return { kind: 'prepared', manifest, module: compiled.module, memory, images, map };
};
