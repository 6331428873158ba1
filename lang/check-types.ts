// Types as they are written → types; the layout of structs, as C would; extents of arrays.
import type * as Ast from './ast.ts';
import { structInstance } from './check-generics.ts';
import { moduleContext } from './check-modules.ts';
import { preludeType } from './check-prelude-types.ts';
import { type Checker, type Context, type Entity, type EntityOf, error, isError, maxDepth } from './check-state.ts';
import { closest, didYouMean } from './check-suggest.ts';
import type { Span } from './source.ts';
import type { Expr } from './typed.ts';
import {
  alignOf,
  errorType,
  fixedPart,
  i64,
  type StructField,
  scalarTypes,
  sizeOf,
  type Type,
  typeName,
  voidType,
  withArticle,
} from './types.ts';
import { unreachable } from './unreachable.ts';

/** No object may be larger: offsets are 32-bit numbers. */
const maxBytes = 2 ** 31 - 1;
export const maxRank = 4;

const foreignTypes: Readonly<Record<string, string>> = {
  double: 'f64',
  float: 'f64',
  real: 'f64',
  long: 'int',
  integer: 'int',
  isize: 'int',
  usize: 'int',
  size_t: 'int',
  uint: 'u64',
  unsigned: 'u64',
  short: 'i16',
  char: 'u8',
  byte: 'u8',
  string: 'str',
  String: 'str',
  boolean: 'bool',
};

/** The module that an alias names, or undefined after a report. */
export const moduleNamed = (x: Context, name: Ast.Ident): EntityOf<'module'> | undefined => {
  const e = x.module.names.get(name.name);
  if (e?.kind === 'module') return e;
  if (e?.kind === 'absent' || name.name === '') return undefined;
  const modules = [...x.module.names].filter(([, m]) => m.kind === 'module').map(([n]) => n);
  const near = didYouMean(name.name, modules);
  const hint =
    near.hint ?? `\`import std.${name.name};\` or \`import "${name.name}.pg" as ${name.name};\` makes a module known`;
  error(x, 'PG0204', name.span, `no module \`${name.name}\` is imported here`, { label: 'not a module', hint });
  return undefined;
};

/** A member of a module, or undefined after a report. */
export const memberOf = (x: Context, e: EntityOf<'module'>, name: Ast.Ident, what: string): Entity | undefined => {
  const found = e.module?.names.get(name.name);
  if (!e.module || (found && found.kind !== 'module')) return found;
  if (name.name === '') return undefined;
  const names = [...e.module.names].filter(([, m]) => m.kind !== 'module').map(([n]) => n);
  error(x, 'PG0204', name.span, `module \`${e.name}\` has no ${what} \`${name.name}\``, {
    label: 'not declared there',
    ...didYouMean(name.name, names),
  });
  return undefined;
};

const noTypeArgs = (x: Context, t: Extract<Ast.TypeExpr, { kind: 'named' }>, what: string): void =>
  error(x, 'PG0322', t.span, `${what} takes no type arguments`, { label: `found ${t.args.length}` });

const namedType = (x: Context, t: Extract<Ast.TypeExpr, { kind: 'named' }>): Type => {
  const name = t.name.name;
  const parameter = t.module ? undefined : x.typeArgs?.get(name);
  if (parameter) {
    if (t.args.length > 0) noTypeArgs(x, t, `the type parameter \`${name}\``);
    return parameter;
  }
  if (t.module) {
    const module = moduleNamed(x, t.module);
    const member = module && memberOf(x, module, t.name, 'type');
    return member ? entityType(x, t, member) : errorType;
  }
  const scalar = scalarTypes.get(name);
  if (scalar) {
    if (t.args.length > 0) noTypeArgs(x, t, `\`${name}\``);
    return scalar;
  }
  const entity = x.module.names.get(name) ?? preludeType(x, name, t.args.length);
  if (entity) return entityType(x, t, entity);
  if (name === '') return errorType;
  const structs = [...x.module.names]
    .filter(([, e]) => e.kind === 'struct' || e.kind === 'genericStruct')
    .map(([n]) => n);
  const foreign = foreignTypes[name];
  const close = closest(name, [...scalarTypes.keys(), ...structs, ...Object.keys(foreignTypes)]) ?? name;
  const meant = foreign ?? foreignTypes[close];
  const near =
    meant === undefined ? didYouMean(name, [...scalarTypes.keys(), ...structs]) : { hint: `PG calls it \`${meant}\`` };
  error(x, 'PG0304', t.name.span, `unknown type \`${name}\``, { label: 'not a type', ...near });
  return errorType;
};

const entityType = (x: Context, t: Extract<Ast.TypeExpr, { kind: 'named' }>, e: Entity): Type => {
  if (e.kind === 'absent') return errorType;
  if (e.kind === 'genericStruct')
    return structInstance(
      x,
      e,
      t.args.map((a) => x.checker.rules.type(x, a)),
      t.span,
    );
  if (e.kind === 'struct') {
    if (t.args.length > 0) noTypeArgs(x, t, `\`${t.name.name}\``);
    return { kind: 'struct', struct: e.struct };
  }
  const what =
    e.kind === 'fn' || e.kind === 'genericFn'
      ? 'a function'
      : e.kind === 'module'
        ? 'a module'
        : e.kind === 'const'
          ? 'a constant'
          : 'a variable';
  error(x, 'PG0304', t.name.span, `\`${t.name.name}\` is ${what}, not a type`, {
    label: 'a type is needed here',
    secondary: [{ span: e.span, text: 'declared here' }],
  });
  return errorType;
};

/** An extent that must be known while compiling; undefined after a report, or if it is only known at run time. */
export const constantExtent = (x: Context, e: Expr): number | 'run time' | undefined => {
  if (isError(e.type)) return undefined;
  if (e.type.kind !== 'int') {
    error(x, 'PG0502', e.span, `an extent is an integer, found ${typeName(e.type)}`, { label: 'not an integer' });
    return undefined;
  }
  if (e.kind !== 'const') return 'run time';
  const n = Number(e.value);
  if (n >= 1 && n <= maxBytes) return n;
  error(x, 'PG0502', e.span, n < 1 ? `an extent must be at least 1, found ${n}` : `the extent ${n} is too large`, {
    label: n < 1 ? 'too small' : 'too large',
    ...(n < 1 ? {} : { hint: 'an object has at most 2^31 - 1 bytes' }),
  });
  return undefined;
};

const arrayType = (x: Context, t: Extract<Ast.TypeExpr, { kind: 'array' }>): Type => {
  const element = x.checker.rules.type(x, t.element);
  if (t.extents.length > maxRank) {
    error(x, 'PG0502', t.span, `arrays have at most ${maxRank} dimensions, found ${t.extents.length}`);
    return errorType;
  }
  const extents: number[] = [];
  for (const e of t.extents) {
    const n = constantExtent(x, x.checker.rules.value(x, e, i64));
    if (n === 'run time') {
      error(x, 'PG0503', e.span, 'the extent of an array must be a constant here', {
        label: 'only known at run time',
        hint: 'use `new [n]T` for memory whose size is known at run time, or a module-level `var`, `co` or `shared` array',
      });
    }
    if (typeof n === 'number') extents.push(n);
  }
  if (extents.length < t.extents.length || isError(element)) return errorType;
  return { kind: 'array', extents, element };
};

/** A type as it is written; the error type after a report. */
export const checkType = (x: Context, t: Ast.TypeExpr | undefined): Type => {
  // Where the parser recovered, a type may be missing.
  if (!t) return errorType;
  const inner = (e: Ast.TypeExpr): Type => x.checker.rules.type(x, e);
  switch (t.kind) {
    case 'named':
      return namedType(x, t);
    case 'array':
      return arrayType(x, t);
    case 'slice': {
      const element = inner(t.element);
      if (t.rank > maxRank) {
        error(x, 'PG0502', t.span, `slices have at most ${maxRank} dimensions, found ${t.rank}`);
        return errorType;
      }
      return isError(element) ? element : { kind: 'slice', rank: t.rank, element };
    }
    case 'pointer': {
      const target = inner(t.target);
      return isError(target) ? target : { kind: 'pointer', target };
    }
    case 'sharedPointer': {
      const target = inner(t.target);
      return isError(target) ? target : { kind: 'sharedPointer', target };
    }
    case 'handle': {
      const element = inner(t.element);
      if (t.rank > maxRank) {
        error(x, 'PG0502', t.span, `arrays have at most ${maxRank} dimensions, found ${t.rank}`);
        return errorType;
      }
      return isError(element) ? element : { kind: 'handle', of: t.of, rank: t.rank, element };
    }
    case 'fn': {
      const params = t.params.map(inner);
      const result = t.result ? inner(t.result) : voidType;
      return isError(result) || params.some(isError) ? errorType : { kind: 'fn', params, result };
    }
    default:
      return unreachable(t);
  }
};

/** Reports a private variable or parameter of a type that cannot be copied, and says whether it did. */
export const checkMovable = (x: Context, t: Type, span: Span, what: string): boolean => {
  const fixed = fixedPart(t);
  if (!fixed || x.module.library) return false;
  error(x, 'PG0421', span, `${what} cannot be or contain ${withArticle(fixed.name)}`, {
    label: typeName(t),
    hint:
      what === 'a parameter'
        ? `take a pointer to it: \`*shared ${typeName(t)}\``
        : `other images must reach it: declare it at module level, \`${fixed.name === 'event' ? 'co' : 'shared'}\``,
  });
  return true;
};

/** Reports an object that no memory can hold, and says whether it did. */
export const checkSize = (x: Context, t: Type, span: Span): boolean => {
  const bytes = sizeOf(t);
  if (bytes <= maxBytes) return false;
  error(x, 'PG0502', span, `an object of type ${typeName(t)} would have ${bytes} bytes`, {
    label: 'too large',
    hint: 'an object has at most 2^31 - 1 bytes',
  });
  return true;
};

/** The structs that a value of type `t` contains, not only points to. */
const containedStruct = (t: Type): Type => (t.kind === 'array' ? containedStruct(t.element) : t);

/** Gives a struct its fields and layout. */
export const completeStruct = (checker: Checker, e: EntityOf<'struct'>): void => {
  if (e.progress !== 'open') return;
  const x: Context = { ...moduleContext(checker, e.module), ...(e.typeArgs ? { typeArgs: e.typeArgs } : {}) };
  e.progress = 'busy';
  const seen = new Map<string, Span>();
  const fields: StructField[] = [];
  let size = 0;
  let align = 1;
  let tooLarge = false;
  for (const f of e.decl.fields) {
    const first = seen.get(f.name.name);
    if (first && f.name.name !== '') {
      error(x, 'PG0202', f.name.span, `\`${f.name.name}\` is declared twice in this struct`, {
        label: 'declared again',
        secondary: [{ span: first, text: 'first declared here' }],
      });
      continue;
    }
    seen.set(f.name.name, f.name.span);
    let type = x.checker.rules.type(x, f.type);
    const inner = containedStruct(type);
    const needed = inner.kind === 'struct' ? checker.structEntities.get(inner.struct) : undefined;
    if (needed?.progress === 'busy') {
      error(x, 'PG0310', f.type.span, `struct \`${e.decl.name.name}\` would contain itself`, {
        label: needed === e ? 'itself, by value' : `contains \`${e.decl.name.name}\` again`,
        secondary: [{ span: needed.span, text: 'the struct that contains itself' }],
        hint: `a pointer has a fixed size: \`${f.name.name}: *${typeName(inner)}\``,
      });
      type = errorType;
    } else if (needed?.progress === 'open' && x.checker.depth >= maxDepth) {
      error(x, 'PG0511', f.type.span, 'structs are nested too deeply', {
        label: `more than ${maxDepth} in each other`,
      });
      type = errorType;
    } else if (needed) {
      x.checker.depth++;
      completeStruct(checker, needed);
      x.checker.depth--;
    }
    tooLarge ||= checkSize(x, type, f.type.span);
    const to = alignOf(type);
    const offset = Math.ceil(size / to) * to;
    fields.push({ name: f.name, type, offset });
    size = offset + sizeOf(type);
    align = Math.max(align, to);
  }
  e.struct.fields = fields;
  const fixed = e.struct.prelude === 'fixed' ? e.struct : fields.map((f) => fixedPart(f.type)).find((part) => part);
  if (fixed) e.struct.fixed = fixed;
  // Never of no bytes: elements have addresses of their own.
  e.struct.size = Math.max(1, Math.ceil(size / align) * align);
  e.struct.align = align;
  e.progress = 'done';
  if (!tooLarge) checkSize(x, { kind: 'struct', struct: e.struct }, e.span);
};
