// Calls of functions, struct literals, and methods of arrays.
import type * as Ast from './ast.ts';
import { callFn, callGeneric, callValue, fitted, looseArg, operandType } from './check-apply.ts';
import { checkBuiltin } from './check-builtins.ts';
import { throughHandle, toSlice, toValue } from './check-convert.ts';
import {
  type Bindings,
  cannotInfer,
  hasError,
  isBound,
  mentionsUnbound,
  structInstance,
  unify,
} from './check-generics.ts';
import { checkIntrinsic } from './check-intrinsics.ts';
import { isFlexible } from './check-literals.ts';
import { checkInteger, moduleMember } from './check-places.ts';
import { callPrelude, isPrelude } from './check-prelude.ts';
import { isBuiltin, lookupLocal, unknownName } from './check-scope.ts';
import {
  arrayName,
  bare,
  type Context,
  declaredArray,
  type Entity,
  error,
  errorExpr,
  isError,
  type Operand,
  plural,
  rankOf,
  textOf,
} from './check-state.ts';
import { didYouMean } from './check-suggest.ts';
import type { Span } from './source.ts';
import type { Expr } from './typed.ts';
import { errorType, i64, type StructField, type Type, typeName, withArticle } from './types.ts';

type Call = Extract<Ast.Expr, { kind: 'call' }>;

const looseArgs = (x: Context, args: readonly Ast.Expr[]): void => {
  for (const a of args) looseArg(x, a);
};

// ---- what is called ----------------------------------------------------------------------------------------------

const notCallable = (x: Context, e: Call, what: string, declared: Span | undefined, hint?: string): Expr => {
  error(x, 'PG0209', e.callee.span, `${what} cannot be called`, {
    label: 'not a function',
    ...(declared ? { secondary: [{ span: declared, text: 'declared here' }] } : {}),
    ...(hint === undefined ? {} : { hint }),
  });
  looseArgs(x, e.args);
  return errorExpr(e.span);
};

const callEntity = (x: Context, e: Call, entity: Entity, name: string, want: Type | undefined): Expr => {
  switch (entity.kind) {
    case 'fn':
      return callFn(x, e, entity);
    case 'genericFn':
      return callGeneric(x, e, entity, want);
    case 'absent':
      looseArgs(x, e.args);
      return errorExpr(e.span);
    case 'struct':
    case 'genericStruct':
      return notCallable(
        x,
        e,
        `the struct \`${name}\``,
        entity.span,
        `a value is written \`${name} { ${entity.decl.fields.map((f) => `${f.name.name}: …`).join(', ')} }\``,
      );
    case 'module':
      return notCallable(x, e, `the module \`${name}\``, entity.span, `call a function of it: \`${name}.f(…)\``);
    default:
      return callOperand(x, e, x.checker.rules.operand(x, e.callee), `\`${name}\``, entity.span);
  }
};

/** A call of a value: of a variable, field or element of type fn. */
const callOperand = (x: Context, e: Call, o: Operand, what: string, declared?: Span): Expr => {
  if (o.kind === 'error') {
    looseArgs(x, e.args);
    return errorExpr(e.span);
  }
  const t = o.kind === 'sharedArray' ? o.array.type : o.kind === 'place' ? o.place.type : o.expr.type;
  if (isError(t)) looseArgs(x, e.args);
  if (isError(t)) return errorExpr(e.span);
  return t.kind === 'fn' ? callValue(x, e, toValue(x, o), t) : notCallable(x, e, what, declared);
};

// ---- methods ----------------------------------------------------------------------------------------------------

/** The number of a dimension, which must be constant. */
const dimension = (x: Context, e: Ast.Expr, rank: number): number | undefined => {
  const v = checkInteger(x, e, 'a dimension');
  if (isError(v.type)) return undefined;
  if (v.kind !== 'const') {
    error(x, 'PG0503', e.span, 'the number of a dimension must be a constant', { label: 'only known at run time' });
    return undefined;
  }
  const k = Number(v.value);
  if (k >= 0 && k < rank) return k;
  error(x, 'PG0510', e.span, `there is no dimension ${k}`, {
    label: rank === 1 ? 'there is only dimension 0' : `dimensions are 0 to ${rank - 1}`,
  });
  return undefined;
};

const sharedMethod = (x: Context, e: Call, o: Extract<Operand, { kind: 'sharedArray' }>, name: Ast.Ident): Expr => {
  const rank = rankOf(o.array.type);
  const most = 1;
  const least = name.name === 'dim' ? 1 : 0;
  if (e.args.length < least || e.args.length > most) {
    error(
      x,
      'PG0303',
      e.span,
      `\`${name.name}\` takes ${name.name === 'dim' ? 'the number of a dimension' : 'at most the number of a dimension'}, found ${plural(e.args.length, 'argument')}`,
    );
    return errorExpr(e.span);
  }
  const arg = e.args[0];
  const k = arg ? dimension(x, arg, rank) : 0;
  if (k === undefined) return errorExpr(e.span);
  if (name.name === 'dim') return { kind: 'sharedLength', array: o.array, dim: k, type: i64, span: e.span };
  const kind = o.array.kind === 'handleOf' ? o.array.global.dist?.[k]?.kind : undefined;
  if (kind === 'cyclic' || kind === 'blocks') {
    error(x, 'PG0411', name.span, `\`${arrayName(x, o.array)}\` has no one block on an image`, {
      label: 'only for `block` distributions',
      ...declaredArray(o.array, `distributed ${kind === 'cyclic' ? '`cyclic`' : '`block(B)`'} here`),
      hint: `\`${arrayName(x, o.array)}.local\` has the elements that live here, in storage order`,
    });
    return errorExpr(e.span);
  }
  return {
    kind: 'sharedBound',
    array: o.array,
    which: name.name === 'lo' ? 'lo' : 'hi',
    dim: k,
    type: i64,
    span: e.span,
  };
};

const dimMethod = (x: Context, e: Call, o: Operand, t: Type): Expr => {
  const arg = e.args[0];
  const rank = t.kind === 'array' ? t.extents.length : t.kind === 'slice' || t.kind === 'dynamicArray' ? t.rank : 1;
  if (!arg || e.args.length !== 1) {
    error(x, 'PG0303', e.span, `\`dim\` takes the number of a dimension, found ${plural(e.args.length, 'argument')}`);
    return errorExpr(e.span);
  }
  const k = dimension(x, arg, rank);
  if (k === undefined) return errorExpr(e.span);
  if (t.kind === 'array') return { kind: 'const', value: BigInt(t.extents[k] ?? 0), type: i64, span: e.span };
  const slice = o.kind === 'place' && t.kind === 'dynamicArray' ? toSlice(o.place, e.span) : toValue(x, o);
  return slice ? { kind: 'length', slice, dim: k, type: i64, span: e.span } : errorExpr(e.span);
};

const callMethod = (x: Context, e: Call, callee: Extract<Ast.Expr, { kind: 'field' }>): Expr => {
  const o = throughHandle(x, x.checker.rules.operand(x, callee.base));
  const { name } = callee;
  if (o.kind === 'error') {
    looseArgs(x, e.args);
    return errorExpr(e.span);
  }
  if (o.kind === 'sharedArray' && ['lo', 'hi', 'dim'].includes(name.name)) return sharedMethod(x, e, o, name);
  const t = o.kind === 'sharedArray' ? o.array.type : o.kind === 'place' ? o.place.type : o.expr.type;
  if (name.name === 'dim' && ['array', 'slice', 'dynamicArray', 'str'].includes(t.kind)) return dimMethod(x, e, o, t);
  if (isError(t) || name.name === '') return errorExpr(e.span);
  const target = t.kind === 'pointer' || t.kind === 'sharedPointer' ? t.target : t;
  const field = target.kind === 'struct' && target.struct.fields.find((f) => f.name.name === name.name);
  if (field && field.type.kind === 'fn') return callOperand(x, e, x.checker.rules.operand(x, callee), 'this value');
  const sequence = ['array', 'slice', 'dynamicArray', 'str', 'handle'].includes(t.kind);
  if (sequence && (name.name === 'len' || name.name === 'local')) {
    error(x, 'PG0209', e.span, `\`${name.name}\` is a property, not a function`, {
      hint: `write \`.${name.name}\` without parentheses`,
    });
  } else if (sequence && (name.name === 'lo' || name.name === 'hi')) {
    error(x, 'PG0411', name.span, `\`.${name.name}()\` is a property of shared arrays`, {
      label: `this is ${typeName(t)}`,
    });
  } else {
    const known = sequence ? ['len', 'dim', ...(t.kind === 'handle' ? ['local', 'lo', 'hi'] : [])] : [];
    error(x, 'PG0209', name.span, `${typeName(t)} has no function \`${name.name}\``, {
      label: 'not a function',
      ...(sequence
        ? didYouMean(name.name, known)
        : { hint: `PG has no methods: write \`${name.name}(${textOf(x, callee.base.span)})\`` }),
    });
  }
  looseArgs(x, e.args);
  return errorExpr(e.span);
};

/** `x@f()` calls what `x@f` would be: reported here if `f` is a function. */
const calledImage = (x: Context, e: Call, callee: Extract<Ast.Expr, { kind: 'at' }>): boolean => {
  if (callee.image.kind !== 'name') return false;
  const { name, span } = callee.image.name;
  if (lookupLocal(x, name)) return false;
  const entity = x.module.names.get(name);
  const isFunction = entity
    ? entity.kind === 'fn' || entity.kind === 'genericFn'
    : isBuiltin(name) || isPrelude(x, name);
  if (!isFunction) return false;
  const call = { ...span, end: e.span.end };
  error(x, 'PG0209', call, `a call after \`@\` stands in parentheses`, {
    label: `\`@\` takes a name, a number or what is in parentheses`,
    hint: `write \`${textOf(x, callee.place.span)}@(${textOf(x, call)})\``,
  });
  return true;
};

/** Any call. Those of builtins that are statements give the type void and are turned into statements by their caller. */
export const checkCall = (x: Context, e: Call, want: Type | undefined): Expr => {
  const callee = bare(e.callee);
  if (callee.kind === 'field') {
    const member = moduleMember(x, callee.base, callee.name, 'function');
    if (member === 'missing') {
      looseArgs(x, e.args);
      return errorExpr(e.span);
    }
    return member ? callEntity(x, e, member, callee.name.name, want) : callMethod(x, e, callee);
  }
  if (callee.kind === 'name') {
    const name = callee.name.name;
    const local = lookupLocal(x, name);
    if (local) {
      const declared = local.kind === 'local' ? local.local.span : local.span;
      return callOperand(x, e, x.checker.rules.operand(x, callee), `the variable \`${name}\``, declared);
    }
    const entity = x.module.names.get(name);
    if (entity) return callEntity(x, e, entity, name, want);
    if (isPrelude(x, name)) return callPrelude(x, e, name, want);
    if (isBuiltin(name)) return checkBuiltin(x, e, name, want);
    if (name.startsWith('__')) return checkIntrinsic(x, e, callee.name);
    unknownName(x, callee.name, true);
    looseArgs(x, e.args);
    return errorExpr(e.span);
  }
  if (callee.kind === 'error') return errorExpr(e.span);
  if (callee.kind === 'at' && calledImage(x, e, callee)) {
    looseArgs(x, e.args);
    return errorExpr(e.span);
  }
  return callOperand(x, e, x.checker.rules.operand(x, callee), 'this value');
};

// ---- struct literals --------------------------------------------------------------------------------------------

type StructLiteral = Extract<Ast.Expr, { kind: 'struct' }>;

const missingFields = (x: Context, e: StructLiteral, name: string, fields: readonly string[], declared: Span): void => {
  const one = fields.length === 1;
  const list = fields.map((f) => `\`${f}\``).join(', ');
  error(x, 'PG0312', e.type.span, `${one ? 'field' : 'fields'} ${list} of ${name} ${one ? 'is' : 'are'} missing`, {
    label: 'every field is given',
    secondary: [{ span: declared, text: 'the struct is declared here' }],
    hint: `a struct of all zeros is \`var x: ${name};\``,
  });
};

/** `Pair { a: 1, b: 2.5 }`: the type arguments of a generic struct, from what is wanted or from the fields. */
const inferStruct = (
  x: Context,
  e: StructLiteral,
  want: Type | undefined,
): { readonly type: Type; readonly seen: ReadonlyMap<StructLiteral['fields'][number], Operand> } | undefined => {
  if (e.type.kind !== 'named' || e.type.args.length > 0) return undefined;
  const { module, name } = e.type;
  const names = module ? x.module.names.get(module.name) : undefined;
  const g = module
    ? names?.kind === 'module'
      ? names.module?.names.get(name.name)
      : undefined
    : x.module.names.get(name.name);
  if (g?.kind !== 'genericStruct') return undefined;
  const bindings: Bindings = new Map();
  const seen = new Map<StructLiteral['fields'][number], Operand>();
  if (want?.kind === 'struct' && want.struct.generic?.of === g) return { type: want, seen };
  const look = (f: StructLiteral['fields'][number]): void => {
    const declared = g.decl.fields.find((d) => d.name.name === f.name.name);
    if (!declared || !mentionsUnbound(g, declared.type, bindings)) return;
    const o = x.checker.rules.operand(x, f.value);
    seen.set(f, o);
    unify(g, declared.type, operandType(o), bindings);
  };
  for (const f of e.fields) if (!isFlexible(f.value)) look(f);
  for (const f of e.fields) if (!seen.has(f) && bare(f.value).kind !== 'nil') look(f);
  if (isBound(g, bindings)) {
    const types = g.decl.typeParams.map((p) => bindings.get(p.name) ?? errorType);
    return { type: structInstance(x, g, types, e.type.span), seen };
  }
  const missing = g.decl.fields.find((d) => !e.fields.some((f) => f.name.name === d.name.name));
  if (missing) missingFields(x, e, g.decl.name.name, [missing.name.name], g.span);
  else if (!(want && hasError(want)) && ![...seen.values()].some((o) => hasError(operandType(o))))
    cannotInfer(x, g, bindings, e.type.span);
  return { type: errorType, seen };
};

export const checkStruct = (x: Context, e: StructLiteral, want: Type | undefined): Expr => {
  const { rules } = x.checker;
  const inferred = inferStruct(x, e, want);
  const t = inferred?.type ?? rules.type(x, e.type);
  if (t.kind !== 'struct') {
    for (const f of e.fields) if (!inferred) rules.value(x, f.value);
    if (!isError(t)) error(x, 'PG0312', e.type.span, `${typeName(t)} has no fields`, { label: 'not a struct' });
    return errorExpr(e.span);
  }
  if (t.struct.prelude && t.struct.prelude !== 'open' && !x.module.library) {
    error(x, 'PG0311', e.type.span, `${withArticle(typeName(t))} has no fields`, {
      label: 'only its own functions make one',
    });
    return errorExpr(e.span);
  }
  const seen = new Map<string, Span>();
  const fields: { field: StructField; value: Expr }[] = [];
  let fine = true;
  for (const f of e.fields) {
    const field = t.struct.fields.find((g) => g.name.name === f.name.name);
    const why = field && { span: field.name.span, text: `field \`${field.name.name}\` is ${typeName(field.type)}` };
    const seenValue = inferred?.seen.get(f);
    const value = !field
      ? rules.value(x, f.value)
      : seenValue
        ? fitted(x, f.value, seenValue, field.type, why)
        : rules.need(x, f.value, field.type, why);
    const before = seen.get(f.name.name);
    if (!field) {
      fine = false;
      if (f.name.name !== '')
        error(x, 'PG0311', f.name.span, `${t.struct.name} has no field \`${f.name.name}\``, {
          label: 'unknown field',
          secondary: [{ span: t.struct.span, text: 'the struct is declared here' }],
          ...didYouMean(
            f.name.name,
            t.struct.fields.map((g) => g.name.name),
          ),
        });
    } else if (before) {
      fine = false;
      error(x, 'PG0312', f.name.span, `field \`${f.name.name}\` is given twice`, {
        label: 'given again',
        secondary: [{ span: before, text: 'first given here' }],
      });
    } else fields.push({ field, value });
    seen.set(f.name.name, f.name.span);
  }
  const missing = t.struct.fields.filter((g) => !seen.has(g.name.name));
  if (missing.length > 0 && fine) {
    fine = false;
    missingFields(
      x,
      e,
      t.struct.name,
      missing.map((g) => g.name.name),
      t.struct.span,
    );
  }
  return fine ? { kind: 'struct', fields, type: t, span: e.span } : { ...errorExpr(e.span), type: t };
};
