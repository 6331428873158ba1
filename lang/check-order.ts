// The order in which globals get their first values: each after those that its value, extents or distribution use, directly or
// through the functions that they call.
import { type Context, type EntityOf, error, type Uses } from './check-state.ts';
import type { Label } from './diagnostic.ts';
import type { Fn, Global } from './typed.ts';

type GlobalEntity = EntityOf<'global'>;

/** All globals that a body reaches, also through calls. */
const reached = (uses: Uses, fnUses: ReadonlyMap<Fn, Uses>): ReadonlySet<Global> => {
  const globals = new Set(uses.globals);
  const fns = new Set(uses.fns);
  // A set that grows while it is walked.
  for (const fn of fns) {
    // What a body uses is known when it has been checked, and some are when they are looked at (check.ts).
    void fn.body;
    const inner = fnUses.get(fn);
    for (const g of inner?.globals ?? []) globals.add(g);
    for (const f of inner?.fns ?? []) fns.add(f);
  }
  return globals;
};

const needsInit = (g: Global): boolean => g.value !== undefined || g.extents !== undefined;

const cycleNotes = (path: readonly GlobalEntity[]): readonly Label[] =>
  path.slice(1).map((e) => ({ span: e.span, text: `\`${e.decl.name.name}\` is needed for it` }));

/** Sorts by dependence; reports circles. */
export const initialisationOrder = (
  x: Context,
  entities: readonly GlobalEntity[],
  fnUses: ReadonlyMap<Fn, Uses>,
): readonly Global[] => {
  const byGlobal = new Map<Global, GlobalEntity>();
  for (const e of entities) if (e.global) byGlobal.set(e.global, e);
  const order: Global[] = [];
  const done = new Set<Global>();
  const path: GlobalEntity[] = [];
  const visit = (g: Global): void => {
    const e = byGlobal.get(g);
    if (!e || done.has(g)) return;
    const start = path.indexOf(e);
    if (start >= 0) {
      const name = e.decl.name.name;
      error(x, 'PG0207', e.span, `the first value of \`${name}\` depends on itself`, {
        label: path.length - start === 1 ? 'its initialiser uses it' : 'its initialiser comes back to it',
        secondary: cycleNotes(path.slice(start)),
        hint: 'a function that is called by an initialiser may not use what it initialises',
      });
      done.add(g);
      return;
    }
    path.push(e);
    if (needsInit(g)) for (const other of reached(e.uses, fnUses)) visit(other);
    path.pop();
    if (!done.has(g)) {
      done.add(g);
      order.push(g);
    }
  };
  for (const e of entities) if (e.global) visit(e.global);
  return order;
};
