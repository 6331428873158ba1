// The syntax tree as text, for people: one node a line, its parts indented below. `pgc build --emit=ast`.
import type { Module } from './ast.ts';

const isNode = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;

/** A value that fits the line of its node. */
const atom = (x: unknown): string | undefined => {
  switch (typeof x) {
    case 'string':
      return JSON.stringify(x);
    case 'bigint':
    case 'boolean':
      return String(x);
    case 'number':
      return Number.isInteger(x) && !Object.is(x, -0) ? `${x}.0` : String(x);
    default:
      break;
  }
  if (!isNode(x)) return undefined;
  if (Array.isArray(x)) {
    const parts = x.map(atom);
    return parts.length > 0 && parts.every((p) => p !== undefined) ? `[${parts.join(' ')}]` : undefined;
  }
  const keys = Object.keys(x).filter((k) => k !== 'span');
  // A name is its text; a name used as an expression or a type too.
  if (keys.length === 1 && typeof x.name === 'string') return x.name;
  if (x.kind === 'name' && isNode(x.name)) return String(x.name.name);
  if (x.kind === 'named' && isNode(x.name) && x.module === undefined && Array.isArray(x.args) && x.args.length === 0)
    return String(x.name.name);
  if (x.kind === 'int' && x.suffix === undefined) return String(x.value);
  if (x.kind === 'float' && x.suffix === undefined) return atom(x.value);
  return undefined;
};

/** The tree as text, ending in a line break. */
export const astText = (m: Module): string => {
  const lines: string[] = [];
  // A stack of what is still to be shown: trees of long sums are deeper than ours.
  const todo: { readonly label: string; readonly value: unknown; readonly depth: number }[] = [...m.decls]
    .reverse()
    .map((value) => ({ label: '', value, depth: 0 }));
  for (let next = todo.pop(); next; next = todo.pop()) {
    const { label, value, depth } = next;
    const indent = '  '.repeat(depth);
    const text = atom(value);
    if (text !== undefined) {
      lines.push(`${indent}${label}${text}`);
      continue;
    }
    if (!isNode(value)) continue;
    const inner: { label: string; value: unknown; depth: number }[] = [];
    let line = `${indent}${label}${typeof value.kind === 'string' ? value.kind : ''}`;
    const entries = Array.isArray(value) ? value.map((v): [string, unknown] => ['', v]) : Object.entries(value);
    for (const [key, v] of entries) {
      if (key === 'span' || key === 'kind' || key.endsWith('Span') || v === undefined) continue;
      if (Array.isArray(v) && v.length === 0) continue;
      const short = atom(v);
      if (short !== undefined && !Array.isArray(value) && line.length + short.length < 100) line += ` ${key}=${short}`;
      else inner.push({ label: key === '' ? '' : `${key}: `, value: v, depth: depth + 1 });
    }
    lines.push(line.trimEnd());
    todo.push(...inner.reverse());
  }
  return `${lines.join('\n')}\n`;
};
