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

/** Why a node cannot run this module, or undefined. `moduleOf`: the sections of `bytes`. */
export const interfaceMisfit = (
  bytes: Uint8Array,
  sections: readonly Section[],
  manifest: Manifest,
): string | undefined => {
  const damaged = 'it is damaged: a section of it cannot be read';
  const own = sections.filter((s) => s.id !== 0);
  if (own.some((s, i) => own.findIndex((t) => t.id === s.id) !== i)) return damaged;
  let broken = false;
  /** The content of a section through `read`; `none` if there is no such section. All of it must be read. */
  const within = <T>(id: number, none: T, read: (r: Reader) => T): T => {
    const section = own.find((s) => s.id === id);
    if (!section) return none;
    const r = readerOf(bytes, section.start, section.end);
    const found = read(r);
    if (r.failed || r.at !== section.end) broken = true;
    return found;
  };

  const funcTypes = within<FuncType[]>(ids.type, [], (r) =>
    list(r, () => {
      if (r.byte() !== functionForm) broken = true;
      const params = list(r, () => valueType(r));
      return typeText(
        params,
        list(r, () => valueType(r)),
      );
    }),
  );
  if (broken) return damaged;
  const typeAt = (index: number): FuncType => funcTypes[index] ?? '?';

  const functions: FuncType[] = [];
  const globals: string[] = [];
  let strange: string | undefined;
  within(ids.import, undefined, (r) => {
    const seen = new Set<string>();
    for (let count = r.u32(); count > 0 && !r.failed; count--) {
      const from = r.name();
      const name = r.name();
      if (r.failed) return;
      const type = from === 'pgc' ? known.get(name) : undefined;
      if (!type) strange = `it imports ${printable(`${from}.${name}`)}, which a node does not have`;
      else if (seen.has(name)) strange = `it imports ${from}.${name} twice`;
      seen.add(name);
      if (strange !== undefined || !type) return r.skip(Number.POSITIVE_INFINITY);
      const kind = r.byte();
      const other = `it imports ${from}.${name} with another type than a node has it`;
      if (kind === kinds.function) {
        const found = typeAt(r.u32());
        functions.push(found);
        if (type.kind !== 'function' || type.type !== found) strange = other;
      } else if (kind === kinds.global) {
        const found = valueType(r);
        const mutable = r.byte() !== 0;
        globals.push(found);
        if (type.kind !== 'global' || found !== 'i32' || mutable) strange = other;
      } else if (kind === kinds.memory) {
        const fits = r.byte() === sharedLimits && r.u32() <= 1 && r.u32() === mostPages;
        if (type.kind !== 'memory' || !fits) strange = other;
      } else strange = other;
      if (strange !== undefined) return r.skip(Number.POSITIVE_INFINITY);
    }
  });
  if (strange !== undefined) return strange;
  if (broken) return damaged;

  within(ids.function, undefined, (r) => {
    for (const index of list(r, () => r.u32())) functions.push(typeAt(index));
  });
  const memories = within(ids.memory, 0, (r) => {
    const count = r.u32();
    if (count > 0) r.skip(bytes.length);
    return count;
  });
  if (memories > 0) return 'it has a memory of its own';
  within(ids.global, undefined, (r) => {
    for (let count = r.u32(); count > 0 && !r.failed; count--) {
      const type = valueType(r);
      globals.push(r.byte() === 0 ? type : `mutable ${type}`);
      if (!skipConstant(r)) broken = true;
      if (broken) return;
    }
  });
  const offered = new Map<string, string>();
  within(ids.export, undefined, (r) => {
    for (let count = r.u32(); count > 0 && !r.failed; count--) {
      const name = r.name();
      const kind = r.byte();
      const index = r.u32();
      offered.set(
        name,
        kind === kinds.function ? (functions[index] ?? '?') : kind === kinds.global ? (globals[index] ?? '?') : '',
      );
    }
  });
  if (broken) return damaged;
  for (const name of Object.values(wanted)) {
    const type = offered.get(name);
    const right = name === wanted.stackPointer ? 'mutable i32' : typeText([], []);
    if (type === undefined) return `it does not export ${name}`;
    if (type !== right) return `it exports ${name} with another type than a node calls it`;
  }
  if (own.some((s) => s.id === ids.start)) return 'it has a start function, which nothing that pgc builds has';

  let active = false;
  const dataBytes = within(ids.data, 0, (r) => {
    let sum = 0;
    for (let count = r.u32(); count > 0 && !r.failed && !active; count--) {
      active = r.u32() !== 1;
      const size = r.u32();
      r.skip(size);
      sum += size;
    }
    return sum;
  });
  if (active) return 'it has data that would be written when it is loaded, which nothing that pgc builds has';
  if (broken) return damaged;
  if (dataBytes !== manifest.dataBytes) {
    return `its section "pgc" does not fit it: "dataBytes" is ${manifest.dataBytes}, its data has ${dataBytes} bytes`;
  }
  if (functions.length !== manifest.functions.length) {
    const names = manifest.functions.length;
    return `its section "pgc" does not fit it: ${names} names of functions for ${functions.length}`;
  }
  return undefined;
};

/** A name from a file of unknown origin, short and without what would steer a terminal. */
const printable = (name: string): string => name.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
