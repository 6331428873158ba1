// `--emit=vector`: every loop of a program with its place in the source, whether several of its iterations are done at once, and if not, why not.
//
// The list asks what the pass `vectorise` asks, of the program as that pass finds it. A loop that is there several times (with and without guards,
// inlined in several places) is one line, which tells of the copy in a function that does best, and of several functions if they agree. A loop
// of the library that was inlined stands where it is called from.
import { isRuntime } from '../vm/abi.ts';
import { isChecked } from './checked.ts';
import { memoryOf } from './effects.ts';
import { defsOf } from './facts.ts';
import type { Body, Func, IrProgram, LoopInst, PosId, Value } from './ir.ts';
import { insideText, placeOfUser } from './place-text.ts';
import { bodiesOf, editOf } from './tree.ts';
import { floatShape, intShape } from './vector-lanes.ts';
import { isRefusal, type Refusal } from './vector-loop.ts';
import { type Plan, planOf } from './vector-plan.ts';
import type { Bits } from './vector-width.ts';

interface Line {
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly fn: string;
  text: string;
  /** The better the higher. */
  rank: number;
}

const hasLoop = (b: Body): boolean => b.insts.some((i) => i.kind === 'loop' || bodiesOf(i).some(hasLoop));

const forEachLoop = (body: Body, visit: (loop: LoopInst) => void): void => {
  for (const i of body.insts) {
    if (i.kind === 'loop') visit(i);
    for (const b of bodiesOf(i)) forEachLoop(b, visit);
  }
};

/** The shapes of the vectors of a loop, as the ops call them. */
const shapesOf = (plan: Plan, typeOf: (v: Value) => string | undefined): string => {
  const found = new Set<string>();
  for (const [v, bits] of plan.widths.bits) {
    const inst = plan.straight.by.get(v);
    if (inst && !plan.live.has(inst)) continue;
    found.add(/^f/.test(typeOf(v) ?? '') ? floatShape(bits) : intShape[bits]);
  }
  for (const a of plan.accesses)
    if (a.write) found.add(/^f/.test(a.type) ? floatShape(bitsOf(a.bytes)) : intShape[bitsOf(a.bytes)]);
  return [...found].sort().join(' and ') || intShape[plan.widths.least];
};

const bitsOf = (bytes: number): Bits => (bytes === 1 ? 8 : bytes === 2 ? 16 : bytes === 4 ? 32 : 64);

const counted = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

const yes = (plan: Plan, typeOf: (v: Value) => string | undefined): string => {
  const round = plan.lanes * plan.groups;
  const unrolled = plan.groups > 1 ? ` (unrolled ${plan.groups} times)` : '';
  const totals = plan.accumulators.length > 0 ? `, ${counted(plan.accumulators.length, 'accumulator')} in lanes` : '';
  const groups = plan.interleaved.length > 0 ? `, ${counted(plan.interleaved.length, 'interleaved group')}` : '';
  const asks = plan.asks.length > 0 ? `; before it, ${counted(plan.asks.length, 'pair')} of addresses compared` : '';
  const rest = plan.leavesOne ? '; the rest, and the last iteration, one by one' : '; the rest one by one';
  return `yes: ${shapesOf(plan, typeOf)}, ${round} iterations at once${unrolled}${groups}${totals}${rest}${asks}`;
};

/** The list as text; the program as the pass finds it. */
export const vectorList = (program: IrProgram): string => {
  const lines = new Map<string, Line>();
  const place = (pos: PosId) => program.positions[pos];
  const why = (r: Refusal, loop: LoopInst): string => {
    const [at, own, shown] = [place(r.at), place(loop.pos), place(placeOfUser(program, loop.pos))];
    const elsewhere = at && own && at.line > 0 && (at.file !== own.file || at.line !== own.line || at.col !== own.col);
    const file = elsewhere && at.file !== shown?.file ? `${program.files[at.file] ?? '?'}:` : '';
    return `no: ${r.why}${elsewhere ? `, at ${file}${at.line}:${at.col}` : ''}`;
  };
  const look = (f: Func): void => {
    const defs = defsOf(f);
    const edit = editOf(f);
    const memory = memoryOf(f, program, defs);
    forEachLoop(f.body, (loop) => {
      const at = place(placeOfUser(program, loop.pos));
      const inside = insideText(program, loop.pos);
      if (!at || at.line === 0) return;
      const plan = hasLoop(loop.body) ? { why: 'a loop in it', at: loop.pos } : planOf({ defs, memory, edit }, loop);
      // Copies with guards are those for which the others are there.
      const rank = !isRefusal(plan) ? 3 : plan.why.startsWith('a guard') ? 1 : 2;
      const text = `${isRefusal(plan) ? why(plan, loop) : yes(plan, (v) => edit.types[v])}${inside}`;
      const file = program.files[at.file] ?? '?';
      const key = `${file}:${at.line}:${at.col}${inside} ${f.name}`;
      const known = lines.get(key);
      if (!known) lines.set(key, { file, line: at.line, col: at.col, fn: f.name, text, rank });
      else if (rank > known.rank) Object.assign(known, { text, rank });
    });
  };
  if (!isChecked(program)) for (const f of program.funcs) if (!isRuntime(f.name) && f.name !== 'init') look(f);
  const merged = new Map<string, Line>();
  for (const l of lines.values()) {
    const key = `${l.file}:${l.line}:${l.col} ${l.text}`;
    const known = merged.get(key);
    merged.set(key, known ? { ...known, fn: `${known.fn}, ${l.fn}` } : l);
  }
  const sorted = [...merged.values()].sort(
    (a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0) || a.line - b.line || a.col - b.col,
  );
  const where = (l: Line): string => `${l.file}:${l.line}:${l.col}`;
  const wide = Math.max(0, ...sorted.map((l) => where(l).length));
  const fnWide = Math.max(0, ...sorted.map((l) => l.fn.length));
  const done = sorted.filter((l) => l.rank === 3).length;
  return [
    ...sorted.map((l) => `${where(l).padEnd(wide)}  ${l.fn.padEnd(fnWide)}  ${l.text}`),
    ...(sorted.length > 0 ? [''] : []),
    `${counted(sorted.length, 'loop')}, ${done} with vectors`,
    '',
  ].join('\n');
};
