// What functions do that may come back to themselves (hook-paths.ts), found together: those of one component of the call graph.
//
// The longest ways without a hook are a least fixed point: at first none of the functions is known to come back at all, and what is found in one walk is
// used in the next, until nothing changes. As each circle has a hook, that takes no more walks than there are functions; where one has
// none the walks are given up, and its calls are found by themselves.
//
// What is left open is the way back out of a recursion, from frame to frame: it is as long as the stack is deep, and no longer. A path counts
// one frame of it.
import type { Summary, Walk, WalkContext } from './hook-paths.ts';
import { walk } from './hook-paths.ts';
import type { Func } from './ir.ts';

const none = Number.NEGATIVE_INFINITY;

/** Nothing is known to happen, nor to come back. */
const bottom: Summary = {
  exit: { through: none, since: none, from: 0 },
  head: { cost: 0, from: 0, to: 0 },
  worst: { cost: none, from: 0, to: 0 },
};

/** As the function that called it sees the end of one from which others go back, too: as if there were a hook. */
const oneFrame = (s: Summary): Summary => ({
  ...s,
  exit: { ...s.exit, since: s.exit.since > none ? 0 : none },
});

const same = (a: Summary, b: Summary): boolean =>
  a.exit.through === b.exit.through && a.head.cost === b.head.cost && a.exit.since > none === b.exit.since > none;

/**
 * What each function of a component does. `recursive`: some of them may come back to itself.
 * @param context knows all others that they call.
 * @param limit see `walk`.
 */
export const walkTogether = (
  funcs: readonly Func[],
  recursive: boolean,
  context: WalkContext,
  limit?: number,
): ReadonlyMap<string, Walk> => {
  const known = new Map<string, Summary>();
  const summary = (name: string): Summary | undefined => known.get(name) ?? context.summary(name);
  const walked = (f: Func): Walk => walk(f, { ...context, summary }, limit);
  if (!recursive) return new Map(funcs.map((f) => [f.name, walked(f)]));
  for (const f of funcs) known.set(f.name, bottom);
  for (let left = funcs.length + 2; left > 0; left--) {
    let settled = true;
    for (const f of funcs) {
      const found = oneFrame(walked(f));
      settled &&= same(found, known.get(f.name) ?? bottom);
      // Whoever calls it and is walked behind it knows already: most circles are settled after a few rounds, however long they are.
      known.set(f.name, found);
    }
    if (settled) break;
  }
  return new Map(funcs.map((f) => [f.name, walked(f)]));
};
