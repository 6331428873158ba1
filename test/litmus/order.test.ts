// What the optimiser makes of the litmus programs: the accesses of each trial, in the final IR, are those of the source in its
// order. Only the relaxed forms may have lost some: a second read of a place with nothing between.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fileHost } from '../../compiler/host.ts';
import type { Body, Inst, IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { optimise, passes } from '../../compiler/pipeline.ts';
import { bodiesOf } from '../../compiler/tree.ts';
import { check } from '../../lang/check.ts';
import { root } from '../cli/pgc.ts';

const folder = join(root, 'test', 'litmus');
const programs = readdirSync(folder).filter((f) => f.endsWith('.pg') && f !== 'harness.pg');

/** An access or fence as `line:column op`, if it is the program's own. */
const accessAt = (p: IrProgram, path: string, inst: Inst): { fn: string; text: string } | undefined => {
  if (inst.kind !== 'op' || !/^(load|store|copy|fill|fence|atomic\..*)$/.test(inst.op)) return undefined;
  const at = p.positions[inst.pos];
  if (!at || p.files[at.file] !== path || !at.fn.endsWith('_form')) return undefined;
  return { fn: at.fn, text: `${at.line}:${at.col} ${inst.op}.${inst.suffix}` };
};

/** By function of the source: the accesses of each straight piece of code that has any. */
const piecesOf = (p: IrProgram, path: string): Map<string, Set<string>> => {
  const found = new Map<string, Set<string>>();
  const visit = (body: Body): void => {
    const own = body.insts.flatMap((i) => accessAt(p, path, i) ?? []);
    const fn = own[0]?.fn;
    if (fn !== undefined) {
      const pieces = found.get(fn) ?? new Set();
      found.set(fn, pieces.add(own.map((a) => a.text).join('\n')));
    }
    for (const inst of body.insts) for (const inner of bodiesOf(inst)) visit(inner);
  };
  for (const f of p.funcs) visit(f.body);
  return found;
};

const lowered = (path: string): IrProgram => {
  const { program } = check(path, fileHost());
  if (!program) throw new Error(`${path} does not compile`);
  return lower(program);
};

const isSubsequence = (part: readonly string[], whole: readonly string[]): boolean => {
  let k = 0;
  for (const x of whole) if (x === part[k]) k++;
  return k === part.length;
};

/** Forms in which reads may be merged. */
const relaxed = new Set(['relaxed_form', 'names_form']);

// partial-unroll does two rounds of a trial's loop in one, in their order.
const skips = [
  ['partial-unroll'],
  ['unroll', 'partial-unroll', 'rotate'],
  passes.filter((p) => !p.required).map((p) => p.name),
];

describe('the accesses of a trial stay in order', () => {
  test.each(programs)('%s', (file) => {
    const path = join(folder, file);
    const source = lowered(path);
    const before = piecesOf(source, path);
    expect(before.size).toBeGreaterThan(0);
    for (const skip of skips) {
      const after = piecesOf(optimise(source, { skip }), path);
      expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
      for (const [fn, pieces] of before) {
        const now = [...(after.get(fn) ?? [])];
        if (!relaxed.has(fn)) expect(now.sort(), fn).toEqual([...pieces].sort());
        for (const piece of now) {
          const part = piece.split('\n');
          expect([...pieces].some((whole) => isSubsequence(part, whole.split('\n')))).toBe(true);
        }
      }
    }
  });
});
