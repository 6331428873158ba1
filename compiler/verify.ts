// The verifier: checks the numbered invariants of verify-table.ts. Tests run it after every pass, so that the pass that
// breaks one is named; a violation is a bug of ours, never the user's.
import { unreachable } from '../lang/unreachable.ts';
import type { IrGlobal, IrProgram } from './ir.ts';
import { moverOf } from './moves.ts';
import { isPowerOfTwo, verifyFunc } from './verify-func.ts';
import { namesOf } from './verify-op.ts';
import type { Report, Violation } from './verify-table.ts';

export { type Invariant, invariants, type Violation } from './verify-table.ts';

export interface VerifyOptions {
  /** Functions that stand alone (goldens of passes): no init and main, callees may be missing. */
  readonly fragment?: boolean;
}

const maxViolations = 100;

const checkUnique = (what: string, names: readonly string[], report: Report): void => {
  const seen = new Set<string>();
  for (const n of names) {
    if (seen.has(n)) report('V23', `two ${what} are named ${n}`);
    seen.add(n);
  }
};

const isCount = (n: number): boolean => Number.isSafeInteger(n) && n >= 0;

const checkGlobal = (g: IrGlobal, report: Report): void => {
  switch (g.kind) {
    case 'private':
    case 'symmetric':
      if (!isCount(g.size) || !isPowerOfTwo(g.align)) {
        report('V24', `@${g.name} has size ${g.size} and alignment ${g.align}`);
      }
      return;
    case 'let':
    case 'config':
      return;
    case 'shared':
    case 'dynamic': {
      const rank = g.kind === 'shared' ? g.dims.length : g.rank;
      if (!isCount(g.elementBytes)) report('V24', `@${g.name} has elements of ${g.elementBytes} bytes`);
      if (!Number.isInteger(rank) || rank < 1 || rank > 4) report('V24', `@${g.name} has rank ${rank}`);
      return;
    }
    default:
      unreachable(g);
  }
};

/** A descriptor of a variable, for handles, must be where every image has one, and so must the variable. */
const checkDescribed = (p: IrProgram, report: Report): void => {
  for (const g of p.globals) {
    if (g.kind !== 'dynamic' || g.of === undefined) continue;
    const of = p.globals.find((v) => v.name === g.of);
    if (!of) report('V31', `@${g.name} describes @${g.of}, which is not there`);
    else if (!g.symmetric || of.kind !== 'symmetric')
      report('V31', `@${g.name} describes @${g.of}: both must be symmetric`);
  }
};

const checkPositions = (p: IrProgram, report: Report): void => {
  if (p.positions.length === 0) report('V25', 'there is no position 0');
  for (const [id, at] of p.positions.entries()) {
    if (id === 0) continue;
    if (at.file < 0 || at.file >= p.files.length)
      report('V25', `position ${id} is in file ${at.file}, which is not there`);
    // A chain that only goes down ends; every chain of calls was interned before the places inlined into it or after,
    // so the check is for circles, not for order.
    const seen = new Set([id]);
    for (let up = at.inlinedAt; up !== 0; up = p.positions[up]?.inlinedAt ?? 0) {
      if (!p.positions[up]) report('V25', `position ${id} is inlined at ${up}, which is not there`);
      if (seen.has(up)) {
        report('V25', `position ${id} is inlined into itself`);
        break;
      }
      seen.add(up);
    }
  }
  for (const g of p.globals) {
    if (g.pos < 0 || g.pos >= p.positions.length)
      report('V25', `@${g.name} is at position ${g.pos}, which is not there`);
  }
};

const checkEntries = (p: IrProgram, report: Report): void => {
  for (const name of ['init', 'main']) {
    const f = p.funcs.find((g) => g.name === name);
    if (!f) report('V26', `there is no function @${name}`);
    else if (f.params.length > 0 || f.results.length > 0) report('V26', `@${name} has parameters or results`);
  }
};

/** All violations found (at most a hundred); none: the program keeps every invariant. */
export const verify = (p: IrProgram, options: VerifyOptions = {}): Violation[] => {
  const fragment = options.fragment ?? false;
  const found: Violation[] = [];
  const add = (v: Violation): void => {
    if (found.length < maxViolations) found.push(v);
  };
  const report: Report = (invariant, message) => add({ invariant, func: '', message, path: 'program' });
  checkUnique(
    'functions',
    p.funcs.map((f) => `@${f.name}`),
    report,
  );
  checkUnique(
    'globals',
    p.globals.map((g) => `@${g.name}`),
    report,
  );
  checkUnique(
    'data',
    p.data.map((d) => `@${d.name}`),
    report,
  );
  for (const g of p.globals) checkGlobal(g, report);
  checkDescribed(p, report);
  checkPositions(p, report);
  if (!fragment) checkEntries(p, report);
  const context = { program: p, names: namesOf(p, fragment), moves: moverOf(p), report: add };
  for (const f of p.funcs) verifyFunc(f, context);
  return found;
};

/** The violations as text, one a line; empty if there are none. */
export const violationsText = (violations: readonly Violation[]): string =>
  violations.map((v) => `${v.invariant} ${v.message}\n  at ${v.path}\n`).join('');
