// Module-level constants and variables: their types, extents, distributions and initial values.

import type * as Ast from './ast.ts';
import { asInt, distribution } from './check-dist.ts';
import { moduleContext } from './check-modules.ts';
import { isNumber } from './check-numbers.ts';
import { type Checker, type Context, type EntityOf, error, isError, type Mutable } from './check-state.ts';
import { checkMovable, checkSize, constantExtent, maxRank } from './check-types.ts';
import { configHelpOf } from './doc-comments.ts';
import type { Span } from './source.ts';
import type { DimDist, Expr, Global } from './typed.ts';
import { i64, isBoundToImage, isScalar, type Type, typeName, withArticle } from './types.ts';

type ConstEntity = EntityOf<'const'>;
type GlobalEntity = EntityOf<'global'>;
type Variable = Extract<Ast.Decl, { kind: 'variable' }>;

const cyclic = (x: Context, name: string, at: Span, declared: Span): void =>
  error(x, 'PG0207', declared, `\`${name}\` depends on itself`, {
    label: 'its value or type is needed to know it',
    secondary: [{ span: at, text: 'needed here' }],
  });

/** The value of a `const` declaration: a folded number, bool or text. */
export const constantValue = (
  x: Context,
  type: Ast.TypeExpr | undefined,
  e: Ast.Expr,
  what: string,
): Expr | undefined => {
  const { rules } = x.checker;
  const declared = type && rules.type(x, type);
  const value = declared
    ? rules.need(x, e, declared, { span: type.span, text: `declared as ${typeName(declared)}` })
    : rules.value(x, e);
  if (isError(value.type)) return undefined;
  if (value.kind === 'const' || (value.kind === 'string' && what !== 'a config const')) return value;
  if (value.kind === 'string') {
    error(x, 'PG0504', e.span, 'a config const is a number or a bool', { label: 'a text' });
    return undefined;
  }
  if (upgradeFailure(x, culprit(value))) return undefined;
  const hint =
    what === 'a config const'
      ? 'a default is known while compiling; compute with it in a `let`'
      : 'use `let` for a value that is computed at the start';
  error(x, 'PG0503', culprit(value), `the value of ${what} must be known while compiling`, {
    label: 'only known at run time',
    hint,
  });
  return undefined;
};

/** A constant that cannot be computed, like `1 / 0`: the warning about it becomes an error. */
const upgradeFailure = (x: Context, at: Span): boolean => {
  const all = x.checker.diagnostics;
  const k = all.findIndex((d) => d.code === 'PG0508' && d.span.source === at.source && d.span.start === at.start);
  const known = all[k];
  if (!known) return false;
  all[k] = { ...known, severity: 'error', message: known.message.replace(': the program will stop here', '') };
  return true;
};

/** The innermost part that keeps an expression from being constant. */
export const culprit = (e: Expr): Span => {
  let at = e;
  for (;;) {
    if (at.kind === 'arithmetic' || at.kind === 'compare' || at.kind === 'logical') {
      if (at.left.kind !== 'const') at = at.left;
      else if (at.right.kind !== 'const') at = at.right;
      else return at.span;
    } else if ((at.kind === 'unary' || at.kind === 'cast') && at.operand.kind !== 'const') at = at.operand;
    else return at.span;
  }
};

export const resolveConst = (checker: Checker, e: ConstEntity, from: Context, at: Span): Expr | undefined => {
  if (e.progress === 'busy') {
    cyclic(from, e.decl.name.name, at, e.span);
    return undefined;
  }
  if (e.progress === 'open') {
    e.progress = 'busy';
    const value = constantValue(moduleContext(checker, e.module), e.decl.type, e.decl.value, 'a constant');
    if (value) e.value = value;
    e.progress = 'done';
  }
  return e.value;
};

// ---- variables --------------------------------------------------------------------------------------------------

interface Shape {
  readonly type: Type;
  readonly extents?: readonly Expr[];
  readonly dist?: readonly DimDist[];
}

const arrayShape = (x: Context, d: Variable, t: Extract<Ast.TypeExpr, { kind: 'array' }>): Shape | undefined => {
  const element = x.checker.rules.type(x, t.element);
  const rank = t.extents.length;
  if (rank > maxRank) {
    error(x, 'PG0502', t.span, `arrays have at most ${maxRank} dimensions, found ${rank}`);
    return undefined;
  }
  const values = t.extents.map((e) => x.checker.rules.value(x, e, i64));
  const fixed = values.map((v) => constantExtent(x, v));
  if (isError(element) || fixed.includes(undefined)) return undefined;
  if (d.storage !== 'var' && isBoundToImage(element)) return boundToImage(x, d, element, t.element.span);
  const extents = values.map(asInt);
  if (d.storage === 'shared')
    return { type: { kind: 'sharedArray', rank, element }, extents, dist: distribution(x, d.dist, rank) };
  const known = fixed.filter((n) => typeof n === 'number');
  if (known.length === rank) return { type: { kind: 'array', extents: known, element } };
  return { type: { kind: 'dynamicArray', rank, element }, extents };
};

const variableShape = (x: Context, d: Variable): Shape | undefined => {
  if (!d.type) return undefined;
  if (d.type.kind === 'array') return arrayShape(x, d, d.type);
  const type = x.checker.rules.type(x, d.type);
  if (isError(type)) return undefined;
  if (d.storage !== 'var' && (type.kind === 'slice' || type.kind === 'str')) {
    error(x, 'PG0318', d.type.span, `a ${d.storage} variable cannot be a ${type.kind === 'str' ? 'str' : 'slice'}`, {
      label: 'refers to memory of one image',
      hint:
        type.kind === 'slice'
          ? `give extents: \`${d.storage} ${d.name.name}: [n]${typeName(type.element)};\``
          : 'a text means nothing to other images',
    });
    return undefined;
  }
  if (d.storage !== 'var' && isBoundToImage(type)) return boundToImage(x, d, type, d.type.span);
  return { type };
};

/** Reports a variable that other images could read but not use. */
const boundToImage = (x: Context, d: Variable, type: Type, span: Span): undefined => {
  error(x, 'PG0318', span, `a ${d.storage} variable cannot be or contain ${withArticle(typeName(type))}`, {
    label: 'refers to memory of one image',
    hint: `declare it \`var ${d.name.name}\`: then every image has its own, which no other reaches`,
  });
  return undefined;
};

const newGlobal = (e: GlobalEntity, storage: Global['storage'], shape: Shape): Mutable<Global> => ({
  symbol: `${e.module.prefix}${e.decl.name.name}`,
  name: e.decl.name.name,
  span: e.span,
  storage,
  strict: e.decl.kind === 'variable' && e.decl.strict,
  swapped: false,
  handled: false,
  ...shape,
});

/** What `let x = e;` and `var x = e;` make of a value without a declared type; undefined after a report. */
export const inferredType = (x: Context, value: Expr, name: Ast.Ident): Type | undefined => {
  if (isError(value.type)) return undefined;
  if (value.type.kind !== 'void') return value.type;
  error(x, 'PG0305', value.span, `\`${name.name}\` would have no value`, { label: 'gives no value' });
  return undefined;
};

const resolveVariable = (x: Context, e: GlobalEntity, d: Variable): void => {
  if (d.dist && (d.storage !== 'shared' || d.type?.kind !== 'array')) {
    error(x, 'PG0410', d.dist.span, 'only shared arrays are distributed', {
      label: 'not an array that is spread',
      ...(d.storage === 'co' ? { hint: 'every image has its own whole `co` array' } : {}),
    });
  }
  if (d.type) {
    const shape = variableShape(x, d);
    if (!shape) return;
    if (shape.type.kind !== 'sharedArray' && shape.type.kind !== 'dynamicArray') checkSize(x, shape.type, d.type.span);
    if (d.storage === 'var') checkMovable(x, shape.type, d.type.span, 'a private variable');
    e.global = newGlobal(e, d.storage, shape);
    e.pending = d.value !== undefined;
    return;
  }
  if (!d.value) {
    error(x, 'PG0313', e.span, `\`${d.name.name}\` has neither a type nor a value`, {
      hint: `write \`${d.storage} ${d.name.name}: int;\``,
    });
    return;
  }
  const value = x.checker.rules.value(x, d.value);
  const type = inferredType(x, value, d.name);
  if (!type) return;
  e.global = newGlobal(e, d.storage, { type });
  setValue(x, e, d, value);
};

const setValue = (x: Context, e: GlobalEntity, d: Variable, value: Expr): void => {
  if (!e.global || isError(value.type)) return;
  const simple = isScalar(e.global.type) || e.global.storage === 'var';
  if (simple && e.global.type.kind !== 'dynamicArray') e.global.value = value;
  else if (e.global.storage === 'co' && e.global.type.kind !== 'dynamicArray') e.global.value = value;
  else noInitialValue(x, d);
};

const noInitialValue = (x: Context, d: Variable): void => {
  const { name } = d.name;
  const one = d.storage === 'shared' && d.type?.kind !== 'array';
  const how = one ? `if this_image() == 0 { ${name} = …; }` : `forall i in ${name} { ${name}[i] = …; }`;
  error(x, 'PG0420', d.value?.span ?? d.span, `\`${name}\` cannot have an initial value`, {
    label: 'starts as all zeros',
    hint: `fill it in \`main\`${d.storage === 'shared' ? `: \`${how}\`` : ''}`,
  });
};

/** The value of a variable with a declared type; run when all types are known. */
export const checkInitialValue = (checker: Checker, e: GlobalEntity): void => {
  if (!e.pending || !e.global || !e.decl.value) return;
  e.pending = false;
  const x: Context = { ...moduleContext(checker, e.module), uses: e.uses };
  const { type } = e.global;
  if (
    e.decl.kind === 'variable' &&
    (type.kind === 'sharedArray' || type.kind === 'dynamicArray' || (e.global.storage === 'shared' && !isScalar(type)))
  )
    return noInitialValue(x, e.decl);
  const why = e.decl.type ? { span: e.decl.type.span, text: `declared as ${typeName(type)}` } : undefined;
  const value = checker.rules.need(x, e.decl.value, type, why);
  if (!isError(value.type)) e.global.value = value;
};

const resolveConfig = (x: Context, e: GlobalEntity, d: Extract<Ast.Decl, { kind: 'const' }>): void => {
  const declared = d.type && x.checker.rules.type(x, d.type);
  if (declared && isError(declared)) return;
  if (d.type && declared && declared.kind !== 'bool' && !isNumber(declared)) {
    error(x, 'PG0504', d.type.span, `a config const is a number or a bool, not ${typeName(declared)}`, {
      label: 'cannot be given on the command line',
    });
    return;
  }
  const value = constantValue(x, d.type, d.value, 'a config const');
  const type = declared ?? value?.type;
  if (!type) return;
  const doc = configHelpOf(d);
  const code = d.value.kind === 'char' ? d.value.value : 0;
  const letter = code >= 0x20 && code < 0x7f ? { letter: String.fromCharCode(code) } : {};
  e.global = { ...newGlobal(e, 'config', { type }), ...(doc === undefined ? {} : { doc }), ...letter };
  if (value) e.global.value = value;
};

const resolveLet = (x: Context, e: GlobalEntity, d: Extract<Ast.Decl, { kind: 'let' }>): void => {
  if (d.type) {
    const type = x.checker.rules.type(x, d.type);
    if (isError(type)) return;
    checkSize(x, type, d.type.span);
    e.global = newGlobal(e, 'let', { type });
    e.pending = true;
    return;
  }
  const value = x.checker.rules.value(x, d.value);
  const type = inferredType(x, value, d.name);
  if (!type) return;
  e.global = { ...newGlobal(e, 'let', { type }), value };
};

export const resolveGlobal = (checker: Checker, e: GlobalEntity, from: Context, at: Span): Global | undefined => {
  if (e.progress === 'busy') {
    cyclic(from, e.decl.name.name, at, e.span);
    return undefined;
  }
  if (e.progress === 'open') {
    e.progress = 'busy';
    const x: Context = { ...moduleContext(checker, e.module), uses: e.uses };
    const d = e.decl;
    if (d.kind === 'const') resolveConfig(x, e, d);
    else if (d.kind === 'let') resolveLet(x, e, d);
    else resolveVariable(x, e, d);
    e.progress = 'done';
  }
  return e.global;
};
