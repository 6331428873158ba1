// The order of passes is data with reasons: the default sequence keeps it, and a sequence that does not is named.
import { expect, test } from 'vitest';
import { parseProgram } from '../../compiler/ir-text.ts';
import { brokenOrder, optimise, order, passes, passNames, sequence } from '../../compiler/pipeline.ts';

test('the default sequence keeps every constraint', () => {
  expect(brokenOrder(sequence)).toEqual([]);
});

test('a sequence in the wrong order is told why', () => {
  expect(brokenOrder(['lower-shared', 'check-elim'])).toEqual([
    expect.stringContaining('check-elim must come before lower-shared: '),
  ]);
});

test('each constraint can be broken, and has no circle behind it', () => {
  for (const [before, after] of order) {
    expect(brokenOrder([after, before])).not.toEqual([]);
    expect(brokenOrder([before, after])).toEqual([]);
  }
});

test('every pass is in the sequence and has a name of its own', () => {
  expect(new Set(passNames).size).toBe(passes.length);
  for (const name of passNames) expect(sequence).toContain(name);
});

const sum = `
func @init() { ret }
func @main() {
  %a = const.i64 2
  %b = add.i64 %a, %a
  %c = mul.i64 %b, %b
  %d = mul.i64 %c, %b
  out.i64 %d, "{\\"type\\":\\"i64\\"}"
  ret
}
`;

const parsed = () => {
  const { program, errors } = parseProgram(sum);
  if (!program) throw new Error(JSON.stringify(errors));
  return program;
};

const folds = (optLimit: number): number => {
  const main = optimise(parsed(), { only: ['fold'], optLimit }).funcs.find((f) => f.name === 'main');
  return (main?.body.insts ?? []).filter((i) => i.by === 'fold').length;
};

test('--opt-limit stops after so many decisions', () => {
  expect([0, 1, 2, 3, 100].map(folds)).toEqual([0, 1, 2, 3, 3]);
});

test('a skipped pass does nothing; a required one cannot be skipped', () => {
  const names: string[] = [];
  optimise(parsed(), { skip: ['fold', 'lower-runtime'], after: (pass) => names.push(pass) });
  expect(names).not.toContain('fold');
  expect(names).toContain('lower-runtime');
});
