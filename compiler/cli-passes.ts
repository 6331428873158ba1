// Options that name passes or count decisions, checked against the table of passes.

import { closest } from '../lang/check-suggest.ts';
import { mistake } from './cli-report.ts';
import { passes } from './pipeline.ts';

/** Complains about a name that is no pass, and gives the exit code; undefined if all are passes. */
export const wrongPass = (names: readonly string[], also: readonly string[] = []): number | undefined => {
  const known = [...also, ...passes.map((p) => p.name)];
  for (const name of names) {
    if (known.includes(name)) continue;
    const meant = closest(name, known);
    return mistake(
      name === '' ? 'the name of a pass is missing' : `there is no pass ${name}`,
      meant === undefined ? `there are: ${known.join(', ')}` : `did you mean ${meant}?`,
    );
  }
  return undefined;
};

/** Complains about a pass that cannot be left out. */
export const requiredPass = (names: readonly string[]): number | undefined => {
  const required = passes.find((p) => p.required && names.includes(p.name));
  if (!required) return undefined;
  const optional = passes.filter((p) => !p.required).map((p) => p.name);
  return mistake(
    `${required.name} cannot be skipped: the code generator needs it`,
    `optional passes: ${optional.join(', ')}`,
  );
};
