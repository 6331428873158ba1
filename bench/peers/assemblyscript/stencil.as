// The peer of examples/prk/stencil.pg in AssemblyScript, vectorised by hand: its compiler does not do it.
@external("env", "now") declare function now(): f64;

const R = 2;
const W1: f64 = 0.25;
const W2: f64 = 0.125;
let normError: f64 = 0;

export function run(n: i32, iterations: i32): f64 {
  const input = new StaticArray<f64>(n * n), output = new StaticArray<f64>(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      unchecked((input[i * n + j] = <f64>(i + j)));
      unchecked((output[i * n + j] = 0));
    }
  const row = <usize>n << 3;
  const w1 = f64x2.splat(W1), w2 = f64x2.splat(W2), one = f64x2.splat(1);
  const all = ((<usize>n * <usize>n) & ~1) << 3;
  let start = now();
  for (let it = 0; it <= iterations; it++) {
    if (it == 1) start = now();
    for (let i = R; i < n - R; i++) {
      let p = changetype<usize>(input) + <usize>i * row + R * 8;
      let q = changetype<usize>(output) + <usize>i * row + R * 8;
      const end = q + ((<usize>(n - 2 * R) & ~1) << 3);
      for (; q < end; q += 16, p += 16) {
        const near = f64x2.sub(
          f64x2.add(f64x2.sub(v128.load(p, 8), v128.load(p - 8)), v128.load(p + row)),
          v128.load(p - row)
        );
        const far = f64x2.sub(
          f64x2.add(f64x2.sub(v128.load(p, 16), v128.load(p - 16)), v128.load(p + 2 * row)),
          v128.load(p - 2 * row)
        );
        v128.store(q, f64x2.add(v128.load(q), f64x2.add(f64x2.mul(w1, near), f64x2.mul(w2, far))));
      }
      if (n & 1) {
        const near = load<f64>(p, 8) - load<f64>(p - 8) + load<f64>(p + row) - load<f64>(p - row);
        const far = load<f64>(p, 16) - load<f64>(p - 16) + load<f64>(p + 2 * row) - load<f64>(p - 2 * row);
        store<f64>(q, load<f64>(q) + (W1 * near + W2 * far));
      }
    }
    const p = changetype<usize>(input);
    for (let i: usize = 0; i < all; i += 16) v128.store(p + i, f64x2.add(v128.load(p + i), one));
    if (n & 1) store<f64>(p + all, load<f64>(p + all) + 1);
  }
  const seconds = now() - start;
  let norm: f64 = 0;
  for (let i = R; i < n - R; i++) for (let j = R; j < n - R; j++) norm += Math.abs(unchecked(output[i * n + j]));
  norm /= <f64>(n - 2 * R) * <f64>(n - 2 * R);
  normError = norm - 2 * <f64>(iterations + 1);
  return seconds;
}

export function error(): f64 {
  return normError;
}
