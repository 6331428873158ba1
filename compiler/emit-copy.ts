// Copies of bytes. The engine makes a call of memory.copy, some 6 ns, whatever the length: a few loads and stores are done sooner.
import type { ExpressionRef, OpContext } from './emit-context.ts';

/** Copies of a known length up to this are made of loads and stores: four vectors. */
const mostInLine = 64;

/** What moves one piece. */
type Piece = 16 | 8 | 4 | 2 | 1;

interface Part {
  readonly offset: number;
  readonly bytes: Piece;
}

/** Pieces for so many bytes; the last may overlap the one before it, as what it writes is what was there to read. */
const partsOf = (bytes: number): readonly Part[] => {
  const widest = ([16, 8, 4, 2, 1] as const).find((w) => w <= bytes) ?? 1;
  const whole = Math.floor(bytes / widest);
  const parts = Array.from({ length: whole }, (_, k): Part => ({ offset: k * widest, bytes: widest }));
  const rest = bytes - whole * widest;
  const last = ([1, 2, 4, 8, 16] as const).find((w) => w >= rest) ?? 16;
  return rest === 0 ? parts : [...parts, { offset: bytes - last, bytes: last }];
};

const load = ({ m }: OpContext, bytes: Piece, offset: number, from: ExpressionRef): ExpressionRef => {
  switch (bytes) {
    case 16:
      return m.v128.load(offset, 1, from);
    case 8:
      return m.i64.load(offset, 1, from);
    case 4:
      return m.i32.load(offset, 1, from);
    case 2:
      return m.i32.load16_u(offset, 1, from);
    case 1:
      return m.i32.load8_u(offset, 1, from);
  }
};

const store = (
  { m }: OpContext,
  bytes: Piece,
  offset: number,
  to: ExpressionRef,
  value: ExpressionRef,
): ExpressionRef => {
  switch (bytes) {
    case 16:
      return m.v128.store(offset, 1, to, value);
    case 8:
      return m.i64.store(offset, 1, to, value);
    case 4:
      return m.i32.store(offset, 1, to, value);
    case 2:
      return m.i32.store16(offset, 1, to, value);
    case 1:
      return m.i32.store8(offset, 1, to, value);
  }
};

const typeOf = (bytes: Piece): 'v128' | 'i64' | 'i32' => (bytes === 16 ? 'v128' : bytes === 8 ? 'i64' : 'i32');

/** All is read before anything is written: the two may overlap. */
const inLine = (c: OpContext, bytes: number, to: () => ExpressionRef, from: () => ExpressionRef): ExpressionRef => {
  const { m, b } = c;
  const parts = partsOf(bytes);
  const values = parts.map((p) => c.temp(typeOf(p.bytes)));
  const value = (k: number, p: Part): ExpressionRef => m.local.get(values[k] ?? 0, b[typeOf(p.bytes)]);
  return m.block(null, [
    ...parts.map((p, k) => m.local.set(values[k] ?? 0, c.at(load(c, p.bytes, p.offset, from())))),
    ...parts.map((p, k) => c.at(store(c, p.bytes, p.offset, to(), value(k, p)))),
  ]);
};

/** Of no bytes the engine would still ask whether the addresses are in memory. */
export const ifAny = (c: OpContext, move: (bytes: ExpressionRef) => ExpressionRef): ExpressionRef => {
  const { m, b } = c;
  const count = c.arg(2);
  const known = constantOf(c, count);
  if (known !== undefined) return known === 0 ? m.nop() : move(count);
  const bytes = c.temp('i32');
  return m.if(m.local.tee(bytes, count, b.i32), move(m.local.get(bytes, b.i32)));
};

const constantOf = ({ b }: OpContext, e: ExpressionRef): number | undefined => {
  const info = b.getExpressionId(e) === b.ConstId ? b.getExpressionInfo(e) : undefined;
  return info && 'value' in info && typeof info.value === 'number' ? info.value : undefined;
};

/**
 * `copy to, from, bytes`. One number is what most short copies are whose length is known only when they run, as those of a slice: that length is
 * asked about, all others are the engine's.
 */
export const emitCopy = (c: OpContext): ExpressionRef => {
  const { m, b } = c;
  const to = c.temp('i32');
  const from = c.temp('i32');
  const places = [m.local.set(to, c.arg(0)), m.local.set(from, c.arg(1))];
  const target = (): ExpressionRef => m.local.get(to, b.i32);
  const source = (): ExpressionRef => m.local.get(from, b.i32);
  const move = (bytes: ExpressionRef): ExpressionRef => c.at(m.memory.copy(target(), source(), bytes));
  const count = c.arg(2);
  const known = constantOf(c, count);
  if (known === 0) return m.nop();
  if (known !== undefined) {
    const small = known > 0 && known <= mostInLine;
    return m.block(null, [...places, small ? inLine(c, known, target, source) : move(count)]);
  }
  const bytes = c.temp('i32');
  const length = (): ExpressionRef => m.local.get(bytes, b.i32);
  const word = m.i32.eq(length(), m.i32.const(8));
  return m.block(null, [
    ...places,
    m.local.set(bytes, count),
    m.if(word, inLine(c, 8, target, source), m.if(length(), move(length()))),
  ]);
};
