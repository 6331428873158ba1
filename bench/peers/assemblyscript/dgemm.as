// The peer of examples/prk/dgemm.pg in AssemblyScript: panels of b, four rows at once, vectorised by hand.
@external("env", "now") declare function now(): f64;

const PANEL = 32;
let checksum: f64 = 0;

// row += x0 * b0 + … + x3 * b3 for the four rows from `b` on. `n` is even.
function addRows(n: i32, row: usize, x: usize, b: usize): void {
  const x0 = v128.load64_splat(x), x1 = v128.load64_splat(x, 8);
  const x2 = v128.load64_splat(x, 16), x3 = v128.load64_splat(x, 24);
  const next = <usize>n << 3;
  const b1 = b + next, b2 = b1 + next, b3 = b2 + next;
  for (let j: usize = 0; j < next; j += 16) {
    let sum = f64x2.add(f64x2.mul(x0, v128.load(b + j)), f64x2.mul(x1, v128.load(b1 + j)));
    sum = f64x2.add(f64x2.add(sum, f64x2.mul(x2, v128.load(b2 + j))), f64x2.mul(x3, v128.load(b3 + j)));
    v128.store(row + j, f64x2.add(v128.load(row + j), sum));
  }
}

// The order is a multiple of PANEL.
export function run(n: i32, iterations: i32): f64 {
  const a = new StaticArray<f64>(n * n), b = new StaticArray<f64>(n * n), c = new StaticArray<f64>(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      unchecked((a[i * n + j] = <f64>j));
      unchecked((b[i * n + j] = <f64>j));
      unchecked((c[i * n + j] = 0));
    }
  const pa = changetype<usize>(a), pb = changetype<usize>(b), pc = changetype<usize>(c);
  let start = now();
  for (let it = 0; it <= iterations; it++) {
    if (it == 1) start = now();
    for (let k0 = 0; k0 < n; k0 += PANEL)
      for (let i = 0; i < n; i++)
        for (let k = k0; k < k0 + PANEL; k += 4)
          addRows(n, pc + (<usize>(i * n) << 3), pa + (<usize>(i * n + k) << 3), pb + (<usize>(k * n) << 3));
  }
  const seconds = now() - start;
  let sum: f64 = 0;
  for (let i = 0; i < n * n; i++) sum += unchecked(c[i]);
  const size = <f64>n;
  const want = 0.25 * size * size * size * (size - 1) * (size - 1) * <f64>(iterations + 1);
  checksum = (sum - want) / want;
  return seconds;
}

export function error(): f64 {
  return checksum;
}
