// The peer of examples/prk/nstream.pg in AssemblyScript, vectorised by hand: its compiler does not do it.
@external("env", "now") declare function now(): f64;

let checksum: f64 = 0;

export function run(length: i32, iterations: i32): f64 {
  const a = new StaticArray<f64>(length), b = new StaticArray<f64>(length), c = new StaticArray<f64>(length);
  for (let i = 0; i < length; i++) {
    unchecked((a[i] = 0));
    unchecked((b[i] = 2));
    unchecked((c[i] = 2));
  }
  const pa = changetype<usize>(a), pb = changetype<usize>(b), pc = changetype<usize>(c);
  const scalar = f64x2.splat(3);
  const end = (<usize>length & ~1) << 3;
  let start = now();
  for (let it = 0; it <= iterations; it++) {
    if (it == 1) start = now();
    for (let i: usize = 0; i < end; i += 16) {
      const sum = f64x2.add(v128.load(pb + i), f64x2.mul(scalar, v128.load(pc + i)));
      v128.store(pa + i, f64x2.add(v128.load(pa + i), sum));
    }
    if (length & 1) unchecked((a[length - 1] += b[length - 1] + 3 * c[length - 1]));
  }
  const seconds = now() - start;
  let sum: f64 = 0;
  for (let i = 0; i < length; i++) sum += Math.abs(unchecked(a[i]));
  const want = 8 * <f64>(iterations + 1) * <f64>length;
  checksum = (sum - want) / want;
  return seconds;
}

export function error(): f64 {
  return checksum;
}
