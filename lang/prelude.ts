// Builtins that are written in PG: functions and types of the library's inner modules (stdlib/runtime_*.pg) that every
// program knows by name. A module of them is loaded only for programs whose text mentions one of its words.
//
// A function whose last parameter is `position: i32` is told where it was called, for reports; the caller does not write it.
// A parameter of type `*shared L`, L a type that cannot be copied, takes the place itself: `acquire(l)`.

export interface PreludeFunction {
  /** The module, `sync` for stdlib/runtime_sync.pg, and the function in it. */
  readonly module: string;
  readonly name: string;
  /** Arguments that the caller writes. */
  readonly args: number;
  /** Told apart from others of as many arguments by the type of the first one. */
  readonly first?: string;
  /** Its name alone does not make a program load the module: what it is used with does. */
  readonly quiet?: true;
  /** Every image of the team calls it. */
  readonly collective?: true;
}

export interface PreludeType {
  readonly module: string;
  /**
   * `fixed`: never copied, lives in shared memory; `value`: opaque, but copied like a number; `global`: and means the same on
   * every image; `open`: fields can be read.
   */
  readonly kind: 'fixed' | 'value' | 'global' | 'open';
  /** What it is without type arguments, if it has a form with and one without. */
  readonly bare?: string;
}

const one = (module: string, name: string, args: number): readonly PreludeFunction[] => [{ module, name, args }];

/** A function of the two types of tasks. What makes a task makes the program load the module. */
const onTask = (name: string, args: number): readonly PreludeFunction[] => [
  { module: 'tasks', name, args, first: 'task<T>', quiet: true },
  { module: 'tasks', name: `${name}_unit`, args, first: 'task', quiet: true },
];

/** What each builtin function means, by the number and first type of its arguments. */
export const preludeFunctions: ReadonlyMap<string, readonly PreludeFunction[]> = new Map([
  ['acquire', one('sync', 'acquire', 1)],
  ['try_acquire', one('sync', 'try_acquire', 1)],
  ['release', one('sync', 'release', 1)],
  ['post', one('sync', 'post', 1)],
  ['query', one('sync', 'query', 1)],
  [
    'wait',
    [
      { module: 'sync', name: 'wait_event', args: 1, first: 'event' },
      { module: 'sync', name: 'wait_events', args: 2, first: 'event' },
      { module: 'messages', name: 'wait_request', args: 1, first: 'request', quiet: true },
    ],
  ],
  ['test', [{ module: 'messages', name: 'test_request', args: 1, quiet: true }]],
  ['wait_all', one('messages', 'wait_all', 1)],
  ['team_split', [{ module: 'teams', name: 'team_split', args: 2, collective: true }]],
  ['team_world', one('teams', 'team_world', 0)],
  ['probe', one('messages', 'probe', 2)],
  ['off_message', one('handlers', 'off_message', 1)],
  ['sleep', [{ module: 'tasks', name: 'sleep', args: 1, quiet: true }]],
  ['join', onTask('join', 1)],
  ['join_for', onTask('join_for', 2)],
  ['cancel', onTask('cancel', 1)],
  ['read_file', one('files', 'read_file', 1)],
  ['write_file', one('files', 'write_file', 2)],
]);

export const preludeTypes: ReadonlyMap<string, PreludeType> = new Map([
  ['lock', { module: 'sync', kind: 'fixed' }],
  ['event', { module: 'sync', kind: 'fixed' }],
  ['team', { module: 'teams', kind: 'value' }],
  ['status', { module: 'messages', kind: 'open' }],
  ['request', { module: 'messages', kind: 'value' }],
  ['task', { module: 'tasks', kind: 'global', bare: 'unit_task' }],
]);

/** Constants of the prelude, by the module they are in. */
export const preludeValues: ReadonlyMap<string, string> = new Map([
  ['any_source', 'messages'],
  ['any_tag', 'messages'],
]);

/** Words of statements and operations that become calls of the prelude, by the module they need. */
export const preludeWords: ReadonlyMap<string, string> = new Map([
  ...[
    'broadcast',
    'reduce',
    'allreduce',
    'scan',
    'exscan',
    'gather',
    'allgather',
    'scatter',
    'alltoall',
    'alltoallv',
  ].map((word): [string, string] => [word, 'collectives']),
  ...['send', 'recv', 'sendrecv', 'isend', 'irecv', 'put_nb', 'get_nb'].map((word): [string, string] => [
    word,
    'messages',
  ]),
  ['within', 'teams'],
  ['critical', 'sync'],
  ['notify', 'sync'],
]);

const moduleOf = new Map<string, ReadonlySet<string>>();
for (const [word, functions] of preludeFunctions)
  moduleOf.set(word, new Set(functions.filter((f) => !f.quiet).map((f) => f.module)));
for (const [word, { module }] of preludeTypes) if (module !== 'tasks') moduleOf.set(word, new Set([module]));
for (const [word, module] of preludeValues) moduleOf.set(word, new Set([module]));
for (const [word, module] of preludeWords) moduleOf.set(word, new Set([module]));
// Handlers are called by tasks, for messages.
for (const word of ['on_message', 'off_message']) moduleOf.set(word, new Set(['handlers', 'messages', 'tasks']));

const words = /[A-Za-z_]\w*/g;

/** An index with a range: it may be part of a shared array. */
const range = /\[[^;{}]*?\.\./;

/** Words of tasks, which are common in comments too: only where they may mean that. */
const tasks = /\bspawn\s+[A-Za-z_(]|\bfinish\s*\{|\byield\s*;|\bsleep\s*\(|[:>\]*,(<]\s*task\b/;

/** Comments, but not what looks like one behind a text or a character. */
const comments = /^([^"'\n]*?)\/\/.*$/gm;

/**
 * The modules that a text may need: those of all words in it that the prelude knows, and those that slices need. Some cost something by being there
 * (with teams, no work goes to idle images), so that comments do not count.
 */
export const modulesFor = (source: string): ReadonlySet<string> => {
  const text = source.replace(comments, '$1');
  const modules = new Set<string>(range.test(text) ? ['bulk'] : []);
  if (tasks.test(text)) modules.add('tasks');
  if (/\bpar\s+for\s/.test(text)) modules.add('tasks').add('par');
  for (const word of new Set(text.match(words))) for (const m of moduleOf.get(word) ?? []) modules.add(m);
  return modules;
};

/** The library module that holds a module of the prelude: `runtime_sync`. Its symbols begin with `runtime.sync.`. */
export const libraryName = (module: string): string => `runtime_${module}`;
