// IR → wasm, through binaryen as emitter with a few cheap passes. The only file that loads binaryen, and only when asked:
// that costs more than all the rest of a small compilation.
import {
  abiVersion,
  type ConfigEntry,
  commRuntime,
  dataBase,
  exports,
  type Format,
  guardCounters,
  imports,
  isRuntime,
  leastFiberBytes,
  type Manifest,
  traceWatcher,
} from '../vm/abi.ts';
import { withHints } from './branch-hints.ts';
import { usedAsValues } from './call-graph.ts';
import { isChecked } from './checked.ts';
import { type Binaryen, type Module, workerImage, workerSlot } from './emit-context.ts';
import { emitFunc, functionTable, type ModuleContext } from './emit-func.ts';
import { boundGlobals } from './emit-guards.ts';
import { placesIn, sourceMapOf, withManifest } from './emit-map.ts';
import { waitFunction } from './emit-ops.ts';
import { prunePositions } from './emit-positions.ts';
import type { IrProgram, OpName } from './ir.ts';
import { type Layout, layoutOf } from './layout.ts';
import type { HookSettings } from './passes.ts';
import type { Tracking } from './pipeline.ts';
import { type HookShares, pointsOf, profileTables } from './profile-shares.ts';
import { hasPars, hasTasks, hookServers } from './runtime-functions.ts';
import { forEachInst } from './tree.ts';

export interface EmitOptions {
  /** The main file, as given. */
  readonly program: string;
  /** The compiler's version, for the manifest. */
  readonly compiler: string;
  readonly track?: Tracking;
  /** What its hooks were made for. */
  readonly hooks?: HookSettings;
  /** Of programs that are built for profiles: whose time is seen at which hook. */
  readonly shares?: readonly HookShares[];
  /** Also give the text form. */
  readonly wat?: boolean;
  /** Count the guards that run: `pgc run --stats`. */
  readonly counts?: boolean;
}

export interface EmitResult {
  readonly wasm: Uint8Array;
  readonly sourceMap: string;
  readonly wat?: string;
}

const loadBinaryen = (): Promise<Binaryen> => import('binaryen').then((x) => x.default);

/**
 * The passes of binaryen that are worth their time: few locals, as the engine's compiler copies its table of them at every
 * branch, and the rest of the plain code tidied. Nesting and branches are right from the start (emit-nest.ts, emit-func.ts).
 */
const cleanUp = ['coalesce-locals', 'reorder-locals', 'vacuum'];

const declare = (b: Binaryen, m: Module, program: IrProgram, layout: Layout): void => {
  const { i32, i64, f32, f64, none } = b;
  // One by one: `All` would include what the oldest engine we support refuses.
  const f = b.Features;
  m.setFeatures(
    f.Atomics |
      f.MutableGlobals |
      f.NontrappingFPToInt |
      f.BulkMemory |
      f.BulkMemoryOpt |
      f.SignExt |
      f.Multivalue |
      f.SIMD128,
  );
  const data = new Uint8Array(layout.dataBytes);
  for (const d of program.data) data.set(d.bytes, (layout.data.get(d.name) ?? dataBase) - dataBase);
  m.setMemory(
    1,
    65536,
    null,
    data.length > 0 ? [{ offset: m.i32.const(0), data, passive: true }] : [],
    true,
    false,
    'memory',
  );
  m.addMemoryImport('memory', 'pgc', imports.memory, true);
  const own: Readonly<Record<string, string>> = hasPars(program)
    ? { [imports.slot]: workerSlot, [imports.image]: workerImage }
    : {};
  for (const name of [imports.slot, imports.image, imports.images, imports.slotBits]) {
    const worker = own[name];
    m.addGlobalImport(worker ?? name, 'pgc', name, i32, false);
    // Whose work runs: the own at first (see `beOneself`), another image's when a worker takes over some of it.
    if (worker !== undefined) m.addGlobal(name, i32, true, m.i32.const(0));
  }
  for (const [name, type] of [
    [imports.outI32, i32],
    [imports.outI64, i64],
    [imports.outF32, f32],
    [imports.outF64, f64],
  ] as const) {
    m.addFunctionImport(name, 'pgc', name, b.createType([i32, type]), none);
  }
  m.addFunctionImport(imports.outStr, 'pgc', imports.outStr, b.createType([i32, i32, i32]), none);
  m.addFunctionImport(imports.outEnd, 'pgc', imports.outEnd, b.createType([i32, i32]), none);
  m.addFunctionImport(imports.now, 'pgc', imports.now, none, f64);
  m.addGlobal('sp', i32, true, m.i32.const(0));
  m.addGlobalExport('sp', exports.stackPointer);
  for (const name of boundGlobals) m.addGlobal(name, i32, true, m.i32.const(0));
  const load =
    data.length > 0 ? m.memory.init('0', m.i32.const(dataBase), m.i32.const(0), m.i32.const(data.length)) : m.nop();
  m.addFunction('pgc.load', none, none, [], load);
  m.addFunctionExport('pgc.load', exports.load);
};

const configsOf = (program: IrProgram, layout: Layout): ConfigEntry[] =>
  program.globals.flatMap((g) => {
    if (g.kind !== 'config') return [];
    const entry: ConfigEntry = {
      name: g.name,
      type: g.configType as ConfigEntry['type'],
      offset: layout.offsets.get(g.name) ?? 0,
      default: g.default,
    };
    return [g.doc === undefined ? entry : { ...entry, doc: g.doc }];
  });

/** Names of variables by where they are declared. */
const objectsOf = (program: IrProgram): { readonly name: string; readonly position: number }[] =>
  program.globals.map((g) => ({ name: g.name, position: g.pos }));

/** Names by index of wasm function, imports first, read from the finished module: binaryen decides the order. */
const functionNames = (m: Module, b: Binaryen, program: IrProgram): string[] => {
  // The main of tests is the run-time's.
  const source = new Map(program.funcs.map((f) => [f.name, program.positions[f.pos]?.fn ?? '']));
  const imported: string[] = [];
  const own: string[] = [];
  for (let i = 0; i < m.getNumFunctions(); i++) {
    const info = b.getFunctionInfo(m.getFunctionByIndex(i));
    (info.base ? imported : own).push(info.name);
  }
  // As positions have it: what has the name of what starts the program is called something else here.
  const shown = (name: string): string => {
    const written = source.get(name) || name;
    return [name, written].some(isRuntime) || name.startsWith('pgc.') ? '' : written;
  };
  return [...imported.map(() => ''), ...own.map(shown)];
};

const uses = (program: IrProgram, op: OpName): boolean => {
  let found = false;
  for (const f of program.funcs)
    forEachInst(f.body, (i) => {
      if (i.kind === 'op' && i.op === op) found = true;
    });
  return found;
};

/**
 * Sleeping is a function of its own: V8's baseline compiler (seen in 11.3) may lose a local that lives across
 * memory.atomic.wait32, which a call keeps it from. Whoever sleeps has the time.
 */
const declareWait = (b: Binaryen, m: Module, program: IrProgram): void => {
  if (!uses(program, 'atomic.wait32')) return;
  const { i32, i64 } = b;
  const sleep = m.memory.atomic.wait32(m.local.get(0, i32), m.local.get(1, i32), m.local.get(2, i64));
  m.addFunction(waitFunction, b.createType([i32, i32, i64]), i32, [], sleep);
};

const declareCounters = (b: Binaryen, m: Module): void => {
  for (const name of guardCounters) {
    m.addGlobal(name, b.i64, true, m.i64.const(0n));
    m.addGlobalExport(name, name);
  }
};

/** What only programs with files import: others run on nodes that have none. */
const declareFiles = (b: Binaryen, m: Module, program: IrProgram): void => {
  const { i32, i64 } = b;
  for (const [op, name, params] of [
    ['file.open', imports.fileOpen, [i32, i32]],
    ['file.read', imports.fileRead, [i32, i32]],
    ['file.write', imports.fileWrite, [i32, i32, i32, i32]],
  ] as const) {
    if (uses(program, op)) m.addFunctionImport(name, 'pgc', name, b.createType([...params]), i64);
  }
};

/** The table of functions that are used as values; entry 0 is none. */
const declareTable = (m: Module, program: IrProgram, names: readonly string[]): void => {
  const indirect = ['call.value', 'start.entry', 'resume.record'] as const;
  if (!indirect.some((op) => uses(program, op))) return;
  m.addTable(functionTable, names.length + 1, names.length + 1);
  if (names.length > 0) m.addActiveElementSegment(functionTable, 'values', [...names], m.i32.const(1));
};

/** Emits a program that verifies and is lowered (lower-shared, lower-runtime). Throws only on bugs of ours. */
export const emit = async (lowered: IrProgram, options: EmitOptions): Promise<EmitResult> => {
  const { track = 'off' } = options;
  const { timing, interval } = options.hooks ?? { timing: 'off', interval: 0 };
  const hasHooks = lowered.funcs.some((f) => hookServers.includes(f.name));
  const { program, placed } = prunePositions(lowered, track !== 'off');
  const b = await loadBinaryen();
  const layout = layoutOf(program);
  const m = new b.Module();
  try {
    declare(b, m, program, layout);
    const formats: Format[] = [];
    const formatIds = new Map<string, number>();
    const format = (json: string): number => {
      const known = formatIds.get(json);
      if (known !== undefined) return known;
      formatIds.set(json, formats.length);
      formats.push(JSON.parse(json) as Format);
      return formats.length - 1;
    };
    const inTable = usedAsValues(program.funcs);
    const functionNumber = (name: string): number => inTable.indexOf(name) + 1;
    const funcs = new Map(program.funcs.map((f) => [f.name, f]));
    const counts = options.counts ?? false;
    const tracked = track !== 'off';
    const context: ModuleContext = {
      b,
      m,
      layout,
      funcs,
      format,
      functionNumber,
      inTable,
      counts,
      tracked,
      checked: isChecked(program),
      adopts: hasPars(program),
    };
    if (counts) declareCounters(b, m);
    m.addDebugInfoFileName('positions');
    m.addDebugInfoFileName('hints');
    for (const f of program.funcs) emitFunc(context, f);
    declareTable(m, program, inTable);
    declareWait(b, m, program);
    declareFiles(b, m, program);
    m.addFunctionExport('init', exports.init);
    m.addFunctionExport('main', exports.main);
    b.setDebugInfo(true);
    m.runPasses(cleanUp);
    const functions = functionNames(m, b, lowered);
    const file = `${options.program.replace(/^.*[\\/]/, '').replace(/\.pg$/, '')}.wasm`;
    const { binary, sourceMap } = m.emitBinary(`${file}.map`);
    const found = placesIn(sourceMap ?? '{"version":3,"sources":[],"names":[],"mappings":""}');
    const { wasm, added } = withHints(binary, found.hints);
    const places = found.places.map((p) => ({ offset: p.offset + added, pos: p.pos }));
    const manifest: Manifest = {
      abi: abiVersion,
      compiler: options.compiler,
      program: options.program,
      ...(program.images === undefined ? {} : { images: program.images }),
      dataBytes: layout.dataBytes,
      privateBytes: layout.privateBytes,
      symmetricBase: layout.symmetricBase,
      symmetricBytes: layout.symmetricBytes,
      ...(timing === 'off' || !hasHooks ? {} : { hooks: { timing, interval } }),
      ...(track === 'off' ? {} : { track, objects: objectsOf(program) }),
      letBase: layout.letBase,
      ...(lowered.funcs.some((f) => f.name === commRuntime.touch) ? { comm: true as const } : {}),
      ...(lowered.funcs.some((f) => f.name === traceWatcher) ? { trace: true as const } : {}),
      ...(options.shares ? { profile: profileTables(options.shares, placed) } : {}),
      ...(hasTasks(lowered) ? { fiberBytes: leastFiberBytes, points: pointsOf(program, functionNumber) } : {}),
      // Who works for others has more than what is in memory.
      ...(hasTasks(lowered) && timing !== 'off' && !hasPars(lowered) ? { checkpoints: true } : {}),
      writableBase: layout.writableBase,
      configs: configsOf(program, layout),
      formats,
      files: program.files,
      positions: program.positions,
      offsets: places.map((p, i) => p.offset - (places[i - 1]?.offset ?? 0)),
      offsetPositions: places.map((p) => p.pos),
      functions,
    };
    const wat = options.wat ? m.emitText() : undefined;
    return {
      wasm: withManifest(wasm, manifest),
      sourceMap: sourceMapOf(program, places, file),
      ...(wat === undefined ? {} : { wat }),
    };
  } finally {
    m.dispose();
  }
};
