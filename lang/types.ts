// The types of PG and how their values lie in memory (as C would on a 32-bit machine, but for the wide headers below).
import type { Ident } from './ast.ts';
import type { Span } from './source.ts';
import { unreachable } from './unreachable.ts';

export type Type =
  | { readonly kind: 'void' }
  | { readonly kind: 'bool' }
  | { readonly kind: 'int'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  | { readonly kind: 'float'; readonly bits: 32 | 64 }
  | { readonly kind: 'str' }
  | { readonly kind: 'struct'; readonly struct: StructType }
  /** A value: fixed extents, row-major. */
  | { readonly kind: 'array'; readonly extents: readonly number[]; readonly element: Type }
  | { readonly kind: 'slice'; readonly rank: number; readonly element: Type }
  | { readonly kind: 'pointer'; readonly target: Type }
  | { readonly kind: 'sharedPointer'; readonly target: Type }
  /** A function of the program, or none (`nil`). */
  | { readonly kind: 'fn'; readonly params: readonly Type[]; readonly result: Type }
  /** What a `shared []T` or `co []T` holds: refers to a whole array that is spread, or that every image has. */
  | { readonly kind: 'handle'; readonly of: 'shared' | 'co'; readonly rank: number; readonly element: Type }
  /** The type of a module-level `shared a: [n]T`: never a value; a handle refers to it. */
  | { readonly kind: 'sharedArray'; readonly rank: number; readonly element: Type }
  /** The type of a module-level `co`/`var` array whose extents are known only at start. Converts to a slice; never a value. */
  | { readonly kind: 'dynamicArray'; readonly rank: number; readonly element: Type }
  /** After a reported error: agrees with everything, so that one mistake makes one message. */
  | { readonly kind: 'error' };

export interface StructField {
  readonly name: Ident;
  readonly type: Type;
  /** Bytes from the start of the struct. */
  readonly offset: number;
}

/** Nominal: two structs are the same type only if they are the same object. `fields` is filled once, before use. */
export interface StructType {
  /** With the type arguments: `Pair<int, f64>`. */
  readonly name: string;
  readonly span: Span;
  /** What it is an instance of, if its declaration has type parameters. */
  readonly generic?: { readonly of: object; readonly args: readonly Type[] };
  /** A type of the prelude; `fixed`: it cannot be copied, `value`: it means something on one image, `open`: programs may read its fields. */
  readonly prelude?: 'fixed' | 'value' | 'global' | 'open';
  fields: readonly StructField[];
  /** The type in it that cannot be copied: itself, or that of a field. */
  fixed?: StructType;
  size: number;
  align: number;
}

export const voidType: Type = { kind: 'void' };
export const boolType: Type = { kind: 'bool' };
export const errorType: Type = { kind: 'error' };
export const strType: Type = { kind: 'str' };
const intType = (bits: 8 | 16 | 32 | 64, signed: boolean): Type => ({ kind: 'int', bits, signed });
export const i8 = intType(8, true);
export const i16 = intType(16, true);
export const i32 = intType(32, true);
export const i64 = intType(64, true);
export const u8 = intType(8, false);
export const u16 = intType(16, false);
export const u32 = intType(32, false);
export const u64 = intType(64, false);
export const f32: Type = { kind: 'float', bits: 32 };
export const f64: Type = { kind: 'float', bits: 64 };

/** Names of the scalar types in source. */
export const scalarTypes: ReadonlyMap<string, Type> = new Map([
  ['bool', boolType],
  ['i8', i8],
  ['i16', i16],
  ['i32', i32],
  ['i64', i64],
  ['int', i64],
  ['u8', u8],
  ['u16', u16],
  ['u32', u32],
  ['u64', u64],
  ['f32', f32],
  ['f64', f64],
  ['str', strType],
]);

/** Bytes of a value. A slice is `{u32 address, pad, i64 length × rank}`, a str `{u32 address, pad, i64 length}`. */
export const sizeOf = (t: Type): number => {
  switch (t.kind) {
    case 'void':
      return 0;
    case 'bool':
      return 1;
    case 'int':
    case 'float':
      return t.bits / 8;
    case 'str':
      return 16;
    case 'struct':
      return t.struct.size;
    case 'array':
      return t.extents.reduce((n, e) => n * e, sizeOf(t.element));
    case 'slice':
      return 8 + 8 * t.rank;
    case 'pointer':
    case 'handle':
    case 'fn':
      return 4;
    case 'sharedPointer':
      return 8;
    case 'sharedArray':
    case 'dynamicArray':
    case 'error':
      return 0;
    default:
      return unreachable(t);
  }
};

export const alignOf = (t: Type): number => {
  switch (t.kind) {
    case 'void':
    case 'error':
    case 'sharedArray':
    case 'dynamicArray':
      return 1;
    case 'struct':
      return t.struct.align;
    case 'array':
      return alignOf(t.element);
    case 'str':
    case 'slice':
      return 8;
    case 'bool':
    case 'int':
    case 'float':
    case 'pointer':
    case 'handle':
    case 'sharedPointer':
    case 'fn':
      return sizeOf(t);
    default:
      return unreachable(t);
  }
};

export const sameType = (a: Type, b: Type): boolean => {
  if (a.kind !== b.kind) return a.kind === 'error' || b.kind === 'error';
  switch (a.kind) {
    case 'int':
      return b.kind === 'int' && a.bits === b.bits && a.signed === b.signed;
    case 'float':
      return b.kind === 'float' && a.bits === b.bits;
    case 'struct':
      return b.kind === 'struct' && a.struct === b.struct;
    case 'array':
      return (
        b.kind === 'array' &&
        a.extents.length === b.extents.length &&
        a.extents.every((e, i) => e === b.extents[i]) &&
        sameType(a.element, b.element)
      );
    case 'slice':
    case 'sharedArray':
    case 'dynamicArray':
      return b.kind === a.kind && a.rank === b.rank && sameType(a.element, b.element);
    case 'handle':
      return b.kind === 'handle' && a.of === b.of && a.rank === b.rank && sameType(a.element, b.element);
    case 'pointer':
    case 'sharedPointer':
      return b.kind === a.kind && sameType(a.target, b.target);
    case 'fn':
      return (
        b.kind === 'fn' &&
        a.params.length === b.params.length &&
        a.params.every((p, i) => sameType(p, b.params[i] ?? errorType)) &&
        sameType(a.result, b.result)
      );
    case 'void':
    case 'bool':
    case 'str':
    case 'error':
      return true;
    default:
      return unreachable(a);
  }
};

/** The type as a user would write it. */
export const typeName = (t: Type): string => {
  const commas = (rank: number): string => ','.repeat(rank - 1);
  switch (t.kind) {
    case 'int':
      return t.bits === 64 && t.signed ? 'int' : `${t.signed ? 'i' : 'u'}${t.bits}`;
    case 'float':
      return `f${t.bits}`;
    case 'struct':
      return t.struct.name;
    case 'array':
      return `[${t.extents.join(', ')}]${typeName(t.element)}`;
    case 'slice':
      return `[${commas(t.rank)}]${typeName(t.element)}`;
    case 'pointer':
      return `*${typeName(t.target)}`;
    case 'sharedPointer':
      return `*shared ${typeName(t.target)}`;
    case 'handle':
      return `${t.of} [${commas(t.rank)}]${typeName(t.element)}`;
    case 'sharedArray':
      return `shared [${commas(t.rank)}]${typeName(t.element)}`;
    case 'dynamicArray':
      return `[${commas(t.rank)}]${typeName(t.element)}`;
    case 'fn': {
      const result = t.result.kind === 'void' ? '' : ` -> ${typeName(t.result)}`;
      return `fn(${t.params.map(typeName).join(', ')})${result}`;
    }
    case 'void':
    case 'bool':
    case 'str':
      return t.kind;
    case 'error':
      return '?';
    default:
      return unreachable(t);
  }
};

export const withArticle = (noun: string): string => `${/^[aeio]/.test(noun) ? 'an' : 'a'} ${noun}`;

/** The type of the prelude that makes a value impossible to copy: `lock` in a struct with a lock. */
export const fixedPart = (t: Type): StructType | undefined => {
  if (t.kind === 'array') return fixedPart(t.element);
  return t.kind === 'struct' ? t.struct.fixed : undefined;
};

/** Whether it is, or contains, a value of the prelude that refers to memory of one image: a team, a request. */
export const isBoundToImage = (t: Type): boolean => {
  if (t.kind === 'array') return isBoundToImage(t.element);
  if (t.kind !== 'struct') return false;
  return t.struct.prelude === 'value' || t.struct.fields.some((f) => isBoundToImage(f.type));
};

/**
 * Whether a value may lead to memory that belongs to one image alone, also through what it refers to: a pointer, a handle of an array of pointers, a task that
 * gives one.
 */
export const leadsToImage = (t: Type, seen: ReadonlySet<StructType> = new Set()): boolean => {
  switch (t.kind) {
    case 'pointer':
    case 'slice':
    case 'str':
      return true;
    case 'array':
    case 'handle':
    case 'sharedArray':
    case 'dynamicArray':
      return leadsToImage(t.element, seen);
    case 'sharedPointer':
      return leadsToImage(t.target, seen);
    case 'struct': {
      if (seen.has(t.struct)) return false;
      const within = new Set([...seen, t.struct]);
      const parts = [...t.struct.fields.map((f) => f.type), ...(t.struct.generic?.args ?? [])];
      return t.struct.prelude === 'value' || parts.some((p) => leadsToImage(p, within));
    }
    default:
      return false;
  }
};

/** Scalars are what fits one SSA value: numbers, bool, pointers, handles and functions. */
export const isScalar = (t: Type): boolean =>
  ['bool', 'int', 'float', 'pointer', 'sharedPointer', 'handle', 'fn'].includes(t.kind);
