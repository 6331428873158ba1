// Codes of checking.
import type { CodeInfo } from './code-info.ts';

export const checkCodes = {
  PG0201: { title: 'unknown name', explain: 'No declaration in scope has this name.' },
} as const satisfies Record<string, CodeInfo>;
