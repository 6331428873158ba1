// The evaluator, the oracle: runs an IR program for P images in one thread, slowly and obviously. It takes the IR as it is
// lowered first, with all PGAS operations, and as the required passes leave it, with calls of the run-time; both must give
// the same. Images take turns of a few steps; a seed varies the turns.
import {
  dataBase,
  type FaultKind,
  type Format,
  fibers,
  guardSlack,
  kernel,
  leastFiberBytes,
  page,
  slotTailBytes,
  states,
  track,
  trackAreaBytes,
} from '../vm/abi.ts';
import { usedAsValues } from './call-graph.ts';
import { compileCode, enter } from './eval-code.ts';
import { configValue } from './eval-config.ts';
import type { Code, Image, Node, Outcome, OutputChunk } from './eval-machine.ts';
import { Fault, Memory, type MemoryAccess } from './eval-memory.ts';
import { firstUnguarded, Paranoia } from './eval-paranoid.ts';
import type { IrProgram, OpName, PosId } from './ir.ts';
import { machineTypes } from './ir-types.ts';
import { layoutOf } from './layout.ts';
import { tracks } from './passes/lower-track.ts';
import { hasTasks } from './runtime-functions.ts';

export type { Outcome, OutputChunk } from './eval-machine.ts';
export type { MemoryAccess } from './eval-memory.ts';

/** In place of secrets that are drawn. */
const meetSecrets = [
  0x9e37_79b9_7f4a_7c15n,
  0xd1b5_4a32_d192_ed03n,
  0x8cb9_2ba7_2f3d_8dd7n,
  0xaef1_7502_108e_f2d9n,
] as const;

export interface EvalOptions {
  readonly images: number;
  /** Overrides of config constants, as text. */
  readonly configs?: Readonly<Record<string, string>>;
  /** log2 of the bytes of a slot; default: 20, or what the program's variables need. */
  readonly slotBits?: number;
  readonly stackBytes?: number;
  /** Limit of steps of all images together (default: 50 million). */
  readonly steps?: number;
  /** Steps of a turn (default: 100). */
  readonly quantum?: number;
  /** Turns of random length in random order. Without it they are equal, round-robin. */
  readonly seed?: number;
  /** How often the run-time looks for what it waits for before it sleeps (default: not at all). */
  readonly spin?: number;
  /** Deepest nesting of calls (default: 20 000). */
  readonly maxDepth?: number;
  /** How a value is printed; default: plainly. Tests give the node's own. */
  readonly format?: (format: Format, value: bigint | number | string) => string;
  /** Called before each access to memory; throws to refuse it. */
  readonly guard?: (access: MemoryAccess) => void;
  /** Called when an image's turn begins, with all memory. */
  readonly onTurn?: (image: number, memory: DataView) => void;
  /** Called with all memory when the run is over. */
  readonly onMemory?: (memory: DataView, slotBits: number) => void;
  /** Called at each evaluation of an op. */
  readonly onOp?: (op: OpName) => void;
  /** Called at each hook, before it is lowered; whether something is due. Default: nothing is. */
  readonly onHook?: (image: number, memory: DataView) => boolean;
  /** Stop at an access that no guard covers. @throws Error then; the program must have been guarded and lowered. */
  readonly paranoid?: boolean;
}

export interface EvalResult {
  readonly outcome: Outcome;
  /** Lines without their newlines. */
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
  /** What was written, in order and by whom. */
  readonly output: readonly OutputChunk[];
  readonly steps: number;
}

const smallestSlotBits = 20;
const smallestHeap = 128 * 1024;
const defaultStack = 256 * 1024;
/** Sleepers that are woken by the clock so many times in a row, with nothing written in between, wait for ever. */
const quietRounds = 200;

/** A run in the making: memory laid out, images at rest. */
const prepare = (p: IrProgram, o: EvalOptions): { node: Node } | { message: string } => {
  const layout = layoutOf(p);
  const stackBytes = o.stackBytes ?? defaultStack;
  const top = layout.symmetricBase + layout.symmetricBytes;
  const fiberBytes = hasTasks(p) ? 4 * leastFiberBytes : 0;
  const least = Math.max(top + smallestHeap + stackBytes + fiberBytes + slotTailBytes, dataBase + layout.dataBytes);
  const tracked = tracks(p);
  const need = tracked ? (least / 3) * 4 : least;
  const slotBits = o.slotBits ?? Math.max(smallestSlotBits, Math.ceil(Math.log2(need)));
  if (need > 2 ** slotBits) return { message: `a slot of 2^${slotBits} bytes is too small: ${need} are needed` };
  if ((o.images + 1) * 2 ** slotBits > 2 ** 32)
    return { message: `${o.images} slots of 2^${slotBits} bytes do not fit` };
  const tableEnd = 2 ** slotBits - slotTailBytes;
  const fibersEnd = tracked ? tableEnd - trackAreaBytes(slotBits) : tableEnd;
  const stackTop = fibersEnd - fiberBytes;
  const stackLimit = stackTop - stackBytes;
  const guard = o.guard ? { guard: o.guard } : {};
  const memory = new Memory({ slotBits, images: o.images, stackLimit, ...guard });
  const paranoia = o.paranoid ? new Paranoia(memory) : undefined;
  if (paranoia) memory.beforeWrite = (address, bytes) => paranoia.beforeWrite(address, bytes);
  for (const d of p.data) memory.bytes.set(d.bytes, layout.data.get(d.name));

  const nothing: Code = {
    name: '',
    steps: [],
    positions: [],
    registers: 0,
    params: [],
    frameBytes: 0,
    keepsFrame: false,
  };
  const codes = new Map<string, Code>();
  const funcs = new Map(p.funcs.map((f) => [f.name, f]));
  const node: Node = {
    memory,
    layout,
    stackLimit,
    paranoia,
    images: Array.from({ length: o.images }, (_, image): Image => {
      const slot = memory.slot(image);
      const rest = {
        wait: undefined,
        finished: true,
        yielding: false,
        others: 0,
        ownWrites: 0,
        idleSeen: -1,
        line: '',
      };
      return {
        image,
        slot,
        frames: [],
        code: nothing,
        registers: [],
        base: slot + stackTop - guardSlack,
        pc: 0,
        ...rest,
      };
    }),
    globals: new Map(p.globals.map((g) => [g.name, g])),
    maxDepth: o.maxDepth ?? 20_000,
    functions: usedAsValues(p.funcs),
    signatures: new Map(
      p.funcs.map((f) => {
        const params = f.params.map((v) => f.types[v]);
        return [f.name, machineTypes(params, f.results)];
      }),
    ),
    code: (name) => {
      let code = codes.get(name);
      if (!code) {
        const f = funcs.get(name);
        if (!f) throw new Error(`internal error: no function @${name}`);
        code = compileCode(node, f);
        codes.set(name, code);
      }
      return code;
    },
    format: o.format ?? ((_, value) => String(value)),
    onOp: o.onOp,
    onHook: o.onHook,
    output: [],
    meetings: new Map(),
    heap: { live: new Map(), free: new Map() },
    symmetric: new Map(),
    time: 0,
  };
  memory.view.setInt32(kernel.busy, o.images, true);
  memory.view.setInt32(kernel.spin, o.spin ?? 0, true);
  // Runs are to be the same each time.
  for (const [k, secret] of meetSecrets.entries()) memory.view.setBigUint64(kernel.meetSecrets + 8 * k, secret, true);
  for (const m of node.images) {
    memory.view.setUint32(m.slot + page.symmetricTop, top, true);
    memory.view.setUint32(m.slot + page.heapBottom, stackLimit, true);
    memory.view.setUint32(m.slot + page.heapLow, stackLimit, true);
    memory.view.setUint32(m.slot + page.heapCeiling, stackLimit, true);
    memory.view.setUint32(m.slot + page.stackLimit, stackLimit, true);
    memory.view.setUint32(m.slot + page.heapEnd, stackLimit, true);
    memory.view.setUint32(m.slot + fibers.first, stackTop, true);
    memory.view.setUint32(m.slot + fibers.top, stackTop, true);
    memory.view.setUint32(m.slot + fibers.end, fibersEnd, true);
    if (tracked) {
      memory.view.setUint32(m.slot + track.area, m.slot + fibersEnd, true);
      memory.view.setUint32(m.slot + track.areaTop, m.slot + fibersEnd, true);
      memory.view.setUint32(m.slot + track.areaEnd, m.slot + tableEnd, true);
      memory.view.setUint32(m.slot + page.roots, m.slot + tableEnd, true);
    }
    memory.view.setUint32(m.slot + page.symmetricFirst, top, true);
    memory.view.setUint32(m.slot + page.symmetricFloor, top, true);
    memory.view.setBigUint64(m.slot + page.secret, 0x9e37_79b9_7f4a_7c15n, true);
    memory.view.setBigUint64(m.slot + page.secret2, 0xd1b5_4a32_d192_ed03n, true);
    memory.view.setUint32(m.slot + page.writable, layout.letBase, true);
    memory.view.setUint32(m.slot + page.symmetricBase, layout.symmetricBase, true);
    memory.view.setUint32(m.slot + page.stackTop, stackTop, true);
    memory.view.setUint32(m.slot + page.dataEnd, dataBase + layout.dataBytes, true);
    memory.view.setUint32(m.slot + page.guardLow, m.slot + stackLimit, true);
    memory.view.setUint32(m.slot + page.guardSpan, stackBytes - guardSlack + 1, true);
  }
  return { node };
};

/** Writes the config cells of every image; gives a message if a value is refused. */
const configure = (p: IrProgram, node: Node, given: Readonly<Record<string, string>>): string | undefined => {
  const configs = p.globals.flatMap((g) => (g.kind === 'config' ? [g] : []));
  const stray = Object.keys(given).find((name) => !configs.some((g) => g.name === name));
  if (stray !== undefined) return `there is no config ${stray}`;
  for (const g of configs) {
    const text = given[g.name] ?? g.default;
    const value = configValue(g, text);
    if (value === undefined) return `${JSON.stringify(text)} is no ${g.configType}, the type of config ${g.name}`;
    for (const m of node.images) node.memory.write(g.type, m.slot + (node.layout.offsets.get(g.name) ?? 0), value);
  }
  return undefined;
};

const positionOf = (m: Image): PosId => m.code.positions[m.pc - 1] ?? 0;

const stackOf = (m: Image): { func: string; position: PosId }[] => {
  const out: { func: string; position: PosId }[] = [];
  let pc = m.pc;
  for (const frame of m.frames.toReversed().slice(0, 64)) {
    out.push({ func: frame.code.name, position: frame.code.positions[pc - 1] ?? 0 });
    pc = frame.returnTo;
  }
  return out;
};

const textOf = (node: Node, fault: FaultKind, values: readonly bigint[]): { text?: string } => {
  const [address, bytes] = values;
  if ((fault !== 'assert' && fault !== 'trap') || address === undefined || bytes === undefined) return {};
  try {
    return { text: node.memory.text(Number(address), Number(bytes)) };
  } catch (e) {
    if (e instanceof Fault) return {};
    throw e;
  }
};

const faultOutcome = (node: Node, m: Image, f: Fault): Outcome => {
  if (f.fault === 'exit') return { kind: 'exit', code: Number(BigInt.asIntN(32, f.values[0] ?? 0n)), image: m.image };
  const { fault, values } = f;
  const position = positionOf(m);
  const text = textOf(node, fault, values);
  return { kind: 'fault', fault, image: m.image, values, position, ...text, stack: stackOf(m) };
};

/** What an image waits for, as the node's watcher would say it. Lowered code has noted it in its kernel page. */
const waitOf = (node: Node, m: Image): { image: number; state: string; position: PosId } => {
  const { view } = node.memory;
  const noted = view.getInt32(m.slot + page.state, true);
  const state = Object.entries(states).find(([, n]) => n === noted)?.[0];
  if (m.wait?.kind === 'wait32' && state !== undefined && noted > states.running) {
    return { image: m.image, state, position: view.getInt32(m.slot + page.statePosition, true) };
  }
  const native = { idle: 'waitUntil', collective: 'collective', wait32: 'wait' }[m.wait?.kind ?? 'wait32'];
  const barrier = m.wait?.kind === 'collective' && m.wait.name === 'barrier';
  return { image: m.image, state: barrier ? 'barrier' : native, position: positionOf(m) };
};

/** A small generator of the kind of Marsaglia's xorshift: the same seed gives the same turns everywhere. */
const randomOf = (seed: number): ((n: number) => number) => {
  let x = (seed | 0) ^ 0x9e3779b9 || 1;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
};

class Scheduler {
  readonly #node: Node;
  readonly #limit: number;
  readonly #quantum: number;
  readonly #random: ((n: number) => number) | undefined;
  readonly #onTurn: EvalOptions['onTurn'];
  #quiet = 0;
  #quietVersion = -1;
  steps = 0;

  constructor(node: Node, o: EvalOptions) {
    this.#node = node;
    this.#limit = o.steps ?? 50_000_000;
    this.#quantum = o.quantum ?? 100;
    this.#onTurn = o.onTurn;
    this.#random = o.seed === undefined ? undefined : randomOf(o.seed);
  }

  #runnable(m: Image): boolean {
    if (m.finished) return false;
    if (m.wait?.kind === 'idle' && m.wait.seen !== this.#node.memory.version - m.ownWrites) m.wait = undefined;
    if (m.wait?.kind === 'wait32' && m.wait.deadline <= this.#node.time) {
      m.registers[m.wait.result] = 2;
      m.wait = undefined;
    }
    return m.wait === undefined;
  }

  /** One turn of one image. */
  #turn(m: Image): Outcome | undefined {
    const { memory } = this.#node;
    this.#onTurn?.(m.image, memory.view);
    const before = memory.version;
    m.others = before - m.ownWrites;
    m.yielding = false;
    const slice = this.#random ? 1 + this.#random(this.#quantum) : this.#quantum;
    let left = Math.min(slice, this.#limit - this.steps);
    const start = left;
    try {
      while (left > 0) {
        left--;
        const step = m.code.steps[m.pc++];
        if (!step) throw new Error(`internal error: @${m.code.name} ran off its end`);
        step(m.registers, m);
        if (m.wait !== undefined || m.yielding || m.finished) break;
      }
      return undefined;
    } catch (e) {
      if (!(e instanceof Fault)) throw e;
      return faultOutcome(this.#node, m, e);
    } finally {
      const took = start - left;
      this.steps += took;
      this.#node.time += took;
      m.ownWrites += memory.version - before;
    }
  }

  /** All wait: moves the clock to the next deadline. False: there is none, or nothing comes of it. */
  #sleep(waiting: readonly Image[]): boolean {
    const { memory } = this.#node;
    const deadlines = waiting.flatMap((m) => (m.wait?.kind === 'wait32' ? [m.wait.deadline] : []));
    const next = Math.min(...deadlines);
    if (next === Number.POSITIVE_INFINITY) return false;
    this.#quiet = memory.version === this.#quietVersion ? this.#quiet + 1 : 0;
    this.#quietVersion = memory.version;
    if (this.#quiet > quietRounds * this.#node.images.length) return false;
    this.#node.time = Math.max(this.#node.time, next);
    return true;
  }

  /** Runs a function without parameters on every image; undefined: all have returned from it. */
  run(func: string): Outcome | undefined {
    const node = this.#node;
    const { images } = node;
    for (const m of images) {
      m.finished = false;
      try {
        enter(node, m, node.code(func), [], []);
      } catch (e) {
        if (!(e instanceof Fault)) throw e;
        return faultOutcome(node, m, e);
      }
    }
    for (;;) {
      const order = images.filter((m) => this.#runnable(m));
      if (order.length === 0) {
        const waiting = images.filter((m) => !m.finished);
        if (waiting.length === 0) return undefined;
        if (!this.#sleep(waiting)) return { kind: 'deadlock', waits: waiting.map((m) => waitOf(node, m)) };
        continue;
      }
      const turns = this.#random ? [order[this.#random(order.length)] as Image] : order;
      for (const m of turns) {
        if (!this.#runnable(m)) continue;
        const outcome = this.#turn(m);
        if (outcome) return outcome;
        if (this.steps >= this.#limit) return { kind: 'steps' };
      }
    }
  }
}

const linesOf = (output: readonly OutputChunk[], stream: 1 | 2): string[] => {
  const text = output
    .filter((c) => c.stream === stream)
    .map((c) => c.text)
    .join('');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
};

/** Runs `init` on all images, then `main`. Never throws for what the program does. */
export const evaluate = (p: IrProgram, options: EvalOptions): EvalResult => {
  const rejected = (message: string): EvalResult => ({
    outcome: { kind: 'rejected', message },
    stdout: [],
    stderr: [],
    output: [],
    steps: 0,
  });
  for (const name of ['init', 'main']) {
    if (!p.funcs.some((f) => f.name === name)) return rejected(`there is no function ${name}`);
  }
  const prepared = prepare(p, options);
  if ('message' in prepared) return rejected(prepared.message);
  const { node } = prepared;
  const refused = configure(p, node, options.configs ?? {});
  if (refused !== undefined) return rejected(refused);
  const bare = options.paranoid ? firstUnguarded(p) : undefined;
  if (bare !== undefined) throw new Error(`paranoid: ${bare} has no note of a guard`);
  const scheduler = new Scheduler(node, options);
  const seal = (): undefined => {
    node.memory.view.setInt32(kernel.ready, options.images, true);
    // Lets stay as they are from now on.
    for (const m of node.images) node.memory.view.setUint32(m.slot + page.writable, node.layout.writableBase, true);
  };
  const outcome = scheduler.run('init') ?? seal() ?? scheduler.run('main') ?? { kind: 'ok' };
  options.onMemory?.(node.memory.view, node.memory.slotBits);
  const { output } = node;
  return { outcome, stdout: linesOf(output, 1), stderr: linesOf(output, 2), output, steps: scheduler.steps };
};
