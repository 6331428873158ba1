// `--emit=vector`: every loop of a program with its place in the source, whether several of its iterations are done at once, and if not, why not.
//
// The list asks what the pass `vectorise` asks, of the program as that pass finds it. A loop of the source may be several by then: what runs only
// if a question before it was answered with no (a copy with all guards) is left out if there is another; pieces and copies of which the same is to be
// said are one line, others one each, which says how many of them it is about; and a loop around another that the compiler has made of the same one
// (rows of a `forall (i, j)`, blocks of a distributed array) is left out. A loop of the library that was inlined stands where it is called from.
import { isRuntime } from '../vm/abi.ts';
import { isChecked } from './checked.ts';
import { memoryOf } from './effects.ts';
import { defsOf } from './facts.ts';
import type { Body, Func, IrProgram, LoopInst, PosId, Value } from './ir.ts';
import { insideText, placeOfUser } from './place-text.ts';
import { bodiesOf, editOf, hasLoop } from './tree.ts';
import { floatShape, intShape } from './vector-lanes.ts';
import { isRefusal, type Refusal } from './vector-loop.ts';
import { type Plan, planOf } from './vector-plan.ts';
import type { Bits } from './vector-width.ts';

interface Line {
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly fn: string;
  readonly text: string;
  readonly vectors: boolean;
}

/** What a loop of the source has become in one function. */
interface Copies {
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly fn: string;
  readonly copies: Copy[];
}

interface Copy {
  readonly text: string;
  readonly vectors: boolean;
  /** It runs only if something that is likely is not so. */
  readonly spare: boolean;
  /** There is a loop of the same place in it. */
  readonly around: boolean;
}

/** `spare`: in the branch that is not the likely one. */
const forEachLoop = (body: Body, spare: boolean, visit: (loop: LoopInst, spare: boolean) => void): void => {
  for (const i of body.insts) {
    if (i.kind === 'loop') visit(i, spare);
    for (const b of bodiesOf(i)) forEachLoop(b, spare || (i.kind === 'if' && i.likely === (b === i.else)), visit);
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

/** A line for each thing to be said. */
const linesOf = ({ copies, ...at }: Copies): readonly Line[] => {
  const inner = copies.filter((c) => !c.around);
  const likely = inner.filter((c) => !c.spare);
  const told = likely.length > 0 ? likely : inner;
  const texts = new Map<string, Copy[]>();
  for (const c of told.toSorted((a, b) => Number(b.vectors) - Number(a.vectors)))
    texts.set(c.text, [...(texts.get(c.text) ?? []), c]);
  return [...texts].map(([text, some]) => {
    const part = texts.size > 1 ? ` (${some.length} of the ${told.length} loops that it has become)` : '';
    return { ...at, text: `${text}${part}`, vectors: some.some((c) => c.vectors) };
  });
};

/** The list as text; the program as the pass finds it. */
export const vectorList = (program: IrProgram): string => {
  const found = new Map<string, Copies>();
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
    forEachLoop(f.body, false, (loop, spare) => {
      const at = place(placeOfUser(program, loop.pos));
      const inside = insideText(program, loop.pos);
      if (!at || at.line === 0) return;
      const plan = hasLoop(loop.body) ? { why: 'a loop in it', at: loop.pos } : planOf({ defs, memory, edit }, loop);
      const text = `${isRefusal(plan) ? why(plan, loop) : yes(plan, (v) => edit.types[v])}${inside}`;
      const file = program.files[at.file] ?? '?';
      const key = `${file}:${at.line}:${at.col}${inside} ${f.name}`;
      const all = found.get(key) ?? { file, line: at.line, col: at.col, fn: f.name, copies: [] };
      found.set(key, all);
      let around = false;
      const isSame = (pos: PosId): boolean => {
        const [own, other] = [place(loop.pos), place(pos)];
        return own !== undefined && other?.file === own.file && other.line === own.line && other.col === own.col;
      };
      forEachLoop(loop.body, false, (inner) => {
        around ||= isSame(inner.pos);
      });
      all.copies.push({ text, vectors: !isRefusal(plan), spare, around });
    });
  };
  if (!isChecked(program)) for (const f of program.funcs) if (!isRuntime(f.name) && f.name !== 'init') look(f);
  const merged = new Map<string, Line>();
  for (const l of [...found.values()].flatMap(linesOf)) {
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
  // A loop that has become several is one.
  const places = (lines: readonly Line[]): number => new Set(lines.map(where)).size;
  return [
    ...sorted.map((l) => `${where(l).padEnd(wide)}  ${l.fn.padEnd(fnWide)}  ${l.text}`),
    ...(sorted.length > 0 ? [''] : []),
    `${counted(places(sorted), 'loop')}, ${places(sorted.filter((l) => l.vectors))} with vectors`,
    '',
  ].join('\n');
};
