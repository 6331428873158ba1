// Shows diagnostics: drawn for people on standard error, or as JSON for machines on standard output.
import type { Diagnostic } from '../lang/diagnostic.ts';
import { diagnosticJson, renderDiagnostic } from '../lang/render.ts';
import type { Source } from '../lang/source.ts';
import { colourOn } from './cli-report.ts';

export interface Found {
  readonly diagnostics: readonly Diagnostic[];
  readonly sources: readonly Source[];
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;

export const errorsIn = (found: readonly Found[]): number =>
  found.reduce((n, f) => n + f.diagnostics.filter((d) => d.severity === 'error').length, 0);

/** Nobody reads more at once; --json gives all. */
const mostShown = 50;

/** Draws the messages, and a last line that counts them and says how to learn more. */
export const showDiagnostics = (found: readonly Found[]): void => {
  const color = colourOn(process.stderr);
  const all = found.flatMap((f) => f.diagnostics.map((d) => ({ d, sources: f.sources })));
  if (all.length === 0) return;
  const texts = all.slice(0, mostShown).map(({ d, sources }) => renderDiagnostic(d, sources, { color }).trimEnd());
  if (all.length > mostShown) texts.push(`… and ${all.length - mostShown} more`);
  const errors = errorsIn(found);
  const code = found.flatMap((f) => f.diagnostics).find((d) => d.severity === 'error')?.code;
  const more = code === undefined ? '' : `; \`pgc explain ${code}\` says more`;
  const warnings = all.length - errors;
  const total = [errors > 0 ? count(errors, 'error') : '', warnings > 0 ? count(warnings, 'warning') : ''];
  process.stderr.write(`${texts.join('\n\n')}\n\n${total.filter(Boolean).join(', ')}${more}\n`);
};

/** A list of all messages as one JSON document on standard output. */
export const printDiagnosticsJson = (found: readonly Found[]): void => {
  const all = found.flatMap((f) => f.diagnostics.map((d) => diagnosticJson(d, f.sources)));
  process.stdout.write(`${JSON.stringify(all, undefined, 2)}\n`);
};
