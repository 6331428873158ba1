// The static cost model: what code costs, in units, and how many of them are a microsecond. Hooks are spaced by it.
//
// An op costs what its row in the table of ops says (docs/ir.md): about as many cycles as it takes in a chain of ops that wait for each
// other. A branch costs 1, and so does each round of a loop. Real code is faster where ops run side by side, and slower where
// memory is far away; so the number of units in a microsecond is a round one in between, and hooks are set closer than
// the interval that is asked for, so that what is due is seen soon.
import { type OpInst, opRow } from './ir.ts';

/** Units in a microsecond. */
export const unitsPerMicrosecond = 4000;

/** Between two hooks lies at most this part of an interval, as far as the model can tell. */
export const hooksInInterval = 8;

/** An `if`, and a round of a loop. */
export const branchCost = 1;

/** A call of which nothing else is known. */
export const callCost = 10;

export const opCost = (inst: OpInst): number => opRow(inst.op).cost;

/** Units from one time that something is due to the next. */
export const intervalUnits = (microseconds: number): number => Math.round(microseconds * unitsPerMicrosecond);

/** Units that may lie between two hooks. */
export const spacingUnits = (microseconds: number): number => Math.round(intervalUnits(microseconds) / hooksInInterval);

export const microseconds = (units: number): number => units / unitsPerMicrosecond;

/** What the run-time may take at one go, in microseconds: it is never interrupted, also where its code was taken into functions of a program. */
const runtimeShare = 30;

/** Units that no path without a hook is longer than: an interval, and what the run-time takes on the way. */
export const boundUnits = (interval: number): number => intervalUnits(interval + runtimeShare);
