// The peer of examples/primes.pg in AssemblyScript.
@external("env", "now") declare function now(): f64;

let wrong: f64 = 0;

export function run(n: i32, iterations: i32): f64 {
  const composite = new StaticArray<u8>(n);
  const start = now();
  for (let p = 2; <i64>p * <i64>p < <i64>n; p++) {
    if (unchecked(composite[p])) continue;
    for (let m = p * p; m < n; m += p) unchecked((composite[m] = 1));
  }
  let count = 0, last = 0;
  for (let i = 2; i < n; i++) {
    if (!unchecked(composite[i])) {
      count++;
      last = i;
    }
  }
  const seconds = now() - start;
  const want = n == 250000 ? 22044 : n == 10000000 ? 664579 : n == 100000000 ? 5761455 : -1;
  wrong = count != want || last < 2 ? 1 : 0;
  return seconds;
}

export function error(): f64 {
  return wrong;
}
