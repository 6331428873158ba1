// What the manifest of an artifact may say: the shape of each field, and what must fit together for the node to lay out memory,
// write configs and report places by it. After this check the rest of the node takes the manifest at its word.
import { abiVersion, type ConfigEntry, type Format, type Manifest, privateBase } from './abi.ts';
import { configDefaultError } from './config.ts';

/** What does not fit, as the end of a sentence that begins with "its section "pgc" is damaged:"; undefined: all fits. */
export type Misfit = string | undefined;

type Check = (value: unknown) => boolean;
const text: Check = (v) => typeof v === 'string';
const flag: Check = (v) => typeof v === 'boolean';
const count: Check = (v) => Number.isSafeInteger(v) && Number(v) >= 0;
const integer: Check = (v) => Number.isSafeInteger(v);
const upTo =
  (most: number): Check =>
  (v) =>
    count(v) && Number(v) <= most;
const oneOf =
  (...words: readonly string[]): Check =>
  (v) =>
    typeof v === 'string' && words.includes(v);
const optional =
  (check: Check): Check =>
  (v) =>
    v === undefined || check(v);
const listOf =
  (check: Check): Check =>
  (v) =>
    Array.isArray(v) && v.every(check);

export const isRecord = (v: unknown): v is Record<string, unknown> =>
  typeof v === 'object' && v !== null && !Array.isArray(v);

/** These fields and no others: what nobody reads nobody has checked. A position is checked so for each place in the code. */
const fields = (checks: Readonly<Record<string, Check>>): Check => {
  const known = Object.entries(checks);
  return (v) => {
    if (!isRecord(v)) return false;
    let found = 0;
    for (const [name, check] of known) {
      const value = v[name];
      if (!check(value)) return false;
      // JSON has no `undefined`.
      if (value !== undefined) found++;
    }
    return Object.keys(v).length === found;
  };
};

const numbers = ['i8', 'i16', 'i32', 'i64', 'u8', 'u16', 'u32', 'u64', 'f32', 'f64'] as const;

/** As wide as the language lets formats be: what a node prints is bounded by it. */
const mostColumns = 9999;
const mostDecimals = 999;

/** Microseconds. */
const longestInterval = 1_000_000;

const configShape = {
  name: text,
  type: oneOf('bool', ...numbers),
  offset: count,
  default: text,
  doc: optional(text),
} satisfies Record<keyof ConfigEntry, Check>;

const formatShape = {
  type: oneOf('bool', ...numbers, 'str', 'pointer'),
  width: optional(upTo(mostColumns)),
  zeroPad: optional(flag),
  leftAlign: optional(flag),
  precision: optional(upTo(mostDecimals)),
  style: optional(oneOf('x', 'b', 'e')),
} satisfies Record<keyof Format, Check>;

const positionShape = { file: count, line: count, col: count, fn: text, inlinedAt: integer };

const shape = {
  abi: (v) => v === abiVersion,
  compiler: text,
  program: text,
  images: optional((v) => count(v) && Number(v) >= 1),
  dataBytes: count,
  privateBytes: count,
  symmetricBase: count,
  symmetricBytes: count,
  letBase: count,
  fiberBytes: optional(count),
  points: optional(listOf(fields({ fn: count, at: listOf(count) }))),
  checkpoints: optional(flag),
  writableBase: count,
  track: optional(oneOf('allocations', 'all')),
  hooks: optional(fields({ timing: oneOf('ticker', 'count'), interval: upTo(longestInterval) })),
  comm: optional((v) => v === true),
  trace: optional((v) => v === true),
  profile: optional(
    fields({
      shares: listOf(fields({ hook: count, at: listOf(count), parts: listOf(count) })),
    }),
  ),
  objects: optional(listOf(fields({ name: text, position: count }))),
  configs: listOf(fields(configShape)),
  formats: listOf(fields(formatShape)),
  files: listOf(text),
  positions: listOf(fields(positionShape)),
  offsets: listOf(count),
  offsetPositions: listOf(count),
  functions: listOf(text),
} satisfies Record<keyof Manifest, Check>;

const isManifest = (value: Record<string, unknown>): value is Record<string, unknown> & Manifest =>
  fields(shape)(value);

const bytesOf = (type: ConfigEntry['type']): number => (type === 'bool' ? 1 : Number(type.slice(1)) / 8);

/** Symmetric objects lie on lines of their own: the layout's alignment. */
const symmetricAlign = 128;

const configMisfit = (configs: readonly ConfigEntry[], privateEnd: number): Misfit => {
  const names = new Set<string>();
  for (const { name, type, offset, default: value } of configs) {
    if (names.has(name)) return `two configs have the name ${JSON.stringify(name)}`;
    names.add(name);
    if (offset < privateBase || offset + bytesOf(type) > privateEnd) {
      return `the config ${JSON.stringify(name)} lies outside of the private variables`;
    }
    if (configDefaultError(type, value)) return `the default of the config ${JSON.stringify(name)} has another type`;
  }
  return undefined;
};

const placesMisfit = (m: Manifest, moduleBytes: number): Misfit => {
  const positions = m.positions.length;
  if (m.positions.some((p) => p.file >= Math.max(m.files.length, 1)))
    return 'a position is in a file that is not listed';
  if (m.positions.some((p) => p.inlinedAt < -1 || p.inlinedAt >= positions)) {
    return 'a position is inlined at one that is not listed';
  }
  if (m.offsets.length !== m.offsetPositions.length) return '"offsets" and "offsetPositions" differ in length';
  if (m.offsets.reduce((sum, n) => sum + n, 0) > moduleBytes) return '"offsets" lead out of the code';
  // Offset tables refer to position 0, the unknown place, even where no position is listed.
  if (m.offsetPositions.some((p) => p >= Math.max(positions, 1))) return '"offsetPositions" has one that is not listed';
  if (m.objects?.some((o) => o.position >= Math.max(positions, 1)))
    return '"objects" has a position that is not listed';
  if (m.points?.some((p) => p.at.some((at) => at >= Math.max(positions, 1))))
    return '"points" has a position that is not listed';
  const { shares = [] } = m.profile ?? {};
  const places = shares.flatMap((s) => [s.hook, ...s.at]);
  if (places.some((p) => p >= Math.max(positions, 1))) return '"profile" has a position that is not listed';
  if (shares.some((s) => s.at.length !== s.parts.length)) return '"profile" has places without parts';
  return undefined;
};

/** Fields that have the right types but not the right values. `moduleBytes`: of the artifact as a whole. */
const misfit = (m: Manifest, moduleBytes: number): Misfit => {
  const privateEnd = privateBase + m.privateBytes;
  if (m.symmetricBase < privateEnd) return 'the symmetric variables overlap the private ones';
  if (m.letBase < privateBase || m.writableBase < m.letBase || m.writableBase > privateEnd) {
    return '"letBase" and "writableBase" do not lie in the private variables in this order';
  }
  if (m.symmetricBase % symmetricAlign !== 0) return '"symmetricBase" is not aligned';
  if (m.dataBytes > moduleBytes) return '"dataBytes" is more than the file holds';
  return configMisfit(m.configs, privateEnd) ?? placesMisfit(m, moduleBytes);
};

export type ManifestRead =
  | { readonly kind: 'manifest'; readonly manifest: Manifest }
  | { readonly kind: 'misfit'; readonly why: string };

/** A parsed manifest of this version of the interface, checked. */
export const checkManifest = (value: Record<string, unknown>, moduleBytes: number): ManifestRead => {
  if (!isManifest(value)) {
    const wrong = Object.entries(shape).find(([name, check]) => !check(value[name]))?.[0];
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(shape, name));
    const why = wrong === undefined ? `unknown field ${JSON.stringify(unknown)}` : `bad or missing "${wrong}"`;
    return { kind: 'misfit', why };
  }
  const why = misfit(value, moduleBytes);
  return why === undefined ? { kind: 'manifest', manifest: value } : { kind: 'misfit', why };
};
