// What is decided about each `par for` when all functions are lowered: whether its iterations may run on other cores at all, and how many of them
// make a strip, so that one takes a microsecond or two.
//
// A part of a loop that was split off runs under the identity of the image whose loop it is, beside that image's own worker. So the body must
// not get to what the run-time does for an image as a whole: meetings of images, messages, locks, waiting, files, the layout of arrays. What is safe
// is listed here; whatever is not listed keeps a loop in one piece.

import { usedAsValues } from './call-graph.ts';
import { callCost, opCost } from './cost.ts';
import type { Body, Func, IrProgram, OpInst, OpName, PosId } from './ir.ts';
import { placeText } from './place-text.ts';
import { runtimeFor } from './runtime-functions.ts';
import { bodiesOf, forEachInst } from './tree.ts';

/** Units that a strip should cost, as lowered: later passes make it a half or a third of that. */
const stripUnits = 8000;

/** Rounds that a loop is taken to make. */
const rounds = 64;

/** Nothing beyond this is added up: a strip is one iteration. */
const most = stripUnits;

/** Ops that are the image's, not one task's. */
const images: ReadonlySet<OpName> = new Set<OpName>([
  'barrier',
  'idle',
  'allreduce',
  'reduce',
  'broadcast',
  'shared.init',
  'dynamic.init',
  'shared.swap',
  'handle.new',
  'handle.new_co',
  'handle.free',
  'alloc.shared',
  'file.open',
  'file.read',
  'file.write',
  'atomic.wait32',
]);

/** Functions of the run-time that any worker may call for any image. */
const safe: readonly RegExp[] = [
  /^runtime\.(str_equal|read_text|fmod|bytes_at|alloc|free|permit_read|permit_write|refuse|world|rank_of)$/,
  /^runtime\.par\./,
  /^runtime\.bulk\./,
  /^runtime\.entry\./,
  /^runtime\.spawn\./,
  /^runtime\.tasks\./,
  /^runtime\.share\./,
];

const isSafe = (name: string): boolean => !name.startsWith('runtime.') || safe.some((s) => s.test(name));

/** What such a function does is known to be safe, so that nobody looks into it. */
const isKnown = (name: string): boolean =>
  name.startsWith('runtime.') && !/^runtime\.(par\.over|entry|spawn)\./.test(name);

/** What keeps a loop in one piece, and where. */
export interface Obstacle {
  readonly what: string;
  readonly pos: PosId;
}

const words: Partial<Record<string, string>> = {
  'runtime.sync': 'a lock or an event',
  'runtime.messages': 'a message',
  'runtime.collectives': 'a collective operation',
  'runtime.teams': 'a team',
  'runtime.files': 'a file',
};

const wordFor = (name: string): string => words[name.split('.').slice(0, 2).join('.')] ?? `\`${name}\``;

export interface ParDecision {
  readonly grain: bigint;
  readonly obstacle?: Obstacle;
}

/** What a function calls, and what in it is no matter of one task. */
interface Direct {
  readonly calls: ReadonlySet<string>;
  readonly obstacle: Obstacle | undefined;
}

const directly = (f: Func, values: readonly string[]): Direct => {
  const calls = new Set<string>();
  let obstacle: Obstacle | undefined;
  const call = (name: string, pos: PosId): void => {
    calls.add(name);
    if (!isSafe(name)) obstacle ??= { what: wordFor(name), pos };
  };
  forEachInst(f.body, (i) => {
    if (i.kind !== 'op') return;
    if (images.has(i.op)) obstacle ??= { what: `\`${i.op}\``, pos: i.pos };
    const later = runtimeFor[i.op];
    if (i.op === 'call') call(String(i.imms[0]), i.pos);
    else if (i.op === 'call.value') for (const name of values) call(name, i.pos);
    else if (later !== undefined) call(later, i.pos);
  });
  return { calls, obstacle };
};

/** Gives for the function of a loop's body what is decided. */
export const parDecisions = (funcs: readonly Func[]): ((name: string) => ParDecision) => {
  const byName = new Map(funcs.map((f) => [f.name, f]));
  const values = usedAsValues(funcs).filter((name) => !name.startsWith('runtime.'));
  const direct = new Map<string, Direct>();
  const costs = new Map<string, number>();

  const obstacleFrom = (root: string): Obstacle | undefined => {
    const met = new Set<string>([root]);
    // A set that grows while it is walked.
    for (const name of met) {
      const f = byName.get(name);
      if (!f || isKnown(name)) continue;
      const found = direct.get(name) ?? directly(f, values);
      direct.set(name, found);
      if (found.obstacle) return found.obstacle;
      for (const callee of found.calls) met.add(callee);
    }
    return undefined;
  };

  const costOf = (name: string): number => {
    const f = byName.get(name);
    if (!f || isKnown(name)) return callCost;
    const known = costs.get(name);
    if (known !== undefined) return known;
    // Of recursion nobody knows how deep it is.
    costs.set(name, most);
    const cost = ofBody(f.body);
    costs.set(name, cost);
    return cost;
  };

  const ofOp = (inst: OpInst): number => {
    if (inst.op === 'call') return callCost + costOf(String(inst.imms[0]));
    return inst.op === 'call.value' ? callCost + Math.max(0, ...values.map(costOf)) : opCost(inst);
  };

  const ofBody = (b: Body): number => {
    let cost = 1;
    for (const inst of b.insts) {
      const parts = inst.kind === 'op' ? [ofOp(inst)] : bodiesOf(inst).map(ofBody);
      cost += Math.max(0, ...parts) * (inst.kind === 'loop' ? rounds : 1);
    }
    return Math.min(cost, most);
  };

  return (name) => {
    const f = byName.get(name);
    const obstacle = obstacleFrom(name);
    if (!f || obstacle) return { grain: -1n, ...(obstacle ? { obstacle } : {}) };
    // The function is a loop over the iterations; what one of them costs makes the strip.
    const loop = f.body.insts.find((i) => i.kind === 'loop');
    const cost = loop?.kind === 'loop' ? ofBody(loop.body) : most;
    return { grain: BigInt(Math.max(1, Math.min(4096, Math.floor(stripUnits / cost)))) };
  };
};

/** What became of a loop. */
export interface ParReport {
  readonly pos: PosId;
  readonly around: string;
  readonly grain: bigint;
  readonly obstacle: Obstacle | undefined;
}

/** For `--emit=hooks`: each loop, how long its strips are, or what keeps it in one piece. */
export const parList = (program: IrProgram, loops: readonly ParReport[]): string => {
  const place = (pos: PosId): string => placeText(program, pos);
  const lines = loops.map(({ pos, around, grain, obstacle }) => {
    const at = place(obstacle?.pos ?? 0);
    const why = obstacle ? `in one piece, for ${obstacle.what}${at === '' ? '' : ` at ${at}`}` : '';
    return `${place(pos)}  ${around}  par for ${obstacle ? why : `in strips of ${grain}`}`;
  });
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`;
};
