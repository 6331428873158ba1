// The peer of examples/prk/transpose.pg in AssemblyScript: by tiles of the same size; the addition is vectorised by hand.
@external("env", "now") declare function now(): f64;

const TILE = 32;
let total: f64 = 0;

export function run(order: i32, iterations: i32): f64 {
  const a = new StaticArray<f64>(order * order), b = new StaticArray<f64>(order * order);
  for (let i = 0; i < order; i++)
    for (let j = 0; j < order; j++) {
      unchecked((a[i * order + j] = <f64>(order * i + j)));
      unchecked((b[i * order + j] = 0));
    }
  const one = f64x2.splat(1);
  const all = ((<usize>order * <usize>order) & ~1) << 3;
  const row = <usize>order << 3;
  let start = now();
  for (let it = 0; it <= iterations; it++) {
    if (it == 1) start = now();
    for (let i0 = 0; i0 < order; i0 += TILE)
      for (let j0 = 0; j0 < order; j0 += TILE) {
        const i1 = min(i0 + TILE, order), j1 = min(j0 + TILE, order);
        for (let i = i0; i < i1; i++) {
          let from = changetype<usize>(a) + <usize>j0 * row + (<usize>i << 3);
          let to = changetype<usize>(b) + <usize>i * row + (<usize>j0 << 3);
          const end = to + (<usize>(j1 - j0) << 3);
          for (; to < end; to += 8, from += row) store<f64>(to, load<f64>(to) + load<f64>(from));
        }
      }
    const p = changetype<usize>(a);
    for (let i: usize = 0; i < all; i += 16) v128.store(p + i, f64x2.add(v128.load(p + i), one));
    if (order & 1) store<f64>(p + all, load<f64>(p + all) + 1);
  }
  const seconds = now() - start;
  const times = <f64>(iterations + 1), added = (times * <f64>iterations) / 2;
  for (let i = 0; i < order; i++)
    for (let j = 0; j < order; j++)
      total += Math.abs(unchecked(b[i * order + j]) - (<f64>(order * j + i) * times + added));
  return seconds;
}

export function error(): f64 {
  return total;
}
