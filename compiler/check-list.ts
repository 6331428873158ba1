// `--emit=checks`: every check that the language asks for (an index, the ends of a slice, a divisor …) with its place in the source, and
// what became of it: gone, and by what it is implied; made before a loop instead of in it; or still there, and why.
//
// Passes do not know of this list. It looks at the program after each of them: a check that was there and is not any more, was taken by that pass.
// Only what a proof was made of has to be told (`explain` in passes.ts).
import { isRuntime } from '../vm/abi.ts';
import { isCheck } from './effects.ts';
import { countedAtBottom, countedOf, type Defs, defsOf } from './facts.ts';
import type { Body, Func, IrProgram, LoopInst, OpInst, PosId, Value } from './ir.ts';
import { bodiesOf } from './tree.ts';

interface Fate {
  readonly op: string;
  readonly pos: PosId;
  fn: string;
  /** How many loops it was in, at most, when it was last seen. */
  depth: number;
  /** Copies that are there. */
  count: number;
  hoisted: boolean;
  /** Why it is gone, while it is. */
  gone: string | undefined;
  /** What a proof said. */
  told: string | undefined;
  /** Before what it is asked about, in such a way that most often none is made. */
  asked: string | undefined;
  /** Why it is still there. */
  stays: string | undefined;
}

/** What a pass that takes a check says by doing so. */
const saidBy: Readonly<Record<string, string>> = {
  fold: 'constants decide it',
  cse: 'it was made before with the same values',
  dce: 'it is never reached',
  'check-elim': 'conditions imply it',
};

/** Looks at a program as it becomes another, and tells at the end what became of its checks. */
export interface CheckWatch {
  readonly explain: (check: OpInst, why: string, asked?: true) => void;
  readonly after: (pass: string, program: IrProgram) => void;
  readonly list: (program: IrProgram) => string;
}

const runtimeFile = /^std\/runtime\w*\.pg$/;

export const watchChecks = (): CheckWatch => {
  const fates = new Map<string, Fate>();
  const keyOf = (inst: OpInst): string => `${inst.op} ${inst.pos}`;
  const see = (pass: string, program: IrProgram, reasons: boolean): void => {
    const before = new Map([...fates].map(([key, f]) => [key, { depth: f.depth, count: f.count }]));
    for (const f of fates.values()) {
      f.count = 0;
      f.depth = 0;
    }
    for (const f of program.funcs) {
      if (isRuntime(f.name)) continue;
      const defs = reasons ? defsOf(f) : undefined;
      forEachCheck(f.body, [], (inst, loops) => {
        // What begins the program has parts of the run-time in it, of which users have not written a line.
        if (runtimeFile.test(program.files[program.positions[inst.pos]?.file ?? 0] ?? '')) return;
        const key = keyOf(inst);
        const known = fates.get(key);
        const fate: Fate = known ?? {
          op: inst.op,
          pos: inst.pos,
          fn: f.name,
          depth: 0,
          count: 0,
          hoisted: false,
          gone: undefined,
          told: undefined,
          asked: undefined,
          stays: undefined,
        };
        fates.set(key, fate);
        fate.fn = f.name;
        fate.count++;
        fate.gone = undefined;
        fate.depth = Math.max(fate.depth, loops.length);
        if (defs) fate.stays ??= whyItStays(program, f, defs, inst, loops);
      });
    }
    for (const [key, fate] of fates) {
      const was = before.get(key);
      if (!was || was.count === 0) continue;
      if (fate.count > 0) fate.hoisted ||= pass === 'licm' && fate.depth < was.depth;
      else fate.gone = fate.told ?? saidBy[pass] ?? 'it is never reached';
    }
  };
  return {
    explain: (inst, why, asked) => {
      const fate = fates.get(keyOf(inst));
      if (fate) fate[asked ? 'asked' : 'told'] = why;
    },
    after: (pass, program) => see(pass, program, false),
    list: (program) => {
      see('', program, true);
      return textOf([...fates.values()], program);
    },
  };
};

/** Checks of a body with the loops around each, outermost first. */
const forEachCheck = (
  body: Body,
  loops: readonly LoopInst[],
  visit: (inst: OpInst, loops: readonly LoopInst[]) => void,
): void => {
  for (const inst of body.insts) {
    if (inst.kind === 'op') {
      if (isCheck(inst.op)) visit(inst, loops);
    } else for (const b of bodiesOf(inst)) forEachCheck(b, inst.kind === 'loop' ? [...loops, inst] : loops, visit);
  }
};

// ---- why a check is still there ---------------------------------------------------------------------------------

const noun: Readonly<Record<string, string>> = {
  'check.index': 'the index',
  'check.slice': 'an end',
  'check.image': 'the image',
  'check.null': 'the pointer',
  'check.divide': 'the divisor',
  'check.overflow': 'the divisor',
  'check.length': 'a length',
  'check.step': 'the step',
};

/** The operand that decides: what is divided does not matter. */
const subjects = (inst: OpInst): readonly Value[] => {
  switch (inst.op) {
    case 'check.divide':
    case 'check.overflow':
      return inst.args.slice(1);
    case 'check.slice':
      return inst.args.slice(0, 2);
    case 'check.length':
      return inst.args;
    default:
      return inst.args.slice(0, 1);
  }
};

const whyItStays = (p: IrProgram, f: Func, defs: Defs, inst: OpInst, loops: readonly LoopInst[]): string => {
  const what = noun[inst.op] ?? 'it';
  for (const v of subjects(inst)) {
    const why = originOf(p, f, defs, v, loops, 8);
    if (why !== undefined) return `${what} ${why}`;
  }
  return `nothing is known that implies it`;
};

const place = (p: IrProgram, pos: PosId): string => `${p.positions[pos]?.line ?? 0}:${p.positions[pos]?.col ?? 0}`;

/** Where a value comes from, as far as that says why nothing is known of it. */
const originOf = (
  p: IrProgram,
  f: Func,
  defs: Defs,
  v: Value,
  loops: readonly LoopInst[],
  depth: number,
): string | undefined => {
  if (f.params.includes(v)) return 'is what the caller passes';
  const def = defs.get(v);
  if (!def || depth === 0) return undefined;
  if (def.kind === 'result') return `is chosen at ${place(p, def.inst.pos)}`;
  if (def.kind === 'param') {
    const { loop } = def;
    const counted = countedOf(defs, loop) ?? countedAtBottom(defs, loop);
    return counted?.induction.param === v
      ? `is counted by the loop at ${place(p, loop.pos)}, whose bounds do not imply it`
      : `changes in the loop at ${place(p, loop.pos)}`;
  }
  const { inst } = def;
  switch (inst.op) {
    case 'const':
    case 'fconst':
      return undefined;
    case 'load':
      return `is read from memory at ${place(p, inst.pos)}`;
    case 'let':
      return 'is a config, or what a let was when the program began';
    case 'call':
    case 'call.value':
      return `is what a call at ${place(p, inst.pos)} gives`;
    default:
      break;
  }
  if (inst.op.startsWith('atomic.')) return `is read from memory at ${place(p, inst.pos)}`;
  for (const a of inst.args) {
    const why = originOf(p, f, defs, a, loops, depth - 1);
    if (why === undefined) continue;
    if (why.startsWith('is computed')) return why;
    return `is computed from ${why.startsWith('is what ') ? why.slice('is '.length) : `what ${why}`}`;
  }
  return undefined;
};

// ---- text -------------------------------------------------------------------------------------------------------

const verdict = (f: Fate): string => {
  if (f.gone !== undefined) return `gone: ${f.gone}`;
  if (f.asked !== undefined) return `asked about before ${f.asked}`;
  return f.hoisted ? 'before the loop' : `stays: ${f.stays ?? ''}`;
};

/** Without places: for the summary. */
const classOf = (f: Fate): string =>
  (f.gone === undefined ? '' : 'gone: ') +
  [
    ...new Set(
      verdict(f)
        .replace(/ at \d+:\d+/g, '')
        .replace(/^gone: /, '')
        .split(', '),
    ),
  ].join(', ');

const counted = (n: number): string => `${n} ${n === 1 ? 'check' : 'checks'}`;

const textOf = (fates: readonly Fate[], program: IrProgram): string => {
  const names = new Set(program.funcs.map((f) => f.name));
  const rows = fates
    // Checks of functions that have become parts of others are listed there.
    .filter((f) => names.has(f.fn))
    .map((f) => {
      const p = program.positions[f.pos];
      const file = program.files[p?.file ?? 0] ?? '?';
      const [line, col] = [p?.line ?? 0, p?.col ?? 0];
      return { file, line, col, place: `${file}:${line}:${col}`, kind: f.op.slice('check.'.length), f };
    })
    .sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.col - b.col));
  const wide = (lengths: readonly number[]): number => Math.max(0, ...lengths);
  const [place, kind, fn] = [
    wide(rows.map((r) => r.place.length)),
    wide(rows.map((r) => r.kind.length)),
    wide(rows.map((r) => r.f.fn.length)),
  ];
  const shown = new Map<string, number>();
  const classes = new Map<string, number>();
  for (const r of rows) {
    const text = `${r.place.padEnd(place)}  ${r.kind.padEnd(kind)}  ${r.f.fn.padEnd(fn)}  ${verdict(r.f)}`;
    shown.set(text, (shown.get(text) ?? 0) + 1);
    const c = classOf(r.f);
    classes.set(c, (classes.get(c) ?? 0) + 1);
  }
  const summary = [...classes].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const digits = wide(summary.map(([, n]) => String(n).length));
  return [
    ...[...shown].map(([text, n]) => (n > 1 ? `${text}  (${n} times)` : text)),
    ...(rows.length > 0 ? [''] : []),
    counted(rows.length),
    ...summary.map(([text, n]) => `  ${String(n).padStart(digits)}  ${text}`),
    '',
  ].join('\n');
};
