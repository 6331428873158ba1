// Intrinsics: `__sqrt(x)`, `__slot()`, …: what only modules of the library may call.
import type * as Ast from './ast.ts';
import { type Context, error, errorExpr, isError, plural } from './check-state.ts';
import { didYouMean } from './check-suggest.ts';
import type { Expr, Intrinsic } from './typed.ts';
import { f32, f64, i32, i64, strType, type Type, typeName, u8, u32, u64, voidType } from './types.ts';

type Kind = 'float' | 'bits' | 'integer' | 'any integer' | 'pointer' | Type;

interface Signature {
  readonly params: readonly Kind[];
  /** `same`: the type of the first argument; `bits`: the integer of the float's width, or the float of the integer's. */
  readonly result: 'same' | 'bits' | Type;
}

const pointer: Type = { kind: 'pointer', target: i32 };
const bytes: Type = { kind: 'slice', rank: 1, element: u8 };
const float = (n: number): Signature => ({ params: Array.from({ length: n }, () => 'float' as const), result: 'same' });
const integer: Signature = { params: ['integer'], result: 'same' };

const signatures: Readonly<Record<Intrinsic, Signature>> = {
  sqrt: float(1),
  floor: float(1),
  ceil: float(1),
  trunc: float(1),
  nearest: float(1),
  abs: float(1),
  copysign: float(2),
  fmin: float(2),
  fmax: float(2),
  bits: { params: ['float'], result: 'bits' },
  from_bits: { params: ['bits'], result: 'bits' },
  clz: integer,
  ctz: integer,
  popcnt: integer,
  rotl: { params: ['integer', 'integer'], result: 'same' },
  wait32: { params: [pointer, i32, i64], result: i32 },
  notify: { params: [pointer, i32], result: i32 },
  fault: { params: [i32, i64, i64, i64], result: voidType },
  slot: { params: [], result: i64 },
  image: { params: [], result: i64 },
  images: { params: [], result: i64 },
  slot_bits: { params: [], result: i64 },
  worker: { params: [], result: i64 },
  worker_image: { params: [], result: i64 },
  become: { params: [i64, i64], result: voidType },
  par: { params: [], result: i64 },
  shares: { params: [], result: i64 },
  may_move: { params: [], result: i64 },
  guard_bounds: { params: [], result: voidType },
  fiber: { params: [], result: i64 },
  stack_need: { params: [], result: i64 },
  dispatch: { params: [i32], result: i32 },
  interrupt: { params: [i32], result: i32 },
  alerted: { params: [i32], result: i32 },
  can_end: { params: [i32], result: voidType },
  watch: { params: [i64, i32, i64, i64], result: voidType },
  serve: { params: [i32], result: voidType },
  traced: { params: [], result: i64 },
  withdraw: { params: [i64, i64, i64], result: voidType },
  suspend: { params: [], result: voidType },
  resume: { params: [i64, i64, i64], result: i64 },
  start: { params: [i64, i64], result: i64 },
  stack: { params: [], result: i64 },
  set_stack: { params: [i64], result: voidType },
  address: { params: [strType], result: i64 },
  copied: { params: ['pointer', i64], result: voidType },
  touch_read: { params: [i64, i64], result: voidType },
  touch_write: { params: [i64, i64], result: voidType },
  file_open: { params: [strType], result: i64 },
  file_read: { params: [bytes], result: i64 },
  file_write: { params: [strType, bytes], result: i64 },
};

const isIntrinsic = (name: string): name is Intrinsic => Object.hasOwn(signatures, name);

const suits = (kind: Kind, t: Type): boolean => {
  if (typeof kind !== 'string') return true;
  if (kind === 'float') return t.kind === 'float';
  if (kind === 'pointer') return t.kind === 'pointer';
  if (kind === 'bits') return t.kind === 'int' && !t.signed && t.bits >= 32;
  return t.kind === 'int' && (kind === 'any integer' || t.bits >= 32);
};

const resultOf = (s: Signature, first: Type | undefined): Type => {
  if (s.result === 'same') return first ?? i64;
  if (s.result !== 'bits') return s.result;
  if (first?.kind === 'float') return first.bits === 32 ? u32 : u64;
  return first?.kind === 'int' && first.bits === 32 ? f32 : f64;
};

export const checkIntrinsic = (x: Context, e: Extract<Ast.Expr, { kind: 'call' }>, ident: Ast.Ident): Expr => {
  const name = ident.name.slice(2);
  const { rules } = x.checker;
  if (!x.module.library || !isIntrinsic(name)) {
    const message = x.module.library
      ? `no intrinsic \`${ident.name}\``
      : "names that begin with `__` are the library's";
    error(x, 'PG0208', ident.span, message, {
      label: x.module.library ? 'unknown' : 'only modules of the library may call this',
      ...(x.module.library ? didYouMean(name, Object.keys(signatures)) : {}),
    });
    return errorExpr(e.span);
  }
  const s = signatures[name];
  if (e.args.length !== s.params.length) {
    error(
      x,
      'PG0303',
      e.span,
      `\`${ident.name}\` takes ${plural(s.params.length, 'argument')}, found ${e.args.length}`,
    );
    return errorExpr(e.span);
  }
  const args: Expr[] = [];
  for (const [i, a] of e.args.entries()) {
    const kind = s.params[i] ?? i64;
    const first = args[0]?.type;
    const v =
      typeof kind !== 'string' ? rules.need(x, a, kind) : i > 0 && first ? rules.need(x, a, first) : rules.value(x, a);
    if (!isError(v.type) && !suits(kind, v.type)) {
      error(x, 'PG0301', a.span, `\`${ident.name}\` does not take ${typeName(v.type)}`, { label: typeName(v.type) });
      return errorExpr(e.span);
    }
    args.push(v);
  }
  if (args.some((a) => isError(a.type))) return errorExpr(e.span);
  return { kind: 'intrinsic', name, args, type: resultOf(s, args[0]?.type), span: e.span };
};
