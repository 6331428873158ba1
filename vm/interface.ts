// What a module asks of the node and offers it, read from its bytes before anything is compiled: only the imports that a node has,
// each with its own type; the exports that it calls; nothing that runs or writes memory by itself when it is instantiated.
import { imports, type Manifest, exports as wanted } from './abi.ts';
import { type Reader, readerOf, type Section } from './sections.ts';

type NumberType = 'i32' | 'i64' | 'f32' | 'f64';
type FuncType = string;
type ImportType =
  | { readonly kind: 'function'; readonly type: FuncType }
  | { readonly kind: 'global' }
  | { readonly kind: 'memory' };

const typeText = (params: readonly string[], results: readonly string[]): FuncType =>
  `(${params.join(' ')}) -> (${results.join(' ')})`;
const fn = (params: readonly NumberType[], ...results: readonly NumberType[]): ImportType => ({
  kind: 'function',
  type: typeText(params, results),
});

const types = {
  memory: { kind: 'memory' },
  slot: { kind: 'global' },
  image: { kind: 'global' },
  images: { kind: 'global' },
  slotBits: { kind: 'global' },
  outI32: fn(['i32', 'i32']),
  outI64: fn(['i32', 'i64']),
  outF32: fn(['i32', 'f32']),
  outF64: fn(['i32', 'f64']),
  outStr: fn(['i32', 'i32', 'i32']),
  outEnd: fn(['i32', 'i32']),
  now: fn([], 'f64'),
  fileOpen: fn(['i32', 'i32'], 'i64'),
  fileRead: fn(['i32', 'i32'], 'i64'),
  fileWrite: fn(['i32', 'i32', 'i32', 'i32'], 'i64'),
} as const satisfies Record<keyof typeof imports, ImportType>;

const known: ReadonlyMap<string, ImportType> = new Map(
  Object.entries(types).map(([key, type]) => [imports[key as keyof typeof imports], type]),
);

const valueTypes: Readonly<Record<number, string>> = { 127: 'i32', 126: 'i64', 125: 'f32', 124: 'f64' };
const valueType = (r: Reader): string => {
  const code = r.byte();
  return valueTypes[code] ?? `type ${code}`;
};

/** Section ids. */
const ids = { type: 1, import: 2, function: 3, memory: 5, global: 6, export: 7, start: 8, data: 11 } as const;
const kinds = { function: 0, memory: 2, global: 3 } as const;
/** A shared memory that says how large it may become. */
const sharedLimits = 3;
const functionForm = 0x60;
const mostPages = 65536;
/** Data that is written only where code says so. */
const passive = 1;

const list = <T>(r: Reader, one: () => T): T[] => {
  const found: T[] = [];
  for (let count = r.u32(); count > 0 && !r.failed; count--) found.push(one());
  return found;
};

/** Passes over the initial value of a global: one constant. False: it is something else. */
const skipConstant = (r: Reader): boolean => {
  switch (r.byte()) {
    case 0x41:
    case 0x42: {
      let bytes = 0;
      while (r.byte() >= 0x80 && ++bytes < 10) if (r.failed) return false;
      break;
    }
    case 0x43:
      r.skip(4);
      break;
    case 0x44:
      r.skip(8);
      break;
    default:
      return false;
  }
  return r.byte() === 0x0b;
};

/** A name from a file of unknown origin, short and without what would steer a terminal. */
const printable = (name: string): string => name.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');

const damaged = 'it is damaged: a section of it cannot be read';

/** What has been read of a module so far, by index; a check of one section needs what those before it have said. */
interface Scan {
  readonly types: FuncType[];
  readonly functions: FuncType[];
  readonly globals: string[];
}

/** Reads the content of one section. Gives what is wrong with it; undefined: nothing that would show here. */
type Reading = (r: Reader, scan: Scan) => string | undefined;

const readTypes: Reading = (r, scan) => {
  for (let count = r.u32(); count > 0 && !r.failed; count--) {
    if (r.byte() !== functionForm) return damaged;
    const params = list(r, () => valueType(r));
    scan.types.push(
      typeText(
        params,
        list(r, () => valueType(r)),
      ),
    );
  }
  return undefined;
};

/** Whether what follows in an import is of this type. */
const isOfType = (r: Reader, scan: Scan, type: ImportType): boolean => {
  const kind = r.byte();
  if (kind === kinds.function) {
    const found = scan.types[r.u32()] ?? '?';
    scan.functions.push(found);
    return type.kind === 'function' && type.type === found;
  }
  if (kind === kinds.global) {
    const found = valueType(r);
    scan.globals.push(found);
    return r.byte() === 0 && type.kind === 'global' && found === 'i32';
  }
  if (kind === kinds.memory) {
    return type.kind === 'memory' && r.byte() === sharedLimits && r.u32() <= 1 && r.u32() === mostPages;
  }
  return false;
};

const readImports: Reading = (r, scan) => {
  const seen = new Set<string>();
  for (let count = r.u32(); count > 0 && !r.failed; count--) {
    const from = r.name();
    const name = r.name();
    if (r.failed) return damaged;
    const type = from === 'pgc' ? known.get(name) : undefined;
    if (!type) return `it imports ${printable(`${from}.${name}`)}, which a node does not have`;
    if (seen.has(name)) return `it imports ${from}.${name} twice`;
    seen.add(name);
    if (!isOfType(r, scan, type)) return `it imports ${from}.${name} with another type than a node has it`;
  }
  return undefined;
};

const readFunctions: Reading = (r, scan) => {
  for (const index of list(r, () => r.u32())) scan.functions.push(scan.types[index] ?? '?');
  return undefined;
};

const readMemories: Reading = (r) => (r.u32() > 0 ? 'it has a memory of its own' : undefined);

const readGlobals: Reading = (r, scan) => {
  for (let count = r.u32(); count > 0 && !r.failed; count--) {
    const type = valueType(r);
    scan.globals.push(r.byte() === 0 ? type : `mutable ${type}`);
    if (!skipConstant(r)) return damaged;
  }
  return undefined;
};

const readExports: Reading = (r, scan) => {
  const offered = new Map<string, string>();
  const typesOf = (kind: number): readonly string[] =>
    kind === kinds.function ? scan.functions : kind === kinds.global ? scan.globals : [];
  for (let count = r.u32(); count > 0 && !r.failed; count--) {
    const name = r.name();
    const types = typesOf(r.byte());
    offered.set(name, types[r.u32()] ?? '?');
  }
  if (r.failed) return damaged;
  for (const name of Object.values(wanted)) {
    const type = offered.get(name);
    if (type === undefined) return `it does not export ${name}`;
    const right = name === wanted.stackPointer ? 'mutable i32' : typeText([], []);
    if (type !== right) return `it exports ${name} with another type than a node calls it`;
  }
  return undefined;
};

const readData =
  (manifest: Manifest): Reading =>
  (r) => {
    let bytes = 0;
    for (let count = r.u32(); count > 0 && !r.failed; count--) {
      if (r.u32() !== passive)
        return 'it has data that is written when it is loaded, which nothing that pgc builds has';
      const size = r.u32();
      r.skip(size);
      bytes += size;
    }
    if (r.failed || bytes === manifest.dataBytes) return undefined;
    return `its section "pgc" does not fit it: "dataBytes" is ${manifest.dataBytes}, its data has ${bytes} bytes`;
  };

/** Stands for a section that is not there: it lists nothing. */
const nothing = Uint8Array.of(0);

/** Why a node cannot run this module, or undefined. `sections`: those of `bytes`. */
export const interfaceMisfit = (
  bytes: Uint8Array,
  sections: readonly Section[],
  manifest: Manifest,
): string | undefined => {
  const own = new Map(sections.filter((s) => s.id !== 0).map((s) => [s.id, s]));
  if (own.size !== sections.filter((s) => s.id !== 0).length) return damaged;
  const scan: Scan = { types: [], functions: [], globals: [] };
  const readings: readonly (readonly [number, Reading])[] = [
    [ids.type, readTypes],
    [ids.import, readImports],
    [ids.function, readFunctions],
    [ids.memory, readMemories],
    [ids.global, readGlobals],
    [ids.export, readExports],
    [ids.data, readData(manifest)],
  ];
  for (const [id, read] of readings) {
    const section = own.get(id);
    const r = section ? readerOf(bytes, section.start, section.end) : readerOf(nothing, 0, 1);
    const problem = read(r, scan);
    if (problem !== undefined) return problem;
    if (r.failed || (section && r.at !== section.end)) return damaged;
  }
  if (own.has(ids.start)) return 'it has a start function, which nothing that pgc builds has';
  const names = manifest.functions.length;
  if (names === scan.functions.length) return undefined;
  return `its section "pgc" does not fit it: ${names} names of functions for ${scan.functions.length}`;
};
