// `--emit=guards`: every access of a program with its place in the source, and why it is guarded or not; then how many there are of
// each reason. Read off the notes that the guard passes leave on accesses.
import { isRuntime } from '../vm/abi.ts';
import { ofRuntime } from './guards.ts';
import type { IrProgram, OpInst, PosId } from './ir.ts';
import { type AccessPart, accessParts } from './provenance.ts';
import { forEachInst } from './tree.ts';

interface Line {
  readonly file: string;
  readonly line: number;
  readonly col: number;
  readonly access: string;
  readonly fn: string;
  readonly reason: string;
}

const accessText = (inst: OpInst, parts: readonly AccessPart[]): string => {
  const sizes = parts.map((p) => `${p.write ? 'write' : 'read'} ${typeof p.bytes === 'number' ? p.bytes : 'range'}`);
  return inst.op.startsWith('atomic.') ? `atomic ${sizes.join(', ')}` : sizes.join(', ');
};

/** `1 access`, `2 accesses`. */
const counted = (n: number): string => `${n} ${n === 1 ? 'access' : 'accesses'}`;

/** Only the reason, without what it refers to: for the summary. */
const reasonClass = (reason: string): string => {
  const plain = reason.replace(/the guard at \d+:\d+/g, 'a guard').replace(/ at \d+:\d+/g, '');
  return [...new Set(plain.split('; '))].join('; ');
};

const textOf = (l: Line): string => `${l.file}:${l.line}:${l.col}  ${l.access}  ${l.fn}  ${l.reason}`;

/** The list as text. Accesses of run-time code are left out. */
export const guardList = (program: IrProgram): string => {
  const place = (pos: PosId): Pick<Line, 'file' | 'line' | 'col'> => {
    const p = program.positions[pos];
    return { file: program.files[p?.file ?? 0] ?? '?', line: p?.line ?? 0, col: p?.col ?? 0 };
  };
  const lines: Line[] = [];
  for (const f of program.funcs) {
    if (isRuntime(f.name)) continue;
    forEachInst(f.body, (i) => {
      if (i.kind !== 'op') return;
      const parts = accessParts(i);
      if (parts.length === 0 || i.guard === ofRuntime) return;
      lines.push({ ...place(i.pos), access: accessText(i, parts), fn: f.name, reason: i.guard ?? 'not guarded' });
    });
  }
  lines.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line || a.col - b.col));
  const widths = ['file', 'access', 'fn'].map((_, k) =>
    Math.max(0, ...lines.map((l) => [`${l.file}:${l.line}:${l.col}`, l.access, l.fn][k]?.length ?? 0)),
  );
  const [wide = 0, accessWide = 0, fnWide = 0] = widths;
  const shown = new Map<string, { text: string; count: number }>();
  for (const l of lines) {
    const text = `${`${l.file}:${l.line}:${l.col}`.padEnd(wide)}  ${l.access.padEnd(accessWide)}  ${l.fn.padEnd(fnWide)}  ${l.reason}`;
    const known = shown.get(textOf(l));
    if (known) known.count++;
    else shown.set(textOf(l), { text, count: 1 });
  }
  const byReason = new Map<string, number>();
  for (const l of lines) byReason.set(reasonClass(l.reason), (byReason.get(reasonClass(l.reason)) ?? 0) + 1);
  const summary = [...byReason].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const digits = Math.max(0, ...summary.map(([, n]) => String(n).length));
  return [
    ...[...shown.values()].map(({ text, count }) => (count > 1 ? `${text}  (${count} times)` : text)),
    ...(lines.length > 0 ? [''] : []),
    counted(lines.length),
    ...summary.map(([reason, n]) => `  ${String(n).padStart(digits)}  ${reason}`),
    '',
  ].join('\n');
};
