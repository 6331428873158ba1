// Generics: one copy of a function or struct for each list of type arguments that the program uses. The arguments are inferred
// at the use: from the arguments' types, then from what the context wants, then from the defaults of literals.
// A body is checked once with parameters that agree with every type, which finds mistakes of its own, and once for each
// instance; what is wrong in an instance is reported at the use that asked for it.
import type * as Ast from './ast.ts';
import { moduleContext } from './check-modules.ts';
import {
  type Checker,
  type Context,
  type Entity,
  type EntityOf,
  error,
  type Instance,
  newUses,
  plural,
  type TypeArgs,
} from './check-state.ts';
import type { Diagnostic, Label } from './diagnostic.ts';
import { preludeTypes } from './prelude.ts';
import type { Span } from './source.ts';
import { errorType, type StructType, type Type, typeName } from './types.ts';

/** Instances may ask for further instances, so deep: beyond it, a function asks for itself with ever larger types. */
const maxInstances = 48;

export type Generic = EntityOf<'genericFn'> | EntityOf<'genericStruct'>;

// ---- names of instances -----------------------------------------------------------------------------------------

const structNumbers = new WeakMap<StructType, number>();
let structCount = 0;

const numberOf = (s: StructType): number => {
  const known = structNumbers.get(s);
  if (known !== undefined) return known;
  structNumbers.set(s, ++structCount);
  return structCount;
};

/** Two types are the same exactly if their keys are. */
const keyOf = (t: Type): string => {
  switch (t.kind) {
    case 'struct':
      return `#${numberOf(t.struct)}`;
    case 'array':
      return `[${t.extents.join()}]${keyOf(t.element)}`;
    case 'slice':
    case 'sharedArray':
    case 'dynamicArray':
      return `${t.kind}${t.rank} ${keyOf(t.element)}`;
    case 'handle':
      return `${t.of}${t.rank} ${keyOf(t.element)}`;
    case 'pointer':
    case 'sharedPointer':
      return `${t.kind} ${keyOf(t.target)}`;
    case 'fn':
      return `fn(${t.params.map(keyOf).join()})${keyOf(t.result)}`;
    default:
      return typeName(t);
  }
};

/** Is it made of a type that a report stands for, or of a parameter that agrees with every type? */
export const hasError = (t: Type): boolean => {
  switch (t.kind) {
    case 'error':
      return true;
    case 'array':
    case 'slice':
    case 'sharedArray':
    case 'dynamicArray':
    case 'handle':
      return hasError(t.element);
    case 'pointer':
    case 'sharedPointer':
      return hasError(t.target);
    case 'fn':
      return hasError(t.result) || t.params.some(hasError);
    default:
      return false;
  }
};

const instanceName = (name: string, params: readonly Ast.Ident[], args: TypeArgs): string =>
  `${name}<${params.map((p) => typeName(args.get(p.name) ?? errorType)).join(', ')}>`;

// ---- inference --------------------------------------------------------------------------------------------------

/** What type parameters are bound to while a use is looked at. */
export type Bindings = Map<string, Type>;

export const isBound = (g: Generic, bindings: Bindings): boolean =>
  g.decl.typeParams.every((p) => bindings.has(p.name));

/** Does the type mention a type parameter that is not bound yet? */
export const mentionsUnbound = (g: Generic, t: Ast.TypeExpr, bindings: Bindings): boolean => {
  const inner = (e: Ast.TypeExpr): boolean => mentionsUnbound(g, e, bindings);
  switch (t.kind) {
    case 'named':
      return (
        t.args.some(inner) ||
        (!t.module && g.decl.typeParams.some((p) => p.name === t.name.name) && !bindings.has(t.name.name))
      );
    case 'array':
    case 'slice':
    case 'handle':
      return inner(t.element);
    case 'pointer':
    case 'sharedPointer':
      return inner(t.target);
    case 'fn':
      return t.params.some(inner) || (t.result !== undefined && inner(t.result));
  }
};

/** The generic struct that a written type names, as seen from the module of `g`. */
const genericNamed = (g: Generic, t: Extract<Ast.TypeExpr, { kind: 'named' }>): Entity | undefined => {
  if (!t.module) return g.module.names.get(t.name.name);
  const module = g.module.names.get(t.module.name);
  return module?.kind === 'module' ? module.module?.names.get(t.name.name) : undefined;
};

/** Binds the type parameters in the written type `t` so that it becomes `found`, as far as that goes. */
export const unify = (g: Generic, t: Ast.TypeExpr | undefined, found: Type, bindings: Bindings): void => {
  if (!t || hasError(found)) return;
  switch (t.kind) {
    case 'named': {
      const { name } = t.name;
      if (!t.module && g.decl.typeParams.some((p) => p.name === name)) {
        if (!bindings.has(name) && found.kind !== 'void') bindings.set(name, found);
        return;
      }
      if (found.kind !== 'struct' || !found.struct.generic) return;
      const named = genericNamed(g, t);
      // Types of the prelude are known in every module that has no other of their name.
      const known =
        !named && !t.module && found.struct.prelude !== undefined && found.struct.name.startsWith(`${name}<`);
      if (!known && found.struct.generic.of !== named) return;
      for (const [i, a] of found.struct.generic.args.entries()) unify(g, t.args[i], a, bindings);
      return;
    }
    case 'array':
      if (found.kind === 'array') unify(g, t.element, found.element, bindings);
      return;
    case 'slice':
      // An array place becomes a slice where one is wanted.
      if (found.kind === 'slice' || found.kind === 'array' || found.kind === 'dynamicArray')
        unify(g, t.element, found.element, bindings);
      return;
    case 'handle':
      if ('element' in found) unify(g, t.element, found.element, bindings);
      return;
    case 'pointer':
    case 'sharedPointer':
      if (found.kind === t.kind) unify(g, t.target, found.target, bindings);
      return;
    case 'fn':
      if (found.kind !== 'fn') return;
      t.params.forEach((p, i) => {
        const param = found.params[i];
        if (param) unify(g, p, param, bindings);
      });
      unify(g, t.result, found.result, bindings);
  }
};

/** The written type with the parameters bound. */
export const substituted = (x: Context, g: Generic, t: Ast.TypeExpr, bindings: Bindings): Type =>
  x.checker.rules.type({ ...moduleContext(x.checker, g.module), typeArgs: bindings }, t);

// ---- instances --------------------------------------------------------------------------------------------------

const depthOf = (x: Context): number => (x.instance ? x.instance.depth + 1 : 1);

/** Nobody writes types with longer names: the arguments grow from copy to copy, perhaps to twice their size each time. */
const longestName = 120;

/** Reports a chain of instances without end; true: it is one. */
const endless = (x: Context, name: string, instance: string, span: Span): boolean => {
  if (depthOf(x) <= maxInstances && instance.length <= longestName) return false;
  error(x, 'PG0321', span, `instances without end: each copy of \`${name}\` asks for another one`, {
    label: 'for ever larger types',
    hint: 'the type arguments grow from copy to copy',
  });
  return true;
};

const bindingsOf = (g: Generic, types: readonly Type[]): TypeArgs =>
  new Map(g.decl.typeParams.map((p, i) => [p.name, types[i] ?? errorType]));

/** A struct with its parameters given; the error type after a report. */
export const structInstance = (x: Context, g: EntityOf<'genericStruct'>, types: readonly Type[], span: Span): Type => {
  const wanted = g.decl.typeParams.length;
  if (types.length !== wanted) {
    const params = g.decl.typeParams.map((p) => p.name).join(', ');
    error(
      x,
      'PG0322',
      span,
      `\`${g.decl.name.name}\` takes ${plural(wanted, 'type argument')}, found ${types.length}`,
      {
        label: types.length === 0 ? 'of what?' : `${types.length}`,
        secondary: [{ span: g.span, text: 'declared here' }],
        hint: `write \`${g.decl.name.name}<${params}>\` with types for ${params}`,
      },
    );
    return errorType;
  }
  if (types.some(hasError)) return errorType;
  const typeArgs = bindingsOf(g, types);
  const key = types.map(keyOf).join(';');
  const known = g.instances.get(key);
  if (known) return { kind: 'struct', struct: known.struct };
  const name = instanceName(g.decl.name.name, g.decl.typeParams, typeArgs);
  if (x.checker.structDepth >= maxInstances || name.length > longestName) {
    error(x, 'PG0321', span, `instances without end: \`${g.decl.name.name}\` contains ever larger instances of itself`);
    return errorType;
  }
  const own = preludeTypes.get(g.decl.name.name);
  const struct: StructType = {
    ...(own && x.checker.prelude.get(own.module) === g.module ? { prelude: own.kind } : {}),
    name,
    span: g.span,
    generic: { of: g, args: types },
    fields: [],
    size: 1,
    align: 1,
  };
  const { kind: _, instances: __, ...rest } = g;
  const e: EntityOf<'struct'> = { ...rest, kind: 'struct', progress: 'open', struct, typeArgs };
  g.instances.set(key, e);
  x.checker.structs.push(struct);
  x.checker.structEntities.set(struct, e);
  x.checker.structDepth++;
  x.checker.rules.struct(e);
  x.checker.structDepth--;
  return { kind: 'struct', struct };
};

/** The copy of a function for these types; undefined after a report. */
export const fnInstance = (
  x: Context,
  g: EntityOf<'genericFn'>,
  bindings: Bindings,
  span: Span,
): EntityOf<'fn'> | undefined => {
  const types = g.decl.typeParams.map((p) => bindings.get(p.name) ?? errorType);
  if (types.some(hasError)) return undefined;
  const key = types.map(keyOf).join(';');
  const known = g.instances.get(key);
  if (known) return known;
  const typeArgs = bindingsOf(g, types);
  const name = instanceName(g.decl.name.name, g.decl.typeParams, typeArgs);
  if (endless(x, g.decl.name.name, name, span)) return undefined;
  // Structs of one name from different modules have different keys.
  const alike = [...g.instances.values()].filter((i) => i.instance?.name.startsWith(name)).length;
  const instance: Instance = {
    typeArgs,
    name: alike === 0 ? name : `${name}#${alike + 1}`,
    asked: span,
    from: x.instance,
    depth: depthOf(x),
  };
  const e: EntityOf<'fn'> = {
    kind: 'fn',
    span: g.span,
    module: g.module,
    decl: g.decl,
    progress: 'open',
    uses: newUses(),
    instance,
  };
  g.instances.set(key, e);
  x.checker.instances.push(e);
  return e;
};

/** Reports parameters that nothing gives a type to. */
export const cannotInfer = (x: Context, g: Generic, bindings: Bindings, span: Span): void => {
  const open = g.decl.typeParams.filter((p) => !bindings.has(p.name)).map((p) => `\`${p.name}\``);
  error(
    x,
    'PG0320',
    span,
    `the ${open.length === 1 ? 'type' : 'types'} ${open.join(', ')} of \`${g.decl.name.name}\` cannot be inferred`,
    {
      label: 'nothing here says which',
      secondary: [{ span: g.span, text: 'declared here' }],
      hint:
        g.kind === 'genericFn'
          ? 'write the type of the result: `let x: … = …;`'
          : `write it: \`${g.decl.name.name}<…> { … }\``,
    },
  );
};

// ---- mistakes in instances --------------------------------------------------------------------------------------

/** Uses that are shown on the way from the mistake to the program. */
const shownUses = 4;

/** What was found in an instance's body, told at the use that asked for it. */
const atUse = (d: Diagnostic, instance: Instance): Diagnostic => {
  const chain: Label[] = [];
  let at = instance;
  for (; at.from; at = at.from)
    if (chain.length < shownUses) chain.push({ span: at.asked, text: `\`${at.name}\` is asked for here` });
  return {
    ...d,
    span: at.asked,
    message: `in \`${instance.name}\`: ${d.message}`,
    label: `asks for \`${at.name}\``,
    secondary: [{ span: d.span, text: d.label ?? 'here' }, ...chain, ...(d.secondary ?? [])],
  };
};

/** Runs `check` on the body of an instance and moves what it reports to the use. */
export const asInstance = (checker: Checker, instance: Instance, check: () => void): void => {
  const { diagnostics } = checker;
  const before = diagnostics.length;
  check();
  const found = diagnostics.splice(before);
  const errors = found.filter((d) => d.severity === 'error');
  // One mistake makes one message: the first tells enough.
  const [first] = errors;
  if (first) diagnostics.push(first.code === 'PG0321' ? first : atUse(first, instance));
};
