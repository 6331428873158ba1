// std.linalg on integers, where all results are exact and JavaScript's loops say what they are; and on systems of equations whose
// solutions are known.
import { afterAll, describe, expect, test } from 'vitest';
import { removeFolders } from '../cli/pgc.ts';
import { ends, linesOf } from './program.ts';

afterAll(removeFolders);

/** The same small integers as in the programs. */
const element = (seed: number, i: number, j: number): number => ((i * 37 + j * 101 + seed * 13 + i * j) % 17) - 8;
const prelude = `import std.linalg;
fn element(seed: int, i: int, j: int) -> f64 { return ((i * 37 + j * 101 + seed * 13 + i * j) % 17 - 8) as f64; }
fn fill(a: [,]f64, seed: int) { for i in 0..a.dim(0) { for j in 0..a.dim(1) { a[i, j] = element(seed, i, j); } } }
fn show(x: []f64) { for v in x { write("{} ", v); } print(""); }
`;
const matrix = (seed: number, m: number, n: number): number[][] =>
  Array.from({ length: m }, (_, i) => Array.from({ length: n }, (_, j) => element(seed, i, j)));
const numbers = (line: string | undefined): number[] => (line ?? '').trim().split(/\s+/).map(Number);

test('vectors', async () => {
  const lines = await linesOf(`${prelude}
fn main() {
  for n in 0..10 {
    let x = new [n]f64;
    let y = new [n]f64;
    for k in 0..n { x[k] = element(1, k, 3); y[k] = element(2, k, 5); }
    let d = linalg.dot(x, y);
    let s = linalg.asum(x);
    let at = linalg.iamax(x);
    linalg.axpy(3.0, x, y);
    linalg.scal(-2.0, x);
    print("{} {} {} {}", d, s, at, linalg.amax(x));
    show(x);
    show(y);
  }
}`);
  for (let n = 0; n < 10; n++) {
    const x = Array.from({ length: n }, (_, k) => element(1, k, 3));
    const y = Array.from({ length: n }, (_, k) => element(2, k, 5));
    const largest = Math.max(0, ...x.map(Math.abs));
    expect(numbers(lines[3 * n])).toEqual([
      x.reduce((s, v, k) => s + v * y[k]!, 0),
      x.reduce((s, v) => s + Math.abs(v), 0),
      x.findIndex((v) => Math.abs(v) === largest),
      2 * largest,
    ]);
    if (n === 0) continue;
    expect(numbers(lines[3 * n + 1])).toEqual(x.map((v) => -2 * v));
    expect(numbers(lines[3 * n + 2])).toEqual(y.map((v, k) => v + 3 * x[k]!));
  }
});

test('lengths that squares would overflow, or lose', async () => {
  const rows = [
    [3, 4],
    [3e200, 4e200],
    [3e-200, -4e-200],
    [5e-324, 0],
    [5e-324, 5e-324, 5e-324, 5e-324],
    [1e308, 1e308],
    [0, 0],
    [],
    [-7],
    [1e-320, 1e-321],
  ];
  const lines = await linesOf(`${prelude}
fn main() {
${rows.map((r) => `  if true { let x = new [${r.length}]f64; ${r.map((v, k) => `x[${k}] = ${v};`).join(' ')} print("{}", linalg.nrm2(x)); }`).join('\n')}
  var x: [3]f64;
  x[1] = 1.0 / 0.0;
  assert(linalg.nrm2(x) == 1.0 / 0.0);
  x[2] = 0.0 / 0.0;
  let n = linalg.nrm2(x);
  assert(n != n && linalg.iamax(x) == 2);
}`);
  lines.forEach((l, k) => {
    const exact = Math.hypot(...rows[k]!);
    expect(Math.abs(Number(l) - exact)).toBeLessThanOrEqual(exact * 3e-16);
  });
  expect(lines.length).toBe(rows.length);
});

test('matrix and vector', async () => {
  const sizes = [
    [1, 1],
    [3, 7],
    [8, 5],
    [20, 20],
  ] as const;
  const lines = await linesOf(`${prelude}
fn check(m: int, n: int) {
  let a = new [m, n]f64;
  let x = new [n]f64;
  let y = new [m]f64;
  fill(a, 1);
  for k in 0..n { x[k] = element(2, k, 1); }
  for k in 0..m { y[k] = element(3, k, 1); }
  linalg.gemv(2.0, a, x, -3.0, y);
  show(y);
  for k in 0..n { x[k] = 0.0 / 0.0; }
  linalg.gemv_t(-1.0, a, y, 0.0, x);
  show(x);
  linalg.gemv_t(1.0, a, y, 2.0, x);
  show(x);
  for k in 0..n { x[k] = element(2, k, 1); }
  for k in 0..m { y[k] = 0.0 / 0.0; }
  linalg.gemv(1.0, a, x, 0.0, y);
  show(y);
  linalg.ger(2.0, y, x, a);
  for i in 0..m { show(a[i, ..]); }
}
fn main() {
${sizes.map(([m, n]) => `  check(${m}, ${n});`).join('\n')}
}`);
  for (const [m, n] of sizes) {
    const a = matrix(1, m, n);
    const x = Array.from({ length: n }, (_, k) => element(2, k, 1));
    const y = Array.from({ length: m }, (_, k) => element(3, k, 1));
    const by = (row: readonly number[], v: readonly number[]) => row.reduce((s, e, j) => s + e * v[j]!, 0);
    const first = a.map((row, i) => 2 * by(row, x) - 3 * y[i]!);
    const down = x.map((_, j) =>
      by(
        a.map((row) => row[j]!),
        first,
      ),
    );
    const plain = a.map((row) => by(row, x));
    expect(numbers(lines.shift())).toEqual(first);
    expect(numbers(lines.shift())).toEqual(down.map((v) => (v === 0 ? v : -v)));
    expect(numbers(lines.shift())).toEqual(down.map((v) => v - 2 * v));
    expect(numbers(lines.shift())).toEqual(plain);
    for (let i = 0; i < m; i++) expect(numbers(lines.shift())).toEqual(a[i]!.map((e, j) => e + 2 * plain[i]! * x[j]!));
  }
  expect(lines).toEqual([]);
});

test('matrix and matrix, in blocks of all kinds', async () => {
  const sizes = [
    [1, 1, 1],
    [3, 5, 7],
    [4, 4, 4],
    [9, 2, 1],
    [66, 70, 259],
    [130, 515, 11],
    [5, 1030, 600],
  ] as const;
  const lines = await linesOf(`${prelude}
fn sum(c: [,]f64) -> f64 {
  var s = 0.0;
  for i in 0..c.dim(0) { for j in 0..c.dim(1) { s += c[i, j] * ((i * 31 + j * 17) % 1009 + 1) as f64; } }
  return s;
}
fn check(m: int, n: int, k: int) {
  let a = new [m, k]f64; let b = new [k, n]f64; let c = new [m, n]f64;
  let at = new [k, m]f64; let bt = new [n, k]f64;
  fill(a, 1); fill(b, 2); fill(c, 3);
  for i in 0..m { for p in 0..k { at[p, i] = a[i, p]; } }
  for p in 0..k { for j in 0..n { bt[j, p] = b[p, j]; } }
  linalg.gemm(2.0, a, b, -1.0, c);
  let whole = sum(c);
  fill(c, 3);
  linalg.gemm_tn(2.0, at, b, -1.0, c);
  let tn = sum(c);
  c[0, 0] = 0.0 / 0.0;
  linalg.gemm_nt(1.0, a, bt, 0.0, c);
  let nt = sum(c);
  linalg.gemm(0.0, a, b, 1.0, c);
  print("{} {} {} {}", whole, tn, nt, sum(c));
  delete a; delete b; delete c; delete at; delete bt;
}
fn main() {
${sizes.map((s) => `  check(${s.join(', ')});`).join('\n')}
}`);
  sizes.forEach(([m, n, k], at) => {
    const a = matrix(1, m, k);
    const b = matrix(2, k, n);
    const c = matrix(3, m, n);
    let whole = 0;
    let product = 0;
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++) {
        let s = 0;
        for (let p = 0; p < k; p++) s += a[i]![p]! * b[p]![j]!;
        const weight = ((i * 31 + j * 17) % 1009) + 1;
        whole += weight * (2 * s - c[i]![j]!);
        product += weight * s;
      }
    }
    expect(numbers(lines[at])).toEqual([whole, whole, product, product]);
  });
});

describe('systems of equations', () => {
  const sizes = [1, 2, 3, 5, 31, 32, 33, 64, 65, 100, 150];

  test('factors are triangular, their product is A with its rows exchanged, and solutions are right', async () => {
    const lines = await linesOf(`${prelude}
fn entry(n: int, i: int, j: int) -> f64 { return ((i * i * 7 + j * 31 + i * j * 3 + (i ^ j) * 5) % 97) as f64 / 8.0 - 6.0; }
fn check(n: int) {
  let a = new [n, n]f64; let f = new [n, n]f64; let p = new [n]int; let b = new [n]f64;
  for i in 0..n { for j in 0..n { a[i, j] = entry(n, i, j) + if i == (j + 1) % n { 20.0 } else { 0.0 }; } }
  f[.., ..] = a[.., ..];
  assert(linalg.lu(f, p));
  var worst = 0.0;
  let order = new [n]int;
  for i in 0..n { order[i] = i; }
  for k in 0..n { assert(p[k] >= k && p[k] < n); swap(order[k], order[p[k]]); }
  for i in 0..n { for j in 0..n {
    var s = 0.0;
    for k in 0..n { if k < i && k <= j { s += f[i, k] * f[k, j]; } }
    if i <= j { s += f[i, j]; }
    let e = s - a[order[i], j];
    if e * e > worst { worst = e * e; }
    assert(j >= i || (f[i, j] <= 1.0 && f[i, j] >= -1.0));
  } }
  for i in 0..n { for j in 0..n { b[i] += a[i, j] * element(4, j, 2); } }
  let c = new [n]f64;
  c[..] = b[..];
  assert(linalg.solve(a, b));
  linalg.lu_solve(f, p, c);
  var off = 0.0;
  for k in 0..n { assert(b[k] == c[k]); let e = b[k] - element(4, k, 2); if e * e > off { off = e * e; } }
  print("{} {} {}", worst, off, linalg.lu_determinant(f, p));
}
fn main() {
${sizes.map((n) => `  check(${n});`).join('\n')}
}`);
    sizes.forEach((n, at) => {
      const [worst, off, determinant] = numbers(lines[at]) as [number, number, number];
      expect(Math.sqrt(worst), `n = ${n}`).toBeLessThan(1e-13 * n);
      expect(Math.sqrt(off), `n = ${n}`).toBeLessThan(1e-10);
      if (n > 5) return;
      // Eighths, so that the determinant is an integer times 8^-n: by expansion.
      const a = Array.from({ length: n }, (_, i) =>
        Array.from(
          { length: n },
          (_, j) => ((i * i * 7 + j * 31 + i * j * 3 + (i ^ j) * 5) % 97) / 8 - 6 + (i === (j + 1) % n ? 20 : 0),
        ),
      );
      const det = (m: readonly (readonly number[])[]): number =>
        m.length === 0
          ? 1
          : m[0]!.reduce(
              (s, e, j) => s + (j % 2 ? -e : e) * det(m.slice(1).map((r) => r.filter((_, c) => c !== j))),
              0,
            );
      expect(determinant / det(a)).toBeCloseTo(1, 12);
    });
  });

  test('singular matrices are found', async () => {
    await linesOf(`${prelude}
fn main() {
  for n in 1..70 step 17 {
    let a = new [n, n]f64;
    let p = new [n]int;
    let b = new [n]f64;
    b[0] = 5.0;
    for i in 0..n { for j in 0..n { a[i, j] = element(1, i, j); } }
    for j in 0..n { a[n - 1, j] = 0.0; }
    assert(!linalg.solve(a, b) && b[0] == 5.0);
    assert(!linalg.lu(a, p) && linalg.lu_determinant(a, p) == 0.0);
    a[0, 0] = 0.0 / 0.0;
    assert(!linalg.lu(a, p));
  }
  assert(linalg.solve(new [0, 0]f64, new [0]f64));
}`);
  });
});

test('sparse matrices', async () => {
  const lines = await linesOf(`${prelude}
fn check(m: int, n: int, count: int) {
  let i = new [count]int; let j = new [count]int; let v = new [count]f64;
  for k in 0..count { i[k] = (k * k * 7 + k * 3) % m; j[k] = (k * 11 + k * k) % n; v[k] = (k % 23 - 11) as f64; }
  var a = linalg.csr_from_triplets(m, n, i, j, v);
  var t = linalg.csr_transpose(&a);
  assert(a.rows == m && a.columns == n && a.start.len == m + 1 && a.start[0] == 0 && a.start[m] == a.value.len);
  assert(t.rows == n && t.columns == m && t.start[n] == a.value.len);
  for r in 0..m { for k in a.start[r] + 1..a.start[r + 1] { assert(a.column[k - 1] < a.column[k]); } }
  for r in 0..n { for k in t.start[r] + 1..t.start[r + 1] { assert(t.column[k - 1] < t.column[k]); } }
  let x = new [n]f64; let y = new [m]f64; let z = new [n]f64;
  for k in 0..n { x[k] = element(5, k, 1); }
  linalg.csr_mv(&a, x, y);
  linalg.csr_mv(&t, y, z);
  print("{}", a.value.len);
  for r in 0..m { for c in 0..n { assert(linalg.csr_get(&a, r, c) == linalg.csr_get(&t, c, r)); write("{} ", linalg.csr_get(&a, r, c)); } }
  print("");
  show(y);
  show(z);
  linalg.csr_free(&a);
  linalg.csr_free(&t);
}
fn main() { check(1, 1, 3); check(5, 8, 30); check(12, 12, 20); check(30, 4, 200); check(3, 3, 0); }`);
  for (const [m, n, count] of [
    [1, 1, 3],
    [5, 8, 30],
    [12, 12, 20],
    [30, 4, 200],
    [3, 3, 0],
  ] as const) {
    const dense = Array.from({ length: m }, () => new Array<number>(n).fill(0));
    const places = new Set<string>();
    for (let k = 0; k < count; k++) {
      const [i, j] = [(k * k * 7 + k * 3) % m, (k * 11 + k * k) % n];
      dense[i]![j]! += (k % 23) - 11;
      places.add(`${i},${j}`);
    }
    const x = Array.from({ length: n }, (_, k) => element(5, k, 1));
    const y = dense.map((row) => row.reduce((s, e, j) => s + e * x[j]!, 0));
    const z = x.map((_, j) => dense.reduce((s, row, i) => s + row[j]! * y[i]!, 0));
    const plus = (v: readonly number[]) => v.map((e) => e + 0);
    expect(Number(lines.shift())).toBe(places.size);
    expect(plus(numbers(lines.shift()))).toEqual(plus(dense.flat()));
    expect(plus(numbers(lines.shift()))).toEqual(plus(y));
    expect(plus(numbers(lines.shift()))).toEqual(plus(z));
  }
  expect(lines).toEqual([]);
});

test('what does not fit ends the run', async () => {
  for (const [call, why] of [
    ['linalg.axpy(1.0, new [3]f64, new [4]f64);', 'axpy: 3 is not 4'],
    ['linalg.gemv(1.0, new [3, 4]f64, new [3]f64, 0.0, new [3]f64);', 'gemv: 3 is not 4'],
    ['linalg.gemm(1.0, new [3, 4]f64, new [5, 2]f64, 0.0, new [3, 2]f64);', 'gemm: 4 is not 5'],
    ['print("{}", linalg.lu(new [3, 4]f64, new [3]int));', 'lu: 4 is not 3'],
    [
      'let i = new [1]int; i[0] = 2; let a = linalg.csr_from_triplets(2, 2, i, new [1]int, new [1]f64); print("{}", a.rows);',
      'in the matrix',
    ],
  ] as const) {
    const ended = await ends(`${prelude}fn main() { ${call} }`);
    expect(ended.code).toBe(1);
    expect(ended.err).toContain(why);
  }
});
