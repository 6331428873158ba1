// What the language has but this version of the compiler does not: each is reported by name, with code PG0901.
import { type Context, error } from './check-state.ts';
import type { Span } from './source.ts';

/** Says that `what` (a noun phrase) is part of PG but not in this version. */
export const notYet = (x: Context, span: Span, what: string, hint?: string): void =>
  error(x, 'PG0901', span, `${what} part of PG but not in this version`, {
    label: 'not in this version',
    ...(hint === undefined ? {} : { hint }),
  });
