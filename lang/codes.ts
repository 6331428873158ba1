// Every diagnostic code, its title and its explanation: the index that `pgc explain` prints.
// PG00xx lexical, PG01xx syntax (codes-syntax.ts); PG02xx names and modules, PG03xx types, PG04xx places and PGAS,
// PG05xx constants and formats, PG09xx not in this version (codes-check.ts). A code never changes its meaning.
import type { CodeInfo } from './code-info.ts';
import { checkCodes } from './codes-check.ts';
import { syntaxCodes } from './codes-syntax.ts';

export const codes = { ...syntaxCodes, ...checkCodes } as const satisfies Record<string, CodeInfo>;

export type Code = keyof typeof codes;
