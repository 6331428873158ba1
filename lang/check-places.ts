// Places: names, fields, elements, `x@p`, `*p`, `&x`, and who may assign to them.
import type * as Ast from './ast.ts';
import { functionOperand } from './check-apply.ts';
import { handleOf, isSharedPlace, takeAddress, throughHandle, toSlice, toValue, viewedPlace } from './check-convert.ts';
import { isPointer } from './check-numbers.ts';
import { isBuiltin, lookupLocal, unknownName } from './check-scope.ts';
import {
  arrayName,
  bare,
  type Context,
  declaredArray,
  type Entity,
  error,
  errorExpr,
  errorOperand,
  isError,
  type Operand,
  plural,
  textOf,
  warning,
} from './check-state.ts';
import { didYouMean } from './check-suggest.ts';
import { memberOf } from './check-types.ts';
import type { Diagnostic } from './diagnostic.ts';
import { preludeValues } from './prelude.ts';
import type { Span } from './source.ts';
import type { Expr, Place, SliceIndex } from './typed.ts';
import { i64, strType, type Type, typeName, u8, withArticle } from './types.ts';

const value = (expr: Expr): Operand => ({ kind: 'value', expr });
const place = (p: Place): Operand => ({ kind: 'place', place: p });

// ---- names ------------------------------------------------------------------------------------------------------

/** A module-level name as an operand. */
const entityOperand = (x: Context, e: Entity, name: Ast.Ident, want: Type | undefined): Operand => {
  const { rules } = x.checker;
  const span = name.span;
  switch (e.kind) {
    case 'absent':
      return errorOperand(span);
    case 'const': {
      const v = rules.constant(e, x, span);
      return v ? value({ ...v, span }) : errorOperand(span);
    }
    case 'global': {
      const g = rules.global(e, x, span);
      if (!g) return errorOperand(span);
      x.uses.globals.add(g);
      if (g.type.kind === 'sharedArray') return { kind: 'sharedArray', array: handleOf(g, span), span };
      return place({ kind: 'global', global: g, type: g.type, span });
    }
    case 'fn':
    case 'genericFn':
      return functionOperand(x, e, span, want);
    default: {
      const what = e.kind === 'module' ? 'a module' : 'a struct';
      const hint =
        e.kind === 'module' ? `name a member: \`${name.name}.…\`` : `a value is written \`${name.name} { … }\``;
      error(x, 'PG0205', span, `\`${name.name}\` is ${what}, not a value`, {
        label: 'a value is needed here',
        secondary: [{ span: e.span, text: 'declared here' }],
        hint,
      });
      return errorOperand(span);
    }
  }
};

export const checkName = (x: Context, name: Ast.Ident, want?: Type): Operand => {
  const local = lookupLocal(x, name.name);
  if (local) {
    if (local.kind === 'localConst') return value({ ...local.value, span: name.span });
    return place({ kind: 'local', local: local.local, type: local.local.type, span: name.span });
  }
  const entity = x.module.names.get(name.name);
  if (entity) return entityOperand(x, entity, name, want);
  const inner = preludeValues.get(name.name);
  const given = inner === undefined ? undefined : x.checker.prelude.get(inner)?.names.get(name.name);
  if (given) return entityOperand(x, given, name, want);
  if (isBuiltin(name.name)) {
    error(x, 'PG0205', name.span, `\`${name.name}\` is a function, not a value`, {
      label: 'a value is needed here',
      hint: `call it: \`${name.name}(${/^(this|num)_|^now$/.test(name.name) ? '' : '…'})\``,
    });
  } else unknownName(x, name, false);
  return errorOperand(name.span);
};

// ---- fields and properties --------------------------------------------------------------------------------------

const folded = (n: number, span: Span): Operand => value({ kind: 'const', value: BigInt(n), type: i64, span });

/** The entity that `m.name` names, if `m` is a module. */
export const moduleMember = (
  x: Context,
  base: Ast.Expr,
  name: Ast.Ident,
  what: string,
): Entity | 'missing' | undefined => {
  const inner = bare(base);
  if (inner.kind !== 'name' || lookupLocal(x, inner.name.name)) return undefined;
  const module = x.module.names.get(inner.name.name);
  if (module?.kind !== 'module') return undefined;
  return memberOf(x, module, name, what) ?? 'missing';
};

const noField = (
  x: Context,
  name: Ast.Ident,
  t: Type,
  names: readonly string[],
  more: Partial<Diagnostic> = {},
): Operand => {
  if (name.name !== '') {
    const near = didYouMean(name.name, names);
    const list =
      names.length > 0 && names.length <= 8 ? { hint: `it has ${names.map((n) => `\`${n}\``).join(', ')}` } : {};
    error(x, 'PG0311', name.span, `${typeName(t)} has no field \`${name.name}\``, {
      label: 'unknown field',
      ...(near.hint === undefined ? list : near),
      ...more,
    });
  }
  return errorOperand(name.span);
};

const fieldOf = (x: Context, base: Place, name: Ast.Ident, span: Span): Operand => {
  const t = base.type;
  if (isError(t)) return errorOperand(span);
  if (t.kind !== 'struct') return noField(x, name, t, []);
  if (t.struct.prelude && t.struct.prelude !== 'open' && !x.module.library) {
    error(x, 'PG0311', name.span, `${withArticle(typeName(t))} has no fields`, {
      label: 'only its own functions look inside',
    });
    return errorOperand(span);
  }
  const field = t.struct.fields.find((f) => f.name.name === name.name);
  if (!field) {
    const names = t.struct.fields.map((f) => f.name.name);
    return noField(x, name, t, names, { secondary: [{ span: t.struct.span, text: 'the struct is declared here' }] });
  }
  return isError(field.type) ? errorOperand(span) : place({ kind: 'field', base, field, type: field.type, span });
};

/** `.len` and other properties that are no fields. */
const lengthOf = (x: Context, base: Operand, name: Ast.Ident, span: Span): Operand | undefined => {
  if (name.name !== 'len') return undefined;
  if (base.kind === 'sharedArray')
    return value({ kind: 'sharedLength', array: base.array, dim: 'all', type: i64, span });
  const t = base.kind === 'place' ? base.place.type : base.kind === 'value' ? base.expr.type : undefined;
  if (t?.kind === 'array')
    return folded(
      t.extents.reduce((n, e) => n * e, 1),
      span,
    );
  if (base.kind === 'place' && t?.kind === 'dynamicArray') {
    const slice = toSlice(base.place, span);
    return slice && value({ kind: 'length', slice, dim: 'all', type: i64, span });
  }
  if (t?.kind === 'slice' || t?.kind === 'str') {
    const slice = base.kind === 'value' ? base.expr : toValue(x, base);
    return value({ kind: 'length', slice, dim: 'all', type: i64, span });
  }
  return undefined;
};

const methodNames: ReadonlySet<string> = new Set(['lo', 'hi', 'dim']);

const propertyOf = (x: Context, base: Operand, name: Ast.Ident, span: Span): Operand | undefined => {
  const length = lengthOf(x, base, name, span);
  if (length) return length;
  const t = base.kind === 'place' ? base.place.type : base.kind === 'value' ? base.expr.type : undefined;
  if (base.kind === 'sharedArray' && name.name === 'local') {
    const { type } = base.array;
    if (type.kind !== 'handle') return errorOperand(span);
    return value({
      kind: 'sharedLocal',
      array: base.array,
      type: { kind: 'slice', rank: 1, element: type.element },
      span,
    });
  }
  const sequence = t?.kind === 'slice' || t?.kind === 'array' || t?.kind === 'dynamicArray' || t?.kind === 'str';
  if (base.kind !== 'sharedArray' && !sequence) return undefined;
  const type = base.kind === 'sharedArray' ? base.array.type : (t ?? strType);
  if (methodNames.has(name.name) && (base.kind === 'sharedArray' || name.name === 'dim')) {
    error(x, 'PG0311', name.span, `\`${name.name}\` needs parentheses`, {
      hint: `write \`.${name.name}(${name.name === 'dim' ? '0' : ''})\``,
    });
    return errorOperand(span);
  }
  const alias = ['length', 'size', 'count'].includes(name.name) ? { hint: 'the number of elements is `.len`' } : {};
  if (['local', 'lo', 'hi'].includes(name.name)) {
    error(x, 'PG0411', name.span, `\`.${name.name}\` is a property of shared arrays`, {
      label: `this is ${typeName(type)}`,
    });
    return errorOperand(span);
  }
  const known = base.kind === 'sharedArray' ? ['len', 'dim', 'local', 'lo', 'hi'] : ['len', 'dim'];
  return noField(x, name, type, known, alias);
};

export const checkField = (x: Context, e: Extract<Ast.Expr, { kind: 'field' }>, want?: Type): Operand => {
  const member = moduleMember(x, e.base, e.name, 'name');
  if (member === 'missing') return errorOperand(e.span);
  if (member) return entityOperand(x, member, { ...e.name, span: e.span }, want);
  const base = throughHandle(x, x.checker.rules.operand(x, e.base));
  if (base.kind === 'error') return errorOperand(e.span);
  const property = propertyOf(x, base, e.name, e.span);
  if (property) return property;
  const p = throughPointer(x, base, e.base.span);
  return p ? fieldOf(x, p, e.name, e.span) : errorOperand(e.span);
};

/** The struct place that a field is selected from: `p.f` goes through a pointer by itself. */
const throughPointer = (x: Context, base: Operand, span: Span): Place | undefined => {
  const t = base.kind === 'place' ? base.place.type : base.kind === 'value' ? base.expr.type : undefined;
  if (t && isPointer(t)) return { kind: 'deref', pointer: toValue(x, base), type: t.target, span };
  if (base.kind === 'place') return base.place;
  const expr = toValue(x, base);
  return isError(expr.type) ? undefined : { kind: 'temporary', value: expr, type: expr.type, span };
};

// ---- elements and slices ----------------------------------------------------------------------------------------

/** An index or count: any integer type. */
export const checkInteger = (x: Context, e: Ast.Expr, what: string): Expr => {
  const v = x.checker.rules.value(x, e, i64);
  if (v.type.kind === 'int' || isError(v.type)) return v;
  const hint = v.type.kind === 'float' ? { hint: `\`${textOf(x, e.span)} as int\` cuts the fraction off` } : {};
  error(x, 'PG0301', e.span, `${what} is an integer, found ${typeName(v.type)}`, {
    label: typeName(v.type),
    expected: 'an integer',
    found: typeName(v.type),
    ...hint,
  });
  return errorExpr(e.span);
};

type IndexExpr = Extract<Ast.Expr, { kind: 'index' }>;

const checkRank = (x: Context, e: IndexExpr, rank: number, t: Type): boolean => {
  if (e.indices.length === rank) return true;
  const more = e.indices.length < rank && !e.indices.some((i) => i.kind === 'range');
  const row = `${textOf(x, e.base.span)}[${[...e.indices.map((i) => textOf(x, i.span)), ...Array.from({ length: Math.max(0, rank - e.indices.length) }, () => '..')].join(', ')}]`;
  error(x, 'PG0314', e.span, `${typeName(t)} takes ${plural(rank, 'index', 'indices')}, found ${e.indices.length}`, {
    label: `${plural(rank, 'index', 'indices')} wanted`,
    ...(more && t.kind !== 'handle' && row.length < 60 ? { hint: `the whole rest is \`${row}\`` } : {}),
  });
  return false;
};

const values = (x: Context, e: IndexExpr): readonly Expr[] =>
  e.indices.map((i) => (i.kind === 'at' ? checkInteger(x, i.value, 'an index') : errorExpr(i.span)));

const isSlicing = (e: IndexExpr): boolean => e.indices.some((i) => i.kind === 'range');

/** Reports a constant index that is outside of a fixed extent. */
const checkBounds = (x: Context, indices: readonly Expr[], extents: readonly number[]): void => {
  indices.forEach((i, k) => {
    const extent = extents[k];
    if (i.kind !== 'const' || isError(i.type) || extent === undefined) return;
    const n = BigInt(i.value as bigint);
    if (n >= 0n && n < BigInt(extent)) return;
    warning(x, 'PG0510', i.span, `index ${n} is out of range: the program will stop here`, {
      label: `the extent is ${extent}: 0 to ${extent - 1}`,
    });
  });
};

const sliceIndices = (x: Context, e: IndexExpr): readonly SliceIndex[] =>
  e.indices.map((i): SliceIndex => {
    if (i.kind === 'at') return { kind: 'at', value: checkInteger(x, i.value, 'an index') };
    return {
      kind: 'range',
      ...(i.lo ? { lo: checkInteger(x, i.lo, 'the start of a slice') } : {}),
      ...(i.hi ? { hi: checkInteger(x, i.hi, 'the end of a slice') } : {}),
    };
  });

/** After the first range all later dimensions must be complete: only then the elements lie side by side. */
const checkContiguous = (x: Context, e: IndexExpr): boolean => {
  const first = e.indices.findIndex((i) => i.kind === 'range');
  const wrong = e.indices.find((i, k) => k > first && (i.kind === 'at' || i.lo !== undefined || i.hi !== undefined));
  if (!wrong) return true;
  error(x, 'PG0408', e.span, 'the elements of a slice must lie side by side in memory', {
    label: 'not contiguous',
    secondary: [{ span: wrong.span, text: 'after a range, every dimension must be complete: `..`' }],
    hint: 'arrays are stored row by row: `m[i, ..]` and `m[a..b, ..]` are slices, columns are not',
  });
  return false;
};

/** `base[…]` with at least one range. */
const slicing = (x: Context, e: IndexExpr, base: Operand): Operand => {
  if (base.kind === 'sharedArray') {
    error(x, 'PG0409', e.span, 'a part of a shared array is no slice', {
      label: 'spread over the images',
      hint: `\`${arrayName(x, base.array)}.local\` is a slice of the elements that live here; a loop copies elements from anywhere`,
    });
    return errorOperand(e.span);
  }
  const indices = sliceIndices(x, e);
  let source: Expr;
  if (base.kind === 'place' && (base.place.type.kind === 'array' || base.place.type.kind === 'dynamicArray'))
    source = toSlice(base.place, base.place.span) ?? errorExpr(e.span);
  else source = base.kind === 'value' ? base.expr : toValue(x, base);
  const t = source.type;
  if (isError(t)) return errorOperand(e.span);
  if (t.kind === 'array') {
    error(x, 'PG0402', e.base.span, 'only an array in a variable can be sliced', {
      label: 'an unnamed value',
      hint: 'give it a name with `let` first',
    });
    return errorOperand(e.span);
  }
  if (t.kind !== 'slice' && t.kind !== 'str') return notIndexable(x, e, t);
  const rank = t.kind === 'str' ? 1 : t.rank;
  if (!checkRank(x, e, rank, t) || !checkContiguous(x, e)) return errorOperand(e.span);
  const left = indices.filter((i) => i.kind === 'range').length;
  const type: Type = t.kind === 'str' ? t : { kind: 'slice', rank: left, element: t.element };
  return value({ kind: 'slice', base: source, indices, type, span: e.span });
};

const notIndexable = (x: Context, e: IndexExpr, t: Type): Operand => {
  const hint = isPointer(t) ? { hint: 'a pointer has no length: `p[k]` is one element' } : {};
  error(x, 'PG0314', e.base.span, `${typeName(t)} cannot be ${isSlicing(e) ? 'sliced' : 'indexed'}`, {
    label: typeName(t),
    ...hint,
  });
  return errorOperand(e.span);
};

/** `new T[n]`, as other languages have it, would be an element behind the only one. */
const notExtents = (x: Context, e: IndexExpr, made: Extract<Ast.Expr, { kind: 'new' }>): Operand => {
  const type = textOf(x, made.type.span);
  const extents = textOf(x, { ...e.span, start: made.span.end });
  error(x, 'PG0314', e.span, `\`${textOf(x, made.span)}\` makes one ${type}, which has no elements`, {
    hint: `extents stand before the type: \`new ${extents}${type}\``,
  });
  return errorOperand(e.span);
};

export const checkIndex = (x: Context, e: IndexExpr): Operand => {
  const base = throughHandle(x, x.checker.rules.operand(x, e.base));
  if (base.kind === 'error') {
    for (const i of e.indices) if (i.kind === 'at') x.checker.rules.value(x, i.value, i64);
    return errorOperand(e.span);
  }
  if (isSlicing(e)) return slicing(x, e, base);
  const indices = values(x, e);
  const element = (type: Type, p: Place): Operand => (isError(type) ? errorOperand(e.span) : place(p));
  if (base.kind === 'sharedArray') {
    const { type } = base.array;
    if (type.kind !== 'handle' || !checkRank(x, e, type.rank, type)) return errorOperand(e.span);
    return element(type.element, {
      kind: 'sharedElement',
      array: base.array,
      indices,
      type: type.element,
      span: e.span,
    });
  }
  const t = base.kind === 'place' ? base.place.type : base.expr.type;
  switch (t.kind) {
    case 'array':
    case 'dynamicArray': {
      const rank = t.kind === 'array' ? t.extents.length : t.rank;
      if (!checkRank(x, e, rank, t)) return errorOperand(e.span);
      if (t.kind === 'array') checkBounds(x, indices, t.extents);
      const from: Place =
        base.kind === 'place' ? base.place : { kind: 'temporary', value: base.expr, type: t, span: e.base.span };
      return place({ kind: 'element', base: from, indices, type: t.element, span: e.span });
    }
    case 'slice':
    case 'str': {
      if (!checkRank(x, e, t.kind === 'str' ? 1 : t.rank, t)) return errorOperand(e.span);
      const slice = toValue(x, base);
      if (isError(slice.type)) return errorOperand(e.span);
      return place({ kind: 'sliceElement', slice, indices, type: t.kind === 'str' ? u8 : t.element, span: e.span });
    }
    case 'pointer':
    case 'sharedPointer': {
      if (e.base.kind === 'new') return notExtents(x, e, e.base);
      const index = indices[0];
      if (!checkRank(x, e, 1, t) || !index) return errorOperand(e.span);
      return place({ kind: 'pointerElement', pointer: toValue(x, base), index, type: t.target, span: e.span });
    }
    case 'error':
      return errorOperand(e.span);
    default:
      return notIndexable(x, e, t);
  }
};

// ---- x@p --------------------------------------------------------------------------------------------------------

const atProblem = (x: Context, e: Extract<Ast.Expr, { kind: 'at' }>, root: Place | undefined): Operand => {
  const name = textOf(x, e.place.span);
  if (root?.kind === 'global' && root.global.storage === 'var') {
    error(x, 'PG0403', e.span, `\`${root.global.name}\` is private: other images cannot reach it`, {
      label: 'not reachable with `@`',
      secondary: [{ span: root.global.span, text: 'declared `var` here' }],
      hint: `declare it \`co ${root.global.name}: …\`: then every image has its own, and \`${root.global.name}@p\` is image p's`,
    });
    return errorOperand(e.span);
  }
  const what =
    root?.kind === 'local'
      ? 'a local variable lives on its own image only'
      : root?.kind === 'sharedElement' || (root?.kind === 'global' && root.global.storage === 'shared')
        ? `${root.kind === 'global' ? 'a shared variable' : 'an element of a shared array'} is the same for every image`
        : root?.kind === 'global'
          ? `a ${root.global.storage === 'let' ? 'let' : 'config const'} has the same value on every image`
          : root?.kind === 'remote' || root?.kind === 'coArray'
            ? 'the image is given twice'
            : 'only a `co` variable can be looked up on another image';
  const hint =
    root?.kind === 'global' || root?.kind === 'remote' || root?.kind === 'coArray' || root?.kind === 'sharedElement'
      ? 'drop the `@`'
      : root?.kind === 'local'
        ? `declare a module-level \`co\` variable for what other images shall reach`
        : 'write `x@p` with a `co` variable x';
  const shown = name.length <= 30 ? `\`${name}\` is not on image p: ` : '';
  error(x, 'PG0404', e.span, `${root?.kind === 'local' ? shown.replace(' is not on image p', '') : ''}${what}`, {
    label: '`@` does not apply',
    ...(root?.kind === 'local' ? { secondary: [{ span: root.local.span, text: 'declared here' }] } : {}),
    ...(root?.kind === 'global' ? { secondary: [{ span: root.global.span, text: 'declared here' }] } : {}),
    hint,
  });
  return errorOperand(e.span);
};

const rootOf = (p: Place): Place => {
  let at = p;
  while (at.kind === 'field' || at.kind === 'element') at = at.base;
  return at;
};

/** Something that every image has its own of, and of which no other image's is meant yet. */
const isCoarray = (root: Place): boolean =>
  root.kind === 'coArray' ? !root.image : root.kind === 'global' && root.global.storage === 'co';

/** The same place, but of image `image`. Chains are short: they were built within the depth limit. */
export const moveTo = (p: Place, image: Expr): Place => {
  if (p.kind === 'global') return { kind: 'remote', global: p.global, image, type: p.type, span: p.span };
  if (p.kind === 'field' || p.kind === 'element') return { ...p, base: moveTo(p.base, image) };
  if (p.kind === 'coArray') return { ...p, image };
  return p;
};

const moveSlice = (e: Expr, image: Expr): Expr => {
  if (e.kind === 'slice') return { ...e, base: moveSlice(e.base, image) };
  return e.kind === 'toSlice' ? { ...e, place: moveTo(e.place, image) } : e;
};

export const checkAt = (x: Context, e: Extract<Ast.Expr, { kind: 'at' }>): Operand => {
  const named = x.checker.rules.operand(x, e.place);
  const image = checkInteger(x, e.image, 'an image');
  // A `co` variable that holds a handle is itself on every image.
  const isCo = named.kind === 'place' && isCoarray(rootOf(named.place));
  const o = isCo ? named : throughHandle(x, named);
  if (o.kind === 'error') return errorOperand(e.span);
  if (o.kind === 'sharedArray') {
    error(x, 'PG0404', e.span, 'a shared array is the same for every image', {
      label: '`@` does not apply',
      ...declaredArray(o.array),
      hint: `\`${arrayName(x, o.array)}[i]\` is the element wherever it lives`,
    });
    return errorOperand(e.span);
  }
  const viewed = o.kind === 'place' ? o.place : viewedPlace(o.expr);
  const root = viewed && rootOf(viewed);
  if (!root || !isCoarray(root)) return atProblem(x, e, root);
  if (o.kind === 'place') return place({ ...moveTo(o.place, image), span: e.span });
  return value({ ...moveSlice(o.expr, image), span: e.span });
};

// ---- pointers ---------------------------------------------------------------------------------------------------

export const checkDeref = (x: Context, e: Extract<Ast.Expr, { kind: 'deref' }>): Operand => {
  const pointer = x.checker.rules.value(x, e.pointer);
  const t = pointer.type;
  if (isError(t)) return errorOperand(e.span);
  if (!isPointer(t)) {
    error(x, 'PG0302', e.span, `\`*\` needs a pointer, found ${typeName(t)}`, {
      secondary: [{ span: e.pointer.span, text: typeName(t) }],
    });
    return errorOperand(e.span);
  }
  return place({ kind: 'deref', pointer, type: t.target, span: e.span });
};

export const checkAddressOf = (x: Context, e: Extract<Ast.Expr, { kind: 'addressOf' }>): Operand => {
  const o = x.checker.rules.operand(x, e.place);
  if (o.kind === 'error') return errorOperand(e.span);
  const no = (message: string, hint: string): Operand => {
    error(x, 'PG0417', e.span, message, { label: 'has no address', hint });
    return errorOperand(e.span);
  };
  if (o.kind === 'sharedArray')
    return no(
      `the shared array \`${arrayName(x, o.array)}\` has no one address`,
      `\`&${arrayName(x, o.array)}[0]\` points to its first element`,
    );
  if (o.kind === 'value') return no('a value has no address', 'put it into a variable first');
  const p = o.place;
  const root = rootOf(p);
  if (p.type.kind === 'dynamicArray')
    return no('the address of an array is that of its first element', `write \`&${textOf(x, e.place.span)}[0]\``);
  if (root.kind === 'temporary') return no('a value has no address', 'put it into a variable first');
  if (root.kind === 'sliceElement' && root.slice.type.kind === 'str')
    return no('the bytes of a text have no address', 'copy them into an array');
  if (p.kind === 'global' && (p.global.storage === 'let' || p.global.storage === 'config'))
    return no(`\`${p.global.name}\` never changes: nothing may point to it`, 'copy it into a variable first');
  takeAddress(p);
  const type: Type = { kind: isSharedPlace(p) ? 'sharedPointer' : 'pointer', target: p.type };
  return value({ kind: 'addressOf', place: p, type, span: e.span });
};

// ---- assignment -------------------------------------------------------------------------------------------------

/** Reports a place that may not be changed; `how` says what would change it. */
export const checkWritable = (x: Context, p: Place, span: Span, how = 'assigned'): boolean => {
  const root = rootOf(p);
  const no = (message: string, more: Partial<Diagnostic>): boolean => {
    error(x, 'PG0401', span, message, { label: `cannot be ${how}`, ...more });
    return false;
  };
  switch (root.kind) {
    case 'local': {
      if (root.local.mutable) return true;
      const { name } = root.local;
      const entity = lookupLocal(x, name);
      const what = entity?.kind === 'local' && entity.local === root.local ? entity.what : 'let';
      const hint =
        what === 'let'
          ? `use \`var ${name}\` for a variable that changes`
          : what === 'parameter'
            ? `copy it first: \`var my_${name} = ${name};\``
            : 'the loop alone changes its variable; a `while` loop with a `var` can do anything';
      const shown = what === 'let' ? `\`${name}\` never changes` : `the ${what} \`${name}\` cannot be ${how}`;
      return no(shown, {
        secondary: [{ span: root.local.span, text: what === 'let' ? 'declared with `let` here' : 'declared here' }],
        hint,
      });
    }
    case 'global': {
      const { storage, name } = root.global;
      if (storage !== 'let' && storage !== 'config') return true;
      const text = storage === 'let' ? 'declared with `let` here' : 'declared `config const` here';
      const hint =
        storage === 'let'
          ? `use \`var ${name}\` for a variable that changes`
          : `it is set on the command line: \`-- --${name}=…\``;
      return no(`\`${name}\` never changes`, { secondary: [{ span: root.global.span, text }], hint });
    }
    case 'sliceElement':
      if (root.slice.type.kind !== 'str') return true;
      return no('a text never changes', { hint: 'bytes that change are kept in an array: `[N]u8`' });
    case 'temporary':
      return no('this is a value, not a place', { hint: 'put it into a `var` first' });
    default:
      return true;
  }
};

/** The place of `e`; undefined after a report. */
export const placeOf = (x: Context, e: Ast.Expr, what: string): Place | undefined => {
  const o = x.checker.rules.operand(x, e);
  if (o.kind === 'error') return undefined;
  if (o.kind === 'place') return isError(o.place.type) ? undefined : o.place;
  const name = bare(e);
  const constant = o.kind === 'value' && o.expr.kind === 'const' && (name.kind === 'name' || name.kind === 'field');
  const message =
    o.kind === 'sharedArray'
      ? `the shared array \`${arrayName(x, o.array)}\` as a whole cannot be ${what}`
      : constant
        ? `the constant \`${textOf(x, e.span)}\` cannot be ${what}`
        : `only a place can be ${what}`;
  error(x, constant ? 'PG0401' : 'PG0402', e.span, message, {
    label: o.kind === 'sharedArray' ? 'spread over all images' : constant ? 'never changes' : 'a value, not a place',
    hint:
      o.kind === 'sharedArray'
        ? `\`forall i in ${arrayName(x, o.array)} { ${arrayName(x, o.array)}[i] = …; }\` reaches all its elements`
        : constant
          ? 'use a module-level `var` for a variable that changes'
          : 'a place is a variable, an element, a field, or `*p`',
  });
  return undefined;
};
