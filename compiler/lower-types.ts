// How PG types look in the IR: the SSA components of a value, and the memory type of a scalar.
import { sizeOf, type Type } from '../lang/types.ts';
import type { IrType, MemType } from './ir.ts';
import { valueType } from './ir.ts';

/** Arrays and structs are handled by the address of memory that holds them. */
export const isAggregate = (t: Type): boolean => t.kind === 'struct' || t.kind === 'array';

/** The memory type of a scalar. */
export const memTypeOf = (t: Type): MemType => {
  switch (t.kind) {
    case 'bool':
      return 'u8';
    case 'int':
      return t.bits >= 32
        ? t.bits === 64
          ? 'i64'
          : 'i32'
        : t.bits === 8
          ? t.signed
            ? 'i8'
            : 'u8'
          : t.signed
            ? 'i16'
            : 'u16';
    case 'float':
      return t.bits === 64 ? 'f64' : 'f32';
    case 'pointer':
    case 'handle':
      return 'ptr32';
    case 'sharedPointer':
      return 'ptr64';
    case 'fn':
      return 'i32';
    default:
      throw new Error(`internal error: ${t.kind} is no scalar`);
  }
};

/** The SSA type of a scalar. */
export const scalarType = (t: Type): IrType => valueType(memTypeOf(t));

/** SSA components of a value of type `t`: one for a scalar, address and lengths for slices and text, an address for aggregates. */
export const componentsOf = (t: Type): readonly IrType[] => {
  switch (t.kind) {
    case 'void':
      return [];
    case 'str':
      return ['gptr', 'i64'];
    case 'slice':
      return ['gptr', ...Array.from({ length: t.rank }, () => 'i64' as const)];
    case 'struct':
    case 'array':
      return ['gptr'];
    case 'bool':
    case 'int':
    case 'float':
    case 'pointer':
    case 'handle':
    case 'sharedPointer':
    case 'fn':
      return [scalarType(t)];
    default:
      throw new Error(`internal error: ${t.kind} has no value`);
  }
};

/** A scalar inside a value in memory, or a component of a slice or text header. */
export interface Leaf {
  readonly offset: number;
  readonly mem: MemType;
}

/** The scalars that make up a value in memory, or undefined if there are more than `limit` of them. */
export const leavesOf = (t: Type, limit: number): readonly Leaf[] | undefined => {
  const leaves: Leaf[] = [];
  const visit = (x: Type, offset: number): boolean => {
    if (leaves.length > limit) return false;
    switch (x.kind) {
      case 'struct':
        return x.struct.fields.every((f) => visit(f.type, offset + f.offset));
      case 'array': {
        const count = x.extents.reduce((n, e) => n * e, 1);
        if (count > limit) return false;
        for (let i = 0; i < count; i++) if (!visit(x.element, offset + i * sizeOf(x.element))) return false;
        return true;
      }
      case 'str':
      case 'slice':
        leaves.push({ offset, mem: 'ptr32' });
        for (let i = 0; i < (x.kind === 'str' ? 1 : x.rank); i++)
          leaves.push({ offset: offset + 8 + 8 * i, mem: 'i64' });
        return true;
      case 'void':
        return true;
      default:
        leaves.push({ offset, mem: memTypeOf(x) });
        return true;
    }
  };
  return visit(t, 0) && leaves.length <= limit ? leaves : undefined;
};

/** Header components of a slice or text in memory. */
export const headerLeaves = (t: Type): readonly Leaf[] => leavesOf(t, 8) ?? [];
