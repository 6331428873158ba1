// Facts about what is wrong with a program. The English of a code's explanation is in codes.ts, the drawing in render.ts.
import type { Code } from './codes.ts';
import type { Span } from './source.ts';

export interface Label {
  readonly span: Span;
  readonly text: string;
}

/** One message to the user. Diagnostics are values: they are collected, never thrown. */
export interface Diagnostic {
  readonly code: Code;
  readonly severity: 'error' | 'warning';
  /** One sentence without a full stop, lower case: `expected f64, found int`. */
  readonly message: string;
  readonly span: Span;
  /** Short text beside the underline; may repeat expected/found. */
  readonly label?: string;
  /** Other places that matter: where it was declared, the first definition, … */
  readonly secondary?: readonly Label[];
  readonly expected?: string;
  readonly found?: string;
  /** How to mend it. */
  readonly hint?: string;
}
