// Register tiling keeps every result to the last bit, also where what is written overlaps what is read; and it does take place.
import { describe, expect, test } from 'vitest';
import { evaluate } from '../../compiler/eval.ts';
import { fileHost } from '../../compiler/host.ts';
import type { IrProgram } from '../../compiler/ir.ts';
import { lower } from '../../compiler/lower.ts';
import { runPasses, sequence } from '../../compiler/pipeline.ts';
import { forEachInst } from '../../compiler/tree.ts';
import { check } from '../../lang/check.ts';
import { renderDiagnostic } from '../../lang/render.ts';

/** Each kernel, and the same one operation after the other in a single loop. */
const kernels = `
fn rows_of_b(c: []f64, a: []f64, b: []f64, n: int, m: int, p: int) {
  for i in 0..n {
    for k in 0..p {
      let x = a[i * p + k];
      for j in 0..m { c[i * m + j] += x * b[k * m + j]; }
    }
  }
}
fn sums(c: []f64, a: []f64, b: []f64, n: int, m: int, p: int) {
  for i in 0..n {
    for j in 0..m {
      var s = 0.0;
      for k in 0..p { s += a[i * p + k] * b[k * m + j]; }
      c[i * m + j] = s;
    }
  }
}
fn in_memory(c: []f64, a: []f64, b: []f64, n: int, m: int, p: int) {
  for i in 0..n {
    for j in 0..m {
      for k in 0..p { c[i * m + j] += a[i * p + k] * b[k * m + j]; }
    }
  }
}
// What one iteration writes the next one reads: not to be done side by side.
fn shifted(c: []f64, a: []f64, b: []f64, n: int, m: int, p: int) {
  for k in 0..p {
    let x = a[k];
    for j in 0..n * m - 1 { c[j + 1] = c[j] * 0.5 + x * b[j % m]; }
  }
}

fn one_by_one(kernel: int, c: []f64, a: []f64, b: []f64, n: int, m: int, p: int) {
  var s = 0.0;
  var x = 0.0;
  for t in 0..n * m * p {
    let i = t / (m * p);
    let j = if kernel == 0 { t % m } else { t / p % m };
    let k = if kernel == 0 { t / m % p } else { t % p };
    if kernel == 1 {
      if k == 0 { s = 0.0; }
      s += a[i * p + k] * b[k * m + j];
      if k == p - 1 { c[i * m + j] = s; }
    } else {
      if kernel == 2 || j == 0 { x = a[i * p + k]; }
      c[i * m + j] += x * b[k * m + j];
    }
  }
}
fn one_by_one_shifted(c: []f64, a: []f64, b: []f64, n: int, m: int, p: int) {
  var x = 0.0;
  for t in 0..p * (n * m - 1) {
    let j = t % (n * m - 1);
    if j == 0 { x = a[t / (n * m - 1)]; }
    c[j + 1] = c[j] * 0.5 + x * b[j % m];
  }
}

fn fill(all: []f64) { for i in 0..all.len { all[i] = 1.0 / ((i + 1) as f64); } }
`;

const main = `
fn main() {
  let all = new [400]f64;
  let want = new [400]f64;
  for size in 0..5 step 2 {
    let n = 2;
    let m = 3 + size;
    let p = 7 - size;
    for overlap in 0..5 {
      // Apart; a in c; b in c; all the same; c begins in the middle of b.
      let c = if overlap == 4 { 103 } else { 0 };
      let a = if overlap == 1 || overlap == 3 { 0 } else { 200 };
      let b = if overlap == 2 || overlap == 3 { 0 } else { 100 };
      for kernel in 0..4 {
        fill(all);
        fill(want);
        let c1 = all[c..c + n * m];
        let a1 = all[a..a + n * p];
        let b1 = all[b..b + m * p];
        let c2 = want[c..c + n * m];
        let a2 = want[a..a + n * p];
        let b2 = want[b..b + m * p];
        if kernel == 0 { rows_of_b(c1, a1, b1, n, m, p); }
        if kernel == 1 { sums(c1, a1, b1, n, m, p); }
        if kernel == 2 { in_memory(c1, a1, b1, n, m, p); }
        if kernel == 3 {
          shifted(c1, a1, b1, n, m, p);
          one_by_one_shifted(c2, a2, b2, n, m, p);
        } else { one_by_one(kernel, c2, a2, b2, n, m, p); }
        for i in 0..all.len {
          if all[i] != want[i] { print("size {} overlap {} kernel {} at {}", size, overlap, kernel, i); }
        }
      }
    }
  }
  print("done {}", all[0]);
}
`;

const leftOut = ['lower-runtime', 'escape', 'track', 'hooks', 'lower-hooks', 'pin', 'roots', 'fibers', 'comm'];

const lowered = (): IrProgram => {
  const { program, diagnostics, sources } = check('p.pg', fileHost({ texts: { 'p.pg': kernels + main } }));
  if (program) return lower(program);
  throw new Error(diagnostics.map((d) => renderDiagnostic(d, sources, { color: false })).join('\n'));
};

const optimised = (p: IrProgram, skip: readonly string[]): IrProgram =>
  runPasses(
    p,
    sequence.filter((name) => !leftOut.includes(name) && !skip.includes(name)),
  );

/** Inner loops of nests that were made anew, by the line that the loop is in. */
const jammedIn = (p: IrProgram): ReadonlySet<string> => {
  const found = new Set<string>();
  for (const f of p.funcs)
    forEachInst(f.body, (i) => {
      if (i.kind === 'loop' && i.by === 'jam') found.add(p.positions[i.pos]?.fn ?? '');
    });
  return found;
};

describe('register tiling', () => {
  const program = lowered();

  test.each([
    ['with all passes', []],
    ['of functions that stand alone', ['inline']],
    ['without guards that went before loops, there is none', ['inline', 'guard-range', 'guard-hoist']],
  ])('%s', (what, skip) => {
    const made = optimised(program, skip);
    const { outcome, stdout } = evaluate(made, { images: 1, steps: 30_000_000, paranoid: true });
    expect(outcome).toEqual({ kind: 'ok' });
    // Where something differs it is named here.
    expect(stdout).toEqual(['done 1']);
    const jammed = [...jammedIn(made)].sort();
    expect(jammed).toEqual(what.endsWith('none') ? [] : ['in_memory', 'rows_of_b', 'sums']);
  });
});
