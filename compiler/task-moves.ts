// Which tasks idle images may take (stdlib/runtime_share.pg), decided when all functions are lowered.
//
// A task that is taken belongs to the image that took it. So one may be taken that cannot tell which image it is on, and whose image cannot tell either: it
// neither asks nor uses anything of the image, and what it is given and gives means the same everywhere (the checker has seen to that). Tasks of one
// image take turns, also without any synchronisation between them; what they share by it is memory of that image: its variables, and what pointers lead to.
// A task that may be taken gets to neither. Its own variables and what it allocates are its own: no pointer comes in (no argument has one, no memory of
// other images may hold one in such programs), and none goes out. Memory of all images it may use by index or by `@p`, as another image would: there order
// is the program's business.
//
// Tasks that it spawns are begun on the image that took it; so what they do counts as what it does.

import { usedAsValues } from './call-graph.ts';
import type { Func, IrGlobal, IrProgram, OpInst, OpName, PosId, Value } from './ir.ts';
import { ops } from './ir.ts';
import { textImm } from './ir-types.ts';
import type { Obstacle } from './par-grain.ts';
import { placeText } from './place-text.ts';
import { runtimeFor } from './runtime-functions.ts';
import { argsOf, forEachEnd, forEachInst, operandsOf } from './tree.ts';

/** Ops that give, or change, what is one image's, as a reader knows them. */
const images: Partial<Record<OpName, string>> = {
  this_image: '`this_image`',
  image_of: '`this_image`',
  own: 'memory of the own image',
  slot: 'memory of the own image',
  worker: 'memory of the own image',
  'worker.image': '`this_image`',
  'gptr.of': 'an address made of a number',
  'gptr.bits': 'an address as a number',
  'ptr.bits': 'an address as a number',
  'ptr.diff': 'an address as a number',
  'shared.coordinate': 'the own part of an array',
  'shared.lo': 'the own part of an array',
  'shared.hi': 'the own part of an array',
  'shared.init': 'the layout of an array',
  'shared.swap': 'a swap of arrays',
  'handle.coordinate': 'the own part of an array',
  'handle.lo': 'the own part of an array',
  'handle.hi': 'the own part of an array',
  'handle.new': 'a new array of all images',
  'handle.new_co': 'a new array of all images',
  'handle.free': '`delete` of an array of all images',
  'dynamic.init': 'the layout of an array',
  'alloc.shared': 'a new shared object',
  barrier: 'a barrier',
  idle: '`wait_until`',
  allreduce: 'a collective operation',
  reduce: 'a collective operation',
  broadcast: 'a collective operation',
  out: 'output',
  'out.str': 'output',
  'out.end': 'output',
  'file.open': 'a file',
  'file.read': 'a file',
  'file.write': 'a file',
  'atomic.wait32': 'waiting',
  'atomic.notify': 'waiting',
};

/** Functions of the run-time that do the same for any image. */
const safe: readonly RegExp[] = [
  /^runtime\.(str_equal|fmod|bytes_at|alloc|free|permit_read|permit_write|refuse|world)$/,
  /^runtime\.tasks\./,
  /^runtime\.share\./,
  /^runtime\.par\./,
  /^runtime\.bulk\./,
  /^runtime\.entry\./,
  /^runtime\.spawn\./,
];

/** What such a function does is known; the others are of the program, or call it. */
const isKnown = (name: string): boolean =>
  name.startsWith('runtime.') && !/^runtime\.(par\.over|entry|spawn)\./.test(name);

const words: Partial<Record<string, string>> = {
  'runtime.sync': 'a lock or an event',
  'runtime.messages': 'a message',
  'runtime.collectives': 'a collective operation',
  'runtime.teams': 'a team',
  'runtime.files': 'a file',
};

const wordFor = (name: string): string => words[name.split('.').slice(0, 2).join('.')] ?? `\`${name}\``;

/** The own copy of a place that all images have: whoever names another image's, or leaves it to the index, makes it no image's. */
const ownPlaces: ReadonlySet<OpName> = new Set<OpName>([
  'shared.part',
  'shared.part_now',
  'handle.part',
  'handle.part_now',
]);
const stillOwn: ReadonlySet<OpName> = new Set<OpName>(['offset', 'elem']);
const anyones: ReadonlySet<OpName> = new Set<OpName>([
  'remote',
  'shared.elem',
  'handle.elem',
  'check.handle',
  'check.local',
]);

interface Globals {
  readonly byName: ReadonlyMap<string, IrGlobal>;
  /** Lets that have one value on all images. */
  readonly same: ReadonlySet<string>;
}

const isPure = (inst: OpInst): boolean => ops[inst.op].effects.length === 0;

/** Lets of which `init` computes the same on all images: from constants, configs and each other. */
const sameLets = (funcs: readonly Func[], globals: readonly IrGlobal[]): ReadonlySet<string> => {
  const same = new Set(globals.flatMap((g) => (g.kind === 'config' ? [g.name] : [])));
  const init = funcs.find((f) => f.name === 'init');
  if (!init) return same;
  const lets = new Set(globals.flatMap((g) => (g.kind === 'let' ? [g.name] : [])));
  const fixed = new Set<Value>();
  const places = new Map<Value, string>();
  for (const i of init.body.insts) {
    if (i.kind !== 'op') continue;
    const [result] = i.results;
    const [first] = i.args;
    if (i.op === 'global') places.set(result ?? -1, textImm(i.imms, 0));
    else if (i.op === 'addr') places.set(result ?? -1, places.get(first ?? -1) ?? '');
    else if (i.op === 'store') {
      const name = places.get(first ?? -1) ?? '';
      if (lets.has(name) && i.imms[0] === 0 && fixed.has(i.args[1] ?? -1)) same.add(name);
    } else if (i.op === 'let') {
      if (same.has(textImm(i.imms, 0))) fixed.add(result ?? -1);
    } else if (result !== undefined && i.op !== 'frame' && images[i.op] === undefined && isPure(i)) {
      // Of the ops without operands these are constants and the number of images.
      if (i.args.every((a) => fixed.has(a)) && !/^(shared|dynamic|handle|data|func|stack|null)/.test(i.op))
        fixed.add(result);
    }
  }
  return same;
};

/** What a function does that is of one image, and what it calls. */
interface Direct {
  readonly calls: ReadonlySet<string>;
  readonly obstacle: Obstacle | undefined;
}

const variable = (g: IrGlobal | undefined): string => (g ? `the variable \`${g.name}\`` : 'a variable');

/** The variable that an op names first. */
const nameOf = (inst: OpInst, globals: Globals): IrGlobal | undefined => {
  const [name] = inst.imms;
  return typeof name === 'string' ? globals.byName.get(name) : undefined;
};

/** How a reader knows an op that names a variable, if it is one image's; `own`: it is, unless it is used for another's. */
const ofGlobal = (inst: OpInst, globals: Globals): { readonly own: boolean; readonly what?: string } => {
  const g = nameOf(inst, globals);
  switch (inst.op) {
    case 'global':
      return g?.kind === 'symmetric' ? { own: true } : { own: false, what: variable(g) };
    case 'let':
      return g && globals.same.has(g.name) ? { own: false } : { own: false, what: variable(g) };
    case 'dynamic.base':
      return g?.kind === 'dynamic' && g.symmetric ? { own: true } : { own: false, what: variable(g) };
    case 'dynamic.extent':
      return g?.kind === 'dynamic' && g.symmetric ? { own: false } : { own: false, what: variable(g) };
    default:
      return { own: ownPlaces.has(inst.op) };
  }
};

/** Addresses that only code of the run-time uses, put here by the compiler: of the records of loops. */
const recordsIn = (f: Func): ReadonlySet<Value> => {
  const others = new Set<Value>();
  const pointers = new Map<Value, Value>();
  forEachInst(f.body, (i) => {
    const [result] = i.results;
    const [from] = operandsOf(i);
    if (i.kind === 'op' && i.op === 'addr' && result !== undefined && from !== undefined) pointers.set(result, from);
    else if (i.kind !== 'op' || !i.kernel) for (const v of operandsOf(i)) others.add(v);
  });
  forEachEnd(f.body, (end) => {
    for (const v of argsOf(end)) others.add(v);
  });
  for (const [pointer, from] of pointers) if (others.has(pointer)) others.add(from);
  return new Set([...pointers.values()].filter((v) => !others.has(v)));
};

const directly = (f: Func, values: readonly string[], globals: Globals): Direct => {
  const calls = new Set<string>();
  const ours = f.name.startsWith('runtime.');
  const records = recordsIn(f);
  /** Addresses in the own slot, and what they are of. */
  const own = new Map<Value, string>();
  let obstacle: Obstacle | undefined;
  const met = (what: string, pos: PosId): void => {
    obstacle ??= { what, pos };
  };
  const call = (name: string, pos: PosId): void => {
    calls.add(name);
    if (name.startsWith('runtime.') && !safe.some((s) => s.test(name))) met(wordFor(name), pos);
  };
  forEachInst(f.body, (i) => {
    const used = operandsOf(i).find((v) => own.has(v));
    if (i.kind !== 'op') {
      if (used !== undefined) met(own.get(used) ?? '', i.pos);
      return;
    }
    const [result] = i.results;
    const what = images[i.op];
    const record = /^(gptr|ptr)\./.test(i.op) && (ours || (result !== undefined && records.has(result)));
    if (what !== undefined && !record) met(what, i.pos);
    if (used !== undefined && !anyones.has(i.op)) {
      if (stillOwn.has(i.op) && result !== undefined) own.set(result, own.get(used) ?? '');
      else met(own.get(used) ?? '', i.pos);
    }
    const named = ofGlobal(i, globals);
    if (named.what !== undefined) met(named.what, i.pos);
    if (named.own && result !== undefined) {
      const g = nameOf(i, globals);
      own.set(result, g ? `the own copy of \`${g.name}\`` : 'the own part of an array');
    }
    const later = runtimeFor[i.op];
    if (i.op === 'call') call(String(i.imms[0]), i.pos);
    else if (i.op === 'call.value') for (const name of values) call(name, i.pos);
    else if (i.op === 'func.ref' && /^runtime\.entry\./.test(String(i.imms[0]))) call(String(i.imms[0]), i.pos);
    else if (later !== undefined) call(later, i.pos);
  });
  forEachEnd(f.body, (end) => {
    const used = argsOf(end).find((v) => own.has(v));
    if (used !== undefined) met(own.get(used) ?? '', end.pos);
  });
  return { calls, obstacle };
};

/** Gives for the function that a task begins with what keeps the task on its image; undefined: nothing does. */
export const moveObstacles = (
  funcs: readonly Func[],
  globals: readonly IrGlobal[],
): ((entry: string) => Obstacle | undefined) => {
  const byName = new Map(funcs.map((f) => [f.name, f]));
  const values = usedAsValues(funcs).filter((name) => !name.startsWith('runtime.'));
  const known: Globals = { byName: new Map(globals.map((g) => [g.name, g])), same: sameLets(funcs, globals) };
  const direct = new Map<string, Direct>();
  return (entry) => {
    const met = new Set<string>([entry]);
    // A set that grows while it is walked.
    for (const name of met) {
      const f = byName.get(name);
      if (!f || isKnown(name)) continue;
      const found = direct.get(name) ?? directly(f, values, known);
      direct.set(name, found);
      if (found.obstacle) return found.obstacle;
      for (const callee of found.calls) met.add(callee);
    }
    return undefined;
  };
};

/** What became of a task. */
export interface MoveReport {
  readonly pos: PosId;
  readonly entry: string;
  readonly obstacle: Obstacle | undefined;
}

/** For `--emit=hooks`: each place where a task is spawned, and whether it may run on another image than its own. */
export const moveList = (program: IrProgram, tasks: readonly MoveReport[]): string => {
  const place = (pos: PosId): string => placeText(program, pos);
  const lines = tasks.map(({ pos, obstacle }) => {
    const at = place(obstacle?.pos ?? 0);
    const why = obstacle ? `stays on its image, for ${obstacle.what}${at === '' ? '' : ` at ${at}`}` : '';
    return `${place(pos)}  task ${obstacle ? why : 'may run on any image that has nothing to do'}`;
  });
  return lines.length === 0 ? '' : `\n${[...new Set(lines)].join('\n')}\n`;
};
