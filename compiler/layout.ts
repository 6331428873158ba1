// Where module-level variables and read-only data lie: offsets in every slot, addresses in slot 0. Used by evaluator and emitter alike.
import { dataBase, descriptorBytes, privateBase } from '../vm/abi.ts';
import { isChecked, redZone } from './checked.ts';
import type { IrGlobal, IrProgram, MemType } from './ir.ts';

export interface Layout {
  /** Offset in the slot of each global (for shared and dynamic arrays: of the descriptor). */
  readonly offsets: ReadonlyMap<string, number>;
  /** Address in slot 0 of each datum. */
  readonly data: ReadonlyMap<string, number>;
  readonly dataBytes: number;
  readonly privateBytes: number;
  readonly symmetricBase: number;
  readonly symmetricBytes: number;
  /** Where lets begin, and what the program may write after `init`. */
  readonly letBase: number;
  readonly writableBase: number;
}

export const memTypeBytes: Record<MemType, number> = {
  i8: 1,
  u8: 1,
  i16: 2,
  u16: 2,
  i32: 4,
  i64: 8,
  f32: 4,
  f64: 8,
  ptr32: 4,
  ptr64: 8,
};

const alignTo = (n: number, align: number): number => Math.ceil(n / align) * align;

/** Bytes and alignment of a global in its region. Descriptors are kept on 16 bytes, symmetric objects on a line of their own if small: they may be spun on. */
const extentOf = (g: IrGlobal): { size: number; align: number } => {
  switch (g.kind) {
    case 'private':
      return { size: g.size, align: g.align };
    case 'symmetric':
      return { size: alignTo(g.size, 64), align: 128 };
    case 'let':
    case 'config':
      return { size: memTypeBytes[g.type], align: memTypeBytes[g.type] };
    case 'shared':
      return { size: descriptorBytes(g.dims.length), align: 16 };
    case 'dynamic':
      return { size: descriptorBytes(g.rank), align: 16 };
  }
};

/** Places every global and datum. Pure: the same program gives the same layout. */
export const layoutOf = (program: IrProgram): Layout => {
  const offsets = new Map<string, number>();
  const apart = isChecked(program) ? redZone : () => 0;
  const place = (fits: (g: IrGlobal) => boolean, start: number): number => {
    let top = start;
    for (const g of program.globals) {
      if (!fits(g)) continue;
      const { size, align } = extentOf(g);
      top = alignTo(top, align);
      offsets.set(g.name, top);
      top += size + apart(size);
    }
    return top;
  };
  const isFixed = (g: IrGlobal): boolean => g.kind === 'let' || (g.kind === 'private' && g.fixed === true);
  const letBase = alignTo(
    place((g) => g.kind === 'shared' || g.kind === 'dynamic' || g.kind === 'config', privateBase),
    16,
  );
  const writableBase = alignTo(place(isFixed, letBase), 16);
  const privateEnd = place((g) => g.kind === 'private' && !isFixed(g), writableBase);
  const symmetricBase = alignTo(privateEnd, 4096);
  const symmetricEnd = place((g) => g.kind === 'symmetric', symmetricBase);
  const data = new Map<string, number>();
  let top: number = dataBase;
  for (const d of program.data) {
    top = alignTo(top, 8);
    data.set(d.name, top);
    top += d.bytes.length;
  }
  return {
    offsets,
    data,
    dataBytes: top - dataBase,
    privateBytes: privateEnd - privateBase,
    symmetricBase,
    symmetricBytes: alignTo(symmetricEnd - symmetricBase, 128),
    letBase,
    writableBase,
  };
};
