// Types that are written in PG (lang/prelude.ts): `lock`, `event` and their like.
import type { Context, Entity } from './check-state.ts';
import { preludeTypes } from './prelude.ts';

/** The struct that a type of the prelude is. `task` alone, without a type for its result, is a struct of its own. */
export const preludeType = (x: Context, name: string, args = 0): Entity | undefined => {
  const t = preludeTypes.get(name);
  return t && x.checker.prelude.get(t.module)?.names.get(args === 0 && t.bare !== undefined ? t.bare : name);
};

/** What programs call the type that is declared so in a module of the prelude. */
export const preludeTypeName = (declared: string): string => {
  for (const [name, t] of preludeTypes) if (t.bare === declared) return name;
  return declared;
};
