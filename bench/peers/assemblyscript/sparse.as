// The peer of examples/prk/sparse.pg in AssemblyScript.
@external("env", "now") declare function now(): f64;

const RADIUS = 4;
const ENTRIES = 4 * RADIUS + 1;
let wrong: f64 = 0;

function reversed(x: i64, bits: i32): i64 {
  let r: i64 = 0;
  for (let k = 0; k < bits; k++) r = (r << 1) | ((x >> k) & 1);
  return r;
}

function place(x: i32, y: i32, log2side: i32): i64 {
  const wrap = (1 << log2side) - 1;
  return reversed((x & wrap) + ((y & wrap) << log2side), 2 * log2side);
}

function sort(a: StaticArray<i64>, first: i32): void {
  for (let i = 1; i < ENTRIES; i++) {
    const x = unchecked(a[first + i]);
    let k = i;
    for (; k > 0 && unchecked(a[first + k - 1]) > x; k--) unchecked((a[first + k] = a[first + k - 1]));
    unchecked((a[first + k] = x));
  }
}

export function run(log2side: i32, iterations: i32): f64 {
  const side = 1 << log2side, rows = 1 << (2 * log2side);
  const value = new StaticArray<f64>(rows * ENTRIES), column = new StaticArray<i64>(rows * ENTRIES);
  const vector = new StaticArray<f64>(rows), result = new StaticArray<f64>(rows);
  for (let i = 0; i < rows; i++) {
    const first = i * ENTRIES, x = i & (side - 1), y = i >> log2side;
    column[first] = place(x, y, log2side);
    for (let r = 1; r <= RADIUS; r++) {
      column[first + 4 * r - 3] = place(x + r, y, log2side);
      column[first + 4 * r - 2] = place(x - r, y, log2side);
      column[first + 4 * r - 1] = place(x, y + r, log2side);
      column[first + 4 * r] = place(x, y - r, log2side);
    }
    sort(column, first);
    for (let e = 0; e < ENTRIES; e++) value[first + e] = 1 / <f64>(column[first + e] + 1);
    vector[i] = 0;
    result[i] = 0;
  }
  let start = now();
  for (let it = 0; it <= iterations; it++) {
    if (it == 1) start = now();
    for (let i = 0; i < rows; i++) unchecked((vector[i] += <f64>(i + 1)));
    for (let i = 0; i < rows; i++) {
      const first = i * ENTRIES;
      let sum: f64 = 0;
      for (let e = 0; e < ENTRIES; e++) sum += unchecked(value[first + e] * vector[<i32>column[first + e]]);
      unchecked((result[i] += sum));
    }
  }
  const seconds = now() - start;
  let total: f64 = 0;
  for (let i = 0; i < rows; i++) total += result[i];
  const want = 0.5 * <f64>(rows * ENTRIES) * <f64>(iterations + 1) * <f64>(iterations + 2);
  wrong = (total - want) / want;
  return seconds;
}

export function error(): f64 {
  return wrong;
}
