// A declaration without its body, as one writes it, in pieces: a piece that names a type knows which one, so that pages can
// link it. Types are printed from the tree; expressions (extents, values) are the author's text without comments.
import type { Decl, Param, TypeExpr } from './ast.ts';
import type { Source, Span } from './source.ts';
import { lexer } from './tokens.ts';
import { unreachable } from './unreachable.ts';

/** A declaration: the path of its module and its name there. */
export interface Target {
  readonly path: string;
  readonly name: string;
}

export interface Piece {
  readonly text: string;
  readonly target?: Target;
  /** It is the name that is declared. */
  readonly own?: true;
}
export type Signature = readonly Piece[];

/** What names mean where a signature stands. */
export interface Names {
  readonly source: Source;
  /** The path of the module itself. */
  readonly path: string;
  readonly structs: ReadonlySet<string>;
  /** Paths of imported modules by the name they have here. */
  readonly imports: ReadonlyMap<string, string>;
}

/** Signatures longer than this are broken into lines. */
const width = 100;
/** Values longer than this are not shown. */
const shortValue = 60;

const plain = (text: string): Piece => ({ text });
const ownName = (text: string): Piece => ({ text, own: true });
export const signatureText = (s: Signature): string => s.map((p) => p.text).join('');

/** The text of a span: on one line, comments left out. */
const tidy = (n: Names, span: Span): string => {
  const text = n.source.text.slice(span.start, span.end);
  let bare = '';
  let from = 0;
  for (const c of lexer.tokenize(text).groups.comments ?? []) {
    bare += text.slice(from, c.startOffset);
    from = c.startOffset + c.image.length;
  }
  return (bare + text.slice(from)).trim().replace(/\s+/g, ' ');
};

const separated = <T>(items: readonly T[], show: (item: T) => Signature, separator = ', '): Piece[] =>
  items.flatMap((item, i) => (i === 0 ? show(item) : [plain(separator), ...show(item)]));

type NamedType = Extract<TypeExpr, { kind: 'named' }>;

const targetOf = (n: Names, t: NamedType, typeParams: ReadonlySet<string>): Target | undefined => {
  if (t.module) {
    const path = n.imports.get(t.module.name);
    return path === undefined ? undefined : { path, name: t.name.name };
  }
  const own = n.structs.has(t.name.name) && !typeParams.has(t.name.name);
  return own ? { path: n.path, name: t.name.name } : undefined;
};

export const typeSignature = (n: Names, t: TypeExpr, typeParams: ReadonlySet<string> = new Set()): Piece[] => {
  const show = (inner: TypeExpr): Piece[] => typeSignature(n, inner, typeParams);
  const slice = (rank: number): string => `[${','.repeat(rank - 1)}]`;
  switch (t.kind) {
    case 'named': {
      const target = targetOf(n, t, typeParams);
      const text = t.module ? `${t.module.name}.${t.name.name}` : t.name.name;
      const args = t.args.length > 0 ? [plain('<'), ...separated(t.args, show), plain('>')] : [];
      return [target ? { text, target } : plain(text), ...args];
    }
    case 'array':
      return [plain(`[${t.extents.map((e) => tidy(n, e.span)).join(', ')}]`), ...show(t.element)];
    case 'slice':
      return [plain(slice(t.rank)), ...show(t.element)];
    case 'pointer':
      return [plain('*'), ...show(t.target)];
    case 'sharedPointer':
      return [plain('*shared '), ...show(t.target)];
    case 'handle':
      return [plain(`${t.of} ${slice(t.rank)}`), ...show(t.element)];
    case 'fn': {
      const result = t.result ? [plain(' -> '), ...show(t.result)] : [];
      return [plain('fn('), ...separated(t.params, show), plain(')'), ...result];
    }
    default:
      return unreachable(t);
  }
};

type Fn = Extract<Decl, { kind: 'fn' }>;
type Struct = Extract<Decl, { kind: 'struct' }>;
type Value = Extract<Decl, { kind: 'const' | 'let' | 'variable' }>;

const fieldSignature = (n: Names, f: Param, typeParams: ReadonlySet<string>): Piece[] => [
  plain(`${f.name.name}: `),
  ...typeSignature(n, f.type, typeParams),
];

const fnSignature = (n: Names, d: Fn): Signature => {
  const names = new Set(d.typeParams.map((p) => p.name));
  const generic = names.size > 0 ? `<${[...names].join(', ')}>` : '';
  const head = [plain(`${d.virtine ? 'virtine ' : ''}fn `), ownName(d.name.name), plain(`${generic}(`)];
  const result = d.result ? [plain(' -> '), ...typeSignature(n, d.result, names)] : [];
  const params = (separator: string): Piece[] => separated(d.params, (p) => fieldSignature(n, p, names), separator);
  const line = [...head, ...params(', '), plain(')'), ...result];
  if (signatureText(line).length <= width || d.params.length === 0) return line;
  return [...head, plain('\n  '), ...params(',\n  '), plain(',\n)'), ...result];
};

const structSignature = (n: Names, d: Struct, shown: readonly Param[]): Signature => {
  const names = new Set(d.typeParams.map((p) => p.name));
  const generic = names.size > 0 ? `<${[...names].join(', ')}>` : '';
  const head = [plain('struct '), ownName(d.name.name), plain(`${generic} {`)];
  const rest = shown.length < d.fields.length;
  const fields = (before: string): Piece[] =>
    shown.flatMap((f) => [plain(before), ...fieldSignature(n, f, names), plain(';')]);
  const line = [...head, ...fields(' '), plain(rest ? ' … }' : ' }')];
  if (signatureText(line).length <= width) return line;
  return [...head, ...fields('\n  '), plain(rest ? '\n  …\n}' : '\n}')];
};

const valueSignature = (n: Names, d: Value): Signature => {
  const words = ((): string => {
    switch (d.kind) {
      case 'const':
        return d.config ? 'config const' : 'const';
      case 'let':
        return 'let';
      case 'variable':
        return d.strict ? `strict ${d.storage}` : d.storage;
      default:
        return unreachable(d);
    }
  })();
  const type = d.type ? [plain(': '), ...typeSignature(n, d.type)] : [];
  const dist = d.kind === 'variable' && d.dist ? ` ${tidy(n, d.dist.span)}` : '';
  const value = d.value ? tidy(n, d.value.span) : '';
  const shown = value === '' ? '' : ` = ${value.length > shortValue ? '…' : value}`;
  return [plain(`${words} `), ownName(d.name.name), ...type, plain(`${dist}${shown}`)];
};

/** The declaration without its body; of a struct only the fields `shown`. Undefined for imports and tests. */
export const signatureOf = (n: Names, d: Decl, shown: readonly Param[] = []): Signature | undefined => {
  switch (d.kind) {
    case 'fn':
      return fnSignature(n, d);
    case 'struct':
      return structSignature(n, d, shown);
    case 'const':
    case 'let':
    case 'variable':
      return valueSignature(n, d);
    case 'import':
    case 'test':
      return undefined;
    default:
      return unreachable(d);
  }
};

export const fieldOf = (n: Names, d: Struct, f: Param): Signature =>
  fieldSignature(n, f, new Set(d.typeParams.map((p) => p.name)));
