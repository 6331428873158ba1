// Reads what the compiler put into the custom section of an artifact, without compiling it: an artifact that is not ours,
// cut short, or of another version is told apart here, before anything else happens.
import { abiVersion, imports, type Manifest, sectionName, exports as wanted } from './abi.ts';

export type Artifact =
  | { readonly kind: 'artifact'; readonly manifest: Manifest }
  | { readonly kind: 'bad'; readonly message: string; readonly hint?: string };

const rebuild = 'build it again from its source';
const bad = (message: string, hint = rebuild): Artifact => ({ kind: 'bad', message, hint });

interface Section {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** An unsigned LEB128 number of at most 32 bits, or undefined where the bytes end before it does. */
const readLeb = (bytes: Uint8Array, at: number): { value: number; next: number } | undefined => {
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const byte = bytes[at + i];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return { value, next: at + i + 1 };
  }
  return undefined;
};

/** The sections of a module; undefined when the file ends inside of one. */
const sectionsOf = (bytes: Uint8Array): Section[] | undefined => {
  const sections: Section[] = [];
  let at = 8;
  while (at < bytes.length) {
    const id = bytes[at]!;
    const size = readLeb(bytes, at + 1);
    if (!size || size.next + size.value > bytes.length) return undefined;
    sections.push({ id, start: size.next, end: size.next + size.value });
    at = size.next + size.value;
  }
  return sections;
};

const contentOf = (bytes: Uint8Array, section: Section): Uint8Array | undefined => {
  if (section.id !== 0) return undefined;
  const length = readLeb(bytes, section.start);
  if (!length || length.next + length.value > section.end) return undefined;
  const name = new TextDecoder().decode(bytes.subarray(length.next, length.next + length.value));
  return name === sectionName ? bytes.subarray(length.next + length.value, section.end) : undefined;
};

// ---- the shape of a manifest ------------------------------------------------------------------------------------

type Check = (value: unknown) => boolean;
const text: Check = (v) => typeof v === 'string';
const count: Check = (v) => Number.isSafeInteger(v) && Number(v) >= 0;
const integer: Check = (v) => Number.isSafeInteger(v);
const listOf =
  (check: Check): Check =>
  (v) =>
    Array.isArray(v) && v.every(check);
const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === 'object' && v !== null && !Array.isArray(v);
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (v) =>
    isRecord(v) && Object.entries(checks).every(([name, check]) => check(v[name]));

const optional =
  (check: Check): Check =>
  (v) =>
    v === undefined || check(v);

const shape = {
  compiler: text,
  program: text,
  dataBytes: count,
  privateBytes: count,
  symmetricBase: count,
  symmetricBytes: count,
  track: optional((v) => v === 'allocations' || v === 'all'),
  objects: optional(listOf(fields({ name: text, position: integer }))),
  configs: listOf(fields({ name: text, type: text, offset: count, default: text })),
  formats: listOf(fields({ type: text })),
  files: listOf(text),
  positions: listOf(fields({ file: integer, line: count, col: count, fn: text, inlinedAt: integer })),
  offsets: listOf(count),
  offsetPositions: listOf(integer),
  functions: listOf(text),
} satisfies Record<Exclude<keyof Manifest, 'abi'>, Check>;

const isManifest = (value: Record<string, unknown>): value is Record<string, unknown> & Manifest =>
  fields(shape)(value);

const parseManifest = (content: Uint8Array): Artifact => {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch {
    return bad(`its section "${sectionName}" is damaged: it is not JSON`);
  }
  if (!isRecord(value)) return bad(`its section "${sectionName}" is damaged: it is not an object`);
  if (value.abi !== abiVersion) {
    const found = typeof value.abi === 'number' ? `version ${value.abi}` : 'no version';
    return bad(`it was made by another version of pgc: it has ${found} of the interface, this pgc has ${abiVersion}`);
  }
  if (!isManifest(value)) {
    const wrong = Object.entries(shape).find(([name, check]) => !check(value[name]));
    return bad(`its section "${sectionName}" is damaged: bad or missing "${wrong?.[0] ?? '?'}"`);
  }
  return { kind: 'artifact', manifest: value };
};

/** The manifest of an artifact, or why this is none. */
export const readArtifact = (bytes: Uint8Array): Artifact => {
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (bytes.length === 0) return bad('the file is empty');
  if (!magic.every((byte, i) => i >= bytes.length || bytes[i] === byte)) {
    return bad('it is not a WebAssembly module', 'pgc runs .pg sources and what pgc build made of them');
  }
  const sections = bytes.length < 8 ? undefined : sectionsOf(bytes);
  if (!sections) return bad('it is cut short or damaged');
  for (const section of sections) {
    const content = contentOf(bytes, section);
    if (content) return parseManifest(content);
  }
  return bad(`it was not made by pgc: it has no section "${sectionName}"`, 'pgc runs what pgc build made');
};

/** Compiles the module. What it asks for and offers must be what the node knows. */
export const compileArtifact = (
  bytes: Uint8Array,
): { readonly kind: 'module'; readonly module: WebAssembly.Module } | (Artifact & { readonly kind: 'bad' }) => {
  const refuse = (message: string) => ({ kind: 'bad', message, hint: rebuild }) as const;
  let module: WebAssembly.Module;
  try {
    // The bytes may lie in memory that others can change: a copy cannot change while it is compiled.
    module = new WebAssembly.Module(Uint8Array.from(bytes));
  } catch (e) {
    if (e instanceof WebAssembly.CompileError) return refuse(`it is not valid WebAssembly: ${e.message}`);
    throw e;
  }
  const known = new Set<string>(Object.values(imports));
  const strange = WebAssembly.Module.imports(module).find((i) => i.module !== 'pgc' || !known.has(i.name));
  if (strange) return refuse(`it imports ${strange.module}.${strange.name}, which a node does not have`);
  const offered = new Map(WebAssembly.Module.exports(module).map((e) => [e.name, e.kind]));
  const missing = Object.values(wanted).find(
    (name) => offered.get(name) !== (name === wanted.stackPointer ? 'global' : 'function'),
  );
  if (missing !== undefined) return refuse(`it does not export ${missing}`);
  return { kind: 'module', module };
};
