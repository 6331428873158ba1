// Codes of lexing and parsing.
import type { CodeInfo } from './code-info.ts';

export const syntaxCodes = {
  PG0101: { title: 'syntax error', explain: 'The parser expected something else here.' },
} as const satisfies Record<string, CodeInfo>;
