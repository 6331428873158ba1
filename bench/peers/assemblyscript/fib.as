// The peer of bench/programs/fib.pg in AssemblyScript.
@external("env", "now") declare function now(): f64;

let wrong: f64 = 0;

function fib(k: i64): i64 {
  return k < 2 ? k : fib(k - 1) + fib(k - 2);
}

export function run(n: i32, iterations: i32): f64 {
  const start = now();
  const result = fib(n);
  const seconds = now() - start;
  let a: i64 = 0, b: i64 = 1;
  for (let i = 0; i < n; i++) {
    const next = a + b;
    a = b;
    b = next;
  }
  wrong = result != a ? 1 : 0;
  return seconds;
}

export function error(): f64 {
  return wrong;
}
