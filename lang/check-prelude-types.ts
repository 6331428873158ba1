// Types that are written in PG (lang/prelude.ts): `lock`, `event` and their like.
import type { Context, Entity } from './check-state.ts';
import { preludeTypes } from './prelude.ts';

/** The struct that a type of the prelude is. */
export const preludeType = (x: Context, name: string): Entity | undefined => {
  const t = preludeTypes.get(name);
  return t && x.checker.prelude.get(t.module)?.names.get(name);
};
