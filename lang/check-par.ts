// `par for`: iterations that may run at the same time, in any order. What is around the loop may be read; an iteration that assigns it
// would race with the others, so that only `reduce` clauses, atomics and elements of arrays let anything out.
import { type Context, error, type LoopContext, type Scope } from './check-state.ts';
import type { Span } from './source.ts';
import type { Local, Place } from './typed.ts';

const declares = (scope: Scope, local: Local): boolean => {
  const e = scope.names.get(local.name);
  return e?.kind === 'local' && e.local === local;
};

/** Whether a local is declared outside of the loop whose scope this is. */
const isOutside = (x: Context, inner: Scope, local: Local): boolean => {
  for (let s = x.scope; s; s = s.parent) {
    if (declares(s, local)) return false;
    if (s === inner) return true;
  }
  return true;
};

/** The variable that is assigned as a whole, or in a field of it: one that all iterations share if it is declared outside. */
const variableOf = (p: Place): Extract<Place, { kind: 'local' | 'global' }> | undefined => {
  let at = p;
  while (at.kind === 'field') at = at.base;
  return at.kind === 'local' || (at.kind === 'global' && at.global.storage === 'var') ? at : undefined;
};

/** The `par for` around, if any: the innermost. */
export const parLoop = (x: Context): LoopContext | undefined => x.loops.findLast((l) => l.kind === 'par for');

/** Reports a variable from outside that an iteration of a `par for` would assign. True: there is nothing wrong. */
export const checkInsidePar = (x: Context, p: Place, span: Span, how = 'assigned'): boolean => {
  const loop = parLoop(x);
  const variable = loop?.scope && variableOf(p);
  if (!loop?.scope || !variable) return true;
  if (variable.kind === 'local' && !isOutside(x, loop.scope, variable.local)) return true;
  const declared = variable.kind === 'local' ? variable.local : variable.global;
  error(x, 'PG0423', span, `\`${declared.name}\` is ${how} by iterations that may run at the same time`, {
    label: 'outside of the loop',
    secondary: [
      { span: declared.span, text: 'declared here' },
      { span: { ...loop.span, end: loop.span.start + loop.kind.length }, text: 'in this loop' },
    ],
    hint: `\`reduce(+: ${declared.name})\` adds up what the iterations have; \`fetch_add\` and other atomics may be used by all`,
  });
  return false;
};
