// Loops that change places: every result stays as it is to the last bit, also where rows reach into each other or slices overlap, and so does the first fault.
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { runPasses, sequence } from '../../compiler/pipeline.ts';
import { forEachInst } from '../../compiler/tree.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';

const better = `
fn promised(c: []f64, a: []f64, n: int, m: int) {
  foreach j in 0..m { foreach i in 0..n { c[i * m + j] = a[i * m + j] * 2.0 + 1.0; } }
}
fn outer_alone(c: []f64, a: []f64, n: int, m: int) {
  foreach j in 0..m { for i in 1..n { c[i * m + j] = c[(i - 1) * m + j] * 0.5 + a[i * m + j]; } }
}
// Rows of 9 elements, of which m are written: if m is more, they reach into each other.
fn in_rows(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[i * 9 + j] = c[i * 9 + j] * 0.5 + a[i * 9 + j] + j as f64; } }
}
fn of_rows(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[i * m + j] += a[i * m + j] / (i + 1) as f64; } }
}
fn sums(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[j] += a[i * m + j] * 0.1; } }
}
fn product(c: []f64, a: []f64, n: int, m: int) {
  for i in 0..n { for j in 0..m { for k in 0..n { c[i * m + j] += a[i * n + k] * a[k * m + j]; } } }
}
fn two_dimensions(c: [,]f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[i, j] = c[i, j] * 3.0 + (i - j) as f64; } }
}
`;

const not = `
// What one iteration writes an earlier one of the inner loop reads.
fn slanted(c: []f64, a: []f64, n: int, m: int) {
  for j in 1..m { for i in 0..n - 1 { c[i * m + j] = c[(i + 1) * m + j - 1] * 0.5 + a[j]; } }
}
// The same, and the steps are constants.
fn slanted_rows(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[i * 9 + j] = c[i * 9 + j + 8] * 0.5 + a[j]; } }
}
// Floats are added in the order of the program.
fn total(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[0] += a[i * m + j] * 0.1; } }
}
fn carried(c: []f64, a: []f64, n: int, m: int) {
  var s = 0.0;
  for j in 0..m { for i in 0..n { s += a[i * m + j] * 0.1; } }
  c[0] = s;
}
fn told(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[i * m + j] = a[i * m + j]; if c[i * m + j] == 5.0 { print("five"); } } }
}
fn transposed(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[j * n + i] = a[i * m + j]; } }
}
// Each place again and again: the inner loop would wait for itself.
fn rounds(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..n { for i in 0..m { c[9 * i] = c[9 * i] * 0.5 + 1.0; } }
}
// A triangle: where the inner loop begins depends on the outer one.
fn triangle(c: []f64, a: []f64, n: int, m: int) {
  for j in 0..m { for i in j..n { c[i * m + j] += a[i * m + j]; } }
}
`;

const kernels = ['promised', 'outer_alone', 'in_rows', 'of_rows', 'sums', 'product'];
const others = ['slanted', 'slanted_rows', 'total', 'carried', 'told', 'transposed', 'rounds', 'triangle'];

const main = `
fn mix(h: int, x: int) -> int { return (h ^ x) * 1099511628211 + (x >> 13); }
fn main() {
  for at in 0..2 {
    for size in 7..13 step 4 {
      let n = 16 - size;
      let m = size;
      let all = new [280]f64;
      let grid = new [n, m]f64;
      // Slices that begin in the middle of another, and one that is apart.
      let c = all[20 * at..20 * at + 110];
      let a = all[50..160];
      let far = all[170..280];
${[...kernels, ...others]
  .map(
    (k) => `      for i in 0..280 { all[i] = 1.0 / (i + 1) as f64; }
      ${k}(c, ${k === 'promised' || k === 'outer_alone' ? 'far' : 'a'}, n, m);
      var h_${k} = 0;
      for i in 0..280 { h_${k} = mix(h_${k}, (all[i] * 1000000000000.0) as int); }
      print("${k} {}", h_${k});`,
  )
  .join('\n')}
      two_dimensions(grid, n, m);
      for i in 0..n { for j in 0..m { all[i * m + j] = grid[i, j]; } }
      print("{} {}", all[3], all[n * m - 1]);
    }
  }
}
`;

/** Out of bounds in the middle of the nest: what was written before shows which iterations came first. */
const failing = `
fn column(c: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[i * m + j] = (100 * j + i) as f64; print("{} {}", i, j); } }
}
fn silent(c: []f64, n: int, m: int) {
  for j in 0..m { for i in 0..n { c[i * m + j] = (100 * j + i) as f64; } }
}
config const loud: bool = true;
fn main() {
  let c = new [85]f64;
  if loud { column(c, 10, 10); } else { silent(c, 10, 10); }
}
`;

const leftOut = ['lower-runtime', 'escape', 'track', 'hooks', 'lower-hooks', 'pin', 'roots', 'fibers', 'comm'];

const lowered = (text: string): IrProgram => {
  const { program, diagnostics, sources } = check('p.pg', fileHost({ texts: { 'p.pg': text } }));
  if (program) return lower(program);
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n'));
};

const optimised = (p: IrProgram, skip: readonly string[]): IrProgram =>
  runPasses(
    p,
    sequence.filter((name) => !leftOut.includes(name) && !skip.includes(name)),
  );

/** Functions with a nest that was made anew. */
const changedIn = (p: IrProgram): readonly string[] => {
  const found = new Set<string>();
  for (const f of p.funcs)
    forEachInst(f.body, (i) => {
      if (i.kind === 'loop' && i.by === 'interchange') found.add(p.positions[i.pos]?.fn ?? '');
    });
  return [...found].filter((name) => name !== 'main').sort();
};

const run = (p: IrProgram, paranoid = false) => {
  const { outcome, stdout } = evaluate(p, { images: 1, steps: 60_000_000, paranoid });
  return { outcome, stdout };
};

describe('loops that change places', { timeout: 60_000 }, () => {
  const program = lowered(better + not + main);
  const oracle = run(program);

  test('without the passes behind it', () => {
    const names = sequence.filter((name) => !leftOut.includes(name) && name !== 'inline');
    const made = runPasses(program, names.slice(0, names.indexOf('interchange') + 1));
    expect(changedIn(made)).toEqual([...kernels, 'two_dimensions'].sort());
    expect(run(made, true)).toEqual(oracle);
  });

  test('with all passes', () => {
    const made = optimised(program, []);
    expect(run(made, true)).toEqual(oracle);
    expect(oracle.outcome).toEqual({ kind: 'ok' });
  });

  test.each(['true', 'false'])('the first fault is told, and nothing that comes behind it (loud: %s)', (loud) => {
    const bad = lowered(failing.replace('= true', `= ${loud}`));
    const expected = run(bad);
    expect(expected.outcome).toMatchObject({ kind: 'fault', fault: 'index', values: [90n, 85n] });
    const { outcome, stdout } = run(optimised(bad, []));
    expect(outcome).toMatchObject({ kind: 'fault', fault: 'index', values: [90n, 85n] });
    expect(stdout).toEqual(expected.stdout);
  });
});
