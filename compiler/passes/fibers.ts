// fibers: functions that can be on a fiber's stack when it is switched are made so that they can be left in the middle.
//
// Does nothing in programs without tasks. In others every function that may reach `suspend`, by calls, gets a second form that goes on where
// it was left (see resume.ts); functions that cannot are as fast as ever. Calls of values count as reaching it if the value of one such
// function is taken; then all functions whose value is taken give a status, so that they have one type.
//
// A function whose calls cost little beside what it does (called-seldom.ts) has one form for both: it is called with a record to go on from, or 0.
//
// `stack.need` becomes a number.
import { entryPrefix, isRuntime, leaveAgainFunction, leaveFunction, resumePrefix, runFunction } from '../../vm/abi.ts';
import { type Reaching, reaching, usedAsValues } from '../call-graph.ts';
import { calledSeldom } from '../called-seldom.ts';
import { isChecked } from '../checked.ts';
import { stackNeeds } from '../frames.ts';
import type { Func, Inst, IrProgram, OpInst } from '../ir.ts';
import { leavable } from '../resume.ts';
import { hasTasks } from '../runtime-functions.ts';
import { editOf, forEachInst, withBodies } from '../tree.ts';

const by = 'fibers';

/** Where fibers begin: what is called from outside of them. A call from there never comes back half done. */
const roots: ReadonlySet<string> = new Set(['init', 'main', runFunction]);

export const fibers = (program: IrProgram): IrProgram =>
  hasTasks(program) ? fibersWith(program, calledSeldom(program)) : program;

/** The pass, for programs with tasks; functions named in `seldom` have one form, where that is possible. */
export const fibersWith = (program: IrProgram, seldom: ReadonlySet<string>): IrProgram => {
  const taken = usedAsValues(program.funcs).filter((name) => !name.startsWith(entryPrefix));
  const reach = reaching(
    program,
    [],
    (i) => i.op === 'suspend',
    (name) => !name.startsWith(entryPrefix),
  );
  const gives = new Set<string>([...reach.funcs, ...(reach.values ? taken : [])]);
  for (const f of program.funcs) if (f.name.startsWith(entryPrefix)) gives.add(f.name);
  for (const name of roots) gives.delete(name);
  const needs = stackNeeds(program, isChecked(program));
  const isPoint = pointIn(gives, reach);
  const united = unitedIn(program, seldom, gives, isPoint);
  const funcs = program.funcs.flatMap((f): readonly Func[] => {
    const sized = beginning(withNeeds(f, needs), united);
    if (!gives.has(f.name)) return [roots.has(f.name) ? whole(sized, isPoint) : sized];
    const how = {
      isPoint,
      leave: leaveFunction,
      leaveAgain: leaveAgainFunction,
      resumeName: `${resumePrefix}${f.name}`,
    };
    return leavable(sized, how, united.has(f.name));
  });
  return { ...program, funcs };
};

/**
 * Functions of the program that have one form for both, which is less code but more to do in a call: those whose calls cost little beside what
 * they do. Functions that are values keep their types.
 */
const unitedIn = (
  program: IrProgram,
  seldom: ReadonlySet<string>,
  gives: ReadonlySet<string>,
  isPoint: (i: Inst) => boolean,
): ReadonlySet<string> => {
  const values = new Set(usedAsValues(program.funcs));
  const fits = ({ name, body }: Func): boolean => {
    if (isRuntime(name) || roots.has(name) || values.has(name) || !gives.has(name) || !seldom.has(name)) return false;
    let points = false;
    forEachInst(body, (i) => {
      if (isPoint(i)) points = true;
    });
    return points;
  };
  return new Set(program.funcs.filter(fits).map((f) => f.name));
};

/** Calls of functions of one form say that it begins. */
const beginning = (f: Func, united: ReadonlySet<string>): Func => {
  if (united.size === 0) return f;
  const edit = editOf(f);
  const change = (i: Inst): readonly Inst[] => {
    if (i.kind !== 'op') return [withBodies(i, (b) => ({ insts: b.insts.flatMap(change), end: b.end }))];
    if (i.op !== 'call' || !united.has(String(i.imms[0]))) return [i];
    const none = edit.value('i32');
    const { pos } = i;
    const zero: OpInst = { kind: 'op', op: 'const', suffix: 'i32', results: [none], args: [], imms: [0n], pos, by };
    return [zero, { ...i, args: [none, ...i.args] }];
  };
  const insts = f.body.insts.flatMap(change);
  return { ...f, types: edit.types, body: { insts, end: f.body.end } };
};

const pointIn =
  (gives: ReadonlySet<string>, reach: Reaching) =>
  (i: Inst): boolean => {
    if (i.kind !== 'op') return false;
    if (i.op === 'suspend') return true;
    if (i.op === 'call.value') return reach.values;
    return i.op === 'call' && gives.has(String(i.imms[0]));
  };

const withNeeds = (f: Func, needs: ReadonlyMap<string, number>): Func => {
  let found = false;
  const change = (i: Inst): Inst => {
    if (i.kind !== 'op') return withBodies(i, (b) => ({ insts: b.insts.map(change), end: b.end }));
    if (i.op !== 'stack.need') return i;
    found = true;
    return { ...i, op: 'const', suffix: 'i64', imms: [BigInt(needs.get(String(i.imms[0])) ?? 0)], by };
  };
  const insts = f.body.insts.map(change);
  return found ? { ...f, body: { insts, end: f.body.end } } : f;
};

/**
 * A function outside of fibers: what it calls is never left, as there is no fiber to switch. The status is not looked at. What it suspends
 * itself (inlined code of the run-time, which has asked whether there is a fiber) is never come to.
 */
const whole = (f: Func, isPoint: (i: Inst) => boolean): Func => {
  const edit = editOf(f);
  const change = (i: Inst): readonly Inst[] => {
    if (i.kind !== 'op') return [withBodies(i, (b) => ({ insts: b.insts.flatMap(change), end: b.end }))];
    if (!isPoint(i)) return [i];
    if (i.op === 'suspend') return [];
    const called: OpInst = { ...i, results: [...i.results, edit.value('i32')] };
    return [called];
  };
  const insts = f.body.insts.flatMap(change);
  return { ...f, types: edit.types, body: { insts, end: f.body.end } };
};
