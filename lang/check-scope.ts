// Names in scope: locals from the inside out, then the module's names. Builtins come last, so a program may use their names.
import type * as Ast from './ast.ts';
import { type Context, type Entity, error, type LocalEntity, type Mutable } from './check-state.ts';
import { closest } from './check-suggest.ts';
import type { Span } from './source.ts';
import type { Local } from './typed.ts';
import type { Type } from './types.ts';

/** Functions that the language brings along. */
export const builtinNames = [
  ...['this_image', 'num_images', 'this_node', 'num_nodes', 'this_core', 'num_cores', 'now'],
  ...['fetch_add', 'fetch_sub', 'fetch_and', 'fetch_or', 'fetch_xor', 'fetch_min', 'fetch_max', 'swap_value', 'cas'],
  ...['atomic_load', 'atomic_store', 'wait_until', 'image_of', 'local', 'swap', 'broadcast', 'reduce', 'allreduce'],
  ...['send', 'recv', 'isend', 'irecv', 'sendrecv', 'put_nb', 'get_nb', 'on_message'],
  ...['scan', 'exscan', 'gather', 'allgather', 'scatter', 'alltoall', 'alltoallv'],
  ...['print', 'write', 'eprint', 'assert', 'trap', 'exit'],
] as const;
export type BuiltinName = (typeof builtinNames)[number];

const builtinSet: ReadonlySet<string> = new Set(builtinNames);
export const isBuiltin = (name: string): name is BuiltinName => builtinSet.has(name);

export const lookupLocal = (x: Context, name: string): LocalEntity | undefined => {
  for (let s = x.scope; s; s = s.parent) {
    const found = s.names.get(name);
    if (found) return found;
  }
  return undefined;
};

const spanOfLocal = (e: LocalEntity): Span => (e.kind === 'local' ? e.local.span : e.span);

const add = (x: Context, name: Ast.Ident, entity: LocalEntity): void => {
  // `_` is for what is not used.
  if (name.name === '' || name.name === '_') return;
  const before = x.scope?.names.get(name.name);
  const parameter = entity.kind === 'local' && entity.what === 'parameter';
  if (before) duplicate(x, name, spanOfLocal(before), parameter ? 'among the parameters' : 'in this block');
  x.scope?.names.set(name.name, entity);
};

export const duplicate = (x: Context, name: Ast.Ident, first: Span, where: string): void =>
  error(x, 'PG0202', name.span, `\`${name.name}\` is declared twice ${where}`, {
    label: 'declared again',
    secondary: [{ span: first, text: 'first declared here' }],
    hint: 'give one of them another name',
  });

export const declareLocal = (
  x: Context,
  name: Ast.Ident,
  type: Type,
  what: Extract<LocalEntity, { kind: 'local' }>['what'],
): Local => {
  const local: Mutable<Local> = {
    name: name.name,
    type,
    mutable: what === 'variable',
    span: name.span,
    addressTaken: false,
  };
  add(x, name, { kind: 'local', local, what });
  return local;
};

export const declareLocalConst = (
  x: Context,
  name: Ast.Ident,
  value: Extract<LocalEntity, { kind: 'localConst' }>['value'],
): void => add(x, name, { kind: 'localConst', value, span: name.span });

/** Every name that could be meant here. */
export const namesInScope = (x: Context, keep: (e: Entity | LocalEntity | 'builtin') => boolean): string[] => {
  const names: string[] = [];
  for (let s = x.scope; s; s = s.parent) for (const [name, e] of s.names) if (keep(e)) names.push(name);
  for (const [name, e] of x.module.names) if (keep(e)) names.push(name);
  if (keep('builtin')) names.push(...builtinNames);
  return names;
};

/** What other languages call it. */
const foreign: Readonly<Record<string, string>> = {
  printf: 'use `print("… {}", x)`',
  println: 'use `print("… {}", x)`',
  writeln: 'use `print("… {}", x)`',
  yield: 'it is a statement, without anything behind it: `yield;`',
  join: 'it is for tasks, which `spawn f(x)` starts',
  join_for: 'it is for tasks, which `spawn f(x)` starts',
  cancel: 'it is for tasks, which `spawn f(x)` starts',
  null: 'the null pointer is `nil`',
  NULL: 'the null pointer is `nil`',
  None: 'the null pointer is `nil`',
  MYTHREAD: 'use `this_image()`',
  THREADS: 'use `num_images()`',
  upc_barrier: 'use `barrier;`',
  malloc: 'use `new [n]T`',
  sizeof: 'memory is counted in elements: `new [n]T`',
  sqrt: 'it is in the library: `import std.math;`, then `math.sqrt(x)`',
  abs: 'it is in the library: `import std.math;`, then `math.abs(x)`',
  sin: 'it is in the library: `import std.math;`, then `math.sin(x)`',
  cos: 'it is in the library: `import std.math;`, then `math.cos(x)`',
  exp: 'it is in the library: `import std.math;`, then `math.exp(x)`',
  log: 'it is in the library: `import std.math;`, then `math.log(x)`',
  pow: 'it is in the library: `import std.math;`, then `math.pow(x, y)`',
};

export const unknownName = (x: Context, name: Ast.Ident, called: boolean): void => {
  if (name.name === '') return;
  const near = closest(
    name.name,
    namesInScope(x, (e) => called === (e === 'builtin' || e.kind === 'fn' || e.kind === 'module') || e !== 'builtin'),
  );
  const hint = foreign[name.name] ?? (near === undefined ? undefined : `did you mean \`${near}\`?`);
  error(x, 'PG0201', name.span, `unknown ${called ? 'function' : 'name'} \`${name.name}\``, {
    label: 'not declared here',
    ...(hint === undefined ? {} : { hint }),
  });
};
