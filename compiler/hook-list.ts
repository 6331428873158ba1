// `--emit=hooks`: every hook of a program with its place in the source and its kind, and the longest path between two of them.
import { microseconds, spacingUnits } from './cost.ts';
import type { IrProgram, OpInst, PosId } from './ir.ts';
import type { HookKind } from './ir-hooks.ts';
import { numberImm, textImm } from './ir-types.ts';
import { insideText, placeOfUser } from './place-text.ts';
import { forEachInst } from './tree.ts';
import { hookReport } from './verify-hooks.ts';

const units = (n: number): string => `${n} ${n === 1 ? 'unit' : 'units'}`;

const every = (h: OpInst): string =>
  numberImm(h.imms, 2) > 1 ? `every ${numberImm(h.imms, 2)} rounds` : 'in each round';

const words: Readonly<Record<HookKind, (hook: OpInst) => string>> = {
  strip: (h) => `after strips of ${numberImm(h.imms, 2)} rounds`,
  exit: (h) => `${every(h)}, outside of the loop`,
  place: every,
  call: () => 'before calls that come back',
  row: () => 'in a row of loops or calls',
};

const textOf = (hook: OpInst): string => {
  const kind = textImm(hook.imms, 1);
  return kind in words ? words[kind as HookKind](hook) : kind;
};

const inMicroseconds = (n: number): string => `${Number(microseconds(n).toPrecision(3))} µs`;

/** The list as text; the program as the pass `hooks` leaves it. */
export const hookList = (program: IrProgram, interval: number): string => {
  const place = (pos: PosId): { readonly file: string; readonly line: number; readonly col: number } => {
    const p = program.positions[pos];
    return { file: program.files[p?.file ?? 0] ?? '?', line: p?.line ?? 0, col: p?.col ?? 0 };
  };
  const shown = (pos: PosId): string => {
    const p = place(pos);
    return p.line === 0 ? 'the start' : `${p.file}:${p.line}:${p.col}`;
  };
  const lines = new Map<
    string,
    { readonly at: ReturnType<typeof place>; readonly fn: string; readonly rest: string; count: number }
  >();
  let hooks = 0;
  for (const f of program.funcs) {
    forEachInst(f.body, (i) => {
      if (i.kind !== 'op' || i.op !== 'hook') return;
      hooks++;
      const at = place(placeOfUser(program, i.pos));
      const rest = `${textOf(i)}${insideText(program, i.pos)}`;
      const key = `${shown(i.pos)} ${f.name} ${rest}`;
      const known = lines.get(key);
      if (known) known.count++;
      else lines.set(key, { at, fn: f.name, rest, count: 1 });
    });
  }
  const sorted = [...lines.values()].sort(
    (a, b) =>
      (a.at.file < b.at.file ? -1 : a.at.file > b.at.file ? 1 : 0) || a.at.line - b.at.line || a.at.col - b.at.col,
  );
  const where = (l: (typeof sorted)[number]): string => `${l.at.file}:${l.at.line}:${l.at.col}`;
  const wide = Math.max(0, ...sorted.map((l) => where(l).length));
  const fnWide = Math.max(0, ...sorted.map((l) => l.fn.length));
  const times = (n: number): string => (n > 1 ? `  (${n} times)` : '');
  const { longest, unbounded } = hookReport(program);
  const path = `longest path without a hook: ${units(longest.cost)}, ${inMicroseconds(longest.cost)}`;
  return [
    ...sorted.map((l) => `${where(l).padEnd(wide)}  ${l.fn.padEnd(fnWide)}  ${l.rest}${times(l.count)}`),
    ...(sorted.length > 0 ? [''] : []),
    hooks === 1 ? '1 hook' : `${hooks} hooks`,
    `spacing in loops: ${units(spacingUnits(interval))}, ${inMicroseconds(spacingUnits(interval))}`,
    `${path}, from ${shown(longest.from)} to ${shown(longest.to)}`,
    ...unbounded.map((u) => `without a bound: the ${u.what} at ${shown(u.pos)}`),
    '',
  ].join('\n');
};
